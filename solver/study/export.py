"""A study as a plain array of jobs, for clusters without Snakemake: a script of shell, submitted as it is.

A task is one attempt of one run, as those of the engine: what has a result is left alone, what was broken off goes on.
So the script is submitted again until nothing is left.
"""

from __future__ import annotations

import math
import shlex
import sys
from pathlib import Path

from interstice.schema.problems import brief
from interstice.solver.launch import environment
from interstice.solver.study.engine import MARGIN, MEGABYTE, memory_of, time_of
from interstice.solver.study.plan import Plan

LARGEST_ARRAY = 1000
"""Tasks of an array that every site takes."""
LAUNCHER = Path(__file__).resolve().parents[2] / "interstice"
SCRIPT = """\
#!/bin/bash
# {title}
# Written by Interstice: {count} runs, one by each task; submit with  sbatch {file}
# A run that has a result is left alone, one that was broken off goes on: submit it again until nothing is left,
#   interstice study status {folder}
{more}#SBATCH --job-name={name}
#SBATCH --array=0-{last}
#SBATCH --nodes=1
#SBATCH --ntasks={ranks}
#SBATCH --cpus-per-task=1
#SBATCH --mem={megabytes}M
#SBATCH --time={minutes}
#SBATCH --output={folder_quoted}/logs/slurm-%A_%a.out
set -euo pipefail
cd {folder_quoted}
{variables}python=({python})
{fallback}runs=(
{runs}
)
# the numbers of Slurm and PBS begin at 0 here, those of LSF at 1
task=${{SLURM_ARRAY_TASK_ID:-${{PBS_ARRAY_INDEX:-$((${{LSB_JOBINDEX:-1}} - 1))}}}}
run=${{runs[$((task + ${{FIRST:-0}}))]:-}}
[[ -n $run ]] || exit 0
exec "${{python[@]}}" -P -m interstice.solver.study.job . "$run" {ranks} {seconds:.0f}
"""


def script(plan: Plan, folder: Path, file: Path) -> str:
    """Return the script of the study in a folder, which is to be written to a file."""
    seconds = max(time_of(plan, run) for run in plan.runs)
    count = len(plan.runs)
    more = ""
    if count > LARGEST_ARRAY:
        starts = ", ".join(str(first) for first in range(LARGEST_ARRAY, count, LARGEST_ARRAY))
        more = f"# and then, for the runs from number {starts} on, with  sbatch --export=ALL,FIRST=NUMBER {file}\n"
    path = ":".join(dict.fromkeys(environment().get("PYTHONPATH", "").split(":")))
    fallback = f"[[ -x ${{python[0]}} ]] || python=({shlex.quote(str(LAUNCHER))} shell python3)\n"
    return SCRIPT.format(
        title=brief(plan.title, quotes=False),
        count=count,
        file=file,
        folder=folder,
        more=more,
        name="interstice",
        last=min(count, LARGEST_ARRAY) - 1,
        ranks=plan.needs["ranks"],
        megabytes=math.ceil(memory_of(plan, plan.memory) / MEGABYTE),
        minutes=math.ceil((seconds + MARGIN) / 60.0),
        folder_quoted=shlex.quote(str(folder.resolve())),
        variables=f"export PYTHONPATH={shlex.quote(path)}\n" if path else "",
        python=shlex.quote(sys.executable),
        fallback=fallback if LAUNCHER.is_file() else "",
        runs="\n".join(run.name for run in plan.runs),
        seconds=seconds,
    )
