"""Adhesion: a reversible attraction across the gap, whose work from contact to far apart is the work of adhesion w.

With the range ρ the attraction of the two sides is

    t(g) = w/ρ exp(−π g²/(4ρ²)) where g ≥ 0, w/ρ in contact;    ∫₀^∞ t dg = w,    ∫₀^g t dg = w erf(√π g/(2ρ)).

It has no history and comes on top of unilateral contact, whose pressure balances it where the gap is closed. The law is
smooth and level at g = 0: on a mesh the edge of the contact then moves on steadily, where a law with kinks, or one that
falls at once, holds it at one node and lets it jump to the next.

A sphere of radius R on a flat follows Johnson, Kendall and Roberts (1971) when the range is short: in the limit of
large Tabor numbers (R w²/(E*² ρ³))^⅓ (Tabor 1977). The attraction then acts on a narrow rim of the contact, which has
to be resolved (`rim_width`). When the sides approach each other, they snap together at a finite gap, and when they part
they do so at another one: between the two gaps there are two states of equilibrium, on each of which the attraction is
reversible.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import ufl

from interstice.solver.ledger import LawWork
from interstice.solver.model import Model
from interstice.solver.part import Part, Term, Work
from interstice.solver.site import Face

Array = npt.NDArray[np.float64]


class Adhesion(Part):
    """Adhesion on one interface.

    The nodal functions `work` w [J/m²] and `reach` ρ [m] may be changed, also from node to node.
    """

    symmetric: ClassVar[bool] = False
    account = "remainder"
    """Of the energy ledger: nothing is lost."""

    def __init__(self, face: Face, work: float, reach: float) -> None:
        """Set w and ρ everywhere; ValueError unless w ≥ 0 and ρ > 0."""
        if not (work >= 0.0 and reach > 0.0):
            raise ValueError(f"adhesion: the work {work:g} J/m² is below zero or the range {reach:g} m is not above")
        face.adhesion = self
        self.face, self.label, self.interface = face, face.label, face.interface
        interface = face.interface
        self.work, self.reach = interface.function("work_of_adhesion"), interface.function("range_of_adhesion")
        self.work.x.array[:], self.reach.x.array[:] = work, reach

        normal = interface.normal("+")
        gap = ufl.max_value(0.0, face.normal_gap)
        ratio = np.sqrt(np.pi) / 2 * gap / self.reach("+")
        attraction = self.work("+") / self.reach("+") * ufl.exp(-(ratio**2))
        self._traction = attraction * normal
        self._attraction = interface.reader(attraction)
        self._stored = interface.reader(self.work("+") * ufl.erf(ratio))

    def terms(self) -> Iterable[Term]:
        return self.face.on_jump(self.residual)

    def works(self) -> Iterator[Work]:
        yield LawWork(self, self.face.jump)

    def residual(self, jump_test: Any) -> ufl.Form:
        """Return ∫ t n · ⟦v⟧ dS."""
        return ufl.inner(self._traction, jump_test) * self.interface.dS

    @property
    def attraction(self) -> Array:
        """The attraction t at the nodes in the present state [Pa], shape (local and ghost nodes,)."""
        return self._attraction.read()

    @property
    def traction(self) -> Array:
        """The traction t n at the nodes in the present state [Pa], shape (local and ghost nodes × d,)."""
        normal = self.interface.normal.x.array.reshape(-1, self.interface.mesh.geometry.dim)
        return (self.attraction[:, None] * normal).ravel()

    @property
    def stored(self) -> Array:
        """The energy per area at the nodes in the present state [J/m²], 0 in contact, w far apart; shape (nodes,)."""
        return self._stored.read()

    @property
    def adhering_area(self) -> float:
        """The area [m²] that would store as little if it were in contact and all else apart: ∫ (1 − stored/w) dS.

        It ends where the attraction on the rim, seen from afar, is the edge of a crack.
        """
        return self.interface.sum(1.0 - self.stored / self.work.x.array)


def parts(model: Model) -> Iterator[Part]:
    """Yield the adhesion of each interface that has some."""
    for face, block in zip(model.faces, model.blocks.values(), strict=True):
        if block.adhesion:
            yield Adhesion(face, block.adhesion.work, block.adhesion.range)


def tabor_number(radius: float, work: float, modulus: float, reach: float) -> float:
    """Return (R w²/(E*² ρ³))^⅓ of `radius` R [m], `work` w [J/m²], `modulus` E* [Pa] and range `reach` ρ [m]."""
    return float(np.cbrt(radius * work**2 / (modulus**2 * reach**3)))


def rim_width(work: float, modulus: float, reach: float) -> float:
    """Return (π/4) E* ρ²/w [m], the width of the rim on which the attraction w/ρ acts, of Dugdale's law.

    Dugdale, J. Mech. Phys. Solids 8 (1960) 100, with the stress intensity that belongs to w: K² = 2 E* w.
    """
    return np.pi / 4 * modulus * reach**2 / work
