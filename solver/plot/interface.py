"""One interface: pressure, gap and current density, along it or as maps, with Γ_c marked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyvista
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.tri import Triangulation

from interstice.solver.plot.run import Grid, Moment, Run, series, unit_of
from interstice.solver.plot.style import (
    BLUE,
    CONTACT,
    GREY,
    Array,
    display,
    labelled,
    page,
    page_width,
    quantity,
)

MAPS = {"pressure": "Purples", "gap": "Greens", "current_density": "RdBu"}
OTHER_MAP = "viridis"
SIGNED = ("current_density",)
ROWS = tuple(MAPS)
LEVEL = 0.05
"""An interface rises less than this, over its length, unless it goes around particles."""


def interface(run: Run, name: str, moments: list[Moment], fields: Sequence[str] = ROWS) -> Figure:
    """Return fields of an interface, a row each, at moments, a column each, with Γ_c marked."""
    grids = [run.fields(series(name), moment.time, [*fields, "contacted"]) for moment in moments]
    along = is_curve(grids[0]) and not is_closed(grids[0])
    row_height = 1.7 if along else min(height_to_width(grids[0]) * (page_width() - 1.5) / len(moments), 2.6)
    figure = page(1.0 + len(fields) * row_height)
    axes = figure.subplots(len(fields), len(moments), sharex=True, sharey="row" if along else True, squeeze=False)
    for ax, moment in zip(axes[0], moments, strict=True):
        ax.set_title(described(run, moment, name))
    for row, field in zip(axes, fields, strict=True):
        factor, shown = display(unit_of(grids[0], field), np.concatenate([grid[field] for grid in grids]))
        if along:
            for ax, grid in zip(row, grids, strict=True):
                draw_curve(ax, grid, factor * grid[field])
            row[0].set_ylabel(labelled(field.replace("_", " "), shown))
            if min(grid[field].min() for grid in grids) >= 0.0:
                row[0].set_ylim(bottom=0)
        else:
            colours = map_colours(field, factor * np.concatenate([grid[field] for grid in grids]))
            extend = "both" if field in SIGNED else "max"
            for ax, grid in zip(row, grids, strict=True):
                draw_map(ax, grid, factor * grid[field], colours)
            figure.colorbar(
                colours, ax=list(row), label=f"{field.replace('_', ' ')} [{shown}]", extend=extend, pad=0.01
            )
    _, unit = display("m", grids[0].length)
    for ax in axes[-1]:
        ax.set_xlabel(f"{run.axes[0]} [{unit}]")
    if along:
        handles: list[Artist] = [
            Patch(color=CONTACT, label="Γ$_c$: in contact"),
            Patch(fc="w", ec=GREY, label="Γ$_d$: detached"),
        ]
    else:
        for ax in axes[:, 0]:
            ax.set_ylabel(f"{run.axes[1]} [{unit}]")
        handles = [Line2D([], [], color="k", linewidth=0.8, label="rim of Γ$_c$, where the sides touch")]
    if not is_closed(grids[0]):
        figure.legend(handles=handles, loc="outside lower center", ncols=2)
    if name:
        figure.suptitle(name, fontsize="medium")
    return figure


def described(run: Run, moment: Moment, name: str) -> str:
    """Return a moment in words, with its time and the active fraction of an interface."""
    fraction = run.at("active fraction", moment.time, name)
    return f"{moment.label}\n{quantity('s', moment.time)}, $f_c$ = {fraction:.3g}".strip()


def is_curve(grid: Grid) -> bool:
    """Return whether the interface is that of a plane cell."""
    return pyvista.CellType.TRIANGLE not in grid.cells_dict


def is_closed(grid: Grid) -> bool:
    """Return whether the interface goes around particles instead of across the cell."""
    low_x, high_x, *heights = grid.bounds
    low, high = heights[:2] if is_curve(grid) else heights[2:]
    return bool(high - low > LEVEL * (high_x - low_x))


def height_to_width(grid: Grid) -> float:
    """Return the extent of a map along y over that along x."""
    low_x, high_x, low_y, high_y, *_ = grid.bounds
    return (high_y - low_y) / (high_x - low_x)


def draw_curve(ax: Axes, grid: Grid, values: Array) -> None:
    """Draw values at the nodes of a curve against x, and a band around each node where the sides touch."""
    place, order = np.unique(display("m", grid.length)[0] * grid.points[:, 0], return_index=True)
    edges = np.concatenate([place[:1], (place[1:] + place[:-1]) / 2, place[-1:]])
    touching = grid["contacted"][order] > 0.5
    ax.bar(
        edges[:-1][touching],
        1,
        np.diff(edges)[touching],
        align="edge",
        transform=ax.get_xaxis_transform(),
        color=CONTACT,
        linewidth=0,
    )
    ax.plot(place, values[order], color=BLUE, linewidth=1.0, clip_on=False, zorder=3)
    ax.set_xlim(place[0], place[-1])


def draw_map(ax: Axes, grid: Grid, values: Array, colours: ScalarMappable) -> None:
    """Draw values at the nodes of an interface as colours: a map with the rim of Γ_c as a line, or closed curves.

    Of particles in a solid cell the nodes are seen from above, the highest in front.
    """
    x, y, z = display("m", grid.length)[0] * grid.points.T
    if is_curve(grid):
        ends = grid.cells_dict[pyvista.CellType.LINE]
        segments = np.stack([x, y], axis=1)[ends]
        ax.add_collection(LineCollection(list(segments), colors=GREY, linewidth=2.6))
        lines = LineCollection(list(segments), cmap=colours.cmap, norm=colours.norm, linewidth=2.0)
        lines.set_array(values[ends].mean(axis=1))
        ax.add_collection(lines)
        ax.autoscale()
    elif is_closed(grid):
        order = np.argsort(z)
        ax.scatter(x[order], y[order], 4, values[order], cmap=colours.cmap, linewidth=0).set_norm(colours.norm)
    else:
        triangles = Triangulation(x, y, grid.cells_dict[pyvista.CellType.TRIANGLE])
        ax.tripcolor(triangles, values, shading="gouraud", cmap=colours.cmap).set_norm(colours.norm)
        touching = grid["contacted"]
        if 0.0 < touching.mean() < 1.0:
            ax.tricontour(triangles, touching, levels=[0.5], colors="k", linewidths=0.6)
    ax.set_aspect("equal")
    ax.locator_params(nbins=4)


def map_colours(name: str, values: Array) -> ScalarMappable:
    """Return colours for a field of an interface, white for zero; the few highest values are not told apart."""
    high = float(np.percentile(np.abs(values), 99.5)) or 1.0
    return ScalarMappable(Normalize(-high if name in SIGNED else 0, high), MAPS.get(name, OTHER_MAP))
