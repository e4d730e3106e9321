"""Measured surfaces that people bring: what their files say, what the case has to, and what is made of them."""

from __future__ import annotations

import resource
import signal
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
from scipy.io import savemat

from interstice.meshes import HeightProfile, below_mesh, measurement
from interstice.meshes.roughness import from_case, remarks
from interstice.meshes.window import Points
from interstice.schema import Film
from interstice.shipped import TOPOGRAPHY

UM, NM = 1e-6, 1e-9
RNG = np.random.default_rng(5)
MAP = RNG.normal(size=(12, 9))
"""Heights of 12 points along x, 9 along y [nm]."""
BOTH = {"size": ["6 um", "4.5 um"], "height_unit": "nm"}
"""Pixels of 0.5 µm."""


def film(file: Path, length: float = 4.0, dimension: int = 2, **words: object) -> Film:
    """A film of that length [um] with the surface in the file."""
    keys: dict[str, object] = {"electrode_thickness": "2 um", "electrolyte_thickness": "5 um", "element_size": "50 nm"}
    measured = {"kind": "measured", "file": str(file), "detrend": "none"} | words
    place = {"builder": "film", "length": f"{length!r} um", "dimension": dimension, "roughness": measured}
    return Film.model_validate(keys | place)


def profile(file: Path, length: float = 4.0, dimension: int = 2, **words: object) -> HeightProfile:
    return from_case(film(file, length, dimension, **words), file.parent)["electrode", "electrolyte"]


def told(file: Path, length: float = 4.0, **words: object) -> list[str]:
    return list(remarks(film(file, length, **words), file.parent))


def scan_file(folder: Path, x: np.ndarray, z: np.ndarray, name: str = "scan.txt") -> Path:
    """Two columns without words."""
    np.savetxt(folder / name, np.column_stack([x, z]), fmt="%.9g")
    return folder / name


SCAN = {"unit": "um", "height_unit": "nm"}


# --- line scans -----------------------------------------------------------------------------------------------


def uneven() -> tuple[np.ndarray, np.ndarray]:
    """A scan of 20 µm whose points are 0.5 µm apart, but 0.02 µm from 8 to 12 µm, on waves of 0.2 µm [um, nm]."""
    x = np.unique(np.round(np.concatenate([np.arange(0, 20.1, 0.5), np.arange(8, 12.01, 0.02)]), 9))
    return x, 5 * np.sin(2 * np.pi * x / 0.2 + 0.3)


def test_points_of_an_uneven_scan_stay_where_they_are(tmp_path: Path) -> None:
    x, z = uneven()
    surface = profile(scan_file(tmp_path, x + 3.0, z), 20.0, **SCAN)
    np.testing.assert_allclose(surface(x * UM), z * NM, rtol=0, atol=1e-6 * NM)


def test_a_fine_window_of_an_uneven_scan_keeps_its_slope_and_height(tmp_path: Path) -> None:
    surface = profile(scan_file(tmp_path, *uneven()), 4.0, origin="8 um", **SCAN)
    assert surface.rms == pytest.approx(5 * NM / np.sqrt(2), rel=0.02)
    # differences of points ten to a wave fall short of 2π a/(λ √2) by sin(π/10)/(π/10)
    exact = 2 * np.pi * 5 * NM / (0.2 * UM) / np.sqrt(2) * np.sinc(0.1)
    assert surface.rms_gradient == pytest.approx(exact, rel=2e-3)


def test_rms_and_slope_of_an_uneven_scan_are_those_over_the_length_not_over_its_points(tmp_path: Path) -> None:
    """A saw of slope 1/500 whose left half has ten times the points: the mean height is that of the line."""
    x = np.concatenate([np.linspace(0, 5, 101), np.linspace(5, 10, 11)[1:]])
    z = np.where(x < 5, 0.0, 2.0 * (x - 5))
    surface = profile(scan_file(tmp_path, x, z), 10.0, detrend="center", **SCAN)
    # ∫z = 25, ∫z² = 500/3 over 10 µm
    assert surface.rms_gradient == pytest.approx(np.sqrt(0.5) * 2e-3, rel=1e-6)
    assert surface.rms == pytest.approx(np.sqrt(50 / 3 - 2.5**2) * NM, rel=0.01)
    assert surface.peak == pytest.approx(7.5 * NM, rel=0.01)


def test_a_tilted_uneven_scan_is_level_when_detrended(tmp_path: Path) -> None:
    x, _ = uneven()
    surface = profile(scan_file(tmp_path, x, 3 * x - 7), 20.0, detrend="height", **SCAN)
    assert surface.rms < 1e-6 * NM


