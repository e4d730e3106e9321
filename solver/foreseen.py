"""What is known of a case before it runs to lie beyond the range in which the model holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from interstice.materials import Material
from interstice.materials.library import shadowed
from interstice.materials.material import written
from interstice.schema import Case
from interstice.schema.plausible import questions
from interstice.schema.problems import brief, dotted
from interstice.solver import protocol_check
from interstice.solver.material_numbers import blocks_of, role_of
from interstice.solver.swelling import Swelling, first_beyond

LOCKING = 0.47
"""Poisson's ratio above which linear displacements are noticeably too stiff."""
AWAY = 5.0
"""Distance [K] from the temperature of a number beyond which it is another one, if nothing says how it changes."""
CELSIUS = 273.15


def cautions(case: Case, materials: Mapping[str, Material]) -> Iterator[str]:
    """Yield a sentence about each; `materials` are those of the sides, with the case's own numbers in them."""
    for name, material in materials.items():
        if material.poisson_ratio > LOCKING and case.element_order == 1:
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
    for name in case.faces:
        sides = [materials[side] for side in name.split("/") if side in case.conductors]
        if len(sides) == 2 and all(side.electrolyte and side.electrolyte.binary for side in sides):
            yield f"{name}: the salt of neither side crosses the interface, though both hold one"
    for key, words in questions(case):
        yield f"{dotted(key)}: {words}"
    yield from protocol_check.cautions(case, materials)
    swelling = first_beyond(case, materials, case.largest_strain)
    if swelling and not swelling.certain:
        yield f"protocol.{swelling.entry}: {too_much(swelling, case, materials)}"


def too_much(swelling: Swelling, case: Case, materials: Mapping[str, Material]) -> str:
    """Return what to say of a protocol that swells a host too far."""
    name, start = swelling.side, case.hosts[swelling.side].initial_stoichiometry
    return (
        f"θ of {name} goes from {start:.4g} {'to' if swelling.certain else 'towards'} {swelling.theta:.3g}, where "
        f"{materials[name].name} has {'swollen' if swelling.strain > 0 else 'shrunk'} by {abs(swelling.strain):.1%} in "
        f"each direction; the model takes strains for small, and the run ends beyond largest_strain, "
        f"{case.largest_strain:g}: let less lithium pass, or raise it and take the results for trends"
    )


def estimates(case: Case, materials: Mapping[str, Material]) -> Iterator[str]:
    """Yield a sentence about each number of the materials that the case rests on and nobody measured."""
    for name, material in materials.items():
        wanted = case.blocks[name]
        given = wanted.overrides.model_dump(exclude_none=True)
        blocks = {"", *blocks_of(wanted)} | ({"thermal"} if case.heat else set())
        for key, entry in material.entries.items():
            block, _, number = key.rpartition(".")
            used = block in blocks and number not in given and (case.heat or number != "density")
            if entry.estimate and used:
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
    if known.temperature_range:
        low, high = known.temperature_range
        inside = low - AWAY <= temperature <= high + AWAY
        return number, "" if inside else f"from {low - CELSIUS:.0f} to {high - CELSIUS:.0f} °C"
    if changes or abs(temperature - known.reference_temperature) <= AWAY:
        return number, ""
    return number, f"at {known.reference_temperature - CELSIUS:.0f} °C only"
