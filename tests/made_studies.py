"""Studies whose runs are made up: histories with the columns that all runs have, and tables of numbers."""

from __future__ import annotations

import csv
import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pandas import DataFrame

from interstice.solver.study.plan import Plan, PlannedRun

STEPS = ("assembly", *["charge"] * 3, *["rest"] * 2, *["discharge"] * 3)
TIME = (0.0, 100.0, 400.0, 1000.0, 1500.0, 2000.0, 2100.0, 2500.0, 3000.0)
CURRENT = (0.0, *[10.0] * 3, *[0.0] * 2, *[-10.0] * 3)
"""[A/m²], positive where it charges, in the time step that ends at the row."""
PRESSURE, ROUGHNESS = "stack.pressure", "geometry.roughness.rms"
RESISTANCE = {"of": "'kinetic overpotential' / 'current density'", "step": 1, "unit": "ohm*cm^2"}


def rows_of_run(resistance: float = 2e-3, fraction: float = 0.6) -> list[dict[str, Any]]:
    """Return a history of a charge, a rest and a discharge, of an interface of a `resistance` [Ω m²].

    The active fraction falls to half of `fraction` on charge, and comes back to 0.9 of it.
    """
    time, current = np.array(TIME), np.array(CURRENT)
    step = np.array([0, 1, 1, 1, 2, 2, 3, 3, 3])
    charge = np.concatenate([[0.0], np.cumsum(current[1:] * np.diff(time))]) / 3600
    share = fraction * np.interp(time, [0.0, 1000.0, 2000.0, 3000.0], [1.0, 0.5, 0.5, 0.9])
    return [
        {
            "time [s]": time[number],
            "step kind": STEPS[number],
            "step [1]": step[number],
            "cycle [1]": min(1, step[number]),
            "voltage [V]": 3.7 + resistance * current[number] + charge[number] / 100,
            "current density [A/m^2]": current[number],
            "capacity [A h/m^2]": abs(charge[number] - charge[{0: 0, 1: 0, 2: 3, 3: 5}[int(step[number])]]),
            "net charge [A h/m^2]": charge[number],
            "apparent area [m^2]": 2e-6,
            "active fraction [1]": share[number],
            "kinetic overpotential [V]": resistance * current[number],
            "stack pressure [Pa]": 1e6,
            "newton iterations [1]": 3,
            "charge balance [1]": 1e-12,
        }
        for number in range(len(time))
    ]


def write_history(file: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows as a run does."""
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def write_run(folder: Path, rows: Sequence[Mapping[str, Any]], state: str = "finished", why: str = "") -> None:
    """Write the folder of a run that has come so far."""
    folder.mkdir(parents=True)
    write_history(folder / "history.csv", rows)
    about = {
        "version": "0.1.0",
        "ranks": 1,
        "begun": "2026-11-30T14:00:00+00:00",
        "written": "2026-11-30T14:01:30+00:00",
        "share": 1.0,
        "state": state,
        "why": why,
    }
    (folder / "status.json").write_text(json.dumps(about), encoding="utf-8")
    line = f"Case, with all numbers that it uses: SHA-256 {'ab' * 32}\n"
    (folder / "versions.txt").write_text(f"{line}Ranks: 1\n", encoding="utf-8")
    (folder / "case.yaml").write_text("temperature: 300 K\nstack: {hold: constant_pressure}\n", encoding="utf-8")


def resistance(pressure: float, roughness: float) -> float:
    """Return R = 2 mΩ m² (p / MPa)^−0.8 (rms / 10 nm)^0.7 [Ω m²]."""
    return float(2e-3 * (pressure / 1e6) ** -0.8 * (roughness / 1e-8) ** 0.7)


def write_study(
    folder: Path,
    pressures: Sequence[float] = (1e6, 2e6, 5e6),
    roughnesses: Sequence[float] = (1e-8, 4e-8),
    outputs: Mapping[str, Any] | None = None,
    figures: Sequence[Mapping[str, Any]] = (),
    law: Callable[[float, float], float] = resistance,
) -> Plan:
    """Write a study of stack pressure and roughness all of whose runs are finished, and return its plan."""
    runs = []
    for number, (pressure, roughness) in enumerate(itertools.product(pressures, roughnesses)):
        values = {PRESSURE: f"{pressure / 1e6:g} MPa", ROUGHNESS: f"{roughness * 1e9:g} nm"}
        runs.append(PlannedRun(f"{number:012x}", values, {PRESSURE: pressure, ROUGHNESS: roughness}, 1.0, 1e9))
        write_run(folder / "runs" / runs[-1].name, rows_of_run(law(pressure, roughness)))
    plan = Plan(
        title="pressure and roughness",
        study=str(folder / "study.yaml"),
        inputs=[{"key": PRESSURE, "unit": "Pa"}, {"key": ROUGHNESS, "unit": "m"}],
        runs=runs,
        outputs=dict({"resistance": RESISTANCE} if outputs is None else outputs),
        figures=[dict(figure) for figure in figures],
        needs={"ranks": 1},
        sample={},
        warnings={},
        merged=0,
        sources={},
        version="0.1.0",
    )
    write_plan(folder, plan)
    return plan


def write_plan(folder: Path, plan: Plan) -> None:
    """Write a plan as a study does."""
    values = {**vars(plan), "runs": [vars(run) for run in plan.runs]}
    del values["cases"]
    (folder / "plan.json").write_text(json.dumps(values), encoding="utf-8")


def table(
    inputs: Mapping[str, Sequence[Any]],
    outputs: Mapping[str, Sequence[float]],
    units: Mapping[str, str] | None = None,
    states: Sequence[str] = (),
    sampled: Sequence[str] = (),
) -> DataFrame:
    """Return the table of a study with these numbers, one of each for each run, all finished if not told otherwise."""
    count = len(next(iter(inputs.values())))
    states = list(states) or ["finished"] * count
    found = DataFrame({"run": [f"{number:012x}" for number in range(count)], "state": states, **inputs, **outputs})
    found.attrs = {
        "title": "made up",
        "units": dict(units or {}),
        "inputs": list(inputs),
        "outputs": list(outputs),
        "summary": [],
        "sampled": list(sampled),
    }
    return found
