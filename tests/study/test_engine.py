"""A study from its file to its end: killed, asked to stop, with a run that fails, and called again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from builders import TINY

from interstice.solver.reader import read_case
from interstice.solver.results import OutputError
from interstice.solver.study import engine, plan, states
from interstice.solver.study.engine import Place

PATIENCE = 200.0
LONG = """\
protocol:
- rest for 30 s
time: {initial: 0.5 s, maximum: 0.5 s}
output: {fields_every: 1000, checkpoint_steps: 4}
"""
STEPS = 60
"""Of time: so many that a run can be met in the middle."""
RUN = [sys.executable, "-P", "-m", "interstice", "study", "run", "study.yaml", "-o", "out", "--cores", "1"]


class Studied:
    """A study in a folder, and what came of each call of its engine."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.out = folder, folder / "out"
        (folder / "case.yaml").write_text(TINY.partition("protocol:")[0] + LONG)
        self.write("5 MPa", "10 MPa", "20 MPa")
        self.plan = plan.make(plan.read_study(folder / "study.yaml"))
        self.first, self.second, self.spoilt = (run.name for run in self.plan.runs)

    def write(self, *pressures: str) -> None:
        study = {"title": "killed", "case": "case.yaml", "axes": {"stack.pressure": pressures}}
        (self.folder / "study.yaml").write_text(json.dumps(study))

    def start(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            RUN, cwd=self.folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
        )

    def state(self, name: str) -> str:
        return states.state_of(self.out, name).state

    def steps(self, name: str) -> int:
        """The time steps that a run has done."""
        try:
            return len((self.out / "runs" / name / "history.csv").read_text().splitlines()) - 2
        except OSError:
            return 0

    def processes(self, name: str) -> list[int]:
        """The processes that compute a run."""
        found = []
        for place in Path("/proc").glob("[0-9]*"):
            try:
                words = (place / "cmdline").read_bytes().split(b"\0")
                here = os.readlink(place / "cwd") == str(self.out)
            except OSError:
                continue
            if here and b"--resume" in words and f"runs/{name}".encode() in words:
                found.append(int(place.name))
        return found


def wait(until: Callable[[], Any]) -> None:
    end = time.monotonic() + PATIENCE
    while not until():
        assert time.monotonic() < end, "nothing happens any more"
        time.sleep(0.02)


@pytest.fixture(scope="module")
def studied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studied]:
    """A study of three runs, of which one cannot write its folder, through all that may come upon it."""
    it = Studied(tmp_path_factory.mktemp("study"))
    (it.out / "runs" / it.spoilt).mkdir(parents=True)
    (it.out / "plan.json").write_text("{}")
    (it.out / "runs" / it.spoilt / "notes.txt").write_text("of somebody\n")
    yield it


def test_asked_to_stop_it_ends_its_runs_in_order_and_says_how_to_go_on(studied: Studied) -> None:
    called = studied.start()
    wait(lambda: any(studied.steps(name) > 4 for name in (studied.first, studied.second)))
    if studied.steps(studied.second) > 4:  # Snakemake has no order
        studied.first, studied.second = studied.second, studied.first
    called.send_signal(signal.SIGINT)
    said, _ = called.communicate(timeout=PATIENCE)
    assert called.returncode == 130, said
    assert "go on with the same command" in said
    assert studied.state(studied.first) == "interrupted"
    assert studied.state(studied.second) == "waiting"


def test_a_killed_engine_leaves_no_run_behind_it_and_no_lock(studied: Studied) -> None:
    done = studied.steps(studied.first)
    called = studied.start()
    wait(lambda: studied.steps(studied.first) > done + 4 or called.poll() is not None)
    os.kill(called.pid, signal.SIGKILL)
    called.communicate(timeout=PATIENCE)
    wait(lambda: not studied.processes(studied.first))
    assert studied.state(studied.first) == "interrupted"
    assert studied.steps(studied.first) < STEPS


