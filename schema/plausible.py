"""Values of a case that can be, but hardly are what was meant."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from interstice.schema.problems import Key
from interstice.schema.section import Section
from interstice.schema.units import Plausible, unit_of


def questions(block: Section, key: Key = ()) -> Iterator[tuple[Key, str]]:
    """Yield the key and what to say of each unusual value of a block and of the blocks in it."""
    for name, field in type(block).model_fields.items():
        value, known = getattr(block, name), unit_of(field)
        if isinstance(known, Plausible) and isinstance(value, float):
            if words := known.question(value):
                yield (*key, name), words
        else:
            yield from _within(value, (*key, name))


def _within(value: Any, key: Key) -> Iterator[tuple[Key, str]]:
    if isinstance(value, Section):
        yield from questions(value, key)
    elif isinstance(value, list | dict):
        for part, one in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _within(one, (*key, part))
