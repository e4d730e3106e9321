"""Particles in a matrix: where they lie and their mesh, on as many ranks as the tests are run with."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mpi4py import MPI
from pydantic import ValidationError
from scipy import stats
from test_film import integral, nodes

from interstice import meshes
from interstice.meshes.compat import geometry_nodes
from interstice.meshes.grading import estimated_elements_among
from interstice.meshes.packing import Packing, _diameters, element_sizes, pack
from interstice.meshes.particles import build
from interstice.meshes.tagged import TaggedMesh
from interstice.schema import Particles
from interstice.solver.domain import Domain

COMM = MPI.COMM_WORLD
INTERFACE = ("electrode", "electrolyte")
LENGTH, WIDTH, HEIGHT, SEPARATOR = 20e-6, 12e-6, 18e-6, 4e-6


def particles(dimension: int, **changes: object) -> Particles:
    keys: dict[str, object] = {
        "builder": "particles",
        "dimension": dimension,
        "length": "20 um",
        "height": "18 um",
        "separator": "4 um",
        "mean_diameter": "5 um",
        "diameter_deviation": "0.8 um",
        "element_size": "0.4 um" if dimension == 2 else "0.8 um",
        "spacing": "0.5 um",
    }
    if dimension == 3:
        keys["width"] = "12 um"
    if "count" not in changes:
        keys["volume_fraction"] = 0.3
    return Particles.model_validate(keys | changes)


def mesh(geometry: Particles) -> TaggedMesh:
    return meshes.build(COMM, geometry, Path())[0]


def room(dimension: int) -> float:
    return LENGTH * (1.0 if dimension == 2 else WIDTH) * (HEIGHT - SEPARATOR)


@pytest.mark.parametrize(("dimension", "volume_fraction"), [(2, 0.2), (2, 0.4), (3, 0.15), (3, 0.3)])
def test_particles_keep_their_distances_and_stay_above_the_separator(dimension: int, volume_fraction: float) -> None:
    packing = pack(particles(dimension, volume_fraction=volume_fraction))
    pairs = np.triu_indices(len(packing.radii), 1)
    along = packing.centres[pairs[0]] - packing.centres[pairs[1]]
    apart = np.linalg.norm(along, axis=1) - packing.radii[pairs[0]] - packing.radii[pairs[1]]
    assert apart.min() >= 0.5e-6
    below, above = packing.centres - packing.radii[:, None], packing.size - packing.centres - packing.radii[:, None]
    assert above.min() >= 0.5e-6 * (1 - 1e-9)
    assert below[:, :-1].min() >= 0.5e-6 * (1 - 1e-9)
    assert below[:, -1].min() >= SEPARATOR * (1 - 1e-9)


@pytest.mark.parametrize("dimension", [2, 3])
@pytest.mark.parametrize("volume_fraction", [0.1, 0.2, 0.3])
def test_volume_fraction_is_within_half_a_particle_of_the_one_asked_for(dimension: int, volume_fraction: float) -> None:
    packing = pack(particles(dimension, volume_fraction=volume_fraction))
    volumes = np.pi * packing.radii**2 if dimension == 2 else 4 / 3 * np.pi * packing.radii**3
    assert packing.volume_fraction == pytest.approx(volumes.sum() / room(dimension), rel=1e-12)
    assert abs(packing.volume_fraction - volume_fraction) * room(dimension) <= volumes.max() / 2


def test_diameters_have_the_mean_and_the_deviation_asked_for() -> None:
    geometry = particles(2, count=400, length="400 um", height="200 um")
    diameters = 2 * pack(geometry).radii
    assert len(diameters) == 400
    assert diameters.mean() == pytest.approx(5e-6, rel=4 * 0.16 / 20)
    assert diameters.std() == pytest.approx(0.8e-6, rel=0.15)
    assert np.log(diameters / 1e-6).std() == pytest.approx(0.1590, rel=0.15)


def test_broad_diameters_are_log_normal_about_their_mean() -> None:
    """A deviation as large as the mean: the median is 1/√2 of it, and ln d deviates by √ln 2."""
    geometry = particles(2, count=1000, mean_diameter="5 um", diameter_deviation="5 um")
    drawn = np.concatenate([_diameters(geometry, 1.0, np.random.default_rng(seed)) for seed in range(4)])
    assert drawn.mean() == pytest.approx(5e-6, rel=4 / np.sqrt(4000))
    assert np.median(drawn) == pytest.approx(5e-6 / np.sqrt(2), rel=0.07)
    assert np.log(drawn).std() == pytest.approx(np.sqrt(np.log(2)), rel=0.05)
    assert stats.kstest(np.log(drawn), stats.norm(np.log(5e-6 / np.sqrt(2)), np.sqrt(np.log(2))).cdf).pvalue > 0.01


def test_particles_without_deviation_are_all_alike() -> None:
    packing = pack(particles(2, count=7, diameter_deviation=None))
    assert packing.radii == pytest.approx(np.full(7, 2.5e-6), rel=1e-12)


def test_sparse_particles_are_as_likely_here_as_there() -> None:
    """A particle alone is anywhere in its room: mean and variance of a uniform distribution."""
    places = np.array(
        [pack(particles(2, count=1, diameter_deviation=None, seed=seed)).centres[0] for seed in range(400)]
    )
    low, high = np.array([3e-6, 6.5e-6]), np.array([17e-6, 15e-6])
    share = (places - low) / (high - low)
    np.testing.assert_allclose(share.mean(axis=0), 0.5, atol=4 / np.sqrt(12 * 400))
    np.testing.assert_allclose(share.var(axis=0), 1 / 12, rtol=0.2)


def test_seed_alone_decides_where_particles_are() -> None:
    first, same, other = (pack(particles(3, seed=seed)) for seed in (1, 1, 2))
    assert np.array_equal(first.centres, same.centres)
    assert np.array_equal(first.radii, same.radii)
    assert not np.allclose(first.radii[:5], other.radii[:5], rtol=1e-3)


@pytest.mark.also_on_ranks(3)
@pytest.mark.parametrize("dimension", [2, 3])
def test_sides_interface_and_boundaries_are_where_their_names_say(dimension: int) -> None:
    geometry = particles(dimension, count=4)
    tagged, packing = mesh(geometry), pack(geometry)
    assert set(tagged.sides) == set(INTERFACE)
    assert list(tagged.interfaces) == [INTERFACE]
    distance = packing.distance(nodes(tagged, tagged.interfaces[INTERFACE])[:, :dimension])
    assert distance.max() < 1e-9 * LENGTH
    places = {
        "left": (0, 0.0),
        "right": (0, LENGTH),
        "counter": (dimension - 1, 0),
        "collector": (dimension - 1, HEIGHT),
    }
    if dimension == 3:
        places |= {"front": (1, 0.0), "back": (1, WIDTH)}
    assert set(tagged.boundaries) == set(places)
    for name, (axis, value) in places.items():
        assert nodes(tagged, tagged.boundaries[name])[:, axis] == pytest.approx(value, abs=1e-9 * LENGTH), name
    width = 1.0 if dimension == 2 else WIDTH
    assert integral(tagged, "ds", tagged.boundaries["counter"]) == pytest.approx(LENGTH * width, rel=1e-12)
    assert integral(tagged, "ds", tagged.boundaries["left"]) == pytest.approx(HEIGHT * width, rel=1e-12)
    total = sum(integral(tagged, "dx", tag) for tag in tagged.sides.values())
    assert total == pytest.approx(LENGTH * width * HEIGHT, rel=1e-12)


@pytest.mark.also_on_ranks(3)
@pytest.mark.parametrize("dimension", [2, 3])
def test_cells_of_the_electrode_are_those_inside_the_particles(dimension: int) -> None:
    geometry = particles(dimension, count=4)
    tagged, packing = mesh(geometry), pack(geometry)
    middles = tagged.mesh.geometry.x[geometry_nodes(tagged.mesh)].mean(axis=1)[:, :dimension]
    distances = np.linalg.norm(middles[:, None] - packing.centres, axis=2)
    inside = np.any(distances < packing.radii, axis=1)
    electrode = tagged.cell_tags.values == tagged.sides["electrode"]
    # a cell of the matrix that lies along a facet may have its middle between the facet and the arc
    assert not np.any(electrode & ~inside)
    bulge = np.any(distances < packing.radii - geometry.element_size**2 / (4 * packing.radii), axis=1)
    assert not np.any(bulge & ~electrode)


def errors_of_one(dimension: int, element_size: float) -> tuple[float, float]:
    """Return what the volume and the surface of a particle of radius 1 µm lack, relatively."""
    one = Packing(np.full((1, dimension), 2e-6), np.array([1e-6]), (4e-6,) * dimension, 0.0)
    tagged = build(COMM, one, element_size, 0.5e-6)
    interface = Domain(tagged).interfaces[INTERFACE]
    volume = integral(tagged, "dx", tagged.sides["electrode"])
    surface = interface.sum(np.ones_like(interface.areas.x.array))
    exact = (np.pi * 1e-12, 2 * np.pi * 1e-6) if dimension == 2 else (4 / 3 * np.pi * 1e-18, 4 * np.pi * 1e-12)
    return 1 - volume / exact[0], 1 - surface / exact[1]


@pytest.mark.parametrize("dimension", [pytest.param(2, marks=pytest.mark.also_on_ranks(3)), 3])
def test_volume_and_surface_are_those_of_the_particle_to_second_order(dimension: int) -> None:
    coarse, fine = (np.array(errors_of_one(dimension, size)) for size in (0.25e-6, 0.125e-6))
    assert np.all(coarse > 0)
    assert np.all(coarse < (0.02 if dimension == 2 else 0.04))
    np.testing.assert_allclose(np.log2(coarse / fine), 2.0, atol=0.3)


@pytest.mark.also_on_ranks(3)
@pytest.mark.parametrize("dimension", [2, 3])
def test_description_counts_the_particles_and_compares_their_volume_with_that_of_the_mesh(dimension: int) -> None:
    tagged, profiles = meshes.build(COMM, particles(dimension, count=4), Path())
    profile = profiles[INTERFACE]
    assert profile.rms == profile.peak == 0
    found = re.fullmatch(
        r"flat; 4 particles of [\d.]+ to [\d.]+ um, volume fraction (0\.\d{3}) \((0\.\d{3}) as meshed\)",
        profile.description,
    )
    assert found
    assert float(found[1]) == pytest.approx(pack(particles(dimension, count=4)).volume_fraction, abs=5e-4)
    meshed = integral(tagged, "dx", tagged.sides["electrode"]) / room(dimension)
    assert float(found[2]) == pytest.approx(meshed, abs=5.1e-4)


@pytest.mark.also_on_ranks(3)
@pytest.mark.parametrize("dimension", [2, 3])
def test_interface_is_every_facet_between_particles_and_matrix(dimension: int) -> None:
    tagged = mesh(particles(dimension, count=4))
    topology = tagged.mesh.topology
    topology.create_connectivity(dimension - 1, dimension)
    cells_of = topology.connectivity(dimension - 1, dimension)
    marked = set(tagged.facet_tags.find(tagged.interfaces[INTERFACE]))
    side = tagged.cell_tags.values
    found = 0
    for facet in range(topology.index_map(dimension - 1).size_local):
        between = len(set(side[cells_of.links(facet)])) == 2
        assert between == (facet in marked)
        found += between
    assert COMM.allreduce(found) >= 100


@pytest.mark.parametrize("dimension", [2, 3])
def test_estimate_of_elements_is_near_their_number(dimension: int) -> None:
    geometry = particles(dimension, element_size="0.2 um" if dimension == 2 else "0.7 um")
    cells = mesh(geometry).mesh.topology.index_map(dimension).size_global
    assert sum(estimated_elements_among(pack(geometry), *element_sizes(geometry))) == pytest.approx(cells, rel=0.25)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"count": 3, "volume_fraction": 0.3}, "volume_fraction or count is needed, and not both"),
        ({"volume_fraction": None}, "volume_fraction or count is needed, and not both"),
        ({"separator": "18 um"}, "separator must be below the height, 1.8e-05 m"),
        ({"lateral": "periodic"}, "lateral"),
    ],
)
def test_what_contradicts_itself_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        particles(2, **changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"volume_fraction": 0.8},
            r"volume_fraction: \d+ particles at 0\.\d+ of .* still overlap by .* 0\.5 um and more",
        ),
        ({"count": 16, "spacing": "1 um"}, r"count: 16 particles .* lower count or spacing"),
        ({"mean_diameter": "14 um", "count": 1}, r"mean_diameter: a particle of .* does not fit .* 0\.5 um"),
        ({"mean_diameter": "0.05 um", "element_size": "10 nm"}, r"mean_diameter: about .* at most 1000"),
        ({"element_size": "2 um"}, r"element_size: the smallest particle is [\d.]+ um across; at most [\d.]+ um"),
        ({"coarse_size": "0.1 um"}, r"coarse_size: 1e-07 m is below"),
        (
            {"dimension": 3, "element_size": "5 nm"},
            r"element_size: about .* cells .* \(5 nm over .*\), at most 20,000,000",
        ),
    ],
)
def test_what_cannot_be_meshed_is_refused_under_its_key(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=rf"geometry\.{message}"):
        meshes.check(particles(**{"dimension": 2} | changes), Path(), 2e7)


def print_counts() -> None:
    """Print the numbers of vertices, cells and facets of each tag of two meshes."""
    for dimension in (2, 3):
        tagged = mesh(particles(dimension, count=4))
        topology = tagged.mesh.topology
        topology.create_entities(dimension - 1)
        counts = [topology.index_map(dim).size_global for dim in (0, dimension - 1, dimension)]
        for dim, tags in ((dimension, tagged.cell_tags), (dimension - 1, tagged.facet_tags)):
            owned = tags.values[tags.indices < topology.index_map(dim).size_local]
            counts += COMM.allreduce(np.bincount(owned, minlength=12)).tolist()
        if COMM.rank == 0:
            print(counts)


def test_counts_do_not_depend_on_the_number_of_ranks(mpi_run, capsys: pytest.CaptureFixture[str]) -> None:
    print_counts()
    alone = capsys.readouterr().out
    for ranks in (2, 3):
        assert mpi_run([__file__], ranks=ranks) == alone


if __name__ == "__main__":
    print_counts()
