"""All that acts between two sides across their interface: contact, and what else the case asks for.

A bond, friction of what is pressed together, adhesion. A bond brings the drag that lets an unstable crack run
(`interstice.solver.unstable`); it is zero at all other times.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import ufl
from dolfinx import fem

from interstice.schema import Cohesive, Weibull
from interstice.schema import Interface as Wanted
from interstice.solver.domain import Interface
from interstice.solver.interface import cohesive, random_field
from interstice.solver.interface.adhesion import Adhesion
from interstice.solver.interface.bilinear import Bilinear
from interstice.solver.interface.contact import Change, Contact
from interstice.solver.interface.exponential import Exponential
from interstice.solver.interface.fatigue import Fatigue
from interstice.solver.interface.friction import Friction, update_both
from interstice.solver.interface.mixity import BenzeggaghKenane, Limits, PowerLaw
from interstice.solver.interface.trapezoidal import Trapezoidal
from interstice.solver.ledger import BondWork, ContactWork, Law
from interstice.solver.state import State
from interstice.solver.unstable import Growth, Relaxation

LYING = 1e-9
"""Gap over the spacing of nodes up to which sides lie on each other."""

NEAR = 1e-6
"""Distance over the spacing of nodes within which a node lies at the end of a flaw, and so in it."""

Mask = npt.NDArray[np.bool_]


class Interaction:
    """The laws of one interface; `jump` is ⟦u⟧ in UFL, `initial_gap` a nodal function [m].

    `wanted` is the block of the case; `stiffness` E* [Pa] of both sides, `pressure` [Pa] a typical one, `time_step` the
    owner's [s], and random fields repeat with `period` [m] along the first axes.
    """

    def __init__(
        self,
        interface: Interface,
        jump: Any,
        initial_gap: fem.Function,
        wanted: Wanted,
        stiffness: float,
        pressure: float,
        time_step: fem.Constant,
        period: Sequence[float] = (),
        state: State | None = None,
    ) -> None:
        state = state or State()
        self.interface, self.stiffness = interface, stiffness
        method = wanted.contact
        assert method.augmentation is not None
        self.contact = Contact(
            interface,
            jump,
            initial_gap,
            stiffness,
            method.augmentation,
            update=method.method == "augmented_lagrangian",
            pressure=pressure,
            state=state.scope("contact"),
        )
        self.bond: cohesive.CohesiveBond | None = None
        self._growth = state.number("growth")
        self.relaxation: Relaxation | None = None
        self.friction: Friction | None = None
        self.adhesion: Adhesion | None = None
        self._flaw = wanted.cohesive.unbonded if wanted.cohesive else None
        if wanted.cohesive:
            fatigue = wanted.cohesive.fatigue
            self.bond = cohesive.CohesiveBond(
                interface,
                bond_law(wanted.cohesive, period),
                jump,
                Fatigue(fatigue.accumulation, fatigue.endurance) if fatigue else None,
                wanted.cohesive.relaxation_time or 0.0,
                time_step,
                state.scope("bond"),
            )
            self.relaxation = Relaxation(self.bond, jump)
            self._commit_bond = Growth(self.bond).commit
        if wanted.friction:
            coefficient: Any = fem.Constant(interface.dS.ufl_domain(), np.float64(wanted.friction.coefficient))
            if self.bond:
                coefficient *= self.bond.damage_old("+")
            self.friction = Friction(self.contact, jump, coefficient, state.scope("friction"))
        if wanted.adhesion:
            self.adhesion = Adhesion(interface, jump, initial_gap, wanted.adhesion.work, wanted.adhesion.range)

    def residual(self, jump_test: Any) -> ufl.Form:
        """Return the virtual work ∫ t · ⟦v⟧ dS of all laws."""
        residual = self.contact.residual(jump_test)
        for law in (self.bond, self.relaxation, self.friction, self.adhesion):
            if law:
                residual += law.residual(jump_test)
        return residual

    def update(self) -> Change:
        """Refresh what the laws hold frozen during a Newton step; return how much changed."""
        return update_both(self.contact, self.friction)

    def join(self) -> None:
        """Bond what touches, pressed or not, but for the flaw, and begin the history of friction here."""
        touching = (self.contact.active.x.array > 0.0) | self.lying
        if self._flaw:
            x, near = self.interface.space.tabulate_dof_coordinates()[:, 0], NEAR * self.interface.spacing.x.array
            touching = touching & ((x < self._flaw.start - near) | (x > self._flaw.end + near))
        if self.bond:
            self.bond.bond(touching)
        if self.friction:
            self.friction.commit()

    @property
    def lying(self) -> Mask:
        """Where the sides lie on each other, pressed or not, shape (local and ghost nodes,)."""
        lying: Mask = self.contact.gap.read() <= LYING * self.interface.spacing.x.array
        return lying

    def commit(self) -> float:
        """Take the present state as history; return the largest share of its toughness that the bond lost anywhere."""
        self._growth[...] = self._commit_bond() if self.bond else 0.0
        if self.friction:
            self.friction.commit()
        return self.growth

    @property
    def touching(self) -> Mask:
        """Where the sides press on each other or a bond holds them together, shape (local and ghost nodes,).

        A bond does while it is not broken and not open further than at its strength.
        """
        touching: Mask = self.contact.active.x.array > 0.0
        return touching | self.bond.holding if self.bond else touching

    @property
    def growth(self) -> float:
        """The largest share of its toughness that the bond lost anywhere in the last step."""
        return float(self._growth)

    @property
    def laws(self) -> list[Law]:
        """The laws as the energy ledger sees them."""
        laws: list[Law] = [ContactWork(self.contact)]
        laws += [BondWork(self.bond)] if self.bond else []
        return laws + [law for law in (self.relaxation, self.friction, self.adhesion) if law]

    @property
    def symmetric(self) -> bool:
        """Whether the tangent is symmetric and positive definite: that of contact alone is."""
        return not (self.bond or self.friction or self.adhesion)


def bond_law(bond: Cohesive, period: Sequence[float] = ()) -> cohesive.Law:
    """Return the law that the case asks for; its random fields repeat with `period` [m]."""
    strength: Callable[[float], Any] = _uniform
    toughness: Callable[[float], Any] = _uniform
    if bond.variation:
        strength = _uniform if bond.variation.of == "toughness" else _varied(bond, period)
        toughness = _uniform if bond.variation.of == "strength" else _varied(bond, period)
    mixity = PowerLaw if bond.mixity == "power_law" else BenzeggaghKenane
    limits = Limits(
        strength(bond.normal_strength),
        strength(bond.shear_strength),
        toughness(bond.normal_toughness),
        toughness(bond.shear_toughness),
        mixity(bond.mixity_exponent),
    )
    if bond.law == "exponential":
        return Exponential(limits)
    if bond.law == "bilinear":
        return Bilinear(limits, bond.stiffness)
    return Trapezoidal(limits, bond.stiffness, plateau=bond.plateau)


def _uniform(value: float) -> float:
    return value


def _varied(bond: Cohesive, period: Sequence[float]) -> Callable[[float], random_field.Field]:
    """Return how a mean value becomes a random field; all of one bond vary together."""
    wanted = bond.variation
    assert wanted is not None
    if isinstance(wanted, Weibull):
        field = random_field.weibull(wanted.modulus, wanted.correlation_length, wanted.seed, period)
    else:
        field = random_field.log_normal(wanted.variation, wanted.correlation_length, wanted.seed, period)
    return lambda mean: lambda *x: mean * field(*x)
