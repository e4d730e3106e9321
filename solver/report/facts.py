"""The numbers of a run that people ask for first, with units, as words."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from interstice.schema.wording import duration
from interstice.solver.plot.run import Run
from interstice.solver.plot.style import display, quantity
from interstice.solver.report.curves import BALANCES
from interstice.solver.summary import summary

CHARGE = "net charge"
"""A history without this column is that of a cell that no current passes."""
MOST_INTERFACES = 3
"""That are told of, those that lose most."""


class Fact(NamedTuple):
    """A number with its unit as words; `note` says more of it."""

    label: str
    value: str
    note: str = ""


def facts(run: Run, status: dict[str, Any]) -> list[Fact]:
    """Return what came of a run, so far."""
    found: list[Fact] = []
    if run.has(CHARGE) and run.has("voltage"):
        names = run.names("active fraction") or [""]
        numbers = summary(run.table.to_dict("records"), names if run.has("active fraction") else [])
        found += _passed(numbers)
        found += _contact(run, numbers["active fraction [1]"])
    elif run.has("active fraction"):
        found += [_least(run, name) for name in run.names("active fraction")[:MOST_INTERFACES]]
    for quantity_, label in (("max pressure", "Highest contact pressure"), ("max gap", "Widest gap")):
        if run.has(quantity_):
            found.append(_highest(run, quantity_, label))
    if run.has("opening force") and run.column("opening force")[0].any():
        found.append(_highest(run, "opening force", "Highest opening force"))
    if run.has("voltage") and run.has(CHARGE) and run.column("voltage")[0].any():
        found.append(Fact("Voltage at the end", f"{run.column('voltage')[0][-1]:.4f} V"))
    newton = int(run.column("newton iterations")[0].sum()) if run.has("newton iterations") else 0
    note = f"{len(run.time) - 1} time steps" + (f", {newton} Newton steps" if newton else "")
    found.append(Fact("Time in the cell", when(run, float(run.time[-1])), note))
    found += _wall_time(status)
    return found


def largest(run: Run) -> list[Fact]:
    """Return the largest error of each balance over the run."""
    found = []
    for name in BALANCES:
        values = [abs(run.column(name, of)[0]).max() for of in run.names(name)]
        if values:
            found.append(Fact(f"Largest {name}" + (" error" if "balance" in name else ""), f"{max(values):.2g}"))
    return found


def when(run: Run, time: float) -> str:
    """Return a time [s] in the unit in which the whole run is read."""
    factor, unit = display("s", run.time)
    return f"{time * factor:.4g} {unit}"


def _passed(numbers: dict[str, Any]) -> list[Fact]:
    """Return capacities, mean overpotentials and efficiencies."""
    found = []
    for kind, done in (("charge", "Charged"), ("discharge", "Discharged")):
        if passed := numbers.get(kind):
            losses = sum(passed["mean overpotential [V]"].values())
            note = f"{passed['energy [W h/m^2]'] / 10:.4g} mWh/cm²; mean overpotential {1e3 * losses:.3g} mV"
            found.append(Fact(done, f"{passed['capacity [A h/m^2]'] / 10:.4g} mAh/cm²", note))
    if cycles := numbers["cycles"]:
        last = cycles[-1]
        which = f"energy {last['energy efficiency [1]']:.2%}" + (f"; cycle {last['cycle']}" if len(cycles) > 1 else "")
        found.append(Fact("Coulombic efficiency", f"{last['coulombic efficiency [1]']:.2%}", which))
    return found


def _contact(run: Run, fractions: dict[str, dict[str, float]]) -> list[Fact]:
    """Return the lowest active fraction of those interfaces that lose any, or of the one that loses least."""
    falls = sorted(fractions.items(), key=lambda item: item[1]["lowest"])
    losing = [item for item in falls if item[1]["lowest"] < 1.0][:MOST_INTERFACES] or falls[:1]
    return [
        Fact(
            f"Lowest active fraction{f' of {name}' if name else ''}",
            f"{fraction['lowest']:.4g}",
            f"at {when(run, fraction['time of the lowest [s]'])}; {fraction['assembled']:.3g} assembled, "
            f"{fraction['end']:.3g} at the end",
        )
        for name, fraction in losing
    ]


def _least(run: Run, name: str) -> Fact:
    values = run.column("active fraction", name)[0]
    lowest = int(values.argmin())
    return Fact(
        f"Lowest active fraction{f' of {name}' if name else ''}",
        f"{values[lowest]:.4g}",
        f"at {when(run, float(run.time[lowest]))}",
    )


def _highest(run: Run, name: str, label: str) -> Fact:
    """Return the highest value of a column, over all interfaces."""
    columns = {of: run.column(name, of) for of in run.names(name)}
    of, (values, unit) = max(columns.items(), key=lambda item: float(item[1][0].max()))
    highest = int(values.argmax())
    note = f"at {when(run, float(run.time[highest]))}" + (f", {of}" if of else "")
    return Fact(label, quantity(unit, float(values[highest])), note)


def _wall_time(status: dict[str, Any]) -> list[Fact]:
    """Return how long the run took, from its begin to when it last wrote, pauses included."""
    try:
        seconds = (datetime.fromisoformat(status["written"]) - datetime.fromisoformat(status["begun"])).total_seconds()
    except (KeyError, TypeError, ValueError):
        return []
    ranks = status.get("ranks")
    note = (
        f"on {ranks} rank{'' if ranks == 1 else 's'}, from begin to last word" if ranks else "from begin to last word"
    )
    return [Fact("Wall time", duration(seconds), note)]
