"""What is refused before a mesh is built."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from interstice import meshes
from interstice.schema import Film, ImportedMesh

ROOT = Path(__file__).parents[2]
FILM = {
    "builder": "film",
    "length": "10 um",
    "electrode_thickness": "2 um",
    "electrolyte_thickness": "5 um",
    "element_size": "40 nm",
}


def test_film_with_a_measured_interface_is_accepted() -> None:
    measured = {"kind": "measured", "file": str(ROOT / "meshes/topography/afm_10um_256.di")}
    meshes.check(Film.model_validate(FILM | {"roughness": measured}), ROOT)


def test_films_of_too_many_elements_are_refused_with_the_estimate() -> None:
    fine = Film.model_validate(FILM | {"dimension": 3, "element_size": "10 nm"})
    with pytest.raises(
        ValueError, match=r"geometry\.element_size: about [0-9]{2,3},000,000 cells .* at most 20,000,000"
    ):
        meshes.check(fine, ROOT, 2e7)


def test_coarse_size_below_element_size_is_refused() -> None:
    with pytest.raises(ValueError, match=r"geometry\.coarse_size"):
        meshes.check(Film.model_validate(FILM | {"coarse_size": "10 nm"}), ROOT)


def test_missing_measurement_is_refused_with_its_key() -> None:
    measured = {"kind": "measured", "file": "absent.di"}
    with pytest.raises(ValueError, match=r"geometry\.roughness\.file: there is no file '.*absent\.di'"):
        meshes.check(Film.model_validate(FILM | {"roughness": measured}), ROOT)


def test_files_that_are_no_gmsh_mesh_are_refused(tmp_path: Path) -> None:
    (tmp_path / "text.msh").write_text("a mesh, honestly\n")
    for name, message in [
        ("text.msh", "is not a Gmsh mesh file"),
        ("absent.msh", "there is no file"),
        (".", "a folder; a file is needed"),
    ]:
        geometry = ImportedMesh.model_validate({"builder": "msh", "file": str(tmp_path / name)})
        with pytest.raises(ValueError, match=rf"geometry\.file: .*{message}"):
            meshes.check(geometry, tmp_path)


def test_checking_needs_neither_dolfinx_nor_gmsh() -> None:
    script = "import sys, interstice.meshes; print({'dolfinx', 'gmsh', 'petsc4py.PETSc'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, text=True, capture_output=True, timeout=60)
    assert done.stdout.strip() == "set()", done.stderr
