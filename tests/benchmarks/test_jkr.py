"""Coarse runs of the adhering sphere, and its closed forms against each other."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from mpi4py import MPI

from interstice.benchmarks import closed_form, jkr

RADIUS, MODULUS, WORK = 10e-6, 20e9, 0.2


@pytest.mark.parametrize(
    "inputs",
    [
        {"tabor": 3.0, "steps": 6},
        {"radius": 1e-3, "work": 0.05, "upper_modulus": 5e6, "lower_modulus": 70e9, "steps": 8},
    ],
    ids=["stiff", "soft on stiff"],
)
def test_sphere_adheres_on_one_curve_of_loading_and_unloading(inputs: dict[str, Any]) -> None:
    result = jkr.run(jkr.Options(elements=3, **inputs), MPI.COMM_WORLD)
    assert result.errors["pull_off"] <= 0.03
    assert result.errors["radius"] <= 0.03
    assert result.errors["pull_off_at_this_range"] <= 0.01
    assert result.errors["loop"] <= 1e-8
    assert result.computed["tabor_number"] == pytest.approx(inputs.get("tabor", 4.0))


def test_pull_off_is_the_largest_pull_and_the_radius_without_load_is_a_root() -> None:
    a_0 = closed_form.jkr_zero_load_radius(RADIUS, MODULUS, WORK)
    assert a_0 == pytest.approx(0.242e-6, rel=2e-3)
    radii = np.linspace(0.3, 1.2, 100001) * a_0
    forces = closed_form.jkr_force(radii, RADIUS, MODULUS, WORK)
    pull_off = closed_form.jkr_pull_off(RADIUS, WORK)
    assert -np.min(forces) == pytest.approx(pull_off, rel=1e-8)
    assert closed_form.jkr_force(a_0, RADIUS, MODULUS, WORK) == pytest.approx(0.0, abs=1e-12 * pull_off)


def test_strong_attraction_of_short_range_pulls_off_as_in_the_limit() -> None:
    """Maugis: from Johnson, Kendall and Roberts' 3πwR/2 at short range to Derjaguin's 2πwR at long."""
    limit = closed_form.jkr_pull_off(RADIUS, WORK)
    tabor = np.array([0.05, 20.0])
    strengths = WORK / (np.cbrt(RADIUS * WORK**2 / MODULUS**2) / tabor)
    long, short = (closed_form.dugdale_pull_off(RADIUS, MODULUS, WORK, strength) for strength in strengths)
    assert short == pytest.approx(limit, rel=1e-3)
    assert long == pytest.approx(4 / 3 * limit, rel=0.03)
