"""The folder of a run's results: whether it may be written, and how it starts."""

from __future__ import annotations

import shutil
from pathlib import Path

from interstice.solver.environment import describe
from interstice.solver.reader import MARK, LoadedCase, dump_case

WRITTEN = ("case.yaml", "versions.txt", "warnings.txt", "history.csv", "error.log", "fields", "*.pvd", "plots")
"""Names of what a run and its plots write."""


class OutputError(ValueError):
    """The output folder cannot be used; the text says why."""


def prepare(directory: Path, loaded: LoadedCase) -> None:
    """Make `directory` hold nothing but ``case.yaml``, the case with all defaults and material numbers filled in.

    Results of an earlier run are replaced.

    Raises
    ------
    OutputError
        if it holds anything else, is the case's own folder, or cannot be written.
    """
    if directory.resolve() == loaded.folder:
        raise OutputError(f"{directory}: the case itself is in this folder; choose another one with -o")
    try:
        directory.mkdir(parents=True, exist_ok=True)
        old = sorted(directory.iterdir())
        foreign = [path.name for path in old if not any(path.match(name) for name in WRITTEN)]
        if old and not _is_ours(directory):
            raise OutputError(f"{directory}: the folder is not empty and not from a run; choose another one with -o")
        if foreign:
            raise OutputError(
                f"{directory}: {foreign[0]!r} is not from a run; move it, or choose another folder with -o"
            )
        # The copy of the case goes last: until then the folder can still be told for ours.
        for path in sorted(old, key=lambda path: path.name == "case.yaml"):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
        (directory / "case.yaml").write_text(dump_case(loaded.case), encoding="utf-8")
    except OSError as error:
        raise OutputError(f"{directory}: cannot be written: {error.strerror or error}") from None


def write_versions(directory: Path) -> None:
    """Write into ``versions.txt`` what the results were computed with."""
    rows = [f"{name}: {value}\n" for name, value in describe()]
    (directory / "versions.txt").write_text("".join(rows), encoding="utf-8")


def _is_ours(directory: Path) -> bool:
    copy = directory / "case.yaml"
    return copy.is_file() and copy.read_text(encoding="utf-8", errors="replace").startswith(MARK)
