"""What a benchmark found: numbers against their closed form, and what they cost; as a table or as JSON."""

from __future__ import annotations

import json
import resource
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from mpi4py import MPI
from rich.markup import escape
from rich.table import Table

from interstice.solver.terminal import show

if TYPE_CHECKING:
    from interstice.solver.algebra import System


@dataclass(frozen=True)
class Cost:
    """What the contact solve took.

    `solve` [s] is the cold contact solve, assembly and set-up included, or the mean time step of a cell that is cycled;
    `tied` [s] one cold linear solve of the same mesh with the interface glued, or of all equations of a time step.
    Forms are compiled before either begins. `peak_memory_MB` is that of the process so far, summed over the ranks:
    where several benchmarks run in one process, later ones show the largest before them.
    """

    unknowns: int
    newton: int
    linear_iterations: int
    peak_memory_MB: float
    solve: float
    tied: float

    def content(self) -> dict[str, Any]:
        """Return the numbers under the names they have in JSON."""
        return {
            "unknowns": self.unknowns,
            "newton": self.newton,
            "linear_iterations": self.linear_iterations,
            "peak_memory_MB": self.peak_memory_MB,
            "seconds": {"solve": self.solve, "tied": self.tied},
            "ratio": self.solve / self.tied,
        }


@dataclass(frozen=True)
class Result:
    """Inputs, computed and exact numbers (units in their names), relative errors, and the cost."""

    name: str
    inputs: dict[str, Any]
    computed: dict[str, float]
    exact: dict[str, float]
    errors: dict[str, float]
    cost: Cost

    def content(self) -> dict[str, Any]:
        """Return everything as plain data."""
        return asdict(self) | {"cost": self.cost.content()}


def timed[T](comm: MPI.Comm, work: Callable[[], T]) -> tuple[T, float]:
    """Return what `work` returns and the seconds it took on the slowest rank. Collective."""
    comm.barrier()
    start = time.perf_counter()
    result = work()
    comm.barrier()
    return result, time.perf_counter() - start


def seconds_glued(system: System) -> float:
    """Return the seconds of one cold linear solve of a glued problem, and destroy its `system`."""
    # the residual of an unsolved problem is of the order of the load: one Newton step is made and no second one
    _, seconds = timed(system.domain.mesh.comm, lambda: system.solve(tolerance=1e-4))
    system.destroy()
    return seconds


def peak_memory(comm: MPI.Comm) -> float:
    """Return the largest resident memory so far, summed over the ranks [MB]."""
    return comm.allreduce(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) * 1024 / 1e6


def as_json(results: Sequence[Result], alone: bool) -> str:
    """Return the JSON of one result `alone`, or of a list of them."""
    contents = [result.content() for result in results]
    return json.dumps(contents[0] if alone else contents, indent=2, ensure_ascii=False)


def in_a_line(result: Result) -> str:
    """Return the errors of one result in a line."""
    return f"{result.name}: {', '.join(f'{name} {value:.2e}' for name, value in result.errors.items())}"


def print_details(result: Result) -> None:
    """Print one result: every number, what it should be, and the cost."""
    inputs = [
        f"{key} {value:g}" if isinstance(value, float) else f"{key} {value}" for key, value in result.inputs.items()
    ]
    table = Table("quantity", "computed", "exact", title=f"{result.name}: {', '.join(inputs)}", title_justify="left")
    for key, value in result.computed.items():
        exact = result.exact.get(key)
        table.add_row(escape(key), f"{value:.6g}", "" if exact is None else f"{exact:.6g}")
    show(table)
    print_summary([result])


def print_summary(results: Sequence[Result]) -> None:
    """Print one row of errors and cost per result."""
    table = Table("benchmark", "error", "", "cost", show_lines=True)
    for result in results:
        cost = result.cost
        table.add_row(
            result.name,
            "\n".join(result.errors),
            "\n".join(f"{value:.2e}" for value in result.errors.values()),
            f"{cost.unknowns:,} unknowns, {cost.peak_memory_MB:.0f} MB\n"
            f"{cost.newton} Newton steps, {cost.linear_iterations} linear\n"
            f"{cost.solve:.3g} s, glued {cost.tied:.3g} s\nratio {cost.solve / cost.tied:.2f}",
        )
    show(table)
