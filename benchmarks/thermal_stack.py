"""Two layers pressed on each other that heat evenly: the steady temperature through them, in closed form.

Heat is made in both layers and at their contact, one half of that on each side; it crosses the contact, where a uniform
share of the area touches, and leaves at both platens, whose surroundings may be of unlike temperature.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from mpi4py import MPI
from pydantic import Field

from interstice.benchmarks import closed_form
from interstice.benchmarks.blocks import Array, Box
from interstice.benchmarks.options import OptionError, Parameters
from interstice.benchmarks.pair import Pair
from interstice.benchmarks.report import Cost, Result, peak_memory, timed
from interstice.solver import algebra
from interstice.solver.bodies.heat import Heat, HeatContact, Solid
from interstice.solver.domain import Domain
from interstice.solver.part import equations

NAME = "thermal-stack"
SKIN = 1e-9
"""Thickness of the layer in which the closed form makes the heat of the contact, over the thinner one."""


class Options(Parameters):
    """The two layers, their contact, the platens, and the mesh."""

    upper_thickness: float = Field(50e-6, gt=0)
    """thickness of the upper layer [m]"""
    lower_thickness: float = Field(20e-6, gt=0)
    """thickness of the lower layer [m]"""
    upper_conductivity: float = Field(5.4, gt=0)
    """thermal conductivity of the upper layer [W/(m K)]"""
    lower_conductivity: float = Field(1.4, gt=0)
    """thermal conductivity of the lower layer [W/(m K)]"""
    upper_source: float = Field(2e9, ge=0)
    """heat made in the upper layer [W/m^3]"""
    lower_source: float = Field(5e9, ge=0)
    """heat made in the lower layer [W/m^3]"""
    contact_source: float = Field(1e5, ge=0)
    """heat made at the contact [W/m^2]"""
    contact: float | None = Field(1e5, gt=0)
    """conductance of the contact where all touches [W/(m^2 K)]; a perfect one if not given"""
    open_contact: float = Field(1e4, ge=0)
    """conductance where nothing touches [W/(m^2 K)]"""
    share: float = Field(0.4, gt=0, le=1)
    """share of the area that touches"""
    upper_transfer: float = Field(3e4, gt=0)
    """transfer at the upper platen [W/(m^2 K)]"""
    lower_transfer: float = Field(1e4, gt=0)
    """transfer at the lower platen [W/(m^2 K)]"""
    upper_ambient: float = Field(298.15, gt=0)
    """temperature beyond the upper platen [K]"""
    lower_ambient: float = Field(303.15, gt=0)
    """temperature beyond the lower platen [K]"""
    elements: int = Field(16, ge=1)
    """elements through the thinner layer"""

    @property
    def conductance(self) -> float:
        """The conductance of the contact [W/(m² K)]."""
        return self.share * (self.contact or np.inf) + (1 - self.share) * self.open_contact


def run(options: Options, comm: MPI.Comm) -> Result:
    """Find the steady temperature and compare it at all nodes, over the largest rise, and what the platens give off."""
    thicknesses = options.upper_thickness, options.lower_thickness
    size = min(thicknesses) / options.elements
    length = 4 * size
    domain = Domain(Box(2, length, *thicknesses, [f"{size / length}"]).mesh(comm))
    # heat wants the sides and the interface; mechanics has no part in it
    face = Pair(domain, 2 * ((1.0, 0.0),), 1.0).face
    face.share = domain.constant(options.share)
    face.heat_sources.append(domain.constant(options.contact_source))
    upper, lower = face.sites
    upper.heat_sources.append(domain.constant(options.upper_source))
    lower.heat_sources.append(domain.constant(options.lower_source))

    lowest = min(options.upper_ambient, options.lower_ambient)
    spaces = [site.side.space() for site in face.sites]
    exact = _exact(options, [space.tabulate_dof_coordinates()[:, 1] for space in spaces])
    rise = comm.allreduce(max(values.max(initial=lowest) for values in exact), op=MPI.MAX) - lowest
    if rise <= 0.0:
        raise OptionError("nothing is heated: ask for a source, or for surroundings of unlike temperature")
    power = min(options.upper_transfer, options.lower_transfer) * rise * length
    level, magnitude = domain.constant(0.0), power * size / length
    platens = {"top": options.upper_transfer}, {"bottom": options.lower_transfer}
    solids = Solid(options.upper_conductivity, 0.0), Solid(options.lower_conductivity, 0.0)
    ambients = options.upper_ambient, options.lower_ambient
    sides = [
        Heat(domain, site, solid, lowest, level, ambient, platen, lambda: magnitude)
        for site, solid, ambient, platen in zip(face.sites, solids, ambients, platens, strict=True)
    ]
    contact = HeatContact(domain, face, sides[0], sides[1], options.contact, options.open_contact)
    # the equations are linear: no step is too large
    fields = [replace(field, largest_step=None) for field in equations([*sides, contact])["transport"]]
    system = algebra.System(domain, fields, algebra.Constraints(), algebra.CHOLESKY)
    report, seconds = timed(comm, system.solve)

    computed = [lowest + side.rise.x.array for side in sides]
    highest = comm.allreduce(max(values.max(initial=lowest) for values in computed), op=MPI.MAX)
    away = max(np.abs(one - other).max(initial=0.0) for one, other in zip(computed, exact, strict=True))
    powers = [power for side in sides for power in side.made()] + contact.made()
    made = sum(domain.integrate(domain.form(power)) for power in powers)
    lost = sum(domain.integrate(domain.form(power)) for side in sides for power in side.given_off().values())
    expected = options.upper_source * options.upper_thickness + options.lower_source * options.lower_thickness
    expected = (expected + options.contact_source) * length
    key, off = "hottest point above the colder surroundings [K]", "heat given off [W/m]"
    return Result(
        NAME,
        options.model_dump(),
        {key: highest - lowest, off: lost},
        {key: rise, off: expected},
        {
            "temperature": comm.allreduce(away, op=MPI.MAX) / rise,
            "made": abs(made - expected) / (expected or power),
            "balance": abs(lost - expected) / max(expected, power),
        },
        Cost(system.unknowns, report.newton, report.linear, peak_memory(comm), seconds, seconds),
    )


def _exact(options: Options, heights: Sequence[Array]) -> list[Array]:
    """Return the temperatures [K] of the upper and of the lower layer at `heights` above the contact [m].

    The heat of the contact is made on both sides of it in skins without resistance.
    """
    skin = SKIN * min(options.upper_thickness, options.lower_thickness)
    source = options.contact_source / 2 / skin
    upper, lower = heights
    nowhere = np.array([])
    temperatures = closed_form.stack_temperatures(
        [lower + options.lower_thickness, nowhere, nowhere, upper],
        [options.lower_thickness, skin, skin, options.upper_thickness],
        [options.lower_conductivity, np.inf, np.inf, options.upper_conductivity],
        [options.lower_transfer, np.inf, options.conductance, np.inf, options.upper_transfer],
        (options.lower_ambient, options.upper_ambient),
        [options.lower_source, source, source, options.upper_source],
    )
    return [temperatures[-1], temperatures[0]]


if __name__ == "__main__":
    from interstice.benchmarks.command import script

    script(NAME)
