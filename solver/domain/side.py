"""A side of the mesh as a submesh, and the facets of the parent mesh on it."""

from __future__ import annotations

from dataclasses import dataclass

import basix.ufl
import numpy as np
import numpy.typing as npt
from dolfinx import fem
from dolfinx.mesh import EntityMap, Mesh

Indices = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Side:
    """One side, or several that are bonded: a submesh and the maps between its cells and those of the parent mesh.

    `entity_map` is what forms need of them. `to_parent` has shape (local and ghost cells of the submesh,);
    `from_parent` (local and ghost cells of the parent), −1 outside the side.
    """

    name: str
    tag: int | tuple[int, ...]
    mesh: Mesh
    entity_map: EntityMap
    to_parent: Indices
    from_parent: Indices

    def space(self, degree: int = 1, shape: tuple[int, ...] = ()) -> fem.FunctionSpace:
        """Return the continuous Lagrange space of `degree` and value `shape` on this side."""
        return fem.functionspace(self.mesh, ("Lagrange", degree, shape))

    def points(self, degree: int, shape: tuple[int, ...] = ()) -> fem.FunctionSpace:
        """Return the space of values at the points of the quadrature of `degree` on this side."""
        element = basix.ufl.quadrature_element(self.mesh.basix_cell(), value_shape=shape, degree=degree)
        return fem.functionspace(self.mesh, element)


def facet_cells(parent: Mesh, facets: Indices) -> Indices:
    """Return the one cell of each external facet."""
    connectivity = parent.topology.connectivity(parent.topology.dim - 1, parent.topology.dim)
    return connectivity.array[connectivity.offsets[facets]]


def submesh_facets(parent: Mesh, side: Side, facets: Indices, cells: Indices) -> Indices:
    """Return the facets of a side's submesh that are the parent's external `facets` of `cells` on that side."""
    tdim = parent.topology.dim
    side.mesh.topology.create_connectivity(tdim, tdim - 1)
    parent_facets = parent.topology.connectivity(tdim, tdim - 1).array.reshape(-1, tdim + 1)
    side_facets = side.mesh.topology.connectivity(tdim, tdim - 1).array.reshape(-1, tdim + 1)
    subs = side.from_parent[cells]
    here = subs >= 0
    local = np.argmax(parent_facets[cells[here]] == facets[here, None], axis=1)
    return np.sort(side_facets[subs[here], local])
