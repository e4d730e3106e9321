"""Starts this program on several MPI ranks, and tells whether ranks that others started belong together."""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import threading
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from types import FrameType
from typing import IO

from interstice.solver.stop import SIGNALS
from interstice.solver.system import has_pmix_server
from interstice.solver.terminal import shout, started

PR_SET_PDEATHSIG = 1
ON_THIS_MACHINE = {
    # ranks are children of mpiexec on this machine, also within a job of a batch system
    "HYDRA_LAUNCHER": "fork",
    "HYDRA_RMK": "user",
    "HYDRA_IFACE": "lo",
    # shared memory; on some machines UCX fails at network cards that it finds but cannot use
    "UCX_TLS": "self,sm",
}
"""Settings of MPICH; what the user set is kept."""

WITHOUT_SPINNING = {"MPIR_CVAR_CH4_PROGRESS_THROTTLE": "1", "MPIR_CVAR_CH4_PROGRESS_THROTTLE_NO_PROGRESS_COUNT": "4"}
"""Settings of MPICH for more ranks than cores, or beside other programs: three ranks on two cores take a third of the
time when those that wait let go of the processor."""

OF_A_LAUNCHER = ("PMI_", "PMIX_", "MPI_LOCAL")
"""How the variables begin by which ranks find the launcher that started them."""

LEAST_OF_PROGRAM = 64
"""Exit codes above 2 of this program are no less: another one is that of a library which ended a rank."""

BANNER = b"=   BAD TERMINATION OF ONE OF YOUR APPLICATION PROCESSES"
"""Begins the page that mpiexec prints where a rank ends without taking leave, after a line of equals signs."""

LAST_WORDS = 10.0
"""How long [s] to wait for what mpiexec still has to say when it has ended: a rank that outlives it holds its pipes."""


def mpiexec() -> str | None:
    """Return the mpiexec that belongs to this Python's MPI, otherwise one on the PATH; None if there is none."""
    own = Path(sysconfig.get_path("scripts"), "mpiexec")
    return str(own) if own.exists() else shutil.which("mpiexec")


def on_ranks(ranks: int, arguments: Sequence[str]) -> int:
    """Run this program with `arguments` on `ranks` ranks and return its exit code, or 128 + the signal that ended it.

    Where a signal ended one of the ranks, its words say which, in place of mpiexec's page.

    mpiexec runs in its own session, so that Ctrl-C does not reach it: it would ask for another one. The first signal
    gets from here to it as SIGUSR1, which it passes on to the ranks, and they end in order; a second one as SIGTERM.
    """
    program = mpiexec()
    assert program is not None
    received: list[int] = []
    command = [program, "-n", str(ranks), sys.executable, "-P", "-m", "interstice", *arguments]
    crowded = WITHOUT_SPINNING if ranks > len(os.sched_getaffinity(0)) else {}
    child = subprocess.Popen(
        command,
        env=crowded | environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        preexec_fn=end_with_parent,
    )
    assert child.stdout is not None and child.stderr is not None
    # mpiexec ends all ranks, and prints a page, where nobody reads what it passes on: so somebody always does
    page: list[bytes] = []
    relays = [
        threading.Thread(target=_relay, args=(source, target, page), daemon=True)
        for source, target in ((child.stdout, 1), (child.stderr, 2))
    ]
    # one that came while this process was stopped goes to any thread that has not blocked it, and wakes that alone
    unblocked = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    for relay in relays:
        relay.start()
    signal.pthread_sigmask(signal.SIG_SETMASK, unblocked)

    def forward(number: int, frame: FrameType | None) -> None:
        received.append(number)
        child.send_signal(signal.SIGUSR1 if len(received) == 1 else signal.SIGTERM)

    # nohup and background jobs ignore some signals on purpose.
    heard = [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, forward) for number in heard}
    try:
        code = child.wait()
        for relay in relays:
            relay.join(LAST_WORDS)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if received:
        return 128 + received[0]
    if told := re.search(rb"PID (\d+) RUNNING AT (\S+).*EXIT STRING: ([^\n]*) \(signal (\d+)\)", b"".join(page), re.S):
        process, host, what, ended_by = (word.decode() for word in told.groups())
        shout(
            f"error: process {process} on {host}, one of the ranks, was ended from outside: {what}; the others with it"
        )
        return 128 + int(ended_by)
    if 2 < code < LEAST_OF_PROGRAM:
        shout(f"error: one of the ranks ended with exit code {code}, without a word; the others with it")
    return code if code >= 0 else 128 - code


def environment(elsewhere: bool = False) -> dict[str, str]:
    """Return the environment for an mpiexec of this program on this machine, or for this program `elsewhere`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OF_A_LAUNCHER)}
    root = str(Path(__file__).parents[2])
    if root not in (sysconfig.get_path("purelib"), sysconfig.get_path("platlib")):
        kept["PYTHONPATH"] = os.pathsep.join(filter(None, [root, kept.get("PYTHONPATH")]))
    return kept if elsewhere else {**ON_THIS_MACHINE, **kept}


def stand_alone() -> None:
    """Prepare the environment for MPI in a process that was started alone."""
    for name in list(os.environ):
        # MPICH would look for a launcher that is not there, and end the program.
        if name.startswith(OF_A_LAUNCHER):
            del os.environ[name]
    for name, value in ON_THIS_MACHINE.items():
        os.environ.setdefault(name, value)


def strangers() -> str | None:
    """Say so where the ranks that were started cannot find each other; None if they do, or if there is only one.

    Each of them would otherwise take itself for the only one and compute, and write, all of it.
    """
    known = started()
    if known.ranks == 1 if known else not has_pmix_server():
        return None
    if _has_wheel_of_mpich():
        # It speaks PMI 1 and 2, and ends the program in words of its own where it finds PMIx.
        meet = "PMI_FD" in os.environ or "PMI_PORT" in os.environ
        library = "the MPICH of PyPI"
    else:
        from mpi4py import MPI

        meet = MPI.COMM_WORLD.size > 1 or known is None
        library = MPI.Get_library_version().split(",")[0].splitlines()[0].strip("\0 ")
    if meet:
        return None
    number, launcher = (known.ranks, known.launcher) if known else ("Several", "PMIx")
    own = mpiexec()
    advice = f"{own} -n {known.ranks if known else 'RANKS'} interstice run CASE" if own else "the mpiexec of that MPI"
    return (
        f"{number} ranks were started by {launcher}, but {library}, which this program uses, does not know of it: "
        f"each would compute everything on its own. Start them with\n  {advice}"
        + ("\nor with srun --mpi=pmi2" if "MPICH" in library and "SLURM_JOB_ID" in os.environ else "")
    )


def _has_wheel_of_mpich() -> bool:
    try:
        return bool(metadata.version("mpich"))
    except metadata.PackageNotFoundError:
        return False


def _relay(source: IO[bytes], target: int, page: list[bytes]) -> None:
    """Pass on to a file descriptor what a program says, as long as it is read; hear the program out in any case.

    What it says from mpiexec's `page` on is kept there.
    """
    read = True
    with source:
        while said := os.read(source.fileno(), 1 << 16):
            if page and target == 1:
                page.append(said)
                continue
            said, banner, rest = said.partition(BANNER)
            if banner:
                said = said.rstrip(b"=\n") + b"\n"
                page.append(rest)
            while said and read:
                try:
                    said = said[os.write(target, said) :]
                except OSError:
                    read = False


def end_with_parent() -> None:
    """Let this process get SIGTERM when the one that started it ends."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
