"""Quasi-static small-strain elasticity with an eigenstrain, in plane strain, 3D and of bodies of revolution.

    ∇·σ = 0,    σ = λ (tr ε − 3 e) I + 2 μ (ε − e I),    ε = sym ∇u

with the volumetric eigenstrain ε* = e I, which acts out of plane too: plane strain needs no other formula. Weak form:
find u such that ∫ σ : ε(v) dx = work of the tractions on v, for all v. Bodies that bend or
buckle rotate: `FiniteRotation` has the strain of Green and Lagrange.

Solids that flow have an inelastic strain as well, which keeps the volume: dev σ = 2 μ (dev ε − ε^in) (`Relaxation`).
Where strains are large, `FiniteStrain` multiplies the deformations of elasticity, flow and swelling.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import ufl
from dolfinx import fem, mesh


@dataclass(frozen=True)
class Relaxation:
    """What flow leaves of the deviator s* = 2 μ (dev ε − ε^in) of stress, linear in s*:

        s = r s* + [b (3/2) m : s* + o] m

    ε^in is the inelastic `strain` at the start of a time step, m a `direction` of flow, both of shape (3, 3) in UFL,
    with (3/2) m : m = 1. With the equivalent stress q that a law leaves of that of s*, q*, the `ratio` r is q/q*, the
    `bend` b is dq/dq* − r and the `offset` o is q − q* dq/dq*: this touches the law where s* = q* m, and is tangent to
    it there. Where nothing flows r is 1, b and o are 0.
    """

    strain: Any
    ratio: Any
    bend: Any
    offset: Any
    direction: Any
    softening: Any = None

    def left(self, trial: Any, stiffness: Any = None) -> Any:
        """Return s [Pa], shape (3, 3), of the `trial` s*; with a `stiffness` [Pa] that varies, see `FiniteStrain`."""
        along = self.bend * 1.5 * ufl.inner(self.direction, trial) + self.offset
        if stiffness is not None:
            along = along - self.softening * stiffness
        return self.ratio * trial + along * self.direction

    def trial(self, strain: Any, mu: Any) -> Any:
        """Return s* [Pa], shape (3, 3), of the strain ε, shape (d, d)."""
        epsilon = in_space(strain)
        return 2 * mu * (epsilon - ufl.tr(epsilon) / 3 * ufl.Identity(3) - self.strain)

    def deviator(self, strain: Any, mu: Any) -> Any:
        """Return s [Pa], shape (3, 3), of the strain ε, shape (d, d)."""
        return self.left(self.trial(strain, mu))


@dataclass(frozen=True)
class Elasticity:
    """Isotropic elastic constants of one side: Young's modulus [Pa] and Poisson's ratio, as UFL constants.

    A solid that flows has a `relaxation`.
    """

    linear: ClassVar[bool] = True
    """Whether stress goes linearly with displacement, where nothing flows."""
    young_modulus: Any
    poisson_ratio: Any
    relaxation: Relaxation | None = field(default=None, kw_only=True)

    @classmethod
    def constant(cls, domain: mesh.Mesh, young_modulus: float, poisson_ratio: float) -> Elasticity:
        """Hold the two numbers in constants of `domain`, so that forms are not compiled anew for other numbers."""
        return cls(fem.Constant(domain, np.float64(young_modulus)), fem.Constant(domain, np.float64(poisson_ratio)))

    @property
    def lame(self) -> tuple[Any, Any]:
        """Lamé's λ and μ [Pa]."""
        E, nu = self.young_modulus, self.poisson_ratio
        return E * nu / ((1 + nu) * (1 - 2 * nu)), E / (2 * (1 + nu))

    def strain(self, u: Any) -> Any:
        """Return ε, shape (d, d), of the displacement `u` [m]."""
        return ufl.sym(ufl.grad(u))

    def virtual_strain(self, u: Any, v: Any) -> Any:
        """Return the change of ε, shape (d, d), with the virtual displacement `v` [m]."""
        return self.strain(v)

    def stress(self, u: Any, eigenstrain: Any = 0.0) -> Any:
        """Return σ [Pa], of the shape of ε, of the displacement `u` [m] and the scalar `eigenstrain` e."""
        lame_lambda, mu = self.lame
        epsilon = self.strain(u)
        identity = ufl.Identity(size := epsilon.ufl_shape[0])
        if self.relaxation:
            deviator = self.relaxation.deviator(epsilon, mu)
            in_plane = ufl.as_matrix([[deviator[i, j] for j in range(size)] for i in range(size)])
            return self.hydrostatic_stress(u, eigenstrain) * identity + in_plane
        elastic = epsilon - eigenstrain * identity
        return lame_lambda * (ufl.tr(epsilon) - 3 * eigenstrain) * identity + 2 * mu * elastic

    def elastic_energy(self, u: Any, eigenstrain: Any = 0.0) -> Any:
        """Return ½ σ : (ε − ε* − ε^in) [J/m³], out of plane included."""
        sigma, mean = self.stress(u, eigenstrain), self.hydrostatic_stress(u, eigenstrain)
        if self.relaxation:
            lame_lambda, mu = self.lame
            deviator = self.relaxation.deviator(self.strain(u), mu)
            return ufl.inner(deviator, deviator) / (4 * mu) + mean**2 / (2 * lame_lambda + 4 * mu / 3)
        # ε* = e I: σ : ε* = 3 σ_h e
        return (ufl.inner(sigma, self.strain(u)) - 3 * mean * eigenstrain) / 2

    def true_stress(self, u: Any, eigenstrain: Any = 0.0) -> Any:
        """Return Cauchy's stress [Pa], shape (3, 3), the out-of-plane stress of plane strain included."""
        return self._in_space(u, eigenstrain)

    def _in_space(self, u: Any, eigenstrain: Any) -> Any:
        """Return σ with its out-of-plane part, shape (3, 3)."""
        sigma = self.stress(u, eigenstrain)
        return in_space(sigma, 3 * self.hydrostatic_stress(u, eigenstrain) - ufl.tr(sigma))

    def hydrostatic_stress(self, u: Any, eigenstrain: Any = 0.0) -> Any:
        """Return σ_h = K (tr ε − 3 e) [Pa], the mean of the three normal stresses, out of plane included."""
        lame_lambda, mu = self.lame
        return (lame_lambda + 2 * mu / 3) * (ufl.tr(self.strain(u)) - 3 * eigenstrain)

    def von_mises_stress(self, u: Any, eigenstrain: Any = 0.0) -> Any:
        """Return the von Mises stress [Pa], the out-of-plane stress of plane strain included."""
        sigma, mean = self.stress(u, eigenstrain), self.hydrostatic_stress(u, eigenstrain)
        out_of_plane = 3 * mean - ufl.tr(sigma) if sigma.ufl_shape == (2, 2) else 0.0
        # rounding may leave a small negative number under the root of a hydrostatic state
        return ufl.sqrt(ufl.max_value(0.0, 1.5 * (ufl.inner(sigma, sigma) + out_of_plane**2 - 3 * mean**2)))


