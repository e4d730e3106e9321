"""Plasticity of J2 with linear hardening: q ≤ σ_y + H p, in no time.

q is the equivalent stress of von Mises, p the equivalent plastic strain, σ_y the yield strength and H the hardening
modulus. Flow is along the deviator of stress where q would be larger.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from interstice.solver.bodies.solids.radial_return import Array, Flow, Variables


@dataclass(frozen=True)
class Plasticity:
    """σ_y and H [Pa]."""

    yield_strength: float
    hardening_modulus: float = 0.0
    account: ClassVar[str] = "plastic"
    takes_time: ClassVar[bool] = False
    variables: dict[str, float] = field(default_factory=lambda: {"plastic strain": 0.0})

    def strength(self, strain: Any) -> Any:
        """Return σ_y + H p [Pa] of the equivalent plastic strain p, a number, an array or UFL."""
        return self.yield_strength + self.hardening_modulus * strain

    def flow(self, trial: Array, stiffness: float, variables: Variables, temperature: Any, time: float) -> Flow:
        """Return the flow under a trial stress, as `radial_return.Law` has it: exact, as hardening is linear."""
        strain = variables["plastic strain"]
        excess = trial - self.strength(strain)
        increment = np.maximum(excess, 0.0) / (stiffness + self.hardening_modulus)
        slope = np.where(excess > 0.0, self.hardening_modulus / (stiffness + self.hardening_modulus), 1.0)
        return Flow(trial - stiffness * increment, slope, {"plastic strain": strain + increment})

    def increment(self, stress: Array, variables: Variables, temperature: Any, time: float) -> Array:
        """Return the flow under a stress, as `radial_return.Law` has it; none is larger than the strength."""
        excess = stress - self.strength(variables["plastic strain"])
        return np.maximum(excess, 0.0) / self.hardening_modulus if self.hardening_modulus else np.zeros_like(excess)
