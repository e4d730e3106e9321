"""Where particles lie: discs or balls at random places, those without room pushed in between the others."""

from __future__ import annotations

from dataclasses import dataclass
from math import gamma, log, pi, sqrt
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

if TYPE_CHECKING:
    from interstice.schema import Particles

Array = NDArray[np.float64]

MOST_PARTICLES = 1000
TRIALS = 500
"""Random places tried for a particle."""
PUSHES = 1000
PUSH_MARGIN = 0.01
"""Most rounds of pushing particles apart, and how much farther than asked for, relatively."""
ATTEMPTS = 20
"""Most packings begun anew because particles got stuck."""
LEAST_ELEMENTS = 4
"""Elements across the smallest particle."""


@dataclass(frozen=True)
class Packing:
    """Particles in a box [0, length] (× [0, width]) × [0, height].

    Attributes:
        centres: [m], shape (particles, dimension).
        radii: [m], from the largest to the smallest, shape (particles,).
        size: length, in 3D width, height [m].
        separator: height below which there are no particles [m].
    """

    centres: Array
    radii: Array
    size: tuple[float, ...]
    separator: float

    @property
    def dimension(self) -> int:
        """2 or 3."""
        return len(self.size)

    @property
    def volume_fraction(self) -> float:
        """Share of the particles in the part above the separator."""
        return unit_ball(self.dimension) * float(np.sum(self.radii**self.dimension)) / self.room

    @property
    def room(self) -> float:
        """Volume above the separator [m³, in 2D m²]."""
        return _room(self.size, self.separator)

    def distance(self, points: Array) -> Array:
        """Return the distances from `points`, shape (points, dimension), to the nearest surface of a particle [m]."""
        nearest = np.full(len(points), np.inf)
        for centre, radius in zip(self.centres, self.radii, strict=True):
            np.minimum(nearest, np.abs(np.linalg.norm(points - centre, axis=1) - radius), out=nearest)
        return nearest


def pack(geometry: Particles) -> Packing:
    """Return particles of log-normal diameters at random places, decided by `geometry.seed` alone.

    As many are drawn as come nearest to the volume fraction, or the given count. The largest first, each is put at
    the first random place where it keeps its distance from those before it (random sequential addition: Widom,
    J. Chem. Phys. 44, 3888 (1966)). That ends at a fraction of 0.38 for balls and 0.55 for discs of one size, at less
    with distances between them; from there on a particle is put at the freest of its places, and all are pushed apart
    at last. ValueError names the key and says what was reached.
    """
    size = (*geometry.lateral_size, geometry.height)
    separator = geometry.separator or 0.0
    spacing = geometry.spacing
    generator = np.random.default_rng(geometry.seed)
    radii = _diameters(geometry, _room(size, separator), generator) / 2
    if 2 * radii[-1] < LEAST_ELEMENTS * geometry.element_size:
        raise ValueError(
            f"geometry.element_size: the smallest particle is {_text(2 * radii[-1])} across; at most "
            f"{_text(2 * radii[-1] / LEAST_ELEMENTS)} is allowed"
        )
    low = np.full(len(size), spacing)
    low[-1] = max(separator, spacing)
    high = np.array(size) - spacing
    if np.any(high - low < 2 * radii[0]):
        raise ValueError(
            f"geometry.mean_diameter: a particle of {_text(2 * radii[0])} does not fit into the part of "
            f"{_text(*(high - low))} that is left by the separator and the spacing, {_text(spacing)}"
        )
    furthest = -np.inf
    for _ in range(ATTEMPTS):
        centres = _scatter(radii, spacing, low, high, generator)
        reached = _push_apart(centres, radii, spacing, low, high)
        if reached >= spacing:
            return Packing(centres, radii, size, separator)
        furthest = max(furthest, reached)
    key = "count" if geometry.volume_fraction is None else "volume_fraction"
    share = Packing(centres, radii, size, separator).volume_fraction
    state = f"are {_text(furthest)} apart" if furthest > 0 else f"overlap by {_text(-furthest)}"
    raise ValueError(
        f"geometry.{key}: {len(radii)} particles at {share:.3f} of the volume, pushed apart, still {state}; allowed "
        f"are {_text(spacing)} and more: lower {key} or spacing, or enlarge the body"
    )


