"""The fields of a cell as ParaView shows them: a series per side and per interface, one of all sides together."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import ufl
from dolfinx import fem
from mpi4py import MPI

from interstice import meshes
from interstice.solver.cell import Cell
from interstice.solver.domain import Side
from interstice.solver.history import Row
from interstice.solver.junction import Junction
from interstice.solver.output import CombinedSeries, Series
from interstice.solver.stepping import Advance


class FieldWriter:
    """Writes all fields of a cell at chosen times into `folder`."""

    def __init__(self, cell: Cell, folder: Path) -> None:
        self._cell = cell
        self._count, self._now, self._written = 0, 0.0, 0.0
        self._interfaces = [_InterfaceFields(cell, junction) for junction in cell.junctions]
        self._sides = [_SideFields(cell, side) for side in cell.domain.sides.values()]
        one = len(self._interfaces) == 1
        self._series: list[Series | CombinedSeries] = [
            Series(folder, "interface" if one else "-".join(shown.junction.interface.name), shown.mesh, shown.points)
            for shown in self._interfaces
        ]
        self._series += [
            Series(folder, shown.side.name, shown.side.mesh, shown.points, shown.cells) for shown in self._sides
        ]
        together = [(shown.side.name, shown.side.mesh, shown.together, shown.cells) for shown in self._sides]
        self._series.append(CombinedSeries(folder, "cell", together))

    def advanced(self, advance: Advance | None, row: Row) -> None:
        """Write the assembled cell and every so many time steps, as the case says."""
        self._now = row["time [s]"]
        if self._count % self._cell.case.output.fields_every == 0:
            self.write(self._now)
        self._count += 1

    def finished(self, reason: str) -> None:
        """Write the last state, unless that is done."""
        if self._now > self._written:
            self.write(self._now)

    def write(self, time: float) -> None:
        """Write the present state as that of `time` [s]."""
        self._written = time
        for interface in self._interfaces:
            interface.update()
        for side in self._sides:
            side.update()
        for series in self._series:
            series.write(time)


class _InterfaceFields:
    """What is shown of one interface."""

    def __init__(self, cell: Cell, junction: Junction) -> None:
        self.junction, self.mesh = junction, junction.interface.mesh
        interface, interaction = junction.interface, junction.interaction
        self._share, self._pressure, self._current, self._mixity, self._gap = (
            interface.function(name) for name in ("share", "pressure", "current", "mixity", "gap")
        )
        jump = interface.jump(cell.u)
        normal = interface.normal("+")
        shear = jump - ufl.inner(jump, normal) * normal
        self._shear = interface.reader(ufl.sqrt(ufl.inner(shear, shear))) if interaction else None
        self.points = {"contacted [1]": self._share, "current density [A/m^2]": self._current}
        if self._shear:
            self.points |= {"gap [m]": self._gap, "pressure [Pa]": self._pressure, "shear jump [m]": self._shear.values}
        if junction.bond:
            self.points |= {"damage [1]": junction.bond.damage_old, "mode mixity [1]": self._mixity}

    def update(self) -> None:
        junction = self.junction
        self._share.x.array[:] = junction.read_share()
        self._current.x.array[:] = junction.read_current()
        if junction.interaction and self._shear:
            self._gap.x.array[:] = junction.interaction.contact.gap.read()
            self._pressure.x.array[:] = junction.interaction.contact.pressure
            self._shear.read()
        if junction.bond:
            self._mixity.x.array[:] = junction.bond.read().mixity


class _SideFields:
    """What is shown of one side: at the nodes, per cell, and at the nodes of the picture of the whole cell."""

    def __init__(self, cell: Cell, side: Side) -> None:
        self.side, self._cell = side, cell
        self._conductor = cell.conductors[side.name]
        self._electrode = cell.electrodes.get(side.name)
        dimension = cell.domain.dimension
        vectors, scalars = side.space(1, (dimension,)), self._conductor.phi.function_space
        self._displacement, self._opened = fem.Function(vectors), fem.Function(vectors)
        self._potential, self._theta = fem.Function(scalars), fem.Function(scalars)
        self._from_body = cell.domain.dofs_in_body(self._displacement, cell.u[side.name])
        self._lift = _roughness_lift(cell, side.name, vectors)
        kind = "electronic" if self._electrode else "ionic"
        self.points = {"displacement [m]": self._displacement, f"{kind} potential [V]": self._potential}
        self.together = {
            "displacement [m]": self._displacement,
            "displacement with initial gap [m]": self._opened,
            "potential [V]": self._potential,
        }
        if self._electrode:
            self.points |= {"concentration [mol/m^3]": self._electrode.c, "stoichiometry [1]": self._theta}
            self.together["stoichiometry [1]"] = self._theta
        law, u, eigenstrain = cell.elasticity[side.name], cell.u[side.name], cell.eigenstrain.get(side.name, 0.0)
        stresses = {
            "hydrostatic stress [Pa]": law.hydrostatic_stress(u, eigenstrain),
            "von Mises stress [Pa]": law.von_mises_stress(u, eigenstrain),
        }
        self._means = {name: cell.domain.cell_mean(side, stress) for name, stress in stresses.items()}
        self.cells = {name: mean.values for name, mean in self._means.items()}

    def update(self) -> None:
        conductor = self._conductor
        self._displacement.x.array[:] = self._cell.u[self.side.name].x.array[self._from_body]
        self._opened.x.array[:] = self._displacement.x.array + self._lift
        self._potential.x.array[:] = conductor.phi.x.array + conductor.level.value
        if self._electrode:
            self._theta.x.array[:] = self._electrode.c.x.array / self._electrode.c_max
        for mean in self._means.values():
            mean.read()


def _roughness_lift(cell: Cell, name: str, space: fem.FunctionSpace) -> np.ndarray:
    """Return the displacement that gives a flat side the roughness of its lower interface.

    It is g_0 there and falls linearly to 0 at the top of the side. Sides that are not `upper` in a pair get none.
    """
    dimension = cell.domain.dimension
    points = space.tabulate_dof_coordinates()
    lift = np.zeros((len(points), dimension))
    for pair, profile in cell.profiles.items():
        if pair[0] == name:
            height = points[:, dimension - 1]
            low = cell.comm.allreduce(height.min(initial=np.inf), op=MPI.MIN)
            high = cell.comm.allreduce(height.max(initial=-np.inf), op=MPI.MAX)
            gap = meshes.initial_gap(profile)(*points[:, : dimension - 1].T)
            lift[:, -1] = gap * (high - height) / (high - low)
    return lift.ravel()
