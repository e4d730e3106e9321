"""Bilinear mixed-mode bond, irreversible, with unilateral contact in compression.

With the openings δ_n = ⟨⟦u⟧·n⟩ and δ_t = ⟦u⟧ − (⟦u⟧·n) n, counted from the state in which the bond was made, and
δ = √(δ_n² + |δ_t|²):

    t = (1 − D) K (δ_n n + δ_t),   D = max(D_old, D(δ)),   D(δ) = δ_f (δ − δ_0) / (δ (δ_f − δ_0))  in [0, 1],

onset δ_0 and end δ_f from the strengths and toughnesses at the mode mixity B = |δ_t|²/δ² (Benzeggagh and Kenane 1996;
Turon, Camanho, Costa and Dávila 2006):

    δ_0² = (σ_c/K)² + ((τ_c/K)² − (σ_c/K)²) B^η,    G_c = G_Ic + (G_IIc − G_Ic) B^η,    δ_f = 2 G_c/(K δ_0).

The bond carries tension and shear only; in compression the normal law is contact, whatever the damage.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import ufl

from solver.domain import Interface


@dataclass(frozen=True)
class Bilinear:
    """Strengths σ_c, τ_c [Pa], toughnesses G_Ic, G_IIc [J/m²], mixity exponent η, initial stiffness K [Pa/m].

    Its methods take UFL expressions, numbers and arrays alike.
    """

    normal_strength: float
    shear_strength: float
    normal_toughness: float
    shear_toughness: float
    mixity_exponent: float
    stiffness: float

    def openings(self, mixity: Any) -> tuple[Any, Any]:
        """Return onset δ_0 and end δ_f [m] at the mixity B = |δ_t|²/δ²."""
        power = mixity**self.mixity_exponent
        onset_n, onset_t = self.normal_strength / self.stiffness, self.shear_strength / self.stiffness
        onset = (onset_n**2 + (onset_t**2 - onset_n**2) * power) ** 0.5
        toughness = self.normal_toughness + (self.shear_toughness - self.normal_toughness) * power
        return onset, 2 * toughness / (self.stiffness * onset)

    def damage(self, opening: Any, mixity: Any) -> Any:
        """Return D(δ) as UFL for the UFL `opening` δ > 0 [m] and mixity B."""
        onset, end = self.openings(mixity)
        return ufl.max_value(0.0, ufl.min_value(1.0, end * (opening - onset) / (opening * (end - onset))))

    def dissipated(self, damage: Any, mixity: Any) -> Any:
        """Return the energy lost per area [J/m²] up to `damage` at fixed mixity: K δ_0 δ(D) D/2, G_c at D = 1."""
        onset, end = self.openings(mixity)
        return self.stiffness * onset / 2 * damage * onset * end / (end - damage * (end - onset))


class CohesiveBond:
    """The bond on one interface; `jump` is ⟦u⟧ in UFL. Nodes are unbonded (D = 1) until `bond` is called."""

    def __init__(self, interface: Interface, law: Bilinear, jump: Any) -> None:
        self.interface, self.law = interface, law
        self.damage_old = interface.function("damage_old")
        self.damage_old.x.array[:] = 1.0
        self.dissipated = interface.function("dissipated_energy")
        self.bonded = interface.function("bonded")
        self.origin = interface.function("bonded_jump", (interface.mesh.geometry.dim,))
        self._jump = interface.reader(jump)

        normal = interface.normal("+")
        opening = jump - self.origin("+")
        delta_n = ufl.max_value(0.0, ufl.inner(opening, normal))
        delta_t = opening - ufl.inner(opening, normal) * normal
        shear = ufl.inner(delta_t, delta_t)
        # keeps derivatives finite at δ = 0, far below any opening that matters
        tiny = (1e-9 * law.normal_strength / law.stiffness) ** 2
        mixity = (shear + tiny / 2) / (delta_n**2 + shear + tiny)
        damage = ufl.max_value(self.damage_old("+"), law.damage(ufl.sqrt(delta_n**2 + shear + tiny), mixity))
        self._traction = (1 - damage) * law.stiffness * (delta_n * normal + delta_t)
        self.damage = interface.reader(damage)
        self.damage.values.x.array[:] = 1.0
        self._mixity = interface.reader(mixity)

    def residual(self, jump_test: Any) -> ufl.Form:
        """Return ∫ t · ⟦v⟧ dS."""
        return ufl.inner(self._traction, jump_test) * self.interface.dS

    def bond(self, touching: np.ndarray) -> None:
        """Glue the nodes where `touching` (shape (local and ghost nodes,)) is true, in their present place."""
        self.bonded.x.array[:] = touching
        self.damage_old.x.array[:] = 1.0 - self.bonded.x.array
        self.damage.values.x.array[:] = self.damage_old.x.array
        self.origin.x.array[:] = self._jump.read()

    def commit(self) -> None:
        """Take the damage of the present displacements as history and count the energy it dissipated."""
        old, mixity, damage = self.damage_old.x.array, self._mixity.read(), self.damage.read()
        self.dissipated.x.array[:] += self.law.dissipated(damage, mixity) - self.law.dissipated(old, mixity)
        old[:] = damage
