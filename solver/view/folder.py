"""The folder that the page shows: its cases, its runs, and what lies in it. Nothing outside is ever named to it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from interstice.materials.library import SHIPPED as MATERIALS
from interstice.solver import status
from interstice.solver.results import FOLDER, WRITTEN_BELOW

DEEPEST = 4
"""How many folders within each other are looked through."""
MOST_FOLDERS = 2_000
MOST_CASES, MOST_RUNS = 200, 300
LARGEST_CASE = 200_000
"""Bytes of a file that may be a case."""
HISTORY, COPY = "history.csv", "case.yaml"
_GEOMETRY = re.compile(rb"""^["']?geometry["']?\s*:""", re.MULTILINE)


@dataclass(frozen=True)
class Found:
    """A run in the folder: its `name` is where it is below that, `written` when [s, of the epoch] it last wrote."""

    name: str
    path: Path
    written: float


class Folder:
    """A folder, of which nothing is told but what is regular and really in it."""

    def __init__(self, root: Path, shipped: Sequence[Path] = (), others: Sequence[Path] = ()) -> None:
        """Know the cases of the folder `root` and those that are `shipped`; cases may refer to files in `others`."""
        self.root = root.resolve()
        self._shipped = [file.resolve() for file in shipped]
        self._readable = [self.root, *{file.parent for file in self._shipped}, *(path.resolve() for path in others)]
        self._readable.append(MATERIALS.resolve())

    def may_read(self, path: Path | str) -> bool:
        """Return whether a case may refer to a path: what it leads to is in the folder, or comes with the program."""
        try:
            real = Path(os.path.realpath(path))
        except (OSError, ValueError):
            return False
        return any(real.is_relative_to(one) for one in self._readable)

    def cases(self) -> dict[str, Path]:
        """Return the cases by what to call them: those of the folder first, then those that come with the program."""
        own = {file.relative_to(self.root).as_posix(): file for file in self._own_cases()}
        shipped = {f"{file.stem} (shipped)": file for file in self._shipped}
        return dict(sorted(own.items())) | shipped

    def runs(self) -> list[Found]:
        """Return the runs of the folder, the one that wrote last first."""
        found = []
        for path in self._folders():
            if _is_run(path):
                written = max(_time(path / name) for name in (HISTORY, status.FILE, COPY))
                found.append(Found(path.relative_to(self.root).as_posix(), path, written))
        return sorted(found, key=lambda run: run.written, reverse=True)[:MOST_RUNS]

    def run(self, name: str) -> Path | None:
        """Return the folder of the run that the list calls so, None if there is none."""
        return next((run.path for run in self.runs() if run.name == name), None)

    def new(self, case: Path) -> Path:
        """Make and return an empty folder for a run of a case; OSError if it cannot be made."""
        home = self.root if self.root.name == FOLDER.name else self.root / FOLDER
        for number in count(1):
            folder = home / (case.stem if number == 1 else f"{case.stem}-{number}")
            if not self.holds(folder):
                raise PermissionError(f"{folder} leads out of {self.root}")
            try:
                folder.mkdir(parents=True)
            except FileExistsError:
                continue
            return folder
        raise AssertionError

    def holds(self, path: Path) -> bool:
        """Return whether a path leads to something in the folder."""
        return Path(os.path.realpath(path)).is_relative_to(self.root)

    def _own_cases(self) -> Iterator[Path]:
        files = (
            file
            for folder in self._folders()
            if not _is_run(folder)
            for file in sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")])
        )
        for number, file in enumerate(files):
            if number >= MOST_CASES:
                return
            if self.holds(file) and file.resolve() not in self._shipped and _may_be_case(file):
                yield file

    def _folders(self) -> Iterator[Path]:
        """Yield the folder and those below it, but for hidden ones and what belongs to runs."""
        walk = os.walk(self.root, followlinks=False)
        for number, (name, folders, _) in enumerate(walk):
            here = Path(name)
            folders[:] = sorted(
                folder for folder in folders if not folder.startswith(".") and folder not in WRITTEN_BELOW
            )
            if len(here.relative_to(self.root).parts) >= DEEPEST:
                folders.clear()
            if number >= MOST_FOLDERS:
                return
            yield here


def state_of(run: Path) -> dict[str, Any]:
    """Return what a run says of itself, with the keys of ``status.json``; "begun" where it has not said a word yet."""
    try:
        return status.read(run)
    except (OSError, ValueError, KeyError):
        return {"state": "begun", "why": "", "share": 0.0}


def _is_run(path: Path) -> bool:
    names = (HISTORY, status.FILE)
    return any(_is_regular(path / name) for name in names) and not any((path / name).is_symlink() for name in names)


def _is_regular(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def _time(path: Path) -> float:
    try:
        return path.lstat().st_mtime
    except OSError:
        return 0.0


def _may_be_case(file: Path) -> bool:
    """Return whether a file looks like a case, or like one that cannot be read: what is wrong with it is to be told."""
    try:
        if not file.is_file() or file.stat().st_size > LARGEST_CASE:
            return False
        return bool(_GEOMETRY.search(file.read_bytes()))
    except OSError:
        return False


def question(file: Path) -> str:
    """Return what the first paragraph of comments in a case file says, "" if there is none."""
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    said = []
    for line in text.splitlines():
        if not line.startswith("#") or not line.strip("# "):
            break
        said.append(line.strip("# "))
    return " ".join(said)
