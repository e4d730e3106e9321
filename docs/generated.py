"""What the pages take from the program itself when the site is built, so that it cannot fall behind.

Three directives: `case-keys` lists every key of a case by its JSON Schema, `commands` what each command knows,
`materials` every number of the materials with where it comes from. Each writes MyST, which is read where it stands.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import typer
from docutils import nodes
from docutils.parsers.rst import Directive
from docutils.statemachine import StringList
from pygments.lexers.special import TextLexer
from sphinx.application import Sphinx

LONG = 12
"""Choices of a key beyond which they stand on lines of their own."""
ANYTHING = "mapping"
UNITS_OF_AN_EXAMPLE = "a value with a unit of "
"""How the schema describes a quantity of which it has no more to say than its unit."""


# --- the keys of a case ---------------------------------------------------------------------------------


def case_keys(schema: Mapping[str, Any]) -> str:
    """Return a section for the case itself and for each block of its `schema`: a table of its keys."""
    sections = ["## The case\n", _table(schema, schema["$defs"])]
    for name in _in_order(schema):
        block = schema["$defs"][name]
        sections.append(f"(block-{_anchor(name)})=\n## {_title(name, block)}\n\n{_text(block.get('description', ''))}\n")
        sections.append(_table(block, schema["$defs"]))
    return "\n".join(sections)


def _in_order(schema: Mapping[str, Any]) -> list[str]:
    """Return the names of the blocks, as a reader of the case meets them."""
    found: list[str] = []

    def follow(node: Any) -> None:
        if isinstance(node, Mapping):
            if "$ref" in node:
                name = node["$ref"].rpartition("/")[2]
                if name not in found:
                    found.append(name)
                    follow(schema["$defs"][name])
            for key, value in node.items():
                if key not in ("$ref", "$defs", "discriminator"):
                    follow(value)
        elif isinstance(node, list):
            for value in node:
                follow(value)

    follow(schema)
    return found


def _title(name: str, block: Mapping[str, Any]) -> str:
    """Return the name of a block, with the word that chooses it where it is one of several."""
    words = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name).strip()
    chosen = [f"`{key}: {value['const']}`" for key, value in block.get("properties", {}).items() if "const" in value]
    return f"{words}, {chosen[0]}" if chosen else words


def _table(block: Mapping[str, Any], others: Mapping[str, Any]) -> str:
    """Return the table of the keys of a block."""
    required = block.get("required", [])
    rows = ["| key | value | if not given | meaning |", "|---|---|---|---|"]
    for key, value in block.get("properties", {}).items():
        if "const" in value:
            continue
        given = "**needed**" if key in required else _default(value)
        meaning = _meaning(value)
        rows.append(f"| `{key}` | {_kind(value, others)} | {given} | {meaning} |")
    return "\n".join(rows) + "\n"


def _meaning(value: Mapping[str, Any]) -> str:
    """Return the description of a key, nothing where it tells its unit alone."""
    text = value.get("description", "")
    return "" if text.startswith(UNITS_OF_AN_EXAMPLE) else _text(text)


def _default(value: Mapping[str, Any]) -> str:
    """Return what a key is if it is not given."""
    if "default" not in value:
        return ""
    default = value["default"]
    if default is None:
        return "–"
    return f"`{default}`" if isinstance(default, str) else f"`{json.dumps(default, ensure_ascii=False)}`"


def _kind(value: Mapping[str, Any], others: Mapping[str, Any]) -> str:
    """Return in words what may be written for a key, with an example of a quantity."""
    kinds = list(dict.fromkeys(_kinds(value, others)))
    return (", " if len(kinds) > LONG else " or ").join(kinds)


def _kinds(value: Mapping[str, Any], others: Mapping[str, Any]) -> Iterator[str]:
    if "$ref" in value:
        name = value["$ref"].rpartition("/")[2]
        yield f"[{_title(name, others[name])}](#block-{_anchor(name)})"
        return
    several = value.get("anyOf") or value.get("oneOf") or value.get("allOf")
    if several:
        for one in several:
            yield from _kinds(one, others)
        return
    if "const" in value:
        yield f"`{value['const']}`"
    elif "enum" in value:
        yield " or ".join(f"`{one}`" for one in value["enum"])
    elif value.get("type") == "array":
        inner = value.get("items") or (value.get("prefixItems") or [{}])[0]
        yield f"list of {_kind(inner, others) or 'values'}"
    elif value.get("type") == "object":
        inner = value.get("additionalProperties")
        of = _kind(inner, others) if isinstance(inner, Mapping) else ""
        yield f"mapping of a name to {of}" if of else _example(value) or ANYTHING
    elif value.get("type") in ("number", "integer"):
        word = "number" if value["type"] == "number" else "whole number"
        yield f"{word}{_bounds(value)}"
    elif value.get("type") == "boolean":
        yield "`true` or `false`"
    elif value.get("type") == "string":
        yield _example(value) or "text"


def _example(value: Mapping[str, Any]) -> str:
    """Return the examples of a value as code, nothing where there are none."""
    found = value.get("examples", [])
    texts = [one if isinstance(one, str) else json.dumps(one, ensure_ascii=False) for one in found]
    return ", ".join(f"`{text}`" for text in texts)


def _bounds(value: Mapping[str, Any]) -> str:
    """Return the range of a number in words."""
    words = (("minimum", "≥"), ("exclusiveMinimum", ">"), ("maximum", "≤"), ("exclusiveMaximum", "<"))
    found = [f"{sign} {value[key]:g}" for key, sign in words if key in value]
    return f" {', '.join(found)}" if found else ""


def _anchor(name: str) -> str:
    return name.lower()


def _text(text: str) -> str:
    """Return text for a cell of a table: on one line, without what Markdown would take for a mark."""
    return " ".join(text.split()).replace("|", "\\|").replace("*", "\\*").replace("_", "\\_").replace("{", "\\{")


# --- the commands ---------------------------------------------------------------------------------------


def commands(app: typer.Typer) -> str:
    """Return a section for each command, with its arguments and options."""
    return "\n".join(_commands(typer.main.get_command(app), "interstice"))


def _commands(group: Any, path: str) -> Iterator[str]:
    for name, one in group.commands.items():
        if hasattr(one, "commands"):
            yield from _commands(one, f"{path} {name}")
            continue
        rows = [row for row in map(_parameter, one.params) if row]
        yield f"### `{path} {name}`\n\n{_text(one.help or '')}\n"
        if rows:
            yield "\n".join(["| argument, option | meaning |", "|---|---|", *rows]) + "\n"


def _parameter(parameter: Any) -> str:
    """Return the row of an argument or an option, nothing of --help."""
    if parameter.name == "help":
        return ""
    metavar = (parameter.metavar or parameter.name.upper()).replace("|", "\\|")
    names = [metavar]
    if parameter.param_type_name == "option":
        names = [option if parameter.is_flag else f"{option} {metavar}" for option in parameter.opts]
    return f"| {', '.join(f'`{name}`' for name in names)} | {_text(parameter.help or '')} |"


# --- the materials --------------------------------------------------------------------------------------


def materials() -> str:
    """Return a section for each material of the program: every number with its source, or how it was estimated."""
    from interstice.materials import load, names

    sections = []
    for name in names():
        material = load(name)
        sections.append(f"## {material.name}\n\n{_text(material.formula)}, {', '.join(material.roles)}\n")
        rows = ["| quantity | value | source |", "|---|---|---|"]
        for row in material.table():
            source = _text(row.source) if row.source else f"*estimate:* {_text(row.estimate)}"
            remark = f" <br>*{_text(row.remark)}*" if row.remark else ""
            rows.append(f"| `{row.quantity}` | {_text(row.value)} | {source}{remark} |")
        sections.append("\n".join(rows) + "\n")
    return "\n".join(sections)


# --- for Sphinx -----------------------------------------------------------------------------------------


class Generated(Directive):
    """Puts in its place what `write` returns, read as the page is."""

    has_content = False

    @staticmethod
    def write() -> str:
        """Return MyST."""
        raise NotImplementedError

    def run(self) -> list[nodes.Node]:
        parent = nodes.Element()
        self.state.nested_parse(StringList(self.write().splitlines(), "generated"), 0, parent, match_titles=True)
        return parent.children


class CaseKeys(Generated):
    @staticmethod
    def write() -> str:
        from interstice.schema import Case

        return case_keys(Case.model_json_schema())


class Commands(Generated):
    @staticmethod
    def write() -> str:
        from interstice.cli import app

        return commands(app)


class Materials(Generated):
    @staticmethod
    def write() -> str:
        return materials()


DIRECTIVES: dict[str, type[Generated]] = {"case-keys": CaseKeys, "commands": Commands, "materials": Materials}


ELSEWHERE = {"../README.md": "index.md", "../CONTRIBUTING.md": "contributing.md", "../CHANGELOG.md": "changelog.md"}
"""Files beside the folder of the pages, to which a link leads where files are read, and what has their place here."""


def lead_to_pages(_: Sphinx, __: str, source: list[str]) -> None:
    """Let links to files that are no pages lead to the pages that have their place."""
    for file, page in ELSEWHERE.items():
        source[0] = source[0].replace(f"]({file}", f"]({page}")


def setup(app: Sphinx) -> dict[str, bool]:
    """Make the directives known, what links lead to, and how tables of values are shown."""
    for name, directive in DIRECTIVES.items():
        app.add_directive(name, directive)
    app.connect("source-read", lead_to_pages)
    app.add_lexer("csv", TextLexer)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