@dataclass(frozen=True)
class Axisymmetric(Elasticity):
    """The same for u = (u_r, u_z) on the half-plane (r, z), whose `radius` r [m] is in UFL.

    Tensors have the shape (3, 3) in the order r, z, θ: ε_θθ = u_r/r.
    """

    radius: Any

    @classmethod
    def constant(cls, domain: mesh.Mesh, young_modulus: float, poisson_ratio: float) -> Axisymmetric:
        """Hold the two numbers in constants of `domain`, the mesh of the half-plane."""
        plane = Elasticity.constant(domain, young_modulus, poisson_ratio)
        return cls(plane.young_modulus, plane.poisson_ratio, ufl.SpatialCoordinate(domain)[0])

    def strain(self, u: Any) -> Any:
        """Return ε, shape (3, 3), of the displacement `u` [m], shape (2,)."""
        plane = super().strain(u)
        # on the axis, where only nodes of an interface lie, its limit
        hoop = ufl.conditional(ufl.gt(self.radius, 0.0), u[0] / self.radius, plane[0, 0])
        return ufl.as_matrix([[plane[0, 0], plane[0, 1], 0], [plane[1, 0], plane[1, 1], 0], [0, 0, hoop]])


@dataclass(frozen=True)
class FiniteRotation(Elasticity):
    """The law of Saint-Venant and Kirchhoff: large rotations, small strains.

    ε is the strain of Green and Lagrange and σ the second stress of Piola and Kirchhoff: both turn with the body.
    """

    linear: ClassVar[bool] = False

    def strain(self, u: Any) -> Any:
        """Return ½ (∇u + ∇uᵀ + ∇uᵀ ∇u), shape (d, d)."""
        return super().strain(u) + ufl.grad(u).T * ufl.grad(u) / 2

    def virtual_strain(self, u: Any, v: Any) -> Any:
        """Return sym (Fᵀ ∇v), shape (d, d), with F = I + ∇u."""
        return ufl.sym((ufl.Identity(len(u)) + ufl.grad(u)).T * ufl.grad(v))

    def true_stress(self, u: Any, eigenstrain: Any = 0.0) -> Any:
        """Return Cauchy's stress F σ Fᵀ/det F [Pa], shape (3, 3), along axes that do not turn with the body."""
        deformation = in_space(ufl.Identity(len(u)) + ufl.grad(u), 1.0)
        return deformation * self._in_space(u, eigenstrain) * deformation.T / ufl.det(deformation)


