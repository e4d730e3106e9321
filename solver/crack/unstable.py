"""Steps of a load by the damage they do, and what happens where equilibrium is lost.

A step is as long as the bond bears it: the largest share of its toughness that any node loses in a step is limited.
Where even the smallest step cannot meet that, the crack runs: an unstable event. What it does at a fixed load is found
by relaxation, with a drag on the opening of what is not broken,

    t_v = c (⟦u⟧ − ⟦u⟧_old)

from state to state, c as large as it must be to keep each of them close to the last and ever smaller as the crack comes
to rest. So the crack stops where it first can, without the momentum it would have had. The energy released is what the
bodies gave and the bond did not take, heat or sound in reality. It is the work of the drag, but for the error of the
trapezoidal rule in the energy that the bond took. By that rule the drag is a law of the energy ledger
(`interstice.solver.ledger`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import ufl

from interstice.solver.algebra import Report, SolveError
from interstice.solver.interface.cohesive import CohesiveBond
from interstice.solver.ledger import LawWork
from interstice.solver.part import Part, Term, Work
from interstice.solver.state import State

Array = npt.NDArray[np.float64]

LARGEST_GROWTH = 0.25
"""Share of its toughness that a node may lose in a step."""
LARGEST_RUN = 0.5
"""The same from state to state while the crack runs."""
FIRST_DRAG, LEAST_DRAG, MOST_DRAG = 2.0, 1e-4, 1e8
"""c over the slope σ_c²/(2G_c) of the bond: at first, where the crack is at rest, and where relaxation is given up."""
MOST_STATES = 5000


@dataclass(frozen=True)
class Event:
    """An unstable growth of damage at a fixed load.

    `released` is the energy that neither bodies nor bond took and `dissipated` that which the bond took [J], `broken`
    the area where the bond broke [m²] (2D: J/m, m), `growth` the largest share of its toughness that a node lost;
    `report` is what the relaxation took.
    """

    released: float
    dissipated: float
    broken: float
    growth: float
    report: Report

    @property
    def ran(self) -> bool:
        """Whether a crack ran: what a node may lose in any step is none."""
        return self.broken > 0.0 or self.growth > LARGEST_GROWTH

    def __str__(self) -> str:
        return (
            f"unstable: the bond broke over {self.broken:.3g} m² and took {self.dissipated:.3g} J; "
            f"{self.released:.3g} J were released"
        )


@dataclass(frozen=True)
class Owner:
    """What steps and relaxation ask of the problem they work on.

    `solve` finds equilibrium from the present one (SolveError if it cannot), `state` is the whole state, the bond's
    included, and `commit` ends an accepted step; by then the bond is committed.
    """

    solve: Callable[[], Report]
    state: State
    commit: Callable[[], None]


class Growth:
    """How much of their toughness nodes lose."""

    def __init__(self, bond: CohesiveBond) -> None:
        self.bond = bond
        limits = bond.law.limits
        self._toughness = np.minimum(limits.normal_toughness.x.array, limits.shear_toughness.x.array)

    def look(self) -> Array:
        """Return the energy lost so far at the nodes [J/m²]."""
        return np.copy(self.bond.dissipated.x.array)

    def shares(self, before: Array) -> Array:
        """Return the share of its toughness that each node lost since it had lost `before`."""
        lost, share = self.bond.dissipated.x.array - before, self.bond.bonded.x.array
        return lost / np.where(share > 0.0, share * self._toughness, 1.0)

    def since(self, before: Array) -> float:
        """Return the largest of them."""
        return self.bond.interface.max(self.shares(before))

    def commit(self) -> float:
        """Commit the bond; return the largest share of the toughness that a node lost by that."""
        before = self.look()
        self.bond.commit()
        return self.since(before)


class Relaxation(Part):
    """The drag on one bond (zero but during an event) and the events it sees."""

    account = "released"
    stored = 0.0

    def __init__(self, bond: CohesiveBond) -> None:
        bond.face.drag = self
        self.bond, self.face, self.interface = bond, bond.face, bond.interface
        jump = bond.face.jump
        self.drag = self.interface.function("drag")
        self.origin = self.interface.function("origin_of_drag", (self.interface.mesh.geometry.dim,))
        self._change = self.drag("+") * (jump - self.origin("+"))
        self._traction, self._jump = self.interface.reader(self._change), self.interface.reader(jump)
        limits = bond.law.limits
        pairs = (limits.normal_strength, limits.normal_toughness), (limits.shear_strength, limits.shear_toughness)
        self._slope = np.max([s.x.array**2 / (2 * toughness.x.array) for s, toughness in pairs], axis=0)
        self._growth = Growth(bond)

    def terms(self) -> Iterable[Term]:
        return self.face.on_jump(self.residual)

    def works(self) -> Iterator[Work]:
        yield LawWork(self, self.face.jump)

    def residual(self, jump_test: Any) -> ufl.Form:
        """Return ∫ t_v · ⟦v⟧ dS."""
        return ufl.inner(self._change, jump_test) * self.interface.dS

    @property
    def traction(self) -> Array:
        """t_v at the nodes [Pa], shape (local and ghost nodes × d,)."""
        return self._traction.read()

    def run(self, owner: Owner) -> Event:
        """Let the crack run under the present load, from the last committed state, until it is at rest.

        SolveError where no drag, however large, keeps the states together.
        """
        lost, counted, broken, before = self._lost(), self._counted(), self._broken(), self._growth.look()
        work, taken = 0.0, Report()
        size, force = FIRST_DRAG, 0.0 * self._jump.read()
        for _ in range(MOST_STATES):
            saved = owner.state.save()
            self._set(size)
            try:
                report = owner.solve()
                growth = self._growth.commit()
                if growth > LARGEST_RUN:
                    raise SolveError("the crack ran too far")
            except SolveError as error:
                owner.state.restore(saved)
                size = max(4 * size, FIRST_DRAG * LEAST_DRAG)
                if size > MOST_DRAG:
                    raise SolveError(f"an unstable event could not be followed: {error}") from error
                continue
            taken += report
            now = self.traction.copy()
            work += self._work((force + now) / 2, self._jump.read() - self.origin.x.array)
            force = now
            owner.commit()
            if size == 0.0:
                lost = self._lost() - lost
                released = work + self._counted() - counted - lost
                whole = self._growth.since(before)
                return Event(released, lost, self._broken() - broken, whole, taken)
            if growth < LARGEST_RUN / 2:
                size = size / 4 if size > LEAST_DRAG else 0.0
        raise SolveError(f"an unstable event did not end within {MOST_STATES} states")

    def _set(self, size: float) -> None:
        """Let what is not broken be dragged from where it is."""
        self.drag.x.array[:] = size * self._slope * (self.bond.damage_old.x.array < 1.0)
        self.origin.x.array[:] = self._jump.read()

    def _lost(self) -> float:
        """Return the energy that the bond has lost, by its law."""
        return self._sum(self.bond.dissipated.x.array)

    def _counted(self) -> float:
        """Return the same by the trapezoidal rule."""
        return self._sum(self.bond.trapezoidal_dissipated.x.array)

    def _broken(self) -> float:
        """Return the area of the bond that is broken."""
        return self._sum(self.bond.bonded.x.array * (self.bond.damage_old.x.array >= 1.0))

    def _sum(self, values: Any) -> float:
        return self.interface.sum(np.asarray(values, dtype=float))

    def _work(self, force: Array, change: Array) -> float:
        return self._sum(np.sum((force * change).reshape(-1, self.interface.mesh.geometry.dim), axis=1))


@dataclass(frozen=True)
class Step:
    """An accepted step: load at its end, largest growth of damage, what it took, and what ran in it."""

    load: float
    growth: float
    report: Report
    event: Event | None = None


class Steps:
    """Steps of a load (or of time) whose length follows the damage they do."""

    def __init__(
        self,
        owner: Owner,
        load: Callable[[float], None],
        relaxation: Relaxation,
        smallest: float,
        largest: float,
    ) -> None:
        """`load(x)` sets the load x; the lengths of steps are between `smallest` and `largest`, in its unit."""
        self._owner, self._load, self._relaxation = owner, load, relaxation
        self.smallest, self.largest = smallest, largest
        self._growth = Growth(relaxation.bond)

    def run(self, start: float, end: float) -> Iterator[Step]:
        """Raise the load from `start`, where the state is one of equilibrium, to `end`."""
        at, length = start, self.largest
        while at < end - 1e-9 * self.smallest:
            length = min(length, self.largest, end - at)
            saved = self._owner.state.save()
            self._load(at + length)
            event = None
            try:
                report = self._owner.solve()
                growth = self._growth.commit()
                if growth > LARGEST_GROWTH:
                    raise SolveError("damage grows too much in one step")
                self._owner.commit()
            except SolveError:
                self._owner.state.restore(saved)
                if length > self.smallest:
                    length = max(length / 4, self.smallest)
                    continue
                self._load(at + length)
                found = self._relaxation.run(self._owner)
                event, report, growth = found if found.ran else None, found.report, found.growth
            at += length
            yield Step(at, growth, report, event)
            length *= min(2.0, LARGEST_GROWTH / max(growth, LARGEST_GROWTH / 4) / 1.5)
