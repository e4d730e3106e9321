"""Newton's method on several fields, and constraints of their unknowns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import ufl
from builders import LENGTH, Blocks, constant, film_mesh
from dolfinx import fem
from mpi4py import MPI

from interstice.solver import algebra, part
from interstice.solver.algebra.newton import NEAR, move_between
from interstice.solver.domain import Domain
from interstice.solver.physics import conduction, mechanics

pytestmark = pytest.mark.also_on_ranks(2, 3)

COMM = MPI.COMM_WORLD


def gather(function: fem.Function) -> tuple[np.ndarray, np.ndarray]:
    """Return points (n, 3) and values (n, components) of a function, the same on every rank, in order of place."""
    space = function.function_space
    owned, bs = space.dofmap.index_map.size_local, space.dofmap.index_map_bs
    points = np.vstack(COMM.allgather(space.tabulate_dof_coordinates()[:owned]))
    values = np.vstack(COMM.allgather(function.x.array[: owned * bs].reshape(-1, bs)))
    order = np.lexsort(np.round(points / LENGTH, 6).T)
    return points[order], values[order]


def on(points: np.ndarray, axis: int, place: float) -> np.ndarray:
    return np.isclose(points[:, axis], place, rtol=0, atol=1e-9 * LENGTH)


def wavy(dimension: int, lateral: str) -> Blocks:
    """Two pressed blocks, of which the upper one is a wave across x."""
    return Blocks(
        film_mesh(dimension, 8 if dimension == 2 else 3, lateral),
        lateral=lateral,
        gap=lambda x: 1e-4 * LENGTH * (1 - np.cos(2 * np.pi * (x[0] / LENGTH - 0.3))),
    )


@pytest.mark.parametrize("dimension", [2, 3])
@pytest.mark.parametrize("lateral", ["symmetric", "periodic"])
def test_constraints_hold_in_the_solution(dimension: int, lateral: str) -> None:
    blocks = wavy(dimension, lateral)
    blocks.press(5e6)
    height = dimension - 1
    scale = np.abs(blocks.u["electrode"].x.array).max(initial=0.0)
    for side, far, place in (("electrode", "tied", LENGTH), ("electrolyte", "fixed", -LENGTH)):
        points, u = gather(blocks.u[side])
        face = on(points, height, place)
        assert face.any()
        assert np.all(u[face][:, :height] == 0.0)
        if far == "fixed":
            assert np.all(u[face] == 0.0)
        else:
            assert np.ptp(u[face][:, height]) <= 1e-14 * np.abs(u[face]).max()
            assert u[face][0, height] < 0.0
        for axis in range(height):
            low, high = on(points, axis, 0.0), on(points, axis, LENGTH)
            assert low.sum() == high.sum() > 2
            if lateral == "symmetric":
                assert np.all(u[low | high][:, axis] == 0.0)
            else:
                # both in order of place, so that partners meet
                np.testing.assert_allclose(u[low], u[high], rtol=0, atol=1e-12 * COMM.allreduce(scale, op=MPI.MAX))
                assert np.abs(u[low][:, 0]).max() > 0.0 or axis == 1


def test_fixed_dofs_keep_the_values_they_were_given() -> None:
    """A field that starts from boundary values is solved with these very values."""
    for given in (0.0, 0.25):
        domain, phi, residual = conductor()
        points = phi.function_space.tabulate_dof_coordinates()
        high, low = (np.flatnonzero(on(points, 1, place)).astype(np.int32) for place in (LENGTH, 0.0))
        phi.x.array[high] = given
        system = algebra.System(
            domain,
            [algebra.Field(phi, residual, 1.0)],
            algebra.Constraints(fixed=[(phi, low), (phi, high)]),
            algebra.DIRECT,
        )
        system.solve(tolerance=1e-12)
        assert np.all(phi.x.array[high] == given) and np.all(phi.x.array[low] == 0.0)
        np.testing.assert_allclose(phi.x.array, given * points[:, 1] / LENGTH, rtol=0, atol=1e-11)


@pytest.mark.parametrize(("left", "ends"), [(1e-10, True), (4e-10, False)])
def test_residual_that_no_step_lowers_ends_the_solve_if_it_is_small(left: float, ends: bool) -> None:
    domain, phi, residual = conductor()
    points = phi.function_space.tabulate_dof_coordinates()
    held = np.flatnonzero(on(points, 1, 0.0) | on(points, 1, LENGTH)).astype(np.int32)
    system = algebra.System(
        domain, [algebra.Field(phi, residual, 1.0)], algebra.Constraints(fixed=[(phi, held)]), algebra.DIRECT
    )
    inside = ~(on(points, 1, 0.0) | on(points, 1, LENGTH))
    wave, calls = inside * np.cos(np.pi * points[:, 0] / LENGTH), 0
    phi.x.array[:] = wave
    unit = np.sqrt(COMM.allreduce(float(np.sum(np.square(free_rows(system, inside)))), op=MPI.SUM))

    def disturb() -> tuple[int, float]:
        """Leave a residual that grows a little from step to step."""
        nonlocal calls
        calls += 1
        phi.x.array[:] = (1.0 + 0.01 * calls) * left / unit * wave
        return 0, 0.0

    if ends:
        assert system.solve(disturb).newton == 2
    else:
        with pytest.raises(algebra.SolveError, match="no convergence in 30 Newton steps"):
            system.solve(disturb)


def free_rows(system: algebra.System, free: np.ndarray) -> np.ndarray:
    """Return the owned residual entries of the first field at free rows."""
    rows = system.residual_array(0)
    return rows * free[: len(rows)]


def test_one_object_constrains_several_systems_each_by_its_own_fields() -> None:
    """Two potentials in one space, each linear between the faces on which it alone is held."""
    domain, phi, residual = conductor()
    other = fem.Function(phi.function_space, name="other")
    fields = [algebra.Field(phi, residual, 1.0), algebra.Field(other, ufl.replace(residual, {phi: other}), 1.0)]
    points = phi.function_space.tabulate_dof_coordinates()
    constraints = algebra.Constraints(
        fixed=[
            (function, np.flatnonzero(on(points, axis, place)).astype(np.int32))
            for function, axis in ((phi, 1), (other, 0))
            for place in (0.0, LENGTH)
        ]
    )
    for groups in (fields[:1], fields[1:]), (fields,), (fields[::-1],):
        for function, axis in ((phi, 1), (other, 0)):
            function.x.array[:] = on(points, axis, LENGTH)
        for group in groups:
            algebra.System(domain, group, constraints, algebra.DIRECT).solve(tolerance=1e-12)
        np.testing.assert_allclose(phi.x.array, points[:, 1] / LENGTH, rtol=0, atol=1e-11)
        np.testing.assert_allclose(other.x.array, points[:, 0] / LENGTH, rtol=0, atol=1e-11)


def conductor(nonlinear: Callable[[Any], Any] | None = None) -> tuple[Domain, fem.Function, ufl.Form]:
    """Return domain, potential and residual of the electrode as a conductor with a source −f(φ), if any."""
    domain = Domain(film_mesh(2, 4))
    side = domain.sides["electrode"]
    phi = fem.Function(side.space(), name="phi")
    psi = ufl.TestFunction(phi.function_space)
    residual = conduction.residual(phi, psi, constant(domain, 1.0), domain.dx(side))
    if nonlinear is not None:
        residual += nonlinear(phi) * psi / LENGTH**2 * domain.dx(side)
    return domain, phi, residual


def test_newton_converges_quadratically() -> None:
    """φ³ − φ_0³ with insulated sides has the uniform solution φ_0."""
    domain, phi, residual = conductor(lambda phi: phi**3 - 8.0)
    phi.x.array[:] = 2.1
    system = algebra.System(domain, [algebra.Field(phi, residual, 1.0)], algebra.Constraints(), algebra.DIRECT)
    errors = []

    def watch() -> tuple[int, float]:
        errors.append(COMM.allreduce(float(np.abs(phi.x.array - 2.0).max(initial=0.0)), op=MPI.MAX))
        return 0, 0.0

    report = system.solve(watch, tolerance=1e-12)
    assert report.newton <= 5
    assert errors[1] < 2 * errors[0] ** 2


def test_steps_that_begin_far_are_counted_apart_from_those_for_the_last_digits() -> None:
    domain, phi, residual = conductor(lambda phi: phi**3 - 8.0)
    system = algebra.System(domain, [algebra.Field(phi, residual, 1.0)], algebra.Constraints(), algebra.DIRECT)
    reports = []
    for start, tolerance in ((6.0, 1e-3), (6.0, 1e-12), (2.0 + 1e-3, 1e-12)):
        phi.x.array[:] = start
        reports.append(system.solve(tolerance=tolerance))
    rough, sharp, near = reports
    assert rough.far == sharp.far >= 3
    assert rough.newton < sharp.newton
    assert near.far == 0 < near.newton
    assert (rough + near).newton == rough.newton + near.newton and (rough + near).far == rough.far


def test_largest_step_limits_every_newton_step() -> None:
    domain, phi, residual = conductor(lambda phi: phi - 1.0)
    field = algebra.Field(phi, residual, 1.0, largest_step=0.1)
    system = algebra.System(domain, [field], algebra.Constraints(), algebra.DIRECT)
    values = [0.0]

    def watch() -> tuple[int, float]:
        values.append(COMM.allreduce(float(phi.x.array.max(initial=-np.inf)), op=MPI.MAX))
        return 0, 0.0

    system.solve(watch)
    np.testing.assert_allclose(values[:11], np.linspace(0.0, 1.0, 11), atol=1e-9)


def test_solve_goes_on_until_what_is_frozen_comes_to_rest() -> None:
    domain, phi, residual = conductor(lambda phi: phi - 1.0)
    system = algebra.System(domain, [algebra.Field(phi, residual, 1.0)], algebra.Constraints(), algebra.DIRECT)
    changes = [(3, 0.0), (0, 1e-3), (0, 0.0)]
    calls = iter(changes)
    report = system.solve(lambda: next(calls))
    assert report.newton == len(changes)
    # the first, and the one after entries have switched
    assert report.far == 2
    assert next(calls, None) is None


def test_solved_state_takes_no_step() -> None:
    domain, phi, residual = conductor(lambda phi: phi - 1.0)
    system = algebra.System(domain, [algebra.Field(phi, residual, 1.0)], algebra.Constraints(), algebra.DIRECT)
    assert system.solve().newton > 0
    before = phi.x.array.copy()
    assert system.solve().newton == 0
    assert np.all(phi.x.array == before)


def test_failure_to_converge_says_so_in_words() -> None:
    """φ² + 1 = 0 has no solution."""
    domain, phi, residual = conductor(lambda phi: phi**2 + 1.0)
    phi.x.array[:] = 0.7
    system = algebra.System(domain, [algebra.Field(phi, residual, 1.0)], algebra.Constraints(), algebra.DIRECT)
    with pytest.raises(algebra.SolveError, match=r"no convergence in 30 Newton steps \(residuals: phi "):
        system.solve()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(("law", "start"), [(ufl.ln, -1.0), (lambda phi: phi, 1e200)], ids=["none", "too large"])
def test_residual_that_is_no_number_says_so_in_words(law: Callable[[Any], Any], start: float) -> None:
    domain, phi, residual = conductor(law)
    phi.x.array[:] = start
    system = algebra.System(domain, [algebra.Field(phi, residual, 1.0)], algebra.Constraints(), algebra.DIRECT)
    with pytest.raises(algebra.SolveError, match="the residual is not a number"):
        system.solve()


def test_linear_solver_that_gives_up_says_so_in_words() -> None:
    domain, phi, residual = conductor(lambda phi: phi - 1.0)
    options = {"ksp_type": "cg", "pc_type": "none", "ksp_max_it": 1, "ksp_rtol": 1e-14}
    # a uniform load would be solved in one iteration
    uneven = ufl.SpatialCoordinate(domain.mesh)[0] / LENGTH**3
    residual += uneven * ufl.TestFunction(phi.function_space) * domain.dx(domain.sides["electrode"])
    system = algebra.System(domain, [algebra.Field(phi, residual, 1.0)], algebra.Constraints(), options)
    with pytest.raises(algebra.SolveError, match="the linear solver failed"):
        system.solve()


def elastic_cube(options: dict[str, Any]) -> tuple[algebra.System, fem.Function, np.ndarray]:
    """Return the system of a cube that is stretched between platens, its displacement and its fixed dofs.

    Sides at x = 0 and y = 0 are planes of symmetry, so that some nodes are fixed in one component only.
    """
    domain = Domain(film_mesh(3, 4))
    side = domain.sides["electrode"]
    u = fem.Function(side.space(1, (3,)), name="u")
    law = mechanics.Elasticity.constant(domain.mesh, 20e9, 0.3)
    residual = mechanics.residual(law, u, ufl.TestFunction(u.function_space), domain.dx(side))
    points = u.function_space.tabulate_dof_coordinates()
    low, high = (np.flatnonzero(on(points, 2, place)) for place in (0.0, LENGTH))
    u.x.array[3 * high + 2] = 1e-3 * LENGTH
    fixed = [3 * face + i for face in (low, high) for i in range(3)]
    fixed += [3 * np.flatnonzero(on(points, axis, 0.0)) + axis for axis in (0, 1)]
    fixed = np.unique(np.concatenate(fixed)).astype(np.int32)
    field = algebra.Field(u, residual, 20e9 * 1e-3 * LENGTH**2)
    return algebra.System(domain, [field], algebra.Constraints(fixed=[(u, fixed)]), options), u, fixed


def test_multigrid_finds_what_factorisation_finds() -> None:
    results = []
    for options in (algebra.DIRECT, algebra.MULTIGRID):
        system, u, _ = elastic_cube(options)
        system.solve()
        results.append(gather(u)[1])
    np.testing.assert_allclose(results[1], results[0], rtol=0, atol=1e-9 * 1e-3 * LENGTH)


def test_iterative_solver_leaves_fixed_dofs_alone() -> None:
    system, u, fixed = elastic_cube(algebra.MULTIGRID)
    before = u.x.array[fixed]
    system.solve()
    moved = float(np.abs(u.x.array[fixed] - before).max(initial=0.0))
    assert COMM.allreduce(moved, op=MPI.MAX) == 0.0


@pytest.mark.also_on_ranks()
def test_partners_that_do_not_match_are_refused() -> None:
    blocks = wavy(2, "symmetric")
    side = blocks.sites[0].side
    u = blocks.u[side.name]
    space = u.function_space
    left = blocks.domain.boundary_dofs(space, side, "left")
    right = blocks.domain.boundary_dofs(space, side, "right")
    points = space.tabulate_dof_coordinates()
    lower = left[points[left, 1] < LENGTH / 2]
    constraints = algebra.Constraints(periodic=[(u, 2 * right, 2 * lower, 0)])
    with pytest.raises(ValueError, match="periodic sides: the two meshes of opposite faces do not match"):
        algebra.System(blocks.domain, blocks.system.fields, constraints, algebra.DIRECT)


def test_residual_of_fixed_rows_is_the_force_on_them() -> None:
    blocks = wavy(2, "symmetric")
    blocks.press(5e6)
    counter = blocks.dofs("electrolyte", "counter", [1])
    rows = blocks.system.residual_array(1)
    force = COMM.allreduce(float(rows[counter[counter < len(rows)]].sum()))
    assert force == pytest.approx(5e6 * LENGTH, rel=1e-9)


def one_field(residual: Callable[[fem.Function, Any, Any], Any], **options: Any) -> tuple[fem.Function, algebra.System]:
    """Return a function on a film's electrode and the system of its equation, made of it, a test function and dx."""
    domain = Domain(film_mesh(2, 2))
    side = domain.sides["electrode"]
    f = fem.Function(side.space(), name="f")
    form = residual(f, ufl.TestFunction(f.function_space), domain.dx(side, 2))
    field = algebra.Field(f, form, LENGTH**2, **options)
    return f, algebra.System(domain, [field], algebra.Constraints(), algebra.DIRECT)


