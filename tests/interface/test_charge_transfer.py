"""What an interface asks of the current: films, stress, temperature, and gaps that are charged."""

from __future__ import annotations

import numpy as np
import pytest
from builders import BONDED, FIXED_PRESSURE, tiny_case, tiny_cell, tiny_run

from interstice.solver.constants import FARADAY, GAS_CONSTANT
from interstice.solver.part import Load
from interstice.solver.reader import CaseError

FLAT = ("geometry.roughness={kind: flat}", FIXED_PRESSURE)
CURRENT, PRESSURE = 5.0, 20e6


def kinetics(**options: str) -> str:
    pairs = {"exchange_current_density": "1 mA/cm^2"} | options
    return f"interface.kinetics={{{', '.join(f'{key}: {value}' for key, value in pairs.items())}}}"


def charged(*overrides: str) -> float:
    """Return the voltage of a flat cell after two seconds of charge."""
    cell = tiny_cell(*FLAT, *overrides)
    cell.press()
    cell.advance(2.0, Load(CURRENT))
    return cell.terminals.voltage


def test_film_costs_its_resistance_times_the_current() -> None:
    through_film = charged(kinetics(film_resistance="40 ohm*cm^2"))
    assert through_film - charged() == pytest.approx(4e-3 * CURRENT, rel=1e-4)


def test_film_is_a_term_of_the_voltage_and_nothing_crosses_where_it_does_not_touch() -> None:
    run = tiny_run(kinetics(film_resistance="40 ohm*cm^2"))
    split = sum(
        run.column(f"{name} overpotential [V]") for name in ("kinetic", "concentration", "ohmic", "constriction")
    )
    rest = run.column("voltage [V]") - run.column("open-circuit voltage [V]") - split
    flows = run.column("current density [A/m^2]") != 0.0
    np.testing.assert_allclose(rest[flows], run.column("film overpotential [V]")[flows], rtol=0, atol=1e-9)
    assert np.all(run.column("current over detached area [A]") == 0.0)
    assert run.column("active fraction [1]").min() < 0.5


def test_pressure_lowers_the_equilibrium_potential_of_a_host_that_swells() -> None:
    """V = U + Ω σ_h/F of a flat film pressed between rigid platens, σ_h = −p (1 + ν)/(3 (1 − ν))."""
    case = tiny_case(*FLAT)
    material = case.materials["electrode"]
    cell = tiny_cell(*FLAT, "electrode.stress=coupled")
    start = cell.terminals.voltage
    cell.press()
    cell.advance(1.0)
    sigma_h = -PRESSURE * (1 + material.poisson_ratio) / (1 - material.poisson_ratio) / 3
    assert cell.terminals.voltage - start == pytest.approx(
        material.host.partial_molar_volume * sigma_h / FARADAY, rel=1e-6
    )


def test_strain_shifts_the_overpotential_by_its_coefficient() -> None:
    cell = tiny_cell(*FLAT, kinetics(strain_coefficient="2 V"))
    start = cell.terminals.voltage
    cell.press()
    cell.advance(1.0)
    material = cell.materials["electrode"]
    ratio = material.poisson_ratio / (1 - material.poisson_ratio)
    strain = -PRESSURE / material.young_modulus * (1 - 2 * material.poisson_ratio * ratio)
    assert start - cell.terminals.voltage == pytest.approx(2.0 * strain, rel=1e-6)


def test_exchange_current_density_is_that_given_at_25_degrees_whatever_its_activation_energy() -> None:
    assert charged(kinetics(activation_energy="100 kJ/mol")) == pytest.approx(charged(), rel=0, abs=1e-9)


def test_largest_local_current_density_is_that_of_either_direction() -> None:
    """That of the part of a node which conducts, as the mean is that of all such parts."""
    run = tiny_run()
    mean, most = run.column("mean local current density [A/m^2]"), run.column("max local current density [A/m^2]")
    assert mean.max() > 1.0 and mean.min() < -1.0
    assert np.all(most >= np.abs(mean) * (1 - 1e-12))


