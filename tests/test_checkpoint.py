"""A run that is broken off and goes on from its state is the run that was not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice

import numpy as np
import pytest
from builders import Run, tiny_cell, tiny_run
from mpi4py import MPI
from test_history import COUNTS, FEW_STEPS, LOOSE, RUNS

from interstice.solver import history
from interstice.solver.stepping import Stepping


@pytest.mark.parametrize("name", RUNS)
def test_a_run_that_goes_on_from_a_state_is_the_one_that_was_not_broken_off(name: str) -> None:
    overrides = *RUNS[name], FEW_STEPS
    whole = tiny_run(*overrides)
    steps = len(whole.rows) // 2
    first = tiny_cell(*overrides)
    # the state is only complete when Stepping has been made, as it is part of it
    stepping = Stepping(first, first.case.protocol, first.case.time)
    first.press()
    rows = [history.row(first, advance) for advance in islice(stepping, steps)]
    snapshot = first.state.gathered(MPI.COMM_WORLD)
    second = tiny_cell(*overrides)
    stepping = Stepping(second, second.case.protocol, second.case.time)
    second.go_on(snapshot)
    rows += [history.row(second, advance) for advance in stepping]
    assert len(rows) == len(whole.rows) - 1
    assert_same(rows, whole)


def assert_same(rows: Sequence[Mapping[str, float]], whole: Run) -> None:
    """Require that the rows after the assembled cell are those of the `whole` run but for rounding."""
    work = np.abs(whole.column("work of the eigenstrain [J]")).max()
    for column in whole.rows[0].keys() - LOOSE - COUNTS:
        expected = whole.column(column)[1:]
        # an energy that is zero but for rounding is so beside the others
        scale = work if column.endswith("[J]") else np.abs(expected).max()
        found = [row[column] for row in rows]
        np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-10 * scale, err_msg=column)
    for column in LOOSE & whole.rows[0].keys():
        assert max(row[column] for row in rows) <= 1e-8
