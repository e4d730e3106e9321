"""Meshes from Gmsh files whose physical groups name the sides, the interface and the boundaries."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import gmsh
import numpy as np
from mpi4py import MPI
from numpy.typing import NDArray

from interstice.meshes.msh import INTERFACE, INTERFACE_NAMES, KEY, SIDES, require_groups
from interstice.meshes.tagged import TaggedMesh, from_gmsh

if TYPE_CHECKING:
    from interstice.schema import ImportedMesh

Nodes = NDArray[np.uint64]

SIMPLEX = {1: 1, 2: 2, 3: 4}
"""Gmsh's element type of the straight line, triangle and tetrahedron, by dimension."""


def build(comm: MPI.Comm, geometry: ImportedMesh, case_folder: Path) -> TaggedMesh:
    """Return the mesh of a Gmsh file, its coordinates scaled by `geometry.unit`.

    Cells of no physical group are left out, as Gmsh itself does when it saves. An interface group must hold exactly
    the common facets of the two sides; without one, the interface is made of them. ValueError says what is wrong.
    """
    path = case_folder / geometry.file
    return from_gmsh(comm, lambda: _load(path, geometry.lateral), unit=geometry.unit)


def _load(path: Path, lateral: str) -> None:
    """Load the file into the current Gmsh model and see to it that it is what `from_gmsh` needs."""
    dimension = require_groups(path, lateral)
    try:
        gmsh.merge(str(path))
    except Exception as error:
        raise ValueError(f"{KEY}: Gmsh cannot read '{path.name}' ({error})") from error
    model = gmsh.model
    tags = {model.getPhysicalName(dim, tag): (dim, tag) for dim, tag in model.getPhysicalGroups()}
    for name, (dim, tag) in tags.items():
        if dim < dimension - 1 or not name:
            model.removePhysicalGroups([(dim, tag)])
    extent = np.ptp(model.mesh.getNodes()[1].reshape(-1, 3), axis=0)
    if dimension == 2 and extent[2] > 1e-9 * extent.max():
        raise ValueError(f"{KEY}: '{path.name}' is a surface in space; a mesh of dimension 2 must lie in the xy plane")

    cells = {side: _elements(*tags[side], side) for side in SIDES}
    if len(_common(*cells.values())):
        raise ValueError(f"{KEY}: the groups {SIDES} of '{path.name}' have cells in common")
    between = _common(*(_faces(nodes) for nodes in cells.values()))
    if not len(between):
        raise ValueError(
            f"{KEY}: the groups {SIDES} of '{path.name}' share no facets; make the mesh conform at the interface "
            "(BooleanFragments in the geometry, or Coherence Mesh)"
        )
    for name in INTERFACE_NAMES:
        if name in tags:
            given = _elements(*tags[name], name)
            if not np.array_equal(np.unique(np.sort(given, axis=1), axis=0), between):
                raise ValueError(
                    f"{KEY}: the group '{name}' of '{path.name}' must hold the {len(between)} facets between the "
                    f"sides; it holds {len(_common(given, between))} of them and {len(given)} facets in all. Without "
                    "the group, the facets are found"
                )
            model.removePhysicalGroups([tags[name]])
    entity = model.addDiscreteEntity(dimension - 1)
    model.mesh.addElementsByType(entity, SIMPLEX[dimension - 1], [], between.ravel())
    model.addPhysicalGroup(dimension - 1, [entity], name=INTERFACE)


def _elements(dimension: int, group: int, name: str) -> Nodes:
    """Return the nodes of each element of a physical group, shape (elements, dimension + 1)."""
    nodes = []
    for entity in gmsh.model.getEntitiesForPhysicalGroup(dimension, group):
        kinds, _, entity_nodes = gmsh.model.mesh.getElements(dimension, entity)
        if list(kinds) != [SIMPLEX[dimension]]:
            found = ", ".join(gmsh.model.mesh.getElementProperties(kind)[0] for kind in kinds) or "no elements"
            raise ValueError(f"{KEY}: the group '{name}' holds {found}; it must hold first-order simplices")
        nodes.append(entity_nodes[0].reshape(-1, dimension + 1))
    return np.concatenate(nodes)


def _faces(cells: Nodes) -> Nodes:
    """Return the facets of simplices as rows of node numbers."""
    return np.concatenate([np.delete(cells, corner, axis=1) for corner in range(cells.shape[1])])


def _common(first: Nodes, second: Nodes) -> Nodes:
    """Return the rows that are in both arrays, nodes ascending, rows in ascending order."""
    rows = [np.unique(np.sort(nodes, axis=1), axis=0) for nodes in (first, second)]
    values, counts = np.unique(np.concatenate(rows), axis=0, return_counts=True)
    return values[counts == 2]
