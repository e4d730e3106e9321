"""The fields of a cell as ParaView reads them, against the cell itself."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import pyvista
from builders import tiny_cell
from vtk_reader import read_series
from vtkmodules.vtkFiltersTensor import vtkTensorPrincipalInvariants

from interstice.schema.case import Output
from interstice.solver.cell import Cell
from interstice.solver.fields import FieldWriter
from interstice.solver.interface.kinetics import FARADAY
from interstice.solver.part import TENSOR, Load
from interstice.solver.plot.run import Run, grid_of
from interstice.solver.units import split_unit
from interstice.solver.vtkhdf import SeriesReader

FLAT = ("geometry.roughness={kind: flat}", "stack.hold=constant_pressure")


def written(folder: Path, *overrides: str) -> tuple[Cell, FieldWriter]:
    """Press a tiny cell, write it, charge it for 5 s and write it again."""
    cell = tiny_cell(*overrides)
    cell.press()
    writer = FieldWriter(cell, folder)
    writer.write(0.0)
    cell.advance(5.0, Load(5.0))
    cell.commit()
    writer.write(5.0)
    return cell, writer


def read(folder: Path, name: str, time: float) -> pyvista.UnstructuredGrid:
    return read_series(folder / f"{name}.vtkhdf", time)[1]


@pytest.fixture(scope="module")
def wavy(tmp_path_factory: pytest.TempPathFactory) -> tuple[Cell, Path]:
    folder = tmp_path_factory.mktemp("wavy")
    return written(folder)[0], folder


def at_nodes(cell: Cell, grid: pyvista.UnstructuredGrid, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return a field of the interface as read and the order that sorts the cell's own nodes alike (both by x)."""
    own = np.argsort(cell.faces[0].interface.space.tabulate_dof_coordinates()[:, 0])
    return grid[name][np.argsort(grid.points[:, 0])], own


def test_interface_shows_gap_pressure_contact_and_current(wavy: tuple[Cell, Path]) -> None:
    cell, folder = wavy
    grid = read(folder, "interface", 5.0)
    for name, values in (
        ("gap", cell.faces[0].contact.gap.read()),
        ("pressure", cell.faces[0].contact.pressure),
        ("contacted", cell.faces[0].activity.contacted.x.array),
        ("current_density", cell.faces[0].transfer.read_current()),
    ):
        shown, order = at_nodes(cell, grid, name)
        np.testing.assert_allclose(shown, values[order], rtol=1e-12, atol=1e-12 * np.abs(values).max(), err_msg=name)
    gap, pressure = grid["gap"], grid["pressure"]
    assert gap.max() > 1e-11 and pressure.max() > 20e6
    assert np.all(pressure[gap > 1e-15] == 0.0)


def test_warping_by_the_displacement_with_initial_gap_opens_the_gap(wavy: tuple[Cell, Path]) -> None:
    cell, folder = wavy
    grid = read(folder, "cell", 5.0)
    heights = []
    for side in (0, 1):
        part = grid.extract_cells(grid["side"] == side)
        nodes = np.flatnonzero(np.abs(part.points[:, 1]) < 1e-12)
        x, first = np.unique(np.round(part.points[nodes, 0], 12), return_index=True)
        heights.append(part["displacement_with_initial_gap"][nodes[first], 1])
    shown, _ = at_nodes(cell, read(folder, "interface", 5.0), "gap")
    assert len(x) == len(shown)
    np.testing.assert_allclose(heights[0] - heights[1], shown, rtol=0, atol=1e-8 * shown.max())


def test_potentials_are_absolute_and_drop_from_collector_to_reference(wavy: tuple[Cell, Path]) -> None:
    cell, folder = wavy
    electrode, electrolyte = read(folder, "electrode", 5.0), read(folder, "electrolyte", 5.0)
    collector = electrode.points[:, 1] > 0.999e-6
    counter = electrolyte.points[:, 1] < -0.999e-6
    voltage = cell.terminals.voltage
    np.testing.assert_allclose(electrode["electronic_potential"][collector], voltage, rtol=1e-9)
    assert np.all(electrolyte["ionic_potential"][counter] == 0.0)
    # on charge lithium ions flow from the interface to the counter face
    assert electrolyte["ionic_potential"].max() > 0.0


