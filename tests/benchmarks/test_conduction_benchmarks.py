"""Coarse runs of the benchmarks of mechanics and conduction together."""

from __future__ import annotations

import importlib
from typing import Any

import pytest
from mpi4py import MPI

from interstice.benchmarks.options import OptionError
from interstice.benchmarks.report import Result
from interstice.benchmarks.ring_elements import BlockedPatch


def run(name: str, **inputs: Any) -> Result:
    module = importlib.import_module(f"interstice.benchmarks.{name}")
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


def test_current_crowds_round_a_blocked_patch_as_by_boundary_elements() -> None:
    coarse, fine = (run("blocked_patch", elements=elements) for elements in (100, 1000))
    assert fine.errors["focusing"] < 0.3 * coarse.errors["focusing"]
    assert fine.errors["focusing"] < 0.003
    assert fine.errors["profile"] < 0.003
    for key, exact in fine.exact.items():
        assert fine.computed[key] == pytest.approx(exact, rel=0.003)


def test_crowding_round_a_patch_is_told_by_its_radius_over_the_length_of_both_sides() -> None:
    """a/κZ = 2, where κ is of two sides alike in series."""
    inputs = {"upper_conductivity": 3.0, "lower_conductivity": 1.5, "resistance": 2e-3, "radii": (4e-3,)}
    result = run("blocked_patch", elements=300, **inputs)
    assert result.exact["k_J (a/κZ = 2)"] == pytest.approx(BlockedPatch.solve(2.0).focusing, rel=1e-12)
    assert result.errors["focusing"] < 0.01


def test_blocked_patch_does_not_see_where_the_domain_ends() -> None:
    key = "k_J (a/κZ = 1.5)"
    near, far = (run("blocked_patch", elements=300, radii=(30e-6,), domain=size) for size in (20.0, 80.0))
    assert near.computed[key] == pytest.approx(far.computed[key], rel=0.002)
    assert far.errors["cut_off"] < near.errors["cut_off"] / 20  # it falls as r⁻³
    assert far.errors["cut_off"] < 1e-4


@pytest.mark.parametrize("inputs", [{"elements": 8, "loads": (0.2,)}, {"dimension": 2}], ids=["blocks", "profile"])
def test_rough_contact_conducts_as_it_is_stiff(inputs: dict[str, Any]) -> None:
    assert run("barber", **inputs).errors["ratio"] <= 0.02


def test_ratio_of_conductance_and_stiffness_does_not_depend_on_what_the_blocks_are_made_of() -> None:
    inputs = {"dimension": 2, "loads": (0.1,), "roughness": "afm_10um_256"}
    unlike = {"upper_modulus": 200e9, "lower_modulus": 2e9, "upper_poisson": 0.2, "upper_conductivity": 0.1}
    for materials in ({}, unlike):
        assert run("barber", **inputs, **materials).errors["ratio"] <= 0.02


@pytest.mark.parametrize("lateral, roughness_as", [("symmetric", "profile"), ("periodic", "gap")])
def test_current_densities_over_the_areas_are_the_applied_one(lateral: str, roughness_as: str) -> None:
    amplitude = 50e-9 if roughness_as == "profile" else 0.5e-9
    result = run("areas", cycles=2, elements=8, lateral=lateral, roughness_as=roughness_as, amplitude=amplitude)
    assert result.computed["least active fraction"] < 0.9
    assert result.errors["identity"] <= 1e-12


def test_nothing_crosses_where_contact_is_lost_and_nothing_is_lost_on_the_way() -> None:
    result = run("blocking", cycles=3, elements=8)
    assert result.computed["least touching fraction"] < 0.9
    assert result.errors["detached_current"] == 0.0
    assert result.errors["charge"] <= 1e-10
    assert result.errors["lithium"] <= 1e-10


def test_cell_that_loses_contact_for_good_ends_in_words() -> None:
    with pytest.raises(OptionError, match="open circuit: nothing that conducts presses any more"):
        run("areas", cycles=1, elements=8, duration=40.0)


@pytest.mark.parametrize("inputs", [{}, {"current": -3.0, "pressure": 20e6, "molar_volume": 23.7e-6, "steps": 1}])
def test_surface_of_a_metal_moves_by_faradays_law_and_nothing_presses_harder(inputs: dict[str, Any]) -> None:
    result = run("stripping", elements=2, **inputs)
    assert result.errors["velocity"] <= 1e-10
    assert result.errors["pressure"] <= 1e-10
