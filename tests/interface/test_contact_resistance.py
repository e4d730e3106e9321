"""Interfaces between like sides: what a contact resistance costs, where it blocks, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pytest
from builders import Run, tiny_case, tiny_cell, tiny_run
from mpi4py import MPI

from interstice.benchmarks import closed_form
from interstice.solver.bodies.terminals import OpenCircuitError
from interstice.solver.cell import Cell
from interstice.solver.history import row
from interstice.solver.interface.micro_contact import Roughness
from interstice.solver.part import Load
from interstice.solver.plot.history import LOSSES
from interstice.solver.reader import CaseError

RESISTANCE = 2e-4
THICKNESS = {"lower": 0.6e-6, "upper": 0.4e-6, "cathode": 0.5e-6}
BILAYER = """\
title: a cathode on two layers of electrolyte
geometry:
  builder: layers
  layers: [{name: lower, thickness: 0.6 um}, {name: upper, thickness: 0.4 um}, {name: cathode, thickness: 0.5 um}]
  length: 1 um
  element_size: 125 nm
electrodes: {cathode: {material: NMC811, initial_stoichiometry: 0.88}}
electrolytes: {lower: {material: LLZO}, upper: {material: LPSCl}}
interfaces:
  cathode/upper: {bonded: true, kinetics: {exchange_current_density: 1 mA/cm^2}}
  upper/lower: {bonded: true, conduction: {resistance: 2 ohm*cm^2}}