def test_broken_bond_conducts_no_more_than_what_presses() -> None:
    """With an onset pressure p_1: all of what it holds conducts, and a = p/(p + p_1) once it is broken."""
    cell = tiny_cell(*FLAT, kinetics(onset_pressure="20 MPa"), BONDED)
    cell.press()
    (face,) = cell.faces
    np.testing.assert_allclose(face.transfer.read_share(), 1.0, rtol=1e-12)
    for damage in (face.bond.damage_old, face.bond.effective_damage_old):
        damage.x.array[:] = 1.0
    cell.advance(1.0, Load(CURRENT))
    pressure = face.contact.pressure
    np.testing.assert_allclose(face.transfer.read_share(), pressure / (pressure + 20e6), rtol=1e-6)


def test_heat_quickens_the_reaction_by_arrhenius() -> None:
    """Linear kinetics at the start of a charge: η = j RT/(j_0 F), j_0 ∝ exp(−E_a/RT)."""
    etas = []
    for kelvin in (298.15, 318.15):
        options = kinetics(law="linear", activation_energy="40 kJ/mol")
        cell = tiny_cell(*FLAT, options, f"temperature={kelvin} K")
        cell.press()
        cell.advance(1e-3, Load(CURRENT))
        etas.append(cell.faces[0].transfer.means()["kinetic"])
    expected = 318.15 / 298.15 * np.exp(40e3 / GAS_CONSTANT * (1 / 318.15 - 1 / 298.15))
    assert etas[1] / etas[0] == pytest.approx(expected, rel=1e-4)


def test_gap_takes_charge_but_no_lithium() -> None:
    run = tiny_run(kinetics(gap_permittivity="10"))
    assert run.column("charge balance [1]").max() <= 1e-9
    assert run.column("lithium balance [1]").max() <= 1e-9
    assert np.all(run.column("current over detached area [A]") == 0.0)
    lithium = run.column("mean local current density [A/m^2]") * run.column("active area [m^2]")
    applied = run.column("current density [A/m^2]") * run.column("apparent area [m^2]")
    charging = np.abs(applied - lithium)[1:]
    assert charging.max() > 1e-6 * np.abs(applied).max()


def test_contact_that_conducts_gradually_conducts_half_at_its_onset() -> None:
    cell = tiny_cell(*FLAT, kinetics(onset_pressure="20 MPa"))
    cell.press()
    np.testing.assert_allclose(cell.faces[0].transfer.read_share(), 0.5, rtol=1e-6)


def test_stress_that_is_coupled_drives_no_current_at_rest() -> None:
    """A hundred hours in the stress of rough contact: transport and kinetics come to the same equilibrium."""
    rest = "protocol=[rest for 100 h]"
    run = tiny_run("electrode.stress=coupled", rest, "time={initial: 10 s, maximum: 10 h}")
    assert run.stopped == ""
    stoichiometry = run.column("max stoichiometry [1]") - run.column("min stoichiometry [1]")
    assert stoichiometry[-1] > 1e-5
    assert run.column("max local current density [A/m^2]")[1] > 1e-3
    assert run.column("max local current density [A/m^2]")[-1] <= 1e-9


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("electrode.transport=fick", "electrode: transport"),
        ("interface.kinetics={exchange_current_density: 1 mA/cm^2, stress: none}", "interface.kinetics: stress"),
    ],
)
def test_half_a_coupling_of_stress_is_refused(key: str, said: str) -> None:
    with pytest.raises(CaseError, match=rf"{said}.*would drive a current for ever.*stress: coupled"):
        tiny_case(key)


def test_host_that_keeps_its_volume_is_charged_without_a_change_of_pressure() -> None:
    done = tiny_run("electrode.overrides.partial_molar_volume=0 cm^3/mol", "protocol=[charge at 0.5 mA/cm^2 for 4 s]")
    assert not done.stopped
    pressure = done.column("stack pressure [Pa]")
    assert abs(pressure[-1] / pressure[0] - 1) < 1e-9
