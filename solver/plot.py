"""Pictures of a run: its history, its interface, its deformed cell, all from the files it wrote."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

import matplotlib
import numpy as np
import numpy.typing as npt
import pandas
import pyvista
from matplotlib.animation import PillowWriter
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.tri import Triangulation

Array = npt.NDArray[np.float64]
Grid = Any
"""A pyvista.UnstructuredGrid; the types PyVista gives its arrays are wrong."""

# Colours that people with any colour vision tell apart: M. Okabe, K. Ito, Color universal design (2008).
BLUE, VERMILION, GREEN, ORANGE, SKY, PURPLE = "#0072B2", "#D55E00", "#009E73", "#E69F00", "#56B4E9", "#CC79A7"
GREY = "#666666"
CONTACT = "#F5D799"
STEP_COLOURS = {"charge": ORANGE, "discharge": SKY, "rest": "#DDDDDD"}
ELECTRODE_MAP, ELECTROLYTE_MAP = "viridis", "magma"
STYLE = {
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "lines.linewidth": 1.5,
    "legend.frameon": False,
    "figure.constrained_layout.use": True,
    "savefig.dpi": 200,
}
WIDTH = 8.0
"""Of every picture [inch]: text of 9 points stays readable at the width of a README."""

PREFIXES = {1e9: "G", 1e6: "M", 1e3: "k", 1.0: "", 1e-3: "m", 1e-6: "µ", 1e-9: "n", 1e-12: "p"}
ELECTRODE, ELECTROLYTE = 0, 1
WARP, STOICHIOMETRY, STRESS = "displacement with initial gap [m]", "stoichiometry [1]", "von Mises stress [Pa]"
MAPS = {"pressure [Pa]": "Purples", "gap [m]": "Greens", "current density [A/m^2]": "RdBu"}
SIGNED = ("current density [A/m^2]",)
FRAMES = 60
INTERFACE_ROWS = {"pressure [Pa]": "pressure", "gap [m]": "gap", "current density [A/m^2]": "current density"}
HISTORY_ROWS = {
    "voltage": ("voltage", BLUE),
    "current density": ("current density", GREY),
    "active fraction": ("active fraction $f_c$", VERMILION),
    "max pressure": ("max. pressure", PURPLE),
    "mean gap": ("mean gap", GREEN),
}


MOST_NAMED = 4
"""Steps of one kind that a legend names."""


def plot(directory: Path) -> list[Path]:
    """Draw the pictures of the run in `directory` into its folder ``plots``; return their paths.

    ValueError says which file is missing or damaged.
    """
    run = Run(directory)
    pictures: dict[str, Callable[[Run], Figure]] = {"history.png": history}
    if run.has("capacity"):
        pictures["voltage_capacity.png"] = voltage_capacity
    if run.has("opening") and run.column("opening")[0].max() > 0:
        pictures["crack.png"] = crack
    if run.has("cycle") and run.column("cycle")[0].max() > 1:
        pictures["cycles.png"] = cycles
    pictures |= {"interface.png": interface, "cell.png": cell}
    folder = directory / "plots"
    folder.mkdir(exist_ok=True)
    with matplotlib.rc_context(STYLE):
        for name, draw in pictures.items():
            draw(run).savefig(folder / name)
        movie(run, folder / "opening.gif")
    return [folder / name for name in (*pictures, "opening.gif")]


# --- what a run wrote ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Moment:
    """A time [s] of the field series, with what to call it."""

    label: str
    time: float


class Run:
    """The history and the field series of a results folder."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        path = directory / "history.csv"
        try:
            # The last row of a simulation that is still running may be incomplete.
            self.table = pandas.read_csv(path).dropna().reset_index(drop=True)
        except FileNotFoundError:
            raise ValueError(f"{path}: not found; the folder of a run's results is needed") from None
        except (pandas.errors.ParserError, pandas.errors.EmptyDataError, UnicodeDecodeError) as error:
            raise ValueError(f"{path}: not a table of a run's history ({error})") from None
        if self.table.empty:
            raise ValueError(f"{path}: no complete row yet")
        self.time = self.column("time")[0]

    def has(self, name: str) -> bool:
        """Return whether the history has a column of that name."""
        return any(header.startswith(f"{name} [") for header in self.table)

    def column(self, name: str) -> tuple[Array, str]:
        """Return the values of a history column and its unit."""
        path = self.directory / "history.csv"
        for header in self.table:
            if header.startswith(f"{name} ["):
                try:
                    return self.table[header].to_numpy(float), unit_of(header)
                except ValueError as error:
                    raise ValueError(f"{path}: column '{header}' holds something that is no number ({error})") from None
        raise ValueError(f"{path}: there is no column '{name} [unit]'")

    def at(self, name: str, time: float) -> float:
        """Return the value of a history column at the row nearest in time."""
        return float(self.column(name)[0][np.argmin(np.abs(self.time - time))])

    def steps(self) -> Iterator[tuple[str, npt.NDArray[np.intp]]]:
        """Yield the kind (charge, discharge, rest) of each protocol step and the numbers of its rows."""
        number, current = self.column("step")[0], self.column("current density")[0]
        for step in np.unique(number[number > 0]):
            rows = np.flatnonzero(number == step)
            sign = np.sign(current[rows].sum())
            yield {1.0: "charge", -1.0: "discharge", 0.0: "rest"}[sign], rows

    def times(self, series: str) -> list[float]:
        """Return the times [s] of a field series."""
        return [float(time) for time in self._reader(series).time_values]

    @cached_property
    def moments(self) -> list[Moment]:
        """Start (of the current, if any flows), lowest active fraction and end, as far as they differ."""
        times = self.times("interface")
        flowing = [time for time in times if self.at("current density", time) != 0.0]
        lowest = min(times, key=lambda time: self.at("active fraction", time))
        moments = {
            time: Moment(label, time)
            for label, time in (("start", (flowing or times)[0]), ("end", times[-1]), ("lowest $f_c$", lowest))
        }
        return [moments[time] for time in sorted(moments)]

    @property
    def lowest(self) -> Moment:
        """The moment of lowest active fraction."""
        return next(moment for moment in self.moments if moment.label.startswith("lowest"))

    def fields(self, series: str, time: float, names: Iterable[str]) -> Grid:
        """Return all pieces of a series at a time as one grid; ValueError unless it carries the fields `names`."""
        reader = self._reader(series)
        path = self.directory / f"{series}.pvd"
        try:
            reader.set_active_time_value(time)
            with pyvista.VtkErrorCatcher(raise_errors=True, send_to_logging=False):
                grid = reader.read().combine(merge_points=False)
        except (RuntimeError, OSError, ValueError):
            raise ValueError(
                f"{path}: the fields at {time:g} s, in {path.parent / 'fields'}, are missing or damaged"
            ) from None
        missing = [name for name in names if name not in grid.point_data and name not in grid.cell_data]
        if missing:
            raise ValueError(f"{path}: the fields at {time:g} s lack '{missing[0]}'")
        return grid

    def _reader(self, series: str) -> pyvista.PVDReader:
        path = self.directory / f"{series}.pvd"
        try:
            return pyvista.PVDReader(path)
        except FileNotFoundError:
            raise ValueError(f"{path}: not found; the folder of a run's results is needed") from None
        except (ParseError, AttributeError, KeyError, IndexError, TypeError, ValueError):
            raise ValueError(f"{path}: damaged, this is no index of a field series") from None


