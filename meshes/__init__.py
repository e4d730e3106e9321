"""Meshes of electrode and electrolyte, conforming at their interface, and the roughness of that interface."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from meshes.limits import check
from meshes.roughness import HeightProfile, initial_gap

if TYPE_CHECKING:
    from mpi4py import MPI

    from meshes.tagged import TaggedMesh
    from solver.case import Geometry

__all__ = ["HeightProfile", "build", "check", "initial_gap"]


def build(comm: MPI.Comm, geometry: Geometry, case_folder: Path) -> tuple[TaggedMesh, HeightProfile]:
    """Return the mesh of `geometry` and the roughness that the mesh does not follow, the one of `initial_gap`.

    Collective over `comm`. Files are looked up from `case_folder`. ValueError names the key that cannot be met.
    """
    check(geometry, case_folder)
    # Checking a case must not wait for Gmsh and DOLFINx.
    from meshes import dcb, film, imported, roughness

    if geometry.builder == "msh":
        return imported.build(comm, geometry, case_folder), roughness.flat()
    if geometry.builder == "dcb":
        return dcb.from_case(comm, geometry), roughness.flat()
    profile = roughness.from_film(geometry, case_folder)
    mesh = film.build(comm, geometry, profile)
    if geometry.roughness_as == "profile":
        profile = roughness.flat(f"{profile.description}, followed by the mesh")
    return mesh, profile
