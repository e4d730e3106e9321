"""Laws of solids that flow, at a point: they obey their equations whatever the stress, and their slopes are theirs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from interstice.solver.bodies.solids.anand import Anand
from interstice.solver.bodies.solids.creep import PowerLaw
from interstice.solver.bodies.solids.plastic import Plasticity
from interstice.solver.bodies.solids.radial_return import Law, relax
from interstice.solver.constants import GAS_CONSTANT

STIFFNESS = 8.5e9
CREEP = PowerLaw(7.7e-3, 1e6, 6.56, 37e3)
LITHIUM = Anand(4.25e4, 37e3, 0.15, 0.95e6, 2.0e6, 10e6, 2.0, 0.05)
METAL = Plasticity(0.6e6, 50e6)
LAWS = pytest.mark.parametrize("law", [CREEP, LITHIUM, METAL], ids=["creep", "anand", "plastic"])
DECADES = np.geomspace(1.0, 1e15, 46)
"""Trial stresses [Pa] from nothing to a thousand times the strength of any bond."""


def start(law: Law, stresses: np.ndarray) -> dict[str, np.ndarray]:
    return {name: np.full_like(stresses, value) for name, value in law.variables.items()}


@LAWS
def test_what_is_left_of_a_stress_grows_with_it_and_never_beyond_it(law: Law) -> None:
    flow = law.flow(DECADES, STIFFNESS, start(law, DECADES), 298.15, 10.0)
    assert np.all(np.diff(flow.stress) > 0.0) and np.all(flow.stress <= DECADES)
    assert np.all((flow.slope > 0.0) & (flow.slope <= 1.0))
    assert flow.stress[-1] < 1e-2 * DECADES[-1]


@LAWS
def test_the_slope_is_that_of_the_stress(law: Law) -> None:
    step = 1e-5 * DECADES
    above, below = (law.flow(DECADES + d, STIFFNESS, start(law, DECADES), 298.15, 10.0) for d in (step, -step))
    flow = law.flow(DECADES, STIFFNESS, start(law, DECADES), 298.15, 10.0)
    far = flow.stress > 1e-9 * DECADES  # below, the difference is one of rounding
    difference = (above.stress - below.stress) / (2 * step)
    np.testing.assert_allclose(flow.slope[far], difference[far], rtol=1e-4)


@pytest.mark.parametrize(
    "law", [CREEP, replace(LITHIUM, hardening_modulus=0.0), METAL], ids=["creep", "anand", "plastic"]
)
def test_a_stress_and_the_flow_under_it_lead_back_to_it(law: Law) -> None:
    """q* = q + 3μ Δγ; of a resistance that hardens, before it has done so."""
    variables, step = start(law, DECADES), (330.0, 10.0)
    if law is METAL:
        variables = {"plastic strain": np.full_like(DECADES, 0.01)}
    stress = law.flow(DECADES, STIFFNESS, variables, *step).stress
    increment = law.increment(stress, variables, *step)
    assert np.all(increment >= 0.0) and increment[-1] > 1e3
    flow = law.flow(stress + STIFFNESS * increment, STIFFNESS, variables, *step)
    np.testing.assert_allclose(flow.stress, stress, rtol=1e-9)


def test_creep_has_the_rate_of_its_power_law_over_all_decades() -> None:
    warm, time = 330.0, 10.0
    flow = CREEP.flow(DECADES, STIFFNESS, {}, warm, time)
    increment = (DECADES - flow.stress) / STIFFNESS
    arrhenius = np.exp(-37e3 / GAS_CONSTANT * (1 / warm - 1 / 298.15))
    flowing = increment > 1e-10
    assert flowing.sum() > 20
    exact = time * 7.7e-3 * arrhenius * (flow.stress / 1e6) ** 6.56
    np.testing.assert_allclose(increment[flowing], exact[flowing], rtol=1e-5)
    # at the temperature of its numbers it has the rate that they say
    there = replace(CREEP, reference_temperature=warm).flow(DECADES, STIFFNESS, {}, warm, time)
    cold = CREEP.flow(DECADES, STIFFNESS, {}, 298.15, time)
    np.testing.assert_allclose(there.stress, cold.stress, rtol=1e-12)


def test_the_flow_under_any_stress_is_found_in_few_steps() -> None:
    asked = []

    def resistance(y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        asked.append(y)
        return np.log(1e6) + (y - np.log(0.077)) / 6.56, np.full_like(y, 1 / 6.56)

    y, stress, _ = relax(DECADES, STIFFNESS, resistance)
    np.testing.assert_allclose(stress + STIFFNESS * np.exp(y), DECADES, rtol=1e-9)
    assert len(asked) <= 12


def test_the_resistance_of_anand_follows_its_equation() -> None:
    """By backward Euler, hardening from below and softening from above."""
    stresses = np.array([1e8, 1e9, 1e10])
    for resistance in (0.95e6, 5e6):
        before = {"resistance": np.full_like(stresses, resistance)}
        flow = LITHIUM.flow(stresses, STIFFNESS, before, 298.0, 100.0)
        after, increment = flow.variables["resistance"], (stresses - flow.stress) / STIFFNESS
        ratio = increment / 100.0 / (4.25e4 * np.exp(-37e3 / GAS_CONSTANT / 298.0))
        np.testing.assert_allclose(flow.stress, after * ratio**0.15, rtol=1e-6)
        away = 1 - after / (2.0e6 * ratio**0.05)
        np.testing.assert_allclose(after - resistance, 10e6 * increment * abs(away) ** 2 * np.sign(away), rtol=1e-4)
        assert np.all((after > resistance) == (resistance < 2e6))


@pytest.mark.parametrize("law", [CREEP, LITHIUM], ids=["creep", "anand"])
def test_what_takes_time_does_not_flow_in_none(law: Law) -> None:
    flow = law.flow(DECADES, STIFFNESS, start(law, DECADES), 298.15, 0.0)
    np.testing.assert_array_equal(flow.stress, DECADES)
    np.testing.assert_array_equal(flow.slope, 1.0)


def test_a_metal_yields_in_no_time_and_remembers_by_how_much() -> None:
    stresses = np.array([0.5e6, 1e6, 1e8])
    flow = METAL.flow(stresses, STIFFNESS, start(METAL, stresses), 298.15, 0.0)
    assert flow.stress[0] == stresses[0] and flow.slope[0] == 1.0
    np.testing.assert_allclose(flow.stress[1:], METAL.strength(flow.variables["plastic strain"][1:]), rtol=1e-12)
