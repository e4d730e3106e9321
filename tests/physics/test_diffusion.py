"""Diffusion in the host against closed forms; orders of convergence; conservation of lithium."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import ufl
from builders import LENGTH, constant, film_mesh
from dolfinx import fem
from scipy.integrate import quad

from interstice import materials
from interstice.materials.function import Formula, Table
from interstice.schema.expression import Expression
from interstice.solver import algebra
from interstice.solver.constants import FARADAY, GAS_CONSTANT
from interstice.solver.domain import Domain
from interstice.solver.physics import diffusion

DIFFUSIVITY = 1e-14
START = 1e4
DIFFUSION_TIME = LENGTH**2 / DIFFUSIVITY


class Host:
    """The electrode of a film, 0 ≤ y ≤ LENGTH, with a flux through the interface at y = 0."""

    def __init__(self, elements: int) -> None:
        self.domain = domain = Domain(film_mesh(2, elements, coarse=1.0 / elements))
        side = domain.sides["electrode"]
        self.c, self.c_old = (fem.Function(side.space(), name=name) for name in ("c", "c_old"))
        q = ufl.TestFunction(self.c.function_space)
        self.time_step, self.current = constant(domain, 1.0), constant(domain, 0.0)
        dx = domain.dx(side)
        interface = domain.interfaces["electrode", "electrolyte"]
        self.rate = (self.c - self.c_old) / self.time_step
        residual = diffusion.balance(self.rate, q, -constant(domain, DIFFUSIVITY) * ufl.grad(self.c), dx)
        residual += self.current / FARADAY * q("+") * interface.dS
        field = algebra.Field(self.c, residual, START * LENGTH**2 / DIFFUSION_TIME)
        self.system = algebra.System(domain, [field], algebra.Constraints(), algebra.DIRECT)
        self.content = domain.form(self.c * dx)
        self.heights = self.c.function_space.tabulate_dof_coordinates()[:, 1]

    def start(self, values: np.ndarray | float) -> None:
        self.c.x.array[:] = values

    def run(self, time: float, steps: int) -> None:
        self.time_step.value = time / steps
        for _ in range(steps):
            self.c_old.x.array[:] = self.c.x.array
            self.system.solve(tolerance=1e-12)


def mode(heights: np.ndarray) -> np.ndarray:
    """The slowest mode of an insulated slab: it decays as exp(−π² D t/L²)."""
    return START * (1 + 0.5 * np.cos(np.pi * heights / LENGTH))


def decayed(heights: np.ndarray, time: float) -> np.ndarray:
    return START * (1 + 0.5 * np.cos(np.pi * heights / LENGTH) * np.exp(-(np.pi**2) * time / DIFFUSION_TIME))


def test_slowest_mode_decays_with_first_order_in_time() -> None:
    time = 0.1 * DIFFUSION_TIME
    host = Host(16)
    results = []
    for steps in (8, 16, 32, 512):
        host.start(mode(host.heights))
        host.run(time, steps)
        results.append(host.c.x.array.copy())
    assert np.abs(results[-1] - decayed(host.heights, time)).max() < 2e-3 * START
    # differences of successive results, free of the error in space
    differences = [np.abs(fine - coarse).max() for coarse, fine in pairwise(results[:3])]
    assert np.log2(differences[0] / differences[1]) == pytest.approx(1.0, abs=0.1)


def test_steady_flux_converges_with_second_order_in_space() -> None:
    """Long after the start the profile is parabolic: c − c̄ = −(j/F)(L/D) (1/3 − y/L + y²/2L²)."""
    current = 1.0
    errors = []
    for elements in (8, 16, 32):
        host = Host(elements)
        host.start(START)
        host.current.value = current
        # implicit Euler is exact once the rate no longer changes; ten diffusion times per step reach that at once
        host.run(200 * DIFFUSION_TIME, 20)
        x = ufl.SpatialCoordinate(host.domain.mesh)[1] / LENGTH
        dx = host.domain.dx(host.domain.sides["electrode"], degree=4)
        mean = host.domain.integrate(host.content) / LENGTH**2
        exact = mean - current / FARADAY * LENGTH / DIFFUSIVITY * (1 / 3 - x + x**2 / 2)
        errors.append(np.sqrt(host.domain.integrate(host.domain.form((host.c - exact) ** 2 * dx))))
    np.testing.assert_allclose(np.log2(np.array(errors[:-1]) / errors[1:]), 2.0, atol=0.15)


def test_surface_falls_with_the_root_of_time_at_first() -> None:
    """Half-space under constant flux: c(0) − c_0 = −(j/F) √(4t/πD)."""
    host = Host(32)
    host.start(START)
    host.current.value = 1.0
    time = 0.02 * DIFFUSION_TIME
    host.run(time, 100)
    surface = host.c.x.array[np.abs(host.heights) < 1e-9 * LENGTH]
    exact = -1.0 / FARADAY * np.sqrt(4 * time / (np.pi * DIFFUSIVITY))
    np.testing.assert_allclose(surface - START, exact, rtol=0.02)


def test_lithium_leaves_by_the_current_alone() -> None:
    host = Host(8)
    host.start(mode(host.heights))
    before = host.domain.integrate(host.content)
    host.run(0.1 * DIFFUSION_TIME, 4)
    assert host.domain.integrate(host.content) == pytest.approx(before, rel=1e-12, abs=0)
    host.current.value = 2.0
    host.run(0.1 * DIFFUSION_TIME, 4)
    lost = 2.0 / FARADAY * LENGTH * 0.1 * DIFFUSION_TIME
    assert before - host.domain.integrate(host.content) == pytest.approx(lost, rel=1e-10, abs=0)


def test_eigenstrain_is_a_third_of_the_relative_volume_change() -> None:
    assert diffusion.eigenstrain(3e4, 1e4, 1.2e-6) == pytest.approx(2e4 * 1.2e-6 / 3, rel=1e-14, abs=0)
    assert diffusion.eigenstrain(1e4, 1e4, 1.2e-6) == 0.0


def test_swelling_with_a_variable_partial_molar_volume_is_its_integral() -> None:
    c_max, c_ref, c = 5e4, 1e4, 4.2e4
    table = Table(((0.1, 1e-6), (0.4, 3e-6), (0.9, -1e-6)))
    exact = quad(lambda x: float(table(x / c_max)) / 3, c_ref, c, points=[0.4 * c_max])[0]
    assert diffusion.eigenstrain(c, c_ref, table, c_max) == pytest.approx(exact, rel=1e-10)
    assert diffusion.eigenstrain(c_ref, c_ref, table, c_max) == 0.0


@pytest.mark.parametrize("temperature", [280.0, 330.0])
def test_ideal_mixing_has_the_thermodynamic_factor_one(temperature: float) -> None:
    for theta in (0.05, 0.5, 0.9):
        factor = diffusion.thermodynamic_factor(ideal_potential(1.0, temperature), ufl.as_ufl(theta), temperature)
        assert number(factor) == pytest.approx(1.0, rel=1e-12)


def test_no_factor_is_below_the_least() -> None:
    factor = diffusion.thermodynamic_factor(lambda theta: 3.4, ufl.as_ufl(0.5), TEMPERATURE)
    assert number(factor) == diffusion.SMALLEST_FACTOR


def ideal_potential(factor: float, temperature: float) -> Callable[[Any], Any]:
    """Return U(θ) whose thermodynamic factor is `factor` at any θ."""
    return lambda theta: 4 - factor * GAS_CONSTANT * temperature / FARADAY * ufl.ln(theta / (1 - theta))


def number(expression: Any) -> float:
    """Return the value of a UFL expression of numbers."""
    return float(ufl.algorithms.apply_derivatives.apply_derivatives(ufl.as_ufl(expression))(()))


C_MAX, TEMPERATURE = 5e4, 298.15
VOLUME = Table(((0.1, 2e-6), (0.5, 3e-6), (0.9, 1e-6)))


@pytest.mark.parametrize("kind", ["chemical", "tracer"])
def test_lithium_comes_to_rest_where_its_chemical_potential_is_uniform(kind: Any) -> None:
    """In a given stress, with U of a real host and a partial molar volume that varies, whatever the mobility."""
    spreads, moved = [], []
    for elements in (8, 16):
        host = Host(elements)
        side = host.domain.sides["electrode"]
        s = fem.Function(host.c.function_space)
        s.x.array[:] = 2e9 * (0.5 - host.heights / LENGTH)
        theta = host.c / C_MAX
        potential = materials.load("NMC811").host.open_circuit_potential  # type: ignore[union-attr]
        factor = diffusion.thermodynamic_factor(potential, theta, TEMPERATURE)
        chemical, tracer = diffusion.diffusivities(constant(host.domain, DIFFUSIVITY), factor, kind)
        flux = diffusion.flux(host.c, C_MAX, chemical, tracer, VOLUME(theta) * s, TEMPERATURE)
        q = ufl.TestFunction(host.c.function_space)
        dx = host.domain.dx(side, degree=2)
        residual = diffusion.balance(host.rate, q, flux, dx)
        field = algebra.Field(host.c, residual, C_MAX * LENGTH**2 / DIFFUSION_TIME)
        host.system = algebra.System(host.domain, [field], algebra.Constraints(), algebra.DIRECT)
        host.start(0.5 * C_MAX)
        host.run(50 * DIFFUSION_TIME, 25)
        assert host.domain.integrate(host.content) == pytest.approx(0.5 * C_MAX * LENGTH**2, rel=1e-12, abs=0)
        stoichiometry = host.c.x.array / C_MAX
        mu = -FARADAY * potential(stoichiometry) - VOLUME(stoichiometry) * s.x.array
        spreads.append(np.ptp(mu))
        moved.append(np.ptp(stoichiometry))
    assert moved[1] > 0.02
    # without motion the potential would differ by 6 kJ/mol
    assert spreads[0] < 100
    assert np.log2(spreads[0] / spreads[1]) > 1.5


def test_diffusivity_that_grows_with_lithium_bends_the_steady_profile() -> None:
    """Between two concentrations the flux ∫ D dc is uniform: with D = D_0 (1 + 2θ), c + c²/c_max is linear."""
    host = Host(16)
    dx = host.domain.dx(host.domain.sides["electrode"], degree=2)
    law = Formula(Expression("1 + 2*theta"), DIFFUSIVITY)
    flux = diffusion.flux(host.c, C_MAX, law(host.c / C_MAX))
    residual = diffusion.balance(host.rate, ufl.TestFunction(host.c.function_space), flux, dx)
    field = algebra.Field(host.c, residual, C_MAX * LENGTH**2 / DIFFUSION_TIME)
    y = host.heights / LENGTH
    ends = [np.flatnonzero(np.isclose(y, place, rtol=0, atol=1e-9)).astype(np.int32) for place in (0.0, 1.0)]
    host.start(0.2 * C_MAX)
    host.c.x.array[ends[1]] = 0.8 * C_MAX
    constraints = algebra.Constraints([(host.c, end) for end in ends])
    host.system = algebra.System(host.domain, [field], constraints, algebra.DIRECT)
    host.run(1e6 * DIFFUSION_TIME, 2)
    theta = host.c.x.array / C_MAX
    np.testing.assert_allclose(theta + theta**2, 0.24 + 1.2 * y, atol=2e-3)


@pytest.mark.parametrize("dimension, axisymmetric", [(2, False), (3, False), (2, True)])
def test_nodal_stress_of_a_linear_one_has_its_integrals(dimension: int, axisymmetric: bool) -> None:
    """Lumped projection keeps a uniform stress exactly, on the axis too, and the integral of any."""
    domain = Domain(film_mesh(dimension, 4), axisymmetric=axisymmetric)
    side = domain.sides["electrode"]
    s = fem.Function(side.space(), name="s")
    x = ufl.SpatialCoordinate(domain.mesh) / LENGTH
    one = constant(domain, 3e7)
    for sigma in (one, one * (1 + x[0])):
        residual = diffusion.hydrostatic_residual(s, ufl.TestFunction(s.function_space), sigma, domain.dx(side))
        size = 3e7 * LENGTH ** (3 if axisymmetric else dimension)
        system = algebra.System(domain, [algebra.Field(s, residual, size)], algebra.Constraints(), algebra.DIRECT)
        system.solve()
        total, exact = (domain.integrate(domain.form(f * domain.dx(side))) for f in (s, sigma))
        if sigma is one:
            np.testing.assert_allclose(s.x.array, 3e7, rtol=1e-9)
        assert total == pytest.approx(exact, rel=1e-10)
