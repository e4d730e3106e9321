"""Pictures of runs with several interfaces and electrodes, and of particles."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas
import pytest
import pyvista
from dolfinx import fem
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from mpi4py import MPI

from interstice.meshes import layers, stack
from interstice.schema import Layers
from interstice.solver.domain import Domain
from interstice.solver.output import CombinedSeries, Series
from interstice.solver.plot import plot
from interstice.solver.plot.cell import WARP, parts_of
from interstice.solver.plot.history import history
from interstice.solver.plot.interface import MAPS, draw_map, is_closed, map_colours
from interstice.solver.plot.run import Run, series
from interstice.solver.results import WRITTEN_BELOW

TIMES, CURRENT, LOST = np.array([0.0, 60.0, 120.0, 180.0]), [0.0, 10.0, 8.0, 0.0], [0.0, 0.5, 0.25, 0.25]
LOSSES = {"kinetic": 1e-3, "concentration": 2e-3, "ohmic": 3e-3, "constriction": 4e-3}


@pytest.fixture(scope="module")
def full_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A full cell whose upper interface detaches from the right, the lower one bonded."""
    folder = tmp_path_factory.mktemp("full")
    names = ["anode", "separator", "cathode"]
    geometry = Layers.model_validate(
        {
            "builder": "layers",
            "length": "2 um",
            "element_size": "0.2 um",
            "layers": [{"name": name, "thickness": "1 um"} for name in names],
        }
    )
    domain = Domain(layers.build(MPI.COMM_SELF, stack.from_case(geometry), {}))
    interface = domain.interfaces["cathode", "separator"]
    gap, pressure, contacted, current = (interface.function(name) for name in "gpcj")
    nodal = {"gap [m]": gap, "pressure [Pa]": pressure, "contacted [1]": contacted, "current density [A/m^2]": current}
    bonded = domain.interfaces["separator", "anode"]
    fields = {"contacted [1]": bonded.function("c"), "current density [A/m^2]": bonded.function("j")}
    parts = []
    for name, side in domain.sides.items():
        point = {WARP: fem.Function(side.space(1, (2,)))}
        if name != "separator":
            point["stoichiometry [1]"] = fem.Function(side.space())
            point["stoichiometry [1]"].x.array[:] = 0.3 if name == "anode" else 0.8
        stress = fem.Function(fem.functionspace(side.mesh, ("DG", 0)))
        parts.append((name, side.mesh, point, {"von Mises stress [Pa]": stress}))
    written = [
        Series(folder, "cathode-separator", interface.mesh, nodal),
        Series(folder, "separator-anode", bonded.mesh, fields),
        CombinedSeries(folder, "cell", parts),
    ]
    x = interface.space.tabulate_dof_coordinates()[:, 0] / 2e-6
    for time, lost in zip(TIMES, LOST, strict=True):
        contacted.x.array[:] = x <= 1 - lost
        gap.x.array[:] = 1e-9 * np.maximum(x - 1 + lost, 0)
        for one in written:
            one.write(time)

    columns = {
        "time [s]": TIMES,
        "step kind": ["assembly", "hold", "hold", "rest"],
        "step [1]": [0, 1, 1, 2],
        "voltage [V]": [3.0, 3.5, 3.6, 3.6],
        "current density [A/m^2]": CURRENT,
        "capacity [A h/m^2]": [0.0, 0.1, 0.2, 0.0],
        **{f"{name} overpotential [V]": size * np.sign(CURRENT) for name, size in LOSSES.items()},
        "active fraction of separator/anode [1]": np.ones(4),
        "active fraction of cathode/separator [1]": 1 - np.array(LOST),
        "max pressure of cathode/separator [Pa]": np.full(4, 1e6),
        "mean gap of cathode/separator [m]": 1e-9 * np.array(LOST),
        "state of charge of anode [1]": [0.0, 0.1, 0.2, 0.2],
        "state of charge of cathode [1]": [0.1, 0.3, 0.5, 0.5],
    }
    pandas.DataFrame(columns).to_csv(folder / "history.csv", index=False)
    return folder


