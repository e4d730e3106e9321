"""The schema of a case file, and nothing else. Every value is in SI after reading.

The text of a validator's ValueError begins with the name of the field it is about; the reader finds its line by that.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    PositiveInt,
    Tag,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)

from interstice.solver import protocol
from interstice.solver.units import (
    AreaResistance,
    Concentration,
    Conductivity,
    CurrentDensity,
    Diffusivity,
    Length,
    MolarEnergy,
    MolarVolume,
    Position,
    Pressure,
    Stiffness,
    SurfaceEnergy,
    Temperature,
    Time,
    Voltage,
)

Fraction = Annotated[float, Field(ge=0, le=1)]
Rate = Annotated[float, Field(gt=0)]
"""A C-rate [1/h]."""


def _from_case_folder(path: Path, info: ValidationInfo) -> Path:
    folder = (info.context or {}).get("folder", Path())
    return check_path((folder / path).absolute())


def check_path(path: Path) -> Path:
    """Return `path`, which the copy of the case will name; ValueError if it is not text in UTF-8."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        raise ValueError(f"the path {str(path)!r} is not UTF-8 text; rename the folder or the file") from None
    return path


CaseFile = Annotated[Path, AfterValidator(_from_case_folder)]
"""A path, given relative to the case file; absolute after reading."""


def _one_or_pair(value: Any) -> str:
    return "pair" if isinstance(value, list | tuple) else "one"


Corner = Annotated[
    Annotated[tuple[Position, Position], Tag("pair")] | Annotated[Position, Tag("one")],
    Discriminator(_one_or_pair),
]
"""A position along a line, or a pair of positions on a map."""


