"""Quantities with units: text such as ``"5 MPa"`` in files, plain SI numbers in the program.

Each name below (`Length`, `Pressure`, …) is a pydantic field type. A value is read from a string with a
unit, checked for its dimension by pint, and held as a float in the SI unit of that dimension; it is
written back as a string with that unit.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, get_args, get_origin

import pint
from annotated_types import Ge, Gt
from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema
from pydantic.fields import FieldInfo

NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
# Only products of powers with exponents of one digit or a half reach pint, which would evaluate 9**9**9 digit by digit.
_FACTOR = r"\(?(?:[^\W\d]|°)+\d?(?:\s*(?:\^|\*\*)\s*\(?[-+]?(?:0\.5|\d)\)?|⁻?[¹²³⁴])?\)?"
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


@dataclass(frozen=True)
class Plausible(Unit):
    """The unit of something in a cell, what it can be, and what it usually is; 0 is for others to refuse.

    `others` are units in which it is often written: one of them may have been meant.
    """

    allowed: tuple[str, str]
    usual: tuple[str, str]
    others: tuple[str, ...] = ()

    def parse(self, value: Any) -> float:
        """Return `value` as `Unit.parse` does; ValueError, too, where it cannot be meant."""
        parsed = super().parse(value)
        low, high = self._limits(self.allowed)
        if parsed > 0.0 and not low <= parsed <= high:
            raise ValueError(f"implausible; allowed are {' to '.join(self.allowed)}{self._meant(value)}")
        return parsed

    def question(self, parsed: float) -> str:
        """Return what to say of a value in SI that is unusual, "" if it is not."""
        low, high = self._limits(self.usual)
        if parsed <= 0.0 or low <= parsed <= high:
            return ""
        return f"{self.format(parsed)} is unusual, {' to '.join(self.usual)} is common: is the unit right?"

    def _meant(self, value: str) -> str:
        """Return in words as what the number would be common, in another unit."""
        match = _NUMBER.match(value.strip())
        low, high = self._limits(self.usual)
        numbers = [f"{match[0]} {other}" for other in self.others] if match else []
        fitting = [text for text in numbers if low <= Unit.parse(self, text) <= high]
        return f"; did you mean {' or '.join(fitting)}?" if fitting else ""

    def _limits(self, ends: tuple[str, str]) -> tuple[float, float]:
        low, high = (Unit.parse(self, end) for end in ends)
        return low, high


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
    return _quantity(Unit(si, example), *constraints)


def _quantity(unit: Unit, *constraints: Any) -> Any:
    return Annotated[
        float,
        BeforeValidator(unit.parse),
        *constraints,
        PlainSerializer(unit.format, return_type=str, when_used="unless-none"),
        WithJsonSchema(
            {
                "type": "string",
                "description": f"a value with a unit of [{unit.si}]",
                "examples": [unit.example],
                "pattern": rf"^\s*{NUMBER}\s*\S",
            }
        ),
        unit,
    ]


def unit(kind: Any) -> Unit:
    """Return the unit of one of the field types below."""
    return next(extra for extra in kind.__metadata__ if isinstance(extra, Unit))


def unit_of(field: FieldInfo) -> Unit | None:
    """Return the unit of a field of a block, None if it has none."""
    extras = [*field.metadata]
    for argument in (field.annotation, *get_args(field.annotation)):
        if get_origin(argument) is Annotated:
            extras += get_args(argument)[1:]
    return next((extra for extra in extras if isinstance(extra, Unit)), None)


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
StrainRate = quantity("1/s", "1e-5 1/s", POSITIVE)
Stiffness = quantity("Pa/m", "1e17 Pa/m", POSITIVE)
SurfaceEnergy = quantity("J/m^2", "1 J/m^2", POSITIVE)
FractureToughness = quantity("Pa*m^0.5", "1.5 MPa*m^0.5", POSITIVE)
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
_LENGTHS = ("nm", "um", "mm")
_body = Plausible("m", "2 um", ("1 nm", "1 m"), ("10 nm", "10 cm"), _LENGTHS)
BodyLength = _quantity(_body, POSITIVE)
"""How long or thick a body is."""
ElementSize = _quantity(Plausible("m", "50 nm", ("1 pm", "1 m"), ("0.5 nm", "1 mm"), _LENGTHS), POSITIVE)
_pressed = Plausible("Pa", "5 MPa", ("1e-6 Pa", "100 GPa"), ("1 kPa", "2 GPa"), ("Pa", "kPa", "MPa"))
StackPressure = _quantity(_pressed, POSITIVE)
"""What a platen presses with."""
StackLoad = _quantity(_pressed, Ge(0))
"""The same, or nothing."""
_currents = ("A/m^2", "mA/cm^2", "uA/cm^2")
ImposedCurrent = _quantity(
    Plausible("A/m^2", "1 mA/cm^2", ("1e-9 A/m^2", "1e5 A/m^2"), ("1e-4 A/m^2", "1000 A/m^2"), _currents), POSITIVE
)
ExchangeCurrent = _quantity(
    Plausible("A/m^2", "1 mA/cm^2", ("1e-15 A/m^2", "1e9 A/m^2"), ("1e-6 A/m^2", "1e5 A/m^2"), _currents), POSITIVE
)
CellTemperature = _quantity(Plausible("K", "298.15 K", ("50 K", "1500 K"), ("200 K", "500 K"), ("degC", "K")), POSITIVE)
Bytes = quantity("byte", "100 GB", POSITIVE)
ThermalExpansion = quantity("1/K", "1e-5 1/K")
EntropicCoefficient = quantity("V/K", "-0.1 mV/K")
