"""The materials of the sides, and what is replaced in them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from interstice.schema.section import Section
from interstice.schema.units import Concentration, Conductivity, Diffusivity, MolarVolume, Pressure


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
    stress: Literal["none", "coupled"] = Field(
        default="none", description="coupled: it drives lithium in the host, and shifts the potential by Ω σ_h/F"
    )
    overrides: Overrides = Overrides()

    @model_validator(mode="before")
    @classmethod
    def _one_switch(cls, given: Any) -> Any:
        if isinstance(given, dict) and "transport" in given:
            raise ValueError(
                "transport is no longer chosen apart from kinetics: stress in one of them alone would drive a current "
                "for ever, also at rest; write 'stress: coupled' in its place"
            )
        return given


class Electrolyte(Section):
    """The single-ion conductor."""

    material: str
    overrides: Overrides = Overrides()
