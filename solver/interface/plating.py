"""Plating and stripping: lithium that crosses the surface of a metal moves it.

The recession s [m] of the surface, > 0 where lithium is stripped and < 0 where it is plated, follows from the current
density j_n at each node of the interface,

    ∂s/∂t = Ω j_n/F,

Ω the molar volume of the metal: 1.347 nm/s at 1 mA/cm² and Ω = 13.0 cm³/mol. It is part of the gap,
g_n = g_0 + s + ⟦u⟧·n: what is stripped opens where the metal does not follow, what is plated closes a gap, then
presses. The mesh of the metal stays as it is, and its surface moves by no more than a share of its thickness.

Weak form: ∫ (F/Ω ∂s/∂t − j_n) t dS = 0 for all t, which with the rule at the nodes is an equation of each. The charge
is counted by the same time scheme, so that no lithium is lost, however long the steps.

Under a contact pressure p_n the work p_n ds is done on the metal that closes up. It is on the account "chemical" of the
ledger: with `stress: coupled` the potential gives it, Ω p_n/F (`interstice.solver.bodies.metal`).

Where the sides do not touch no electron reaches the lithium ions. What is plated closes a gap from where they do, along
the surfaces: if the case says so, gaps up to a length are plated into as if the sides touched there, and are not
stripped from.

What is plated on a collector is a film, −s thick, of which no more can be stripped than there is. Where it is thinner
than some atoms it is islands, and the activity of lithium is the share that they cover, a = 1 − exp(s/δ): the anodic
part of Butler–Volmer's equation goes with it. On the bare collector a_0 is left of it, which gives that a potential;
there is nothing to be stripped where s would rise beyond a_0 δ, 10⁻¹⁵ m.

On a host the same film is plated beside intercalation, with a_0 = 0: the host gives it a potential. Above 0 V there is
as little as balances that, a = exp(−F(φ_e − φ_s)/RT), less than a hundredth of an atom's layer from 0.16 V on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import ufl

from interstice.materials.elementwise import exp, maximum, minimum
from interstice.solver.algebra import Constraints
from interstice.solver.bodies.metal import BARE
from interstice.solver.constants import FARADAY
from interstice.solver.ledger import RecessionWork
from interstice.solver.model import Model
from interstice.solver.part import Caution, Group, Limit, Part, Shown, Term, Unknown, Work
from interstice.solver.site import Face, Site
from interstice.solver.swelling import MOST_MOVED

ISLANDS = 1e-9
"""Thickness δ [m] below which a film does not cover its collector."""
NOTABLE = 0.1
"""Share of the thickness of a metal by which its surface moves before that is told of."""
SHARE_OF_THICKNESS, SHARE_OF_ROUGHNESS = 0.01, 0.25
"""By how much of the thickness of the metal a surface moves in a time step at most, and by how much of the roughness
some places may move farther than others."""

Array = npt.NDArray[np.float64]


class Plating(Part):
    """The moving surface of the metal at one interface; `recession` is s [m].

    Of the side at `site`, or plated on it, whose molar volume is `volume` [m³/mol]. `bare` is the activity a_0 of
    lithium where there is none on a collector or a host; None where there is a metal behind the surface.
    """

    group: ClassVar[Group] = "transport"

    def __init__(
        self,
        model: Model,
        face: Face,
        site: Site,
        volume: float,
        bare: float | None = None,
        reach: float | None = None,
    ) -> None:
        """Up to a gap of `reach` [m] lithium is plated where the sides do not touch."""
        self.face, self.label, self.interface, self._model = face, face.label, face.interface, model
        face.plating = self
        self._site, self.volume, self._bare = site, volume, bare
        state = face.state.scope("plating")
        self.recession = state.function(face.interface.function(f"s at {face.name}"))
        # no step takes away more than there is
        bounds = None if bare is None else (-np.inf, BARE * ISLANDS)
        self._rate = model.rates.of(self.recession, state, bounds=bounds)
        self._reach = None if face.bonded else reach
        self.bridged = state.function(face.interface.function("bridged"))
        """1 where the sides do not touch and lithium is plated all the same."""
        self._before = state.array("before", np.zeros_like(self.recession.x.array), face.interface.space)
        self._moved, self._apart = state.number("moved"), state.number("moved apart")
        face.recessions.append(self.recession("+"))
        self.thickness = model.domain.volume(site.side) / face.area

    # --- what others know of it ----------------------------------------------------------------------

    @property
    def activity(self) -> Any:
        """The activity of lithium in UFL; None where there is a metal behind the surface."""
        if self._bare is None:
            return None
        film = -self.recession("+") / self._model.domain.constant(ISLANDS)
        # straight on below none, so that an iterate that strips too much finds back
        return self._bare + (1 - self._bare) * (1 - exp(-maximum(film, 0.0)) + minimum(film, 0.0))

    @property
    def stripped(self) -> float:
        """The volume [m³] that was stripped since the start, less what was plated. Collective."""
        return self.interface.sum(self.recession.x.array)

    # --- as a part -----------------------------------------------------------------------------------

    def unknowns(self) -> Iterator[Unknown]:
        yield Unknown(self.recession, self.group, self._model.typical_current)

    def terms(self) -> Iterator[Term]:
        assert self.face.transfer is not None
        t = ufl.TestFunction(self.recession.function_space)("+")
        charge = self._model.domain.constant(FARADAY / self.volume)
        yield Term(self.recession, (charge * self._rate("+") - self.face.transfer.plated) * t * self.interface.dS)

    def constrain(self, constraints: Constraints) -> None:
        if self._model.case.geometry.lateral == "periodic":
            for axis in range(self._model.domain.dimension - 1):
                near, far = self.interface.ends(axis)
                constraints.periodic.append((self.recession, far, near, axis))

    def begin(self, time_step: float, load: Any) -> None:
        self._before[:] = self.recession.x.array
        contact, activity = self.face.contact, self.face.activity
        if self._reach is not None and contact is not None and activity is not None:
            near = contact.gap.values.x.array <= self._reach
            self.bridged.x.array[:] = near & activity.detached & (activity.passivated.x.array == 0.0)

    @property
    def share_bridged(self) -> Any | None:
        """The share of each node's area that plating alone crosses, in UFL; None where there is no such thing."""
        if self._reach is None or self.face.activity is None:
            return None
        return (1 - self.face.activity.share) * self.bridged("+")

    def commit(self) -> None:
        moved = self.recession.x.array - self._before
        self._moved[...] = self.interface.max(np.abs(moved))
        self._apart[...] = self.interface.max(moved) + self.interface.max(-moved)

    def limit(self) -> Limit:
        allowed = [(float(self._moved), SHARE_OF_THICKNESS * self.thickness)]
        if self.face.rms:
            allowed.append((float(self._apart), SHARE_OF_ROUGHNESS * self.face.rms))
        excess = max(moved / most for moved, most in allowed)
        words = "the surface of the metal moves too far at once"
        return Limit(excess, 0.9 / max(excess, 0.1), words, bearable=True)

    def breakdown(self) -> str:
        moved = self.interface.max(np.abs(self.recession.x.array))
        if self._bare is not None or moved < MOST_MOVED * self.thickness:
            return ""
        return (
            f"the surface of {self._site.name} has moved by {moved:.3g} m, {moved / self.thickness:.0%} of the "
            f"thickness of its side: beyond {MOST_MOVED:.0%} its mesh would have to be another one. Let less lithium "
            "pass, or make the side thicker"
        )

    def cautions(self) -> Iterator[Caution]:
        moved = self.interface.max(np.abs(self.recession.x.array))
        if self._bare is None and moved > NOTABLE * self.thickness:
            yield Caution(
                "recession",
                f"the surface of {self._site.name} has moved by {moved / self.thickness:.0%} of the thickness of "
                "the side, whose mesh is that of the start: how stiff it is and how it flows is that much wrong",
            )

    def columns(self) -> Mapping[str, float]:
        s = self.recession.x.array
        stripped, plated = np.maximum(s, 0.0), np.maximum(-s, 0.0)
        return {
            "mean stripped thickness [m]": self.interface.sum(stripped) / self.face.area,
            "max stripped thickness [m]": self.interface.max(stripped),
            "mean plated thickness [m]": self.interface.sum(plated) / self.face.area,
            "max plated thickness [m]": self.interface.max(plated),
        }

    def shown(self) -> Iterator[Shown]:
        yield Shown(self.face, "stripped thickness [m]", self.recession, lambda: None)

    def works(self) -> Iterator[Work]:
        if self.face.contact is not None:
            yield RecessionWork(self.face.contact, self.recession)


def parts(model: Model) -> Iterator[Part]:
    """Yield the moving surface of each metal on an electrolyte, and of what is plated beside it on a host."""
    for face, block in zip(model.faces, model.blocks.values(), strict=True):
        side, metal = face.origin, face.origin.metal
        if not block.kinetics:
            continue
        if metal and metal.molar_volume:
            bare, reach = BARE if metal.is_film else None, block.kinetics.bridged_gap
            yield Plating(model, face, side, metal.molar_volume, bare, reach)
        elif block.kinetics.plating:
            yield Plating(model, face, side, block.kinetics.plating.molar_volume, 0.0)
