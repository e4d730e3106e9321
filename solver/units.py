"""Quantities with units: text such as ``"5 MPa"`` in files, plain SI numbers in the program.

Each name below (`Length`, `Pressure`, …) is a pydantic field type. A value is read from a string with a
unit, checked for its dimension by pint, and held as a float in the SI unit of that dimension; it is
written back as a string with that unit.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any

import pint
from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema


@cache
def registry() -> pint.UnitRegistry[float]:
    """The one unit registry; ``"25 degC"`` is read as a temperature, not as a temperature difference."""
    return pint.UnitRegistry(autoconvert_offset_to_baseunit=True)


@dataclass(frozen=True)
class Unit:
    """The SI unit of a field and an example of how people write it."""

    si: str
    example: str

    def parse(self, value: Any) -> float:
        """Return `value` (text with a unit) as a number in SI; ValueError says what is allowed."""
        if isinstance(value, bool) or not isinstance(value, str):
            raise ValueError(f"a value with a unit is needed, such as '{self.example}'")
        try:
            quantity = registry().Quantity(value)
            magnitude = float(quantity.to(self.si).magnitude)
        except pint.DimensionalityError:
            raise ValueError(f"the unit does not fit: [{self.si}] is needed, such as '{self.example}'") from None
        except pint.UndefinedUnitError as error:
            names = ", ".join(f"'{name}'" for name in ([error.unit_names] if isinstance(error.unit_names, str) else error.unit_names))
            raise ValueError(f"unknown unit {names}; allowed is any unit of [{self.si}], such as '{self.example}'") from None
        except Exception:
            raise ValueError(f"not a value with a unit, such as '{self.example}'") from None
        if not abs(magnitude) < float("inf"):
            raise ValueError(f"a finite value is needed, such as '{self.example}'")
        return magnitude

    def format(self, value: float) -> str:
        """Return the SI number `value` as text with its unit."""
        return f"{value:.12g} {self.si}"


def quantity(si: str, example: str, *constraints: Any) -> Any:
    """Return the pydantic field type of quantities with the dimension of `si`."""
    unit = Unit(si, example)
    return Annotated[
        float,
        BeforeValidator(unit.parse),
        *constraints,
        PlainSerializer(unit.format, return_type=str, when_used="unless-none"),
        WithJsonSchema({"type": "string", "description": f"a value with a unit of [{si}]", "examples": [example]}),
        unit,
    ]


POSITIVE = Field(gt=0)
NON_NEGATIVE = Field(ge=0)

Length = quantity("m", "2 um", POSITIVE)
LengthOrZero = quantity("m", "50 nm", NON_NEGATIVE)
Position = quantity("m", "0 um")
Time = quantity("s", "10 min", POSITIVE)
Pressure = quantity("Pa", "5 MPa", POSITIVE)
PressureOrZero = quantity("Pa", "5 MPa", NON_NEGATIVE)
Stiffness = quantity("Pa/m", "1e17 Pa/m", POSITIVE)
SurfaceEnergy = quantity("J/m^2", "1 J/m^2", POSITIVE)
CurrentDensity = quantity("A/m^2", "1 mA/cm^2", POSITIVE)
Voltage = quantity("V", "4.2 V")
Temperature = quantity("K", "298.15 K", POSITIVE)
Concentration = quantity("mol/m^3", "51765 mol/m^3", POSITIVE)
Diffusivity = quantity("m^2/s", "1e-14 m^2/s", POSITIVE)
Conductivity = quantity("S/m", "1 mS/cm", POSITIVE)
MolarVolume = quantity("m^3/mol", "1.5 cm^3/mol")
