"""From a study file to runs with names: what is the same has the same name, and what is new alone is new."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from builders import TINY
from hypothesis import given
from hypothesis import strategies as st

from interstice.schema.problems import CaseError
from interstice.schema.study import MOST_RUNS, Range, Study
from interstice.solver.reader import read_case
from interstice.solver.study import plan
from interstice.solver.study.plan import Plan

Write = Callable[..., Plan]


@pytest.fixture
def planned(tmp_path: Path) -> Write:
    """Return `planned(**blocks)`: the plan of a study of the tiny case with those blocks."""
    (tmp_path / "tiny.yaml").write_text(TINY)

    def make(**blocks: Any) -> Plan:
        file = tmp_path / "study.yaml"
        file.write_text(json.dumps({"title": "a study", "case": "tiny.yaml", **blocks}))
        return plan.make(plan.read_study(file))

    return make


def names(made: Plan) -> list[str]:
    return [run.name for run in made.runs]


PRESSURES = {"stack.pressure": ["1 MPa", "2 MPa"]}
COEFFICIENTS = {"interface.friction.coefficient": [0.1, 0.2]}


def test_a_name_is_of_what_is_computed_not_of_how_it_is_written(planned: Write) -> None:
    made = planned(axes={**PRESSURES, **COEFFICIENTS})
    assert len(set(names(made))) == 4
    otherwise = planned(
        title="another",
        axes={**COEFFICIENTS, "stack.pressure": ["1e6 Pa", "2000 kPa"]},
        set={"title": "named otherwise", "output.fields_every": 7, "limits.disk": "3 GB"},
        outputs={"v": {"of": "voltage"}},
        runs={"ranks": 2},
    )
    assert set(names(otherwise)) == set(names(made))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("temperature", "310 K"),
        ("protocol", ["rest for 2 s"]),
        ("time.maximum", "4 s"),
        ("coupling", "staggered"),
        ("electrode.overrides.diffusivity", "5e-15 m^2/s"),
        ("geometry.element_size", "120 nm"),
    ],
)
def test_what_is_set_in_every_run_is_part_of_its_name(planned: Write, key: str, value: Any) -> None:
    axes = {"stack.pressure": ["1 MPa"]}
    assert names(planned(axes=axes, set={key: value})) != names(planned(axes=axes))


def test_another_value_of_an_axis_adds_only_what_is_new(planned: Write) -> None:
    made, more = planned(axes=PRESSURES), planned(axes={"stack.pressure": ["3 MPa", "2 MPa", "1 MPa"]})
    assert names(more)[:0:-1] == names(made)


def test_runs_that_are_the_same_are_one(planned: Write) -> None:
    made = planned(axes={"stack.pressure": ["1 MPa", "1000 kPa", "2 MPa"]})
    assert (len(made.runs), made.merged) == (2, 1)
    assert made.runs[0].values == {"stack.pressure": "1 MPa"}


def test_a_material_that_changed_changes_the_name(planned: Write, tmp_path: Path) -> None:
    from interstice.materials.library import SHIPPED

    before = planned(axes=PRESSURES)
    own = (SHIPPED / "lpscl.yaml").read_text()
    (tmp_path / "LPSCl.yaml").write_text(own)
    same = planned(axes=PRESSURES)
    (tmp_path / "LPSCl.yaml").write_text(own.replace("GPa", "MPa", 1))
    changed = planned(axes=PRESSURES)
    assert not set(names(changed)) & {*names(before), *names(same)}


def test_a_plan_is_read_again_while_nothing_of_it_changed(planned: Write, tmp_path: Path) -> None:
    made = planned(axes=PRESSURES)
    file = plan.read_study(tmp_path / "study.yaml")
    made.write(tmp_path, file)
    known = plan.read(tmp_path)
    assert known == made and plan.is_up_to_date(known, file)
    for name in ("tiny.yaml", "study.yaml", "LPSCl.yaml"):
        place = tmp_path / name
        text = place.read_text() if place.exists() else ""
        place.write_text(f"{text}\n# another line")
        assert not plan.is_up_to_date(known, file), name
        place.write_text(text) if text else place.unlink()
        assert plan.is_up_to_date(known, file)


def test_linked_values_change_together(planned: Write) -> None:
    linked = {"stack.pressure": ["1 MPa", "2 MPa", "3 MPa"], "stack.hold": ["constant_pressure", "fixed_thickness"] * 2}
    linked["stack.hold"].pop()
    made = planned(linked=[linked], axes=COEFFICIENTS)
    assert len(made.runs) == 6
    pairs = {(run.values["stack.pressure"], run.values["stack.hold"]) for run in made.runs}
    assert pairs == set(zip(linked["stack.pressure"], linked["stack.hold"], strict=True))


def test_a_block_is_replaced_before_what_is_in_it(planned: Write) -> None:
    made = planned(
        axes={"geometry.roughness.amplitude": ["0.5 nm", "0.7 nm"]},
        linked=[{"geometry.roughness": [{"kind": "sinusoidal", "amplitude": "9 nm", "wavelength": "0.5 um"}]}],
    )
    assert [run.numbers["geometry.roughness.amplitude"] for run in made.runs] == [0.5e-9, 0.7e-9]
    of_all = {"geometry.roughness": {"kind": "sinusoidal", "amplitude": "9 nm", "wavelength": "0.5 um"}}
    assert names(planned(axes={"geometry.roughness.amplitude": ["0.5 nm", "0.7 nm"]}, set=of_all)) == names(made)


def test_numbers_are_in_si_with_their_units_and_words_stay(planned: Write) -> None:
    made = planned(
        axes={
            "stack.pressure": ["1 MPa"],
            "electrode.initial_stoichiometry": [0.9],
            "electrode.overrides.diffusivity": ["4e-11 cm^2/s"],
            "stack.hold": ["fixed_thickness"],
            "protocol.1.time": ["1 min"],
        }
    )
    assert [run.numbers for run in made.runs] == [
        {
            "stack.pressure": 1e6,
            "electrode.initial_stoichiometry": 0.9,
            "electrode.overrides.diffusivity": 4e-15,
            "stack.hold": "fixed_thickness",
            "protocol.1.time": 60.0,
        }
    ]
    assert [entry["unit"] for entry in made.inputs] == ["Pa", "1", "m^2/s", "", "s"]


@pytest.mark.parametrize(("method", "points"), [("latin_hypercube", 4), ("sobol", 4), ("saltelli", 16)])
def test_samples_fill_their_ranges_and_are_those_of_their_seed(planned: Write, method: str, points: int) -> None:
    over = {
        "stack.pressure": {"from": "1 MPa", "to": "100 MPa", "spacing": "log"},
        "interface.friction.coefficient": {"from": 0.1, "to": 0.3},
    }
    sample = {"method": method, "count": 4, "over": over}
    made = planned(sample={**sample, "seed": 1})
    pressures = sorted(run.numbers["stack.pressure"] for run in made.runs)
    friction = [run.numbers["interface.friction.coefficient"] for run in made.runs]
    assert 1e6 <= pressures[0] < 1e7 < pressures[-1] <= 1e8
    assert 0.1 <= min(friction) < 0.2 < max(friction) <= 0.3
    assert [len(part) for part in made.sample["names"]] == [points]
    assert set(made.sample["names"][0]) == set(names(made))
    if method == "latin_hypercube":
        assert names(planned(sample={**sample, "seed": 1})) == names(made)
        assert not set(names(planned(sample={**sample, "seed": 2}))) & set(names(made))


def test_points_of_saltelli_are_those_that_its_analysis_takes(planned: Write) -> None:
    from interstice.solver.study.plan import _points

    over = {key: {"from": 0.0, "to": 1.0} for key in ("a", "b")}
    study = Study.model_validate(
        {"title": "", "case": "x", "sample": {"method": "saltelli", "count": 64, "seed": 3, "over": over}}
    )
    assert study.sample
    from SALib.analyze import sobol

    problem = {"num_vars": 2, "names": ["a", "b"], "bounds": [[0, 1]] * 2}
    import numpy as np

    points = np.array([[point["a"], point["b"]] for point in _points(study.sample)])
    found = sobol.analyze(problem, 2.0 * points[:, 0] + points[:, 1], calc_second_order=False, seed=1)
    assert found["S1"] == pytest.approx([0.8, 0.2], abs=0.1)
    assert found["ST"] == pytest.approx([0.8, 0.2], abs=0.1)


@given(
    st.floats(1e-9, 1e9), st.floats(1.001, 1e6), st.integers(2, 40), st.sampled_from(["linear", "log"]), st.booleans()
)
def test_values_of_a_range_go_evenly_from_one_end_to_the_other(
    low: float, factor: float, count: int, spacing: str, down: bool
) -> None:
    ends = (low * factor, low) if down else (low, low * factor)
    given = {"from": f"{ends[0]!r} nm", "to": f"{ends[1] * 1e-3!r} um", "count": count, "spacing": spacing}
    values = [float(str(value).removesuffix(" nm")) for value in Range.model_validate(given).values]
    assert len(values) == count
    assert (values[0], values[-1]) == pytest.approx(ends, rel=1e-8)
    steps = [b / a if spacing == "log" else b - a for a, b in itertools.pairwise(values)]
    room = 2e-8 * (1.0 if spacing == "log" else max(ends))
    assert max(steps) - min(steps) <= room + 1e-7 * abs(steps[0])


def test_whole_numbers_stay_whole() -> None:
    assert [*map(repr, Range.model_validate({"from": 1, "to": 5, "count": 3}).values)] == ["1", "3", "5"]
    assert [*map(repr, Range.model_validate({"from": 1.0, "to": 5, "count": 3}).values)] == ["1.0", "3.0", "5.0"]


def test_the_case_of_a_run_is_the_case_with_its_values(planned: Write, tmp_path: Path) -> None:
    planned(axes=PRESSURES)
    made = plan.make(plan.read_study(tmp_path / "study.yaml"), lambda name: True)
    for run in made.runs:
        copy = tmp_path / "copy.yaml"
        copy.write_text(made.cases[run.name])
        assert plan.name_of(read_case(copy)) == run.name
        alone = read_case(tmp_path / "tiny.yaml", [f"stack.pressure={run.values['stack.pressure']}"])
        assert plan.name_of(alone) == run.name


def refused(planned: Write, **blocks: Any) -> str:
    with pytest.raises(CaseError) as error:
        planned(**blocks)
    return str(error.value)


def test_a_value_that_a_case_cannot_have_is_told_with_its_line_and_its_run(planned: Write) -> None:
    told = refused(planned, axes={"stack.pressure": ["1 MPa", "2 parsec"], **COEFFICIENTS})
    (line,) = told.splitlines()
    assert "study.yaml:1: stack.pressure = '2 parsec': 'parsec' does not fit" in line
    assert "in the run with stack.pressure = 2 parsec, interface.friction.coefficient = 0.1" in line


def test_what_is_wrong_together_is_told_too(planned: Write) -> None:
    told = refused(
        planned,
        axes={"stack.hold": ["constant_pressure", "free"], "interface.cohesive": [None]},
        set={"protocol": [{"step": "press", "pressure": "1 MPa", "time": "1 s"}]},
    )
    assert "the step 'press' needs a platen" in told and "stack.hold = free" in told


def test_a_product_that_is_too_large_is_refused_without_being_made(planned: Write) -> None:
    many = {f"a.b{number}": {"from": 0, "to": 1, "count": MOST_RUNS} for number in range(9)}
    assert "at most 100,000 are made" in refused(planned, axes=many)


@pytest.mark.parametrize(
    ("blocks", "words"),
    [
        ({"axes": {"stack.presure": ["1 MPa"]}}, "stack.presure: unknown key; did you mean 'pressure'?"),
        ({"axes": {}}, "nothing varies"),
        ({"axes": {"a": []}}, "number of entries must be at least 1"),
        ({"axes": {"a": 3}}, "a list is needed"),
        ({"axes": {"a": {"from": 1, "to": 2, "cont": 3}}}, "did you mean 'count'?"),
        ({"axes": {"a": {"from": "1 nm", "to": "2 s", "count": 3}}}, "'s' does not fit"),
        ({"axes": {"a": {"from": "1 nm", "to": 2, "count": 3}}}, "one end has a unit, the other has none"),
        ({"axes": {"a": {"from": 0, "to": 2, "count": 3, "spacing": "log"}}}, "needs ends above 0"),
        ({"axes": {"a": {"from": [], "to": 2, "count": 3}}}, "a number is needed, or one with a unit"),
        ({"axes": {"a=b": [1]}}, "write the dotted key"),
        ({"axes": {"a": [1]}, "linked": [{"a": [1]}]}, "given twice, first in axes"),
        ({"axes": {"a": [1]}, "set": {"a": 1}}, "given twice, first in set"),
        ({"linked": [{"a": [1, 2], "b": [1]}]}, "equally many values; given are a 2, b 1"),
        ({"sample": {"method": "sobol", "count": 5, "over": {"a": {"from": 0, "to": 1}}}}, "use 4 or 8"),
        ({"axes": {"a": [1]}, "outputs": {"r": {"of": "'a' + "}}}, "not a formula"),
        ({"axes": {"a": [1]}, "outputs": {"r": {"of": "'a' + open('b')"}}}, "not allowed"),
        ({"axes": {"a": [1]}, "outputs": {"r": {"of": "voltage / current"}}}, "stand in quotes"),
        ({"axes": {"a": [1]}, "outputs": {"r": {"of": "'voltage'", "unit": "ohmm"}}}, "ohmm"),
        ({"axes": {"a": [1]}, "figures": [{"kind": "heat_map", "x": "a", "y": "c", "of": "r"}]}, "does not vary"),
        ({"axes": {"a": [1]}, "runs": {"ranks": 0}}, "must be at least 1"),
        ({"axes": {"a": [1]}, "case": "nowhere.yaml"}, "there is no such file"),
        ({"axes": {"a": [1]}, "case": {"title": 3}}, "geometry: missing"),
    ],
)
def test_what_a_study_cannot_be_is_told_with_its_line(planned: Write, blocks: dict[str, Any], words: str) -> None:
    told = refused(planned, **blocks)
    assert words in told
    assert "study.yaml:1: " in told or "nowhere.yaml: " in told


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_many_cases_are_read_on_all_cores_to_the_same_plan(planned: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    axes = {"stack.pressure": ["1 MPa", "2 MPa", "3 MPa", "1000 kPa"]}
    alone = planned(axes=axes)
    monkeypatch.setattr(plan, "MANY", 2)
    monkeypatch.setattr(plan, "_has_threads", lambda: False)
    assert planned(axes=axes) == alone
    told = refused(planned, axes={"stack.pressure": ["1 MPa", "2 parsec", "3 MPa"]}, linked=[{"time.initial": ["2 s"]}])
    assert "'parsec' does not fit" in told
