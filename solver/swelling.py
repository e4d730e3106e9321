"""How far a protocol swells its hosts, and moves the surface of its metals, as far as that is known before it runs.

Lithium is taken to be even in each host, and a half cell to follow U(θ): a step ends at its time or where U is its
cut-off voltage, whichever comes first. Times alone are certain; with a cut-off less may pass, as current costs voltage.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, partial
from itertools import islice
from typing import NamedTuple

import numpy as np

from interstice.materials import Host, Material
from interstice.schema import (
    Case,
    Discharge,
    Follow,
    Galvanostatic,
    Hold,
    Layered,
    MetalElectrode,
    Oscillate,
    Scale,
    Step,
    Sweep,
    unrolled,
)
from interstice.solver import profile
from interstice.solver.constants import FARADAY
from interstice.solver.course import Sine

POINTS = 2001
"""At which the potential of a host is looked at."""
MOST_STEPS = 10_000
"""As far as a protocol is looked at."""
MOST_MOVED = 0.3
"""Share of the thickness of a metal by which its surface has moved when the run ends."""


class Swelling(NamedTuple):
    """The first step that swells or shrinks a host too far.

    `side` is the host, `entry` the index in the protocol, `theta` what is reached, `strain` that in each direction;
    `certain` says that nothing ends the steps up to there before their time.
    """

    side: str
    entry: int
    theta: float
    strain: float
    certain: bool


def first_beyond(case: Case, materials: Mapping[str, Material], limit: float) -> Swelling | None:
    """Return where the protocol first swells or shrinks a host by more than `limit` in each direction.

    `materials` are those of the sides. None where it does not, or where neither times nor voltages tell.
    """
    hosts = {name: host for name in case.sides if name in case.hosts and (host := materials[name].host)}
    start = {name: case.hosts[name].initial_stoichiometry for name in hosts}
    capacities = charge_capacities(case, hosts)
    if not hosts:
        return None
    theta, certain, working, sizes = dict(start), True, case.working, scale(case, materials)
    in_equilibrium = cache(partial(_in_equilibrium, temperature=case.temperature))
    for task in islice(unrolled(case.protocol), MOST_STEPS):
        step, until = task.step, getattr(task.step, "until", None)
        charges = _charges(step, sizes) if capacities else []
        voltage = step.voltage if isinstance(step, Hold | Sweep) else until.voltage if until else None
        if not (until or isinstance(step, Sweep | Follow | Oscillate)):
            continue
        certain &= not until or set(until.given) <= {"time", "capacity", "specific_capacity"}
        if (voltage is not None and len(hosts) > 1) or (voltage is None and not charges):
            return None
        # what lies between two cells in series gains on one side what it loses on the other
        for name, host in ((name, hosts[name]) for name in hosts if name in (working, case.counter)):
            fills, before = isinstance(step, Discharge) == (name == working), theta[name]
            sign = -1.0 if name == working else 1.0
            by_charge = [float(np.clip(before + sign * charge / capacities[name], 0.0, 1.0)) for charge in charges]
            for reached in by_charge or [np.nan]:
                if voltage is not None:
                    rest = in_equilibrium(host, voltage)
                    if isinstance(step, Galvanostatic):
                        rest = max(rest, before) if fills else min(rest, before)
                    reached = float(np.fmin(rest, reached) if fills else np.fmax(rest, reached))
                theta[name] = reached
                strain = float(host.swelling(start[name], reached))
                if abs(strain) > limit:
                    return Swelling(name, task.entry, reached, strain, certain)
    return None


class Moved(NamedTuple):
    """The first step that moves the surface of a metal too far: its `side`, its index in the protocol, how far [m]."""

    side: str
    entry: int
    distance: float


def first_moved(case: Case, materials: Mapping[str, Material]) -> Moved | None:
    """Return where the protocol first moves the surface of a metal by more than `MOST_MOVED` of its side's thickness.

    None where it does not, or where neither times nor capacities tell. A step may end before, by another condition.
    """
    if not isinstance(case.geometry, Layered):
        return None
    thicknesses: dict[str, float] = case.geometry.thicknesses
    volumes = {
        name: metal.molar_volume
        for name, one in case.every_electrode.items()
        if isinstance(one, MetalElectrode) and name in (case.working, case.counter) and (metal := materials[name].metal)
    }
    passed, sizes = 0.0, scale(case, materials)
    for task in islice(unrolled(case.protocol), MOST_STEPS if volumes else 0):
        step, until = task.step, getattr(task.step, "until", None)
        charges = _charges(step, sizes)
        if not charges and (until or isinstance(step, Sweep)):
            return None
        for name, volume in volumes.items():
            distance = max((abs(passed + charge) for charge in charges), default=0.0) * volume / FARADAY
            if distance > MOST_MOVED * thicknesses[name]:
                return Moved(name, task.entry, distance)
        passed += charges[-1] if charges else 0.0
    return None


def scale(case: Case, materials: Mapping[str, Material]) -> Scale:
    """Return what a C-rate is, and a current per mass, where thicknesses and density are known; NaN where not."""
    hosts = {name: host for name in case.sides if name in case.hosts and (host := materials[name].host)}
    capacities = charge_capacities(case, hosts)
    if not capacities:
        return Scale(np.nan, np.nan)
    assert isinstance(case.geometry, Layered)
    smallest = min(charge * float(np.ptp(hosts[name].stoichiometry_range)) for name, charge in capacities.items())
    density = materials[case.weighed].density
    thicknesses: dict[str, float] = case.geometry.thicknesses
    return Scale(smallest / 3600.0, np.nan if density is None else density * thicknesses[case.weighed])


def _charges(step: Step, sizes: Scale) -> list[float]:
    """Return the charges [C/m²], > 0 on charge, that a step goes through, the last that with which it ends.

    They are those that its time allows; none where nothing tells.
    """
    match step:
        case Galvanostatic():
            limits = (step.until.time and step.until.time * step.density(sizes), step.until.charge(sizes))
            known = [limit for limit in limits if limit is not None]
            return [step.sense * min(known)] if known else []
        case Follow():
            current = profile.read(step.file).current(sizes)
            if current is None:
                return [0.0]
            return [float(current.integrals.min()), float(current.integrals.max()), float(current.integrals[-1])]
        case Oscillate() if not step.pressure:
            wave = Sine(step.density(sizes), step.period)
            return [wave.integral(min(step.time, step.period / 2)), wave.integral(step.time)]
        case Oscillate():
            return [0.0]
    return []


def charge_capacities(case: Case, hosts: Mapping[str, Host]) -> dict[str, float]:
    """Return the charge of each host from empty to full [C/m² of apparent area], nothing if thicknesses are unknown."""
    if not isinstance(case.geometry, Layered):
        return {}
    thicknesses: dict[str, float] = case.geometry.thicknesses
    return {name: thicknesses[name] * host.maximum_concentration * FARADAY for name, host in hosts.items()}


def _in_equilibrium(host: Host, voltage: float, temperature: float) -> float:
    """Return θ at which U, which falls with θ, is the voltage [V]; where it is nowhere, the end next to it."""
    theta = np.linspace(*host.stoichiometry_range, POINTS)
    return float(np.interp(-voltage, -host.potential(theta, temperature), theta))
