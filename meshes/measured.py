"""Surfaces that were measured: a window of a map or of a line scan."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from interstice.meshes.height_profile import ROUNDING, Array, HeightProfile, as_text, peak, spline

if TYPE_CHECKING:
    from interstice.schema import Measured

LEAST_POINTS = 4
"""Fewest points of a measurement, along each direction, that a window may hold."""


def profile(roughness: Measured, size: tuple[float, ...], key: str, case_folder: Path) -> HeightProfile:
    """Window of a measured map or line scan, detrended over the window, as a cubic spline through its points.

    A point stands for the middle of its pixel, so a map of N points of pitch Δ covers NΔ. The window holds the pixels
    it touches; beyond them the spline goes on as their mirror image.
    """
    points, pitch, origin, first = window(roughness, size, key, case_folder)
    heights = spline(points, pitch, (first + 0.5) * pitch - origin, "reflect")
    slopes = [np.mean((np.diff(points, axis=axis) / step) ** 2) for axis, step in enumerate(pitch)]
    return HeightProfile(
        heights,
        peak=peak(heights, size, np.array(points.shape)),
        rms=float(points.std()),
        rms_gradient=float(np.sqrt(np.sum(slopes))),
        periodic=False,
        description=f"measured, {roughness.file.name}, {as_text(*size)} at {as_text(*origin)}, "
        f"rms {as_text(points.std())}" + ("" if roughness.rms is None else " (scaled)"),
    )


def window(
    roughness: Measured, size: tuple[float, ...], key: str, case_folder: Path
) -> tuple[Array, Array, Array, NDArray[np.int64]]:
    """Return the heights [m] in the window, their pitch [m], the corner [m] of the window and its first point."""
    heights, pitch = read(case_folder / roughness.file, f"{key}.file")
    name = f"{key}.file: '{roughness.file.name}'"
    if len(size) > heights.ndim:
        raise ValueError(f"{name} is a line scan; a body of dimension 3 needs a map")
    if len(size) == 2 and roughness.line is not None:
        raise ValueError(f"{key}.line: belongs to bodies of dimension 2; use origin to place the window")
    if len(size) == 1 and heights.ndim == 2:
        rows = heights.shape[1]
        row = middle(heights) if roughness.line is None else roughness.line
        if row >= rows:
            raise ValueError(f"{key}.line: {row} was given, '{roughness.file.name}' has rows 0 to {rows - 1}")
        heights, pitch = heights[:, row], pitch[:1]
    elif len(size) == 1 and roughness.line:
        raise ValueError(f"{key}.line: '{roughness.file.name}' is a line scan, it has line 0 only")

    if isinstance(roughness.origin, tuple):
        origin = np.array(roughness.origin)
        if len(size) == 1:
            raise ValueError(f"{key}.origin: a body of dimension 2 needs one length; use line for the row")
    else:
        origin = np.full(len(size), roughness.origin)
    start, end = origin / pitch, (origin + size) / pitch
    if (start < -ROUNDING).any() or (end > np.array(heights.shape) * (1 + ROUNDING)).any():
        raise ValueError(
            f"{name} covers {as_text(*(heights.shape * pitch))}, smaller than the window of {as_text(*size)} (lateral "
            f"size of the body) at origin {as_text(*origin)}; lower geometry.length or origin"
        )
    first = np.floor(start * (1 + ROUNDING)).astype(np.int64)
    last = np.minimum(np.ceil(end * (1 - ROUNDING)).astype(np.int64), heights.shape)
    if (last - first < LEAST_POINTS).any():
        raise ValueError(
            f"{name} has points {as_text(*pitch)} apart: fewer than {LEAST_POINTS} in the window of {as_text(*size)}"
        )
    window = heights[tuple(slice(a, b) for a, b in zip(first, last, strict=True))]
    if not np.isfinite(window).all():
        raise ValueError(
            f"{name} has undefined points in the window of {as_text(*size)} at origin {as_text(*origin)}; "
            "move the origin"
        )
    window = _detrend(window, roughness.detrend)
    if roughness.rms is not None:
        if not window.std() > 0:
            raise ValueError(f"{name} is perfectly flat in the window, its rms cannot be scaled; leave out rms")
        window = window * (roughness.rms / window.std())
    return window, pitch, origin, first


def read(path: Path, key: str) -> tuple[Array, Array]:
    """Return the heights [m] of the measurement in `path`, x first, NaN where undefined, and its pitch [m]."""
    if not path.is_file():
        raise ValueError(f"{key}: there is no file '{path}'; the path is relative to the case file")
    from SurfaceTopography import open_topography  # slow to import and needed by measured surfaces only

    try:
        topography = open_topography(str(path)).topography()
    except Exception as error:
        reason = f"{type(error).__name__} {error}".splitlines()[0]
        raise ValueError(f"{key}: '{path}' is no topography that SurfaceTopography can read ({reason})") from error
    if topography.unit is None:
        raise ValueError(f"{key}: '{path}' does not say the unit of its heights")
    topography = topography.to_unit("m")
    heights = np.ma.filled(np.ma.asarray(topography.heights(), dtype=float), np.nan)
    extent = np.array(topography.physical_sizes, dtype=float)
    if not topography.is_uniform:
        positions = topography.positions()
        pitch = extent / (len(positions) - 1)
        even = positions[0] + pitch[0] * np.arange(len(positions))
        return np.interp(even, positions, heights), pitch
    return heights, extent / heights.shape


def _detrend(window: Array, mode: str) -> Array:
    """Return `window` less its mean (center), plane (height) or parabola (curvature) of least squares."""
    degree = {"none": -1, "center": 0, "height": 1, "curvature": 2}[mode]
    axes = np.meshgrid(*[np.linspace(-1, 1, n) for n in window.shape], indexing="ij")
    powers = [p for p in itertools.product(range(degree + 1), repeat=window.ndim) if sum(p) <= degree]
    if not powers:
        return window
    basis = np.stack([np.prod([x**n for x, n in zip(axes, p, strict=True)], axis=0).ravel() for p in powers], axis=1)
    coefficients = np.linalg.lstsq(basis, window.ravel(), rcond=None)[0]
    return window - (basis @ coefficients).reshape(window.shape)


def middle(heights: Array) -> int:
    """Return the middle row of a map."""
    return heights.shape[1] // 2
