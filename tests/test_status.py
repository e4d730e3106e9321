"""What is said of a run while it lasts and thereafter, and that its folder is its own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from builders import TINY, tiny_case, tiny_cell, tiny_run
from typer.testing import CliRunner

from interstice.cli import app
from interstice.solver import status
from interstice.solver.lock import Lock, holder
from interstice.solver.results import OutputError, hold, prepare
from interstice.solver.status import Status

HOLDER = """\
import sys
from pathlib import Path
from interstice.solver.lock import Lock
lock = Lock.take(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def other(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Give another process that holds the lock of the folder."""
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout and process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_folder_in_which_another_run_writes_is_refused_and_left_alone(
    tmp_path: Path, other: subprocess.Popen[str]
) -> None:
    (tmp_path / "case.yaml").write_text("# Written by Interstice:")
    words = rf"another run writes its results here \(process {other.pid} on .*\)"
    with pytest.raises(OutputError, match=words):
        hold(tmp_path)
    with pytest.raises(OutputError, match=words):
        prepare(tmp_path, tiny_case(), overwrite=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["case.yaml", "lock"]


def test_a_lock_goes_with_its_process(tmp_path: Path, other: subprocess.Popen[str]) -> None:
    other.kill()
    other.wait()
    assert holder(tmp_path) == ""
    lock = Lock.take(tmp_path)
    assert lock
    assert Lock.take(tmp_path) is None
    lock.release()
    assert not (tmp_path / "lock").exists()


def test_status_says_how_far_a_run_is_and_how_it_ended(tmp_path: Path) -> None:
    run, follower = tiny_run(), Status(tiny_cell(), tmp_path)
    assert status.read(tmp_path)["state"] == "killed"
    lock = Lock.take(tmp_path)
    follower._write("running")
    assert status.read(tmp_path) | {"written": ""} == {
        "title": "a wavy film in a stiff fixture",
        "state": "running",
        "why": "",
        "ranks": 1,
        "steps": 3,
        "step": 0,
        "share": 0.0,
        **{name: status.read(tmp_path)[name] for name in ("version", "begun")},
        "written": "",
    }
    shares = []
    for advance, row in zip(run.advances, run.rows[1:], strict=True):
        follower.advanced(advance, row)
        shares.append(follower.memory()["now"]["share"])
    assert shares[0] > 0.0 and shares == sorted(shares) and shares[-1] == pytest.approx(1.0)
    for reason, state in {"": "finished", "interrupted": "interrupted", "no convergence": "stopped"}.items():
        follower.finished(reason)
        found = status.read(tmp_path)
        assert (found["state"], found["why"], found["step"], found["kind"]) == (state, reason, 3, "discharge")
        assert found["time [s]"] == pytest.approx(35.0)
    status.fail(tmp_path, "TypeError: x")
    assert status.read(tmp_path)["state"] == "failed" and status.read(tmp_path)["step"] == 3
    assert lock
    lock.release()


def test_status_of_a_run_that_goes_on_begins_where_it_was(tmp_path: Path) -> None:
    run = tiny_run()
    first, second = (Status(run.cell, tmp_path) for _ in range(2))
    for advance, row in zip(run.advances[:20], run.rows[1:21], strict=True):
        first.advanced(advance, row)
    second.recall(json.loads(json.dumps(first.memory())))
    assert second.memory() == first.memory()


def test_the_command_prints_a_line_for_each_folder(tmp_path: Path) -> None:
    for name, state in (("a", "finished"), ("b", "stopped")):
        (tmp_path / name).mkdir()
        status.write(tmp_path / name, {"state": state, "why": "", "share": 0.5, "step": 1, "steps": 2})
    said = CliRunner().invoke(app, ["status", str(tmp_path / "a"), str(tmp_path / "b")]).output
    assert [line.split()[-7:-4] for line in said.splitlines()[1:]] == [["1", "of", "2"], ["1", "of", "2"]]
    assert "finished" in said and "stopped" in said and "50%" in said
    said_no = CliRunner().invoke(app, ["status", str(tmp_path)])
    assert said_no.exit_code == 2 and "no run has written its status here" in said_no.output


def test_a_run_leaves_its_status_and_no_lock(tmp_path: Path) -> None:
    case = tmp_path / "tiny.yaml"
    case.write_text(TINY, encoding="utf-8")
    command = [sys.executable, "-m", "interstice", "run", str(case), "-q", "-o", str(tmp_path / "out")]
    subprocess.run([*command, "--set", "protocol=[rest for 1 s]"], check=True)
    assert status.read(tmp_path / "out")["state"] == "finished"
    assert not (tmp_path / "out" / "lock").exists()
