"""The flux round a blocked patch by boundary elements: rings of sources on the face of a conducting half-space.

Lengths are over the radius a of the patch, fluxes over that far away, β = a/κZ. Without the patch the flux is 1
everywhere. With it the flux is k = 1 + β w outside of it, as the kinetics are linear, and none inside. The sources that
the patch adds, −1 inside and β w outside, raise the potential difference by w itself:

    w(r) = u(r) − β ∫₁^∞ G(r, r') w(r') dr',    G = (2/π) r'/(r + r') K(m),    m = 4 r r'/(r + r')²

with K the complete elliptic integral of parameter m and u = ∫₀¹ G dr'. Near r = 1 the flux jumps and w has the
singularity (r − 1) ln (r − 1), far away it falls as r⁻³. So the panels grow twofold from the edge to far away;
collocation is at the points of Gauss in each, between which w is a polynomial. Nothing is shared with the
finite-element program, of which this is a reference in benchmarks.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy.special import ellipe, ellipk, ellipkm1

Array = npt.NDArray[np.float64]

DEGREE = 8
"""Points of collocation per panel."""
EDGE = 1e-9
"""Length of the panel at the edge."""
FAR = 1e4
"""Where the last panel ends, over 1 or 1/β if that is more."""
QUADRATURE = 32
"""Points of each integral over a panel, or either part of it."""
CROWDING = 5
"""Power with which they crowd at the end next to the ring that sees them, where G is a logarithm."""


@dataclass(frozen=True)
class BlockedPatch:
    """The solution for one β = `ratio`; `degree` is the number of points of collocation on each panel."""

    ratio: float
    panels: Array
    values: Array

    @classmethod
    def solve(cls, ratio: float, degree: int = DEGREE) -> BlockedPatch:
        """Solve for w at the points of collocation."""
        panels = _panels(ratio)
        points = _places(panels, np.polynomial.legendre.leggauss(degree)[0]).ravel()
        seen = _seen(points, panels, degree)
        values = np.linalg.solve(np.eye(len(points)) + ratio * seen, _of_disc(points))
        return cls(ratio, panels, values.reshape(-1, degree))

    def flux(self, distance: Array) -> Array:
        """Return k at the `distance` from the edge of the patch, r − 1 ≥ 0, shape (n,): 0 is the edge seen outside."""
        degree = self.values.shape[1]
        w = _of_disc(distance) - self.ratio * _seen(distance, self.panels, degree) @ self.values.ravel()
        return 1.0 + self.ratio * w

    @property
    def focusing(self) -> float:
        """The largest flux, that at the edge."""
        return float(self.flux(np.zeros(1))[0])


def _panels(ratio: float) -> Array:
    """Return the distances from the edge at which panels end, shape (panels + 1,)."""
    last = FAR * max(1.0, 1.0 / ratio)
    return np.concatenate([[0.0], EDGE * 2.0 ** np.arange(np.ceil(np.log2(last / EDGE)) + 1)])


def _places(panels: Array, local: Array) -> Array:
    """Return the places on each panel of `local` coordinates in [−1, 1], shape (panels, points)."""
    low, high = panels[:-1, None], panels[1:, None]
    return low + (high - low) * (1 + local) / 2


def _of_disc(distance: Array) -> Array:
    """Return u, the potential on the plane of a disc of uniform sources, at or outside of its edge."""
    r = 1.0 + distance
    # K is infinite at the edge, where its factor vanishes faster
    inside = np.where(distance > 0.0, 1 / r**2, 0.0)
    return (2 / np.pi) * r * (ellipe(1 / r**2) - (1 - 1 / r**2) * ellipk(inside))


def _seen(distance: Array, panels: Array, degree: int) -> Array:
    """Return what a unit value at each point of collocation adds to ∫ G w dr', shape (distances, points)."""
    rows = np.zeros((len(distance), len(panels) - 1, degree))
    nodes, weights = np.polynomial.legendre.leggauss(QUADRATURE)
    s, ds = (1 + nodes) / 2, weights / 2
    crowded, weight = s**CROWDING, ds * CROWDING * s ** (CROWDING - 1)
    to_basis = np.linalg.inv(np.polynomial.legendre.legvander(np.polynomial.legendre.leggauss(degree)[0], degree - 1))
    t = distance[:, None]
    for panel, (low, high) in enumerate(pairwise(panels)):
        nearest = np.clip(t, low, high)
        for end in (low, high):
            place = nearest + (end - nearest) * crowded
            local = 2 * (place - low) / (high - low) - 1
            basis = np.polynomial.legendre.legvander(local, degree - 1) @ to_basis
            kernel = _kernel(t, place) * weight * np.abs(end - nearest)
            rows[:, panel] += np.einsum("nq,nqk->nk", kernel, basis)
    return rows.reshape(len(distance), -1)


def _kernel(t: Array, at: Array) -> Array:
    """Return G at distances `t` of a ring of sources at the distance `at`, both from the edge."""
    both = 2.0 + t + at
    # 1 − m, without a difference of what is nearly equal; never zero, as no point of an integral is where it begins
    apart = np.maximum(((t - at) / both) ** 2, np.finfo(float).tiny)
    return (2 / np.pi) * (1.0 + at) / both * ellipkm1(apart)
