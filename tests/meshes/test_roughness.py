"""Height profiles: flat, sinusoidal, self-affine, measured."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from SurfaceTopography import open_topography

from interstice.meshes import HeightProfile, below_mesh, initial_gap, measurement
from interstice.meshes.measurement import Measurement
from interstice.meshes.roughness import from_case
from interstice.schema import Film, Measured, SelfAffine

TOPOGRAPHY = Path(__file__).parents[2] / "meshes" / "topography"
MAP = TOPOGRAPHY / "afm_10um_256.di"
SCAN = TOPOGRAPHY / "stylus_1500um.csv"
PITCH = 10e-6 / 256


def profile(roughness: dict[str, object], folder: Path = TOPOGRAPHY, **changes: object) -> HeightProfile:
    keys: dict[str, object] = {
        "builder": "film",
        "length": "10 um",
        "electrode_thickness": "2 um",
        "electrolyte_thickness": "5 um",
        "element_size": "40 nm",
        "roughness": roughness,
    }
    return from_case(Film.model_validate(keys | changes), folder)["electrode", "electrolyte"]


def self_affine(dimension: int = 2, **changes: object) -> HeightProfile:
    """A self-affine surface of 10 µm, in 3D with a width of 5 µm and waves down to 0.5 µm."""
    keys = {"kind": "self_affine", "rms": "50 nm", "short_cutoff": "0.2 um" if dimension == 2 else "0.5 um"} | changes
    return profile(keys, dimension=dimension, **({"width": "5 um"} if dimension == 3 else {}))


def on_grid(heights: HeightProfile, dimension: int, points: int = 512) -> np.ndarray:
    """Heights at `points` (× half as many) equidistant places of the periodic film."""
    axes = [10e-6 * np.arange(points) / points, 5e-6 * np.arange(points // 2) / (points // 2)][: dimension - 1]
    return heights(*np.meshgrid(*axes, indexing="ij"))


def spectrum(heights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Wave vector length and squared amplitude of every wave of heights on the grid of `on_grid`."""
    q = [2 * np.pi * np.fft.fftfreq(n, size / n) for n, size in zip(heights.shape, (10e-6, 5e-6), strict=False)]
    power = np.abs(np.fft.fftn(heights, norm="forward")) ** 2
    return np.linalg.norm(np.meshgrid(*q, indexing="ij"), axis=0).ravel(), power.ravel()


def raw_map() -> np.ndarray:
    return open_topography(str(MAP)).topography().to_unit("m").heights()


def test_flat_interface_has_no_gap() -> None:
    x = np.linspace(0, 10e-6, 11)
    assert np.all(initial_gap(profile({"kind": "flat"}))(x) == 0)


@pytest.mark.parametrize("dimension", [2, 3])
def test_gap_of_a_sinusoid_is_that_of_westergaard(dimension: int) -> None:
    wave = profile({"kind": "sinusoidal", "amplitude": "30 nm", "wavelength": "5 um"}, dimension=dimension)
    x = np.linspace(0, 10e-6, 101)
    gap = initial_gap(wave)(x, *[np.zeros_like(x)] * (dimension - 2))
    np.testing.assert_allclose(gap, 30e-9 * (1 - np.cos(2 * np.pi * x / 5e-6)), rtol=0, atol=1e-20)


@pytest.mark.parametrize("dimension", [2, 3])
def test_sinusoid_states_its_own_rms_and_gradient(dimension: int) -> None:
    wave = profile({"kind": "sinusoidal", "amplitude": "30 nm", "wavelength": "5 um"}, dimension=dimension, width=None)
    x = np.arange(2000) * 10e-6 / 2000
    heights = wave(*np.meshgrid(*[x] * (dimension - 1), indexing="ij"))
    slopes = np.gradient(heights, x[1])
    slopes = [slopes] if dimension == 2 else slopes
    assert wave.rms == pytest.approx(heights.std(), rel=1e-9)
    assert wave.rms_gradient == pytest.approx(np.sqrt(sum(np.mean(s**2) for s in slopes)), rel=2e-3)


@pytest.mark.parametrize("dimension", [2, 3])
def test_self_affine_rms_is_exact_and_its_mean_vanishes(dimension: int) -> None:
    heights = on_grid(self_affine(dimension), dimension)
    assert heights.std() == pytest.approx(50e-9, rel=1e-4)
    assert abs(heights.mean()) < 1e-6 * 50e-9


