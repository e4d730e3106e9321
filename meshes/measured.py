"""Surfaces that were measured: a window of a map or of a line scan."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from interstice.meshes import measurement
from interstice.meshes.height_profile import ROUNDING, Array, HeightProfile, as_text
from interstice.meshes.measurement import Measurement
from interstice.meshes.window import Pixels, Points, Window

if TYPE_CHECKING:
    from interstice.schema import Measured

LEAST_POINTS = 4
"""Fewest points of a measurement, along each direction, that a window may hold."""

DEVIATION = 1.4826
"""Standard deviation of normally distributed numbers over their median deviation from the median."""
ALONE = 20.0
"""Standard deviations of all others beyond which one number that is there several times may be no height."""


def profile(roughness: Measured, size: tuple[float, ...], key: str, case_folder: Path) -> HeightProfile:
    """Return the heights of a measured surface over a body of that size [m]; ValueError names the key at fault."""
    part, (filled, *_) = window(roughness, size, key, case_folder)
    heights, highest = part.interpolated()
    return HeightProfile(
        heights,
        peak=highest,
        rms=part.rms,
        rms_gradient=part.rms_gradient,
        shortest_wave=2 * part.nearest,
        periodic=False,
        description=f"measured, {roughness.file.name}, {as_text(*size)} at {as_text(*_corner(roughness, size, key))}, "
        f"rms {as_text(part.rms)}" + ("" if roughness.rms is None else " (scaled)") + (f"; {filled}" if filled else ""),
    )


def remarks(roughness: Measured, size: tuple[float, ...], key: str, case_folder: Path) -> Iterator[str]:
    """Yield what a user should know of how the heights were made of those in the file."""
    _, told = window(roughness, size, key, case_folder)
    yield from filter(None, told)


def window(roughness: Measured, size: tuple[float, ...], key: str, case_folder: Path) -> tuple[Window, tuple[str, ...]]:
    """Return the part of a measurement that lies on the body, detrended, filled and scaled, and what is to say of it.

    The first of these sentences is about missing points, and empty where there are none.
    """
    source = _of_dimension(measurement.read(roughness, key, case_folder), len(size), roughness, key)
    origin, name = _corner(roughness, size, key), f"{key}.file: '{roughness.file.name}'"
    if (origin < -ROUNDING * source.size).any() or (origin + size > source.size * (1 + ROUNDING)).any():
        raise ValueError(
            f"{name} covers {as_text(*source.size)}, smaller than the window of {as_text(*size)} (lateral "
            f"size of the body) at origin {as_text(*origin)}; lower the length or origin"
        )
    part = (_pixels if source.places is None else _points)(source, origin, size, name)
    known = part.heights[np.isfinite(part.heights)]
    _require_low(known, size, name)
    marks = _marks(known, roughness.file.name)
    filled, missing = "", part.missing
    if missing:
        share = f"{missing:.2%} of the points of '{roughness.file.name}' in the window are missing"
        if roughness.fill == "refuse" or np.isfinite(part.heights).sum() < LEAST_POINTS:
            raise ValueError(f"{key}.fill: {share}; allowed are harmonic and median to fill them, or move the origin")
        filled = f"{share} and filled ({roughness.fill})"
    part = part.detrended(roughness.detrend).filled(roughness.fill)
    if roughness.rms is not None:
        if not part.rms > 0:
            raise ValueError(f"{name} is perfectly flat in the window, its rms cannot be scaled; leave out rms")
        part = part.times(roughness.rms / part.rms)
    return part, (filled, *source.remarks, *marks)


def _require_low(heights: Array, size: tuple[float, ...], name: str) -> None:
    """Refuse what is higher than the window is wide: a wrong unit, or a number that stands for missing points."""
    span, widest = float(np.ptp(heights)) if heights.size else 0.0, max(size)
    if span > widest:
        raise ValueError(
            f"{name} has heights {as_text(span)} apart in the window, more than its width, {as_text(widest)}: "
            "height_unit, unit or size is wrong, or a number other than nan marks missing points"
        )


def _marks(heights: Array, file: str) -> Iterator[str]:
    """Yield a question about the lowest or highest number where it stands several times, and far from all others."""
    for value in (heights.min(initial=np.inf), heights.max(initial=-np.inf)):
        same = heights == value
        others, count = heights[~same], int(same.sum())
        if count < 2 or len(others) < LEAST_POINTS:
            continue
        spread = DEVIATION * np.median(np.abs(others - np.median(others))) or np.std(others)
        distance = np.abs(others - value).min()
        if distance > ALONE * spread and spread > ROUNDING * distance:
            yield (
                f"{count} points of '{file}' in the window have one and the same height, {value * 1e9:.6g} nm, and all "
                f"others are {distance / spread:.3g} times their standard deviation from it or more; if that number "
                "marks missing points, write nan for it, and give fill"
            )


def middle(heights: Array) -> int:
    """Return the middle row of a map."""
    return heights.shape[1] // 2


def _of_dimension(source: Measurement, dimension: int, roughness: Measured, key: str) -> Measurement:
    """Return the measurement, or a row of it, that a body with so many lateral directions has."""
    heights, file = source.heights, roughness.file.name
    if dimension > heights.ndim:
        raise ValueError(f"{key}.file: '{file}' is a line scan; a body of dimension 3 needs a map")
    if dimension == 2 and roughness.line is not None:
        raise ValueError(f"{key}.line: belongs to bodies of dimension 2; use origin to place the window")
    if dimension == 2:
        return source
    if heights.ndim == 2:
        rows = heights.shape[1]
        row = middle(heights) if roughness.line is None else roughness.line
        if row >= rows:
            raise ValueError(f"{key}.line: {row} was given, '{file}' has rows 0 to {rows - 1}")
        return Measurement(heights[:, row], source.size[:1], remarks=source.remarks)
    if roughness.line:
        raise ValueError(f"{key}.line: '{file}' is a line scan, it has line 0 only")
    return source


def _corner(roughness: Measured, size: tuple[float, ...], key: str) -> Array:
    """Return where the window begins [m]."""
    if not isinstance(roughness.origin, tuple):
        return np.full(len(size), roughness.origin)
    if len(size) == 1:
        raise ValueError(f"{key}.origin: a body of dimension 2 needs one length; use line for the row")
    return np.array(roughness.origin)


def _pixels(source: Measurement, origin: Array, size: tuple[float, ...], name: str) -> Window:
    """Return the pixels that the window touches."""
    shape = np.array(source.heights.shape)
    pitch = source.size / shape
    first = np.floor(origin / pitch * (1 + ROUNDING)).astype(np.int64)
    last = np.minimum(np.ceil((origin + size) / pitch * (1 - ROUNDING)).astype(np.int64), shape)
    _require_points(int((last - first).min()), pitch, size, name)
    within = tuple(slice(a, b) for a, b in zip(first, last, strict=True))
    places = [(np.arange(n) + 0.5) * step for n, step in zip(shape, pitch, strict=True)]
    return Pixels(
        source.heights[within],
        tuple(x[part] - corner for x, part, corner in zip(places, within, origin, strict=True)),
        size,
        pitch,
    )


def _points(source: Measurement, origin: Array, size: tuple[float, ...], name: str) -> Window:
    """Return the points in the window and its two ends, on the straight lines to the points beyond."""
    assert source.places is not None
    places, heights = source.places - origin, source.heights
    within = (places > ROUNDING * size[0]) & (places < size[0] * (1 - ROUNDING))
    on_body = (places >= -ROUNDING * size[0]) & (places <= size[0] * (1 + ROUNDING))
    _require_points(int(on_body.sum()), source.size / (len(places) - 1), size, name)
    known = np.isfinite(heights)
    if not known.any():
        raise ValueError(f"{name} has no points with a height")
    ends = np.interp([0.0, size[0]], places[known], heights[known])
    inside = places[within]
    return Points(
        np.concatenate([ends[:1], heights[within], ends[1:]]), (np.concatenate([[0.0], inside, [size[0]]]),), size
    )


def _require_points(number: int, pitch: Array, size: tuple[float, ...], name: str) -> None:
    if number < LEAST_POINTS:
        raise ValueError(
            f"{name} has points {as_text(*pitch)} apart: fewer than {LEAST_POINTS} in the window of {as_text(*size)}"
        )
