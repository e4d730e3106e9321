"""The bilayer with eigenstrain against Timoshenko's curvature."""

from __future__ import annotations

from typing import Any

import pytest
from mpi4py import MPI

from interstice.benchmarks import bilayer
from interstice.benchmarks.bilayer import Options
from interstice.benchmarks.report import Result


def run(**inputs: Any) -> Result:
    return bilayer.run(Options(**inputs), MPI.COMM_WORLD)


@pytest.mark.parametrize(
    "inputs",
    [
        {},
        {"lower_thickness": 0.3e-6, "slenderness": 5.0},
        {"upper_modulus": 1e9, "lower_modulus": 200e9},
        {"upper_poisson": 0.0, "lower_poisson": 0.45},
    ],
    ids=["film on substrate", "thick film", "soft film", "unlike transverse contraction"],
)
def test_layer_that_swells_bends_both_as_timoshenko_says(inputs: dict[str, Any]) -> None:
    result = run(elements=2, **inputs)
    assert result.computed["curvature [1/m]"] < 0
    assert result.errors["curvature"] <= 0.005


def test_linear_elements_converge_to_the_same_curvature() -> None:
    coarse, fine = (run(elements=elements, order=1).errors["curvature"] for elements in (2, 8))
    assert fine < coarse / 2
