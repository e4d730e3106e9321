"""Where a run leaves the range in which the model holds: told once, in the terminal and in ``warnings.txt``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from interstice.solver.cell import Cell
from interstice.solver.history import Row
from interstice.solver.stepping import Advance
from interstice.solver.terminal import say

FILE = "warnings.txt"


class Cautions:
    """Follows one run and keeps the sentences in `told`; rank 0 alone prints and writes."""

    def __init__(self, cell: Cell, foreseen: Iterable[str], output: Path | None, aloud: bool = True) -> None:
        """`foreseen` are those known before the run; `output` is the folder of the results, if any."""
        self._cell, self._aloud = cell, aloud
        self._path = output / FILE if output and cell.comm.rank == 0 else None
        self._known: set[tuple[str, str]] = set()
        self.told: list[str] = []
        for text in (*foreseen, *_coarse(cell)):
            self._tell(text)

    def advanced(self, advance: Advance | None, row: Row) -> None:
        """Tell what is new after a time step."""
        for part in self._cell.parts:
            for about, text in part.cautions():
                if (about, part.label) not in self._known:
                    self._known.add((about, part.label))
                    self._tell(f"at {row['time [s]']:.6g} s {text}")

    def memory(self) -> dict[str, Any]:
        """Return what was told."""
        return {"told": self.told, "known": sorted(self._known)}

    def recall(self, memory: Mapping[str, Any]) -> None:
        """Go on after what was told then."""
        self.told[:] = memory["told"]
        self._known = {(about, label) for about, label in memory["known"]}
        if self._path:
            self._path.write_text("".join(f"{text}\n" for text in self.told), encoding="utf-8")

    def finished(self, reason: str) -> None:
        """Nothing is left to tell."""

    def _tell(self, text: str) -> None:
        self.told.append(text)
        if self._aloud:
            say(f"warning: {text}")
        if self._path:
            with self._path.open("a", encoding="utf-8") as stream:
                stream.write(f"{text}\n")


def _coarse(cell: Cell) -> Iterator[str]:
    """Yield what to say where the mesh does not resolve the process zone of a bond."""
    for face in cell.faces:
        if face.bond:
            zone = face.bond.process_zone(face.modulus, cell.model.body_thickness(face))
            if warning := zone.warning(face.interface.max(face.interface.spacing.x.array)):
                yield warning
