"""Studies as jobs of a real Slurm: runs that it kills, or that are out of its time, go on from their checkpoints."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

import pytest
import yaml
from builders import TINY
from interrupted_runs import OTHER, SAME, unlike_history
from one_node_slurm import SlurmError, missing, one_node_slurm

import interstice
from interstice.solver.history import read_rows
from interstice.solver.launch import WITHOUT_SPINNING
from interstice.solver.study import plan, states

pytestmark = pytest.mark.timeout(600)
PATIENCE = 240.0
STEPS, CHECKPOINTS = 24, 4
CASE = (
    TINY.partition("protocol:")[0]
    + f"""\
protocol:
- {{step: charge, current_density: 0.5 mA/cm^2, until: {{time: {STEPS / 2} s}}}}
time: {{initial: 0.5 s, maximum: 0.5 s}}
output: {{fields_every: 1000, checkpoint_steps: {CHECKPOINTS}}}
"""
)
QUICK = "--slurm-init-seconds-before-status-checks 1"


@pytest.fixture(scope="module")
def slurm() -> Iterator[dict[str, str]]:
    """The environment in which there is a Slurm."""
    if lacking := missing():
        pytest.skip(f"{', '.join(lacking)} not installed")
    try:
        with one_node_slurm() as environment:
            yield {**environment, **WITHOUT_SPINNING}
    except SlurmError as error:
        pytest.skip(f"no Slurm can be started here: {error}")


class Study:
    """A study in a folder, and the jobs of its runs."""

    def __init__(self, folder: Path, environment: dict[str, str], ranks: int, *pressures: str) -> None:
        self.folder, self.out, self._environment = folder, folder / "out", environment
        (folder / "case.yaml").write_text(CASE)
        study = {"title": "small", "case": "case.yaml", "axes": {"stack.pressure": list(pressures)}}
        needs = {"ranks": ranks, "memory": "1 GB", "time": "3 min", "retries": 1}
        (folder / "study.yaml").write_text(yaml.safe_dump({**study, "runs": needs}))

    @property
    def names(self) -> list[str]:
        """The names of the runs, in the order of the study."""
        return [run.name for run in plan.read(self.out).runs]

    @contextmanager
    def running(self, *words: str) -> Iterator[subprocess.Popen[str]]:
        """A command of the program or of Slurm in the folder, which does not outlive the block."""
        program = [sys.executable, "-P", "-m", "interstice"] if words[0] == "study" else []
        command = subprocess.Popen(
            [*program, *words],
            cwd=self.folder,
            env=self._environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        try:
            yield command
        finally:
            command.kill()

    def do(self, *words: str) -> str:
        """Carry out a command and return what it said."""
        with self.running(*words) as command:
            said, _ = command.communicate(timeout=PATIENCE)
        assert command.returncode == 0, said
        return said

    def submit(self, *words: str) -> str:
        """Submit a script and return the number of its job."""
        return self.do("sbatch", "--parsable", *words).strip()

    def wait_for_jobs(self) -> None:
        wait(lambda: not self.do("squeue", "--noheader"))

    def jobs(self, name: str) -> list[str]:
        """State and memory of the jobs that Snakemake has submitted for a run, the first one first."""
        return [f"{state} {memory}" for _, state, memory, _ in self._jobs(name)]

    def job(self, name: str) -> str:
        """The number of the last one of them."""
        return self._jobs(name)[-1][0]

    def limit(self, name: str) -> str:
        """The time that the last one of them gets."""
        return self._jobs(name)[-1][-1]

    def _jobs(self, name: str) -> list[list[str]]:
        said = self.do("squeue", "--noheader", "--states=all", "--sort=i", "--format=%k %i %T %m %l")
        return [rest for comment, *rest in map(str.split, said.splitlines()) if comment.endswith(f"_{name}")]

    def halt(self, *names: str) -> None:
        """Stop the processes that compute runs, each once it has a checkpoint, before its end."""
        left = set(names)

        def halted() -> bool:
            for name in list(left):
                if list((self.out / "runs" / name / "checkpoint").glob("[0-9]*.npz")) and (
                    found := self.processes(name)
                ):
                    for process in found:
                        os.kill(process, signal.SIGSTOP)
                    assert self.steps(name) < STEPS
                    left.remove(name)
            return not left

        wait(halted)

    def kill(self, name: str) -> None:
        """Kill the processes of a run, as a system without memory does."""
        for process in self.processes(name):
            os.kill(process, signal.SIGKILL)

    def release(self, name: str) -> None:
        """Let the processes of a run go on that were stopped, once SIGTERM waits for one of them."""
        wait(lambda: any(_is_asked_to_end(process) for process in self.processes(name)))
        for process in self.processes(name):
            os.kill(process, signal.SIGCONT)

    def processes(self, name: str) -> list[int]:
        """The processes of a run."""
        found = []
        for place in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                words = (place / "cmdline").read_bytes().split(b"\0")
                if b"--resume" in words and f"runs/{name}".encode() in words and (place / "cwd").samefile(self.out):
                    found.append(int(place.name))
        return found

    def steps(self, name: str) -> int:
        """The time steps that a run has done."""
        return len(read_rows(self.out / "runs" / name / "history.csv")) - 1

    def attempts(self) -> list[int]:
        return [states.state_of(self.out, name).attempts for name in self.names]

    def states(self) -> list[str]:
        return [states.state_of(self.out, name).state for name in self.names]

    def log(self, name: str) -> str:
        return states.log_of(self.out, name).read_text()

    def went_on_after(self, name: str) -> list[int]:
        """The time steps after which a run went on, each time."""
        return [int(steps) for steps in re.findall(r"goes on at .*, after (\d+) time steps", self.log(name))]

    def unlike_here(self, name: str, tolerance: float) -> str:
        """How the history of a run differs from those of the same run in this process, "" if it does not."""
        results, whole = self.out / "runs" / name, self.folder / "whole" / name
        interstice.run(results / "case.yaml", output=whole)
        return unlike_history(results, whole, tolerance)


def _is_asked_to_end(process: int) -> bool:
    with suppress(OSError):
        status = Path(f"/proc/{process}/status").read_text()
        [pending] = re.findall(r"^ShdPnd:\s*(\w+)", status, re.M)
        return bool(int(pending, 16) >> signal.SIGTERM - 1 & 1)
    return False


def wait(until: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    while not until():
        assert time.monotonic() < end, "nothing happens any more"
        time.sleep(0.02)


def test_jobs_that_were_killed_or_out_of_time_go_on_and_nothing_is_done_twice(
    slurm: dict[str, str], tmp_path: Path
) -> None:
    study = Study(tmp_path, slurm, 1, "20 MPa", "25 MPa", "30 MPa", "35 MPa")
    command = ["study", "run", "study.yaml", "-o", "out", "--profile", "slurm", "--snakemake", QUICK]
    with study.running(*command) as engine:
        wait(lambda: engine.poll() is not None or (study.out / "Snakefile").exists())
        killed, late = study.names[:2]
        study.halt(killed, late)
        study.kill(killed)
        # Slurm looks every half minute
        study.do("scontrol", "update", f"JobId={study.job(late)}", f"EndTime={datetime.now():%Y-%m-%dT%H:%M:%S}")
        said, _ = engine.communicate(timeout=PATIENCE)
    assert engine.returncode == 0, said
    assert "4 finished" in said

    assert [study.jobs(name) for name in study.names] == [
        ["FAILED 1000M", "COMPLETED 2000M"],
        ["TIMEOUT 1000M", "COMPLETED 2000M"],
        ["COMPLETED 1000M"],
        ["COMPLETED 1000M"],
    ]
    # two minutes more than the run gets
    assert [study.limit(name) for name in study.names] == 4 * ["5:00"]
    assert study.attempts() == [2, 2, 1, 1]
    for name in killed, late:
        [after] = study.went_on_after(name)
        assert CHECKPOINTS <= after < STEPS
        assert study.unlike_here(name, SAME) == ""

    submitted = study.do("squeue", "--noheader", "--states=all")
    assert "to be run" not in study.do(*command)
    assert study.do("squeue", "--noheader", "--states=all") == submitted


def test_an_array_is_submitted_again_until_nothing_is_left(slurm: dict[str, str], tmp_path: Path) -> None:
    study = Study(tmp_path, slurm, 2, "20 MPa", "25 MPa")
    study.do("study", "export", "study.yaml", "--slurm", "-o", "jobs.sh", "--folder", "out")
    killed, asked = study.names
    array = study.submit("jobs.sh")
    study.halt(killed, asked)
    study.kill(killed)
    # as Slurm does before the end of the time, with  sbatch --signal=B:USR1@60
    study.do("scancel", "--signal=USR1", "--batch", f"{array}_1")
    study.release(asked)
    study.wait_for_jobs()
    assert study.states() == ["killed", "interrupted"]

    study.submit("--array=0", "jobs.sh")
    study.wait_for_jobs()
    assert study.states() == ["finished", "interrupted"]
    # an engine knows what an array has left
    said = study.do("study", "run", "study.yaml", "-o", "out", "--profile", "slurm", "--snakemake", QUICK)
    assert "1 to be run" in said and "2 finished" in said
    for name in study.names:
        [after] = study.went_on_after(name)
        assert CHECKPOINTS <= after < STEPS
        assert study.unlike_here(name, OTHER) == ""

    before = study.attempts()
    study.submit("jobs.sh")
    study.wait_for_jobs()
    assert study.attempts() == before
