"""A film cell in a stiff fixture that loses contact on charge and regains it on discharge, cycle after cycle.

The case behind the benchmarks of what is conserved: a wavy surface of NMC811 on LPSCl in 2D, computed by the program
itself as any case.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import numpy as np
from mpi4py import MPI
from pydantic import Field

from benchmarks.options import OptionError, Parameters
from benchmarks.report import Cost, peak_memory, timed
from solver.cell import Cell
from solver.reader import CaseError, LoadedCase, read_case
from solver.stepping import Advance, ProtocolError, run_protocol

CASE = """\
title: a wavy film in a stiff fixture
geometry:
  builder: film
  length: {length!r} m
  electrode_thickness: {thickness!r} m
  electrolyte_thickness: {thickness!r} m
  element_size: {size!r} m
  lateral: {lateral}
  roughness: {{kind: sinusoidal, amplitude: {amplitude!r} m, wavelength: {wavelength!r} m}}
  roughness_as: {roughness_as}
electrode: {{material: NMC811, initial_stoichiometry: 0.9}}
electrolyte: {{material: LPSCl}}
interface:
  kinetics: {{exchange_current_density: 10 A/m^2}}
stack: {{hold: fixed_thickness, pressure: {pressure!r} Pa}}
protocol:
- step: repeat
  times: {cycles}
  steps:
  - {{step: charge, current_density: {current!r} A/m^2, until: {{time: {duration!r} s}}}}
  - {{step: rest, time: {rest!r} s}}
  - {{step: discharge, current_density: {current!r} A/m^2, until: {{time: {duration!r} s}}}}
time: {{initial: {first!r} s, maximum: {longest!r} s}}
"""


class Options(Parameters):
    """The surface, the mesh, and the cycles."""

    cycles: int = Field(10, ge=1)
    """cycles of charge, rest and discharge"""
    elements: int = Field(16, ge=8)
    """elements of the interface per wavelength"""
    waves: int = Field(2, ge=1)
    """waves of the surface"""
    wavelength: float = Field(1e-6, gt=0)
    """wavelength, and thickness of each film [m]"""
    amplitude: float = Field(50e-9, gt=0)
    """amplitude of the surface [m]"""
    roughness_as: Literal["profile", "gap"] = "profile"
    """profile: both sides follow the wave, whose area is larger than the apparent one; gap: it is a gap between them"""
    lateral: Literal["symmetric", "periodic"] = "symmetric"
    """symmetric or periodic"""
    pressure: float = Field(20e6, gt=0)
    """pressure at assembly [Pa]"""
    current: float = Field(5.0, gt=0)
    """current density over the apparent area [A/m^2]"""
    duration: float = Field(15.0, gt=0)
    """duration of a charge and of a discharge [s]"""


def read(options: Options) -> LoadedCase:
    """Return the case that `options` ask for; OptionError if the program refuses it."""
    text = CASE.format(
        **options.model_dump(),
        length=options.waves * options.wavelength,
        thickness=options.wavelength,
        size=options.wavelength / options.elements,
        rest=options.duration / 4,
        first=options.duration / 10,
        longest=options.duration / 4,
    )
    with TemporaryDirectory() as folder:
        path = Path(folder) / "cycled.yaml"
        path.write_text(text, encoding="utf-8")
        try:
            return read_case(path)
        except CaseError as error:
            raise OptionError(str(error)) from error


class Cycled:
    """The cell, pressed and ready to be cycled once, and what cycling it costs."""

    def __init__(self, options: Options, comm: MPI.Comm) -> None:
        loaded = read(options)
        self.cell = Cell(loaded.case, loaded.materials, loaded.folder, comm)
        self.cell.press()
        self.steps = self._newton = self._linear = 0
        self._seconds = 0.0

    def run(self) -> Iterator[Advance]:
        """Cycle, yielding after every time step; OptionError if contact is lost for good."""
        cell = self.cell
        advances = run_protocol(cell, cell.case.protocol, cell.case.time)
        while True:
            cell.comm.barrier()
            start = time.perf_counter()
            try:
                advance = next(advances, None)
            except ProtocolError as error:
                raise OptionError(f"this cell cannot be cycled so: {error}") from error
            self._seconds += time.perf_counter() - start
            if advance is None:
                return
            self.steps += 1
            self._newton += advance.report.newton
            self._linear += advance.report.linear
            yield advance

    def cost(self) -> Cost:
        """Return the cost of all time steps so far; tied is one linear solve of the equations of one of them."""
        memory = peak_memory(self.cell.comm)
        return Cost(self.cell.unknowns, self._newton, self._linear, memory, self._seconds, _solve_tied(self.cell))


def _solve_tied(cell: Cell) -> float:
    """Return the seconds of one cold linear solve of the coupled equations of a time step."""
    system, saved = cell.coupled_system(), cell.save()
    _, seconds = timed(cell.comm, lambda: system.solve(tolerance=np.inf, correct=lambda: None))
    cell.restore(saved)
    system.destroy()
    return seconds
