"""Barber's analogy: a rough contact conducts as it is stiff, G/S = 2κ_h/E*, whatever its spots look like.

G is the conductance through the nodes that touch and S = dP/dδ the stiffness against a further approach, at which the
same nodes are glued along the normal and slide freely; what blocks of the same thickness in full contact would yield,
which is known exactly, is taken out of both. Both problems are solved on the same mesh, with elements of the same order
and the same nodes joined. Surface and mesh are those of the benchmark `rough`, by default without its shortest waves:
G and S are too large by the order of an element over a spot, and only part of that cancels in their ratio.
"""

from __future__ import annotations

import numpy as np
from mpi4py import MPI
from pydantic import Field

from interstice.benchmarks import closed_form, rough
from interstice.benchmarks.blocks import Blocks, cascade
from interstice.benchmarks.conductor import Conductivities, Conductor
from interstice.benchmarks.report import Result
from interstice.solver.part import Change
from interstice.solver.physics.mechanics import composite_modulus

NAME = "barber"
SHORTEST = 16
"""Points of the grid per shortest wave if not given."""


class Options(Conductivities, rough.Options):
    """The surface, the loads and the mesh, and how the blocks conduct."""

    short_cutoff: float | None = Field(None, gt=0)
    """shortest wavelength [m]; if not given, that of 16 points of the grid"""
    loads: rough.Loads = (0.05, 0.2)
    """mean pressures over E* g', separated by commas"""


def run(options: Options, comm: MPI.Comm) -> Result:
    """Press at each load, then push on and conduct with the same nodes joined.

    The cost is that of the largest load, from a cold start.
    """
    cutoff = options.short_cutoff or SHORTEST * options.length / (options.elements * options.order)
    surface = rough.make_surface(options.model_copy(update={"short_cutoff": cutoff}))
    modulus = composite_modulus(*options.moduli)
    loads = sorted(options.loads, reverse=True)

    def build(elements: int, coarse: Blocks | None) -> Blocks:
        tagged = rough.make_box(options.model_copy(update={"elements": elements}), surface.lateral).mesh(comm)
        pressure = loads[0] * modulus * surface.slope
        return Blocks(tagged, options.moduli, options, surface.gap, pressure, lateral=surface.lateral, coarse=coarse)

    blocks = cascade(build, options.elements, options.dimension)
    cost = blocks.measure(blocks.press)
    conductor = Conductor(blocks.domain, options, lateral=surface.lateral)
    apparent = blocks.domain.area("top")
    thickness = options.depth * options.length
    exact = closed_form.barber_ratio(modulus, options.composite_conductivity)
    computed: dict[str, float] = {}
    expected: dict[str, float] = {}
    for load in loads:
        blocks.pressure.value = load * modulus * surface.slope
        blocks.solve()
        area = blocks.interface.sum(blocks.contact.active.x.array)
        conductor.solve(blocks.contact.active.x.array)
        resistance = apparent / conductor.current - thickness / options.composite_conductivity
        bulk = sum(thickness * (1 + nu) * (1 - 2 * nu) / (E * (1 - nu)) for E, nu in options.moduli)
        compliance = _compliance(blocks) - bulk
        keys = f"area({load:g})", f"G({load:g}) [S/m^2]", f"S({load:g}) [Pa/m]", f"G/S({load:g}) [S/N m]"
        computed |= dict(
            zip(keys, (area / apparent, 1 / resistance, 1 / compliance, compliance / resistance), strict=True)
        )
        expected[keys[-1]] = exact
    error = max(abs(computed[key] / value - 1) for key, value in expected.items())
    return Result(NAME, options.model_dump(), computed, expected, {"ratio": error}, cost)


def _compliance(blocks: Blocks) -> float:
    """Return how far the top sinks per further pressure [m/Pa] with the touching nodes joined along the normal.

    The problem is linear: the pressure is doubled. The state is brought back.
    """
    contact = blocks.contact
    arrays = [*(u.x.array for u in blocks.u.values()), contact.multiplier.x.array]
    saved = [array.copy() for array in arrays]
    height, pressure = _height(blocks), float(blocks.pressure.value)

    def keep_joined() -> Change:
        """Update the multiplier as `Contact.update` does, of either sign and without a change of the active set."""
        gap, active = contact.gap.read(), contact.active.x.array
        violation = active * contact.augmentation.x.array * gap
        largest = blocks.interface.max(np.abs(contact.multiplier.x.array))
        contact.multiplier.x.array[:] -= violation
        return Change(0, blocks.interface.max(np.abs(violation)) / largest)

    blocks.pressure.value = 2 * pressure
    blocks.system.solve(keep_joined)
    sunk = height - _height(blocks)
    for array, copy in zip(arrays, saved, strict=True):
        array[:] = copy
    blocks.pressure.value = pressure
    return sunk / pressure


def _height(blocks: Blocks) -> float:
    """Return the displacement of the top, a rigid platen, along the normal [m]."""
    height = blocks.u["upper"].x.array[blocks.dofs("upper", "top", [blocks.dimension - 1])]
    return blocks.comm.allreduce(float(height.max(initial=-np.inf)), op=MPI.MAX)


if __name__ == "__main__":
    from interstice.benchmarks.command import script

    script(NAME)
