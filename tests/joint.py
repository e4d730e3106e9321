"""A slender bar with a cohesive joint across its middle: whatever it does is known in closed form.

The bar stretches uniformly (ν = 0): at the stress σ its end has moved by u = σ l/E + δ with the joint open by δ. Where
the bond softens faster than E/l, u falls while δ grows: the end must go back for equilibrium.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from builders import LENGTH, SIDES, film_mesh
from mpi4py.MPI import MAX

from interstice.benchmarks.pair import Pair
from interstice.solver import algebra
from interstice.solver.crack.unstable import Owner, Relaxation
from interstice.solver.domain import Domain
from interstice.solver.interface.bilinear import Bilinear
from interstice.solver.interface.cohesive import CohesiveBond
from interstice.solver.interface.mixity import Limits

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
        self.pair = Pair(domain, 2 * ((MODULUS, 0.0),), STRENGTH * LENGTH ** (dimension - 1))
        self.interface, self.u, self.state = self.pair.interface, self.pair.u, self.pair.state
        limits = Limits(STRENGTH, STRENGTH, toughness, toughness)
        self.bond = CohesiveBond(self.pair.face, Bilinear(limits, STIFFNESS))
        self.relaxation = Relaxation(self.bond)
        self.pair.parts += [self.bond, self.relaxation]
        every = range(dimension)
        # dofs of the electrode's far face that are moved, and all that are held
        self.moved = self.pair.dofs(SIDES[0], "collector", [dimension - 1])
        self.pair.constraints = algebra.lateral(domain, self.u.values(), "symmetric")
        for name, face in zip(SIDES, ("collector", "counter"), strict=True):
            self.pair.constraints.fixed.append((self.u[name], self.pair.dofs(name, face, every)))
        self.system = self.pair.make_system(algebra.DIRECT)
        self.bond.bond(np.ones_like(self.interface.areas.x.array) > 0)
        self.area = self.interface.sum(np.ones_like(self.interface.areas.x.array))
        self.ledger = self.pair.ledger()
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
