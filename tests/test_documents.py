"""What the documents tell a user to write is read: every block of YAML in README.md, CONTRIBUTING.md and docs/."""

from __future__ import annotations

import os
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from interstice.materials import library
from interstice.schema import Case, Film, Interface, Section, Stack
from interstice.solver.patch.press import read_patch
from interstice.solver.reader import CaseError, LoadedCase, read_mapping
from interstice.solver.study.plan import make, read_study

ROOT = Path(__file__).parent.parent
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
FENCED = re.compile(r"^( *)```yaml\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
ONE_LINE = re.compile(r"^    ([a-z_]+: \{.*\})$", re.MULTILINE)
OF_A_TABLE = re.compile(r"^\| `(\{.*\})` \|", re.MULTILINE)
BLOCKS: dict[str, type[Section]] = {"geometry": Film, "interface": Interface, "stack": Stack}
"""Where the keys of a block belong that are none of a whole case."""
WITH_HEAT = {"electrolyte": {"material": "LLZO"}}
"""Heat needs materials that know of it."""
MEASURED = "theta, U [V]\n0.05, 4.9\n0.5, 4.72\n0.95, 4.6\n"
"""A table of the kind that the documents mention."""
OWN_FILE = "there is no file"
OF_ONE, OF_MANY = ("electrode", "electrolyte", "interface"), ("electrodes", "electrolytes", "interfaces")


def parsed(text: str) -> Any:
    return YAML(typ="safe").load(textwrap.dedent(text))


def written() -> Iterator[Any]:
    """Yield the texts of the blocks, named by their files and lines."""
    for path in DOCUMENTS:
        text = path.read_text(encoding="utf-8")
        for pattern, group in ((FENCED, 2), (ONE_LINE, 1), (OF_A_TABLE, 1)):
            for found in pattern.finditer(text):
                line = text.count("\n", 0, found.start()) + 1
                yield pytest.param(found[group], id=f"{path.relative_to(ROOT)}:{line}")


def example() -> dict[str, Any]:
    """Return the case of the README, which is whole."""
    found = FENCED.search((ROOT / "README.md").read_text(encoding="utf-8"))
    assert found is not None
    values: dict[str, Any] = parsed(found[2])
    assert "title" in values
    return values


def completed(block: dict[str, Any]) -> dict[str, Any]:
    """Return a whole case with what a block says of one; the rest is that of the README."""
    if not set(block) <= set(Case.model_fields):
        (home,) = (name for name, kind in BLOCKS.items() if set(block) <= set(kind.model_fields))
        block = {home: block}
    case = example() | WITH_HEAT if "heat" in block else example()
    for name in OF_ONE if block.keys() & set(OF_MANY) else ():
        del case[name]
    for name, value in block.items():
        is_part = name in case and isinstance(value, dict) and not value.keys() & {"builder", "hold", "material"}
        case[name] = {**case[name], **value} if is_part else value
    return case


def read(block: dict[str, Any], folder: Path) -> LoadedCase | None:
    path = folder / "block.yaml"
    with open(path, "w", encoding="utf-8") as file:
        YAML().dump(block, file)
    if block.keys() & {"formula", "based_on"}:
        (folder / "lnmo_ocv.csv").write_text(MEASURED, encoding="utf-8")
        library.load(path)
    elif "axes" in block:
        study = folder / "study.yaml"
        with open(study, "w", encoding="utf-8") as file:
            YAML().dump({**block, "case": example()}, file)
        assert make(read_study(study)).runs
    elif "points" in block:
        for name in ("meshes", "cases"):
            os.symlink(ROOT / name, folder / name)
        read_patch(path)
    else:
        return read_mapping(completed(block))
    return None


@pytest.mark.parametrize("text", list(written()))
def test_what_is_written_is_read(text: str, tmp_path: Path) -> None:
    block = parsed(text)
    try:
        loaded = read(block, tmp_path)
    except CaseError as error:
        # a file of the reader's own is all that may be missing
        assert all(OWN_FILE in line for line in str(error).splitlines()), error
    else:
        assert loaded is None or loaded.case.protocol


def test_blocks_of_every_kind_are_found() -> None:
    blocks = [parsed(param.values[0]) for param in written()]
    keys = {key for block in blocks for key in block}
    assert {"title", "electrodes", "protocol", "heat", "hold", "profile", "points", "formula", "axes"} <= keys


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("stack: {holds: free}", "holds"),
        ("protocol: [charge at 4.2 V]", "charge at"),
        ("geometry: {builder: film, length: 1 um}", "element_size"),
    ],
)
def test_what_is_wrong_in_a_block_is_not_overlooked(text: str, named: str, tmp_path: Path) -> None:
    with pytest.raises(CaseError, match=named):
        read(parsed(text), tmp_path)
