"""How much of a protocol is done: counted in time steps, of which a step of it takes about d/Δt + log₂(1 + d/Δt₀)

in a duration d, as long ones are Δt and those before grow from Δt₀ by doubling. Only where a step ends by its time is d
known; where a voltage or a contact ends it, d is the time in which its current fills the whole cell. What is repeated
is looked at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from interstice.schema import (
    Follow,
    Galvanostatic,
    Hold,
    Oscillate,
    Press,
    Repeat,
    Scale,
    Step,
    Sweep,
    TimeStepping,
    Titration,
)
from interstice.schema.protocol import MOST_PULSES
from interstice.solver import profile
from interstice.solver.course import SHARE_OF_RANGE, VOLTAGE_CHANGE

if TYPE_CHECKING:
    from interstice.solver.cell import Cell

HOUR = 3600.0
"""Also what a step at constant voltage is taken to last that has no time of its own [s]."""

SWEPT = 1.0
"""What a sweep is taken to go through [V]."""
MOST_TIMES = 10**18
"""Repetitions that are told from more."""


@dataclass(frozen=True)
class _Once:
    """A step that is carried out once: how long it is taken to last, its longest and its first time step [s]."""

    duration: float
    longest: float
    initial: float

    steps: ClassVar[int] = 1

    def work(self, number: int = 1, passed: float = np.inf) -> float:
        """Return the number of its time steps in a time [s], its own at most."""
        duration = min(self.duration, passed)
        return duration / self.longest + float(np.log2(1.0 + duration / self.initial))


class _Often:
    """Steps that are carried out over and over."""

    def __init__(self, times: int, entries: Sequence[_Once | _Often]) -> None:
        self._entries, self._times = entries, min(times, MOST_TIMES)
        self._each: int = sum(entry.steps for entry in entries)
        self._work = sum(entry.work(entry.steps) for entry in entries)
        self.steps: int = self._times * self._each

    def work(self, number: int, passed: float = np.inf) -> float:
        """Return the number of time steps when a time [s] has `passed` in step `number`, which counts from 1."""
        whole, number = divmod(number - 1, self._each)
        done: float = min(whole, self._times) * self._work
        for entry in self._entries if whole < self._times else ():
            if number < entry.steps:
                return done + entry.work(number + 1, passed)
            number, done = number - entry.steps, done + entry.work(entry.steps)
        return done


class Schedule:
    """The steps of a protocol in their order, on a cell of some `scale`; of a titration as many pulses as fill it."""

    def __init__(self, protocol: Sequence[Step | Titration | Repeat], control: TimeStepping, scale: Scale) -> None:
        self._control, self.scale = control, scale
        entries = [self._planned(entry) for entry in protocol]
        self.work = [entry.work(entry.steps) for entry in entries]
        """About how many time steps each entry of the protocol takes."""
        self._whole = _Often(1, entries)

    @property
    def steps(self) -> int:
        """How many steps of the protocol are carried out."""
        return self._whole.steps

    def share(self, number: int, passed: float) -> float:
        """Return the share of all that is done when a time [s] has `passed` in step `number`, which counts from 1.

        It never falls: a step that ended before its time is done as a whole.
        """
        return float(self._whole.work(number, passed) / sum(self.work))

    def _planned(self, entry: Step | Titration | Repeat) -> _Once | _Often:
        if isinstance(entry, Repeat):
            return _Often(entry.times, [self._planned(inner) for inner in entry.steps])
        if isinstance(entry, Titration):
            pulses = entry.pulses or MOST_PULSES
            if entry.until:
                charge, filled = entry.density(self.scale) * entry.pulse, HOUR * self.scale.one_c
                pulses = int(np.fmin(pulses, np.ceil(filled / charge)))
            return _Often(pulses, [self._planned(step) for step in entry.steps])
        return _Once(*self._length(entry), self._control.initial)

    def _length(self, step: Step) -> tuple[float, float]:
        """Return how long a step of the protocol is taken to last and the longest of its time steps [s]."""
        duration, longest = HOUR, self._control.maximum
        match step:
            case Galvanostatic():
                density, charge = step.density(self.scale), step.until.charge(self.scale)
                filled = HOUR * self.scale.one_c / density
                limits = [step.until.time, None if charge is None else charge / density]
                if not np.isnan(filled):
                    longest = min(longest, self._control.stoichiometry_change * filled / self.scale.share)
                    limits.append(filled)
                duration = min((limit for limit in limits if limit is not None), default=HOUR)
            case Hold():
                duration = step.until.time or HOUR
            case Sweep():
                duration, longest = SWEPT / step.rate, min(longest, VOLTAGE_CHANGE / step.rate)
            case Press():
                duration = step.duration(0.0)
            case Follow():
                table = profile.read(step.file)
                duration, longest = table.duration, min(longest, table.duration / table.lines)
            case Oscillate():
                duration, longest = step.time, min(longest, SHARE_OF_RANGE * step.period / (2 * np.pi))
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
        return self._schedule.steps

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