stack: {pressure: 5 MPa}
protocol: [charge at 0.5 mA/cm^2 for 2 s, rest for 1 s, discharge at 0.5 mA/cm^2 for 1 s]
time: {initial: 1 s, maximum: 1 s, tolerance: 0.1}
"""
PRESSED = "interfaces.upper/lower.bonded=false"
WAVY = (PRESSED, "geometry.roughness={upper/lower: {kind: sinusoidal, amplitude: 2 nm, wavelength: 1 um}}")
LAYERS = BILAYER.split("layers: [")[1].split("]\n")[0]
UPSIDE_DOWN = BILAYER.replace(
    LAYERS, ", ".join(reversed(LAYERS.split("}, "))).replace("um}", "um").replace("um,", "um},") + "}"
)
"""The current passes the interface from its second side to its first one."""
INTERLAYER = BILAYER.replace("{name: lower,", "{name: anode, thickness: 0.5 um}, {name: lower,")
INTERLAYER = INTERLAYER.replace(
    "electrodes: {", "electrodes: {anode: {material: graphite, initial_stoichiometry: 0.1}, "
)
INTERLAYER = INTERLAYER.replace(
    "  upper/lower:", "  lower/anode: {bonded: true, kinetics: {exchange_current_density: 1 mA/cm^2}}\n  upper/lower:"
)
"""A full cell whose separator has two layers."""
FIXED = "electrodes.cathode.overrides={electronic_conductivity: 0.2 S/m}"
POLYMER = ("temperature=60 degC", "stack.pressure=0.1 MPa", "electrolytes.upper={material: PEO-LiTFSI}")
HEAT = (
    "heat={collector_transfer: 1 W/(m^2*K), counter_transfer: 0 W/(m^2*K), ambient: 298.15 K}",
    "interfaces.upper/lower.conduction.resistance=2000 ohm*cm^2",
)
MICRO = "interfaces.upper/lower.micro={law: elastic, rms: 5 nm, slope: 0.1}"
TERMS = " overpotential [V]"
CELLS: dict[str, tuple[str, tuple[str, ...]]] = {
    "bonded": (BILAYER, ()),
    "upside down": (UPSIDE_DOWN, ()),
    "full cell": (INTERLAYER, ()),
    "wavy": (BILAYER, WAVY),
    "polymer on a ceramic": (BILAYER, POLYMER),
    "ceramic on a polymer": (BILAYER, (*POLYMER[:2], "electrolytes.lower={material: PEO-LiTFSI}")),
    "heat": (BILAYER, HEAT),
    "micro": (BILAYER, (PRESSED, MICRO)),
    "as one body": (BILAYER, ("interfaces.upper/lower.conduction={}",)),
    "staggered": (BILAYER, (*WAVY, "coupling=staggered")),
}


@pytest.fixture(scope="module")
def run(request: pytest.FixtureRequest) -> Run:
    text, overrides = CELLS[request.param]
    result = tiny_run(*overrides, text=text)
    assert result.stopped == ""
    return result


def resistance_of_layers(cell: Cell, *names: str) -> float:
    """Return Σ h/κ [Ω m²]."""
    return sum(THICKNESS[name] / cell.sites[name].potential_holder.conductivity for name in names)


# --- the law ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("overrides", [(), (PRESSED,)], ids=["bonded", "pressed"])
@pytest.mark.parametrize("text", [BILAYER, UPSIDE_DOWN], ids=["upright", "upside down"])
def test_layers_in_series_cost_what_they_and_the_contact_between_them_resist(
    text: str, overrides: tuple[str, ...]
) -> None:
    """R = h₁/κ₁ + R_c + h₂/κ₂ and what the electrode adds, charged and discharged."""
    run = tiny_run(FIXED, *overrides, text=text)
    current = run.column("current density [A/m^2]")
    assert set(np.sign(current)) == {-1.0, 0.0, 1.0}
    np.testing.assert_allclose(run.column("contact overpotential [V]"), RESISTANCE * current, rtol=1e-10, atol=1e-15)
    sides = run.column("ohmic overpotential [V]") + run.column("constriction overpotential [V]")
    layers = resistance_of_layers(run.cell, "lower", "upper") + 0.5e-6 / 0.2
    np.testing.assert_allclose(sides, layers * current, rtol=1e-10, atol=1e-15)


@pytest.mark.parametrize("run", CELLS, indirect=True)
def test_the_voltage_is_the_sum_of_its_parts_and_nothing_is_lost_on_the_way(run: Run) -> None:
    assert set(np.sign(run.column("current density [A/m^2]"))) == {-1.0, 0.0, 1.0}
    for each in run.rows:
        losses = {name.removesuffix(TERMS): value for name, value in each.items() if name.endswith(TERMS)}
        assert "contact" in losses and losses.keys() <= set(LOSSES)
        total = each["open-circuit voltage [V]"] + sum(losses.values())
        assert total == pytest.approx(each["voltage [V]"], rel=0, abs=1e-10)
        assert each["charge balance [1]"] <= 1e-10
    assert max(value for name, value in run.rows[-1].items() if name.startswith("lithium balance")) <= 1e-10
    applied = run.column("current density [A/m^2]") * run.column("apparent area [m^2]")
    of = {face.name: face for face in run.cell.faces}
    name = next(name for name in of if {"upper", "lower"} == set(name.split("/")))
    crossing = (
        run.column(f"mean local current density of {name} [A/m^2]")
        * run.column(f"active fraction of {name} [1]")
        * run.column(f"geometric area of {name} [m^2]")
    )
    sign = run.cell.model.path[of[name]]
    np.testing.assert_allclose(crossing[1:], sign * applied[1:], rtol=0, atol=1e-10 * np.abs(applied).max())
    assert np.all(run.column(f"current over detached area of {name} [A]") == 0.0)


@pytest.mark.parametrize("run", ["wavy"], indirect=True)
def test_what_touches_in_part_carries_all_of_the_current(run: Run) -> None:
    """And the more a contact resists, the more evenly it carries: then it costs R I over the share that touches."""
    share = run.column("active fraction of upper/lower [1]")
    assert share.min() > 0.1 and share.max() < 0.9
    assert run.column("constriction overpotential [V]")[1] > 0.01 * run.column("ohmic overpotential [V]")[1]
    (face,) = (face for face in run.cell.faces if face.contact)
    touching, j = face.contact.pressure > 0.0, face.passage.read_current()
    assert np.array_equal(j != 0.0, touching) and np.array_equal(face.passage.read_share() > 0.0, touching)
    good = [f"electrolytes.{name}.overrides={{ionic_conductivity: 10 S/m}}" for name in ("upper", "lower")]
    resistive = tiny_cell(*WAVY, *good, "interfaces.upper/lower.conduction.resistance=100 ohm*cm^2", text=BILAYER)
    resistive.press()
    resistive.advance(1e-3, Load(5.0))
    last = row(resistive, None)
    assert last["contact overpotential [V]"] == pytest.approx(
        0.05 / last["active fraction of upper/lower [1]"], rel=1e-5
    )


@pytest.mark.also_on_ranks(2, 3)
def test_strips_of_contact_constrict_the_current_as_in_closed_form() -> None:
    """Every second half micrometre is passivated: the loss in the layers beyond the even one, to the mesh."""
    half, wavelength = 0.25e-6, 1e-6
    patches = "[{start: 0 um, end: 0.2499 um}, {start: 0.7501 um, end: 1 um}]"
    same = ("electrolytes.lower={material: LPSCl}", "geometry.lateral=periodic", "geometry.element_size=15.625 nm")
    cell = tiny_cell(*same, f"interfaces.upper/lower.conduction={{passivated: {{patches: {patches}}}}}", text=BILAYER)
    cell.press()
    cell.advance(1e-3, Load(5.0))
    kappa = cell.sites["upper"].conductor.conductivity
    constriction = closed_form.wavy_constriction(np.sin(np.pi * half / wavelength) ** 2, kappa / 2)
    assert row(cell, None)["constriction overpotential [V]"] == pytest.approx(constriction * wavelength * 5.0, rel=0.05)


def test_what_says_no_resistance_costs_as_little_as_one_body() -> None:
    same = ("electrolytes.lower={material: LPSCl}", FIXED)
    run = tiny_run(*same, "interfaces.upper/lower.conduction={}", text=BILAYER)
    contact, ohmic = run.column("contact overpotential [V]"), run.column("ohmic overpotential [V]")
    assert 0.0 < contact[1] < 1e-4 * ohmic[1]


def test_roughness_below_the_mesh_is_in_series_with_what_the_spots_resist() -> None:
    """R/φ + 1/h_c of an even pressure."""
    cell = tiny_cell(PRESSED, MICRO, text=BILAYER)
    cell.press()
    cell.advance(1e-3, Load(5.0))
    (face,) = (face for face in cell.faces if face.contact)
    kappa = 1 / sum(1 / site.conductor.conductivity for site in face.sites)
    law = Roughness("elastic", 5e-9, 0.1, face.modulus, kappa)
    pressure = face.contact.pressure.mean()
    last = row(cell, None)
    share = law.share(pressure, 0.0)
    assert last["active fraction of upper/lower [1]"] == pytest.approx(share, rel=1e-6) and share > 1e-4
    assert last["contact overpotential [V]"] == pytest.approx(RESISTANCE * 5.0 / share, rel=1e-6)
    assert last["micro-constriction overpotential [V]"] == pytest.approx(5.0 / law.conductance(pressure, 0.0), rel=1e-6)


def test_half_of_what_touches_conducts_at_the_onset_pressure() -> None:
    onset = "interfaces.upper/lower.conduction={resistance: 2 ohm*cm^2, onset_pressure: 5 MPa}"
    cell = tiny_cell(PRESSED, onset, text=BILAYER)
    cell.press()
    cell.advance(1e-3, Load(5.0))
    last = row(cell, None)
    assert last["active fraction of upper/lower [1]"] == pytest.approx(0.5, rel=1e-6)
    assert last["contact overpotential [V]"] == pytest.approx(2 * RESISTANCE * 5.0, rel=1e-6)


# --- salt and heat ---------------------------------------------------------------------------------


@pytest.mark.parametrize("run", ["polymer on a ceramic"], indirect=True)
def test_the_anion_of_a_salt_does_not_cross(run: Run) -> None:
    """What it holds stays, and polarises under the current between its two walls."""
    conductor, domain = run.cell.sites["upper"].conductor, run.cell.domain
    side = conductor.site.side
    held = domain.integrate(domain.form(conductor.salt * domain.dx(side))) / domain.volume(side)
    assert held == pytest.approx(conductor.salt_at_rest, rel=1e-10)
    assert np.ptp(conductor.salt.x.array) > 1e-3 * conductor.salt_at_rest
    flows = run.column("current density [A/m^2]") != 0.0
    assert np.all(np.abs(run.column("salt overpotential [V]")[flows]) > 1e-6)


@pytest.mark.parametrize("run", ["heat"], indirect=True)
def test_a_contact_makes_heat_of_its_resistance_times_the_square_of_the_current(run: Run) -> None:
    assert run.column("heat balance [1]").max() <= 1e-9
    without = tiny_run(HEAT[0], text=BILAYER)
    more = run.column("heat made [W]")[1] - without.column("heat made [W]")[1]
    assert more == pytest.approx((0.2 - RESISTANCE) * 5.0**2 * run.cell.model.apparent_area, rel=1e-2)


def test_what_constricts_the_current_below_the_mesh_makes_heat_as_well() -> None:
    rough, smooth = (tiny_run(HEAT[0], PRESSED, *more, text=BILAYER) for more in ((MICRO,), ()))
    drops = [
        sum(run.column(f"{name} overpotential [V]")[1] for name in names)
        for run, names in ((rough, ("contact", "micro-constriction")), (smooth, ("contact",)))
    ]
    more = rough.column("heat made [W]")[1] - smooth.column("heat made [W]")[1]
    assert rough.column("micro-constriction overpotential [V]")[1] > 0.05 * drops[1]
    assert more == pytest.approx((drops[0] - drops[1]) * 5.0 * rough.cell.model.apparent_area, rel=1e-2)


# --- where it is open ------------------------------------------------------------------------------


def pulled_apart() -> Cell:
    """Return a full cell, both halves of its separator apart."""
    cell = tiny_cell(PRESSED, "stack={hold: fixed_thickness, pressure: 1 MPa}", text=INTERLAYER)
    cell.press()
    host = cell.sites["cathode"].host
    host.c.x.array[:] *= 0.5
    cell.rates.start()
    cell.begin_protocol_step()
    return cell


@pytest.mark.also_on_ranks(2, 3)
def test_an_open_interface_within_the_electrolyte_is_an_open_circuit_and_none_at_rest() -> None:
    """Each half still touches an electrode. At rest they keep their potentials, and the cell its voltage."""
    cell = pulled_apart()
    voltage = cell.terminals.voltage
    for _ in range(2):
        cell.advance(5.0)
        cell.commit()
    (face,) = (face for face in cell.faces if face.contact)
    assert face.activity.detached.all() and all(one.transfer is None or one.passage.active_area for one in cell.faces)
    assert cell.terminals.voltage == pytest.approx(voltage, abs=1e-12)
    assert cell.active_fraction == 0.0
    with pytest.raises(OpenCircuitError, match="open circuit: no contact left of upper/lower"):
        cell.advance(5.0, Load(5.0))


# --- what is refused -------------------------------------------------------------------------------

KINETICS = "{exchange_current_density: 1 mA/cm^2}"


@pytest.mark.parametrize(
    ("override", "said"),
    [
        (
            f"interfaces.upper/lower={{kinetics: {KINETICS}}}",
            "interfaces.upper/lower.kinetics: belongs between an electrode and an electrolyte; of upper and lower",
        ),
        ("interfaces.upper/lower={bonded: true}", "interfaces.upper/lower.conduction: missing; .*resistance"),
        ("interfaces.cathode/upper={bonded: true}", "interfaces.cathode/upper.kinetics: missing; .*exchange_current"),
        (
            "interfaces.cathode/upper={conduction: {resistance: 1 ohm*m^2}}",
            "interfaces.cathode/upper.conduction: belongs between like sides; cathode and upper are",
        ),
        (
            f"interfaces.upper/lower={{conduction: {{}}, kinetics: {KINETICS}}}",
            "interfaces.upper/lower.conduction: takes the place of kinetics where both sides are alike",
        ),
        (
            "interfaces.upper/lower.conduction.resistance=0 ohm*m^2",
            "conduction.resistance = '0 ohm.m.2': .*greater than 0",
        ),
        (
            "interfaces.upper/lower={micro: {rms: 1 nm, slope: 0.1}, conduction: {onset_pressure: 1 MPa}}",
            "interfaces.upper/lower.micro: says what conducts in place of conduction.onset_pressure",
        ),
        (
            "interfaces.upper/lower.conduction.passivated={patches: [{start: 8 um, end: 9 um}]}",
            "interfaces.upper/lower.conduction.passivated.patches.0: the patch is not on the interface",
        ),
    ],
)
def test_an_interface_without_the_law_of_its_sides_is_refused_with_its_key(override: str, said: str) -> None:
    with pytest.raises(CaseError, match=said):
        tiny_case(override, text=BILAYER)


# --- several ranks ---------------------------------------------------------------------------------


@pytest.mark.parametrize("ranks", [2, 3])
def test_several_ranks_find_the_voltages_of_one(mpi_run: Callable[..., str], ranks: int) -> None:
    found, expected = json.loads(mpi_run([__file__], ranks, timeout=120)), told()
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, rel=1e-7, abs=1e-12), name


def told() -> dict[str, float]:
    """Return the last row of a cell whose layers touch in part."""
    last = tiny_run(*WAVY, text=INTERLAYER).rows[-1]
    return {name: value for name, value in last.items() if name.endswith("[V]") or name.startswith(("active", "mean"))}


if __name__ == "__main__":
    found = told()
    if MPI.COMM_WORLD.rank == 0:
        print(json.dumps(found))
