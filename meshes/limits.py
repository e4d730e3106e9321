"""What can be refused before a mesh is built, without Gmsh or DOLFINx."""

from __future__ import annotations

from collections.abc import Collection
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING

from interstice.meshes import folding, groups, roughness, stack
from interstice.meshes.height_profile import as_text
from interstice.meshes.size import Size, estimated
from interstice.schema.wording import rounded

if TYPE_CHECKING:
    from interstice.schema import DoubleCantilever, Film, Geometry, Layers, Particles


def check(geometry: Geometry, case_folder: Path, most_cells: float = inf) -> Size:
    """Return how large the mesh of `geometry` is going to be.

    ValueError, naming the key, if it cannot be meshed with so many cells at most. Files are looked up from the folder.
    """
    found = estimated(geometry, case_folder)
    if geometry.builder != "msh":
        _require_coarser(geometry)
    if found.all_cells > most_cells:
        key, remedy = "geometry.element_size", "raise element_size or coarse_size, make the body smaller, or "
        if geometry.builder == "msh":
            key, remedy = "geometry.file", ""
        raise ValueError(
            f"{key}: about {rounded(found.all_cells)} cells "
            f"would be needed ({found.words}), at most {rounded(most_cells)} are allowed; {remedy}allow more: "
            "limits.cells or --max-cells"
        )
    if geometry.builder == "film" or geometry.builder == "layers":
        roughness.from_case(geometry, case_folder)
        folding.check(stack.from_case(geometry), roughness.followed(geometry, case_folder))
    return found


def remarks(geometry: Geometry, case_folder: Path, below: Collection[str] = ()) -> list[str]:
    """Return what is to be said of `geometry`, which passed `check`, before it is used.

    `below` names the interfaces whose roughness below the mesh has a law of its own.
    """
    if geometry.builder != "msh":
        return list(roughness.remarks(geometry, case_folder, below))
    mesh = groups.load(geometry, case_folder)
    return [
        f"geometry.file: {count} cells of {name} are not connected with the rest of it, at the collector or counter: "
        "no current reaches their lithium, and yet they count in the active fraction; connect them, or leave them out"
        for name, count in mesh.isolated.items()
    ] + [
        f"geometry.file: {count} facets ({name}) face each other across a slit of {as_text(width * geometry.unit)}, "
        "less than a tenth of their edges: neither force nor current ever crosses it; if the bodies are to touch, draw "
        "their faces at the same place and join them (BooleanFragments in the geometry, or geometry.merge)"
        for name, (count, width) in mesh.slits.items()
    ]


def complete(geometry: Geometry, case_folder: Path) -> tuple[Geometry, int]:
    """Return `geometry`, which passed `check`, with the defaults that its files decide, and its dimension."""
    if geometry.builder == "msh":
        found = groups.load(geometry, case_folder)
        names = {"sides": list(found.sides), "interfaces": found.names}
        return geometry.model_copy(update=names), found.points.shape[1]
    if geometry.builder == "film" or geometry.builder == "layers":
        return roughness.with_rows(geometry, case_folder), geometry.dimension
    return geometry, geometry.dimension


def _require_coarser(geometry: Film | Layers | Particles | DoubleCantilever) -> None:
    coarse = geometry.coarse_size
    for key, length in coarse.items() if isinstance(coarse, dict) else [("", coarse)]:
        if length < geometry.element_size:
            raise ValueError(
                f"geometry.coarse_size{f'.{key}' if key else ''}: {length:.3g} m is below geometry.element_size, "
                f"{geometry.element_size:.3g} m"
            )
