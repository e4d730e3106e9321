"""An output over two inputs as colours: cells where the inputs form a grid, contours between points elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.tri import Triangulation
from pandas import DataFrame
from pandas.api.types import is_numeric_dtype

from interstice.schema import outcomes
from interstice.solver.plot.style import Array, page, plain_ticks
from interstice.solver.study.figures.quantity import (
    Part,
    Quantity,
    in_order,
    is_spread,
    numeric,
    parts,
    quantity,
    remarks,
    round_log_ticks,
    scale_log,
    with_result,
    written,
)

MOST_PANELS = 6
MOST_NAMED = 10
"""Values of an input that are each named at their cells."""
FULL = 0.5
"""Share of the cells of a grid, more than which have a value; else it is none."""
LEVELS = 12
COLOURS, SIGNED = "viridis", "PuOr"
DARK = 0.5
"""Luminance of a colour below which letters on it are white."""
NOTHING = "#E5E5E5"


@dataclass(frozen=True)
class Panel:
    """Values over x and y, of what else is the same in them, in words.

    Of a grid `x` and `y` are the values of the inputs (numbers in SI or words), and `values` has shape (y, x), NaN
    where there is none; of points all three have shape (points,).
    """

    words: str
    x: list[Any]
    y: list[Any]
    values: Array
    is_grid: bool


@dataclass(frozen=True)
class HeatMap:
    """The numbers of a heat map; values are in `unit`."""

    x: str
    y: str
    of: str
    unit: str
    panels: list[Panel]


def draw(asked: outcomes.HeatMap, table: DataFrame) -> tuple[str, str, Figure, HeatMap]:
    """Return title, caption, figure and numbers; ValueError says why there are none."""
    of = numeric(table, asked.of)
    rows = with_result(table, asked.of)
    x, y = quantity(table, asked.x), quantity(table, asked.y)
    split, averaged = parts(rows, [asked.x, asked.y], MOST_PANELS)
    values = of.of(rows)
    colours = ScalarMappable(_norm(values), SIGNED if _is_signed(values) else COLOURS)
    columns = min(len(split), 3)
    lines = -(-len(split) // columns)
    figure = page(0.6 + 3.6 * lines if len(split) > 1 else 4.5)
    axes = figure.subplots(lines, columns, squeeze=False, sharex=True, sharey=True)
    panels = []
    for ax, part in zip(axes.flat, split, strict=False):
        panels.append(_draw(ax, part, x, y, of, colours))
        if part.words:
            ax.set_title(part.words)
    for ax in axes.flat[len(split) :]:
        ax.set_axis_off()
    for ax in axes[-1]:
        ax.set_xlabel(x.label)
    for ax in axes[:, 0]:
        ax.set_ylabel(y.label)
    options = round_log_ticks(values) if isinstance(colours.norm, LogNorm) else plain_ticks(6)
    figure.colorbar(colours, ax=list(axes.flat), label=of.label, **options)
    told = remarks(table, rows, [asked.x, asked.y], averaged)
    if not panels[0].is_grid:
        told.append("Between the points, which are the runs, it is interpolated linearly.")
    title = f"{of.words} over {x.words} and {y.words}"
    caption = " ".join([f"{title[0].upper()}{title[1:]}.", *told])
    return title, caption, figure, HeatMap(asked.x, asked.y, asked.of, of.unit, panels)


def _draw(ax: Axes, part: Part, x: Quantity, y: Quantity, of: Quantity, colours: ScalarMappable) -> Panel:
    rows = part.rows
    order = {"index": in_order(rows, y.column), "columns": in_order(rows, x.column)}
    grid = rows.pivot_table(index=y.column, columns=x.column, values=of.column, aggfunc="mean").reindex(**order)
    words = not (is_numeric_dtype(rows[x.column]) and is_numeric_dtype(rows[y.column]))
    if words or grid.notna().to_numpy().mean() > FULL:
        stopped = rows.assign(stopped=rows["state"] == "stopped").pivot_table(
            index=y.column, columns=x.column, values="stopped", aggfunc="max"
        )
        values = of.factor * grid.to_numpy(dtype=float)
        _draw_cells(ax, grid, values, stopped.reindex_like(grid).eq(True).to_numpy(), (x, y), colours)
        return Panel(part.words, list(grid.columns), list(grid.index), values, True)
    _draw_contours(ax, x.of(rows), y.of(rows), of.of(rows), colours)
    return Panel(part.words, list(rows[x.column]), list(rows[y.column]), of.of(rows), False)


def _draw_cells(
    ax: Axes,
    grid: DataFrame,
    values: Array,
    stopped: Any,
    quantities: tuple[Quantity, Quantity],
    colours: ScalarMappable,
) -> None:
    """Draw a cell of the same size for each value of the inputs, whatever they are apart, which the ticks tell."""
    options: dict[str, Any] = {"cmap": colours.cmap, "norm": colours.norm}
    ax.set_facecolor(NOTHING)
    ax.pcolormesh(
        np.arange(values.shape[1] + 1) - 0.5,
        np.arange(values.shape[0] + 1) - 0.5,
        np.ma.masked_invalid(values),
        edgecolors="white",
        linewidth=0.5,
        **options,
    )
    named = [(ax.set_xticks, grid.columns, quantities[0]), (ax.set_yticks, grid.index, quantities[1])]
    for set_ticks, entries, shown in named:
        every = -(-len(entries) // MOST_NAMED)
        places = range(0, len(entries), every)
        set_ticks(list(places), [_tick(entries[place], shown) for place in places])
    ax.tick_params(length=0)
    for spine in ax.spines.values():
        spine.set_visible(False)
    if max(values.shape) > MOST_NAMED:
        return
    for (row, column), value in np.ndenumerate(values):
        if np.isfinite(value):
            red, green, blue, _ = colours.to_rgba(np.array([value]))[0]
            colour = "white" if 0.299 * red + 0.587 * green + 0.114 * blue < DARK else "black"
            mark = "*" if stopped[row, column] else ""
            ax.text(column, row, f"{written(value)}{mark}", ha="center", va="center", color=colour, fontsize="small")


def _tick(value: Any, shown: Quantity) -> str:
    return value if isinstance(value, str) else written(shown.factor * value)


def _draw_contours(ax: Axes, x: Array, y: Array, values: Array, colours: ScalarMappable) -> None:
    places = []
    axes: list[tuple[Literal["x", "y"], Array]] = [("x", x), ("y", y)]
    for name, along in axes:
        scaled = along
        if is_spread(along):
            scale_log(ax, name, along)
            scaled = np.log(along)
        places.append((scaled - scaled.min()) / (np.ptp(scaled) or 1.0))
    try:
        # what is next to each other is so as it is drawn
        triangles = Triangulation(*places).triangles
    except (RuntimeError, ValueError):
        raise ValueError("three runs at least, not on a line, have to be there for colours between them") from None
    drawn = Triangulation(x, y, triangles)
    ax.tricontourf(drawn, values, levels=_levels(values, colours.norm), cmap=colours.cmap, norm=colours.norm)
    ax.use_sticky_edges = False
    ax.margins(0.03)
    ax.plot(x, y, "o", color="black", markersize=3, markerfacecolor="white", markeredgewidth=0.6)


def _levels(values: Array, norm: Any) -> Sequence[float]:
    low, high = float(values.min()), float(values.max())
    if high <= low:
        return [low - abs(low) * 1e-6 - 1e-300, low + abs(low) * 1e-6 + 1e-300]
    spaced = np.geomspace if isinstance(norm, LogNorm) else np.linspace
    return list(spaced(low, high, LEVELS + 1))


def _is_signed(values: Array) -> bool:
    return bool(values.min() < 0.0 < values.max())


def _norm(values: Array) -> Normalize:
    """Return how values become colours: logarithmically where they are spread, with white at 0 where signs differ."""
    low, high = float(values.min()), float(values.max())
    if _is_signed(values):
        most = max(-low, high)
        return Normalize(-most, most)
    return LogNorm(low, high) if is_spread(values) else Normalize(low, high)
