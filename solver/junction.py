"""One interface between an electrode and an electrolyte: what holds it together and the current that crosses it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import ufl
from dolfinx import fem

from solver import case
from solver.domain import Domain, Interface
from solver.electrode import Electrode
from solver.electrolyte import Electrolyte
from solver.interface import kinetics
from solver.interface.cohesive import CohesiveBond
from solver.interface.interaction import Interaction

Array = npt.NDArray[np.float64]


class Junction:
    """The laws of one interface. `interaction` is None where the two sides are bonded to one body.

    `current` is j_n [A/m²] in UFL, positive when Li⁺ leaves the electrode and exactly zero where `activity` is;
    `overpotential` and `equilibrium` are η and U [V] there.
    """

    def __init__(
        self,
        domain: Domain,
        interface: Interface,
        electrode: Electrode,
        electrolyte: Electrolyte,
        law: case.Kinetics,
        interaction: Interaction | None,
        temperature: float,
    ) -> None:
        self.interface, self.electrode, self.electrolyte = interface, electrode, electrolyte
        self.interaction = interaction
        self.activity = interface.function("activity")
        self.geometric_area = interface.sum(np.ones_like(self.activity.x.array))

        def constant(value: float) -> fem.Constant:
            return fem.Constant(domain.mesh, np.float64(value))

        theta = electrode.theta(self.in_electrode(electrode.c))
        self.equilibrium = electrode.host.open_circuit_potential(theta)
        jump = electrode.level + self.in_electrode(electrode.phi)
        jump -= electrolyte.level + self.in_electrolyte(electrolyte.phi)
        self.overpotential = jump - self.equilibrium
        j_0 = kinetics.exchange_current_density(theta, constant(law.exchange_current_density))
        transfer = constant(law.anodic_transfer), constant(law.cathodic_transfer)
        self._held, self._gradual = interface.function("held"), law.onset_pressure is not None
        self._share = self._conducting_share(law.onset_pressure, constant)
        self.current = (
            self.activity("+")
            * self._share
            * kinetics.butler_volmer(j_0, self.overpotential, constant(temperature), *transfer)
        )
        self._effective = interface.reader(self.activity("+") * self._share)
        self._current = interface.reader(self.current)
        self._overpotential = interface.reader(self.overpotential)
        self._equilibrium = interface.reader(self.equilibrium)

    def _conducting_share(self, onset: float | None, constant: Callable[[float], fem.Constant]) -> Any:
        """Return in UFL which share of what touches conducts: p/(p + onset), all of it where a bond holds."""
        if onset is None or self.interaction is None:
            return 1.0
        pressure = ufl.max_value(self.interaction.contact.law, 0.0)
        return self._held("+") + (1 - self._held("+")) * pressure / (pressure + constant(onset))

    @property
    def name(self) -> str:
        """The names of both sides, as cathode/separator."""
        return "/".join(self.interface.name)

    def in_electrode(self, f: Any) -> Any:
        """Return `f` on the interface as seen from the electrode."""
        return self.interface.restrict(f, self.electrode.side)

    def in_electrolyte(self, f: Any) -> Any:
        """Return `f` on the interface as seen from the electrolyte."""
        return self.interface.restrict(f, self.electrolyte.side)

    @property
    def bond(self) -> CohesiveBond | None:
        """The bond of the interface, if it has one."""
        return self.interaction.bond if self.interaction else None

    @property
    def mean_spacing(self) -> float:
        """The mean distance of the nodes of the interface [m]."""
        nodes = int(self.interface.space.dofmap.index_map.size_global)
        return float((self.geometric_area / nodes) ** (1.0 / self.interface.mesh.topology.dim))

    @property
    def touching(self) -> npt.NDArray[np.bool_]:
        """Where lithium can cross, shape (local and ghost nodes,)."""
        if self.interaction is None:
            return np.ones(len(self.activity.x.array), dtype=bool)
        return self.interaction.touching

    def join(self) -> None:
        """Let what touches, pressed or not, grow together and conduct: the state after assembly."""
        if self.interaction:
            self.interaction.join()
        if self.bond:
            self._held.x.array[:] = self.bond.holding
        self.activate()

    def activate(self) -> int:
        """Let current cross wherever the sides touch, as it does from the next time step on.

        Return the number of nodes at which the current begins or ends.
        """
        before = np.copy(self.activity.x.array)
        self.activity.x.array[:] = self.touching
        return self.interface.count(before != self.activity.x.array)

    def deactivate(self) -> int:
        """Stop the current at nodes that no longer touch; return their number.

        A node that closes again conducts from the next time step on: current shrinks the host and so may open the very
        node it crosses, and within one step there need be no state in which such a node stays closed or stays open.
        """
        touching = self.touching
        if self.bond:
            self._held.x.array[:] *= self.bond.holding
        if self._gradual:
            # the current vanishes with the pressure: within one step there is one state, of nodes that close again too
            self.activity.x.array[:] = touching
            return 0
        lost = (self.activity.x.array > 0.0) & ~touching
        self.activity.x.array[lost] = 0.0
        return self.interface.count(lost)

    @property
    def active_area(self) -> float:
        """The area that lithium crosses [m²]."""
        return self.interface.sum(self._effective.read())

    def read_current(self) -> Array:
        """Return j_n at the nodes [A/m²], shape (local and ghost nodes,)."""
        return self._current.read()

    def read_overpotential(self) -> Array:
        """Return η at the nodes [V], also where it drives no current, shape (local and ghost nodes,)."""
        return self._overpotential.read()

    def read_equilibrium(self) -> Array:
        """Return U at the nodes [V], shape (local and ghost nodes,)."""
        return self._equilibrium.read()

    @property
    def state(self) -> list[Array]:
        """The arrays that make up the state."""
        return [self.activity.x.array, self._held.x.array, *(self.interaction.state if self.interaction else [])]
