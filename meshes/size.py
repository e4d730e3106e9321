"""How large the mesh of a geometry is going to be: counted in a file, else estimated, without Gmsh or DOLFINx."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod, sqrt
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from interstice.meshes import groups, packing, soundness, stack
from interstice.meshes.grading import (
    estimated_elements,
    estimated_elements_among,
    estimated_elements_of_arm,
    layers_of_prisms,
)
from interstice.meshes.height_profile import length_in_words

if TYPE_CHECKING:
    from interstice.schema import DoubleCantilever, Geometry, ImportedMesh, Particles

CELLS_PER_NODE = {2: 2.0, 3: 5.2}
"""Inside a body: by Euler's formula in 2D, as Gmsh makes them in 3D."""
SHARE_OF_FACE = {2: 0.5, 3: 0.75}
"""Of the nodes on the finest face, how many nodes more a side has for having faces."""


@dataclass(frozen=True)
class Size:
    """Numbers of cells and nodes of the mesh, and how much room the sides take.

    Attributes:
        dimension: 2 or 3.
        cells: by the names of the sides.
        nodes: the same, those of an interface counted on both of its sides.
        interface_nodes: of all interfaces.
        thicknesses: volumes of the sides over the apparent area [m].
        words: the smallest elements and what they cover.
    """

    dimension: int
    cells: Mapping[str, float]
    nodes: Mapping[str, float]
    interface_nodes: float
    thicknesses: Mapping[str, float]
    words: str

    @property
    def all_cells(self) -> float:
        """The number of cells of the mesh."""
        return sum(self.cells.values())


def estimated(geometry: Geometry, case_folder: Path) -> Size:
    """Return the size of the mesh of `geometry`; ValueError if that is known to be none."""
    if geometry.builder == "msh":
        return _counted(geometry, case_folder)
    if geometry.builder == "dcb":
        return _of_arms(geometry)
    if geometry.builder == "particles":
        return _of_particles(geometry)
    layers = stack.from_case(geometry)
    dimension, fine = layers.dimension, layers.element_size
    face = _nodes_on(prod(layers.lateral_size), fine, dimension)
    cells = estimated_elements(layers)
    nodes = {name: _nodes(count, face, dimension) for name, count in cells.items()}
    return Size(
        dimension, cells, nodes, len(layers.interfaces) * face, geometry.thicknesses, _over(fine, *layers.lateral_size)
    )


def _of_arms(specimen: DoubleCantilever) -> Size:
    fine, dimension, sides = specimen.element_size, specimen.dimension, ("electrolyte", "electrode")
    lateral = [specimen.length] if specimen.width is None else [specimen.length, specimen.width]
    count = estimated_elements_of_arm(specimen)
    face = (specimen.length / fine + 1) * (1 if dimension == 2 else layers_of_prisms(specimen) + 1)
    return Size(
        dimension,
        dict.fromkeys(sides, count),
        dict.fromkeys(sides, _nodes(count, face, dimension)),
        face,
        dict.fromkeys(sides, specimen.thickness),
        _over(fine, *lateral),
    )


def _of_particles(geometry: Particles) -> Size:
    packed = packing.pack(geometry)
    dimension, fine = packed.dimension, geometry.element_size
    inside, outside = estimated_elements_among(packed, *packing.element_sizes(geometry))
    surface = dimension * packing.unit_ball(dimension) * float(np.sum(packed.radii ** (dimension - 1)))
    face = _nodes_on(surface, fine, dimension)
    within = packed.volume_fraction * packed.room / prod(geometry.lateral_size)
    return Size(
        dimension,
        {"electrolyte": outside, "electrode": inside},
        {"electrolyte": _nodes(outside, face, dimension), "electrode": _nodes(inside, face, dimension)},
        face,
        {"electrolyte": geometry.height - within, "electrode": within},
        _over(fine, *packed.size),
    )


def _counted(geometry: ImportedMesh, case_folder: Path) -> Size:
    mesh = groups.load(geometry, case_folder)
    volumes = np.abs(soundness.signed_volumes(mesh.points, mesh.cells)) * geometry.unit
    lateral = np.ptp(mesh.points, axis=0)[:-1]
    cells, nodes, thicknesses = {}, {}, {}
    for number, name in enumerate(mesh.sides):
        of_side = mesh.side_of == number
        cells[name] = float(np.sum(of_side))
        nodes[name] = float(len(np.unique(mesh.cells[of_side])))
        thicknesses[name] = float(volumes[of_side].sum() / np.prod(lateral))
    faces = sum(len(np.unique(facets)) for facets in mesh.interfaces.values())
    return Size(len(lateral) + 1, cells, nodes, float(faces), thicknesses, f"as in '{geometry.file.name}'")


def _nodes_on(area: float, fine: float, dimension: int) -> float:
    """Return the number of nodes on a face [m², in 2D m] of triangles, in 2D lines, of a size [m]."""
    return area / fine + 1 if dimension == 2 else (2 / sqrt(3)) * area / fine**2


def _nodes(cells: float, face: float, dimension: int) -> float:
    """Return the number of nodes of a side of so many cells, with so many nodes on its finest face."""
    return cells / CELLS_PER_NODE[dimension] + SHARE_OF_FACE[dimension] * face


def _over(fine: float, *lengths: float) -> str:
    return f"{length_in_words(fine)} over {' x '.join(map(length_in_words, lengths))}"
