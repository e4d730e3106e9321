"""One void as roughness: its depth and volume by geometry, where it lies, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from builders import tiny_case, tiny_cell
from mpi4py import MPI

from interstice import meshes
from interstice.meshes import film, roughness
from interstice.schema import Film
from interstice.schema.problems import CaseError

UM = 1e-6


def geometry(void: dict[str, Any], **keys: Any) -> Film:
    sides = {f"{side}_thickness": "10 um" for side in ("electrode", "electrolyte")}
    block = {"builder": "film", "length": "10 um", "element_size": "0.5 um", **sides, **keys}
    return Film.model_validate(block | {"roughness": {"kind": "void", **void}})


def gap(film: Film, *x: np.ndarray) -> np.ndarray:
    (profile,) = roughness.from_case(film, None).values()  # type: ignore[arg-type]  # no file is looked up
    return meshes.initial_gap(profile)(*x)


@pytest.mark.parametrize("shape, share", [("cap", None), ("ellipsoid", 2 / 3)])
@pytest.mark.parametrize("depth", [1e-3, 1.0, 3.0])
def test_a_void_has_the_volume_of_its_shape(shape: str, share: float | None, depth: float) -> None:
    """A cap has π d (3a² + d²)/6, of a sphere; half an ellipsoid two thirds of the cylinder about it."""
    void = {"radius": "3 um", "depth": f"{depth} um", "shape": shape}
    r = np.linspace(0.0, 10 * UM, 200_001)
    found = gap(geometry(void, axisymmetric=True), r)
    volume = np.trapezoid(2 * np.pi * r * found, r) / UM**3
    exact = np.pi * 9 * depth * share if share else np.pi * depth * (27 + depth**2) / 6
    assert volume == pytest.approx(exact, rel=1e-4)
    assert found[0] == pytest.approx(depth * UM, rel=1e-12)
    assert np.all(found[r >= 3 * UM] == 0.0) and np.all(found[r < 2.999 * UM] > 0.0)


def test_a_void_lies_in_the_middle_or_where_it_is_put_and_in_3d_it_is_round() -> None:
    void = {"radius": "2 um", "depth": "1 um"}
    x = np.linspace(0.0, 10 * UM, 101)
    assert x[np.argmax(gap(geometry(void), x))] == pytest.approx(5 * UM)
    moved = gap(geometry(void | {"centre": "2 um"}), x)
    assert x[np.argmax(moved)] == pytest.approx(2 * UM)
    solid = geometry(void | {"centre": ["2 um", "7 um"]}, dimension=3)
    angle = np.linspace(0.0, 2 * np.pi, 17)
    around = gap(solid, 2 * UM + 1.5 * UM * np.cos(angle), 7 * UM + 1.5 * UM * np.sin(angle))
    np.testing.assert_allclose(around, moved[np.argmin(np.abs(x - 3.5 * UM))], rtol=1e-9)


def test_a_void_at_a_periodic_side_goes_on_at_the_other() -> None:
    x = np.linspace(0.0, 10 * UM, 101)
    found = gap(geometry({"radius": "2 um", "depth": "1 um", "centre": "0.5 um"}, lateral="periodic"), x)
    assert found[0] == pytest.approx(found[-1]) == pytest.approx(found[10])
    assert found[90] > 0.0 and found[80] == 0.0


def test_where_the_mesh_follows_it_the_interface_dips_by_its_depth() -> None:
    box = geometry({"radius": "4 um", "depth": "1 um"}, roughness_as="profile")
    (profile,) = roughness.from_case(box, None).values()  # type: ignore[arg-type]
    points = film.build(MPI.COMM_WORLD, box, profile).mesh.geometry.x
    assert abs(points[np.argmin(np.hypot(points[:, 0] - 5 * UM, points[:, 1] + UM))][1] + UM) < 0.05 * UM


@pytest.mark.also_on_ranks(2, 3)
def test_the_gap_of_an_assembled_cell_is_the_void() -> None:
    cell = tiny_cell("geometry.roughness={kind: void, radius: 1 um, depth: 20 nm}", "geometry.axisymmetric=true")
    (face,) = cell.faces
    r, g = face.interface.space.tabulate_dof_coordinates()[:, 0], face.initial_gap.x.array
    sphere = (1e-12 + 4e-16) / 4e-8
    exact = np.where(r < 1e-6, np.sqrt(np.maximum(sphere**2 - r**2, 0.0)) - (sphere - 2e-8), 0.0)
    np.testing.assert_allclose(g, exact, rtol=0, atol=1e-9 * 2e-8 + 1e-20)


@pytest.mark.parametrize(
    "void, words",
    [
        (
            "radius: 100 nm, depth: 1 nm",
            r"roughness.radius = '100 nm': 0.1 um is below two interface elements, 0.25 um",
        ),
        ("radius: 1 um, depth: 1.1 um", "roughness.depth = '1.1 um': 1.1 um of a cap exceeds its radius"),
        ("radius: 500 nm, depth: 1 mm, shape: ellipsoid", "1000 um is as much as the thickness of electro"),
        ("radius: 3 um, depth: 1 nm", "roughness.radius = '3 um': 3 um leaves nothing of the interface"),
        ("radius: 1 um, depth: 1 nm, centre: 3 um", "roughness.centre = '3 um': 3 um is not on the interface"),
        ("radius: 1 um, depth: 1 nm, centre: [1 um, 1 um]", "a body of dimension 2 needs one position"),
        ("radius: 1 um, depth: 1 nm, shape: cone", "cap"),
        ("radius: 1 um", "depth"),
    ],
)
def test_a_void_that_cannot_be_is_refused_in_words(void: str, words: str) -> None:
    with pytest.raises(CaseError, match=words):
        tiny_case(f"geometry.roughness={{kind: void, {void}}}")
