"""Quarter of a ring: the section of a tube, or of a hollow body of revolution about the height, by its symmetries."""

from __future__ import annotations

from dataclasses import dataclass

import gmsh
import numpy as np
from mpi4py import MPI

from interstice.meshes.tagged import TaggedMesh, from_gmsh, generate

SIDE = "solid"
"""The name of the one side of the mesh; its boundaries are bore, outside, foot (height 0) and axis (x = 0)."""


@dataclass(frozen=True)
class Ring:
    """Between the radii `inner` and `outer` [m], with so many `elements` per radius at any distance from the centre."""

    inner: float
    outer: float
    elements: int

    def mesh(self, comm: MPI.Comm) -> TaggedMesh:
        """Return the mesh of the quarter x ≥ 0, y ≥ 0."""
        return from_gmsh(comm, self._draw, unit=self.outer)

    def _draw(self) -> None:
        occ, inner = gmsh.model.occ, self.inner / self.outer
        whole, hole = occ.addDisk(0, 0, 0, 1, 1), occ.addDisk(0, 0, 0, inner, inner)
        ring, _ = occ.cut([(2, whole)], [(2, hole)])
        occ.intersect(ring, [(2, occ.addRectangle(0, 0, 0, 2, 2))])
        occ.synchronize()
        gmsh.model.addPhysicalGroup(2, [tag for _, tag in gmsh.model.getEntities(2)], name=SIDE)
        for _, tag in gmsh.model.getEntities(1):
            gmsh.model.addPhysicalGroup(1, [tag], name=self._boundary(tag))
        field = gmsh.model.mesh.field
        size = field.add("MathEval")
        field.setString(size, "F", f"Sqrt(x*x + y*y) / {self.elements}")
        generate(2, size)

    def _boundary(self, curve: int) -> str:
        """Return the name of a curve, by its middle."""
        ends = gmsh.model.getParametrizationBounds(1, curve)
        x, y, _ = gmsh.model.getValue(1, curve, [(ends[0][0] + ends[1][0]) / 2])
        if min(x, y) < 1e-6:
            return "axis" if x < y else "foot"
        return "bore" if np.hypot(x, y) < (1 + self.inner / self.outer) / 2 else "outside"
