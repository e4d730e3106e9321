"""What a run says in the terminal: what was built, a line per time step, a summary at the end."""

from __future__ import annotations

import time
from pathlib import Path

from solver.case import Case, Film
from solver.cell import Cell
from solver.stepping import Advance
from solver.terminal import say

HEADER = f"{'step':>12} {'time':>10} {'Δt':>9} {'Newton':>6} {'f_c':>6} {'voltage':>9} {'mean p':>10} {'mean gap':>10}"


class Progress:
    """Follows one run; only rank 0 prints."""

    def __init__(self, case: Case, output: Path, ranks: int) -> None:
        self.case, self.output, self.ranks = case, output, ranks
        self._start = time.perf_counter()

    def built(self, cell: Cell) -> None:
        """Say what is about to be solved."""
        nodes = cell.interface.space.dofmap.index_map.size_global
        say(f"{self.case.title}")
        say(f"roughness: {cell.profile.description}")
        say(
            f"{cell.domain.dimension}D, {cell.unknowns:,} unknowns, {nodes:,} nodes on the interface, "
            f"{self.ranks} rank{'s' if self.ranks > 1 else ''}; results in {self.output}"
        )
        if warning := self._coarse(cell):
            say(f"warning: {warning}")
        say(HEADER)

    @staticmethod
    def _coarse(cell: Cell) -> str | None:
        """Return what to say where the mesh does not resolve the process zone of the bond."""
        if cell.bond is None:
            return None
        geometry = cell.case.geometry
        thickness = (
            min(geometry.electrode_thickness, geometry.electrolyte_thickness) if isinstance(geometry, Film) else None
        )
        zone = cell.bond.process_zone(cell.composite_modulus, thickness)
        return zone.warning(cell.interface.max(cell.interface.spacing.x.array))

    def advanced(self, advance: Advance, row: dict[str, float]) -> None:
        """Print the line of one time step, after what made it shorter."""
        for note in advance.notes:
            say(f"{'':>12} {note}")
        label = f"{advance.number} {advance.step.step}"
        say(
            f"{label:>12} {advance.time:>8.1f} s {advance.duration:>7.3g} s {advance.report.newton:>6d} "
            f"{row['active fraction [1]']:>6.3f} {row['voltage [V]']:>7.4f} V "
            f"{row['mean pressure [Pa]'] / 1e6:>6.2f} MPa {row['mean gap [m]'] * 1e9:>7.2f} nm"
        )

    def finished(self, rows: list[dict[str, float]], reason: str) -> None:
        """Print the summary: how it ended, what the interface lost, how well the balances close."""
        say("")
        if reason:
            say(f"stopped: {reason}")
        if rows:
            least = min(rows, key=lambda row: row["active fraction [1]"])
            worst = {
                key: max(row[key] for row in rows)
                for key in ("complementarity [1]", "charge balance [1]", "lithium balance [1]")
            }
            newton = sum(int(row["newton iterations [1]"]) for row in rows)
            fractions = [f"{row['active fraction [1]']:.3f}" for row in (rows[0], least, rows[-1])]
            say(
                f"active fraction {fractions[0]} assembled, {fractions[1]} at its lowest ({least['time [s]']:.0f} s), "
                f"{fractions[2]} at the end"
            )
            say(
                f"largest complementarity g·p/(p̄ rms) {worst['complementarity [1]']:.1e}, "
                f"charge imbalance {worst['charge balance [1]']:.1e}, "
                f"lithium imbalance {worst['lithium balance [1]']:.1e}"
            )
            say(f"{len(rows) - 1} time steps, {newton} Newton steps, {time.perf_counter() - self._start:.1f} s")
        say(f"pictures: interstice plot {self.output}    ParaView: {self.output}/*.pvd")
