"""The cohesive bond on an interface whose two sides are moved as rigid bodies: traction, damage, energy.

Nothing deforms but the bond, so that the displacement jump is what the test prescribes.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import ufl
from builders import SIDES, film_mesh, inclined, rotation
from dolfinx import fem

from solver.domain import Domain
from solver.interface.cohesive import Bilinear, CohesiveBond

LAW = Bilinear(
    normal_strength=20e6,
    shear_strength=30e6,
    normal_toughness=2.0,
    shear_toughness=5.0,
    mixity_exponent=2.0,
    stiffness=2e15,
)
MIXITIES = [0.0, 0.2, 0.5, 0.8, 1.0]


class RigidPair:
    """Two rigid bodies, glued along their common face; `move` prescribes the opening and returns the traction."""

    def __init__(self, dimension: int = 2, tilt: bool = False) -> None:
        tagged = film_mesh(dimension, 2)
        turn = rotation(dimension) if tilt else np.eye(3)
        if tilt:
            inclined(tagged)
        # n leaves the electrode, downwards
        self.normal = -turn[:dimension, dimension - 1]
        self.along = turn[:dimension, 0]
        self.domain = Domain(tagged)
        self.interface = self.domain.interfaces[SIDES]
        self.dimension = dimension
        self.u = {name: fem.Function(side.space(1, (dimension,))) for name, side in self.domain.sides.items()}
        self.bond = CohesiveBond(self.interface, LAW, self.interface.jump(self.u))
        self._test = fem.Constant(self.domain.mesh, np.zeros(dimension))
        self._work = self.domain.form(self.bond.residual(self._test))
        self.area = self.interface.sum(np.ones_like(self.interface.areas.x.array))

    def glue(self, touching: bool = True) -> None:
        self.bond.bond(np.full(len(self.interface.areas.x.array), touching))

    def move(self, normal: float, shear: float = 0.0, commit: bool = True) -> tuple[float, float]:
        """Move the electrode so that ⟦u⟧ = normal · n + shear · t; return the mean traction (normal, shear) [Pa]."""
        jump = normal * self.normal + shear * self.along
        self.u["electrode"].x.array[:] = np.tile(-jump, len(self.u["electrode"].x.array) // self.dimension)
        traction = []
        for direction in (self.normal, self.along):
            self._test.value[:] = direction
            traction.append(self.domain.integrate(self._work) / self.area)
        if commit:
            self.bond.commit()
        return traction[0], traction[1]

    def open(self, opening: float, mixity: float, commit: bool = True) -> float:
        """Move by `opening` at a mixity B; return the traction along the opening."""
        share = np.array([np.sqrt(1 - mixity), np.sqrt(mixity)])
        traction = np.array(self.move(*(opening * share), commit=commit))
        along = float(traction @ share)
        np.testing.assert_allclose(traction, along * share, rtol=0, atol=1e-8 * LAW.shear_strength)
        return along

    @property
    def damage(self) -> float:
        values = self.bond.damage.values.x.array
        assert np.ptp(values) < 1e-12
        return float(values[0])

    @property
    def dissipated(self) -> float:
        """Energy lost per area [J/m²]."""
        return self.interface.sum(self.bond.dissipated.x.array) / self.area


def onset_and_end(mixity: float) -> tuple[float, float, float]:
    """Return δ_0, δ_f [m] and G_c [J/m²] at a mixity, from Benzeggagh and Kenane's G_c and its like for the onset."""
    share = mixity**LAW.mixity_exponent
    toughness = LAW.normal_toughness + (LAW.shear_toughness - LAW.normal_toughness) * share
    strength = np.sqrt(LAW.normal_strength**2 + (LAW.shear_strength**2 - LAW.normal_strength**2) * share)
    return strength / LAW.stiffness, 2 * toughness / strength, toughness


def law(opening: float, largest: float, mixity: float) -> float:
    """Return the traction at `opening` when the largest opening so far was `largest`: a triangle, unloaded to 0."""
    onset, end, _ = onset_and_end(mixity)
    if largest <= onset:
        return LAW.stiffness * opening
    envelope = LAW.stiffness * onset * max(end - largest, 0.0) / (end - onset)
    return envelope * opening / largest


@pytest.fixture(scope="module", params=[(2, False), (2, True), (3, True)], ids=["flat", "inclined", "inclined 3D"])
def pair(request: pytest.FixtureRequest) -> RigidPair:
    return RigidPair(*request.param)


def fresh(pair: RigidPair) -> RigidPair:
    """Bring the pair back to an unharmed bond at zero opening."""
    for u in pair.u.values():
        u.x.array[:] = 0.0
    pair.glue()
    pair.bond.dissipated.x.array[:] = 0.0
    return pair


def path(end: float) -> Iterable[float]:
    """Loading, unloading, reloading and further, to beyond failure, as openings."""
    for low, high in ((0.0, 0.004), (0.0, 0.3), (0.0, 0.3), (0.1, 0.6), (0.05, 1.1)):
        yield from np.linspace(low, high, 5) * end
        yield from np.linspace(high, low, 4) * end


@pytest.mark.parametrize("mixity", MIXITIES)
def test_traction_follows_the_law_in_loading_unloading_and_reloading(pair: RigidPair, mixity: float) -> None:
    fresh(pair)
    _, end, _ = onset_and_end(mixity)
    largest = 0.0
    for opening in path(end):
        largest = max(largest, opening)
        traction = pair.open(opening, mixity)
        assert traction == pytest.approx(law(opening, largest, mixity), rel=0, abs=1e-8 * LAW.shear_strength)


