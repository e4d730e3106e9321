"""The command line: thin. Each command reads its arguments, calls one function and turns its errors into words."""

from __future__ import annotations

import importlib.util
import os
import sys
import traceback
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from interstice import shipped, study_cli
from interstice.job import Job, allowed
from interstice.solver import launch, system
from interstice.solver.reader import CaseError, read_case
from interstice.solver.terminal import Said, fail, mpi_rank, say, say_json, show, started, warn
from interstice.solver.watch import Meeting, end_all

if TYPE_CHECKING:
    from interstice.schema.units import Unit

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Where does a solid-state battery interface stay in contact, and what does losing contact cost?",
    epilog="The launcher ./interstice knows two more: 'test (pytest arguments)' runs the tests, "
    "'shell' opens a shell in the environment.",
)

app.add_typer(study_cli.app, name="study")

CaseArgument = Annotated[
    Path, typer.Argument(metavar="CASE", help="case file (YAML)", show_default=False, readable=False)
]
Overrides = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="KEY.PATH=VALUE", help="replace one value of the case; may be repeated", show_default=False
    ),
]

MostCells = Annotated[
    str | None,
    typer.Option(metavar="N", help="cells that the mesh may have, as --set limits.cells=N; 20 million if not given"),
]


def _with_limit(overrides: list[str] | None, max_cells: str | None) -> list[str]:
    """Return the values that replace those of the case."""
    return [*(overrides or []), *([f"limits.cells={max_cells}"] if max_cells is not None else [])]


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
    case: Annotated[
        Path | None, typer.Argument(metavar="CASE", help="case file (YAML)", show_default=False, readable=False)
    ] = None,
    ranks: Annotated[
        int | None, typer.Option("-n", metavar="RANKS", help="number of MPI ranks; 1 if not given", show_default=False)
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            metavar="DIR",
            help="folder of the results; results/CASE if not given, results/CASE-2, … if that is taken",
            show_default=False,
        ),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="replace the results of an earlier run in that folder")
    ] = False,
    resume: Annotated[
        Path | None,
        typer.Option(
            "--resume",
            metavar="DIR",
            help="go on with the run whose results are in this folder, on any number of ranks; without CASE",
            show_default=False,
        ),
    ] = None,
    extend: Annotated[
        bool,
        typer.Option("--extend", help="with --resume: go on as CASE, the same but for a protocol that goes on further"),
    ] = False,
    overrides: Overrides = None,
    max_cells: MostCells = None,
    petsc: Annotated[
        str,
        typer.Option("--petsc", metavar="OPTIONS", help="options for PETSc, such as '-log_view'", show_default=False),
    ] = "",
    verbose: Annotated[
        bool, typer.Option("-v", "--verbose", help="print a line for each time step, and why it was shortened")
    ] = False,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="print nothing but errors")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print nothing but the summary, as JSON")] = False,
) -> None:
    """Simulate a case."""
    chosen = [name for name, is_chosen in (("-v", verbose), ("--quiet", quiet), ("--json", as_json)) if is_chosen]
    if len(chosen) > 1:
        fail(f"{chosen[0]} stands beside {chosen[1]}; give one of them")
    said: Said = "everything" if verbose else "nothing" if quiet else "json" if as_json else "steps"
    given: dict[str, object]
    values = _with_limit(overrides, max_cells)
    if resume and extend:
        given = {"-o": output, "--overwrite": overwrite}
    elif resume:
        others = [value for value in values if not value.lstrip().startswith("limits.")]
        given = {"CASE": case, "--set": others, "-o": output, "--overwrite": overwrite}
    else:
        given = {"--extend": extend}
    if besides := [name for name, value in given.items() if value]:
        fail(
            f"--resume {resume}: goes on in the folder of that run, without --extend also with its case and values; "
            f"leave out {besides[0]}"
            if resume
            else "--extend: is of use with --resume DIR alone"
        )
    if case is None and (extend or not resume):
        fail("run: a CASE is needed" if extend else "run: a CASE is needed, or --resume DIR")
    raise typer.Exit(Job(case, values, output, overwrite, said, resume, petsc).carry_out(ranks))


