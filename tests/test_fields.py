"""The fields of a cell as ParaView reads them, against the cell itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import pyvista
from builders import tiny_cell

from interstice.solver.cell import Cell
from interstice.solver.fields import FieldWriter
from interstice.solver.part import Load

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
    reader = pyvista.PVDReader(folder / f"{name}.pvd")
    reader.set_active_time_value(time)
    return reader.read().combine(merge_points=False)


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


def test_flat_cell_pressed_between_platens_shows_uniaxial_strain(tmp_path: Path) -> None:
    """σ_yy = −p and σ_xx = σ_zz = −p ν/(1−ν) on each side, before any lithium moves."""
    cell, _ = written(tmp_path, *FLAT)
    pressure = 20e6
    for name, material in cell.materials.items():
        ratio = material.poisson_ratio / (1 - material.poisson_ratio)
        grid = read(tmp_path, name, 0.0)
        np.testing.assert_allclose(grid["hydrostatic_stress"], -pressure * (1 + 2 * ratio) / 3, rtol=1e-6)
        np.testing.assert_allclose(grid["von_Mises_stress"], pressure * (1 - ratio), rtol=1e-6)
    np.testing.assert_allclose(read(tmp_path, "interface", 0.0)["pressure"], pressure, rtol=1e-8)
