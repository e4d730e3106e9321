"""Quantities that depend on the stoichiometry theta: a formula with a unit, or a table between whose rows lie lines.

Both take floats, NumPy arrays and UFL expressions and know their integral over theta, which the swelling of a host with
a variable partial molar volume is made of. Values are in SI.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from interstice.materials.expression import Expression
from interstice.schema.units import Unit

RULE = tuple(zip(*np.polynomial.legendre.leggauss(7), strict=True))
"""Points and weights of Gauss–Legendre rule on [−1, 1]: exact for polynomials up to degree 13."""

_FORMULA = re.compile(r"(?P<formula>.+?)\s*\[(?P<unit>[^\]]+)\]\s*", re.DOTALL)


@dataclass(frozen=True)
class Formula:
    """A formula of theta times the size of its unit in SI."""

    expression: Expression
    scale: float

    def __call__(self, theta: Any) -> Any:
        """Return the value at `theta`, of its shape."""
        return self.scale * self.expression(theta)

    def integral(self, low: Any, high: Any) -> Any:
        """Return the integral from `low` to `high`, by the rule of Gauss and Legendre with seven points."""
        middle, half = (low + high) / 2, (high - low) / 2
        terms = (float(weight) * self(middle + float(point) * half) for point, weight in RULE)
        return half * sum(terms)


@dataclass(frozen=True)
class Table:
    """Rows (theta, value) by rising theta: linear between them, constant before the first and after the last."""

    rows: tuple[tuple[float, float], ...]

    def __call__(self, theta: Any) -> Any:
        """Return the value at `theta`, of its shape."""
        value: Any = self.rows[0][1]
        for (low, first), (high, last) in pairwise(self.rows):
            value = value + (last - first) / (high - low) * (_clamped(theta, low, high) - low)
        return value

    def integral(self, low: Any, high: Any) -> Any:
        """Return the integral from `low` to `high`."""
        return self._from_first_row(high) - self._from_first_row(low)

    def _from_first_row(self, theta: Any) -> Any:
        (start, first), (end, last) = self.rows[0], self.rows[-1]
        total = first * (_clamped(theta, None, start) - start) + last * (_clamped(theta, end, None) - end)
        for (a, value), (b, next_value) in pairwise(self.rows):
            inside = _clamped(theta, a, b) - a
            total = total + (value + (next_value - value) / (b - a) * inside / 2) * inside
        return total


def parse(value: Any, unit: Unit) -> float | Formula | Table:
    """Return what a file says: a number with its unit, ``"FORMULA [UNIT]"``, or rows ``[theta, "number unit"]``.

    ValueError says what is wrong with it.
    """
    if isinstance(value, Sequence) and not isinstance(value, str):
        return _table(value, unit)
    match = _FORMULA.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        if isinstance(value, str) and "theta" in value:
            raise ValueError(f"a formula takes its unit in brackets behind it, such as '1e-14*(1 - theta) [{unit.si}]'")
        return unit.parse(value)
    return Formula(Expression(match["formula"]), unit.parse(f"1 {match['unit']}"))


def values(quantity: float | Formula | Table, low: float, high: float) -> np.ndarray:
    """Return values that a quantity takes for theta from `low` to `high`: all of a table's, samples of a formula's."""
    if isinstance(quantity, Table):
        return np.array([value for _, value in quantity.rows])
    if isinstance(quantity, Formula):
        with np.errstate(all="ignore"):
            try:
                return np.asarray(quantity(np.linspace(low, high, 1001)))
            except ArithmeticError as error:
                raise ValueError(f"cannot be evaluated: {error}") from None
    return np.array([quantity])


def _table(rows: Sequence[Any], unit: Unit) -> Table:
    example = f"[[0.1, '{unit.example}'], [0.9, '{unit.example}']]"
    read: list[tuple[float, float]] = []
    for row in rows:
        if not isinstance(row, Sequence) or isinstance(row, str) or len(row) != 2:
            raise ValueError(f"each row of a table is [theta, value], such as {example}")
        theta, value = row
        if not isinstance(theta, int | float) or isinstance(theta, bool) or not 0 <= theta <= 1:
            raise ValueError(f"theta of each row of a table is a number from 0 to 1, such as in {example}")
        if read and theta <= read[-1][0]:
            raise ValueError(f"theta has to rise from row to row, {theta} follows {read[-1][0]}")
        read.append((float(theta), unit.parse(value)))
    if len(read) < 2:
        raise ValueError(f"a table has two rows at least, such as {example}")
    return Table(tuple(read))


def _clamped(theta: Any, low: float | None, high: float | None) -> Any:
    """Return `theta` held within [low, high], None being no bound."""
    # materials are read without a finite-element library at hand
    from interstice.materials.elementwise import maximum, minimum

    if low is not None:
        theta = maximum(theta, low)
    return theta if high is None else minimum(theta, high)
