"""Discs or balls of electrode in an electrolyte, meshed by Gmsh."""

from __future__ import annotations

from typing import TYPE_CHECKING

import gmsh
import numpy as np
from mpi4py import MPI

from interstice.meshes.grading import PARTICLE_GROWTH
from interstice.meshes.height_profile import flat
from interstice.meshes.packing import Packing, element_sizes, pack
from interstice.meshes.tagged import TaggedMesh, from_gmsh, generate, signed_volumes

if TYPE_CHECKING:
    from interstice.meshes.height_profile import HeightProfile
    from interstice.schema import Particles


def from_case(comm: MPI.Comm, geometry: Particles) -> tuple[TaggedMesh, HeightProfile]:
    """Return the mesh of a case's particles and the flat profile of their interface, which describes them."""
    packing = pack(geometry)
    tagged = build(comm, packing, *element_sizes(geometry))
    cells = tagged.cell_tags.find(tagged.sides["electrode"])
    owned = cells[cells < tagged.mesh.topology.index_map(packing.dimension).size_local]
    meshed = comm.allreduce(float(np.abs(signed_volumes(tagged.mesh))[owned].sum())) / packing.room
    diameters = " to ".join(dict.fromkeys(f"{2e6 * radius:.3g}" for radius in packing.radii[[-1, 0]]))
    return tagged, flat(
        f"flat; {len(packing.radii)} particles of {diameters} um, volume fraction {packing.volume_fraction:.3f} "
        f"({meshed:.3f} as meshed)"
    )


def build(comm: MPI.Comm, packing: Packing, element_size: float, coarse_size: float) -> TaggedMesh:
    """Return the mesh of `packing`; element sizes [m] at the interface and far from it.

    All particles together are the side electrode, what is between them the electrolyte. The facets of the interface
    are straight with their corners on the circles or spheres.
    """
    unit = packing.size[0]
    return from_gmsh(comm, lambda: _draw(packing, element_size / unit, coarse_size / unit), unit)


def _draw(packing: Packing, fine: float, coarse: float) -> None:
    """Draw and mesh the particles and the matrix in units of the length."""
    occ, dimension, unit = gmsh.model.occ, packing.dimension, packing.size[0]
    size = [length / unit for length in packing.size]
    drawn = []
    for place, radius in zip(packing.centres / unit, packing.radii / unit, strict=True):
        drawn.append(occ.addSphere(*place, radius) if dimension == 3 else occ.addDisk(*place, 0.0, radius, radius))
    box = occ.addBox(0, 0, 0, *size) if dimension == 3 else occ.addRectangle(0, 0, 0, *size)
    _, (of_box, *of_particles) = occ.fragment([(dimension, box)], [(dimension, tag) for tag in drawn])
    occ.synchronize()
    particles = [part for parts in of_particles for part in parts]
    matrix = [part for part in of_box if part not in particles]
    interface = gmsh.model.getBoundary(particles, combined=False, oriented=False)
    outer = [face for face in gmsh.model.getBoundary(matrix, oriented=False) if face not in interface]

    names = [("left", "right"), ("front", "back"), ("counter", "collector")]
    if dimension == 2:
        del names[1]
    places = {name: (axis, end * size[axis]) for axis, pair in enumerate(names) for end, name in enumerate(pair)}
    faces: dict[str, list[int]] = {"electrode/electrolyte": [tag for _, tag in interface]}
    for _, tag in outer:
        centre = occ.getCenterOfMass(dimension - 1, tag)
        nearest = min(places, key=lambda name: abs(centre[places[name][0]] - places[name][1]))
        faces.setdefault(nearest, []).append(tag)
    for name, parts in (("electrode", particles), ("electrolyte", matrix)):
        gmsh.model.addPhysicalGroup(dimension, [tag for _, tag in parts], name=name)
    for name, tags in faces.items():
        gmsh.model.addPhysicalGroup(dimension - 1, tags, name=name)

    largest = 2 * packing.radii[0] / unit
    generate(dimension, _sizes(dimension, faces["electrode/electrolyte"], fine, coarse, largest))


def _sizes(dimension: int, interface: list[int], fine: float, coarse: float, largest: float) -> int:
    """Return the field of element sizes: growing from the particles, the largest `largest` wide."""
    fields = gmsh.model.mesh.field
    distance, size = fields.add("Distance"), fields.add("Threshold")
    fields.setNumbers(distance, "CurvesList" if dimension == 2 else "SurfacesList", interface)
    # Distances are those from points of the interface, which are no farther apart than its elements.
    fields.setNumber(distance, "Sampling", np.ceil(np.pi * largest / fine))
    fields.setNumber(size, "InField", distance)
    fields.setNumber(size, "SizeMin", fine)
    fields.setNumber(size, "SizeMax", coarse)
    fields.setNumber(size, "DistMin", fine)
    # over no distance at all Gmsh would divide by zero
    fields.setNumber(size, "DistMax", fine + max((coarse - fine) / PARTICLE_GROWTH, fine))
    return size
