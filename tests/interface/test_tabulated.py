"""Micro-contact by a table: what it says at the rows of the table and between them, and cells that conduct by it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from builders import FIXED_PRESSURE, tiny_case, tiny_cell, tiny_run
from scipy.interpolate import PchipInterpolator

from interstice.solver.interface.tabulated import Monotone, Tabulated
from interstice.solver.part import Load
from interstice.solver.patch.table import Table
from interstice.solver.reader import CaseError

MODULUS, KAPPA = 20e9, 2.0
FLAT = ("geometry.roughness={kind: flat}", FIXED_PRESSURE)
PRESSURES = np.geomspace(1e-4, 0.04, 8)
PARTS = np.array([0.02, 0.1, 0.3, 0.7])


def made_up(hardness: float = 0.05) -> Table:
    """A table of a law that is known everywhere: φ = tanh(20p), dp/dg of 1e9 sinh(20p), and less of both when relieved.

    Of the share at P a part (p/P)^a is kept, a = 0.3 + 5P, of dp/dg the square of that.
    """
    rows = [[p, p, np.tanh(20 * p), 1e-9 * (1 - p), 1e9 * np.sinh(20 * p)] for p in PRESSURES]
    for P in PRESSURES[[1, 4, 7]] if np.isfinite(hardness) else ():
        for part in PARTS:
            kept = part ** (0.3 + 5 * P)
            rows.append([part * P, P, kept * np.tanh(20 * P), 1e-9, kept**2 * 1e9 * np.sinh(20 * P)])
    return Table({}, np.array(rows), hardness)


def written(folder: Path, hardness: float = 0.05) -> str:
    made_up(hardness).write(folder / "patch.csv")
    return f"interface.micro={{law: table, file: {folder / 'patch.csv'}}}"


# --- the law ---------------------------------------------------------------------------------------


def test_pieces_are_the_monotone_cubic_constant_beyond_its_ends() -> None:
    x, y = np.array([0.0, 0.1, 0.5, 2.0]), np.array([0.0, 0.4, 0.7, 0.75])
    cubic, points = Monotone(x, y, float), np.linspace(0, 2, 301)
    np.testing.assert_allclose(cubic(points), PchipInterpolator(x, y)(points), atol=1e-14)
    assert cubic(-1.0) == 0.0 and cubic(5.0) == pytest.approx(0.75)


@pytest.mark.parametrize("hardness", [0.05, np.inf])
def test_the_law_goes_through_every_row_of_the_table(hardness: float) -> None:
    table = made_up(hardness)
    law = Tabulated(table, MODULUS, KAPPA)
    p, P, share, _, stiffness = table.rows.T
    np.testing.assert_allclose(law.share(p * MODULUS, P * MODULUS), share, rtol=1e-9)
    np.testing.assert_allclose(law.conductance(p * MODULUS, P * MODULUS), 2 * KAPPA * stiffness, rtol=1e-9)


def test_between_the_rows_the_law_is_near_what_they_are_taken_from() -> None:
    law = Tabulated(made_up(), MODULUS, KAPPA)
    P = np.geomspace(2e-4, 0.035, 50)
    np.testing.assert_allclose(law.share(P * MODULUS, 0.0), np.tanh(20 * P), rtol=0.02)
    for part in (0.2, 0.5, 0.9):
        kept = part ** (0.3 + 5 * P)
        expected = kept * np.tanh(20 * P)
        np.testing.assert_allclose(law.share(part * P * MODULUS, P * MODULUS), expected, rtol=0.06)


@pytest.mark.parametrize("hardness", [0.05, np.inf])
def test_share_and_conductance_rise_with_the_pressure_without_jumps(hardness: float) -> None:
    law = Tabulated(made_up(hardness), MODULUS, KAPPA)
    pressure, largest = np.linspace(0.0, 1.2e9, 20_001), 3e8
    for quantity in (law.share, law.conductance):
        values = quantity(pressure, largest)
        assert np.all(np.diff(values) >= -1e-12 * values.max())
        assert np.abs(np.diff(values[1:])).max() < 5e-3 * values.max()
    assert law.share(0.0, largest) == 0.0 < law.conductance(0.0, largest)
    assert law.share(2e9, largest) == law.share(1e9, largest) == pytest.approx(np.tanh(0.8))


def test_what_was_pressed_harder_touches_more_unless_it_is_elastic() -> None:
    plastic, elastic = (Tabulated(made_up(hardness), MODULUS) for hardness in (0.05, np.inf))
    for quantity in ("share", "conductance"):
        fresh, kept = (getattr(plastic, quantity)(2e7, largest) for largest in (0.0, 4e8))
        assert kept > 1.5 * fresh
        assert getattr(elastic, quantity)(2e7, 4e8) == getattr(elastic, quantity)(2e7, 0.0)


# --- in a cell -------------------------------------------------------------------------------------


@pytest.mark.also_on_ranks(2, 3)
@pytest.mark.parametrize("hardness", [0.05, np.inf])
def test_a_flat_cell_conducts_by_the_table(hardness: float, tmp_path: Path) -> None:
    """Pressed by 20, 10, 200, 20, 300 MPa: f_c and the constriction are what the table says of them."""
    cell = tiny_cell(*FLAT, written(tmp_path, hardness))
    cell.press()
    (face,) = cell.faces
    sites = {site.name: site for site in face.sites}
    kappa = 1 / (1 / sites["electrode"].host.conductivity + 1 / sites["electrolyte"].conductor.conductivity)
    law = Tabulated(made_up(hardness), face.modulus, kappa)
    assert cell.active_fraction == pytest.approx(law.share(20e6, 0.0), rel=1e-6)
    largest = face.contact.pressure.copy()
    for pressure in (10e6, 200e6, 20e6, 300e6):
        cell.advance(0.1, Load(5.0, pressure=pressure))
        cell.commit()
        here, j = face.contact.pressure, face.transfer.read_current()
        np.testing.assert_allclose(face.transfer.read_share(), law.share(here, largest), rtol=1e-6)
        share = face.transfer.read_share()
        drop = face.interface.sum(share * j / law.conductance(here, largest)) / face.transfer.active_area
        assert face.transfer.means()["micro-constriction"] == pytest.approx(drop, rel=1e-6) and drop > 0.0
        largest = np.maximum(largest, here)


def test_a_cell_that_lifts_off_goes_on(tmp_path: Path) -> None:
    run = tiny_run(written(tmp_path))
    assert run.stopped == ""
    assert len(run.advances) <= 100
    touching, active = run.column("touching fraction [1]"), run.column("active fraction [1]")
    assert touching.min() < 0.95 * touching[0]
    assert np.all(active < touching)
    assert np.all(run.column("current over detached area [A]") == 0.0)


def test_pressures_and_hardness_that_the_table_does_not_know_are_told(tmp_path: Path) -> None:
    cell = tiny_cell(*FLAT, written(tmp_path), "electrolyte.overrides.hardness=1 GPa")
    cell.press()
    (part,) = (part for part in cell.parts if hasattr(part, "law") and isinstance(part.law, Tabulated))
    (face,) = cell.faces
    assert [caution.about for caution in part.cautions()] == ["hardness of the table"]
    assert f"H/E* = {1e9 / face.modulus:.3g}" in next(iter(part.cautions())).text
    cell.advance(1.0, Load(pressure=0.041 * face.modulus))
    cell.commit()
    assert [caution.about for caution in part.cautions()] == ["table", "hardness of the table"]


def test_a_table_of_the_hardness_of_the_sides_is_not_told(tmp_path: Path) -> None:
    modulus = tiny_cell(*FLAT).faces[0].modulus
    hardness = f"electrolyte.overrides.hardness={0.051 * modulus!r} Pa"
    cell = tiny_cell(*FLAT, written(tmp_path), hardness)
    cell.press()
    assert not [caution for part in cell.parts for caution in part.cautions() if "table" in caution.about]


@pytest.mark.parametrize(
    "micro, words",
    [
        ("{law: table}", "micro.file.*missing.*interstice patch"),
        ("{law: table, file: nowhere.csv}", "micro.file.*no such file"),
        ("{law: table, file: FILE, slope: 0.1}", "micro.slope.*leave it out"),
        ("{law: elastic, rms: 5 nm, slope: 0.1, file: FILE}", "micro.file.*belongs to the law table"),
        ("{law: table, file: TEXT}", "micro.file.*no table"),
        ("{law: table, file: DAMAGED}", "micro.file.*damaged"),
    ],
)
def test_what_is_no_table_is_refused(micro: str, words: str, tmp_path: Path) -> None:
    written(tmp_path)
    (tmp_path / "text.csv").write_text("a,b\n1,2\n")
    (tmp_path / "damaged.csv").write_text((tmp_path / "patch.csv").read_text()[:-20])
    for name, file in (("FILE", "patch.csv"), ("TEXT", "text.csv"), ("DAMAGED", "damaged.csv")):
        micro = micro.replace(name, str(tmp_path / file))
    with pytest.raises(CaseError, match=words):
        tiny_case(f"interface.micro={micro}")
