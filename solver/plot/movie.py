"""The opening of an interface as a movie."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.animation import PillowWriter
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize

from interstice.solver.plot.interface import MAPS, draw_map, is_closed, is_curve
from interstice.solver.plot.run import Grid, Run, series
from interstice.solver.plot.style import SKY, VERMILION, Array, display, page, quantity

FRAMES = 60


def movie(run: Run, name: str, path: Path) -> None:
    """Write the opening of an interface as a GIF: the gap along it or as a map, the active fraction below."""
    times = run.times(series(name))
    times = [times[i] for i in np.unique(np.linspace(0, len(times) - 1, FRAMES).astype(int))]
    grids = [run.fields(series(name), time, ["gap", "contacted"]) for time in times]
    along = is_curve(grids[0]) and not is_closed(grids[0])
    _, unit = display("m", grids[0].length)
    widest = max(float(grid["gap"].max()) for grid in grids) or 1e-9
    factor, shown = display("m", widest)
    scale, clock = display("s", run.time)

    if along:
        figure = page(4.5)
        upper, lower = figure.subplots(2, 1, height_ratios=[2.5, 1])
    else:
        figure = page(3.6)
        upper, lower = figure.subplots(1, 2, width_ratios=[1.4, 1])
    lower.plot(scale * run.time, run.column("active fraction", name)[0], color=VERMILION)
    lower.set(xlabel=f"time [{clock}]", ylabel="active fraction $f_c$", ylim=(0, None))
    lower.margins(x=0.01)
    (now,) = lower.plot([], [], "o", color=VERMILION)
    colours = ScalarMappable(Normalize(0, factor * widest), MAPS["gap"])
    if not along:
        figure.colorbar(colours, ax=upper, label=f"gap [{shown}]")
    writer = PillowWriter(fps=8)
    with writer.saving(figure, path, dpi=110):
        for time, grid in zip(times, grids, strict=True):
            upper.clear()
            gap = factor * grid["gap"]
            if along:
                draw_opening(upper, grid, gap, 1.25 * factor * widest, name)
                upper.set_ylabel(f"gap [{shown}]")
            else:
                draw_map(upper, grid, gap, colours)
                upper.set_ylabel(f"{run.axes[1]} [{unit}]")
            upper.set_xlabel(f"{run.axes[0]} [{unit}]")
            upper.set_title(quantity("s", time))
            now.set_data([scale * time], [run.at("active fraction", time, name)])
            writer.grab_frame()


def draw_opening(ax: Axes, grid: Grid, gap: Array, reach: float, name: str) -> None:
    """Draw the upper side, up to `reach`, above the lower, `gap` apart along the curve, and where they touch."""
    above, below = name.split("/") if name else ("electrode", "electrolyte")
    place, order = np.unique(display("m", grid.length)[0] * grid.points[:, 0], return_index=True)
    gap, touching = gap[order], grid["contacted"][order] > 0.5
    ax.fill_between(place, gap, reach, color=SKY, linewidth=0, label=above)
    ax.fill_between(place, -0.25 * reach, 0, color="#BBBBBB", linewidth=0, label=below)
    ax.plot(place[touching], gap[touching], "o", color=VERMILION, markersize=3, label="Γ$_c$: in contact")
    ax.set(xlim=(place[0], place[-1]), ylim=(-0.25 * reach, reach))
    ax.legend(loc="upper right", ncols=3, frameon=True)
