"""Runaway of a spot that carries a current: the hotter it is the faster it shrinks, and the smaller the hotter.

A reduced model of two equations for the temperature T and the radius a of a circular spot between half-spaces,

    C_th dT/dt = I² ρ(T)/(K a) − K k a (T − T_∞),    da/dt = −m_0 exp(−E_a/(RT)) ⟨σ_n − σ_c(T)⟩,

with what is negative cut off in ⟨⟩, ρ(T) = ρ_0 exp(E_ρ/R (1/T − 1/T_∞)) and σ_c(T) = σ_0 − s (T − T_∞), not below 0.
The geometry factor K makes both the resistance of the spot, ρ/(K a), and its thermal conductance, K k a: both solve
Laplace's equation. It is integrated twice, with K as finite elements resolve the spot and with Holm's K = 2. A smaller
current is then to leave the spot as it is, at a steady temperature. All numbers are examples, none was measured.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from mpi4py import MPI
from pydantic import Field
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

from interstice.benchmarks import closed_form, holm
from interstice.benchmarks.blocks import Array
from interstice.benchmarks.options import OptionError, Parameters
from interstice.benchmarks.report import Result
from interstice.solver.constants import GAS_CONSTANT
from interstice.solver.interface.kinetics import arrhenius

NAME = "runaway"
TOLERANCE = 1e-8
"""Relative tolerance of the integration in time."""


class Options(Parameters):
    """The spot, the two currents, and the mesh."""

    current: float = Field(5e-6, gt=0)
    """current I under which the spot runs away [A]"""
    steady_current: float = Field(1.5e-6, gt=0)
    """current that it bears [A]"""
    radius: float = Field(1e-6, gt=0)
    """radius a at the start [m]"""
    resistivity: float = Field(22.0, gt=0)
    """resistivity ρ_0 at the temperature of the surroundings [ohm m]"""
    resistivity_energy: float = Field(31e3, ge=0)
    """activation energy E_ρ of conduction [J/mol]"""
    thermal_conductivity: float = Field(1.4, gt=0)
    """thermal conductivity k [W/(m K)]"""
    heat_capacity: float = Field(3e-12, gt=0)
    """heat capacity C_th of the spot [J/K]"""
    ambient: float = Field(298.15, gt=0)
    """temperature T_∞ of the surroundings, and of the spot at the start [K]"""
    mobility: float = Field(1e-6, gt=0)
    """m_0, the speed at which the radius shrinks over the excess stress at infinite temperature [m/(s Pa)]"""
    mobility_energy: float = Field(60e3, ge=0)
    """activation energy E_a of shrinking [J/mol]"""
    stress: float = Field(20e6, gt=0)
    """normal stress σ_n [Pa]"""
    critical_stress: float = Field(25e6, gt=0)
    """σ_0, the stress σ_c at the temperature of the surroundings up to which the spot does not shrink [Pa]"""
    softening: float = Field(0.4e6, ge=0)
    """s, by which σ_c falls with temperature [Pa/K]"""
    limit: float = Field(400.0, gt=0)
    """temperature beyond which the spot has run away [K]"""
    duration: float = Field(1e5, gt=0)
    """time within which it has to run away, or not [s]"""
    elements: int = Field(40, ge=4)
    """elements per radius at the edge of the spot"""
    domain: float = Field(8.0, gt=2)
    """length, width and thickness of the blocks that resolve the spot over a"""


class Course(NamedTuple):
    """When the spot runs away [s], None if it does not, and its temperature [K] and radius over a at the end."""

    time: float | None
    temperature: float
    radius: float


def run(options: Options, comm: MPI.Comm) -> Result:
    """Resolve the spot, integrate with it and with Holm's, compare the times of runaway and the steady temperatures."""
    if options.limit <= options.ambient:
        raise OptionError("--limit: has to be above --ambient")
    conductivity = 1 / options.resistivity
    spot = holm.Options(
        radius=options.radius,
        elements=options.elements,
        domain=options.domain,
        upper_conductivity=conductivity,
        lower_conductivity=conductivity,
    )
    resolved = holm.run(spot, comm)
    resistances = resolved.computed, {"resistance [ohm]": closed_form.holm_resistance(options.radius, conductivity / 2)}
    factors = [options.resistivity / (each["resistance [ohm]"] * options.radius) for each in resistances]
    computed, exact = (_numbers(options, factor) for factor in factors)
    exact["steady rise [K]"] = steady_rise(options, factors[1], options.steady_current)
    errors = {
        "time": abs(computed["time of runaway [s]"] / exact["time of runaway [s]"] - 1),
        "steady": abs(computed["steady rise [K]"] / exact["steady rise [K]"] - 1),
    }
    return Result(NAME, options.model_dump(), computed, exact, errors, resolved.cost)


