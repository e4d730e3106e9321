"""The page of a run, opened and clicked through in a browser without a network."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pages
import pandas
import pytest
from builders import tiny_case
from pages import PHONE, drawn, opened, overhang_on_paper, sideways
from test_cells import COMPOSITE, FULL
from typer.testing import CliRunner

import interstice
from interstice.cli import app
from interstice.solver.lock import Lock
from interstice.solver.plot.run import Run
from interstice.solver.reader import MARK
from interstice.solver.report import body, maps, report
from interstice.solver.report.case import question
from interstice.solver.results import WRITTEN

pytestmark = pytest.mark.skipif(not pages.CHROMIUM.exists(), reason="there is no Chromium here")

EVIL = "<script>window.hurt = 1</script><img src=x onerror='window.hurt = 1'> & a film"
SPATIAL = (
    "geometry={builder: film, dimension: 3, length: 1 um, electrode_thickness: 0.5 um, electrolyte_thickness: 0.5 um, "
    "element_size: 250 nm, roughness: {kind: sinusoidal, amplitude: 0.5 nm, wavelength: 1 um}}"
)
SHORT = "protocol=[charge at 0.5 mA/cm^2 for 15 s, rest for 5 s]"
ROUNDED = 1.3e-4
"""Relative error of the fields of a page."""
LARGEST = 5e6
"""Of the page of a plane run [byte]."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with pages.browser() as started:
        yield started


@pytest.fixture(scope="module")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run of a plane cell, with its page; its title and its warnings are those of an enemy."""
    folder = tmp_path_factory.mktemp("plane")
    interstice.run(tiny_case(f'title="{EVIL}"'), output=folder)
    (folder / "warnings.txt").write_text(f"at 3 s {EVIL}\n", encoding="utf-8")
    report(folder)
    return folder


@pytest.fixture(scope="module")
def solid(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run of a solid cell, with its page."""
    folder = tmp_path_factory.mktemp("solid")
    interstice.run(tiny_case(SPATIAL, SHORT), output=folder)
    report(folder)
    return folder


@pytest.fixture(scope="module")
def page(browser: Any, plane: Path) -> Iterator[Any]:
    """The page of the plane run, which all tests click on: none takes for granted what another one chose."""
    with opened(browser, plane / "report.html") as page:
        yield page


@pytest.fixture(scope="module")
def solid_page(browser: Any, solid: Path) -> Iterator[Any]:
    with opened(browser, solid / "report.html") as page:
        yield page


@pytest.fixture
def copied(plane: Path, tmp_path: Path) -> Path:
    """A copy of the plane run, without its page, to be changed."""
    return Path(shutil.copytree(plane, tmp_path / "run", ignore=shutil.ignore_patterns("report.html")))


def table(folder: Path) -> pandas.DataFrame:
    return pandas.read_csv(folder / "history.csv")


def slide(page: Any, number: int) -> str:
    """Move the slider of the interface to a time and return what stands below it."""
    slider = page.locator("#maps input[type=range]")
    slider.evaluate("(slider, to) => { slider.value = to; slider.dispatchEvent(new Event('input')); }", number)
    return str(page.locator("#maps .moment").inner_text())


def press(page: Any, section: str, value: str) -> None:
    page.click(f'#{section} button[data-value="{value}"]')


# --- words and numbers -----------------------------------------------------------------------------


