"""Time schemes of rates ∂c/∂t ≈ (c − h)/τ: implicit Euler and the backward differentiation formula of second order.

With steps Δt from t_n to t_{n+1} and Δt₁ from t_{n−1} to t_n, ω = Δt/Δt₁, the weak form of either is the same, with

    Euler:  h = c_n,                                        τ = Δt
    BDF2:   h = ((1+ω)² c_n − ω² c_{n−1})/(1+2ω),           τ = Δt (1+ω)/(1+2ω).

BDF2 is stable while ω < 1 + √2 (R. D. Grigorieff, Numer. Math. 42, 359 (1983)). It takes c for smooth from t_{n−1} on:
after a jump of the load begin anew with a step of Euler.

Local error (Milne's device). Let p be the extrapolation of the last k values to t_{n+1}, k = 1 + the order of the
scheme, and T the time from the oldest of them to t_{n+1}. To leading order, with C of the k-th derivative,

    c − c(t_{n+1}) = C τ,   c(t_{n+1}) − p = C T,   so that   c − c(t_{n+1}) = τ/(τ + T) (c − p).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


class Scheme(NamedTuple):
    """The `weights` of the past values in h, newest first, τ [s] and the order."""

    weights: tuple[float, ...]
    tau: float
    order: int

    def history(self, past: Sequence[Array]) -> Array:
        """Return h of the `past` values, newest first; those the scheme has no use for are left out."""
        return sum(weight * value for weight, value in zip(self.weights, past, strict=False))  # type: ignore[return-value]


def remember(past: Sequence[Array], value: Array) -> None:
    """Move the `past` values, newest first, one step back in place, and make a copy of `value` the newest."""
    for older, newer in pairwise(reversed(past)):
        older[:] = newer
    past[0][:] = value


def euler(step: float) -> Scheme:
    """Return the implicit Euler scheme over `step` [s]."""
    return Scheme((1.0,), step, 1)


def bdf2(step: float, previous: float) -> Scheme:
    """Return BDF2 over `step` [s] after a step of `previous` [s]."""
    ratio = step / previous
    scale = 1 + 2 * ratio
    return Scheme(((1 + ratio) ** 2 / scale, -(ratio**2) / scale), step * (1 + ratio) / scale, 2)


def extrapolate(past: Sequence[Array], steps: Sequence[float]) -> Array:
    """Return the polynomial through the `past` values, newest first, at the end of the step.

    `steps` [s], as many, are the step to be made and those between the values, newest first.
    """
    back = np.cumsum(steps)
    others = [np.delete(back, i) for i in range(len(back))]
    return sum(np.prod(other / (other - place)) * value for place, other, value in zip(back, others, past, strict=True))


def local_error(new: Array, past: Sequence[Array], steps: Sequence[float], scheme: Scheme) -> Array:
    """Return the error that the step to `new` added, in the unit and shape of `new`; arguments as of `extrapolate`.

    It is of the scheme's order + 1 in the step with order + 1 `past` values. With fewer it is one of lower order, too
    large for small steps.
    """
    return scheme.tau / (scheme.tau + float(np.sum(steps))) * (new - extrapolate(past, steps))
