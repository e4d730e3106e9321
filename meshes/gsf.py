"""Gwyddion Simple Field: a header of lines "name = value", NUL up to a multiple of 4, then rows of 32-bit numbers.

As described in the user guide of Gwyddion, https://gwyddion.net/documentation/user-guide-en/gsf.html.
"""

from __future__ import annotations

import numpy as np

from interstice.meshes.raw_topography import RawTopography
from interstice.schema.units import Length, unit

MAGIC = b"Gwyddion Simple Field 1."


def read(content: bytes) -> RawTopography:
    """Return the map that a file holds, which begins with `MAGIC`; ValueError says what is wrong with it."""
    end = content.find(b"\0")
    lines = content[:end].decode().splitlines()[1:]
    header = {name.strip(): value.strip() for name, _, value in (line.partition("=") for line in lines)}
    try:
        shape = int(header["YRes"]), int(header["XRes"])
        sizes = [float(header[name]) for name in ("XReal", "YReal") if name in header]
    except KeyError as error:
        raise ValueError(f"its header has no {error}") from None
    start = end + 4 - end % 4
    if end < 0 or min(shape) < 1 or len(content) - start != 4 * shape[0] * shape[1]:
        raise ValueError(f"{shape[1]} x {shape[0]} numbers of 4 bytes should follow its header")
    heights = np.frombuffer(content, "<f4", offset=start).reshape(shape).T.astype(float)
    extent = np.array(sizes) if len(sizes) == 2 else None
    return RawTopography(
        np.where(np.isfinite(heights), heights, np.nan),
        extent=extent,
        unit=_metres(header.get("XYUnits")),
        height_unit=_metres(header.get("ZUnits")),
    )


def _metres(name: str | None) -> float | None:
    """Return how long a unit of a header is, which has none where lengths are meant to have none."""
    return unit(Length).parse(f"1 {name}") if name else None