def course(options: Options, factor: float, current: float) -> Course:
    """Return how the spot fares under a `current` [A] with the geometry `factor` K."""

    def rates(_: float, state: Array) -> Array:
        temperature, radius = state[0], state[1] * options.radius
        heating = current**2 * _resistivity(options, temperature) / (factor * radius)
        cooling = factor * options.thermal_conductivity * radius * (temperature - options.ambient)
        shrinking = _shrinking(options, temperature) / options.radius
        return np.array([(heating - cooling) / options.heat_capacity, -shrinking])

    def below(_: float, state: Array) -> float:
        return float(options.limit - state[0])

    below.terminal = True  # type: ignore[attr-defined]  # how scipy is told that the event ends it
    start = (options.ambient, 1.0)
    solution = solve_ivp(
        rates, (0.0, options.duration), start, "Radau", events=below, rtol=TOLERANCE, atol=(TOLERANCE, TOLERANCE)
    )
    if solution.status < 0:
        raise OptionError(f"the spot cannot be followed: {solution.message}")
    (ends,) = solution.t_events
    return Course(float(ends[0]) if len(ends) else None, *map(float, solution.y[:, -1]))


def steady_rise(options: Options, factor: float, current: float) -> float:
    """Return the temperature [K] above the surroundings at which a spot that does not shrink stays."""
    conductance = factor**2 * options.radius**2 * options.thermal_conductivity

    def excess(temperature: float) -> float:
        return current**2 * _resistivity(options, temperature) / conductance - (temperature - options.ambient)

    # the resistivity falls with temperature: there is one root, at most that with ρ_0
    highest = options.ambient + 2 * current**2 * options.resistivity / conductance
    return float(brentq(excess, options.ambient, highest)) - options.ambient


def _numbers(options: Options, factor: float) -> dict[str, float]:
    """Return what comes of both currents with the geometry `factor` K."""
    hot, cool = (course(options, factor, current) for current in (options.current, options.steady_current))
    if hot.time is None:
        raise OptionError(f"--current {options.current:g}: the spot does not run away in {options.duration:g} s")
    if cool.time is not None:
        raise OptionError(f"--steady-current {options.steady_current:g}: the spot runs away in {cool.time:g} s")
    if _shrinking(options, cool.temperature):
        raise OptionError(f"--steady-current {options.steady_current:g}: the spot shrinks and will run away")
    return {
        "geometry factor": factor,
        "time of runaway [s]": hot.time,
        "radius at runaway over that at the start": hot.radius,
        "steady rise [K]": cool.temperature - options.ambient,
        "radius in the steady state over that at the start": cool.radius,
    }


def _resistivity(options: Options, temperature: float) -> float:
    return options.resistivity / float(arrhenius(options.resistivity_energy, temperature, options.ambient))


def _shrinking(options: Options, temperature: float) -> float:
    """Return −da/dt [m/s]."""
    critical = max(options.critical_stress - options.softening * (temperature - options.ambient), 0.0)
    speed = options.mobility * np.exp(-options.mobility_energy / (GAS_CONSTANT * temperature))
    return float(speed * max(options.stress - critical, 0.0))


if __name__ == "__main__":
    from interstice.benchmarks.command import script

    script(NAME)
