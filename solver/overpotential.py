"""What the current costs: the voltage of a cell as a sum, each term a loss that a current I pays somewhere.

Tested with the potentials themselves, conservation of charge gives the power balance

    V I = Σ ∫_Γ j_n (η + U) dS + Σ ∫ κ |∇φ|² dx,

so that V = U(mean θ) + kinetic + concentration + ohmic + constriction with

    kinetic        ∫ j_n η dS / I; likewise film, ∫ R j_n² dS / I, and stress, where there are any
    concentration  ∫ j_n U dS / I − U(mean θ)
    ohmic          R_0 I, the loss if the current crossed every interface evenly
    constriction   ∫ κ |∇φ|² dx / I − R_0 I, what crowding onto the rest of the contact adds.

All of them have the sign of the current: on discharge they are negative.
"""

from __future__ import annotations

import numpy as np
import ufl
from dolfinx import fem

from interstice.solver import algebra
from interstice.solver.cell import Cell
from interstice.solver.physics import conduction

PIN = 1e-9
"""What fixes a potential that is free up to a constant, over κ/L²."""


class Overpotentials:
    """The terms of the voltage of one cell."""

    def __init__(self, cell: Cell) -> None:
        self._cell = cell
        heats = (part.heat * cell.domain.dx(part.side) for part in cell.conductors.values())
        self._heat = cell.domain.form(sum(heats))
        self._resistance = _even_resistance(cell)

    def read(self, stoichiometries: dict[str, float]) -> dict[str, float]:
        """Return the terms [V] at the present state; `stoichiometries` are the mean ones of the electrodes."""
        cell = self._cell
        open_circuit = 0.0
        for name, theta in stoichiometries.items():
            electrode = cell.electrodes[name]
            sign = 1.0 if electrode is cell.working else -1.0
            open_circuit += sign * float(electrode.host.open_circuit_potential(theta))
        current = float(cell.current_density.value) * cell.apparent_area
        terms = dict.fromkeys(("kinetic", "concentration", "ohmic", "constriction"), 0.0)
        for junction in cell.junctions:
            for name, power in junction.losses().items():
                terms[name] = terms.get(name, 0.0) + (power / current if current else 0.0)
        if current:
            terms["concentration"] -= open_circuit
            terms["ohmic"] = self._resistance * current
            terms["constriction"] = cell.domain.integrate(self._heat) / current - terms["ohmic"]
        return {"open-circuit voltage [V]": open_circuit} | {
            f"{name} overpotential [V]": value for name, value in terms.items()
        }


def _even_resistance(cell: Cell) -> float:
    """Return R_0 [Ω] (2D: Ω m): ∫ κ |∇φ|² dx of 1 A (per metre of depth) that crosses every interface evenly."""
    domain = cell.domain
    fields, heat = [], 0
    for part in cell.conductors.values():
        phi = fem.Function(part.phi.function_space, name=part.phi.name)
        psi = ufl.TestFunction(phi.function_space)
        dx, kappa = domain.dx(part.side), domain.constant(part.conductivity)
        size = domain.volume(part.side) ** (1.0 / domain.dimension)
        residual = conduction.residual(phi, psi, kappa, dx) + domain.constant(PIN / size**2) * kappa * phi * psi * dx
        heat += conduction.dissipation(phi, kappa) * dx
        for junction in cell.junctions:
            electrode, interface = junction.electrode, junction.interface
            if part is electrode or part is junction.electrolyte:
                area = sum(other.geometric_area for other in cell.junctions if other.electrode is electrode)
                out = (1.0 if electrode is cell.working else -1.0) * (1.0 if part is electrode else -1.0) / area
                residual += domain.constant(out) * interface.restrict(psi, part.side) * interface.dS
        if part is cell.working:
            residual -= cell.feed(psi, domain.constant(1.0 / cell.apparent_area))
        fields.append(algebra.Field(phi, residual, 1.0 / np.sqrt(phi.function_space.dofmap.index_map.size_global)))
    system = algebra.System(domain, fields, cell.potential_constraints(fields), algebra.DIRECT)
    system.solve()
    system.destroy()
    return domain.integrate(domain.form(heat))
