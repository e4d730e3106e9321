"""A mesh whose cells name the sides and whose facets name the interfaces and boundaries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import factorial

import gmsh
import numpy as np
from dolfinx.mesh import Mesh, MeshTags
from mpi4py import MPI
from numpy.typing import NDArray

from interstice.meshes.compat import distribute_gmsh_model, geometry_nodes

HXT = 10
"""Gmsh's number of a Delaunay algorithm that is four times as fast as its default, with better worst elements."""


@dataclass(frozen=True)
class TaggedMesh:
    """A conforming simplex mesh and the meaning of its tags.

    Attributes:
        mesh: coordinates in metres; height is the last coordinate.
        cell_tags: every local and every ghost cell carries exactly one tag, that of its side.
        facet_tags: tags of interfaces and external boundaries, on local and ghost facets.
        sides: tag of each side, by name.
        interfaces: tag of the common facets of two sides, by their names; of layers the upper one comes first.
        boundaries: tag of each external boundary, by name: collector (highest face), counter (lowest face), left and
            right (lowest and highest x), in 3D front and back (lowest and highest y).
    """

    mesh: Mesh
    cell_tags: MeshTags
    facet_tags: MeshTags
    sides: dict[str, int]
    interfaces: dict[tuple[str, str], int]
    boundaries: dict[str, int]


def signed_volumes(mesh: Mesh) -> NDArray[np.float64]:
    """Return the volumes of local and ghost simplices [m³, in 2D m²], negative where inside out."""
    corners = mesh.geometry.x[geometry_nodes(mesh)][:, :, : mesh.geometry.dim]
    return np.linalg.det(corners[:, 1:] - corners[:, :1]) / factorial(mesh.geometry.dim)


def from_gmsh(comm: MPI.Comm, draw: Callable[[], None], unit: float) -> TaggedMesh:
    """Return the mesh that `draw` makes of the current Gmsh model.

    `draw` runs on rank 0 only and names physical groups: one per side in the highest dimension, ``"a/b"`` on the
    facets between sides a and b, one per external boundary. Whatever it raises is raised on every rank, so that none
    waits for the others. `unit` is the length of one unit of the model [m]: Gmsh's tolerances are absolute, models
    should be of size one.
    """
    groups: list[tuple[int, int, str]] = []
    failure: Exception | None = None
    facets_drawn = 0
    if comm.rank == 0:
        # the wheel has a PETSc of its own, which would read options from .petscrc; Gmsh warns that it knows no such
        quiet = ["gmsh", "-v", "1", "-skip_petscrc"]
        gmsh.initialize(quiet, readConfigFiles=False, interruptible=False)
        # One thread and a fixed seed: the same input gives the same mesh.
        for option, value in (("General.Terminal", 0), ("General.NumThreads", 1), ("Mesh.RandomSeed", 1)):
            gmsh.option.setNumber(option, value)
        try:
            draw()
            groups = [(dim, tag, gmsh.model.getPhysicalName(dim, tag)) for dim, tag in gmsh.model.getPhysicalGroups()]
            _require_one_side_each()
            facets_drawn = _count_facets()
        except Exception as error:
            failure = error
    try:
        failure, groups, facets_drawn = comm.bcast((failure, groups, facets_drawn), root=0)
        if failure is not None:
            raise failure
        dimension = max(dim for dim, _, _ in groups)
        mesh, cell_tags, facet_tags = distribute_gmsh_model(gmsh.model if comm.rank == 0 else None, comm, dimension)
    finally:
        if comm.rank == 0:
            gmsh.finalize()
    mesh.geometry.x[:] *= unit
    facets = {name: tag for dim, tag, name in groups if dim == dimension - 1}
    tagged = TaggedMesh(
        mesh,
        cell_tags,
        facet_tags,
        sides={name: tag for dim, tag, name in groups if dim == dimension},
        interfaces={_pair(name): tag for name, tag in facets.items() if "/" in name},
        boundaries={name: tag for name, tag in facets.items() if "/" not in name},
    )
    verify(tagged, facets_drawn)
    return tagged


def generate(dimension: int, size: int) -> None:
    """Mesh the current Gmsh model; the field `size` alone decides the element sizes."""
    gmsh.model.mesh.field.setAsBackgroundMesh(size)
    for option in ("MeshSizeExtendFromBoundary", "MeshSizeFromPoints", "MeshSizeFromCurvature"):
        gmsh.option.setNumber(f"Mesh.{option}", 0)
    gmsh.option.setNumber("Mesh.Algorithm3D", HXT)
    gmsh.model.mesh.generate(dimension)


def _pair(name: str) -> tuple[str, str]:
    first, second = name.split("/")
    return first, second


def _require_one_side_each() -> None:
    """Raise RuntimeError unless each cell of the current Gmsh model is in one physical group."""
    dimension = max(dim for dim, _ in gmsh.model.getPhysicalGroups())
    for dim, tag in gmsh.model.getEntities(dimension):
        cells = sum(len(elements) for elements in gmsh.model.mesh.getElements(dim, tag)[1])
        sides = [gmsh.model.getPhysicalName(dim, group) for group in gmsh.model.getPhysicalGroupsForEntity(dim, tag)]
        if cells and len(sides) != 1:
            raise RuntimeError(f"{cells} cells are in {' and '.join(sides) or 'no side'}; each must be in one side")


def _count_facets() -> int:
    """Return the number of facets in the physical groups of the current Gmsh model."""
    groups = gmsh.model.getPhysicalGroups()
    dimension = max(dim for dim, _ in groups) - 1
    tags = {
        entity for dim, tag in groups if dim == dimension for entity in gmsh.model.getEntitiesForPhysicalGroup(dim, tag)
    }
    return sum(len(elements) for tag in tags for elements in gmsh.model.mesh.getElements(dimension, tag)[1])


def verify(tagged: TaggedMesh, facets_drawn: int) -> None:
    """Raise RuntimeError unless every cell a rank sees carries exactly one tag, and none of the facets was lost."""
    comm, topology = tagged.mesh.comm, tagged.mesh.topology
    cells = topology.index_map(topology.dim)
    expected = np.arange(cells.size_local + cells.num_ghosts)
    complete = np.array_equal(tagged.cell_tags.indices, expected)
    if not comm.allreduce(complete, op=MPI.LAND):
        raise RuntimeError("some cells of the mesh carry no tag of a side")
    owned = tagged.facet_tags.indices < topology.index_map(topology.dim - 1).size_local
    lost = facets_drawn - comm.allreduce(int(np.count_nonzero(owned)))
    if lost:
        raise RuntimeError(f"{lost} facets of the physical groups are not facets of the cells")
