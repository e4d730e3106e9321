"""The fixture around a cell: rigid rough platens on the collector and under the counter face, what presses them.

The pressure of the platen is p = p_0 + k (u − u_0), u its height: k = 0 under constant pressure, k the stiffness of a
spring. A pad is a standard linear solid of thickness h, whose stress relaxes from (E_1 + E_2) ε_0 to E_2 ε_0:

    p = E_2 ε + q,    dq/dt = E_1 dε/dt − q/τ,    dε = du/h,

integrated exactly for a strain that changes steadily within a time step. Under a fixed strain
p(t) = (E_2 + E_1 exp(−t/τ)) ε_0.

A fixture presses and never pulls, unless it is glued on: p ≥ 0, g ≥ 0, p g = 0 with g the gap between platen and cell.
Where the law above would pull, the platen is lifted off, and the pad recovers by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import ufl
from dolfinx import fem
from mpi4py import MPI

from interstice import schema
from interstice.solver.algebra import Constraints
from interstice.solver.domain import Domain, Indices
from interstice.solver.ledger import LoadWork
from interstice.solver.model import Model
from interstice.solver.part import Load, Part, Term, Work
from interstice.solver.state import State

NEGLIGIBLE = 1e-9
"""Pull that counts as none, over the pressure at assembly."""


class Platen:
    """The law of the fixture on the platen, whose local dofs of the displacement `u` are `dofs`, none if it is free.

    While it is `pressing` it gives the pressure asked for; then it is locked and does what the case says, and may be
    `lifted` off.
    """

    def __init__(
        self, domain: Domain, wanted: schema.Stack, u: fem.Function, dofs: Indices, state: State | None = None
    ) -> None:
        self._domain, self._wanted, self._u, self.dofs = domain, wanted, u, dofs
        state = state or State()
        self._pressure, self._stiffness, self._height = (
            state.constant(name, domain.constant(value))
            for name, value in (("pressure", wanted.pressure or 0.0), ("stiffness", 0.0), ("height", 0.0))
        )
        self._pressing = state.number("pressing", 1.0)
        self._lifted = state.constant("lifted", domain.constant(0.0))
        self._pad = state.array("pad", np.zeros(2))
        self._time_step = 0.0

    def load(self, v: Any) -> ufl.Form:
        """Return the virtual work of the pressure, as part of the residual of `u` tested with `v`."""
        vertical = self._domain.dimension - 1
        pressure = self._pressure + self._stiffness * (self._u[vertical] - self._height)
        return (1 - self._lifted) * pressure * v[vertical] * self._domain.ds("collector")

    @property
    def pressing(self) -> bool:
        """Whether the platen gives the pressure asked for."""
        return bool(self._pressing > 0.0)

    @property
    def held(self) -> bool:
        """Whether the platen cannot move."""
        return self._wanted.hold == "fixed_thickness" and not self.pressing and not self.lifted

    @property
    def lifted(self) -> bool:
        """Whether the platen is off the cell."""
        return bool(self._lifted.value > 0.0)

    @property
    def gap(self) -> float:
        """The gap between platen and cell [m], 0 where it presses."""
        if not self.lifted:
            return 0.0
        if self._wanted.hold == "fixed_thickness":
            return float(self._height.value) - self.height
        return -self._law / float(self._stiffness.value)

    @property
    def height(self) -> float:
        """The displacement of the platen [m], 0 where there is none."""
        local = self._u.x.array[self.dofs]
        highest = self._domain.mesh.comm.allreduce(local.max(initial=-np.inf), op=MPI.MAX)
        return float(highest) if np.isfinite(highest) else 0.0

    @property
    def pressure(self) -> float:
        """The pressure that pad, spring or weight give [Pa]: all of it, unless the platen is held."""
        return 0.0 if self.lifted else self._law

    @property
    def _law(self) -> float:
        return float(self._pressure.value + self._stiffness.value * (self.height - self._height.value))

    @property
    def may_lift(self) -> bool:
        """Whether the platen now gives what would pull if it did not lift off."""
        return not (self.pressing or self._wanted.glued or self._wanted.hold in ("constant_pressure", "free"))

    def press_with(self, share: float) -> None:
        """Press with a share of the pressure of the case, as it is assembled."""
        self._pressure.value = share * (self._wanted.pressure or 0.0)

    def settle(self, pressure: float) -> bool:
        """Lift the platen off where its `pressure` [Pa] is found to pull, put it down where it is in the way.

        Return whether it may stay as it is.
        """
        if not self.lifted:
            self._lifted.value = float(pressure < -NEGLIGIBLE * (self._wanted.pressure or 0.0))
            return not self.lifted
        if self._wanted.hold == "fixed_thickness":
            if self.height <= self._height.value:
                return True
            self._u.x.array[self.dofs] = self._height.value
        elif self._law <= 0.0:
            return True
        self._lifted.value = 0.0
        return False

    def begin(self, time_step: float, pressure: float | None) -> None:
        """Begin a time step [s]: at its end the platen gives `pressure` [Pa] or, if None, what the fixture does."""
        self._time_step = time_step
        if pressure is not None:
            self._pressing[...], self._pressure.value, self._stiffness.value = 1.0, pressure, 0.0
            self._lifted.value = 0.0
            return
        if self.pressing:
            self._lock()
        pad = self._wanted.pad
        if pad:
            strain, relaxing = self._pad
            decay, share = _relaxation(time_step / pad.relaxation_time)
            self._pressure.value = pad.lasting_modulus * strain + decay * relaxing
            self._stiffness.value = (pad.lasting_modulus + share * pad.relaxing_modulus) / pad.thickness
            if not self.lifted:
                self._height.value = self.height

    def commit(self) -> None:
        """Take the present state as the start of the next time step."""
        pad = self._wanted.pad
        if pad and not self.pressing:
            decay, share = _relaxation(self._time_step / pad.relaxation_time)
            if self.lifted:
                change = -float(self._pressure.value / self._stiffness.value) / pad.thickness
                self._height.value, self._pressure.value = self._height.value + change * pad.thickness, 0.0
            else:
                change = (self.height - self._height.value) / pad.thickness
            self._pad[:] = self._pad[0] + change, decay * self._pad[1] + share * pad.relaxing_modulus * change

    def _lock(self) -> None:
        """Leave the platen to the fixture, which takes over the pressure at the present height."""
        self._pressing[...] = 0.0
        self._height.value, self._stiffness.value = self.height, self._wanted.stiffness or 0.0
        if self._wanted.pad:
            pressure = float(self._pressure.value)
            whole = self._wanted.pad.relaxing_modulus + self._wanted.pad.lasting_modulus
            self._pad[:] = pressure / whole, pressure * self._wanted.pad.relaxing_modulus / whole


def _relaxation(steps: float) -> tuple[float, float]:
    """Return exp(−Δt/τ) and the share of a steady change of stress over Δt that is left at its end, by Δt/τ."""
    return float(np.exp(-steps)), float(-np.expm1(-steps) / steps)


class Fixture(Part):
    """No motion at the counter face; at the collector one common height, free or held, or without a platen none."""

    def __init__(self, model: Model) -> None:
        self._model, domain = model, model.domain
        self.top, self.bottom = model.top.u, model.bottom.u
        self._vertical = domain.dimension - 1
        wanted = model.case.stack
        dofs = np.empty(0, dtype=np.int32)
        self._across = self._counter = dofs
        if model.case.geometry.builder != "dcb":
            self._counter = domain.dofs(self.bottom.function_space, "counter", range(domain.dimension))
        if wanted.hold != "free":
            dofs = domain.dofs(self.top.function_space, "collector", [self._vertical])
            self._across = domain.dofs(self.top.function_space, "collector", range(self._vertical))
        self.platen = Platen(domain, wanted, self.top, dofs, model.state.scope("stack"))
        self._assembled = model.state.scope("stack").number("assembled height")

    def terms(self) -> Iterator[Term]:
        yield Term(self.top, self.platen.load(ufl.TestFunction(self.top.function_space)))

    @property
    def mode(self) -> str:
        return "held" if self.platen.held else "loose"

    def constrain(self, constraints: Constraints) -> None:
        constraints.fixed += [(self.bottom, self._counter), (self.top, self._across)]
        if self._model.case.stack.hold != "free":
            (constraints.fixed if self.platen.held else constraints.tied).append((self.top, self.platen.dofs))

    def join(self) -> None:
        self._assembled[...] = self.platen.height

    def begin(self, time_step: float, load: Load) -> None:
        self.platen.begin(time_step, load.pressure)

    def settled(self) -> bool:
        return not self.platen.may_lift or self.platen.settle(self.pressure)

    def commit(self) -> None:
        self.platen.commit()

    @property
    def pressure(self) -> float:
        """The pressure of the platen on the collector face [Pa]: its reaction over the apparent area."""
        residual, dofs = self._model.residual(self.top), self.platen.dofs
        unbalanced = self._model.comm.allreduce(float(residual[dofs[dofs < len(residual)]].sum()))
        return self.platen.pressure - unbalanced / self._model.apparent_area

    @property
    def thickness_change(self) -> float:
        """How much thicker the cell is than it was when assembled [m]."""
        return self.platen.height - float(self._assembled)

    def columns(self) -> Mapping[str, float]:
        return {
            "stack pressure [Pa]": self.pressure,
            "thickness change [m]": self.thickness_change,
            "platen gap [m]": self.platen.gap,
        }

    def works(self) -> Iterator[Work]:
        v = ufl.TestFunction(self.top.function_space)
        yield LoadWork(self._model.domain, self.top, self.platen.load(v))


def parts(model: Model) -> Iterator[Part]:
    """Yield the fixture."""
    yield Fixture(model)