class Section(BaseModel):
    """A block of a case file: unknown keys are errors, values are fixed once read."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True, allow_inf_nan=False)


# --- roughness -------------------------------------------------------------------------------------


class Flat(Section):
    """A perfectly flat interface."""

    kind: Literal["flat"] = "flat"


class Sinusoidal(Section):
    """h = amplitude · cos(2πx/wavelength), in 3D times cos(2πy/wavelength)."""

    kind: Literal["sinusoidal"]
    amplitude: Length
    wavelength: Length


class SelfAffine(Section):
    """Random roughness whose power spectrum falls as q^(−2(H+1)) in 3D, q^(−(2H+1)) in 2D, between two cutoffs."""

    kind: Literal["self_affine"]
    rms: Length
    hurst: Annotated[float, Field(gt=0, le=1)] = 0.8
    long_cutoff: Length | None = Field(default=None, description="longest wavelength; the lateral size if not given")
    short_cutoff: Length | None = Field(
        default=None, description="shortest wavelength; four interface elements if not given"
    )
    seed: Annotated[int, Field(ge=0)] = 0


class Measured(Section):
    """A topography file (AFM map or line scan, any format SurfaceTopography reads)."""

    kind: Literal["measured"]
    file: CaseFile = Field(description="path, relative to the case file")
    line: Annotated[int, Field(ge=0)] | None = Field(
        default=None, description="2D: row of the map; the middle row if not given"
    )
    origin: Corner = Field(default="0 um", description="corner of the window taken from the file")
    detrend: Literal["none", "center", "height", "curvature"] = "height"
    rms: Length | None = Field(default=None, description="scale heights to this rms height; as measured if not given")


Roughness = Annotated[Flat | Sinusoidal | SelfAffine | Measured, Field(discriminator="kind")]


# --- geometry --------------------------------------------------------------------------------------


class Box(Section):
    """A body over [0, length] (× [0, width] in 3D)."""

    builder: str
    dimension: Literal[2, 3] = 2
    length: Length = Field(description="lateral size along x")
    width: Length | None = Field(default=None, description="3D: lateral size along y; the length if not given")
    element_size: Length = Field(description="at the interfaces")

    @model_validator(mode="after")
    def _sizes(self) -> Self:
        if self.element_size > self.length / 2:
            raise ValueError(f"element_size must be at most half the length, {self.length / 2:.3g} m")
        if self.dimension == 2 and self.width is not None:
            raise ValueError("width belongs to dimension 3")
        return self

    @property
    def lateral_size(self) -> tuple[float, ...]:
        """Length, in 3D also width [m]."""
        return (self.length,) if self.dimension == 2 else (self.length, self.width or self.length)


class Layered(Box):
    """What films and layers have in common."""

    coarse_size: Length | None = Field(
        default=None, description="far from the interfaces; a third of the thickness of the layer if not given"
    )
    roughness_as: Literal["gap", "profile"] = Field(
        default="gap", description="gap: initial gap on a flat interface; profile: the mesh follows the heights"
    )
    lateral: Literal["symmetric", "periodic"] = "symmetric"


class Film(Layered):
    """An electrode film on an electrolyte film: electrolyte below, interface near height 0, electrode above."""

    builder: Literal["film"]
    electrode_thickness: Length
    electrolyte_thickness: Length
    roughness: Roughness = Flat()


class Layer(Section):
    """One of the layers of a stack: a side of its interfaces."""

    name: str = Field(description="of the side")
    thickness: Length

    @model_validator(mode="after")
    def _plain(self) -> Layer:
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", self.name):
            raise ValueError(f"name must be letters, digits and underscores after a letter, not {self.name!r}")
        return self


class Layers(Layered):
    """Layers on top of each other, the lowest one from height 0 on; interfaces are called upper/lower."""

    builder: Literal["layers"]
    layers: list[Layer] = Field(min_length=2, description="from the counter, at the bottom, to the collector")
    roughness: dict[str, Roughness] = Field(
        default_factory=dict, description="by interface, such as cathode/separator; those not named are flat"
    )

    @model_validator(mode="after")
    def _names(self) -> Layers:
        names = [layer.name for layer in self.layers]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"layers must have names of their own; given twice or more: {', '.join(twice)}")
        joined = {tuple(sorted(pair)) for pair in self.interfaces}
        named = [tuple(sorted(key.split("/"))) for key in self.roughness]
        for key, pair in zip(self.roughness, named, strict=True):
            if pair not in joined:
                allowed = ", ".join("/".join(pair) for pair in self.interfaces)
                raise ValueError(f"roughness of '{key}' is of no interface of these layers; allowed: {allowed}")
        if len(set(named)) < len(named):
            raise ValueError("roughness is given twice for one interface, once in either order of its names")
        return self

    @property
    def interfaces(self) -> list[tuple[str, str]]:
        """The upper and the lower side of each interface, from the top down."""
        names = [layer.name for layer in reversed(self.layers)]
        return list(pairwise(names))


class ImportedMesh(Section):
    """A Gmsh file whose physical groups name the sides, the interface and the boundaries (collector, counter)."""

    builder: Literal["msh"]
    file: CaseFile = Field(description="path, relative to the case file")
    unit: Length = Field(default="1 um", description="length of one unit of the file")
    lateral: Literal["symmetric", "free"] = Field(
        default="symmetric",
        description="symmetric: boundaries left, right (front, back) do not move along their normal",
    )


class DoubleCantilever(Section):
    """A specimen of two equal arms, electrode above, held at its far end and opened at its near one, x = 0."""

    builder: Literal["dcb"]
    dimension: Literal[2, 3] = 2
    length: Length
    thickness: Length = Field(description="of each arm")
    width: Length | None = Field(default=None, description="3D")
    element_size: Length = Field(description="at the interface")
    coarse_size: Length | None = Field(
        default=None, description="far from the interface; an eighth of the thickness if not given"
    )
    lateral: Literal["free"] = "free"

    @model_validator(mode="after")
    def _sizes(self) -> DoubleCantilever:
        if (self.width is not None) != (self.dimension == 3):
            raise ValueError("width belongs to dimension 3, which needs it")
        if self.element_size > self.thickness:
            raise ValueError(f"element_size must be at most the thickness, {self.thickness:.3g} m")
        return self


class Particles(Box):
    """Electrode particles wholly inside an electrolyte: discs in 2D, balls in 3D. The lowest height is 0."""

    builder: Literal["particles"]
    height: Length = Field(description="of the whole body")
    separator: Length | None = Field(default=None, description="thickness of the part without particles, at the bottom")
    volume_fraction: Annotated[float, Field(gt=0, lt=1)] | None = Field(
        default=None, description="of the particles, in the part above the separator; this or their count is needed"
    )
    count: PositiveInt | None = Field(default=None, description="of the particles")
    mean_diameter: Length
    diameter_deviation: Length | None = Field(
        default=None, description="standard deviation of the log-normal diameters; all are alike if not given"
    )
    spacing: Length | None = Field(
        default=None,
        description="least distance of a particle from others and from the faces; two elements if not given",
    )
    seed: Annotated[int, Field(ge=0)] = 0
    coarse_size: Length | None = Field(
        default=None, description="far from the interface; a quarter of the mean diameter if not given"
    )
    lateral: Literal["symmetric"] = "symmetric"

    @model_validator(mode="after")
    def _amount(self) -> Particles:
        if (self.volume_fraction is None) == (self.count is None):
            raise ValueError("volume_fraction or count is needed, and not both")
        if self.separator is not None and self.separator >= self.height:
            raise ValueError(f"separator must be below the height, {self.height:.3g} m")
        return self


Geometry = Annotated[
    Film | ImportedMesh | DoubleCantilever | Layers | Particles,
    Field(discriminator="builder"),
]


# --- materials of the two sides --------------------------------------------------------------------


class Overrides(Section):
    """Numbers that replace those of the material file, for parameter studies."""

    young_modulus: Pressure | None = None
    poisson_ratio: Annotated[float, Field(gt=-1, lt=0.5)] | None = None
    maximum_concentration: Concentration | None = None
    diffusivity: Diffusivity | None = None
    partial_molar_volume: MolarVolume | None = None
    electronic_conductivity: Conductivity | None = None
    ionic_conductivity: Conductivity | None = None


class Electrode(Section):
    """The host of lithium."""

    material: str
    initial_stoichiometry: Annotated[float, Field(gt=0, lt=1)] = Field(
        description="θ = c/c_max at the start, free of eigenstrain"
    )
    transport: Literal["fick", "chemical_potential"] = Field(
        default="fick", description="chemical_potential: stress drives lithium too"
    )
    overrides: Overrides = Overrides()


class Electrolyte(Section):
    """The single-ion conductor."""

    material: str
    overrides: Overrides = Overrides()


# --- interface -------------------------------------------------------------------------------------


class Contact(Section):
    """Unilateral contact: g_n ≥ 0, p_n ≥ 0, g_n p_n = 0."""

    method: Literal["augmented_lagrangian", "penalty"] = "augmented_lagrangian"
    augmentation: Annotated[float, Field(gt=0)] | None = Field(
        default=None,
        description="r (or the penalty ε_n) in units of the local stiffness E*/h; 1000 in 2D, 100 in 3D if not given",
    )


class RandomField(Section):
    """Random strength and toughness along the interface."""

    distribution: str
    correlation_length: Length
    seed: Annotated[int, Field(ge=0)] = 0
    of: Literal["strength", "toughness", "both"] = "both"


class Weibull(RandomField):
    """Random strength and toughness along the interface, Weibull distributed about the values given."""

    distribution: Literal["weibull"]
    modulus: Annotated[float, Field(gt=0)] = Field(description="Weibull modulus m; the larger, the less they vary")


class LogNormal(RandomField):
    """Random strength and toughness along the interface, log-normally distributed about the values given."""

    distribution: Literal["log_normal"]
    variation: Annotated[float, Field(gt=0)] = Field(description="standard deviation over the mean")


Variation = Annotated[Weibull | LogNormal, Field(discriminator="distribution")]


class Fatigue(Section):
    """Damage under repeated loads below the strength (Roe and Siegmund 2003)."""

    accumulation: Annotated[float, Field(ge=1)] = Field(description="accumulated opening over the final one, N")
    endurance: Fraction = Field(description="endurance limit over the strength: loads below it do no harm")


class Stretch(Section):
    """A part of the interface: where x lies between two positions."""

    start: Position
    end: Position

    @model_validator(mode="after")
    def _ordered(self) -> Stretch:
        if self.end <= self.start:
            raise ValueError(f"end must be above the start, {self.start:g} m")
        return self


class Cohesive(Section):
    """Mixed-mode bond of the points that touch after assembly; it fails irreversibly."""

    law: Literal["bilinear", "exponential", "trapezoidal"] = "bilinear"
    normal_strength: Pressure
    shear_strength: Pressure
    normal_toughness: SurfaceEnergy
    shear_toughness: SurfaceEnergy
    mixity: Literal["benzeggagh_kenane", "power_law"] = "benzeggagh_kenane"
    mixity_exponent: Annotated[float, Field(gt=0)] | None = Field(
        default=None, description="η of Benzeggagh and Kenane, 2 if not given; α of the power law, 1 if not given"
    )
    stiffness: Stiffness | None = Field(
        default=None, description="initial stiffness; fifty times that of peak at the toughness if not given"
    )
    plateau: Annotated[float, Field(ge=0, lt=1)] | None = Field(
        default=None,
        description="trapezoidal: share of the way to the end at full strength; 0.5 if not given",
    )
    variation: Variation | None = None
    unbonded: Stretch | None = Field(default=None, description="a flaw: not bonded though it touches")
    fatigue: Fatigue | None = None
    relaxation_time: Time | None = Field(default=None, description="viscous regularisation; none if not given")

    @model_validator(mode="after")
    def _of_the_law(self) -> Cohesive:
        if self.law == "exponential" and self.stiffness is not None:
            raise ValueError("stiffness follows from strength and toughness in the exponential law; leave it out")
        if self.law != "trapezoidal" and self.plateau is not None:
            raise ValueError("plateau belongs to the trapezoidal law")
        return self


class Friction(Section):
    """Coulomb friction of what presses; where there was a bond it grows with the damage."""

    coefficient: Annotated[float, Field(gt=0)]


class Adhesion(Section):
    """Reversible attraction across the gap."""

    work: SurfaceEnergy = Field(description="from contact to far apart")
    range: Length


class Kinetics(Section):
    """Charge transfer on Γ_c; no lithium crosses Γ_d."""

    law: Literal["butler_volmer", "linear", "tafel"] = "butler_volmer"
    exchange_current_density: CurrentDensity = Field(description="at θ = 1/2 and the salt concentration at rest")
    activation_energy: MolarEnergy = Field(
        default="0 J/mol", description="of the exchange current density, given for 298.15 K"
    )
    anodic_transfer: Annotated[float, Field(gt=0, lt=1)] = 0.5
    cathodic_transfer: Annotated[float, Field(gt=0, lt=1)] = 0.5
    film_resistance: AreaResistance | None = Field(default=None, description="of an interphase that always conducts")
    stress: Literal["none", "thermodynamic"] = Field(
        default="none", description="thermodynamic: −Ω σ_h/F is added to the overpotential"
    )
    strain_coefficient: Voltage | None = Field(
        default=None, description="κ_ε of η = η_0 + κ_ε ε, ε the volumetric strain of the electrode"
    )
    gap_permittivity: Annotated[float, Field(ge=1)] | None = Field(
        default=None, description="relative one of an open gap, which then is a capacitor; it is none if not given"
    )
    onset_pressure: Pressure | None = Field(
        default=None,
        description="at which half of what touches conducts, p/(p + onset); all does if not given",
    )


class Interface(Section):
    """What happens on Γ_int."""

    bonded: bool = Field(default=False, description="the sides are one body, grown together for good")
    contact: Contact = Contact()
    cohesive: Cohesive | None = None
    friction: Friction | None = None
    adhesion: Adhesion | None = None
    kinetics: Kinetics

    @model_validator(mode="after")
    def _parts(self) -> Interface:
        laws = [name for name in ("cohesive", "friction", "adhesion") if getattr(self, name)]
        if self.bonded and laws:
            raise ValueError(f"bonded leaves no place for {', '.join(laws)}; leave out one or the other")
        return self


# --- stack, protocol, output -----------------------------------------------------------------------


class Pad(Section):
    """A standard linear solid between cell and fixture: p(t) = (E_2 + E_1 exp(−t/τ)) ε_0 under a fixed strain."""

    thickness: Length
    relaxing_modulus: Pressure = Field(description="E_1")
    lasting_modulus: Pressure = Field(description="E_2")
    relaxation_time: Time = Field(description="τ")


class Stack(Section):
    """How the cell is held: pressed at assembly, then kept at that pressure, at that thickness or in between."""

    hold: Literal["constant_pressure", "fixed_thickness", "spring", "pad", "free"] = Field(
        default="constant_pressure",
        description="spring, pad: locked at assembly, then as stiff as that; "
        "free: no platen, the pressure alone acts on the collector",
    )
    pressure: Pressure | None = Field(default=None, description="needed unless the cell is free")
    stiffness: Stiffness | None = Field(default=None, description="of the spring: pressure per change of thickness")
    pad: Pad | None = None

    @model_validator(mode="after")
    def _complete(self) -> Stack:
        if self.pressure is None and self.hold != "free":
            raise ValueError(f"pressure is needed with hold {self.hold}")
        for name, hold in (("stiffness", "spring"), ("pad", "pad")):
            if (getattr(self, name) is not None) != (self.hold == hold):
                raise ValueError(f"{name} belongs to hold {hold}, which needs it")
        return self


class Stop(Section):
    """What ends a protocol step, whichever comes first."""

    voltage: Voltage | None = None
    time: Time | None = None
    active_fraction: Fraction | None = Field(default=None, description="the step ends when f_c falls below")

    @model_validator(mode="after")
    def _any(self) -> Stop:
        if self.voltage is None and self.time is None and self.active_fraction is None:
            raise ValueError("needs at least one of voltage, time, active_fraction")
        return self


class HoldStop(Section):
    """What ends a step at constant voltage, whichever comes first."""

    current_density: CurrentDensity | None = Field(default=None, description="the step ends when |j_app| falls below")
    c_rate: Rate | None = Field(default=None, description="the same as a C-rate")
    time: Time | None = None
    active_fraction: Fraction | None = Field(default=None, description="the step ends when f_c falls below")

    @model_validator(mode="after")
    def _any(self) -> HoldStop:
        if all(value is None for value in (self.current_density, self.c_rate, self.time, self.active_fraction)):
            raise ValueError("needs at least one of current_density, c_rate, time, active_fraction")
        return self

    def density(self, one_c: float) -> float:
        """Return the least current density [A/m²], where that of a C-rate of 1 is `one_c` [A/m²]."""
        return max((d for d in (self.current_density, (self.c_rate or 0.0) * one_c) if d), default=0.0)


class Galvanostatic(Section):
    """Constant current."""

    step: str
    current_density: CurrentDensity | None = Field(default=None, description="per apparent area")
    c_rate: Rate | None = Field(default=None, description="the whole capacity of the cell per hour is 1")
    until: Stop

    @model_validator(mode="after")
    def _one_current(self) -> Galvanostatic:
        if self.current_density is None and self.c_rate is None:
            raise ValueError("current_density is needed, or c_rate")
        if self.current_density is not None and self.c_rate is not None:
            raise ValueError("c_rate stands beside current_density; give one of them")
        return self

    def density(self, one_c: float) -> float:
        """Return the current density [A/m²], where that of a C-rate of 1 is `one_c` [A/m²]."""
        return (self.c_rate or 0.0) * one_c if self.current_density is None else self.current_density


class Charge(Galvanostatic):
    """Constant current, lithium leaves the electrode (j_n > 0); until.voltage is an upper cut-off."""

    step: Literal["charge"]


class Discharge(Galvanostatic):
    """Constant current, lithium enters the electrode (j_n < 0); until.voltage is a lower cut-off."""

    step: Literal["discharge"]


class Hold(Section):
    """Constant voltage, whatever current it takes."""

    step: Literal["hold"]
    voltage: Voltage
    until: HoldStop


class Rest(Section):
    """No current."""

    step: Literal["rest"]
    time: Time


class Press(Section):
    """No current; the pressure of the platen goes linearly from what it is to another."""

    step: Literal["press"]
    pressure: Pressure = Field(description="at the end of the step")
    time: Time


class Open(Section):
    """No current; the loaded ends of a dcb are drawn apart, steadily."""

    step: Literal["open"]
    opening: Length = Field(description="of the loaded ends at the end of the step")
    time: Time
    control: Literal["opening", "crack"] = Field(
        default="opening", description="crack: its growth is prescribed, the loaded ends go back where they must"
    )


class Repeat(Section):
    """The same steps over and over: cycles."""

    step: Literal["repeat"]
    times: PositiveInt
    steps: list[Entry] = Field(min_length=1)


Step = Charge | Discharge | Hold | Rest | Press | Open
_Typed = Annotated[Step | Repeat, Field(discriminator="step")]
_Sentence = Annotated[str, Field(examples=protocol.EXAMPLES)]
_RepeatPhrase = Annotated[
    dict[str, list[Any]],
    WithJsonSchema(
        {
            "type": "object",
            "patternProperties": {r"^\s*[Rr]epeat\s": {"type": "array", "minItems": 1}},
            "additionalProperties": False,
            "minProperties": 1,
            "maxProperties": 1,
            "examples": [{protocol.REPEAT: protocol.EXAMPLES[:2]}],
        }
    ),
]
Entry = Annotated[_Typed, BeforeValidator(protocol.mapping, json_schema_input_type=_Sentence | _RepeatPhrase | _Typed)]
"""An entry of a protocol: a typed step, or a sentence that stands for one."""
Repeat.model_rebuild()


def _flat(entries: Iterable[Entry]) -> Iterator[Step]:
    for entry in entries:
        if isinstance(entry, Repeat):
            yield from _flat(entry.steps)
        else:
            yield entry


class TimeStepping(Section):
    """Implicit steps that grow when Newton converges quickly and shrink when it fails."""

    initial: Time = "1 s"
    minimum: Time = "1 ms"
    maximum: Time = "5 min"
    tolerance: Annotated[float, Field(gt=0, le=0.1)] = Field(
        default=1e-4, description="largest error of θ (root mean square over an electrode) that one time step adds"
    )
    stoichiometry_change: Annotated[float, Field(gt=0, le=0.5)] = Field(
        default=0.02, description="largest change of the mean θ in one time step"
    )

    @model_validator(mode="after")
    def _ordered(self) -> TimeStepping:
        if self.minimum > self.initial:
            raise ValueError(f"minimum must be at most the initial step, {self.initial:g} s")
        if self.maximum < self.initial:
            raise ValueError(f"maximum must be at least the initial step, {self.initial:g} s")
        return self


class Output(Section):
    """What is written."""

    fields_every: PositiveInt = Field(
        default=1, description="steps between two sets of ParaView fields; the last is always written"
    )


class Case(Section):
    """A whole case."""

    title: Annotated[str, Field(max_length=300)]
    temperature: Temperature = "298.15 K"
    geometry: Geometry
    electrode: Electrode | None = None
    electrolyte: Electrolyte | None = None
    interface: Interface | None = None
    electrodes: dict[str, Electrode] | None = Field(default=None, description="by name, where there is not just one")
    electrolytes: dict[str, Electrolyte] | None = Field(
        default=None, description="by name, where there is not just one"
    )
    interfaces: dict[str, Interface] | None = Field(
        default=None, description="by the names of both sides, as cathode/separator"
    )
    stack: Stack
    kinematics: Literal["small_strain", "finite_rotation"] = Field(
        default="small_strain", description="finite_rotation: strains stay small, bodies may bend and buckle"
    )
    protocol: list[Entry] = Field(min_length=1)
    time: TimeStepping = TimeStepping()
    output: Output = Output()

    coupling: Literal["automatic", "monolithic", "staggered"] = Field(
        default="automatic", description="automatic: monolithic in 2D and staggered in 3D"
    )

    @model_validator(mode="after")
    def _sides(self) -> Case:
        one = {name: getattr(self, name) for name in ("electrode", "electrolyte", "interface")}
        many = {name: getattr(self, name) for name in ("electrodes", "electrolytes", "interfaces")}
        if all(block is None for block in many.values()):
            for name, block in one.items():
                if block is None:
                    raise ValueError(f"{name} is missing; a cell has electrode, electrolyte and interface, or several")
        for name, block in one.items():
            if block is not None and any(many.values()):
                raise ValueError(f"{name} stands beside electrodes, electrolytes or interfaces; name all sides there")
        return self

    @model_validator(mode="after")
    def _specimen(self) -> Case:
        opened = any(isinstance(step, Open) for step in self.steps)
        if opened and self.geometry.builder != "dcb":
            raise ValueError("protocol: the step 'open' belongs to the geometry builder 'dcb'")
        follows = any(isinstance(step, Open) and step.control == "crack" for step in self.steps)
        if follows and not any(interface.cohesive for interface in self.joints.values()):
            raise ValueError("protocol: control 'crack' follows the failure of a bond; give interface.cohesive one")
        if self.stack.hold == "free" and any(isinstance(step, Press) for step in self.steps):
            raise ValueError("protocol: the step 'press' needs a platen, and a stack with hold free has none")
        if self.geometry.builder == "dcb" and self.stack.hold != "free":
            raise ValueError("stack: a dcb is not held in a stack; write {hold: free}")
        if self.stack.pressure is None and not any(i.cohesive or i.bonded for i in self.joints.values()):
            raise ValueError("stack: nothing holds the electrode; give a pressure, or interface.cohesive a bond")
        return self

    @property
    def sides(self) -> list[str]:
        """The names of the sides that the geometry has, from the bottom up."""
        geometry = self.geometry
        return (
            [layer.name for layer in geometry.layers] if geometry.builder == "layers" else ["electrolyte", "electrode"]
        )

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The names of the sides of each interface that the geometry has."""
        return self.geometry.interfaces if self.geometry.builder == "layers" else [("electrode", "electrolyte")]

    @property
    def hosts(self) -> dict[str, Electrode]:
        """The electrodes by the names of their sides."""
        return {"electrode": self.electrode} if self.electrode else self.electrodes or {}

    @property
    def conductors(self) -> dict[str, Electrolyte]:
        """The electrolytes by the names of their sides."""
        return {"electrolyte": self.electrolyte} if self.electrolyte else self.electrolytes or {}

    @property
    def joints(self) -> dict[str, Interface]:
        """The interfaces by the names of both sides, as "cathode/separator"."""
        return {"electrode/electrolyte": self.interface} if self.interface else self.interfaces or {}

    @property
    def steps(self) -> Iterator[Step]:
        """Every step of the protocol, those that are repeated once."""
        return _flat(self.protocol)