def test_heights_between_points_of_a_scan_lie_between_those_of_the_points(tmp_path: Path) -> None:
    x = np.array([0, 0.1, 0.2, 0.3, 2.0, 2.1, 2.2, 4.5])
    z = np.array([0.0, 0, 10, 20, 20, 0, 5, 5])
    surface = profile(scan_file(tmp_path, x, z), 4.0, **SCAN)
    fine = np.linspace(0, 4, 4001)
    at = surface(fine * UM) / NM
    left = np.clip(np.searchsorted(x, fine, side="right") - 1, 0, len(x) - 2)
    assert (at >= np.minimum(z[left], z[left + 1]) - 1e-9).all()
    assert (at <= np.maximum(z[left], z[left + 1]) + 1e-9).all()
    assert surface.peak == pytest.approx(20 * NM)


def test_a_window_ends_on_the_straight_line_to_the_next_point(tmp_path: Path) -> None:
    x = np.array([0, 1, 2, 2.5, 3, 4.0, 5.5, 7.0])
    z = np.array([0, 4, 2, 3, 1, 6, 0, 3.0])
    surface = profile(scan_file(tmp_path, x, z), 4.0, origin="0.5 um", **SCAN)
    np.testing.assert_allclose(surface(np.array([0.0, 4.0]) * UM), [2 * NM, 4 * NM], rtol=1e-9)


def test_a_scan_of_points_reaches_from_the_first_to_the_last(tmp_path: Path) -> None:
    file = scan_file(tmp_path, np.linspace(1, 11, 41), np.zeros(41))
    assert profile(file, 10.0, **SCAN).rms == 0.0
    with pytest.raises(ValueError, match=r"covers 10 um, smaller than the window of 10.1 um"):
        profile(file, 10.1, **SCAN)


def test_a_scan_from_right_to_left_is_the_same_surface(tmp_path: Path) -> None:
    x, z = uneven()
    fine = np.linspace(0, 20, 999) * UM
    forth = profile(scan_file(tmp_path, x, z), 20.0, **SCAN)
    back = profile(scan_file(tmp_path, x[::-1], z[::-1], "back.txt"), 20.0, **SCAN)
    np.testing.assert_allclose(back(fine), forth(fine), rtol=0, atol=1e-18)
    assert told(tmp_path / "back.txt", 20.0, **SCAN) == []


def test_a_scan_that_goes_back_is_seen_from_above_and_says_so(tmp_path: Path) -> None:
    """An overhang: from (4, 8) back to (2, 4), below the way out, and on from there."""
    x, z = [0, 1, 2.5, 3, 4, 2, 5, 6, 8], [0, 0, 2, 3, 8, 4, 1, 0, 0]
    surface = profile(scan_file(tmp_path, np.array(x), np.array(z, dtype=float)), 8.0, **SCAN)
    # at 2 the point on the way back, at 2.5 and 3 the way back, on 2x: above both ways out; at 5 and 6 the last way
    np.testing.assert_allclose(
        surface(np.array([0, 1, 2, 2.5, 3, 4, 5, 6, 8]) * UM), np.array([0, 0, 4, 5, 6, 8, 1, 0, 0]) * NM, atol=1e-18
    )
    (text,) = told(tmp_path / "scan.txt", 8.0, **SCAN)
    assert "'scan.txt' goes back or stands still along x 1 times" in text and "highest counts" in text


def test_a_scan_counts_from_its_leftmost_point_wherever_it_begins(tmp_path: Path) -> None:
    x, z = np.array([3, 2, 4, 5, 6, 7, 8.0, 10.0]), np.array([6, 0, 4, 5, 6, 7, 8.0, 1.0])
    surface = profile(scan_file(tmp_path, x, z), 8.0, **SCAN)
    np.testing.assert_allclose(
        surface(np.array([0, 1, 2, 3, 6, 8]) * UM), np.array([0, 6, 4, 5, 8, 1]) * NM, atol=1e-18
    )


def test_a_step_of_a_scan_keeps_its_higher_point(tmp_path: Path) -> None:
    x, z = np.array([0, 1, 1, 2, 3, 4.0, 6.0]), np.array([0, 0, 5, 5, 5, 5, 5.0])
    surface = profile(scan_file(tmp_path, x, z), 4.0, **SCAN)
    assert surface(np.array([1.0 * UM])) == pytest.approx(5 * NM)


@pytest.mark.parametrize("unit", ["um", "m"])
def test_whether_a_scan_is_even_does_not_depend_on_its_unit(unit: str, tmp_path: Path) -> None:
    x, z = uneven()
    scale = {"um": 1.0, "m": 1e-6}[unit]
    surface = profile(scan_file(tmp_path, x * scale, z), 20.0, unit=unit, height_unit="nm")
    np.testing.assert_allclose(surface(x * UM), z * NM, rtol=0, atol=1e-5 * NM)


