"""What a run prints, of the tiny case carried out before."""

from __future__ import annotations

import json
import re
from types import SimpleNamespace
from typing import Any

import pytest
from builders import tiny_case, tiny_run

from interstice.schema import Scale
from interstice.solver import progress, terminal
from interstice.solver.algebra import Report
from interstice.solver.progress import TELLERS, duration, in_words
from interstice.solver.stepping import Advance
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


@pytest.mark.parametrize(
    ("columns", "printed"),
    [
        ({}, "  –          – "),
        ({"mean pressure [Pa]": 5e6, "mean gap [m]": 2e-9}, " 5.00 MPa    2.00 nm"),
        ({"mean pressure [Pa]": 1e6, "mean gap [m]": 0.0, "mean bond traction [Pa]": 4e6}, "-3.00 MPa    0.00 nm"),
        (
            {
                "mean pressure of a/b [Pa]": 5e6,
                "mean gap of a/b [m]": 0.0,
                "mean bond traction of a/b [Pa]": 4e6,
                "mean pressure of b/c [Pa]": 5e6,
                "mean gap of b/c [m]": 1e-9,
            },
            " 1.00 MPa    1.00 nm",
        ),
    ],
)
def test_mean_p_is_what_the_interface_carries_less_what_its_bond_pulls(
    columns: dict[str, float], printed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of several interfaces that which carries least, and the widest gap; a dash where none may open."""
    run = tiny_run()
    teller = TELLERS["everything"](run.cell, None)
    row = {name: value for name, value in run.rows[-1].items() if not name.startswith(("mean pressure", "mean gap"))}
    teller.advanced(None, row)
    capsys.readouterr()
    teller.advanced(run.advances[-1], row | columns)
    assert printed in capsys.readouterr().out


def test_every_time_step_is_a_line_when_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert len(of_steps(told("everything", capsys)[0])) == len(tiny_run().advances)


def test_summary_says_capacities_efficiencies_overpotentials_and_contact(capsys: pytest.CaptureFixture[str]) -> None:
    out, _ = told("steps", capsys)
    # 0.5 mA/cm² for 15 s
    assert re.search(r"^charge: 0\.002083 mAh/cm², 0\.00\d+ mWh/cm²; mean overpotential [\d.]+ mV: kinetic", out, re.M)
    assert re.search(r"^discharge: 0\.002083 mAh/cm²", out, re.M)
    assert "Coulombic efficiency 100.00%, energy efficiency 9" in out
    newton = sum(advance.report.newton for advance in tiny_run().advances)
    assert f"\n{len(tiny_run().advances)} time steps, {newton} Newton steps, " in out
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
    ("seconds", "words"),
    [(0.2, "0 s"), (99.0, "99 s"), (100.0, "2 min"), (5900.0, "98 min"), (5400 * 2, "3.0 h"), (36000.0, "10.0 h")],
)
def test_durations_are_said_as_people_do(seconds: float, words: str) -> None:
    assert duration(seconds) == words


# --- a run that is made up ---------------------------------------------------------------------------

ROW = {
    "voltage [V]": 3.65432,
    "active fraction of a/b [1]": 0.75,
    "active fraction of b/c [1]": 0.25,
    "mean pressure of a/b [Pa]": 2.5e6,
    "mean pressure of b/c [Pa]": 1.25e6,
    "mean gap of a/b [m]": 4e-9,
    "mean gap of b/c [m]": 7.25e-9,
    "newton iterations [1]": 3,
}
"""Of two interfaces, the one under more pressure, the other with less contact and more gap."""


class MadeUp:
    """Tells of the tiny case's protocol, of 15, 5 and 15 s, on a cell that is not there; the clock is set by hand."""

    def __init__(self, said: Said, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        case = tiny_case("time={initial: 5 s, maximum: 5 s}").case
        model = SimpleNamespace(scale=Scale(100.0, 20.0), interface_nodes=17, profiles={})
        cell: Any = SimpleNamespace(
            case=case,
            model=model,
            domain=SimpleNamespace(dimension=2),
            unknowns=4321,
            comm=SimpleNamespace(size=1),
            materials={},
        )
        self.clock, self.case, self.capsys = 0.0, case, capsys
        monkeypatch.setattr(progress.time, "perf_counter", lambda: self.clock)
        self.teller = TELLERS[said](cell, None)
        self.teller.advanced(None, ROW)
        capsys.readouterr()

    def advance(self, number: int, time: float, newton: int = 4, **words: Any) -> list[str]:
        """Tell of a time step of 5 s; return the lines."""
        step = self.case.protocol[number - 1]
        self.teller.advanced(Advance(number, step, time, 5.0, Report(newton, 9), **words), ROW)
        return self.capsys.readouterr().out.splitlines()


def test_a_line_has_the_weakest_interface_in_units_people_read(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The least contact and pressure and the largest gap, whichever interface has them."""
    run = MadeUp("everything", monkeypatch, capsys)
    (line,) = run.advance(1, 5.0)
    words = line.split()
    assert words[:6] == ["1", "charge", "5.0", "s", "5", "s"]
    assert words[6:14] == ["4", "0.250", "3.6543", "V", "1.25", "MPa", "7.25", "nm"]


def test_why_a_time_step_is_short_and_a_step_of_the_protocol_over_is_said_before_its_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = MadeUp("everything", monkeypatch, capsys).advance(1, 5.0, notes=("once", "twice"))
    assert [line.strip() for line in lines[:2]] == ["once", "twice"] and len(lines) == 3
    run = MadeUp("steps", monkeypatch, capsys)
    assert run.advance(1, 5.0) == []
    over, *notes = run.advance(2, 10.0, ended="the voltage was reached", event="the bond broke")
    assert over.split()[:2] == ["1", "charge"]
    assert [note.strip() for note in notes] == ["the voltage was reached", "the bond broke"]


def test_what_is_to_go_is_in_proportion_to_what_is_done(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of time steps of 5 s, 3 + 1 + 3 of them and log₂ 4 + log₂ 2 + log₂ 4 to grow to them: a clock of 2 s each."""
    run, done = MadeUp("everything", monkeypatch, capsys), 12.0
    run.clock = 100.0
    run.teller.advanced(None, ROW)  # what went before the first step is no measure
    for number, time, share in ((1, 15.0, 5.0), (2, 20.0, 7.0), (3, 25.0, 9.0), (3, 35.0, 12.0)):
        run.clock = 100.0 + 2 * share
        *_, percent, left, unit = run.advance(number, time)[-1].split()
        assert (percent, left, unit) == (f"{share / done:.0%}", f"{2 * (done - share):.0f}", "s")
    assert run.teller.to_go(1.0 + 1e-15) == "0 s"  # what a sum of shares rounds to


def test_where_no_terminal_shows_it_a_long_run_says_every_minute_how_far_it_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run, spoken = MadeUp("steps", monkeypatch, capsys), []
    for number in range(1, 15):
        run.clock = 10.0 * number
        if lines := run.advance(1, number):
            spoken.append(run.clock)
            assert f"step 1 of 3, charge, {number} s, 3.6543 V, f_c 0.250" in lines[0]
    assert spoken == [70.0, 140.0]


def found(cycles: int = 1) -> dict[str, Any]:
    """Return a summary."""
    passed = {"capacity [A h/m^2]": 25.0, "energy [W h/m^2]": 80.0}
    return {
        "charge": passed | {"mean overpotential [V]": {"kinetic": 0.04, "ohmic": -0.01, "film": 1e-9}},
        "cycles": [
            {"cycle": n, "coulombic efficiency [1]": 1 - n / 100, "energy efficiency [1]": 0.9 - n / 100}
            for n in range(1, cycles + 1)
        ],
        "active fraction [1]": {"a/b": dict(zip(FALL, (0.9, 0.4, 3600.0, 0.8), strict=True))},
        "largest": {"complementarity [1]": 1e-15, "charge balance [1]": 2e-13, "lithium balance [1]": 3e-12},
    }


FALL = ("assembled", "lowest", "time of the lowest [s]", "end")


def test_a_summary_in_words_has_the_units_of_papers_and_the_losses_that_count() -> None:
    charge, cycle, fraction, balances = in_words(found())
    assert charge == "charge: 2.5 mAh/cm², 8 mWh/cm²; mean overpotential 30 mV: kinetic 40, ohmic -10"
    assert cycle == "Coulombic efficiency 99.00%, energy efficiency 89.00%"
    assert fraction == "active fraction 0.900 assembled, 0.400 at its lowest (3600 s), 0.800 at the end"
    assert balances.endswith("1.0e-15, charge imbalance 2.0e-13, lithium imbalance 3.0e-12")


def test_of_many_cycles_the_first_and_the_last_are_told() -> None:
    _, first, last, *_ = in_words(found(7))
    assert first.endswith("89.00% in cycle 1") and last.endswith("83.00% in cycle 7")
