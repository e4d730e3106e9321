"""Bilinear law of a bond: elastic up to the strength, then linear softening.

In the equivalent opening λ of `cohesive`, with K = K_n, the traction is T = (1 − D) K λ with

    D(λ) = λ_f (λ − λ_0)/(λ (λ_f − λ_0))  in [0, 1],    λ_0 = √(2 Y_0/K),    λ_f = 2 G_c/(K λ_0)

from the elastic energy Y_0(B) at onset and the toughness G_c(B) (Camanho and Dávila 2002; Turon, Camanho, Costa and
Dávila 2006).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from interstice.materials.elementwise import maximum, minimum, sqrt
from interstice.solver.interface.mixity import Limits


@dataclass(frozen=True)
class Bilinear:
    """Limits and stiffnesses K_n, K_t [Pa/m] (K_t = K_n if not given).

    Its methods take UFL expressions, numbers and arrays alike.
    """

    limits: Limits
    normal_stiffness: Any
    shear_stiffness: Any = None
    damage_at_strength: ClassVar[float] = 0.0

    @property
    def stiffnesses(self) -> tuple[Any, Any]:
        """K_n and K_t [Pa/m]."""
        shear = self.normal_stiffness if self.shear_stiffness is None else self.shear_stiffness
        return self.normal_stiffness, shear

    def openings(self, mixity: Any) -> tuple[Any, Any]:
        """Return onset λ_0 and end λ_f [m] at the mixity B."""
        stiffness, _ = self.stiffnesses
        onset = sqrt(2 * self.limits.onset_energy(self.stiffnesses, mixity) / stiffness)
        return onset, 2 * self.limits.toughness(mixity) / (stiffness * onset)

    def damage(self, opening: Any, mixity: Any) -> Any:
        """Return D(λ) in 0 … 1 at the equivalent `opening` λ > 0 [m] and mixity B."""
        onset, end = self.openings(mixity)
        return maximum(0.0, minimum(1.0, end * (opening - onset) / (opening * (end - onset))))

    def opening(self, damage: Any, mixity: Any) -> Any:
        """Return the λ [m] at which D(λ) is `damage`; λ_0 for none, λ_f for 1."""
        onset, end = self.openings(mixity)
        return onset * end / (end - damage * (end - onset))

    def dissipated(self, damage: Any, mixity: Any) -> Any:
        """Return the energy lost per area [J/m²] up to `damage` at fixed mixity: K λ_0 λ(D) D/2, G_c at D = 1."""
        onset, _ = self.openings(mixity)
        return self.stiffnesses[0] * onset / 2 * damage * self.opening(damage, mixity)
