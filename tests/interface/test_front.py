"""The crack front and its release rates, from fields put on an interface by hand."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from builders import LENGTH, SIDES, film_mesh
from mpi4py import MPI

from interstice.benchmarks.pair import Pair
from interstice.solver.crack.front import CrackState, Front, Fronts, front_length
from interstice.solver.domain import Domain, Interface
from interstice.solver.interface.bilinear import Bilinear
from interstice.solver.interface.cohesive import CohesiveBond, Law
from interstice.solver.interface.exponential import Exponential
from interstice.solver.interface.mixity import Limits
from interstice.solver.interface.trapezoidal import Trapezoidal

pytestmark = pytest.mark.also_on_ranks(3)

TIP, ZONE = 0.25 * LENGTH, 0.5 * LENGTH
"""Where the bond is broken, and the length over which it fails beyond."""
STRENGTH, END = 20e6, 1e-6
SHARE = 0.6
"""Sliding over the opening of the bond."""
LIMITS, MIXITY = Limits(20e6, 30e6, 2.0, 5.0), 0.3


@cache
def film(dimension: int, order: int) -> Interface:
    return Domain(film_mesh(dimension, 8), order).interfaces[SIDES]


@cache
def look(dimension: int, order: int = 1) -> CrackState:
    """Return the state of a crack behind a zone in which the opening falls and the traction grows linearly."""
    interface = film(dimension, order)
    x = interface.space.tabulate_dof_coordinates()[:, 0]
    progress = np.clip(np.round(1 - (x - TIP) / ZONE, 9), 0, 1)
    direction = interface.normal.x.array.reshape(-1, dimension) + SHARE * np.eye(dimension)[0]
    damage = np.where(x <= TIP * (1 + 1e-9), 1.0, np.minimum(progress, 0.9))
    traction = STRENGTH * np.where(damage < 1, 1 - progress, 0.0)[:, None] * direction
    front = Front(interface, np.eye(dimension)[0], width=LENGTH if dimension == 3 else 1.0)
    return front.look(np.ones_like(x), damage, traction, END * progress[:, None] * direction)


@pytest.mark.parametrize("dimension, order", [(2, 1), (2, 2), (3, 1)])
def test_front_lies_between_broken_and_other_nodes(dimension: int, order: int) -> None:
    state = look(dimension, order)
    spacing = LENGTH / 8 / order
    if dimension == 2:
        assert state.position == pytest.approx((TIP + spacing / 2,) * 3, abs=1e-12)
        assert len(state.front) == 1
    else:
        mesh = film(dimension, order).mesh
        longest = mesh.comm.allreduce(
            mesh.h(2, np.arange(mesh.topology.index_map(2).size_local)).max(initial=0), MPI.MAX
        )
        assert state.position == pytest.approx((TIP,) * 3, abs=longest / 2)
        assert np.ptp(state.front[:, 1]) > LENGTH - 2 * spacing


@pytest.mark.parametrize("dimension", [2, 3])
def test_areas_are_those_of_the_nodes(dimension: int) -> None:
    state = look(dimension)
    width, element = LENGTH ** (dimension - 2), LENGTH / 8
    tolerance = {"rel": 1e-9} if dimension == 2 else {"abs": element}
    assert state.broken / width == pytest.approx(TIP + element / 2, **tolerance)
    assert state.zone == pytest.approx(ZONE - element, **tolerance)
    assert state.damaged == pytest.approx(state.broken + state.zone * width)


@pytest.mark.parametrize("dimension, order", [(2, 1), (2, 2), (3, 1)])
def test_release_rates_are_the_area_under_tractions(dimension: int, order: int) -> None:
    """G = ∫ t dδ: half of strength times opening in each mode, exact for linear fields."""
    opening, sliding = look(dimension, order).release_rates
    assert opening == pytest.approx(STRENGTH * END / 2, rel=1e-9)
    assert sliding == pytest.approx(SHARE**2 * STRENGTH * END / 2, rel=1e-9)


def test_mixity_is_the_share_of_sliding_in_the_release_rates() -> None:
    assert look(2).mixity == pytest.approx(SHARE**2 / (1 + SHARE**2))


def test_length_of_the_fronts_in_a_plane_is_their_number() -> None:
    """Between nodes the values go straight through 1, twice where they rise above it and fall again."""
    interface = film(2, 1)
    x = interface.space.tabulate_dof_coordinates()[:, 0] / LENGTH
    for level, number in ((0.995, 2), (1.005, 0)):
        # the highest value, at a node in the middle, is above 1 or below it by little
        peak = 1 + (1.0 - level) - np.abs(x - 0.5)
        assert front_length(interface, peak) == number
    assert front_length(interface, 1.3 - x) == 1


@pytest.mark.parametrize("slope", [0.0, 0.5, 1.0])
def test_length_of_a_straight_front_over_a_surface_is_exact(slope: float) -> None:
    """Values linear in both coordinates are 1 on a line that ends at the sides, whatever triangles it crosses."""
    interface = film(3, 1)
    x, y, _ = interface.space.tabulate_dof_coordinates().T / LENGTH
    reach = min(1.0, 0.53 / slope if slope else 1.0)
    exact = LENGTH * reach * np.hypot(1.0, slope)
    assert front_length(interface, 1.53 - x - slope * y) == pytest.approx(exact, rel=1e-9)


def test_whole_bond_has_no_front() -> None:
    interface = Domain(film_mesh(2, 4)).interfaces[SIDES]
    nodes = len(interface.space.tabulate_dof_coordinates())
    nothing = np.zeros((nodes, 2))
    state = Front(interface, (1.0, 0.0)).look(np.ones(nodes), np.zeros(nodes), nothing, nothing)
    assert state.broken == state.damaged == 0.0 and len(state.front) == 0
    assert np.isnan(state.position).all() and np.isnan(state.mixity)


LAWS: dict[str, Law] = {
    "bilinear": Bilinear(LIMITS, 2e15, 7e14),
    "trapezoidal": Trapezoidal(LIMITS, 2e15, 3e15, 0.3),
    "exponential": Exponential(LIMITS),
}


@pytest.mark.parametrize("dimension", [2, 3])
@pytest.mark.parametrize("name", LAWS)
def test_rate_at_all_fronts_is_the_toughness_whatever_the_law(name: str, dimension: int) -> None:
    """The sides are taken apart along x, from nothing to beyond what any law bears, in a mixture of both modes."""
    domain = slab(dimension)
    pair, interface = Pair(domain, 2 * ((1.0, 0.0),), 1.0), domain.interfaces[SIDES]
    bond = CohesiveBond(pair.face, LAWS[name])
    bond.bond(np.ones(len(interface.areas.x.array)))
    u = pair.u[SIDES[1]]
    stiffness, sliding = (float(np.max(k)) for k in LAWS[name].stiffnesses)
    end = float(LAWS[name].opening(1.0, MIXITY))

    def apart(x: np.ndarray) -> np.ndarray:
        amount = 1.25 * end * np.clip(1 - x[0] / LENGTH, 0, 1)
        moved = np.zeros((dimension, x.shape[1]))
        moved[-1], moved[0] = -amount * np.sqrt(1 - MIXITY), amount * np.sqrt(MIXITY * stiffness / sliding)
        return moved

    u.interpolate(apart)
    bond.commit()
    rates = Fronts(bond).look()
    assert rates.release_rate == pytest.approx(LIMITS.toughness(MIXITY), rel=0.05)
    assert rates.mixity == pytest.approx(MIXITY, rel=1e-6)
    assert rates.extent == pytest.approx((0.2 * LENGTH,) * 2, abs=LENGTH / 20)


@cache
def slab(dimension: int) -> Domain:
    return Domain(film_mesh(dimension, 40 if dimension == 2 else 20))
