"""Johnson, Kendall and Roberts' adhering sphere on a flat: the force that parts them and the contact without a force.

Both bodies are blocks of revolution with the gap r²/2R, and they attract each other at short range. The top is moved:
from a contact of 1.25 a_0 it is lifted until the force that pulls has passed its largest value, down to about a_0/2,
and pressed back. So the force is a function of the displacement beyond the pull-off force, too, and loading must go
back on the curve of unloading. Both are one connected branch, on which the bodies touch. Before they first touch they
are on another one, with 2πR (w − stored energy at the smallest gap) of attraction (Derjaguin), from which they snap
into contact; past the end of the computed curve they snap apart. At these two points a quasi-static path ends, and none
of them is part of this benchmark.

The closed form is the limit of short range, large Tabor number; Dugdale's law of the same strength, after Maugis
(1992), tells how far off this range is. The radius is that of the area which, in contact, would have the energy of
adhesion of all of the surface: the touching area and its part of the rim on which the attraction acts.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import pairwise

import numpy as np
from mpi4py import MPI
from pydantic import Field
from scipy.interpolate import CubicSpline

from interstice.benchmarks import closed_form
from interstice.benchmarks.blocks import Array, Blocks, Box
from interstice.benchmarks.options import ContactParameters, Order
from interstice.benchmarks.report import Result
from interstice.solver.algebra import Report, SolveError
from interstice.solver.interface.adhesion import Adhesion, rim_width, tabor_number
from interstice.solver.physics.mechanics import composite_modulus

NAME = "jkr"
LARGEST, SMALLEST = 1.25, 0.52
"""Radii over a_0 between which the closed form is followed."""
RANGES = (4.0, 2.0, 1.0)
"""The first state is found at longer ranges (over the one asked for), where a rough guess will do."""
HALVINGS = 6
"""How often a step is halved, where Newton's method fails, before that is an error."""
MARGIN = 1.1
"""Length over which the interface is finely meshed beyond the radii followed, over the rim and the largest radius."""
GROWTH, INTERIOR = 0.2, 0.12
"""Growth of the element size per distance, and its limit over a_0 within 2 a_0 of the centre."""
DOMAIN = 15.0
"""Length and thickness of each block over a_0."""
AUGMENTATION = 100.0
"""Augmentation over E*/h; a larger one gains nothing and costs digits."""
COARSEST = 20
"""Elements per a_0 that the interface has at the least."""


class Options(ContactParameters):
    """A sphere, the adhesion, and the mesh."""

    order: Order = Field(1, le=1)
    """1: bodies of revolution have linear displacements"""
    radius: float = Field(10e-6, gt=0)
    """radius R of the relative curvature [m]"""
    work: float = Field(0.2, gt=0)
    """work of adhesion w [J/m²]"""
    tabor: float = Field(4.0, ge=1)
    """Tabor number (R w²/(E*² ρ³))^⅓, which sets the range ρ"""
    range: float | None = Field(None, gt=0)
    """range ρ [m], the work over the largest attraction; sets the Tabor number instead"""
    elements: int = Field(5, ge=2)
    """elements on the rim of the contact that is attracted, of width (π/4) E*ρ²/w"""
    steps: int = Field(14, ge=4)
    """steps of unloading, and as many of loading"""
    upper_modulus: float = Field(36.4e9, gt=0)
    """Young's modulus of the upper block [Pa]"""
    upper_poisson: float = Field(0.3, gt=-1, lt=0.5)
    """Poisson's ratio of the upper block"""
    lower_modulus: float = Field(36.4e9, gt=0)
    """Young's modulus of the lower block [Pa]"""
    lower_poisson: float = Field(0.3, gt=-1, lt=0.5)
    """Poisson's ratio of the lower block"""


