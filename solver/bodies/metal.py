"""Lithium metal, or a collector on which it is plated: an electronic potential φ_e, and no concentration.

∫ κ ∇φ_e · ∇ψ dx = current through the faces, for all ψ. Against lithium at rest and without stress U = 0 (which is the
reference of all potentials). What crosses the surface moves it: `interstice.solver.interface.plating`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import ufl
from dolfinx import fem

from interstice.schema import CollectorElectrode, MetalElectrode
from interstice.solver.constants import FARADAY
from interstice.solver.interface import kinetics
from interstice.solver.model import LOSS_DEGREE, Model
from interstice.solver.part import Group, Part, Shown, Term, Unknown
from interstice.solver.physics import conduction
from interstice.solver.site import Face, Site

BARE = 1e-6
"""Activity of lithium where there is none: by it alone a bare collector has a potential."""
LEAST_PASSED = 1e-9
"""Thickness [m] of the lithium to which its balance is relative where less has passed: at rest rounding alone."""


class Metal(Part):
    """The electrons of one electrode; its potential is `level` + `phi`, so that `phi` holds small differences.

    `molar_volume` is Ω [m³/mol] of what is plated, None of a collector on which nothing is.
    """

    group: ClassVar[Group] = "transport"
    mean_potential = 0.0
    """U [V]."""

    def __init__(self, model: Model, site: Site, wanted: MetalElectrode | CollectorElectrode) -> None:
        assert site.material is not None
        material = site.material.collector if isinstance(wanted, CollectorElectrode) else site.material.metal
        assert material is not None
        self.site, self.label, self._model, self._domain = site, site.label, model, model.domain
        site.metal = self
        self.is_film = isinstance(wanted, CollectorElectrode)
        """Whether the lithium is a film that is plated, of which there is none at first."""
        self.molar_volume = site.material.metal.molar_volume if site.material.metal else None
        self.initial_potential = kinetics.bare_potential(BARE, model.case.temperature) if self.is_film else 0.0
        self._coupled = wanted.stress == "coupled"
        self.phi = site.state.function(fem.Function(site.side.space(), name=f"phi of {site.name}"))
        self.level = model.level(site)
        self.conductivity: Any = self._domain.constant(material.electronic_conductivity)
        self.volume = self._domain.volume(site.side)
        site.heat_sources.append(self.loss)
        self._out = model.rates.integral("lithium that left", site.state)
        self._throughput = site.state.number("lithium that passed")

    # --- what others know of it ----------------------------------------------------------------------

    @property
    def loss(self) -> Any:
        """The power per volume that the conduction of electrons dissipates [W/m³], in UFL."""
        return conduction.dissipation(self.phi, self.conductivity)

    def surface(self, face: Face) -> kinetics.Surface:
        """Return the lithium at an interface.

        Leaving under a pressure p_n, whose work on what closes up behind it is Ω p_n per mole, it has that much more to
        give: η = φ_e − φ_s + Ω p_n/F.
        """
        assert self.molar_volume is not None
        volume = self._domain.constant(self.molar_volume)
        assert face.plating is not None
        zero = self._domain.constant(0.0)
        pressed = (lambda p: kinetics.stress_overpotential(-p, volume)) if self._coupled else None
        return kinetics.Surface(zero, zero, volume, pressed=pressed, activity=face.plating.activity)

    def keeps(self, face: Face, current: Any) -> Iterator[Term]:
        """Yield how lithium that leaves at an interface is missed here: that is the recession of its surface."""
        yield from ()

    # --- as a part -----------------------------------------------------------------------------------

    def unknowns(self) -> Iterator[Unknown]:
        yield Unknown(self.phi, self.group, self._model.typical_current, largest_step=0.1, level=self.level)

    def terms(self) -> Iterator[Term]:
        psi = ufl.TestFunction(self.phi.function_space)
        yield Term(self.phi, conduction.residual(self.phi, psi, self.conductivity, self._model.dx(self.site)))

    def commit(self) -> None:
        crossing = [face.transfer.crossing / FARADAY for face in self._faces if face.transfer]
        self._out.add(sum(crossing))
        self._throughput += sum(map(abs, crossing)) * float(self._model.rates.time_step.value)

    def columns(self) -> Mapping[str, float]:
        if self.molar_volume is None:
            return {}
        faces = [face for face in self._faces if face.plating]
        gone = sum(face.plating.stripped for face in faces if face.plating) / self.molar_volume
        least = LEAST_PASSED * sum(face.area for face in faces) / self.molar_volume
        return {"lithium balance [1]": abs(gone - self._out.value) / max(float(self._throughput), least)}

    def shown(self) -> Iterator[Shown]:
        potential = fem.Function(self.phi.function_space)

        def read() -> None:
            potential.x.array[:] = self.phi.x.array + self.level.value

        yield Shown(self.site, "electronic potential [V]", potential, read)
        yield Shown(self.site, "potential [V]", potential, read, "whole")
        current = conduction.current_density(self.phi, self.conductivity)
        mean = self._domain.cell_mean(self.site.side, current, LOSS_DEGREE)
        yield Shown(self.site, "current density [A/m^2]", mean.values, mean.read, "cell")

    @property
    def _faces(self) -> list[Face]:
        return [face for face in self._model.faces if self.site in face.sites]


def parts(model: Model) -> Iterator[Part]:
    """Yield the electrons of each electrode that is no host."""
    for name, wanted in model.case.every_electrode.items():
        if isinstance(wanted, MetalElectrode | CollectorElectrode):
            yield Metal(model, model.sites[name], wanted)
