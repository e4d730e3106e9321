"""Cells of several electrodes and interfaces, and of particles: what is conserved, what the voltage is made of."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from builders import FIXED_PRESSURE, TINY, Run, tiny_cell, tiny_run

from interstice.solver.constants import FARADAY, GAS_CONSTANT
from interstice.solver.history import KIND

FULL = """\
title: a full cell whose cathode touches in places
geometry:
  builder: layers
  layers: [{name: anode, thickness: 1 um}, {name: separator, thickness: 0.5 um}, {name: cathode, thickness: 1 um}]
  length: 1 um
  element_size: 125 nm
  roughness: {cathode/separator: {kind: sinusoidal, amplitude: 0.5 nm, wavelength: 1 um}}
electrodes:
  anode: {material: graphite, initial_stoichiometry: 0.1}
  cathode: {material: NMC811, initial_stoichiometry: 0.88}
electrolytes: {separator: {material: LPSCl}}
interfaces:
  cathode/separator: {kinetics: {exchange_current_density: 1 mA/cm^2}}
  separator/anode: {bonded: true, kinetics: {exchange_current_density: 1 mA/cm^2}}
stack: {pressure: 5 MPa}
protocol:
- charge at 0.2 mA/cm^2 for 15 s
- hold at 3.42 V for 10 s
- rest for 5 s
- discharge at 0.2 mA/cm^2 for 15 s
time: {initial: 2 s, maximum: 5 s, tolerance: 0.001}
"""
COMPOSITE = """\
title: three particles in a matrix
geometry:
  builder: particles
  length: 3 um
  height: 4 um
  separator: 1 um
  count: 3
  mean_diameter: 1 um
  element_size: 0.2 um
  seed: 1
