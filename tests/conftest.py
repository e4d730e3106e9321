"""Fixtures shared by all tests."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def mpi_run() -> Callable[..., str]:
    """Return `run(arguments, ranks, timeout)`: Python with these arguments under mpirun, from the project's folder.

    It returns what was printed and fails the test if the program fails or takes longer than `timeout` seconds.
    """

    def run(arguments: Sequence[str], ranks: int, timeout: float = 60) -> str:
        # timeout(1) sends SIGTERM, upon which mpirun ends its ranks; killing mpirun itself would leave them behind.
        command = ["timeout", "--kill-after=5", str(timeout), "mpirun", "-n", str(ranks), sys.executable, *arguments]
        # This copy lacks what MPI, initialised in this process, added to the environment; mpirun would trip over it.
        environment = dict(os.environ)
        # Ranks that wait for each other must not keep each other from a busy processor.
        environment["OMPI_MCA_mpi_yield_when_idle"] = "1"
        folders = [str(ROOT), str(ROOT / "tests"), os.environ.get("PYTHONPATH", "")]
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, folders))
        done = subprocess.run(command, cwd=ROOT, env=environment, text=True, capture_output=True)
        if done.returncode != 0:
            reason = f"took more than {timeout} s" if done.returncode == 124 else f"ended with code {done.returncode}"
            pytest.fail(f"{' '.join(command)} {reason}\n{done.stdout}\n{done.stderr}")
        return done.stdout

    return run
