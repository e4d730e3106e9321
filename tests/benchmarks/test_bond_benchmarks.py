"""Benchmarks of a uniform bond: every law along every path, and the onset of damage of a bed of springs."""

from __future__ import annotations

from typing import Any

import pytest
from mpi4py import MPI

from interstice.benchmarks import spring_bed, traction_separation


@pytest.mark.parametrize("law", ["bilinear", "exponential", "trapezoidal"])
@pytest.mark.parametrize("mixity, path", [(0.0, "cycles"), (0.4, "random"), (1.0, "monotonic")])
def test_bond_follows_its_law_and_dissipates_its_toughness(law: str, mixity: float, path: str) -> None:
    options = traction_separation.Options(law=law, mixity=mixity, path=path, seed=3)
    result = traction_separation.run(options, MPI.COMM_WORLD)
    assert result.errors["traction"] <= 1e-8
    assert result.errors["dissipation"] <= 1e-8
    assert result.computed["damage"] == 1.0


@pytest.mark.parametrize(
    "inputs",
    [
        {"dimension": 3, "elements": 2},
        {"order": 2, "stiffness_ratio": 1.0, "exponent": 0.7},
        {"mixity_law": "power", "exponent": 1.0, "normal_strength": 1e5, "shear_strength": 50e6},
    ],
    ids=["3D", "unequal stiffnesses", "unequal strengths"],
)
def test_bond_follows_its_law_with_other_inputs(inputs: dict[str, Any]) -> None:
    errors = traction_separation.run(traction_separation.Options(**inputs), MPI.COMM_WORLD).errors
    assert max(errors.values()) <= 1e-8


@pytest.mark.parametrize(
    "inputs",
    [
        {"angle": 0.0},
        {"angle": 35.0, "dimension": 3},
        {"angle": 90.0},
        {"angle": 60.0, "mixity_law": "power", "exponent": 1.0, "order": 2},
        {"angle": 80.0, "normal_stiffness": 1e14, "shear_stiffness": 1e16, "upper_modulus": 1e9},
        {"angle": 20.0, "normal_strength": 1e9, "shear_strength": 1e3},
    ],
)
def test_bed_fails_where_its_springs_store_the_energy_of_onset(inputs: dict[str, Any]) -> None:
    errors = spring_bed.run(spring_bed.Options(**inputs), MPI.COMM_WORLD).errors
    assert errors["G"] <= 1e-8
    assert errors["onset"] <= 1e-8


def test_bed_that_is_pulled_straight_fails_at_its_strength() -> None:
    options = spring_bed.Options(angle=0.0)
    found = spring_bed.run(options, MPI.COMM_WORLD).computed
    assert found["p [Pa]"] == pytest.approx(options.normal_strength, rel=1e-8)
