"""The page of a study, opened and clicked through in a browser without a network."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pages
import pytest
from builders import TINY
from pages import PHONE, drawn, opened, overhang_on_paper, sideways

from interstice.solver.report import report
from interstice.solver.report.study import _in_words
from interstice.solver.study import collect, figures
from interstice.solver.study import folder as folders
from interstice.solver.study import plan as plans
from interstice.solver.study.figures.curves import Curves

pytestmark = pytest.mark.skipif(not pages.CHROMIUM.exists(), reason="there is no Chromium here")

EVIL = "<script>window.hurt = 1</script> & pressure"
EXPONENT = -0.8
PRESSURES, AMPLITUDES = [1e6, 2e6, 4e6, 8e6], [0.3e-9, 0.6e-9]
STUDY = f"""\
title: "{EVIL}"
case: tiny.yaml
axes:
  stack.pressure: [1 MPa, 2 MPa, 4 MPa, 8 MPa]
  geometry.roughness.amplitude: [0.3 nm, 0.6 nm]
outputs:
  resistance: {{of: "'kinetic overpotential' / 'current density'", take: end, unit: ohm*cm^2}}
figures:
  - {{kind: heat_map, x: stack.pressure, y: geometry.roughness.amplitude, of: resistance}}
  - {{kind: curves, x: stack.pressure, by: geometry.roughness.amplitude, of: resistance, scale: log, fit: power_law,
      compare: {{others: -0.5}}}}
  - {{kind: curves, x: stack.pressure, of: coulombic efficiency of the first cycle}}
"""
COLUMNS = (
    "time [s],step kind,step [1],cycle [1],voltage [V],current density [A/m^2],net charge [A h/m^2],"
    "active fraction [1],kinetic overpotential [V],newton iterations [1]"
)


def resistance(pressure: float, amplitude: float) -> float:
    """Return that of a made-up run [Ω m²]: a power law with 1 % of scatter."""
    return float(
        1e-2 * (pressure / 1e6) ** EXPONENT * amplitude / 0.3e-9 * (1 + 0.01 * np.sin(1e4 * pressure * amplitude))
    )


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a study with its page: six runs are finished, one is waiting, one failed as an enemy may let it."""
    folder = tmp_path_factory.mktemp("study")
    (folder / "tiny.yaml").write_text(TINY, encoding="utf-8")
    (folder / "a study.yaml").write_text(STUDY, encoding="utf-8")
    file = plans.read_study(folder / "a study.yaml")
    results = folder / "results"
    lock = folders.hold(results, file.path)
    plan = folders.planned(file, results)
    folders.prepare(results, plan, file)
    lock.release()
    for number, run in enumerate(plan.runs[:-1]):
        failed = number == len(plan.runs) - 2
        about = {"state": "failed" if failed else "finished", "why": EVIL if failed else "", "ranks": 1}
        times = {"begun": "2026-01-01T00:00:00+00:00", "written": "2026-01-01T00:01:40+00:00"}
        where = results / "runs" / run.name
        (where / "status.json").write_text(json.dumps(about | times))
        (results / "logs" / f"{run.name}.log").write_text("what it said")
        if failed:
            continue
        lost = resistance(*(run.numbers[key] for key in ("stack.pressure", "geometry.roughness.amplitude"))) * 10
        rows = ["0,assembly,0,0,3.7,0,0,0.9,0,0", f"9,charge,1,0,3.8,10,0.025,{0.1 * (number + 1):g},{lost!r},3"]
        (where / "history.csv").write_text("\n".join([COLUMNS, *rows, ""]))
    report(results / "runs" / plan.runs[0].name)
    report(results)
    return results


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with pages.browser() as started:
        yield started


@pytest.fixture(scope="module")
def page(browser: Any, study: Path) -> Iterator[Any]:
    with opened(browser, study / "report.html") as page:
        yield page


def column(page: Any, number: int) -> list[str]:
    """Return what stands in a column of the rows that are shown."""
    script = "n => [...document.querySelectorAll('#table tbody tr:not([hidden])')].map(row => row.cells[n].textContent)"
    return list(page.evaluate(script, number))


