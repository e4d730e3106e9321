"""A case carried out by the program itself, as any case, and what that costs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from mpi4py import MPI

from interstice.benchmarks.options import OptionError
from interstice.benchmarks.report import Cost, peak_memory, timed
from interstice.solver.algebra import Report
from interstice.solver.cell import Cell
from interstice.solver.part import Load
from interstice.solver.reader import CaseError, LoadedCase, read_case
from interstice.solver.stepping import Advance, ProtocolError, Stepping

TIED = 3
"""Linear solves of which the fastest counts: one alone may be disturbed."""


def read_text(text: str) -> LoadedCase:
    """Return the case that `text` holds; OptionError if the program refuses it."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "case.yaml"
        path.write_text(text, encoding="utf-8")
        try:
            return read_case(path)
        except CaseError as error:
            raise OptionError(str(error)) from error


class CaseRun:
    """The cell of a case, pressed and ready for its protocol to be carried out once."""

    def __init__(self, loaded: LoadedCase, comm: MPI.Comm) -> None:
        self.cell = Cell(loaded.case, loaded.materials, loaded.folder, comm)
        self.cell.press()
        self.steps = self._newton = self._linear = 0
        self._seconds = 0.0

    def advances(self) -> Iterator[Advance]:
        """Carry out the protocol, yielding after every time step; OptionError if it cannot go on."""
        cell = self.cell
        advances = iter(Stepping(cell, cell.case.protocol, cell.case.time))
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
            self._count(advance.report)
            yield advance

    def advance(self, time_step: float, load: Load) -> None:
        """Make a time step [s] outside the protocol, at the end of which there is the `load`."""
        report, seconds = timed(self.cell.comm, lambda: self.cell.advance(time_step, load))
        self.cell.commit()
        self._seconds += seconds
        self._count(report)

    def _count(self, report: Report) -> None:
        self.steps += 1
        self._newton += report.newton
        self._linear += report.linear

    def cost(self) -> Cost:
        """Return what a time step so far took in the mean, those taken again included, beside one linear solve of it.

        The counts are those of all time steps.
        """
        memory, seconds = peak_memory(self.cell.comm), self._seconds / self.steps
        tied = min(_solve_tied(self.cell) for _ in range(TIED))
        return Cost(self.cell.unknowns, self._newton, self._linear, memory, seconds, tied)


def _solve_tied(cell: Cell) -> float:
    """Return the seconds of one cold linear solve of the coupled equations of a time step."""
    system, saved = cell.coupled_system(), cell.state.save()
    _, seconds = timed(cell.comm, lambda: system.solve(tolerance=np.inf, correct=lambda: None))
    cell.state.restore(saved)
    system.destroy()
    return seconds
