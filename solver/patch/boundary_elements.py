"""Rough contact by boundary elements: a half-space under a periodic rigid surface.

The surface is represented by Fourier series on a regular grid; the pressure is found by the conjugate gradients of
Polonsky and Keer, Wear 231 (1999) 206. Nothing is shared with the finite-element program, of which it is a reference in
benchmarks. `tamaas`, where it is installed, is the reference of this reference (tests/benchmarks/test_rough.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import fft

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

TOLERANCE = 1e-10
"""Relative error of the complementarity of gap and pressure at which the iteration stops."""
MOST_ITERATIONS = 10_000
FLATTENED = 1e-7
"""The same of pressures bounded by a hardness, as a change of pressure over the mean one."""
BISECTIONS = 60
RIGID = 1e-7
"""Unevenness of a deflection, over itself, that counts as none."""
CORNERS = (np.pi - 1 + np.log(2)) / 24
"""Area that a straight rim of contact, of whatever direction, cuts off the points at it, per side of a point there."""


class Solution(NamedTuple):
    """Pressure [Pa], gap [m] and heights [m] without load at the points of the grid, of the shape of the heights."""

    pressure: Array
    gap: Array
    heights: Array


def press(heights: Array, length: float, modulus: float, pressures: Sequence[float]) -> list[Solution]:
    """Press a rigid surface on a half-space without friction; return the solution at each mean pressure [Pa].

    `heights` [m], shape (n,) for a profile in plane strain or (n, n), is one period of `length` [m]; its highest points
    touch first. `modulus` is E* [Pa]. RuntimeError where the iteration does not converge.
    """
    compliance = _compliance(heights.shape, length, modulus)
    return [_press(heights, compliance, mean) for mean in pressures]


def flatten(
    heights: Array, length: float, modulus: float, hardness: float, pressures: Sequence[float]
) -> list[Solution]:
    """Press a rigid surface on a half-space on which nothing presses harder than `hardness` [Pa]; as `press`.

    The mean `pressures` [Pa], below it, follow on each other: where the hardness was borne surfaces overlapped, and
    they are flatter by that from then on. The pressure minimises ½ p·Kp − p·h among those of 0 … H of the given mean;
    projected gradients find it, accelerated by momentum that is dropped where they turn back.
    """
    compliance = _compliance(heights.shape, length, modulus)
    solutions = []
    for mean in pressures:
        pressure, overlap = _flatten(heights, compliance, hardness, mean)
        heights = heights - np.where(pressure >= hardness, np.maximum(-overlap, 0.0), 0.0)
        gap = np.where(pressure >= hardness, np.maximum(overlap, 0.0), overlap)
        solutions.append(Solution(pressure, gap, heights))
    return solutions


def slope(heights: Array, length: float) -> float:
    """Return the root mean square of |∇h| of the trigonometric interpolant of `heights`, whose period is `length`."""
    squares = np.abs(fft.fftn(heights, norm="forward")) ** 2
    q = [2 * np.pi * fft.fftfreq(n, length / n) for n in heights.shape]
    return float(np.sqrt(np.sum(squares * sum(k**2 for k in np.meshgrid(*q, indexing="ij", sparse=True)))))


def share(touching: Mask) -> float:
    """Return the share of the area in contact of which the points `touching`, shape (n, n), are part.

    Points at the rim of a spot are in contact in part. What of them is not is found from the length of the rim, the
    number of sides between points that touch and points that do not (Yastrebov, Anciaux and Molinari,
    arXiv:1701.02727).
    """
    sides = sum(np.count_nonzero(touching != np.roll(touching, 1, axis)) for axis in range(touching.ndim))
    return float(np.mean(touching) - CORNERS * sides / touching.size)


def stiffness(touching: Mask, length: float, modulus: float) -> float:
    """Return dp/dg [Pa/m], by how much more the points `touching` would have to bear to come nearer to the surface.

    Contact neither grows nor slides off: the increment of pressure p̂ vanishes elsewhere, and the increment of the
    deflection is one length on all of them. Conjugate gradients find it, as that of the least ½ p̂·Kp̂ of a given mean.
    `length` [m] is the period, `modulus` E* [Pa]. Infinite where all points touch; RuntimeError without convergence.
    """
    if touching.all():
        return np.inf
    compliance = _compliance(touching.shape, length, modulus)

    def less_mean(f: Array) -> Array:
        return np.where(touching, f - f[touching].mean(), 0.0)

    def deflection(p: Array) -> Array:
        return fft.irfftn(compliance * fft.rfftn(p), touching.shape)

    pressure = touching / np.mean(touching)
    even = deflection(pressure)[touching]
    negligible = RIGID**2 * float(np.sum(even**2))
    residual = direction = less_mean(-deflection(pressure))
    now = float(np.sum(residual**2))
    for _ in range(MOST_ITERATIONS):
        if now <= negligible:
            return float(1.0 / deflection(pressure)[touching].mean())
        response = less_mean(deflection(direction))
        step = now / float(np.sum(direction * response))
        pressure = pressure + step * direction
        residual = residual - step * response
        before, now = now, float(np.sum(residual**2))
        direction = residual + now / before * direction
    raise RuntimeError("no convergence of the stiffness of the contact")


def _flatten(heights: Array, compliance: Array, hardness: float, mean: float) -> tuple[Array, Array]:
    """Return the pressure, and the gap less what flattens."""
    steepest = float(compliance.max())
    pressure = before = np.full_like(heights, mean)
    momentum = 1.0
    for _ in range(MOST_ITERATIONS):
        next_momentum = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        ahead = pressure + (momentum - 1) / next_momentum * (pressure - before)
        gap = fft.irfftn(compliance * fft.rfftn(ahead), heights.shape) - heights
        found, level = _bounded(ahead - gap / steepest, hardness, mean)
        turns = np.sum((ahead - found) * (found - pressure)) > 0
        before, pressure = pressure, found
        momentum = 1.0 if turns else next_momentum
        if np.abs(found - ahead).max() <= FLATTENED * mean:
            gap = fft.irfftn(compliance * fft.rfftn(pressure), heights.shape) - heights
            return pressure, gap + level * steepest
    raise RuntimeError(f"no convergence at a mean pressure of {mean:g} Pa")


def _bounded(wanted: Array, highest: float, mean: float) -> tuple[Array, float]:
    """Return the pressures of 0 … `highest` of that mean nearest to the `wanted` ones, and how much lower they are."""
    low, high = float(wanted.min()) - highest, float(wanted.max())
    for _ in range(BISECTIONS):
        level = (low + high) / 2
        if np.clip(wanted - level, 0.0, highest).mean() > mean:
            low = level
        else:
            high = level
    return np.clip(wanted - level, 0.0, highest), level


def _compliance(shape: tuple[int, ...], length: float, modulus: float) -> Array:
    """Return deflection over pressure [m/Pa] of each wave, 2/(E* q); the uniform one is not deflected."""
    waves = [2 * np.pi * fft.fftfreq(n, length / n) for n in shape[:-1]]
    waves.append(2 * np.pi * fft.rfftfreq(shape[-1], length / shape[-1]))
    q = np.sqrt(sum(k**2 for k in np.meshgrid(*waves, indexing="ij", sparse=True)))
    return np.divide(2 / modulus, q, out=np.zeros_like(q), where=q > 0)


def _press(heights: Array, compliance: Array, mean: float) -> Solution:
    def deflection(p: Array) -> Array:
        return fft.irfftn(compliance * fft.rfftn(p), heights.shape)

    pressure = np.full_like(heights, mean)
    direction = np.zeros_like(heights)
    kept, before = 0.0, 1.0
    spread = float(np.std(heights)) or 1.0
    for _ in range(MOST_ITERATIONS):
        gap = deflection(pressure) - heights
        touching = pressure > 0
        shifted = gap - gap[touching].min()
        if np.sum(pressure * np.abs(shifted)) <= TOLERANCE * np.sum(pressure) * spread:
            return Solution(pressure, shifted, heights)
        gap -= gap[touching].mean()
        now = float(np.sum(gap[touching] ** 2))
        direction = np.where(touching, gap + kept * now / before * direction, 0.0)
        response = deflection(direction)
        response -= response[touching].mean()
        step = np.sum((gap * direction)[touching]) / np.sum((response * direction)[touching])
        pressure = np.maximum(np.where(touching, pressure - step * direction, 0.0), 0.0)
        overlapping = (pressure == 0) & (gap < 0)
        pressure[overlapping] -= step * gap[overlapping]
        kept, before = (0.0 if overlapping.any() else 1.0), now
        pressure *= mean / pressure.mean()
    raise RuntimeError(f"no convergence at a mean pressure of {mean:g} Pa")
