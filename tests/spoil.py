"""Hostile inputs, made of what the program ships: cases and values of --set, materials, surfaces, meshes, checkpoints.

They are spoilt as bytes (cut, repeated, replaced) and as what they mean (values replaced by hostile ones, keys dropped,
repeated and renamed, units changed). An input depends on its number and a seed alone, whatever the others are.
"""

from __future__ import annotations

import io
import json
import os
import random
import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from grids import layers
from ruamel.yaml import YAML

from interstice.solver.patch.table import COLUMNS
from interstice.solver.reader import MARK

ROOT = Path(__file__).resolve().parents[1]
TOPOGRAPHY = ROOT / "meshes" / "topography"
Files = dict[str, bytes]


@dataclass
class Spoilt:
    """A command of the program, and the files in the folder where it is given; `kind` is what was spoilt."""

    kind: str
    arguments: list[str]
    files: Files = field(default_factory=dict)

    def write(self, folder: Path) -> None:
        """Write the files, and beside them a pipe that nobody writes to and 2 GB of nothing."""
        for name, content in self.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        os.mkfifo(folder / "pipe")
        with (folder / "sparse").open("wb") as stream:
            stream.truncate(2_000_000_000)


def spoilt(seed: int, number: int) -> Spoilt:
    """Return an input."""
    chance = random.Random(f"{seed} {number}")
    (kind,) = chance.choices(list(KINDS), [share for share, _ in KINDS.values()])
    return KINDS[kind][1](chance)


# --- what is spoilt --------------------------------------------------------------------------------

CASES, MATERIALS = (
    {path.name: path.read_bytes() for path in sorted((ROOT / folder).glob("*.yaml"))}
    for folder in ("cases", "materials")
)
SURFACE = """\
title: a measured surface
geometry:
  builder: film
  dimension: {dimension}
  length: {length}
  electrode_thickness: 1 um
  electrolyte_thickness: 1 um
  element_size: {size}
  roughness: {{kind: measured, file: {file}{keys}}}
electrode: {{material: NMC811, initial_stoichiometry: 0.9}}
electrolyte: {{material: LPSCl}}
interface: {{kinetics: {{exchange_current_density: 1 mA/cm^2}}}}
stack: {{pressure: 5 MPa}}
protocol: [rest for 1 s]
"""
SIMPLE = """\
title: a flat film
geometry: {builder: film, length: 2 um, electrode_thickness: 1 um, electrolyte_thickness: 1 um, element_size: 0.1 um}
electrode: {material: NMC811, initial_stoichiometry: 0.9}
electrolyte: {material: LPSCl}
interface:
  kinetics: {exchange_current_density: 1 mA/cm^2}
  cohesive: {normal_strength: 10 MPa, shear_strength: 10 MPa, normal_toughness: 0.05 J/m^2, shear_toughness: 0.1 J/m^2}
stack: {pressure: 5 MPa}
protocol: [rest for 1 s]
"""
FILM = re.search("geometry: .*", SIMPLE)[0]  # type: ignore[index]
MESH = SIMPLE.replace(FILM, "geometry: {builder: msh, file: cell.msh, unit: 1 um}")
FOLLOWING = SIMPLE.replace("rest for 1 s", "follow cycle.csv")
CYCLE = b"time [s], current [mA/cm^2], pressure [MPa]\n0, 0, 5\n10, 0.5, 5\n10, -0.5, 5\n20, -0.5, 6\n"
PATCH = (
    b"length: 5 um\npoints: 32\nroughness: {kind: self_affine, rms: 5 nm, seed: 1}\nmodulus: 6 GPa\nhardness: 60 MPa\n"
)
STUDY = b"""\
title: a study
case: case.yaml
set: {temperature: 300 K}
axes:
  stack.pressure: [1 MPa, 2 MPa]
  interface.kinetics.exchange_current_density: {from: 1 mA/cm^2, to: 20 A/m^2, count: 3, spacing: log}
linked: [{electrode.initial_stoichiometry: [0.8, 0.9], protocol.0: [rest for 1 s, rest for 2 s]}]
sample: {method: sobol, count: 2, seed: 1, over: {geometry.length: {from: 2 um, to: 3 um}}}
runs: {ranks: 1, memory: 2 GB, time: 30 min, retries: 2}
outputs: {resistance: {of: "'kinetic overpotential' / 'current density'", take: end, step: 1, unit: ohm*cm^2}}
figures: [{kind: heat_map, x: stack.pressure, y: geometry.length, of: resistance}, {kind: sensitivity, of: resistance}]
"""
TABLE = """\
# Written by Interstice: contact of a rough surface, by boundary elements.
# hardness over modulus: inf
{columns}
1e-3,1e-3,0.02,1e-8,1e5
2e-3,2e-3,0.04,8e-9,2e5
1e-3,2e-3,0.03,9e-9,3e5
""".format(columns=",".join(COLUMNS))
MICRO = SIMPLE.replace("  cohesive", "  micro: {law: table, file: table.csv}\n  cohesive")