def test_unknown_stays_within_its_bounds_on_its_way_to_the_solution() -> None:
    """ln f = ln 10⁻⁶ from f = 1/2: a whole step of Newton's method leads to f < 0, where there is no logarithm."""
    wanted = 1e-6
    f, system = one_field(lambda f, q, dx: (ufl.ln(f) - np.log(wanted)) * q * dx, bounds=(0.0, 1.0))
    f.x.array[:] = 0.5
    system.solve()
    np.testing.assert_allclose(f.x.array, wanted, rtol=1e-9)
    system.destroy()


def test_equations_know_the_bounds_of_their_unknowns() -> None:
    f, system = one_field(lambda f, q, dx: f * q * dx)

    class One(part.Part):
        def unknowns(self) -> list[part.Unknown]:
            return [part.Unknown(f, "transport", 2.0, 0.3, (0.0, 1.0))]

        def terms(self) -> list[part.Term]:
            return [part.Term(f, system.fields[0].residual)]

    (field,) = part.equations([One()])["transport"]
    assert (field.function, field.magnitude, field.largest_step, field.bounds) == (f, 2.0, 0.3, (0.0, 1.0))
    system.destroy()


@pytest.mark.parametrize(("held", "start"), [(1.0, 1e16), (1e-15, 0.0)])
def test_a_field_that_nothing_holds_moves_far_and_a_large_one_beside_a_small_load_does_not(
    held: float, start: float
) -> None:
    """Rounding of either hides the load: of the first as it is large, of the second as it went a long way."""
    f, system = one_field(
        lambda f, q, dx: (LENGTH**2 * ufl.inner(ufl.grad(f), ufl.grad(q)) + (held * (f - start) - 1.0) * q) * dx
    )
    f.x.array[:] = start
    if held == 1.0:
        system.solve()
        np.testing.assert_allclose(f.x.array, start, rtol=1e-12)
    else:
        with pytest.raises(algebra.SolveError, match="nothing holds f"):
            system.solve()
    system.destroy()


