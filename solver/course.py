"""How something imposed goes with the time since the beginning of a protocol step: in straight lines, or as a sine."""

from __future__ import annotations

from functools import cached_property
from typing import Protocol

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

SHARE_OF_RANGE = 0.2
"""Of all values of a course that changes, what one time step may go through: 31 steps a period of a sine."""
VOLTAGE_CHANGE = 0.01
"""By which a sweep changes the voltage in one time step at most [V]."""
SAME_TIME = 1e-12
"""Relative difference of times that are the same."""


class Course(Protocol):
    """A function of the time t [s] ≥ 0."""

    def value(self, time: float) -> float:
        """Return the value at t, where it jumps that before."""

    def integral(self, time: float) -> float:
        """Return the integral from 0 to t, in closed form."""

    def reach(self, time: float) -> float:
        """Return up to when a time step from t may go, so that the course is resolved and its breaks are met."""

    def jumps(self, time: float) -> bool:
        """Return whether the value jumps at t."""

    def breaks(self, time: float) -> bool:
        """Return whether the value jumps at t, or its rate does."""


class Polyline:
    """Straight lines between `values` at `times` [s], which do not fall; two at the same time are a jump.

    A time step goes through a `share` of the largest size at most.
    """

    def __init__(self, times: npt.ArrayLike, values: npt.ArrayLike, share: float = SHARE_OF_RANGE) -> None:
        self._times, self.values = np.asarray(times, dtype=float), np.asarray(values, dtype=float)
        self._most = share * float(np.abs(self.values).max())

    @cached_property
    def integrals(self) -> Array:
        """The integrals from 0 to each of the times."""
        areas = np.diff(self._times) * (self.values[1:] + self.values[:-1]) / 2
        return np.concatenate([[0.0], np.cumsum(areas)])

    def value(self, time: float) -> float:
        line = self._line(time)
        return float(self.values[line] + self._slope(line) * (time - self._times[line]))

    def integral(self, time: float) -> float:
        line = self._line(time)
        mean = (self.values[line] + self.value(time)) / 2
        return float(self.integrals[line] + mean * (time - self._times[line]))

    def reach(self, time: float) -> float:
        later = self._times[self._times > time * (1 + SAME_TIME)]
        if not len(later):
            return np.inf
        slope = abs(self._slope(self._line(later[0])))
        return min(float(later[0]), time + self._most / slope if slope else np.inf)

    def jumps(self, time: float) -> bool:
        return self._at(time) > 1

    def breaks(self, time: float) -> bool:
        return self._at(time) > 0

    def _at(self, time: float) -> int:
        """Return how many of the times are t."""
        return int(np.count_nonzero(np.abs(self._times - time) <= SAME_TIME * time))

    def _line(self, time: float) -> int:
        """Return the number of the line on which t lies, or with which it ends."""
        return int(np.clip(np.searchsorted(self._times, time), 1, len(self._times) - 1)) - 1

    def _slope(self, line: int) -> float:
        width = self._times[line + 1] - self._times[line]
        return float((self.values[line + 1] - self.values[line]) / width) if width else 0.0


class Sine:
    """mean + amplitude sin(2πt/period)."""

    def __init__(self, amplitude: float, period: float, mean: float = 0.0) -> None:
        self.amplitude, self.frequency, self.mean = amplitude, 2 * np.pi / period, mean

    def value(self, time: float) -> float:
        return float(self.mean + self.amplitude * np.sin(self.frequency * time))

    def integral(self, time: float) -> float:
        # 1 − cos without cancellation
        waves = 2 * np.sin(self.frequency * time / 2) ** 2 / self.frequency
        return float(self.mean * time + self.amplitude * waves)

    def reach(self, time: float) -> float:
        return float(time + SHARE_OF_RANGE / self.frequency)

    def jumps(self, time: float) -> bool:
        return False

    def breaks(self, time: float) -> bool:
        return False


def ramp(start: float, end: float, duration: float) -> Polyline:
    """Return a straight line over a `duration` [s], for time steps of any length."""
    return Polyline([0.0, duration], [start, end], np.inf)
