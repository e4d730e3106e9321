"""The folder of a run's results: whether it may be written, and how it starts. Nothing in it is replaced unasked."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from interstice.schema import yaml_text
from interstice.schema.problems import CaseError
from interstice.solver import environment, provenance
from interstice.solver.lock import Lock, holder
from interstice.solver.reader import MARK, LoadedCase, dump_case, read_case
from interstice.solver.written import write_whole

if TYPE_CHECKING:
    from mpi4py import MPI

FOLDER = Path("results")
"""In which a run gets a folder named after its case, unless it is told another one."""
WRITTEN = (
    *("case.yaml", "versions.txt", "warnings.txt", "history.csv", "error.log"),
    *("*.vtkhdf", "*.pvd", "open_in_paraview.py", "*.bdf.csv", ".*.bdf.csv"),
    *(".case.yaml", "lock", "status.json", ".status.json", "report.html", ".report.html"),
)
"""Names of the files that a run, its report and its export write."""
WRITTEN_BELOW = {
    "fields": ("*_??????.vtu", "*_??????_*.vtu"),
    "checkpoint": ("??????.npz", ".??????.npz"),
    "plots": (
        *("history.png", "voltage_capacity.png", "crack.png", "cycles.png"),
        *("interface.png", "interface_*.png", "cell.png", "opening.gif"),
    ),
}
"""Names of what a run and its plots write into folders of their own."""


class OutputError(ValueError):
    """The output folder cannot be used; the text says why."""


class WriteError(OutputError):
    """Results cannot be written any more; what was written stands."""


def prepare(directory: Path | None, loaded: LoadedCase, overwrite: bool = False) -> Path:
    """Return a folder that holds nothing but ``case.yaml``, the case with all defaults and material numbers filled in.

    It is `directory`, or without one ``results/CASE``, where that is taken ``results/CASE-2`` and so on. Results of an
    earlier run are replaced only if `overwrite` says so, anything else never.

    Raises
    ------
    OutputError
        if the directory holds results and `overwrite` does not say so, holds anything else, is the case's own folder,
        or cannot be written.
    """
    shown = directory or FOLDER / loaded.path.stem
    try:
        if directory is None and not overwrite:
            shown = _unused(shown)
        else:
            _empty(shown, loaded, overwrite)
        with (shown / "case.yaml").open("x", encoding="utf-8") as copy:
            copy.write(dump_case(loaded.case))
    except FileExistsError:
        # of two runs that begin at once, one has been quicker
        raise OutputError(f"{shown}: is taken by another run; choose another one with -o") from None
    except OSError as error:
        raise OutputError(f"{shown}: cannot be written: {error.strerror or error}") from None
    return shown


def hold_together(directory: Path, comm: MPI.Comm) -> Lock | None:
    """Return the lock of a folder on rank 0; OutputError on all ranks if another run has it. Collective."""
    return together(comm, lambda: hold(directory))


def together[T](comm: MPI.Comm, make: Callable[[], T]) -> T | None:
    """Return what rank 0 makes, on rank 0; OutputError on all ranks if it fails with one. Collective."""
    made, problem = None, ""
    if comm.rank == 0:
        try:
            made = make()
        except OutputError as error:
            problem = str(error)
    # no rank waits for one that has found the folder unusable
    if problem := comm.bcast(problem):
        raise OutputError(problem)
    return made


def hold(directory: Path) -> Lock:
    """Return the lock of a folder of results, for the run that now writes into it; OutputError if another one does.

    Or if something in it is a link: what a run replaces and removes is in its own folder.
    """
    try:
        refuse_links(directory)
        lock = Lock.take(directory)
    except OSError as error:
        raise OutputError(f"{directory}: cannot be written: {error.strerror or error}") from None
    if lock is None:
        raise OutputError(_held(directory, holder(directory)))
    return lock


def refuse_links(directory: Path, *names: str) -> None:
    """Raise OutputError if one of the names in a folder of results, all if none is given, leads out of it."""
    for path in [directory / name for name in names] or sorted(directory.iterdir()):
        inside = path.iterdir() if path.is_dir() and not path.is_symlink() else ()
        if link := next((one for one in (path, *inside) if one.is_symlink()), None):
            raise OutputError(
                f"{link}: is a link to {link.readlink()}; what is written here must not change what lies elsewhere: "
                "move the link away"
            )


def discard(directory: Path) -> None:
    """Remove what `prepare` made, for a run that could not begin."""
    found = list(directory.iterdir())
    if {path.name for path in found} <= {"case.yaml", "lock"}:
        for path in found:
            path.unlink()
        # a link to a folder is the user's
        with suppress(OSError):
            directory.rmdir()


def case_of(directory: Path, overrides: Sequence[str] = ()) -> LoadedCase:
    """Return the case of the run in a folder, with values replaced that are no part of what it is, its limits.

    OutputError if none has begun there, CaseError as `read_case`.
    """
    if not _is_ours(directory):
        raise OutputError(f"{directory}: no run has its results here, so that none can go on")
    return read_case(directory / "case.yaml", overrides)


def written_case(directory: Path) -> dict[str, Any]:
    """Return the keys and values of the case of the run in a folder; none if they cannot be read."""
    path = directory / "case.yaml"
    try:
        return yaml_text.parse(yaml_text.read_text(path), str(path))[0]
    except CaseError:
        return {}


def clear(directory: Path) -> None:
    """Remove from a folder of results what a run wrote, but for its case; OutputError if there is anything else."""
    _remove(directory, [path for path in directory.iterdir() if path.name not in ("case.yaml", "lock")])


def write_case(directory: Path, loaded: LoadedCase) -> None:
    """Write in one stroke another case in the place of that of a folder of results."""
    write_whole(directory / "case.yaml", dump_case(loaded.case))


def write_versions(directory: Path, loaded: LoadedCase, ranks: int) -> None:
    """Write into ``versions.txt`` all that the results come from: files with their hashes, and what computed them."""
    found = [*provenance.describe(loaded), ("Ranks", str(ranks)), *environment.describe()]
    rows = [f"{name}: {value}\n" for name, value in found]
    (directory / "versions.txt").write_text("".join(rows), encoding="utf-8")


def _unused(first: Path) -> Path:
    """Make and return the first of the folders ``NAME``, ``NAME-2``, … that is not there; an empty one is as good."""
    for number in count(1):
        folder = first if number == 1 else first.with_name(f"{first.name}-{number}")
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            if not folder.is_dir() or any(folder.iterdir()):
                continue
        return folder
    raise AssertionError


def _empty(directory: Path, loaded: LoadedCase, overwrite: bool) -> None:
    """Make the folder, or clear it of an earlier run; OutputError where that is not allowed."""
    if directory.resolve() == loaded.folder:
        raise OutputError(f"{directory}: the case itself is in this folder; choose another one with -o")
    if directory.exists() and not directory.is_dir():
        raise OutputError(f"{directory}: cannot be written: it is no folder")
    directory.mkdir(parents=True, exist_ok=True)
    old = sorted(directory.iterdir())
    if not old:
        return
    if process := holder(directory):
        raise OutputError(_held(directory, process))
    if not _is_ours(directory):
        raise OutputError(f"{directory}: the folder is not empty and not from a run; choose another one with -o")
    if not overwrite:
        raise OutputError(
            f"{directory}: holds the results of a run; choose another folder with -o, or replace them with --overwrite "
            "(from Python, overwrite=True)"
        )
    # The copy of the case goes last: until then the folder can still be told for ours.
    _remove(directory, sorted(old, key=lambda path: path.name == "case.yaml"))


def _remove(directory: Path, paths: list[Path]) -> None:
    """Remove `paths` in a folder of results; OutputError, and nothing is removed, if some of it is not from a run."""
    if foreign := _foreign(paths):
        raise OutputError(
            f"{directory}: '{foreign.relative_to(directory)}' is not from a run; move it, or choose another folder "
            "with -o"
        )
    for path in paths:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def _foreign(paths: list[Path]) -> Path | None:
    """Return the first of the paths in a folder of results, or below them, that no run has written."""
    for path in paths:
        if path.name in WRITTEN_BELOW and path.is_dir():
            for inner in sorted(path.iterdir()):
                if inner.is_dir() or not any(inner.match(name) for name in WRITTEN_BELOW[path.name]):
                    return inner
        elif path.is_dir() or not any(path.match(name) for name in WRITTEN):
            return path
    return None


def _held(directory: Path, process: str) -> str:
    return f"{directory}: another run writes its results here ({process}); choose another folder with -o"


def _is_ours(directory: Path) -> bool:
    copy = directory / "case.yaml"
    return copy.is_file() and copy.read_text(encoding="utf-8", errors="replace").startswith(MARK)