@dataclass(frozen=True)
class FiniteStrain(Elasticity):
    """Large strains: F = Fᵉ Fᵖ Fᶜ, of elasticity, of flow, which keeps the volume, and of swelling, by J_c = 1 + 3 e.

        τ = (K/2) (J_e² − 1) I + s,    s* = μ dev b,    b = J^(−2/3) F C_p⁻¹ Fᵀ,    J = det F,    J_e = J/J_c

    τ = J_e σ is the stress of Kirchhoff of the solid as it has swollen, of the energy W = (K/2) [(J_e² − 1)/2 − ln J_e]
    + (μ/2) (tr b − 3) per swollen volume (J. C. Simo, Comput. Methods Appl. Mech. Eng. 99, 61 (1992)); C_p = Fᵖᵀ Fᵖ.
    Flow leaves s of s*, with the stiffness μ tr b in place of 3 μ: the `strain` of a `relaxation` is C_p⁻¹, and its
    `softening` is the slope dq/dq* times the increment of flow where it touches the law. `stress` is J_c τ, which does
    work on sym(∇v F⁻¹), the `virtual_strain`; tensors have the shape (3, 3). Bodies of revolution have a `radius` [m].
    """

    linear: ClassVar[bool] = False
    radius: Any = field(default=None, kw_only=True)

    def _gradient(self, u: Any) -> Any:
        """Return ∇u, shape (3, 3)."""
        plane = ufl.grad(u)
        if self.radius is None:
            return in_space(plane)
        return in_space(plane, ufl.conditional(ufl.gt(self.radius, 0.0), u[0] / self.radius, plane[0, 0]))

    def deformation(self, u: Any) -> Any:
        """Return F, shape (3, 3)."""
        return ufl.Identity(3) + self._gradient(u)

    def strain(self, u: Any) -> Any:
        """Return the strain of Green and Lagrange, shape (3, 3)."""
        deformation = self.deformation(u)
        return (deformation.T * deformation - ufl.Identity(3)) / 2

    def virtual_strain(self, u: Any, v: Any) -> Any:
        """Return sym(∇v F⁻¹), shape (3, 3), with the gradient before deformation."""
        return ufl.sym(self._gradient(v) * ufl.inv(self.deformation(u)))

    def stretch(self, u: Any) -> Any:
        """Return b, shape (3, 3)."""
        deformation = self.deformation(u)
        inverse = self.relaxation.strain if self.relaxation else ufl.Identity(3)
        return ufl.det(deformation) ** (-2 / 3) * (deformation * inverse * deformation.T)

    def trial(self, u: Any) -> tuple[Any, Any]:
        """Return s*, shape (3, 3), and the stiffness μ tr b [Pa]."""
        stretch, mu = self.stretch(u), self.lame[1]
        return mu * (stretch - ufl.tr(stretch) / 3 * ufl.Identity(3)), mu * ufl.tr(stretch)

    def deviator(self, u: Any) -> Any:
        """Return s [Pa], shape (3, 3)."""
        trial, stiffness = self.trial(u)
        return self.relaxation.left(trial, stiffness) if self.relaxation else trial

    def _volumetric(self, u: Any, eigenstrain: Any) -> tuple[Any, Any, Any]:
        """Return J_e, tr τ/3 [Pa] and what volume stores per swollen volume [J/m³]."""
        lame_lambda, mu = self.lame
        bulk, elastic = lame_lambda + 2 * mu / 3, ufl.det(self.deformation(u)) / (1 + 3 * eigenstrain)
        return elastic, bulk / 2 * (elastic**2 - 1), bulk / 2 * ((elastic**2 - 1) / 2 - ufl.ln(elastic))

    def stress(self, u: Any, eigenstrain: Any = 0.0) -> Any:
        """Return J_c τ [Pa], shape (3, 3)."""
        _, mean, _ = self._volumetric(u, eigenstrain)
        return (1 + 3 * eigenstrain) * (mean * ufl.Identity(3) + self.deviator(u))

    def hydrostatic_stress(self, u: Any, eigenstrain: Any = 0.0) -> Any:
        """Return tr τ/3 − W [Pa], the stress that does work on swelling; the last is what more volume stores."""
        _, mean, stored = self._volumetric(u, eigenstrain)
        deviator = self.deviator(u)
        return mean - stored - ufl.inner(deviator, deviator) / (4 * self.lame[1])

    def true_stress(self, u: Any, eigenstrain: Any = 0.0) -> Any:
        """Return Cauchy's stress τ/J_e [Pa], shape (3, 3)."""
        elastic, mean, _ = self._volumetric(u, eigenstrain)
        return (mean * ufl.Identity(3) + self.deviator(u)) / elastic

    def von_mises_stress(self, u: Any, eigenstrain: Any = 0.0) -> Any:
        """Return that of Cauchy's stress [Pa]."""
        deviator = self.deviator(u)
        return ufl.sqrt(1.5 * ufl.inner(deviator, deviator)) / self._volumetric(u, eigenstrain)[0]

    def elastic_energy(self, u: Any, eigenstrain: Any = 0.0) -> Any:
        """Return J_c W [J/m³], between time steps."""
        _, _, stored = self._volumetric(u, eigenstrain)
        return (1 + 3 * eigenstrain) * (stored + self.lame[1] / 2 * (ufl.tr(self.stretch(u)) - 3))


