"""No file that is read is carried out: cases, materials, formulas, checkpoints. What is installed has hashes."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import numpy as np
import pytest
from builders import TINY

from interstice import materials
from interstice.materials import MaterialError
from interstice.schema.expression import Expression
from interstice.solver import checkpoint
from interstice.solver.reader import CaseError, read_case

ROOT = Path(__file__).parent.parent
FOLDERS = ("schema", "materials", "meshes", "solver", "benchmarks", "src/interstice")
CARRIES_OUT = {"eval", "exec", "__import__", "read_pickle", "unsafe_load", "full_load"}
MODULES = {"pickle", "marshal", "shelve", "dill", "yaml"}


class Trap:
    """Writes a file when it is unpickled."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.file,)


def test_nothing_in_the_program_carries_out_a_text() -> None:
    files = [file for folder in FOLDERS for file in (ROOT / folder).rglob("*.py")]
    assert len(files) > 100
    for file in files:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), keywords=keywords):
                    assert name not in CARRIES_OUT, f"{file}:{node.lineno}: {name}"
                    given = {keyword.arg: getattr(keyword.value, "value", None) for keyword in keywords}
                    assert not given.get("allow_pickle"), f"{file}:{node.lineno}: allow_pickle"
                    assert given.get("typ") not in ("unsafe", "base"), f"{file}:{node.lineno}: YAML(typ=…)"
                case ast.Import(names=names):
                    assert not MODULES & {name.name.partition(".")[0] for name in names}, f"{file}:{node.lineno}"
                case ast.ImportFrom(module=str(module)):
                    assert module.partition(".")[0] not in MODULES, f"{file}:{node.lineno}"


def test_a_case_or_material_with_a_tag_of_python_does_nothing_but_be_refused(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    tagged = f"!!python/object/apply:pathlib.Path.touch [!!python/object/apply:pathlib.Path ['{mark}']]"
    case, material = tmp_path / "case.yaml", tmp_path / "mine.yaml"
    case.write_text(TINY.replace("title: a wavy film in a stiff fixture", f"title: {tagged}"))
    material.write_text(f"name: Mine\nformula: X\nyoung_modulus: {tagged}\n")
    with pytest.raises(CaseError):
        read_case(case)
    with pytest.raises(MaterialError):
        materials.load(material)
    assert not mark.exists()


@pytest.mark.parametrize("text", ["__import__('os').getcwd()", "theta.__class__", "(lambda: 1)()", "[x for x in (1,)]"])
def test_a_formula_is_no_program(text: str) -> None:
    with pytest.raises(ValueError, match="not allowed in a formula"):
        Expression(text)


def test_a_checkpoint_with_an_object_is_damaged_and_its_code_not_carried_out(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    (tmp_path / "checkpoint").mkdir()
    about = np.array(json.dumps({"format": checkpoint.FORMAT}))
    np.savez(tmp_path / "checkpoint" / "000001.npz", about=about, trap=np.array([Trap(mark)], dtype=object))
    with pytest.raises(checkpoint.CheckpointError, match="no checkpoint is whole"):
        checkpoint.latest(tmp_path)
    assert not mark.exists()


def test_every_package_that_is_installed_has_a_hash() -> None:
    entries = re.split(r"\n(?=\S)", (ROOT / "env/lock.txt").read_text(encoding="utf-8"))
    packages = [entry for entry in entries if not entry.startswith("#")]
    assert len(packages) > 50
    for entry in packages:
        assert re.match(r"\S+==\S+", entry) and "--hash=sha256:" in entry, entry
    assert "--require-hashes" in (ROOT / "env/finish.sh").read_text(encoding="utf-8")
