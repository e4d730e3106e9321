"""Tables that a protocol step follows: time, and current or pressure or both, from a file of text.

    time [s], current [mA/cm^2], pressure [MPa]
    0, 0, 5
    10, 0.5, 5
    10, -0.5, 5
    20, -0.5, 6

The dimension of its unit tells what a column is. Times count from the first row.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path

import numpy as np

from interstice.schema import Follow, Galvanostatic, Oscillate, Scale, Step, files, units
from interstice.schema.problems import brief
from interstice.solver.course import Polyline

WEIGHT = 100.0
"""The pressure of a platen that presses no more, where it alone holds a side [Pa]: that of a millimetre of steel."""
LARGEST = 20_000_000
"""Bytes of a file that are read."""
_KINDS = {
    "time": units.unit(units.Time),
    "current_density": units.unit(units.CurrentDensity),
    "specific_current": units.unit(units.SpecificCurrent),
    "pressure": units.unit(units.Pressure),
}
_CURRENTS = ("current_density", "specific_current", "c_rate")
_HEADER = re.compile(r"\s*(.*?)\s*(?:\[(.*)\]|\((.*)\)|/\s(.*))\s*")
_ALLOWED = "allowed are 'time [s]' and one or both of 'current [mA/cm^2]' (or [mA/g], [C]) and 'pressure [MPa]'"


class ProfileError(ValueError):
    """A table that cannot be followed; the text says which line, what was found and what is allowed."""


class Profile:
    """A table, which may have a current, a pressure, or both."""

    def __init__(self, columns: dict[str, list[float]]) -> None:
        times = np.array(columns["time"])
        self._times = times - times[0]
        self._kind = next((kind for kind in _CURRENTS if kind in columns), "")
        self._current, self._pressure = columns.get(self._kind), columns.get("pressure")

    @property
    def duration(self) -> float:
        """How long it is [s]."""
        return float(self._times[-1])

    @property
    def lines(self) -> int:
        """Between how many pairs of rows it goes straight, or jumps."""
        return len(self._times) - 1

    @property
    def per_mass(self) -> bool:
        """Whether the current is one per mass."""
        return self._kind == "specific_current"

    @property
    def per_capacity(self) -> bool:
        """Whether the current is one in C-rates."""
        return self._kind == "c_rate"

    @property
    def presses(self) -> bool:
        """Whether there is a pressure."""
        return self._pressure is not None

    def pressure(self, least: float) -> Polyline | None:
        """Return the pressure of the platen [Pa], or the `least` where that is more."""
        return None if self._pressure is None else Polyline(self._times, np.maximum(self._pressure, least))

    def current(self, scale: Scale) -> Polyline | None:
        """Return the current density [A/m²], > 0 on charge."""
        if self._current is None:
            return None
        factor = {"current_density": 1.0, "specific_current": scale.mass, "c_rate": scale.one_c}[self._kind]
        return Polyline(self._times, factor * np.array(self._current))


def read(path: Path) -> Profile:
    """Return the table of a file; ProfileError if there is none that can be followed."""
    try:
        text = files.text(path, LARGEST)
    except files.FileError as error:
        raise ProfileError(str(error)) from None
    try:
        rows = [
            (number, row)
            for number, row in enumerate(csv.reader(text.splitlines()), start=1)
            if row and any(cell.strip() for cell in row) and not row[0].lstrip().startswith("#")
        ]
    except csv.Error as error:
        raise ProfileError(f"no table with commas between its columns: {error}") from None
    if len(rows) < 3:
        raise ProfileError(f"a header and at least two rows are needed; {_ALLOWED}")
    (first, header), *body = rows
    kinds = [_kind(cell, first) for cell in header]
    names = [kind for kind, _ in kinds]
    for name in names:
        if names.count(name) > 1:
            raise ProfileError(f"line {first}: the {name.replace('_', ' ')} is given twice")
    currents = [name for name in names if name in _CURRENTS]
    if "time" not in names or len(names) == 1 or len(currents) > 1:
        given = brief(", ".join(map(repr, header)), quotes=False, longest=200)
        raise ProfileError(f"line {first}: the columns are {given}; {_ALLOWED}")
    columns: dict[str, list[float]] = {name: [] for name in names}
    for number, row in body:
        if len(row) != len(header):
            raise ProfileError(f"line {number}: {len(row)} values where the header has {len(header)} columns")
        for (name, factor), cell in zip(kinds, row, strict=True):
            columns[name].append(factor * _number(cell, number))
        _check(columns, number)
    if columns["time"][-1] == columns["time"][0]:
        raise ProfileError("the last row has the time of the first; no time passes")
    return Profile(columns)


def largest_current(step: Step, scale: Scale) -> float:
    """Return the largest size of the current density that a step imposes [A/m²], 0 where it imposes none."""
    if isinstance(step, Galvanostatic | Oscillate):
        return step.density(scale)
    current = read(step.file).current(scale) if isinstance(step, Follow) else None
    return 0.0 if current is None else float(np.abs(current.values).max())


def _check(columns: dict[str, list[float]], number: int) -> None:
    """Refuse what the last row says that no step can follow."""
    times = columns["time"]
    if len(times) > 1 and times[-1] < times[-2]:
        raise ProfileError(f"line {number}: the time falls, from {times[-2]:g} s to {times[-1]:g} s")
    if columns.get("pressure", [0.0])[-1] < 0.0:
        raise ProfileError(f"line {number}: the pressure is {columns['pressure'][-1]:g} Pa; a platen cannot pull")


def _kind(cell: str, line: int) -> tuple[str, float]:
    """Return what a column of the header is, and by what its numbers are multiplied for SI."""
    match = _HEADER.fullmatch(cell)
    unit = next((part.strip() for part in match.groups()[1:] if part is not None), "") if match else ""
    if unit in ("C", "1C"):
        return "c_rate", 1.0
    for name, known in _KINDS.items():
        try:
            return name, known.parse(f"1 {unit}")
        except ValueError:
            continue
    hint = ""
    if unit:
        try:
            units.Unit("A", "").parse(f"1 {unit}")
            hint = "; a current in A is that of one cell: divide it by the area of its electrodes"
        except ValueError:
            pass
    raise ProfileError(f"line {line}: the column {brief(cell.strip())} is not understood{hint}; {_ALLOWED}")


def _number(cell: str, line: int) -> float:
    text = cell.strip()
    if not re.fullmatch(units.NUMBER, text) or not np.isfinite(float(text)):
        raise ProfileError(f"line {line}: '{text[:40]}' is no number")
    return float(text)