@pytest.mark.parametrize("dimension", [2, 3])
@pytest.mark.parametrize("hurst", [0.5, 0.8])
def test_self_affine_spectrum_falls_with_the_hurst_exponent(dimension: int, hurst: float) -> None:
    q, power = spectrum(on_grid(self_affine(dimension, hurst=hurst), dimension))
    within = (q > 0) & (q <= 2 * np.pi / (0.2e-6 if dimension == 2 else 0.5e-6) * (1 + 1e-9))
    slope = np.polyfit(np.log(q[within]), np.log(power[within]), 1)[0]
    assert slope == pytest.approx(-(2 * hurst + dimension - 1), abs=0.02)


@pytest.mark.parametrize("dimension", [2, 3])
def test_self_affine_surface_has_no_waves_outside_its_cutoffs(dimension: int) -> None:
    q, power = spectrum(on_grid(self_affine(dimension, long_cutoff="4 um", short_cutoff="1 um"), dimension))
    outside = (q < 2 * np.pi / 4e-6 * (1 - 1e-9)) | (q > 2 * np.pi / 1e-6 * (1 + 1e-9))
    assert power[outside].sum() < 1e-6 * power.sum()


@pytest.mark.parametrize("dimension", [2, 3])
def test_self_affine_gradient_is_the_stated_one(dimension: int) -> None:
    surface = self_affine(dimension, short_cutoff="1 um")
    slopes = np.gradient(on_grid(surface, dimension), *[10e-6 / 512] * (dimension - 1))
    slopes = [slopes] if dimension == 2 else slopes
    assert surface.rms_gradient == pytest.approx(np.sqrt(sum(np.mean(s**2) for s in slopes)), rel=0.01)


@pytest.mark.parametrize("dimension", [2, 3])
def test_self_affine_surface_repeats_with_the_film(dimension: int) -> None:
    surface = self_affine(dimension)
    points = np.random.default_rng(0).uniform(0, 5e-6, (dimension - 1, 50))
    shift = np.array([10e-6, 5e-6])[: dimension - 1, None]
    np.testing.assert_allclose(surface(*points), surface(*(points + shift)), rtol=0, atol=1e-16)


def test_seed_alone_decides_which_self_affine_surface_it_is() -> None:
    x = np.linspace(0, 10e-6, 100)
    assert np.array_equal(self_affine(seed=1)(x), self_affine(seed=1)(x))
    assert not np.allclose(self_affine(seed=1)(x), self_affine(seed=2)(x), atol=1e-9)


@pytest.mark.parametrize("dimension", [2, 3])
def test_lower_short_cutoff_adds_detail_to_the_same_surface(dimension: int) -> None:
    coarse = on_grid(self_affine(dimension, short_cutoff="2 um"), dimension).ravel()
    fine = on_grid(self_affine(dimension, short_cutoff="1 um"), dimension).ravel()
    assert np.corrcoef(coarse, fine)[0, 1] > 0.9


@pytest.mark.parametrize("roughness", [{"kind": "self_affine", "rms": "50 nm"}, {"kind": "measured", "file": str(MAP)}])
@pytest.mark.parametrize("dimension", [2, 3])
def test_gap_is_nowhere_negative_and_closes_at_the_highest_peak(roughness: dict[str, object], dimension: int) -> None:
    surface = profile(roughness, dimension=dimension, length="5 um", element_size="80 nm")
    x = np.linspace(0, 5e-6, 700)
    gap = initial_gap(surface)(*np.meshgrid(*[x] * (dimension - 1), indexing="ij"))
    assert gap.min() >= 0
    assert gap.min() < 0.05 * surface.rms
    assert gap.mean() == pytest.approx(surface.peak, rel=0.2)


def test_measured_map_keeps_the_heights_of_its_pixels() -> None:
    raw = raw_map()
    surface = profile({"kind": "measured", "file": str(MAP), "detrend": "none"}, dimension=3)
    i, j = np.random.default_rng(0).integers(0, 256, (2, 500))
    np.testing.assert_allclose(surface((i + 0.5) * PITCH, (j + 0.5) * PITCH), raw[i, j], rtol=0, atol=1e-15)