def test_the_exponent_and_its_interval_are_told_in_words(page: Any) -> None:
    words = page.locator(".result").all_inner_texts()
    found = re.fullmatch(
        r"Resistance ∝ \(stack pressure\)ⁿ with n = −([\d.]+) \(95% interval −([\d.]+) to −([\d.]+)\), "
        r"from 6 runs of 2 curves, each with a factor of its own\.",
        words[0],
    )
    assert found
    exponent, low, high = (-float(text) for text in found.groups())
    # of all points together, the two curves told apart by a column of their own
    points = [(np.log(p), a == AMPLITUDES[1], np.log(resistance(p, a))) for p in PRESSURES[:3] for a in AMPLITUDES]
    logs, second, lost = np.array(points, dtype=float).T
    fitted, *_ = np.linalg.lstsq(np.stack([logs, second, np.ones_like(logs)], axis=1), lost)[0]
    assert exponent == pytest.approx(fitted, abs=0.005) and low < exponent < high
    assert words[1] == "Beside it, n of others: −0.5 (others)."


def test_curves_that_differ_are_told_to_have_no_common_law(study: Path) -> None:
    table = collect.collect(study)
    pictures, _ = figures.drawn(collect.plan_of(study), table)
    (picture,) = (one for one in pictures if isinstance(one.numbers, Curves) and one.numbers.law)
    alike, unlike = (replace(picture, numbers=replace(picture.numbers, equality=chance)) for chance in (0.06, 0.04))
    assert not [words for words in _in_words(alike, table) if "no law" in words]
    (told,) = (words for words in _in_words(unlike, table) if "no law" in words)
    exponents = [float(number.replace("−", "-")) for number in re.findall(r"(−[\d.]+) \(", told)]
    assert len(exponents) == 2 and exponents[0] > exponents[1]


def test_the_state_of_all_runs_is_counted(page: Any) -> None:
    cards = dict(
        (card.locator(".label").inner_text(), card.locator(".value").inner_text())
        for card in page.locator("#summary .numbers li").all()
    )
    assert cards == {"Runs": "8", "Finished": "6", "Failed": "1", "Waiting": "1", "Computing time so far": "12 min"}
    assert page.locator("header .state").inner_text() == "7 of 8 runs have ended"
    assert "1 MPa, 2 MPa, 4 MPa, 8 MPa" in page.locator("dl.facts").inner_text()


def test_words_of_a_user_are_shown_letter_by_letter(page: Any) -> None:
    assert page.locator("h1").inner_text() == EVIL and page.title() == EVIL
    assert EVIL in page.locator("#failures").inner_text()
    page.click("text=The study (study.yaml)")
    assert EVIL in page.locator("#reproduce").inner_text()
    assert page.evaluate("window.hurt") is None


def test_figures_are_drawings_with_captions_and_what_is_lacking_says_why(page: Any) -> None:
    assert page.locator("#figures figure svg").count() == 2
    assert "Resistance over stack pressure and roughness amplitude" in page.locator("figcaption").first.inner_text()
    assert "resistance" in page.locator("#figures svg").first.text_content()
    assert "coulombic efficiency" in page.locator("#figures .notice").inner_text()
    marks = page.evaluate("[...document.querySelectorAll('svg defs [id]')].map(mark => mark.id)")
    assert len(marks) == len(set(marks))


def test_runs_are_sorted_by_what_is_clicked_on_and_missing_numbers_come_last(page: Any) -> None:
    heads = page.locator("#table th").all_inner_texts()
    assert heads[:5] == ["run", "state", "stack pressure [MPa]", "roughness amplitude [pm]", "resistance [Ω cm²]"]
    page.click("#table th:nth-child(5) button")
    rising = column(page, 4)
    assert rising[-2:] == ["–", "–"]
    numbers = [float(text) for text in rising[:-2]]
    assert numbers == sorted(numbers) and numbers[0] < 40
    assert page.locator("#table th:nth-child(5)").get_attribute("aria-sort") == "ascending"
    page.click("#table th:nth-child(5) button")
    falling = column(page, 4)
    assert falling == [*rising[:-2][::-1], "–", "–"]
    page.click("#table th:nth-child(1) button")
    assert column(page, 0) == sorted(column(page, 0))


