"""Contact from any start: bodies apart, light after heavy loads, unlike stiffness, thin films, complete lift-off."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import pytest
from mpi4py import MPI

from interstice.benchmarks import rough
from interstice.benchmarks.blocks import Array, Blocks, Box, complementarity
from interstice.benchmarks.options import ContactMethod
from interstice.solver.algebra import SolveError
from interstice.solver.physics.mechanics import composite_modulus

LENGTH, AMPLITUDE = 1e-6, 1e-9
ELEMENTS = {2: 32, 3: 8}
MODULI = ((20e9, 0.3), (10e9, 0.25))
STEPS = 12
LOST = "nothing holds upper: no contact left"

methods = pytest.mark.parametrize("method", ["augmented_lagrangian", "penalty"])
orders = pytest.mark.parametrize("order", [1, 2])
dimensions = pytest.mark.parametrize("dimension", [2, 3])


def wave(dimension: int, offset: float = 0.0) -> Callable[[Array], Array]:
    """Return the gap [m] of waves along every edge of blocks that begin `offset` apart."""
    return lambda x: offset + AMPLITUDE * np.sum(1 - np.cos(np.pi * x[: dimension - 1] / LENGTH), axis=0)


def make(
    dimension: int,
    order: int = 1,
    method: Literal["augmented_lagrangian", "penalty"] = "augmented_lagrangian",
    gap: Callable[[Array], Array] | None = None,
    moduli: tuple[tuple[float, float], tuple[float, float]] = MODULI,
    thickness: float = 1.0,
    augmentation: float | None = None,
    top: Literal["pressed", "held"] = "pressed",
    load: float = 1e-4,
    elements: int | None = None,
) -> Blocks:
    """Return blocks under a pressure of `load` times the lower modulus, the upper block of relative `thickness`."""
    z = "Fabs(y)" if dimension == 2 else "Fabs(z)"
    box = Box(
        dimension, LENGTH, thickness * LENGTH, LENGTH, [f"{order / (elements or ELEMENTS[dimension])} + 0.25 * {z}"]
    )
    options = ContactMethod(method=method, order=order, augmentation=augmentation)
    pressure = load * min(moduli[0][0], moduli[1][0])
    return Blocks(box.mesh(MPI.COMM_WORLD), moduli, options, gap or wave(dimension), pressure, top=top)


def carried(blocks: Blocks) -> float:
    """Return the mean contact pressure over the one that presses the top."""
    apparent = blocks.interface.sum(np.ones_like(blocks.contact.pressure))
    return blocks.interface.sum(blocks.contact.pressure) / apparent / float(blocks.pressure.value)


def steps_to_failure(blocks: Blocks, message: str) -> int:
    """Solve in vain; return the Newton steps that it took to say why."""
    updates: list[Any] = []
    update = blocks.contact.update
    with pytest.raises(SolveError, match=message):
        blocks.system.solve(lambda: updates.append(None) or update())
    assert all(np.abs(u.x.array).max() < LENGTH for u in blocks.u.values())
    return len(updates)


# --- lift-off --------------------------------------------------------------------------------------------


@dimensions
@orders
@methods
def test_tension_after_contact_ends_in_words(dimension: int, order: int, method: Any) -> None:
    blocks = make(dimension, order, method)
    blocks.press()
    blocks.pressure.value *= -1
    assert steps_to_failure(blocks, LOST) <= 5


@dimensions
@orders
@methods
def test_pressure_taken_away_ends_in_words(dimension: int, order: int, method: Any) -> None:
    blocks = make(dimension, order, method)
    blocks.press()
    blocks.pressure.value = 0.0
    assert steps_to_failure(blocks, LOST) <= STEPS


@dimensions
def test_tension_from_the_start_ends_in_words(dimension: int) -> None:
    blocks = make(dimension)
    blocks.pressure.value *= -1
    assert steps_to_failure(blocks, LOST) <= STEPS


@dimensions
def test_lost_contact_is_found_again(dimension: int) -> None:
    blocks = make(dimension)
    blocks.press()
    before = blocks.contact.pressure.copy()
    blocks.pressure.value *= -1
    steps_to_failure(blocks, LOST)
    blocks.pressure.value *= -1
    blocks.press()
    np.testing.assert_allclose(blocks.contact.pressure, before, rtol=0, atol=1e-7 * before.max())


def test_a_block_that_nothing_holds_is_not_taken_for_one_at_rest() -> None:
    """Factorisation in rounded numbers finds a displacement where there is none: here of kilometres."""
    blocks = make(2)
    blocks.contact.floating = None
    blocks.contact.active.x.array[:] = 0.0
    with pytest.raises(SolveError, match=r"nothing holds|linear solver failed"):
        blocks.solve()


# --- starts ----------------------------------------------------------------------------------------------


@dimensions
@orders
@methods
def test_blocks_that_begin_apart_are_found(dimension: int, order: int, method: Any) -> None:
    """A hundred amplitudes apart, nothing but the pressure on it holds the upper block."""
    together, apart = (make(dimension, order, method, wave(dimension, gap)) for gap in (0.0, 100 * AMPLITUDE))
    together.press()
    assert apart.press().newton <= STEPS
    assert carried(apart) == pytest.approx(1.0, abs=1e-8)
    scale = together.interface.max(together.contact.pressure)
    np.testing.assert_allclose(apart.contact.pressure, together.contact.pressure, rtol=0, atol=1e-6 * scale)


@dimensions
@orders
def test_held_blocks_jump_between_no_contact_and_full_contact(dimension: int, order: int) -> None:
    blocks = make(dimension, order, top="held")
    share = []
    for height in (10e-9, -100e-9, 10e-9, -1e-9, -100e-9, -0.1e-9):
        assert blocks.move_top(height).newton <= STEPS
        share.append(float(np.mean(blocks.contact.active.x.array)))
    assert share[0] == share[2] == 0.0
    assert share[1] == share[4] == 1.0
    assert 0.0 < share[5] < share[3] < 1.0


@dimensions
@orders
def test_light_load_after_a_heavy_one(dimension: int, order: int) -> None:
    light = make(dimension, order, load=1e-7)
    light.press()
    blocks = make(dimension, order, load=1e-3)
    blocks.press()
    blocks.pressure.value *= 1e-4
    assert blocks.solve().newton <= STEPS
    scale = light.interface.max(light.contact.pressure)
    np.testing.assert_allclose(blocks.contact.pressure, light.contact.pressure, rtol=0, atol=1e-5 * scale)


@pytest.mark.parametrize("dimension, elements", [(2, 128), (3, 32)])
def test_start_from_one_node(dimension: int, elements: int) -> None:
    """All other nodes penetrate deeply after the first step, and loose linear solves would keep them switching."""
    words = f"--dimension {dimension} --elements {elements} --order 1 --length {LENGTH} --rms {AMPLITUDE}"
    surface = rough.make_surface(rough.Options.parse([*words.split(), "--short-cutoff", str(4 * LENGTH / elements)]))
    blocks = make(dimension, gap=surface.gap, load=0.03 * surface.slope, elements=elements)
    chosen = np.zeros_like(blocks.contact.pressure, dtype=bool)
    chosen[len(chosen) // 3] = True
    blocks.contact.start(chosen)
    assert blocks.solve().newton <= STEPS + 6
    assert carried(blocks) == pytest.approx(1.0, abs=1e-8)


@dimensions
def test_start_from_a_coarser_mesh(dimension: int) -> None:
    """The start is off by less than an element of the coarse mesh, and in 3D leaves out no node that touches."""
    elements = {2: 64, 3: 16}[dimension]
    coarse, blocks = make(dimension, elements=elements // 2), make(dimension, elements=elements)
    coarse.press()
    blocks.contact.start_from(coarse.contact)
    start = blocks.contact.active.x.array > 0
    assert blocks.solve().newton <= 7
    touching = blocks.contact.active.x.array > 0
    r = np.linalg.norm(blocks.interface.space.tabulate_dof_coordinates()[:, : dimension - 1], axis=1)
    assert abs(r[start].max() - r[touching].max()) < 2 * LENGTH / elements
    if dimension == 3:
        assert not np.any(touching & ~start)


@dimensions
def test_approach_finds_the_contact_of_hertz(dimension: int) -> None:
    radius, a = 1e-5, LENGTH / 4
    modulus = composite_modulus(*MODULI)
    share = np.pi * a**2 / (8 * radius) if dimension == 2 else a**3 / (3 * radius)
    load = modulus * share / LENGTH ** (dimension - 1) / min(MODULI[0][0], MODULI[1][0])
    blocks = make(
        dimension, gap=lambda x: np.sum(x[: dimension - 1] ** 2, axis=0) / (2 * radius), load=load, elements=16
    )
    blocks.contact.estimate()
    r = np.linalg.norm(blocks.interface.space.tabulate_dof_coordinates()[:, : dimension - 1], axis=1)
    found = r[blocks.contact.active.x.array > 0].max()
    assert abs(found - a) <= LENGTH / 16
    assert np.array_equal(blocks.contact.active.x.array > 0, r <= found)
    assert blocks.press().newton <= STEPS


@dimensions
@pytest.mark.parametrize("flat", [True, False], ids=["flat", "heavy load"])
def test_approach_takes_all_nodes(dimension: int, flat: bool) -> None:
    blocks = make(dimension, gap=(lambda x: 0 * x[0]) if flat else None, load=1e-4 if flat else 1.0)
    blocks.contact.active.x.array[:] = 0.0
    blocks.contact.estimate()
    assert np.all(blocks.contact.active.x.array == 1.0)


# --- stiffness -------------------------------------------------------------------------------------------


@dimensions
@orders
@methods
@pytest.mark.parametrize("on_soft", [True, False], ids=["on soft", "on stiff"])
def test_very_unlike_stiffness(dimension: int, order: int, method: Any, on_soft: bool) -> None:
    stiff, soft = (1e10, 0.49), (1e6, 0.3)
    blocks = make(dimension, order, method, moduli=(stiff, soft) if on_soft else (soft, stiff))
    assert blocks.press().newton <= STEPS + 3
    assert carried(blocks) == pytest.approx(1.0, abs=1e-8)


@orders
@pytest.mark.parametrize("poisson", [0.3, 0.49])
@pytest.mark.parametrize("load", [1e-4, 1e-2])
def test_thin_film(order: int, poisson: float, load: float) -> None:
    """A hundredth as thick as long."""
    moduli = ((10e9, poisson), (200e9, 0.3))
    blocks = make(2, order, moduli=moduli, thickness=0.01, load=load)
    assert blocks.press().newton <= STEPS
    product, penetration = complementarity(blocks, float(blocks.pressure.value), AMPLITUDE)
    assert max(product, penetration) <= 1e-9
    assert carried(blocks) == pytest.approx(1.0, abs=1e-8)


@dimensions
@pytest.mark.parametrize("augmentation", [0.1, 1.0, 1e4])
def test_any_augmentation_gives_the_same_pressure_in_few_steps(dimension: int, augmentation: float) -> None:
    usual, other = make(dimension), make(dimension, augmentation=augmentation)
    usual.press()
    assert other.press().newton <= 20
    pressure = usual.contact.pressure
    np.testing.assert_allclose(other.contact.pressure, pressure, rtol=0, atol=1e-7 * pressure.max())
