"""Solids that flow against closed forms, on coarse meshes; and that the errors grow where they have to."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest
from mpi4py import MPI

from interstice.benchmarks import closed_form, creep, creeping_step, indent, plastic_cylinder, squeeze, void
from interstice.benchmarks.options import OptionError
from interstice.benchmarks.report import Result


def run(benchmark: ModuleType, **inputs: Any) -> Result:
    result: Result = benchmark.run(benchmark.Options(**inputs), MPI.COMM_WORLD)
    return result


# --- bars -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "inputs",
    [
        {},
        {"temperature": 340.0, "initial_resistance": 3e6, "poisson_ratio": 0.1, "exponent": 3.0, "strain_rate": 5e-4},
        {"dimension": 3, "strain_rate": 1e-3, "steps": 5},
    ],
    ids=["lithium", "warmer and softening", "3D"],
)
def test_bars_flow_as_norton_and_anand_say(inputs: dict[str, Any]) -> None:
    errors = run(creep, **inputs).errors
    assert max(errors.values()) <= 0.005
    # the strain rate of the power law does not depend on the step of time
    assert errors["power_law"] <= 1e-9


def test_steps_of_strain_bring_the_saturated_stress_closer() -> None:
    coarse, fine = (
        run(creep, hardening_exponent=1.0, strain_rate=1e-3, steps=steps).errors["anand_saturated"] for steps in (4, 8)
    )
    assert fine < 0.7 * coarse


def test_bar_that_hardens_as_steeply_as_it_is_stiff_is_refused() -> None:
    with pytest.raises(OptionError, match="flow begins"):
        creep.Options.parse(["--hardening-modulus", "1e9"])


# --- yield ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "inputs",
    [{}, {"sticking": False, "yield_strength": 30e6, "young_modulus": 20e9, "half_width": 3e-4}],
    ids=["sticking", "sliding on another solid"],
)
def test_mean_pressure_below_a_punch_is_that_of_prandtl(inputs: dict[str, Any]) -> None:
    result = run(indent, elements=16, steps=6, **inputs)
    assert result.errors["pressure"] <= 0.03
    assert result.computed["rise in the last step [Pa]"] < 0.01 * result.computed["mean pressure [Pa]"]


def test_pressure_below_a_punch_converges_with_the_mesh_and_is_less_at_half_the_depth() -> None:
    coarse, fine = (run(indent, elements=elements, steps=6).errors["pressure"] for elements in (8, 32))
    assert fine < coarse / 2
    half = run(indent, elements=8, steps=4, depth=2.0)
    assert half.computed["mean pressure [Pa]"] < 0.95 * half.exact["mean pressure [Pa]"]


@pytest.mark.parametrize("poisson_ratio", [0.0, 0.3, 0.49])
def test_tube_yields_up_to_the_front_of_the_radial_problem(poisson_ratio: float) -> None:
    result = run(plastic_cylinder, elements=20, steps=3, poisson_ratio=poisson_ratio)
    assert result.errors["front"] <= 0.004
    # the closed form is that of an incompressible solid
    assert result.errors["hill"] == pytest.approx({0.0: 0.037, 0.3: 0.0056, 0.49: 0.0}[poisson_ratio], abs=0.003)


def test_ideal_plasticity_of_a_tube_under_rising_pressure_does_not_depend_on_the_steps() -> None:
    once, often = (run(plastic_cylinder, elements=8, steps=steps).computed["front [m]"] for steps in (1, 8))
    assert once == pytest.approx(often, rel=2e-3)


@pytest.mark.parametrize("poisson_ratio", [0.2, 0.499999])
def test_radial_reference_of_the_tube_keeps_its_front_when_refined(
    poisson_ratio: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And that of a solid that keeps its volume is Hill's."""
    arguments = 1.0, 2.0, 0.72, (7000.0, poisson_ratio), 1.0
    fine = plastic_cylinder.radial_reference(*arguments)
    monkeypatch.setattr(plastic_cylinder, "CELLS", 100)
    monkeypatch.setattr(plastic_cylinder, "LOADS", 20)
    assert plastic_cylinder.radial_reference(*arguments) == pytest.approx(fine, rel=2e-4)
    hill = closed_form.tube_front(0.72, 1.0, 2.0, 1 / np.sqrt(3))
    assert (abs(hill / fine - 1) < 1e-4) == (poisson_ratio > 0.49)


def test_tube_that_does_not_yield_is_refused_with_the_load_from_which_it_does() -> None:
    with pytest.raises(OptionError, match=r"--load 0\.4: the tube yields from 0\.54"):
        plastic_cylinder.Options.parse(["--load", "0.4"])


# --- voids ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", ["cylinder", "sphere"])
@pytest.mark.parametrize("exponent", [1.0, 3.0, 6.6])
def test_void_closes_at_its_rate_in_an_infinite_solid(shape: str, exponent: float) -> None:
    result = run(void, shape=shape, exponent=exponent, elements=8, pressure=3e5)
    assert result.errors["rate"] <= 0.01


def test_rate_of_a_void_converges_with_the_square_of_the_element_size() -> None:
    coarse, fine = (run(void, elements=elements).errors["rate"] for elements in (4, 8))
    assert fine < coarse / 3


def test_rate_of_a_void_does_not_depend_on_where_the_solid_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """But it does where the pressure far away is put there: (1 − (a/b)^(2/n))^−n times as fast."""
    near, far = (run(void, elements=8, exponent=3.0, extent=extent).computed["growth rate [1/s]"] for extent in (3, 9))
    assert near == pytest.approx(far, rel=2e-3)
    monkeypatch.setattr(closed_form, "void_pressure", lambda shape, distance, pressure, exponent: pressure)
    wrong = run(void, elements=8, exponent=3.0, extent=9)
    assert wrong.computed["growth rate [1/s]"] / far == pytest.approx((1 - 9 ** (-2 / 3)) ** -3, rel=5e-3)


# --- films ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("exponent", [1.0, 3.0, 6.6])
def test_squeezed_film_thins_as_scott_says(exponent: float) -> None:
    result = run(squeeze, exponent=exponent, elements=4, steps=1)
    assert result.errors["thickness"] <= 0.03


def test_film_that_is_not_thin_is_no_lubrication() -> None:
    thick, thin = (
        run(squeeze, exponent=3.0, elements=3, steps=1, slenderness=s).errors["thickness"] for s in (5.0, 40.0)
    )
    assert thin < thick / 3


def test_thickness_follows_a_power_of_itself_between_those_that_are_computed() -> None:
    """−ḣ = 3h⁴ from h = 1 on: h = (1 + 9t)^(−1/3), also beyond the last."""
    thicknesses = np.array([1.0, 0.8, 0.5])
    for time in (0.01, 0.3, 2.0):
        found = squeeze._thickness(time, thicknesses, 3 * thicknesses**4)
        assert found == pytest.approx((1 + 9 * time) ** (-1 / 3))


# --- cost -------------------------------------------------------------------------------------------------


def test_creeping_step_takes_at_most_twice_the_newton_steps_of_an_elastic_one(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(creeping_step, steps=12).errors["newton"] == 0.0
    monkeypatch.setattr(creeping_step, "PROMISED", 0.1)
    assert run(creeping_step, steps=5).errors["newton"] > 0.0
