"""From pydantic's errors to sentences that say where, what was given and what is allowed."""

from __future__ import annotations

from functools import cache, reduce
from operator import or_
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from interstice.schema.case import Case
from interstice.schema.problems import MOST_PROBLEMS, Key, brief, dotted, in_order
from interstice.schema.protocol import Repeat
from interstice.schema.section import NOT_COMPUTED, Section, fields_of, required
from interstice.schema.sentences import EXAMPLES, repeat_phrase
from interstice.schema.units import unit_of
from interstice.schema.wording import closest, did_you_mean, either


class Located:
    """The values as written, and where."""

    def __init__(self, values: Any, places: dict[Key, str]):
        self.values = values
        self.places = places

    def given(self, key: Key) -> Any:
        here = self.values
        for part in key:
            here = here[part]
        return here

    def has(self, key: Key) -> bool:
        try:
            self.given(key)
        except (KeyError, IndexError, TypeError):
            return False
        return True

    def place(self, key: Key) -> str:
        """Return the place of `key`, or of the block it would stand in."""
        while key and key not in self.places:
            key = key[:-1]
        return self.places[key]

    def written(self, key: Key) -> Key:
        """Return `key` with `repeat … times` where the user wrote that in place of a typed step."""
        for depth, part in enumerate(key):
            if not self.has(key[:depth]):
                break
            phrase = repeat_phrase(self.given(key[:depth]))
            if phrase and part in ("times", "steps"):
                return self.written((*key[:depth], phrase, *(key[depth + 1 :] if part == "steps" else ())))
        return key

    def problem(self, key: Key, message: str) -> str:
        """Return the message with its place, key and what was given; of a part of a sentence, the whole sentence."""
        key = self.written(key)
        for depth in range(len(key)):
            if self.has(key[:depth]) and isinstance(self.given(key[:depth]), str):
                key, message = key[:depth], f"{dotted(key[depth:])}: {message}"
                break
        given = self.given(key) if self.has(key) else None
        shown = f" = {brief(given, longest=100)}" if self.has(key) and not isinstance(given, dict | list) else ""
        return f"{self.place(key)}: {dotted(key)}{shown}: {message}"


class _Spot(NamedTuple):
    """Where in the schema an error lies: the key as the user writes it, the field (if there is one), its blocks."""

    key: Key
    field: FieldInfo | None
    sections: list[type[Section]]


def explain(error: ValidationError, located: Located, root: type[Section] = Case) -> list[str]:
    """Return the errors as sentences, in the order of the file, of which `root` is the outermost block."""
    details = [detail for detail in error.errors(include_url=False) if detail["type"] != NOT_COMPUTED]
    spots = [(detail, _spot(detail["loc"], root)) for detail in details]
    spots = [(detail, spot._replace(key=located.written(spot.key))) for detail, spot in spots]
    missing = {spot.key for detail, spot in spots if detail["type"] == "missing"}
    problems: dict[str, None] = {}
    replaced: set[Key] = set()
    for detail, spot in spots:
        if detail["type"] == "extra_forbidden":
            name, allowed = str(spot.key[-1]), _keys(spot.sections)
            # thousands are not read, and to compare words takes time
            close = closest(name, allowed) if len(problems) < MOST_PROBLEMS else []
            replaced |= {(*spot.key[:-1], other) for other in close} & missing
            elsewhere = _elsewhere(root).get(name)
            if close:
                hint = f"; did you mean {either(close)}?"
            else:
                hint = f"; it belongs in {either(elsewhere)}" if elsewhere else ""
            message = f"unknown key{hint} (allowed here: {', '.join(allowed)})"
            problems[f"{located.place(spot.key)}: {dotted(spot.key)}: {message}"] = None
    for detail, spot in spots:
        if detail["type"] != "extra_forbidden" and spot.key not in replaced:
            key, message = _sentence(detail, spot, located)
            problems[located.problem(key, message)] = None
    return in_order(problems)


def _sentence(detail: ErrorDetails, spot: _Spot, located: Located) -> tuple[Key, str]:
    """Return the key to blame and what is wrong with it."""
    kind, context, key = detail["type"], detail.get("ctx", {}), spot.key
    if kind == "missing":
        return key, f"missing; needed is {_needed(spot)}"
    if located.has(key) and located.given(key) is None:
        return key, f"no value is given; needed is {_needed(spot)}"
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        discriminator = _discriminator(spot.sections[0])
        choices = [tag for section in spot.sections for tag in _tags(section)]
        chosen = (*key, discriminator)
        if not located.has(chosen):
            return chosen, f"missing; allowed: {', '.join(choices)}"
        return chosen, _choice(located.given(chosen), choices)
    if kind in ("model_type", "model_attributes_type", "dict_type"):
        return key, f"needed is {_needed(spot)}"
    if kind == "literal_error":
        choices = [str(choice) for choice in get_args(_plain(spot.field.annotation))] if spot.field else []
        return key, _choice(located.given(key), choices)
    if kind in ("value_error", "assertion_error"):
        message = str(context.get("error", detail["msg"]))
        name = message.split(" ", 1)[0]
        if spot.sections and name in _keys(spot.sections):
            key, message = (*key, name), message[len(name) + 1 :]
        return key, message
    if kind in ("greater_than", "greater_than_equal", "less_than", "less_than_equal"):
        words = {"greater_than": "greater than", "greater_than_equal": "at least", "less_than": "less than"}
        limit = next(iter(context.values()))
        unit = unit_of(spot.field) if spot.field else None
        return key, f"must be {words.get(kind, 'at most')} {limit:g}" + (f", such as '{unit.example}'" if unit else "")
    if kind in ("too_short", "too_long"):
        least = kind == "too_short"
        limit = f"at least {context['min_length']}" if least else f"at most {context['max_length']}"
        return key, f"the number of entries must be {limit}, given are {context['actual_length']}"
    if kind == "string_too_long":
        return key, f"at most {context['max_length']} characters, given are {len(located.given(key))}"
    words = {
        "float_type": "a number without unit is needed",
        "int_type": "a whole number is needed",
        "int_from_float": "a whole number is needed",
        "int_parsing_size": "a smaller whole number is needed",
        "finite_number": "a finite number is needed",
        "string_type": "text is needed; put it in quotes",
        "path_type": "the path of a file is needed",
        "list_type": "a list is needed, entries beginning with '- '",
        "tuple_type": "a list is needed",
    }
    message = words.get(kind) or detail["msg"].replace("Input should be", "must be")
    return key, message + _limits(spot.field)


