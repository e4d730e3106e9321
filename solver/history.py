"""What a run reports of each time step: one row of `history.csv`, every column with its unit."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

from interstice.schema import nesting
from interstice.solver.results import OutputError

if TYPE_CHECKING:
    from mpi4py import MPI

    from interstice.solver.cell import Cell
    from interstice.solver.stepping import Advance

Row = dict[str, float]

KIND = "step kind"
"""The one column that is a word: what the step does; `ASSEMBLY` before the first one."""
ASSEMBLY = "assembly"
ACCOUNTS = {
    "external": "external work [J]",
    "eigenstrain": "work of the eigenstrain [J]",
    "elastic": "elastic energy [J]",
    "stored": "energy stored in the interface [J]",
    "bond": "energy lost in the bond [J]",
    "flattening": "energy lost to flattening [J]",
    "friction": "energy lost to friction [J]",
    "released": "energy released by unstable cracks [J]",
    "chemical": "chemical work [J]",
    "viscosity": "energy lost to viscosity [J]",
    "plastic": "energy lost to plastic flow [J]",
    "viscous": "energy lost to viscous flow [J]",
    "remainder": "energy not accounted for by the time step [J]",
}
"""The accounts of the energy ledger as columns."""


def row(cell: Cell, advance: Advance | None) -> Row:
    """Return the row after a time step, or of the cell at rest, assembled or not yet (None); asked again, the same one.

    In 2D, areas and currents are those of 1 m of depth, or of all of a body of revolution. Where a cell has several
    interfaces or electrodes, the columns about one of them say which.
    """
    energies = cell.ledger.energies if cell.ledger else dict.fromkeys(ACCOUNTS, 0.0)
    return {
        "time [s]": advance.time if advance else 0.0,
        "step [1]": advance.number if advance else 0,
        "cycle [1]": advance.cycle if advance else 0,
        **_repetitions(cell, advance),
        **_columns(cell),
        **{column: energies[account] for account, column in ACCOUNTS.items()},
        "energy balance [1]": cell.ledger.closing_error if cell.ledger else 0.0,
        "unstable [1]": 1 if advance and advance.event else 0,
        "time step [s]": advance.duration if advance else 0.0,
        "newton iterations [1]": advance.report.newton if advance else 0,
        "linear iterations [1]": advance.report.linear if advance else 0,
    }


def _repetitions(cell: Cell, advance: Advance | None) -> Row:
    """Return how many repeats the step is in, and its repetition in each of as many as the protocol has at most."""
    deepest, now = nesting(cell.case.protocol), advance.repetitions if advance else ()
    names = ["repetition [1]", *(f"repetition at level {level} [1]" for level in range(2, deepest + 1))]
    return {"nesting [1]": len(now), **dict(zip(names, (*now, *[0] * len(names)), strict=False))}


def _columns(cell: Cell) -> Row:
    """Return the columns of all parts: first those of the terminals."""
    others = (part for part in cell.parts if part is not cell.terminals)
    return {
        column.replace(" [", f"{part.label} [", 1): value
        for part in (cell.terminals, *others)
        for column, value in part.columns().items()
    }


def with_kind(row: Row, advance: Advance | None) -> dict[str, Any]:
    """Return a row with the kind of its protocol step after the time."""
    (time, value), *others = row.items()
    return {time: value, KIND: advance.step.step if advance else ASSEMBLY, **dict(others)}


def read_rows(path: Path) -> list[Row]:
    """Return the rows of a file as a `HistoryFile` writes it, without the kinds of steps."""
    return [{column: value for column, value in full.items() if column != KIND} for full in read_rows_with_kind(path)]


def read_rows_with_kind(path: Path) -> list[dict[str, Any]]:
    """Return the rows of a file as a `HistoryFile` writes it, but for one at its end that is not complete yet."""
    with path.open(newline="", encoding="utf-8") as stream:
        complete = stream.read().rpartition("\n")[0]
    return [
        {column: value if column == KIND else float(value) for column, value in full.items()}
        for full in csv.DictReader(io.StringIO(complete, newline=""))
    ]


class HistoryFile:
    """`history.csv` on rank 0, written row by row, so that a run that ends early leaves all it computed."""

    def __init__(self, path: Path, comm: MPI.Comm) -> None:
        self._comm, self._path, self._begun, self._size = comm, path, False, 0
        # without a buffer: half a row that a full disk took is not completed, or written again, later
        self._stream = path.open("ab", buffering=0) if comm.rank == 0 else None

    def advanced(self, advance: Advance | None, row: Row) -> None:
        """Append the row of a time step; the first one gives the header. OSError if it cannot: half a row is none."""
        if self._stream is None:
            return
        full = with_kind(row, advance)
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, list(full))
        if not self._begun:
            writer.writeheader()
        writer.writerow({key: value if key == KIND else f"{value:.12g}" for key, value in full.items()})
        left = text.getvalue().encode()
        try:
            while left:
                left = left[self._stream.write(left) :]
        except OSError:
            self._stream.truncate(self._size)
            raise
        self._begun, self._size = True, self._stream.tell()

    @property
    def size(self) -> int:
        """What this rank has written [bytes]."""
        return self._size

    def memory(self) -> int:
        """Return the size of the file [bytes]."""
        return self._size

    def recall(self, memory: int) -> None:
        """Go on after so many bytes; rows of time steps that are to be taken again go.

        OutputError, on all ranks, if they are not there any more. Collective.
        """
        there = self._comm.bcast(self._path.stat().st_size if self._stream else None)
        if there < memory:
            raise OutputError(
                f"{self._path}: has {there} bytes, fewer than the {memory} when the last checkpoint was written: the "
                "run cannot go on"
            )
        self._begun, self._size = True, memory
        if self._stream:
            self._stream.truncate(memory)
            self._stream.seek(memory)

    def finished(self, reason: str) -> None:
        """Close the file."""
        if self._stream is not None:
            self._stream.close()
