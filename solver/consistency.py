"""What the schema alone cannot see: names of sides, materials, files and cut-offs that do not fit each other."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from interstice.materials import Material, MaterialError, load, names
from interstice.materials.library import SHIPPED
from interstice.meshes import check, complete
from interstice.schema import Case, Charge, Discharge, Electrode, Electrolyte, Repeat, Step, check_path
from interstice.schema.problems import Key, Problem, brief, dotted
from interstice.schema.wording import did_you_mean


def materials_of(case: Case, folder: Path) -> tuple[dict[str, Material | None], list[Problem]]:
    """Return the material of each side by its name, None where there is none, and what is wrong with case and files."""
    materials, problems = {}, list(_misnamed(case))
    for name, side in (case.hosts | case.conductors).items():
        materials[name], more = _material(_block(case, name), side, folder)
        problems += more
    problems += _inconsistencies(case, folder, materials)
    problems += _other_numbers(case, materials)
    return materials, problems


def _block(case: Case, name: str) -> Key:
    """Return the key of the block about a side or an interface."""
    if case.electrode:
        return ("interface",) if "/" in name else (name,)
    kinds: dict[str, Mapping[str, Any]] = {
        "electrodes": case.hosts,
        "electrolytes": case.conductors,
        "interfaces": case.joints,
    }
    return next(kind for kind, blocks in kinds.items() if name in blocks), name


def _misnamed(case: Case) -> Iterator[Problem]:
    """Yield the sides and interfaces that the geometry and the rest of the case name differently."""
    sides, pairs = case.sides, case.pairs
    given = [*case.hosts, *case.conductors]
    for name in given:
        if name not in sides:
            yield (
                _block(case, name),
                f"the geometry has no such side{did_you_mean(name, sides)}; it has {', '.join(sides)}",
            )
        elif name in case.hosts and name in case.conductors:
            yield ("electrolytes", name), "the side is an electrode already"
    for side in sides:
        if side not in given:
            yield ("geometry",), f"the side '{side}' is in neither electrodes nor electrolytes"
    hosts = [name for name in sides if name in case.hosts]
    if case.geometry.builder == "layers" and hosts == sides[:1]:
        message = (
            f"the only electrode is '{hosts[0]}' at the counter face, which is the lithium reference; put it on top"
        )
        yield ("geometry", "layers"), message
    named = {frozenset(pair) for pair in pairs}
    allowed = ", ".join("/".join(pair) for pair in pairs)
    for name in case.joints:
        if frozenset(name.split("/")) not in named or name.count("/") != 1:
            yield _block(case, name), f"the geometry has no such interface; it has {allowed}"
    for first, second in pairs:
        here = [name for name in (f"{first}/{second}", f"{second}/{first}") if name in case.joints]
        if len(here) != 1:
            times = "is missing" if not here else "is given twice"
            yield ("interfaces",), f"the interface {first}/{second} {times}"
        if (first in case.hosts) == (second in case.hosts) and {first, second} <= set(given):
            kind = "electrodes" if first in case.hosts else "electrolytes"
            yield (kind,), f"{first} and {second} touch; an interface lies between an electrode and an electrolyte"


def _material(block: Key, wanted: Electrode | Electrolyte, folder: Path) -> tuple[Material | None, list[Problem]]:
    """Return the material of a side with the case's own numbers in it, and what is wrong with them."""
    try:
        material = load(wanted.material, [folder])
    except MaterialError as error:
        return None, [((*block, "material"), _one_line(error))]
    role = _role(wanted)
    words = "a host of lithium" if role == "host" else "an electrolyte"
    if role not in material.roles:
        suitable = ", ".join(_with_role(role, folder))
        message = f"{material.name} is not {words} (its roles: {', '.join(material.roles)}); allowed: {suitable}"
        return None, [((*block, "material"), message)]
    problems: list[Problem] = []
    if material.file.parent != SHIPPED:
        try:
            check_path(material.file.resolve())
        except ValueError as error:
            problems.append(((*block, "material"), str(error)))
    for name, number in wanted.overrides.model_dump(exclude_none=True).items():
        try:
            material = material.replace(**{name: number})
        except MaterialError as error:
            message = _one_line(error).removeprefix(f"{material.file}: ")
            problems.append(((*block, "overrides", name), re.sub(rf"^([a-z]+\.)?{name}: ", "", message)))
    return material, problems


