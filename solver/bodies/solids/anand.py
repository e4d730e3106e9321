"""Anand's law: ε̇ = A exp(−Q/RT) (q/S)^(1/m), with a resistance S that hardens or softens towards saturation.

    Ṡ = H_0 |1 − S/S_s|^a sign(1 − S/S_s) ε̇,    S_s = S* (ε̇/(A exp(−Q/RT)))^n

ε̇ is the rate of the equivalent strain and q the equivalent stress of von Mises; the strain grows along the deviator of
stress (L. Anand, Int. J. Plast. 1, 213 (1985); for lithium S. Narayan, L. Anand, Extreme Mech. Lett. 24, 21 (2018)).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from interstice.solver.bodies.solids.radial_return import (
    ROUNDING,
    Array,
    Flow,
    Resistance,
    Variables,
    relax,
    rest,
    root,
)
from interstice.solver.constants import GAS_CONSTANT

MOST_STEPS = 100
"""Of Newton's method for S, which converges from one side, by halves where H_0 is large."""

LEAST_RATIO = 1e-30
"""Of stresses, below which it counts as this, which has a logarithm."""


@dataclass(frozen=True)
class Anand:
    """A [1/s], Q [J/mol], m, S_0 and S* [Pa], H_0 [Pa], a, n."""

    rate_factor: float
    activation_energy: float
    rate_sensitivity: float
    initial_resistance: float
    saturation_resistance: float
    hardening_modulus: float
    hardening_exponent: float
    saturation_exponent: float
    account: ClassVar[str] = "viscous"
    takes_time: ClassVar[bool] = True

    @property
    def variables(self) -> dict[str, float]:
        """S_0."""
        return {"resistance": self.initial_resistance}

    def log_rate(self, temperature: Any) -> Any:
        """Return ln(A exp(−Q/RT)) [rate in 1/s] at T [K], a number, an array or UFL."""
        return float(np.log(self.rate_factor)) - self.activation_energy / GAS_CONSTANT / temperature

    def saturated(self, log_ratio: Any) -> Any:
        """Return S_s [Pa] of ln(ε̇/(A exp(−Q/RT)))."""
        return self.saturation_resistance * np.exp(self.saturation_exponent * log_ratio)

    def hardened(self, resistance: Array, y: Array, log_ratio: Array) -> tuple[Array, Array]:
        """Return S [Pa] after an increment e^y of the equivalent strain from `resistance`, and dS/dy, shapes (points,).

        Backward Euler: S − H_0 e^y |1 − S/S_s|^a sign(1 − S/S_s) = `resistance`. The left side is concave in S below
        S_s and convex above it, so that Newton's method comes from the start of the step to the root and not beyond.
        """
        saturated, a = self.saturated(log_ratio), self.hardening_exponent
        size = self.hardening_modulus * np.exp(y)
        S = np.array(resistance, dtype=float)
        for _ in range(MOST_STEPS):
            away = 1.0 - S / saturated
            steepness = a * size * np.abs(away) ** (a - 1.0) / saturated
            change = (S - resistance - size * np.abs(away) ** a * np.sign(away)) / (1.0 + steepness)
            S = S - change
            if np.all(np.abs(change) <= ROUNDING * S):
                break
        away = 1.0 - S / saturated
        steepness = a * size * np.abs(away) ** (a - 1.0) / saturated
        growth = size * np.abs(away) ** a * np.sign(away) + steepness * self.saturation_exponent * S
        return S, growth / (1.0 + steepness)

    def rate_under(self, stress: Any, resistance: Any, temperature: Any) -> Any:
        """Return ε̇ [1/s] under q [Pa] with the resistance S [Pa] at T [K], numbers or arrays."""
        ratio = np.maximum(stress / resistance, LEAST_RATIO)
        return np.exp(np.log(ratio) / self.rate_sensitivity + self.log_rate(temperature))

    def increment(self, stress: Array, variables: Variables, temperature: Any, time: float) -> Array:
        """Return the increment under a stress, as `radial_return.Law` has it."""
        before = variables["resistance"]
        # with S as it was at the start of the step
        first = self.rate_under(stress, before, temperature) * time
        if time == 0.0:
            return first
        stress = np.maximum(stress, LEAST_RATIO * before)
        return np.exp(root(self._resistance(before, temperature, time), np.log(stress), np.log(first)))

    def _resistance(self, before: Array, temperature: Any, time: float) -> Resistance:
        """Return ln q after a step of `time` [s] from the resistance `before` [Pa] as a function of ln Δγ."""
        reach = np.log(time) + self.log_rate(temperature)

        def resistance(y: Array) -> tuple[Array, Array]:
            S, growth = self.hardened(before, y, y - reach)
            return np.log(S) + self.rate_sensitivity * (y - reach), self.rate_sensitivity + growth / S

        return resistance

    def flow(self, trial: Array, stiffness: float, variables: Variables, temperature: Any, time: float) -> Flow:
        """Return the flow under a trial stress, as `radial_return.Law` has it."""
        if time == 0.0:
            return rest(trial, variables)
        reach, before = np.log(time) + self.log_rate(temperature), variables["resistance"]
        y, stress, slope = relax(trial, stiffness, self._resistance(before, temperature, time))
        return Flow(stress, slope, {"resistance": self.hardened(before, y, y - reach)[0]})
