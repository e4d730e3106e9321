"""The mesh of a film, on as many ranks as the tests are run with."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import numpy as np
import pytest
import ufl
from dolfinx import fem
from dolfinx.mesh import entities_to_geometry
from mpi4py import MPI
from scipy.spatial import cKDTree

from interstice import meshes
from interstice.meshes import roughness, stack
from interstice.meshes.compat import geometry_nodes
from interstice.meshes.grading import estimated_elements
from interstice.meshes.tagged import TaggedMesh
from interstice.schema import Film

COMM = MPI.COMM_WORLD
INTERFACE = ("electrode", "electrolyte")
SELF_AFFINE = {"kind": "self_affine", "rms": "50 nm"}
LENGTH, WIDTH, ELECTRODE, ELECTROLYTE = 3e-6, 2e-6, 1e-6, 2e-6


def film(dimension: int, **changes: object) -> Film:
    keys: dict[str, object] = {
        "builder": "film",
        "dimension": dimension,
        "length": "3 um",
        "electrode_thickness": "1 um",
        "electrolyte_thickness": "2 um",
        "element_size": "0.1 um" if dimension == 2 else "0.3 um",
    }
    if dimension == 3:
        keys["width"] = "2 um"
    return Film.model_validate(keys | changes)


def build(geometry: Film) -> TaggedMesh:
    return meshes.build(COMM, geometry, Path())[0]


def integral(tagged: TaggedMesh, kind: str, tag: int) -> float:
    """Size of the cells (kind dx) or boundary facets (ds) with `tag`."""
    tags = tagged.cell_tags if kind == "dx" else tagged.facet_tags
    measure = ufl.Measure(kind, domain=tagged.mesh, subdomain_data=tags)(tag)
    one = fem.Constant(tagged.mesh, 1.0)
    return COMM.allreduce(fem.assemble_scalar(fem.form(one * measure)))


def nodes(tagged: TaggedMesh, tag: int) -> np.ndarray:
    """Coordinates of all nodes, on any rank, of the facets with `tag`, in ascending order."""
    mesh, facets = tagged.mesh, tagged.facet_tags.find(tag)
    dim = mesh.topology.dim
    local = np.empty((0, 3))
    if len(facets):  # entities_to_geometry crashes without entities
        mesh.topology.create_connectivity(dim - 1, dim)
        local = mesh.geometry.x[np.unique(entities_to_geometry(mesh, dim - 1, facets))]
    return np.unique(np.concatenate(COMM.allgather(local)), axis=0)


@pytest.mark.parametrize("dimension", [2, 3])
def test_sides_interface_and_boundaries_have_tags_of_their_own(dimension: int) -> None:
    tagged = build(film(dimension))
    lateral = {"left", "right"} if dimension == 2 else {"left", "right", "front", "back"}
    assert set(tagged.sides) == {"electrode", "electrolyte"}
    assert set(tagged.interfaces) == {INTERFACE}
    assert set(tagged.boundaries) == {"collector", "counter"} | lateral
    facet_tags = [*tagged.interfaces.values(), *tagged.boundaries.values()]
    assert len(set(facet_tags)) == len(facet_tags)


@pytest.mark.also_on_ranks(2, 3)
@pytest.mark.parametrize("dimension", [2, 3])
@pytest.mark.parametrize("roughness_as", ["gap", "profile"])
def test_interface_is_every_facet_between_the_sides_and_no_other(dimension: int, roughness_as: str) -> None:
    tagged = build(film(dimension, roughness=SELF_AFFINE, roughness_as=roughness_as))
    topology = tagged.mesh.topology
    topology.create_connectivity(dimension - 1, dimension)
    cells_of = topology.connectivity(dimension - 1, dimension)
    facets = topology.index_map(dimension - 1)
    marked = set(tagged.facet_tags.find(tagged.interfaces[INTERFACE]))
    side = tagged.cell_tags.values
    found = 0
    for facet in range(facets.size_local + facets.num_ghosts):
        cells = cells_of.links(facet)
        if len(cells) == 2:
            assert (facet in marked) == (side[cells[0]] != side[cells[1]])
            found += facet in marked and facet < facets.size_local
        elif facet < facets.size_local:
            assert facet not in marked, "the owner of an interface facet sees both of its cells"
    assert COMM.allreduce(found) >= 30


@pytest.mark.also_on_ranks(3)
@pytest.mark.parametrize("dimension", [2, 3])
@pytest.mark.parametrize("lateral", ["symmetric", "periodic"])
def test_sizes_of_sides_and_boundaries_are_those_of_the_film(dimension: int, lateral: str) -> None:
    tagged = build(film(dimension, lateral=lateral))
    width = 1.0 if dimension == 2 else WIDTH
    assert integral(tagged, "dx", tagged.sides["electrode"]) == pytest.approx(LENGTH * width * ELECTRODE, rel=1e-12)
    assert integral(tagged, "dx", tagged.sides["electrolyte"]) == pytest.approx(LENGTH * width * ELECTROLYTE, rel=1e-12)
    total = ELECTRODE + ELECTROLYTE
    expected = {"collector": LENGTH * width, "counter": LENGTH * width, "left": total * width, "right": total * width}
    if dimension == 3:
        expected |= {"front": total * LENGTH, "back": total * LENGTH}
    found = {name: integral(tagged, "ds", tag) for name, tag in tagged.boundaries.items()}
    assert found == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("dimension", [2, 3])
def test_boundaries_lie_where_their_names_say(dimension: int) -> None:
    tagged = build(film(dimension))
    height = dimension - 1
    places = {"collector": (height, ELECTRODE), "counter": (height, -ELECTROLYTE), "left": (0, 0), "right": (0, LENGTH)}
    if dimension == 3:
        places |= {"front": (1, 0), "back": (1, WIDTH)}
    for name, (axis, value) in places.items():
        assert nodes(tagged, tagged.boundaries[name])[:, axis] == pytest.approx(value, abs=1e-18), name
    assert nodes(tagged, tagged.interfaces[INTERFACE])[:, height] == pytest.approx(0, abs=1e-18)


@pytest.mark.also_on_ranks(3)
@pytest.mark.parametrize("dimension", [2, 3])
def test_mesh_follows_the_heights_and_keeps_its_outer_faces(dimension: int) -> None:
    geometry = film(dimension, roughness=SELF_AFFINE, roughness_as="profile")
    heights = roughness.from_case(geometry, Path())[INTERFACE]
    tagged, profiles = meshes.build(COMM, geometry, Path())
    left_over = profiles[INTERFACE]
    points = nodes(tagged, tagged.interfaces[INTERFACE])
    lateral, height = points[:, : dimension - 1].T, points[:, dimension - 1]
    assert np.ptp(height) > 2 * heights.rms
    np.testing.assert_allclose(height, heights(*lateral), rtol=0, atol=1e-15)
    assert nodes(tagged, tagged.boundaries["collector"])[:, dimension - 1] == pytest.approx(ELECTRODE, abs=1e-18)
    assert nodes(tagged, tagged.boundaries["counter"])[:, dimension - 1] == pytest.approx(-ELECTROLYTE, abs=1e-18)
    assert left_over.rms == 0
    assert np.all(meshes.initial_gap(left_over)(*lateral) == 0)


@pytest.mark.also_on_ranks(3)
@pytest.mark.parametrize("dimension", [2, 3])
@pytest.mark.parametrize("roughness_as", ["gap", "profile"])
def test_opposite_sides_of_a_periodic_film_carry_matching_nodes(dimension: int, roughness_as: str) -> None:
    tagged = build(film(dimension, lateral="periodic", roughness=SELF_AFFINE, roughness_as=roughness_as))
    for low, high, shift in [("left", "right", (LENGTH, 0, 0)), ("front", "back", (0, WIDTH, 0))][: dimension - 1]:
        first, second = (nodes(tagged, tagged.boundaries[name]) for name in (low, high))
        distance, partner = cKDTree(second).query(first + shift)
        assert distance.max() < 1e-9 * LENGTH
        assert sorted(partner) == list(range(len(second)))


@pytest.mark.parametrize("dimension", [2, 3])
def test_elements_are_fine_at_the_interface_and_coarse_away(dimension: int) -> None:
    geometry = film(dimension, length="1 um", element_size="50 nm" if dimension == 2 else "0.1 um")
    tagged = build(geometry)
    mesh = tagged.mesh
    owned = np.arange(mesh.topology.index_map(dimension).size_local, dtype=np.int32)
    size = mesh.h(dimension, owned)
    height = np.abs(mesh.geometry.x[geometry_nodes(mesh)[owned], dimension - 1].mean(axis=1))
    size, height = (np.concatenate(COMM.allgather(part)) for part in (size, height))
    near = size[height < 2 * geometry.element_size]
    # The size of a cell is its longest edge.
    assert geometry.element_size < np.median(near) < 1.8 * geometry.element_size
    assert size.max() > 1.8 * np.median(near)


@pytest.mark.parametrize("dimension", [2, 3])
def test_estimate_of_elements_is_near_their_number(dimension: int) -> None:
    geometry = film(dimension, element_size="30 nm" if dimension == 2 else "0.15 um")
    cells = build(geometry).mesh.topology.index_map(dimension).size_global
    assert sum(estimated_elements(stack.from_case(geometry)).values()) == pytest.approx(cells, rel=0.25)


@pytest.mark.skipif(COMM.size > 1, reason="the partitioner may number differently")
@pytest.mark.parametrize("dimension", [2, 3])
def test_two_builds_give_the_same_bits(dimension: int) -> None:
    geometry = film(dimension, roughness=SELF_AFFINE, roughness_as="profile")
    first, second = build(geometry), build(geometry)
    assert np.array_equal(first.mesh.geometry.x, second.mesh.geometry.x)
    assert np.array_equal(geometry_nodes(first.mesh), geometry_nodes(second.mesh))
    assert np.array_equal(first.facet_tags.values, second.facet_tags.values)


@pytest.mark.also_on_ranks(2)
def test_heights_that_would_squeeze_elements_flat_are_refused_on_every_rank() -> None:
    with pytest.raises(ValueError, match=r"geometry\.element_size: .* lower the rms height"):
        build(film(2, roughness={"kind": "self_affine", "rms": "2 um"}, roughness_as="profile"))


def print_digest() -> None:
    """Print a digest of the nodes of a mesh, whatever their order."""
    mesh = build(film(3, roughness=SELF_AFFINE, roughness_as="profile")).mesh
    points = np.unique(np.concatenate(COMM.allgather(mesh.geometry.x)), axis=0)
    if COMM.rank == 0:
        print(hashlib.sha256(points.tobytes()).hexdigest())


def test_nodes_do_not_depend_on_the_number_of_ranks(mpi_run, capsys: pytest.CaptureFixture[str]) -> None:
    print_digest()
    alone = capsys.readouterr().out
    assert mpi_run([__file__, "digest"], ranks=2) == alone


def print_partition() -> None:
    """Print a digest of the cells of each rank, in their order."""
    mesh = build(film(3, roughness=SELF_AFFINE, roughness_as="profile")).mesh
    parts = COMM.gather(mesh.topology.original_cell_index)
    if COMM.rank == 0:
        print(hashlib.sha256(np.concatenate(parts).tobytes()).hexdigest())


def test_ranks_get_the_same_cells_in_every_run(mpi_run) -> None:
    assert len({mpi_run([__file__, "partition"], ranks=2) for _ in range(3)}) == 1


if __name__ == "__main__":
    {"digest": print_digest, "partition": print_partition}[sys.argv[1]]()
