"""Columns of the table of a study as they are shown: in which words, in which unit, on which scale."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter
from pandas import DataFrame
from pandas.api.types import is_numeric_dtype

from interstice.solver.plot.style import Array, display
from interstice.solver.study.states import RESULTS

SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
NAMES = {"ohm": "Ω", "percent": "%", "degC": "°C", "um": "µm"}
"""Units as they are printed."""
EASIER = {"m^2*V/A": (1e4, "ohm*cm^2"), "ohm*m^2": (1e4, "ohm*cm^2")}
"""Units that others are read more easily than, with factors."""
LEFT_OUT = ("overrides", "protocol", "steps", "geometry")
"""Parts of keys that tell a reader nothing."""
SEED = "seed"
MANY_DECADES = 1e3
SPREAD = 10.0
"""From this ratio of the greatest to the least value on, a scale is logarithmic."""


@dataclass(frozen=True)
class Quantity:
    """A column: its name in words and its unit, "" of none, and how many of that unit the numbers of the table are."""

    column: str
    words: str
    si: str
    factor: float
    unit: str

    @property
    def label(self) -> str:
        """What stands at an axis."""
        return f"{self.words} [{self.unit}]" if self.unit else self.words

    def of(self, table: DataFrame) -> Array:
        """Return the numbers of a table in the unit."""
        return self.factor * table[self.column].to_numpy(dtype=float)

    def value(self, number: Any) -> str:
        """Return a value of the table with its unit, as people write it."""
        if isinstance(number, str):
            return number
        factor, unit = shown_in(self.si, np.array([number]))
        return f"{written(number * factor)} {printed(unit)}".strip()


def quantity(table: DataFrame, column: str) -> Quantity:
    """Return how a column is shown; ValueError names all that are there if it is not."""
    if column not in table:
        known = [*table.attrs["outputs"], *table.attrs["summary"]]
        raise ValueError(f"no run has told '{column}' yet; there are {', '.join(known) or 'no numbers at all'}")
    si = table.attrs["units"].get(column, "")
    words = in_words(column) if column in table.attrs["inputs"] else column.replace("_", " ")
    if not is_numeric_dtype(table[column]):
        return Quantity(column, words, "", 1.0, "")
    factor, unit = shown_in(si, table[column].to_numpy(dtype=float))
    return Quantity(column, words, si, factor, printed(unit))


def shown_in(unit: str, values: Array) -> tuple[float, str]:
    """Return the factor and the name of the unit in which values are read easily, those in the middle of them."""
    if unit in EASIER:
        return EASIER[unit]
    sizes = np.abs(values[np.isfinite(values) & (values != 0.0)])
    return display(unit, np.median(sizes) if len(sizes) else 0.0)


def written(number: float) -> str:
    """Return a number to three digits."""
    return f"{number:.3g}".replace("-", "−")


def in_order(rows: DataFrame, column: str) -> list[Any]:
    """Return the values of a column: numbers in their order, words in that of the study."""
    values = list(rows[column].unique())
    return sorted(values) if is_numeric_dtype(rows[column]) else values


def numeric(table: DataFrame, column: str) -> Quantity:
    """Return how a column of numbers is shown; ValueError if it holds words."""
    found = quantity(table, column)
    if not is_numeric_dtype(table[column]):
        raise ValueError(f"'{column}' is given in words; a scale needs numbers")
    return found


def in_words(key: str) -> str:
    """Return the dotted key of a value of a case in words: its last two parts."""
    parts = [part for part in key.split(".") if not part.isdecimal() and part not in LEFT_OUT]
    return " ".join(parts[-2:]).replace("c_rate", "C-rate").replace("_", " ")


def printed(unit: str) -> str:
    """Return a unit as it is printed: "Ω cm²" for "ohm*cm^2"."""
    words = re.split(r"([*/ ])", unit)
    named = "".join(re.sub(r"^[A-Za-z]+", lambda match: NAMES.get(match[0], match[0]), word) for word in words)
    raised = re.sub(r"\^(-?\d+)", lambda match: match[1].translate(SUPERSCRIPTS), named)
    return raised.replace("*", " ")


def is_spread(values: Array) -> bool:
    """Return whether values are better seen on a logarithmic scale."""
    finite = values[np.isfinite(values)]
    return bool(len(finite) and finite.min() > 0.0 and finite.max() >= SPREAD * finite.min())


def round_log_ticks(values: Array) -> dict[str, Any]:
    """Return locator and formatter of a logarithmic axis as options of a colour bar: 1, 2, 5, 10, … as plain numbers.

    Of many decades, powers of ten.
    """
    if values.max() >= MANY_DECADES * values.min():
        return {}
    return {"ticks": LogLocator(subs=(1.0, 2.0, 5.0)), "format": FuncFormatter(lambda value, _: f"{value:g}")}


def scale_log(ax: Axes, name: Literal["x", "y"], values: Array) -> None:
    """Make an axis of values logarithmic; of few decades with more numbers than powers of ten."""
    (ax.set_xscale if name == "x" else ax.set_yscale)("log")
    axis = ax.xaxis if name == "x" else ax.yaxis
    if ticks := round_log_ticks(values):
        axis.set_major_locator(ticks["ticks"])
        axis.set_major_formatter(ticks["format"])
        axis.set_minor_formatter(NullFormatter())


def with_result(table: DataFrame, of: str) -> DataFrame:
    """Return the rows of runs that have come to an end and have a finite number `of`; ValueError if there are none."""
    quantity(table, of)
    there = table[table["state"].isin(RESULTS) & np.isfinite(table[of])]
    if there.empty:
        raise ValueError(f"no run that has ended has a number of '{of}' yet")
    return there


@dataclass(frozen=True)
class Part:
    """Rows in which all but the inputs that a picture shows is the same, with what that is in words."""

    words: str
    rows: DataFrame


def parts(table: DataFrame, shown: Sequence[str], most: int) -> tuple[list[Part], str]:
    """Split rows by the inputs that are not shown and vary where those that are do not, and say which do within parts.

    Seeds of random numbers do: runs that differ in nothing else are samples of the same. So do all where there would be
    more than `most` parts.
    """
    varying: list[str] = []
    for name in table.attrs["inputs"]:
        within = table.groupby([*shown, *varying], sort=False)
        if name not in shown and (within[name].nunique() > 1).any():
            varying.append(name)
    seeds = [name for name in varying if name.rpartition(".")[2] == SEED]
    splitting = [name for name in varying if name not in seeds]
    kinds = table.groupby(splitting, sort=False) if splitting else None
    if kinds is None or kinds.ngroups > most:
        return [Part("", table)], ", ".join(in_words(name) for name in varying)
    found = [
        Part(
            ", ".join(
                f"{in_words(name)} {quantity(table, name).value(value)}"
                for name, value in zip(splitting, key, strict=True)
            ),
            rows,
        )
        for key, rows in kinds
    ]
    return found, ", ".join(in_words(name) for name in seeds)


def remarks(table: DataFrame, rows: DataFrame, shown: Sequence[str], within: str) -> list[str]:
    """Return in sentences what a picture of some rows of a table, over the inputs that are shown, leaves out."""
    found = []
    if len(rows) < len(table):
        found.append(f"{len(rows)} of {len(table)} runs have the number.")
    if stopped := int((rows["state"] == "stopped").sum()):
        found.append(f"Marked are {stopped} that stopped before the end of their protocol.")
    if others := [in_words(name) for name in table.attrs["sampled"] if name not in shown]:
        found.append(f"From point to point vary also {', '.join(others)}.")
    elif within:
        found.append(within)
    return found
