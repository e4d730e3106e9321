"""Micro-contact by the table of a resolved patch (`interstice.solver.patch`), for numbers, arrays and UFL.

Under the pressure p at a node, which has borne the largest one P, with B = max(p, P),

    φ = φ_load(B) r(p/B, B),        h_c = 2κ_h/E* · dp/dg,        dp/dg = s_load(B) r_s(p/B, B),

φ_load and s_load monotone cubics through what the table says of loading, r and r_s through its shares of that on
unloading, 0 without pressure and 1 where p = B, linear in B between the largest pressures of the table. Elastic contact
comes back as it went, r is then φ_load(p)/φ_load(B), and B is p. Beyond the largest pressure of the table both stay as
they are there. Conductance: Barber, Proc. R. Soc. Lond. A 459 (2003) 53, an analogy that holds whatever the spots are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.interpolate import PchipInterpolator

from interstice.materials.elementwise import maximum, minimum
from interstice.solver.patch.table import Table

Array = npt.NDArray[np.float64]
Constant = Callable[[float], Any]

SHARE, STIFFNESS = 2, 4
"""Columns of a table."""
LEAST = 1e-4
"""Pressure over the lightest of the table that conducts as none: at least."""


class Monotone:
    """The monotone cubic through points (Fritsch and Carlson's, of SciPy), constant beyond them, its slope continuous.

    A sum of one cubic for each interval, of the place within it cut off at its ends, so that UFL differentiates it.
    """

    def __init__(self, x: Array, y: Array, constant: Constant) -> None:
        slopes = PchipInterpolator(x, y).derivative()(x)
        h, rise = np.diff(x), np.diff(y)
        first, last = h * slopes[:-1], h * slopes[1:]
        coefficients = np.stack([x[:-1] / h, 1 / h, first, 3 * rise - 2 * first - last, first + last - 2 * rise], 1)
        self._start = constant(float(y[0]))
        self._pieces = [tuple(constant(float(number)) for number in row) for row in coefficients]

    def __call__(self, x: Any) -> Any:
        """Return the value at `x`."""
        value = self._start
        for start, steepness, a, b, c in self._pieces:
            # in this order UFL's slope at the start of a piece is that of the piece
            t = minimum(maximum(0.0, steepness * x - start), 1.0)
            value = value + t * (a + t * (b + t * c))
        return value


@dataclass(frozen=True)
class _Quantity:
    """One column of the table: its values on loading, and on unloading over the one of the largest pressure."""

    loading: Monotone
    retained: list[Monotone]

    @classmethod
    def of(cls, table: Table, column: int, constant: Constant) -> _Quantity:
        rows = table.loading
        loading = _curve(rows[:, 0], rows[:, column], constant)
        retained = [
            _curve(branch[:, 0] / branch[-1, 0], branch[:, column] / branch[-1, column], constant)
            for branch in table.unloading
        ]
        return cls(loading, retained)


def _curve(x: Array, y: Array, constant: Constant) -> Monotone:
    """Return the curve from the origin through points that rise; of few spots some may fall a little, and are held."""
    return Monotone(np.append(0.0, x), np.append(0.0, np.maximum.accumulate(y)), constant)


class Tabulated:
    """The law of a `table` for sides of the composite `modulus` E* [Pa] with the `conductivity` κ_h [S/m].

    `constant` is made of each number that enters UFL, so that another table of as many rows needs no new compilation.
    """

    def __init__(self, table: Table, modulus: float, conductivity: Any = 1.0, constant: Constant = float) -> None:
        self._share, self._stiffness = (_Quantity.of(table, column, constant) for column in (SHARE, STIFFNESS))
        self._scale, self._conductivity = constant(1 / modulus), conductivity
        self._least = constant(LEAST * float(table.loading[0, 0]))
        largest = [float(branch[-1, 0]) for branch in table.unloading]
        self._between = [(constant(a / (b - a)), constant(1 / (b - a))) for a, b in pairwise(largest)]

    def share(self, pressure: Any, largest: Any) -> Any:
        """Return φ of what bears the `pressure` [Pa] and has borne the `largest` one."""
        return self._value(self._share, self._scale * pressure, self._scale * largest)

    def conductance(self, pressure: Any, largest: Any) -> Any:
        """Return h_c [S/m²], positive however little presses."""
        pressed = maximum(self._scale * pressure, self._least)
        return 2 * self._conductivity * self._value(self._stiffness, pressed, self._scale * largest)

    def _value(self, quantity: _Quantity, pressure: Any, largest: Any) -> Any:
        if not quantity.retained:
            return quantity.loading(pressure)
        borne = maximum(maximum(pressure, largest), self._least)
        part = pressure / borne
        retained = quantity.retained[0](part)
        for (start, steepness), (lower, upper) in zip(self._between, pairwise(quantity.retained), strict=True):
            weight = minimum(maximum(steepness * borne - start, 0.0), 1.0)
            retained = retained + weight * (upper(part) - lower(part))
        return quantity.loading(borne) * retained
