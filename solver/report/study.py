"""The page of a study: what it found, its pictures, any number against any other, its runs, how to do it again."""

from __future__ import annotations

import io
import os
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

import matplotlib
import numpy as np
from markupsafe import Markup

from interstice.schema.wording import duration
from interstice.solver.plot.style import STYLE
from interstice.solver.report.case import read
from interstice.solver.report.page import FILE, MINUTE, page

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame

    from interstice.solver.study.figures import StudyFigure
    from interstice.solver.study.figures.quantity import Quantity

SAYS = {
    "finished": "finished",
    "stopped": "stopped before the end of their protocol",
    "failed": "failed",
    "running": "running",
    "interrupted": "interrupted",
    "killed": "killed",
    "waiting": "waiting",
}
"""What the states of runs mean, in the order in which they are told."""
GOING = ("running", "waiting", "interrupted", "killed")
"""States of runs that a study which goes on carries further."""
ALWAYS = ("lowest active fraction", "wall time")
"""Columns of the list of runs beside inputs and chosen outputs; ``table.csv`` has all."""
MOST_NAMED = 8
"""Values of an input that are told one by one."""
LINKS = ("table.csv", "table.parquet", "ro-crate-metadata.json")


class Cell(NamedTuple):
    """What stands in a table, and by what it is sorted: a number, or its words."""

    words: str
    sort: str
    is_number: bool


def study_page(folder: Path, file: Path) -> str:
    """Return the page of the study in a folder, as far as it has come, to be written as `file`.

    ValueError where there is no study, or its table cannot be written.
    """
    from interstice.solver.study.collect import collect, plan_of
    from interstice.solver.study.figures import drawn

    plan, table = plan_of(folder), collect(folder)
    pictures, problems = drawn(plan, table)
    beside = _beside(folder, file)
    states = Counter(table["state"])
    failures = _failures(folder, table, beside)
    study_text = read(folder / "study.yaml")[0]
    return page(
        "study.html",
        ["study.js"],
        {"columns": _columns(table), "runs": list(table["run"]), "state": list(table["state"])},
        title=str(table.attrs["title"] or folder.resolve().name),
        sections=_sections(bool(pictures or problems), bool(failures)),
        state=_state(states),
        counted=[(states[name], words) for name, words in SAYS.items() if states[name]],
        of=len(table),
        spent=duration(float(table["wall time"].sum())),
        results=[sentence for picture in pictures for sentence in _in_words(picture, table)],
        inputs=list(_inputs(table)),
        pictures=[
            {
                "name": picture.name,
                "title": picture.title[:1].upper() + picture.title[1:],
                "caption": picture.caption,
                "image": _image(picture.figure, picture.name),
                "file": f"{beside}figures/{quote(picture.name)}.pdf"
                if (folder / "figures" / f"{picture.name}.pdf").is_file()
                else "",
            }
            for picture in pictures
        ],
        problems=problems,
        heads=_heads(table),
        rows=_rows(folder, table, beside),
        known=sorted(set(table["state"])),
        failures=failures,
        links=[(f"{beside}{name}", name) for name in LINKS if (folder / name).is_file()],
        command=f"interstice study run {Path(plan.study).name}",
        study_text=study_text,
        sources=plan.sources,
        version=plan.version,
        folder=str(folder.resolve()),
        made=datetime.now(UTC).strftime(MINUTE),
    )


def _beside(folder: Path, file: Path) -> str:
    """Return the way from a page to the folder of its study, as links have it."""
    way = os.path.relpath(folder.resolve(), file.resolve().parent)
    return "" if way == "." else f"{quote(way)}/"


def _sections(pictures: bool, failures: bool) -> list[tuple[str, str]]:
    there = {"figures": pictures, "failures": failures}
    names = ("summary", "figures", "explore", "runs", "failures", "reproduce")
    words = {"runs": "Runs", "failures": "Ended early"}
    return [(name, words.get(name, name.capitalize())) for name in names if there.get(name, True)]


def _state(states: Counter[str]) -> dict[str, str]:
    """Return how far the study is."""
    left = sum(states[name] for name in GOING)
    if not left:
        return {"name": "finished", "words": "all runs have ended", "note": ""}
    done = sum(states.values()) - left
    note = "make the page again for what came since" if states["running"] else "interstice study run goes on"
    name = "running" if states["running"] else "interrupted"
    return {"name": name, "words": f"{done} of {sum(states.values())} runs have ended", "note": note}


def _in_words(picture: StudyFigure, table: DataFrame) -> Iterator[str]:
    """Yield what a picture has found by a fit."""
    from interstice.solver.study.figures.curves import SIGNIFICANT, Curves
    from interstice.solver.study.figures.quantity import quantity

    numbers = picture.numbers
    if not isinstance(numbers, Curves) or numbers.law is None:
        return
    law, x, of = numbers.law, quantity(table, numbers.x), quantity(table, numbers.of)
    curves = sum(family.law is not None for family in numbers.families)
    origin = f"{law.points} runs" + (f" of {curves} curves, each with a factor of its own" if curves > 1 else "")
    yield f"{of.words[:1].upper()}{of.words[1:]} ∝ ({x.words})ⁿ with n = {law}, from {origin}."
    if numbers.equality < SIGNIFICANT:
        fitted = sorted((one for one in numbers.families if one.law), key=lambda one: one.law.exponent)  # type: ignore[union-attr]
        ends = " to ".join(f"{one.law} for {one.words}" for one in (fitted[-1], fitted[0]))
        yield f"That is a mean and no law, as the curves differ by more than their scatter: n = {ends}."
    if numbers.compare:
        known = ", ".join(f"{exponent:g} ({name})".replace("-", "−") for name, exponent in numbers.compare.items())
        yield f"Beside it, n of others: {known}."


