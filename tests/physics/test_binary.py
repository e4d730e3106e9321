"""A polymer electrolyte between two lithium faces, against the closed forms of steady polarisation and relaxation."""

from __future__ import annotations

import numpy as np
import pytest
import ufl
from builders import LENGTH, constant, film_mesh
from dolfinx import fem

from interstice.solver import algebra
from interstice.solver.constants import FARADAY, GAS_CONSTANT
from interstice.solver.domain import Domain
from interstice.solver.physics import binary
from interstice.solver.time_scheme import bdf2

SALT, DIFFUSIVITY, CONDUCTIVITY, TEMPERATURE = 1200.0, 5e-12, 0.05, 353.15
THERMAL_VOLTAGE = GAS_CONSTANT * TEMPERATURE / FARADAY
DIFFUSION_TIME = LENGTH**2 / DIFFUSIVITY


class Layer:
    """The electrode of a film as a layer of electrolyte, 0 ≤ y ≤ LENGTH, that carries a current upwards."""

    def __init__(self, elements: int, transference: float = 0.2, factor: float = 1.0) -> None:
        self.domain = domain = Domain(film_mesh(2, elements, coarse=1.0 / elements))
        side = domain.sides["electrode"]
        self.c, self.history, self.phi = (fem.Function(side.space(), name=name) for name in ("c_s", "h", "phi_s"))
        q, psi = (ufl.TestFunction(f.function_space) for f in (self.c, self.phi))
        self.tau, self.current = constant(domain, 1.0), constant(domain, 0.0)
        numbers = (DIFFUSIVITY, CONDUCTIVITY, transference, TEMPERATURE, factor)
        law = binary.BinaryElectrolyte(*(constant(domain, number) for number in numbers))
        dx = domain.dx(side, degree=2)
        lower, upper = domain.interfaces["electrode", "electrolyte"].dS, domain.ds("collector")
        salt = binary.salt_residual(law, self.c, (self.c - self.history) / self.tau, self.phi, q, dx)
        charge = binary.charge_residual(law, self.c, self.phi, psi, dx)
        charge += self.current * (psi * upper - psi("+") * lower)
        self.y = self.c.function_space.tabulate_dof_coordinates()[:, 1] / LENGTH
        foot = np.flatnonzero(np.abs(self.y) < 1e-9)[:1].astype(np.int32)
        fields = [
            algebra.Field(self.c, salt, SALT * LENGTH**2 / DIFFUSION_TIME),
            algebra.Field(self.phi, charge, CONDUCTIVITY * THERMAL_VOLTAGE),
        ]
        self.system = algebra.System(domain, fields, algebra.Constraints([(self.phi, foot)]), algebra.DIRECT)
        self.content = domain.form(self.c * dx)
        self.c.x.array[:] = self.history.x.array[:] = SALT

    def rest(self, time: float, steps: int) -> None:
        self.tau.value = time / steps
        for _ in range(steps):
            self.history.x.array[:] = self.c.x.array
            self.system.solve()

    def at(self, values: np.ndarray, place: float) -> float:
        return float(values[np.abs(self.y - place) < 1e-9].mean())


def limiting_current(transference: float) -> float:
    return 2 * FARADAY * DIFFUSIVITY * SALT / ((1 - transference) * LENGTH)


@pytest.mark.parametrize("transference, factor", [(0.2, 1.0), (0.45, 1.8)])
def test_steady_polarisation_has_a_linear_profile_and_its_potential(transference: float, factor: float) -> None:
    """c falls along the current with slope (1−t₊) i/FD; Δφ = −iL/κ + (2RT/F)(1−t₊) Γ ln(c_L/c_0)."""
    layer = Layer(32, transference, factor)
    layer.current.value = current = 0.6 * limiting_current(transference)
    layer.rest(200 * DIFFUSION_TIME, 10)
    profile = SALT * (1 - 1.2 * (layer.y - 0.5))
    np.testing.assert_allclose(layer.c.x.array, profile, rtol=1e-4)
    drop = layer.at(layer.phi.x.array, 1.0) - layer.at(layer.phi.x.array, 0.0)
    diffusion = 2 * THERMAL_VOLTAGE * (1 - transference) * factor * np.log(0.4 / 1.6)
    assert drop == pytest.approx(-current * LENGTH / CONDUCTIVITY + diffusion, rel=2e-4)


def test_salt_is_conserved_whatever_the_current() -> None:
    layer = Layer(8)
    before = layer.domain.integrate(layer.content)
    layer.current.value = 0.4 * limiting_current(0.2)
    layer.rest(0.3 * DIFFUSION_TIME, 3)
    assert np.ptp(layer.c.x.array) > 0.1 * SALT
    assert layer.domain.integrate(layer.content) == pytest.approx(before, rel=1e-12, abs=0)


def test_single_ion_conductor_is_the_limit_of_full_transference() -> None:
    layer = Layer(4, transference=1.0)
    layer.current.value = 30.0
    layer.rest(DIFFUSION_TIME, 2)
    np.testing.assert_allclose(layer.c.x.array, SALT, rtol=1e-12)
    np.testing.assert_allclose(layer.phi.x.array, -30.0 * LENGTH * layer.y / CONDUCTIVITY, atol=1e-9 * 30 * LENGTH)


def test_concentration_relaxes_with_its_slowest_mode_and_second_order_in_time() -> None:
    """Without current a cosine decays as exp(−π² D t/L²), and the salt leaves a potential that follows ln c."""
    time, results = 0.1 * DIFFUSION_TIME, []
    layer = Layer(16)
    for steps in (10, 20, 80):
        step = time / steps
        mode = np.cos(np.pi * layer.y)
        past = [SALT * (1 + 0.5 * mode * np.exp(np.pi**2 * i * step / DIFFUSION_TIME)) for i in (0, 1)]
        scheme = bdf2(step, step)
        layer.tau.value = scheme.tau
        layer.c.x.array[:] = past[0]
        for _ in range(steps):
            layer.history.x.array[:] = scheme.history(past)
            layer.system.solve()
            past = [layer.c.x.array.copy(), past[0]]
        results.append(past[0])
    exact = SALT * (1 + 0.5 * np.cos(np.pi * layer.y) * np.exp(-(np.pi**2) * time / DIFFUSION_TIME))
    np.testing.assert_allclose(results[-1], exact, rtol=2e-3)
    coarse, fine = (np.abs(values - results[-1]).max() for values in results[:2])
    assert np.log2(coarse / fine) == pytest.approx(2.0, abs=0.2)
    phi = layer.phi.x.array - layer.at(layer.phi.x.array, 0.0)
    potential = 2 * THERMAL_VOLTAGE * 0.8 * np.log(layer.c.x.array / layer.at(layer.c.x.array, 0.0))
    np.testing.assert_allclose(phi, potential, atol=2e-3 * np.ptp(potential))