@app.command()
def status(
    folders: Annotated[list[Path], typer.Argument(metavar="DIR...", help="folders of results", show_default=False)],
) -> None:
    """Say how far runs are: running, finished, stopped, interrupted, failed or killed."""
    from rich.table import Table

    from interstice.solver.status import read

    table = Table("folder", "state", "step", "done", "time", "written", "why", box=None)
    for folder in folders:
        try:
            found = read(folder)
        except (OSError, ValueError):
            fail(f"{folder}: no run has written its status here")
        step = f"{found.get('step', 0)} of {found.get('steps', '?')} {found.get('kind', '')}"
        row = (f"{found.get('share', 0.0):.0%}", f"{found.get('time [s]', 0.0):.6g} s", found["written"], found["why"])
        table.add_row(str(folder), found["state"], step, *row)
    show(table)


@app.command()
def validate(
    case: CaseArgument,
    overrides: Overrides = None,
    max_cells: MostCells = None,
    as_json: Annotated[bool, typer.Option("--json", help="print what was found as JSON")] = False,
) -> None:
    """Check a case without computing anything."""
    try:
        loaded = read_case(case, _with_limit(overrides, max_cells))
    except CaseError as error:
        if not as_json:
            fail(str(error))
        say_json({"case": str(case), "valid": False, "problems": error.problems})
        raise typer.Exit(2) from None
    if as_json:
        found = {"valid": True, "title": loaded.case.title, "problems": [], "notes": loaded.notes}
        say_json({"case": str(case), **found, "estimate": loaded.cost.numbers if loaded.cost else {}})
        return
    for note in loaded.notes:
        say(f"{case}: {note}")
    say(f"{case}: {loaded.cost}")
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
    overwrite: Annotated[bool, typer.Option("--overwrite", help="replace the table of another patch")] = False,
    overrides: Overrides = None,
) -> None:
    """Press a patch of a rough surface: the table of a micro-contact law."""
    from interstice.solver.patch import press
    from interstice.solver.patch.table import TableError

    file = output or surface.with_suffix(".csv")
    try:
        given, heights = press.read_patch(surface, overrides or [])
        for warning in heights.warnings:
            say(f"{surface}: warning: {warning}")
        if press.is_written(file, press.identity(given, heights)):
            say(f"{file}: is up to date")
            return
        press.require_free(file, overwrite)
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
def schema(study: Annotated[bool, typer.Option("--study", help="of study files")] = False) -> None:
    """Print the JSON Schema of case files, for editors."""
    from interstice.schema import Case
    from interstice.schema.study import Study

    content = (Study if study else Case).model_json_schema()
    content = {"$schema": "https://json-schema.org/draft/2020-12/schema", **content}
    say_json(content)


@app.command()
def info(as_json: Annotated[bool, typer.Option("--json", help="print them as JSON")] = False) -> None:
    """Print versions, packages, cores and memory."""
    from rich.table import Table

    from interstice.solver.environment import describe

    if as_json:
        say_json(dict(describe()))
        return
    table = Table(show_header=False, box=None)
    for name, value in describe():
        table.add_row(name, value)
    show(table)


@app.command()
def materials(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="name or file of a material; all if not given")
    ] = None,
) -> None:
    """Print the known materials, or every number of one with its source; those in this folder come first."""
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
    show(table)


@app.command()
def cases(
    copy: Annotated[
        Path | None, typer.Option("--copy", metavar="DIR", help="copy them to this folder", show_default=False)
    ] = None,
) -> None:
    """List the cases that come with the program, by the files to give to `run`, or copy them and what they refer to."""
    try:
        files = shipped.cases() if copy is None else shipped.copy(copy)
    except FileExistsError as error:
        fail(f"{error}: exists already and is left as it is; nothing was copied")
    except OSError as error:
        fail(f"{copy}: cannot be written: {error.strerror}")
    for file in files:
        say(str(file))


