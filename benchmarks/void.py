"""A void in an infinite solid that creeps by a power law closes under pressure at a rate that is known.

A quarter of the section through a cylinder in plane strain, or of the meridian plane of a sphere. The solid ends at
`extent` radii, where the stress falls but slowly, as r^(−2/n) about a cylinder: the pressure there is that which the
infinite solid has at this place, not the one far away. From elastic stresses on, time steps that grow lead to the
steady rate; strains are small, so that the void keeps its size in the equations.
"""

from __future__ import annotations

from typing import Literal

import ufl
from mpi4py import MPI
from pydantic import Field

from interstice.benchmarks import closed_form
from interstice.benchmarks.report import Cost, Result, peak_memory
from interstice.benchmarks.ring import Ring
from interstice.benchmarks.solid import CreepParameters, Solid
from interstice.solver.bodies.solids.radial_return import Law
from interstice.solver.domain import Domain

NAME = "void"
FIRST, GROWTH = 0.1, 4.0
"""The first time step over that in which creep at the void strains as much as elasticity, and the ratio of steps."""
STEADY = 1e-5
"""Relative change of the rate from step to step at which it is the steady one."""
MOST_STEPS = 60


class Options(CreepParameters):
    """The void, the solid, the pressure and the mesh."""

    shape: Literal["cylinder", "sphere"] = "cylinder"
    """cylinder (plane strain) or sphere"""
    pressure: float = Field(1e6, gt=0)
    """pressure far from the void [Pa]"""
    radius: float = Field(1e-6, gt=0)
    """radius a of the void [m]"""
    extent: float = Field(10.0, gt=1.5)
    """outer radius over a"""
    elements: int = Field(16, ge=4)
    """elements per radius, at any distance"""


def run(options: Options, comm: MPI.Comm) -> Result:
    """Press until the rate is steady, and compare it."""
    outer = options.extent * options.radius
    domain = Domain(
        Ring(options.radius, outer, options.elements).mesh(comm), order=2, axisymmetric=options.shape == "sphere"
    )
    tied = _pressed(domain, options, None).step(1.0)
    solid = _pressed(domain, options, options.law)
    inwards = ufl.inner(ufl.FacetNormal(domain.mesh), solid.u)

    exact = closed_form.void_rate(options.shape, options.pressure, options.factor, options.exponent)
    time_step = FIRST * options.pressure / (options.young_modulus * -exact)
    radius, rate, seconds = 0.0, 0.0, list[float]()
    for _ in range(MOST_STEPS):
        seconds.append(solid.step(time_step))
        before, rate = rate, (-solid.mean(inwards, "bore") - radius) / time_step / options.radius
        radius += rate * time_step * options.radius
        if abs(rate - before) <= STEADY * abs(rate):
            break
        time_step *= GROWTH
    key = "growth rate [1/s]"
    return Result(
        NAME,
        options.model_dump(),
        {key: rate},
        {key: exact},
        {"rate": abs(rate / exact - 1)},
        Cost(solid.system.unknowns, solid.newton, solid.linear, peak_memory(comm), sum(seconds) / len(seconds), tied),
    )


def _pressed(domain: Domain, options: Options, law: Law | None) -> Solid:
    """Return the solid under the pressure that there is in an infinite one at its outer face."""
    outer = options.extent * options.radius
    sphere = options.shape == "sphere"
    there = closed_form.void_pressure(options.shape, options.extent, options.pressure, options.exponent)
    solid = Solid(domain, options.moduli, float(there) * outer * (outer if sphere else 1.0), law, axisymmetric=sphere)
    solid.press(domain.constant(float(there)), "outside")
    solid.hold("axis", 0)
    solid.hold("foot", 1)
    solid.make_system()
    return solid


if __name__ == "__main__":
    from interstice.benchmarks.command import script

    script(NAME)
