"""Heat: made by currents, conducted, stored, and given off at the platens.

    ρ c_p ∂T/∂t = ∇·(k ∇T) + κ |∇φ|²        in a side,
    j_n (η + T ∂U/∂T)                        made at an interface, one half for each side,
    h_c (T⁺ − T⁻)                            conducted from one side to the other,
    h (T − T_ambient)                        given off at a platen.

h_c is proportional to the share φ of the area that conducts, h_c = φ h_1 + (1 − φ) h_0. Where h_1 is not given, what
touches is as good as one body: the contact resistance is what the crowding of heat onto the spots makes of it. Without
∂T/∂t the temperature is the steady one at any time. T enters every Arrhenius law and the potentials U of hosts, and
expands each side by e = α (T − T_assembly).

Weak form: find T such that for all q

    ∫ ρ c_p ∂T/∂t q + k ∇T · ∇q − Q q dx + ∫ h (T − T_ambient) q ds + ∫_Γ h_c (T⁺ − T⁻) ⟦q⟧' − ½ Q_Γ (q⁺ + q⁻) dS = 0,

with ⟦q⟧' = q⁺ − q⁻ and what the sites and faces of the cell say of their sources Q [W/m³] and Q_Γ [W/m²].
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
import ufl
from dolfinx import fem
from mpi4py import MPI

from interstice.materials import Material
from interstice.solver.domain import Domain
from interstice.solver.model import LOSS_DEGREE, Model
from interstice.solver.part import Change, Group, Part, Shown, Term, Unknown
from interstice.solver.rates import Rates
from interstice.solver.site import Face, Site

PERFECT = 1e4
"""h_1 over k_h/d, d the spacing of nodes, where it is not given: the resistance it adds is as small as its inverse."""
THERMAL_VOLTAGE = 0.026
"""The typical loss [V] of a current, by which residuals are judged."""
LARGEST_STEP = 20.0
"""The largest change of T in a Newton step [K]."""


@dataclass(frozen=True)
class Solid:
    """k [W/(m K)], ρ c_p [J/(m³ K)] and the coefficient of linear expansion α [1/K] of a side."""

    conductivity: float
    capacity: float
    expansion: float = 0.0


class Heat(Part):
    """The temperature of one side, `start` + `level` + `rise` [K], and what it gives off at its platens.

    It begins at `start`, at which the side is free of thermal strain. `level` belongs to the whole cell and may take
    over what all sides rise by. `platens` are the transfer coefficients [W/(m² K)] of the faces that the side has, to
    surroundings at `ambient` [K]. Without `rates` it is the steady temperature. `magnitude` returns a typical power at
    a node [W].
    """

    group: ClassVar[Group] = "transport"

    def __init__(
        self,
        domain: Domain,
        site: Site,
        solid: Solid,
        start: float,
        level: fem.Constant,
        ambient: float,
        platens: Mapping[str, float],
        magnitude: Callable[[], float],
        rates: Rates | None = None,
    ) -> None:
        self.site, self.solid, self.label = site, solid, f" of {site.name}"
        self._domain, self._magnitude = domain, magnitude
        self.start, self.level, constant = start, level, domain.constant
        self.rise = site.state.function(fem.Function(site.side.space(), name=f"T of {site.name}"))
        self._warming = level + self.rise
        self.temperature = site.temperature = constant(start) + self._warming
        self._rate = rates.of(self.rise, site.state.scope("heat"), level=level) if rates else None
        if solid.expansion:
            site.eigenstrains.append(constant(solid.expansion) * self._warming)
        dx = domain.dx(site.side)
        self._mean, self._volume = domain.form(self.rise * dx), domain.form(constant(1.0) * dx)
        self._given_off = {
            face: constant(transfer) * (self._warming - constant(ambient - start)) for face, transfer in platens.items()
        }

    def unknowns(self) -> Iterator[Unknown]:
        yield Unknown(self.rise, self.group, self._magnitude(), largest_step=LARGEST_STEP, level=self.level)

    def terms(self) -> Iterator[Term]:
        dx, q = self._domain.dx(self.site.side, LOSS_DEGREE), ufl.TestFunction(self.rise.function_space)
        balance = self._domain.constant(self.solid.conductivity) * ufl.inner(ufl.grad(self.rise), ufl.grad(q)) * dx
        if self._rate is not None:
            balance += self._domain.constant(self.solid.capacity) * self._rate * q * dx
        if self.site.heat_sources:
            balance -= sum(self.site.heat_sources) * q * dx
        for face, flux in self._given_off.items():
            balance += flux * q * self._domain.ds(face)
        yield Term(self.rise, balance)

    def made(self) -> list[ufl.Form]:
        """Return the powers made inside [W]."""
        return [source * self._domain.dx(self.site.side, LOSS_DEGREE) for source in self.site.heat_sources]

    def content(self) -> ufl.Form:
        """Return the heat stored [J] since the start."""
        return self._domain.constant(self.solid.capacity) * self._warming * self._domain.dx(self.site.side, LOSS_DEGREE)

    def given_off(self) -> dict[str, ufl.Form]:
        """Return the power given off at each platen [W]."""
        return {face: flux * self._domain.ds(face) for face, flux in self._given_off.items()}

    def columns(self) -> Mapping[str, float]:
        start, highest = self.start + float(self.level.value), self.rise.x.array.max(initial=-np.inf)
        mean = self._domain.integrate(self._mean) / self._domain.integrate(self._volume)
        return {
            "mean temperature [K]": start + mean,
            "max temperature [K]": start + self._domain.mesh.comm.allreduce(float(highest), op=MPI.MAX),
        }

    def shown(self) -> Iterator[Shown]:
        temperature = fem.Function(self.rise.function_space)

        def read() -> None:
            temperature.x.array[:] = self.start + self.level.value + self.rise.x.array

        yield Shown(self.site, "temperature [K]", temperature, read)
        yield Shown(self.site, "temperature [K]", temperature, read, "whole")
        flux = -self._domain.constant(self.solid.conductivity) * ufl.grad(self.rise)
        mean = self._domain.cell_mean(self.site.side, flux)
        yield Shown(self.site, "heat flux [W/m^2]", mean.values, mean.read, "cell")


class HeatContact(Part):
    """What is conducted across an interface and made at it.

    `touching` h_1 [W/(m² K)], None for a perfect one, is where all conducts, `open` h_0 where nothing does.
    """

    group: ClassVar[Group] = "transport"

    def __init__(
        self, domain: Domain, face: Face, plus: Heat, minus: Heat, touching: float | None, open: float
    ) -> None:
        self._domain, self._face, self._plus, self._minus = domain, face, plus, minus
        if touching is None:
            k = [heat.solid.conductivity for heat in (plus, minus)]
            self._touching = domain.constant(PERFECT * 2.0 / sum(1 / each for each in k)) / face.interface.spacing("+")
        else:
            self._touching = domain.constant(touching)
        self._open = domain.constant(open)

    def terms(self) -> Iterator[Term]:
        face, share = self._face, self._face.share
        conductance = share * self._touching + (1 - share) * self._open
        sites = {self._plus: face.plus, self._minus: face.minus}
        there = {heat: face.seen_from(site, heat.rise) for heat, site in sites.items()}
        flux = conductance * (there[self._plus] - there[self._minus])
        yield face.leaving(flux, face.plus, self._plus.rise)
        yield face.entering(flux, face.minus, self._minus.rise)
        if face.heat_sources:
            for heat, site in sites.items():
                yield face.entering(sum(face.heat_sources) / 2, site, heat.rise)

    def made(self) -> list[ufl.Form]:
        """Return the powers made at the interface [W]."""
        return [source * self._face.interface.dS for source in self._face.heat_sources]


class HeatBalance(Part):
    """Where the heat of the whole cell went: made, given off, stored; it moves the level of the temperature."""

    group: ClassVar[Group] = "transport"

    def __init__(
        self, model: Model, level: fem.Constant, sides: list[Heat], contacts: list[HeatContact], transient: bool
    ) -> None:
        self._domain, self._level, self._transient = model.domain, level, transient
        self._sides, self._contacts = sides, contacts
        state = model.state.scope("heat")
        self._made, self._out = (model.rates.integral(name, state) for name in ("made", "given off"))

    # made when they are first asked for: all parts are there then

    @cached_property
    def _power(self) -> list[fem.Form]:
        made = [part.made() for part in self._sides] + [part.made() for part in self._contacts]
        return [self._domain.form(power) for powers in made for power in powers]

    @cached_property
    def _given_off(self) -> dict[str, fem.Form]:
        form = self._domain.form
        return {face: form(power) for side in self._sides for face, power in side.given_off().items()}

    @cached_property
    def _content(self) -> list[fem.Form]:
        return [self._domain.form(side.content()) for side in self._sides]

    @property
    def power(self) -> float:
        """The heat made [W, in plane 2D W per metre of depth]."""
        return sum(map(self._domain.integrate, self._power))

    def given_off(self, face: str) -> float:
        """Return the heat given off at a platen [W, in plane 2D W per metre of depth]."""
        return self._domain.integrate(self._given_off[face]) if face in self._given_off else 0.0

    @property
    def stored(self) -> float:
        """The heat stored since the start [J], 0 where it is not reckoned with."""
        return sum(map(self._domain.integrate, self._content)) if self._transient else 0.0

    def update(self) -> Change:
        """Move the mean of what the sides rise by into the level: what is conducted would drown in its rounding.

        A cell of micrometres warms by kelvins with differences of less than a microkelvin.
        """
        rises = [side.rise.x.array[: side.rise.function_space.dofmap.index_map.size_local] for side in self._sides]
        sums = np.array([sum(rise.sum() for rise in rises), sum(len(rise) for rise in rises)])
        total, count = self._domain.mesh.comm.allreduce(sums)
        before = float(self._level.value)
        self._level.value = before + total / count
        for side in self._sides:
            # by as much as the level, its rounding included
            side.rise.x.array[:] -= self._level.value - before
        return Change(0, 0.0)

    def commit(self) -> None:
        self._made.add(self.power)
        self._out.add(sum(map(self.given_off, self._given_off)))

    def columns(self) -> Mapping[str, float]:
        made, out, stored = self._made.value, self._out.value, self.stored
        largest = max(map(abs, (made, out, stored)))
        return {
            "heat made [W]": self.power,
            "heat given off at the collector [W]": self.given_off("collector"),
            "heat given off at the counter face [W]": self.given_off("counter"),
            "heat stored [J]": stored,
            "heat balance [1]": abs(made - out - stored) / largest if largest else 0.0,
        }


def parts(model: Model) -> Iterator[Part]:
    """Yield the heat of a cell whose case asks for it."""
    wanted, case = model.case.heat, model.case
    if wanted is None:
        return
    level, sides = model.state.constant("level of T", model.domain.constant(0.0)), {}
    transfers = (wanted.collector_transfer + wanted.counter_transfer) * abs(wanted.ambient - case.temperature)
    exchanged = transfers * model.apparent_area / np.sqrt(model.interface_nodes)
    for name, site in model.sites.items():
        platens = {"collector": wanted.collector_transfer} if site is model.top else {}
        platens |= {"counter": wanted.counter_transfer} if site is model.bottom else {}
        sides[name] = Heat(
            model.domain,
            site,
            solid(model.materials[name]),
            case.temperature,
            level,
            wanted.ambient,
            platens,
            lambda: THERMAL_VOLTAGE * model.typical_current + exchanged,
            model.rates if wanted.transient else None,
        )
    contacts = [
        HeatContact(
            model.domain, face, sides[face.plus.name], sides[face.minus.name], wanted.contact, wanted.open_contact
        )
        for face in model.faces
    ]
    yield from (*sides.values(), *contacts)
    yield HeatBalance(model, level, list(sides.values()), contacts, wanted.transient)


def solid(material: Material) -> Solid:
    """Return what a material says of heat, which it has to know."""
    assert material.thermal is not None and material.density is not None
    thermal = material.thermal
    return Solid(
        thermal.thermal_conductivity, thermal.specific_heat * material.density, thermal.thermal_expansion or 0.0
    )
