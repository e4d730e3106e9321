"""Exponential law of a bond, the form of Xu and Needleman (1993) in one opening (Ortiz and Pandolfi 1999).

In the equivalent opening λ of `cohesive`, with K = K_n, Xu and Needleman's T = e T_max λ/ℓ exp(−λ/ℓ) is
T = (1 − D) K λ with 1 − D = exp(−λ/ℓ). It never ends; here it does, at λ_f = 10 ℓ:

    1 − D = (exp(−λ/ℓ) − q)/(1 − q)  up to λ_f,    q = exp(−λ_f/ℓ).

The greatest traction is P K ℓ and the area M K ℓ², with numbers P and M that differ from 1/e and 1 by 8·10⁻⁵ and
3·10⁻³. Strength and toughness therefore give the stiffnesses too, K_n = M/P² σ_c²/G_Ic and K_t = M/P² τ_c²/G_IIc, and
the toughness at a mixity gives the length ℓ(B) = √(G_c(B)/(M K)). There is no elastic range: every opening beyond the
largest so far does harm.

Because one potential per mixity replaces Xu and Needleman's coupled one, a bond broken in one mode transmits nothing in
the other, and the work at fixed mixity is G_c(B) whatever G_IIc/G_Ic (van den Bosch, Schreurs and Geers 2006).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from scipy.special import lambertw

from interstice.materials.elementwise import exp, log, minimum, sqrt
from interstice.solver.interface.mixity import Limits

END = 10.0
"""Final opening λ_f over ℓ."""
REST = float(np.exp(-END))
"""q, what is left of the exponential at the end."""
PEAK_OPENING = float(1 - lambertw(np.exp(1 - END)).real)
"""Opening of the greatest traction over ℓ, the root x of (1 − x) e^(−x) = q."""
PEAK = float(PEAK_OPENING * (np.exp(-PEAK_OPENING) - REST) / (1 - REST))
"""P, the greatest traction over K ℓ."""
AREA = float((1 - (1 + END + END**2 / 2) * REST) / (1 - REST))
"""M, the area under the traction over K ℓ²."""


@dataclass(frozen=True)
class Exponential:
    """Limits of the bond. Its methods take UFL expressions, numbers and arrays alike."""

    limits: Limits
    damage_at_strength: ClassVar[float] = float((1 - np.exp(-PEAK_OPENING)) / (1 - REST))

    @property
    def stiffnesses(self) -> tuple[Any, Any]:
        """K_n and K_t [Pa/m], the slopes at zero opening."""
        limits, factor = self.limits, AREA / PEAK**2
        return (
            factor * limits.normal_strength**2 / limits.normal_toughness,
            factor * limits.shear_strength**2 / limits.shear_toughness,
        )

    def length(self, mixity: Any) -> Any:
        """Return ℓ [m] at the mixity B."""
        return sqrt(self.limits.toughness(mixity) / (AREA * self.stiffnesses[0]))

    def damage(self, opening: Any, mixity: Any) -> Any:
        """Return D(λ) in 0 … 1 at the equivalent `opening` λ ≥ 0 [m] and mixity B."""
        return minimum(1.0, (1 - exp(-opening / self.length(mixity))) / (1 - REST))

    def opening(self, damage: Any, mixity: Any) -> Any:
        """Return the λ [m] at which D(λ) is `damage`, λ_f for 1."""
        return -self.length(mixity) * log(1 - damage * (1 - REST))

    def dissipated(self, damage: Any, mixity: Any) -> Any:
        """Return the energy lost per area [J/m²] up to `damage` at fixed mixity, G_c at D = 1."""
        length, left = self.length(mixity), 1 - damage * (1 - REST)
        x = -log(left)
        return self.stiffnesses[0] * length**2 * (1 - (1 + x + x**2 / 2) * left) / (1 - REST)
