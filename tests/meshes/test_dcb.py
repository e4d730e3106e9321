"""The two-armed specimen: sides, boundaries, sizes of elements."""

from __future__ import annotations

import numpy as np
import pytest
from mpi4py import MPI

from interstice.meshes.dcb import TwoArms, build
from interstice.solver.domain import Domain

ARMS = TwoArms(4e-3, 1e-4, (1e-3, 2e-3), 2e-5, 5e-5)
SOLID = TwoArms(2e-3, 1e-4, (0.5e-3, 1e-3), 5e-5, 1e-4, width=2e-4, layers=2)


@pytest.mark.parametrize("arms", [ARMS, SOLID], ids=["2D", "3D"])
def test_faces_have_the_areas_of_the_specimen(arms: TwoArms) -> None:
    domain = Domain(build(MPI.COMM_WORLD, arms))
    width = arms.width or 1.0
    assert domain.dimension == arms.dimension
    expected = dict.fromkeys(("top", "bottom"), arms.length * width)
    for end in ("left", "right"):
        expected |= {f"{side}_{end}": arms.thickness * width for side in arms.sides}
    if arms.dimension == 3:
        expected |= dict.fromkeys(("front", "back"), 2 * arms.length * arms.thickness)
    assert {name: domain.area(name) for name in domain.boundaries} == pytest.approx(expected, rel=1e-9)
    interface = domain.interfaces[arms.sides]
    assert interface.sum(np.ones_like(interface.areas.x.array)) == pytest.approx(arms.length * width, rel=1e-9)
    points = interface.space.tabulate_dof_coordinates()
    assert np.abs(points[:, arms.dimension - 1]).max() < 1e-12
    down = interface.normal.x.array.reshape(-1, arms.dimension)[:, -1]
    np.testing.assert_allclose(down, -1.0, rtol=1e-12)


def test_elements_are_of_one_size_in_the_fine_part_and_coarser_elsewhere() -> None:
    interface = Domain(build(MPI.COMM_WORLD, ARMS)).interfaces[ARMS.sides]
    x = np.sort(interface.space.tabulate_dof_coordinates()[:, 0])
    start, end = ARMS.fine
    fine = np.diff(x[(x >= start - 1e-9) & (x <= end + 1e-9)])
    np.testing.assert_allclose(fine, ARMS.element_size, rtol=1e-6)
    assert np.diff(x).max() == pytest.approx(ARMS.coarse_size, rel=0.1)


def test_sides_take_the_names_they_are_given() -> None:
    arms = TwoArms(2e-3, 1e-4, (0.5e-3, 1e-3), 5e-5, 1e-4, sides=("electrode", "electrolyte"))
    tagged = build(MPI.COMM_WORLD, arms)
    assert set(tagged.sides) == {"electrode", "electrolyte"}
    assert ("electrode", "electrolyte") in tagged.interfaces
    assert "electrode_left" in tagged.boundaries


def test_fine_part_beyond_the_specimen_is_refused() -> None:
    with pytest.raises(ValueError, match="not within the length"):
        build(MPI.COMM_WORLD, TwoArms(1e-3, 1e-4, (0.5e-3, 1.5e-3), 5e-5, 1e-4))
