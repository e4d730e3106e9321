"""What ``interstice validate`` says of a case with values replaced, none of which leads to a file it may not read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from interstice.schema import Case, yaml_text
from interstice.schema.problems import Key, dotted
from interstice.solver import provenance
from interstice.solver.reader import CaseError, read_case
from interstice.solver.view.folder import Folder

TITLE: Key = ("title",)
FOLLOW = "follow"


@dataclass(frozen=True)
class Checked:
    """A case that was looked at: `problems` are why it cannot run, `warnings` and `notes` what else there is to say.

    `estimate` is what it needs, `case` None if it cannot be used.
    """

    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    estimate: str = ""
    case: Case | None = None


def check(folder: Folder, file: Path, overrides: Sequence[str] = ()) -> Checked:
    """Return what is to say of a case with single values replaced, as ``--set`` does."""
    try:
        problems = list(_outside(folder, file, overrides))
        if problems:
            return Checked(tuple(problems))
        loaded = read_case(file, overrides)
    except CaseError as error:
        return Checked(tuple(problem.removeprefix(f"{file}:") for problem in error.problems))
    # a material may be based on another one
    for name, path in provenance.files(loaded):
        if not folder.may_read(path):
            problems.append(f"{name}: {_refused(str(path), folder)}")
    if problems:
        return Checked(tuple(problems))
    notes = [note for note in loaded.notes if not note.startswith("warning: ")]
    return Checked((), loaded.warnings, tuple(notes), str(loaded.cost or ""), loaded.case)


def written(file: Path) -> Any:
    """Return the keys and values of a case file as they are written; CaseError if it is none."""
    return yaml_text.parse(yaml_text.read_text(file), str(file))[0]


def lines(text: str) -> list[str]:
    """Return the ``key=value`` lines of a text."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def _outside(folder: Folder, file: Path, overrides: Sequence[str]) -> Iterator[str]:
    """Yield a sentence about each text of a case that leads to a file which it may not read."""
    values, places = yaml_text.parse(yaml_text.read_text(file), str(file))
    for override in overrides:
        values = yaml_text.replace(values, places, override)
    for key, text in _texts(values, ()):
        for name in (text, _followed(text)):
            # whatever is no path stays in the folder of the case: "5 MPa" would be a file of that name there
            if key != TITLE and not folder.may_read(file.parent / name):
                yield f"{dotted(key)}: {_refused(name, folder)}"


def _texts(value: Any, key: Key) -> Iterator[tuple[Key, str]]:
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, dict | list):
        for part, one in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _texts(one, (*key, part))


def _followed(text: str) -> str:
    """Return the file of a sentence such as "follow drive.csv", "" if it is another one."""
    words = text.split()
    return " ".join(words[1:]).rstrip(",") if words and words[0].lower() == FOLLOW else ""


def _refused(name: str, folder: Folder) -> str:
    return f"'{name}' is outside of {folder.root}; the page reads nothing there: copy it, or use interstice run"
