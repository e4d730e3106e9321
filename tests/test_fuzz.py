"""Hostile inputs end in words: a few of the thousands that `fuzz.py` makes; and it would notice if they did not."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from fuzz import LARGEST, LONGEST, Outcome
from spoil import CASES, KINDS, Spoilt, spoilt

FUZZER = Path(__file__).with_name("fuzz.py")
GIVEN = Spoilt("case", ["validate", "case.yaml"], {"case.yaml": b""})
WELL = Outcome(2, 0.1, 1e8, "case.yaml:3: geometry.length = '1': the unit is missing")


def test_hostile_inputs_end_in_words_within_bounds_of_time_and_memory(tmp_path: Path) -> None:
    command = [sys.executable, str(FUZZER), "--count", "40", "--seed", "3", "--keep", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert sum(map(int, re.findall(r"^exit [02]: (\d+)", done.stdout, re.MULTILINE))) == 40
    assert list(tmp_path.iterdir()) == []


def test_an_input_is_the_same_whatever_the_others_are() -> None:
    assert spoilt(1, 7) == spoilt(1, 7) != spoilt(2, 7)
    # and all kinds come up
    assert {spoilt(1, number).kind for number in range(400) if number % 4 == 0} >= KINDS.keys() - {"checkpoint", "mesh"}


def test_inputs_are_spoilt() -> None:
    kept = [given for given in (spoilt(5, number) for number in range(60)) if given.kind == "case"]
    assert sum(given.files["case.yaml"] in CASES.values() for given in kept) < 0.2 * len(kept)


@pytest.mark.parametrize(
    ("outcome", "rule"),
    [
        (WELL, ""),
        (Outcome(0, 0.1, 1e8, "case.yaml: valid"), ""),
        (Outcome(1, 0.1, 1e8, WELL.said), "exit 1"),
        (Outcome(-11, 0.1, 1e8, WELL.said), "exit -11"),
        (Outcome(-9, 0.1, 1e8, WELL.said, hung=True), "hangs"),
        (Outcome(2, LONGEST + 0.1, 1e8, WELL.said), "takes long"),
        (Outcome(0, 0.1, LARGEST + 1, "valid"), "takes memory"),
        (Outcome(2, 0.1, 1e8, f"Traceback (most recent call last)\n{WELL.said}"), "traceback"),
        (Outcome(2, 0.1, 1e8, 61 * f"{WELL.said}\n"), "says too much"),
        (Outcome(2, 0.1, 1e8, WELL.said + 3000 * "x"), "says too much"),
        (Outcome(2, 0.1, 1e8, "something is wrong in line 3"), "says not where"),
        (Outcome(2, 0.1, 1e8, "case.yaml: something is wrong"), "says not where"),
    ],
)
def test_each_rule_that_is_broken_is_told(outcome: Outcome, rule: str) -> None:
    assert outcome.broken(GIVEN) == rule
