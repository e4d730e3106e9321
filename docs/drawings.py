"""What is drawn of a case that was run more than once, or that the pictures of a run do not show."""

from __future__ import annotations

from pathlib import Path

import matplotlib
import numpy as np
import pyvista
from matplotlib.animation import PillowWriter
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import NullFormatter, PercentFormatter, ScalarFormatter
from matplotlib.tri import CubicTriInterpolator, Triangulation

from interstice.solver.part import TENSOR
from interstice.solver.plot.cell import parts_of
from interstice.solver.plot.history import LOSSES
from interstice.solver.plot.run import Grid, Run, series
from interstice.solver.plot.style import BLUE, GREY, ORANGE, SKY, VERMILION, Array, page

LOW, HIGH = 3.0, 3.9
"""Cut-off voltages of the film [V]."""
SHARE = 0.5
"""Of the least capacity of the full cell, at which its overpotentials are compared."""
LINES = 60
"""Of current in a picture of a rough interface."""
CROWDING = (0.2, 0.5, 1, 2, 5, 10, 20)
"""Current density over the applied one, beside its colours."""
UPPER, LOWER = "upper/separator", "separator/lower"
"""The interfaces of the cell that is cycled."""
STROKES = {"charge": VERMILION, "discharge": BLUE}
"""Half a cycle, and its colour."""
VOID_FRAMES = 60
VOID_REACH, VOID_HEIGHTS = 1.5, (-40.0, 200.0)
"""What a movie shows of a void: the largest radius [µm], the lowest and the highest place [nm]."""
VOID_SCALE = 5
"""By how much heights are drawn larger than widths."""
HALO = [withStroke(linewidth=3, foreground="w")]
"""Around words on a picture."""

MEASURED = [(5, 110), (10, 50), (15, 40), (20, 35), (25, 32), (5, 50)]
"""Pressure [MPa] and resistance [Ω] of a cell Li / Li6PS5Cl / Li, in this order; see cases/pressure_hysteresis.yaml."""


def film_capacity_loss(runs: list[Run]) -> Figure:
    """Return the capacity lost over the contact area lost, at a low and a high cut-off voltage.

    Losses are those against the run that touches everywhere.
    """
    runs = sorted(runs, key=pressure)
    figure = page(3.8)
    curves, compared = figure.subplots(1, 2, width_ratios=[1.1, 1])
    lost = np.array([1.0 - run.at("active fraction", 0.0) for run in runs])
    if lost.min() > 0.0:
        raise SystemExit("one of the runs must touch everywhere")
    colours = matplotlib.colormaps["viridis"](np.linspace(0.9, 0.0, len(runs)))
    for run, area, colour in zip(runs, lost, colours, strict=True):
        charge, voltage = discharge(run)
        curves.plot(charge, voltage, color=colour, label=f"{pressure(run):.0f} MPa, $f_c$ = {1 - area:.2f}")
    for voltage, colour, name in ((LOW, BLUE, "low"), (HIGH, VERMILION, "high")):
        capacity = np.array([np.interp(-voltage, -discharge(run)[1], discharge(run)[0]) for run in runs])
        compared.plot(100 * lost, 100 * (1 - capacity / capacity[np.argmin(lost)]), "o-", color=colour)
        compared.lines[-1].set_label(f"{name} cut-off, {voltage} V")
        curves.axhline(voltage, color=colour, linewidth=0.8, linestyle="--", zorder=0)
    compared.plot([0, 100], [0, 100], color=GREY, linewidth=0.8, linestyle="--", label="as much as area")
    curves.set(xlabel="capacity [mAh/cm²]", ylabel="voltage [V]", xlim=(0, None), ylim=(2.95, 4.75))
    curves.legend(fontsize=8, loc="upper right", ncols=2)
    compared.set(
        xlabel="contact area lost [%]", ylabel="capacity lost [%]", xlim=(0, 100), ylim=(0, 100), aspect="equal"
    )
    compared.legend(loc="upper left")
    return figure


