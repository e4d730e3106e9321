"""What a time step of a cell whose lithium creeps costs over one of the same cell whose lithium is elastic."""

from __future__ import annotations

import time
from typing import NamedTuple

from builders import tiny_case
from mpi4py import MPI

from interstice.solver.cell import Cell
from interstice.solver.stepping import Stepping

ROUGH = """\
title: rough lithium on an electrolyte, stripped
geometry:
  builder: film
  length: 10 um
  electrode_thickness: 4 um
  electrolyte_thickness: 4 um
  element_size: 500 nm
  lateral: periodic
  roughness: {kind: self_affine, rms: 100 nm, hurst: 0.8, long_cutoff: 10 um, short_cutoff: 2.5 um, seed: 1}
electrode: {kind: metal, material: lithium}
electrolyte: {material: LPSCl}
interface: {kinetics: {exchange_current_density: 5 mA/cm^2}}
stack: {hold: constant_pressure, pressure: 3 MPa}
element_order: 2
protocol: [charge at 0.5 mA/cm^2 for 60 s]
time: {initial: 1 s, maximum: 20 s}
"""
STEPS = 20
"""Time steps that are counted."""


class Effort(NamedTuple):
    """Of a committed time step in the mean, what it took of the processor [s], and Newton steps."""

    seconds: float
    newton: float


def effort(solid: str) -> Effort:
    loaded = tiny_case(f"electrode.solid={solid}", text=ROUGH)
    cell = Cell(loaded.case, loaded.materials, loaded.folder, MPI.COMM_WORLD)
    cell.press()
    steps = newton = 0
    start = time.process_time()
    for advance in Stepping(cell, cell.case.protocol, cell.case.time):
        steps, newton = steps + 1, newton + advance.report.newton
        if steps == STEPS:
            break
    return Effort((time.process_time() - start) / steps, newton / steps)


def test_creeping_step_costs_at_most_two_elastic_ones_of_the_same_mesh() -> None:
    """On rough lithium what is elastic opens and closes in each step, and what creeps goes on as it did."""
    elastic, creeping = effort("elastic"), effort("creep")
    assert creeping.newton <= 2 * elastic.newton
    assert creeping.seconds <= 2 * elastic.seconds
