"""The common surface of two sides: its nodes, and the areas and normals that belong to them."""

from __future__ import annotations

import itertools
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
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from interstice.solver.domain.forms import compiled
from interstice.solver.domain.measures import RadialMeasure
from interstice.solver.domain.readers import NodalReader, assemble_nodal
from interstice.solver.domain.side import Indices, Side

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


NEAR = 1e-6
"""Distance from an end of the sides, over their length, within which a node lies there."""


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

    @property
    def has_corners(self) -> bool:
        """Whether the corners of facets are nodes (see `NODES`)."""
        return bool(self.space.dofmap.dof_layout.entity_dofs(0, 0))

    @property
    def axisymmetric(self) -> bool:
        """Whether it is a line in the half-plane of a body of revolution."""
        return isinstance(self.dS, RadialMeasure)

    @cached_property
    def areas(self) -> fem.Function:
        """The area that belongs to each node [m², in 2D m per unit depth unless axisymmetric]: the weights of dS."""
        return self._integrals_of_basis(self.dS)

    @cached_property
    def spacing(self) -> fem.Function:
        """The distance between nodes [m]: the length of edge, or the root of the area, that each has to itself."""
        measure: Any = self.dS
        spacing = self._integrals_of_basis(measure.section if self.axisymmetric else measure)
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
        assemble_nodal(compiled(ufl.inner(facet_normal, test) * self.dS, self.entity_maps), normal)
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

    def share_below(self, place: float) -> npt.NDArray[np.float64]:
        """Return the share of each node's area where x is below `place` [m], shape (local and ghost nodes,).

        A facet in between counts with the part of its area that lies below, so that the area of all nodes is exact.
        """
        below = fem.Function(fem.functionspace(self.mesh, ("DG", 0)))
        x = np.sort(self.mesh.geometry.x[self.mesh.geometry.dofmaps[0], 0], axis=1)
        below.x.array[:] = _share_below(x, place)
        area: npt.NDArray[np.float64] = self._integrals_of_basis(self.dS, below("+")).x.array
        return np.divide(area, self.areas.x.array, out=np.zeros_like(area), where=self.areas.x.array > 0.0)

    def _integrals_of_basis(self, measure: ufl.Measure, weight: Any = 1) -> fem.Function:
        integrals = self.function("integrals_of_basis")
        form = compiled(weight * ufl.TestFunction(self.space)("+") * measure, self.entity_maps)
        assemble_nodal(form, integrals)
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
        ends, near = np.concatenate(self.ends(axis)), NEAR * self._extent(axis)[1]
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

    def spots(self, chosen: npt.NDArray[np.bool_], periodic: bool) -> list[Indices]:
        """Return the nodes of each connected part of what is `chosen` (shape (local and ghost nodes,)) on all ranks.

        Nodes have their numbers on all ranks; `periodic` ends are connected. Collective.
        """
        among = self.gathered(chosen)
        pairs = self._periodic_pairs if periodic else np.empty((2, 0), dtype=np.int64)
        first, second = (np.concatenate(ends) for ends in zip(self._pairs, pairs, strict=True))
        inside = among[first] & among[second]
        size = len(among)
        graph = coo_array((np.ones(inside.sum()), (first[inside], second[inside])), shape=(size, size))
        _, labels = connected_components(graph, directed=False)
        nodes = np.flatnonzero(among)
        order = nodes[np.argsort(labels[nodes], kind="stable")]
        return np.split(order, np.flatnonzero(np.diff(labels[order])) + 1) if len(order) else []

    @cached_property
    def _pairs(self) -> npt.NDArray[np.int64]:
        """The pairs of nodes of one facet, by their numbers on all ranks, shape (2, pairs)."""
        dofs = self.space.dofmap.list[: self.mesh.topology.index_map(self.mesh.topology.dim).size_local]
        rows = self.space.dofmap.index_map.local_to_global(dofs.ravel()).reshape(dofs.shape)
        every = np.concatenate(self.mesh.comm.allgather(rows))
        return np.concatenate([every[:, list(pair)] for pair in itertools.combinations(range(rows.shape[1]), 2)]).T

    @cached_property
    def _periodic_pairs(self) -> npt.NDArray[np.int64]:
        """The pairs of nodes that lie opposite each other at the ends of the sides, shape (2, pairs)."""
        points = self.gathered(self.space.tabulate_dof_coordinates())
        found = []
        for axis in range(self.mesh.topology.dim):
            low, length = self._extent(axis)
            near, far = (np.flatnonzero(np.abs(points[:, axis] - end) < NEAR * length) for end in (low, low + length))
            places = np.delete(points, axis, axis=1)
            _, partners = cKDTree(places[far]).query(places[near])
            found.append(np.stack([near, far[partners]]))
        return np.concatenate(found, axis=1)

    def ends(self, axis: int) -> tuple[Indices, Indices]:
        """Return the local nodes at the low and the high end of `axis`; the ends are those of the sides. Collective."""
        x = self.space.tabulate_dof_coordinates()[:, axis]
        low, length = self._extent(axis)
        near, far = (np.flatnonzero(np.abs(x - end) < NEAR * length) for end in (low, low + length))
        return near.astype(np.int32), far.astype(np.int32)

    def _extent(self, axis: int) -> tuple[float, float]:
        """Return where the sides begin along `axis`, and their length [m]."""
        extent = np.concatenate([side.mesh.geometry.x[:, axis] for side in (self.plus, self.minus)])
        low = self.mesh.comm.allreduce(extent.min(initial=np.inf), op=MPI.MIN)
        return low, self.mesh.comm.allreduce(extent.max(initial=-np.inf), op=MPI.MAX) - low

    def sum(self, values: npt.NDArray[np.float64]) -> float:
        """Return Σ values · area over the nodes of all ranks; `values` has shape (local and ghost nodes,)."""
        return float(self.mesh.comm.allreduce(float(values[: self.owned] @ self.areas.x.array[: self.owned])))

    def gathered[Kind: np.generic](self, values: npt.NDArray[Kind]) -> npt.NDArray[Kind]:
        """Return nodal `values`, shape (local and ghost nodes, …), of all ranks in the order of nodes. Collective."""
        return np.concatenate(self.mesh.comm.allgather(values[: self.owned]))

    def max(self, values: npt.NDArray[np.float64], default: float = 0.0) -> float:
        """Return the largest of `values` (shape (local and ghost nodes,)) over all ranks, `default` without nodes."""
        owned = values[: self.owned]
        every = self.mesh.comm.allgather(float(owned.max()) if owned.size else None)
        return max((value for value in every if value is not None), default=default)

    def place_of_largest(self, values: npt.NDArray[np.float64]) -> list[float]:
        """Return where the largest of `values` is (shape (local and ghost nodes,)), shape (d,) [m]. Collective."""
        owned, place = values[: self.owned], self.space.tabulate_dof_coordinates()
        best = int(np.argmax(owned)) if owned.size else 0
        here = (float(owned[best]), place[best, : self.mesh.geometry.dim].tolist()) if owned.size else (-np.inf, [])
        return max(self.mesh.comm.allgather(here))[1]


def _share_below(x: npt.NDArray[np.float64], place: float) -> npt.NDArray[np.float64]:
    """Return the share of facets below `place`, from the rising `x` of their corners, shape (facets, 2 or 3)."""
    low, high = x[:, 0], x[:, -1]
    tiny = np.finfo(float).tiny
    share = np.clip((place - low) / np.maximum(high - low, tiny), 0.0, 1.0)
    if x.shape[1] == 3:
        # the area grows as a square up to the middle corner, and falls short of all of it as one beyond
        middle = np.clip((x[:, 1] - low) / np.maximum(high - low, tiny), 0.0, 1.0)
        near = share**2 / np.maximum(middle, tiny)
        far = 1.0 - (1.0 - share) ** 2 / np.maximum(1.0 - middle, tiny)
        share = np.where(share <= middle, near, far)
    return share


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
