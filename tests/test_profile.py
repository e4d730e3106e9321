"""Tables that a step follows: what is read of them in SI, and what is refused in words, with the line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from interstice.schema import Scale
from interstice.solver.profile import ProfileError, read

SCALE = Scale(one_c=20.0, mass=0.05)


def table(folder: Path, text: str) -> Path:
    path = folder / "drive.csv"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "header, density",
    [("current [mA/cm^2]", 10.0), ("I (A/m^2)", 1.0), ("Current / mA/g", 0.05), ("rate [C]", 20.0)],
)
def test_the_unit_says_what_a_current_is(tmp_path: Path, header: str, density: float) -> None:
    found = read(table(tmp_path, f"# a drive\nTest Time / min,{header}\n2, 1\n\n3, -2\n"))
    current = found.current(SCALE)
    assert current is not None and not found.presses and found.duration == 60.0
    np.testing.assert_allclose(current.values, [density, -2 * density], rtol=1e-12)
    assert current.integral(60.0) == pytest.approx(-30 * density)
    assert found.per_mass == ("mA/g" in header)


def test_a_table_may_have_a_pressure_alone_or_beside_a_current(tmp_path: Path) -> None:
    alone = read(table(tmp_path, "time [s], pressure [MPa]\n0,1\n10,3\n"))
    assert alone.current(SCALE) is None and alone.pressure(0.0).value(5.0) == pytest.approx(2e6)
    assert alone.pressure(2.5e6).value(0.0) == 2.5e6
    both = read(table(tmp_path, "p [kPa], t [s], i [A/m^2]\n1,0,5\n2,10,5\n"))
    assert both.pressure(0.0).value(10.0) == pytest.approx(2e3) and both.current(SCALE).value(3.0) == 5.0


@pytest.mark.parametrize(
    "text, words",
    [
        ("", "a header and at least two rows"),
        ("time [s], current [A/m^2]\n0,1\n", "a header and at least two rows"),
        ("time, current [A/m^2]\n0,1\n1,1\n", "line 1: the column 'time' is not understood"),
        ("time [s], current [A]\n0,1\n1,1\n", "divide it by the area of its electrodes"),
        ("time [s], voltage [V]\n0,1\n1,1\n", "line 1: the column 'voltage [V]' is not understood"),
        ("time [s], time [min]\n0,1\n1,1\n", "line 1: the time is given twice"),
        ("time [s], i [mA/g], j [A/m^2]\n0,1,1\n1,1,1\n", "allowed are 'time [s]' and one or both"),
        ("current [A/m^2], pressure [MPa]\n0,1\n1,1\n", "allowed are 'time [s]'"),
        ("time [s], current [A/m^2]\n0,1\n1,1,4\n", "line 3: 3 values where the header has 2"),
        ("time [s], current [A/m^2]\n0,1\n1,one\n", "line 3: 'one' is no number"),
        ("time [s], current [A/m^2]\n0,1\n1,nan\n", "line 3: 'nan' is no number"),
        ("time [s], current [A/m^2]\n1,1\n0,1\n", "line 3: the time falls, from 1 s to 0 s"),
        ("time [s], current [A/m^2]\n1,1\n1,2\n", "no time passes"),
        ("time [s], pressure [MPa]\n0,1\n1,-1\n", "line 3: the pressure is -1e+06 Pa; a platen cannot pull"),
    ],
)
def test_what_cannot_be_followed_is_refused_in_words(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ProfileError) as error:
        read(table(tmp_path, text))
    assert words in str(error.value)


def test_a_file_that_is_none_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="there is no such file"):
        read(tmp_path / "missing.csv")
    with pytest.raises(ProfileError, match="a folder; a file is needed"):
        read(tmp_path)
    (tmp_path / "drive.csv").write_bytes(b"time [s]\n\xff")
    with pytest.raises(ProfileError, match="line 2: byte 0xff is not UTF-8"):
        read(tmp_path / "drive.csv")