@app.command()
def plot(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="folder of a run's results", show_default=False)],
    form: Annotated[str, typer.Option("--format", metavar="FORMAT", help="png, pdf or svg")] = "png",
    quantity: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="only this column of the history or field; may be given again"),
    ] = None,
    time: Annotated[
        list[str] | None,
        typer.Option(metavar="TIME", help="of fields, such as '30 min'; may be given again", show_default=False),
    ] = None,
    width: Annotated[
        str | None, typer.Option(metavar="LENGTH", help="of a picture, such as '90 mm'", show_default=False)
    ] = None,
) -> None:
    """Draw the history and the interface of a finished or running simulation."""
    if not directory.is_dir():
        fail(f"{directory}: no such folder; the results of a run are needed, such as results/CASE")
    if not (directory / "history.csv").is_file():
        fail(f"{directory}: no results here (history.csv is missing)")
    from interstice.schema.units import Unit
    from interstice.solver.plot import FORMATS, INCH, LARGEST, SMALLEST
    from interstice.solver.plot import plot as draw

    options: dict[str, Any] = {}
    try:
        if form not in FORMATS:
            raise ValueError(f"--format: '{form}' is none of {', '.join(FORMATS)}")
        if width is not None:
            options["width"] = _parsed("--width", Unit("m", "90 mm"), width) / INCH
            if not SMALLEST <= options["width"] <= LARGEST:
                raise ValueError(f"--width: {width} is not between {SMALLEST:g} and {LARGEST:g} inches")
        times = [_parsed("--time", Unit("s", "30 min"), one) for one in time or []]
        for picture in draw(directory, form, quantity or [], times, **options):
            say(str(picture))
    except ValueError as error:
        fail(str(error))


@app.command()
def view(
    directory: Annotated[
        Path, typer.Argument(metavar="[DIR]", help="folder of your cases and runs; the current one if not given")
    ] = Path(),
    port: Annotated[
        int,
        typer.Option("--port", metavar="N", help="port of this machine; any free one if not given", min=0, max=65535),
    ] = 0,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="print the address alone")] = False,
) -> None:
    """Show a page in the browser: pick a case, move sliders, run it, watch it, compare runs; until Ctrl-C."""
    if not directory.is_dir():
        fail(f"{directory}: no such folder")
    if importlib.util.find_spec("streamlit") is None:
        fail("view: Streamlit is not installed here; type  pip install 'interstice-fem[view]'")
    from interstice.solver.view import serve

    try:
        serve.view(directory, shipped.cases(), [shipped.TOPOGRAPHY], port, not no_browser)
    except serve.ServeError as error:
        fail(str(error))


@app.command()
def report(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="folder of the results of a run, or of a study", show_default=False)
    ],
    output: Annotated[
        Path | None,
        typer.Option("-o", metavar="FILE", help="the page; DIR/report.html if not given", show_default=False),
    ] = None,
) -> None:
    """Write a page of a run or a study, finished or not, that opens anywhere: one HTML file, without a network."""
    if not directory.is_dir():
        fail(f"{directory}: no such folder; the results of a run or of a study are needed, such as results/CASE")
    from interstice.solver.report import report as write

    try:
        say(str(write(directory, output)))
    except ValueError as error:
        fail(str(error))
    except OSError as error:
        fail(f"{output or directory}: cannot be written: {error.strerror or error}")


