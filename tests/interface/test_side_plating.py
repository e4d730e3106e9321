"""Lithium that plates on a host beside intercalation: where, how much, and that all of it comes back and no more."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pytest
from builders import Run, carry_out, tiny_case, tiny_cell, tiny_run
from mpi4py import MPI

from interstice.solver.constants import FARADAY, GAS_CONSTANT
from interstice.solver.history import row
from interstice.solver.part import Load
from interstice.solver.reader import CaseError

VOLUME = 13e-6
GRAPHITE = """\
title: graphite that is charged faster than it takes up lithium
geometry: {builder: film, length: 1 um, electrode_thickness: 1 um, electrolyte_thickness: 0.5 um, element_size: 250 nm}
electrode: {material: graphite, initial_stoichiometry: 0.8}
electrolyte: {material: LPSCl}
interface: {kinetics: {exchange_current_density: 1 mA/cm^2, plating: {exchange_current_density: 1 mA/cm^2}}}
stack: {pressure: 5 MPa}
protocol: [discharge at 5 mA/cm^2 for 6 s, rest for 1 s, charge at 2 mA/cm^2 for 10 s]
time: {initial: 1 s, maximum: 2 s, tolerance: 0.1}
"""
"""Lithium enters graphite on the discharge of a half cell of it, as it does when a full cell is charged."""
NONE = "interface.kinetics={exchange_current_density: 1 mA/cm^2}"
BLOCKED = (
    "interface.kinetics={exchange_current_density: 1e-5 mA/cm^2, plating: {exchange_current_density: 1 mA/cm^2}}",
    "protocol=[discharge at 2 mA/cm^2 for 10 s]",
)
"""Next to nothing is taken up."""
WAVY = (
    "geometry.roughness={kind: sinusoidal, amplitude: 4 nm, wavelength: 1 um}",
    "geometry.element_size=125 nm",
    "protocol=[discharge at 2 mA/cm^2 for 3 s, rest for 0.5 s, charge at 1 mA/cm^2 for 2 s]",
)
CELLS = {
    "flat": (),
    "wavy": WAVY,
    "behind a film": (
        "interface.kinetics={exchange_current_density: 1 mA/cm^2, film_resistance: 5 ohm*cm^2, "
        "plating: {exchange_current_density: 1 mA/cm^2}}",
    ),
    "fixed": ("stack.hold=fixed_thickness",),
}
PLATED, STRIPPED = "mean plated thickness [m]", "max stripped thickness [m]"


@pytest.fixture(scope="module", params=CELLS)
def run(request: pytest.FixtureRequest) -> Run:
    result = tiny_run(*CELLS[request.param], text=GRAPHITE)
    assert result.stopped == ""
    return result


def test_every_charge_is_in_the_host_or_plated_on_it(run: Run) -> None:
    """The lithium of the host alone, what is plated, and the charge that passed: three numbers of different origin."""
    assert run.column("lithium balance [1]")[1:].max() <= 1e-10 and run.column("charge balance [1]").max() <= 1e-10
    host, (face,) = run.cell.sites["electrode"].host, run.cell.faces
    taken_up = (run.column("mean stoichiometry [1]") - 0.8) * host.lithium_capacity
    plated = run.column(PLATED) * face.area / VOLUME
    charge = -run.column("net charge [A h/m^2]") * 3600 * run.cell.model.apparent_area
    assert plated.max() > 0.01 * taken_up.max() > 0.0
    np.testing.assert_allclose(taken_up + plated, charge / FARADAY, rtol=0, atol=1e-10 * charge.max() / FARADAY)


def test_what_is_plated_is_stripped_again_and_no_more(run: Run) -> None:
    plated, step = run.column(PLATED), run.column("step [1]")
    assert np.all(np.diff(plated[step <= 1]) > 0.0) and np.all(np.diff(plated[step == 3]) < 0.0)
    assert run.column(STRIPPED).max() <= 1e-15


def test_the_voltage_is_the_sum_of_its_parts_and_work_is_accounted_for(run: Run) -> None:
    for each in run.rows:
        total = each["open-circuit voltage [V]"]
        total += sum(value for name, value in each.items() if name.endswith("overpotential [V]"))
        assert total == pytest.approx(each["voltage [V]"], rel=0, abs=1e-10)
    assert run.column("energy balance [1]").max() <= 1e-9


def test_all_lithium_comes_back_before_the_host_gives_any() -> None:
    """Stripped to the end: the potential then leaves that of lithium for that of the host."""
    long = "protocol=[discharge at 2 mA/cm^2 for 10 s, charge at 2 mA/cm^2 for 9.9 s, charge at 2 mA/cm^2 for 0.3 s]"
    run = tiny_run(BLOCKED[0].replace("1e-5 mA", "1e-3 mA"), long, text=GRAPHITE)
    assert run.stopped == ""
    plated, step, voltage = run.column(PLATED), run.column("step [1]"), run.column("voltage [V]")
    assert plated[-1] < 1e-3 * plated.max() and run.column(STRIPPED).max() <= 1e-15
    assert voltage[-1] > voltage[step == 2][-1] + 0.1
    assert run.column("lithium balance [1]")[-1] <= 1e-10


@pytest.mark.also_on_ranks(2, 3)
@pytest.mark.parametrize("resistance", ["", "film_resistance: 5 ohm*cm^2, "], ids=["bare", "behind a film"])
def test_where_nothing_is_taken_up_all_of_the_current_plates_by_butler_volmer(resistance: str) -> None:
    """−s = Ω j t/F, and φ_e − φ_s = −(2RT/F) arsinh(j/2j_0) once what is plated covers the host, behind any film."""
    run = tiny_run(BLOCKED[0].replace("{", "{" + resistance, 1), BLOCKED[1], text=GRAPHITE)
    assert run.rows[-1][PLATED] == pytest.approx(VOLUME * 20.0 * 10.0 / FARADAY, rel=2e-3)
    (face,) = run.cell.faces
    eta = -2 * GAS_CONSTANT * 298.15 / FARADAY * np.arcsinh(20.0 / (2 * 10.0))
    np.testing.assert_allclose(face.transfer.read_potential(), eta, rtol=2e-3)


def test_a_host_above_the_potential_of_lithium_plates_less_than_an_atom_and_answers_as_without() -> None:
    protocol = ("protocol=[discharge at 0.1 mA/cm^2 for 10 s]", "electrode.initial_stoichiometry=0.3")
    with_it, without = (tiny_run(*protocol, *more, text=GRAPHITE) for more in ((), (NONE,)))
    assert with_it.rows[-1]["voltage [V]"] > 0.1
    assert with_it.column("max plated thickness [m]").max() < 0.05e-9
    np.testing.assert_allclose(with_it.column("voltage [V]")[-1], without.column("voltage [V]")[-1], rtol=0, atol=1e-4)


def test_what_is_plated_presses_where_the_stack_cannot_give_way() -> None:
    """Flat layers held at their height, E = M h ε in each: p rises by −s over Σ h/M, M the modulus without sideways."""
    cell = tiny_cell(BLOCKED[0], "stack.hold=fixed_thickness", text=GRAPHITE)
    cell.press()
    (face,) = cell.faces
    before = face.contact.pressure.mean()
    for _ in range(4):
        cell.advance(1.0, Load(-20.0))
        cell.commit()
    compliance = 0.0
    for name, height in (("electrode", 1e-6), ("electrolyte", 0.5e-6)):
        e, nu = cell.materials[name].young_modulus, cell.materials[name].poisson_ratio
        compliance += height * (1 + nu) * (1 - 2 * nu) / (e * (1 - nu))
    plated = row(cell, None)[PLATED]
    assert plated > 5e-9
    # what little lithium the host has taken up swells it besides
    assert face.contact.pressure.mean() - before == pytest.approx(plated / compliance, rel=0.01)


# --- what is told ----------------------------------------------------------------------------------


def told(*overrides: str) -> list[str]:
    loaded = tiny_case(*overrides, "protocol=[discharge at 5 mA/cm^2 for 4 s]", text=GRAPHITE)
    run = carry_out(loaded)
    return [one.text for part in run.cell.parts for one in part.cautions() if one.about == "below lithium"]


def test_plating_is_told_of_with_place_potential_and_amount() -> None:
    (text,) = told()
    assert (
        text.startswith("at (") and "φ_e − φ_s of electrode falls to -" in text and "mV: lithium plates there" in text
    )
    assert "m at most and" in text and "mol/m^2 in the mean" in text


def test_a_host_that_is_to_take_up_all_of_it_below_0_v_is_told_of_too() -> None:
    (text,) = told(NONE)
    assert "lithium would plate there, which is not counted" in text and "give kinetics.plating" in text
    assert told(NONE, "electrode={material: NMC811, initial_stoichiometry: 0.8}") == []


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("interface.bonded=true", "interface.bonded = True: the surface of electrode moves"),
        (
            "electrode={kind: metal, material: lithium}",
            "interface.kinetics.plating: belongs to a host, on which lithium plates beside what it takes up",
        ),
        ("interface.kinetics.cathodic_transfer=0.4", "0.5 and cathodic_transfer, 0.4, have to add up to 1"),
        ("interface.kinetics.plating={}", "interface.kinetics.plating.exchange_current_density: missing"),
        ("interface.kinetics.plating.molar_volume=0 m^3/mol", "molar_volume = '0 m^3/mol': "),
    ],
)
def test_plating_that_cannot_be_is_refused_with_its_key(override: str, said: str) -> None:
    with pytest.raises(CaseError) as refused:
        tiny_case(override, text=GRAPHITE)
    assert said in str(refused.value)


# --- several ranks ---------------------------------------------------------------------------------


@pytest.mark.parametrize("ranks", [2, 3])
def test_several_ranks_plate_what_one_does(mpi_run: Callable[..., str], ranks: int) -> None:
    found, expected = json.loads(mpi_run([__file__], ranks, timeout=180)), shown()
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, rel=1e-7, abs=1e-16), name


def shown() -> dict[str, float]:
    last = tiny_run(*WAVY, "protocol=[discharge at 2 mA/cm^2 for 1 s]", text=GRAPHITE).rows[-1]
    return {name: value for name, value in last.items() if name.endswith("[V]") or "plated" in name}


if __name__ == "__main__":
    found = shown()
    if MPI.COMM_WORLD.rank == 0:
        print(json.dumps(found))
