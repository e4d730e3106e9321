"""One body of one material that may flow, of the parts a cell is made of: what benchmarks of flow begin with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import ufl
from dolfinx import fem
from mpi4py import MPI
from pydantic import Field

from interstice.benchmarks import closed_form
from interstice.benchmarks.options import Parameters
from interstice.benchmarks.pair import Force
from interstice.benchmarks.report import timed
from interstice.solver import algebra
from interstice.solver.bodies.body import Body
from interstice.solver.bodies.flow import Extrapolation, Flow
from interstice.solver.bodies.solids.creep import PowerLaw
from interstice.solver.bodies.solids.radial_return import Law
from interstice.solver.domain import Domain, Indices
from interstice.solver.part import Load, Part, equations, update
from interstice.solver.physics.mechanics import Axisymmetric, Elasticity
from interstice.solver.rates import Rates
from interstice.solver.site import Site
from interstice.solver.state import State

Array = npt.NDArray[np.float64]

TOUCH = 1e-3
"""Part of the first step by which held displacements move at first: all of it would strain only the elements there."""
FOLLOWED = 1e-3
"""Change of strain in a step that the flow is to be followed to; benchmarks choose their steps themselves."""


class ElasticParameters(Parameters):
    """What is elastic in a solid: lithium, if not given."""

    young_modulus: float = Field(7.8e9, gt=0)
    """Young's modulus [Pa]"""
    poisson_ratio: float = Field(0.36, gt=-1, lt=0.5)
    """Poisson's ratio"""

    @property
    def moduli(self) -> tuple[float, float]:
        """E [Pa] and ν."""
        return self.young_modulus, self.poisson_ratio


class CreepParameters(ElasticParameters):
    """A solid that creeps by a power law at one temperature."""

    exponent: float = Field(6.6, ge=1)
    """exponent n of creep"""
    rate: float = Field(1e-3, gt=0)
    """rate of creep under the reference stress [1/s]"""
    reference_stress: float = Field(0.75e6, gt=0)
    """reference stress [Pa]"""

    @property
    def law(self) -> PowerLaw:
        """The law of its creep."""
        return PowerLaw(self.rate, self.reference_stress, self.exponent)

    @property
    def factor(self) -> float:
        """A of ε̇ = A σⁿ [1/(s Paⁿ)]."""
        return closed_form.creep_factor(self.rate, self.reference_stress, self.exponent)


class Solid:
    """The one side of `domain`, elastic with `moduli` (E [Pa], ν), which flows by a `flow` law if it has one.

    `magnitude` [N] is a typical nodal load, `temperature` in K. `constraints` are empty at first.
    """

    def __init__(
        self,
        domain: Domain,
        moduli: tuple[float, float],
        magnitude: float,
        flow: Law | None = None,
        temperature: float = 298.15,
        axisymmetric: bool = False,
    ) -> None:
        self.domain, self.comm, self.state = domain, domain.mesh.comm, State()
        self.rates = Rates(domain, self.state)
        (side,) = domain.sides.values()
        space = side.space(domain.order, (domain.dimension,))
        self.u = self.state.function(fem.Function(space, name="u"))
        law = (Axisymmetric if axisymmetric else Elasticity).constant(domain.mesh, *moduli)
        self.site = Site(side, self.u, law, self.state.scope(side.name), temperature=temperature)
        self.flow = Flow(domain, self.rates, self.site, flow, FOLLOWED) if flow else None
        self.constraints = algebra.Constraints()
        body = Body(domain, [self.site], magnitude, self._residual, lambda: self.constraints.held(self.u))
        self.parts: list[Part] = [body]
        if self.flow:
            motion = Extrapolation([self.u], lambda u: self.constraints.unmoved(u), self.state.scope("motion"))
            self.parts = [motion, self.flow, body]
        self.newton = self.linear = 0

    def load(self, form: Callable[[Any], ufl.Form]) -> None:
        """Add a load, as its part of the residual: a `form` of the test function."""
        self.parts.append(Force(self.domain, self.u, form))

    def press(self, pressure: fem.Constant, boundary: str) -> None:
        """Let a `pressure` [Pa] act on a boundary."""
        normal = ufl.FacetNormal(self.domain.mesh)
        self.load(lambda v: pressure * ufl.inner(normal, v) * self.domain.ds(boundary))

    def dofs(self, boundary: str, components: Sequence[int]) -> Indices:
        """Return the local dofs of `components` of the displacement on a boundary."""
        return self.domain.dofs(self.u.function_space, boundary, components)

    def hold(self, boundary: str, *components: int) -> Indices:
        """Give `components` of the displacement on a boundary; return their local dofs."""
        dofs = self.dofs(boundary, components)
        self.constraints.fixed.append((self.u, dofs))
        return dofs

    def make_system(self, options: dict[str, Any] = algebra.CHOLESKY) -> algebra.System:
        """Make and return `system`, the equations of the parts under the constraints."""
        self.system = algebra.System(self.domain, equations(self.parts)["mechanics"], self.constraints, options)
        return self.system

    def step(self, time_step: float, given: Callable[[], None] = lambda: None) -> float:
        """Find equilibrium after a time step [s] at whose end held displacements are as `given` puts them.

        What flows starts from where the step before would lead if it went on. Return the seconds it took.
        """
        self.rates.begin(time_step)
        given()
        for part in self.parts:
            part.begin(time_step, Load())
        report, seconds = timed(self.comm, lambda: self.system.solve(lambda: update(self.parts)))
        for part in self.parts:
            part.solved()
        for part in self.parts:
            part.commit()
        self.rates.commit()
        self.newton += report.newton
        self.linear += report.linear
        return seconds

    def reaction(self, dofs: Indices) -> float:
        """Return the sum of the forces [N, in 2D N/m] at held `dofs`. Collective."""
        residual = self._residual()
        return self.comm.allreduce(float(residual[dofs[dofs < len(residual)]].sum()), op=MPI.SUM)

    def mean(self, expression: Any, boundary: str) -> float:
        """Return the mean of an `expression` in UFL on a boundary. Collective."""
        whole = self.domain.integrate(self.domain.form(expression * self.domain.ds(boundary)))
        return whole / self.domain.area(boundary)

    def _residual(self) -> Array:
        return self.system.residual_of(self.u)
