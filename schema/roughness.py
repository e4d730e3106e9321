"""How rough an interface is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from interstice.schema.section import CaseFile, Section
from interstice.schema.units import Length, LengthUnit, Position


def one_or_pair(value: Any) -> str:
    """Return whether `value` is one position or a pair of them."""
    return "pair" if isinstance(value, list | tuple) else "one"


Corner = Annotated[
    Annotated[tuple[Position, Position], Tag("pair")] | Annotated[Position, Tag("one")],
    Discriminator(one_or_pair),
]
"""A position along a line, or a pair of positions on a map."""

Extent = Annotated[
    Annotated[tuple[Length, Length], Tag("pair")] | Annotated[Length, Tag("one")],
    Discriminator(one_or_pair),
]
"""The length of a line or the edge of a square, or both edges of a map."""


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
    rms_cutoff: Length | None = Field(
        default=None,
        description="shortest wavelength that rms counts; the short_cutoff if not given. Where it is, another "
        "short_cutoff leaves all longer waves as they are",
    )
    seed: Annotated[int, Field(ge=0)] = 0

    def on(self, lateral_size: Sequence[float], element_size: float) -> SelfAffine:
        """Return it with all cutoffs, where it lies on a body of that size and with such interface elements [m]."""
        long = max(lateral_size) if self.long_cutoff is None else self.long_cutoff
        short = 4 * element_size if self.short_cutoff is None else self.short_cutoff
        counted = short if self.rms_cutoff is None else self.rms_cutoff
        return self.model_copy(update={"long_cutoff": long, "short_cutoff": short, "rms_cutoff": counted})


class Measured(Section):
    """A topography file: AFM map or line scan, of a format that SurfaceTopography reads, .gsf, or numbers in a text."""

    kind: Literal["measured"]
    file: CaseFile = Field(description="path, relative to the case file")
    line: Annotated[int, Field(ge=0)] | None = Field(
        default=None, description="2D: row of the map; the middle row if not given"
    )
    origin: Corner = Field(default="0 um", description="corner of the window taken from the file")
    detrend: Literal["none", "center", "height", "curvature"] = "height"
    rms: Length | None = Field(default=None, description="scale heights to this rms height; as measured if not given")
    unit: LengthUnit | None = Field(default=None, description="of lengths, where the file does not say it")
    height_unit: LengthUnit | None = Field(
        default=None, description="of heights, where the file does not say it; the unit if not given"
    )
    size: Extent | None = Field(
        default=None,
        description="length of the scan, edge of a square map or both edges [x, y]; as the file says if not given",
    )
    fill: Literal["refuse", "harmonic", "median"] = Field(
        default="refuse",
        description="missing points in the window: as a membrane over the hole, by the median height, or not at all",
    )


class Void(Section):
    """One void between sides that are flat elsewhere; in 2D a groove, about an axis as its centre says."""

    kind: Literal["void"]
    radius: Length = Field(description="of its circle on the interface")
    depth: Length = Field(description="largest gap")
    shape: Literal["cap", "ellipsoid"] = Field(
        default="cap", description="part of a sphere, at most half of it, or half an ellipsoid; in 2D their sections"
    )
    centre: Corner | None = Field(
        default=None,
        description="place of its centre; on the axis of an axisymmetric body, else in the middle if not given",
    )


Roughness = Annotated[Flat | Sinusoidal | SelfAffine | Measured | Void, Field(discriminator="kind")]