def test_a_killed_run_goes_on_and_one_that_fails_stops_no_other(studied: Studied) -> None:
    done = studied.steps(studied.first)
    called = studied.start()
    wait(lambda: studied.steps(studied.first) > done + 4 and studied.processes(studied.first))
    for process in studied.processes(studied.first):
        os.kill(process, signal.SIGKILL)
    said, _ = called.communicate(timeout=PATIENCE)
    assert called.returncode == 1, said
    assert [studied.state(run.name) for run in studied.plan.runs] == ["finished", "finished", "failed"], said
    assert studied.steps(studied.first) == studied.steps(studied.second) >= STEPS  # without gap or repeat
    assert "2 of 3 done, 1 failed" in said
    assert "'notes.txt' is not from a run" in said.splitlines()[-2]
    names = studied.first, studied.second, studied.spoilt
    attempts = [states.state_of(studied.out, name).attempts for name in names]
    assert attempts == [4, 1, 1]  # stopped, killed with the engine, killed alone, to the end


def test_a_second_call_repeats_nothing(studied: Studied) -> None:
    before = {path: path.stat().st_mtime_ns for path in studied.out.glob("runs/*/*")}
    called = studied.start()
    said, _ = called.communicate(timeout=PATIENCE)
    assert called.returncode == 1
    assert "2 finished, 1 failed" in said and "to be run" not in said
    assert {path: path.stat().st_mtime_ns for path in studied.out.glob("runs/*/*")} == before


def test_another_value_adds_one_run_and_what_failed_is_tried_when_asked(studied: Studied) -> None:
    studied.write("5 MPa", "10 MPa", "15 MPa")
    dry = subprocess.run([*RUN, "--dry-run"], cwd=studied.folder, text=True, capture_output=True)
    assert "1 would be run" in dry.stdout and "waiting (stack.pressure = 15 MPa)" in dry.stdout
    assert len(list((studied.out / "runs").iterdir())) == 3
    studied.write("5 MPa", "10 MPa", "20 MPa")
    dry = subprocess.run([*RUN, "--dry-run", "--failed"], cwd=studied.folder, text=True, capture_output=True)
    assert f"{studied.spoilt} failed (stack.pressure = 20 MPa)" in dry.stdout


def test_status_tells_runs_by_state_and_why(studied: Studied) -> None:
    command = [sys.executable, "-P", "-m", "interstice", "study", "status", "out"]
    said = subprocess.run(
        command, cwd=studied.folder, text=True, capture_output=True, env={**os.environ, "COLUMNS": "200"}
    )
    assert "2 finished, 1 failed" in said.stdout
    assert "notes.txt" in said.stdout and "stack.pressure = 20 MPa" in said.stdout


def test_the_script_of_an_array_leaves_alone_what_is_done(studied: Studied) -> None:
    command = [sys.executable, "-P", "-m", "interstice", "study", "export", "study.yaml", "--slurm", "-o", "jobs.sh"]
    subprocess.run([*command, "--folder", "out"], cwd=studied.folder, check=True, capture_output=True)
    script = (studied.folder / "jobs.sh").read_text()
    assert "#SBATCH --array=0-2\n" in script and "#SBATCH --mem=1000M\n" in script
    before = states.notes(studied.out, studied.first)
    for variable, number in (("SLURM_ARRAY_TASK_ID", "0"), ("PBS_ARRAY_INDEX", "1"), ("LSB_JOBINDEX", "3")):
        environment = {**os.environ, variable: number}
        subprocess.run(["bash", "jobs.sh"], cwd=studied.folder, env=environment, check=True)
    assert states.notes(studied.out, studied.first) == before


def rules(studied: Studied, place: Place, **needs: Any) -> str:
    """Return what Snakemake is told of the runs, which need so much."""
    (run, *_) = studied.plan.runs
    made = replace(studied.plan, needs={**studied.plan.needs, **needs})
    return engine._snakefile(made, [replace(run, time=900.0, memory=3e9)], place)


