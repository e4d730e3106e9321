"""Rough contact: the reference against closed forms, the surfaces, and coarse runs against the reference."""

from __future__ import annotations

import numpy as np
import pytest
from mpi4py import MPI

from interstice.benchmarks import closed_form, rough
from interstice.benchmarks.options import OptionError
from interstice.benchmarks.rough import Options, make_surface
from interstice.solver.patch import boundary_elements

MODULUS = 10e9

# --- the reference ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("load_ratio", [0.1, 0.4])
def test_reference_presses_a_wave_as_westergaard_says(load_ratio: float) -> None:
    """Its modulus is E*, its pressures are means over the period, its gap is zero where it presses."""
    wavelength, amplitude = 2e-6, 1e-9
    x = np.arange(512) / 512 * wavelength
    heights = amplitude * np.cos(2 * np.pi * x / wavelength)
    mean = load_ratio * closed_form.westergaard_closing_pressure(MODULUS, amplitude, wavelength)
    (found,) = boundary_elements.press(heights, wavelength, MODULUS, [mean])
    distance = np.minimum(x, wavelength - x)
    exact = np.zeros_like(x)
    inside = distance < closed_form.westergaard_half_width(load_ratio, wavelength)
    exact[inside] = closed_form.westergaard_pressure(x[inside], load_ratio, mean, wavelength)
    assert np.linalg.norm(found.pressure - exact) < 0.01 * np.linalg.norm(exact)
    assert found.pressure.mean() == pytest.approx(mean)
    assert np.abs(found.gap * found.pressure).max() < 1e-8 * mean * amplitude
    assert found.gap.min() == pytest.approx(0.0, abs=1e-8 * amplitude)


def test_reference_of_a_closed_surface_is_a_wave_of_pressure() -> None:
    """In full contact a wave of height A adds a wave of pressure E* q A/2, in three dimensions too."""
    length, amplitude, n = 4e-6, 1e-9, 32
    x, y = np.meshgrid(*[np.arange(n) / n * length] * 2, indexing="ij")
    q = 2 * np.pi / length * np.hypot(2, 1)
    heights = amplitude * np.cos(2 * np.pi * (2 * x + y) / length)
    swing = MODULUS * q * amplitude / 2
    pressures = [1.5 * swing, 3.0 * swing]
    for mean, found in zip(pressures, boundary_elements.press(heights, length, MODULUS, pressures), strict=True):
        np.testing.assert_allclose(found.pressure, mean + swing * heights / amplitude, rtol=1e-6)
        assert found.gap.max() < 1e-8 * amplitude


def test_bounded_reference_without_a_bound_in_reach_is_the_reference() -> None:
    surface = make_surface(Options(dimension=3, elements=32, order=1))
    pressures = [load * MODULUS * surface.slope for load in (0.05, 0.2)]
    exact = boundary_elements.press(surface.heights, surface.period, MODULUS, pressures)
    hardness = 10 * MODULUS * surface.slope
    found = boundary_elements.flatten(surface.heights, surface.period, MODULUS, hardness, pressures)
    for one, other in zip(found, exact, strict=True):
        np.testing.assert_allclose(one.pressure, other.pressure, rtol=0, atol=1e-5 * other.pressure.max())
        np.testing.assert_allclose(one.gap, other.gap, rtol=0, atol=1e-4 * surface.heights.std())


def test_bounded_reference_presses_waves_flat_and_lets_them_recede_as_the_closed_form_says() -> None:
    wavelength, amplitude, points = 2e-6, 1e-9, 512
    heights = amplitude * np.cos(2 * np.pi * np.arange(points) / points)
    hardness = 0.01 * closed_form.westergaard_closing_pressure(MODULUS, amplitude, wavelength)
    loads = [0.15, 0.3, 0.15, 0.06]
    found = boundary_elements.flatten(heights, wavelength, MODULUS, hardness, [load * hardness for load in loads])
    expected = [0.15, 0.3, closed_form.flattened_share(0.5, 0.3), closed_form.flattened_share(0.2, 0.3)]
    for one, load, share in zip(found, loads, expected, strict=True):
        assert np.mean(one.pressure > 0) == pytest.approx(share, abs=2 / points)
        assert one.pressure.mean() == pytest.approx(load * hardness)
        assert one.pressure.max() <= hardness
        assert one.gap.min() >= -1e-6 * amplitude
        assert np.abs(one.gap * one.pressure).max() <= 1e-5 * hardness * amplitude


@pytest.mark.parametrize("dimension", [2, 3])
def test_reference_finds_what_tamaas_finds(dimension: int) -> None:
    """For Python 3.13 and 3.14 tamaas 2.9.0 is only there free-threaded: this runs with 3.12."""
    tamaas = pytest.importorskip("tamaas", exc_type=ImportError)
    surface = make_surface(Options(dimension=dimension, elements=32, rms=5e-9))
    pressures = [0.05 * MODULUS * surface.slope, 0.3 * MODULUS * surface.slope]
    kind = {1: tamaas.model_type.basic_1d, 2: tamaas.model_type.basic_2d}[surface.heights.ndim]
    model = tamaas.Model(kind, [surface.period] * surface.heights.ndim, list(surface.heights.shape))
    model.E, model.nu = MODULUS, 0.0
    solver = tamaas.PolonskyKeerRey(model, surface.heights, boundary_elements.TOLERANCE)
    found = boundary_elements.press(surface.heights, surface.period, MODULUS, pressures)
    for mean, (pressure, gap) in zip(pressures, found, strict=True):
        solver.solve(mean)
        np.testing.assert_allclose(pressure, model.traction.reshape(gap.shape), atol=1e-6 * mean)
        np.testing.assert_allclose(gap, model.displacement.reshape(gap.shape) - surface.heights, atol=1e-6 * 5e-9)


