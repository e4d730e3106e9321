"""Coulomb friction: |t_t| ≤ μ p_n, and where |t_t| = μ p_n the sides slip along t_t.

With s = ⟦u⟧_t − ⟦u⟧_t,old, the slip since the last committed state, and the trial traction τ = λ_t + r s, every node in
contact is in one of two states, held fixed during a Newton step:

    stick:  t_t = τ,          slip:  t_t = μ p_n τ/|τ|,          after each step   λ_t ← t_t of the new state.

The multiplier λ_t and the states are updated inside the Newton loop, as those of contact are. On sticking nodes each
step divides the slip by about r h/E, so that the fixed point is s = 0 on them and s ∥ λ_t, |λ_t| = μ p_n on the others
(Alart and Curnier 1991; Hüeber, Stadler and Wohlmuth 2008). A node that sticks slips when |τ| > μ p_n; one that slips
sticks when it would slip against the traction on it. p_n is here the pressure that the Newton step found: contact may
begin its multiplier anew, and would leave nothing to hold what sticks.

A node that closes has friction in the same step, on the slip since the step began, as others do. Where the pull grows
by more than μ times what the pressure does, the tractions are those of pressing first, and the same in any number of
steps (R. D. Mindlin, H. Deresiewicz, J. Appl. Mech. 20, 327, 1953). Where in the step a node closed is not known, and
how it moved before counts as slip: in a press alone, unlike sides shear each other too much, and lose too much, by what
falls with the step.

The tangent is not symmetric, for t_t follows p_n where the sides slip.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

import numpy as np
import ufl

from interstice.solver.ledger import LawWork
from interstice.solver.model import Model
from interstice.solver.part import Change, Part, Term, Work
from interstice.solver.site import Face

LEAST = 1e-8
"""How far, over the largest μ p_n, a node has to be beyond its state to leave it: rounding must not make it switch."""


class Friction(Part):
    """Friction of what contact presses together, which is updated before; `coefficient` is μ in UFL, restricted."""

    symmetric: ClassVar[bool] = False
    runs_with_crack: ClassVar[bool] = True
    account = "friction"
    """Of the energy ledger: all work is lost."""
    stored = 0.0

    def __init__(self, face: Face, coefficient: Any) -> None:
        assert face.contact is not None
        face.friction = self
        self.face, self.label, jump = face, face.label, face.jump
        self.contact, self.interface = face.contact, face.interface
        interface, contact = self.interface, self.contact
        self._dimension = interface.mesh.geometry.dim
        shape = (self._dimension,)
        self.state = face.state.scope("friction")
        self.multiplier, self.origin = (
            self.state.function(interface.function(name, shape)) for name in ("friction_multiplier", "committed_jump")
        )
        self.sticking, self.slipping, self.distance, self.dissipated = (
            self.state.function(interface.function(name))
            for name in ("sticking", "slipping", "slipped_distance", "frictional_energy")
        )

        normal = interface.normal("+")
        step = jump - self.origin("+")
        slip = step - ufl.inner(step, normal) * normal
        self._jump, self.slip, self._coefficient = map(interface.reader, (jump, slip, coefficient))
        trial = self.multiplier("+") + contact.augmentation("+") * slip
        slipping = self.slipping("+")
        # the trial traction of a slipping node is never zero
        size = ufl.sqrt(ufl.conditional(ufl.gt(slipping, 0.5), ufl.inner(trial, trial), 1.0))
        self._traction = (self.sticking("+") + slipping * coefficient * contact.law / size) * trial

    def terms(self) -> Iterable[Term]:
        return self.face.on_jump(self.residual)

    def residual(self, jump_test: Any) -> ufl.Form:
        """Return ∫ t_t · ⟦v⟧ dS."""
        return ufl.inner(self._traction, jump_test) * self.interface.dS

    @property
    def traction(self) -> np.ndarray:
        """The traction t_t [Pa] at the nodes, shape (local and ghost nodes × d,)."""
        return self.multiplier.x.array

    def update(self) -> Change:
        """Update multiplier and states from the present displacements, after those of contact."""
        multiplier, slip = self._vectors(self.multiplier.x.array), self._vectors(self.slip.read())
        trial = multiplier + self.contact.augmentation.x.array[:, None] * slip
        size, bound, was_slipping = np.linalg.norm(trial, axis=1), self._bound(), self.slipping.x.array > 0.0
        largest = self.interface.max(bound)
        backwards = was_slipping & (np.sum(multiplier * (trial - multiplier), axis=1) < -LEAST * largest * bound)
        slips = (bound > 0.0) & np.where(was_slipping, ~backwards, size > bound + LEAST * largest)
        sticks = (bound > 0.0) & ~slips
        flipped = self.interface.count((sticks != self.sticking.x.array) | (slips != self.slipping.x.array))
        self.sticking.x.array[:], self.slipping.x.array[:] = sticks, slips

        new = np.where(sticks[:, None], np.where(backwards[:, None], multiplier, trial), 0.0)
        new[slips] = trial[slips] * (bound[slips] / size[slips])[:, None]
        step = self.interface.max(np.linalg.norm(new - multiplier, axis=1))
        multiplier[:] = new
        return Change(flipped, step / largest if largest > 0.0 else 0.0)

    def commit(self) -> None:
        """Take the present jump as the one from which slip counts, and add up what slip dissipated, t_t · s ≥ 0."""
        slip = self._vectors(self.slip.read())
        work = np.sum(self._vectors(self.multiplier.x.array) * slip, axis=1)
        self.distance.x.array[:] += self.slipping.x.array * np.linalg.norm(slip, axis=1)
        self.dissipated.x.array[:] += self.slipping.x.array * work
        self.origin.x.array[:] = self._jump.read()
        self.sticking.x.array[:] = (self._bound() > 0.0) & (self.slipping.x.array < 1.0)

    def join(self) -> None:
        self.commit()

    def _bound(self) -> np.ndarray:
        """Return μ p_n [Pa] of the nodes that touch, zero elsewhere."""
        return self._coefficient.read() * self.contact.reached

    def _vectors(self, values: np.ndarray) -> np.ndarray:
        return values.reshape(-1, self._dimension)

    def works(self) -> Iterator[Work]:
        yield LawWork(self, self.face.jump)


def parts(model: Model) -> Iterator[Part]:
    """Yield the friction of each interface that has some; where there was a bond it grows with the damage."""
    for face, block in zip(model.faces, model.blocks.values(), strict=True):
        if block.friction:
            coefficient: Any = model.domain.constant(block.friction.coefficient)
            if face.bond:
                coefficient *= face.bond.damage_old("+")
            yield Friction(face, coefficient)
