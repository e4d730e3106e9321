"""Coarse runs of the benchmarks of contact against the targets that hold at any resolution."""

from __future__ import annotations

import importlib
from typing import Any

import pytest
from mpi4py import MPI

from interstice.benchmarks.options import OptionError
from interstice.benchmarks.report import Result


def run(name: str, **inputs: Any) -> Result:
    module = importlib.import_module(f"interstice.benchmarks.{name}")
    return module.run(module.Options(**inputs), MPI.COMM_WORLD)


def assert_complementary(result: Result) -> None:
    assert result.errors["complementarity"] <= 1e-9
    assert result.errors["penetration"] <= 1e-9


@pytest.mark.parametrize("lateral", ["symmetric", "periodic"])
@pytest.mark.parametrize("load_ratio", [0.1, 0.4, 0.6])
def test_wavy_pressure_is_nearly_the_best_of_its_mesh(load_ratio: float, lateral: str) -> None:
    result = run("westergaard", elements=40, load_ratio=load_ratio, lateral=lateral)
    assert result.errors["pressure_l2"] <= 1.1 * result.errors["interpolant_l2"]
    assert result.errors["contact_width"] <= 1.0
    assert_complementary(result)


def test_error_of_the_wavy_pressure_falls_with_the_element_size() -> None:
    coarse, fine = (run("westergaard", elements=elements).errors for elements in (16, 64))
    assert fine["pressure_l2"] < coarse["pressure_l2"] / 3


def test_wavy_pressure_depends_on_the_moduli_through_the_composite_one() -> None:
    """1/E* = (1−ν₁²)/E₁ + (1−ν₂²)/E₂: one soft and one stiff block press as two equal ones do."""
    equal = run("westergaard", elements=16, upper_modulus=2e9, lower_modulus=2e9, upper_poisson=0.2, lower_poisson=0.2)
    other = run(
        "westergaard", elements=16, upper_modulus=1.01e9, lower_modulus=101e9, upper_poisson=0.2, lower_poisson=0.2
    )
    assert other.exact["peak_pressure [Pa]"] == pytest.approx(equal.exact["peak_pressure [Pa]"])
    assert other.computed["peak_pressure [Pa]"] == pytest.approx(equal.computed["peak_pressure [Pa]"], rel=0.02)


def test_wavy_contact_of_a_slice_is_that_of_plane_strain() -> None:
    result = run("westergaard", elements=32, dimension=3)
    assert result.errors["contact_width"] <= 1.0
    assert result.errors["pressure_l2"] <= 1.1 * result.errors["interpolant_l2"]
    assert_complementary(result)


@pytest.mark.parametrize("lateral", ["symmetric", "periodic"])
@pytest.mark.parametrize("load_ratio, softness", [(0.3, 0.01), (0.3, 0.1), (0.8, 0.001)])
def test_waves_pressed_flat_bear_their_hardness_and_stay_flat(load_ratio: float, softness: float, lateral: str) -> None:
    """The rim of a contact is known to the element that it has too much, or too little."""
    result = run("cold_press", elements=64, load_ratio=load_ratio, softness=softness, lateral=lateral)
    for key, expected in result.exact.items():
        assert result.computed[key] == pytest.approx(expected, abs=1.5 / 64), key
    assert result.errors["hardness"] == 0.0
    assert result.errors["energy"] <= 1e-9
    assert_complementary(result)


def test_laws_of_real_contact_hold_in_a_cell_and_nearly_on_a_surface() -> None:
    """Persson's law is good where much touches, a table everywhere; what is flattened recovers in part."""
    errors = run("micro_contact", points=64, waves=2, loads=(0.3, 0.8, 1.2)).errors
    assert errors["share"] <= 1e-9 and errors["retained"] <= 1e-9
    assert errors["elastic"] <= 0.02
    assert 0.08 <= errors["persson"] <= 0.25
    assert errors["flattened"] <= 0.04
    assert errors["recovered"] >= 0.05


