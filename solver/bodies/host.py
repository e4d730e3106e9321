"""A host of lithium: concentration c, electronic potential φ_e, and what they mean for mechanics and kinetics."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, ClassVar

import numpy as np
import ufl
from dolfinx import fem
from mpi4py import MPI

from interstice.materials import Host as Material
from interstice.materials.elementwise import log, maximum, minimum
from interstice.materials.function import at
from interstice.solver.constants import FARADAY, GAS_CONSTANT
from interstice.solver.interface import kinetics
from interstice.solver.model import LOSS_DEGREE, Model
from interstice.solver.part import Caution, Group, Limit, Part, Shown, Term, Unknown
from interstice.solver.physics import conduction, diffusion
from interstice.solver.site import Face, Site

LEAST_PASSED = 1e-6
"""Share of the lithium a host can hold to which a balance is relative where less has passed: at rest rounding alone."""
NEARLY = 1e-15
"""Share of sites, empty or filled, below which U no longer changes: what rounding leaves of 1 − θ."""


class Host(Part):
    """The fields and laws of one electrode; its potential is `level` + `phi`, so that `phi` holds small differences.

    `stress` is the nodal hydrostatic stress [Pa] where it is coupled to lithium: it drives transport and shifts U.
    """

    group: ClassVar[Group] = "transport"

    def __init__(self, model: Model, site: Site) -> None:
        assert site.material is not None and site.material.host is not None
        self.site, self.label, self.material = site, site.label, site.material.host
        self._model, self._domain, wanted = model, model.domain, model.case.hosts[site.name]
        site.host = self
        space = site.side.space()
        self.c = site.state.function(fem.Function(space, name=f"c of {site.name}"))
        self.phi = site.state.function(fem.Function(site.side.space(), name=f"phi of {site.name}"))
        self.stress: fem.Function | None = None
        if wanted.stress == "coupled":
            self.stress = site.state.function(fem.Function(space, name=f"stress of {site.name}"))
        self.c_max = self.material.maximum_concentration
        self.c_initial = wanted.initial_stoichiometry * self.c_max
        self.c.x.array[:] = self.c_initial
        self._rate = model.rates.of(self.c, site.state, judged=True, bounds=(0.0, self.c_max))
        self.level = model.level(site)
        self.volume = self._domain.volume(site.side)
        self.lithium_capacity = self.volume * self.c_max
        self.initial_potential = self.potential(wanted.initial_stoichiometry)
        self._volume_of_lithium = self._quantity(self.material.partial_molar_volume)
        self._conductivity = self._quantity(self.material.electronic_conductivity)
        reference, full = self._domain.constant(self.c_initial), self._domain.constant(self.c_max)
        site.eigenstrains.append(diffusion.eigenstrain(self.c, reference, self._volume_of_lithium, full))
        site.heat_sources.append(self.loss)
        self._amount = self._domain.form(self.c * self._domain.dx(site.side))
        self._warmth = None
        if not isinstance(site.temperature, float):
            self._warmth = self._domain.form(site.temperature * self._domain.dx(site.side))
        self._start = self._domain.integrate(self._amount)
        self._out = model.rates.integral("lithium that left", site.state)
        self._throughput = site.state.number("lithium that passed")
        self._error, self._power = (site.state.number(name) for name in ("time error", "power of the time error"))

    # --- what others know of it ----------------------------------------------------------------------

    def _quantity(self, value: Any) -> Any:
        """Return a number of the material as a constant, a function of θ as it is."""
        return value if callable(value) else self._domain.constant(value)

    def open_circuit_potential(self, theta: Any, temperature: Any) -> Any:
        """Return U [V] at θ and T, numbers or in UFL, with the ends of `equilibrium_potential`."""
        return equilibrium_potential(self.material, theta, temperature)

    def entropic(self, theta: Any) -> Any:
        """Return ∂U/∂T [V/K] at θ in UFL."""
        return entropic_coefficient(self.material, theta)

    def potential(self, theta: float) -> float:
        """Return U [V] at θ and the temperature of the case."""
        return float(self.material.potential(theta, self._model.case.temperature))

    def lithium_volume(self, theta: Any) -> Any:
        """Return Ω [m³/mol] at θ in UFL."""
        return at(self._volume_of_lithium, theta)

    @property
    def conductivity(self) -> Any:
        """The electronic conductivity [S/m] in UFL."""
        return at(self._conductivity, self.theta(self.c))

    @property
    def charge_capacity(self) -> float:
        """The charge [C] (plane 2D: per metre of depth) between the two ends of the range of stoichiometry."""
        low, high = self.material.stoichiometry_range
        return (high - low) * self.lithium_capacity * FARADAY

    def theta(self, concentration: Any) -> Any:
        """Return the stoichiometry θ = c/c_max of a concentration in UFL."""
        return concentration / self._domain.constant(self.c_max)

    @property
    def loss(self) -> Any:
        """The power per volume that the conduction of electrons dissipates [W/m³], in UFL."""
        return conduction.dissipation(self.phi, self.conductivity)

    @property
    def mean_stoichiometry(self) -> float:
        """The mean θ."""
        return self._domain.integrate(self._amount) / self.lithium_capacity

    @property
    def mean_potential(self) -> float:
        """U [V] at the mean θ and the mean temperature, by the rule of `open_circuit_potential`."""
        temperature = self._model.case.temperature
        if self._warmth is not None:
            temperature = self._domain.integrate(self._warmth) / self.volume
        return float(self.open_circuit_potential(self.mean_stoichiometry, temperature))

    @property
    def state_of_charge(self) -> float:
        """The share of the range of stoichiometry that a charge of the cell has gone through."""
        low, high = self.material.stoichiometry_range
        filled = (self.mean_stoichiometry - low) / (high - low)
        return 1.0 - filled if self.site is self._model.working else filled

    @property
    def diffusion_time(self) -> float:
        """The time [s] in which lithium diffuses across an element at an interface, h²/D at the mean θ."""
        host, temperature = self.material, self._model.case.temperature
        diffusivity = at(host.diffusivity, self.mean_stoichiometry)
        diffusivity *= kinetics.arrhenius(host.diffusivity_activation_energy, temperature, host.reference_temperature)
        return min(face.mean_spacing for face in self._faces if face.transfer) ** 2 / float(diffusivity)

    def surface(self, face: Face) -> kinetics.Surface:
        """Return the lithium at an interface."""
        theta, temperature = (face.seen_from(self.site, f) for f in (self.theta(self.c), self.site.temperature))
        volume, stress = self.lithium_volume(theta), None
        if self.stress is not None:
            stress = kinetics.stress_overpotential(face.seen_from(self.site, self.stress), volume)
        potential = self.open_circuit_potential(theta, temperature)
        return kinetics.Surface(potential, self.entropic(theta), volume, stress, theta=theta)

    def keeps(self, face: Face, current: Any) -> Iterator[Term]:
        """Yield how lithium that leaves with a `current` [A/m²] at an interface is missed here."""
        yield face.leaving(current / FARADAY, self.site, self.c)

    # --- as a part -----------------------------------------------------------------------------------

    def unknowns(self) -> Iterator[Unknown]:
        current = self._model.typical_current
        yield Unknown(self.c, self.group, current / FARADAY, 0.1 * self.c_max, (0.0, self.c_max))
        if self.stress is not None:
            size = self._model.typical_pressure * self.volume / np.sqrt(self._model.interface_nodes)
            yield Unknown(self.stress, self.group, size)
        yield Unknown(self.phi, self.group, current, largest_step=0.1, level=self.level)

    def terms(self) -> Iterator[Term]:
        q, psi = ufl.TestFunction(self.c.function_space), ufl.TestFunction(self.phi.function_space)
        dx = self._model.dx(self.site)
        # the rule at the vertices lumps the mass: however short a step, no wiggles carry c beyond empty and full
        lumped = diffusion.at_vertices(self._domain.dx(self.site.side))
        yield Term(self.c, diffusion.balance(self._rate, q, self._flux, lumped))
        if self.stress is not None:
            sigma_h = self.site.law.hydrostatic_stress(self.site.u, self.site.eigenstrain)
            t = ufl.TestFunction(self.stress.function_space)
            yield Term(self.stress, diffusion.hydrostatic_residual(self.stress, t, sigma_h, dx))
        yield Term(self.phi, conduction.residual(self.phi, psi, self.conductivity, dx))

    @property
    def _flux(self) -> Any:
        """J [mol/(m² s)] in UFL."""
        host, theta, temperature = self.material, self.theta(self.c), self.site.temperature
        warmth = kinetics.arrhenius(host.diffusivity_activation_energy, temperature, host.reference_temperature)
        diffusivity = self._model.coefficient(warmth) * at(self._quantity(host.diffusivity), theta)
        full = self._domain.constant(self.c_max)
        if self.stress is None and host.diffusivity_kind == "chemical":
            return diffusion.flux(self.c, full, diffusivity)
        potential = partial(self.open_circuit_potential, temperature=temperature)
        factor = diffusion.thermodynamic_factor(potential, theta, temperature)
        chemical, tracer = diffusion.diffusivities(diffusivity, factor, host.diffusivity_kind)
        pull = self.lithium_volume(theta) * self.stress if self.stress is not None else 0.0
        return diffusion.flux(self.c, full, chemical, tracer, pull, temperature)

    def commit(self) -> None:
        crossing = np.array([face.transfer.crossing for face in self._faces if face.transfer]) / FARADAY
        self._out.add(float(crossing.sum()))
        self._throughput += np.abs(crossing).sum() * float(self._model.rates.time_step.value)
        self._error[...], self._power[...] = self._time_error(), self._model.rates.values

    def limit(self) -> Limit:
        excess = float(self._error) / self._model.case.time.tolerance
        return Limit(
            excess, max(0.9 / max(excess, 1e-3) ** (1 / float(self._power)), 0.2), "the error in time is too large"
        )

    def columns(self) -> Mapping[str, float]:
        lithium, comm = self._domain.integrate(self._amount), self._model.comm
        plated = -sum(face.plating.stripped / face.plating.volume for face in self._faces if face.plating)
        missing, passed = abs(lithium + plated - self._start + self._out.value), float(self._throughput)
        theta = self.c.x.array / self.c_max
        return {
            "mean stoichiometry [1]": lithium / self.lithium_capacity,
            "min stoichiometry [1]": comm.allreduce(float(theta.min(initial=np.inf)), op=MPI.MIN),
            "max stoichiometry [1]": comm.allreduce(float(theta.max(initial=-np.inf)), op=MPI.MAX),
            "state of charge [1]": self.state_of_charge,
            "lithium balance [1]": missing / max(passed, LEAST_PASSED * self.lithium_capacity),
        }

    def cautions(self) -> Iterator[Caution]:
        low, high = self.material.stoichiometry_range
        columns = self.columns()
        for bound, end in (("min", low), ("max", high)):
            theta = columns[f"{bound} stoichiometry [1]"]
            if not low <= theta <= high:
                yield Caution(
                    f"{bound} stoichiometry",
                    f"θ{self.label} reaches {theta:.4g}, beyond {end:g} where U is known: "
                    "from there on the voltage is that of ideal mixing; an earlier cut-off avoids it",
                )

    def shown(self) -> Iterator[Shown]:
        potential, theta = fem.Function(self.phi.function_space), fem.Function(self.phi.function_space)

        def read_potential() -> None:
            potential.x.array[:] = self.phi.x.array + self.level.value

        def read_theta() -> None:
            theta.x.array[:] = self.c.x.array / self.c_max

        yield Shown(self.site, "electronic potential [V]", potential, read_potential)
        yield Shown(self.site, "potential [V]", potential, read_potential, "whole")
        yield Shown(self.site, "concentration [mol/m^3]", self.c, lambda: None)
        yield Shown(self.site, "stoichiometry [1]", theta, read_theta)
        yield Shown(self.site, "stoichiometry [1]", theta, read_theta, "whole")
        vectors = {
            "current density [A/m^2]": conduction.current_density(self.phi, self.conductivity),
            "lithium flux [mol/(m^2 s)]": self._flux,
        }
        for name, vector in vectors.items():
            mean = self._domain.cell_mean(self.site.side, vector, LOSS_DEGREE)
            yield Shown(self.site, name, mean.values, mean.read, "cell")

    @property
    def _faces(self) -> list[Any]:
        return [face for face in self._model.faces if self.site in face.sites]

    def _time_error(self) -> float:
        """Return what the time step added to the error of c: root mean square over the nodes, over c_max."""
        error = self._model.rates.error(self.c)
        if error is None:
            return 0.0
        index_map = self.c.function_space.dofmap.index_map
        owned = error[: index_map.size_local]
        return float(np.sqrt(self._model.comm.allreduce(float(owned @ owned)) / index_map.size_global)) / self.c_max


def equilibrium_potential(host: Material, theta: Any, temperature: Any) -> Any:
    """Return U [V] at θ, a number, an array or in UFL; beyond the range in which the material knows it, ideal mixing:

    to U at the end of the range is added (RT/F) ln((1 − θ)/(1 − θ_high)) above it and −(RT/F) ln(θ/θ_low) below it, so
    that the last sites end it and no cell empties or fills a host entirely.
    """
    return host.potential(_within(host, theta), temperature) + temperature * _mixing(host, theta)


def entropic_coefficient(host: Material, theta: Any) -> Any:
    """Return ∂U/∂T [V/K] of `equilibrium_potential`."""
    return host.entropic(_within(host, theta)) + _mixing(host, theta)


def _within(host: Material, theta: Any) -> Any:
    """Return θ held within the range in which the material knows U."""
    low, high = host.stoichiometry_range
    return maximum(minimum(theta, high), low)


def _mixing(host: Material, theta: Any) -> Any:
    """Return what U changes by beyond the range, over T [V/K]."""
    low, high = host.stoichiometry_range
    filling = maximum(1 - maximum(theta, high), NEARLY) / max(1 - high, NEARLY)
    emptying = maximum(minimum(theta, low), NEARLY) / max(low, NEARLY)
    return GAS_CONSTANT / FARADAY * log(filling / emptying)


def parts(model: Model) -> Iterator[Part]:
    """Yield the host of each electrode."""
    for name in model.case.hosts:
        yield Host(model, model.sites[name])
