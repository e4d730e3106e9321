"""Plastic flattening: nothing presses beyond the hardness, what is pressed flat stays so, its work is accounted for."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from builders import LENGTH, tiny_cell
from mpi4py import MPI

from interstice.benchmarks.blocks import Blocks, Box
from interstice.benchmarks.options import ContactMethod
from interstice.solver import algebra
from interstice.solver.part import Load

MODULI = ((20e9, 0.3), (10e9, 0.2))
AMPLITUDE = 1e-3 * LENGTH
HARDNESS = 20e6
"""About half of the pressure that would close the waves."""
PRESSURE = 12e6


def waves(dimension: int = 2, hardness: float | None = HARDNESS, **more: object) -> Blocks:
    """Return waves, in 3D in both directions, that no load presses yet."""
    height, size = ("Fabs(y)", 0.02) if dimension == 2 else ("Fabs(z)", 0.125)
    box = Box(dimension, LENGTH, LENGTH, LENGTH, [f"{size} + 0.3 * {height}"])

    def gap(x: np.ndarray) -> np.ndarray:
        return AMPLITUDE * np.sum([1 - np.cos(np.pi * x[axis] / LENGTH) for axis in range(dimension - 1)], axis=0)

    method = ContactMethod(augmentation=more.pop("augmentation", None))
    return Blocks(box.mesh(MPI.COMM_WORLD), MODULI, method, gap, PRESSURE, hardness=hardness, **more)


def press(blocks: Blocks, pressure: float) -> int:
    blocks.pressure.value = pressure
    newton = blocks.solve().newton
    blocks.commit()
    return newton


@cache
def pressed(dimension: int = 2, hardness: float | None = HARDNESS, augmentation: float | None = None) -> Blocks:
    """Return waves under the load; whoever asks gets the same ones, to look at only."""
    blocks = waves(dimension, hardness, augmentation=augmentation)
    blocks.press()
    blocks.commit()
    return blocks


def share(blocks: Blocks) -> float:
    active = blocks.contact.active.x.array
    return blocks.interface.sum(active) / blocks.interface.sum(np.ones_like(active))


def assert_complementary(blocks: Blocks, before: np.ndarray | float = 0.0) -> None:
    """Check 0 ≤ p ≤ H, g ≥ 0, g p = 0, and that the flattening grew from `before` only where p = H."""
    contact, hardness = blocks.contact, blocks.contact.flattening.hardness
    gap, pressure, growth = contact.gap.read(), contact.pressure, contact.flattening.depth.x.array - before
    assert np.all(pressure <= hardness) and np.all(pressure >= 0.0)
    assert gap.min() >= -1e-9 * AMPLITUDE
    assert np.abs(gap * pressure).max() <= 1e-9 * AMPLITUDE * hardness
    assert growth.min() >= -1e-9 * AMPLITUDE
    assert np.all(pressure[growth > 1e-9 * AMPLITUDE] == hardness)


@pytest.mark.parametrize("dimension", [2, 3])
def test_surfaces_flow_only_where_the_pressure_is_the_hardness(dimension: int) -> None:
    blocks = pressed(dimension)
    assert_complementary(blocks)
    depth = blocks.contact.flattening.depth.x.array
    assert blocks.interface.max(depth) > 0.05 * AMPLITUDE
    assert blocks.interface.count(blocks.contact.flattening.flowing) >= 3
    contact = blocks.contact
    assert blocks.interface.count((contact.pressure > 0.0) & ~contact.flattening.flowing) >= 1
    carried = blocks.interface.sum(contact.pressure) / blocks.interface.sum(np.ones_like(depth))
    assert carried == pytest.approx(PRESSURE, rel=1e-9)


def test_below_the_hardness_nothing_flattens() -> None:
    elastic = pressed(hardness=None)
    hard = pressed(hardness=1.001 * elastic.interface.max(elastic.contact.pressure))
    assert np.all(hard.contact.flattening.depth.x.array == 0.0)
    np.testing.assert_allclose(hard.contact.pressure, elastic.contact.pressure, rtol=0, atol=1e-7 * PRESSURE)


@pytest.mark.parametrize("dimension, augmentation", [(2, 1e2), (2, 1e4), (3, 1e3)])
def test_flattening_does_not_depend_on_the_augmentation(dimension: int, augmentation: float) -> None:
    reference, other = (pressed(dimension, augmentation=r) for r in (None, augmentation))
    depth, other_depth = (blocks.contact.flattening.depth.x.array for blocks in (reference, other))
    np.testing.assert_allclose(other_depth, depth, rtol=0, atol=1e-7 * AMPLITUDE)


@pytest.mark.parametrize("dimension", [2, 3])
def test_what_is_pressed_flat_stays_flat(dimension: int) -> None:
    """Below the largest load the way down and up again is elastic; more of the area touches than without flattening."""
    plastic, elastic = waves(dimension), waves(dimension, hardness=None)
    for blocks in (plastic, elastic):
        blocks.press()
        blocks.commit()
    depth = plastic.contact.flattening.depth.x.array.copy()
    down = {}
    for part in (0.5, 0.1, 0.02):
        press(plastic, part * PRESSURE)
        press(elastic, part * PRESSURE)
        assert_complementary(plastic, depth)
        down[part] = share(plastic)
        assert down[part] > share(elastic)
    assert down[0.02] > 1.5 * share(elastic)
    for part in (0.1, 0.5):
        press(plastic, part * PRESSURE)
        assert share(plastic) == down[part]
    np.testing.assert_array_equal(plastic.contact.flattening.depth.x.array, depth)
    assert press(plastic, 1.2 * PRESSURE) <= 20
    assert_complementary(plastic, depth)
    assert plastic.interface.max(plastic.contact.flattening.depth.x.array - depth) > 0.02 * AMPLITUDE


@pytest.mark.parametrize("hardness", [1e-3 * HARDNESS, 0.1 * HARDNESS, HARDNESS])
def test_hardly_any_step_is_too_large(hardness: float) -> None:
    """Soft or hard, the load is found at once, and where all that touches flows some node still holds the body."""
    blocks = waves(hardness=hardness)
    blocks.pressure.value = 0.6 * hardness
    assert blocks.press().newton <= 20
    assert_complementary(blocks)
    blocks.commit()
    assert press(blocks, 0.9 * hardness) <= 20
    assert press(blocks, 0.001 * hardness) <= 20
    assert press(blocks, 0.95 * hardness) <= 20
    assert share(blocks) >= 0.95 * (1 - 1e-9)
    if hardness < HARDNESS:
        assert share(blocks) == pytest.approx(0.95, abs=0.05)


def test_a_held_body_may_flow_wherever_it_touches() -> None:
    blocks = waves(hardness=1e-2 * HARDNESS, top="held")
    blocks.contact.close()
    for height in (-0.5, -1.0):
        assert blocks.move_top(height * AMPLITUDE).newton <= 20
        assert_complementary(blocks)
        blocks.commit()


def test_a_load_beyond_the_hardness_is_refused() -> None:
    blocks = waves(hardness=0.5 * PRESSURE)
    with pytest.raises(algebra.SolveError, match="more than the hardness"):
        blocks.press()


def test_flattening_is_taken_back_with_the_step() -> None:
    blocks = waves()
    blocks.pressure.value = 0.7 * PRESSURE
    blocks.press()
    blocks.commit()
    saved = blocks.state.save()
    found = []
    for _ in range(2):
        press(blocks, PRESSURE)
        found.append(blocks.contact.flattening.depth.x.array.copy())
        blocks.state.restore(saved)
        press(blocks, 0.1 * PRESSURE)
        blocks.state.restore(saved)
    assert np.any(found[0] != saved["interface.contact.flattening"])
    np.testing.assert_array_equal(found[0], found[1])


def test_work_of_flattening_is_the_hardness_times_its_volume() -> None:
    """What the rule misses of nodes that begin to flow within a step falls with the step."""
    missed = []
    for steps in (4, 16):
        blocks = waves()
        blocks.pressure.value = 0.05 * PRESSURE
        blocks.press()
        blocks.commit()
        ledger = blocks.ledger()
        rise = np.arange(1, steps + 1) / steps
        for part in (*rise, *rise[-2::-1]):
            press(blocks, (0.05 + 0.95 * part) * PRESSURE)
            ledger.book()
        energies = ledger.energies
        volume = blocks.interface.sum(blocks.contact.flattening.depth.x.array)
        assert energies["flattening"] == pytest.approx(HARDNESS * volume)
        assert energies["flattening"] > 0.1 * energies["elastic"]
        assert ledger.closing_error < 1e-9
        missed.append(abs(energies["remainder"]) / energies["flattening"])
    assert missed[1] < 0.4 * missed[0] and missed[1] < 0.05


def test_friction_of_what_flows_is_bounded_by_the_hardness() -> None:
    blocks = waves(friction=0.5)
    blocks.press()
    blocks.commit()
    depth = blocks.contact.flattening.depth.x.array.copy()
    assert blocks.slide_top(1e-2 * LENGTH).newton <= 20
    size = np.linalg.norm(blocks.friction.traction.reshape(-1, 2), axis=1)
    pressure = blocks.contact.pressure
    assert_complementary(blocks, depth)
    assert np.all(size <= 0.5 * pressure + 1e-6 * HARDNESS)
    assert blocks.interface.max(size) == pytest.approx(0.5 * HARDNESS)


PLASTIC = (
    "interface.contact.plastic=true",
    "electrolyte.overrides.hardness=40 MPa",
    "geometry.roughness.amplitude=2 nm",
    "stack.hold=constant_pressure",
)


@pytest.mark.also_on_ranks(2, 3)
def test_a_cell_pressed_once_keeps_its_contact() -> None:
    """Press to 20 MPa, go to 5 MPa: what touched at the hardness of the softer side still does, in part."""
    cells = {kind: tiny_cell(*PLASTIC[:1] * (kind == "plastic"), *PLASTIC[1:]) for kind in ("plastic", "elastic")}
    fractions = {}
    for kind, cell in cells.items():
        cell.press()
        assert cell.faces[0].contact.flattening is None or cell.faces[0].contact.flattening.hardness == 40e6
        before = cell.active_fraction
        cell.advance(1.0, Load(pressure=5e6))
        cell.commit()
        cell.book()
        fractions[kind] = before, cell.active_fraction
    (pressed_flat, kept), (pressed_once, lost) = fractions["plastic"], fractions["elastic"]
    assert pressed_flat > pressed_once
    assert kept >= lost + 0.15
    columns = cells["plastic"].faces[0].contact.columns()
    assert columns["max pressure [Pa]"] <= 40e6 and columns["penetration [m]"] <= 1e-16
    assert columns["max flattening [m]"] > columns["mean flattening [m]"] > 0.0
    assert cells["plastic"].ledger.closing_error < 1e-9
