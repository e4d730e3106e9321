"""Lithium metal: its surface moves as lithium crosses it, and what is counted is not lost."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from itertools import islice

import numpy as np
import pytest
from builders import Run, tiny_case, tiny_cell, tiny_run
from mpi4py import MPI

from interstice.solver import history
from interstice.solver.constants import FARADAY, GAS_CONSTANT
from interstice.solver.reader import CaseError
from interstice.solver.stepping import Stepping

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
FREE = """\
title: NMC811 against a collector on which there is nothing at first
geometry:
  builder: layers
  layers: [{name: anode, thickness: 1 um}, {name: separator, thickness: 1 um}, {name: cathode, thickness: 1 um}]
  length: 1 um
  element_size: 125 nm
electrodes:
  anode: {kind: collector, material: copper, plates: lithium, stress: coupled}
  cathode: {material: NMC811, initial_stoichiometry: 0.85}
electrolytes: {separator: {material: LPSCl}}
interfaces:
  cathode/separator: {bonded: true, kinetics: {exchange_current_density: 1 mA/cm^2}}
  separator/anode: {kinetics: {exchange_current_density: 1 mA/cm^2}}
stack: {pressure: 5 MPa}
protocol:
- rest for 5 s
- charge at 0.2 mA/cm^2 for 60 s
- discharge at 0.2 mA/cm^2 until 3.3 V
- rest for 5 s
- charge at 0.2 mA/cm^2 for 10 s
time: {initial: 2 s, maximum: 10 s, tolerance: 0.001}
"""
HALF = """\
title: lithium on an electrolyte
geometry:
  builder: film
  length: 1 um
  electrode_thickness: 1 um
  electrolyte_thickness: 1 um
  element_size: 125 nm
