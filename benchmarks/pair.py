"""Two elastic sides and their interface, of the parts a cell is made of: what specimens begin with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import ufl
from dolfinx import fem

from interstice.solver import algebra
from interstice.solver.bodies.body import Body
from interstice.solver.domain import Domain, Indices
from interstice.solver.ledger import Ledger, LoadWork
from interstice.solver.part import Change, Part, Term, Work, equations, update
from interstice.solver.physics.mechanics import Elasticity
from interstice.solver.site import Face, Site
from interstice.solver.state import State

Array = npt.NDArray[np.float64]


class Springs(Part):
    """Springs between the sides of a `face`, of a `stiffness` [Pa/m] in UFL: with stiff ones they are one body."""

    def __init__(self, face: Face, stiffness: Any) -> None:
        self._face = face
        self.traction = stiffness * face.jump
        """What the springs bear [Pa], in UFL."""

    def terms(self) -> list[Term]:
        return self._face.on_jump(lambda test: ufl.inner(self.traction, test) * self._face.interface.dS)


class Force(Part):
    """A load on a displacement, as its part of the residual: a `form` of the test function."""

    def __init__(self, domain: Domain, u: fem.Function, form: Callable[[Any], ufl.Form]) -> None:
        self._domain, self._term = domain, Term(u, form(ufl.TestFunction(u.function_space)))

    def terms(self) -> list[Term]:
        return [self._term]

    def works(self) -> list[Work]:
        return [LoadWork(self._domain, *self._term)]


class Pair:
    """The two sides of `domain` with linear or quadratic displacements, and what acts on them: `parts`.

    `moduli` are (E [Pa], ν) of either, `magnitude` is a typical nodal load [N], `gap` g_0 as a function of points and
    `pressure` a typical one [Pa]. Laws of the interface are made with `face` and added to the parts. `constraints` are
    empty at first.
    """

    def __init__(
        self,
        domain: Domain,
        moduli: Sequence[tuple[float, float]],
        magnitude: float,
        law: type[Elasticity] = Elasticity,
        gap: Callable[[Array], Array] | None = None,
        pressure: float = 0.0,
    ) -> None:
        self.domain, self.moduli, self.state = domain, moduli, State()
        self._arguments = moduli, magnitude, law, gap, pressure
        (interface,) = domain.interfaces.values()
        self.sites = [
            Site(side, self._displacement(side.name), law.constant(domain.mesh, *pair))
            for side, pair in zip((interface.plus, interface.minus), moduli, strict=True)
        ]
        self.u = {site.name: site.u for site in self.sites}
        initial_gap = interface.function("initial_gap")
        if gap is not None:
            initial_gap.interpolate(gap)
        plus, minus = self.sites
        self.face = Face(interface, plus, minus, initial_gap, pressure, self.state.scope("interface"))
        self.interface = interface
        self.constraints = algebra.Constraints()
        self.parts: list[Part] = [Body(domain, [site], magnitude, *self._reactions(site.u)) for site in self.sites]

    def again(self) -> Pair:
        """Return the same sides, at rest, without what else acts on them."""
        return Pair(self.domain, *self._arguments)

    def make_system(self, options: dict[str, Any]) -> algebra.System:
        """Make and return `system`, the equations of the parts under the constraints."""
        self.system = algebra.System(self.domain, equations(self.parts)["mechanics"], self.constraints, options)
        return self.system

    def update(self) -> Change:
        """Update the parts, as `System.solve` asks for."""
        return update(self.parts)

    def commit(self) -> None:
        """Take the present state as history."""
        for part in self.parts:
            part.commit()

    def ledger(self) -> Ledger:
        """Return an energy ledger that begins with the present state."""
        return Ledger(work for part in self.parts for work in part.works())

    def dofs(self, side: str, boundary: str, components: Sequence[int]) -> Indices:
        """Return the unrolled local dofs of the displacement of a side on a boundary."""
        return self.domain.dofs(self.u[side].function_space, boundary, components)

    def _displacement(self, name: str) -> fem.Function:
        space = self.domain.sides[name].space(self.domain.order, (self.domain.dimension,))
        return self.state.function(fem.Function(space, name=f"u_{name}"))

    def _reactions(self, u: fem.Function) -> tuple[Callable[[], Array], Callable[[], Indices]]:
        return lambda: self.system.residual_of(u), lambda: self.constraints.held(u)


def tied(pair: Pair, stiffness: Any) -> Pair:
    """Return the same sides, at rest, tied by springs of a `stiffness` [Pa/m] in UFL, under the same constraints.

    Displacements that are fixed are the same too.
    """
    glued = pair.again()
    glued.parts.append(Springs(glued.face, stiffness))
    same = {id(pair.u[name]): u for name, u in glued.u.items()}
    for u, dofs in pair.constraints.fixed:
        same[id(u)].x.array[dofs] = u.x.array[dofs]
    glued.constraints = pair.constraints.moved(same)
    return glued
