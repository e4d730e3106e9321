"""Fields as time series for ParaView: VTK XML files that each rank writes for the cells it owns.

A series is an index, ``NAME.pvd``, and one piece per rank and time, ``fields/NAME_<count>_<rank>.vtu``. The index is
replaced in one stroke once all pieces of a time are complete, so a run that is killed at any moment leaves a series
that opens.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import numpy as np
import numpy.typing as npt
from dolfinx import fem
from dolfinx.mesh import Mesh
from vtkmodules.util.numpy_support import numpy_to_vtk, numpy_to_vtkIdTypeArray
from vtkmodules.vtkCommonCore import vtkPoints, vtkStringArray
from vtkmodules.vtkCommonDataModel import (
    VTK_LINE,
    VTK_TETRA,
    VTK_TRIANGLE,
    vtkCellArray,
    vtkFieldData,
    vtkUnstructuredGrid,
)
from vtkmodules.vtkIOXML import vtkXMLUnstructuredGridWriter

from interstice.meshes.compat import geometry_nodes
from interstice.solver.part import TENSOR
from interstice.solver.units import split_unit

Fields = Mapping[str, fem.Function]
Indices = npt.NDArray[np.int32]
Part = tuple[str, Mesh, Fields, Fields]

LENGTHS = {"m": 1.0, "mm": 1e3, "um": 1e6, "nm": 1e9}
"""Units in which lengths are written, and how many of them are a metre."""
_VTK_CELLS = {"interval": VTK_LINE, "triangle": VTK_TRIANGLE, "tetrahedron": VTK_TETRA}


class CombinedSeries:
    """A time series of several meshes in one grid, whose nodes stay separate where the meshes touch.

    A part is (name, mesh, point fields, cell fields). Point fields are continuous and shown at the corners of cells,
    cell fields piecewise constant, both on the mesh of their part: scalars, vectors, or symmetric tensors of six
    components in the order of `TENSOR`. Vectors of two components get a third, zero. A field that a part lacks is NaN
    there. The cell field "side" numbers the parts, the field data "side" holds their names.

    The keys of fields are names with a unit, as "heat flux [W/m^2]". ParaView sees heat_flux; the field data "units"
    holds "heat_flux [W/m^2]", and so on for all fields and the coordinates. These and all fields in m are written in
    `length`, a key of `LENGTHS`.

    Creating and writing are collective. Creating raises ValueError for a field that is not as said above.
    """

    def __init__(self, folder: Path, name: str, parts: Sequence[Part], length: str = "m") -> None:
        self._length = length
        self._comm = parts[0][1].comm
        self._folder = folder
        self._name = name
        self._entries: list[tuple[float, list[str]]] = []
        self.size = 0
        """What this rank has written [bytes]."""
        self._parts = [_Grid(mesh, point, cell) for _, mesh, point, cell in parts]
        self._grid = _combined(self._parts, LENGTHS[length])
        sides = np.repeat(np.arange(len(parts), dtype=np.int32), [len(part.cells) for part in self._parts])
        _set(self._grid.GetCellData(), "side", sides)
        fields = _names(fields for part in self._parts for fields in (part.point, part.cell))
        shown = (self._shown(field) for field in ("coordinates [m]", *fields))
        _set_words(self._grid, "side", (side for side, *_ in parts))
        _set_words(self._grid, "units", (f"{title} [{unit}]" for title, unit, _ in shown))
        owning = self._comm.allgather(self._grid.GetNumberOfCells() > 0)
        self._ranks = [rank for rank, owns in enumerate(owning) if owns]
        (folder / "fields").mkdir(parents=True, exist_ok=True)

    def write(self, time: float) -> None:
        """Add the present values at `time` [s]; ghost values must be up to date.

        OSError on every rank if any of them cannot write.
        """
        for name in _names(part.point for part in self._parts):
            values = [_read(part.point.get(name), len(part.points)) for part in self._parts]
            self._set_field(self._grid.GetPointData(), name, values)
        for name in _names(part.cell for part in self._parts):
            values = [_read(part.cell.get(name), len(part.cells)) for part in self._parts]
            self._set_field(self._grid.GetCellData(), name, values)
        self._agree(self._comm.rank not in self._ranks or self._write_piece())
        self._entries.append((float(time), [str(self._piece(rank)) for rank in self._ranks]))
        self._agree(self._comm.rank != 0 or self._write_index())

    def memory(self) -> list[list[Any]]:
        """Return times and pieces so far."""
        return [list(entry) for entry in self._entries]

    def recall(self, memory: Iterable[Sequence[Any]]) -> None:
        """Go on after these times and pieces, which a run on another number of ranks may have written. Collective."""
        self._entries = [(float(time), list(pieces)) for time, pieces in memory]
        if self._comm.rank == 0:
            pieces = (self._folder / piece for _, pieces in self._entries for piece in pieces)
            self.size = sum(piece.stat().st_size for piece in pieces if piece.is_file())
        self._agree(self._comm.rank != 0 or self._write_index())

    def _shown(self, name: str) -> tuple[str, str, float]:
        """Return the name of a field in ParaView, its unit there, and what its values are multiplied by."""
        title, unit = split_unit(name)
        factor, unit = (LENGTHS[self._length], self._length) if unit == "m" else (1.0, unit)
        return title.replace(" ", "_"), unit, factor

    def _set_field(self, attributes: vtkFieldData, name: str, values: Sequence[npt.NDArray[np.float64]]) -> None:
        title, _, factor = self._shown(name)
        _set(attributes, title, factor * _stacked(values))

    def _agree(self, written: bool) -> None:
        """Wait for all ranks; OSError if any could not write."""
        if not all(self._comm.allgather(written)):
            raise OSError(f"{self._folder}: cannot write the fields of '{self._name}'; is the disk full?")

    def _piece(self, rank: int) -> Path:
        return Path("fields", f"{self._name}_{len(self._entries):06d}_{rank}.vtu")

    def _write_piece(self) -> bool:
        writer = vtkXMLUnstructuredGridWriter()
        writer.SetFileName(str(self._folder / self._piece(self._comm.rank)))
        writer.SetInputData(self._grid)
        writer.SetDataModeToAppended()
        writer.EncodeAppendedDataOff()
        writer.SetCompressorTypeToZLib()
        # The return value and the error code of the writer are not to be relied on; its error events are.
        errors: list[str] = []
        for source in (writer, writer.GetExecutive()):
            source.AddObserver("ErrorEvent", lambda _, event: errors.append(event))
        writer.Write()
        if not errors:
            self.size += (self._folder / self._piece(self._comm.rank)).stat().st_size
        return not errors

    def _write_index(self) -> bool:
        head = ['<VTKFile type="Collection" version="0.1">', "<Collection>"]
        pieces = [
            f'<DataSet timestep="{time!r}" part="{part}" file={quoteattr(piece)}/>'
            for time, pieces in self._entries
            for part, piece in enumerate(pieces)
        ]
        lines = [*head, *pieces, "</Collection>", "</VTKFile>", ""]
        unfinished = self._folder / f".{self._name}.pvd"
        try:
            unfinished.write_text("\n".join(lines), encoding="utf-8")
            unfinished.replace(self._folder / f"{self._name}.pvd")
        except OSError:
            return False
        return True


class Series(CombinedSeries):
    """A time series of fields on one mesh: a `CombinedSeries` of one part."""

    def __init__(
        self, folder: Path, name: str, mesh: Mesh, point: Fields, cell: Fields | None = None, length: str = "m"
    ) -> None:
        super().__init__(folder, name, [(name, mesh, point, cell or {})], length)


class _Grid:
    """The cells this rank owns, their nodes numbered from 0, and where each field keeps its values there.

    Geometry nodes and the dofs of each space have numberings of their own; what they share is the order of corners
    within a cell.
    """

    def __init__(self, mesh: Mesh, point: Fields, cell: Fields) -> None:
        owned = mesh.topology.index_map(mesh.topology.dim).size_local
        corners = geometry_nodes(mesh)[:owned]
        nodes, first, inverse = np.unique(corners.ravel(), return_index=True, return_inverse=True)
        self.points = mesh.geometry.x[nodes]
        self.cells: npt.NDArray[np.int64] = inverse.reshape(corners.shape)
        self.cell_type = _VTK_CELLS[mesh.topology.cell_name()]
        self.point = {name: (field, _corner_dofs(name, field, mesh)[first]) for name, field in point.items()}
        self.cell = {name: (field, _cell_dofs(name, field, mesh)) for name, field in cell.items()}


def _corner_dofs(name: str, field: fem.Function, mesh: Mesh) -> Indices:
    """Return the dofs (blocks) of a point field at the corners of the cells this rank owns, cell after cell."""
    layout = field.function_space.dofmap.dof_layout
    corners = geometry_nodes(mesh).shape[1]
    at_corners = all(layout.entity_dofs(0, i) == [i] for i in range(corners))
    if field.function_space.mesh is not mesh or not at_corners:
        raise ValueError(f"field '{name}': a continuous function on the mesh of its part, known at corners, is needed")
    return _owned_dofs(field, mesh)[:, :corners].ravel()


def _cell_dofs(name: str, field: fem.Function, mesh: Mesh) -> Indices:
    """Return the dofs (blocks) of a cell field on the cells this rank owns."""
    layout = field.function_space.dofmap.dof_layout
    inside = layout.num_dofs == 1 and layout.entity_dofs(mesh.topology.dim, 0) == [0]
    if field.function_space.mesh is not mesh or not inside:
        raise ValueError(f"field '{name}': a piecewise constant function on the mesh of its part is needed")
    return _owned_dofs(field, mesh).ravel()


def _owned_dofs(field: fem.Function, mesh: Mesh) -> Indices:
    owned = mesh.topology.index_map(mesh.topology.dim).size_local
    return field.function_space.dofmap.list[:owned]


def _combined(parts: Sequence[_Grid], factor: float) -> vtkUnstructuredGrid:
    """Return the grid of all parts, one after the other, in a unit of which a metre has `factor`."""
    points = vtkPoints()
    points.SetData(numpy_to_vtk(factor * np.concatenate([part.points for part in parts]), deep=True))
    offsets = np.cumsum([0, *(len(part.points) for part in parts)])
    rows = [
        np.insert(part.cells + offset, 0, part.cells.shape[1], axis=1).ravel()
        for part, offset in zip(parts, offsets[:-1], strict=True)
    ]
    cells = vtkCellArray()
    cells.ImportLegacyFormat(numpy_to_vtkIdTypeArray(np.concatenate(rows).astype(np.int64), deep=True))
    types = np.concatenate([np.full(len(part.cells), part.cell_type, dtype=np.uint8) for part in parts])
    grid = vtkUnstructuredGrid()
    grid.SetPoints(points)
    grid.SetCells(numpy_to_vtk(types, deep=True), cells)
    return grid


def _names(parts: Iterable[Mapping[str, object]]) -> list[str]:
    """Return the names of all parts, each once, in their order."""
    return list(dict.fromkeys(name for part in parts for name in part))


def _read(source: tuple[fem.Function, Indices] | None, size: int) -> npt.NDArray[np.float64]:
    """Return the values of a field, shape (size, 1, 3 or 6), NaN of shape (size, 1) for none."""
    if source is None:
        return np.full((size, 1), np.nan)
    field, dofs = source
    values = field.x.array.reshape(-1, field.function_space.dofmap.bs)[dofs]
    return np.pad(values, ((0, 0), (0, 1))) if values.shape[1] == 2 else values


def _stacked(values: Sequence[npt.NDArray[np.float64]]) -> npt.NDArray[np.float64]:
    """Return the values of all parts below each other; a missing field gets as many components as the others."""
    components = max(part.shape[1] for part in values)
    return np.concatenate([np.broadcast_to(part, (len(part), components)) for part in values])


def _set(attributes: vtkFieldData, name: str, values: npt.NDArray[np.generic]) -> None:
    array = numpy_to_vtk(values, deep=True)
    array.SetName(name)
    if array.GetNumberOfComponents() == len(TENSOR):
        for number, component in enumerate(TENSOR):
            array.SetComponentName(number, component)
    attributes.AddArray(array)


def _set_words(grid: vtkUnstructuredGrid, name: str, words: Iterable[str]) -> None:
    array = vtkStringArray()
    array.SetName(name)
    for word in words:
        array.InsertNextValue(word)
    grid.GetFieldData().AddArray(array)
