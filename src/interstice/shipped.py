"""The cases that come with the program, and copies of them to change."""

from __future__ import annotations

import os
from pathlib import Path

FOLDER = (Path(__file__).parent / "cases").resolve()
TOPOGRAPHY = FOLDER.parent / "meshes" / "topography"
"""The measured surfaces that they refer to, with whose they are."""


def cases() -> list[Path]:
    """Return the files to give to the command run."""
    return sorted(FOLDER.glob("*.yaml"))


def copy(target: Path) -> list[Path]:
    """Copy the cases to a folder, with all files that they refer to, and return the copied cases.

    Topographies come to lie in it too, and are referred to there. Nothing is written if one of the files is there
    already, which FileExistsError names; OSError if they cannot be written.
    """
    new = {target / file.relative_to(FOLDER): file for file in sorted(FOLDER.glob("**/*.yaml"))}
    new |= {target / "topography" / file.name: file for file in sorted(TOPOGRAPHY.iterdir()) if file.is_file()}
    for place in new:
        if place.exists():
            raise FileExistsError(place)
    for place, file in new.items():
        content = file.read_bytes()
        if file.suffix == ".yaml":
            there, here = os.path.relpath(TOPOGRAPHY, file.parent), os.path.relpath(target / "topography", place.parent)
            content = content.replace(f"{there}/".encode(), f"{here}/".encode())
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    return [target / case.name for case in cases()]
