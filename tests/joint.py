"""A slender bar with a cohesive joint across its middle: whatever it does is known in closed form.

The bar stretches uniformly (ν = 0): at the stress σ its end has moved by u = σ l/E + δ with the joint open by δ. Where
the bond softens faster than E/l, u falls while δ grows: the end must go back for equilibrium.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import ufl
from builders import LENGTH, SIDES, film_mesh
from dolfinx import fem
from mpi4py.MPI import MAX

from interstice.solver import algebra
from interstice.solver.domain import Domain
from interstice.solver.interface.bilinear import Bilinear
from interstice.solver.interface.cohesive import CohesiveBond
from interstice.solver.interface.mixity import Limits
from interstice.solver.ledger import Body, BondWork, Ledger, Solid
from interstice.solver.physics import mechanics
from interstice.solver.state import State
from interstice.solver.unstable import Owner, Relaxation

THICKNESS = 10
"""Length of each half over the width."""
MODULUS = 10e9
STRENGTH = 20e6
STIFFNESS = 4e18


class Joint:
    """The bar, one end held, the other to be moved; all the rest is free to follow.

    The `toughness` [J/m²] may be a function of the coordinates; then there is no closed form.
    """

    length = 2 * THICKNESS * LENGTH

    def __init__(self, toughness: Any = 0.1, dimension: int = 2, elements: int = 2) -> None:
        self.toughness = toughness
        self.onset = STRENGTH / STIFFNESS
        self.end = 0.0 if callable(toughness) else 2 * toughness / STRENGTH
        tagged = film_mesh(dimension, elements, thickness=float(THICKNESS), coarse=1.0)
        self.domain = domain = Domain(tagged)
        self.interface = domain.interfaces[SIDES]
        self.u = {name: fem.Function(side.space(1, (dimension,)), name=name) for name, side in domain.sides.items()}
        self.state = State()
        for u in self.u.values():
            self.state.function(u)
        jump = self.interface.jump(self.u)
        self.law = mechanics.Elasticity.constant(domain.mesh, MODULUS, 0.0)
        limits = Limits(STRENGTH, STRENGTH, toughness, toughness)
        law = Bilinear(limits, STIFFNESS)
        self.bond = CohesiveBond(self.interface, law, jump, state=self.state.scope("bond"))
        self.relaxation = Relaxation(self.bond, jump)
        parts = {SIDES[0]: -1, SIDES[1]: 1}
        fields = []
        for name, side in domain.sides.items():
            v = ufl.TestFunction(self.u[name].function_space)
            part = parts[name] * self.interface.restrict(v, side)
            residual = mechanics.residual(self.law, self.u[name], v, domain.dx(side))
            residual += self.bond.residual(part) + self.relaxation.residual(part)
            fields.append(algebra.Field(self.u[name], residual, STRENGTH * LENGTH ** (dimension - 1)))
        every = range(dimension)
        # dofs of the electrode's far face that are moved, and all that are held
        self.moved = self._dofs(0, "collector", [dimension - 1])
        held = [self._dofs(0, "collector", every), self._dofs(1, "counter", every)]
        constraints = algebra.lateral(domain, self.u.values(), "symmetric")
        constraints.fixed += [(self.u[name], dofs) for name, dofs in zip(SIDES, held, strict=True)]
        self.system = algebra.System(domain, fields, constraints, algebra.DIRECT)
        self.bond.bond(np.ones_like(self.interface.areas.x.array) > 0)
        self.area = self.interface.sum(np.ones_like(self.interface.areas.x.array))
        self.bodies = [
            Body([Solid(domain.sides[name], self.law)], self.u[name], self._residual(i), held[i])
            for i, name in enumerate(SIDES)
        ]
        self.ledger = Ledger(domain, self.bodies, [BondWork(self.bond), self.relaxation])
        self.owner = Owner(self.system.solve, self.state, self.ledger.book)

    def move(self, displacement: float) -> None:
        """Prescribe the displacement of the end [m]."""
        self.u[SIDES[0]].x.array[self.moved] = displacement
        self.u[SIDES[0]].x.scatter_forward()

    @property
    def displacement(self) -> float:
        """The displacement of the end [m]."""
        return self.interface.mesh.comm.allreduce(self.u[SIDES[0]].x.array[self.moved].max(initial=0.0), op=MAX)

    @property
    def opening(self) -> float:
        """The mean opening of the joint [m]."""
        return self.interface.sum(np.linalg.norm(self.bond.read().opening, axis=1)) / self.area

    @property
    def stress(self) -> float:
        """The mean traction of the joint [Pa]."""
        return self.interface.sum(np.linalg.norm(self.bond.read().traction, axis=1)) / self.area

    def exact_stress(self, opening: float) -> float:
        """Return the stress of the joint, loaded to its `opening` [m]."""
        if opening < self.onset:
            return STIFFNESS * opening
        return STRENGTH * max(self.end - opening, 0.0) / (self.end - self.onset)

    def exact_displacement(self, opening: float) -> float:
        """Return the displacement of the end at an `opening` [m] of the joint."""
        return opening + self.exact_stress(opening) * self.length / MODULUS

    def _residual(self, index: int) -> Any:
        return lambda: self.system.residual_array(index)

    def _dofs(self, index: int, boundary: str, components: Any) -> np.ndarray:
        return self.domain.dofs(self.u[SIDES[index]].function_space, boundary, components)