def test_a_run_gets_the_memory_ranks_and_time_that_are_given_or_twice_or_thrice_the_estimate(studied: Studied) -> None:
    here, slurm = Place(cores=2), Place(cores=2, profile="slurm", account="it's", partition="long")
    name = studied.plan.runs[0].name
    told = rules(studied, here)
    assert f'memory = {{"{name}": 6000}}\nseconds = {{"{name}": 0}}' in told and "threads: 1" in told
    told = rules(studied, here, ranks=2, memory=4e9, time=60.0)
    assert f'memory = {{"{name}": 4000}}\nseconds = {{"{name}": 60.0}}' in told and "threads: 2" in told
    assert "runtime" not in told and "mpi" not in told and "* attempt" in told
    told = rules(studied, slurm)
    assert f'{{"{name}": 47}}' in told and f'seconds = {{"{name}": 2700.0}}' in told  # and two minutes to end in
    assert "tasks=1," in told and "mpi" not in told
    assert 'slurm_account="it\'s"' in told and 'slurm_partition="long"' in told
    told = rules(studied, slurm, ranks=4, time=60.0)
    assert f'{{"{name}": 3}}' in told and "tasks=4," in told and 'mpi="srun"' in told and "threads: 1" in told


def test_what_does_not_fit_on_this_machine_is_refused_before_it_is_begun(studied: Studied) -> None:
    many = replace(studied.plan, needs={**studied.plan.needs, "ranks": 3})
    with pytest.raises(OutputError, match="3 ranks do not fit on 2 cores"):
        engine.require(Place(cores=2), many)
    engine.require(Place(cores=2, profile="slurm"), many)
    large = replace(studied.plan, needs={**studied.plan.needs, "memory": 1e15})
    with pytest.raises(OutputError, match="a run needs 1000 TB, and this machine has"):
        engine.require(Place(cores=2), large)


def test_while_an_engine_is_at_work_there_is_no_second_one(studied: Studied) -> None:
    from interstice.solver.lock import Lock

    lock = Lock.take(studied.out)
    assert lock
    try:
        second = subprocess.run(RUN, cwd=studied.folder, text=True, capture_output=True)
    finally:
        lock.release()
    assert second.returncode == 2 and "is being run already" in second.stderr


def test_a_folder_of_something_else_is_left_alone(studied: Studied, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").write_text("chapter 1")
    command = [*RUN[:-4], "-o", str(tmp_path / "out")]
    told = subprocess.run(command, cwd=studied.folder, text=True, capture_output=True)
    assert told.returncode == 2 and "not from a study" in told.stderr
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["thesis.txt"]


def test_a_file_in_place_of_the_folder_is_told_in_words(studied: Studied, tmp_path: Path) -> None:
    file = tmp_path / "out"
    file.write_text("chapter 1")
    for out in (file, file / "within"):
        command = [*RUN[:-4], "-o", str(out)]
        told = subprocess.run(command, cwd=studied.folder, text=True, capture_output=True)
        assert told.returncode == 2 and told.stderr.startswith(f"{out}: ") and "Traceback" not in told.stderr
        dry = subprocess.run([*command, "--dry-run"], cwd=studied.folder, text=True, capture_output=True)
        assert "Traceback" not in dry.stderr
    assert file.read_text() == "chapter 1"


def test_what_failed_is_tried_again_when_asked_to_a_whole_study(studied: Studied) -> None:
    (studied.out / "runs" / studied.spoilt / "notes.txt").unlink()
    before = states.notes(studied.out, studied.first)
    again = subprocess.run([*RUN, "--failed"], cwd=studied.folder, text=True, capture_output=True)
    assert again.returncode == 0, again.stdout + again.stderr
    assert "3 finished" in again.stdout
    assert studied.steps(studied.spoilt) == studied.steps(studied.first)
    assert states.notes(studied.out, studied.first) == before
    assert read_case(studied.out / "runs" / studied.spoilt / "case.yaml").case.stack.pressure == 20e6
