"""``status.json``: how far a run is, for people and programs that look after it."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from interstice.solver.environment import version
from interstice.solver.lock import holder
from interstice.solver.stop import INTERRUPTED
from interstice.solver.written import write_whole

if TYPE_CHECKING:
    from interstice.solver.cell import Cell
    from interstice.solver.history import Row
    from interstice.solver.stepping import Advance

FILE = "status.json"
NOW = ("begun", "step", "kind", "time [s]", "share")
"""What changes in a run, and is gone on with by one that goes on."""
SELDOM = 2.0
"""How long [s] it stays as it is at least, while the run goes on."""


class Status:
    """Follows a run and says in the folder of its results how far it is; only rank 0 writes."""

    def __init__(self, cell: Cell, output: Path) -> None:
        from interstice.solver.schedule import Reached

        self._output, self._writes = output, cell.comm.rank == 0
        self._reached = Reached.of(cell)
        self._about: dict[str, Any] = {
            "title": cell.case.title,
            "version": version(),
            "ranks": cell.comm.size,
            "begun": _now(),
            "steps": self._reached.steps,
            "step": 0,
            "share": 0.0,
        }
        self._last = -SELDOM
        self._write("running")

    def advanced(self, advance: Advance | None, row: Row) -> None:
        """Take note of a time step."""
        if advance is None:
            return
        self._about |= {
            "step": advance.number,
            "kind": advance.step.step,
            "time [s]": advance.time,
            "share": self._reached.share(advance.number, advance.time),
        }
        if time.monotonic() - self._last > SELDOM:
            self._write("running")

    def finished(self, reason: str) -> None:
        """Say how the run ended."""
        if not reason:
            self._about["share"] = 1.0
        self._write(("stopped" if reason != INTERRUPTED else reason) if reason else "finished", reason)

    def memory(self) -> dict[str, Any]:
        """Return how far the run is."""
        return {"reached": self._reached.memory(), "now": {name: self._about.get(name) for name in NOW}}

    def recall(self, memory: Mapping[str, Any]) -> None:
        """Go on from there."""
        self._reached.recall(memory["reached"])
        self._about |= memory["now"]

    def _write(self, state: str, why: str = "") -> None:
        if self._writes:
            write(self._output, {**self._about, "state": state, "why": why})
        self._last = time.monotonic()


def write(output: Path, about: Mapping[str, Any]) -> None:
    """Write the file in one stroke, with the time."""
    write_whole(output / FILE, json.dumps({**about, "written": _now()}, indent=2, ensure_ascii=False))


def read(output: Path) -> dict[str, Any]:
    """Return what is known of the run in a folder; OSError or ValueError if nothing can be read.

    A run that says it is running and is not there any more is "killed".
    """
    about: dict[str, Any] = json.loads((output / FILE).read_text(encoding="utf-8"))
    if about["state"] == "running" and not holder(output):
        about["state"] = "killed"
    return about


def fail(output: Path, why: str) -> None:
    """Say that the program failed."""
    try:
        about = read(output)
    except (OSError, ValueError):
        about = {}
    write(output, {**about, "state": "failed", "why": why})


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