# --- numbers and units ---------------------------------------------------------------------------------


def unit_of(header: str) -> str:
    """Return the unit in the brackets that end a name."""
    found = re.search(r"\[([^\]]*)\]$", header)
    return found[1] if found else "1"


def display(unit: str, values: npt.ArrayLike) -> tuple[float, str]:
    """Return the factor and the name of the unit in which SI `values` are read easily."""
    finite = np.abs(np.asarray(values, dtype=float))
    largest = float(finite[np.isfinite(finite)].max(initial=0.0))
    if unit == "s":
        name, seconds = next((pair for pair in (("h", 3600.0), ("min", 60.0)) if largest >= 2 * pair[1]), ("s", 1.0))
        return 1 / seconds, name
    if unit in ("A/m^2", "A h/m^2"):
        return 0.1, {"A/m^2": "mA/cm²", "A h/m^2": "mAh/cm²"}[unit]
    if unit in ("m", "Pa"):
        scale = next((scale for scale in PREFIXES if largest >= scale), 1.0)
        return 1 / scale, PREFIXES[scale] + unit
    return 1.0, "" if unit == "1" else unit


def labelled(name: str, unit: str) -> str:
    """Return an axis label, the unit on a line of its own."""
    return f"{name}\n[{unit}]" if unit else name