@cache
def surfaces() -> dict[str, tuple[bytes, str]]:
    """The files of surfaces, each with the case of it."""
    x, y = np.meshgrid(np.linspace(0, 10, 24), np.linspace(0, 10, 20), indexing="ij")
    heights = 0.01 * np.sin(x) * np.cos(y)
    rows, points, array = io.StringIO(), io.StringIO(), io.BytesIO()
    np.savetxt(rows, heights.T, fmt="%.5f")
    np.savetxt(points, np.column_stack([x.ravel(), y.ravel(), heights.ravel()]), fmt="%.5f")
    np.save(array, heights)
    header = b"Gwyddion Simple Field 1.0\nXRes = 24\nYRes = 20\nXReal = 1e-5\nYReal = 1e-5\nXYUnits = m\nZUnits = m\n"
    field_ = header + bytes(4 - len(header) % 4) + (1e-6 * heights.T).astype("<f4").tobytes()

    def case(file: str, dimension: int = 2, keys: str = "", length: str = "8 um", size: str = "400 nm") -> str:
        return SURFACE.format(file=file, dimension=dimension, keys=keys, length=length, size=size)

    units = ", size: [10 um, 10 um], height_unit: um"
    return {
        "afm.di": ((TOPOGRAPHY / "afm_10um_256.di").read_bytes(), case("afm.di")),
        "scan.csv": (
            b"\n".join((TOPOGRAPHY / "stylus_1500um.csv").read_bytes().split(b"\n")[:400]),
            case("scan.csv", length="20 um", size="1 um"),
        ),
        "map.txt": (rows.getvalue().encode(), case("map.txt", 3, units)),
        "points.xyz": (points.getvalue().encode(), case("points.xyz", 3, ", unit: um, height_unit: um")),
        "map.npy": (array.getvalue(), case("map.npy", 2, units)),
        "map.gsf": (field_, case("map.gsf", 3)),
    }


@cache
def meshes() -> list[bytes]:
    """Gmsh files of format 2, and of format 4 as text and binary."""
    import gmsh

    found = []
    with tempfile.TemporaryDirectory() as folder:
        for dimension in (2, 3):
            path = layers(dimension, 3).write(Path(folder) / "grid.msh")
            found.append(path.read_bytes())
            gmsh.initialize(readConfigFiles=False, interruptible=False)
            gmsh.option.setNumber("General.Terminal", 0)
            gmsh.merge(str(path))
            for binary in (0, 1):
                gmsh.option.setNumber("Mesh.Binary", binary)
                gmsh.write(str(path))
                found.append(path.read_bytes())
            gmsh.finalize()
    return found


@cache
def checkpoint() -> bytes:
    """A checkpoint, but that its case is no longer what it was."""
    about = {"format": 1, "version": "0", "case": "case.yaml", "overrides": [], "fingerprint": "", "followers": []}
    stream = io.BytesIO()
    np.savez(stream, **{"a.x": np.arange(40.0), "bond.damage": np.ones((9, 1)), "about": np.array(json.dumps(about))})
    return stream.getvalue()


# --- how -------------------------------------------------------------------------------------------

