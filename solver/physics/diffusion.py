"""Lithium in the host: ∂c/∂t = ∇·(D ∇c), with Vegard's eigenstrain e = Ω (c − c_ref)/3.

Weak form over one implicit Euler step Δt: find c such that for all q

    ∫ (c − c_old)/Δt q dx + ∫ D ∇c · ∇q dx + ∫_Γ (j_n/F) q dS = 0,

the last term being added by the interface, where j_n > 0 takes lithium out of the host.
"""

from __future__ import annotations

from typing import Any

import ufl


def residual(c: Any, c_old: Any, q: Any, diffusivity: Any, time_step: Any, dx: ufl.Measure) -> ufl.Form:
    """Return ∫ (c − c_old)/Δt q + D ∇c · ∇q dx; c [mol/m³], D [m²/s], Δt [s]."""
    return (c - c_old) / time_step * q * dx + diffusivity * ufl.inner(ufl.grad(c), ufl.grad(q)) * dx


def eigenstrain(c: Any, c_ref: Any, partial_molar_volume: Any) -> Any:
    """Return e = Ω (c − c_ref)/3, the linear strain of ε* = e I; Ω [m³/mol], concentrations [mol/m³]."""
    return partial_molar_volume * (c - c_ref) / 3
