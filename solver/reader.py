"""Reads a case file: YAML in, a checked `Case` out, and every error at once, each with its file, line and key."""

from __future__ import annotations

import difflib
import io
import json
import os
import re
import stat
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import reduce
from operator import or_
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from interstice.materials import Material, MaterialError, load, names
from interstice.materials.library import SHIPPED
from interstice.meshes import check
from interstice.schema import Case, Charge, Discharge, Electrode, Electrolyte, Repeat, Section, Step, check_path
from interstice.schema.sentences import EXAMPLES, repeat_phrase
from interstice.schema.units import Unit
from interstice.schema.wording import closest, did_you_mean, either

MARK = "# Written by Interstice:"
LARGEST = 200_000
MOST_VALUES = 50_000
LONGEST_LINE = 2_000
DEEPEST = 20
MOST_PROBLEMS = 30

Key = tuple[str | int, ...]
Problem = tuple[Key, str]


class CaseError(ValueError):
    """A case that cannot be used; the text lists every problem with its file, line and key."""

    def __init__(self, problems: Sequence[str]):
        self.problems = list(problems)
        lines = self.problems[:MOST_PROBLEMS]
        if len(self.problems) > MOST_PROBLEMS:
            lines.append(f"… and {len(self.problems) - MOST_PROBLEMS} more")
        super().__init__("\n".join(lines))


@dataclass(frozen=True)
class LoadedCase:
    """A checked case, the absolute path it came from, that path's folder, and the materials with overrides applied.

    The materials are by the names of the sides.
    """

    case: Case
    path: Path
    folder: Path
    materials: dict[str, Material]


def read_case(path: str | Path, overrides: Sequence[str] = ()) -> LoadedCase:
    """Read the case file at `path`, replace single values (``"stack.pressure=5 MPa"``) and check everything.

    Raises
    ------
    CaseError
        with all problems found.
    """
    shown = Path(path)
    values, places = _values(_text(shown), str(shown))
    return _checked(values, places, shown.resolve(), overrides)


