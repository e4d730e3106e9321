"""What the blocks of a material file are made of: entries, limits of what is plausible, functions of lithium."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import numpy as np
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, StringConstraints, ValidationInfo

from interstice.materials import function
from interstice.materials.function import Formula, Table
from interstice.schema.units import MolarEnergy, Temperature, Unit, registry, unit

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]

ROOM_TEMPERATURE = 298.15
"""25 °C [K], at which a number holds whose block has no `reference_temperature`."""


class Part(BaseModel):
    """A block of a material file: unknown keys are errors, values are fixed once read."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class Entry(Part):
    """One quantity as it is written in the file: read in a `source`, or an `estimate`, which is its reasoning."""

    value: Any
    source: Text | None = None
    estimate: Text | None = None
    remark: Text | None = None


class Number(Unit):
    """The unit of what has no dimension: none."""

    def parse(self, value: Any) -> float:
        """Return a number, or text that is one; ValueError says so."""
        try:
            return float("bool" if isinstance(value, bool) else value)
        except (TypeError, ValueError):
            raise ValueError(f"a number without a unit is needed, such as {self.example}") from None

    def format(self, value: float) -> Any:
        """Return the number itself."""
        return value


Ratio = Annotated[float, Number("", "0.2")]


def between(lowest: str, highest: str) -> AfterValidator:
    """Refuse numbers beyond the range of all known solids: there lie slips of units and signs."""

    def check(value: float) -> float:
        low, high = _limits(lowest, highest)
        if not low <= value <= high:
            raise ValueError(f"implausible, known solids lie within {lowest} to {highest}")
        return value

    return AfterValidator(check)


def of_lithium(field: Any, lowest: str, highest: str) -> Any:
    """Return the type of a quantity of the kind of `field` that may vary with theta, refused as `between` does.

    It is looked at within `stoichiometry_range`, and beyond stays what it is at the ends.
    """
    known = unit(field)

    def check(value: Any, info: ValidationInfo) -> float | Formula | Table:
        ends = info.data.get("stoichiometry_range", (0.0, 1.0))
        read = function.parse(value, known, ("theta",), ends)
        refuse_implausible(read, function.values(read, ends), lowest, highest, known.si)
        return read

    return Annotated[Any, BeforeValidator(check), known]


def of_salt(field: Any, lowest: str, highest: str) -> Any:
    """Return the type of a quantity that may vary with c [mol/m³] and T [K], refused as `between` does.

    It is looked at within `salt_range` and `temperature_range`; beyond those of c it stays what it is at the ends.
    """
    known = unit(field)

    def check(value: Any, info: ValidationInfo) -> float | Formula | Table:
        salt, temperatures = info.data.get("salt_range"), info.data.get("temperature_range")
        read = function.parse(value, known, ("c", "T"), salt)
        for name, key, given in (("c", "salt_range", salt), ("T", "temperature_range", temperatures)):
            if name in function.variables(read) and given is None:
                raise ValueError(f"{key} is needed beside a function of {name}: where it is known")
        reference = info.data.get("reference_temperature", ROOM_TEMPERATURE)
        ends = salt or (1.0, 1.0), temperatures or (reference, reference)
        refuse_implausible(read, function.values(read, *ends), lowest, highest, known.si)
        return read

    return Annotated[Any, BeforeValidator(check), known]


def refuse_implausible(
    read: float | Formula | Table, values: np.ndarray[Any, Any], lowest: str, highest: str, si: str
) -> None:
    """Raise ValueError if one of the `values` that a quantity takes lies outside the limits."""
    low, high = _limits(lowest, highest)
    outside = ~((values >= low) & (values <= high))
    if outside.any():
        below = values[values <= 0.0]
        if low > 0 and below.size:
            falls = "" if isinstance(read, float) else f", and falls to {below.min():.4g} {si}"
            raise ValueError(f"has to be greater than 0{falls}")
        worst = values[np.argmax(outside)]
        at = "" if isinstance(read, float) else f"{worst:.4g} {si} where ".replace("  ", " ")
        raise ValueError(f"implausible, {at}known solids lie within {lowest} to {highest}")


def ordered(value: tuple[float, float]) -> tuple[float, float]:
    """Return the ends of a range; ValueError if the higher one comes first."""
    if value[0] >= value[1]:
        raise ValueError("the lower end must come first, such as [0.25, 0.95]")
    return value


def constant_in_theta(value: Any) -> Any:
    """Refuse a modulus that varies with theta, in words."""
    if isinstance(value, Sequence | Mapping) and not (isinstance(value, str) and "theta" not in value):
        raise ValueError(
            "one number is needed: a modulus that changes with lithium would add the change of elastic energy to the "
            "chemical potential, which is not modelled; give the modulus at the stoichiometry that matters"
        )
    return value


ActivationEnergy = Annotated[MolarEnergy, between("0 kJ/mol", "300 kJ/mol")]
TemperatureRange = Annotated[tuple[Temperature, Temperature], AfterValidator(ordered)]


def _limits(lowest: str, highest: str) -> tuple[float, float]:
    low, high = (float(registry().Quantity(text).to_base_units().magnitude) for text in (lowest, highest))
    return low, high
