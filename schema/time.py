"""How long time steps are."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from interstice.schema.section import Section
from interstice.schema.units import Time


class TimeStepping(Section):
    """Implicit steps that grow when Newton converges quickly and shrink when it fails."""

    initial: Annotated[Time, Field(description="longest first time step of each step of the protocol")] = "1 s"
    minimum: Time = "1 ms"
    maximum: Time = "5 min"
    tolerance: Annotated[float, Field(gt=0, le=0.1)] = Field(
        default=1e-4, description="largest error of θ (root mean square over an electrode) that one time step adds"
    )
    stoichiometry_change: Annotated[float, Field(gt=0, le=0.5)] = Field(
        default=0.02, description="largest change of the mean θ in one time step"
    )

    flow_tolerance: Annotated[float, Field(gt=0, le=0.1)] = Field(
        default=1e-4,
        description="largest change of the rate of creep in one time step, times its length (root mean square over a "
        "side), beside 5 % of the strain that creep adds in the step",
    )

    @model_validator(mode="after")
    def _ordered(self) -> TimeStepping:
        if self.minimum > self.initial:
            raise ValueError(f"minimum must be at most the initial step, {self.initial:g} s")
        if self.maximum < self.initial:
            raise ValueError(f"maximum must be at least the initial step, {self.initial:g} s")
        return self
