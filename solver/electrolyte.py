"""A conductor of lithium ions: its ionic potential φ_s."""

from __future__ import annotations

from typing import Any

import numpy as np
from dolfinx import fem

from materials.library import Electrolyte as Conductor
from solver.domain import Domain, Side
from solver.physics import conduction


class Electrolyte:
    """The field and law of one electrolyte; its potential is `level` + `phi`, so that `phi` holds small differences."""

    def __init__(self, domain: Domain, side: Side, conductor: Conductor) -> None:
        self.name, self.side, self.conductor = side.name, side, conductor
        self._domain = domain
        self.phi = fem.Function(side.space(), name=f"phi of {side.name}")
        self.level = self._constant(0.0)

    @property
    def conductivity(self) -> float:
        """The ionic conductivity [S/m]."""
        return self.conductor.ionic_conductivity

    def ions(self, psi: Any) -> Any:
        """Return the weak form of the conduction of ions."""
        conductivity = self._constant(self.conductivity)
        return conduction.residual(self.phi, psi, conductivity, self._domain.dx(self.side))

    @property
    def heat(self) -> Any:
        """The power per volume that the conduction of ions dissipates [W/m³], in UFL."""
        return conduction.dissipation(self.phi, self._constant(self.conductivity))

    @property
    def state(self) -> list[np.ndarray]:
        """The arrays that make up the state."""
        return [self.phi.x.array, self.level.value]

    def _constant(self, value: float) -> fem.Constant:
        return fem.Constant(self._domain.mesh, np.float64(value))
