"""Charge transfer where the two sides touch.

Butler–Volmer:  j = j_0 [exp(α_a F η/RT) − exp(−α_c F η/RT)],   η = φ_e − φ_s − U(θ) + stress term − R_film j,

and its linear and Tafel limits, the `LAWS`. The exchange current density is

    j_0 = j_ref (2θ)^α_c (2(1−θ))^α_a (c_s/c_ref)^α_s,   which is j_ref at θ = 1/2 and c_s = c_ref.

The local current density is j_n = a j with the activity a = 1 on Γ_c and a = 0 on Γ_d, so that it vanishes exactly
where the interface is detached. j_n > 0 when Li⁺ leaves the electrode.

Stress term. Lithium in the host has the chemical potential μ = −F U − Ω σ_h (as `diffusion` has it). Leaving it as
Li⁺ at φ_s and an electron at φ_e, a mole sets free μ − F φ_s + F φ_e = F η, so that η = φ_e − φ_s − U − Ω σ_h/F:
compression, σ_h < 0, raises η and favours delithiation. It shifts the equilibrium potential to U + Ω σ_h/F.

All functions take UFL expressions, numbers and arrays alike, of one shape. Temperatures are in K.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import ufl

from interstice.materials.elementwise import exp, maximum, minimum
from interstice.solver.constants import FARADAY, GAS_CONSTANT, VACUUM_PERMITTIVITY

ROOM_TEMPERATURE = 298.15
"""Temperature [K] for which exchange current densities are given."""

LARGEST_EXPONENT = 40.0
"""The argument beyond which exponentials go on along their tangent: currents there are e^40 ≈ 2e17 times j_0."""

EDGE = 1e-14
"""Distance from empty and full within which θ no longer changes j_0, so that it has a derivative."""


class Surface(NamedTuple):
    """Lithium at the surface of an electrode, in UFL as seen on the interface.

    `potential` is U [V] and `entropic` ∂U/∂T [V/K], `volume` Ω [m³/mol]. `stress` is what the stress of a host adds to
    η [V] if it does; of a metal the contact pressure may, and `pressed` returns what one [Pa] adds. `theta` is the
    stoichiometry of a host. `activity` is that of lithium where it is a film that may be used up.
    """

    potential: Any
    entropic: Any
    volume: Any
    stress: Any = None
    pressed: Callable[[Any], Any] | None = None
    theta: Any = None
    activity: Any = None


def exponential(x: Any) -> Any:
    """Return e^x up to `LARGEST_EXPONENT` and beyond it its tangent: C¹, and finite for any `x`."""
    return exp(minimum(x, LARGEST_EXPONENT)) * (1 + maximum(x - LARGEST_EXPONENT, 0.0))


def exchange_current_density(
    theta: Any | None,
    reference: Any,
    anodic: Any = 0.5,
    cathodic: Any = 0.5,
    salt: Any = 1.0,
    salt_exponent: Any = 0.5,
) -> Any:
    """Return j_0 [A/m²] at stoichiometry `theta`; `reference` is j_ref [A/m²], `salt` is c_s/c_ref.

    Without a `theta` the electrode is a metal, which has no sites to be filled: j_0 = j_ref (c_s/c_ref)^α_s.

    `theta` is held in [EDGE, 1 − EDGE] and `salt` above EDGE, so that a Newton iterate has a value. Exponents are
    those of Doyle, Fuller, Newman, J. Electrochem. Soc. 140, 1526 (1993): α_c on c, α_a on c_max − c.
    """
    dissolved = reference * maximum(salt, EDGE) ** salt_exponent
    if theta is None:
        return dissolved
    inside = maximum(minimum(theta, 1 - EDGE), EDGE)
    return dissolved * (2 * inside) ** cathodic * (2 * (1 - inside)) ** anodic


def butler_volmer(j_0: Any, eta: Any, temperature: Any, anodic: Any, cathodic: Any, activity: Any = 1) -> Any:
    """Return j [A/m²] for the overpotential `eta` [V]; `anodic` and `cathodic` are α_a and α_c.

    The anodic part goes with the `activity` a of what is oxidised: j = j_0 [a exp(α_a F η/RT) − exp(−α_c F η/RT)].

    Finite for any `eta`: the exponentials are those of `exponential`.
    """
    f = FARADAY / (GAS_CONSTANT * temperature)
    return j_0 * (activity * exponential(anodic * f * eta) - exponential(-cathodic * f * eta))


def bare_potential(activity: float, temperature: float) -> float:
    """Return −(RT/F) ln a [V], at which nothing crosses at an activity a, where transfer coefficients add up to 1."""
    return float(-GAS_CONSTANT * temperature / FARADAY * np.log(activity))


def linear(j_0: Any, eta: Any, temperature: Any, anodic: Any, cathodic: Any) -> Any:
    """Return j = j_0 (α_a + α_c) F η/RT [A/m²], the tangent of Butler–Volmer at η = 0."""
    return j_0 * (anodic + cathodic) * FARADAY / (GAS_CONSTANT * temperature) * eta


def tafel(j_0: Any, eta: Any, temperature: Any, anodic: Any, cathodic: Any) -> Any:
    """Return j = j_0 exp(α_a F η/RT) [A/m²] for η > 0 and −j_0 exp(−α_c F η/RT) for η < 0, without a jump between.

    Each branch holds from where its argument is 1 (at 25 °C and α = 1/2, 51 mV). Nearer to η = 0 it is the straight
    line from the origin that touches it there, e times its argument: j is continuous, and smooth but for a change of
    slope at η = 0 where α_a ≠ α_c. Finite for any `eta`.
    """
    f = FARADAY / (GAS_CONSTANT * temperature)
    return j_0 * _by_sign(eta, _tafel_branch(anodic * f * eta), -_tafel_branch(-cathodic * f * eta))


LAWS: dict[str, Callable[[Any, Any, Any, Any, Any], Any]] = {
    "butler_volmer": butler_volmer,
    "linear": linear,
    "tafel": tafel,
}
"""The laws j(j_0, η, T, α_a, α_c) by the names they have in a case."""


def stress_overpotential(sigma_h: Any, partial_molar_volume: Any) -> Any:
    """Return −Ω σ_h/F [V], what the hydrostatic stress `sigma_h` [Pa] of the host adds to η; Ω [m³/mol]."""
    return -partial_molar_volume * sigma_h / FARADAY


def strain_overpotential(strain: Any, coefficient: Any) -> Any:
    """Return κ_ε ε [V], what `strain` adds to η in the linear form η = η_0 + κ_ε ε; κ_ε [V]."""
    return coefficient * strain


def arrhenius(activation_energy: Any, temperature: Any, reference: Any) -> Any:
    """Return exp(−E_a/R (1/T − 1/T_ref)), which is 1 at the temperature `reference`; E_a [J/mol]."""
    return exp(-activation_energy / GAS_CONSTANT * (1 / temperature - 1 / reference))


def film_residual(
    j: Any, test: Any, activity: Any, law: Callable[[Any], Any], eta: Any, resistance: Any, dS: ufl.Measure
) -> ufl.Form:
    """Return ∫ (j − a law(η − R j)) t dS, the equation of the nodal unknown `j` [A/m²] behind a film.

    All arguments are restricted to the interface; `eta` [V] is without the film, `law` gives j [A/m²] of an
    overpotential, `resistance` is R_film [Ω m²]. With the rule at the nodes each has an equation of its own,
    j = 0 where a = 0.
    """
    return (j - activity * law(eta - resistance * j)) * test * dS


def gap_capacitance(gap: Any, relative_permittivity: Any, smallest: Any) -> Any:
    """Return C = ε_0 ε_r/g_n [F/m²] of an open gap g_n [m], which counts as no less than `smallest` [m]."""
    return VACUUM_PERMITTIVITY * relative_permittivity / maximum(gap, smallest)


def charging_current(capacitance: Any, rate: Any, activity: Any) -> Any:
    """Return (1 − a) C dΔφ/dt [A/m²], the displacement current across Γ_d, of the sign of j_n.

    `rate` is that of Δφ = φ_e − φ_s [V/s]. The current moves no lithium: it belongs in the equations of charge only.
    """
    return (1 - activity) * capacitance * rate


def _tafel_branch(x: Any) -> Any:
    """Return e^x for x ≥ 1, below that its tangent from the origin, e·x."""
    return exponential(maximum(x, 1.0)) * minimum(x, 1.0)


def _by_sign(x: Any, positive: Any, negative: Any) -> Any:
    """Return `positive` where x ≥ 0, else `negative`."""
    if isinstance(x, ufl.core.expr.Expr):
        return ufl.conditional(ufl.ge(x, 0.0), positive, negative)
    return np.where(np.asarray(x) >= 0.0, positive, negative)
