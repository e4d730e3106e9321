"""Creep by a power law: ε̇ = A (q/σ_0)^n exp(−(Q/R)(1/T − 1/T_ref)).

ε̇ is the rate of the equivalent strain, q the equivalent stress of von Mises, A the rate at σ_0 and T_ref. In tension
both are those along the bar. The strain grows along the deviator of stress, ∂ε/∂t = (3/2) ε̇ s/q.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from interstice.solver.bodies.solids.radial_return import Array, Flow, Variables, relax, rest
from interstice.solver.constants import GAS_CONSTANT


@dataclass(frozen=True)
class PowerLaw:
    """A [1/s] at σ_0 [Pa] and T_ref [K], the exponent n, Q [J/mol]."""

    rate: float
    reference_stress: float
    exponent: float
    activation_energy: float = 0.0
    reference_temperature: float = 298.15
    account: ClassVar[str] = "viscous"
    takes_time: ClassVar[bool] = True
    variables: dict[str, float] = field(default_factory=dict)

    def log_rate(self, temperature: Any) -> Any:
        """Return ln of the rate under σ_0 [rate in 1/s] at T [K], a number, an array or UFL."""
        away = 1 / temperature - 1 / self.reference_temperature
        return float(np.log(self.rate)) - self.activation_energy / GAS_CONSTANT * away

    def flow(self, trial: Array, stiffness: float, variables: Variables, temperature: Any, time: float) -> Flow:
        """Return the flow under a trial stress, as `radial_return.Law` has it."""
        if time == 0.0:
            return rest(trial, variables)
        reach, sensitivity = np.log(time) + self.log_rate(temperature), 1.0 / self.exponent

        def resistance(y: Array) -> tuple[Array, Array]:
            return np.log(self.reference_stress) + sensitivity * (y - reach), np.full_like(y, sensitivity)

        _, stress, slope = relax(trial, stiffness, resistance)
        return Flow(stress, slope, variables)

    def increment(self, stress: Array, variables: Variables, temperature: Any, time: float) -> Array:
        """Return the flow under a stress, as `radial_return.Law` has it."""
        strained: Array = time * np.exp(self.log_rate(temperature)) * (stress / self.reference_stress) ** self.exponent
        return strained
