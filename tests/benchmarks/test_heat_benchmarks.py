"""Coarse runs of the benchmarks of heat."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import pytest
from mpi4py import MPI
from scipy.integrate import quad

from interstice.benchmarks import runaway
from interstice.benchmarks.options import OptionError
from interstice.benchmarks.report import Result
from interstice.solver.constants import GAS_CONSTANT


def run(name: str, **inputs: Any) -> Result:
    module = importlib.import_module(f"interstice.benchmarks.{name}")
    return module.run(module.Options(**inputs), MPI.COMM_WORLD)


@pytest.mark.parametrize(
    "inputs",
    [
        {"elements": 40},
        {"elements": 20, "upper_thickness": 2.0, "lower_thickness": 8.0},
        {"elements": 40, "voltage": 150.0, "conductivity": 1.0, "thermal_conductivity": 0.3},
        {"elements": 12, "dimension": 3},
    ],
    ids=["strip", "unlike heights", "hot", "circle"],
)
def test_hottest_point_of_a_constriction_is_kohlrauschs(inputs: dict[str, Any]) -> None:
    result = run("kohlrausch", **inputs)
    assert result.errors["temperature"] <= 0.01
    assert result.errors["field"] <= 0.05


@pytest.mark.parametrize(
    "inputs",
    [
        {},
        {"contact": None, "open_contact": 0.0, "share": 1.0},
        {"upper_source": 0.0, "lower_source": 0.0},
        {"upper_source": 0.0, "lower_source": 0.0, "contact_source": 0.0, "upper_ambient": 400.0},
        {"upper_thickness": 1e-6, "upper_conductivity": 0.1, "contact_source": 0.0, "share": 0.05},
        {"upper_transfer": 10.0, "lower_transfer": 20.0},
    ],
    ids=["all", "perfect contact", "heat of the contact", "surroundings", "thin layer", "hot"],
)
def test_steady_temperature_of_a_stack_is_that_of_its_layers(inputs: dict[str, Any]) -> None:
    result = run("thermal_stack", elements=8, **inputs)
    assert result.errors["temperature"] <= 0.002
    assert result.errors["made"] <= 1e-12
    assert result.errors["balance"] <= 1e-9


def test_a_stack_in_which_nothing_is_heated_is_refused() -> None:
    with pytest.raises(OptionError, match="nothing is heated"):
        run("thermal_stack", upper_source=0.0, lower_source=0.0, contact_source=0.0, upper_ambient=303.15)


@pytest.mark.parametrize("ambient", [298.15, 318.0])
def test_no_energy_is_lost_by_a_cell_that_heats_itself(ambient: float) -> None:
    result = run("joule_balance", elements=8, ambient=ambient)
    assert result.computed["least active fraction"] < 0.5
    assert abs(result.computed["warmest [K]"] - 298.15) > 1.0
    assert result.errors["energy"] <= 1e-10


def test_time_of_runaway_converges_to_that_of_holms_spot() -> None:
    coarse, fine = (run("runaway", elements=elements).errors for elements in (5, 12))
    assert fine["time"] < 0.6 * coarse["time"] and fine["time"] < 0.04
    assert fine["steady"] < 0.6 * coarse["steady"] and fine["steady"] < 0.02


def test_a_spot_that_heats_fast_shrinks_at_its_steady_temperature() -> None:
    options = runaway.Options(current=6e-6, radius=2e-6, resistivity_energy=10e3)
    conductivity = (
        options.thermal_conductivity
        / options.resistivity
        * np.exp(options.resistivity_energy / GAS_CONSTANT * (1 / options.ambient - 1 / options.limit))
    )
    smallest = options.current / 2 / np.sqrt(conductivity * (options.limit - options.ambient))

    def seconds_per_metre(radius: float) -> float:
        spot = options.model_copy(update={"radius": radius})
        rise = runaway.steady_rise(spot, 2.0, options.current)
        excess = options.stress - max(options.critical_stress - options.softening * rise, 0.0)
        speed = options.mobility * np.exp(-options.mobility_energy / GAS_CONSTANT / (options.ambient + rise))
        return 1 / (speed * excess)

    expected, _ = quad(seconds_per_metre, smallest, options.radius, epsrel=1e-8)
    found = runaway.course(options, 2.0, options.current)
    assert found.time == pytest.approx(expected, rel=1e-4)
    assert found.radius * options.radius == pytest.approx(smallest, rel=1e-4)


@pytest.mark.parametrize(
    "inputs, words",
    [
        ({"current": 1e-6}, "does not run away"),
        ({"steady_current": 4e-6}, "steady-current 4e-06: the spot"),
        ({"limit": 290.0}, "has to be above"),
    ],
)
def test_currents_that_do_not_do_what_is_asked_of_them_are_refused(inputs: dict[str, float], words: str) -> None:
    with pytest.raises(OptionError, match=words):
        run("runaway", elements=4, **inputs)
