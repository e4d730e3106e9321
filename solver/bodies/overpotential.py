"""What the current costs: the voltage of a cell as a sum, each term what is lost somewhere on the way of the current.

From the collector to the counter face the current passes sides and interfaces, one after the other. With ⟨·⟩ the mean
over what conducts of an interface (over all of it where nothing does), the voltage is, for any state of the cell,

    V = Σ_interfaces ± ⟨φ_e − φ_s⟩ + Σ_sides (φ where the current enters − φ where it leaves),

each φ of a side being ⟨φ⟩ at an interface, its value at collector and counter face. Hence V = U + kinetic +
concentration + ohmic + constriction, with

    U              ± U of each host at its mean θ and its mean temperature; that of lithium is 0
    kinetic        ± ⟨η⟩; likewise stress, film, ⟨R j_n⟩, and micro-constriction, ⟨j_n/h_c⟩, where there are any
    contact        ± what the resistance of contact between like sides costs, where there is some
    concentration  ± ⟨U⟩ less the above
    salt           what the gradient of the salt adds along a binary electrolyte (`interstice.solver.physics.binary`)
    ohmic          R_0 I, the loss if the current crossed every interface evenly
    constriction   the rest of what the sides lose: what crowding onto the rest of the contact adds.

No term is divided by the current: what is left of it at rest, where lithium may go round inside the cell, and when the
current changes its sign is the limit of what was there under current. Ohmic alone is 0 wherever the current is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import ufl
from dolfinx import fem

from interstice.solver import algebra
from interstice.solver.model import Model
from interstice.solver.part import Part
from interstice.solver.physics import conduction

PIN = 1e-9
"""What fixes a potential that is free up to a constant, over κ/L²."""


class Overpotentials(Part):
    """The terms of the voltage of a cell."""

    def __init__(self, model: Model) -> None:
        self._model, conductor = model, model.grounded.conductor
        self._salt_at_ground: fem.Form | None = None
        if conductor and conductor.salt:
            self._salt_at_ground = model.domain.form(conductor.salt_potential * model.domain.ds(model.ground))
        self._even = _EvenFlow(model)

    def columns(self) -> Mapping[str, float]:
        model = self._model
        terms = dict.fromkeys(("kinetic", "concentration", "ohmic", "constriction"), 0.0)
        open_circuit = 0.0
        for face, leaves in model.path.items():
            assert face.passage is not None
            if face.transfer and face.transfer.electrode.electrode:
                open_circuit += leaves * face.transfer.electrode.electrode.mean_potential
            for name, mean in face.passage.means().items():
                terms[name] = terms.get(name, 0.0) + leaves * mean
        terms["concentration"] -= open_circuit
        if self._salt_at_ground is not None:
            terms["salt"] -= model.domain.integrate(self._salt_at_ground) / model.domain.area(model.ground)
        terms["ohmic"] = self._even.resistance() * model.terminals.current_density * model.apparent_area
        terms["constriction"] = terms.pop("sides") - terms.get("salt", 0.0) - terms["ohmic"]
        return {"open-circuit voltage [V]": open_circuit} | {
            f"{name} overpotential [V]": value for name, value in terms.items()
        }


class _EvenFlow:
    """The flow of 1 A (in plane 2D per metre of depth) that crosses every interface evenly."""

    def __init__(self, model: Model) -> None:
        domain = self._domain = model.domain
        fields, heat, potentials = [], 0, {}
        self._varies = any(model.conductivity_varies(site) for site in model.sites.values())
        for site in model.sites.values():
            holder = site.potential_holder
            phi = potentials[site.name] = fem.Function(holder.phi.function_space, name=holder.phi.name)
            psi = ufl.TestFunction(phi.function_space)
            dx, kappa = model.dx(site), model.coefficient(holder.conductivity)
            size = domain.size(site.side)
            residual = (
                conduction.residual(phi, psi, kappa, dx) + domain.constant(PIN / size**2) * kappa * phi * psi * dx
            )
            heat += conduction.dissipation(phi, kappa) * dx
            for face, leaves in model.path.items():
                if site in face.sites:
                    out = (leaves if site is face.origin else -leaves) / face.area
                    residual += domain.constant(out) * face.seen_from(site, psi) * face.interface.dS
            if site is model.lead:
                residual -= model.terminals.feed(psi, domain.constant(1.0 / model.apparent_area))
            fields.append(algebra.Field(phi, residual, 1.0 / np.sqrt(phi.function_space.dofmap.index_map.size_global)))
        constraints = algebra.lateral(domain, potentials.values(), model.case.geometry.lateral)
        model.terminals.hold(constraints, potentials[model.lead.name], potentials[model.grounded.name])
        self._system = algebra.System(domain, fields, constraints, algebra.DIRECT)
        self._heat = domain.form(heat)
        self._known: float | None = None

    def resistance(self) -> float:
        """Return R_0 [Ω] (plane 2D: Ω m), ∫ κ |∇φ|² dx, with the conductivities that lithium, salt, heat leave."""
        if self._known is None or self._varies:
            self._system.solve()
            self._known = self._domain.integrate(self._heat)
            if not self._varies:
                self._system.destroy()
        return self._known


def parts(model: Model) -> Iterator[Part]:
    """Yield the terms of the voltage."""
    yield Overpotentials(model)