@pytest.mark.parametrize("radius, force", [(10e-6, None), (3e-3, 2e5)])
def test_cylinder_presses_as_hertz_says(radius: float, force: float | None) -> None:
    result = run("hertz", dimension=2, elements=10, radius=radius, force=force)
    assert result.errors["p0"] <= 0.005
    assert result.errors["pressure_l2"] <= 1.1 * result.errors["interpolant_l2"]
    assert result.errors["contact_width"] <= 1.0
    assert_complementary(result)
    assert result.computed["force"] == pytest.approx(result.exact["force"], rel=1e-8)


def test_sphere_presses_as_hertz_says() -> None:
    result = run("hertz", dimension=3, elements=6, order=1)
    assert result.errors["p0"] <= 0.03
    assert result.errors["pressure_l2"] <= 1.1 * result.errors["interpolant_l2"]
    assert result.errors["contact_width"] <= 1.0
    assert_complementary(result)
    assert result.computed["force"] == pytest.approx(result.exact["force"], rel=1e-8)


@pytest.mark.parametrize("dimension", [2, 3])
def test_second_order_is_far_closer_and_does_not_oscillate(dimension: int) -> None:
    elements = 10 if dimension == 2 else 4
    linear, quadratic = (run("hertz", dimension=dimension, elements=elements, order=order) for order in (1, 2))
    assert quadratic.errors["p0"] < (5e-4 if dimension == 2 else linear.errors["p0"] / 4)
    assert quadratic.errors["pressure_l2"] < linear.errors["pressure_l2"] * (0.5 if dimension == 2 else 1.0)
    assert quadratic.errors["pressure_l2"] <= 1.1 * quadratic.errors["interpolant_l2"]
    assert_complementary(quadratic)


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("tilt", [0.0, 23.0])
@pytest.mark.parametrize("dimension, elements", [(2, 4), (3, 2)])
def test_uniform_stress_passes_through_the_interface(dimension: int, elements: int, tilt: float, order: int) -> None:
    assert run("patch", dimension=dimension, elements=elements, tilt=tilt, order=order).errors["stress"] <= 1e-10


@pytest.mark.parametrize("dimension, elements", [(2, 32), (3, 6)])
def test_pressing_again_is_as_pressing_once(dimension: int, elements: int) -> None:
    result = run("recontact", dimension=dimension, elements=elements)
    assert result.errors["pressure"] <= 1e-8
    assert result.computed["pressure_when_apart [Pa]"] == 0.0


def test_stiffness_of_a_punch_converges_to_sneddons() -> None:
    coarse, fine = (run("punch", elements=elements).errors["stiffness"] for elements in (8, 24))
    assert fine < 0.7 * coarse
    assert fine < 0.05


def test_stiffness_of_a_punch_does_not_see_the_far_faces() -> None:
    near, far = (run("punch", elements=8, domain=domain).computed["stiffness [N/m]"] for domain in (5.0, 10.0))
    assert near == pytest.approx(far, rel=0.01)


@pytest.mark.parametrize(
    "inputs",
    [
        {},
        {"longest": 25.0, "steps": 45},
        {"speed": 1e-9, "longest": 0.1, "overpotential": 0.3, "exchange_current_density": 100.0},
        {"elements": 2, "thickness": 200e-9, "temperature": 320.0, "longest": 10.0},
    ],
    ids=["default", "quarter steps", "fast", "thin and hot"],
)
def test_share_of_a_sliding_node_is_the_closed_form_whatever_the_steps(inputs: dict[str, Any]) -> None:
    result = run("sliding", **inputs)
    assert result.errors["activity"] <= 1e-6
    assert result.computed["activity at the end"] > 1e-3


def test_a_platen_that_follows_too_far_to_leave_anything_sliding_is_refused() -> None:
    with pytest.raises(OptionError, match="all of the film conducts"):
        run("sliding", longest=200.0)
