"""Sides, interfaces and measures of a tagged mesh: the one place that knows which side of a facet is '+'.

The parent mesh conforms on every interface. Each side is a submesh of the same dimension, each interface a submesh
one dimension lower, so that fields of two sides jump freely across their common surface. Weak forms are written on the
measures of the parent mesh (`Domain.dx`, `Domain.ds`, `Interface.dS`) and given `Domain.entity_maps` on compilation.

On every interface '+' is the first side of its name: for ``("electrode", "electrolyte")``, `f("+")` is the value on the
electrode and the normal `n("+")` leaves the electrode.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import ufl
from basix.ufl import blocked_element
from dolfinx import fem, la
from dolfinx.mesh import EntityMap, Mesh
from mpi4py import MPI
from scipy.spatial import cKDTree

from interstice.meshes.compat import extract_submesh, interior_facet_entities
from interstice.meshes.tagged import TaggedMesh

Indices = npt.NDArray[np.int32]

NODES: dict[tuple[int, int], tuple[tuple[str, int], dict[str, Any]]] = {
    (1, 1): (("Lagrange", 1), {"quadrature_rule": "vertex", "quadrature_degree": 1}),
    (1, 2): (("Lagrange", 1), {"quadrature_rule": "vertex", "quadrature_degree": 1}),
    (2, 1): (("Lagrange", 2), {"quadrature_rule": "GLL", "quadrature_degree": 3}),
    (2, 2): (
        ("CR", 1),
        {
            "quadrature_rule": "custom",
            "quadrature_degree": 2,
            "quadrature_points": ((0.5, 0.5), (0.0, 0.5), (0.5, 0.0)),
            "quadrature_weights": (1 / 6, 1 / 6, 1 / 6),
        },
    ),
}
"""The element and the quadrature rule of an interface, by the order of displacements and the dimension of its facets.

