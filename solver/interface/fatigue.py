"""Fatigue of a bond: damage under repeated loads below its strength (Roe and Siegmund 2003).

Their damage is the loss of strength, D_c = (r − λ_0)/(λ_f − λ_0) with the threshold r, the equivalent opening at which
the bond, as it is, meets the envelope of its law. It grows with every change of the opening, by how far the traction is
above the endurance limit C_f, both over the strength that is left:

    D_c' = |λ'|/δ_Σ ⟨T/T_max(D_c) − C_f⟩,    T/T_max(D_c) = λ/r ≤ 1,    δ_Σ = N (λ_f − λ_0),

that is r' = |λ'| ⟨λ/r − C_f⟩/N, with the accumulated length δ_Σ given by N, in final openings. Below λ = C_f r nothing
grows: C_f is the threshold. With N ≥ 1 a bond opened beyond its strength once and for all follows the envelope of
its law; on the way to the strength it loses at most (1 − C_f)²/(2 N) λ_0 of the end. (Roe and Siegmund let fatigue
begin after an accumulated opening; here it begins at once.)

Over a time step λ goes straight from one value to the next and r is that of its beginning, so that the rate integrates
in closed form, whatever the length of the step. The damage of the law at the new r enters the tractions at the end of
the step. It never falls, so that its dissipation K λ² D'/2 is never negative.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from interstice.materials.elementwise import maximum, minimum


@dataclass(frozen=True)
class Fatigue:
    """N = δ_Σ over the final opening, at least 1, and the endurance limit C_f over the strength, in 0 … 1."""

    accumulation: Any
    endurance: Any

    def threshold(self, before: Any, start: Any, end: Any) -> Any:
        """Return r [m] after the opening went from `start` to `end` [m], `before` it; UFL or arrays."""
        # the exponential law begins at r = 0
        before = maximum(before, np.finfo(float).tiny)
        overloads = [self._effective(before, opening) / before - self.endurance for opening in (start, end)]
        return before * (1 + abs(overloads[1] ** 2 - overloads[0] ** 2) / (2 * self.accumulation))

    def mean_square(self, before: Any, start: Any, end: Any) -> Any:
        """Return the mean of λ² [m²] over the growth of r; arrays."""
        limit = self.endurance * before
        low, high = (self._effective(before, opening) for opening in (np.minimum(start, end), np.maximum(start, end)))
        # ∫ λ² (λ − C_f r) dλ over ∫ (λ − C_f r) dλ, both divided by high − low
        moment = (high + low) * (high**2 + low**2) / 4 - limit * (high**2 + high * low + low**2) / 3
        growth = (high + low) / 2 - limit
        return np.where(growth > 0.0, moment / np.where(growth > 0.0, growth, 1.0), 0.0)

    def _effective(self, before: Any, opening: Any) -> Any:
        """Return the opening within C_f r … r, where it makes r grow."""
        return maximum(minimum(opening, before), self.endurance * before)
