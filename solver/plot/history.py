"""Numbers of a run as curves: against time, capacity, opening and cycle."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from interstice.solver.plot.run import Run
from interstice.solver.plot.style import (
    BLUE,
    BROWN,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    SKY,
    VERMILION,
    Array,
    display,
    fitting,
    labelled,
    page,
    quantity,
)

STEP_COLOURS = {
    "charge": ORANGE,
    "discharge": SKY,
    "hold": PURPLE,
    "rest": "#DDDDDD",
    "press": GREEN,
    "open": VERMILION,
    "sweep": BLUE,
    "follow": GREY,
    "oscillate": GREY,
}
OTHER_STEP = GREY
ROWS = {
    "voltage": ("voltage", BLUE),
    "current density": ("current density", GREY),
    "state of charge": ("state of charge", ORANGE),
    "active fraction": ("active fraction $f_c$", VERMILION),
    "max pressure": ("max. pressure", PURPLE),
    "mean gap": ("mean gap", GREEN),
    "stack pressure": ("stack pressure", BLUE),
    "thickness change": ("thickness change", GREY),
    "opening force": ("opening force", BLUE),
}
OF_INTERFACES = ("active fraction", "max pressure", "mean gap")
OF_FIXTURE = ("stack pressure", "thickness change", "opening force")
"""Drawn where they change."""
STEADY = 1e-6
"""A quantity that varies by less of its largest value does not change."""
SHADES = ("-", "--", ":", "-.")
"""Of several interfaces or electrodes, lines in this order."""
LOSSES = {
    "kinetic": VERMILION,
    "concentration": GREEN,
    "ohmic": BLUE,
    "constriction": PURPLE,
    "film": ORANGE,
    "stress": SKY,
    "salt": GREY,
    "micro-constriction": "k",
    "contact": BROWN,
}
"""Terms of the voltage under current, as they are stacked."""
ABOVE: dict[str, Any] = {"loc": "lower left", "bbox_to_anchor": (0.0, 1.0), "borderpad": 0, "borderaxespad": 0.3}
"""Where the legend of a row is."""
MOST_NAMED = 4
"""Steps of one kind that a legend names."""


def history(run: Run) -> Figure:
    """Return voltage and its losses, current, state of charge and the interfaces against time, steps shaded."""
    rows = [name for name in ROWS if run.has(name) and (name not in OF_FIXTURE or _changes(run.column(name)[0]))]
    split = run.has("kinetic overpotential")
    count = len(rows) + split
    figure, axes, time = _rows(run, count)
    places = dict(zip([*rows[:1], *(["losses"] if split else []), *rows[1:]], axes, strict=True))
    for name in rows:
        label, colour = ROWS[name]
        _draw_row(places[name], run, time, name, label, colour)
    if split:
        _draw_losses(places["losses"], run, time)
    if run.interfaces:
        _mark_lowest(places["active fraction"], run, time)
    _finish(figure, axes, run, time)
    return figure


def against_time(run: Run, quantities: Sequence[str]) -> Figure:
    """Return quantities of the history against time, a row each, steps shaded."""
    figure, axes, time = _rows(run, len(quantities))
    for ax, name in zip(axes, quantities, strict=True):
        _draw_row(ax, run, time, name, *ROWS.get(name, (name, BLUE)))
    _finish(figure, axes, run, time)
    return figure


def _rows(run: Run, count: int) -> tuple[Figure, npt.NDArray[np.object_], Array]:
    """Return a figure of rows with the same axis of time, and the time as it is shown there."""
    figure = page(1.0 + 1.3 * count)
    axes = figure.subplots(count, 1, sharex=True, squeeze=False)[:, 0]
    factor, unit = display("s", run.time)
    axes[-1].set_xlabel(f"time [{unit}]")
    return figure, axes, factor * run.time


def _finish(figure: Figure, axes: npt.NDArray[np.object_], run: Run, time: Array) -> None:
    """Shade and name the steps of the protocol."""
    for ax in axes:
        for kind, numbers in run.steps():
            start, end = _ends(time, numbers)
            ax.axvspan(start, end, color=STEP_COLOURS.get(kind, OTHER_STEP), alpha=0.18, linewidth=0)
    axes[-1].set_xlim(time[0], time[-1] if len(time) > 1 else time[0] + 1)
    figure.align_ylabels(axes)
    _name_steps(figure, axes[0], run, time)


def _changes(values: Array) -> bool:
    """Return whether a quantity varies by more than rounding."""
    return bool(np.ptp(values) > STEADY * np.abs(values).max())


def _name_steps(figure: Figure, ax: Axes, run: Run, time: Array) -> None:
    """Write the kind of each protocol step above it, where there is room for the word."""
    names = []
    for kind, numbers in run.steps():
        start, end = _ends(time, numbers)
        above: dict[str, Any] = {"xycoords": ("data", "axes fraction"), "xytext": (0, 3), "textcoords": "offset points"}
        word = ax.annotate(kind, ((start + end) / 2, 1.0), ha="center", color=GREY, **above)
        names.append((word, start, end))
    figure.draw_without_rendering()
    for word, start, end in names:
        (left, _), (right, _) = ax.transData.transform([(start, 0.0), (end, 0.0)])
        if word.get_window_extent().width > right - left:
            word.remove()


def _ends(time: Array, rows: npt.NDArray[np.intp]) -> tuple[float, float]:
    """Return when a step began, at the row before its first, and when it ended."""
    return time[max(rows[0] - 1, 0)], time[rows[-1]]


def _draw_row(ax: Axes, run: Run, time: Array, quantity: str, label: str, colour: str) -> None:
    """Draw one quantity against time, a line for each interface or electrode that has it and may change it."""
    named = run.names(quantity)
    names = [name for name in named if name in run.interfaces] if quantity in OF_INTERFACES else named
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
        ax.legend(**ABOVE, ncols=fitting(len(names)))


def _draw_losses(ax: Axes, run: Run, time: Array) -> None:
    """Draw the terms of the voltage that the current costs against time."""
    there = {name: colour for name, colour in LOSSES.items() if run.has(f"{name} overpotential")}
    for name, colour in there.items():
        ax.plot(time, 1e3 * run.column(f"{name} overpotential")[0], color=colour, label=name)
    ax.axhline(0.0, color=GREY, linewidth=0.6, zorder=0)
    ax.set_ylabel(labelled("overpotential", "mV"))
    ax.legend(**ABOVE, ncols=fitting(len(there)))


def _mark_lowest(ax: Axes, run: Run, time: Array) -> None:
    """Mark the lowest active fraction."""
    fraction = run.column("active fraction", run.weakest)[0]
    lowest = int(np.argmin(fraction))
    ax.plot(time[lowest], fraction[lowest], "o", color=VERMILION, markersize=4)
    text = f"lowest {fraction[lowest]:.3g} at {quantity('s', run.time[lowest])}"
    ax.set_title(text, loc="right", color=VERMILION, pad=3)


def voltage_capacity(run: Run) -> Figure:
    """Return voltage against the capacity of each charge and discharge."""
    figure = page(4.5)
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
    ax.legend()
    return figure


def crack(run: Run) -> Figure:
    """Return force and energy release rate against the opening of a specimen."""
    figure = page(4.5)
    axes = figure.subplots(2, 1, sharex=True)
    opening, si = run.column("opening")
    factor, unit = display(si, opening)
    for ax, name, colour in (
        (axes[0], "opening force", BLUE),
        (axes[1], "energy release rate", VERMILION),
    ):
        values, si = run.column(name)
        scale, shown = display(si, values)
        label = f"{name}\nper depth" if si == "N/m" else name
        ax.plot(factor * opening, scale * values, ".-", color=colour)
        ax.set_ylabel(labelled(label, shown))
        ax.set_ylim(0, 1.1 * scale * values.max() or 1)
    axes[1].set_xlabel(f"opening of the loaded ends [{unit}]")
    axes[1].set_xlim(left=0)
    figure.align_ylabels(axes)
    return figure


def cycles(run: Run) -> Figure:
    """Return lowest and highest active fraction of each cycle, and mean damage at its end where there is a bond."""
    cycle, fraction = run.column("cycle")[0], run.column("active fraction", run.weakest)[0]
    numbers = np.unique(cycle[cycle > 0])
    bonded = run.weakest in run.names("mean damage")
    figure = page(4.5 if bonded else 3.0)
    axes = figure.subplots(1 + bonded, 1, sharex=True, squeeze=False)[:, 0]
    for pick, label, colour in ((np.max, "highest", GREEN), (np.min, "lowest", VERMILION)):
        axes[0].plot(numbers, [pick(fraction[cycle == number]) for number in numbers], ".-", color=colour, label=label)
    axes[0].set_ylabel("active fraction $f_c$\nof the cycle")
    axes[0].legend()
    if bonded:
        damage = run.column("mean damage", run.weakest)[0]
        axes[1].plot(numbers, [damage[cycle == number][-1] for number in numbers], ".-", color=PURPLE)
        axes[1].set_ylabel("mean damage\nat its end")
    axes[-1].set_xlabel("cycle")
    # the first cycle has the number 1
    ticks = MaxNLocator(integer=True, steps=[1, 2, 5, 10]).tick_values(numbers[0], numbers[-1])
    axes[-1].set_xticks(np.unique([numbers[0], *ticks[(ticks > numbers[0]) & (ticks <= numbers[-1])]]))
    for ax in axes:
        ax.set_ylim(0, 1.05)
    figure.align_ylabels()
    return figure