electrode: {material: NMC811, initial_stoichiometry: 0.88}
electrolyte: {material: LPSCl}
interface: {kinetics: {exchange_current_density: 1 mA/cm^2, onset_pressure: 0.1 MPa}}
stack: {pressure: 20 MPa}
protocol:
- charge at 0.05 mA/cm^2 for 60 s
- rest for 10 s
- discharge at 0.05 mA/cm^2 for 60 s
time: {initial: 5 s, maximum: 20 s}
"""
SHARP = "interface.kinetics.touching_gap=1e-18 m"
TEXTS = {"half cell": TINY, "full cell": FULL, "composite": COMPOSITE}
EVEN = (
    "geometry.roughness={kind: flat}",
    FIXED_PRESSURE,
    "protocol=[charge at 0.5 mA/cm^2 for 10 us]",
    "time={initial: 10 us, minimum: 1 us, maximum: 1 s}",
)
"""A flat interface, so early that the surface is as full as at the start, evenly on any mesh."""
TERMS = ("kinetic", "concentration", "ohmic", "constriction")


@pytest.fixture(scope="module", params=TEXTS)
def run(request: pytest.FixtureRequest) -> Run:
    result = tiny_run(text=TEXTS[request.param])
    assert result.stopped == ""
    return result


def columns(run: Run, start: str) -> dict[str, np.ndarray]:
    """Return the columns whose names begin so."""
    found = {name: run.column(name) for name in run.rows[0] if name.startswith(start)}
    assert found
    return found


# --- what is conserved -----------------------------------------------------------------------------


def test_lithium_of_each_electrode_is_what_it_was_less_what_crossed(run: Run) -> None:
    for name, missing in columns(run, "lithium balance").items():
        assert missing.max() <= 1e-10, name


def test_what_one_electrode_loses_the_other_takes_up() -> None:
    run = tiny_run(text=FULL)
    inside = [
        run.column(f"mean stoichiometry of {name} [1]") * run.cell.sites[name].host.lithium_capacity
        for name in ("anode", "cathode")
    ]
    moved = np.ptp(inside[0])
    assert moved > 1e-3 * inside[0][0]
    np.testing.assert_allclose(sum(inside), sum(inside)[0], rtol=0, atol=1e-10 * moved)


def test_lithium_follows_the_charge_counted_whatever_the_current_does(run: Run) -> None:
    """Steps at constant voltage included, where the current varies."""
    electrode = run.cell.terminals.working
    name = f"mean stoichiometry{electrode.label} [1]"
    moles = (run.column(name)[0] - run.column(name)) * electrode.lithium_capacity
    charge = run.column("net charge [A h/m^2]") * 3600 * run.cell.model.apparent_area
    np.testing.assert_allclose(moles * FARADAY, charge, rtol=0, atol=1e-10 * np.abs(charge).max())


def test_charge_in_is_charge_out(run: Run) -> None:
    assert run.column("charge balance [1]").max() <= 1e-10


def test_nothing_crosses_what_is_apart_and_areas_agree(run: Run) -> None:
    """Of each interface: j_app A_app = j_loc f_c A_geom, of the sign of its electrode."""
    applied = run.column("current density [A/m^2]") * run.column("apparent area [m^2]")
    for face in run.cell.faces:
        of = f" of {face.name}" if len(run.cell.faces) > 1 else ""
        sign = 1 if face.transfer.electrode is run.cell.model.working else -1
        local, fraction, area = (
            run.column(f"{name}{of} [{unit}]")
            for name, unit in (
                ("mean local current density", "A/m^2"),
                ("active fraction", "1"),
                ("geometric area", "m^2"),
            )
        )
        crossing = local * fraction * area
        # Newton's method leaves 1e-12 in the norm over the nodes, so that in their sum a few times as much may be left
        np.testing.assert_allclose(crossing[1:], sign * applied[1:], rtol=0, atol=1e-11 * np.abs(applied).max())
        assert np.all(run.column(f"current over detached area{of} [A]") == 0.0)


def test_work_is_stored_or_lost(run: Run) -> None:
    assert run.column("energy balance [1]").max() <= 1e-9


def test_particles_held_by_contact_alone_do_not_spin() -> None:
    run = tiny_run(text=COMPOSITE)
    u = {name: np.abs(run.cell.sites[name].u.x.array).max() for name in ("electrode", "electrolyte")}
    assert u["electrode"] <= 2 * u["electrolyte"]


# --- the voltage as a sum --------------------------------------------------------------------------


def test_voltage_is_the_sum_of_its_parts(run: Run) -> None:
    current = run.column("current density [A/m^2]") != 0.0
    parts = run.column("open-circuit voltage [V]") + sum(run.column(f"{term} overpotential [V]") for term in TERMS)
    np.testing.assert_allclose(parts[current], run.column("voltage [V]")[current], rtol=0, atol=1e-10)


def test_open_circuit_voltage_is_the_voltage_of_the_cell_at_equilibrium(run: Run) -> None:
    assert run.column("open-circuit voltage [V]")[0] == pytest.approx(run.column("voltage [V]")[0], rel=1e-12)


def test_ohmic_loss_of_flat_layers_is_that_of_their_resistances() -> None:
    run = tiny_run("electrodes.cathode.overrides={electronic_conductivity: 0.2 S/m}", text=FULL)
    thickness = {"anode": 1e-6, "separator": 0.5e-6, "cathode": 1e-6}
    resistance = sum(h / run.cell.sites[name].potential_holder.conductivity for name, h in thickness.items())
    expected = resistance * run.column("current density [A/m^2]")
    np.testing.assert_allclose(run.column("ohmic overpotential [V]"), expected, rtol=1e-7)


def test_constriction_costs_nothing_on_a_flat_cell() -> None:
    row = tiny_run(*EVEN).rows[-1]
    assert row["active fraction [1]"] == 1.0
    assert abs(row["constriction overpotential [V]"]) <= 1e-7 * row["ohmic overpotential [V]"]


def test_constriction_grows_as_contact_is_lost() -> None:
    run = tiny_run()
    step, active = run.column("step [1]"), run.column("active fraction [1]")
    charging = step == 1
    loss = run.column("constriction overpotential [V]") / run.column("ohmic overpotential [V]").max()
    assert np.all(loss[charging] >= -1e-6)
    fewer = np.flatnonzero(np.diff(active[charging]) < 0)
    assert len(fewer) > 0
    assert np.all(np.diff(loss[charging])[fewer] > 0)


def test_kinetic_loss_of_a_flat_cell_is_butler_volmer_inverted() -> None:
    """With both transfer coefficients ½: η = 2 RT/F arsinh(j/(2 j_0))."""
    run = tiny_run(*EVEN)
    j_0, theta = 10.0, 0.9
    thermal = GAS_CONSTANT * run.cell.case.temperature / FARADAY
    expected = 2 * thermal * np.arcsinh(5.0 / (2 * j_0 * 2 * np.sqrt(theta * (1 - theta))))
    assert run.rows[-1]["kinetic overpotential [V]"] == pytest.approx(expected, rel=1e-6)


# --- other ways to the same answer -----------------------------------------------------------------

BOOKKEEPING = ("newton", "linear", "complementarity", "penetration", "charge balance", "lithium balance", "energy bal")


def assert_same(run: Run, reference: Run, tolerance: float) -> None:
    """Assert that every physical column agrees, over its largest value; energies and lengths over that of all."""
    assert run.stopped == reference.stopped == ""
    assert len(run.rows) == len(reference.rows)
    assert run.rows[0].keys() == reference.rows[0].keys()
    largest = {name: np.abs(reference.column(name)).max() for name in reference.rows[0]}
    # what is zero but for rounding is so beside the others
    common = {unit: max(largest[name] for name in largest if name.endswith(unit)) for unit in ("[J]", "[m]")}
    for name in run.rows[0]:
        if not name.startswith(BOOKKEEPING):
            scale = common.get(name[-3:], largest[name])
            np.testing.assert_allclose(
                run.column(name), reference.column(name), rtol=0, atol=tolerance * scale, err_msg=name
            )


@pytest.mark.parametrize("name", TEXTS)
def test_solved_in_turn_or_at_once_the_cell_is_the_same(name: str) -> None:
    """In the same time steps, whose lengths shall not follow from what little the two differ by."""
    # solved in turn, no share fades within the gap at which sides touch
    alike = ("time.tolerance=0.1", *([SHARP] if name == "half cell" else []))
    assert_same(tiny_run("coupling=staggered", *alike, text=TEXTS[name]), tiny_run(*alike, text=TEXTS[name]), 1e-6)


def test_solved_in_turn_or_at_once_a_cell_in_3d_is_the_same() -> None:
    spatial = (
        "geometry={builder: film, dimension: 3, length: 1 um, electrode_thickness: 0.5 um, "
        "electrolyte_thickness: 0.5 um, element_size: 250 nm, "
        "roughness: {kind: sinusoidal, amplitude: 0.2 nm, wavelength: 1 um}}"
    )
    alike = (spatial, FIXED_PRESSURE, SHARP, "time.tolerance=0.1")
    staggered = tiny_run(*alike)
    assert staggered.column("active fraction [1]").min() < 1.0
    assert_same(staggered, tiny_run(*alike, "coupling=monolithic"), 1e-6)


def test_bonded_layers_of_one_material_are_one_body() -> None:
    """All sides as stiff as each other: pressed at a platen, the strain is that of uniaxial strain everywhere."""
    alike = [
        f"{block}.overrides={{young_modulus: 50 GPa, poisson_ratio: 0.25}}"
        for block in ("electrodes.anode", "electrodes.cathode", "electrolytes.separator")
    ]
    bonded = [f"interfaces.{pair}.bonded=true" for pair in ("cathode/separator", "separator/anode")]
    run = tiny_run(*alike, *bonded, "geometry.roughness={}", "protocol=[press to 50 MPa in 5 s]", text=FULL)
    assert run.stopped == ""
    u = run.cell.sites["cathode"].u
    assert u is run.cell.sites["separator"].u is run.cell.sites["anode"].u
    height = u.function_space.tabulate_dof_coordinates()[:, 1]
    oedometric = 50e9 * (1 - 0.25) / ((1 + 0.25) * (1 - 2 * 0.25))
    displacement = u.x.array.reshape(-1, 2)
    np.testing.assert_allclose(displacement[:, 1], -50e6 / oedometric * height, rtol=0, atol=1e-18)
    np.testing.assert_allclose(displacement[:, 0], 0.0, atol=1e-18)


@pytest.mark.parametrize(("name", "ranks"), [("full cell", 2), ("full cell", 3), ("composite", 3)])
def test_several_ranks_write_the_history_that_one_does(
    mpi_run: Callable[..., str], tmp_path: Path, name: str, ranks: int
) -> None:
    case, output = tmp_path / "case.yaml", tmp_path / "results"
    case.write_text(TEXTS[name], encoding="utf-8")
    mpi_run(["-m", "interstice", "run", str(case), "-o", str(output)], ranks, timeout=120)
    with (output / "history.csv").open(encoding="utf-8") as stream:
        rows = [{key: float(value) for key, value in row.items() if key != KIND} for row in csv.DictReader(stream)]
    reference = tiny_run(text=TEXTS[name])
    assert_same(reference._replace(rows=rows), reference, 1e-7)


def scaled(factor: float) -> tuple[str, ...]:
    """Return what makes the tiny cell `factor` times as large and, by diffusion, its square as slow."""
    length, time, current = factor * 1e-6, factor**2, 5.0 / factor
    film = f"electrode_thickness: {length} m, electrolyte_thickness: {length} m, element_size: {length / 8} m"
    wave = f"roughness: {{kind: sinusoidal, amplitude: {5e-4 * length} m, wavelength: {length} m}}"
    until = f"current_density: {current} A/m^2, until: {{time: {15 * time} s}}"
    return (
        f"geometry={{builder: film, length: {2 * length} m, {film}, {wave}}}",
        f"interface.kinetics={{exchange_current_density: {2 * current} A/m^2, touching_gap: {1e-4 * length} m}}",
        f"protocol=[{{step: charge, {until}}}, {{step: discharge, {until}}}]",
        f"time={{initial: {2 * time} s, minimum: {1e-3 * time} s, maximum: {5 * time} s}}",
    )


@pytest.mark.parametrize("factor", [1e-2, 1e3])
def test_cell_of_any_size_is_as_well_scaled(factor: float) -> None:
    """Similar cells: voltage, pressure and contact are the same, gaps and time grow with the size and its square."""
    run, reference = tiny_run(*scaled(factor)), tiny_run(*scaled(1.0))
    assert run.stopped == reference.stopped == ""
    for name, power in (
        ("time [s]", 2),
        ("voltage [V]", 0),
        ("active fraction [1]", 0),
        ("max pressure [Pa]", 0),
        ("max gap [m]", 1),
        ("mean stoichiometry [1]", 0),
    ):
        expected = reference.column(name) * factor**power
        np.testing.assert_allclose(run.column(name), expected, rtol=1e-6, atol=1e-9 * expected.max(), err_msg=name)
    # a residual that is nearly what rounding leaves may ask for one more
    newton = "newton iterations [1]"
    np.testing.assert_allclose(run.column(newton), reference.column(newton), rtol=0, atol=1)


def test_run_without_any_contact_is_reported(mpi_run: Callable[..., str], tmp_path: Path) -> None:
    """Where all interfaces are bonded there is no pressure, gap or complementarity to print."""
    case = tmp_path / "bonded.yaml"
    case.write_text(TINY.replace("interface:\n", "interface:\n  bonded: true\n"), encoding="utf-8")
    said = mpi_run(["-m", "interstice", "run", str(case), "-o", str(tmp_path / "results")], 1, timeout=120)
    assert "active fraction 1.000 assembled, 1.000 at its lowest" in said


# --- order of elements ---------------------------------------------------------------------------------------------

RUBBER = ("electrode.overrides={poisson_ratio: 0.499}", "electrolyte.overrides={poisson_ratio: 0.499}")


def peak_pressure(*overrides: str) -> float:
    cell = tiny_cell("geometry.roughness.amplitude=2 nm", "geometry.length=1 um", *RUBBER, *overrides)
    cell.press()
    (face,) = cell.faces
    return face.interface.max(face.contact.pressure)


def test_quadratic_displacements_bear_what_hardly_changes_volume() -> None:
    fine, size = peak_pressure("geometry.element_size=25 nm", "element_order=2"), "geometry.element_size=50 nm"
    assert peak_pressure(size, "element_order=2") == pytest.approx(fine, rel=0.06)
    # linear ones lock
    assert peak_pressure(size) > 1.5 * fine


@pytest.mark.also_on_ranks(2, 3)
def test_a_cell_of_quadratic_elements_keeps_its_balances() -> None:
    run = tiny_run("element_order=2")
    assert not run.stopped
    assert run.column("active fraction [1]").min() < 0.9 * run.column("active fraction [1]")[0]
    for balance, allowed in (("charge", 1e-10), ("lithium", 1e-8), ("energy", 1e-8)):
        assert run.column(f"{balance} balance [1]").max() <= allowed
    assert not run.column("current over detached area [A]").any()
    assert run.column("penetration [m]").max() <= 1e-10 * 0.5e-9
