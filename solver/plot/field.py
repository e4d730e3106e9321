"""A field of the whole cell at moments, on true coordinates."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyvista
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.tri import Triangulation

from interstice.solver.plot.cell import TICKS, section_through
from interstice.solver.plot.interface import described, is_curve
from interstice.solver.plot.run import Grid, Run, series, unit_of
from interstice.solver.plot.style import Array, display, page, page_width, plain_ticks

TALLEST, FLATTEST = 3.0, 0.3
"""Height of a picture over its width; a cell beyond that is drawn with scales of its own for x and y."""


def field(run: Run, name: str) -> Figure:
    """Return a field of the cell at each moment, of a vector or tensor its magnitude; a solid cell is cut."""
    moments = run.moments(run.weakest)
    surface = run.fields(series(run.weakest), moments[0].time, ["gap", "pressure"])
    plane = is_curve(surface)
    grids = [run.fields("cell", moment.time, [name]) for moment in moments]
    if not plane:
        y = section_through(surface)
        grids = [grid.slice("y", origin=(0.0, y, 0.0)).triangulate().cast_to_unstructured_grid() for grid in grids]
    height = 1 if plane else 2
    values = [_magnitude(grid, name) for grid in grids]
    finite = np.concatenate(values)
    finite = finite[np.isfinite(finite)]
    factor, shown = display(unit_of(grids[0], name), finite)
    low, high = (factor * float(pick(finite)) for pick in (np.min, np.max))
    signed = low < 0.0 < high
    colours = ScalarMappable(
        Normalize(-max(-low, high), max(-low, high)) if signed else Normalize(low, high),
        "RdBu" if signed else "viridis",
    )
    length, unit = display("m", grids[0].length)
    low_x, high_x = grids[0].bounds[:2]
    low_y, high_y = grids[0].bounds[2 * height : 2 * height + 2]
    ratio = (high_y - low_y) / (high_x - low_x)
    figure = page(1.4 + float(np.clip(ratio, FLATTEST, TALLEST)) * page_width() / len(moments))
    axes = figure.subplots(1, len(moments), sharex=True, sharey=True, squeeze=False)[0]
    for ax, moment, grid, drawn in zip(axes, moments, grids, values, strict=True):
        _draw(ax, grid, length * grid.points[:, [0, height]], factor * drawn, name in grid.point_data, colours)
        ax.set_title(described(run, moment, run.weakest))
        ax.set_xlabel(f"{run.axes[0]} [{unit}]")
        ax.locator_params(nbins=4)
        if FLATTEST <= ratio <= TALLEST:
            ax.set_aspect("equal")
    axes[0].set_ylabel(f"{run.axes[height]} [{unit}]")
    words = name.replace("_", " ")
    label = f"{words} [{shown}]" if shown else words
    options: dict[str, Any] = {"location": "bottom", "shrink": 0.8, "aspect": 40, **plain_ticks(2 * TICKS)}
    figure.colorbar(colours, ax=list(axes), label=label, **options)
    return figure


def _magnitude(grid: Grid, name: str) -> Array:
    """Return a field as numbers, shape (points or cells,)."""
    values = np.asarray(grid.point_data[name] if name in grid.point_data else grid.cell_data[name], dtype=float)
    return values if values.ndim == 1 else np.linalg.norm(values, axis=1)


def _draw(ax: Axes, grid: Grid, points: Array, values: Array, at_points: bool, colours: ScalarMappable) -> None:
    """Draw a field on triangles, where it has values."""
    triangles = grid.cells_dict[pyvista.CellType.TRIANGLE]
    here = np.isfinite(values[triangles]).all(axis=1) if at_points else np.isfinite(values)
    if not here.any():
        return
    drawn = Triangulation(points[:, 0], points[:, 1], triangles[here])
    options: dict[str, Any] = {"cmap": colours.cmap, "norm": colours.norm, "rasterized": True}
    if at_points:
        ax.tripcolor(drawn, np.nan_to_num(values), shading="gouraud", **options)
    else:
        ax.tripcolor(drawn, facecolors=values[here], **options)
