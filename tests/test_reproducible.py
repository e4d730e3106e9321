"""The same case on the same number of ranks gives the same digits in every run, and nothing else reaches into it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import numpy as np
from builders import tiny_case
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
    chance = np.random.default_rng(0)
    values, size = chance.standard_normal((3, 1001)), 1001
    sums = []
    for gaps in ((0, 0, 0), (0, 3, 7)):
        memory = np.zeros(4 * size)
        starts = np.arange(3) * size + np.array(gaps)
        vectors = []
        for start, row in zip(starts, values, strict=True):
            memory[start : start + size] = row
            vectors.append(PETSc.Vec().createWithArray(memory[start : start + size], comm=MPI.COMM_SELF))
        sums.append(vectors[0].mDot(vectors[1:]).copy())
    assert np.array_equal(*sums)


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


RUNS = 2

if __name__ == "__main__":
    found = [digits(*LAWS) for _ in range(RUNS)]
    if MPI.COMM_WORLD.rank == 0:
        print(*found)
