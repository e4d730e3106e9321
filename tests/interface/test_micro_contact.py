"""Roughness below the mesh: the laws against their limits and an equation, and cells that conduct by them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from builders import FIXED_PRESSURE, tiny_case, tiny_cell, tiny_run
from scipy.linalg import solve_banded
from scipy.special import erf

from interstice.solver.interface.micro_contact import Roughness
from interstice.solver.part import Load
from interstice.solver.reader import CaseError

AFM = Path(__file__).parents[2] / "meshes" / "topography" / "afm_10um_256.di"
MODULUS, HARDNESS, RMS = 20e9, 1e9, 5e-9
FLAT = ("geometry.roughness={kind: flat}", FIXED_PRESSURE)


def laws(law: str, slope: float = 0.1, hardness: float = HARDNESS) -> Roughness:
    return Roughness(law, RMS, slope, MODULUS, 2.0, hardness)


# --- the laws --------------------------------------------------------------------------------------


def exit_shares(x: float, spread: float) -> tuple[float, float]:
    """Return what leaves 0 … 1 at 0 and at 1 of what diffuses from `x`, by Crank and Nicolson's differences.

    ∂P/∂V = ½ ∂²P/∂x², P = 0 at the ends, V from 0 to `spread`.
    """
    n, steps = 1600, 1600
    h, dt = 1 / n, spread / steps
    P, left, right = np.zeros(n - 1), 0.0, 0.0
    P[round(x * n) - 1] = 1 / h
    r = dt / (4 * h**2)
    bands = np.vstack([np.full(n - 1, -r), np.full(n - 1, 1 + 2 * r), np.full(n - 1, -r)])
    for step in range(steps):
        before = P
        if step < 4:
            # the start is a spike: half steps of Euler's method damp what Crank and Nicolson's keeps
            half = solve_banded((1, 1), bands, before)
            P = solve_banded((1, 1), bands, half)
            left += dt / 4 * (half[0] + P[0]) / h
            right += dt / 4 * (half[-1] + P[-1]) / h
            continue
        right_side = (1 - 2 * r) * before
        right_side[1:] += r * before[:-1]
        right_side[:-1] += r * before[1:]
        P = solve_banded((1, 1), bands, right_side)
        left += dt / 4 * (before[0] + P[0]) / h
        right += dt / 4 * (before[-1] + P[-1]) / h
    return left, right


@pytest.mark.parametrize("spread", [0.02, 0.099, 0.101, 0.5])
@pytest.mark.parametrize("x", [0.1, 0.4, 0.85])
def test_elastic_plastic_share_is_what_a_diffusing_pressure_has_not_lost_at_zero(x: float, spread: float) -> None:
    law = laws("elastic_plastic", slope=2 * np.sqrt(spread) * HARDNESS / MODULUS)
    left, right = exit_shares(x, spread)
    assert law.share(x * HARDNESS, 0.0) == pytest.approx(1 - left, abs=1e-3)
    assert law.flattened(x * HARDNESS) == pytest.approx(right, abs=1e-3)


def test_images_and_waves_are_one_solution() -> None:
    x = np.linspace(0, HARDNESS, 21)
    below, above = (laws("elastic_plastic", 2 * np.sqrt(0.1 * (1 + e)) * HARDNESS / MODULUS) for e in (-1e-9, 1e-9))
    np.testing.assert_allclose(below.share(x, 0.0), above.share(x, 0.0), rtol=0, atol=1e-8)


def test_elastic_plastic_contact_lies_between_elastic_and_plastic_and_has_both_as_limits() -> None:
    pressure = np.linspace(0, HARDNESS, 41)
    gentle, steep = (laws("elastic_plastic", slope) for slope in (1e-3, 10.0))
    plastic = laws("plastic")
    np.testing.assert_allclose(steep.share(pressure, 0.0), plastic.share(pressure, 0.0), atol=1e-12)
    np.testing.assert_allclose(gentle.share(pressure[:20], 0.0), laws("elastic", 1e-3).share(pressure[:20], 0.0))
    assert np.all(gentle.flattened(pressure[:20]) < 1e-12)
    between = laws("elastic_plastic").share(pressure, 0.0)
    assert np.all(np.diff(between) > 0.0) and between[0] == 0.0 and between[-1] == pytest.approx(1.0)
    for law in (plastic, laws("elastic")):
        assert np.all(between[1:-1] >= law.share(pressure, 0.0)[1:-1] - 1e-12) or law.law == "elastic"


@pytest.mark.parametrize("law, kept", [("elastic", 0.0), ("plastic", 0.5)])
def test_what_was_made_flat_stays_flat_until_pressed_harder(law: str, kept: float) -> None:
    here = laws(law)
    fresh = here.share(0.1 * HARDNESS, 0.0)
    assert here.share(0.1 * HARDNESS, 0.5 * HARDNESS) == pytest.approx(max(fresh, kept))
    assert here.share(0.7 * HARDNESS, 0.5 * HARDNESS) == here.share(0.7 * HARDNESS, 0.0)
    assert here.share(3 * HARDNESS, 0.0) <= 1.0


def test_elastic_plastic_contact_keeps_what_flowed() -> None:
    here = laws("elastic_plastic")
    flowed, touched = here.flattened(0.5 * HARDNESS), here.share(0.5 * HARDNESS, 0.0)
    assert 0.1 < flowed < touched
    assert here.share(0.01 * HARDNESS, 0.5 * HARDNESS) == flowed


def test_elastic_share_is_perssons() -> None:
    pressure = 30e6
    assert laws("elastic").share(pressure, 0.0) == pytest.approx(erf(np.sqrt(2) * pressure / (MODULUS * 0.1)))
    # few touch: √(8/π) p/(E* h')
    assert laws("elastic").share(1.0, 0.0) == pytest.approx(np.sqrt(8 / np.pi) / (MODULUS * 0.1))


def test_conductances_are_barbers_and_cooper_mikic_and_yovanovichs() -> None:
    pressure, kappa = 30e6, 2.0
    assert laws("elastic").conductance(pressure, 0.0) == pytest.approx(2 * kappa / MODULUS * pressure / (0.4 * RMS))
    harmonic, steepness = 2 * kappa, 0.1 / np.sqrt(np.pi)
    expected = 1.25 * harmonic * steepness / RMS * (pressure / HARDNESS) ** 0.95
    assert laws("plastic").conductance(pressure, 0.0) == pytest.approx(expected)
    assert laws("plastic").conductance(0.1 * pressure, pressure) == pytest.approx(expected)
    assert laws("elastic").conductance(0.1 * pressure, pressure) == laws("elastic").conductance(0.1 * pressure, 0.0)
    mixed = laws("elastic_plastic", slope=10.0)
    assert mixed.conductance(0.0, pressure) == pytest.approx(laws("plastic", 10.0).conductance(pressure, 0.0))


# --- in a cell -------------------------------------------------------------------------------------

MICRO = {
    law: (*FLAT, f"interface.micro={{law: {law}, rms: 5 nm, slope: 0.1}}", "electrolyte.overrides.hardness=1 GPa")
    for law in ("elastic", "plastic", "elastic_plastic")
}


@pytest.mark.also_on_ranks(2, 3)
@pytest.mark.parametrize("law", list(MICRO))
def test_a_flat_cell_conducts_by_what_is_in_real_contact(law: str) -> None:
    """Pressed by 20, 10, 200, 20, 300 MPa: f_c is φ of that, or what the largest pressure so far made flat for good."""
    cell = tiny_cell(*MICRO[law])
    cell.press()
    (face,) = cell.faces
    here = Roughness(law, 5e-9, 0.1, face.modulus, 1.0, 1e9)
    assert cell.active_fraction == pytest.approx(here.share(20e6, 0.0), rel=1e-6)
    for pressure, largest in ((10e6, 20e6), (200e6, 200e6), (20e6, 200e6), (300e6, 300e6)):
        cell.advance(1.0, Load(pressure=pressure))
        cell.commit()
        assert cell.active_fraction == pytest.approx(here.share(pressure, largest), rel=1e-6)
    share = face.transfer.read_share()
    assert np.all(share > 0.0)


@pytest.mark.also_on_ranks(2, 3)
@pytest.mark.parametrize("law", list(MICRO))
def test_the_voltage_is_that_of_spots_in_series_with_their_constriction(law: str) -> None:
    """j = φ i(η − j/h_c) at each node; the mean of j/h_c over what conducts is a term of the voltage."""
    cell = tiny_cell(*MICRO[law])
    cell.press()
    largest = cell.faces[0].contact.pressure.copy()
    cell.advance(0.1, Load(5.0))
    cell.commit()
    (face,) = cell.faces
    sites = {site.name: site for site in face.sites}
    kappa = 1 / (1 / sites["electrode"].host.conductivity + 1 / sites["electrolyte"].conductor.conductivity)
    here = Roughness(law, 5e-9, 0.1, face.modulus, kappa, 1e9)
    pressure = face.contact.pressure
    j, share = face.transfer.read_current(), face.transfer.read_share()
    drop = face.interface.sum(share * j / here.conductance(pressure, largest)) / face.transfer.active_area
    columns = {name: value for part in cell.parts for name, value in part.columns().items()}
    terms = [value for name, value in columns.items() if name.endswith("overpotential [V]")]
    assert columns["open-circuit voltage [V]"] + sum(terms) == pytest.approx(cell.terminals.voltage, abs=1e-9)
    assert drop > 1e-6 and columns["micro-constriction overpotential [V]"] == pytest.approx(drop, rel=1e-6)
    assert columns["touching fraction [1]"] == pytest.approx(1.0)


def test_the_largest_pressure_is_taken_back_with_the_step() -> None:
    cell = tiny_cell(*MICRO["plastic"])
    cell.press()
    saved, before = cell.state.save(), cell.active_fraction
    cell.advance(1.0, Load(pressure=200e6))
    cell.commit()
    assert cell.active_fraction > 5 * before
    cell.state.restore(saved)
    cell.advance(1.0, Load(pressure=20e6))
    cell.commit()
    assert cell.active_fraction == pytest.approx(before, rel=1e-9)


def test_a_finer_mesh_leaves_less_below_it() -> None:
    rough = "geometry.roughness={kind: self_affine, rms: 2 nm, short_cutoff: 500 nm}"
    fine, coarse = (
        tiny_case(rough, f"geometry.element_size={size} nm", "interface.micro={cutoff: 10 nm}").case.interface.micro
        for size in (62.5, 125)
    )
    assert fine.rms < coarse.rms and fine.slope < coarse.slope


def test_a_cell_of_a_map_knows_what_is_below_its_mesh() -> None:
    words = f"geometry.roughness={{kind: measured, file: {AFM}, rms: 2 nm}}"
    given, fitted = (
        tiny_case(words, f"interface.micro={{law: elastic, cutoff: 10 nm{hurst}}}").case.interface.micro
        for hurst in (", hurst: 0.5", "")
    )
    assert given.rms > 0.0 and given.slope > fitted.slope > 0.0
    again = tiny_case(words, f"interface.micro={{cutoff: 10 nm, rms: {given.rms!r} m, slope: {given.slope!r}}}")
    assert again.case.interface.micro.slope == given.slope


def test_waves_that_the_mesh_resolves_are_not_below_it() -> None:
    rough = "geometry.roughness={kind: self_affine, rms: 2 nm}"
    with pytest.raises(CaseError, match=r"interface\.micro\.cutoff.*down to the short_cutoff, 5e-07 m"):
        tiny_case(rough, "interface.micro={cutoff: 600 nm}")


@pytest.mark.parametrize("pressure", [2, 50])
def test_interface_resistance_hardly_depends_on_where_the_mesh_cuts_the_surface_off(pressure: int) -> None:
    """Waves down to 2, 4 or 8 elements of the same surface: spots of few nodes at 2 MPa, of many at 50 MPa."""
    film = ("geometry.length=4 um", "geometry.element_size=25 nm", "geometry.lateral=periodic")
    losses = []
    for elements in (2, 4, 8):
        words = f"kind: self_affine, rms: 3 nm, rms_cutoff: 20 nm, short_cutoff: {25 * elements} nm, seed: 1"
        micro = "interface.micro={law: elastic, cutoff: 20 nm}"
        rough = f"geometry.roughness={{{words}}}"
        cell = tiny_cell(FIXED_PRESSURE, *film, rough, micro, f"stack.pressure={pressure} MPa")
        cell.press()
        cell.advance(1e-3, Load(0.01))
        cell.commit()
        columns = {name: value for part in cell.parts for name, value in part.columns().items()}
        lost = [columns[f"{name} overpotential [V]"] for name in ("kinetic", "constriction", "micro-constriction")]
        losses.append(sum(lost))
    assert np.abs(np.array(losses) / losses[0] - 1).max() < 0.15


@pytest.mark.parametrize("law", list(MICRO))
def test_a_cell_that_lifts_off_goes_on(law: str) -> None:
    """What shrinks in a stiff fixture loses its contact: few steps fail, nothing crosses where the sides are apart."""
    run = tiny_run(f"interface.micro={{law: {law}, rms: 1 nm, slope: 0.01}}", MICRO[law][-1])
    assert run.stopped == ""
    assert len([note for one in run.advances for note in one.notes if "error in time" not in note]) <= 10
    touching, active = run.column("touching fraction [1]"), run.column("active fraction [1]")
    assert touching.min() < 0.95 * touching[0]
    assert np.all(active < touching)
    assert np.all(run.column("current over detached area [A]") == 0.0)
