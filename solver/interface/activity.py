"""Which part of what touches conducts: the share a of each node's area that lithium crosses.

Conduction belongs to the complementarity of contact. With the pressure p and the gap g of a node,

    p > 0 ⇒ a = 1,        g > 0 ⇒ a = 0,        and at p = g = 0 the current decides:

it shrinks the host, which opens the node, which stops the current. What then holds is the state in between, 0 < a < 1
with p = g = 0, a sliding mode (Filippov, Differential Equations with Discontinuous Righthand Sides, Kluwer 1988). So a
is an unknown: on a sliding node its equation is g = 0, on all others a = 1 or a = 0.

Which node is in which state is found by solving for all others with these states given, and changing those that turn
out wrong. Where the current opens nodes, one that closes or is pulled open begins to slide, at a = 0, from where
Newton's method finds a from below, as the current is a concave function of it; it presses if a rises to 1 and opens if
a falls to 0. Where the current closes a node, p = g = 0 lies between two states and is none itself: a node that would
leave at once for the state it came from goes on to the other, and no node begins to slide. At rest currents flow in
circles, which open some nodes and close others.
All wrong ones change at once as long as they become fewer, then one at a time (block principal pivoting: Júdice and
Pires, Comput. Oper. Res. 21, 587 (1994), doi:10.1016/0305-0548(94)90106-6).

With an onset pressure p_1 the law is smooth, a = p/(p + p_1), of which the above is the limit p_1 → 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import ufl
from mpi4py import MPI

from interstice.solver.algebra import Constraints
from interstice.solver.model import Model
from interstice.solver.part import Change, Group, Load, Part, Term, Unknown
from interstice.solver.site import Face

Mask = npt.NDArray[np.bool_]

NEGLIGIBLE = 1e-6
"""Current over the largest of the protocol that moves no node."""
PATIENCE = 3
"""How often all nodes in a wrong state change though they have not become fewer."""


class Activity(Part):
    """The share a of one interface: `share` in UFL, exactly 0 on Γ_d.

    At the nodes `contacted` is 1 on Γ_c and 0 on Γ_d, and `sliding` is 1 where the current holds a node at p = g = 0.
    """

    group: ClassVar[Group] = "transport"

    def __init__(self, model: Model, face: Face, onset: float | None) -> None:
        """With an `onset` pressure [Pa] half of what touches conducts at it, without one all that touches does."""
        self.face, self.interface, self.label, self._model = face, face.interface, face.label, model
        face.activity = self
        interface, state, contact = face.interface, face.state, face.contact
        self._a = state.function(interface.function(f"a at {face.name}"))
        self.contacted, self.sliding, self._held = (
            state.function(interface.function(name)) for name in ("contacted", "sliding", "held")
        )
        self._origin = state.array("origin", np.zeros_like(self._a.x.array))
        self._fewest, self._patience = state.number("fewest wrong", np.inf), state.number("patience", float(PATIENCE))
        self._gradual = contact is not None and onset is not None
        # what pulls at a face opens it whatever the current does
        alone = contact is not None and face.bond is None and face.adhesion is None
        self._slides = alone and onset is None and model.case.coupling == "monolithic"
        self.share: Any = self._a("+")
        if contact is not None and onset is not None:
            pressure = ufl.max_value(contact.law, 0.0)
            gradual = pressure / (pressure + model.domain.constant(onset))
            self.share = self._held("+") + (1 - self._held("+")) * gradual
            contact.ease()
        face.share = self.share

    @property
    def detached(self) -> Mask:
        """Γ_d: where the sides do not touch, shape (local and ghost nodes,)."""
        detached: Mask = self.contacted.x.array == 0.0
        return detached

    def carries(self, imposed: bool) -> bool:
        """Return whether a current can cross: where nodes touch; an `imposed` one not where all of them only slide.

        The shares of those would fall without end, as all of it has to cross whatever they are. Collective.
        """
        return self.interface.count(~self.detached & ((self.sliding.x.array == 0.0) | (not imposed))) > 0

    def join(self) -> None:
        """Let what touches, pressed or not, conduct."""
        if self.face.bond:
            self._held.x.array[:] = self.face.bond.holding
        self.follow()

    def follow(self) -> int:
        """Let what touches conduct, and nothing else; return the number of nodes at which that is new."""
        return self._conduct(self.face.touching)

    def begin(self, time_step: float, load: Load) -> None:
        self._fewest[...], self._patience[...], self._origin[:] = np.inf, PATIENCE, 0.0
        if self.face.bond:
            self._held.x.array[:] *= self.face.bond.holding
        if not self._slides and self.follow():
            self._model.rates.kink()

    def unknowns(self) -> Iterator[Unknown]:
        if self._slides:
            nodes = self.interface.space.dofmap.index_map.size_global
            yield Unknown(self._a, self.group, self.face.area / np.sqrt(nodes))

    def terms(self) -> Iterator[Term]:
        if self._slides:
            slides, t = self.sliding("+"), ufl.TestFunction(self._a.function_space)("+")
            closed = self.face.normal_gap / self.interface.spacing("+")
            given = self._a("+") - self.contacted("+")
            yield Term(self._a, (slides * closed + (1 - slides) * given) * t * self.interface.dS)

    def constrain(self, constraints: Constraints) -> None:
        if self._slides and self._model.case.geometry.lateral == "periodic":
            for axis in range(self._model.domain.dimension - 1):
                near, far = self.interface.ends(axis)
                constraints.periodic.append((self._a, far, near, axis))

    def update(self) -> Change:
        if self._gradual:
            self.follow()
        given = self.sliding.x.array == 0.0
        # exactly, whatever the linear solver leaves
        self._a.x.array[given] = self.contacted.x.array[given]
        return Change(0, 0.0)

    def settled(self) -> bool:
        """Compare what conducts with what touches; where they differ, change what conducts.

        Where mechanics is solved apart, and on a face with bond or adhesion, no node slides: one that the current opens
        and that closes without it stays open for the time step.
        """
        if self._gradual or self.face.contact is None:
            return True
        contact, a, opens = self.face.contact, self._a.x.array, self._current_opens
        touching, slid, open_ = self.face.touching, self.sliding.x.array > 0.0, self.detached
        wrong = np.where(slid, (a <= 0.0) | (a >= 1.0) | ~opens, open_ == touching)
        if not self._slides:
            wrong &= ~(open_ & opens)
        if not (count := self.interface.count(wrong)):
            return True
        changes = wrong & self._chosen(wrong, count)
        full = a >= 1.0
        # one that came from an end and goes back there at once passes on to the other
        pressed = changes & slid & (np.where(full, self._origin <= 0.0, self._origin < 0.0) | ~opens)
        slides = changes & ~slid & opens & self._slides
        conducts = pressed | (touching & ~slid & ~slides)
        self._origin[:] = np.where(slides, np.where(open_, -1.0, 1.0), self._origin * (wrong & ~changes))
        self.sliding.x.array[:] = np.where(changes, slides, slid)
        self.contacted.x.array[:] = np.where(changes, slides | conducts, ~open_)
        a[:] = np.where(changes, conducts, a)
        contact.spare(self.sliding.x.array > 0.0)
        contact.release(pressed)
        self._model.rates.kink()
        return False

    @property
    def _current_opens(self) -> Mask:
        """Where the host shrinks, or would if the node conducted, by a current that counts."""
        transfer = self.face.transfer
        assert transfer is not None and transfer.electrode.host is not None
        host = transfer.electrode.host
        volume = host.material.partial_molar_volume
        size = volume(host.mean_stoichiometry) if callable(volume) else volume
        counts = NEGLIGIBLE * self._model.typical_current * np.sqrt(self._model.interface_nodes) / self.face.area
        opens: Mask = transfer.read_drive() * np.sign(size) > counts
        # at rest a current needs a way back
        if self._model.terminals.rests and not self.interface.count(self.face.touching):
            opens[:] = False
        return opens

    def _chosen(self, wrong: Mask, count: int) -> Mask:
        """Return which of the nodes in a wrong state are to change, of which there are so many."""
        if count < self._fewest:
            self._fewest[...], self._patience[...] = count, PATIENCE
            return wrong
        self._patience -= 1.0
        if self._patience >= 0.0:
            return wrong
        numbers = self.interface.space.dofmap.index_map.local_to_global(np.arange(len(wrong), dtype=np.int32))
        highest = self.interface.mesh.comm.allreduce(int(numbers[wrong].max(initial=-1)), op=MPI.MAX)
        one: Mask = numbers == highest
        return one

    def _conduct(self, where: Mask) -> int:
        """Let current cross there and nowhere else; return the number of nodes at which it begins or ends."""
        before = self.contacted.x.array.copy()
        self._a.x.array[:] = self.contacted.x.array[:] = where
        return self.interface.count(before != self.contacted.x.array)
