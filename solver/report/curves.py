"""The history of a run as curves: every column, by quantity and what it is of, with the steps of the protocol."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from interstice.solver.history import ACCOUNTS, KIND
from interstice.solver.plot.history import LOSSES, OTHER_STEP, STEP_COLOURS
from interstice.solver.plot.run import Run
from interstice.solver.plot.style import PREFIXES, display
from interstice.solver.report.case import pretty
from interstice.solver.units import split_unit

MOST_ROWS = 4000
"""Of a longer history, rows that are drawn: more than a screen has columns."""
OF_SOMETHING = ("active fraction", "mean stoichiometry", "mean temperature")
"""Quantities that every interface, electrode or side has where there are several: after them stands its name."""
COUNTERS = ("step", "cycle", "nesting", "repetition", "repetition at level")
"""Columns that number steps and are no quantities."""
USUAL = (
    *("voltage", "active fraction", "mean pressure", "mean gap", "current density", "max pressure", "max gap"),
    *("state of charge", "mean damage", "stack pressure", "thickness change", "platen gap", "opening"),
    *("opening force", "energy release rate", "mean temperature"),
)
"""What people look at first, in this order."""
FIRST = 4
"""Of them, so many are drawn before anybody asks."""
BALANCES = ("charge balance", "lithium balance", "energy balance", "heat balance", "complementarity")
EMPTY = 1e-6
"""Of the largest account of the energy ledger: one that never has more is not drawn."""
MILLI = 1e3


def curves(run: Run) -> dict[str, Any]:
    """Return times, steps and quantities of a run, and which of them are losses, balances and accounts."""
    shown = Run.of(_fewer(run))
    factor, unit = display("s", shown.time)
    quantities = _quantities(shown)
    names = [quantity["name"] for quantity in quantities]
    usual = [name for name in USUAL if name in names]
    losses = {name: f"{name} overpotential" for name in LOSSES}
    return {
        "time": {"values": shown.time, "factor": factor, "unit": unit},
        "steps": [
            {"kind": kind, "first": int(rows[0]), "last": int(rows[-1]), "colour": STEP_COLOURS.get(kind, OTHER_STEP)}
            for kind, rows in (shown.steps() if KIND in shown.table else ())
        ],
        "quantities": quantities,
        "usual": usual,
        "first": usual[:FIRST],
        "axes": [name for name in ("capacity", "net charge", "state of charge") if names.count(name)],
        "losses": [
            {"name": column, "label": name, "colour": LOSSES[name] if LOSSES[name] != "k" else "#000000"}
            for name, column in losses.items()
            if column in names
        ],
        "balances": [name for name in BALANCES if name in names],
        "accounts": _accounts(quantities),
        "rows": len(run.table),
    }


def _fewer(run: Run) -> Any:
    """Return the table of a run, of a long one rows evenly over it with the first and last of each step."""
    count = len(run.table)
    if count <= MOST_ROWS:
        return run.table
    kept = set(np.linspace(0, count - 1, MOST_ROWS).astype(int).tolist())
    step = run.column("step")[0]
    kept.update(np.flatnonzero(np.diff(step)).tolist(), (np.flatnonzero(np.diff(step)) + 1).tolist())
    return run.table.iloc[sorted(kept)].reset_index(drop=True)


def _quantities(run: Run) -> list[dict[str, Any]]:
    """Return all columns but those that number steps, those of one quantity together."""
    names = sorted({name for quantity in OF_SOMETHING for name in run.names(quantity) if name}, key=len, reverse=True)
    ending = re.compile(rf" of ({'|'.join(map(re.escape, names))})$") if names else None
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for header in run.table:
        title, unit = split_unit(header)
        if header == KIND or title == "time" or title.startswith(COUNTERS):
            continue
        match = ending.search(title) if ending else None
        name = title[: match.start()] if match else title
        entry = found.setdefault((name, unit), {"name": name, "of": [], "values": []})
        entry["of"].append(match[1] if match else "")
        entry["values"].append(run.column(title)[0].astype(np.float32))
    for (name, unit), entry in found.items():
        entry["factor"], shown_unit = display(unit, np.concatenate(entry["values"]))
        entry["unit"] = pretty(shown_unit)
        if name.endswith("overpotential"):
            entry["factor"], entry["unit"] = MILLI, "mV"
        # a current belongs to the time step that ends at its row
        entry["steps"] = name == "current density"
    return list(found.values())


def _accounts(quantities: list[dict[str, Any]]) -> list[str]:
    """Return the accounts of the energy ledger that are not empty, and give all one unit that is read easily."""
    columns = {split_unit(column)[0] for column in ACCOUNTS.values()}
    every = [quantity for quantity in quantities if quantity["name"] in columns]
    most = {quantity["name"]: float(np.abs(quantity["values"]).max()) for quantity in every}
    largest = max(most.values(), default=0.0)
    scale = next((scale for scale in PREFIXES if largest >= scale), 1.0)
    for quantity in every:
        quantity["factor"], quantity["unit"] = 1 / scale, f"{PREFIXES[scale]}J"
    return [name for name, value in most.items() if value > EMPTY * largest]