def test_numbers_are_those_of_the_history(page: Any, plane: Path) -> None:
    history = table(plane)
    cards = {
        card.locator(".label").inner_text(): card.locator(".value").inner_text()
        for card in page.locator("#summary .numbers li").all()
    }
    fraction = history["active fraction [1]"]
    assert cards["Lowest active fraction"] == f"{fraction.min():.4g}"
    assert cards["Voltage at the end"] == f"{history['voltage [V]'].iloc[-1]:.4f} V"
    assert cards["Highest contact pressure"] == f"{history['max pressure [Pa]'].max() / 1e6:.3g} MPa"
    assert cards["Charged"] == f"{history['net charge [A h/m^2]'].max() / 10:.4g} mAh/cm²"
    assert cards["Time in the cell"] == f"{history['time [s]'].iloc[-1]:.4g} s"
    note = page.locator("#summary .numbers li", has_text="Lowest active fraction").locator(".note").inner_text()
    assert f"{fraction[0]:.3g} assembled, {fraction.iloc[-1]:.3g} at the end" in note
    assert f"at {history['time [s]'][fraction.idxmin()]:.4g} s" in note
    largest = history["lithium balance [1]"].abs().max()
    assert f"{largest:.2g}" in page.locator("#balances .numbers li", has_text="lithium").inner_text()


def test_words_of_a_user_are_shown_letter_by_letter(page: Any) -> None:
    assert page.locator("h1").inner_text() == EVIL and page.title() == EVIL
    assert EVIL in page.locator("#warnings").inner_text()
    assert page.evaluate("window.hurt") is None
    assert page.locator("main img, header img").count() == 0


def test_a_page_says_what_the_case_asks_and_how_to_do_it_again(page: Any, plane: Path) -> None:
    asked = page.locator("dl.facts").inner_text()
    assert "film in 2D" in asked and "amplitude 500 pm, wavelength 1 µm" in asked
    assert "NMC811, initial stoichiometry 0.9" in asked and "hold fixed thickness, pressure 20 MPa" in asked
    assert "charge at 0.5 mA/cm² until 15 s" in asked and "rest for 5 s" in asked
    page.click("text=The case (case.yaml)")
    page.click("text=Versions and hashes")
    told = page.locator("#reproduce").inner_text()
    assert "interstice run case.yaml -o again" in told
    assert re.search(r"SHA-256 [0-9a-f]{64}", told) and "initial_stoichiometry: 0.9" in told


@pytest.mark.parametrize(
    ("comment", "asked"),
    [("# Does it open,\n# and where?\n#\n# Not told.\n", "Does it open, and where?"), (f"{MARK} all\n", ""), ("", "")],
)
def test_a_question_is_that_of_who_wrote_the_case(tmp_path: Path, comment: str, asked: str) -> None:
    file = tmp_path / "case.yaml"
    file.write_text(f"{comment}title: x\n")
    versions = f"Case file: {file}, SHA-256 {hashlib.sha256(file.read_bytes()).hexdigest()}"
    assert question(versions) == asked
    file.write_text(f"{comment}title: y\n")
    assert question(versions) == ""


def test_headings_and_anchors_lead_through_the_page(page: Any) -> None:
    anchors = page.evaluate("[...document.querySelectorAll('nav a')].map(a => a.getAttribute('href'))")
    assert anchors == ["#summary", "#curves", "#losses", "#maps", "#cell", "#balances", "#reproduce"]
    assert all(page.locator(f"{anchor} h2").count() == 1 for anchor in anchors)
    assert page.locator("h1").count() == 1


# --- charts ----------------------------------------------------------------------------------------


