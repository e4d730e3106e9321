"""The length over which a bond fails ahead of a crack, and the element size that resolves it.

In a large body the zone is of the length  l = E' G_c/σ_c²  (Hillerborg, Modéer and Petersson 1976; fully developed it
is 9π/32 of that: Rice 1980). Between two bodies E' = 2 E*, 1/E' being the mean of
(1 − ν²)/E of both, so that equal bodies have their plane-strain modulus. In arms of the thickness h, thin against l,
bending shortens it:

    l_I = (E' G_Ic/σ_c²)^¼ h^¾,    l_II = (E' G_IIc/τ_c²)^½ h^½

(Bao and Suo 1992; Williams and Hadavinia 2002; Harper and Hallett 2008). The shorter counts.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from interstice.solver.interface.mixity import Limits

ELEMENTS = 3
"""The fewest elements in a process zone that resolve its tractions (Turon, Dávila, Camanho and Costa 2007)."""


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


def process_zone(limits: Limits, composite_modulus: float, thickness: float | None = None) -> ProcessZone:
    """Return the lengths [m] for the `composite_modulus` E* [Pa] and the `thickness` h [m] of the thinner body, if any.

    `limits` holds numbers or arrays; so does the result.
    """
    modulus = 2 * composite_modulus
    normal = modulus * limits.normal_toughness / limits.normal_strength**2
    shear = modulus * limits.shear_toughness / limits.shear_strength**2
    if thickness is None:
        return ProcessZone(normal, shear)
    return ProcessZone(
        np.minimum(normal, normal**0.25 * thickness**0.75), np.minimum(shear, shear**0.5 * thickness**0.5)
    )
