"""Runs beside each other: inputs that differ, quantities in common, curves of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas
import pytest
import pyvista

from interstice.solver.plot.run import Run
from interstice.solver.view import charts, comparison


def run(**columns: Any) -> Run:
    """Return a run of a charge and a rest, with other columns."""
    table = {
        "time [s]": [0.0, 60.0, 7200.0],
        "step kind": ["assembly", "charge", "rest"],
        "step [1]": [0, 1, 2],
        "voltage [V]": [3.5, 3.6, 3.7],
        "stack pressure [Pa]": [5e6, 5e6, 5e6],
    }
    return Run.of(pandas.DataFrame(table | columns))


def test_only_what_differs_is_in_the_table_as_people_read_it() -> None:
    cases = {
        "a": {"stack.pressure": "5000000 Pa", "geometry.length": "1e-05 m", "seed": 1, "time": 0.1 + 0.2},
        "b": {"stack.pressure": "5000000 Pa", "geometry.length": "2e-06 m", "time": 0.3},
    }
    table = comparison.differing(cases)
    assert list(table.index) == ["a", "b"] and list(table.columns) == ["geometry.length", "seed"]
    assert table.to_numpy().tolist() == [["10 µm", "1"], ["2 µm", "–"]]


def test_inputs_are_those_of_the_copy_of_the_case(tmp_path: Path) -> None:
    text = "title: x\nstack: {pressure: 5 MPa}\nprotocol: [{step: rest, time: 1 s}]\nlimits: {cells: 1}\n"
    (tmp_path / "case.yaml").write_text(text)
    found = comparison.inputs(tmp_path)
    assert found == {"stack.pressure": "5 MPa", "protocol.0.step": "rest", "protocol.0.time": "1 s"}
    (tmp_path / "case.yaml").write_text("a: [")
    assert comparison.inputs(tmp_path) == {}


def test_quantities_are_those_that_all_runs_have_the_voltage_first() -> None:
    runs = [run(**{"mean gap [m]": [0.0, 0.0, 1e-9]}), run()]
    shared = comparison.quantities(runs)
    assert shared == ["voltage [V]", "stack pressure [Pa]"]
    assert comparison.first_of(["stack pressure [Pa]", "voltage [V]"]) == "voltage [V]"
    assert comparison.quantities([]) == []


def test_runs_are_drawn_in_one_unit_with_colours_of_their_own() -> None:
    longer = run(**{"time [s]": [0.0, 60.0, 14400.0], "stack pressure [Pa]": [5e3, 5e3, 5e3]})
    figure = charts.comparison({"a": run(), "b": longer}, "stack pressure [Pa]")
    assert [trace.name for trace in figure.data] == ["a", "b"]
    assert list(figure.data[0].x) == [0.0, 60 / 3600, 2.0] and list(figure.data[0].y) == [5.0, 5.0, 5.0]
    assert list(figure.data[1].y) == [0.005, 0.005, 0.005]
    assert figure.layout.xaxis.title.text == "time [h]" and figure.layout.yaxis.title.text == "stack pressure [MPa]"
    assert len({trace.line.color for trace in figure.data}) == 2


def test_a_history_has_a_row_for_what_it_has_and_what_stays_is_left_out() -> None:
    figure = charts.curves(run(**{"kinetic overpotential [V]": [0.0, 0.02, 0.0]}))
    titles = [figure.layout[name].title.text for name in ("yaxis", "yaxis2")]
    assert titles == ["voltage<br>[V]", "overpotential<br>[mV]"] and "yaxis3" not in figure.layout
    assert list(figure.data[1].y) == [0.0, 20.0, 0.0] and figure.data[1].showlegend
    # the charge from the assembly to its end, then the rest
    assert [(shape.x0, shape.x1) for shape in figure.layout.shapes] == [(0.0, 1 / 60), (1 / 60, 2.0)]
    moved = charts.curves(run(**{"stack pressure [Pa]": [5e6, 5e6, 6e6]}))
    assert moved.layout.yaxis2.title.text == "stack pressure<br>[MPa]"


def test_a_long_history_is_drawn_by_its_ends_and_what_lies_between() -> None:
    count = 3 * charts.MOST_POINTS
    table = {"time [s]": np.arange(count), "step kind": ["rest"] * count, "step [1]": [1] * count}
    figure = charts.curves(Run.of(pandas.DataFrame({**table, "voltage [V]": np.linspace(3, 4, count)})))
    drawn = figure.data[0].y
    assert len(drawn) == charts.MOST_POINTS and (drawn[0], drawn[-1]) == (3.0, 4.0)


class Written:
    """A run whose interface has these fields, over coordinates of these names."""

    def __init__(self, grid: Any, *axes: str) -> None:
        self.axes = axes or ("x", "y", "z")
        grid.field_data["units"] = ["coordinates [m]", "pressure [Pa]", "gap [m]", "contacted [1]"]
        self.grid = grid

    def fields(self, series: str, time: float, names: Any) -> Any:
        return self.grid


def line_of(points: Any) -> Any:
    cells = np.column_stack([np.full(len(points) - 1, 2), np.arange(len(points) - 1), np.arange(1, len(points))])
    return pyvista.UnstructuredGrid(cells.ravel(), np.full(len(cells), pyvista.CellType.LINE), np.array(points, float))


def test_a_line_is_drawn_in_order_of_place_with_a_band_where_the_sides_touch() -> None:
    grid = line_of([[2e-6, 0, 0], [0, 0, 0], [1e-6, 0, 0]])
    grid["pressure"], grid["gap"], grid["contacted"] = [3e6, 1e6, 0.0], [0.0, 0.0, 1e-9], [1.0, 1.0, 0.0]
    figure = charts.interface(Written(grid), "", 0.0)  # type: ignore[arg-type]
    band, pressure = figure.data[0], figure.data[1]
    assert list(pressure.x) == [0.0, 1.0, 2.0] and list(pressure.y) == [1.0, 0.0, 3.0]
    assert figure.layout.xaxis2.title.text == "x [µm]" and figure.layout.yaxis.title.text == "pressure<br>[MPa]"
    assert list(band.y > 0) == [True, False, True] and max(band.y) >= 3.0


def test_fields_of_a_body_of_revolution_are_drawn_over_its_radius() -> None:
    grid = line_of([[0, 0, 0], [1e-6, 0, 0]])
    grid["pressure"], grid["contacted"] = [1e6, 0.0], [1.0, 0.0]
    figure = charts.interface(Written(grid, "r", "z"), "", 0.0)  # type: ignore[arg-type]
    assert figure.layout.xaxis.title.text == "r [µm]"


def test_a_map_of_an_interface_is_drawn_to_scale() -> None:
    plane = pyvista.Plane(i_size=2e-6, j_size=1e-6, i_resolution=8, j_resolution=4).triangulate()
    grid = plane.cast_to_unstructured_grid()
    grid["pressure"], grid["contacted"] = 1e6 * (1.0 + 1e6 * grid.points[:, 0]), np.ones(grid.n_points)
    figure = charts.interface(Written(grid), "", 0.0)  # type: ignore[arg-type]
    (trace,) = figure.data
    assert trace.z.shape == (80, 160) and figure.layout.yaxis.scaleanchor == "x"
    middle = trace.z[40]
    assert middle[0] == pytest.approx(0.0, abs=1e-6) and middle[-1] == pytest.approx(2.0, rel=1e-6)
