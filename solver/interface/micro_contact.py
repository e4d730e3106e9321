"""Roughness below the mesh: which share φ of a node's area is in real contact, and what it costs to crowd onto it.

With the pressure p at a node, and of heights h that the mesh does not resolve the rms height σ and the rms gradient h',

    elastic           φ = erf(√2 p/(E* h')),                   h_c = (2κ_h/E*) dp/dg,    dp/dg = p/(γ σ);
    plastic           φ = p/H,                                 h_c = 1.25 · 2κ_h (m/σ) (p/H)^0.95;
    elastic_plastic   φ(0) = 0, φ(H) = 1, from the diffusion of the pressure with magnification,

        φ(p, V) = p/H + Σ_k 2/(kπ) sin(kπp/H) e^(−k²π²V/2H²),        V = (E* h'/2)²,

which is plastic for V ≫ H² and elastic for V ≪ H². h_c is the conductance per area in series with what happens on the
spots. E* is the composite modulus, H the hardness of the softer side, κ_h of 1/κ_h = 1/κ₁ + 1/κ₂ that of ions on one
side and of electrons on the other, and m = h'/√π the mean absolute slope of profiles of an isotropic Gaussian surface.

Elastic: Persson's theory; the pressure at a place diffuses as ever shorter waves are looked at, and is lost where it
falls to 0. That it cannot exceed H makes the plastic and the mixed law (the share lost at 0 of what starts at p, with
absorbing ends 0 and H, solved here by separation of variables). Persson's φ is a lower estimate: boundary elements find
up to a third more where little touches (benchmark `micro-contact`). Conductance: elastic by Barber's analogy with p(g)
exponential (Persson, Lorenz and Volokitin, arXiv:0908.3941), plastic by Cooper, Mikic and Yovanovich, Int. J. Heat Mass
Transfer 12, 279 (1969), as in handbooks, where the conductivity is the harmonic mean 2κ_h.

What has become flat stays so: with the largest pressure P that a node has borne, φ ≥ the plastic part of φ(P),

    plastic: P/H;      elastic_plastic: P/H + Σ_k (−1)^k 2/(kπ) sin(kπP/H) e^(−k²π²V/2H²),

as long as the sides press on each other at all, and the conductance keeps the same share of its plastic value at P.

A resolved patch of the surface says all of that without a theory (`interstice.solver.interface.tabulated`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
import ufl

from interstice import schema
from interstice.materials.elementwise import erf, maximum, minimum, sin
from interstice.solver.interface.tabulated import Tabulated
from interstice.solver.model import Model
from interstice.solver.part import Caution, Group, Part
from interstice.solver.patch import table
from interstice.solver.site import Face

DECAY = 0.4
"""γ: σ γ is the distance in which the pressure falls by e as elastic surfaces are moved apart."""
EXPONENT, FACTOR = 0.95, 1.25
"""Of p/H, and of all, in the conductance of plastic contact."""
TERMS = 10
"""Of the series, whose next is below 1e-20 where V > `WIDE` H²."""
WIDE = 0.1
"""V/H² above which the series converges, and below which three images do."""
LEAST = 1e-6
"""Share in real contact of what touches, where a law keeps some; pressure over H, or over E* h', that conducts as none:
both at least."""
ALIKE = 0.05
"""Relative difference of H/E* of sides and table that is none."""


@dataclass(frozen=True)
class Roughness:
    """The laws of what the mesh does not resolve of an interface, for numbers, arrays and UFL.

    `rms` σ [m], `slope` h', `modulus` E* [Pa], `conductivity` κ_h [S/m], `hardness` H [Pa], of no interest to the
    elastic law. `constant` is made of each number that enters UFL, so that another one needs no new compilation.
    """

    law: Literal["elastic", "plastic", "elastic_plastic"]
    rms: float
    slope: float
    modulus: float
    conductivity: Any = 1.0
    hardness: float = np.inf
    constant: Callable[[float], Any] = float

    def share(self, pressure: Any, largest: Any) -> Any:
        """Return φ of what bears the `pressure` [Pa] and has borne the `largest` one."""
        if self.law == "plastic":
            return self.flattened(maximum(pressure, largest))
        if self.law == "elastic":
            return erf(self.constant(np.sqrt(2) / (self.modulus * self.slope)) * pressure)
        x = minimum(self.constant(1 / self.hardness) * pressure, 1.0)
        return maximum(self._touching(x), self.flattened(maximum(pressure, largest)))

    def flattened(self, largest: Any) -> Any:
        """Return the share that the `largest` pressure [Pa] has made flat for good."""
        if self.law == "elastic":
            return 0.0 * largest
        x = minimum(self.constant(1 / self.hardness) * largest, 1.0)
        # what flows at H is to H − p what is lost at 0 is to p
        return x if self.law == "plastic" else 1.0 - self._touching(1.0 - x)

    def conductance(self, pressure: Any, largest: Any) -> Any:
        """Return h_c [S/m²], positive however little presses."""
        least = self.constant(LEAST * self.modulus * self.slope)
        elastic = self.conductivity * self.constant(2 / (self.modulus * DECAY * self.rms)) * maximum(pressure, least)
        if self.law == "elastic":
            return elastic
        borne = maximum(pressure, largest)
        x = minimum(maximum(self.constant(1 / self.hardness) * borne, LEAST), 1.0)
        steepness = self.slope / np.sqrt(np.pi) / self.rms
        plastic = self.conductivity * self.constant(FACTOR * 2 * steepness) * x**EXPONENT
        return plastic if self.law == "plastic" else maximum(elastic, plastic * self.flattened(borne) / x)

    def _touching(self, x: Any) -> Any:
        """Return the share that pressures have not left at 0, of those that start at `x` of 0 … 1, over H."""
        spread = (self.modulus * self.slope / self.hardness) ** 2 / 4
        if spread > WIDE:
            factors = [2 / (k * np.pi) * np.exp(-((k * np.pi) ** 2) * spread / 2) for k in range(1, TERMS + 1)]
            return x + sum(self.constant(factor) * sin(k * np.pi * x) for k, factor in enumerate(factors, start=1))
        y = self.constant(1 / np.sqrt(2 * spread))
        # starts at x + 2n, of which those below 0 count against those above
        return erf(y * x) + erf(y * (2 + x)) - erf(y * (2 - x))


class MicroContact(Part):
    """Real contact of one interface that may open: `share` φ and `resistance` 1/h_c [Ω m²] in UFL, restricted.

    `largest` is the largest pressure [Pa] that each node has borne.
    """

    group: ClassVar[Group] = "transport"

    def __init__(self, model: Model, face: Face, block: schema.Micro) -> None:
        contact = face.contact
        assert contact is not None
        self.face, self.interface, self.label = face, face.interface, face.label
        face.micro = self
        self.largest = face.state.scope("micro").function(face.interface.function("largest pressure"))
        self.keeps = block.law in ("plastic", "elastic_plastic")
        """Whether the share does not fall to 0 with the pressure."""
        resistivity = sum(1 / face.seen_from(site, site.potential_holder.conductivity) for site in face.sites)
        conductivity, constant = model.coefficient(1 / resistivity), model.domain.constant
        self.table = table.read(block.file) if block.file is not None else None
        self.law: Roughness | Tabulated
        if self.table is not None:
            self.law = Tabulated(self.table, face.modulus, conductivity, constant)
        else:
            assert block.law != "table" and block.rms is not None and block.slope is not None
            hardness = face.hardness if self.keeps else np.inf
            self.law = Roughness(block.law, block.rms, block.slope, face.modulus, conductivity, hardness, constant)
        largest = self.largest("+")

        def share(pressure: Any) -> Any:
            # what slides has some share that a scales
            real = self.law.share(pressure, largest)
            return maximum(real, constant(LEAST)) if self.keeps else real

        self.share = sum(contact.tangent(share))
        conductance, change = contact.tangent(lambda pressure: self.law.conductance(pressure, largest))
        # 1/h_c along the tangent, continued smoothly where that would fall to 0
        falls = ufl.lt(change, -conductance / 2)
        self.resistance = ufl.conditional(falls, -4 * change / conductance**2, 1 / (conductance + change))

    def join(self) -> None:
        self.commit()

    def commit(self) -> None:
        contact = self.face.contact
        assert contact is not None
        self.largest.x.array[:] = np.maximum(self.largest.x.array, contact.pressure)

    def cautions(self) -> Iterator[Caution]:
        if self.table is None:
            return
        face, contact, modulus = self.face, self.face.contact, self.face.modulus
        assert contact is not None
        known, largest = float(self.table.loading[-1, 0]) * modulus, self.interface.max(contact.pressure)
        if largest > known:
            yield Caution(
                "table",
                f"the pressure{self.label} reaches {largest / 1e6:.3g} MPa, the table of its micro-contact "
                f"{known / 1e6:.3g} MPa: beyond, the share in contact stays as it is there; give the patch higher "
                "pressures",
            )
        hardnesses = [site.material.hardness for site in face.sites if site.material and site.material.hardness]
        made = self.table.hardness
        here = min(hardnesses) / modulus if len(hardnesses) == len(face.sites) else None
        if made < np.inf and (here is None or abs(here / made - 1) > ALIKE):
            known_here = "no hardness" if here is None else f"H/E* = {here:.3g}"
            yield Caution(
                "hardness of the table",
                f"the table of micro-contact{self.label} is that of H/E* = {made:.3g}, the sides have {known_here}; "
                "write it anew with their modulus and hardness",
            )


def parts(model: Model) -> Iterator[Part]:
    """Yield the micro-contact of each interface that has some."""
    for face, block in zip(model.faces, model.blocks.values(), strict=True):
        if block.micro:
            yield MicroContact(model, face, block.micro)
