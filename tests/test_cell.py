"""The coupled cell: state saved and restored, laws that hold at every node, how runs end."""

from __future__ import annotations

import numpy as np
import pytest
from builders import BONDED, FIXED_PRESSURE, TINY, tiny_cell, tiny_run
from test_cells import COMPOSITE

from interstice.solver.algebra import SolveError
from interstice.solver.bodies.terminals import OpenCircuitError
from interstice.solver.cell import Cell
from interstice.solver.history import row
from interstice.solver.part import Load

ENDLESS = "protocol=[{step: charge, current_density: 0.5 mA/cm^2, until: {voltage: 4.2 V}}]"
CURRENT = 5.0
OPENED = "open circuit: nothing that conducts presses any more, and the current opens what touches"


def pressed(*overrides: str) -> Cell:
    cell = tiny_cell(*overrides)
    cell.press()
    return cell


def everything(cell: Cell) -> list[np.ndarray]:
    """Return copies of all fields that a time step may change."""
    face, host, conductor = cell.faces[0], cell.sites["electrode"].host, cell.sites["electrolyte"].conductor
    functions = [*(site.u for site in cell.sites.values()), host.c, host.phi, conductor.phi, face.activity.contacted]
    functions += [face.contact.multiplier, face.contact.active]
    if face.bond:
        functions += [face.bond.damage_old, face.bond.dissipated, face.bond.origin]
    past = [values for name, values in cell.state.save().items() if "electrode.past" in name]
    assert len(past) == 3
    return [f.x.array.copy() for f in functions] + past + [np.array(cell.terminals.voltage)]


FRICTION = "interface.friction={coefficient: 0.3}"
FLAW = "interface.cohesive.unbonded={start: 0.5 um, end: 1.5 um}"
EVEN = "geometry.roughness={kind: flat}"
WAVY = "geometry.roughness={kind: sinusoidal, amplitude: 4 nm, wavelength: 1 um}"
CAPACITOR = "interface.kinetics.gap_permittivity=1e6"
PAD = (
    "stack={hold: pad, pressure: 20 MPa, pad: "
    "{thickness: 1 um, relaxing_modulus: 2 GPa, lasting_modulus: 500 MPa, relaxation_time: 10 s}}"
)
CONFIGURATIONS: dict[str, tuple[str, tuple[str, ...], tuple[Load, ...]]] = {
    "fixed thickness": (TINY, (), (Load(CURRENT),)),
    "bonded": (TINY, (BONDED,), (Load(CURRENT),)),
    "bond and friction": (TINY, (BONDED, FRICTION), (Load(CURRENT), Load(pressure=40e6))),
    "friction": (TINY, (FRICTION, WAVY), (Load(pressure=90e6), Load(pressure=60e6), Load(pressure=2e6))),
    "pad": (TINY, (PAD, EVEN), (Load(CURRENT),)),
    "gap that is a capacitor": (TINY, (CAPACITOR,), (Load(CURRENT), Load(-CURRENT))),
    "salt": (TINY, ("electrolyte.material=PEO-LiTFSI", "largest_strain=10"), (Load(0.1 * CURRENT),)),
    "particles": (COMPOSITE, (), (Load(0.1 * CURRENT),)),
}


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_steps_taken_back_after_their_commit_are_the_same_when_taken_again(name: str) -> None:
    """Whatever a step may change is brought back: all columns, and what is said of the length of steps, are equal."""
    text, overrides, loads = CONFIGURATIONS[name]
    cell = tiny_cell(*overrides, text=text)
    cell.press()

    def take(*loads: Load) -> list[dict[str, float]]:
        rows = []
        for load in loads:
            cell.advance(2.0, load)
            cell.commit()
            said = {f"limit {i}": limit.excess for i, limit in enumerate(cell.limits())}
            rows.append(row(cell, None) | said)
        return rows

    take(*loads)
    saved = cell.state.save()
    following = (*loads, *loads, *loads, *loads)[:4]
    first = take(*following)
    changed = cell.state.save()
    assert any(np.any(changed[name] != values) for name, values in saved.items())
    cell.state.restore(saved)
    assert take(*following) == first
    for one, values in cell.state.save().items():
        np.testing.assert_array_equal(values, changed[one], err_msg=one)


