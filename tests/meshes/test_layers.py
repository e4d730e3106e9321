"""The mesh of a stack of layers, on as many ranks as the tests are run with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mpi4py import MPI
from pydantic import ValidationError
from scipy.spatial import cKDTree
from test_film import integral, nodes

from interstice import meshes
from interstice.meshes import roughness, stack
from interstice.meshes.grading import estimated_elements
from interstice.meshes.tagged import TaggedMesh
from interstice.schema import Layers

COMM = MPI.COMM_WORLD
LENGTH, WIDTH = 3e-6, 2e-6
THICKNESSES = {"anode": 1e-6, "separator": 0.5e-6, "coating": 0.3e-6, "cathode": 2e-6}
INTERFACES = [("cathode", "coating"), ("coating", "separator"), ("separator", "anode")]
HEIGHTS = [1.8e-6, 1.5e-6, 1e-6]
TOTAL = 3.8e-6
ROUGH = {
    "cathode/coating": {"kind": "sinusoidal", "amplitude": "40 nm", "wavelength": "1 um"},
    "anode/separator": {"kind": "self_affine", "rms": "20 nm"},
}


def layers(dimension: int, **changes: object) -> Layers:
    keys: dict[str, object] = {
        "builder": "layers",
        "dimension": dimension,
        "length": "3 um",
        "layers": [{"name": name, "thickness": f"{thickness} m"} for name, thickness in THICKNESSES.items()],
        "element_size": "0.1 um" if dimension == 2 else "0.3 um",
    }
    if dimension == 3:
        keys["width"] = "2 um"
    return Layers.model_validate(keys | changes)


def build(geometry: Layers) -> TaggedMesh:
    return meshes.build(COMM, geometry, Path())[0]


def test_coarse_sizes_may_be_given_by_layer_and_are_a_third_of_each_otherwise() -> None:
    def sizes(**changes: object) -> dict[str, float]:
        return {layer.name: layer.coarse_size for layer in stack.from_case(layers(2, **changes)).layers}

    # no layer is coarser than a third of it, nor finer than the interface
    assert sizes() == pytest.approx({"anode": 1e-6 / 3, "separator": 0.5e-6 / 3, "coating": 1e-7, "cathode": 2e-6 / 3})
    given = {"anode": "0.3 um", "separator": "0.1 um", "coating": "0.2 um", "cathode": "1 um"}
    assert sizes(coarse_size=given) == {"anode": 3e-7, "separator": 1e-7, "coating": 2e-7, "cathode": 1e-6}
    assert sizes(coarse_size="0.2 um") == dict.fromkeys(THICKNESSES, 2e-7)


@pytest.mark.also_on_ranks(2, 3)
@pytest.mark.parametrize("dimension", [2, 3])
@pytest.mark.parametrize("lateral", ["symmetric", "periodic"])
def test_sizes_of_layers_interfaces_and_boundaries_are_those_of_the_stack(dimension: int, lateral: str) -> None:
    tagged = build(layers(dimension, lateral=lateral))
    width = 1.0 if dimension == 2 else WIDTH
    volumes = {name: integral(tagged, "dx", tag) for name, tag in tagged.sides.items()}
    assert volumes == pytest.approx({name: LENGTH * width * t for name, t in THICKNESSES.items()}, rel=1e-12)
    expected = dict.fromkeys(("collector", "counter"), LENGTH * width) | dict.fromkeys(("left", "right"), TOTAL * width)
    if dimension == 3:
        expected |= dict.fromkeys(("front", "back"), TOTAL * LENGTH)
    areas = {name: integral(tagged, "ds", tag) for name, tag in tagged.boundaries.items()}
    assert areas == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("dimension", [2, 3])
def test_sides_and_interfaces_are_in_order_from_the_top_down(dimension: int) -> None:
    tagged, profiles = meshes.build(COMM, layers(dimension), Path())
    assert list(tagged.sides) == list(reversed(THICKNESSES))
    assert list(tagged.interfaces) == INTERFACES
    assert set(profiles) == set(INTERFACES)


@pytest.mark.parametrize("dimension", [2, 3])
def test_interfaces_and_boundaries_lie_where_their_names_say(dimension: int) -> None:
    tagged = build(layers(dimension))
    axis = dimension - 1
    places = {"collector": (axis, TOTAL), "counter": (axis, 0), "left": (0, 0), "right": (0, LENGTH)}
    if dimension == 3:
        places |= {"front": (1, 0), "back": (1, WIDTH)}
    for name, (along, value) in places.items():
        assert nodes(tagged, tagged.boundaries[name])[:, along] == pytest.approx(value, abs=1e-18), name
    for pair, height in zip(INTERFACES, HEIGHTS, strict=True):
        assert nodes(tagged, tagged.interfaces[pair])[:, axis] == pytest.approx(height, abs=1e-18), pair


@pytest.mark.also_on_ranks(2, 3)
@pytest.mark.parametrize("dimension", [2, 3])
def test_each_interface_is_every_facet_between_its_upper_and_its_lower_side(dimension: int) -> None:
    tagged = build(layers(dimension))
    topology = tagged.mesh.topology
    topology.create_connectivity(dimension - 1, dimension)
    cells_of = topology.connectivity(dimension - 1, dimension)
    facets = topology.index_map(dimension - 1)
    tags = {tag: frozenset(tagged.sides[name] for name in pair) for pair, tag in tagged.interfaces.items()}
    marked = dict(zip(tagged.facet_tags.indices, tagged.facet_tags.values, strict=True))
    side = tagged.cell_tags.values
    found = dict.fromkeys(tags, 0)
    for facet in range(facets.size_local + facets.num_ghosts):
        between = frozenset(side[cells_of.links(facet)])
        if len(between) == 2:
            assert tags[marked[facet]] == between
            found[marked[facet]] += facet < facets.size_local
        elif len(cells_of.links(facet)) == 2:
            assert facet not in marked
    assert all(COMM.allreduce(count) >= 30 for count in found.values())


@pytest.mark.also_on_ranks(2, 3)
@pytest.mark.parametrize("dimension", [2, 3])
@pytest.mark.parametrize("lateral", ["symmetric", "periodic"])
def test_mesh_follows_the_heights_of_each_interface_between_its_neighbours(dimension: int, lateral: str) -> None:
    geometry = layers(dimension, roughness=ROUGH, roughness_as="profile", lateral=lateral)
    heights = roughness.from_case(geometry, Path())
    tagged, left_over = meshes.build(COMM, geometry, Path())
    for pair, level in zip(INTERFACES, HEIGHTS, strict=True):
        points = nodes(tagged, tagged.interfaces[pair])
        lateral_place, height = points[:, : dimension - 1].T, points[:, dimension - 1]
        np.testing.assert_allclose(height, level + heights[pair](*lateral_place), rtol=0, atol=1e-15)
        assert (np.ptp(height) > 1e-8) == (pair != ("coating", "separator"))
        assert np.all(meshes.initial_gap(left_over[pair])(*lateral_place) == 0)
    for name, level in (("collector", TOTAL), ("counter", 0.0)):
        assert nodes(tagged, tagged.boundaries[name])[:, dimension - 1] == pytest.approx(level, abs=1e-18)
    total = sum(integral(tagged, "dx", tag) for tag in tagged.sides.values())
    assert total == pytest.approx(TOTAL * LENGTH * (1.0 if dimension == 2 else WIDTH), rel=1e-12)


WAVES = {"kind": "sinusoidal", "amplitude": "30 nm", "wavelength": "1.5 um"}


@pytest.mark.also_on_ranks(3)
@pytest.mark.parametrize("dimension", [2, 3])
def test_mesh_follows_a_profile_while_the_roughness_is_a_gap_on_it(dimension: int) -> None:
    """The interface with both, the one with a profile alone, the one with a gap alone."""
    geometry = layers(dimension, roughness=ROUGH, profile={"coating/cathode": WAVES, "coating/separator": WAVES})
    alone = roughness.from_case(layers(dimension, roughness={"cathode/coating": WAVES}), Path())[INTERFACES[0]]
    gaps = roughness.from_case(geometry, Path())
    tagged, profiles = meshes.build(COMM, geometry, Path())
    for pair, level in zip(INTERFACES, HEIGHTS, strict=True):
        points = nodes(tagged, tagged.interfaces[pair])
        place, height = points[:, : dimension - 1].T, points[:, dimension - 1]
        followed = alone(*place) if "coating" in pair else 0.0
        np.testing.assert_allclose(height, level + followed, rtol=0, atol=1e-15)
        np.testing.assert_array_equal(
            meshes.initial_gap(profiles[pair])(*place), meshes.initial_gap(gaps[pair])(*place)
        )
    assert [profiles[pair].rms > 0 for pair in INTERFACES] == [True, False, True]
    assert "followed by the mesh, and on it sinusoidal" in profiles[INTERFACES[0]].description


@pytest.mark.parametrize("dimension", [2, 3])
def test_opposite_sides_of_a_periodic_stack_carry_matching_nodes(dimension: int) -> None:
    tagged = build(layers(dimension, lateral="periodic", roughness=ROUGH, roughness_as="profile"))
    for low, high, shift in [("left", "right", (LENGTH, 0, 0)), ("front", "back", (0, WIDTH, 0))][: dimension - 1]:
        first, second = (nodes(tagged, tagged.boundaries[name]) for name in (low, high))
        distance, partner = cKDTree(second).query(first + shift)
        assert distance.max() < 1e-9 * LENGTH
        assert sorted(partner) == list(range(len(second)))


def test_roughness_that_the_mesh_does_not_follow_is_the_gap_of_its_interface() -> None:
    profiles = meshes.build(COMM, layers(2, roughness=ROUGH), Path())[1]
    assert [profiles[pair].rms > 0 for pair in INTERFACES] == [True, False, True]
    x = np.linspace(0, LENGTH, 101)
    gap = meshes.initial_gap(profiles["cathode", "coating"])(x)
    np.testing.assert_allclose(gap, 40e-9 * (1 - np.cos(2e6 * np.pi * x)), rtol=0, atol=1e-20)


@pytest.mark.parametrize("dimension", [2, 3])
def test_estimate_of_elements_is_near_their_number(dimension: int) -> None:
    geometry = layers(dimension, element_size="30 nm" if dimension == 2 else "0.15 um")
    cells = build(geometry).mesh.topology.index_map(dimension).size_global
    assert sum(estimated_elements(stack.from_case(geometry)).values()) == pytest.approx(cells, rel=0.25)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"layers": [{"name": "anode", "thickness": "1 um"}]}, "at least 2"),
        ({"layers": [{"name": "anode", "thickness": "1 um"}] * 2}, "names of their own.*: anode"),
        ({"layers": [{"name": name, "thickness": "1 um"} for name in ("a/b", "c")]}, "name must be letters.*'a/b'"),
        (
            {"roughness": {"cathode/anode": {"kind": "flat"}}},
            "'cathode/anode' .* allowed: cathode/coating, coating/sep",
        ),
        ({"roughness": {key: {"kind": "flat"} for key in ("anode/separator", "separator/anode")}}, "given twice"),
    ],
)
def test_layers_that_cannot_be_stacked_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        layers(2, **changes)


def test_what_is_wrong_with_a_roughness_is_said_under_its_interface() -> None:
    wrong = {"separator/anode": {"kind": "sinusoidal", "amplitude": "1 nm", "wavelength": "0.15 um"}}
    with pytest.raises(ValueError, match=r"geometry\.roughness\.separator/anode\.wavelength: 0\.15 um is below"):
        meshes.check(layers(2, roughness=wrong), Path())


@pytest.mark.also_on_ranks(2, 3)
def test_heights_that_would_squeeze_a_layer_flat_are_refused_on_every_rank() -> None:
    high = {"coating/separator": {"kind": "self_affine", "rms": "0.3 um"}}
    with pytest.raises(ValueError, match=r"geometry: .* lower the rms height"):
        build(layers(2, roughness=high, roughness_as="profile"))
