"""What a time step costs in which a solid creeps, over one of the same cell in which it is elastic.

Rough lithium on an electrolyte is stripped under a constant pressure, by the program itself as any case, once creeping
and once elastic, on one mesh with displacements of one order. No closed form stands behind it but a promise: a step in
which lithium creeps costs no more than two in which it is elastic. Times are of one run on one machine, one after the
other, so that their ratio holds on any; Newton steps are the same on all.
"""

from __future__ import annotations

from typing import NamedTuple

from mpi4py import MPI
from pydantic import Field

from interstice.benchmarks.case_run import CaseRun, read_text
from interstice.benchmarks.options import Parameters
from interstice.benchmarks.report import Cost, Result

NAME = "creeping-step"
PROMISED = 2.0
"""Elastic steps that a creeping one costs at most."""
LONGEST_STEP = 1 / 3
"""Of the duration."""
CASE = """\
title: rough lithium on an electrolyte, stripped
geometry:
  builder: film
  length: 10 um
  electrode_thickness: 4 um
  electrolyte_thickness: 4 um
  element_size: {size!r} m
  lateral: periodic
  roughness: {{kind: self_affine, rms: 100 nm, hurst: 0.8, long_cutoff: 10 um, short_cutoff: 2.5 um, seed: 1}}
electrode: {{kind: metal, material: lithium, solid: {solid}}}
electrolyte: {{material: LPSCl}}
interface: {{kinetics: {{exchange_current_density: 5 mA/cm^2}}}}
stack: {{hold: constant_pressure, pressure: {pressure!r} Pa}}
element_order: 2
protocol:
- {{step: charge, current_density: {current!r} A/m^2, until: {{time: {duration!r} s}}}}
time: {{initial: 1 s, maximum: {longest!r} s}}
"""


class Options(Parameters):
    """The load and the mesh."""

    element_size: float = Field(500e-9, gt=0, le=625e-9)
    """size of elements at the interface [m]"""
    pressure: float = Field(3e6, gt=0)
    """of the stack [Pa]"""
    current: float = Field(5.0, gt=0)
    """current density that strips [A/m^2]"""
    duration: float = Field(60.0, gt=0)
    """how long the current flows [s]"""
    steps: int = Field(20, ge=5)
    """time steps that are counted"""


class Effort(NamedTuple):
    """What a time step took in the mean: seconds, and Newton steps."""

    seconds: float
    newton: float


def run(options: Options, comm: MPI.Comm) -> Result:
    """Strip lithium that is elastic and lithium that creeps, and compare what a time step takes."""
    elastic, _ = effort(options, comm, "elastic")
    creeping, cost = effort(options, comm, "creep")
    names = "creeping step over an elastic one [1]", "Newton steps of one over those of the other [1]"
    computed = dict(zip(names, (creeping.seconds / elastic.seconds, creeping.newton / elastic.newton), strict=True))
    return Result(
        NAME,
        options.model_dump(),
        computed,
        dict.fromkeys(names, PROMISED),
        {
            name: max(value / PROMISED - 1, 0.0)
            for name, value in zip(("time", "newton"), computed.values(), strict=True)
        },
        Cost(
            cost.unknowns, cost.newton, cost.linear_iterations, cost.peak_memory_MB, creeping.seconds, elastic.seconds
        ),
    )


def effort(options: Options, comm: MPI.Comm, solid: str) -> tuple[Effort, Cost]:
    """Return what a time step takes of a cell whose lithium gives way as `solid` says, and the cost of all of them."""
    given = options.model_dump(include={"pressure", "current", "duration"})
    longest = LONGEST_STEP * options.duration
    film = CaseRun(read_text(CASE.format(**given, size=options.element_size, solid=solid, longest=longest)), comm)
    for _ in film.advances():
        if film.steps == options.steps:
            break
    cost = film.cost()
    return Effort(cost.solve, cost.newton / film.steps), cost


if __name__ == "__main__":
    from interstice.benchmarks.command import script

    script(NAME)
