"""What a resolved patch of a rough surface says of its contact, in a file.

A table is a CSV file. Lines that begin with # say what it was made of; below are, by row, the mean pressure, the
largest one borne so far, both over E*, the share of the area in contact, the mean gap [m], and dp/dg over E* [1/m].
Rows whose pressure is the largest one are those of loading, the others of unloading from there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from interstice.schema import files

Array = npt.NDArray[np.float64]

LARGEST = 1_000_000
"""Bytes of a table that are read."""

MARK = "# Written by Interstice: contact of a rough surface, by boundary elements."
COLUMNS = (
    "pressure over modulus [1]",
    "largest pressure over modulus [1]",
    "share in contact [1]",
    "mean gap [m]",
    "stiffness over modulus [1/m]",
)


class TableError(ValueError):
    """A file that is no table, or cannot be written; the text says why, without the name of the file."""


@dataclass(frozen=True)
class Table:
    """Contact of a rough surface under rising mean pressures, and relieved from some of them.

    Attributes:
        about: what it was made of, by name.
        rows: shape (rows, 5), columns as in `COLUMNS`.
        hardness: H over E*, infinite where contact is elastic.
    """

    about: Mapping[str, str]
    rows: Array
    hardness: float

    @property
    def loading(self) -> Array:
        """The rows of loading, pressures rising, shape (loads, 5)."""
        return self.rows[self.rows[:, 0] == self.rows[:, 1]]

    @property
    def unloading(self) -> list[Array]:
        """The rows of unloading from each largest pressure and that of it, pressures rising, largest ones too."""
        relieved = np.unique(self.rows[self.rows[:, 0] < self.rows[:, 1], 1])
        branches = (self.rows[self.rows[:, 1] == largest] for largest in relieved)
        return [branch[np.argsort(branch[:, 0])] for branch in branches]

    def write(self, path: Path) -> None:
        """Write it; TableError if that fails."""
        lines = [MARK, *(f"# {name}: {value}" for name, value in self.about.items())]
        lines += [f"# hardness over modulus: {self.hardness!r}", ",".join(COLUMNS)]
        lines += [",".join(f"{number:.9g}" for number in row) for row in self.rows]
        try:
            path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        except OSError as error:
            raise TableError(f"cannot be written: {error.strerror}") from None


def read(path: Path) -> Table:
    """Return the table in the file; TableError if there is none."""
    try:
        lines = files.text(path, LARGEST).splitlines()
    except files.FileError as error:
        raise TableError(f"{error}; './interstice patch SURFACE.yaml' writes one") from None
    head = [line for line in lines if line.startswith("#")]
    body = [line for line in lines if line.strip() and not line.startswith("#")]
    if not head or head[0] != MARK or not body or body[0] != ",".join(COLUMNS):
        raise TableError("no table of a patch; './interstice patch SURFACE.yaml' writes one")
    about = dict(line.removeprefix("# ").partition(": ")[::2] for line in head[1:])
    try:
        rows = np.array([[float(word) for word in line.split(",")] for line in body[1:]])
        table = Table(about, rows, float(about.pop("hardness over modulus")))
        _require_order(table)
    except (ValueError, KeyError, IndexError) as error:
        raise TableError(f"damaged ({error or 'a number is missing'}); delete it and write it anew") from None
    return table


def _require_order(table: Table) -> None:
    rows, loading = table.rows, table.loading
    if rows.shape[1:] != (len(COLUMNS),) or not np.isfinite(rows).all() or not (rows[:, [0, 2, 4]] > 0).all():
        raise ValueError("a row is not complete or not positive")
    if len(loading) < 2 or not (np.diff(loading[:, 0]) > 0).all():
        raise ValueError("the pressures of loading do not rise")
    if any(len(branch) < 2 or branch[-1, 0] != branch[-1, 1] for branch in table.unloading):
        raise ValueError("it is relieved from pressures that it was not pressed to")
