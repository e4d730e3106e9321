"""What a run prints, of the tiny case carried out before."""

from __future__ import annotations

import json
import re

import pytest
from builders import tiny_run

from interstice.solver import terminal
from interstice.solver.progress import TELLERS, duration
from interstice.solver.terminal import Said


def told(said: Said, capsys: pytest.CaptureFixture[str], reason: str = "") -> tuple[str, str]:
    """Return what is printed to stdout and stderr of the tiny run."""
    run = tiny_run()
    capsys.readouterr()
    teller = TELLERS[said](run.cell, None)
    for advance, row in zip([None, *run.advances], run.rows, strict=True):
        teller.advanced(advance, row)
    teller.finished(reason)
    printed = capsys.readouterr()
    return printed.out, printed.err


def of_steps(printed: str) -> list[str]:
    return [line for line in printed.splitlines() if re.match(r" *\d+ (charge|rest|discharge) ", line)]


def test_each_step_of_the_protocol_is_a_line_with_what_it_took_and_came_to(capsys: pytest.CaptureFixture[str]) -> None:
    run = tiny_run()
    lines = [line.split() for line in of_steps(told("steps", capsys)[0])]
    assert [line[:2] for line in lines] == [["1", "charge"], ["2", "rest"], ["3", "discharge"]]
    assert [float(line[2]) for line in lines] == [15.0, 20.0, 35.0]
    for number, line in enumerate(lines, start=1):
        of_step = [advance for advance in run.advances if advance.number == number]
        last = run.rows[1 + run.advances.index(of_step[-1])]
        assert int(line[4]) == len(of_step)
        assert int(line[5]) == sum(advance.report.newton for advance in of_step)
        assert float(line[6]) == pytest.approx(last["active fraction [1]"], abs=1e-3)
        assert float(line[7]) == pytest.approx(last["voltage [V]"], abs=1e-4)
    done = [line[-3] for line in lines]
    assert done[-1] == "100%" and lines[-1][-2:] == ["0", "s"] and float(done[0][:-1]) < float(done[1][:-1]) < 100


def test_every_time_step_is_a_line_when_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert len(of_steps(told("everything", capsys)[0])) == len(tiny_run().advances)


def test_summary_says_capacities_efficiencies_overpotentials_and_contact(capsys: pytest.CaptureFixture[str]) -> None:
    out, _ = told("steps", capsys)
    # 0.5 mA/cm² for 15 s
    assert re.search(r"^charge: 0\.002083 mAh/cm², 0\.00\d+ mWh/cm²; mean overpotential [\d.]+ mV: kinetic", out, re.M)
    assert re.search(r"^discharge: 0\.002083 mAh/cm²", out, re.M)
    assert "Coulombic efficiency 100.00%, energy efficiency 9" in out
    least = min(row["active fraction [1]"] for row in tiny_run().rows)
    assert f"{least:.3f} at its lowest" in out


def test_quiet_runs_say_nothing_but_why_they_stopped(capsys: pytest.CaptureFixture[str]) -> None:
    assert told("nothing", capsys) == ("", "")
    assert told("nothing", capsys, "no contact left") == ("", "stopped: no contact left\n")


def test_json_is_all_that_is_printed_and_holds_the_summary(capsys: pytest.CaptureFixture[str]) -> None:
    out, err = told("json", capsys, "no contact left")
    found = json.loads(out)
    assert err == "stopped: no contact left\n" and found["stopped"] == "no contact left"
    assert found["charge"]["capacity [A h/m^2]"] == pytest.approx(5.0 * 15 / 3600)
    assert list(found["active fraction [1]"]) == ["electrode/electrolyte"]
    assert found["title"] == "a wavy film in a stiff fixture" and found["warnings"] == []


def test_a_terminal_shows_how_far_a_run_is_in_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    out, _ = told("steps", capsys)
    shown = re.findall(r"(?:\n|\r\x1b\[K) *(\d+)%, ", out)
    assert len(shown) == len(tiny_run().advances) and shown == sorted(shown, key=int)
    # what is said next stands on a cleared line
    assert "\r\x1b[K    1 charge" in out and not terminal._Status.standing


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.2, "0 s"), (99.0, "99 s"), (100.0, "2 min"), (5900.0, "98 min"), (5400 * 2, "3.0 h")]
)
def test_durations_are_said_as_people_do(seconds: float, words: str) -> None:
    assert duration(seconds) == words
