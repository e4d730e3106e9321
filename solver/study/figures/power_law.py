"""Power laws y = a xⁿ through points, by least squares of log y = log a + n log x, with the interval of n.

The interval is that of Student's t: n ± t(0.975, ν) s_n, s_n² = Σ r² / (ν Σ (log x − mean log x)²), r the residuals of
log y. Several families of points with factors of their own and one exponent are centred each, and ν = N − families − 1
(analysis of covariance: G. W. Snedecor, W. G. Cochran, Statistical Methods, ch. 18). Computed points have no random
error: the interval says how well they follow a power law.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from interstice.solver.plot.style import Array

CONFIDENCE = 0.95
FEWEST = 3


@dataclass(frozen=True)
class PowerLaw:
    """An exponent with the ends of its interval, from a number of points.

    The `factor` is y at x = 1; NaN of several families.
    """

    exponent: float
    low: float
    high: float
    factor: float
    points: int

    def at(self, x: Array) -> Array:
        """Return y."""
        return self.factor * x**self.exponent

    def __str__(self) -> str:
        """The exponent and its interval."""
        half = (self.high - self.low) / 2
        # two digits of what is uncertain
        digits = int(np.clip(1 - np.floor(np.log10(half)), 2, 4)) if half > 0.0 else 4
        exponent, low, high = (
            f"{value:.{digits}f}".replace("-", "−") for value in (self.exponent, self.low, self.high)
        )
        return f"{exponent} ({CONFIDENCE:.0%} interval {low} to {high})"


def fit(x: Array, y: Array) -> PowerLaw:
    """Return the power law through points > 0; ValueError if there are too few, or all at one x."""
    _check(x, y)
    found = stats.linregress(np.log(x), np.log(y))
    half = stats.t.ppf((1 + CONFIDENCE) / 2, len(x) - 2) * found.stderr
    return PowerLaw(
        float(found.slope),
        float(found.slope - half),
        float(found.slope + half),
        float(np.exp(found.intercept)),
        len(x),
    )


def common(families: Sequence[tuple[Array, Array]]) -> PowerLaw:
    """Return the exponent that families of points share, each of which has a factor of its own; ValueError as `fit`."""
    if len(families) == 1:
        return fit(*families[0])
    for x, y in families:
        _check(x, y)
    centred = [(np.log(x) - np.log(x).mean(), np.log(y) - np.log(y).mean()) for x, y in families]
    x, y = (np.concatenate(values) for values in zip(*centred, strict=True))
    exponent = float(x @ y / (x @ x))
    freedom = len(x) - len(families) - 1
    deviation = np.sqrt(np.sum((y - exponent * x) ** 2) / freedom / (x @ x))
    half = float(stats.t.ppf((1 + CONFIDENCE) / 2, freedom) * deviation)
    return PowerLaw(exponent, exponent - half, exponent + half, float("nan"), len(x))


def _check(x: Array, y: Array) -> None:
    if len(x) < FEWEST or len(np.unique(x)) < FEWEST:
        raise ValueError(f"a power law with an interval needs {FEWEST} points at different places, there are {len(x)}")
    if not (np.min(x) > 0.0 and np.min(y) > 0.0):
        raise ValueError("a power law needs values above 0")
