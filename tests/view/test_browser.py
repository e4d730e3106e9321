"""The page in a real browser: a case is picked, changed, run and watched; runs are compared; Ctrl-C ends all."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import psutil
import pytest
from builders import TINY
from playwright.sync_api import Locator, Page, expect, sync_playwright
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

CHROMIUM = Path("/usr/bin/chromium")
OPTIONS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
]
LONGEST = 120.0
"""How long [s] anything may take on a busy machine."""
CASE = TINY.replace("time: 15 s", "time: 40 s").replace("initial: 2 s, maximum: 5 s", "initial: 0.5 s, maximum: 0.5 s")
"""Some two hundred time steps."""

pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason="there is no Chromium")


class View(NamedTuple):
    """The program that shows a folder."""

    process: subprocess.Popen[str]
    address: str
    folder: Path


@pytest.fixture(scope="module")
def view(tmp_path_factory: pytest.TempPathFactory) -> Iterator[View]:
    folder = tmp_path_factory.mktemp("desk")
    (folder / "tiny.yaml").write_text(CASE)
    command = [sys.executable, "-P", "-m", "interstice", "view", str(folder), "--no-browser"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        assert process.stdout
        said = ""
        while not (found := re.search(r"http://\S+", said)):
            line = process.stdout.readline()
            assert line, said
            said += line
        yield View(process, found[0], folder)
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=OPTIONS)
        page = browser.new_page(viewport={"width": 1280, "height": 1600})
        page.set_default_timeout(1e3 * LONGEST)
        expect.set_options(timeout=1e3 * LONGEST)
        yield page
        browser.close()


def status_of(address: str, **headers: str) -> int:
    try:
        with urllib.request.urlopen(urllib.request.Request(address, headers=headers), timeout=LONGEST) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        assert b"Streamlit" not in error.read()
        return error.code


def until[T](ask: Callable[[], T]) -> T:
    begun = time.monotonic()
    while not (found := ask()):
        assert time.monotonic() - begun < LONGEST
        time.sleep(0.1)
    return found


def drawn(chart: Locator) -> int:
    """Return of how many points the first curve of a chart is made."""
    return int(chart.evaluate("graph => graph.calcdata?.[0]?.length ?? 0"))


def test_without_the_secret_nothing_is_shown(view: View) -> None:
    here = urlsplit(view.address)
    root = f"http://{here.netloc}"
    for path in ("/", "/_stcore/health", "/_stcore/host-config", "/static/index.html", "/media/x", "/wrong/"):
        assert status_of(root + path) == 403
    assert status_of(f"{view.address}_stcore/health") == 200
    assert status_of(f"{view.address}_stcore/health", Host="evil.example") == 403
    assert status_of(f"{view.address}_stcore/health", Origin="http://evil.example") == 403
    for address, headers in (
        (f"ws://{here.netloc}/_stcore/stream", {}),
        (f"ws://{here.netloc}{here.path}_stcore/stream", {"Origin": "http://evil.example"}),
    ):
        with pytest.raises(InvalidStatus, match="403"), connect(address, additional_headers=headers):
            pass
    with connect(f"ws://{here.netloc}{here.path}_stcore/stream"):
        pass
    listening = {
        place.laddr for place in psutil.Process(view.process.pid).net_connections() if place.status == "LISTEN"
    }
    assert {place.ip for place in listening} == {"127.0.0.1"}


def test_a_case_is_changed_run_watched_and_compared(view: View, page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(view.address)
    run = page.get_by_role("button", name="Run", exact=True)
    expect(page.get_by_label("Case")).to_have_value("tiny.yaml")
    slider = page.get_by_role("slider", name="Stack pressure")
    slider.press("ArrowRight")
    expect(slider).to_have_attribute("aria-valuetext", "25 MPa")
    run.click()

    chart = page.locator(".js-plotly-plot").first
    chart.wait_for()
    early = drawn(chart)
    until(lambda: drawn(chart) > early)
    expect(page.get_by_text("tiny is finished")).to_be_visible()
    results = view.folder / "results" / "tiny"
    rows = len((results / "history.csv").read_text().splitlines()) - 1
    until(lambda: drawn(chart) == rows)
    expect(page.locator(".js-plotly-plot")).to_have_count(2)
    assert json.loads((results / "status.json").read_text())["state"] == "finished"
    assert "pressure: 25000000 Pa" in (results / "case.yaml").read_text()

    other = shutil.copytree(results, view.folder / "results" / "other")
    case = other / "case.yaml"
    case.write_text(case.read_text().replace("pressure: 25000000 Pa", "pressure: 40000000 Pa"))
    page.reload()
    page.get_by_role("tab", name="Compare runs").click()
    until(lambda: page.locator(".js-plotly-plot").last.evaluate("graph => graph.calcdata?.length") == 2)
    table = page.get_by_role("table")
    for text in ("stack.pressure", "25 MPa", "40 MPa"):
        expect(table).to_contain_text(text)
    assert table.get_by_role("row").count() == 2
    assert [url for url in asked if not url.startswith((view.address, "data:", "blob:"))] == []


def test_the_end_of_the_program_ends_its_runs_in_order_and_leaves_no_process(view: View, page: Page) -> None:
    page.goto(view.address)
    page.get_by_role("button", name="Run", exact=True).click()
    results = view.folder / "results" / "tiny-2"
    until(lambda: (results / "history.csv").exists() and len((results / "history.csv").read_text().splitlines()) > 3)
    started = psutil.Process(view.process.pid).children(recursive=True)
    assert len(started) == 1
    view.process.send_signal(signal.SIGINT)
    said, _ = view.process.communicate(timeout=LONGEST)
    assert view.process.returncode == 0
    assert "ending 1 run in order" in said and f"interstice run --resume {results}" in said
    assert json.loads((results / "status.json").read_text())["state"] == "interrupted"
    assert list((results / "checkpoint").iterdir())
    assert not psutil.wait_procs(started, timeout=5)[1]
    assert not list(view.folder.glob(".*"))


def test_a_port_that_is_taken_and_a_folder_that_is_not_there_are_told(tmp_path: Path) -> None:
    def told(*arguments: Any) -> str:
        command = [sys.executable, "-P", "-m", "interstice", "view", *map(str, arguments)]
        done = subprocess.run(command, text=True, capture_output=True, timeout=LONGEST)
        assert done.returncode == 2
        return done.stderr

    assert "no such folder" in told(tmp_path / "nowhere")
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert "Address already in use" in told(tmp_path, "--port", taken.getsockname()[1], "--no-browser")
