"""Unilateral contact: g_n ≥ 0, p_n ≥ 0, g_n p_n = 0 at every node of the interface.

Augmented Lagrangian with an explicit active set χ ∈ {0, 1} per node:

    p_n = χ (λ − r g_n)   in the weak form,        after each Newton step   λ ← χ ⟨λ − r g_n⟩,   χ ← [λ − r g_n > 0].

The multiplier is updated inside the Newton loop. On the active nodes each step divides the gap by about r h/E, so that
the fixed point is p_n = λ with g_n = 0 on them: the primal-dual active-set method with λ eliminated (Alart and
Curnier 1991; Hintermüller, Ito and Kunisch 2002). The penalty method is the same without the update of λ.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import ufl
from dolfinx import fem
from scipy.spatial import cKDTree

from solver.domain import Interface

NEGLIGIBLE = 1e-8
"""Pressure over the largest below which it does not matter whether a node presses: as small a drift counts as none."""


class Change(NamedTuple):
    """What an update changed: nodes that switched state on all ranks, and the relative step of the multiplier."""

    flipped: int
    drift: float


class Contact:
    """Frictionless contact on one interface; `jump` is ⟦u⟧ in UFL, `initial_gap` a nodal function [m]."""

    def __init__(
        self,
        interface: Interface,
        jump: Any,
        initial_gap: fem.Function,
        stiffness: float,
        augmentation: float,
        update: bool,
        pressure: float = 0.0,
    ) -> None:
        """Prepare contact with r = augmentation · stiffness/h [Pa/m], h the nodal spacing; `update`: λ is updated.

        A step of λ is judged against the largest λ or, when contact is nearly lost, the typical `pressure` [Pa].
        """
        self._typical_pressure = pressure
        self.interface = interface
        self.update_multiplier = update
        self.multiplier = interface.function("multiplier")
        self.active = interface.function("active")
        self.augmentation = interface.function("augmentation")
        spacing = interface.areas.x.array ** (1.0 / interface.mesh.topology.dim)
        self.augmentation.x.array[:] = augmentation * stiffness / spacing
        self.normal_gap = initial_gap("+") + ufl.inner(jump, interface.normal("+"))
        self.gap = interface.reader(self.normal_gap)

    def residual(self, jump_test: Any) -> ufl.Form:
        """Return −∫ p_n n · ⟦v⟧ dS."""
        p_n = self.active("+") * (self.multiplier("+") - self.augmentation("+") * self.normal_gap)
        return -p_n * ufl.inner(jump_test, self.interface.normal("+")) * self.interface.dS

    @property
    def pressure(self) -> np.ndarray:
        """The contact pressure at the nodes [Pa], shape (local and ghost nodes,)."""
        trial = self.multiplier.x.array - self.augmentation.x.array * self.gap.values.x.array
        return self.active.x.array * (self.multiplier.x.array if self.update_multiplier else trial)

    def close(self) -> None:
        """Take every node as active: the start from which the set of touching nodes is found."""
        self.active.x.array[:] = 1.0

    def start_from(self, coarse: Contact) -> None:
        """Take as active what is active at the nearest node of the solved problem `coarse` on a coarser mesh.

        From a good guess the touching nodes are found in a few steps on a mesh of any size. Collective.
        """
        comm = self.interface.mesh.comm
        there = coarse.interface.space.tabulate_dof_coordinates()
        owned = coarse.interface.owned
        found = comm.allgather((there[:owned], coarse.active.x.array[:owned]))
        tree = cKDTree(np.vstack([points for points, _ in found]))
        _, nearest = tree.query(self.interface.space.tabulate_dof_coordinates())
        self.active.x.array[:] = np.concatenate([active for _, active in found])[nearest]

    def update(self) -> Change:
        """Update multiplier and active set from the present displacements; return how much they changed."""
        gap = self.gap.read()
        active, multiplier = self.active.x.array, self.multiplier.x.array
        trial = multiplier - self.augmentation.x.array * gap
        now_active = np.where(trial > 0.0, 1.0, 0.0)
        # where the sides lie on each other without pressure, rounding alone makes nodes switch for ever
        least = NEGLIGIBLE * max(self.interface.max(trial), self._typical_pressure)
        flipped = self.interface.count((now_active != active) & (np.abs(trial) > least))
        active[:] = now_active
        if not self.update_multiplier:
            return Change(flipped, 0.0)
        new = now_active * trial
        step = self.interface.max(np.abs(new - multiplier))
        largest = max(self.interface.max(new), self._typical_pressure)
        multiplier[:] = new
        return Change(flipped, step / largest if largest > 0.0 else 0.0)