def quantity(unit: str, value: float) -> str:
    """Return a value with its unit, to three digits."""
    factor, name = display(unit, value)
    return f"{value * factor:.3g} {name}"


def round_down(value: float) -> float:
    """Return the greatest of 1, 2, 5, 10, 20, … not above `value`, at least 1."""
    if value <= 1.0:
        return 1.0
    power = 10.0 ** np.floor(np.log10(value))
    return float(power * max(digit for digit in (1, 2, 5) if digit * power <= value * (1 + 1e-12)))


# --- history -------------------------------------------------------------------------------------------


def history(run: Run) -> Figure:
    """Return voltage, current, active fraction, pressure and gap against time, protocol steps shaded."""
    figure = Figure(figsize=(WIDTH, 7.5))
    axes = figure.subplots(len(HISTORY_ROWS), 1, sharex=True)
    factor, unit = display("s", run.time)
    time = factor * run.time
    for ax, (name, (label, colour)) in zip(axes, HISTORY_ROWS.items(), strict=True):
        values, si = run.column(name)
        scale, shown = display(si, values)
        # A current belongs to the time step that ends at its row.
        ax.plot(time, scale * values, color=colour, drawstyle="steps-pre" if name == "current density" else "default")
        ax.set_ylabel(labelled(label, shown))
        if name in ("active fraction", "max pressure", "mean gap"):
            ax.set_ylim(0, 1.1 * scale * values.max() or 1)
        for kind, rows in run.steps():
            ax.axvspan(time[max(rows[0] - 1, 0)], time[rows[-1]], color=STEP_COLOURS[kind], alpha=0.18, linewidth=0)
    for kind, rows in run.steps():
        start, end = time[max(rows[0] - 1, 0)], time[rows[-1]]
        if end - start > 0.06 * (time[-1] - time[0]):
            axes[0].annotate(
                kind,
                ((start + end) / 2, 1.0),
                xycoords=("data", "axes fraction"),
                xytext=(0, 3),
                textcoords="offset points",
                ha="center",
                color=GREY,
            )
    fraction = run.column("active fraction")[0]
    lowest = int(np.argmin(fraction))
    axes[2].plot(time[lowest], fraction[lowest], "o", color=VERMILION, markersize=4)
    axes[2].set_title(
        f"lowest {fraction[lowest]:.3g} at {quantity('s', run.time[lowest])}", loc="right", color=VERMILION, pad=3
    )
    axes[-1].set_xlabel(f"time [{unit}]")
    axes[-1].set_xlim(time[0], time[-1] if len(time) > 1 else time[0] + 1)
    figure.align_ylabels(axes)
    return figure


def voltage_capacity(run: Run) -> Figure:
    """Return voltage against the capacity of each charge and discharge."""
    figure = Figure(figsize=(WIDTH, 4.5))
    ax = figure.subplots()
    voltage, _ = run.column("voltage")
    capacity, si = run.column("capacity")
    factor, unit = display(si, capacity)
    colours = {"charge": VERMILION, "discharge": BLUE}
    for kind, colour in colours.items():
        steps = [rows for sort, rows in run.steps() if sort == kind]
        for number, rows in enumerate(steps, start=1):
            # of many cycles the first and the last are named
            named = len(steps) <= MOST_NAMED or number in (1, len(steps))
            shade = max(0.65 ** (number - 1), 0.15)
            label = f"{kind} {number}" if named else None
            ax.plot(factor * capacity[rows], voltage[rows], color=colour, alpha=shade, label=label)
    ax.set_xlabel(f"capacity of the step [{unit}]")
    ax.set_ylabel("voltage [V]")
    ax.set_xlim(left=0)
    if ax.lines:
        ax.legend()
    return figure


