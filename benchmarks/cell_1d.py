"""A cell of plane films without contact loss against the same cell as a one-dimensional problem.

Charge, hold, rest, discharge of a strip of NMC811 on LiPON, on lithium (half cell) or on graphite (full cell), under
constant pressure: hosts swell and shrink, flat interfaces stay closed, and everything is uniform along them. What the
program computes on its mesh, contact included, is compared after each time step with `one_dimensional_cell`, which
shares but the numbers of the materials with it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Literal

import numpy as np
from mpi4py import MPI
from pydantic import Field

from interstice.benchmarks.case_run import CaseRun, read_text
from interstice.benchmarks.one_dimensional_cell import Cell, Course, Film, Step
from interstice.benchmarks.options import OptionError, Parameters
from interstice.benchmarks.report import Result
from interstice.materials import Host, load
from interstice.solver.bodies.host import equilibrium_potential
from interstice.solver.interface.kinetics import arrhenius

NAME = "cell-1d"
CASE = """\
title: films without contact loss
geometry:
  builder: layers
  layers: [{layers}]
  length: {width!r} m
  element_size: {size!r} m
  coarse_size: {size!r} m
electrodes:
  {electrodes}
electrolytes: {{separator: {{material: {electrolyte}}}}}
interfaces:
  {interfaces}
