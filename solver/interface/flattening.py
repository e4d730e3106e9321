"""Plastic flattening of what touches: nothing presses beyond the hardness H, and what is pressed flat stays flat.

At every node of the interface the flattening h ≥ 0 widens the gap, g_n = g_0 + h + ⟦u⟧·n, and

    0 ≤ p_n ≤ H,        ḣ ≥ 0,        (H − p_n) ḣ = 0:

surfaces flow only where p_n = H, and do not recover. The bodies stay elastic, and what is pressed away has no volume.

With the trial pressure τ = λ − r (g_n − Δh), that of no further flow in the time step, a node flows where τ > H, by
Δh = (τ − H)/r. h is brought up to date after each Newton step; a node that flows has in the next one

    p_n = H − k g_n,

of which g_n, the change of the gap in that step, vanishes where Newton's method ends: a small stiffness k > 0, whatever
it is, only keeps from drifting away what nothing but flowing nodes holds. A node that begins to touch has to be seen to
press harder than H before it flows, and one that ceases to flow goes on touching for that step.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from interstice.solver.algebra import SolveError
from interstice.solver.domain import Interface
from interstice.solver.state import State

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

SOFT = 1e-4
"""k over E*/h, h the nodal spacing."""
BALANCED = 1e-8
"""Relative difference of forces that is none."""


class Flattening:
    """The flattening of one interface, whose softer side has the `hardness` H [Pa]; `stiffness` is E*/h [Pa/m].

    `depth` is h [m], `flows` is 1 where p_n = H and h grows; k at the nodes is `resistance` [Pa/m].
    """

    def __init__(self, interface: Interface, state: State, hardness: float, stiffness: Array) -> None:
        self.hardness, self._interface = hardness, interface
        self.depth, self.flows = (state.function(interface.function(name)) for name in ("flattening", "flows"))
        self.resistance = interface.function("resistance")
        self._beyond = state.number("beyond hardness", np.nan)
        self._before = state.array("flattening before", np.zeros_like(self.depth.x.array), interface.space)
        self.resistance.x.array[:] = SOFT * stiffness

    @property
    def growth(self) -> Array:
        """What the flattening has grown by in this time step [m], shape (local and ghost nodes,)."""
        return self.depth.x.array - self._before

    @property
    def flowing(self) -> Mask:
        """Where the sides flow, shape (local and ghost nodes,)."""
        flowing: Mask = self.flows.x.array > 0.0
        return flowing

    def load(self, trial: Array, gap: Array, touching: Mask) -> float:
        """Return the force [N] on what was `touching` in the Newton step just made, with the pressures it allowed."""
        flowing = self.hardness - self.resistance.x.array * gap
        return self._interface.sum(np.where(touching, np.where(self.flowing, flowing, trial), 0.0))

    def update(self, trial: Array, touching: Mask, augmentation: Array, negligible: float) -> tuple[int, Mask]:
        """Let what was `touching` flow where the `trial` pressure exceeds H by more than is `negligible` [Pa].

        Return the number of nodes that began or ceased to flow, and where they ceased.
        """
        flows, excess = self.flowing, trial - self.hardness
        begins = touching & ~flows & (excess > negligible)
        ceases = flows & (excess < -negligible)
        self.flows.x.array[:] = flows = (flows | begins) & ~ceases
        self._deepen(excess, augmentation)
        return self._interface.count(begins | ceases), ceases

    def support(self, load: float, gap: Array, trial: Array, augmentation: Array) -> Mask:
        """Let as many nodes flow as bear the `load` [N], those of the smallest `gap` [m], and return what touches.

        The last of them does not flow: it is what holds a body that moves freely. Where those that flow bear the load
        to `BALANCED`, they are left as they are. SolveError if all nodes do not suffice, and did not the last time.
        """
        interface, owned = self._interface, self._interface.owned
        borne, before = self.hardness * interface.sum(self.flows.x.array), float(self._beyond)
        self._beyond[...] = np.nan
        if abs(load - borne) <= BALANCED * borne:
            return self.flowing
        found = interface.mesh.comm.allgather((gap[:owned], interface.areas.x.array[:owned]))
        gaps, areas = (np.concatenate(arrays) for arrays in zip(*found, strict=True))
        order = np.argsort(gaps)
        enough = int(np.searchsorted(self.hardness * np.cumsum(areas[order]), load))
        mean = load / areas.sum()
        if enough == len(order) and abs(mean - before) <= BALANCED * before:
            raise SolveError(
                f"the sides press on each other with {mean:.3g} Pa, more than the hardness of the softer one"
            )
        last = np.inf
        if enough == len(order):
            self._beyond[...] = mean
        else:
            last = gaps[order[enough]]
        self.flows.x.array[:] = gap < last
        self._deepen(trial - self.hardness, augmentation)
        touching: Mask = gap <= last
        return touching

    def _deepen(self, excess: Array, augmentation: Array) -> None:
        self.depth.x.array[:] = self._before + self.flows.x.array * np.maximum(excess, 0.0) / augmentation

    def commit(self) -> None:
        """Keep what has grown."""
        self._before[:] = self.depth.x.array
