"""A study: one case run many times, with values of it replaced, and what is wanted of the runs.

The full product of the axes is run, each with every sample. Values stand as they are written in a case; whether a case
may have them is found out by reading the case of each run.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BeforeValidator, Discriminator, Field, Tag

from interstice.schema.outcomes import TABLE, WALL_TIME, Outcome, StudyFigure, is_in_summary, summary_names
from interstice.schema.problems import Key, Problem
from interstice.schema.section import CaseFile, Section
from interstice.schema.units import NUMBER, UNIT, Bytes, Time, Unit
from interstice.schema.wording import did_you_mean

MOST_RUNS = 100_000
"""Each is read before the first begins, which takes a tenth of a second."""
MOST_KEYS = 100
DIGITS = 9
"""Of values between the ends of a range: they are read by people, and differ by more."""
_KEY = re.compile(r"[^.=\s][^.=]*(?:\.[^.=]+)*")

Value = str | int | float


def _end(value: Any) -> Any:
    """Return the end of a range: a number, or text with a number and a unit."""
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return value
    if isinstance(value, str) and (match := re.match(NUMBER, value.strip())):
        unit = value.strip()[match.end() :].strip()
        if re.fullmatch(UNIT, unit) and math.isfinite(float(match[0])):
            return value.strip()
    raise ValueError("a number is needed, or one with a unit, such as '10 nm'")


def _split(end: Any) -> tuple[float, str]:
    """Return the number and the unit of the end of a range, "" if it has none."""
    if not isinstance(end, str):
        return float(end), ""
    match = re.match(NUMBER, end)
    assert match
    return float(match[0]), end[match.end() :].strip()


End = Annotated[Any, BeforeValidator(_end)]


class Span(Section):
    """All values between two."""

    start: End = Field(alias="from", description="the first value, as it stands in a case")
    to: End = Field(description="the last value")
    spacing: Literal["linear", "log"] = Field(default="linear", description="log: by equal factors")

    def problem(self) -> str:
        """Return what is wrong with the ends, "" if nothing is."""
        try:
            (low, _), (high, _) = self._ends()
        except ValueError as error:
            return str(error)
        if low == high:
            return "the ends are the same"
        if self.spacing == "log" and not (low > 0.0 and high > 0.0):
            return "spacing log needs ends above 0"
        return ""

    def at(self, shares: Any) -> list[Value]:
        """Return the values at shares of the way from the first to the last, an array of numbers from 0 to 1."""
        (low, unit), (high, _) = self._ends()
        if self.spacing == "log":
            found = np.exp(np.log(low) + np.asarray(shares) * (np.log(high) - np.log(low)))
        else:
            found = low + np.asarray(shares) * (high - low)
        numbers = [float(f"{one:.{DIGITS}g}") for one in found]
        if unit:
            return [f"{one:.{DIGITS}g} {unit}" for one in numbers]
        whole = isinstance(self.start, int) and isinstance(self.to, int)
        return [int(one) if whole and one.is_integer() else one for one in numbers]

    def _ends(self) -> tuple[tuple[float, str], tuple[float, str]]:
        """Return both ends as numbers in the unit of the first, "" if they have none; ValueError if they do not fit."""
        first, last = _split(self.start), _split(self.to)
        if first[1] == last[1]:
            return first, last
        if not (first[1] and last[1]):
            raise ValueError("one end has a unit, the other has none")
        return first, (Unit(first[1], str(self.start)).parse(self.to), first[1])


class Range(Span):
    """So many values between two, the ends among them."""

    count: Annotated[int, Field(ge=2, le=MOST_RUNS)] = Field(description="of values")

    @property
    def values(self) -> list[Value]:
        """The values, as they stand in a case."""
        return self.at(np.linspace(0.0, 1.0, self.count))


def _list_or_range(given: Any) -> str:
    return "range" if isinstance(given, dict | Range) else "list"


Axis = Annotated[
    Annotated[list[Any], Field(min_length=1, max_length=MOST_RUNS), Tag("list")] | Annotated[Range, Tag("range")],
    Discriminator(_list_or_range),
]


def values_of(axis: list[Any] | Range) -> list[Any]:
    """Return the values of an axis."""
    return axis.values if isinstance(axis, Range) else axis


class Sample(Section):
    """Values drawn from ranges."""

    method: Literal["latin_hypercube", "sobol", "saltelli"] = Field(
        description="saltelli: the points of which Sobol indices, first and total, are made: count × (keys + 2) of them"
    )
    count: Annotated[int, Field(ge=1, le=MOST_RUNS)] = Field(
        description="of points; of sobol and saltelli a power of 2"
    )
    seed: Annotated[int, Field(ge=0, le=2**32 - 1)] = Field(default=0, description="other points for another one")
    over: dict[str, Span] = Field(min_length=1, max_length=MOST_KEYS, description="the range of each key")

    @property
    def points(self) -> int:
        """How many points there are."""
        return self.count * (len(self.over) + 2) if self.method == "saltelli" else self.count


class Needs(Section):
    """What each run gets."""

    ranks: Annotated[int, Field(ge=1, le=4096)] = Field(default=1, description="of MPI")
    memory: Bytes | None = Field(default=None, description="twice the estimate, at least 1 GB, if not given")
    time: Time | None = Field(
        default=None,
        description="after which a run writes a checkpoint and makes room; it goes on in its next attempt. On a "
        "cluster three times the estimate, at least 10 min, if not given",
    )
    retries: Annotated[int, Field(ge=0, le=100)] = Field(
        default=2, description="of a run that was killed or ran out of time or room; it goes on from its checkpoint"
    )


def _file_or_mapping(given: Any) -> str:
    return "mapping" if isinstance(given, dict) else "file"


class Study(Section):
    """A whole study."""

    title: Annotated[str, Field(max_length=300)]
    case: Annotated[
        Annotated[CaseFile, Tag("file")] | Annotated[dict[str, Any], Tag("mapping")], Discriminator(_file_or_mapping)
    ] = Field(description="path of the case, relative to the study; or the keys and values of one")
    set: dict[str, Any] = Field(default={}, description="values replaced in every run, by their dotted keys")
    axes: dict[str, Axis] = Field(
        default={},
        max_length=MOST_KEYS,
        description="by dotted key a list of values, or {from, to, count, spacing}; their product is run",
    )
    linked: list[Annotated[dict[str, Annotated[list[Any], Field(min_length=1)]], Field(max_length=MOST_KEYS)]] = Field(
        default=[], max_length=MOST_KEYS, description="each entry is one more axis, whose keys change together"
    )
    sample: Sample | None = None
    runs: Needs = Needs()
    outputs: dict[Annotated[str, Field(pattern=r"^[^\[\]\s][^\[\]\n]{0,59}$")], Outcome] = Field(
        default={}, description="numbers of each run by their names"
    )
    figures: list[StudyFigure] = Field(default=[], description="what is drawn of the study")

    @property
    def keys(self) -> list[str]:
        """The keys of what varies, in the order of the file."""
        linked = [key for entry in self.linked for key in entry]
        return [*self.axes, *linked, *(self.sample.over if self.sample else ())]

    @property
    def count(self) -> int:
        """How many runs there are, before those that are the same are taken together."""
        lengths = [axis.count if isinstance(axis, Range) else len(axis) for axis in self.axes.values()]
        lengths += [len(next(iter(entry.values()))) for entry in self.linked if entry]
        return math.prod(lengths) * (self.sample.points if self.sample else 1)


def problems(study: Study) -> Iterator[Problem]:
    """Yield what the blocks of a study ask of each other."""
    places: dict[str, Key] = {}
    named: list[tuple[str, Key]] = [(key, ("axes", key)) for key in study.axes]
    named += [(key, ("linked", number, key)) for number, entry in enumerate(study.linked) for key in entry]
    named += [(key, ("sample", "over", key)) for key in (study.sample.over if study.sample else ())]
    fixed: list[tuple[str, Key]] = [(key, ("set", key)) for key in study.set]
    for key, place in [*fixed, *named]:
        if not _KEY.fullmatch(key):
            yield place, "write the dotted key of a value of the case, such as stack.pressure"
        elif key in places:
            yield place, f"is given twice, first in {'.'.join(map(str, places[key][:-1]))}"
        places.setdefault(key, place)
    if not named:
        yield ("axes",), "nothing varies; give axes, linked or sample a key"
    spans: Mapping[Key, Span] = {
        **{("axes", key): axis for key, axis in study.axes.items() if isinstance(axis, Range)},
        **{("sample", "over", key): span for key, span in (study.sample.over if study.sample else {}).items()},
    }
    for place, span in spans.items():
        if wrong := span.problem():
            yield place, wrong
    for number, entry in enumerate(study.linked):
        lengths = {key: len(values) for key, values in entry.items()}
        if not entry:
            yield ("linked", number), "no key is given"
        elif len(set(lengths.values())) > 1:
            told = ", ".join(f"{key} {length}" for key, length in lengths.items())
            yield ("linked", number), f"its keys change together and need equally many values; given are {told}"
    if study.sample and study.sample.method != "latin_hypercube" and study.sample.count.bit_count() != 1:
        near = 2 ** (study.sample.count.bit_length() - 1)
        yield ("sample", "count"), f"points of {study.sample.method} are even for powers of 2; use {near} or {2 * near}"
    if study.count > MOST_RUNS:
        yield ("axes",), f"{study.count:,} runs are the product of all axes and samples; at most {MOST_RUNS:,} are made"
    for number, figure in enumerate(study.figures):
        asked = {"x": getattr(figure, "x", None), "y": getattr(figure, "y", None), "by": getattr(figure, "by", None)}
        for name, varied in asked.items():
            if varied is not None and varied not in study.keys:
                yield ("figures", number, name), f"does not vary{did_you_mean(varied, study.keys)}"
        known = [*study.outputs, *summary_names(), WALL_TIME]
        if figure.of not in known and not is_in_summary(figure.of):
            yield (
                ("figures", number, "of"),
                f"is no output{did_you_mean(figure.of, known)}; there are {', '.join(known)}",
            )
        if figure.kind == "sensitivity" and not study.sample:
            yield ("figures", number, "kind"), "needs a sample, over whose keys the variance is shared out"
    for name in study.outputs:
        if name in (*study.keys, *TABLE):
            yield ("outputs", name), "is the name of another column of the table; call it otherwise"
