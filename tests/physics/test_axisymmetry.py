"""Bodies of revolution: measures, strains and contact against closed forms, on the axis too."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import ufl
from builders import LENGTH, SIDES, film_mesh
from dolfinx import fem
from mpi4py import MPI

from interstice.benchmarks import closed_form
from interstice.benchmarks.blocks import Blocks, Box
from interstice.benchmarks.options import ContactMethod
from interstice.meshes.compat import expression_at_points
from interstice.solver import algebra
from interstice.solver.domain import Domain
from interstice.solver.physics import mechanics

pytestmark = pytest.mark.also_on_ranks(3)

YOUNG, POISSON = 20e9, 0.3
STRAIN = 1e-3


# --- measures --------------------------------------------------------------------------------------


def test_measures_are_those_of_the_body_of_revolution() -> None:
    """Two discs of radius and thickness L."""
    domain = Domain(film_mesh(), axisymmetric=True)
    one = fem.Constant(domain.mesh, 1.0)
    for side in domain.sides.values():
        assert domain.integrate(domain.form(one * domain.dx(side))) == pytest.approx(np.pi * LENGTH**3, rel=1e-9)
        fourth_power = ufl.SpatialCoordinate(domain.mesh)[0] ** 4 * domain.dx(side, degree=5)
        assert domain.integrate(domain.form(fourth_power)) == pytest.approx(np.pi / 3 * LENGTH**7, rel=1e-9)
    assert domain.area("collector") == pytest.approx(np.pi * LENGTH**2, rel=1e-9)
    assert domain.area("right") == pytest.approx(2 * np.pi * LENGTH * 2 * LENGTH, rel=1e-9)
    assert domain.area("left") == pytest.approx(0.0, abs=1e-9 * LENGTH**2)


def test_each_node_has_the_integral_of_its_basis_function_on_the_axis_too() -> None:
    elements = 4
    interface = Domain(film_mesh(2, elements), axisymmetric=True).interfaces[SIDES]
    r = interface.space.tabulate_dof_coordinates()[:, 0]
    h = LENGTH / elements
    on_axis, at_end = np.pi * h**2 / 3, np.pi * h * (LENGTH - h / 3)
    exact = np.select([r < h / 2, r > LENGTH - h / 2], [on_axis, at_end], 2 * np.pi * r * h)
    np.testing.assert_allclose(interface.areas.x.array, exact, rtol=1e-9)
    # so that what is linear in r is integrated exactly
    assert interface.sum(r) == pytest.approx(2 * np.pi / 3 * LENGTH**3, rel=1e-9)


@pytest.mark.parametrize("axisymmetric", [False, True])
def test_spacing_is_a_length_whatever_the_measure(axisymmetric: bool) -> None:
    interface = Domain(film_mesh(2, 4), axisymmetric=axisymmetric).interfaces[SIDES]
    r = interface.space.tabulate_dof_coordinates()[:, 0]
    at_end = np.minimum(r, LENGTH - r) < LENGTH / 8
    np.testing.assert_allclose(interface.spacing.x.array, np.where(at_end, LENGTH / 8, LENGTH / 4), rtol=1e-9)


def test_spacing_of_a_surface_is_the_root_of_the_area_of_a_node() -> None:
    interface = Domain(film_mesh(3, 2)).interfaces[SIDES]
    np.testing.assert_allclose(interface.spacing.x.array**2, interface.areas.x.array, rtol=1e-12)


def test_no_solid_revolves_and_no_node_of_second_order_lies_on_the_axis() -> None:
    with pytest.raises(ValueError, match="dimension 2"):
        Domain(film_mesh(3, 2), axisymmetric=True)
    with pytest.raises(ValueError, match="reach the axis"):
        Domain(film_mesh(2, 2), 2, axisymmetric=True)


def test_each_node_of_second_order_has_the_integral_of_its_basis_function_beside_the_axis() -> None:
    tagged = film_mesh(2, 4)
    tagged.mesh.geometry.x[:, 0] += 0.01 * LENGTH
    interface = Domain(tagged, 2, axisymmetric=True).interfaces[SIDES]
    r = interface.space.tabulate_dof_coordinates()[:, 0]
    assert interface.areas.x.array.min(initial=1.0) > 0.0
    low, high = 0.01 * LENGTH, 1.01 * LENGTH
    for power in (0, 1, 2):  # what is quadratic in r is integrated exactly
        exact = 2 * np.pi * (high ** (power + 2) - low ** (power + 2)) / (power + 2)
        assert interface.sum(r**power) == pytest.approx(exact, rel=1e-12)


# --- elasticity ------------------------------------------------------------------------------------


class Ring:
    """The electrode of a film from `inner` to `inner` + L away from the axis."""

    def __init__(self, elements: int, inner: float) -> None:
        tagged = film_mesh(2, elements, coarse=1.0 / elements)
        tagged.mesh.geometry.x[:, 0] += inner
        self.domain = Domain(tagged, axisymmetric=True)
        self.side = self.domain.sides["electrode"]
        self.u = fem.Function(self.side.space(1, (2,)), name="u")
        self.v = ufl.TestFunction(self.u.function_space)
        self.law = mechanics.Axisymmetric.constant(self.domain.mesh, YOUNG, POISSON)
        self.dx = self.domain.dx(self.side)

    def face(self, axis: int, place: float) -> np.ndarray:
        """Return the dofs of the component along `axis` of the nodes at `place` along it."""
        x = self.u.function_space.tabulate_dof_coordinates()
        nodes = np.flatnonzero(np.isclose(x[:, axis], place, rtol=0, atol=1e-9 * LENGTH))
        return (2 * nodes + axis).astype(np.int32)

    def solve(self, residual: ufl.Form, *fixed: np.ndarray) -> algebra.System:
        constraints = algebra.Constraints(fixed=[(self.u, dofs) for dofs in fixed])
        field = algebra.Field(self.u, residual, YOUNG * STRAIN * LENGTH**2)
        system = algebra.System(self.domain, [field], constraints, algebra.DIRECT)
        system.solve()
        return system

    def cells(self, stress: Callable[[mechanics.Elasticity], ufl.core.expr.Expr]) -> np.ndarray:
        """Return a stress at the midpoints of cells, shape (cells, components)."""
        expression = stress(mechanics.Axisymmetric.constant(self.side.mesh, YOUNG, POISSON))
        space = fem.functionspace(self.side.mesh, ("DG", 0, expression.ufl_shape))
        values = fem.Function(space)
        values.interpolate(expression_at_points(expression, space))
        return values.x.array.reshape(-1, *expression.ufl_shape)


def test_uniform_radial_and_axial_strain_follow_hooke() -> None:
    body = Ring(4, 0.0)
    body.u.interpolate(lambda x: np.array([STRAIN * x[0], -2 * STRAIN * x[1]]))
    mu, lame = YOUNG / 2 / (1 + POISSON), YOUNG * POISSON / (1 + POISSON) / (1 - 2 * POISSON)
    exact = 2 * mu * STRAIN * np.diag([1.0, -2.0, 1.0])  # no change of volume
    stress = body.cells(lambda law: law.stress(body.u))
    np.testing.assert_allclose(stress, np.broadcast_to(exact, stress.shape), atol=1e-10 * mu * STRAIN)
    von_mises = body.cells(lambda law: law.von_mises_stress(body.u))
    np.testing.assert_allclose(von_mises, 6 * mu * STRAIN, rtol=1e-10)

    e = fem.Constant(body.side.mesh, STRAIN)
    hydrostatic = body.cells(lambda law: law.hydrostatic_stress(body.u, e))
    np.testing.assert_allclose(hydrostatic, -(3 * lame + 2 * mu) * STRAIN, rtol=1e-10)


def test_free_body_of_revolution_takes_the_eigenstrain_without_stress() -> None:
    body = Ring(4, 0.0)
    e = fem.Constant(body.domain.mesh, STRAIN)
    body.solve(mechanics.residual(body.law, body.u, body.v, body.dx, e), body.face(0, 0.0), body.face(1, 0.0))
    x = body.u.function_space.tabulate_dof_coordinates()[:, :2]
    np.testing.assert_allclose(body.u.x.array, STRAIN * x.ravel(), rtol=0, atol=1e-10 * STRAIN * LENGTH)


def test_widened_thick_cylinder_converges_to_lames_with_second_order() -> None:
    """u_r = A r + B/r of a ring whose inner and outer radius are given, held at its ends; the force that widens it."""
    inner, outer, widening = LENGTH, 2 * LENGTH, STRAIN * LENGTH
    # u_r is the widening inside and zero outside
    B = widening / (1 / inner - inner / outer**2)
    A = -B / outer**2
    errors, forces = [], []
    for elements in (4, 8, 16):
        body = Ring(elements, inner)
        inside = body.face(0, inner)
        body.u.x.array[inside] = widening
        residual = mechanics.residual(body.law, body.u, body.v, body.dx)
        system = body.solve(residual, inside, body.face(0, outer), body.face(1, 0.0), body.face(1, LENGTH))
        r = ufl.SpatialCoordinate(body.domain.mesh)[0]
        difference = body.u - ufl.as_vector([A * r + B / r, 0.0])
        square = body.domain.form(ufl.inner(difference, difference) * body.domain.dx(body.side, degree=6))
        errors.append(np.sqrt(body.domain.integrate(square)))
        reactions = system.residual_array(0)
        force = reactions[inside[inside < len(reactions)]].sum()
        forces.append(body.domain.mesh.comm.allreduce(float(force)))
    np.testing.assert_allclose(np.log2(np.array(errors[:-1]) / errors[1:]), 2.0, atol=0.15)

    mu, lame = YOUNG / 2 / (1 + POISSON), YOUNG * POISSON / (1 + POISSON) / (1 - 2 * POISSON)
    pressure = -2 * (lame + mu) * A + 2 * mu * B / inner**2
    assert forces[-1] == pytest.approx(pressure * 2 * np.pi * inner * LENGTH, rel=5e-3)


# --- contact ---------------------------------------------------------------------------------------


def test_uniform_pressure_passes_through_the_interface_on_the_axis_too() -> None:
    """Two confined discs of different materials."""
    pressure, materials = 50e6, ((20e9, 0.3), (10e9, 0.2))
    box = Box(2, LENGTH, 0.5 * LENGTH, LENGTH, ["0.2 + 0.1 * x"])
    blocks = Blocks(
        box.mesh(MPI.COMM_WORLD), materials, ContactMethod(), lambda x: 0 * x[0], pressure, axisymmetric=True
    )
    blocks.press()
    np.testing.assert_allclose(blocks.contact.pressure, pressure, rtol=1e-9)
    assert blocks.interface.sum(blocks.contact.pressure) == pytest.approx(np.pi * LENGTH**2 * pressure, rel=1e-9)
    confined = [E * (1 - nu) / ((1 + nu) * (1 - 2 * nu)) for E, nu in materials]
    sinking = pressure * (0.5 * LENGTH / confined[0] + LENGTH / confined[1])
    top = blocks.u["upper"].x.array[blocks.dofs("upper", "top", [1])]
    np.testing.assert_allclose(top, -sinking, rtol=1e-9)


def test_sphere_presses_as_hertz_says() -> None:
    """p_0 by the mean of p² over a disc, which no single node decides."""
    radius, elements = 10e-6, 10
    materials = ((20e9, 0.3), (10e9, 0.25))
    modulus = mechanics.composite_modulus(*materials)
    a = radius / 20
    force = 4 * modulus * a**3 / (3 * radius)
    _, peak = closed_form.hertz_point(force, radius, modulus)
    size, edge = 12 * a, 1.3 * a
    beyond = f"(Sqrt(x*x + y*y) - {edge / size})"
    grown = f"{a / size / elements} + 0.05 * ({beyond} + Fabs({beyond}))"
    blocks = Blocks(
        Box(2, size, size, size, [grown], core=(edge, edge / 2), core_elements=13).mesh(MPI.COMM_WORLD),
        materials,
        ContactMethod(),
        lambda x: x[0] ** 2 / (2 * radius),
        force / (np.pi * size**2),
        axisymmetric=True,
    )
    blocks.press()
    interface, pressure = blocks.interface, blocks.contact.pressure
    assert interface.sum(pressure) == pytest.approx(force, rel=1e-9)
    r = interface.space.tabulate_dof_coordinates()[:, 0] / a
    inside = r < 0.65
    exact = closed_form.hertz_pressure(r, 1.0, 1.0)
    found = np.sqrt(interface.sum(inside * pressure**2) / interface.sum(inside * exact**2))
    assert found == pytest.approx(peak, rel=0.005)
    touching = np.sqrt(interface.sum(blocks.contact.active.x.array) / np.pi)
    assert abs(touching - a) <= a / elements
