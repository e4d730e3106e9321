"""A cell that no time step carries on: what is said, and what ParaView shows of it."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from builders import tiny_case
from vtk_reader import read_series

import interstice
from interstice.solver.vtkhdf import SeriesReader

TOO_MUCH = "protocol=[charge at 100C for 100 s]", "time={initial: 2 s, maximum: 5 s, minimum: 1 s}"


def test_the_law_that_fails_is_told_with_its_place_and_shown(tmp_path: Path) -> None:
    loaded = tiny_case(*TOO_MUCH, "output.length_unit=um")
    run = interstice.run(loaded, output=tmp_path / "results")
    found = re.search(r"worst conservation of lithium \(c of electrode\) at x = (\S+) um, y = (\S+) um", run.stopped)
    assert found and "the time step cannot be shorter than 1 s" in run.stopped
    place = np.array([float(number) for number in found.groups()])
    _, grid = read_series(tmp_path / "results/rejected.vtkhdf", 0.0)
    left = np.abs(grid["residual_of_c"])
    worst = grid.points[np.nanargmax(left), :2]
    np.testing.assert_allclose(worst, place, rtol=1e-3, atol=1e-6)
    assert np.nanmax(left) > 1.0
    # as far as it got: the displacement, which obeys its law, is that of the last time step
    assert np.abs(grid["residual_of_u"]).max() < 1e-6
    with SeriesReader(tmp_path / "results/rejected.vtkhdf") as series:
        assert len(series.times()) == 1
