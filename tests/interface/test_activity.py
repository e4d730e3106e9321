"""What conducts on an interface: the same complementarity as contact, with a sliding state between pressed and open."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from builders import FIXED_PRESSURE, tiny_run
from mpi4py import MPI

from interstice import load
from interstice.solver.cell import Cell
from interstice.solver.part import Load

ROUGH = {
    "title": "a silicon film that shrinks under its contacts",
    "geometry": {
        "builder": "film",
        "length": "2 um",
        "electrode_thickness": "500 nm",
        "electrolyte_thickness": "1 um",
        "element_size": "100 nm",
        "roughness": {"kind": "self_affine", "rms": "5 nm", "hurst": 0.8, "seed": 1},
        "lateral": "periodic",
    },
    # slow in its host, lithium leaves the surface, which opens the contact: a number of this test
    "electrode": {"material": "silicon", "initial_stoichiometry": 0.3, "overrides": {"diffusivity": "1e-16 m^2/s"}},
    "electrolyte": {"material": "LPSCl"},
    "interface": {"kinetics": {"exchange_current_density": "1 mA/cm^2"}},
    "stack": {"hold": "constant_pressure", "pressure": "20 MPa"},
    "protocol": ["charge at 0.2C for 30 s"],
}
CURRENT = 1.5
TOUCHING_GAP = 1e-10


def pressed() -> Cell:
    loaded = load(ROUGH)
    cell = Cell(loaded.case, loaded.materials, Path(), MPI.COMM_WORLD)
    cell.press()
    return cell


def charged(steps: int) -> tuple[Cell, list[float]]:
    """Return a cell after 20 s of charge in so many equal time steps, and f_c after each of them."""
    cell, fractions = pressed(), []
    for _ in range(steps):
        cell.advance(20.0 / steps, Load(CURRENT))
        cell.commit()
        fractions.append(cell.active_fraction)
    return cell, fractions


@pytest.mark.also_on_ranks(2, 3)
def test_what_presses_conducts_what_is_open_does_not_and_between_them_nodes_slide() -> None:
    cell, _ = charged(4)
    (face,) = cell.faces
    contact, share, current = face.contact, face.transfer.read_share(), face.transfer.read_current()
    gap, pressure = contact.gap.read(), contact.pressure
    presses, slides = pressure > 0.0, face.activity.sliding.x.array > 0.0
    assert face.interface.count(slides) >= 2 and face.interface.count(presses) >= 2
    assert np.all(share[presses] == 1.0)
    assert np.all((share[slides] > 0.0) & (share[slides] < 1.0))
    assert np.all(pressure[slides] == 0.0)
    np.testing.assert_allclose(gap[slides], (1.0 - share[slides]) * TOUCHING_GAP, rtol=0, atol=1e-6 * TOUCHING_GAP)
    apart = ~presses & ~slides
    assert np.all(gap[apart] >= TOUCHING_GAP) and np.all(share[apart] == 0.0) and np.all(current[apart] == 0.0)


def test_what_conducts_does_not_depend_on_the_time_step() -> None:
    """No flicker: f_c and the voltage converge with the time step, about linearly."""
    ends = [(each[-1], cell.terminals.voltage) for cell, each in map(charged, (4, 16, 64))]
    (coarse, fine), (volts_coarse, volts_fine) = (np.abs(np.diff(values)) for values in zip(*ends, strict=True))
    assert fine <= min(0.4 * coarse, 0.01)
    assert volts_fine <= min(0.4 * volts_coarse, 1e-3)


def test_where_the_current_swells_the_host_no_node_slides() -> None:
    cell, _ = charged(4)
    activity = cell.faces[0].activity
    assert np.any(activity.sliding.x.array > 0.0)
    cell.advance(1.0, Load(-CURRENT))
    assert not np.any(activity.sliding.x.array > 0.0)
    contact = cell.faces[0].contact
    assert np.all(contact.active.x.array[activity.detached] == 0.0)
    assert np.all(cell.faces[0].transfer.read_share()[contact.active.x.array > 0.0] == 1.0)


def test_nodes_that_slide_stop_at_rest() -> None:
    """Without current nothing holds a node between pressed and open."""
    cell, _ = charged(4)
    cell.advance(1.0, Load(0.0))
    assert not np.any(cell.faces[0].activity.sliding.x.array > 0.0)


FLAT = (FIXED_PRESSURE, "geometry.roughness={kind: flat}", "protocol=[charge at 1C for 20 s]")


@pytest.mark.parametrize("pressure", ["1 Pa", "10 Pa", "0.01 MPa"])
def test_a_flat_film_that_shrinks_keeps_its_contact_under_any_weight(pressure: str) -> None:
    """What the mesh makes of an even shrinkage is far below an atom's distance: no node opens for it."""
    light, heavy = tiny_run(*FLAT, f"stack.pressure={pressure}"), tiny_run(*FLAT, "stack.pressure=10 MPa")
    assert not light.stopped and not heavy.stopped
    assert light.column("active fraction [1]").min() > 0.99
    assert heavy.column("active fraction [1]").min() == 1.0
    assert light.column("voltage [V]")[-1] == pytest.approx(heavy.column("voltage [V]")[-1], abs=5e-4)


def test_shares_of_neighbours_do_not_scatter() -> None:
    """Sharply, only the sum of what sliding nodes conduct would be certain."""
    run = tiny_run(*FLAT, "stack.pressure=1 Pa")
    share = run.cell.faces[0].transfer.read_share()
    assert np.ptp(share) < 0.02
    sharp = tiny_run(*FLAT, "stack.pressure=1 Pa", "interface.kinetics.touching_gap=1e-18 m")
    assert np.ptp(sharp.cell.faces[0].transfer.read_share()) > 0.2
