"""From the bytes of a file to plain values, with the place of each key, and values replaced in them."""

from __future__ import annotations

import difflib
import os
import re
import warnings
from collections.abc import Callable
from itertools import accumulate
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from interstice.schema import files
from interstice.schema.case import Case
from interstice.schema.problems import CaseError, Key, brief, dotted
from interstice.schema.section import required
from interstice.schema.wording import either

LARGEST = 200_000
MOST_VALUES = 50_000
LONGEST_LINE = 2_000
DEEPEST = 20
BRACKETS = {"[": 1, "{": 1, "]": -1, "}": -1}
MOST_OPEN = 2 * DEEPEST
"""Brackets without their ends: some may stand in texts and comments."""
UNREADABLE = (ValueError, AssertionError, AttributeError, TypeError, LookupError, ArithmeticError)
"""What ruamel.yaml may raise of text that is no YAML, beside its own errors and RecursionError."""
PLAIN = {"int": "a whole number", "float": "a number", "bool": "true or false", "null": "nothing"}
"""Kinds of values that are made of text, and what they are."""
LONGEST_NUMBER = 300
"""Characters: the largest number that is finite has 309, and what is computed from numbers is to be finite too."""


def case_keys() -> str:
    """Return what a file that is no case is told of cases."""
    return f"a case has the keys {', '.join(required(Case))}"


def read_text(path: Path, wanted: str = "", longest: int = LONGEST_LINE) -> str:
    """Return the text of a YAML file; CaseError if there is none. `wanted` is what it should have, if no case."""
    try:
        text = files.text(path, LARGEST)
    except files.FileError as error:
        hint = _cases_in(path) if os.path.isdir(path) else "" if os.path.lexists(path) else _similar_files(path)
        raise CaseError([f"{path}{f':{error.line}' if error.line else ''}: {error.reason}{hint}"]) from None
    for number, words in enumerate(text.splitlines(), start=1):
        if len(words) > longest:
            length = f"{len(words)} characters; at most {longest} are read"
            raise CaseError([f"{path}:{number}: the line has {length}"])
    if not text.strip():
        raise CaseError([f"{path}:1: the file is empty; {wanted or case_keys()}"])
    return text


def _cases_in(folder: Path) -> str:
    cases = sorted(str(case) for pattern in ("*.yaml", "*.yml") for case in folder.glob(pattern))
    return f"; it holds {', '.join(cases[:10])}" if cases else ""


def _similar_files(path: Path) -> str:
    """Say which files are called much the same as one that is not there."""
    try:
        names = sorted(entry.name for entry in path.parent.iterdir())
    except OSError:
        return f"; the folder {path.parent} does not exist"
    same_stem = [name for name in names if Path(name).stem == path.name and name != path.name]
    close = same_stem or difflib.get_close_matches(path.name, names, n=3, cutoff=0.6)
    return f"; did you mean {either([str(path.parent / name) for name in close])}?" if close else ""


def parse(text: str, file: str, wanted: str = "") -> tuple[dict[str, Any], dict[Key, str]]:
    """Return what the YAML `text` holds and the place (``file:line``) of each key; `wanted` as in `read_text`."""
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
        raise CaseError([f"{file}:1: blocks are nested too deeply; at most {DEEPEST} levels are read"]) from None
    except UNREADABLE:
        raise CaseError([f"{file}:1: not valid YAML"]) from None
    if not isinstance(root, MappingNode):
        kind = {ScalarNode: "a single value", SequenceNode: "a list", type(None): "nothing but comments"}[type(root)]
        line = root.start_mark.line + 1 if root else 1
        raise CaseError([f"{file}:{line}: {kind} where 'key: value' lines are needed; {wanted or case_keys()}"])
    builder = _Builder(lambda node: f"{file}:{node.start_mark.line + 1}")
    values = builder.value(root, ())
    if builder.problems:
        raise CaseError(builder.problems)
    return values, builder.places


def _compose(text: str) -> Node | None:
    # to find out that brackets are too many takes ruamel.yaml a time that grows with their square
    if max(accumulate(BRACKETS.get(letter, 0) for letter in text), default=0) > MOST_OPEN:
        raise RecursionError
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
        if not isinstance(node, ScalarNode) and str(node.tag) not in ("tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"):
            self._problem(node, key, f"the tag {brief(_kind(node))} is not used here")
            return None
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
        kind = _kind(node)
        if kind in ("str", "timestamp", "merge"):
            return self._text(node, key)
        if kind not in PLAIN:
            self._problem(node, key, f"the tag {brief(kind)} is not used here")
            return None
        try:
            if len(node.value) > LONGEST_NUMBER:
                raise ValueError
            return self._scalars.construct_object(node)
        except (*UNREADABLE, YAMLError):
            self._problem(node, key, f"{brief(node.value)} cannot be read as {PLAIN[kind]}")
            return None

    def _text(self, node: Node, key: Key) -> str:
        try:
            return str(node.value).encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeDecodeError:
            self._problem(node, key, "half of a surrogate pair is not a character")
            return ""

    def _problem(self, node: Node, key: Key, message: str) -> None:
        self.problems.append(f"{self.place(node)}: {dotted(key)}: {message}")


def _kind(node: Node) -> str:
    return str(node.tag).removeprefix("tag:yaml.org,2002:")


def replace(values: Any, places: dict[Key, str], override: str, place: str = "") -> Any:
    """Return `values` with one ``key.path=value`` replaced, given at a `place`, on the command line if that is ""."""
    place = place or f"--set {brief(override, quotes=False)}"
    name, equals, text = override.partition("=")
    parts = name.strip().split(".")
    if not equals or not all(parts) or len(parts) > DEEPEST:
        raise CaseError([f"{place}: write key.path=value, such as --set 'stack.pressure=5 MPa'"])
    try:
        node = _compose(text)
    except (YAMLError, *UNREADABLE):
        raise CaseError([f"{place}: the value is not valid YAML; put it in quotes"]) from None
    except RecursionError:
        raise CaseError([f"{place}: blocks are nested too deeply; at most {DEEPEST} levels are read"]) from None
    here = values
    key: Key = ()
    for depth, part in enumerate(parts):
        last = depth == len(parts) - 1
        step: str | int = part
        if isinstance(here, list):
            if not re.fullmatch(r"\d{1,9}", part) or int(part) >= len(here):
                allowed = f"allowed are the indices 0 to {len(here) - 1}, given {part!r}"
                raise CaseError([f"{place}: {dotted(key)} is a list; {allowed}"])
            step = int(part)
        elif not isinstance(here, dict):
            raise CaseError([f"{place}: {dotted(key)} is a single value; it has no key {part!r}"])
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
