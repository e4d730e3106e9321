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
    overrides: Overrides = Overrides()


class Electrolyte(Section):
    """The single-ion conductor."""

    material: str
    overrides: Overrides = Overrides()
