"""Contact solved here against a plain program with a direct solver (`direct`), both as processes of their own.

    python3 -m interstice.benchmarks.against_direct --problem westergaard --elements 256 [--cores 1] [--json]

Each starts as a fresh process from the same Gmsh file, made beforehand, and ends when the pressure is written: imports,
reading of the mesh, set-up and solution count, and here the coarser meshes too. Both get the same cores, as MPI ranks
here and as threads there. A small problem is run first, so that compiled forms and program files are at hand for both.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Literal, NamedTuple

import gmsh
import numpy as np
from mpi4py import MPI
from pydantic import Field
from rich.console import Console
from rich.table import Table
from scipy.spatial import cKDTree

from interstice.benchmarks import pressed
from interstice.benchmarks.blocks import Array
from interstice.benchmarks.options import OptionError, Parameters
from interstice.meshes.tagged import from_gmsh
from interstice.solver import launch

ELEMENTS = {"westergaard": 256, "hertz": 22}
FEW = 4
"""Elements per length of the run that warms the caches."""
AGREEMENT = 1e-6
"""Largest relative L2 difference of the pressures of one problem."""
NEAR = 1e-9
"""Distance of coincident nodes over the extent of the interface."""


class Options(Parameters):
    """What is solved, and how the two are run."""

    problem: Literal["westergaard", "hertz"] = "westergaard"
    """westergaard in 2D or hertz in 3D, with their default inputs"""
    elements: int | None = Field(None, ge=4)
    """elements per half wavelength or contact radius; if not given, 256 or 22"""
    cores: int = Field(len(os.sched_getaffinity(0)), ge=1)
    """MPI ranks here and threads there"""
    solver: Literal["pardiso", "superlu"] = "pardiso"
    """solver of the reference; superlu is slow, but needs nothing that SciPy lacks"""
    repeats: int = Field(1, ge=1)
    """runs of each, in turn; the fastest counts"""


class Run(NamedTuple):
    """One run: its time, the time its processes spent on a core, and what it wrote."""

    seconds: float
    cpu_seconds: float
    output: dict[str, Array]

    def cost(self) -> dict[str, float]:
        """Return both times and the largest resident memory, summed over ranks."""
        memory = float(self.output["peak_memory_MB"])
        return {"seconds": self.seconds, "cpu_seconds": self.cpu_seconds, "peak_memory_MB": memory}


def compare(options: Options) -> dict[str, Any]:
    """Run both programs and return inputs, unknowns, difference of the pressures, and cost of each and their ratios.

    CalledProcessError if one of them fails.
    """
    elements = options.elements or ELEMENTS[options.problem]
    with tempfile.TemporaryDirectory(prefix="interstice-") as name:
        folder = Path(name)
        small = _prepare(folder, options.problem, FEW, options.solver)
        large = _prepare(folder, options.problem, elements, options.solver)
        for program in ("pressed", "direct"):
            _run(program, small, options.cores)
        pairs = [
            tuple(_run(program, large, options.cores) for program in ("pressed", "direct"))
            for _ in range(options.repeats)
        ]
    ours, direct = (min(runs, key=lambda run: run.seconds) for runs in zip(*pairs, strict=True))
    return {
        "inputs": options.model_dump() | {"elements": elements},
        "unknowns": int(direct.output["unknowns"]),
        "difference": difference(ours.output, direct.output),
        "interstice": ours.cost(),
        "direct": direct.cost() | {"steps": int(direct.output["steps"])},
        "ratio": {key: value / direct.cost()[key] for key, value in ours.cost().items()},
    }


def difference(ours: dict[str, Array], direct: dict[str, Array]) -> float:
    """Return the L2 norm over the interface of the difference of two pressures over that of the second.

    Both hold `points`, shape (nodes, dimension), and `pressure`; `direct` also `areas` of the nodes. ValueError if
    their nodes do not coincide.
    """
    distance, partner = cKDTree(ours["points"]).query(direct["points"])
    if len(ours["points"]) != len(partner) or distance.max() > NEAR * np.ptp(direct["points"], axis=0).max():
        raise ValueError("the two programs did not solve on the same mesh")
    change = ours["pressure"][partner] - direct["pressure"]
    return float(np.sqrt(direct["areas"] @ change**2 / (direct["areas"] @ direct["pressure"] ** 2)))


def _prepare(folder: Path, name: str, elements: int, solver: str) -> Path:
    """Write the mesh and the numbers of a problem; return the file of the latter."""
    problem = pressed.find(name)
    box = problem.box(elements)
    mesh = folder / f"{elements}.msh"

    def draw() -> None:
        box._draw()
        gmsh.option.setNumber("Mesh.Binary", 1)
        gmsh.write(str(mesh))

    from_gmsh(MPI.COMM_SELF, draw, box.length)
    inputs = {
        "name": name,
        "elements": elements,
        "mesh": str(mesh),
        "unit": box.length,
        "moduli": problem.options.moduli,
        "pressure": problem.pressure,
        "gap": problem.parameters,
        "solver": solver,
    }
    file = mesh.with_suffix(".json")
    file.write_text(json.dumps(inputs))
    return file


def _run(program: str, problem: Path, cores: int) -> Run:
    """Run the program "pressed" or "direct" on `cores` cores."""
    result = problem.with_suffix(".npz")
    command = [sys.executable, "-m", f"interstice.benchmarks.{program}", str(problem), str(result)]
    threads = cores
    if program == "pressed":
        threads = 1
        if cores > 1:
            command = [str(launch.mpiexec()), "-n", str(cores), *command]
    environment = launch.environment() | {"OMP_NUM_THREADS": str(threads), "MKL_NUM_THREADS": str(threads)}
    start, before = time.perf_counter(), _cpu_seconds()
    done = subprocess.run(
        command,
        cwd=Path(__file__).parents[1],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    seconds, cpu_seconds = time.perf_counter() - start, _cpu_seconds() - before
    if done.returncode:
        print(done.stdout, done.stderr, sep="\n", file=sys.stderr)
        done.check_returncode()
    with np.load(result) as content:
        output = dict(content)
    result.unlink()
    return Run(seconds, cpu_seconds, output)


def _cpu_seconds() -> float:
    """Return the time that ended processes of this one spent on a core [s]."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _print_table(content: dict[str, Any]) -> None:
    inputs = content["inputs"]
    title = f"{inputs['problem']}, {content['unknowns']:,} unknowns, {inputs['cores']} cores"
    table = Table("program", "time", "on cores", "peak memory", title=title, title_justify="left")
    solver = {"pardiso": "Pardiso", "superlu": "SuperLU"}[inputs["solver"]]
    for name, label in (("interstice", "Interstice"), ("direct", f"scikit-fem and {solver}")):
        cost = content[name]
        times = f"{cost['seconds']:.2f} s", f"{cost['cpu_seconds']:.2f} s"
        table.add_row(label, *times, f"{cost['peak_memory_MB']:.0f} MB")
    table.add_row("ratio", *(f"{ratio:.2f}" for ratio in content["ratio"].values()))
    console = Console()
    console.print(table)
    console.print(f"pressures differ by {content['difference']:.1e} (relative, L2)")


def _main() -> int:
    words = [word for word in sys.argv[1:] if word != "--json"]
    try:
        options = Options.parse(words)
    except OptionError as error:
        print(error, file=sys.stderr)
        return 2
    content = compare(options)
    if "--json" in sys.argv:
        print(json.dumps(content, indent=2))
    else:
        _print_table(content)
    if content["difference"] > AGREEMENT:
        print(f"the programs disagree: {content['difference']:.1e} > {AGREEMENT:.0e}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(_main())
