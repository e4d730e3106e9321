"""What ends a run that comes to need more than its case allows; what was computed stands."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Protocol

from mpi4py import MPI

from interstice.schema import Limits
from interstice.schema.wording import bytes_in_words, duration


class Written(Protocol):
    """A file, or several."""

    @property
    def size(self) -> int:
        """What this rank has written [bytes]."""


class BoundError(Exception):
    """The run has reached a limit of its case; the text says which."""


class Bounds:
    """The limits of a case while it runs; `done` is the number of time steps that a run had done before it went on."""

    def __init__(self, limits: Limits, comm: MPI.Comm, files: Sequence[Written], done: int = 0) -> None:
        self._limits, self._comm, self._files, self._steps = limits, comm, files, done
        self._start = time.monotonic()

    def count(self) -> None:
        """Take note of a time step that is done."""
        self._steps += 1

    def require(self) -> None:
        """Raise BoundError where there may be no other time step. Collective."""
        limits, seconds = self._limits, self._comm.bcast(time.monotonic() - self._start)
        size = self._comm.allreduce(sum(file.size for file in self._files))
        for reached, key, words in (
            (self._steps >= limits.steps, "steps", f"{self._steps} time steps are done"),
            (seconds >= limits.time, "time", f"{duration(seconds)} of computing have passed"),
            (size >= limits.disk, "disk", f"{bytes_in_words(size)} are written"),
        ):
            if reached:
                raise BoundError(
                    f"{words}, and limits.{key} allows no more; to go on, give --resume DIR --set limits.{key}=…"
                )
