"""The materials of the sides, and what is replaced in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

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
    """The host of lithium."""

    gone: ClassVar[Mapping[str, str]] = {
        "transport": "is no longer chosen apart from kinetics: stress in one of them alone would drive a current for "
        "ever, also at rest; write 'stress: coupled' in its place"
    }
    material: str
    initial_stoichiometry: Annotated[float, Field(gt=0, lt=1)] = Field(
        description="θ = c/c_max at the start, free of eigenstrain"
    )
    stress: Literal["none", "coupled"] = Field(
        default="none", description="coupled: it drives lithium in the host, and shifts the potential by Ω σ_h/F"
    )
    solid: Solid = Field(default="elastic", description=FLOW)
    overrides: Overrides = Overrides()


class Electrolyte(Section):
    """The single-ion conductor."""

    material: str
    solid: Solid = Field(default="elastic", description=FLOW)
    overrides: Overrides = Overrides()
