"""What boundary elements know of a contact besides its pressure: its area between points, its stiffness."""

from __future__ import annotations

import numpy as np
import pytest

from interstice.benchmarks import rough
from interstice.solver.patch import boundary_elements

MODULUS = 10e9


def surface(points: int) -> rough.Surface:
    """The same waves on more points: 6.4 wave lengths of the shortest per edge."""
    inputs = {"elements": points, "order": 1, "length": 1.0, "rms": 1e-3, "seed": 2, "short_cutoff": 1 / 8}
    return rough.make_surface(rough.Options.model_validate(inputs))


def test_area_of_discs_counts_their_rims_in_part() -> None:
    x, y = np.meshgrid(*[np.arange(64) / 64] * 2, indexing="ij")
    rng = np.random.default_rng(1)
    plain, corrected = [], []
    for cx, cy, r in rng.uniform([0.4, 0.4, 0.1], [0.6, 0.6, 0.3], (200, 3)):
        # a point is taken for one in contact where any part of its square is
        near = np.hypot(np.maximum(abs(x - cx) - 1 / 128, 0.0), np.maximum(abs(y - cy) - 1 / 128, 0.0)) < r
        middle = np.hypot(x - cx, y - cy) < r
        assert near.sum() > middle.sum()
        plain.append(near.mean() / (np.pi * r * r) - 1)
        corrected.append(boundary_elements.share(near) / (np.pi * r * r) - 1)
    assert np.mean(plain) > 0.05
    assert np.mean(corrected) < np.mean(plain) - 0.02


@pytest.mark.parametrize("load", [0.1, 0.4])
def test_area_hardly_depends_on_the_number_of_points(load: float) -> None:
    shares, plain = [], []
    for points in (64, 256):
        here = surface(points)
        (found,) = boundary_elements.press(here.heights, 1.0, MODULUS, [load * MODULUS * here.slope])
        shares.append(boundary_elements.share(found.pressure > 0))
        plain.append(np.mean(found.pressure > 0))
    assert shares[0] == pytest.approx(shares[1], rel=0.01)
    assert plain[0] > 1.02 * shares[0]


def test_everything_and_nothing_has_no_rim() -> None:
    everything = np.ones((16, 16), dtype=bool)
    assert boundary_elements.share(everything) == 1.0 and boundary_elements.share(~everything) == 0.0
    assert boundary_elements.stiffness(everything, 1.0, MODULUS) == np.inf


@pytest.mark.parametrize("load", [0.05, 0.4])
def test_stiffness_is_what_the_mean_gap_answers_to_a_little_more_pressure(load: float) -> None:
    here = surface(96)
    pressures = [load * MODULUS * here.slope * factor for factor in (0.995, 1.0, 1.005)]
    less, found, more = boundary_elements.press(here.heights, 1.0, MODULUS, pressures)
    difference = (pressures[2] - pressures[0]) / (less.gap.mean() - more.gap.mean())
    assert boundary_elements.stiffness(found.pressure > 0, 1.0, MODULUS) == pytest.approx(difference, rel=5e-3)


def test_stiffness_of_a_stripe_is_that_of_the_wave_that_just_touches_there() -> None:
    """Westergaard: a wave in contact over a share s of its period has dp/dg = πE*/(2λ ln(1/sin(πs/2)))."""
    points, length, share = 512, 3.0, 0.25
    touching = np.zeros(points, dtype=bool)
    touching[: int(share * points)] = True
    exact = np.pi * MODULUS / (2 * length * np.log(1 / np.sin(np.pi * share / 2)))
    assert boundary_elements.stiffness(touching, length, MODULUS) == pytest.approx(exact, rel=0.01)
