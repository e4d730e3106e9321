"""Diffusion in the host against closed forms; orders of convergence; conservation of lithium."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import ufl
from builders import LENGTH, constant, film_mesh
from dolfinx import fem

from solver import algebra
from solver.domain import Domain
from solver.interface.kinetics import FARADAY
from solver.physics import diffusion

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
        residual = diffusion.residual(self.c, self.c_old, q, constant(domain, DIFFUSIVITY), self.time_step, dx)
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
