"""Lithium in the host, driven by its chemical potential.

    ∂c/∂t = −∇·J,   J = −M ∇μ,   μ = −F U(θ) − Ω(θ) σ_h,   θ = c/c_max

With the self-diffusivity D_s of lithium on a lattice of sites, M = D_s c (1−θ)/(RT), this is

    J = −D ∇c + D_s c (1−θ)/(RT) ∇(Ω σ_h),   D = Γ D_s,   Γ = −(F/RT) θ (1−θ) U'(θ).

Γ is the thermodynamic factor, 1 for ideal mixing, and D the chemical diffusivity, which relaxation of a concentration
measures (PITT, GITT) and which a material's `diffusivity` is unless it says otherwise. Plain Fick is D alone. Stress
enters as its potential Ω σ_h [J/mol]: lithium that swells its host moves to where that is in tension. As linear
displacements have no gradient of σ_h within an element, σ_h is the nodal field s of `hydrostatic_residual` there.

Weak form: find c such that for all q

    ∫ ∂c/∂t q dx − ∫ J · ∇q dx + ∫_Γ (j_n/F) q dS = 0,

the rate being that of a time scheme (`interstice.solver.rates`) and the last term being added by the interface, where
j_n > 0 takes lithium out of the host. Vegard's eigenstrain is e = ∫ Ω/3 dc from c_ref to c.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import ufl
from dolfinx import fem
from dolfinx.mesh import Mesh

from interstice.solver.constants import FARADAY, GAS_CONSTANT
from interstice.solver.domain import RadialMeasure

SMALLEST_FACTOR = 1e-2
"""The least Γ: on a plateau of U it is 0, where two phases would part, which this model does not resolve."""


def balance(rate: Any, q: Any, flux: Any, dx: ufl.Measure) -> ufl.Form:
    """Return ∫ ∂c/∂t q − J · ∇q dx; the `rate` of c [mol/(m³ s)], J [mol/(m² s)].

    J has powers and functions of c: give `dx` a quadrature degree (2 for linear elements), or FFCx chooses a large one.
    """
    return (rate * q - ufl.inner(flux, ufl.grad(q))) * dx


def flux(
    c: Any, c_max: Any, chemical: Any, tracer: Any = 0.0, stress_potential: Any = 0.0, temperature: Any = 1.0
) -> Any:
    """Return J [mol/(m² s)] of the diffusivities D and D_s [m²/s] and Ω σ_h [J/mol]; T in K.

    `stress_potential` is an expression of fields of the host, such as Ω(c/c_max) s; 0 is plain Fick.
    """
    fick = -chemical * ufl.grad(c)
    if isinstance(stress_potential, int | float) and stress_potential == 0:
        return fick
    # no mobility beyond empty and full, rather than a negative one
    mobility = tracer * ufl.max_value(c * (1 - c / c_max), 0.0) / (GAS_CONSTANT * temperature)
    return fick + mobility * ufl.grad(stress_potential)


def thermodynamic_factor(potential: Callable[[Any], Any], theta: Any, temperature: Any) -> Any:
    """Return Γ at `theta` (UFL), from the open-circuit potential U(θ) [V]; not below `SMALLEST_FACTOR`."""
    x = ufl.variable(theta)
    slope = ufl.diff(ufl.as_ufl(potential(x)), x)
    return ufl.max_value(-FARADAY / (GAS_CONSTANT * temperature) * theta * (1 - theta) * slope, SMALLEST_FACTOR)


def diffusivities(diffusivity: Any, factor: Any, kind: Literal["chemical", "tracer"]) -> tuple[Any, Any]:
    """Return D and D_s [m²/s] of a `diffusivity` that is one of them, with the thermodynamic `factor` Γ."""
    return (diffusivity, diffusivity / factor) if kind == "chemical" else (factor * diffusivity, diffusivity)


def hydrostatic_residual(s: Any, t: Any, sigma_h: Any, dx: ufl.Measure) -> ufl.Form:
    """Return ∫ (s − σ_h) t dx at the vertices of the cells of `dx`, which defines the nodal stress `s` [Pa].

    With `s` linear, its value at a node is the mean of σ_h in the cells around it, weighted by their volume. In bodies
    of revolution, on whose axis the hoop strain u_r/r cannot be evaluated, ∫ σ_h t dx is taken inside the cells.
    """
    if isinstance(dx, RadialMeasure):
        return s * t * at_vertices(dx) - sigma_h * t * dx(metadata={"quadrature_degree": 2})
    return (s - sigma_h) * t * at_vertices(dx)


def at_vertices(dx: ufl.Measure) -> ufl.Measure:
    """Return the volume measure `dx` with the rule whose points are the vertices of simplices.

    A vertex weighs as much as the integral of its linear basis function, in bodies of revolution too.
    """
    vertices = {"quadrature_rule": "vertex", "quadrature_degree": 1}
    if not isinstance(dx, RadialMeasure):
        return dx(metadata=vertices)
    # the integral of r φ_i over a triangle is a third of its area times (r_i + 3 r_c)/4, r_c at the centroid
    domain = dx.ufl_domain()
    centroid = fem.Function(fem.functionspace(Mesh(domain.ufl_cargo(), domain), ("DG", 0)))
    centroid.interpolate(lambda x: x[0])
    mean = (ufl.SpatialCoordinate(domain)[0] + 3 * centroid) / 4
    return RadialMeasure(dx.section(metadata=vertices), 2 * np.pi * mean)


def eigenstrain(c: Any, c_ref: Any, partial_molar_volume: Any, c_max: Any = None) -> Any:
    """Return e, the linear strain of ε* = e I; concentrations [mol/m³].

    Ω [m³/mol] is a number, e = Ω (c − c_ref)/3, or a function of θ with an `integral` over it, which takes `c_max`
    (`materials.function`).
    """
    if hasattr(partial_molar_volume, "integral"):
        return c_max * partial_molar_volume.integral(c_ref / c_max, c / c_max) / 3
    return partial_molar_volume * (c - c_ref) / 3
