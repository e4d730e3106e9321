"""How rough an interface is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Discriminator, Field, Tag

from interstice.schema.section import CaseFile, Section
from interstice.schema.units import Length, Position


def one_or_pair(value: Any) -> str:
    """Return whether `value` is one position or a pair of them."""
    return "pair" if isinstance(value, list | tuple) else "one"


Corner = Annotated[
    Annotated[tuple[Position, Position], Tag("pair")] | Annotated[Position, Tag("one")],
    Discriminator(one_or_pair),
]
"""A position along a line, or a pair of positions on a map."""


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
    seed: Annotated[int, Field(ge=0)] = 0

    def on(self, lateral_size: Sequence[float], element_size: float) -> SelfAffine:
        """Return it with both cutoffs, where it lies on a body of that size and with such interface elements [m]."""
        long = max(lateral_size) if self.long_cutoff is None else self.long_cutoff
        short = 4 * element_size if self.short_cutoff is None else self.short_cutoff
        return self.model_copy(update={"long_cutoff": long, "short_cutoff": short})

    def beyond_mesh(self, shortest: float, dimension: int) -> tuple[float, float]:
        """Return rms height [m] and rms gradient of its waves from the short cutoff, which it has, down to `shortest`.

        The spectrum goes on as it falls between the cutoffs, C(q) ∝ q^(−2(H+1)), and is isotropic: where the mesh is a
        section, of dimension 2, the rms height is that of the profile and the gradient √2 times its slope.
        """
        assert self.long_cutoff is not None and self.short_cutoff is not None
        longest, cut = 2 * np.pi / self.long_cutoff, 2 * np.pi / self.short_cutoff
        highest, hurst = 2 * np.pi / shortest, self.hurst
        # ∫ q^(−2H−1) dq and ∫ q^(1−2H) dq
        resolved, beyond = (
            (low ** (-2 * hurst) - high ** (-2 * hurst)) / (2 * hurst) for low, high in ((longest, cut), (cut, highest))
        )
        power = 2 - 2 * hurst
        steepness = np.log(highest / cut) if power == 0.0 else (highest**power - cut**power) / power
        scale = self.rms**2 / resolved
        isotropic = 2.0 if dimension == 2 else 1.0
        return float(np.sqrt(scale * beyond)), float(np.sqrt(isotropic * scale * steepness))


class Measured(Section):
    """A topography file (AFM map or line scan, any format SurfaceTopography reads)."""

    kind: Literal["measured"]
    file: CaseFile = Field(description="path, relative to the case file")
    line: Annotated[int, Field(ge=0)] | None = Field(
        default=None, description="2D: row of the map; the middle row if not given"
    )
    origin: Corner = Field(default="0 um", description="corner of the window taken from the file")
    detrend: Literal["none", "center", "height", "curvature"] = "height"
    rms: Length | None = Field(default=None, description="scale heights to this rms height; as measured if not given")


Roughness = Annotated[Flat | Sinusoidal | SelfAffine | Measured, Field(discriminator="kind")]