def test_line_of_a_map_is_the_row_asked_for_seen_from_the_origin() -> None:
    raw = raw_map()
    i = np.arange(60)
    keys = {"kind": "measured", "file": str(MAP), "detrend": "none"}
    chosen = profile(keys | {"line": 17, "origin": f"{100 * PITCH} m"}, length="5 um")
    np.testing.assert_allclose(chosen((i + 0.5) * PITCH), raw[100 + i, 17], rtol=0, atol=1e-15)
    middle = profile(keys, length="5 um")
    np.testing.assert_allclose(middle((i + 0.5) * PITCH), raw[i, 128], rtol=0, atol=1e-15)


def test_window_of_a_map_starts_at_the_origin() -> None:
    raw = raw_map()
    origin = [f"{40 * PITCH} m", f"{90 * PITCH} m"]
    keys = {"kind": "measured", "file": str(MAP), "detrend": "none", "origin": origin}
    surface = profile(keys, dimension=3, length="5 um", width="3 um")
    i, j = np.arange(50), np.arange(50)
    np.testing.assert_allclose(surface((i + 0.5) * PITCH, (j + 0.5) * PITCH), raw[40 + i, 90 + j], rtol=0, atol=1e-15)


def test_line_scan_written_with_few_digits_is_read_at_its_even_pitch_in_metres() -> None:
    scan = open_topography(str(SCAN)).topography().to_unit("m")
    surface = profile({"kind": "measured", "file": str(SCAN), "detrend": "none"}, length="1.4 mm", element_size="1 um")
    even = np.linspace(0, scan.positions()[-1], 9600)  # the file has 0.2, 0.3, 0.5, 0.6 um
    inside = (even > 0) & (even < 1.4e-3)
    np.testing.assert_allclose(surface(even[inside]), scan.heights()[inside], rtol=0, atol=1e-15)


def test_detrended_map_has_the_rms_and_gradient_its_makers_state() -> None:
    surface = profile({"kind": "measured", "file": str(MAP)}, dimension=3)
    assert surface.rms == pytest.approx(35e-9, rel=0.02)
    assert surface.rms_gradient == pytest.approx(0.19, rel=0.03)


@pytest.mark.parametrize("mode", ["center", "height", "curvature"])
@pytest.mark.parametrize("dimension", [2, 3])
def test_detrending_agrees_with_surface_topography(mode: str, dimension: int) -> None:
    topography = open_topography(str(MAP)).topography().to_unit("m")
    surface = profile({"kind": "measured", "file": str(MAP), "detrend": mode}, dimension=dimension)
    if dimension == 3:
        assert surface.rms == pytest.approx(topography.detrend(mode).rms_height_from_area(), rel=1e-6)
    else:
        degree = {"center": 0, "height": 1, "curvature": 2}[mode]
        line, i = raw_map()[:, 128], np.arange(256)
        assert surface.rms == pytest.approx((line - np.polyval(np.polyfit(i, line, degree), i)).std(), rel=1e-6)


def test_measured_heights_scale_to_the_rms_asked_for() -> None:
    measured = profile({"kind": "measured", "file": str(MAP)})
    scaled = profile({"kind": "measured", "file": str(MAP), "rms": "70 nm"})
    x = np.linspace(0, 10e-6, 300)
    assert scaled.rms == pytest.approx(70e-9, rel=1e-12)
    np.testing.assert_allclose(scaled(x), measured(x) * 70e-9 / measured.rms, rtol=1e-9)


