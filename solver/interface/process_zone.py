"""The length over which a bond fails ahead of a crack, and the element size that resolves it.

In a large body the zone is of the length  l = E' G_c/σ_c²  (Hillerborg, Modéer and Petersson 1976; fully developed it
is 9π/32 of that: Rice 1980). Between two bodies E' = 2 E*, 1/E' being the mean of
(1 − ν²)/E of both, so that equal bodies have their plane-strain modulus. In arms of the thickness h, thin against l,
bending shortens it:

    l_I = (E' G_Ic/σ_c²)^¼ h^¾,    l_II = (E' G_IIc/τ_c²)^½ h^½

(Bao and Suo 1992; Williams and Hadavinia 2002; Harper and Hallett 2008): the scales.

How much of its scale a zone has in thin arms follows from beam theory. Let the bond soften linearly from the share
ε = σ_c²/(2 K_n G_Ic) of its final opening on. With the opening δ, half of it on each side, EI δ⁗ = −2 t, E' h³/12 = EI.
A rigid bond has the zone  ξ 12^−¼ l_I  with cosh ξ cos ξ = −1, the first root of the cantilever, ξ = 1.875; what an
elastic bond carries ahead of it shortens it to 1 − 0.8 ε^¼ of that, within 3 % up to ε = 0.2. In sliding, arms that are
free to bend have δ″ = 8 t/(E' h), and the zone is  ½ √(1 − ε) arccos(√ε) l_II  with τ_c, K_t and G_IIc in ε.

Between both limits, of a large body and of thin arms, the inverse lengths add, as seen in a double cantilever: 28 µm
where this gives 27, with arms of 20 µm and l = 380 µm.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from interstice.solver.interface.mixity import Limits

ELEMENTS = 3
"""The fewest elements in a process zone that resolve its tractions (Turon, Dávila, Camanho and Costa 2007)."""

LARGE = 9 * np.pi / 32
"""Length of a zone in a large body over E' G_c/σ_c²."""
CANTILEVER = 1.8751040687119611
"""The first root of cosh ξ cos ξ = −1."""


class ProcessZone(NamedTuple):
    """Lengths of the process zone in opening and in sliding [m]."""

    normal: Any
    shear: Any

    @property
    def element_size(self) -> float:
        """The largest element size [m] that puts three elements in the shorter zone."""
        return float(min(self)) / ELEMENTS

    def warning(self, element_size: float) -> str | None:
        """Return what to say of a mesh with `element_size` [m] at the interface; None where it is fine enough."""
        if element_size <= self.element_size:
            return None
        mode, length = min(zip(("opening", "sliding"), self, strict=True), key=lambda zone: zone[1])
        size, enough, needed = (f"{value * 1e6:.3g} um" for value in (element_size, self.element_size, length))
        return (
            f"the process zone of the bond is {needed} long in {mode}, {length / element_size:.2g} elements of {size}; "
            f"use {enough} or less, for {ELEMENTS} elements in it, or a lower strength"
        )


def scales(limits: Limits, composite_modulus: float, thickness: float | None = None) -> ProcessZone:
    """Return the scales [m] for the `composite_modulus` E* [Pa] and the `thickness` h [m] of the thinner body, if any.

    The shorter of both counts. `limits` holds numbers or arrays; so does the result.
    """
    normal, shear = _in_large_bodies(limits, composite_modulus)
    if thickness is None:
        return ProcessZone(normal, shear)
    return ProcessZone(
        np.minimum(normal, normal**0.25 * thickness**0.75), np.minimum(shear, shear**0.5 * thickness**0.5)
    )


def process_zone(
    limits: Limits, stiffnesses: tuple[Any, Any], composite_modulus: float, thickness: float
) -> ProcessZone:
    """Return the lengths [m] of a bond of `stiffnesses` (K_n, K_t) [Pa/m].

    The bodies have the `composite_modulus` E* [Pa], the thinner one the `thickness` h [m]. All else is numbers or
    arrays; so is the result.
    """
    normal, shear = _in_large_bodies(limits, composite_modulus)
    opening = limits.normal_strength**2 / (2 * stiffnesses[0] * limits.normal_toughness)
    sliding = limits.shear_strength**2 / (2 * stiffnesses[1] * limits.shear_toughness)
    first = CANTILEVER * 12**-0.25 * (1 - 0.8 * opening**0.25) * normal**0.25 * thickness**0.75
    second = np.sqrt(1 - sliding) * np.arccos(np.sqrt(sliding)) / 2 * shear**0.5 * thickness**0.5
    return ProcessZone(_both(LARGE * normal, first), _both(LARGE * shear, second))


def _in_large_bodies(limits: Limits, composite_modulus: float) -> tuple[Any, Any]:
    """Return E' G_c/σ_c² in opening and in sliding [m]."""
    modulus = 2 * composite_modulus
    return (
        modulus * limits.normal_toughness / limits.normal_strength**2,
        modulus * limits.shear_toughness / limits.shear_strength**2,
    )


def _both(large: Any, thin: Any) -> Any:
    """Return the length that both limits bound [m]."""
    return large * thin / (large + thin)