def test_curves_are_the_columns_against_what_is_asked_for(page: Any, plane: Path) -> None:
    history = table(plane)
    first = drawn(page, "curves-chart")
    assert [trace["name"] for trace in first["data"]] == [
        "voltage [V]",
        "active fraction",
        "mean pressure [MPa]",
        "mean gap [pm]",
    ]
    voltage, _, pressure, _ = first["data"]
    np.testing.assert_allclose(voltage["x"], history["time [s]"], rtol=1e-12)
    np.testing.assert_allclose(voltage["y"], history["voltage [V]"], rtol=1e-6)
    np.testing.assert_allclose(pressure["y"], history["mean pressure [Pa]"] / 1e6, rtol=1e-6)
    shades = [(shape["x0"], shape["x1"]) for shape in first["layout"]["shapes"]]
    assert shades == [(0, 15), (15, 20), (20, 35)]

    press(page, "curves", "voltage")
    press(page, "curves", "stack pressure")
    page.select_option("#curves select", "lithium balance")
    names = [trace["name"] for trace in drawn(page, "curves-chart")["data"]]
    assert names == [
        "active fraction",
        "mean pressure [MPa]",
        "mean gap [pm]",
        "stack pressure [MPa]",
        "lithium balance",
    ]

    press(page, "curves", "capacity")
    against = drawn(page, "curves-chart")
    assert against["layout"]["xaxis"]["title"]["text"] == "capacity of the step [mAh/cm²]"
    assert against["layout"]["shapes"] == []
    x = np.array(against["data"][0]["x"], dtype=float)
    # capacity begins anew with each step: there the line does too
    assert np.flatnonzero(np.isnan(x)).tolist() == [
        int(row) + step for step, row in enumerate(np.flatnonzero(history["step [1]"].diff() > 0))
    ]
    np.testing.assert_allclose(x[~np.isnan(x)], history["capacity [A h/m^2]"] / 10, rtol=1e-6)


def test_losses_add_up_to_what_the_voltage_lacks(page: Any, plane: Path) -> None:
    history = table(plane)
    lost = 1e3 * (history["voltage [V]"] - history["open-circuit voltage [V]"])
    stacked = drawn(page, "losses-chart")["data"]
    total = next(trace for trace in stacked if trace["name"] == "sum")
    np.testing.assert_allclose(total["y"], lost, atol=1e-3 * lost.abs().max())
    parts = [trace for trace in stacked if trace["name"] != "sum"]
    np.testing.assert_allclose(np.sum([trace["y"] for trace in parts], axis=0), total["y"], atol=1e-9)
    assert all(trace["stackgroup"] == ("above" if min(trace["y"]) >= 0 else "below") for trace in parts)

    press(page, "losses", "lines")
    lines = drawn(page, "losses-chart")["data"]
    kinetic = next(trace for trace in lines if trace["name"] == "kinetic")
    assert "stackgroup" not in kinetic
    np.testing.assert_allclose(kinetic["y"], 1e3 * history["kinetic overpotential [V]"], rtol=1e-6, atol=1e-6)
    press(page, "losses", "net charge")
    assert drawn(page, "losses-chart")["layout"]["xaxis"]["title"]["text"] == "net charge [mAh/cm²]"


def test_balances_and_the_ledger_are_drawn(page: Any, plane: Path) -> None:
    history = table(plane)
    lithium = next(trace for trace in drawn(page, "balances-chart")["data"] if trace["name"] == "lithium balance")
    exact = history["lithium balance [1]"].abs().to_numpy()
    np.testing.assert_allclose(np.array(lithium["y"], dtype=float)[exact > 0], exact[exact > 0], rtol=1e-6)
    ledger = drawn(page, "ledger-chart")
    names = [trace["name"] for trace in ledger["data"]]
    assert "elastic energy" in names and "energy lost to friction" not in names
    unit = ledger["layout"]["yaxis"]["title"]["text"]
    scale = {"energy [µJ]": 1e6, "energy [nJ]": 1e9, "energy [pJ]": 1e12}[unit]
    elastic = ledger["data"][names.index("elastic energy")]["y"]
    np.testing.assert_allclose(elastic, scale * history["elastic energy [J]"], rtol=1e-6, atol=1e-9)


