"""Trapezoidal law of a bond: elastic, then constant strength, then linear softening (Tvergaard and Hutchinson 1992).

In the equivalent opening λ of `cohesive`, with K = K_n, the traction T = (1 − D) K λ is

    K λ  up to λ_0,     K λ_0  up to λ_p,     K λ_0 (λ_f − λ)/(λ_f − λ_p)  up to λ_f,

onset λ_0 = √(2 Y_0/K) from the elastic energy Y_0(B) at onset, plateau λ_p = λ_0 + s (λ_f − λ_0) with its share s of
the way to the end, and the end λ_f where the area is the toughness: ½ K λ_0 (λ_f + λ_p − λ_0) = G_c(B).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from interstice.materials.elementwise import maximum, minimum, sqrt
from interstice.solver.interface.mixity import Limits


@dataclass(frozen=True)
class Trapezoidal:
    """Limits, stiffnesses K_n, K_t [Pa/m] (K_t = K_n if not given) and the plateau s in 0 … 1, 1 excluded.

    Its methods take UFL expressions, numbers and arrays alike.
    """

    limits: Limits
    normal_stiffness: Any
    shear_stiffness: Any = None
    plateau: Any = 0.5
    damage_at_strength: ClassVar[float] = 0.0

    @property
    def stiffnesses(self) -> tuple[Any, Any]:
        """K_n and K_t [Pa/m]."""
        shear = self.normal_stiffness if self.shear_stiffness is None else self.shear_stiffness
        return self.normal_stiffness, shear

    def openings(self, mixity: Any) -> tuple[Any, Any, Any]:
        """Return onset λ_0, end of the plateau λ_p and end λ_f [m] at the mixity B."""
        stiffness, _ = self.stiffnesses
        onset = sqrt(2 * self.limits.onset_energy(self.stiffnesses, mixity) / stiffness)
        end = (2 * self.limits.toughness(mixity) / (stiffness * onset) + self.plateau * onset) / (1 + self.plateau)
        return onset, onset + self.plateau * (end - onset), end

    def damage(self, opening: Any, mixity: Any) -> Any:
        """Return D(λ) in 0 … 1 at the equivalent `opening` λ > 0 [m] and mixity B."""
        onset, plateau, end = self.openings(mixity)
        softening = minimum(1.0, maximum(0.0, (end - opening) / (end - plateau)))
        return 1 - minimum(1.0, onset / opening * softening)

    def opening(self, damage: Any, mixity: Any) -> Any:
        """Return the λ [m] at which D(λ) is `damage`; λ_0 for none, λ_f for 1."""
        onset, plateau, end = self.openings(mixity)
        # the first counts on the plateau, where it is the smaller
        level = onset / maximum(1 - damage, onset / end)
        return minimum(level, onset * end / ((1 - damage) * (end - plateau) + onset))

    def dissipated(self, damage: Any, mixity: Any) -> Any:
        """Return the energy lost per area [J/m²] up to `damage` at fixed mixity, G_c at D = 1."""
        onset, plateau, end = self.openings(mixity)
        opening = self.opening(damage, mixity)
        level = minimum(opening, plateau) - onset / 2
        beyond = maximum(opening - plateau, 0.0)
        work = level + beyond * (1 - beyond / (2 * (end - plateau)))
        return self.stiffnesses[0] * (onset * work - (1 - damage) * opening**2 / 2)
