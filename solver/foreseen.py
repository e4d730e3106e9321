"""What is known of a case before it runs to lie beyond the range in which the model holds."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from interstice.materials import Material, load
from interstice.materials.electrolyte import Electrolyte
from interstice.materials.flow import Anand, Creep
from interstice.materials.host import Host
from interstice.materials.library import shadowed
from interstice.materials.material import written
from interstice.schema import Case, Layered
from interstice.schema.plausible import questions
from interstice.schema.problems import brief, dotted
from interstice.solver import protocol_check
from interstice.solver.material_numbers import blocks_of, role_of
from interstice.solver.swelling import MOST_MOVED, Moved, Swelling, first_beyond, first_moved

LOCKING = 0.47
"""Poisson's ratio above which linear displacements are noticeably too stiff."""
AWAY = 5.0
"""Distance [K] from the temperature of a number beyond which it is another one, if nothing says how it changes."""
CELSIUS = 273.15
IONS = re.compile("Li|Na|K(?!r)")
"""The elements of a formula that a battery of this kind may pass to and fro."""


def cautions(case: Case, materials: Mapping[str, Material]) -> Iterator[str]:
    """Yield a sentence about each; `materials` are those of the sides, with the case's own numbers in them."""
    for name, material in materials.items():
        solid = case.solid(name)
        if solid != "elastic" and case.element_order == 1:
            yield f"{name}: flow keeps the volume, for which linear displacements are too stiff; use element_order: 2"
        elif material.poisson_ratio > LOCKING and case.element_order == 1:
            yield (
                f"{name}: with ν = {material.poisson_ratio:g} linear displacements are too stiff, and pressures of "
                "rough surfaces too high; use element_order: 2"
            )
        wanted = case.blocks[name]
        if other := shadowed(wanted.material, material):
            yield f"{name}: {wanted.material} is that of {material.file}, not that of the program, {other}"
        given = wanted.overrides.model_dump(exclude_none=True)
        number, where = _known_at(material, role_of(wanted), case.temperature)
        if where and number not in given:
            yield (
                f"{name}: the {number.replace('_', ' ')} of {material.name} is known {where} and used at "
                f"{case.temperature - CELSIUS:.0f} °C, where it may be another one by orders of magnitude; set "
                f"temperature, or overrides.{number}"
            )
        flow = {"creep": material.creep, "anand": material.anand}.get(solid)
        where = _known_where(flow, flow.activation_energy > 0, case.temperature) if flow else ""
        if where and f"{solid}_rate" not in given:
            yield (
                f"{name}: how {material.name} flows is known {where} and used at {case.temperature - CELSIUS:.0f} °C, "
                "where it may flow at a rate that is another one by orders of magnitude; set temperature"
            )
    for name in case.faces:
        sides = [materials[side] for side in name.split("/") if side in case.conductors]
        if len(sides) == 2 and all(side.electrolyte and side.electrolyte.binary for side in sides):
            yield f"{name}: the salt of neither side crosses the interface, though both hold one"
    yield from _of_another_ion(case, materials)
    for key, words in questions(case):
        yield f"{dotted(key)}: {words}"
    yield from protocol_check.cautions(case, materials)
    swelling = first_beyond(case, materials, case.bearable_strain)
    if swelling and not swelling.certain:
        yield f"protocol.{swelling.entry}: {too_much(swelling, case, materials)}"
    if moved := first_moved(case, materials):
        yield f"protocol.{moved.entry}: {too_far(moved, case)}"


def _of_another_ion(case: Case, materials: Mapping[str, Material]) -> Iterator[str]:
    """Yield the metals whose ion is not that of the other sides, as far as their formulae tell: one alone is solved."""
    for name, material in materials.items():
        plated = load(material.plated_file) if material.plated_file else material
        ions = set(IONS.findall(plated.formula)) if plated.metal else set()
        for other in (*case.conductors, *case.hosts):
            others = set(IONS.findall(materials[other].formula))
            if ions and others and not ions & others:
                yield (
                    f"{name}: {plated.name} is no source of the {' and '.join(sorted(others))} that {other} conducts "
                    "or takes up; all sides are reckoned with one ion, and potentials are those against its metal"
                )
                break