def test_the_slider_shows_the_interface_at_each_written_time(page: Any, plane: Path) -> None:
    run, history = Run(plane), table(plane)
    times = run.times("interface")
    slider = page.locator("#maps input[type=range]")
    assert int(slider.get_attribute("max")) == len(times) - 1
    lowest = int(np.argmin(history["active fraction [1]"]))
    assert int(slider.input_value()) == lowest
    for number in (0, lowest, len(times) - 1):
        words = slide(page, number)
        assert words.startswith(f"{float(f'{times[number]:.4g}'):g} s, {history['step kind'][number]}")
        assert words.endswith(f"{float(f'{history["active fraction [1]"][number]:.3g}'):g}")
        grid = run.fields("interface", times[number], ["pressure", "gap", "current_density", "contacted"])
        order = np.argsort(grid.points[:, 0])
        chart = drawn(page, "interface-lines")
        traces = {trace["name"]: trace for trace in chart["data"]}
        for name, field, factor in (
            ("pressure [MPa]", "pressure", 1e-6),
            ("gap [pm]", "gap", 1e12),
            ("current density [mA/cm²]", "current_density", 0.1),
            ("conducting share", "contacted", 1.0),
        ):
            np.testing.assert_allclose(traces[name]["x"], 1e6 * grid.points[order, 0], rtol=1e-6)
            np.testing.assert_allclose(traces[name]["y"], factor * grid[field][order], rtol=ROUNDED, atol=1e-9)
        touching = grid["contacted"][order] > 0.5
        assert len(chart["layout"]["shapes"]) == int(touching[0]) + int((np.diff(touching.astype(int)) > 0).sum())
        (line,) = drawn(page, "interface-history")["layout"]["shapes"]
        assert line["y0"] == line["y1"] == pytest.approx(times[number])
    press(page, "maps", "gap")
    assert [trace["name"] for trace in drawn(page, "interface-lines")["data"]] == [
        "pressure [MPa]",
        "current density [mA/cm²]",
        "conducting share",
    ]


def test_the_whole_run_of_an_interface_is_one_map_that_leads_to_a_time(page: Any, plane: Path) -> None:
    times = Run(plane).times("interface")
    (heat,) = drawn(page, "interface-history")["data"]
    assert np.shape(heat["z"]) == (len(times), len(heat["x"]))
    page.select_option("#maps select", "gap")
    (gaps,) = drawn(page, "interface-history")["data"]
    assert gaps["colorbar"]["title"]["text"] == "gap [pm]" and gaps["z"] != heat["z"]
    click = "y => document.getElementById('interface-history').emit('plotly_click', { points: [{ y }] })"
    page.evaluate(click, times[3])
    assert page.locator("#maps input[type=range]").input_value() == "3"
    before = slide(page, 0)
    page.click("#maps button[aria-label=play]")
    page.wait_for_function("Number(document.querySelector('#maps input[type=range]').value) > 1")
    page.click("#maps button[aria-label=pause]")
    assert page.locator("#maps .moment").inner_text() != before


def test_the_cell_is_drawn_deformed_at_the_time_and_scale_asked_for(page: Any, plane: Path) -> None:
    run = Run(plane)
    section = page.locator("#cell")
    times, colours, scales = (section.locator("select").nth(number) for number in range(3))
    options = times.locator("option").all_inner_texts()
    assert options[0] == "0 s (assembled)" and any("lowest f_c" in option for option in options)
    times.select_option(index=len(options) - 1)
    scales.select_option("1")
    assert "deformation to scale" in section.locator(".moment").inner_text()
    true = drawn(page, "cell-chart")["data"]
    scales.select_option("0")
    flat = drawn(page, "cell-chart")["data"]
    grid = run.fields("cell", run.times("cell")[-1], ["displacement_with_initial_gap", "stoichiometry"])
    for side, trace in enumerate(flat):
        part = grid.extract_cells(grid.cell_data["side"] == side)
        assert len(trace["x"]) == part.n_points and len(trace["i"]) == part.n_cells
        there = np.stack([trace["x"], trace["y"], trace["z"]], axis=1) * 1e-6
        moved = np.stack([true[side][axis] for axis in "xyz"], axis=1) * 1e-6
        nodes = np.array([part.find_closest_point(point) for point in there])
        np.testing.assert_allclose(there, part.points[nodes], atol=1e-12)
        warp = part["displacement_with_initial_gap"][nodes]
        np.testing.assert_allclose(moved - there, warp, atol=ROUNDED * np.abs(warp).max() + 1e-13)
        if side == 0:
            np.testing.assert_allclose(trace["intensity"], part["stoichiometry"][nodes], rtol=ROUNDED)
        else:
            assert "intensity" not in trace  # an electrolyte holds no lithium that is counted so

    larger = scales.locator("option").last.get_attribute("value")
    scales.select_option(larger)
    assert f"× {larger}" in section.locator(".moment").inner_text()
    assert drawn(page, "cell-chart")["data"][0]["y"] != true[0]["y"]
    colours.select_option("von_Mises_stress")
    stressed = drawn(page, "cell-chart")["data"]
    assert all("intensity" in trace for trace in stressed) and stressed[0]["cmin"] < stressed[0]["cmax"]
    assert "von Mises stress" in section.locator(".moment").inner_text()
    times.select_option(index=0)
    assert drawn(page, "cell-chart")["data"][0]["intensity"] != stressed[0]["intensity"]
    press(page, "cell", "electrolyte")
    assert [trace["visible"] for trace in drawn(page, "cell-chart")["data"]] == [True, False]


