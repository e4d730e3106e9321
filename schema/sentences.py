"""The language of a protocol: a sentence stands for the mapping of a typed step of `interstice.schema.case`.

    charge at 0.1 mA/cm^2 until 4.2 V          {step: charge, current_density: 0.1 mA/cm^2, until: {voltage: 4.2 V}}
    discharge at C/10 until 2.8 V or 2 h       {step: discharge, c_rate: 0.1, until: {voltage: 2.8 V, time: 2 h}}
    charge at 1C until active fraction 0.4     {step: charge, c_rate: 1.0, until: {active_fraction: 0.4}}
    hold at 4.2 V until 0.05C or 2 h           {step: hold, voltage: 4.2 V, until: {c_rate: 0.05, time: 2 h}}
    rest for 1 h                               {step: rest, time: 1 h}
    press to 10 MPa in 60 s                    {step: press, pressure: 10 MPa, time: 60 s}
    repeat 50 times: [ … ]                     {step: repeat, times: 50, steps: [ … ]}

A sentence is a verb and phrases; a phrase is a keyword and a value, which the dimension of its unit tells apart from
others. Values are checked by the schema; here only what they are is decided.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from interstice.schema import units
from interstice.schema.wording import did_you_mean, either

_C_RATE = re.compile(rf"({units.NUMBER})?\s*C(?:\s*/\s*({units.NUMBER}))?", re.IGNORECASE)
_ACTIVE_FRACTION = re.compile(rf"active[ _]fraction ({units.NUMBER})", re.IGNORECASE)


def _c_rate(text: str) -> float:
    match = _C_RATE.fullmatch(text)
    if not match or float(match[2] or 1) == 0.0:
        raise ValueError("a C-rate is needed, such as 'C/10'")
    return float(match[1] or 1) / float(match[2] or 1)


def _active_fraction(text: str) -> float:
    match = _ACTIVE_FRACTION.fullmatch(text)
    if not match:
        raise ValueError("an active fraction is needed, such as 'active fraction 0.5'")
    return float(match[1])


def _quantity(kind: Any) -> tuple[str, Callable[[str], Any]]:
    unit = units.unit(kind)

    def checked(text: str) -> str:
        unit.parse(text)
        return text

    return unit.example, checked


_VALUES: dict[str, tuple[str, Callable[[str], Any]]] = {
    "c_rate": ("C/10", _c_rate),
    "active_fraction": ("active fraction 0.5", _active_fraction),
    "current_density": _quantity(units.CurrentDensity),
    "opening": _quantity(units.Length),
    "pressure": _quantity(units.Pressure),
    "time": _quantity(units.Time),
    "voltage": _quantity(units.Voltage),
}
"""For each key of a step an example in a sentence, and what makes its value of text; ValueError for any other text."""

_ENDS = ("until", "or", "for")
_CURRENT = ("c_rate", "current_density")
_STOP = ("voltage", "time", "active_fraction")
_HOLD_STOP = (*_CURRENT, "time", "active_fraction")


@dataclass(frozen=True)
class _Form:
    """How a sentence with one verb is built: what may stand after each keyword, and an example."""

    example: str
    phrases: dict[str, tuple[str, ...]]

    @property
    def needed(self) -> list[tuple[str, ...]]:
        """Keywords one of which must be there."""
        ends = tuple(keyword for keyword in self.phrases if keyword in ("until", "for"))
        return [*((keyword,) for keyword in self.phrases if keyword not in _ENDS), *([ends] if ends else [])]


_GALVANOSTATIC = {"at": _CURRENT, "until": _STOP, "or": _STOP, "for": ("time",)}
_FORMS = {
    "charge": _Form("charge at C/10 until 4.2 V", _GALVANOSTATIC),
    "discharge": _Form("discharge at 0.1 mA/cm^2 until 2.8 V or 2 h", _GALVANOSTATIC),
    "hold": _Form(
        "hold at 4.2 V until C/20 or 2 h", {"at": ("voltage",), "until": _HOLD_STOP, "or": _HOLD_STOP, "for": ("time",)}
    ),
    "rest": _Form("rest for 1 h", {"for": ("time",)}),
    "press": _Form("press to 10 MPa in 60 s", {"to": ("pressure",), "in": ("time",)}),
    "open": _Form("open to 10 um in 60 s", {"to": ("opening",), "in": ("time",)}),
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
    verb = words[0].lower() if words else ""
    if verb == "repeat":
        raise ValueError(f"a list of steps is missing; write '{REPEAT}:', with a colon, and below it the list")
    if verb not in _FORMS:
        hint = did_you_mean(verb, [*_FORMS, "repeat"])
        raise ValueError(
            f"'{words[0] if words else ''}' is not understood{hint} (allowed: {', '.join([*_FORMS, REPEAT])})"
        )
    form = _FORMS[verb]
    step: dict[str, Any] = {"step": verb}
    ends: dict[str, Any] = step.setdefault("until", {}) if "until" in form.phrases else step
    used = set()
    for keyword, value in _phrases(words, form):
        name, read = _value(keyword, value, form)
        target = ends if keyword in _ENDS else step
        if name in target:
            raise ValueError(f"the {_words(name)} is given twice, the second time with '{' '.join(value)}'")
        target[name] = read
        used.add(keyword)
    for keywords in form.needed:
        if not used.intersection(keywords):
            raise ValueError(f"{either(keywords)} is missing {_advice(form)}")
    return step


def _phrases(words: list[str], form: _Form) -> Iterator[tuple[str, list[str]]]:
    """Yield each keyword with the words up to the next; `or until`, `or for` are one."""
    if len(words) > 1 and words[1].lower() not in form.phrases:
        raise ValueError(_not_understood(words[1], words[0], form))
    begins = [index for index, word in enumerate(words) if index and word.lower() in form.phrases]
    for begin, end in zip(begins, [*begins[1:], len(words)], strict=False):
        joined = words[begin].lower() == "or" and end == begin + 1 and words[end : end + 1] != []
        if not (joined and words[end].lower() in ("until", "for")):
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
