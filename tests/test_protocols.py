"""Protocols on small cells: what passes is what the case says, to rounding where a closed form says what that is."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from builders import FIXED_PRESSURE, Run, tiny_cell, tiny_run
from test_cells import FULL

from interstice.schema import Charge, Repeat, Rest, Stop
from interstice.solver import history, swelling
from interstice.solver.constants import FARADAY, GAS_CONSTANT

FLAT = "geometry.roughness={kind: flat}"
COARSE = ("geometry.element_size=500 nm", "geometry.coarse_size=500 nm", FLAT, FIXED_PRESSURE)
AREA, HEIGHT, THICKNESS = 2e-6, 2e-6, 1e-6

LINEAR = """\
name: straight
formula: Li
young_modulus: {value: 100 GPa, source: made for a test}
poisson_ratio: {value: 0.3, source: made for a test}
host:
  maximum_concentration: {value: 50e3 mol/m^3, source: made for a test}
  stoichiometry_range: {value: [0.05, 0.95], source: made for a test}
  diffusivity: {value: 1e-8 m^2/s, source: made for a test}
  partial_molar_volume: {value: 0 cm^3/mol, source: made for a test}
  electronic_conductivity: {value: 1e6 S/m, source: made for a test}
  open_circuit_potential: {value: "4.2 - 0.8*theta", source: made for a test}
