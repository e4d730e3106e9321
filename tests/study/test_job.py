"""One attempt of a run: what its exit code leads to, and that runs which have a result are left alone.

A few lines of Python stand for the run.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from interstice.solver.lock import Lock
from interstice.solver.study import job, states

NAME = "0123456789ab"
STATUS = (
    "import json, pathlib; write = lambda **v: pathlib.Path('runs/0123456789ab/status.json').write_text(json.dumps(v));"
)


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a study, which is the current one."""
    monkeypatch.chdir(tmp_path)
    for folder in (f"runs/{NAME}", "logs"):
        (tmp_path / folder).mkdir(parents=True)
    before = {number: signal.getsignal(number) for number in job.SIGNALS}
    monkeypatch.setattr(job, "end_with_parent", lambda: None)
    yield tmp_path
    for number, handler in before.items():
        signal.signal(number, handler)


def attempt(program: str, monkeypatch: pytest.MonkeyPatch, seconds: float = 0.0) -> int:
    """Return the exit code of an attempt whose run is a program of Python."""
    monkeypatch.setattr(job, "command", lambda folder, ranks, apart: [sys.executable, "-c", STATUS + program])
    return job.main(Path(), NAME, 1, seconds)


@pytest.mark.parametrize(
    ("program", "code", "state", "why"),
    [
        ("write(state='finished', why='', share=1.0)", 0, "finished", ""),
        ("write(state='stopped', why='it is full'); exit(1)", 0, "stopped", "it is full"),
        ("write(state='failed', why='KeyError: x'); exit(1)", 0, "failed", "KeyError: x"),
        ("print('error: no luck'); print('at all'); exit(1)", 0, "failed", "error: no luck"),
        ("import sys; print('case.yaml:3: is wrong', file=sys.stderr); exit(2)", 0, "failed", "case.yaml:3: is wrong"),
        ("print('lacks libGL'); exit(72)", 0, "failed", "lacks libGL"),
        ("write(state='running'); print('error: disk is full'); exit(74)", 74, "killed", "error: disk is full"),
        ("write(state='running'); import os; os.kill(os.getpid(), 9)", 137, "killed", "ended by SIGKILL"),
        ("write(state='running'); exit(139)", 139, "killed", "ended by SIGSEGV"),
        ("write(state='interrupted', why='interrupted'); exit(143)", 143, "interrupted", "interrupted"),
    ],
)
def test_only_what_may_go_on_is_tried_again(
    study: Path, monkeypatch: pytest.MonkeyPatch, program: str, code: int, state: str, why: str
) -> None:
    assert attempt(program, monkeypatch) == code
    found = states.state_of(study, NAME)
    assert (found.state, found.why, found.attempts) == (state, why, 1)
    assert attempt("write(state='finished', why='')", monkeypatch) == 0
    done = states.state_of(study, NAME)
    assert done.attempts == (1 if code == 0 else 2)
    assert done.state == (state if code == 0 else "finished")
    assert done.spent >= found.spent > 0.0 if code else done.spent == found.spent


def test_a_run_out_of_its_time_is_asked_to_end_and_goes_on(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = (
        "import signal, sys, time; signal.signal(15, lambda *_: (write(state='interrupted', why=''), sys.exit(143)));"
    )
    assert attempt(f"{told} time.sleep(60)", monkeypatch, seconds=0.5) == 143
    assert states.notes(study, NAME)["why"] == "out of the time that a run gets"
    assert states.state_of(study, NAME).state == "interrupted"


def test_a_signal_is_passed_on_once(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counted = "import signal, time; n = []; signal.signal(15, lambda *_: n.append(1)); write(state='running');"
    program = f"{counted} time.sleep(0.1)\nwhile not n: time.sleep(0.01)\ntime.sleep(0.3); exit(140 + len(n))"

    def ask() -> None:
        while states.state_of(study, NAME).state == "waiting":
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    asking = threading.Thread(target=ask)
    asking.start()
    assert attempt(program, monkeypatch) == 141
    asking.join()


def test_a_run_that_another_engine_left_is_waited_for(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job, "WAIT", 0.02)
    lock = Lock.take(study / "runs" / NAME)
    assert lock

    def end() -> None:
        (study / "runs" / NAME / "status.json").write_text(json.dumps({"state": "finished", "why": ""}))
        lock.release()

    threading.Timer(0.2, end).start()
    assert attempt("exit(9)", monkeypatch) == 0
    assert states.state_of(study, NAME).attempts == 0
    assert "still writes here" in (study / "logs" / f"{NAME}.log").read_text()


def test_threads_of_the_engine_do_not_reach_a_run(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "8")
    assert attempt("import os; exit(74 if 'OMP_NUM_THREADS' in os.environ else 0)", monkeypatch) == 0


def test_an_attempt_ends_when_the_engine_is_gone(study: Path) -> None:
    """Of the three processes the first is killed, and no other stays."""
    fake = study / "interstice_run.py"
    fake.write_text("import signal, time\nsignal.signal(15, lambda *_: exit(143))\nopen('up', 'w')\ntime.sleep(60)\n")
    attempt_ = (
        "from interstice.solver.study import job; import sys, pathlib;"
        f"job.command = lambda *_: [sys.executable, '{fake}'];"
        f"sys.exit(job.main(pathlib.Path(), '{NAME}', 1))"
    )
    engine = subprocess.Popen(
        [sys.executable, "-c", f"import subprocess, sys; subprocess.run([sys.executable, '-c', {attempt_!r}])"],
        cwd=study,
    )
    end = time.monotonic() + 60
    while not (study / "up").exists():
        assert time.monotonic() < end
        time.sleep(0.02)
    engine.kill()
    engine.wait()
    while states.notes(study, NAME).get("exit code") != 143:
        assert time.monotonic() < end, "the attempt goes on"
        time.sleep(0.02)
