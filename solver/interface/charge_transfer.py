"""What crosses an interface between an electrode and an electrolyte: lithium where the sides touch, nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import ufl
from dolfinx import fem

from interstice import schema
from interstice.solver.interface import kinetics
from interstice.solver.interface.activity import Activity
from interstice.solver.interface.micro_contact import MicroContact
from interstice.solver.model import Model
from interstice.solver.part import Caution, Change, Group, Part, Shown, Term, Unknown
from interstice.solver.site import Face

Array = npt.NDArray[np.float64]

SMALLEST_GAP = 1e-10
"""Gap [m] below which an open one has no larger capacitance: that of atoms."""

RESISTANCES = "film", "micro-constriction"
"""What a current has to pass besides the kinetics, by the names of its voltage."""
FEW, MUCH = 4, 0.1
"""Nodes of a contact spot that is resolved, and the share of the current that others may carry."""


class ChargeTransfer(Part):
    """The kinetics of one interface.

    `current` is j_n [A/m²] in UFL, positive when Li⁺ leaves the electrode and exactly zero where `activity` is;
    `charge` is that and what charges the gap. Behind a film or a constriction, j_n is the unknown `film`.
    """

    group: ClassVar[Group] = "transport"

    def __init__(self, model: Model, face: Face, law: schema.Kinetics, micro: MicroContact | None = None) -> None:
        """With `micro` the current crowds onto what is in real contact, which costs as a film does."""
        self.face, self.interface, self.label, self._model = face, face.interface, face.label, model
        face.transfer = self
        self.electrode = next(site for site in face.sites if site.electrode)
        self.electrolyte = next(site for site in face.sites if site.conductor)
        electrode, conductor = self.electrode.electrode, self.electrolyte.conductor
        assert electrode is not None and conductor is not None
        interface, constant, state = face.interface, model.domain.constant, face.state
        assert face.activity is not None
        self._activity, share = face.activity, face.activity.share

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

        def faradaic(eta: Any) -> Any:
            if contact is None or pressed is None:
                return unpressed(eta)
            return sum(contact.tangent(lambda pressure: unpressed(eta + pressed(pressure))))

        parts = {"kinetic": overpotential, "concentration": surface.potential}
        if surface.stress is not None or pressed is not None or law.strain_coefficient is not None:
            parts["stress"] = -stress
        self.film: fem.Function | None = None
        resistances: dict[str, Any] = {}
        if law.film_resistance is not None:
            resistances[RESISTANCES[0]] = constant(law.film_resistance)
        if micro is not None:
            resistances[RESISTANCES[1]] = micro.resistance
        if not resistances:
            self.current = share * faradaic(electrical)
        else:
            self.film = state.function(interface.function(f"j at {face.name}"))
            resistance = sum(resistances.values())
            self.current = self.film("+")
            self._film_law = share, faradaic, electrical, resistance
            parts |= {name: part * self.current for name, part in resistances.items()}
            parts["kinetic"] = overpotential - resistance * self.current
        parts["sides"] = face.seen_from(self.electrolyte, conductor.phi) - self._in_electrode(electrode.phi)
        if conductor.salt is not None:
            parts["salt"] = face.seen_from(self.electrolyte, conductor.salt_potential)
        electrode_temperature = self._in_electrode(self.electrode.temperature)
        face.heat_sources.append(self.current * (overpotential + electrode_temperature * surface.entropic))
        self.charge = self.current
        if law.gap_permittivity is not None and not face.bonded:
            capacitance = kinetics.gap_capacitance(face.normal_gap, law.gap_permittivity, SMALLEST_GAP)
            start = interface.function("start of the potential difference")
            read = interface.reader(potential_jump).read
            rate = model.rates.of_reading(potential_jump, start, read, state.scope("gap"))
            uncharged = face.activity.contacted("+") + face.activity.passivated("+")
            self.charge = self.current + kinetics.charging_current(capacitance, rate, uncharged)
        volume = surface.volume
        self._volume = float(volume.value) if isinstance(volume, fem.Constant) else interface.reader(volume)
        self._share = interface.reader(share)
        self._current, self._charge = interface.reader(self.current), interface.reader(self.charge)
        self._parts = {name: interface.reader(part) for name, part in parts.items()}

    def _in_electrode(self, f: Any) -> Any:
        return self.face.seen_from(self.electrode, f)

    # --- what is read of it --------------------------------------------------------------------------

    @property
    def active_area(self) -> float:
        """The area that lithium crosses [m²]."""
        return self.interface.sum(self.read_share())

    @property
    def crossing(self) -> float:
        """The current [A] that leaves the electrode here as lithium."""
        return self.interface.sum(self.read_current())

    @property
    def lithium_volume(self) -> float:
        """Ω [m³/mol] at the interface, whose sign may change with what is left in a host."""
        if isinstance(self._volume, float):
            return self._volume
        return self.interface.sum(self._volume.read()) / self.face.area

    def read_share(self) -> Array:
        """Return the share of each node's area that conducts, 0 on Γ_d, shape (local and ghost nodes,)."""
        return self._share.read()

    def read_current(self) -> Array:
        """Return j_n at the nodes [A/m²], shape (local and ghost nodes,)."""
        return self._current.read()

    def read_charge(self) -> Array:
        """Return the current density at the nodes that crosses as lithium or charges a gap [A/m²]."""
        return self._charge.read()

    def read_overpotential(self) -> Array:
        """Return η at the nodes with what films and constrictions take [V]; shape (local and ghost nodes,)."""
        losses = [self._parts[name].read().copy() for name in ("kinetic", *RESISTANCES) if name in self._parts]
        total: Array = np.sum(losses, axis=0)
        return total

    def means(self) -> dict[str, float]:
        """Return the means over what conducts, or over all of the interface where nothing does, of voltages [V].

        Kinetic, film, stress and the potential U, by the name of concentration, add up to φ_e − φ_s. Sides is φ_s − φ_e
        of what `phi` has of the potentials, without their levels; salt is what the salt adds to φ_s.
        """
        share = self.read_share()
        weight = share if self.interface.sum(share) else np.ones_like(share)
        area = self.interface.sum(weight)
        return {name: self.interface.sum(weight * part.read()) / area for name, part in self._parts.items()}

    # --- as a part -----------------------------------------------------------------------------------

    def unknowns(self) -> Iterator[Unknown]:
        if self.film:
            yield Unknown(self.film, self.group, self._model.typical_current)

    def terms(self) -> Iterator[Term]:
        electrode, conductor = self.electrode.electrode, self.electrolyte.conductor
        assert electrode is not None and conductor is not None
        yield from electrode.keeps(self.face, self.current)
        yield self.face.leaving(self.charge, self.electrode, electrode.phi)
        yield self.face.entering(self.charge, self.electrolyte, conductor.phi)
        if self.film:
            t = ufl.TestFunction(self.film.function_space)
            yield Term(self.film, kinetics.film_residual(self.current, t("+"), *self._film_law, self.interface.dS))

    def update(self) -> Change:
        if self.film:
            self.film.x.array[self._activity.detached] = 0.0
        return Change(0, 0.0)

    def columns(self) -> Mapping[str, float]:
        share, j = self.read_share(), self.read_current()
        local = np.divide(np.abs(j), share, out=np.zeros_like(j), where=share > 0.0)
        active_area, crossing = self.interface.sum(share), self.interface.sum(j)
        return {
            "active fraction [1]": active_area / self.face.area,
            "geometric area [m^2]": self.face.area,
            "active area [m^2]": active_area,
            "mean local current density [A/m^2]": crossing / active_area if active_area else 0.0,
            "max local current density [A/m^2]": self.interface.max(local),
            "current over detached area [A]": self.interface.sum(np.where(share > 0.0, 0.0, np.abs(j))),
        }

    def cautions(self) -> Iterator[Caution]:
        interface = self.interface
        current = np.abs(self.read_current()) * interface.areas.x.array
        periodic = self._model.case.geometry.lateral == "periodic"
        spots = interface.spots(current > 0.0, periodic)
        crossing = interface.gathered(current)
        few = [spot for spot in spots if len(spot) < FEW]
        if few:
            # a piece of the interface that conducts everywhere is no spot, however few its nodes are
            whole = {tuple(piece) for piece in interface.spots(np.ones_like(current, dtype=bool), periodic)}
            few = [spot for spot in few if tuple(spot) not in whole]
        small = [float(crossing[spot].sum()) for spot in few]
        if sum(small) > MUCH * float(crossing.sum()):
            rough = ", or leave out short wavelengths of the roughness" if self.face.rms else ""
            yield Caution(
                "few nodes",
                f"{sum(small) / float(crossing.sum()):.0%} of the current{self.label} crosses contact spots of fewer "
                f"than {FEW} nodes ({len(small)} of {len(spots)} spots), which the mesh does not resolve: f_c and "
                f"voltage depend on it; refine geometry.element_size{rough}",
            )

    def shown(self) -> Iterator[Shown]:
        share, current = (self.interface.function(name) for name in ("share", "current"))

        def read_share() -> None:
            share.x.array[:] = self.read_share()

        def read_current() -> None:
            current.x.array[:] = self.read_current()

        yield Shown(self.face, "contacted [1]", share, read_share)
        yield Shown(self.face, "current density [A/m^2]", current, read_current)


def parts(model: Model) -> Iterator[Part]:
    """Yield the charge transfer of each interface, behind the activity that it asks for."""
    for face, block in zip(model.faces, model.blocks.values(), strict=True):
        micro = MicroContact(model, face, block.micro) if block.micro else None
        if micro:
            yield micro
        yield Activity(model, face, block.kinetics, micro)
        yield ChargeTransfer(model, face, block.kinetics, micro)
