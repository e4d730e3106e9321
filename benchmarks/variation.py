"""A benchmark over one of its inputs: ``--vary elements=8,16,32`` solves it for each value, ``--plot FILE`` draws that.

The picture has what was computed on what is exact, a panel for each quantity, and the errors. An input that refines a
mesh or time steps is a convergence plot: the slope of each error in it is its order.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, Formatter, ScalarFormatter

from interstice.benchmarks.options import OptionError
from interstice.benchmarks.report import Result
from interstice.solver.plot import FORMATS
from interstice.solver.plot.style import BLUE, GREEN, GREY, ORANGE, PURPLE, SKY, STYLE, VERMILION, display
from interstice.solver.units import split_unit

Array = npt.NDArray[np.float64]

REFINING = ("elements", "steps", "points", "levels")
"""Inputs in whose powers errors fall."""
MOST_PANELS = 3
"""Quantities that have a panel each; more stand in one, computed over exact."""
WIDE = 3.0
"""Ratio of the ends of what is on an axis from which on it is logarithmic."""
ROUNDING = 1e-10
"""Errors that are below it at all values are rounding: they are told beside those that are drawn."""
DEEPEST = 1e-7
"""Errors over the largest that are as good as none, where others are there to be looked at."""
LINE = 0.075
"""Of a legend, over the height of a panel."""
FLAT = 0.02
"""Relative change of a quantity that no picture shows."""
LEAST_ORDER = 0.25
"""Errors that fall more slowly are not said to."""
COLOURS = (BLUE, VERMILION, GREEN, ORANGE, SKY, PURPLE)
MARKERS = "osD^v<"
COLUMNS = 2
"""Panels beside each other that can be read on a phone."""
PANEL, HEIGHT = 2.7, 2.6
"""Of a panel [inch]."""


class Variation(NamedTuple):
    """The `option`, without its dashes, that is varied, and its values as written."""

    option: str
    values: list[str]

    @classmethod
    def parse(cls, text: str) -> Variation:
        """Return the variation that ``KEY=VALUE,VALUE`` asks for; OptionError if it is none."""
        option, equals, values = text.partition("=")
        found = [value.strip() for value in values.split(",") if value.strip()]
        if not equals or len(found) < 2:
            raise OptionError(f"--vary {text}: expected KEY=VALUE,VALUE with two values or more, as elements=8,16,32")
        return cls(option.strip().removeprefix("--").replace("_", "-"), found)

    def words(self, name: str, options: Sequence[str]) -> list[list[str]]:
        """Return the words of the command for each value: benchmark `name` with its other `options`."""
        return [[name, *options, f"--{self.option}", value] for value in self.values]


def require_picture(file: Path) -> None:
    """Raise OptionError unless pictures can have the ending of a file."""
    if file.suffix.removeprefix(".") not in FORMATS:
        raise OptionError(f"--plot {file}: its ending is none of .{', .'.join(FORMATS)}")


def draw(results: Sequence[Result], variation: Variation, file: Path) -> None:
    """Draw the results over the values of a variation into a `file`."""
    with matplotlib.rc_context({**STYLE, "svg.hashsalt": results[0].name}):
        figure = picture(results, variation)
        # without the time of drawing: the same numbers give the same file
        options: dict[str, Any] = {"metadata": {"Date": None}} if file.suffix == ".svg" else {}
        figure.savefig(file, **options)


def picture(results: Sequence[Result], variation: Variation) -> Figure:
    """Return the figure of the results over the values of a variation."""
    x = np.array([float(value) for value in variation.values])
    key = variation.option.replace("-", "_")
    label = variation.option.replace("-", " ")
    # some have the value that is varied in the names of their quantities
    exact = [*dict.fromkeys(name for result in results for name in result.exact if _is_drawn(result, name))]
    alone = len(exact) <= MOST_PANELS
    count = (len(exact) if alone else 1) + 1
    rows, columns = -(-count // COLUMNS), min(count, COLUMNS)
    figure = Figure(figsize=(PANEL * columns + 0.4, HEIGHT * rows + 0.3))
    axes = [figure.add_subplot(rows, columns, place + 1) for place in range(count)]
    if alone:
        for axis, name in zip(axes, exact, strict=False):
            _quantity(axis, x, results, name)
            _along(axis, x, label)
    else:
        _all(axes[0], x, results, exact, label)
    _errors(axes[-1], x, results, key in REFINING)
    _along(axes[-1], x, label)
    figure.suptitle(results[0].name, fontsize="medium")
    return figure


def _is_drawn(result: Result, name: str) -> bool:
    """Return whether a quantity is a number that was computed too, and is not always nothing."""
    exact = result.exact.get(name, np.nan)
    return name in result.computed and bool(np.isfinite(exact)) and exact != 0.0


def _along(axis: Axes, x: Array, label: str) -> None:
    axis.set_xlabel(label)
    if x.min() > 0.0 and x.max() / x.min() >= WIDE:
        axis.set_xscale("log")
        axis.minorticks_off()
    axis.set_xticks(x, [f"{value:g}" for value in x])


def _quantity(axis: Axes, x: Array, results: Sequence[Result], name: str) -> None:
    """Draw a quantity over the values, computed and exact."""
    computed, exact = (
        np.array([getattr(result, kind).get(name, np.nan) for result in results]) for kind in ("computed", "exact")
    )
    title, unit = split_unit(name)
    factor, shown = display(unit or "1", exact)
    axis.plot(x, exact * factor, "-", color=GREY, label="exact", zorder=1)
    axis.plot(x, computed * factor, "o", color=BLUE, label="computed", markersize=4)
    axis.set_title(f"{_spelled(title)}{f' [{shown}]' if shown else ''}")
    both = np.concatenate([exact, computed]) * factor
    if np.ptp(both) <= FLAT * np.abs(both).max():
        # one number at all values: the errors are beside, here no noise is magnified
        axis.set_ylim(*sorted(both.mean() * np.array([0.8, 1.2])))
    axis.yaxis.set_major_formatter(_ticks(both))
    axis.legend()


def _all(axis: Axes, x: Array, results: Sequence[Result], names: Sequence[str], label: str) -> None:
    """Draw computed over exact numbers of one unit or none, a colour for each value."""
    for value, result, colour, marker in zip(x, results, COLOURS * 9, MARKERS * 9, strict=False):
        axis.plot(
            *np.transpose(_pairs(result, names)),
            marker,
            color=colour,
            markersize=4,
            label=f"{label} {value:g}",
            alpha=0.8,
        )
    drawn = np.array([pair for result in results for pair in _pairs(result, names)])
    if drawn.min() > 0.0 and drawn.max() / drawn.min() >= WIDE**2:
        axis.set_xscale("log")
        axis.set_yscale("log")
        axis.minorticks_off()
    ends = np.array([drawn.min(), drawn.max()])
    axis.plot(ends, ends, "-", color=GREY, zorder=0)
    axis.set_xlabel("exact")
    axis.set_title("computed")
    axis.legend()


def _pairs(result: Result, names: Sequence[str]) -> list[tuple[float, float]]:
    """Return what is exact and what was computed of the quantities that are drawn."""
    return [(result.exact[name], result.computed[name]) for name in names if _is_drawn(result, name)]


def _ticks(values: Array) -> Formatter:
    """Return how ticks of a quantity are written: with a prefix where they would have many noughts."""
    if 1e-2 <= np.abs(values).max() < 1e4:
        return ScalarFormatter(useOffset=False)
    return EngFormatter(sep=" ")


def _errors(axis: Axes, x: Array, results: Sequence[Result], refines: bool) -> None:
    """Draw the errors over the values, with their order where the values refine."""
    found = {name: np.array([abs(result.errors.get(name, np.nan)) for result in results]) for name in results[0].errors}
    tiny = [name for name, errors in found.items() if not np.nanmax(errors) > ROUNDING]
    if len(tiny) == len(found):
        tiny = []
    for (name, errors), colour, marker in zip(found.items(), COLOURS * 9, MARKERS * 9, strict=False):
        known = np.isfinite(errors) & (errors > 0.0)
        label = _spelled(name)
        if name in tiny or not known.any():
            axis.plot([], [], " ", label=f"{label} ≤ {np.nanmax(errors):.0e}")
            continue
        fall = refines and known.sum() > 1 and errors[known].max() > ROUNDING
        if fall and (falls := order(x[known], errors[known])) > LEAST_ORDER:
            label += f", order {falls:.1f}"
        axis.plot(x[known], errors[known], f"{marker}-", color=colour, markersize=4, linewidth=1, label=label)
    axis.set_yscale("log")
    low, high = axis.get_ylim()
    low, high = max(low, high * DEEPEST), high * 1.3
    # room for the legend above what is drawn
    share = LINE * (len(found) + 1)
    axis.set_ylim(min(low, high / 10), high * (high / min(low, high / 10)) ** (share / (1 - share)))
    axis.set_title("relative error")
    axis.legend(fontsize="small", loc="upper right")


def _spelled(name: str) -> str:
    return name.replace("_l2", " L2").replace("_", " ")


def order(x: Array, errors: Array) -> float:
    """Return p of the errors that fall as x^−p, by least squares of their logarithms."""
    return float(-np.polyfit(np.log(x), np.log(errors), 1)[0])
