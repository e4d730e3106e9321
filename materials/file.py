"""Reads a material file: entries with units and sources in, a checked material out, every error with its line.

A file is a mapping of `name`, `formula`, the elastic constants, one block per role (`host`, `electrolyte`, `metal`)
and a block `thermal`. Every quantity is an entry ``{value: "150 GPa", source: "who measured it", remark: "where sources
disagree"}``, or has an ``estimate``, the reasoning behind it, in place of the source. With `based_on` a file has what
another material has and only says what is different.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from interstice.materials.material import (
    BLOCKS,
    NAMES,
    Material,
    MaterialError,
    build,
    problems_of,
    quantities,
)
from interstice.materials.part import Entry
from interstice.schema import yaml_text
from interstice.schema.problems import CaseError, Key, Problem, brief
from interstice.schema.wording import did_you_mean

BASE = "based_on"
LONGEST_LINE = 20_000
"""Characters, of a formula."""
WANTED = "a material has name, formula, young_modulus, …, as those of the program have"


def read(path: Path, base: Callable[[str], Material]) -> Material:
    """Return the material in a file; `base` finds the one that it is based on, if it is."""
    try:
        data, places = _parsed(yaml_text.read_text(path, WANTED, LONGEST_LINE), str(path))
    except CaseError as error:
        raise MaterialError(str(error)) from None
    texts = {key: data[key] for key in NAMES if key in data}
    entries: dict[str, Entry] = {}
    problems: list[Problem] = []
    based_on: Path | None = None
    blocks = [key for key in BLOCKS if key in data]
    if BASE in data:
        try:
            found = base(str(data[BASE]))
        except MaterialError as error:
            problems.append(((BASE,), str(error)))
        else:
            based_on = found.file
            texts, entries = {"formula": found.formula, **texts}, dict(found.entries)
            blocks += [key for key in BLOCKS if getattr(found, key) is not None and key not in blocks]
    for block in ["", *(key for key in blocks if key in data)]:
        content = data[block] if block else data
        if not isinstance(content, Mapping):
            problems.append(((block,), f"a mapping of {', '.join(quantities(block))} is needed"))
            continue
        for key, item in content.items():
            place = (block, str(key)) if block else (str(key),)
            if not block and key in (*NAMES, BASE, *blocks):
                continue
            if key not in quantities(block):
                allowed = [*quantities(block), *(() if block else (*NAMES, BASE, *BLOCKS))]
                problems.append(
                    (place, f"unknown key{did_you_mean(str(key), allowed)} (allowed: {', '.join(allowed)})")
                )
            elif not isinstance(item, Mapping):
                problems.append((place, f"an entry {{value: …, source: …}} is needed (given: {brief(item)})"))
            else:
                entries[".".join(place)] = _entry(item, path, place, problems)
    return build(path, texts, blocks, entries, problems, places, based_on)


@lru_cache(maxsize=64)
def _parsed(text: str, file: str) -> tuple[Mapping[str, Any], Mapping[Key, str]]:
    """Parse a file once, though a case names its material several times and a study does in each case; to look at."""
    return yaml_text.parse(text, file, WANTED)


def _entry(item: Mapping[str, Any], path: Path, place: tuple[str, ...], problems: list[Problem]) -> Entry:
    """Return an entry, a table in another file by its absolute path; add to `problems` what is wrong with it."""
    try:
        entry = Entry.model_validate(item)
    except ValidationError as error:
        problems += problems_of(error, place)
        entry = Entry(value=item.get("value"))
    given = [key for key in ("source", "estimate") if key in item]
    if not given:
        message = "a source (authors, journal, year, doi) is needed, or an estimate, which is its reasoning"
        problems.append(((*place, "source"), message))
    elif len(given) == 2:
        problems.append(((*place, "estimate"), "a number has a source or is an estimate; put the rest into remark"))
    if isinstance(entry.value, Mapping) and "file" in entry.value:
        value = {**entry.value, "file": str((path.parent / str(entry.value["file"])).absolute())}
        entry = entry.model_copy(update={"value": value})
    return entry
