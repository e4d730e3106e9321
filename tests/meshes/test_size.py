"""How large a mesh is going to be, before it is made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from grids import layers
from mpi4py import MPI

from interstice import meshes
from interstice.meshes import groups
from interstice.meshes.compat import geometry_nodes
from interstice.meshes.height_profile import length_in_words
from interstice.meshes.size import estimated
from interstice.schema import DoubleCantilever, Film, ImportedMesh, Particles

FILM = {"builder": "film", "electrode_thickness": "2 um", "electrolyte_thickness": "5 um"}
ARMS = {"builder": "dcb", "thickness": "20 um"}
BALLS = {"builder": "particles", "length": "10 um", "height": "10 um", "count": 4, "mean_diameter": "3 um"}
GEOMETRIES = {
    "film in 2D": Film.model_validate(FILM | {"length": "10 um", "element_size": "100 nm"}),
    "film in 3D": Film.model_validate(FILM | {"dimension": 3, "length": "5 um", "element_size": "400 nm"}),
    "dcb in 2D": DoubleCantilever.model_validate(ARMS | {"length": "300 um", "element_size": "1 um"}),
    "dcb in 3D": DoubleCantilever.model_validate(
        ARMS | {"dimension": 3, "length": "100 um", "width": "20 um", "element_size": "4 um"}
    ),
    "discs": Particles.model_validate(BALLS | {"element_size": "200 nm"}),
}


@pytest.mark.parametrize("name", GEOMETRIES)
def test_cells_and_nodes_of_each_side_are_near_their_numbers(name: str) -> None:
    geometry = GEOMETRIES[name]
    tagged, _ = meshes.build(MPI.COMM_SELF, geometry, Path())
    found, dimension = estimated(geometry, Path()), tagged.mesh.topology.dim
    assert found.dimension == dimension
    corners = geometry_nodes(tagged.mesh)
    total = 0.0
    for side, tag in tagged.sides.items():
        cells = tagged.cell_tags.find(tag)
        assert found.cells[side] == pytest.approx(len(cells), rel=0.2)
        assert found.nodes[side] == pytest.approx(len(np.unique(corners[cells])), rel=0.25)
        total += len(cells)
    assert found.all_cells == pytest.approx(total, rel=0.25)
    (facets,) = tagged.interfaces.values()
    tagged.mesh.topology.create_connectivity(dimension - 1, 0)
    of_facet = tagged.mesh.topology.connectivity(dimension - 1, 0)
    nodes = np.unique(np.concatenate([of_facet.links(facet) for facet in tagged.facet_tags.find(facets)]))
    # on a rectangle of prisms they are known
    assert found.interface_nodes == pytest.approx(len(nodes), rel=0.01 if "dcb" in name else 0.25)


def test_thicknesses_are_the_volumes_over_the_apparent_area() -> None:
    film, arms, discs = (estimated(GEOMETRIES[name], Path()) for name in ("film in 3D", "dcb in 2D", "discs"))
    assert film.thicknesses == pytest.approx({"electrode": 2e-6, "electrolyte": 5e-6})
    assert arms.thicknesses == pytest.approx({"electrode": 20e-6, "electrolyte": 20e-6})
    assert discs.thicknesses["electrode"] == pytest.approx(4 * np.pi * 1.5e-6**2 / 10e-6)
    assert sum(discs.thicknesses.values()) == pytest.approx(10e-6)


@pytest.mark.parametrize("dimension", [2, 3])
def test_a_mesh_of_ones_own_is_counted(dimension: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four squares along, two and one of them high, each of two triangles; in 3D two rows of cubes, of six each."""
    grid = layers(dimension, along=4, electrolyte=2, electrode=1)
    geometry = ImportedMesh.model_validate({"builder": "msh", "file": "cell.msh", "unit": "2 um"})
    monkeypatch.setattr(groups, "load", lambda *_: groups.arranged(grid.points, grid.elements, geometry))
    found = estimated(geometry, Path())
    squares, each, corners = (4, 2, 5) if dimension == 2 else (4 * 2, 6, 5 * 3)
    assert found.dimension == dimension
    assert found.cells == {"electrolyte": 2 * squares * each, "electrode": squares * each}
    assert found.nodes == {"electrolyte": 3 * corners, "electrode": 2 * corners}
    assert found.interface_nodes == corners
    assert found.thicknesses == pytest.approx({"electrolyte": 4e-6, "electrode": 2e-6})
    with pytest.raises(ValueError, match=r"geometry\.file: about .* \(as in 'cell.msh'\)"):
        meshes.check(geometry, Path(), 3.0)


ABSURD: dict[str, tuple[type[Any], dict[str, Any], str]] = {
    "film": (Film, FILM | {"length": "1 cm", "element_size": "1 nm"}, "1 nm over 1 cm"),
    "film in 3D": (Film, FILM | {"dimension": 3, "length": "1 um", "element_size": "1 nm"}, "1 nm over 1 um x 1 um"),
    "dcb": (DoubleCantilever, ARMS | {"length": "1 cm", "element_size": "1 pm"}, "0.001 nm over 1 cm"),
    "dcb in 3D": (
        DoubleCantilever,
        ARMS | {"dimension": 3, "length": "1 mm", "width": "1 mm", "element_size": "0.1 um"},
        "100 nm over 1 mm x 1 mm",
    ),
    "particles": (Particles, BALLS | {"element_size": "1 pm"}, "0.001 nm over 10 um x 10 um"),
}


@pytest.mark.parametrize("name", ABSURD)
def test_what_is_absurd_is_refused_in_words_before_any_mesh_is_made(name: str) -> None:
    kind, keys, words = ABSURD[name]
    with pytest.raises(ValueError, match=rf"geometry\.element_size: about .* cells would be needed \({words}\)"):
        meshes.check(kind.model_validate(keys), Path(), 20e6)


def test_more_cells_are_accepted_where_they_are_allowed() -> None:
    fine = GEOMETRIES["dcb in 2D"]
    cells = estimated(fine, Path()).all_cells
    assert meshes.check(fine, Path(), 1.01 * cells).all_cells == cells
    with pytest.raises(ValueError, match=r"limits\.cells or --max-cells"):
        meshes.check(fine, Path(), 0.99 * cells)


@pytest.mark.parametrize(
    ("metres", "words"), [(1e-9, "1 nm"), (2.5e-6, "2.5 um"), (0.01, "1 cm"), (3.0, "3 m"), (1e-12, "0.001 nm")]
)
def test_lengths_are_told_as_people_say_them(metres: float, words: str) -> None:
    assert length_in_words(metres) == words
