"""Runs what is left of a study with Snakemake, on this machine or as jobs of Slurm, and says how it goes.

Snakemake is given the runs without a result alone, with ranks, memory and time of each: ``job.py`` is one attempt.
Which runs are done is read from their folders, not from what Snakemake remembers. It and all attempts end with this
process, however that ends, but for jobs of Slurm.
"""

from __future__ import annotations

import ctypes
import importlib.util
import json
import math
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import NamedTuple

from interstice.schema.wording import bytes_in_words
from interstice.solver.cost import memory_here
from interstice.solver.launch import PR_SET_PDEATHSIG, environment
from interstice.solver.results import OutputError
from interstice.solver.stop import SIGNALS
from interstice.solver.study import states
from interstice.solver.study.plan import INSTALL, Plan, PlannedRun
from interstice.solver.study.progress import Progress

SNAKEFILE = "Snakefile"
LOG = "snakemake.log"
PROFILES = Path(__file__).parent / "profiles"
"""Profiles of Snakemake that come with the program."""
PROFILES_OF_SNAKEMAKE = (Path.home() / ".config/snakemake", Path("/etc/xdg/snakemake"))
"""Where Snakemake looks for profiles of the user and of the site."""
LOOK = 0.25
"""How often [s] to look which runs have ended."""
LEAST_MEMORY, MEMORY_FACTOR = 1e9, 2.0
"""Memory that a run gets over its estimate, and at least [bytes]."""
LEAST_TIME, TIME_FACTOR = 600.0, 3.0
"""The same for the time of a job [s]."""
MARGIN = 120.0
"""Time [s] that a job has beyond that of its run, which writes its last checkpoint in it."""
MEGABYTE = 1e6


class Place(NamedTuple):
    """Where runs are computed: on so many cores of this machine or, with a profile of Snakemake, elsewhere.

    `jobs` is how many at most at a time, 0 as many as the profile says. `account`, `partition` and `options` go to
    Slurm and Snakemake.
    """

    cores: int
    profile: str = ""
    jobs: int = 0
    account: str = ""
    partition: str = ""
    options: tuple[str, ...] = ()

    @property
    def is_here(self) -> bool:
        """Whether it is this machine."""
        return not self.profile


def require(place: Place, planned: Plan) -> None:
    """Raise OutputError, in words, if runs cannot be computed there."""
    missing = ["snakemake"] if importlib.util.find_spec("snakemake") is None else []
    if place.profile == "slurm" and importlib.util.find_spec("snakemake_executor_plugin_slurm") is None:
        missing.append("snakemake-executor-plugin-slurm")
    if missing:
        raise OutputError(f"{', '.join(missing)} not installed, which studies need:  {INSTALL}")
    places = (PROFILES, Path(), *PROFILES_OF_SNAKEMAKE)
    if place.profile and not any((one / place.profile).is_dir() for one in places):
        known = ", ".join(sorted(path.name for path in PROFILES.iterdir()))
        raise OutputError(f"--profile '{place.profile}': is not known; there is {known}, or give a folder of your own")
    ranks = planned.needs["ranks"]
    if place.is_here and ranks > place.cores:
        raise OutputError(f"runs.ranks: {ranks} ranks do not fit on {place.cores} cores; allow more with --cores")
    if place.is_here and memory_of(planned, planned.memory) > memory_here():
        raise OutputError(
            f"runs.memory: a run needs {bytes_in_words(memory_of(planned, planned.memory))}, and this machine has "
            f"{bytes_in_words(memory_here())}"
        )


def memory_of(planned: Plan, estimate: float) -> float:
    """Return the memory that a run gets [bytes]."""
    return float(planned.needs["memory"] or max(LEAST_MEMORY, MEMORY_FACTOR * estimate))


def time_of(planned: Plan, run: PlannedRun) -> float:
    """Return the time that a job of a cluster gives to a run [s]."""
    return float(planned.needs["time"] or max(LEAST_TIME, TIME_FACTOR * run.time))


