"""How far a protocol swells its hosts, as far as that is known before it runs.

Lithium is taken to be even in each host, and a half cell to follow U(θ): a step ends at its time or where U is its
cut-off voltage, whichever comes first. Times alone are certain; with a cut-off less may pass, as current costs voltage.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import numpy as np

from interstice.materials import Host, Material
from interstice.schema import Case, Discharge, Galvanostatic, Hold, Layered, Repeat, Step

FARADAY = 96485.33212  # C/mol, CODATA 2018
POINTS = 2001
"""At which the potential of a host is looked at."""


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
    capacities = _capacities(case, hosts)
    smallest = min(
        (charge * float(np.ptp(hosts[name].stoichiometry_range)) for name, charge in capacities.items()), default=0.0
    )
    theta, certain, working = dict(start), True, list(hosts)[-1]
    for entry, step in _unrolled(case.protocol):
        if not isinstance(step, Galvanostatic | Hold):
            continue
        voltage, seconds = step.voltage if isinstance(step, Hold) else step.until.voltage, step.until.time
        certain &= voltage is None and step.until.active_fraction is None
        timed = isinstance(step, Galvanostatic) and seconds is not None and bool(capacities)
        if (voltage is None or len(hosts) > 1) and not (timed and voltage is None):
            return None
        for name, host in hosts.items():
            fills, reached = isinstance(step, Discharge) == (name == working), np.nan
            if isinstance(step, Galvanostatic) and seconds is not None and timed:
                passed = step.density(smallest / 3600.0) * seconds / capacities[name]
                reached = float(np.clip(theta[name] + (passed if fills else -passed), 0.0, 1.0))
            if voltage is not None:
                rest = _in_equilibrium(host, voltage, case.temperature)
                if isinstance(step, Galvanostatic):
                    rest = max(rest, theta[name]) if fills else min(rest, theta[name])
                reached = float(np.fmin(rest, reached) if fills else np.fmax(rest, reached))
            theta[name] = reached
            strain = float(host.swelling(start[name], reached))
            if abs(strain) > limit:
                return Swelling(name, entry, reached, strain, certain)
    return None


def _unrolled(protocol: Iterable[Step | Repeat], entry: int | None = None) -> Iterator[tuple[int, Step]]:
    """Yield every step to carry out, with the index of the entry that it belongs to."""
    for index, step in enumerate(protocol):
        if isinstance(step, Repeat):
            for _ in range(step.times):
                yield from _unrolled(step.steps, index if entry is None else entry)
        else:
            yield index if entry is None else entry, step


def _capacities(case: Case, hosts: Mapping[str, Host]) -> dict[str, float]:
    """Return the charge of each host from empty to full [C/m² of apparent area], nothing if thicknesses are unknown."""
    if not isinstance(case.geometry, Layered):
        return {}
    thicknesses: dict[str, float] = case.geometry.thicknesses
    return {name: thicknesses[name] * host.maximum_concentration * FARADAY for name, host in hosts.items()}


def _in_equilibrium(host: Host, voltage: float, temperature: float) -> float:
    """Return θ at which U, which falls with θ, is the voltage [V]; where it is nowhere, the end next to it."""
    theta = np.linspace(*host.stoichiometry_range, POINTS)
    return float(np.interp(-voltage, -host.potential(theta, temperature), theta))
