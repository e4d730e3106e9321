"""The cohesive bond on an interface whose two sides are moved as rigid bodies: traction, damage, energy.

Nothing deforms but the bond, so that the displacement jump is what the test prescribes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import ufl
from builders import FIXED_PRESSURE, SIDES, film_mesh, inclined, rotation, tiny_cell
from dolfinx import fem
from hypothesis import given, settings
from hypothesis import strategies as st

from interstice.benchmarks.pair import Pair
from interstice.schema import Cohesive
from interstice.solver.domain import Domain
from interstice.solver.interface.bilinear import Bilinear
from interstice.solver.interface.bond import bond_law
from interstice.solver.interface.cohesive import CohesiveBond, Law
from interstice.solver.interface.exponential import Exponential
from interstice.solver.interface.fatigue import Fatigue
from interstice.solver.interface.mixity import BenzeggaghKenane, Limits, PowerLaw
from interstice.solver.interface.process_zone import process_zone
from interstice.solver.interface.trapezoidal import Trapezoidal
from interstice.solver.part import Load

LIMITS = Limits(20e6, 30e6, 2.0, 5.0, BenzeggaghKenane(2.0))
STRENGTH = 30e6
LAWS: dict[str, Law] = {
    "bilinear": Bilinear(LIMITS, 2e15),
    "bilinear, two stiffnesses": Bilinear(replace(LIMITS, mixity=PowerLaw(1.0)), 2e15, 7e14),
    "trapezoidal": Trapezoidal(LIMITS, 2e15, 3e15, 0.3),
    "exponential": Exponential(replace(LIMITS, mixity=PowerLaw(0.7))),
}
MIXITIES = [0.0, 0.3, 1.0]
QUICK = settings(max_examples=settings().max_examples // 4)


class RigidPair:
    """Two rigid bodies, glued along their common face; `move` prescribes the opening and returns the traction."""

    def __init__(
        self,
        law: Law,
        dimension: int = 2,
        tilt: bool = False,
        fatigue: Fatigue | None = None,
        relaxation_time: float = 0.0,
    ) -> None:
        tagged = film_mesh(dimension, 2)
        turn = rotation(dimension) if tilt else np.eye(3)
        if tilt:
            inclined(tagged)
        # n leaves the electrode, downwards
        self.normal = -turn[:dimension, dimension - 1]
        self.along = turn[:dimension, 0]
        self.across = turn[:dimension, 1] if dimension == 3 else np.zeros(2)
        self.domain = Domain(tagged)
        self.interface = self.domain.interfaces[SIDES]
        self.dimension, self.law = dimension, law
        pair = Pair(self.domain, 2 * ((1.0, 0.0),), 1.0)
        self.u = pair.u
        self.bond = CohesiveBond(pair.face, law, fatigue, relaxation_time)
        self._test = fem.Constant(self.domain.mesh, np.zeros(dimension))
        self._work = self.domain.form(self.bond.residual(self._test))
        self.area = self.interface.sum(np.ones_like(self.interface.areas.x.array))

    def glue(self, touching: bool = True) -> RigidPair:
        """Make an unharmed bond at zero opening."""
        self.u["electrode"].x.array[:] = 0.0
        self.bond.bond(np.full(len(self.interface.areas.x.array), touching))
        return self

    def move(self, normal: float, shear: float = 0.0, aside: float = 0.0, commit: bool = True) -> np.ndarray:
        """Move the electrode so that ⟦u⟧ has these components; return those of the mean traction [Pa]."""
        jump = normal * self.normal + shear * self.along + aside * self.across
        self.u["electrode"].x.array[:] = np.tile(-jump, len(self.u["electrode"].x.array) // self.dimension)
        traction = []
        for direction in (self.normal, self.along, self.across):
            self._test.value[:] = direction
            traction.append(self.domain.integrate(self._work) / self.area)
        if commit:
            self.bond.commit()
        return np.array(traction)

    def open(self, opening: float, mixity: float, commit: bool = True) -> float:
        """Open by the equivalent `opening` λ at a mixity B; return T, the traction that works on λ [Pa]."""
        stiffness_n, stiffness_t = self.law.stiffnesses
        ratio = np.sqrt(stiffness_t / stiffness_n)
        normal, shear = np.sqrt(1 - mixity), np.sqrt(mixity)
        traction = self.move(opening * normal, opening * shear / ratio, commit=commit)
        equivalent = float(traction[0] * normal + traction[1] * shear / ratio)
        expected = equivalent * np.array([normal, shear * ratio, 0.0])
        np.testing.assert_allclose(traction, expected, rtol=0, atol=1e-8 * STRENGTH)
        return equivalent

    @property
    def damage(self) -> float:
        """Damage in the tractions of the present opening."""
        return one(self.bond.damage.read())

    @property
    def history(self) -> float:
        """Damage when last committed."""
        return one(self.bond.damage_old.x.array)

    def energy(self, name: str = "dissipated") -> float:
        """An energy per area [J/m²]."""
        values = getattr(self.bond, name)
        return one(values if isinstance(values, np.ndarray) else values.x.array)


def one(values: np.ndarray) -> float:
    assert np.ptp(values) <= 1e-10 * np.abs(values).max() + 1e-12
    return float(values[0])


@cache
def pair_of(name: str, dimension: int = 2, tilt: bool = False, *extra: Any) -> RigidPair:
    return RigidPair(LAWS[name], dimension, tilt, *extra)


@pytest.fixture(scope="module", params=[*LAWS, "bilinear, inclined", "trapezoidal, inclined 3D"])
def pair(request: pytest.FixtureRequest) -> RigidPair:
    name, _, placed = request.param.partition(", inclined")
    return pair_of(name, 3 if placed else 2, bool(placed)) if "inclined" in request.param else pair_of(name)


def path(end: float) -> Iterable[float]:
    """Loading, unloading, reloading and further, to beyond failure, as openings."""
    for low, high in ((0.0, 0.004), (0.0, 0.3), (0.0, 0.3), (0.1, 0.6), (0.05, 1.1)):
        yield from np.linspace(low, high, 5) * end
        yield from np.linspace(high, low, 4) * end


def end_of(pair: RigidPair, mixity: float) -> float:
    return float(pair.law.opening(1.0, mixity))


# --- at constant mixity -----------------------------------------------------------------------------


@pytest.mark.parametrize("mixity", MIXITIES)
def test_traction_is_that_of_the_envelope_or_on_the_way_to_the_origin(pair: RigidPair, mixity: float) -> None:
    pair.glue()
    largest = 0.0
    stiffness, _ = pair.law.stiffnesses
    for opening in path(end_of(pair, mixity)):
        largest = max(largest, opening)
        expected = (1 - pair.law.damage(largest, mixity)) * stiffness * opening if opening else 0.0
        assert pair.open(opening, mixity) == pytest.approx(expected, rel=0, abs=1e-8 * STRENGTH)


@pytest.mark.parametrize("mixity", MIXITIES)
def test_damage_never_decreases_and_ends_at_one(pair: RigidPair, mixity: float) -> None:
    pair.glue()
    history = []
    for opening in path(end_of(pair, mixity)):
        pair.open(opening, mixity)
        history.append(pair.damage)
    assert all(later >= earlier for earlier, later in pairwise(history))
    assert history[0] == pytest.approx(0.0, abs=1e-11) and history[-1] == 1.0


@pytest.mark.parametrize("mixity", MIXITIES)
def test_failure_dissipates_the_toughness(pair: RigidPair, mixity: float) -> None:
    pair.glue()
    for opening in path(end_of(pair, mixity)):
        pair.open(opening, mixity)
    assert pair.energy() == pytest.approx(pair.law.limits.toughness(mixity), rel=1e-8)
    assert pair.energy("stored") == 0.0


def test_bond_holds_on_up_to_its_strength_and_again_when_closed_unless_it_is_broken(pair: RigidPair) -> None:
    strongest = float(pair.law.opening(pair.law.damage_at_strength, 0.3))
    pair.glue()
    for opening, holding in ((0.999, True), (1.001, False), (0.0, True), (end_of(pair, 0.3) / strongest, False)):
        pair.open(opening * strongest, 0.3)
        assert np.all(pair.bond.holding == holding)
    pair.open(0.0, 0.3)
    assert not np.any(pair.bond.holding)


def test_uncommitted_openings_leave_no_damage(pair: RigidPair) -> None:
    pair.glue()
    end = end_of(pair, 0.0)
    first = pair.open(0.01 * end, 0.0)
    pair.open(0.9 * end, 0.0, commit=False)
    assert pair.open(0.01 * end, 0.0) == first


def test_compression_neither_loads_nor_harms_the_bond(pair: RigidPair) -> None:
    pair.glue()
    end = end_of(pair, 0.0)
    np.testing.assert_allclose(pair.move(-10 * end), 0.0, atol=1e-8 * STRENGTH)
    assert pair.damage == pytest.approx(0.0, abs=1e-11)
    shear = 0.01 * end_of(pair, 1.0)
    pressed = pair.move(-10 * end, shear)
    np.testing.assert_allclose(pressed, pair.move(0.0, shear), rtol=1e-12, atol=1e-8 * STRENGTH)


def test_shear_under_compression_is_pure_mode_two(pair: RigidPair) -> None:
    pair.glue()
    end = end_of(pair, 1.0)
    for shear in np.linspace(0.0, 1.1, 12) * end * np.sqrt(np.divide(*pair.law.stiffnesses)):
        pair.move(-0.1 * end, shear)
    assert pair.energy() == pytest.approx(LIMITS.shear_toughness, rel=1e-8)


def test_broken_bond_transmits_nothing(pair: RigidPair) -> None:
    pair.glue()
    end = end_of(pair, 0.0)
    pair.open(1.01 * end, 0.0)
    for normal, shear in ((0.5, 0.0), (0.0, 0.3), (-0.1, 0.3), (2.0, 2.0)):
        assert np.all(pair.move(normal * end, shear * end) == 0.0)
    assert pair.damage == 1.0


def test_nodes_that_do_not_touch_are_not_bonded(pair: RigidPair) -> None:
    pair.glue(touching=False)
    assert np.all(pair.move(0.01 * end_of(pair, 0.0)) == 0.0)
    assert pair.damage == 1.0 and pair.energy() == 0.0


def test_openings_count_from_where_the_bond_was_made(pair: RigidPair) -> None:
    end = end_of(pair, 0.0)
    expected = pair.glue().move(0.01 * end)
    pair.move(0.7 * end, 0.2 * end)
    pair.bond.bond(np.ones(len(pair.interface.areas.x.array), dtype=bool))
    np.testing.assert_allclose(pair.move(0.71 * end, 0.2 * end), expected, rtol=1e-6, atol=1e-6 * STRENGTH)


# --- any path ---------------------------------------------------------------------------------------

# opening (pressed where negative) and two directions of sliding, over the final opening in mode I
# of an energy per area, beside toughnesses of about 1 J/m²
ROUNDING = 1e-13
JUMPS = st.lists(st.tuples(*[st.floats(-1.2, 1.2)] * 3), min_size=1, max_size=12)


@pytest.mark.parametrize("name", LAWS)
@given(jumps=JUMPS, small=st.floats(0.02, 1.0))
@QUICK
def test_any_path_harms_dissipates_and_carries_no_more_than_it_may(
    name: str, jumps: list[tuple[float, float, float]], small: float
) -> None:
    pair = pair_of(name, 3, True).glue()
    end = end_of(pair, 0.0)
    damage, dissipated = pair.history, 0.0
    for jump in jumps:
        traction = pair.move(*(small * end * np.array(jump)))
        assert pair.history >= damage and pair.energy() >= dissipated - ROUNDING
        damage, dissipated = pair.history, pair.energy()
        openings = small * end * np.array([max(jump[0], 0.0), *jump[1:]])
        elastic = np.array(pair.law.stiffnesses)[[0, 1, 1]] * openings
        np.testing.assert_allclose(traction, (1 - damage) * elastic, rtol=1e-8, atol=1e-8 * STRENGTH)
        if damage == 1.0:
            assert np.all(traction == 0.0)
        assert dissipated <= bounds(pair.law)[1] * (1 + 1e-3)


@pytest.mark.parametrize("extra", [(None, 0.0), (Fatigue(2.0, 0.1), 0.0), (None, 3.0)], ids=["", "fatigue", "viscous"])
@given(jumps=JUMPS)
@QUICK
def test_work_by_the_trapezoidal_rule_is_stored_and_dissipated_without_rest(
    extra: tuple[Fatigue | None, float], jumps: list[tuple[float, float, float]]
) -> None:
    pair = pair_of("bilinear, two stiffnesses", 3, True, *extra).glue()
    end = end_of(pair, 0.0)
    work, before, old = 0.0, np.zeros(3), np.zeros(3)
    for jump in jumps:
        opening = 0.3 * end * np.array([max(jump[0], 0.0), *jump[1:]])
        traction = pair.move(*opening)
        work += (traction + before) @ (opening - old) / 2
        before, old = traction, opening
        parts = [pair.energy(name) for name in ("stored", "trapezoidal_dissipated", "viscous_dissipated")]
        assert sum(parts) == pytest.approx(work, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("name", LAWS)
@given(
    start=st.tuples(*[st.floats(-0.8, 0.8)] * 3),
    now=st.tuples(*[st.floats(-0.8, 0.8)] * 3),
    direction=st.tuples(*[st.floats(-1, 1)] * 3),
)
@QUICK
def test_tangent_is_the_derivative_of_the_traction(
    name: str, start: tuple[float, ...], now: tuple[float, ...], direction: tuple[float, ...]
) -> None:
    pair = pair_of(name, 3, True).glue()
    end = end_of(pair, 0.0)
    pair.move(*(end * np.array(start)))
    tangent = tangent_of(name)
    frame = np.array([pair.normal, pair.along, pair.across])
    step = 1e-7 * end
    traction = [pair.move(*(end * np.array(now) + side * step * np.array(direction)), commit=False) for side in (-1, 1)]
    middle = pair.move(*(end * np.array(now)), commit=False)
    # where the two one-sided differences disagree a kink lies between
    sides = [traction[1] - middle, middle - traction[0]]
    pair.move(*(end * np.array(now)), commit=False)
    found = frame @ tangent(frame.T @ np.array(direction)) * step
    scale = max(np.abs(sides).max(), 1e-4 * STRENGTH * 1e-3)
    if np.abs(sides[0] - sides[1]).max() < 1e-3 * scale:
        np.testing.assert_allclose(found, (sides[0] + sides[1]) / 2, rtol=0, atol=2e-3 * scale)


@cache
def tangent_of(name: str) -> Any:
    """Return the function that maps a step of the jump to that of the mean traction, by the derivative of the form."""
    pair = pair_of(name, 3, True)
    u = pair.u["electrode"]
    test = fem.Constant(pair.domain.mesh, np.zeros(3))
    step = fem.Function(u.function_space)
    form = pair.domain.form(ufl.derivative(pair.bond.residual(test), u, step))

    def tangent(direction: np.ndarray) -> np.ndarray:
        step.x.array[:] = np.tile(-direction, len(step.x.array) // 3)
        traction = []
        for axis in np.eye(3):
            test.value[:] = axis
            traction.append(pair.domain.integrate(form) / pair.area)
        return np.array(traction)

    return tangent


# --- viscosity --------------------------------------------------------------------------------------


def test_viscous_damage_follows_by_backward_euler() -> None:
    pair = pair_of("bilinear", 2, False, None, 3.0).glue()
    pair.bond.time_step.value = 2.0
    expected = 0.0
    for opening in (0.1, 0.4, 0.2, 0.2, 0.6):
        pair.open(opening * end_of(pair, 0.0), 0.0)
        expected += 2.0 / (2.0 + 3.0) * (pair.history - expected)
        assert one(pair.bond.effective_damage_old.x.array) == pytest.approx(expected, rel=1e-12)
    pair.bond.time_step.value = 1.0


@pytest.mark.parametrize("rate", [0.1, 1.0])
def test_viscosity_adds_dissipation_that_is_reported_apart(rate: float) -> None:
    """Opened at a constant rate, slowly or fast against τ: work is the toughness and what viscosity took."""
    pair = pair_of("bilinear", 2, False, None, 3.0).glue()
    end, steps = end_of(pair, 0.0), 1000
    pair.bond.time_step.value = 3.0 * 1.5 / rate / steps
    work = before = 0.0
    for opening in np.linspace(0, 1.5 * end, steps + 1)[1:]:
        traction = pair.open(opening, 0.0)
        work += (traction + before) / 2 * 1.5 * end / steps
        before = traction
    pair.bond.time_step.value = 1.0
    assert pair.energy() == pytest.approx(LIMITS.normal_toughness, rel=1e-8)
    assert pair.energy("trapezoidal_dissipated") == pytest.approx(LIMITS.normal_toughness, rel=1e-2)
    viscous = pair.energy("viscous_dissipated")
    assert work == pytest.approx(pair.energy("trapezoidal_dissipated") + viscous, rel=1e-9)
    assert viscous > 0.0


def test_viscous_work_vanishes_with_the_rate() -> None:
    pair = pair_of("bilinear", 2, False, None, 3.0)
    viscous = []
    for rate in (1e-2, 1e-3):
        pair.glue()
        pair.bond.time_step.value = 3.0 / rate / 400
        for opening in np.linspace(0, 1.0, 401)[1:] * end_of(pair, 0.0):
            pair.open(opening, 0.0)
        viscous.append(pair.energy("viscous_dissipated"))
    pair.bond.time_step.value = 1.0
    assert viscous[1] == pytest.approx(viscous[0] / 10, rel=0.1)


# --- fatigue ----------------------------------------------------------------------------------------

FATIGUE = Fatigue(accumulation=20.0, endurance=0.3)


def cycle(pair: RigidPair, high: float, parts: int = 1) -> None:
    for opening in (*np.linspace(0, high, parts + 1)[1:], *np.linspace(high, 0, parts + 1)[1:]):
        pair.open(float(opening), 0.0)


@pytest.mark.parametrize("name", LAWS)
def test_cycles_above_the_threshold_harm_and_those_below_do_not(name: str) -> None:
    pair = pair_of(name, 2, False, FATIGUE).glue()
    strongest = max(float(pair.law.opening(pair.law.damage_at_strength, 0.0)), 1e-3 * end_of(pair, 0.0))
    pair.open(strongest, 0.0)
    pair.open(0.0, 0.0)
    history = [pair.history]
    for part in (0.29, 0.29, 0.9, 0.9, 0.9):
        cycle(pair, part * strongest)
        history.append(pair.history)
    assert history[0] == history[1] == history[2] < history[3] < history[4] < history[5]


def test_growth_per_cycle_is_roe_and_siegmunds() -> None:
    """From 0 to λ and back: ΔD_c = λ²/(r δ_Σ) (1 − C_f r/λ)², with D_c the strength lost."""
    pair = pair_of("bilinear", 2, False, FATIGUE).glue()
    onset, end = (float(x) for x in pair.law.openings(0.0))
    high = 0.8 * onset
    cycle(pair, high)
    lost = (float(pair.law.opening(pair.history, 0.0)) - onset) / (end - onset)
    length = FATIGUE.accumulation * (end - onset)
    first = high**2 / (onset * length) * (1 - FATIGUE.endurance * onset / high) ** 2
    # going back r is that of the way there
    assert lost == pytest.approx(first, rel=0.02)
    cycle_by_parts = pair_of("bilinear", 2, False, FATIGUE)
    cycle_by_parts.glue()
    cycle(cycle_by_parts, high, parts=50)
    finely = (float(pair.law.opening(cycle_by_parts.history, 0.0)) - onset) / (end - onset)
    assert finely == pytest.approx(lost, rel=0.02)


def test_life_at_constant_traction_is_that_of_the_rate_equation() -> None:
    """dr/dN = (r/n) (t/T(r) − C_f)², from the elastic limit until the strength has fallen to t."""
    pair = pair_of("bilinear", 2, False, FATIGUE).glue()
    onset, end = (float(x) for x in pair.law.openings(0.0))
    traction = 0.7 * LIMITS.normal_strength
    r, expected = onset, 0.0

    def overload(r: float) -> float:
        return traction / (LIMITS.normal_strength * (end - r) / (end - onset))

    while overload(r) < 1.0:
        step = 1e-3 * r
        middle = r + step / 2
        expected += step * FATIGUE.accumulation / (middle * (overload(middle) - FATIGUE.endurance) ** 2)
        r += step
    cycles = 0
    stiffness, _ = pair.law.stiffnesses
    while cycles < 10_000:
        threshold = float(pair.law.opening(pair.history, 0.0))
        if overload(threshold) >= 1.0:
            break
        cycle(pair, traction / (stiffness * (1 - pair.history)))
        cycles += 1
    assert cycles == pytest.approx(expected, rel=0.05)


@pytest.mark.parametrize("name", LAWS)
def test_fatigue_leaves_the_envelope_as_it_is(name: str) -> None:
    """Opened beyond its strength at once the bond dissipates G_c; on the way there fatigue takes next to nothing."""
    pair = pair_of(name, 2, False, FATIGUE)
    end = end_of(pair, 0.3)
    lost = []
    for first in (0.3, 0.001):
        pair.glue()
        for opening in np.linspace(first, 1.0, 100) * end:
            pair.open(float(opening), 0.3)
        lost.append(1 - pair.energy() / pair.law.limits.toughness(0.3))
    assert lost[0] == pytest.approx(0.0, abs=1e-8)
    assert 0.0 <= lost[1] + 1e-8 < 1e-3


def test_fatigue_dissipates_the_area_of_the_cycle() -> None:
    pair = pair_of("bilinear", 2, False, Fatigue(1.5, 0.2)).glue()
    onset, _ = (float(x) for x in pair.law.openings(0.0))
    before, last = pair.open(6 * onset, 0.0), 6.0
    work, start, stored = 0.0, pair.energy(), pair.energy("stored")
    for opening in np.concatenate([np.linspace(6, 0, 300)[1:], np.linspace(0, 6, 300)[1:]]):
        traction = pair.open(float(opening) * onset, 0.0)
        work += (traction + before) / 2 * (opening - last) * onset
        before, last = traction, opening
    dissipated = pair.energy() - start
    assert dissipated > 0.0
    assert dissipated == pytest.approx(pair.energy("fatigue_dissipated"), rel=1e-9)
    assert dissipated == pytest.approx(work - pair.energy("stored") + stored, rel=1e-3)


# --- parameters -------------------------------------------------------------------------------------


def test_parameters_may_vary_along_the_interface() -> None:
    tagged = film_mesh(2, 4)
    domain = Domain(tagged)
    interface = domain.interfaces[SIDES]
    pair = Pair(domain, 2 * ((1.0, 0.0),), 1.0)
    toughness = interface.function("toughness")
    toughness.interpolate(lambda x: 2.0 + x[0] / 1e-6)
    limits = replace(LIMITS, normal_toughness=toughness, normal_strength=lambda x, y: 20e6 * (1 + x / 1e-6))
    bond = CohesiveBond(pair.face, Bilinear(limits, 3e15))
    bond.bond(np.ones(len(interface.areas.x.array), dtype=bool))
    pair.u["electrolyte"].x.array[1::2] = -1e-6
    bond.commit()
    np.testing.assert_allclose(bond.dissipated.x.array, toughness.x.array, rtol=1e-12)
    x = interface.space.tabulate_dof_coordinates()[:, 0]
    thickness, local = 1e-6, replace(LIMITS, normal_toughness=2 + x / 1e-6, normal_strength=20e6 * (1 + x / 1e-6))
    expected = process_zone(local, (3e15, 3e15), 1e9, thickness)
    for length, lengths in zip(bond.process_zone(1e9, thickness), expected, strict=True):
        assert length == pytest.approx(np.min(lengths))


@pytest.mark.parametrize("name", LAWS)
def test_other_numbers_need_no_new_compilation(name: str) -> None:
    first, law = pair_of(name), LAWS[name]
    other = replace(law, limits=replace(law.limits, normal_strength=11e6, mixity=type(law.limits.mixity)(1.3)))
    second = RigidPair(other)
    modules = {pair._work.module.__name__ for pair in (first, second)}
    assert len(modules) == 1


@pytest.mark.parametrize(
    "law, fatigue, said",
    [
        (Bilinear(LIMITS, 0.9e14), None, "normal stiffness"),
        (Trapezoidal(LIMITS, 2e15, 0.8e14), None, "shear stiffness"),
        (Exponential(replace(LIMITS, shear_toughness=0.0)), None, "not positive"),
        (Bilinear(replace(LIMITS, normal_strength=np.nan), 2e15), None, "not positive"),
        (Bilinear(LIMITS, 2e15), Fatigue(0.5, 0.1), "accumulation"),
    ],
)
def test_numbers_that_make_no_law_are_refused(law: Law, fatigue: Fatigue | None, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        RigidPair(law, fatigue=fatigue)


@pytest.mark.parametrize("law", ["bilinear", "trapezoidal"])
@pytest.mark.parametrize("mixity", ["benzeggagh_kenane", "power_law"])
@pytest.mark.parametrize("given", [{}, {"mixity_exponent": 1.4, "stiffness": "1e15 Pa/m"}])
def test_the_bond_of_a_case_has_the_numbers_of_its_block(law: str, mixity: str, given: dict[str, object]) -> None:
    block = {
        "law": law,
        "normal_strength": "2 MPa",
        "shear_strength": "6 MPa",
        "normal_toughness": "2 J/m^2",
        "shear_toughness": "3 J/m^2",
        "mixity": mixity,
    }
    if law == "trapezoidal" and given:
        given = given | {"plateau": 0.2}
    wanted = Cohesive.model_validate(block | given)
    made = bond_law(wanted)
    assert made.stiffnesses[0] == wanted.stiffness
    assert made.limits.mixity.exponent == wanted.mixity_exponent
    assert getattr(made, "plateau", None) == wanted.plateau


def test_the_stiffness_that_is_not_given_puts_the_onset_at_a_fiftieth_of_the_end() -> None:
    strengths = {"normal_strength": "2 MPa", "shear_strength": "6 MPa"}
    made = bond_law(Cohesive.model_validate({**strengths, "normal_toughness": "2 J/m^2", "shear_toughness": "3 J/m^2"}))
    modes = zip(made.stiffnesses, (2e6, 6e6), (2, 3), strict=True)
    for stiffness, strength, toughness in modes:
        assert strength / stiffness / (2 * toughness / strength) == pytest.approx(1 / 50)


@pytest.mark.parametrize("of", ["strength", "toughness", "both"])
@pytest.mark.parametrize(
    "distribution", [{"distribution": "weibull", "modulus": 4.0}, {"distribution": "log_normal", "variation": 0.3}]
)
def test_what_a_case_says_varies_in_both_modes_alike_and_repeats_with_the_cell(
    distribution: dict[str, object], of: str
) -> None:
    means = {"normal_strength": 2e6, "shear_strength": 6e6, "normal_toughness": 2.0, "shear_toughness": 3.0}
    variation = distribution | {"correlation_length": "0.3 um", "of": of}
    units = {"strength": "Pa", "toughness": "J/m^2"}
    block: dict[str, object] = {name: f"{mean} {units[name.split('_')[1]]}" for name, mean in means.items()}
    limits = bond_law(Cohesive.model_validate(block | {"variation": variation}), [2e-6]).limits
    x, y = np.linspace(0, 1.9e-6, 40), np.zeros(40)
    shares = {}
    for name, mean in means.items():
        value = getattr(limits, name)
        varies = of in ("both", name.split("_")[1])
        assert callable(value) == varies
        if varies:
            shares[name] = value(x, y) / mean
            assert np.ptp(shares[name]) > 0.2
            np.testing.assert_allclose(value(x + 2e-6, y), value(x, y), rtol=1e-9)
        else:
            assert value == mean
    for share in shares.values():
        np.testing.assert_allclose(share, next(iter(shares.values())), rtol=1e-12)


STIFFEST = (
    "interface.cohesive={normal_strength: 1 GPa, shear_strength: 1 GPa, normal_toughness: 25 J/m^2, "
    "shear_toughness: 25 J/m^2, stiffness: 9e21 Pa/m}"
)
"""As stiff as a bond of this strength and toughness may be, and many times as stiff as contact is by itself."""


def test_a_bond_as_stiff_as_may_be_holds_as_if_the_sides_were_one() -> None:
    cell = tiny_cell(FIXED_PRESSURE, STIFFEST)
    cell.press()
    (face,) = cell.faces
    contact, bond = face.contact, face.bond
    assert np.all(contact.augmentation.x.array[bond.bonded.x.array > 0] >= 9e22 * (1 - 1e-12))
    report = cell.advance(5.0, Load(5.0))
    assert report.newton <= 8
    cell.commit()
    bonded, gap = bond.bonded.x.array > 0, contact.gap.read()
    traction = np.linalg.norm(bond.traction.reshape(-1, 2)[bonded], axis=1)
    assert traction.max() > 1e6 and np.all(bond.damage_old.x.array[bonded] == 0.0)
    assert 0 < bonded.sum() < len(gap) and np.abs(gap[bonded]).max() < 1e-9 * gap.max()
    # of contact that outdoes a stiffer one the pressure is what it was
    pressure = contact.pressure
    contact.outdo(np.full_like(pressure, 1e25))
    np.testing.assert_allclose(contact.pressure, pressure, rtol=1e-12)


@pytest.mark.parametrize("law", ["bilinear", "exponential", "trapezoidal"])
@pytest.mark.parametrize("mixity", ["benzeggagh_kenane", "power_law"])
def test_the_bond_of_a_case_loses_between_its_toughnesses_however_the_mixity_changes(law: str, mixity: str) -> None:
    """K_n λ²/2 dD is lost: on the way to D = 1 the least and the most of it, over all mixities, bound any path."""
    block = {"normal_strength": "2 MPa", "shear_strength": "6 MPa", "normal_toughness": "2 J/m^2"}
    made = bond_law(Cohesive.model_validate({"law": law, "mixity": mixity, "shear_toughness": "3 J/m^2"} | block))
    assert bounds(made) == pytest.approx((2.0, 3.0), rel=1e-3)


def test_other_stiffnesses_let_a_bond_lose_more_than_either_toughness() -> None:
    least, most = bounds(LAWS["bilinear, two stiffnesses"])
    assert most > 1.002 * LIMITS.shear_toughness
    assert least == pytest.approx(LIMITS.normal_toughness, rel=1e-3)


def bounds(law: Law) -> tuple[float, float]:
    """Return the least and the most energy [J/m²] that any sequence of mixities loses until the bond is broken."""
    damage, mixity = np.meshgrid(1 - np.geomspace(1, 1e-9, 4001), np.linspace(0, 1, 41), indexing="ij")
    rate = law.stiffnesses[0] * law.opening(damage, mixity) ** 2 / 2
    least, most = (np.trapezoid(f(rate, axis=1), damage[:, 0]) for f in (np.min, np.max))
    return float(least), float(most)
