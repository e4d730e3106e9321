"""What crosses an interface between like sides: the carrier that both conduct, where they touch.

    j = a (φ⁺ − φ⁻)/(R + a/h_c),        and R j²/a + j²/h_c is made as heat,

from the first side into the second. Electrons cross from a collector to an electrode, or to another collector.
Between electrolytes lithium ions cross; φ is on either side the potential of a
lithium reference electrode (`interstice.solver.physics.binary`), so that φ⁺ = φ⁻ is the equilibrium of Li⁺ whatever
salt one side holds. The anion of a salt does not cross: to it the interface is a wall, as an electrode is.

a is the share of the area that conducts, R [Ω m²] the resistance of what is in contact and h_c [S/m²] the conductance
of roughness below the mesh (`interstice.solver.interface.micro_contact`). Where R is not given what touches is as good
as one body; as in the conduction of heat it then is so small a share of the resistance of an element that it is none.

Weak form: ∫ j ψ⁺ − j ψ⁻ dS is added to the balances of charge of both sides. Open parts are blocked: j = 0 where a = 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from interstice import schema
from interstice.solver.interface.passage import Passage
from interstice.solver.model import Model
from interstice.solver.part import Part, Term
from interstice.solver.site import Face, Site

PERFECT = 1e3
"""κ_h/d over 1/R, d the spacing of nodes, where R is not given: the resistance it adds is as small as its inverse."""


class ContactResistance(Passage):
    """The conduction between the like sides of one interface."""

    def __init__(self, model: Model, face: Face, law: schema.Conduction) -> None:
        super().__init__(model, face)
        share, micro, sides = self._activity.share, face.micro, (self.origin, self.target)
        # their levels are one
        own = [face.seen_from(site, site.potential_holder.phi) for site in sides]
        drop = own[0] - own[1]
        if law.resistance is not None:
            resistance: Any = model.domain.constant(law.resistance)
        else:
            resistivity = sum(1 / face.seen_from(site, site.potential_holder.conductivity) for site in sides)
            resistance = model.coefficient(resistivity / 2) * face.interface.spacing("+") / model.coefficient(PERFECT)
        total = resistance if micro is None else resistance + share * micro.resistance
        current = share * drop / total
        parts = {"contact": drop, "sides": -drop}
        if micro is not None:
            parts |= {"micro-constriction": micro.resistance * current, "contact": drop - micro.resistance * current}
        if any(_salt(site) is not None for site in sides):
            parts["salt"] = self._of_salt(self.target) - self._of_salt(self.origin)
        face.heat_sources.append(current * drop)
        self.observe(current, current, parts)

    def _of_salt(self, site: Site) -> Any:
        """Return what the salt of a side adds to its potential here [V], in UFL."""
        return 0.0 if _salt(site) is None else self.face.seen_from(site, _salt(site))

    def terms(self) -> Iterator[Term]:
        yield self.face.leaving(self.charge, self.origin, self.origin.potential_holder.phi)
        yield self.face.entering(self.charge, self.target, self.target.potential_holder.phi)


def _salt(site: Site) -> Any:
    """Return what the salt of a side adds to its potential [V] in UFL, None where it has none."""
    return site.conductor.salt_potential if site.conductor and site.conductor.salt is not None else None


def parts(model: Model) -> Iterator[Part]:
    """Yield the contact resistance of each interface between like sides."""
    for face, block in zip(model.faces, model.blocks.values(), strict=True):
        if block.conduction:
            yield ContactResistance(model, face, block.conduction)
