"""Formulas of columns of a history: what they may say, and that their units fit, before there is a run."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from interstice.schema.columns import UNITS, unit_of
from interstice.schema.formula import Formula, parse
from interstice.schema.outcomes import Outcome

SOLVER = Path(__file__).parents[2] / "solver"
COLUMN = re.compile(r"\w[^\[\]{}]* \[[^\[\]{}]+\]")
RESISTANCE = "('kinetic overpotential' + 'constriction overpotential') / 'current density'"


def headers() -> set[str]:
    """Return the headers of columns that the parts of a cell and the history write, as they stand in the program."""
    found = set()
    for file in SOLVER.rglob("*.py"):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
        writers = [node for node in functions if node.name == "columns"]
        if file == SOLVER / "history.py":
            writers += [node for node in tree.body if getattr(node, "name", "") in ("row", "_repetitions")]
            writers += [node for node in tree.body if isinstance(node, ast.Assign)]
        for writer in writers:
            constants = (node.value for node in ast.walk(writer) if isinstance(node, ast.Constant))
            found |= {value for value in constants if isinstance(value, str) and COLUMN.fullmatch(value)}
    return found


def test_all_columns_that_parts_write_are_known_with_their_units() -> None:
    found = headers()
    assert len(found) > 60
    written = {f"{name} [{unit}]" for name, unit in UNITS.items()}
    # overpotentials are named by what a cell has
    computed = {f"{name} [V]" for name in UNITS if name.endswith("overpotential")}
    assert found == written - computed


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("active fraction of cathode/separator", "1"),
        ("heat made of electrode", "W"),
        ("work of the eigenstrain", "J"),
        ("least x of the crack front of a/b", "m"),
        ("repetition at level 3", "1"),
    ],
)
def test_a_column_has_its_unit_of_whatever_interface_it_is(name: str, unit: str) -> None:
    assert unit_of(name) == unit


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        (RESISTANCE, "m^2*V/A"),
        ("voltage", "V"),
        ("'net charge [A h/m^2]'", "A h/m^2"),
        ('"capacity" / ("current density" * "time")', "1"),
        ("exp('active fraction')", "1"),
        ("'voltage' ** 2", "V^2"),
        ("1 / 'time step'", "1/s"),
    ],
)
def test_the_unit_of_a_formula_follows_from_those_of_its_columns(text: str, unit: str) -> None:
    assert parse(text).unit() == unit


def test_hours_over_seconds_are_a_number() -> None:
    formula = Formula("'capacity' / ('current density' * 'time')")
    values = {"capacity": ([1.0], "A h/m^2"), "current density": ([2.0], "A/m^2"), "time": ([1800.0], "s")}
    assert formula(lambda name: (np.array(values[name][0]), values[name][1])).magnitude == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("'voltage' + 'current density'", r"units do not fit .*\[V\] stands where \[A/m\^2\]"),
        ("'voltage' + 1", r"\[V\] stands where \[1\] is needed"),
        ("log('voltage')", r"\[V\] stands where \[1\]"),
        ("'volage'", "no history has a column 'volage'; did you mean 'voltage'"),
        ("'step kind'", "no history has a column 'step kind'"),
        ("2 * 3", "names no column"),
        ("", "names no column"),
        ("voltage / 'time'", "'voltage' is not allowed in a formula.*stand in quotes"),
        ("'voltage' 'time'", "not a formula"),
        ("__import__('os')", "not allowed"),
        ("'voltage'.real", "not allowed"),
        ("sqrt('voltage', 'time')", r"takes one argument in brackets, such as sqrt\('voltage'\)"),
    ],
)
def test_what_is_no_formula_is_told_in_words(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse(text).unit()


def test_a_huge_number_overflows_without_an_error() -> None:
    assert parse("9 ** 9 ** 9 ** 9 * 'voltage'").unit() == "V"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"of": RESISTANCE, "unit": "ohm*m"}, r"unit: 'ohm\*m' does not fit; a unit of \[m\^2\*V/A\]"),
        ({"of": "'active fraction'", "unit": "V"}, r"unit: 'V' does not fit; a unit of \[1\]"),
        ({"of": "'voltage'", "unit": "9**9**9"}, "is not a unit"),
        ({"of": "'voltage'", "unit": "1"}, "is not a unit"),
        ({"of": "voltage * 2"}, "of: "),
        ({"of": "'voltage'", "take": "median"}, "'end', 'start', 'min', 'max', 'mean' or 'change'"),
        ({"of": "'voltage'", "step": 0}, "greater than 0"),
    ],
)
def test_an_output_that_cannot_be_computed_is_refused(given: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Outcome.model_validate(given)


@pytest.mark.parametrize("unit", ["ohm*cm^2", "ohm cm2", "mV*cm^2/mA", None])
def test_an_output_may_have_any_unit_that_fits(unit: str | None) -> None:
    assert Outcome.model_validate({"of": RESISTANCE, "unit": unit}).unit == unit
