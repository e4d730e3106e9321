"""The nonzero pattern of a block matrix, without the phantom entries that DOLFINx puts into it.

A block that sees a facet of an interface from one side only has no cell on the other. DOLFINx 0.11 takes the first
unknown of the rank in its place: it makes room for, and adds zeros to, the entries between that one and every node at
the interface. A row as dense as that doubles the work of multigrid and spoils its hierarchies.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
from dolfinx import fem
from petsc4py import PETSc

from interstice.solver.domain import Domain, Indices

Rows = npt.NDArray[np.int64]


def without_phantoms(matrix: PETSc.Mat, domain: Domain, spaces: Sequence[fem.FunctionSpace]) -> PETSc.Mat:
    """Return an empty matrix that takes the place of `matrix`, which is destroyed; what it has no room for it ignores.

    `matrix` has a block for each pair of `spaces`, on sides, bodies or interfaces of `domain`. Collective.
    """
    comm, size = domain.mesh.comm, matrix.getSize()[1]
    rows_of = _rows(matrix, spaces)
    of_sides = [k for k, space in enumerate(spaces) if space.mesh.topology.dim == domain.dimension]
    first = [rows_of[k][: spaces[k].dofmap.bs] for k in of_sides]
    phantoms = np.unique(np.concatenate(comm.allgather(np.concatenate(first))))
    pairs = [np.empty((0, 2), dtype=np.int64)]
    for coupled in _coupled(domain, spaces, rows_of):
        for group in coupled[np.isin(coupled, phantoms).any(axis=1)]:
            there = group[group >= 0]
            pairs.append(np.stack(np.meshgrid(there[np.isin(there, phantoms)], there), axis=-1).reshape(-1, 2))
    real = np.unique(np.concatenate(comm.allgather(_keys(np.vstack(pairs), size))))

    starts, columns, _ = matrix.getValuesCSR()
    begin, end = matrix.getOwnershipRange()
    rows = np.repeat(np.arange(begin, end), np.diff(starts))
    suspect = np.isin(rows, phantoms) | np.isin(columns, phantoms)
    entries = np.column_stack([rows, columns])[suspect]
    kept = np.ones(len(rows), dtype=bool)
    # the rule is symmetric, and a diagonal entry is none of them
    known = np.isin(_keys(entries, size), real) | np.isin(_keys(entries[:, ::-1], size), real)
    kept[suspect] = known | (entries[:, 0] == entries[:, 1])

    counts = np.bincount(rows[kept] - begin, minlength=end - begin)
    pattern = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    lean = PETSc.Mat().createAIJ(matrix.getSizes(), csr=(pattern, columns[kept], np.zeros(int(pattern[-1]))), comm=comm)
    lean.setLGMap(*matrix.getLGMap())
    lean.setOption(PETSc.Mat.Option.NEW_NONZERO_LOCATIONS, False)
    matrix.destroy()
    return lean


def _keys(pairs: Rows, size: int) -> Rows:
    """Return a number for each pair of rows, shape (n, 2), of a matrix of `size` columns."""
    return pairs[:, 0] * size + pairs[:, 1]


def _rows(matrix: PETSc.Mat, spaces: Sequence[fem.FunctionSpace]) -> list[Rows]:
    """Return the row of each local and ghost unknown of each space."""
    sizes = [(s.dofmap.index_map.size_local + s.dofmap.index_map.num_ghosts) * s.dofmap.bs for s in spaces]
    return np.split(matrix.getLGMap()[0].indices.astype(np.int64), np.cumsum(sizes)[:-1])


def _coupled(domain: Domain, spaces: Sequence[fem.FunctionSpace], rows_of: Sequence[Rows]) -> Iterator[Rows]:
    """Yield the rows coupled in each cell, then in each facet of each interface, −1 for none: (entities, rows)."""

    def rows(k: int, cells: Indices) -> Rows:
        """Return those of the unknowns of space `k` in `cells` of its mesh, of which −1 is none."""
        dofmap, there = spaces[k].dofmap, cells >= 0
        found = np.full((len(cells), dofmap.bs * dofmap.list.shape[1]), -1, dtype=np.int64)
        unrolled = dofmap.bs * dofmap.list[cells[there]][..., None] + np.arange(dofmap.bs)
        found[there] = rows_of[k][unrolled.reshape(-1, found.shape[1])]
        return found

    on_sides = {k: side for k, space in enumerate(spaces) if (side := domain.side_of(space)) is not None}
    cells = domain.mesh.topology.index_map(domain.dimension)
    every = np.arange(cells.size_local + cells.num_ghosts, dtype=np.int32)
    yield np.hstack([rows(k, side.from_parent[every]) for k, side in on_sides.items()])
    for interface in domain.interfaces.values():
        facets = interface.entities
        parts = [rows(k, side.from_parent[facets[:, i]]) for k, side in on_sides.items() for i in (0, 2)]
        own = [k for k, space in enumerate(spaces) if space.mesh is interface.mesh]
        yield np.hstack(parts + [rows(k, interface.cells) for k in own])
