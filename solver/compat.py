"""The DOLFINx calls that differ between versions, as functions named after what they do (DOLFINx 0.9)."""

from __future__ import annotations

from typing import Any

from dolfinx import fem
from dolfinx.io import gmshio
from dolfinx.mesh import GhostMode, Mesh, MeshTags, create_cell_partitioner
from mpi4py import MPI


def distribute_gmsh_model(model: Any, comm: MPI.Comm, dimension: int) -> tuple[Mesh, MeshTags, MeshTags]:
    """Return mesh, cell tags and facet tags of the Gmsh `model` that rank 0 holds (None on the others).

    Coordinates are those of the model, tags those of its physical groups. Every cell that shares a facet with a
    cell of another rank is a ghost there, so both cells of any interface facet are visible to its owner.
    """
    partitioner = create_cell_partitioner(GhostMode.shared_facet)
    return gmshio.model_to_mesh(model, comm, 0, gdim=dimension, partitioner=partitioner)


def expression_at_points(expression: Any, space: fem.FunctionSpace) -> fem.Expression:
    """Return the UFL `expression` compiled for interpolation into `space`."""
    return fem.Expression(expression, space.element.interpolation_points())