Each is the rule whose points are the nodes of the element and whose weights are the integrals of its basis: vertices
for linear displacements; for quadratic ones Simpson's rule on edges and the midpoints of the edges of triangles (the
corners have no weight there). So every node has a share of the area and a degree of freedom of the jump to itself.
"""

LATERAL = {"left": 0, "right": 0, "front": 1, "back": 1}
"""The axis across which each lateral boundary lies."""


class RadialMeasure(ufl.Measure):  # type: ignore[misc]  # UFL has no types
    """A measure of the half-plane (r, z) that integrates over the body of revolution: it multiplies by 2πr."""

    __slots__ = ("_circumference", "section")

    def __init__(self, section: ufl.Measure, circumference: Any) -> None:
        """Weigh the measure `section` of the half-plane by the UFL expression `circumference`, 2πr [m]."""
        super().__init__(
            section.integral_type(),
            section.ufl_domain(),
            section.subdomain_id(),
            section.metadata(),
            section.subdomain_data(),
        )
        self.section, self._circumference = section, circumference

    def reconstruct(self, *args: Any, **kwargs: Any) -> RadialMeasure:
        """Return the same with some properties of `section` replaced, as ufl.Measure does."""
        return RadialMeasure(self.section.reconstruct(*args, **kwargs), self._circumference)

    def __rmul__(self, integrand: Any) -> ufl.Form:
        return self._circumference * integrand * self.section


@dataclass(frozen=True)
class Side:
    """One side, or several that are bonded: a submesh and the maps between its cells and those of the parent mesh.

    `entity_map` is what forms need of them. `to_parent` has shape (local and ghost cells of the submesh,);
    `from_parent` (local and ghost cells of the parent), −1 outside the side.
    """

    name: str
    tag: int | tuple[int, ...]
    mesh: Mesh
    entity_map: EntityMap
    to_parent: Indices
    from_parent: Indices

    def space(self, degree: int = 1, shape: tuple[int, ...] = ()) -> fem.FunctionSpace:
        """Return the continuous Lagrange space of `degree` and value `shape` on this side."""
        return fem.functionspace(self.mesh, ("Lagrange", degree, shape))


@dataclass(frozen=True)
class Interface:
    """The common surface of two sides.

    `entities` has shape (facets, 4): cell and local facet on the '+' side, cell and local facet on the '−' side, for
    the facets this rank integrates over; `cells` are the cells of `mesh` that these facets are. Everything on the
    interface lives at its nodes: those of `space`, at which `dS` takes its values, so that an integral is a sum over
    nodes (see `NODES`).
    """

    name: tuple[str, str]
    tag: int
    plus: Side
    minus: Side
    mesh: Mesh
    entities: Indices
    cells: Indices
    dS: ufl.Measure
    space: fem.FunctionSpace
    entity_maps: list[EntityMap] = field(repr=False)

    def restrict(self, f: Any, side: Side) -> Any:
        """Return `f` on the interface as seen from `side`."""
        return f("+") if side is self.plus else f("-")

    def jump(self, values: dict[str, Any]) -> Any:
        """Return ⟦u⟧ = u('−' side) − u('+' side) of a field given per side name."""
        return values[self.minus.name]("-") - values[self.plus.name]("+")

    def function(self, name: str, shape: tuple[int, ...] = ()) -> fem.Function:
        """Return a new nodal function on the interface, zero everywhere."""
        element = self.space.ufl_element()
        space = self.space if not shape else fem.functionspace(self.mesh, blocked_element(element, shape))
        return fem.Function(space, name=name)

    def reader(self, expression: Any) -> NodalReader:
        """Return a reader of `expression` (restricted, scalar or vector) at the nodes of this interface."""
        return NodalReader(self, expression)

    @cached_property
    def areas(self) -> fem.Function:
        """The area that belongs to each node [m², in 2D m per unit depth]: the weights of the rule."""
        return self._integrals_of_basis(self.dS)

    @cached_property
    def spacing(self) -> fem.Function:
        """The distance between nodes [m]: the length of edge, or the root of the area, that each has to itself."""
        spacing = self._integrals_of_basis(self.dS.section if isinstance(self.dS, RadialMeasure) else self.dS)
        spacing.x.array[:] **= 1.0 / self.mesh.topology.dim
        return spacing

    @cached_property
    def normal(self) -> fem.Function:
        """The unit normal at each node, out of the '+' side: the mean of those of its facets.

        Weights are the areas or, where all nodes are corners of facets, those that are exact on circles and spheres:
        1/length in 2D and sin(angle)/(product of both edges) in 3D (N. Max, J. Graphics Tools 4, 1 (1999)). A round
        body that may slide could otherwise turn at no cost, driven by what is but an error of its normals.
        """
        dimension = self.mesh.geometry.dim
        normal = self.function("normal", (dimension,))
        test = ufl.TestFunction(normal.function_space)("+")
        facet_normal = ufl.FacetNormal(self.dS.ufl_domain())("+")
        _assemble_nodal(fem.form(ufl.inner(facet_normal, test) * self.dS, entity_maps=self.entity_maps), normal)
        vectors = normal.x.array.reshape(-1, dimension)
        nodes = self.space.dofmap.list[: self.mesh.topology.index_map(self.mesh.topology.dim).size_local]
        if nodes.shape[1] == dimension:
            towards = vectors[nodes].sum(axis=1)
            weighted = _weighted_normals(self.space.tabulate_dof_coordinates()[nodes, :dimension])
            vectors[:] = 0.0
            np.add.at(vectors, nodes, np.sign(np.einsum("fni,fi->fn", weighted, towards))[..., None] * weighted)
            normal.x.scatter_reverse(la.InsertMode.add)
            normal.x.scatter_forward()
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), np.finfo(float).tiny)
        return normal

    def _integrals_of_basis(self, measure: ufl.Measure) -> fem.Function:
        integrals = self.function("integrals_of_basis")
        form = fem.form(ufl.TestFunction(self.space)("+") * measure, entity_maps=self.entity_maps)
        _assemble_nodal(form, integrals)
        return integrals

    @property
    def owned(self) -> int:
        """The number of nodes that this rank owns; they come first in nodal arrays."""
        return int(self.space.dofmap.index_map.size_local)

    def count(self, chosen: npt.NDArray[np.bool_]) -> int:
        """Return over all ranks the nodes where `chosen` (shape (local and ghost nodes,)) is true."""
        return int(self.mesh.comm.allreduce(int(np.count_nonzero(chosen[: self.owned]))))

    def continue_normals(self, axis: int, periodic: bool) -> None:
        """Make the normals at the two ends of `axis` those of the surface continued beyond them.

        By reflection the component along the axis vanishes; with periodic ends partners get their common mean. A rough
        surface would otherwise have one-sided normals there. The ends are those of the sides.
        """
        comm = self.mesh.comm
        points = self.space.tabulate_dof_coordinates()
        vectors = self.normal.x.array.reshape(-1, self.mesh.geometry.dim)
        extent = np.concatenate([side.mesh.geometry.x[:, axis] for side in (self.plus, self.minus)])
        low = comm.allreduce(extent.min(initial=np.inf), op=MPI.MIN)
        high = comm.allreduce(extent.max(initial=-np.inf), op=MPI.MAX)
        near = 1e-6 * (high - low)
        ends = np.flatnonzero(np.minimum(points[:, axis] - low, high - points[:, axis]) < near)
        if periodic:
            places = np.delete(points, axis, axis=1)
            owned = ends[ends < self.owned]
            everywhere = comm.allgather((places[owned], vectors[owned]))
            tree = cKDTree(np.vstack([place for place, _ in everywhere]))
            every = np.vstack([vector for _, vector in everywhere])
            for end, partners in zip(ends, tree.query_ball_point(places[ends], near), strict=True):
                vectors[end] = every[partners].mean(axis=0)
        else:
            vectors[ends, axis] = 0.0
        vectors[ends] /= np.linalg.norm(vectors[ends], axis=1, keepdims=True)

    def sum(self, values: npt.NDArray[np.float64]) -> float:
        """Return Σ values · area over the nodes of all ranks; `values` has shape (local and ghost nodes,)."""
        return float(self.mesh.comm.allreduce(float(values[: self.owned] @ self.areas.x.array[: self.owned])))

    def max(self, values: npt.NDArray[np.float64], default: float = 0.0) -> float:
        """Return the largest of `values` (shape (local and ghost nodes,)) over all ranks, `default` without nodes."""
        owned = values[: self.owned]
        every = self.mesh.comm.allgather(float(owned.max()) if owned.size else None)
        return max((value for value in every if value is not None), default=default)


class NodalReader:
    """Reads an expression of fields of both sides at the nodes of an interface.

    The rule at the nodes makes the assembled vector ∫ expression · test dS the nodal values times the nodal areas.
    Where the expression differs between the facets of a node (gradients), the area-weighted mean is read.
    """

    def __init__(self, interface: Interface, expression: Any) -> None:
        self.values = interface.function("", ufl.as_ufl(expression).ufl_shape)
        test = ufl.TestFunction(self.values.function_space)("+")
        self._form = fem.form(ufl.inner(expression, test) * interface.dS, entity_maps=interface.entity_maps)
        self._areas = np.repeat(interface.areas.x.array, self.values.function_space.dofmap.bs)

    def read(self) -> npt.NDArray[np.float64]:
        """Evaluate at the present state; return the values, shape (local and ghost nodes × components,)."""
        _assemble_nodal(self._form, self.values)
        self.values.x.array[:] /= self._areas
        return self.values.x.array


def _weighted_normals(corners: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return a normal of each facet for each of its `corners` [m], shape (facets, corners, d), by what it counts there.

    The unit is arbitrary, and so is the sign.
    """
    one, other = (np.roll(corners, -shift, axis=1) - corners for shift in (1, 2))
    if corners.shape[1] == 2:
        tangent = one[:, :1] / np.sum(one[:, :1] ** 2, axis=-1, keepdims=True)
        return np.repeat(np.stack([-tangent[..., 1], tangent[..., 0]], axis=-1), 2, axis=1)
    squares = np.sum(one**2, axis=-1) * np.sum(other**2, axis=-1)
    scaled: npt.NDArray[np.float64] = np.cross(one, other) / squares[..., None]
    return scaled


