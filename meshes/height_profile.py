"""Heights of an interface over the lateral window of a body."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Array = NDArray[np.float64]
Heights = Callable[..., Array]

ROUNDING = 1e-9
"""Relative difference of two lengths that counts as none."""


@dataclass(frozen=True)
class HeightProfile:
    """Heights of the rough interface over the lateral window of the body.

    Attributes:
        heights: h(x) in 2D, h(x, y) in 3D; coordinates and heights in metres, arrays of one shape.
        peak: highest height over the window [m].
        rms: root mean square of the heights about their mean [m].
        rms_gradient: root mean square of |∇h|.
        shortest_wave: length of the shortest wave that they hold [m].
        periodic: whether h repeats with the size of the body.
        description: one line for reports.
    """

    heights: Heights
    peak: float
    rms: float
    rms_gradient: float
    shortest_wave: float
    periodic: bool
    description: str

    def __call__(self, *coordinates: Array) -> Array:
        """Return the heights [m] at `coordinates` x (, y) [m]."""
        return self.heights(*coordinates)


def initial_gap(profile: HeightProfile) -> Heights:
    """Return the function x (, y) → g_0 = max(h) − h ≥ 0, in metres: the highest peaks touch first.

    The maximum is `profile.peak`, over the whole window, not over the nodes of a mesh. Where a spline overshoots
    that sampled maximum the gap is zero.
    """
    return lambda *coordinates: np.maximum(profile.peak - profile(*coordinates), 0.0)


def flat(description: str = "flat") -> HeightProfile:
    """Return the profile of a perfectly flat interface at height 0."""
    return HeightProfile(lambda *x: np.zeros(np.shape(x[0])), 0.0, 0.0, 0.0, np.inf, True, description)


def spline(grid: Array, pitch: Array, first: Array, mode: str) -> Heights:
    """Return the cubic spline through the heights of `grid`, whose point i lies at first + i·pitch."""
    coefficients = ndimage.spline_filter(grid, order=3, mode=mode)

    def heights(*coordinates: Array) -> Array:
        index = [(np.asarray(x) - start) / step for x, start, step in zip(coordinates, first, pitch, strict=True)]
        return ndimage.map_coordinates(coefficients, index, order=3, mode=mode, prefilter=False)

    return heights


def peak(heights: Heights, size: tuple[float, ...], points: NDArray[np.int64]) -> float:
    """Return the highest of `heights` over the window, sampled at four places per grid step."""
    axes = [np.linspace(0, length, 4 * n + 1) for length, n in zip(size, points, strict=True)]
    return float(heights(*np.meshgrid(*axes, indexing="ij")).max())


def as_text(*lengths: float) -> str:
    """Return lengths as people write them, such as '10 um x 5 um'."""
    if max(map(abs, lengths)) >= 1.0:
        return " x ".join(f"{length:.6g} m" for length in lengths)
    return " x ".join(f"{length * 1e6:.6g} um" for length in lengths)


def length_in_words(length: float) -> str:
    """Return a length as people say it: 1 nm, 2.5 um, 1 cm."""
    for unit, size in (("m", 1.0), ("cm", 1e-2), ("mm", 1e-3), ("um", 1e-6), ("nm", 1e-9)):
        if length >= size * (1 - 1e-9):
            return f"{length / size:.4g} {unit}"
    return f"{length / 1e-9:.4g} nm"
