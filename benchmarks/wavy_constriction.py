"""Constriction of current by wavy contact: Westergaard's contact as the only way between two conductors.

The contact is computed in plane strain, half a wave wide; current crosses the nodes that touch and no others. The
resistance is ln(p*/p̄)/(2πκ) per half-space beyond that of the blocks in full contact, which is known exactly and
removed. The current is infinite at the edge of the contact, as a square root. Each mesh of a short series is
finer about the edge that the one before has found, so that the edge is known to an element there.
"""

from __future__ import annotations

from mpi4py import MPI
from pydantic import Field

from interstice.benchmarks import closed_form
from interstice.benchmarks.blocks import Blocks, Box
from interstice.benchmarks.conductor import Conductivities, Conductor
from interstice.benchmarks.report import Result
from interstice.benchmarks.westergaard import Wave

NAME = "wavy-constriction"
GROWTH = 0.05
"""Growth of the element size per distance from the interface and from the edge of the contact."""
FINER = 8
"""How many times smaller the elements at the edge of the contact are on each next mesh."""
MESHES = 3


class Options(Conductivities, Wave):
    """A wave, the load on it, and the mesh."""

    elements: int = Field(32, ge=8)
    """elements per half wavelength; at the edge of the contact 64 times smaller"""


def run(options: Options, comm: MPI.Comm) -> Result:
    """Press the wave, send a current through it, and compare resistances per wavelength and unit depth."""
    blocks: Blocks | None = None
    half_width, size = 0.0, 1 / options.elements
    for _ in range(MESHES):
        box = _box(options, size, 2 * half_width / options.wavelength)
        blocks = Blocks(box.mesh(comm), options.moduli, options, options.gap, options.mean_pressure, coarse=blocks)
        blocks.press()
        half_width = blocks.interface.sum(blocks.contact.active.x.array)
        size /= FINER
    assert blocks is not None
    cost = blocks.measure(blocks.press)

    conductor = Conductor(blocks.domain, options)
    conductor.solve(blocks.contact.active.x.array)
    # two half waves side by side carry twice the current
    current, powers = 2 * conductor.current, [2 * power for power in conductor.powers]
    computed = {"half_width [m]": half_width}
    exact = {"half_width [m]": closed_form.westergaard_half_width(options.load_ratio, options.wavelength)}
    for name, power, kappa in zip(("upper", "lower"), powers, options.conductivities, strict=True):
        key = f"{name}_resistance [ohm m]"
        computed[key] = power / current**2 - options.depth / kappa
        exact[key] = closed_form.wavy_constriction(options.load_ratio, kappa)
    key = "resistance [ohm m]"
    computed[key] = 1 / current - options.depth / options.composite_conductivity
    exact[key] = closed_form.wavy_constriction(options.load_ratio, options.composite_conductivity)
    return Result(
        NAME, options.model_dump(), computed, exact, {"resistance": abs(computed[key] / exact[key] - 1)}, cost
    )


def _box(options: Options, size: float, edge: float) -> Box:
    """Return half a wave with elements of `size` about the `edge` of the contact, both over half the wavelength."""
    depth = options.depth * options.wavelength
    sizes = [
        f"{1 / options.elements} + {GROWTH} * Fabs(y)",
        f"{size} + {GROWTH} * Sqrt((x - {edge})^2 + y^2)",
    ]
    return Box(2, options.wavelength / 2, depth, depth, sizes)


if __name__ == "__main__":
    from interstice.benchmarks.command import script

    script(NAME)
