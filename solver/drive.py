"""What a step of the protocol imposes on the cell, as a function of the time since its beginning."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from interstice.schema import Follow, Galvanostatic, Hold, Open, Oscillate, Press, Step, Sweep
from interstice.solver import profile
from interstice.solver.algebra import SolveError
from interstice.solver.bodies.arms import Arms
from interstice.solver.cell import Cell
from interstice.solver.course import VOLTAGE_CHANGE, Course, Sine, ramp
from interstice.solver.part import Load
from interstice.solver.profile import WEIGHT


@dataclass(frozen=True)
class Drive:
    """The courses of what is imposed and the time [s] after which that ends, infinity where it does not.

    A steady current density [A/m²] is a number; one that changes, `current`, is imposed so that the charge that passes
    is its integral.
    """

    duration: float
    current_density: float = 0.0
    current: Course | None = None
    voltage: Course | None = None
    pressure: Course | None = None
    opening: Course | None = None
    longest: float = np.inf
    """The longest time step [s]."""

    def load(self, time: float) -> Load:
        """Return what is imposed at the end of a time step, at a time [s] since the beginning of the protocol step."""
        time = min(time, self.duration)
        return Load(
            current_density=self.current_density,
            charge=self.current.integral(time) if self.current else None,
            voltage=self.voltage.value(time) if self.voltage else None,
            pressure=self.pressure.value(time) if self.pressure else None,
            opening=self.opening.value(time) if self.opening else None,
        )

    def reach(self, time: float) -> float:
        """Return up to when a time step from `time` [s] may go."""
        return min([self.duration, time + self.longest, *(course.reach(time) for course in self._courses)])

    def jumps(self, time: float) -> bool:
        """Return whether what is imposed jumps at a time [s]."""
        return any(course.jumps(time) for course in self._courses)

    def breaks(self, time: float) -> bool:
        """Return whether what is imposed jumps at a time [s], or its rate does."""
        return any(course.breaks(time) for course in self._courses)

    @property
    def _courses(self) -> list[Course]:
        return [course for course in (self.current, self.voltage, self.pressure, self.opening) if course]


def beginning(cell: Cell, step: Step) -> float:
    """Return the pressure [Pa], opening [m] or voltage [V] from which a step goes, 0 where it goes from none."""
    match step:
        case Press():
            return cell.fixture.pressure
        case Oscillate() if step.pressure:
            return cell.fixture.pressure
        case Open():
            return cell.one(Arms).opening
        case Sweep():
            return cell.terminals.voltage
    return 0.0


def drive(cell: Cell, step: Step, start: float) -> Drive:
    """Return what a step imposes that begins at `start`, as `beginning` has it."""
    scale = cell.model.scale
    match step:
        case Galvanostatic():
            density, charge = step.density(scale), step.until.charge(scale)
            duration = min(step.until.time or np.inf, np.inf if charge is None else charge / density)
            return Drive(duration, step.sense * density)
        case Hold():
            return Drive(step.until.time or np.inf, voltage=ramp(step.voltage, step.voltage, np.inf))
        case Sweep():
            duration = abs(step.voltage - start) / step.rate
            return Drive(duration, voltage=ramp(start, step.voltage, duration), longest=VOLTAGE_CHANGE / step.rate)
        case Press():
            duration = step.duration(start)
            return Drive(duration, pressure=ramp(start, max(step.pressure, _weight(cell)), duration))
        case Open():
            return Drive(step.time, opening=ramp(start, step.opening, step.time))
        case Follow():
            table = profile.read(step.file)
            return Drive(table.duration, current=table.current(scale), pressure=table.pressure(_weight(cell)))
        case Oscillate() if step.pressure:
            if step.pressure > start and not cell.case.stack.glued:
                raise SolveError(f"a platen cannot pull: an amplitude of {step.pressure:g} Pa about {start:.6g} Pa")
            return Drive(step.time, pressure=Sine(step.pressure, step.period, start))
        case Oscillate():
            return Drive(step.time, current=Sine(step.density(scale), step.period))
    return Drive(step.time)


def _weight(cell: Cell) -> float:
    """Return the least pressure [Pa] under which every side stays where it is."""
    return 0.0 if cell.case.holds_without_pressure else WEIGHT
