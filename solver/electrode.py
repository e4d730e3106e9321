"""A host of lithium: concentration c, electronic potential φ_e, and what they mean for mechanics and kinetics."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import ufl
from dolfinx import fem

from interstice import schema
from interstice.materials import Host
from interstice.materials.elementwise import log, maximum, minimum
from interstice.solver.bdf2 import Scheme, local_error, remember
from interstice.solver.domain import Domain, Side
from interstice.solver.interface import kinetics
from interstice.solver.interface.kinetics import FARADAY, GAS_CONSTANT
from interstice.solver.physics import conduction, diffusion
from interstice.solver.physics.mechanics import Elasticity
from interstice.solver.state import State

NEARLY = 1e-12
"""Share of sites, empty or filled, below which U no longer changes, so that a Newton iterate has a value."""


class Electrode:
    """The fields and laws of one electrode; its potential is `level` + `phi`, so that `phi` holds small differences.

    `past` holds the concentration at the start of the time step and before, newest first, and `c_start` that from which
    the time scheme reckons (h of `interstice.solver.bdf2`). `stress` is the nodal hydrostatic stress [Pa], where
    something asks for it (`feels_stress`): transport, or the kinetics of an interface.
    """

    def __init__(
        self,
        domain: Domain,
        side: Side,
        wanted: schema.Electrode,
        host: Host,
        temperature: float,
        u: fem.Function,
        elasticity: Elasticity,
        feels_stress: bool,
        state: State,
    ) -> None:
        self.name, self.side, self.host = side.name, side, host
        self._domain, self._temperature, self._u, self._elasticity = domain, temperature, u, elasticity
        space = side.space()
        self.c, self.c_start = (fem.Function(space, name=f"{name} of {side.name}") for name in ("c", "c_start"))
        self.phi = fem.Function(side.space(), name=f"phi of {side.name}")
        for unknown in (self.c, self.phi):
            state.function(unknown)
        self._driven = wanted.transport == "chemical_potential"
        self.stress = fem.Function(space, name=f"stress of {side.name}") if feels_stress or self._driven else None
        if self.stress is not None:
            state.function(self.stress)
        self.past = [state.array(f"past {back}", np.zeros_like(self.c.x.array)) for back in range(3)]
        self.c_max = host.maximum_concentration
        self.c_initial = wanted.initial_stoichiometry * self.c_max
        for array in (self.c.x.array, self.c_start.x.array, *self.past):
            array[:] = self.c_initial
        self.level = state.constant("level", self._domain.constant(0.0))
        self.volume = domain.volume(side)
        self.lithium_capacity = self.volume * self.c_max
        self.initial_potential = float(host.open_circuit_potential(wanted.initial_stoichiometry))
        self._volume_of_lithium = self._quantity(host.partial_molar_volume)
        self.eigenstrain = diffusion.eigenstrain(
            self.c, self._domain.constant(self.c_initial), self._volume_of_lithium, self._domain.constant(self.c_max)
        )

    def _quantity(self, value: Any) -> Any:
        """Return a number of the material as a constant, a function of θ as it is."""
        return value if callable(value) else self._domain.constant(value)

    def open_circuit_potential(self, theta: Any) -> Any:
        """Return U [V] at θ in UFL, with the ends of `equilibrium_potential`."""
        return equilibrium_potential(self.host, theta, self._temperature)

    def lithium_volume(self, theta: Any) -> Any:
        """Return Ω [m³/mol] at θ in UFL."""
        volume = self._volume_of_lithium
        return volume(theta) if callable(volume) else volume

    @property
    def conductivity(self) -> float:
        """The electronic conductivity [S/m]."""
        return self.host.electronic_conductivity

    @property
    def charge_capacity(self) -> float:
        """The charge [C] (2D: per metre of depth) between the two ends of the range of stoichiometry."""
        low, high = self.host.stoichiometry_range
        return (high - low) * self.lithium_capacity * FARADAY

    def theta(self, concentration: Any) -> Any:
        """Return the stoichiometry θ = c/c_max of a concentration in UFL."""
        return concentration / self._domain.constant(self.c_max)

    def lithium(self, q: Any, time: Any) -> Any:
        """Return the weak form of diffusion over a step that counts as `time` [s] from `c_start`."""
        host, theta = self.host, self.theta(self.c)
        warmth = kinetics.arrhenius(host.diffusivity_activation_energy, self._temperature, host.reference_temperature)
        diffusivity = self._domain.constant(float(warmth)) * (
            host.diffusivity(theta) if callable(host.diffusivity) else self._domain.constant(host.diffusivity)
        )
        # the rule at the vertices lumps the mass: however short a step, no wiggles carry c beyond empty and full
        dx = diffusion.at_vertices(self._domain.dx(self.side))
        if not self._driven and host.diffusivity_kind == "chemical":
            return diffusion.residual(self.c, self.c_start, q, diffusivity, time, dx)
        factor = diffusion.thermodynamic_factor(host.open_circuit_potential, theta, self._temperature)
        chemical, tracer = diffusion.diffusivities(diffusivity, factor, host.diffusivity_kind)
        pull = self.lithium_volume(theta) * self.stress if self._driven else 0.0
        flux = diffusion.flux(self.c, self._domain.constant(self.c_max), chemical, tracer, pull, self._temperature)
        return diffusion.balance(self.c, self.c_start, q, flux, time, dx)

    def hydrostatic(self, t: Any) -> Any:
        """Return the weak form that defines `stress`."""
        sigma_h = self._elasticity.hydrostatic_stress(self._u, self.eigenstrain)
        return diffusion.hydrostatic_residual(self.stress, t, sigma_h, self._domain.dx(self.side))

    @property
    def dilation(self) -> Any:
        """The volumetric strain [1] in UFL."""
        return ufl.tr(self._elasticity.strain(self._u))

    def electrons(self, psi: Any) -> Any:
        """Return the weak form of the conduction of electrons."""
        conductivity = self._domain.constant(self.conductivity)
        return conduction.residual(self.phi, psi, conductivity, self._domain.dx(self.side))

    def begin(self, scheme: Scheme) -> None:
        """Begin a time step of the time scheme."""
        self.c_start.x.array[:] = scheme.history(self.past)

    def commit(self) -> None:
        """Take the present concentration as the start of the next time step."""
        remember(self.past, self.c.x.array)

    def time_error(self, steps: Sequence[float], scheme: Scheme) -> float:
        """Return what the time step added to the error of c: root mean square over the nodes, over c_max.

        `steps` [s] are those between the values of the estimate (`bdf2.local_error`), newest first.
        """
        index_map, comm = self.c.function_space.dofmap.index_map, self._domain.mesh.comm
        owned = slice(index_map.size_local)
        error = local_error(self.c.x.array[owned], [past[owned] for past in self.past[: len(steps)]], steps, scheme)
        return float(np.sqrt(comm.allreduce(float(error @ error)) / index_map.size_global)) / self.c_max

    @property
    def heat(self) -> Any:
        """The power per volume that the conduction of electrons dissipates [W/m³], in UFL."""
        return conduction.dissipation(self.phi, self._domain.constant(self.conductivity))


def equilibrium_potential(host: Host, theta: Any, temperature: float) -> Any:
    """Return U [V] at θ, an array or in UFL; beyond the range in which the material knows it, the last sites end it:

    to U is added (RT/F) ln((1 − θ)/(1 − θ_high)) above the range and −(RT/F) ln(θ/θ_low) below it, as for ideal
    mixing, so that no cell empties or fills a host entirely.
    """
    low, high = host.stoichiometry_range
    filling = maximum(1 - maximum(theta, high), NEARLY) / max(1 - high, NEARLY)
    emptying = maximum(minimum(theta, low), NEARLY) / max(low, NEARLY)
    return host.open_circuit_potential(theta) + GAS_CONSTANT * temperature / FARADAY * log(filling / emptying)