def unit_ball(dimension: int) -> float:
    """Return the area of the disc or the volume of the ball of radius 1."""
    return pi ** (dimension / 2) / gamma(dimension / 2 + 1)


def element_sizes(geometry: Particles) -> tuple[float, float]:
    """Return the element sizes at the interface and far from it [m]."""
    fine = geometry.element_size
    return fine, max(fine, geometry.coarse_size)


def _scatter(radii: Array, spacing: float, low: Array, high: Array, generator: np.random.Generator) -> Array:
    """Return for each particle in turn the first free of some random places between `low` and `high`, or the freest."""
    centres = np.empty((0, len(low)))
    for count, radius in enumerate(radii):
        places = generator.uniform(low + radius, high - radius, (TRIALS, len(low)))
        distances = np.linalg.norm(places[:, None] - centres, axis=2)
        clearance = np.min(distances - radii[:count], axis=1, initial=np.inf) - radius - spacing
        centres = np.vstack([centres, places[np.argmax(np.minimum(clearance, 0.0))]])
    return centres


def _push_apart(centres: Array, radii: Array, spacing: float, low: Array, high: Array) -> float:
    """Move `centres` in place until all surfaces are `spacing` apart; return the distance that was reached [m].

    In each round every pair that is too near moves apart by what it lacks, and a little more so that rounds end.
    """
    wanted = spacing * (1 + PUSH_MARGIN)
    for _ in range(PUSHES):
        pairs = cKDTree(centres).query_pairs(2 * radii[0] + wanted, output_type="ndarray")
        along = centres[pairs[:, 1]] - centres[pairs[:, 0]]
        distance = np.linalg.norm(along, axis=1)
        apart = distance - radii[pairs].sum(axis=1)
        reached = float(np.min(apart, initial=np.inf))
        if reached >= spacing:
            break
        push = along * (np.maximum(wanted - apart, 0.0) / (2 * distance))[:, None]
        np.subtract.at(centres, pairs[:, 0], push)
        np.add.at(centres, pairs[:, 1], push)
        np.clip(centres, low + radii[:, None], high - radii[:, None], out=centres)
    return reached


def _diameters(geometry: Particles, room: float, generator: np.random.Generator) -> Array:
    """Return the diameters [m] of the particles, the largest first."""
    mean, wanted = geometry.mean_diameter, room * (geometry.volume_fraction or 0.0)
    ball = unit_ball(geometry.dimension) / 2**geometry.dimension
    expected = geometry.count or wanted / (ball * mean**geometry.dimension)
    if expected > MOST_PARTICLES:
        raise ValueError(
            f"geometry.mean_diameter: about {expected:.2g} particles would be needed, at most {MOST_PARTICLES} are "
            "allowed; raise it, or make the body smaller"
        )
    sigma = sqrt(log(1 + ((geometry.diameter_deviation or 0.0) / mean) ** 2))

    def draw() -> float:
        return float(generator.lognormal(log(mean) - sigma**2 / 2, sigma))

    if geometry.count is not None:
        diameters = [draw() for _ in range(geometry.count)]
    else:
        diameters, volumes = [], [0.0]
        while volumes[-1] < wanted:
            diameters.append(draw())
            volumes.append(volumes[-1] + ball * diameters[-1] ** geometry.dimension)
        if len(diameters) > 1 and wanted - volumes[-2] < volumes[-1] - wanted:
            diameters.pop()
    return np.sort(diameters)[::-1]


def _room(size: tuple[float, ...], separator: float) -> float:
    """Return the volume above the separator."""
    return float(np.prod(size[:-1])) * (size[-1] - separator)


def _text(*lengths: float) -> str:
    return " x ".join(f"{length * 1e6:.4g} um" for length in lengths)
