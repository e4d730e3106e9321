"""The command line: thin. Each command reads its arguments, calls one function and turns its errors into words."""

from __future__ import annotations

import json
import os
import sys
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import interstice
from interstice.solver import launch, system
from interstice.solver.reader import CaseError, LoadedCase, read_case
from interstice.solver.results import OutputError, prepare
from interstice.solver.terminal import fail, mpi_rank, say, started, warn

if TYPE_CHECKING:
    from mpi4py import MPI

RANKS_PER_CORE = 8
EXIT_MISSING_IN_SYSTEM = 72
"""Exit code, also of the launcher, where the operating system lacks a library or a compiler."""

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Where does a solid-state battery interface stay in contact, and what does losing contact cost?",
    epilog="The launcher ./interstice knows two more: 'test (pytest arguments)' runs the tests, "
    "'shell' opens a shell in the environment.",
)

CaseArgument = Annotated[
    Path, typer.Argument(metavar="CASE", help="case file (YAML)", show_default=False, readable=False)
]
Overrides = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="KEY.PATH=VALUE", help="replace one value of the case; may be repeated", show_default=False
    ),
]


def _print_version(wanted: bool) -> None:
    if wanted:
        from interstice.solver.environment import version

        say(version())
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Where does a solid-state battery interface stay in contact, and what does losing contact cost?"""


@app.command()
def run(
    case: CaseArgument,
    ranks: Annotated[
        int | None, typer.Option("-n", metavar="RANKS", help="number of MPI ranks; 1 if not given", show_default=False)
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", metavar="DIR", help="folder of the results; results/CASE if not given", show_default=False),
    ] = None,
    overrides: Overrides = None,
) -> None:
    """Simulate a case."""
    directory = output or Path("results") / case.stem
    if mpi_rank() is None:
        ranks = _allowed(1 if ranks is None else ranks)
        loaded = _checked(case, overrides, directory)
        if ranks > 1:
            raise typer.Exit(_on_ranks(ranks, case, overrides or [], directory))
        raise typer.Exit(_simulate(loaded, directory))
    if ranks is not None:
        fail(f"-n {ranks}: the program already runs under mpirun, which sets the number of ranks; leave out -n")
    loaded = _checked_together(case, overrides, directory)
    raise typer.Exit(_simulate(loaded, directory))


@app.command()
def validate(case: CaseArgument, overrides: Overrides = None) -> None:
    """Check a case without computing anything."""
    try:
        loaded = read_case(case, overrides or [])
    except CaseError as error:
        fail(str(error))
    for warning in loaded.warnings:
        say(f"{case}: warning: {warning}")
    for note in loaded.notes:
        say(f"{case}: {note}")
    for name, block in loaded.case.faces.items():
        if block.micro and block.micro.cutoff and block.micro.rms and block.micro.slope:
            say(f"{case}: below the mesh of {name}: rms {block.micro.rms * 1e9:.3g} nm, slope {block.micro.slope:.3g}")
    say(f"{case}: valid ({loaded.case.title})")


@app.command()
def patch(
    surface: Annotated[
        Path, typer.Argument(metavar="SURFACE", help="patch of a surface (YAML)", show_default=False, readable=False)
    ],
    output: Annotated[
        Path | None,
        typer.Option("-o", metavar="FILE", help="the table; SURFACE.csv if not given", show_default=False),
    ] = None,
    overrides: Overrides = None,
) -> None:
    """Press a patch of a rough surface: the table of a micro-contact law."""
    from interstice.solver.patch import press
    from interstice.solver.patch.table import TableError

    file = output or surface.with_suffix(".csv")
    try:
        given, heights = press.read_patch(surface, overrides or [])
        if press.is_written(file, press.identity(given, heights)):
            say(f"{file}: is up to date")
            return
        press.require_ours(file)
        press.press(given, heights, lambda done, of: say(f"load {done} of {of}")).write(file)
    except CaseError as error:
        fail(str(error))
    except TableError as error:
        fail(f"{file}: {error}")
    except RuntimeError as error:
        warn(f"error: {error}")
        raise typer.Exit(1) from error
    say(str(file))


@app.command()
def schema() -> None:
    """Print the JSON Schema of case files, for editors."""
    from interstice.schema import Case

    content = {"$schema": "https://json-schema.org/draft/2020-12/schema", **Case.model_json_schema()}
    say(json.dumps(content, indent=2, ensure_ascii=False))


@app.command()
def info() -> None:
    """Print versions, packages, cores and memory."""
    from rich.console import Console
    from rich.table import Table

    from interstice.solver.environment import describe

    table = Table(show_header=False, box=None)
    for name, value in describe():
        table.add_row(name, value)
    if not mpi_rank():
        Console().print(table)


@app.command()
def materials(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="name or file of a material; all if not given")
    ] = None,
) -> None:
    """Print the known materials, or every number of one with its source; those in this folder come first."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from interstice.materials import MaterialError, load, names
    from interstice.materials.library import SHIPPED

    here = [Path()]
    try:
        if name is None:
            table = Table("material", "formula", "roles", "file")
            for known in names(here):
                material = load(known, here)
                place = "" if material.file.parent == SHIPPED else str(material.file)
                table.add_row(*map(escape, (material.name, material.formula, ", ".join(material.roles), place)))
        else:
            material = load(name, here)
            place = "" if material.file.parent == SHIPPED else f", {material.file}"
            table = Table(title=escape(f"{material.name} ({material.formula}){place}"), show_lines=True)
            table.add_column("quantity", no_wrap=True)
            table.add_column("value", overflow="fold", max_width=40)
            table.add_column("source, remark", overflow="fold")
            for row in material.table():
                source = escape(row.source) if row.source else f"[bold]estimate:[/] {escape(row.estimate)}"
                remark = f"\n[italic]{escape(row.remark)}[/]" if row.remark else ""
                table.add_row(row.quantity, escape(row.value), source + remark)
    except MaterialError as error:
        fail(str(error))
    if not mpi_rank():
        Console().print(table)


