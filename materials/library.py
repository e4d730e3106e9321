"""Reads material files: numbers with units and sources in, plain SI numbers out.

A file is a mapping of `name`, `formula`, the elastic constants, one block per role (`host`, `electrolyte`, `metal`)
and a block `thermal`. Every quantity is an entry ``{value: "150 GPa", source: "who measured it", remark: "where sources
disagree"}``. What may vary with theta is a number, a formula ``"1e-14*(1 - theta) [m^2/s]"`` or a table
``[[0.1, "1e-14 m^2/s"], …]``.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, get_args

import numpy as np
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic.fields import FieldInfo
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from interstice.materials import function
from interstice.materials.expression import Expression
from interstice.schema.units import (
    Concentration,
    Conductivity,
    Density,
    Diffusivity,
    EntropicCoefficient,
    MolarEnergy,
    MolarVolume,
    Pressure,
    SpecificHeat,
    Temperature,
    ThermalConductivity,
    ThermalExpansion,
    Unit,
    registry,
)

SHIPPED = Path(__file__).parent
SUFFIXES = (".yaml", ".yml")

Problem = tuple[tuple[str | int, ...], str]


class MaterialError(ValueError):
    """A material cannot be found or used; the message says which file and key, what was given and what is allowed."""


# --- what a material is ----------------------------------------------------------------------------


def _limits(lowest: str, highest: str) -> tuple[float, float]:
    low, high = (float(registry().Quantity(text).to_base_units().magnitude) for text in (lowest, highest))
    return low, high


def _between(lowest: str, highest: str) -> AfterValidator:
    """Refuse numbers beyond the range of all known solids: there lie slips of units and signs."""

    def check(value: float) -> float:
        low, high = _limits(lowest, highest)
        if not low <= value <= high:
            raise ValueError(f"implausible, known solids lie within {lowest} to {highest}")
        return value

    return AfterValidator(check)


def _variable(field: Any, lowest: str, highest: str) -> Any:
    """Return the type of a quantity of the kind of `field` that may vary with theta, refused as `_between` does."""
    unit = next(item for item in field.__metadata__ if isinstance(item, Unit))

    def check(value: Any, info: ValidationInfo) -> float | function.Formula | function.Table:
        read = function.parse(value, unit)
        low, high = _limits(lowest, highest)
        values = function.values(read, *info.data.get("stoichiometry_range", (0.0, 1.0)))
        outside = ~((values >= low) & (values <= high))
        if outside.any():
            worst = values[np.argmax(outside)]
            if low > 0 >= worst:
                raise ValueError("has to be greater than 0")
            at = "" if isinstance(read, float) else f"{worst:.4g} {unit.si} where known solids lie within "
            raise ValueError(f"implausible, {at or 'known solids lie within '}{lowest} to {highest}")
        return read

    return Annotated[Any, BeforeValidator(check), unit]


def _formula(text: Any) -> Expression:
    if not isinstance(text, str):
        raise ValueError("a formula of theta in volts is needed, such as '4.2 - 0.8*theta'")
    return Expression(text)


ActivationEnergy = Annotated[MolarEnergy, _between("0 kJ/mol", "300 kJ/mol")]
SaltDiffusivity = Annotated[Diffusivity, _between("1e-16 m^2/s", "1e-8 m^2/s")]
SaltConcentration = Annotated[Concentration, _between("1 mol/m^3", "1e4 mol/m^3")]
ROOM_TEMPERATURE = 298.15
"""25 °C [K], at which a number holds whose block has no `reference_temperature`."""

PoissonRatio = Annotated[float, Field(gt=-1, lt=0.5)]
ElectricalConductivity = Annotated[Conductivity, _between("1e-12 S/m", "1e8 S/m")]
Stoichiometry = Annotated[float, Field(ge=0, le=1)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class Part(BaseModel):
    """A block of a material file: unknown keys are errors, values are fixed once read."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class Entry(Part):
    """One quantity as it is written in the file."""

    value: Any
    source: Text
    remark: str | None = None


