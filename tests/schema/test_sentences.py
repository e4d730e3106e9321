"""Sentences of a protocol: each is the same as the typed step it stands for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from interstice.schema import Case, Entry, Repeat, sentences
from interstice.solver.reader import dump_case, read_case

ENTRY = TypeAdapter(Entry)
CASE = """\
title: a flat film
geometry: {builder: film, length: 2 um, electrode_thickness: 1 um, electrolyte_thickness: 1 um, element_size: 100 nm}
electrode: {material: NMC811, initial_stoichiometry: 0.9}
electrolyte: {material: LPSCl}
interface: {kinetics: {exchange_current_density: 1 mA/cm^2}}
stack: {pressure: 5 MPa}
protocol:
- press to 70 MPa in 60 s
- repeat 3 times:
  - charge at C/3 until 4.2 V
  - hold at 4.2 V until C/20 or 2 h
  - repeat 2 times: [rest for 1 h, {step: rest, time: 1 min}]
  - discharge at 0.1 mA/cm^2 until 2.8 V or active fraction 0.4
"""


@pytest.mark.parametrize(
    ("sentence", "typed"),
    [
        (
            "charge at 0.1 mA/cm^2 until 4.2 V",
            {"step": "charge", "current_density": "1 A/m^2", "until": {"voltage": "4.2 V"}},
        ),
        (
            "discharge at 1C until 2.8 V or 2 h",
            {"step": "discharge", "c_rate": 1, "until": {"voltage": "2.8 V", "time": "2 h"}},
        ),
        ("charge at C/10 for 30 min", {"step": "charge", "c_rate": 0.1, "until": {"time": "30 min"}}),
        (
            "discharge at 0.5C until active fraction 0.4",
            {"step": "discharge", "c_rate": 0.5, "until": {"active_fraction": 0.4}},
        ),
        ("hold at 4.2 V until 0.05C", {"step": "hold", "voltage": "4.2 V", "until": {"c_rate": 0.05}}),
        (
            "hold at 4.2 V until C/20 or 2 h",
            {"step": "hold", "voltage": "4.2 V", "until": {"c_rate": 0.05, "time": "2 h"}},
        ),
        ("hold at 4.2 V for 1 h", {"step": "hold", "voltage": "4.2 V", "until": {"time": "1 h"}}),
        (
            "hold at 4.2 V until 0.01 mA/cm^2",
            {"step": "hold", "voltage": "4.2 V", "until": {"current_density": "0.1 A/m^2"}},
        ),
        ("rest for 1 h", {"step": "rest", "time": "1 h"}),
        ("press to 10 MPa in 60 s", {"step": "press", "pressure": "10 MPa", "time": "60 s"}),
        ("rest 10 min", {"step": "rest", "time": "10 min"}),
        ("press to 0 MPa", {"step": "press", "pressure": "0 MPa", "rate": "1 MPa/s"}),
        ("press to 3 MPa at 2 MPa/s", {"step": "press", "pressure": "3 MPa", "rate": "2 MPa/s"}),
        ("sweep to 4.3 V at 0.1 mV/s", {"step": "sweep", "voltage": "4.3 V", "rate": "0.1 mV/s"}),
        ("follow my drive.csv", {"step": "follow", "file": "my drive.csv"}),
        (
            "oscillate by C/10 every 10 s for 1 min",
            {"step": "oscillate", "c_rate": 0.1, "period": "10 s", "time": "1 min"},
        ),
        (
            "oscillate by 1 MPa every 10 s for 1 min",
            {"step": "oscillate", "pressure": "1 MPa", "period": "10 s", "time": "1 min"},
        ),
        (
            "gitt charge at 20 mA/g for 10 min, rest for 1 h, until 4.2 V or SOC 90 %",
            {
                "step": "gitt",
                "direction": "charge",
                "specific_current": "20 mA/g",
                "pulse": "10 min",
                "rest": "1 h",
                "until": {"voltage": "4.2 V", "state_of_charge": 0.9},
            },
        ),
        (
            "GITT discharge at C/10 for 10 min rest 1 h in 20 pulses",
            {"step": "gitt", "direction": "discharge", "c_rate": 0.1, "pulse": "10 min", "rest": "1 h", "pulses": 20},
        ),
        (
            "charge at 1C until 1 mAh/cm^2 or 150 mAh/g or 3 mWh/cm^2 or state of charge 0.8 or strain -1 %",
            {
                "step": "charge",
                "c_rate": 1,
                "until": {
                    "capacity": "1 mAh/cm^2",
                    "specific_capacity": "150 mAh/g",
                    "energy": "3 mWh/cm^2",
                    "state_of_charge": 0.8,
                    "strain": -0.01,
                },
            },
        ),
        (
            "hold at 4 V until 10 mA/g or 10 MPa or thickness change -1 um",
            {
                "step": "hold",
                "voltage": "4 V",
                "until": {"specific_current": "10 mA/g", "pressure": "10 MPa", "thickness_change": "-1 um"},
            },
        ),
        ("open to 10 um in 60 s", {"step": "open", "opening": "10 um", "time": "60 s"}),
        (
            {"repeat 50 times": ["rest for 1 h", {"Repeat 2  times": ["rest for 1 min"]}]},
            {
                "step": "repeat",
                "times": 50,
                "steps": [
                    {"step": "rest", "time": "1 h"},
                    {"step": "repeat", "times": 2, "steps": [{"step": "rest", "time": "1 min"}]},
                ],
            },
        ),
        # as others write it
        (
            "Discharge at C/10 for 10 hours or until 3.3 V",
            {"step": "discharge", "c_rate": 0.1, "until": {"voltage": "3.3 V", "time": "10 h"}},
        ),
        ("charge at 1 mA cm^-2 for 1 h", {"step": "charge", "current_density": "10 A/m^2", "until": {"time": "1 h"}}),
        ("charge at 2C/3 for 1 h", {"step": "charge", "c_rate": 2 / 3, "until": {"time": "1 h"}}),
    ],
)
def test_a_sentence_is_the_step_it_stands_for(sentence: Any, typed: dict[str, Any]) -> None:
    assert ENTRY.validate_python(sentence) == ENTRY.validate_python(typed)


@pytest.mark.parametrize("example", sentences.EXAMPLES)
def test_case_and_blanks_do_not_matter(example: str) -> None:
    verb, *words = example.split(" ")
    spread = "  ".join(
        ["", verb.upper(), *(word.title() if word in ("at", "until", "or", "for") else word for word in words), ""]
    )
    assert ENTRY.validate_python(spread) == ENTRY.validate_python(example)


NUMBERS = st.floats(min_value=1e-6, max_value=1e6)
TIMES = NUMBERS.map(lambda value: f"{value!r} h")
PLAUSIBLE = st.floats(min_value=1e-6, max_value=1e4)
CURRENTS = PLAUSIBLE.map(lambda value: ({"c_rate": value}, f"{value!r}C")) | PLAUSIBLE.map(
    lambda value: ({"current_density": f"{value!r} mA/cm^2"}, f"{value!r} mA/cm^2")
)
VOLTAGES = st.floats(min_value=-5, max_value=5).map(lambda value: f"{value!r} V")
ENDS = {
    "voltage": VOLTAGES.map(lambda text: ({"voltage": text}, text)),
    "time": TIMES.map(lambda text: ({"time": text}, text)),
    "fraction": st.floats(min_value=0, max_value=1).map(
        lambda value: ({"active_fraction": value}, f"active fraction {value!r}")
    ),
    "current": CURRENTS,
}


def ends(*kinds: str) -> st.SearchStrategy[tuple[dict[str, Any], str]]:
    """Return conditions in any order, as the block `until` and as words."""

    def joined(pairs: list[tuple[dict[str, Any], str]]) -> tuple[dict[str, Any], str]:
        return {key: value for block, _ in pairs for key, value in block.items()}, " or ".join(
            text for _, text in pairs
        )

    subsets = st.lists(st.sampled_from(kinds), min_size=1, unique=True)
    return subsets.flatmap(lambda chosen: st.tuples(*(ENDS[kind] for kind in chosen))).map(list).map(joined)


GALVANOSTATIC = st.builds(
    lambda verb, current, end: (
        {"step": verb, **current[0], "until": end[0]},
        f"{verb} at {current[1]} until {end[1]}",
    ),
    st.sampled_from(["charge", "discharge"]),
    CURRENTS,
    ends("voltage", "time", "fraction"),
)
HOLD = st.builds(
    lambda voltage, end: ({"step": "hold", "voltage": voltage, "until": end[0]}, f"hold at {voltage} until {end[1]}"),
    VOLTAGES,
    ends("current", "time", "fraction"),
)
REST = TIMES.map(lambda time: ({"step": "rest", "time": time}, f"rest for {time}"))
PRESS = st.builds(
    lambda pressure, time: (
        {"step": "press", "pressure": f"{pressure!r} MPa", "time": time},
        f"press to {pressure!r} MPa in {time}",
    ),
    PLAUSIBLE,
    TIMES,
)
STEPS = st.recursive(
    GALVANOSTATIC | HOLD | REST | PRESS,
    lambda inner: st.builds(
        lambda times, steps: (
            {"step": "repeat", "times": times, "steps": [typed for typed, _ in steps]},
            {f"repeat {times} times": [sentence for _, sentence in steps]},
        ),
        st.integers(min_value=1, max_value=1000),
        st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=6,
)


@given(STEPS)
def test_every_step_can_be_written_as_a_sentence_and_its_mapping_reads_back_equal(step: tuple[Any, Any]) -> None:
    typed, sentence = (ENTRY.validate_python(each) for each in step)
    assert typed == sentence
    assert ENTRY.validate_python(ENTRY.dump_python(sentence, mode="json", exclude_none=True)) == sentence


WORDS = ["charge", "hold", "rest", "press", "at", "until", "or", "for", "to", "in", "1C", "C/0", "4.2", "V", "1 h", "x"]


@given(st.lists(st.sampled_from(WORDS), max_size=8).map(" ".join) | st.text(max_size=30))
def test_any_text_is_a_step_or_an_error_in_words(text: str) -> None:
    try:
        ENTRY.validate_python(text)
    except ValidationError as error:
        for detail in error.errors():
            assert detail["type"] in ("value_error", "greater_than")


def test_the_copy_of_a_protocol_in_sentences_is_typed_and_reads_back_equal(tmp_path: Path) -> None:
    first, second = tmp_path / "case.yaml", tmp_path / "copy.yaml"
    first.write_text(CASE)
    case = read_case(first).case
    second.write_text(dump_case(case))
    assert "repeat 3 times" not in second.read_text()
    assert read_case(second).case == case


def test_the_steps_of_a_case_are_those_of_repeats_in_repeats(tmp_path: Path) -> None:
    path = tmp_path / "case.yaml"
    path.write_text(CASE)
    case = read_case(path).case
    assert [step.step for step in case.steps] == ["press", "charge", "hold", "rest", "rest", "discharge"]
    assert isinstance(case.protocol[1], Repeat)


@pytest.mark.parametrize("entry", [7, [], {"repeat 2 times": 1}, {"wait 2 times": []}, {"step": "wait", "time": "1 s"}])
def test_the_schema_for_editors_refuses_what_is_no_entry(entry: Any) -> None:
    schema = Case.model_json_schema()
    entries = {**schema["properties"]["protocol"], "$defs": schema["$defs"]}
    jsonschema.validate(["rest for 1 h", {"repeat 2 times": ["rest for 1 h"]}], entries)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate([entry], entries)
