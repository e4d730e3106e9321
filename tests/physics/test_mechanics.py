"""Elasticity with an eigenstrain against closed forms and a manufactured solution."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import ufl
from builders import LENGTH, constant, film_mesh, rotation
from dolfinx import fem

from interstice.meshes.compat import expression_at_points
from interstice.solver import algebra
from interstice.solver.bodies.body import symmetric
from interstice.solver.domain import Domain, Side
from interstice.solver.physics import mechanics

YOUNG, POISSON = 20e9, 0.3
STRAIN = 1e-3


class Body:
    """The electrode of a film by itself; the electrolyte below is not solved for."""

    def __init__(self, dimension: int, elements: int, coarse: float | None = None) -> None:
        self.domain = Domain(film_mesh(dimension, elements, coarse=coarse))
        self.side: Side = self.domain.sides["electrode"]
        self.dimension = dimension
        self.u = fem.Function(self.side.space(1, (dimension,)), name="u")
        self.v = ufl.TestFunction(self.u.function_space)
        self.law = mechanics.Elasticity.constant(self.domain.mesh, YOUNG, POISSON)
        self.eigenstrain = constant(self.domain, 0.0)
        self.dx = self.domain.dx(self.side)

    def residual(self) -> ufl.Form:
        return mechanics.residual(self.law, self.u, self.v, self.dx, self.eigenstrain)

    def face(self, axis: int, place: float, components: list[int]) -> np.ndarray:
        """Return dofs of the nodes at `place` along `axis`, owned or ghost."""
        x = self.u.function_space.tabulate_dof_coordinates()
        nodes = np.flatnonzero(np.isclose(x[:, axis], place, rtol=0, atol=1e-9 * LENGTH))
        return np.concatenate([self.dimension * nodes + i for i in components]).astype(np.int32)

    def solve(self, residual: ufl.Form, fixed: np.ndarray) -> algebra.System:
        magnitude = YOUNG * STRAIN * LENGTH ** (self.dimension - 1)
        system = algebra.System(
            self.domain,
            [algebra.Field(self.u, residual, magnitude)],
            algebra.Constraints(fixed=[(self.u, fixed)]),
            algebra.DIRECT,
        )
        system.solve()
        return system

    def cells(self, stress: Callable[[mechanics.Elasticity], ufl.core.expr.Expr]) -> np.ndarray:
        """Return a stress that is constant per cell, shape (cells, components)."""
        expression = stress(mechanics.Elasticity.constant(self.side.mesh, YOUNG, POISSON))
        space = fem.functionspace(self.side.mesh, ("DG", 0, expression.ufl_shape))
        values = fem.Function(space)
        values.interpolate(expression_at_points(expression, space))
        return values.x.array.reshape(-1, *expression.ufl_shape)


@pytest.mark.parametrize("dimension, elements", [(2, 4), (3, 2)])
def test_laterally_confined_film_thickens_by_one_plus_nu_over_one_minus_nu(dimension: int, elements: int) -> None:
    """ε_33 = (1+ν)/(1−ν) e and equibiaxial stress −E e/(1−ν), the stress out of plane included."""
    body = Body(dimension, elements)
    body.eigenstrain.value = STRAIN
    height = dimension - 1
    sides = [body.face(axis, place, [axis]) for axis in range(height) for place in (0.0, LENGTH)]
    body.solve(body.residual(), np.concatenate([*sides, body.face(height, 0.0, [height])]))
    x = body.u.function_space.tabulate_dof_coordinates()
    thickening = (1 + POISSON) / (1 - POISSON) * STRAIN
    u = body.u.x.array.reshape(-1, dimension)
    np.testing.assert_allclose(u[:, height], thickening * x[:, height], rtol=0, atol=1e-10 * STRAIN * LENGTH)
    np.testing.assert_allclose(u[:, :height], 0.0, atol=1e-10 * STRAIN * LENGTH)

    in_plane = -YOUNG * STRAIN / (1 - POISSON)
    e = fem.Constant(body.side.mesh, STRAIN)
    exact = np.diag([in_plane] * height + [0.0])
    stress = body.cells(lambda law: law.stress(body.u, e))
    np.testing.assert_allclose(stress, np.broadcast_to(exact, stress.shape), atol=1e-9 * abs(in_plane))
    hydrostatic = body.cells(lambda law: law.hydrostatic_stress(body.u, e))
    np.testing.assert_allclose(hydrostatic, 2 / 3 * in_plane, rtol=1e-9)
    von_mises = body.cells(lambda law: law.von_mises_stress(body.u, e))
    np.testing.assert_allclose(von_mises, abs(in_plane), rtol=1e-9)


def test_free_body_takes_the_eigenstrain_without_stress() -> None:
    body = Body(3, 2)
    body.eigenstrain.value = STRAIN
    supports = np.concatenate([body.face(axis, 0.0, [axis]) for axis in range(3)])
    body.solve(body.residual(), supports)
    x = body.u.function_space.tabulate_dof_coordinates()
    np.testing.assert_allclose(body.u.x.array, STRAIN * x.ravel(), rtol=0, atol=1e-10 * STRAIN * LENGTH)
    e = fem.Constant(body.side.mesh, STRAIN)
    for stress in (lambda law: law.stress(body.u, e), lambda law: law.hydrostatic_stress(body.u, e)):
        np.testing.assert_allclose(body.cells(stress), 0.0, atol=1e-9 * YOUNG * STRAIN)


def test_body_wholly_confined_is_under_hydrostatic_pressure() -> None:
    """−3 K e, no von Mises stress."""
    for dimension, elements in ((2, 4), (3, 2)):
        body = Body(dimension, elements)
        e = fem.Constant(body.side.mesh, STRAIN)
        pressure = YOUNG / (1 - 2 * POISSON) * STRAIN
        stress = body.cells(lambda law, body=body, e=e: law.stress(body.u, e))
        exact = np.broadcast_to(-pressure * np.eye(dimension), stress.shape)
        np.testing.assert_allclose(stress, exact, atol=1e-10 * pressure)
        von_mises = body.cells(lambda law, body=body, e=e: law.von_mises_stress(body.u, e))
        assert von_mises.max() < 1e-6 * pressure


def test_simple_shear_and_uniaxial_strain_follow_hooke() -> None:
    body = Body(2, 4)
    mu, confined = YOUNG / 2.6, YOUNG * 0.7 / (1.3 * 0.4)
    body.u.interpolate(lambda x: np.array([STRAIN * x[1], 0 * x[0]]))
    stress = body.cells(lambda law: law.stress(body.u))
    exact = mu * STRAIN * np.array([[0.0, 1.0], [1.0, 0.0]])
    np.testing.assert_allclose(stress, np.broadcast_to(exact, stress.shape), atol=1e-10 * mu * STRAIN)
    von_mises = body.cells(lambda law: law.von_mises_stress(body.u))
    np.testing.assert_allclose(von_mises, np.sqrt(3) * mu * STRAIN, rtol=1e-10)
    body.u.interpolate(lambda x: np.array([0 * x[0], STRAIN * x[1]]))
    np.testing.assert_allclose(body.cells(lambda law: law.stress(body.u))[:, 1, 1], confined * STRAIN, rtol=1e-10)
    # (σ_1 + σ_2 + σ_3)/3 with two lateral stresses ν/(1−ν) σ
    mean = confined * STRAIN * (1 + 2 * POISSON / (1 - POISSON)) / 3
    np.testing.assert_allclose(body.cells(lambda law: law.hydrostatic_stress(body.u)), mean, rtol=1e-10)


def test_manufactured_displacement_converges_with_second_order() -> None:
    """u = (sin πx sin πy, cos πx sin πy)/1000 with the body force that belongs to it."""
    errors = []
    k = np.pi / LENGTH
    for elements in (8, 16, 32):
        body = Body(2, elements, coarse=1.0 / elements)
        body.dx = body.domain.dx(body.side, degree=6)
        X = ufl.SpatialCoordinate(body.domain.mesh) * k
        sx, cx, sy, cy = ufl.sin(X[0]), ufl.cos(X[0]), ufl.sin(X[1]), ufl.cos(X[1])
        exact = STRAIN * LENGTH * ufl.as_vector([sx * sy, cx * sy])
        # −∇·σ = −(λ + μ) ∇(∇·u) − μ Δu
        lame_lambda, mu = body.law.lame
        compression = STRAIN * LENGTH * ufl.as_vector([sx * (sy + cy), cx * (sy - cy)])
        force = k**2 * ((lame_lambda + mu) * compression + 2 * mu * exact)
        boundary = np.concatenate([body.face(axis, place, [0, 1]) for axis in (0, 1) for place in (0.0, LENGTH)])
        body.u.interpolate(
            lambda x: STRAIN * LENGTH * np.sin(k * x[1]) * np.array([np.sin(k * x[0]), np.cos(k * x[0])])
        )
        body.solve(body.residual() - ufl.inner(force, body.v) * body.dx, boundary)
        difference = body.u - exact
        errors.append(np.sqrt(body.domain.integrate(body.domain.form(ufl.inner(difference, difference) * body.dx))))
    orders = np.log2(np.array(errors[:-1]) / errors[1:])
    np.testing.assert_allclose(orders, 2.0, atol=0.15)


def test_composite_modulus_of_equal_bodies_is_half_their_plane_strain_modulus() -> None:
    assert mechanics.composite_modulus((20e9, 0.3), (20e9, 0.3)) == pytest.approx(10e9 / 0.91, rel=1e-14)
    # a rigid partner leaves the plane strain modulus of the other
    assert mechanics.composite_modulus((20e9, 0.3), (1e30, 0.1)) == pytest.approx(20e9 / 0.91, rel=1e-14)


@pytest.mark.parametrize("dimension", [2, 3])
def test_rigid_rotation_strains_no_body_that_may_rotate(dimension: int) -> None:
    body = Body(dimension, 2)
    law = mechanics.FiniteRotation.constant(body.side.mesh, YOUNG, POISSON)
    angle = 0.7
    turn = np.eye(dimension)
    turn[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    body.u.interpolate(lambda x: (turn - np.eye(dimension)) @ x[:dimension])
    energy = fem.form(ufl.inner(law.stress(body.u), law.stress(body.u)) * ufl.dx(body.side.mesh))
    scale = YOUNG**2 * LENGTH**dimension
    assert fem.assemble_scalar(energy) <= 1e-24 * scale
    linear = mechanics.Elasticity.constant(body.side.mesh, YOUNG, POISSON)
    assert (
        fem.assemble_scalar(fem.form(ufl.inner(linear.stress(body.u), linear.stress(body.u)) * ufl.dx)) > 1e-3 * scale
    )


def test_true_stress_of_a_stretched_body_turns_with_it() -> None:
    """R σ Rᵀ of a body that is stretched along x and then turned by 0.4 rad; the strain is that before the turn."""
    body = Body(2, 2)
    turn, stretched = rotation(2)[:2, :2], np.diag([1 + STRAIN, 1.0])
    body.u.interpolate(lambda x: (turn @ stretched - np.eye(2)) @ x[:2])
    law = mechanics.FiniteRotation.constant(body.side.mesh, YOUNG, POISSON)
    lame, mu = YOUNG * POISSON / ((1 + POISSON) * (1 - 2 * POISSON)), YOUNG / (2 * (1 + POISSON))
    strain = STRAIN + STRAIN**2 / 2
    second = np.diag([lame * strain + 2 * mu * strain, lame * strain, lame * strain])
    deformation = np.eye(3)
    deformation[:2, :2] = turn @ stretched
    exact = deformation @ second @ deformation.T / (1 + STRAIN)
    found = body.cells(lambda _: law.true_stress(body.u))
    np.testing.assert_allclose(found, np.broadcast_to(exact, found.shape), rtol=0, atol=1e-9 * YOUNG * STRAIN)
    assert exact[0, 1] > 0.1 * exact[0, 0]
    small = mechanics.in_space(law.strain(body.u))
    shown = body.cells(lambda _: small)
    np.testing.assert_allclose(shown, np.broadcast_to(np.diag([strain, 0, 0]), shown.shape), atol=1e-12)


def test_six_components_of_a_tensor_are_those_of_vtk() -> None:
    tensor = np.array([[10 * i + j if i <= j else 10 * j + i for j in range(3)] for i in range(3)])
    components = symmetric(ufl.as_matrix(tensor.tolist()))
    assert [float(components[i]) for i in range(6)] == [0, 11, 22, 1, 12, 2]
