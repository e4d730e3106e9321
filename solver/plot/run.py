"""What a run wrote: its history and its field series, of one interface and electrode or of several by their names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

import numpy as np
import numpy.typing as npt
import pandas
import pyvista

from interstice.solver.history import KIND
from interstice.solver.output import LENGTHS
from interstice.solver.part import TENSOR
from interstice.solver.plot.style import Array
from interstice.solver.results import written_case
from interstice.solver.units import split_unit
from interstice.solver.vtkhdf import Kind, SeriesReader

SAME_TIME = 1e-6
"""Relative difference of times as they are written and as people type them."""
Grid = Any
"""A pyvista.UnstructuredGrid; the types PyVista gives its arrays are wrong."""


class MissingSeriesError(ValueError):
    """A run has no series of this name; the text names the file."""


@dataclass(frozen=True)
class Moment:
    """A time [s] of the field series, with what to call it."""

    label: str
    time: float


class Run:
    """The history and the field series of a results folder.

    What there is one of has the name "".
    """

    def __init__(self, directory: Path, asked: Sequence[float] = ()) -> None:
        """Read the run in a folder; `asked` are the times [s] of its pictures, if not those that tell most.

        ValueError where there is no history, or it has no such times.
        """
        self.directory, self.asked = directory, asked
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
        last = self.time[-1]
        for time in asked:
            if not 0.0 <= time <= last * (1 + SAME_TIME):
                raise ValueError(
                    f"--time: {time:g} s is not in the run in {directory}, which lasts from 0 to {last:g} s"
                )

    @classmethod
    def of(cls, table: pandas.DataFrame) -> Run:
        """Return the run whose history is `table`, with the columns of history.csv; it has no field series."""
        run = cls.__new__(cls)
        run.directory, run.asked, run.table = Path(), (), table
        run.time = run.column("time")[0]
        return run

    @cached_property
    def axes(self) -> tuple[str, ...]:
        """What the coordinates are called: r and z in an axisymmetric cell, else x, y, z."""
        geometry = written_case(self.directory).get("geometry")
        return ("r", "z") if isinstance(geometry, dict) and geometry.get("axisymmetric") is True else ("x", "y", "z")

    def names(self, quantity: str) -> list[str]:
        """Return the names of the interfaces or electrodes of which the history has a quantity."""
        found = (re.fullmatch(rf"{re.escape(quantity)}(?: of (.+))? \[[^\]]*\]", header) for header in self.table)
        return [match[1] or "" for match in found if match]

    def has(self, quantity: str) -> bool:
        """Return whether the history has a quantity, of anything."""
        return bool(self.names(quantity))

    def column(self, quantity: str, name: str = "") -> tuple[Array, str]:
        """Return the values of a history column and its unit."""
        path = self.directory / "history.csv"
        title = f"{quantity} of {name}" if name else quantity
        for header in self.table:
            if header.startswith(f"{title} ["):
                try:
                    return self.table[header].to_numpy(float), split_unit(header)[1]
                except ValueError as error:
                    raise ValueError(f"{path}: column '{header}' holds something that is no number ({error})") from None
        raise ValueError(f"{path}: there is no column '{title} [unit]'")

    def at(self, quantity: str, time: float, name: str = "") -> float:
        """Return the value of a history column at the row nearest in time."""
        return float(self.column(quantity, name)[0][np.argmin(np.abs(self.time - time))])

    def steps(self) -> Iterator[tuple[str, npt.NDArray[np.intp]]]:
        """Yield the kind (charge, discharge, hold, rest, press, open) of each protocol step and its row numbers."""
        if KIND not in self.table:
            raise ValueError(f"{self.directory / 'history.csv'}: there is no column '{KIND}'")
        number = self.column("step")[0]
        for step in np.unique(number[number > 0]):
            rows = np.flatnonzero(number == step)
            yield str(self.table[KIND][rows[0]]), rows

    @cached_property
    def interfaces(self) -> list[str]:
        """The interfaces that may open; those that are bonded have no gap."""
        return self.names("mean gap")

    @cached_property
    def weakest(self) -> str:
        """The interface whose active fraction falls lowest."""
        return min(self.interfaces, key=lambda name: self.column("active fraction", name)[0].min())

    def fields_of(self, series: str) -> list[str]:
        """Return the names of the fields of a series; none if there is no such series."""
        try:
            grid = self.fields(series, self.times(series)[0], [])
        except MissingSeriesError:
            return []
        return [name for data in (grid.point_data, grid.cell_data) for name in data]

    def times(self, series: str) -> list[float]:
        """Return the times [s] of a field series."""
        path = self._path(series)
        if path.suffix == ".pvd":
            return [float(time) for time in _pieces(path).time_values]
        with SeriesReader(path) as reader:
            return reader.times()

    def moments(self, name: str) -> list[Moment]:
        """Return the first moment (under current, if any), that of the lowest active fraction, and the last.

        Where times were asked for, those of the series next to them instead.
        """
        times = self.times(series(name))
        if self.asked:
            return [Moment("", min(times, key=lambda time: abs(time - asked))) for asked in self.asked]
        flowing = [time for time in times if self.at("current density", time) != 0.0]
        fraction = {time: self.at("active fraction", time, name) for time in times}
        # where nothing opens, the end has most to show
        lowest = times[-1] if len(set(fraction.values())) == 1 else min(times, key=fraction.__getitem__)
        start = "first under current" if flowing and flowing[0] > times[0] else "start"
        moments = {
            time: Moment(label, time)
            for label, time in ((start, (flowing or times)[0]), ("end", times[-1]), ("lowest $f_c$", lowest))
        }
        return [moments[time] for time in sorted(moments)]

    def lowest(self, name: str) -> list[Moment]:
        """Return the moment of lowest active fraction of an interface, or those asked for."""
        return [moment for moment in self.moments(name) if self.asked or moment.label.startswith("lowest")]

    def fields(self, series: str, time: float, names: Iterable[str]) -> Grid:
        """Return a series at a time as a grid in SI; ValueError unless it has the fields `names`."""
        path = self._path(series)
        if path.suffix == ".pvd":
            grid = _piece(path, time)
        else:
            with SeriesReader(path) as reader:
                grid = grid_of(reader, int(np.argmin(np.abs(np.array(reader.times()) - time))))
        missing = [name for name in names if name not in grid.point_data and name not in grid.cell_data]
        if missing:
            raise ValueError(f"{path}: the fields at {time:g} s lack '{missing[0]}'")
        return _in_metres(grid)

    def _path(self, series: str) -> Path:
        """Return the file of a series; runs wrote .pvd before there was the other."""
        paths = [self.directory / f"{series}{suffix}" for suffix in (".vtkhdf", ".pvd")]
        for path in paths:
            if path.exists():
                return path
        raise MissingSeriesError(f"{paths[0]}: not found; the folder of a run's results is needed")


def grid_of(series: SeriesReader, step: int) -> Grid:
    """Return a step of a series as a grid, in the units of the file."""
    points, cells, types = series.mesh()
    grid = pyvista.UnstructuredGrid({int(types[0]): cells}, points)
    kinds: tuple[tuple[Kind, Any], ...] = ("point", grid.point_data), ("cell", grid.cell_data)
    for kind, data in kinds:
        for name in series.names(kind):
            values = series.values(kind, name, step)
            data[name] = values
            if values.ndim > 1 and values.shape[1] == len(TENSOR):
                for number, component in enumerate(TENSOR):
                    data.GetArray(name).SetComponentName(number, component)
    for name in ("side", "units"):
        grid.field_data[name] = series.words(name)
    return grid


def _pieces(path: Path) -> pyvista.PVDReader:
    try:
        return pyvista.PVDReader(path)
    except (ParseError, AttributeError, KeyError, IndexError, TypeError, ValueError):
        raise ValueError(f"{path}: is damaged, this is no index of a field series") from None


def _piece(path: Path, time: float) -> Grid:
    """Return all pieces of a time of a .pvd series as one grid."""
    reader = _pieces(path)
    try:
        reader.set_active_time_value(time)
        with pyvista.VtkErrorCatcher(raise_errors=True, send_to_logging=False):
            return reader.read().combine(merge_points=False)
    except (RuntimeError, OSError, ValueError):
        raise ValueError(
            f"{path}: the fields at {time:g} s, in {path.parent / 'fields'}, are missing or damaged"
        ) from None


def _in_metres(grid: Grid) -> Grid:
    """Return the grid with coordinates and lengths in m, whatever they were written in."""
    units = _units(grid)
    grid.points = grid.points / LENGTHS[units["coordinates"]]
    for data in (grid.point_data, grid.cell_data):
        for name in data:
            if units.get(name) in LENGTHS:
                data[name] = data[name] / LENGTHS[units[name]]
    return grid


def _units(grid: Grid) -> dict[str, str]:
    """Return the units in which a grid was written, by the names of its fields."""
    return dict(split_unit(str(entry)) for entry in grid.field_data["units"])


def unit_of(grid: Grid, field: str) -> str:
    """Return the unit of a field of a grid that `Run.fields` returned; "1" where it has none."""
    unit = _units(grid).get(field) or "1"
    return "m" if unit in LENGTHS else unit


def series(name: str) -> str:
    """Return the name of the field series of an interface."""
    return name.replace("/", "-") if name else "interface"
