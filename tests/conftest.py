"""Fixtures shared by all tests."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from interstice.solver import launch

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def mpi_run() -> Callable[..., str]:
    """Return `run(arguments, ranks, timeout)`: Python with these arguments under mpirun, from the project's folder.

    It returns what was printed and fails the test if the program fails or takes longer than `timeout` seconds.
    """

    def run(arguments: Sequence[str], ranks: int, timeout: float = 60) -> str:
        # timeout(1) sends SIGTERM, upon which mpiexec ends its ranks; killing mpiexec itself would leave them behind.
        program = [str(launch.mpiexec()), "-n", str(ranks), sys.executable, *arguments]
        command = ["timeout", "--kill-after=5", str(timeout), *program]
        environment = launch.environment()
        folders = [str(ROOT / "tests"), environment.get("PYTHONPATH", "")]
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, folders))
        done = subprocess.run(command, cwd=ROOT, env=environment, text=True, capture_output=True)
        if done.returncode != 0:
            reason = f"took more than {timeout} s" if done.returncode == 124 else f"ended with code {done.returncode}"
            pytest.fail(f"{' '.join(command)} {reason}\n{done.stdout}\n{done.stderr}")
        return done.stdout

    return run
