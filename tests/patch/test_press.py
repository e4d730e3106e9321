"""The command `patch`: surfaces from files, the table of a patch, when it is written anew, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from interstice.cli import app
from interstice.schema import Patch
from interstice.schema.problems import CaseError
from interstice.solver.patch import boundary_elements, press, table
from interstice.solver.patch.press import Surface

ROOT = Path(__file__).parents[2]
AFM = ROOT / "meshes" / "topography" / "afm_10um_256.di"
GENERATED = """\
length: 1 um
points: 48
roughness: {kind: self_affine, rms: 5 nm, seed: 3}
modulus: 20 GPa
"""
PLASTIC = "hardness=1 GPa"
FEW = "pressures=[5 MPa, 50 MPa, 200 MPa, 600 MPa]"


@pytest.fixture
def patch(tmp_path: Path) -> Path:
    path = tmp_path / "patch.yaml"
    path.write_text(GENERATED)
    return path


def run(*words: str | Path) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["patch", *map(str, words)])
    return result.exit_code, result.output


def pressed(path: Path, *overrides: str) -> tuple[Patch, Surface, table.Table]:
    given, surface = press.read_patch(path, overrides)
    return given, surface, press.press(given, surface)


def test_generated_surface_has_the_waves_of_a_body_of_the_same_words(patch: Path) -> None:
    given, surface = press.read_patch(patch)
    assert surface.heights.shape == (48, 48) and surface.period == given.length
    assert surface.heights.std() == pytest.approx(5e-9, rel=1e-3)
    _, finer = press.read_patch(patch, ["points=192", "roughness.short_cutoff=166.67 nm"])
    assert surface.slope == pytest.approx(finer.slope, rel=0.01)
    spectrum = np.abs(np.fft.fft2(surface.heights))
    k = np.hypot(*np.meshgrid(*[np.fft.fftfreq(48, 1 / 48)] * 2))
    assert spectrum[k > 6.01].max() < 1e-3 * spectrum.max() < spectrum[k < 6].max()


def test_measured_square_is_continued_by_its_mirror_images(patch: Path) -> None:
    words = f"roughness={{kind: measured, file: {AFM}, detrend: curvature}}"
    _, surface = press.read_patch(patch, [words, "length=5 um"])
    heights = surface.heights
    assert heights.shape == (96, 96) and surface.period == 10e-6
    np.testing.assert_array_equal(heights[1:], heights[:0:-1])
    np.testing.assert_array_equal(heights, np.roll(np.flip(heights, 1), 1, 1))
    # no step where the images meet
    steps = np.abs(np.diff(heights, axis=0, append=heights[:1]))
    assert steps[[47, 48, 95, 0]].max() <= steps.max()


def test_elastic_table_is_that_of_the_same_pressures(patch: Path) -> None:
    given, surface, found = pressed(patch)
    assert len(found.loading) == press.LOADS and not found.unloading and found.hardness == np.inf
    p = found.loading[:, 0] * given.modulus
    assert p[0] == pytest.approx(press.LIGHTEST * given.modulus * surface.slope)
    assert p[-1] == pytest.approx(press.HEAVIEST * given.modulus * surface.slope)
    solutions = boundary_elements.press(surface.heights, surface.period, given.modulus, [p[3], p[9]])
    for row, solution in zip(found.loading[[3, 9]], solutions, strict=True):
        touching = solution.pressure > 0
        assert row[2] == pytest.approx(boundary_elements.share(touching))
        assert row[3] == pytest.approx(solution.gap.mean())
        assert row[4] * given.modulus == pytest.approx(
            boundary_elements.stiffness(touching, surface.period, given.modulus)
        )
    # dp/dg is the slope of the curve that the mean gap is a point of
    slope = -np.gradient(found.loading[:, 0], found.loading[:, 3])
    np.testing.assert_allclose(found.loading[2:-3, 4], slope[2:-3], rtol=0.3)


def test_where_everything_touches_the_table_ends(patch: Path) -> None:
    given, _, found = pressed(patch, "pressures=[50 MPa, 100 MPa, 2 GPa, 3 GPa]")
    np.testing.assert_allclose(found.loading[:, 0] * given.modulus, [50e6, 100e6, 2e9])
    assert found.loading[-1, 2] == 1.0 > found.loading[-2, 2]
    assert found.loading[-1, 4] == found.loading[-2, 4]
    with pytest.raises(RuntimeError, match="everything touches"):
        pressed(patch, "pressures=[2 GPa, 3 GPa, 4 GPa, 5 GPa]")


def test_elastic_numbers_over_the_modulus_do_not_depend_on_it(patch: Path) -> None:
    _, _, soft = pressed(patch)
    _, _, stiff = pressed(patch, "modulus=80 GPa")
    np.testing.assert_allclose(stiff.rows, soft.rows, rtol=1e-6)


def test_plastic_surface_touches_more_and_keeps_a_part(patch: Path) -> None:
    given, surface, found = pressed(patch, PLASTIC, FEW)
    assert found.hardness == pytest.approx(0.05)
    assert len(found.loading) == 4 and len(found.unloading) == 4
    p, share = found.loading[:, 0], found.loading[:, 2]
    assert np.all(share >= p / found.hardness)
    (elastic,) = boundary_elements.press(surface.heights, surface.period, given.modulus, [200e6])
    assert share[2] > boundary_elements.share(elastic.pressure > 0)
    for branch, row in zip(found.unloading, found.loading, strict=True):
        np.testing.assert_array_equal(branch[-1], row)
        np.testing.assert_allclose(branch[:, 0], np.array([*sorted(press.PARTS), 1.0]) * row[0])
        assert np.all(np.diff(branch[:, [2, 4]], axis=0) >= 0) and np.all(np.diff(branch[:, 3]) < 0)
    # relieved from 600 to 48 MPa more touches than when pressed to 50 MPa
    assert found.unloading[3][1, 0] * given.modulus == pytest.approx(48e6)
    assert found.unloading[3][1, 2] > 1.5 * share[1]


def test_no_less_touches_than_bears_the_hardness(patch: Path) -> None:
    """Rims of soft surfaces bear it too, so that what they are not in contact with is not taken off."""
    given, surface = press.read_patch(patch, ["points=32", "hardness=50 MPa"])
    found = press.press(given.model_copy(update={"pressures": [1e6, 5e6]}), surface)
    assert np.all(found.rows[:, 2] >= found.rows[:, 0] / found.hardness * (1 - 1e-12))


def test_table_reads_back_as_written(patch: Path, tmp_path: Path) -> None:
    given, surface, found = pressed(patch, PLASTIC, FEW)
    found.write(tmp_path / "one.csv")
    again = table.read(tmp_path / "one.csv")
    np.testing.assert_allclose(again.rows, found.rows, rtol=1e-8)
    assert again.hardness == found.hardness and again.about == found.about
    assert again.about["input"] == press.identity(given, surface)
    assert again.about["points"].startswith("48 x 48") and again.about["modulus"] == "2e+10 Pa"
    for branch, row in zip(again.unloading, again.loading, strict=True):
        np.testing.assert_array_equal(branch[-1], row)


def test_a_square_of_plain_numbers_is_read_as_that_of_a_case(patch: Path) -> None:
    heights = np.random.default_rng(0).normal(size=(40, 40))
    heights[3, 5] = np.nan
    np.savetxt(patch.parent / "map.csv", heights.T, delimiter=",")
    words = "kind: measured, file: map.csv, size: 1 um, height_unit: nm, detrend: none"
    given, surface = press.read_patch(patch, [f"roughness={{{words}, fill: harmonic}}", "points=80"])
    assert given.spacing == pytest.approx(12.5e-9)
    # every other point is the middle of a pixel
    np.testing.assert_allclose(surface.heights[1:80:2, 1:80:2][10:, 10:], heights[10:, 10:] * 1e-9, atol=1e-17)
    (warning,) = surface.warnings
    assert warning == "roughness: 0.06% of the points of 'map.csv' in the window are missing and filled (harmonic)"
    assert "filled (harmonic)" in surface.description
    code, told = run(patch, "--set", f"roughness={{{words}}}")
    assert code == 2 and "roughness.fill: 0.06% of the points" in told


def test_same_input_is_not_computed_again(patch: Path, tmp_path: Path) -> None:
    file = tmp_path / "patch.csv"
    code, told = run(patch, "--set", "points=32")
    assert code == 0 and " of 12" in told and told.endswith(f"{file}\n")
    first = file.stat().st_mtime_ns
    code, told = run(patch, "--set", "points=32", "--set", "length=1000 nm")
    assert code == 0 and "up to date" in told and file.stat().st_mtime_ns == first
    code, told = run(patch, "--set", "points=32", "--set", "roughness.seed=4")
    assert code == 2 and "table of another patch" in told and file.stat().st_mtime_ns == first
    code, told = run(patch, "--set", "points=32", "--set", "roughness.seed=4", "--overwrite")
    assert code == 0 and " of 12" in told and file.stat().st_mtime_ns > first


@pytest.mark.parametrize(
    "override, words",
    [
        ("points=8", ["points = 8", "at least 32"]),
        ("modulus=20", ["modulus = 20", "the unit is missing"]),
        ("roughness.kind=sinusoidal", ["roughness.kind", "self_affine, measured"]),
        ("roughnes={kind: flat}", ["roughnes", "did you mean 'roughness'"]),
        ("roughness.short_cutoff=30 nm", ["roughness.short_cutoff = '30 nm'", "two points", "raise points"]),
        ("roughness={kind: measured, file: nowhere.di}", ["roughness.file", "there is no file"]),
        ("pressures=[3 MPa, 2 MPa, 5 MPa, 6 MPa]", ["pressures", "above the one before"]),
        ("hardness=1 MPa", ["pressures", "below the hardness"]),
    ],
)
def test_bad_input_ends_in_words(override: str, words: list[str], patch: Path) -> None:
    patch.write_text(GENERATED + "pressures: [1 MPa, 2 MPa, 3 MPa, 4 MPa]\n")
    code, told = run(patch, "--set", override)
    assert code == 2
    assert all(word in told for word in words), told
    with pytest.raises(CaseError):
        press.read_patch(patch, [override])


def test_what_is_no_table_is_left_as_it_is(patch: Path, tmp_path: Path) -> None:
    other = tmp_path / "history.csv"
    other.write_text("time [s]\n")
    code, told = run(patch, "-o", other, "--overwrite")
    assert code == 2 and "no table of a patch" in told and other.read_text() == "time [s]\n"
    code, told = run(patch, "-o", tmp_path / "nowhere" / "patch.csv")
    assert code == 2 and "folder does not exist" in told
