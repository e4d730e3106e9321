"""Boundary elements of rings against limits, their own refinement, and what the flux round a patch must obey."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import ellipk

from interstice.benchmarks import closed_form
from interstice.benchmarks.ring_elements import BlockedPatch


@pytest.mark.parametrize("ratio", [0.05, 1.5, 10.0, 1e3])
def test_flux_at_the_edge_converges(ratio: float) -> None:
    exact = BlockedPatch.solve(ratio, 12).focusing
    errors = [abs(BlockedPatch.solve(ratio, degree).focusing / exact - 1) for degree in (2, 4, 8)]
    assert errors[1] < 0.05 * errors[0]
    assert errors[2] < 1e-8


def test_small_patch_takes_as_much_as_a_disc_of_uniform_sources() -> None:
    first, second = (BlockedPatch.solve(ratio).focusing for ratio in (1e-5, 1e-4))
    limit = closed_form.blocked_patch_focusing(1e-5)[0] - 1
    assert first - 1 == pytest.approx(limit, rel=1e-3)
    assert abs((second - 1) / (10 * limit) - 1) > abs((first - 1) / limit - 1)


def test_large_patch_focuses_as_the_edge_of_a_half_plane() -> None:
    off = [BlockedPatch.solve(r).focusing / closed_form.blocked_patch_focusing(r)[1] - 1 for r in (1e3, 1e4, 1e5)]
    assert off[0] > off[1] > off[2] > 0
    assert off[2] < 1e-4


def test_flux_beside_a_large_patch_is_that_without_resistance() -> None:
    r = np.array([1.2, 1.5, 2.0, 5.0])
    errors = [
        np.abs(BlockedPatch.solve(ratio).flux(r - 1) - closed_form.blocked_patch_flux(r)).max() for ratio in (1e3, 1e4)
    ]
    assert errors[1] < 0.15 * errors[0] < 0.01


@pytest.mark.parametrize("ratio", [0.3, 20.0])
def test_what_the_patch_does_not_take_all_crosses_beside_it(ratio: float) -> None:
    """∫ (k − 1) 2πr dr = π: far away both sides are one conductor, which no charge builds up in."""
    t = np.geomspace(1e-9, 1e4, 4000)
    more = BlockedPatch.solve(ratio).flux(t) - 1
    assert np.trapezoid(2 * (1 + t) * more, t) == pytest.approx(1.0, abs=2e-3)


def test_flux_of_any_ring_is_that_which_all_rings_drive() -> None:
    """The potential at a place, from the flux at all others by a quadrature of its own, drives the flux there."""
    ratio, at = 1.5, 1.3
    patch = BlockedPatch.solve(ratio)

    def driven(low: float, high: float, flux: Callable[[float], float]) -> float:
        def source(r: float) -> float:
            return flux(r) * 2 / np.pi * r / (at + r) * ellipk(4 * at * r / (at + r) ** 2)

        return float(quad(source, low, high, epsrel=1e-7)[0])

    def outside(r: float) -> float:
        return float(patch.flux(np.array([r - 1]))[0]) - 1

    ends = [1.0, at, 3.0, 100.0, 1e4]
    potential = driven(0, 1, lambda r: -1.0) + sum(driven(*pair, outside) for pair in pairwise(ends))
    assert -ratio * potential == pytest.approx(outside(at), rel=1e-5)