def _assemble_nodal(form: fem.Form, target: fem.Function) -> None:
    """Assemble a linear form into `target` and bring its ghosts up to date."""
    target.x.array[:] = 0.0
    fem.assemble_vector(target.x.array, form)
    target.x.scatter_reverse(la.InsertMode.add)
    target.x.scatter_forward()


class CellMean:
    """The mean of an expression in each cell of a side, in `values`, piecewise constant."""

    def __init__(self, domain: Domain, side: Side, expression: Any) -> None:
        self.values = fem.Function(fem.functionspace(side.mesh, ("DG", 0)))
        test = ufl.TestFunction(self.values.function_space)
        integrands = expression, domain.constant(1.0)
        self._integrals, volumes = (domain.form(f * test * domain.dx(side)) for f in integrands)
        _assemble_nodal(volumes, self.values)
        self._volumes = np.copy(self.values.x.array)

    def read(self) -> npt.NDArray[np.float64]:
        """Evaluate at the present state; return the means, shape (local and ghost cells,)."""
        _assemble_nodal(self._integrals, self.values)
        self.values.x.array[:] /= self._volumes
        return self.values.x.array


class Domain:
    """A tagged mesh taken apart into sides and interfaces, with the measures that put weak forms on them."""

    def __init__(
        self,
        tagged: TaggedMesh,
        order: int = 1,
        axisymmetric: bool = False,
        bonded: Collection[tuple[str, str]] = (),
    ) -> None:
        """Take the mesh apart; `order` is that of the displacements whose jump the interfaces are to hold.

        `bonded` names interfaces across which displacements are continuous: `bodies` holds for each side what it is
        one body with, alone or with others.

        An `axisymmetric` domain is the half-plane (r, z), r ≥ 0, of a body of revolution: its integrals are over all
        of the body, so that forces are in N. It takes order 1 in 2D, ValueError for others: with quadratic
        displacements a node on the axis has no share of the area.
        """
        if axisymmetric and (order, tagged.mesh.topology.dim) != (1, 2):
            raise ValueError("axisymmetric: the mesh has to be of dimension 2 and the displacements of order 1")
        self.order = order
        self.mesh = tagged.mesh
        self.boundaries = tagged.boundaries
        self.facet_tags = tagged.facet_tags
        self.dimension = self.mesh.topology.dim
        tdim = self.dimension
        self.mesh.topology.create_connectivity(tdim - 1, tdim)
        self.mesh.topology.create_connectivity(tdim, tdim - 1)
        entities = {name: self._ordered_entities(tagged, name) for name in tagged.interfaces}

        self.sides = {name: self._side(tagged, [name]) for name in tagged.sides}
        self.bodies = dict(self.sides)
        for names in _connected(tagged.sides, bonded):
            if len(names) > 1:
                self.bodies |= dict.fromkeys(names, self._side(tagged, names))
        submeshes = {side.mesh: side for side in (*self.sides.values(), *self.bodies.values())}
        self.entity_maps = [side.entity_map for side in submeshes.values()]

        radius = ufl.SpatialCoordinate(self.mesh)[0]
        self._dx = ufl.Measure("dx", domain=self.mesh, subdomain_data=tagged.cell_tags)
        self._ds = ufl.Measure("ds", domain=self.mesh, subdomain_data=tagged.facet_tags)
        if axisymmetric:
            self._dx, self._ds = (RadialMeasure(measure, 2 * np.pi * radius) for measure in (self._dx, self._ds))
        interior = [(tagged.interfaces[pair], rows.ravel()) for pair, rows in entities.items()]
        element, rule = NODES[order, tdim - 1]
        dS = ufl.Measure("dS", domain=self.mesh, subdomain_data=interior, metadata=rule)

        self.interfaces: dict[tuple[str, str], Interface] = {}
        for pair, tag in tagged.interfaces.items():
            submesh, entity_map, _, from_parent = extract_submesh(self.mesh, tdim - 1, tagged.facet_tags.find(tag))
            self.entity_maps.append(entity_map)
            measure = dS(tag)
            if axisymmetric:
                # with this mean the weight of a node is the integral of r and its basis function, on the axis too
                middle = fem.Function(fem.functionspace(submesh, ("DG", 0)))
                middle.interpolate(lambda x: x[0])
                measure = RadialMeasure(measure, 2 * np.pi * (radius + 2 * middle("+")) / 3)
            self.interfaces[pair] = Interface(
                pair,
                tag,
                self.sides[pair[0]],
                self.sides[pair[1]],
                submesh,
                entities[pair],
                from_parent[self._facets(entities[pair])],
                measure,
                fem.functionspace(submesh, element),
                self.entity_maps,
            )

    def dx(self, side: Side, degree: int | None = None) -> ufl.Measure:
        """Return the volume measure of `side`, with quadrature exact to `degree`."""
        return self._dx(side.tag) if degree is None else self._dx(side.tag, metadata={"quadrature_degree": degree})

    def ds(self, boundary: str) -> ufl.Measure:
        """Return the measure of a named boundary."""
        return self._ds(self.boundaries[boundary])

    def form(self, form: Any) -> Any:
        """Compile a form, or nested lists of forms, on this domain."""
        return fem.form(form, entity_maps=self.entity_maps)

    def integrate(self, form: fem.Form) -> float:
        """Return the value of a compiled scalar form, summed over all ranks."""
        return float(self.mesh.comm.allreduce(fem.assemble_scalar(form)))

    def constant(self, value: float) -> fem.Constant:
        """Return a constant of the parent mesh: other numbers need no new compilation of the forms it stands in."""
        return fem.Constant(self.mesh, np.float64(value))

    def area(self, boundary: str) -> float:
        """Return the area of a named boundary [m², in 2D m per unit depth]."""
        return self.integrate(self.form(self.constant(1.0) * self.ds(boundary)))

    def volume(self, side: Side) -> float:
        """Return the volume of a side or body [m³, in 2D m² per unit depth]."""
        return self.integrate(self.form(self.constant(1.0) * self.dx(side)))

    def boundary_dofs(self, space: fem.FunctionSpace, side: Side, boundary: str) -> Indices:
        """Return the dofs (blocks) of `space` on `side` that lie on a named boundary."""
        tdim = self.dimension
        parent_facets = self.facet_tags.find(self.boundaries[boundary])
        cells = _facet_cells(self.mesh, parent_facets)
        facets = _submesh_facets(self.mesh, side, parent_facets, cells)
        side.mesh.topology.create_connectivity(tdim - 1, tdim)
        return fem.locate_dofs_topological(space, tdim - 1, facets)

    def dofs(self, space: fem.FunctionSpace, boundary: str, components: Iterable[int] = (0,)) -> Indices:
        """Return the unrolled local dofs of `components` of a space of one side on a named boundary."""
        side = self._submesh(space)
        blocks = self.boundary_dofs(space, side, boundary)
        return np.concatenate([space.dofmap.bs * blocks + component for component in components]).astype(np.int32)

    def dofs_in_body(self, part: fem.Function, whole: fem.Function) -> Indices:
        """Return for each unrolled local dof of `part` that of `whole` at the same place.

        Both are of one element, on a side and on the body that it belongs to.
        """
        side, body = (self._submesh(f.function_space) for f in (part, whole))
        first, second = part.function_space.dofmap, whole.function_space.dofmap
        cells = body.from_parent[side.to_parent]
        blocks = np.empty(first.index_map.size_local + first.index_map.num_ghosts, dtype=np.int32)
        blocks[first.list] = second.list[cells]
        components = np.arange(first.bs, dtype=np.int32)
        return (second.bs * blocks[:, None] + components).ravel()

    def cell_mean(self, side: Side, expression: Any) -> CellMean:
        """Return a reader of the mean of `expression`, of fields of any side or body, in the cells of `side`."""
        return CellMean(self, side, expression)

    def side_of(self, space: fem.FunctionSpace) -> Side | None:
        """Return the side or body on which `space` lives, None for one of an interface."""
        sides = (*self.sides.values(), *self.bodies.values())
        return next((side for side in sides if side.mesh is space.mesh), None)

    def _submesh(self, space: fem.FunctionSpace) -> Side:
        side = self.side_of(space)
        assert side is not None
        return side

    def _facets(self, entities: Indices) -> Indices:
        """Return the facets of the parent mesh whose `entities`, shape (facets, 4), begin with cell and local facet."""
        facets = self.mesh.topology.connectivity(self.dimension, self.dimension - 1).array
        return facets.reshape(-1, self.dimension + 1)[entities[:, 0], entities[:, 1]]

    def owner(self, boundary: str) -> str:
        """Return the name of the side on which a named boundary lies; ValueError if it lies on several. Collective."""
        there = [
            name
            for name, side in self.sides.items()
            if self._touches(side, self.facet_tags.find(self.boundaries[boundary]))
        ]
        if len(there) != 1:
            raise ValueError(f"the boundary {boundary} must lie on one side; it lies on {', '.join(there) or 'none'}")
        return there[0]

    def _touches(self, side: Side, facets: Indices) -> bool:
        cells = _facet_cells(self.mesh, facets)
        here = np.isin(cells, side.to_parent)
        return bool(self.mesh.comm.allreduce(bool(here.any()), op=MPI.LOR))

    def _side(self, tagged: TaggedMesh, names: list[str]) -> Side:
        """Return the sides `names` as one."""
        tags = tuple(tagged.sides[name] for name in names)
        cells = np.sort(np.concatenate([tagged.cell_tags.find(tag) for tag in tags]))
        return Side(
            "+".join(names),
            tags if len(tags) > 1 else tags[0],
            *extract_submesh(self.mesh, self.dimension, cells),
        )

    def _ordered_entities(self, tagged: TaggedMesh, pair: tuple[str, str]) -> Indices:
        """Return (cell, facet, cell, facet) of the interface facets this rank owns, first side first."""
        tdim = self.dimension
        facets = tagged.facet_tags.find(tagged.interfaces[pair])
        facets = facets[facets < self.mesh.topology.index_map(tdim - 1).size_local]
        rows = interior_facet_entities(self.mesh, facets)
        cell_map = self.mesh.topology.index_map(tdim)
        tags = np.zeros(cell_map.size_local + cell_map.num_ghosts, dtype=np.int32)
        tags[tagged.cell_tags.indices] = tagged.cell_tags.values
        swapped = tags[rows[:, 0]] != tagged.sides[pair[0]]
        rows[swapped] = rows[swapped][:, [2, 3, 0, 1]]
        expected = [tagged.sides[pair[0]], tagged.sides[pair[1]]]
        wrong = len(rows) != len(facets) or np.any(tags[rows[:, [0, 2]]] != expected)
        if self.mesh.comm.allreduce(bool(wrong)):
            raise ValueError(f"interface {'/'.join(pair)}: some of its facets do not lie between these two sides")
        return rows


