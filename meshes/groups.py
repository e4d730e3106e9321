"""What the physical groups of a Gmsh file mean, and whether sides, interfaces and boundaries can be made of them.

Each named group of cells is a side. Sides that share facets have an interface there. Of the groups of facets
``collector`` and ``counter`` are needed, with symmetric lateral boundaries also ``left`` and ``right``, in 3D ``front``
and ``back``; a group named as an interface is compared with what the sides share; all others have no say.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from interstice.meshes import soundness
from interstice.meshes.msh import KEY, Elements, read
from interstice.meshes.soundness import Mask, Points, Rows, Skeleton
from interstice.schema.units import Length, unit
from interstice.schema.wording import did_you_mean

if TYPE_CHECKING:
    from interstice.schema import ImportedMesh

SIMPLICES = {1: "Line 2", 2: "Triangle 3", 3: "Tetrahedron 4"}
"""What Gmsh calls the straight simplex, by dimension."""
ONLY_INTERFACE = "interface"
"""What the facets between the sides may also be called where there are but two."""
LATERAL = {"left": (0, np.min), "right": (0, np.max), "front": (1, np.min), "back": (1, np.max)}
"""The axis across which each lateral boundary lies, and at which end."""
LEVEL = 1e-6
"""Distance over the extent of the mesh within which a flat boundary is flat."""
PLAUSIBLE = (1e-9, 1.0)
"""Least and largest extent of a cell [m]."""


class UnfitError(ValueError):
    """A mesh that cannot be used; the text goes on after the name of the file."""


@dataclass(frozen=True)
class Groups:
    """A mesh and what its parts are called.

    Attributes:
        points: in the unit of the file, shape (points, d).
        cells: corners of the simplices, shape (cells, d + 1).
        side_of: of each cell the index of its side.
        sides: from the counter to the collector, those between by their mean height.
        interfaces: facets that two sides share, by the names of the upper and the lower one, from the top down.
        boundaries: facets by name.
        isolated: how many cells of a side are not connected with those of it at the collector or counter, by name.
        slits: of two sides, or one, how many facets face each other across a narrow gap, and its largest width.
    """

    points: Points
    cells: Rows
    side_of: Rows
    sides: tuple[str, ...]
    interfaces: Mapping[tuple[str, str], Rows]
    boundaries: Mapping[str, Rows]
    isolated: Mapping[str, int]
    slits: Mapping[str, tuple[int, float]]

    @property
    def names(self) -> list[str]:
        """The names of the interfaces, from the top down."""
        return ["/".join(pair) for pair in self.interfaces]


def load(geometry: ImportedMesh, case_folder: Path) -> Groups:
    """Return the mesh in the file of `geometry`; ValueError, naming the key, says why it cannot be used.

    The last one is kept, so that a run does not read again what was read to check its case.
    """
    path = case_folder / geometry.file
    written = path.stat().st_mtime_ns if os.path.isfile(path) else 0
    groups = _loaded(geometry.model_copy(update={"sides": None, "interfaces": None}), path, written)
    for key, said, found in (
        ("sides", geometry.sides, list(groups.sides)),
        ("interfaces", geometry.interfaces, groups.names),
    ):
        if said is not None and said != found:
            raise ValueError(f"geometry.{key}: '{path.name}' has {_listed(found)}; leave this key out")
    return groups


@lru_cache(maxsize=1)
def _loaded(geometry: ImportedMesh, path: Path, written: int) -> Groups:
    points, elements = read(path)
    try:
        return arranged(points, elements, geometry)
    except UnfitError as error:
        raise ValueError(f"{KEY}: '{path.name}' {error}") from None


def arranged(points: Points, elements: list[Elements], geometry: ImportedMesh) -> Groups:
    """Return what the elements of a file mean, with `points` of shape (points, 3); UnfitError says what is wrong."""
    dimension = max((block.dimension for block in elements), default=0)
    if dimension < 2:
        raise UnfitError("holds no triangles or tetrahedra; mesh it in 2D or 3D before it is saved")
    named, cells, side_of = _cells(elements, dimension)
    facets = _facets(elements, dimension, geometry.lateral)

    _require_places(points[np.unique(cells)], dimension, geometry)
    points = points[:, :dimension]
    flat = soundness.without_volume(points, cells)
    if flat.any():
        raise UnfitError(f"holds {_tally(flat, side_of, named)} without volume: their corners lie on a line or plane")
    if geometry.merge:
        first = soundness.merged(points, cells, cells)
        cells, side_of = _once(first[cells], side_of, named)
        facets = {name: first[nodes] for name, nodes in facets.items()}
    used = np.unique(cells)
    row = np.full(len(points), -1)
    row[used] = np.arange(len(used))
    points, cells = points[used], row[cells]
    facets = {name: row[nodes] for name, nodes in facets.items()}

    skeleton = Skeleton(points, cells)
    _require_sound(skeleton, side_of, named)
    rows = {name: _rows(skeleton, name, nodes) for name, nodes in facets.items()}
    boundaries = {name: found for name, found in rows.items() if name in _needed(dimension, geometry.lateral)}
    _require_boundaries(skeleton, side_of, named, boundaries)

    owner = {name: side_of[skeleton.cell_of(boundaries[name][0])] for name in ("counter", "collector")}
    heights = points[cells, -1].mean(axis=1)
    order = sorted(
        range(len(named)),
        key=lambda side: (side != owner["counter"], side == owner["collector"], heights[side_of == side].mean()),
    )
    place = np.argsort(order)
    sides = [named[side] for side in order]
    side_of = place[side_of]
    interfaces = _interfaces(skeleton, side_of, sides)
    _require_interfaces(skeleton, interfaces, {name: rows[name] for name in rows.keys() - boundaries.keys()})
    return Groups(
        points,
        cells,
        side_of,
        tuple(sides),
        {pair: skeleton.facets[found] for pair, found in interfaces.items()},
        {name: skeleton.facets[found] for name, found in boundaries.items()},
        _isolated(skeleton, side_of, sides, [boundaries[name] for name in ("collector", "counter")]),
        _slits(skeleton, side_of, sides, boundaries),
    )


# --- what is in which group -----------------------------------------------------------------------


def _cells(elements: Iterable[Elements], dimension: int) -> tuple[list[str], Rows, Rows]:
    """Return the names of the sides, the cells, and the index of the side of each."""
    blocks = [block for block in elements if block.dimension == dimension]
    _require_simplices(blocks)
    loose = sum(len(block.nodes) for block in blocks if not block.groups)
    if loose:
        raise UnfitError(
            f"holds {loose} {_kind(dimension)} in no physical group; each named group of cells is a side: name one "
            "for these, or leave them out of the file (Mesh.SaveAll = 0)"
        )
    names = list(dict.fromkeys(name for block in blocks for name in block.groups))
    for name in names:
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name):
            raise UnfitError(
                f"has the group of cells '{name}': the name of a side must be letters, digits and underscores after a "
                "letter"
            )
    parts = [(names.index(name), block.nodes) for block in blocks for name in block.groups]
    cells = np.concatenate([nodes for _, nodes in parts])
    return names, *_once(cells, np.repeat([side for side, _ in parts], [len(nodes) for _, nodes in parts]), names)


def _once(cells: Rows, side_of: Rows, names: list[str]) -> tuple[Rows, Rows]:
    """Return the cells and their sides, each once: files of format 2 repeat what is in two groups."""
    numbers = soundness.numbered(cells)
    numbers, first = np.unique(numbers * len(names) + side_of, return_index=True)
    shared = np.bincount(numbers // len(names))[numbers // len(names)] > 1
    if shared.any():
        several = sorted({names[side] for side in numbers[shared] % len(names)})
        count = len(np.unique(numbers[shared] // len(names)))
        raise UnfitError(
            f"has {count} cells in more than one of the groups {_listed(several)}; each named group of cells is a "
            "side, and a cell belongs to one: remove the group that is none"
        )
    return cells[first], side_of[first]


def _facets(elements: Iterable[Elements], dimension: int, lateral: str) -> dict[str, Rows]:
    """Return the facets of the groups that have a say: boundaries and interfaces."""
    blocks = [block for block in elements if block.dimension == dimension - 1]
    present = list(dict.fromkeys(name for block in blocks for name in block.groups))
    needed = _needed(dimension, lateral)
    missing = [name for name in needed if name not in present]
    if missing:
        hint = did_you_mean(missing[0], present) or "."
        free = ", or set geometry.lateral to 'free'" if set(missing) & set(LATERAL) else ""
        raise UnfitError(
            f"lacks the physical groups {_listed(missing)} of {_kind(dimension - 1)}; it has "
            f"{_listed(present) or 'none with a name'}{hint} Name them in Gmsh{free}"
        )
    wanted = [*needed, *(name for name in present if "/" in name or name == ONLY_INTERFACE)]
    chosen = [block for block in blocks if set(block.groups) & set(wanted)]
    _require_simplices(chosen)
    return {name: np.concatenate([block.nodes for block in chosen if name in block.groups]) for name in wanted}


def _needed(dimension: int, lateral: str) -> list[str]:
    across = list(LATERAL)[: 2 * (dimension - 1)] if lateral == "symmetric" else []
    return ["collector", "counter", *across]


def _require_simplices(blocks: Iterable[Elements]) -> None:
    counts: dict[tuple[str, str], int] = {}
    for block in blocks:
        if block.kind != SIMPLICES[block.dimension]:
            for name in block.groups or ("",):
                counts[name, block.kind] = counts.get((name, block.kind), 0) + len(block.nodes)
    if counts:
        found = ", ".join(
            f"{count} of '{kind}' in {f'the group {name!r}' if name else 'no group'}"
            for (name, kind), count in counts.items()
        )
        curved = all(kind.split()[0] in "Line Triangle Tetrahedron" for _, kind in counts)
        remedy = "Mesh.ElementOrder = 1" if curved else "leave out Recombine, or split them"
        raise UnfitError(
            f"holds {found}; needed are straight triangles in 2D and tetrahedra in 3D, first-order simplices: {remedy}"
        )


# --- what must hold of the mesh -------------------------------------------------------------------


def _require_places(points: Points, dimension: int, geometry: ImportedMesh) -> None:
    lost = int(np.sum(~np.isfinite(points).all(axis=1)))
    if lost:
        raise UnfitError(f"holds {lost} nodes whose coordinates are no numbers; write it anew")
    extent = np.ptp(points, axis=0)
    if dimension == 2 and extent[2] > LEVEL * extent.max():
        raise UnfitError("is a surface in space; a mesh of dimension 2 must lie in the xy plane")
    size = float(extent.max() * geometry.unit)
    if not PLAUSIBLE[0] <= size <= PLAUSIBLE[1]:
        metres = unit(Length).format
        raise UnfitError(
            f"is {extent.max():.4g} units long, {metres(size)} with geometry.unit = {metres(geometry.unit)}; allowed "
            f"are {metres(PLAUSIBLE[0])} to {metres(PLAUSIBLE[1])}: set geometry.unit, such as '1 mm'"
        )


def _require_sound(skeleton: Skeleton, side_of: Rows, names: list[str]) -> None:
    """Raise UnfitError unless the cells make up one body, each facet between two of them or on the outside."""

    def words(pairs: Rows) -> str:
        return _tally(np.isin(np.arange(len(side_of)), pairs), side_of, names)

    crowded = skeleton.sharing > 2
    if crowded.any():
        raise UnfitError(
            f"has {len(np.unique(skeleton.numbers[crowded]))} facets that three or more cells share, those of "
            f"{words(skeleton.cell_of(np.flatnonzero(crowded)))}; cells must not overlap"
        )
    if len(folded := skeleton.folded):
        raise UnfitError(
            f"holds {words(folded)} that lie over a neighbour or are turned inside out; mesh it anew, or smooth less"
        )
    if len(doubled := skeleton.doubled):
        pairs = {tuple(sorted(names[side] for side in pair)) for pair in side_of[skeleton.cell_of(doubled)]}
        where = ", ".join(sorted("/".join(pair) if pair[0] != pair[1] else f"within {pair[0]}" for pair in pairs))
        raise UnfitError(
            f"has {len(doubled)} pairs of facets at the same place that are not shared ({where}): their nodes are "
            "there twice, and the bodies are not joined; set geometry.merge to true, or use BooleanFragments (in the "
            "geometry) or Coherence Mesh"
        )
    if len(around := skeleton.missing):
        raise UnfitError(
            f"lacks {len(around) // skeleton.cells.shape[1]} cells, within {words(skeleton.cell_of(around))}: there "
            "are holes as large as one; mesh it anew, and voids with several facets along each side"
        )
    inside, touching = skeleton.covered()
    if len(inside):
        raise UnfitError(f"holds {words(inside)} that overlap; cut one body out of the other (BooleanFragments)")
    if len(touching):
        raise UnfitError(
            f"holds {words(touching)} that touch and share no facets: their nodes do not match; make the mesh conform "
            "(BooleanFragments in the geometry)"
        )
    pieces = skeleton.pieces(np.zeros_like(side_of))
    if pieces.any():
        smaller = pieces != np.argmax(np.bincount(pieces))
        raise UnfitError(
            f"falls into {pieces.max() + 1} pieces that share no facets: {_tally(smaller, side_of, names)} are apart "
            "from the rest; bodies must touch at the start: move them together, or leave these out of the file"
        )


def _rows(skeleton: Skeleton, name: str, facets: Rows) -> Rows:
    """Return a row of the skeleton for each facet of a group, each once."""
    found = skeleton.rows_of(facets)
    strangers = int(np.sum(found < 0))
    if strangers:
        raise UnfitError(
            f"has the group '{name}' with {len(facets)} facets, of which {strangers} are not facets of any cell; name "
            "the faces of sides, and the sides themselves: Gmsh leaves out of the file what is in no group"
        )
    return np.unique(found)


def _require_boundaries(skeleton: Skeleton, side_of: Rows, names: list[str], boundaries: Mapping[str, Rows]) -> None:
    """Raise UnfitError unless boundaries are on the outside and apart, collector and counter each on one side."""
    for name, rows in boundaries.items():
        within = int(np.sum(skeleton.sharing[rows] > 1))
        if within:
            raise UnfitError(
                f"has the group '{name}' with {len(rows)} facets, of which {within} lie between two cells; a boundary "
                "lies on the outside"
            )
    for first, second in combinations(boundaries, 2):
        common = len(np.intersect1d(boundaries[first], boundaries[second]))
        if common:
            raise UnfitError(f"has {common} facets in both '{first}' and '{second}'; take them out of one")
    for name in ("collector", "counter"):
        cells = skeleton.cell_of(boundaries[name])
        if len(np.unique(side_of[cells])) > 1:
            counts = ", ".join(
                f"{count} of '{names[side]}'" for side, count in enumerate(np.bincount(side_of[cells])) if count
            )
            raise UnfitError(f"has the group '{name}' on several sides ({counts} facets); it must lie on one")
    _require_level(skeleton, boundaries["collector"])
    for name in LATERAL:
        if name in boundaries:
            _require_wall(skeleton, name, boundaries[name])


def _require_level(skeleton: Skeleton, collector: Rows) -> None:
    """Raise UnfitError unless a platen that comes from above would press on all of the collector at once."""
    vertical = "yz"[skeleton.points.shape[1] - 2]
    heights = skeleton.points[skeleton.facets[collector], -1]
    if np.ptp(heights) > LEVEL * np.ptp(skeleton.points, axis=0).max():
        raise UnfitError(
            f"has the group 'collector' between {vertical} = {heights.min():.6g} and {heights.max():.6g}; a rigid "
            f"platen presses on it along {vertical}: it must be flat and at one height; turn the mesh"
        )
    if skeleton.points[skeleton.cells[skeleton.cell_of(collector)], -1].mean() > heights.mean():
        raise UnfitError("has the group 'collector' on a face that looks down; the platen presses from above")


def _require_wall(skeleton: Skeleton, name: str, rows: Rows) -> None:
    """Raise UnfitError unless a lateral boundary is at right angles to its axis and holds all of that end."""
    axis, end = LATERAL[name]
    points, near = skeleton.points[:, axis], LEVEL * np.ptp(skeleton.points, axis=0).max()
    tilted = int(np.sum(np.ptp(points[skeleton.facets[rows]], axis=1) > near))
    if tilted:
        raise UnfitError(
            f"has the group '{name}' with {len(rows)} facets, of which {tilted} are not at right angles to the "
            f"{'xy'[axis]} axis, along which it must not move; set geometry.lateral to 'free'"
        )
    outer, place = skeleton.outer, end(points)
    wall = outer[np.all(np.abs(points[skeleton.facets[outer]] - place) <= near, axis=1)]
    held = len(np.intersect1d(wall, rows))
    if held < len(wall):
        raise UnfitError(
            f"has {len(wall)} facets at {'xy'[axis]} = {place:.6g}, of which the group '{name}' holds {held}; name all "
            "of them, or set geometry.lateral to 'free'"
        )


def _interfaces(skeleton: Skeleton, side_of: Rows, sides: list[str]) -> dict[tuple[str, str], Rows]:
    """Return the rows of the facets between each two sides, by their names."""
    pairs = np.sort(side_of[skeleton.cell_of(skeleton.inner)], axis=1)
    found = {}
    for lower, upper in np.unique(pairs[pairs[:, 0] < pairs[:, 1]], axis=0)[::-1]:
        chosen = (pairs == (lower, upper)).all(axis=1)
        found[sides[upper], sides[lower]] = np.sort(skeleton.inner[chosen, 0])
    if not found:
        raise UnfitError(f"has but one side, {sides[0]}; an interface lies between two")
    return found


def _require_interfaces(
    skeleton: Skeleton, interfaces: Mapping[tuple[str, str], Rows], named: Mapping[str, Rows]
) -> None:
    """Raise UnfitError unless each group named as an interface holds its facets, all of them and no others."""
    known = {"/".join(order): rows for pair, rows in interfaces.items() for order in (pair, pair[::-1])}
    if len(interfaces) == 1:
        known[ONLY_INTERFACE] = next(iter(interfaces.values()))
    for name, rows in named.items():
        if name not in known:
            if name == ONLY_INTERFACE:
                continue
            allowed = _listed("/".join(pair) for pair in interfaces)
            raise UnfitError(f"has the group '{name}', which is no interface of its sides; they have {allowed}")
        given, between = (skeleton.numbers[found] for found in (rows, known[name]))
        common = len(np.intersect1d(given, between))
        if common < max(len(given), len(between)):
            raise UnfitError(
                f"has the group '{name}', which must hold the {len(between)} facets between the sides; it holds "
                f"{common} of them and {len(given)} facets in all. Without the group, the facets are found"
            )


def _isolated(skeleton: Skeleton, side_of: Rows, sides: list[str], terminals: Iterable[Rows]) -> dict[str, int]:
    """Return how many cells of each side at a terminal are in pieces that no terminal touches."""
    pieces, ends = skeleton.pieces(side_of), skeleton.cell_of(np.concatenate(list(terminals)))
    apart = ~np.isin(pieces, pieces[ends]) & np.isin(side_of, side_of[ends])
    return {sides[side]: int(np.sum(apart & (side_of == side))) for side in np.unique(side_of[apart])}


def _slits(
    skeleton: Skeleton, side_of: Rows, sides: list[str], boundaries: Mapping[str, Rows]
) -> dict[str, tuple[int, float]]:
    """Return how many facets that are no boundary face each other across a narrow gap, and its largest width."""
    pairs, widths = skeleton.facing(np.setdiff1d(skeleton.outer, np.concatenate(list(boundaries.values()))))
    between = np.sort(side_of[skeleton.cell_of(pairs)], axis=1)
    slits = {}
    for lower, upper in np.unique(between, axis=0):
        chosen = (between == (lower, upper)).all(axis=1)
        name = f"{sides[upper]}/{sides[lower]}" if upper > lower else f"within {sides[lower]}"
        slits[name] = len(np.unique(pairs[chosen])), float(widths[chosen].max())
    return slits


# --- words ----------------------------------------------------------------------------------------


def _kind(dimension: int) -> str:
    return ("lines", "triangles", "tetrahedra")[dimension - 1]


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)


def _tally(chosen: Mask, side_of: Rows, names: list[str]) -> str:
    """Return how many of the `chosen` cells there are in each side, in words."""
    counts = np.bincount(side_of[chosen], minlength=len(names))
    return ", ".join(f"{count} cells of '{name}'" for name, count in zip(names, counts, strict=True) if count)
