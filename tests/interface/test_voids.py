"""Voids of an interface: their area, volume, number and size by geometry; what the current makes of them."""

from __future__ import annotations

import numpy as np
import pytest
from builders import tiny_cell, tiny_run

from interstice.solver.cell import Cell
from interstice.solver.constants import FARADAY, GAS_CONSTANT
from interstice.solver.interface.voids import Voids
from interstice.solver.part import Load

pytestmark = pytest.mark.also_on_ranks(3)

UM = 1e-6
RADIUS, DEPTH, ELEMENT = 0.6 * UM, 10e-9, 0.125 * UM
VOID = f"radius: {RADIUS} m, depth: {DEPTH} m"
LIGHT = "stack={hold: constant_pressure, pressure: 1 kPa}"
"""So light that no void closes."""
REVOLVED, SOLID = "geometry.axisymmetric=true", "geometry.dimension=3"
TOUGHNESS = 0.3e6


def assembled(roughness: str, *overrides: str) -> Cell:
    cell = tiny_cell(f"geometry.roughness={{{roughness}}}", LIGHT, *overrides)
    cell.press()
    return cell


def voids_of(cell: Cell) -> Voids:
    return Voids(cell.model, cell.faces[0], TOUGHNESS)


@pytest.mark.parametrize(
    "centre, overrides, images",
    [
        ("1 um", [], 1),
        ("0 um", [], 2),
        ("2 um", [], 2),
        ("0.25 um", ["geometry.lateral=periodic"], 1),
        ("[1 um, 1 um]", [SOLID], 1),
        ("[0 um, 2 um]", [SOLID], 4),
        ("0 um", [REVOLVED], 1),
    ],
)
def test_a_void_is_as_large_as_it_was_made(centre: str, overrides: list[str], images: int) -> None:
    found = voids_of(assembled(f"kind: void, {VOID}, centre: {centre}", *overrides)).survey()
    solid = bool(set(overrides) & {SOLID, REVOLVED})
    area = np.pi * RADIUS**2 if solid else 2 * RADIUS
    # a shallow cap is a paraboloid, of half its cylinder; a shallow groove has two thirds
    volume = area * DEPTH * (1 / 2 if solid else 2 / 3)
    assert len(found.areas) == 1
    assert found.areas[0] == pytest.approx(area / images, rel=0.25)
    assert abs(found.largest - RADIUS) < ELEMENT
    assert found.volume == pytest.approx(volume / images, rel=0.08)


@pytest.mark.parametrize("centre, outer", [(1.0, 1.4), (2.0, 2.0)], ids=["between", "at the wall"])
def test_a_ring_is_half_as_large_as_it_is_wide(centre: float, outer: float) -> None:
    """One at the outer wall goes on behind it."""
    void = f"kind: void, radius: 0.4 um, depth: 10 nm, centre: {centre} um"
    found = voids_of(assembled(void, REVOLVED)).survey()
    assert abs(found.largest - 0.4 * UM) < ELEMENT / 2
    assert found.areas[0] == pytest.approx(np.pi * (outer**2 - (centre - 0.4) ** 2) * UM**2, rel=0.2)


@pytest.mark.parametrize("lateral, number", [("symmetric", 2), ("periodic", 2)])
def test_each_valley_of_a_wave_is_a_void(lateral: str, number: int) -> None:
    wave = "kind: sinusoidal, amplitude: 5 nm, wavelength: 1 um"
    cell = assembled(wave, f"geometry.lateral={lateral}")
    found = voids_of(cell).survey()
    (face,) = cell.faces
    assert len(found.areas) == number
    # all that does not touch, and no more
    touching = face.interface.sum(face.activity.touching.astype(float))
    assert found.areas.sum() == pytest.approx(face.area - touching, rel=1e-12)
    gap = face.contact.gap.read()
    assert found.volume == pytest.approx(face.interface.sum(np.where(face.activity.touching, 0.0, gap)), rel=1e-12)
    np.testing.assert_allclose(found.half_sizes, found.areas / 2, rtol=1e-9)


def test_an_interface_without_a_void_has_none_and_one_current_density() -> None:
    cell = tiny_cell("geometry.roughness={kind: flat}", "electrode.overrides.diffusivity=1e-6 m^2/s")
    cell.press()
    voids = voids_of(cell)
    assert voids.columns()["current focusing [1]"] == 0.0
    cell.advance(0.1, Load(current_density=-2.0))
    columns = voids.columns()
    assert columns["void area [m^2]"] == columns["void volume [m^3]"] == columns["voids [1]"] == 0.0
    assert columns["largest void half size [m]"] == columns["stress intensity bound [Pa*m^0.5]"] == 0.0
    assert columns["current focusing [1]"] == pytest.approx(1.0, rel=1e-6)
    assert not list(voids.cautions())
    # of what is left of a current that is none nothing is said
    cell.advance(0.1, Load(current_density=-2e-6))
    assert voids.columns()["current focusing [1]"] == 0.0


