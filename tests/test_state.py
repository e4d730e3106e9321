"""What changes in a time step is known by name and can be brought back."""

from __future__ import annotations

import basix.ufl
import numpy as np
import pytest
from dolfinx import fem, mesh
from mpi4py import MPI

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


def test_values_at_points_are_gathered_in_the_order_of_their_own_places() -> None:
    """A mesh of as many points of a quadrature as of nodes: the places of one are not those of the other."""
    grid = mesh.create_rectangle(MPI.COMM_WORLD, [[0.0, 0.0], [2.0, 3.0]], [2, 3])
    spaces = {
        "nodes": fem.functionspace(grid, ("Lagrange", 1)),
        "points": fem.functionspace(grid, basix.ufl.quadrature_element("triangle", degree=1)),
    }
    state = State()
    for name, space in spaces.items():
        function = state.function(fem.Function(space, name=name))
        function.x.array[:] = space.tabulate_dof_coordinates()[:, 0]
    assert len({space.dofmap.index_map.size_global for space in spaces.values()}) == 1
    for name, values in state.gathered(MPI.COMM_WORLD).items():
        assert np.all(np.diff(values.ravel()) > -1e-9), name
