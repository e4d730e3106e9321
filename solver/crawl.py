"""Runs that get nowhere: time steps that stay tiny, what was rejected before, which law does not get on, where."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING

from interstice.solver.interface.bond import Bond
from interstice.solver.output import LENGTHS
from interstice.solver.state import State

if TYPE_CHECKING:
    from interstice.solver.cell import Cell

SHARE = 1e-6
"""Of what a step of the protocol takes, below which a time step is tiny."""
MOST = 50
"""Tiny time steps in a row after which the run ends."""
LAWS = {
    "u": "equilibrium",
    "c": "conservation of lithium",
    "phi": "conservation of charge",
    "salt": "conservation of salt",
    "T": "conservation of heat",
    "a": "what conducts",
}
"""The law of each unknown, by how its name begins."""
NEAR = 1e-9
"""Of the largest coordinate of a place, what is rounding."""
SHOWN = 6
"""Rejected time steps that are remembered: the last, and those before it that are shown at the end."""


class Crawl:
    """Counts tiny time steps in a row, which belongs to the state, and remembers which ones were rejected."""

    def __init__(self, cell: Cell, state: State) -> None:
        self._cell, self._count = cell, state.number("tiny steps")
        self._rejected: deque[str] = deque(maxlen=SHOWN)
        self._lost, self._law = False, ""

    def reject(self, time: float, length: float, law: str, place: str, lost: bool) -> None:
        """Take note of a time step [s] from a `time` [s] on that the `law` rejects, most so at a `place`."""
        self._law, self._lost = f"{law}{place}", lost
        self._rejected.append(f"at {time:.6g} s one of {length:.3g} s ({law})")

    def advance(self, length: float, whole: float, hindered: bool) -> bool:
        """Take note of a time step of a `length`, in a step of the protocol that takes the `whole` [s].

        Return whether there were too many tiny ones. One that nothing `hindered` is as long as it was to be.
        """
        if not hindered or length >= SHARE * whole:
            self._count[...] = 0.0
            self._rejected.clear()
            self._lost, self._law = False, ""
            return False
        self._count += 1.0
        return bool(self._count >= MOST)

    def words(self, step: str, length: float, time: float) -> str:
        """Return what is said of a run that ends for it."""
        law = self._law or "every time step takes many Newton steps"
        return (
            f"{MOST} time steps in a row were shorter than {SHARE:g} of the {step} (the last {length:.3g} s, at "
            f"{time:.6g} s): {law}; {self.advice}{self.before}"
        )

    @property
    def before(self) -> str:
        """What was rejected before the last time step that was."""
        before = list(self._rejected)[:-1]
        return f"; rejected before: {', '.join(before)}" if before else ""

    @property
    def advice(self) -> str:
        """What may help."""
        bonded = bool(self._cell.every(Bond))
        if self._lost and bonded:
            return "try a relaxation_time of the bond, or a smaller geometry.element_size along it"
        if self._law.startswith("the error in time"):
            return "try a larger time.tolerance, or a smaller geometry.element_size"
        bond = ", a relaxation_time of the bond" if bonded else ""
        return f"try a smaller geometry.element_size or interface.contact.augmentation, less load at once{bond}"

    def place(self, where: Sequence[float], unknown: str) -> str:
        """Return in words where a time step was rejected [m], and whose equation it is that does not hold."""
        if not len(where):
            return ""
        unit = self._cell.case.output.length_unit
        axes = "xyz"[: len(where)]
        # nodes on an axis lie there but for rounding
        near = NEAR * max(map(abs, where))
        lengths = (LENGTHS[unit] * (place if abs(place) > near else 0.0) for place in where)
        places = (f"{axis} = {length:.4g} {unit}" for axis, length in zip(axes, lengths, strict=True))
        law = f" {LAWS.get(unknown.partition(' ')[0], 'the equation')} ({unknown})" if unknown else ""
        return f", worst{law} at {', '.join(places)}"