def crack(run: Run) -> Figure:
    """Return force and energy release rate against the opening of a specimen."""
    figure = Figure(figsize=(WIDTH, 4.5))
    axes = figure.subplots(2, 1, sharex=True)
    opening, si = run.column("opening")
    factor, unit = display(si, opening)
    for ax, name, label, colour in (
        (axes[0], "opening force", "force", BLUE),
        (axes[1], "energy release rate", "energy release rate", VERMILION),
    ):
        values, si = run.column(name)
        scale, shown = display(si, values)
        ax.plot(factor * opening, scale * values, ".-", color=colour)
        ax.set_ylabel(labelled(label, shown))
        ax.set_ylim(0, 1.1 * scale * values.max() or 1)
    axes[1].set_xlabel(f"opening of the loaded ends [{unit}]")
    axes[1].set_xlim(left=0)
    figure.align_ylabels(axes)
    return figure


def cycles(run: Run) -> Figure:
    """Return the lowest and the highest active fraction and the mean damage of each cycle."""
    figure = Figure(figsize=(WIDTH, 4.5))
    upper, lower = figure.subplots(2, 1, sharex=True)
    cycle, fraction, damage = (run.column(name)[0] for name in ("cycle", "active fraction", "mean damage"))
    numbers = np.unique(cycle[cycle > 0])
    for pick, label, colour in ((np.max, "highest", GREEN), (np.min, "lowest", VERMILION)):
        upper.plot(numbers, [pick(fraction[cycle == number]) for number in numbers], ".-", color=colour, label=label)
    lower.plot(numbers, [damage[cycle == number][-1] for number in numbers], ".-", color=PURPLE)
    upper.set_ylabel("active fraction $f_c$\nof the cycle")
    lower.set_ylabel("mean damage\nat its end")
    lower.set_xlabel("cycle")
    for ax in (upper, lower):
        ax.set_ylim(0, 1.05)
    upper.legend()
    figure.align_ylabels()
    return figure


# --- interface -----------------------------------------------------------------------------------------


def interface(run: Run) -> Figure:
    """Return pressure, gap and current density on Γ_int, a column for each moment, with Γ_c marked."""
    moments = run.moments
    grids = [run.fields("interface", moment.time, [*INTERFACE_ROWS, "contacted [1]"]) for moment in moments]
    curve = is_curve(grids[0])
    row_height = 1.7 if curve else min(height_to_width(grids[0]) * (WIDTH - 1.5) / len(moments), 2.4)
    figure = Figure(figsize=(WIDTH, 1.0 + len(INTERFACE_ROWS) * row_height))
    axes = figure.subplots(
        len(INTERFACE_ROWS), len(moments), sharex=True, sharey="row" if curve else True, squeeze=False
    )
    for ax, moment in zip(axes[0], moments, strict=True):
        ax.set_title(described(run, moment))
    for row, (name, label) in zip(axes, INTERFACE_ROWS.items(), strict=True):
        unit = unit_of(name)
        factor, shown = display(unit, np.concatenate([grid[name] for grid in grids]))
        if curve:
            for ax, grid in zip(row, grids, strict=True):
                draw_curve(ax, grid, factor * grid[name])
            row[0].set_ylabel(labelled(label, shown))
            if name not in SIGNED:
                row[0].set_ylim(bottom=0)
        else:
            colours = map_colours(name, factor * np.concatenate([grid[name] for grid in grids]))
            extend = "both" if name in SIGNED else "max"
            for ax, grid in zip(row, grids, strict=True):
                draw_map(ax, grid, factor * grid[name], colours)
            figure.colorbar(colours, ax=list(row), label=f"{label} [{shown}]", extend=extend, pad=0.01)
    _, unit = display("m", grids[0].length)
    for ax in axes[-1]:
        ax.set_xlabel(f"x [{unit}]")
    if curve:
        handles: list[Artist] = [
            Patch(color=CONTACT, label="Γ$_c$: in contact"),
            Patch(fc="w", ec=GREY, label="Γ$_d$: detached"),
        ]
    else:
        for ax in axes[:, 0]:
            ax.set_ylabel(f"y [{unit}]")
        handles = [Line2D([], [], color="k", linewidth=0.8, label="rim of Γ$_c$, where the sides touch")]
    figure.legend(handles=handles, loc="outside lower center", ncols=2)
    return figure


def described(run: Run, moment: Moment) -> str:
    """Return a moment in words, with its time and active fraction."""
    fraction = run.at("active fraction", moment.time)
    return f"{moment.label}, {quantity('s', moment.time)}\n$f_c$ = {fraction:.3g}"


def is_curve(grid: Grid) -> bool:
    """Return whether the interface is that of a plane cell."""
    return pyvista.CellType.TRIANGLE not in grid.cells_dict


