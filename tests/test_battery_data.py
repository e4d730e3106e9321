"""Runs in the Battery Data Format: its labels, its signs, its units."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from made_studies import CURRENT, TIME, rows_of_run, write_run, write_study
from typer.testing import CliRunner

from interstice.cli import app
from interstice.solver.battery_data import export
from interstice.solver.results import WRITTEN, OutputError

REQUIRED = ["Test Time / s", "Voltage / V", "Current / A"]


def columns(file: Path) -> dict[str, list[str]]:
    with file.open(newline="", encoding="utf-8") as stream:
        header, *rows = csv.reader(stream)
    return dict(zip(header, map(list, zip(*rows, strict=True)), strict=True))


def numbers(file: Path, label: str) -> np.ndarray:
    return np.array(columns(file)[label], dtype=float)


def test_a_run_has_the_columns_of_a_cycler_and_charges_with_a_positive_current(tmp_path: Path) -> None:
    write_run(tmp_path / "press", rows_of_run())
    file = export(tmp_path / "press")
    assert file == tmp_path / "press" / "press.bdf.csv"
    found = columns(file)
    assert list(found)[:3] == REQUIRED
    assert np.allclose(numbers(file, "Test Time / s"), TIME)
    # in 2D, the current of 1 m of depth
    assert np.allclose(numbers(file, "Current / A"), 2e-6 * np.array(CURRENT))
    assert np.allclose(numbers(file, "Net Capacity / Ah").max(), 2e-6 * 10 * 1000 / 3600)
    assert found["Step Count / 1"] == ["0", "1", "1", "1", "2", "2", "3", "3", "3"]
    assert found["Cycle Count / 1"] == ["0", *["1"] * 8]
    assert found["Step Type"] == ["assembly", *["CC_CHG"] * 3, *["REST"] * 2, *["CC_DCH"] * 3]
    assert np.allclose(numbers(file, "Ambient Temperature / degC"), 26.85)
    assert np.allclose(numbers(file, "Applied Pressure / Pa"), 1e6)
    assert any(file.match(name) for name in WRITTEN)


def test_an_area_scales_current_and_capacity_and_nothing_else(tmp_path: Path) -> None:
    write_run(tmp_path / "press", rows_of_run())
    model, cell = columns(export(tmp_path / "press")), columns(export(tmp_path / "press", area=1e-4))
    for label in model:
        if label in ("Current / A", "Net Capacity / Ah"):
            assert np.allclose(np.array(cell[label], float), 50 * np.array(model[label], float))
        else:
            assert cell[label] == model[label]


def test_what_a_stiff_fixture_presses_with_is_measured_not_applied(tmp_path: Path) -> None:
    write_run(tmp_path / "press", rows_of_run())
    case = "temperature: 300 K\nheat: {ambient: 40 degC}\nstack: {hold: spring}\n"
    (tmp_path / "press" / "case.yaml").write_text(case)
    file = export(tmp_path / "press")
    assert "Surface Pressure / Pa" in columns(file) and "Applied Pressure / Pa" not in columns(file)
    assert np.allclose(numbers(file, "Ambient Temperature / degC"), 40.0)
    (tmp_path / "press" / "case.yaml").unlink()
    assert "Ambient Temperature / degC" not in columns(export(tmp_path / "press"))


def test_a_row_that_is_half_written_is_left_out_and_nothing_is_no_run(tmp_path: Path) -> None:
    write_run(tmp_path / "press", rows_of_run())
    history = tmp_path / "press" / "history.csv"
    history.write_bytes(history.read_bytes()[:-3])
    assert len(columns(export(tmp_path / "press"))["Voltage / V"]) == 8
    history.write_text("time [s]\r\n")
    with pytest.raises(OutputError, match="no complete row yet"):
        export(tmp_path / "press")
    with pytest.raises(OutputError, match=r"no results here \(history.csv is missing\)"):
        export(tmp_path)


def test_what_cannot_be_exported_keeps_no_other_run_from_it(tmp_path: Path) -> None:
    write_run(tmp_path / "whole", rows_of_run(0.2, 0.3))
    told = CliRunner().invoke(app, ["export", str(tmp_path / "none"), str(tmp_path / "whole")])
    assert told.exit_code == 2 and "no results here" in told.stderr
    assert (tmp_path / "whole" / "whole.bdf.csv").is_file()


def test_a_table_of_something_else_is_told_in_words(tmp_path: Path) -> None:
    (tmp_path / "history.csv").write_text("a,b\n1,2\n")
    with pytest.raises(OutputError, match=r"history.csv: no history of a run: it has no column 'apparent area"):
        export(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["history.csv"]


def test_the_runs_of_a_study_are_exported_at_once(tmp_path: Path) -> None:
    write_study(tmp_path / "study")
    told = CliRunner().invoke(app, ["export", str(tmp_path / "study"), "--area", "1 cm^2"])
    assert told.exit_code == 0, told.output
    files = sorted((tmp_path / "study").glob("runs/*/*.bdf.csv"))
    assert len(files) == 6 and all(file.name == f"{file.parent.name}.bdf.csv" for file in files)
    assert numbers(files[0], "Current / A").max() == pytest.approx(1e-3)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--area", "1 cm"], "--area '1 cm': 'cm' does not fit"),
        (["--area=-1 cm^2"], "is not above 0"),
        (["--format", "mpr"], "--format: 'mpr' is not known; there is bdf"),
        ([], "no results here"),
    ],
)
def test_what_cannot_be_exported_is_told_in_words(tmp_path: Path, options: list[str], words: str) -> None:
    told = CliRunner().invoke(app, ["export", str(tmp_path), *options])
    assert told.exit_code == 2 and words in told.output