"""
"""A host so fast that lithium in it is even, whose U is straight: a condenser of F c_max L/0.8 V."""


def coarse(*protocol: str, more: tuple[str, ...] = ()) -> Run:
    run = tiny_run(*COARSE, *more, f"protocol=[{', '.join(protocol)}]")
    assert run.stopped == ""
    return run


def charge_of(run: Run) -> np.ndarray:
    return 3600 * run.column("net charge [A h/m^2]")


# --- tables, sines, sweeps ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Run:
    path = tmp_path_factory.mktemp("drive") / "drive.csv"
    rows = "0,0,20\n4,0.5,20\n4,-0.25,20\n10,-0.25,25\n12,0,25\n14,0,25\n"
    path.write_text(f"time [s], current [mA/cm^2], pressure [MPa]\n{rows}", encoding="utf-8")
    return coarse(f"follow {path}", "rest 2 s")


def test_the_charge_that_passes_is_the_integral_of_the_table(followed: Run) -> None:
    time, charge = followed.column("time [s]"), charge_of(followed)
    for at, expected in ((4.0, 10.0), (10.0, -5.0), (12.0, -7.5), (14.0, -7.5), (16.0, -7.5)):
        (row,) = np.flatnonzero(time == at)
        assert charge[row] == pytest.approx(expected, rel=1e-12)


def test_the_current_is_that_of_the_table_and_zero_exactly_where_that_is(followed: Run) -> None:
    time, current = followed.column("time [s]"), followed.column("current density [A/m^2]")
    held = (time > 4.0) & (time <= 10.0)
    np.testing.assert_allclose(current[held], -2.5, rtol=1e-10)
    assert np.all(current[time > 12.0] == 0.0)
    rising = (time > 1.0) & (time <= 4.0)
    np.testing.assert_allclose(current[rising], 1.25 * time[rising], rtol=0.01)


def test_the_pressure_is_that_of_the_table(followed: Run) -> None:
    time, pressure = followed.column("time [s]"), followed.column("stack pressure [Pa]")
    expected = np.interp(time, [0.0, 4.0, 10.0, 16.0], [20e6, 20e6, 25e6, 25e6])
    np.testing.assert_allclose(pressure, expected, rtol=1e-6)


def test_a_sine_of_the_current_carries_its_integral_and_nothing_over_a_period() -> None:
    run = coarse("oscillate by 0.1 mA/cm^2 every 20 s for 20 s")
    time, charge = run.column("time [s]"), charge_of(run)
    np.testing.assert_allclose(charge, 20 / np.pi * np.sin(np.pi * time / 20) ** 2, rtol=0, atol=1e-12)
    # the first time step has the mean of what flows in it
    np.testing.assert_allclose(run.column("current density [A/m^2]")[2:], np.sin(np.pi * time / 10)[2:], atol=0.02)
    assert np.diff(time).max() <= 20 / 31


def test_a_sine_of_the_pressure_is_one_about_that_of_the_stack() -> None:
    run = coarse("oscillate by 1 MPa every 20 s for 20 s")
    expected = 20e6 + 1e6 * np.sin(np.pi * run.column("time [s]") / 10)
    np.testing.assert_allclose(run.column("stack pressure [Pa]"), expected, rtol=1e-6)
    assert np.all(run.column("current density [A/m^2]") == 0.0)


def test_a_voltammogram_of_a_condenser_behind_a_resistor_is_its_closed_form(tmp_path: Path) -> None:
    """i = C v (1 − exp(−t/RC)) there; back, with the charge of before, C v (−1 + (2 − exp(−T/RC)) exp(−(t − T)/RC))."""
    (tmp_path / "straight.yaml").write_text(LINEAR, encoding="utf-8")
    rate, span = 1e-3, 0.05
    run = coarse(
        "sweep to 3.85 V at 1 mV/s",
        "sweep to 3.8 V at 1 mV/s",
        more=(
            f"electrode={{material: {tmp_path / 'straight.yaml'}, initial_stoichiometry: 0.5}}",
            "interface.kinetics={law: linear, exchange_current_density: 100 mA/cm^2, film_resistance: 10 ohm*cm^2}",
            "electrolyte.overrides.ionic_conductivity=1000 S/m",
            "time={initial: 1 s, minimum: 0.1 s, maximum: 100 s, stoichiometry_change: 0.1, tolerance: 2e-5}",
        ),
    )
    capacitance = FARADAY * 50e3 * THICKNESS / 0.8
    resistance = 1e-3 + GAS_CONSTANT * 298.15 / FARADAY / 1000.0
    tau, end = resistance * capacitance, span / rate
    time, current = run.column("time [s]")[1:], run.column("current density [A/m^2]")[1:]
    there = 1 - np.exp(-time / tau)
    back = -1 + (2 - np.exp(-end / tau)) * np.exp(-(time - end) / tau)
    exact = capacitance * rate * np.where(time <= end * (1 + 1e-9), there, back)
    assert tau == pytest.approx(6.2, rel=0.02)
    np.testing.assert_allclose(current, exact, atol=0.01 * capacitance * rate)
    assert {1, 2} == set(run.column("step [1]")[1:])
    assert np.diff(run.column("voltage [V]")[run.column("step [1]") == 1]).max() <= 0.01 * (1 + 1e-9)


# --- ends --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def ended() -> Run:
    return coarse(
        "charge at 0.5 mA/cm^2 until 0.002 mAh/cm^2",
        "charge at 20 mA/g until SOC 4 %",
        "discharge at 0.5 mA/cm^2 until SOC 3 %",
        "discharge at 0.5 mA/cm^2 until 1e-3 mWh/cm^2",
        "charge at 1 mA/cm^2 until 0.1 mAh/g",
        "rest 1 s",
    )


def host_of(run: Run) -> Any:
    return run.cell.model.materials["electrode"].host


def density(run: Run) -> float:
    """Return that of the host [kg/m³]."""
    return float(run.cell.model.materials["electrode"].density)


def last(run: Run, step: int) -> dict[str, float]:
    return next(row for row in reversed(run.rows) if row["step [1]"] == step)


def test_steps_end_at_capacity_energy_and_state_of_charge(ended: Run) -> None:
    assert last(ended, 1)["capacity [A h/m^2]"] == pytest.approx(0.02, rel=1e-12)
    assert 0.04 <= last(ended, 2)["state of charge [1]"] <= 0.0401
    assert 0.0299 <= last(ended, 3)["state of charge [1]"] <= 0.03
    assert 0.01 <= last(ended, 4)["energy [W h/m^2]"] <= 0.01 * (1 + 1e-4)
    assert last(ended, 5)["capacity [A h/m^2]"] == pytest.approx(0.1 * density(ended) * THICKNESS, rel=1e-12)


def test_the_energy_of_a_step_is_the_integral_of_its_power(ended: Run) -> None:
    step, time = ended.column("step [1]"), ended.column("time [s]")
    rows = np.flatnonzero(step == 1)
    before = time[rows[0] - 1]
    power = ended.column("voltage [V]")[rows] * 5.0
    found = np.trapezoid(np.append(power[0], power), np.append(before, time[rows])) / 3600
    assert ended.column("energy [W h/m^2]")[rows[-1]] == pytest.approx(found, rel=2e-3)


def test_a_current_per_mass_is_that_of_the_host(ended: Run) -> None:
    assert last(ended, 2)["current density [A/m^2]"] == pytest.approx(20.0 * density(ended) * THICKNESS, rel=1e-9)


def test_a_charge_raises_the_state_of_charge_and_a_discharge_lowers_it(ended: Run) -> None:
    step, filled = ended.column("step [1]"), ended.column("state of charge [1]")
    theta = ended.column("mean stoichiometry [1]")
    low, high = host_of(ended).stoichiometry_range
    np.testing.assert_allclose(filled, (high - theta) / (high - low), rtol=1e-9)
    for number, sign in ((1, 1), (2, 1), (3, -1), (4, -1), (5, 1)):
        assert np.all(sign * np.diff(filled[step == number]) > 0.0)


def test_a_step_ends_where_the_pressure_of_the_stack_or_the_thickness_is_what_it_says() -> None:
    hold = "stack={hold: spring, pressure: 20 MPa, stiffness: 1e15 Pa/m}"
    run = coarse("charge at 1C until 19.9 MPa", "discharge at 1C until thickness change -20 pm", more=(hold,))
    assert 19.9e6 * (1 - 1e-3) <= last(run, 1)["stack pressure [Pa]"] <= 19.9e6
    assert last(run, 1)["thickness change [m]"] < -20e-12
    assert -20e-12 <= last(run, 2)["thickness change [m]"] <= -20e-12 + 1e-7 * HEIGHT
    strain = last(run, 1)["thickness change [m]"] / HEIGHT
    again = coarse(f"charge at 1C until strain {strain}", more=(hold,))
    assert again.rows[-1]["stack pressure [Pa]"] == pytest.approx(19.9e6, rel=2e-3)


def test_a_platen_comes_to_rest_and_presses_again_at_a_megapascal_a_second() -> None:
    run = coarse("press to 0 MPa", "rest 1 s", "press to 10 MPa", "charge at 0.1 mA/cm^2 for 1 s")
    assert last(run, 1)["time [s]"] == pytest.approx(20.0) and last(run, 3)["time [s]"] == pytest.approx(31.0, abs=1e-3)
    for step in (1, 2):
        assert last(run, step)["stack pressure [Pa]"] == pytest.approx(100.0, rel=1e-3)
    assert last(run, 3)["stack pressure [Pa]"] == pytest.approx(10e6)


def test_a_rest_has_no_imbalance() -> None:
    run = coarse("rest 10 s")
    assert run.column("lithium balance [1]").max() <= 1e-9


# --- currents and capacities -------------------------------------------------------------------------


def test_one_c_carries_the_range_of_the_smaller_electrode_in_an_hour() -> None:
    """Here the thin anode, which is not the one at the collector."""
    layers = (
        "[{name: anode, thickness: 0.4 um}, {name: separator, thickness: 0.5 um}, {name: cathode, thickness: 1 um}]"
    )
    cell = tiny_cell(f"geometry.layers={layers}", text=FULL)
    held = {}
    for name, thickness in (("anode", 0.4e-6), ("cathode", 1e-6)):
        host = cell.materials[name].host
        low, high = host.stoichiometry_range
        held[name] = FARADAY * host.maximum_concentration * (high - low) * thickness
    assert held["anode"] < 0.5 * held["cathode"]
    scale = cell.model.scale
    assert scale.one_c == pytest.approx(held["anode"] / 3600, rel=1e-9)
    assert scale.mass == pytest.approx(cell.materials["cathode"].density * 1e-6, rel=1e-9)
    step = Charge.model_construct(step="charge", c_rate=0.5, until=Stop.model_construct(time=1.0))
    assert step.density(scale) == pytest.approx(held["anode"] / 7200, rel=1e-9)
    foreseen = swelling.scale(cell.case, cell.materials)
    assert (foreseen.one_c, foreseen.mass) == pytest.approx((scale.one_c, scale.mass), rel=1e-9)


def test_the_largest_local_current_density_is_a_size_on_charge_and_on_discharge(ended: Run) -> None:
    for step, sign in ((1, 1.0), (3, -1.0)):
        row = last(ended, step)
        assert sign * row["mean local current density [A/m^2]"] == pytest.approx(5.0, rel=1e-6)
        assert 5.0 <= row["max local current density [A/m^2]"] <= 6.0


def test_repetitions_have_columns_of_their_own_as_many_as_are_nested() -> None:
    rest = Rest.model_construct(step="rest", time=1.0)
    inner = Repeat.model_construct(step="repeat", times=2, steps=[rest])
    outer = Repeat.model_construct(step="repeat", times=2, steps=[inner, rest])
    found = []
    for protocol, repetitions in (([rest], ()), ([outer], (2, 1)), ([outer], (2,)), ([outer], ())):
        cell = SimpleNamespace(case=SimpleNamespace(protocol=protocol))
        found.append(list(history._repetitions(cell, SimpleNamespace(repetitions=repetitions)).items()))
    assert found == [
        [("nesting [1]", 0), ("repetition [1]", 0)],
        [("nesting [1]", 2), ("repetition [1]", 2), ("repetition at level 2 [1]", 1)],
        [("nesting [1]", 1), ("repetition [1]", 2), ("repetition at level 2 [1]", 0)],
        [("nesting [1]", 0), ("repetition [1]", 0), ("repetition at level 2 [1]", 0)],
    ]
    assert history._repetitions(cell, None) == dict(found[-1])
