"""Coarse runs of the benchmark of partial slip against the targets that hold at any resolution."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from mpi4py import MPI

from interstice.benchmarks import partial_slip
from interstice.benchmarks.blocks import Blocks, Box
from interstice.benchmarks.options import ContactMethod
from interstice.benchmarks.report import Result


def run(**inputs: Any) -> Result:
    return partial_slip.run(partial_slip.Options(**inputs), MPI.COMM_WORLD)


@pytest.mark.parametrize(
    "inputs, loss",
    [
        ({"dimension": 2, "elements": 24, "load_ratio": 0.3, "steps": 2}, 0.03),
        ({"dimension": 2, "load_ratio": 0.8, "steps": 2, "friction": 0.8, "poisson": 0.2}, 0.06),
        ({"dimension": 3, "elements": 5, "steps": 2}, 0.2),
    ],
    ids=["cylinder", "cylinder near sliding", "sphere"],
)
def test_core_that_sticks_is_cattaneos_and_mindlins(inputs: dict[str, Any], loss: float) -> None:
    result = run(**inputs)
    assert result.computed["load_ratio"] == pytest.approx(inputs.get("load_ratio", 0.5), rel=2e-3)
    assert result.errors["stick_radius"] <= 0.03
    by_area = result.computed["stick_radius_by_area [m]"] / result.exact["stick_radius [m]"]
    assert by_area == pytest.approx(1.0, abs=1.5 / result.inputs["elements"])
    assert result.errors["traction_l2"] <= 1.1 * result.errors["interpolant_l2"]
    assert result.errors["friction_loss"] <= loss
    assert result.errors["ledger"] <= 1e-6


def test_equal_blocks_that_are_pressed_do_not_slip() -> None:
    """So that the pull begins without shear, as the closed form has it; only the mesh far away is not symmetric."""
    size = "0.0156 + 0.1 * Fabs(Sqrt(x*x + y*y) - 0.3)"
    mesh = Box(2, 8e-6, 8e-6, 8e-6, [size], core=(2e-6, 2e-6), core_elements=16, mirrored=True)
    blocks = Blocks(
        mesh.mesh(MPI.COMM_WORLD),
        2 * ((10e9, 0.3),),
        ContactMethod(),
        lambda x: x[0] ** 2 / 4e-5,
        4e6,
        lateral="free",
        friction=0.3,
    )
    blocks.press()
    friction = blocks.friction
    assert friction is not None
    assert 5 < blocks.contact.active.x.array.sum() < len(blocks.contact.active.x.array)
    assert not np.any(friction.slipping.x.array)
    assert np.abs(friction.traction).max() < 1e-3 * 0.3 * blocks.contact.pressure.max()
