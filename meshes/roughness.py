"""Roughness of an interface: the composite height h(x) (2D) or h(x, y) (3D) of its two surfaces.

Heights count upwards, from the lower side to the upper. They depend on the case alone, never on the mesh or on
the number of ranks.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage

if TYPE_CHECKING:
    from interstice.schema import Film, Geometry, Layered, Layers, Measured, Patch, Roughness, SelfAffine, Sinusoidal

Array = NDArray[np.float64]
Heights = Callable[..., Array]

POINTS_PER_WAVE = 8
"""Points of the synthesis grid per shortest wave of a self-affine surface."""
LEAST_POINTS = 4
"""Fewest points of a measurement, along each direction, that a window may hold."""
ELEMENTS_PER_WAVE = 8
"""Interface elements per shortest wave whose contact the mesh resolves.

Spots of contact on shorter waves span a node or two: what presses there is a mean over the element, and knows nothing
of their slope. For contact they count among those below the mesh, even where its nodes follow them. Where spots span
many nodes that counts them twice: too little touches, by some 10 % where short waves reach down to two elements."""
OCTAVES = (64, 32, 16, 8, 4)
"""Ends of the bands of wavelengths, in points of a measurement, whose variances the Hurst exponent is fitted to."""
LEAST_HURST = 0.05
ROUNDING = 1e-9
"""Relative difference of two lengths that counts as none."""


@dataclass(frozen=True)
class HeightProfile:
    """Heights of the rough interface over the lateral window of the body.

    Attributes:
        heights: h(x) in 2D, h(x, y) in 3D; coordinates and heights in metres, arrays of one shape.
        peak: highest height over the window [m].
        rms: root mean square of the heights about their mean [m].
        rms_gradient: root mean square of |∇h|.
        periodic: whether h repeats with the size of the body.
        description: one line for reports.
    """

    heights: Heights
    peak: float
    rms: float
    rms_gradient: float
    periodic: bool
    description: str

    def __call__(self, *coordinates: Array) -> Array:
        """Return the heights [m] at `coordinates` x (, y) [m]."""
        return self.heights(*coordinates)


def initial_gap(profile: HeightProfile) -> Heights:
    """Return the function x (, y) → g_0 = max(h) − h ≥ 0, in metres: the highest peaks touch first.

    The maximum is `profile.peak`, over the whole window, not over the nodes of a mesh. Where a spline overshoots
    that sampled maximum the gap is zero.
    """
    return lambda *coordinates: np.maximum(profile.peak - profile(*coordinates), 0.0)


def flat(description: str = "flat") -> HeightProfile:
    """Return the profile of a perfectly flat interface at height 0."""
    return HeightProfile(lambda *x: np.zeros(np.shape(x[0])), 0.0, 0.0, 0.0, True, description)


def from_case(geometry: Film | Layers, case_folder: Path) -> dict[tuple[str, str], HeightProfile]:
    """Return the height profile of each interface of `geometry`; files are looked up from `case_folder`.

    ValueError names the key that cannot be met.
    """
    return dict.fromkeys(_interfaces(geometry), flat()) | _profiles(geometry, "roughness", case_folder)


def followed(geometry: Film | Layers, case_folder: Path) -> dict[tuple[str, str], HeightProfile]:
    """Return the heights that the mesh follows, by interface, of those where it does; the rest as in `from_case`."""
    return _profiles(geometry, "roughness" if geometry.roughness_as == "profile" else "profile", case_folder)


def _profiles(geometry: Film | Layers, key: str, case_folder: Path) -> dict[tuple[str, str], HeightProfile]:
    """Return what stands under a key of `geometry` by the interface, of those that are named."""
    pairs, given = _interfaces(geometry), getattr(geometry, key)
    if geometry.builder == "film":
        return {pairs[0]: _profile(geometry, given, f"geometry.{key}", case_folder)} if given else {}
    profiles = {}
    for name, roughness in given.items():
        upper, lower = name.split("/")
        pair = (upper, lower) if (upper, lower) in pairs else (lower, upper)
        profiles[pair] = _profile(geometry, roughness, f"geometry.{key}.{name}", case_folder)
    return profiles


def _interfaces(geometry: Film | Layers) -> list[tuple[str, str]]:
    return [("electrode", "electrolyte")] if geometry.builder == "film" else geometry.interfaces


def of_patch(patch: Patch, case_folder: Path) -> tuple[Array, HeightProfile]:
    """Return heights [m] of a patch at the points of a regular grid over one period, shape (n, n), and its profile.

    Points are `patch.spacing` apart. Beyond a measured square its mirror images make it periodic: n is 2 `patch.points`
    then. ValueError names the key that cannot be met.
    """
    size, roughness = (patch.length, patch.length), patch.surface()
    place = np.arange(patch.points) * patch.spacing
    if roughness.kind == "measured":
        profile = _measured(roughness, size, "roughness", case_folder)
        place = np.append(place, patch.length)
        place = np.append(place, place[-2:0:-1])
    else:
        cutoff, shortest = roughness.short_cutoff, 2 * patch.spacing
        assert cutoff is not None
        if cutoff < shortest:
            raise ValueError(
                f"roughness.short_cutoff: {_text(cutoff)} is below two points, {_text(shortest)}; raise points"
            )
        profile = _self_affine(roughness, size, "roughness")
    return profile(*np.meshgrid(place, place, indexing="ij")), profile


def with_rows(geometry: Film | Layers, case_folder: Path) -> Film | Layers:
    """Return `geometry`, which `from_case` accepts, with the row of each measured map that its lines are taken from."""
    if geometry.dimension == 3:
        return geometry

    def with_row(roughness: Roughness, key: str) -> Roughness:
        if roughness.kind != "measured" or roughness.line is not None:
            return roughness
        heights, _ = _read(case_folder / roughness.file, f"{key}.file")
        return roughness if heights.ndim == 1 else roughness.model_copy(update={"line": _middle(heights)})

    rows: dict[str, Any] = {}
    for key in ("roughness", "profile"):
        given = getattr(geometry, key)
        if isinstance(given, dict):
            rows[key] = {name: with_row(one, f"geometry.{key}.{name}") for name, one in given.items()}
        else:
            rows[key] = given and with_row(given, f"geometry.{key}")
    return geometry.model_copy(update=rows)


def _middle(heights: Array) -> int:
    """Return the middle row of a map."""
    return heights.shape[1] // 2


def _profile(geometry: Layered, roughness: Roughness, key: str, case_folder: Path) -> HeightProfile:
    """Return the profile of an interface of `geometry` whose roughness stands under `key`."""
    size = geometry.lateral_size
    if roughness.kind == "flat":
        return flat()
    if roughness.kind == "measured":
        if geometry.lateral == "periodic":
            raise ValueError("geometry.lateral: a measured surface is not periodic; use 'symmetric' with it")
        return _measured(roughness, size, key, case_folder)
    shortest = 2 * geometry.element_size
    if roughness.kind == "sinusoidal":
        if roughness.wavelength < shortest:
            raise ValueError(
                f"{key}.wavelength: {_text(roughness.wavelength)} is below two interface elements, "
                f"{_text(shortest)}; lower geometry.element_size"
            )
        profile = _sinusoidal(roughness, size)
        if geometry.lateral == "periodic" and not profile.periodic:
            raise ValueError(
                f"{key}.wavelength: {_text(roughness.wavelength)} must divide the lateral size "
                f"{_text(*size)} of a body with periodic sides"
            )
        return profile
    cutoff = roughness.short_cutoff
    assert cutoff is not None
    if cutoff < shortest:
        raise ValueError(
            f"{key}.short_cutoff: {_text(cutoff)} is below two interface elements, "
            f"{_text(shortest)}; lower geometry.element_size"
        )
    return _self_affine(roughness, size, key)


def _text(*lengths: float) -> str:
    """Return lengths as people write them, such as '10 um x 5 um'."""
    return " x ".join(f"{length * 1e6:.6g} um" for length in lengths)


def _sinusoidal(roughness: Sinusoidal, size: tuple[float, ...]) -> HeightProfile:
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
        periodic=bool(np.allclose(waves, np.round(waves), rtol=0, atol=1e-9)),
        description=f"sinusoidal, amplitude {_text(amplitude)}, wavelength {_text(wavelength)}",
    )


def _self_affine(roughness: SelfAffine, size: tuple[float, ...], key: str) -> HeightProfile:
    """Sum of waves of random phase whose squared amplitudes fall as q^(−2(H+1)) in 3D, as q^(−(2H+1)) in 2D.

    The waves have the period of the body and wavelengths between the cutoffs. Amplitudes are exact, so rms
    (√(Σ a²/2)) and rms gradient (√(Σ a²q²/2)) are too. Phases are drawn from long waves to short ones: lowering the
    short cutoff adds detail to the same surface, up to the common factor that keeps its rms where no rms_cutoff is
    given. Random-phase synthesis as in Jacobs, Junge, Pastewka, Surf. Topogr.: Metrol. Prop. 5, 013001 (2017).
    """
    long, short = roughness.long_cutoff, roughness.short_cutoff
    assert long is not None and short is not None
    if long > max(size) * (1 + ROUNDING):
        raise ValueError(f"{key}.long_cutoff: {_text(long)} exceeds the lateral size {_text(*size)} of the body")
    modes = _modes(int(max(size) / short * (1 + ROUNDING)), len(size))
    phases = np.random.default_rng(roughness.seed).uniform(0, 2 * np.pi, len(modes))
    q = 2 * np.pi * np.linalg.norm(modes / np.array(size), axis=1)
    within = (q >= 2 * np.pi / long * (1 - ROUNDING)) & (q <= 2 * np.pi / short * (1 + ROUNDING))
    if not within.any():
        raise ValueError(
            f"{key}: no wave that fits the body ({_text(*size)}) is shorter than long_cutoff "
            f"{_text(long)} and longer than short_cutoff {_text(short)}"
        )
    modes, phases, q = modes[within], phases[within], q[within]
    amplitudes = q ** -(roughness.hurst + len(size) / 2) * np.sqrt(2 * _density(roughness, size, key))

    points = np.array([max(2 * POINTS_PER_WAVE, int(np.ceil(POINTS_PER_WAVE * length / short))) for length in size])
    spectrum = np.zeros(points, dtype=complex)
    spectrum[tuple(modes.T)] = amplitudes / 2 * np.exp(1j * phases)
    spectrum[tuple(-modes.T)] = amplitudes / 2 * np.exp(-1j * phases)
    grid = np.fft.ifftn(spectrum, norm="forward").real
    heights = _spline(grid, np.array(size) / points, np.zeros(len(size)), "grid-wrap")
    rms = float(np.sqrt(np.sum(amplitudes**2) / 2))
    return HeightProfile(
        heights,
        peak=_peak(heights, size, points),
        rms=rms,
        rms_gradient=float(np.sqrt(np.sum((amplitudes * q) ** 2) / 2)),
        periodic=True,
        description=f"self-affine, rms {_text(rms)}, Hurst exponent {roughness.hurst:g}, wavelengths "
        f"{_text(short)} to {_text(long)}, seed {roughness.seed}",
    )


def _density(roughness: SelfAffine, size: tuple[float, ...], key: str) -> float:
    """Return rms²/Σ q^(−2H−d) over one of each pair of waves that rms counts, d the number of directions of the body.

    That is half the square of an amplitude over the power of its q.
    """
    long, short = roughness.long_cutoff, roughness.short_cutoff
    assert long is not None and short is not None
    last = roughness.rms_cutoff or short
    q = 2 * np.pi * np.linalg.norm(_modes(int(max(size) / last * (1 + ROUNDING)), len(size)) / np.array(size), axis=1)
    q = q[(q >= 2 * np.pi / long * (1 - ROUNDING)) & (q <= 2 * np.pi / last * (1 + ROUNDING))]
    if not q.size:
        raise ValueError(f"{key}.rms_cutoff: no wave of the body is longer than {_text(last)}, and has an rms")
    return float(roughness.rms**2 / np.sum(q ** (-2 * roughness.hurst - len(size))))


def _power(hurst: float, low: float, high: float) -> Array:
    """Return ∫ q^(−2H−1) dq and ∫ q^(1−2H) dq from `low` to `high` [1/m]."""
    steepness = (
        np.log(high / low) if hurst == 1.0 else (high ** (2 - 2 * hurst) - low ** (2 - 2 * hurst)) / (2 - 2 * hurst)
    )
    return np.array([(low ** (-2 * hurst) - high ** (-2 * hurst)) / (2 * hurst), steepness])


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
        density = _density(roughness, size, "roughness") * np.prod(size) / (2 * np.pi) ** len(size) / 2
        all_around = (2.0, 2 * np.pi)[len(size) - 1]
        low = min(mesh, 2 * np.pi / roughness.short_cutoff)
        rms, slope = np.sqrt(density * all_around * _power(roughness.hurst, low, highest))
        return float(rms), float(slope)
    assert roughness.kind == "measured"
    window, pitch, *_ = _window(roughness, size, "roughness", case_folder)
    # the cosines of a window and its mirror images
    variance = fft.dctn(window, norm="ortho") ** 2 / window.size
    waves = [np.pi * np.arange(n) / (n * step) for n, step in zip(window.shape, pitch, strict=True)]
    q = np.sqrt(sum(k**2 for k in np.meshgrid(*waves, indexing="ij", sparse=True)))
    finest = np.pi / float(pitch.max())
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


def _modes(highest: int, dimension: int) -> NDArray[np.int64]:
    """Return one of each pair ±(m) or ±(m, n) of integer wave numbers up to `highest`, shell by shell outwards."""
    axes = np.meshgrid(*[np.arange(-highest, highest + 1)] * dimension, indexing="ij")
    pairs = np.stack(axes, axis=-1).reshape(-1, dimension)
    half = pairs[len(pairs) // 2 + 1 :]
    return half[np.argsort(np.abs(half).max(axis=1), kind="stable")]


def _measured(roughness: Measured, size: tuple[float, ...], key: str, case_folder: Path) -> HeightProfile:
    """Window of a measured map or line scan, detrended over the window, as a cubic spline through its points.

    A point stands for the middle of its pixel, so a map of N points of pitch Δ covers NΔ. The window holds the pixels
    it touches; beyond them the spline goes on as their mirror image.
    """
    window, pitch, origin, first = _window(roughness, size, key, case_folder)
    spline = _spline(window, pitch, (first + 0.5) * pitch - origin, "reflect")
    slopes = [np.mean((np.diff(window, axis=axis) / step) ** 2) for axis, step in enumerate(pitch)]
    return HeightProfile(
        spline,
        peak=_peak(spline, size, np.array(window.shape)),
        rms=float(window.std()),
        rms_gradient=float(np.sqrt(np.sum(slopes))),
        periodic=False,
        description=f"measured, {roughness.file.name}, {_text(*size)} at {_text(*origin)}, "
        f"rms {_text(window.std())}" + ("" if roughness.rms is None else " (scaled)"),
    )


def _window(
    roughness: Measured, size: tuple[float, ...], key: str, case_folder: Path
) -> tuple[Array, Array, Array, NDArray[np.int64]]:
    """Return the heights [m] in the window, their pitch [m], the corner [m] of the window and its first point."""
    heights, pitch = _read(case_folder / roughness.file, f"{key}.file")
    name = f"{key}.file: '{roughness.file.name}'"
    if len(size) > heights.ndim:
        raise ValueError(f"{name} is a line scan; a body of dimension 3 needs a map")
    if len(size) == 2 and roughness.line is not None:
        raise ValueError(f"{key}.line: belongs to bodies of dimension 2; use origin to place the window")
    if len(size) == 1 and heights.ndim == 2:
        rows = heights.shape[1]
        row = _middle(heights) if roughness.line is None else roughness.line
        if row >= rows:
            raise ValueError(f"{key}.line: {row} was given, '{roughness.file.name}' has rows 0 to {rows - 1}")
        heights, pitch = heights[:, row], pitch[:1]
    elif len(size) == 1 and roughness.line:
        raise ValueError(f"{key}.line: '{roughness.file.name}' is a line scan, it has line 0 only")

    if isinstance(roughness.origin, tuple):
        origin = np.array(roughness.origin)
        if len(size) == 1:
            raise ValueError(f"{key}.origin: a body of dimension 2 needs one length; use line for the row")
    else:
        origin = np.full(len(size), roughness.origin)
    start, end = origin / pitch, (origin + size) / pitch
    if (start < -ROUNDING).any() or (end > np.array(heights.shape) * (1 + ROUNDING)).any():
        raise ValueError(
            f"{name} covers {_text(*(heights.shape * pitch))}, smaller than the window of {_text(*size)} (lateral size "
            f"of the body) at origin {_text(*origin)}; lower geometry.length or origin"
        )
    first = np.floor(start * (1 + ROUNDING)).astype(np.int64)
    last = np.minimum(np.ceil(end * (1 - ROUNDING)).astype(np.int64), heights.shape)
    if (last - first < LEAST_POINTS).any():
        raise ValueError(
            f"{name} has points {_text(*pitch)} apart: fewer than {LEAST_POINTS} in the window of {_text(*size)}"
        )
    window = heights[tuple(slice(a, b) for a, b in zip(first, last, strict=True))]
    if not np.isfinite(window).all():
        raise ValueError(
            f"{name} has undefined points in the window of {_text(*size)} at origin {_text(*origin)}; move the origin"
        )
    window = _detrend(window, roughness.detrend)
    if roughness.rms is not None:
        if not window.std() > 0:
            raise ValueError(f"{name} is perfectly flat in the window, its rms cannot be scaled; leave out rms")
        window = window * (roughness.rms / window.std())
    return window, pitch, origin, first


def _read(path: Path, key: str) -> tuple[Array, Array]:
    """Return the heights [m] of the measurement in `path`, x first, NaN where undefined, and its pitch [m]."""
    if not path.is_file():
        raise ValueError(f"{key}: there is no file '{path}'; the path is relative to the case file")
    from SurfaceTopography import open_topography  # slow to import and needed by measured surfaces only

    try:
        topography = open_topography(str(path)).topography()
    except Exception as error:
        reason = f"{type(error).__name__} {error}".splitlines()[0]
        raise ValueError(f"{key}: '{path}' is no topography that SurfaceTopography can read ({reason})") from error
    if topography.unit is None:
        raise ValueError(f"{key}: '{path}' does not say the unit of its heights")
    topography = topography.to_unit("m")
    heights = np.ma.filled(np.ma.asarray(topography.heights(), dtype=float), np.nan)
    extent = np.array(topography.physical_sizes, dtype=float)
    if not topography.is_uniform:
        positions = topography.positions()
        pitch = extent / (len(positions) - 1)
        even = positions[0] + pitch[0] * np.arange(len(positions))
        return np.interp(even, positions, heights), pitch
    return heights, extent / heights.shape


def _detrend(window: Array, mode: str) -> Array:
    """Return `window` less its mean (center), plane (height) or parabola (curvature) of least squares."""
    degree = {"none": -1, "center": 0, "height": 1, "curvature": 2}[mode]
    axes = np.meshgrid(*[np.linspace(-1, 1, n) for n in window.shape], indexing="ij")
    powers = [p for p in itertools.product(range(degree + 1), repeat=window.ndim) if sum(p) <= degree]
    if not powers:
        return window
    basis = np.stack([np.prod([x**n for x, n in zip(axes, p, strict=True)], axis=0).ravel() for p in powers], axis=1)
    coefficients = np.linalg.lstsq(basis, window.ravel(), rcond=None)[0]
    return window - (basis @ coefficients).reshape(window.shape)


def _spline(grid: Array, pitch: Array, first: Array, mode: str) -> Heights:
    """Return the cubic spline through the heights of `grid`, whose point i lies at first + i·pitch."""
    coefficients = ndimage.spline_filter(grid, order=3, mode=mode)

    def heights(*coordinates: Array) -> Array:
        index = [(np.asarray(x) - start) / step for x, start, step in zip(coordinates, first, pitch, strict=True)]
        return ndimage.map_coordinates(coefficients, index, order=3, mode=mode, prefilter=False)

    return heights


def _peak(heights: Heights, size: tuple[float, ...], points: NDArray[np.int64]) -> float:
    """Return the highest of `heights` over the window, sampled at four places per grid step."""
    axes = [np.linspace(0, length, 4 * n + 1) for length, n in zip(size, points, strict=True)]
    return float(heights(*np.meshgrid(*axes, indexing="ij")).max())
