"""Laws of charge transfer in numbers, and the current behind a film as an unknown of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import ufl
from builders import LENGTH, SIDES, constant, film_mesh, gathered
from dolfinx import fem
from scipy.optimize import brentq

from interstice.solver import algebra
from interstice.solver.constants import FARADAY, GAS_CONSTANT
from interstice.solver.domain import Domain
from interstice.solver.interface import kinetics
from interstice.solver.interface.kinetics import butler_volmer, exchange_current_density
from interstice.solver.physics import conduction

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


def test_exchange_current_follows_the_powers_of_host_and_salt() -> None:
    """Ratios of j_0 at two states give back the exponents."""

    def at(theta: float, salt: float) -> float:
        return float(exchange_current_density(theta, J_0, 0.7, 0.4, salt, 0.3))

    assert at(0.5, 1.0) == pytest.approx(J_0, rel=1e-14)
    assert at(0.5, 2.0) / at(0.5, 1.0) == pytest.approx(2**0.3, rel=1e-12)
    assert at(0.2, 1.0) / at(0.8, 1.0) == pytest.approx(0.25**0.4 * 4**0.7, rel=1e-12)
    assert at(0.2, 0.0) > 0.0


@pytest.mark.parametrize("law", kinetics.LAWS.values(), ids=kinetics.LAWS)
@pytest.mark.parametrize("anodic, cathodic", [(0.5, 0.5), (0.3, 1.0)])
def test_no_overpotential_overflows(law: Callable[..., Any], anodic: float, cathodic: float) -> None:
    etas = np.linspace(-1e3, 1e3, 20001)
    with np.errstate(all="raise", under="ignore"):
        j = law(J_0, etas, TEMPERATURE, anodic, cathodic)
    assert np.all(np.isfinite(j))
    assert np.all(np.diff(j) > 0)
    for eta in (-1e3, -1.0, 0.0, 0.3, 1e3):
        eta_ufl = ufl.variable(ufl.as_ufl(eta))
        symbolic = law(J_0, eta_ufl, TEMPERATURE, anodic, cathodic)
        assert number(symbolic) == pytest.approx(float(law(J_0, eta, TEMPERATURE, anodic, cathodic)), rel=1e-12)
        slope = ufl.algorithms.apply_derivatives.apply_derivatives(ufl.diff(symbolic, eta_ufl))
        assert 0 < number(slope) < np.inf


def test_exponential_goes_on_along_its_tangent() -> None:
    x, step = kinetics.LARGEST_EXPONENT, 1e-6
    below, at, above = (float(kinetics.exponential(value)) for value in (x - step, x, x + step))
    assert at == pytest.approx(np.exp(x), rel=1e-14)
    assert (above - at) / step == pytest.approx((at - below) / step, rel=1e-5)
    assert float(kinetics.exponential(x + 3)) == pytest.approx(4 * np.exp(x), rel=1e-14)


@pytest.mark.parametrize("anodic, cathodic", [(0.5, 0.5), (0.3, 0.6)])
def test_linear_law_is_the_tangent_of_butler_volmer(anodic: float, cathodic: float) -> None:
    eta = 1e-4 * THERMAL_VOLTAGE
    tangent = kinetics.linear(J_0, eta, TEMPERATURE, anodic, cathodic)
    assert float(tangent) == pytest.approx(current(eta, J_0, anodic, cathodic), rel=1e-4)


@pytest.mark.parametrize("anodic, cathodic", [(0.5, 0.5), (0.3, 0.6)])
def test_tafel_branches_are_pure_exponentials_joined_through_the_origin(anodic: float, cathodic: float) -> None:
    def j(x: float) -> float:
        return float(kinetics.tafel(J_0, x * THERMAL_VOLTAGE, TEMPERATURE, anodic, cathodic))

    for x in (1.0, 1.5, 20.0):
        assert j(x / anodic) == pytest.approx(J_0 * np.exp(x), rel=1e-12)
        assert j(-x / cathodic) == pytest.approx(-J_0 * np.exp(x), rel=1e-12)
    assert j(0.0) == 0.0
    for touching in (1 / anodic, -1 / cathodic):
        before, at, after = (j(touching * (1 + change)) for change in (-1e-6, 0.0, 1e-6))
        assert after - at == pytest.approx(at - before, rel=1e-4)


def test_compression_favours_delithiation() -> None:
    """The equilibrium potential moves by Ω σ_h/F; a swelling host under 100 MPa of pressure loses 1.2 mV."""
    assert kinetics.stress_overpotential(-1e8, 1.2e-6) == pytest.approx(1.2437e-3, rel=1e-4)
    assert kinetics.stress_overpotential(-1e8, -1.2e-6) < 0
    assert kinetics.strain_overpotential(0.01, 0.3) == pytest.approx(3e-3, rel=1e-14)


def test_rates_double_from_25_to_36_degrees_at_50_kilojoules() -> None:
    assert kinetics.arrhenius(5e4, 298.15, 298.15) == 1.0
    assert kinetics.arrhenius(5e4, 298.15 + 10.6, 298.15) == pytest.approx(2.0, rel=0.01)
    assert kinetics.arrhenius(5e4, 280.0, 298.15) < 1


def test_gap_charges_as_a_plate_capacitor_where_it_is_open() -> None:
    assert kinetics.gap_capacitance(1e-9, 2.0, 1e-10) == pytest.approx(17.708e-3, rel=1e-4)
    assert kinetics.gap_capacitance(0.0, 1.0, 1e-10) == pytest.approx(88.54e-3, rel=1e-4)
    assert kinetics.charging_current(0.02, 0.1, 0.0) == pytest.approx(2e-3, rel=1e-12)
    assert kinetics.charging_current(0.02, 0.1, 1.0) == 0.0


class FilmCell:
    """Two conductors in series with an interface of which a part does not react; the collector is at 50 mV."""

    CONDUCTIVITY, COLLECTOR = 0.1, 0.05

    def __init__(self, dimension: int, current_as_unknown: bool, resistance: float = 0.0, active: float = 0.6) -> None:
        self.domain = domain = Domain(film_mesh(dimension, 8 if dimension == 2 else 3))
        self.interface = interface = domain.interfaces[SIDES]
        phi = [fem.Function(domain.sides[name].space(), name=name) for name in SIDES]
        j, activity = interface.function("j"), interface.function("activity")
        self.active = interface.space.tabulate_dof_coordinates()[:, 0] < active * LENGTH
        activity.x.array[:] = self.active
        psi_e, psi_s, test = (ufl.TestFunction(f.function_space) for f in (*phi, j))
        temperature, j_0 = constant(domain, TEMPERATURE), constant(domain, J_0)

        def law(eta: Any) -> Any:
            return butler_volmer(j_0, eta, temperature, 0.5, 0.4)

        eta = phi[0]("+") - phi[1]("-")
        explicit = activity("+") * law(eta)
        flow = j("+") if current_as_unknown else explicit
        kappa = constant(domain, self.CONDUCTIVITY)
        load = J_0 * LENGTH ** (dimension - 1)
        fields = []
        for name, f, psi, part in zip(SIDES, phi, (psi_e, psi_s), (psi_e("+"), -psi_s("-")), strict=True):
            residual = conduction.residual(f, psi, kappa, domain.dx(domain.sides[name])) + flow * part * interface.dS
            fields.append(algebra.Field(f, residual, load))
        if current_as_unknown:
            film = constant(domain, resistance)
            behind = kinetics.film_residual(j("+"), test("+"), activity("+"), law, eta, film, interface.dS)
            fields.append(algebra.Field(j, behind, load))
        held = [domain.dofs(phi[0].function_space, "collector"), domain.dofs(phi[1].function_space, "counter")]
        phi[0].x.array[held[0]] = self.COLLECTOR
        constraints = algebra.Constraints(list(zip(phi, held, strict=True)))
        system = algebra.System(domain, fields, constraints, algebra.DIRECT)
        system.solve()
        self.current = j.x.array if current_as_unknown else interface.reader(explicit).read()


@pytest.mark.also_on_ranks(2, 3)
@pytest.mark.parametrize("dimension", [2, 3])
def test_current_as_an_unknown_is_the_current_of_the_law(dimension: int) -> None:
    cells = [FilmCell(dimension, unknown) for unknown in (False, True)]
    explicit, unknown = (gathered(cell.interface, cell.current)[1] for cell in cells)
    np.testing.assert_allclose(unknown, explicit, rtol=0, atol=1e-12 * explicit.max())
    assert np.all(cells[1].current[~cells[1].active] == 0.0)


@pytest.mark.also_on_ranks(2, 3)
def test_film_adds_its_resistance() -> None:
    """Where all of the interface reacts, the current is uniform: j = law(voltage − (2 L/κ + R) j)."""
    resistance = 2e-3
    cell = FilmCell(2, True, resistance, active=2.0)
    series = resistance + 2 * LENGTH / FilmCell.CONDUCTIVITY
    exact = brentq(lambda j: j - current(FilmCell.COLLECTOR - series * j, J_0, 0.5, 0.4), 0.0, 1e3, xtol=1e-12)
    np.testing.assert_allclose(gathered(cell.interface, cell.current)[1], exact, rtol=1e-10)
