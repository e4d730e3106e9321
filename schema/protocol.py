"""What is done with the cell, step by step; `sentences` says how steps may be written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PositiveInt, WithJsonSchema, model_validator

from interstice.schema import sentences
from interstice.schema.section import Fraction, Rate, Section
from interstice.schema.units import CurrentDensity, Length, Pressure, Time, Voltage


class Stop(Section):
    """What ends a protocol step, whichever comes first."""

    voltage: Voltage | None = None
    time: Time | None = None
    active_fraction: Fraction | None = Field(default=None, description="the step ends when f_c falls below")

    @model_validator(mode="after")
    def _any(self) -> Stop:
        if self.voltage is None and self.time is None and self.active_fraction is None:
            raise ValueError("needs at least one of voltage, time, active_fraction")
        return self


class HoldStop(Section):
    """What ends a step at constant voltage, whichever comes first."""

    current_density: CurrentDensity | None = Field(default=None, description="the step ends when |j_app| falls below")
    c_rate: Rate | None = Field(default=None, description="the same as a C-rate")
    time: Time | None = None
    active_fraction: Fraction | None = Field(default=None, description="the step ends when f_c falls below")

    @model_validator(mode="after")
    def _any(self) -> HoldStop:
        if all(value is None for value in (self.current_density, self.c_rate, self.time, self.active_fraction)):
            raise ValueError("needs at least one of current_density, c_rate, time, active_fraction")
        return self

    def density(self, one_c: float) -> float:
        """Return the least current density [A/m²], where that of a C-rate of 1 is `one_c` [A/m²]."""
        return max((d for d in (self.current_density, (self.c_rate or 0.0) * one_c) if d), default=0.0)


class Galvanostatic(Section):
    """Constant current."""

    step: str
    current_density: CurrentDensity | None = Field(default=None, description="per apparent area")
    c_rate: Rate | None = Field(default=None, description="the whole capacity of the cell per hour is 1")
    until: Stop

    @model_validator(mode="after")
    def _one_current(self) -> Galvanostatic:
        if self.current_density is None and self.c_rate is None:
            raise ValueError("current_density is needed, or c_rate")
        if self.current_density is not None and self.c_rate is not None:
            raise ValueError("c_rate stands beside current_density; give one of them")
        return self

    def density(self, one_c: float) -> float:
        """Return the current density [A/m²], where that of a C-rate of 1 is `one_c` [A/m²]."""
        return (self.c_rate or 0.0) * one_c if self.current_density is None else self.current_density


class Charge(Galvanostatic):
    """Constant current, lithium leaves the electrode (j_n > 0); until.voltage is an upper cut-off."""

    step: Literal["charge"]


class Discharge(Galvanostatic):
    """Constant current, lithium enters the electrode (j_n < 0); until.voltage is a lower cut-off."""

    step: Literal["discharge"]


class Hold(Section):
    """Constant voltage, whatever current it takes."""

    step: Literal["hold"]
    voltage: Voltage
    until: HoldStop


class Rest(Section):
    """No current."""

    step: Literal["rest"]
    time: Time


class Press(Section):
    """No current; the pressure of the platen goes linearly from what it is to another."""

    step: Literal["press"]
    pressure: Pressure = Field(description="at the end of the step")
    time: Time


class Open(Section):
    """No current; the loaded ends of a dcb are drawn apart, steadily."""

    step: Literal["open"]
    opening: Length = Field(description="of the loaded ends at the end of the step")
    time: Time
    control: Literal["opening", "crack"] = Field(
        default="opening", description="crack: its growth is prescribed, the loaded ends go back where they must"
    )


class Repeat(Section):
    """The same steps over and over: cycles."""

    step: Literal["repeat"]
    times: PositiveInt
    steps: list[Entry] = Field(min_length=1)


Step = Charge | Discharge | Hold | Rest | Press | Open
_Typed = Annotated[Step | Repeat, Field(discriminator="step")]
_Sentence = Annotated[str, Field(examples=sentences.EXAMPLES)]
_RepeatPhrase = Annotated[
    dict[str, list[Any]],
    WithJsonSchema(
        {
            "type": "object",
            "patternProperties": {r"^\s*[Rr]epeat\s": {"type": "array", "minItems": 1}},
            "additionalProperties": False,
            "minProperties": 1,
            "maxProperties": 1,
            "examples": [{sentences.REPEAT: sentences.EXAMPLES[:2]}],
        }
    ),
]
Entry = Annotated[_Typed, BeforeValidator(sentences.mapping, json_schema_input_type=_Sentence | _RepeatPhrase | _Typed)]
"""An entry of a protocol: a typed step, or a sentence that stands for one."""
Repeat.model_rebuild()


def flat_steps(entries: Iterable[Entry]) -> Iterator[Step]:
    """Yield every step of the `entries`, those that are repeated once."""
    for entry in entries:
        if isinstance(entry, Repeat):
            yield from flat_steps(entry.steps)
        else:
            yield entry
