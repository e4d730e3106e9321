"""What flow changes at the points of the quadrature of a side: a strain, or a deformation where strains are large.

Both give the deviator s* of the stress that there would be if nothing flowed in a time step, its components that are
kept, and take what has flowed: s* − s over the `stiffness`, 3μ where strains are small.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import ufl
from dolfinx import fem
from ufl.algorithms.analysis import extract_coefficients

from interstice.solver.domain import Domain
from interstice.solver.domain.readers import PointReader
from interstice.solver.part import Array
from interstice.solver.physics import mechanics
from interstice.solver.site import STRAIN_DEGREE, Site

COMPONENTS = {2: ((0, 0), (1, 1), (0, 1)), 3: ((0, 0), (1, 1), (0, 1), (1, 2), (0, 2))}
"""Of tensors without a trace that are kept, by the dimension of the mesh: the last normal one follows from the rest."""
WHOLE = {2: ((0, 0), (1, 1), (2, 2), (0, 1)), 3: ((0, 0), (1, 1), (2, 2), (0, 1), (1, 2), (0, 2))}
"""Of symmetric tensors that are kept."""
MOST_STEPS = 20
"""Of Newton's method for the mean elastic stretch, which is 1 but for the square of an elastic strain."""

Kept = Callable[[str, tuple[int, ...]], fem.Function]
"""Makes a function of a name and a shape at the points, which is in the state."""


class Inelastic(Protocol):
    """What flow changes: `function` in the state, `tensor` in UFL, shape (3, 3)."""

    function: fem.Function
    tensor: Any

    @property
    def stiffness(self) -> Any:
        """What of s* relaxes per increment of flow [Pa], a number or one at each point, when s* was last read."""

    def bind(self, law: Any) -> None:
        """Take the `law` of the side, which has its relaxation by now."""

    def read(self) -> Array:
        """Return the kept components of s* [Pa] at the present displacement, shape (points, components)."""

    def take(self, trial: Array, left: Array) -> None:
        """Take the flow that has left s of s* [Pa], the `trial` last read."""

    def work(self, equivalent: fem.Function) -> tuple[list[fem.Function], Any, Any]:
        """Return functions, stress and strain for `ledger.FlowWork`; `equivalent` is the equivalent strain."""


class SmallStrain:
    """ε^in, of which s* = 2 μ (dev ε − ε^in)."""

    def __init__(self, domain: Domain, site: Site, kept: Kept) -> None:
        self._domain, self._site, self._places = domain, site, COMPONENTS[domain.dimension]
        self.function = kept("inelastic strain", (len(self._places),))
        self.tensor = tensor(self.function)
        self.stiffness = 3 * shear_modulus(site.law)

    def bind(self, law: mechanics.Elasticity) -> None:
        """Take the law of the side, which has its relaxation by now."""
        assert law.relaxation
        self._trial = law.relaxation.trial(law.strain(self._site.u), law.lame[1])
        components = ufl.as_vector([self._trial[place] for place in self._places])
        self._reader = PointReader(self._domain, self._site.side, components, STRAIN_DEGREE)

    def read(self) -> Array:
        """Return s* [Pa], as `Inelastic` has it."""
        return self._reader.read().reshape(-1, len(self._places))

    def take(self, trial: Array, left: Array) -> None:
        """Take what has flowed, as `Inelastic` has it."""
        self.function.x.array[:] += 1.5 * (trial - left).ravel() / self.stiffness

    def work(self, equivalent: fem.Function) -> tuple[list[fem.Function], Any, Any]:
        """Return what dissipates: ∫ ½ (s + s') : Δε^in."""
        return [self._site.u, self.function], self._trial, self.tensor


