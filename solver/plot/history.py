"""Numbers of a run as curves: against time, capacity, opening and cycle."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from interstice.solver.plot.run import Run
from interstice.solver.plot.style import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    SKY,
    VERMILION,
    WIDTH,
    Array,
    display,
    labelled,
    quantity,
)

STEP_COLOURS = {
    "charge": ORANGE,
    "discharge": SKY,
    "hold": PURPLE,
    "rest": "#DDDDDD",
    "press": GREEN,
    "open": VERMILION,
}
ROWS = {
    "voltage": ("voltage", BLUE),
    "current density": ("current density", GREY),
    "state of charge": ("state of charge", ORANGE),
    "active fraction": ("active fraction $f_c$", VERMILION),
    "max pressure": ("max. pressure", PURPLE),
    "mean gap": ("mean gap", GREEN),
}
OF_INTERFACES = ("active fraction", "max pressure", "mean gap")
SHADES = ("-", "--", ":", "-.")
"""Of several interfaces or electrodes, lines in this order."""
LOSSES = {
    "kinetic": VERMILION,
    "concentration": GREEN,
    "ohmic": BLUE,
    "constriction": PURPLE,
    "film": ORANGE,
    "stress": SKY,
}
ABOVE: dict[str, Any] = {"loc": "lower left", "bbox_to_anchor": (0.0, 1.0), "borderpad": 0, "borderaxespad": 0.3}
"""Where the legend of a row is."""
MOST_NAMED = 4
"""Steps of one kind that a legend names."""


def history(run: Run) -> Figure:
    """Return voltage and its losses, current, state of charge and the interfaces against time, steps shaded."""
    rows = [name for name in ROWS if run.has(name)]
    split = run.has("kinetic overpotential")
    count = len(rows) + split
    figure = Figure(figsize=(WIDTH, 1.0 + 1.3 * count))
    axes = figure.subplots(count, 1, sharex=True, squeeze=False)[:, 0]
    factor, unit = display("s", run.time)
    time = factor * run.time
    places = dict(zip([*rows[:1], *(["losses"] if split else []), *rows[1:]], axes, strict=True))
    for name in rows:
        label, colour = ROWS[name]
        _draw_row(places[name], run, time, name, label, colour)
    if split:
        _draw_losses(places["losses"], run, time)
    for ax in axes:
        for kind, numbers in run.steps():
            start, end = _ends(time, numbers)
            ax.axvspan(start, end, color=STEP_COLOURS[kind], alpha=0.18, linewidth=0)
    for kind, numbers in run.steps():
        start, end = _ends(time, numbers)
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
    if run.interfaces:
        _mark_lowest(places["active fraction"], run, time)
    axes[-1].set_xlabel(f"time [{unit}]")
    axes[-1].set_xlim(time[0], time[-1] if len(time) > 1 else time[0] + 1)
    figure.align_ylabels(axes)
    return figure


def _ends(time: Array, rows: npt.NDArray[np.intp]) -> tuple[float, float]:
    """Return when a step began, at the row before its first, and when it ended."""
    return time[max(rows[0] - 1, 0)], time[rows[-1]]


def _draw_row(ax: Axes, run: Run, time: Array, quantity: str, label: str, colour: str) -> None:
    """Draw one quantity against time, a line for each interface or electrode that has it and may change it."""
    names = [name for name in run.names(quantity) if quantity not in OF_INTERFACES or name in run.interfaces]
    columns = [run.column(quantity, name) for name in names]
    scale, shown = display(columns[0][1], np.concatenate([values for values, _ in columns])) if columns else (1.0, "")
    # A current belongs to the time step that ends at its row.
    style = "steps-pre" if quantity == "current density" else "default"
    for (values, _), name, line in zip(columns, names, SHADES * len(columns), strict=False):
        ax.plot(time, scale * values, color=colour, drawstyle=style, linestyle=line, label=name)
    ax.set_ylabel(labelled(label, shown))
    if quantity in OF_INTERFACES:
        ax.set_ylim(0, 1.1 * scale * max((values.max() for values, _ in columns), default=0.0) or 1)
    if len(names) > 1:
        ax.legend(**ABOVE, ncols=len(names))


def _draw_losses(ax: Axes, run: Run, time: Array) -> None:
    """Draw the terms of the voltage that the current costs against time."""
    there = {name: colour for name, colour in LOSSES.items() if run.has(f"{name} overpotential")}
    for name, colour in there.items():
        ax.plot(time, 1e3 * run.column(f"{name} overpotential")[0], color=colour, label=name)
    ax.axhline(0.0, color=GREY, linewidth=0.6, zorder=0)
    ax.set_ylabel(labelled("overpotential", "mV"))
    ax.legend(**ABOVE, ncols=len(there))


def _mark_lowest(ax: Axes, run: Run, time: Array) -> None:
    """Mark the lowest active fraction."""
    fraction = run.column("active fraction", run.weakest)[0]
    lowest = int(np.argmin(fraction))
    ax.plot(time[lowest], fraction[lowest], "o", color=VERMILION, markersize=4)
    text = f"lowest {fraction[lowest]:.3g} at {quantity('s', run.time[lowest])}"
    ax.set_title(text, loc="right", color=VERMILION, pad=3)


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
    """Return lowest and highest active fraction and mean damage of each cycle, of the weakest interface."""
    figure = Figure(figsize=(WIDTH, 4.5))
    upper, lower = figure.subplots(2, 1, sharex=True)
    cycle = run.column("cycle")[0]
    fraction, damage = (run.column(name, run.weakest)[0] for name in ("active fraction", "mean damage"))
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
