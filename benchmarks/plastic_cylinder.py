"""A thick-walled tube under internal pressure yields from its bore outwards, in plane strain.

Hill's closed form of the front of what has yielded takes the axial stress for the mean of the others, as in a solid
that keeps its volume. A compressible one has another axial stress, which von Mises' law minds: the front is compared
with a radial problem in one dimension at high resolution, and how far Hill's is from what is computed is told as well.
What has yielded is found by the share of the section in which there is plastic strain. A quarter of it is computed.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import numpy.typing as npt
import ufl
from mpi4py import MPI
from pydantic import Field, model_validator
from scipy.linalg import solve_banded

from interstice.benchmarks import closed_form
from interstice.benchmarks.report import Cost, Result, peak_memory
from interstice.benchmarks.ring import Ring
from interstice.benchmarks.solid import ElasticParameters, Solid
from interstice.solver.bodies.solids.plastic import Plasticity
from interstice.solver.bodies.solids.radial_return import Law
from interstice.solver.domain import Domain
from interstice.solver.site import STRAIN_DEGREE

Array = npt.NDArray[np.float64]

NAME = "plastic-cylinder"
CELLS, LOADS = 400, 100
"""Rings of the radial reference and the steps in which it is loaded."""
SETTLED = 1e-12
"""Change of a displacement over the largest at which Newton's method ends in the reference."""


TINY = 1e-30
"""Stress over the yield strength that has no direction."""


class Options(ElasticParameters):
    """The tube, its material, the load and the mesh."""

    inner: float = Field(1e-6, gt=0)
    """radius a of the bore [m]"""
    thickness: float = Field(1.0, gt=0)
    """thickness of the wall over a"""
    load: float = Field(0.9, gt=0, lt=1)
    """internal pressure over that at which all of the wall yields"""
    yield_strength: float = Field(0.8e6, gt=0)
    """yield strength [Pa]"""
    poisson_ratio: float = Field(0.3, gt=-1, lt=0.5)
    """Poisson's ratio"""
    elements: int = Field(24, ge=2)
    """elements per radius, at any distance from the axis"""
    steps: int = Field(10, ge=1)
    """steps in which the load rises"""

    @property
    def outer(self) -> float:
        """b [m]."""
        return self.inner * (1 + self.thickness)

    @property
    def shear_strength(self) -> float:
        """k of von Mises in pure shear [Pa]."""
        return self.yield_strength / np.sqrt(3)

    @property
    def pressure(self) -> float:
        """The internal pressure [Pa]."""
        return self.load * float(closed_form.tube_pressure(self.outer, self.inner, self.outer, self.shear_strength))

    @model_validator(mode="after")
    def yields(self) -> Self:
        """Refuse a pressure under which the bore does not yield."""
        first = first_yield(self.inner, self.outer, self.yield_strength, self.poisson_ratio) / self.pressure * self.load
        if self.load <= first:
            raise ValueError(f"--load {self.load:g}: the tube yields from {first:.4g} on")
        return self


def run(options: Options, comm: MPI.Comm) -> Result:
    """Raise the pressure and compare the front of what has yielded."""
    domain = Domain(Ring(options.inner, options.outer, options.elements).mesh(comm), order=2)
    pressure = domain.constant(options.pressure)
    tied = _tube(domain, options, pressure, None).step(1.0)
    solid = _tube(domain, options, pressure, Plasticity(options.yield_strength))
    seconds = 0.0
    for step in range(1, options.steps + 1):
        pressure.value = options.pressure * step / options.steps
        seconds += solid.step(1.0)

    assert solid.flow
    dx = domain.dx(solid.site.side, STRAIN_DEGREE)
    yielded = ufl.conditional(ufl.gt(solid.flow.equivalent, 0.0), 1.0, 0.0)
    area = domain.integrate(domain.form(yielded * dx)) / domain.volume(solid.site.side)
    front = np.sqrt(options.inner**2 + area * (options.outer**2 - options.inner**2))
    exact = radial_reference(options.inner, options.outer, options.pressure, options.moduli, options.yield_strength)
    hill = closed_form.tube_front(options.pressure, options.inner, options.outer, options.shear_strength)
    key = "front [m]"
    return Result(
        NAME,
        options.model_dump(),
        {key: float(front), "front by Hill [m]": hill},
        {key: exact},
        {"front": abs(front / exact - 1), "hill": abs(hill / front - 1)},
        Cost(solid.system.unknowns, solid.newton, solid.linear, peak_memory(comm), seconds / options.steps, tied),
    )


