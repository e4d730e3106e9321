"""Pictures of a run: its history, its interfaces, its deformed cell, all from the files it wrote."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import matplotlib
from matplotlib.figure import Figure

from interstice.solver.plot.cell import cell
from interstice.solver.plot.history import crack, cycles, history, voltage_capacity
from interstice.solver.plot.interface import interface
from interstice.solver.plot.movie import movie
from interstice.solver.plot.run import Run
from interstice.solver.plot.style import STYLE


def plot(directory: Path) -> list[Path]:
    """Draw the pictures of the run in `directory` into its folder ``plots``; return their paths.

    ValueError says which file is missing or damaged.
    """
    run = Run(directory)
    pictures = {f"{name}.png": draw for name, draw in _curves(run).items()}
    for name in run.interfaces:
        pictures[f"interface_{name.replace('/', '-')}.png" if name else "interface.png"] = partial(interface, name=name)
    pictures["cell.png"] = cell
    folder = directory / "plots"
    folder.mkdir(exist_ok=True)
    with matplotlib.rc_context(STYLE):
        for picture, draw in pictures.items():
            draw(run).savefig(folder / picture)
        if run.interfaces:
            movie(run, run.weakest, folder / "opening.gif")
    return [folder / picture for picture in (*pictures, *(["opening.gif"] if run.interfaces else []))]


def curves(run: Run) -> dict[str, Figure]:
    """Return the figures that a history alone makes, by their names."""
    with matplotlib.rc_context(STYLE):
        return {name: draw(run) for name, draw in _curves(run).items()}


def _curves(run: Run) -> dict[str, Callable[[Run], Figure]]:
    """Return what draws the curves that a run has."""
    drawn: dict[str, Callable[[Run], Figure]] = {"history": history}
    if run.has("capacity"):
        drawn["voltage_capacity"] = voltage_capacity
    if run.has("opening") and run.column("opening")[0].max() > 0:
        drawn["crack"] = crack
    if run.has("cycle") and run.column("cycle")[0].max() > 1:
        drawn["cycles"] = cycles
    return drawn