def test_runs_are_found_by_state_and_by_text(page: Any) -> None:
    page.select_option("#which", "finished")
    assert column(page, 1) == ["finished"] * 6 and page.locator("#count").inner_text() == "6 of 8 runs"
    name = column(page, 0)[2]
    page.fill("#find", f"{name[:6].upper()} finish")
    assert column(page, 0) == [name]
    page.fill("#find", "")
    page.select_option("#which", "")
    assert page.locator("#count").inner_text() == "8 runs"


def test_links_lead_to_pages_folders_and_logs_that_are_there(page: Any, study: Path) -> None:
    links = page.evaluate("[...document.querySelectorAll('main a')].map(link => link.getAttribute('href'))")
    assert all((study / link).exists() for link in links)
    assert sum(link.endswith("/report.html") for link in links) == 1
    assert "table.csv" in links and sum(link.startswith("logs/") for link in links) == 1


def test_a_page_elsewhere_links_to_the_study(study: Path, tmp_path: Path, browser: Any) -> None:
    report(study, tmp_path / "page.html")
    with opened(browser, tmp_path / "page.html") as page:
        links = page.evaluate("[...document.querySelectorAll('main a')].map(link => link.getAttribute('href'))")
    assert links and all((tmp_path / link).exists() for link in links)


def test_any_number_is_drawn_against_any_other(page: Any) -> None:
    first = drawn(page, "explore-chart")
    assert [trace["name"] for trace in first["data"]] == ["300 pm", "600 pm"]
    for trace, amplitude in zip(first["data"], AMPLITUDES, strict=True):
        assert trace["x"] == [1, 2, 4] and trace["mode"] == "lines+markers"
        exact = [1e4 * resistance(pressure, amplitude) for pressure in PRESSURES[:3]]
        np.testing.assert_allclose(trace["y"], exact, rtol=1e-9)
    assert "2 of 8 runs" in first["layout"]["annotations"][0]["text"]

    across, up, colour = (page.locator("#explore select").nth(number) for number in range(3))
    page.click('#explore [data-axis=y] button[data-value="log"]')
    assert drawn(page, "explore-chart")["layout"]["yaxis"]["type"] == "log"
    up.select_option("lowest active fraction")
    lowest = drawn(page, "explore-chart")
    assert lowest["layout"]["yaxis"]["title"]["text"] == "lowest active fraction"
    assert sorted(np.concatenate([trace["y"] for trace in lowest["data"]])) == pytest.approx(np.arange(1, 7) / 10)
    across.select_option("resistance")
    assert {trace["mode"] for trace in drawn(page, "explore-chart")["data"]} == {"markers"}
    colour.select_option("resistance")
    (coloured,) = drawn(page, "explore-chart")["data"]
    assert coloured["marker"]["color"] == coloured["x"] and len(coloured["x"]) == 6
    colour.select_option("")
    assert len(drawn(page, "explore-chart")["data"]) > 1


def test_a_phone_shows_all_of_it_without_scrolling_sideways(browser: Any, study: Path) -> None:
    with opened(browser, study / "report.html", PHONE) as page:
        drawn(page, "explore-chart")
        assert sideways(page) == 0
        assert page.evaluate("document.querySelector('#runs .scroll').scrollWidth") > PHONE
        right = "document.querySelector('#explore-chart .main-svg').getBoundingClientRect().right"
        assert page.evaluate(right) <= PHONE


def test_a_page_fits_on_paper(browser: Any, study: Path) -> None:
    with opened(browser, study / "report.html") as page:
        assert overhang_on_paper(page) == 0


def test_the_table_works_in_a_browser_that_is_too_old_for_charts(browser: Any, study: Path) -> None:
    with opened(browser, study / "report.html", script="delete window.DecompressionStream") as page:
        page.fill("#find", "failed")
        assert column(page, 1) == ["failed"]
        assert page.locator("#old").is_visible()


def test_a_study_of_which_no_run_has_begun_has_a_page(study: Path, tmp_path: Path, browser: Any) -> None:
    for name in ("plan.json", "study.yaml"):
        (tmp_path / name).write_text((study / name).read_text())
    with opened(browser, report(tmp_path)) as page:
        assert page.locator("header .state").inner_text() == "0 of 8 runs have ended"
        assert "No run has told a number yet" in page.locator("#explore").inner_text()