def test_newton_step_between_bounds_goes_straight_but_near_the_bound_ahead() -> None:
    values, change = np.array([5.0, 5.0, 9.95, 0.05, 1e-9]), np.array([1.0, -4.5, -3.0, 2.0, 3.0])
    np.testing.assert_allclose(move_between(0.0, 10.0, values, change), values + change, rtol=1e-15)


@pytest.mark.parametrize("towards", [1.0, -1.0])
def test_newton_step_between_bounds_does_not_reach_them(towards: float) -> None:
    """Near a bound the logarithm of the distance changes by the change over the distance, by ln 10 at most."""
    distance, change = np.array([0.01, 1e-3, 1e-3, 1e-3]), towards * np.array([1e-5, 5e-4, 2e-3, 1e9])
    bound = 5.0 + 5.0 * towards
    moved = towards * (bound - move_between(0.0, 10.0, bound - towards * distance, change))
    np.testing.assert_allclose(moved, distance * [np.exp(-1e-3), np.exp(-0.5), np.exp(-2.0), 0.1], rtol=1e-9)
    far = move_between(0.0, 10.0, np.array([5.0]), np.array([towards * 5.0]))
    np.testing.assert_allclose(towards * (bound - far), NEAR * 10.0 * np.exp(-1.0), rtol=1e-12)
