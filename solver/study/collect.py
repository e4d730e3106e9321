"""One table of a study: a row for each of its runs, begun or not; its inputs, its numbers, what it came from.

All is read from the folders of the runs as they are now, so that it can be done while runs go on.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from interstice.schema.outcomes import Outcome
from interstice.solver import status
from interstice.solver.history import read_rows_with_kind
from interstice.solver.results import OutputError
from interstice.solver.study import outputs

if TYPE_CHECKING:
    from pandas import DataFrame

PLAN, RUNS = "plan.json", "runs"
PARQUET, CSV = "table.parquet", "table.csv"
WAITING = "waiting"
ABOUT = ("run", "state", "why")
"""The first columns of a table."""
MISSING = "missing"
"""The column that says why an output has no number."""
PROVENANCE = ("version", "case_sha256", "ranks", "wall time", "begun", "written")
_HASH = re.compile(r"^Case, with all numbers that it uses: SHA-256 (\w+)$", re.MULTILINE)


def collect(folder: Path) -> DataFrame:
    """Write the table of the study in a folder, as Parquet and CSV, and return it as it is read back from Parquet.

    `attrs` of the table hold the title, the units of columns, and which of them are `inputs`, chosen `outputs`, and
    numbers of the `summary`. Numbers of inputs are in SI, those of outputs in their unit.

    Raises
    ------
    OutputError
        if no study is in the folder, or its table cannot be written.
    """
    import pandas

    table = tabulated(folder)
    try:
        _in_one_stroke(folder / CSV, lambda path: _titled(table).to_csv(path, index=False))
        _in_one_stroke(folder / PARQUET, lambda path: table.to_parquet(path, index=False))
        return pandas.read_parquet(folder / PARQUET)
    except OSError as error:
        raise OutputError(f"{folder}: the table cannot be written: {error.strerror or error}") from None


def tabulated(folder: Path) -> DataFrame:
    """Return the table of the study in a folder, without writing anything; OutputError if there is none."""
    import pandas

    plan = plan_of(folder)
    outcomes = _outcomes(plan, folder)
    inputs, units = _inputs(plan)
    units |= {name: outputs.unit_of(outcome) for name, outcome in outcomes.items()}
    summary: dict[str, str] = {}
    rows = []
    for run in plan["runs"]:
        found, numbers = _row(folder, run["name"], outcomes)
        summary |= {name: unit for name, (_, unit) in numbers.items() if name not in units}
        rows.append({name: value for name, (value, _) in numbers.items()} | found)
    order = [*ABOUT, *inputs, *outcomes, *summary, MISSING, *PROVENANCE]
    table = pandas.DataFrame(rows, columns=order).assign(**inputs)
    words = [*ABOUT, MISSING, *(name for name in PROVENANCE if name not in ("ranks", "wall time"))]
    words += [name for name, values in inputs.items() if isinstance(values[0], str)]
    numeric = [*outcomes, *summary, "wall time"]
    table = table.astype({**dict.fromkeys(words, "str"), **dict.fromkeys(numeric, "float64"), "ranks": "Int64"})
    table.attrs = {
        "title": plan.get("title", ""),
        "units": {**units, **summary, "wall time": "s"},
        "inputs": list(inputs),
        "outputs": list(outcomes),
        "summary": list(summary),
    }
    return table


def plan_of(folder: Path) -> dict[str, Any]:
    """Return the plan of the study in a folder; OutputError if there is none."""
    path = folder / PLAN
    try:
        plan: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if not (plan["runs"] and all("name" in run for run in plan["runs"]) and isinstance(plan["inputs"], list)):
            raise ValueError
    except FileNotFoundError:
        raise OutputError(f"{folder}: no study has its results here ({PLAN} is missing)") from None
    except (OSError, ValueError, KeyError, TypeError):
        raise OutputError(
            f"{path}: damaged, this is no plan of a study; 'interstice study run' writes it anew"
        ) from None
    return plan


def _outcomes(plan: Mapping[str, Any], folder: Path) -> dict[str, Outcome]:
    try:
        return {name: Outcome.model_validate(given) for name, given in (plan.get("outputs") or {}).items()}
    except ValidationError as error:
        raise OutputError(f"{folder / PLAN}: outputs: {error.errors()[0]['msg']}") from None


def _inputs(plan: Mapping[str, Any]) -> tuple[dict[str, list[Any]], dict[str, str]]:
    """Return the values of each input by its key, one for each run, and the units of those that have one.

    They are numbers in SI where all are; otherwise text, as it is written in the case.
    """
    found: dict[str, list[Any]] = {}
    units = {}
    for entry in plan["inputs"]:
        key = entry["key"]
        numbers = [run["numbers"].get(key) for run in plan["runs"]]
        if all(isinstance(value, int | float) and not isinstance(value, bool) for value in numbers):
            found[key] = [float(value) for value in numbers]
            units[key] = entry.get("unit") or "1"
        else:
            found[key] = [_text(run["values"].get(key)) for run in plan["runs"]]
    return found, units


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _row(folder: Path, name: str, outcomes: Mapping[str, Outcome]) -> tuple[dict[str, Any], outputs.Numbers]:
    """Return what is known of a run, and the numbers of its summary."""
    results = folder / RUNS / name
    about = _status(results)
    found: dict[str, Any] = {"run": name, "state": about.get("state", WAITING), "why": about.get("why", "")}
    rows, problems = _rows(results)
    chosen, more = outputs.chosen(outcomes, rows)
    found |= {
        **chosen,
        MISSING: "; ".join([*problems, *more]),
        "version": about.get("version", ""),
        "case_sha256": _case_hash(results),
        "ranks": about.get("ranks"),
        "wall time": _lasted(about),
        "begun": about.get("begun", ""),
        "written": about.get("written", ""),
    }
    return found, outputs.summarised(rows)


def _status(results: Path) -> dict[str, Any]:
    try:
        return status.read(results)
    except (OSError, ValueError, KeyError):
        return {}


def _rows(results: Path) -> tuple[Sequence[dict[str, Any]], list[str]]:
    """Return the complete rows of the history of a run, and what is wrong with it."""
    try:
        return read_rows_with_kind(results / "history.csv"), []
    except FileNotFoundError:
        return [], []
    except (OSError, ValueError, TypeError):
        return [], ["history.csv is damaged"]


def _case_hash(results: Path) -> str:
    try:
        found = _HASH.search((results / "versions.txt").read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return ""
    return found[1] if found else ""


def _lasted(about: Mapping[str, Any]) -> float:
    """Return the time [s] from the begin of a run until it last wrote its status; NaN if it has not begun."""
    try:
        return (datetime.fromisoformat(about["written"]) - datetime.fromisoformat(about["begun"])).total_seconds()
    except (KeyError, ValueError):
        return float("nan")


def _titled(table: DataFrame) -> DataFrame:
    """Return the table with the units in the names of its columns."""
    units = table.attrs["units"]
    return table.rename(columns={name: f"{name} [{units[name]}]" for name in table if units.get(name)})


def _in_one_stroke(path: Path, write: Callable[[Path], None]) -> None:
    """Let `write` write a file aside, and put it in its place; who reads has the old or the new one."""
    unfinished = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        write(unfinished)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
