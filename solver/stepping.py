"""From protocol steps to time steps: how long each is, what ends a step, what happens when one fails."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np

from interstice.schema import Charge, Discharge, Hold, Open, Press, Repeat, Rest, Step, TimeStepping
from interstice.solver.algebra import Report, SolveError
from interstice.solver.cell import Cell, OpenCircuitError
from interstice.solver.interface.kinetics import FARADAY
from interstice.solver.path import PathError
from interstice.solver.unstable import LARGEST_GROWTH, Event

VOLTAGE_TOLERANCE, CURRENT_TOLERANCE = 1e-3, 1e-2
"""How far a cut-off may be overshot: a voltage [V], a current over that at which the step ends."""
EASY = 8
"""Newton steps per equation system after which the next time step is twice as long; after twice as many, as long."""


@dataclass(frozen=True)
class Advance:
    """One accepted time step.

    `number` counts the protocol steps carried out and `cycle` the repetitions, both from 1 (0: nothing is repeated),
    `time` [s] is at the end of the time step, `duration` [s] its length, `notes` say why it is shorter than the one
    before. `event` is what ran unstably in it.
    """

    number: int
    step: Step
    time: float
    duration: float
    report: Report
    notes: tuple[str, ...] = ()
    cycle: int = 0
    event: Event | None = None


FIRST_SHARE = 0.01
"""Share of an opening that is the first step along the path of a crack."""


class ProtocolError(Exception):
    """The run cannot go on; the text says why. What was computed stands."""


class _RejectedError(Exception):
    """A time step must be taken again, `shrink` times as long."""

    def __init__(self, reason: str, shrink: float, lost: bool = False) -> None:
        """`lost`: equilibrium may have been lost to a crack."""
        super().__init__(reason)
        self.shrink, self.lost = shrink, lost


def run_protocol(cell: Cell, protocol: Sequence[Step | Repeat], control: TimeStepping) -> Iterator[Advance]:
    """Carry out the protocol, yielding after every accepted time step; ProtocolError where no step is possible."""
    time = 0.0
    for number, (cycle, step) in enumerate(_unrolled(protocol), start=1):
        if isinstance(step, Open) and step.control == "crack":
            advances = _follow_crack(cell, step)
        else:
            advances = _run_step(cell, step, control)
        start = time
        for advance in advances:
            time = start + advance.time
            yield replace(advance, number=number, cycle=cycle, time=time)


def _unrolled(protocol: Sequence[Step | Repeat]) -> Iterator[tuple[int, Step]]:
    """Yield every step to carry out, with the number of its repetition."""
    for step in protocol:
        if isinstance(step, Repeat):
            for cycle in range(1, step.times + 1):
                yield from ((inner or cycle, each) for inner, each in _unrolled(step.steps))
        else:
            yield 0, step


@dataclass(frozen=True)
class Load:
    """What is imposed on a cell at the end of a time step, as `Cell.advance` takes it."""

    current_density: float = 0.0
    voltage: float | None = None
    pressure: float | None = None
    opening: float | None = None


def _load(cell: Cell, step: Step, start: float, share: float) -> Load:
    """Return the load when a `share` of the time of a step has passed.

    `start` is the pressure [Pa] or the opening [m] at which it began.
    """
    match step:
        case Charge():
            return Load(step.density(cell.one_c))
        case Discharge():
            return Load(-step.density(cell.one_c))
        case Hold():
            return Load(voltage=step.voltage)
        case Press():
            return Load(pressure=start + (step.pressure - start) * share)
        case Open():
            return Load(opening=start + (step.opening - start) * share)
    return Load()


def _run_step(cell: Cell, step: Step, control: TimeStepping) -> Iterator[Advance]:
    """Carry out one step of the protocol; its times count from its beginning."""
    end = (step.time if isinstance(step, Rest | Open | Press) else step.until.time) or np.inf
    longest = min(control.maximum, _time_to_change(cell, step, control.stoichiometry_change))
    passed, length = 0.0, control.initial
    begun = cell.stack_pressure() if isinstance(step, Press) else cell.opening
    cell.begin_anew()
    notes: list[str] = []
    while passed < end * (1 - 1e-12):
        length = min(length, longest, end - passed)
        saved = cell.state.save()
        load = _load(cell, step, begun, (passed + length) / end)
        try:
            report, longer = _attempt(cell, step, length, load, control)
            event = None
        except _RejectedError as rejected:
            cell.state.restore(saved)
            if length > control.minimum:
                shorter = max(rejected.shrink * length, control.minimum)
                notes.append(f"{rejected}: time step {length:.3g} s → {shorter:.3g} s")
                length = shorter
                continue
            reason = f"{rejected} (the time step cannot be shorter than {control.minimum:g} s)"
            if not cell.bonds or not rejected.lost:
                raise ProtocolError(reason) from None
            try:
                event, report = cell.run_crack(length, **asdict(load))
                longer = _slack(cell.commit())
                report = Report(report.newton + event.report.newton, report.linear + event.report.linear)
            except SolveError as error:
                raise ProtocolError(f"{reason}; {error}") from None
            cell.begin_anew()
            notes.append(str(event))
        cell.book()
        passed += length
        yield Advance(0, step, passed, length, report, tuple(notes), event=event)
        if _is_over(cell, step):
            return
        notes.clear()
        length *= min(2.0, max(1.0, 2.0 * EASY * cell.systems / max(report.newton, 1)), longer)


def _follow_crack(cell: Cell, step: Open) -> Iterator[Advance]:
    """Carry out a step along the path on which the crack grows; time passes as the opening changes."""
    path, opened, passed = cell.path(), cell.opening, 0.0
    rate = abs(step.opening - opened) / step.time
    try:
        report = path.start(opened + FIRST_SHARE * (step.opening - opened))
        while True:
            length = abs(cell.opening - opened) / rate
            opened, passed = cell.opening, passed + length
            yield Advance(0, step, passed, length, report)
            if cell.opening >= step.opening:
                return
            report = path.advance()
    except (SolveError, PathError) as error:
        raise ProtocolError(str(error)) from None


def _slack(growth: float) -> float:
    """Return how much longer a time step may be, in which a bond lost the share `growth` of its toughness."""
    return LARGEST_GROWTH / max(growth, LARGEST_GROWTH / 4) / 1.5


def _factor(error: float) -> float:
    """Return how many times as long a time step may be after one whose error was `error` times the tolerance."""
    return 0.9 / max(error, 1e-3) ** (1 / 3)


def _attempt(cell: Cell, step: Step, length: float, load: Load, control: TimeStepping) -> tuple[Report, float]:
    """Advance the cell by `length` [s] and commit, or reject the time step.

    Return what it took, and how many times as long the next one may be.
    """
    before = _overshoot(cell, step)
    try:
        report = cell.advance(length, **asdict(load))
    except SolveError as error:
        raise _RejectedError(str(error), 0.5, lost=not isinstance(error, OpenCircuitError)) from None
    beyond = _overshoot(cell, step)
    if beyond > 1.0 and length > control.minimum:
        # aims between the cut-off and what may be overshot, so that a secant through a bent curve ends there
        shrink = 1.0 - (beyond - 0.5) / (beyond - before) if np.isfinite(before) and beyond > before else 0.5
        raise _RejectedError("the cut-off would be overshot", min(max(shrink, 0.05), 0.95))
    inexact = cell.time_error() / control.tolerance
    if inexact > 1.0 and length > control.minimum:
        raise _RejectedError("the error in time is too large", max(_factor(inexact), 0.2))
    growth = cell.commit()
    if growth > LARGEST_GROWTH:
        raise _RejectedError("the bond fails too fast", max(_slack(growth), 0.25), lost=True)
    return report, min(_slack(growth), _factor(inexact))


def _time_to_change(cell: Cell, step: Step, change: float) -> float:
    """Return the time [s] in which the current of a step changes the mean stoichiometry by `change`."""
    current = step.density(cell.one_c) * cell.apparent_area if isinstance(step, Charge | Discharge) else 0.0
    return change * cell.lithium_capacity * FARADAY / current if current else np.inf


def _overshoot(cell: Cell, step: Step) -> float:
    """Return how far the cell is beyond the cut-off of a step, over what it may be; negative before it."""
    match step:
        case Charge() if step.until.voltage is not None:
            return (cell.voltage - step.until.voltage) / VOLTAGE_TOLERANCE
        case Discharge() if step.until.voltage is not None:
            return (step.until.voltage - cell.voltage) / VOLTAGE_TOLERANCE
        case Hold() if least := step.until.density(cell.one_c):
            return (1.0 - abs(float(cell.current_density.value)) / least) / CURRENT_TOLERANCE
    return -np.inf


def _is_over(cell: Cell, step: Step) -> bool:
    """Return whether a condition of `until` other than its time is met."""
    if isinstance(step, Rest | Open | Press):
        return False
    least = step.until.active_fraction
    return (least is not None and cell.active_fraction < least) or _overshoot(cell, step) >= 0.0