def read_mapping(values: Mapping[str, Any], overrides: Sequence[str] = ()) -> LoadedCase:
    """Return the case whose keys and values are those of a mapping, checked like a file's; CaseError as `read_case`.

    Relative paths in it begin at the current folder, in which the case is taken to be called case.yaml.
    """
    try:
        text = json.dumps(values, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise CaseError([f"case: mappings, lists, texts and numbers are needed: {error}"]) from None
    plain, places = _values(text, "case")
    return _checked(plain, dict.fromkeys(places, "case"), Path("case.yaml").resolve(), overrides)


def _checked(values: Any, places: dict[Key, str], path: Path, overrides: Sequence[str]) -> LoadedCase:
    """Return the case of plain `values`, after the overrides; CaseError with all that is wrong."""
    for override in overrides:
        values = _override(values, places, override)
    located = _Located(values, places)
    folder = path.parent
    try:
        case = Case.model_validate_json(json.dumps(values), strict=True, context={"folder": folder})
    except ValidationError as error:
        raise CaseError(_explain(error, located)) from None
    materials, problems = {}, list(_misnamed(case))
    for name, side in (case.hosts | case.conductors).items():
        materials[name], more = _material(_block(case, name), side, folder)
        problems += more
    problems += _inconsistencies(case, folder, materials)
    if problems:
        raise CaseError(_sorted(located.problem(key, message) for key, message in problems))
    found = {name: material for name, material in materials.items() if material}
    return LoadedCase(_with_material_files(case, found), path, folder, found)


def dump_case(case: Case) -> str:
    """Return `case` as YAML with all defaults filled in and values in SI units; it reads back equal."""
    yaml = YAML()
    # A folded line of text in double quotes does not always read back equal.
    yaml.width = sys.maxsize
    stream = io.StringIO()
    stream.write(f"{MARK} all defaults filled in, values in SI units, paths absolute.\n")
    yaml.dump(_escaped(case.model_dump(mode="json", exclude_none=True)), stream)
    return stream.getvalue()


def _escaped(value: Any) -> Any:
    """Return `value` with all text in double quotes that holds line breaks, control characters and the like.

    YAML escapes them there; elsewhere it takes some of them, such as U+0085, for the end of a line.
    """
    if isinstance(value, str):
        return value if value.isprintable() else DoubleQuotedScalarString(value)
    if isinstance(value, Mapping):
        return {name: _escaped(entry) for name, entry in value.items()}
    return [_escaped(entry) for entry in value] if isinstance(value, list) else value


# --- from bytes to plain values, with the line of each ------------------------------------------------


def _text(path: Path) -> str:
    """Return the text of the file; CaseError if there is none that could be a case."""
    try:
        status = path.stat()
        if refusal := _refusal(path, status):
            raise CaseError([f"{path}: {refusal}"])
        content = path.read_bytes()
    except FileNotFoundError:
        raise CaseError([f"{path}: no such file{_similar_files(path)}"]) from None
    except CaseError:
        raise
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise CaseError([f"{path}: cannot be read: {reason}"]) from None
    if b"\0" in content:
        raise CaseError([f"{path}: a binary file; a case file is YAML text in UTF-8"])
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        byte = f"byte 0x{content[error.start]:02x}"
        raise CaseError([f"{path}:{line}: {byte} is not UTF-8; save the file as UTF-8 text"]) from None
    for number, words in enumerate(text.splitlines(), start=1):
        if len(words) > LONGEST_LINE:
            length = f"{len(words)} characters; at most {LONGEST_LINE} are read"
            raise CaseError([f"{path}:{number}: the line has {length}"])
    if not text.strip():
        raise CaseError([f"{path}:1: the file is empty; {_wanted()}"])
    return text


def _refusal(path: Path, status: os.stat_result) -> str:
    """Say why the file is not even opened; empty if it is."""
    if stat.S_ISDIR(status.st_mode):
        cases = sorted(str(case) for pattern in ("*.yaml", "*.yml") for case in path.glob(pattern))
        return "a folder; a case file is needed" + (f"; it holds {', '.join(cases[:10])}" if cases else "")
    if not stat.S_ISREG(status.st_mode):
        return "not a regular file; a case file is needed"
    if status.st_size > LARGEST:
        return f"{status.st_size / 1e6:.1f} MB is too large for a case file; at most {LARGEST / 1e6:g} MB are read"
    return ""


def _wanted() -> str:
    return f"a case has the keys {', '.join(_required(Case))}"


def _similar_files(path: Path) -> str:
    try:
        names = sorted(entry.name for entry in path.parent.iterdir())
    except OSError:
        return f"; the folder {path.parent} does not exist"
    same_stem = [name for name in names if Path(name).stem == path.name and name != path.name]
    close = same_stem or difflib.get_close_matches(path.name, names, n=3, cutoff=0.6)
    return f"; did you mean {either([str(path.parent / name) for name in close])}?" if close else ""


def _values(text: str, file: str) -> tuple[Any, dict[Key, str]]:
    """Return what the YAML `text` holds and the place (``file:line``) of each key."""
    try:
        root = _compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise CaseError([f"{file}:{line}: not valid YAML: {_yaml_problem(error, text)}"]) from None
    except YAMLError as error:
        position = getattr(error, "position", 0)
        line = text.count("\n", 0, position if isinstance(position, int) else 0) + 1
        raise CaseError([f"{file}:{line}: not valid YAML: it contains a control character"]) from None
    except RecursionError:
        raise CaseError([f"{file}:1: not a case: blocks are nested too deeply"]) from None
    except (ValueError, AssertionError, AttributeError, TypeError, IndexError, KeyError):
        raise CaseError([f"{file}:1: not valid YAML"]) from None
    if not isinstance(root, MappingNode):
        kind = {ScalarNode: "a single value", SequenceNode: "a list", type(None): "nothing but comments"}[type(root)]
        line = root.start_mark.line + 1 if root else 1
        raise CaseError([f"{file}:{line}: {kind} where 'key: value' lines are needed; {_wanted()}"])
    builder = _Builder(lambda node: f"{file}:{node.start_mark.line + 1}")
    values = builder.value(root, ())
    if builder.problems:
        raise CaseError(builder.problems)
    return values, builder.places


def _compose(text: str) -> Node | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # ruamel.yaml warns of anchors that are used again
        return YAML(typ="safe", pure=True).compose(text)


def _yaml_problem(error: MarkedYAMLError, text: str) -> str:
    mark = error.problem_mark
    line = text.split("\n")[mark.line] if mark and mark.line < text.count("\n") + 1 else ""
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return "the line is indented with a tab; use spaces"
    problem = str(error.problem or error.context)
    if "another document" in problem:
        return "a second document ('---') begins; a case file holds one"
    if "mapping values are not allowed" in problem:
        problem = "a ':' is not allowed here; check the indentation, and put text that contains ': ' in quotes"
    context = error.context
    begun = f" begun in line {error.context_mark.line + 1}" if error.context_mark else ""
    return f"{problem}, {context}{begun}" if context else problem


class _Builder:
    """Turns YAML nodes into dicts, lists and scalars, and notes where each key stands."""

    def __init__(self, place: Callable[[Node], str]):
        self.place = place
        self.places: dict[Key, str] = {}
        self.problems: list[str] = []
        self._scalars = YAML(typ="safe", pure=True).constructor

    def value(self, node: Node, key: Key) -> Any:
        self.places.setdefault(key, self.place(node))
        if len(self.places) > MOST_VALUES or len(key) > DEEPEST:
            raise CaseError([f"{self.place(node)}: too many values or levels; do aliases (*name) repeat each other?"])
        if isinstance(node, MappingNode):
            return self._mapping(node, key)
        if isinstance(node, SequenceNode):
            return [self.value(item, (*key, index)) for index, item in enumerate(node.value)]
        return self._scalar(node, key)

    def _mapping(self, node: MappingNode, key: Key) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for name_node, value_node in node.value:
            if not isinstance(name_node, ScalarNode):
                self._problem(name_node, key, "a key must be a plain word")
                continue
            name = self._text(name_node, key)
            if name in result:
                self._problem(name_node, (*key, name), f"the key is given twice, first in {self.places[*key, name]}")
                continue
            self.places[*key, name] = self.place(name_node)
            result[name] = self.value(value_node, (*key, name))
        return result

    def _scalar(self, node: Node, key: Key) -> Any:
        kind = str(node.tag).removeprefix("tag:yaml.org,2002:")
        if kind in ("str", "timestamp", "merge"):
            return self._text(node, key)
        if kind not in ("int", "float", "bool", "null"):
            self._problem(node, key, f"the tag {_brief(kind)} is not used in case files")
            return None
        try:
            return self._scalars.construct_object(node)
        except (ValueError, YAMLError):
            self._problem(node, key, f"{_brief(node.value)} cannot be read as a number")
            return None

    def _text(self, node: Node, key: Key) -> str:
        try:
            return str(node.value).encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeDecodeError:
            self._problem(node, key, "half of a surrogate pair is not a character")
            return ""

    def _problem(self, node: Node, key: Key, message: str) -> None:
        self.problems.append(f"{self.place(node)}: {_dotted(key)}: {message}")


def _override(values: Any, places: dict[Key, str], override: str) -> Any:
    """Return `values` with one ``key.path=value`` replaced."""
    place = f"--set {_brief(override, quotes=False)}"
    name, equals, text = override.partition("=")
    parts = name.strip().split(".")
    if not equals or not all(parts):
        raise CaseError([f"{place}: write key.path=value, such as --set 'stack.pressure=5 MPa'"])
    try:
        node = _compose(text)
    except (YAMLError, RecursionError, ValueError):
        raise CaseError([f"{place}: the value is not valid YAML; put it in quotes"]) from None
    here = values
    key: Key = ()
    for depth, part in enumerate(parts):
        last = depth == len(parts) - 1
        step: str | int = part
        if isinstance(here, list):
            if not re.fullmatch(r"\d{1,9}", part) or int(part) >= len(here):
                allowed = f"allowed are the indices 0 to {len(here) - 1}, given {part!r}"
                raise CaseError([f"{place}: {_dotted(key)} is a list; {allowed}"])
            step = int(part)
        elif not isinstance(here, dict):
            raise CaseError([f"{place}: {_dotted(key)} is a single value; it has no key {part!r}"])
        key = (*key, step)
        if last:
            for old in [old for old in places if old[: len(key)] == key]:
                del places[old]
            builder = _Builder(lambda _: place)
            here[step] = None if node is None else builder.value(node, key)
            places[key] = place
            if builder.problems:
                raise CaseError(builder.problems)
        else:
            if isinstance(here, dict) and here.get(part) is None:
                here[part] = {}
                places[key] = place
            here = here[step]
    return values


# --- from pydantic's errors to sentences --------------------------------------------------------------


class _Located:
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
                key, message = key[:depth], f"{_dotted(key[depth:])}: {message}"
                break
        given = self.given(key) if self.has(key) else None
        shown = f" = {_brief(given, longest=100)}" if self.has(key) and not isinstance(given, dict | list) else ""
        return f"{self.place(key)}: {_dotted(key)}{shown}: {message}"


class _Spot(NamedTuple):
    """Where in the schema an error lies: the key as the user writes it, the field (if there is one), its blocks."""

    key: Key
    field: FieldInfo | None
    sections: list[type[Section]]


def _explain(error: ValidationError, located: _Located) -> list[str]:
    details = error.errors(include_url=False)
    spots = [(detail, _spot(detail["loc"])) for detail in details]
    spots = [(detail, spot._replace(key=located.written(spot.key))) for detail, spot in spots]
    missing = {spot.key for detail, spot in spots if detail["type"] == "missing"}
    problems: dict[str, None] = {}
    replaced: set[Key] = set()
    for detail, spot in spots:
        if detail["type"] == "extra_forbidden":
            name, allowed = str(spot.key[-1]), _keys(spot.sections)
            close = closest(name, allowed)
            replaced |= {(*spot.key[:-1], other) for other in close} & missing
            elsewhere = _elsewhere(name)
            if close:
                hint = f"; did you mean {either(close)}?"
            else:
                hint = f"; it belongs in {either(elsewhere)}" if elsewhere else ""
            message = f"unknown key{hint} (allowed here: {', '.join(allowed)})"
            problems[f"{located.place(spot.key)}: {_dotted(spot.key)}: {message}"] = None
    for detail, spot in spots:
        if detail["type"] != "extra_forbidden" and spot.key not in replaced:
            key, message = _sentence(detail, spot, located)
            problems[located.problem(key, message)] = None
    return _sorted(problems)


def _sorted(problems: Iterable[str]) -> list[str]:
    return sorted(problems, key=_by_line)


def _by_line(problem: str) -> tuple[str, int]:
    match = re.match(r"(.*?):(\d+): ", problem)
    return (match[1], int(match[2])) if match else (problem, 0)


def _sentence(detail: ErrorDetails, spot: _Spot, located: _Located) -> tuple[Key, str]:
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
        unit = _unit(spot.field)
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


def _spot(location: tuple[str | int, ...]) -> _Spot:
    """Follow pydantic's `location` through the schema; the names of union members in it are not the user's keys."""
    key: Key = ()
    field: FieldInfo | None = None
    annotation: Any = Case
    for part in location:
        sections = _sections(annotation)
        if get_origin(_plain(annotation)) is dict:
            annotation = get_args(_plain(annotation))[1]
            key = (*key, part)
        elif isinstance(part, int):
            arguments = get_args(_plain(annotation))
            annotation = arguments[0] if arguments else None
            key = (*key, part)
        elif len(sections) > 1:
            annotation = next(section for section in sections if part in _tags(section))
        elif sections:
            field = sections[0].model_fields.get(part)
            annotation = field.annotation if field else None
            key = (*key, part)
            if field is None:
                return _Spot(key, None, sections)
        else:
            annotation = _member(annotation, part)
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


def _required(section: type[Section]) -> list[str]:
    return [name for name, field in section.model_fields.items() if field.is_required()]


def _keys(sections: list[type[Section]]) -> list[str]:
    return list(dict.fromkeys(name for section in sections for name in section.model_fields))


def _unit(field: FieldInfo | None) -> Unit | None:
    if field is None:
        return None
    extras = [*field.metadata]
    for argument in (field.annotation, *get_args(field.annotation)):
        if get_origin(argument) is Annotated:
            extras += get_args(argument)[1:]
    return next((extra for extra in extras if isinstance(extra, Unit)), None)


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
        names = _required(spot.sections[0]) or list(spot.sections[0].model_fields)
        return f"a block of 'key: value' lines with {', '.join(names)}"
    unit = _unit(field)
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


def _elsewhere(name: str) -> list[str]:
    """Return the dotted paths at which the schema has the key `name`."""

    def walk(section: type[Section], path: str) -> Iterator[str]:
        for key, field in section.model_fields.items():
            here = f"{path}.{key}" if path else key
            if key == name:
                yield path or "the top level of the file"
            for inner in _sections(field.annotation):
                yield from walk(inner, here)

    return list(dict.fromkeys(walk(Case, "")))


def _dotted(key: Key) -> str:
    return _brief(".".join(str(part) for part in key), quotes=False, longest=120) or "the case"


def _brief(value: Any, quotes: bool = True, longest: int = 60) -> str:
    """Return `value` for a message: one line, printable, not too long."""
    text = repr(value) if quotes else repr(str(value))[1:-1]
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


# --- what the schema alone cannot see -----------------------------------------------------------------


def _block(case: Case, name: str) -> Key:
    """Return the key of the block about a side or an interface."""
    if case.electrode:
        return ("interface",) if "/" in name else (name,)
    kinds: dict[str, Mapping[str, Any]] = {
        "electrodes": case.hosts,
        "electrolytes": case.conductors,
        "interfaces": case.joints,
    }
    return next(kind for kind, blocks in kinds.items() if name in blocks), name


def _misnamed(case: Case) -> Iterator[Problem]:
    """Yield the sides and interfaces that the geometry and the rest of the case name differently."""
    sides, pairs = case.sides, case.pairs
    given = [*case.hosts, *case.conductors]
    for name in given:
        if name not in sides:
            yield (
                _block(case, name),
                f"the geometry has no such side{did_you_mean(name, sides)}; it has {', '.join(sides)}",
            )
        elif name in case.hosts and name in case.conductors:
            yield ("electrolytes", name), "the side is an electrode already"
    for side in sides:
        if side not in given:
            yield ("geometry",), f"the side '{side}' is in neither electrodes nor electrolytes"
    hosts = [name for name in sides if name in case.hosts]
    if case.geometry.builder == "layers" and hosts == sides[:1]:
        message = (
            f"the only electrode is '{hosts[0]}' at the counter face, which is the lithium reference; put it on top"
        )
        yield ("geometry", "layers"), message
    named = {frozenset(pair) for pair in pairs}
    allowed = ", ".join("/".join(pair) for pair in pairs)
    for name in case.joints:
        if frozenset(name.split("/")) not in named or name.count("/") != 1:
            yield _block(case, name), f"the geometry has no such interface; it has {allowed}"
    for first, second in pairs:
        here = [name for name in (f"{first}/{second}", f"{second}/{first}") if name in case.joints]
        if len(here) != 1:
            times = "is missing" if not here else "is given twice"
            yield ("interfaces",), f"the interface {first}/{second} {times}"
        if (first in case.hosts) == (second in case.hosts) and {first, second} <= set(given):
            kind = "electrodes" if first in case.hosts else "electrolytes"
            yield (kind,), f"{first} and {second} touch; an interface lies between an electrode and an electrolyte"


def _material(block: Key, wanted: Electrode | Electrolyte, folder: Path) -> tuple[Material | None, list[Problem]]:
    """Return the material of a side with the case's own numbers in it, and what is wrong with them."""
    try:
        material = load(wanted.material, [folder])
    except MaterialError as error:
        return None, [((*block, "material"), _one_line(error))]
    host = isinstance(wanted, Electrode)
    role, words = ("host", "a host of lithium") if host else ("electrolyte", "an electrolyte")
    if role not in material.roles:
        suitable = ", ".join(_with_role(role, folder))
        message = f"{material.name} is not {words} (its roles: {', '.join(material.roles)}); allowed: {suitable}"
        return None, [((*block, "material"), message)]
    problems: list[Problem] = []
    if material.file.parent != SHIPPED:
        try:
            check_path(material.file.resolve())
        except ValueError as error:
            problems.append(((*block, "material"), str(error)))
    for name, number in wanted.overrides.model_dump(exclude_none=True).items():
        try:
            material = material.replace(**{name: number})
        except MaterialError as error:
            message = _one_line(error).removeprefix(f"{material.file}: ")
            problems.append(((*block, "overrides", name), re.sub(rf"^([a-z]+\.)?{name}: ", "", message)))
    return material, problems


def _with_material_files(case: Case, materials: Mapping[str, Material]) -> Case:
    """Return the case with the absolute path of each material that is not shipped, so that its copy finds it too."""

    def placed(name: str, side: Any) -> Any:
        file = materials[name].file
        return side if file.parent == SHIPPED else side.model_copy(update={"material": str(file.resolve())})

    changes: dict[str, Any] = {}
    for one, many in (("electrode", "electrodes"), ("electrolyte", "electrolytes")):
        if side := getattr(case, one):
            changes[one] = placed(one, side)
        if sides := getattr(case, many):
            changes[many] = {name: placed(name, side) for name, side in sides.items()}
    return case.model_copy(update=changes)


def _with_role(role: str, folder: Path) -> Iterator[str]:
    for name in names([folder]):
        with suppress(MaterialError):
            if role in load(name, [folder]).roles:
                yield name


def _inconsistencies(case: Case, folder: Path, materials: Mapping[str, Material | None]) -> Iterator[Problem]:
    """Yield what is wrong between the case, its hosts and the files it names."""
    start, known = {}, True
    for name, electrode in case.hosts.items():
        material = materials[name]
        if material is None or material.host is None:
            known = False
            continue
        theta, (low, high) = electrode.initial_stoichiometry, material.host.stoichiometry_range
        if low <= theta <= high:
            start[name] = float(material.host.open_circuit_potential(theta))
        else:
            known = False
            key = (*_block(case, name), "initial_stoichiometry")
            yield key, f"the potential of {electrode.material} is known from {low:g} to {high:g}"
    if known:
        yield from _over_before_it_begins(case, start)
    try:
        check(case.geometry, folder)
    except (ValueError, OSError) as error:
        name, _, message = _one_line(error).partition(": ")
        yield (tuple(name.split(".")), message) if message else (("geometry",), name)


def _over_before_it_begins(case: Case, potentials: Mapping[str, float]) -> Iterator[Problem]:
    """Yield the first step if its cut-off voltage lies on the wrong side of the open-circuit voltage of the start."""
    sides = case.sides
    first: Step | Repeat = case.protocol[0]
    key: Key = ("protocol", 0)
    while isinstance(first, Repeat):
        first, key = first.steps[0], (*key, "steps", 0)
    if not isinstance(first, Charge | Discharge) or first.until.voltage is None:
        return
    # the last side is the upper one, whose potential is that of the collector unless it is an electrolyte
    lower = sides[0] if sides[0] in potentials and len(potentials) > 1 else None
    upper = next(name for name in reversed(sides) if name in potentials and name != lower)
    voltage = potentials[upper] - (potentials[lower] if lower else 0.0)
    if (first.until.voltage <= voltage) == (first.step == "charge"):
        side = "above" if first.step == "charge" else "below"
        message = f"the {first.step} would end before it begins; it must be {side} the {voltage:.4g} V of the start"
        yield (*key, "until", "voltage"), message


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
