"""What a run is going to need, estimated before it: unknowns, time steps, time, memory, disk.

The rates below were measured by ``docs/rates.py`` on one core of a small virtual machine, with DOLFINx 0.11; what
estimates and runs of shipped cases differ by is in ``tests/test_cost.py``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from interstice.materials import Material
from interstice.meshes.size import Size
from interstice.schema import NO_SCALE, Case, Galvanostatic, Scale, Titration, written_steps
from interstice.schema.problems import Problem, dotted
from interstice.schema.wording import bytes_in_words, duration, rounded, two_digits
from interstice.solver.constants import FARADAY
from interstice.solver.schedule import Schedule

SHORTENED = 1.7
"""Time steps over those of the schedule, which no law shortens."""
FAILING = 1.4
"""The same over that where a bond may fail."""
STEP = 0.05
"""Of a time step, whatever it solves [s]."""
RATES = {("monolithic", 2): 55e-6, ("staggered", 2): 35e-6, ("monolithic", 3): 400e-6, ("staggered", 3): 150e-6}
"""Of a time step per unknown, by how equations are coupled and the dimension [s].

Those of whole runs, what they write included: the first time steps in 2D take 19 to 52 µs, those in between up to twice
that."""
GROWTH = {2: 0.25, 3: 0.25}
"""The power of the number of unknowns, over that at which the rates were measured, with which they grow."""
MEASURED = {2: 1.2e4, 3: 4e4}
"""The numbers of unknowns at which they were."""
START = {2: 5.0, 3: 20.0}
"""Until the first time step: compiled forms are read, a mesh is made, the sides are pressed together [s]."""
PROGRAM = 0.25e9
"""Memory that the program takes with the smallest mesh [bytes]."""
MEMORY = {2: 7e3, 3: 9e3}
"""Memory per unknown [bytes]."""
FIELDS = {2: 270.0, 3: 340.0}
"""What the fields of one time take on disk, per cell [bytes]: some 20 numbers on each cell and 7 on each node."""
HEAT, SALT = 0.17, 0.03
"""What a temperature with its flux, and the concentration of a salt, add to that."""
ROW = 600.0
"""A row of the history [bytes]."""
FAST = 100.0
"""C-rate beyond which a current is asked about that was not given as one."""
WRONG = 3.0
"""How many times too large or too small an estimate may well be."""


@dataclass(frozen=True)
class Cost:
    """An estimate: right within a factor of about three where nothing unusual happens on one core.

    `time` [s], `memory` and `disk` [bytes]. `schedule` holds the time steps of each entry of the protocol.
    """

    cells: float
    unknowns: float
    steps: float
    time: float
    memory: float
    disk: float
    schedule: Schedule

    def __str__(self) -> str:
        return (
            f"estimate: {rounded(self.unknowns)} unknowns, {rounded(self.steps)} time steps, "
            f"{duration(two_digits(self.time))} on one core, {bytes_in_words(self.memory)} of memory, "
            f"{bytes_in_words(self.disk)} on disk"
        )

    @property
    def numbers(self) -> dict[str, float]:
        """The numbers by their names with units, rounded as they are told."""
        return {
            "cells [1]": two_digits(self.cells),
            "unknowns [1]": two_digits(self.unknowns),
            "time steps [1]": two_digits(self.steps),
            "time on one core [s]": two_digits(self.time),
            "memory [byte]": two_digits(self.memory),
            "disk [byte]": two_digits(self.disk),
        }


def of(case: Case, materials: Mapping[str, Material], mesh: Size) -> Cost:
    """Return what it costs to run `case`, whose sides are of the `materials`, on a mesh of that size."""
    dimension, unknowns = mesh.dimension, _unknowns(case, materials, mesh)
    schedule = Schedule(case.protocol, case.time, _scale(case, materials, mesh))
    shortened = SHORTENED * (FAILING if any(face.cohesive for face in case.faces.values()) else 1.0)
    steps = shortened * sum(schedule.work)
    rate = RATES[case.coupling, dimension] * max(unknowns / MEASURED[dimension], 1.0) ** GROWTH[dimension]
    binary = any((ionic := one.electrolyte) and ionic.binary for one in materials.values())
    fields = FIELDS[dimension] * mesh.all_cells * (1.0 + HEAT * bool(case.heat) + SALT * binary)
    return Cost(
        cells=mesh.all_cells,
        unknowns=unknowns,
        steps=steps,
        time=START[dimension] + steps * (STEP + rate * unknowns),
        memory=PROGRAM + MEMORY[dimension] * unknowns,
        disk=(2.0 + steps / case.output.fields_every) * fields + steps * ROW,
        schedule=schedule,
    )


def problems(case: Case, cost: Cost) -> Iterator[Problem]:
    """Yield what is beyond the limits of the case, even if the estimate is `WRONG` times too large."""
    limits, allow, work = case.limits, "or allow more: limits.", cost.schedule.work
    if cost.steps > WRONG * limits.steps:
        worst = max(range(len(work)), key=work.__getitem__)
        yield (
            ("protocol", worst),
            f"about {rounded(cost.steps * work[worst] / sum(work))} time steps would be taken, at most "
            f"{limits.steps:g} are allowed for the protocol; let it take less time or repeat less, raise time.maximum, "
            f"{allow}steps",
        )
    elif cost.time > WRONG * limits.time:
        yield (
            ("limits", "time"),
            f"about {duration(two_digits(cost.time))} of computing would be needed on one core "
            f"({rounded(cost.unknowns)} unknowns, {rounded(cost.steps)} time steps), at most "
            f"{duration(limits.time)} is allowed; raise geometry.element_size or time.maximum, {allow}time",
        )
    elif cost.disk > WRONG * limits.disk:
        yield (
            ("limits", "disk"),
            f"about {bytes_in_words(cost.disk)} would be written ({rounded(cost.steps)} time steps), at most "
            f"{bytes_in_words(limits.disk)} is allowed; raise output.fields_every or geometry.element_size, "
            f"{allow}disk",
        )


def cautions(case: Case, cost: Cost, available: float) -> Iterator[str]:
    """Yield a sentence about each thing that may not be what was meant; `available` is the memory here [bytes]."""
    if cost.memory > available:
        yield (
            f"about {bytes_in_words(cost.memory)} of memory will be needed, and this machine has "
            f"{bytes_in_words(available)}: raise geometry.element_size, or run it on a larger one"
        )
    for key, step in written_steps(case.protocol):
        if isinstance(step, Galvanostatic | Titration) and step.c_rate is None:
            density = step.density(cost.schedule.scale)
            if (rate := density / cost.schedule.scale.one_c) > FAST:
                yield f"{dotted(key)}: {density:.3g} A/m^2 is {rounded(rate)}C of this cell: is the current right?"


def memory_here() -> float:
    """Return the memory of this machine [bytes]."""
    return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))


def _unknowns(case: Case, materials: Mapping[str, Material], mesh: Size) -> float:
    """Return the number of unknowns: displacement, concentrations, potentials and temperature at the nodes."""
    quadratic = case.element_order == 2
    # nodes of quadratic displacements are the middles of edges, too, as many as nodes and cells (Euler's formula)
    total = mesh.interface_nodes * (mesh.dimension if quadratic else 1)
    for name, nodes in mesh.nodes.items():
        moving = 2.0 * nodes + mesh.cells[name] if quadratic else nodes
        ionic = materials[name].electrolyte
        others = 2 if name in case.hosts or (ionic and ionic.binary) else 1
        total += mesh.dimension * moving + nodes * (others + bool(case.heat))
    return total


def _scale(case: Case, materials: Mapping[str, Material], mesh: Size) -> Scale:
    """Return what a C-rate and a current per mass are about, from the volumes of the sides."""
    found = []
    for name in case.hosts:
        if host := materials[name].host:
            low, high = host.stoichiometry_range
            found.append((mesh.thicknesses[name] * host.maximum_concentration * FARADAY * (high - low), high - low))
    if not found:
        return NO_SCALE
    charge, share = min(found)
    return Scale(charge / 3600.0, (materials[case.weighed].density or 0.0) * mesh.thicknesses[case.weighed], share)
