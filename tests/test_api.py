"""Cases from Python: what a notebook does."""

from __future__ import annotations

import doctest
import json
import os
from pathlib import Path

import numpy as np
import pytest
from builders import TINY, tiny_run
from ruamel.yaml import YAML
from typer.testing import CliRunner

import interstice
from interstice.cli import app
from interstice.solver import api

NAME = "electrode/electrolyte"


@pytest.fixture(scope="module")
def run() -> interstice.Run:
    return interstice.run(YAML(typ="safe").load(TINY))


def test_examples_of_the_docstrings_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).parent.parent)
    assert doctest.testmod(api) == (0, 4)


def test_history_is_that_of_the_command_with_units_apart(run: interstice.Run) -> None:
    same = tiny_run()
    table = run.history
    assert run.stopped == ""
    np.testing.assert_allclose(table["voltage"], same.column("voltage [V]"), rtol=1e-12)
    assert table.attrs["units"]["voltage"] == "V" and table.attrs["units"]["mean pressure"] == "Pa"
    assert list(table["step kind"].unique()) == ["assembly", "charge", "rest", "discharge"]


def test_nodal_values_sum_to_what_the_history_says(run: interstice.Run) -> None:
    """At each time: mean pressure, active fraction, and the current, which is that applied."""
    interface, table = run.interface[NAME], run.history
    whole = interface.area.sum()
    assert interface.pressure.shape == (len(table), len(interface.x))
    np.testing.assert_allclose(interface.time, table["time"])
    np.testing.assert_allclose(interface.pressure @ interface.area / whole, table["mean pressure"], rtol=1e-12)
    np.testing.assert_allclose(interface.share @ interface.area / whole, table["active fraction"], rtol=1e-12)
    current = interface.current_density @ interface.area / table["apparent area"]
    np.testing.assert_allclose(current[1:], table["current density"][1:], atol=1e-9)
    assert np.all(np.diff(interface.x[:, 0]) > 0.0)
    with pytest.raises(AttributeError, match="it has share, current_density, gap, pressure"):
        _ = interface.damage


def test_changes_are_those_of_the_command_line(tmp_path: Path) -> None:
    path = tmp_path / "tiny.yaml"
    path.write_text(TINY)
    loaded = interstice.load(
        path, {"stack.pressure": "7 MPa", "protocol": ["rest for 1 s", {"step": "rest", "time": "2 s"}]}
    )
    assert loaded.case.stack.pressure == 7e6
    assert [step.time for step in loaded.case.steps] == [1.0, 2.0]


@pytest.mark.parametrize(
    ("case", "message"),
    [
        ({"title": "no more"}, r"case: geometry: "),
        ({"title": object()}, "case: mappings, lists, texts and numbers are needed"),
        ("missing.yaml", r"missing\.yaml: there is no such file"),
    ],
)
def test_bad_cases_are_refused_in_the_words_of_the_command_line(case: object, message: str) -> None:
    with pytest.raises(interstice.CaseError, match=message):
        interstice.load(case)


def test_run_into_a_folder_leaves_the_files_of_the_command(tmp_path: Path) -> None:
    case = interstice.load(YAML(typ="safe").load(TINY), {"protocol": ["rest for 1 s"]})
    run = interstice.run(case, tmp_path / "results")
    written = {"case.yaml", "versions.txt", "history.csv", "cell.vtkhdf", "interface.vtkhdf", "open_in_paraview.py"}
    assert written <= set(os.listdir(run.folder))
    assert run.summary["time [s]"] == 1.0 and run.summary["active fraction [1]"][NAME]["end"] > 0.0
    before = {path: path.stat().st_mtime_ns for path in run.folder.rglob("*")}
    with pytest.raises(interstice.OutputError, match="holds the results of a run"):
        interstice.run(case, run.folder)
    assert {path: path.stat().st_mtime_ns for path in run.folder.rglob("*")} == before
    again = interstice.run(case, run.folder, overwrite=True)
    assert len(again.rows) == len(run.rows)
    with pytest.raises(interstice.OutputError, match="not from a run"):
        (tmp_path / "other").mkdir()
        (tmp_path / "other" / "file").write_text("")
        interstice.run(case, tmp_path / "other")


def test_a_run_that_stops_at_the_assembly_is_empty_and_says_why(run: interstice.Run) -> None:
    soft = {f"{side}.overrides.hardness": "10 MPa" for side in ("electrode", "electrolyte")}
    too_soft = interstice.load(YAML(typ="safe").load(TINY), soft | {"interface.contact": {"plastic": True}})
    stopped = interstice.run(too_soft)
    assert "more than the hardness of the softer one" in stopped.stopped
    table, interface = stopped.history, stopped.interface[NAME]
    assert table.empty and table["voltage"].shape == (0,)
    assert set(table.columns) >= set(run.history.columns) and table.attrs["units"]["voltage"] == "V"
    nodes = len(run.interface[NAME].x)
    assert interface.time.shape == (0,) and interface.gap.shape == interface.current_density.shape == (0, nodes)
    assert stopped.summary == {} and stopped.plot() == {}


def test_notes_are_those_of_validate(tmp_path: Path) -> None:
    """Of the protocol, of the numbers and of the roughness, in the same words, before the run."""
    changes: dict[str, object] = {
        "protocol": ["charge at 0.5 mA/cm^2 until 50 V", "press to 0 MPa in 1 s"],
        "interface.micro": {"law": "elastic", "cutoff": "10 nm"},
        "geometry.roughness": {"kind": "self_affine", "rms": "1 nm", "short_cutoff": "250 nm", "seed": 1},
        "stack.hold": "constant_pressure",
    }
    (tmp_path / "case.yaml").write_text(TINY)
    words = [word for key, value in changes.items() for word in ("--set", f"{key}={json.dumps(value)}")]
    said = CliRunner().invoke(app, ["validate", str(tmp_path / "case.yaml"), "--json", *words])
    notes = interstice.load(tmp_path / "case.yaml", changes).notes
    assert list(notes) == json.loads(said.output)["notes"]
    for part in ("warning: protocol.0.until.voltage: 50 V", "protocol.1.pressure", "estimate", "below the mesh of"):
        assert any(part in note for note in notes), part


def test_pictures_of_the_history_need_no_files(run: interstice.Run) -> None:
    figures = run.plot()
    assert set(figures) == {"history", "voltage_capacity"}
    (curve,) = (ax for ax in figures["history"].axes if ax.get_ylabel().startswith("voltage"))
    np.testing.assert_allclose(curve.lines[0].get_ydata(), run.history["voltage"])
