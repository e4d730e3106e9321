"""Meshes of solids that conform at their interfaces, and the roughness of those interfaces."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from interstice.meshes.height_profile import HeightProfile, flat, initial_gap
from interstice.meshes.limits import check, complete, remarks
from interstice.meshes.unresolved import below_mesh

if TYPE_CHECKING:
    from mpi4py import MPI

    from interstice.meshes.tagged import TaggedMesh
    from interstice.schema import Geometry

__all__ = ["HeightProfile", "below_mesh", "build", "check", "complete", "initial_gap", "remarks"]


def build(
    comm: MPI.Comm, geometry: Geometry, case_folder: Path
) -> tuple[TaggedMesh, dict[tuple[str, str], HeightProfile]]:
    """Return the mesh of `geometry` and the roughness that it does not follow, the one of `initial_gap`, by interface.

    Collective over `comm`. Files are looked up from `case_folder`. ValueError names the key that cannot be met.
    """
    # Checking a case must not wait for Gmsh and DOLFINx.
    from interstice.meshes import dcb, imported, layers, particles, roughness, stack

    if geometry.builder == "msh":
        tagged = imported.build(comm, geometry, case_folder)
        return tagged, {pair: flat() for pair in tagged.interfaces}
    check(geometry, case_folder)
    if geometry.builder == "film" or geometry.builder == "layers":
        profiles = roughness.from_case(geometry, case_folder)
        followed = roughness.followed(geometry, case_folder)
        tagged = layers.build(comm, stack.from_case(geometry), followed)
        for pair, profile in followed.items():
            words = f"{profile.description}, followed by the mesh"
            if geometry.roughness_as == "profile":
                profiles[pair] = flat(words)
            else:
                words = f"{words}, and on it {profiles[pair].description}"
                profiles[pair] = replace(profiles[pair], description=words)
        return tagged, profiles
    if geometry.builder == "particles":
        tagged, profile = particles.from_case(comm, geometry)
        return tagged, dict.fromkeys(tagged.interfaces, profile)
    tagged = dcb.from_case(comm, geometry)
    return tagged, {pair: flat() for pair in tagged.interfaces}
