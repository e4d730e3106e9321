"""One table of a study: a row for each of its runs, begun or not; its inputs, its numbers, what it came from.

All is read from the folders of the runs as they are now, so that it can be done while runs go on.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from interstice.schema.outcomes import MISSING, PROVENANCE, STATE, WALL_TIME, Outcome
from interstice.solver.history import read_rows_with_kind
from interstice.solver.results import OutputError, refuse_links
from interstice.solver.study import outputs, states
from interstice.solver.study.plan import FILE, Plan, read

if TYPE_CHECKING:
    from pandas import DataFrame

PARQUET, CSV = "table.parquet", "table.csv"
SEPARATOR = " | "
"""Between the reasons why outputs of a run are missing."""
_HASH = re.compile(r"^Case, with all numbers that it uses: SHA-256 (\w+)$", re.MULTILINE)


def collect(folder: Path) -> DataFrame:
    """Write the table of the study in a folder, as Parquet and CSV, and return it as it is read back from Parquet.

    `attrs` of the table hold the title, the units of columns, and which of them are `inputs`, those that are
    `sampled`, chosen `outputs`, and numbers of the `summary`. Numbers of inputs are in SI, those of outputs in their
    unit.

    Raises
    ------
    OutputError
        if no study is in the folder, or its table cannot be written.
    """
    import pandas

    table = tabulated(folder)
    refuse_links(folder, PARQUET, CSV)
    try:
        in_one_stroke(folder / CSV, lambda path: _titled(table).to_csv(path, index=False))
        in_one_stroke(folder / PARQUET, lambda path: table.to_parquet(path, index=False))
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
    for run in plan.runs:
        found, numbers = _row(folder, run.name, outcomes)
        summary |= {name: unit for name, (_, unit) in numbers.items() if name not in units}
        rows.append({name: value for name, (value, _) in numbers.items()} | found)
    order = [*STATE, *inputs, *outcomes, *summary, MISSING, *PROVENANCE]
    table = pandas.DataFrame(rows, columns=order).assign(**inputs)
    words = [*STATE, MISSING, *(name for name in PROVENANCE if name not in ("ranks", WALL_TIME))]
    words += [name for name, values in inputs.items() if isinstance(values[0], str)]
    numeric = [*outcomes, *summary, WALL_TIME]
    table = table.astype({**dict.fromkeys(words, "str"), **dict.fromkeys(numeric, "float64"), "ranks": "Int64"})
    table.attrs = {
        "title": plan.title,
        "units": {**units, **summary, WALL_TIME: "s"},
        "inputs": list(inputs),
        "outputs": list(outcomes),
        "summary": list(summary),
        "sampled": list(plan.sample.get("over", ())),
    }
    return table


def problems(table: DataFrame) -> list[str]:
    """Return why outputs have no numbers, each reason once, with the number of runs of which it is told."""
    told = Counter(problem for words in table[MISSING] if words for problem in words.split(SEPARATOR))
    return [problem if count == 1 else f"{problem} ({count} runs)" for problem, count in told.items()]


def plan_of(folder: Path) -> Plan:
    """Return the plan of the study in a folder; OutputError if there is none."""
    try:
        return read(folder)
    except FileNotFoundError:
        raise OutputError(f"{folder}: no study has its results here ({FILE} is missing)") from None
    except OSError as error:
        raise OutputError(f"{folder / FILE}: cannot be read: {error.strerror or error}") from None
    except ValueError as error:
        problem = str(error) if str(folder) in str(error) else f"{folder / FILE}: damaged: {error}"
        raise OutputError(f"{problem}; 'interstice study run' writes it anew") from None


def in_one_stroke(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` write a file aside, and put it in its place; who reads has the old or the new one."""
    unfinished = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        write(unfinished)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _outcomes(plan: Plan, folder: Path) -> dict[str, Outcome]:
    try:
        return {name: Outcome.model_validate(given) for name, given in plan.outputs.items()}
    except ValidationError as error:
        raise OutputError(f"{folder / FILE}: outputs: {error.errors()[0]['msg']}") from None


def _inputs(plan: Plan) -> tuple[dict[str, list[Any]], dict[str, str]]:
    """Return the values of each input by its key, one for each run, and the units of those that are numbers.

    They are numbers in SI where all are; otherwise text, as it is written in the case.
    """
    found: dict[str, list[Any]] = {}
    units = {}
    for entry in plan.inputs:
        key = entry["key"]
        numbers = [run.numbers.get(key) for run in plan.runs]
        if all(isinstance(value, int | float) and not isinstance(value, bool) for value in numbers):
            found[key] = [float(value) for value in numbers if value is not None]
            units[key] = entry.get("unit") or "1"
        else:
            found[key] = [_text(run.values.get(key)) for run in plan.runs]
    return found, units


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _row(folder: Path, name: str, outcomes: Mapping[str, Outcome]) -> tuple[dict[str, Any], outputs.Numbers]:
    """Return what is known of a run, and the numbers of its summary."""
    results = states.results_of(folder, name)
    state, about = states.state_of(folder, name), states.about(folder, name)
    rows, problems = _rows(results)
    chosen, more = outputs.chosen(outcomes, rows)
    found = {
        "run": name,
        "state": state.state,
        "why": state.why,
        **chosen,
        MISSING: SEPARATOR.join([*problems, *more]),
        "version": about.get("version", ""),
        "case_sha256": _case_hash(results),
        "ranks": about.get("ranks"),
        WALL_TIME: state.spent or _lasted(about),
        "begun": about.get("begun", ""),
        "written": about.get("written", ""),
    }
    return found, outputs.summarised(rows)


def _rows(results: Path) -> tuple[Sequence[dict[str, Any]], list[str]]:
    """Return the complete rows of the history of a run, and what is wrong with it."""
    try:
        return read_rows_with_kind(results / "history.csv"), []
    except FileNotFoundError:
        return [], []
    except (OSError, ValueError, TypeError):
        return [], ["history.csv is damaged"]


def _lasted(about: Mapping[str, Any]) -> float:
    """Return the time [s] from the begin of a run until it last wrote its status; NaN if it has not begun."""
    try:
        return (datetime.fromisoformat(about["written"]) - datetime.fromisoformat(about["begun"])).total_seconds()
    except (KeyError, ValueError, TypeError):
        return float("nan")


def _case_hash(results: Path) -> str:
    try:
        found = _HASH.search((results / "versions.txt").read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return ""
    return found[1] if found else ""


def _titled(table: DataFrame) -> DataFrame:
    """Return the table with the units in the names of its columns."""
    units = table.attrs["units"]
    return table.rename(columns={name: f"{name} [{units[name]}]" for name in table if units.get(name)})