@pytest.mark.parametrize(
    "overrides",
    [(), (BONDED, "interface.friction={coefficient: 0.3}"), ("coupling=staggered",), (FIXED_PRESSURE,)],
    ids=["free", "bond and friction", "staggered", "weight"],
)
def test_step_that_failed_leaves_no_trace(overrides: tuple[str, ...]) -> None:
    """The same steps, once with one between them that fails in the middle of its solve, give the same bits."""
    results = []
    for fails in (False, True):
        cell = pressed(*overrides)
        cell.advance(2.0, Load(CURRENT))
        cell.commit()
        if fails:
            saved = cell.state.save()
            with pytest.raises(SolveError):
                cell.advance(1e4, Load(CURRENT))
            cell.state.restore(saved)
        for _ in range(2):
            cell.advance(2.0, Load(CURRENT))
            cell.commit()
        results.append(cell.state.save())
    clean, tried = results
    assert clean.keys() == tried.keys()
    for name, values in clean.items():
        np.testing.assert_array_equal(tried[name], values, err_msg=name)


def test_failed_time_step_is_undone_by_restore() -> None:
    cell = pressed()
    before, saved = everything(cell), cell.state.save()
    with pytest.raises(SolveError):
        cell.advance(1e4, Load(CURRENT))
    cell.state.restore(saved)
    for now, then in zip(everything(cell), before, strict=True):
        np.testing.assert_array_equal(now, then)


def test_current_is_exactly_zero_where_the_sides_do_not_touch() -> None:
    cell = pressed()
    cell.advance(5.0, Load(CURRENT))
    j, active = cell.faces[0].transfer.read_current(), cell.faces[0].activity.contacted.x.array > 0
    assert 0 < active.sum() < len(active)
    assert np.all(j[~active] == 0.0) and np.all(j[active] > 0.0)
    cell.advance(5.0, Load(-CURRENT))
    assert np.all(cell.faces[0].transfer.read_current()[active] < 0.0)


def test_collector_is_a_rigid_equipotential_platen() -> None:
    for hold in ((), (FIXED_PRESSURE,)):
        cell = pressed(*hold)
        u, phi = cell.sites["electrode"].u, cell.sites["electrode"].host.phi
        top = np.isclose(phi.function_space.tabulate_dof_coordinates()[:, 1], 1e-6)
        height = u.x.array.reshape(-1, 2)[top][0, 1]
        cell.advance(5.0, Load(CURRENT))
        on_platen = u.x.array.reshape(-1, 2)[top]
        assert np.ptp(on_platen[:, 1]) <= 1e-13 * abs(height)
        assert np.all(on_platen[:, 0] == 0.0)
        # a stiff fixture holds the height at which the cell was pressed; under constant pressure it follows the host
        if hold:
            assert on_platen[0, 1] < height - 1e-13
        else:
            assert on_platen[0, 1] == height
        assert np.ptp(phi.x.array[top]) <= 1e-12


def test_cell_at_rest_without_history_stays_at_its_open_circuit_potential() -> None:
    cell = pressed()
    voltage = cell.terminals.voltage
    cell.advance(100.0)
    assert cell.terminals.voltage == pytest.approx(voltage, abs=1e-9)
    np.testing.assert_allclose(
        cell.sites["electrode"].host.c.x.array, cell.sites["electrode"].host.c_initial, rtol=1e-12
    )


def test_overpotential_has_the_sign_of_the_current() -> None:
    rest = pressed()
    charged, discharged = pressed(), pressed()
    charged.advance(1.0, Load(CURRENT))
    discharged.advance(1.0, Load(-CURRENT))
    assert charged.terminals.voltage > rest.terminals.voltage > discharged.terminals.voltage