class Host(Part):
    """A solid that takes up lithium: c_max [mol/m³], D [m²/s], Ω_Li [m³/mol], σ [S/m], U(θ) [V] against Li/Li⁺.

    D, Ω and ∂U/∂T [V/K] are numbers, or functions of theta (`function.Formula`, `function.Table`) where the file has
    them. D holds at `reference_temperature` [K]; it is the chemical diffusivity, or that of tracers (see
    `interstice.solver.physics.diffusion`). ∂U/∂T, the `entropic_coefficient`, is of a cell whose lithium has the same
    temperature; None if the file has none.
    """

    maximum_concentration: Annotated[Concentration, _between("1e3 mol/m^3", "4e5 mol/m^3")]
    stoichiometry_range: tuple[Stoichiometry, Stoichiometry]
    diffusivity: _variable(Diffusivity, "1e-22 m^2/s", "1e-6 m^2/s")  # type: ignore[valid-type]
    diffusivity_kind: Literal["chemical", "tracer"] = "chemical"
    diffusivity_activation_energy: ActivationEnergy = 0.0
    reference_temperature: Temperature = ROOM_TEMPERATURE
    partial_molar_volume: _variable(MolarVolume, "-2e-5 m^3/mol", "2e-5 m^3/mol")  # type: ignore[valid-type]
    electronic_conductivity: ElectricalConductivity
    open_circuit_potential: Annotated[Expression, BeforeValidator(_formula)]
    entropic_coefficient: _variable(EntropicCoefficient, "-5 mV/K", "5 mV/K") = None  # type: ignore[valid-type]

    def potential(self, theta: Any, temperature: Any) -> Any:
        """Return U [V] at θ and T [K], numbers, arrays or UFL: the file's is that at the reference temperature."""
        away = temperature - self.reference_temperature
        if self.entropic_coefficient is None or (isinstance(away, float) and away == 0.0):
            return self.open_circuit_potential(theta)
        return self.open_circuit_potential(theta) + away * self.entropic(theta)

    def entropic(self, theta: Any) -> Any:
        """Return ∂U/∂T [V/K] at θ, a number, an array or UFL; 0.0 if the file has none."""
        coefficient = self.entropic_coefficient
        return coefficient(theta) if callable(coefficient) else coefficient or 0.0

    @field_validator("stoichiometry_range")
    @classmethod
    def _ordered(cls, value: tuple[float, float]) -> tuple[float, float]:
        if value[0] >= value[1]:
            raise ValueError("the lower end must come first, such as [0.25, 0.95]")
        return value

    @field_validator("open_circuit_potential")
    @classmethod
    def _falls_with_stoichiometry(cls, formula: Expression, info: ValidationInfo) -> Expression:
        if "stoichiometry_range" not in info.data:
            return formula
        low, high = info.data["stoichiometry_range"]
        theta = np.linspace(low, high, 1001)
        try:
            with np.errstate(all="ignore"):
                potential = formula(theta)
        except ArithmeticError as error:
            raise ValueError(f"cannot be evaluated: {error}") from None
        inside = (potential >= -0.5) & (potential <= 6.0)
        if not inside.all():
            worst = np.argmin(inside)
            raise ValueError(
                f"implausible, {potential[worst]:.4g} V at theta = {theta[worst]:.4g} is outside -0.5 V to 6 V"
            )
        rises = np.diff(potential) > 0
        if rises.any():
            raise ValueError(
                f"the potential rises with theta near {theta[np.argmax(rises)]:.4g}, which no stable host does; "
                "narrow stoichiometry_range or correct the formula"
            )
        return formula


class Electrolyte(Part):
    """A solid in which lithium ions move: κ [S/m] and the share of the current that Li⁺ carries.

    A binary one, in which the anion moves too, has a salt: its diffusivity [m²/s], its concentration at rest [mol/m³]
    and the thermodynamic factor 1 + d ln f/d ln c (see `interstice.solver.physics.binary`). κ and the salt's
    diffusivity hold at `reference_temperature` [K]; their activation energies are in J/mol.
    """

    ionic_conductivity: ElectricalConductivity
    conductivity_activation_energy: ActivationEnergy = 0.0
    transference_number: Annotated[float, Field(gt=0, le=1)] = 1.0
    salt_diffusivity: SaltDiffusivity | None = None
    salt_diffusivity_activation_energy: ActivationEnergy = 0.0
    salt_concentration: SaltConcentration | None = None
    thermodynamic_factor: Annotated[float, Field(gt=0, le=100)] = 1.0
    reference_temperature: Temperature = ROOM_TEMPERATURE

    @property
    def binary(self) -> bool:
        """Whether it has a salt, so that concentration gradients build up in it."""
        return self.salt_diffusivity is not None

    @model_validator(mode="after")
    def _has_a_whole_salt(self) -> Electrolyte:
        if (self.salt_diffusivity is None) != (self.salt_concentration is None):
            raise ValueError("salt_diffusivity and salt_concentration are needed together, or neither of them")
        return self


