"""Formulas of columns of a history, such as ``"'kinetic overpotential' / 'current density'"``, with their units."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pint

from interstice.schema.columns import unit_of
from interstice.schema.expression import Expression
from interstice.schema.units import Unit, registry

EXAMPLE = "'kinetic overpotential' / 'current density'"
_QUOTED = re.compile(r"'([^'\n]*)'|\"([^\"\n]*)\"")
_UNIT_OF_COLUMN = re.compile(r" \[[^\]]*\]$")


class Formula:
    """A formula of columns, whose names stand in quotes, without or with their units as in history.csv.

    The name of one column alone needs no quotes.

    Raises
    ------
    ValueError
        If `text` is not a formula, or names no column; the message says what is allowed.
    """

    def __init__(self, text: str) -> None:
        self.text = text.strip()
        if _is_column(self.text):
            self.text = f"'{self.text}'"
        names = [first or second for first, second in _QUOTED.findall(self.text)]
        self.columns = tuple(dict.fromkeys(_UNIT_OF_COLUMN.sub("", name) for name in names))
        """The names of the columns, without units."""
        if not self.columns:
            raise ValueError(f"names no column of the history; they stand in quotes, as in {EXAMPLE}")
        stem = "column"
        while stem in self.text:
            stem += "_"
        self._words = {name: f"{stem}{number}" for number, name in enumerate(self.columns)}

        def word(match: re.Match[str]) -> str:
            return f" {self._words[_UNIT_OF_COLUMN.sub('', match[1] or match[2])]} "

        try:
            self._expression = Expression(_QUOTED.sub(word, self.text), tuple(self._words.values()))
        except ValueError as error:
            message = str(error)
            for name, placeholder in reversed(self._words.items()):
                message = message.replace(placeholder, f"'{name}'")
            raise ValueError(f"{message}; names of columns stand in quotes, as in {EXAMPLE}") from None

    def __call__(self, read: Callable[[str], tuple[Any, str]]) -> pint.Quantity[Any]:
        """Return the formula, as an array with its unit; `read` gives values and unit of a column by its name.

        ValueError if the units do not fit each other. Where it divides by zero there are infinities or NaN.
        """
        return self._of({name: _quantity(*read(name)) for name in self.columns})

    def unit(self, find: Callable[[str], str] = unit_of) -> str:
        """Return the unit of the formula, `find` giving that of a column; ValueError if the units do not fit."""
        if len(self.columns) == 1 and self._expression.text == self._words[self.columns[0]]:
            return find(self.columns[0])
        return written(self._of({name: _quantity(np.ones(1), find(name)) for name in self.columns}))

    def converted(self, quantity: pint.Quantity[Any], unit: str) -> Any:
        """Return the numbers of a quantity in a `unit`; ValueError if it does not fit."""
        own = written(quantity)
        check_unit(unit, own)
        return quantity.to(_parsed(unit)).magnitude

    def _of(self, values: Mapping[str, pint.Quantity[Any]]) -> pint.Quantity[Any]:
        named = {self._words[name]: value for name, value in values.items()}
        try:
            with np.errstate(all="ignore"):
                found = registry().Quantity(self._expression.of(named))
        except pint.DimensionalityError as error:
            raise ValueError(
                f"the units do not fit each other in {self.text}: [{_plain(error.units1)}] stands where "
                f"[{_plain(error.units2)}] is needed"
            ) from None
        # hours over seconds are a number, too
        return found.to("") if found.dimensionless else found

    def __repr__(self) -> str:
        return f"Formula({self.text!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Formula) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)


def _is_column(text: str) -> bool:
    try:
        unit_of(text)
    except ValueError:
        return False
    return True


def parse(text: str) -> Formula:
    """Return the formula that a text is; ValueError as `Formula`."""
    return Formula(text)


def check_unit(unit: str, own: str) -> None:
    """Raise ValueError unless `unit` is one in which a quantity of the unit `own` can be given."""
    if own == "1":
        if unit.strip() != "1":
            Unit("1", "100 percent").parse(f"1 {unit}")
    else:
        Unit(own, f"1 {own}").parse(f"1 {unit}")


def written(quantity: pint.Quantity[Any]) -> str:
    """Return the unit of a quantity as the program writes it, "V*m^2/A"; "1" of what has no dimension."""
    return _plain(quantity.units)


def _plain(unit: Any) -> str:
    return f"{registry().Unit(unit):~C}".replace("**", "^") or "1"


def _quantity(values: Any, unit: str) -> pint.Quantity[Any]:
    return registry().Quantity(values, _parsed(unit))


def _parsed(unit: str) -> Any:
    return registry().parse_units("" if unit.strip() == "1" else re.sub(r"(?<=[^\W\d])(?=\d)", "^", unit.strip()))
