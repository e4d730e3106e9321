"""Orders of convergence of every coupled block, coarse; and that they would tell a wrong equation."""

from __future__ import annotations

import numpy as np
import pytest
from mpi4py import MPI

from interstice.benchmarks import manufactured
from interstice.benchmarks.manufactured import Options
from interstice.solver.physics import diffusion

COARSE = Options(elements=8, levels=3, steps=32)


def test_every_block_converges_with_second_order_in_space_and_time() -> None:
    result = manufactured.run(COARSE, MPI.COMM_WORLD)
    assert abs(result.errors["order"]) <= 0.12
    judged = {key.rpartition(" in ")[::2] for key in result.exact}
    assert {("diffusion: c", "time"), ("kinetics: j", "space"), ("binary electrolyte: c_s", "time")} <= judged
    assert result.errors["order"] == max((result.computed[key] - 2.0 for key in result.exact), key=abs)


def test_a_wrong_flux_does_not_converge(monkeypatch: pytest.MonkeyPatch) -> None:
    right = diffusion.flux
    monkeypatch.setattr(diffusion, "flux", lambda *arguments: 0.9 * right(*arguments))
    errors = []
    for level in (0, 2):
        problem = manufactured.BLOCKS["diffusion"].build(COARSE, manufactured._domain(COARSE, MPI.COMM_WORLD, level, 1))
        problem.solve_in_space()
        errors.append(problem.errors()["c"])
    assert np.log2(errors[0] / errors[1]) / 2 < 1.0