@dataclass(frozen=True)
class RevolvedFiniteStrain(FiniteStrain):
    """The same for u = (u_r, u_z) on the half-plane (r, z): the third stretch is 1 + u_r/r."""

    @classmethod
    def constant(cls, domain: mesh.Mesh, young_modulus: float, poisson_ratio: float) -> RevolvedFiniteStrain:
        """Hold the two numbers in constants of `domain`, the mesh of the half-plane."""
        plane = Elasticity.constant(domain, young_modulus, poisson_ratio)
        return cls(plane.young_modulus, plane.poisson_ratio, radius=ufl.SpatialCoordinate(domain)[0])


def in_space(tensor: Any, out_of_plane: Any = 0.0) -> Any:
    """Return a tensor of shape (2, 2) with one more component out of the plane, those of shape (3, 3) as they are."""
    if tensor.ufl_shape == (3, 3):
        return tensor
    return ufl.as_matrix([[tensor[0, 0], tensor[0, 1], 0], [tensor[1, 0], tensor[1, 1], 0], [0, 0, out_of_plane]])


def law(kinematics: str, axisymmetric: bool = False) -> type[Elasticity]:
    """Return the law of a solid: of "small_strain", "finite_rotation", not for what revolves, or "finite_strain"."""
    large = kinematics == "finite_strain"
    if axisymmetric:
        return RevolvedFiniteStrain if large else Axisymmetric
    return FiniteStrain if large else FiniteRotation if kinematics == "finite_rotation" else Elasticity


def residual(law: Elasticity, u: Any, v: Any, dx: ufl.Measure, eigenstrain: Any = 0.0) -> ufl.Form:
    """Return ∫ σ(u, e) : δε(u, v) dx."""
    return ufl.inner(law.stress(u, eigenstrain), law.virtual_strain(u, v)) * dx


def composite_modulus(first: tuple[float, float], second: tuple[float, float]) -> float:
    """Return E* [Pa], 1/E* = (1−ν₁²)/E₁ + (1−ν₂²)/E₂, of two pairs (E [Pa], ν)."""
    return 1.0 / sum((1 - nu**2) / E for E, nu in (first, second))
