"""The benchmark command: names and keys, the numbers in JSON, several ranks, benchmarks run as scripts."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from mpi4py import MPI
from typer.testing import CliRunner, Result

from interstice.benchmarks import command, report
from interstice.benchmarks.command import NAMES, find
from interstice.cli import app

ROOT = Path(__file__).parents[2]


def invoke(*words: str) -> Result:
    return CliRunner().invoke(app, ["benchmark", *words])


def program(*words: str, module: str = "interstice") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", module, *words]
    return subprocess.run(command, cwd=ROOT, text=True, capture_output=True, timeout=60)


def assert_keeps_the_contract(content: dict[str, Any]) -> None:
    assert set(content) == {"name", "inputs", "computed", "exact", "errors", "cost"}
    cost = content["cost"]
    assert set(cost) == {"unknowns", "newton", "linear_iterations", "peak_memory_MB", "seconds", "ratio"}
    assert set(cost["seconds"]) == {"solve", "tied"}
    assert cost["ratio"] == pytest.approx(cost["seconds"]["solve"] / cost["seconds"]["tied"])
    assert cost["unknowns"] > 0 and cost["newton"] > 0 and cost["peak_memory_MB"] > 50
    assert set(content["exact"]) <= set(content["computed"])
    assert all(value >= 0 for value in content["errors"].values())


def test_json_holds_inputs_numbers_errors_and_cost_and_nothing_else_is_printed() -> None:
    done = program("benchmark", "westergaard", "--elements", "8", "--load-ratio=0.3", "--json")
    assert done.returncode == 0, done.stderr
    content = json.loads(done.stdout)
    assert_keeps_the_contract(content)
    assert content["name"] == "westergaard"
    assert content["inputs"]["elements"] == 8 and content["inputs"]["load_ratio"] == 0.3
    expected = {"pressure_l2", "interpolant_l2", "contact_width", "complementarity", "penetration"}
    assert set(content["errors"]) == expected


def test_several_ranks_find_the_same_errors() -> None:
    one, two = (
        json.loads(program("benchmark", "westergaard", "--elements", "16", "--json", *ranks).stdout)
        for ranks in ((), ("-n", "2"))
    )
    assert two["cost"]["unknowns"] == one["cost"]["unknowns"]
    assert two["errors"]["pressure_l2"] == pytest.approx(one["errors"]["pressure_l2"], rel=1e-6)


def test_a_benchmark_is_a_script_too() -> None:
    done = program("--elements", "8", "--json", module="interstice.benchmarks.westergaard")
    assert done.returncode == 0, done.stderr
    assert_keeps_the_contract(json.loads(done.stdout))
    assert program("--element", "8", module="interstice.benchmarks.westergaard").returncode == 2


def test_table_names_every_error() -> None:
    printed = invoke("patch", "--dimension", "2", "--elements", "2")
    assert printed.exit_code == 0
    assert "stress" in printed.output and "ratio" in printed.output


@pytest.mark.parametrize(
    "words, said",
    [
        (["westergard"], "did you mean westergaard?"),
        (["nothing"], "there are westergaard, hertz"),
        (["westergaard", "--element", "8"], "did you mean --elements?"),
        (["westergaard", "--colour", "8"], "there are --"),
        (["westergaard", "--elements"], "its value is missing"),
        (["westergaard", "--elements", "many"], "--elements many"),
        (["westergaard", "--load-ratio", "2"], "--load-ratio 2"),
        (["hertz", "--dimension", "4"], "--dimension 4"),
        (["westergaard", "8"], "expected an option"),
        (["--elements", "8"], "name the benchmark"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_met_ends_in_words_with_exit_code_2(words: list[str], said: str) -> None:
    result = invoke(*words)
    assert result.exit_code == 2
    assert said in result.output


def test_the_names_are_listed_and_help_says_where() -> None:
    assert invoke("--list").output.split() == list(NAMES)
    assert "--list" in invoke("--help").output


def test_each_of_all_is_printed_when_it_is_over(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was found so far stands there when the next one begins; in JSON nothing but the JSON does."""
    before: list[str] = []

    def run(parameters: object, comm: object) -> report.Result:
        before.append(capsys.readouterr().out)
        name = f"number {len(before)}"
        return report.Result(name, {}, {}, {}, {"pressure": 1e-3}, report.Cost(8, 1, 1, 1.0, 1.0, 1.0))

    made_up = SimpleNamespace(run=run, Options=SimpleNamespace(parse=lambda words: None))
    monkeypatch.setattr(command, "find", lambda name: made_up)
    monkeypatch.setattr(command, "NAMES", ("one", "two", "three"))
    monkeypatch.setattr(command, "run_quietly", lambda run, *words: run(*words))
    command.benchmark([], False, MPI.COMM_WORLD)
    printed = [*before[1:], capsys.readouterr().out]
    assert printed[:2] == [f"number {i}: pressure 1.00e-03\n" for i in (1, 2)]
    assert printed[2].startswith("number 3: pressure 1.00e-03\n")
    assert printed[2].count("ratio 1.00") == 3
    command.benchmark([], True, MPI.COMM_WORLD)
    assert before[3:] == ["", "", ""] and len(json.loads(capsys.readouterr().out)) == 3


@pytest.mark.parametrize("name", NAMES)
def test_every_key_of_a_benchmark_is_explained(name: str) -> None:
    module = find(name)
    assert find(module.NAME) is module
    rows = module.Options.help()
    assert all(meaning for _, _, meaning in rows)
    printed = invoke(name, "--options").output
    assert all(option in printed for option, _, _ in rows)
