"""What happens at the interfaces of a run, at the times that were written: on a line, on a plane, around particles."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import matplotlib
import numpy as np
import numpy.typing as npt
import pyvista
from matplotlib.colors import to_hex
from matplotlib.tri import Triangulation

from interstice.solver.history import KIND
from interstice.solver.plot.interface import MAPS, OTHER_MAP, SIGNED, is_closed, is_curve
from interstice.solver.plot.run import Grid, Run, series, unit_of
from interstice.solver.plot.style import CONTACT, Array, display
from interstice.solver.report.case import pretty
from interstice.solver.report.pack import rounded

LABELS = {"contacted": "conducting share", "current_density": "current density", "shear_jump": "sliding"}
FIRST = ("pressure", "gap", "current_density", "contacted")
"""Fields that are drawn before anybody asks, in this order."""
MOST_VALUES = 600_000
"""Of all fields, times and interfaces together: their times are thinned out to it."""
MOST_TIMES = 240
PIXELS, MOST_PIXELS = 4, 120
"""Pixels of a map from one node to the next, and along a side of it at most."""
SAME_PLACE = 1e-7
"""Distance of two nodes that are one, written by two ranks, over the extent of the interface."""
STOPS = 11
"""Colours that a scale is told by."""
OTHER_SIGN = 0.02
"""Values of the other sign that count, over the largest."""
HIGHEST = 99.5
"""Percentile of the values at which colours end: the few highest are not told apart."""


def maps(run: Run, keep: Iterable[float] = ()) -> list[dict[str, Any]]:
    """Return the fields of each interface over time; `keep` are times [s] that are never left out.

    An interface has its `shape`: "line" (across a plane cell), "plane" (across a solid cell), "rings" and "balls"
    (around particles in the one and the other).
    """
    names = [name for name in run.names("active fraction") if run.fields_of(series(name))]
    return [_interface(run, name, list(keep), MOST_VALUES // len(names)) for name in names]


def _interface(run: Run, name: str, keep: Sequence[float], most: int) -> dict[str, Any]:
    written = run.times(series(name))
    first = run.fields(series(name), written[0], [])
    fields = _fields(first)
    order = nodes(first)
    times = fewer(written, min(MOST_TIMES, max(most // (len(order) * len(fields)), 2)), keep)
    values: dict[str, list[Array]] = {field: [] for field in fields}
    for _, grid, at in _grids(run, series(name), times):
        for field in fields:
            values[field].append(_scalar(grid.point_data[field])[at])
    # lengths are read in the unit of the larger extent
    length, unit = display("m", first.length)
    shape = ("rings" if is_closed(first) else "line") if is_curve(first) else ("balls" if is_closed(first) else "plane")
    return {
        "name": name,
        "shape": shape,
        "times": np.array(times),
        "written": len(written),
        "fraction": np.array([run.at("active fraction", time, name) for time in times]),
        "kind": [kind_at(run, time) for time in times],
        "axes": run.axes,
        "length": unit,
        "points": (length * first.points[order].T).astype(np.float32),
        "fields": [_described(first, field, np.array(values[field])) for field in fields],
        "contact": CONTACT,
        **_drawn(first, order, shape, length),
    }


def kind_at(run: Run, time: float) -> str:
    """Return what the step of the protocol does that a time [s] belongs to; "" where the history does not tell."""
    return str(run.table[KIND][int(np.argmin(np.abs(run.time - time)))]) if KIND in run.table else ""


def _fields(grid: Grid) -> list[str]:
    """Return the fields at the nodes, those that are drawn first before the others."""
    there = [name for name in grid.point_data if name != "side"]
    return [name for name in FIRST if name in there] + [name for name in there if name not in FIRST]


def _scalar(values: Any) -> Array:
    """Return a field as one number per node: of a vector its magnitude."""
    numbers = np.asarray(values, dtype=float)
    return numbers if numbers.ndim == 1 else np.linalg.norm(numbers, axis=1)


def nodes(grid: Grid) -> npt.NDArray[np.intp]:
    """Return the numbers of the nodes of a grid in the order of their places, of nodes at one place the first."""
    places = np.round(grid.points / (SAME_PLACE * grid.length)).astype(np.int64)
    return np.unique(places, axis=0, return_index=True)[1]


def _grids(run: Run, name: str, times: Sequence[float]) -> Iterator[tuple[float, Grid, npt.NDArray[np.intp]]]:
    """Yield times, grids, and their nodes in an order that is the same at all times, on whatever ranks they were."""
    points, order = np.empty(0), np.empty(0, dtype=np.intp)
    for time in times:
        grid = run.fields(name, time, [])
        if not np.array_equal(grid.points, points):
            points, order = grid.points.copy(), nodes(grid)
        yield time, grid, order


def fewer(times: Sequence[float], most: int, keep: Iterable[float] = ()) -> list[float]:
    """Return at most about `most` of the times, evenly, with the first and the last and those next to `keep`."""
    if len(times) <= most:
        return list(times)
    chosen = {times[int(number)] for number in np.linspace(0, len(times) - 1, most)}
    chosen |= {min(times, key=lambda time: abs(time - wanted)) for wanted in keep}
    return sorted(chosen)


def _described(grid: Grid, field: str, values: Array) -> dict[str, Any]:
    """Return a field over all times with its words, unit and colours."""
    factor, unit = display(unit_of(grid, field), values)
    high = factor * float(np.percentile(np.abs(values), HIGHEST)) or factor * float(np.abs(values).max()) or 1.0
    share, signed = field == "contacted", field in SIGNED or is_signed(values)
    scale = "Oranges" if share else MAPS.get(field, "RdBu" if signed else OTHER_MAP)
    return {
        "name": field,
        "label": LABELS.get(field, field.replace("_", " ")),
        "unit": pretty(unit),
        "values": rounded(factor * values),
        "range": [-high if signed else 0.0, 1.0 if share else high],
        "colours": colours(scale),
        "first": field in FIRST,
    }


def is_signed(values: Array) -> bool:
    """Return whether values are of both signs, by more than rounding, or a reference, makes them."""
    low, high = float(values.min()), float(values.max())
    return low < 0.0 < high and min(-low, high) > OTHER_SIGN * max(-low, high)


def colours(name: str) -> list[list[Any]]:
    """Return a colour map of Matplotlib as Plotly is told it."""
    return [[float(place), to_hex(matplotlib.colormaps[name](place))] for place in np.linspace(0, 1, STOPS)]


def _drawn(grid: Grid, order: npt.NDArray[np.intp], shape: str, length: float) -> dict[str, Any]:
    """Return what a shape is drawn by: the pixels of a plane, the triangles of balls, the lines of rings."""
    if shape == "line":
        return {}
    places = np.round(grid.points / (SAME_PLACE * grid.length)).astype(np.int64)
    number = np.unique(places, axis=0, return_inverse=True)[1].ravel()
    if shape == "rings":
        return {"lines": number[grid.cells_dict[pyvista.CellType.LINE]].T.astype(np.int32)}
    triangles = number[grid.cells_dict[pyvista.CellType.TRIANGLE]].astype(np.int32)
    if shape == "balls":
        return {"triangles": triangles.T}
    x, y = length * grid.points[order][:, :2].T
    return {"pixels": _pixels(x, y, triangles)}


def _pixels(x: Array, y: Array, triangles: npt.NDArray[np.int32]) -> dict[str, Any]:
    """Return the places of the pixels of a map, and the nodes and weights by which each gets its value.

    A pixel that no triangle holds has weights NaN.
    """
    spacing = np.sqrt(np.ptp(x) * np.ptp(y) / len(x)) / PIXELS
    count_x, count_y = (int(np.clip(np.ptp(one) / spacing, 2, MOST_PIXELS)) + 1 for one in (x, y))
    # the rims themselves lie in no triangle when rounding takes them outside
    inset = 1e-6
    grid_x, grid_y = (
        np.linspace(one.min() + inset * np.ptp(one), one.max() - inset * np.ptp(one), count)
        for one, count in ((x, count_x), (y, count_y))
    )
    at_x, at_y = (one.ravel() for one in np.meshgrid(grid_x, grid_y))
    mesh = Triangulation(x, y, triangles)
    inside = np.asarray(mesh.get_trifinder()(at_x, at_y), dtype=np.intp)
    corners = triangles[inside]
    (ax, bx, cx), (ay, by, cy) = x[corners].T, y[corners].T
    area = (bx - ax) * (cy - ay) - (cx - ax) * (by - ay)
    second = ((at_x - ax) * (cy - ay) - (cx - ax) * (at_y - ay)) / area
    third = ((bx - ax) * (at_y - ay) - (at_x - ax) * (by - ay)) / area
    weights = np.stack([1 - second - third, second, third], axis=1)
    weights[inside < 0] = np.nan
    return {
        "x": grid_x.astype(np.float32),
        "y": grid_y.astype(np.float32),
        "nodes": corners.T.astype(np.int32),
        "weights": rounded(weights.T),
    }
