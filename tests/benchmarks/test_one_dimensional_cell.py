"""The one-dimensional cell against closed forms of diffusion, conduction and charge transfer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from interstice.benchmarks.one_dimensional_cell import FARADAY, GAS_CONSTANT, Cell, Film, Step, overpotential

TEMPERATURE = 300.0
FILM = Film(
    thickness=2e-6,
    maximum_concentration=5e4,
    diffusivity=lambda theta: np.full_like(theta, 4e-15),
    conductivity=np.ones_like,
    potential=lambda theta: 4.5 - theta,
    initial_stoichiometry=0.6,
    exchange_current_density=10.0,
)
HALF = Cell(FILM, 10e-6, 0.1, TEMPERATURE)
FULL = replace(
    HALF, anode=replace(FILM, thickness=3e-6, initial_stoichiometry=0.2, potential=lambda theta: 0.3 - theta / 5)
)
FAST = replace(FILM, diffusivity=lambda theta: np.full_like(theta, 1e-8))
J, D, L = 2.0, 4e-15, FILM.thickness
GRADIENT = J * L / (FARADAY * D * FILM.maximum_concentration)


def surface(time: float) -> float:
    """θ_s at constant current, the series of a plane sheet (Crank, The Mathematics of Diffusion, eq. 4.55)."""
    n = np.arange(1, 400)
    tau = D * time / L**2
    return FILM.initial_stoichiometry - GRADIENT * (
        tau + 1 / 3 - 2 / np.pi**2 * np.sum(np.exp(-tau * (n * np.pi) ** 2) / n**2)
    )


@pytest.mark.parametrize("time", [10.0, 100.0, 1000.0])
def test_the_surface_follows_the_series_of_a_plane_sheet(time: float) -> None:
    (course,) = HALF.run([Step(1000.0, J)])
    assert course.theta(time)[0] == pytest.approx(surface(time), abs=1e-5)


def test_the_surface_begins_as_sand_says() -> None:
    (course,) = HALF.run([Step(20.0, J)])
    drop = FILM.initial_stoichiometry - course.theta(20.0)[0]
    assert drop == pytest.approx(2 * J * np.sqrt(20.0 / (np.pi * D)) / (FARADAY * FILM.maximum_concentration), rel=1e-3)


def test_the_profile_becomes_a_parabola() -> None:
    (course,) = HALF.run([Step(2000.0, J)])
    x = FILM.x / L
    parabola = course.stoichiometries(2000.0)[0] + GRADIENT * (x - x**2 / 2 - 1 / 3)
    np.testing.assert_allclose(course.theta(2000.0), parabola, atol=1e-5)


@pytest.mark.parametrize("exponent", [0.0, 2.0, -3.0])
def test_where_the_integral_of_the_diffusivity_is_a_parabola_the_film_empties_evenly(exponent: float) -> None:
    # K = ∫ D dθ with D = D_0 e^(kθ); ∂²K/∂x² is the same everywhere, so that ∂θ/∂t is
    def errors(nodes: int) -> float:
        film = replace(FILM, nodes=nodes, diffusivity=lambda theta: D * np.exp(exponent * theta))
        x = film.x / L
        k = np.exp(exponent * 0.6) + exponent * 0.5 * GRADIENT * (x - x**2 / 2 - 1 / 3)
        theta = np.log(k) / exponent if exponent else 0.6 + 0.5 * GRADIENT * (x - x**2 / 2 - 1 / 3)
        even = -J / (2 * FARADAY * film.maximum_concentration * L)
        return float(np.abs(film.rate(theta, J / 2) / even - 1)[1:-1].max())

    coarse, fine = errors(20), errors(40)
    assert fine < 0.3 * coarse or fine < 1e-9
    assert fine < 1e-3


@pytest.mark.parametrize("cell", [HALF, FULL], ids=["half cell", "full cell"])
def test_lithium_is_what_the_charge_leaves(cell: Cell) -> None:
    steps = [
        Step(300.0, J),
        Step(200.0),
        Step(300.0, voltage=cell.voltage([np.full(cell.cathode.nodes, 0.62), np.full(cell.cathode.nodes, 0.18)], 0.0)),
    ]
    charge, rest, hold = cell.run(steps)
    for film, sign, mean in zip(cell.films, (1, -1), charge.stoichiometries(300.0), strict=False):
        left = sign * J * 300.0 / (FARADAY * film.maximum_concentration * film.thickness)
        assert film.initial_stoichiometry - mean == pytest.approx(left, rel=1e-7)
    np.testing.assert_allclose(rest.stoichiometries(200.0), charge.stoichiometries(300.0), atol=1e-9)
    amounts = [
        sum(
            film.thickness * theta
            for film, theta in zip(cell.films, course.stoichiometries(course.step.duration), strict=True)
        )
        for course in (rest, hold)
    ]
    if cell.anode:
        assert amounts[1] == pytest.approx(amounts[0], rel=1e-8)
    else:
        assert amounts[1] > amounts[0]


@pytest.mark.parametrize("cell", [HALF, FULL], ids=["half cell", "full cell"])
def test_at_rest_the_voltage_becomes_the_difference_of_the_open_circuit_potentials(cell: Cell) -> None:
    rest = cell.run([Step(200.0, J), Step(20_000.0)])[-1]
    potentials = [
        float(film.potential(np.asarray(mean)))
        for film, mean in zip(cell.films, rest.stoichiometries(20_000.0), strict=True)
    ]
    assert rest.voltage(20_000.0) == pytest.approx(potentials[0] - sum(potentials[1:]), abs=1e-6)


def test_without_diffusion_and_charge_transfer_the_voltage_drops_as_ohm_says() -> None:
    film = replace(FAST, exchange_current_density=1e9, film_resistance=3e-3)
    cell = replace(HALF, cathode=film, anode=replace(film, thickness=5e-6, potential=lambda theta: 0 * theta))
    (course,) = cell.run([Step(10.0, J)])
    mean = course.stoichiometries(10.0)[0]
    resistance = 2e-6 / 1.0 + 5e-6 / 1.0 + 2 * 3e-3 + 10e-6 / 0.1
    assert course.voltage(10.0) - (4.5 - mean) == pytest.approx(J * resistance, rel=1e-5)


@pytest.mark.parametrize("ratio", [-1e6, -1.0, -1e-6, 0.0, 1e-6, 1.0, 1e6])
@pytest.mark.parametrize("anodic, cathodic", [(0.5, 0.5), (0.3, 0.7)])
def test_the_overpotential_drives_the_current_through_the_interface(
    ratio: float, anodic: float, cathodic: float
) -> None:
    x = overpotential(ratio, TEMPERATURE, anodic, cathodic) * FARADAY / (GAS_CONSTANT * TEMPERATURE)
    assert np.exp(anodic * x) - np.exp(-cathodic * x) == pytest.approx(ratio, rel=1e-9)
    if anodic == cathodic:
        assert x == pytest.approx(2 * np.arcsinh(ratio / 2), rel=1e-9)


def test_at_constant_voltage_the_current_decays_as_through_a_resistor_into_a_capacitor() -> None:
    cell = replace(HALF, cathode=FAST)
    start = 4.5 - FAST.initial_stoichiometry
    (course,) = cell.run([Step(200.0, voltage=start + 1e-4)])
    j_0 = FAST.exchange_current_density * 2 * np.sqrt(0.6 * 0.4)
    resistance = 10e-6 / 0.1 + 2e-6 / 1.0 + GAS_CONSTANT * TEMPERATURE / (FARADAY * j_0)
    capacity = FARADAY * FAST.maximum_concentration * FAST.thickness  # per volt, for dU/dθ = −1 V
    for time in (0.0, 20.0, 200.0):
        decayed = 1e-4 / resistance * np.exp(-time / (resistance * capacity))
        assert course.current_density(time) == pytest.approx(decayed, rel=2e-3)
        assert course.voltage(time) == pytest.approx(start + 1e-4, abs=1e-9)
