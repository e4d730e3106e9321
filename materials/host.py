"""What a material file says of a solid that takes up lithium."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from interstice.materials import function
from interstice.materials.function import Formula, Table
from interstice.materials.part import (
    ROOM_TEMPERATURE,
    ActivationEnergy,
    Part,
    TemperatureRange,
    between,
    of_lithium,
    ordered,
)
from interstice.schema.expression import Expression
from interstice.schema.units import (
    Concentration,
    Conductivity,
    Diffusivity,
    EntropicCoefficient,
    MolarVolume,
    Temperature,
    Voltage,
    unit,
)

PANELS = 64
"""In which the integral of a formula is taken anew, to see whether a single rule suffices."""
ROUNDING = 1e-6
"""Error of that integral, over its largest possible value, that is none."""

Stoichiometry = Annotated[float, Field(ge=0, le=1)]


def _potential(value: Any) -> Formula | Table:
    """Return U(theta) [V], also of a formula without a unit and of a number."""
    volt = unit(Voltage)
    if isinstance(value, str) and "[" not in value:
        try:
            return Formula(Expression(repr(volt.parse(value))), 1.0)
        except ValueError:
            return Formula(Expression(value), 1.0)
    read = function.parse(value, volt)
    return Formula(Expression(repr(read)), 1.0) if isinstance(read, float) else read


class Host(Part):
    """A solid that takes up lithium: c_max [mol/m³], D [m²/s], Ω_Li [m³/mol], σ [S/m], U(θ) [V] against Li/Li⁺.

    U, and where the file has them so D, Ω, σ and ∂U/∂T [V/K], are functions of theta (`function.Formula`,
    `function.Table`), the latter numbers else; beyond `stoichiometry_range` all but U stay what they are at its ends.
    D holds at `reference_temperature` [K], with its activation energy within `temperature_range`, if the file has one;
    it is the chemical diffusivity, or that of tracers (see `interstice.solver.physics.diffusion`). ∂U/∂T, the
    `entropic_coefficient`, is of a cell whose lithium has the same temperature; None if the file has none.
    """

    maximum_concentration: Annotated[Concentration, between("1e3 mol/m^3", "4e5 mol/m^3")]
    stoichiometry_range: tuple[Stoichiometry, Stoichiometry]
    diffusivity: of_lithium(Diffusivity, "1e-22 m^2/s", "1e-6 m^2/s")  # type: ignore[valid-type]
    diffusivity_kind: Literal["chemical", "tracer"] = "chemical"
    diffusivity_activation_energy: ActivationEnergy = 0.0
    reference_temperature: Temperature = ROOM_TEMPERATURE
    temperature_range: TemperatureRange | None = None
    partial_molar_volume: of_lithium(MolarVolume, "-2e-5 m^3/mol", "2e-5 m^3/mol")  # type: ignore[valid-type]
    electronic_conductivity: of_lithium(Conductivity, "1e-12 S/m", "1e8 S/m")  # type: ignore[valid-type]
    open_circuit_potential: Annotated[Any, BeforeValidator(_potential), unit(Voltage)]
    entropic_coefficient: of_lithium(EntropicCoefficient, "-5 mV/K", "5 mV/K") = None  # type: ignore[valid-type]

    def potential(self, theta: Any, temperature: Any) -> Any:
        """Return U [V] at θ and T [K], numbers, arrays or UFL: the file's is that at the reference temperature."""
        away = temperature - self.reference_temperature
        if self.entropic_coefficient is None or (isinstance(away, float) and away == 0.0):
            return self.open_circuit_potential(theta)
        return self.open_circuit_potential(theta) + away * self.entropic(theta)

    def entropic(self, theta: Any) -> Any:
        """Return ∂U/∂T [V/K] at θ, a number, an array or UFL; 0.0 if the file has none."""
        return 0.0 if self.entropic_coefficient is None else function.at(self.entropic_coefficient, theta)

    def swelling(self, start: Any, end: Any) -> Any:
        """Return the linear strain of lithium from one θ to another, ∫ Ω/3 dc; numbers, arrays or UFL."""
        volume = self.partial_molar_volume
        mean = volume.integral(start, end) if callable(volume) else volume * (end - start)
        return self.maximum_concentration * mean / 3

    @field_validator("stoichiometry_range")
    @classmethod
    def _ordered(cls, value: tuple[float, float]) -> tuple[float, float]:
        return ordered(value)

    @field_validator("partial_molar_volume")
    @classmethod
    def _has_an_integral(cls, volume: float | Formula | Table, info: ValidationInfo) -> float | Formula | Table:
        """Swelling is the integral of Ω, and the work of stress on lithium has Ω itself: they have to agree."""
        if isinstance(volume, Formula) and (ends := info.data.get("stoichiometry_range")):
            steps = np.linspace(ends[0], ends[1], PANELS + 1)
            panels = volume.integral(steps[:-1], steps[1:])
            error = np.abs(np.cumsum(panels) - volume.integral(steps[0], steps[1:])).max()
            if error > ROUNDING * np.abs(panels).sum():
                raise ValueError("changes too fast with theta to be integrated; give a table")
        return volume

    @field_validator("open_circuit_potential")
    @classmethod
    def _falls_with_stoichiometry(cls, potential: Formula | Table, info: ValidationInfo) -> Formula | Table:
        if "stoichiometry_range" not in info.data:
            return potential
        low, high = info.data["stoichiometry_range"]
        if isinstance(potential, Table) and not potential.rows[0][0] <= low < high <= potential.rows[-1][0]:
            first, last = potential.rows[0][0], potential.rows[-1][0]
            raise ValueError(f"the table is from {first:g} to {last:g} and has to hold stoichiometry_range")
        theta = np.linspace(low, high, 1001)
        with np.errstate(all="ignore"):
            values = function.real(potential(theta))
        inside = (values >= -0.5) & (values <= 6.0)
        if not inside.all():
            worst = np.argmin(inside)
            raise ValueError(
                f"implausible, {values[worst]:.4g} V at theta = {theta[worst]:.4g} is outside -0.5 V to 6 V"
            )
        # what the sum of a table's lines leaves of a flat one
        rises = np.diff(values) > 1e-13
        if rises.any():
            raise ValueError(
                f"the potential rises with theta near {theta[np.argmax(rises)]:.4g}, which no stable host does; "
                "narrow stoichiometry_range or correct it"
            )
        return potential
