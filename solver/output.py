"""Fields as time series for ParaView: one VTKHDF file for each, which rank 0 writes.

Points and cells are in an order of their own, by their places, so that a run goes on in the file on any number of
ranks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
from dolfinx import fem
from dolfinx.mesh import Mesh

from interstice.meshes.compat import geometry_nodes
from interstice.solver.results import OutputError
from interstice.solver.state import order_of
from interstice.solver.units import split_unit
from interstice.solver.vtkhdf import DamagedError, Grid, Kind, SeriesFile, SeriesReader

Fields = Mapping[str, fem.Function]
Array = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int32]
Part = tuple[str, Mesh, Fields, Fields]

LENGTHS = {"m": 1.0, "mm": 1e3, "um": 1e6, "nm": 1e9}
"""Units in which lengths are written, and how many of them are a metre."""
KINDS: tuple[Kind, Kind] = ("point", "cell")
_VTK_CELLS = {"interval": 3, "triangle": 5, "tetrahedron": 10}
"""The numbers of VTK_LINE, VTK_TRIANGLE and VTK_TETRA."""


class CombinedSeries:
    """A time series of several meshes in one grid, whose nodes stay separate where the meshes touch.

    A part is (name, mesh, point fields, cell fields). Point fields are continuous and shown at the corners of cells,
    cell fields piecewise constant, both on the mesh of their part: scalars, vectors, or symmetric tensors of six
    components in the order of `part.TENSOR`. Vectors of two components get a third, zero. A field that a part lacks is
    NaN there. The cell field "side" numbers the parts, the field data "side" holds their names.

    The keys of fields are names with a unit, as "heat flux [W/m^2]". ParaView sees heat_flux; the field data "units"
    holds "heat_flux [W/m^2]", and so on for all fields and the coordinates. These and all fields in m are written in
    `length`, a key of `LENGTHS`.

    The file, ``NAME.vtkhdf``, appears with the first time. Creating and writing are collective. Creating raises
    ValueError for a field that is not as said above.
    """

    def __init__(self, folder: Path, name: str, parts: Sequence[Part], length: str = "m") -> None:
        self._length = length
        self._comm = parts[0][1].comm
        self._path = folder / f"{name}.vtkhdf"
        self._parts = [_Part(mesh, point, cell) for _, mesh, point, cell in parts]
        self._file = SeriesFile(self._path, self._grid([name for name, *_ in parts])) if self._comm.rank == 0 else None

    @property
    def size(self) -> int:
        """What this rank has written [bytes]."""
        return self._file.size if self._file else 0

    def write(self, time: float) -> None:
        """Add the present values at `time` [s]; ghost values must be up to date.

        OSError on every rank if the file cannot be written.
        """
        problem = ""
        for kind, name in self._names():
            values = [part.gather(kind, name) for part in self._parts]
            if self._file and not problem:
                title, _, factor = self._shown(name)
                problem = self._tried(partial(self._file.put, kind, title, factor * _stacked(values)))
        if self._file and not problem:
            problem = self._tried(partial(self._file.commit, float(time)))
        if problem := self._comm.bcast(problem):
            raise OSError(problem)

    def trim(self) -> None:
        """Drop the room for more times that the file has, if the disk takes that."""
        if self._file:
            with suppress(OSError, DamagedError):
                self._file.trim()

    def memory(self) -> int:
        """Return, on rank 0, the number of times so far."""
        return self._file.count if self._file else 0

    def recall(self, memory: int) -> None:
        """Go on after so many times; after those that are left where somebody took the file away. Collective.

        On every rank OutputError if the file is damaged, OSError if it cannot be written.
        """
        problem = damage = ""
        if self._file and self._path.exists():
            try:
                problem = self._tried(partial(self._file.keep, memory, self._rescaled()))
            except DamagedError as error:
                damage = f"{error}; move it away, and the run goes on without the times in it"
        problem, damage = self._comm.bcast((problem, damage))
        if damage:
            raise OutputError(damage)
        if problem:
            raise OSError(problem)

    def _grid(self, names: Sequence[str]) -> Grid:
        """Return, on rank 0, what is the same at all times; `names` are those of the parts."""
        first = np.cumsum([0, *(len(part.points) for part in self._parts)])
        sides = np.repeat(np.arange(len(self._parts), dtype="<i4"), [len(part.cells) for part in self._parts])
        shown = [self._shown(name) for name in ("coordinates [m]", *dict.fromkeys(name for _, name in self._names()))]
        components = {
            kind: {
                self._shown(name)[0]: max(part.components(kind, name) for part in self._parts)
                for this, name in self._names()
                if this == kind
            }
            for kind in KINDS
        }
        return Grid(
            points=LENGTHS[self._length] * np.concatenate([part.points for part in self._parts]),
            cells=np.concatenate([part.cells + start for part, start in zip(self._parts, first[:-1], strict=True)]),
            cell_type=self._parts[0].cell_type,
            point=components["point"],
            cell=components["cell"],
            static={"side": sides},
            words={"side": names, "units": [f"{title} [{unit}]" for title, unit, _ in shown]},
        )

    def _names(self) -> list[tuple[Kind, str]]:
        """Return kind and name of the fields of all parts, each once, in their order."""
        return list(dict.fromkeys((kind, name) for kind in KINDS for part in self._parts for name in part.fields[kind]))

    def _shown(self, name: str) -> tuple[str, str, float]:
        """Return the name of a field in ParaView, its unit there, and what its values are multiplied by."""
        title, unit = split_unit(name)
        factor, unit = (LENGTHS[self._length], self._length) if unit == "m" else (1.0, unit)
        return title.replace(" ", "_"), unit, factor

    def _rescaled(self) -> dict[str, float]:
        """Return by what the fields of the file that lies there are multiplied to come to the unit of length."""
        with SeriesReader(self._path) as series:
            written = dict(split_unit(entry) for entry in series.words("units"))
        return {
            name: LENGTHS[self._length] / LENGTHS[unit]
            for name, unit in written.items()
            if unit in LENGTHS and unit != self._length
        }

    def _tried(self, write: Callable[[], None]) -> str:
        """Write, and return what is wrong, "" if nothing is."""
        try:
            write()
        except OSError as error:
            return f"{self._path}: cannot be written ({error.strerror or error}); is the disk full?"
        return ""


class Series(CombinedSeries):
    """A time series of fields on one mesh: a `CombinedSeries` of one part."""

    def __init__(
        self, folder: Path, name: str, mesh: Mesh, point: Fields, cell: Fields | None = None, length: str = "m"
    ) -> None:
        super().__init__(folder, name, [(name, mesh, point, cell or {})], length)


class _Part:
    """A mesh with its fields, and where on rank 0 the values of each rank come to.

    Geometry nodes and the dofs of each space have numberings of their own; what they share is the order of corners
    within a cell. Each rank sends what the cells know that it owns.
    """

    def __init__(self, mesh: Mesh, point: Fields, cell: Fields) -> None:
        self._comm = mesh.comm
        self.cell_type = _VTK_CELLS[mesh.topology.cell_name()]
        owned = mesh.topology.index_map(mesh.topology.dim).size_local
        corners = geometry_nodes(mesh)[:owned]
        nodes, first = np.unique(corners.ravel(), return_index=True)
        self.fields: Mapping[Kind, Mapping[str, tuple[fem.Function, Indices]]] = {
            "point": {name: (field, _corner_dofs(name, field, mesh)[first]) for name, field in point.items()},
            "cell": {name: (field, _cell_dofs(name, field, mesh)) for name, field in cell.items()},
        }
        numbers = mesh.geometry.index_map().local_to_global
        sent = (
            numbers(nodes.astype(np.int32)),
            mesh.geometry.x[nodes],
            numbers(corners.ravel().astype(np.int32)).reshape(corners.shape),
        )
        parts = self._comm.gather(sent)
        self.points, self.cells = np.zeros((0, 3)), np.zeros((0, corners.shape[1]), dtype=np.int64)
        """On rank 0 the points, and the corners of the cells."""
        self._places: Mapping[Kind, npt.NDArray[np.int64]] = {}
        """On rank 0 the places of the values that all ranks send, one after the other."""
        if parts:
            known, one_of, inverse = np.unique(
                np.concatenate([numbers for numbers, _, _ in parts]), return_index=True, return_inverse=True
            )
            points = np.concatenate([points for _, points, _ in parts])[one_of]
            cells = np.searchsorted(known, np.concatenate([cells for _, _, cells in parts]))
            of_points, of_cells = order_of(points), order_of(points[cells].mean(axis=1))
            self._places = {"point": np.argsort(of_points)[inverse], "cell": np.argsort(of_cells)}
            self.points, self.cells = points[of_points], np.argsort(of_points)[cells[of_cells]]

    def components(self, kind: Kind, name: str) -> int:
        """Return the number of components that a field has in ParaView."""
        if name not in self.fields[kind]:
            return 1
        found: int = self.fields[kind][name][0].function_space.dofmap.bs
        return 3 if found == 2 else found

    def gather(self, kind: Kind, name: str) -> Array:
        """Return, on rank 0, the values of a field, shape (size, components); NaN for none. Collective."""
        size = len(self.points if kind == "point" else self.cells)
        whole = np.full((size, self.components(kind, name)), np.nan)
        if name in self.fields[kind]:
            field, dofs = self.fields[kind][name]
            block = field.function_space.dofmap.bs
            if parts := self._comm.gather(field.x.array.reshape(-1, block)[dofs]):
                whole[self._places[kind], :block] = np.concatenate(parts)
                whole[:, block:] = 0.0
        return whole


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


def _stacked(values: Sequence[Array]) -> Array:
    """Return the values of all parts below each other; a missing field gets as many components as the others."""
    components = max(part.shape[1] for part in values)
    return np.concatenate([np.broadcast_to(part, (len(part), components)) for part in values])
