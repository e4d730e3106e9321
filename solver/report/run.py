"""The page of one run, finished or not: what it asked, what came of it, its fields, how to do it again."""

from __future__ import annotations

import shlex
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from interstice.schema.files import FileError, text
from interstice.solver import status
from interstice.solver.plot.run import Run
from interstice.solver.report.body import body, moments
from interstice.solver.report.case import MOST, asks, question, read
from interstice.solver.report.curves import curves
from interstice.solver.report.facts import facts, largest
from interstice.solver.report.maps import maps
from interstice.solver.report.page import page

SAYS = {
    "running": "still running",
    "finished": "finished",
    "stopped": "stopped: the protocol could not be carried through",
    "interrupted": "interrupted",
    "failed": "failed: an error of the program",
    "killed": "killed",
}
"""What the states of a run mean."""
MINUTE = "%Y-%m-%d %H:%M UTC"
LOST = "fields cannot be read: "


def run_page(folder: Path) -> str:
    """Return the page of the run in a folder, as far as it has come; ValueError where no run has begun."""
    state = _status(folder)
    case_text, case = read(folder / "case.yaml")
    if not case_text and not (folder / "history.csv").is_file():
        raise ValueError(f"{folder}: neither a run nor a study has its results here")
    versions = _text(folder / "versions.txt")
    run, numbers, missing = None, {}, ""
    try:
        run = Run(folder)
    except ValueError as error:
        missing = str(error)
    if run:
        numbers["curves"] = curves(run)
        try:
            numbers |= _fields(run)
        except ValueError as error:
            missing = f"{LOST}{error}"
        if not missing and not numbers.get("body"):
            missing = (
                "The folder holds no fields: interface maps and the deformed cell are drawn from what a run writes."
            )
    drawn = numbers.get("body")
    return page(
        "run.html",
        ["run.js"],
        numbers,
        title=str(state.get("title") or case.get("title") or folder.resolve().name),
        sections=_sections(numbers, missing),
        state=_state(state),
        why=_why(state),
        question=question(versions),
        numbers_shown=facts(run, state) if run else [],
        largest=largest(run) if run else [],
        warnings=_text(folder / "warnings.txt").splitlines(),
        known=run is not None,
        asks=asks(case),
        has={
            "curves": "curves" in numbers,
            "losses": bool(run and numbers["curves"]["losses"]),
            "maps": len(numbers.get("maps") or []),
            "body": _about(drawn) if drawn else "",
        },
        thinned=_thinned(run, numbers),
        missing=missing,
        command=_command(state),
        case_text=case_text,
        versions=versions,
        error=_text(folder / "error.log"),
        folder=str(folder.resolve()),
        made=datetime.now(UTC).strftime(MINUTE),
    )


def _fields(run: Run) -> dict[str, Any]:
    """Return the interfaces and the cell, where there are such series."""
    found: dict[str, Any] = {}
    weakest = run.weakest if run.interfaces else next(iter(run.names("active fraction")), "")
    drawn = moments(run, weakest) if run.fields_of("cell") else []
    found["maps"] = maps(run, [moment.time for moment in drawn])
    if drawn:
        found["body"] = body(run, drawn)
    return found


def _sections(numbers: dict[str, Any], missing: str) -> list[tuple[str, str]]:
    """Return the sections of the page by their anchors, with their words."""
    there = {
        "summary": True,
        "curves": "curves" in numbers,
        "losses": bool(numbers.get("curves", {}).get("losses")),
        "maps": bool(numbers.get("maps")),
        "cell": bool(numbers.get("body")),
        "missing": bool(missing),
        "balances": "curves" in numbers,
        "reproduce": True,
    }
    words = {"losses": "Overpotential", "maps": "Interface", "missing": "Fields"}
    return [(name, words.get(name, name.capitalize())) for name, is_there in there.items() if is_there]


def _status(folder: Path) -> dict[str, Any]:
    try:
        found = status.read(folder)
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return found


def at(written: str) -> str:
    """Return a time of a status as people read it, with what it says if that is none."""
    try:
        return datetime.fromisoformat(written).astimezone(UTC).strftime(MINUTE)
    except ValueError:
        return written


def _state(about: dict[str, Any]) -> dict[str, str]:
    name, written = str(about.get("state", "")), at(str(about.get("written", "")))
    note = ""
    if name == "running":
        step = f"step {about.get('step', 0)} of {about.get('steps', '?')}"
        share = about.get("share")
        done = f", {share:.0%} done" if isinstance(share, float) else ""
        note = f"{step}{done}, written {written}; make the page again for what came since"
    elif about:
        note = f"written {written}, Interstice {about.get('version', '')}"
    return {"name": name if name in SAYS else "", "words": SAYS.get(name, "state unknown"), "note": note}


def _why(about: dict[str, Any]) -> dict[str, str] | None:
    """Return why a run ended early."""
    if not about.get("why"):
        return None
    return {
        "title": SAYS.get(str(about.get("state")), "ended").partition(":")[0].capitalize() + ":",
        "words": str(about["why"]),
    }


def _thinned(run: Run | None, numbers: dict[str, Any]) -> str:
    drawn = len(numbers["curves"]["time"]["values"]) if run else 0
    return f"{drawn:,} of {len(run.table):,} rows of history.csv are drawn." if run and drawn < len(run.table) else ""


def _about(drawn: dict[str, Any]) -> str:
    """Return what the view of the cell shows, in words."""
    coarsened = [
        f"{side['name']}: {side['nodes']:,} of {side['of']:,} nodes"
        for side in drawn["sides"]
        if side["nodes"] < side["of"]
    ]
    what = "The cell" if drawn["plane"] else "The surfaces of the sides"
    words = f"{what} ({drawn['size']}), with displacements and the initial gap of the roughness."
    if not drawn["plane"]:
        words += " Drag to turn, scroll to come nearer; without a side one sees into the cell."
    if drawn["stretch"] != 1.0:
        words += f" Widths are drawn × {drawn['stretch']:.2g} against heights."
    return words + (f" Coarsened for this page: {', '.join(coarsened)}." if coarsened else "")


def _command(about: dict[str, Any]) -> str:
    ranks = about.get("ranks", 1)
    return shlex.join(["interstice", "run", "case.yaml", *(["-n", str(ranks)] if ranks != 1 else []), "-o", "again"])


def _text(file: Path) -> str:
    """Return the text of a file of the folder, "" where there is none."""
    try:
        return text(file, MOST)
    except FileError:
        return ""
