"""The table of a study, from folders of runs that have ended, go on, or have not begun."""

from __future__ import annotations

import fcntl
import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas
import pytest
from made_studies import (
    PRESSURE,
    RESISTANCE,
    ROUGHNESS,
    resistance,
    rows_of_run,
    write_history,
    write_plan,
    write_study,
)
from pandas.testing import assert_frame_equal
from typer.testing import CliRunner

import interstice
from interstice.cli import app
from interstice.solver.history import read_rows_with_kind
from interstice.solver.results import OutputError
from interstice.solver.study.collect import CSV, PARQUET, collect, problems, tabulated


def test_a_row_tells_inputs_in_si_outputs_in_their_unit_and_where_they_come_from(tmp_path: Path) -> None:
    write_study(tmp_path, pressures=(1e6, 2e6, 5.4321e6))
    table = collect(tmp_path)
    assert list(table["run"]) == [f"{number:012x}" for number in range(6)]
    assert list(table[PRESSURE]) == [1e6, 1e6, 2e6, 2e6, 5.4321e6, 5.4321e6]
    assert list(table[ROUGHNESS]) == [1e-8, 4e-8] * 3
    expected = [1e4 * resistance(*inputs) for inputs in zip(table[PRESSURE], table[ROUGHNESS], strict=True)]
    assert np.allclose(table["resistance"], expected)
    assert np.allclose(table["lowest active fraction"], 0.3)
    assert set(table["state"]) == {"finished"} and set(table["ranks"]) == {1} and set(table["version"]) == {"0.1.0"}
    assert set(table["case_sha256"]) == {"ab" * 32} and set(table["wall time"]) == {90.0}
    units = table.attrs["units"]
    assert (units[PRESSURE], units[ROUGHNESS], units["resistance"]) == ("Pa", "m", "ohm*cm^2")
    assert units["discharge capacity"] == "A h/m^2" and units["wall time"] == "s"
    assert table.attrs["inputs"] == [PRESSURE, ROUGHNESS] and table.attrs["outputs"] == ["resistance"]


def test_parquet_csv_and_python_give_the_same_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_study(tmp_path / "results" / "press")
    monkeypatch.chdir(tmp_path)
    table = interstice.study("results/press")
    parquet = pandas.read_parquet(Path("results", "press", PARQUET))
    for other in (parquet, interstice.study("press.yaml"), tabulated(Path("results", "press"))):
        assert_frame_equal(table, other, check_exact=True)
        assert table.attrs == other.attrs
    written = pandas.read_csv(Path("results", "press", CSV))
    units = table.attrs["units"]
    assert list(written) == [f"{name} [{units[name]}]" if name in units else name for name in table]
    assert "stack.pressure [Pa]" in written and "wall time [s]" in written
    for name, header in zip(table, written, strict=True):
        if name in (*table.attrs["inputs"], *table.attrs["outputs"], *table.attrs["summary"]):
            assert np.array_equal(table[name], written[header])


