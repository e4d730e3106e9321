"""One body of one material, of the parts a cell is made of, with a law that may flow: what yields and creeps is made of.

Times are steps from one equilibrium to the next; a step that does not converge is made again in halves.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import ufl
from dolfinx import fem

from interstice.benchmarks.pair import Force
from interstice.solver import algebra
from interstice.solver.bodies.body import Body
from interstice.solver.domain import Domain, Indices
from interstice.solver.part import Load, Part, equations, update
from interstice.solver.physics.mechanics import Elasticity
from interstice.solver.site import Site
from interstice.solver.state import State

Array = npt.NDArray[np.float64]


class Solid:
    """The one side of `domain`, elastic with `moduli` (E [Pa], ν); `magnitude` [N] is a typical nodal load.

    `constraints` are empty at first; `load` adds what acts on it.
    """

    def __init__(
        self,
        domain: Domain,
        moduli: tuple[float, float],
        magnitude: float,
        law: type[Elasticity] = Elasticity,
    ) -> None:
        self.domain, self.state = domain, State()
        (side,) = domain.sides.values()
        space = side.space(domain.order, (domain.dimension,))
        self.u = self.state.function(fem.Function(space, name="u"))
        self.site = Site(side, self.u, law.constant(domain.mesh, *moduli), self.state.scope(side.name))
        self.constraints = algebra.Constraints()
        body = Body(domain, [self.site], magnitude, self._residual, lambda: self.constraints.held(self.u))
        self.parts: list[Part] = [body]
        self.newton = self.linear = 0

    def load(self, form: Callable[[Any], ufl.Form]) -> None:
        """Add a load, as its part of the residual: a `form` of the test function."""
        self.parts.append(Force(self.domain, self.u, form))

    def fix(self, boundary: str, components: Sequence[int]) -> Indices:
        """Hold `components` of the displacement on a boundary; return their local dofs."""
        dofs = self.domain.dofs(self.u.function_space, boundary, components)
        self.constraints.fixed.append((self.u, dofs))
        return dofs

    def make_system(self, options: dict[str, Any] = algebra.DIRECT) -> algebra.System:
        """Make and return `system`, the equations of the parts under the constraints."""
        self.system = algebra.System(self.domain, equations(self.parts)["mechanics"], self.constraints, options)
        return self.system

    def step(self, time_step: float) -> algebra.Report:
        """Let a time [s] pass under what now acts and find equilibrium at its end."""
        for part in self.parts:
            part.begin(time_step, Load())
        report = self.system.solve(lambda: update(self.parts))
        for part in self.parts:
            part.solved()
        for part in self.parts:
            part.commit()
        self.newton += report.newton
        self.linear += report.linear
        return report

    def _residual(self) -> Array:
        return self.system.residual_of(self.u)