def test_shrinking_in_a_stiff_fixture_ends_in_an_open_circuit() -> None:
    run = tiny_run(ENDLESS, "time={initial: 2 s, minimum: 0.5 s, maximum: 5 s}")
    least = run.rows[-1]["active fraction [1]"]
    assert least > 0.0
    assert run.stopped == f"{OPENED} (active fraction {least:.3g} at the time step before): the charge ends"
    assert run.rows[-1]["voltage [V]"] < 4.2
    assert run.column("charge balance [1]").max() <= 1e-9


def test_no_contact_at_all_is_an_open_circuit() -> None:
    cell = pressed()
    saved = cell.state.save()
    cell.sites["electrode"].u.x.array[1::2] += 1e-9
    cell.faces[0].contact.update()
    assert not cell.faces[0].activity.settled()
    cell.terminals.begin(1.0, Load(CURRENT))
    with pytest.raises(OpenCircuitError, match="open circuit: no contact left"):
        cell.update()
    cell.state.restore(saved)
    cell.advance(1.0, Load(CURRENT))


def test_run_goes_on_after_an_open_circuit() -> None:
    """All contact is lost on charge; pressed again and rested, the cell takes the next charge."""
    before, after = "charge at 0.5 mA/cm^2 until 4.2 V", "charge at 0.5 mA/cm^2 until 2 s"
    run = tiny_run(f"protocol=[{before}, press to 10 MPa in 5 s, rest for 5 s, {after}]")
    assert run.stopped == ""
    steps = run.column("step [1]")
    active, current = run.column("active fraction [1]"), run.column("current density [A/m^2]")
    assert {1, 2, 3, 4} <= set(steps)
    assert active[steps == 1][-1] < 0.25 < 0.4 < active[steps == 4].min()
    assert np.all(current[(steps == 2) | (steps == 3)] == 0.0) and np.all(current[steps == 4] == CURRENT)
    said = [(advance.number, note) for advance in run.advances for note in advance.notes if "ends" in note]
    before = f"active fraction {active[steps == 1][-1]:.3g} at the time step before"
    assert said == [(2, f"{OPENED} ({before}): the charge ends")]
    assert run.column("lithium balance [1]")[-1] <= 1e-10


@pytest.mark.parametrize("overrides", [(), ("coupling=staggered",)], ids=["at once", "in turn"])
def test_cell_at_rest_keeps_its_voltage_without_contact_and_finds_it_again(overrides: tuple[str, ...]) -> None:
    cell = pressed(*overrides)
    cell.advance(5.0, Load(CURRENT))
    cell.commit()
    host, voltage = cell.sites["electrode"].host, cell.terminals.voltage
    full = host.c.x.array.copy()
    host.c.x.array[:] = 0.5 * full
    cell.rates.start()
    cell.begin_protocol_step()
    for _ in range(2):
        cell.advance(5.0)
        cell.commit()
    assert cell.faces[0].activity.detached.all()
    assert cell.terminals.voltage == pytest.approx(voltage, abs=1e-9)
    with pytest.raises(OpenCircuitError):
        cell.advance(5.0, Load(CURRENT))
    host.c.x.array[:] = full.mean()
    cell.rates.start()
    cell.begin_protocol_step()
    for _ in range(2):
        cell.advance(1.0)
        cell.commit()
    assert not cell.faces[0].activity.detached.all()
    assert cell.terminals.voltage == pytest.approx(host.potential(host.mean_stoichiometry), abs=1e-3)


def test_time_steps_that_shrink_say_why() -> None:
    shorter = [advance for advance in tiny_run().advances if advance.notes]
    assert shorter
    for advance in shorter:
        assert all(note.startswith("the error in time is too large: time step ") for note in advance.notes)
        assert advance.notes[-1].endswith(f" → {advance.duration:.3g} s")


