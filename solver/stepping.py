"""From protocol steps to time steps: how long each is, what ends a step, what happens when one fails."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from interstice.schema import Charge, Discharge, Hold, Open, Press, Repeat, Rest, Step, TimeStepping
from interstice.solver.algebra import Report, SolveError
from interstice.solver.bodies.arms import Arms
from interstice.solver.bodies.exhaustion import ExhaustedError, Exhaustion
from interstice.solver.bodies.host import Host
from interstice.solver.bodies.terminals import NoCurrentError
from interstice.solver.cell import Cell
from interstice.solver.crack import run
from interstice.solver.crack.path import PathError
from interstice.solver.crack.unstable import Event
from interstice.solver.interface.bond import Bond
from interstice.solver.interface.kinetics import FARADAY
from interstice.solver.part import Limit, Load, Part

VOLTAGE_TOLERANCE, CURRENT_TOLERANCE = 1e-3, 1e-2
"""How far a cut-off may be overshot: a voltage [V], a current over that at which the step ends."""
EASY = 8
"""Newton steps per equation system after which the next time step is twice as long; after twice as many, as long."""
FIRST_SHARE_OF_DIFFUSION = 0.03
"""The first time step after a jump of the load, over the time in which lithium diffuses across an element."""
SHARE_OF_REST = 0.01
"""The shortest time step over the time in which a host becomes full or empty, where that is shorter."""
FEW = 10
"""As many of the shortest time steps before a host is full or empty, this is why one of them fails."""
FIRST_SHARE = 0.01
"""Share of an opening that is the first step along the path of a crack."""


@dataclass(frozen=True)
class Advance:
    """One accepted time step.

    `number` counts the protocol steps carried out and `cycle` the repetitions, both from 1 (0: nothing is repeated),
    `time` [s] is at the end of the time step, `duration` [s] its length, `notes` say why it is shorter than the one
    before. `event` is what ran unstably in it, `ended` says why the protocol step before it was cut short, if it was.
    """

    number: int
    step: Step
    time: float
    duration: float
    report: Report
    notes: tuple[str, ...] = ()
    cycle: int = 0
    event: Event | None = None
    ended: str = ""


class ProtocolError(Exception):
    """The run cannot go on; the text says why. What was computed stands."""


class _RejectedError(Exception):
    """A time step must be taken again, `shrink` times as long."""

    def __init__(self, reason: str, shrink: float, lost: bool = False, blocked: bool = False) -> None:
        """`lost`: equilibrium may have been lost to a crack; `blocked`: the current cannot flow."""
        super().__init__(reason)
        self.shrink, self.lost, self.blocked = shrink, lost, blocked


class Stepping:
    """Carries out a protocol on a cell. Where it is in it belongs to the state of the cell.

    A step whose current cannot flow any more, however short the time step, ends: the next one may be a rest.
    """

    def __init__(self, cell: Cell, protocol: Sequence[Step | Repeat], control: TimeStepping) -> None:
        self._cell, self._protocol, self._control = cell, protocol, control
        state = cell.state.scope("protocol")
        self._done, self._time = state.number("steps done"), state.number("time")
        self._passed, self._length, self._begun = (state.number(name) for name in ("passed", "length", "begun"))
        self._words = ""

    def __iter__(self) -> Iterator[Advance]:
        """Yield after every accepted time step, from where the state is; ProtocolError where no step is possible."""
        self._check()
        start = int(self._done)
        for number, (cycle, step) in enumerate(islice(unrolled(self._protocol), start, None), start=start + 1):
            if isinstance(step, Open) and step.control == "crack":
                steps = self._follow_crack(step)
            else:
                steps = self._carry_out(step)
            for duration, report, notes, event in steps:
                ended, self._words = self._words, ""
                notes = (ended, *notes) if ended else notes
                yield Advance(number, step, float(self._time), duration, report, notes, cycle, event, ended)
                self._check()
            self._done += 1.0
            self._passed[...] = 0.0
        if self._words:
            raise ProtocolError(self._words)

    def _check(self) -> None:
        """Raise ProtocolError where the state is none from which the model can go on."""
        for one in self._cell.every(Part):
            if words := one.breakdown():
                raise ProtocolError(words)

    def _carry_out(self, step: Step) -> Iterator[tuple[float, Report, tuple[str, ...], Event | None]]:
        """Carry out one step of the protocol, from its beginning or from where the state is."""
        cell, control = self._cell, self._control
        end = (step.time if isinstance(step, Rest | Open | Press) else step.until.time) or np.inf
        longest = min(control.maximum, _time_to_change(cell, step, control.stoichiometry_change))
        if self._passed == 0.0:
            self._length[...], self._begun[...] = self._first, _loaded(cell, step)
            cell.begin_protocol_step()
        start, notes = float(self._time) - float(self._passed), []  # type: tuple[float, list[str]]
        while self._passed < end * (1 - 1e-12):
            passed, length = float(self._passed), min(float(self._length), longest, end - float(self._passed))
            saved = cell.state.save()
            load = _load(cell, step, float(self._begun), (passed + length) / end)
            try:
                report, longer = self._attempt(step, length, load)
                event = None
            except _RejectedError as rejected:
                cell.state.restore(saved)
                if length > (shortest := self._shortest(step)):
                    shorter = max(rejected.shrink * length, shortest)
                    notes.append(f"{rejected}: time step {length:.3g} s → {shorter:.3g} s")
                    self._length[...] = shorter
                    continue
                if words := str(rejected) if rejected.blocked else self._exhausted(FEW * control.minimum):
                    self._end(step, words)
                    return
                reason = f"{rejected} (the time step cannot be shorter than {shortest:g} s)"
                if not cell.every(Bond) or not rejected.lost:
                    raise ProtocolError(reason) from None
                try:
                    event, report, longer = self._run_crack(length, load)
                except SolveError as error:
                    raise ProtocolError(f"{reason}; {error}") from None
                notes.append(str(event))
            cell.book()
            self._passed[...] = passed + length
            self._time[...] = start + float(self._passed)
            longer = min(2.0, max(1.0, 2.0 * EASY * len(cell.systems) / max(report.newton, 1)), longer)
            self._length[...] = max(length * longer, self._shortest(step))
            yield length, report, tuple(notes), event
            if _is_over(cell, step):
                return
            if words := self._exhausted(0.0 if _has_cut_off(step) else control.minimum):
                self._end(step, words)
                return
            notes.clear()

    def _end(self, step: Step, words: str) -> None:
        """Take note of why a step of the protocol ends that is not over; it is said with the next time step."""
        self._words = f"{words}: the {step.step} ends"

    @property
    def _first(self) -> float:
        """The length of the first time step of a step of the protocol [s]."""
        fastest = min((host.diffusion_time for host in self._cell.every(Host)), default=np.inf)
        return max(min(self._control.initial, FIRST_SHARE_OF_DIFFUSION * fastest), self._control.minimum)

    def _exhausted(self, within: float) -> str:
        """Return words if a host is full or empty, or will be `within` some time [s]; else none."""
        every = self._cell.every(Exhaustion)
        return next((one.words for one in every if one.complete or one.time_left < within), "")

    def _shortest(self, step: Step) -> float:
        """Return the length of the shortest time step [s]: less than that of the case where a cut-off voltage needs it.

        It does where a host is nearly full or empty: its voltage goes with the logarithm of the time left.
        """
        if not _has_cut_off(step):
            return self._control.minimum
        left = min((one.time_left for one in self._cell.every(Exhaustion)), default=np.inf)
        return min(self._control.minimum, SHARE_OF_REST * left)

    def _attempt(self, step: Step, length: float, load: Load) -> tuple[Report, float]:
        """Advance the cell by `length` [s] and commit, or reject the time step.

        Return what it took, and how many times as long the next one may be.
        """
        cell, shortest = self._cell, length <= self._shortest(step)
        before = _overshoot(cell, step)
        try:
            report = cell.advance(length, load)
        except SolveError as error:
            shrink = 0.1 if isinstance(error, ExhaustedError) else 0.5
            raise _RejectedError(
                str(error), shrink, not isinstance(error, NoCurrentError), isinstance(error, NoCurrentError)
            ) from None
        beyond = _overshoot(cell, step)
        if beyond > 1.0 and not shortest:
            # aims between the cut-off and what may be overshot, so that a secant through a bent curve ends there
            shrink = 1.0 - (beyond - 0.5) / (beyond - before) if np.isfinite(before) and beyond > before else 0.5
            raise _RejectedError("the cut-off would be overshot", min(max(shrink, 0.05), 0.95))
        cell.commit()
        limits = list(cell.limits())
        exceeded = [limit for limit in limits if limit.excess > 1.0 and not (shortest and limit.bearable)]
        if exceeded:
            worst = min(exceeded, key=lambda limit: limit.longer)
            raise _RejectedError(worst.reason, worst.longer, worst.lost)
        return report, _longer(limits)

    def _run_crack(self, length: float, load: Load) -> tuple[Event, Report, float]:
        """Let a crack run; return what happened, what it took, and how many times as long the next step may be."""
        cell = self._cell
        event, report = run.run_crack(cell, length, load)
        cell.commit()
        longer = _longer([limit for limit in cell.limits() if not limit.bearable])
        cell.rates.forget()
        cell.rates.kink()
        return event, Report(report.newton + event.report.newton, report.linear + event.report.linear), longer

    def _follow_crack(self, step: Open) -> Iterator[tuple[float, Report, tuple[str, ...], Event | None]]:
        """Carry out a step along the path on which the crack grows; time passes as the opening changes."""
        cell, arms = self._cell, self._cell.one(Arms)
        path, opened = run.path(cell), arms.opening
        rate = abs(step.opening - opened) / step.time
        cell.begin_protocol_step()
        try:
            report = path.start(opened + FIRST_SHARE * (step.opening - opened))
            while True:
                length = abs(arms.opening - opened) / rate
                opened = arms.opening
                self._passed += length
                self._time += length
                yield length, report, (), None
                if arms.opening >= step.opening:
                    return
                report = path.advance()
        except (SolveError, PathError) as error:
            raise ProtocolError(str(error)) from None


def unrolled(protocol: Sequence[Step | Repeat]) -> Iterator[tuple[int, Step]]:
    """Yield every step to carry out, with the number of its repetition."""
    for step in protocol:
        if isinstance(step, Repeat):
            for cycle in range(1, step.times + 1):
                yield from ((inner or cycle, each) for inner, each in unrolled(step.steps))
        else:
            yield 0, step


def _loaded(cell: Cell, step: Step) -> float:
    """Return the pressure [Pa] or the opening [m] at which a step begins, 0 where it changes neither."""
    if isinstance(step, Press):
        return cell.fixture.pressure
    return cell.one(Arms).opening if isinstance(step, Open) else 0.0


def _load(cell: Cell, step: Step, start: float, share: float) -> Load:
    """Return the load when a `share` of the time of a step has passed that began at `start`, as `_loaded` has it."""
    match step:
        case Charge():
            return Load(step.density(cell.model.one_c))
        case Discharge():
            return Load(-step.density(cell.model.one_c))
        case Hold():
            return Load(voltage=step.voltage)
        case Press():
            return Load(pressure=start + (step.pressure - start) * share)
        case Open():
            return Load(opening=start + (step.opening - start) * share)
    return Load()


def _longer(limits: Sequence[Limit]) -> float:
    """Return how many times as long the next step may be."""
    return min((limit.longer for limit in limits), default=np.inf)


def _time_to_change(cell: Cell, step: Step, change: float) -> float:
    """Return the time [s] in which the current of a step changes the mean stoichiometry by `change`."""
    model = cell.model
    current = step.density(model.one_c) * model.apparent_area if isinstance(step, Charge | Discharge) else 0.0
    return change * model.lithium_capacity * FARADAY / current if current else np.inf


def _overshoot(cell: Cell, step: Step) -> float:
    """Return how far the cell is beyond the cut-off of a step, over what it may be; negative before it."""
    match step:
        case Charge() if step.until.voltage is not None:
            return (cell.terminals.voltage - step.until.voltage) / VOLTAGE_TOLERANCE
        case Discharge() if step.until.voltage is not None:
            return (step.until.voltage - cell.terminals.voltage) / VOLTAGE_TOLERANCE
        case Hold() if least := step.until.density(cell.model.one_c):
            return (1.0 - abs(cell.terminals.current_density) / least) / CURRENT_TOLERANCE
    return -np.inf


def _has_cut_off(step: Step) -> bool:
    """Return whether a step at constant current ends at a voltage."""
    return isinstance(step, Charge | Discharge) and step.until.voltage is not None


def _is_over(cell: Cell, step: Step) -> bool:
    """Return whether a condition of `until` other than its time is met."""
    if isinstance(step, Rest | Open | Press):
        return False
    least = step.until.active_fraction
    return (least is not None and cell.active_fraction < least) or _overshoot(cell, step) >= 0.0
