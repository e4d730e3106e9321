"""The same case on the same number of ranks gives the same digits in every run, and nothing else reaches into it."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import TINY, tiny_case
from mpi4py import MPI
from petsc4py import PETSc

from interstice.solver import simulation
from interstice.solver.algebra.options import DIRECT, in_database
from interstice.solver.cell import Cell

LAWS = (
    "interface.friction={coefficient: 0.3}",
    "interface.cohesive={normal_strength: 10 MPa, shear_strength: 10 MPa, normal_toughness: 0.05 J/m^2, "
    "shear_toughness: 0.1 J/m^2}",
    "protocol=[charge at 0.5 mA/cm^2 for 2 s]",
)


def digits(*overrides: str) -> str:
    """Run a case; return a hash of all numbers of its history and its last state, on rank 0."""
    found = hashlib.sha256()

    class Listener:
        def __init__(self, cell: Cell) -> None:
            self.cell = cell

        def advanced(self, advance: Any, row: dict[str, float]) -> None:
            found.update(repr(list(row.values())).encode())

        def finished(self, reason: str) -> None:
            state = self.cell.state.gathered(MPI.COMM_WORLD)
            found.update(b"".join(np.ascontiguousarray(values).tobytes() for values in state.values()))

    simulation.simulate(tiny_case(*overrides), MPI.COMM_WORLD, lambda cell: [Listener(cell)])
    return found.hexdigest()


def test_two_runs_on_two_ranks_have_the_same_digits(mpi_run: Callable[..., str]) -> None:
    said = mpi_run([__file__], 2).split()
    assert len(said) == RUNS
    assert len(set(said)) == 1


def test_products_of_vectors_do_not_depend_on_where_they_lie_in_memory() -> None:
    """As those of which rigid-body modes are made orthogonal for multigrid."""
    size, products = 1000, []
    values = np.random.default_rng(0).standard_normal((4, size))
    for gaps in ((0, 0, 0, 0), (0, 8, 24, 48)):
        memory, vectors = np.zeros(5 * size), []
        for number, (row, gap) in enumerate(zip(values, gaps, strict=True)):
            place = memory[number * size + gap :][:size]
            place[:] = row
            vectors.append(PETSc.Vec().createWithArray(place, comm=MPI.COMM_SELF))
        products.append(np.array(vectors[0].mDot(vectors[1:])))
    assert np.array_equal(*products)


def test_options_that_a_user_gave_come_before_those_of_the_program() -> None:
    database = PETSc.Options()
    database["direct_mat_mumps_icntl_14"] = 77
    try:
        with in_database({f"direct_{key}": value for key, value in DIRECT.items()}):
            assert database.getInt("direct_mat_mumps_icntl_14") == 77
            assert database.getString("direct_pc_type") == "lu"
        assert database.getInt("direct_mat_mumps_icntl_14") == 77
        assert "direct_pc_type" not in database
    finally:
        del database["direct_mat_mumps_icntl_14"]


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """Make a folder with files that libraries would read, if they were let."""
    for name in ("solver", "numpy", "ctypes", "random", "mpi4py", "typing"):
        (tmp_path / f"{name}.py").write_text(f"raise SystemExit('this is {name}.py')")
    for name in (".petscrc", "petscrc"):
        (tmp_path / name).write_text("-direct_pc_type none\n-help\n")
    for name in ("ffcx_options.json", "dolfinx_jit_options.json"):
        (tmp_path / name).write_text("no JSON")
    return tmp_path


def test_files_beside_a_case_and_the_environment_have_no_say(hostile: Path) -> None:
    """The program started as a module from a folder with modules of its own, and options for PETSc and compilers."""
    (hostile / "case.yaml").write_text(TINY)
    options = ["run", "case.yaml", "-o", "out", "--quiet", "--set", "protocol=[rest for 1 s]", "--petsc", "-x_y 3"]
    root = str(Path(__file__).parents[1] / "src")
    environment = os.environ | {"PETSC_OPTIONS": "-direct_pc_type none", "PYTHONPATH": root}
    done = subprocess.run(
        [sys.executable, "-m", "interstice", *options], cwd=hostile, env=environment, text=True, capture_output=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (line,) = [line for line in (hostile / "out/versions.txt").read_text().splitlines() if "Options of" in line]
    assert line == "Options of PETSc: -skip_petscrc 1 -vec_mdot_use_gemv false -x_y 3"
    # PETSc itself says so of options that nobody asked for
    assert "-x_y value: 3" in done.stdout


@pytest.mark.parametrize("name", ["HOME", "TMPDIR", "XDG_CACHE_HOME", "PMIX_RANK", "OMPI_COMM_WORLD_RANK", "PMI_RANK"])
def test_the_program_starts_with_an_odd_environment(name: str) -> None:
    environment = {key: value for key, value in os.environ.items() if key not in ("HOME", "TMPDIR", "XDG_CACHE_HOME")}
    environment |= {name: "3" if name.endswith("RANK") else "/proc/there/is/none"}
    code = "import interstice, os; from dolfinx import jit; print(os.access(os.environ['XDG_CACHE_HOME'], os.W_OK))"
    done = subprocess.run([sys.executable, "-c", code], env=environment, text=True, capture_output=True)
    assert (done.returncode, done.stdout) == (0, "True\n"), done.stderr


def test_an_ascii_terminal_is_no_error() -> None:
    environment = os.environ | {"LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONPATH": str(Path("src").absolute())}
    for command in (["schema"], ["run", "--help"], ["materials", "NMC811"]):
        done = subprocess.run(
            [sys.executable, "-m", "interstice", *command], env=environment, text=True, capture_output=True
        )
        assert done.returncode == 0, done.stderr
        if command == ["schema"]:
            assert json.loads(done.stdout)["title"] == "Case"


RUNS = 2

if __name__ == "__main__":
    found = [digits(*LAWS) for _ in range(RUNS)]
    if MPI.COMM_WORLD.rank == 0:
        print(*found)