def test_stoichiometry_falls_from_its_start_on_charge(wavy: tuple[Cell, Path]) -> None:
    cell, folder = wavy
    before, after = (read(folder, "electrode", time) for time in (0.0, 5.0))
    np.testing.assert_allclose(before["stoichiometry"], 0.9, rtol=1e-12)
    assert after["stoichiometry"].min() < 0.9
    np.testing.assert_allclose(
        after["concentration"], cell.sites["electrode"].host.c_max * after["stoichiometry"], rtol=1e-9
    )


@pytest.fixture(scope="module")
def flat(tmp_path_factory: pytest.TempPathFactory) -> tuple[Cell, Path]:
    folder = tmp_path_factory.mktemp("flat")
    return written(folder, *FLAT)[0], folder


def test_flat_cell_pressed_between_platens_shows_uniaxial_strain(flat: tuple[Cell, Path]) -> None:
    """σ_yy = −p, σ_xx = σ_zz = −p ν/(1−ν), ε_yy = −p (1+ν)(1−2ν)/(E (1−ν)) alone, before any lithium moves."""
    cell, folder = flat
    pressure = 20e6
    for name, material in cell.materials.items():
        nu = material.poisson_ratio
        ratio = nu / (1 - nu)
        grid = read(folder, name, 0.0)
        np.testing.assert_allclose(grid["hydrostatic_stress"], -pressure * (1 + 2 * ratio) / 3, rtol=1e-6)
        np.testing.assert_allclose(grid["von_Mises_stress"], pressure * (1 - ratio), rtol=1e-6)
        stress = [-pressure * ratio, -pressure, -pressure * ratio, 0.0, 0.0, 0.0]
        squeezed = -pressure * (1 + nu) * (1 - 2 * nu) / (material.young_modulus * (1 - nu))
        for field, expected in (("stress", stress), ("strain", [0.0, squeezed, 0.0, 0.0, 0.0, 0.0])):
            shown = np.broadcast_to(expected, (grid.n_cells, 6))
            np.testing.assert_allclose(grid[field], shown, rtol=0, atol=1e-6 * np.abs(expected).max(), err_msg=field)
    np.testing.assert_allclose(read(folder, "interface", 0.0)["pressure"], pressure, rtol=1e-8)


def test_currents_and_fluxes_are_those_of_linear_potentials_and_concentrations(
    flat: tuple[Cell, Path], tmp_path: Path
) -> None:
    """i = −κ ∇φ on both sides, J = −D ∇c in the host, i/F in the single-ion conductor; the same in the whole cell."""
    cell, _ = flat
    host, conductor = cell.sites["electrode"].host, cell.sites["electrolyte"].conductor
    slopes = {host.phi: (3e-3, -2e-3), conductor.phi: (40.0, 10.0), host.c: (2e9, -1e9)}  # in V/m and mol/m⁴
    before = {field: field.x.array.copy() for field in slopes}
    try:
        for field, (a, b) in slopes.items():
            start = before[field].mean()
            field.interpolate(lambda x, a=a, b=b, start=start: start + a * x[0] + b * x[1])
        FieldWriter(cell, tmp_path).write(6.0)
    finally:
        for field, values in before.items():
            field.x.array[:] = values
    materials = cell.materials["electrode"].host, cell.materials["electrolyte"].electrolyte
    kappa = materials[0].electronic_conductivity, materials[1].ionic_conductivity
    currents = {
        name: -conductivity * np.array([*slopes[phi], 0.0])
        for name, conductivity, phi in zip(("electrode", "electrolyte"), kappa, (host.phi, conductor.phi), strict=True)
    }
    fluxes = {
        "electrode": -materials[0].diffusivity * np.array([*slopes[host.c], 0.0]),
        "electrolyte": currents["electrolyte"] / FARADAY,
    }
    whole = read(tmp_path, "cell", 6.0)
    for number, name in enumerate(("electrode", "electrolyte")):
        grid = read(tmp_path, name, 6.0)
        part = whole.extract_cells(whole["side"] == number)
        for field, expected in (("current_density", currents[name]), ("lithium_flux", fluxes[name])):
            for shown in (grid[field], part[field]):
                assert shown.shape == (grid.n_cells, 3)
                np.testing.assert_allclose(shown, expected + 0 * shown, rtol=0, atol=1e-8 * np.abs(expected).max())


