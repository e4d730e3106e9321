"""The page from top to bottom, as it is drawn anew after each thing that somebody does on it."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from interstice.solver.plot.run import Run, series
from interstice.solver.results import OutputError, refuse_links
from interstice.solver.view import charts, comparison, jobs
from interstice.solver.view.check import Checked, check, lines, written
from interstice.solver.view.desk import Desk
from interstice.solver.view.folder import HISTORY, Folder, question, state_of
from interstice.solver.view.sliders import Slider, pretty, sliders
from interstice.solver.view.style import STYLE

EVERY = 2.0
"""How often [s] the curves of a run that goes on are drawn anew."""
KEPT = 10.0
"""How long [s] what was said of a case stays true: files that it refers to may change."""
MOST_COMPARED = 8
GOES_ON = ("interrupted", "killed")
"""States from which a run may go on."""
WORDS = {
    "begun": "begins: it compiles forms, makes the mesh and presses the cell",
    "running": "runs",
    "finished": "is finished",
    "stopped": "stopped: the protocol could not be carried through",
    "interrupted": "was interrupted; it can go on",
    "failed": "failed",
    "killed": "was killed; it can go on",
}
PLAIN = {"displaylogo": False, "responsive": True}
"""Options of charts."""
_READING = threading.Lock()
"""VTK reads the fields of one run at a time."""


def show(desk: Desk) -> None:
    """Draw the whole page."""
    st.set_page_config(page_title="Interstice", layout="wide")
    st.html(STYLE)
    st.markdown("## Interstice")
    st.caption(f"cases and runs of {plain(str(desk.folder.root))}")
    left, right = st.columns([2, 3], gap="large")
    with left:
        _case(desk)
    with right:
        watching, comparing = st.tabs(["Watch a run", "Compare runs"])
        with watching:
            _runs(desk)
        with comparing:
            _comparison(desk)


def plain(text: str) -> str:
    """Return text that Markdown leaves as it is."""
    return re.sub(r"([\\`*_{}\[\]()#+!|~$<>:-])", r"\\\1", text)


# --- a case -----------------------------------------------------------------------------------------------------------


def _case(desk: Desk) -> None:
    """Draw what chooses and changes a case, and the button that runs it."""
    cases = desk.folder.cases()
    name = st.selectbox("Case", list(cases), key="case")
    file = cases.get(name) if name else None
    if file is None:
        st.info("There is no case.")
        return
    found = _checked(desk.folder, file, ())
    if found.case is None:
        _told(found)
        return
    st.markdown(f"**{plain(found.case.title)}**")
    if asked := question(file):
        st.caption(plain(asked))
    overrides = _values(name, sliders(found.case, written(file)["protocol"]))
    with st.expander("Other values"):
        text = st.text_area(
            "key=value, one in a line",
            key=f"other {name}",
            placeholder="electrode.initial_stoichiometry=0.8\nprotocol.0.until.time=10 min",
            help="as --set of the command line: any key of the case, a dot between a block and what is in it",
        )
        overrides += lines(text)
    checked = _checked(desk.folder, file, tuple(overrides))
    _told(checked)
    _start_button(desk, file, overrides, checked)


def _values(case: str, offered: Sequence[Slider]) -> list[str]:
    """Draw the sliders of a case and return what they replace."""
    overrides = []
    for slider in offered:
        label = f"{slider.name[:1].upper()}{slider.name[1:]}"
        stop = st.select_slider(
            label,
            slider.stops,
            slider.default,
            format_func=pretty,
            key=f"{case}, {slider.name}",
            help=f"{pretty(slider.stops[0])} to {pretty(slider.stops[-1])}, of the case {pretty(slider.default)}",
        )
        overrides += slider.overrides(stop) if stop in slider.stops else []
    return overrides


def _told(checked: Checked) -> None:
    """Draw what is said of a case."""
    for problem in checked.problems:
        st.error(plain(problem))
    for warning in checked.warnings:
        st.warning(plain(warning))
    if checked.estimate:
        st.caption(plain(checked.estimate))
    if checked.notes:
        with st.expander(f"Notes ({len(checked.notes)})"):
            for note in checked.notes:
                st.caption(plain(note))


def _start_button(desk: Desk, file: Path, overrides: list[str], checked: Checked) -> None:
    cores = len(os.sched_getaffinity(0))
    busy = len(desk.jobs.running())
    ranks = 1
    if cores > 1:
        ranks = st.segmented_control("Cores", range(1, min(cores, 8) + 1), default=1, key="ranks", required=True) or 1
    st.button(
        "Run",
        type="primary",
        width="stretch",
        disabled=checked.case is None or busy >= cores,
        help=f"{busy} runs on {cores} cores: wait for one, or stop it" if busy >= cores else None,
        on_click=_start,
        args=(desk, file, tuple(overrides), ranks),
    )
    if problem := st.session_state.pop("problem", ""):
        st.error(plain(problem))


def _start(desk: Desk, file: Path, overrides: Sequence[str], ranks: int) -> None:
    """Run a case into a folder of its own, and watch it."""
    # what was true when the button was drawn may be so no more
    problems = check(desk.folder, file, overrides).problems
    try:
        if problems:
            raise ValueError("; ".join(problems))
        folder = desk.folder.new(file)
        desk.jobs.start(folder, jobs.arguments(file, folder, overrides, ranks))
    except (OSError, RuntimeError, ValueError) as error:
        st.session_state["problem"] = f"it does not run: {error}"
        return
    st.session_state["run"] = folder.relative_to(desk.folder.root).as_posix()


@st.cache_resource(ttl=KEPT, max_entries=100, show_spinner=False)
def _remembered(_folder: Folder, root: str, file: str, changed: int, overrides: tuple[str, ...]) -> Checked:
    return check(_folder, Path(file), overrides)


def _checked(folder: Folder, file: Path, overrides: tuple[str, ...]) -> Checked:
    try:
        changed = file.stat().st_mtime_ns
    except OSError:
        return Checked((f"{file.name}: is not there any more",))
    return _remembered(folder, str(folder.root), str(file), changed, overrides)


# --- a run ------------------------------------------------------------------------------------------------------------


def _names(desk: Desk) -> list[str]:
    """Return the names of the runs, those that have just begun first."""
    known = [run.name for run in desk.folder.runs()]
    begun = [job.folder.relative_to(desk.folder.root).as_posix() for job in desk.jobs.running()]
    watched = st.session_state.get("run")
    new = [name for name in begun if name not in known]
    # one that never began has left no folder, but words
    if watched and watched not in known and watched not in new and desk.jobs.of(desk.folder.root / watched):
        new.append(watched)
    return [*reversed(new), *known]


def _runs(desk: Desk) -> None:
    """Draw one run, and again from time to time while it goes on."""
    names = _names(desk)
    if not names:
        st.info("There is no run in this folder yet. Choose a case and press Run.")
        return
    if st.session_state.get("run") not in names:
        st.session_state.pop("run", None)
    name = st.selectbox("Run", names, key="run")
    if name not in names:
        return
    folder = desk.folder.root / name
    goes_on = _goes_on(desk, folder)
    st.fragment(_run, run_every=EVERY if goes_on else None)(desk, folder, goes_on)


def _goes_on(desk: Desk, folder: Path) -> bool:
    job = desk.jobs.of(folder)
    return bool(job and job.runs) or state_of(folder)["state"] == "running"


def _run(desk: Desk, folder: Path, went_on: bool) -> None:
    """Draw how far a run is, its curves and its interface."""
    job, state = desk.jobs.of(folder), state_of(folder)
    goes_on = _goes_on(desk, folder)
    if went_on and not goes_on:
        st.rerun()
    if job and not job.runs and state["state"] == "begun":
        st.error(plain(f"{folder.name} did not begin"))
        st.code(job.said or "it said nothing", language=None, wrap_lines=True)
        return
    _state(desk, folder, state, goes_on)
    try:
        run = _read(desk, folder)
    except ValueError as error:
        if not goes_on:
            st.error(plain(str(error)))
        return
    if run is None:
        return
    st.plotly_chart(charts.curves(run), key=f"curves {folder}", config=PLAIN)
    _interface(run)
    _files(folder)
    if job:
        with st.expander("What the run says"):
            st.code(job.said or "nothing yet", language=None, wrap_lines=True)


def _state(desk: Desk, folder: Path, state: dict[str, Any], goes_on: bool) -> None:
    """Draw how far a run is, and what can be done about it."""
    job, what = desk.jobs.of(folder), str(state["state"])
    ends = bool(job and job.runs and job.asked)
    said = "is asked to end; it drops its time step and writes a checkpoint" if ends else WORDS.get(what, what)
    why = f": {state['why']}" if state.get("why") and state["why"] != what else ""
    share = min(max(float(state.get("share") or 0.0), 0.0), 1.0)
    step = f", step {state['step']} of {state['steps']} ({state.get('kind', 'assembly')})" if state.get("steps") else ""
    words = f"{folder.name} {said}{why}"
    if what in ("begun", "running", *GOES_ON):
        st.progress(share, text=f"{plain(words)}{step}, {share:.0%}")
    else:
        {"finished": st.success, "failed": st.error}.get(what, st.warning)(plain(words))
    if job and job.runs:
        st.button("Stop", key="stop", disabled=ends, on_click=job.ask)
    elif what in GOES_ON and not goes_on:
        st.button("Go on", key="go on", on_click=_go_on, args=(desk, folder, int(state.get("ranks", 1))))


def _go_on(desk: Desk, folder: Path, ranks: int) -> None:
    desk.jobs.start(folder, jobs.going_on(folder, ranks))


def _read(desk: Desk, folder: Path) -> Run | None:
    """Return what a run has written, None if that is nothing yet; ValueError where it cannot be read."""
    if not (folder / HISTORY).is_file():
        return None
    if not desk.folder.holds(folder):
        raise ValueError(f"{folder}: leads out of {desk.folder.root}")
    try:
        refuse_links(folder)
    except OutputError as error:
        raise ValueError(str(error)) from None
    except OSError as error:
        raise ValueError(f"{folder}: {error.strerror}") from None
    return Run(folder)


def _interface(run: Run) -> None:
    """Draw an interface at a time."""
    names = run.interfaces
    if not names:
        return
    st.markdown("#### Interface")
    name = names[0]
    if len(names) > 1:
        name = st.selectbox("Which", names, key=f"interface {run.directory}")
    try:
        with _READING:
            times = run.times(series(name))
        newest = st.toggle("the newest", value=True, key=f"newest {run.directory}")
        time = times[-1]
        if not newest and len(times) > 1:
            time = st.select_slider("Time", times, times[-1], format_func=_time, key=f"time {run.directory}")
        st.caption(f"at {_time(time)}, active fraction {run.at('active fraction', time, name):.3g}")
        with _READING:
            figure = charts.interface(run, name, time)
    except ValueError as error:
        st.caption(plain(str(error)))
        return
    st.plotly_chart(figure, key=f"interface of {run.directory}", config=PLAIN)


def _time(seconds: float) -> str:
    from interstice.solver.plot.style import quantity

    return quantity("s", seconds)


def _files(folder: Path) -> None:
    """Offer what a run wrote."""
    with st.container(horizontal=True):
        for name in (HISTORY, "case.yaml", "warnings.txt"):
            if (file := folder / name).is_file() and not file.is_symlink():
                st.download_button(
                    name, file.read_bytes, f"{folder.name} {name}", key=f"file {folder} {name}", on_click="ignore"
                )


# --- several runs -----------------------------------------------------------------------------------------------------


def _comparison(desk: Desk) -> None:
    """Draw one quantity of several runs, and a table of what differs in their cases."""
    names = [run.name for run in desk.folder.runs()]
    if len(names) < 2:
        st.info("Two runs are needed to compare.")
        return
    chosen = st.multiselect("Runs", names, names[:2], max_selections=MOST_COMPARED, key="compared")
    runs = {}
    for name in chosen:
        try:
            run = _read(desk, desk.folder.root / name) if name in names else None
        except ValueError as error:
            st.warning(plain(str(error)))
            continue
        if run:
            runs[name] = run
    shared = comparison.quantities(list(runs.values()))
    if not shared:
        st.info("Choose runs that have something in common.")
        return
    first = comparison.first_of(shared)
    quantity = st.selectbox("Quantity", shared, shared.index(first), key="quantity")
    across = st.selectbox("Against", ["time [s]", *shared], key="against")
    st.plotly_chart(charts.comparison(runs, quantity, across), key="comparison", config=PLAIN)
    st.markdown("#### What differs in their cases")
    table = comparison.differing({name: comparison.inputs(desk.folder.root / name) for name in runs})
    if table.empty:
        st.caption("nothing")
    else:
        st.table(table.T)