NUMBERS = (
    *[
        "1e308",
        "-1e308",
        "1e-320",
        "5e-324",
        "1e400",
        "0",
        "-0.0",
        ".inf",
        "-.inf",
        ".nan",
        "inf",
        "nan",
        "1e5",
        "1e-5",
        "1e15",
        "1e-15",
        "-1",
        "1_0",
        "1,5",
        "1:30:45",
    ],
    *("0o17", "1e", "--1", "9" * 30, "9" * 400, "0x" + "f" * 1900),
)
UNITS = (
    *[
        "m",
        "um",
        "nm",
        "km",
        "Pa",
        "MPa",
        "GPa",
        "s",
        "h",
        "V",
        "mV",
        "mA/cm^2",
        "C",
        "%",
        "K",
        "degC",
        "J/m^2",
        "m^9",
        "m**9**9",
        "furlong",
        "1/m",
        "kg*m^2/s^3/A",
        "Gparsec",
    ],
    *("", "ym", "Δ", "()", "m" * 90, "/", "um um", "bit"),
)
TAGS = tuple(
    """\
!!bool maybe;!!int x;!!float x;!!null x;!!timestamp 2001-99-14;!!binary =;!!set {a, b};!!omap [a: 1];!!pairs [a: 1]
!!map x;!!seq x;!!str [a];!!int {a: 1};!!int '';!!bool '';!!float '';!!python/object/apply:os.system [id]
!!python/name:os.system;!local x;! x;!<tag:yaml.org,2002:int> x;2001-12-14;2001-12-14t21:59:43.10-05:00;&a [*a]
*nobody;<<;{<<: {a: 1}};{<<: [a]};? x;{? [a, b] : c};{1: 2};{~: 1};{true: 1};[x: y, x: y];|;>;|9;%;@;`;---;...
""".strip()
    .replace("\n", ";")
    .split(";")
)
PATHS = (
    *[
        "pipe",
        "sparse",
        "/proc/kmsg",
        "/proc/self/mem",
        "/proc/kcore",
        "/proc/self/environ",
        "/dev/zero",
        "/dev/stdin",
        "/dev/tty",
        ".",
        "/",
        "..",
    ],
    *[
        "~",
        "case.yaml",
        "nobody.csv",
        "/sys/kernel/notes",
        "pipe/x",
        "case.yaml/x",
        "a.yaml",
        "pipe.yaml",
        "https://x.org/a.csv",
    ],
    *("", "a" * 1900, "/".join("ab" * 400), '"\\0"', '"\\ud800"'),
)
OTHERS = (
    *[
        "~",
        "[]",
        "{}",
        "[[]]",
        "''",
        "true",
        "no",
        "x",
        "(-1)**0.5",
        "1/0",
        "exp(1e9)",
        "theta**theta**1e9",
        "log(-1) [m^2/s]",
        "(-1)**0.5 [m^2/s]",
    ],
    *["(theta-2)**0.5 [V]", "[[0.1, 1 V], [0.1, 2 V]]", "{file: pipe, unit: V}", "{file: sparse, unit: V}"],
    *["{file: case.yaml, unit: V}", "repeat 999999999 times", "charge at C/0 until 4 V", "rest for 1e308 h"],
    *('"\\u202e"', '"\\x07"', '"\\n\\n"', "x" * 1900, "[" * 60 + "]" * 60, "{a: " * 60 + "1" + "}" * 60),
    *("(" * 90 + "theta" + ")" * 90, "-" * 900 + "theta", "theta" + "+theta" * 300, "gitt charge at 1C for 1 s"),
)
HOSTILE = (NUMBERS, UNITS, TAGS, PATHS, OTHERS)
PIECES = (
    *(
        piece.encode()
        for piece in [
            "\t",
            "\n",
            "\r",
            "\r\n",
            ": ",
            "- ",
            "{",
            "}",
            "[",
            "]",
            "&a ",
            "*a",
            "!!",
            "#",
            "'",
            '"',
            "\\",
            "-",
            "e",
            "9",
            " ",
            "%s",
            "../",
            "\x07",
            "\x1b[2J",
            "\u2028",
        ]
    ),
    *(b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"\x85", b"\xc3\x28"),
    *(b"[" * 10_000, b"{a: " * 3000, b"x" * 5000, b"# x\n" * 30_000, b"\n" * 5000),
)


def bytes_of(chance: random.Random, content: bytes) -> bytes:
    """Return content that is spoilt as bytes, in one place or a few."""
    for _ in range(chance.choice((1, 1, 2, 4))):
        start = chance.randrange(len(content) + 1)
        end = min(len(content), start + chance.choice((0, 1, 2, 8, 60, 1000)))
        match chance.randrange(6):
            case 0:
                piece = chance.choice(PIECES)
            case 1:
                piece = bytes([chance.randrange(256)])
            case 2:
                piece = content[start:end] * chance.choice((2, 2, 9))
            case 3:
                piece = chance.choice(chance.choice(HOSTILE)).encode()
            case 4:
                piece = b""
            case _:  # what bits do that fall over
                piece = bytes(byte ^ 1 << chance.randrange(8) for byte in content[start:end][:2])
        content = content[:start] + piece + content[end:] if chance.random() < 0.93 else content[:start]
    return content


