"""Hosts that fill or empty at the surface through which an imposed current passes.

A surface under a constant current has lost all of its free sites, or all of its lithium, at a moment t* (H. J. S. Sand,
Phil. Mag. 1, 45 (1901)), beyond which no state carries that current. The room left,

    r = ∫ (1 − θ) dA / ∫ dA  where lithium enters,   r = ∫ θ dA / ∫ dA  where it leaves,   over Γ_c,

falls in proportion to t* − t and, as the current is proportional to it, the voltage with its logarithm, without end.
Time steps are therefore shares of the time left: so a cut-off is met wherever it is, and without one t* is.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from interstice.solver.bodies.terminals import NoCurrentError
from interstice.solver.model import Model
from interstice.solver.part import Change, Group, Limit, Part
from interstice.solver.site import Face

NONE_LEFT = 1e-11
"""Room at which a host counts as full or empty: less is lost in the rounding of θ near 1."""
SHARE = 0.9
"""Share of the time left that the next time step may take."""


class ExhaustedError(NoCurrentError):
    """The host has no sites, or no lithium, left at its interfaces."""


class Exhaustion(Part):
    """The room left at one interface of a host; `leaves` is 1 where lithium leaves it there on charge, else −1."""

    group: ClassVar[Group] = "transport"

    def __init__(self, model: Model, face: Face, leaves: float) -> None:
        assert face.transfer is not None and face.transfer.electrode.host is not None
        self._model, self._face, self._transfer, self._leaves = model, face, face.transfer, leaves
        host = face.transfer.electrode.host
        self.label = host.label
        self._theta = face.interface.reader(face.seen_from(host.site, host.theta(host.c)))
        state = face.state.scope("exhaustion")
        self._room, self._rate = state.number("room", np.nan), state.number("rate")
        self._filled = state.number("filled")

    def begin_protocol_step(self) -> None:
        self._room[...], self._rate[...] = np.nan, 0.0

    def update(self) -> Change:
        if self._measure() < 0.1 * NONE_LEFT:
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
        return f"the host is {'full' if self._fills else 'empty'} at the interface{self.label}"

    @property
    def time_left(self) -> float:
        """The time [s] in which the room ends at its present rate; infinity where it does not fall."""
        return float(self._room / self._rate) if self._rate else np.inf

    @property
    def complete(self) -> bool:
        """Whether the host was full or empty at the end of the last time step."""
        return bool(self._room < NONE_LEFT)

    @property
    def _fills(self) -> bool:
        return self._model.terminals.current_density * self._leaves < 0.0

    def _measure(self) -> float:
        """Return r; infinity where no current is imposed. Collective."""
        if not self._model.terminals.imposes_current:
            return np.inf
        theta, area = self._theta.read(), self._transfer.active_area
        room = self._face.interface.sum(self._transfer.read_share() * (1.0 - theta if self._fills else theta))
        return room / area if area else np.inf


def parts(model: Model) -> Iterator[Part]:
    """Yield the room left at each interface of a host that the current of the cell passes."""
    for face, leaves in model.path.items():
        if face.transfer and face.transfer.electrode.host:
            yield Exhaustion(model, face, leaves)