def test_a_scan_of_rounded_places_is_even_and_one_of_exact_places_is_not(tmp_path: Path) -> None:
    even = np.linspace(0, 15, 97)  # 0.156 apart
    z = np.sin(even)
    rounded = profile(scan_file(tmp_path, np.round(even, 1), z, "rounded.txt"), 14.0, **SCAN)
    np.testing.assert_allclose(rounded(even[:90] * UM), z[:90] * NM, rtol=0, atol=1e-15)
    moved = even + 0.04 * np.sin(7 * even) * (np.arange(97) % 96 > 0)
    kept = profile(scan_file(tmp_path, moved, z, "moved.txt"), 14.0, **SCAN)
    np.testing.assert_allclose(kept(moved[:90] * UM), z[:90] * NM, rtol=0, atol=1e-15)


def test_waves_below_the_mesh_are_those_of_the_points_even_or_not(tmp_path: Path) -> None:
    """Taking away points at random leaves the spectrum that the rest still knows."""
    x = np.arange(0, 40.001, 0.05)
    random = np.random.default_rng(3)
    waves = np.arange(1, 100)
    z = 5 * sum(k**-1.3 * np.cos(2 * np.pi * k * x / 40 + random.uniform(0, 7)) for k in waves)
    keep = random.uniform(size=len(x)) < 0.8
    keep[[0, -1]] = True
    found = []
    for name, places in (("all.txt", x > -1), ("some.txt", keep)):
        here = film(scan_file(tmp_path, x[places], z[places], name), 40.0, **SCAN)
        here = here.model_copy(update={"element_size": 0.25 * UM})
        found.append(below_mesh(here, here.roughness, 0.6 * UM, 0.8, tmp_path))
    np.testing.assert_allclose(found[1], found[0], rtol=0.1)


def test_an_uneven_window_made_even_is_as_fine_as_its_nearest_points_and_knows_its_farthest() -> None:
    x = np.array([0, 0.5, 1, 1.1, 1.2, 1.3, 2.3, 4.0])
    window = Points(np.cos(3 * x), (x,), (4.0,))
    heights, (pitch,), farthest = window.evenly()
    assert 0.09 < pitch <= 0.1 * (1 + 1e-9) and len(heights) * pitch == pytest.approx(4.0)
    assert farthest == pytest.approx(1.7)
    np.testing.assert_allclose(heights, window.interpolated()[0]((np.arange(len(heights)) + 0.5) * pitch))


# --- files that do not say everything -------------------------------------------------------------------------


def as_matrix(separator: str, decimal: str = ".", ending: str = "") -> Callable[[Path], None]:
    lines = [separator.join(f"{value:.9e}" for value in row).replace(".", decimal) + ending for row in MAP.T]
    return lambda file: file.write_text("\n".join(lines) + "\n") and None


def as_list(separator: str, header: str = "") -> Callable[[Path], None]:
    """All points as x, y, z, in any order."""
    i, j = (index.ravel() for index in np.indices(MAP.shape))
    order = np.random.default_rng(1).permutation(MAP.size)
    rows = np.column_stack([0.5 * i, 0.5 * j, MAP.ravel()])[order]
    return lambda file: np.savetxt(file, rows, delimiter=separator, header=header, comments="")


def as_hdf5(file: Path) -> None:
    with h5py.File(file, "w") as content:
        content["heights"] = MAP.T


MATRICES = {
    "blanks.txt": as_matrix(" "),
    "comma.csv": as_matrix(","),
    "semicolon.csv": as_matrix(";"),
    "decimal_comma.csv": as_matrix(";", ","),
    "decimal_comma.txt": as_matrix("  ", ","),
    "tab.dat": as_matrix("\t"),
    "closed.csv": as_matrix(",", ending=","),
    "array.npy": lambda file: np.save(file, MAP.T),
    "array.npz": lambda file: np.savez(file, heights=MAP.T),
    "array.mat": lambda file: savemat(file, {"heights": MAP.T}),
    "array.h5": as_hdf5,
}
LISTS = {"blanks.xyz": as_list(" "), "comma.csv": as_list(","), "named.csv": as_list(",", "x (um),y (um),z (nm)")}


def assert_is_the_map(surface: Callable[..., np.ndarray]) -> None:
    i, j = np.indices((8, 8))
    np.testing.assert_allclose(surface((i + 0.5) * 0.5 * UM, (j + 0.5) * 0.5 * UM), MAP[:8, :8] * NM, atol=1e-17)