def completed(case: Case, folder: Path, materials: Mapping[str, Material]) -> Case:
    """Return a case in which nothing was wrong with all that its copy has to say.

    That is every default, and of the materials where they are and their numbers.
    """
    geometry, dimension = complete(case.geometry, folder)
    case = case.model_copy(update={"geometry": geometry}).in_dimension(dimension)
    case = _with_material_files(case, materials)
    sides: dict[str, Electrode | Electrolyte] = {**case.hosts, **case.conductors}
    numbers = {name: {"material": side.material} | materials[name].numbers(_role(side)) for name, side in sides.items()}
    return case.model_copy(update={"materials": numbers})


def _role(side: Electrode | Electrolyte) -> str:
    return "host" if isinstance(side, Electrode) else "electrolyte"


def _other_numbers(case: Case, materials: Mapping[str, Material | None]) -> Iterator[Problem]:
    """Yield the numbers that the case says a run used and that its materials do not have any more.

    Those that the case overrides hold whatever the file says, and those of another material are of no interest.
    """
    sides: dict[str, Electrode | Electrolyte] = {**case.hosts, **case.conductors}
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
        then, now = _quantities(used), _quantities(material.numbers(_role(side)))
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


def _with_material_files(case: Case, materials: Mapping[str, Material]) -> Case:
    """Return the case with the absolute path of each material that is not shipped, so that its copy finds it too."""

    def placed(name: str, side: Any) -> Any:
        file = materials[name].file
        return side if file.parent == SHIPPED else side.model_copy(update={"material": str(file.resolve())})

    changes: dict[str, Any] = {}
    for one, many in (("electrode", "electrodes"), ("electrolyte", "electrolytes")):
        if side := getattr(case, one):
            changes[one] = placed(one, side)
        if sides := getattr(case, many):
            changes[many] = {name: placed(name, side) for name, side in sides.items()}
    return case.model_copy(update=changes)


def _with_role(role: str, folder: Path) -> Iterator[str]:
    for name in names([folder]):
        with suppress(MaterialError):
            if role in load(name, [folder]).roles:
                yield name


def _inconsistencies(case: Case, folder: Path, materials: Mapping[str, Material | None]) -> Iterator[Problem]:
    """Yield what is wrong between the case, its hosts and the files it names."""
    start, known = {}, True
    for name, electrode in case.hosts.items():
        material = materials[name]
        if material is None or material.host is None:
            known = False
            continue
        theta, (low, high) = electrode.initial_stoichiometry, material.host.stoichiometry_range
        if low <= theta <= high:
            start[name] = float(material.host.open_circuit_potential(theta))
        else:
            known = False
            key = (*_block(case, name), "initial_stoichiometry")
            yield key, f"the potential of {electrode.material} is known from {low:g} to {high:g}"
    if known:
        yield from _over_before_it_begins(case, start)
    try:
        check(case.geometry, folder)
    except (ValueError, OSError) as error:
        name, _, message = _one_line(error).partition(": ")
        yield (tuple(name.split(".")), message) if message else (("geometry",), name)


def _over_before_it_begins(case: Case, potentials: Mapping[str, float]) -> Iterator[Problem]:
    """Yield the first step if its cut-off voltage lies on the wrong side of the open-circuit voltage of the start."""
    sides = case.sides
    first: Step | Repeat = case.protocol[0]
    key: Key = ("protocol", 0)
    while isinstance(first, Repeat):
        first, key = first.steps[0], (*key, "steps", 0)
    if not isinstance(first, Charge | Discharge) or first.until.voltage is None:
        return
    # the last side is the upper one, whose potential is that of the collector unless it is an electrolyte
    lower = sides[0] if sides[0] in potentials and len(potentials) > 1 else None
    upper = next(name for name in reversed(sides) if name in potentials and name != lower)
    voltage = potentials[upper] - (potentials[lower] if lower else 0.0)
    if (first.until.voltage <= voltage) == (first.step == "charge"):
        side = "above" if first.step == "charge" else "below"
        message = f"the {first.step} would end before it begins; it must be {side} the {voltage:.4g} V of the start"
        yield (*key, "until", "voltage"), message


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
