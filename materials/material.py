"""What a material is: numbers in SI, made of the entries of its file and checked; its table, and copies with others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, NamedTuple, get_args

from pydantic import BeforeValidator, Field, ValidationError, ValidationInfo, field_validator
from pydantic.fields import FieldInfo

from interstice.materials.electrolyte import Electrolyte
from interstice.materials.flow import Anand, Creep, Plastic
from interstice.materials.function import Formula, Table
from interstice.materials.host import Host
from interstice.materials.part import Entry, Part, Text, between, constant_in_theta
from interstice.schema.problems import MOST_PROBLEMS, Key, Problem, brief, dotted
from interstice.schema.units import (
    Conductivity,
    Density,
    FractureToughness,
    MolarVolume,
    Pressure,
    SpecificHeat,
    ThermalConductivity,
    ThermalExpansion,
    Unit,
)
from interstice.schema.wording import did_you_mean

NAMES = ("name", "formula")
"""The keys of a file that are plain text."""
SINGLE = ("young_modulus", "poisson_ratio", "density", "hardness", "fracture_toughness")
"""The quantities that stand beside the blocks of a file."""


class MaterialError(ValueError):
    """A material cannot be found or used; the message says which file and key, what was given and what is allowed."""


class Metal(Part):
    """Lithium itself: volume per mole [m³/mol], conductivity [S/m]."""

    molar_volume: Annotated[MolarVolume, between("1e-6 m^3/mol", "1e-4 m^3/mol")]
    electronic_conductivity: Annotated[Conductivity, between("1e-12 S/m", "1e8 S/m")]


class Collector(Part):
    """What leads electrons to an electrode and holds no lithium: conductivity [S/m]."""

    electronic_conductivity: Annotated[Conductivity, between("1 S/m", "1e9 S/m")]


class Thermal(Part):
    """A solid that conducts and stores heat: k [W/(m K)], c_p [J/(kg K)] and the coefficient of linear expansion [1/K].

    The last is None if the file has none. Heat is stored by ρ c_p with the density of the material.
    """

    thermal_conductivity: Annotated[ThermalConductivity, between("0.01 W/(m*K)", "1e4 W/(m*K)")]
    specific_heat: Annotated[SpecificHeat, between("50 J/(kg*K)", "5000 J/(kg*K)")]
    thermal_expansion: Annotated[ThermalExpansion, between("-1e-4 1/K", "1e-3 1/K")] | None = None


ROLES: dict[str, type[Part]] = {"host": Host, "electrolyte": Electrolyte, "metal": Metal, "collector": Collector}
FLOWS: dict[str, type[Part]] = {"plastic": Plastic, "creep": Creep, "anand": Anand}
"""The blocks that say how a solid flows, by the name of the law."""
BLOCKS: dict[str, type[Part]] = {**ROLES, **FLOWS, "thermal": Thermal}


class Row(NamedTuple):
    """One line of a material's table; `value` as written in the file, with its unit.

    It has a `source` or is an `estimate`, whose text is its reasoning; the other one is empty.
    """

    quantity: str
    value: str
    source: str
    remark: str
    estimate: str = ""


PoissonRatio = Annotated[float, Field(gt=-1, lt=0.5)]


class Material(Part):
    """A material in SI: E [Pa], ν, density [kg/m³], as host, electrolyte, metal, collector, for flow and heat.

    The `hardness` H [Pa] is the mean pressure below an indenter, the `fracture_toughness` K_Ic [Pa√m] that of a crack
    which opens; None if the file has none.
    """

    name: Text
    formula: Text
    young_modulus: Annotated[Pressure, between("1 MPa", "2 TPa"), BeforeValidator(constant_in_theta)]
    poisson_ratio: PoissonRatio
    density: Annotated[Density, between("50 kg/m^3", "25000 kg/m^3")] | None = None
    hardness: Annotated[Pressure, between("100 kPa", "200 GPa")] | None = None
    fracture_toughness: Annotated[FractureToughness, between("1 kPa*m^0.5", "1 GPa*m^0.5")] | None = None
    host: Host | None = None
    electrolyte: Electrolyte | None = None
    metal: Metal | None = None
    plastic: Plastic | None = None
    creep: Creep | None = None
    anand: Anand | None = None
    collector: Collector | None = None
    thermal: Thermal | None = None
    file: Path = Field(description="where it was read from")
    base: Path | None = Field(default=None, description="where that which it is based on was read from, if it is")
    plated_file: Path | None = Field(
        default=None, description="where that which is plated on it was read from, if something is"
    )
    entries: dict[str, Entry] = Field(description="the quantities as written, by their dotted keys", repr=False)

    @property
    def roles(self) -> list[str]:
        """What the material can serve as: any of host, electrolyte, metal, collector."""
        return [role for role in ROLES if getattr(self, role) is not None]

    @field_validator("thermal")
    @classmethod
    def _has_a_density(cls, thermal: Thermal | None, info: ValidationInfo) -> Thermal | None:
        # a density that is refused is not in info.data and has its own message
        if thermal is not None and info.data.get("density", 0.0) is None:
            raise ValueError("density is needed beside this block: a volume stores heat by density times specific_heat")
        return thermal

    def plating(self, plated: Material) -> Material:
        """Return a copy with the block `metal` of what is `plated` on it."""
        entries = {key: entry for key, entry in plated.entries.items() if key.startswith("metal.")}
        changes = {"metal": plated.metal, "entries": self.entries | entries, "plated_file": plated.file}
        return self.model_copy(update=changes)

    def table(self) -> list[Row]:
        """Return the quantities with their sources, in the order of the file; those of flow with their block."""
        return [
            Row(
                key if key.partition(".")[0] in FLOWS else key.rpartition(".")[2],
                written(entry.value),
                entry.source or "",
                entry.remark or "",
                entry.estimate or "",
            )
            for key, entry in self.entries.items()
        ]

    def numbers(self, *roles: str) -> dict[str, Any]:
        """Return what the material says of itself, in the blocks `roles` and of heat, defaults included, by its keys.

        Numbers are text with their SI unit where they have one; functions of theta are their formula or table.
        """
        blocks = {name: getattr(self, name) for name in (*roles, "thermal")}
        return _plainly(self, self.entries, quantities("")) | {
            name: _plainly(block, self.entries, quantities(name), f"{name}.")
            for name, block in blocks.items()
            if block is not None
        }

    def replace(self, **numbers: float | str | None) -> Material:
        """Return a copy with other numbers, checked like a file's.

        Parameters
        ----------
        numbers
            Keys as in the file without their block, such as ``diffusivity=1e-14``: SI floats or text with a unit;
            None keeps the number. Those of creep, say, may also be written as ``creep_rate``.

        Raises
        ------
        MaterialError
            If the material has no such quantity or the number is implausible.
        """
        entries = dict(self.entries)
        problems: list[Problem] = []
        # what a file may leave out may be added
        known = {key: key for key in quantities("")} | {key.rpartition(".")[2]: key for key in entries}
        known |= {key.replace(".", "_"): key for key in entries if key.partition(".")[0] in FLOWS}
        for key, number in numbers.items():
            if number is None:
                continue
            if key not in known:
                problems.append(((key,), f"{self.name} has no such quantity{did_you_mean(key, known)}"))
            else:
                block, _, field = known[key].rpartition(".")
                unit = _unit((BLOCKS[block] if block else Material).model_fields[field])
                text = number if isinstance(number, str) else f"{float(number)!r} {unit.si if unit else ''}".strip()
                entries[known[key]] = Entry(value=text, source="set by the case")
        blocks = [block for block in BLOCKS if getattr(self, block) is not None]
        return build(self.file, {"name": self.name, "formula": self.formula}, blocks, entries, problems, {})


def build(
    file: Path,
    texts: Mapping[str, Any],
    blocks: Iterable[str],
    entries: Mapping[str, Entry],
    problems: list[Problem],
    places: Mapping[Key, str],
    base: Path | None = None,
) -> Material:
    """Return a material made of its entries, checked; MaterialError lists all that is wrong.

    `problems` are those met so far, `places` those of the keys in the file, for the lines in messages.
    """
    sources = {"file": file, "base": base}
    content: dict[str, Any] = {**texts, **{block: {} for block in blocks}, **sources, "entries": entries}
    for name, entry in entries.items():
        block, _, key = name.rpartition(".")
        (content[block] if block else content)[key] = entry.value
    material = None
    try:
        material = Material.model_validate(content)
    except ValidationError as error:
        reported = {place[:-1] if place[-1] == "value" else place for place, _ in problems}
        problems = problems + [problem for problem in problems_of(error) if problem[0] not in reported]
    if material is None or problems:
        lines = [f"{_line(places, place)}{dotted(place)}: {message}" for place, message in problems[:MOST_PROBLEMS]]
        head = f"{file}: " if len(problems) == 1 else f"{file}: {len(problems)} errors\n  "
        raise MaterialError(head + "\n  ".join(lines))
    return material


def quantities(block: str) -> list[str]:
    """Return the keys of the entries of a block; the empty name is the file itself."""
    return list(BLOCKS[block].model_fields) if block else list(SINGLE)


def _plainly(part: Part, entries: Mapping[str, Entry], names: Iterable[str], prefix: str = "") -> dict[str, Any]:
    """Return the quantities `names` of a block that has them, as they can be written."""
    found: dict[str, Any] = {}
    for name in names:
        value, unit = getattr(part, name), _unit(type(part).model_fields[name])
        if value is None:
            continue
        if isinstance(value, Formula):
            value = " ".join(str(entries[prefix + name].value).split())
        elif isinstance(value, Table):
            value = [[x, unit.format(row) if unit else row] for x, row in value.rows]
        elif isinstance(value, tuple):
            value = [unit.format(end) if unit else end for end in value]
        elif unit:
            value = unit.format(value)
        found[name] = value
    return found


def problems_of(error: ValidationError, place: Key = ()) -> list[Problem]:
    """Return the errors in words, each with its place below `place`."""
    problems: list[Problem] = []
    for item in error.errors():
        if item["type"] == "missing":
            message = "is missing"
        elif item["type"] == "extra_forbidden":
            meant = did_you_mean(str(item["loc"][-1]), Entry.model_fields)
            message = f"unknown key{meant} (allowed: {', '.join(Entry.model_fields)})"
        else:
            message = f"{item['msg'].removeprefix('Value error, ')} (given: {shown(item['input'])})"
        problems.append(((*place, *item["loc"]), message))
    return problems


def _line(places: Mapping[Key, str], place: Key) -> str:
    """Return "line N, " of the deepest key of `place` that the file has; that of a block for what it lacks."""
    deepest = next((place[:depth] for depth in range(len(place), -1, -1) if place[:depth] in places), None)
    return "" if deepest is None else f"line {places[deepest].rpartition(':')[2]}, "


def _unit(field: FieldInfo) -> Unit | None:
    """Return the unit of a field, or of the numbers in it, None if it has none."""
    nested, found = list(get_args(field.annotation)), list(field.metadata)
    while nested:
        inner = nested.pop()
        found += getattr(inner, "__metadata__", ())
        nested += get_args(inner)
    return next((item for item in found if isinstance(item, Unit)), None)


def shown(value: Any) -> str:
    """Return a value as `written`, but not longer than can be read."""
    return brief(written(value), quotes=False, longest=200)


def written(value: Any) -> str:
    """Return a value as a reader of the file knows it."""
    if isinstance(value, Mapping):
        return f"{value.get('file')} [{value.get('unit')}]"
    return value if isinstance(value, str) else str(list(value)) if isinstance(value, Sequence) else str(value)
