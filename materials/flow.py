"""What a material file says of how a solid flows: plasticity, power-law creep, Anand's law."""

from __future__ import annotations

from typing import Annotated

from interstice.materials.part import ROOM_TEMPERATURE, ActivationEnergy, Part, Ratio, TemperatureRange, between
from interstice.schema.units import LoadPressure, Pressure, StrainRate, Temperature

Strength = Annotated[Pressure, between("1 Pa", "100 GPa")]
Hardening = Annotated[LoadPressure, between("0 Pa", "1 TPa")]
Rate = Annotated[StrainRate, between("1e-40 1/s", "1e30 1/s")]


class Plastic(Part):
    """A solid that yields (J2) at a strength [Pa], which grows by the hardening modulus [Pa] per plastic strain."""

    yield_strength: Annotated[Pressure, between("1 kPa", "100 GPa")]
    hardening_modulus: Hardening = 0.0


class Creep(Part):
    """A solid that creeps: its equivalent strain grows at `rate` [1/s] under the `reference_stress` [Pa].

    The rate goes with the power `exponent` of the stress. It holds at `reference_temperature` [K], with its activation
    energy [J/mol] within `temperature_range`, if the file has one.
    """

    rate: Rate
    reference_stress: Strength
    exponent: Annotated[Ratio, between("1", "100")]
    activation_energy: ActivationEnergy = 0.0
    reference_temperature: Temperature = ROOM_TEMPERATURE
    temperature_range: TemperatureRange | None = None


class Anand(Part):
    """A solid that flows by Anand's law, whose resistance [Pa] evolves from `initial_resistance`.

    `rate_factor` [1/s] is the rate at infinite temperature, `saturation_resistance` [Pa] that which a rate as large
    leads to.
    """

    rate_factor: Rate
    activation_energy: ActivationEnergy
    rate_sensitivity: Annotated[Ratio, between("0.001", "1")]
    initial_resistance: Strength
    saturation_resistance: Strength
    hardening_modulus: Hardening
    hardening_exponent: Annotated[Ratio, between("1", "100")]
    saturation_exponent: Annotated[Ratio, between("0", "1")]
    temperature_range: TemperatureRange | None = None
