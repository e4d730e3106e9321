"""What a run reports of each time step: one row of `history.csv`, every column with its unit."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import IO

import numpy as np
import numpy.typing as npt
from mpi4py import MPI

from solver.cell import ELECTRODE, Cell
from solver.interface.front import Fronts, Rates
from solver.interface.kinetics import FARADAY
from solver.stepping import Advance

Array = npt.NDArray[np.float64]

COULOMB_PER_AH = 3600.0


class Observer:
    """Computes the reported numbers of a cell. In 2D, areas and currents are those of 1 m of depth."""

    def __init__(self, cell: Cell) -> None:
        self.cell = cell
        domain, electrode = cell.domain, cell.sides[ELECTRODE]
        self._fronts = Fronts(cell.bond) if cell.bond else None
        self._lithium = domain.form(cell.c * domain.dx(electrode))
        self._lithium_start = domain.integrate(self._lithium)
        self._lithium_out = 0.0
        self._charge = self._step_charge = self._throughput = 0.0
        self._number = 0

    def row(self, advance: Advance | None) -> dict[str, float]:
        """Return the row after a time step, or of the assembled cell at rest (None)."""
        cell, interface = self.cell, self.cell.interface
        duration = advance.duration if advance else 0.0
        applied = float(cell.current_density.value) if advance else 0.0
        if advance and advance.number != self._number:
            self._number, self._step_charge = advance.number, 0.0

        j = cell.local_current_reader.read()
        activity, pressure = cell.activity.x.array, cell.contact.pressure
        gap = cell.contact.gap.read()
        active_area = interface.sum(activity)
        crossing = interface.sum(j)
        blocked = interface.sum(np.where(activity > 0.0, 0.0, np.abs(j)))
        fed, drawn = cell.terminal_currents() if advance else (0.0, 0.0)
        current = applied * cell.apparent_area
        lithium = cell.domain.integrate(self._lithium)
        self._lithium_out += crossing * duration / FARADAY
        self._charge += applied * duration
        self._step_charge += abs(applied) * duration
        self._throughput += abs(crossing) * duration / FARADAY
        theta = cell.c.x.array / cell.c_max
        comm = cell.comm
        reference = cell.typical_pressure * (cell.profile.rms or cell.mean_spacing)

        return {
            "time [s]": advance.time if advance else 0.0,
            "step [1]": advance.number if advance else 0,
            "cycle [1]": advance.cycle if advance else 0,
            "voltage [V]": float(cell.voltage.value),
            "current density [A/m^2]": applied,
            "capacity [A h/m^2]": self._step_charge / COULOMB_PER_AH,
            "net charge [A h/m^2]": self._charge / COULOMB_PER_AH,
            "active fraction [1]": active_area / cell.geometric_area,
            "apparent area [m^2]": cell.apparent_area,
            "geometric area [m^2]": cell.geometric_area,
            "active area [m^2]": active_area,
            "mean local current density [A/m^2]": crossing / active_area if active_area else 0.0,
            "max local current density [A/m^2]": interface.max(np.abs(j)),
            "mean pressure [Pa]": interface.sum(pressure) / cell.geometric_area,
            "max pressure [Pa]": interface.max(pressure),
            "stack pressure [Pa]": cell.stack_pressure(),
            "opening [m]": cell.opening,
            "opening force [N]": cell.opening_force(),
            "mean gap [m]": interface.sum(gap) / cell.geometric_area,
            "max gap [m]": interface.max(gap),
            "mean damage [1]": self._mean_damage(),
            "damaged area [m^2]": self._failed(lambda damage: damage > 0.0),
            "broken area [m^2]": self._failed(lambda damage: damage >= 1.0),
            **self._crack(),
            "dissipated energy [J]": self._lost("dissipated"),
            "energy dissipated by fatigue [J]": self._lost("fatigue_dissipated"),
            **self._energies(),
            "unstable [1]": 1 if advance and advance.event else 0,
            "mean stoichiometry [1]": lithium / cell.lithium_capacity,
            "min stoichiometry [1]": comm.allreduce(float(theta.min(initial=np.inf)), op=MPI.MIN),
            "max stoichiometry [1]": comm.allreduce(float(theta.max(initial=-np.inf)), op=MPI.MAX),
            "complementarity [1]": interface.max(np.abs(gap * pressure)) / reference,
            "penetration [m]": interface.max(-gap, default=0.0),
            "current over detached area [A]": blocked,
            "charge balance [1]": max(abs(fed - crossing), abs(drawn - crossing)) / abs(current) if current else 0.0,
            "lithium balance [1]": abs(lithium - self._lithium_start + self._lithium_out) / self._throughput
            if self._throughput
            else 0.0,
            "time step [s]": duration,
            "newton iterations [1]": advance.report.newton if advance else 0,
            "linear iterations [1]": advance.report.linear if advance else 0,
        }

    def _mean_damage(self) -> float:
        """Return the mean damage of what was bonded at assembly, 0 without a bond."""
        bond = self.cell.bond
        bonded = self.cell.interface.sum(bond.bonded.x.array) if bond else 0.0
        if bond is None or bonded == 0.0:
            return 0.0
        return self.cell.interface.sum(bond.bonded.x.array * bond.damage_old.x.array) / bonded

    def _failed(self, failed: Callable[[Array], npt.NDArray[np.bool_]]) -> float:
        """Return the area of what was bonded whose damage has `failed`."""
        bond = self.cell.bond
        return self.cell.interface.sum(bond.bonded.x.array * failed(bond.damage_old.x.array)) if bond else 0.0

    def _crack(self) -> dict[str, float]:
        """Return where the fronts of cracks are and what drives them; zeros where there are none."""
        rates = self._fronts.look() if self._fronts else Rates(np.nan, np.nan, (np.nan, np.nan))
        least, greatest = rates.extent
        values = {
            "least x of the crack front [m]": least,
            "greatest x of the crack front [m]": greatest,
            "energy release rate [J/m^2]": rates.release_rate,
            "mode mixity at the front [1]": rates.mixity,
        }
        return {name: 0.0 if np.isnan(value) else value for name, value in values.items()}

    def _lost(self, name: str) -> float:
        """Return one of the energies that the bond has lost."""
        return self.cell.interface.sum(getattr(self.cell.bond, name).x.array) if self.cell.bond else 0.0

    def _energies(self) -> dict[str, float]:
        """Return where the work done since assembly went: the ledger, in which the bond and its viscosity are one."""
        assert self.cell.ledger is not None
        accounts = {"bond": 0.0, "friction": 0.0, "released": 0.0} | self.cell.ledger.energies
        viscous = self._lost("viscous_dissipated")
        names = {
            "external": "external work [J]",
            "eigenstrain": "work of the eigenstrain [J]",
            "elastic": "elastic energy [J]",
            "stored": "energy stored in the interface [J]",
            "bond": "energy lost in the bond [J]",
            "friction": "energy lost to friction [J]",
            "released": "energy released by unstable cracks [J]",
            "remainder": "energy not accounted for by the time step [J]",
        }
        energies = {column: accounts[account] for account, column in names.items()}
        energies["energy lost in the bond [J]"] -= viscous
        return energies | {
            "energy lost to viscosity [J]": viscous,
            "energy balance [1]": self.cell.ledger.closing_error,
        }


class HistoryFile:
    """`history.csv` on rank 0, written row by row, so that a run that ends early leaves all it computed."""

    def __init__(self, path: Path, comm: MPI.Comm) -> None:
        self.rows: list[dict[str, float]] = []
        self._stream: IO[str] | None = path.open("w", newline="", encoding="utf-8") if comm.rank == 0 else None

    def write(self, row: dict[str, float]) -> None:
        """Append a row; the first one gives the header."""
        self.rows.append(row)
        if self._stream is not None:
            writer = csv.DictWriter(self._stream, list(row))
            if len(self.rows) == 1:
                writer.writeheader()
            writer.writerow({key: f"{value:.12g}" for key, value in row.items()})
            self._stream.flush()

    def __enter__(self) -> HistoryFile:
        return self

    def __exit__(self, *_: object) -> None:
        if self._stream is not None:
            self._stream.close()