@pytest.mark.parametrize(
    ("roughness", "changes", "message"),
    [
        ({"file": "none.di"}, {}, r"geometry\.roughness\.file: there is no file '.*none\.di'"),
        ({"file": "README.md"}, {}, r"geometry\.roughness\.file: '.*README\.md' is no topography"),
        ({"file": str(MAP)}, {"length": "12 um"}, r"geometry\.roughness\.file: '.*' covers 10 um.* window of 12 um"),
        ({"file": str(MAP), "origin": "1 um"}, {}, r"roughness\.file: .* covers 10 um.* 10 um .* at origin 1 um"),
        ({"file": str(MAP), "origin": "-1 um"}, {"length": "1 um"}, r"roughness\.file: .* at origin -1 um"),
        ({"file": str(MAP), "line": 256}, {}, r"geometry\.roughness\.line: 256 .* rows 0 to 255"),
        ({"file": str(SCAN)}, {"dimension": 3}, r"geometry\.roughness\.file: .* line scan"),
        ({"file": str(SCAN), "line": 1}, {}, r"geometry\.roughness\.line: .* line scan"),
        ({"file": str(MAP), "line": 1}, {"dimension": 3}, r"geometry\.roughness\.line: belongs to .* dimension 2"),
        ({"file": str(MAP), "origin": ["0 um", "0 um"]}, {}, r"geometry\.roughness\.origin: .* one length"),
        ({"file": str(MAP)}, {"lateral": "periodic"}, r"geometry\.lateral: .* not periodic"),
        ({"file": str(SCAN)}, {"length": "0.4 um"}, r"geometry\.roughness\.file: .* fewer than 4"),
        ({"kind": "sinusoidal", "amplitude": "1 nm", "wavelength": "3 um"}, {"lateral": "periodic"}, r"must divide"),
        ({"kind": "sinusoidal", "amplitude": "1 nm", "wavelength": "50 nm"}, {}, r"roughness\.wavelength: 0\.05 um"),
        ({"kind": "self_affine", "rms": "1 nm", "short_cutoff": "50 nm"}, {}, r"roughness\.short_cutoff: 0\.05 um"),
        ({"kind": "self_affine", "rms": "1 nm", "long_cutoff": "11 um"}, {}, r"roughness\.long_cutoff: 11 um"),
        ({"kind": "self_affine", "rms": "1 nm", "long_cutoff": "0.1 um"}, {}, r"no wave that fits"),
    ],
)
def test_refusals_name_the_key_and_the_sizes(
    roughness: dict[str, object], changes: dict[str, object], message: str
) -> None:
    keys = {"kind": "measured"} | roughness
    if "file" in keys:
        keys["file"] = str(TOPOGRAPHY / str(keys["file"]))
    with pytest.raises(ValueError, match=message):
        profile(keys, **changes)


# --- what the mesh does not resolve -----------------------------------------------------------------------


def film(element: float, dimension: int = 2, **words: object) -> Film:
    """A film of 10 µm, in 3D 5 µm wide, with elements of that size [m] and a rough interface."""
    keys = {"builder": "film", "length": "10 um", "electrode_thickness": "2 um", "electrolyte_thickness": "5 um"}
    width = {"width": "5 um"} if dimension == 3 else {}
    return Film.model_validate(
        keys | width | {"element_size": f"{element!r} m", "dimension": dimension, "roughness": words}
    )


SURFACE = {"kind": "self_affine", "rms": "20 nm", "rms_cutoff": "0.4 um", "seed": 3}


@pytest.mark.parametrize("dimension", [2, 3])
def test_same_waves_stay_whatever_the_mesh_resolves(dimension: int) -> None:
    coarse, fine = (self_affine(dimension, **SURFACE | {"short_cutoff": cut}) for cut in ("1.25 um", "0.5 um"))
    (q, one), (_, other) = (spectrum(on_grid(profile, dimension)) for profile in (coarse, fine))
    within = q < 2 * np.pi / 1.3e-6
    np.testing.assert_allclose(one[within], other[within], rtol=1e-3, atol=1e-6 * one.max())
    assert one.sum() < other.sum() < (20e-9) ** 2
    assert coarse.rms == pytest.approx(np.sqrt(one.sum()), rel=1e-3)


@pytest.mark.parametrize("hurst", [0.5, 0.8, 1.0])
@pytest.mark.parametrize("dimension", [2, 3])
def test_squares_of_resolved_and_unresolved_waves_add_up(hurst: float, dimension: int) -> None:
    """What one mesh resolves and what it leaves is as much as on any other, and as the waves of a finer one."""
    totals = []
    for cut in (2e-6, 1e-6, 0.5e-6):
        words = SURFACE | {"hurst": hurst, "short_cutoff": f"{cut!r} m"}
        here = film(cut / 8, dimension, **words)
        resolved = from_case(here, TOPOGRAPHY)["electrode", "electrolyte"]
        assert isinstance(here.roughness, SelfAffine)
        rms, slope = below_mesh(here, here.roughness, 0.1e-6, None, TOPOGRAPHY)
        totals.append((np.hypot(resolved.rms, rms), np.hypot(resolved.rms_gradient, slope)))
    finest = from_case(
        film(0.05e-6, dimension, **words | {"short_cutoff": "0.1 um", "rms_cutoff": "0.1 um"}), TOPOGRAPHY
    )
    all_of_it = finest["electrode", "electrolyte"]
    np.testing.assert_allclose(totals, [totals[-1]] * 3, rtol=0.06)
    assert totals[-1][1] / totals[-1][0] == pytest.approx(all_of_it.rms_gradient / all_of_it.rms, rel=0.06)