electrode: {kind: metal, material: lithium, solid: elastic, stress: coupled}
electrolyte: {material: LPSCl}
interface: {kinetics: {exchange_current_density: 1 mA/cm^2}}
stack: {pressure: 5 MPa}
protocol:
- charge at 1 mA/cm^2 for 15 s
- press to 50 MPa in 5 s
- discharge at 1 mA/cm^2 for 15 s
- press to 5 MPa in 5 s
time: {initial: 5 s, maximum: 5 s}
"""
OMEGA = 13.0e-6
TEXTS = {"lithium against lithium": SYMMETRIC, "lithium and a host": FULL, "a collector and a host": FREE}


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


def test_a_balance_is_relative_to_all_that_has_passed_to_and_fro() -> None:
    run = tiny_run(text=SYMMETRIC)
    out = run.cell.sites["upper"].metal._out
    passed = 10.0 * 30.0 / FARADAY * run.cell.model.apparent_area
    before = out._values.copy()
    out._values[0] += 1e-3 * passed
    assert history.row(run.cell, None)["lithium balance of upper [1]"] == pytest.approx(1e-3, rel=1e-6)
    out._values[:] = before


def test_potentials_that_are_shown_are_those_between_which_the_voltage_is() -> None:
    run = tiny_run(text=SYMMETRIC)
    potentials = {}
    for shown in (one for part in run.cell.parts for one in part.shown()):
        if shown.name == "electronic potential [V]":
            shown.read()
            potentials[shown.place.name] = shown.function.x.array.mean()
    difference = potentials["upper"] - potentials["lower"]
    assert difference == pytest.approx(run.column("voltage [V]")[-1], rel=1e-6)
    assert abs(difference) > 0.02


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
    run = tiny_run(
        "stack={hold: fixed_thickness, pressure: 50 MPa}",
        "electrode.stress=none",
        "protocol=[charge at 1 mA/cm^2 for 15 s, discharge at 1 mA/cm^2 for 15 s]",
        text=HALF,
    )
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


def test_ten_cycles_lose_no_lithium_and_end_where_they_began() -> None:
    """Where lithium touches in places, each cycle finds other ones; what is counted is the same to rounding."""
    run = tiny_run(
        "geometry.roughness={upper/separator: {kind: sinusoidal, amplitude: 1 nm, wavelength: 1 um}}",
        "protocol=[{step: repeat, times: 10, steps: [charge at 1 mA/cm^2 for 2 s, discharge at 1 mA/cm^2 for 2 s]}]",
        "time={initial: 1 s, maximum: 1 s}",
        text=SYMMETRIC,
    )
    assert run.stopped == ""
    assert run.column("cycle [1]")[-1] == 10
    assert balances(run, "lithium balance").max() <= 1e-10
    assert balances(run, "charge balance").max() <= 1e-10
    net = run.column("mean stripped thickness of upper/separator [m]") - run.column(
        "mean plated thickness of upper/separator [m]"
    )
    assert abs(net[-1]) <= 1e-10 * net.max()
    assert run.column("energy balance [1]").max() <= 1e-6


# --- pressure in the kinetics ----------------------------------------------------------------------


def test_at_rest_lithium_under_pressure_has_a_potential_below_that_without() -> None:
    """ΔV = −Ω Δp/F against the lithium of the reference, on which nothing presses: 1 mV in 7.42 MPa."""
    run = tiny_run("protocol=[rest for 5 s, press to 50 MPa in 5 s, rest for 5 s]", text=HALF)
    voltage = run.column("voltage [V]")[[1, -1]]
    np.testing.assert_allclose(voltage, -OMEGA * np.array([5e6, 50e6]) / FARADAY, rtol=1e-9)
    assert pytest.approx(7.42e6, rel=1e-3) == FARADAY / OMEGA * 1e-3


def test_a_closed_cycle_gives_no_work() -> None:
    """Stripped under little pressure and plated under much: what the platen gives, the current takes, and losses."""
    run = tiny_run(text=HALF)
    current = run.column("current density [A/m^2]")
    power = current * run.column("voltage [V]") * run.cell.model.apparent_area
    lost = current * run.column("kinetic overpotential [V]") + current * run.column("ohmic overpotential [V]")
    steps = run.column("time step [s]")
    electrical, heat = power @ steps, lost @ steps * run.cell.model.apparent_area
    mechanical = run.column("external work [J]")[-1]
    stripped = OMEGA * 10.0 * 15.0 / FARADAY * run.cell.model.apparent_area
    assert mechanical == pytest.approx(-45e6 * stripped, rel=1e-6)
    assert electrical + mechanical == pytest.approx(heat, rel=0, abs=1e-6 * abs(mechanical))
    assert abs(run.column("elastic energy [J]")[-1]) <= 1e-6 * abs(mechanical)


def test_what_pressure_does_on_lithium_is_what_the_potential_gives() -> None:
    run = tiny_run(text=HALF)
    given = -run.column("current density [A/m^2]") * run.column("stress overpotential [V]")
    chemical = np.cumsum(given * run.column("time step [s]")) * run.cell.model.apparent_area
    np.testing.assert_allclose(run.column("chemical work [J]"), chemical, rtol=0, atol=1e-6 * np.abs(chemical).max())


def test_pressure_that_is_not_coupled_does_not_shift_the_potential() -> None:
    run = tiny_run("electrode.stress=none", "protocol=[rest for 5 s]", text=HALF)
    assert np.abs(run.column("voltage [V]")).max() <= 1e-12


# --- a film on a collector -------------------------------------------------------------------------


def test_no_more_is_stripped_from_a_collector_than_was_plated() -> None:
    run = tiny_run(text=FREE)
    film = run.column("mean plated thickness of separator/anode [m]")
    assert run.column("max stripped thickness of separator/anode [m]").max() <= 1e-14
    assert film.max() == pytest.approx(OMEGA * 2.0 * 60.0 / FARADAY, rel=1e-9)
    # the voltage of a film that is thinner than an atom takes the last of it, down to the cut-off
    emptied = run.column("step [1]") == 4
    assert 0.0 <= film[emptied].max() <= 1e-11


def test_a_film_that_is_used_up_ends_the_step_in_words() -> None:
    run = tiny_run(
        "protocol=[charge at 0.2 mA/cm^2 for 10 s, discharge at 0.2 mA/cm^2 for 60 s, rest for 5 s]", text=FREE
    )
    assert run.stopped == ""
    assert any("no lithium is left on the collector" in advance.ended for advance in run.advances)
    at_the_end = run.column("step [1]") == 2
    assert run.column("time [s]")[at_the_end][-1] == pytest.approx(20.0, rel=1e-3)


def test_a_film_that_is_plated_lifts_the_platen() -> None:
    run = tiny_run("electrodes.cathode.overrides={partial_molar_volume: 1e-12 m^3/mol}", text=FREE)
    film = run.column("mean plated thickness of separator/anode [m]")
    np.testing.assert_allclose(run.column("thickness change [m]"), film, rtol=0, atol=1e-6 * film.max())


def test_a_bare_collector_waits_at_the_potential_of_the_little_that_it_holds() -> None:
    run = tiny_run("electrodes.anode.stress=none", "protocol=[rest for 5 s]", text=FREE)
    bare = -run.column("kinetic overpotential [V]")[-1]
    assert bare == pytest.approx(GAS_CONSTANT * 298.15 / FARADAY * np.log(1e6), rel=1e-6)


# --- gaps ------------------------------------------------------------------------------------------

BRIDGED, UNCOUPLED = "interface.kinetics.bridged_gap=100 nm", "electrode.stress=none"


def wavy(step: str, longest: float, *overrides: str) -> Run:
    """Carry out a step of the protocol under little pressure on waves: lithium touches on the crests alone.

    `longest` is the longest time step [s].
    """
    return tiny_run(
        "geometry.roughness={kind: sinusoidal, amplitude: 5 nm, wavelength: 1 um}",
        f"protocol=[{step}]",
        f"time={{initial: {min(longest, 1.0)} s, maximum: {longest} s}}",
        *overrides,
        text=HALF,
    )


def test_nothing_is_plated_into_an_open_gap_unless_that_is_asked_for() -> None:
    run = wavy("discharge at 0.2 mA/cm^2 for 30 s", 1.0, UNCOUPLED)
    face = run.cell.faces[0]
    assert run.column("mean gap [m]")[-1] > run.column("mean gap [m]")[0]
    assert run.column("active fraction [1]").max() < 0.5
    assert np.all(run.column("current over detached area [A]") == 0.0)
    assert np.all(face.plating.recession.x.array[face.activity.detached] == 0.0)


def test_a_gap_that_is_bridged_keeps_its_height_where_all_of_the_stack_is_lifted() -> None:
    """The same current everywhere lifts what touches as fast as it fills what does not."""
    run = wavy("discharge at 0.2 mA/cm^2 for 30 s", 1.0, UNCOUPLED, BRIDGED)
    assert run.stopped == ""
    np.testing.assert_allclose(run.column("active fraction [1]")[1:], 1.0, rtol=1e-12)
    plated = OMEGA * 2.0 * 30.0 / FARADAY
    np.testing.assert_allclose(run.column("mean gap [m]"), run.column("mean gap [m]")[0], rtol=0, atol=1e-3 * plated)
    assert run.column("thickness change [m]")[-1] == pytest.approx(plated, rel=1e-3)
    assert run.column("lithium balance [1]").max() <= 1e-10


def test_a_gap_that_is_bridged_fills_and_then_presses_where_the_platen_keeps_its_place() -> None:
    """What presses repels lithium, by 1 mV in 7.42 MPa: gaps are filled, and the pressure becomes even."""
    fixed = "stack={hold: fixed_thickness, pressure: 5 MPa}"
    run = wavy("discharge at 0.05 mA/cm^2 for 150 s", 5.0, BRIDGED, fixed)
    assert run.stopped == ""
    gap, mean, largest = (run.column(f"{name}") for name in ("mean gap [m]", "mean pressure [Pa]", "max pressure [Pa]"))
    assert gap[0] > 3e-9
    assert gap[-1] <= 1e-12
    assert largest[0] > 5 * mean[0]
    assert largest[-1] < 1.1 * mean[-1]
    assert run.column("energy balance [1]").max() <= 1e-6


def test_what_is_bridged_is_not_stripped() -> None:
    run = wavy("charge at 0.2 mA/cm^2 for 3 s", 0.25, UNCOUPLED, BRIDGED)
    face = run.cell.faces[0]
    assert run.column("active fraction [1]").max() < 1.0
    assert face.plating.recession.x.array.min() >= 0.0


def test_gaps_beyond_the_reach_and_passivated_places_are_not_bridged() -> None:
    """Of waves of 5 nm up and down, those parts that are less than 5 nm apart, but for what is passivated."""
    passivated = "interface.kinetics.passivated={patches: [{start: 0 um, end: 0.3 um}]}"
    run = wavy("discharge at 0.05 mA/cm^2 for 1 s", 1.0, UNCOUPLED, "interface.kinetics.bridged_gap=5 nm", passivated)
    face = run.cell.faces[0]
    apart, blocked = face.activity.detached, face.activity.passivated.x.array > 0.0
    # the step was so short that gaps are those of its start, but for a thousandth
    near = face.contact.gap.read() < 5e-9
    plated = face.plating.recession.x.array < 0.0
    for bridged, places in ((True, near & ~blocked), (False, ~near & ~blocked), (False, near & blocked)):
        assert (apart & places).any()
        assert np.all(plated[apart & places] == bridged)


# --- the length of steps, and how far a surface moves ----------------------------------------------


def test_a_step_moves_a_surface_by_little_of_the_metal_and_unevenly_by_little_of_the_roughness() -> None:
    cell = tiny_cell("geometry.roughness={kind: sinusoidal, amplitude: 5 nm, wavelength: 1 um}", text=HALF)
    (face,) = cell.faces
    plating, most = face.plating, (0.01 * 1e-6, 0.25 * face.rms)
    assert face.rms == pytest.approx(5e-9 / np.sqrt(2), rel=0.1)
    uneven = np.full(len(plating.recession.x.array), -0.5e-9)
    uneven[:2] = 0.5e-9
    for moved, excess in ((np.full_like(uneven, 2e-8), 2e-8 / most[0]), (uneven, 1e-9 / most[1])):
        plating.begin(1.0, None)
        plating.recession.x.array[:] += moved
        plating.commit()
        assert plating.limit().excess == pytest.approx(excess, rel=1e-6)
        assert plating.limit().longer == pytest.approx(0.9 / excess, rel=1e-6)


@pytest.mark.parametrize("text", [HALF, FREE], ids=["metal", "film"])
def test_how_far_a_surface_moves_matters_to_the_mesh_of_a_metal_not_to_a_film(text: str) -> None:
    cell = tiny_cell(text=text)
    plating = next(face.plating for face in cell.faces if face.plating)
    for moved, told, ended in ((0.05e-6, False, False), (0.2e-6, True, False), (0.4e-6, True, True)):
        plating.recession.x.array[:] = -moved
        assert any(plating.cautions()) == (told and text is HALF)
        assert bool(plating.breakdown()) == (ended and text is HALF)


# --- what is refused, and what ends ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "override", "words"),
    [
        (SYMMETRIC, "electrodes.upper.initial_stoichiometry=0.5", "belongs to kind: host"),
        (SYMMETRIC, "electrodes.upper.plates=lithium", "belongs to kind: collector"),
        (SYMMETRIC, "electrodes.upper.kind=metall", "did you mean 'metal'"),
        (SYMMETRIC, "electrodes.upper.material=NMC811", "not a metal that can be plated"),
        (SYMMETRIC, "electrodes.upper.thickness=1 um", "allowed here: kind, material, solid, overrides, stress"),
        (FREE, "electrodes.anode={kind: collector, material: copper}", "give anode 'plates: lithium'"),
        (FREE, "electrodes.anode.material=lithium", "not a collector"),
        (FREE, "electrodes.anode.plates=NMC811", "not a metal that can be plated"),
        (
            FREE,
            "electrodes.anode={kind: collector, material: copper, stress: coupled}",
            "a collector that plates something",
        ),
        (FREE, "interfaces.separator/anode.kinetics.law=linear", "allowed here: butler_volmer"),
        (FREE, "interfaces.separator/anode.kinetics.anodic_transfer=0.3", "transfer, 0.5, have to add up to 1"),
        (SYMMETRIC, "interfaces.upper/separator.bonded=true", "no bond goes with it"),
        (FULL, "interfaces.cathode/separator.kinetics.bridged_gap=5 nm", "cathode is a host"),
        (SYMMETRIC, "protocol=[charge at C/2 for 10 s]", "no electrode of the cell is a host"),
        (SYMMETRIC, "protocol=[charge at 10 mA/g for 10 s]", "no electrode of the cell is a host"),
        (SYMMETRIC, "protocol=[hold at 0.1 V until C/10]", "no electrode of the cell is a host"),
        (
            SYMMETRIC,
            "protocol=[{step: charge, current_density: 1 mA/cm^2, until: {state_of_charge: 0.5}}]",
            "give a capacity, a time or a voltage",
        ),
    ],
)
def test_what_does_not_go_with_a_metal_is_refused_in_words(text: str, override: str, words: str) -> None:
    with pytest.raises(CaseError, match=words):
        tiny_case(override, text=text)


@pytest.mark.parametrize(
    ("text", "override", "told"),
    [
        (
            SYMMETRIC,
            "electrodes.upper.material=sodium",
            ["upper: sodium is no source of the Li that separator"],
        ),
        (FREE, "electrodes.anode.plates=sodium", ["anode: sodium is no source of the Li that separator"]),
        (FREE, "electrodes.anode.plates=lithium", []),
    ],
)
def test_a_metal_of_another_ion_is_told_of(text: str, override: str, told: list[str]) -> None:
    warnings = tiny_case(override, text=text).warnings
    assert [warning.partition(" conducts")[0] for warning in warnings if "no source of" in warning] == told


def test_a_metal_whose_mesh_would_have_to_be_another_one_ends_the_run_in_words() -> None:
    run = tiny_run("protocol=[charge at 50 mA/cm^2 for 10 s]", "time={initial: 1 s, maximum: 1 s}", text=HALF)
    stripped = run.column("max stripped thickness [m]")
    assert "beyond 30% its mesh would have to be another one" in run.stopped
    assert 0.3e-6 <= stripped[-1] <= 0.32e-6
    assert "recession" in {caution.about for part in run.cell.parts for caution in part.cautions()}


# --- numbers of steps and of ranks -----------------------------------------------------------------


def test_half_the_step_halves_the_error_of_what_is_stripped_unevenly() -> None:
    """Of stiff lithium that touches in places: how far each place has been stripped depends on what touched when."""
    found = []
    for step in (4, 2, 1):
        run = tiny_run(
            "protocol=[discharge at 0.2 mA/cm^2 for 20 s]",
            f"time={{initial: {step / 8} s, maximum: {step / 8} s, tolerance: 0.1}}",
            text=FULL,
        )
        found.append(run.column("max stripped thickness of separator/anode [m]")[-1])
    assert abs(found[2] - found[1]) <= 0.75 * abs(found[1] - found[0])
    assert abs(found[2] - found[1]) <= 0.01 * found[2]


def test_surfaces_move_the_same_where_mechanics_is_solved_apart() -> None:
    at_once, in_turn = (tiny_run(f"coupling={how}", text=SYMMETRIC) for how in ("monolithic", "staggered"))
    for name in (
        "voltage [V]",
        "mean stripped thickness of upper/separator [m]",
        "mean pressure of upper/separator [Pa]",
    ):
        expected = at_once.column(name)
        np.testing.assert_allclose(in_turn.column(name), expected, rtol=1e-6, atol=1e-6 * np.abs(expected).max())


@pytest.mark.parametrize("name", TEXTS)
def test_a_run_goes_on_from_a_state_as_if_it_had_not_been_broken_off(name: str) -> None:
    text = TEXTS[name]
    whole = tiny_run(text=text)
    steps = len(whole.rows) // 2
    first = tiny_cell(text=text)
    stepping = Stepping(first, first.case.protocol, first.case.time)
    first.press()
    rows = [history.row(first, advance) for advance in islice(stepping, steps)]
    snapshot = first.state.gathered(MPI.COMM_WORLD)
    second = tiny_cell(text=text)
    stepping = Stepping(second, second.case.protocol, second.case.time)
    second.go_on(snapshot)
    rows += [history.row(second, advance) for advance in stepping]
    assert len(rows) == len(whole.rows) - 1
    assert_same(rows, whole.rows[1:], 1e-9)


@pytest.mark.parametrize("ranks", [2, 3])
def test_any_number_of_ranks_finds_the_same(mpi_run: Callable[..., str], ranks: int) -> None:
    found = json.loads(mpi_run([__file__, *TEXTS], ranks, timeout=280))
    for name, rows in found.items():
        assert_same(rows, tiny_run(text=TEXTS[name]).rows, 1e-7)


def assert_same(rows: list[dict[str, float]], expected: list[dict[str, float]], tolerance: float) -> None:
    """Require that rows say the same of the cell, rounding and counts of Newton's method aside."""
    assert len(rows) == len(expected)
    for column in expected[0]:
        kind = column.rpartition("[")[0]
        if any(word in kind for word in ("balance", "iterations", "complementarity", "penetration", "not accounted")):
            continue
        values = np.array([[row[column] for row in each] for each in (rows, expected)])
        # lengths, works and voltages that are rounding alone are so beside the others
        scale = {"m]": 1e-9, "J]": 1e-9, "V]": 1e-3, "A]": 1e-12}.get(column.rpartition("[")[2], 0.0)
        least = np.nanmax(np.abs(values[1]), initial=scale)
        np.testing.assert_allclose(values[0], values[1], rtol=0, atol=tolerance * least, err_msg=column)


if __name__ == "__main__":
    histories = {name: tiny_run(text=TEXTS[name]).rows for name in sys.argv[1:]}
    if MPI.COMM_WORLD.rank == 0:
        print(json.dumps(histories))
