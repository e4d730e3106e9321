"""What a physics is: a part of the cell, which says what it adds to the equations and what it wants to be asked.

A part declares its unknowns and its state when it is made. The cell (`interstice.solver.cell`) knows nothing of what is
behind it: it sums terms, solves, and passes on the hooks below in the order in which `interstice.solver.registry` makes
the parts. Whatever a part does not mention does nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import ufl
from dolfinx import fem

from interstice.solver.algebra import Constraints, Field

if TYPE_CHECKING:
    from interstice.solver.site import Face, Site

Array = npt.NDArray[np.float64]
Group = Literal["mechanics", "transport"]
"""Which equations are solved together where the coupling is staggered. Mechanics alone is what takes no time."""


@dataclass(frozen=True)
class Unknown:
    """A field to be solved for, with what `algebra.Field` wants to know of it."""

    function: fem.Function
    group: Group
    magnitude: float
    largest_step: float | None = None
    bounds: tuple[float, float] | None = None
    level: fem.Constant | None = None


class Term(NamedTuple):
    """What a part adds to the residual of an unknown: a form that is linear in its test function."""

    unknown: fem.Function
    form: ufl.Form


class Change(NamedTuple):
    """What an update changed: nodes that switched state on all ranks, and the relative error left to multipliers."""

    flipped: int
    drift: float


class Limit(NamedTuple):
    """What a part says of the length of the step just committed.

    `excess` above 1 rejects it, for the `reason`, unless it is `bearable`: then the shortest step is taken all the
    same. `longer` is how many times as long the next one, or the same one again, may be. `lost`: equilibrium may be
    lost to a crack. `where` is the place [m] of the worst, if there is one.
    """

    excess: float
    longer: float
    reason: str
    bearable: bool = True
    lost: bool = False
    where: Sequence[float] = ()


@dataclass(frozen=True)
class Load:
    """What is imposed on a cell at the end of a time step.

    The current density is in A/m² of apparent area, above 0 on charge; a `voltage` [V] takes its place, or the `charge`
    [A s/m²] that is to have passed since the beginning of the protocol step. A `pressure` [Pa] of the platen takes the
    place of the fixture. `opening` [m] is that of the loaded ends of a specimen.
    """

    current_density: float = 0.0
    charge: float | None = None
    voltage: float | None = None
    pressure: float | None = None
    opening: float | None = None


TENSOR = ("xx", "yy", "zz", "xy", "yz", "xz")
"""The components of a symmetric tensor, in the order of VTK."""


class Shown(NamedTuple):
    """A field to look at: where it lives, its name with the unit, and how its present values get into `function`.

    Six components are those of `TENSOR`.

    On a side "point" and "cell" fields are shown alone and cell fields with the whole cell too, "whole" fields with the
    whole cell only.
    """

    place: Face | Site
    name: str
    function: fem.Function
    read: Callable[[], Any]
    kind: Literal["point", "cell", "whole"] = "point"


class Caution(NamedTuple):
    """Where the present state leaves the range in which the model holds: what it is `about`, and a sentence."""

    about: str
    text: str


class Work(Protocol):
    """A share of the energy ledger (`interstice.solver.ledger`)."""

    def book(self) -> Mapping[str, float]:
        """Return what the step since the last call adds to each account [J]."""


class Part:
    """One law of one side, of one interface, or of the whole cell."""

    group: ClassVar[Group] = "mechanics"
    """The equations after whose Newton steps `update` is called: "mechanics" also when no time passes."""
    runs_with_crack: ClassVar[bool] = False
    """Whether its history goes on when a crack runs, in no time."""
    symmetric: ClassVar[bool] = True
    """Whether what it adds to the tangent of mechanics is symmetric and positive."""
    label: str = ""
    """What tells its columns from those of others, such as " of cathode"."""

    def unknowns(self) -> Iterable[Unknown]:
        """Return what the part solves for; asked once all parts exist."""
        return ()

    def terms(self) -> Iterable[Term]:
        """Return what the part adds to the equations; asked once all parts exist."""
        return ()

    @property
    def mode(self) -> str:
        """A word for the constraints that now hold: when it changes, they are asked for anew."""
        return ""

    def constrain(self, constraints: Constraints) -> None:
        """Add what now holds unknowns, or ties them together."""

    def approach(self) -> None:
        """Prepare for the sides to be brought together."""

    def join(self) -> None:
        """Take what now touches as the assembled cell, at rest."""

    def begin_protocol_step(self) -> None:
        """Take note that the next time step is the first of a step of the protocol."""

    def begin(self, time_step: float, load: Load) -> None:
        """Begin a time step [s], at the end of which there is to be the `load`."""

    def update(self) -> Change:
        """Refresh what the equations hold frozen, after a Newton step; return how much changed."""
        return Change(0, 0.0)

    def settled(self) -> bool:
        """Return whether the constraints that held are the right ones; if not, all is solved again under others."""
        return True

    def solved(self) -> None:
        """Take note that the equations of the time step hold."""

    def commit(self) -> None:
        """Take the present state as the start of the next time step."""

    def limit(self) -> Limit | None:
        """Return what the step just committed says of the length of steps."""
        return None

    def columns(self) -> Mapping[str, float]:
        """Return what the history reports, by names with units; asked twice, the same."""
        return {}

    def shown(self) -> Iterable[Shown]:
        """Return what is shown in ParaView."""
        return ()

    def cautions(self) -> Iterable[Caution]:
        """Return where the time step just committed left the range in which the law holds. Collective."""
        return ()

    def breakdown(self) -> str:
        """Return why the run cannot go on from the present state, though that stands; "" where it can. Collective."""
        return ""

    def works(self) -> Iterable[Work]:
        """Return the shares of the energy ledger, which begin with the present state."""
        return ()


def equations(parts: Sequence[Part]) -> dict[Group, list[Field]]:
    """Return the equation of each unknown by its group: the sum of what the parts add to it, in their order."""
    unknowns = [unknown for part in parts for unknown in part.unknowns()]
    residuals: dict[int, Any] = dict.fromkeys((id(unknown.function) for unknown in unknowns), 0)
    for part in parts:
        for function, form in part.terms():
            residuals[id(function)] += form
    fields: dict[Group, list[Field]] = {"transport": [], "mechanics": []}
    for u in unknowns:
        residual = residuals[id(u.function)]
        fields[u.group].append(Field(u.function, residual, u.magnitude, u.largest_step, u.bounds, u.level))
    return fields


def update(parts: Iterable[Part]) -> Change:
    """Update the parts one after the other; return how much all changed."""
    changes = [part.update() for part in parts]
    return Change(sum(c.flipped for c in changes), max((c.drift for c in changes), default=0.0))
