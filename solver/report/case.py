"""What the case of a run asks, in a few lines, from the copy in its folder; nothing of it need be valid."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from interstice.schema.files import FileError, text
from interstice.solver.plot.style import quantity
from interstice.solver.reader import MARK

MOST = 10_000_000
"""Of a case file [byte]."""
NUMBER = re.compile(r"([-+]?[\d.]+(?:[eE][-+]?\d+)?) (\S.*)")
CASE_FILE = re.compile(r"^Case file: (.+), SHA-256 ([0-9a-f]{64})$", re.MULTILINE)
SIDES = ("electrode", "electrodes", "electrolyte", "electrolytes")
LAWS = ("contact", "kinetics", "conduction", "touching_gap")
"""Keys of every interface: what is told of it are the others."""


def read(file: Path) -> tuple[str, dict[str, Any]]:
    """Return the text of a case file and what it holds; nothing of what cannot be read."""
    try:
        words = text(file, MOST)
        found = YAML(typ="safe", pure=True).load(words)
    except FileError:
        return "", {}
    except (YAMLError, ValueError, RecursionError):
        return words, {}
    return words, found if isinstance(found, dict) else {}


def question(versions: str) -> str:
    """Return the first paragraph of comments of the case file that a run came from, if it still is the same file.

    Nothing where that is a copy which the program wrote.
    """
    match = CASE_FILE.search(versions)
    if not match:
        return ""
    try:
        words = text(Path(match[1]), MOST)
    except (FileError, ValueError):
        return ""
    if hashlib.sha256(words.encode()).hexdigest() != match[2] or words.startswith(MARK):
        return ""
    lines = []
    for line in words.splitlines():
        if not line.startswith("#") or line.strip() == "#":
            break
        lines.append(line.lstrip("#").strip())
    return " ".join(lines)


USUAL = {"kind": "host", "solid": "elastic"}
"""What is not worth a word of a side."""


def asks(case: Mapping[str, Any]) -> list[tuple[str, str | list[str]]]:
    """Return names and words: geometry, sides, interfaces, fixture, and the steps of the protocol."""
    found: list[tuple[str, str | list[str]]] = [
        ("Geometry", _geometry(_block(case, "geometry"))),
        *_sides(case),
        *_interfaces(case),
        ("Fixture", _listed(_block(case, "stack"))),
        ("Temperature", readable(case.get("temperature", ""))),
        ("Protocol", list(_steps(case.get("protocol")))),
    ]
    return [(name, words) for name, words in found if words]


def readable(value: Any) -> str:
    """Return a value as people read it: '1e-05 m' as 10 µm."""
    if isinstance(value, Mapping):
        return _listed(value)
    if isinstance(value, list):
        return "; ".join(map(readable, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}"
    match = NUMBER.fullmatch(str(value))
    if not match:
        return str(value).replace("_", " ")
    try:
        return quantity(match[2], float(match[1]))
    except ValueError:
        return str(value)


def pretty(unit: str) -> str:
    """Return a unit with raised exponents: A/m^2 as A/m²."""
    return re.sub(r"\^(-?)([123])", lambda match: f"{'⁻' if match[1] else ''}{'¹²³'[int(match[2]) - 1]}", unit)


def _block(case: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = case.get(name)
    return found if isinstance(found, Mapping) else {}


def _listed(block: Mapping[str, Any]) -> str:
    """Return the keys of a block with their values, but for what is switched off."""
    return ", ".join(
        _named(key, value) for key, value in block.items() if value not in (False, None, "") and value != {}
    )


def _geometry(block: Mapping[str, Any]) -> str:
    if not block:
        return ""
    first = f"{readable(block.get('builder', ''))} in {block.get('dimension', '?')}D"
    others = {
        key: value
        for key, value in block.items()
        if key not in ("builder", "dimension", "coarse_size", "roughness", "layers", "profile", "roughness_as")
    }
    words = [first, _listed(others)]
    layers = block.get("layers")
    if isinstance(layers, list) and all(isinstance(layer, Mapping) for layer in layers):
        words.append(", ".join(f"{layer.get('name')} {readable(layer.get('thickness', ''))}" for layer in layers))
    rough = block.get("roughness")
    if isinstance(rough, Mapping):
        several = "kind" not in rough
        for name, one in rough.items() if several else [("", rough)]:
            if isinstance(one, Mapping) and one.get("kind") != "flat":
                words.append(f"roughness{f' of {name}' if several else ''}: {_roughness(one)}")
    return "; ".join(filter(None, words))


def _roughness(block: Mapping[str, Any]) -> str:
    """Return a roughness with the name of its file instead of the path."""
    others = {key: value for key, value in block.items() if key not in ("kind", "file", "detrend", "fill")}
    file = f" ({Path(str(block['file'])).name})" if "file" in block else ""
    return ", ".join(filter(None, [f"{readable(block.get('kind', ''))}{file}", _listed(others)]))


def _sides(case: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key in SIDES:
        block = _block(case, key)
        several = key.endswith("s")
        for name, side in block.items() if several else [(key, block)]:
            if isinstance(side, Mapping) and side:
                apart = "material", "stress", "overrides"
                told = {k: value for k, value in side.items() if k not in apart and value != USUAL.get(k)}
                told["overrides"] = side.get("overrides")
                words = ", ".join(filter(None, [readable(side.get("material", "")), _listed(told)]))
                yield str(name).capitalize(), words


def _interfaces(case: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    several = _block(case, "interfaces")
    for name, block in several.items() if several else [("interface", _block(case, "interface"))]:
        if not isinstance(block, Mapping) or not block:
            continue
        words = ["bonded"] if block.get("bonded") else []
        kinetics = _block(block, "kinetics")
        if "exchange_current_density" in kinetics:
            law = readable(kinetics.get("law", "")).replace("butler volmer", "Butler–Volmer")
            words.append(f"{law}, exchange current density {readable(kinetics['exchange_current_density'])}")
        resistance = _block(block, "conduction").get("resistance")
        if resistance is not None:
            words.append(f"contact resistance {readable(resistance)}")
        for key, value in block.items():
            if key in LAWS or key == "bonded" or value in (False, None) or value == {}:
                continue
            told = (
                {one: number for one, number in value.items() if one != "stiffness"}
                if isinstance(value, Mapping)
                else value
            )
            words.append(f"{str(key).replace('_', ' ')}: {pretty(readable(told))}")
        yield str(name).capitalize(), "; ".join(words)


def _steps(protocol: Any) -> Iterator[str]:
    """Yield a line for each step of a protocol."""
    for step in protocol if isinstance(protocol, list) else []:
        if not isinstance(step, Mapping):
            yield str(step)
            continue
        kind = readable(step.get("step", ""))
        if "steps" in step:
            yield f"{kind} {step.get('times', '')} times: {'; '.join(_steps(step['steps']))}"
            continue
        told = {
            key: value for key, value in step.items() if key not in ("step", "until") and value not in (None, False)
        }
        until = step.get("until")
        limits = until if isinstance(until, Mapping) else {}
        ends = " or ".join(
            _bare(key, value) or _named(key, value) for key, value in limits.items() if value is not None
        )
        yield " ".join(
            [kind, *(_phrase(key, value) for key, value in told.items()), *([f"until {ends}"] if ends else [])]
        )


def _phrase(key: str, value: Any) -> str:
    """Return what a step does: at which current or voltage, how long, or another of its values by its name."""
    bare = _bare(key, value)
    return f"{'for' if key == 'time' else 'at'} {bare}" if bare else _named(key, value)


def _bare(key: str, value: Any) -> str:
    """Return a value whose unit says what it is, "" for others."""
    if key == "c_rate":
        return f"{readable(value)} C"
    return pretty(readable(value)) if key in ("time", "voltage", "current_density") else ""


def _named(key: str, value: Any) -> str:
    return f"{str(key).replace('_', ' ')} {pretty(readable(value))}"
