"""What the current costs: the voltage of a cell as a sum, each term a loss that a current I pays somewhere.

Tested with the potentials themselves, conservation of charge gives the power balance

    V I = Σ ∫_Γ j_n (η + U) dS + Σ ∫ κ |∇φ|² dx,

so that V = U(mean θ) + kinetic + concentration + ohmic + constriction with

    kinetic        ∫ j_n η dS / I; likewise stress, film, ∫ R j_n² dS / I, and micro-constriction,
                   ∫ j_n²/h_c dS / I, where there are any
    concentration  ∫ j_n U dS / I − U(mean θ)
    ohmic          R_0 I, the loss if the current crossed every interface evenly
    constriction   ∫ κ |∇φ|² dx / I − R_0 I, what crowding onto the rest of the contact adds.

All of them have the sign of the current: on discharge they are negative.
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
        self._model, self._terminals = model, model.terminals
        losses = (site.potential_holder.loss * model.dx(site) for site in model.sites.values())
        self._loss = model.domain.form(sum(losses))
        self._even = _EvenFlow(model)

    def columns(self) -> Mapping[str, float]:
        model = self._model
        open_circuit = 0.0
        for name in model.case.hosts:
            host = model.sites[name].host
            assert host is not None
            sign = 1.0 if host is self._terminals.working else -1.0
            open_circuit += sign * host.potential(host.mean_stoichiometry)
        current = self._terminals.current_density * model.apparent_area
        terms = dict.fromkeys(("kinetic", "concentration", "ohmic", "constriction"), 0.0)
        for face in model.faces:
            for name, power in face.transfer.losses().items() if face.transfer else ():
                terms[name] = terms.get(name, 0.0) + (power / current if current else 0.0)
        if current:
            terms["concentration"] -= open_circuit
            terms["ohmic"] = self._even.resistance() * current
            terms["constriction"] = model.domain.integrate(self._loss) / current - terms["ohmic"]
        return {"open-circuit voltage [V]": open_circuit} | {
            f"{name} overpotential [V]": value for name, value in terms.items()
        }


class _EvenFlow:
    """The flow of 1 A (per metre of depth) that crosses every interface evenly."""

    def __init__(self, model: Model) -> None:
        domain = self._domain = model.domain
        fields, heat, potentials = [], 0, {}
        self._varies = any(model.conductivity_varies(site) for site in model.sites.values())
        for site in model.sites.values():
            holder = site.potential_holder
            phi = potentials[site.name] = fem.Function(holder.phi.function_space, name=holder.phi.name)
            psi = ufl.TestFunction(phi.function_space)
            dx, kappa = model.dx(site), model.coefficient(holder.conductivity)
            size = domain.volume(site.side) ** (1.0 / domain.dimension)
            residual = (
                conduction.residual(phi, psi, kappa, dx) + domain.constant(PIN / size**2) * kappa * phi * psi * dx
            )
            heat += conduction.dissipation(phi, kappa) * dx
            for face in model.faces:
                if site in face.sites:
                    electrode = next(side for side in face.sites if side.host)
                    area = sum(other.area for other in model.faces if electrode in other.sites)
                    out = (1.0 if electrode is model.working else -1.0) * (1.0 if site is electrode else -1.0) / area
                    residual += domain.constant(out) * face.seen_from(site, psi) * face.interface.dS
            if site is model.working:
                residual -= model.terminals.feed(psi, domain.constant(1.0 / model.apparent_area))
            fields.append(algebra.Field(phi, residual, 1.0 / np.sqrt(phi.function_space.dofmap.index_map.size_global)))
        constraints = algebra.lateral(domain, potentials.values(), model.case.geometry.lateral)
        model.terminals.hold(constraints, potentials[model.working.name], potentials[model.bottom.name])
        self._system = algebra.System(domain, fields, constraints, algebra.DIRECT)
        self._heat = domain.form(heat)
        self._known: float | None = None

    def resistance(self) -> float:
        """Return R_0 [Ω] (2D: Ω m), ∫ κ |∇φ|² dx, with the conductivities that lithium, salt and heat leave now."""
        if self._known is None or self._varies:
            self._system.solve()
            self._known = self._domain.integrate(self._heat)
            if not self._varies:
                self._system.destroy()
        return self._known


def parts(model: Model) -> Iterator[Part]:
    """Yield the terms of the voltage."""
    yield Overpotentials(model)
