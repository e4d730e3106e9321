"""What a topography file holds, in metres: a map of pixels, or a line scan of pixels or of points with their places."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from interstice.meshes import gsf, plain_text
from interstice.meshes.bounded import bounded
from interstice.meshes.height_profile import Array, as_text
from interstice.meshes.raw_topography import RawTopography
from interstice.schema import files
from interstice.schema.problems import brief

if TYPE_CHECKING:
    from interstice.schema import Measured

LARGEST = 64_000_000
"""Bytes of a file that is read: those of 4000 x 4000 points of four bytes, or of 2000 x 2000 as text."""
MEMORY, SECONDS = 1e9, 4.0
"""Bytes and seconds of computing that it may take to read."""
WIDEST = 1.0
"""Most that a measured surface is wide [m]: beyond it, its unit is taken to be wrong."""
NO_MAGIC = ("nms", "hgt")
"""Formats without a mark by which they are known: SurfaceTopography takes any file of the right length for one."""
MATRICES = ("npy", "npz", "mat", "h5")
"""Formats of numbers that know nothing of surfaces: they mean what the same rows and columns do in a text, while
SurfaceTopography lets the first index run along x."""

OBLONG, SQUARE = 1.5, 1.01
"""Ratio of the edges of a pixel beyond which it is questioned, and up to which it is square."""


@dataclass(frozen=True)
class Measurement:
    """Heights and where they are.

    Attributes:
        heights: [m], x first, NaN where missing; shape (n,) of a line scan, (n, m) of a map.
        size: how far it reaches in each direction [m].
        places: of the points of a line scan, rising from 0 [m]; None where points are the middles of equal pixels.
        remarks: sentences about how it had to be read.
    """

    heights: Array
    size: Array
    places: Array | None = None
    remarks: tuple[str, ...] = ()


def read(roughness: Measured, key: str, case_folder: Path) -> Measurement:
    """Return the measurement in the file of `roughness`, the block under `key`; ValueError names the key at fault."""
    path = case_folder / roughness.file
    try:
        size = files.size_of(path, LARGEST)
        raw = _raw(path, path.stat().st_mtime_ns, size)
    except files.FileError as error:
        raise ValueError(f"{key}.file: {files.reason_beside_case(error, path)}") from None
    except Exception as error:
        plain = type(error) in (ValueError, MemoryError, TimeoutError)
        reason = brief(error if plain else f"{type(error).__name__} {error}", quotes=False, longest=200)
        raise ValueError(f"{key}.file: '{path}' is no topography that can be read ({reason})") from error
    measurement = _in_metres(raw, roughness, key)
    _require_plausible(measurement, roughness, key)
    return measurement


@lru_cache(maxsize=4)
def _raw(path: Path, modified: int, length: int) -> RawTopography:
    """Return what the file holds; it is read again where it was `modified` or is of another `length`."""
    content = files.content(path, LARGEST)
    if not content.strip():
        raise ValueError("it is empty")
    if content.startswith(gsf.MAGIC):
        return gsf.read(content)
    table = plain_text.read(content)
    if table is not None and not table.headed:
        return table.topography()
    try:
        with bounded(MEMORY, SECONDS):
            found, marked = _by_library(path)
    except Exception:
        if table is None:
            raise
        return table.topography()
    # words above numbers may say the unit; where they do not, the numbers are as good
    return found if table is None or (found.unit and marked) else table.topography()


def _by_library(path: Path) -> tuple[RawTopography, bool]:
    """Return what SurfaceTopography finds in the file, and whether it has the marks of its format."""
    # slow to import and needed by measured surfaces only
    from SurfaceTopography import open_topography
    from SurfaceTopography.Exceptions import CannotDetectFileFormat

    try:
        opened = open_topography(str(path))
    except CannotDetectFileFormat:
        raise ValueError("it is no table of numbers, and in no format that SurfaceTopography knows") from None
    with opened as reader:
        channel = reader.default_channel
        unsized = channel.physical_sizes is None
        topography = reader.topography(**({"physical_sizes": channel.nb_grid_pts} if unsized else {}))
        unit = None if topography.unit is None else 1.0
        if unit:
            topography = topography.to_unit("m")
        heights = np.ma.filled(np.ma.asarray(topography.heights(), dtype=float), np.nan)
        marked = reader.format() not in NO_MAGIC
        if reader.format() in MATRICES:
            return plain_text.Table(np.atleast_2d(heights)).topography(), marked
        if heights.ndim == 1 and (not topography.is_uniform or reader.format() == "xyz"):
            places = np.array(topography.positions(), dtype=float)
            return RawTopography(heights, places=places, unit=unit, height_unit=unit), marked
        extent = None if unsized else np.abs(np.array(topography.physical_sizes, dtype=float))
        return RawTopography(heights, extent=extent, unit=unit, height_unit=unit), marked


def _in_metres(raw: RawTopography, roughness: Measured, key: str) -> Measurement:
    """Return what is in a file in metres, with the units and the size of the case where the file does not say them."""
    name = f"'{roughness.file.name}'"
    lengths, heights = raw.unit, raw.height_unit
    if roughness.unit and lengths and heights:
        raise ValueError(f"{key}.unit: {name} says its unit itself; leave out unit, and correct lengths by size")
    if roughness.height_unit and heights:
        raise ValueError(f"{key}.height_unit: {name} says the unit of its heights itself; leave it out")
    lengths = lengths or roughness.unit
    heights = heights or roughness.height_unit or roughness.unit
    size = _given_size(raw, roughness, key)
    written = raw.extent if raw.places is None else np.array([np.ptp(raw.places[np.isfinite(raw.places)])])
    lacking = []
    if size is None and written is None:
        lacking.append("size, such as 10 um" + (" or [10 um, 5 um]" if raw.heights.ndim == 2 else ""))
    elif size is None and lengths is None:
        lacking.append("unit, such as um")
    if heights is None:
        lacking.append("height_unit, such as nm")
    if lacking:
        raise ValueError(f"{key}.file: {name} does not say all of its units and size; give {' and '.join(lacking)}")
    assert heights is not None
    if size is None:
        assert written is not None and lengths is not None
        size = written * lengths
    if not (np.isfinite(size).all() and (size > 0).all()):
        raise ValueError(f"{key}.file: {name} has a size of {as_text(*size)}; give the right one as size")
    if raw.places is None:
        remarks = tuple(_in_wrong_order(size, np.array(raw.heights.shape), name))
        return Measurement(raw.heights * heights, size, remarks=remarks)
    scan = _in_order(raw.places, raw.heights * heights, key, name)
    assert scan.places is not None
    return replace(scan, places=scan.places * (size[0] / scan.size[0]), size=size)


def _in_wrong_order(size: Array, shape: NDArray[np.int64], name: str) -> Iterator[str]:
    """Yield a question where pixels are oblong, and would be square with both edges of the map in the other order."""
    pitch, turned = size / shape, size[::-1] / shape
    if pitch.max() > OBLONG * pitch.min() and turned.max() < SQUARE * turned.min():
        yield (
            f"{name} has {shape[0]} points along x and {shape[1]} along y, pixels of {as_text(*pitch)}; with size "
            f"[{as_text(size[1])}, {as_text(size[0])}] they are square: rows run along x, and size is [x, y]"
        )


def _given_size(raw: RawTopography, roughness: Measured, key: str) -> Array | None:
    """Return the size that the case gives [m], if it does."""
    if roughness.size is None:
        return None
    shape = raw.heights.shape
    if not isinstance(roughness.size, tuple):
        if len(set(shape)) > 1:
            raise ValueError(f"{key}.size: a map of {shape[0]} x {shape[1]} points needs both edges, [x, y]")
        return np.full(len(shape), roughness.size)
    if len(shape) == 1:
        raise ValueError(f"{key}.size: '{roughness.file.name}' is a line scan, it has one length")
    return np.array(roughness.size)


def _require_plausible(measurement: Measurement, roughness: Measured, key: str) -> None:
    """Refuse what is wider than surfaces are: a wrong unit."""
    widest = float(measurement.size.max())
    if widest > WIDEST and roughness.size is None:
        correct = "size" if roughness.unit is None else "unit or size"
        raise ValueError(
            f"{key}.file: '{roughness.file.name}' is {as_text(*measurement.size)} large, which is unlikely; give the "
            f"right {correct}"
        )


def _in_order(places: Array, heights: Array, key: str, name: str) -> Measurement:
    """Return a line scan whose places rise from 0, which may run from right to left or go back on its way."""
    known = np.isfinite(places)
    places, heights = places[known], heights[known]
    if len(places) < 2 or places[0] == places[-1]:
        raise ValueError(f"{key}.file: {name} is a line scan that ends where it begins")
    if places[-1] < places[0]:
        places, heights = places[::-1], heights[::-1]
    places = places - places.min()
    remarks: tuple[str, ...] = ()
    if _rounded(places):
        places = np.linspace(0.0, places[-1], len(places))
    elif backwards := int(np.sum(np.diff(places) <= 0)):
        places, heights = _upper_envelope(places, heights)
        remarks = (
            f"{name} goes back or stands still along x {backwards} times; where it passes a place "
            "more than once, the highest counts",
        )
    return Measurement(heights, places[-1:].copy(), places, remarks)


def _rounded(places: Array) -> bool:
    """Return whether places from 0 are even ones, written with so few digits that they look uneven."""
    pitch = places[-1] / (len(places) - 1)
    off = float(np.abs(places - pitch * np.arange(len(places))).max())
    if off <= 1e-9 * pitch:
        return True
    digit = 10.0 ** np.ceil(np.log10(off))
    written = places / digit
    return off < pitch and bool(np.abs(written - np.round(written)).max() < 1e-6)


def _upper_envelope(places: Array, heights: Array) -> tuple[Array, Array]:
    """Return the highest of the straight lines between successive points, at the places of all of them."""
    known = np.isfinite(heights)
    rising = np.unique(places)
    index = np.searchsorted(rising, places)
    top = np.full(len(rising), -np.inf)
    np.maximum.at(top, index[known], heights[known])
    for i in np.flatnonzero(known[1:] & known[:-1] & (np.abs(np.diff(index)) > 1)):
        (a, b), ends = sorted((index[i], index[i + 1])), sorted((i, i + 1), key=lambda j: places[j])
        between = np.interp(rising[a + 1 : b], places[ends], heights[ends])
        top[a + 1 : b] = np.maximum(top[a + 1 : b], between)
    return rising, np.where(np.isinf(top), np.nan, top)