class Metal(Part):
    """Lithium itself: volume per mole [m³/mol], yield strength [Pa], conductivity [S/m]."""

    molar_volume: Annotated[MolarVolume, _between("1e-6 m^3/mol", "1e-4 m^3/mol")]
    yield_strength: Annotated[Pressure, _between("1 kPa", "100 GPa")]
    electronic_conductivity: ElectricalConductivity


class Thermal(Part):
    """A solid that conducts and stores heat: k [W/(m K)], c_p [J/(kg K)] and the coefficient of linear expansion [1/K].

    The last is None if the file has none. Heat is stored by ρ c_p with the density of the material.
    """

    thermal_conductivity: Annotated[ThermalConductivity, _between("0.01 W/(m*K)", "1e4 W/(m*K)")]
    specific_heat: Annotated[SpecificHeat, _between("50 J/(kg*K)", "5000 J/(kg*K)")]
    thermal_expansion: Annotated[ThermalExpansion, _between("-1e-4 1/K", "1e-3 1/K")] | None = None


ROLES: dict[str, type[Part]] = {"host": Host, "electrolyte": Electrolyte, "metal": Metal}
BLOCKS: dict[str, type[Part]] = {**ROLES, "thermal": Thermal}


class Row(NamedTuple):
    """One line of a material's table; `value` as written in the file, with its unit."""

    quantity: str
    value: str
    source: str
    remark: str


class Material(Part):
    """A material in SI: E [Pa], ν, density [kg/m³], what it is as a host, an electrolyte or a metal, and for heat.

    The `hardness` H [Pa] is the mean pressure below an indenter, None if the file has none.
    """

    name: Text
    formula: Text
    young_modulus: Annotated[Pressure, _between("1 MPa", "2 TPa")]
    poisson_ratio: PoissonRatio
    density: Annotated[Density, _between("50 kg/m^3", "25000 kg/m^3")] | None = None
    hardness: Annotated[Pressure, _between("100 kPa", "200 GPa")] | None = None
    host: Host | None = None
    electrolyte: Electrolyte | None = None
    metal: Metal | None = None
    thermal: Thermal | None = None
    file: Path = Field(description="where it was read from")
    entries: dict[str, Entry] = Field(description="the quantities as written, by their dotted keys", repr=False)

    @property
    def roles(self) -> list[str]:
        """What the material can serve as: any of host, electrolyte, metal."""
        return [role for role in ROLES if getattr(self, role) is not None]

    @field_validator("thermal")
    @classmethod
    def _has_a_density(cls, thermal: Thermal | None, info: ValidationInfo) -> Thermal | None:
        # a density that is refused is not in info.data and has its own message
        if thermal is not None and info.data.get("density", 0.0) is None:
            raise ValueError("density is needed beside this block: a volume stores heat by density times specific_heat")
        return thermal

    def table(self) -> list[Row]:
        """Return the quantities with their sources, in the order of the file."""
        return [
            Row(key.rpartition(".")[2], _written(entry.value), entry.source, entry.remark or "")
            for key, entry in self.entries.items()
        ]

    def numbers(self, role: str) -> dict[str, Any]:
        """Return what the material says of itself, as `role` and of heat, defaults included, by the keys of a file.

        Numbers are text with their SI unit where they have one; functions of theta are their formula or table.
        """
        blocks = {name: getattr(self, name) for name in (role, "thermal")}
        return _plainly(self, self.entries, _quantities("")) | {
            name: _plainly(block, self.entries, _quantities(name), f"{name}.")
            for name, block in blocks.items()
            if block is not None
        }

    def replace(self, **numbers: float | str | None) -> Material:
        """Return a copy with other numbers, checked like a file's.

        Parameters
        ----------
        numbers
            Keys as in the file without their block, such as ``diffusivity=1e-14``: SI floats or text with a unit;
            None keeps the number.

        Raises
        ------
        MaterialError
            If the material has no such quantity or the number is implausible.
        """
        entries = dict(self.entries)
        problems: list[Problem] = []
        # what a file may leave out may be added
        known = {key: key for key in _quantities("")} | {key.rpartition(".")[2]: key for key in entries}
        for key, number in numbers.items():
            if number is None:
                continue
            if key not in known:
                problems.append(((key,), f"{self.name} has no such quantity{_hint(key, known)}"))
            else:
                block, _, field = known[key].rpartition(".")
                unit = _unit((BLOCKS[block] if block else Material).model_fields[field])
                text = number if isinstance(number, str) else f"{float(number)!r} {unit}".strip()
                entries[known[key]] = Entry(value=text, source="set by the case")
        blocks = [block for block in BLOCKS if getattr(self, block) is not None]
        return _build(self.file, {"name": self.name, "formula": self.formula}, blocks, entries, problems, {})