@pytest.mark.parametrize("name", MATRICES)
def test_a_matrix_is_a_map_of_the_size_and_the_unit_that_the_case_gives(name: str, tmp_path: Path) -> None:
    MATRICES[name](tmp_path / name)
    assert_is_the_map(profile(tmp_path / name, 4.0, 3, **BOTH))
    line = profile(tmp_path / name, 4.0, line=2, **BOTH)
    np.testing.assert_allclose(line((np.arange(8) + 0.5) * 0.5 * UM), MAP[:8, 2] * NM, atol=1e-17)


@pytest.mark.parametrize("name", ["blanks.txt", "array.npy", "array.mat"])
def test_rows_of_a_matrix_run_along_x_in_every_format(name: str, tmp_path: Path) -> None:
    """12 columns of 0.5 µm along x, 9 rows along y: lines 0 to 8, a window as long as the columns."""
    MATRICES[name](tmp_path / name)
    assert profile(tmp_path / name, 6.0, line=8, **BOTH).rms == pytest.approx(MAP[:, 8].std() * NM, rel=1e-6)
    with pytest.raises(ValueError, match=rf"roughness\.line: 9 was given, '{name}' has rows 0 to 8"):
        profile(tmp_path / name, 6.0, line=9, **BOTH)


def test_rows_of_an_instrument_run_along_x_too() -> None:
    """The map of an AFM as it is written in its file: rows of 16-bit numbers from the upper edge to the lower."""
    file = TOPOGRAPHY / "afm_10um_256.di"
    written = np.frombuffer(file.read_bytes(), "<i2", 256 * 256, 40960).reshape(256, 256)[::-1].astype(float)
    centres = (np.arange(256) + 0.5) * 10 / 256 * UM
    for row in (3, 200):
        line = profile(file, 10.0, line=row)(centres)
        assert np.corrcoef(line, written[row])[0, 1] == pytest.approx(1.0, abs=1e-6)


def test_columns_of_an_array_are_what_they_are_in_a_text(tmp_path: Path) -> None:
    x, z = uneven()
    np.save(tmp_path / "scan.npy", np.column_stack([x, z]))
    np.save(tmp_path / "heights.npy", z)
    surface = profile(tmp_path / "scan.npy", 20.0, **SCAN)
    np.testing.assert_allclose(surface(x * UM), z * NM, rtol=0, atol=1e-6 * NM)
    even = profile(tmp_path / "heights.npy", 10.0, size=f"{len(z)} um", height_unit="nm")
    np.testing.assert_allclose(even((np.arange(10) + 0.5) * UM), z[:10] * NM, rtol=0, atol=1e-6 * NM)


@pytest.mark.parametrize(
    ("size", "questioned"), [((6, 4.5), False), ((4.5, 6), True), ((6, 6), False), ((6, 2), False)]
)
def test_edges_of_a_map_that_seem_to_be_in_the_wrong_order_are_questioned(
    size: tuple[float, float], questioned: bool, tmp_path: Path
) -> None:
    """Only where pixels are oblong that would be square with the edges in the other order."""
    as_matrix(" ")(tmp_path / "map.txt")
    words = told(tmp_path / "map.txt", size=[f"{length} um" for length in size], height_unit="nm")
    assert len(words) == questioned
    if questioned:
        assert "pixels of 0.375 um x 0.666667 um; with size [6 um, 4.5 um] they are square" in words[0]


@pytest.mark.parametrize("name", LISTS)
def test_a_list_of_points_is_a_map_of_the_size_they_have(name: str, tmp_path: Path) -> None:
    LISTS[name](tmp_path / name)
    assert_is_the_map(profile(tmp_path / name, 4.0, 3, **SCAN))


def test_a_list_of_points_without_some_has_holes(tmp_path: Path) -> None:
    i, j = (index.ravel() for index in np.indices(MAP.shape))
    rows = np.column_stack([0.5 * i, 0.5 * j, MAP.ravel()])
    np.savetxt(tmp_path / "holes.xyz", np.delete(rows, [20, 33], axis=0))
    with pytest.raises(ValueError, match=r"roughness\.fill: 3\.12% of the points"):
        profile(tmp_path / "holes.xyz", 4.0, 3, **SCAN)
    np.savetxt(tmp_path / "nowhere.xyz", RNG.uniform(size=(50, 3)))
    with pytest.raises(ValueError, match="no regular grid"):
        profile(tmp_path / "nowhere.xyz", 4.0, 3, **SCAN)


@pytest.mark.parametrize("by_row", [True, False])
def test_heights_alone_are_a_scan_of_equal_pixels(by_row: bool, tmp_path: Path) -> None:
    z = RNG.normal(size=20)
    np.savetxt(tmp_path / "heights.txt", z[None, :] if by_row else z[:, None])
    surface = profile(tmp_path / "heights.txt", 10.0, size="10 um", height_unit="nm")
    np.testing.assert_allclose(surface((np.arange(20) + 0.5) * 0.5 * UM), z * NM, atol=1e-17)
    assert surface.rms_gradient == pytest.approx(np.sqrt(np.mean(np.diff(z) ** 2)) * NM / (0.5 * UM), rel=1e-9)


