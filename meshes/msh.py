"""The physical groups a Gmsh file must hold, read from its header alone."""

from __future__ import annotations

from pathlib import Path

KEY = "geometry.file"
SIDES = ("electrode", "electrolyte")
INTERFACE = "electrode/electrolyte"
INTERFACE_NAMES = ("interface", INTERFACE, "electrolyte/electrode")
"""Names under which a file may hold the facets between the sides; none of them is needed."""


def physical_groups(path: Path) -> dict[str, int]:
    """Return the dimension of each named physical group of the Gmsh file `path`; ValueError if it is not one."""
    if not path.is_file():
        raise ValueError(f"{KEY}: there is no file '{path}'; the path is relative to the case file")
    groups: dict[str, int] = {}
    # This part of a file is text even where the rest is binary.
    with path.open("rb") as file:
        if file.readline().strip() != b"$MeshFormat":
            raise ValueError(f"{KEY}: '{path}' is not a Gmsh mesh file (.msh, format 2 or 4)")
        for line in file:
            if line.strip() == b"$PhysicalNames":
                for _ in range(int(file.readline())):
                    dimension, _, name = file.readline().decode(errors="replace").split(maxsplit=2)
                    groups[name.strip().strip('"')] = int(dimension)
                break
    return groups


def require_groups(path: Path, lateral: str) -> int:
    """Return the dimension of the mesh in `path`; ValueError names the groups it lacks and those it has.

    Needed are both sides, collector and counter; with symmetric `lateral` boundaries also left and right, in 3D front
    and back.
    """
    groups = physical_groups(path)
    dimension = groups.get("electrode", 2)
    if dimension not in (2, 3):
        raise ValueError(f"{KEY}: the electrode in '{path.name}' has dimension {dimension}; it must be 2 or 3")
    needed = dict.fromkeys(SIDES, dimension) | dict.fromkeys(("collector", "counter"), dimension - 1)
    if lateral == "symmetric":
        needed |= dict.fromkeys(("left", "right", "front", "back")[: 2 * (dimension - 1)], dimension - 1)
    missing = [f"'{name}' (dimension {dim})" for name, dim in needed.items() if groups.get(name) != dim]
    if missing:
        present = ", ".join(f"'{name}' (dimension {dim})" for name, dim in groups.items()) or "none with a name"
        free = ", or set geometry.lateral to 'free'" if lateral == "symmetric" else ""
        raise ValueError(
            f"{KEY}: '{path.name}' lacks the physical groups {', '.join(missing)}; it has {present}. Name them in "
            f"Gmsh{free}"
        )
    for name, dim in groups.items():
        if (dim == dimension and name not in SIDES) or ("/" in name and name not in INTERFACE_NAMES):
            raise ValueError(
                f"{KEY}: '{path.name}' has the physical group '{name}'; the only sides are electrode and electrolyte, "
                f"the only interface is '{INTERFACE}'"
            )
    return dimension