@pytest.mark.parametrize("mixity", MIXITIES)
def test_strength_is_reached_at_onset(pair: RigidPair, mixity: float) -> None:
    fresh(pair)
    onset, _, _ = onset_and_end(mixity)
    share = mixity**LAW.mixity_exponent
    strength = np.sqrt((1 - share) * LAW.normal_strength**2 + share * LAW.shear_strength**2)
    assert pair.open(onset, mixity) == pytest.approx(strength, rel=1e-8)
    assert pair.damage == pytest.approx(0.0, abs=1e-8)
    assert pair.open(1.2 * onset, mixity) < strength


@pytest.mark.parametrize("mixity", MIXITIES)
def test_damage_never_decreases_and_ends_at_one(pair: RigidPair, mixity: float) -> None:
    fresh(pair)
    _, end, _ = onset_and_end(mixity)
    history = []
    for opening in path(end):
        pair.open(opening, mixity)
        history.append(pair.damage)
    assert all(later >= earlier for earlier, later in pairwise(history))
    assert history[0] == 0.0 and history[-1] == 1.0


@pytest.mark.parametrize("mixity", MIXITIES)
def test_failure_dissipates_the_toughness(pair: RigidPair, mixity: float) -> None:
    fresh(pair)
    _, end, toughness = onset_and_end(mixity)
    for opening in path(end):
        pair.open(opening, mixity)
    assert pair.dissipated == pytest.approx(toughness, rel=1e-8)


@pytest.mark.parametrize("mixity", [0.0, 0.5, 1.0])
def test_dissipated_energy_is_work_done_minus_work_given_back(pair: RigidPair, mixity: float) -> None:
    """At any stage: the area under the traction, integrated exactly between the corners of the path."""
    fresh(pair)
    onset, end, _ = onset_and_end(mixity)
    corners = [0.0, onset, 0.3 * end, 0.0, 0.3 * end, 0.5 * end, 0.0]
    work = 0.0
    last_traction = 0.0
    for start, stop in pairwise(corners):
        traction = pair.open(stop, mixity)
        work += (last_traction + traction) / 2 * (stop - start)
        last_traction = traction
    assert pair.dissipated == pytest.approx(work, rel=1e-8)


def test_uncommitted_openings_leave_no_damage(pair: RigidPair) -> None:
    fresh(pair)
    onset, end, _ = onset_and_end(0.0)
    pair.open(end, 0.0, commit=False)
    assert pair.open(0.5 * onset, 0.0) == pytest.approx(0.5 * LAW.normal_strength, rel=1e-8)
    assert pair.damage == 0.0 and pair.dissipated == 0.0


def test_compression_neither_loads_nor_harms_the_bond(pair: RigidPair) -> None:
    fresh(pair)
    _, end, _ = onset_and_end(0.0)
    assert pair.move(-10 * end) == pytest.approx((0.0, 0.0), abs=1e-8 * LAW.normal_strength)
    assert pair.damage == 0.0
    onset, _, _ = onset_and_end(1.0)
    normal, shear = pair.move(-10 * end, 0.5 * onset)
    assert normal == pytest.approx(0.0, abs=1e-8 * LAW.normal_strength)
    assert shear == pytest.approx(0.5 * LAW.shear_strength, rel=1e-8)


def test_shear_under_compression_is_pure_mode_two(pair: RigidPair) -> None:
    fresh(pair)
    _, end, toughness = onset_and_end(1.0)
    for shear in np.linspace(0.0, 1.1, 12) * end:
        pair.move(-0.1 * end, shear)
    assert pair.dissipated == pytest.approx(toughness, rel=1e-8)


def test_broken_bond_transmits_nothing(pair: RigidPair) -> None:
    fresh(pair)
    _, end, _ = onset_and_end(0.0)
    pair.open(1.01 * end, 0.0)
    for normal, shear in ((0.5, 0.0), (0.0, 0.3), (-0.1, 0.3), (2.0, 2.0)):
        assert pair.move(normal * end, shear * end) == (0.0, 0.0)
    assert pair.damage == 1.0


def test_nodes_that_do_not_touch_are_not_bonded(pair: RigidPair) -> None:
    fresh(pair)
    pair.glue(touching=False)
    assert pair.move(0.5 * onset_and_end(0.0)[0]) == (0.0, 0.0)
    assert pair.damage == 1.0 and pair.dissipated == 0.0


def test_openings_count_from_where_the_bond_was_made(pair: RigidPair) -> None:
    fresh(pair)
    onset, end, _ = onset_and_end(0.0)
    pair.move(0.7 * end, 0.2 * end)
    pair.glue()
    normal, shear = pair.move(0.7 * end + 0.5 * onset, 0.2 * end)
    assert normal == pytest.approx(0.5 * LAW.normal_strength, rel=1e-6)
    assert shear == pytest.approx(0.0, abs=1e-6 * LAW.normal_strength)


@pytest.mark.parametrize("mixity", MIXITIES)
def test_formulas_agree_with_the_triangle(mixity: float) -> None:
    onset, end, toughness = onset_and_end(mixity)
    assert LAW.openings(mixity) == pytest.approx((onset, end), rel=1e-12, abs=0)
    assert LAW.dissipated(0.0, mixity) == 0.0
    assert LAW.dissipated(1.0, mixity) == pytest.approx(toughness, rel=1e-12)

    def damage(opening: float) -> Any:
        return ufl.as_ufl(LAW.damage(ufl.as_ufl(opening), mixity))(())

    assert (damage(0.5 * onset), damage(1.5 * end)) == (0.0, 1.0)
    middle = (onset + end) / 2
    assert (1 - damage(middle)) * LAW.stiffness * middle == pytest.approx(LAW.stiffness * onset / 2, rel=1e-12)