def first_yield(inner: float, outer: float, strength: float, poisson_ratio: float) -> float:
    """Return the pressure [Pa] from which the bore yields: Lamé's C (b²/a² − 1), C as in `tube_front_inside`."""
    square = (outer / inner) ** 2
    return strength * (square - 1) / np.sqrt((1 - 2 * poisson_ratio) ** 2 + 3 * square**2)


def _tube(domain: Domain, options: Options, pressure: Any, law: Law | None) -> Solid:
    """Return the tube under a `pressure` on its bore."""
    tube = Solid(domain, options.moduli, options.pressure * options.inner, law)
    tube.press(pressure, "bore")
    tube.hold("axis", 0)
    tube.hold("foot", 1)
    tube.make_system()
    return tube


def radial_reference(
    inner: float, outer: float, pressure: float, moduli: tuple[float, float], strength: float
) -> float:
    """Return the front [m] of an elastic, ideally plastic tube of the law of von Mises under an internal `pressure`.

    Rings with one point each, linear displacements in between, and Newton's method with the tangent of the return to
    the yield surface. The front follows from how far the outer face moves (`closed_form.tube_front_inside`), with no
    regard to what the plastic part does. `moduli` are E [Pa] and ν, radii in m.
    """
    modulus, nu = moduli
    bulk, shear = modulus / (3 * (1 - 2 * nu)), modulus / (2 * (1 + nu))
    r = np.linspace(inner, outer, CELLS + 1)
    middle, width = (r[1:] + r[:-1]) / 2, np.diff(r)
    # strains (rr, θθ) of a ring from the displacements of its two edges
    gradient = np.stack([[-1 / width, 1 / width], [0.5 / middle, 0.5 / middle]]).transpose(2, 0, 1)
    u, plastic = np.zeros(CELLS + 1), np.zeros((CELLS, 3))
    for load in np.linspace(0, pressure, LOADS + 1)[1:]:
        while True:
            strain = np.einsum("cij,cj->ci", gradient, np.stack([u[:-1], u[1:]], axis=1))
            stress, tangent, flow = _return(strain, plastic, bulk, shear, strength)
            weight = (middle * width)[:, None]
            force = weight * np.einsum("cij,ci->cj", gradient, stress)
            matrix = weight[..., None] * np.einsum("cki,ckl,clj->cij", gradient, tangent, gradient)
            residual = np.zeros(CELLS + 1)
            residual[:-1] += force[:, 0]
            residual[1:] += force[:, 1]
            residual[0] -= load * inner
            bands = np.zeros((3, CELLS + 1))
            bands[1, :-1] += matrix[:, 0, 0]
            bands[1, 1:] += matrix[:, 1, 1]
            bands[0, 1:], bands[2, :-1] = matrix[:, 0, 1], matrix[:, 1, 0]
            change = solve_banded((1, 1), bands, -residual)
            u += change
            if np.abs(change).max() <= SETTLED * np.abs(u).max():
                break
        plastic = flow
    return float(closed_form.tube_front_inside(float(u[-1]), outer, strength / modulus, nu))


def _return(strain: Array, plastic: Array, bulk: float, shear: float, strength: float) -> tuple[Array, Array, Array]:
    """Return stress (cells, 2), tangent (cells, 2, 2) and plastic strain (cells, 3) of the law of von Mises.

    `strain` (rr, θθ), shape (cells, 2); none along the axis. Simo and Hughes, Computational Inelasticity (1998), box
    3.2.
    """
    whole = np.pad(strain, ((0, 0), (0, 1)))
    volume = whole.sum(axis=1, keepdims=True)
    trial = 2 * shear * (whole - volume / 3 - plastic)
    size = np.maximum(np.linalg.norm(trial, axis=1, keepdims=True), TINY * strength)
    share = np.minimum(np.sqrt(2 / 3) * strength / size, 1.0)
    normal = trial / size
    stress = bulk * volume + share * trial
    deviatoric, every = np.eye(3) - 1 / 3, np.ones((3, 3))
    scale, turned = share[..., None], np.where(share < 1.0, share, 0.0)[..., None]
    tangent = bulk * every + 2 * shear * (scale * deviatoric - turned * normal[:, :, None] * normal[:, None, :])
    return stress[:, :2], tangent[:, :2, :2], plastic + (1 - share) * trial / (2 * shear)


if __name__ == "__main__":
    from interstice.benchmarks.command import script

    script(NAME)
