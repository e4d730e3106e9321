"""A film of electrode on a film of electrolyte: a stack of two layers that meet at height 0."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mpi4py import MPI

from interstice.meshes import layers, stack
from interstice.meshes.height_profile import HeightProfile
from interstice.meshes.tagged import TaggedMesh

if TYPE_CHECKING:
    from interstice.schema import Film


def build(comm: MPI.Comm, film: Film, profile: HeightProfile) -> TaggedMesh:
    """Return the mesh of `film`, whose interface lies at height 0 or, as `film.roughness_as` says, follows `profile`.

    The film covers [0, length] (× [0, width]) laterally, the electrolyte heights −electrolyte_thickness to 0, the
    electrode 0 to electrode_thickness. With periodic sides, opposite faces carry matching nodes. ValueError if the
    heights would squeeze elements flat or inside out.
    """
    followed = {("electrode", "electrolyte"): profile} if film.roughness_as == "profile" else {}
    return layers.build(comm, stack.from_case(film), followed)
