"""The part of a measurement that lies on a body: pixels of a map or a line, or points of a line scan."""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from scipy.interpolate import PchipInterpolator

from interstice.meshes.height_profile import Array, Heights, peak, spline

MOST_EVEN_POINTS = 2**20
"""Most points of a line scan that is made even."""


@dataclass(frozen=True)
class Window(ABC):
    """Heights over a body.

    Attributes:
        heights: [m], NaN where missing; shape (n,) or (n, m).
        places: of the points in each direction, from the corner of the window [m].
        size: of the window [m].
    """

    heights: Array
    places: tuple[Array, ...]
    size: tuple[float, ...]

    @property
    @abstractmethod
    def weights(self) -> Array:
        """What part of the window each point stands for, of the shape of the heights; their sum is 1."""

    @property
    @abstractmethod
    def rms_gradient(self) -> float:
        """Root mean square of the slope between points."""

    @property
    def nearest(self) -> float:
        """Distance of the points that are nearest to each other along a direction [m]."""
        return min(float(np.diff(x).min()) for x in self.places)

    @abstractmethod
    def interpolated(self) -> tuple[Heights, float]:
        """Return the heights everywhere [m], through those of the points, and the highest of them [m]."""

    @abstractmethod
    def evenly(self) -> tuple[Array, Array, float]:
        """Return heights at even distances, these distances [m], and the largest distance of points [m]."""

    @property
    def rms(self) -> float:
        """Root mean square of the heights about their mean [m]."""
        mean = np.sum(self.weights * self.heights)
        return float(np.sqrt(np.sum(self.weights * (self.heights - mean) ** 2)))

    @property
    def missing(self) -> float:
        """Share of the points that have no height."""
        return float(np.isnan(self.heights).mean())

    def times(self, factor: float) -> Self:
        """Return it with all heights times a factor."""
        return replace(self, heights=self.heights * factor)

    def detrended(self, mode: str) -> Self:
        """Return it less the mean (center), plane (height) or parabola (curvature) of least squares of its points."""
        degree = {"none": -1, "center": 0, "height": 1, "curvature": 2}[mode]
        axes = np.meshgrid(*[np.interp(x, x[[0, -1]], [-1.0, 1.0]) for x in self.places], indexing="ij")
        powers = [p for p in itertools.product(range(degree + 1), repeat=len(axes)) if sum(p) <= degree]
        if not powers:
            return self
        basis = np.stack(
            [np.prod([x**n for x, n in zip(axes, p, strict=True)], axis=0).ravel() for p in powers], axis=1
        )
        heights, root = self.heights.ravel(), np.sqrt(self.weights.ravel())
        known = np.isfinite(heights)
        coefficients = np.linalg.lstsq((basis * root[:, None])[known], (heights * root)[known], rcond=None)[0]
        return replace(self, heights=self.heights - (basis @ coefficients).reshape(self.heights.shape))

    def filled(self, mode: str) -> Self:
        """Return it with a height at all points: on a straight line or a membrane (harmonic), or the median one."""
        missing = np.isnan(self.heights)
        if not missing.any():
            return self
        heights = self.heights.copy()
        if mode == "median":
            heights[missing] = np.nanmedian(heights)
        elif heights.ndim == 1:
            (x,) = self.places
            heights[missing] = np.interp(x[missing], x[~missing], heights[~missing])
        else:
            from SurfaceTopography import Topography  # slow to import

            holes = Topography(np.ma.masked_invalid(heights), heights.shape)
            heights = np.asarray(holes.interpolate_undefined_data("harmonic").heights())
        return replace(self, heights=heights)


@dataclass(frozen=True)
class Pixels(Window):
    """Pixels, of which each point is the middle: a cubic spline, which goes on as their mirror image.

    Attributes:
        pitch: distance of points in each direction [m].
    """

    pitch: Array

    @property
    def weights(self) -> Array:
        """All count alike."""
        return np.full(self.heights.shape, 1 / self.heights.size)

    @property
    def rms_gradient(self) -> float:
        """Root mean square of the slope between neighbours."""
        slopes = [np.mean((np.diff(self.heights, axis=i) / step) ** 2) for i, step in enumerate(self.pitch)]
        return float(np.sqrt(np.sum(slopes)))

    def interpolated(self) -> tuple[Heights, float]:
        """Return the spline and its highest point [m]."""
        heights = spline(self.heights, self.pitch, np.array([x[0] for x in self.places]), "reflect")
        return heights, peak(heights, self.size, np.array(self.heights.shape))

    def evenly(self) -> tuple[Array, Array, float]:
        """Return the heights as they are, the distances of points [m] and the largest of these."""
        return self.heights, self.pitch, float(self.pitch.max())


@dataclass(frozen=True)
class Points(Window):
    """Points of a line scan between the two ends of the window, at any distance: cubics that overshoot none."""

    @property
    def missing(self) -> float:
        """Share of the points between the ends that have no height."""
        return float(np.isnan(self.heights[1:-1]).mean())

    @property
    def weights(self) -> Array:
        """What the trapezoidal rule gives each of them."""
        steps = np.diff(self.places[0])
        return (np.append(steps, 0.0) + np.append(0.0, steps)) / (2 * steps.sum())

    @property
    def rms_gradient(self) -> float:
        """Root mean square, over the length, of the slope of the straight lines between points."""
        steps = np.diff(self.places[0])
        return float(np.sqrt(np.sum(np.diff(self.heights) ** 2 / steps) / steps.sum()))

    def interpolated(self) -> tuple[Heights, float]:
        """Return monotone cubics between the points (Fritsch and Butland, 1984), of which one is the highest [m]."""
        (places,) = self.places
        cubics = PchipInterpolator(places, self.heights)
        return lambda x: np.asarray(cubics(np.clip(x, places[0], places[-1]))), float(self.heights.max())

    def evenly(self) -> tuple[Array, Array, float]:
        """Return heights as far apart as the nearest points are, this distance [m], and that of the farthest."""
        steps = np.diff(self.places[0])
        number = min(int(np.ceil(self.size[0] / steps.min())), MOST_EVEN_POINTS)
        pitch = self.size[0] / number
        heights, _ = self.interpolated()
        return heights((np.arange(number) + 0.5) * pitch), np.array([pitch]), float(steps.max())
