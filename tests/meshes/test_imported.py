"""Meshes read from Gmsh files, and what is said of files that do not fit."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import gmsh
import meshio
import numpy as np
import pytest
import ufl
from builders import FIXED_PRESSURE, tiny_cell
from dolfinx import fem
from grids import layers
from mpi4py import MPI

from interstice import meshes
from interstice.meshes import groups, msh
from interstice.meshes.tagged import TaggedMesh
from interstice.schema import ImportedMesh
from interstice.solver.cell import Cell
from interstice.solver.part import Load

COMM = MPI.COMM_WORLD
EVERY = ("electrode", "electrolyte", "interface", "collector", "counter", "left", "right", "front", "back")


def write(
    path: Path,
    dimension: int = 2,
    groups: tuple[str, ...] = EVERY,
    rename: dict[str, str] | None = None,
    conform: bool = True,
    order: int = 1,
    version: float = 4.1,
    binary: bool = False,
    recombine: bool = False,
    periodic: bool = False,
    partitions: int = 0,
    walls: str = "",
) -> Path:
    """Write a block of 2 (× 1) × 1 (electrode) on one of 2 (× 1) × 3 (electrolyte), with these physical groups."""
    gmsh.initialize(interruptible=False)
    try:
        for option, value in {
            "General.Terminal": 0,
            "Mesh.MshFileVersion": version,
            "Mesh.Binary": binary,
            "Mesh.MeshSizeMax": 0.4,
            "Mesh.ElementOrder": order,
        }.items():
            gmsh.option.setNumber(option, value)
        occ, up, top = gmsh.model.occ, dimension - 1, 1.0
        if dimension == 2:
            blocks = [occ.addRectangle(0, 0, 0, 2, 1), occ.addRectangle(0, -3, 0, 2, 3)]
        else:
            blocks = [occ.addBox(0, 0, 0, 2, 1, 1), occ.addBox(0, 0, -3, 2, 1, 3)]
        if conform:
            occ.fragment([(dimension, blocks[0])], [(dimension, blocks[1])])
        occ.synchronize()
        places = {"interface": (up, 0.0), "collector": (up, top), "counter": (up, -3.0), "left": (0, 0.0)}
        places |= {"right": (0, 2.0)} | ({"front": (1, 0.0), "back": (1, 1.0)} if dimension == 3 else {})
        members: dict[str, list[int]] = {"electrode": [blocks[0]], "electrolyte": [blocks[1]]}
        for dim, tag in gmsh.model.getEntities(dimension - 1):
            center = occ.getCenterOfMass(dim, tag)
            for name, (axis, value) in places.items():
                if abs(center[axis] - value) < 1e-9:
                    members.setdefault(name, []).append(tag)
        every = [tag for name in places if name != "interface" for tag in members[name]]
        if walls:
            members = {"walls": every} | members if walls == "first" else members | {"walls": every}
        for name, tags in members.items():
            if name in (*groups, "walls"):
                dim = dimension if name in ("electrode", "electrolyte") else dimension - 1
                gmsh.model.addPhysicalGroup(dim, tags, name=(rename or {}).get(name, name))
        if recombine:
            gmsh.model.mesh.setRecombine(2, blocks[1])
        if periodic:
            shift = np.eye(4)
            shift[0, 3] = 2.0
            gmsh.model.mesh.setPeriodic(dimension - 1, members["right"], members["left"], shift.ravel().tolist())
        gmsh.model.mesh.generate(dimension)
        if partitions:
            gmsh.model.mesh.partition(partitions)
        gmsh.write(str(path))
    finally:
        gmsh.finalize()
    return path


def read(path: Path, **keys: object) -> TaggedMesh:
    geometry = ImportedMesh.model_validate({"builder": "msh", "file": str(path), "unit": "2 um"} | keys)
    return meshes.build(COMM, geometry, path.parent)[0]


def groups_of(path: Path) -> groups.Groups:
    return groups.load(ImportedMesh(builder="msh", file=path), path.parent)


def counts(found: groups.Groups) -> dict[str, int]:
    interfaces = {"/".join(pair): facets for pair, facets in found.interfaces.items()}
    return {name: len(facets) for name, facets in (interfaces | found.boundaries).items()}


def size(tagged: TaggedMesh, kind: str, tag: int) -> float:
    tags = tagged.cell_tags if kind == "dx" else tagged.facet_tags
    measure = ufl.Measure(kind, domain=tagged.mesh, subdomain_data=tags)(tag)
    one = fem.Constant(tagged.mesh, 1.0)
    return COMM.allreduce(fem.assemble_scalar(fem.form((ufl.avg(one) if kind == "dS" else one) * measure)))


@pytest.mark.parametrize("dimension", [2, 3])
@pytest.mark.parametrize(("version", "binary"), [(4.1, True), (2.2, False)])
def test_sizes_survive_the_file(tmp_path: Path, dimension: int, version: float, binary: bool) -> None:
    tagged = read(write(tmp_path / "block.msh", dimension, version=version, binary=binary))
    unit = 2e-6
    assert size(tagged, "dx", tagged.sides["electrode"]) == pytest.approx(2 * unit**dimension, rel=1e-12)
    assert size(tagged, "dx", tagged.sides["electrolyte"]) == pytest.approx(6 * unit**dimension, rel=1e-12)
    (pair,) = tagged.interfaces
    assert pair == ("electrode", "electrolyte")
    assert size(tagged, "dS", tagged.interfaces[pair]) == pytest.approx(2 * unit ** (dimension - 1), rel=1e-12)
    expected = {"collector": 2.0, "counter": 2.0, "left": 4.0, "right": 4.0}
    if dimension == 3:
        expected |= {"front": 8.0, "back": 8.0}
    found = {name: size(tagged, "ds", tag) / unit ** (dimension - 1) for name, tag in tagged.boundaries.items()}
    assert found == pytest.approx(expected, rel=1e-12)


DRAWN = {"electrode/electrolyte": 5, "collector": 5, "counter": 5, "left": 3 + 8, "right": 3 + 8}
"""The facets of what `write` writes in 2D."""


@pytest.mark.parametrize("version", [2.2, 4.0, 4.1])
def test_partitions_and_periodic_faces_do_not_matter(tmp_path: Path, version: float) -> None:
    assert counts(groups_of(write(tmp_path / "parted.msh", version=version, periodic=True, partitions=3))) == DRAWN


@pytest.mark.parametrize("version", [2.2, 4.1])
@pytest.mark.parametrize("walls", ["first", "last"])
def test_a_further_group_of_facets_does_not_matter(tmp_path: Path, version: float, walls: str) -> None:
    assert counts(groups_of(write(tmp_path / "more.msh", version=version, walls=walls))) == DRAWN


def test_numbers_of_nodes_may_have_gaps_and_nodes_may_belong_to_no_cell(tmp_path: Path) -> None:
    grid, number = layers(), 5 * np.arange(100) + 7
    size_of_cells = len(grid.points)
    grid.points = np.concatenate([grid.points, [[9.0, 9.0, 0.0]]])
    path = grid.write(tmp_path / "gaps.msh", number[: len(grid.points)])
    tagged = read(path)
    assert tagged.mesh.geometry.index_map().size_global == size_of_cells
    assert size(tagged, "dS", tagged.interfaces["electrode", "electrolyte"]) == pytest.approx(4 * 2e-6, rel=1e-12)


def test_each_element_of_format_2_keeps_its_group_whatever_its_entity(tmp_path: Path) -> None:
    for binary in (False, True):
        path = tmp_path / "meshio.msh"
        grid = layers(3)
        groups = grid.facets | grid.cells
        numbers = np.concatenate([np.full(len(nodes), index) for index, nodes in enumerate(groups.values(), 1)])
        blocks = [(("triangle", "tetra")[nodes.shape[1] - 3], nodes) for nodes in groups.values()]
        per_block = np.split(numbers, np.cumsum([len(nodes) for nodes in groups.values()])[:-1])
        data = {"gmsh:physical": per_block, "gmsh:geometrical": [np.ones_like(one) for one in per_block]}
        names = {name: np.array([index, nodes.shape[1] - 1]) for index, (name, nodes) in enumerate(groups.items(), 1)}
        meshio.Mesh(grid.points, blocks, cell_data=data, field_data=names).write(path, "gmsh22", binary=binary)
        found = groups_of(path)
        assert found.sides == ("electrolyte", "electrode")
        level, wall = 4 * 2 * 2, 3 * 2 * 2
        assert counts(found) == {"electrode/electrolyte": level, "collector": level, "counter": level} | {
            "left": wall,
            "right": wall,
            "front": 2 * wall,
            "back": 2 * wall,
        }


def test_bodies_meshed_apart_are_refused_or_merged(tmp_path: Path) -> None:
    path = write(tmp_path / "apart.msh", conform=False)
    with pytest.raises(ValueError, match=r"'apart\.msh' has \d+ pairs of facets .* set geometry\.merge to true"):
        read(path)
    tagged = read(path, merge=True)
    assert size(tagged, "dS", tagged.interfaces["electrode", "electrolyte"]) == pytest.approx(2 * 2e-6, rel=1e-12)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"order": 2}, r"'Triangle 6' in the group 'electrode'"),
        ({"recombine": True}, r"'Quadrilateral 4' in the group 'electrolyte'"),
        ({"rename": {"electrode": ""}}, r"has the group of cells 'number \d+'"),
    ],
)
def test_unfit_meshes_are_refused_in_words(tmp_path: Path, keys: dict[str, object], message: str) -> None:
    path = write(tmp_path / "unfit.msh", **keys)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=rf"geometry\.file: 'unfit\.msh' .*{message}"):
        read(path)


@pytest.mark.parametrize(("missing", "face"), [("electrode", "collector"), ("electrolyte", "counter")])
def test_a_side_without_a_name_is_missed_at_its_boundary(tmp_path: Path, missing: str, face: str) -> None:
    path = write(tmp_path / "lacking.msh", groups=tuple(name for name in EVERY if name not in (missing, "interface")))
    with pytest.raises(
        ValueError, match=rf"group '{face}' with 5 facets, of which 5 are not facets of any cell; .*no group"
    ):
        read(path)


def test_damaged_file_is_refused_on_every_rank(tmp_path: Path) -> None:
    path = write(tmp_path / "cut.msh")
    text = path.read_bytes()
    path.write_bytes(text[: len(text) // 2])
    with pytest.raises(ValueError, match=r"geometry\.file: 'cut\.msh' ends in the middle"):
        read(path)
    path.write_bytes(text[: len(text) // 2] + b"\n$EndElements\n")
    with pytest.raises(ValueError, match=r"geometry\.file: Gmsh cannot read 'cut\.msh' \(.*\)"):
        read(path)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "cannot read 'grid.msh' .it crashed: Segmentation"),
        ("raise OSError('libGLU.so.1: no such file')", "which reads it, does not start .OSError: libGLU.so.1: no such"),
    ],
)
def test_what_happens_to_gmsh_becomes_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, message: str
) -> None:
    program = tmp_path / "program.py"
    program.write_text(code)
    monkeypatch.setattr(msh, "PROGRAM", program)
    with pytest.raises(ValueError, match=rf"geometry\.file: Gmsh,? {message}"):
        read(layers().write(tmp_path / "grid.msh"))


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("while True: pass", "it takes more than 1 s"),
        ("bytearray(10**9)", "it takes too much memory"),
    ],
)
def test_a_file_that_takes_time_or_memory_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, message: str
) -> None:
    """The program as it is, with a Gmsh that does that."""
    (tmp_path / "gmsh.py").write_text(
        f"def initialize(*_, **__):\n    pass\nclass option:\n    setNumber = print\ndef merge(path):\n    {code}\n"
    )
    program = tmp_path / "program.py"
    program.write_text(
        f"import sys\nsys.path.insert(0, {str(tmp_path)!r})\n"
        + msh.PROGRAM.read_text().replace("from __future__ import annotations", "")
    )
    monkeypatch.setattr(msh, "PROGRAM", program)
    monkeypatch.setattr(msh, "MEMORY", (5e8, 0.0))
    monkeypatch.setattr(msh, "SECONDS", (1.0, 0.0))
    with pytest.raises(ValueError, match=rf"geometry\.file: Gmsh cannot read 'grid\.msh' \({message}\)"):
        read(layers().write(tmp_path / "grid.msh"))


@pytest.mark.parametrize(
    ("name", "message"), [("pipe", "not a regular file"), ("sparse", "is not a Gmsh"), ("tail", "ends in the middle")]
)
def test_what_is_no_whole_file_is_not_given_to_gmsh(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, message: str
) -> None:
    monkeypatch.setattr(msh, "PROGRAM", Path("nowhere"))
    os.mkfifo(tmp_path / "pipe")
    for file, head in (("sparse", b""), ("tail", b"$MeshFormat\n4.1 0 8\n")):
        with (tmp_path / file).open("wb") as stream:
            stream.write(head)
            stream.truncate(1_000_000_000)
    with pytest.raises(ValueError, match=rf"geometry\.file: .*{message}"):
        read(tmp_path / name)


def test_a_file_that_has_changed_is_read_again(tmp_path: Path) -> None:
    path = layers(2, along=4).write(tmp_path / "grid.msh")
    assert counts(groups_of(path))["electrode/electrolyte"] == 4
    layers(2, along=5).write(path)
    assert counts(groups_of(path))["electrode/electrolyte"] == 5


def test_file_is_distributed_over_ranks(tmp_path: Path, mpi_run) -> None:
    path = write(tmp_path / "shared.msh", dimension=3, groups=tuple(name for name in EVERY if name != "interface"))
    assert float(mpi_run([__file__, str(path)], ranks=2)) == pytest.approx(2 * (2e-6) ** 2, rel=1e-11)


def print_area(path: Path) -> None:
    """Print the area of the interface of the file [m²], if a file that is absent is refused on every rank."""
    tagged = read(path)
    area = size(tagged, "dS", tagged.interfaces["electrode", "electrolyte"])
    refused = 0
    try:
        read(Path("absent.msh"))
    except ValueError:
        refused = 1
    if COMM.allreduce(refused) == COMM.size and COMM.rank == 0:
        print(f"{area:.12e}")


if __name__ == "__main__":
    print_area(Path(sys.argv[1]))


def cell_of(path: Path) -> Cell:
    geometry = f"geometry={{builder: msh, file: {path}, unit: 1 um}}"
    return tiny_cell(geometry, FIXED_PRESSURE, "protocol=[charge at 0.1 mA/cm^2 for 1 s]")


def test_electrode_of_a_file_may_be_the_lower_side(tmp_path: Path) -> None:
    """Lithium, against which it is charged, is at the collector then."""
    turned = {"electrode": "electrolyte", "electrolyte": "electrode"}
    cell = cell_of(write(tmp_path / "turned.msh", rename=turned))
    before = cell.terminals.working.mean_stoichiometry, cell.terminals.voltage
    cell.press()
    cell.advance(1.0, Load(1.0))
    assert cell.terminals.working.mean_stoichiometry < before[0]
    assert cell.terminals.voltage > before[1] + 1e-3
