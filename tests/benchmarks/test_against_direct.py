"""The comparison with scikit-fem and a direct solver: one problem for both programs, and what each took.

SciPy's solver stands in for Pardiso, which is large and not in every environment.
"""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("skfem")
from interstice.benchmarks import against_direct, direct

ROOT = Path(__file__).parents[2]


def run(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "interstice.benchmarks.against_direct", *words]
    return subprocess.run(command, cwd=ROOT, text=True, capture_output=True, timeout=120)


@pytest.fixture(scope="module", params=["westergaard", "hertz"])
def problem(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    file = against_direct._prepare(tmp_path_factory.mktemp("problem"), request.param, 4, "superlu")
    return json.loads(file.read_text())


def test_reference_carries_the_load_by_pressure_on_part_of_the_interface(problem: dict[str, Any]) -> None:
    points, areas, pressure, took = direct.solve(problem)
    assert areas.sum() == pytest.approx(problem["unit"] ** (points.shape[1] - 1))
    assert areas @ pressure == pytest.approx(problem["pressure"] * areas.sum())
    assert pressure.min() == 0.0 and 0 < np.count_nonzero(pressure) < len(pressure)
    assert 2 < took["steps"] < direct.MOST_STEPS


def test_a_gap_that_is_the_same_everywhere_leaves_the_pressure_uniform(
    problem: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(direct.GAPS, "flat", lambda x, depth: np.full(x.shape[1], depth))
    for depth in (0.0, 1e-9):
        _, _, pressure, _ = direct.solve(problem | {"name": "flat", "gap": {"depth": depth}})
        assert pressure == pytest.approx(problem["pressure"], rel=1e-8)


def test_the_programs_agree_and_the_report_holds_what_they_took() -> None:
    done = run("--problem", "hertz", "--elements", "4", "--cores", "1", "--solver", "superlu", "--json")
    assert done.returncode == 0, done.stderr
    content = json.loads(done.stdout)
    assert content["inputs"] == {"problem": "hertz", "elements": 4, "cores": 1, "solver": "superlu", "repeats": 1}
    assert content["difference"] <= 1e-8
    for key in ("seconds", "cpu_seconds", "peak_memory_MB"):
        ours, theirs = content["interstice"][key], content["direct"][key]
        assert ours > 0 and content["ratio"][key] == pytest.approx(ours / theirs)


@pytest.mark.ranks
def test_two_ranks_and_a_table() -> None:
    done = run("--elements", "8", "--cores", "2", "--solver", "superlu")
    assert done.returncode == 0, done.stderr
    assert "scikit-fem and SuperLU" in done.stdout and "pressures differ by" in done.stdout


def test_an_option_that_means_nothing_ends_with_exit_code_2() -> None:
    done = run("--problem", "punch")
    assert done.returncode == 2 and "--problem punch" in done.stderr


def test_difference_is_relative_and_finds_the_partner_of_each_node() -> None:
    points = np.array([[0.0, 0.0], [1.0, 0.0], [2.0, 0.0]])
    pressure = np.array([3.0, 2.0, 0.0])
    theirs = {"points": points, "areas": np.array([0.5, 1.0, 0.5]), "pressure": pressure}
    ours = {"points": points[::-1], "pressure": 1.01 * pressure[::-1]}
    assert against_direct.difference(ours, theirs) == pytest.approx(0.01)
    ours["points"] = ours["points"] + [1e-3, 0.0]
    with pytest.raises(ValueError, match="same mesh"):
        against_direct.difference(ours, theirs)


def test_pardiso_finds_what_superlu_does(problem: dict[str, Any]) -> None:
    pytest.importorskip("pypardiso", reason="Pardiso is not in this environment: pip install pypardiso mkl")
    ours, theirs = (direct.solve(problem | {"solver": solver})[2] for solver in ("superlu", "pardiso"))
    np.testing.assert_allclose(theirs, ours, rtol=0, atol=1e-10 * ours.max())


def test_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise PackageNotFoundError(name)

    monkeypatch.delenv("PYPARDISO_MKL_RT", raising=False)
    monkeypatch.setattr(direct, "files", missing)
    with pytest.raises(ImportError, match="pip install pypardiso mkl"):
        direct.pardiso()
