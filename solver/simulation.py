"""A whole run, top to bottom: build the cell, press it together, carry out the protocol, tell followers each step."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from mpi4py import MPI

from interstice.solver import stop, watch
from interstice.solver.algebra import SolveError
from interstice.solver.bounds import BoundError, Bounds
from interstice.solver.cautions import Cautions
from interstice.solver.cell import Cell
from interstice.solver.checkpoint import Checkpoint, CheckpointError, Checkpoints, Remembering
from interstice.solver.fields import FieldWriter
from interstice.solver.history import HistoryFile, Row, row
from interstice.solver.progress import TELLERS
from interstice.solver.reader import LoadedCase
from interstice.solver.results import WriteError, write_versions
from interstice.solver.status import Status
from interstice.solver.stepping import Advance, ProtocolError, Stepping, StuckError
from interstice.solver.stop import StopError
from interstice.solver.terminal import Said


class AloneError(Exception):
    """This rank cannot go on, and the others do not know; the text says why."""


class Follower(Protocol):
    """Whoever follows a run: its files, the terminal, a notebook."""

    def advanced(self, advance: Advance | None, row: Row) -> None:
        """Take note of a time step and its row of the history; of the assembled cell (None)."""

    def finished(self, reason: str) -> None:
        """Take note of the end, with the reason why the protocol could not be carried through, if so."""


def run(loaded: LoadedCase, output: Path, comm: MPI.Comm, said: Said = "steps", begun: Checkpoint | None = None) -> int:
    """Run a checked case into the folder `output`; return 0, or 1 if the protocol could not be carried through.

    `said` is what it prints. The run goes on from where it was `begun`, if that is given.
    """

    def followers(cell: Cell) -> Sequence[Follower]:
        stop.hear()
        teller = TELLERS[said](cell, output)
        cautions = Cautions(cell, () if begun else loaded.warnings, output, aloud=teller.aloud)
        teller.warnings = cautions.told
        return writers(cell, loaded, output, [cautions, teller], begun)

    return 1 if simulate(loaded, comm, followers, begun) else 0


def writers(
    cell: Cell, loaded: LoadedCase, output: Path, others: Sequence[Remembering], begun: Checkpoint | None
) -> Sequence[Follower]:
    """Return those who write into a folder of results what a run does, and the `others` among them.

    They go on from where the run was `begun`, if that is given. Collective.
    """
    if cell.comm.rank == 0:
        write_versions(output, loaded, cell.comm.size)
    files = HistoryFile(output / "history.csv", cell.comm), FieldWriter(cell, output)
    remembering: list[Remembering] = [*files, *others, Status(cell, output)]
    checkpoints = Checkpoints(cell, loaded, output, remembering)
    if begun:
        checkpoints.go_on(begun)
    return [*remembering, checkpoints]


def simulate(
    loaded: LoadedCase,
    comm: MPI.Comm,
    follow: Callable[[Cell], Sequence[Follower]],
    begun: Checkpoint | None = None,
) -> str:
    """Carry out a checked case before the followers that `follow` makes; return why it stopped early, "" if it did not.

    What the followers were told stands, whatever ends the run. It goes on from where it was `begun`, if that is given.
    StopError if somebody asked it to end, AloneError where this rank alone fails.
    """
    with watch.watched(comm, loaded.case.limits.silence):
        return _simulate(loaded, comm, follow, begun)


def _simulate(
    loaded: LoadedCase,
    comm: MPI.Comm,
    follow: Callable[[Cell], Sequence[Follower]],
    begun: Checkpoint | None,
) -> str:
    meeting = watch.Meeting(comm)
    cell = Cell(loaded.case, loaded.materials, loaded.folder, comm)
    stepping = Stepping(cell, loaded.case.protocol, loaded.case.time)
    with _written():
        followers = follow(cell)
    files = [one for one in followers if isinstance(one, HistoryFile | FieldWriter)]
    bounds = Bounds(loaded.case.limits, comm, files, begun.about["time steps"] if begun else 0)
    stepping.permit = bounds.require

    def tell(advance: Advance | None) -> None:
        reported = row(cell, advance)
        with _written():
            for follower in followers:
                follower.advanced(advance, reported)

    reason, asked = "", None
    try:
        if begun:
            _go_on(cell, begun)
        else:
            cell.press()
            tell(None)
        for advance in stepping:
            tell(advance)
            bounds.count()
    except StuckError as stopped:
        reason = str(stopped)
        with _written():
            for one in files:
                if isinstance(one, FieldWriter):
                    one.write_rejected()
    except (SolveError, ProtocolError, BoundError) as stopped:
        reason = str(stopped)
    except StopError as stopped:
        reason, asked = str(stopped), stopped
    if reason and not meeting.takes_place():
        raise AloneError(reason)
    with _written():
        for follower in followers:
            follower.finished(reason)
    cell.destroy()
    meeting.close()
    if asked:
        raise asked
    return reason


def _go_on(cell: Cell, begun: Checkpoint) -> None:
    try:
        cell.go_on(begun.values)
    except ValueError as error:
        raise CheckpointError(f"{begun.path}: does not fit the cell of the case: {error}") from None


@contextmanager
def _written() -> Iterator[None]:
    """Turn what goes wrong in writing into a WriteError."""
    try:
        yield
    except OSError as error:
        raise WriteError(f"results cannot be written any more: {error}; what was written stands") from error
