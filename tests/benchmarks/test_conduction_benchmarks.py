"""Coarse runs of the benchmarks of mechanics and conduction together."""

from __future__ import annotations

import importlib
from typing import Any

import pytest
from mpi4py import MPI

from benchmarks.report import Result


def run(name: str, **inputs: Any) -> Result:
    module = importlib.import_module(f"benchmarks.{name}")
    return module.run(module.Options(**inputs), MPI.COMM_WORLD)


@pytest.mark.parametrize("load_ratio", [0.05, 0.4, 0.8])
def test_wavy_contact_constricts_the_current_of_each_half_space(load_ratio: float) -> None:
    result = run("wavy_constriction", elements=16, load_ratio=load_ratio)
    assert result.errors["resistance"] <= 0.01
    for key, exact in result.exact.items():
        assert result.computed[key] == pytest.approx(exact, rel=0.01)


def test_constriction_is_shared_as_the_resistivities_are_however_unlike_the_moduli() -> None:
    inputs = {"upper_modulus": 1e9, "lower_modulus": 200e9, "upper_conductivity": 3.0, "lower_conductivity": 1.0}
    computed = run("wavy_constriction", elements=16, **inputs).computed
    assert computed["lower_resistance [ohm m]"] == pytest.approx(3 * computed["upper_resistance [ohm m]"], rel=0.01)


def test_resistance_of_a_spot_converges_to_holms() -> None:
    coarse, fine = (run("holm", elements=elements).errors["resistance"] for elements in (5, 15))
    assert fine < 0.6 * coarse
    assert fine < 0.01


def test_resistance_of_a_spot_does_not_see_the_far_faces() -> None:
    inputs = {"elements": 8, "order": 1, "upper_conductivity": 2.0, "lower_conductivity": 5.0}
    near, far = (run("holm", domain=domain, **inputs).computed["resistance [ohm]"] for domain in (5.0, 10.0))
    assert near == pytest.approx(far, rel=0.005)