def too_much(swelling: Swelling, case: Case, materials: Mapping[str, Material]) -> str:
    """Return what to say of a protocol that swells a host too far."""
    name, start = swelling.side, case.hosts[swelling.side].initial_stoichiometry
    return (
        f"θ of {name} goes from {start:.4g} {'to' if swelling.certain else 'towards'} {swelling.theta:.3g}, where "
        f"{materials[name].name} has {'swollen' if swelling.strain > 0 else 'shrunk'} by {abs(swelling.strain):.1%} in "
        f"each direction; the model takes strains for small, and the run ends beyond largest_strain, "
        f"{case.largest_strain:g}: let less lithium pass, or raise it and take the results for trends"
    )


def too_far(moved: Moved, case: Case) -> str:
    """Return what to say of a protocol that moves the surface of a metal too far."""
    assert isinstance(case.geometry, Layered)
    thickness: float = case.geometry.thicknesses[moved.side]
    return (
        f"the surface of {moved.side} moves by {1e6 * moved.distance:.3g} um, {moved.distance / thickness:.0%} of the "
        f"thickness of its side, unless the step ends before; the run ends at {MOST_MOVED:.0%}: let less lithium "
        "pass, or make the side thicker"
    )


def estimates(case: Case, materials: Mapping[str, Material]) -> Iterator[str]:
    """Yield a sentence about each number of the materials that the case rests on and nobody measured."""
    for name, material in materials.items():
        wanted = case.blocks[name]
        given = wanted.overrides.model_dump(exclude_none=True)
        blocks = {"", *blocks_of(wanted)} | ({"thermal"} if case.heat else set())
        unused = _of_no_interest(case, name)
        for key, entry in material.entries.items():
            block, _, number = key.rpartition(".")
            used = block in blocks and number not in unused
            if entry.estimate and used and not {number, key.replace(".", "_")} & set(given):
                value = brief(written(entry.value), quotes=False, longest=80)
                yield f"{name}: {number} of {material.name}, {value}, is an estimate: {entry.estimate}"


def _known_at(material: Material, role: str, temperature: float) -> tuple[str, str]:
    """Return which number says how lithium moves and, in words, where it is known if not at a temperature [K]."""
    if role not in ("host", "electrolyte"):
        return "electronic_conductivity", ""
    ionic, host = material.electrolyte, material.host
    number, changes = "diffusivity", host is not None and host.diffusivity_activation_energy > 0
    known = host if role == "host" else ionic
    if role != "host" and ionic is not None:
        number, changes = "ionic_conductivity", ionic.arrhenius
    assert known is not None
    return number, _known_where(known, changes, temperature)


def _known_where(numbers: Host | Electrolyte | Creep | Anand, changes: bool, temperature: float) -> str:
    """Return where numbers of a block are known, in words, if not at a temperature [K] to which they may `change`."""
    if numbers.temperature_range:
        low, high = numbers.temperature_range
        inside = low - AWAY <= temperature <= high + AWAY
        return "" if inside else f"from {low - CELSIUS:.0f} to {high - CELSIUS:.0f} °C"
    # the numbers of Anand's law, which have no such temperature, always change with it
    reference = temperature if isinstance(numbers, Anand) else numbers.reference_temperature
    if changes or abs(temperature - reference) <= AWAY:
        return ""
    return f"at {reference - CELSIUS:.0f} °C only"


def _of_no_interest(case: Case, side: str) -> set[str]:
    """Return the numbers beside the blocks of its material that a side has no use for, for lack of a law with them."""
    neighbours = {other for pair in case.pairs if side in pair for other in pair}
    pressed = any(face.plastic for name, face in case.faces.items() if side in name.split("/"))
    # what is plated may break an electrolyte
    plated = side in case.conductors and any(other in case.every_electrode for other in neighbours - set(case.hosts))
    needed = {"density": case.heat is not None, "hardness": pressed, "fracture_toughness": plated}
    return {number for number, used in needed.items() if not used}
