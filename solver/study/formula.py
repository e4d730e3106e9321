"""Formulae of columns of a history, such as ``'kinetic overpotential' / 'current density'``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from interstice.materials.expression import Expression

_QUOTED = re.compile(r"'([^']*)'|\"([^\"]*)\"")


class Formula:
    """A formula whose names are those of columns without their units, in quotes; or the name of one column, without.

    ValueError if the text is neither.
    """

    def __init__(self, text: str) -> None:
        names: dict[str, str] = {}

        def variable(match: re.Match[str]) -> str:
            name = (match[1] or match[2] or "").strip()
            if not name:
                raise ValueError("the name of a column is empty")
            return f" {names.setdefault(name, f'column{len(names)}')} "

        if "'" in text or '"' in text:
            formula = _QUOTED.sub(variable, text)
            if "'" in formula or '"' in formula:
                raise ValueError("a quote has no end")
            try:
                self._expression = Expression(formula, tuple(names.values()))
            except ValueError as error:
                words = str(error)
                for name, one in names.items():
                    words = words.replace(one, f"'{name}'")
                raise ValueError(words) from None
        else:
            if re.search(r"[*/+()\[\]]", text):
                raise ValueError("in a formula the names of columns stand in quotes: \"'voltage' / 'current density'\"")
            names[text.strip()] = "column0"
            self._expression = Expression("column0", ("column0",))
        self.columns = tuple(names)
        """The names of the columns."""

    def __call__(self, values: Mapping[str, Any]) -> Any:
        """Return the formula at the values of the columns by their names, numbers or arrays."""
        return self._expression(*(values[name] for name in self.columns))
