"""What ends a step of the protocol other than its time, and how far the cell is beyond it.

A cut-off voltage, or a least current, is met as it is; what may be reached from either side, from that on which the
cell was when the step began.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from interstice.schema import Galvanostatic, Hold, Step
from interstice.solver.bodies.host import Host
from interstice.solver.cell import Cell
from interstice.solver.time_scheme import Array

VOLTAGE_TOLERANCE, CURRENT_TOLERANCE, CHARGE_TOLERANCE, STATE_TOLERANCE = 1e-3, 1e-2, 1e-4, 1e-3
"""How far an end may be overshot: a voltage [V], all else over what it is; a state of charge by that of a charge."""
SMALLEST_STRAIN = 1e-4
"""Strain below which the tolerance is that of this one."""
FROM_EITHER_SIDE = ("state_of_charge", "pressure", "thickness_change", "strain")


class _Condition(NamedTuple):
    """The key of what is to be met, how it is measured, its value, how far it may be overshot, and its unit.

    `sense` is 1 where it is met from below, −1 from above and 0 where the beginning of the step decides.
    """

    key: str
    measure: Callable[[], float]
    bound: float
    tolerance: float
    unit: str = ""
    sense: int = 1


class Ending:
    """The end of one step; `senses`, part of the state of the cell, has an entry for each of `FROM_EITHER_SIDE`."""

    def __init__(self, cell: Cell, step: Step, senses: Array) -> None:
        self._cell, self._senses = cell, senses
        self._conditions = list(_conditions(cell, step))
        self._least_active = step.until.active_fraction if isinstance(step, Galvanostatic | Hold) else None

    def begin(self) -> None:
        """Take note of the side from which the step begins."""
        for one in self._conditions:
            if one.sense == 0:
                self._senses[FROM_EITHER_SIDE.index(one.key)] = 1.0 if one.measure() < one.bound else -1.0

    @property
    def overshoot(self) -> float:
        """How far the cell is beyond what ends the step, over what it may be; negative before it."""
        return max((self._beyond(one) for one in self._conditions), default=-np.inf)

    @property
    def is_met(self) -> bool:
        """Whether the step is over."""
        low = self._least_active is not None and self._cell.active_fraction < self._least_active
        return low or self.overshoot >= 0.0

    @property
    def is_met_whatever_flows(self) -> bool:
        """Whether it is met when the step begins and no current changes that at once."""
        now = ("voltage", "current_density")
        return any(self._beyond(one) >= 0.0 for one in self._conditions if one.key not in now)

    @property
    def words(self) -> str:
        """What the cell has come to and what it was to come to."""
        for one in self._conditions:
            if self._beyond(one) >= 0.0:
                unit = f" {one.unit}".rstrip()
                name = one.key.replace("_", " ")
                return f"the {name} is {one.measure():.5g}{unit}, and {one.bound:.5g}{unit} ends it"
        return f"the active fraction is {self._cell.active_fraction:.3g}, and less than {self._least_active:g} ends it"

    def _beyond(self, one: _Condition) -> float:
        sense = one.sense or float(self._senses[FROM_EITHER_SIDE.index(one.key)])
        return sense * (one.measure() - one.bound) / one.tolerance


def _conditions(cell: Cell, step: Step) -> Iterator[_Condition]:
    if not isinstance(step, Galvanostatic | Hold):
        return
    until, terminals, scale = step.until, cell.terminals, cell.model.scale
    with_current = step.sense if isinstance(step, Galvanostatic) else 0
    given = until.given
    if "voltage" in given:
        yield _Condition("voltage", lambda: terminals.voltage, given["voltage"], VOLTAGE_TOLERANCE, "V", with_current)
    if isinstance(step, Hold):
        if least := step.until.density(scale):
            yield _Condition(
                "current_density",
                lambda: abs(terminals.current_density),
                least,
                CURRENT_TOLERANCE * least,
                "A/m²",
                -1,
            )
        # at constant current it is a time
        if (charge := until.charge(scale)) is not None:
            yield _Condition("capacity", lambda: terminals.step_capacity, charge, CHARGE_TOLERANCE * charge, "A s/m²")
    if energy := until.energy:
        yield _Condition("energy", lambda: terminals.step_energy, energy, CHARGE_TOLERANCE * energy, "J/m²")
    if "state_of_charge" in given:
        smaller = min(cell.every(Host), key=lambda host: host.charge_capacity)
        yield _Condition(
            "state_of_charge",
            lambda: smaller.state_of_charge,
            given["state_of_charge"],
            CHARGE_TOLERANCE,
            sense=with_current,
        )
    thickness = cell.model.thickness if {"thickness_change", "strain"} & set(given) else np.nan
    for key, measure, unit, smallest in (
        ("pressure", lambda: cell.fixture.pressure, "Pa", 1.0),
        ("thickness_change", lambda: cell.fixture.thickness_change, "m", SMALLEST_STRAIN * thickness),
        ("strain", lambda: cell.fixture.thickness_change / thickness, "", SMALLEST_STRAIN),
    ):
        if key in given:
            bound = given[key]
            yield _Condition(key, measure, bound, STATE_TOLERANCE * max(abs(bound), smallest), unit, 0)
