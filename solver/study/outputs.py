"""The numbers of a run: those that a study chose, formulas of the columns of its history, and those of its summary.

A formula f(t) is taken over all rows, or those of one step of the protocol or of one cycle:

    end, start, min, max      of those rows,
    mean = ∫ f dt / ∫ dt      f between two rows is their mean, after a jump at the begin of a step that at its end,
    change                    f at the end less f in the row before the first one

Rows in which f is no finite number, an overpotential over no current, say, do not count for min, max and mean.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from interstice.schema.columns import missing
from interstice.schema.formula import Formula, parse
from interstice.schema.outcomes import ACTIVE_FRACTION, Outcome
from interstice.solver.history import KIND
from interstice.solver.summary import summary
from interstice.solver.units import split_unit

Array = npt.NDArray[np.float64]
Numbers = dict[str, tuple[float, str]]
"""Values with their units, by name."""


class Columns:
    """The columns of a history, from its rows."""

    def __init__(self, rows: Sequence[dict[str, Any]]) -> None:
        self._values = {
            split_unit(header)[0]: (np.array([row[header] for row in rows], dtype=float), split_unit(header)[1])
            for header in rows[0]
            if header != KIND
        }

    def __call__(self, name: str) -> tuple[Array, str]:
        """Return the values of a column and its unit; ValueError names all that are there if it is not."""
        if name not in self._values:
            raise ValueError(missing(name, self._values, "the history has no column"))
        return self._values[name]


def unit_of(outcome: Outcome) -> str:
    """Return the unit in which an output is told."""
    return outcome.unit or parse(outcome.of).unit()


def chosen(outcomes: Mapping[str, Outcome], rows: Sequence[dict[str, Any]]) -> tuple[dict[str, float], list[str]]:
    """Return what the outputs are, NaN where one cannot be told, and why."""
    if not rows:
        return dict.fromkeys(outcomes, np.nan), []
    columns, found, problems = Columns(rows), {}, []
    for name, outcome in outcomes.items():
        try:
            found[name] = number(outcome, columns)
        except ValueError as error:
            found[name] = np.nan
            problems.append(f"{name}: {error}")
    return found, problems


def number(outcome: Outcome, columns: Columns) -> float:
    """Return an output; ValueError says why there is none."""
    formula = parse(outcome.of)
    quantity = formula(columns)
    values = np.asarray(formula.converted(quantity, outcome.unit) if outcome.unit else quantity.magnitude, dtype=float)
    inside = np.flatnonzero(_inside(outcome, columns))
    first, last = inside[0], inside[-1]
    match outcome.take:
        case "end":
            return _finite(values[last], formula, "at the end")
        case "start":
            return _finite(values[first], formula, "at the start")
        case "change":
            before = max(first - 1, 0)
            return _finite(values[last] - values[before], formula, "at the end, or before")
        case "mean":
            return _mean(values, columns("time")[0], columns("step")[0], first, last, formula)
    there = values[inside][np.isfinite(values[inside])]
    if not len(there):
        raise ValueError(f"{formula.text} is a finite number in none of the rows")
    return float(there.min() if outcome.take == "min" else there.max())


def _inside(outcome: Outcome, columns: Columns) -> npt.NDArray[np.bool_]:
    """Return which rows an output is about; ValueError if there are none."""
    inside = np.ones(len(columns("time")[0]), dtype=bool)
    for word, asked in (("step", outcome.step), ("cycle", outcome.cycle)):
        if asked is not None:
            inside &= columns(word)[0] == asked
            if not inside.any():
                raise ValueError(f"the run has no row of {word} {asked}; its last is {columns(word)[0][-1]:.0f}")
    return inside


def _mean(values: Array, time: Array, step: Array, first: int, last: int, formula: Formula) -> float:
    """Return the mean over time from the row before `first` to `last`."""
    rows = np.arange(max(first, 1), last + 1)
    before = rows - 1
    within = np.where(step[rows] != step[before], values[rows], (values[rows] + values[before]) / 2)
    lasts = time[rows] - time[before]
    counts = np.isfinite(within) & (lasts > 0.0)
    if not counts.any():
        return _finite(values[last], formula, "at any time")
    return float(within[counts] @ lasts[counts] / lasts[counts].sum())


def _finite(value: float, formula: Formula, when: str) -> float:
    if not np.isfinite(value):
        raise ValueError(f"{formula.text} is no finite number {when}; does it divide by a current that is zero there?")
    return float(value)


def summarised(rows: Sequence[dict[str, Any]]) -> Numbers:
    """Return the numbers of the summary of a run, each by a name of its own."""
    if not rows:
        return {}
    fractions = [split_unit(header)[0] for header in rows[0] if header.startswith("active fraction")]
    names = [name.removeprefix("active fraction of ") for name in fractions]
    told = summary(rows, names if len(names) > 1 else ["interface"] * len(names))
    found: Numbers = {}

    def add(value: float, header: str, name: str = "{}") -> None:
        title, unit = split_unit(header)
        found[name.format(title)] = (float(value), unit)

    for header in ("time [s]", "time steps [1]", "newton iterations [1]"):
        add(told[header], header)
    for kind in ("charge", "discharge"):
        for header, value in told.get(kind, {}).items():
            if isinstance(value, dict):
                for loss, mean in value.items():
                    add(mean, header, f"mean {loss} overpotential of {kind}")
            else:
                add(value, header, f"{kind} {{}}")
    for which, cycles in (("first", told["cycles"][:1]), ("last", told["cycles"][-1:])):
        for header, value in ((header, value) for cycle in cycles for header, value in cycle.items()):
            if header != "cycle":
                add(value, header, f"{{}} of the {which} cycle")
    for interface, course in told["active fraction [1]"].items():
        of = f" of {interface}" if len(names) > 1 else ""
        for key, value in course.items():
            add(value, " [s]" if key.endswith("[s]") else " [1]", f"{ACTIVE_FRACTION[key]}{of}")
    for header, value in told["largest"].items():
        add(value, header, "largest {}")
    return found
