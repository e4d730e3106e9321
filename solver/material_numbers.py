"""The numbers of materials in the copy of a case: which ones a run used, and whether its materials still have them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from interstice.materials import Material
from interstice.schema import Case, Electrode, Electrolyte
from interstice.schema.problems import Key, Problem, brief, dotted
from interstice.schema.wording import did_you_mean


def role_of(side: Electrode | Electrolyte) -> str:
    """Return the block of its material that a side needs."""
    return side.kind if isinstance(side, Electrode) else "electrolyte"


def blocks_of(side: Electrode | Electrolyte) -> list[str]:
    """Return the blocks of its material that a side uses, in which that of what is plated on it is."""
    flow = [] if side.solid == "elastic" else [side.solid]
    return [role_of(side), *(["metal"] if getattr(side, "plates", None) else []), *flow]


def numbers_of(case: Case, materials: Mapping[str, Material]) -> dict[str, dict[str, Any]]:
    """Return the numbers of the material of each side, and what the case calls that material, by the side's name."""
    return {
        name: {"material": side.material} | materials[name].numbers(*blocks_of(side))
        for name, side in case.blocks.items()
    }


def other_numbers(case: Case, materials: Mapping[str, Material | None]) -> Iterator[Problem]:
    """Yield the numbers that the case says a run used and that its materials do not have any more.

    Those that the case overrides hold whatever the file says, and those of another material are of no interest.
    """
    sides = case.blocks
    for name, used in (case.materials or {}).items():
        if name not in sides:
            yield (
                ("materials", name),
                f"the case has no such side{did_you_mean(name, sides)}; it has {', '.join(sides)}",
            )
            continue
        side, material = sides[name], materials[name]
        if material is None or used.get("material", side.material) != side.material:
            continue
        overridden = side.overrides.model_dump(exclude_none=True)
        then, now = _quantities(used), _quantities(material.numbers(*blocks_of(side)))
        advice = "restore the file, or delete 'materials' to run with its numbers as they are"
        for key in [key for key in then | now if key != ("material",) and key[-1] not in overridden]:
            if key not in now:
                yield ("materials", name, *key), f"the run used it, and {material.file} has no such number; {advice}"
            elif key in then and (difference := _difference(then[key], now[key])):
                place, old, new = difference
                message = f"the run used {old}, and {material.file} now says {new}; {advice}"
                yield ("materials", name, *key, *place), message
            elif key not in then and dotted(key) in material.entries:
                message = f"the run used no {dotted(key)}, and {material.file} now says {_shown(now[key])}; {advice}"
                yield ("materials", name), message


def _quantities(numbers: Mapping[str, Any]) -> dict[Key, Any]:
    """Return the values of a mapping, and of the mappings in it, by their keys."""
    found: dict[Key, Any] = {}
    for name, value in numbers.items():
        if isinstance(value, Mapping):
            found |= {(name, *key): inner for key, inner in _quantities(value).items()}
        else:
            found[name,] = value
    return found


def _difference(then: Any, now: Any) -> tuple[Key, str, str] | None:
    """Return where two values differ first, and both of them there; None if they do not."""
    if isinstance(then, list) and isinstance(now, list) and len(then) == len(now):
        for index, pair in enumerate(zip(then, now, strict=True)):
            if difference := _difference(*pair):
                place, old, new = difference
                return (index, *place), old, new
        return None
    # the copy breaks the lines of long formulae
    if isinstance(then, str) and isinstance(now, str) and "".join(then.split()) == "".join(now.split()):
        return None
    return None if then == now else ((), _shown(then), _shown(now))


def _shown(value: Any) -> str:
    return brief(" ".join(value.split()) if isinstance(value, str) else value, longest=200)