stack: {{pressure: 50 MPa}}
protocol:
- charge at {current!r} A/m^2 for {duration!r} s
- hold at {held!r} V for {rest!r} s
- rest for {rest!r} s
- discharge at {current!r} A/m^2 for {duration!r} s
temperature: {temperature!r} K
time: {{initial: {first!r} s, maximum: {longest!r} s}}
"""
MATERIALS = {"cathode": "NMC811", "separator": "LiPON", "anode": "graphite"}


class Options(Parameters):
    """The films, the cycle, mesh and time steps."""

    cell: Literal["half", "full"] = "full"
    """half: the counter electrode is lithium at 0 V; full: it is the anode"""
    cathode_thickness: float = Field(2e-6, gt=0)
    """thickness of the cathode [m]"""
    anode_thickness: float = Field(3e-6, gt=0)
    """thickness of the anode [m]"""
    separator_thickness: float = Field(2e-6, gt=0)
    """thickness of the electrolyte [m]"""
    cathode_stoichiometry: float = Field(0.88, gt=0, lt=1)
    """lithium in the cathode at the start over the most it takes up"""
    anode_stoichiometry: float = Field(0.1, gt=0, lt=1)
    """lithium in the anode at the start over the most it takes up"""
    exchange_current_density: float = Field(5.0, gt=0)
    """exchange current density of both interfaces at half filling [A/m^2]"""
    temperature: float = Field(298.15, gt=0)
    """temperature [K]"""
    current: float = Field(2.0, gt=0)
    """current density [A/m^2]"""
    duration: float = Field(1800.0, gt=0)
    """duration of charge and of discharge; hold and rest between them take half of it each [s]"""
    elements: int = Field(40, ge=4)
    """elements through the thinnest film, all of one size"""
    steps: int = Field(100, ge=4)
    """time steps of a charge if all were as long as the longest"""

    @property
    def electrodes(self) -> list[str]:
        """The names of the electrodes, the cathode first."""
        return ["cathode", "anode"] if self.cell == "full" else ["cathode"]


def run(options: Options, comm: MPI.Comm) -> Result:
    """Carry out the protocol; compare the voltage after each time step and, over the applied one, the current."""
    try:
        courses = _courses(options)
    except ArithmeticError as error:
        raise OptionError(f"this cell cannot be cycled so: {error}") from error
    film = CaseRun(read_text(_text(options, courses["hold"].step.voltage)), comm)
    names = list(courses)
    starts = np.cumsum([0.0, *(course.step.duration for course in courses.values())])
    key = {
        name: f"{'current density [A/m^2]' if name == 'hold' else 'voltage [V]'} at the end of {name}" for name in names
    }
    computed, exact = {}, {}
    voltage_errors, current_errors, active = [], [], []
    for advance in film.advances():
        name = names[advance.number - 1]
        passed = advance.time - starts[advance.number - 1]
        voltage, current = courses[name].voltage(passed), courses[name].current_density(passed)
        found = film.cell.terminals.voltage, film.cell.terminals.current_density
        voltage_errors.append(abs(found[0] / voltage - 1))
        current_errors.append(abs(found[1] - current) / options.current)
        active.append(film.cell.active_fraction)
        # what is left at the end is that of the last time step
        computed[key[name]], exact[key[name]] = (found[1], current) if name == "hold" else (found[0], voltage)
    return Result(
        NAME,
        options.model_dump(),
        {**computed, "least active fraction": min(active), "time steps": film.steps},
        exact,
        {"voltage": max(voltage_errors), "current": max(current_errors)},
        film.cost(),
    )


def _courses(options: Options) -> dict[str, Course]:
    """Return how each step goes in one dimension; the voltage held is that at which the charge ends."""
    cell, duration = _reference(options), options.duration
    (charge,) = cell.run([Step(duration, options.current)])
    later = {
        "hold": Step(duration / 2, voltage=charge.voltage(duration)),
        "rest": Step(duration / 2),
        "discharge": Step(duration, -options.current),
    }
    return {"charge": charge, **dict(zip(later, cell.run(list(later.values()), charge.theta(duration)), strict=True))}


def _reference(options: Options) -> Cell:
    """Return the cell in one dimension."""
    films = []
    for name in options.electrodes:
        host = load(MATERIALS[name]).host
        assert host is not None
        films.append(
            Film(
                thickness=getattr(options, f"{name}_thickness"),
                maximum_concentration=host.maximum_concentration,
                diffusivity=_diffusivity(host, options.temperature),
                conductivity=_at_every_theta(host.electronic_conductivity),
                potential=partial(equilibrium_potential, host, temperature=options.temperature),
                initial_stoichiometry=getattr(options, f"{name}_stoichiometry"),
                exchange_current_density=options.exchange_current_density,
            )
        )
    ionic = load(MATERIALS["separator"]).electrolyte
    assert ionic is not None
    warmth = arrhenius(ionic.conductivity_activation_energy, options.temperature, ionic.reference_temperature)
    conductivity = float(ionic.ionic_conductivity * warmth)
    return Cell(films[0], options.separator_thickness, conductivity, options.temperature, *films[1:])


def _diffusivity(host: Host, temperature: float) -> Callable[[Any], Any]:
    """Return D(θ) of a host at `temperature` [K], which may be given as a number."""
    warmth = arrhenius(host.diffusivity_activation_energy, temperature, host.reference_temperature)
    diffusivity = _at_every_theta(host.diffusivity)
    return lambda theta: warmth * diffusivity(theta)


def _at_every_theta(quantity: Any) -> Callable[[Any], Any]:
    """Return a function of θ, an array, also of what is given as a number."""
    return quantity if callable(quantity) else lambda theta: np.full_like(theta, quantity)


def _text(options: Options, held: float | None) -> str:
    """Return the case in which the voltage `held` [V] follows the charge."""
    names = options.electrodes
    order = ["separator", "cathode"] if options.cell == "half" else ["anode", "separator", "cathode"]
    thickness = {name: getattr(options, f"{name}_thickness") for name in order}
    size = min(thickness.values()) / options.elements
    hosts = {name: (MATERIALS[name], getattr(options, f"{name}_stoichiometry")) for name in names}
    kinetics = f"{{kinetics: {{exchange_current_density: {options.exchange_current_density!r} A/m^2}}}}"
    return CASE.format(
        **options.model_dump(),
        layers=", ".join(f"{{name: {name}, thickness: {thickness[name]!r} m}}" for name in order),
        electrodes="\n  ".join(
            f"{name}: {{material: {material}, initial_stoichiometry: {theta!r}}}"
            for name, (material, theta) in hosts.items()
        ),
        interfaces="\n  ".join(
            f"{pair}: {kinetics}" for pair in ("cathode/separator", "separator/anode")[: len(names)]
        ),
        electrolyte=MATERIALS["separator"],
        width=2 * size,
        size=size,
        rest=options.duration / 2,
        held=held,
        first=options.duration / options.steps / 20,
        longest=options.duration / options.steps,
    )


if __name__ == "__main__":
    from interstice.benchmarks.command import script

    script(NAME)
