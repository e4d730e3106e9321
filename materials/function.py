"""Quantities that depend on the lithium around them: a formula with a unit, or a table between whose rows lie lines.

Those of a host depend on the stoichiometry theta, those of a salt on its concentration c [mol/m³] and, a formula, on
the temperature T [K]. All take floats, NumPy arrays and UFL expressions and know their integral over the first
variable, which the swelling of a host with a variable partial molar volume is made of. Values are in SI.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from interstice.materials.elementwise import maximum, minimum
from interstice.schema import files
from interstice.schema.expression import Expression
from interstice.schema.units import Unit

RULE = tuple(zip(*np.polynomial.legendre.leggauss(7), strict=True))
"""Points and weights of Gauss–Legendre rule on [−1, 1]: exact for polynomials up to degree 13."""
LARGEST = 5_000_000
"""Bytes of a table in a file."""
MANY_ROWS = 40
"""A longer table is thinned out."""
THINNING = 5e-4
"""What a table that is thinned out may differ by from the whole one, over the span of its values."""

_FORMULA = re.compile(r"(?P<formula>.+?)\s*\[(?P<unit>[^\]]+)\]\s*", re.DOTALL)

Ends = tuple[float, float]


@dataclass(frozen=True)
class Formula:
    """A formula times the size of its unit in SI; beyond the `ends` of its first variable, if any, it is constant."""

    expression: Expression
    scale: float
    ends: Ends | None = None

    def __call__(self, x: Any, *others: Any) -> Any:
        """Return the value where the first variable is `x`, of its shape."""
        inside = _clamped(x, *self.ends) if self.ends else x
        return self.scale * self.expression(inside, *others)

    def integral(self, low: Any, high: Any) -> Any:
        """Return the integral from `low` to `high`, by the rule of Gauss and Legendre with seven points."""
        if self.ends is None:
            return self._inner_integral(low, high)
        (first, last), (start, end) = self.ends, (_clamped(x, *self.ends) for x in (low, high))
        below = (_clamped(high, None, first) - _clamped(low, None, first)) * self(first)
        above = (_clamped(high, last, None) - _clamped(low, last, None)) * self(last)
        return self._inner_integral(start, end) + below + above

    def _inner_integral(self, low: Any, high: Any) -> Any:
        middle, half = (low + high) / 2, (high - low) / 2
        terms = (self.scale * float(weight) * self.expression(middle + float(point) * half) for point, weight in RULE)
        return half * sum(terms)


@dataclass(frozen=True)
class Table:
    """Rows (x, value) by rising x: linear between them, constant before the first and after the last."""

    rows: tuple[tuple[float, float], ...]

    def __call__(self, x: Any, *_: Any) -> Any:
        """Return the value at `x`, of its shape; a table depends on nothing else."""
        value: Any = self.rows[0][1]
        for (low, first), (high, last) in pairwise(self.rows):
            value = value + (last - first) / (high - low) * (_clamped(x, low, high) - low)
        return value

    def integral(self, low: Any, high: Any) -> Any:
        """Return the integral from `low` to `high`."""
        return self._from_first_row(high) - self._from_first_row(low)

    def _from_first_row(self, x: Any) -> Any:
        (start, first), (end, last) = self.rows[0], self.rows[-1]
        total = first * (_clamped(x, None, start) - start) + last * (_clamped(x, end, None) - end)
        for (a, value), (b, next_value) in pairwise(self.rows):
            inside = _clamped(x, a, b) - a
            total = total + (value + (next_value - value) / (b - a) * inside / 2) * inside
        return total


Quantity = float | Formula | Table


def at(quantity: Quantity, *values: Any) -> Any:
    """Return a quantity where its variables have these values; what does not depend on them is a number."""
    return quantity(*values) if callable(quantity) else quantity


def variables(quantity: Quantity) -> set[str]:
    """Return the names of what a quantity depends on; a table depends on the first of those it may, c of a salt."""
    if isinstance(quantity, Formula):
        return quantity.expression.used
    return {"c"} if isinstance(quantity, Table) else set()


def parse(value: Any, unit: Unit, names: Sequence[str] = ("theta",), ends: Ends | None = None) -> Quantity:
    """Return what a file says of a quantity that may depend on `names`, beyond `ends` of the first of them constant.

    That is a number with its unit, ``"FORMULA [UNIT]"``, rows ``[x, "number unit"]``, or a CSV file
    ``{file: PATH, unit: UNIT}`` with x and value in its first two columns. ValueError says what is wrong with it.
    """
    if isinstance(value, Mapping):
        return _table(_in_file(value, unit), names[0])
    if isinstance(value, Sequence) and not isinstance(value, str):
        return _table(_in_rows(value, unit, names[0]), names[0])
    match = _FORMULA.fullmatch(value.strip()) if isinstance(value, str) else None
    if match:
        formula = Expression(match["formula"], tuple(names))
        return Formula(formula, scale_of(match["unit"], unit), ends)
    if isinstance(value, str) and re.search(rf"\b({'|'.join(names)})\b", value):
        if not unit.si:
            return Formula(Expression(value, tuple(names)), 1.0, ends)
        raise ValueError(
            f"a formula takes its unit in brackets behind it, such as '1e-14*(1 - {names[0]}) [{unit.si}]'"
        )
    return unit.parse(value)


def scale_of(text: Any, unit: Unit) -> float:
    """Return the size in SI of a unit; what has no dimension has the unit 1."""
    if not unit.si:
        if str(text).strip() != "1":
            raise ValueError(f"'{text}' does not fit; it has no dimension, which is the unit 1")
        return 1.0
    return unit.parse(f"1 {text}")


def values(quantity: Quantity, *ends: Ends) -> npt.NDArray[np.float64]:
    """Return values that a quantity takes within `ends` of its variables: all of a table's, samples of a formula's."""
    if isinstance(quantity, Table):
        return np.array([value for _, value in quantity.rows])
    if isinstance(quantity, Formula):
        points = 1001 if len(ends) == 1 else 101
        grid = np.meshgrid(*(np.linspace(*end, points) for end in ends))
        with np.errstate(all="ignore"):
            return real(np.asarray(quantity(*grid)).ravel())
    return np.array([quantity])


def real(found: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the values of a formula; ValueError if one is none, as the root of a negative number."""
    if np.isnan(found).any():
        raise ValueError("has no real value everywhere in its range: a root or logarithm of what is negative, or 0/0")
    return found