def run(folder: Path, planned: Plan, todo: Sequence[PlannedRun], place: Place, progress: Progress) -> int:
    """Compute runs into the folder of a study, whose lock is held.

    Return the exit code of Snakemake, or 128 + the signal that asked to end.
    """
    for one in todo:
        (folder / states.ENDED / one.name).unlink(missing_ok=True)
    (folder / SNAKEFILE).write_text(_snakefile(planned, todo, place), encoding="utf-8")
    with (folder / states.LOGS / LOG).open("ab") as log:
        child = subprocess.Popen(
            [sys.executable, "-P", "-m", "snakemake", *_options(planned, place)],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=environment(elsewhere=not place.is_here),
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )
    received: list[int] = []

    def end(number: int, frame: FrameType | None) -> None:
        received.append(number)
        with suppress(ProcessLookupError):
            if place.is_here:
                # Snakemake begins no more runs, and those under way write checkpoints
                os.killpg(child.pid, signal.SIGTERM)
            else:
                child.send_signal(signal.SIGINT)
        if len(received) == 1:
            progress.say("ends the runs under way, which write checkpoints")

    heard = [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, end) for number in heard}
    try:
        while child.poll() is None:
            time.sleep(LOOK)
            progress.look()
        progress.look()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if child.poll() is None:
            child.kill()
    return 128 + received[0] if received else child.returncode


def _die_with_parent() -> None:
    """Let Snakemake be killed when the engine ends: it would wait for its runs, which end with it in order.

    It is asked to end by SIGINT, which the background jobs of a script ignore, and what they start.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _options(planned: Plan, place: Place) -> list[str]:
    """Return the options of Snakemake."""
    options = ["--snakefile", SNAKEFILE, "--keep-going", "--rerun-incomplete", "--rerun-triggers", "mtime"]
    # the study has a lock of its own, and only marks are written by rules
    options += ["--nolock", "--drop-metadata", "--scheduler", "greedy", "--nocolor", "--workflow-profile", "none"]
    # not those of a rule, which the Snakemake within a job of Slurm would obey again
    options += ["--retries", str(planned.needs["retries"])]
    if place.is_here:
        memory = int(memory_here() / MEGABYTE)
        options += ["--profile", "none", "--cores", str(place.cores), "--resources", f"mem_mb={memory}"]
    else:
        own = PROFILES / place.profile
        options += ["--profile", str(own if own.is_dir() else place.profile)]
        options += ["--jobs", str(place.jobs)] if place.jobs else []
    return [*options, *place.options]


def _snakefile(planned: Plan, todo: Sequence[PlannedRun], place: Place) -> str:
    """Return the rules: one mark for each run, which its attempt leads to."""
    ranks = planned.needs["ranks"]
    memory = {one.name: math.ceil(memory_of(planned, one.memory) / MEGABYTE) for one in todo}
    limit = planned.needs["time"] or 0
    times = {one.name: limit if place.is_here else time_of(planned, one) for one in todo}
    most = int(memory_here() / MEGABYTE) if place.is_here else 10**9
    resources: Mapping[str, str] = {}
    if not place.is_here:
        minutes = {name: math.ceil((seconds + MARGIN) / 60.0) for name, seconds in times.items()}
        resources = {
            "runtime": f"lambda wildcards: {json.dumps(minutes)}[wildcards.name]",
            "tasks": str(ranks),
            "cpus_per_task": "1",
            **({"mpi": json.dumps("srun")} if ranks > 1 else {}),
            **({"slurm_account": json.dumps(place.account)} if place.account else {}),
            **({"slurm_partition": json.dumps(place.partition)} if place.partition else {}),
        }
    python = shlex.quote(sys.executable).replace("{", "{{").replace("}", "}}")
    command = f"exec {python} -P -m interstice.solver.study.job . {{wildcards.name}} {ranks}"
    lines = [
        "# Written by Interstice for each call of `interstice study run`.",
        f"memory = {json.dumps(memory)}",
        f"seconds = {json.dumps(times)}",
        "",
        "localrules: all",
        "",
        "rule all:",
        f"    input: expand({json.dumps(states.ENDED)} + '/{{name}}', name=list(memory))",
        "",
        "rule run:",
        f"    output: touch({json.dumps(states.ENDED)} + '/{{name}}')",
        f"    threads: {ranks if place.is_here else 1}",
        "    params: seconds=lambda wildcards: seconds[wildcards.name]",
        "    resources:",
        # what was killed for its memory gets more
        f"        mem_mb=lambda wildcards, attempt: min(memory[wildcards.name] * attempt, {most}),",
        *(f"        {name}={value}," for name, value in resources.items()),
        f"    shell: {json.dumps(command + ' {params.seconds}')}",
        "",
    ]
    return "\n".join(lines)
