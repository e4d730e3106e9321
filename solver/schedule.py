"""How much of a protocol is done: counted in time steps, of which a step of it takes about d/Δt + log₂(1 + d/Δt₀)

in a duration d, as long ones are Δt and those before grow from Δt₀ by doubling. Only where a step ends by its time is d
known; where a voltage or a contact ends it, d is the time in which its current fills the whole cell.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from interstice.schema import (
    Follow,
    Galvanostatic,
    Hold,
    Press,
    Repeat,
    Scale,
    Step,
    Sweep,
    TimeStepping,
    Titration,
    unrolled,
)
from interstice.solver import profile
from interstice.solver.cell import Cell

HOUR = 3600.0
"""Also what a step at constant voltage is taken to last that has no time of its own [s]."""

SWEPT = 1.0
"""What a sweep is taken to go through [V]."""


class Schedule:
    """The steps of a protocol in their order, on a cell of some `scale`; of a titration all pulses that it may have."""

    def __init__(self, protocol: Sequence[Step | Titration | Repeat], control: TimeStepping, scale: Scale) -> None:
        self._control, self._scale = control, scale
        self.steps = [task.step for task in unrolled(protocol)]
        self._lengths = [self._length(step) for step in self.steps]
        self._starts = np.cumsum([0.0, *(self._work(number, np.inf) for number in range(1, len(self.steps) + 1))])

    def share(self, number: int, passed: float) -> float:
        """Return the share of all that is done when a time [s] has `passed` in step `number`, which counts from 1.

        It never falls: a step that ended before its time is done as a whole.
        """
        begun = self._starts[number - 1] + self._work(number, passed)
        return float(begun / self._starts[-1])

    def _work(self, number: int, passed: float) -> float:
        """Return the number of time steps that step `number` of the protocol takes in a time [s], its own at most."""
        duration, longest = self._lengths[number - 1]
        duration = min(duration, passed)
        return duration / longest + float(np.log2(1.0 + duration / self._control.initial))

    def _length(self, step: Step) -> tuple[float, float]:
        """Return how long a step of the protocol is taken to last and the longest of its time steps [s]."""
        duration, longest = HOUR, self._control.maximum
        match step:
            case Galvanostatic():
                duration = HOUR * self._scale.one_c / step.density(self._scale)
                longest = min(longest, self._control.stoichiometry_change * duration)
                duration = min(duration, step.until.time or np.inf)
            case Hold():
                duration = step.until.time or HOUR
            case Sweep():
                duration = SWEPT / step.rate
            case Press():
                duration = step.duration(0.0)
            case Follow():
                duration = profile.read(step.file).duration
            case _:
                duration = step.time
        return duration, longest


class Reached:
    """How far a run is in its schedule, from the time steps that it takes."""

    def __init__(self, schedule: Schedule) -> None:
        self._schedule = schedule
        self._number, self._begun, self._now = 0, 0.0, 0.0

    @classmethod
    def of(cls, cell: Cell) -> Reached:
        """Return that of a cell which has not begun."""
        return cls(Schedule(cell.case.protocol, cell.case.time, cell.model.scale))

    @property
    def steps(self) -> int:
        """The number of steps of the protocol."""
        return len(self._schedule.steps)

    def share(self, number: int, time: float) -> float:
        """Return the share of the protocol that is done, after a time step of step `number` that ends at `time` [s]."""
        if number != self._number:
            self._number, self._begun = number, self._now
        self._now = time
        return self._schedule.share(number, time - self._begun)

    def memory(self) -> list[float]:
        """Return the step, when it began and the time [s]."""
        return [self._number, self._begun, self._now]

    def recall(self, memory: Sequence[float]) -> None:
        """Go on from there."""
        number, self._begun, self._now = memory
        self._number = int(number)
