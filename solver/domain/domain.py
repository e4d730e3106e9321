"""A tagged mesh taken apart: what knows the sides, the interfaces, and the measures on them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import numpy as np
import ufl
from dolfinx import fem
from mpi4py import MPI

from interstice.meshes.compat import extract_submesh, interior_facet_entities
from interstice.meshes.tagged import TaggedMesh
from interstice.solver.domain.forms import compiled
from interstice.solver.domain.interface import NODES, Interface
from interstice.solver.domain.measures import RadialMeasure
from interstice.solver.domain.readers import CellMean
from interstice.solver.domain.side import Indices, Side, facet_cells, submesh_facets

LATERAL = {"left": 0, "right": 0, "front": 1, "back": 1}
"""The axis across which each lateral boundary lies."""


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
        of the body, so that forces are in N. ValueError for a mesh in 3D, and of order 2 where an interface reaches the
        axis: with quadratic displacements a node there has no share of the area.
        """
        if axisymmetric and tagged.mesh.topology.dim != 2:
            raise ValueError("axisymmetric: the mesh has to be of dimension 2")
        self.order, self.axisymmetric = order, axisymmetric
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
            if axisymmetric and order == 2:
                # Simpson's rule is exact for r and a basis function; on the axis it leaves nothing
                innermost = self.mesh.comm.allreduce(float(submesh.geometry.x[:, 0].min(initial=np.inf)), op=MPI.MIN)
                if innermost <= 0.0:
                    raise ValueError("axisymmetric: of order 2, no interface may reach the axis")
                measure = RadialMeasure(measure, 2 * np.pi * radius)
            elif axisymmetric:
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
        return compiled(form, self.entity_maps)

    def integrate(self, form: fem.Form) -> float:
        """Return the value of a compiled scalar form, summed over all ranks."""
        return float(self.mesh.comm.allreduce(fem.assemble_scalar(form)))

    def constant(self, value: float) -> fem.Constant:
        """Return a constant of the parent mesh: other numbers need no new compilation of the forms it stands in."""
        return fem.Constant(self.mesh, np.float64(value))

    def area(self, boundary: str) -> float:
        """Return the area of a named boundary [m², in 2D m per unit depth unless it is axisymmetric]."""
        return self.integrate(self.form(self.constant(1.0) * self.ds(boundary)))

    def volume(self, side: Side) -> float:
        """Return the volume of a side or body [m³, in 2D m² per unit depth unless it is axisymmetric]."""
        return self.integrate(self.form(self.constant(1.0) * self.dx(side)))

    def size(self, side: Side) -> float:
        """Return the edge of a square or cube as large as a side or body [m]."""
        return self.volume(side) ** (1.0 / (3 if self.axisymmetric else self.dimension))

    def boundary_dofs(self, space: fem.FunctionSpace, side: Side, boundary: str) -> Indices:
        """Return the dofs (blocks) of `space` on `side` that lie on a named boundary."""
        tdim = self.dimension
        parent_facets = self.facet_tags.find(self.boundaries[boundary])
        cells = facet_cells(self.mesh, parent_facets)
        facets = submesh_facets(self.mesh, side, parent_facets, cells)
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

    def cell_mean(self, side: Side, expression: Any, degree: int | None = None) -> CellMean:
        """Return a reader of the mean of `expression`, of fields of any side or body, in the cells of `side`."""
        return CellMean(self, side, expression, degree)

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
        cells = facet_cells(self.mesh, facets)
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
