"""Path following on a bar with a cohesive joint whose equilibrium is known, where its end has to go back."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from joint import MODULUS, STRENGTH, Joint

from interstice.solver.algebra import SolveError
from interstice.solver.crack.path import Path, PathError


def path_of(joint: Joint, steps: int = 20) -> Path:
    """Return the path of the joint in about so many steps of its softening."""

    def commit() -> None:
        joint.bond.commit()
        joint.ledger.book()

    longest = joint.end * joint.area / steps
    return Path(joint.system, joint.move, [joint.bond], longest, joint.state, commit=commit)


def follow(joint: Joint, path: Path) -> list[tuple[float, float, float]]:
    """Follow the path until the joint is broken; return opening, displacement and stress of all states."""
    path.start(0.01 * STRENGTH * joint.length / MODULUS)
    states = [(joint.opening, joint.displacement, joint.stress)]
    while joint.bond.damage_old.x.array.min() < 1.0:
        path.advance()
        states.append((joint.opening, joint.displacement, joint.stress))
        assert len(states) < 200
    return states


@pytest.mark.parametrize("toughness", [0.03, 0.1, 1.0])
@pytest.mark.parametrize("dimension", [2, 3])
def test_every_state_lies_on_the_exact_path(toughness: float, dimension: int) -> None:
    """Of 6 nm, 20 nm and 200 nm of opening, against 40 nm that the bar gives back."""
    joint = Joint(toughness, dimension)
    for opening, displacement, stress in follow(joint, path_of(joint)):
        assert stress == pytest.approx(joint.exact_stress(opening), rel=1e-8, abs=1e-8 * STRENGTH)
        assert displacement == pytest.approx(joint.exact_displacement(opening), rel=1e-8)


def test_end_goes_back_where_the_bond_softens_faster_than_the_bar_gives() -> None:
    joint = Joint()
    states = follow(joint, path_of(joint))
    openings, displacements, stresses = np.array(states).T
    assert displacements.max() == pytest.approx(joint.exact_displacement(joint.onset), rel=0.05)
    assert displacements[-1] < 0.6 * displacements.max()
    assert all(later > earlier for earlier, later in pairwise(openings))
    assert stresses[-1] == 0.0


def test_longest_step_bounds_the_opening_in_a_step() -> None:
    joint = Joint()
    openings = np.array(follow(joint, path_of(joint, steps=10)))[:, 0]
    assert np.diff(openings).max() == pytest.approx(joint.end / 10, rel=1e-6)


def test_work_along_the_path_is_the_toughness() -> None:
    joint = Joint()
    follow(joint, path_of(joint))
    energies = joint.ledger.energies
    assert joint.ledger.closing_error < 1e-9
    assert energies["external"] == pytest.approx(joint.toughness * joint.area, rel=1e-2)
    assert energies["released"] == 0.0


def test_failed_attempts_leave_no_trace_and_the_next_are_shorter() -> None:
    joint, refused = Joint(), []

    def refuse() -> tuple[int, float]:
        if path.length > 0.3 * path.longest:
            refused.append(path.length)
            raise SolveError("too long")
        return 0, 0.0

    longest = joint.end * joint.area / 5
    path = Path(joint.system, joint.move, [joint.bond], longest, joint.state, refuse, joint.bond.commit)
    for opening, displacement, stress in follow(joint, path):
        assert stress == pytest.approx(joint.exact_stress(opening), rel=1e-8, abs=1e-8 * STRENGTH)
        assert displacement == pytest.approx(joint.exact_displacement(opening), rel=1e-8)
    assert refused


def test_path_that_cannot_be_followed_ends_in_words_at_its_last_state() -> None:
    joint, closed = Joint(), []

    def refuse() -> tuple[int, float]:
        if closed:
            raise SolveError("no more")
        return 0, 0.0

    path = Path(
        joint.system,
        joint.move,
        [joint.bond],
        joint.end * joint.area / 20,
        joint.state,
        update=refuse,
        commit=lambda: joint.bond.commit(),
    )
    path.start(0.5 * STRENGTH * joint.length / MODULUS)
    path.advance()
    before = joint.state.save()
    closed.append(True)
    with pytest.raises(PathError, match=r"beyond the load factor .*: no more"):
        path.advance()
    for name, now in joint.state.save().items():
        np.testing.assert_array_equal(now, before[name])


def test_path_ends_where_nothing_is_left_of_the_bond() -> None:
    joint = Joint()
    path = path_of(joint)
    follow(joint, path)
    with pytest.raises(PathError, match="nothing is left"):
        path.advance()