def axes_by_label(figure: Figure) -> dict[str, object]:
    return {ax.get_ylabel().partition("\n")[0]: ax for ax in figure.axes}


def test_each_interface_that_may_open_has_its_picture(full_run: Path, tmp_path: Path) -> None:
    run = Path(shutil.copytree(full_run, tmp_path / "run"))
    paths = plot(run)
    assert all(any(path.match(name) for name in WRITTEN_BELOW["plots"]) for path in paths)
    assert {path.name for path in paths} == {
        "history.png",
        "interface_cathode-separator.png",
        "cell.png",
        "opening.gif",
    }
    (run / "cathode-separator.vtkhdf").unlink()
    with pytest.raises(ValueError, match=r"cathode-separator\.vtkhdf: not found"):
        plot(run)


def test_columns_are_found_by_the_name_of_what_they_are_about(full_run: Path) -> None:
    run = Run(full_run)
    assert run.interfaces == ["cathode/separator"]
    assert run.weakest == "cathode/separator"
    assert series(run.weakest) == "cathode-separator"
    assert [moment.time for moment in run.lowest(run.weakest)] == [60.0]
    np.testing.assert_array_equal(run.column("state of charge", "cathode")[0], [0.1, 0.3, 0.5, 0.5])
    with pytest.raises(ValueError, match=r"no column 'state of charge of nothing \[unit\]'"):
        run.column("state of charge", "nothing")


def test_history_has_a_line_for_each_electrode_and_each_loss(full_run: Path) -> None:
    axes = axes_by_label(history(Run(full_run)))
    charges = {line.get_label(): line.get_ydata() for line in axes["state of charge"].lines}
    np.testing.assert_array_equal(charges["anode"], [0.0, 0.1, 0.2, 0.2])
    np.testing.assert_array_equal(charges["cathode"], [0.1, 0.3, 0.5, 0.5])
    lines = {line.get_label(): line.get_ydata() for line in axes["overpotential"].lines}
    for name, size in LOSSES.items():
        # in mV
        np.testing.assert_allclose(lines[name], 1e3 * size * np.array([0, 1, 1, 0]))


def test_kinds_of_steps_are_those_of_the_history(full_run: Path) -> None:
    assert [kind for kind, _ in Run(full_run).steps()] == ["hold", "rest"]


def test_sides_of_the_cell_are_known_by_name_and_kind(full_run: Path) -> None:
    parts = parts_of(Run(full_run).fields("cell", 60.0, ["side"]))
    assert {part.name: part.host for part in parts} == {"anode": True, "separator": False, "cathode": True}
    means = {part.name: part.values.mean() for part in parts if part.host}
    assert means == pytest.approx({"anode": 0.3, "cathode": 0.8})


def ring(rise: float, number: int = 40) -> pyvista.UnstructuredGrid:
    """Return a closed curve of `number` edges, 2 µm wide and 2 µm times `rise` high."""
    angle = 2 * np.pi * np.arange(number) / number
    points = 1e-6 * np.stack([np.cos(angle), rise * np.sin(angle), 0 * angle], axis=1)
    edges = np.stack([np.full(number, 2), np.arange(number), (np.arange(number) + 1) % number], axis=1)
    grid = pyvista.UnstructuredGrid(edges.ravel(), np.full(number, pyvista.CellType.LINE), points)
    grid["contacted"] = np.ones(number)
    return grid


def test_interfaces_around_particles_are_drawn_where_they_are() -> None:
    grid = ring(1.0)
    assert is_closed(grid)
    assert not is_closed(ring(0.01))
    ax = Figure().subplots()
    values = np.arange(40.0)
    draw_map(ax, grid, values, map_colours(next(iter(MAPS)), values))
    lines = [one for one in ax.collections if isinstance(one, LineCollection) and one.get_array() is not None]
    (coloured,) = lines
    assert len(coloured.get_segments()) == 40
    # an edge has the mean of its two nodes
    np.testing.assert_allclose(coloured.get_array()[:-1], values[:-1] + 0.5)