@app.command()
def cases(
    copy: Annotated[
        Path | None, typer.Option("--copy", metavar="DIR", help="copy them to this folder", show_default=False)
    ] = None,
) -> None:
    """List the cases that come with the program, by the files to give to `run`, or copy them."""
    folder = (Path(interstice.__file__).parent / "cases").resolve()
    for file in sorted(folder.glob("*.yaml")):
        if copy is None:
            say(str(file))
            continue
        try:
            copy.mkdir(parents=True, exist_ok=True)
            with (copy / file.name).open("xb") as new:
                new.write(file.read_bytes())
        except FileExistsError:
            fail(f"{copy / file.name}: exists already and is left as it is")
        except OSError as error:
            fail(f"{copy}: cannot be written: {error.strerror}")
        say(str(copy / file.name))


@app.command()
def plot(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="folder of a run's results", show_default=False)],
) -> None:
    """Draw the history and the interface of a finished or running simulation as PNG files."""
    if not directory.is_dir():
        fail(f"{directory}: no such folder; the results of a run are needed, such as results/CASE")
    if not (directory / "history.csv").is_file():
        fail(f"{directory}: no results here (history.csv is missing)")
    from interstice.solver.plot import plot as draw

    try:
        for picture in draw(directory):
            say(str(picture))
    except ValueError as error:
        fail(str(error))


@app.command(context_settings={"ignore_unknown_options": True}, options_metavar="[--key VALUE …] [--json] [-n RANKS]")
def benchmark(
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME]", help="which benchmark; all if not given", show_default=False),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print the numbers as JSON")] = False,
    options: Annotated[bool, typer.Option("--options", help="list the keys of benchmark NAME")] = False,
    ranks: Annotated[
        int | None, typer.Option("-n", metavar="RANKS", help="number of MPI ranks; 1 if not given", show_default=False)
    ] = None,
) -> None:
    """Compare with closed forms, with errors and cost; --key VALUE sets an input of one benchmark."""
    from mpi4py import MPI

    from interstice.benchmarks import command
    from interstice.benchmarks.options import OptionError
    from interstice.solver.algebra import SolveError

    words = words or []
    try:
        if options:
            command.print_options(words)
            return
        command.check(words)
        if mpi_rank() is None and ranks is not None and _allowed(ranks) > 1:
            json_option = ["--json"] if as_json else []
            raise typer.Exit(launch.on_ranks(ranks, ["benchmark", *words, *json_option]))
        command.benchmark(words, as_json, MPI.COMM_WORLD)
    except OptionError as error:
        fail(str(error))
    except SolveError as error:
        warn(f"error: {error}")
        raise typer.Exit(1) from error


