"""How much of a protocol is done."""

from __future__ import annotations

import numpy as np
import pytest
from builders import tiny_case

from interstice.schema import Scale
from interstice.solver.schedule import Schedule

ONE_C = 2.0


def schedule(*protocol: str, **times: str) -> Schedule:
    changes = [f"time.{name}={value}" for name, value in times.items()]
    case = tiny_case(f"protocol=[{', '.join(protocol)}]", *changes).case
    return Schedule(case.protocol, case.time, Scale(ONE_C, 1.0))


def test_equal_steps_are_equal_shares_and_the_end_is_all() -> None:
    rests = schedule(*["rest for 1 min"] * 4)
    assert [rests.share(number, 60.0) for number in (1, 2, 3, 4)] == pytest.approx([0.25, 0.5, 0.75, 1.0])
    assert rests.share(1, 0.0) == 0.0


def test_repeated_steps_count_as_often_as_they_are_carried_out() -> None:
    cycles = schedule("{repeat 3 times: [rest for 1 min, rest for 1 min]}")
    assert cycles.steps == 6
    assert cycles.share(2, 60.0) == pytest.approx(1 / 3)


def test_shares_grow_with_time_and_never_fall_where_a_step_ends_early_or_late() -> None:
    run = schedule("charge at 1C until 4.2 V", "rest for 10 min", "discharge at 1C until 3 V or 30 min")
    # the charge ends after a third of an hour, the discharge is overdue
    places = [(1, 0.0), (1, 60.0), (1, 1200.0), (2, 0.0), (2, 600.0), (3, 900.0), (3, 1800.0), (3, 9000.0)]
    shares = [run.share(*place) for place in places]
    assert np.all(np.diff(shares[:-1]) > 0.0)
    assert shares[-2:] == [1.0, 1.0]


def test_a_step_takes_as_many_time_steps_as_its_longest_ones_fill_it_and_those_that_lead_there() -> None:
    """A rest of 100 steps of 5 s after 2 s beside one of 5 s: 100 + log₂ 251 to 1 + log₂ 3.5."""
    run = schedule("rest for 500 s", "rest for 5 s", initial="2 s", maximum="5 s")
    long, short = 100 + np.log2(251), 1 + np.log2(3.5)
    assert run.share(1, 500.0) == pytest.approx(long / (long + short))


def test_a_charge_without_time_is_taken_to_fill_the_cell_in_steps_of_its_change_of_stoichiometry() -> None:
    """At 2C half an hour in steps of 2 % of that, 36 s; a rest of as long in steps of 5 min."""
    run = schedule(
        "charge at 2C until 5 V", "charge at 4 A/m^2 for 1 h", "rest for 30 min", initial="2 s", maximum="5 min"
    )
    charge, rest = 50 + np.log2(901), 6 + np.log2(901)
    assert run.share(1, 1800.0) == pytest.approx(charge / (2 * charge + rest))
    assert run.share(2, 3600.0) == pytest.approx(2 * charge / (2 * charge + rest))


def test_the_share_in_nested_repeats_is_that_of_all_steps_written_out() -> None:
    thrice = "{repeat 3 times: [rest for 1 min, rest for 9 min]}"
    nested = f"{{repeat 2 times: [charge at 1C for 7 min, {thrice}, rest for 2 min]}}"
    inner = ["rest for 1 min", "rest for 9 min"] * 3
    written = ["charge at 1C for 7 min", *inner, "rest for 2 min"] * 2
    short, long = schedule(nested, "rest for 1 h"), schedule(*written, "rest for 1 h")
    assert short.steps == long.steps == 17
    for number in range(1, 18):
        for passed in (0.0, 30.0, 1e9):
            assert short.share(number, passed) == pytest.approx(long.share(number, passed), rel=1e-12)


def test_a_step_beyond_the_last_is_the_end() -> None:
    cycles = schedule("{repeat 3 times: [rest for 1 min]}")
    assert cycles.share(4, 10.0) == cycles.share(9, 10.0) == 1.0


def test_a_titration_has_as_many_pulses_as_fill_the_cell_or_fewer() -> None:
    pulse = "step: gitt, direction: charge, c_rate: 1, pulse: 6 min, rest: 1 min"
    assert schedule(f"{{{pulse}, until: {{voltage: 4.2 V}}}}").steps == 20
    assert schedule(f"{{{pulse}, until: {{voltage: 4.2 V}}, pulses: 3}}").steps == 6


def test_waves_and_sweeps_are_resolved_by_their_time_steps() -> None:
    """31 steps a period, 10 mV a step."""
    wave = schedule("{step: oscillate, c_rate: 1, period: 10 s, time: 100 s}", initial="1 s", maximum="1 h")
    sweep = schedule("{step: sweep, voltage: 4 V, rate: 1 mV/s}", initial="1 s", maximum="1 h")
    assert wave.work == pytest.approx([100 * np.pi + np.log2(101)])
    assert sweep.work == pytest.approx([100 + np.log2(1001)])
