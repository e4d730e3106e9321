"""Meshes read from Gmsh files, and what is said of files that do not fit."""

from __future__ import annotations

import sys
from pathlib import Path

import gmsh
import pytest
import ufl
from dolfinx import fem
from mpi4py import MPI

from interstice import meshes
from interstice.meshes.tagged import TaggedMesh
from interstice.schema import ImportedMesh

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
        for name, tags in members.items():
            if name in groups:
                dim = dimension if name in ("electrode", "electrolyte") else dimension - 1
                gmsh.model.addPhysicalGroup(dim, tags, name=(rename or {}).get(name, name))
        gmsh.model.mesh.generate(dimension)
        gmsh.write(str(path))
    finally:
        gmsh.finalize()
    return path


def read(path: Path, **keys: object) -> TaggedMesh:
    geometry = ImportedMesh.model_validate({"builder": "msh", "file": str(path), "unit": "2 um"} | keys)
    return meshes.build(COMM, geometry, path.parent)[0]


def size(tagged: TaggedMesh, kind: str, tag: int) -> float:
    tags = tagged.cell_tags if kind == "dx" else tagged.facet_tags
    measure = ufl.Measure(kind, domain=tagged.mesh, subdomain_data=tags)(tag)
    one = fem.Constant(tagged.mesh, 1.0)
    return COMM.allreduce(fem.assemble_scalar(fem.form((ufl.avg(one) if kind == "dS" else one) * measure)))


@pytest.mark.parametrize("dimension", [2, 3])
@pytest.mark.parametrize("interface", ["interface", "electrode/electrolyte", "electrolyte/electrode", None])
@pytest.mark.parametrize(("version", "binary"), [(4.1, True), (2.2, False)])
def test_sizes_survive_the_file(
    tmp_path: Path, dimension: int, interface: str | None, version: float, binary: bool
) -> None:
    groups = tuple(name for name in EVERY if interface or name != "interface")
    names = {"interface": interface} if interface else {}
    tagged = read(write(tmp_path / "block.msh", dimension, groups, names, version=version, binary=binary))
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


def test_free_sides_need_no_lateral_groups(tmp_path: Path) -> None:
    path = write(tmp_path / "free.msh", groups=("electrode", "electrolyte", "collector", "counter"))
    assert set(read(path, lateral="free").boundaries) == {"collector", "counter"}
    with pytest.raises(ValueError, match=r"lacks .*'left' .*'right' .*or set geometry\.lateral to 'free'"):
        read(path, lateral="symmetric")


@pytest.mark.parametrize("missing", ["electrode", "electrolyte", "collector", "counter", "right"])
def test_missing_group_is_named_together_with_those_present(tmp_path: Path, missing: str) -> None:
    groups = tuple(name for name in EVERY if name != missing)
    path = write(tmp_path / "lacking.msh", groups=groups)
    with pytest.raises(ValueError, match=rf"geometry\.file: 'lacking\.msh' lacks .*'{missing}'.*; it has .*'left'"):
        read(path)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        (
            {"rename": {"left": "interface", "interface": "left"}},
            r"'interface' .* must hold the \d+ facets .* 0 of",
        ),
        ({"rename": {"left": "interface", "interface": "electrode/electrolyte"}}, r"lacks .*'left'"),
        ({"conform": False}, r"share no facets; make the mesh conform"),
        ({"order": 2}, r"group 'electrode' holds Triangle 6; it must hold first-order simplices"),
    ],
)
def test_unfit_meshes_are_refused_in_words(tmp_path: Path, keys: dict[str, object], message: str) -> None:
    path = write(tmp_path / "unfit.msh", **keys)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=message):
        read(path)


@pytest.mark.parametrize(("dimension", "name"), [(2, "anode"), (1, "electrode/anode")])
def test_third_side_is_refused(tmp_path: Path, dimension: int, name: str) -> None:
    path = tmp_path / "three.msh"
    names = '2 1 "electrode"\n2 2 "electrolyte"\n1 3 "collector"\n1 4 "counter"\n' + f'{dimension} 5 "{name}"\n'
    path.write_text(f"$MeshFormat\n4.1 0 8\n$EndMeshFormat\n$PhysicalNames\n5\n{names}$EndPhysicalNames\n")
    with pytest.raises(ValueError, match=rf"'three\.msh' has the physical group '{name}'; the only sides"):
        read(path, lateral="free")


def test_damaged_file_is_refused_on_every_rank(tmp_path: Path) -> None:
    path = write(tmp_path / "cut.msh")
    text = path.read_bytes()
    path.write_bytes(text[: len(text) // 2])
    with pytest.raises(ValueError, match=r"geometry\.file: "):
        read(path)


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