def test_a_solid_interface_is_a_map_of_its_nodes(solid_page: Any, solid: Path) -> None:
    run = Run(solid)
    times = run.times("interface")
    seen = []
    for number in (1, len(times) - 1):
        slide(solid_page, number)
        grid = run.fields("interface", times[number], ["pressure"])
        heat, rim = drawn(solid_page, "interface-pressure")["data"]
        assert heat["type"] == "heatmap" and rim["contours"]["start"] == 0.5
        z = np.array(heat["z"], dtype=float)
        assert np.isfinite(z).all()
        for node in (0, 7, len(grid.points) - 1):
            x, y = 1e6 * grid.points[node, :2]
            column, row = np.argmin(np.abs(np.array(heat["x"]) - x)), np.argmin(np.abs(np.array(heat["y"]) - y))
            off = max(abs(heat["x"][column] - x), abs(heat["y"][row] - y))
            slope = np.abs(np.diff(z, axis=0)).max() / (heat["y"][1] - heat["y"][0])
            assert z[row, column] == pytest.approx(
                1e-6 * grid["pressure"][node], abs=3 * slope * off + ROUNDED * z.max()
            )
        seen.append(heat["z"])
    assert seen[0] != seen[1]
    press(solid_page, "maps", "pressure")
    assert not solid_page.locator("#interface-pressure").is_visible()
    slide(solid_page, 1)
    press(solid_page, "maps", "pressure")
    assert drawn(solid_page, "interface-pressure")["data"][0]["z"] == seen[0]


def test_pixels_of_a_map_take_what_is_linear_from_the_nodes_around_them(solid: Path) -> None:
    (map_,) = maps.maps(Run(solid))
    pixels = map_["pixels"]
    places = np.meshgrid(pixels["x"], pixels["y"])
    for coordinate, exact in zip(map_["points"][:2], places, strict=True):
        found = (pixels["weights"] * coordinate[pixels["nodes"]]).sum(axis=0)
        np.testing.assert_allclose(found, exact.ravel(), atol=3 * ROUNDED * np.ptp(coordinate))


def test_a_solid_cell_is_its_surfaces(solid_page: Any, solid: Path) -> None:
    scales = solid_page.locator("#cell select").nth(2)
    scales.select_option("0")
    for trace in drawn(solid_page, "cell-chart")["data"]:
        points = np.stack([trace["x"], trace["y"], trace["z"]], axis=1)
        corners = points[np.stack([trace["i"], trace["j"], trace["k"]], axis=1)]
        # each surface is closed and holds the volume of its side, with which orientation ever
        volume = np.linalg.det(corners).sum() / 6
        assert abs(volume) == pytest.approx(1.0 * 1.0 * 0.5, rel=1e-3)


