"""Courses of what is imposed: values, integrals in closed form, and how far a time step may go."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad

from interstice.solver.course import SHARE_OF_RANGE, Polyline, Sine, ramp

JUMPY = Polyline([0.0, 4.0, 4.0, 10.0, 12.0, 14.0], [0.0, 5.0, -2.5, -2.5, 0.0, 0.0])


@pytest.mark.parametrize("time, value", [(0.0, 0.0), (2.0, 2.5), (4.0, 5.0), (4.1, -2.5), (10.0, -2.5), (11.0, -1.25)])
def test_a_polyline_goes_straight_and_at_a_jump_is_still_what_it_was(time: float, value: float) -> None:
    assert JUMPY.value(time) == pytest.approx(value, abs=1e-12)


@pytest.mark.parametrize(
    "course", [JUMPY, Sine(2.0, 3.0, mean=0.5), ramp(3.0, -1.0, 14.0)], ids=["table", "sine", "ramp"]
)
@pytest.mark.parametrize("time", [0.0, 0.7, 4.0, 7.3, 12.0, 13.9])
def test_the_integral_is_that_of_the_value(course: Polyline | Sine, time: float) -> None:
    found, _ = quad(course.value, 0.0, time, points=[part for part in (4.0, 10.0, 12.0) if part < time] or None)
    assert course.integral(time) == pytest.approx(found, abs=1e-9)


def test_the_area_of_a_table_is_exact_at_its_rows() -> None:
    np.testing.assert_array_equal(JUMPY.integrals, [0.0, 10.0, 10.0, -5.0, -7.5, -7.5])


def test_time_steps_meet_every_row_and_go_through_little_of_the_range_at_once() -> None:
    times, time = [], 0.0
    while np.isfinite(later := JUMPY.reach(time)):
        assert abs(JUMPY.value(later) - JUMPY.value(time)) <= SHARE_OF_RANGE * 5.0 + 1e-12 or time == 4.0
        time = later
        times.append(time)
    assert {4.0, 10.0, 12.0, 14.0} <= set(times) and len(times) == 5 + 1 + 3 + 1


def test_breaks_are_the_rows_and_jumps_those_with_two_values() -> None:
    assert [time for time in (2.0, 4.0, 10.0, 11.0, 12.0) if JUMPY.breaks(time)] == [4.0, 10.0, 12.0]
    assert [time for time in (2.0, 4.0, 10.0, 12.0) if JUMPY.jumps(time)] == [4.0]


def test_a_period_of_a_sine_has_thirty_time_steps_and_no_integral() -> None:
    wave, time, steps = Sine(3.0, 7.0), 0.0, 0
    while time < 7.0:
        time, steps = wave.reach(time), steps + 1
    assert steps == 32
    assert wave.integral(7.0) == pytest.approx(0.0, abs=1e-14) and wave.integral(3.5) == pytest.approx(3.0 * 7 / np.pi)
