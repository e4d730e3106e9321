"""A run in the Battery Data Format of the Battery Data Alliance (LF Energy), as a cycler would have recorded it.

https://github.com/battery-data-alliance/battery-data-format, ontology 1.3.0: ``NAME.bdf.csv`` has a header of preferred
labels. Required are "Test Time / s", "Voltage / V" and "Current / A", which is positive where it charges the cell, as
current densities are here. Its validator looks for these, for times and counts that go back, and for counts that are no
whole numbers.

A current needs an area: the model is so much of a cell as its apparent area, in plane 2D that of 1 m of depth. `area`
scales current, capacity and energy to a cell of that area.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from interstice.schema.units import CellTemperature, unit
from interstice.solver.history import KIND, read_rows_with_kind
from interstice.solver.results import OutputError, refuse_links, written_case

ENDING = ".bdf.csv"
ZERO_CELSIUS = 273.15
"""[K]"""
SURFACE_PRESSURE = "Surface Pressure / Pa"
APPLIED_PRESSURE = "Applied Pressure / Pa"
TYPES = {"charge": "CC_CHG", "discharge": "CC_DCH", "rest": "REST", "hold": "CV"}
"""How cyclers call the kinds of steps that they have, too; others keep their own names."""
Row = Mapping[str, Any]


def export(directory: Path, area: float | None = None, file: Path | None = None) -> Path:
    """Write the run in a folder of results as ``DIR/NAME.bdf.csv``, or into `file`, and return the path.

    `area` [m²] is that of the cell, the apparent one of the model if not given. Rows that a run has not completed are
    left out.

    Raises
    ------
    OutputError
        if there is no history, or the file cannot be written.
    """
    try:
        rows = read_rows_with_kind(directory / "history.csv")
    except FileNotFoundError:
        raise OutputError(f"{directory}: no results here (history.csv is missing)") from None
    except (OSError, ValueError, TypeError) as error:
        raise OutputError(f"{directory / 'history.csv'}: cannot be read: {error}") from None
    if not rows:
        raise OutputError(f"{directory / 'history.csv'}: no complete row yet")
    path = file or directory / f"{directory.resolve().name}{ENDING}"
    if file is None:
        refuse_links(directory, path.name)
    try:
        columns = _columns(directory, rows[0], area)
        table = [[read(row) for read in columns.values()] for row in rows]
    except KeyError as error:
        raise OutputError(f"{directory / 'history.csv'}: no history of a run: it has no column {error}") from None
    unfinished = path.with_name(f".{path.name}")
    try:
        with unfinished.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream)
            writer.writerow(columns)
            writer.writerows(table)
        unfinished.replace(path)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {error.strerror or error}") from None
    return path


def _columns(directory: Path, row: Row, area: float | None) -> dict[str, Callable[[Row], Any]]:
    """Return what reads each column from a row of a history, by its label."""

    def number(column: str, factor: float = 1.0, shift: float = 0.0) -> Callable[[Row], str]:
        return lambda row: f"{factor * row[column] + shift:.12g}"

    def count(column: str) -> Callable[[Row], str]:
        return lambda row: f"{row[column]:.0f}"

    size = row["apparent area [m^2]"] if area is None else area
    columns: dict[str, Callable[[Row], Any]] = {
        "Test Time / s": number("time [s]"),
        "Voltage / V": number("voltage [V]"),
        "Current / A": number("current density [A/m^2]", size),
        "Cycle Count / 1": count("cycle [1]"),
        "Step Count / 1": count("step [1]"),
        "Step Type": lambda row: TYPES.get(row[KIND], row[KIND]),
        "Net Capacity / Ah": number("net charge [A h/m^2]", size),
    }
    case = written_case(directory)
    if (temperature := _ambient(case)) is not None:
        columns["Ambient Temperature / degC"] = lambda row: f"{temperature - ZERO_CELSIUS:.12g}"
    if "stack pressure [Pa]" in row:
        # what a fixture of given stiffness does is measured, what a platen with a given pressure does is applied
        applied = (case.get("stack") or {}).get("hold") in ("constant_pressure", "free")
        columns[APPLIED_PRESSURE if applied else SURFACE_PRESSURE] = number("stack pressure [Pa]")
    return columns


def _ambient(case: Mapping[str, Any]) -> float | None:
    """Return the temperature around the cell [K]; None if the case does not tell."""
    try:
        written = case.get("temperature") if not case.get("heat") else case["heat"]["ambient"]
        return unit(CellTemperature).parse(written)
    except (ValueError, KeyError, TypeError):
        return None
