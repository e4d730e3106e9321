"""Holm's spot: two half-spaces that conduct through a circle of radius a and are insulated elsewhere.

A quarter is computed. The far faces, at L = `domain` · a, have the potentials that the current leaves at a distance if
it enters at a point: they change the resistance by less than 0.1 % (measured at L/a = 8, 16) instead of by a/L. The
current is not known before; as the problem is linear, it is a multiple of the voltage and one of itself.
"""

from __future__ import annotations

import numpy as np
from mpi4py import MPI
from pydantic import Field

from interstice.benchmarks import closed_form
from interstice.benchmarks.blocks import Array, Box
from interstice.benchmarks.conductor import Conductivities, Conductor, Potential
from interstice.benchmarks.options import Order
from interstice.benchmarks.report import Result
from interstice.solver.algebra import Report
from interstice.solver.domain import Domain

NAME = "holm"
GROWTH = 0.15
"""Growth of the element size per distance from the edge of the spot, where the current density is infinite."""
FAR = (("top", "right", "back"), ("bottom", "right", "back"))
"""The far faces of the upper and of the lower block."""


class Options(Conductivities):
    """The two half-spaces, the spot, and the mesh."""

    radius: float = Field(1e-6, gt=0)
    """radius a of the spot [m]"""
    elements: int = Field(40, ge=4)
    """elements per radius at the edge of the spot"""
    domain: float = Field(8.0, gt=2)
    """length, width and thickness of each block over a"""
    order: Order = 2
    """1, or 2 for quadratic potentials"""


def run(options: Options, comm: MPI.Comm) -> Result:
    """Conduct through the spot and compare with Holm's resistance."""
    a, size = options.radius, options.domain * options.radius
    rim = f"Sqrt((Sqrt(x*x + y*y) - {a / size})^2 + z*z)"
    box = Box(3, size, size, size, [f"{a / size / options.elements} + {GROWTH} * {rim}"], circle=a)
    domain = Domain(box.mesh(comm), options.order)
    conductor = Conductor(domain, options, FAR)
    nodes = conductor.interface.space.tabulate_dof_coordinates()
    spot = np.where(np.hypot(nodes[:, 0], nodes[:, 1]) < a * (1 + 1e-6), 1.0, 0.0)
    upper, lower = (_point_source(sign, kappa) for sign, kappa in zip((-1, 1), options.conductivities, strict=True))
    found: list[float] = []

    def solve() -> Report:
        reports = []
        for potentials in ((None, None), (upper, lower)):
            reports.append(conductor.solve(spot, *potentials))
            found.append(4 * conductor.current)
        return sum(reports, Report())

    cost = conductor.measure(solve)
    # the current I under V and the far potentials of I: I = V by_voltage + I by_current
    by_voltage, by_current = found
    resistance = (1 - by_current) / by_voltage
    exact = closed_form.holm_resistance(a, options.composite_conductivity)
    return Result(
        NAME,
        options.model_dump(),
        {"resistance [ohm]": resistance},
        {"resistance [ohm]": exact},
        {"resistance": abs(resistance / exact - 1)},
        cost,
    )


def _point_source(sign: int, conductivity: float) -> Potential:
    """Return the potential ±1/(2πκr) [V] of 1 A that enters or leaves a half-space of `conductivity` κ at a point."""

    def potential(points: Array) -> Array:
        return sign / (2 * np.pi * conductivity * np.linalg.norm(points, axis=1))

    return potential


if __name__ == "__main__":
    from interstice.benchmarks.command import script

    script(NAME)
