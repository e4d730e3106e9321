"""Steady conduction between two blocks through the nodes at which they touch; all other nodes are insulated exactly."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import ufl
from dolfinx import fem
from mpi4py import MPI
from pydantic import Field

from interstice.benchmarks.options import Parameters
from interstice.benchmarks.report import Cost, peak_memory, timed
from interstice.solver import algebra
from interstice.solver.domain import Domain
from interstice.solver.physics import conduction

Array = npt.NDArray[np.float64]
Potential = Callable[[Array], Array]

PERFECT = 1e6
"""Conductance of a conducting node over κ_h/h, h its spacing: the resistance it adds is as small as its inverse."""


class Conductivities(Parameters):
    """How the two blocks conduct."""

    upper_conductivity: float = Field(100.0, gt=0)
    """conductivity of the upper block [S/m]"""
    lower_conductivity: float = Field(0.5, gt=0)
    """conductivity of the lower block [S/m]"""

    @property
    def conductivities(self) -> tuple[float, float]:
        """κ of the upper and of the lower block [S/m]."""
        return self.upper_conductivity, self.lower_conductivity

    @property
    def composite_conductivity(self) -> float:
        """κ_h [S/m], 1/κ_h = 1/κ₁ + 1/κ₂."""
        return 1 / sum(1 / kappa for kappa in self.conductivities)


class Conductor:
    """The blocks of `domain`, one interface between ("upper", "lower"), as conductors.

    `faces` are the outer faces of each block that are held at a potential; the others are insulated, or `lateral` ones
    "periodic". Nodes that touch conduct perfectly, or with the `resistance` times area [Ω m²] between the blocks.
    """

    def __init__(
        self,
        domain: Domain,
        parameters: Conductivities,
        faces: Sequence[Sequence[str]] = (("top",), ("bottom",)),
        lateral: str = "symmetric",
        resistance: float | None = None,
    ) -> None:
        self.domain = domain
        (self.interface,) = domain.interfaces.values()
        sides = list(domain.sides.values())
        self.phi = [fem.Function(side.space(domain.order), name=f"phi_{side.name}") for side in sides]
        self._activity = self.interface.function("activity")
        spaces = [phi.function_space for phi in self.phi]
        test = [ufl.TestFunction(space) for space in spaces]
        kappa = [fem.Constant(domain.mesh, np.float64(value)) for value in parameters.conductivities]
        if resistance is None:
            conductance = domain.constant(PERFECT * parameters.composite_conductivity) / self.interface.spacing("+")
        else:
            conductance = domain.constant(1 / resistance)
        j = self._activity("+") * conductance * (self.phi[0]("+") - self.phi[1]("-"))
        self._current_density = self.interface.reader(j)
        parts = (test[0]("+"), -test[1]("-"))
        nodes = self.interface.space.dofmap.index_map.size_global
        height = domain.mesh.geometry.x[:, domain.dimension - 1]
        length = domain.mesh.comm.allreduce(float(height.max(initial=-np.inf)), op=MPI.MAX)
        magnitude = parameters.composite_conductivity * domain.area(faces[0][0]) / length / np.sqrt(nodes)
        fields = [
            algebra.Field(
                phi, conduction.residual(phi, psi, k, domain.dx(side)) + j * part * self.interface.dS, magnitude
            )
            for phi, psi, k, side, part in zip(self.phi, test, kappa, sides, parts, strict=True)
        ]
        self._powers = [
            domain.form(conduction.residual(phi, phi, k, domain.dx(side)))
            for phi, k, side in zip(self.phi, kappa, sides, strict=True)
        ]
        self._held = [
            np.unique(np.concatenate([domain.dofs(space, face) for face in names]))
            for space, names in zip(spaces, faces, strict=True)
        ]
        constraints = algebra.lateral(domain, self.phi, lateral)
        constraints.fixed += list(zip(self.phi, self._held, strict=True))
        self.system = algebra.System(domain, fields, constraints, algebra.CHOLESKY)

    def solve(self, active: Array, upper: Potential | None = None, lower: Potential | None = None) -> algebra.Report:
        """Let the nodes conduct where `active` (local and ghost nodes,) is 1, and not at all where it is 0.

        The faces are held at `upper` and `lower` [V], functions of points (n, 3); 1 V and 0 V if not given.
        """
        self._activity.x.array[:] = active
        given = (upper or (lambda x: np.ones(len(x))), lower or (lambda x: np.zeros(len(x))))
        for phi, dofs, potential in zip(self.phi, self._held, given, strict=True):
            phi.x.array[dofs] = potential(phi.function_space.tabulate_dof_coordinates()[dofs])
        return self.system.solve()

    @property
    def current(self) -> float:
        """The current from the upper to the lower block [A, in 2D A per metre of depth]: that fed in at the faces."""
        residual, held = self.system.residual_array(0), self._held[0]
        return self.domain.mesh.comm.allreduce(float(residual[held[held < len(residual)]].sum()))

    def read_current_density(self) -> Array:
        """Return the current density at the nodes of the interface [A/m²], shape (local and ghost nodes,)."""
        return self._current_density.read()

    @property
    def powers(self) -> list[float]:
        """The power lost in the upper and in the lower block [W, in 2D W per metre of depth]."""
        return [self.domain.integrate(power) for power in self._powers]

    def measure(self, solve: Callable[[], algebra.Report]) -> Cost:
        """Run the cold `solve`, then conduct through the whole interface; return the cost of both."""
        report, seconds = timed(self.domain.mesh.comm, solve)
        memory = peak_memory(self.domain.mesh.comm)
        for phi in self.phi:
            phi.x.array[:] = 0.0
        _, tied = timed(self.domain.mesh.comm, lambda: self.solve(np.ones_like(self._activity.x.array)))
        return Cost(self.system.unknowns, report.newton, report.linear, memory, seconds, tied)
