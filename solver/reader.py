"""Reads a case file: YAML in, a checked `Case` out, and every error at once, each with its file, line and key."""

from __future__ import annotations

import io
import json
import sys
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import DoubleQuotedScalarString, LiteralScalarString

from interstice.materials import Material
from interstice.materials.library import origin
from interstice.meshes import remarks
from interstice.schema import Case, yaml_text
from interstice.schema.explain import Located, explain
from interstice.schema.problems import CaseError, Key, in_order
from interstice.solver import cost
from interstice.solver.consistency import completed, materials_of, on_mesh
from interstice.solver.cost import Cost
from interstice.solver.foreseen import cautions, estimates

__all__ = ["MARK", "CaseError", "LoadedCase", "checked", "dump_case", "read_case", "read_mapping"]

MARK = "# Written by Interstice:"
WIDTH = 100
"""Characters in a line of a formula."""


@dataclass(frozen=True)
class LoadedCase:
    """A checked case, the absolute path it came from, that path's folder, and the materials with overrides applied.

    The materials are by the names of the sides. `warnings` say where the case is beyond the range in which the model
    holds, or may not be what was meant, `estimates` which of its numbers nobody measured; `cost` is about what it
    needs.
    """

    case: Case
    path: Path
    folder: Path
    materials: dict[str, Material]
    warnings: tuple[str, ...] = ()
    estimates: tuple[str, ...] = ()
    cost: Cost | None = None

    @property
    def notes(self) -> tuple[str, ...]:
        """All that ``interstice validate`` has to say of a valid case: also its materials and roughness left out."""
        left_out = (
            f"below the mesh of {name}: rms {block.micro.rms * 1e9:.3g} nm, slope {block.micro.slope:.3g}"
            for name, block in self.case.faces.items()
            if block.micro and block.micro.cutoff and block.micro.rms and block.micro.slope
        )
        materials = (f"{side}: {material.name} of {origin(material)}" for side, material in self.materials.items())
        return *materials, *(f"warning: {warning}" for warning in self.warnings), *self.estimates, *left_out


def read_case(path: str | Path, overrides: Sequence[str] = ()) -> LoadedCase:
    """Read the case file at `path`, replace single values (``"stack.pressure=5 MPa"``) and check everything.

    Raises
    ------
    CaseError
        with all problems found.
    """
    shown = Path(path)
    values, places = yaml_text.parse(yaml_text.read_text(shown), str(shown))
    if isinstance(values, Mapping) and "case" in values and "geometry" not in values:
        raise CaseError([f"{shown}: is a study, with many runs of a case; 'interstice study run {shown}' runs it"])
    return checked(values, places, shown.resolve(), [(override, "") for override in overrides])


def read_mapping(values: Mapping[str, Any], overrides: Sequence[str] = ()) -> LoadedCase:
    """Return the case whose keys and values are those of a mapping, checked like a file's; CaseError as `read_case`.

    Relative paths in it begin at the current folder, in which the case is taken to be called case.yaml.
    """
    try:
        text = json.dumps(values, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise CaseError([f"case: mappings, lists, texts and numbers are needed: {error}"]) from None
    plain, places = yaml_text.parse(text, "case")
    given = [(override, "") for override in overrides]
    return checked(plain, dict.fromkeys(places, "case"), Path("case.yaml").resolve(), given)


def checked(values: Any, places: dict[Key, str], path: Path, overrides: Sequence[tuple[str, str]]) -> LoadedCase:
    """Return the case of plain `values`, which are changed by overrides, each with its place; CaseError as above."""
    for override, place in overrides:
        values = yaml_text.replace(values, places, override, place)
    located = Located(values, places)
    folder = path.parent
    try:
        case = Case.model_validate_json(json.dumps(values), strict=True, context={"folder": folder})
    except ValidationError as error:
        raise CaseError(explain(error, located)) from None
    case, size, problems = on_mesh(case, folder)
    materials, more = materials_of(case, folder)
    problems += more
    found = {name: material for name, material in materials.items() if material}
    needed = cost.of(case, found, size) if size and not problems else None
    if needed:
        problems += cost.problems(case, needed)
    if problems or not needed:
        raise CaseError(in_order(located.problem(key, message) for key, message in problems))
    below = [name for name, interface in case.faces.items() if interface.micro]
    asked = cost.cautions(case, needed, cost.memory_here())
    warnings = *remarks(case.geometry, folder, below), *cautions(case, found), *asked
    return LoadedCase(
        completed(case, folder, found), path, folder, found, warnings, tuple(estimates(case, found)), needed
    )


def dump_case(case: Case) -> str:
    """Return `case` as YAML with all defaults filled in and values in SI units; it reads back equal.

    Of a `LoadedCase` it also has the numbers of the materials.
    """
    yaml = YAML()
    # A folded line of text in double quotes does not always read back equal.
    yaml.width = sys.maxsize
    stream = io.StringIO()
    stream.write(f"{MARK} all defaults filled in, values in SI units, paths absolute.\n")
    values = case.model_dump(mode="json", exclude_none=True)
    materials = values.pop("materials", None)
    yaml.dump(_escaped(values), stream)
    if materials:
        stream.write("# What the run used. Numbers are changed by the overrides of a side, not here.\n")
        yaml.dump({"materials": _wrapped(materials)}, stream)
    return stream.getvalue()


def _wrapped(value: Any) -> Any:
    """Return the numbers of materials with long formulae in several lines, for long lines are not read."""
    if isinstance(value, Mapping):
        return {name: entry if name == "material" else _wrapped(entry) for name, entry in value.items()}
    if isinstance(value, str) and len(value) > WIDTH:
        return LiteralScalarString("\n".join(textwrap.wrap(value, WIDTH, break_on_hyphens=False)))
    return value


def _escaped(value: Any) -> Any:
    """Return `value` with all text in double quotes that holds line breaks, control characters and the like.

    YAML escapes them there; elsewhere it takes some of them, such as U+0085, for the end of a line.
    """
    if isinstance(value, str):
        return value if value.isprintable() else DoubleQuotedScalarString(value)
    if isinstance(value, Mapping):
        return {name: _escaped(entry) for name, entry in value.items()}
    return [_escaped(entry) for entry in value] if isinstance(value, list) else value
