"""Surfaces that are sums of waves: one wave, or those of a self-affine surface with random phases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from interstice.meshes.height_profile import ROUNDING, Array, HeightProfile, as_text, length_in_words, peak, spline

if TYPE_CHECKING:
    from interstice.schema import SelfAffine, Sinusoidal

POINTS_PER_WAVE = 8
"""Points of the synthesis grid per shortest wave of a self-affine surface."""


MOST_WAVES = 1e7
"""As many as are summed up."""


def sinusoidal(roughness: Sinusoidal, size: tuple[float, ...]) -> HeightProfile:
    """h = A Π cos(2π x_i/λ): rms A/√2 and rms gradient qA/√2 in 2D; A/2 and qA/√2 in 3D (over whole half waves)."""
    amplitude, wavelength = roughness.amplitude, roughness.wavelength
    q = 2 * np.pi / wavelength

    def heights(*coordinates: Array) -> Array:
        return amplitude * np.prod([np.cos(q * np.asarray(x)) for x in coordinates], axis=0)

    waves = np.array(size) / wavelength
    return HeightProfile(
        heights,
        peak=amplitude,
        rms=amplitude / 2 ** (len(size) / 2),
        rms_gradient=q * amplitude / np.sqrt(2),
        # in 3D crests lie on diagonals
        shortest_wave=wavelength / np.sqrt(len(size)),
        periodic=bool(np.allclose(waves, np.round(waves), rtol=0, atol=1e-9)),
        description=f"sinusoidal, amplitude {as_text(amplitude)}, wavelength {as_text(wavelength)}",
    )


def self_affine(roughness: SelfAffine, size: tuple[float, ...], key: str) -> HeightProfile:
    """Sum of waves of random phase whose squared amplitudes fall as q^(−2(H+1)) in 3D, as q^(−(2H+1)) in 2D.

    The waves have the period of the body and wavelengths between the cutoffs. Amplitudes are exact, so rms
    (√(Σ a²/2)) and rms gradient (√(Σ a²q²/2)) are too. Phases are drawn from long waves to short ones: lowering the
    short cutoff adds detail to the same surface, up to the common factor that keeps its rms where no rms_cutoff is
    given. Random-phase synthesis as in Jacobs, Junge, Pastewka, Surf. Topogr.: Metrol. Prop. 5, 013001 (2017).
    """
    long, short = roughness.long_cutoff, roughness.short_cutoff
    assert long is not None and short is not None
    if long > max(size) * (1 + ROUNDING):
        raise ValueError(f"{key}.long_cutoff: {as_text(long)} exceeds the lateral size {as_text(*size)} of the body")
    modes = _modes(max(size), short, len(size), f"{key}.short_cutoff")
    phases = np.random.default_rng(roughness.seed).uniform(0, 2 * np.pi, len(modes))
    q = 2 * np.pi * np.linalg.norm(modes / np.array(size), axis=1)
    within = (q >= 2 * np.pi / long * (1 - ROUNDING)) & (q <= 2 * np.pi / short * (1 + ROUNDING))
    if not within.any():
        raise ValueError(
            f"{key}: no wave that fits the body ({as_text(*size)}) is shorter than long_cutoff "
            f"{as_text(long)} and longer than short_cutoff {as_text(short)}"
        )
    modes, phases, q = modes[within], phases[within], q[within]
    amplitudes = q ** -(roughness.hurst + len(size) / 2) * np.sqrt(2 * density(roughness, size, key))

    points = np.array([max(2 * POINTS_PER_WAVE, int(np.ceil(POINTS_PER_WAVE * length / short))) for length in size])
    spectrum = np.zeros(points, dtype=complex)
    spectrum[tuple(modes.T)] = amplitudes / 2 * np.exp(1j * phases)
    spectrum[tuple(-modes.T)] = amplitudes / 2 * np.exp(-1j * phases)
    grid = np.fft.ifftn(spectrum, norm="forward").real
    heights = spline(grid, np.array(size) / points, np.zeros(len(size)), "grid-wrap")
    rms = float(np.sqrt(np.sum(amplitudes**2) / 2))
    return HeightProfile(
        heights,
        peak=peak(heights, size, points),
        rms=rms,
        rms_gradient=float(np.sqrt(np.sum((amplitudes * q) ** 2) / 2)),
        shortest_wave=float(2 * np.pi / q.max()),
        periodic=True,
        description=f"self-affine, rms {as_text(rms)}, Hurst exponent {roughness.hurst:g}, wavelengths "
        f"{as_text(short)} to {as_text(long)}, seed {roughness.seed}",
    )


def density(roughness: SelfAffine, size: tuple[float, ...], key: str) -> float:
    """Return rms²/Σ q^(−2H−d) over one of each pair of waves that rms counts, d the number of directions of the body.

    That is half the square of an amplitude over the power of its q.
    """
    long, short = roughness.long_cutoff, roughness.short_cutoff
    assert long is not None and short is not None
    last = roughness.rms_cutoff or short
    modes = _modes(max(size), last, len(size), f"{key}.rms_cutoff")
    q = 2 * np.pi * np.linalg.norm(modes / np.array(size), axis=1)
    q = q[(q >= 2 * np.pi / long * (1 - ROUNDING)) & (q <= 2 * np.pi / last * (1 + ROUNDING))]
    if not q.size:
        raise ValueError(f"{key}.rms_cutoff: no wave of the body is longer than {as_text(last)}, and has an rms")
    return float(roughness.rms**2 / np.sum(q ** (-2 * roughness.hurst - len(size))))


def _modes(longest: float, shortest: float, dimension: int, key: str) -> NDArray[np.int64]:
    """Return one of each pair ±(m) or ±(m, n) of integer wave numbers, shell by shell outwards.

    The first is that of a wave as long as the body, the highest that of one no shorter than the `shortest` [m].
    """
    number = (2 * longest / shortest + 1) ** dimension
    if number > MOST_WAVES:
        raise ValueError(
            f"{key}: about {number:.2g} waves of {length_in_words(shortest)} and more fit the body of "
            f"{length_in_words(longest)}, at most {MOST_WAVES:.0e} are summed up; raise it, or make the body smaller"
        )
    highest = int(longest / shortest * (1 + ROUNDING))
    axes = np.meshgrid(*[np.arange(-highest, highest + 1)] * dimension, indexing="ij")
    pairs = np.stack(axes, axis=-1).reshape(-1, dimension)
    half = pairs[len(pairs) // 2 + 1 :]
    return half[np.argsort(np.abs(half).max(axis=1), kind="stable")]
