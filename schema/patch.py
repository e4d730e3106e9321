"""A patch of a rough surface, whose contact the command `patch` resolves."""

from __future__ import annotations

from typing import Annotated

from pydantic import Discriminator, Field, field_validator, model_validator

from interstice.schema.roughness import Measured, SelfAffine
from interstice.schema.section import Section
from interstice.schema.units import Length, Pressure


class Patch(Section):
    """A square of a rough surface, pressed on a half-space and relieved: the table of a micro-contact law."""

    length: Length = Field(description="edge of the square")
    points: Annotated[int, Field(ge=32, le=2048)] = Field(
        default=128, description="along each edge; a measured square is mirrored, so that twice as many are computed"
    )
    roughness: Annotated[SelfAffine | Measured, Discriminator("kind")] = Field(
        description="composite one of both sides; self-affine down to 8 points if no short_cutoff is given"
    )
    modulus: Pressure = Field(description="composite modulus E* of both sides")
    hardness: Pressure | None = Field(
        default=None, description="H of the softer side, which no pressure exceeds; elastic if not given"
    )
    pressures: list[Pressure] | None = Field(
        default=None,
        min_length=4,
        description="mean pressures, rising; if not given, twelve up to all but full contact",
    )

    @field_validator("pressures")
    @classmethod
    def _rising(cls, pressures: list[float] | None) -> list[float] | None:
        if pressures is not None and sorted(set(pressures)) != pressures:
            raise ValueError("each pressure must be above the one before")
        return pressures

    @model_validator(mode="after")
    def _bearable(self) -> Patch:
        if self.pressures is not None and self.hardness is not None and self.pressures[-1] >= self.hardness:
            raise ValueError(f"pressures must be below the hardness, {self.hardness:g} Pa: no more can be borne")
        return self

    @property
    def spacing(self) -> float:
        """The distance of points [m]."""
        return self.length / self.points

    def surface(self) -> SelfAffine | Measured:
        """Return the roughness with both cutoffs."""
        roughness = self.roughness
        if roughness.kind == "measured":
            return roughness
        # four elements are the default of a mesh, here eight points
        return roughness.on([self.length, self.length], 2 * self.spacing)
