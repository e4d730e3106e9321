"""How the cell is held and pressed."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from interstice.schema.section import Section
from interstice.schema.units import BodyLength, Pressure, StackPressure, Stiffness, Time


class Pad(Section):
    """A standard linear solid between cell and fixture: p(t) = (E_2 + E_1 exp(−t/τ)) ε_0 under a fixed strain."""

    thickness: BodyLength
    relaxing_modulus: Pressure = Field(description="E_1")
    lasting_modulus: Pressure = Field(description="E_2")
    relaxation_time: Time = Field(description="τ")


class Stack(Section):
    """How the cell is held: pressed at assembly, then kept at that pressure, at that thickness or in between."""

    hold: Literal["constant_pressure", "fixed_thickness", "spring", "pad", "free"] = Field(
        default="constant_pressure",
        description="spring, pad: locked at assembly, then as stiff as that; "
        "free: no platen, the pressure alone acts on the collector",
    )
    pressure: StackPressure | None = Field(default=None, description="needed unless the cell is free")
    stiffness: Stiffness | None = Field(default=None, description="of the spring: pressure per change of thickness")
    pad: Pad | None = None
    glued: bool = Field(default=False, description="the platen sticks to the cell and may pull at it")

    @model_validator(mode="after")
    def _complete(self) -> Stack:
        if self.pressure is None and self.hold != "free":
            raise ValueError(f"pressure is needed with hold {self.hold}")
        for name, hold in (("stiffness", "spring"), ("pad", "pad")):
            if (getattr(self, name) is not None) != (self.hold == hold):
                raise ValueError(f"{name} belongs to hold {hold}, which needs it")
        return self
