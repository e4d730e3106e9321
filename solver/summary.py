"""What came of a run in a few numbers, from the rows of its history.

    Q = ∫ j dt,   E = ∫ V j dt,   mean η = ∫ η j dt / Q

over all that charges the cell, and over all that discharges it; the Coulombic efficiency of a cycle is Q of its
discharge over Q of its charge, the energy efficiency likewise that of E. Between two rows V and η are their mean; in
the first time step after a jump of the current they are those at its end. A step of the protocol through which nothing
passes, but for rounding, neither charges nor discharges.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

import numpy as np
import numpy.typing as npt

from interstice.solver.history import Row

Array = npt.NDArray[np.float64]

LOSS = " overpotential [V]"
BALANCES = ("complementarity", "charge balance", "lithium balance")
NOTHING = 1e-9
"""Charge that one step of the protocol passes in one direction, over the most that any does, which counts as none: the
rounding of a rest, and the noise at the end of a hold."""


def summary(rows: Sequence[Row], interfaces: Sequence[str]) -> dict[str, Any]:
    """Return the numbers of a run by names with units, as ``interstice run --json`` prints them.

    `rows` are those of the history, the first of them that of the assembled cell; `interfaces` are the names of all.
    """
    found: dict[str, Any] = {
        "time [s]": rows[-1]["time [s]"],
        "time steps [1]": len(rows) - 1,
        "newton iterations [1]": sum(int(row["newton iterations [1]"]) for row in rows),
    }
    names = [column for column in rows[0] if column.endswith(LOSS)]
    charge = _charges(rows)
    voltage = _within(rows, "voltage [V]")
    losses = {name.removesuffix(LOSS): _within(rows, name) for name in names}
    for kind, flowing in (("charge", charge > 0.0), ("discharge", charge < 0.0)):
        if flowing.any():
            passed = charge[flowing]
            found[kind] = _passed(charge, voltage, flowing) | {
                "mean overpotential [V]": {
                    name: float(loss[flowing] @ passed / passed.sum()) for name, loss in losses.items()
                }
            }
    found["cycles"] = [
        {"cycle": cycle, **efficiencies}
        for cycle, inside in _cycles(rows)
        if (efficiencies := _efficiencies(charge, voltage, inside))
    ]
    found["active fraction [1]"] = {
        name: _fall(rows, f"active fraction of {name} [1]" if len(interfaces) > 1 else "active fraction [1]")
        for name in interfaces
    }
    found["largest"] = {
        f"{name} [1]": max((value for row in rows for value in values_of(row, name)), default=0.0) for name in BALANCES
    }
    return found


def values_of(row: Row, quantity: str) -> list[float]:
    """Return a quantity of every interface or electrode that has it."""
    names = (f"{quantity} [", f"{quantity} of ")
    return [value for column, value in row.items() if column.startswith(names)]


def _charges(rows: Sequence[Row]) -> Array:
    """Return the charge that passes in each time step, > 0 where it charges the cell [A h/m²]."""
    charge = np.diff([row["net charge [A h/m^2]"] for row in rows])
    step = np.array([int(row["step [1]"]) for row in rows[1:]], dtype=int)
    direction = 2 * step + (charge < 0.0)
    passed = np.bincount(direction, np.abs(charge))
    return np.where(passed[direction] > NOTHING * passed.max(initial=0.0), charge, 0.0)


def _within(rows: Sequence[Row], column: str) -> Array:
    """Return the value of a column within each time step."""
    values = np.array([row[column] for row in rows])
    step = np.array([row["step [1]"] for row in rows])
    return np.where(np.diff(step) != 0, values[1:], (values[1:] + values[:-1]) / 2)


def _passed(charge: Array, voltage: Array, chosen: npt.NDArray[np.bool_]) -> dict[str, float]:
    return {
        "capacity [A h/m^2]": float(np.abs(charge[chosen].sum())),
        "energy [W h/m^2]": float(np.abs(charge[chosen] @ voltage[chosen])),
    }


def _cycles(rows: Sequence[Row]) -> list[tuple[int, npt.NDArray[np.bool_]]]:
    """Return number and time steps of each cycle; of a protocol that repeats nothing, all as the first one."""
    number = [int(row["cycle [1]"]) for row in rows[1:]]
    if not any(number):
        return [(1, np.ones(len(number), dtype=bool))]
    cycles, place = [], 0
    for cycle, group in groupby(number):
        size = len(list(group))
        if cycle:
            inside = np.zeros(len(number), dtype=bool)
            inside[place : place + size] = True
            cycles.append((cycle, inside))
        place += size
    return cycles


def _efficiencies(charge: Array, voltage: Array, inside: npt.NDArray[np.bool_]) -> dict[str, float]:
    """Return capacities and efficiencies of a cycle, nothing where it does not both charge and discharge."""
    to, back = (_passed(charge, voltage, inside & flowing) for flowing in (charge > 0.0, charge < 0.0))
    if not (to["capacity [A h/m^2]"] and back["capacity [A h/m^2]"]):
        return {}
    return {
        "charge capacity [A h/m^2]": to["capacity [A h/m^2]"],
        "discharge capacity [A h/m^2]": back["capacity [A h/m^2]"],
        "coulombic efficiency [1]": back["capacity [A h/m^2]"] / to["capacity [A h/m^2]"],
        "energy efficiency [1]": back["energy [W h/m^2]"] / to["energy [W h/m^2]"],
    }


def _fall(rows: Sequence[Row], column: str) -> dict[str, float]:
    least = min(rows, key=lambda row: row[column])
    return {
        "assembled": rows[0][column],
        "lowest": least[column],
        "time of the lowest [s]": least["time [s]"],
        "end": rows[-1][column],
    }
