"""What a run says in the terminal: what was built, a line per step of the protocol, a summary at the end."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

from interstice.materials.library import origin
from interstice.schema.wording import duration
from interstice.solver.cell import Cell
from interstice.solver.history import Row, read_rows
from interstice.solver.schedule import Reached
from interstice.solver.stepping import Advance
from interstice.solver.summary import summary, values_of
from interstice.solver.terminal import Said, say, say_json, status, warn

NONE = "–"
"""What stands for a quantity that no interface of the cell has."""
SILENCE = 60.0
"""How long [s] nothing is said where no terminal shows how far the run is."""


class Errors:
    """Follows one run and says why it stopped early, nothing else; only rank 0 prints."""

    aloud: ClassVar[bool] = False
    """Whether warnings are printed."""

    def __init__(self, cell: Cell, output: Path | None) -> None:
        """Follow `cell`; `output` is the folder of the results, if any. What is in `warnings` was told elsewhere."""
        self.cell, self.output, self.warnings = cell, output, []  # type: Cell, Path | None, list[str]
        self.rows: list[Row] = []
        self.start = time.perf_counter()

    def advanced(self, advance: Advance | None, row: Row) -> None:
        """Take note of a time step."""
        self.rows.append(row)

    def memory(self) -> None:
        """Return nothing: all it knows is in the history."""

    def recall(self, memory: None) -> None:
        """Go on after the rows of ``history.csv``."""
        comm = self.cell.comm
        assert self.output
        self.rows = comm.bcast(read_rows(self.output / "history.csv") if comm.rank == 0 else None)

    def finished(self, reason: str) -> None:
        """Say why the run stopped, if it did."""
        if reason:
            warn(f"stopped: {reason}")

    def summary(self) -> dict[str, Any]:
        """Return the numbers of the run."""
        return summary(self.rows, [face.name for face in self.cell.faces])


class Json(Errors):
    """Prints the summary, as JSON."""

    def finished(self, reason: str) -> None:
        """Print what is known at the end."""
        super().finished(reason)
        about = {
            "title": self.cell.case.title,
            "results": str(self.output) if self.output else None,
            "stopped": reason,
            "warnings": self.warnings,
            "unknowns [1]": self.cell.unknowns,
            "ranks [1]": self.cell.comm.size,
            "wall time [s]": round(time.perf_counter() - self.start, 3),
        }
        say_json(about | (self.summary() if self.rows else {}))


class TimeSteps(Errors):
    """Prints a line for each time step, and the summary in words."""

    aloud = True
    columns: ClassVar[tuple[str, ...]] = ("time", "Δt")

    def __init__(self, cell: Cell, output: Path | None) -> None:
        """Say what is about to be solved."""
        super().__init__(cell, output)
        self.reached = Reached.of(cell)
        nodes = cell.model.interface_nodes
        say(f"{cell.case.title}")
        say(", ".join(f"{side}: {material.name} of {origin(material)}" for side, material in cell.materials.items()))
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
        what, how_long = self.columns
        say(
            f"{'step':>12} {what:>10} {how_long:>9} {'Newton':>6} {'f_c':>6} {'voltage':>9} {'mean p':>10} "
            f"{'mean gap':>10} {'done':>5} {'to go':>7}"
        )
        self._before = 0.0

    def recall(self, memory: None) -> None:
        """Say from where the run goes on."""
        super().recall(memory)
        number, now = int(self.rows[-1]["step [1]"]), self.rows[-1]["time [s]"]
        begun = max((row["time [s]"] for row in self.rows if row["step [1]"] < number), default=0.0)
        self.reached.recall([number, begun, now])
        self._before = self.reached.share(number, now)
        self.start = time.perf_counter()
        say(f"{'':>12} goes on at {now:.6g} s, after {len(self.rows) - 1} time steps")

    def advanced(self, advance: Advance | None, row: Row) -> None:
        """Print the line of one time step, after what made it shorter."""
        super().advanced(advance, row)
        if advance is None:
            self.start = time.perf_counter()
            return
        self.tell(advance, row)

    def tell(self, advance: Advance, row: Row) -> None:
        """Print what there is to say of a time step."""
        for note in advance.notes:
            say(f"{'':>12} {note}")
        self.line(advance, row, f"{advance.duration:>7.3g} s", advance.report.newton, self.share(advance))

    def line(self, advance: Advance, row: Row, length: str, newton: int, share: float) -> None:
        """Print a line: of a time step or a protocol step that ends with `advance`, `length` being how long it was."""
        pressure = f"{min(carried) / 1e6:>z6.2f} MPa" if (carried := _carried(row)) else f"{NONE:>10}"
        gap = f"{max(gaps) * 1e9:>z7.2f} nm" if (gaps := values_of(row, "mean gap")) else f"{NONE:>10}"
        label = f"{advance.number} {advance.step.step}"
        say(
            f"{label:>12} {advance.time:>8.1f} s {length:>9} {newton:>6d} "
            f"{_least_active(row):>6.3f} {row['voltage [V]']:>z7.4f} V "
            f"{pressure} {gap} {share:>5.0%} {self.to_go(share):>7}"
        )

    def share(self, advance: Advance) -> float:
        """Return the share of the protocol that is done, after a time step."""
        return self.reached.share(advance.number, advance.time)

    def to_go(self, share: float) -> str:
        """Return about how long the rest takes, if what was done so far is a measure."""
        done = share - self._before
        return duration((time.perf_counter() - self.start) * max(1.0 - share, 0.0) / done) if done > 0.0 else ""

    def finished(self, reason: str) -> None:
        """Print the summary: how it ended, what it passed and lost, how well the balances close."""
        say("")
        if reason:
            say(f"stopped: {reason}")
        if self.rows:
            for sentence in in_words(self.summary()):
                say(sentence)
            newton = sum(int(row["newton iterations [1]"]) for row in self.rows)
            seconds = time.perf_counter() - self.start
            say(f"{len(self.rows) - 1} time steps, {newton} Newton steps, {seconds:.1f} s")
        if self.output:
            say(f"pictures: interstice plot {self.output}    ParaView: {self.output}/*.vtkhdf")


class Steps(TimeSteps):
    """Prints a line for each step of the protocol when it is over; a terminal also shows how far the run is."""

    columns = ("until", "steps")

    def __init__(self, cell: Cell, output: Path | None) -> None:
        super().__init__(cell, output)
        self._last: tuple[Advance, Row, float] | None = None
        self._steps, self._newton, self._spoke = 0, 0, time.perf_counter()

    def tell(self, advance: Advance, row: Row) -> None:
        """Print the line of the step of the protocol before this one, if that has begun, and how far the run is."""
        if self._last and advance.number != self._last[0].number:
            self._over()
        for note in filter(None, (advance.ended, str(advance.event or ""))):
            say(f"{'':>12} {note}")
        self._steps, self._newton = self._steps + 1, self._newton + advance.report.newton
        share = self.share(advance)
        self._last = advance, row, share
        far = (
            f"{share:4.0%}, {self.to_go(share)} to go: step {advance.number} of {self.reached.steps}, "
            f"{advance.step.step}, {advance.time:.6g} s, {row['voltage [V]']:z.4f} V, f_c {_least_active(row):.3f}"
        )
        if not status(far) and time.perf_counter() - self._spoke > SILENCE:
            say(far)
            self._spoke = time.perf_counter()

    def finished(self, reason: str) -> None:
        """Print the line of the last step and the summary."""
        if self._last:
            self._over()
        super().finished(reason)

    def _over(self) -> None:
        assert self._last
        advance, row, share = self._last
        self.line(advance, row, f"{self._steps}", self._newton, share)
        self._steps, self._newton, self._spoke = 0, 0, time.perf_counter()


TELLERS: dict[Said, type[Errors]] = {"steps": Steps, "everything": TimeSteps, "nothing": Errors, "json": Json}
"""Who follows a run, by what is to be printed."""


def in_words(found: Mapping[str, Any]) -> Iterator[str]:
    """Yield the numbers of a summary in sentences."""
    for kind in ("charge", "discharge"):
        if passed := found.get(kind):
            losses = {name: 1e3 * value for name, value in passed["mean overpotential [V]"].items()}
            total = sum(losses.values())
            terms = ", ".join(f"{name} {value:.3g}" for name, value in losses.items() if abs(value) > 1e-4 * abs(total))
            yield (
                f"{kind}: {passed['capacity [A h/m^2]'] / 10:.4g} mAh/cm², {passed['energy [W h/m^2]'] / 10:.4g} "
                f"mWh/cm²; mean overpotential {total:.3g} mV: {terms}"
            )
    cycles = found["cycles"]
    for cycle in cycles[:1] + cycles[1:][-1:]:
        yield (
            f"Coulombic efficiency {cycle['coulombic efficiency [1]']:.2%}, energy efficiency "
            f"{cycle['energy efficiency [1]']:.2%}" + (f" in cycle {cycle['cycle']}" if len(cycles) > 1 else "")
        )
    fractions = found["active fraction [1]"]
    for name, fraction in fractions.items():
        yield (
            f"active fraction{f' of {name}' if len(fractions) > 1 else ''} {fraction['assembled']:.3f} assembled, "
            f"{fraction['lowest']:.3f} at its lowest ({fraction['time of the lowest [s]']:.0f} s), "
            f"{fraction['end']:.3f} at the end"
        )
    largest = found["largest"]
    yield (
        f"largest complementarity g·p/(p̄ rms) {largest['complementarity [1]']:.1e}, "
        f"charge imbalance {largest['charge balance [1]']:.1e}, lithium imbalance {largest['lithium balance [1]']:.1e}"
    )


def _carried(row: Row) -> list[float]:
    """Return the mean normal pressure of each interface that may open [Pa]: of contact, less what the bond pulls."""
    pressure, pull = "mean pressure", "mean bond traction"
    return [
        value - row.get(column.replace(pressure, pull, 1), 0.0)
        for column, value in row.items()
        if column.startswith(pressure)
    ]


def _least_active(row: Row) -> float:
    return min(values_of(row, "active fraction"))
