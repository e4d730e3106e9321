"""The fields of a cell as ParaView shows them: a series per side, one of the interface, one of both sides together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import ufl
from dolfinx import fem
from mpi4py import MPI

import meshes
from solver.cell import ELECTRODE, ELECTROLYTE, Cell
from solver.compat import expression_at_points
from solver.output import CombinedSeries, Series
from solver.physics import diffusion


class FieldWriter:
    """Writes all fields of a cell at chosen times into `folder`."""

    def __init__(self, cell: Cell, folder: Path) -> None:
        self.cell = cell
        self.theta = fem.Function(cell.c.function_space)
        self.potential = fem.Function(cell.phi_e.function_space)
        self.opened = {name: fem.Function(u.function_space) for name, u in cell.u.items()}
        self._lift = _roughness_lift(cell)
        self._stresses = {name: _Stresses(cell, name) for name in cell.sides}
        interface = cell.interface
        jump = interface.jump(cell.u)
        normal = interface.normal("+")
        shear = jump - ufl.inner(jump, normal) * normal
        self._shear = interface.reader(ufl.sqrt(ufl.inner(shear, shear)))
        self._pressure, self._mixity = interface.function("pressure"), interface.function("mixity")
        on_interface = {
            "gap [m]": cell.contact.gap.values,
            "pressure [Pa]": self._pressure,
            "contacted [1]": cell.activity,
            "current density [A/m^2]": cell.local_current_reader.values,
            "shear jump [m]": self._shear.values,
        }
        if cell.bond:
            on_interface["damage [1]"] = cell.bond.damage_old
            on_interface["mode mixity [1]"] = self._mixity

        points = {
            ELECTRODE: {
                "displacement [m]": cell.u[ELECTRODE],
                "concentration [mol/m^3]": cell.c,
                "stoichiometry [1]": self.theta,
                "electronic potential [V]": self.potential,
            },
            ELECTROLYTE: {"displacement [m]": cell.u[ELECTROLYTE], "ionic potential [V]": cell.phi_s},
        }
        together = {
            ELECTRODE: {"stoichiometry [1]": self.theta, "potential [V]": self.potential},
            ELECTROLYTE: {"potential [V]": cell.phi_s},
        }
        parts = []
        self._series: list[Series | CombinedSeries] = [Series(folder, "interface", interface.mesh, on_interface)]
        for name, side in cell.sides.items():
            stresses = self._stresses[name].fields
            self._series.append(Series(folder, name, side.mesh, points[name], stresses))
            shown = {
                "displacement [m]": cell.u[name],
                "displacement with initial gap [m]": self.opened[name],
                **together[name],
            }
            parts.append((name, side.mesh, shown, stresses))
        self._series.append(CombinedSeries(folder, "cell", parts))

    def write(self, time: float) -> None:
        """Write the present state as that of `time` [s]."""
        cell = self.cell
        self.theta.x.array[:] = cell.c.x.array / cell.c_max
        self.potential.x.array[:] = cell.phi_e.x.array + cell.voltage.value
        for name, u in cell.u.items():
            self.opened[name].x.array[:] = u.x.array
            self._stresses[name].update()
        self.opened[ELECTRODE].x.array[:] += self._lift
        self._pressure.x.array[:] = cell.contact.pressure
        if cell.bond:
            self._mixity.x.array[:] = cell.bond.read().mixity
        cell.contact.gap.read()
        cell.local_current_reader.read()
        self._shear.read()
        for series in self._series:
            series.write(time)


class _Stresses:
    """Hydrostatic and von Mises stress of one side, constant per cell."""

    def __init__(self, cell: Cell, name: str) -> None:
        side = cell.sides[name]
        material = cell.materials[name]
        law = type(cell.elasticity[name]).constant(side.mesh, material.young_modulus, material.poisson_ratio)
        eigenstrain: Any = cell.constant(0.0, side.mesh)
        if name == ELECTRODE:
            reference, volume = (cell.constant(x, side.mesh) for x in (cell.c_initial, cell.host.partial_molar_volume))
            eigenstrain = diffusion.eigenstrain(cell.c, reference, volume)
        u = cell.u[name]
        space = fem.functionspace(side.mesh, ("DG", 0))
        stresses = {
            "hydrostatic stress [Pa]": law.hydrostatic_stress(u, eigenstrain),
            "von Mises stress [Pa]": law.von_mises_stress(u, eigenstrain),
        }
        self.fields = {key: fem.Function(space) for key in stresses}
        self._expressions = {key: expression_at_points(stress, space) for key, stress in stresses.items()}

    def update(self) -> None:
        for key, function in self.fields.items():
            function.interpolate(self._expressions[key])
            function.x.scatter_forward()


def _roughness_lift(cell: Cell) -> np.ndarray:
    """Return the displacement that gives the flat electrode its roughness: g_0 at the interface, 0 at the collector."""
    u = cell.u[ELECTRODE]
    dimension = cell.domain.dimension
    points = u.function_space.tabulate_dof_coordinates()
    lift = np.zeros((len(points), dimension))
    thickness = cell.comm.allreduce(points[:, dimension - 1].max(initial=0.0), op=MPI.MAX)
    gap = meshes.initial_gap(cell.profile)(*points[:, : dimension - 1].T)
    lift[:, -1] = gap * (1.0 - points[:, dimension - 1] / thickness)
    return lift.ravel()
