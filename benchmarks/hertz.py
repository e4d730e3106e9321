"""Hertz' contact of a cylinder (2D, plane strain) or a sphere (3D, a quarter of it) and a flat, at equal force.

The gap is x²/2R or r²/2R. The blocks are boxes of the size `domain` · a with symmetric sides. Their finite size changes
the curvature of the surface under the contact, and with it the contact, little: for a row of cylinders 2L apart the
curvature changes by the fraction (πa/2L)²/6 (Fourier series of the line load), in 3D by a fraction of the order (a/L)³.
At equal force half of it appears in the width and peak of a line contact: 0.02 % at L = 32 a.
"""

from __future__ import annotations

import numpy as np
from mpi4py import MPI
from pydantic import Field

from interstice.benchmarks import closed_form
from interstice.benchmarks.blocks import Array, Blocks, Box, cascade, complementarity, l2_errors
from interstice.benchmarks.options import ContactParameters, Dimension, Order
from interstice.benchmarks.report import Result
from interstice.solver.domain import Interface
from interstice.solver.physics.mechanics import composite_modulus

NAME = "hertz"
CORE = 1.3
"""Edge over a of the regular mesh of each block at the contact; it is half as high, with elements half as high."""
GROWTH = {2: 0.05, 3: 0.2}
"""Growth of the element size per distance beyond."""
DOMAIN = {2: 40.0, 3: 12.0}
COARSE = 12
"""Elements per contact radius up to which a sphere needs second order for p_0 within half a per cent."""


class Options(ContactParameters):
    """A cylinder or sphere, the force on it, and the mesh."""

    dimension: Dimension = 3
    """2: cylinder, 3: sphere"""
    elements: int = Field(10, ge=3)
    """elements per contact radius, a/h"""
    order: Order | None = None  # type: ignore[assignment]
    """1, or 2 for quadratic displacements; if not given, 2 in 3D up to 12 elements per radius"""
    radius: float = Field(10e-6, gt=0)
    """radius R of the relative curvature [m]"""
    force: float | None = Field(None, gt=0)
    """force [N], in 2D per unit depth [N/m]; if not given, the one for a = R/20"""
    domain: float | None = Field(None, gt=4)
    """length, width and thickness of each block over a"""


def run(options: Options, comm: MPI.Comm) -> Result:
    """Press and compare with Hertz (1882)."""
    dimension, radius = options.dimension, options.radius
    if options.order is None:
        options = options.model_copy(update={"order": 2 if dimension == 3 and options.elements <= COARSE else 1})
    modulus = composite_modulus(*options.moduli)
    force = options.force or _force(options, modulus, radius / 20)
    a, peak = (closed_form.hertz_line if dimension == 2 else closed_form.hertz_point)(force, radius, modulus)
    mean = force / (2 * a if dimension == 2 else np.pi * a**2)
    size = (options.domain or DOMAIN[dimension]) * a
    share = 2 if dimension == 2 else 4

    def gap(x: Array) -> Array:
        return np.sum(x[: dimension - 1] ** 2, axis=0) / (2 * radius)

    def exact(points: Array) -> Array:
        return closed_form.hertz_pressure(np.linalg.norm(points[:, : dimension - 1], axis=1), a, peak)

    def build(elements: int, coarse: Blocks | None) -> Blocks:
        tagged = _box(options.model_copy(update={"elements": elements}), a, size).mesh(comm)
        return Blocks(tagged, options.moduli, options, gap, force / share / size ** (dimension - 1), coarse=coarse)

    blocks = cascade(build, options.elements, dimension)
    cost = blocks.measure(blocks.press)
    interface, contact = blocks.interface, blocks.contact
    error, interpolant = l2_errors(interface, contact.pressure, exact)
    area = interface.sum(contact.active.x.array)
    found = area if dimension == 2 else np.sqrt(4 * area / np.pi)
    found_peak = _peak(interface, contact.pressure, a)
    product, penetration = complementarity(blocks, mean, a**2 / (2 * radius))
    return Result(
        NAME,
        options.model_dump() | {"force": force},
        {"radius [m]": found, "p0 [Pa]": found_peak, "force": share * interface.sum(contact.pressure)},
        {"radius [m]": a, "p0 [Pa]": peak, "force": force},
        {
            "p0": abs(found_peak / peak - 1),
            "radius": abs(found / a - 1),
            "pressure_l2": error,
            "interpolant_l2": interpolant,
            "contact_width": abs(found / a - 1) * options.elements,
            "complementarity": product,
            "penetration": penetration,
        },
        cost,
    )


def _peak(interface: Interface, pressure: Array, a: float) -> float:
    """Return p_0 from the least-squares fit of p² = p_0² − slope · r² to the nodes with r < 0.7 a, weighed by area.

    The node in the corner of the symmetric sides alone tells less: there the mesh and its mirror image do not match.
    """
    r = np.linalg.norm(interface.space.tabulate_dof_coordinates(), axis=1) / a
    weights = np.where(r < 0.7, interface.areas.x.array, 0.0)[: interface.owned]
    basis = np.column_stack([np.ones_like(r), r**2])[: len(weights)]
    matrix = interface.mesh.comm.allreduce(basis.T @ (weights[:, None] * basis))
    right = interface.mesh.comm.allreduce(basis.T @ (weights * pressure[: len(weights)] ** 2))
    return float(np.sqrt(np.linalg.solve(matrix, right)[0]))


def _force(options: Options, modulus: float, a: float) -> float:
    """Return the force of a contact of radius `a`."""
    if options.dimension == 2:
        return np.pi * modulus * a**2 / (4 * options.radius)
    return 4 * modulus * a**3 / (3 * options.radius)


def _box(options: Options, a: float, size: float) -> Box:
    dimension = options.dimension
    distance = "Sqrt(x*x + y*y)" if dimension == 2 else "Sqrt(x*x + y*y + z*z)"
    beyond = f"({distance} - {CORE * a / size})"
    expression = f"{a / size / options.elements} + {GROWTH[dimension] / 2} * ({beyond} + Fabs({beyond}))"
    regular = round(CORE * options.elements)
    edge = regular / options.elements * a
    return Box(dimension, size, size, size, [expression], core=(edge, edge / 2), core_elements=regular)


if __name__ == "__main__":
    from interstice.benchmarks.command import script

    script(NAME)
