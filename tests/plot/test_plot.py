"""Pictures of a small made-up run, whose fields are known."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
import pytest
import pyvista
from dolfinx import fem
from matplotlib.figure import Figure
from mpi4py import MPI
from mpl_toolkits.axes_grid1.anchored_artists import AnchoredSizeBar
from PIL import Image

from interstice.meshes import film
from interstice.meshes.height_profile import flat
from interstice.schema import Film
from interstice.solver.domain import Domain
from interstice.solver.output import CombinedSeries, Series
from interstice.solver.plot import curves, plot
from interstice.solver.plot.cell import WARP, cell, view
from interstice.solver.plot.field import field
from interstice.solver.plot.history import against_time, crack, cycles, history, voltage_capacity
from interstice.solver.plot.interface import draw_curve, interface
from interstice.solver.plot.run import Grid, Run
from interstice.solver.plot.style import STYLE, plain_ticks, quantity, round_down
from interstice.solver.pvd import write_pvd
from interstice.solver.report.maps import maps
from interstice.solver.results import WRITTEN_BELOW

LENGTH = 4e-6
THICKNESS = 1e-6
DEPTH = 4e-8
"""Of the roughness [m]."""
TIMES, STEPS, CURRENT = [0.0, 60.0, 120.0, 400.0], [0, 1, 1, 2], [0.0, 10.0, 10.0, -10.0]
KINDS = ("assembly", "charge", "charge", "discharge")
APPROACH = (0.6, 0.5, 0.2, 0.4)
"""How far the sides have come together at each time, in depths of the roughness; the lowest is at 120 s."""
HEADER = (
    "time [s],step kind,step [1],voltage [V],current density [A/m^2],capacity [A h/m^2],active fraction [1],"
    "max pressure [Pa],mean gap [m]"
)

needs_renderer = pytest.mark.skipif(
    pyvista.vtk_version_info < (9, 4) and not os.environ.get("DISPLAY"), reason="this VTK needs a screen"
)


def opening(x: np.ndarray, approach: float) -> np.ndarray:
    """Return the gap [m] at points of shape (3, n), negative where the sides press on each other."""
    rough = (2 + np.cos(2 * np.pi * x[0] / LENGTH) - np.cos(5 * x[1] / LENGTH)) / 2
    return DEPTH * (rough - approach)


def write_run(folder: Path, dimension: int, approach: Sequence[float] = APPROACH) -> None:
    """Write the run of a film whose sides draw apart and come back."""
    geometry = Film.model_validate(
        {
            "builder": "film",
            "dimension": dimension,
            "length": f"{LENGTH} m",
            "electrode_thickness": f"{THICKNESS} m",
            "electrolyte_thickness": f"{THICKNESS} m",
            "element_size": "0.2 um",
        }
    )
    domain = Domain(film.build(MPI.COMM_SELF, geometry, flat()))
    interface = domain.interfaces["electrode", "electrolyte"]
    gap, pressure, contacted, current = (interface.function(name) for name in "gpcj")
    nodal = {"gap [m]": gap, "pressure [Pa]": pressure, "contacted [1]": contacted, "current density [A/m^2]": current}
    parts = []
    for name, side in domain.sides.items():
        warp = fem.Function(side.space(1, (dimension,)), name=name)
        theta, stress = fem.Function(side.space()), fem.Function(fem.functionspace(side.mesh, ("DG", 0)))
        theta.interpolate(lambda x: 0.5 + 0.3 * x[0] / LENGTH)
        stress.interpolate(lambda x: 5e6 * np.exp(x[dimension - 1] / THICKNESS))
        point = {"displacement with initial gap [m]": warp}
        if name == "electrode":
            point["stoichiometry [1]"], lifted = theta, warp
        parts.append((name, side.mesh, point, {"von Mises stress [Pa]": stress}))
    series = [Series(folder, "interface", interface.mesh, nodal), CombinedSeries(folder, "cell", parts)]

    lines = [HEADER]
    for time, kind, step, applied, near in zip(TIMES, KINDS, STEPS, CURRENT, approach, strict=True):
        distance = opening(interface.space.tabulate_dof_coordinates().T, near)
        gap.x.array[:] = np.maximum(distance, 0)
        pressure.x.array[:] = 1e15 * np.maximum(-distance, 0)
        contacted.x.array[:] = distance <= 0
        fraction = interface.sum(contacted.x.array) / interface.sum(np.ones_like(distance))
        current.x.array[:] = applied * contacted.x.array / max(fraction, 1e-9)
        lifted.sub(dimension - 1).interpolate(lambda x, near=near: np.maximum(opening(x, near), 0))
        for one in series:
            one.write(time)
        row = (step, 3.7 + 1e-3 * time, applied, 1e-3 * time, fraction, interface.max(pressure.x.array), 1e-8)
        lines.append(",".join([f"{time:.12g}", kind, *(f"{value:.12g}" for value in row)]))
    (folder / "history.csv").write_text("\n".join(lines) + "\n")


@pytest.fixture(scope="module")
def plane_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("plane")
    write_run(folder, 2)
    return folder


@pytest.fixture
def copied_run(plane_run: Path, tmp_path: Path) -> Path:
    """A copy of the plane run, to be damaged."""
    return Path(shutil.copytree(plane_run, tmp_path / "run"))


def assert_pictures(paths: list[Path]) -> None:
    assert {path.name for path in paths} == {
        "history.png",
        "voltage_capacity.png",
        "interface.png",
        "cell.png",
        "opening.gif",
    }
    for path in paths:
        assert any(path.match(name) for name in WRITTEN_BELOW["plots"]), f"--overwrite would not know {path.name}"
        pixels = np.asarray(Image.open(path).convert("L"), dtype=float)
        assert pixels.std() > 10, f"{path} is blank"
        # Something is drawn in every third of the picture, upper, middle and lower.
        assert all(third.std() > 5 for third in np.array_split(pixels, 3)), f"{path} is empty in part"


def test_a_plane_run_gives_all_pictures(plane_run: Path) -> None:
    assert_pictures(plot(plane_run))


def test_repeated_steps_are_drawn_against_the_number_of_the_cycle(copied_run: Path) -> None:
    path = copied_run / "history.csv"
    header, *rows = path.read_text().splitlines()
    path.write_text(
        "\n".join([f"{header},cycle [1],mean damage [1]", *(f"{row},{i % 3},{i / 9}" for i, row in enumerate(rows))])
    )
    run = Run(copied_run)
    upper, lower = cycles(run).axes
    fraction = run.column("active fraction")[0]
    highest, lowest = (line.get_ydata() for line in upper.lines)
    np.testing.assert_array_equal(highest, [fraction[1::3].max(), fraction[2::3].max()])
    np.testing.assert_array_equal(lowest, [fraction[1::3].min(), fraction[2::3].min()])
    assert list(lower.lines[0].get_xdata()) == [1, 2]
    assert lower.get_xticks()[0] == 1  # there is no cycle 0
    assert "cycles.png" in {picture.name for picture in plot(copied_run)}


def test_force_of_a_specimen_is_drawn_against_its_opening(copied_run: Path) -> None:
    path = copied_run / "history.csv"
    header, *rows = path.read_text().splitlines()
    more = [f"{row},{number}e-7,{5 * number},{number / 2}" for number, row in enumerate(rows)]
    path.write_text("\n".join([f"{header},opening [m],opening force [N],energy release rate [J/m^2]", *more]))
    force, rate = (ax.lines[0] for ax in crack(Run(copied_run)).axes)
    # in nm
    np.testing.assert_allclose(force.get_xdata(), 100.0 * np.arange(len(rows)))
    np.testing.assert_allclose(force.get_ydata(), 5.0 * np.arange(len(rows)))
    np.testing.assert_allclose(rate.get_ydata(), np.arange(len(rows)) / 2)


@needs_renderer
def test_a_solid_run_gives_all_pictures(tmp_path: Path) -> None:
    write_run(tmp_path, 3)
    assert_pictures(plot(tmp_path))


def test_moments_are_start_of_current_lowest_fraction_and_end(plane_run: Path) -> None:
    moments = Run(plane_run).moments("")
    assert [moment.time for moment in moments] == [60.0, 120.0, 400.0]
    assert [moment.label for moment in moments] == ["first under current", "lowest $f_c$", "end"]


def test_bands_cover_the_active_fraction(plane_run: Path) -> None:
    run = Run(plane_run)
    for time in TIMES:
        ax = Figure().subplots()
        grid = run.fields("interface", time, ["gap", "contacted"])
        draw_curve(ax, grid, grid["gap"])
        covered = sum(bar.get_width() for bar in ax.patches) / np.diff(ax.get_xlim())[0]
        assert covered == pytest.approx(run.at("active fraction", time), rel=1e-6)


def test_view_shows_contact_and_the_widest_gap_beside_it(plane_run: Path) -> None:
    surface = Run(plane_run).fields("interface", 120.0, ["gap", "contacted"])
    place, width, exaggeration = view(surface, None)
    seen = np.abs(surface.points[:, 0] - place[0]) <= width / 2
    assert (surface["contacted"][seen] > 0).any()
    widest = surface["gap"][seen].max()
    assert widest > 0
    assert 0.08 * width < exaggeration * widest < 0.5 * width


@pytest.mark.parametrize("approach", [1.0, -1.0], ids=["everywhere", "nowhere"])
def test_sides_that_touch_everywhere_or_nowhere_are_drawn(tmp_path: Path, approach: float) -> None:
    write_run(tmp_path, 2, [approach] * len(TIMES))
    assert_pictures(plot(tmp_path))


@pytest.mark.parametrize(
    "damage, message",
    [
        (lambda run: (run / "history.csv").unlink(), "history.csv: not found"),
        (lambda run: (run / "history.csv").write_text(""), "history.csv: not a table"),
        (lambda run: (run / "history.csv").write_bytes(b"\xff\xfe\x00"), "history.csv: not a table"),
        (lambda run: (run / "history.csv").write_text("time [s],step [1]\n"), "history.csv: no complete row"),
        (lambda run: (run / "history.csv").write_text("a,b\n1,2\n"), r"there is no column 'time \[unit\]'"),
        (lambda run: (run / "history.csv").write_text("time [s]\nsoon\n"), r"column 'time \[s\]' holds something"),
        (lambda run: (run / "interface.vtkhdf").unlink(), "interface.vtkhdf: not found"),
        (lambda run: (run / "interface.vtkhdf").write_text("nothing"), "interface.vtkhdf: is damaged"),
        (lambda run: os.truncate(run / "cell.vtkhdf", 9000), "cell.vtkhdf: is damaged"),
    ],
)
def test_missing_and_damaged_files_are_named(copied_run: Path, damage: Callable[[Path], object], message: str) -> None:
    damage(copied_run)
    with pytest.raises(ValueError, match=message):
        plot(copied_run)


def test_series_as_pvd_are_drawn_like_those_that_they_are_made_of(copied_run: Path) -> None:
    """As the folders are that earlier versions wrote."""
    of_series = Run(copied_run).fields("cell", 120.0, ())
    assert [path.name for path in write_pvd(copied_run)] == ["cell.pvd", "interface.pvd"]
    times = Run(copied_run).times("cell")
    for path in copied_run.glob("*.vtkhdf"):
        path.unlink()
    run = Run(copied_run)
    assert run.times("cell") == times == TIMES
    grid = run.fields("cell", 120.0, ())
    for name in (*of_series.point_data, *of_series.cell_data):
        np.testing.assert_array_equal(grid[name], of_series[name])
    (copied_run / "fields" / "cell_000002.vtu").write_bytes(b"nothing")
    with pytest.raises(ValueError, match=r"cell\.pvd: the fields at 120 s"):
        run.fields("cell", 120.0, ())
    (copied_run / "cell.pvd").write_text("<VTKFile><Coll")
    with pytest.raises(ValueError, match=r"cell\.pvd: is damaged"):
        run.times("cell")
    with pytest.raises(ValueError, match="no field series are here"):
        write_pvd(copied_run)


def test_last_row_of_a_running_simulation_may_be_incomplete(copied_run: Path) -> None:
    with (copied_run / "history.csv").open("a") as stream:
        stream.write("500,3,3.")
    assert Run(copied_run).time[-1] == TIMES[-1]


@pytest.mark.parametrize(
    "unit, value, shown",
    [
        ("Pa", 2.5e9, "2.5 GPa"),
        ("Pa", 2.5e6, "2.5 MPa"),
        ("m", 3.2e-8, "32 nm"),
        ("m", 1e-5, "10 µm"),
        ("s", 90.0, "90 s"),
        ("s", 150.0, "2.5 min"),
        ("s", 9000.0, "2.5 h"),
        ("A/m^2", 10.0, "1 mA/cm²"),
        ("V", 0.004, "0.004 V"),
        ("m", 0.0, "0 m"),
    ],
)
def test_quantities_are_shown_in_units_people_use(unit: str, value: float, shown: str) -> None:
    assert quantity(unit, value) == shown


def test_chosen_quantities_are_drawn_at_chosen_times_and_nothing_else(plane_run: Path) -> None:
    chosen = ["voltage", "gap", "stoichiometry", "von Mises stress"]
    paths = plot(plane_run, form="pdf", quantities=chosen, times=[130.0, 390.0])
    assert [path.stem for path in paths] == [
        "quantities",
        "quantities_interface",
        "cell_stoichiometry",
        "cell_von_Mises_stress",
    ]
    assert all(path.read_bytes().startswith(b"%PDF") for path in paths)
    run = Run(plane_run, [130.0, 390.0])
    assert [moment.time for moment in run.moments("")] == [120.0, 400.0]
    assert [moment.time for moment in run.lowest("")] == [120.0, 400.0]
    (row,) = against_time(run, ["voltage"]).axes
    np.testing.assert_array_equal(row.lines[0].get_ydata(), run.column("voltage")[0])


@pytest.mark.parametrize("time", [400.1, 18000.0])
def test_a_time_that_the_run_has_not_is_refused_with_those_it_has(time: float, plane_run: Path) -> None:
    with pytest.raises(ValueError, match=rf"--time: {time:g} s is not in the run in .*, which lasts from 0 to 400 s"):
        plot(plane_run, quantities=["gap"], times=[130.0, time])
    assert Run(plane_run, [0.0, 400.0 * (1 + 1e-9)]).asked


def test_a_quantity_that_is_not_there_is_told_with_those_that_are(plane_run: Path) -> None:
    with pytest.raises(ValueError, match=r"no quantity 'tempo'.*there are .*gap.*stoichiometry.*voltage"):
        plot(plane_run, quantities=["voltage", "tempo"])


def test_pictures_are_as_wide_as_asked(plane_run: Path) -> None:
    for path in plot(plane_run, quantities=["voltage", "pressure"], width=4.0):
        assert Image.open(path).width == 4.0 * STYLE["savefig.dpi"]


def test_a_field_of_the_cell_is_drawn_where_it_is(plane_run: Path) -> None:
    first, *_ = field(Run(plane_run), "stoichiometry").axes
    drawn = first.collections[0]._triangulation
    corners = drawn.triangles.ravel()
    # in µm, undeformed; only the electrode has a stoichiometry
    for places, extent in ((drawn.x[corners], (0.0, 1e6 * LENGTH)), (drawn.y[corners], (0.0, 1e6 * THICKNESS))):
        assert (places.min(), places.max()) == pytest.approx(extent, abs=1e-9)


def test_what_is_exaggerated_has_a_scale_and_no_coordinates(plane_run: Path) -> None:
    run = Run(plane_run)
    whole, zoom = cell(run, *run.lowest("")).axes[:2]
    for ax in (whole, zoom):
        assert not ax.get_xticks().size and not ax.get_yticks().size
        (bar,) = (artist for artist in ax.artists if isinstance(artist, AnchoredSizeBar))
        assert bar.txt_label.get_text().endswith("µm")
    # the interface is at y = 0 and stays there, in the middle of the view
    assert np.mean(zoom.get_ylim()) == pytest.approx(0.0, abs=1e-9)
    low, high = (line.get_array() for line in (zoom.collections[0], zoom.collections[1]))
    assert len(low) and len(high)


@pytest.mark.parametrize("rise", [0.0, 1.0], ids=["flat", "lifted"])
def test_cell_fills_its_half_of_the_picture_and_no_title_is_over_another(copied_run: Path, rise: float) -> None:
    """Also where what is drawn is higher than the cell was."""
    run = Run(copied_run)
    (moment,) = run.lowest("")
    fields = run.fields

    def lifted(series: str, time: float, names: Iterable[str]) -> Grid:
        grid = fields(series, time, names)
        if series == "cell":
            grid[WARP][:, 1] += rise * THICKNESS * (grid.points[:, 1] > 0)
        return grid

    run.fields = lifted  # type: ignore[method-assign]
    figure = cell(run, moment)
    figure.draw_without_rendering()
    whole, zoom = figure.axes[:2]
    assert not zoom.get_title()
    heights = [ax.get_window_extent().height for ax in (whole, zoom)]
    assert heights[0] == pytest.approx(heights[1], rel=0.1)


def test_what_is_not_exaggerated_is_said_to_be_to_scale(plane_run: Path) -> None:
    run = Run(plane_run)
    (moment,) = run.lowest("")
    assert "× " in cell(run, moment).get_suptitle()
    fields = run.fields

    def large(series: str, time: float, names: Iterable[str]) -> Grid:
        grid = fields(series, time, names)
        for name in {WARP, "gap"} & set(grid.point_data):
            grid[name] *= 50
        return grid

    run.fields = large  # type: ignore[method-assign]
    assert cell(run, moment).get_suptitle().endswith("to scale")


@pytest.mark.parametrize("low, high", [(0.3213, 0.3476), (0.0, 22.2), (0.4, 0.83), (0.0, 367.0), (3e-4, 5e-4)])
def test_a_colour_bar_goes_in_round_steps_of_which_there_are_few(low: float, high: float) -> None:
    ticks = plain_ticks(5)["ticks"].tick_values(low, high)
    (step,) = set(np.round(np.diff(ticks) / 10.0 ** np.floor(np.log10(ticks[1] - ticks[0])), 6))
    assert step in (1.0, 2.0, 2.5, 5.0)
    assert 2 <= np.count_nonzero((low <= ticks) & (ticks <= high)) <= 6


def test_a_history_has_its_steps_its_current_and_its_lowest_contact_where_they_belong(plane_run: Path) -> None:
    """In minutes: a charge to 2, from the row before its first, then a discharge to the end."""
    run = Run(plane_run)
    axes = {ax.get_ylabel().partition("\n")[0]: ax for ax in history(run).axes}
    shaded = [(span.get_x(), span.get_x() + span.get_width()) for span in axes["voltage"].patches]
    np.testing.assert_allclose(shaded, [(0.0, 2.0), (2.0, 400 / 60)])
    (current,) = axes["current density"].lines
    assert current.get_drawstyle() == "steps-pre"
    np.testing.assert_allclose(current.get_ydata(), 0.1 * np.array(CURRENT))  # mA/cm²
    curve, mark = axes["active fraction $f_c$"].lines
    np.testing.assert_allclose(curve.get_xdata(), np.array(TIMES) / 60)
    assert (mark.get_xdata()[0], mark.get_ydata()[0]) == (2.0, min(curve.get_ydata()))
    assert axes["active fraction $f_c$"].get_title(loc="right").endswith("at 2 min")


def test_voltage_is_drawn_against_the_capacity_of_each_charge_and_discharge(plane_run: Path) -> None:
    run = Run(plane_run)
    lines = voltage_capacity(run).axes[0].lines
    assert [line.get_label() for line in lines] == ["charge 1", "discharge 1"]
    for line, rows in zip(lines, ([1, 2], [3]), strict=True):
        np.testing.assert_allclose(line.get_xdata(), 0.1 * run.column("capacity")[0][rows])  # mAh/cm²
        np.testing.assert_allclose(line.get_ydata(), run.column("voltage")[0][rows])


def test_an_interface_is_drawn_in_the_units_of_its_axis_and_at_its_places(plane_run: Path) -> None:
    run = Run(plane_run)
    (moment,) = run.lowest("")
    (ax,) = interface(run, "", [moment], ["gap"]).axes
    grid = run.fields("interface", moment.time, ["gap"])
    order = np.argsort(grid.points[:, 0])
    assert ax.get_ylabel() == "gap\n[nm]" and ax.get_xlabel() == "x [µm]"
    np.testing.assert_allclose(ax.lines[0].get_ydata(), 1e9 * grid["gap"][order], atol=1e-9)
    np.testing.assert_allclose(ax.lines[0].get_xdata(), 1e6 * grid.points[order, 0], atol=1e-9)


def test_coordinates_of_a_body_of_revolution_are_its_radius_and_height(copied_run: Path) -> None:
    (copied_run / "case.yaml").write_text("geometry: {builder: layers, axisymmetric: true}\n")
    run = Run(copied_run)
    (along,) = interface(run, "", run.lowest(""), ["gap"]).axes
    first, *_ = field(run, "stoichiometry").axes
    assert along.get_xlabel() == first.get_xlabel() == "r [µm]" and first.get_ylabel() == "z [µm]"
    (drawn,) = maps(run)
    assert drawn["axes"] == ("r", "z")


def test_where_nothing_opens_the_end_has_most_to_show(copied_run: Path) -> None:
    run = Run(copied_run)
    run.table["active fraction [1]"] = 0.5
    assert [moment.time for moment in run.lowest("")] == [TIMES[-1]]


@pytest.mark.parametrize(
    "value, rounded", [(0.3, 1), (1.99, 1), (4.9, 2), (7.0, 5), (19.9, 10), (20.0, 20), (6e3, 5e3)]
)
def test_exaggerations_are_round_numbers_below(value: float, rounded: float) -> None:
    assert round_down(value) == rounded


def names_of_steps(run: Run) -> list[str]:
    return [text.get_text() for text in history(run).axes[0].texts]


def test_steps_are_named_where_there_is_room_for_the_word(copied_run: Path) -> None:
    assert names_of_steps(Run(copied_run)) == ["charge", "discharge"]
    path = copied_run / "history.csv"
    header, *rows = path.read_text().splitlines()
    short = rows[-1].replace("400,discharge,2", "410,rest,3")
    path.write_text("\n".join([header, *rows, short]))
    assert names_of_steps(Run(copied_run)) == ["charge", "discharge"]


@pytest.mark.parametrize("pressure, drawn", [("1e6,1e6,2e6,1e6", True), ("1e6,1e6,1e6,1e6", False)])
def test_stack_pressure_is_drawn_where_it_changes(copied_run: Path, pressure: str, drawn: bool) -> None:
    path = copied_run / "history.csv"
    header, *rows = path.read_text().splitlines()
    more = [f"{row},{value}" for row, value in zip(rows, pressure.split(","), strict=True)]
    path.write_text("\n".join([f"{header},stack pressure [Pa]", *more]))
    labels = [ax.get_ylabel() for ax in history(Run(copied_run)).axes]
    assert ("stack pressure\n[MPa]" in labels) == drawn


def test_cycles_without_a_bond_have_whole_numbers_and_no_damage(copied_run: Path) -> None:
    path = copied_run / "history.csv"
    header, *rows = path.read_text().splitlines()
    path.write_text("\n".join([f"{header},cycle [1]", *(f"{row},{1 + i % 2}" for i, row in enumerate(rows))]))
    (only,) = cycles(Run(copied_run)).axes
    ticks = only.get_xticks()
    np.testing.assert_array_equal(ticks, np.round(ticks))


def test_without_a_charge_there_is_no_curve_of_capacity(copied_run: Path) -> None:
    path = copied_run / "history.csv"
    path.write_text(path.read_text().replace("discharge", "open").replace("charge", "open"))
    assert "voltage_capacity" not in curves(Run(copied_run))


def test_every_picture_of_the_pages_has_its_recipe_and_is_shown() -> None:
    docs = Path(__file__).parents[2] / "docs"
    pages = [docs.parent / "README.md", *docs.glob("*.md")]
    shown = {Path(name).name for page in pages for name in re.findall(r"\]\(([^)]*\.(?:png|gif))\)", page.read_text())}
    there = {path.name for pattern in ("*.png", "*.gif") for path in docs.glob(pattern)}
    recipes = re.findall(r'^ {4}"(.*\.(?:png|gif))": ', (docs / "pictures.py").read_text(), re.MULTILINE)
    assert set(recipes) == shown == there
