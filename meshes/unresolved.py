"""Roughness that a mesh does not resolve."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy import fft

from interstice.meshes import measured, waves
from interstice.meshes.height_profile import Array

if TYPE_CHECKING:
    from interstice.schema import Geometry, Roughness

ELEMENTS_PER_WAVE = 8
"""Interface elements per shortest wave whose contact the mesh resolves.

Spots of contact on shorter waves span a node or two: what presses there is a mean over the element, and knows nothing
of their slope. For contact they count among those below the mesh, even where its nodes follow them. Where spots span
many nodes that counts them twice: too little touches, by some 10 % where short waves reach down to two elements."""
OCTAVES = (64, 32, 16, 8, 4)
"""Ends of the bands of wavelengths, in points of a measurement, whose variances the Hurst exponent is fitted to."""
LEAST_HURST = 0.05


def below_mesh(
    geometry: Geometry, roughness: Roughness, cutoff: float, hurst: float | None, case_folder: Path
) -> tuple[float, float]:
    """Return rms height [m] and rms gradient of the waves that the mesh of `geometry` does not resolve.

    They are shorter than `ELEMENTS_PER_WAVE` elements, or than the short cutoff of self-affine roughness, down to
    `cutoff` [m]. Self-affine spectra go on as they fall. A measured one is that of the points in the window, beyond two
    of which it goes on by the Hurst exponent, or by the one that its own last octaves fall with.

    A body of dimension 2 is the same all along the third direction: so are all waves, and the gradient is that of the
    profile. √2 of it, that of an isotropic surface with this profile, would make contact depend on where the mesh ends.
    """
    assert geometry.builder == "film" or geometry.builder == "layers"
    size = geometry.lateral_size
    mesh, highest = 2 * np.pi / (ELEMENTS_PER_WAVE * geometry.element_size), 2 * np.pi / cutoff
    if roughness.kind == "self_affine":
        assert roughness.short_cutoff is not None
        # waves lie 2π/L apart in each direction, and a sum over one of each pair is half of all
        density = waves.density(roughness, size, "roughness") * np.prod(size) / (2 * np.pi) ** len(size) / 2
        all_around = (2.0, 2 * np.pi)[len(size) - 1]
        low = min(mesh, 2 * np.pi / roughness.short_cutoff)
        rms, slope = np.sqrt(density * all_around * _power(roughness.hurst, low, highest))
        return float(rms), float(slope)
    assert roughness.kind == "measured"
    part, _ = measured.window(roughness, size, "roughness", case_folder)
    window, pitch, farthest = part.evenly()
    # the cosines of a window and its mirror images
    variance = fft.dctn(window, norm="ortho") ** 2 / window.size
    wave_numbers = [np.pi * np.arange(n) / (n * step) for n, step in zip(window.shape, pitch, strict=True)]
    q = np.sqrt(sum(k**2 for k in np.meshgrid(*wave_numbers, indexing="ij", sparse=True)))
    finest = np.pi / farthest
    unresolved = (q > mesh) & (q <= min(finest, highest))
    squares = np.array([np.sum(variance[unresolved]), np.sum((variance * q**2)[unresolved])])
    if highest > finest:
        ends = np.array([2 * finest / points for points in OCTAVES])
        octaves = [np.sum(variance[(q > low) & (q <= high)]) for low, high in itertools.pairwise(ends)]
        if hurst is None:
            if min(octaves) == 0.0:
                raise ValueError(f"the window holds fewer than {OCTAVES[0]} points: too few to fit a Hurst exponent")
            fall = np.polyfit(np.log(ends[:-1]), np.log(octaves), 1)[0]
            hurst = float(np.clip(-fall / 2, LEAST_HURST, 1.0))
        scale = octaves[-1] / _power(hurst, ends[-2], ends[-1])[0]
        squares += scale * _power(hurst, finest, highest)
    rms, slope = np.sqrt(squares)
    return float(rms), float(slope)


def _power(hurst: float, low: float, high: float) -> Array:
    """Return ∫ q^(−2H−1) dq and ∫ q^(1−2H) dq from `low` to `high` [1/m]."""
    steepness = (
        np.log(high / low) if hurst == 1.0 else (high ** (2 - 2 * hurst) - low ** (2 - 2 * hurst)) / (2 - 2 * hurst)
    )
    return np.array([(low ** (-2 * hurst) - high ** (-2 * hurst)) / (2 * hurst), steepness])
