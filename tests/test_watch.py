"""Ranks that do not come together: one that fails alone, one that is stopped."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from interstice.solver import launch, watch

ALONE = """\
from mpi4py import MPI
from builders import tiny_case
from interstice.solver import watch
from interstice.solver.algebra import SolveError
from interstice.solver.simulation import AloneError, simulate

watch.PATIENCE = 0.5
class Failing:
    def advanced(self, advance, row):
        if advance and advance.time > 4.0 and comm.rank == 1:
            raise SolveError("rank 1 does not like this")
    def finished(self, reason):
        pass

comm = MPI.COMM_WORLD
try:
    simulate(tiny_case(), comm, lambda cell: [Failing()])
except AloneError as error:
    print(error, flush=True)
    comm.Abort(7)
"""
STOPPED = """\
import os, signal
from mpi4py import MPI
from interstice.solver import watch

with watch.watched(MPI.COMM_WORLD, 1.0):
    watch.going_on()
    if MPI.COMM_WORLD.rank == 1:
        os.kill(os.getpid(), signal.SIGSTOP)
    MPI.COMM_WORLD.barrier()
"""


@pytest.fixture
def sleepers() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Give two processes that stand for ranks."""
    processes = [subprocess.Popen(["sleep", "60"]) for _ in range(2)]
    yield processes
    for process in processes:
        process.kill()
        process.wait()


def watching(processes: list[subprocess.Popen[bytes]], silence: float) -> subprocess.Popen[str]:
    ranks = [f"{process.pid}@{socket.gethostname()}" for process in processes]
    command = [sys.executable, watch.__file__, f"{silence}", *ranks]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_after_a_silence_the_rank_that_is_stopped_is_named_and_all_are_ended(
    sleepers: list[subprocess.Popen[bytes]],
) -> None:
    sleepers[1].send_signal(signal.SIGSTOP)
    with watching(sleepers, 0.2) as watched:
        said = watched.stderr.read() if watched.stderr else ""
    at_fault = f"rank 1 (process {sleepers[1].pid}) is stopped"
    assert said == f"error: no Newton step has ended for 0.2 s: {at_fault}; all ranks are ended\n"
    assert [process.wait(5) for process in sleepers] == [-signal.SIGKILL] * 2


def test_a_first_rank_that_goes_on_is_left_alone_and_its_end_is_that_of_the_watch(
    sleepers: list[subprocess.Popen[bytes]],
) -> None:
    with watching(sleepers, 2.0) as watched:
        assert watched.stdin and watched.stderr
        for _ in range(5):
            with pytest.raises(subprocess.TimeoutExpired):
                watched.wait(0.6)
            watched.stdin.write(".")
            watched.stdin.flush()
        watched.stdin.close()
        assert watched.wait(2) == 0
        assert watched.stderr.read() == ""
    assert [process.poll() for process in sleepers] == [None, None]


def on_two_ranks(program: str) -> subprocess.CompletedProcess[str]:
    command = ["timeout", "60", str(launch.mpiexec()), "-n", "2", sys.executable, "-c", f"import interstice\n{program}"]
    return subprocess.run(command, env=launch.environment(), capture_output=True, text=True)


@pytest.mark.ranks
def test_a_stopped_rank_is_reported_by_the_others() -> None:
    done = on_two_ranks(STOPPED)
    assert "error: no Newton step has ended for 1 s: rank 1 (process" in done.stderr
    assert done.returncode == signal.SIGKILL


@pytest.mark.ranks
def test_a_rank_whose_solve_fails_alone_does_not_wait_for_the_others() -> None:
    done = on_two_ranks(ALONE)
    assert (done.stdout, done.returncode) == ("rank 1 does not like this\n", 7)


PAGE = """\
computed so far
===================================================================================
=   BAD TERMINATION OF ONE OF YOUR APPLICATION PROCESSES
=   PID 18799 RUNNING AT node7
=   EXIT CODE: 9
=   CLEANING UP REMAINING PROCESSES
=   YOU CAN IGNORE THE BELOW CLEANUP MESSAGES
===================================================================================
YOUR APPLICATION TERMINATED WITH THE EXIT STRING: Killed (signal 9)
This typically refers to a problem with your application.
Please see the FAQ page for debugging suggestions
"""


def test_a_rank_ended_from_outside_is_told_in_words_in_place_of_the_page_of_mpiexec(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    mpiexec = tmp_path / "mpiexec"
    mpiexec.write_text(f"#!/bin/sh\ncat <<'END'\n{PAGE}END\nexit 9\n")
    mpiexec.chmod(0o755)
    monkeypatch.setattr(launch, "mpiexec", lambda: str(mpiexec))
    assert launch.on_ranks(2, ["run"]) == 128 + signal.SIGKILL
    said = capfd.readouterr()
    assert said.out == "computed so far\n"
    assert said.err == (
        "error: process 18799 on node7, one of the ranks, was ended from outside: Killed; the others with it\n"
    )


@pytest.mark.parametrize(("code", "words"), [(1, ""), (4, "error: one of the ranks ended with exit code 4"), (74, "")])
def test_a_rank_that_a_library_ended_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], code: int, words: str
) -> None:
    mpiexec = tmp_path / "mpiexec"
    mpiexec.write_text(f"#!/bin/sh\nexit {code}\n")
    mpiexec.chmod(0o755)
    monkeypatch.setattr(launch, "mpiexec", lambda: str(mpiexec))
    assert launch.on_ranks(2, ["run"]) == code
    assert capfd.readouterr().err.partition(",")[0].strip() == words
