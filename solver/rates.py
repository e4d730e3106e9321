"""Time derivatives, all in one place: in a weak form the rate of f is (f − h) r, with h and r = 1/τ of the time scheme.

The discrete equations are therefore linear in r. Steps are of second order (BDF2), but the first after `forget`, which
is one of implicit Euler: after a jump of the load the values before it say nothing about what follows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from dolfinx import fem
from mpi4py import MPI

from interstice.solver.domain import Domain
from interstice.solver.state import State
from interstice.solver.time_scheme import Scheme, bdf2, euler, local_error, remember

Array = npt.NDArray[np.float64]

PAST = 2
"""Values before the present one that the schemes need."""
ROUNDING = 1e-13
"""Relative change of an integral that is none."""


@dataclass(frozen=True)
class _Followed:
    """Something that has a rate: how to read it, h, its past values, newest first, and its bounds, if any."""

    present: Callable[[], Array]
    history: Array
    past: list[Array]
    bounds: tuple[float, float] | None = None

    @property
    def strays(self) -> bool:
        """Whether h lies beyond the bounds."""
        return self.bounds is not None and bool(
            np.any(self.history < self.bounds[0]) or np.any(self.history > self.bounds[1])
        )


class Rates:
    """The time scheme of a cell and what it follows; `time_step` is Δt [s], `rate` is r [1/s]."""

    def __init__(self, domain: Domain, state: State) -> None:
        # until the first step no time passes: nothing that has a rate resists the assembly
        self.time_step, self.rate = (
            state.constant(name, domain.constant(value)) for name, value in (("time step", 1.0), ("rate", 0.0))
        )
        self.scheme: Scheme = euler(1.0)
        self._comm = domain.mesh.comm
        self._followed: dict[int, _Followed] = {}
        self._steps = state.array("time steps", np.zeros(PAST))
        self._smooth = state.number("smooth steps")

    def of(
        self,
        f: fem.Function,
        state: State,
        judged: bool = False,
        level: fem.Constant | None = None,
        bounds: tuple[float, float] | None = None,
    ) -> Any:
        """Return ∂f/∂t in UFL; asked for once per function. With `judged`, `error` can tell how well f is followed.

        With a `level`, which may move, it is the rate of `level` + f. Steps do not carry f beyond `bounds` (if any).
        """
        history = fem.Function(f.function_space, name=f"history of {f.name}")
        past = PAST + 1 if judged else PAST
        if level is None:
            self._followed[id(f)] = _follow(lambda: f.x.array, history, past, state, bounds)
            return (f - history) * self.rate
        self._followed[id(f)] = _follow(lambda: level.value + f.x.array, history, past, state)
        return (level + f - history) * self.rate

    def of_reading(self, expression: Any, history: fem.Function, read: Callable[[], Array], state: State) -> Any:
        """Return the rate of an `expression` on an interface that `read` reads at the nodes; `history` is for its h."""
        self._followed[id(history)] = _follow(read, history, PAST, state)
        return (expression - history("+")) * self.rate

    def start(self) -> None:
        """Take the present values for those of all times before."""
        for followed in self._followed.values():
            for past in followed.past:
                past[:] = followed.present()

    def begin(self, time_step: float) -> None:
        """Begin a time step [s]."""
        self._take(bdf2(time_step, self._steps[0]) if self._steps[0] > 0.0 else euler(time_step))
        if self._comm.allreduce(any(followed.strays for followed in self._followed.values()), op=MPI.LOR):
            # the past continued in a straight line may lie beyond what any state within the bounds can be
            self._take(euler(time_step))
        self.time_step.value, self.rate.value = time_step, 1.0 / self.scheme.tau

    def _take(self, scheme: Scheme) -> None:
        """Take a scheme for the present step."""
        self.scheme = scheme
        for followed in self._followed.values():
            followed.history[:] = scheme.history(followed.past)

    def commit(self) -> None:
        """Take the present state as the start of the next step."""
        for followed in self._followed.values():
            remember(followed.past, followed.present())
        self._steps[:] = self.time_step.value, self._steps[0]
        self._smooth += 1.0

    def forget(self) -> None:
        """Forget the rates of the steps before, from which the load is about to jump."""
        self._steps[:], self._smooth[...] = 0.0, PAST + 1

    def kink(self) -> None:
        """Take note that something began or ceased in this step, so that rates jump."""
        self._smooth[...] = 0.0

    @property
    def values(self) -> int:
        """The number of past values that `error` takes, and the power of the time step with which it falls."""
        return min(1 + int(np.count_nonzero(self._steps)), 1 + self.scheme.order)

    def error(self, f: fem.Function) -> Array | None:
        """Return what the present step added to the error of a judged f at its local dofs; None where none can tell.

        After a kink, at which shorter steps gain little, that takes three steps. The first two after a jump of the load
        are judged by lower orders.
        """
        if self._smooth < PAST + 1:
            return None
        followed = self._followed[id(f)]
        steps = [float(self.time_step.value), *self._steps]
        return local_error(followed.present(), followed.past[: self.values], steps[: self.values], self.scheme)

    def integral(self, name: str, state: State) -> Integral:
        """Return a new integral over time, 0 at first."""
        return Integral(self, state.array(name, np.zeros(PAST)))


class Integral:
    """An integral over time by the time scheme, so that what is conserved is so to rounding."""

    def __init__(self, rates: Rates, values: Array) -> None:
        self._rates, self._values = rates, values

    @property
    def value(self) -> float:
        """The integral up to the last committed step."""
        return float(self._values[0])

    def add(self, rate: float) -> None:
        """Add the present time step, at whose end the integrand is `rate`; before `Rates.commit`."""
        self._values[:] = self._history + self._rates.scheme.tau * rate, self._values[0]

    def rate_to(self, value: float) -> float:
        """Return the integrand at the end of the present time step with which the integral is `value` then.

        It is 0 exactly where but for rounding the integral stays what it is.
        """
        change = value - self._history
        return change / self._rates.scheme.tau if abs(change) > ROUNDING * abs(value) else 0.0

    @property
    def _history(self) -> float:
        """h of the integral."""
        weights = self._rates.scheme.weights
        return float(sum(weight * value for weight, value in zip(weights, self._values, strict=False)))

    def reset(self) -> None:
        """Begin anew at 0."""
        self._values[:] = 0.0


def _follow(
    present: Callable[[], Array],
    history: fem.Function,
    count: int,
    state: State,
    bounds: tuple[float, float] | None = None,
) -> _Followed:
    """Return what is followed, its past values being the present ones."""
    values, space = history.x.array, history.function_space
    state.array("history", values, space)[:] = present()
    past = [state.array(f"past {back}", np.copy(values), space) for back in range(count)]
    return _Followed(present, values, past, bounds)
