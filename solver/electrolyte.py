"""A conductor of lithium ions: its ionic potential φ_s and, if an anion moves too, its salt concentration."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from dolfinx import fem

from interstice.materials.library import Electrolyte as Conductor
from interstice.solver.bdf2 import Scheme, remember
from interstice.solver.domain import Domain, Side
from interstice.solver.interface.kinetics import arrhenius
from interstice.solver.physics import binary, conduction
from interstice.solver.state import State

Array = npt.NDArray[np.float64]


class Electrolyte:
    """The fields and laws of one electrolyte; its potential is `level` + `phi`, so that `phi` holds small differences.

    `salt` is None in a single-ion conductor. `past` and `salt_start` are as in an electrode.
    """

    def __init__(self, domain: Domain, side: Side, conductor: Conductor, temperature: float, state: State) -> None:
        self.name, self.side, self.conductor = side.name, side, conductor
        self._domain, self._temperature = domain, temperature
        self.phi = state.function(fem.Function(side.space(), name=f"phi of {side.name}"))
        self.level = state.constant("level", self._domain.constant(0.0))
        reference = conductor.reference_temperature
        warmth = arrhenius(conductor.conductivity_activation_energy, temperature, reference)
        self.conductivity = float(conductor.ionic_conductivity * warmth)
        self.salt: fem.Function | None = None
        self.past: list[Array] = []
        if conductor.salt_diffusivity is None:
            return
        space = side.space()
        self.salt, self.salt_start = (fem.Function(space, name=f"{name} of {side.name}") for name in ("salt", "start"))
        state.function(self.salt)
        self.past = [state.array(f"past {back}", np.copy(self.salt.x.array)) for back in range(2)]
        for array in (self.salt.x.array, self.salt_start.x.array, *self.past):
            array[:] = conductor.salt_concentration
        warmth = arrhenius(conductor.salt_diffusivity_activation_energy, temperature, reference)
        self._law = binary.BinaryElectrolyte(
            self._domain.constant(float(conductor.salt_diffusivity * warmth)),
            self._domain.constant(self.conductivity),
            self._domain.constant(conductor.transference_number),
            self._domain.constant(temperature),
            self._domain.constant(conductor.thermodynamic_factor),
        )

    @property
    def salt_at_rest(self) -> float:
        """The concentration of the salt at rest [mol/m³]."""
        assert self.conductor.salt_concentration is not None
        return self.conductor.salt_concentration

    def ions(self, psi: Any) -> Any:
        """Return the weak form of the conduction of charge."""
        if self.salt is None:
            return conduction.residual(
                self.phi, psi, self._domain.constant(self.conductivity), self._domain.dx(self.side)
            )
        return binary.charge_residual(self._law, self.salt, self.phi, psi, self._domain.dx(self.side, 2))

    def anions(self, q: Any, time: Any) -> Any:
        """Return the weak form of the conservation of salt over a step that counts as `time` [s] from its start."""
        assert self.salt is not None
        dx = self._domain.dx(self.side, 2)
        return binary.salt_residual(self._law, self.salt, self.salt_start, self.phi, q, time, dx)

    @property
    def heat(self) -> Any:
        """−i · ∇φ [W/m³] in UFL: what the current loses on its way, in a single-ion conductor as heat."""
        if self.salt is None:
            return conduction.dissipation(self.phi, self._domain.constant(self.conductivity))
        return binary.loss(self._law, self.salt, self.phi)

    def begin(self, scheme: Scheme) -> None:
        """Begin a time step of the time scheme."""
        if self.salt is not None:
            self.salt_start.x.array[:] = scheme.history(self.past)

    def commit(self) -> None:
        """Take the present salt concentration as the start of the next time step."""
        if self.salt is not None:
            remember(self.past, self.salt.x.array)