class LargeStrain:
    """C_p⁻¹, of which s* = μ dev b with b = J^(−2/3) F C_p⁻¹ Fᵀ (`mechanics.FiniteStrain`).

    At the end of a step b = s/μ + x I with det b = 1, and C_p⁻¹ = J^(2/3) F⁻¹ b F⁻ᵀ.
    """

    def __init__(self, domain: Domain, site: Site, kept: Kept) -> None:
        self._domain, self._site, dimension = domain, site, domain.dimension
        self._places, self._whole = COMPONENTS[dimension], WHOLE[dimension]
        self.function = kept("inverse inelastic deformation", (len(self._whole),))
        self._inverse = self.function.x.array.reshape(-1, len(self._whole))
        self._inverse[:, :3] = 1.0
        known = {place: self.function[i] for i, place in enumerate(self._whole)}
        self.tensor = _symmetric(known)
        self._mu = shear_modulus(site.law)
        self.stiffness: Any = 3 * self._mu

    def bind(self, law: mechanics.FiniteStrain) -> None:
        """Take the law of the side, which has its relaxation by now."""
        self._law, deformation = law, law.deformation(self._site.u)
        components = ufl.as_vector([deformation[i, j] for i in range(3) for j in range(3)])
        self._reader = PointReader(self._domain, self._site.side, components, STRAIN_DEGREE)

    def read(self) -> Array:
        """Return s* [Pa], as `Inelastic` has it."""
        F = self._reader.read().reshape(-1, 3, 3)
        inverse = np.zeros_like(F)
        for i, (row, column) in enumerate(self._whole):
            inverse[:, row, column] = inverse[:, column, row] = self._inverse[:, i]
        with np.errstate(invalid="ignore"):
            # what is turned inside out has none
            stretch = np.linalg.det(F)[:, None, None] ** (-2 / 3) * (F @ inverse @ F.transpose(0, 2, 1))
        mean = np.trace(stretch, axis1=1, axis2=2) / 3
        self.stiffness = 3 * self._mu * mean
        self._present = F
        deviator = self._mu * (stretch - mean[:, None, None] * np.eye(3))
        return np.stack([deviator[:, row, column] for row, column in self._places], axis=1)

    def take(self, trial: Array, left: Array) -> None:
        """Take what has flowed, as `Inelastic` has it."""
        F, elastic = self._present, np.zeros_like(self._present)
        for i, (row, column) in enumerate(self._places):
            elastic[:, row, column] = elastic[:, column, row] = left[:, i] / self._mu
        elastic[:, 2, 2] = -elastic[:, 0, 0] - elastic[:, 1, 1]
        second, third, x = np.sum(elastic**2, axis=(1, 2)) / 2, np.linalg.det(elastic), np.ones(len(elastic))
        for _ in range(MOST_STEPS):
            # det(s/μ + x I) = x³ − x (s/μ : s/μ)/2 + det(s/μ) = 1
            x = x - (x**3 - second * x + third - 1) / (3 * x**2 - second)
        elastic += x[:, None, None] * np.eye(3)
        back = np.linalg.inv(F)
        inverse = np.linalg.det(F)[:, None, None] ** (2 / 3) * (back @ elastic @ back.transpose(0, 2, 1))
        for i, (row, column) in enumerate(self._whole):
            self._inverse[:, i] = (inverse[:, row, column] + inverse[:, column, row]) / 2

    def work(self, equivalent: fem.Function) -> tuple[list[fem.Function], Any, Any]:
        """Return what dissipates: ∫ ½ (J_c q + J_c' q') Δp."""
        deviator, _ = self._law.trial(self._site.u)
        swollen = 1 + 3 * ufl.as_ufl(self._site.eigenstrain)
        stress = swollen * ufl.sqrt(1.5 * ufl.inner(deviator, deviator))
        return [self._site.u, self.function, equivalent, *extract_coefficients(swollen)], stress, equivalent


def of(domain: Domain, site: Site, kept: Kept) -> Inelastic:
    """Return what flow changes in a side by the kinematics of its law."""
    large = isinstance(site.law, mechanics.FiniteStrain)
    return LargeStrain(domain, site, kept) if large else SmallStrain(domain, site, kept)


def shear_modulus(law: mechanics.Elasticity) -> float:
    """Return μ [Pa]."""
    return float(law.young_modulus.value) / (2 * (1 + float(law.poisson_ratio.value)))


def tensor(function: fem.Function) -> Any:
    """Return the tensor without a trace, shape (3, 3), of the components that are kept."""
    dimension = 2 if len(function) == len(COMPONENTS[2]) else 3
    known = {place: function[i] for i, place in enumerate(COMPONENTS[dimension])}
    known[2, 2] = -known[0, 0] - known[1, 1]
    return _symmetric(known)


def _symmetric(known: dict[tuple[int, int], Any]) -> Any:
    return ufl.as_matrix([[known.get((min(i, j), max(i, j)), 0.0) for j in range(3)] for i in range(3)])


def product(first: Array, second: Array) -> Array:
    """Return the contraction of deviators by the components that are kept, shape (points,).

    Infinite where it is beyond the largest number, as it may be on the way to a solution.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        products = first * second
        last = (first[:, 0] + first[:, 1]) * (second[:, 0] + second[:, 1])
        contraction: Array = products[:, 0] + products[:, 1] + last + 2 * products[:, 2:].sum(axis=1)
    return contraction


def equivalent(deviator: Array) -> Array:
    """Return the equivalent stress of von Mises [Pa] of a deviator, shape (points,)."""
    size: Array = np.sqrt(1.5 * product(deviator, deviator))
    return size