# --- finding and reading ---------------------------------------------------------------------------


def load(name: str | Path, folders: Sequence[Path | str] = ()) -> Material:
    """Return the material called `name` (its name or file name, in upper or lower case) or the file at that path.

    `folders` are searched first, in their order, then the shipped materials.

    Raises
    ------
    MaterialError
        If there is no such material, or its file has errors; all of them are listed.
    """
    if str(name).lower().endswith(SUFFIXES):
        paths = [Path(folder) / name for folder in (*folders, ".", SHIPPED)]
        found = next((path for path in paths if path.is_file()), None)
        if found is None:
            looked = ", ".join(str(path.parent) for path in paths)
            raise MaterialError(f"no material file '{name}' (looked in {looked})")
        return _read(found)
    for path in _files(folders):
        if _plain(str(name)) in (_plain(path.stem), _plain(_name_in(path) or path.stem)):
            return _read(path)
    known = names(folders)
    hint = _hint(str(name), known)
    raise MaterialError(f"unknown material '{name}'{hint} (known: {', '.join(known)}; or a path to a .yaml file)")


def names(folders: Sequence[Path | str] = ()) -> list[str]:
    """Return the names of all materials in `folders` and of the shipped ones, sorted."""
    return sorted({name for path in _files(folders) if (name := _name_in(path))}, key=str.lower)


def describe(name: str | Path, folders: Sequence[Path | str] = ()) -> list[Row]:
    """Return the table of a material: quantity, value with unit, source, remark."""
    return load(name, folders).table()


def _files(folders: Sequence[Path | str]) -> list[Path]:
    places = [place for folder in (*folders, SHIPPED) if (place := Path(folder)).is_dir()]
    return [path for place in places for path in sorted(place.iterdir()) if path.suffix in SUFFIXES and path.is_file()]


def _name_in(path: Path) -> str | None:
    """Return the name a file gives itself without parsing it; None if it has none, as a case file."""
    with path.open(encoding="utf-8", errors="replace") as file:
        match = re.search(r"^name:[ \t]*(.+?)[ \t]*(?:#.*)?$", file.read(4096), re.MULTILINE)
    return match[1].strip("'\"") if match else None


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _read(path: Path) -> Material:
    try:
        data = YAML().load(path.read_text(encoding="utf-8"))
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise MaterialError(f"{path}: line {line}: not YAML: {error.problem or error.context}") from None
    except (YAMLError, UnicodeDecodeError, OSError) as error:
        raise MaterialError(f"{path}: cannot be read: {error}") from None
    if not isinstance(data, Mapping):
        raise MaterialError(f"{path}: not a mapping with name, formula, young_modulus, …; see those in {SHIPPED}")

    texts = {key: data[key] for key in ("name", "formula") if key in data}
    entries: dict[str, Entry] = {}
    problems: list[Problem] = []
    blocks = [key for key in BLOCKS if key in data]
    for block in ["", *blocks]:
        content = data[block] if block else data
        if not isinstance(content, Mapping):
            problems.append(((block,), f"a mapping of {', '.join(_quantities(block))} is needed"))
            continue
        for key, item in content.items():
            place = (block, str(key)) if block else (str(key),)
            if not block and key in (*texts, *blocks):
                continue
            if key not in _quantities(block):
                allowed = [*_quantities(block), *(() if block else ("name", "formula", *BLOCKS))]
                problems.append((place, f"unknown key{_hint(str(key), allowed)} (allowed: {', '.join(allowed)})"))
            elif not isinstance(item, Mapping):
                problems.append((place, f"an entry {{value: …, source: …}} is needed (given: {item!r})"))
            else:
                try:
                    entries[".".join(place)] = Entry.model_validate(item)
                except ValidationError as error:
                    problems += _problems(error, place)
                    entries[".".join(place)] = Entry(value=item.get("value"), source="-")
    return _build(path, texts, blocks, entries, problems, data)


