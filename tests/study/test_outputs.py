"""The numbers of a run, of a made-up history whose integrals are known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from made_studies import rows_of_run

from interstice.schema.outcomes import Outcome, is_in_summary
from interstice.solver.study.outputs import Columns, chosen, number, summarised

ROWS = rows_of_run(resistance=2e-3, fraction=0.6)


def told(of: str, rows: list[dict[str, Any]] = ROWS, **options: Any) -> float:
    return number(Outcome.model_validate({"of": of, **options}), Columns(rows))


def test_a_resistance_is_overpotential_over_current_in_the_unit_asked_for() -> None:
    of = "'kinetic overpotential' / 'current density'"
    assert told(of, step=1) == pytest.approx(2e-3)
    assert told(of, step=1, unit="ohm*cm^2") == pytest.approx(20.0)
    assert told(of, step=3, take="start", unit="ohm*cm^2") == pytest.approx(20.0)


@pytest.mark.parametrize(
    ("take", "step", "value"),
    [
        ("end", None, 0.54),
        ("start", None, 0.6),
        ("start", 3, 0.6 * 0.54),
        ("end", 1, 0.3),
        ("min", None, 0.3),
        ("max", 3, 0.54),
        ("change", None, -0.06),
        ("change", 1, -0.3),
        ("change", 3, 0.24),
        ("mean", 2, 0.3),
    ],
)
def test_an_output_is_taken_over_the_run_or_one_of_its_steps(take: str, step: int | None, value: float) -> None:
    assert told("active fraction", take=take, step=step) == pytest.approx(value)


def test_a_mean_is_one_over_time_whatever_the_time_steps() -> None:
    # of a straight line, the value in the middle; in the first time step of each step the value at its end
    time = np.array([0.0, 100.0, 400.0, 1000.0])
    share = 0.6 * (1 - time / 2000)
    within = [share[1], (share[1] + share[2]) / 2, (share[2] + share[3]) / 2]
    assert told("active fraction", take="mean", step=1) == pytest.approx(np.dot(within, np.diff(time)) / 1000)
    assert told("current density", take="mean", step=1) == 10.0
    assert told("current density", take="mean") == pytest.approx(0.0, abs=1e-12)


def test_the_contact_that_a_cycle_costs_is_the_change_over_it() -> None:
    later = [
        {**row, "cycle [1]": 2, "step [1]": row["step [1]"] + 3, "time [s]": row["time [s]"] + 3000}
        for row in rows_of_run(fraction=0.5)[1:]
    ]
    rows = [*ROWS, *later]
    assert told("active fraction", rows, take="change", cycle=1) == pytest.approx(0.54 - 0.6)
    assert told("active fraction", rows, take="change", cycle=2) == pytest.approx(0.45 - 0.54)
    assert told("capacity", rows, step=6) == pytest.approx(10 * 1000 / 3600)
    assert told("capacity", rows, step=6, cycle=2) == told("capacity", rows, step=6)
    with pytest.raises(ValueError, match="no row of cycle 2"):
        told("capacity", rows, step=3, cycle=2)
    with pytest.raises(ValueError, match="no row of cycle 3; its last is 2"):
        told("active fraction", rows, cycle=3)


def test_rows_without_a_current_do_not_count_for_a_resistance_but_are_told_at_the_end() -> None:
    of = "'voltage' / 'current density'"
    assert told(of, take="min") == pytest.approx(min(row["voltage [V]"] / -10 for row in ROWS[-3:]))
    with pytest.raises(ValueError, match="no finite number at the end; does it divide by a current"):
        told(of, step=2)
    with pytest.raises(ValueError, match="finite number in none of the rows"):
        told(of, step=2, take="max")


def test_what_cannot_be_told_is_missing_and_the_others_are_there() -> None:
    wanted = {"a": {"of": "voltage"}, "b": {"of": "mean temperature"}, "c": {"of": "voltage", "step": 7}}
    found, problems = chosen({name: Outcome.model_validate(given) for name, given in wanted.items()}, ROWS)
    assert found["a"] == ROWS[-1]["voltage [V]"]
    assert np.isnan([found["b"], found["c"]]).all()
    first, second = problems
    assert (
        first.startswith("b: the history has no column 'mean temperature'") and "there are time, step, cycle" in first
    )
    assert second == "c: the run has no row of step 7; its last is 3"


def test_a_difference_of_temperatures_has_no_offset() -> None:
    rows = [{**row, "mean temperature [K]": 300.0 + number} for number, row in enumerate(ROWS)]
    assert told("mean temperature", rows, unit="degC") == pytest.approx(308 - 273.15)
    assert told("mean temperature", rows, unit="degC", take="change") == pytest.approx(8.0)


def test_the_summary_is_told_by_names_that_a_study_knows_before() -> None:
    found = summarised(ROWS)
    assert all(is_in_summary(name) for name in found)
    assert found["discharge capacity"] == (pytest.approx(10 * 1000 / 3600), "A h/m^2")
    assert found["mean kinetic overpotential of charge"] == (pytest.approx(0.02), "V")
    assert found["coulombic efficiency of the last cycle"] == (pytest.approx(1.0), "1")
    assert found["lowest active fraction"] == (pytest.approx(0.3), "1")
    assert found["time of the lowest active fraction"] == (1000.0, "s")
    assert found["final active fraction"] == (pytest.approx(0.54), "1")
    assert found["largest charge balance"] == (1e-12, "1")


def test_of_several_interfaces_the_summary_tells_each_by_its_name() -> None:
    rows = [
        {**row, "active fraction of a/b [1]": row["active fraction [1]"], "active fraction of b/c [1]": 0.8}
        for row in ROWS
    ]
    for row in rows:
        del row["active fraction [1]"]
    found = summarised(rows)
    assert found["lowest active fraction of a/b"][0] == pytest.approx(0.3)
    assert found["final active fraction of b/c"][0] == 0.8
    assert all(is_in_summary(name) for name in found)


@pytest.mark.parametrize("count", [0, 1])
def test_a_run_that_has_just_begun_has_a_summary_of_what_there_is(count: int) -> None:
    assert set(summarised(ROWS[:count])) >= ({"time", "assembled active fraction"} if count else set())
