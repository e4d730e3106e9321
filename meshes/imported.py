"""Meshes from Gmsh files whose physical groups name the sides, the interfaces and the boundaries."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import gmsh
import numpy as np
from mpi4py import MPI

from interstice.meshes import groups
from interstice.meshes.soundness import Rows
from interstice.meshes.tagged import TaggedMesh, from_gmsh

if TYPE_CHECKING:
    from interstice.schema import ImportedMesh

SIMPLEX = {1: 1, 2: 2, 3: 4}
"""Gmsh's element type of the straight line, triangle and tetrahedron, by dimension."""


def build(comm: MPI.Comm, geometry: ImportedMesh, case_folder: Path) -> TaggedMesh:
    """Return the mesh of a Gmsh file, its coordinates scaled by `geometry.unit`; ValueError says what is wrong."""
    return from_gmsh(comm, lambda: _draw(groups.load(geometry, case_folder)), unit=geometry.unit)


def _draw(mesh: groups.Groups) -> None:
    """Make what the file means a model of its own, so that nothing else that is in the file can matter."""
    dimension = mesh.points.shape[1]
    points = np.zeros((len(mesh.points), 3))
    points[:, :dimension] = mesh.points
    bodies = [(side, mesh.cells[mesh.side_of == number]) for number, side in enumerate(mesh.sides)][::-1]
    faces = [*(("/".join(pair), facets) for pair, facets in mesh.interfaces.items()), *mesh.boundaries.items()]
    everything = gmsh.model.addDiscreteEntity(dimension)
    gmsh.model.mesh.addNodes(dimension, everything, np.arange(1, len(points) + 1), points.ravel())
    for name, cells in bodies:
        _add(dimension, name, cells)
    for name, facets in faces:
        _add(dimension - 1, name, facets)


def _add(dimension: int, name: str, nodes: Rows) -> None:
    entity = gmsh.model.addDiscreteEntity(dimension)
    gmsh.model.mesh.addElementsByType(entity, SIMPLEX[dimension], [], nodes.ravel() + 1)
    gmsh.model.addPhysicalGroup(dimension, [entity], name=name)
