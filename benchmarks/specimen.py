"""The specimen of the fracture benchmarks: two elastic arms with a bond ahead of a crack, under forces in proportion.

The arms cover [0, length] (× [0, width]), the crack [0, crack]; the interface lies at height 0 and joins ("upper",
"lower"). Forces come without local disturbance: at the ends as the parabolic shear stress of beam theory, in the middle
spread over all of the height and a length of 2h.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np
import numpy.typing as npt
import ufl
from mpi4py import MPI

from interstice.benchmarks.pair import Force, Pair, tied
from interstice.benchmarks.report import Cost, peak_memory, seconds_glued
from interstice.meshes import dcb
from interstice.solver import algebra
from interstice.solver.crack.front import CrackState, Front
from interstice.solver.crack.path import Path
from interstice.solver.domain import Domain, Indices
from interstice.solver.interface.bilinear import Bilinear
from interstice.solver.interface.cohesive import CohesiveBond
from interstice.solver.interface.contact import Contact

Array = npt.NDArray[np.float64]

SIDES = ("upper", "lower")
AUGMENTATION = {False: 1e4, True: 1e2}
"""r over E*/h, without and on supports: where faces slide on each other almost without pressure, a contact much stiffer
than the bond makes nodes switch in turns."""


@dataclass(frozen=True)
class Setup:
    """What makes a specimen, in SI units.

    `strength` and `opening` are a typical traction and the least opening at which the bond is broken.
    `forces` per width, for a load of 1: upwards at the ends "upper_left" and "lower_left" and in the "middle". On
    `supports` the lower arm rests at x = 0 and both at x = length; otherwise both are held at x = length. `free_sides`:
    in 3D nothing acts on front and back, otherwise they are planes of symmetry.
    """

    arms: dcb.TwoArms
    crack: float
    modulus: float
    poisson: float
    law: Bilinear
    strength: float
    opening: float
    order: int
    forces: Mapping[str, float]
    supports: bool
    free_sides: bool = False


class Specimen:
    """The discrete problem; `path` finds its states of equilibrium, of which each call of `advance` adds one.

    `loads` [N/m of width] and the `displacements` [m] on which they work are those of all states so far, `cracks` what
    `Front` said of them.
    """

    def __init__(self, setup: Setup, comm: MPI.Comm) -> None:
        self.setup, self.comm = setup, comm
        self._width = setup.arms.width or 1.0
        self.domain = domain = Domain(dcb.build(comm, setup.arms), setup.order)
        self.interface = domain.interfaces[SIDES]
        self.factor = domain.constant(0.0)
        magnitude = setup.strength * setup.arms.element_size * self._width
        pair = (setup.modulus, setup.poisson)
        self.pair = Pair(domain, (pair, pair), magnitude, pressure=1e-3 * setup.strength)
        self.u = self.pair.u
        self.contact = Contact(self.pair.face, AUGMENTATION[setup.supports])
        self.bond = CohesiveBond(self.pair.face, setup.law)
        self.pair.parts += [self.contact, self.bond, *self._forces(self.pair)]
        self.pair.constraints = self._constrain()
        self.system = self.pair.make_system(algebra.DIRECT)
        self._displacement = domain.form(
            sum(
                force * self.u[side][domain.dimension - 1] * measure
                for side in SIDES
                for force, measure in self._unit_forces(side)
            )
        )
        places = self.interface.space.tabulate_dof_coordinates()[:, 0]
        self.bond.bond(places > setup.crack * (1 - 1e-9))
        # contact begins where it will be, for it moves by one node of a slender arm in each Newton step: not in the
        # crack, unless the upper arm rests on the end of the lower one
        rests = setup.supports and "upper_left" not in setup.forces
        touching = (self.bond.bonded.x.array > 0.0) | (rests & (places < setup.arms.thickness / 2))
        self.contact.active.x.array[:] = touching
        self._front = Front(self.interface, np.eye(domain.dimension)[0], self._width)
        self.path = Path(
            self.system,
            self._set_load,
            [self.bond],
            longest=setup.opening * setup.arms.element_size * self._width,
            state=self.pair.state,
            update=self.pair.update,
            commit=self._commit,
        )
        self.ledger = self.pair.ledger()
        self.loads, self.displacements, self.cracks = [0.0], [0.0], [self._look()]
        self.newton = self.linear = 0

    def start(self, load: float) -> None:
        """Find equilibrium under a small `load`."""
        self._count(self.path.start(load))

    def advance(self) -> None:
        """Take one step along the path."""
        self._count(self.path.advance())

    def release_rate(self) -> float:
        """Return the J-integral over the ends at x = 0 per width [J/m²]: nothing else of the outline contributes.

        That holds where no force acts but at these ends and the others are unstrained.
        """
        total = 0.0
        vertical = self.domain.dimension - 1
        for side in SIDES:
            u, ds = self.u[side], self.domain.ds(f"{side}_left")
            density = ufl.inner(self.pair.sites[0].law.stress(u), ufl.sym(ufl.grad(u))) / 2
            total += self.domain.integrate(self.domain.form(-density * ds))
            for force, measure in self._unit_forces(side):
                form = -self.factor * force * ufl.grad(u)[vertical, 0] * measure
                total += self.domain.integrate(self.domain.form(form))
        return total / self._width

    def cost(self, seconds: float) -> Cost:
        """Return what the path cost that took `seconds`, beside a glued linear solve of the same mesh."""
        memory = peak_memory(self.comm)
        return Cost(self.system.unknowns, self.newton, self.linear, memory, seconds, self._solve_tied())

    def _set_load(self, factor: float) -> None:
        self.factor.value = factor

    def _commit(self) -> None:
        self.pair.commit()
        self.ledger.book()

    def _count(self, report: algebra.Report) -> None:
        self.newton += report.newton
        self.linear += report.linear
        self.loads.append(self.path.factor)
        self.displacements.append(self.domain.integrate(self._displacement) / self._width)
        self.cracks.append(self._look())

    def _look(self) -> CrackState:
        now = self.bond.read()
        return self._front.look(self.bond.bonded.x.array, now.damage, now.traction, now.opening)

    @property
    def _bump(self) -> Any:
        """Return a function of the place that is positive within h of the middle and smooth at the ends of that."""
        arms = self.setup.arms
        away = (ufl.SpatialCoordinate(self.domain.mesh)[0] - arms.length / 2) / arms.thickness
        return ufl.conditional(ufl.lt(abs(away), 1.0), (1 - away**2) ** 2, 0.0)

    @cached_property
    def _bumps(self) -> float:
        """The integral of the bump over both arms per width, as the quadrature has it."""
        total = sum(self._bump * self.domain.dx(self.domain.sides[side]) for side in SIDES)
        return self.domain.integrate(self.domain.form(total)) / self._width

    def _unit_forces(self, side: str) -> list[tuple[Any, ufl.Measure]]:
        """Return the force densities on `side` under a load of 1 and where they act."""
        arms, dimension = self.setup.arms, self.domain.dimension
        x, h = ufl.SpatialCoordinate(self.domain.mesh), arms.thickness
        forces: list[tuple[Any, ufl.Measure]] = []
        if f"{side}_left" in self.setup.forces:
            share = abs(x[dimension - 1]) / h
            density = self.setup.forces[f"{side}_left"] * 6 * share * (1 - share) / h
            forces.append((density, self.domain.ds(f"{side}_left")))
        if "middle" in self.setup.forces:
            density = self.setup.forces["middle"] * self._bump / self._bumps
            forces.append((density, self.domain.dx(self.domain.sides[side])))
        return forces

    def _forces(self, pair: Pair) -> list[Force]:
        """Return the forces on both sides of a pair."""
        vertical = self.domain.dimension - 1

        def load(side: str, test: Any) -> ufl.Form:
            return sum(-self.factor * force * test[vertical] * measure for force, measure in self._unit_forces(side))

        return [Force(self.domain, pair.u[name], partial(load, name)) for name in SIDES if self._unit_forces(name)]

    def _constrain(self) -> algebra.Constraints:
        dimension, upper, lower = self.domain.dimension, self.u["upper"], self.u["lower"]
        sides = "free" if dimension == 2 or self.setup.free_sides else "symmetric"
        constraints = algebra.lateral(self.domain, self.u.values(), sides)
        components = [dimension - 1] if self.setup.supports else range(dimension)
        for u, name in ((upper, "upper"), (lower, "lower")):
            constraints.fixed.append((u, self.pair.dofs(name, f"{name}_right", components)))
        if self.setup.supports:
            constraints.fixed.append((lower, self.pair.dofs("lower", "lower_left", [dimension - 1])))
            constraints.fixed.append((lower, self._at_interface(self.pair.dofs("lower", "lower_right", [0]))))
            if dimension == 3 and self.setup.free_sides:
                constraints.fixed.append((lower, self.pair.dofs("lower", "lower_right", [1])))
        return constraints

    def _at_interface(self, dofs: Indices) -> Indices:
        """Return those of the lower arm's `dofs` that lie on the interface."""
        space = self.u["lower"].function_space
        heights = space.tabulate_dof_coordinates()[dofs // space.dofmap.bs, self.domain.dimension - 1]
        return dofs[np.abs(heights) < 1e-6 * self.setup.arms.thickness]

    def _solve_tied(self) -> float:
        """Return the seconds of one cold linear solve with the whole interface tied by the stiffness of the bond."""
        glued = tied(self.pair, self.domain.constant(self.setup.law.stiffnesses[0]))
        glued.parts += self._forces(glued)
        return seconds_glued(glued.make_system(algebra.DIRECT))
