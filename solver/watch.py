"""Ranks of MPI that do not come together: one that fails alone, one that is stopped.

A rank that raises an error alone would leave the others waiting for it in MPI for ever, and wait for them at its end.
One that is stopped (SIGSTOP), or hangs in a broken file system, lets all others wait inside of MPI, where Python hears
nothing: so a process of its own watches the first rank. This file is the program of that process, too.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mpi4py import MPI

PATIENCE = 5.0
"""How long [s] a rank that fails waits for the others to fail, too."""
STDERR = 2
PAUSE = 0.01
"""How long [s] it sleeps between two looks."""
SLICES = 10
"""In so many parts the watch waits: that it was stopped itself, as by Ctrl-Z, costs one of them, not the run."""


class Meeting:
    """Tells a rank whether the others come where it is."""

    def __init__(self, comm: MPI.Comm) -> None:
        """Meet on a communicator of its own, where nobody waits for anything else. Collective."""
        self._comm = comm.Dup()

    def close(self) -> None:
        """Give the communicator back. Collective."""
        self._comm.Free()

    def takes_place(self) -> bool:
        """Return whether all ranks come here, the last of them soon after this one."""
        request, begun = self._comm.Ibarrier(), time.monotonic()
        while not request.Test():
            if time.monotonic() - begun > PATIENCE:
                return False
            time.sleep(PAUSE)
        return True


def end_all(comm: MPI.Comm, code: int) -> None:
    """End all ranks with an exit code, wherever they are; what is to be said has been said."""
    # MPICH would add half a sentence
    os.dup2(os.open(os.devnull, os.O_WRONLY), STDERR)
    comm.Abort(code)


class _Watched:
    """Where the first rank says that it goes on; None if nobody listens."""

    stream: int | None = None


def going_on() -> None:
    """Let the watch know that this rank goes on."""
    if _Watched.stream is not None:
        # where the watch is gone, or too slow to listen, nothing is lost
        with contextlib.suppress(OSError):
            os.write(_Watched.stream, b".")


@contextlib.contextmanager
def watched(comm: MPI.Comm, silence: float) -> Iterator[None]:
    """End all ranks, in words, if the first one says nothing for `silence` [s] meanwhile. Collective."""
    if comm.size == 1:
        yield
        return
    ranks = comm.gather((os.getpid(), socket.gethostname()))
    if not ranks:
        yield
        return
    command = [sys.executable, "-I", "-S", __file__, f"{silence}"]
    command += [f"{process}@{host}" for process, host in ranks]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as watch:
        assert watch.stdin
        _Watched.stream = watch.stdin.fileno()
        os.set_blocking(_Watched.stream, False)
        try:
            yield
        finally:
            _Watched.stream = None
            watch.stdin.close()


def _watch(silence: float, ranks: list[tuple[int, str]]) -> None:
    """Listen to the first rank until it ends; end all that are on this machine after `silence` [s] without a word."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1):
        # it ends with the rank it watches
        signal.signal(number, signal.SIG_IGN)
    idle = 0
    while idle < SLICES:
        if not select.select([sys.stdin], [], [], silence / SLICES)[0]:
            idle += 1
        elif os.read(sys.stdin.fileno(), 1 << 16):
            idle = 0
        else:
            return
    here = {process: rank for rank, (process, host) in enumerate(ranks) if host == socket.gethostname()}
    at_fault = [f"rank {rank} (process {process}) {how}" for process, rank in here.items() if (how := _fault(process))]
    words = "; ".join(at_fault) or "none of those on this machine is stopped"
    print(
        f"error: no Newton step has ended for {silence:g} s: {words}; all ranks are ended", file=sys.stderr, flush=True
    )
    for process in reversed(here):
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)


def _fault(process: int) -> str:
    """Return what keeps a process from going on, "" if nothing is seen."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "is gone"
    return {"T": "is stopped", "t": "is stopped by a debugger", "D": "waits for a disk", "Z": "is gone"}.get(state, "")


if __name__ == "__main__":
    _watch(
        float(sys.argv[1]), [(int(process), host) for process, _, host in (one.partition("@") for one in sys.argv[2:])]
    )
