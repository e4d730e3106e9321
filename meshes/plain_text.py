"""Numbers in rows and columns, as instruments and spreadsheets write them: heights, or with x, or with x and y."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from interstice.meshes.height_profile import Array
from interstice.meshes.raw_topography import RawTopography

MOST_HEADER_LINES = 200
MISSING = ("", "nan", "bad", "---")
"""What stands for a missing number, beside infinite ones."""
_DECIMAL_COMMAS = re.compile(r"(?=\S*\s)(?:[^\s,]+(?:,\d[^\s,]*)?(?:\s+|$))+")
"""A line of several numbers between blanks, with one comma at most in each, and that before a digit."""
SAME = 1e-6
"""Difference of coordinates that counts as none, over the largest one."""


@dataclass(frozen=True)
class Table:
    """Numbers of a text, NaN where missing, shape (rows, columns).

    `headed` says that words or remarks stand above them, `problem` why they are no table after all.
    """

    numbers: Array
    headed: bool = False
    problem: str = ""

    def topography(self) -> RawTopography:
        """Return the surface: of one column or row a line, of two x and z, of three x, y and z, of more a map.

        Rows of a map run along x, and follow each other along y. ValueError says why there is none.
        """
        if self.problem:
            raise ValueError(self.problem)
        columns = self.numbers.shape[1]
        if columns == 3 and (np.diff(self.numbers[:, 0]) == 1).all():
            return RawTopography(self.numbers[:, 2], places=self.numbers[:, 1])  # the first one counts the points
        if columns == 2 and np.ptp(self.numbers[:, 0]) == 0.0:
            raise ValueError("all its x are the same; where commas are decimal ones, they have to be points instead")
        if columns == 2:
            return RawTopography(self.numbers[:, 1], places=self.numbers[:, 0])
        if columns == 3:
            return _on_grid(*self.numbers.T)
        heights = self.numbers.T
        return RawTopography(heights.ravel() if 1 in heights.shape else heights)


def read(content: bytes) -> Table | None:
    """Return the numbers that a file holds, None if it is not a text of numbers."""
    if b"\0" in content:
        return None
    try:
        lines = content.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        lines = content.decode("latin-1").splitlines()
    begins = (i for i, line in enumerate(lines[:MOST_HEADER_LINES]) if np.isfinite(_row(line) or [np.nan]).any())
    first = next(begins, None)
    if first is None:
        return None
    rows: list[list[float]] = []
    for i, line in enumerate(lines[first:], first + 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        row = _row(line)
        if row is None or (rows and len(row) != len(rows[0])):
            count = "words" if row is None else f"{len(row)} numbers"
            return Table(
                np.empty((0, 0)), first > 0, f"line {i} has {count}, line {first + 1} has {len(rows[0])} numbers"
            )
        rows.append(row)
    numbers = np.array(rows)
    numbers[~np.isfinite(numbers)] = np.nan
    while np.isnan(numbers[:, -1]).all():  # a separator ends each line
        numbers = numbers[:, :-1]
    return Table(numbers, first > 0)


def _row(line: str) -> list[float] | None:
    """Return the numbers in a line, None where there are words."""
    try:
        return [_number(word) for word in _words(line)]
    except ValueError:
        return None


def _words(line: str) -> list[str]:
    """Return what is between separators; where those are semicolons, tabs or blanks, a comma is the decimal one."""
    for separator in (";", "\t"):
        if separator in line:
            return line.replace(",", ".").split(separator)
    if _DECIMAL_COMMAS.fullmatch(line.strip()):
        return line.replace(",", ".").split()
    return line.split(",") if "," in line else line.split()


def _number(word: str) -> float:
    word = word.strip()
    return np.nan if word.lower() in MISSING else float(word)


def _on_grid(x: Array, y: Array, z: Array) -> RawTopography:
    """Return the map whose points are listed in any order; those that are not in the list are missing."""
    (across, dx), (along, dy) = (_places(values, name) for values, name in ((x, "x"), (y, "y")))
    shape = int(across.max()) + 1, int(along.max()) + 1
    if shape[0] * shape[1] > 2 * len(z):
        raise ValueError("its x and y are those of no regular grid")
    heights = np.full(shape, np.nan)
    heights[across, along] = z
    if len(np.unique(across * shape[1] + along)) < len(z):
        raise ValueError("some of its x and y are given twice")
    return RawTopography(heights, extent=np.array([shape[0] * dx, shape[1] * dy]))


def _places(values: Array, name: str) -> tuple[NDArray[np.int64], float]:
    """Return which point of an even row each value is, and the distance of points."""
    if not np.isfinite(values).all():
        raise ValueError(f"one of its {name} is missing")
    order = np.argsort(values)
    steps = np.diff(values[order], prepend=values[order[0]]) > SAME * np.abs(values).max()
    index = np.empty(len(values), dtype=np.int64)
    index[order] = np.cumsum(steps)
    if index.max() == 0:
        raise ValueError(f"all its {name} are the same")
    pitch = float(np.ptp(values) / index.max())
    # few digits may have been written
    if np.abs(values - values.min() - index * pitch).max() > pitch / 2:
        raise ValueError(f"its {name} are those of no regular grid")
    return index, pitch
