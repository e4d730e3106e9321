"""What is known of a case before it runs to lie beyond the range in which the model holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from interstice.materials import Material
from interstice.schema import Case
from interstice.solver import protocol_check
from interstice.solver.material_numbers import role_of
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
        wanted = case.hosts.get(name) or case.conductors[name]
        number, (known, temperature) = _transport(material, role_of(wanted))
        given = wanted.overrides.model_dump(exclude_none=True)
        if not known and number not in given and abs(case.temperature - temperature) > AWAY:
            yield (
                f"{name}: the {number.replace('_', ' ')} of {material.name} is known at {temperature - CELSIUS:.0f} °C "
                f"only and used at {case.temperature - CELSIUS:.0f} °C, where it may be another one by orders of "
                f"magnitude; set temperature, or overrides.{number}"
            )
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


def _transport(material: Material, role: str) -> tuple[str, tuple[float, float]]:
    """Return which number says how lithium moves, its activation energy [J/mol], 0 for none, and temperature [K]."""
    if role == "host":
        assert material.host is not None
        return "diffusivity", (material.host.diffusivity_activation_energy, material.host.reference_temperature)
    ionic = material.electrolyte
    assert ionic is not None
    return "ionic_conductivity", (ionic.conductivity_activation_energy, ionic.reference_temperature)
