"""The commands of studies: thin, as all of the command line."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from interstice.schema.problems import CaseError
from interstice.solver.terminal import fail, mpi_rank, say, say_json, show, status, warn

if TYPE_CHECKING:
    from interstice.solver.study.plan import Plan, PlannedRun, StudyFile

app = typer.Typer(
    no_args_is_help=True, help="Run one case many times with values replaced, and look at what came of it."
)

StudyArgument = Annotated[
    Path, typer.Argument(metavar="STUDY", help="study file (YAML)", show_default=False, readable=False)
]
FolderArgument = Annotated[
    Path, typer.Argument(metavar="STUDY|DIR", help="study file, or folder of a study", show_default=False)
]
Folder = Annotated[
    Path | None, typer.Option("-o", metavar="DIR", help="folder of the study; results/STUDY if not given")
]
MOST_LISTED = 20


@app.command()
def validate(
    study: StudyArgument,
    output: Folder = None,
    as_json: Annotated[bool, typer.Option("--json", help="print what was found as JSON")] = False,
) -> None:
    """Check a study and the case of each of its runs; print how many there are and what they need."""
    from interstice.solver.results import OutputError
    from interstice.solver.study import states

    try:
        _, plan, where = _planned(study, output)
    except OutputError as error:
        fail(str(error))
    except CaseError as error:
        if not as_json:
            fail(str(error))
        say_json({"study": str(study), "valid": False, "problems": error.problems})
        raise typer.Exit(2) from None
    done = sum(state.state in states.RESULTS for state in states.states_of(where, _names(plan)).values())
    if as_json:
        numbers = {
            "runs": len(plan.runs),
            "done": done,
            "time on one core [s]": plan.time,
            "memory [byte]": plan.memory,
        }
        say_json({"study": str(study), "valid": True, "title": plan.title, "problems": [], **numbers})
        return
    for warning, count in plan.warnings.items():
        say(f"{study}: warning: {warning}{'' if count == len(plan.runs) else f' ({count} runs)'}")
    say(f"{study}: {_extent(plan)}, {done} of them done in {where}" if done else f"{study}: {_extent(plan)}")
    say(f"{study}: {_estimate(plan, plan.runs, os.process_cpu_count() or 1)}")
    say(f"{study}: valid ({plan.title})")


@app.command()
def run(
    study: StudyArgument,
    output: Folder = None,
    cores: Annotated[
        int | None, typer.Option("--cores", metavar="N", help="of this machine; all if not given", min=1)
    ] = None,
    profile: Annotated[
        str,
        typer.Option(
            metavar="NAME|DIR", help="slurm: jobs of Slurm; or a profile of Snakemake of your own", show_default=False
        ),
    ] = "",
    jobs: Annotated[int, typer.Option(metavar="N", help="with --profile: jobs at a time", show_default=False)] = 0,
    account: Annotated[str, typer.Option(metavar="NAME", help="that jobs are charged to", show_default=False)] = "",
    partition: Annotated[str, typer.Option(metavar="NAME", help="that jobs are sent to", show_default=False)] = "",
    snakemake: Annotated[
        str, typer.Option(metavar="OPTIONS", help="more options for Snakemake", show_default=False)
    ] = "",
    failed: Annotated[bool, typer.Option("--failed", help="try runs that failed again")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="say what would be run, and do nothing")] = False,
) -> None:
    """Run what is left of a study; a run that was broken off goes on from its last checkpoint."""
    import shlex

    from interstice.solver.results import OutputError
    from interstice.solver.study import engine, folder
    from interstice.solver.study.progress import Progress

    place = engine.Place(
        cores or os.process_cpu_count() or 1, profile, jobs, account, partition, tuple(shlex.split(snakemake))
    )
    if mpi_rank() is not None:
        fail("study run: starts the ranks of its runs itself; leave out mpirun")
    where = folder.folder_of(study, output)
    try:
        if dry_run:
            _, plan, _ = _planned(study, output)
            engine.require(place, plan)
            _say_what_is_left(where, plan, failed, place.cores)
            return
        from interstice.solver.study.plan import read_study

        file = read_study(study)
        folder.require_free(where, study)
        plan = folder.planned(file, where, _tell_reading)
        engine.require(place, plan)
        lock = folder.hold(where, study)
        try:
            folder.prepare(where, plan, file)
            if failed:
                folder.forget_failures(where, _names(plan))
            todo = _left(where, plan)
            code = 0
            if todo:
                say(f"{study}: {_extent(plan)}, {len(todo)} to be run into {where}")
                say(f"{study}: {_estimate(plan, todo, place.cores)}")
                workers = place.jobs or 100 if profile else place.cores // plan.needs["ranks"]
                code = engine.run(where, plan, todo, place, Progress(where, plan.runs, todo, workers, say))
        finally:
            lock.release()
    except (CaseError, OutputError) as error:
        fail(str(error))
    raise typer.Exit(_end(study, where, plan, code))


@app.command("status")
def show_status(
    study: FolderArgument,
    as_json: Annotated[bool, typer.Option("--json", help="print it as JSON")] = False,
) -> None:
    """Say how far a study is: runs by state, what failed and why, the time left."""
    from rich.markup import escape
    from rich.table import Table

    from interstice.solver.lock import holder
    from interstice.solver.results import OutputError
    from interstice.solver.study import folder, plan, states
    from interstice.solver.study.progress import time_left

    try:
        where = folder.of_argument(study)
        planned = plan.read(where)
        _tell_changed(study, where)
    except (OutputError, OSError, ValueError) as error:
        fail(str(error))
    known = states.states_of(where, _names(planned))
    if as_json:
        say_json({"study": planned.study, "folder": str(where), "runs": {n: s._asdict() for n, s in known.items()}})
        return
    counts = Counter(state.state for state in known.values())
    if process := holder(where):
        say(f"{where}: the study is being run ({process})")
    say(f"{planned.title}: {len(known)} run{'s' if len(known) > 1 else ''} in {where}")
    say(", ".join(f"{counts[state]} {state}" for state in states.STATES if counts[state]))
    table = Table("run", "state", "done", "time", "values", "why", box=None)
    shown = [one for one in planned.runs if known[one.name].state not in ("finished", "waiting")]
    for one in shown:
        state = known[one.name]
        row = (one.name, state.state, f"{state.share:.0%}", f"{state.spent:.0f} s", escape(str(one)), escape(state.why))
        table.add_row(*row)
    if shown:
        show(table)
    left = [one for one in planned.runs if known[one.name].state not in states.OVER]
    if left:
        say(f"left: {_duration(time_left(left, known, 1))} on one core")


@app.command()
def collect(study: FolderArgument) -> None:
    """Write the table of a study, its pictures and its metadata, of all that its runs have computed by now."""
    from interstice.solver.results import OutputError
    from interstice.solver.study import collect, crate, figures, folder

    try:
        where = folder.of_argument(study)
        _tell_changed(study, where)
        table = collect.collect(where)
        drawn, problems = figures.drawn(collect.plan_of(where), table)
        for problem in [*collect.problems(table), *problems]:
            warn(f"{where}: {problem}")
        for path in (where / collect.PARQUET, where / collect.CSV, *figures.write(where, drawn)):
            say(str(path))
        if crate.is_possible():
            say(str(crate.write(where, table)))
        else:
            warn(crate.NOT_POSSIBLE)
    except OutputError as error:
        fail(str(error))


@app.command()
def report(
    study: FolderArgument,
    output: Annotated[
        Path | None,
        typer.Option("-o", metavar="FILE", help="the page; report.html in the folder if not given", show_default=False),
    ] = None,
) -> None:
    """Write a page of a study, as far as it is: the same as interstice report of its folder."""
    from interstice.solver.report import report as write
    from interstice.solver.results import OutputError
    from interstice.solver.study import folder

    try:
        where = folder.of_argument(study)
        _tell_changed(study, where)
        say(str(write(where, output)))
    except OutputError as error:
        fail(str(error))
    except OSError as error:
        fail(f"{output or study}: cannot be written: {error.strerror or error}")


@app.command()
def export(
    study: StudyArgument,
    file: Annotated[Path, typer.Option("-o", metavar="FILE", help="script to be written", show_default=False)],
    slurm: Annotated[bool, typer.Option("--slurm", help="an array of jobs of Slurm")] = False,
    output: Annotated[
        Path | None, typer.Option("--folder", metavar="DIR", help="folder of the study; results/STUDY if not given")
    ] = None,
) -> None:
    """Write a study as a plain array of jobs, for clusters without Snakemake."""
    if not slurm:
        fail("study export: --slurm is needed; docs/studies.md has the lines that make it one of PBS or LSF")
    from interstice.solver.results import OutputError
    from interstice.solver.study import folder
    from interstice.solver.study.export import script

    where = folder.folder_of(study, output)
    try:
        plan = folder.ready(study, where, _tell_reading)
        file.write_text(script(plan, where, file), encoding="utf-8")
        file.chmod(0o755)
    except (CaseError, OutputError) as error:
        fail(str(error))
    except OSError as error:
        fail(f"{file}: cannot be written: {error.strerror or error}")
    say(f"{file}: {_extent(plan)}, {_estimate(plan, plan.runs, 1)}")


def _planned(study: Path, output: Path | None) -> tuple[StudyFile, Plan, Path]:
    from interstice.solver.study import folder
    from interstice.solver.study.plan import read_study

    file, where = read_study(study), folder.folder_of(study, output)
    folder.require_place(where, study)
    return file, folder.planned(file, where, _tell_reading), where


def _tell_changed(study: Path, where: Path) -> None:
    """Say so where a study file has been edited since it was run: what is told is what was asked for then."""
    from interstice.solver.study import folder

    if folder.is_changed(study, where):
        warn(f"{study}: has changed since it was run; 'interstice study run {study}' takes up what is new in it")


def _tell_reading(done: int, of: int) -> None:
    status(f"has read the cases of {done} of {of} runs")


def _names(plan: Plan) -> list[str]:
    return [run.name for run in plan.runs]


def _left(where: Path, plan: Plan) -> list[PlannedRun]:
    """Return the runs that have neither a result nor failed."""
    from interstice.solver.study import states

    known = states.states_of(where, _names(plan))
    return [run for run in plan.runs if known[run.name].state not in states.OVER]


def _extent(plan: Plan) -> str:
    same = f" (and {plan.merged} that are the same as others)" if plan.merged else ""
    runs = f"{len(plan.runs)} run{'s' if len(plan.runs) > 1 else ''}"
    return f"{runs}{same} over {', '.join(entry['key'] for entry in plan.inputs)}"


def _estimate(plan: Plan, runs: list[PlannedRun], cores: int) -> str:
    from interstice.schema.wording import bytes_in_words, duration, two_digits

    ranks, time = plan.needs["ranks"], sum(run.time for run in runs)
    at_a_time = max(min(cores // ranks, len(runs)), 1)
    return (
        f"estimate: {duration(two_digits(time))} of computing, {duration(two_digits(time / at_a_time / ranks))} with "
        f"{at_a_time} at a time, {bytes_in_words(max(run.memory for run in runs))} of memory each"
    )


def _duration(seconds: float) -> str:
    from interstice.schema.wording import duration, two_digits

    return duration(two_digits(seconds))


def _say_what_is_left(where: Path, plan: Plan, failed: bool, cores: int) -> None:
    from interstice.solver.study import states

    known = states.states_of(where, _names(plan))
    left = [
        run
        for run in plan.runs
        if known[run.name].state not in states.OVER or (failed and known[run.name].state == "failed")
    ]
    say(f"{_extent(plan)}, {len(left)} would be run into {where}")
    for run in left:
        say(f"{run.name} {known[run.name].state} ({run})")
    if left:
        say(_estimate(plan, left, cores))


def _end(study: Path, where: Path, plan: Plan, code: int) -> int:
    """Say what came of all runs and return the exit code."""
    from interstice.solver.study import engine, states

    known = states.states_of(where, _names(plan))
    counts = Counter(state.state for state in known.values())
    say(
        f"{study}: "
        + ", ".join(f"{counts[state]} {state}" for state in states.STATES if counts[state])
        + f" in {where}"
    )
    lacking = [run for run in plan.runs if known[run.name].state not in states.RESULTS]
    for run in lacking[:MOST_LISTED]:
        state = known[run.name]
        warn(f"{run.name} {state.state} ({run}){f': {state.why}' if state.why else ''}")
    if len(lacking) > MOST_LISTED:
        warn(f"… and {len(lacking) - MOST_LISTED} more: interstice study status {where}")
    unfinished = [run for run in lacking if known[run.name].state != "failed"]
    if unfinished:
        if code and code < 128:
            warn(f"Snakemake ended with exit code {code}: {where / states.LOGS / engine.LOG}")
        warn("go on with the same command")
    elif lacking:
        warn("what failed is left alone, unless --failed is given")
    return 0 if not lacking else code if code >= 128 else 1
