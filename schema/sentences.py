"""The language of a protocol: a sentence stands for the mapping of a typed step of `interstice.schema.case`.

    charge at 0.1 mA/cm^2 until 4.2 V          {step: charge, current_density: 0.1 mA/cm^2, until: {voltage: 4.2 V}}
    discharge at C/10 until 2.8 V or 2 h       {step: discharge, c_rate: 0.1, until: {voltage: 2.8 V, time: 2 h}}
    charge at 20 mA/g until SOC 50 %           {step: charge, specific_current: 20 mA/g, until: {state_of_charge: 0.5}}
    charge at 1C until active fraction 0.4     {step: charge, c_rate: 1.0, until: {active_fraction: 0.4}}
    hold at 4.2 V until 0.05C or 2 h           {step: hold, voltage: 4.2 V, until: {c_rate: 0.05, time: 2 h}}
    sweep to 4.3 V at 0.1 mV/s                 {step: sweep, voltage: 4.3 V, rate: 0.1 mV/s}
    rest for 1 h                               {step: rest, time: 1 h}
    press to 10 MPa in 60 s                    {step: press, pressure: 10 MPa, time: 60 s}
    press to 0 MPa at 2 MPa/s                  {step: press, pressure: 0 MPa, rate: 2 MPa/s}
    follow drive.csv                           {step: follow, file: drive.csv}
    oscillate by 1 MPa every 100 s for 10 min  {step: oscillate, pressure: 1 MPa, period: 100 s, time: 10 min}
    gitt charge at C/10 for 10 min, rest 1 h, until 4.2 V
        {step: gitt, direction: charge, c_rate: 0.1, pulse: 10 min, rest: 1 h, until: {voltage: 4.2 V}}
    repeat 50 times: [ … ]                     {step: repeat, times: 50, steps: [ … ]}

A sentence is a verb and phrases; a phrase is a keyword and a value, which the dimension of its unit tells apart from
others. Values are checked by the schema; here only what they are is decided.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from interstice.schema import units
from interstice.schema.wording import did_you_mean, either

_C_RATE = re.compile(rf"({units.NUMBER})?\s*C(?:\s*/\s*({units.NUMBER}))?", re.IGNORECASE)
_NAMES = {
    "active_fraction": r"active[ _]fraction",
    "state_of_charge": r"state[ _]of[ _]charge|SOC",
    "strain": r"strain",
}
_PULSES = re.compile(r"(\d{1,9}) pulses?", re.IGNORECASE)


def _c_rate(text: str) -> float:
    match = _C_RATE.fullmatch(text)
    if not match or float(match[2] or 1) == 0.0:
        raise ValueError("a C-rate is needed, such as 'C/10'")
    return float(match[1] or 1) / float(match[2] or 1)


def _named(key: str, example: str) -> tuple[str, Callable[[str], Any]]:
    """Return how a number without a unit is written: its name and the number, or per cent."""

    def read(text: str) -> float:
        match = re.fullmatch(rf"(?:{_NAMES[key]}) ({units.NUMBER})\s*(%?)", text, re.IGNORECASE)
        if not match:
            raise ValueError(f"a number is needed, such as '{example}'")
        return float(match[1]) / (100 if match[2] else 1)

    return example, read


def _pulses(text: str) -> int:
    match = _PULSES.fullmatch(text)
    if not match:
        raise ValueError("a number of pulses is needed, such as '20 pulses'")
    return int(match[1])


def _file(text: str) -> str:
    return text


def _quantity(kind: Any, name: str = "") -> tuple[str, Callable[[str], Any]]:
    """Return how a quantity is written; before it may stand its `name`."""
    unit = units.unit(kind)

    def checked(text: str) -> str:
        value = re.sub(rf"^{name} ", "", text, flags=re.IGNORECASE) if name else text
        unit.parse(value)
        return value

    return unit.example, checked


_VALUES: dict[str, tuple[str, Callable[[str], Any]]] = {
    "c_rate": ("C/10", _c_rate),
    "current_density": _quantity(units.CurrentDensity),
    "specific_current": _quantity(units.SpecificCurrent),
    "opening": _quantity(units.Length),
    "pressure": _quantity(units.Pressure),
    "pressure_rate": _quantity(units.PressureRate),
    "time": _quantity(units.Time),
    "voltage": _quantity(units.Voltage),
    "voltage_rate": _quantity(units.VoltageRate),
    "capacity": _quantity(units.ArealCapacity),
    "specific_capacity": _quantity(units.SpecificCapacity),
    "energy": _quantity(units.ArealEnergy),
    "thickness_change": _quantity(units.Position, "thickness change"),
    "active_fraction": _named("active_fraction", "active fraction 0.5"),
    "state_of_charge": _named("state_of_charge", "SOC 50 %"),
    "strain": _named("strain", "strain -1 %"),
    "pulses": ("20 pulses", _pulses),
    "file": ("drive_cycle.csv", _file),
}
"""For each kind of value an example in a sentence, and what makes it of text; ValueError for any other text."""
_KEYS = {"pressure_rate": "rate", "voltage_rate": "rate"}
"""The keys of kinds that are called otherwise; those of times go by the keyword, `_Form.times`."""

_ENDS = ("until", "or", "for")
_CURRENT = ("c_rate", "current_density", "specific_current")
_STATE = ("active_fraction", "state_of_charge", "pressure", "thickness_change", "strain")
_STOP = ("voltage", "time", "capacity", "specific_capacity", "energy", *_STATE)
_HOLD_STOP = (*_CURRENT, "time", "capacity", "specific_capacity", "energy", *_STATE)
_TITRATED = ("voltage", *_STATE)


@dataclass(frozen=True)
class _Form:
    """How a sentence with one verb is built: an example, and what may stand after each keyword.

    Of each group of keywords in `needed` one must be there. `keys` are those of the times that are not called so, and
    `given` what the verb itself says.
    """

    example: str
    phrases: dict[str, tuple[str, ...]]
    needed: tuple[tuple[str, ...], ...]
    keys: Mapping[str, str] = field(default_factory=dict)
    given: Mapping[str, str] = field(default_factory=dict)


_CONDITIONS = ("until", "for")
_GALVANOSTATIC = {"at": _CURRENT, "until": _STOP, "or": _STOP, "for": ("time",)}
_FORMS = {
    "charge": _Form("charge at C/10 until 4.2 V", _GALVANOSTATIC, (("at",), _CONDITIONS)),
    "discharge": _Form("discharge at 0.1 mA/cm^2 until 2.8 V or 2 h", _GALVANOSTATIC, (("at",), _CONDITIONS)),
    "hold": _Form(
        "hold at 4.2 V until C/20 or 2 h",
        {"at": ("voltage",), "until": _HOLD_STOP, "or": _HOLD_STOP, "for": ("time",)},
        (("at",), _CONDITIONS),
    ),
    "sweep": _Form("sweep to 4.3 V at 0.1 mV/s", {"to": ("voltage",), "at": ("voltage_rate",)}, (("to",), ("at",))),
    "rest": _Form("rest for 1 h", {"rest": ("time",)}, ()),
    "press": _Form(
        "press to 10 MPa in 60 s", {"to": ("pressure",), "in": ("time",), "at": ("pressure_rate",)}, (("to",),)
    ),
    "follow": _Form("follow drive_cycle.csv", {"follow": ("file",)}, ()),
    "oscillate": _Form(
        "oscillate by 0.1 mA/cm^2 every 100 s for 10 min",
        {"by": (*_CURRENT, "pressure"), "every": ("time",), "for": ("time",)},
        (("by",), ("every",), ("for",)),
        {"every": "period", "for": "time"},
    ),
    "open": _Form("open to 10 um in 60 s", {"to": ("opening",), "in": ("time",)}, (("to",), ("in",))),
    **{
        f"gitt {direction}": _Form(
            f"gitt {direction} at C/10 for 10 min, rest 1 h, until {voltage} V",
            {
                "at": _CURRENT,
                "for": ("time",),
                "rest": ("time",),
                "in": ("pulses",),
                "until": _TITRATED,
                "or": _TITRATED,
            },
            (("at",), ("for",), ("rest",), ("until", "in")),
            {"for": "pulse", "rest": "rest"},
            {"step": "gitt", "direction": direction},
        )
        for direction, voltage in (("charge", 4.2), ("discharge", 2.8))
    },
}
EXAMPLES = [form.example for form in _FORMS.values()]
REPEAT = "repeat 50 times"


def mapping(entry: Any) -> Any:
    """Return the mapping that a sentence, or a mapping whose only key is `repeat … times`, stands for.

    Any other `entry` is returned as it is. ValueError names the word that is not understood and what is allowed.
    """
    if isinstance(entry, str):
        return _step(entry.split())
    if phrase := repeat_phrase(entry):
        return {"step": "repeat", "times": _times(phrase.split()), "steps": entry[phrase]}
    return entry


def repeat_phrase(entry: Any) -> str:
    """Return the only key of a mapping if it is made of several words, else ""."""
    if isinstance(entry, dict) and len(entry) == 1:
        (phrase,) = entry
        return phrase if len(phrase.split()) > 1 else ""
    return ""


def _times(words: list[str]) -> int:
    phrase, example = " ".join(words), f"(for example '{REPEAT}:' and below it a list of steps)"
    if words[0].lower() != "repeat":
        raise ValueError(f"'{words[0]}' in '{phrase}' is not understood{did_you_mean(words[0], ['repeat'])} {example}")
    if not re.fullmatch(r"\d{1,9}", words[1]):
        raise ValueError(f"'{words[1]}' in '{phrase}' is not a whole number {example}")
    if [word.lower() for word in words[2:]] not in (["times"], ["time"]):
        raise ValueError(f"'times' is needed after '{words[1]}' in '{phrase}' {example}")
    return int(words[1])


def _step(words: list[str]) -> dict[str, Any]:
    words = [word for text in words if (word := text.rstrip(","))]
    if words and words[0].lower() == "gitt":
        words = [" ".join(words[:2]), *words[2:]]
    verb = words[0].lower() if words else ""
    if verb == "repeat":
        raise ValueError(f"a list of steps is missing; write '{REPEAT}:', with a colon, and below it the list")
    if verb not in _FORMS:
        hint = did_you_mean(verb, [*_FORMS, "repeat"])
        raise ValueError(
            f"'{words[0] if words else ''}' is not understood{hint} (allowed: {', '.join([*_FORMS, REPEAT])})"
        )
    form = _FORMS[verb]
    step: dict[str, Any] = {"step": verb, **form.given}
    used = set()
    for keyword, value in _phrases(words, form):
        name, read = _value(keyword, value, form)
        key = form.keys.get(keyword) or _KEYS.get(name, name)
        target = step.setdefault("until", {}) if keyword in _ENDS and keyword not in form.keys else step
        if key in target:
            raise ValueError(f"the {_words(key)} is given twice, the second time with '{' '.join(value)}'")
        target[key] = read
        used.add(keyword)
    for keywords in form.needed:
        if not used.intersection(keywords):
            raise ValueError(f"{either(keywords)} is missing {_advice(form)}")
    return step


def _phrases(words: list[str], form: _Form) -> Iterator[tuple[str, list[str]]]:
    """Yield each keyword, which may be the verb, with the words up to the next; `or until`, `rest for` are one."""
    lower = [word.lower() for word in words]
    said_twice = {
        index
        for index, (word, following) in enumerate(pairwise(lower))
        if word == "or" and following in _CONDITIONS and index + 2 < len(words)
    } | {index + 1 for index, pair in enumerate(pairwise(lower)) if pair == ("rest", "for")}
    words = [word for index, word in enumerate(words) if index not in said_twice]
    begins = [index for index, word in enumerate(words) if word.lower() in form.phrases]
    if len(words) > 1 and (not begins or begins[0] > 1):
        raise ValueError(_not_understood(words[1], words[0], form))
    for begin, end in zip(begins, [*begins[1:], len(words)], strict=False):
        yield words[begin].lower(), words[begin + 1 : end]


def _value(keyword: str, words: list[str], form: _Form) -> tuple[str, Any]:
    """Return the name of what `words` are and its value."""
    names = form.phrases[keyword]
    if not words:
        raise ValueError(f"a value is missing after '{keyword}' {_advice(form)}")
    for count in range(len(words), 0, -1):
        for name in names:
            try:
                value = _VALUES[name][1](" ".join(words[:count]))
            except ValueError:
                continue
            if count < len(words):
                raise ValueError(_not_understood(words[count], " ".join(words[:count]), form))
            return name, value
    text = " ".join(words)
    if len(names) == 1:
        _VALUES[names[0]][1](text)
    kinds = ", ".join(f"'{_VALUES[name][0]}' ({_words(name)})" for name in names)
    raise ValueError(f"'{text}' is not understood after '{keyword}'; allowed are values such as {kinds}")


def _not_understood(word: str, before: str, form: _Form) -> str:
    return f"'{word}' is not understood after '{before}'{did_you_mean(word, form.phrases)} {_advice(form)}"


def _advice(form: _Form) -> str:
    return f"(for example '{form.example}')"


def _words(name: str) -> str:
    return {"c_rate": "C-rate"}.get(name, name.replace("_", " "))
