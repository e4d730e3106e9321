"""Series of fields, written with one or two ranks, read back with VTK.

Run as a program, this file writes what the tests read: ``test_output.py {2|3|lonely} FOLDER``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import pyvista
from dolfinx import fem
from dolfinx.mesh import create_submesh, create_unit_square
from mpi4py import MPI
from vtk_reader import read_series

from interstice.meshes import film
from interstice.meshes.height_profile import flat
from interstice.schema import Film
from interstice.schema.units import Length, unit
from interstice.solver.domain import Domain
from interstice.solver.output import LENGTHS, CombinedSeries, Series
from interstice.solver.results import OutputError

LENGTH = 2e-6
THICKNESS = {"electrode": 1e-6, "electrolyte": 0.5e-6}
OPENING = 3e-8
SLIP = 1e-8


def linear(x: np.ndarray) -> np.ndarray:
    """A linear function of points of shape (3, n)."""
    return 7.0 + 2e6 * x[0] - 3e6 * x[1] + 5e6 * x[2]


def linear_vector(x: np.ndarray) -> np.ndarray:
    return np.stack([linear(x), 1e6 * x[1], -1e6 * x[0]])


def write_film(folder: Path, dimension: int) -> None:
    """Write all four series of a film at times 0 and 1.5 s, all fields twice as large the second time."""
    geometry = Film.model_validate(
        {
            "builder": "film",
            "dimension": dimension,
            "length": f"{LENGTH} m",
            "electrode_thickness": f"{THICKNESS['electrode']} m",
            "electrolyte_thickness": f"{THICKNESS['electrolyte']} m",
            "element_size": "0.25 um",
        }
    )
    domain = Domain(film.build(MPI.COMM_WORLD, geometry, flat()))
    interface = domain.interfaces["electrode", "electrolyte"]

    def interpolated(space: fem.FunctionSpace, values: Callable[[np.ndarray], np.ndarray]) -> fem.Function:
        function = fem.Function(space)
        function.interpolate(values)
        return function

    fields: dict[str, tuple[dict[str, fem.Function], dict[str, fem.Function]]] = {}
    for sign, (name, side) in zip((0.5, -0.5), domain.sides.items(), strict=True):
        # The electrode moves up and to the right, the electrolyte as much the other way.
        moved = np.zeros((dimension, 1))
        moved[0], moved[-1] = sign * SLIP, sign * OPENING
        point = {
            "linear [1]": interpolated(side.space(), linear),
            "vector [1]": interpolated(side.space(2, (dimension,)), lambda x: linear_vector(x)[:dimension]),
            "displacement [m]": interpolated(
                side.space(1, (dimension,)), lambda x, moved=moved: np.repeat(moved, x.shape[1], axis=1)
            ),
        }
        if name == "electrode":
            point["stoichiometry [1]"] = interpolated(side.space(), linear)
        cell = {"midpoint [1]": interpolated(fem.functionspace(side.mesh, ("DG", 0)), linear)}
        fields[name] = point, cell
    reader = interface.reader(fields["electrode"][0]["linear [1]"]("+"))
    nodal = {"interpolated [1]": interpolated(interface.space, linear), "read [1]": reader.values}

    series: list[CombinedSeries] = [Series(folder, name, domain.sides[name].mesh, *fields[name]) for name in fields]
    series.append(Series(folder, "interface", interface.mesh, nodal))
    series.append(CombinedSeries(folder, "cell", [(name, domain.sides[name].mesh, *fields[name]) for name in fields]))
    reader.read()
    for one in series:
        one.write(0.0)
    for function in [
        *nodal.values(),
        *(f for point, cell in fields.values() for f in (*point.values(), *cell.values())),
    ]:
        function.x.array[:] *= 2
    for one in series:
        one.write(1.5)


def write_lonely(folder: Path) -> None:
    """Write a series on a mesh of which rank 0 owns every cell."""
    parent = create_unit_square(MPI.COMM_WORLD, 4, 4)
    owned = parent.topology.index_map(2).size_local if MPI.COMM_WORLD.rank == 0 else 0
    submesh = create_submesh(parent, 2, np.arange(owned, dtype=np.int32))[0]
    function = fem.Function(fem.functionspace(submesh, ("P", 1)))
    function.interpolate(linear)
    Series(folder, "lonely", submesh, {"linear [1]": function}).write(0.0)


def read(folder: Path, name: str, time_value: float = 0.0) -> pyvista.UnstructuredGrid:
    """Return a series at a time, read by VTK."""
    return read_series(folder / f"{name}.vtkhdf", time_value)[1]


def assert_field(grid: pyvista.UnstructuredGrid, name: str, expected: np.ndarray) -> None:
    np.testing.assert_allclose(grid[name], expected, rtol=0, atol=1e-12 * np.abs(expected).max())


@pytest.fixture(scope="module", params=[2, 3], ids=["2D", "3D"])
def written(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[int, Path]:
    """Dimension and folder of the series of a film, written by one rank."""
    folder = tmp_path_factory.mktemp("series")
    write_film(folder, request.param)
    return request.param, folder


def test_sides_hold_each_cell_once_and_every_value_at_its_place(written: tuple[int, Path]) -> None:
    dimension, folder = written
    for name, thickness in THICKNESS.items():
        for time_value, factor in ((0.0, 1), (1.5, 2)):
            grid = read(folder, name, time_value)
            volume = grid.compute_cell_sizes(length=False)["Area" if dimension == 2 else "Volume"].sum()
            assert volume == pytest.approx(thickness * LENGTH ** (dimension - 1), rel=1e-6)
            assert_field(grid, "linear", factor * linear(grid.points.T))
            expected = linear_vector(grid.points.T).T
            expected[:, dimension:] = 0
            assert_field(grid, "vector", factor * expected)
            assert_field(grid, "midpoint", factor * linear(grid.cell_centers().points.T))


def test_interface_shows_values_of_the_sides_at_the_same_place(written: tuple[int, Path]) -> None:
    dimension, folder = written
    grid = read(folder, "interface")
    area = grid.compute_cell_sizes(volume=False)["Length" if dimension == 2 else "Area"].sum()
    assert area == pytest.approx(LENGTH ** (dimension - 1), rel=1e-6)
    assert_field(grid, "interpolated", linear(grid.points.T))
    assert_field(grid, "read", linear(grid.points.T))


def test_combined_grid_opens_by_the_jump_when_warped(written: tuple[int, Path]) -> None:
    dimension, folder = written
    grid = read(folder, "cell")
    assert [str(name) for name in grid.field_data["side"][:2]] == ["electrode", "electrolyte"]
    on_electrode, on_electrolyte = (
        grid.extract_cells(grid["side"] == side).warp_by_vector("displacement", factor=1.0) for side in (0, 1)
    )
    height = dimension - 1
    assert on_electrode.points[:, height].min() == pytest.approx(OPENING / 2, rel=1e-6)
    assert on_electrolyte.points[:, height].max() == pytest.approx(-OPENING / 2, rel=1e-6)
    assert on_electrode.points[:, 0].max() - on_electrolyte.points[:, 0].max() == pytest.approx(SLIP, rel=1e-4)


def test_field_of_one_side_is_nan_on_the_other(written: tuple[int, Path]) -> None:
    grid = read(written[1], "cell")
    electrode, electrolyte = (grid.extract_cells(grid["side"] == side) for side in (0, 1))
    assert_field(electrode, "stoichiometry", linear(electrode.points.T))
    assert np.isnan(electrolyte["stoichiometry"]).all()


def test_several_ranks_write_what_one_writes_in_the_same_order(
    mpi_run: Callable[..., str], written: tuple[int, Path], tmp_path: Path
) -> None:
    dimension, folder = written
    mpi_run([__file__, str(dimension), str(tmp_path)], ranks=5 - dimension)
    for name in ("electrode", "electrolyte", "interface", "cell"):
        one, several = (read(series, name, 1.5) for series in (folder, tmp_path))
        assert one.array_names == several.array_names
        corners = [np.sort(grid.cell_connectivity.reshape(grid.n_cells, -1), axis=1) for grid in (one, several)]
        np.testing.assert_array_equal(*corners)
        pairs = {field: (one[field], several[field]) for field in one.array_names if field not in one.field_data}
        for field, (alone, together) in {"points": (one.points, several.points), **pairs}.items():
            rounding = 1e-14 * np.nanmax(np.abs(alone))
            np.testing.assert_allclose(alone, together, rtol=0, atol=rounding, err_msg=f"{name}: {field}")


def test_a_rank_may_have_no_cells(mpi_run: Callable[..., str], tmp_path: Path) -> None:
    mpi_run([__file__, "lonely", str(tmp_path)], ranks=2)
    grid = read(tmp_path, "lonely")
    assert_field(grid, "linear", linear(grid.points.T))


def test_times_are_read_back_to_the_last_digit(tmp_path: Path) -> None:
    mesh = create_unit_square(MPI.COMM_SELF, 1, 1)
    series = Series(tmp_path, "timed", mesh, {"zero [1]": fem.Function(fem.functionspace(mesh, ("P", 1)))})
    times = [0.0, 1 / 3, 123456.789012345]
    for time_value in times:
        series.write(time_value)
    assert read_series(tmp_path / "timed.vtkhdf", 0.0)[0] == times


@pytest.mark.parametrize("name", LENGTHS)
def test_a_metre_has_as_many_of_each_unit_as_a_case_takes_it_for(name: str) -> None:
    assert LENGTHS[name] * unit(Length).parse(f"1 {name}") == pytest.approx(1.0, rel=1e-12)


def test_a_file_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    mesh = create_unit_square(MPI.COMM_SELF, 1, 1)
    series = Series(tmp_path, "blocked", mesh, {"zero [1]": fem.Function(fem.functionspace(mesh, ("P", 1)))})
    (tmp_path / "blocked.vtkhdf").mkdir()
    with pytest.raises(OSError, match=r"blocked\.vtkhdf: cannot be written"):
        series.write(0.0)


def test_a_series_goes_on_in_another_unit_of_length_and_not_in_a_damaged_file(tmp_path: Path) -> None:
    mesh = create_unit_square(MPI.COMM_SELF, 1, 1)
    gap = fem.Function(fem.functionspace(mesh, ("P", 1)))
    fields = {"gap [m]": gap, "damage [1]": gap}
    for time_value, length in enumerate(("m", "um", "nm")):
        series = Series(tmp_path, "rescaled", mesh, fields, length=length)
        series.recall(time_value)
        gap.x.array[:] = time_value + 1.0
        series.write(time_value)
        assert series.memory() == time_value + 1
    for step in range(3):
        _, grid = read_series(tmp_path / "rescaled.vtkhdf", step)
        np.testing.assert_allclose(grid["gap"], 1e9 * (step + 1), rtol=1e-12)
        np.testing.assert_array_equal(grid["damage"], step + 1)
        assert grid.points.max() == 1e9
    (tmp_path / "rescaled.vtkhdf").write_text("nothing")
    with pytest.raises(OutputError, match=r"rescaled\.vtkhdf: is damaged .*; move it away"):
        series.recall(2)
    (tmp_path / "rescaled.vtkhdf").unlink()
    series = Series(tmp_path, "rescaled", mesh, fields)
    series.recall(2)
    series.write(9.0)
    assert series.memory() == 1


@pytest.mark.parametrize("family, degree", [("CR", 1), ("DG", 0), ("DG", 1)])
def test_point_field_must_be_continuous_and_known_at_corners(tmp_path: Path, family: str, degree: int) -> None:
    mesh = create_unit_square(MPI.COMM_SELF, 1, 1)
    function = fem.Function(fem.functionspace(mesh, (family, degree)))
    with pytest.raises(ValueError, match=r"field 'wrong \[1\]'"):
        Series(tmp_path, "wrong", mesh, {"wrong [1]": function})


if __name__ == "__main__":
    what, target = sys.argv[1], Path(sys.argv[2])
    if what in ("2", "3"):
        write_film(target, int(what))
    else:
        write_lonely(target)