def gsf(file: Path, *lines: str) -> Path:
    """MAP with these lines of a header, as the format wants it."""
    header = "\n".join(["Gwyddion Simple Field 1.0", "XRes = 12", "YRes = 9", *lines]) + "\n"
    content = header.encode() + b"\0" * (4 - len(header) % 4) + MAP.T.astype("<f4").tobytes()
    file.write_bytes(content)
    return file


@pytest.mark.parametrize("padding", ["a", "ab", "abc", "abcd"])
def test_a_simple_field_is_read_as_its_header_says(padding: str, tmp_path: Path) -> None:
    file = gsf(tmp_path / "map.gsf", "XReal = 6e-6", "YReal=4.5e-6", "XYUnits = m", "ZUnits = nm", f"Title = {padding}")
    i, j = np.indices((8, 8))
    surface = profile(file, 4.0, 3)
    np.testing.assert_allclose(surface((i + 0.5) * 0.5 * UM, (j + 0.5) * 0.5 * UM), MAP[:8, :8] * NM, rtol=1e-6)


def test_what_a_simple_field_does_not_say_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"roughness\.file: 'map\.gsf' .* give size, .* and height_unit"):
        profile(gsf(tmp_path / "map.gsf"))
    sized = gsf(tmp_path / "sized.gsf", "XReal = 6", "YReal = 4.5")
    with pytest.raises(ValueError, match=r"'sized\.gsf' .* give unit, such as um and height_unit"):
        profile(sized)
    surface = profile(sized, 4.0, unit="um", height_unit="nm", line=0)
    assert surface(np.array([0.25 * UM])) == pytest.approx(MAP[0, 0] * NM, rel=1e-6)
    with pytest.raises(ValueError, match=r"map\.gsf.*'V' does not fit; a unit of \[m\]"):
        profile(gsf(tmp_path / "map.gsf", "XReal = 6", "YReal = 4.5", "ZUnits = V"), **SCAN)
    short = gsf(tmp_path / "short.gsf")
    short.write_bytes(short.read_bytes()[:-4])
    with pytest.raises(ValueError, match=r"12 x 9 numbers of 4 bytes should follow"):
        profile(short, **BOTH)


def test_a_header_that_says_everything_needs_no_words_in_the_case(tmp_path: Path) -> None:
    header = "Channel: Main\nWidth: 6 µm\nHeight: 4.5 µm\nValue units: nm"
    np.savetxt(tmp_path / "map.txt", MAP.T, header=header, encoding="utf-8")
    surface = profile(tmp_path / "map.txt", 4.0, line=3)
    np.testing.assert_allclose(surface((np.arange(8) + 0.5) * 0.5 * UM), MAP[:8, 3] * NM, rtol=1e-9)
    with pytest.raises(ValueError, match=r"roughness\.unit: 'map\.txt' says its unit itself"):
        profile(tmp_path / "map.txt", unit="um")
    with pytest.raises(ValueError, match=r"roughness\.height_unit: 'map\.txt' says the unit of its heights itself"):
        profile(tmp_path / "map.txt", height_unit="nm")


def test_a_text_of_an_instrument_is_read_as_its_format_says_though_rows_differ_in_length(tmp_path: Path) -> None:
    """ISO 25178-71: numbers in lines of any length."""
    keys = {"ManufacID": "some", "CreateDate": "010120001200", "ModDate": "010120001200", "NumPoints": 12}
    keys |= {"NumProfiles": 9, "Xscale": 0.5e-6, "Yscale": 0.5e-6, "Zscale": 1e-9, "Zresolution": -1, "Compression": 0}
    header = "\n".join(
        ["aISO-1.0", *(f"{key} = {value}" for key, value in (keys | {"DataType": 7, "CheckType": 0}).items())]
    )
    numbers = [f"{value:.9e}" for value in MAP.T.ravel()]
    lines = [" ".join(numbers[:5]), " ".join(numbers[5:20]), " ".join(numbers[20:])]
    (tmp_path / "map.sdf").write_text("\n".join([header, "*", *lines, "*"]) + "\n")
    surface = profile(tmp_path / "map.sdf", 4.0, line=3)
    np.testing.assert_allclose(surface((np.arange(8) + 0.5) * 0.5 * UM), MAP[:8, 3] * NM, rtol=1e-7)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({}, r"roughness\.file: 'map\.txt' .* give size, such as 10 um or \[10 um, 5 um\] and height_unit, such as nm"),
        ({"unit": "um"}, r"roughness\.file: 'map\.txt' .* give size, such as 10 um or \[10 um, 5 um\]$"),
        ({"size": ["6 um", "4.5 um"]}, r"roughness\.file: 'map\.txt' .* give height_unit, such as nm$"),
        ({"unit": "nm", "size": "6 um"}, r"roughness\.size: a map of 12 x 9 points needs both edges"),
        ({"unit": "m", "size": "6 um"}, r"roughness\.size: a map of 12 x 9 points needs both edges"),
        (
            BOTH | {"height_unit": "mm"},
            r"roughness\.file: 'map\.txt' has heights .* um apart in the window, more than its width",
        ),
    ],
)
def test_a_matrix_without_its_size_or_unit_is_refused_with_what_to_give(
    words: dict[str, object], message: str, tmp_path: Path
) -> None:
    as_matrix(" ")(tmp_path / "map.txt")
    with pytest.raises(ValueError, match=message):
        profile(tmp_path / "map.txt", **words)


