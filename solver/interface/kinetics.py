"""Charge transfer where the two sides touch.

Butler–Volmer:  j = j_0 [exp(α_a F η/RT) − exp(−α_c F η/RT)],   η = φ_e − φ_s − U(θ),
exchange current density  j_0(θ) = j_ref · 2 √(θ (1−θ)),  which is j_ref at θ = 1/2.

The local current density is j_n = a j with the activity a = 1 on Γ_c and a = 0 on Γ_d, so that it vanishes exactly
where the interface is detached. j_n > 0 when Li⁺ leaves the electrode.
"""

from __future__ import annotations

from typing import Any

import ufl

FARADAY = 96485.33212  # C/mol, CODATA 2018
GAS_CONSTANT = 8.314462618  # J/(mol K), CODATA 2018


def exchange_current_density(theta: Any, reference: Any) -> Any:
    """Return j_0 [A/m²] at stoichiometry `theta`, held in [1e-6, 1 − 1e-6] so that a Newton iterate has a root."""
    inside = ufl.max_value(ufl.min_value(theta, 1 - 1e-6), 1e-6)
    return reference * 2 * ufl.sqrt(inside * (1 - inside))


def butler_volmer(j_0: Any, eta: Any, temperature: Any, anodic: Any, cathodic: Any) -> Any:
    """Return j [A/m²] for the overpotential `eta` [V] at `temperature` [K]; transfer coefficients are numbers."""
    f = FARADAY / (GAS_CONSTANT * temperature)
    return j_0 * (ufl.exp(anodic * f * eta) - ufl.exp(-cathodic * f * eta))
