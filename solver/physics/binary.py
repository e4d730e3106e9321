"""A binary salt in the electrolyte: Li⁺ and one anion that the electrodes block, electroneutral.

    ∂c/∂t = −∇·N₋,   N₋ = −D ∇c − (1 − t₊) i/F        (salt, by its anion; the flux of Li⁺ is N₊ = N₋ + i/F)
    ∇·i = 0,         i = −κ ∇φ + (2κRT/F)(1 − t₊) Γ ∇ln c

after J. Newman, K. E. Thomas-Alyea, Electrochemical Systems, 3rd ed., Wiley (2004), ch. 12. c [mol/m³] is the salt
concentration, φ [V] the potential of a lithium reference electrode at the place, so that η = φ_e − φ_s − U holds as it
stands; D [m²/s] is the diffusivity of the salt, t₊ the transference number, Γ = 1 + d ln f/d ln c. The dilute limit
(Nernst–Planck) is Γ = 1, D = 2D₊D₋/(D₊ + D₋), t₊ = D₊/(D₊ + D₋), κ = F² c (D₊ + D₋)/RT.

Weak form: find c and φ such that for all q and ψ

    ∫ ∂c/∂t q dx − ∫ N₋ · ∇q dx = 0,   −∫ i · ∇ψ dx − ∫_Γ j_n ψ dS = 0,

the rate being that of a time scheme (`interstice.solver.rates`), the last term being added by the interfaces, where
j_n > 0 brings Li⁺ into the electrolyte. No face lets the anion through, so that salt is conserved.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ufl

from interstice.solver.constants import FARADAY, GAS_CONSTANT

DEPLETED = 1e-2
"""Salt concentration [mol/m³] below which ∇ln c no longer grows, so that a Newton iterate has a value."""


@dataclass(frozen=True)
class BinaryElectrolyte:
    """D [m²/s], κ [S/m], t₊, Γ and T [K], as numbers, constants or UFL expressions of the concentration."""

    diffusivity: Any
    conductivity: Any
    transference_number: Any
    temperature: Any
    thermodynamic_factor: Any = 1.0

    @property
    def _slope(self) -> Any:
        """(2RT/F)(1 − t₊) Γ [V], the change of φ with ln c at rest."""
        thermal_voltage = GAS_CONSTANT * self.temperature / FARADAY
        return 2 * thermal_voltage * (1 - self.transference_number) * self.thermodynamic_factor

    def current_density(self, c: Any, phi: Any) -> Any:
        """Return i [A/m²]."""
        grad_ln_c = ufl.grad(c) / ufl.max_value(c, DEPLETED)
        return -self.conductivity * (ufl.grad(phi) - self._slope * grad_ln_c)

    def potential(self, c: Any, c_ref: Any) -> Any:
        """Return (2RT/F)(1 − t₊) Γ ln(c/c_ref) [V], what the salt makes of φ at rest: 0 at `c_ref`."""
        return self._slope * ufl.ln(ufl.max_value(c, DEPLETED) / c_ref)

    def anion_flux(self, c: Any, phi: Any) -> Any:
        """Return N₋ [mol/(m² s)]."""
        migration = (1 - self.transference_number) / FARADAY * self.current_density(c, phi)
        return -self.diffusivity * ufl.grad(c) - migration


def salt_residual(law: BinaryElectrolyte, c: Any, rate: Any, phi: Any, q: Any, dx: ufl.Measure) -> ufl.Form:
    """Return ∫ ∂c/∂t q − N₋ · ∇q dx; give `dx` a quadrature degree (2 for linear elements)."""
    return (rate * q - ufl.inner(law.anion_flux(c, phi), ufl.grad(q))) * dx


def charge_residual(law: BinaryElectrolyte, c: Any, phi: Any, psi: Any, dx: ufl.Measure) -> ufl.Form:
    """Return −∫ i · ∇ψ dx; give `dx` a quadrature degree (2 for linear elements)."""
    return -ufl.inner(law.current_density(c, phi), ufl.grad(psi)) * dx


def loss(law: BinaryElectrolyte, c: Any, phi: Any) -> Any:
    """Return −i · ∇φ [W/m³], the power that the current loses to resistance and to the gradient of the salt."""
    return -ufl.inner(law.current_density(c, phi), ufl.grad(phi))
