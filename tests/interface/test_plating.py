"""Lithium metal: its surface moves as lithium crosses it, and what is counted is not lost."""

from __future__ import annotations

import numpy as np
import pytest
from builders import Run, tiny_run

from interstice.solver.constants import FARADAY

SYMMETRIC = """\
title: lithium against lithium
geometry:
  builder: layers
  layers: [{name: lower, thickness: 1 um}, {name: separator, thickness: 1 um}, {name: upper, thickness: 1 um}]
  length: 1 um
  element_size: 125 nm
electrodes:
  lower: {kind: metal, material: lithium, solid: elastic}
  upper: {kind: metal, material: lithium, solid: elastic}
electrolytes: {separator: {material: LPSCl}}
interfaces:
  upper/separator: {kinetics: {exchange_current_density: 1 mA/cm^2}}
  separator/lower: {kinetics: {exchange_current_density: 1 mA/cm^2}}
stack: {pressure: 5 MPa}
protocol:
- charge at 1 mA/cm^2 for 15 s
- rest for 5 s
- discharge at 1 mA/cm^2 for 15 s
time: {initial: 2 s, maximum: 5 s}
"""
FULL = """\
title: NMC811 against lithium that touches in places
geometry:
  builder: layers
  layers: [{name: anode, thickness: 1 um}, {name: separator, thickness: 0.5 um}, {name: cathode, thickness: 1 um}]
  length: 1 um
  element_size: 125 nm
  roughness: {separator/anode: {kind: sinusoidal, amplitude: 5 nm, wavelength: 1 um}}
electrodes:
  anode: {kind: metal, material: lithium, solid: elastic, stress: coupled}
  cathode: {material: NMC811, initial_stoichiometry: 0.5}
electrolytes: {separator: {material: LPSCl}}
interfaces:
  cathode/separator: {bonded: true, kinetics: {exchange_current_density: 1 mA/cm^2}}
  separator/anode: {kinetics: {exchange_current_density: 1 mA/cm^2}}
stack: {pressure: 5 MPa}
protocol:
- discharge at 0.2 mA/cm^2 for 30 s
- hold at 3.8 V for 10 s
- rest for 5 s
- charge at C/2 for 30 s
time: {initial: 2 s, maximum: 5 s, tolerance: 0.001}
"""
OMEGA = 13.0e-6
TEXTS = {"lithium against lithium": SYMMETRIC, "lithium and a host": FULL}


@pytest.fixture(scope="module", params=TEXTS)
def run(request: pytest.FixtureRequest) -> Run:
    result = tiny_run(text=TEXTS[request.param])
    assert result.stopped == ""
    return result


def balances(run: Run, start: str) -> np.ndarray:
    found = [run.column(name) for name in run.rows[0] if name.startswith(start)]
    assert found
    return np.array(found)


def test_lithium_is_counted_in_the_metal_as_it_crosses(run: Run) -> None:
    assert balances(run, "lithium balance").max() <= 1e-10
    assert balances(run, "charge balance").max() <= 1e-10


def test_work_is_stored_or_becomes_chemical(run: Run) -> None:
    assert run.column("energy balance [1]").max() <= 1e-6


def test_what_is_stripped_is_the_charge_over_the_molar_volume(run: Run) -> None:
    charge = run.column("net charge [A h/m^2]") * 3600
    for face in run.cell.faces:
        if face.plating:
            sign = 1 if run.cell.model.working in face.sites else -1
            of = f" of {face.name} [m]"
            moved = run.column(f"mean stripped thickness{of}") - run.column(f"mean plated thickness{of}")
            np.testing.assert_allclose(moved, sign * OMEGA * charge / FARADAY, rtol=0, atol=1e-10 * np.ptp(moved))


def test_what_one_metal_loses_the_other_gains_and_a_cycle_brings_back() -> None:
    run = tiny_run(text=SYMMETRIC)
    upper = run.column("mean stripped thickness of upper/separator [m]")
    lower = run.column("mean plated thickness of separator/lower [m]")
    assert upper.max() == pytest.approx(OMEGA * 10.0 * 15.0 / FARADAY, rel=1e-12)
    np.testing.assert_allclose(upper, lower, rtol=0, atol=1e-12 * upper.max())
    assert abs(upper[-1]) <= 1e-12 * upper.max()
    assert np.abs(run.column("thickness change [m]")).max() <= 1e-8 * upper.max()


def test_voltage_is_that_of_two_interfaces_and_the_electrolyte_and_turns_with_the_current() -> None:
    run = tiny_run(text=SYMMETRIC)
    voltage, kinds = run.column("voltage [V]"), run.column("current density [A/m^2]")
    on_charge, at_rest, on_discharge = (voltage[1:][kinds[1:] == i] for i in (10.0, 0.0, -10.0))
    activation = 2 * 8.314462618 * 298.15 / FARADAY * np.arcsinh(0.5)
    assert on_charge == pytest.approx(2 * activation + run.column("ohmic overpotential [V]")[1], rel=1e-9)
    assert np.abs(at_rest).max() <= 1e-12
    assert on_discharge == pytest.approx(-on_charge[0], rel=1e-9)


def test_a_platen_that_keeps_its_place_loses_its_pressure_to_what_is_stripped() -> None:
    """Layers in series give way by what went: Δp = s/Σ(L/M), M the modulus without lateral strain."""
    half = SYMMETRIC.replace("pressure: 5 MPa", "hold: fixed_thickness, pressure: 50 MPa")
    for gone in (
        "{name: lower, thickness: 1 um}, ",
        "  lower: {kind: metal, material: lithium, solid: elastic}\n",
        "  separator/lower: {kinetics: {exchange_current_density: 1 mA/cm^2}}\n",
    ):
        assert gone in half
        half = half.replace(gone, "")
    run = tiny_run(text=half)
    compliance = sum(
        1e-6 * (1 + nu) * (1 - 2 * nu) / (E * (1 - nu))
        for E, nu in ((m.young_modulus, m.poisson_ratio) for m in run.cell.materials.values())
    )
    moved = run.column("mean stripped thickness [m]") - run.column("mean plated thickness [m]")
    assert moved.max() > 0.9 * 50e6 * compliance
    assert moved.min() < -1e-9
    np.testing.assert_allclose(run.column("mean pressure [Pa]"), 50e6 - moved / compliance, rtol=1e-6, atol=1.0)
    # the last of the contact is lost before the charge is over, which is said in words
    assert any("open circuit" in advance.ended for advance in run.advances)
