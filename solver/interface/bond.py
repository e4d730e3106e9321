"""The bond of a cell: the law that its case asks for, what is glued at assembly, how fast it may fail, its columns.

With it comes the drag that lets an unstable crack run (`interstice.solver.crack.unstable`), zero at all other times.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from interstice import schema
from interstice.solver.crack.front import Fronts
from interstice.solver.crack.unstable import LARGEST_GROWTH, Growth, Relaxation
from interstice.solver.interface import random_field
from interstice.solver.interface.bilinear import Bilinear
from interstice.solver.interface.cohesive import CohesiveBond, Law
from interstice.solver.interface.exponential import Exponential
from interstice.solver.interface.fatigue import Fatigue
from interstice.solver.interface.mixity import BenzeggaghKenane, Limits, PowerLaw
from interstice.solver.interface.trapezoidal import Trapezoidal
from interstice.solver.model import Model
from interstice.solver.part import Limit, Part, Shown
from interstice.solver.site import Face

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

NEGLIGIBLE = 1e-6
"""Share of a node that counts as none: ends of a flaw lie at nodes up to rounding."""


class Bond(CohesiveBond):
    """The bond of one interface of a cell."""

    runs_with_crack: ClassVar[bool] = True

    def __init__(self, model: Model, face: Face, wanted: schema.Cohesive) -> None:
        fatigue = wanted.fatigue
        super().__init__(
            face,
            bond_law(wanted, model.period),
            Fatigue(fatigue.accumulation, fatigue.endurance) if fatigue else None,
            wanted.relaxation_time or 0.0,
            model.rates.time_step,
        )
        self._flaw = wanted.unbonded
        self._growth = face.state.number("growth")
        self._measure = Growth(self)
        self._lost = np.zeros_like(self.bonded.x.array)
        self._fronts = Fronts(self)

    @property
    def growth(self) -> float:
        """The largest share of its toughness that a node lost in the last step."""
        return float(self._growth)

    def join(self) -> None:
        """Bond what touches, pressed or not, but for the flaw."""
        contact = self.face.contact
        assert contact is not None
        touching: Mask = (contact.active.x.array > 0.0) | contact.lying
        self.bond(touching * (1.0 - self._flawed))
        contact.outdo(np.where(self.bonded.x.array > 0.0, self.stiffness, 0.0))

    @property
    def _flawed(self) -> Array:
        """The share of each node's area in the flaw, shape (local and ghost nodes,)."""
        flaw, flawed = self._flaw, np.zeros_like(self.bonded.x.array)
        if flaw is not None:
            flawed[:] = self.interface.share_below(flaw.end) - self.interface.share_below(flaw.start)
        flawed[flawed < NEGLIGIBLE], flawed[flawed > 1.0 - NEGLIGIBLE] = 0.0, 1.0
        return flawed

    def commit(self) -> None:
        before = self._measure.look()
        super().commit()
        self._lost = self._measure.shares(before)
        self._growth[...] = self.interface.max(self._lost)

    def limit(self) -> Limit:
        # how much longer a time step may be
        slack = LARGEST_GROWTH / max(self.growth, LARGEST_GROWTH / 4) / 1.5
        excess = self.growth / LARGEST_GROWTH
        reason = f"the bond{self.face.label} fails too fast"
        where = self.interface.place_of_largest(self._lost) if excess > 1.0 else ()
        return Limit(excess, max(slack, 0.25), reason, bearable=False, lost=True, where=where)

    def columns(self) -> Mapping[str, float]:
        rates = self._fronts.look()
        least, greatest = rates.extent
        crack = {
            "least x of the crack front [m]": least,
            "greatest x of the crack front [m]": greatest,
            "energy release rate [J/m^2]": rates.release_rate,
            "mode mixity at the front [1]": rates.mixity,
        }
        bonded, damage = self.bonded.x.array, self.damage_old.x.array
        pull = np.sum(self._vectors(self._held_traction) * self._vectors(self.interface.normal), axis=1)
        area = self.interface.sum(bonded)
        return {
            "mean bond traction [Pa]": self.interface.sum(pull) / self.face.area,
            "mean damage [1]": self.interface.sum(bonded * damage) / area if area else 0.0,
            "damaged area [m^2]": self.interface.sum(bonded * (damage > 0.0)),
            "broken area [m^2]": self.interface.sum(bonded * (damage >= 1.0)),
            **{name: 0.0 if np.isnan(value) else value for name, value in crack.items()},
            "dissipated energy [J]": self.interface.sum(self.dissipated.x.array),
            "energy dissipated by fatigue [J]": self.interface.sum(self.fatigue_dissipated.x.array),
        }

    def shown(self) -> Iterator[Shown]:
        mixity = self.interface.function("mixity")

        def read() -> None:
            mixity.x.array[:] = self.read().mixity

        yield Shown(self.face, "damage [1]", self.damage_old, lambda: None)
        yield Shown(self.face, "mode mixity [1]", mixity, read)


def parts(model: Model) -> Iterator[Part]:
    """Yield the bond of each interface that has one, and the drag on it."""
    for face, block in zip(model.faces, model.blocks.values(), strict=True):
        if block.cohesive:
            yield (bond := Bond(model, face, block.cohesive))
            yield Relaxation(bond)


def bond_law(bond: schema.Cohesive, period: Sequence[float] = ()) -> Law:
    """Return the law that the case asks for; its random fields repeat with `period` [m]."""
    strength: Callable[[float], Any] = _uniform
    toughness: Callable[[float], Any] = _uniform
    if bond.variation:
        strength = _uniform if bond.variation.of == "toughness" else _varied(bond, period)
        toughness = _uniform if bond.variation.of == "strength" else _varied(bond, period)
    limits = _limits(bond, strength, toughness)
    if bond.law == "exponential":
        return Exponential(limits)
    assert bond.stiffness is not None
    shear = bond.stiffness * _limits(bond, _uniform, _uniform).stiffness_ratio
    if bond.law == "bilinear":
        return Bilinear(limits, bond.stiffness, shear)
    return Trapezoidal(limits, bond.stiffness, shear, plateau=bond.plateau)


def _limits(bond: schema.Cohesive, strength: Callable[[float], Any], toughness: Callable[[float], Any]) -> Limits:
    """Return the strengths and toughnesses of a case, each as `strength` and `toughness` make it of its mean."""
    mixity = PowerLaw if bond.mixity == "power_law" else BenzeggaghKenane
    return Limits(
        strength(bond.normal_strength),
        strength(bond.shear_strength),
        toughness(bond.normal_toughness),
        toughness(bond.shear_toughness),
        mixity(bond.mixity_exponent),
    )


def _uniform(value: float) -> float:
    return value


def _varied(bond: schema.Cohesive, period: Sequence[float]) -> Callable[[float], random_field.Field]:
    """Return how a mean value becomes a random field; all of one bond vary together."""
    wanted = bond.variation
    assert wanted is not None
    if isinstance(wanted, schema.Weibull):
        field = random_field.weibull(wanted.modulus, wanted.correlation_length, wanted.seed, period)
    else:
        field = random_field.log_normal(wanted.variation, wanted.correlation_length, wanted.seed, period)
    return lambda mean: lambda *x: mean * field(*x)
