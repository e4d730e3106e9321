"""Kohlrausch's relation: the temperature in a conductor that its current heats depends on the potential alone.

Two blocks of one material touch on a spot of half width or radius a. Their outer faces have the potentials V and 0 and
the temperature T_0; all else is insulated. Where φ = V/2, in the spot if the blocks are equal, T − T_0 = κV²/(8k),
whatever the shape of the conductor and however narrow the spot.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from mpi4py import MPI
from pydantic import Field

from interstice.benchmarks import closed_form
from interstice.benchmarks.blocks import Box
from interstice.benchmarks.conductor import Conductivities, Conductor
from interstice.benchmarks.options import Dimension, Parameters
from interstice.benchmarks.pair import Pair
from interstice.benchmarks.report import Cost, Result, peak_memory, timed
from interstice.solver import algebra
from interstice.solver.algebra import Report
from interstice.solver.bodies.heat import Heat, HeatContact, Solid
from interstice.solver.domain import Domain
from interstice.solver.part import equations
from interstice.solver.physics import conduction

NAME = "kohlrausch"
GROWTH = {2: 0.05, 3: 0.2}
"""Growth of the element size per distance from the edge of the spot, where the current density is infinite."""
ELEMENTS = {2: 200, 3: 40}
"""Elements per radius at the edge of the spot."""
START = 298.15
"""T_0 [K]; nothing depends on it."""


class Options(Parameters):
    """The conductor, the spot, and the mesh."""

    dimension: Dimension = 2
    """2: a strip touches; 3: a circle, of which a quarter is computed"""
    voltage: float = Field(1.0, gt=0)
    """voltage V between the outer faces [V]"""
    conductivity: float = Field(0.05, gt=0)
    """electric conductivity [S/m]"""
    thermal_conductivity: float = Field(1.4, gt=0)
    """thermal conductivity [W/(m K)]"""
    radius: float = Field(1e-6, gt=0)
    """half width of the strip or radius of the circle [m]"""
    width: float = Field(4.0, gt=1)
    """half the width of each block over the radius"""
    upper_thickness: float = Field(4.0, gt=0)
    """thickness of the upper block over the radius"""
    lower_thickness: float = Field(4.0, gt=0)
    """thickness of the lower block over the radius"""
    elements: int | None = Field(None, ge=4)
    """elements per radius at the edge of the spot, 200 in 2D and 40 in 3D if not given"""


def run(options: Options, comm: MPI.Comm) -> Result:
    """Conduct a current and the heat that it makes; compare the hottest node, and each with its potential."""
    domain = Domain(_box(options).mesh(comm))
    kappa, k, voltage = options.conductivity, options.thermal_conductivity, options.voltage
    conductor = Conductor(domain, Conductivities(upper_conductivity=kappa, lower_conductivity=kappa))
    nodes = conductor.interface.space.tabulate_dof_coordinates()[:, : options.dimension - 1]
    spot = np.where(np.linalg.norm(nodes, axis=1) < options.radius * (1 + 1e-6), 1.0, 0.0)

    # heat wants the sides and the interface; mechanics has no part in it
    pair = Pair(domain, 2 * ((1.0, 0.0),), 1.0)
    contacting = conductor.interface.function("share")
    contacting.x.array[:] = spot
    pair.face.share = contacting("+")
    count = conductor.interface.space.dofmap.index_map.size_global
    magnitude = kappa * voltage**2 * options.radius ** (options.dimension - 2) / np.sqrt(count)
    level = domain.constant(0.0)
    for site, phi in zip(pair.sites, conductor.phi, strict=True):
        site.heat_sources.append(conduction.dissipation(phi, domain.constant(kappa)))
    sides = [Heat(domain, site, Solid(k, 0.0), START, level, START, {}, lambda: magnitude) for site in pair.sites]
    constraints = algebra.Constraints()
    for side, face in zip(sides, ("top", "bottom"), strict=True):
        constraints.fixed.append((side.rise, domain.dofs(side.rise.function_space, face)))
    parts = [*sides, HeatContact(domain, pair.face, sides[0], sides[1], None, 0.0)]
    # the equations are linear: no step is too large
    fields = [replace(field, largest_step=None) for field in equations(parts)["transport"]]
    warmth = algebra.System(domain, fields, constraints, algebra.CHOLESKY)

    def solve() -> Report:
        return conductor.solve(spot, lambda x: np.full(len(x), voltage)) + warmth.solve()

    report, seconds = timed(comm, solve)
    rises = [
        (side.rise.x.array, closed_form.kohlrausch_rise(phi.x.array, voltage, kappa, k))
        for side, phi in zip(sides, conductor.phi, strict=True)
    ]
    highest = comm.allreduce(max(rise.max(initial=0.0) for rise, _ in rises), op=MPI.MAX)
    away = comm.allreduce(max(np.abs(rise - exact).max(initial=0.0) for rise, exact in rises), op=MPI.MAX)
    hottest = closed_form.kohlrausch_hottest(voltage, kappa, k)
    key = "hottest point above the faces [K]"
    return Result(
        NAME,
        options.model_dump(),
        {key: highest},
        {key: hottest},
        {"temperature": abs(highest / hottest - 1), "field": away / hottest},
        Cost(
            conductor.system.unknowns + warmth.unknowns,
            report.newton,
            report.linear,
            peak_memory(comm),
            seconds,
            seconds,
        ),
    )


def _box(options: Options) -> Box:
    """Return both blocks with small elements at the edge of the spot, lengths over the width of the blocks."""
    a, dimension = options.radius, options.dimension
    edge = 1 / options.width
    size = edge / (options.elements or ELEMENTS[dimension])
    across, height = ("x", "y") if dimension == 2 else ("Sqrt(x*x + y*y)", "z")
    rim = f"Sqrt(({across} - {edge})^2 + {height}*{height})"
    return Box(
        dimension,
        options.width * a,
        options.upper_thickness * a,
        options.lower_thickness * a,
        [f"{size} + {GROWTH[dimension]} * {rim}"],
        circle=a if dimension == 3 else None,
    )


if __name__ == "__main__":
    from interstice.benchmarks.command import script

    script(NAME)
