"""What a case is made of: the files that it was read from, and hashes that tell whether they are still the same."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from interstice.solver.reader import LoadedCase


def describe(loaded: LoadedCase) -> Iterator[tuple[str, str]]:
    """Yield names and values: the hash of the case, and each file that it was read from with its own (SHA-256)."""
    yield "Case, with all numbers that it uses", f"SHA-256 {digest(_numbers(loaded))}"
    for name, file in files(loaded):
        yield name, f"{file}, SHA-256 {_hash(file)}" if file.is_file() else f"{file}, which is no file"


def files(loaded: LoadedCase) -> Iterator[tuple[str, Path]]:
    """Yield the files that a case was read from, by what they are: of itself, of materials, surfaces and meshes."""
    yield "Case file", loaded.path
    for side, material in loaded.materials.items():
        yield f"Material of {side}, {material.name}", material.file.absolute()
        if material.base:
            yield f"Material of {side}, that it is based on", material.base.absolute()
    yield from ((f"File of {key}", file) for key, file in _files_in(_numbers(loaded), ""))


def digest(values: Any) -> str:
    """Return a hash of values, with the contents of files in the place of their absolute paths (SHA-256)."""

    def content(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: content(entry) for key, entry in value.items()}
        if isinstance(value, list):
            return [content(entry) for entry in value]
        return _hash(Path(value)) if _is_file(value) else value

    return hashlib.sha256(json.dumps(content(values), sort_keys=True).encode()).hexdigest()


def _numbers(loaded: LoadedCase) -> Any:
    """Return all of a case that may change the results."""
    return loaded.case.model_dump(mode="json", exclude={"title", "output"})


def _files_in(value: Any, key: str) -> Iterator[tuple[str, Path]]:
    if isinstance(value, Mapping):
        for name, entry in value.items():
            yield from _files_in(entry, f"{key}.{name}" if key else name)
    elif isinstance(value, list):
        for number, entry in enumerate(value):
            yield from _files_in(entry, f"{key}.{number}")
    elif _is_file(value):
        yield key, Path(value)


def _is_file(value: Any) -> bool:
    return isinstance(value, str) and os.path.isabs(value) and Path(value).is_file()


def _hash(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
