"""All that a time step may change, by name.

Whoever owns something that changes makes it known here when it is made, so that a step taken back takes back all of it.
A scope is a part of the state whose names begin with its own: ``state.scope("cathode/separator").scope("friction")``
holds what is called ``cathode/separator.friction.sticking`` in the whole.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from dolfinx import fem

Array = npt.NDArray[np.float64]
Snapshot = Mapping[str, Array]
"""Copies of the values, by their whole names."""


class State:
    """The values that may change, each an array that is changed in place; local and ghost entries of functions."""

    def __init__(self) -> None:
        self._arrays: dict[str, Array] = {}
        self._prefix = ""

    def scope(self, name: str) -> State:
        """Return the part of this state whose names begin with `name` and a dot."""
        part = State()
        part._arrays, part._prefix = self._arrays, f"{self._prefix}{name}."
        return part

    def array(self, name: str, values: Array) -> Array:
        """Make `values` known as `name` and return them; ValueError if the name is taken."""
        name = self._prefix + name
        if name in self._arrays:
            raise ValueError(f"the state has two things called {name}")
        self._arrays[name] = values
        return values

    def number(self, name: str, value: float = 0.0) -> Array:
        """Return a new number, an array without axes, which is to be the same on all ranks."""
        return self.array(name, np.array(value))

    def function(self, function: fem.Function) -> fem.Function:
        """Make a `function` known by its own name and return it."""
        self.array(function.name, function.x.array)
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
