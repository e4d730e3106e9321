"""Who may import whom: the schema stands alone, materials and meshes know it, the solver all of them and no more."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ALLOWED = {
    "schema": {"schema"},
    "materials": {"materials", "schema"},
    "meshes": {"meshes", "schema"},
    "solver": {"solver", "meshes", "materials", "schema"},
}


def imported(file: Path) -> set[str]:
    """The folders of the program that a file imports from."""
    names: list[str] = []
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            names += [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
    return {name.split(".")[1] for name in names if name.startswith("interstice.")}


@pytest.mark.parametrize("folder", ALLOWED)
def test_a_folder_imports_only_from_those_below_it(folder: str) -> None:
    files = list((ROOT / folder).glob("**/*.py"))
    assert files
    assert {file.name: found for file in files if (found := imported(file) - ALLOWED[folder])} == {}
