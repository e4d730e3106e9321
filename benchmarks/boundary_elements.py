"""Rough contact by boundary elements: a half-space under a periodic rigid surface, as an independent reference.

The surface is represented by Fourier series on a regular grid; the pressure is found by the conjugate gradients of
Polonsky and Keer, Wear 231 (1999) 206. Nothing is shared with the finite-element program. `tamaas`, where it is
installed, is the reference of this reference (tests/benchmarks/test_rough.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import fft

Array = npt.NDArray[np.float64]

TOLERANCE = 1e-10
"""Relative error of the complementarity of gap and pressure at which the iteration stops."""
MOST_ITERATIONS = 10_000


FLATTENED = 1e-7
"""The same of pressures bounded by a hardness, as a change of pressure over the mean one."""
BISECTIONS = 60


class Solution(NamedTuple):
    """Pressure [Pa] and gap [m] at the points of the grid, of the shape of the heights."""

    pressure: Array
    gap: Array


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
        solutions.append(Solution(pressure, np.where(pressure >= hardness, np.maximum(overlap, 0.0), overlap)))
    return solutions


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
            return Solution(pressure, shifted)
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