@pytest.mark.parametrize("film", [0.0, 10.0])
def test_plating_stress_is_that_of_all_of_the_overpotential(film: float) -> None:
    """Butler and Volmer's η with both coefficients ½, and what the film takes; none while lithium leaves."""
    resistance = [f"interface.kinetics.film_resistance={film} ohm*cm^2"] if film else []
    cell = tiny_cell(f"geometry.roughness={{kind: void, {VOID}}}", *resistance)
    cell.press()
    (face,), voids = cell.faces, voids_of(cell)
    for current in (-2.0, 2.0):
        state = cell.state.save()
        cell.advance(0.1, Load(current_density=current))
        columns, j = voids.columns(), face.transfer.read_current()
        local = np.where(face.transfer.read_share() > 0.0, j, 0.0)
        largest = face.interface.max(np.abs(local))
        assert columns["current focusing [1]"] == pytest.approx(largest / 2.0, rel=1e-9)
        eta = face.transfer.means()["kinetic"] + face.transfer.means().get("film", 0.0)
        assert columns["overpotential at the interface [V]"] == pytest.approx(eta, rel=1e-9)
        cell.state.restore(state)
        stress = columns["plating stress bound [Pa]"]
        if current > 0.0:
            assert stress == 0.0
            continue
        # j_0 = j_ref 2√(θ(1 − θ)) at half filling, θ = 0.9 at the start
        j_0 = 10.0 * 2 * np.sqrt(0.9 * 0.1)
        largest_eta = 2 * GAS_CONSTANT * 298.15 / FARADAY * np.arcsinh(largest / (2 * j_0)) + film * 1e-4 * largest
        assert stress == pytest.approx(FARADAY * largest_eta / face.transfer.lithium_volume, rel=0.02)
        half = columns["largest void half size [m]"]
        intensity = columns["stress intensity bound [Pa*m^0.5]"]
        assert intensity == pytest.approx(stress * np.sqrt(np.pi * half), rel=1e-12)
        assert columns["stress intensity bound over toughness [1]"] == pytest.approx(intensity / TOUGHNESS, rel=1e-12)


def test_voids_of_few_nodes_are_told_of() -> None:
    wave = "kind: sinusoidal, amplitude: 5 nm, wavelength: 0.25 um"
    (caution,) = voids_of(assembled(wave)).cautions()
    assert "8 of 8 voids" in caution.text and "100%" in caution.text


@pytest.mark.parametrize("radius, nodes", [("0.3 um", 3), ("0.45 um", 4)])
def test_a_void_of_four_nodes_is_resolved(radius: str, nodes: int) -> None:
    voids = voids_of(assembled(f"kind: void, radius: {radius}, depth: 10 nm, centre: 0 um"))
    assert voids.survey().nodes.tolist() == [nodes]
    assert bool(list(voids.cautions())) == (nodes < 4)


STRIPPED = """\
title: lithium with a void, stripped and plated
geometry:
  builder: layers
  layers: [{name: separator, thickness: 1 um}, {name: lithium, thickness: 1 um}]
  length: 2 um
  element_size: 125 nm
  axisymmetric: true
  roughness: {lithium/separator: {kind: void, radius: 0.6 um, depth: 10 nm}}
electrodes: {lithium: {kind: metal, material: lithium, solid: elastic}}
electrolytes: {separator: {material: LLZO}}
interfaces: {lithium/separator: {kinetics: {exchange_current_density: 1 mA/cm^2}}}
stack: {pressure: 1 MPa}
protocol:
- charge at 0.5 mA/cm^2 for 2 s
- rest for 1 s
- discharge at 0.5 mA/cm^2 for 2 s
time: {initial: 1 s, maximum: 1 s}
"""


def test_a_metal_reports_its_voids_by_itself() -> None:
    run = tiny_run(text=STRIPPED)
    assert run.stopped == ""
    current, stress = run.column("current density [A/m^2]"), run.column("plating stress bound [Pa]")
    assert np.all(stress[current >= 0.0] == 0.0)
    plated = current < 0.0
    eta = run.column("overpotential at the interface [V]")[plated]
    assert np.all(eta < 0.0)
    # the largest overpotential is a little more than the mean one; 7.42 MPa per mV
    assert np.all(stress[plated] >= -7.42e9 * eta) and np.all(stress[plated] < -1.1 * 7.42e9 * eta)
    toughness = run.cell.materials["separator"].fracture_toughness
    over = run.column("stress intensity bound over toughness [1]")[plated]
    half = run.column("largest void half size [m]")[plated]
    np.testing.assert_allclose(over, stress[plated] * np.sqrt(np.pi * half) / toughness, rtol=1e-12)
    # what is stripped deepens the gap everywhere but in the void, where nothing crosses
    volume, area = run.column("void volume [m^3]"), run.column("void area [m^2]")
    assert np.all(np.diff(volume[1:3]) < 0.0) and area[0] > 0.0
