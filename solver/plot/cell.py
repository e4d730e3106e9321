"""The deformed cell, whole and near an interface."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyvista
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.tri import Triangulation
from mpl_toolkits.axes_grid1.anchored_artists import AnchoredSizeBar

from interstice.solver.plot.interface import is_closed, is_curve
from interstice.solver.plot.run import Grid, Moment, Run, series
from interstice.solver.plot.style import (
    Array,
    display,
    is_narrow,
    page,
    page_width,
    plain_ticks,
    quantity,
    round_down,
    wrapped,
)

WARP, STOICHIOMETRY, STRESS = "displacement_with_initial_gap", "stoichiometry", "von_Mises_stress"
SHIFT = 0.3
"""Of the whole cell, over its height: the displacement is not drawn larger."""
SHEAR = 0.4
"""Of a view near the interface, over its width: what is seen is not moved further past each other."""
SMALL = 0.06
"""Of the width of a picture: a smaller square is pointed at."""
NARROWEST = 0.002
"""Range of stoichiometries that the colours show: no noise in an even host."""
TICKS = 5
"""Steps of a colour bar, at most."""
SHARE = 0.8
"""Of the height of the cell: the view near the interface is not wider."""


@dataclass
class Part:
    """A side of the cell, coloured by its stoichiometry if it is a host of lithium, else by its stress."""

    name: str
    grid: Grid

    @property
    def host(self) -> bool:
        """Whether it hosts lithium."""
        return STOICHIOMETRY in self.grid.array_names and not np.isnan(self.grid[STOICHIOMETRY]).any()

    @property
    def values(self) -> Array:
        """What its colours show, at the nodes."""
        return self.grid[STOICHIOMETRY if self.host else STRESS]

    def deformed(self, exaggeration: float, fixed: Array, factor: float) -> Part:
        """Return it with its displacement, less a `fixed` one [m], exaggerated, and all its lengths times `factor`."""
        grid = self.grid.copy()
        grid.points = factor * (grid.points + exaggeration * (grid[WARP] - fixed))
        return Part(self.name, grid)


def cell(run: Run, moment: Moment) -> Figure:
    """Return the deformed cell at a moment, whole and near the weakest interface; exaggerated, it has no coordinates.

    Colours are the stoichiometry in hosts and the equivalent stress, averaged to the nodes, elsewhere.
    A solid cell is cut where contact presses; the view of its interface is that of the cut.
    """
    grid = run.fields("cell", moment.time, [WARP, STRESS, "side"])
    surface = run.fields(series(run.weakest), moment.time, ["gap", "pressure", "contacted"])
    parts = parts_of(grid)
    plane = is_curve(surface)
    y = None if plane else section_through(surface)
    sections = parts if y is None else [Part(part.name, section(part.grid, y)) for part in parts]
    if y is not None:
        parts = [Part(part.name, part.grid.clip("y", origin=(0.0, y, 0.0), invert=False)) for part in parts]
    height = grid.bounds[3] - grid.bounds[2] if plane else grid.bounds[5] - grid.bounds[4]
    place, width, exaggeration = view(surface, y, SHARE * height)
    exaggeration = min(exaggeration, _calm(sections, place, width))
    furthest = float(np.linalg.norm(grid[WARP], axis=1).max())
    modest = min(exaggeration, round_down(SHIFT * height / furthest)) if furthest else exaggeration
    others = [part.grid for part in sections if not part.host]
    _, warp = min(_nearest(one, place) for one in others)
    fixed = np.array(warp)

    length, unit = display("m", grid.length)
    colours = _colours(sections)
    drawn = [part.deformed(modest, fixed if plane else fixed[[0, 2, 1]], length) for part in parts]
    ratio = float(np.clip(_width_to_height(drawn), 0.7, 2.5)) if plane else 1.0
    if is_narrow():
        figure = page(2.0 + page_width() * (1 / ratio + 1))
        whole, zoom = figure.subplots(2, 1, height_ratios=[1 / ratio, 1])
    else:
        figure = page(1.0 + page_width() / (1.15 + ratio))
        whole, zoom = figure.subplots(1, 2, width_ratios=[ratio, 1])
    draw_section(zoom, [part.deformed(exaggeration, fixed, length) for part in sections], colours)
    reach = np.array([-0.5, 0.5]) * length * width
    zoom.set(xlim=length * place[0] + reach, ylim=length * place[1] + reach)
    zoom.spines[:].set_visible(True)
    if plane:
        draw_section(whole, drawn, colours)
        _name(whole, drawn)
        whole.margins(0)
        whole.spines[:].set_visible(False)
        _mark(whole, length * place[:2], length * width)
        _scale_bar(whole, unit)
    else:
        whole.imshow(render(drawn, colours))
        whole.set_axis_off()
        assert y is not None
        zoom.set_title(f"cut at y = {quantity('m', y)}\naround x = {quantity('m', place[0])}")
    _scale_bar(zoom, unit)
    for ax in (whole, zoom):
        # what is exaggerated has no coordinates
        ax.set(xticks=[], yticks=[])
    highest = colours[1].get_clim()[1] or 1.0
    factor, shown = display("Pa", highest)
    in_units = ScalarMappable(Normalize(0, factor * highest), colours[1].cmap)
    kinds = ["electrode", "electrolyte"] if len(parts) == 2 else ["hosts", "others"]
    stress = f"von Mises stress [{shown}]"
    bars: list[tuple[Axes, str, ScalarMappable, str, float]] = [(zoom, stress, in_units, "max", 20)]
    if any(part.host for part in parts):
        bars = [
            (whole, f"{kinds[0]}: stoichiometry θ", colours[0], "neither", 20 * ratio),
            (zoom, f"{kinds[1]}: {stress}", in_units, "max", 20),
        ]
    for ax, label, mappable, extend, aspect in bars:
        options: dict[str, Any] = {"location": "bottom", "shrink": 0.8, "pad": 0.02, "aspect": aspect, "extend": extend}
        figure.colorbar(mappable, ax=ax, label=label, **options, **plain_ticks(TICKS))
    fraction = run.at("active fraction", moment.time, run.weakest)
    what = [
        moment.label,
        quantity("s", moment.time),
        f"$f_c$ = {fraction:.3g}{' at ' + run.weakest if run.weakest else ''}",
        _scale(modest, exaggeration),
    ]
    title = ", ".join(filter(None, what))
    figure.suptitle(wrapped(title), fontsize="medium")
    return figure


def parts_of(grid: Grid) -> list[Part]:
    """Return the sides in a grid of the whole cell, cell fields averaged to the nodes."""
    names = grid.field_data["side"]
    return [
        Part(str(name), grid.extract_cells(grid.cell_data["side"] == number).cell_data_to_point_data())
        for number, name in enumerate(names)
    ]


def _width_to_height(parts: list[Part]) -> float:
    """Return the extent of parts along x over that along y."""
    bounds = np.array([part.grid.bounds for part in parts])
    width, height, _ = bounds[:, 1::2].max(axis=0) - bounds[:, ::2].min(axis=0)
    return float(width / height)


def _scale(whole: float, zoom: float) -> str:
    """Return in words how much the displacement is exaggerated, in the whole cell and in the view of an interface."""
    if whole == zoom == 1.0:
        return "to scale"
    return f"displacement and initial gap × {whole:g}" + (
        f", in the view of the interface × {zoom:g}" * (zoom != whole)
    )


def _mark(ax: Axes, middle: Array, width: float) -> None:
    """Draw the square that another view shows, with an arrow if it is hard to see."""
    for colour, line in (("w", 2.4), ("k", 1.2)):
        corner = (middle[0] - width / 2, middle[1] - width / 2)
        ax.add_patch(Rectangle(corner, width, width, fill=False, edgecolor=colour, linewidth=line))
    if width < SMALL * np.ptp(ax.get_xlim()):
        arrow = {"arrowstyle": "simple", "facecolor": "k", "edgecolor": "w"}
        corner = (middle[0] + width / 2, middle[1] + width / 2)
        ax.annotate("", corner, xytext=(26, 26), textcoords="offset points", arrowprops=arrow)


def _scale_bar(ax: Axes, unit: str) -> None:
    """Draw a length of about a quarter of the width as a bar."""
    reach = float(np.ptp(ax.get_xlim()))
    length = round_down(1e6 * reach / 3) / 1e6
    bar = AnchoredSizeBar(ax.transData, length, f"{length:g} {unit}", "lower right", pad=0.4, borderpad=0.4, sep=3)
    bar.patch.set(alpha=0.8, linewidth=0)
    ax.add_artist(bar)


def _nearest(grid: Grid, place: Array) -> tuple[float, list[float]]:
    """Return the distance of a place from the nearest node and the displacement there."""
    node = grid.find_closest_point(place)
    return float(np.linalg.norm(grid.points[node] - place)), list(grid[WARP][node])


def _colours(parts: list[Part]) -> list[ScalarMappable]:
    """Return the colours of hosts and of others; the few highest stresses are not told apart."""
    theta = np.concatenate([part.values for part in parts if part.host] or [np.zeros(1)])
    middle, half = (theta.min() + theta.max()) / 2, max(float(np.ptp(theta)), NARROWEST) / 2
    stress = np.percentile(np.concatenate([part.values for part in parts if not part.host]), 99)
    return [
        ScalarMappable(Normalize(middle - half, middle + half), "viridis"),
        ScalarMappable(Normalize(0, float(stress) or 1.0), "magma"),
    ]


def _name(ax: Axes, parts: list[Part]) -> None:
    """Write the names of several layers beside them."""
    if len(parts) > 2:
        for part in parts:
            _, high_x, low_y, high_y, *_ = part.grid.bounds
            place = (high_x, (low_y + high_y) / 2)
            ax.annotate(part.name, place, xytext=(4, 0), textcoords="offset points", va="center", annotation_clip=False)


def _calm(parts: list[Part], place: Array, width: float) -> float:
    """Return how much to exaggerate a view so that its parts move past each other by no more than a share of it."""
    inside = [np.abs(part.grid.points[:, :2] - place[:2]).max(axis=1) < width / 2 for part in parts]
    moved = np.concatenate([part.grid[WARP][nodes, :2] for part, nodes in zip(parts, inside, strict=True)])
    most = float(np.ptp(moved, axis=0).max()) if len(moved) else 0.0
    return round_down(SHEAR * width / most) if most else np.inf


def section_through(surface: Grid) -> float:
    """Return the y [m] of the highest contact pressure, of that in the front two thirds if there is any."""
    y, pressure = surface.points[:, 1], surface["pressure"]
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


def view(surface: Grid, y: float | None, widest: float = np.inf) -> tuple[Array, float, float]:
    """Return middle and width [m] of a view of the interface (of the section at `y`), and how much to exaggerate.

    It shows the widest gap there is near contact, about a quarter as high as the view, which is at most `widest`.
    """
    points, gap, touching = surface.points, surface["gap"], surface["contacted"] > 0.5
    if y is not None:
        near = np.abs(points[:, 1] - y) < spacing(surface)
        points, gap, touching = points[near][:, [0, 2, 1]], gap[near], touching[near]
    low, high = points[:, 0].min(), points[:, 0].max()
    width = min((high - low) / (5 if y is None else 3), widest)
    middles = np.clip(points[:, 0], low + width / 2, high - width / 2)
    distance = np.abs(points[:, 0] - middles[:, None])
    if is_closed(surface):
        distance = np.maximum(distance, np.abs(points[:, 1] - points[:, [1]]))
    inner = distance <= 0.4 * width
    with_contact = (inner & touching).any(axis=1)
    gaps = np.where(inner, gap, 0.0).max(axis=1) * (with_contact if with_contact.any() else 1)
    best = int(np.argmax(gaps))
    there = best if is_closed(surface) else np.argmin(np.abs(points[:, 0] - middles[best]))
    exaggeration = round_down(0.25 * width / gaps[best]) if gaps[best] > 0 else 1.0
    return np.array([middles[best], points[there, 1], 0.0]), float(width), exaggeration


def draw_section(ax: Axes, parts: list[Part], colours: list[ScalarMappable]) -> None:
    """Draw the sides of a plane cell, or of a section; `colours` are those of hosts and of others."""
    for part in parts:
        colour = colours[0 if part.host else 1]
        points, triangles = part.grid.points, part.grid.cells_dict[pyvista.CellType.TRIANGLE]
        drawn = Triangulation(points[:, 0], points[:, 1], triangles)
        ax.tripcolor(drawn, part.values, shading="gouraud", cmap=colour.cmap).set_norm(colour.norm)
    ax.set_aspect("equal")


def render(parts: list[Part], colours: list[ScalarMappable]) -> Array:
    """Return a picture of a solid cell, drawn without a screen and cropped to its outline."""
    if pyvista.vtk_version_info < (9, 4) and not os.environ.get("DISPLAY"):
        version = ".".join(map(str, pyvista.vtk_version_info))
        raise ValueError(f"cell.png: VTK {version} needs a screen to draw a solid cell; VTK 9.4 and later do not")
    plotter: Any = pyvista.Plotter(off_screen=True, window_size=[1400, 1400])
    for part in parts:
        colour = colours[0 if part.host else 1]
        options = {"cmap": colour.cmap, "clim": colour.get_clim(), "show_scalar_bar": False}
        name = STOICHIOMETRY if part.host else STRESS
        plotter.add_mesh(part.grid.extract_surface(), scalars=name, ambient=0.6, diffuse=0.45, **options)
    plotter.set_background("white")
    plotter.enable_anti_aliasing("ssaa")
    plotter.camera_position = "xz"
    plotter.camera.azimuth, plotter.camera.elevation = 25, 15
    plotter.reset_camera()
    picture = plotter.screenshot(None, return_img=True)
    plotter.close()
    rows, columns = np.nonzero((picture != 255).any(axis=2))
    return picture[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
