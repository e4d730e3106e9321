"""Whether simplices make continuous bodies: found from their corners alone, without Gmsh or DOLFINx.

Points have shape (points, d), cells (cells, d + 1) and facets (facets, d); both are rows of point numbers.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

Points = NDArray[np.float64]
Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]

FLAT = 1e-10
"""Volume of a cell, over that of a cube with its longest edge, below which it has none."""
NEAR = 1e-3
"""Distance within which places are the same, over the shortest edge; of a place from a cell, over the cell's height."""
NARROW = 0.1
"""Distance of two facets with nothing between them, over the longest edge of one, below which it is hardly meant."""
FACING = -0.5
"""Product of the outward normals of two facets below which they face each other."""


def signed_volumes(points: Points, cells: Rows) -> NDArray[np.float64]:
    """Return the volumes, negative where the corners are in the opposite order."""
    base, *edges = (points[corner] for corner in cells.T)
    edges = [edge - base for edge in edges]
    # many times as fast as the determinants of LAPACK
    if len(edges) == 2:
        return (edges[0][:, 0] * edges[1][:, 1] - edges[0][:, 1] * edges[1][:, 0]) / 2
    return np.einsum("ci,ci->c", np.cross(edges[0], edges[1]), edges[2]) / 6


def edge_lengths(points: Points, cells: Rows) -> NDArray[np.float64]:
    """Return the lengths of the edges of each cell, shape (cells, edges)."""
    first, second = np.triu_indices(cells.shape[1], 1)
    return np.linalg.norm(points[cells[:, first]] - points[cells[:, second]], axis=-1)


def without_volume(points: Points, cells: Rows) -> Mask:
    """Say which cells are flat."""
    longest = edge_lengths(points, cells).max(axis=1)
    return np.abs(signed_volumes(points, cells)) <= FLAT * longest ** points.shape[1]


def numbered(rows: Rows) -> Rows:
    """Return a number for each of the `rows`, the same for those that hold the same point numbers in any order."""
    first, *others = np.sort(rows, axis=1).T
    numbers = first
    for column in others:
        _, numbers = np.unique(numbers * (rows.max(initial=0) + 1) + column, return_inverse=True)
    return numbers


def merged(points: Points, cells: Rows, chosen: Rows) -> Rows:
    """Return for each point its number or, of the `chosen` ones at the same place, that of the first."""
    chosen = np.unique(chosen)
    near = NEAR * edge_lengths(points, cells).min()
    pairs = cKDTree(points[chosen]).query_pairs(near, output_type="ndarray").T
    graph = coo_array((np.ones(pairs.shape[1]), pairs), shape=(len(chosen), len(chosen)))
    _, first, label = np.unique(connected_components(graph, directed=False)[1], return_index=True, return_inverse=True)
    numbers = np.arange(len(points))
    numbers[chosen] = chosen[first[label]]
    return numbers