def height_to_width(grid: Grid) -> float:
    """Return the extent of a map along y over that along x."""
    low_x, high_x, low_y, high_y, *_ = grid.bounds
    return (high_y - low_y) / (high_x - low_x)


def draw_curve(ax: Axes, grid: Grid, values: Array) -> None:
    """Draw values at the nodes of a curve against x, and a band around each node where the sides touch."""
    place, order = np.unique(display("m", grid.length)[0] * grid.points[:, 0], return_index=True)
    edges = np.concatenate([place[:1], (place[1:] + place[:-1]) / 2, place[-1:]])
    touching = grid["contacted [1]"][order] > 0.5
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
    """Draw values at the nodes of an interface as a map, and the rim of Γ_c as a line."""
    x, y, _ = display("m", grid.length)[0] * grid.points.T
    triangles = Triangulation(x, y, grid.cells_dict[pyvista.CellType.TRIANGLE])
    ax.tripcolor(triangles, values, shading="gouraud", cmap=colours.cmap, norm=colours.norm)
    touching = grid["contacted [1]"]
    if 0.0 < touching.mean() < 1.0:
        ax.tricontour(triangles, touching, levels=[0.5], colors="k", linewidths=0.6)
    ax.set_aspect("equal")
    ax.locator_params(nbins=4)


def map_colours(name: str, values: Array) -> ScalarMappable:
    """Return colours for a field of the interface, white for zero; the few highest values are not told apart."""
    high = float(np.percentile(np.abs(values), 99.5)) or 1.0
    return ScalarMappable(Normalize(-high if name in SIGNED else 0, high), MAPS[name])


# --- the deformed cell ---------------------------------------------------------------------------------


def cell(run: Run) -> Figure:
    """Return the deformed cell at its lowest active fraction, whole and near the interface, exaggerated.

    Colours are the stoichiometry in the electrode and the equivalent stress, averaged to the nodes, in the electrolyte.
    A solid cell is cut where contact presses; the view of its interface is that of the cut.
    """
    moment = run.lowest
    grid = run.fields("cell", moment.time, [WARP, STOICHIOMETRY, STRESS, "side"])
    surface = run.fields("interface", moment.time, ["gap [m]", "pressure [Pa]", "contacted [1]"])
    sides = [
        grid.extract_cells(grid.cell_data["side"] == side).cell_data_to_point_data()
        for side in (ELECTRODE, ELECTROLYTE)
    ]
    y = None if is_curve(surface) else section_through(surface)
    sections = sides if y is None else [section(side, y) for side in sides]
    if y is not None:
        sides = [side.clip("y", origin=(0.0, y, 0.0), invert=False) for side in sides]
    place, width, exaggeration = view(surface, y)
    floor = sections[ELECTROLYTE].find_closest_point(place)
    place += exaggeration * sections[ELECTROLYTE][WARP][floor]

    theta = sides[ELECTRODE][STOICHIOMETRY]
    stress = np.percentile(sections[ELECTROLYTE][STRESS], 99)
    factor, shown = display("Pa", stress)
    length, unit = display("m", surface.length)
    colours = {
        "electrode: stoichiometry θ": ScalarMappable(Normalize(theta.min(), theta.max()), "viridis"),
        f"electrolyte: von Mises stress [{shown}]": ScalarMappable(Normalize(0, factor * stress or 1), "magma"),
    }
    for side in sides if y is None else [*sides, *sections]:
        side.points = length * (side.points + exaggeration * side[WARP])
        side[STRESS] = factor * side[STRESS]

    ratio = float(np.clip(grid.bounds[1] / (grid.bounds[3] - grid.bounds[2]), 0.7, 2.5)) if y is None else 1.0
    figure = Figure(figsize=(WIDTH, 1.0 + WIDTH / (1.15 + ratio)))
    whole, zoom = figure.subplots(1, 2, width_ratios=[ratio, 1])
    draw_section(zoom, sections, list(colours.values()))
    reach = np.array([-0.5, 0.5]) * length * width
    zoom.set(xlim=length * place[0] + reach, ylim=length * place[1] + reach, xlabel=f"x [{unit}]")
    zoom.locator_params(nbins=5)
    zoom.spines[:].set_visible(True)
    zoom.yaxis.tick_right()
    if y is None:
        draw_section(whole, sides, list(colours.values()))
        whole.set(xlabel=f"x [{unit}]", ylabel=f"y [{unit}]")
        whole.margins(0)
        whole.indicate_inset_zoom(zoom, edgecolor="k", alpha=1)
    else:
        whole.imshow(render(sides, list(colours.values())))
        whole.set_axis_off()
        zoom.set_title(f"cut at y = {quantity('m', y)}")
        zoom.yaxis.set_label_position("right")
        zoom.set_ylabel(f"z [{unit}]")
    for ax, (label, mappable), extend, aspect in zip(
        (whole, zoom), colours.items(), ("neither", "max"), (20 * ratio, 20), strict=True
    ):
        options: dict[str, Any] = {"location": "bottom", "shrink": 0.8, "pad": 0.02, "aspect": aspect, "extend": extend}
        figure.colorbar(mappable, ax=ax, label=label, **options)
    fraction = run.at("active fraction", moment.time)
    figure.suptitle(
        f"Lowest active fraction, $f_c$ = {fraction:.3g}, at {quantity('s', moment.time)}: "
        f"displacement and initial gap × {exaggeration:g}",
        fontsize=10,
    )
    return figure


