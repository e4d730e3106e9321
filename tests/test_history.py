"""The reported numbers of whole runs: balances, identities, and that any number of ranks reports the same."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from builders import BONDED, FIXED_PRESSURE, TINY, Run, tiny_cell, tiny_run
from mpi4py import MPI

from interstice.solver import history
from interstice.solver.constants import FARADAY

WHOLE = "geometry.lateral=periodic"
SPATIAL = (
    "geometry={builder: film, dimension: 3, length: 1 um, electrode_thickness: 0.5 um, electrolyte_thickness: 0.5 um, "
    "element_size: 250 nm, roughness: {kind: sinusoidal, amplitude: 0.2 nm, wavelength: 1 um}}"
)
ROUGH = "geometry.roughness={kind: self_affine, rms: 0.2 nm, seed: 3}"
PROFILE = (
    "geometry.roughness={kind: sinusoidal, amplitude: 40 nm, wavelength: 1 um}",
    "geometry.roughness_as=profile",
)
BOTH = (
    "geometry.roughness={kind: self_affine, rms: 0.6 nm, seed: 3}",
    "geometry.profile={kind: sinusoidal, amplitude: 100 nm, wavelength: 1 um}",
)
EVERY_LAW = (
    "interface.cohesive={law: trapezoidal, normal_strength: 5 MPa, shear_strength: 8 MPa, normal_toughness: 1 mJ/m^2, "
    "shear_toughness: 2 mJ/m^2, mixity: power_law, relaxation_time: 1 s, unbonded: {start: 0 um, end: 0.3 um}, "
    "variation: {distribution: log_normal, variation: 0.1, correlation_length: 500 nm}, "
    "fatigue: {accumulation: 2, endurance: 0.1}}",
    "interface.friction.coefficient=0.3",
    "interface.adhesion={work: 5 mJ/m^2, range: 2 nm}",
)
GENTLE = (
    "protocol=[{step: charge, current_density: 0.05 mA/cm^2, until: {time: 15 s}}, {step: rest, time: 5 s}, "
    "{step: discharge, current_density: 0.05 mA/cm^2, until: {time: 15 s}}]"
)
"""A current that the few crests on which a film without pressure lies can take."""
STRESSED = (
    "electrode.stress=coupled",
    "interface.kinetics={law: tafel, exchange_current_density: 1 mA/cm^2, activation_energy: 30 kJ/mol, "
    "film_resistance: 5 ohm*cm^2, onset_pressure: 0.5 MPa}",
    "temperature=310 K",
)
POLYMER = (
    "electrolyte.material=PEO-LiTFSI",
    "interface.kinetics={law: linear, exchange_current_density: 1 mA/cm^2}",
    "largest_strain=10",
)
WARM = (
    "electrolyte.material=LLZO",
    "heat={collector_transfer: 10 W/(m^2*K), counter_transfer: 5 W/(m^2*K), ambient: 300 K}",
    FIXED_PRESSURE,
)
PASSIVATED = ("interface.kinetics.passivated={share: 0.4, correlation_length: 300 nm, seed: 2}",)
FLOWING = (f"electrolyte.material={Path(__file__).parent / 'soft_electrolyte.yaml'}",)
"""It flows by a thousandth in the minute that a tiny run takes."""
RUNS: dict[str, tuple[str, ...]] = {
    "fixed thickness": (),
    "constant pressure": (FIXED_PRESSURE,),
    "periodic": (WHOLE,),
    "self-affine": (ROUGH,),
    "conforming rough interface": PROFILE,
    "profile and gap": (*BOTH, FIXED_PRESSURE),
    "bonded": (BONDED,),
    "every law": EVERY_LAW,
    "free and rotating": (BONDED, GENTLE, "stack={hold: free}", "kinematics=finite_rotation"),
    "stress and film": STRESSED,
    "polymer": (*POLYMER, GENTLE),
    "heat": WARM,
    "passivated": (WHOLE, FIXED_PRESSURE, *PASSIVATED),
    "yields": (FIXED_PRESSURE, *FLOWING, "electrolyte.solid=plastic"),
    "creeps": (*STRESSED, *FLOWING, "electrolyte.solid=creep"),
    "flows by Anand's law, warm": (*WARM, *FLOWING, "electrolyte.solid=anand"),
    "3D": (SPATIAL, FIXED_PRESSURE),
    "3D, passivated": (SPATIAL, FIXED_PRESSURE, *PASSIVATED),
    "3D, creeps": (SPATIAL, FIXED_PRESSURE, *FLOWING, "electrolyte.solid=creep"),
    "3D, stress and film": (SPATIAL, FIXED_PRESSURE, *STRESSED),
}
FEW_STEPS = "time.tolerance=0.01"
"""Balances and identities hold at any step: half as many lose as much contact and regain it."""


@pytest.fixture(scope="module", params=RUNS)
def run(request: pytest.FixtureRequest) -> Run:
    result = tiny_run(*RUNS[request.param], FEW_STEPS)
    assert result.stopped == ""
    return result


def test_row_asked_for_again_is_the_same(run: Run) -> None:
    advance = run.advances[-1]
    assert history.row(run.cell, advance) == history.row(run.cell, advance)


def test_charge_in_equals_charge_out(run: Run) -> None:
    assert run.column("charge balance [1]").max() <= 1e-9


def test_work_is_stored_lost_or_released(run: Run) -> None:
    """What is missing after any step is little of all: the first are so short that rounding is much of theirs."""
    largest = np.maximum.accumulate(np.max([abs(run.column(name)) for name in history.ACCOUNTS.values()], axis=0))
    assert (run.column("energy balance [1]") * largest).max() <= 1e-9 * largest[-1]


def test_current_through_the_interface_is_that_applied(run: Run) -> None:
    """The same balance, from other columns: j_app A_app = mean j_loc A_active."""
    crossing = run.column("mean local current density [A/m^2]") * run.column("active area [m^2]")
    applied = run.column("current density [A/m^2]") * run.column("apparent area [m^2]")
    np.testing.assert_allclose(crossing, applied, rtol=0, atol=1e-9 * np.abs(applied).max())


def test_lithium_is_conserved_over_a_cycle(run: Run) -> None:
    assert run.column("lithium balance [1]").max() <= 1e-9


def test_stoichiometry_follows_the_charge_that_passed(run: Run) -> None:
    theta = run.column("mean stoichiometry [1]")
    moles = run.column("net charge [A h/m^2]") * 3600 / FARADAY * run.cell.model.apparent_area
    np.testing.assert_allclose(
        theta, theta[0] - moles / run.cell.sites["electrode"].host.lithium_capacity, rtol=0, atol=1e-11
    )
    assert theta[-1] == pytest.approx(theta[0], abs=1e-11)
    assert theta.min() < theta[0] - 1e-3


def test_nothing_crosses_the_detached_area(run: Run) -> None:
    assert np.all(run.column("current over detached area [A]") == 0.0)


def test_no_more_conducts_than_touches_and_is_not_passivated(run: Run) -> None:
    active, touching = run.column("active fraction [1]"), run.column("touching fraction [1]")
    passivated = run.column("passivated fraction [1]") if "passivated fraction [1]" in run.rows[0] else 0.0
    assert np.all(active <= touching + 1e-12) and np.all(touching <= 1.0 + 1e-12)
    assert np.all(active <= 1.0 - passivated + 1e-12)


def test_area_identity_holds(run: Run) -> None:
    """j_app = j_loc f_c A_geom/A_app."""
    row = {name: run.column(name)[1:] for name in run.rows[0]}
    ratio = row["geometric area [m^2]"] / row["apparent area [m^2]"]
    applied = row["mean local current density [A/m^2]"] * row["active fraction [1]"] * ratio
    scale = np.abs(row["current density [A/m^2]"]).max()
    # the factorised, monolithic 2D solve leaves rounding; in 3D what Newton's tolerance allows
    tolerance = 1e-12 if run.cell.domain.dimension == 2 else 1e-9
    np.testing.assert_allclose(applied, row["current density [A/m^2]"], rtol=0, atol=tolerance * scale)


def test_a_resolved_profile_has_more_area_than_its_projection_and_a_gap_on_it_keeps_part_of_it_apart() -> None:
    run = tiny_run(*BOTH, FIXED_PRESSURE)
    first = run.rows[0]
    x = np.linspace(0.0, 2e-6, 17)
    arc = np.hypot(np.diff(x), np.diff(1e-7 * np.cos(2 * np.pi * x / 1e-6))).sum()
    assert first["geometric area [m^2]"] == pytest.approx(arc, rel=1e-9)
    assert first["geometric area [m^2]"] > 1.05 * first["apparent area [m^2]"]
    assert 0.1 < first["touching fraction [1]"] < 0.9 and first["max gap [m]"] > 1e-11
    assert first["active area [m^2]"] == first["active fraction [1]"] * first["geometric area [m^2]"]


def test_gap_and_pressure_exclude_each_other(run: Run) -> None:
    assert run.column("complementarity [1]").max() <= 1e-8
    assert run.column("penetration [m]").max() <= 1e-8 * max(
        run.cell.model.profiles["electrode", "electrolyte"].rms, 1e-9
    )
    # a free film is assembled without pressure
    assert run.column("mean pressure [Pa]")[1:].min() > 0.0


def test_capacity_counts_from_the_start_of_each_step(run: Run) -> None:
    step, capacity, rate = (run.column(name) for name in ("step [1]", "capacity [A h/m^2]", "current density [A/m^2]"))
    time = run.column("time [s]")
    for number in (1, 2, 3):
        start = time[step < number].max()
        expected = np.abs(rate) * (time - start) / 3600
        np.testing.assert_allclose(capacity[step == number], expected[step == number], rtol=1e-10)


def test_stiff_fixture_loses_contact_while_the_host_shrinks_and_regains_it() -> None:
    run = tiny_run()
    active, step, pressure = (run.column(name) for name in ("active fraction [1]", "step [1]", "mean pressure [Pa]"))
    charged = np.flatnonzero(step == 1)[-1]
    assert np.all(np.diff(active[: charged + 1]) <= 0)
    assert active[charged] < 0.7 * active[0]
    assert np.all(np.diff(pressure[: charged + 1]) < 0)
    assert pressure[charged] < 0.5 * pressure[0]
    assert pressure[-1] > 2 * pressure[charged]
    touching = run.cell.faces[0].interface.sum(run.cell.faces[0].contact.active.x.array) / run.cell.faces[0].area
    assert touching > active[charged]


def test_constant_pressure_keeps_pressure_and_contact() -> None:
    run = tiny_run(FIXED_PRESSURE)
    np.testing.assert_allclose(run.column("mean pressure [Pa]"), 20e6, rtol=1e-8)
    active = run.column("active fraction [1]")
    np.testing.assert_allclose(active, active[0], rtol=0, atol=0.1)


def test_stack_pressure_under_constant_pressure_is_the_one_given() -> None:
    np.testing.assert_allclose(tiny_run(FIXED_PRESSURE).column("stack pressure [Pa]"), 20e6, rtol=1e-6)


def test_losing_contact_raises_the_charging_voltage() -> None:
    stiff, soft = (
        next(row for row in run.rows if row["time [s]"] == 15.0) for run in (tiny_run(), tiny_run(FIXED_PRESSURE))
    )
    assert stiff["active fraction [1]"] < soft["active fraction [1]"]
    assert stiff["voltage [V]"] > soft["voltage [V]"]


def test_assembled_cell_at_rest_shows_its_open_circuit_potential_and_no_strain_of_its_own() -> None:
    run = tiny_run()
    first, host = run.rows[0], run.cell.sites["electrode"].host.material
    assert first["voltage [V]"] == pytest.approx(float(host.open_circuit_potential(0.9)), rel=1e-12)
    assert first["mean pressure [Pa]"] == pytest.approx(20e6, rel=1e-8)
    assert first["min stoichiometry [1]"] == pytest.approx(0.9) == first["max stoichiometry [1]"]
    assert first["current density [A/m^2]"] == first["energy lost in the bond [J]"] == 0.0


HEAT = "heat={collector_transfer: 10 W/(m^2*K), counter_transfer: 10 W/(m^2*K), ambient: 25 degC}"


@pytest.mark.parametrize("overrides", [(BONDED,), (HEAT,)])
def test_the_columns_are_known_before_the_sides_are_brought_together(overrides: tuple[str, ...]) -> None:
    cell = tiny_cell(*overrides)
    before = history.row(cell, None)
    cell.press()
    assert list(before) == list(history.row(cell, None)) and np.isfinite(list(before.values())).all()


def test_bond_reports_growing_damage_and_the_energy_it_took() -> None:
    run = tiny_run(BONDED)
    damage, energy = run.column("mean damage [1]"), run.column("dissipated energy [J]")
    assert np.all(np.diff(damage) >= 0) and damage[-1] > damage[0] + 0.1
    assert np.all(np.diff(energy) >= 0) and energy[0] == 0.0
    bonded = tiny_run().column("active area [m^2]")[0]
    # between the toughnesses of pure opening and pure shear, on no more than what was bonded
    broken = (damage[-1] - damage[0]) * run.cell.faces[0].area
    assert 0.0 < energy[-1] <= 2e-3 * bonded
    assert energy[-1] <= 2e-3 * broken


def test_bond_holds_on_where_an_unbonded_film_lets_go() -> None:
    """A bond pulls: the stack needs less pressure than the contact alone carries."""
    bonded, free = tiny_run(BONDED), tiny_run()
    stack, contact = (bonded.column(f"{name} pressure [Pa]") for name in ("stack", "mean"))
    charged = int(np.argmin(stack))
    assert stack[charged] < 0.99 * contact[charged]
    assert stack[charged] < free.column("stack pressure [Pa]").min()
    pull = bonded.column("mean bond traction [Pa]")
    assert pull[charged] > 1e5
    np.testing.assert_allclose(contact - pull, stack, rtol=1e-6)


# --- ranks -----------------------------------------------------------------------------------------

LOOSE = {
    "heat balance [1]",
    "complementarity [1]",
    "penetration [m]",
    "charge balance [1]",
    "lithium balance [1]",
    "energy balance [1]",
}
COUNTS = {"newton iterations [1]", "linear iterations [1]"}


ON_RANKS = {
    2: ("fixed thickness", "bonded", "every law", "heat", "creeps", "passivated", "3D", "3D, creeps"),
    3: ("periodic", "every law", "yields", "passivated", "3D, passivated", "3D"),
}
"""Which runs are compared on how many ranks; each number of ranks is started once for all of its runs."""


@pytest.fixture(scope="module", params=ON_RANKS)
def found_on_ranks(request: pytest.FixtureRequest, mpi_run: Callable[..., str]) -> dict[str, list[dict[str, float]]]:
    """Return the rows of each run as several ranks find them."""
    found = json.loads(mpi_run([__file__, *ON_RANKS[request.param]], request.param, timeout=280))
    assert found.keys() == set(ON_RANKS[request.param])
    return found


def test_any_number_of_ranks_finds_the_same_history(found_on_ranks: dict[str, list[dict[str, float]]]) -> None:
    for name, rows in found_on_ranks.items():
        assert_same(rows, tiny_run(*RUNS[name], FEW_STEPS), name)


@pytest.mark.parametrize("ranks", [1, 2])
def test_the_program_writes_that_history(mpi_run: Callable[..., str], tmp_path: Path, ranks: int) -> None:
    case, output = tmp_path / "tiny.yaml", tmp_path / "results"
    case.write_text(TINY, encoding="utf-8")
    mpi_run(["-m", "interstice", "run", str(case), "-o", str(output), "--set", FEW_STEPS], ranks, timeout=120)
    with (output / "history.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert_same(rows, tiny_run(FEW_STEPS), "fixed thickness")


def assert_same(rows: Sequence[Mapping[str, str | float]], reference: Run, name: str) -> None:
    """Require that rows are those of the `reference` but for rounding, and balances nothing but rounding."""
    assert len(rows) == len(reference.rows)
    work = np.abs(reference.column("work of the eigenstrain [J]")).max()
    for column in reference.rows[0].keys() - LOOSE - COUNTS:
        values, expected = np.array([float(row[column]) for row in rows]), reference.column(column)
        # an energy that is zero but for rounding is so beside the others, a gap beside the heights of the surfaces,
        # and a loss of less than a millionth of the voltage beside that
        scale = work if column.endswith("[J]") else np.abs(expected).max()
        if column.endswith("gap [m]"):
            scale = max(scale, reference.cell.faces[0].rms)
        elif column.endswith("[V]"):
            scale = max(scale, 1e-6 * np.abs(reference.column("voltage [V]")).max())
        np.testing.assert_allclose(values, expected, rtol=1e-7, atol=1e-7 * scale, err_msg=f"{name}: {column}")
    for column in LOOSE & rows[0].keys():
        assert max(float(row[column]) for row in rows) <= 1e-8, f"{name}: {column}"


if __name__ == "__main__":
    found = {name: tiny_run(*RUNS[name], FEW_STEPS).rows for name in sys.argv[1:]}
    if MPI.COMM_WORLD.rank == 0:
        print(json.dumps(found))
