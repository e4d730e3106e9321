"""Shear of the interface of a film whose concentration varies along it."""

from __future__ import annotations

from typing import Any

import pytest
from mpi4py import MPI

from interstice.benchmarks import shear_lag
from interstice.benchmarks.report import Result
from interstice.benchmarks.shear_lag import Options


def run(**inputs: Any) -> Result:
    return shear_lag.run(Options(**inputs), MPI.COMM_WORLD)


@pytest.mark.parametrize(
    "inputs",
    [{}, {"upper_poisson": 0.4}, {"lower_modulus": 20e9}, {"order": 1}],
    ids=["film on ceramic", "unlike transverse contraction", "soft substrate", "linear elements"],
)
def test_interface_balances_the_change_of_stress_along_the_film(inputs: dict[str, Any]) -> None:
    assert run(wavelength=1e-4, **inputs).errors["traction"] <= 0.02


def test_shear_lag_is_the_limit_of_long_waves() -> None:
    errors = [run(wavelength=wavelength).errors["traction"] for wavelength in (0.5e-4, 1e-4, 2e-4)]
    assert errors[0] > 1.8 * errors[1] > 3.2 * errors[2]


def test_rigid_substrate_takes_all_of_the_shear() -> None:
    result = run(wavelength=1e-4, lower_modulus=150e12)
    assert result.computed["shear over that on a rigid substrate"] == pytest.approx(1.0, abs=0.01)
