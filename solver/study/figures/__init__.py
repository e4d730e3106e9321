"""Pictures of a study: what its file asks for, drawn from the table of its runs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.figure import Figure
from pandas import DataFrame
from pydantic import TypeAdapter, ValidationError

from interstice.schema import outcomes
from interstice.solver.plot.style import STYLE
from interstice.solver.results import OutputError, refuse_links
from interstice.solver.study.collect import in_one_stroke, plan_of, tabulated
from interstice.solver.study.figures import curves, heat_map, sensitivity
from interstice.solver.study.figures.figure import Numbers, StudyFigure
from interstice.solver.study.plan import FILE, Plan

__all__ = ["StudyFigure", "drawn", "made", "write"]

FOLDER = "figures"
FORMATS: dict[str, dict[str, Any]] = {
    "pdf": {"metadata": {"CreationDate": None}},
    "svg": {"metadata": {"Date": None}},
    "png": {"dpi": 300},
}
"""What is written of each picture, and how; without the time, so that the same picture is the same file."""


def made(folder: str | Path) -> list[StudyFigure]:
    """Return the pictures that the file of a study asks for, and that its runs are enough for by now.

    OutputError if no study is in the folder.
    """
    return drawn(plan_of(Path(folder)), tabulated(Path(folder)))[0]


def drawn(plan: Plan, table: DataFrame) -> tuple[list[StudyFigure], list[str]]:
    """Return the pictures of a study from its table, and why others cannot be drawn, or not yet."""
    found: list[StudyFigure] = []
    problems = []
    for number, asked in enumerate(_asked(plan), start=1):
        try:
            with matplotlib.rc_context(STYLE):
                found.append(StudyFigure(_name(asked, [one.name for one in found]), *_draw(asked, plan, table)))
        except ValueError as error:
            problems.append(f"figure {number}, {asked.kind} of {asked.of}: {error}")
    return found, problems


def _draw(asked: outcomes.StudyFigure, plan: Plan, table: DataFrame) -> tuple[str, str, Figure, Numbers]:
    """Return title, caption, figure and numbers."""
    match asked:
        case outcomes.HeatMap():
            return heat_map.draw(asked, table)
        case outcomes.Curves():
            return curves.draw(asked, table)
        case outcomes.Sensitivity():
            return sensitivity.draw(asked, table, plan.sample)


def write(folder: Path, pictures: list[StudyFigure]) -> Iterator[Path]:
    """Write pictures into the folder ``figures`` of a study, each as PDF, SVG and PNG; yield the paths of the PDF."""
    refuse_links(folder, FOLDER)
    try:
        (folder / FOLDER).mkdir(exist_ok=True)
        for picture in pictures:
            for form, options in FORMATS.items():
                with matplotlib.rc_context({**STYLE, "svg.hashsalt": picture.name}):
                    save = partial(picture.figure.savefig, **options)
                    in_one_stroke(folder / FOLDER / f"{picture.name}.{form}", save)
            yield folder / FOLDER / f"{picture.name}.pdf"
    except OSError as error:
        raise OutputError(f"{folder / FOLDER}: cannot be written: {error.strerror or error}") from None


def _asked(plan: Plan) -> list[outcomes.StudyFigure]:
    adapter: TypeAdapter[list[outcomes.StudyFigure]] = TypeAdapter(list[outcomes.StudyFigure])
    try:
        return adapter.validate_python(plan.figures)
    except ValidationError as error:
        raise OutputError(f"{FILE}: figures: {error.errors()[0]['msg']}") from None


def _name(asked: outcomes.StudyFigure, taken: list[str]) -> str:
    """Return a name for the files of a picture, one of its own."""
    words = [asked.kind, asked.of]
    if not isinstance(asked, outcomes.Sensitivity):
        words += ["over", asked.x]
    name = re.sub(r"\W+", "_", " ".join(words)).strip("_")
    number = 1
    while (numbered := name if number == 1 else f"{name}_{number}") in taken:
        number += 1
    return numbered