def test_cut_off_voltage_of_a_real_cell_is_met_within_a_millivolt() -> None:
    protocol = "protocol=[{step: charge, current_density: 0.5 mA/cm^2, until: {voltage: 3.66 V}}]"
    run = tiny_run(FIXED_PRESSURE, protocol)
    assert run.stopped == ""
    assert 3.66 <= run.rows[-1]["voltage [V]"] <= 3.661
    assert run.rows[-2]["voltage [V]"] < 3.66


def test_step_ends_when_the_active_fraction_has_fallen() -> None:
    until = "current_density: 0.5 mA/cm^2, until: {active_fraction: 0.5}"
    protocol = f"protocol=[{{step: charge, {until}}}, {{step: rest, time: 2 s}}]"
    run = tiny_run(protocol)
    assert run.stopped == ""
    active, step = run.column("active fraction [1]"), run.column("step [1]")
    charging = active[step == 1]
    assert np.all(charging[:-1] >= 0.5) and charging[-1] < 0.5
    assert step[-1] == 2


def test_bonded_nodes_are_those_that_touched_when_assembled() -> None:
    cell = pressed(BONDED)
    touched = cell.faces[0].contact.active.x.array > 0
    assert 0 < touched.sum() < len(touched)
    np.testing.assert_array_equal(cell.faces[0].bond.damage_old.x.array, np.where(touched, 0.0, 1.0))
    np.testing.assert_array_equal(cell.faces[0].activity.contacted.x.array, np.where(touched, 1.0, 0.0))


@pytest.mark.parametrize(
    ("overrides", "augmentation", "systems"),
    [((), 1000.0, 1), (("interface.contact.augmentation=7", "coupling=staggered"), 7.0, 2)],
    ids=["defaults", "given"],
)
def test_augmentation_and_coupling_are_those_of_the_case(
    overrides: tuple[str, ...], augmentation: float, systems: int
) -> None:
    cell = tiny_cell(*overrides)
    face = cell.faces[0]
    relative = face.contact.augmentation.x.array * face.interface.spacing.x.array / face.modulus
    np.testing.assert_allclose(relative, augmentation)
    assert len(cell.systems) == systems
    assert cell.case.interface.contact.augmentation == augmentation


def test_adhesion_presses_a_flat_cell_together_by_its_attraction_in_contact() -> None:
    """w/ρ comes on top of the pressure of the stack, which alone the platen feels; nothing opens."""
    attraction = 5e-3 / 2e-9
    cell = pressed(
        "interface.adhesion={work: 5 mJ/m^2, range: 2 nm}", FIXED_PRESSURE, "geometry.roughness={kind: flat}"
    )
    columns = row(cell, None)
    assert columns["mean pressure [Pa]"] == pytest.approx(20e6 + attraction, rel=1e-8)
    assert columns["max pressure [Pa]"] == pytest.approx(20e6 + attraction, rel=1e-6)
    assert columns["stack pressure [Pa]"] == pytest.approx(20e6, rel=1e-8)
    assert columns["max gap [m]"] == pytest.approx(0.0, abs=1e-15)


def test_flaw_that_opens_takes_half_of_the_nodes_at_its_ends() -> None:
    """With a flaw over half of the cell that is apart, just the other half conducts."""
    cell = pressed(BONDED, FLAW, FIXED_PRESSURE, "geometry.roughness={kind: flat}")
    (face,) = cell.faces
    assert face.bond is not None and face.contact is not None
    assert face.interface.sum(face.bond.bonded.x.array) == pytest.approx(face.area / 2, rel=1e-12)
    assert np.count_nonzero(np.abs(face.bond.bonded.x.array - 0.5) < 1e-9) == 2
    face.contact.active.x.array[:] = 0.0
    face.contact.gap.values.x.array[face.bond.bonded.x.array == 0.0] = 1e-9
    face.activity.follow()
    assert cell.active_fraction == pytest.approx(0.5, rel=1e-12)
