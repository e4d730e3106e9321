"""What the user sees: rank 0 alone speaks, errors go to stderr."""

from __future__ import annotations

import os
import sys
from typing import NoReturn

import typer

RANK_VARIABLES = ("OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK")


def mpi_rank() -> int | None:
    """Return the rank mpirun gave this process; None if it was started without mpirun. Does not import MPI."""
    return next((int(os.environ[name]) for name in RANK_VARIABLES if os.environ.get(name, "").isdecimal()), None)


def say(text: str) -> None:
    """Print `text` on rank 0."""
    if not mpi_rank():
        print(text, flush=True)


def warn(text: str) -> None:
    """Print `text` to stderr on rank 0."""
    if not mpi_rank():
        print(text, file=sys.stderr, flush=True)


def fail(text: str, code: int = 2) -> NoReturn:
    """End the program in words: `text` to stderr on rank 0, exit code `code`."""
    warn(text)
    raise typer.Exit(code)
