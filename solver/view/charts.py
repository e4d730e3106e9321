"""Curves and interfaces of runs as Plotly figures, in the colours of all other pictures."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from interstice.solver.plot.history import LOSSES, OF_FIXTURE, OF_INTERFACES, OTHER_STEP, ROWS, STEP_COLOURS
from interstice.solver.plot.interface import MAPS, OTHER_MAP, SIGNED, is_closed, is_curve
from interstice.solver.plot.run import Grid, Run, series, unit_of
from interstice.solver.plot.style import (
    BLUE,
    CONTACT,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    SKY,
    VERMILION,
    Array,
    display,
)
from interstice.solver.units import split_unit

DASHES = ("solid", "dash", "dot", "dashdot")
OF_RUNS = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, GREY, "black")
"""Colours of runs that are compared, in this order; then again with other dashes."""
FIELDS = ("pressure", "gap", "current_density")
"""Of an interface, those that are drawn, where it has them."""
STEADY = 1e-6
ROW = 110
"""Height of a row [pixel]."""
MOST_STEPS = 60
"""Steps of a protocol that are shaded."""
MOST_POINTS = 4_000
"""Of a curve; of more, evenly chosen ones are drawn."""
FAMILY, TEXT, INK = "Source Sans, sans-serif", 12, "#31333f"
"""Letters as those of the page beside them, their size [pixel] and colour."""
ABOVE = 8
"""Between a legend and what is below it [pixel]."""
PIXELS = 160
"""Of a map, along x."""


def curves(run: Run) -> go.Figure:
    """Return the history of a run against time: a row for each quantity, the steps of the protocol shaded."""
    rows = [name for name in ROWS if _columns(run, name) and (name not in OF_FIXTURE or _changes(run.column(name)[0]))]
    losses = [name for name in LOSSES if run.has(f"{name} overpotential")]
    count = len(rows) + bool(losses)
    figure = make_subplots(count, 1, shared_xaxes=True, vertical_spacing=0.12 / count)
    factor, unit = display("s", run.time)
    chosen = _thinned(len(run.time))
    time = factor * run.time[chosen]
    titles: list[str] = []
    dashes: dict[str, str] = {}
    for name in rows:
        columns = _columns(run, name)
        label, colour = ROWS[name]
        scale, shown = display(columns[0][1], np.concatenate([values for _, _, values in columns]))
        titles.append(_title(label, shown))
        for (of, _, values), dash in zip(columns, DASHES * len(columns), strict=False):
            line = {"color": colour, "dash": dash, "shape": "vh" if name == "current density" else "linear"}
            figure.add_trace(_line(time, scale * values[chosen], of or _plain(label), line), row=len(titles), col=1)
            dashes |= {of: dash} if len(columns) > 1 else {}
        if name in OF_INTERFACES:
            top = 1.1 * scale * max(float(values.max()) for _, _, values in columns)
            figure.update_yaxes(range=[0.0, top or 1.0], row=len(titles), col=1)
    if losses:
        titles.append(_title("overpotential", "mV"))
        for name in losses:
            values = 1e3 * run.column(f"{name} overpotential")[0][chosen]
            line = {"color": "black" if LOSSES[name] == "k" else LOSSES[name]}
            figure.add_trace(_line(time, values, name, line, "legend"), row=len(titles), col=1)
    for name, dash in dashes.items():
        figure.add_trace(_line([None], [None], name, {"color": GREY, "dash": dash}, "legend2"), row=count, col=1)
    for number, title in enumerate(titles, start=1):
        figure.update_yaxes(title_text=title, row=number, col=1)
    figure.update_xaxes(title_text=f"time [{unit}]", row=count, col=1)
    _shade(figure, run, factor, count)
    below = {"orientation": "h", "yanchor": "top", "y": -60 / (ROW * count), "x": 0.0}
    figure.update_layout(legend={"title": {"text": "overpotential"}}, legend2=below)
    return _styled(figure, ROW * count + 130, "curves")


def interface(run: Run, name: str, time: float) -> go.Figure:
    """Return the fields of an interface at a time [s]: along it, or as maps."""
    grid = run.fields(series(name), time, ["contacted"])
    fields = [field for field in FIELDS if field in grid.point_data]
    if is_curve(grid) and not is_closed(grid):
        return _along(grid, fields, run.axes[0])
    return _maps(grid, fields, run.axes)


def comparison(runs: Mapping[str, Run], header: str, against: str = "time [s]") -> go.Figure:
    """Return one column of several runs, by what they are called, against another one."""
    figure = go.Figure()
    name, si = split_unit(header)
    across, across_si = split_unit(against)
    values = {called: _column(run, header) for called, run in runs.items()}
    places = {called: _column(run, against) for called, run in runs.items()}
    scale, unit = display(si, np.concatenate(list(values.values())))
    factor, across_unit = display(across_si, np.concatenate(list(places.values())))
    for number, called in enumerate(runs):
        chosen = _thinned(len(values[called]))
        line = {"color": OF_RUNS[number % len(OF_RUNS)], "dash": DASHES[number // len(OF_RUNS) % len(DASHES)]}
        figure.add_trace(_line(factor * places[called][chosen], scale * values[called][chosen], called, line, "legend"))
    figure.update_xaxes(title_text=_title(across, across_unit, " "))
    figure.update_yaxes(title_text=_title(name, unit, " "))
    return _styled(figure, 430 + 22 * len(runs), f"{header} {against}")


def _columns(run: Run, quantity: str) -> list[tuple[str, str, Array]]:
    """Return name, unit and values of a quantity of each interface or electrode that may change it."""
    names = run.names(quantity)
    if quantity in OF_INTERFACES:
        names = [name for name in names if name in run.interfaces]
    return [(name, unit, values) for name in names for values, unit in [run.column(quantity, name)]]


def _column(run: Run, header: str) -> Array:
    return np.asarray(run.table[header].to_numpy(float))


def _thinned(count: int) -> Any:
    return np.unique(np.linspace(0, count - 1, min(count, MOST_POINTS)).astype(int))


def _line(x: Any, y: Any, name: str, line: dict[str, Any], legend: str = "") -> go.Scatter:
    """Return a curve, which has its name in a legend if that is given."""
    return go.Scatter(x=x, y=y, name=name, line=line, mode="lines", showlegend=bool(legend), legend=legend or None)


def _changes(values: Array) -> bool:
    return bool(np.ptp(values) > STEADY * np.abs(values).max())


def _plain(label: str) -> str:
    """Return a label of Matplotlib in the markup of Plotly."""
    return re.sub(r"\$(\w)_(\w)\$", r"\1<sub>\2</sub>", label)


def _title(label: str, unit: str, between: str = "<br>") -> str:
    return f"{_plain(label)}{between}[{unit}]" if unit else _plain(label)


def _shade(figure: go.Figure, run: Run, factor: float, rows: int) -> None:
    """Shade the steps of the protocol over all rows."""
    steps = list(run.steps())
    for kind, numbers in steps if len(steps) <= MOST_STEPS else ():
        start, end = factor * run.time[max(numbers[0] - 1, 0)], factor * run.time[numbers[-1]]
        colour = STEP_COLOURS.get(kind, OTHER_STEP)
        figure.add_shape(
            type="rect",
            x0=start,
            x1=end,
            y0=0,
            y1=1,
            xref="x",
            yref="paper",
            fillcolor=colour,
            opacity=0.15,
            line_width=0,
            layer="below",
        )


def _along(grid: Grid, fields: Sequence[str], axis: str) -> go.Figure:
    """Return fields at the nodes of a line against the coordinate `axis`, a band where the sides touch."""
    figure = make_subplots(len(fields), 1, shared_xaxes=True, vertical_spacing=0.12 / len(fields))
    factor, unit = display("m", grid.length)
    place, order = np.unique(factor * grid.points[:, 0], return_index=True)
    touching = (np.asarray(grid["contacted"])[order] > 0.5).astype(float)
    for row, field in enumerate(fields, start=1):
        scale, shown = display(unit_of(grid, field), grid[field])
        values = scale * np.asarray(grid[field])[order]
        low, high = min(0.0, float(values.min())), max(0.0, float(values.max()))
        room = 0.05 * (high - low) or 1.0
        low, high = low - room * (low < 0.0), high + room
        band = go.Scatter(
            x=place,
            y=np.where(touching > 0.5, high, low),
            line={"width": 0, "shape": "hvh"},
            name="in contact",
            hoverinfo="skip",
            showlegend=row == 1,
            fill="tozeroy" if low == 0.0 else None,
            fillcolor=CONTACT,
            mode="lines",
        )
        if low < 0.0:
            base = go.Scatter(
                x=place, y=np.full(len(place), low), line_width=0, mode="lines", hoverinfo="skip", showlegend=False
            )
            figure.add_trace(base, row=row, col=1)
            band.fill = "tonexty"
        figure.add_trace(band, row=row, col=1)
        label = field.replace("_", " ")
        figure.add_trace(_line(place, values, label, {"color": BLUE, "width": 1.5}), row=row, col=1)
        figure.update_yaxes(title_text=_title(label, shown), range=[low, high], row=row, col=1)
    figure.update_xaxes(title_text=f"{axis} [{unit}]", row=len(fields), col=1)
    return _styled(figure, 160 * len(fields) + 110, "along")


def _maps(grid: Grid, fields: Sequence[str], axes: Sequence[str]) -> go.Figure:
    """Return fields of an interface of a solid cell seen from above, or of one around particles."""
    factor, unit = display("m", grid.length)
    x, y, z = factor * np.asarray(grid.points).T
    ratio = float(np.ptp(y) / np.ptp(x))
    across, up = (f"{name} [{unit}]" for name in axes[:2])
    figure = make_subplots(len(fields), 1, vertical_spacing=0.08)
    for row, field in enumerate(fields, start=1):
        scale, shown = display(unit_of(grid, field), grid[field])
        values = scale * np.asarray(grid[field])
        high = float(np.percentile(np.abs(values), 99.5)) or 1.0
        colours = {
            "colorscale": MAPS.get(field, OTHER_MAP),
            "cmin" if is_closed(grid) else "zmin": -high if field in SIGNED else 0.0,
            "cmax" if is_closed(grid) else "zmax": high,
            "colorbar": {
                "title": {"text": _title(field.replace("_", " "), shown), "side": "right"},
                "len": 0.9 / len(fields),
                "y": float(np.mean(figure.get_subplot(row, 1).yaxis.domain)),
                "thickness": 12,
            },
        }
        if is_closed(grid):
            front = np.argsort(z)
            dots = {"color": values[front], "size": 5, **colours}
            figure.add_trace(go.Scattergl(x=x[front], y=y[front], mode="markers", marker=dots), row=row, col=1)
        else:
            lines, columns, raster = _raster(x, y, values)
            figure.add_trace(go.Heatmap(x=columns, y=lines, z=raster, **colours), row=row, col=1)
        number = "" if row == 1 else str(row)
        figure.update_yaxes(title_text=up, scaleanchor=f"x{number}", constrain="domain", row=row, col=1)
        figure.update_xaxes(constrain="domain", constraintoward="right", row=row, col=1)
    figure.update_xaxes(title_text=across, row=len(fields), col=1)
    figure.update_traces(showlegend=False)
    return _styled(figure, int(min(330.0, 60 + 330 * ratio) * len(fields)) + 90, "maps")


def _raster(x: Array, y: Array, values: Array) -> tuple[Array, Array, Array]:
    """Return y, x and values on a regular grid, of values at points in a plane."""
    from scipy.interpolate import LinearNDInterpolator

    columns = np.linspace(x.min(), x.max(), PIXELS)
    lines = np.linspace(y.min(), y.max(), max(2, round(PIXELS * np.ptp(y) / np.ptp(x))))
    return lines, columns, LinearNDInterpolator(np.column_stack([x, y]), values)(*np.meshgrid(columns, lines))


def _styled(figure: go.Figure, height: int, revision: str) -> go.Figure:
    """Return the figure as all are: what was zoomed stays so when newer numbers come."""
    figure.update_layout(
        height=height,
        template="simple_white",
        margin={"l": 10, "r": 10, "t": 10, "b": 10},
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.0 + ABOVE / height, "x": 0.0, "title_font_size": TEXT},
        uirevision=revision,
        font={"family": FAMILY, "size": TEXT, "color": INK},
        hovermode="x unified" if revision in ("curves", "along") else "closest",
    )
    figure.update_xaxes(automargin=True, title_font_size=TEXT)
    figure.update_yaxes(automargin=True, title_font_size=TEXT, exponentformat="power")
    return figure