def full_cell(runs: list[Run]) -> Figure:
    """Return voltage over capacity of charge, hold and discharge, and what the discharge pays, by stack pressure."""
    runs = sorted(runs, key=pressure)
    figure = page(3.8)
    curves, bars = figure.subplots(1, 2, width_ratios=[1.6, 1])
    colours = (VERMILION, ORANGE, BLUE)
    for run, colour in zip(runs, colours, strict=True):
        charge, voltage = discharge(run)
        fraction = np.mean(run.column("active fraction", run.weakest)[0][steps(run, "discharge")])
        curves.plot(charge, voltage, color=colour, label=f"{pressure(run):.0f} MPa, $f_c$ = {fraction:.2f}")
        rows = np.concatenate([steps(run, "charge"), steps(run, "hold")])
        passed = 0.1 * run.column("net charge")[0][rows]
        curves.plot(passed, run.column("voltage")[0][rows], color=colour, linestyle="--")
        curves.annotate(
            f"{charge[-1]:.2f}",
            (charge[-1], voltage[-1]),
            xytext=(0, -11),
            textcoords="offset points",
            ha="center",
            color=colour,
        )
    curves.set(xlabel="capacity [mAh/cm²]", ylabel="voltage [V]", xlim=(0, None), ylim=(3.1, 4.3))
    curves.plot([], [], color=GREY, linestyle="--", label="charge and hold")
    curves.plot([], [], color=GREY, label="discharge")
    curves.legend(loc="lower right", fontsize=8)
    place = SHARE * min(discharge(run)[0][-1] for run in runs)
    stacked(bars, [losses_at(run, place) for run in runs], [f"{pressure(run):.0f}" for run in runs])
    bars.set(xlabel="stack pressure [MPa]", ylabel="overpotential [mV]")
    bars.set_title(f"after {place:.2g} mAh/cm² of the discharge")
    return figure


def afm_constriction(runs: list[Run]) -> Figure:
    """Return the current near the spots of a rough interface, and the overpotential of each pulse by its parts."""
    (run,) = runs
    figure = page(6.0)
    upper, lower = figure.subplots(2, 1, height_ratios=[1, 1.1])
    pulses = [rows[-1] for kind, rows in run.steps() if kind == "discharge"]
    fraction = run.column("active fraction")[0]
    names = [f"{1e-6 * run.column('stack pressure')[0][row]:.0f}\n{fraction[row]:.2g}" for row in pulses]
    stacked(lower, [{name: values[row] for name, values in losses(run).items()} for row in pulses], names)
    lower.set(ylabel="overpotential [mV]", xlabel="stack pressure [MPa]\nactive fraction $f_c$")
    shown = pulses[2]
    draw_current(upper, run, float(run.time[shown]))
    at = 1e-6 * run.column("stack pressure")[0][shown]
    upper.set_title(f"at {at:.0f} MPa, $f_c$ = {fraction[shown]:.2g}; black: where the sides touch")
    return figure


def cold_press(runs: list[Run]) -> Figure:
    """Return the active fraction over the stack pressure as a cell is pressed and relieved, and its voltage after that.

    The first of the runs is plastic, the second one elastic.
    """
    figure = page(3.5)
    loop, curve = figure.subplots(1, 2)
    for run, colour, name in zip(runs, (VERMILION, GREY), ("plastic", "elastic"), strict=True):
        press = np.concatenate([[0], steps(run, "press")])
        fraction, voltage = run.column("active fraction")[0], run.column("voltage")[0]
        loop.plot(1e-6 * run.column("stack pressure")[0][press], fraction[press], ".-", color=colour, label=name)
        after = np.concatenate([steps(run, "charge"), steps(run, "discharge")])
        used = slice(after.min() - 1, after.max() + 1)
        curve.plot((run.time[used] - run.time[used][0]) / 60, voltage[used], color=colour, label=name)
    loop.set(xlabel="stack pressure [MPa]", ylabel="active fraction $f_c$", xscale="log", yscale="log")
    loop.set(xticks=(1, 2, 5, 10, 20, 50), yticks=(0.01, 0.02, 0.05, 0.1, 0.2))
    for axis, form in ((loop.xaxis, ScalarFormatter()), (loop.yaxis, PercentFormatter(1.0, decimals=0))):
        axis.set_major_formatter(form)
        axis.set_minor_formatter(NullFormatter())
    loop.text(5.0, 0.047, "pressed", color=VERMILION)
    loop.text(2.2, 0.1, "relieved", color=VERMILION)
    loop.legend()
    curve.set(xlabel="time at 1 MPa [min]", ylabel="voltage [V]")
    return figure


