"""Small meshes as arrays: layers of squares or cubes cut into simplices, to be spoilt, and Gmsh files of format 2."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from interstice.meshes.msh import Elements

KINDS = {1: ("Line 2", 1), 2: ("Triangle 3", 2), 3: ("Tetrahedron 4", 4)}
"""What Gmsh calls a simplex, and the number of its kind."""
BOUNDARIES = {"left": (0, 0), "right": (0, -1), "front": (1, 0), "back": (1, -1)}


@dataclass
class Grid:
    """Points (n, 3), and of each group the corners of its elements (n, dimension + 1)."""

    points: NDArray[np.float64]
    cells: dict[str, NDArray[np.int64]]
    facets: dict[str, NDArray[np.int64]] = field(default_factory=dict)

    @property
    def elements(self) -> list[Elements]:
        """The groups, as they come out of a file."""
        return [
            Elements(nodes.shape[1] - 1, KINDS[nodes.shape[1] - 1][0], (name,) if name else (), nodes)
            for name, nodes in (self.facets | self.cells).items()
        ]

    def facets_at(self, axis: int, place: float) -> NDArray[np.int64]:
        """Return the facets whose corners all lie at a place along an axis."""
        cells = np.concatenate(list(self.cells.values()))
        facets = np.concatenate([np.delete(cells, corner, axis=1) for corner in range(cells.shape[1])])
        return np.unique(np.sort(facets[np.all(self.points[facets, axis] == place, axis=1)], axis=1), axis=0)

    def split(self, name: str, chosen: NDArray[np.int64]) -> None:
        """Give the cells of a group nodes of their own in place of the `chosen` ones."""
        new = np.arange(len(self.points))
        new[chosen] = len(self.points) + np.arange(len(chosen))
        self.points = np.concatenate([self.points, self.points[chosen]])
        self.cells[name] = new[self.cells[name]]

    def write(self, path: Path, numbers: Iterable[int] = ()) -> Path:
        """Write a file of format 2.2, in which nodes have these `numbers`, and all elements one elementary entity."""
        number = np.array(list(numbers) or np.arange(1, len(self.points) + 1))
        groups = {name: (index, nodes) for index, (name, nodes) in enumerate((self.facets | self.cells).items(), 1)}
        names = [f'{nodes.shape[1] - 1} {index} "{name}"' for name, (index, nodes) in groups.items()]
        rows = [
            f"{KINDS[nodes.shape[1] - 1][1]} 2 {index} 1 {' '.join(map(str, number[row]))}"
            for index, nodes in groups.values()
            for row in nodes
        ]
        places = [f"{one} {x!r} {y!r} {z!r}" for one, (x, y, z) in zip(number, self.points.tolist(), strict=True)]
        sections = {
            "MeshFormat": ["2.2 0 8"],
            "PhysicalNames": [str(len(names)), *names],
            "Nodes": [str(len(places)), *places],
            "Elements": [str(len(rows)), *(f"{index} {row}" for index, row in enumerate(rows, 1))],
        }
        path.write_text("".join("\n".join([f"${key}", *lines, f"$End{key}", ""]) for key, lines in sections.items()))
        return path


def layers(dimension: int = 2, along: int = 4, **rows: int) -> Grid:
    """Return layers of so many `rows` each of cubes of size 1, by name from the bottom up, `along` cubes wide."""
    rows = rows or {"electrolyte": 2, "electrode": 1}
    shape = [along, *([2] if dimension == 3 else []), sum(rows.values())]
    corners = np.stack(np.meshgrid(*(np.arange(size + 1) for size in shape), indexing="ij"), axis=-1)
    number = np.arange(corners[..., 0].size).reshape(corners.shape[:-1])
    points = np.zeros((number.size, 3))
    points[:, :dimension] = corners.reshape(-1, dimension)
    # Kuhn's simplices: the paths from one corner of a cube to the opposite one
    paths = [
        np.cumsum(np.eye(dimension, dtype=int)[list(order)], axis=0)
        for order in itertools.permutations(range(dimension))
    ]
    first = np.stack(np.meshgrid(*(np.arange(size) for size in shape), indexing="ij"), axis=-1).reshape(-1, dimension)
    cells = np.concatenate(
        [np.stack([number[tuple((first + step).T)] for step in (0 * path[0], *path)], axis=1) for path in paths]
    )
    level = np.tile(first[:, -1], len(paths))
    ends = np.cumsum([0, *rows.values()])
    grid = Grid(
        points,
        {
            name: cells[(low <= level) & (level < high)]
            for name, (low, high) in zip(rows, itertools.pairwise(ends), strict=True)
        },
    )
    grid.facets = {"counter": grid.facets_at(dimension - 1, 0.0), "collector": grid.facets_at(dimension - 1, ends[-1])}
    for name in list(BOUNDARIES)[: 2 * (dimension - 1)]:
        axis, end = BOUNDARIES[name]
        grid.facets[name] = grid.facets_at(axis, points[[0, -1][end], axis])
    return grid
