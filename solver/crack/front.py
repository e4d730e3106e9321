"""Where a crack along an interface is and what drives it: from damage, tractions and openings at the nodes.

The energy release rate that the process zone sees is the J-integral around it, which there reduces to

    G_I = −∫ t_n ∂δ_n/∂x dΓ/b,    G_II = −∫ t_t · ∂δ_t/∂x dΓ/b

along the direction x in which the crack grows, over its width b (Rice, J. Appl. Mech. 35 (1968) 379): of a crack that
grows it is the toughness, at the mode mixity B = G_II/(G_I + G_II) = sin² ψ.

Where fronts grow any way, several of them at once, all that is needed is the equivalent opening λ of the bond and its
traction T, work-conjugate to λ: across a front λ rises from nothing to the opening at the crack, so that

    ∫ T |∇λ| dΓ = ∫ G ds,

the mean of G times the length of all fronts (`Fronts`), that of the line along which the bond has borne its strength.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import ufl
from dolfinx import fem

from interstice.solver.domain import Interface
from interstice.solver.domain.forms import compiled
from interstice.solver.interface.cohesive import CohesiveBond

Array = npt.NDArray[np.float64]

NEIGHBOURS = {(1, 2): [(0, 1)], (1, 3): [(0, 2), (2, 1)], (2, 3): [(0, 1), (1, 2), (2, 0)]}
"""Pairs of neighbouring nodes of a facet by its dimension and the number of its nodes."""


@dataclass(frozen=True)
class CrackState:
    """What is known of the crack; areas in m², in 2D m.

    `broken` is the area where the bond is gone (D = 1), `damaged` that where it has begun to fail (D > 0), `front` the
    points between broken and other nodes, shape (n, 3) [m], on every rank, `position` their mean, lowest and highest
    place along the growth [m] (nan where there is no front), `zone` [m] the length over which the bond is failing,
    `release_rates` G_I and G_II [J/m²].
    """

    broken: float
    damaged: float
    front: Array
    position: tuple[float, float, float]
    zone: float
    release_rates: tuple[float, float]

    @property
    def mixity(self) -> float:
        """B = G_II/(G_I + G_II), nan where nothing drives the crack."""
        total = sum(self.release_rates)
        return self.release_rates[1] / total if total > 0.0 else np.nan


class Front:
    """Reads the front of a crack that grows along `direction` (shape (d,)) over a `width` [m] (2D: 1)."""

    def __init__(self, interface: Interface, direction: Sequence[float], width: float = 1.0) -> None:
        self.interface, self.width = interface, width
        self.direction = np.asarray(direction, dtype=float) / np.linalg.norm(direction)
        dimension = interface.mesh.geometry.dim
        self._traction = interface.function("traction", (dimension,))
        self._opening = interface.function("opening", (dimension,))
        along = fem.Constant(interface.mesh, self.direction)
        normal, dx = interface.normal, ufl.Measure("dx", domain=interface.mesh)
        change = ufl.dot(ufl.grad(self._opening), along)
        work = ufl.inner(self._traction, change)
        opening = ufl.inner(self._traction, normal) * ufl.inner(change, normal)
        self._works = [compiled(part * dx) for part in (opening, work)]

    def look(self, bonded: Array, damage: Array, traction: Array, opening: Array) -> CrackState:
        """Return the state of the crack from values at the local and ghost nodes. Collective.

        `bonded` is the share of a node that had a bond and `damage` D, shape (n,); `traction` t [Pa] and `opening` δ
        [m], shape (n, d).
        """
        was = bonded > 0.0
        broken, damaged = was & (damage >= 1.0), was & (damage > 0.0)
        areas = [self.interface.sum(where * bonded) for where in (broken, damaged)]
        points = front_points(self.interface, broken, was & ~broken)
        places = points[:, : len(self.direction)] @ self.direction
        position = (places.mean(), places.min(), places.max()) if len(places) else (np.nan, np.nan, np.nan)
        return CrackState(
            areas[0],
            areas[1],
            points,
            (float(position[0]), float(position[1]), float(position[2])),
            (areas[1] - areas[0]) / self.width,
            self._release_rates(traction, opening),
        )

    def _release_rates(self, traction: Array, opening: Array) -> tuple[float, float]:
        """Return G_I and G_II [J/m²]."""
        self._traction.x.array[:] = np.ravel(traction)
        self._opening.x.array[:] = np.ravel(opening)
        comm = self.interface.mesh.comm
        normal, total = (-comm.allreduce(fem.assemble_scalar(form)) / self.width for form in self._works)
        return float(normal), float(total - normal)


@dataclass(frozen=True)
class Rates:
    """The mean energy release rate G [J/m²] at all fronts, the mode mixity B there, and the places of the fronts.

    `extent` holds the least and the greatest x [m]. All are nan where there is no front.
    """

    release_rate: float
    mixity: float
    extent: tuple[float, float]


class Fronts:
    """Reads all fronts of a bond at once, whatever way they grow."""

    def __init__(self, bond: CohesiveBond) -> None:
        self.bond, self.interface = bond, bond.interface
        names = ("opening", "traction", "sliding")
        self._opening, self._traction, self._sliding = map(self.interface.function, names)
        dx = ufl.Measure("dx", domain=self.interface.mesh)
        slope = ufl.sqrt(ufl.inner(ufl.grad(self._opening), ufl.grad(self._opening)))
        self._integrals = [compiled(driving * slope * dx) for driving in (self._traction, self._sliding)]

    def look(self) -> Rates:
        """Return the rates at the state last committed. Collective."""
        bond, now = self.bond, self.bond.read()
        whole = (bond.bonded.x.array > 0.0) & (bond.damage_old.x.array < 1.0)
        self._opening.x.array[:] = now.equivalent
        self._traction.x.array[:] = (1 - bond.damage_old.x.array) * bond.stiffness * now.equivalent
        # where the bond is closed its mixity is undefined, but it has no traction either
        self._sliding.x.array[:] = self._traction.x.array * now.mixity
        comm = self.interface.mesh.comm
        work, sliding = (comm.allreduce(fem.assemble_scalar(form)) for form in self._integrals)
        length = front_length(self.interface, bond.overload)
        places = front_points(self.interface, ~whole, whole)[:, 0]
        extent = (float(places.min()), float(places.max())) if len(places) else (np.nan, np.nan)
        return Rates(work / length if length > 0.0 else np.nan, sliding / work if work > 0.0 else np.nan, extent)


def front_points(interface: Interface, broken: npt.NDArray[np.bool_], whole: npt.NDArray[np.bool_]) -> Array:
    """Return the points halfway between neighbours of which one is `broken` and one `whole`, shape (n, 3), everywhere.

    Both have shape (local and ghost nodes,). Collective.
    """
    mesh, cells = interface.mesh, _facets(interface)
    places = interface.space.tabulate_dof_coordinates()
    found = [np.empty((0, 3))]
    for first, second in NEIGHBOURS[mesh.topology.dim, cells.shape[1]]:
        a, b = cells[:, first], cells[:, second]
        between = (broken[a] & whole[b]) | (whole[a] & broken[b])
        found.append((places[a[between]] + places[b[between]]) / 2)
    every = np.vstack(mesh.comm.allgather(np.vstack(found)))
    return np.unique(every, axis=0)


def front_length(interface: Interface, values: Array) -> float:
    """Return the length of the line where `values`, linear between nodes, are 1 [m], in 2D the number of its points.

    `values` has shape (local and ghost nodes,). Collective.
    """
    mesh, cells = interface.mesh, _facets(interface)
    places = interface.space.tabulate_dof_coordinates()
    crossings = []
    for first, second in NEIGHBOURS[mesh.topology.dim, cells.shape[1]]:
        a, b = (values[cells[:, node]] - 1 for node in (first, second))
        crosses = (a > 0) != (b > 0)
        share = np.where(crosses, a / np.where(crosses, a - b, 1.0), np.nan)[:, None]
        crossings.append(places[cells[:, first]] * (1 - share) + places[cells[:, second]] * share)
    points = np.stack(crossings, axis=1)
    if mesh.topology.dim == 1:
        length = float(np.count_nonzero(~np.isnan(points[..., 0])))
    else:
        # the line crosses two edges of a triangle, or none
        found = points[~np.isnan(points[..., 0])].reshape(-1, 2, 3)
        length = float(np.linalg.norm(found[:, 0] - found[:, 1], axis=1).sum())
    return float(mesh.comm.allreduce(length))


def _facets(interface: Interface) -> npt.NDArray[np.int32]:
    """Return the nodes of each facet of this rank, shape (facets, nodes)."""
    return interface.space.dofmap.list[: interface.mesh.topology.index_map(interface.mesh.topology.dim).size_local]
