"""The double cantilever beam as a case: what a crack takes, how it runs, how nothing of the work is lost."""

from __future__ import annotations

import numpy as np
import pytest
from builders import Run, tiny_cell, tiny_run

from interstice.solver.cautions import Cautions

SPECIMEN = (
    "geometry={builder: dcb, length: 100 um, thickness: 10 um, element_size: 2.5 um}",
    "electrode.material=LCO",
    "electrolyte.material=LLZO",
    "stack={hold: free}",
)
TOUGHNESS = 1.0


def bond(toughness: float, flaw: tuple[float, float]) -> str:
    return (
        f"interface.cohesive={{normal_strength: 50 MPa, shear_strength: 50 MPa, normal_toughness: {toughness} J/m^2, "
        f"shear_toughness: {2 * toughness} J/m^2, unbonded: {{start: {flaw[0]} um, end: {flaw[1]} um}}}}"
    )


@pytest.fixture(scope="module")
def opened() -> Run:
    """Opened until the crack has grown, then closed by half."""
    protocol = "protocol=[{step: open, opening: 1 um, time: 100 s}, {step: open, opening: 500 nm, time: 50 s}]"
    return tiny_run(*SPECIMEN, bond(TOUGHNESS, (0, 40)), protocol, "time={initial: 2 s, maximum: 10 s, minimum: 0.2 s}")


@pytest.fixture(scope="module")
def snapped() -> Run:
    """A ligament between the loaded ends and a long flaw, which breaks at once."""
    protocol = "protocol=[{step: open, opening: 100 nm, time: 10 s}]"
    return tiny_run(*SPECIMEN, bond(0.5, (15, 50)), protocol, "time={initial: 0.5 s, maximum: 5 s, minimum: 0.2 s}")


def test_force_peaks_and_falls_as_the_crack_grows(opened: Run) -> None:
    force, place = opened.column("opening force [N]"), opened.column("greatest x of the crack front [m]")
    opening = opened.column("opening [m]")
    largest = int(np.argmax(opening))
    assert opening[largest] == pytest.approx(1e-6, rel=1e-12) and opening[-1] == pytest.approx(5e-7, rel=1e-12)
    assert 0 < np.argmax(force) < largest and force[largest] < 0.95 * force.max()
    assert np.all(np.diff(place[: largest + 1]) >= 0) and place[largest] > 55e-6
    assert np.all(place[largest:] == place[largest])


def test_energy_release_rate_of_a_growing_crack_is_the_toughness(opened: Run) -> None:
    rate, broken = opened.column("energy release rate [J/m^2]"), opened.column("broken area [m^2]")
    growing = np.flatnonzero((np.diff(broken, append=broken[-1]) > 0) & (broken > 5e-6))
    np.testing.assert_allclose(rate[growing], TOUGHNESS, rtol=0.05)
    assert np.all(opened.column("mode mixity at the front [1]") < 0.05)


def test_bond_took_its_toughness_where_it_broke(opened: Run) -> None:
    row = opened.rows[-1]
    least, most = (TOUGHNESS * row[f"{name} area [m^2]"] for name in ("broken", "damaged"))
    assert least < row["dissipated energy [J]"] < most


def test_process_zone_is_as_long_as_estimated_and_a_mesh_too_coarse_for_it_is_told_so(opened: Run) -> None:
    row, (face,) = opened.rows[int(np.argmax(opened.column("opening [m]")))], opened.cell.faces
    assert face.bond is not None
    zone = face.bond.process_zone(face.modulus, opened.cell.model.body_thickness(face))
    assert zone.normal == pytest.approx(row["damaged area [m^2]"] - row["broken area [m^2]"], abs=2.5e-6)
    coarse = tiny_cell(*SPECIMEN, bond(TOUGHNESS, (0, 40)), "geometry.element_size=5 um")
    told = [Cautions(cell, (), None, aloud=False).told for cell in (opened.cell, coarse)]
    assert not told[0] and "in opening" in told[1][0]


def test_closing_does_no_harm_and_gives_the_elastic_energy_back(opened: Run) -> None:
    largest = int(np.argmax(opened.column("opening [m]")))
    work, lost = opened.column("external work [J]"), opened.column("dissipated energy [J]")
    assert lost[-1] == pytest.approx(lost[largest], rel=1e-9)
    assert np.all(np.diff(work[largest:]) < 0)


def test_ligament_that_snaps_is_an_event_after_which_the_run_goes_on(snapped: Run) -> None:
    assert not snapped.stopped
    unstable = snapped.column("unstable [1]")
    event = next(advance.event for advance in snapped.advances if advance.event)
    row = int(np.argmax(unstable))
    assert row < len(snapped.rows) - 2
    force = snapped.column("opening force [N]")
    assert force[row] < 0.2 * force[row - 1]
    accounts = [snapped.column(f"energy {name} [J]") for name in ("released by unstable cracks", "lost in the bond")]
    assert event.released > 0.0
    assert event.released + event.dissipated == pytest.approx(sum(a[row] - a[row - 1] for a in accounts), rel=1e-3)
    # all of the ligament is gone, the bond beyond the flaw holds
    assert snapped.column("least x of the crack front [m]")[row] > 45e-6


@pytest.mark.parametrize("run", ["opened", "snapped"])
def test_energy_ledger_closes(run: str, request: pytest.FixtureRequest) -> None:
    assert request.getfixturevalue(run).column("energy balance [1]").max() < 1e-10


def test_path_follows_the_ligament_back_where_control_of_the_opening_lets_it_snap() -> None:
    protocol = "protocol=[{step: open, opening: 100 nm, time: 10 s, control: crack}]"
    run = tiny_run(*SPECIMEN, bond(0.5, (15, 50)), protocol)
    names = ("opening [m]", "opening force [N]", "dissipated energy [J]", "broken area [m^2]")
    opening, force, lost, broken = map(run.column, names)
    assert not run.stopped and opening[-1] >= 100e-9
    assert np.diff(opening).min() < -1e-9
    back = np.flatnonzero(np.diff(opening) < 0)
    assert np.all(np.diff(force)[back] < 0) and np.all(np.diff(lost)[back] > 0)
    assert broken[back[-1] + 1] > broken[back[0]]
    assert np.all(np.diff(run.column("time [s]")) > 0)
    assert not run.column("unstable [1]").any()
    assert run.column("energy balance [1]").max() < 1e-10