def _choice(given: Any, choices: list[str]) -> str:
    return f"not one of the choices{did_you_mean(str(given), choices)} (allowed: {', '.join(choices)})"


def _spot(location: tuple[str | int, ...], root: type[Section]) -> _Spot:
    """Follow pydantic's `location` through the schema; the names of union members in it are not the user's keys."""
    key: Key = ()
    field: FieldInfo | None = None
    annotation: Any = root
    for part in location:
        sections = _sections(annotation)
        if get_origin(_plain(annotation)) is dict:
            annotation = get_args(_plain(annotation))[1]
            key = (*key, part)
        elif isinstance(part, int):
            arguments = get_args(_plain(annotation))
            annotation = arguments[0] if arguments else None
            key = (*key, part)
        elif (member := _member(annotation, part)) is not None:
            annotation = member
        elif len(sections) > 1:
            annotation = next(section for section in sections if part in _tags(section))
        elif sections:
            field = fields_of(sections[0]).get(part)
            annotation = field.annotation if field else None
            key = (*key, part)
            if field is None:
                return _Spot(key, None, sections)
        else:
            annotation = None
    return _Spot(key, field, _sections(annotation))


def _plain(annotation: Any) -> Any:
    """Return `annotation` without Annotated and without None."""
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    arguments = get_args(annotation)
    if type(None) in arguments:
        return _plain(reduce(or_, (argument for argument in arguments if argument is not type(None))))
    return annotation


def _member(annotation: Any, tag: str) -> Any:
    """Return the member of a union of values whose pydantic Tag is `tag`."""
    for member in get_args(_plain(annotation)):
        if any(getattr(extra, "tag", None) == tag for extra in get_args(member)[1:]):
            return member
    return None


def _sections(annotation: Any) -> list[type[Section]]:
    """Return the blocks that may stand where `annotation` is."""
    plain = _plain(annotation)
    members = get_args(plain) if get_origin(plain) in (Union, UnionType) else [plain]
    candidates = [_plain(member) for member in members]
    return [candidate for candidate in candidates if isinstance(candidate, type) and issubclass(candidate, Section)]


def _discriminator(section: type[Section]) -> str:
    """Return the key that tells one block of a union from the others: the first, by convention."""
    return next(iter(section.model_fields))


def _tags(section: type[Section]) -> tuple[str, ...]:
    annotation = section.model_fields[_discriminator(section)].annotation
    return get_args(annotation) if get_origin(annotation) is Literal else ()


def _keys(sections: list[type[Section]]) -> list[str]:
    return list(dict.fromkeys(name for section in sections for name in fields_of(section)))


def _limits(field: FieldInfo | None) -> str:
    if field is None:
        return ""
    extras = [*field.metadata, *(extra for argument in get_args(field.annotation) for extra in get_args(argument)[1:])]
    extras += [inner for extra in extras if isinstance(extra, FieldInfo) for inner in extra.metadata]
    words = (("gt", "greater than"), ("ge", "at least"), ("lt", "less than"), ("le", "at most"))
    limits = [f"{word} {getattr(extra, name):g}" for extra in extras for name, word in words if hasattr(extra, name)]
    return f", {' and '.join(limits)}" if limits else ""


def _needed(spot: _Spot) -> str:
    """Describe what may stand at `spot`."""
    field = spot.field
    if len(spot.sections) > 1:
        discriminator = _discriminator(spot.sections[0])
        choices = [tag for section in spot.sections for tag in _tags(section)]
        sentence = f", or a sentence such as '{EXAMPLES[0]}'" if Repeat in spot.sections else ""
        return f"a block of 'key: value' lines with {discriminator}: {either(choices)}{sentence}"
    if spot.sections:
        names = required(spot.sections[0]) or list(fields_of(spot.sections[0]))
        return f"a block of 'key: value' lines with {', '.join(names)}"
    unit = unit_of(field) if field else None
    about = f" ({field.description})" if field and field.description else ""
    if unit:
        return f"a value with a unit, such as '{unit.example}'{about}"
    plain = _plain(field.annotation) if field else None
    if get_origin(plain) is Literal:
        return f"one of {', '.join(str(choice) for choice in get_args(plain))}"
    words: dict[Any, str] = {
        str: "text",
        float: "a number",
        int: "a whole number",
        Path: "the path of a file",
        list: "a list",
    }
    return f"{words.get(get_origin(plain) or plain, 'a value')}{_limits(field)}{about}"


@cache
def _elsewhere(root: type[Section]) -> dict[str, list[str]]:
    """Return the dotted paths at which the schema has each key."""
    found: dict[str, list[str]] = {}

    def walk(section: type[Section], path: str) -> None:
        for key, field in fields_of(section).items():
            here = path or "the top level of the file"
            if here not in found.setdefault(key, []):
                found[key].append(here)
            for inner in _sections(field.annotation):
                walk(inner, f"{path}.{key}" if path else key)

    walk(root, "")
    return found
