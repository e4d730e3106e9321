"""A blocked patch: where lithium cannot be stripped or plated on a disc, how the current crowds round its edge.

An electrolyte under lithium, both half-spaces of bodies of revolution, exchange j = η/Z everywhere but on the disc of
radius a, on which nothing crosses; far away j is the same everywhere. The largest current density is that at the edge,
k_J times the one far away, and depends on a/κZ alone (Roy, Fleck and Deshpande, Extreme Mech. Lett. (2021) 101307,
doi:10.1016/j.eml.2021.101307). It is finite, as Z > 0, but the current density leaves it with a vertical tangent, as
(r − a) ln (r − a): elements at the edge are a small part of a and of κZ, and k_J is that of the first node that
conducts, an element away from it.
The reference is a boundary-element solution (`interstice.benchmarks.ring_elements`) of a half-space without end. The
computed one ends at `domain` times a or κZ, whichever is more; what the patch takes from there falls as r⁻³.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np
from mpi4py import MPI
from pydantic import BeforeValidator, Field

from interstice.benchmarks.blocks import Array, Box
from interstice.benchmarks.conductor import Conductivities, Conductor
from interstice.benchmarks.options import split
from interstice.benchmarks.report import Cost, Result
from interstice.benchmarks.ring_elements import BlockedPatch
from interstice.solver.algebra import Report
from interstice.solver.domain import Domain

NAME = "blocked-patch"
GROWTH = 0.05
"""Growth of the element size per distance from the edge of the patch."""
BEYOND, COMPARED = 2.0, 4.0
"""Radii, over that of the patch, at which the current density is told and out to which it is compared."""
NEAR = 1e-3
"""Distance over the size of elements within which a node lies at the edge of the patch."""

Radii = Annotated[tuple[Annotated[float, Field(gt=0)], ...], BeforeValidator(split), Field(min_length=1)]


class Options(Conductivities):
    """The patches, what conducts, and the mesh."""

    radii: Radii = (1e-6, 30e-6, 200e-6)
    """radii a of the patches [m], separated by commas"""
    resistance: float = Field(5e-4, gt=0)
    """resistance of the charge transfer times area, Z [Ω m²]"""
    upper_conductivity: float = Field(1.1e7, gt=0)
    """conductivity of the upper block, lithium [S/m]"""
    lower_conductivity: float = Field(0.04, gt=0)
    """conductivity of the lower block, the electrolyte [S/m]"""
    elements: int = Field(2000, ge=10)
    """elements at the edge of the patch per a or κZ, whichever is less"""
    domain: float = Field(50.0, ge=4)
    """radius and thickness of each block over a or κZ, whichever is more"""


def run(options: Options, comm: MPI.Comm) -> Result:
    """Conduct past each patch and compare the current density at its edge and beyond with the reference.

    The cost is that of the last one.
    """
    patches = [_Patch(options, radius, comm) for radius in options.radii]
    costs = [patch.measure() for patch in patches]
    return Result(
        NAME,
        options.model_dump(),
        {key: value for patch in patches for key, value in patch.computed().items()},
        {key: value for patch in patches for key, value in patch.exact().items()},
        {
            "focusing": max(patch.focusing_error() for patch in patches),
            "profile": max(patch.profile_error() for patch in patches),
            "cut_off": max(patch.cut_off() for patch in patches),
        },
        costs[-1],
    )


class _Patch:
    """The discrete problem of one patch and its reference; `flux` is the current density over that far away."""

    def __init__(self, options: Options, radius: float, comm: MPI.Comm) -> None:
        self.radius, length = radius, options.composite_conductivity * options.resistance
        self.reference = BlockedPatch.solve(radius / length)
        size, fine = options.domain * max(radius, length), min(radius, length) / options.elements
        sizes = [f"{fine / size!r} + {GROWTH} * Sqrt((x - {radius / size!r})^2 + y^2)"]
        domain = Domain(Box(2, size, size, size, sizes).mesh(comm), axisymmetric=True)
        self._conductor = Conductor(domain, options, resistance=options.resistance)
        self._interface = self._conductor.interface
        self._r = self._interface.space.tabulate_dof_coordinates()[:, 0]
        # a node at the edge is of the patch, as in a case: see `interstice.solver.interface.passivation`
        self._conducts = self._r > radius + NEAR * fine
        self.flux = np.zeros_like(self._r)

    def measure(self) -> Cost:
        """Conduct past the patch; return the cost."""
        return self._conductor.measure(self._solve)

    def _solve(self) -> Report:
        report = self._conductor.solve(self._conducts.astype(float))
        far = self._conductor.current / self._conductor.domain.area("top")
        self.flux = self._conductor.read_current_density() / far
        return report

    def computed(self) -> dict[str, float]:
        """Return k_J and the flux at `BEYOND` radii."""
        r, flux = self._along()
        return self._named(float(flux.max()), float(np.interp(BEYOND * self.radius, r, flux)))

    def exact(self) -> dict[str, float]:
        """Return the same of the reference."""
        return self._named(self.reference.focusing, float(self.reference.flux(np.array([BEYOND - 1]))[0]))

    def _named(self, largest: float, beyond: float) -> dict[str, float]:
        ratio = f"a/κZ = {self.reference.ratio:.4g}"
        return {f"k_J ({ratio})": largest, f"k at {BEYOND:g} a ({ratio})": beyond}

    def focusing_error(self) -> float:
        """Return the relative error of k_J."""
        return abs(self._interface.max(self.flux) / self.reference.focusing - 1)

    def profile_error(self) -> float:
        """Return the largest error of the flux at the nodes of the `COMPARED` radii outside of the patch."""
        near = self._conducts & (self._r <= COMPARED * self.radius)
        error = np.zeros_like(self.flux)
        error[near] = np.abs(self.flux[near] - self.reference.flux(self._r[near] / self.radius - 1))
        return self._interface.max(error)

    def cut_off(self) -> float:
        """Return how much the patch still takes from the flux where the domain ends."""
        return abs(float(self._along()[1][-1]) - 1)

    def _along(self) -> tuple[Array, Array]:
        """Return r [m] and the flux of all nodes outwards."""
        r, flux = self._interface.gathered(self._r), self._interface.gathered(self.flux)
        order = np.argsort(r)
        return r[order], flux[order]


if __name__ == "__main__":
    from interstice.benchmarks.command import script

    script(NAME)
