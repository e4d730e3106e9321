"""The DOLFINx calls that differ between versions, as functions named after what they do (DOLFINx 0.11)."""

from __future__ import annotations

import itertools
import os
import shlex
from typing import Any

import ffcx.options
import numpy as np
import numpy.typing as npt
import ufl
from dolfinx import fem, jit
from dolfinx.fem import petsc
from dolfinx.io import gmsh
from dolfinx.mesh import EntityMap, GhostMode, Mesh, MeshTags, create_cell_partitioner, create_submesh
from mpi4py import MPI
from petsc4py import PETSc

# Scotch's threads race: the same mesh would be cut differently, and take other iterations, in every run
os.environ["SCOTCH_PTHREAD_NUMBER"] = "1"

# UFL orders constants and meshes by their names, where 10 comes before 9: numbers of as many digits keep the order in
# which they were made, so that a form is the same, and found compiled, however many there were before
ufl.Constant._counter = itertools.count(10**9)
ufl.Mesh._ufl_global_id = 10**9

FLAGS = "INTERSTICE_CFLAGS"
"""The variable with what the C compiler of forms is told in place of what DOLFINx tells it."""


def _asked_for() -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the options of DOLFINx for compiling forms that differ from its own: of the user, of the folder."""
    flags = os.environ.get(FLAGS)
    return ({"cffi_extra_compile_args": shlex.split(flags)} if flags else {}), {}


# Files in the current folder and at home, ffcx_options.json and dolfinx_jit_options.json, would change forms and how
# they are compiled.
setattr(ffcx.options, "_load_options", lambda: ({}, {}))  # noqa: B010
setattr(jit, "_load_options", _asked_for)  # noqa: B010


CELLS_OF_A_FACET = 2
"""The most cells that share a facet of a mesh of solids."""


def distribute_gmsh_model(model: Any, comm: MPI.Comm, dimension: int) -> tuple[Mesh, MeshTags, MeshTags]:
    """Return mesh, cell tags and facet tags of the Gmsh `model` that rank 0 holds (None on the others).

    Coordinates are those of the model, tags those of its physical groups. Every cell that shares a facet with a
    cell of another rank is a ghost there, so both cells of any interface facet are visible to its owner.
    """
    partitioner = create_cell_partitioner(GhostMode.shared_facet, CELLS_OF_A_FACET)
    data = gmsh.model_to_mesh(model, comm, 0, gdim=dimension, partitioner=partitioner)
    assert data.cell_tags is not None and data.facet_tags is not None
    return data.mesh, data.cell_tags, data.facet_tags


def extract_submesh(
    parent: Mesh, dimension: int, entities: npt.NDArray[np.int32]
) -> tuple[Mesh, EntityMap, npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Return the submesh of local and ghost `entities`, the entity map for forms, and the same map as arrays.

    The first array holds for each cell of the submesh its entity, the second the inverse: one entry per local and ghost
    entity of `parent`, −1 outside the submesh.
    """
    submesh, entity_map, *_ = create_submesh(parent, dimension, entities)
    cells = submesh.topology.index_map(dimension)
    to_parent = entity_map.sub_topology_to_topology(
        np.arange(cells.size_local + cells.num_ghosts, dtype=np.int32), False
    )
    index_map = parent.topology.index_map(dimension)
    from_parent = np.full(index_map.size_local + index_map.num_ghosts, -1, dtype=np.int32)
    from_parent[to_parent] = np.arange(len(to_parent), dtype=np.int32)
    return submesh, entity_map, to_parent, from_parent


def geometry_nodes(mesh: Mesh) -> npt.NDArray[np.int32]:
    """Return the rows of ``mesh.geometry.x`` of each local and ghost cell, shape (cells, nodes of a cell)."""
    return mesh.geometry.dofmaps[0]


def interior_facet_entities(mesh: Mesh, facets: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """Return (cell, local facet, cell, local facet) of each interior facet in `facets`, shape (facets, 4)."""
    rows = fem.compute_integration_domains(fem.IntegralType.interior_facet, mesh.topology, facets)
    return np.asarray(rows, dtype=np.int32).reshape(-1, 4)


def create_block_matrix(forms: Any) -> PETSc.Mat:
    """Return an unassembled matrix with room for all blocks of the nested list `forms` (None where one is empty)."""
    return petsc.create_matrix(forms)


def assemble_block_matrix(matrix: PETSc.Mat, forms: Any) -> None:
    """Assemble the nested list `forms` into `matrix` anew, ghost contributions included.

    DOLFINx adds zeros of its own (see `interstice.solver.algebra.sparsity`): what the matrix has no room for is left
    out.
    """
    matrix.zeroEntries()
    petsc.assemble_matrix(matrix, forms)
    matrix.assemble()


def expression_at_points(expression: Any, space: fem.FunctionSpace) -> fem.Expression:
    """Return the UFL `expression` compiled for interpolation into `space`."""
    return fem.Expression(expression, space.element.interpolation_points)
