"""What is done with the cell, step by step; `sentences` says how steps may be written."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

from pydantic import BeforeValidator, Field, PositiveInt, WithJsonSchema, model_validator

from interstice.schema import sentences
from interstice.schema.problems import Key
from interstice.schema.section import CaseFile, Fraction, Rate, Section, otherwise
from interstice.schema.units import (
    ArealCapacity,
    ArealEnergy,
    ImposedCurrent,
    Length,
    Position,
    PressureRate,
    SpecificCapacity,
    SpecificCurrent,
    StackLoad,
    StackPressure,
    Time,
    Voltage,
    VoltageRate,
)

PRESS_RATE = "1 MPa/s"
"""How fast a platen presses where a case does not say."""
MOST_PULSES = 10_000
"""As many as a titration makes where its end alone is given."""
CURRENTS = ("current_density", "c_rate", "specific_current")
"""The ways to give a current."""

ArealCurrent = Annotated[ImposedCurrent | None, Field(description="per apparent area")]
RateCurrent = Annotated[Rate | None, Field(description="1: the whole capacity of the smaller electrode in an hour")]
MassCurrent = Annotated[
    SpecificCurrent | None, Field(description="per mass of the active material of the upper electrode")
]


class Scale(NamedTuple):
    """What a C-rate and a mass are in a cell: the current density of 1C [A/m²], active material per area [kg/m²].

    `share` is how much of the sites of lithium the capacity takes, over which 1C is defined.
    """

    one_c: float
    mass: float
    share: float = 1.0


NO_SCALE = Scale(math.nan, math.nan)
"""Of a cell without a host, in which neither has a meaning."""


class _Current:
    """What is given of a current, in one of the three ways; of a block that has their keys."""

    def density(self, scale: Scale) -> float:
        """Return the current density [A/m²], the largest of those given, 0 where there is none."""
        factors = dict(zip(CURRENTS, (1.0, scale.one_c, scale.mass), strict=True))
        return max((getattr(self, name) * factor for name, factor in factors.items() if self._has(name)), default=0.0)

    def check_one_way(self, *others: str) -> None:
        """Raise ValueError unless the current, or one of the `others`, is given once."""
        ways = [name for name in (*CURRENTS, *others) if self._has(name)]
        if not ways:
            raise ValueError(f"current_density is needed, or {' or '.join([*CURRENTS[1:], *others])}")
        if len(ways) > 1:
            raise ValueError(f"{ways[1]} stands beside {ways[0]}; give one of them")

    def _has(self, name: str) -> bool:
        return getattr(self, name) is not None


class _Ends(Section):
    """What ends a step, whichever comes first: something that the cell comes to."""

    active_fraction: Fraction | None = Field(default=None, description="the step ends when f_c falls below")
    state_of_charge: Fraction | None = Field(
        default=None, description="of the smaller electrode, reached from either side"
    )
    pressure: StackLoad | None = Field(default=None, description="of the stack, reached from either side")
    thickness_change: Position | None = Field(
        default=None, description="of the cell since its assembly, > 0 if thicker; reached from either side"
    )
    strain: float | None = Field(default=None, description="thickness change over the thickness; like that")

    @model_validator(mode="after")
    def _any(self) -> _Ends:
        if not self.given:
            raise ValueError(f"needs at least one of {', '.join(type(self).model_fields)}")
        return self

    @property
    def given(self) -> dict[str, float]:
        """What is given, in SI, by the keys."""
        return {name: value for name, value in self if value is not None}


class _Lasting(_Ends):
    """The same, or how long the step lasted, or what passed in it."""

    time: Time | None = None
    capacity: ArealCapacity | None = Field(default=None, description="that passed in the step, per apparent area")
    specific_capacity: SpecificCapacity | None = Field(
        default=None, description="the same per mass of the active material of the upper electrode"
    )
    energy: ArealEnergy | None = Field(default=None, description="∫ V |i| dt of the step, per apparent area")

    def charge(self, scale: Scale) -> float | None:
        """Return the charge [A s/m²] after which the step ends, None if none does."""
        given = ((self.capacity, 1.0), (self.specific_capacity, scale.mass))
        return min((value * factor for value, factor in given if value is not None), default=None)


class Stop(_Lasting):
    """What ends a protocol step, whichever comes first."""

    voltage: Voltage | None = Field(default=None, description="upper cut-off of a charge, lower one of a discharge")


class HoldStop(_Lasting, _Current):
    """What ends a step at constant voltage, whichever comes first."""

    current_density: ImposedCurrent | None = Field(default=None, description="the step ends when |j_app| falls below")
    c_rate: Rate | None = Field(default=None, description="the same as a C-rate")
    specific_current: SpecificCurrent | None = Field(default=None, description="the same per mass")


class PulsesStop(_Ends):
    """What ends a titration, whichever comes first."""

    voltage: Voltage | None = Field(default=None, description="in a pulse")


class Galvanostatic(Section, _Current):
    """Constant current."""

    sense: ClassVar[int]
    """1 where it charges the cell, −1 where it discharges it."""
    step: str
    current_density: ArealCurrent = None
    c_rate: RateCurrent = None
    specific_current: MassCurrent = None
    until: Stop

    @model_validator(mode="after")
    def _one_current(self) -> Galvanostatic:
        self.check_one_way()
        return self


class Charge(Galvanostatic):
    """Constant current, lithium leaves the electrode (j_n > 0); until.voltage is an upper cut-off."""

    sense = 1
    step: Literal["charge"]


class Discharge(Galvanostatic):
    """Constant current, lithium enters the electrode (j_n < 0); until.voltage is a lower cut-off."""

    sense = -1
    step: Literal["discharge"]


class Hold(Section):
    """Constant voltage, whatever current it takes."""

    step: Literal["hold"]
    voltage: Voltage
    until: HoldStop


class Sweep(Section):
    """The voltage goes steadily from what it is to another: there and back, a cyclic voltammogram."""

    step: Literal["sweep"]
    voltage: Voltage = Field(description="at the end of the step")
    rate: VoltageRate


class Rest(Section):
    """No current."""

    step: Literal["rest"]
    time: Time


class Press(Section):
    """No current; the pressure of the platen goes linearly from what it is to another."""

    step: Literal["press"]
    pressure: StackLoad = Field(description="at the end of the step")
    time: Time | None = Field(default=None, description="in place of rate")
    rate: Annotated[PressureRate | None, otherwise(lambda above: None if above["time"] else PRESS_RATE)] = Field(
        default=None, description=f"{PRESS_RATE} where there is no time"
    )

    @model_validator(mode="after")
    def _one_duration(self) -> Press:
        if self.time is not None and self.rate is not None:
            raise ValueError("rate stands beside time; give one of them")
        return self

    def duration(self, start: float) -> float:
        """Return how long it takes [s] from the pressure `start` [Pa]."""
        return self.time if self.time is not None else abs(self.pressure - start) / (self.rate or 1.0)


class Follow(Section):
    """Current or pressure, or both, of a table: a drive cycle. Between its rows they go linearly."""

    step: Literal["follow"]
    file: CaseFile = Field(
        description="text, commas between columns; the header gives their units: 'time [s]', and 'current [mA/cm^2]' "
        "(or mA/g, or C; > 0 on charge) or 'pressure [MPa]' or both; between two rows at one time values jump"
    )


class Oscillate(Section, _Current):
    """A sine: of the current about zero, or without current of the pressure of the platen about what it is."""

    step: Literal["oscillate"]
    current_density: ArealCurrent = Field(default=None, description="amplitude, per apparent area; charge comes first")
    c_rate: RateCurrent = None
    specific_current: MassCurrent = None
    pressure: StackPressure | None = Field(default=None, description="amplitude")
    period: Time
    time: Time

    @model_validator(mode="after")
    def _one_amplitude(self) -> Oscillate:
        self.check_one_way("pressure")
        return self


class Open(Section):
    """No current; the loaded ends of a dcb are drawn apart, steadily."""

    step: Literal["open"]
    opening: Length = Field(description="of the loaded ends at the end of the step")
    time: Time
    control: Literal["opening", "crack"] = Field(
        default="opening", description="crack: its growth is prescribed, the loaded ends go back where they must"
    )


class Titration(Section, _Current):
    """Galvanostatic intermittent titration (GITT): pulses of constant current, a rest after each."""

    step: Literal["gitt"]
    direction: Literal["charge", "discharge"]
    current_density: ArealCurrent = None
    c_rate: RateCurrent = None
    specific_current: MassCurrent = None
    pulse: Time = Field(description="how long the current flows")
    rest: Time = Field(description="after each pulse")
    pulses: PositiveInt | None = Field(default=None, description="how many, if until does not end them before")
    until: PulsesStop | None = None

    @model_validator(mode="after")
    def _ends(self) -> Titration:
        self.check_one_way()
        if self.pulses is None and self.until is None:
            raise ValueError("until is needed, or pulses")
        return self

    @property
    def steps(self) -> tuple[Step, Step]:
        """A pulse and the rest after it."""
        kind: type[Galvanostatic] = Charge if self.direction == "charge" else Discharge
        current = {name: getattr(self, name) for name in CURRENTS}
        conditions: dict[str, Any] = self.until.given if self.until else {}
        until = Stop.model_construct(time=self.pulse, **conditions)
        pulse = kind.model_construct(step=self.direction, until=until, **current)
        return pulse, Rest.model_construct(step="rest", time=self.rest)  # type: ignore[return-value]


class Repeat(Section):
    """The same steps over and over."""

    step: Literal["repeat"]
    times: PositiveInt
    steps: list[Entry] = Field(min_length=1)


Step = Charge | Discharge | Hold | Rest | Press | Open | Sweep | Follow | Oscillate
_Typed = Annotated[Step | Titration | Repeat, Field(discriminator="step")]
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


class Task(NamedTuple):
    """A step to be carried out.

    `entry` is the index in the protocol of what it belongs to, `repetitions` the numbers, from 1, of those of the
    repeats around it, the outermost first. `rest` is how many of the next tasks are left out if something other than
    its time ends it: what is left of a titration.
    """

    step: Step
    entry: int
    repetitions: tuple[int, ...] = ()
    rest: int = 0


def unrolled(protocol: Iterable[Step | Titration | Repeat]) -> Iterator[Task]:
    """Yield every step to be carried out, in their order."""
    for index, entry in enumerate(protocol):
        for task in _tasks(entry):
            yield task._replace(entry=index)


def _tasks(entry: Step | Titration | Repeat) -> Iterator[Task]:
    if isinstance(entry, Repeat):
        for number in range(1, entry.times + 1):
            for inner in entry.steps:
                for task in _tasks(inner):
                    yield task._replace(repetitions=(number, *task.repetitions))
    elif isinstance(entry, Titration):
        pulse, rest = entry.steps
        for left in range(2 * (entry.pulses or MOST_PULSES) - 1, 0, -2):
            yield Task(pulse, 0, rest=left)
            yield Task(rest, 0)
    else:
        yield Task(entry, 0)


def nesting(entries: Iterable[Step | Titration | Repeat]) -> int:
    """Return how many repeats stand within each other at most."""
    return max((1 + nesting(entry.steps) for entry in entries if isinstance(entry, Repeat)), default=0)


def written_steps(
    entries: Iterable[Step | Titration | Repeat], key: Key = ("protocol",)
) -> Iterator[tuple[Key, Step | Titration]]:
    """Yield every step of the `entries` with its key, those that are repeated once."""
    for index, entry in enumerate(entries):
        if isinstance(entry, Repeat):
            yield from written_steps(entry.steps, (*key, index, "steps"))
        else:
            yield (*key, index), entry


def flat_steps(entries: Iterable[Step | Titration | Repeat]) -> Iterator[Step]:
    """Yield every step of the `entries`, those that are repeated once."""
    for _, step in written_steps(entries):
        if isinstance(step, Titration):
            yield from step.steps
        else:
            yield step