def test_an_unlikely_size_is_questioned_until_the_case_gives_it(tmp_path: Path) -> None:
    np.savetxt(tmp_path / "map.txt", MAP.T, header="Width: 160 m\nHeight: 120 m\nValue units: nm")
    with pytest.raises(ValueError, match=r"roughness\.file: 'map\.txt' is 160 m x 120 m large, which is unlikely"):
        profile(tmp_path / "map.txt", 100.0)
    surface = profile(tmp_path / "map.txt", 100.0, size=["160 um", "120 um"], line=0)
    np.testing.assert_allclose(surface((np.arange(7) + 0.5) * 160 / 12 * UM), MAP[:7, 0] * NM, rtol=1e-6)
    assert profile(tmp_path / "map.txt", 0.9e6, size=["2 m", "1.5 m"]).rms > 0
    with pytest.raises(ValueError, match=r"is 10 m large, which is unlikely; give the right unit or size"):
        profile(scan_file(tmp_path, np.linspace(0, 10, 50), np.zeros(50)), 5.0, unit="m")


def test_a_table_with_a_row_too_short_is_refused_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "map.csv").write_text("1,2,3,4\n1,2,3,4\n1,2,3\n")
    with pytest.raises(ValueError, match=r"map\.csv' is no topography that can be read \(line 3 has 3 numbers"):
        profile(tmp_path / "map.csv", **BOTH)


def test_a_file_that_was_written_anew_is_read_anew(tmp_path: Path) -> None:
    x = np.linspace(0, 5, 21)
    first = profile(scan_file(tmp_path, x, x), 4.0, **SCAN)
    second = profile(scan_file(tmp_path, x, 10 * x), 4.0, **SCAN)
    assert second.peak == pytest.approx(10 * first.peak)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "it is empty"),
        ("\n \n", "it is empty"),
        ("hello\nworld\n", "it is no table of numbers, and in no format that SurfaceTopography knows"),
        ("0,5\n0,6\n0,7\n", "all its x are the same; where commas are decimal ones, they have to be points"),
        ("0,5 1\n2 3,25\n4 5,5 6\n", "line 3 has 3 numbers, line 1 has 2 numbers"),
    ],
)
def test_a_text_that_is_no_surface_says_why(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "scan.txt").write_text(text)
    with pytest.raises(ValueError, match=rf"roughness\.file: .*\({message}"):
        profile(tmp_path / "scan.txt", **SCAN)


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (lambda _: bytearray(10**10), "it takes more than 1.0 GB of memory"),
        (lambda _: endless(), "it takes more than 1 s"),
    ],
)
def test_a_file_that_takes_memory_or_time_is_given_up(
    harm: Callable[[object], object], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measurement, "_by_library", harm)
    monkeypatch.setattr(measurement, "SECONDS", 1.0)
    (tmp_path / "scan.opd").write_bytes(b"\0binary")
    before = resource.getrlimit(resource.RLIMIT_DATA)
    with pytest.raises(ValueError, match=rf"roughness\.file: .* is no topography that can be read \({message}"):
        profile(tmp_path / "scan.opd", **SCAN)
    # what comes after is not bounded
    assert resource.getrlimit(resource.RLIMIT_DATA) == before
    assert signal.getitimer(signal.ITIMER_VIRTUAL) == (0.0, 0.0)


def endless() -> None:
    while True:
        pass


def test_commas_between_digits_are_decimal_ones_where_blanks_separate_numbers(tmp_path: Path) -> None:
    (tmp_path / "points.txt").write_text("x z\n0 1,5\n1,25 -1,25e0\n2.5 1,5\n3,75 +1\n5 1,5\n")
    x, z = np.array([0, 1.25, 2.5, 3.75, 5]) * UM, np.array([1.5, -1.25, 1.5, 1, 1.5]) * NM
    np.testing.assert_allclose(profile(tmp_path / "points.txt", 5.0, **SCAN)(x), z, atol=1e-18)
    # beside a blank they separate them
    (tmp_path / "list.txt").write_text("0, 1.5\n1.25, -1.25\n2.5 ,1.5\n3.75 , 1\n5 ,1.5\n")
    np.testing.assert_allclose(profile(tmp_path / "list.txt", 5.0, **SCAN)(x), z, atol=1e-18)


