"""Butler–Volmer in numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import ufl

from solver.interface.kinetics import FARADAY, GAS_CONSTANT, butler_volmer, exchange_current_density

TEMPERATURE = 298.15
THERMAL_VOLTAGE = GAS_CONSTANT * TEMPERATURE / FARADAY
J_0 = 12.0


def number(expression: Any) -> float:
    """Return the value of a UFL expression of numbers."""
    return float(ufl.as_ufl(expression)(()))


def current(eta: float, j_0: float = J_0, anodic: float = 0.5, cathodic: float = 0.5) -> float:
    return number(butler_volmer(j_0, ufl.as_ufl(eta), TEMPERATURE, anodic, cathodic))


def test_thermal_voltage_at_room_temperature_is_25_7_millivolts() -> None:
    assert pytest.approx(25.6926e-3, rel=1e-5) == THERMAL_VOLTAGE


@pytest.mark.parametrize("anodic, cathodic", [(0.5, 0.5), (0.3, 0.6)])
def test_small_overpotentials_give_the_charge_transfer_resistance(anodic: float, cathodic: float) -> None:
    """j → j_0 (α_a + α_c) F η/RT, with an error of second order in η."""
    etas = np.array([1e-3, 1e-4]) * THERMAL_VOLTAGE
    linear = J_0 * (anodic + cathodic) * etas / THERMAL_VOLTAGE
    errors = [abs(current(eta, J_0, anodic, cathodic) / j - 1) for eta, j in zip(etas, linear, strict=True)]
    assert max(errors) < 1e-3
    if anodic != cathodic:
        assert errors[0] / errors[1] == pytest.approx(10, rel=0.01)


@pytest.mark.parametrize("anodic, cathodic", [(0.5, 0.5), (0.3, 0.6)])
def test_tafel_slopes_are_those_of_the_transfer_coefficients(anodic: float, cathodic: float) -> None:
    etas = np.array([30.0, 40.0]) * THERMAL_VOLTAGE
    for sign, transfer in ((1, anodic), (-1, cathodic)):
        currents = [sign * current(sign * eta, J_0, anodic, cathodic) for eta in etas]
        assert np.log(currents[0] / J_0) == pytest.approx(transfer * 30, rel=1e-6)
        assert np.log(currents[1] / currents[0]) == pytest.approx(transfer * 10, rel=1e-6)


def test_current_has_the_sign_of_the_overpotential_and_vanishes_with_it() -> None:
    assert current(0.0) == 0.0
    assert current(0.01) > 0 > current(-0.01)


def test_symmetric_kinetics_is_odd_in_the_overpotential() -> None:
    for eta in (0.001, 0.05, 0.3):
        assert current(eta) == pytest.approx(-current(-eta), rel=1e-12)
        assert current(eta) == pytest.approx(2 * J_0 * np.sinh(0.5 * eta / THERMAL_VOLTAGE), rel=1e-12)


def test_exchange_current_is_the_reference_at_half_filling_and_symmetric_about_it() -> None:
    at = {theta: number(exchange_current_density(ufl.as_ufl(theta), J_0)) for theta in (0.1, 0.5, 0.9)}
    assert at[0.5] == pytest.approx(J_0, rel=1e-14)
    assert (at[0.1], at[0.9]) == pytest.approx((0.6 * J_0, 0.6 * J_0), rel=1e-12)


@pytest.mark.parametrize("theta", [-0.1, 0.0, 1.0, 1.2])
def test_exchange_current_stays_positive_beyond_empty_and_full(theta: float) -> None:
    assert 0.0 < number(exchange_current_density(ufl.as_ufl(theta), J_0)) < 0.003 * J_0
