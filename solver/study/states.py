"""How far the runs of a study are: what stands in their folders, and what was noted of their attempts.

It imports nothing large, for each attempt of a run begins with it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from interstice.solver.lock import holder
from interstice.solver.written import write_whole

RUNS, LOGS, ENDED = "runs", "logs", ".ended"
"""Folders of a study: the results of each run, what it and its attempts said, and a mark for each that has ended."""
STATES = ("finished", "stopped", "failed", "running", "interrupted", "killed", "waiting")
RESULTS = ("finished", "stopped")
"""States of runs that have a result. A run is stopped where its protocol could not be carried through."""
OVER = (*RESULTS, "failed")
"""States of runs that do not go on by themselves."""
STATUS = "status.json"


class RunState(NamedTuple):
    """The state of a run, why, the share of its protocol that is done, and the time that its attempts took [s]."""

    state: str
    why: str
    share: float
    spent: float
    attempts: int


def results_of(study: Path, name: str) -> Path:
    """Return the folder of the results of a run."""
    return study / RUNS / name


def log_of(study: Path, name: str) -> Path:
    """Return the file of what a run said."""
    return study / LOGS / f"{name}.log"


def about(study: Path, name: str) -> dict[str, Any]:
    """Return what a run itself said last of how far it is; nothing if it has not begun."""
    return _read(results_of(study, name) / STATUS)


def state_of(study: Path, name: str) -> RunState:
    """Return the state of a run of a study."""
    said, noted = about(study, name), notes(study, name)
    state, why = str(said.get("state", "waiting")), str(said.get("why", ""))
    if state not in RESULTS and noted.get("refused"):
        state, why = "failed", str(noted["refused"])
    elif state in ("running", "waiting"):
        if holder(results_of(study, name)):
            state = "running"
        elif state == "running":
            state, why = "killed", str(noted.get("why", ""))
    share = said.get("share", 0.0)
    return RunState(
        state if state in STATES else "failed",
        why,
        share if isinstance(share, int | float) else 0.0,
        float(noted.get("spent", 0.0)),
        int(noted.get("attempts", 0)),
    )


def states_of(study: Path, names: Iterable[str]) -> dict[str, RunState]:
    """Return the state of each of the runs."""
    return {name: state_of(study, name) for name in names}


def with_history(study: Path) -> list[Path]:
    """Return the folders of the runs of a study that have a history; none of what is no study."""
    return sorted(history.parent for history in (study / RUNS).glob("*/history.csv"))


def notes(study: Path, name: str) -> dict[str, Any]:
    """Return what was noted of the attempts of a run: how many, the time they took, why the last one ended.

    `refused` is why no other attempt is of use, where there is no result.
    """
    return _read(study / LOGS / f"{name}.json")


def note(study: Path, name: str, **values: Any) -> None:
    """Note something of the attempts of a run, in one stroke."""
    file = study / LOGS / f"{name}.json"
    write_whole(file, json.dumps({**notes(study, name), **values}, indent=2, ensure_ascii=False))


def _read(file: Path) -> dict[str, Any]:
    """Return what a file says, nothing if it cannot be read."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
