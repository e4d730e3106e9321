"""The augmented Lagrangian against an independent exact solver of the same discrete problem."""

from __future__ import annotations

import numpy as np
import oracle
import pytest
from builders import LENGTH, Blocks, film_mesh


def bumps(x: np.ndarray) -> np.ndarray:
    """An initial gap of two unequal bumps [m]."""
    return 2e-4 * LENGTH * (1 - np.cos(4 * np.pi * x[0] / LENGTH)) + 1e-4 * x[0]


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("dimension", [2, 3])
@pytest.mark.parametrize("approach", [1e-4, 1e-3], ids=["few touch", "most touch"])
def test_pressure_is_that_of_bounds_on_the_gap(dimension: int, approach: float, order: int) -> None:
    elements = 32 if dimension == 2 else 8 // order
    blocks = Blocks(film_mesh(dimension, elements), collector="held", gap=bumps, order=order)
    blocks.contact.close()
    blocks.move_collector(-approach * LENGTH)
    pressure = blocks.contact.pressure
    exact = oracle.pressure(blocks)
    touching = np.count_nonzero(pressure)
    assert 0 < touching < len(pressure) or approach > 5e-4
    np.testing.assert_allclose(pressure, exact, rtol=0, atol=1e-7 * exact.max())
