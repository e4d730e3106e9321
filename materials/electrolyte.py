"""What a material file says of a solid in which lithium ions move."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, model_validator

from interstice.materials.function import variables
from interstice.materials.part import (
    ROOM_TEMPERATURE,
    ActivationEnergy,
    Part,
    Ratio,
    TemperatureRange,
    between,
    of_salt,
    ordered,
)
from interstice.schema.units import Concentration, Conductivity, Diffusivity, Temperature

SaltConcentration = Annotated[Concentration, between("1 mol/m^3", "1e4 mol/m^3")]
SaltRange = Annotated[tuple[SaltConcentration, SaltConcentration], AfterValidator(ordered)]


class Electrolyte(Part):
    """A solid in which lithium ions move: κ [S/m] and the share of the current that Li⁺ carries.

    A binary one, in which the anion moves too, has a salt: its diffusivity [m²/s], its concentration at rest [mol/m³]
    and the thermodynamic factor 1 + d ln f/d ln c (see `interstice.solver.physics.binary`). κ and the salt's
    diffusivity hold at `reference_temperature` [K]; their activation energies are in J/mol. κ, and all of the salt but
    its concentration at rest, are numbers or functions of c [mol/m³] and T [K] (`function.Formula`, `function.Table`
    of c); κ without a salt is one of T. They are known within `salt_range` [mol/m³] and `temperature_range` [K].
    """

    salt_range: SaltRange | None = None
    reference_temperature: Temperature = ROOM_TEMPERATURE
    temperature_range: TemperatureRange | None = None
    ionic_conductivity: of_salt(Conductivity, "1e-12 S/m", "1e8 S/m")  # type: ignore[valid-type]
    conductivity_activation_energy: ActivationEnergy = 0.0
    transference_number: of_salt(Ratio, "-10", "1") = 1.0  # type: ignore[valid-type]
    salt_diffusivity: of_salt(Diffusivity, "1e-16 m^2/s", "1e-8 m^2/s") = None  # type: ignore[valid-type]
    salt_diffusivity_activation_energy: ActivationEnergy = 0.0
    salt_concentration: SaltConcentration | None = None
    thermodynamic_factor: of_salt(Ratio, "1e-3", "100") = 1.0  # type: ignore[valid-type]

    @property
    def binary(self) -> bool:
        """Whether it has a salt, so that concentration gradients build up in it."""
        return self.salt_diffusivity is not None

    @property
    def arrhenius(self) -> bool:
        """Whether something says how κ changes with temperature."""
        return self.conductivity_activation_energy > 0 or "T" in variables(self.ionic_conductivity)

    @model_validator(mode="after")
    def _has_a_whole_salt(self) -> Electrolyte:
        if (self.salt_diffusivity is None) != (self.salt_concentration is None):
            raise ValueError("salt_diffusivity and salt_concentration are needed together, or neither of them")
        if self.salt_range and not self.binary:
            raise ValueError("salt_range belongs to a salt, which has salt_diffusivity and salt_concentration")
        if self.salt_range and not self.salt_range[0] <= (self.salt_concentration or 0.0) <= self.salt_range[1]:
            raise ValueError("salt_concentration has to lie within salt_range")
        for key, energy in (
            ("ionic_conductivity", self.conductivity_activation_energy),
            ("salt_diffusivity", self.salt_diffusivity_activation_energy),
        ):
            if energy and "T" in variables(getattr(self, key)):
                raise ValueError(f"{key} is a formula of T: leave out its activation energy")
        return self
