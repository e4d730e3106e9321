"""What happens on Γ_int: contact, bond, friction, adhesion, charge transfer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from interstice.schema.problems import Key
from interstice.schema.roughness import one_or_pair
from interstice.schema.section import CaseFile, Fraction, Revised, Section, otherwise
from interstice.schema.units import (
    AreaResistance,
    ExchangeCurrent,
    Length,
    MolarEnergy,
    MolarVolume,
    Position,
    Pressure,
    Stiffness,
    SurfaceEnergy,
    Time,
    Voltage,
    unit,
)

AUGMENTATION = {2: 1e3, 3: 1e2}
"""r over E*/h by dimension, unless given; conjugate gradients pay for more in 3D."""
MIXITY_EXPONENTS = {"benzeggagh_kenane": 2.0, "power_law": 1.0}


class Contact(Section):
    """Unilateral contact: g_n ≥ 0, p_n ≥ 0, g_n p_n = 0; plastic, p_n ≤ H too."""

    method: Literal["augmented_lagrangian", "penalty"] = "augmented_lagrangian"
    augmentation: Annotated[float, Field(gt=0)] | None = Field(
        default=None,
        description="r (or the penalty ε_n) in units of the local stiffness E*/h; 1000 in 2D, 100 in 3D if not given",
    )
    plastic: bool = Field(
        default=False,
        description="what would press harder than the hardness of the softer side flattens for good; both need one",
    )

    @model_validator(mode="after")
    def _bounded(self) -> Contact:
        if self.plastic and self.method == "penalty":
            raise ValueError("plastic needs the method augmented_lagrangian; leave out one or the other")
        return self


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


def _stiffness(given: dict[str, Any]) -> str | None:
    """Return K_n for which the onset is at a fiftieth of the final opening, in sliding too."""
    if given["law"] == "exponential":
        return None
    strength, toughness = given["normal_strength"], given["normal_toughness"]
    return unit(Stiffness).format(25 * strength * (strength / toughness))


class Cohesive(Section):
    """Mixed-mode bond of the points that touch after assembly; it fails irreversibly."""

    law: Literal["bilinear", "exponential", "trapezoidal"] = "bilinear"
    normal_strength: Pressure
    shear_strength: Pressure
    normal_toughness: SurfaceEnergy
    shear_toughness: SurfaceEnergy
    mixity: Literal["benzeggagh_kenane", "power_law"] = "benzeggagh_kenane"
    mixity_exponent: Annotated[
        Annotated[float, Field(gt=0)] | None, otherwise(lambda given: MIXITY_EXPONENTS[given["mixity"]])
    ] = Field(
        default=None, description="η of Benzeggagh and Kenane, 2 if not given; α of the power law, 1 if not given"
    )
    stiffness: Annotated[Stiffness | None, otherwise(_stiffness)] = Field(
        default=None,
        description="initial stiffness K_n in opening, in sliding (G_Ic/G_IIc) (τ_c/σ_c)² times that; 25 σ_c²/G_Ic if "
        "not given, the onset at a fiftieth of the end",
    )
    plateau: Annotated[
        Annotated[float, Field(ge=0, lt=1)] | None,
        otherwise(lambda given: 0.5 if given["law"] == "trapezoidal" else None),
    ] = Field(
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


class Micro(Section):
    """Roughness that the mesh does not resolve: a share φ(p) of what touches is in real contact, and conducts.

    The current crowds onto it: h_c(p) is the conductance in series.
    """

    law: Literal["elastic", "plastic", "elastic_plastic", "table"] = Field(
        default="elastic",
        description="plastic and elastic_plastic keep what a larger pressure made flat; both sides need a hardness; "
        "table is what the command patch found of a resolved surface",
    )
    rms: Length | None = Field(default=None, description="rms height of the roughness below the mesh")
    slope: Annotated[float, Field(gt=0)] | None = Field(
        default=None, description="rms gradient of the roughness below the mesh"
    )
    cutoff: Length | None = Field(
        default=None,
        description="shortest wavelength of the surface: rms and slope, if not given, are those of the waves of the "
        "interface's roughness that the mesh does not resolve, shorter than 8 elements or than its short_cutoff, down "
        "to this",
    )
    hurst: Annotated[float, Field(gt=0, le=1)] | None = Field(
        default=None,
        description="measured roughness: Hurst exponent by which it goes on beyond two pixels; fitted if not given",
    )
    file: CaseFile | None = Field(
        default=None, description="table: path of what the command patch wrote, relative to the case file"
    )

    @model_validator(mode="after")
    def _known(self) -> Micro:
        if self.law == "table":
            if self.file is None:
                raise ValueError("file is missing; the law table needs what './interstice patch SURFACE.yaml' writes")
            for name in ("rms", "slope", "cutoff", "hurst"):
                if getattr(self, name) is not None:
                    raise ValueError(f"{name} says what the file of the law table says already; leave it out")
            return self
        if self.file is not None:
            raise ValueError("file belongs to the law table")
        if (self.rms is None) != (self.slope is None):
            raise ValueError("rms and slope are needed together, or neither of them and a cutoff")
        if self.rms is None and self.cutoff is None:
            raise ValueError(
                "rms and slope are missing; give them, or as cutoff the shortest wavelength of the roughness that the "
                "interface has"
            )
        if self.hurst is not None and self.cutoff is None:
            raise ValueError("hurst belongs to a cutoff: rms and slope leave nothing to be computed by it")
        return self


class Friction(Section):
    """Coulomb friction of what presses; where there was a bond it grows with the damage."""

    coefficient: Annotated[float, Field(gt=0)]


class Adhesion(Section):
    """Reversible attraction across the gap."""

    work: SurfaceEnergy = Field(description="from contact to far apart")
    range: Length


Corner = Annotated[
    Annotated[list[Position], Field(min_length=2, max_length=2), Tag("pair")] | Annotated[Position, Tag("one")],
    Discriminator(one_or_pair),
]
"""A position x, or a pair of positions x and y."""


class PassivatedPatch(Section):
    """A part of the interface: where x lies between two positions or, in 3D, where x and y lie in a rectangle."""

    start: Corner
    end: Corner

    @model_validator(mode="after")
    def _ordered(self) -> PassivatedPatch:
        if isinstance(self.start, list) != isinstance(self.end, list):
            raise ValueError("end must be one position where the start is one, and a pair where that is a pair")
        if any(end <= start for start, end in zip(self.corners[0], self.corners[1], strict=True)):
            raise ValueError(f"end must be above the start, {', '.join(f'{x:g} m' for x in self.corners[0])}")
        return self

    @property
    def corners(self) -> tuple[list[float], list[float]]:
        """The lowest and the highest x (, y) [m]."""
        start, end = (place if isinstance(place, list) else [place] for place in (self.start, self.end))
        return start, end


class Passivation(Section):
    """Parts of the interface that never conduct, though they may touch: patches that are given, or at random places."""

    patches: list[PassivatedPatch] = Field(default_factory=list)
    share: Annotated[float, Field(gt=0, lt=1)] | None = Field(
        default=None, description="of the area, at random places; instead of patches"
    )
    correlation_length: Length | None = Field(
        default=None, description="over which the random places are alike; needed with a share"
    )
    seed: Annotated[int, Field(ge=0)] = 0

    @model_validator(mode="after")
    def _one_of_both(self) -> Passivation:
        if bool(self.patches) == (self.share is not None):
            raise ValueError("patches or a share is needed, and not both")
        if (self.share is None) != (self.correlation_length is None):
            raise ValueError("correlation_length belongs to a share, which needs it")
        return self


class Passage(Section):
    """What lets current cross where the sides touch."""

    onset_pressure: Pressure | None = Field(
        default=None,
        description="at which half of what touches conducts, p/(p + onset); all does if not given",
    )
    passivated: Passivation | None = Field(
        default=None,
        description="what never conducts, though it presses and carries heat as the rest; none if not given",
    )


class Conduction(Passage):
    """Conduction where like sides touch: j = Δφ/R of lithium ions between electrolytes; nothing crosses Γ_d."""

    resistance: AreaResistance | None = Field(
        default=None, description="R of what is in contact; what touches is as good as one body if not given"
    )


class SideReaction(Section):
    """Lithium metal that plates on a host where its potential falls below that of lithium, and is stripped again."""

    exchange_current_density: ExchangeCurrent
    molar_volume: Annotated[MolarVolume, Field(gt=0)] = Field(
        default="13.0 cm^3/mol", description="of the metal; lithium's if not given"
    )


class Kinetics(Passage, Revised):
    """Charge transfer on Γ_c; no lithium crosses Γ_d."""

    gone: ClassVar[Mapping[str, str]] = {
        "stress": "is no longer chosen apart from transport: in one of them alone it would drive a current for ever, "
        "also at rest; write 'stress: coupled' in the block of the electrode"
    }
    law: Literal["butler_volmer", "linear", "tafel"] = "butler_volmer"
    exchange_current_density: ExchangeCurrent = Field(description="at θ = 1/2 and the salt concentration at rest")
    activation_energy: MolarEnergy = Field(
        default="0 J/mol", description="of the exchange current density, given for 298.15 K"
    )
    anodic_transfer: Annotated[float, Field(gt=0, lt=1)] = 0.5
    cathodic_transfer: Annotated[float, Field(gt=0, lt=1)] = 0.5
    film_resistance: AreaResistance | None = Field(default=None, description="of an interphase that always conducts")
    strain_coefficient: Voltage | None = Field(
        default=None, description="κ_ε of η = η_0 + κ_ε ε, ε the volumetric strain of the electrode"
    )
    gap_permittivity: Annotated[float, Field(ge=1)] | None = Field(
        default=None, description="relative one of an open gap, which then is a capacitor; it is none if not given"
    )
    bridged_gap: Length | None = Field(
        default=None,
        description="gap up to which metal is plated into as if the sides touched, as it spreads from where they do; "
        "nothing is plated where they do not touch if not given",
    )
    plating: SideReaction | None = Field(
        default=None, description="of lithium metal on a host, beside intercalation; none if not given"
    )
    touching_gap: Length = Field(
        default="0.1 nm",
        description="of sides that no longer touch: where none presses, the share that conducts falls to 0 up to there",
    )


class Interface(Section):
    """What happens on Γ_int."""

    bonded: bool = Field(default=False, description="the sides are one body, grown together for good")
    contact: Contact = Contact()
    cohesive: Cohesive | None = None
    micro: Micro | None = None
    friction: Friction | None = None
    adhesion: Adhesion | None = None
    kinetics: Kinetics | None = Field(
        default=None, description="between an electrode and an electrolyte, which need it"
    )
    conduction: Conduction | None = Field(default=None, description="between like sides, in place of kinetics")

    @model_validator(mode="after")
    def _parts(self) -> Interface:
        always = ("contact", "kinetics", "conduction")
        laws = [name for name, block in self if isinstance(block, Section) and name not in always]
        if self.bonded and laws:
            raise ValueError(f"bonded leaves no place for {', '.join(laws)}; leave out one or the other")
        if self.kinetics and self.conduction:
            raise ValueError(
                "conduction takes the place of kinetics where both sides are alike; leave out one or the other"
            )
        if self.micro and self.kinetics and self.kinetics.bridged_gap is not None:
            raise ValueError(
                "micro lets nothing cross where nothing presses, as kinetics.bridged_gap does; leave out one"
            )
        if self.micro and self.passage and self.passage.onset_pressure is not None:
            law = "kinetics" if self.kinetics else "conduction"
            raise ValueError(f"micro says what conducts in place of {law}.onset_pressure; leave out one or the other")
        return self

    @property
    def passage(self) -> Kinetics | Conduction | None:
        """What lets current cross: one of both laws, whichever there is."""
        return self.kinetics or self.conduction

    def on(self, dimension: int) -> Interface:
        """Return it with what follows from the dimension of the body."""
        augmentation = self.contact.augmentation or AUGMENTATION[dimension]
        contact = self.contact.model_copy(update={"augmentation": augmentation})
        return self.model_copy(update={"contact": contact})

    @property
    def plastic(self) -> Key | None:
        """The key of the law by which its sides are pressed flat and need a hardness; None if there is none."""
        if self.contact.plastic:
            return "contact", "plastic"
        return ("micro", "law") if self.micro and self.micro.law not in ("elastic", "table") else None