def main() -> None:
    """Run the program; under mpirun all ranks leave together."""
    system.keep_freed_memory()
    problem = launch.strangers()
    if problem:
        known = started()
        if known is None or known.rank == 0:
            print(problem, file=sys.stderr)
        sys.exit(2)
    if mpi_rank() is None:
        launch.stand_alone()
        app(prog_name="interstice")
        return
    # MPI_Finalize at exit waits for all: no rank's exit code ends the others before rank 0 has spoken.
    from mpi4py import MPI

    if mpi_rank() != 0:
        sys.stdout = sys.stderr = open(os.devnull, "w")  # noqa: SIM115
    try:
        app(prog_name="interstice")
    except Exception:
        traceback.print_exc(file=sys.__stderr__)
        _end_all(MPI.COMM_WORLD, 1)


# --- run, step by step --------------------------------------------------------------------------------


def _checked(case: Path, overrides: list[str] | None, directory: Path) -> LoadedCase:
    """Return the case after making sure that it and its output folder can be used."""
    try:
        loaded = read_case(case, overrides or [])
        prepare(directory, loaded)
    except (CaseError, OutputError) as error:
        fail(str(error))
    return loaded


def _checked_together(case: Path, overrides: list[str] | None, directory: Path) -> LoadedCase:
    """Do the same on every rank; if one fails, all do."""
    from mpi4py import MPI

    problem = loaded = None
    try:
        loaded = read_case(case, overrides or [])
        if MPI.COMM_WORLD.rank == 0:
            prepare(directory, loaded)
    except (CaseError, OutputError) as error:
        problem = str(error)
    problems = [text for text in MPI.COMM_WORLD.allgather(problem) if text]
    if problems or loaded is None:
        fail(problems[0])
    return loaded


def _on_ranks(ranks: int, case: Path, overrides: list[str], directory: Path) -> int:
    """Compute with this same program under mpirun and return the exit code."""
    cores = len(os.sched_getaffinity(0))
    if ranks > cores:
        warn(f"warning: {ranks} ranks share {cores} cores and will be slower than {cores} ranks")
    options = [word for override in overrides for word in ("--set", override)]
    code = launch.on_ranks(ranks, ["run", "-o", str(directory), *options, "--", str(case)])
    if code == 130:
        warn(_interrupted(directory))
    return code


def _allowed(ranks: int) -> int:
    """Return `ranks` if so many can be started here."""
    cores = len(os.sched_getaffinity(0))
    if not 1 <= ranks <= RANKS_PER_CORE * cores:
        fail(
            f"-n {ranks}: allowed are 1 to {RANKS_PER_CORE * cores} ranks on the {cores} cores here; "
            "on a cluster start 'mpirun -n … interstice run CASE'"
        )
    if ranks > 1 and launch.mpiexec() is None:
        fail(f"-n {ranks}: mpiexec is not installed here")
    return ranks


def _interrupted(directory: Path) -> str:
    return f"interrupted; what has been computed is in {directory}"


def _simulate(loaded: LoadedCase, directory: Path) -> int:
    """Compute and return the exit code; what goes wrong on one rank ends all of them."""
    from mpi4py import MPI

    comm = MPI.COMM_WORLD
    try:
        from interstice.solver import simulation

        return simulation.run(loaded, directory, comm)
    except CaseError as error:
        warn(str(error))
        return 2
    except KeyboardInterrupt:
        warn(_interrupted(directory))
        return _end_all(comm, 130)
    except Exception as error:
        log = directory / "error.log"
        with log.open("a") as file:
            file.write(f"rank {comm.rank} of {comm.size}\n{traceback.format_exc()}\n")
        if comm.rank > 0:
            time.sleep(1)  # if rank 0 fails too, its words are enough
        summary = str(error).partition("\n")[0]
        where = f" on rank {comm.rank}" if comm.size > 1 else ""
        print(f"error{where}: {type(error).__name__}: {summary} (details: {log})", file=sys.__stderr__, flush=True)
        lacking = system.missing_behind(error)
        if lacking:
            print(system.words(lacking), file=sys.__stderr__, flush=True)
        return _end_all(comm, EXIT_MISSING_IN_SYSTEM if lacking else 1)


def _end_all(comm: MPI.Comm, code: int) -> int:
    if comm.size > 1:
        comm.Abort(code)
    return code
