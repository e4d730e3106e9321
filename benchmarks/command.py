"""The benchmark command, shared by ./interstice benchmark and by each benchmark run as a script."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from difflib import get_close_matches
from pathlib import Path
from types import ModuleType

from mpi4py import MPI
from rich.markup import escape
from rich.table import Table

from interstice.benchmarks import variation
from interstice.benchmarks.options import OptionError, Parameters
from interstice.benchmarks.report import Result, as_json, in_a_line, print_details, print_summary
from interstice.solver.terminal import say, show, warn

NAMES = (
    *(
        "westergaard",
        "hertz",
        "patch",
        "recontact",
        "cold-press",
        "micro-contact",
        "jkr",
        "punch",
        "partial-slip",
        "rough",
    ),
    *("wavy-constriction", "holm", "blocked-patch", "barber", "areas", "blocking"),
    "sliding",
    *("stripping", "creeping-step"),
    *("creep", "indent", "plastic-cylinder", "void", "squeeze"),
    *("kohlrausch", "thermal-stack", "joule-balance", "runaway"),
    *("traction-separation", "dcb", "enf", "mmb", "spring-bed"),
    *("bilayer", "sphere", "shear-lag", "cell-1d", "manufactured"),
)
"""The benchmarks, in the order in which they run and appear."""


def find(name: str) -> ModuleType:
    """Return the module of the benchmark `name`; OptionError if there is none."""
    if name not in NAMES:
        close = get_close_matches(name, NAMES, n=1)
        hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(NAMES)}"
        raise OptionError(f"'{name}': no such benchmark; {hint}")
    return importlib.import_module(f"interstice.benchmarks.{name.replace('-', '_')}")


def split(words: Sequence[str]) -> tuple[str | None, list[str]]:
    """Return the benchmark's name, if `words` begin with one, and its options."""
    if not words or words[0].startswith("-"):
        if words:
            raise OptionError(f"{words[0]}: name the benchmark it belongs to; there are {', '.join(NAMES)}")
        return None, []
    return words[0], list(words[1:])


def check(words: Sequence[str]) -> None:
    """Raise OptionError unless `words`, [NAME [--key value …]], can be met."""
    name, options = split(words)
    if name is not None:
        find(name).Options.parse(options)


def check_variation(words: Sequence[str], vary: str | None, plot: Path | None) -> None:
    """Raise OptionError unless the benchmark that `words` name can be solved for all values of `vary`, and drawn."""
    if vary is None:
        raise OptionError(f"--plot {plot}: needs --vary KEY=VALUE,VALUE, over which the errors are drawn")
    name, options = split(words)
    if name is None:
        raise OptionError(f"--vary {vary}: name a benchmark; there are {', '.join(NAMES)}")
    for each in variation.Variation.parse(vary).words(name, options):
        check(each)
    if plot is not None:
        variation.require_picture(plot)


def print_names() -> None:
    """Print the names of the benchmarks, one a line."""
    for name in NAMES:
        say(name)


def print_options(words: Sequence[str]) -> None:
    """Print option, default and meaning of every input of the benchmark that `words` name."""
    name, _ = split(words)
    if name is None:
        raise OptionError(f"--options: name a benchmark; there are {', '.join(NAMES)}")
    table = Table("option", "default", "meaning", box=None)
    for row in find(name).Options.help():
        table.add_row(*(escape(word) for word in row))
    show(table)


def benchmark(words: Sequence[str], as_data: bool, comm: MPI.Comm) -> None:
    """Run the benchmark that `words` ask for, or all; print a table or JSON on rank 0. OptionError as `check`.

    Of all, the errors of each are printed when it is over, too.
    """
    name, options = split(words)
    modules = [find(each) for each in NAMES] if name is None else [find(name)]
    results: list[Result] = []
    for module in modules:
        results.append(run_quietly(module.run, module.Options.parse(options), comm))
        if name is None and not as_data:
            # the whole takes minutes
            say(in_a_line(results[-1]))
    if comm.rank > 0:
        return
    if as_data:
        say(as_json(results, alone=name is not None))
    elif name is None:
        print_summary(results)
    else:
        print_details(results[0])


def benchmark_over(words: Sequence[str], as_data: bool, vary: str, plot: Path | None, comm: MPI.Comm) -> None:
    """Run a benchmark for each value of `vary`, print the results on rank 0 and draw them to the file `plot`."""
    varied = variation.Variation.parse(vary)
    name, options = split(words)
    assert name is not None
    module, results = find(name), list[Result]()
    for value, each in zip(varied.values, varied.words(name, options), strict=True):
        results.append(run_quietly(module.run, module.Options.parse(each[1:]), comm))
        if not as_data:
            say(f"--{varied.option} {value}: {in_a_line(results[-1])}")
    if comm.rank > 0:
        return
    if as_data:
        say(as_json(results, alone=False))
    if plot is not None:
        variation.draw(results, varied, plot)
        if not as_data:
            say(str(plot))


def run_quietly(run: Callable[[Parameters, MPI.Comm], Result], parameters: Parameters, comm: MPI.Comm) -> Result:
    """Run one benchmark; what libraries print goes to stderr."""
    with redirect_stdout(sys.stderr):
        return run(parameters, comm)


def script(name: str) -> None:
    """Run the benchmark `name` with the options of this process; its exit code is 2 where they cannot be met."""
    words = sys.argv[1:]
    options = [word for word in words if word != "--json"]
    try:
        benchmark([name, *options], len(options) < len(words), MPI.COMM_WORLD)
    except OptionError as error:
        warn(str(error))
        sys.exit(2)
