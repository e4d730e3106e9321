"""Coulomb friction: the law at a node, blocks sheared under uniform pressure, and wavy contacts in partial slip.

Run as a program, this file prints the tractions of a wavy contact in partial slip, node by node.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
from builders import SIDES, film_mesh, gathered, inclined, rotation
from mpi4py import MPI

from interstice.benchmarks.blocks import Blocks, Box
from interstice.benchmarks.options import ContactMethod
from interstice.benchmarks.pair import Pair
from interstice.schema.interface import AUGMENTATION
from interstice.solver.domain import Domain
from interstice.solver.interface.contact import Contact
from interstice.solver.interface.friction import Friction

LENGTH = 1e-6
MODULI = ((20e9, 0.3), (10e9, 0.2))
PRESSURE, MU = 50e6, 0.3
LIMIT = MU * PRESSURE


# --- at a node -------------------------------------------------------------------------------------


class RigidPair:
    """Two rigid bodies under a given pressure; `slide` moves one along the interface and finds the traction."""

    def __init__(self, dimension: int) -> None:
        tagged = inclined(film_mesh(dimension, 2))
        self.dimension = dimension
        self.along = rotation(dimension)[:dimension, : dimension - 1]
        domain = Domain(tagged)
        self.interface = domain.interfaces[SIDES]
        pair = Pair(domain, 2 * ((20e9, 0.0),), 1.0)
        self.u = pair.u
        self.contact = Contact(pair.face, 1e3)
        self.contact.multiplier.x.array[:] = PRESSURE
        self.contact.close()
        self.contact.update()
        self.mu, self.damage = self.interface.function("mu"), self.interface.function("damage")
        self.mu.x.array[:] = np.linspace(0.1, 0.8, len(self.mu.x.array))
        self.damage.x.array[:] = 1.0
        self.friction = Friction(pair.face, self.mu("+") * self.damage("+"))
        self.friction.commit()

    def slide(self, *position: float) -> np.ndarray:
        """Take the second side to `position` [m] along the interface; return the traction at the nodes [Pa]."""
        u = self.u[SIDES[1]].x.array
        u[:] = np.tile(self.along @ position, len(u) // self.dimension)
        for _ in range(100):
            change = self.friction.update()
            if change.flipped == 0 and change.drift < 1e-12:
                return self.friction.traction.reshape(-1, self.dimension).copy()
        raise AssertionError("no fixed point")


@pytest.fixture(scope="module", params=[2, 3], ids=["2D", "3D"])
def pair(request: pytest.FixtureRequest) -> RigidPair:
    return RigidPair(request.param)


def test_traction_of_a_sliding_node_is_mu_p_along_the_slip(pair: RigidPair) -> None:
    """Forth, back, and (3D) aside, by steps of any length: only the direction of the step counts."""
    last = np.zeros(pair.dimension - 1)
    for position in ([1e-9, 0.0], [5e-9, 3e-9], [-1e-9, 3e-9], [-1e-9, -2e-12]):
        now = np.array(position[: pair.dimension - 1])
        if np.all(now == last):
            continue
        traction = pair.slide(*now)
        direction = pair.along @ (now - last) / np.linalg.norm(now - last)
        expected = PRESSURE * pair.mu.x.array[:, None] * direction
        np.testing.assert_allclose(traction, expected, rtol=0, atol=1e-9 * PRESSURE)
        pair.friction.commit()
        last = now


def test_friction_grows_with_damage(pair: RigidPair) -> None:
    pair.damage.x.array[:] = np.linspace(0.0, 1.0, len(pair.damage.x.array))
    pair.friction.commit()
    traction = np.linalg.norm(pair.slide(*[7e-9] * (pair.dimension - 1)), axis=1)
    np.testing.assert_allclose(traction, pair.mu.x.array * pair.damage.x.array * PRESSURE, rtol=1e-12)
    pair.damage.x.array[:] = 1.0
    pair.friction.commit()


def test_slipped_distance_and_loss_add_up(pair: RigidPair) -> None:
    friction = pair.friction
    pair.slide(*[0.0] * (pair.dimension - 1))
    friction.commit()
    distance, loss = friction.distance.x.array.copy(), friction.dissipated.x.array.copy()
    for x in (3e-9, 1e-9, 2e-9):
        pair.slide(x, *[0.0] * (pair.dimension - 2))
        friction.commit()
    np.testing.assert_allclose(friction.distance.x.array - distance, 6e-9, rtol=1e-9)
    np.testing.assert_allclose(friction.dissipated.x.array - loss, pair.mu.x.array * PRESSURE * 6e-9, rtol=1e-9)


def test_open_nodes_have_no_friction(pair: RigidPair) -> None:
    pair.contact.active.x.array[::2] = 0.0
    traction = pair.slide(*[2e-9] * (pair.dimension - 1))
    assert np.all(traction[::2] == 0.0)
    assert np.all(np.linalg.norm(traction[1::2], axis=1) > 0.0)
    pair.friction.commit()
    pair.contact.close()
    traction = np.linalg.norm(pair.slide(*[3e-9] * (pair.dimension - 1)), axis=1)
    np.testing.assert_allclose(traction, PRESSURE * pair.mu.x.array, rtol=1e-9)
    pair.friction.commit()


def test_friction_goes_on_where_contact_begins_its_multiplier_anew(pair: RigidPair) -> None:
    """Contact does so after a step that went far wrong, and then presses with nothing until the next."""
    multiplier = pair.contact.multiplier.x.array
    before = multiplier.copy()
    multiplier[:] = 0.0
    assert np.all(pair.contact.pressure < 1e-9 * PRESSURE)
    start = pair.friction.origin.x.array.reshape(-1, pair.dimension)[0] @ pair.along
    traction = pair.slide(*(start + 1e-9))
    np.testing.assert_allclose(np.linalg.norm(traction, axis=1), PRESSURE * pair.mu.x.array, rtol=1e-9)
    multiplier[:] = before
    pair.friction.commit()


# --- uniform pressure ------------------------------------------------------------------------------


class UniformBlocks:
    """Blocks with periodic sides under uniform pressure: their shear is that of one spring and one slider."""

    def __init__(self, dimension: int) -> None:
        box = Box(dimension, LENGTH, LENGTH, LENGTH, ["0.34"], periodic=True)
        self.blocks = Blocks(
            box.mesh(MPI.COMM_WORLD),
            MODULI,
            ContactMethod(),
            lambda x: np.zeros(x.shape[1]),
            PRESSURE,
            lateral="periodic",
            friction=MU,
        )
        # one r: periodic partners with one each, of their own areas, would share pressure and friction unevenly
        self.blocks.contact.augmentation.x.array[:] = AUGMENTATION[dimension] * 10e9 / (LENGTH / 3)
        self.blocks.press()
        assert self.blocks.friction is not None
        self.friction = self.blocks.friction
        self.friction.commit()
        self.stiffness = 1 / sum(LENGTH * 2 * (1 + nu) / E for E, nu in MODULI)
        """Shear stress per displacement of the top as long as all sticks [Pa/m]."""
        self.yielding = LIMIT / self.stiffness
        self.area = LENGTH ** (dimension - 1)

    def slide(self, *distances: float) -> np.ndarray:
        """Move the top; return the mean traction that this takes [Pa]."""
        self.blocks.slide_top(*distances)
        components = self.friction.traction.reshape(-1, self.blocks.dimension).T[: len(distances)]
        return -np.array([self.blocks.interface.sum(values) for values in components]) / self.area

    @property
    def loss(self) -> float:
        """Energy lost per area so far [J/m²]."""
        return self.blocks.interface.sum(self.friction.dissipated.x.array) / self.area


@pytest.fixture(params=[2, 3], ids=["2D", "3D"])
def uniform(request: pytest.FixtureRequest) -> UniformBlocks:
    return UniformBlocks(request.param)


def test_block_sticks_below_the_limit_and_slides_at_it(uniform: UniformBlocks) -> None:
    friction = uniform.friction
    for ratio in (0.3, 0.9, 0.999):
        traction = uniform.slide(ratio * uniform.yielding)
        assert traction == pytest.approx(ratio * LIMIT, rel=1e-7)
        assert np.all(friction.sticking.x.array == 1.0)
        # stick is exact: nothing of the motion of the top is slip
        assert np.abs(friction.slip.values.x.array).max() < 1e-9 * uniform.yielding
        friction.commit()
    for ratio in (1.001, 1.5, 3.0):
        traction = uniform.slide(ratio * uniform.yielding)
        assert traction == pytest.approx(LIMIT, rel=1e-8)
        assert np.all(friction.slipping.x.array == 1.0)
        friction.commit()
        np.testing.assert_allclose(friction.distance.x.array, (ratio - 1) * uniform.yielding, rtol=1e-5)


def test_states_settle_where_the_limit_is_reached_exactly(uniform: UniformBlocks) -> None:
    """Stick and slip are then the same, and rounding alone tells them apart."""
    for position, ratio in ((1.0, 1.0), (3.0, 1.0), (3.0, 1.0), (1.0, -1.0), (1.0 + 1e-12, -1.0), (2.0, 0.0)):
        traction = uniform.slide(position * uniform.yielding)
        assert traction == pytest.approx(ratio * LIMIT, abs=1e-7 * LIMIT)
        uniform.friction.commit()


def test_any_path_is_that_of_spring_and_slider(uniform: UniformBlocks) -> None:
    """Random steps in the plane: t = t_old + k Δd, brought back to |t| = μp along itself."""
    random = np.random.default_rng(3)
    dimension = uniform.blocks.dimension
    position, traction, lost, slides = np.zeros(dimension - 1), np.zeros(dimension - 1), 0.0, 0
    for _ in range(8):
        step = random.normal(size=dimension - 1) * uniform.yielding * random.choice([0.2, 1.0, 5.0])
        position += step
        trial = traction + uniform.stiffness * step
        traction = trial * min(1.0, LIMIT / np.linalg.norm(trial))
        slides += np.linalg.norm(trial) > LIMIT
        lost += LIMIT * np.linalg.norm(trial - traction) / uniform.stiffness
        np.testing.assert_allclose(uniform.slide(*position), traction, rtol=0, atol=1e-7 * LIMIT)
        uniform.friction.commit()
    assert 0 < slides < 8
    assert uniform.loss == pytest.approx(lost, rel=1e-6)


def test_cycles_draw_the_hysteresis_loop_of_spring_and_slider(uniform: UniformBlocks) -> None:
    """Its area, 4 μp (d − μp/k) per area of the interface, is what a cycle between −d and d loses."""
    amplitude, losses = 2.5 * uniform.yielding, []
    for target in (amplitude, -amplitude, amplitude, -amplitude):
        uniform.slide(target)
        uniform.friction.commit()
        losses.append(uniform.loss)
    area = 4 * LIMIT * (amplitude - uniform.yielding)
    np.testing.assert_allclose([losses[2] - losses[0], losses[3] - losses[1]], area, rtol=1e-6)


def test_restored_state_goes_on_the_same_way(uniform: UniformBlocks) -> None:
    blocks, friction = uniform.blocks, uniform.friction
    uniform.slide(1.4 * uniform.yielding)
    friction.commit()
    arrays = [*(u.x.array for u in blocks.u.values()), blocks.contact.multiplier.x.array]
    saved, state = [array.copy() for array in arrays], friction.state.save()

    def go_on() -> list[float]:
        results = []
        for position in (0.7, -4.0, -3.8):
            results.append(float(uniform.slide(position * uniform.yielding)[0]) / LIMIT)
            friction.commit()
        return [*results, uniform.loss / LIMIT / uniform.yielding]

    first = go_on()
    for array, copy in zip(arrays, saved, strict=True):
        array[:] = copy
    friction.state.restore(state)
    assert go_on() == pytest.approx(first, abs=1e-7)


# --- uneven pressure -------------------------------------------------------------------------------


@cache
def wavy(dimension: int, augmentation: float | None = None) -> Blocks:
    """Return pressed waves that touch in part, pulled (in 3D askew) until a part of what touches slips."""
    blocks = pressed_waves(dimension, augmentation)
    pull(blocks, 1e-9)
    return blocks


def pressed_waves(dimension: int, augmentation: float | None = None, friction: float = MU) -> Blocks:
    height, size = ("Fabs(y)", 0.02) if dimension == 2 else ("Fabs(z)", 0.125)
    box = Box(dimension, LENGTH, LENGTH, LENGTH, [f"{size} + 0.3 * {height}"], periodic=True)

    def gap(x: np.ndarray) -> np.ndarray:
        return 1e-3 * LENGTH * np.sum([1 - np.cos(2 * np.pi * x[i] / LENGTH) for i in range(dimension - 1)], axis=0)

    blocks = Blocks(
        box.mesh(MPI.COMM_WORLD),
        MODULI,
        ContactMethod(augmentation=augmentation),
        gap,
        12e6,
        lateral="periodic",
        friction=friction,
    )
    blocks.press()
    blocks.friction.commit()
    return blocks


def pull(blocks: Blocks, distance: float) -> int:
    """Move the top to `distance` [m] from where it was made; return the Newton steps that took."""
    directions = (1.0,) if blocks.dimension == 2 else (0.8, 0.6)
    return blocks.slide_top(*(distance * along for along in directions)).newton


@pytest.mark.parametrize("dimension", [2, 3])
def test_every_node_sticks_or_slides_along_the_traction(dimension: int) -> None:
    blocks = wavy(dimension)
    friction, pressure = blocks.friction, blocks.contact.pressure
    traction, slip = (a.reshape(-1, dimension) for a in (friction.traction, friction.slip.read()))
    sticks, slides = friction.sticking.x.array > 0.0, friction.slipping.x.array > 0.0
    assert sticks.sum() > 5 and slides.sum() > 5
    np.testing.assert_array_equal(sticks | slides, pressure > 0.0)
    size, scale = np.linalg.norm(traction, axis=1), MU * pressure.max()
    assert np.all(size <= MU * pressure + 1e-9 * scale)
    np.testing.assert_allclose(size[slides], MU * pressure[slides], rtol=0, atol=1e-7 * scale)
    furthest = np.linalg.norm(slip[slides], axis=1).max()
    assert np.abs(slip[sticks]).max() < 1e-7 * furthest
    along = np.sum(slip * traction, axis=1)[slides]
    assert np.all(along > 0.0)
    product = (size * np.linalg.norm(slip, axis=1))[slides]
    np.testing.assert_allclose(along, product, rtol=0, atol=1e-7 * scale * furthest)
    assert np.abs(traction[:, -1]).max() < 1e-12 * scale


@pytest.mark.parametrize("dimension, augmentation", [(2, 1e2), (2, 1e4), (3, 1e3)])
def test_tractions_do_not_depend_on_the_augmentation(dimension: int, augmentation: float) -> None:
    reference, other = wavy(dimension), wavy(dimension, augmentation)
    scale = np.abs(reference.friction.traction).max()
    np.testing.assert_allclose(other.friction.traction, reference.friction.traction, rtol=0, atol=1e-6 * scale)
    np.testing.assert_array_equal(other.friction.sticking.x.array, reference.friction.sticking.x.array)


@pytest.mark.parametrize("friction", [0.1, 0.8])
@pytest.mark.parametrize("dimension", [2, 3])
def test_stick_and_slip_settle_when_the_pull_is_reversed(dimension: int, friction: float) -> None:
    """From partial slip to partial slip the other way, to full slip, and back: no node switches for ever."""
    blocks = pressed_waves(dimension, friction=friction)
    for distance in (1e-9, -1e-9, 1e-8, -1e-8, 0.0):
        assert pull(blocks, distance) <= 20
        blocks.friction.commit()


def test_nodes_that_close_do_not_lag_a_step() -> None:
    blocks = pressed_waves(2)
    friction, contact = blocks.friction, blocks.contact
    before = contact.active.x.array.copy()
    blocks.pressure.value *= 1.5
    pull(blocks, 2e-10)
    closed = (contact.active.x.array > 0.0) & (before == 0.0)
    assert closed.sum() > 2
    traction = np.linalg.norm(friction.traction.reshape(-1, 2)[closed], axis=1)
    assert np.all(traction > 0.0)
    assert np.all(traction <= MU * contact.pressure[closed] * (1 + 1e-9))


@cache
def pressed_and_pulled(*loads: tuple[float, float]) -> tuple[Blocks, dict[str, float]]:
    """Return pressed waves after steps to (pressure, pull), relative to their own and the last; and the ledger [J]."""
    blocks = pressed_waves(2)
    ledger, pressure = blocks.ledger(), float(blocks.pressure.value)
    for ratio, share in loads:
        blocks.pressure.value = ratio * pressure
        pull(blocks, 2e-9 * share)
        blocks.friction.commit()
        ledger.book()
    assert ledger.closing_error < 1e-9
    return blocks, ledger.energies


def at_once(steps: int) -> tuple[Blocks, dict[str, float]]:
    return pressed_and_pulled(*((1 + k / steps, k / steps) for k in range(1, steps + 1)))


@pytest.mark.parametrize("steps", [1, 2, 8])
def test_pressed_and_pulled_at_once_the_tractions_are_those_of_pressed_first(steps: int) -> None:
    """As long as the pull grows by more than μ times what the pressure does, which here it does.

    R. D. Mindlin, H. Deresiewicz, J. Appl. Mech. 20, 327 (1953).
    """
    first, _ = pressed_and_pulled((2.0, 0.0), (2.0, 1.0))
    expected, scale = first.friction.traction, np.abs(first.friction.traction).max()
    assert 5 < np.count_nonzero(first.friction.sticking.x.array) < np.count_nonzero(first.contact.active.x.array) - 5
    np.testing.assert_allclose(at_once(steps)[0].friction.traction, expected, rtol=0, atol=1e-6 * scale)


def test_friction_energy_of_pressed_and_pulled_at_once_converges_with_the_square_of_the_step() -> None:
    """The rule of the ledger is trapezoidal; halving a step changes less than a thousandth of the work put in."""
    lost = np.array([at_once(steps)[1]["friction"] for steps in (1, 2, 4, 8)])
    changes = np.abs(np.diff(lost))
    assert np.all(changes[1:] < changes[:-1] / 3)
    assert changes[0] < 1e-3 * at_once(1)[1]["external"]
    assert changes[2] < 0.01 * lost[-1]


@pytest.mark.parametrize("ranks", [2, 3])
def test_several_ranks_find_the_tractions_of_one(mpi_run: Callable[..., str], ranks: int) -> None:
    found = json.loads(mpi_run([__file__], ranks, timeout=90))
    for dimension in (2, 3):
        expected = tractions(wavy(dimension))
        np.testing.assert_allclose(found[str(dimension)], expected, rtol=0, atol=1e-7 * np.abs(expected).max())


def tractions(blocks: Blocks) -> np.ndarray:
    """Return the tractions of the whole interface on every rank, shape (nodes, d), in order of place."""
    columns = blocks.friction.traction.reshape(-1, blocks.dimension).T
    return np.column_stack([gathered(blocks.interface, column)[1] for column in columns])


if __name__ == "__main__":
    found = {dimension: tractions(wavy(dimension)).tolist() for dimension in (2, 3)}
    if MPI.COMM_WORLD.rank == 0:
        print(json.dumps(found))
