"""Ohm's law: ∇·(κ ∇φ) = 0, for electrons in the electrode and for the one mobile ion in the electrolyte.

Weak form: find φ such that ∫ κ ∇φ · ∇ψ dx = current that enters through the boundary, weighted with ψ, for all ψ.
"""

from __future__ import annotations

from typing import Any

import ufl


def current_density(phi: Any, conductivity: Any) -> Any:
    """Return i = −κ ∇φ [A/m²]."""
    return -conductivity * ufl.grad(phi)


def residual(phi: Any, psi: Any, conductivity: Any, dx: ufl.Measure) -> ufl.Form:
    """Return ∫ κ ∇φ · ∇ψ dx; κ [S/m], φ [V]."""
    return conductivity * ufl.inner(ufl.grad(phi), ufl.grad(psi)) * dx


def dissipation(phi: Any, conductivity: Any) -> Any:
    """Return κ |∇φ|² [W/m³]."""
    return conductivity * ufl.inner(ufl.grad(phi), ufl.grad(phi))
