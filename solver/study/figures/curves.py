"""An output against an input, a curve for each value of another one, with power laws fitted to them."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from pandas import DataFrame
from pandas.api.types import is_numeric_dtype

from interstice.schema import outcomes
from interstice.solver.plot.style import BLUE, GREEN, GREY, ORANGE, PURPLE, SKY, VERMILION, Array, page
from interstice.solver.study.figures import power_law
from interstice.solver.study.figures.power_law import PowerLaw
from interstice.solver.study.figures.quantity import (
    Quantity,
    in_order,
    numeric,
    parts,
    quantity,
    remarks,
    scale_log,
    with_result,
    written,
)

MOST_CURVES = 12
PALETTE = (BLUE, VERMILION, GREEN, ORANGE, SKY, PURPLE)
MARKERS = "osD^vP*X"
SEQUENCE, LIGHTEST = "viridis", 0.85
"""Colours of curves in the order of a number, up to where they are dark enough on white."""
MOST_TOLD = 4
"""Curves whose exponents are each told below the picture."""
LINE = 20
"""Letters in a line of the legend."""
DASHES = (":", "-.", (0, (5, 2)), (0, (1, 1)))
"""Of exponents that others found."""


@dataclass(frozen=True)
class Family:
    """A curve: what is the same along it, in words, its points (x in SI, y in the unit) and its power law, if asked."""

    words: str
    x: Array
    y: Array
    law: PowerLaw | None
    stopped: Array


@dataclass(frozen=True)
class Curves:
    """The numbers of curves: `law` is the power law of all together, each with a factor of its own."""

    x: str
    of: str
    unit: str
    families: list[Family]
    law: PowerLaw | None
    compare: dict[str, float]


def draw(asked: outcomes.Curves, table: DataFrame) -> tuple[str, str, Figure, Curves]:
    """Return title, caption, figure and numbers; ValueError says why there are none."""
    of, x = numeric(table, asked.of), numeric(table, asked.x)
    rows = with_result(table, asked.of)
    left_out = 0
    if asked.scale == "log" or asked.fit:
        positive = rows[(rows[asked.of] > 0.0) & (rows[asked.x] > 0.0)]
        left_out = len(rows) - len(positive)
        if positive.empty:
            raise ValueError(f"'{asked.of}' is nowhere above 0, which a logarithmic scale needs")
        rows = positive
    families, averaged = _families(asked, rows, x, of)
    laws = [(one.x, one.y) for one in families if one.law]
    law = power_law.common(laws) if laws else None
    if asked.fit and not law:
        raise ValueError(f"a power law needs {power_law.FEWEST} points of one curve at different places")
    figure = page(4.5)
    ax = figure.subplots()
    colours = _colours(asked, rows, len(families))
    for number, family in enumerate(families):
        # sampled points are no curve
        line = "none" if law or asked.x in table.attrs["sampled"] else "-"
        _draw_family(ax, family, x, line, colours[number], MARKERS[number % len(MARKERS)])
    if law:
        _draw_compared(ax, families, x, asked.compare or {})
    if asked.scale == "log":
        scale_log(ax, "x", x.factor * np.concatenate([family.x for family in families]))
        scale_log(ax, "y", np.concatenate([family.y for family in families]))
    ax.set_xlabel(x.label)
    ax.set_ylabel(of.label)
    words = quantity(table, asked.by).words if asked.by else ""
    if len(families) > 1 or asked.compare:
        figure.legend(loc="outside right upper", title=words or None, alignment="left")
    title = f"{of.words} against {x.words}" + (f" for each {words}" if words else "")
    told = remarks(table, rows, [name for name in (asked.x, asked.by) if name], averaged)
    if left_out:
        told.append(f"Left out are {left_out} that are not above 0.")
    if law:
        text = f"{of.words} ∝ ({x.words})$^n$, $n$ = {law}, {law.points} points"
        figure.suptitle(text, x=0.01, ha="left", fontsize="medium")
        told.append(_law_in_words(law, families))
    caption = " ".join([f"{title[0].upper()}{title[1:]}.", *told])
    return title, caption, figure, Curves(asked.x, asked.of, of.unit, families, law, dict(asked.compare or {}))


def _families(asked: outcomes.Curves, rows: DataFrame, x: Quantity, of: Quantity) -> tuple[list[Family], str]:
    """Return the curves in the order of what they are for, and over what each point is the mean, if it is."""
    by = [asked.by] if asked.by else []
    groups: list[tuple[str, DataFrame]] = [("", rows)]
    if asked.by:
        shown = quantity(rows, asked.by)
        groups = [(shown.value(value), rows[rows[asked.by] == value]) for value in in_order(rows, asked.by)]
    split, averaged = parts(rows, [asked.x, *by], max(1, MOST_CURVES // len(groups)))
    families = []
    for words, group in groups:
        for part in split:
            inside = part.rows[part.rows.index.isin(group.index)]
            if inside.empty:
                continue
            points = inside.groupby(asked.x, sort=True).agg(
                {of.column: "mean", "state": lambda states: (states == "stopped").any()}
            )
            at, values = points.index.to_numpy(dtype=float), of.factor * points[of.column].to_numpy(dtype=float)
            law = None
            if asked.fit and len(at) >= power_law.FEWEST:
                law = power_law.fit(at, values)
            label = ", ".join(filter(None, (words, part.words)))
            families.append(Family(label, at, values, law, points["state"].to_numpy(dtype=bool)))
    return families, averaged


def _colours(asked: outcomes.Curves, rows: DataFrame, count: int) -> list[Any]:
    """Return a colour for each curve: of a row of colours where they follow a number."""
    if asked.by and is_numeric_dtype(rows[asked.by]) and count > 1:
        return list(matplotlib.colormaps[SEQUENCE](np.linspace(0.0, LIGHTEST, count)))
    return [PALETTE[number % len(PALETTE)] for number in range(count)]


def _draw_family(ax: Axes, family: Family, x: Quantity, line: str, colour: Any, marker: str) -> None:
    at = x.factor * family.x
    ax.plot(at, family.y, marker=marker, linestyle=line, color=colour, markersize=5, label=family.words or None)
    if family.stopped.any():
        hollow = family.stopped
        ax.plot(at[hollow], family.y[hollow], marker, color=colour, markersize=5, markerfacecolor="white")
    if family.law:
        along = np.geomspace(family.x[0], family.x[-1], 50)
        ax.plot(x.factor * along, family.law.at(along), color=colour, linewidth=1.0)


def _draw_compared(ax: Axes, families: list[Family], x: Quantity, compare: dict[str, float]) -> None:
    """Draw what others found through the middle of all points."""
    at, values = (np.concatenate([getattr(one, name) for one in families]) for name in ("x", "y"))
    middle, height = np.exp(np.log(at).mean()), np.exp(np.log(values).mean())
    along = np.geomspace(at.min(), at.max(), 50)
    for number, (name, exponent) in enumerate(compare.items()):
        label = f"$n$ = {exponent:g}, ".replace("-", "−") + "\n".join(textwrap.wrap(name, LINE))
        style = DASHES[number % len(DASHES)]
        ax.plot(x.factor * along, height * (along / middle) ** exponent, color=GREY, linestyle=style, label=label)


def _law_in_words(law: PowerLaw, families: list[Family]) -> str:
    fitted = [one for one in families if one.law]
    text = f"The exponent of the power law is {law}, from {law.points} points"
    if len(fitted) > 1:
        text += f" of {len(fitted)} curves, each with a factor of its own"
        if len(fitted) <= MOST_TOLD:
            each = "; ".join(f"{one.words}: {one.law}, {one.law.points} points" for one in fitted if one.law)
            text += f". Of each alone: {each}"
        else:
            alone = sorted(one.law.exponent for one in fitted if one.law)
            text += f". Of each alone it is {written(alone[0])} to {written(alone[-1])}"
    without = [one.words for one in families if not one.law]
    if without:
        text += f". Too few points for a fit has {', '.join(without)}"
    return text + ". The interval tells how well the points follow a power law."
