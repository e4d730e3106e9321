"""What all pictures share: colours, sizes, and units in which numbers are read easily."""

from __future__ import annotations

import textwrap
from typing import Any

import matplotlib
import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, ScalarFormatter

Array = npt.NDArray[np.float64]

# Colours that people with any colour vision tell apart: M. Okabe, K. Ito, Color universal design (2008).
BLUE, VERMILION, GREEN, ORANGE, SKY, PURPLE = "#0072B2", "#D55E00", "#009E73", "#E69F00", "#56B4E9", "#CC79A7"
GREY = "#666666"
BROWN = "#7A4B1E"
CONTACT = "#F5D799"
WIDTH = 8.0
"""Of a picture [inch], if nothing else is asked for: text of 9 points stays readable at the width of a page."""
STYLE: Any = {
    "figure.figsize": (WIDTH, 4.5),
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "lines.linewidth": 1.5,
    "legend.frameon": False,
    "figure.constrained_layout.use": True,
    "savefig.dpi": 200,
    # text in PDF and SVG stays text
    "pdf.fonttype": 42,
    "svg.fonttype": "none",
}
COLUMN = 5.0
"""A narrower picture is one for a column of print [inch]."""
SMALL_TEXT = 7.0
LETTERS, WORDS = 115.0, 6.0
"""In a line of an inch, times the size of the letters [point]."""
PREFIXES = {1e9: "G", 1e6: "M", 1e3: "k", 1.0: "", 1e-3: "m", 1e-6: "µ", 1e-9: "n", 1e-12: "p"}


def sized(width: float) -> Any:
    """Return the style of pictures of a width [inch]: what fits a column of print has smaller letters."""
    size = STYLE["font.size"] if width >= COLUMN else SMALL_TEXT
    return {**STYLE, "figure.figsize": (width, 4.5), "font.size": size, "axes.titlesize": size}


def is_narrow() -> bool:
    """Return whether pictures are as narrow as a column of print."""
    return page_width() < COLUMN


def wrapped(text: str) -> str:
    """Return a title in lines that a picture has room for."""
    return "\n".join(textwrap.wrap(text, int(LETTERS * page_width() / matplotlib.rcParams["font.size"])))


def fitting(count: int) -> int:
    """Return how many of the words of a legend stand beside each other."""
    return max(1, min(count, int(WORDS * page_width() / matplotlib.rcParams["font.size"])))


def page(height: float) -> Figure:
    """Return an empty figure of a height [inch], as wide as pictures are to be."""
    return Figure(figsize=(page_width(), height))


def page_width() -> float:
    """Return how wide pictures are to be [inch]."""
    return float(matplotlib.rcParams["figure.figsize"][0])


def plain_ticks(most: int) -> dict[str, Any]:
    """Return options of a colour bar: few ticks in round steps, whole numbers beside them."""
    return {"ticks": MaxNLocator(most, steps=[1, 2, 2.5, 5, 10]), "format": ScalarFormatter(useOffset=False)}


def display(unit: str, values: npt.ArrayLike) -> tuple[float, str]:
    """Return the factor and the name of the unit in which SI `values` are read easily."""
    finite = np.abs(np.asarray(values, dtype=float))
    largest = float(finite[np.isfinite(finite)].max(initial=0.0))
    if unit == "s":
        name, seconds = next((pair for pair in (("h", 3600.0), ("min", 60.0)) if largest >= 2 * pair[1]), ("s", 1.0))
        return 1 / seconds, name
    if unit in ("A/m^2", "A h/m^2"):
        return 0.1, {"A/m^2": "mA/cm²", "A h/m^2": "mAh/cm²"}[unit]
    if unit in ("m", "Pa"):
        scale = next((scale for scale in PREFIXES if largest >= scale), 1.0)
        return 1 / scale, PREFIXES[scale] + unit
    return 1.0, "" if unit == "1" else unit


def labelled(name: str, unit: str) -> str:
    """Return an axis label, the unit on a line of its own."""
    return f"{name}\n[{unit}]" if unit else name


def quantity(unit: str, value: float) -> str:
    """Return a value with its unit, to three digits."""
    factor, name = display(unit, value)
    return f"{value * factor:.3g} {name}"


def round_down(value: float) -> float:
    """Return the greatest of 1, 2, 5, 10, 20, … not above `value`, at least 1."""
    if value <= 1.0:
        return 1.0
    power = 10.0 ** np.floor(np.log10(value))
    return float(power * max(digit for digit in (1, 2, 5) if digit * power <= value * (1 + 1e-12)))
