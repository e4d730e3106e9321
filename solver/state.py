"""All that a time step may change, by name; how it is written to a file and read again.

Whoever owns something that changes makes it known here when it is made, so that a step taken back takes back all of it.
A scope is a part of the state whose names begin with its own: ``state.scope("cathode/separator").scope("friction")``
holds what is called ``cathode/separator.friction.sticking`` in the whole.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from dolfinx import fem, la
from mpi4py import MPI

Array = npt.NDArray[np.float64]
Snapshot = Mapping[str, Array]
"""Copies of the values, by their whole names."""

DIGITS = 9
"""Decimal digits of a place, over the size of all, by which dofs are told apart."""


class State:
    """The values that may change, each an array that is changed in place; local and ghost entries of functions."""

    def __init__(self) -> None:
        self._arrays: dict[str, Array] = {}
        self._spaces: dict[str, fem.FunctionSpace] = {}
        self._prefix = ""

    def scope(self, name: str) -> State:
        """Return the part of this state whose names begin with `name` and a dot."""
        part = State()
        part._arrays, part._spaces, part._prefix = self._arrays, self._spaces, f"{self._prefix}{name}."
        return part

    def array(self, name: str, values: Array, space: fem.FunctionSpace | None = None) -> Array:
        """Make `values` known as `name` and return them; ValueError if the name is taken.

        They are those at the local and ghost dofs of a `space`, or without one the same on all ranks.
        """
        name = self._prefix + name
        if name in self._arrays:
            raise ValueError(f"the state has two things called {name}")
        self._arrays[name] = values
        if space is not None:
            self._spaces[name] = space
        return values

    def number(self, name: str, value: float = 0.0) -> Array:
        """Return a new number, an array without axes, which is to be the same on all ranks."""
        return self.array(name, np.array(value))

    def function(self, function: fem.Function, name: str = "") -> fem.Function:
        """Make a `function` known by its own name, or this one, and return it."""
        self.array(name or function.name, function.x.array, function.function_space)
        return function

    def constant(self, name: str, constant: fem.Constant) -> fem.Constant:
        """Make a `constant` known as `name` and return it."""
        self.array(name, constant.value)
        return constant

    @property
    def names(self) -> list[str]:
        """The whole names of the values in this scope."""
        return [name for name in self._arrays if name.startswith(self._prefix)]

    def save(self) -> Snapshot:
        """Return a copy of all values in this scope."""
        return {name: np.copy(self._arrays[name]) for name in self.names}

    def restore(self, snapshot: Snapshot) -> None:
        """Bring back the values of a `snapshot` of this scope; ValueError if it is of another one."""
        if snapshot.keys() != set(self.names):
            raise ValueError("the snapshot is not one of this state")
        for name, values in snapshot.items():
            self._arrays[name][...] = values

    def gathered(self, comm: MPI.Comm) -> Snapshot:
        """Return on rank 0 copies of the values, those of functions at all dofs in the order of `Order`; else nothing.

        Collective.
        """
        orders = _Orders(comm)
        found = {}
        for name in self.names:
            values, space = self._arrays[name], self._spaces.get(name)
            found[name] = np.copy(values) if space is None else orders.of(space).gather(values, space)
        return found if comm.rank == 0 else {}

    def spread(self, snapshot: Snapshot, comm: MPI.Comm) -> None:
        """Bring back what rank 0 has `gathered`, be it on another number of ranks; ValueError if of another state.

        Collective.
        """
        orders = _Orders(comm)
        problem = ""
        if comm.rank == 0:
            problem = self._unlike(snapshot)
        if problem := comm.bcast(problem):
            raise ValueError(problem)
        for name in self.names:
            values, space = self._arrays[name], self._spaces.get(name)
            if space is None:
                values[...] = comm.bcast(snapshot.get(name))
            else:
                orders.of(space).scatter(snapshot.get(name), values, space)

    def _unlike(self, snapshot: Snapshot) -> str:
        """Return how a gathered snapshot differs from this state in names and sizes, "" if it does not."""
        if odd := sorted(snapshot.keys() ^ set(self.names)):
            return f"the snapshot is not one of this state: {', '.join(odd[:3])} is only in one of them"
        for name in self.names:
            space = self._spaces.get(name)
            size = self._arrays[name].size
            if space is not None:
                size = space.dofmap.index_map.size_global * space.dofmap.index_map_bs
            if snapshot[name].size != size:
                return f"the snapshot is not one of this state: {name} has {snapshot[name].size} values, not {size}"
        return ""


def order_of(places: Array) -> npt.NDArray[np.int64]:
    """Return the order of `places`, shape (dofs, 3), along x, then y, then z: the same whatever the ranks."""
    size = np.ptp(places, axis=0).max() or 1.0
    return np.lexsort(np.round(places / size, DIGITS).T[::-1])


class _Order:
    """An order of the dofs of a space, by their places, that does not depend on the number of ranks."""

    def __init__(self, space: fem.FunctionSpace, comm: MPI.Comm) -> None:
        self._comm, self._owned = comm, space.dofmap.index_map.size_local
        parts = comm.gather(space.tabulate_dof_coordinates()[: self._owned]) or []
        if comm.rank == 0:
            self._sizes = [len(part) for part in parts]
            self._order = order_of(np.vstack(parts))

    def gather(self, values: Array, space: fem.FunctionSpace) -> Array:
        """Return the values at all dofs of the space in this order on rank 0, shape (dofs, components)."""
        components = space.dofmap.index_map_bs
        parts = self._comm.gather(values[: self._owned * components].reshape(-1, components)) or []
        return np.concatenate(parts)[self._order] if self._comm.rank == 0 else values

    def scatter(self, ordered: Array | None, values: Array, space: fem.FunctionSpace) -> None:
        """Set the local and ghost values to those that rank 0 has in this order."""
        components, parts = space.dofmap.index_map_bs, None
        if self._comm.rank == 0:
            assert ordered is not None
            whole = np.empty_like(ordered)
            whole[self._order] = ordered
            parts = np.split(whole, np.cumsum(self._sizes)[:-1])
        vector = la.vector(space.dofmap.index_map, components)
        vector.array[: self._owned * components] = self._comm.scatter(parts).ravel()
        vector.scatter_forward()
        values[:] = vector.array


class _Orders:
    """The orders of spaces, one for all that have the same dofs."""

    def __init__(self, comm: MPI.Comm) -> None:
        self._comm, self._known = comm, {}  # type: MPI.Comm, dict[tuple[int, int, bool], _Order]

    def of(self, space: fem.FunctionSpace) -> _Order:
        """Return that of a space. Collective."""
        # as many points of a quadrature as there are nodes lie elsewhere
        at_points = bool(space.ufl_element().has_custom_quadrature)
        key = id(space.mesh), space.dofmap.index_map.size_global, at_points
        if key not in self._known:
            self._known[key] = _Order(space, self._comm)
        return self._known[key]