def _connected(names: Iterable[str], pairs: Collection[tuple[str, str]]) -> list[list[str]]:
    """Return the names in groups: those that chains of `pairs` connect are together."""
    groups = [[name] for name in names]
    for pair in pairs:
        first, second = (next(group for group in groups if name in group) for name in pair)
        if first is not second:
            groups.remove(second)
            first.extend(second)
    return groups


def _facet_cells(parent: Mesh, facets: Indices) -> Indices:
    """Return the one cell of each external facet."""
    connectivity = parent.topology.connectivity(parent.topology.dim - 1, parent.topology.dim)
    return connectivity.array[connectivity.offsets[facets]]


def _submesh_facets(parent: Mesh, side: Side, facets: Indices, cells: Indices) -> Indices:
    """Return the facets of a side's submesh that are the parent's external `facets` of `cells` on that side."""
    tdim = parent.topology.dim
    side.mesh.topology.create_connectivity(tdim, tdim - 1)
    parent_facets = parent.topology.connectivity(tdim, tdim - 1).array.reshape(-1, tdim + 1)
    side_facets = side.mesh.topology.connectivity(tdim, tdim - 1).array.reshape(-1, tdim + 1)
    subs = side.from_parent[cells]
    here = subs >= 0
    local = np.argmax(parent_facets[cells[here]] == facets[here, None], axis=1)
    return np.sort(side_facets[subs[here], local])
