"""What the user sees: rank 0 alone speaks, errors go to stderr. Who started this process, as one of how many ranks.

Who reads may stop reading, as in ``interstice run CASE | head``: the rest is said to nobody, and the program goes on.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import threading
from typing import Any, Literal, NamedTuple, NoReturn, TextIO

import typer

from interstice.solver.system import has_pmix_server

Said = Literal["steps", "everything", "nothing", "json"]
"""What a run prints: a line per step of the protocol, per time step, errors alone, its summary as JSON."""


class Started(NamedTuple):
    """What the launcher of the ranks says to each: its rank, and how many there are."""

    rank: int
    ranks: int
    launcher: str


LAUNCHERS = (
    ("PMI_RANK", "PMI_SIZE", "an mpiexec with PMI"),
    ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "Open MPI's mpirun"),
    ("SLURM_PROCID", "SLURM_STEP_NUM_TASKS", "srun"),
)
"""The variables of rank and number of ranks, and who sets them. An mpiexec within a job of SLURM comes first."""
CLEAR = "\r\x1b[K"
"""What takes a terminal back to the begin of its last line and clears it."""
FIRST_STEP_OF_SLURM_ITSELF = 0xFFFFFFF0
"""Steps that the user did not start, such as that of a batch script, have the highest numbers."""


def started() -> Started | None:
    """Return what the launcher of the ranks said; None if there was none, or it did not say it."""
    for rank, ranks, launcher in LAUNCHERS:
        numbers = (os.environ.get(rank, ""), os.environ.get(ranks, ""))
        if launcher == "srun" and not _in_step_of_user():
            continue
        if all(number.isdecimal() for number in numbers):
            return Started(int(numbers[0]), int(numbers[1]), launcher)
    return None


def mpi_rank() -> int | None:
    """Return the rank of this process; None if it is the only one. Does not import MPI but where nothing else tells."""
    known = started()
    if known is not None:
        return known.rank if known.ranks > 1 else None
    if has_pmix_server():
        from mpi4py import MPI

        return MPI.COMM_WORLD.rank if MPI.COMM_WORLD.size > 1 else None
    return None


def _in_step_of_user() -> bool:
    step = os.environ.get("SLURM_STEP_ID", "")
    return step.isdecimal() and int(step) < FIRST_STEP_OF_SLURM_ITSELF


def say(text: str, end: str = "\n") -> None:
    """Print `text` on rank 0."""
    if not mpi_rank():
        _write(text + end, sys.stdout)


def warn(text: str) -> None:
    """Print `text` to stderr on rank 0."""
    if not mpi_rank():
        _write(f"{text}\n", sys.stderr)


def shout(text: str) -> None:
    """Print `text` to stderr on whatever rank this is."""
    assert sys.__stderr__ is not None
    _write(f"{text}\n", sys.__stderr__)


def status(text: str) -> bool:
    """Show `text` in place of the last one, until something is said; return whether there is a terminal to show it."""
    if not sys.stdout.isatty():
        return False
    if not mpi_rank():
        _write(text[: shutil.get_terminal_size().columns - 1], sys.stdout)
        _Status.standing = True
    return True


def say_json(content: Any) -> None:
    """Print `content` as JSON on rank 0: as its texts are written where they can be, otherwise in ASCII."""
    plain = not (sys.stdout.encoding or "").lower().startswith("utf")
    say(json.dumps(content, indent=2, ensure_ascii=plain))


def show(picture: Any) -> None:
    """Print a table of Rich on rank 0."""
    from rich.console import Console

    console = Console()
    with console.capture() as captured:
        console.print(picture)
    say(captured.get(), end="")


def fail(text: str, code: int = 2) -> NoReturn:
    """End the program in words: `text` to stderr on rank 0, exit code `code`."""
    warn(text)
    raise typer.Exit(code)


def _for(stream: TextIO, text: str) -> str:
    """Return `text` with backslashes in the place of what an ASCII terminal, say, cannot show."""
    encoding = stream.encoding or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)


class _Status:
    """Whether the last line of the terminal is a status, which what is said next replaces."""

    standing = False


def _write(text: str, stream: TextIO) -> None:
    if _Status.standing and stream.isatty():
        text = f"{CLEAR}{text}"
        _Status.standing = False
    # PETSc and Gmsh change what Python does with this signal, so it is said each time; only the main thread may.
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    try:
        stream.write(_for(stream, text))
        stream.flush()
    except BrokenPipeError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