def words_of(chance: random.Random, content: bytes) -> bytes:
    """Return a text of which some numbers and units are replaced."""
    text = content.decode("latin-1")
    for _ in range(chance.randint(1, 3)):
        choices, pattern = chance.choice(
            ((NUMBERS, r"\d[\d.e-]*"), (UNITS, r"(?<=\d )[A-Za-z][\w/^*]*"), (TAGS, r"(?<=: )\w.*"))
        )
        if found := list(re.finditer(pattern, text)):
            place = chance.choice(found)
            text = text[: place.start()] + chance.choice(choices) + text[place.end() :]
    return text.encode("latin-1", "replace")


def meaning_of(chance: random.Random, content: bytes) -> bytes:
    """Return YAML of which values are hostile, or keys dropped, repeated or renamed; of 1 or 18 000 of them."""
    raw: list[str] = []

    def hostile() -> str:
        raw.append(chance.choice(chance.choice(HOSTILE)))
        return f"@{len(raw) - 1}@"

    def spoil(block: Any) -> None:
        while isinstance(block, dict | list) and block:
            key = chance.choice(list(block) if isinstance(block, dict) else range(len(block)))
            inner = block[key]
            if isinstance(inner, dict | list) and inner and chance.random() < 0.8:
                block = inner
                continue
            match chance.randrange(9):
                case 0:
                    del block[key]
                case 1 if isinstance(block, dict):
                    name = chance.choice((f"{key}x", str(key)[1:], str(key).upper(), hostile(), "material", "until"))
                    block[name] = block.pop(key)
                case 2 if isinstance(block, dict):
                    block[f"#{key}"] = inner  # stands for the same key once more
                case 3 if isinstance(block, list):
                    block += block * chance.choice((1, 9))
                case 4 if isinstance(inner, str) and " " in inner:
                    block[key] = f"{inner.split()[0]} {chance.choice(UNITS)}"
                case 5 if isinstance(inner, str) and " " in inner:
                    block[key] = f"{chance.choice(NUMBERS)} {inner.partition(' ')[2]}"
                case 6:
                    block[key] = {"x": inner} if chance.random() < 0.5 else [inner] * 3
                case _:
                    block[key] = hostile()
            return

    values = YAML(typ="safe", pure=True).load(content)
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        spoil(values)
    if chance.random() < 0.01:
        values |= {f"key{number}": number for number in range(18_000)}
    text = json.dumps(values, ensure_ascii=False).replace('"#', '"')
    text = re.sub(r'"@(\d+)@"(:)?', lambda found: f" {raw[int(found[1])]} {':' if found[2] else ''}", text)
    # lines are short, as people write them
    return text.replace(", ", ",\n ").encode("utf-8", "replace")


def text_of(chance: random.Random, content: bytes) -> bytes:
    """Return YAML that is spoilt in one of the three ways."""
    return chance.choice((bytes_of, words_of, meaning_of, meaning_of))(chance, content)


def _case(chance: random.Random) -> Spoilt:
    return Spoilt("case", ["validate", "case.yaml"], {"case.yaml": _relocated(text_of(chance, _any_case(chance)))})


def _any_case(chance: random.Random) -> bytes:
    return chance.choice([*CASES.values(), SIMPLE.encode()])


def _relocated(case: bytes) -> bytes:
    return case.replace(b"../meshes", str(ROOT / "meshes").encode())


def _set(chance: random.Random) -> Spoilt:
    case = _any_case(chance)
    keys = _paths(YAML(typ="safe", pure=True).load(case))
    arguments = []
    for _ in range(chance.choice((1, 1, 2))):
        key = chance.choice(keys)
        if chance.random() < 0.2:
            key = chance.choice(
                (
                    f"{key}.x",
                    key[1:],
                    f"{key}.0",
                    ".".join("a" * chance.choice((3, 9000))),
                    "",
                    "protocol.99",
                    f"{key}.-1",
                )
            )
        value = chance.choice(chance.choice(HOSTILE))
        if chance.random() < 0.5:
            value = f"{chance.choice(NUMBERS)} {chance.choice(UNITS)}"
        if chance.random() < 0.02:
            value = "[" * 20_000
        arguments += ["--set", f"{key}={value}".replace("\0", "")]
    return Spoilt("--set", ["validate", "case.yaml", *arguments], {"case.yaml": _relocated(case)})


