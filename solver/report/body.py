"""The deformed cell at a few times: the surface of each side, with what it shows at its nodes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from interstice.solver.plot.cell import SHIFT, WARP
from interstice.solver.plot.field import FLATTEST, TALLEST
from interstice.solver.plot.run import Grid, Moment, Run, unit_of
from interstice.solver.plot.style import Array, display, quantity, round_down
from interstice.solver.report.case import pretty
from interstice.solver.report.maps import HIGHEST, colours, is_signed, kind_at
from interstice.solver.report.pack import rounded

FIRST = ("stoichiometry", "von_Mises_stress", "hydrostatic_stress", "potential", "current_density", "temperature")
"""Fields in this order, the others after them."""
LEFT_OUT = ("side", "stress", "strain", "displacement", WARP)
"""Fields that no colour shows: tensors, whose invariants are there, and what the deformation shows."""
SCALES = {"stoichiometry": "viridis", "von_Mises_stress": "magma", "temperature": "inferno"}
SIGNED_SCALE, OTHER_SCALE = "RdBu", "viridis"
MOST_MOMENTS = 6
MOST_POINTS = 14_000
"""Of all sides together; surfaces with more are coarsened where their fields are even."""
BUMP = 0.03
"""How far fields move the nodes of a surface that is to be coarsened, over its size: where they vary, it stays fine."""
EVEN = 1e-9
"""Range of a field, over its largest value, in which it is all the same."""


def body(run: Run, moments: Sequence[Moment]) -> dict[str, Any]:
    """Return the sides of a cell at moments: points, triangles, displacements, fields.

    Lengths are in the unit that is given with them; `scale` is by how much displacements are drawn larger, `stretch` by
    how much x is drawn longer than y.
    """
    grids = [run.fields("cell", moment.time, [WARP]) for moment in moments]
    names = [str(name) for name in grids[0].field_data["side"]]
    plane = bool(np.ptp(grids[0].bounds[4:6]) == 0.0)
    fields = _fields(grids[0])
    sides = [[_side(grid, number) for grid in grids] for number in range(len(names))]
    surfaces = [_surface(side, fields, MOST_POINTS // len(names)) for side in sides]
    length, unit = display("m", grids[0].length)
    size = np.ptp(np.reshape(grids[0].bounds, (3, 2)), axis=1)
    furthest = max(float(np.linalg.norm(grid[WARP], axis=1).max()) for grid in grids)
    height = size[1 if plane else 2]
    ratio = float(height / size[0])
    described = {
        field: _described(grids[0], field, [surface["values"][field] for surface in surfaces]) for field in fields
    }
    return {
        "plane": plane,
        "length": unit,
        "size": " × ".join(quantity("m", float(one)) for one in size[: 2 if plane else 3]),
        "scale": round_down(SHIFT * height / furthest) if furthest else 1.0,
        # a cell that is too tall or too flat for a screen has a scale of its own for x
        "stretch": max(ratio / TALLEST, 1.0) * min(ratio / FLATTEST, 1.0) if plane else 1.0,
        "moments": [
            {"label": moment.label, "time": moment.time, "kind": kind_at(run, moment.time)} for moment in moments
        ],
        "fields": list(described.values()),
        "sides": [
            {
                "name": name,
                "points": (length * surface["points"].T).astype(np.float32),
                "triangles": surface["triangles"].T.astype(np.int32),
                "warp": [rounded(length * warp.T) for warp in surface["warp"]],
                "values": {
                    field: [rounded(described[field]["factor"] * values) for values in surface["values"][field]]
                    for field in fields
                    if np.isfinite(surface["values"][field][0]).all()
                },
                "nodes": len(surface["points"]),
                "of": surface["of"],
            }
            for name, surface in zip(names, surfaces, strict=True)
        ],
    }


def moments(run: Run, name: str) -> list[Moment]:
    """Return a few times of the series of the cell: begin, lowest active fraction of an interface, ends of steps."""
    times = run.times("cell")
    ends = [float(run.time[rows[-1]]) for _, rows in run.steps()] if "step kind" in run.table else []
    fraction = [run.at("active fraction", time, name) for time in times] if run.has("active fraction") else []
    found = {times[0]: "assembled", times[-1]: "end" if len(times) > 1 else "assembled"}
    if fraction and np.ptp(fraction) > 0.0:
        found.setdefault(times[int(np.argmin(fraction))], "lowest f_c")
    # of many steps the ends of those that are spread over all
    room = max(MOST_MOMENTS - len(found), 0)
    for end in [ends[int(number)] for number in np.linspace(0, len(ends) - 1, min(room, len(ends)))]:
        found.setdefault(min(times, key=lambda time: abs(time - end)), "end of a step")
    return [Moment(found[time], time) for time in sorted(found)]


def _fields(grid: Grid) -> list[str]:
    there = [name for data in (grid.point_data, grid.cell_data) for name in data if name not in LEFT_OUT]
    return [name for name in FIRST if name in there] + [name for name in there if name not in FIRST]


def _side(grid: Grid, number: int) -> Grid:
    """Return one side with its nodes once, whatever ranks wrote it, and its cell fields averaged to them."""
    cells = grid.extract_cells(grid.cell_data["side"] == number)
    return cells.clean(tolerance=1e-9).cell_data_to_point_data()


def _surface(side: Sequence[Grid], fields: Sequence[str], most: int) -> dict[str, Any]:
    """Return the surface of a side, coarser if it has more than `most` nodes, with displacements and fields by time."""
    shell = side[0].extract_surface(algorithm="dataset_surface", pass_pointid=False, pass_cellid=False).triangulate()
    values = {field: _at(side, shell.points, field) for field in fields}
    count = len(shell.points)
    kept, triangles = np.arange(count), shell.faces.reshape(-1, 4)[:, 1:]
    if count > most:
        kept, triangles = _coarser(shell, [one for field in fields for one in values[field]], most)
    return {
        "points": shell.points[kept],
        "triangles": triangles,
        "of": count,
        "warp": [warp[kept] for warp in _at(side, shell.points, WARP)],
        "values": {field: [one[kept] for one in values[field]] for field in fields},
    }


def _at(side: Sequence[Grid], points: Array, field: str) -> list[Array]:
    """Return a field of a side at points of it, at all times; of a vector other than a displacement its magnitude."""
    found = []
    for grid in side:
        values = np.asarray(grid.point_data[field], dtype=float)[cKDTree(grid.points).query(points)[1]]
        found.append(values if values.ndim == 1 or field == WARP else np.linalg.norm(values, axis=1))
    return found


def _coarser(shell: Any, values: Sequence[Array], most: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Return the nodes that a coarser surface keeps, and its triangles.

    Its nodes are moved off the surface by how much the fields are there: what is dropped then changes least of them.
    """
    normals = shell.compute_normals(split_vertices=False, consistent_normals=True).point_data["Normals"]
    height = np.zeros(len(shell.points))
    for one in values:
        if np.isfinite(one).all() and np.ptp(one) > EVEN * np.abs(one).max():
            low, high = np.percentile(one, [100 - HIGHEST, HIGHEST])
            height += np.clip((one - low) / ((high - low) or 1.0), 0.0, 1.0) / len(values)
    bumpy = shell.copy()
    bumpy.points = shell.points + BUMP * shell.length * height[:, None] * normals
    bumpy.point_data.clear()
    coarse = bumpy.decimate_pro(1.0 - most / len(shell.points), preserve_topology=True)
    kept = cKDTree(bumpy.points).query(coarse.points)[1]
    return kept, coarse.faces.reshape(-1, 4)[:, 1:]


def _described(grid: Grid, field: str, values: Sequence[Sequence[Array]]) -> dict[str, Any]:
    """Return a field over all sides and times with its words, unit and colours."""
    every = np.concatenate([np.concatenate(list(side)) for side in values])
    finite = every[np.isfinite(every)]
    factor, unit = display(unit_of(grid, field), finite)
    signed = is_signed(np.percentile(finite, [100 - HIGHEST, HIGHEST]))
    return {
        "name": field,
        "label": field.replace("_", " "),
        "unit": pretty(unit),
        "factor": factor,
        "signed": signed,
        "ranges": [_range(factor * np.concatenate(side)) for side in values],
        "colours": colours(SIGNED_SCALE if signed else SCALES.get(field, OTHER_SCALE)),
    }


def _range(values: Array) -> list[float] | None:
    """Return between which values colours tell a field of a side apart; None if the side does not have it."""
    return None if np.isnan(values).any() else [float(one) for one in np.percentile(values, [100 - HIGHEST, HIGHEST])]
