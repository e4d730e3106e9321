"""Ohm's law in a slab and against a manufactured solution."""

from __future__ import annotations

import numpy as np
import pytest
import ufl
from builders import LENGTH, constant, film_mesh
from dolfinx import fem

from interstice.solver import algebra
from interstice.solver.domain import Domain
from interstice.solver.physics import conduction

CONDUCTIVITY = 0.3


class Slab:
    """The electrode of a film as a conductor between the interface, y = 0, and the collector, y = LENGTH."""

    def __init__(self, dimension: int, elements: int) -> None:
        self.domain = domain = Domain(film_mesh(dimension, elements, coarse=1.0 / elements))
        self.side = domain.sides["electrode"]
        self.phi = fem.Function(self.side.space(), name="phi")
        self.psi = ufl.TestFunction(self.phi.function_space)
        kappa = constant(domain, CONDUCTIVITY)
        self.residual = conduction.residual(self.phi, self.psi, kappa, domain.dx(self.side))
        self.points = self.phi.function_space.tabulate_dof_coordinates()

    def at(self, axis: int, place: float) -> np.ndarray:
        return np.flatnonzero(np.isclose(self.points[:, axis], place, rtol=0, atol=1e-9 * LENGTH)).astype(np.int32)

    def solve(self, residual: ufl.Form, constraints: algebra.Constraints) -> algebra.System:
        field = algebra.Field(self.phi, residual, CONDUCTIVITY * LENGTH ** (self.domain.dimension - 2))
        system = algebra.System(self.domain, [field], constraints, algebra.DIRECT)
        system.solve()
        return system


@pytest.mark.parametrize("dimension, elements", [(2, 4), (3, 2)])
def test_slab_has_the_resistance_of_its_thickness(dimension: int, elements: int) -> None:
    """Current fed into an equipotential collector: φ = j y/κ, and the earthed face drains what is fed in."""
    slab = Slab(dimension, elements)
    density = constant(slab.domain, 4.0)
    residual = slab.residual - density * slab.psi * slab.domain.ds("collector")
    height = dimension - 1
    earth = slab.at(height, 0.0)
    constraints = algebra.Constraints([(slab.phi, earth)], [(slab.phi, slab.at(height, LENGTH))])
    system = slab.solve(residual, constraints)
    exact = 4.0 * slab.points[:, height] / CONDUCTIVITY
    np.testing.assert_allclose(slab.phi.x.array, exact, rtol=0, atol=1e-10 * exact.max())
    drained = -system.residual_array(0)[earth].sum()
    assert drained == pytest.approx(4.0 * LENGTH**height, rel=1e-9, abs=0)


def test_two_potentials_drive_the_current_of_ohm() -> None:
    slab = Slab(2, 4)
    low, high = slab.at(1, 0.0), slab.at(1, LENGTH)
    slab.phi.x.array[high] = 0.1
    system = slab.solve(slab.residual, algebra.Constraints([(slab.phi, low), (slab.phi, high)]))
    np.testing.assert_allclose(slab.phi.x.array, 0.1 * slab.points[:, 1] / LENGTH, rtol=0, atol=1e-11)
    current = system.residual_array(0)
    assert current[high].sum() == pytest.approx(CONDUCTIVITY * 0.1, rel=1e-10, abs=0)
    assert current.sum() == pytest.approx(0.0, abs=1e-12)


def test_manufactured_potential_converges_with_second_order() -> None:
    """φ = cos 2πx cosh 2πy solves Laplace's equation and carries no current through the lateral sides."""
    k = 2 * np.pi
    errors = []
    for elements in (8, 16, 32):
        slab = Slab(2, elements)
        x, y = slab.points[:, 0] / LENGTH, slab.points[:, 1] / LENGTH
        slab.phi.x.array[:] = np.cos(k * x) * np.cosh(k * y) / np.cosh(k)
        ends = [(slab.phi, slab.at(1, place)) for place in (0.0, LENGTH)]
        slab.solve(slab.residual, algebra.Constraints(ends))
        X = ufl.SpatialCoordinate(slab.domain.mesh) / LENGTH
        exact = ufl.cos(k * X[0]) * ufl.cosh(k * X[1]) / np.cosh(k)
        dx = slab.domain.dx(slab.side, degree=6)
        errors.append(np.sqrt(slab.domain.integrate(slab.domain.form((slab.phi - exact) ** 2 * dx))))
    np.testing.assert_allclose(np.log2(np.array(errors[:-1]) / errors[1:]), 2.0, atol=0.15)
