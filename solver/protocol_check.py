"""What a protocol asks of the cell of its case that this cannot do, or will hardly do: known before a run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np

from interstice.materials import Material
from interstice.schema import (
    Case,
    Charge,
    Discharge,
    Follow,
    Galvanostatic,
    Hold,
    Open,
    Oscillate,
    Press,
    Rest,
    Sweep,
    Titration,
    written_steps,
)
from interstice.schema.problems import Key, Problem, dotted
from interstice.schema.units import Pressure, unit
from interstice.solver import profile
from interstice.solver.profile import WEIGHT
from interstice.solver.swelling import charge_capacities, scale

DOUBTFUL, IMPLAUSIBLE = 0.5, 1.5
"""How far beyond all open-circuit voltages a voltage that is imposed is told of, and refused [V]."""
POINTS = 101
"""On the way of the lithium at which the volume of a host is looked at."""
STILL = {
    "constant_pressure": ({"pressure"}, "keeps its pressure"),
    "fixed_thickness": ({"thickness_change", "strain"}, "keeps its thickness"),
    "free": ({"pressure", "thickness_change", "strain"}, "has no platen on which to measure it"),
}
"""What never changes, by how the stack is held."""


class Window(NamedTuple):
    """The open-circuit voltages [V] of a cell, and its electrodes: that at the collector and that at the counter face.

    `lower` is empty where the counter face is the lithium reference.
    """

    least: float
    most: float
    upper: str
    lower: str

    def distance(self, voltage: float) -> float:
        """Return how far a voltage [V] is beyond the window, 0 within it."""
        return max(self.least - voltage, voltage - self.most, 0.0)

    def __str__(self) -> str:
        cell = f"{self.upper} against {self.lower or 'lithium'}"
        return f"the open-circuit voltage of {cell} lies between {self.least:.3g} V and {self.most:.3g} V"


def window(case: Case, materials: Mapping[str, Material]) -> Window:
    """Return the open-circuit voltages that the ranges of stoichiometry of the electrodes allow."""
    upper, lower = case.working, case.counter
    least, most = _ends(case, upper, materials)
    if lower:
        below = _ends(case, lower, materials)
        least, most = least - below[1], most - below[0]
    return Window(least, most, upper, lower)


def problems(case: Case, materials: Mapping[str, Material]) -> Iterator[Problem]:
    """Yield what cannot be; `materials` are those of all sides."""
    found = window(case, materials)
    if found.most < 0.0:
        yield ("geometry", "layers"), _reversed(found)
        return
    unread = list(_unreadable(case))
    yield from unread
    if not case.hosts:
        yield from _of_no_host(case, {key for key, _ in unread})
    yield from _without_density(case, materials, {key for key, _ in unread})
    yield from _over_before_it_begins(case, materials)
    yield from _pulling(case)
    for key, step in written_steps(case.protocol):
        if isinstance(step, Hold | Sweep) and found.distance(step.voltage) > IMPLAUSIBLE:
            yield (*key, "voltage"), f"implausible: {found}"
    for key, words, alone in _never(case, materials):
        if alone:
            yield key, f"{words}, and nothing else ends the step"


def cautions(case: Case, materials: Mapping[str, Material]) -> Iterator[str]:
    """Yield a sentence about each thing that may not be what was meant."""
    found = window(case, materials)
    for key, step in written_steps(case.protocol):
        until = getattr(step, "until", None)
        if isinstance(step, Hold | Sweep) and found.distance(step.voltage) > DOUBTFUL:
            yield f"{dotted((*key, 'voltage'))}: {step.voltage:g} V is far beyond equilibrium; {found}"
        cut_off = getattr(until, "voltage", None)
        if cut_off is not None and found.distance(cut_off) > IMPLAUSIBLE:
            place = dotted((*key, "until", "voltage"))
            yield f"{place}: {cut_off:g} V will hardly be met before an electrode is full or empty; {found}"
        if isinstance(step, Press) and step.pressure < WEIGHT and not case.holds_without_pressure:
            yield (
                f"{dotted((*key, 'pressure'))}: nothing but the platen holds an electrode; it is left lying there with "
                f"{WEIGHT:g} Pa, about the weight of a millimetre of steel"
            )
    for key, words, alone in _never(case, materials):
        if not alone:
            yield f"{dotted(key)}: {words}; something else ends the step"
    yield from _left_behind(case, materials)


def _ends(case: Case, name: str, materials: Mapping[str, Material]) -> tuple[float, float]:
    """Return the lowest and the highest U of an electrode [V], which for lithium is 0."""
    material = materials[name]
    if name not in case.hosts:
        return 0.0, 0.0
    assert material.host is not None
    low, high = material.host.stoichiometry_range
    return tuple(float(material.host.potential(theta, case.temperature)) for theta in (high, low))  # type: ignore[return-value]


def _reversed(found: Window) -> str:
    return (
        f"the voltage of a cell is that of its upper electrode less that of the lower one: {found}, so that a charge "
        f"would discharge it; put {found.lower} on top, last in layers, and {found.upper} first"
    )


def _unreadable(case: Case) -> Iterator[Problem]:
    """Yield the tables that cannot be followed."""
    for key, step in written_steps(case.protocol):
        if isinstance(step, Follow):
            try:
                table = profile.read(step.file)
            except profile.ProfileError as error:
                yield (*key, "file"), str(error)
            else:
                if table.presses and case.stack.hold == "free":
                    yield (*key, "file"), "the pressure needs a platen, and a stack with hold free has none"


def _without_density(case: Case, materials: Mapping[str, Material], unread: set[Key]) -> Iterator[Problem]:
    """Yield what is given per mass of an electrode whose density is not known."""
    upper = case.weighed
    if not upper or materials[upper].density is not None:
        return
    side = upper if case.electrode else f"electrodes.{upper}"
    advice = (
        f"{materials[upper].name} has no density, which this needs; give {side}.overrides.density, such as '4.7 g/cm^3'"
    )
    for key, step in written_steps(case.protocol):
        until = getattr(step, "until", None)
        for block, place in ((step, key), (until, (*key, "until"))):
            for name in ("specific_current", "specific_capacity"):
                if getattr(block, name, None) is not None:
                    yield (*place, name), advice
        if isinstance(step, Follow) and (*key, "file") not in unread and profile.read(step.file).per_mass:
            yield (*key, "file"), advice


def _of_no_host(case: Case, unread: set[Key]) -> Iterator[Problem]:
    """Yield what is given by the capacity or the mass of a host, or by its state of charge, of a cell that has none."""
    words = "no electrode of the cell is a host of lithium, which this needs; give"
    advice = {
        "c_rate": "a current_density, such as '1 mA/cm^2'",
        "specific_current": "a current_density, such as '1 mA/cm^2'",
        "specific_capacity": "a capacity, such as '1 mAh/cm^2'",
        "state_of_charge": "a capacity, a time or a voltage",
    }
    for key, step in written_steps(case.protocol):
        until = getattr(step, "until", None)
        for block, place in ((step, key), (until, (*key, "until"))):
            for name, remedy in advice.items():
                if getattr(block, name, None) is not None:
                    yield (*place, name), f"{words} {remedy}"
        if isinstance(step, Follow) and (*key, "file") not in unread:
            table = profile.read(step.file)
            if table.per_mass or table.per_capacity:
                yield (*key, "file"), f"{words} the current in mA/cm^2"


def _over_before_it_begins(case: Case, materials: Mapping[str, Material]) -> Iterator[Problem]:
    """Yield what ends the first step with a current though it is met by the cell as assembled."""
    at_rest = (Rest, Press, Open)
    first = ((key, step) for key, step in written_steps(case.protocol) if not isinstance(step, at_rest))
    key, step = next(first, ((), None))
    if isinstance(step, Oscillate) or not isinstance(step, Galvanostatic | Titration) or step.until is None:
        return
    kind = step.direction if isinstance(step, Titration) else step.step
    upper, lower = case.working, case.counter
    start = {name: _at_start(case, materials, name) for name in (upper, lower) if name in case.hosts}
    voltage = sum(sign * start[name][0] for name, sign in ((upper, 1.0), (lower, -1.0)) if name in start)
    capacities = charge_capacities(case, {name: host for name in start if (host := materials[name].host)})
    measured = {"voltage": (voltage, f"{voltage:.4g} V")}
    if capacities:
        smaller = min(start, key=lambda name: capacities[name] * start[name][2])
        emptied = start[smaller][1]
        charged = emptied if smaller == upper else 1.0 - emptied
        measured["state_of_charge"] = charged, f"{charged:.4g}"
    for name, (value, words) in measured.items():
        bound = getattr(step.until, name)
        if bound is not None and (bound <= value) == (kind == "charge"):
            side = "above" if kind == "charge" else "below"
            message = f"the {kind} would end before it begins; it must be {side} the {words} of the start"
            yield (*key, "until", name), message


def _at_start(case: Case, materials: Mapping[str, Material], name: str) -> tuple[float, float, float]:
    """Return U [V] of an electrode as assembled, how far it is emptied of its range, and the width of that."""
    host, theta = materials[name].host, case.hosts[name].initial_stoichiometry
    assert host is not None
    low, high = host.stoichiometry_range
    return float(host.potential(theta, case.temperature)), (high - theta) / (high - low), high - low


def _left_behind(case: Case, materials: Mapping[str, Material]) -> Iterator[str]:
    """Yield what ends the first step with a current of a half cell, but lies where no lithium takes it.

    A host that only ever grows on the way makes the cell thicker, and presses harder on what holds it.
    """
    key, step = next(
        ((key, step) for key, step in written_steps(case.protocol) if not isinstance(step, Rest)), ((), None)
    )
    if not isinstance(step, Charge | Discharge) or case.counter or case.heat or not case.hosts:
        return
    host, start = materials[case.working].host, case.hosts[case.working].initial_stoichiometry
    assert host is not None
    way = np.linspace(start, 0.0 if isinstance(step, Charge) else 1.0, POINTS)[1:]
    strains = host.swelling(start, way)
    still, _ = STILL.get(case.stack.hold, (set(), ""))
    for name, before in (("pressure", case.stack.pressure or 0.0), ("thickness_change", 0.0), ("strain", 0.0)):
        bound = getattr(step.until, name)
        if bound is not None and name not in still and np.all((bound - before) * strains < 0.0):
            yield (
                f"{dotted((*key, 'until', name))}: it will hardly be met: from θ = {start:g} on, {case.working} only "
                f"{'swells' if strains[0] > 0.0 else 'shrinks'} on {step.step}"
            )


def _pulling(case: Case) -> Iterator[Problem]:
    """Yield the sines of the pressure that would go below zero, where a weight says what it is before."""
    pressure, known = case.stack.pressure or 0.0, case.stack.hold == "constant_pressure" and not case.stack.glued
    for key, step in written_steps(case.protocol):
        if isinstance(step, Press):
            pressure = step.pressure
        if isinstance(step, Oscillate) and known and (step.pressure or 0.0) > pressure:
            allowed = unit(Pressure).format(pressure)
            yield (*key, "pressure"), f"a platen cannot pull: the amplitude can be {allowed} at most, the pressure"


def _never(case: Case, materials: Mapping[str, Material]) -> Iterator[tuple[Key, str, bool]]:
    """Yield what ends a step and can never be met, why, and whether nothing else ends it."""
    still, why = STILL.get(case.stack.hold, (set(), ""))
    hosts = {name: host for name, material in materials.items() if name in case.hosts and (host := material.host)}
    capacities = charge_capacities(case, hosts)
    sizes = scale(case, materials)
    for key, step in written_steps(case.protocol):
        until = getattr(step, "until", None)
        if until is None:
            continue
        others = len(until.given) + bool(getattr(step, "pulses", None)) - 1
        for name in still & set(until.given):
            yield (*key, "until", name), f"it is never met: a stack with hold {case.stack.hold} {why}", not others
        charge = until.charge(sizes) if isinstance(step, Charge | Discharge | Hold) else None
        if charge and capacities and charge > (most := min(capacities.values())):
            name = "capacity" if until.capacity else "specific_capacity"
            held = f"{most / 36000:.4g} mAh/cm^2"
            yield (*key, "until", name), f"it is never met: an electrode holds {held} of lithium, full", not others