def _paths(values: Any, key: str = "") -> list[str]:
    pairs = values.items() if isinstance(values, dict) else enumerate(values) if isinstance(values, list) else ()
    found = [f"{key}.{name}".removeprefix(".") for name, _ in pairs]
    pairs = values.items() if isinstance(values, dict) else enumerate(values) if isinstance(values, list) else ()
    return found + [path for name, inner in pairs for path in _paths(inner, f"{key}.{name}".removeprefix("."))]


def _material(chance: random.Random) -> Spoilt:
    name = chance.choice(list(MATERIALS))
    content = text_of(chance, MATERIALS[name])
    if chance.random() < 0.05:
        content = content.replace(b"value:", b"value: &a [*a, *a] #", 1)
    if chance.random() < 0.3:
        return Spoilt("material", ["materials", name], {name: content})
    side = "NMC811" if b"host:" in MATERIALS[name] or b"silicon" in MATERIALS[name] else "LPSCl"
    return Spoilt(
        "material", ["validate", "case.yaml"], {"case.yaml": SIMPLE.replace(side, name).encode(), name: content}
    )


def _surface(chance: random.Random) -> Spoilt:
    name = chance.choice(list(surfaces()))
    content, case = surfaces()[name]
    if chance.random() < 0.75:
        content = chance.choice((bytes_of, words_of) if name.split(".")[1] in ("csv", "txt", "xyz") else (bytes_of,))(
            chance, content
        )
    else:
        case = meaning_of(chance, case.encode()).decode()
    return Spoilt("surface", ["validate", "case.yaml"], {"case.yaml": case.encode(), name: content})


def _mesh(chance: random.Random) -> Spoilt:
    content = chance.choice((bytes_of, bytes_of, words_of))(chance, chance.choice(meshes()))
    return Spoilt("mesh", ["validate", "case.yaml"], {"case.yaml": MESH.encode(), "cell.msh": content})


def _cycle(chance: random.Random) -> Spoilt:
    content = chance.choice((bytes_of, words_of))(chance, CYCLE)
    return Spoilt("cycle", ["validate", "case.yaml"], {"case.yaml": FOLLOWING.encode(), "cycle.csv": content})


def _table(chance: random.Random) -> Spoilt:
    content = chance.choice((bytes_of, words_of))(chance, TABLE.encode())
    return Spoilt("table", ["validate", "case.yaml"], {"case.yaml": MICRO.encode(), "table.csv": content})


def _patch(chance: random.Random) -> Spoilt:
    return Spoilt("patch", ["patch", "patch.yaml"], {"patch.yaml": text_of(chance, PATCH)})


def _checkpoint(chance: random.Random) -> Spoilt:
    files = {"case.yaml": SIMPLE.encode(), "results/case.yaml": f"{MARK}\n{SIMPLE}".encode()}
    for number in (8, 9):
        content = checkpoint()
        if chance.random() < 0.9:
            content = bytes_of(chance, content)
        if chance.random() < 0.2:
            texts = [json.dumps({"format": 1, "case": 1}), "[", "[]", "{}", 1.0, [], [None, {}]]
            kind = object if chance.random() < 0.5 else None
            arrays = {
                name: np.array(chance.choice(texts[: None if kind else -1]), dtype=kind) for name in ("about", "x")
            }
            stream = io.BytesIO()
            chance.choice((np.savez, np.savez_compressed))(stream, **arrays)
            content = stream.getvalue()
        name = chance.choice((f"{number:06d}", f"{number:06d}", f"{number}x", "9" * 200, "0"))
        files[f"results/checkpoint/{name}.npz"] = content
    return Spoilt("checkpoint", ["run", "--resume", "results"], files)


def _study(chance: random.Random) -> Spoilt:
    files = {"study.yaml": text_of(chance, STUDY), "case.yaml": SIMPLE.encode()}
    return Spoilt("study", ["study", "validate", "study.yaml"], files)


KINDS: dict[str, tuple[float, Callable[[random.Random], Spoilt]]] = {
    "case": (0.36, _case),
    "study": (0.04, _study),
    "--set": (0.24, _set),
    "material": (0.16, _material),
    "surface": (0.06, _surface),
    "mesh": (0.04, _mesh),
    "cycle": (0.03, _cycle),
    "table": (0.03, _table),
    "patch": (0.03, _patch),
    "checkpoint": (0.01, _checkpoint),
}
"""What is spoilt: its share of all inputs, and what makes one."""