@app.command()
def export(
    directories: Annotated[
        list[Path], typer.Argument(metavar="DIR...", help="folders of results, or of studies", show_default=False)
    ],
    form: Annotated[str, typer.Option("--format", metavar="FORMAT", help="bdf: Battery Data Format, CSV")] = "bdf",
    area: Annotated[
        str | None,
        typer.Option(
            metavar="AREA",
            help="of the cell, such as '1 cm^2'; that of the model if not given, in plane 2D of 1 m of depth",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Write runs as a cycler would have recorded them, for programs that read its files: DIR/NAME.bdf.csv."""
    from interstice.schema.units import Unit
    from interstice.solver import battery_data
    from interstice.solver.results import OutputError
    from interstice.solver.study.states import with_history

    try:
        if form != "bdf":
            raise ValueError(f"--format: '{form}' is not known; there is bdf")
        size = None if area is None else _parsed("--area", Unit("m^2", "1 cm^2"), area)
        if size is not None and size <= 0.0:
            raise ValueError(f"--area: {area} is not above 0")
        problems = []
        for run in (run for directory in directories for run in with_history(directory) or [directory]):
            try:
                say(str(battery_data.export(run, size)))
            except OutputError as error:
                problems.append(str(error))
        if problems:
            raise OutputError("\n".join(problems))
    except (ValueError, OutputError) as error:
        fail(str(error))


@app.command()
def pvd(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="folder of a run's results", show_default=False)],
) -> None:
    """Write the field series of a run as .pvd too, for programs that read no .vtkhdf."""
    from interstice.solver.pvd import write_pvd

    try:
        for path in write_pvd(directory):
            say(str(path))
    except (ValueError, OSError) as error:
        fail(str(error))


def _parsed(option: str, unit: Unit, text: str) -> float:
    """Return the value of an option in SI; ValueError says which option is wrong, and how."""
    try:
        return unit.parse(text)
    except ValueError as error:
        raise ValueError(f"{option} '{text}': {error}") from None


@app.command(
    context_settings={"ignore_unknown_options": True},
    options_metavar="[--list] [--key VALUE …] [--vary KEY=VALUES] [--plot FILE] [--json] [-n RANKS]",
)
def benchmark(
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME]", help="which benchmark of --list; all if not given", show_default=False),
    ] = None,
    listed: Annotated[bool, typer.Option("--list", help="list the benchmarks")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print the numbers as JSON")] = False,
    options: Annotated[bool, typer.Option("--options", help="list the keys of benchmark NAME")] = False,
    vary: Annotated[
        str | None,
        typer.Option(
            metavar="KEY=VALUE,…", help="solve it for each value of one key: elements=8,16,32", show_default=False
        ),
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="with --vary: draw what was computed, what is exact and the errors; png, pdf or svg",
            show_default=False,
        ),
    ] = None,
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
        if listed:
            command.print_names()
            return
        if options:
            command.print_options(words)
            return
        varied = vary is not None or plot is not None
        if varied:
            command.check_variation(words, vary, plot)
        else:
            command.check(words)
        if mpi_rank() is None and ranks is not None and allowed(ranks) > 1:
            given = {"--vary": vary, "--plot": plot}
            others = [word for option, value in given.items() if value is not None for word in (option, str(value))]
            raise typer.Exit(launch.on_ranks(ranks, ["benchmark", *words, *others, *(["--json"] if as_json else [])]))
        if vary is not None:
            command.benchmark_over(words, as_json, vary, plot, MPI.COMM_WORLD)
        else:
            command.benchmark(words, as_json, MPI.COMM_WORLD)
    except OptionError as error:
        fail(str(error))
    except SolveError as error:
        warn(f"error: {error}")
        raise typer.Exit(1) from error


def main() -> None:
    """Run the program; under mpirun all ranks leave together."""
    system.keep_freed_memory()
    for stream in (sys.stdout, sys.stderr):
        # of the help, too, what a terminal cannot show must be no error
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
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
    # what started the ranks may be killed: they would go on as orphans
    launch.end_with_parent()
    # MPI_Finalize at exit waits for all: no rank's exit code ends the others before rank 0 has spoken.
    from mpi4py import MPI

    meeting = Meeting(MPI.COMM_WORLD)

    if mpi_rank() != 0:
        sys.stdout = sys.stderr = open(os.devnull, "w")  # noqa: SIM115
    try:
        app(prog_name="interstice")
    except SystemExit as ended:
        if ended.code and not meeting.takes_place():
            end_all(MPI.COMM_WORLD, ended.code if isinstance(ended.code, int) else 1)
        raise
    except BaseException:
        traceback.print_exc(file=sys.__stderr__)
        end_all(MPI.COMM_WORLD, 1)