def test_each_interface_of_several_is_shown_when_it_is_chosen(browser: Any, tmp_path: Path) -> None:
    interstice.run(tiny_case("protocol=[charge at 0.2 mA/cm^2 for 4 s]", text=FULL), output=tmp_path)
    with opened(browser, report(tmp_path)) as page:
        curves = drawn(page, "curves-chart")
        names = [trace["name"] for trace in curves["data"]]
        assert {"active fraction of cathode/separator", "active fraction of separator/anode"} <= {*names}
        chosen = page.locator("#maps .controls select").first
        assert chosen.locator("option").all_inner_texts() == ["cathode/separator", "separator/anode"]
        assert drawn(page, "interface-lines")["data"][0]["name"].startswith("pressure")
        chosen.select_option("separator/anode")
        # what is bonded has neither pressure nor gap
        lines = drawn(page, "interface-lines")["data"]
        assert [trace["name"] for trace in lines] == ["current density [mA/cm²]", "conducting share"]
        run = Run(tmp_path)
        slide(page, 1)
        grid = run.fields("separator-anode", run.times("separator-anode")[1], ["current_density"])
        shown = drawn(page, "interface-lines")["data"][0]
        order = np.argsort(grid.points[:, 0])
        np.testing.assert_allclose(shown["y"], 0.1 * grid["current_density"][order], rtol=ROUNDED)
        assert [trace["name"] for trace in drawn(page, "cell-chart")["data"]] == ["cathode", "separator", "anode"]


def test_particles_are_rings_in_the_colours_of_a_field(browser: Any, tmp_path: Path) -> None:
    interstice.run(tiny_case("protocol=[charge at 0.05 mA/cm^2 for 5 s]", text=COMPOSITE), output=tmp_path)
    run = Run(tmp_path)
    with opened(browser, report(tmp_path)) as page:
        for number in range(2):
            slide(page, number)
            grid = run.fields("interface", run.times("interface")[number], ["pressure"])
            rings, points = drawn(page, "interface-closed")["data"]
            assert len(rings["x"]) == 3 * grid.n_cells and len(points["x"]) == grid.n_points
            for x, y, value in zip(points["x"], points["y"], points["marker"]["color"], strict=True):
                node = grid.find_closest_point([1e-6 * x, 1e-6 * y, 0.0])
                assert value == pytest.approx(1e-6 * grid["pressure"][node], rel=ROUNDED, abs=1e-9)
        page.locator("#maps select").last.select_option("gap")
        assert drawn(page, "interface-closed")["data"][1]["marker"]["colorbar"]["title"]["text"].startswith("gap")


