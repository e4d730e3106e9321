"""Sides and interfaces: who is '+', what is read where."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import ufl
from builders import LENGTH, SIDES, constant, film_mesh, inclined, rotation, tiny_case
from dolfinx import fem
from dolfinx.mesh import GhostMode, create_box, create_rectangle, locate_entities, locate_entities_boundary, meshtags
from mpi4py import MPI

from interstice.meshes import particles
from interstice.meshes.compat import geometry_nodes
from interstice.meshes.packing import Packing
from interstice.meshes.tagged import TaggedMesh
from interstice.solver.domain import Domain, Interface, Side
from interstice.solver.model import Model

pytestmark = pytest.mark.also_on_ranks(2, 3)

COMM = MPI.COMM_WORLD
MESHES = {
    "film 2D": lambda: film_mesh(2),
    "film 3D": lambda: film_mesh(3, 2),
    "periodic film 2D": lambda: film_mesh(2, lateral="periodic"),
    "inclined film 2D": lambda: inclined(film_mesh(2)),
    "inclined film 3D": lambda: inclined(film_mesh(3, 2)),
    "squares": lambda: squares(),
    "cubes": lambda: cubes(),
}


def squares() -> TaggedMesh:
    """A structured mesh whose electrode lies below and right of an electrolyte, along a staircase."""
    mesh = create_rectangle(COMM, [(0, 0), (LENGTH, LENGTH)], [6, 6], ghost_mode=GhostMode.shared_facet)
    return tag(mesh, lambda x: x[1] - x[0] < 0.1 * LENGTH)


def cubes() -> TaggedMesh:
    mesh = create_box(COMM, [(0, 0, 0), (LENGTH,) * 3], [3, 3, 3], ghost_mode=GhostMode.shared_facet)
    return tag(mesh, lambda x: x[2] + x[0] < 1.1 * LENGTH)


def tag(mesh: object, in_electrode: Callable[[np.ndarray], np.ndarray]) -> TaggedMesh:
    """Tag the cells whose midpoints are in the electrode 1, the others 2, the facets between them 3, the top 4."""
    tdim = mesh.topology.dim
    mesh.topology.create_entities(tdim - 1)
    mesh.topology.create_connectivity(tdim - 1, tdim)
    cells = mesh.topology.index_map(tdim)
    cells = np.arange(cells.size_local + cells.num_ghosts, dtype=np.int32)
    midpoints = mesh.geometry.x[geometry_nodes(mesh)].mean(axis=1).T
    sides = np.where(in_electrode(midpoints), 1, 2).astype(np.int32)
    links = mesh.topology.connectivity(tdim - 1, tdim)
    between = [f for f in range(links.num_nodes) if len(set(sides[links.links(f)])) == 2]
    top = locate_entities_boundary(mesh, tdim - 1, lambda x: np.isclose(x[tdim - 1], LENGTH))
    facets = np.concatenate([between, top]).astype(np.int32)
    values = np.repeat([3, 4], [len(between), len(top)]).astype(np.int32)
    order = np.argsort(facets)
    return TaggedMesh(
        mesh,
        meshtags(mesh, tdim, cells, sides),
        meshtags(mesh, tdim - 1, facets[order], values[order]),
        {"electrode": 1, "electrolyte": 2},
        {SIDES: 3},
        {"top": 4},
    )


@pytest.fixture(scope="module", params=MESHES)
def tagged(request: pytest.FixtureRequest) -> TaggedMesh:
    return MESHES[request.param]()


@pytest.fixture(scope="module")
def domain(tagged: TaggedMesh) -> Domain:
    return Domain(tagged)


@pytest.fixture(scope="module")
def reversed_domain(tagged: TaggedMesh) -> Domain:
    """The same mesh, its interface named from the electrolyte to the electrode."""
    return Domain(replace(tagged, interfaces={SIDES[::-1]: tagged.interfaces[SIDES]}))


def linear(domain: Domain, slope: tuple[float, ...], offset: float) -> Callable[[np.ndarray], np.ndarray]:
    """Return x → offset + slope · x/LENGTH as interpolate() wants it."""
    return lambda x: offset + np.array(slope[: domain.dimension]) @ x[: domain.dimension] / LENGTH


def test_first_side_of_an_interface_is_plus(domain: Domain, reversed_domain: Domain) -> None:
    for one in (domain, reversed_domain):
        (interface,) = one.interfaces.values()
        value = {}
        for number, name in enumerate(SIDES, start=1):
            value[name] = fem.Function(one.sides[name].space())
            value[name].x.array[:] = number
        plus, minus = (value[side.name] for side in (interface.plus, interface.minus))
        assert (interface.plus.name, interface.minus.name) == interface.name
        expected = {"electrode": 1.0, "electrolyte": 2.0}
        for expression, side in ((plus("+"), interface.plus), (minus("-"), interface.minus)):
            assert np.all(interface.reader(expression).read() == pytest.approx(expected[side.name], rel=1e-14))


def test_normal_points_from_the_first_side_to_the_second(domain: Domain, reversed_domain: Domain) -> None:
    for one in (domain, reversed_domain):
        (interface,) = one.interfaces.values()
        middles = {side.name: middle_of_cells(side) for side in one.sides.values()}
        across = interface.jump(middles) / LENGTH
        # the mean over the facets of a node is 1 only if it is 1 on each of them
        ahead = interface.reader(ufl.sign(ufl.inner(across, ufl.FacetNormal(one.mesh)("+")))).read()
        assert np.all(ahead == pytest.approx(1.0, rel=1e-14))


def middle_of_cells(side: Side) -> fem.Function:
    """Return the piecewise constant function whose value is the centre of each cell."""
    mesh = side.mesh
    middles = fem.Function(fem.functionspace(mesh, ("DG", 0, (mesh.geometry.dim,))))
    middles.x.array[:] = mesh.geometry.x[geometry_nodes(mesh)].mean(axis=1)[:, : mesh.geometry.dim].ravel()
    return middles


@pytest.mark.parametrize("dimension, elements", [(2, 4), (3, 2)])
def test_nodal_normal_of_an_inclined_plane_is_that_of_the_plane(dimension: int, elements: int) -> None:
    interface = Domain(inclined(film_mesh(dimension, elements))).interfaces[SIDES]
    expected = -rotation(dimension)[:dimension, dimension - 1]
    for normal in interface.normal.x.array.reshape(-1, dimension):
        np.testing.assert_allclose(normal, expected, atol=1e-14)


def bent(tagged: TaggedMesh, height: Callable[[np.ndarray], np.ndarray]) -> Interface:
    """Lift all nodes of a film by a function of their coordinates over its length; return its interface."""
    x = tagged.mesh.geometry.x
    x[:, tagged.mesh.topology.dim - 1] += LENGTH * height(x.T / LENGTH)
    return Domain(tagged).interfaces[SIDES]


def unit(vector: np.ndarray) -> np.ndarray:
    return vector / np.linalg.norm(vector)


@pytest.mark.parametrize("dimension, elements", [(2, 4), (3, 3)])
def test_normals_at_symmetric_ends_have_nothing_along_the_axis_and_all_others_stay(
    dimension: int, elements: int
) -> None:
    slopes = np.array([0.3, 0.2])[: dimension - 1]
    interface = bent(film_mesh(dimension, elements), lambda x: np.tensordot(slopes, x[: dimension - 1], 1))
    for axis in range(dimension - 1):
        interface.continue_normals(axis, periodic=False)
    points = interface.space.tabulate_dof_coordinates() / LENGTH
    for point, found in zip(points, interface.normal.x.array.reshape(-1, dimension), strict=True):
        inside = np.abs(point[: dimension - 1] - 0.5) < 0.499
        np.testing.assert_allclose(found, unit(np.append(slopes * inside, -1.0)), rtol=0, atol=1e-12)


def test_normals_at_periodic_ends_are_the_mean_of_both() -> None:
    interface = bent(film_mesh(2, 8, lateral="periodic"), lambda x: 0.8 * (x[0] ** 2 - x[0]) * (x[0] + 1))
    own = interface.gathered(interface.normal.x.array.reshape(-1, 2))
    interface.continue_normals(0, periodic=True)
    x = interface.gathered(interface.space.tabulate_dof_coordinates())[:, 0] / LENGTH
    found, ends = interface.gathered(interface.normal.x.array.reshape(-1, 2)), np.isin(np.round(x, 9), (0.0, 1.0))
    mean = unit(own[ends].sum(axis=0))
    assert abs(mean[0]) > 0.1
    np.testing.assert_allclose(found[ends], [mean, mean], rtol=0, atol=1e-12)
    np.testing.assert_array_equal(found[~ends], own[~ends])


@pytest.mark.parametrize("lateral", ["symmetric", "periodic"])
def test_a_cell_continues_its_normals_as_its_sides_do(lateral: str) -> None:
    rough = "geometry.roughness={kind: self_affine, rms: 20 nm, long_cutoff: 2 um, short_cutoff: 1 um}"
    loaded = tiny_case(rough, "geometry.roughness_as=profile", f"geometry.lateral={lateral}")
    (interface,) = Model(loaded.case, loaded.materials, loaded.folder, COMM).domain.interfaces.values()
    x = interface.gathered(interface.space.tabulate_dof_coordinates())[:, 0]
    along = interface.gathered(interface.normal.x.array.reshape(-1, 2))[np.argsort(x), 0]
    assert along[0] == pytest.approx(along[-1], rel=1e-9)
    assert (abs(along[0]) > 1e-3) == (lateral == "periodic") and (along[0] == 0.0) == (lateral == "symmetric")


@pytest.mark.parametrize("dimension", [2, 3])
def test_nodal_normal_of_a_particle_is_radial_on_any_mesh(dimension: int) -> None:
    """Else a particle that slides could turn, driven by what is but an error of its normals."""
    packing = Packing(np.full((1, dimension), 0.5e-6), np.array([0.3e-6]), (1e-6,) * dimension, 0.0)
    interface = Domain(particles.build(MPI.COMM_WORLD, packing, 0.15e-6, 0.3e-6)).interfaces["electrode", "electrolyte"]
    radial = interface.space.tabulate_dof_coordinates()[:, :dimension] - 0.5e-6
    radial /= np.linalg.norm(radial, axis=1, keepdims=True)
    np.testing.assert_allclose(interface.normal.x.array.reshape(-1, dimension), radial, rtol=0, atol=1e-12)


def test_nodal_areas_add_up_to_the_area_of_the_interface(domain: Domain) -> None:
    interface = domain.interfaces[SIDES]
    mesh = interface.mesh
    owned = mesh.topology.index_map(mesh.topology.dim).size_local
    corners = mesh.geometry.x[geometry_nodes(mesh)[:owned]]
    edges = corners[:, 1:] - corners[:, :1]
    gram = np.einsum("fik,fjk->fij", edges, edges)
    exact = COMM.allreduce(np.sqrt(np.linalg.det(gram)).sum()) / (1 if mesh.topology.dim == 1 else 2)
    assert interface.sum(np.ones_like(interface.areas.x.array)) == pytest.approx(exact, rel=1e-13, abs=0)
    assert interface.max(-interface.areas.x.array) < 0


def test_reader_reproduces_linear_functions_of_both_sides(domain: Domain) -> None:
    interface = domain.interfaces[SIDES]
    slopes = {"electrode": ((3.0, -2.0, 5.0), 1.0), "electrolyte": ((-1.0, 4.0, 2.0), -7.0)}
    values = {}
    for name, (slope, offset) in slopes.items():
        values[name] = fem.Function(domain.sides[name].space())
        values[name].interpolate(linear(domain, slope, offset))
    x = interface.space.tabulate_dof_coordinates().T
    exact = {name: linear(domain, *slopes[name])(x) for name in slopes}
    for side in domain.sides.values():
        read = interface.reader(interface.restrict(values[side.name], side)).read()
        np.testing.assert_allclose(read, exact[side.name], rtol=0, atol=1e-13)
    jump = interface.reader(interface.jump(values)).read()
    np.testing.assert_allclose(jump, exact["electrolyte"] - exact["electrode"], rtol=0, atol=1e-13)


def test_reader_of_a_vector_reads_each_component_and_the_gradient_of_its_side(domain: Domain) -> None:
    interface, dimension = domain.interfaces[SIDES], domain.dimension
    values = fem.Function(domain.sides["electrolyte"].space(1, (dimension,)))
    values.interpolate(lambda x: np.array([(1 + i) * x[0] - x[1] for i in range(dimension)]) / LENGTH)
    x = interface.space.tabulate_dof_coordinates() / LENGTH
    read = interface.reader(values("-")).read().reshape(-1, dimension)
    for i in range(dimension):
        np.testing.assert_allclose(read[:, i], (1 + i) * x[:, 0] - x[:, 1], rtol=0, atol=1e-13)
    gradient = interface.reader(ufl.grad(values)("-")[dimension - 1, 0] * LENGTH).read()
    np.testing.assert_allclose(gradient, dimension, rtol=0, atol=1e-12)


def test_interface_functions_are_read_back_at_their_nodes(domain: Domain) -> None:
    """A nodal function as a coefficient on the parent's dS meets its own nodes, whatever the facets' orientation."""
    interface = domain.interfaces[SIDES]
    values = interface.function("values")
    values.interpolate(linear(domain, (3.0, 7.0, -2.0), 1.0))
    np.testing.assert_allclose(interface.reader(values("+")).read(), values.x.array, rtol=0, atol=1e-13)


def test_sum_and_max_are_those_of_the_whole_interface(domain: Domain) -> None:
    interface = domain.interfaces[SIDES]
    x = interface.space.tabulate_dof_coordinates()[:, 0]
    points = np.concatenate(COMM.allgather(x[: interface.space.dofmap.index_map.size_local]))
    assert interface.max(x) == points.max()
    assert interface.max(-x) == -points.min()
    area = interface.sum(np.ones_like(x))
    form = domain.form(ufl.SpatialCoordinate(domain.mesh)[0] * interface.dS)
    assert interface.sum(x) == pytest.approx(domain.integrate(form), abs=1e-13 * area * LENGTH)


def test_boundary_dofs_are_all_nodes_of_the_boundary_and_no_others() -> None:
    for dimension, elements in ((2, 4), (3, 2)):
        domain = Domain(film_mesh(dimension, elements))
        faces = {
            "left": (0, 0.0, SIDES),
            "right": (0, LENGTH, SIDES),
            "collector": (dimension - 1, LENGTH, SIDES[:1]),
            "counter": (dimension - 1, -LENGTH, SIDES[1:]),
        }
        if dimension == 3:
            faces |= {"front": (1, 0.0, SIDES), "back": (1, LENGTH, SIDES)}
        assert faces.keys() == domain.boundaries.keys()
        for name, side in domain.sides.items():
            space = side.space()
            x = space.tabulate_dof_coordinates()
            for boundary, (axis, place, belongs_to) in faces.items():
                on_face = np.isclose(x[:, axis], place, rtol=0, atol=1e-9 * LENGTH) & (name in belongs_to)
                owned = space.dofmap.index_map.size_local
                found = domain.boundary_dofs(space, side, boundary)
                np.testing.assert_array_equal(np.sort(found[found < owned]), np.flatnonzero(on_face[:owned]))


def test_volumes_and_boundary_areas_are_those_of_the_bodies() -> None:
    domain = Domain(film_mesh(2))
    for side in domain.sides.values():
        volume = domain.integrate(domain.form(constant(domain, 1.0) * domain.dx(side)))
        assert volume == pytest.approx(LENGTH**2, rel=1e-12, abs=0)
    assert domain.area("collector") == pytest.approx(LENGTH, rel=1e-12, abs=0)
    assert domain.area("left") == pytest.approx(2 * LENGTH, rel=1e-12, abs=0)


def test_facets_that_do_not_lie_between_the_two_sides_are_refused() -> None:
    tagged = film_mesh(2)
    counter = tagged.boundaries["counter"]
    with pytest.raises(ValueError, match="interface electrode/electrolyte: some of its facets do not lie between"):
        Domain(replace(tagged, interfaces={SIDES: counter}))

    inside = locate_entities(tagged.mesh, 1, lambda x: x[1] >= 0)
    wrong = meshtags(tagged.mesh, 1, inside, np.full(len(inside), 3, dtype=np.int32))
    with pytest.raises(ValueError, match="interface electrode/electrolyte: some of its facets do not lie between"):
        Domain(replace(tagged, facet_tags=wrong, interfaces={SIDES: 3}))
