"""What the physical groups of a mesh mean, and what is said of meshes that cannot be used."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from grids import Grid, layers
from scipy.spatial import Delaunay

from interstice.meshes.groups import Groups, UnfitError, arranged
from interstice.meshes.msh import Elements
from interstice.meshes.soundness import Skeleton, signed_volumes
from interstice.schema import ImportedMesh

DIMENSIONS = pytest.mark.parametrize("dimension", [2, 3])


def read(grid: Grid, **keys: object) -> Groups:
    geometry = ImportedMesh.model_validate({"builder": "msh", "file": "grid.msh"} | keys)
    return arranged(grid.points, grid.elements, geometry)


def volume(groups: Groups, side: str) -> float:
    return float(np.abs(signed_volumes(groups.points, groups.cells[groups.side_of == groups.sides.index(side)])).sum())


def counts(groups: Groups) -> dict[str, int]:
    return {
        name: len(facets)
        for name, facets in (
            {"/".join(pair): facets for pair, facets in groups.interfaces.items()} | groups.boundaries
        ).items()
    }


def places(groups: Groups, facets: np.ndarray) -> set[tuple[tuple[float, ...], ...]]:
    return {tuple(sorted(map(tuple, corners))) for corners in groups.points[facets].tolist()}


# --- what is right --------------------------------------------------------------------------------


@DIMENSIONS
def test_sides_interfaces_and_boundaries_are_what_was_drawn(dimension: int) -> None:
    groups = read(layers(dimension, along=4, electrolyte=2, electrode=1))
    depth = 1 if dimension == 2 else 2
    assert groups.sides == ("electrolyte", "electrode")
    assert (volume(groups, "electrolyte"), volume(groups, "electrode")) == pytest.approx((8 * depth, 4 * depth))
    level, wall = (4, 3) if dimension == 2 else (4 * 2 * 2, 3 * 2 * 2)
    across = {"left": wall, "right": wall} | ({"front": 24, "back": 24} if dimension == 3 else {})
    assert counts(groups) == {"electrode/electrolyte": level, "collector": level, "counter": level} | across
    assert np.all(groups.points[groups.interfaces["electrode", "electrolyte"], -1] == 2.0)
    assert np.all(groups.points[groups.boundaries["right"], 0] == 4.0)


@DIMENSIONS
def test_layers_have_the_order_and_the_interfaces_of_the_builder_layers(dimension: int) -> None:
    grid = layers(dimension, anode=1, separator=2, cathode=1)
    grid.cells = {name: grid.cells[name] for name in ("separator", "cathode", "anode")}
    groups = read(grid)
    assert groups.sides == ("anode", "separator", "cathode")
    assert groups.names == ["cathode/separator", "separator/anode"]
    assert np.all(groups.points[groups.interfaces["cathode", "separator"], -1] == 3.0)
    assert np.all(groups.points[groups.interfaces["separator", "anode"], -1] == 1.0)


def test_the_first_side_is_at_the_counter_and_the_last_at_the_collector_whatever_their_heights() -> None:
    grid = layers(2, along=4, anode=4)
    cells, (x, y, _) = grid.cells["anode"], np.floor(grid.points[grid.cells["anode"]].mean(axis=1)).T
    column, corner, upper = (x == 3) & (y >= 1), (x == 0) & (y == 0), (x < 3) & (y >= 2)
    grid.cells = {"separator": cells[upper], "low": cells[corner], "cathode": cells[column]}
    grid.cells["anode"] = cells[~(column | corner | upper)]
    middle = {name: grid.points[grid.facets[name], 0].mean(axis=1) for name in ("counter", "collector")}
    grid.facets = {
        "counter": grid.facets["counter"][middle["counter"] > 1],
        "collector": grid.facets["collector"][middle["collector"] > 3],
    }
    # of mean heights 1.1, 0.5, 3 and 2.5
    assert read(grid, lateral="free").sides == ("anode", "low", "separator", "cathode")


def test_numbers_of_nodes_may_have_gaps_and_nodes_may_belong_to_no_cell() -> None:
    grid, whole = layers(), read(layers())
    shuffled = np.random.default_rng(1).permutation(3 * len(grid.points))[: len(grid.points)]
    points = np.full((3 * len(grid.points), 3), np.nan)
    points[shuffled] = grid.points
    grid.points = points
    grid.cells = {name: shuffled[nodes] for name, nodes in grid.cells.items()}
    grid.facets = {name: shuffled[nodes] for name, nodes in grid.facets.items()}
    groups = read(grid)
    assert len(groups.points) == len(whole.points)
    assert counts(groups) == counts(whole)
    for pair, facets in groups.interfaces.items():
        assert places(groups, facets) == places(whole, whole.interfaces[pair])


@DIMENSIONS
@pytest.mark.parametrize("first", [True, False])
def test_facets_may_be_in_further_groups_before_and_after(dimension: int, first: bool) -> None:
    grid = layers(dimension)
    walls = {"walls": np.concatenate(list(grid.facets.values()))}
    grid.facets = walls | grid.facets if first else grid.facets | walls
    assert counts(read(grid)) == counts(read(layers(dimension)))


@DIMENSIONS
def test_facets_and_cells_written_once_for_each_of_their_groups_count_once(dimension: int) -> None:
    grid = layers(dimension)
    grid.facets = {name: np.concatenate([nodes, nodes[:, ::-1]]) for name, nodes in grid.facets.items()}
    grid.cells = {name: np.concatenate([nodes, nodes[:1]]) for name, nodes in grid.cells.items()}
    assert counts(read(grid)) == counts(read(layers(dimension)))
    assert len(read(grid).cells) == len(read(layers(dimension)).cells)


@pytest.mark.parametrize("name", ["interface", "electrode/electrolyte", "electrolyte/electrode"])
def test_a_group_of_the_interface_changes_nothing(name: str) -> None:
    grid = layers()
    grid.facets[name] = grid.facets_at(1, 2.0)
    assert counts(read(grid)) == counts(read(layers()))


def test_of_several_interfaces_no_group_is_just_the_interface() -> None:
    grid = layers(2, anode=1, separator=2, cathode=1)
    grid.facets["interface"] = grid.facets_at(1, 3.0)
    assert read(grid).names == ["cathode/separator", "separator/anode"]


def test_a_mesh_may_have_a_hole_and_an_interface_any_direction() -> None:
    grid = layers(2, along=5, electrolyte=3, electrode=2)
    middle = grid.points[grid.cells["electrolyte"]].mean(axis=1)
    hole = np.all(np.abs(middle[:, :2] - [2.5, 1.5]) < 0.5, axis=1)
    grid.cells["electrolyte"] = grid.cells["electrolyte"][~hole]
    level = np.isin(grid.points[:, 1], [1.0, 2.0, 3.0, 4.0])
    grid.points[level, 1] += 0.15 * (grid.points[level, 0] - 2.5)
    groups = read(grid)
    assert counts(groups) == {"electrode/electrolyte": 5, "collector": 5, "counter": 5, "left": 5, "right": 5}
    assert volume(groups, "electrolyte") == pytest.approx(15 - 1)


@DIMENSIONS
def test_cells_that_are_missing_are_found_and_larger_holes_and_lone_cells_are_not(dimension: int) -> None:
    points = np.random.default_rng(1).uniform(size=(300, dimension))
    cells = Delaunay(points).simplices.astype(np.int64)
    inner = ~np.isin(cells, Skeleton(points, cells).facets[Skeleton(points, cells).outer]).any(axis=1)
    assert len(Skeleton(points, cells).missing) == 0
    (first, *others) = np.flatnonzero(inner)
    apart = next(other for other in others if not np.isin(cells[other], cells[first]).any())
    beside = next(other for other in others if np.isin(cells[other], cells[first]).sum() == dimension)
    for dropped, holes in (([first], 1), ([first, apart], 2), ([first, beside], 0)):
        around = Skeleton(points, np.delete(cells, dropped, axis=0)).missing
        assert len(around) == holes * (dimension + 1)
    assert len(Skeleton(points, cells[[first, apart]]).missing) == 0


def test_a_mesh_that_lacks_a_cell_is_refused() -> None:
    grid = layers(2, along=5, electrolyte=5)
    within = ((grid.points > 0.0) & (grid.points < 5.0))[:, :2].all(axis=1)
    inner = np.flatnonzero(within[grid.cells["electrolyte"]].all(axis=1))
    grid.cells["electrolyte"] = np.delete(grid.cells["electrolyte"], inner[0], axis=0)
    with pytest.raises(ValueError, match=r"lacks 1 cells, within 3 cells of 'electrolyte': there are holes"):
        read(grid)


@DIMENSIONS
def test_pieces_of_a_side_that_reach_no_terminal_are_counted(dimension: int) -> None:
    grid = layers(dimension, along=5, electrolyte=3, electrode=1)
    middle = grid.points[grid.cells["electrolyte"]].mean(axis=1)
    within = (np.abs(middle[:, 0] - 2.5) < 0.5) & (np.abs(middle[:, dimension - 1] - 1.5) < 0.5)
    particle = grid.cells["electrolyte"][within]
    grid.cells["electrolyte"] = grid.cells["electrolyte"][~within]
    grid.cells["electrode"] = np.concatenate([grid.cells["electrode"], particle])
    assert read(grid).isolated == {"electrode": len(particle)}
    # a side of particles alone is wired to the collector
    size = len(grid.cells["electrode"]) - len(particle)
    grid.cells["particles"], grid.cells["electrode"] = particle, grid.cells["electrode"][:size]
    assert read(grid).isolated == {}
    # two columns that both reach the collector are no less connected than one
    grid = layers(dimension, along=5)
    middle = grid.points[grid.cells["electrode"]].mean(axis=1)
    grid.cells["electrode"] = grid.cells["electrode"][np.abs(middle[:, 0] - 2.5) > 0.5]
    grid.facets["collector"] = grid.facets_at(dimension - 1, 3.0)
    assert read(grid, lateral="free").isolated == {}


# --- nodes that are there twice -------------------------------------------------------------------


@DIMENSIONS
@pytest.mark.parametrize("share", [0.5, 1.0])
def test_nodes_that_are_there_twice_are_refused_with_the_number_of_facets_or_merged(
    dimension: int, share: float
) -> None:
    grid = layers(dimension)
    facets = grid.facets_at(dimension - 1, 2.0)
    twice = facets[grid.points[facets, 0].min(axis=1) <= share * 4]
    grid.split("electrode", np.unique(facets[grid.points[facets, 0] <= share * 4]))
    grid.facets["left"] = grid.facets_at(0, 0.0)
    grid.facets["right"] = grid.facets_at(0, 4.0)
    for name, place in (("front", 0.0), ("back", 2.0)) if dimension == 3 else ():
        grid.facets[name] = grid.facets_at(1, place)
    with pytest.raises(
        UnfitError, match=rf"has {len(twice)} pairs of facets .* \(electrode/electrolyte\).* geometry.merge"
    ):
        read(grid)
    merged, whole = read(grid, merge=True), read(layers(dimension))
    assert counts(merged) == counts(whole)
    assert (len(merged.points), len(merged.cells)) == (len(whole.points), len(whole.cells))


def test_only_places_much_nearer_than_a_cell_are_the_same() -> None:
    grid = layers()
    _move(-1, 5e-4)(grid)
    assert counts(read(grid, merge=True, lateral="free"))["electrode/electrolyte"] == 4
    grid = layers()
    _move(-1, 2e-3)(grid)
    with pytest.raises(UnfitError, match="falls into 2 pieces"):
        read(grid, merge=True, lateral="free")


def _apart(dimension: int, width: float, share: float = 0.5) -> Grid:
    """Layers whose faces are `width` times an edge apart along a share of the interface, from x = 0."""
    grid = layers(dimension)
    facets = grid.facets_at(dimension - 1, 2.0)
    old = len(grid.points)
    grid.split("electrode", np.unique(facets[grid.points[facets, 0] <= share * 4 - 0.5]))
    grid.points[old:, dimension - 1] += width
    return grid


@DIMENSIONS
@pytest.mark.parametrize("width", [5e-3, 0.01, 0.09])
def test_faces_a_little_apart_are_valid_and_counted_with_their_distance(dimension: int, width: float) -> None:
    """Of 4 edges two are there twice, the second one with its end in common; in 3D an edge of a facet is √2 long."""
    groups = read(_apart(dimension, width), lateral="free")
    number = 2 * 2 * (1 if dimension == 2 else 4)
    assert groups.slits["electrode/electrolyte"] == (number, pytest.approx(width, rel=0.01))
    assert counts(groups)["electrode/electrolyte"] == number // 2
    assert list(groups.slits) == ["electrode/electrolyte"]


@DIMENSIONS
def test_a_wide_slit_thin_bodies_and_a_sound_mesh_are_no_matter(dimension: int) -> None:
    assert read(_apart(dimension, 0.11 if dimension == 2 else 0.15), lateral="free").slits == {}
    assert read(layers(dimension)).slits == {}
    # a leaf between two hollows
    leaf = layers(dimension, along=4, electrolyte=1, electrode=5)
    middle = leaf.points[leaf.cells["electrode"]].mean(axis=1)
    rows = np.isin(np.floor(middle[:, dimension - 1]), [2, 4])
    leaf.cells["electrode"] = leaf.cells["electrode"][~(rows & (np.abs(middle[:, 0] - 2.0) < 1.0))]
    leaf.points[leaf.points[:, dimension - 1] > 3.5, dimension - 1] -= 0.98
    leaf.facets["collector"] = leaf.facets_at(dimension - 1, leaf.points[:, dimension - 1].max())
    assert read(leaf, lateral="free").slits == {}


def test_a_slit_within_a_side_whose_faces_are_meshed_differently_is_counted_too() -> None:
    """A slit of four edges whose upper nodes do not lie over the lower ones; both ends are shared."""
    grid = layers(2, along=6, electrolyte=2, electrode=3)
    upper = grid.facets_at(1, 4.0)
    inner = np.unique(upper[(grid.points[upper, 0] > 1.5) & (grid.points[upper, 0] < 4.5)])
    above = grid.points[grid.cells["electrode"]].mean(axis=1)[:, 1] > 4.0
    old = len(grid.points)
    new = np.arange(old)
    new[inner] = old + np.arange(len(inner))
    grid.points = np.concatenate([grid.points, grid.points[inner] + [0.3, 0.05, 0.0]])
    grid.cells["electrode"][above] = new[grid.cells["electrode"][above]]
    slits = read(grid, lateral="free").slits
    assert list(slits) == ["within electrode"]
    assert slits["within electrode"] == (8, pytest.approx(0.05, rel=0.01))


def test_bodies_may_touch_in_a_corner_without_sharing_it() -> None:
    grid = layers(2, electrolyte=1, electrode=2)
    cells = grid.cells["electrode"]
    square = np.floor(grid.points[cells].mean(axis=1)[:, :2]).astype(int).tolist()
    chosen = {corner: cells[[place == list(corner) for place in square]] for corner in ((0, 1), (1, 2), (2, 1), (2, 2))}
    # the first two meet in the corner (1, 2) alone
    grid.cells["electrode"] = chosen[0, 1]
    grid.split("electrode", np.flatnonzero(np.all(grid.points == [1.0, 2.0, 0.0], axis=1)))
    grid.cells["electrode"] = np.concatenate([grid.cells["electrode"], *list(chosen.values())[1:]])
    grid.facets["collector"] = grid.facets_at(1, 3.0)
    assert counts(read(grid, lateral="free")) == {"electrode/electrolyte": 2, "collector": 2, "counter": 4}


def test_facets_that_are_there_three_times_count_once() -> None:
    grid = layers()
    size = len(grid.points)
    grid.points = np.vstack([grid.points] * 3)
    grid.cells["electrode"] = np.concatenate([grid.cells["electrode"] + size, grid.cells["electrode"] + 2 * size])
    grid.facets = {"counter": grid.facets["counter"], "collector": grid.facets["collector"] + size}
    with pytest.raises(UnfitError, match=r"has 10 pairs of facets .* \(electrode/electrolyte, within electrode\)"):
        read(grid, lateral="free")


# --- what is refused ------------------------------------------------------------------------------


def _untag(grid: Grid) -> None:
    grid.cells[""], grid.cells["electrode"] = grid.cells["electrode"][:2], grid.cells["electrode"][2:]


def _all(grid: Grid) -> None:
    grid.cells["all"] = np.concatenate(list(grid.cells.values()))


def _share_one(grid: Grid) -> None:
    grid.cells["electrode"] = np.concatenate([grid.cells["electrode"], grid.cells["electrolyte"][:1, ::-1]])


def _rename(old: str, new: str) -> Callable[[Grid], None]:
    def rename(grid: Grid) -> None:
        groups = grid.cells if old in grid.cells else grid.facets
        groups[new] = groups.pop(old)

    return rename


def _not_a_number(grid: Grid) -> None:
    grid.points[grid.cells["electrolyte"][0, 0]] = np.inf


def _flatten(grid: Grid) -> None:
    cell = grid.cells["electrode"][0]
    grid.points[cell[0]] = grid.points[cell[1:]].mean(axis=0)


def _turn_inside_out(grid: Grid) -> None:
    within = [2.0, 1.0, 0.0] if grid.cells["electrode"].shape[1] == 3 else [2.0, 1.0, 1.0]
    grid.points[np.all(grid.points == within, axis=1), 0] += 1.2


def _move(axis: int, by: float) -> Callable[[Grid], None]:
    """Give the electrode nodes of its own, moved along an axis."""

    def move(grid: Grid) -> None:
        size, axes = len(grid.points), grid.cells["electrode"].shape[1] - 1
        moved = grid.points.copy()
        moved[:, axis % axes] += by
        grid.points = np.concatenate([grid.points, moved])
        grid.cells["electrode"] = grid.cells["electrode"] + size
        grid.facets = {"counter": grid.facets["counter"], "collector": grid.facets["collector"] + size}

    return move


def _third_cell(grid: Grid) -> None:
    first = grid.cells["electrode"][0].copy()
    grid.points = np.vstack([grid.points, grid.points[first].mean(axis=0) + np.array([0.1, 0.05, 0.0])])
    for corner in range(len(first)):
        new = first.copy()
        new[corner] = len(grid.points) - 1
        grid.cells["electrode"] = np.concatenate([grid.cells["electrode"], [new]])


def _lower_side_too(grid: Grid) -> None:
    grid.facets["collector"] = np.concatenate([grid.facets["collector"], grid.facets.pop("right")])


def _inner_facets(grid: Grid) -> None:
    axis = grid.cells["electrode"].shape[1] - 2
    grid.facets["collector"] = np.concatenate([grid.facets["collector"], grid.facets_at(axis, 1.0)])


def _strange_facets(grid: Grid) -> None:
    grid.facets["counter"][:3, 0] = grid.facets["collector"][:3, 0]


def _exchange(first: str, second: str) -> Callable[[Grid], None]:
    def exchange(grid: Grid) -> None:
        grid.facets[first], grid.facets[second] = grid.facets[second], grid.facets[first]

    return exchange


def _part(name: str) -> Callable[[Grid], None]:
    def part(grid: Grid) -> None:
        grid.facets[name] = grid.facets[name][1:]

    return part


def _turn(grid: Grid) -> None:
    """Stack the layers along x."""
    axis = grid.cells["electrode"].shape[1] - 2
    grid.points[:, [0, axis]] = grid.points[:, [axis, 0]]


def _shear(grid: Grid) -> None:
    grid.points[:, 0] += 0.1 * grid.points[:, grid.cells["electrode"].shape[1] - 2]


def _overlap_facets(grid: Grid) -> None:
    grid.facets["collector"] = np.concatenate([grid.facets["collector"], grid.facets["right"]])


def _scale(by: float) -> Callable[[Grid], None]:
    def scale(grid: Grid) -> None:
        grid.points = grid.points * by

    return scale


def _tilted_platen(grid: Grid) -> None:
    axis = grid.cells["electrode"].shape[1] - 2
    top = grid.points[:, axis] == 3.0
    grid.points[top, axis] += 1e-4 * grid.points[top, 0]


def _half_interface(grid: Grid) -> None:
    axis = grid.cells["electrode"].shape[1] - 2
    grid.facets["electrode/electrolyte"] = grid.facets_at(axis, 2.0)[::2]


def _more_than_the_interface(grid: Grid) -> None:
    axis = grid.cells["electrode"].shape[1] - 2
    grid.facets["interface"] = np.concatenate([grid.facets_at(axis, 2.0), grid.facets_at(axis, 1.0)])


def _no_such_interface(grid: Grid) -> None:
    grid.facets["electrode/anode"] = grid.facets["left"]


def _one_side(grid: Grid) -> None:
    grid.cells = {"electrode": np.concatenate(list(grid.cells.values()))}


def _without(name: str) -> Callable[[Grid], None]:
    def remove(grid: Grid) -> None:
        grid.facets.pop(name)

    return remove


REFUSED: dict[str, tuple[Callable[[Grid], None], dict[str, object], str, str]] = {
    "untagged": (_untag, {}, r"holds 2 triangles in no physical group", r"holds 2 tetrahedra in no physical group"),
    "a group of all": (
        _all,
        {},
        r"24 cells in more than one of the groups 'all', 'electrode', 'electrolyte'",
        r"144 cells in more than one of the groups 'all', 'electrode', 'electrolyte'",
    ),
    "one cell in both": (_share_one, {}, *2 * [r"1 cells in more than one of the groups 'electrode', 'electrolyte'"]),
    "a name with a space": (
        _rename("electrolyte", "Solid Electrolyte"),
        {},
        *2 * [r"group of cells 'Solid Electrolyte': the name of a side must be letters, digits"],
    ),
    "a capital": (
        _rename("collector", "Collector"),
        {},
        *2 * [r"lacks the physical groups 'collector' .*'Collector'; did you mean 'Collector'\?"],
    ),
    "no walls": (
        _without("right"),
        {},
        *2 * [r"lacks the physical groups 'right' .*, or set geometry\.lateral to 'free'"],
    ),
    "no counter": (
        _without("counter"),
        {},
        r"lacks the physical groups 'counter' of lines; it has 'collector', 'left', 'right'",
        r"lacks the physical groups 'counter' of triangles; it has 'collector', 'left', 'right', 'front', 'back'",
    ),
    "no number": (_not_a_number, {}, *2 * [r"holds 1 nodes whose coordinates are no numbers"]),
    "without volume": (
        _flatten,
        {"lateral": "free"},
        r"holds 1 cells of 'electrode' without volume",
        r"holds \d+ cells of 'electrode' without volume",
    ),
    "inside out": (
        _turn_inside_out,
        {},
        r"holds \d cells of 'electrolyte' that lie over a neighbour or are turned inside out",
        r"holds \d+ cells of 'electrolyte' that lie over a neighbour or are turned inside out",
    ),
    "overlapping": (
        _move(-1, -0.3),
        {"lateral": "free"},
        r"4 cells of 'electrolyte', 4 cells of 'electrode' that overlap",
        r"16 cells of 'electrolyte', 16 cells of 'electrode' that overlap",
    ),
    "apart": (
        _move(-1, 0.3),
        {"lateral": "free"},
        r"falls into 2 pieces .*: 8 cells of 'electrode' are apart",
        r"falls into 2 pieces .*: 48 cells of 'electrode' are apart",
    ),
    "not conforming": (
        _move(0, 0.3),
        {"lateral": "free"},
        *2
        * [
            r"cells of 'electrolyte', \d+ cells of 'electrode' that touch and share no facets: their nodes do not match"
        ],
    ),
    "three at a facet": (_third_cell, {}, *2 * [r"has \d facets that three or more cells share"]),
    "a collector of two sides": (
        _lower_side_too,
        {"lateral": "free"},
        r"group 'collector' on several sides \(2 of 'electrolyte', 5 of 'electrode' facets\)",
        r"group 'collector' on several sides \(8 of 'electrolyte', 20 of 'electrode' facets\)",
    ),
    "a boundary within": (
        _inner_facets,
        {},
        r"group 'collector' with 8 facets, of which 4 lie between two cells",
        r"group 'collector' with 32 facets, of which 16 lie between two cells",
    ),
    "facets of no cell": (_strange_facets, {}, *2 * [r"group 'counter' .* of which 3 are not facets of any cell"]),
    "upside down": (_exchange("collector", "counter"), {}, *2 * [r"'collector' on a face that looks down"]),
    "left is right": (
        _exchange("left", "right"),
        {},
        r"has 3 facets at x = 0, of which the group 'left' holds 0",
        r"has 12 facets at x = 0, of which the group 'left' holds 0",
    ),
    "part of a wall": (
        _part("right"),
        {},
        r"has 3 facets at x = 4, of which the group 'right' holds 2",
        r"has 12 facets at x = 4, of which the group 'right' holds 11",
    ),
    "turned": (
        _turn,
        {},
        r"'collector' between y = 0 and 4; .* turn the mesh",
        r"'collector' between z = 0 and 4; .* turn the mesh",
    ),
    "sheared": (
        _shear,
        {},
        r"group 'left' with 3 facets, of which 3 are not at right angles to the x axis",
        r"group 'left' with 12 facets, of which 12 are not at right angles to the x axis",
    ),
    "a tilted platen": (_tilted_platen, {}, *2 * [r"'collector' between . = 3 and 3\.0004"]),
    "on top of each other": (
        _overlap_facets,
        {},
        r"has 3 facets in both 'collector' and 'right'",
        r"has 12 facets in both 'collector' and 'right'",
    ),
    "metres": (_scale(1e-6), {}, *2 * [r"is 4e-06 units long, 4e-12 m with geometry\.unit = 1e-06 m"]),
    "nanometres": (_scale(1e6), {}, *2 * [r"is 4e\+06 units long, 4 m with geometry\.unit"]),
    "half the interface": (
        _half_interface,
        {},
        r"'electrode/electrolyte', which must hold the 4 facets .* 2 of them and 2 facets in all",
        r"'electrode/electrolyte', which must hold the 16 facets .* 8 of them and 8 facets in all",
    ),
    "more than the interface": (
        _more_than_the_interface,
        {},
        r"'interface', which must hold the 4 facets .* 4 of them and 8 facets in all",
        r"'interface', which must hold the 16 facets .* 16 of them and 32 facets in all",
    ),
    "no such interface": (
        _no_such_interface,
        {},
        *2 * [r"'electrode/anode', which is no interface of its sides; they have 'electrode/electrolyte'"],
    ),
    "one side": (_one_side, {}, *2 * [r"has but one side, electrode"]),
}


@DIMENSIONS
@pytest.mark.parametrize("spoil", REFUSED)
def test_what_cannot_be_right_is_refused_with_its_group_and_number(spoil: str, dimension: int) -> None:
    change, keys, *messages = REFUSED[spoil]
    grid = layers(dimension)
    change(grid)
    with pytest.raises(UnfitError, match=messages[dimension - 2]):
        read(grid, **keys)


def test_what_was_drawn_in_metres_is_read_in_metres() -> None:
    grid = layers()
    _scale(1e-6)(grid)
    assert counts(read(grid, unit="1 m")) == counts(read(layers()))


def test_a_sheared_cell_may_be_free_and_walls_in_part_too() -> None:
    for spoil in (_shear, _part("left")):
        grid = layers()
        spoil(grid)
        assert set(counts(read(grid, lateral="free"))) == {"electrode/electrolyte", "collector", "counter"}


@pytest.mark.parametrize(
    ("dimension", "kind", "message"),
    [
        (2, "Quadrilateral 4", "leave out Recombine"),
        (2, "Triangle 6", "Mesh.ElementOrder = 1"),
        (3, "Hexahedron 8", "leave out Recombine"),
        (3, "Tetrahedron 10", "Mesh.ElementOrder = 1"),
    ],
)
def test_other_elements_beside_simplices_are_refused(dimension: int, kind: str, message: str) -> None:
    grid = layers(dimension)
    others = Elements(dimension, kind, ("electrode",), np.zeros((3, int(kind.split()[1])), dtype=np.int64))
    with pytest.raises(UnfitError, match=rf"holds 3 of '{kind}' in the group 'electrode'; .*{message}"):
        arranged(grid.points, [*grid.elements, others], ImportedMesh(builder="msh", file="grid.msh"))


def test_a_surface_in_space_and_a_mesh_of_lines_are_refused() -> None:
    grid = layers()
    grid.points[:, 2] = 0.1 * grid.points[:, 0]
    with pytest.raises(UnfitError, match=r"surface in space; .* must lie in the xy plane"):
        read(grid)
    grid.cells = {}
    with pytest.raises(UnfitError, match="holds no triangles or tetrahedra"):
        read(grid)
