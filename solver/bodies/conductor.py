"""A conductor of lithium ions: its ionic potential φ_s and, if an anion moves too, its salt concentration."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
import ufl
from dolfinx import fem
from mpi4py import MPI

from interstice.materials.function import at
from interstice.solver.constants import FARADAY
from interstice.solver.interface.kinetics import arrhenius
from interstice.solver.model import LOSS_DEGREE, Model
from interstice.solver.part import Caution, Group, Part, Shown, Term, Unknown
from interstice.solver.physics import binary, conduction
from interstice.solver.site import Site


class Conductor(Part):
    """The fields and laws of one electrolyte; its potential is `level` + `phi`, so that `phi` holds small differences.

    `salt` is None in a single-ion conductor.
    """

    group: ClassVar[Group] = "transport"

    def __init__(self, model: Model, site: Site) -> None:
        assert site.material is not None and site.material.electrolyte is not None
        self.site, self.material = site, site.material.electrolyte
        self._model, self._domain = model, model.domain
        site.conductor = self
        self.phi = site.state.function(fem.Function(site.side.space(), name=f"phi of {site.name}"))
        self.level = model.level(site)
        self.salt: fem.Function | None = None
        if self.material.binary:
            self.salt = site.state.function(fem.Function(site.side.space(), name=f"salt of {site.name}"))
            self.salt.x.array[:] = self.salt_at_rest
        self.conductivity = self._quantity(
            self.material.ionic_conductivity, self.material.conductivity_activation_energy
        )
        """κ [S/m], a number or in UFL."""
        self._kappa = model.coefficient(self.conductivity)
        if self.salt is not None:
            self._rate = model.rates.of(self.salt, site.state)
            energy = self.material.salt_diffusivity_activation_energy
            self._law = binary.BinaryElectrolyte(
                model.coefficient(self._quantity(self.material.salt_diffusivity, energy)),
                self._kappa,
                model.coefficient(self._quantity(self.material.transference_number)),
                model.coefficient(site.temperature),
                model.coefficient(self._quantity(self.material.thermodynamic_factor)),
            )
        site.heat_sources.append(self.loss)

    def _quantity(self, value: Any, activation_energy: float = 0.0) -> Any:
        """Return a quantity at the salt and temperature that are there, a number or in UFL."""
        warmth = arrhenius(activation_energy, self.site.temperature, self.material.reference_temperature)
        return at(value, self.salt if self.salt is not None else 0.0, self.site.temperature) * warmth

    @property
    def salt_at_rest(self) -> float:
        """The concentration of the salt at rest [mol/m³]."""
        assert self.material.salt_concentration is not None
        return self.material.salt_concentration

    @property
    def salt_potential(self) -> Any:
        """What the salt adds to the potential [V], in UFL: 0 at its concentration at rest."""
        return self._law.potential(self.salt, self._domain.constant(self.salt_at_rest))

    @property
    def loss(self) -> Any:
        """−i · ∇φ [W/m³] in UFL: what the current loses on its way, in a single-ion conductor as heat."""
        if self.salt is None:
            return conduction.dissipation(self.phi, self._kappa)
        return binary.loss(self._law, self.salt, self.phi)

    def unknowns(self) -> Iterator[Unknown]:
        current = self._model.typical_current
        if self.salt is not None:
            yield Unknown(self.salt, self.group, current / FARADAY, largest_step=0.2 * self.salt_at_rest)
        yield Unknown(self.phi, self.group, current, largest_step=0.1, level=self.level)

    def terms(self) -> Iterator[Term]:
        psi = ufl.TestFunction(self.phi.function_space)
        if self.salt is None:
            yield Term(self.phi, conduction.residual(self.phi, psi, self._kappa, self._model.dx(self.site)))
            return
        dx = self._domain.dx(self.site.side, 2)
        yield Term(self.phi, binary.charge_residual(self._law, self.salt, self.phi, psi, dx))
        q = ufl.TestFunction(self.salt.function_space)
        yield Term(self.salt, binary.salt_residual(self._law, self.salt, self._rate, self.phi, q, dx))

    def cautions(self) -> Iterator[Caution]:
        if self.salt is None or self.material.salt_range is None:
            return
        (low, high), comm, salt = self.material.salt_range, self._model.comm, self.salt.x.array
        least = comm.allreduce(float(salt.min(initial=np.inf)), op=MPI.MIN)
        most = comm.allreduce(float(salt.max(initial=-np.inf)), op=MPI.MAX)
        for bound, reached, end in (("min", least, low), ("max", most, high)):
            if not low <= reached <= high and (reached < low) == (end == low):
                yield Caution(
                    f"{bound} salt",
                    f"the salt of {self.site.name} reaches {reached:.4g} mol/m^3, beyond {end:g} where conductivity, "
                    "diffusivity and transference number are known: they are held there",
                )

    def shown(self) -> Iterator[Shown]:
        potential = fem.Function(self.phi.function_space)

        def read() -> None:
            potential.x.array[:] = self.phi.x.array + self.level.value

        yield Shown(self.site, "ionic potential [V]", potential, read)
        yield Shown(self.site, "potential [V]", potential, read, "whole")
        if self.salt is None:
            current = conduction.current_density(self.phi, self._kappa)
            flux = current / self._domain.constant(FARADAY)
        else:
            current = self._law.current_density(self.salt, self.phi)
            flux = self._law.anion_flux(self.salt, self.phi) + current / self._domain.constant(FARADAY)
            yield Shown(self.site, "salt concentration [mol/m^3]", self.salt, lambda: None)
        for name, vector in {"current density [A/m^2]": current, "lithium flux [mol/(m^2 s)]": flux}.items():
            mean = self._domain.cell_mean(self.site.side, vector, LOSS_DEGREE)
            yield Shown(self.site, name, mean.values, mean.read, "cell")


def parts(model: Model) -> Iterator[Part]:
    """Yield the conductor of each electrolyte."""
    for name in model.case.conductors:
        yield Conductor(model, model.sites[name])
