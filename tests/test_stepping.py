"""From protocol steps to time steps, on a cell whose voltage is a given function of the charge that passed."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import nullcontext
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from interstice.schema import (
    Charge,
    Discharge,
    Follow,
    Hold,
    HoldStop,
    Oscillate,
    Repeat,
    Rest,
    Scale,
    Step,
    Stop,
    Sweep,
    TimeStepping,
    Titration,
)
from interstice.schema.protocol import PulsesStop
from interstice.solver.algebra import Report, SolveError
from interstice.solver.bodies.terminals import OpenCircuitError
from interstice.solver.constants import FARADAY
from interstice.solver.crack.unstable import Event
from interstice.solver.crawl import MOST, Crawl
from interstice.solver.interface.bond import Bond
from interstice.solver.part import Load
from interstice.solver.state import State
from interstice.solver.stepping import HARD, MOST_UNMOVED, Advance, ProtocolError, Stepping, StuckError

CAPACITY = 1000.0
"""Charge that fills the host [C]; at 1 A/m² on 1 m², time in seconds is charge in coulombs."""


class FakeCell:
    """A cell of 1 m², whose voltage is `voltage_at(charge [C], current [A])`; it notes what is done to it.

    It is its own model, terminals and rates.
    """

    apparent_area = active_fraction = 1.0
    lithium_capacity = CAPACITY / FARADAY
    systems = (None,)
    scale = Scale(CAPACITY / 3600, np.nan)
    case = SimpleNamespace(holds_without_pressure=False)

    def __init__(
        self,
        voltage_at: Callable[[float, float], float] = lambda charge, current: 3.0 + charge / CAPACITY,
        far: int = 3,
        active_at: Callable[[float], float] = lambda charge: 1.0,
    ) -> None:
        self.state = State()
        self._charge = self.state.number("charge")
        self._voltage = self.state.number("voltage", voltage_at(0.0, 0.0))
        self._start, self._current = self.state.number("start"), self.state.number("current")
        self.model = self.terminals = self.rates = self
        self.tried: list[float] = []
        self.committed = self.forgotten = 0
        self._voltage_at, self._far, self._active_at = voltage_at, far, active_at

    @property
    def charge(self) -> float:
        return float(self._charge)

    @property
    def voltage(self) -> float:
        return float(self._voltage)

    @property
    def current_density(self) -> float:
        return float(self._current)

    @property
    def step_capacity(self) -> float:
        return abs(self.charge - float(self._start))

    def advance(self, time_step: float, load: Load) -> Report:
        self.tried.append(time_step)
        if load.charge is None:
            self._current[...] = load.current_density
        else:
            self._current[...] = (load.charge - self.charge + float(self._start)) / time_step
        if load.voltage is not None:
            # implicit, of a resistance of 1 Ω m² behind a voltage that goes with the charge
            self._current[...] = (load.voltage - self._voltage_at(self.charge, 0.0)) / (1.0 + time_step / CAPACITY)
        self._charge += time_step * self.current_density
        self._voltage[...] = self._voltage_at(self.charge, self.current_density)
        self.active_fraction = self._active_at(self.charge)
        return Report(20, 0, self._far)

    def every(self, kind: type) -> list[None]:
        return []

    def commit(self) -> None:
        pass

    def limits(self) -> tuple[()]:
        return ()

    def begin_protocol_step(self) -> None:
        self._start[...] = self.charge

    def forget(self) -> None:
        self.forgotten += 1

    def book(self) -> None:
        self.committed += 1


def control(**values: Any) -> TimeStepping:
    # the schema reads text with units; here every value is in SI already
    defaults = {"initial": 1.0, "minimum": 1e-3, "maximum": 300.0, "stoichiometry_change": 0.5, "tolerance": 1e-4}
    return TimeStepping.model_construct(**(defaults | values))


def stop(**values: float) -> Stop:
    return Stop.model_construct(**values)


def charge(current: float = 1.0, **until: float) -> Charge:
    return Charge.model_construct(step="charge", current_density=current, until=stop(**until))


def discharge(current: float = 1.0, **until: float) -> Discharge:
    return Discharge.model_construct(step="discharge", current_density=current, until=stop(**until))


def rest(time: float) -> Rest:
    return Rest.model_construct(step="rest", time=time)


def run(cell: FakeCell, protocol: list[Step], **values: Any) -> list[Advance]:
    return list(Stepping(cell, protocol, control(**values)))  # type: ignore[arg-type]


def lengths(advances: list[Advance]) -> list[float]:
    return [advance.duration for advance in advances]


def test_current_is_positive_on_charge_and_negative_on_discharge() -> None:
    for step, expected in ((charge(2.0, time=5.0), 10.0), (discharge(2.0, time=5.0), -10.0), (rest(5.0), 0.0)):
        cell = FakeCell()
        run(cell, [step])
        assert cell.charge == pytest.approx(expected, rel=1e-12)


def test_steps_end_exactly_at_their_time_and_follow_each_other() -> None:
    cell = FakeCell()
    advances = run(cell, [charge(time=10.0), rest(7.0), discharge(time=10.0)])
    ends = {advance.number: advance.time for advance in advances}
    assert ends == pytest.approx({1: 10.0, 2: 17.0, 3: 27.0}, rel=1e-14)
    assert cell.charge == pytest.approx(0.0, abs=1e-12)
    times = [advance.time for advance in advances]
    np.testing.assert_allclose(np.diff([0.0, *times]), lengths(advances), rtol=1e-12)
    assert cell.committed == len(advances)


def test_easy_time_steps_double_up_to_the_longest_allowed() -> None:
    advances = run(FakeCell(), [rest(36.0)], maximum=10.0)
    assert lengths(advances) == pytest.approx([1.0, 2.0, 4.0, 8.0, 10.0, 10.0, 1.0])


def test_hard_time_steps_do_not_grow() -> None:
    assert lengths(run(FakeCell(far=HARD + 1), [rest(4.0)])) == pytest.approx([1.0] * 4)


def test_how_many_steps_the_last_digits_take_does_not_count() -> None:
    assert lengths(run(FakeCell(far=HARD), [rest(3.0)])) == pytest.approx([1.0, 2.0])


def test_time_step_changes_the_mean_stoichiometry_by_no_more_than_allowed() -> None:
    advances = run(FakeCell(), [charge(time=100.0)], stoichiometry_change=0.01)
    assert max(lengths(advances)) == pytest.approx(0.01 * CAPACITY)


class Stubborn(FakeCell):
    """Fails whenever a time step is longer than `longest`, after it has spoilt its state."""

    longest = 0.3

    def advance(self, time_step: float, load: Load) -> Report:
        report = super().advance(time_step, load)
        if time_step > self.longest:
            self._charge[...] = np.nan
            raise SolveError("no convergence")
        return report


def test_failed_time_step_is_halved_from_the_state_before_and_says_why() -> None:
    cell = Stubborn()
    advances = run(cell, [charge(time=1.0)])
    assert cell.tried[:3] == [1.0, 0.5, 0.25]
    assert cell.charge == pytest.approx(1.0)
    assert advances[0].duration == 0.25
    assert advances[0].notes == (
        "no convergence: time step 1 s → 0.5 s",
        "no convergence: time step 0.5 s → 0.25 s",
    )


def test_step_without_failure_carries_no_notes() -> None:
    assert all(advance.notes == () for advance in run(FakeCell(), [rest(10.0)]))


OPENED = "open circuit: no contact left (active fraction 1 at the time step before): the charge ends"


class Blocked(FakeCell):
    """Lets no current pass in some direction."""

    def advance(self, time_step: float, load: Load) -> Report:
        report = super().advance(time_step, load)
        if load.current_density > 0.0:
            raise OpenCircuitError("open circuit: no contact left")
        return report


def test_step_whose_current_cannot_flow_ends_in_words_and_the_next_one_follows() -> None:
    cell = Blocked()
    advances = run(cell, [charge(time=5.0), charge(time=5.0), rest(3.0), discharge(time=2.0)], minimum=0.1)
    assert [advance.number for advance in advances] == [3, 3, 4, 4]
    assert [advance.notes for advance in advances] == [(OPENED, OPENED), (), (), ()]
    assert advances[0].ended == f"{OPENED}; {OPENED}"
    assert cell.charge == pytest.approx(-2.0) and advances[-1].time == pytest.approx(5.0)


@pytest.mark.parametrize("blocked", [1, 2])
def test_run_whose_last_steps_have_no_current_stops_in_words_of_each(blocked: int) -> None:
    done = []
    with pytest.raises(ProtocolError, match=f"^{re.escape('; '.join([OPENED] * blocked))}$"):
        done += Stepping(Blocked(), [rest(1.0), *[charge(time=5.0)] * blocked], control())  # type: ignore[arg-type]
    assert len(done) == 1


def test_time_step_that_cannot_be_shorter_ends_the_run_in_words() -> None:
    cell = Stubborn()
    cell.longest = 0.0
    done = []
    with pytest.raises(ProtocolError, match=r"no convergence \(the time step cannot be shorter than 0.1 s\)"):
        done += Stepping(cell, [charge(time=1.0)], control(minimum=0.1))  # type: ignore[arg-type]
    assert done == [] and cell.charge == 0.0
    assert cell.tried == pytest.approx([1.0, 0.5, 0.25, 0.125, 0.1])


@pytest.mark.parametrize("bend", [0.0, 3e-4, -1e-6])
def test_cut_off_voltage_is_reached_and_not_overshot(bend: float) -> None:
    """Straight and bent voltage curves, charge and discharge."""

    def voltage(charge: float, current: float) -> float:
        return 3.5 + 2e-3 * charge + bend * charge * abs(charge)

    up = run(cell := FakeCell(voltage), [charge(voltage=3.8)])
    assert 3.8 <= cell.voltage <= 3.801
    assert any("the cut-off would be overshot" in note for advance in up for note in advance.notes)
    run(cell := FakeCell(voltage), [discharge(voltage=3.2)])
    assert 3.199 <= cell.voltage <= 3.2


def test_cut_off_reached_by_the_first_time_step_of_a_step_is_not_overshot() -> None:
    """The step could have been shorter: the voltage starts 10 mV below the cut-off and rises by 1 V in 100 s."""
    cell = FakeCell(lambda charge, current: 3.0 + 0.01 * charge)
    run(cell, [charge(voltage=3.01)], initial=20.0)
    assert 3.01 <= cell.voltage <= 3.011


def test_step_that_starts_beyond_its_cut_off_ends_after_one_time_step() -> None:
    """The drop of voltage when the current sets in may exceed the cut-off, however short the time step."""
    cell = FakeCell(lambda charge, current: 3.0 + charge / CAPACITY + 0.5 * current)
    advances = run(cell, [charge(voltage=3.2), rest(5.0)])
    assert [advance.number for advance in advances][:2] == [1, 2]
    assert cell.voltage == pytest.approx(3.0, abs=1e-2)


def test_step_ends_when_too_little_of_the_interface_is_active() -> None:
    cell = FakeCell(active_at=lambda charge: 1.0 - charge / 20.0)
    advances = run(cell, [charge(active_fraction=0.5), rest(1.0)], maximum=1.0)
    assert advances[-2].time == pytest.approx(11.0)
    assert advances[-1].number == 2


def test_whichever_condition_comes_first_ends_the_step() -> None:
    early = run(FakeCell(), [charge(voltage=9.0, time=5.0, active_fraction=0.1)])
    assert early[-1].time == pytest.approx(5.0)
    run(cell := FakeCell(), [charge(voltage=3.1, time=1e6)])
    assert cell.voltage == pytest.approx(3.1, abs=1e-3)


class StuckCell(FakeCell):
    """A cell with a bond, whose equations no time step solves."""

    def every(self, kind: type) -> list[None]:
        return [None] if kind is Bond else []

    def advance(self, time_step: float, load: Load) -> Report:
        raise SolveError("no convergence")


@pytest.mark.parametrize("broken, growth, ran", [(0.0, 1e-9, False), (0.0, 0.9, True), (1e-9, 0.9, True)])
def test_only_a_crack_that_ran_is_an_event_and_without_any_the_run_stops_in_words(
    broken: float, growth: float, ran: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = Event(1e-24, 1e-24, broken, growth, Report(3, 0))
    monkeypatch.setattr(Stepping, "_run_crack", lambda *_: (found, found.report, 1.0))
    advances = []
    with pytest.raises(ProtocolError, match="no crack ran") if not ran else nullcontext():
        for advance in Stepping(StuckCell(), [rest(0.1)], control(minimum=1e-3, initial=1e-3, maximum=1e-3)):  # type: ignore[arg-type]
            advances.append(advance)
    assert [bool(advance.event) for advance in advances] == [ran] * (100 if ran else MOST_UNMOVED)
    assert all(("unstable" in advance.notes[-1]) == ran for advance in advances)


# --- conditions ------------------------------------------------------------------------------------


@pytest.mark.parametrize("voltage, sense", [(3.5, 1), (2.5, -1)])
def test_a_hold_ends_when_its_current_has_fallen_whatever_its_sign(voltage: float, sense: int) -> None:
    """i = (V − U) exp(−t/τ) with a resistance of 1 Ω m² and a capacity of 1000 C/m² per volt, τ = 1000 s."""
    cell = FakeCell(lambda charge, current: 3.0 + charge / CAPACITY + current)
    stop = HoldStop.model_construct(current_density=0.1)
    advances = run(cell, [Hold.model_construct(step="hold", voltage=voltage, until=stop)], maximum=5.0)
    assert 0.099 <= sense * cell.current_density <= 0.1
    assert advances[-1].time == pytest.approx(1000 * np.log(5.0), rel=0.02)


def test_a_hold_ends_at_its_capacity() -> None:
    cell = FakeCell(lambda charge, current: 3.0 + charge / CAPACITY + current)
    stop = HoldStop.model_construct(capacity=100.0)
    run(cell, [charge(time=10.0), Hold.model_construct(step="hold", voltage=3.5, until=stop)], maximum=50.0)
    assert 110.0 <= cell.charge <= 110.0 * (1 + 1e-4)


def test_a_steady_current_ends_exactly_at_its_capacity() -> None:
    for until, expected in (({"capacity": 7.0}, 7.0), ({"capacity": 7.0, "time": 2.0}, 4.0)):
        run(cell := FakeCell(), [charge(2.0, **until)])
        assert cell.charge == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("sense, target", [(1, 0.2), (-1, -0.2)])
def test_what_may_be_reached_from_either_side_is_reached_from_that_of_the_start(sense: int, target: float) -> None:
    class Swelling(FakeCell):
        thickness = 1.0

        @property
        def fixture(self) -> Any:
            return SimpleNamespace(thickness_change=self.charge / 100, pressure=10.0 - self.charge)

    step = charge if sense > 0 else discharge
    for until, expected in (
        ({"strain": target}, 100 * target),
        ({"thickness_change": target}, 100 * target),
        ({"pressure": 10.0 - 5 * sense}, 5.0 * sense),
    ):
        run(cell := Swelling(), [step(**until)])
        assert sense * expected <= sense * cell.charge <= sense * expected * (1 + 3e-3)
    # from the other side it is not met
    run(cell := Swelling(), [step(strain=-target, time=30.0)])
    assert cell.charge == pytest.approx(30.0 * sense)


def test_a_step_that_ends_at_once_says_so_and_no_other_does() -> None:
    cell = FakeCell(lambda charge, current: 3.0 + charge / CAPACITY)
    first, *_, last = run(cell, [charge(voltage=2.9), charge(voltage=3.1)])
    assert (
        first.notes[-1] == "the charge ends at once: the voltage is 3 V, and 2.9 V ends it" and first.duration <= 1e-3
    )
    assert not any("at once" in note for note in last.notes)


def test_a_step_that_changes_nothing_is_a_short_one_that_says_so() -> None:
    advances = run(FakeCell(), [Sweep.model_construct(step="sweep", voltage=3.0, rate=1.0), rest(1.0)])
    assert advances[0].notes == ("the sweep has nothing to change",) and advances[0].duration == 1e-3
    assert all(advance.notes == () for advance in advances[1:])


# --- courses, cycles, titrations ---------------------------------------------------------------------


def table(folder: Path, rows: str) -> Follow:
    path = folder / "drive.csv"
    path.write_text(f"time [s], i [A/m^2]\n{rows}", encoding="utf-8")
    return Follow.model_construct(step="follow", file=path)


def test_a_table_is_followed_row_by_row_and_begun_anew_at_each(tmp_path: Path) -> None:
    step = table(tmp_path, "0,0\n4,5\n4,-2\n10,-2\n")
    cell = FakeCell()
    advances = run(cell, [rest(1.0), step], maximum=100.0)
    times = [advance.time for advance in advances]
    assert {5.0, 11.0} <= set(times) and times[-1] == 11.0
    assert cell.charge == pytest.approx(10.0 - 12.0, rel=1e-12)
    begun = next(advance for advance in advances if advance.time > 5.0)
    assert begun.duration == pytest.approx(1.0) and cell.forgotten == 2


def test_a_time_step_cut_short_by_a_row_does_not_shorten_the_next(tmp_path: Path) -> None:
    step = table(tmp_path, "0,1\n15.5,1\n40,1\n")
    assert lengths(run(FakeCell(), [step], maximum=100.0)) == pytest.approx([1.0, 2.0, 4.0, 8.0, 0.5, 16.0, 8.5])


def test_a_sine_is_resolved_and_over_a_period_carries_nothing() -> None:
    step = Oscillate.model_construct(step="oscillate", current_density=2.0, period=60.0, time=60.0)
    advances = run(cell := FakeCell(), [step])
    assert cell.charge == pytest.approx(0.0, abs=1e-12) and len(advances) >= 32


def test_a_sweep_goes_steadily_in_steps_of_ten_millivolts() -> None:
    cell = FakeCell(lambda charge, current: 3.0 + charge / CAPACITY + current)
    advances = run(cell, [Sweep.model_construct(step="sweep", voltage=3.4, rate=1e-3)])
    assert advances[-1].time == pytest.approx(400.0) and cell.voltage == pytest.approx(3.4)
    assert max(lengths(advances)) <= 10.0 + 1e-9
    # R i + q/C = v t: i = C v (1 − exp(−t/RC))
    assert cell.current_density == pytest.approx(1.0 * (1 - np.exp(-0.4)), rel=5e-3)


def numbered(protocol: list[Any]) -> list[tuple[str, int, tuple[int, ...]]]:
    """Return kind, cycle and repetitions of each step of a protocol."""
    seen = {advance.number: advance for advance in run(FakeCell(), protocol)}
    return [(advance.step.step, advance.cycle, advance.repetitions) for advance in seen.values()]


def repeat(times: int, *steps: Any) -> Repeat:
    return Repeat.model_construct(step="repeat", times=times, steps=list(steps))


def test_every_pair_of_charge_and_discharge_counts_once() -> None:
    """Over several repeats and in nested ones, and whichever of the two comes first."""
    pair = (charge(time=1.0), rest(1.0), discharge(time=1.0), rest(1.0))
    cycles = [
        cycle for _, cycle, _ in numbered([rest(1.0), *pair, repeat(2, *pair), repeat(2, repeat(2, *pair), rest(1.0))])
    ]
    assert cycles == [1, *[1] * 4, *[2] * 4, *[3] * 4, *[4] * 4, *[5] * 5, *[6] * 4, *[7] * 5]
    reverse = [discharge(time=1.0), charge(time=0.5), charge(time=0.5)]
    assert [cycle for _, cycle, _ in numbered([repeat(3, *reverse)])] == [1, 1, 1, 2, 2, 2, 3, 3, 3]
    assert [cycle for _, cycle, _ in numbered([charge(time=1.0), rest(1.0), charge(time=1.0)])] == [1, 1, 1]


def test_a_voltammogram_there_and_back_is_a_cycle() -> None:
    there, back = (Sweep.model_construct(step="sweep", voltage=voltage, rate=0.1) for voltage in (3.1, 2.9))
    assert [cycle for _, cycle, _ in numbered([repeat(3, there, back)])] == [1, 1, 2, 2, 3, 3]


def test_repetitions_are_counted_in_each_repeat_the_outermost_first() -> None:
    found = numbered([rest(1.0), repeat(2, charge(time=1.0), repeat(2, rest(1.0)))])
    inner = [(outer, number) for outer in (1, 2) for number in (1, 2)]
    assert [repetitions for *_, repetitions in found] == [(), (1,), *inner[:2], (2,), *inner[2:]]


def titration(**values: Any) -> Titration:
    defaults = {"step": "gitt", "direction": "charge", "current_density": 1.0, "pulse": 10.0, "rest": 5.0}
    return Titration.model_construct(**(defaults | values))


def test_a_titration_is_pulses_with_a_rest_after_each() -> None:
    assert [kind for kind, _, _ in numbered([titration(pulses=2), discharge(time=1.0)])] == [
        *["charge", "rest"] * 2,
        "discharge",
    ]


def test_a_titration_ends_in_the_pulse_that_meets_its_end_and_the_next_step_follows() -> None:
    cell = FakeCell()
    advances = run(cell, [titration(until=PulsesStop.model_construct(voltage=3.025)), rest(1.0)])
    assert {advance.number: advance.step.step for advance in advances} == {
        1: "charge",
        2: "rest",
        3: "charge",
        4: "rest",
        5: "charge",
        6: "rest",
    }
    assert cell.voltage == pytest.approx(3.025, abs=1e-3) and 25.0 <= cell.charge <= 26.0
    assert advances[-1].time == pytest.approx(cell.charge + 5.0 + 5.0 + 1.0)


class Creeping(FakeCell):
    """Bears time steps of `longest` at most, but for a few after every so many."""

    case = SimpleNamespace(holds_without_pressure=False, output=SimpleNamespace(length_unit="um"))
    every_so_many = 10**9

    def advance(self, time_step: float, load: Load) -> Report:
        if time_step > 1e-5 and self.committed % self.every_so_many < self.every_so_many - 10:
            raise SolveError("no convergence", (1e-6, 2.5e-6), "u of electrode")
        return super().advance(time_step, load)


def test_a_run_that_crawls_ends_in_words_of_the_law_its_place_and_what_to_try() -> None:
    cell, done = Creeping(), []
    with pytest.raises(StuckError) as stuck:
        for advance in Stepping(cell, [charge(time=100.0)], control(minimum=1e-9)):  # type: ignore[arg-type]
            done.append(advance)
    assert len(done) == MOST and max(lengths(done)) <= 1e-5
    words = str(stuck.value)
    assert words.startswith(f"{MOST} time steps in a row were shorter than 1e-06 of the charge")
    assert "worst equilibrium (u of electrode) at x = 1 um, y = 2.5 um" in words
    assert "try a smaller geometry.element_size" in words
    assert re.search(r"rejected before: at [\d.e-]+ s one of 1.\d+e-05 s \(no convergence\), at", words)


def test_a_run_that_gets_on_now_and_then_does_not_crawl() -> None:
    cell = Creeping()
    cell.every_so_many = MOST
    steps = Stepping(cell, [charge(time=100.0)], control(minimum=1e-9))  # type: ignore[arg-type]
    assert len(list(islice(steps, 4 * MOST))) == 4 * MOST


@pytest.mark.parametrize("step", ["rest", "oscillate"])
def test_time_steps_that_are_as_short_as_they_are_to_be_do_not_crawl(step: str) -> None:
    wave = Oscillate.model_construct(step="oscillate", current_density=1.0, period=1e-4, time=1e4)
    asked = [rest(1e4)] if step == "rest" else [wave]
    shortest = {"initial": 1e-4, "maximum": 1e-3, "minimum": 1e-9} if step == "rest" else {"minimum": 1e-9}
    steps = Stepping(FakeCell(), asked, control(**shortest))  # type: ignore[arg-type]
    assert len(list(islice(steps, 4 * MOST))) == 4 * MOST


def test_what_was_rejected_before_the_shortest_time_step_is_shown() -> None:
    cell = Stubborn()
    cell.longest = 0.0
    with pytest.raises(StuckError) as stuck:
        list(Stepping(cell, [charge(time=1.0)], control(minimum=0.1)))  # type: ignore[arg-type]
    before = str(stuck.value).partition("rejected before: ")[2]
    # the last one, of 0.1 s, is what ends the run
    assert before == ", ".join(f"at 0 s one of {length} s (no convergence)" for length in ("1", "0.5", "0.25", "0.125"))


def test_a_step_without_time_is_taken_to_last_until_the_cell_is_full() -> None:
    """Time steps of 0.3 s at most, of 1000 s."""
    assert len(run(Stubborn(), [charge(voltage=3.03)])) > 2 * MOST


def test_what_was_rejected_before_a_time_step_that_got_on_is_no_reason_any_more() -> None:
    crawl = Crawl(FakeCell(), State())  # type: ignore[arg-type]
    crawl.reject(0.0, 1.0, "no convergence", "", lost=False)
    assert not crawl.advance(1.0, 100.0, hindered=True)
    done = [crawl.advance(1e-6, 100.0, hindered=True) for _ in range(MOST)]
    assert done == [False] * (MOST - 1) + [True]
    words = crawl.words("rest", 1e-6, 1.0)
    assert "every time step takes many Newton steps" in words and "no convergence" not in words
