"""Signals that ask a run to stop: it drops the time step that it is in, writes a checkpoint and ends.

Ctrl-C (SIGINT), SIGTERM (kill, batch systems at the end of the time), SIGHUP (a terminal that is closed) and SIGUSR1
(batch systems that warn before) all do; a second one ends the program at once. Every rank may get one, or only some:
before each Newton step all ask each other.
"""

from __future__ import annotations

import os
import signal
import time
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mpi4py import MPI

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1)
INTERRUPTED = "interrupted"
ECHO = 1.0
"""How long [s] after the first signal others are taken for its echo: a launcher passes on what its ranks got too."""


class StopError(Exception):
    """Somebody asked the run to stop, by the signal of this number."""

    def __init__(self, number: int) -> None:
        super().__init__(INTERRUPTED)
        self.exit_code = 128 + number
        """That of a program which the signal ends."""


class _Received:
    """The first signal that this rank got, 0 if none, and when."""

    number = 0
    time = 0.0


def hear() -> None:
    """Take note of signals from now on; those that are ignored, as SIGHUP under nohup, stay so.

    To be called again after PETSc or Gmsh have been started, which take them for themselves.
    """
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _take_note)


def check(comm: MPI.Comm) -> None:
    """Raise StopError on all ranks if one of them got a signal. Collective."""
    if number := max(comm.allgather(_Received.number)):
        raise StopError(number)


def _take_note(number: int, frame: FrameType | None) -> None:
    if not _Received.number:
        _Received.number, _Received.time = number, time.monotonic()
    elif time.monotonic() - _Received.time > ECHO:
        # not by an exception: what waits for other ranks would not end by it
        os._exit(128 + number)
