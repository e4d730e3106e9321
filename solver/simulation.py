"""A whole run, top to bottom: build the cell, press it together, carry out the protocol, record every time step."""

from __future__ import annotations

import time
from pathlib import Path

from mpi4py import MPI

from solver.algebra import SolveError
from solver.cell import Cell
from solver.history import HistoryFile, Observer
from solver.reader import LoadedCase
from solver.stepping import Stopped, run_protocol
from solver.terminal import say


def run(loaded: LoadedCase, output: Path, comm: MPI.Comm) -> int:
    """Run a checked case into the folder `output`; return the exit code (0, or 1 if it could not be carried through)."""
    case, started = loaded.case, time.perf_counter()
    cell = Cell(case, loaded.electrode, loaded.electrolyte, loaded.folder, comm)
    observer = Observer(cell)
    history = HistoryFile(output / "history.csv")
    try:
        cell.press()
        row = observer.row(None)
        history.write(row)
        for advance in run_protocol(cell, case.protocol, case.time):
            row = observer.row(advance)
            history.write(row)
            if comm.rank == 0:
                print(advance.number, f"{advance.time:.2f}", f"dt={advance.duration:.3g}", advance.report, f"V={row['voltage [V]']:.4f} f_c={row['active fraction [1]']:.3f} p={row['mean pressure [Pa]']/1e6:.2f} gap={row['mean gap [m]']*1e9:.2f} cb={row['charge balance [1]']:.1e} lb={row['lithium balance [1]']:.1e} gp={row['complementarity [1]']:.1e}", advance.notes)
    except (SolveError, Stopped) as stopped:
        print(f"stopped: {stopped}")
        return 1
    finally:
        history.close()
    print(time.perf_counter() - started)
    return 0
