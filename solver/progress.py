"""What a run says in the terminal: what was built, a line per time step, a summary at the end."""

from __future__ import annotations

import time
from pathlib import Path

from interstice.solver.cell import Cell
from interstice.solver.history import Row
from interstice.solver.stepping import Advance
from interstice.solver.terminal import say

HEADER = f"{'step':>12} {'time':>10} {'Δt':>9} {'Newton':>6} {'f_c':>6} {'voltage':>9} {'mean p':>10} {'mean gap':>10}"


class Progress:
    """Follows one run; only rank 0 prints."""

    def __init__(self, cell: Cell, output: Path | None) -> None:
        """Say what is about to be solved; `output` is the folder of the results, if any."""
        self._output, self._start = output, time.perf_counter()
        self._rows: list[Row] = []
        nodes = cell.model.interface_nodes
        say(f"{cell.case.title}")
        for pair, profile in cell.model.profiles.items():
            say(
                f"{'/'.join(pair)}: {profile.description}"
                if len(cell.model.profiles) > 1
                else f"roughness: {profile.description}"
            )
        say(
            f"{cell.domain.dimension}D, {cell.unknowns:,} unknowns, {nodes:,} nodes on the interface, "
            f"{cell.comm.size} rank{'s' if cell.comm.size > 1 else ''}" + (f"; results in {output}" if output else "")
        )
        say(HEADER)

    def advanced(self, advance: Advance | None, row: Row) -> None:
        """Print the line of one time step, after what made it shorter."""
        self._rows.append(row)
        if advance is None:
            return
        for note in advance.notes:
            say(f"{'':>12} {note}")
        pressure = min(_values(row, "mean pressure"), default=0.0)
        gap = max(_values(row, "mean gap"), default=0.0)
        label = f"{advance.number} {advance.step.step}"
        say(
            f"{label:>12} {advance.time:>8.1f} s {advance.duration:>7.3g} s {advance.report.newton:>6d} "
            f"{_least_active(row):>6.3f} {row['voltage [V]']:>7.4f} V "
            f"{pressure / 1e6:>6.2f} MPa {gap * 1e9:>7.2f} nm"
        )

    def finished(self, reason: str) -> None:
        """Print the summary: how it ended, what the interface lost, how well the balances close."""
        rows = self._rows
        say("")
        if reason:
            say(f"stopped: {reason}")
        if rows:
            least = min(rows, key=_least_active)
            worst = {
                key: max((value for row in rows for value in _values(row, key)), default=0.0)
                for key in ("complementarity", "charge balance", "lithium balance")
            }
            newton = sum(int(row["newton iterations [1]"]) for row in rows)
            fractions = [f"{_least_active(row):.3f}" for row in (rows[0], least, rows[-1])]
            say(
                f"active fraction {fractions[0]} assembled, {fractions[1]} at its lowest ({least['time [s]']:.0f} s), "
                f"{fractions[2]} at the end"
            )
            say(
                f"largest complementarity g·p/(p̄ rms) {worst['complementarity']:.1e}, "
                f"charge imbalance {worst['charge balance']:.1e}, "
                f"lithium imbalance {worst['lithium balance']:.1e}"
            )
            say(f"{len(rows) - 1} time steps, {newton} Newton steps, {time.perf_counter() - self._start:.1f} s")
        if self._output:
            say(f"pictures: interstice plot {self._output}    ParaView: {self._output}/*.pvd")


def _values(row: Row, quantity: str) -> list[float]:
    """Return a quantity of every interface or electrode that has it."""
    names = (f"{quantity} [", f"{quantity} of ")
    return [value for column, value in row.items() if column.startswith(names)]


def _least_active(row: Row) -> float:
    return min(_values(row, "active fraction"))
