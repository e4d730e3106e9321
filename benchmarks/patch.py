"""The patch test of contact: under uniform pressure the stress is uniform, across an interface at any angle.

The far faces are moved as under uniaxial stress along the normal of the interface and the sides are free, so that the
exact displacement is linear on each side; the blocks may differ in stiffness.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from dolfinx import fem
from mpi4py import MPI
from pydantic import Field

from interstice.benchmarks.blocks import Array, Blocks, Box
from interstice.benchmarks.options import ContactParameters, Dimension
from interstice.benchmarks.report import Result
from interstice.meshes.compat import expression_at_points
from interstice.solver.physics import mechanics

NAME = "patch"
CLOSED = 1e-12
"""Relative gap at which a pressed node counts as closed: less than the error that is asked for."""


class Options(ContactParameters):
    """The blocks, how they lie, and the pressure."""

    elements: int = Field(4, ge=1)
    """elements along the interface"""
    dimension: Dimension = 3
    """2 (plane strain) or 3"""
    tilt: float = 23.0
    """angle of the interface to the axes [degrees]"""
    pressure: float = Field(50e6, gt=0)
    """uniform pressure [Pa]"""
    length: float = Field(1e-6, gt=0)
    """edge of each block [m]"""


def run(options: Options, comm: MPI.Comm) -> Result:
    """Press and compare the stress of every element with the uniform one."""
    length, pressure, dimension = options.length, options.pressure, options.dimension
    tagged = Box(dimension, length, length, length, [str(1 / options.elements)]).mesh(comm)
    turn = _rotation(np.radians(options.tilt), dimension)
    tagged.mesh.geometry.x[:] = tagged.mesh.geometry.x @ turn.T
    blocks = Blocks(
        tagged, options.moduli, options, lambda x: np.zeros(x.shape[1]), pressure, top="held", lateral="free"
    )
    normal = turn[:dimension, dimension - 1]
    along = np.outer(normal, normal)
    for index, (face, (E, nu)) in enumerate(zip(("top", "bottom"), options.moduli, strict=True)):
        # in plane strain the stress out of plane adds to both strains
        across, axial = (nu * (1 + nu), 1 - nu**2) if dimension == 2 else (nu, 1.0)
        strain = pressure / E * (across * (np.eye(dimension) - along) - axial * along)
        u = blocks.u[blocks.sides[index].name]
        exact = u.function_space.tabulate_dof_coordinates()[:, :dimension] @ strain
        dofs = blocks.dofs(blocks.sides[index].name, face, range(dimension))
        u.x.array[dofs] = exact.ravel()[dofs]
    blocks.contact.closed = CLOSED
    cost = blocks.measure(blocks.press)
    deviations = []
    for side, pair in zip(blocks.sides, options.moduli, strict=True):
        law = mechanics.Elasticity.constant(side.mesh, *pair)
        stress = _cellwise(law.stress(blocks.u[side.name]), side.mesh)
        deviations.append(float(np.abs(stress + pressure * along).max(initial=0.0)))
    found = blocks.interface.sum(blocks.contact.pressure) / blocks.domain.area("top")
    return Result(
        NAME,
        options.model_dump(),
        {"mean_pressure [Pa]": found},
        {"mean_pressure [Pa]": pressure},
        {"stress": comm.allreduce(max(deviations), op=MPI.MAX) / pressure},
        cost,
    )


def _rotation(angle: float, dimension: int) -> Array:
    """Return a rotation, shape (3, 3), about z and, in 3D, about x before."""
    c, s = np.cos(angle), np.sin(angle)
    about_z = np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])
    return about_z if dimension == 2 else about_z @ np.array([[1.0, 0.0, 0.0], [0.0, c, -s], [0.0, s, c]])


def _cellwise(stress: Any, mesh: Any) -> Array:
    """Return the stress in each cell, shape (cells, d, d)."""
    dimension = mesh.geometry.dim
    values = fem.Function(fem.functionspace(mesh, ("DG", 0, (dimension, dimension))))
    values.interpolate(expression_at_points(stress, values.function_space))
    return values.x.array.reshape(-1, dimension, dimension)


if __name__ == "__main__":
    from interstice.benchmarks.command import script

    script(NAME)