def section_through(surface: Grid) -> float:
    """Return the y [m] of the highest contact pressure, of that in the front two thirds if there is any."""
    y, pressure = surface.points[:, 1], surface["pressure [Pa]"]
    low, high = surface.bounds[2:4]
    ahead = pressure * (y < low + 2 / 3 * (high - low))
    place = y[np.argmax(ahead if ahead.any() else pressure)]
    # A plane through nodes would cut slivers, along a boundary nothing at all.
    return float(place + 0.3 * spacing(surface) * (1 if place < (low + high) / 2 else -1))


def spacing(surface: Grid) -> float:
    """Return the distance of nodes on a map of the interface [m]."""
    return float(np.sqrt(2 * surface.area / surface.n_cells))


def section(side: Grid, y: float) -> Grid:
    """Return the cut through a solid side at `y` [m], laid into the plane: its second coordinate is the height."""
    cut = side.slice("y", origin=(0.0, y, 0.0)).triangulate().cast_to_unstructured_grid()
    cut.points = cut.points[:, [0, 2, 1]]
    cut[WARP] = cut[WARP][:, [0, 2, 1]] * [1, 1, 0]
    return cut


def view(surface: Grid, y: float | None) -> tuple[Array, float, float]:
    """Return middle and width [m] of a view of the interface (of the section at `y`), and how much to exaggerate.

    It shows the widest gap there is near contact, about a quarter as high as the view.
    """
    points, gap, touching = surface.points, surface["gap [m]"], surface["contacted [1]"] > 0.5
    if y is not None:
        near = np.abs(points[:, 1] - y) < spacing(surface)
        points, gap, touching = points[near][:, [0, 2, 1]], gap[near], touching[near]
    low, high = points[:, 0].min(), points[:, 0].max()
    width = (high - low) / (5 if y is None else 3)
    middles = np.clip(points[:, 0], low + width / 2, high - width / 2)
    inner = np.abs(points[:, 0] - middles[:, None]) <= 0.4 * width
    with_contact = (inner & touching).any(axis=1)
    gaps = np.where(inner, gap, 0.0).max(axis=1) * (with_contact if with_contact.any() else 1)
    best = int(np.argmax(gaps))
    height = points[np.argmin(np.abs(points[:, 0] - middles[best])), 1]
    exaggeration = round_down(0.25 * width / gaps[best]) if gaps[best] > 0 else 1.0
    return np.array([middles[best], height, 0.0]), float(width), exaggeration


def draw_section(ax: Axes, sides: list[Grid], colours: list[ScalarMappable]) -> None:
    """Draw both sides of a plane cell, or of a section."""
    for side, name, colour in zip(sides, (STOICHIOMETRY, STRESS), colours, strict=True):
        triangles = Triangulation(side.points[:, 0], side.points[:, 1], side.cells_dict[pyvista.CellType.TRIANGLE])
        ax.tripcolor(triangles, side[name], shading="gouraud", cmap=colour.cmap, norm=colour.norm)
    ax.set_aspect("equal")


