"""The materials of the sides, and what is replaced in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from interstice.schema.section import Revised, Section
from interstice.schema.units import (
    Concentration,
    Conductivity,
    Density,
    Diffusivity,
    FractureToughness,
    MolarVolume,
    Pressure,
    StrainRate,
)


class Overrides(Section):
    """Numbers that replace those of the material file, for parameter studies."""

    young_modulus: Pressure | None = None
    poisson_ratio: Annotated[float, Field(gt=-1, lt=0.5)] | None = None
    hardness: Pressure | None = None
    fracture_toughness: FractureToughness | None = None
    density: Density | None = None
    maximum_concentration: Concentration | None = None
    diffusivity: Diffusivity | None = None
    partial_molar_volume: MolarVolume | None = None
    molar_volume: MolarVolume | None = None
    electronic_conductivity: Conductivity | None = None
    ionic_conductivity: Conductivity | None = None
    yield_strength: Pressure | None = None
    creep_rate: StrainRate | None = None
    creep_exponent: Annotated[float, Field(ge=1)] | None = None


Solid = Literal["elastic", "plastic", "creep", "anand"]
"""How a side gives way to stress; those that flow need the block of this name in their material."""
FLOW = (
    "plastic: it yields; creep: by a power law of stress; anand: by Anand's law; each with that block of the material"
)


class Electrode(Revised):
    """What electrons reach: one of the kinds below."""

    kind: str
    material: str
    solid: Solid = Field(default="elastic", description=FLOW)
    overrides: Overrides = Overrides()

    @property
    def only_collects(self) -> bool:
        """Whether electrons reach it and no lithium."""
        return False


class HostElectrode(Electrode):
    """The host of lithium."""

    gone: ClassVar[Mapping[str, str]] = {
        "transport": "is no longer chosen apart from kinetics: stress in one of them alone would drive a current for "
        "ever, also at rest; write 'stress: coupled' in its place",
        "plates": "belongs to kind: collector",
    }
    kind: Literal["host"] = "host"
    initial_stoichiometry: Annotated[float, Field(gt=0, lt=1)] = Field(
        description="θ = c/c_max at the start, free of eigenstrain"
    )
    stress: Literal["none", "coupled"] = Field(
        default="none", description="coupled: it drives lithium in the host, and shifts the potential by Ω σ_h/F"
    )


class MetalElectrode(Electrode):
    """Lithium metal: its surface moves as lithium is stripped from it and plated on it."""

    gone: ClassVar[Mapping[str, str]] = {
        "initial_stoichiometry": "belongs to kind: host; a metal is lithium alone",
        "plates": "belongs to kind: collector; a metal plates itself",
    }
    kind: Literal["metal"]
    solid: Solid = Field(default="creep", description=FLOW)
    stress: Literal["none", "coupled"] = Field(
        default="none",
        description="coupled: the contact pressure shifts the potential by −Ω p_n/F, 1 mV per 7.42 MPa of lithium",
    )


class CollectorElectrode(Electrode):
    """A collector of electrons, which holds no lithium; anode-free, lithium is plated on it and stripped again."""

    gone: ClassVar[Mapping[str, str]] = {
        "initial_stoichiometry": "belongs to kind: host; a collector holds no lithium",
    }
    kind: Literal["collector"]
    plates: str | None = Field(
        default=None,
        description="the metal of the film that is plated, of which there is none at first; nothing if not given",
    )
    stress: Literal["none", "coupled"] = Field(default="none", description="as of a metal, for the film that is plated")

    @property
    def only_collects(self) -> bool:
        return self.plates is None

    @model_validator(mode="after")
    def _of_the_film(self) -> CollectorElectrode:
        if self.plates is None and self.stress == "coupled":
            raise ValueError("stress belongs to a collector that plates something; leave it out")
        return self


def _kind(given: Any) -> str:
    """Return the kind of an electrode, as written or as read."""
    return str(given.get("kind", "host") if isinstance(given, Mapping) else getattr(given, "kind", "host"))


AnyElectrode = Annotated[
    Annotated[HostElectrode, Tag("host")]
    | Annotated[MetalElectrode, Tag("metal")]
    | Annotated[CollectorElectrode, Tag("collector")],
    Discriminator(_kind),
]
"""A host unless its kind says otherwise."""


class Electrolyte(Section):
    """The conductor of ions: of one alone, or of those of a salt, as its material says."""

    material: str
    solid: Solid = Field(default="elastic", description=FLOW)
    overrides: Overrides = Overrides()
