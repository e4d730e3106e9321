"""Sides are brought together under all of the stack pressure at once, or under one share of it after another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import tiny_case
from mpi4py import MPI

from interstice.solver.algebra import SolveError
from interstice.solver.cell import LEAST_SHARE, Cell


def pressed(monkeypatch: pytest.MonkeyPatch, failing: int, most: float = np.inf) -> tuple[Cell, list[float]]:
    """Assemble a cell whose first `failing` solves fail, after they spoiled the state, and those beyond a pressure."""
    loaded = tiny_case()
    cell = Cell(loaded.case, loaded.materials, Path(loaded.folder), MPI.COMM_WORLD)
    tried: list[float] = []
    settle = cell.settle

    def maybe() -> Any:
        tried.append(cell.fixture.platen.pressure / loaded.case.stack.pressure)
        report = settle()
        if len(tried) <= failing or tried[-1] > most:
            cell.fixture.top.x.array[:] = np.nan
            raise SolveError("no convergence")
        return report

    monkeypatch.setattr(cell, "settle", maybe)
    cell.press()
    return cell, tried


def test_a_cell_that_is_not_pressed_together_at_once_is_so_by_shares(monkeypatch: pytest.MonkeyPatch) -> None:
    at_once, tried = pressed(monkeypatch, failing=0)
    assert tried == [1.0]
    by_shares, tried = pressed(monkeypatch, failing=2)
    assert tried == pytest.approx([1.0, 0.5, 0.25, 0.5, 0.75, 1.0])
    for one, other in zip(at_once.faces, by_shares.faces, strict=True):
        assert one.contact and other.contact
        np.testing.assert_allclose(other.contact.pressure, one.contact.pressure, rtol=1e-6, atol=1.0)
    assert by_shares.fixture.platen.pressure == at_once.fixture.platen.pressure


def test_a_cell_that_is_not_pressed_together_by_the_smallest_share_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SolveError):
        pressed(monkeypatch, failing=100)
    # a share that fails after others succeeded is halved too
    with pytest.raises(SolveError):
        pressed(monkeypatch, failing=0, most=1 - LEAST_SHARE / 2)