def test_waves_of_few_elements_are_below_the_mesh() -> None:
    found = []
    for short in ("0.1 um", "0.2 um", "0.4 um"):
        here = film(0.05e-6, **SURFACE | {"short_cutoff": short, "rms_cutoff": "0.1 um"})
        found.append(below_mesh(here, here.roughness, 20e-9, None, TOPOGRAPHY))
    assert found[0] == pytest.approx(found[1]) and found[0] == pytest.approx(found[2])
    here = film(0.05e-6, **SURFACE | {"short_cutoff": "0.8 um", "rms_cutoff": "0.1 um"})
    assert below_mesh(here, here.roughness, 20e-9, None, TOPOGRAPHY)[1] > 1.03 * found[0][1]


def test_rms_that_no_wave_has_is_refused() -> None:
    with pytest.raises(ValueError, match=r"geometry\.roughness\.rms_cutoff.*no wave"):
        self_affine(rms_cutoff="11 um")


@pytest.mark.parametrize("dimension", [2, 3])
def test_a_mesh_that_resolves_nothing_leaves_all_of_a_measured_window(dimension: int) -> None:
    here = film(5e-6, dimension, kind="measured", file=MAP)
    window = from_case(here, TOPOGRAPHY)["electrode", "electrolyte"]
    rms, slope = below_mesh(here, here.roughness, 2 * PITCH, None, TOPOGRAPHY)
    assert rms == pytest.approx(window.rms, rel=1e-3)
    # differences of neighbours fall short of the shortest waves
    assert window.rms_gradient < slope < 1.3 * window.rms_gradient


def test_a_measured_surface_goes_on_by_its_hurst_exponent() -> None:
    here = film(0.1e-6, kind="measured", file=MAP)
    for hurst in (0.4, 0.9):
        ends = [2 * PITCH / 2**i for i in range(4)]
        rms = np.array([below_mesh(here, here.roughness, end, hurst, TOPOGRAPHY)[0] for end in ends])
        octaves = np.diff(rms**2)
        np.testing.assert_allclose(octaves[1:] / octaves[:-1], 2 ** (-2 * hurst), rtol=1e-6)
    assert below_mesh(here, here.roughness, 2 * PITCH, 0.4, TOPOGRAPHY) == below_mesh(
        here, here.roughness, 2 * PITCH, 0.9, TOPOGRAPHY
    )


@pytest.mark.parametrize("hurst", [0.5, 0.8])
@pytest.mark.parametrize("dimension", [2, 3])
def test_a_measured_self_affine_surface_goes_on_as_it_would_have(
    hurst: float, dimension: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its points say what the generated one is below the mesh, down to waves shorter than they are apart."""
    words = SURFACE | {"hurst": hurst, "short_cutoff": "0.08 um", "rms_cutoff": "0.08 um"}
    generated = film(0.04e-6, dimension, **words)
    size = (10e-6, 5e-6)[: dimension - 1]
    places = [(np.arange(round(length / 0.04e-6)) + 0.5) * 0.04e-6 for length in size]
    heights = from_case(generated, TOPOGRAPHY)["electrode", "electrolyte"](*np.meshgrid(*places, indexing="ij"))
    monkeypatch.setattr(measurement, "read", lambda *_: Measurement(heights, np.array(size)))
    here = film(0.05e-6, dimension, kind="measured", file=MAP, detrend="none")
    assert isinstance(here.roughness, Measured)
    expected = below_mesh(
        film(0.05e-6, dimension, **words | {"short_cutoff": "0.1 um"}),
        SelfAffine.model_validate(words | {"long_cutoff": "10 um", "short_cutoff": "0.1 um"}),
        20e-9,
        None,
        TOPOGRAPHY,
    )
    assert below_mesh(here, here.roughness, 20e-9, None, TOPOGRAPHY) == pytest.approx(expected, rel=0.15)
