"""Electrodes that fill or empty at the surface through which an imposed current passes.

A surface under a constant current has lost all of its free sites, or all of its lithium, at a moment t* (H. J. S. Sand,
Phil. Mag. 1, 45 (1901)), beyond which no state carries that current. The room left,

    r = ∫ (1 − θ) dA / ∫ dA  where lithium enters,   r = ∫ θ dA / ∫ dA  where it leaves,   over Γ_c,

falls in proportion to t* − t and, as the current is proportional to it, the voltage with its logarithm, without end.
Time steps are therefore shares of the time left: so a cut-off is met wherever it is, and without one t* is.

Of a film of lithium on a collector the room is its thickness, over that below which it is islands.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Protocol

import numpy as np
import numpy.typing as npt

from interstice.solver.bodies.host import Host
from interstice.solver.bodies.metal import BARE
from interstice.solver.bodies.terminals import NoCurrentError
from interstice.solver.interface.plating import ISLANDS, Plating
from interstice.solver.model import Model
from interstice.solver.part import Change, Group, Limit, Part
from interstice.solver.site import Face

Array = npt.NDArray[np.float64]

NONE_LEFT = 1e-11
"""Room at which a host counts as full or empty: less is lost in the rounding of θ near 1."""
SHARE = 0.9
"""Share of the time left that the next time step may take."""


class ExhaustedError(NoCurrentError):
    """An electrode has no sites, or no lithium, left at its interfaces."""


class Held(Protocol):
    """The lithium of an electrode at an interface; it is complete where the room is less than `none_left`."""

    none_left: float

    def words(self, fills: bool) -> str:
        """Return what is said of an electrode that is complete."""

    def room(self, fills: bool) -> Array:
        """Return the room at the nodes, shape (local and ghost nodes,). Collective."""


class Exhaustion(Part):
    """The room left at one interface; `leaves` is 1 where lithium leaves what is `held` there on charge, else −1."""

    group: ClassVar[Group] = "transport"

    def __init__(self, model: Model, face: Face, leaves: float, held: Held) -> None:
        assert face.transfer is not None
        self._model, self._face, self._transfer, self._leaves, self._held = model, face, face.transfer, leaves, held
        self.label = face.transfer.electrode.label
        state = face.state.scope("exhaustion")
        self._room, self._rate = state.number("room", np.nan), state.number("rate")
        self._filled = state.number("filled")

    def begin_protocol_step(self) -> None:
        self._room[...], self._rate[...] = np.nan, 0.0

    def update(self) -> Change:
        if self._measure() < 0.1 * self._held.none_left:
            raise ExhaustedError(self.words)
        return Change(0, 0.0)

    def commit(self) -> None:
        room = self._measure()
        fall = (float(self._room) - room) / float(self._model.rates.time_step.value)
        # a current that turns has other room before it
        same = self._filled == self._fills
        self._room[...], self._rate[...] = room, fall if same and 0.0 < fall < np.inf else 0.0
        self._filled[...] = self._fills

    def limit(self) -> Limit:
        return Limit(0.0, SHARE * self.time_left / float(self._model.rates.time_step.value), self.words)

    @property
    def words(self) -> str:
        """What is said of it."""
        return f"{self._held.words(self._fills)}{self.label}"

    @property
    def time_left(self) -> float:
        """The time [s] in which the room ends at its present rate; infinity where it does not fall."""
        return float(self._room / self._rate) if self._rate else np.inf

    @property
    def complete(self) -> bool:
        """Whether no room was left at the end of the last time step."""
        return bool(self._room < self._held.none_left)

    @property
    def _fills(self) -> bool:
        return self._model.terminals.current_density * self._leaves < 0.0

    def _measure(self) -> float:
        """Return r; infinity where no current is imposed. Collective."""
        if not self._model.terminals.imposes_current:
            return np.inf
        # on the way to a solution a share may be negative, of room and area alike
        share, area = self._transfer.read_share(), self._transfer.active_area
        there = self._held.room(self._fills)
        room = self._face.interface.sum(np.multiply(share, there, out=np.zeros_like(share), where=share != 0.0))
        return room / area if area else np.inf


class HeldByHost:
    """The sites, or the lithium, left at the surface of a host."""

    none_left = NONE_LEFT

    def __init__(self, face: Face, host: Host) -> None:
        self._theta = face.interface.reader(face.seen_from(host.site, host.theta(host.c)))

    def words(self, fills: bool) -> str:
        """Return what is said of a host, as `Held` has it."""
        return f"the host is {'full' if fills else 'empty'} at the interface"

    def room(self, fills: bool) -> Array:
        """Return the room at the nodes, as `Held` has it."""
        theta = self._theta.read()
        return 1.0 - theta if fills else theta


class HeldAsFilm:
    """The film left on a collector, over the thickness below which it is islands; there is always room for more."""

    none_left = BARE

    def __init__(self, plating: Plating) -> None:
        self._plating = plating

    def words(self, fills: bool) -> str:
        """Return what is said of a collector, as `Held` has it."""
        return "no lithium is left on the collector"

    def room(self, fills: bool) -> Array:
        """Return the room at the nodes, as `Held` has it."""
        film = -self._plating.recession.x.array / ISLANDS
        return np.full_like(film, np.inf) if fills else film


def parts(model: Model) -> Iterator[Part]:
    """Yield the room left at each interface that the current of the cell passes, if it can end."""
    for face, leaves in model.path.items():
        electrode = face.transfer.electrode if face.transfer else None
        if electrode and electrode.host:
            yield Exhaustion(model, face, leaves, HeldByHost(face, electrode.host))
        elif face.plating and electrode and electrode.metal and electrode.metal.is_film:
            yield Exhaustion(model, face, leaves, HeldAsFilm(face.plating))
