"""A picture of a study, with what stands below it and the numbers that it shows."""

from __future__ import annotations

from dataclasses import dataclass

from matplotlib.figure import Figure

from interstice.solver.study.figures.curves import Curves
from interstice.solver.study.figures.heat_map import HeatMap
from interstice.solver.study.figures.sensitivity import Sensitivity

Numbers = HeatMap | Curves | Sensitivity


@dataclass(frozen=True)
class StudyFigure:
    """A picture: its `name`, that of its files; `title` and `caption` in words; and its `numbers`."""

    name: str
    title: str
    caption: str
    figure: Figure
    numbers: Numbers
