"""A sphere under constant flux against Cheng and Verbrugge, and against a radial reference with stress-driven flux."""

from __future__ import annotations

from typing import Any

import pytest
from mpi4py import MPI

from interstice.benchmarks import sphere
from interstice.benchmarks.report import Result
from interstice.benchmarks.sphere import Options


def run(**inputs: Any) -> Result:
    return sphere.run(Options(**inputs), MPI.COMM_WORLD)


@pytest.mark.parametrize(
    "inputs",
    [{}, {"poisson_ratio": 0.4, "young_modulus": 300e9, "initial_stoichiometry": 0.7, "radius": 2e-6}],
    ids=["NMC", "stiffer and smaller"],
)
def test_hoop_stresses_are_those_of_the_sphere_with_and_without_stress_driven_flux(inputs: dict[str, Any]) -> None:
    result = run(elements=16, steps=20, **inputs)
    assert result.errors["stress"] <= 0.01
    # stress drives lithium inwards and so relieves itself
    assert 0 < result.computed["stress-driven centre [Pa]"] < 0.9 * result.computed["centre [Pa]"]


def test_stress_converges_under_refinement() -> None:
    coarse, fine = (run(elements=elements, steps=20).errors["stress"] for elements in (6, 24))
    assert fine < coarse / 4
