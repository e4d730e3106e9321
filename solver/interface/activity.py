"""Which part of what touches conducts: the share a of each node's area that lithium crosses.

Conduction belongs to the complementarity of contact. With the pressure p and the gap g of a node,

    p > 0 ⇒ a = 1,        g > 0 ⇒ a = 0,        and at p = g = 0 the current decides:

it shrinks the host, which opens the node, which stops the current. What then holds is the state in between, 0 < a < 1
with p = g = 0, a sliding mode (Filippov, Differential Equations with Discontinuous Righthand Sides, Kluwer 1988). So a
is an unknown: on a sliding node its equation is g = (1 − a) g_t, on all others a = 1 or a = 0. The gap g_t at which
surfaces no longer touch is an atom's distance. For g_t → 0 only the sum of what neighbours conduct would be certain:
their shares follow from the gap through diffusion and elasticity, which smooth what differs from node to node.

Which node is in which state is found by solving for all others with these states given, and changing those that turn
out wrong. Where the current opens nodes, one that closes or is pulled open begins to slide, at a = 0, from where
Newton's method finds a from below, as the current is a concave function of it; it presses if a rises to 1 and opens if
a falls to 0. Where the current closes a node, p = g = 0 lies between two states and is none itself: a node that would
leave at once for the state it came from goes on to the other, and where all of the current does so no node slides, but
all within g_t conduct.
All wrong ones change at once as long as they become fewer, then one at a time (block principal pivoting: Júdice and
Pires, Comput. Oper. Res. 21, 587 (1994), doi:10.1016/0305-0548(94)90106-6).

What is passivated has a = 0 for good, whatever presses on it (`interstice.solver.interface.passivation`).

With an onset pressure p_1 the law is smooth, a = p/(p + p_1), of which the above is the limit p_1 → 0. With roughness
below the mesh the share is that in real contact (`interstice.solver.interface.micro_contact`): φ(p), as smooth, or
a φ(p) where what was made flat stays in contact down to p = 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import ufl
from mpi4py import MPI

from interstice import schema
from interstice.solver.algebra import Constraints
from interstice.solver.interface.passivation import passivated
from interstice.solver.model import Model
from interstice.solver.part import Caution, Change, Group, Load, Part, Term, Unknown
from interstice.solver.site import Face

Mask = npt.NDArray[np.bool_]

NEGLIGIBLE = 1e-6
"""Current over the largest of the protocol that moves no node."""
PATIENCE = 3
"""How often all nodes in a wrong state change though they have not become fewer."""


class Activity(Part):
    """The share a of one interface: `share` in UFL, exactly 0 on Γ_d.

    At the nodes `contacted` is 1 on Γ_c and 0 on Γ_d, `sliding` is 1 where the current holds a node at p = g = 0, and
    `passivated` is 1 where a node never conducts: it belongs to Γ_d, though it may touch and carry heat.
    """

    group: ClassVar[Group] = "transport"

    def __init__(self, model: Model, face: Face, law: schema.Kinetics | schema.Conduction) -> None:
        """With an onset pressure half of what touches conducts at it, with roughness below the mesh what it says.

        Without either all that touches does.
        """
        onset, micro = law.onset_pressure, face.micro
        self.face, self.interface, self.label, self._model = face, face.interface, face.label, model
        face.activity = self
        interface, state, contact = face.interface, face.state, face.contact
        self._a = state.function(interface.function(f"a at {face.name}"))
        self.contacted, self.sliding, self._given, self._held = (
            state.function(interface.function(name)) for name in ("contacted", "sliding", "given", "held")
        )
        self.passivated, self._conducts_heat = (
            interface.function("passivated"),
            state.function(interface.function("conducts heat")),
        )
        self._passivation = law.passivated
        if law.passivated:
            self.passivated.x.array[:] = passivated(interface, law.passivated, model.period)
        self._before = state.array("before", np.zeros_like(self._a.x.array), interface.space)
        self._loose = state.array("loose", np.ones_like(self._a.x.array), interface.space)
        self._origin = state.array("origin", np.zeros_like(self._a.x.array), interface.space)
        self._fewest, self._patience = state.number("fewest wrong", np.inf), state.number("patience", float(PATIENCE))
        self._gradual = contact is not None and (onset is not None or (micro is not None and not micro.keeps))
        # what attracts the sides across a gap opens and closes nodes whatever the current does
        alone = contact is not None and face.adhesion is None
        # and what crosses between like sides shrinks neither
        alone = alone and isinstance(law, schema.Kinetics)
        self._slides = alone and not self._gradual and model.case.coupling == "monolithic"
        self.share: Any = self._a("+")
        real = micro.share if micro is not None else None
        if contact is not None and onset is not None:
            half = model.domain.constant(onset)
            real = sum(contact.tangent(lambda pressure: pressure / (pressure + half)))
        if contact is not None and real is not None:
            real = self._held("+") + (1 - self._held("+")) * real
            self.share = real if self._gradual and not law.passivated else self.share * real
            if self._gradual:
                contact.ease()
        face.share = self.share
        if law.passivated and model.case.heat:
            face.share = self.share + (self._conducts_heat("+") if real is None else self._conducts_heat("+") * real)
        self._touching_gap = law.touching_gap if isinstance(law, schema.Kinetics) else 0.0
        self._load = Load()

    @property
    def detached(self) -> Mask:
        """Γ_d: where the sides do not touch, shape (local and ghost nodes,)."""
        detached: Mask = self.contacted.x.array == 0.0
        return detached

    @property
    def touching(self) -> Mask:
        """Where the sides touch, whether lithium crosses there or not, shape (local and ghost nodes,)."""
        touching: Mask = (self.contacted.x.array > 0.0) | self.face.touching | (self._fading > 0.0)
        return touching

    def carries(self, imposed: bool) -> bool:
        """Return whether a current can cross: where nodes touch; an `imposed` one not where all of them only slide.

        The shares of those would fall without end, as all of it has to cross whatever they are. Collective.
        """
        return self.interface.count(~self.detached & ((self.sliding.x.array == 0.0) | (not imposed))) > 0

    def join(self) -> None:
        """Let what touches, pressed or not, conduct."""
        if self.face.bond:
            self._held.x.array[:] = self.face.bond.held_share
            self._loose[:] = ~self.face.bond.holding
        self.follow()

    def follow(self) -> int:
        """Let what touches conduct, and nothing else; return the number of nodes at which that is new."""
        before = self.contacted.x.array.copy()
        self._give(np.maximum(self.face.touching_share, self._fading))
        return self.interface.count(before != self.contacted.x.array)

    def _give(self, share: npt.NDArray[np.float64]) -> None:
        """Let this share of each node conduct; shape (local and ghost nodes,)."""
        conducts = np.where(self._is_passivated, 0.0, share)
        self._a.x.array[:] = self._given.x.array[:] = conducts
        self._conducts_heat.x.array[self._is_passivated] = np.maximum(self.face.touching_share, self._fading)[
            self._is_passivated
        ]
        self.contacted.x.array[:] = conducts > 0.0

    @property
    def _is_passivated(self) -> Mask:
        """Where nothing ever conducts, shape (local and ghost nodes,)."""
        never: Mask = self.passivated.x.array > 0.0
        return never

    @property
    def _fading(self) -> npt.NDArray[np.float64]:
        """The share that conducts without pressure, for the gap as last read, shape (local and ghost nodes,)."""
        if not self._slides:
            return np.zeros_like(self._before)
        assert self.face.contact is not None
        near = np.clip(1.0 - self.face.contact.gap.values.x.array / self._touching_gap, 0.0, 1.0)
        # what a bond holds is as near as it lets go: at the end of a flaw, its share of the node
        return (
            near if self.face.bond is None else near * np.where(self._loose > 0.0, 1.0, self.face.bond.bonded.x.array)
        )

    def begin(self, time_step: float, load: Load) -> None:
        self._load = load
        self._fewest[...], self._patience[...], self._origin[:] = np.inf, PATIENCE, 0.0
        if self.face.bond:
            holding = self.face.bond.holding
            self._held.x.array[:] *= holding
            self._loose[:] = ~holding
        if self._slides and self.face.contact is not None:
            slid = self.sliding.x.array > 0.0
            self._give(np.where(slid, self._a.x.array, np.maximum(self.face.touching_share, self._fading)))
            self._before[:] = self._a.x.array
            if not self._current_opens:
                self.sliding.x.array[:] = 0.0
            self.face.contact.spare(self.sliding.x.array > 0.0)
        elif self.follow():
            self._model.rates.kink()

    def unknowns(self) -> Iterator[Unknown]:
        if self._slides:
            nodes = self.interface.space.dofmap.index_map.size_global
            yield Unknown(self._a, self.group, self.face.area / np.sqrt(nodes))

    def terms(self) -> Iterator[Term]:
        if self._slides:
            slides, t = self.sliding("+"), ufl.TestFunction(self._a.function_space)("+")
            reach = self._model.domain.constant(self._touching_gap)
            closed = (self.face.normal_gap - (1 - self._a("+")) * reach) / self.interface.spacing("+")
            given = self._a("+") - self._given("+")
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
        self._a.x.array[given] = self._given.x.array[given]
        return Change(0, 0.0)

    def settled(self) -> bool:
        """Compare what conducts with what touches; where they differ, change what conducts.

        Where mechanics is solved apart, and on a face with adhesion, no node slides: one that the current opens and
        that closes without it stays open for the time step. Where a bond holds when the step begins, none slides in it.
        """
        if self._gradual or self.face.contact is None:
            return True
        contact, a, given, opens = self.face.contact, self._a.x.array, self._given.x.array, self._current_opens
        slid = self.sliding.x.array > 0.0
        most = np.where(self._loose > 0.0, contact.active.x.array, self.face.touching_share)
        touching, full = most > 0.0, (given == 1.0) | ((given > 0.0) & (given == most))
        near, part = self._fading > 0.0, (given > 0.0) & ~full
        may_slide = (self._loose > 0.0) & (opens and self._slides)
        wrong = np.where(
            may_slide,
            np.where(slid, (a <= 0.0) | (a >= 1.0), np.where(full, ~touching, touching | near | part)),
            slid | np.where(full, ~touching, touching & (not opens) | part & ~near),
        )
        wrong &= ~self._is_passivated
        if not (count := self.interface.count(wrong)):
            return True
        changes = wrong & self._chosen(wrong, count)
        # one that came from an end and goes back there at once passes on to the other
        presses = changes & slid & opens & np.where(a >= 1.0, self._origin <= 0.0, self._origin < 0.0)
        slides = changes & ~slid & may_slide
        closed = presses | (touching & ~slid & ~slides)
        left = np.where(slid & (not opens), self._before, self._fading)
        share = np.where(closed, np.where(touching, most, 1.0), np.where(slides, 0.0, left))
        self._origin[:] = np.where(slides, np.where(full, 1.0, -1.0), self._origin * (wrong & ~changes))
        self.sliding.x.array[:] = np.where(changes, slides, slid)
        self._give(np.where(changes, share, a))
        self.contacted.x.array[self.sliding.x.array > 0.0] = 1.0
        contact.spare(self.sliding.x.array > 0.0)
        contact.release(presses)
        self._model.rates.kink()
        return False

    def columns(self) -> Mapping[str, float]:
        interface, columns = self.interface, {}
        if self.face.contact is not None:
            columns["touching fraction [1]"] = interface.sum(self.touching.astype(float)) / self.face.area
        if self._passivation:
            columns["passivated fraction [1]"] = interface.sum(self.passivated.x.array) / self.face.area
        return columns

    def cautions(self) -> Iterator[Caution]:
        if self._passivation and not self.interface.count(self._is_passivated):
            yield Caution(
                "no passivated node",
                f"no node of the interface{self.label} is passivated: what is to be lies between nodes; refine "
                "geometry.element_size, or enlarge the patches or the share",
            )

    @property
    def _current_opens(self) -> bool:
        """Whether the host shrinks at a node that conducts, by a current that counts."""
        transfer, model = self.face.transfer, self._model
        if transfer is None:
            return False
        shrinks = np.sign(transfer.lithium_volume)
        if self._load.voltage is None:
            leaves = model.path.get(self.face, 0.0)
            return bool(shrinks * leaves * self._load.current_density > 0.0)
        return bool(shrinks * transfer.crossing > NEGLIGIBLE * model.typical_current * np.sqrt(model.interface_nodes))

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


def parts(model: Model) -> Iterator[Part]:
    """Yield what conducts of each interface."""
    for face, block in zip(model.faces, model.blocks.values(), strict=True):
        assert block.passage is not None
        yield Activity(model, face, block.passage)
