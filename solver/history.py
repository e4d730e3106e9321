"""What a run reports of each time step: one row of `history.csv`, every column with its unit."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt
from mpi4py import MPI

from interstice.solver.cell import Cell
from interstice.solver.electrode import Electrode
from interstice.solver.interface.front import Fronts, Rates
from interstice.solver.interface.kinetics import FARADAY
from interstice.solver.junction import Junction
from interstice.solver.overpotential import Overpotentials
from interstice.solver.stepping import Advance

Array = npt.NDArray[np.float64]
Row = dict[str, float]

KIND = "step kind"
"""The one column that is a word: charge, discharge, hold, rest, press or open; `ASSEMBLY` before the first step."""
ASSEMBLY = "assembly"

COULOMB_PER_AH = 3600.0


class Observer:
    """Computes the reported numbers of a cell. In 2D, areas and currents are those of 1 m of depth.

    Where a cell has several interfaces or electrodes, the columns about one of them say which.
    """

    def __init__(self, cell: Cell) -> None:
        self.cell = cell
        self._junctions = [_JunctionColumns(cell, junction) for junction in cell.junctions]
        self._electrodes = [_ElectrodeColumns(cell, electrode) for electrode in cell.electrodes.values()]
        self._overpotentials = Overpotentials(cell)
        self._charge, self._step_charge = _Integral(), _Integral()
        self._number, self._last = 0, None  # type: tuple[int, Advance | None]
        self._height = 0.0

    def row(self, advance: Advance | None) -> Row:
        """Return the row after a time step, or of the assembled cell at rest (None); asked again, the same one."""
        cell = self.cell
        duration = advance.duration if advance else 0.0
        applied = float(cell.current_density.value) if advance else 0.0
        if advance is None:
            self._height = cell.stack.height
        elif advance is not self._last:
            self._count(advance, applied)
        crossing = cell.crossing()
        fed, drawn = cell.terminal_currents() if advance else (0.0, 0.0)
        current = applied * cell.apparent_area
        electrodes = {columns.electrode.name: columns.row() for columns in self._electrodes}
        mean = {name: row["mean stoichiometry [1]"] for name, row in electrodes.items()}
        return {
            "time [s]": advance.time if advance else 0.0,
            "step [1]": advance.number if advance else 0,
            "cycle [1]": advance.cycle if advance else 0,
            "voltage [V]": cell.voltage,
            "current density [A/m^2]": applied,
            "capacity [A h/m^2]": self._step_charge.value / COULOMB_PER_AH,
            "net charge [A h/m^2]": self._charge.value / COULOMB_PER_AH,
            **self._overpotentials.read(mean),
            "apparent area [m^2]": cell.apparent_area,
            **_named({columns.junction.name: columns.row() for columns in self._junctions}),
            "stack pressure [Pa]": cell.stack_pressure(),
            "thickness change [m]": cell.stack.height - self._height,
            "opening [m]": cell.opening,
            "opening force [N]": cell.opening_force(),
            **self._energies(),
            "unstable [1]": 1 if advance and advance.event else 0,
            **_named(electrodes),
            "charge balance [1]": max(abs(fed - crossing), abs(drawn - crossing)) / abs(current) if current else 0.0,
            "time step [s]": duration,
            "newton iterations [1]": advance.report.newton if advance else 0,
            "linear iterations [1]": advance.report.linear if advance else 0,
        }

    def _count(self, advance: Advance, applied: float) -> None:
        """Add the time step just made, at the `applied` current density [A/m²], to what is summed over time."""
        self._last = advance
        if advance.number != self._number:
            self._number, self._step_charge = advance.number, _Integral()
        self._charge.add(self.cell, applied)
        self._step_charge.add(self.cell, abs(applied))
        for columns in self._electrodes:
            columns.count(advance.duration)

    def _energies(self) -> Row:
        """Return where the work done since assembly went: the ledger, in which the bond and its viscosity are one."""
        assert self.cell.ledger is not None
        accounts = {"bond": 0.0, "friction": 0.0, "released": 0.0} | self.cell.ledger.energies
        viscous = sum(_lost(junction, "viscous_dissipated") for junction in self.cell.junctions)
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
        energies = {column: accounts.get(account, 0.0) for account, column in names.items()}
        energies["energy lost in the bond [J]"] -= viscous
        return energies | {
            "energy lost to viscosity [J]": viscous,
            "energy balance [1]": self.cell.ledger.closing_error,
        }


class _Integral:
    """An integral over time by the time scheme of the cell, so that what is conserved is so to rounding."""

    def __init__(self) -> None:
        self.value = self._before = 0.0

    def add(self, cell: Cell, rate: float) -> None:
        """Add the time step just made, at whose end the integrand is `rate`."""
        start = cell.scheme.history([np.array(self.value), np.array(self._before)])
        self.value, self._before = float(start + cell.scheme.tau * rate), self.value


class _JunctionColumns:
    """What a row says of one interface."""

    def __init__(self, cell: Cell, junction: Junction) -> None:
        self.cell, self.junction = cell, junction
        self._fronts = Fronts(junction.bond) if junction.bond else None

    def row(self) -> Row:
        cell, junction, interface = self.cell, self.junction, self.junction.interface
        area = junction.geometric_area
        share, j = junction.read_share(), junction.read_current()
        active_area, crossing = junction.active_area, interface.sum(j)
        row = {
            "active fraction [1]": active_area / area,
            "geometric area [m^2]": area,
            "active area [m^2]": active_area,
            "mean local current density [A/m^2]": crossing / active_area if active_area else 0.0,
            "max local current density [A/m^2]": interface.max(np.abs(j)),
            "current over detached area [A]": interface.sum(np.where(share > 0.0, 0.0, np.abs(j))),
        }
        if junction.interaction is None:
            return row
        contact = junction.interaction.contact
        gap, pressure = contact.gap.read(), contact.pressure
        reference = cell.typical_pressure * (cell.profiles[interface.name].rms or junction.mean_spacing)
        return row | {
            "mean pressure [Pa]": interface.sum(pressure) / area,
            "max pressure [Pa]": interface.max(pressure),
            "mean gap [m]": interface.sum(gap) / area,
            "max gap [m]": interface.max(gap),
            "mean damage [1]": self._mean_damage(),
            "damaged area [m^2]": self._failed(lambda damage: damage > 0.0),
            "broken area [m^2]": self._failed(lambda damage: damage >= 1.0),
            **self._crack(),
            "dissipated energy [J]": _lost(junction, "dissipated"),
            "energy dissipated by fatigue [J]": _lost(junction, "fatigue_dissipated"),
            "complementarity [1]": interface.max(np.abs(gap * pressure)) / reference,
            "penetration [m]": interface.max(-gap, default=0.0),
        }

    def _mean_damage(self) -> float:
        """Return the mean damage of what was bonded at assembly, 0 without a bond."""
        bond = self.junction.bond
        bonded = bond.interface.sum(bond.bonded.x.array) if bond else 0.0
        return bond.interface.sum(bond.bonded.x.array * bond.damage_old.x.array) / bonded if bond and bonded else 0.0

    def _failed(self, failed: Callable[[Array], npt.NDArray[np.bool_]]) -> float:
        """Return the area of what was bonded whose damage has `failed`."""
        bond = self.junction.bond
        return bond.interface.sum(bond.bonded.x.array * failed(bond.damage_old.x.array)) if bond else 0.0

    def _crack(self) -> Row:
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


class _ElectrodeColumns:
    """What a row says of one electrode."""

    def __init__(self, cell: Cell, electrode: Electrode) -> None:
        self.cell, self.electrode = cell, electrode
        self._form = cell.domain.form(electrode.c * cell.domain.dx(electrode.side))
        self._start = cell.domain.integrate(self._form)
        self._out = _Integral()
        self._throughput = 0.0

    def count(self, duration: float) -> None:
        """Add the time step just made, of `duration` [s], to the lithium that has left."""
        ours = [junction for junction in self.cell.junctions if junction.electrode is self.electrode]
        crossing = sum(junction.interface.sum(junction.read_current()) for junction in ours)
        self._out.add(self.cell, crossing / FARADAY)
        self._throughput += abs(crossing) * duration / FARADAY

    def row(self) -> Row:
        cell, electrode = self.cell, self.electrode
        lithium = cell.domain.integrate(self._form)
        missing = abs(lithium - self._start + self._out.value)
        mean = lithium / electrode.lithium_capacity
        low, high = electrode.host.stoichiometry_range
        filled = (mean - low) / (high - low)
        theta = electrode.c.x.array / electrode.c_max
        return {
            "mean stoichiometry [1]": mean,
            "min stoichiometry [1]": cell.comm.allreduce(float(theta.min(initial=np.inf)), op=MPI.MIN),
            "max stoichiometry [1]": cell.comm.allreduce(float(theta.max(initial=-np.inf)), op=MPI.MAX),
            "state of charge [1]": 1.0 - filled if electrode is cell.working else filled,
            "lithium balance [1]": missing / self._throughput if self._throughput else 0.0,
        }


def _named(rows: dict[str, Row]) -> Row:
    """Return the columns of all `rows`, each with the name of its row before its unit if there are several."""
    if len(rows) == 1:
        return next(iter(rows.values()))
    return {
        column.replace(" [", f" of {name} [", 1): value for name, row in rows.items() for column, value in row.items()
    }


def _lost(junction: Junction, name: str) -> float:
    """Return one of the energies that a bond has lost, 0 where there is none [J]."""
    return junction.interface.sum(getattr(junction.bond, name).x.array) if junction.bond else 0.0


def with_kind(row: Row, advance: Advance | None) -> dict[str, Any]:
    """Return a row with the kind of its protocol step after the time."""
    (time, value), *others = row.items()
    return {time: value, KIND: advance.step.step if advance else ASSEMBLY, **dict(others)}


def split_unit(column: str) -> tuple[str, str]:
    """Return the title of a column and its unit, which stands in brackets at its end; "" where there is none."""
    title, bracket, unit = column.rpartition(" [")
    return (title, unit.removesuffix("]")) if bracket else (column, "")


class HistoryFile:
    """`history.csv` on rank 0, written row by row, so that a run that ends early leaves all it computed."""

    def __init__(self, path: Path, comm: MPI.Comm) -> None:
        self._begun = False
        self._stream: IO[str] | None = path.open("w", newline="", encoding="utf-8") if comm.rank == 0 else None

    def advanced(self, advance: Advance | None, row: Row) -> None:
        """Append the row of a time step; the first one gives the header."""
        if self._stream is None:
            return
        full = with_kind(row, advance)
        writer = csv.DictWriter(self._stream, list(full))
        if not self._begun:
            writer.writeheader()
        self._begun = True
        writer.writerow({key: value if key == KIND else f"{value:.12g}" for key, value in full.items()})
        self._stream.flush()

    def finished(self, reason: str) -> None:
        """Close the file."""
        if self._stream is not None:
            self._stream.close()
