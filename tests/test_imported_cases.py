"""Cases on meshes that people bring: what checking them says, and the cell of three layers of docs/meshes.md."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from builders import BONDED, carry_out
from grids import layers
from typer.testing import CliRunner

import interstice
from interstice.cli import app
from interstice.solver.reader import CaseError, dump_case, read_case

PAGE = Path(__file__).parents[1] / "docs" / "meshes.md"
HALF_CELL = """\
title: a half cell on a mesh of its own
geometry:
  builder: msh
  file: grid.msh
electrode: {material: NMC811, initial_stoichiometry: 0.9}
electrolyte: {material: LPSCl}
interface: {kinetics: {exchange_current_density: 1 mA/cm^2}}
stack: {hold: constant_pressure, pressure: 5 MPa}
protocol: [rest for 1 min]
"""


@pytest.fixture
def half_cell(tmp_path: Path) -> Path:
    path = tmp_path / "cell.yaml"
    path.write_text(HALF_CELL)
    return path


@pytest.fixture(scope="module")
def documented(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The case of docs/meshes.md beside the mesh that its script makes."""
    folder, text = tmp_path_factory.mktemp("documented"), PAGE.read_text(encoding="utf-8")
    (script,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    (case,) = (block for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL) if block.startswith("title:"))
    (folder / "cell.yaml").write_text(case)
    done = subprocess.run([sys.executable, "-c", script], cwd=folder, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return folder / "cell.yaml"


def problems(path: Path) -> str:
    with pytest.raises(CaseError) as caught:
        read_case(path)
    return str(caught.value)


def test_validate_reads_the_mesh_and_refuses_it_with_line_key_and_number(half_cell: Path) -> None:
    grid = layers()
    grid.write(half_cell.parent / "grid.msh")
    done = CliRunner().invoke(app, ["validate", str(half_cell)])
    assert (done.exit_code, done.stderr) == (0, "")
    grid.split("electrode", np.unique(grid.facets_at(1, 2.0))[:3])
    grid.facets = {name: grid.facets_at(1, place) for name, place in (("counter", 0.0), ("collector", 3.0))}
    grid.facets |= {name: grid.facets_at(0, place) for name, place in (("left", 0.0), ("right", 4.0))}
    grid.write(half_cell.parent / "grid.msh")
    done = CliRunner().invoke(app, ["validate", str(half_cell)])
    assert done.exit_code == 2
    start = f"{half_cell}:4: geometry.file = 'grid.msh': 'grid.msh' has 3 pairs of facets at the same place"
    assert done.stderr.startswith(start)
    assert len(done.stderr.splitlines()) == 1


def test_names_of_the_file_that_the_case_does_not_know_are_said_together(half_cell: Path) -> None:
    layers(2, electrolyte=1, Electrode=1).write(half_cell.parent / "grid.msh")
    said = problems(half_cell)
    assert ":5: electrode: the geometry has no such side; did you mean 'Electrode' or 'electrolyte'?; it has" in said
    assert ":2: geometry: the side 'Electrode' is in neither electrodes nor electrolytes" in said
    assert len(said.splitlines()) == 2


def test_a_half_cell_upside_down_is_valid(half_cell: Path) -> None:
    layers(2, electrode=1, electrolyte=1).write(half_cell.parent / "grid.msh")
    assert list(read_case(half_cell).case.sides) == ["electrode", "electrolyte"]


def test_a_particle_that_no_current_reaches_is_told(half_cell: Path) -> None:
    grid = layers(2, electrolyte=3, electrode=1)
    middle = grid.points[grid.cells["electrolyte"]].mean(axis=1)
    within = np.all(np.floor(middle[:, :2]) == [1, 1], axis=1)
    grid.cells["electrode"] = np.concatenate([grid.cells["electrode"], grid.cells["electrolyte"][within]])
    grid.cells["electrolyte"] = grid.cells["electrolyte"][~within]
    grid.write(half_cell.parent / "grid.msh")
    (warning,) = read_case(half_cell).warnings
    assert warning.startswith("geometry.file: 2 cells of electrode are not connected with the rest of it")


def test_faces_drawn_a_little_apart_are_told_with_their_distance_and_what_to_do(half_cell: Path) -> None:
    grid = layers(2, electrolyte=1, electrode=1)
    facets = grid.facets_at(1, 1.0)
    old = len(grid.points)
    grid.split("electrode", np.unique(facets[grid.points[facets, 0] < 2.5]))
    grid.points[old:, 1] += 0.01
    grid.facets["left"] = grid.facets_at(0, 0.0)
    grid.write(half_cell.parent / "grid.msh")
    (warning,) = read_case(half_cell).warnings
    assert warning.startswith(
        "geometry.file: 6 facets (electrode/electrolyte) face each other across a slit of 0.01 um, less than a tenth"
    )
    assert "BooleanFragments" in warning


def test_two_electrodes_that_touch_are_refused(half_cell: Path) -> None:
    layers(2, electrolyte=1, electrode=1, cathode=1).write(half_cell.parent / "grid.msh")
    half_cell.write_text(
        HALF_CELL.replace(
            "electrode: {m", "electrodes: {cathode: {material: NMC811, initial_stoichiometry: 0.9}, electrode: {m"
        )
        .replace("0.9}\nelectrolyte: {material: LPSCl}", "0.9}}\nelectrolytes: {electrolyte: {material: LPSCl}}")
        .replace("interface: {kin", "interfaces: {electrode/electrolyte: {kin")
        .replace("cm^2}}", "cm^2}}}")
    )
    said = problems(half_cell)
    assert "electrodes: cathode and electrode touch" in said
    assert "interfaces: the interface cathode/electrode is missing" in said


@pytest.mark.parametrize("dimension", [2, 3])
def test_the_copy_of_a_case_says_what_the_mesh_decides(half_cell: Path, dimension: int) -> None:
    layers(dimension).write(half_cell.parent / "grid.msh")
    loaded = read_case(half_cell)
    assert loaded.case.coupling == {2: "monolithic", 3: "staggered"}[dimension]
    assert loaded.case.interface.contact.augmentation == {2: 1000, 3: 100}[dimension]
    assert loaded.case.geometry.sides == ["electrolyte", "electrode"]
    assert loaded.case.geometry.interfaces == ["electrode/electrolyte"]
    copy = half_cell.with_name("copy.yaml")
    copy.write_text(dump_case(loaded.case))
    assert read_case(copy).case == loaded.case
    copy.write_text(dump_case(loaded.case).replace("  - electrolyte\n", "  - separator\n"))
    assert "geometry.sides: 'grid.msh' has 'electrolyte', 'electrode'; leave this key out" in problems(copy)


def test_a_mesh_that_cannot_be_read_hides_no_other_problem(half_cell: Path) -> None:
    half_cell.write_text(HALF_CELL.replace("NMC811", "NMC8111"))
    said = problems(half_cell)
    assert "geometry.file = 'grid.msh': there is no file" in said
    assert "electrode.material = 'NMC8111'" in said
    assert len(said.splitlines()) == 2


def test_the_documented_cell_has_the_interfaces_of_the_case(documented: Path) -> None:
    case = read_case(documented).case
    assert case.sides == ["anode", "separator", "cathode"]
    assert case.pairs == [("cathode", "separator"), ("separator", "anode")]


def test_pressure_and_current_of_the_documented_cell_pass_both_interfaces_whole(documented: Path) -> None:
    loaded = interstice.load(documented, {"protocol": ["charge at C/10 for 1 s"]})
    history = interstice.run(loaded).history
    names = ("cathode", "anode")
    cathode, anode = (
        loaded.materials[name].host.potential(loaded.case.hosts[name].initial_stoichiometry, 298.15) for name in names
    )
    assert history["voltage"].iloc[0] == pytest.approx(cathode - anode, rel=1e-9)
    last = history.iloc[-1]
    for side, size in (("cathode/separator", 1.0), ("separator/anode", -1.0)):
        assert last[f"geometric area of {side}"] == pytest.approx(6e-6, rel=1e-12)
        assert last[f"active fraction of {side}"] == 1.0
        current = last[f"mean local current density of {side}"]
        assert current == pytest.approx(size * last["current density"], rel=1e-9)
    assert last["mean pressure of cathode/separator"] == pytest.approx(5e6, rel=1e-9)


def test_a_bond_and_friction_between_free_edges_bear_a_fast_charge_under_a_light_stack(half_cell: Path) -> None:
    """The bond wears and its sides slip, and no event is counted in which nothing broke."""
    layers().write(half_cell.parent / "grid.msh")
    overrides = (
        "geometry.lateral=free",
        BONDED,
        "interface.friction={coefficient: 0.3}",
        "stack.pressure=1 MPa",
        "protocol=[{step: charge, c_rate: 2, until: {time: 40 s}}]",
        "time={initial: 20 s, maximum: 60 s}",
    )
    run = carry_out(read_case(half_cell, overrides))
    assert run.stopped == ""
    assert run.column("mean damage [1]")[-1] > 0.1
    assert run.column("energy lost to friction [J]")[-1] > 0.0
    events = [advance.event for advance in run.advances if advance.event]
    assert len(events) == run.column("unstable [1]").sum()
    assert all(event.broken > 0.0 for event in events)