@pytest.mark.parametrize("which", ["plane", "solid"])
def test_a_surface_that_is_coarsened_keeps_its_extent_and_the_values_at_its_nodes(
    which: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run(request.getfixturevalue(which))
    moments = body.moments(run, "")[-1:]
    fine = body.body(run, moments)
    monkeypatch.setattr(body, "MOST_POINTS", sum(side["nodes"] for side in fine["sides"]) * 3 // 4)
    coarse = body.body(run, moments)
    for before, after in zip(fine["sides"], coarse["sides"], strict=True):
        assert after["nodes"] < before["nodes"] == after["of"]
        assert extent(after, fine["plane"]) == pytest.approx(extent(before, fine["plane"]), rel=1e-5)
        known = {tuple(point): number for number, point in enumerate(before["points"].T)}
        nodes = [known[tuple(point)] for point in after["points"].T]
        for field, values in after["values"].items():
            np.testing.assert_array_equal(values[0], before["values"][field][0][nodes])
        np.testing.assert_array_equal(after["warp"][0], before["warp"][0][:, nodes])


def extent(side: dict[str, Any], plane: bool) -> float:
    """Return the area of a plane side, the volume that the surface of a solid one holds."""
    corners = side["points"].astype(float)[:, side["triangles"]].transpose(2, 1, 0)
    if plane:
        return float(np.abs(np.linalg.det(corners[:, 1:, :2] - corners[:, :1, :2])).sum() / 2)
    return float(abs(np.linalg.det(corners).sum()) / 6)


# --- circumstances ---------------------------------------------------------------------------------


@pytest.mark.parametrize("which", ["plane", "solid"])
def test_a_phone_shows_all_of_it_without_scrolling_sideways(
    which: str, browser: Any, request: pytest.FixtureRequest
) -> None:
    folder = request.getfixturevalue(which)
    with opened(browser, folder / "report.html", PHONE) as page:
        for chart in page.evaluate("[...document.querySelectorAll('.chart')].map(chart => chart.id)"):
            drawn(page, chart)
        for summary in page.locator("summary").all():
            summary.click()
        assert sideways(page) == 0
        widths = page.evaluate(
            "[...document.querySelectorAll('.chart .main-svg')].map(svg => svg.getBoundingClientRect().right)"
        )
        assert widths and max(widths) <= PHONE


def test_a_page_is_small(plane: Path) -> None:
    assert (plane / "report.html").stat().st_size < LARGEST
    assert "report.html" in WRITTEN


def test_a_page_fits_on_paper(browser: Any, plane: Path) -> None:
    with opened(browser, plane / "report.html") as page:
        assert overhang_on_paper(page) == 0


def test_an_old_browser_is_told_and_shows_the_numbers(browser: Any, plane: Path) -> None:
    with opened(browser, plane / "report.html", script="delete window.DecompressionStream") as page:
        assert "Firefox 113" in page.locator("#old").inner_text()
        assert page.locator("#summary .numbers li").count() > 5


def test_a_run_that_goes_on_says_so_and_is_read_as_far_as_it_is(copied: Path, browser: Any) -> None:
    rows = (copied / "history.csv").read_text().splitlines()
    (copied / "history.csv").write_text("\n".join([*rows[:20], rows[20][:40]]))
    status = (copied / "status.json").read_text()
    (copied / "status.json").write_text(
        status.replace('"finished"', '"running"').replace('"share": 1.0', '"share": 0.4')
    )
    lock = Lock.take(copied)
    assert lock
    try:
        report(copied)
    finally:
        lock.release()
    with opened(browser, copied / "report.html") as page:
        assert (
            "still running" in page.locator("header").inner_text() and "40% done" in page.locator("header").inner_text()
        )
        assert len(drawn(page, "curves-chart")["data"][0]["x"]) == 19


def test_a_run_without_fields_or_rows_has_a_page_that_says_why(copied: Path, browser: Any) -> None:
    for path in copied.iterdir():
        if path.suffix not in (".csv", ".yaml", ".txt"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    (copied / "status.json").write_text(f'{{"state": "stopped", "why": "{EVIL}", "title": "short"}}')
    (copied / "error.log").write_text(EVIL)
    report(copied)
    with opened(browser, copied / "report.html") as page:
        assert "The folder holds no fields" in page.locator("#missing").inner_text()
        assert EVIL in page.locator("#why").inner_text() and EVIL in page.locator("#reproduce").inner_text()
        assert page.evaluate("window.hurt") is None
        assert page.locator("#maps").count() == page.locator("#cell").count() == 0
        assert drawn(page, "curves-chart")["data"]
    (copied / "history.csv").unlink()
    report(copied)
    with opened(browser, copied / "report.html") as page:
        assert "history.csv: not found" in page.locator("#missing").inner_text()
        assert page.locator(".chart").count() == 0


def test_the_command_writes_where_it_is_told(plane: Path, tmp_path: Path) -> None:
    file = tmp_path / "a page.html"
    done = CliRunner().invoke(app, ["report", str(plane), "-o", str(file)])
    assert done.exit_code == 0 and done.stdout.replace("\n", "") == str(file)
    assert file.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    for arguments, words in (
        ([str(tmp_path / "nowhere")], "no such folder"),
        ([str(tmp_path)], "neither a run nor a study"),
        ([str(plane), "-o", str(tmp_path / "no" / "page.html")], "cannot be written"),
    ):
        done = CliRunner().invoke(app, ["report", *arguments])
        assert done.exit_code == 2 and words in done.stderr
