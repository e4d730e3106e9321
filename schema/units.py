"""Quantities with units: text such as ``"5 MPa"`` in files, plain SI numbers in the program.

Each name below (`Length`, `Pressure`, …) is a pydantic field type. A value is read from a string with a
unit, checked for its dimension by pint, and held as a float in the SI unit of that dimension; it is
written back as a string with that unit.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any

import pint
from annotated_types import Ge, Gt
from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
# Only products of powers with one-digit exponents reach pint, which would evaluate 9**9**9 digit by digit.
_FACTOR = r"\(?(?:[^\W\d]|°)+\d?(?:\s*(?:\^|\*\*)\s*\(?[-+]?\d\)?|⁻?[¹²³⁴])?\)?"
UNIT = rf"(?:1\s*/\s*)?{_FACTOR}(?:(?:\s*[*/·]\s*|\s+){_FACTOR})*"
_NUMBER = re.compile(NUMBER)
_UNIT = re.compile(UNIT)
_LONGEST = 80
DIGITS = 12
"""As many as people write."""


@cache
def registry() -> pint.UnitRegistry:
    """The one unit registry; ``"25 degC"`` is read as a temperature, not as a temperature difference."""
    return pint.UnitRegistry(autoconvert_offset_to_baseunit=True)


@dataclass(frozen=True)
class Unit:
    """The SI unit of a field and an example of how people write it."""

    si: str
    example: str

    def parse(self, value: Any) -> float:
        """Return `value` (text with a unit) as a number in SI; ValueError says what is allowed.

        A number of up to 12 digits is one of as many digits in SI too.
        """
        if isinstance(value, int | float) and not isinstance(value, bool):
            raise ValueError(f"the unit is missing; write the value with its unit, such as '{self.example}'")
        if not isinstance(value, str) or len(value) > _LONGEST:
            raise ValueError(f"a value with a unit is needed, such as '{self.example}'")
        text = value.strip()
        if re.match(r"[-+.]*(nan|inf)", text, re.IGNORECASE):
            raise ValueError(f"a finite value is needed, such as '{self.example}'")
        number = _NUMBER.match(text)
        if not number:
            raise ValueError(f"a number with a unit is needed, such as '{self.example}'")
        unit = text[number.end() :].strip()
        if not unit:
            raise ValueError(f"the unit is missing; write the value with its unit, such as '{self.example}'")
        magnitude = self._convert(float(number[0]), unit)
        if not abs(magnitude) < float("inf"):
            raise ValueError(f"a finite value is needed, such as '{self.example}'")
        if _digits(number[0]) > DIGITS:
            return magnitude
        # conversion leaves noise in the last digits
        return float(f"{magnitude:.{DIGITS}g}")

    def _convert(self, magnitude: float, unit: str) -> float:
        if not _UNIT.fullmatch(unit):
            raise ValueError(f"'{unit}' is not a unit; write one number and a unit, such as '{self.example}'")
        powers = re.sub(r"(?<=[^\W\d])(?=\d)", "^", unit)
        try:
            return float(registry().Quantity(magnitude, registry().parse_units(powers)).to(self.si).magnitude)
        except pint.DimensionalityError:
            raise ValueError(
                f"'{unit}' does not fit; a unit of [{self.si}] is needed, such as '{self.example}'"
            ) from None
        except pint.UndefinedUnitError as error:
            names = [error.unit_names] if isinstance(error.unit_names, str) else list(error.unit_names)
            raise ValueError(
                f"unknown unit {_quoted(names)}{_differently_cased(names)}; "
                f"allowed is any unit of [{self.si}], such as '{self.example}'"
            ) from None
        except Exception:
            raise ValueError(f"'{unit}' is not a unit of [{self.si}]; write for example '{self.example}'") from None

    def format(self, value: float) -> str:
        """Return the SI number `value` as text with its unit, which reads back equal."""
        short = f"{value:.{DIGITS}g}"
        return f"{short if float(short) == value else repr(value)} {self.si}"


def _digits(number: str) -> int:
    """Return the significant digits of a number as written."""
    return len(re.sub(r"[eE].*|\D", "", number).lstrip("0"))


def _quoted(names: list[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)


def _differently_cased(names: list[str]) -> str:
    known = [
        registry().get_symbol(prefix + unit)
        for name in names
        for prefix, unit, _ in registry().parse_unit_name(name, case_sensitive=False)
    ]
    return f", did you mean {' or '.join(f'{name!r}' for name in dict.fromkeys(known))}?" if known else ""


def quantity(si: str, example: str, *constraints: Any) -> Any:
    """Return the pydantic field type of quantities with the dimension of `si`."""
    unit = Unit(si, example)
    return Annotated[
        float,
        BeforeValidator(unit.parse),
        *constraints,
        PlainSerializer(unit.format, return_type=str, when_used="unless-none"),
        WithJsonSchema(
            {
                "type": "string",
                "description": f"a value with a unit of [{si}]",
                "examples": [example],
                "pattern": rf"^\s*{NUMBER}\s*\S",
            }
        ),
        unit,
    ]


def unit(kind: Any) -> Unit:
    """Return the unit of one of the field types below."""
    return next(extra for extra in kind.__metadata__ if isinstance(extra, Unit))


# not pydantic.Field(gt=0), which would carry the default of one field to the others that share it
POSITIVE = Gt(0)

Length = quantity("m", "2 um", POSITIVE)
Position = quantity("m", "0 um")
LengthUnit: Any = Annotated[
    Length,
    BeforeValidator(lambda value: f"1 {value}" if isinstance(value, str) and value[:1].isalpha() else value),
    WithJsonSchema({"type": "string", "description": "a unit of length", "examples": ["um"]}),
]
"""How long one unit is: ``"um"``, or a multiple such as ``"0.1 um"``."""
Time = quantity("s", "10 min", POSITIVE)
Pressure = quantity("Pa", "5 MPa", POSITIVE)
LoadPressure = quantity("Pa", "5 MPa", Ge(0))
PressureRate = quantity("Pa/s", "1 MPa/s", POSITIVE)
Stiffness = quantity("Pa/m", "1e17 Pa/m", POSITIVE)
SurfaceEnergy = quantity("J/m^2", "1 J/m^2", POSITIVE)
CurrentDensity = quantity("A/m^2", "1 mA/cm^2", POSITIVE)
SpecificCurrent = quantity("A/kg", "20 mA/g", POSITIVE)
ArealCapacity = quantity("A*s/m^2", "1 mAh/cm^2", POSITIVE)
SpecificCapacity = quantity("A*s/kg", "150 mAh/g", POSITIVE)
ArealEnergy = quantity("J/m^2", "3 mWh/cm^2", POSITIVE)
Voltage = quantity("V", "4.2 V")
VoltageRate = quantity("V/s", "0.1 mV/s", POSITIVE)
Temperature = quantity("K", "298.15 K", POSITIVE)
Concentration = quantity("mol/m^3", "51765 mol/m^3", POSITIVE)
Diffusivity = quantity("m^2/s", "1e-14 m^2/s", POSITIVE)
Conductivity = quantity("S/m", "1 mS/cm", POSITIVE)
MolarVolume = quantity("m^3/mol", "1.5 cm^3/mol")
AreaResistance = quantity("ohm*m^2", "10 ohm*cm^2", POSITIVE)
MolarEnergy = quantity("J/mol", "30 kJ/mol", Ge(0))
Density = quantity("kg/m^3", "2.5 g/cm^3", POSITIVE)
ThermalConductivity = quantity("W/(m*K)", "1.4 W/(m*K)", POSITIVE)
SpecificHeat = quantity("J/(kg*K)", "800 J/(kg*K)", POSITIVE)
HeatTransfer = quantity("W/(m^2*K)", "10 W/(m^2*K)", Ge(0))
Bytes = quantity("byte", "100 GB", POSITIVE)
ThermalExpansion = quantity("1/K", "1e-5 1/K")
EntropicCoefficient = quantity("V/K", "-0.1 mV/K")
