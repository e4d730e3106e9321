"""What is verified of every mesh that comes from Gmsh."""

from __future__ import annotations

from collections.abc import Callable

import gmsh
import numpy as np
import pytest
from dolfinx.mesh import create_unit_square, meshtags
from mpi4py import MPI

from interstice.meshes.tagged import TaggedMesh, from_gmsh, verify


def draw_square_with_a_line_that_is_no_edge() -> None:
    square = gmsh.model.occ.addRectangle(0, 0, 0, 1, 1)
    gmsh.model.occ.synchronize()
    gmsh.model.mesh.generate(2)
    corners = [gmsh.model.mesh.getNodes(0, tag)[0][0] for _, tag in gmsh.model.getEntities(0)]
    line = gmsh.model.addDiscreteEntity(1)
    gmsh.model.mesh.addElementsByType(line, 1, [], [corners[0], corners[2]])
    gmsh.model.addPhysicalGroup(2, [square], name="electrode")
    gmsh.model.addPhysicalGroup(1, [line], name="collector")


def test_a_boundary_facet_that_no_cell_has_is_not_dropped_in_silence() -> None:
    with pytest.raises(RuntimeError, match="1 facets of the physical groups"):
        from_gmsh(MPI.COMM_WORLD, draw_square_with_a_line_that_is_no_edge, unit=1.0)


def draw_two_squares(**groups: list[int]) -> Callable[[], None]:
    """Return what draws two squares that share an edge, 1 below 2, and names groups of them."""

    def draw() -> None:
        occ = gmsh.model.occ
        occ.fragment([(2, occ.addRectangle(0, 0, 0, 1, 1))], [(2, occ.addRectangle(0, 1, 0, 1, 1))])
        occ.synchronize()
        gmsh.option.setNumber("Mesh.MeshSizeMin", 1)
        gmsh.model.mesh.generate(2)
        for name, squares in groups.items():
            gmsh.model.addPhysicalGroup(2, squares, name=name)

    return draw


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        ({"electrode": [2]}, r"\d+ cells are in no side; each must be in one side"),
        ({"electrode": [2], "electrolyte": [1, 2]}, r"\d+ cells are in electrode and electrolyte; each"),
    ],
)
def test_cells_in_no_side_and_in_two_are_refused(groups: dict[str, list[int]], message: str) -> None:
    with pytest.raises(RuntimeError, match=message):
        from_gmsh(MPI.COMM_WORLD, draw_two_squares(**groups), unit=1.0)


def test_a_cell_without_a_tag_is_not_passed_over() -> None:
    mesh = create_unit_square(MPI.COMM_SELF, 2, 2)
    mesh.topology.create_entities(1)
    every = np.arange(8, dtype=np.int32)
    facets = meshtags(mesh, 1, every[:0], every[:0])
    for cells in (every, every[:-1], every[1:]):
        tagged = TaggedMesh(mesh, meshtags(mesh, 2, cells, np.ones_like(cells)), facets, {"electrode": 1}, {}, {})
        if len(cells) == 8:
            verify(tagged, 0)
        else:
            with pytest.raises(RuntimeError, match="some cells of the mesh carry no tag of a side"):
                verify(tagged, 0)
