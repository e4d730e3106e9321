"""Runs that the page starts: they outlive the thread that asked for them, and end in order with the program."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from interstice.solver.view import jobs as module
from interstice.solver.view.jobs import Job, Jobs, arguments, going_on

POLITE = """
import signal, sys, time
def end(number, frame):
    print("asked", flush=True)
    sys.exit(143)
signal.signal(signal.SIGTERM, end)
print("begun", sys.argv[1:], flush=True)
time.sleep(60)
"""
SLOW = POLITE.replace("    sys.exit(143)\n", "")
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('begun', flush=True); time.sleep(60)"


@pytest.fixture
def jobs() -> Iterator[Jobs]:
    made = Jobs()
    yield made
    for job in made.running():
        job.kill()
        job.process.wait()


def until(condition: Callable[[], bool]) -> None:
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() - begun < 30
        time.sleep(0.02)


def start(jobs: Jobs, folder: Path, program: str, monkeypatch: pytest.MonkeyPatch) -> Job:
    """Start a program in the place of that which runs cases, from a thread that ends at once."""
    monkeypatch.setattr(module, "CHILD", program)
    folder.mkdir()
    asking = threading.Thread(target=jobs.start, args=(folder, ["run", "--", "a case"]))
    asking.start()
    asking.join()
    job = jobs.of(folder)
    assert job
    until(lambda: "begun" in job.said)
    return job


def test_a_run_outlives_the_thread_that_asked_for_it(
    jobs: Jobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dies = "from interstice.solver import launch; launch.end_with_parent();" + POLITE
    job = start(jobs, tmp_path / "run", dies, monkeypatch)
    assert job.said == "begun ['run', '--', 'a case']\n"
    time.sleep(0.2)
    assert job.runs and jobs.running() == [job]
    jobs.end()


def test_at_the_end_each_run_is_asked_once_and_waited_for(
    jobs: Jobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = [start(jobs, tmp_path / name, POLITE, monkeypatch) for name in ("a", "b")]
    jobs.end()
    assert [job.process.returncode for job in started] == [143, 143]
    assert all(job.said.count("asked") == 1 for job in started)
    with pytest.raises(RuntimeError, match="about to end"):
        jobs.start(tmp_path / "c", [])


def test_a_run_that_was_asked_is_not_asked_again_at_once(
    jobs: Jobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = start(jobs, tmp_path / "run", SLOW, monkeypatch)
    for _ in range(3):
        job.ask()
    until(lambda: "asked" in job.said)
    assert len(job.asked) == 1 and job.runs


def test_who_is_in_a_hurry_gets_by_force_what_does_not_end(
    jobs: Jobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "AT_ONCE", 0.3)
    monkeypatch.setattr(module, "ECHO", 0.1)
    slow = start(jobs, tmp_path / "slow", SLOW, monkeypatch)
    deaf = start(jobs, tmp_path / "deaf", DEAF, monkeypatch)
    begun = time.monotonic()
    jobs.end(lambda: time.monotonic() - begun > 0.2)
    assert time.monotonic() - begun < 10
    assert slow.said.count("asked") == 2 and deaf.process.returncode == -9
    for job in (slow, deaf):
        with pytest.raises(ProcessLookupError):
            os.kill(job.process.pid, 0)


def test_what_a_run_that_never_began_has_left_is_removed_and_nothing_else(
    jobs: Jobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty, full = (start(jobs, tmp_path / name, POLITE, monkeypatch) for name in ("empty", "full"))
    (full.folder / "history.csv").touch()
    jobs.end()
    assert not empty.folder.exists() and (full.folder / "history.csv").exists()


def test_only_the_end_of_what_was_said_is_kept(jobs: Jobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    long = POLITE.replace('print("begun"', 'print("x" * 50_000, "begun"')
    job = start(jobs, tmp_path / "run", long, monkeypatch)
    assert len(job.said) == 20_000 and job.said.endswith("'a case']\n")


def test_commands_name_the_folder_and_keep_what_looks_like_options_apart(tmp_path: Path) -> None:
    asked = arguments(Path("-case.yaml"), tmp_path, ["-x=1"], 2)
    assert asked == ["run", "-n", "2", "-o", str(tmp_path), "--set=-x=1", "--", "-case.yaml"]
    assert going_on(tmp_path) == ["run", "-n", "1", "--resume", str(tmp_path)]
