"""Numbers of a topography file, as they are written there."""

from __future__ import annotations

from dataclasses import dataclass

from interstice.meshes.height_profile import Array


@dataclass(frozen=True)
class RawTopography:
    """Heights and where they are, in the units of a file.

    Attributes:
        heights: x first, NaN where missing; shape (n,) of a line scan, (n, m) of a map.
        places: of the points of a line scan, as they follow each other in the file; None where points are pixels.
        extent: of all pixels together in each direction; None where the file does not say it.
        unit: of lengths [m]; None where the file does not say it.
        height_unit: of heights [m]; None where the file does not say it.
    """

    heights: Array
    places: Array | None = None
    extent: Array | None = None
    unit: float | None = None
    height_unit: float | None = None