# --- missing points -------------------------------------------------------------------------------------------


def with_holes(folder: Path, heights: np.ndarray, word: str = "nan") -> Path:
    rows = [" ".join(word if np.isnan(value) else f"{value:.9g}" for value in row) for row in heights.T]
    (folder / "holes.txt").write_text("\n".join(rows))
    return folder / "holes.txt"


@pytest.mark.parametrize("word", ["nan", "NaN", "bad", "inf", "---"])
def test_missing_points_are_refused_where_the_window_has_some(word: str, tmp_path: Path) -> None:
    heights = MAP.copy()
    heights[10, 4] = np.nan
    file = with_holes(tmp_path, heights, word)
    assert profile(file, 4.0, 3, **BOTH).rms > 0  # 8 × 8 of the points
    message = r"roughness\.fill: 1\.23% of the points of 'holes\.txt' .* missing; allowed are harmonic and median"
    with pytest.raises(ValueError, match=message):
        profile(file, 4.5, 3, origin=["1.5 um", "0 um"], **BOTH)


def test_a_membrane_over_a_hole_continues_a_plane_exactly(tmp_path: Path) -> None:
    i, j = np.indices((20, 20))
    plane = 0.3 * i - 0.2 * j
    heights = plane.copy()
    heights[5:9, 6:12] = np.nan
    heights[12, 3] = np.nan
    words = {"size": "10 um", "height_unit": "nm", "fill": "harmonic"}
    surface = profile(with_holes(tmp_path, heights), 10.0, 3, **words)
    np.testing.assert_allclose(surface((i + 0.5) * 0.5 * UM, (j + 0.5) * 0.5 * UM), plane * NM, atol=1e-6 * NM)
    line = profile(tmp_path / "holes.txt", 10.0, line=8, **words)
    np.testing.assert_allclose(line((np.arange(20) + 0.5) * 0.5 * UM), plane[:, 8] * NM, atol=1e-6 * NM)


def test_a_hole_filled_with_the_median_is_flat_at_the_median_of_the_level_surface(tmp_path: Path) -> None:
    i, j = np.indices((20, 20))
    level = np.random.default_rng(2).normal(size=(20, 20))
    heights = level + 100.0 * i  # tilted
    heights[5:9, 6:12] = np.nan
    words = {"size": "10 um", "height_unit": "nm", "fill": "median", "detrend": "height"}
    surface = profile(with_holes(tmp_path, heights), 10.0, 3, **words)
    filled = surface((i + 0.5) * 0.5 * UM, (j + 0.5) * 0.5 * UM) / NM
    hole = filled[5:9, 6:12]
    assert np.ptp(hole) < 1e-6
    assert hole[0, 0] == pytest.approx(np.median(filled[~np.isnan(heights)]), abs=1e-6)
    assert abs(hole[0, 0]) < 0.3


def test_missing_points_of_a_scan_are_bridged_by_a_straight_line(tmp_path: Path) -> None:
    x = np.array([0, 1, 1.5, 3, 4, 4.5, 5, 6.0])
    z = np.array([0, 2, np.nan, 6, 1, 2, 0, 0])
    file = scan_file(tmp_path, x, z)
    surface = profile(file, 5.0, fill="harmonic", **SCAN)
    np.testing.assert_allclose(surface(x[:7] * UM), np.array([0, 2, 3, 6, 1, 2, 0]) * NM, atol=1e-18)
    with pytest.raises(ValueError, match=r"20\.00% of the points"):
        profile(file, 5.0, **SCAN)


@pytest.mark.parametrize("fill", ["harmonic", "median"])
def test_the_share_that_was_filled_is_told(fill: str, tmp_path: Path) -> None:
    heights = MAP.copy()
    heights[3, 2:4] = np.nan
    file = with_holes(tmp_path, heights)
    words = BOTH | {"fill": fill, "line": 2}
    expected = f"12.50% of the points of 'holes.txt' in the window are missing and filled ({fill})"
    assert expected in profile(file, 4.0, **words).description
    assert told(file, 4.0, **words) == [f"geometry.roughness: {expected}"]
    assert told(file, 4.0, **BOTH, fill=fill, line=8) == []


