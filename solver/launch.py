"""Starts this program on several MPI ranks, and tells whether ranks that others started belong together."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from interstice.solver.terminal import started

PR_SET_PDEATHSIG = 1
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
ON_THIS_MACHINE = {
    # ranks are children of mpiexec on this machine, also within a job of a batch system
    "HYDRA_LAUNCHER": "fork",
    "HYDRA_RMK": "user",
    "HYDRA_IFACE": "lo",
    # shared memory; on some machines UCX fails at network cards that it finds but cannot use
    "UCX_TLS": "self,sm",
}
"""Settings of MPICH; what the user set is kept."""


def mpiexec() -> str | None:
    """Return the mpiexec that belongs to this Python's MPI, otherwise one on the PATH; None if there is none."""
    own = Path(sysconfig.get_path("scripts"), "mpiexec")
    return str(own) if own.exists() else shutil.which("mpiexec")


def on_ranks(ranks: int, arguments: Sequence[str]) -> int:
    """Run this program with `arguments` on `ranks` ranks and return its exit code, or 128 + the signal that ended it.

    mpiexec runs in its own session, so that Ctrl-C does not reach it: it would ask for another one. Signals get from
    here to it, and it passes them on to the ranks, which end at once (`end_quietly_when_told`).
    """
    program = mpiexec()
    assert program is not None
    received: list[int] = []
    command = [program, "-n", str(ranks), sys.executable, "-m", "interstice", *arguments]
    child = subprocess.Popen(
        command, env=environment(), stdin=subprocess.DEVNULL, start_new_session=True, preexec_fn=_end_with_parent
    )

    def forward(number: int, frame: FrameType | None) -> None:
        received.append(number)
        child.send_signal(signal.SIGTERM)

    # nohup and background jobs ignore some signals on purpose.
    heard = [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, forward) for number in heard}
    try:
        code = child.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if received:
        return 128 + received[0]
    return code if code >= 0 else 128 - code


def environment() -> dict[str, str]:
    """Return the environment for an mpiexec of this program on this machine."""
    # An mpiexec around this process, if any, must not be taken for that of the new ranks.
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PMI_", "PMIX_", "MPI_LOCAL"))}
    root = str(Path(__file__).parents[2])
    if root not in (sysconfig.get_path("purelib"), sysconfig.get_path("platlib")):
        kept["PYTHONPATH"] = os.pathsep.join(filter(None, [root, kept.get("PYTHONPATH")]))
    return {**ON_THIS_MACHINE, **kept}


def end_quietly_when_told() -> None:
    """Let SIGTERM end this rank at once, in C, by an exit: death by a signal makes mpiexec print a page about it."""
    libc = ctypes.CDLL(None)
    libc.signal.argtypes = [ctypes.c_int, ctypes.c_void_p]
    libc.signal(signal.SIGTERM, ctypes.cast(libc._exit, ctypes.c_void_p))


def strangers() -> str | None:
    """Say so where the ranks that were started do not find each other; None if they do, or if there is only one.

    Each of them would otherwise take itself for the only one and compute, and write, all of it.
    """
    known = started()
    if known is None:
        return None
    from mpi4py import MPI

    if MPI.COMM_WORLD.size > 1:
        return None
    library = MPI.Get_library_version().split(",")[0].splitlines()[0].strip()
    own = mpiexec()
    advice = [f"start them with {own} -n {known.ranks} …" if own else "start them with that MPI's own mpiexec"]
    if known.launcher == "srun" and "MPICH" in library:
        advice.append("or srun --mpi=pmi2")
    return (
        f"{known.ranks} ranks were started by {known.launcher}, but this program's MPI ({library}) does not see them: "
        f"each would compute everything on its own; {', '.join(advice)}"
    )


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
