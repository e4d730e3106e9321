"""What a study tells: numbers chosen of each run, and pictures of them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Discriminator, Field, PositiveInt, model_validator

from interstice.schema.columns import UNITS
from interstice.schema.formula import check_unit, parse
from interstice.schema.section import Section

WALL_TIME = "wall time"
STATE, PROVENANCE = ("run", "state", "why"), ("version", "case_sha256", "ranks", WALL_TIME, "begun", "written")
MISSING = "missing"
"""Says why an output has no number."""
TABLE = (*STATE, MISSING, *PROVENANCE)
"""Columns of the table of a study that are neither inputs nor outputs."""
ACTIVE_FRACTION = {
    "assembled": "assembled active fraction",
    "lowest": "lowest active fraction",
    "time of the lowest [s]": "time of the lowest active fraction",
    "end": "final active fraction",
}
"""What is told of the active fraction of an interface, by the keys of the summary of a run."""
Take = Literal["end", "start", "min", "max", "mean", "change"]


def summary_names() -> list[str]:
    """Return the names of the numbers that the summary of a run may have, of one interface."""
    directions = ("charge", "discharge")
    passed = [f"{direction} {what}" for direction in directions for what in ("capacity", "energy")]
    losses = [name for name in UNITS if name.endswith(" overpotential")]
    of_cycle = ("charge capacity", "discharge capacity", "coulombic efficiency", "energy efficiency")
    return [
        *("time", "time steps", "newton iterations"),
        *passed,
        *(f"mean {loss} of {direction}" for direction in directions for loss in losses),
        *(f"{what} of the {which} cycle" for which in ("first", "last") for what in of_cycle),
        *ACTIVE_FRACTION.values(),
        *(f"largest {balance}" for balance in ("complementarity", "charge balance", "lithium balance")),
    ]


def is_in_summary(name: str) -> bool:
    """Return whether a number may be one of the summary of a run, of whatever interface."""
    names = summary_names()
    return name in names or any(name.startswith(f"{known} of ") for known in ACTIVE_FRACTION.values())


class Outcome(Section):
    """One number of each run, a formula of the columns of its history taken over time."""

    of: Annotated[str, Field(min_length=1, max_length=1000)] = Field(
        description="a formula of columns of history.csv, whose names stand in quotes"
    )
    take: Take = Field(
        default="end",
        description="mean: over time; change: at the end, less what it was before; start: after the first time step of "
        "a step or cycle, of a whole run as it is assembled",
    )
    step: PositiveInt | None = Field(default=None, description="of the protocol; the whole run if not given")
    cycle: PositiveInt | None = Field(default=None, description="alone, of those that the history counts")
    unit: str | None = Field(default=None, description="that of the formula if not given", examples=["ohm*cm^2"])

    @model_validator(mode="after")
    def _can_be_computed(self) -> Outcome:
        try:
            unit = parse(self.of).unit()
        except ValueError as error:
            raise ValueError(f"of: {error}") from None
        if self.unit is not None:
            try:
                check_unit(self.unit, unit)
            except ValueError as error:
                raise ValueError(f"unit: {error}") from None
        return self


class HeatMap(Section):
    """An output over two inputs, as colours."""

    kind: Literal["heat_map"]
    x: str = Field(description="an input, by its key in the case")
    y: str = Field(description="another one")
    of: str = Field(description="an output, chosen or of the summary")


class Curves(Section):
    """An output against an input, a curve for each value of another one."""

    kind: Literal["curves"]
    x: str = Field(description="an input, by its key in the case")
    by: str | None = Field(default=None, description="the input that each curve has a value of")
    of: str = Field(description="an output, chosen or of the summary")
    scale: Literal["linear", "log"] = Field(default="linear", description="of both axes")
    fit: Literal["power_law"] | None = Field(default=None, description="output ∝ input^exponent, with its interval")
    compare: dict[str, float] | None = Field(
        default=None, description="exponents that others found, by their names, to be drawn beside a fit"
    )

    @model_validator(mode="after")
    def _compares_with_a_fit(self) -> Curves:
        if self.compare and not self.fit:
            raise ValueError("compare: is for exponents beside that of a fit; write fit: power_law, too")
        return self


class Sensitivity(Section):
    """The share that each sampled input has in the variance of an output: Sobol's indices."""

    kind: Literal["sensitivity"]
    of: str = Field(description="an output, chosen or of the summary")


StudyFigure = Annotated[HeatMap | Curves | Sensitivity, Discriminator("kind")]
