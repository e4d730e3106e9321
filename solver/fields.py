"""The fields of a cell as ParaView shows them: a series per side and per interface, one of all sides together."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dolfinx import fem

from interstice.solver.cell import Cell
from interstice.solver.domain.readers import CornerReader
from interstice.solver.history import Row
from interstice.solver.output import CombinedSeries, Fields, Series
from interstice.solver.part import Shown
from interstice.solver.site import Face, Site
from interstice.solver.stepping import Advance

SCRIPT = Path(__file__).with_name("open_in_paraview.py")


class FieldWriter:
    """Writes what the parts of a cell show, at chosen times, into `folder`, and the script that shows it."""

    def __init__(self, cell: Cell, folder: Path) -> None:
        self._cell, self._folder, length = cell, folder, cell.case.output.length_unit
        self._count, self._now, self._written = 0, 0.0, 0.0
        self._shown = [_at_corners(shown) for part in cell.parts for shown in part.shown()]
        self._series: list[Series | CombinedSeries] = [
            Series(
                folder,
                "interface" if len(cell.faces) == 1 else "-".join(face.interface.name),
                face.interface.mesh,
                self._fields(face, "point"),
                length=length,
            )
            for face in cell.faces
        ]
        self._series += [
            Series(folder, name, site.side.mesh, self._fields(site, "point"), self._fields(site, "cell"), length)
            for name, site in cell.sites.items()
        ]
        together = [
            (name, site.side.mesh, self._fields(site, "whole"), self._fields(site, "cell"))
            for name, site in cell.sites.items()
        ]
        self._series.append(CombinedSeries(folder, "cell", together, length))
        if cell.comm.rank == 0:
            (folder / SCRIPT.name).write_bytes(SCRIPT.read_bytes())

    def advanced(self, advance: Advance | None, row: Row) -> None:
        """Write the assembled cell and every so many time steps, as the case says."""
        self._now = row["time [s]"]
        if self._count % self._cell.case.output.fields_every == 0:
            self.write(self._now)
        self._count += 1

    def write_rejected(self) -> None:
        """Write ``rejected.vtkhdf``: the last state, and what the last solve that failed left over. Collective."""
        for shown in self._shown:
            shown.read()
        domain = self._cell.domain
        left = [pair for system in self._cell.systems for pair in system.left()]
        parts = []
        for name, site in self._cell.sites.items():
            fields = dict(self._fields(site, "whole"))
            for unknown, residual in left:
                title = f"residual of {unknown.name.partition(' ')[0]} [1]"
                if unknown.function_space.mesh is site.side.mesh:
                    fields[title] = residual
                elif unknown is site.u:
                    fields[title] = of_side = fem.Function(site.side.space(domain.order, (domain.dimension,)))
                    of_side.x.array[:] = residual.x.array[domain.dofs_in_body(of_side, unknown)]
            parts.append((name, site.side.mesh, fields, self._fields(site, "cell")))
        series = CombinedSeries(self._folder, "rejected", parts, self._cell.case.output.length_unit)
        series.write(self._now)
        series.trim()

    def finished(self, reason: str) -> None:
        """Write the last state, unless that is done; a run that came to its end leaves no room for more."""
        if self._now > self._written:
            self.write(self._now)
        if not reason:
            for series in self._series:
                series.trim()

    @property
    def size(self) -> int:
        """What this rank has written [bytes]."""
        return sum(series.size for series in self._series)

    def memory(self) -> dict[str, Any]:
        """Return what was written."""
        return {
            "count": self._count,
            "time": self._now,
            "written": self._written,
            "series": [series.memory() for series in self._series],
        }

    def recall(self, memory: Mapping[str, Any]) -> None:
        """Go on after what was written then."""
        self._count, self._now, self._written = memory["count"], memory["time"], memory["written"]
        for series, known in zip(self._series, memory["series"], strict=True):
            series.recall(known)

    def write(self, time: float) -> None:
        """Write the present state as that of `time` [s]."""
        self._written = time
        for shown in self._shown:
            shown.read()
        for series in self._series:
            series.write(time)

    def _fields(self, place: Face | Site, kind: str) -> Fields:
        """Return the fields of one kind that are shown at a place."""

        def belongs(shown: Shown) -> bool:
            return shown.place is place and shown.kind == kind

        return {shown.name: shown.function for shown in filter(belongs, self._shown)}


def _at_corners(shown: Shown) -> Shown:
    """Return the field, known at the corners of what is drawn."""
    if not isinstance(shown.place, Face) or shown.place.interface.has_corners:
        return shown
    at_corners = CornerReader(shown.place.interface, shown.function)

    def read() -> None:
        shown.read()
        at_corners.read()

    return shown._replace(function=at_corners.values, read=read)