def lithium_void(runs: list[Run]) -> Figure:
    """Return how much of a void is left over time under several pressures, and its shape under one of them."""
    runs = sorted(runs, key=pressure)
    figure = page(3.5)
    curves, shapes = figure.subplots(1, 2)
    for run, colour in zip(runs, (ORANGE, BLUE, VERMILION), strict=True):
        volume = run.column("void volume")[0]
        curves.plot(run.time, volume / volume[0], color=colour, label=f"{pressure(run):.0f} MPa")
    middle = runs[len(runs) // 2]
    number, words = middle.column("step")[0], ("stripped", "at rest", "plated")
    ends = [float(middle.time[number == step][-1]) for step in (1, 2, 3)]
    for time, name, style in zip([0.0, *ends], ("start", *words), ("-", "--", ":", "-."), strict=True):
        grid = middle.fields("interface", time, ["gap"])
        order = np.argsort(grid.points[:, 0])
        shapes.plot(1e6 * grid.points[order, 0], 1e9 * grid["gap"][order], style, color=BLUE, label=name)
    for end in ends[:-1]:
        curves.axvline(end, color=GREY, linewidth=0.8)
    for word, end, start in zip(words, ends, [0.0, *ends[:-1]], strict=True):
        curves.text((start + end) / 2, 1.33, word, ha="center", color=GREY)
    curves.set(xlabel="time [s]", ylabel="volume of the void over that at the start", ylim=(0, 1.4), xlim=(0, ends[-1]))
    shapes.set(xlabel="r [µm]", ylabel="gap [nm]", ylim=(0, None), xlim=(0, 1.2))
    shapes.set_title(f"under {pressure(middle):.0f} MPa")
    curves.legend(frameon=True, framealpha=1.0, edgecolor="none")
    shapes.legend()
    return figure


def lithium_void_movie(run: Run, path: Path) -> None:
    """Write the section of a void through its axis in time, and how much of it is left."""
    figure = page(5.4)
    section, curve = figure.subplots(2, 1, height_ratios=[3, 1])
    volume = run.column("void volume")[0] / run.column("void volume")[0][0]
    curve.plot(run.time, volume, color=VERMILION)
    curve.set(xlabel="time [s]", ylabel="volume over that\nat the start", ylim=(0, 1.15), xlim=(0, run.time[-1]))
    words = {"charge": "stripped", "rest": "at rest", "discharge": "plated"}
    for kind, rows in run.steps():
        start, end = run.time[rows[0] - 1], run.time[rows[-1]]
        curve.axvline(end, color=GREY, linewidth=0.8)
        curve.text((start + end) / 2, 1.2, words[kind], ha="center", color=GREY)
    (now,) = curve.plot([], [], "o", color=VERMILION, clip_on=False)
    times = run.times("interface")
    first = run.fields("interface", times[0], ["gap"])
    writer = PillowWriter(fps=8)
    with writer.saving(figure, path, dpi=110):
        for wanted in np.linspace(0.0, times[-1], VOID_FRAMES):
            time = min(times, key=lambda each: abs(each - wanted))
            section.clear()
            _draw_void(section, run.fields("interface", time, ["gap", "stripped_thickness"]))
            section.plot(*_mirrored(first, first["gap"]), "--", color=GREY, label="the void at the start")
            section.set(xlabel="r [µm]", xlim=(-VOID_REACH, VOID_REACH), ylim=VOID_HEIGHTS, aspect=1e-3 * VOID_SCALE)
            section.set_ylabel(f"height [nm], drawn × {VOID_SCALE}")
            section.set_title(f"under {pressure(run):.0f} MPa, {time:.0f} s")
            section.legend(loc="upper right")
            now.set_data([time], [np.interp(time, run.time, volume)])
            writer.grab_frame()


def _draw_void(ax: Axes, face: Grid) -> None:
    """Draw lithium, what was plated below it, the void and the electrolyte, mirrored at the axis."""
    low, high = VOID_HEIGHTS
    place, gap = _mirrored(face, face["gap"])
    _, plated = _mirrored(face, np.maximum(-face["stripped_thickness"], 0.0))
    ax.fill_between(place, gap + plated, high, color=SKY, linewidth=0)
    ax.fill_between(place, gap, gap + plated, color=BLUE, linewidth=0, label="plated since the start")
    ax.fill_between(place, low, 0.0, color="#BBBBBB", linewidth=0)
    ax.plot(place, gap, color="k", linewidth=1.2)
    for word, height in (("lithium", 0.85 * high), ("electrolyte", low / 2)):
        ax.text(-0.95 * VOID_REACH, height, word, va="center")


def _mirrored(face: Grid, heights: Array) -> tuple[Array, Array]:
    """Return r [µm] and heights [nm] at the nodes of a face, on both sides of the axis."""
    order = np.argsort(face.points[:, 0])
    place, height = 1e6 * face.points[order, 0], 1e9 * heights[order]
    return np.concatenate([-place[::-1], place]), np.concatenate([height[::-1], height])


def lithium_stripping(runs: list[Run]) -> Figure:
    """Return how lithium presses on a rough interface and its gap, at rest and under current: lost and kept contact."""
    runs = sorted(runs, key=pressure)
    figure = page(4.8)
    columns = figure.subplots(2, len(runs), sharex=True, sharey="row").T
    passed = [0.1 * run.column("net charge")[0][-1] for run in runs]
    blocked = np.False_
    for run, charge, (above, below) in zip(runs, passed, columns, strict=True):
        rest, current = (float(run.time[rows[-1]]) for _, rows in list(run.steps())[:2])
        for time, colour, name in ((rest, GREY, "at rest"), (current, VERMILION, "at the end of the current")):
            grid = run.fields("interface", time, ["pressure", "gap", "contacted"])
            order = np.argsort(grid.points[:, 0])
            x = 1e6 * grid.points[order, 0]
            above.plot(*pressing(run, "electrode", "", time), color=colour, label=name)
            below.plot(x, 1e9 * grid["gap"][order], color=colour)
            blocked = blocked | ((grid["pressure"][order] > 0.0) & (grid["contacted"][order] == 0.0))
        end = "kept" if charge == max(passed) else "then an open circuit"
        above.set_title(f"under {pressure(run):g} MPa, {charge:.2g} mAh/cm², {end}")
        below.set(xlabel="x [µm]", xlim=(0, x[-1]))
    shade = {"step": "mid", "color": "#DDDDDD", "linewidth": 0, "zorder": 0}
    for ax in columns.flat:
        ax.fill_between(x, 0, 1, blocked, transform=ax.get_xaxis_transform(), label="blocked", **shade)
    above, below = columns[0]
    above.set(ylabel="the lithium presses by [MPa]", ylim=(0, None))
    below.set(ylabel="gap [nm]", ylim=(0, None))
    columns[-1][1].legend(*above.get_legend_handles_labels(), frameon=True, framealpha=1.0, edgecolor="none")
    return figure


def anode_free(runs: list[Run]) -> Figure:
    """Return voltage, the film that grows on the collector and the stoichiometry of the cathode over time."""
    (run,) = runs
    figure = page(3.2)
    voltage, film, host = figure.subplots(1, 3)
    hours = run.time / 3600
    plated, rise = (
        1e6 * run.column(*name)[0]
        for name in (("mean plated thickness", "separator/collector"), ("thickness change", ""))
    )
    least, mean, most = (run.column(f"{which} stoichiometry", "cathode")[0] for which in ("min", "mean", "max"))
    voltage.plot(hours, run.column("voltage")[0], color=BLUE)
    voltage.set(ylabel="voltage [V]", ylim=(2.9, 4.4))
    film.plot(hours, plated, color=VERMILION, label="film of lithium")
    film.plot(hours, rise, ":", color="k", label="rise of the stack")
    film.text(hours[-1], plated[-1] - 0.15, f"{plated[-1]:.2f} µm stay", ha="right", va="top", path_effects=HALO)
    film.set(ylabel="thickness [µm]", ylim=(0, 2.5))
    host.fill_between(hours, least, most, color=SKY, alpha=0.5, linewidth=0, label="least to most")
    host.plot(hours, mean, color=BLUE, label="mean")
    host.set(ylabel="stoichiometry θ of the cathode", ylim=(0.3, 1.15))
    for ax in (voltage, film, host):
        ax.set(xlabel="time [h]", xlim=(0, 1.08 * hours[-1]))
        for _, rows in run.steps():
            ax.axvline(hours[rows[-1]], color=GREY, linewidth=0.8, zorder=0)
    for kind in STROKES:
        rows = steps(run, kind)
        voltage.text((hours[rows[0]] + hours[rows[-1]]) / 2, 4.3, kind, ha="center", color=GREY, fontsize=8)
    for ax in (film, host):
        ax.legend(loc="upper left", frameon=True, framealpha=1.0, edgecolor="none", borderpad=0.1)
    return figure


def lithium_cycle(runs: list[Run]) -> Figure:
    """Return what goes to and fro in each cycle, what conducts, the voltage, and how lithium presses on an interface.

    The second of the runs is the first cycle on a finer mesh.
    """
    run, fine = runs
    figure = page(5.4)
    rows = ("moved", "conducts", "voltage")
    axes = figure.subplot_mosaic([[row, "place"] for row in rows], width_ratios=[1.6, 1])
    moved, conducts, voltage, place = (axes[name] for name in (*rows, "place"))
    hours = run.time / 3600
    for face, colour in ((UPPER, BLUE), (LOWER, VERMILION)):
        conducts.plot(hours, run.column("active fraction", face)[0], color=colour, label=face)
    moved.plot(hours, 1e9 * run.column("mean stripped thickness", UPPER)[0], color=BLUE, label="stripped from upper")
    plated = 1e9 * run.column("mean plated thickness", LOWER)[0]
    moved.plot(hours, plated, "--", color=VERMILION, label="plated on lower")
    voltage.plot(hours, 1e3 * run.column("voltage")[0], color=GREY)
    moved.set(ylabel="thickness [nm]", ylim=(0, 1.5 * plated.max()))
    conducts.set(ylabel="active fraction $f_c$", ylim=(0, 1.2))
    voltage.set(ylabel="voltage [mV]", xlabel="time [h]")
    for ax in (moved, conducts, voltage):
        ax.set(xlim=(0, hours[-1]))
    for ax in (moved, conducts):
        ax.legend(loc="upper right", ncols=2)
        ax.tick_params(labelbottom=False)
    for each, style, note in ((run, ":", ", 625 nm"), (fine, "-", ", 312.5 nm")):
        first = dict(reversed(list(each.steps())))
        blocked = np.True_
        for kind, colour in STROKES.items():
            end = float(each.time[first[kind][-1]])
            grid = each.fields(series(LOWER), end, ["contacted"])
            order = np.argsort(grid.points[:, 0])
            place.plot(*pressing(each, "lower", LOWER, end), style, color=colour, label=f"{kind}{note}", zorder=3)
            blocked = blocked & (grid["contacted"][order] < 0.5)
    x = 1e6 * grid.points[order, 0]
    place.fill_between(x, 0.0, 10.0, where=blocked, step="mid", color="#DDDDDD", linewidth=0, label="blocked")
    place.set(xlabel="x [µm]", ylabel=f"lower presses on {LOWER} by [MPa]", ylim=(0, 10), xlim=(0, x[-1]))
    place.set_title("at the end of a step of cycle 1")
    place.legend(loc="upper right", frameon=True, framealpha=1.0, edgecolor="none")
    return figure


def pressure_hysteresis(runs: list[Run]) -> Figure:
    """Return the resistance of an interface as it is pressed and relieved, and how much of its gain that is.

    The first of the runs conducts by P/H, the second one by a resolved patch.
    """
    figure = page(3.5)
    loop, share = figure.subplots(1, 2)
    for run, colour, width, name in zip(runs, (VERMILION, BLUE), (4, 1.5), ("P/H", "resolved patch"), strict=True):
        line = {"color": colour, "linewidth": width, "markersize": 4 + width}
        pulses = [rows[-1] for kind, rows in run.steps() if kind == "charge"]
        pressures = 1e-6 * run.column("stack pressure")[0][pulses]
        lost = sum(run.column(f"{part} overpotential")[0][pulses] for part in ("kinetic", "micro-constriction"))
        resistance = 1e4 * lost / run.column("current density")[0][pulses]
        loop.plot(pressures, resistance, "o-", label=name, **line)
        share.plot(pressures, missing(resistance), "o-", **line)
    pressures, resistance = np.array(MEASURED).T
    share.plot(pressures, missing(resistance), "s--", color=GREY, label="measured, a cell\n(Doux et al. 2020)")
    loop.set(xlabel="stack pressure [MPa]", ylabel="resistance of the interface [Ω cm²]", xlim=(0, 27), ylim=(0, None))
    share.set(
        xlabel="stack pressure [MPa]",
        ylabel="share of the gain that is missing\n$(R - R_{min})/(R_{first} - R_{min})$",
        xlim=(0, 27),
        ylim=(-0.03, 1.03),
    )
    for ax, height, low in ((loop, 33.0, 14.4), (share, 0.4, 0.05)):
        ax.text(10.7, height, "pressed", color=GREY)
        ax.text(6.2, low, "relieved", color=GREY)
    loop.legend()
    share.legend()
    return figure


def missing(resistance: np.ndarray) -> np.ndarray:
    """Return the part of what pressing gained at most that each of the resistances lacks."""
    return (resistance - resistance.min()) / (resistance[0] - resistance.min())


def draw_current(ax: Axes, run: Run, time: float) -> None:
    """Draw the current density in the electrolyte over the applied one, and lines between which as much flows.

    The gradient of the potential is averaged to the nodes.
    """
    grid = run.fields("cell", time, ["potential", "side"])
    surface = run.fields("interface", time, ["contacted"])
    (part,) = (part for part in parts_of(grid) if not part.host)
    x, y, _ = 1e6 * part.grid.points.T
    triangles = Triangulation(x, y, part.grid.cells_dict[pyvista.CellType.TRIANGLE])
    potential = CubicTriInterpolator(triangles, part.grid["potential"], kind="geom")
    places = np.meshgrid(np.linspace(x.min(), x.max(), 1001), np.linspace(y.min(), y.max() - 0.01, 301))
    along, up = potential.gradient(*places)
    even = np.mean(up[0])
    crowding = np.hypot(along, up) / abs(even)
    colours = {"cmap": "magma_r", "norm": LogNorm(CROWDING[0], CROWDING[-1])}
    drawn = ax.pcolormesh(*places, crowding, **colours, shading="gouraud", rasterized=True)
    bar = ax.figure.colorbar(drawn, ax=ax, label="current density\nover the applied one", extend="both", pad=0.01)
    bar.set_ticks(CROWDING, labels=[f"{value:g}" for value in CROWDING])
    bar.minorticks_off()
    starts = x.min() + (np.arange(LINES) + 0.5) / LINES * np.ptp(x)
    begin = np.stack([starts, np.full(LINES, y.min() + 0.02)], axis=1)
    options = {"color": BLUE, "linewidth": 0.7, "arrowsize": 0.6, "density": 30, "maxlength": 30.0}
    ax.streamplot(*places, along / even, up / even, start_points=begin, **options)
    ax.axhspan(0.0, 0.35, color="#DDDDDD", linewidth=0)
    ax.text(0.1, 0.16, "electrode", va="center")
    ax.text(0.1, y.min() + 0.2, "electrolyte", va="center", path_effects=HALO)
    touching = surface["contacted"] > 0.5
    ax.plot(1e6 * surface.points[touching, 0], np.zeros(touching.sum()), "ks", markersize=3, clip_on=False)
    ax.set(xlabel="x [µm]", ylabel="y [µm]", ylim=(y.min(), 0.35), aspect="equal")


def pressing(run: Run, side: str, interface: str, time: float) -> tuple[Array, Array]:
    """Return x [µm] and the stress with which a side presses on a level interface [MPa].

    It is the mean of its elements at each node: where sides flow, the pressure of contact itself changes from corner to
    midpoint of their facets.
    """
    (grid,) = (part.grid for part in parts_of(run.fields("cell", time, ["stress"])) if part.name == side)
    level = run.fields(series(interface), time, []).points[0, 1]
    nodes = np.flatnonzero(np.abs(grid.points[:, 1] - level) < 1e-6 * grid.length)
    nodes = nodes[np.argsort(grid.points[nodes, 0])]
    return 1e6 * grid.points[nodes, 0], -1e-6 * grid["stress"][nodes, TENSOR.index("yy")]


def steps(run: Run, kind: str) -> np.ndarray:
    """Return the numbers of the rows of all steps of a kind."""
    return np.concatenate([rows for each, rows in run.steps() if each == kind])


def discharge(run: Run) -> tuple[np.ndarray, np.ndarray]:
    """Return capacity [mAh/cm²] and voltage [V] of the discharge."""
    rows = steps(run, "discharge")
    return 0.1 * run.column("capacity")[0][rows], run.column("voltage")[0][rows]


def losses_at(run: Run, capacity: float) -> dict[str, float]:
    """Return the overpotentials [mV] when a capacity [mAh/cm²] has been discharged."""
    rows, charge = steps(run, "discharge"), discharge(run)[0]
    return {name: float(np.interp(capacity, charge, values[rows])) for name, values in losses(run).items()}


def losses(run: Run) -> dict[str, np.ndarray]:
    """Return the size of each of the overpotentials [mV] at every row."""
    there = [name for name in LOSSES if run.has(f"{name} overpotential")]
    return {name: 1e3 * np.abs(run.column(f"{name} overpotential")[0]) for name in there}


def pressure(run: Run) -> float:
    """Return the stack pressure at the start [MPa]."""
    return 1e-6 * run.at("stack pressure", 0.0)


def stacked(ax: Axes, bars: list[dict[str, float]], names: list[str]) -> None:
    """Draw losses as bars on top of each other, with their sum."""
    bottom = np.zeros(len(bars))
    for name in bars[0]:
        values = np.array([bar[name] for bar in bars])
        if values.max() > 1e-3 * max(sum(bar.values()) for bar in bars):
            ax.bar(names, values, 0.6, bottom, color=LOSSES[name], label=name)
        bottom += values
    for index, total in enumerate(bottom):
        ax.annotate(f"{total:.0f}", (index, total), xytext=(0, 2), textcoords="offset points", ha="center")
    ax.set_ylim(bottom=0)
    ax.legend(fontsize=8)
