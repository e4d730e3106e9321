"""The parts of the voltage: what they sum to, at rest and under current, and what each of them is."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from builders import BONDED, FIXED_PRESSURE, TINY, Run, tiny_cell, tiny_run

from interstice import materials
from interstice.materials.library import SHIPPED
from interstice.solver.bodies.host import entropic_coefficient, equilibrium_potential
from interstice.solver.cell import Cell
from interstice.solver.interface.kinetics import FARADAY, GAS_CONSTANT
from interstice.solver.part import Load
from interstice.solver.plot.history import LOSSES

FLAT = ("geometry.roughness={kind: flat}", FIXED_PRESSURE)
KINETICS = "{kinetics: {exchange_current_density: 1 mA/cm^2}}"
SMALL = "geometry.element_size=250 nm"
BRIEF = (
    SMALL,
    "protocol=[charge at 0.5 mA/cm^2 for 4 s, rest for 2 s, discharge at 0.5 mA/cm^2 for 2 s]",
    "time={initial: 1 s, maximum: 2 s, tolerance: 0.1}",
)
HEAT = "heat={collector_transfer: 1 W/(m^2*K), counter_transfer: 0 W/(m^2*K), ambient: 298.15 K}"
RESISTIVE = "interface.kinetics={exchange_current_density: 1 mA/cm^2, film_resistance: 40 ohm*cm^2}"
CHARGED = "interface.kinetics={exchange_current_density: 1 mA/cm^2, gap_permittivity: 1000}"
POLYMER = ("electrolyte.material=PEO-LiTFSI", "interface.bonded=true", "stack.pressure=0.1 MPa")


def layered(*layers: str, theta: float = 0.88) -> str:
    """Return a case of flat bonded layers from the bottom up: their first letters say NMC811, graphite or LPSCl."""
    kinds = {"n": "NMC811", "g": "graphite", "s": "LPSCl"}
    hosts = "".join(
        f"  {name}: {{material: {kinds[name[0]]}, initial_stoichiometry: {0.1 if name[0] == 'g' else theta}, "
        "overrides: {electronic_conductivity: 10 S/m}}\n"
        for name in layers
        if name[0] != "s"
    )
    conductors = "".join(f"  {name}: {{material: {kinds['s']}}}\n" for name in layers if name[0] == "s")
    faces = "".join(
        f"  {upper}/{lower}: {{bonded: true, kinetics: {{exchange_current_density: 1 mA/cm^2}}}}\n"
        for lower, upper in pairwise(layers)
    )
    thick = ", ".join(f"{{name: {name}, thickness: 0.5 um}}" for name in layers)
    return (
        "title: layers\n"
        f"geometry: {{builder: layers, length: 0.5 um, element_size: 250 nm, layers: [{thick}]}}\n"
        f"electrodes:\n{hosts}electrolytes:\n{conductors}interfaces:\n{faces}stack: {{pressure: 5 MPa}}\n"
        "protocol: [charge at 0.2 mA/cm^2 for 2 s, rest for 1 s, discharge at 0.2 mA/cm^2 for 1 s]\n"
        "time: {initial: 0.5 s, maximum: 1 s, tolerance: 0.1}\n"
    )


FULL, SYMMETRIC = layered("g", "s", "n"), layered("na", "s", "nc")
UPSIDE_DOWN, IN_SERIES = layered("n", "s"), layered("s_lower", "n", "s_upper", "g")
CELLS: dict[str, tuple[str, tuple[str, ...]]] = {
    "half cell": (TINY, BRIEF),
    "full cell": (FULL, ()),
    "symmetric": (SYMMETRIC, ()),
    "upside down": (UPSIDE_DOWN, ()),
    "two in series": (IN_SERIES, ()),
    "binary electrolyte": (TINY, (*BRIEF, *FLAT, *POLYMER)),
    "heat": (TINY, (*BRIEF, *FLAT, "electrolyte.material=LLZO", HEAT)),
    "micro": (TINY, (*BRIEF, "interface.micro={law: elastic, rms: 5 nm, slope: 0.1}")),
    "bond": (TINY, (*BRIEF, BONDED)),
    "film resistance": (TINY, (*BRIEF, RESISTIVE)),
    "charged gap": (TINY, (*BRIEF, CHARGED)),
    "stress": (TINY, (*BRIEF, "electrode.stress=coupled")),
}


FLAT_CELLS = ("full cell", "symmetric", "upside down", "two in series", "binary electrolyte", "heat")


@pytest.fixture(scope="module")
def run(request: pytest.FixtureRequest) -> Run:
    text, overrides = CELLS[request.param]
    result = tiny_run(*overrides, text=text)
    assert result.stopped == ""
    return result


def columns(cell: Cell) -> dict[str, float]:
    return {name: value for part in cell.parts for name, value in part.columns().items()}


def losses(row: dict[str, float]) -> dict[str, float]:
    return {name: value for name, value in row.items() if name.endswith("overpotential [V]")}


@pytest.mark.parametrize("run", CELLS, indirect=True)
def test_parts_sum_to_the_voltage_at_every_row_under_current_and_at_rest(run: Run) -> None:
    assert set(np.sign(run.column("current density [A/m^2]"))) == {-1.0, 0.0, 1.0}
    for row in run.rows:
        assert {name.removesuffix(" overpotential [V]") for name in losses(row)} <= set(LOSSES)  # so all are drawn
        total = row["open-circuit voltage [V]"] + sum(losses(row).values())
        assert total == pytest.approx(row["voltage [V]"], rel=0, abs=1e-10)


@pytest.mark.parametrize("run", FLAT_CELLS, indirect=True)
def test_flat_layers_lose_their_resistance_times_the_current_and_nothing_to_constriction(run: Run) -> None:
    """Also where an electrode has two interfaces, as that between two cells in series, and in a cell that warms."""
    current, ohmic = run.column("current density [A/m^2]"), run.column("ohmic overpotential [V]")
    assert np.abs(run.column("constriction overpotential [V]")).max() <= 1e-6 * np.abs(ohmic).max()
    if run.cell.case.heat:
        flows = current != 0.0
        assert np.ptp(ohmic[flows] / current[flows]) > 1e-4 * np.max(ohmic[flows] / current[flows])
        return
    thickness = 1e-6 if "electrode" in run.cell.sites else 0.5e-6
    resistance = sum(thickness / site.potential_holder.conductivity for site in run.cell.sites.values())
    np.testing.assert_allclose(ohmic, resistance * current, rtol=1e-7)


# --- what they are ---------------------------------------------------------------------------------


def test_parts_are_continuous_where_the_current_changes_its_sign() -> None:
    """After a charge of rough contact, lithium goes round between places that are fuller and emptier."""
    cell = tiny_cell(*BRIEF)
    cell.press()
    for _ in range(4):
        cell.advance(1.0, Load(5.0))
        cell.commit()
    cell.advance(1e-3, Load(0.0))
    cell.commit()
    after = cell.state.save()
    parts = []
    for current in (-1e-6, 0.0, 1e-6):
        cell.state.restore(after)
        cell.advance(1e-3, Load(current))
        parts.append(np.array(list(losses(columns(cell)).values())))
    circulating = columns(cell)["max local current density [A/m^2]"]
    assert circulating > 1e-2 and parts[1].max() > 1e-3
    np.testing.assert_allclose(parts[0], parts[1], rtol=0, atol=1e-7)
    np.testing.assert_allclose(parts[2], parts[1], rtol=0, atol=1e-7)


def test_at_rest_the_concentration_is_what_holds_the_voltage_of_a_flat_cell_away_from_equilibrium() -> None:
    """U at the surface, less U at the mean: with slow diffusion, millivolts."""
    run = tiny_run(*BRIEF, *FLAT)
    rest = [row for row in run.rows if row["step [1]"] == 2][-1]
    apart = rest["voltage [V]"] - rest["open-circuit voltage [V]"]
    assert apart > 1e-3
    assert rest["concentration overpotential [V]"] == pytest.approx(apart, rel=1e-4)


@pytest.mark.parametrize("run", ["symmetric"], indirect=True)
def test_symmetric_cell_has_no_voltage_of_its_own_and_answers_both_ways_alike(run: Run) -> None:
    assert run.column("voltage [V]")[0] == pytest.approx(0.0, abs=1e-9)
    assert np.abs(run.column("open-circuit voltage [V]")).max() > 1e-5
    answers, cell = [], tiny_cell(text=SYMMETRIC)
    cell.press()
    start = cell.state.save()
    for current in (2.0, -2.0):
        cell.state.restore(start)
        cell.advance(1e-3, Load(current))
        answers.append(cell.terminals.voltage)
    assert answers[0] > 1e-3
    # both sides differ by what the first one loses and the second one gains, and by their meshes
    assert answers[1] == pytest.approx(-answers[0], rel=1e-5)


@pytest.mark.parametrize("run", ["two in series"], indirect=True)
def test_what_lies_between_two_cells_in_series_keeps_its_lithium(run: Run) -> None:
    """And its potential drops out of the open-circuit voltage: that of graphite against lithium is left."""
    inside = run.column("mean stoichiometry of n [1]")
    np.testing.assert_allclose(inside, inside[0], rtol=0, atol=1e-12)
    assert run.column("lithium balance of n [1]").max() <= 1e-10
    assert np.ptp(run.column("mean stoichiometry of g [1]")) > 1e-5
    graphite = materials.load("graphite").host
    assert graphite is not None
    assert run.rows[0]["voltage [V]"] == pytest.approx(float(graphite.potential(0.1, 298.15)), rel=1e-12)


@pytest.mark.parametrize("run", ["upside down"], indirect=True)
def test_half_cell_upside_down_has_the_voltage_of_one_that_stands_upright(run: Run) -> None:
    """Lithium is where the electrode is not; a charge takes lithium out of the electrode all the same."""
    upright = tiny_run(text=layered("s", "n"))
    # the triangles of one mesh are not those of the other
    within = {"open-circuit voltage [V]": 1e-9, "state of charge [1]": 1e-9, "ohmic overpotential [V]": 1e-9}
    for name, most in (within | {"kinetic overpotential [V]": 3e-5, "voltage [V]": 2e-4}).items():
        np.testing.assert_allclose(run.column(name), upright.column(name), rtol=0, atol=most, err_msg=name)
    assert run.column("charge balance [1]").max() <= 1e-10
    charge = run.column("step [1]") == 1
    assert np.all(np.diff(run.column("mean stoichiometry [1]")[: charge.sum() + 1]) < 0.0)


def test_salt_polarises_as_its_closed_form_and_quickens_the_reaction(tmp_path: Path) -> None:
    """Steady: c differs by (1 − t₊) i L/FD over the electrolyte, φ by (2RT/F)(1 − t₊) Γ ln c; j_0 goes with √c.

    D is colder than where it is known, with an activation energy of its own.
    """
    current, kelvin, length, energy = 50.0, 323.15, 1e-6, 40e3
    text = (SHIPPED / "peo_litfsi.yaml").read_text(encoding="utf-8").replace("name: PEO-LiTFSI", "name: mine")
    energies = {"conductivity": 10e3, "salt_diffusivity": energy}
    given = [f"  {key}_activation_energy: {{value: {value} J/mol, source: here}}\n" for key, value in energies.items()]
    (tmp_path / "mine.yaml").write_text(text.replace("electrolyte:\n", f"electrolyte:\n{''.join(given)}"))
    warm = (f"temperature={kelvin} K", "protocol=[charge at 1 mA/cm^2 for 4 s]")
    cell = tiny_cell(*FLAT, *POLYMER, *warm, f"electrolyte.material={tmp_path / 'mine.yaml'}")
    face, site = cell.faces[0], cell.sites["electrolyte"]
    conductor, host = site.conductor, cell.terminals.working
    cell.press()
    for _ in range(3):
        cell.begin_protocol_step()
        cell.advance(1.0, Load(current))
        cell.commit()
    polymer = conductor.material
    diffusivity = 4e-12 * np.exp(-energy / GAS_CONSTANT * (1 / kelvin - 1 / 333.15))
    height, c = conductor.salt.function_space.tabulate_dof_coordinates()[:, 1], conductor.salt.x.array
    upper, lower = (c[np.isclose(height, place, atol=1e-12)].mean() for place in (height.max(), height.min()))
    spread = (1 - polymer.transference_number) * current * length / FARADAY / diffusivity
    assert upper - lower == pytest.approx(spread, rel=1e-3)
    row = columns(cell)
    thermal = GAS_CONSTANT * kelvin / FARADAY
    polarised = 2 * thermal * (1 - polymer.transference_number) * polymer.thermodynamic_factor * np.log(upper / lower)
    # nodes along a face differ by as little as the triangles above them do
    assert row["salt overpotential [V]"] == pytest.approx(polarised, rel=5e-4)
    assert abs(row["constriction overpotential [V]"]) <= 5e-4 * polarised
    theta = face.interface.max(face.interface.reader(face.seen_from(host.site, host.theta(host.c))).read())
    j_0 = 10.0 * 2 * np.sqrt(theta * (1 - theta)) * np.sqrt(upper / conductor.salt_at_rest)
    assert upper / conductor.salt_at_rest > 1.05
    eta = 2 * thermal * np.arcsinh(current / (2 * j_0))
    assert row["kinetic overpotential [V]"] == pytest.approx(eta, rel=1e-3)


# --- beyond the range of U -------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["NMC811", "silicon", "graphite", "LCO"])
def test_beyond_its_range_u_is_that_of_ideal_mixing_from_its_end_on(name: str) -> None:
    """Of numbers and arrays; with its entropy, which is its slope with the temperature."""
    host = materials.load(name).host
    assert host is not None
    (low, high), kelvin = host.stoichiometry_range, 310.0
    thermal = GAS_CONSTANT * kelvin / FARADAY
    above, below = (1 + high) / 2, low / 2
    ends = [host.potential(end, kelvin) for end in (high, low)]
    assert equilibrium_potential(host, above, kelvin) == pytest.approx(ends[0] + thermal * np.log(0.5), rel=1e-12)
    assert equilibrium_potential(host, below, kelvin) == pytest.approx(ends[1] - thermal * np.log(0.5), rel=1e-12)
    theta = np.linspace(0.0, 1.0, 1001)
    potential = equilibrium_potential(host, theta, kelvin)
    outside = (theta[1:] <= low) | (theta[:-1] >= high)
    assert np.all(np.isfinite(potential)) and np.all(np.diff(potential)[outside] < 0.0)
    warmer = equilibrium_potential(host, theta, kelvin + 1.0)
    np.testing.assert_allclose(warmer - potential, entropic_coefficient(host, theta), rtol=0, atol=1e-12)


def test_open_circuit_voltage_beyond_the_range_is_the_voltage_that_a_long_rest_ends_at() -> None:
    protocol = "protocol=[discharge at 0.5 mA/cm^2 for 20 s, rest for 10 h]"
    start = "electrode.initial_stoichiometry=0.905"
    run = tiny_run(*FLAT, protocol, start, "time={initial: 5 s, maximum: 10 h, tolerance: 0.1}", SMALL)
    last = run.rows[-1]
    assert last["mean stoichiometry [1]"] > run.cell.sites["electrode"].host.material.stoichiometry_range[1] + 0.01
    assert last["open-circuit voltage [V]"] == pytest.approx(last["voltage [V]"], rel=0, abs=1e-7)