# --- the surfaces -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("dimension", [2, 3])
def test_self_affine_surface_repeats_itself_and_has_its_rms(dimension: int) -> None:
    options = Options(dimension=dimension, elements=16, rms=5e-9)
    surface = make_surface(options)
    assert surface.lateral == "periodic" and surface.period == pytest.approx(10e-6)
    assert surface.heights.std() == pytest.approx(5e-9)
    assert surface.heights.shape == (16 * options.order,) * (dimension - 1)


def test_slope_of_a_wave_is_q_over_root_two_times_its_height() -> None:
    x = np.arange(64) / 64
    surface = rough.Surface(1e-3 * np.cos(2 * np.pi * 3 * x), 1 / 64, "periodic")
    assert surface.slope == pytest.approx(2 * np.pi * 3 * 1e-3 / np.sqrt(2))


@pytest.mark.parametrize("dimension", [2, 3])
def test_measured_surface_is_mirrored_and_has_no_short_waves(dimension: int) -> None:
    options = Options(roughness="afm_10um_256", dimension=dimension, elements=16, short_cutoff=1.3e-6, rms=10e-9)
    surface = make_surface(options)
    assert surface.lateral == "symmetric" and surface.period == pytest.approx(2 * options.length)
    for axis in range(dimension - 1):
        mirrored = np.roll(np.flip(surface.heights, axis), 1, axis)
        np.testing.assert_allclose(surface.heights, mirrored, atol=1e-9 * surface.heights.std())
    waves = np.fft.fftfreq(len(surface.heights), surface.spacing)
    spectrum = np.abs(np.fft.fftn(surface.heights))
    shorter = sum(k**2 for k in np.meshgrid(*[waves] * (dimension - 1), indexing="ij")) > (1.001 / 1.3e-6) ** 2
    assert spectrum[shorter].max() < 1e-9 * spectrum.max()
    assert 5e-9 < surface.heights.std() < 10e-9


def test_finer_mesh_has_the_same_heights_and_more() -> None:
    for kind in ("self_affine", "afm_10um_256"):
        coarse, fine = (make_surface(Options(roughness=kind, elements=n, short_cutoff=2.5e-6)) for n in (16, 32))
        tolerance = 0.02 * coarse.heights.std()
        np.testing.assert_allclose(fine.heights[::2, ::2], coarse.heights, atol=tolerance)


def test_gap_of_points_of_the_grid_is_that_of_their_heights() -> None:
    surface = make_surface(Options(elements=8))
    points = np.array([[3 * surface.spacing, 5 * surface.spacing, 0.0], [surface.period, 0.0, 0.0]]).T
    gap = surface.gap(points)
    np.testing.assert_allclose(surface.heights.max() - gap, [surface.heights[3, 5], surface.heights[0, 0]])


@pytest.mark.parametrize(
    "inputs, said",
    [
        ({"roughness": "no_such_map"}, "self_affine, afm_10um_256, stylus_1500um come with"),
        ({"roughness": "afm_10um_256", "length": 11e-6}, "smaller than the window"),
        ({"short_cutoff": 1e-8}, "below two interface elements"),
    ],
)
def test_surface_that_is_not_there_ends_in_words(inputs: dict, said: str) -> None:
    with pytest.raises(OptionError, match=said):
        make_surface(Options(**inputs))


def test_loads_are_read_from_a_list() -> None:
    assert Options.parse(["--loads", "0.1,0.03"]).loads == (0.1, 0.03)
    with pytest.raises(OptionError):
        Options.parse(["--loads", "0.1,-1"])


# --- coarse runs ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "inputs",
    [
        {"elements": 8, "loads": (0.05, 0.2)},
        {"dimension": 2},
        {"dimension": 2, "roughness": "afm_10um_256"},
    ],
    ids=["blocks", "profile", "measured profile"],
)
def test_rough_blocks_press_as_boundary_elements_do(inputs: dict) -> None:
    errors = rough.run(Options(**inputs), MPI.COMM_WORLD).errors
    assert errors["area"] <= 0.05
    assert errors["gap"] <= 0.03
    assert errors["pressure_distribution"] <= 0.08
    assert errors["complementarity"] <= 1e-9
    assert errors["penetration"] <= 1e-9


def test_mean_gap_of_first_order_converges_to_the_reference() -> None:
    surface = {"dimension": 2, "short_cutoff": 2.5e-6, "loads": (0.1,)}
    coarse, fine = (rough.run(Options(elements=n, **surface), MPI.COMM_WORLD).errors["gap"] for n in (16, 64))
    assert fine < coarse / 3
