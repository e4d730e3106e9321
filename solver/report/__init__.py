"""One HTML page of a run or of a study, which holds all it shows and opens anywhere without a network."""

from __future__ import annotations

from pathlib import Path

from interstice.solver.report.page import FILE, write
from interstice.solver.report.run import run_page

__all__ = ["FILE", "report"]

PLAN = "plan.json"
"""What the folder of a study holds."""


def report(folder: Path, file: Path | None = None) -> Path:
    """Write the page of the run or the study in a folder and return it: `file`, or ``report.html`` in the folder.

    ValueError where there is neither, OSError if the page cannot be written.
    """
    from interstice.solver.report.study import study_page

    place = file or folder / FILE
    write(study_page(folder, place) if (folder / PLAN).is_file() else run_page(folder), place)
    return place