def _build(
    file: Path,
    texts: Mapping[str, Any],
    blocks: Iterable[str],
    entries: Mapping[str, Entry],
    problems: list[Problem],
    data: Mapping[str, Any],
) -> Material:
    """Assemble and check a material; `problems` are those met so far, `data` is the file, for the lines in messages."""
    content: dict[str, Any] = {**texts, **{block: {} for block in blocks}, "file": file, "entries": entries}
    for dotted, entry in entries.items():
        block, _, key = dotted.rpartition(".")
        (content[block] if block else content)[key] = entry.value
    material = None
    try:
        material = Material.model_validate(content)
    except ValidationError as error:
        reported = {place[:-1] if place[-1] == "value" else place for place, _ in problems}
        problems = problems + [problem for problem in _problems(error) if problem[0] not in reported]
    if material is None or problems:
        lines = [f"{_line(data, place)}{'.'.join(map(str, place))}: {message}" for place, message in problems]
        head = f"{file}: " if len(lines) == 1 else f"{file}: {len(lines)} errors\n  "
        raise MaterialError(head + "\n  ".join(lines))
    return material


def _quantities(block: str) -> list[str]:
    """Return the keys of the entries of a block; the empty name is the file itself."""
    return list(BLOCKS[block].model_fields) if block else ["young_modulus", "poisson_ratio", "density", "hardness"]


def _plainly(part: Part, entries: Mapping[str, Entry], names: Iterable[str], prefix: str = "") -> dict[str, Any]:
    """Return the quantities `names` of a block that has them, as they can be written."""
    found: dict[str, Any] = {}
    for name in names:
        value, si = getattr(part, name), _unit(type(part).model_fields[name])
        unit = Unit(si, "")
        if value is None:
            continue
        if isinstance(value, Expression):
            value = " ".join(value.text.split())
        elif isinstance(value, function.Formula):
            value = " ".join(entries[prefix + name].value.split())
        elif isinstance(value, function.Table):
            value = [[theta, unit.format(row)] for theta, row in value.rows]
        elif isinstance(value, tuple):
            value = list(value)
        elif si:
            value = unit.format(value)
        found[name] = value
    return found


def _problems(error: ValidationError, place: tuple[str | int, ...] = ()) -> list[Problem]:
    """Return the errors in words, each with its place below `place`."""
    problems: list[Problem] = []
    for item in error.errors():
        if item["type"] == "missing":
            message = "a source (authors, journal, year, doi) is needed" if item["loc"] == ("source",) else "is missing"
        elif item["type"] == "extra_forbidden":
            hint = _hint(str(item["loc"][-1]), Entry.model_fields)
            message = f"unknown key{hint} (allowed: {', '.join(Entry.model_fields)})"
        else:
            message = f"{item['msg'].removeprefix('Value error, ')} (given: {_written(item['input'])})"
        problems.append(((*place, *item["loc"]), message))
    return problems


def _line(data: Any, place: tuple[str | int, ...]) -> str:
    """Return "line N, " of the deepest key of `place` that the parsed file has."""
    line = ""
    for key in place:
        if not isinstance(data, Mapping) or key not in data:
            break
        line, data = f"line {data.lc.key(key)[0] + 1}, ", data[key]  # type: ignore[attr-defined]
    return line


def _hint(word: str, known: Iterable[str]) -> str:
    by_lower = {name.lower(): name for name in known}
    close = difflib.get_close_matches(word.lower(), by_lower, n=1)
    return f", did you mean '{by_lower[close[0]]}'?" if close else ""


def _unit(field: FieldInfo) -> str:
    """Return the SI unit of a field, empty if it has none."""
    nested = [item for argument in get_args(field.annotation) for item in getattr(argument, "__metadata__", ())]
    return next((item.si for item in (*field.metadata, *nested) if isinstance(item, Unit)), "")


def _written(value: Any) -> str:
    """Return a value as a reader of the file knows it."""
    return value if isinstance(value, str) else str(list(value)) if isinstance(value, Sequence) else str(value)