def run(options: Options, comm: MPI.Comm) -> Result:
    """Unload, load, and compare with Johnson, Kendall and Roberts (1971)."""
    radius, work, modulus = options.radius, options.work, composite_modulus(*options.moduli)
    a_0 = closed_form.jkr_zero_load_radius(radius, modulus, work)
    pull_off = closed_form.jkr_pull_off(radius, work)
    reach = options.range or np.cbrt(radius * work**2 / modulus**2) / options.tabor
    rim = rim_width(work, modulus, reach)
    size = DOMAIN * a_0

    blocks = Blocks(
        _box(a_0, size, rim, rim / options.elements).mesh(comm),
        options.moduli,
        options.model_copy(update={"augmentation": options.augmentation or AUGMENTATION}),
        lambda x: x[0] ** 2 / (2 * radius),
        4 * modulus * (LARGEST * a_0) ** 3 / (3 * radius) / (np.pi * size**2),
        top="held",
        axisymmetric=True,
        adhesion=partial(Adhesion, work=work, reach=reach),
    )
    assert blocks.adhesion is not None
    radii = np.linspace(LARGEST, SMALLEST, options.steps + 1) * a_0
    approaches: Array = np.asarray(closed_form.jkr_approach(radii, radius, modulus, work))
    states: list[tuple[float, float]] = []

    def trace() -> Report:
        reports = _start(blocks, LARGEST * a_0, reach, approaches[0])
        path = np.concatenate([approaches, approaches[-2::-1]])
        states.append(_read(blocks))
        for before, after in pairwise(path):
            reports += _advance(blocks, partial(_approach, blocks), before, after)
            states.append(_read(blocks))
        return sum(reports, Report())

    cost = blocks.measure(trace)
    force, contact = np.array(states).T
    found_pull_off, found_radius = _read_off(approaches, force[: len(radii)], contact[: len(radii)])
    dugdale = closed_form.dugdale_pull_off(radius, modulus, work, work / reach)
    loop = max(
        np.abs(force - force[::-1]).max() / pull_off,
        np.abs(contact - contact[::-1]).max() / a_0,
    )
    return Result(
        NAME,
        options.model_dump() | {"range": reach, "tabor": tabor_number(radius, work, modulus, reach)},
        {
            "tabor_number": tabor_number(radius, work, modulus, reach),
            "rim [m]": rim,
            "pull_off [N]": found_pull_off,
            "pull_off_at_this_range [N]": found_pull_off,
            "radius [m]": found_radius,
            "largest_load [N]": force.max(),
        },
        {"pull_off [N]": pull_off, "pull_off_at_this_range [N]": dugdale, "radius [m]": a_0},
        {
            "pull_off": abs(found_pull_off / pull_off - 1),
            "radius": abs(found_radius / a_0 - 1),
            "pull_off_at_this_range": abs(found_pull_off / dugdale - 1),
            "loop": loop,
        },
        cost,
    )


def _start(blocks: Blocks, a: float, reach: float, approach: float) -> list[Report]:
    """Find the contact of about the radius `a` [m] at ever shorter ranges down to `reach` [m]."""
    r = blocks.interface.space.tabulate_dof_coordinates()[:, 0]
    blocks.contact.active.x.array[:] = r < a
    _set_reach(blocks, RANGES[0] * reach)
    reports = [blocks.move_top(-approach)]
    for before, after in pairwise(RANGES):
        reports += _advance(blocks, partial(_set_reach, blocks), before * reach, after * reach)
    return reports


def _set_reach(blocks: Blocks, reach: float) -> None:
    assert blocks.adhesion is not None
    blocks.adhesion.reach.x.array[:] = reach


def _approach(blocks: Blocks, approach: float) -> None:
    blocks.u["upper"].x.array[blocks.dofs("upper", "top", [1])] = -approach


def _advance(
    blocks: Blocks, apply: Callable[[float], None], start: float, end: float, halvings: int = HALVINGS
) -> list[Report]:
    """Bring what `apply` sets from `start` to `end`, in steps that are halved where Newton's method fails."""
    functions = (*blocks.u.values(), blocks.contact.multiplier, blocks.contact.active)
    before = [f.x.array.copy() for f in functions]
    apply(end)
    try:
        return [blocks.solve()]
    except SolveError:
        if halvings == 0:
            raise
    for f, array in zip(functions, before, strict=True):
        f.x.array[:] = array
    middle = (start + end) / 2
    first = _advance(blocks, apply, start, middle, halvings - 1)
    return first + _advance(blocks, apply, middle, end, halvings - 1)


def _read(blocks: Blocks) -> tuple[float, float]:
    """Return the force [N] with which the blocks press on each other and the radius [m] of the adhering area."""
    adhesion = blocks.adhesion
    assert adhesion is not None
    force = blocks.interface.sum(blocks.contact.pressure - adhesion.attraction)
    return force, float(np.sqrt(adhesion.adhering_area / np.pi))


def _read_off(approaches: Array, force: Array, contact: Array) -> tuple[float, float]:
    """Return the largest force that pulls [N] and the radius without a force [m] of a path of unloading."""
    order = np.argsort(approaches)
    curves = CubicSpline(approaches[order], np.column_stack([force, contact])[order])
    fine = np.linspace(approaches.min(), approaches.max(), 10000)
    forces, radii = curves(fine).T
    lowest = int(np.argmin(forces))
    return -float(forces[lowest]), float(np.interp(0.0, forces[lowest:], radii[lowest:]))


def _box(a_0: float, size: float, rim: float, spacing: float) -> Box:
    unit = a_0 / size
    fine = min(spacing / size, unit / COARSEST)
    inner, outer = (SMALLEST * unit - MARGIN * rim / size, MARGIN * LARGEST * unit + MARGIN * rim / size)
    beside = f"({inner} - x + Fabs({inner} - x) + x - {outer} + Fabs(x - {outer})) / 2"
    far = f"(Sqrt(x*x + y*y) - {2 * unit})"
    sizes = [
        f"{fine} + {GROWTH} * ({beside} + Fabs(y))",
        f"{INTERIOR * unit} + {GROWTH / 2} * ({far} + Fabs({far}))",
    ]
    return Box(2, size, size, size, sizes)


if __name__ == "__main__":
    from interstice.benchmarks.command import script

    script(NAME)
