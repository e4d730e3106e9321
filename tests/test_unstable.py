"""Steps by damage and unstable events on a bar with a cohesive joint, drawn at its end."""

from __future__ import annotations

import numpy as np
import pytest
from joint import LENGTH, MODULUS, STRENGTH, Joint

from interstice.solver.crack.unstable import LARGEST_GROWTH, Step, Steps

BARE = STRENGTH * Joint.length / MODULUS
"""What the bar gives when it is as strained as its joint can bear [m]."""


def draw(joint: Joint, end: float) -> list[Step]:
    """Draw the end of the bar to `end` [m]."""
    steps = Steps(joint.owner, joint.move, joint.relaxation, smallest=1e-4 * BARE, largest=0.1 * BARE)
    return list(steps.run(0.0, end))


def test_tough_joint_fails_in_stable_steps_of_limited_growth() -> None:
    joint = Joint(toughness=1.0)
    steps = draw(joint, 1.1 * joint.end)
    assert all(step.event is None for step in steps)
    assert all(step.growth <= LARGEST_GROWTH for step in steps)
    assert joint.bond.damage_old.x.array.min() == 1.0
    assert joint.ledger.energies["released"] == 0.0
    assert joint.ledger.closing_error < 1e-9


@pytest.mark.parametrize("toughness", [0.01, 0.1, 0.3])
def test_brittle_joint_breaks_in_one_event_at_its_strength(toughness: float) -> None:
    joint = Joint(toughness)
    steps = draw(joint, 1.2 * BARE)
    events = [step for step in steps if step.event is not None]
    assert len(events) == 1
    event = events[0].event
    assert event is not None
    assert events[0].load == pytest.approx(joint.exact_displacement(joint.onset), rel=1e-3)
    assert event.broken == pytest.approx(joint.area, rel=1e-12)
    # the law's energy counts from its onset, where half the work of the strength is stored
    assert event.dissipated == pytest.approx(toughness * joint.area, rel=1e-6)
    stored = STRENGTH * joint.exact_displacement(joint.onset) / 2 * joint.area
    assert event.released == pytest.approx(stored - toughness * joint.area, rel=2e-3)
    assert steps[-1].load == pytest.approx(1.2 * BARE)
    assert joint.stress == 0.0


def test_energies_of_an_event_close_the_ledger() -> None:
    joint = Joint()
    events = [step.event for step in draw(joint, 1.2 * BARE) if step.event is not None]
    assert joint.ledger.closing_error < 1e-9
    accounts = joint.ledger.energies["bond"] + joint.ledger.energies["released"]
    assert accounts == pytest.approx(sum(event.released + event.dissipated for event in events), rel=1e-9)


def test_crack_that_runs_stops_where_the_bond_is_tough() -> None:
    """The state of rest is that of a bar whose brittle half was never bonded."""

    def tough(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return np.where(x < 0.55 * LENGTH, 1e-3, 10.0)

    joint, cut = Joint(tough, elements=8), Joint(tough, elements=8)
    events = [step.event for step in draw(joint, 1.05 * BARE) if step.event is not None]
    assert events
    broken = joint.bond.damage_old.x.array >= 1.0
    places = joint.interface.space.tabulate_dof_coordinates()[:, 0]
    assert np.array_equal(broken, places < 0.55 * LENGTH)

    cut.bond.bond(~broken)
    draw(cut, 1.05 * BARE)
    assert cut.ledger.energies["released"] == 0.0
    for name, u in joint.u.items():
        np.testing.assert_allclose(u.x.array, cut.u[name].x.array, atol=1e-7 * BARE)


def test_event_says_what_it_did() -> None:
    event = next(step.event for step in draw(Joint(), 1.2 * BARE) if step.event is not None)
    assert "unstable" in str(event) and "released" in str(event)
    assert f"{event.released:.3g} J" in str(event)
