"""Which physics there are: each is a file whose `parts` looks at the case and makes what it asks for.

The order is that in which parts are made and asked: what others build on comes first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from interstice.solver.bodies import (
    arms,
    body,
    conductor,
    exhaustion,
    fixture,
    flow,
    heat,
    host,
    metal,
    overpotential,
    terminals,
)
from interstice.solver.interface import (
    activity,
    adhesion,
    bond,
    charge_transfer,
    contact,
    contact_resistance,
    friction,
    micro_contact,
    plating,
    voids,
)
from interstice.solver.model import Model
from interstice.solver.part import Part

PHYSICS: tuple[Callable[[Model], Iterable[Part]], ...] = (
    heat.parts,
    flow.parts,
    host.parts,
    metal.parts,
    conductor.parts,
    plating.parts,
    contact.parts,
    bond.parts,
    friction.parts,
    adhesion.parts,
    micro_contact.parts,
    activity.parts,
    charge_transfer.parts,
    contact_resistance.parts,
    voids.parts,
    terminals.parts,
    exhaustion.parts,
    overpotential.parts,
    body.parts,
    fixture.parts,
    arms.parts,
)


def make(model: Model) -> list[Part]:
    """Return the parts of a case."""
    return [part for parts in PHYSICS for part in parts(model)]