def test_runs_that_go_on_or_have_not_begun_are_rows_too(tmp_path: Path) -> None:
    plan = write_study(tmp_path)
    first, second, third, fourth, *_ = (tmp_path / "runs" / run.name for run in plan.runs)
    for file in first.iterdir():
        file.unlink()
    for folder in (second, third):
        about = json.loads((folder / "status.json").read_text())
        (folder / "status.json").write_text(json.dumps({**about, "state": "running"}))
        write_history(folder / "history.csv", rows_of_run()[:3])
    with (second / "history.csv").open("a") as stream:
        stream.write("1500,charge,1,1,3.7,10,2.5,2.")
    (fourth / "status.json").write_text(json.dumps({"state": "stopped", "why": "no contact"}))
    with (second / "lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        table = collect(tmp_path)
    assert list(table["state"]) == ["waiting", "running", "killed", "stopped", "finished", "finished"]
    assert table["why"][3] == "no contact"
    assert np.isnan(table["resistance"][0]) and np.isnan(table["wall time"][0])
    assert list(table["time"][:3].fillna(-1.0)) == [-1.0, 400.0, 400.0]
    assert table["resistance"][1] == pytest.approx(20.0)


@pytest.mark.parametrize("cut", [1, 2, 30, 400])
def test_a_row_that_is_half_written_is_none(tmp_path: Path, cut: int) -> None:
    file = tmp_path / "history.csv"
    write_history(file, rows_of_run())
    whole = read_rows_with_kind(file)
    file.write_bytes(file.read_bytes()[:-cut])
    rows = read_rows_with_kind(file)
    assert rows == whole[: len(rows)] and len(rows) < len(whole)


def test_a_history_without_a_row_has_no_numbers(tmp_path: Path) -> None:
    file = tmp_path / "history.csv"
    for text in ("", "time [s],vol", "time [s],voltage [V]\r\n", "time [s],voltage [V]\r\n0,3"):
        file.write_text(text)
        assert read_rows_with_kind(file) == []


def test_inputs_that_are_words_in_one_run_are_so_in_all(tmp_path: Path) -> None:
    plan = write_study(tmp_path, roughnesses=(1e-8,))
    values = [("1 MPa", 1e6), ("follow", "follow"), ([1, 2], [1, 2])]
    runs = [
        replace(run, values={**run.values, PRESSURE: written}, numbers={**run.numbers, PRESSURE: one})
        for run, (written, one) in zip(plan.runs, values, strict=True)
    ]
    write_plan(tmp_path, replace(plan, runs=runs))
    table = collect(tmp_path)
    assert list(table[PRESSURE]) == ["1 MPa", "follow", "[1, 2]"]
    assert PRESSURE not in table.attrs["units"] and PRESSURE in (tmp_path / CSV).read_text().splitlines()[0].split(",")


def test_why_an_output_is_missing_is_told_once_with_the_number_of_runs(tmp_path: Path) -> None:
    write_study(tmp_path, outputs={"a": {"of": "mean damage"}, "b": {**RESISTANCE, "step": 2}, "c": RESISTANCE})
    table = collect(tmp_path)
    first, second = problems(table)
    assert first.startswith("a: the history has no column 'mean damage'; there are") and first.endswith("(6 runs)")
    assert second.startswith("b: 'kinetic overpotential' / 'current density' is no finite number at the end")
    assert table["c"].notna().all()


def test_a_damaged_history_is_told_and_stops_nothing(tmp_path: Path) -> None:
    plan = write_study(tmp_path)
    history = tmp_path / "runs" / plan.runs[1].name / "history.csv"
    history.write_bytes(history.read_bytes().replace(b"discharge", b"discharge,\0"))
    table = collect(tmp_path)
    assert problems(table) == ["history.csv is damaged"]
    assert list(table["resistance"].notna()) == [True, False, True, True, True, True]


def test_who_reads_the_table_never_finds_half_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_study(tmp_path)
    collect(tmp_path)
    with (tmp_path / PARQUET).open("rb") as parquet, (tmp_path / CSV).open("rb") as text:
        collect(tmp_path)
        # who has the old files open goes on to read those
        assert [os.fstat(one.fileno()).st_nlink for one in (parquet, text)] == [0, 0]
    before = {name: (tmp_path / name).read_bytes() for name in (PARQUET, CSV)}

    def broken(self: object, path: Path, **options: object) -> None:
        Path(path).write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pandas.DataFrame, "to_parquet", broken)
    with pytest.raises(OutputError, match="the table cannot be written: No space left on device"):
        collect(tmp_path)
    assert {name: (tmp_path / name).read_bytes() for name in (PARQUET, CSV)} == before
    assert not list(tmp_path.glob(".table*"))


def test_a_folder_without_a_study_is_told_in_words(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"no study has its results here \(plan.json is missing\)"):
        tabulated(tmp_path)
    (tmp_path / "plan.json").write_text("{")
    with pytest.raises(OutputError, match=r"plan.json: damaged: .*'interstice study run' writes it anew"):
        tabulated(tmp_path)
    told = CliRunner().invoke(app, ["study", "collect", str(tmp_path / "nothing")])
    assert told.exit_code == 2 and "no study has been run here" in told.output


def test_links_in_a_study_are_not_written_through(tmp_path: Path) -> None:
    write_study(tmp_path / "study")
    elsewhere = tmp_path / "elsewhere.csv"
    elsewhere.write_text("mine")
    (tmp_path / "study" / CSV).symlink_to(elsewhere)
    with pytest.raises(OutputError, match="is a link to"):
        collect(tmp_path / "study")
    assert elsewhere.read_text() == "mine"


def test_one_command_writes_table_pictures_and_metadata(tmp_path: Path) -> None:
    figures = [
        {"kind": "curves", "x": PRESSURE, "by": ROUGHNESS, "of": "resistance", "scale": "log", "fit": "power_law"},
        {"kind": "curves", "x": PRESSURE, "of": "mean damage"},
    ]
    write_study(tmp_path, figures=figures)
    told = CliRunner().invoke(app, ["study", "collect", str(tmp_path)])
    assert told.exit_code == 0, told.output
    assert "figure 2, curves of mean damage: no run has told 'mean damage' yet; there are resistance" in told.output
    name = "curves_resistance_over_stack_pressure"
    expected = {PARQUET, CSV, "ro-crate-metadata.json", *(f"figures/{name}.{form}" for form in ("pdf", "svg", "png"))}
    files = {file.relative_to(tmp_path).as_posix() for file in tmp_path.rglob("*") if file.is_file()}
    assert expected <= files and not [file for file in files if "/." in file or file.startswith(".")]
    assert (tmp_path / "figures" / f"{name}.svg").read_text().startswith("<?xml")
