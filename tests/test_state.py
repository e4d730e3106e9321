"""What changes in a time step is known by name and can be brought back."""

from __future__ import annotations

import numpy as np
import pytest

from interstice.solver.state import State


def test_restored_values_are_those_saved_in_the_same_arrays() -> None:
    state = State()
    steps, number = state.array("steps", np.array([1.0, 2.0])), state.number("number", 3.0)
    saved = state.save()
    steps[:] = 0.0
    number[...] = 0.0
    state.restore(saved)
    np.testing.assert_array_equal(steps, [1.0, 2.0])
    assert number == 3.0


def test_scope_is_a_part_whose_names_begin_with_its_own() -> None:
    state = State()
    outer, inner = state.number("x", 1.0), state.scope("side").scope("law").number("x", 2.0)
    assert state.names == ["x", "side.law.x"]
    saved = state.scope("side").save()
    outer[...] = inner[...] = 0.0
    state.scope("side").restore(saved)
    assert (outer, inner) == (0.0, 2.0)


def test_name_is_taken_once() -> None:
    state = State()
    state.scope("a").number("x")
    with pytest.raises(ValueError, match=r"two things called a\.x"):
        state.scope("a").number("x")


def test_snapshot_of_another_state_is_refused() -> None:
    state, other = State(), State()
    state.number("x")
    other.number("y")
    with pytest.raises(ValueError, match="not one of this state"):
        state.restore(other.save())
