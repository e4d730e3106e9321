"""A whole run, top to bottom: build the cell, press it together, carry out the protocol, record every time step."""

from __future__ import annotations

from pathlib import Path

from mpi4py import MPI

from interstice.solver.algebra import SolveError
from interstice.solver.cell import Cell
from interstice.solver.fields import FieldWriter
from interstice.solver.history import HistoryFile, Observer
from interstice.solver.launch import end_quietly_when_told
from interstice.solver.progress import Progress
from interstice.solver.reader import LoadedCase
from interstice.solver.results import write_versions
from interstice.solver.stepping import ProtocolError, run_protocol


def run(loaded: LoadedCase, output: Path, comm: MPI.Comm) -> int:
    """Run a checked case into the folder `output`; return 0, or 1 if the protocol could not be carried through."""
    case, progress = loaded.case, Progress(loaded.case, output, comm.size)
    cell = Cell(case, loaded.materials, loaded.folder, comm)
    if comm.size > 1:
        end_quietly_when_told()
    progress.built(cell)
    if comm.rank == 0:
        write_versions(output)
    observer, fields = Observer(cell), FieldWriter(cell, output)
    reason, written, time = "", 0.0, 0.0
    with HistoryFile(output / "history.csv", comm) as history:
        try:
            cell.press()
            history.write(observer.row(None))
            fields.write(time)
            for count, advance in enumerate(run_protocol(cell, case.protocol, case.time), start=1):
                time = advance.time
                row = observer.row(advance)
                history.write(row)
                if count % case.output.fields_every == 0:
                    fields.write(time)
                    written = time
                progress.advanced(advance, row)
        except (SolveError, ProtocolError) as stopped:
            reason = str(stopped)
        if written < time:
            fields.write(time)
        progress.finished(history.rows, reason)
    return 1 if reason else 0
