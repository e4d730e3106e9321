"""What crosses an interface between an electrode and an electrolyte: lithium where the sides touch, nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import ufl
from dolfinx import fem

from interstice import schema
from interstice.materials.elementwise import minimum
from interstice.solver.interface import kinetics
from interstice.solver.interface.passage import Array, Passage
from interstice.solver.model import Model
from interstice.solver.part import Caution, Change, Part, Term, Unknown
from interstice.solver.site import Face

SMALLEST_GAP = 1e-10
"""Gap [m] below which an open one has no larger capacitance: that of atoms."""

RESISTANCES = "film", "micro-constriction"
"""What a current has to pass besides the kinetics, by the names of its voltage."""


class ChargeTransfer(Passage):
    """The kinetics of one interface: j_n is positive when Li⁺ leaves the electrode, the origin of what passes here.

    Behind a film, or where it crowds onto what is in real contact, j_n is the unknown `film`. `plated` is what of j_n
    [A/m²] moves the surface of a metal: all of it, but on a host that of the side reaction alone.
    """

    def __init__(self, model: Model, face: Face, law: schema.Kinetics) -> None:
        super().__init__(model, face)
        face.transfer = self
        self.electrode, self.electrolyte = self.origin, self.target
        electrode, conductor = self.electrode.electrode, self.electrolyte.conductor
        assert electrode is not None and conductor is not None
        interface, constant, state, share = face.interface, model.domain.constant, face.state, self._activity.share

        surface = electrode.surface(face)
        potential_jump = electrode.level + self._in_electrode(electrode.phi)
        potential_jump -= conductor.level + face.seen_from(self.electrolyte, conductor.phi)
        stress: Any = 0.0
        if surface.stress is not None:
            stress += surface.stress
        contact, pressed = face.contact, surface.pressed
        if law.strain_coefficient is not None:
            strain = self._in_electrode(self.electrode.dilation)
            stress += kinetics.strain_overpotential(strain, constant(law.strain_coefficient))
        overpotential = potential_jump - surface.potential + stress
        electrical = overpotential
        if contact is not None and pressed is not None:
            stress += pressed(contact.law)
            overpotential += pressed(contact.law)

        temperature = face.temperature
        warmth = kinetics.arrhenius(law.activation_energy, temperature, kinetics.ROOM_TEMPERATURE)
        transfer = constant(law.anodic_transfer), constant(law.cathodic_transfer)
        salt = 1.0
        if conductor.salt is not None:
            salt = face.seen_from(self.electrolyte, conductor.salt) / constant(conductor.salt_at_rest)
        reference = model.coefficient(law.exchange_current_density * warmth)
        j_0 = kinetics.exchange_current_density(surface.theta, reference, *transfer, salt)

        def unpressed(eta: Any) -> Any:
            given = j_0, eta, model.coefficient(temperature), *transfer
            if surface.activity is not None:
                return kinetics.butler_volmer(*given, surface.activity)
            return kinetics.LAWS[law.law](*given)

        def own(eta: Any) -> Any:
            if contact is None or pressed is None:
                return unpressed(eta)
            return sum(contact.tangent(lambda pressure: unpressed(eta + pressed(pressure))))

        side_reaction = None
        if law.plating is not None and face.plating is not None:
            film, own_density = face.plating.activity, constant(law.plating.exchange_current_density)
            deposited = kinetics.exchange_current_density(None, own_density, *transfer, salt)

            def side_reaction(lost: Any) -> Any:
                """Return what is plated [A/m²] where a voltage [V] is lost in films and constrictions."""
                eta = potential_jump - lost
                return kinetics.butler_volmer(deposited, eta, model.coefficient(temperature), *transfer, film)

        def faradaic(eta: Any) -> Any:
            return own(eta) if side_reaction is None else own(eta) + side_reaction(electrical - eta)

        parts = {"kinetic": overpotential, "concentration": surface.potential}
        if surface.stress is not None or pressed is not None or law.strain_coefficient is not None:
            parts["stress"] = -stress
        self.film: fem.Function | None = None
        resistances: dict[str, Any] = {}
        if law.film_resistance is not None:
            resistances[RESISTANCES[0]] = constant(law.film_resistance)
        if face.micro is not None:
            resistances[RESISTANCES[1]] = face.micro.resistance
        bridged = face.plating.share_bridged if face.plating else None

        def crossing(eta: Any) -> Any:
            rate = faradaic(eta)
            return share * rate + (0 if bridged is None else bridged * minimum(rate, 0.0))

        lost: Any = 0.0
        if not resistances:
            current = crossing(electrical)
        else:
            self.film = state.function(interface.function(f"j at {face.name}"))
            resistance = sum(resistances.values())
            current = self.film("+")
            self._film_law = 1, crossing, electrical, resistance
            parts |= {name: part * current for name, part in resistances.items()}
            lost = resistance * current
            parts["kinetic"] = overpotential - lost
        parts["sides"] = face.seen_from(self.electrolyte, conductor.phi) - self._in_electrode(electrode.phi)
        if conductor.salt is not None:
            parts["salt"] = face.seen_from(self.electrolyte, conductor.salt_potential)
        electrode_temperature = self._in_electrode(self.electrode.temperature)
        self.plated = current if side_reaction is None else share * side_reaction(lost)
        intercalated = current if side_reaction is None else current - self.plated
        face.heat_sources.append(intercalated * (overpotential + electrode_temperature * surface.entropic))
        if side_reaction is not None:
            face.heat_sources.append(self.plated * potential_jump)
        self._kept, charge = intercalated, current
        if law.gap_permittivity is not None and not face.bonded:
            capacitance = kinetics.gap_capacitance(face.normal_gap, law.gap_permittivity, SMALLEST_GAP)
            start = interface.function("start of the potential difference")
            read = interface.reader(potential_jump).read
            rate = model.rates.of_reading(potential_jump, start, read, state.scope("gap"))
            uncharged = self._activity.contacted("+") + self._activity.passivated("+")
            charge = current + kinetics.charging_current(capacitance, rate, uncharged)
        volume = surface.volume
        if isinstance(volume, fem.Constant):
            volume = float(volume.value)
        self._volume = volume if isinstance(volume, float) else interface.reader(volume)
        if bridged is not None:
            share = share + bridged * ufl.conditional(ufl.lt(faradaic(electrical), 0.0), 1.0, 0.0)
        self.observe(current, charge, parts, share)

    def _in_electrode(self, f: Any) -> Any:
        return self.face.seen_from(self.electrode, f)

    @property
    def lithium_volume(self) -> float:
        """Ω [m³/mol] at the interface, whose sign may change with what is left in a host."""
        if isinstance(self._volume, float):
            return self._volume
        return self.interface.sum(self._volume.read()) / self.face.area

    def read_potential(self) -> Array:
        """Return φ_e − φ_s at the nodes, behind films and constrictions [V]; shape (local and ghost nodes,)."""
        own = [
            self._parts[name].read().copy() for name in ("kinetic", "concentration", "stress") if name in self._parts
        ]
        total: Array = np.sum(own, axis=0)
        return total

    def read_overpotential(self) -> Array:
        """Return φ_e − φ_s − U at the nodes [V], films and constrictions included; shape (local and ghost nodes,)."""
        names = [name for name in ("kinetic", "stress", *RESISTANCES) if name in self._parts]
        total: Array = np.sum([self._parts[name].read().copy() for name in names], axis=0)
        return total

    def unknowns(self) -> Iterator[Unknown]:
        if self.film:
            yield Unknown(self.film, self.group, self._model.typical_current)

    def terms(self) -> Iterator[Term]:
        electrode, conductor = self.electrode.electrode, self.electrolyte.conductor
        assert electrode is not None and conductor is not None
        yield from electrode.keeps(self.face, self._kept)
        yield self.face.leaving(self.charge, self.electrode, electrode.phi)
        yield self.face.entering(self.charge, self.electrolyte, conductor.phi)
        if self.film:
            t = ufl.TestFunction(self.film.function_space)
            yield Term(self.film, kinetics.film_residual(self.current, t("+"), *self._film_law, self.interface.dS))

    def update(self) -> Change:
        if self.film:
            idle = self._activity.detached
            if self.face.plating is not None:
                idle = idle & (self.face.plating.bridged.x.array == 0.0)
            self.film.x.array[idle] = 0.0
        return Change(0, 0.0)

    def cautions(self) -> Iterator[Caution]:
        yield from super().cautions()
        if self.electrode.host is None:
            return
        potential = np.where(self.read_share() > 0.0, self.read_potential(), np.inf)
        lowest = -self.interface.max(-potential, default=-np.inf)
        if lowest < 0.0:
            where = ", ".join(f"{x:.3g}" for x in self.interface.place_of_largest(-potential))
            place = f"at ({where}) m φ_e − φ_s of {self.electrode.name} falls to {1e3 * lowest:.3g} mV"
            plating = self.face.plating
            if plating is None:
                advice = (
                    "which is not counted: end the step before, or give kinetics.plating an exchange_current_density"
                )
                yield Caution("below lithium", f"{place}: lithium would plate there, {advice}")
            else:
                thick = self.interface.max(-plating.recession.x.array)
                mean = -plating.stripped / self.face.area
                yield Caution(
                    "below lithium",
                    f"{place}: lithium plates there, by now {thick:.3g} m at most and {mean / plating.volume:.3g} "
                    "mol/m^2 in the mean",
                )


def parts(model: Model) -> Iterator[Part]:
    """Yield the charge transfer of each interface that has some."""
    for face, block in zip(model.faces, model.blocks.values(), strict=True):
        if block.kinetics:
            yield ChargeTransfer(model, face, block.kinetics)
