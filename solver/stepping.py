"""From protocol steps to time steps: how long each is, what ends a step, what happens when one fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from interstice.schema import (
    Galvanostatic,
    Open,
    Repeat,
    Step,
    Sweep,
    TimeStepping,
    Titration,
    unrolled,
)
from interstice.schema.protocol import flat_steps
from interstice.solver.algebra import Report, SolveError
from interstice.solver.bodies.arms import Arms
from interstice.solver.bodies.exhaustion import ExhaustedError, Exhaustion
from interstice.solver.bodies.host import Host
from interstice.solver.bodies.terminals import NoCurrentError, OpenCircuitError
from interstice.solver.cell import Cell
from interstice.solver.constants import FARADAY
from interstice.solver.course import SAME_TIME
from interstice.solver.crack import run
from interstice.solver.crack.path import PathError
from interstice.solver.crack.unstable import Event
from interstice.solver.crawl import Crawl
from interstice.solver.drive import Drive, beginning, drive
from interstice.solver.ending import FROM_EITHER_SIDE, Ending
from interstice.solver.interface.bond import Bond
from interstice.solver.part import Limit, Load, Part
from interstice.solver.profile import largest_current
from interstice.solver.state import Snapshot, State
from interstice.solver.stop import StopError

HARD = 12
"""Newton steps per equation system, begun far from the solution, beyond which the next time step is no longer."""
FIRST_SHARE_OF_DIFFUSION = 0.03
"""The first time step after a jump of the load, over the time in which lithium diffuses across an element."""
SHARE_OF_REST = 0.01
"""The shortest time step over the time in which a host becomes full or empty, where that is shorter."""
FEW = 10
"""As many of the shortest time steps before a host is full or empty, this is why one of them fails."""
MOST_UNMOVED = 20
"""Time steps without longer ones in between that only relaxation finds though no crack runs: more lead nowhere."""
FIRST_SHARE = 0.01
"""Share of an opening that is the first step along the path of a crack."""


@dataclass(frozen=True)
class Advance:
    """One accepted time step.

    `number` counts the protocol steps carried out, `cycle` the pairs of charge and discharge (`Cycles`) and each of the
    `repetitions` those of a repeat around the step, the outermost first, all from 1. `time` [s] is at the end of the
    time step, `duration` [s] its length, `notes` say why it is shorter than the one before. `event` is what ran
    unstably in it, `ended` says why the protocol steps before it were cut short, if they were.
    """

    number: int
    step: Step
    time: float
    duration: float
    report: Report
    notes: tuple[str, ...] = ()
    cycle: int = 0
    repetitions: tuple[int, ...] = ()
    event: Event | None = None
    ended: str = ""


class ProtocolError(Exception):
    """The run cannot go on; the text says why. What was computed stands."""


class StuckError(ProtocolError):
    """Time steps are rejected however short they are, or stay tiny."""


class _RejectedError(Exception):
    """A time step must be taken again, `shrink` times as long."""

    def __init__(
        self,
        reason: str,
        shrink: float,
        lost: bool = False,
        cause: SolveError | None = None,
        where: Sequence[float] = (),
    ) -> None:
        """`lost`: equilibrium may have been lost to a crack; `cause` is what failed, if something did, `where` [m]."""
        super().__init__(reason)
        self.shrink, self.lost = shrink, lost
        self.where, self.unknown = (cause.where, cause.unknown) if cause else (where, "")
        self.blocked, self.opened = isinstance(cause, NoCurrentError), isinstance(cause, OpenCircuitError)


class Cycles:
    """Counts pairs of a charge and a discharge, from 1, whichever of the two comes first."""

    def __init__(self, state: State) -> None:
        self._number, self._first, self._turned = (state.number(name) for name in ("number", "first", "turned"))

    @property
    def number(self) -> int:
        """The number of the present one."""
        return int(self._number)

    def begin(self, direction: int) -> None:
        """Begin a step that charges, 1, discharges, −1, or neither, 0."""
        again = bool(self._turned) and direction == self._first
        if again or not self._number:
            self._number += 1.0
        if direction:
            if not self._first:
                self._first[...] = direction
            self._turned[...] = direction != self._first


class Stepping:
    """Carries out a protocol on a cell. Where it is in it belongs to the state of the cell.

    A step whose current cannot flow any more, however short the time step, ends: the next one may be a rest.
    """

    def __init__(self, cell: Cell, protocol: Sequence[Step | Titration | Repeat], control: TimeStepping) -> None:
        self._cell, self._protocol, self._control = cell, protocol, control
        state = cell.state.scope("protocol")
        self._place, self._done, self._time = (state.number(name) for name in ("place", "steps done", "time"))
        self._passed, self._length, self._begun, self._unmoved = (
            state.number(name) for name in ("passed", "length", "begun", "found by relaxation")
        )
        self._senses = state.array("senses", np.zeros(len(FROM_EITHER_SIDE)))
        self._cycles = Cycles(state.scope("cycles"))
        self._crawl = Crawl(cell, state)
        follows = any(isinstance(step, Open) and step.control == "crack" for step in flat_steps(protocol))
        self._path = run.path(cell) if follows else None
        self._cut_short: list[str] = []
        self._early = False
        self.permit: Callable[[], None] = lambda: None
        """Called before each time step; what it raises ends the run."""

    def __iter__(self) -> Iterator[Advance]:
        """Yield after every accepted time step, from where the state is; ProtocolError where no step is possible."""
        self._check()
        for place, task in enumerate(unrolled(self._protocol)):
            if place < self._place:
                continue
            step, number, self._early = task.step, int(self._done) + 1, False
            if self._passed == 0.0:
                self._cycles.begin(_direction(self._cell, step))
            if isinstance(step, Open) and step.control == "crack":
                steps = self._follow_crack(step)
            else:
                steps = self._carry_out(step)
            for duration, report, notes, event in steps:
                said, self._cut_short = self._cut_short, []
                yield Advance(
                    number,
                    step,
                    float(self._time),
                    duration,
                    report,
                    (*said, *notes),
                    self._cycles.number,
                    task.repetitions,
                    event,
                    "; ".join(said),
                )
                self._check()
            self._place[...] = place + 1 + (task.rest if self._early else 0)
            self._done += 1.0
            self._passed[...] = 0.0
        if self._cut_short:
            raise ProtocolError("; ".join(self._cut_short))

    def _check(self) -> None:
        """Raise ProtocolError where the state is none from which the model can go on."""
        for one in self._cell.every(Part):
            if words := one.breakdown():
                raise ProtocolError(words)

    def _carry_out(self, step: Step) -> Iterator[tuple[float, Report, tuple[str, ...], Event | None]]:
        """Carry out one step of the protocol, from its beginning or from where the state is."""
        cell, control = self._cell, self._control
        ending = Ending(cell, step, self._senses)
        if self._passed == 0.0:
            self._length[...], self._begun[...] = self._first, beginning(cell, step)
            cell.begin_protocol_step()
            ending.begin()
            if ending.is_met_whatever_flows:
                self._length[...] = control.minimum
        imposed = drive(cell, step, float(self._begun))
        # a step that has nothing to do is there in the history all the same
        end = imposed.duration or control.minimum
        longest = min(control.maximum, _time_to_change(cell, step, control.stoichiometry_change))
        whole = min(end, _time_to_change(cell, step, 1.0))
        start, notes = float(self._time) - float(self._passed), []  # type: tuple[float, list[str]]
        if self._passed > 0.0 and self._is_over(step, ending, imposed):
            return
        while self._passed < end * (1 - SAME_TIME):
            self.permit()
            passed = float(self._passed)
            reach = imposed.reach(passed) if imposed.duration else end
            length = min(float(self._length), longest, reach - passed)
            now = reach if passed + length >= reach * (1 - SAME_TIME) else passed + length
            saved = cell.state.save()
            load = imposed.load(now)
            try:
                report, longer = self._attempt(step, ending, length, load)
                event = None
            except StopError:
                cell.state.restore(saved)
                raise
            except _RejectedError as rejected:
                cell.state.restore(saved)
                place = self._crawl.place(rejected.where, rejected.unknown)
                self._crawl.reject(start + passed, length, str(rejected), place, rejected.lost)
                if length > (shortest := self._shortest(step)):
                    shorter = max(rejected.shrink * length, shortest)
                    notes.append(f"{rejected}: time step {length:.3g} s → {shorter:.3g} s")
                    self._length[...] = shorter
                    continue
                if rejected.opened:
                    # the state is that before the time step again, which has a contact to lose
                    before = f"active fraction {cell.active_fraction:.3g} at the time step before"
                    self._end(step, f"{rejected} ({before})")
                    return
                if words := str(rejected) if rejected.blocked else self._exhausted(FEW * control.minimum):
                    self._end(step, words)
                    return
                reason = f"{rejected} (the time step cannot be shorter than {shortest:g} s){place}"
                if not cell.every(Bond) or not rejected.lost:
                    raise StuckError(f"{reason}; {self._crawl.advice}{self._crawl.before}") from None
                try:
                    found, report, longer = self._run_crack(length, load)
                except SolveError as error:
                    cell.state.restore(saved)
                    raise StuckError(f"{reason}; {error}; {self._crawl.advice}{self._crawl.before}") from None
                except StopError:
                    cell.state.restore(saved)
                    raise
                event = found if found.ran else None
                notes.append(str(found) if event else f"{rejected}: found by relaxation, no crack ran")
                self._unmoved[...] = 0.0 if event else self._unmoved + 1.0
                if self._unmoved > MOST_UNMOVED:
                    cell.state.restore(saved)
                    words = f"{reason}; {MOST_UNMOVED} of them were found by relaxation, and no crack ran"
                    raise StuckError(words) from None
            if length > FEW * control.minimum:
                self._unmoved[...] = 0.0
            cell.book()
            self._passed[...] = now
            self._time[...] = start + now
            easily = 1.0 if report.far > HARD * len(cell.systems) else 2.0
            # one that was short to end at a break says little of the next
            intended = float(self._length) if now == reach else 0.0
            longest_next = min(max(length * easily, intended), length * longer)
            self._length[...] = max(longest_next, self._shortest(step))
            crawls = self._crawl.advance(length, whole, length < longest and now < reach)
            if not imposed.duration:
                notes.append(f"the {step.step} has nothing to change")
            if passed == 0.0 and length <= self._shortest(step) and ending.is_met:
                notes.append(f"the {step.step} ends at once: {ending.words}")
            yield length, report, tuple(notes), event
            if self._is_over(step, ending, imposed):
                return
            if crawls:
                raise StuckError(self._crawl.words(step.step, length, float(self._time)))
            notes.clear()

    def _is_over(self, step: Step, ending: Ending, imposed: Drive) -> bool:
        """Return whether a step is over before its time, after a time step; prepare for the next one if it is not."""
        self._early = ending.is_met
        if self._early:
            return True
        if words := self._exhausted(0.0 if _has_cut_off(step) else self._control.minimum):
            self._end(step, words)
            return True
        now = float(self._passed)
        if imposed.breaks(now):
            self._cell.rates.forget()
        if imposed.jumps(now):
            self._length[...] = self._first
        return False

    def _end(self, step: Step, words: str) -> None:
        """Take note of why a step of the protocol ends that is not over; it is said with the next time step."""
        self._early = True
        self._cut_short.append(f"{words}: the {step.step} ends")

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

    def _attempt(self, step: Step, ending: Ending, length: float, load: Load) -> tuple[Report, float]:
        """Advance the cell by `length` [s] and commit, or reject the time step.

        Return what it took, and how many times as long the next one may be.
        """
        cell, shortest = self._cell, length <= self._shortest(step)
        before = ending.overshoot
        try:
            report = cell.advance(length, load)
        except SolveError as error:
            shrink = 0.1 if isinstance(error, ExhaustedError) else 0.5
            raise _RejectedError(str(error), shrink, not isinstance(error, NoCurrentError), error) from None
        cell.commit()
        beyond = ending.overshoot
        if beyond > 1.0 and not shortest:
            # aims between the cut-off and what may be overshot, so that a secant through a bent curve ends there
            shrink = 1.0 - (beyond - 0.5) / (beyond - before) if np.isfinite(before) and beyond > before else 0.5
            raise _RejectedError("the cut-off would be overshot", min(max(shrink, 0.05), 0.95))
        limits = list(cell.limits())
        exceeded = [limit for limit in limits if limit.excess > 1.0 and not (shortest and limit.bearable)]
        if exceeded:
            worst = min(exceeded, key=lambda limit: limit.longer)
            raise _RejectedError(worst.reason, worst.longer, worst.lost, where=worst.where)
        return report, _longer(limits)

    def _run_crack(self, length: float, load: Load) -> tuple[Event, Report, float]:
        """Let a crack run; return what happened, what it took, and how many times as long the next step may be."""
        cell = self._cell
        event, report = run.run_crack(cell, length, load)
        cell.commit()
        longer = _longer([limit for limit in cell.limits() if not limit.bearable])
        cell.rates.forget()
        cell.rates.kink()
        return event, report + event.report, longer

    def _follow_crack(self, step: Open) -> Iterator[tuple[float, Report, tuple[str, ...], Event | None]]:
        """Carry out a step along the path on which the crack grows; time passes as the opening changes."""
        cell, arms = self._cell, self._cell.one(Arms)
        assert self._path
        if begins := self._passed == 0.0:
            self._begun[...] = arms.opening
            cell.begin_protocol_step()
        rate, saved = abs(step.opening - float(self._begun)) / step.time, cell.state.save()
        try:
            while begins or arms.opening < step.opening:
                self.permit()
                opened = arms.opening
                if begins:
                    report = self._path.start(opened + FIRST_SHARE * (step.opening - opened))
                else:
                    report = self._path.advance()
                begins, length = False, abs(arms.opening - opened) / rate
                self._passed += length
                self._time += length
                yield length, report, (), None
                saved = cell.state.save()
        except (SolveError, PathError) as error:
            cell.state.restore(saved)
            raise ProtocolError(str(error)) from None


def begun(values: Snapshot) -> int:
    """Return how many steps of a protocol were carried out or begun in a state of these values."""
    return int(values["protocol.place"]) + bool(values["protocol.passed"] > 0.0)


def _direction(cell: Cell, step: Step) -> int:
    """Return 1 for a charge, −1 for a discharge, also of a sweep, 0 for neither."""
    if isinstance(step, Sweep):
        return int(np.sign(step.voltage - cell.terminals.voltage))
    return step.sense if isinstance(step, Galvanostatic) else 0


def _longer(limits: Sequence[Limit]) -> float:
    """Return how many times as long the next step may be."""
    return min((limit.longer for limit in limits), default=np.inf)


def _time_to_change(cell: Cell, step: Step, change: float) -> float:
    """Return the time [s] in which the current of a step changes the mean stoichiometry by `change`."""
    model = cell.model
    current = largest_current(step, model.scale) * model.apparent_area
    return change * model.lithium_capacity * FARADAY / current if current else np.inf


def _has_cut_off(step: Step) -> bool:
    """Return whether a step at constant current ends at a voltage."""
    return isinstance(step, Galvanostatic) and step.until.voltage is not None
