"""A rigid flat punch sinks into an ideally plastic half-plane under a mean pressure of (2 + π) k, plane strain.

Half of a block is computed. What flows reaches two or three half widths of the punch far: beyond, the size of the block
(`domain`) only decides how far the punch has to go until all of it flows. The solid is all but rigid, as small strains
are linear in the depth. Where the pressure jumps, at the edge of the punch, finite elements are too stiff, which raises
the pressure by an error of first order in their size.
"""

from __future__ import annotations

from dataclasses import dataclass

import gmsh
import numpy as np
from mpi4py import MPI
from pydantic import Field

from interstice.benchmarks import closed_form
from interstice.benchmarks.report import Cost, Result, peak_memory
from interstice.benchmarks.solid import TOUCH, ElasticParameters, Solid
from interstice.meshes.tagged import TaggedMesh, from_gmsh, generate
from interstice.solver.bodies.solids.plastic import Plasticity
from interstice.solver.bodies.solids.radial_return import Law
from interstice.solver.domain import Domain, Indices

NAME = "indent"
GROWTH = 0.12
"""Growth of the element size per distance from the edge of the punch."""
NEAR = 1e-5
"""Distance within which Gmsh's bounding boxes agree with a place, over the size of the block."""


class Options(ElasticParameters):
    """The half-plane, the punch and the mesh."""

    yield_strength: float = Field(0.8e6, gt=0)
    """yield strength of von Mises [Pa]"""
    half_width: float = Field(1e-6, gt=0)
    """half the width a of the punch [m]"""
    sticking: bool = True
    """whether the punch holds what it touches or lets it slide"""
    domain: float = Field(5.0, ge=4)
    """half the width and the thickness L of the block over a"""
    depth: float = Field(5.0, gt=0)
    """depth of the punch over σ_y L/E"""
    elements: int = Field(32, ge=2)
    """elements per half width at the edge of the punch"""
    steps: int = Field(12, ge=1)
    """steps in which the punch sinks"""


def run(options: Options, comm: MPI.Comm) -> Result:
    """Press the punch in and compare its mean pressure at the end."""
    domain = Domain(_Block(options.half_width, options.domain, options.elements).mesh(comm), order=2)
    size = options.domain * options.half_width
    depth = options.depth * options.yield_strength * size / options.young_modulus
    step = depth / options.steps
    elastic, punch = _block(domain, options, None)

    def sink(solid: Solid, by: float) -> None:
        solid.u.x.array[punch] = -by

    tied = elastic.step(1.0, lambda: sink(elastic, step))
    solid, punch = _block(domain, options, Plasticity(options.yield_strength))
    solid.step(TOUCH, lambda: sink(solid, TOUCH * step))
    seconds, pressures, last = 0.0, list[float](), TOUCH
    for now in range(1, options.steps + 1):
        seconds += solid.step(now - last, lambda by=now * step: sink(solid, by))  # type: ignore[misc]
        pressures.append(-solid.reaction(punch) / options.half_width)
        last = now
    exact = closed_form.indentation_pressure(options.yield_strength / np.sqrt(3))
    key = "mean pressure [Pa]"
    return Result(
        NAME,
        options.model_dump(),
        {key: pressures[-1], "rise in the last step [Pa]": float(np.diff([0.0, *pressures])[-1])},
        {key: exact},
        {"pressure": abs(pressures[-1] / exact - 1)},
        Cost(solid.system.unknowns, solid.newton, solid.linear, peak_memory(comm), seconds / options.steps, tied),
    )


@dataclass(frozen=True)
class _Block:
    """The half x ≥ 0 of a block below height 0, with a node at the edge of the punch, x = a."""

    half_width: float
    domain: float
    elements: int

    def mesh(self, comm: MPI.Comm) -> TaggedMesh:
        return from_gmsh(comm, self._draw, unit=self.domain * self.half_width)

    def _draw(self) -> None:
        occ, edge = gmsh.model.occ, 1 / self.domain
        occ.fragment([(2, occ.addRectangle(0, -1, 0, 1, 1))], [(0, occ.addPoint(edge, 0, 0))])
        occ.synchronize()
        gmsh.model.addPhysicalGroup(2, [tag for _, tag in gmsh.model.getEntities(2)], name="solid")
        for _, tag in gmsh.model.getEntities(1):
            low, high = np.reshape(gmsh.model.getBoundingBox(1, tag), (2, 3))
            if low[1] > -NEAR:
                name = "punch" if high[0] < edge + NEAR else "free"
            else:
                name = "axis" if high[0] < NEAR else "right" if low[0] > 1 - NEAR else "bottom"
            gmsh.model.addPhysicalGroup(1, [tag], name=name)
        size = gmsh.model.mesh.field.add("MathEval")
        away = f"Sqrt((x - {edge})^2 + y*y)"
        gmsh.model.mesh.field.setString(size, "F", f"{edge / self.elements} + {GROWTH} * {away}")
        generate(2, size)


def _block(domain: Domain, options: Options, law: Law | None) -> tuple[Solid, Indices]:
    """Return the block and the dofs of its height at the punch."""
    block = Solid(domain, options.moduli, options.yield_strength * options.half_width, law)
    block.hold("axis", 0)
    block.hold("right", 0)
    block.hold("bottom", 0, 1)
    if options.sticking:
        block.hold("punch", 0)
    punch = block.hold("punch", 1)
    block.make_system()
    return block, punch


if __name__ == "__main__":
    from interstice.benchmarks.command import script

    script(NAME)
