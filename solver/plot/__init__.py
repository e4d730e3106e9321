"""Pictures of a run: its history, its interfaces, its deformed cell, all from the files it wrote."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path

import matplotlib
from matplotlib.figure import Figure

from interstice.solver.plot.cell import cell
from interstice.solver.plot.field import field
from interstice.solver.plot.history import against_time, crack, cycles, history, voltage_capacity
from interstice.solver.plot.interface import interface
from interstice.solver.plot.movie import movie
from interstice.solver.plot.run import Run, series
from interstice.solver.plot.style import STYLE, WIDTH, sized
from interstice.solver.results import refuse_links
from interstice.solver.units import split_unit

FORMATS = ("png", "pdf", "svg")
INCH = 0.0254
"""[m]"""
SMALLEST, LARGEST = 2.0, 40.0
"""Width of a picture [inch]."""

Pictures = dict[str, Callable[[], Figure]]


def plot(
    directory: Path,
    form: str = "png",
    quantities: Sequence[str] = (),
    times: Sequence[float] = (),
    width: float = WIDTH,
) -> list[Path]:
    """Draw the pictures of the run in `directory` into its folder ``plots``; return their paths.

    `form` is one of FORMATS, `quantities` are names of columns of the history and of fields, `times` [s] those of the
    pictures of fields, `width` that of a picture [inch]. Without quantities there are the pictures that every run has,
    and the movie. ValueError says which file is missing or damaged, or which quantities there are.
    """
    run = Run(directory, times)
    pictures = _chosen(run, quantities) if quantities else _usual(run)
    folder = directory / "plots"
    refuse_links(directory, folder.name)
    folder.mkdir(exist_ok=True)
    paths = []
    with matplotlib.rc_context(sized(width)):
        for name, draw in pictures.items():
            paths.append(folder / f"{name}.{form}")
            draw().savefig(paths[-1])
        if run.interfaces and not quantities:
            paths.append(folder / "opening.gif")
            movie(run, run.weakest, paths[-1])
    return paths


def curves(run: Run) -> dict[str, Figure]:
    """Return the figures that a history alone makes, by their names."""
    with matplotlib.rc_context(STYLE):
        return {name: draw() for name, draw in _curves(run).items()}


def _curves(run: Run) -> Pictures:
    """Return what draws the curves that a run has."""
    drawn: Pictures = {"history": partial(history, run)}
    if run.has("capacity") and any(kind in ("charge", "discharge") for kind, _ in run.steps()):
        drawn["voltage_capacity"] = partial(voltage_capacity, run)
    if run.has("opening") and run.column("opening")[0].max() > 0:
        drawn["crack"] = partial(crack, run)
    if run.has("cycle") and run.column("cycle")[0].max() > 1:
        drawn["cycles"] = partial(cycles, run)
    return drawn


def _usual(run: Run) -> Pictures:
    """Return what draws the pictures that every run has."""
    pictures = _curves(run)
    for name in run.interfaces:
        pictures[_named("interface", name)] = partial(interface, run, name, run.moments(name))
    if run.interfaces:
        moments = run.lowest(run.weakest)
        for number, moment in enumerate(moments, start=1):
            pictures[f"cell_{number}" if len(moments) > 1 else "cell"] = partial(cell, run, moment)
    return pictures


def _chosen(run: Run, quantities: Sequence[str]) -> Pictures:
    """Return what draws quantities: columns against time, fields of interfaces and of the cell at moments."""
    quantities = [quantity.replace("_", " ") for quantity in quantities]
    pictures: Pictures = {}
    columns = {split_unit(header)[0].split(" of ")[0] for header in run.table}
    known = set(columns)
    if there := [quantity for quantity in quantities if quantity in columns]:
        pictures["quantities"] = partial(against_time, run, there)
    for name in run.interfaces:
        fields = _spelled(run.fields_of(series(name)))
        known |= set(fields)
        if drawn := [fields[quantity] for quantity in quantities if quantity in fields]:
            picture = _named("quantities_interface", name)
            pictures[picture] = partial(interface, run, name, run.moments(name), drawn)
    fields = _spelled(run.fields_of("cell"))
    known |= set(fields)
    for quantity in quantities:
        if quantity in fields:
            pictures[f"cell_{quantity.replace(' ', '_')}"] = partial(field, run, fields[quantity])
        elif quantity not in known:
            raise ValueError(f"no quantity '{quantity}' in {run.directory}; there are {', '.join(sorted(known))}")
    return pictures


def _spelled(fields: Iterable[str]) -> dict[str, str]:
    """Return the names of fields by how people write them, with blanks."""
    return {field.replace("_", " "): field for field in fields}


def _named(kind: str, name: str) -> str:
    """Return the name of the picture of an interface, by which one if there are several."""
    return f"{kind}_{name.replace('/', '-')}" if name else kind
