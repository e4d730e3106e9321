"""What a mesh sees of heights: those of its nodes, and straight lines between them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from interstice.meshes.height_profile import HeightProfile

MOST_LOST = 0.05
"""Share of the variance of heights that may be lost between nodes without a word: one wave loses 4.6 % of its own to
four elements, the fewest that follow it."""
SURELY_ENOUGH = 8
"""Elements per shortest wave beyond which nothing worth a word is lost (0.3 % of one wave)."""
PER_WAVE = 8
"""Places at which a wave is compared with what the mesh sees of it."""
MOST_PLACES = (2**17 - 1, 521)
"""Most such places along each direction, of a line and of a map: primes, which no wave keeps time with."""

NOTHING = 1e-3
"""Share of the whole that is told as none."""


@dataclass(frozen=True)
class Sampled:
    """What nodes at equal distances see, as a mean over where they lie.

    Attributes:
        rms: of the heights about their mean [m].
        rms_gradient: root mean square of the slope.
        lost: mean square of what is between nodes and not on the straight lines, over the variance of all heights.
    """

    rms: float
    rms_gradient: float
    lost: float


def sampled(profile: HeightProfile, size: tuple[float, ...], spacing: float) -> Sampled:
    """Return what nodes `spacing` apart [m] see of heights over a body of that lateral size [m].

    In 3D they lie on squares. Nodes begin at the edge of the body and half an element beyond it, for neither may be
    lucky: nodes two to a wave may all meet the crests, or none.
    """
    elements = [max(1, round(length / spacing)) for length in size]
    most = MOST_PLACES[len(size) - 1]
    waves = [PER_WAVE * length / profile.shortest_wave for length in size]
    numbers = [int(min(most, max(4 * n + 1, np.ceil(fine)))) for n, fine in zip(elements, waves, strict=True)]
    # in elements
    places = np.meshgrid(
        *[(np.arange(number) + 0.5) * n / number for number, n in zip(numbers, elements, strict=True)], indexing="ij"
    )
    steps = [length / n for length, n in zip(size, elements, strict=True)]
    heights = profile(*(place * step for place, step in zip(places, steps, strict=True)))
    found = []
    for shift in (0.0, 0.5):
        lines = [(np.arange(n + 2) - shift) * step for n, step in zip(elements, steps, strict=True)]
        nodes = profile(*np.meshgrid(*lines, indexing="ij"))
        seen = ndimage.map_coordinates(nodes, [place + shift for place in places], order=1)
        slopes = [np.mean((np.diff(nodes, axis=axis) / step) ** 2) for axis, step in enumerate(steps)]
        found.append([np.var(seen), np.sum(slopes), np.mean((heights - seen) ** 2)])
    variance, slope, apart = np.mean(found, axis=0)
    whole = np.var(heights)
    return Sampled(float(np.sqrt(variance)), float(np.sqrt(slope)), float(apart / whole) if whole > 0 else 0.0)


def remarks(profile: HeightProfile, size: tuple[float, ...], spacing: float, remedy: str) -> Iterator[str]:
    """Yield what to say of heights that nodes `spacing` apart [m] do not follow, and that the `remedy` would mend."""
    if profile.shortest_wave >= SURELY_ENOUGH * spacing:
        return
    seen = sampled(profile, size, spacing)
    if seen.lost <= MOST_LOST:
        return
    rms, slope = (
        0.0 if part < NOTHING * whole else part
        for part, whole in ((seen.rms, profile.rms), (seen.rms_gradient, profile.rms_gradient))
    )
    yield (
        f"nodes {spacing * 1e9:.4g} nm apart do not follow it: they see an rms height of {rms * 1e9:.3g} nm and an rms "
        f"slope of {slope:.2g}, where it has {profile.rms * 1e9:.3g} nm and {profile.rms_gradient:.2g}; what is lost "
        f"between them is {min(seen.lost, 1.0):.0%} of the variance of its heights; {remedy}"
    )
