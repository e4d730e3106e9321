"""What a run needs, estimated before it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from builders import tiny_case, tiny_cell, tiny_run

from interstice.schema.wording import rounded
from interstice.solver import cost
from interstice.solver.constants import FARADAY
from interstice.solver.reader import CaseError, read_case

CASES = Path(__file__).parents[1] / "cases"
TAKEN = {
    "film_2d": (10959, 91, 65, 205e6),
    "film_afm_2d": (22704, 153, 233, 521e6),
    "composite_cathode": (6144, 154, 116, 124e6),
    "dcb": (10210, 55, 29.5, 14.6e6),
    "film_buckle_delaminate": (15459, 258, 226, 61e6),
    "film_capacity_loss": (11543, 46, 28, 18.3e6),
    "full_cell": (11930, 262, 136, 91e6),
    "cold_press": (14426, 121, 80, 244e6),
    "pressure_hysteresis": (582, 187, 14, 11.8e6),
    "film_cycle_fatigue": (3621, 963, 720, 56e6),
}
"""Unknowns, time steps, seconds on one core of a small virtual machine and bytes of runs of shipped cases."""
SLOWER = {"film_cycle_fatigue": 6.0, "film_buckle_delaminate": 3.2}
"""Where bonds fail all along, a time step takes many tries."""


@pytest.mark.parametrize("name", TAKEN)
def test_estimates_of_shipped_cases_are_within_three_of_what_their_runs_took(name: str) -> None:
    found, (unknowns, steps, seconds, disk) = read_case(CASES / f"{name}.yaml").cost, TAKEN[name]
    assert found is not None
    assert found.unknowns == pytest.approx(unknowns, rel=0.25)
    assert 1 / 3 < found.steps / steps < 3
    assert 1 / 3 < found.disk / disk < 3
    assert 1 / SLOWER.get(name, 3.0) < found.time / seconds < 3


def test_unknowns_are_about_those_of_the_cell() -> None:
    solid = ("geometry.dimension=3", "geometry.lateral=symmetric")
    for changes in ((), ("element_order=2",), solid, (*solid, "element_order=2")):
        found = tiny_case(*changes).cost
        assert found
        assert found.unknowns == pytest.approx(tiny_cell(*changes).unknowns, rel=0.25)


def test_a_temperature_and_a_salt_are_unknowns_of_every_node_and_fields_on_disk() -> None:
    heat = "heat={collector_transfer: 10 W/(m^2*K), counter_transfer: 10 W/(m^2*K), ambient: 25 degC}"
    plain, warm, salty = (tiny_case(*changes).cost for changes in ((), (heat,), ("electrolyte.material=PEO-LiTFSI",)))
    assert plain and warm and salty
    # of 4 on each node of the electrode and 3 on each of the electrolyte
    assert warm.unknowns / plain.unknowns == pytest.approx(9 / 7, rel=0.02)
    assert salty.unknowns / plain.unknowns == pytest.approx(8 / 7, rel=0.02)
    assert warm.disk > 1.1 * plain.disk and salty.disk > plain.disk


def test_fields_that_are_written_less_often_take_less() -> None:
    often, seldom = (tiny_case("protocol=[rest for 10 h]", f"output.fields_every={n}").cost for n in (1, 10))
    assert often and seldom
    assert often.disk / seldom.disk == pytest.approx(10.0, rel=0.1)
    assert often.time == seldom.time


def test_twice_the_steps_take_twice_the_time() -> None:
    one, two = (tiny_case(f"protocol=[{', '.join(['rest for 10 h'] * n)}]").cost for n in (1, 2))
    assert one and two
    assert two.steps == pytest.approx(2 * one.steps)
    assert (two.time - cost.START[2]) == pytest.approx(2 * (one.time - cost.START[2]))


ENDLESS = [
    ("rest for 1e300 s", "protocol.0 = 'rest for 1e300 s'"),
    ("{repeat 999999999 times: [rest for 1 s]}", "protocol.0"),
    ("{repeat 99999 times: [{repeat 99999 times: [{repeat 99999 times: [rest for 1 s]}]}]}", "protocol.0"),
    ("{step: oscillate, c_rate: 1, period: 1 ns, time: 1 h}", "protocol.0"),
    ("{step: sweep, voltage: 4 V, rate: 1e-12 V/s}", "protocol.0"),
    ("{step: gitt, direction: charge, c_rate: 1, pulse: 1 s, rest: 1e9 s, pulses: 99999999}", "protocol.0"),
]


@pytest.mark.parametrize(("step", "key"), ENDLESS)
def test_a_protocol_without_end_is_refused_with_its_key(step: str, key: str) -> None:
    with pytest.raises(CaseError, match=r"time steps would be taken, at most .* are allowed") as refused:
        tiny_case(f"protocol=[{step}]")
    assert f" {key}" in str(refused.value) and "limits.steps" in str(refused.value)


def test_the_entry_that_takes_most_is_the_one_that_is_named() -> None:
    with pytest.raises(CaseError, match=r" protocol\.1 = 'rest for 1e12 s': about"):
        tiny_case("protocol=[rest for 1 h, rest for 1e12 s, rest for 1e11 s]")


def test_tiny_time_steps_are_refused_unless_more_are_allowed() -> None:
    tiny = "time={initial: 1 us, minimum: 1 us, maximum: 1 us}"
    with pytest.raises(CaseError, match=r"raise time\.maximum"):
        tiny_case(tiny)
    assert tiny_case(tiny, "limits.steps=1e9", "limits.disk=1000 TB").cost


@pytest.mark.parametrize(("limit", "words"), [("time=1 s", "1 s is allowed"), ("disk=100 kB", "100 kB is allowed")])
def test_what_takes_too_long_or_too_much_disk_is_refused_under_its_limit(limit: str, words: str) -> None:
    with pytest.raises(CaseError, match=rf"limits\.{limit.partition('=')[0]} = .* {words}"):
        tiny_case("protocol=[rest for 10 h]", f"limits.{limit}")


def test_an_estimate_that_may_be_too_large_refuses_nothing() -> None:
    known = tiny_case().cost
    assert known is not None
    assert tiny_case(f"limits.disk={known.disk / 2} byte", f"limits.steps={known.steps / 2}")
    with pytest.raises(CaseError, match=r"limits\.disk"):
        tiny_case(f"limits.disk={known.disk / 4} byte")


def test_memory_beyond_that_of_the_machine_and_currents_beyond_the_cell_are_questioned() -> None:
    fast = tiny_case("protocol=[charge at 100 mA/cm^2 for 1 ms, charge at 5 mA/cm^2 for 1 ms, charge at 300C for 1 ms]")
    assert fast.cost
    (said,) = cost.cautions(fast.case, fast.cost, fast.cost.memory)
    host = fast.materials["electrode"].host
    assert host
    # of a micron
    one_c = 1e-6 * 51765.0 * FARADAY * float(np.ptp(host.stoichiometry_range)) / 3600.0
    assert said.startswith(f"protocol.0: 1e+03 A/m^2 is {rounded(1e3 / one_c)}C of this cell")
    assert said in fast.warnings
    words, _ = cost.cautions(fast.case, fast.cost, 0.5 * fast.cost.memory)
    assert words.startswith("about 260 MB of memory will be needed, and this machine has 130 MB")
    assert cost.memory_here() > 1e9


def test_what_is_estimated_is_told_rounded() -> None:
    text = str(tiny_case().cost)
    assert text.startswith("estimate: 1,100 unknowns, ") and "on one core" in text and " MB of memory, " in text


def test_a_c_rate_and_a_mass_are_those_of_the_run() -> None:
    estimate, exact = tiny_case().cost, tiny_run().cell.model.scale
    assert estimate is not None
    scale = estimate.schedule.scale
    assert scale.one_c == pytest.approx(exact.one_c, rel=1e-3)
    assert scale.mass == pytest.approx(exact.mass, rel=1e-3)
    low, high = tiny_run().cell.materials["electrode"].host.stoichiometry_range  # type: ignore[union-attr]
    assert scale.share == pytest.approx(high - low)
