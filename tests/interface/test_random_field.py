"""Random fields: what their values are distributed like, over which length they change, and that the place decides."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from interstice.solver.interface import random_field

LENGTH = 2e-6
FAR = np.linspace(0, 3000 * LENGTH, 9001)
"""Places along a line of thousands of correlation lengths."""
FIELDS = {
    "weibull": (random_field.weibull, (3.0,), stats.weibull_min(3.0, scale=1 / 0.8929795115692493)),  # Γ(4/3)
    "log-normal": (random_field.log_normal, (1.0,), stats.lognorm(np.sqrt(np.log(2)), scale=1 / np.sqrt(2))),
    "uniform": (random_field.uniform, (), stats.uniform()),
}
"""Each with its parameters and the distribution with these, of mean 1 (uniform: over 0 … 1)."""


@pytest.fixture(scope="module")
def values() -> dict[str, np.ndarray]:
    return {name: make(*words, LENGTH, 4)(FAR) for name, (make, words, _) in FIELDS.items()}


@pytest.mark.parametrize("name", FIELDS)
def test_values_have_the_distribution_and_its_mean_and_deviation(name: str, values: dict[str, np.ndarray]) -> None:
    found, wanted = values[name], FIELDS[name][2]
    assert stats.kstest(found, wanted.cdf).statistic < 0.03
    assert found.mean() == pytest.approx(wanted.mean(), rel=0.04)
    assert found.std() == pytest.approx(wanted.std(), rel=0.1)
    assert wanted.mean() == pytest.approx(0.5 if name == "uniform" else 1.0, rel=1e-12)


def gaussian(values: dict[str, np.ndarray]) -> np.ndarray:
    return stats.norm.ppf(values["uniform"])


@pytest.mark.parametrize("lag", [1, 2, 3, 6])
def test_correlation_falls_as_a_gaussian_of_the_correlation_length(lag: int, values: dict[str, np.ndarray]) -> None:
    u = gaussian(values)
    distance = lag * (FAR[1] - FAR[0])
    found = np.mean(u[lag:] * u[:-lag]) / np.mean(u**2)
    assert found == pytest.approx(np.exp(-((distance / LENGTH) ** 2)), abs=0.05)


def test_what_is_weak_by_one_distribution_is_weak_by_all(values: dict[str, np.ndarray]) -> None:
    """Each is a rising function of the same Gaussian field."""
    order = np.argsort(values["uniform"])
    assert all(np.all(np.diff(found[order]) >= 0.0) for found in values.values())


def test_a_period_shifts_no_wave() -> None:
    """Waves go to the nearest that fits the period P, so that correlation has a factor of sin(πr/P)/(πr/P)."""
    period, far = 4 * LENGTH, FAR[::6]
    here, there = (stats.norm.ppf(random_field.uniform(LENGTH, 5, [period])(x + 0 * far, far)) for x in (0.0, LENGTH))
    expected = np.exp(-1) * np.sinc(LENGTH / period)
    assert np.mean(here * there) == pytest.approx(expected, abs=0.05)


def test_correlation_is_the_same_in_all_directions() -> None:
    field = random_field.uniform(LENGTH, 8)
    along, angle = np.linspace(0, 400 * LENGTH, 3000), np.radians([0, 45, 90])
    here = stats.norm.ppf(field(along, np.zeros_like(along)))
    there = [stats.norm.ppf(field(along + LENGTH * np.cos(a), LENGTH * np.sin(a) + 0 * along)) for a in angle]
    np.testing.assert_allclose([np.mean(here * other) for other in there], np.exp(-1), atol=0.08)


def test_a_field_repeats_with_its_period_and_with_nothing_shorter() -> None:
    period = 15e-6
    field = random_field.log_normal(0.5, LENGTH, 3, [period])
    x, y = np.random.default_rng(0).uniform(0, period, (2, 60))
    np.testing.assert_allclose(field(x + period, y), field(x, y), rtol=1e-9)
    assert not np.allclose(field(x + period / 2, y), field(x, y), rtol=0.1)
    assert not np.allclose(field(x, y + period), field(x, y), rtol=0.1)


def test_a_periodic_field_has_the_distribution_of_any_other() -> None:
    """One period is too short for a mean: the line runs on along the other direction."""
    x = np.random.default_rng(0).uniform(0, 8 * LENGTH, len(FAR))
    found = random_field.log_normal(1.0, LENGTH, 4, [8 * LENGTH])(x, FAR)
    assert found.mean() == pytest.approx(1.0, rel=0.04)
    assert found.std() == pytest.approx(1.0, rel=0.1)


def test_a_value_depends_on_its_place_and_the_seed_alone() -> None:
    """Whatever other places are asked for with it, and in which order: as on other meshes and ranks."""
    x, y = np.random.default_rng(1).uniform(0, 20e-6, (2, 40))
    field = random_field.weibull(5.0, LENGTH, 7)
    all_at_once, order = field(x, y), np.random.default_rng(2).permutation(40)
    np.testing.assert_allclose(field(x[order], y[order]), all_at_once[order], rtol=1e-12)
    np.testing.assert_allclose([field(x[i : i + 1], y[i : i + 1])[0] for i in range(3)], all_at_once[:3], rtol=1e-12)
    assert np.array_equal(random_field.weibull(5.0, LENGTH, 7)(x, y), all_at_once)
    assert not np.allclose(random_field.weibull(5.0, LENGTH, 8)(x, y), all_at_once, rtol=0.01)
