"""Coarse runs of the cell without contact loss."""

from __future__ import annotations

from typing import Any

import pytest
from mpi4py import MPI

from interstice.benchmarks import cell_1d
from interstice.benchmarks.options import OptionError
from interstice.benchmarks.report import Result


def run(**inputs: Any) -> Result:
    return cell_1d.run(cell_1d.Options(**inputs), MPI.COMM_WORLD)


@pytest.mark.parametrize(
    "inputs",
    [
        {"cell": "half"},
        {},
        {"exchange_current_density": 0.2, "temperature": 320.0, "cathode_stoichiometry": 0.7, "current": 3.0},
        {"cathode_thickness": 1e-6, "anode_thickness": 1e-6, "separator_thickness": 4e-6, "duration": 900.0},
    ],
    ids=["half cell", "full cell", "slow charge transfer", "other films"],
)
def test_voltage_and_current_are_those_of_the_one_dimensional_cell(inputs: dict[str, Any]) -> None:
    result = run(elements=10, steps=30, **inputs)
    assert result.computed["least active fraction"] == pytest.approx(1.0)
    assert result.errors["voltage"] <= 0.005
    assert result.errors["current"] <= 0.02


def test_the_voltage_converges_as_the_square_of_the_element_size() -> None:
    def deviation(elements: int) -> float:
        result, key = run(cell="half", elements=elements, steps=100), "voltage [V] at the end of charge"
        return abs(result.computed[key] - result.exact[key])

    assert deviation(16) < 0.3 * deviation(8)


def test_the_voltage_right_after_a_jump_of_the_current_is_right_however_long_the_longest_time_step_is() -> None:
    coarse, fine = (run(cell="half", elements=32, steps=steps).errors["voltage"] for steps in (10, 40))
    assert coarse < 5e-4
    assert fine < coarse


def test_a_film_that_runs_full_ends_in_words() -> None:
    with pytest.raises(OptionError, match="cannot be cycled so"):
        run(cell="half", elements=8, steps=20, cathode_stoichiometry=0.9, duration=300.0, current=9.0)
