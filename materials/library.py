"""Finds materials by name or file: first beside the case, then those of the program."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from interstice.materials.file import read
from interstice.materials.material import Material, MaterialError, Row
from interstice.schema import files, yaml_text
from interstice.schema.problems import brief
from interstice.schema.wording import did_you_mean

SHIPPED = Path(__file__).parent
SUFFIXES = (".yaml", ".yml")

_NAME = re.compile(r"^name:[ \t]*(.+?)[ \t]*(?:#.*)?$", re.MULTILINE)
_OTHER_KEYS = re.compile(r"^(formula|based_on|young_modulus|poisson_ratio|host|electrolyte|metal):", re.MULTILINE)


def load(name: str | Path, folders: Sequence[Path | str] = ()) -> Material:
    """Return the material called `name` (its name or file name, in upper or lower case) or the file at that path.

    `folders` are searched first, in their order, then the shipped materials.

    Raises
    ------
    MaterialError
        If there is no such material, or its file has errors; all of them are listed.
    """
    return _load(name, folders, ())


def is_file_name(name: str | Path) -> bool:
    """Return whether a material is named by its file rather than by its name."""
    return str(name).lower().endswith(SUFFIXES)


def shadowed(name: str, material: Material) -> Path | None:
    """Return the file of the program in whose place a material of that name was found, None if there is none."""
    if is_file_name(name) or material.file.parent == SHIPPED:
        return None
    return next(iter(_called(name, SHIPPED, ())), None)


def origin(material: Material) -> str:
    """Return in words from where a material is: the program, or which file; and that which it is based on."""
    files = [material.file, *([material.base] if material.base else [])]
    return ", based on ".join("the program" if file.parent == SHIPPED else str(file) for file in files)


def names(folders: Sequence[Path | str] = ()) -> list[str]:
    """Return the names of all materials in `folders` and of the shipped ones, sorted."""
    found = {name for folder in (*folders, SHIPPED) for path in _files(folder) if (name := _name_in(path))}
    return sorted(found, key=str.lower)


def describe(name: str | Path, folders: Sequence[Path | str] = ()) -> list[Row]:
    """Return the table of a material: quantity, value with unit, source, remark."""
    return load(name, folders).table()


def _load(name: str | Path, folders: Sequence[Path | str], without: tuple[Path, ...]) -> Material:
    """Return a material; `without` are the files that are based on it, which it cannot be itself."""
    if is_file_name(name):
        paths = [Path(folder) / name for folder in (*folders, ".", SHIPPED)]
        found = next((path for path in paths if os.path.isfile(path)), None)
        if found is None:
            looked = ", ".join(dict.fromkeys(brief(path.parent, quotes=False, longest=300) for path in paths))
            raise MaterialError(f"no material file '{brief(name, quotes=False, longest=300)}' (looked in {looked})")
        if found.absolute() in without:
            raise MaterialError(f"{found} is based on itself")
        return _read(found, without)
    itself: list[Path] = []
    others: list[Path] = []
    for folder in (*folders, SHIPPED):
        paths = _called(str(name), folder, without)
        if len(paths) > 1:
            raise MaterialError(f"'{name}' is the name of {' and of '.join(map(str, paths))}; give the file")
        if paths:
            return _read(paths[0], without)
        itself += _called(str(name), folder, ())
        others += [path for path in _files(folder) if _plain(path.stem) == _plain(str(name)) and not _name_in(path)]
    if itself:
        raise MaterialError(f"{itself[0]} is based on itself")
    known = names(folders)
    aside = "".join(f"; {path} is no material file, which has a name and a formula" for path in others)
    meant = did_you_mean(str(name), known)
    raise MaterialError(
        f"unknown material {brief(name)}{meant} (known: {', '.join(known)}; or a path to a .yaml file){aside}"
    )


def _read(path: Path, without: tuple[Path, ...]) -> Material:
    return read(path, lambda base: _load(base, [path.parent], (*without, path.absolute())))


def _called(name: str, folder: Path | str, without: tuple[Path, ...]) -> list[Path]:
    """Return the material files in a folder that have a name, or are called by it."""
    return [
        path
        for path in _files(folder)
        if (inside := _name_in(path))
        and _plain(name) in (_plain(path.stem), _plain(inside))
        and path.absolute() not in without
    ]


def _files(folder: Path | str) -> list[Path]:
    place = Path(folder)
    if not place.is_dir():
        return []
    return [path for path in sorted(place.iterdir()) if path.suffix in SUFFIXES and path.is_file()]


def _name_in(path: Path) -> str | None:
    """Return the name that a material file gives itself, without parsing it; None if it is no material, as a case."""
    try:
        text = files.content(path, yaml_text.LARGEST).decode("utf-8", "replace")
    except files.FileError:
        return None
    match = _NAME.search(text)
    return match[1].strip("'\"") if match and _OTHER_KEYS.search(text) else None


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
