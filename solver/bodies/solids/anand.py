"""Anand's law: ε̇ = A exp(−Q/RT) (q/S)^(1/m), with a resistance S that hardens or softens towards saturation.

    Ṡ = H_0 |1 − S/S_s|^a sign(1 − S/S_s) ε̇,    S_s = S* (ε̇/(A exp(−Q/RT)))^n

ε̇ is the rate of the equivalent strain and q the equivalent stress of von Mises; the strain grows along the deviator of
stress (L. Anand, Int. J. Plast. 1, 213 (1985); for lithium S. Narayan, L. Anand, J. Electrochem. Soc. 167, 040525
(2020), whose numbers the material has).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from interstice.solver.bodies.solids.radial_return import ROUNDING, Array, Flow, Variables, relax, rest
from interstice.solver.constants import GAS_CONSTANT

MOST_STEPS = 100
"""Of Newton's method for S, which converges from one side, by halves where H_0 is large."""


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

    def flow(self, trial: Array, stiffness: float, variables: Variables, temperature: Any, time: float) -> Flow:
        """Return the flow under a trial stress, as `radial_return.Law` has it."""
        if time == 0.0:
            return rest(trial, variables)
        reach, before = np.log(time) + self.log_rate(temperature), variables["resistance"]

        def resistance(y: Array) -> tuple[Array, Array]:
            S, growth = self.hardened(before, y, y - reach)
            return np.log(S) + self.rate_sensitivity * (y - reach), self.rate_sensitivity + growth / S

        y, stress, slope = relax(trial, stiffness, resistance)
        return Flow(stress, slope, {"resistance": self.hardened(before, y, y - reach)[0]})

    def increment(self, stress: Array, variables: Variables, temperature: Any, time: float) -> Array:
        """Return the flow under a stress, as `radial_return.Law` has it."""
        ratio = (stress / variables["resistance"]) ** (1.0 / self.rate_sensitivity)
        strained: Array = time * np.exp(self.log_rate(temperature)) * ratio
        return strained