def test_every_name_is_one_word_and_has_its_unit_in_the_field_data(wavy: tuple[Cell, Path]) -> None:
    _, folder = wavy
    for name in ("electrode", "electrolyte", "interface", "cell"):
        grid = read(folder, name, 5.0)
        units = dict(split_unit(str(entry)) for entry in grid.field_data["units"])
        shown = set(grid.point_data) | set(grid.cell_data)
        assert all(re.fullmatch(r"\w+", field) for field in shown)
        assert shown - {"side"} == set(units) - {"coordinates"} and units["coordinates"] == "m"
        known = {"gap": "m", "displacement": "m", "stress": "Pa", "strain": "1", "current_density": "A/m^2"}
        assert {field: units[field] for field in known if field in units} == {
            field: unit for field, unit in known.items() if field in shown
        }


def test_in_micrometres_all_lengths_are_a_million_times_as_large_and_pictures_see_the_same(
    wavy: tuple[Cell, Path], tmp_path: Path
) -> None:
    cell, folder = wavy
    case, cell.case = cell.case, cell.case.model_copy(update={"output": Output(length_unit="um")})
    try:
        FieldWriter(cell, tmp_path).write(5.0)
    finally:
        cell.case = case
    (tmp_path / "history.csv").write_text("time [s]\n5\n")
    for name in ("electrode", "interface", "cell"):
        in_metres, in_um = read(folder, name, 5.0), read(tmp_path, name, 5.0)
        assert "coordinates [um]" in list(map(str, in_um.field_data["units"]))
        np.testing.assert_allclose(in_um.points, 1e6 * in_metres.points, rtol=1e-12)
        units = dict(split_unit(str(entry)) for entry in in_um.field_data["units"])
        assert "m" not in units.values()
        seen = Run(tmp_path).fields(name, 5.0, ())
        np.testing.assert_allclose(seen.points, in_metres.points, rtol=1e-12)
        for field in units.keys() - {"coordinates"}:
            factor = 1e6 if units[field] == "um" else 1.0
            np.testing.assert_allclose(in_um[field], factor * in_metres[field], rtol=1e-12, err_msg=field)
            np.testing.assert_allclose(seen[field], in_metres[field], rtol=1e-12, err_msg=field)


def test_six_components_make_the_tensor_that_vtk_takes_them_for(flat: tuple[Cell, Path]) -> None:
    """The principal values that VTK finds are those of the matrix; ParaView has names for six components."""
    with SeriesReader(flat[1] / "electrode.vtkhdf") as series:
        array = grid_of(series, 1).GetCellData().GetArray("stress")
    assert [array.GetComponentName(i) for i in range(6)] == list(TENSOR)
    matrix = np.array([[1.0, 2.0, 7.0], [2.0, 5.0, 3.0], [7.0, 3.0, 9.0]])
    point = pyvista.PolyData(np.zeros((1, 3)))
    point["t"] = [[matrix["xyz".index(row), "xyz".index(column)] for row, column in map(tuple, TENSOR)]]
    principal = vtkTensorPrincipalInvariants()
    principal.SetInputData(point)
    principal.Update()
    found = pyvista.wrap(principal.GetOutput())
    values = [found[f"t - Sigma {number}"][0] for number in (3, 2, 1)]
    np.testing.assert_allclose(values, np.linalg.eigvalsh(matrix), rtol=1e-10)


def test_what_is_known_at_the_middles_of_edges_is_shown_at_corners(tmp_path: Path) -> None:
    """Quadratic displacements in 3D: the mean of what is round a corner, so that the force is the same."""
    spatial = "geometry={builder: film, dimension: 3, length: 1 um, electrode_thickness: 0.5 um, element_size: 250 nm, "
    wave = "electrolyte_thickness: 0.5 um, roughness: {kind: sinusoidal, amplitude: 0.5 nm, wavelength: 1 um}}"
    cell, _ = written(tmp_path, spatial + wave, "stack.hold=constant_pressure", "element_order=2")
    (face,) = cell.faces
    grid = read(tmp_path, "interface", 5.0)
    pressure, own = grid["pressure"], face.contact.pressure
    assert 0.0 == own.min() <= pressure.min() and pressure.max() < own.max()
    corners = grid.cell_connectivity.reshape(-1, 3)
    (ax, ay, _), (bx, by, _), (cx, cy, _) = np.moveaxis(grid.points[corners], 1, 0).swapaxes(1, 2)
    areas = np.abs((bx - ax) * (cy - ay) - (cx - ax) * (by - ay)) / 2
    force = (areas * pressure[corners].mean(axis=1)).sum() / areas.sum() * face.area
    assert force == pytest.approx(face.interface.sum(own), rel=1e-9)
