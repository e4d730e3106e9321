"""What the page says and does, without a browser."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from builders import TINY
from streamlit.testing.v1 import AppTest

from interstice.solver.view import jobs, serve
from interstice.solver.view.desk import Desk, put
from interstice.solver.view.folder import Folder
from interstice.solver.view.jobs import Jobs
from interstice.solver.view.page import _start

HEADER = "time [s],step kind,step [1],voltage [V],stack pressure [Pa]\n"
ROWS = "0,assembly,0,3.5,5e6\n10,charge,1,3.6,6e6\n"


class Started(Jobs):
    """Takes note of what is to be started, and starts nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[Path, list[str]]] = []

    def start(self, folder: Path, arguments: Sequence[str]) -> None:  # type: ignore[override]
        self.asked.append((folder, list(arguments)))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(Folder(tmp_path / "desk"), Started())
    made.folder.root.mkdir()
    put(made)
    yield made
    put(None)


def shown(desk: Desk) -> AppTest:
    page = AppTest.from_file(str(serve.PAGE), default_timeout=60).run()
    assert not page.exception
    return page


def add_case(desk: Desk, name: str = "tiny.yaml", text: str = TINY) -> None:
    (desk.folder.root / name).write_text(text)


def add_run(desk: Desk, name: str, state: str = "finished", pressure: str = "5 MPa") -> Path:
    folder = desk.folder.root / "results" / name
    folder.mkdir(parents=True)
    (folder / "history.csv").write_text(HEADER + ROWS)
    (folder / "case.yaml").write_text(f"stack: {{pressure: {pressure}}}\ntime: {{maximum: 1 s}}\n")
    about = {"state": state, "why": "", "share": 0.5, "step": 1, "steps": 2, "kind": "charge", "ranks": 1}
    (folder / "status.json").write_text(json.dumps(about))
    return folder


def words(page: AppTest) -> str:
    return "\n".join(one.value for kind in (page.info, page.error, page.warning, page.success) for one in kind)


def test_an_empty_folder_says_what_to_do(desk: Desk) -> None:
    said = words(shown(desk))
    assert "There is no case" in said and "There is no run" in said and "Two runs are needed" in said


def test_a_case_that_cannot_be_used_says_why_and_does_not_run(desk: Desk) -> None:
    add_case(desk, text=TINY.replace("length: 2 um", "lenght: 2 um"))
    page = shown(desk)
    assert "did you mean 'length'" in page.error[0].value
    assert not page.button


def test_a_slider_and_other_values_go_into_the_run(desk: Desk) -> None:
    add_case(desk)
    page = shown(desk)
    assert len(page.select_slider) == 5 and not page.error
    page.select_slider[0].set_value("30 MPa")
    page.text_area[0].set_value("\n  protocol.0.until.time=8 s \n\n").run()
    assert any("22 time steps" in caption.value for caption in page.caption)
    next(button for button in page.button if button.label == "Run").click().run()
    folder = desk.folder.root / "results" / "tiny"
    assert isinstance(desk.jobs, Started)
    values = ["--set=stack.pressure=30 MPa", "--set=protocol.0.until.time=8 s"]
    case = str(desk.folder.root / "tiny.yaml")
    assert desk.jobs.asked == [(folder, ["run", "-n", "1", "-o", str(folder), *values, "--", case])]


def test_a_bad_value_is_told_and_nothing_runs(desk: Desk) -> None:
    add_case(desk)
    page = shown(desk)
    page.text_area[0].set_value("stack.presure=3 MPa").run()
    assert "did you mean 'pressure'" in page.error[0].value
    run = next(button for button in page.button if button.label == "Run")
    assert run.disabled
    # a browser may say what it likes
    _start(desk, desk.folder.root / "tiny.yaml", ["stack.presure=3 MPa"], 1)
    assert isinstance(desk.jobs, Started) and desk.jobs.asked == []
    assert not (desk.folder.root / "results").exists()


def test_what_stands_in_files_is_no_markup(desk: Desk) -> None:
    add_case(desk, text=TINY.replace("a wavy film in a stiff fixture", "'<b>x</b> ![y](http://z) :red[w] $v$'"))
    (title,) = (one.value for one in shown(desk).markdown if one.value.startswith("**"))
    assert title == r"**\<b\>x\</b\> \!\[y\]\(http\://z\) \:red\[w\] \$v\$**"


@pytest.mark.parametrize(
    ("state", "said", "button"),
    [("finished", "is finished", ""), ("interrupted", "was interrupted", "Go on"), ("failed", "failed", "")],
)
def test_a_run_says_how_it_ended(desk: Desk, state: str, said: str, button: str) -> None:
    folder = add_run(desk, "first", state)
    page = shown(desk)
    assert said in words(page) or said in page.get("progress")[0].proto.text
    labels = {one.label: one for one in page.button}
    assert set(labels) == {"Make the report", button} - {""}
    if button:
        labels[button].click().run()
        assert isinstance(desk.jobs, Started)
        assert desk.jobs.asked == [(folder, ["run", "-n", "1", "--resume", str(folder)])]


def test_a_report_is_made_on_demand_and_offered_or_why_there_is_none(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = add_run(desk, "first")
    page = shown(desk)
    offered = len(page.get("download_button"))
    monkeypatch.setattr(jobs, "report", lambda folder: "it has no rows")
    page.button[0].click().run()
    assert "it has no rows" in words(page) and len(page.get("download_button")) == offered
    monkeypatch.setattr(jobs, "report", lambda folder: (folder / "report.html").write_text("<p>") and "")
    page.button[0].click().run()
    assert (folder / "report.html").exists() and len(page.get("download_button")) == offered + 1


def test_a_link_among_results_is_not_followed(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    folder = add_run(desk, "first")
    (folder / "warnings.txt").symlink_to(tmp_path / "secret")
    page = shown(desk)
    assert "is a link" in words(page)
    assert not page.get("bidi_component") and not page.get("download_button")


def test_two_runs_are_compared_with_what_differs(desk: Desk) -> None:
    add_run(desk, "first")
    add_run(desk, "second", pressure="7 MPa")
    page = shown(desk)
    assert page.selectbox(key="quantity").options == ["voltage [V]", "stack pressure [Pa]"]
    (table,) = page.table
    assert list(table.value.index) == ["stack.pressure"]
    assert sorted(table.value.iloc[0]) == ["5 MPa", "7 MPa"]
