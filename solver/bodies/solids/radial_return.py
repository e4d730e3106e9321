"""The increment of flow at a point, by backward Euler: what of a trial stress is left when flow has relaxed it.

With the deviator s* and the equivalent stress q* that there would be if nothing flowed in the step, the flow is along
s*, and the equivalent stress q and the increment Δγ of the equivalent strain obey

    q* = q + 3μ Δγ,    q = r(Δγ),    s = (q/q*) s*,

where r, the law, is the stress that it takes to flow by Δγ in the step (J. C. Simo, T. J. R. Hughes, Computational
Inelasticity, Springer (1998), ch. 3). In logarithms, y = ln Δγ, the equation ln(3μ e^y + r(e^y)) = ln q* has a slope
between the sensitivity of the law to its rate and 1 whatever the stress, so that Newton's method finds its root
in a few steps also where stresses jump by decades, and nothing overflows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Variables = Mapping[str, Array]

MOST_STEPS = 100
ROUNDING = 1e-14
"""Relative change of ln Δγ that is none."""
LEAST_STRESS = 1e-18
"""Stress over 3μ below which it counts as this: its logarithm has a value."""
LEAST_SLOPE = 1e-3
"""Of ln r(e^y): where the law softens, Newton's method goes on as if it did not."""


class Flow(NamedTuple):
    """What a step of flow leaves at points, each of shape (points,): q [Pa], dq/dq*, and the `variables` of the law."""

    stress: Array
    slope: Array
    variables: Variables


class Law(Protocol):
    """A law of a solid that flows."""

    @property
    def account(self) -> str:
        """The account of the energy ledger for the work that flow dissipates."""

    @property
    def variables(self) -> Mapping[str, float]:
        """The initial values of what the law remembers at each point, by name."""

    @property
    def takes_time(self) -> bool:
        """Whether it flows at a rate."""

    def flow(self, trial: Array, stiffness: float, variables: Variables, temperature: Any, time: float) -> Flow:
        """Return the flow in a step of `time` [s], 0 where none passes, at `temperature` [K].

        `trial` is q* [Pa], shape (points,), `stiffness` 3μ [Pa]; `variables` are those at the start of the step.
        """

    def increment(self, stress: Array, variables: Variables, temperature: Any, time: float) -> Array:
        """Return Δγ under an equivalent `stress` q [Pa], shape (points,), in a step as `flow` has it.

        What hardens or softens with the strain does so after the step, unless it flows in no time.
        """


def rest(trial: Array, variables: Variables) -> Flow:
    """Return what there is where nothing flows."""
    return Flow(trial, np.ones_like(trial), variables)


def relax(
    trial: Array, stiffness: float, resistance: Callable[[Array], tuple[Array, Array]]
) -> tuple[Array, Array, Array]:
    """Return ln Δγ, q [Pa] and dq/dq* of a law that is sensitive to its rate, shapes (points,).

    `resistance` returns ln r [r in Pa] and its derivative by y at each y = ln Δγ.
    """
    wanted = np.log(np.maximum(trial, LEAST_STRESS * stiffness))
    log_stiffness = np.log(stiffness)
    # all of the trial stress relaxes at most; and the root lies above where both terms are half of it
    high = wanted - log_stiffness
    low = np.full_like(high, -np.inf)
    y = high.copy()
    for _ in range(MOST_STEPS):
        strength, slope = resistance(y)
        total = np.logaddexp(log_stiffness + y, strength)
        share = np.exp(strength - total)
        excess = total - wanted
        high, low = np.where(excess > 0.0, y, high), np.where(excess > 0.0, low, y)
        change = excess / (1.0 - share + share * np.maximum(slope, LEAST_SLOPE))
        moved = y - change
        # Newton's method in a convex equation stays above the root; a law that is none is held within what is known
        outside = (moved > high) | (moved < low)
        moved[outside] = np.where(np.isfinite(low), (low + high) / 2, high - 2 * np.abs(change))[outside]
        y, before = moved, y
        if np.all(np.abs(y - before) <= ROUNDING * np.maximum(np.abs(y), 1.0)):
            break
    strength, slope = resistance(y)
    share = np.exp(strength - np.logaddexp(log_stiffness + y, strength))
    slope = np.maximum(slope, 0.0)
    return y, share * trial, share * slope / (1.0 - share + share * slope)
