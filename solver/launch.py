"""Starts this program on several MPI ranks and takes care of signals and the exit code."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

EXIT_CODE_FILE = "INTERSTICE_EXIT_CODE_FILE"
PR_SET_PDEATHSIG = 1
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def available() -> bool:
    """Say whether mpirun is installed."""
    return shutil.which("mpirun") is not None


def on_ranks(ranks: int, arguments: Sequence[str]) -> int:
    """Run this program with `arguments` on `ranks` ranks and return its exit code, or 128 + the signal that ended it.

    mpirun answers a signal with exit code 1 and any exit code but 0 with a page of its own words. So it runs in its own
    session, gets each signal from here, and sees 0 where rank 0 left the code in a file (`leave`).
    """
    received: list[int] = []
    with tempfile.TemporaryDirectory(prefix="interstice-") as folder:
        file = Path(folder) / "exit_code"
        command = ["mpirun", "-n", str(ranks), sys.executable, "-m", "interstice", *arguments]
        environment = _environment() | {EXIT_CODE_FILE: str(file)}
        child = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, start_new_session=True, preexec_fn=_end_with_parent
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
        if file.exists():
            return int(file.read_text())
        return code if code >= 0 else 128 - code


def leave(code: int, rank: int) -> int:
    """Return the exit code for a rank to end with when all ranks end with `code`."""
    file = os.environ.get(EXIT_CODE_FILE)
    if file is None:
        return code
    if rank == 0:
        Path(file).write_text(str(code))
    return 0


def _environment() -> dict[str, str]:
    root = str(Path(__file__).parents[1])
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")])),
        "PRTE_MCA_rmaps_default_mapping_policy": ":oversubscribe",
        "OMPI_MCA_rmaps_base_oversubscribe": "1",
    }
    if os.geteuid() == 0:
        environment |= {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
    return environment


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
