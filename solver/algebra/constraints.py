"""Constraints of discrete unknowns as a matrix P from free to all unknowns.

They are Dirichlet values (zero increment), ties of a boundary to one value (rigid platen, equipotential collector) and
periodic partners.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from dolfinx import fem
from mpi4py import MPI
from petsc4py import PETSc
from scipy.spatial import cKDTree

from interstice.solver.domain import LATERAL, Domain, Indices


@dataclass
class Constraints:
    """Constraints on the unknowns of one or several systems, by function and local unrolled dofs (owned or ghost).

    A system takes those on its own fields. `fixed`: dofs whose increment is zero. `tied`: dofs that share one increment
    over all ranks. `periodic`: dofs on opposite faces, with the axis along which they lie apart; each dof on the far
    face follows its partner on the near one. Where they overlap, `fixed` comes before `tied`, and `tied` before
    `periodic`.
    """

    fixed: list[tuple[fem.Function, Indices]] = field(default_factory=list)
    tied: list[tuple[fem.Function, Indices]] = field(default_factory=list)
    periodic: list[tuple[fem.Function, Indices, Indices, int]] = field(default_factory=list)

    def held(self, function: fem.Function) -> Indices:
        """Return the local dofs of `function` that are fixed or tied: its residual there holds the reactions."""
        return _on(function, [*self.fixed, *self.tied])

    def unmoved(self, function: fem.Function) -> Indices:
        """Return the local dofs of `function` that are fixed."""
        return _on(function, self.fixed)

    def moved(self, replacement: Mapping[int, fem.Function]) -> Constraints:
        """Return the same constraints of other functions, by the id of each."""
        return Constraints(
            [(replacement[id(f)], dofs) for f, dofs in self.fixed],
            [(replacement[id(f)], dofs) for f, dofs in self.tied],
            [(replacement[id(f)], *rest) for f, *rest in self.periodic],
        )

    def of(self, functions: Iterable[fem.Function]) -> Constraints:
        """Return those on `functions`."""
        # the `==` of UFL compares what functions are made of
        chosen = {id(function) for function in functions}
        return Constraints(
            [one for one in self.fixed if id(one[0]) in chosen],
            [one for one in self.tied if id(one[0]) in chosen],
            [one for one in self.periodic if id(one[0]) in chosen],
        )


def _on(function: fem.Function, constraints: Iterable[tuple[fem.Function, Indices]]) -> Indices:
    """Return the dofs of those on `function`."""
    return np.concatenate([np.empty(0, dtype=np.int32), *(dofs for other, dofs in constraints if other is function)])


def lateral(domain: Domain, functions: Iterable[fem.Function], kind: str) -> Constraints:
    """Return what the lateral sides ask of `functions`.

    `kind` "symmetric": vectors have no component across the side; "periodic": the far side follows the near one;
    otherwise nothing.
    """
    constraints = Constraints()
    present = [name for name in LATERAL if name in domain.boundaries]
    for function in functions:
        space = function.function_space
        components = range(space.dofmap.bs)
        if kind == "periodic":
            for near, far in (("left", "right"), ("front", "back")):
                if near in present:
                    slaves, masters = (domain.dofs(space, name, components) for name in (far, near))
                    constraints.periodic.append((function, slaves, masters, LATERAL[near]))
        elif kind == "symmetric" and len(components) > 1:
            constraints.fixed += [(function, domain.dofs(space, name, [LATERAL[name]])) for name in present]
    return constraints


def owned_size(function: fem.Function) -> int:
    """Return the number of unknowns of `function` that this rank owns; they come first in its array."""
    dofmap = function.function_space.dofmap
    return int(dofmap.index_map.size_local * dofmap.index_map_bs)


def prolong(
    comm: MPI.Comm, functions: Sequence[fem.Function], first: int, constraints: Constraints
) -> tuple[PETSc.Mat | None, Indices]:
    """Return P (None where no unknown follows another) and the global rows of this rank that are not free.

    The rows of this rank begin with `first`: its own unknowns of `functions`, one function after the other. Constraints
    on other functions have no say. Collective.
    """
    rows_of, constraints = _Rows(functions, first), constraints.of(functions)
    fixed = {int(row) for function, dofs in constraints.fixed for row in rows_of.owned(function, dofs)}
    follows: dict[int, int] = {}
    for function, slaves, masters, axis in constraints.periodic:
        follows |= _partners(comm, rows_of, function, slaves, masters, axis)
    follows = {row: master for part in comm.allgather(follows) for row, master in part.items()}
    for function, dofs in constraints.tied:
        rows = rows_of.owned(function, dofs)
        master = comm.allreduce(int(rows.min(initial=np.iinfo(np.int64).max)), op=MPI.MIN)
        follows |= {int(row): master for part in comm.allgather(rows) for row in part if row != master}
        follows.pop(master, None)
    for row in set().union(*comm.allgather(fixed)):
        follows.pop(row, None)

    following = sorted(row for row in follows if first <= row < rows_of.end)
    eliminated = np.array(sorted(fixed.union(following)), dtype=np.int32)
    if not follows:
        return None, eliminated
    rows = np.arange(first, rows_of.end)
    leaders = rows.copy()
    for row in following:
        master = follows[row]
        while master in follows:
            master = follows[master]
        leaders[row - first] = master
    # the stored zero keeps the diagonal entry of a follower in the pattern of Pᵀ A P
    count = np.where(leaders == rows, 1, 2)
    start = np.concatenate([[0], np.cumsum(count)]).astype(np.int32)
    columns = np.empty(start[-1], dtype=np.int32)
    columns[start[:-1]] = np.minimum(rows, leaders)
    columns[start[1:] - 1] = np.maximum(rows, leaders)
    weights = (columns == np.repeat(leaders, count)).astype(np.float64)
    size = len(rows), PETSc.DETERMINE
    return PETSc.Mat().createAIJ((size, size), csr=(start, columns, weights), comm=comm), eliminated


class _Rows:
    """The global rows of the unknowns that this rank owns of some functions: from `first` on, before `end`."""

    def __init__(self, functions: Sequence[fem.Function], first: int) -> None:
        self._starts: dict[int, int] = {}
        self.end = first
        for function in functions:
            self._starts[id(function)] = self.end
            self.end += owned_size(function)

    def owned(self, function: fem.Function, dofs: Indices) -> npt.NDArray[np.int64]:
        """Return the rows of the owned ones among the local `dofs` of `function`."""
        owned = dofs[dofs < owned_size(function)]
        return self._starts[id(function)] + owned.astype(np.int64)


def _partners(
    comm: MPI.Comm, rows_of: _Rows, function: fem.Function, slaves: Indices, masters: Indices, axis: int
) -> dict[int, int]:
    """Return the global row of the master of each owned slave, matched by position across `axis`."""
    bs = function.function_space.dofmap.index_map_bs
    points = np.delete(function.function_space.tabulate_dof_coordinates(), axis, axis=1)

    def keys(dofs: Indices) -> npt.NDArray[np.float64]:
        owned = dofs[dofs < owned_size(function)]
        # the component is a coordinate too, far larger than any distance
        return np.column_stack([points[owned // bs], 1e3 * (owned % bs)])

    everywhere = comm.allgather((keys(masters), rows_of.owned(function, masters)))
    tree = cKDTree(np.vstack([key for key, _ in everywhere]))
    rows = np.concatenate([row for _, row in everywhere])
    distance, nearest = tree.query(keys(slaves))
    every = function.function_space.mesh.geometry.x
    extent = comm.allreduce(float(np.ptp(every, axis=0).max()) if len(every) else 0.0, op=MPI.MAX)
    if comm.allreduce(bool(np.any(distance > 1e-6 * extent)), op=MPI.LOR):
        raise ValueError("periodic sides: the two meshes of opposite faces do not match")
    pairs = zip(rows_of.owned(function, slaves), rows[nearest], strict=True)
    return {int(slave): int(master) for slave, master in pairs if slave != master}
