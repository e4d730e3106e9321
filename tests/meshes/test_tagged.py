"""What is verified of every mesh that comes from Gmsh."""

from __future__ import annotations

import gmsh
import pytest
from mpi4py import MPI

from interstice.meshes.tagged import from_gmsh


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
