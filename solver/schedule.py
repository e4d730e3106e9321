"""How much of a protocol is done: counted in time steps, of which a step of it takes about d/Δt + log₂(1 + d/Δt₀)

in a duration d, as long ones are Δt and those before grow from Δt₀ by doubling. Only where a step ends by its time is d
known; where a voltage or a contact ends it, d is the time in which its current fills the whole cell.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from interstice.schema import Charge, Discharge, Hold, Repeat, Step, TimeStepping
from interstice.solver.stepping import unrolled

HOUR = 3600.0
"""Also what a step at constant voltage is taken to last that has no time of its own [s]."""


class Schedule:
    """The steps of a protocol in their order, on a cell whose whole capacity `one_c` [A/m²] carries in an hour."""

    def __init__(self, protocol: Sequence[Step | Repeat], control: TimeStepping, one_c: float) -> None:
        self._control, self._one_c = control, one_c
        self.steps = [step for _, step in unrolled(protocol)]
        self._starts = np.cumsum([0.0, *(self._work(step, np.inf) for step in self.steps)])

    def share(self, number: int, passed: float) -> float:
        """Return the share of all that is done when a time [s] has `passed` in step `number`, which counts from 1.

        It never falls: a step that ended before its time is done as a whole.
        """
        begun = self._starts[number - 1] + self._work(self.steps[number - 1], passed)
        return float(begun / self._starts[-1])

    def _work(self, step: Step, passed: float) -> float:
        """Return the number of time steps that a step of the protocol takes in a time [s], its own at most."""
        duration, longest = HOUR, self._control.maximum
        if isinstance(step, Charge | Discharge):
            duration = HOUR * self._one_c / step.density(self._one_c)
            longest = min(longest, self._control.stoichiometry_change * duration)
        limit = step.until.time if isinstance(step, Charge | Discharge | Hold) else step.time
        if limit is not None:
            duration = limit if isinstance(step, Hold) else min(duration, limit)
        duration = min(duration, passed)
        return duration / longest + float(np.log2(1.0 + duration / self._control.initial))
