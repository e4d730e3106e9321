"""Runs beside each other: which of their inputs differ, and the quantities that all of them have."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas

from interstice.schema import yaml_text
from interstice.schema.problems import CaseError
from interstice.schema.units import NUMBER
from interstice.solver.plot.run import Run
from interstice.solver.plot.style import display
from interstice.solver.units import split_unit
from interstice.solver.view.folder import COPY

LEFT_OUT = ("title", "materials", "limits", "output")
"""Blocks of the copy of a case that are no input, or follow from others."""
NOTHING = "–"
DIGITS = 4
_QUANTITY = re.compile(rf"({NUMBER}) (\S+)")


def inputs(run: Path) -> dict[str, Any]:
    """Return the values of the case of a run by their dotted keys, nothing where there is no copy of it to read."""
    file = run / COPY
    try:
        values = yaml_text.parse(yaml_text.read_text(file), str(file))[0]
    except CaseError:
        return {}
    return dict(_flat({name: value for name, value in values.items() if name not in LEFT_OUT}, ""))


def differing(cases: Mapping[str, Mapping[str, Any]]) -> pandas.DataFrame:
    """Return a table of what differs between the cases of runs: a row for each run, a column for each key."""
    keys = list(dict.fromkeys(key for case in cases.values() for key in case))
    chosen = [key for key in keys if len({shown(case.get(key)) for case in cases.values()}) > 1]
    rows = [[shown(case.get(key)) for key in chosen] for case in cases.values()]
    return pandas.DataFrame(rows, index=list(cases), columns=chosen)


def shown(value: Any) -> str:
    """Return a value of a case as people read it, a dash for none."""
    if value is None:
        return NOTHING
    if isinstance(value, str) and (match := _QUANTITY.fullmatch(value)):
        factor, unit = display(match[2], [float(match[1])])
        return f"{float(match[1]) * factor:.{DIGITS}g} {unit}".strip()
    return f"{value:.{DIGITS}g}" if isinstance(value, float) else str(value)


def quantities(runs: Sequence[Run]) -> list[str]:
    """Return the columns that all runs have, with their units, without those that only count."""
    if not runs:
        return []
    known = [header for header in runs[0].table if all(header in run.table for run in runs)]
    return [header for header in known if " [" in header and split_unit(header)[0] not in ("time", "step")]


def first_of(headers: Sequence[str]) -> str:
    """Return the column to begin with."""
    return next((header for header in headers if header.startswith("voltage ")), headers[0])


def _flat(value: Any, key: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping | list):
        for name, one in value.items() if isinstance(value, Mapping) else enumerate(value):
            yield from _flat(one, f"{key}.{name}" if key else str(name))
    else:
        yield key, value