Rows = list[tuple[float, float]]


def _in_rows(rows: Sequence[Any], unit: Unit, name: str) -> Rows:
    example = f"[[0.1, '{unit.example}'], [0.9, '{unit.example}']]"
    read: Rows = []
    for row in rows:
        if not isinstance(row, Sequence) or isinstance(row, str) or len(row) != 2:
            raise ValueError(f"each row of a table is [{name}, value], such as {example}")
        x, value = row
        if not isinstance(x, int | float) or isinstance(x, bool):
            raise ValueError(f"{name} of each row of a table is a number, such as in {example}")
        read.append((float(x), unit.parse(value)))
    return read


def _in_file(value: Mapping[str, Any], unit: Unit) -> Rows:
    if set(value) != {"file", "unit"}:
        raise ValueError(f"a table in a file is {{file: NAME.csv, unit: {unit.si or 1}}}")
    path, scale = Path(str(value["file"])), scale_of(value["unit"], unit)
    rows: Rows = []
    try:
        text = files.text(path, LARGEST)
    except files.FileError as error:
        raise ValueError(f"{path}: {error}") from None
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        try:
            x, y = (float(cell) for cell in next(csv.reader([line]))[:2])
        except (ValueError, csv.Error):
            if rows or number > 1:
                raise ValueError(f"{path}: line {number}: two numbers with a comma between are needed") from None
            continue  # names of the columns
        rows.append((x, scale * y))
    return rows if len(rows) < 2 or rows[0][0] < rows[-1][0] else rows[::-1]


def _table(rows: Rows, name: str) -> Table:
    if len(rows) < 2:
        raise ValueError("a table has two rows at least")
    if not np.isfinite(rows).all():
        raise ValueError("the numbers of a table are finite")
    for (before, _), (x, _) in pairwise(rows):
        if x <= before:
            raise ValueError(f"{name} has to rise from row to row, {x:g} follows {before:g}")
    if name == "theta" and not 0 <= rows[0][0] < rows[-1][0] <= 1:
        raise ValueError(f"theta of each row of a table is a number from 0 to 1, not {rows[0][0]:g} to {rows[-1][0]:g}")
    return Table(tuple(rows if len(rows) <= MANY_ROWS else _thinned(rows)))


def _thinned(rows: Rows) -> Rows:
    """Return the rows without those that lie on lines between others (Ramer, Douglas and Peucker, across only)."""
    x, y = np.array(rows).T
    tolerance = THINNING * float(np.ptp(y))
    kept, open_ends = {0, len(rows) - 1}, [(0, len(rows) - 1)]
    while open_ends:
        first, last = open_ends.pop()
        off = np.abs(y[first:last] - np.interp(x[first:last], x[[first, last]], y[[first, last]]))
        worst = first + int(np.argmax(off))
        if off.max() > tolerance:
            kept.add(worst)
            open_ends += [(first, worst), (worst, last)]
    return [rows[i] for i in sorted(kept)]


def _clamped(x: Any, low: float | None, high: float | None) -> Any:
    """Return `x` held within [low, high], None being no bound."""
    if low is not None:
        x = maximum(x, low)
    return x if high is None else minimum(x, high)
