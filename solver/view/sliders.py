"""Which five numbers of a case are worth moving, over which range, and what to give to ``--set`` for them."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from interstice.schema import Case, Section, sentences
from interstice.schema.problems import Key
from interstice.schema.protocol import CURRENTS
from interstice.schema.units import CurrentDensity, Plausible, SpecificCurrent, Unit, unit, unit_of

MOST = 5
MANTISSAS = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0)
"""Round numbers, by which a decade is passed through evenly."""
CLOSE = 0.04
"""A round number as near to that of the case, relatively, is left out."""
DECADE = 10.0
FINER, COARSER = 4.0, 4.0
"""How many times smaller or larger an element may be made: what a run costs grows with it most of all."""
PREFIXED = {"m": ("nm", "um", "mm", "m"), "Pa": ("Pa", "kPa", "MPa", "GPa")}
"""Units, from the smallest on, of which the largest that leaves a number of 1 or more is taken."""
RATES = (*(1.0 / hours for hours in (200, 100, 50, 30, 20, 10, 5, 4, 3, 2)), 1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 10.0, 20.0)
"""C-rates [1/h]."""
FRACTIONS = tuple(round(0.05 * count, 2) for count in range(1, 20))
CELSIUS = tuple(float(degrees) for degrees in range(-20, 101, 5))
ZERO_CELSIUS = 273.15

_FACE = r"interfaces?(?:\.(?P<of>[^.]+/[^.]+))?"
_SURFACE = r"geometry\.roughness(?:\.(?P<of>[^.]+/[^.]+))?"
WANTED = (
    ("stack pressure", r"stack\.pressure"),
    ("roughness, rms height", rf"{_SURFACE}\.rms"),
    ("roughness, amplitude", rf"{_SURFACE}\.amplitude"),
    ("roughness below the mesh, rms height", rf"{_FACE}\.micro\.rms"),
    ("current", "protocol"),
    ("bond strength", rf"{_FACE}\.cohesive\.normal_strength"),
    ("exchange current density", rf"{_FACE}\.kinetics\.exchange_current_density"),
    ("bond toughness", rf"{_FACE}\.cohesive\.normal_toughness"),
    ("mean diameter", r"geometry\.mean_diameter"),
    ("initial stoichiometry", r"electrodes?(?:\.(?P<of>[^.]+))?\.initial_stoichiometry"),
    ("temperature", r"temperature"),
)
"""Names of numbers and their keys, those first that say most of an interface. The element size always comes last."""
ELEMENT_SIZE = "geometry.element_size"
NO_UNIT = Unit("1", "1")


@dataclass(frozen=True)
class Slider:
    """A number of a case: its `stops` are texts as in a case file, `default` that of the case, one of them.

    `places` are the keys that it sets, each with what a stop becomes there.
    """

    name: str
    stops: tuple[str, ...]
    default: str
    places: tuple[Place, ...]

    def overrides(self, stop: str) -> list[str]:
        """Return what to give to ``--set``; nothing where the case stays what it is."""
        return [] if stop == self.default else [place.override(stop) for place in self.places]


@dataclass(frozen=True)
class Place:
    """A dotted key; `step` is the protocol step there if that is a sentence, of which `part` is to change."""

    key: str
    step: Mapping[str, Any] | None = None
    part: str = ""

    def override(self, stop: str) -> str:
        """Return what to give to ``--set`` for a stop."""
        value = rate_of(stop) if self.part == "c_rate" else stop
        if self.step is None:
            return f"{self.key}={value}"
        return f"{self.key}={json.dumps({**self.step, self.part: value}, ensure_ascii=False)}"


def sliders(case: Case, protocol: Sequence[Any]) -> list[Slider]:
    """Return up to five sliders for a case, whose `protocol` is that of its file."""
    numbers = {".".join(map(str, key)): (value, known) for key, value, known in _numbers(case)}
    found = []
    for name, pattern in WANTED:
        if pattern == "protocol":
            found += _current(protocol)
        elif match := next((match for key in numbers if (match := re.fullmatch(pattern, key))), None):
            of = match.groupdict().get("of")
            value, known = numbers[match[0]]
            found.append(_slider(f"{name} of {of}" if of else name, match[0], value, known))
    size = _element_size(case, *numbers[ELEMENT_SIZE]) if ELEMENT_SIZE in numbers else []
    return [*found[: MOST - len(size)], *size]


def pretty(stop: str) -> str:
    """Return a stop as people read it."""
    for plain, shown in (("um", "µm"), ("^2", "²"), ("degC", "°C"), ("-", "−")):
        stop = stop.replace(plain, shown)
    return stop


def rate_of(stop: str) -> float:
    """Return the C-rate [1/h] of a text such as "C/10" or "2C"."""
    before, _, below = stop.partition("C")
    return float(before or 1.0) / float(below.removeprefix("/") or 1.0)


def _slider(name: str, key: str, value: float, known: Unit) -> Slider:
    if key == "temperature":
        return _made(name, CELSIUS, value - ZERO_CELSIUS, "degC", (Place(key),))
    if known is NO_UNIT:
        return _made(name, FRACTIONS, value, "", (Place(key),))
    return _made(name, *_around(value, known), (Place(key),))


def _element_size(case: Case, value: float, known: Unit) -> list[Slider]:
    largest = min(COARSER * value, getattr(case.geometry, "length", math.inf) / 2)
    rounds, default, shown = _around(value, known)
    low, high = default / FINER, default * largest / value
    stops = [stop for stop in rounds if low <= stop <= high]
    return [_made("element size", stops, default, shown, (Place(ELEMENT_SIZE),))]


def _around(value: float, known: Unit) -> tuple[list[float], float, str]:
    """Return round numbers up to a decade below and above a value in SI, the value, and the unit of all of them."""
    shown = _shown_unit(value, known)
    factor = known.parse(f"1 {shown}") if not isinstance(known, Plausible) else Unit.parse(known, f"1 {shown}")
    low, high = value / DECADE, value * DECADE
    if isinstance(known, Plausible):
        ends = [Unit.parse(known, end) for end in known.allowed]
        low, high = max(low, ends[0]), min(high, ends[1])
    default = float(f"{value / factor:.12g}")
    return list(_rounds(low / factor, high / factor)), default, shown


def _shown_unit(value: float, known: Unit) -> str:
    if known.si not in PREFIXED:
        return known.example.partition(" ")[2]
    units = PREFIXED[known.si]
    # the noise of 1e-6 over a factor must not turn 1 um into 1000 nm
    fitting = [one for one in units if value / Unit.parse(known, f"1 {one}") > 1 - 1e-9]
    return fitting[-1] if fitting else units[0]


def _rounds(low: float, high: float) -> Iterator[float]:
    """Yield round numbers between two numbers, both included."""
    for power in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1):
        for mantissa in MANTISSAS:
            number = float(f"{mantissa}e{power}")
            if low * (1 - 1e-9) <= number <= high * (1 + 1e-9):
                yield number


def _made(name: str, rounds: Sequence[float], default: float, shown: str, places: tuple[Place, ...]) -> Slider:
    """Return the slider of numbers in a unit; that of the case takes the place of those close to it."""
    near = CLOSE * abs(default)
    numbers = sorted([default, *(stop for stop in rounds if abs(stop - default) > near)])
    text = {number: f"{number:.12g} {shown}".strip() for number in numbers}
    return Slider(name, tuple(text.values()), text[default], places)


def _numbers(value: Any, key: Key = ()) -> Iterator[tuple[Key, float, Unit]]:
    """Yield key, value in SI and unit of all numbers of a block and those in it."""
    if isinstance(value, Section):
        for name, field in type(value).model_fields.items():
            number = getattr(value, name)
            if isinstance(number, float):
                yield (*key, name), number, unit_of(field) or NO_UNIT
            else:
                yield from _numbers(number, (*key, name))
    elif isinstance(value, dict):
        for name, one in value.items():
            yield from _numbers(one, (*key, name))


@dataclass(frozen=True)
class _Current:
    """A current of a protocol: where, which way it is given, and its value, a C-rate or in SI."""

    place: Place
    way: str
    value: float
    kind: str


def _current(protocol: Sequence[Any]) -> list[Slider]:
    """Return the slider of the first current of a protocol, and of all others that are the same; none without one."""
    currents = list(_currents(protocol, "protocol"))
    if not currents:
        return []
    first = currents[0]
    same = [one for one in currents if (one.way, one.value) == (first.way, first.value)]
    kinds = " and ".join(dict.fromkeys(one.kind for one in same))
    places = tuple(one.place for one in same)
    if first.way == "c_rate":
        rates = sorted({first.value, *(rate for rate in RATES if _near(rate, first.value))})
        stops = {rate: _rate_text(rate) for rate in rates}
        return [Slider(f"C-rate of {kinds}", tuple(stops.values()), stops[first.value], places)]
    known = unit(CurrentDensity if first.way == "current_density" else SpecificCurrent)
    return [_made(f"current of {kinds}", *_around(first.value, known), places)]


def _near(rate: float, first: float) -> bool:
    return first / DECADE <= rate <= first * DECADE and abs(rate - first) > CLOSE * first


def _rate_text(rate: float) -> str:
    below = 1.0 / rate
    if rate < 1.0 and math.isclose(below, round(below), rel_tol=1e-9):
        return f"C/{round(below)}"
    return f"{rate:.12g}C"


def _currents(entries: Sequence[Any], key: str) -> Iterator[_Current]:
    for index, entry in enumerate(entries):
        place = f"{key}.{index}"
        if phrase := sentences.repeat_phrase(entry):
            yield from _currents(entry[phrase], f"{place}.{phrase}")
            continue
        step = sentences.mapping(entry)
        if step["step"] == "repeat":
            yield from _currents(step["steps"], f"{place}.steps")
        if step["step"] not in ("charge", "discharge", "gitt"):
            continue
        way = next(way for way in CURRENTS if way in step)
        known = {"current_density": CurrentDensity, "specific_current": SpecificCurrent}.get(way)
        value = unit(known).parse(step[way]) if known else float(step[way])
        written = Place(place, step, way) if isinstance(entry, str) else Place(f"{place}.{way}", None, way)
        yield _Current(written, way, value, step.get("direction", step["step"]))