class Skeleton:
    """The facets of `cells`, and which cells share them.

    `facets` holds those of all cells one after the other, the one opposite corner k of cell i in row i (d + 1) + k;
    `numbers` are the same for the same facet.
    """

    def __init__(self, points: Points, cells: Rows) -> None:
        self.points, self.cells = points, cells
        corners = cells.shape[1]
        others = np.array([np.delete(np.arange(corners), corner) for corner in range(corners)])
        self.facets: Rows = cells[:, others].reshape(-1, corners - 1)
        self.numbers = numbered(self.facets)
        self.sharing = np.bincount(self.numbers)[self.numbers]
        """The number of cells that share the facet of each row."""

    def cell_of(self, rows: Rows) -> Rows:
        """Return the cells to which facets belong, by their rows."""
        return rows // self.cells.shape[1]

    @cached_property
    def inner(self) -> Rows:
        """The rows of each facet that two cells share, shape (facets, 2)."""
        rows = np.flatnonzero(self.sharing == 2)
        return rows[np.argsort(self.numbers[rows], kind="stable")].reshape(-1, 2)

    @cached_property
    def outer(self) -> Rows:
        """The rows of the facets of one cell."""
        return np.flatnonzero(self.sharing == 1)

    def rows_of(self, facets: Rows) -> Rows:
        """Return the first row of each of the given facets, −1 where no cell has it."""
        theirs = np.zeros(len(self.points), dtype=bool)
        theirs[facets] = True
        rows = np.flatnonzero(theirs[self.facets].all(axis=1))
        numbers = numbered(np.concatenate([self.facets[rows], facets]))
        first = np.full(len(numbers), -1)
        first[numbers[: len(rows)][::-1]] = rows[::-1]
        return first[numbers[len(rows) :]]

    @property
    def folded(self) -> Rows:
        """The pairs of cells that lie on the same side of the facet they share, shape (pairs, 2)."""
        first, second = self.inner.T
        corners = self.cells.shape[1]
        apexes = (self.cells[self.cell_of(rows), rows % corners] for rows in (first, second))
        facets = self.facets[first]
        heights = [signed_volumes(self.points, np.column_stack([apex, facets])) for apex in apexes]
        return self.cell_of(self.inner[np.sign(heights[0]) == np.sign(heights[1])])

    def pieces(self, kinds: Rows) -> Rows:
        """Return the number of the piece that each cell belongs to.

        Pieces share no facet with others of the same kind; `kinds` are those of the cells.
        """
        pairs = self.cell_of(self.inner)
        first, second = pairs[kinds[pairs[:, 0]] == kinds[pairs[:, 1]]].T
        size = len(self.cells)
        graph = coo_array((np.ones(len(first)), (first, second)), shape=(size, size))
        return connected_components(graph, directed=False)[1]

    @property
    def missing(self) -> Rows:
        """The rows of the facets around holes of the size of one cell, which touch nothing else of the outside."""
        facets, corners = self.facets[self.outer], self.cells.shape[1]
        joined = np.repeat(np.arange(len(facets)), corners - 1), len(facets) + facets.ravel()
        size = len(facets) + len(self.points)
        graph = coo_array((np.ones(facets.size), joined), shape=(size, size))
        count, labels = connected_components(graph, directed=False)
        of_facets, of_points = labels[: len(facets)], labels[len(facets) + np.unique(facets)]
        # of a cell that stands alone all facets are of one cell
        owners = np.unique(np.column_stack([of_facets, self.cell_of(self.outer)]), axis=0)[:, 0]
        numbers = np.array([np.bincount(found, minlength=count) for found in (of_facets, of_points, owners)])
        return self.outer[(numbers == corners).all(axis=0)[of_facets]]

    @property
    def doubled(self) -> Rows:
        """The first two rows of the facets that lie at the same place and are not shared, shape (places, 2)."""
        facets = self.facets[self.outer]
        numbers = numbered(merged(self.points, self.cells, facets)[facets])
        order = np.argsort(numbers, kind="stable")
        _, first, times = np.unique(numbers[order], return_index=True, return_counts=True)
        return self.outer[order[first[times > 1][:, None] + [0, 1]]]

    def facing(self, facets: Rows) -> tuple[Rows, NDArray[np.float64]]:
        """Return pairs of facets of one cell that face each other across a narrow gap, and how wide it is.

        `facets` are the rows of those that are looked at; the pairs are rows too, shape (pairs, 2). The middle of the
        second one of a pair lies over the first, whatever their sizes, and its farthest corner is meant.
        """
        if not len(facets):
            return np.empty((0, 2), dtype=np.int64), np.empty(0)
        corners = self.points[self.facets[facets]]
        base, edges = corners[:, 0], corners[:, 1:] - corners[:, :1]
        apexes = self.points[self.cells[self.cell_of(facets), facets % self.cells.shape[1]]]
        normals = np.cross(edges[:, 0], edges[:, -1]) if corners.shape[1] == 3 else edges[:, 0] @ [[0, -1], [1, 0]]
        outwards = -np.sign(np.sum((apexes - base) * normals, axis=1))
        normals *= (outwards / np.linalg.norm(normals, axis=1))[:, None]
        middles, longest = corners.mean(axis=1), edge_lengths(self.points, self.facets[facets]).max(axis=1)
        radii = np.linalg.norm(corners - middles[:, None], axis=2).max(axis=1) + NARROW * longest
        found = cKDTree(middles).query_ball_point(middles, radii, return_sorted=False)
        first = np.repeat(np.arange(len(facets)), [len(near) for near in found])
        second = np.concatenate([*found, []]).astype(np.int64)
        opposite = np.sum(normals[first] * normals[second], axis=1) < FACING
        first, second = first[opposite], second[opposite]
        away = middles[second] - base[first]
        height = np.sum(away * normals[first], axis=1)
        # that of the farthest corner: at its end a slit is narrow however wide it is
        width = np.einsum("pki,pi->pk", corners[second] - base[first, None], normals[first]).max(axis=1)
        shares = np.einsum("pi,pij->pj", away, np.linalg.pinv(edges[first]))
        over = (shares > -NEAR).all(axis=1) & (shares.sum(axis=1) < 1 + NEAR)
        narrow = over & (height > 0) & (width < NARROW * longest[first])
        return np.column_stack([facets[first[narrow]], facets[second[narrow]]]), width[narrow]

    def covered(self) -> tuple[Rows, Rows]:
        """Return the cells that others reach into, and those on whose facets lie corners of others that they lack.

        Each is a pair of cells, shape (pairs, 2). Looked at are the corners and the middles of facets of one cell:
        where bodies overlap, the surface of one is within the other.
        """
        facets = self.facets[self.outer]
        corners, sample = np.unique(facets, return_index=True)
        owner = self.cell_of(self.outer)
        owners = np.concatenate([owner[sample // facets.shape[1]], owner])
        places = np.concatenate([self.points[corners], self.points[facets].mean(axis=1)])
        tree = cKDTree(places)

        centres = self.points[self.cells].mean(axis=1)
        radii = (1 + NEAR) * np.linalg.norm(self.points[self.cells] - centres[:, None], axis=2).max(axis=1)
        nearest, _ = tree.query(centres, distance_upper_bound=radii.max() * (1 + NEAR))
        cells = np.flatnonzero(nearest <= radii)
        found = tree.query_ball_point(centres[cells], radii[cells], return_sorted=False)
        which = np.repeat(np.arange(len(cells)), [len(places) for places in found])
        places_near = np.concatenate([*found, []]).astype(np.int64)
        base = self.points[self.cells[cells, 0]]
        inverse = np.linalg.inv(self.points[self.cells[cells, 1:]] - base[:, None])
        shares = np.einsum("pi,pij->pj", places[places_near] - base[which], inverse[which])
        shares = np.sort(np.column_stack([1 - shares.sum(axis=1), shares]), axis=1)
        pairs = np.column_stack([cells[which], owners[places_near]])
        inside = shares[:, 0] > NEAR
        # bodies may well meet in corners and edges, where more than one share vanishes
        on_facet = (np.abs(shares[:, 0]) <= NEAR) & (shares[:, 1] > NEAR) & (pairs[:, 0] != pairs[:, 1])
        return pairs[inside], pairs[on_facet]
