"""A rigid flat cylinder pressed into a half-space without friction: the force is 2 E* a per depth (Sneddon 1965).

A quarter is computed. The upper block is the rigid punch; outside the circle of radius a the gap is wide open. The far
faces of the lower block, at L = `domain` · a, are displaced as by a point force on a half-space (Boussinesq), so that
they lower the stiffness by about 0.15 (a/L)² (measured at L/a = 4, 6, 12) instead of changing it by a/L. That force is
the punch's own: it follows the computed one until they agree.
"""

from __future__ import annotations

import numpy as np
from mpi4py import MPI
from pydantic import Field

from interstice.benchmarks import closed_form
from interstice.benchmarks.blocks import Array, Blocks, Box
from interstice.benchmarks.options import ContactMethod
from interstice.benchmarks.report import Result
from interstice.solver.algebra import Report

NAME = "punch"
GROWTH = 0.1
"""Growth of the element size per distance from the edge of the punch, where the pressure is infinite."""
DEPTH = 1e-3
"""Depth of the punch over its radius; the problem is linear."""
SETTLED = 1e-3
"""Relative change of the force at which the far displacement is its own."""


class Options(ContactMethod):
    """The half-space, the punch, and the mesh."""

    modulus: float = Field(10e9, gt=0)
    """Young's modulus of the half-space [Pa]"""
    poisson: float = Field(0.3, gt=-1, lt=0.5)
    """Poisson's ratio of the half-space"""
    radius: float = Field(1e-6, gt=0)
    """radius a of the punch [m]"""
    elements: int = Field(80, ge=4)
    """elements per radius at the edge of the punch"""
    domain: float = Field(12.0, gt=2)
    """length, width and thickness of the lower block over a"""


def run(options: Options, comm: MPI.Comm) -> Result:
    """Press the punch and compare its stiffness with that of a half-space."""
    a, size = options.radius, options.domain * options.radius
    material = (options.modulus, options.poisson)
    modulus = options.modulus / (1 - options.poisson**2)
    depth = DEPTH * a

    def gap(x: Array) -> Array:
        return np.where(np.hypot(x[0], x[1]) < a * (1 + 1e-6), 0.0, a)

    rim = f"Sqrt((Sqrt(x*x + y*y) - {a / size})^2 + z*z)"
    box = Box(3, size, a / 2, size, [f"{a / size / options.elements} + {GROWTH} * {rim}"], circle=a)
    blocks = Blocks(box.mesh(comm), (material, material), options, gap, modulus * DEPTH, lateral="held", rigid=True)
    blocks.u["upper"].x.array[2::3] = -depth
    far = np.unique(np.concatenate([blocks.dofs("lower", face, range(3)) for face in ("bottom", "right", "back")]))
    points = blocks.u["lower"].function_space.tabulate_dof_coordinates()

    def move_far_faces(force: float) -> None:
        u = closed_form.boussinesq_displacement(points[far // 3], force, *material)
        blocks.u["lower"].x.array[far] = u[np.arange(len(far)), far % 3]

    def force() -> float:
        return 4 * blocks.interface.sum(blocks.contact.pressure)

    def press() -> Report:
        report = Report()
        before, now = -1.0, 0.0
        blocks.contact.close()
        while abs(now - before) > SETTLED * now:
            move_far_faces(now)
            report += blocks.solve()
            before, now = now, force()
        return report

    cost = blocks.measure(press)
    stiffness, exact = force() / depth, closed_form.punch_stiffness(modulus, a)
    return Result(
        NAME,
        options.model_dump(),
        {"stiffness [N/m]": stiffness},
        {"stiffness [N/m]": exact},
        {"stiffness": abs(stiffness / exact - 1)},
        cost,
    )


if __name__ == "__main__":
    from interstice.benchmarks.command import script

    script(NAME)
