"""The crack front and its release rates, from fields put on an interface by hand."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from builders import LENGTH, SIDES, film_mesh
from mpi4py import MPI

from interstice.solver.crack.front import CrackState, Front
from interstice.solver.domain import Domain, Interface

pytestmark = pytest.mark.also_on_ranks(3)

TIP, ZONE = 0.25 * LENGTH, 0.5 * LENGTH
"""Where the bond is broken, and the length over which it fails beyond."""
STRENGTH, END = 20e6, 1e-6
SHARE = 0.6
"""Sliding over the opening of the bond."""


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


def test_mixity_and_mode_angle_follow_the_release_rates() -> None:
    state = look(2)
    assert state.mixity == pytest.approx(SHARE**2 / (1 + SHARE**2))
    assert state.mode_angle == pytest.approx(np.degrees(np.arctan(SHARE)))


def test_whole_bond_has_no_front() -> None:
    interface = Domain(film_mesh(2, 4)).interfaces[SIDES]
    nodes = len(interface.space.tabulate_dof_coordinates())
    nothing = np.zeros((nodes, 2))
    state = Front(interface, (1.0, 0.0)).look(np.ones(nodes), np.zeros(nodes), nothing, nothing)
    assert state.broken == state.damaged == 0.0 and len(state.front) == 0
    assert np.isnan(state.position).all() and np.isnan(state.mixity)
