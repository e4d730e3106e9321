"""A film of a power-law fluid that sticks to two platens is squeezed out between them, thinner ever more slowly.

Strains are small in the program, so the film is meshed anew at each of some thicknesses, from the initial one to the
last, and pressed until it flows steadily. Between two of them the rate goes with a power of the thickness, as it does
by Scott's equation for all of them, and so the thickness at a time follows from the computed rates. That equation is
one of lubrication: it neglects the stresses along a film that is as thin as 1/`slenderness` of half its width. What has
been squeezed out beyond the platens bears nothing. A quarter of the film is computed, in plane strain.
"""

from __future__ import annotations

from dataclasses import dataclass

import gmsh
import numpy as np
import numpy.typing as npt
from mpi4py import MPI
from pydantic import Field

from interstice.benchmarks import closed_form
from interstice.benchmarks.report import Cost, Result, peak_memory
from interstice.benchmarks.solid import CreepParameters, Solid
from interstice.meshes.tagged import TaggedMesh, from_gmsh
from interstice.solver.bodies.solids.radial_return import Law
from interstice.solver.domain import Domain

Array = npt.NDArray[np.float64]

NAME = "squeeze"
FIRST, GROWTH = 0.1, 10.0
"""The first time step over that in which creep strains as much as elasticity at the mean pressure; ratio of steps."""
STEADY = 1e-3
"""Relative change of the rate from step to step at which it is the steady one."""
MOST_STEPS = 60
ALONG = 4.0
"""Length of an element along the film over its mean height."""
FLATTER = 1.2
"""Ratio of the heights of elements from the platen to the middle of the film: shear is at the platen."""


class Options(CreepParameters):
    """The film, the fluid, the load and the mesh."""

    half_width: float = Field(1e-6, gt=0)
    """half the width L of the platens [m]"""
    slenderness: float = Field(40.0, ge=4)
    """L over the initial thickness"""
    thinned: float = Field(0.5, gt=0, lt=1)
    """thickness at the end over the initial one"""
    pressure: float = Field(2e6, gt=0)
    """mean pressure of the platens [Pa]"""
    elements: int = Field(5, ge=2)
    """elements in half the thickness"""
    steps: int = Field(2, ge=1)
    """steps of the thickness"""

    @property
    def force(self) -> float:
        """The force on a platen per depth [N/m]."""
        return 2 * self.half_width * self.pressure


def run(options: Options, comm: MPI.Comm) -> Result:
    """Squeeze the film and compare its thickness at the time at which Scott's is the last one."""
    initial = options.half_width / options.slenderness
    thicknesses = initial * options.thinned ** (np.arange(options.steps + 1) / options.steps)
    films = [_Film(options, float(h), comm) for h in thicknesses]
    rates = np.array([film.rate() for film in films])

    fluid = options.force, options.half_width, options.factor, options.exponent
    last = options.thinned * initial
    time = float(closed_form.squeeze_time(last, initial, *fluid))
    thickness = _thickness(time, thicknesses, rates)
    exact_rate = float(closed_form.squeeze_rate(initial, *fluid))
    seconds = [second for film in films for second in film.seconds]
    final, first = "thickness [m]", "initial rate [m/s]"
    return Result(
        NAME,
        options.model_dump(),
        {"time [s]": time, final: thickness, first: float(rates[0])},
        {final: last, first: exact_rate},
        {"thickness": abs(thickness / last - 1), "rate": abs(rates[0] / exact_rate - 1)},
        Cost(
            films[-1].solid.system.unknowns,
            sum(film.solid.newton for film in films),
            sum(film.solid.linear for film in films),
            peak_memory(comm),
            float(np.mean(seconds)),
            films[-1].tied,
        ),
    )


def _thickness(time: float, thicknesses: Array, rates: Array) -> float:
    """Return the thickness [m] after a `time` [s], of `rates` −ḣ [m/s] that go with a power of it between thicknesses.

    Below the last thickness the power is that of the last step.
    """
    powers = np.diff(np.log(rates)) / np.diff(np.log(thicknesses))
    for step, power in enumerate(powers):
        h, rate = thicknesses[step], rates[step]
        # h^(1−p) falls by (1−p) times a constant, as ḣ = −rate (h/h_0)^p
        passed = (1 - (thicknesses[step + 1] / h) ** (1 - power)) * h / ((1 - power) * rate)
        if passed >= time or step == len(powers) - 1:
            return float(h * (1 - (1 - power) * rate * time / h) ** (1 / (1 - power)))
        time -= passed
    raise AssertionError


class _Film:
    """A film of one thickness h [m]."""

    def __init__(self, options: Options, thickness: float, comm: MPI.Comm) -> None:
        self._options, self._thickness = options, thickness
        domain = Domain(_Quarter(options.half_width, thickness, options.elements).mesh(comm), order=2)
        self.tied = self._squeezed(domain, None).step(1.0)
        self.solid = self._squeezed(domain, options.law)
        self.seconds: list[float] = []

    def rate(self) -> float:
        """Return −ḣ [m/s] of the steady flow."""
        options = self._options
        strained = options.pressure / options.young_modulus / (options.factor * options.pressure**options.exponent)
        time_step, height, rate = FIRST * strained, 0.0, 0.0
        for _ in range(MOST_STEPS):
            self.seconds.append(self.solid.step(time_step))
            moved = -self.solid.mean(self.solid.u[1], "platen")
            before, rate = rate, 2 * (moved - height) / time_step
            if abs(rate - before) <= STEADY * rate:
                break
            height, time_step = moved, GROWTH * time_step
        return rate

    def _squeezed(self, domain: Domain, law: Law | None) -> Solid:
        options = self._options
        film = Solid(domain, options.moduli, options.pressure * options.half_width, law)
        film.hold("axis", 0)
        film.hold("middle", 1)
        film.hold("platen", 0)
        film.constraints.tied.append((film.u, film.dofs("platen", [1])))
        film.press(domain.constant(options.pressure), "platen")
        film.make_system()
        return film


@dataclass(frozen=True)
class _Quarter:
    """The quarter x ≥ 0, y ≥ 0 of a film between x = ±L, in a regular mesh."""

    half_width: float
    thickness: float
    elements: int

    def mesh(self, comm: MPI.Comm) -> TaggedMesh:
        return from_gmsh(comm, self._draw, unit=self.half_width)

    def _draw(self) -> None:
        height = self.thickness / self.half_width / 2
        gmsh.model.occ.addRectangle(0, 0, 0, 1, height)
        gmsh.model.occ.synchronize()
        gmsh.model.addPhysicalGroup(2, [1], name="film")
        along = int(np.ceil(self.elements / (ALONG * height)))
        for _, tag in gmsh.model.getEntities(1):
            low, high = np.reshape(gmsh.model.getBoundingBox(1, tag), (2, 3))[:, :2]
            if high[1] - low[1] > height / 2:
                name = "axis" if low[0] < 0.5 else "edge"
                ratio = FLATTER ** (-1 if low[0] > 0.5 else 1)
                gmsh.model.mesh.setTransfiniteCurve(tag, self.elements + 1, "Progression", ratio)
            else:
                name = "middle" if low[1] < height / 2 else "platen"
                gmsh.model.mesh.setTransfiniteCurve(tag, along + 1)
            gmsh.model.addPhysicalGroup(1, [tag], name=name)
        gmsh.model.mesh.setTransfiniteSurface(1)
        gmsh.model.mesh.generate(2)


if __name__ == "__main__":
    from interstice.benchmarks.command import script

    script(NAME)
