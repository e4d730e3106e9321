"""Random fields that let strength and toughness, of mean 1, and what conducts vary along an interface.

A Gaussian field u of variance 1 and correlation exp(−r²/ℓ²) is a sum of waves of random direction, length and phase,

    u(x) = √(2/N) Σ cos(k_i·x + φ_i),    k_i normally distributed with variance 2/ℓ² per component

(randomisation method: Kraichnan 1970; Heße, Prykhodko, Schlüter and Attinger 2014). Its probability Φ(u) is then mapped
to the wanted distribution. A field depends on its seed and the place alone, not on the mesh or the number of ranks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
from scipy.special import gamma, log_ndtr, ndtr

Array = npt.NDArray[np.float64]
Field = Callable[..., Array]

WAVES = 1000


def weibull(modulus: float, correlation_length: float, seed: int, period: Sequence[float] = ()) -> Field:
    """Return a field whose values are Weibull distributed with `modulus` m, as a function of x, y(, z) [m].

    `correlation_length` is ℓ [m]; along its first axes the field repeats with `period` [m], where given.
    """
    normal = _gaussian(correlation_length, seed, period)
    mean = gamma(1 + 1 / modulus)
    return lambda *x: (-log_ndtr(-normal(*x))) ** (1 / modulus) / mean


def log_normal(variation: float, correlation_length: float, seed: int, period: Sequence[float] = ()) -> Field:
    """Return a field of log-normal values with the coefficient of `variation`; the rest as in `weibull`."""
    normal = _gaussian(correlation_length, seed, period)
    variance = np.log(1 + variation**2)
    return lambda *x: np.exp(np.sqrt(variance) * normal(*x) - variance / 2)


def uniform(correlation_length: float, seed: int, period: Sequence[float] = ()) -> Field:
    """Return a field of values distributed evenly over 0 … 1; the rest as in `weibull`."""
    normal = _gaussian(correlation_length, seed, period)
    return lambda *x: ndtr(normal(*x))


def _gaussian(correlation_length: float, seed: int, period: Sequence[float]) -> Field:
    """Return a Gaussian field of mean 0 and variance 1."""

    def field(*x: Array) -> Array:
        random = np.random.default_rng(seed)
        waves = random.normal(scale=np.sqrt(2) / correlation_length, size=(WAVES, len(x)))
        phases = random.uniform(0, 2 * np.pi, WAVES)
        for axis, length in enumerate(period):
            least = 2 * np.pi / length
            waves[:, axis] = least * np.round(waves[:, axis] / least)
        points = np.stack(x)
        total = np.zeros(points.shape[1:])
        for wave, phase in zip(waves, phases, strict=True):
            total += np.cos(np.tensordot(wave, points, 1) + phase)
        return np.sqrt(2 / WAVES) * total

    return field