def test_a_window_without_heights_is_not_filled(tmp_path: Path) -> None:
    heights = np.full((12, 9), np.nan)
    heights[0, 0] = heights[11, 8] = 1.0
    with pytest.raises(ValueError, match=r"roughness\.fill: .* missing"):
        profile(with_holes(tmp_path, heights), 4.0, 3, fill="harmonic", **BOTH)


def with_marks(folder: Path, mark: float, count: int, noise: float = 1.0) -> Path:
    """A map of 40 × 30 points, 0.25 µm apart, on which that number takes the place of some heights [nm]."""
    heights = noise * np.random.default_rng(3).normal(size=(30, 40)) + np.linspace(0, 3, 40)
    heights.flat[[5 * 40 + 3, 5 * 40 + 9, 20 * 40 + 11, 21 * 40 + 25][:count]] = mark
    np.savetxt(folder / "marks.txt", heights)
    return folder / "marks.txt"


def spread(noise: float = 1.0) -> float:
    others = noise * np.random.default_rng(3).normal(size=(30, 40)) + np.linspace(0, 3, 40)
    return float(1.4826 * np.median(np.abs(others - np.median(others))))


@pytest.mark.parametrize(
    ("mark", "count", "questioned"),
    [(-5000, 4, True), (5000, 2, True), (5000, 1, False), (21.0, 4, False), (60.0, 4, True)],
)
def test_a_number_that_stands_several_times_and_alone_is_questioned(
    mark: float, count: int, questioned: bool, tmp_path: Path
) -> None:
    """Twenty standard deviations of the others, 1.4 nm, are 28 nm from the highest of them, 6 nm or less."""
    assert 20 * spread() == pytest.approx(28, rel=0.1)
    words = {"size": ["10 um", "7.5 um"], "height_unit": "nm"}
    said = list(remarks(film(with_marks(tmp_path, mark, count), 7.5, 3, **words), tmp_path))
    said = [text for text in said if "write nan for it" in text]
    assert len(said) == questioned
    if questioned:
        assert f"{count} points of 'marks.txt' in the window have one and the same height, {mark:g} nm" in said[0]


def test_marks_outside_the_line_that_is_taken_are_no_concern(tmp_path: Path) -> None:
    words = {"size": ["10 um", "7.5 um"], "height_unit": "nm"}
    file = with_marks(tmp_path, -9999, 4)
    assert not any("nan" in text for text in told(file, 8.0, line=10, **words))
    with pytest.raises(ValueError, match=r"heights 10\.\d+ um apart in the window, more than its width, 8 um"):
        profile(file, 8.0, line=5, **words)
    assert any("2 points of 'marks.txt'" in text for text in told(with_marks(tmp_path, -900, 2), 8.0, line=5, **words))


def test_levels_of_a_step_are_no_marks(tmp_path: Path) -> None:
    """Two heights alone, without any spread about them."""
    words = {"size": ["10 um", "7.5 um"], "height_unit": "nm", "line": 3}
    heights = np.zeros((30, 40))
    heights[:, 25:] = 50.0
    np.savetxt(tmp_path / "step.txt", heights)
    assert not any("nan" in text for text in told(tmp_path / "step.txt", 10.0, **words))


# --- peaks ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dimension", [2, 3])
def test_a_peak_that_no_node_of_the_mesh_meets_is_still_the_first_to_touch(dimension: int, tmp_path: Path) -> None:
    heights = np.zeros((40, 40))
    heights[17, 13] = 7.0
    as_text = [" ".join(f"{value:g}" for value in row) for row in heights.T]
    (tmp_path / "spike.txt").write_text("\n".join(as_text))
    words = {"size": "10 um", "height_unit": "nm"} | ({"line": 13} if dimension == 2 else {})
    surface = profile(tmp_path / "spike.txt", 10.0, dimension, **words)
    coarse = np.arange(0, 10.01, 2.0) * UM
    gap = surface.peak - surface(*np.meshgrid(*[coarse] * (dimension - 1)))
    assert surface.peak == pytest.approx(7 * NM, rel=0.01)
    assert gap.min() > 6.5 * NM


@pytest.mark.parametrize("seed", range(4))
def test_the_peak_of_a_wave_between_its_points_is_that_of_the_wave(seed: int) -> None:
    """One wave of random phase, eight points to it, of amplitude √2 rms."""
    keys = {"builder": "film", "length": "4 um", "electrode_thickness": "2 um", "electrolyte_thickness": "5 um"}
    words = {"kind": "self_affine", "rms": "5 nm", "long_cutoff": "1 um", "short_cutoff": "1 um", "seed": seed}
    here = Film.model_validate(keys | {"element_size": "100 nm", "roughness": words})
    surface = from_case(here, Path())["electrode", "electrolyte"]
    assert surface.peak == pytest.approx(5 * NM * np.sqrt(2), rel=0.006)