def _inputs(table: DataFrame) -> Iterator[tuple[str, str]]:
    """Yield the keys of what varies, with their values."""
    for key in table.attrs["inputs"]:
        shown = _shown(table, key)
        values = list(dict.fromkeys(sorted(table[key]) if _is_numeric(table, key) else table[key]))
        words = [shown.value(value) for value in values]
        if len(words) > MOST_NAMED:
            words = [
                f"{len(words)} values, {words[0]} to {words[-1]}" if _is_numeric(table, key) else f"{len(words)} values"
            ]
        yield key, ", ".join(words)


def _columns(table: DataFrame) -> list[dict[str, Any]]:
    """Return what can be drawn: inputs, chosen outputs, other numbers that any run has."""
    kinds = {
        "input": table.attrs["inputs"],
        "output": table.attrs["outputs"],
        "other": [*table.attrs["summary"], "wall time"],
    }
    found = []
    for kind, names in kinds.items():
        for name in names:
            if not _is_numeric(table, name):
                found.append(
                    {
                        "name": name,
                        "words": _shown(table, name).words,
                        "unit": "",
                        "kind": kind,
                        "text": list(map(str, table[name])),
                    }
                )
                continue
            shown, values = _shown(table, name), table[name].to_numpy(dtype=float)
            if np.isfinite(values).any():
                found.append(
                    {
                        "name": name,
                        "words": shown.words,
                        "unit": shown.unit,
                        "kind": kind,
                        "values": shown.factor * values,
                    }
                )
    return found


def _heads(table: DataFrame) -> list[tuple[str, bool]]:
    """Return the heads of the list of runs, and whether there are numbers below them."""
    return [
        ("run", False),
        ("state", False),
        *((_shown(table, name).label, _is_numeric(table, name)) for name in _listed(table)),
    ]


def _listed(table: DataFrame) -> list[str]:
    chosen = [*table.attrs["inputs"], *table.attrs["outputs"]]
    return chosen + [name for name in ALWAYS if name in table and name not in chosen]


def _rows(folder: Path, table: DataFrame, beside: str) -> list[dict[str, Any]]:
    """Return the runs: name, link, state, and what stands in each column."""
    columns = [(_shown(table, name), table[name]) for name in _listed(table)]
    return [
        {
            "run": run,
            "link": _link(folder, run, beside),
            "state": state,
            "cells": [_cell(shown, values.iloc[number]) for shown, values in columns],
        }
        for number, (run, state) in enumerate(zip(table["run"], table["state"], strict=True))
    ]


def _cell(shown: Quantity, value: Any) -> Cell:
    if isinstance(value, str):
        return Cell(value, value, False)
    number = shown.factor * float(value)
    return Cell(
        f"{number:.4g}".replace("-", "−") if np.isfinite(number) else "–",
        repr(number) if np.isfinite(number) else "",
        True,
    )


def _failures(folder: Path, table: DataFrame, beside: str) -> list[dict[str, str]]:
    """Return the runs that ended before the end of their protocol, or lack a number, with the reason."""
    found = []
    for _, row in table[table["why"].ne("") | table["missing"].ne("")].iterrows():
        log = f"logs/{row['run']}.log"
        found.append(
            {
                "run": row["run"],
                "link": _link(folder, row["run"], beside),
                "state": row["state"],
                "why": "; ".join(filter(None, (row["why"], row["missing"]))),
                "log": f"{beside}{quote(log)}" if (folder / log).is_file() else "",
            }
        )
    return found


def _link(folder: Path, run: str, beside: str) -> str:
    """Return the way to the page of a run, to its folder if there is no page, "" if there is neither."""
    results = folder / "runs" / run
    if not results.is_dir():
        return ""
    return f"{beside}runs/{quote(run)}/" + (FILE if (results / FILE).is_file() else "")


def _image(figure: Figure, name: str) -> Markup:
    """Return a figure as SVG within a page; its marks have names that no other figure has."""
    stream = io.StringIO()
    with matplotlib.rc_context({**STYLE, "svg.hashsalt": name}):
        figure.savefig(stream, format="svg", metadata={"Date": None})
    drawing = stream.getvalue()
    # what begins a file has no place within a page
    drawing = drawing[drawing.index("<svg") :]
    return Markup(re.sub(r"<metadata>.*?</metadata>", "", drawing, flags=re.DOTALL))


def _shown(table: DataFrame, name: str) -> Quantity:
    from interstice.solver.study.figures.quantity import quantity

    return quantity(table, name)


def _is_numeric(table: DataFrame, name: str) -> bool:
    from pandas.api.types import is_numeric_dtype

    return bool(is_numeric_dtype(table[name]))
