"""A time series on a grid that does not change, in one VTKHDF file that any reader can open at any moment.

HDF5 changes several places of a file for every step, and a program that is killed between two of them, or reads then,
finds a broken file. So the library lays out the file once, in memory, with room for more steps than there are: from
then on bytes are written at places that are known, in an order in which every state between two of them is whole:

1. the values of the fields, where no reader looks yet;
2. times and number of steps. They stand in two places, so that they cannot change at once; but there are `SLOTS` sets
   of them, each below a root group of its own that shares all else with the others, and the oldest set is written;
3. in one stroke of eight bytes the address of the root group in the head of the file. A reader gets it when it opens
   the file, and sees this one set from then on.

Where there is no room left, the file is laid out with twice as much beside the old one, which it then replaces in one
stroke. Room that is not used takes no space on the disk (the file has holes). Nothing here is collective.

Layout: VTKHDF 2.0 (https://docs.vtk.org/en/latest/vtk_file_formats/vtkhdf_file_format). HDF5: superblock 0 and object
headers 1, which have no checksums (https://support.hdfgroup.org/documentation/hdf5/latest/_f_m_t3.html).
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, Self

import h5py
import numpy as np
import numpy.typing as npt

from interstice.schema.problems import brief

Array = npt.NDArray[Any]
Kind = Literal["point", "cell"]

VERSION = (2, 0)
SLOTS = 8
"""How many steps are written before a set of times that a slow reader may still read is used again."""
ROOM = 64
"""For so many steps there is room at first."""
END, ROOT, HEADER = 40, 64, 16
"""Where in the file its size and the address of its root group stand, and the size of the beginning of a header."""
_MARK = 0x1B3A5C7D9E0F1A
"""A number that stands nowhere else in the file, for a place that is to be found."""
_NOWHERE = b"\xff" * 8
"""The address of values that have no place."""
GROUPS: Mapping[Kind, str] = {"point": "PointData", "cell": "CellData"}


@dataclass(frozen=True)
class Grid:
    """What is the same at all times.

    `points` (n, 3); `cells` (m, corners) of one VTK type; `static` arrays of cells; `words` of the field data. `point`
    and `cell` are the fields that change, with their numbers of components.
    """

    points: npt.NDArray[np.float64]
    cells: npt.NDArray[np.int64]
    cell_type: int
    point: Mapping[str, int] = field(default_factory=dict)
    cell: Mapping[str, int] = field(default_factory=dict)
    static: Mapping[str, Array] = field(default_factory=dict)
    words: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def fields(self) -> Iterator[tuple[Kind, str, int, int]]:
        """Yield kind, name, number of values at a time and number of components of each field that changes."""
        for name, components in self.point.items():
            yield "point", name, len(self.points), components
        for name, components in self.cell.items():
            yield "cell", name, len(self.cells), components


class DamagedError(ValueError):
    """A file is no series, or not a whole one; the text names it."""


class _Slot(NamedTuple):
    """Where one set of times is: address of its root group, places of the times, of their number, of that of steps."""

    root: int
    times: int
    length: int
    steps: int


class _Layout(NamedTuple):
    """Where the fields begin in a file, its size, the place of each field at the first step, its sets of times."""

    start: int
    size: int
    fields: Mapping[tuple[Kind, str], int]
    slots: Sequence[_Slot]


class SeriesFile:
    """The file of a series as it is written.

    Methods raise OSError where the disk does not take it, DamagedError where the file that lies there is no series;
    what was committed stands then.
    """

    def __init__(self, path: Path, grid: Grid) -> None:
        self._path, self._grid = path, grid
        self._aside = path.with_name(f".{path.name}")
        self._times: list[float] = []
        self._room = self._commits = 0
        self._layout = _Layout(0, 0, {}, [])

    @property
    def count(self) -> int:
        """The number of steps in the file."""
        return len(self._times)

    @property
    def size(self) -> int:
        """The space that the file takes on the disk [bytes]."""
        step = sum(8 * count * components for _, _, count, components in self._grid.fields())
        return self._layout.start + step * self.count

    def put(self, kind: Kind, name: str, values: npt.NDArray[np.float64]) -> None:
        """Write the values of a field at the step to come."""
        if self.count == self._room:
            self._lay_out(max(ROOM, 2 * self._room), self.count)
        with _opened(self._path if self.count else self._aside) as file:
            self._put(file, self.count, kind, name, values)

    def commit(self, time: float) -> None:
        """Make what was put visible, as the values at `time` [s]."""
        path = self._path if self.count else self._aside
        with _opened(path) as file:
            self._commit(file, [*self._times, time])
        if path != self._path:
            path.replace(self._path)

    def keep(self, count: int, factors: Mapping[str, float]) -> None:
        """Go on after the first `count` steps of the file that lies there, if there is one.

        Of which fields are multiplied by `factors`.
        """
        if self._path.exists():
            self._lay_out(max(ROOM, 2 * count), count, factors)

    def trim(self) -> None:
        """Drop the room for more steps."""
        if self.count < self._room:
            self._lay_out(self.count, self.count)

    def _put(self, file: int, step: int, kind: Kind, name: str, values: npt.NDArray[np.float64]) -> None:
        data = np.ascontiguousarray(values, dtype="<f8")
        _write(file, data.tobytes(), self._layout.fields[kind, name] + step * data.nbytes)

    def _commit(self, file: int, times: list[float]) -> None:
        slot = self._layout.slots[self._commits % len(self._layout.slots)]
        _write(file, np.array(times, dtype="<f8").tobytes(), slot.times)
        for place in (slot.length, slot.steps):
            _write(file, _bytes(len(times)), place)
        _write(file, _bytes(slot.root), ROOT)
        self._times = times
        self._commits += 1

    def _lay_out(self, room: int, count: int, factors: Mapping[str, float] = MappingProxyType({})) -> None:
        """Lay out a file with room for so many steps, and replace by it the old one, of which `count` are copied."""
        before = self._layout, self._room, self._commits, self._times
        image, self._layout = _laid_out(self._grid, room, 1 if room == count else SLOTS)
        self._room, self._commits, self._times = room, 0, []
        try:
            with self._aside.open("wb", buffering=0) as stream:
                _write(stream.fileno(), image, 0)
                stream.truncate(self._layout.size)
                if count:
                    self._commit(stream.fileno(), self._copy(stream.fileno(), count, factors))
            if count:
                self._aside.replace(self._path)
        except BaseException:
            self._layout, self._room, self._commits, self._times = before
            self._aside.unlink(missing_ok=True)
            raise

    def _copy(self, file: int, count: int, factors: Mapping[str, float]) -> list[float]:
        """Write the first `count` steps of the file that lies there, and return their times."""
        with SeriesReader(self._path) as series:
            times = series.times()[:count]
            for kind, name, _, _ in self._grid.fields():
                for step in range(len(times)):
                    self._put(file, step, kind, name, factors.get(name, 1.0) * series.values(kind, name, step))
            return times


def _reading[**P, T](read: Callable[P, T]) -> Callable[P, T]:
    """Let whatever damaged bytes come to be a DamagedError."""

    @wraps(read)
    def guarded(*arguments: P.args, **named: P.kwargs) -> T:
        try:
            return read(*arguments, **named)
        except FileNotFoundError:
            raise
        except Exception as error:
            raise DamagedError(f"{arguments[0]}: is damaged ({brief(error, quotes=False, longest=200)})") from None

    return guarded


class SeriesReader:
    """A series file that is read, as it is when it is opened. DamagedError where it is none."""

    @_reading
    def __init__(self, path: Path) -> None:
        self._path = path
        # no lock: neither the run that writes nor another reader is to be kept out
        self._file = h5py.File(path, "r", locking=False)
        self._root = self._file["VTKHDF"]

    def __str__(self) -> str:
        return str(self._path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    @_reading
    def times(self) -> list[float]:
        """Return the times [s]."""
        return [float(time) for time in self._root["Steps/Values"][:]]

    @_reading
    def names(self, kind: Kind) -> list[str]:
        """Return the names of the arrays of points or cells."""
        return list(self._root[GROUPS[kind]])

    @_reading
    def words(self, name: str) -> list[str]:
        """Return the words of the field data called `name`."""
        return [word.decode() for word in self._root["FieldData"][name][:]]

    @_reading
    def values(self, kind: Kind, name: str, step: int) -> Array:
        """Return an array at a step."""
        first = int(self._root["Steps"][f"{GROUPS[kind]}Offsets"][name][step])
        count = int(self._root["NumberOfPoints" if kind == "point" else "NumberOfCells"][0])
        found: Array = self._root[GROUPS[kind]][name][first : first + count]
        if len(found) != count:
            raise ValueError(f"'{name}' ends within step {step}")
        return found

    @_reading
    def mesh(self) -> tuple[Array, Array, Array]:
        """Return points, the corners of each cell, and the types of the cells."""
        points, corners, types = (self._root[name][:] for name in ("Points", "Connectivity", "Types"))
        return points, corners.reshape(len(types), -1), types


def _laid_out(grid: Grid, room: int, slots: int) -> tuple[bytes, _Layout]:
    """Return all but the fields of a file with room for so many steps, and none in it yet; and its layout."""
    buffer = io.BytesIO()
    with h5py.File(buffer, "w", libver=("earliest", "v110")) as file:
        root, steps = file.create_group("grid"), file.create_group("steps")
        _lay_out_grid(root, grid, room)
        _lay_out_offsets(steps, grid, room)
        marked = [_lay_out_slot(file.create_group(f"{slot}"), root, steps, room, slot) for slot in range(slots)]
        headers = {
            (kind, name): (_address(root[GROUPS[kind]][name]), root[GROUPS[kind]][name].nbytes)
            for kind, name, *_ in grid.fields()
        }
    image = bytearray(buffer.getvalue())
    slots_at = []
    for slot, (address, times) in enumerate(marked):
        places = [_find(image, _bytes(_MARK + 2 * slot + one)) for one in (0, 1)]
        for place in places:
            image[place : place + 8] = _bytes(0)
        slots_at.append(_Slot(address, times, *places))
    # the fields come last: there the file has its holes
    start = end = -len(image) % 8 + len(image)
    fields = {}
    for key, (header, size) in headers.items():
        place = _find(image, _NOWHERE + _bytes(size), header, header + HEADER + _number(image, header + 8, 4))
        image[place : place + 8] = _bytes(end)
        fields[key] = end
        end += size
    # of the root group nothing but the address is said
    image[ROOT : ROOT + 32] = _bytes(slots_at[0].root) + bytes(24)
    image[END : END + 8] = _bytes(end)
    return bytes(image), _Layout(start, end, fields, slots_at)


def _lay_out_grid(root: h5py.Group, grid: Grid, room: int) -> None:
    cells, corners = grid.cells.shape
    for name, number in (("Points", len(grid.points)), ("Cells", cells), ("ConnectivityIds", grid.cells.size)):
        root[f"NumberOf{name}"] = np.array([number], dtype="<i8")
    root["Points"] = grid.points.astype("<f8")
    root["Connectivity"] = grid.cells.ravel().astype("<i8")
    root["Offsets"] = corners * np.arange(cells + 1, dtype="<i8")
    root["Types"] = np.full(cells, grid.cell_type, dtype="u1")
    for group in (*GROUPS.values(), "FieldData"):
        root.create_group(group)
    for name, values in grid.static.items():
        root["CellData"][name] = values
    for kind, name, count, components in grid.fields():
        root[GROUPS[kind]].create_dataset(name, (room * count, components) if components > 1 else room * count, "<f8")
    for name, words in grid.words.items():
        # the reader of VTK takes strings of this kind alone
        root["FieldData"].create_dataset(name, data=[word.encode() for word in words], dtype=h5py.string_dtype("ascii"))


def _lay_out_offsets(steps: h5py.Group, grid: Grid, room: int) -> None:
    """Say where each step begins: the mesh at the first of all, fields each after the one before."""
    for name, fill in (("PartOffsets", 0), ("NumberOfParts", 1), ("PointOffsets", 0)):
        steps.create_dataset(name, (room,), "<i8", fillvalue=fill)
    for name in ("CellOffsets", "ConnectivityIdOffsets"):
        steps.create_dataset(name, (room, 1), "<i8", fillvalue=0)
    for kind, group in GROUPS.items():
        offsets = steps.create_group(f"{group}Offsets")
        fields = {name: count for this, name, count, _ in grid.fields() if this == kind}
        for number, (name, count) in enumerate(fields.items()):
            offsets[name] = offsets[next(iter(fields))] if number else count * np.arange(room, dtype="<i8")
    for name in grid.static:
        steps["CellDataOffsets"][name] = steps["PartOffsets"]
    offsets, sizes = steps.create_group("FieldDataOffsets"), steps.create_group("FieldDataSizes")
    for name, words in grid.words.items():
        offsets[name] = steps["PartOffsets"]
        sizes[name] = np.tile(np.array([1, len(words)], dtype="<i8"), (room, 1))


def _lay_out_slot(top: h5py.Group, root: h5py.Group, steps: h5py.Group, room: int, slot: int) -> tuple[int, int]:
    """Lay out a set of times, with marks where its numbers of times and steps are.

    Return the address of `top`, its root group, and the place of the times.
    """
    own = top.create_group("VTKHDF")
    own.attrs["Version"] = np.array(VERSION, dtype="<i8")
    own.attrs["Type"] = np.bytes_("UnstructuredGrid")
    own_steps = own.create_group("Steps")
    for group, all_share in ((own, root), (own_steps, steps)):
        for name in all_share:
            group.id.links.create_hard(name.encode(), all_share.id, name.encode())
    times = own_steps.create_dataset("Values", (room,), "<f8", maxshape=(None,), chunks=(room,))
    times[:] = 0.0
    times.resize((_MARK + 2 * slot,))
    own_steps.attrs["NSteps"] = np.array(_MARK + 2 * slot + 1, dtype="<i8")
    return _address(top), times.id.get_chunk_info(0).byte_offset


def _address(thing: h5py.Group | h5py.Dataset) -> int:
    """Return where in the file the header of a group or dataset stands."""
    address: int = h5py.h5o.get_info(thing.id).addr
    return address


def _find(image: bytearray, mark: bytes, start: int = 0, end: int | None = None) -> int:
    place = image.find(mark, start, end)
    if image[8] != 0 or place < 0 or image.find(mark, place + 1, end) >= 0:
        raise RuntimeError("HDF5 has laid out a series in another way than is known here")
    return place


def _number(image: bytearray, place: int, size: int) -> int:
    return int.from_bytes(image[place : place + size], "little")


def _bytes(number: int) -> bytes:
    return number.to_bytes(8, "little")


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    # anew each time: a folder that was taken away is noticed
    file = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        yield file
    finally:
        os.close(file)


def _write(file: int, data: bytes, place: int) -> None:
    """Write all of `data`; on a full disk the system may take a part first."""
    rest = memoryview(data)
    while rest:
        written = os.pwrite(file, rest, place)
        rest, place = rest[written:], place + written
