"""Coarse runs of the benchmark of partial slip against the targets that hold at any resolution."""

from __future__ import annotations

from typing import Any

import pytest
from mpi4py import MPI

from interstice.benchmarks import partial_slip
from interstice.benchmarks.report import Result


def run(**inputs: Any) -> Result:
    return partial_slip.run(partial_slip.Options(**inputs), MPI.COMM_WORLD)


@pytest.mark.parametrize(
    "inputs, loss",
    [
        ({"dimension": 2, "elements": 24, "load_ratio": 0.3, "steps": 2}, 0.03),
        ({"dimension": 2, "load_ratio": 0.8, "steps": 2, "friction": 0.8, "poisson": 0.2}, 0.06),
        ({"dimension": 3, "elements": 5, "steps": 2}, 0.2),
    ],
    ids=["cylinder", "cylinder near sliding", "sphere"],
)
def test_core_that_sticks_is_cattaneos_and_mindlins(inputs: dict[str, Any], loss: float) -> None:
    result = run(**inputs)
    assert result.computed["load_ratio"] == pytest.approx(inputs.get("load_ratio", 0.5), rel=2e-3)
    assert result.errors["stick_radius"] <= 0.03
    by_area = result.computed["stick_radius_by_area [m]"] / result.exact["stick_radius [m]"]
    assert by_area == pytest.approx(1.0, abs=1.5 / result.inputs["elements"])
    assert result.errors["traction_l2"] <= 1.1 * result.errors["interpolant_l2"]
    assert result.errors["friction_loss"] <= loss
    assert result.errors["ledger"] <= 1e-6
