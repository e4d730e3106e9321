"""The folder of a study: what is in it, and that of its runs made ready to begin."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from interstice.solver.lock import Lock, holder
from interstice.solver.results import FOLDER, OutputError, refuse_links
from interstice.solver.study import plan, states
from interstice.solver.study.plan import Plan, StudyFile
from interstice.solver.written import write_whole

MARKER = (plan.FILE, "Snakefile")
"""Files by which the folder of a study is told from others."""
EARLY = {"lock", states.RUNS, states.LOGS, states.ENDED, f".{plan.FILE}", f".{plan.COPY}", plan.COPY}
"""What may be in it before there is one of them."""


def folder_of(study: Path, given: Path | None) -> Path:
    """Return the folder of a study file: the given one, or ``results/STUDY``, the same each time."""
    return given or FOLDER / study.stem


def of_argument(given: Path) -> Path:
    """Return the folder that is meant by a study file or the folder of a study; OutputError if there is none."""
    folder = given if given.is_dir() else folder_of(given, None)
    if not (folder / plan.FILE).is_file():
        raise OutputError(f"{folder}: no study has been run here; its folder is needed, or its file")
    if given != folder:
        _require_same(folder, given)
    return folder


def is_changed(given: Path, folder: Path) -> bool:
    """Return whether a study file, if one is given, is another one than when the folder was made of it."""
    try:
        return given.is_file() and given.read_bytes() != (folder / plan.COPY).read_bytes()
    except OSError:
        return False


def planned(file: StudyFile, folder: Path, progress: Callable[[int, int], None] = lambda done, of: None) -> Plan:
    """Return the plan of a study file: that in the folder if it is still right, otherwise a new one with its cases."""
    try:
        known = plan.read(folder)
        if plan.is_up_to_date(known, file) and not any(_lacks_case(folder, run.name) for run in known.runs):
            return known
    except (OSError, ValueError):
        pass
    return plan.make(file, lambda name: _may_change(folder, name), progress)


def require_place(folder: Path, study: Path) -> None:
    """Raise OutputError if the folder cannot be that of a study file: there is something else in it."""
    try:
        if folder.exists() and not folder.is_dir():
            raise OutputError(f"{folder}: is no folder; choose another one with -o")
        found = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    except OSError as error:
        raise OutputError(f"{folder}: cannot be used: {error.strerror or error}") from None
    if found - EARLY and not found & set(MARKER):
        raise OutputError(f"{folder}: the folder is not empty and not from a study; choose another one with -o")
    _require_same(folder, study)


def require_free(folder: Path, study: Path) -> None:
    """Raise OutputError if a study file cannot be run in the folder, or a study is being run there."""
    require_place(folder, study)
    if process := holder(folder):
        raise OutputError(f"{folder}: the study is being run already ({process})")


def hold(folder: Path, study: Path) -> Lock:
    """Make the folder of a study, unless it is there, and return its lock; OutputError if it cannot be had."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        require_free(folder, study)
        for name in (states.RUNS, states.LOGS, states.ENDED):
            (folder / name).mkdir(exist_ok=True)
        refuse_links(folder)
        lock = Lock.take(folder)
    except OSError as error:
        raise OutputError(f"{folder}: cannot be written: {error.strerror or error}") from None
    if lock is None:
        raise OutputError(f"{folder}: the study is being run already ({holder(folder)})")
    return lock


def prepare(folder: Path, planned: Plan, file: StudyFile) -> None:
    """Write the plan and the case of each run that has not begun."""
    for name, text in planned.cases.items():
        results = states.results_of(folder, name)
        results.mkdir(exist_ok=True)
        write_whole(results / "case.yaml", text)
    planned.write(folder, file)


def ready(study: Path, folder: Path, progress: Callable[[int, int], None]) -> Plan:
    """Return the plan of a study after making its folder ready for others to run it; CaseError or OutputError."""
    file = plan.read_study(study)
    made = planned(file, folder, progress)
    lock = hold(folder, study)
    try:
        prepare(folder, made, file)
    finally:
        lock.release()
    return made


def forget_failures(folder: Path, names: Iterable[str]) -> None:
    """Let runs that failed be tried again."""
    for name in names:
        if states.state_of(folder, name).state == "failed":
            states.note(folder, name, refused="", why="")
            (states.results_of(folder, name) / states.STATUS).unlink(missing_ok=True)


def _require_same(folder: Path, study: Path) -> None:
    """Raise OutputError if the folder holds another study, whose file is still there, than that of the file."""
    try:
        other = Path(plan.read(folder).study)
    except (OSError, ValueError):
        return
    if other.exists() and other.resolve() != study.resolve():
        raise OutputError(f"{folder}: holds another study, {other}; choose another folder with -o, or give that folder")


def _may_change(folder: Path, name: str) -> bool:
    """Return whether nothing has been computed with the case of a run."""
    return states.state_of(folder, name).state == "waiting" or _lacks_case(folder, name)


def _lacks_case(folder: Path, name: str) -> bool:
    return not (states.results_of(folder, name) / "case.yaml").is_file()
