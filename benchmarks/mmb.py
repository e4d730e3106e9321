"""Mixed-mode bending: a lever opens the cracked end and bends the bonded specimen at once (Reeder and Crews 1990).

The length of the lever sets the mode mixity B = G_II/(G_I + G_II); the toughness is that of Benzeggagh and Kenane,
G_c = G_Ic + (G_IIc − G_Ic) B^η. Both release rates are those of `dcb` and `enf`, superposed, each with its own
correction of the crack length.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Self

import numpy as np
from mpi4py import MPI
from pydantic import Field, model_validator
from scipy.optimize import brentq

from interstice.benchmarks import closed_form
from interstice.benchmarks.fracture import FractureParameters, Loading, follow, judge
from interstice.benchmarks.report import Cost, Result

NAME = "mmb"
MIXITIES = (0.2, 0.5, 0.8)
SHORTEST, LONGEST = 1 / 3 + 1e-9, 1e3
"""Levers over half the span: with hardly any opening and with hardly any bending beyond that of the opening."""


class Options(FractureParameters):
    """A mixed-mode bending specimen."""

    crack: float = Field(1e-3, gt=0)
    """length a of the crack before it grows [m]"""
    half_span: float = Field(2e-3, gt=0)
    """distance of the middle from either support [m]"""
    mixity: float | None = Field(None, gt=0, lt=1)
    """share B of mode II before the crack grows; 0.2, 0.5 and 0.8 in turn if not given"""

    @property
    def room(self) -> float:
        """How far the crack can grow until its process zone meets the load in the middle [m]."""
        return self.half_span - self.thickness - self.zone - self.crack

    @model_validator(mode="after")
    def _has_a_lever(self) -> Self:
        least = _mixity(LONGEST, self.crack, self.thickness)
        if self.mixity is not None and self.mixity <= least:
            raise ValueError(f"--mixity {self.mixity:g}: the longest lever makes {least:.2g}")
        return self


def run(options: Options, comm: MPI.Comm) -> Result:
    """Load the specimen at each mixity until its crack has grown; errors are the largest of all mixities."""
    mixities = (options.mixity,) if options.mixity else MIXITIES
    computed: dict[str, float] = {}
    exact: dict[str, float] = {}
    errors: dict[str, float] = {}
    costs: list[Cost] = []
    for mixity in mixities:
        loading = _test(options, mixity)
        specimen, seconds = follow(options, loading, comm)
        found = judge(options, loading, specimen, seconds)
        computed |= {f"{key} at B = {mixity:g}": value for key, value in found.computed.items()}
        exact |= {f"{key} at B = {mixity:g}": value for key, value in found.exact.items()}
        errors = {key: max(value, errors.get(key, 0.0)) for key, value in found.errors.items()}
        costs.append(found.cost)
    return Result(NAME, options.model_dump(), computed, exact, errors, _total(costs))


def lever(mixity: float, crack: float, half_span: float, thickness: float) -> float:
    """Return the length c of the lever [m] for the share `mixity` of mode II at a crack of length `crack` [m]."""

    return half_span * brentq(lambda relative: _mixity(relative, crack, thickness) - mixity, SHORTEST, LONGEST)


def _mixity(relative: float, crack: float, thickness: float) -> float:
    """Return the share of mode II for a lever of length `relative` times half the span."""
    opening, bending = closed_form.mmb_shares(relative, 1.0)
    first = closed_form.dcb_release_rate(opening, crack, thickness, 1.0)
    second = closed_form.enf_release_rate(bending, crack, thickness, 1.0)
    return float(second / (first + second))


def _test(options: Options, mixity: float) -> Loading:
    arm = lever(mixity, options.crack, options.half_span, options.thickness)
    opening, bending = closed_form.mmb_shares(arm, options.half_span)
    ratio = arm / options.half_span
    forces = {"upper_left": ratio, "middle": -1.0 - ratio}
    return Loading(options.crack, 2 * options.half_span, forces, opening, bending)


def _total(costs: list[Cost]) -> Cost:
    """Return the cost of all runs: sums, but the largest memory."""
    return replace(
        costs[0],
        newton=sum(cost.newton for cost in costs),
        linear_iterations=sum(cost.linear_iterations for cost in costs),
        peak_memory_MB=float(np.max([cost.peak_memory_MB for cost in costs])),
        solve=sum(cost.solve for cost in costs),
        tied=sum(cost.tied for cost in costs),
    )


if __name__ == "__main__":
    from interstice.benchmarks.command import script

    script(NAME)
