"""One HTML page of a run or of a study, which holds all it shows and opens anywhere without a network."""

from __future__ import annotations

from pathlib import Path

from interstice.solver.report.page import write
from interstice.solver.report.run import run_page

FILE = "report.html"
"""The page in its folder."""
PLAN = "plan.json"
"""What the folder of a study holds."""


def report(folder: Path, file: Path | None = None) -> Path:
    """Write the page of the run or the study in a folder and return it: `file`, or ``report.html`` in the folder.

    ValueError where there is neither, OSError if the page cannot be written.
    """
    text = run_page(folder)
    place = file or folder / FILE
    write(text, place)
    return place
