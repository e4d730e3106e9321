"""Strengths and toughnesses of a bond in both modes, and what they are between the modes.

The mode mixity is the share of mode II in the energy release rate, B = G_II/(G_I + G_II) = sin² ψ, from 0 (opening) to
1 (sliding). A mixity law interpolates energies between those of the two modes:

    Benzeggagh and Kenane (1996):   G(B) = G_I + (G_II − G_I) B^η,
    power law:                      ((1 − B)/G_I)^α + (B/G_II)^α = G(B)^−α;   α = 1: Wu and Reuter (1965).

It holds for the toughness and for the elastic energy at which damage begins alike, σ_c²/(2 K_n) in mode I and
τ_c²/(2 K_t) in mode II, so that the surfaces of onset and of failure have one shape (Turon, Camanho, Costa and Dávila
2006). With the power law and α = 1 the onset is the quadratic one, (t_n/σ_c)² + (t_t/τ_c)² = 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from interstice.materials.elementwise import maximum

LEAST_SHARE = 1e-30
"""Least share of a mode, far below rounding: it keeps derivatives of powers below 1 finite in the other mode."""


class Mixity(Protocol):
    """A mixity law; `exponent` is its one parameter."""

    @property
    def exponent(self) -> Any: ...

    def __call__(self, first: Any, second: Any, mixity: Any) -> Any:
        """Return the energy at `mixity` B, `first` in mode I and `second` in mode II (UFL, numbers or arrays)."""


@dataclass(frozen=True)
class BenzeggaghKenane:
    """G(B) = G_I + (G_II − G_I) B^η with the `exponent` η."""

    exponent: Any = 2.0

    def __call__(self, first: Any, second: Any, mixity: Any) -> Any:
        """Return the energy at `mixity` B."""
        return first + (second - first) * mixity**self.exponent


@dataclass(frozen=True)
class PowerLaw:
    """((1 − B)/G_I)^α + (B/G_II)^α = G^−α with the `exponent` α."""

    exponent: Any = 1.0

    def __call__(self, first: Any, second: Any, mixity: Any) -> Any:
        """Return the energy at `mixity` B."""
        shares = (maximum(1 - mixity, LEAST_SHARE) / first, maximum(mixity, LEAST_SHARE) / second)
        return sum(share**self.exponent for share in shares) ** (-1 / self.exponent)


@dataclass(frozen=True)
class Limits:
    """Strengths σ_c, τ_c [Pa] and toughnesses G_Ic, G_IIc [J/m²] of a bond, and its mixity law.

    Like every parameter of a bond each is a number or a nodal function on the interface.
    """

    normal_strength: Any
    shear_strength: Any
    normal_toughness: Any
    shear_toughness: Any
    mixity: Mixity = BenzeggaghKenane()

    def toughness(self, mixity: Any) -> Any:
        """Return G_c(B) [J/m²]."""
        return self.mixity(self.normal_toughness, self.shear_toughness, mixity)

    @property
    def stiffness_ratio(self) -> Any:
        """K_t/K_n = (G_Ic/G_IIc) (τ_c/σ_c)², at which onset and end are in proportion whatever the mixity.

        A bond whose mixity changes while it fails then dissipates between G_Ic and G_IIc. With any other ratio it may
        lose less or more than both (Turon, Camanho, Costa and Renart, Compos. Struct. 92 (2010) 1857).
        """
        return self.normal_toughness / self.shear_toughness * (self.shear_strength / self.normal_strength) ** 2

    def onset_energy(self, stiffnesses: tuple[Any, Any], mixity: Any) -> Any:
        """Return the elastic energy [J/m²] at onset of a bond of `stiffnesses` (K_n, K_t) [Pa/m]."""
        energies = (self.normal_strength**2 / (2 * stiffnesses[0]), self.shear_strength**2 / (2 * stiffnesses[1]))
        return self.mixity(*energies, mixity)
