"""From protocol steps to time steps: how long each is, what ends a step, what happens when one fails."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from solver.algebra import Report, SolveError
from solver.case import Charge, Discharge, Rest, Step, TimeStepping
from solver.cell import Cell
from solver.interface.kinetics import FARADAY

VOLTAGE_TOLERANCE = 1e-3
"""How far a cut-off may be overshot [V]."""
EASY = 8
"""Newton steps per equation system after which the next time step is twice as long; after twice as many, as long."""


@dataclass(frozen=True)
class Advance:
    """One accepted time step.

    `number` and `step` are those of the protocol (from 1), `time` [s] is at the end of the time step, `duration` [s]
    its length, `notes` say why it is shorter than the one before.
    """

    number: int
    step: Step
    time: float
    duration: float
    report: Report
    notes: tuple[str, ...] = ()


class ProtocolError(Exception):
    """The run cannot go on; the text says why. What was computed stands."""


class _RejectedError(Exception):
    """A time step must be taken again, `shrink` times as long."""

    def __init__(self, reason: str, shrink: float) -> None:
        super().__init__(reason)
        self.shrink = shrink


def run_protocol(cell: Cell, protocol: Sequence[Step], control: TimeStepping) -> Iterator[Advance]:
    """Carry out the protocol, yielding after every accepted time step; ProtocolError where no step is possible."""
    time = 0.0
    for number, step in enumerate(protocol, start=1):
        for advance in _run_step(cell, number, step, control, time):
            time = advance.time
            yield advance


def applied_current_density(step: Step) -> float:
    """Return the current density of a step [A/m² of apparent area], positive on charge."""
    if isinstance(step, Rest):
        return 0.0
    return step.current_density if isinstance(step, Charge) else -step.current_density


def _run_step(cell: Cell, number: int, step: Step, control: TimeStepping, start: float) -> Iterator[Advance]:
    end = step.time if isinstance(step, Rest) else step.until.time or np.inf
    longest = min(control.maximum, _time_to_change(cell, step, control.stoichiometry_change))
    passed, length = 0.0, control.initial
    notes: list[str] = []
    while passed < end * (1 - 1e-12):
        length = min(length, longest, end - passed)
        saved = cell.save()
        try:
            report = _attempt(cell, step, length, control)
        except _RejectedError as rejected:
            cell.restore(saved)
            if length <= control.minimum:
                raise ProtocolError(
                    f"{rejected} (the time step cannot be shorter than {control.minimum:g} s)"
                ) from None
            shorter = max(rejected.shrink * length, control.minimum)
            notes.append(f"{rejected}: time step {length:.3g} s → {shorter:.3g} s")
            length = shorter
            continue
        cell.commit()
        passed += length
        yield Advance(number, step, start + passed, length, report, tuple(notes))
        if _is_over(cell, step):
            return
        notes.clear()
        length *= min(2.0, max(1.0, 2.0 * EASY * cell.systems / max(report.newton, 1)))


def _attempt(cell: Cell, step: Step, length: float, control: TimeStepping) -> Report:
    """Advance the cell by `length` [s]; return what it took, or reject the time step."""
    before = float(cell.voltage.value)
    try:
        report = cell.advance(length, applied_current_density(step))
    except SolveError as error:
        raise _RejectedError(str(error), 0.5) from None
    overshoot = _overshoot(cell, step)
    if overshoot > VOLTAGE_TOLERANCE and length > control.minimum:
        # aims between the cut-off and what may be overshot, so that a secant through a bent curve ends there
        shrink = 1.0 - (overshoot - VOLTAGE_TOLERANCE / 2) / abs(float(cell.voltage.value) - before)
        raise _RejectedError("the cut-off voltage would be overshot", min(max(shrink, 0.05), 0.95))
    return report


def _time_to_change(cell: Cell, step: Step, change: float) -> float:
    """Return the time [s] in which a step changes the mean stoichiometry by `change`."""
    current = abs(applied_current_density(step)) * cell.apparent_area
    return change * cell.lithium_capacity * FARADAY / current if current else np.inf


def _overshoot(cell: Cell, step: Step) -> float:
    """Return how far the voltage is beyond the cut-off of a step [V], negative before it."""
    if isinstance(step, Rest) or step.until.voltage is None:
        return -np.inf
    beyond = float(cell.voltage.value) - step.until.voltage
    return -beyond if isinstance(step, Discharge) else beyond


def _is_over(cell: Cell, step: Step) -> bool:
    """Return whether a condition of `until` other than its time is met."""
    if isinstance(step, Rest):
        return False
    least = step.until.active_fraction
    lost = least is not None and cell.interface.sum(cell.activity.x.array) < least * cell.geometric_area
    return lost or _overshoot(cell, step) >= 0.0