def render(sides: list[Grid], colours: list[ScalarMappable]) -> Array:
    """Return a picture of a solid cell, drawn without a screen and cropped to its outline."""
    if pyvista.vtk_version_info < (9, 4) and not os.environ.get("DISPLAY"):
        version = ".".join(map(str, pyvista.vtk_version_info))
        raise ValueError(f"cell.png: VTK {version} needs a screen to draw a solid cell; VTK 9.4 and later do not")
    plotter: Any = pyvista.Plotter(off_screen=True, window_size=[1400, 1400])
    for side, name, colour in zip(sides, (STOICHIOMETRY, STRESS), colours, strict=True):
        options = {"cmap": colour.cmap, "clim": colour.get_clim(), "show_scalar_bar": False}
        plotter.add_mesh(side.extract_surface(), scalars=name, ambient=0.6, diffuse=0.45, **options)
    plotter.set_background("white")
    plotter.enable_anti_aliasing("ssaa")
    plotter.camera_position = "xz"
    plotter.camera.azimuth, plotter.camera.elevation = 25, 15
    plotter.reset_camera()
    picture = plotter.screenshot(None, return_img=True)
    plotter.close()
    rows, columns = np.nonzero((picture != 255).any(axis=2))
    return picture[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]


# --- movie ---------------------------------------------------------------------------------------------


def movie(run: Run, path: Path) -> None:
    """Write the opening of the interface as a GIF: the gap along Γ or as a map, the active fraction below."""
    times = run.times("interface")
    times = [times[i] for i in np.unique(np.linspace(0, len(times) - 1, FRAMES).astype(int))]
    grids = [run.fields("interface", time, ["gap [m]", "contacted [1]"]) for time in times]
    curve = is_curve(grids[0])
    _, unit = display("m", grids[0].length)
    widest = max(float(grid["gap [m]"].max()) for grid in grids) or 1e-9
    factor, shown = display("m", widest)
    scale, clock = display("s", run.time)

    if curve:
        figure = Figure(figsize=(WIDTH, 4.5))
        upper, lower = figure.subplots(2, 1, height_ratios=[2.5, 1])
    else:
        figure = Figure(figsize=(WIDTH, 3.6))
        upper, lower = figure.subplots(1, 2, width_ratios=[1.4, 1])
    lower.plot(scale * run.time, run.column("active fraction")[0], color=VERMILION)
    lower.set(xlabel=f"time [{clock}]", ylabel="active fraction $f_c$", ylim=(0, None))
    lower.margins(x=0.01)
    (now,) = lower.plot([], [], "o", color=VERMILION)
    colours = ScalarMappable(Normalize(0, factor * widest), MAPS["gap [m]"])
    if not curve:
        figure.colorbar(colours, ax=upper, label=f"gap [{shown}]")
    writer = PillowWriter(fps=8)
    with writer.saving(figure, path, dpi=110):
        for time, grid in zip(times, grids, strict=True):
            upper.clear()
            gap = factor * grid["gap [m]"]
            if curve:
                draw_opening(upper, grid, gap, 1.25 * factor * widest)
                upper.set_ylabel(f"gap [{shown}]")
            else:
                draw_map(upper, grid, gap, colours)
                upper.set_ylabel(f"y [{unit}]")
            upper.set_xlabel(f"x [{unit}]")
            upper.set_title(quantity("s", time))
            now.set_data([scale * time], [run.at("active fraction", time)])
            writer.grab_frame()


def draw_opening(ax: Axes, grid: Grid, gap: Array, reach: float) -> None:
    """Draw the electrode, up to `reach`, above the electrolyte, `gap` apart along the curve, and where they touch."""
    place, order = np.unique(display("m", grid.length)[0] * grid.points[:, 0], return_index=True)
    gap, touching = gap[order], grid["contacted [1]"][order] > 0.5
    ax.fill_between(place, gap, reach, color=SKY, linewidth=0, label="electrode")
    ax.fill_between(place, -0.25 * reach, 0, color="#BBBBBB", linewidth=0, label="electrolyte")
    ax.plot(place[touching], gap[touching], "o", color=VERMILION, markersize=3, label="Γ$_c$: in contact")
    ax.set(xlim=(place[0], place[-1]), ylim=(-0.25 * reach, reach))
    ax.legend(loc="upper right", ncols=3, frameon=True)
