"""What can be refused before a mesh is built, without Gmsh or DOLFINx."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from interstice.meshes import groups, packing, roughness, stack
from interstice.meshes.grading import estimated_elements, estimated_elements_among
from interstice.meshes.height_profile import as_text

if TYPE_CHECKING:
    from interstice.schema import Film, Geometry, Layers, Particles

MOST_ELEMENTS = 20e6


def check(geometry: Geometry, case_folder: Path) -> None:
    """Raise ValueError, naming the key, if `geometry` cannot be meshed; files are looked up from `case_folder`."""
    if geometry.builder == "msh":
        groups.load(geometry, case_folder)
    elif geometry.builder == "film" or geometry.builder == "layers":
        _check_sizes(geometry, estimated_elements(stack.from_case(geometry)))
        roughness.from_case(geometry, case_folder)
        roughness.followed(geometry, case_folder)
    elif geometry.builder == "particles":
        packed = packing.pack(geometry)
        _check_sizes(geometry, estimated_elements_among(packed, *packing.element_sizes(geometry)))


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


def _check_sizes(geometry: Film | Layers | Particles, elements: float) -> None:
    coarse = geometry.coarse_size
    for key, size in coarse.items() if isinstance(coarse, dict) else [("", coarse)]:
        if size < geometry.element_size:
            raise ValueError(
                f"geometry.coarse_size{f'.{key}' if key else ''}: {size:.3g} m is below geometry.element_size, "
                f"{geometry.element_size:.3g} m"
            )
    if elements > MOST_ELEMENTS:
        raise ValueError(
            f"geometry.element_size: about {elements:.2g} elements would be needed, at most {MOST_ELEMENTS:.0e} are "
            "allowed; raise element_size or coarse_size, or make the body smaller"
        )
