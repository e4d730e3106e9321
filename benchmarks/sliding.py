"""A node that the current itself opens: how much of it conducts, in closed form.

A flat film of NMC811 on LLZO is held at a voltage above its equilibrium, so that lithium leaves it and it shrinks,
while the platen it is glued to comes down at the speed v. Where the current at full contact would shrink the film
faster than the platen follows, the surfaces lie on each other without pressure and only the share a of their area
conducts. The film cannot widen: from its thickness, known at all times, follow the lithium in it and the current,

    β (1 + ν)/(1 − ν) h (c − c_0) = −v t,  β = Ω/3   ⇒   i = −F h dc/dt = 3 F v (1 − ν)/(Ω (1 + ν)),

and from the current, by the law of Butler and Volmer, what conducts:

    a(t) = i/j,   j = 2 j_0 sinh(F η/2RT),   j_0 = j_ref 2 √(θ_s (1 − θ_s)),   η = V − U(θ_s) − i (h/σ + h_s/κ),

θ_s = θ(t) − i h/(3 F D c_max) at the surface, once diffusion is steady. The concentration is linear in time, so that
time steps of any length are exact.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from mpi4py import MPI
from pydantic import Field

from interstice.benchmarks.case_run import CaseRun, read_text
from interstice.benchmarks.options import OptionError, Parameters
from interstice.benchmarks.report import Result
from interstice.materials import Material
from interstice.solver.bodies.host import equilibrium_potential
from interstice.solver.constants import FARADAY, GAS_CONSTANT
from interstice.solver.interface.charge_transfer import ChargeTransfer
from interstice.solver.interface.kinetics import arrhenius
from interstice.solver.part import Load
from interstice.solver.reader import LoadedCase

NAME = "sliding"
CASE = """\
title: a film that shrinks away from what it conducts to
geometry:
  builder: film
  length: {width!r} m
  lateral: periodic
  electrode_thickness: {thickness!r} m
  electrolyte_thickness: {thickness!r} m
  element_size: {size!r} m
electrode:
  material: NMC811
  initial_stoichiometry: {stoichiometry!r}
  overrides: {{partial_molar_volume: 1.2 cm^3/mol, electronic_conductivity: 0.18 S/m}}  # that do not vary with lithium
electrolyte: {{material: LLZO}}
interface: {{kinetics: {{exchange_current_density: {exchange_current_density!r} A/m^2, touching_gap: 1e-18 m}}}}
stack: {{hold: fixed_thickness, pressure: {pressure!r} Pa, glued: true}}
protocol: [hold at 4 V for 1 s]
temperature: {temperature!r} K
"""
UNEVEN = (1.0, 0.2, 0.7)
"""Lengths of time steps that follow each other, over the longest."""


class Options(Parameters):
    """The film, what drives the current, and how fast the platen follows."""

    thickness: float = Field(1e-6, gt=0)
    """thickness h of the film, and of the electrolyte h_s [m]"""
    stoichiometry: float = Field(0.8, gt=0, lt=1)
    """lithium in the film at the start over the most it takes up"""
    overpotential: float = Field(0.1, gt=0)
    """voltage held above the equilibrium at the start [V]"""
    exchange_current_density: float = Field(5.0, gt=0)
    """exchange current density at half filling, j_ref [A/m^2]"""
    speed: float = Field(5e-12, gt=0)
    """speed v at which the platen comes down [m/s]"""
    diffusivity: float = Field(1e-8, gt=0)
    """diffusivity D of lithium in the film [m^2/s]"""
    temperature: float = Field(298.15, gt=0)
    """temperature [K]"""
    pressure: float = Field(1e5, gt=0)
    """pressure at assembly, of which the platen then relieves the cell [Pa]"""
    longest: float = Field(100.0, gt=0)
    """longest time step [s]"""
    steps: int = Field(12, ge=2)
    """time steps"""
    elements: int = Field(4, ge=2)
    """elements through a film, and along the interface"""


def run(options: Options, comm: MPI.Comm) -> Result:
    """Lower the platen in uneven time steps; the error is the largest of a(t) over all of them."""
    loaded = _loaded(options)
    host, ionic = loaded.materials["electrode"].host, loaded.materials["electrolyte"].electrolyte
    assert host is not None and ionic is not None and not callable(host.partial_molar_volume)
    film = CaseRun(loaded, comm)
    cell, dofs = film.cell, film.cell.fixture.platen.dofs
    (transfer,) = cell.every(ChargeTransfer)
    h, c_max, temperature = options.thickness, host.maximum_concentration, options.temperature
    ratio = loaded.materials["electrode"].poisson_ratio
    current = 3 * FARADAY * options.speed * (1 - ratio) / (host.partial_molar_volume * (1 + ratio))
    warmth = arrhenius(ionic.conductivity_activation_energy, temperature, ionic.reference_temperature)
    drop = current * h * (1 / host.electronic_conductivity + 1 / (ionic.ionic_conductivity * warmth))
    gradient = current * h / (3 * FARADAY * options.diffusivity * c_max)
    voltage = host.potential(options.stoichiometry, temperature) + options.overpotential
    # the cell begins as high as it stands without load
    cell.fixture.top.x.array[dofs] += options.pressure * h * sum(map(_compliance, loaded.materials.values()))
    cell.begin_protocol_step()
    passed, errors = 0.0, []
    for time_step in options.longest * np.resize(UNEVEN, options.steps):
        passed += time_step
        theta = options.stoichiometry - current * passed / (FARADAY * h * c_max) - gradient
        excess = voltage - drop - equilibrium_potential(host, theta, temperature)
        exchange = options.exchange_current_density * 2 * np.sqrt(theta * (1 - theta))
        most = 2 * exchange * np.sinh(FARADAY * excess / (2 * GAS_CONSTANT * temperature))
        if not most > current:
            raise OptionError(f"after {passed:g} s all of the film conducts: lower the platen less far or more slowly")
        cell.fixture.top.x.array[dofs] -= options.speed * time_step
        film.advance(float(time_step), Load(voltage=voltage))
        share, exact = transfer.interface.max(transfer.read_share()), current / most
        errors.append(abs(share - exact))
    return Result(
        NAME,
        options.model_dump(),
        {"activity at the end": share, "current density [A/m^2]": cell.terminals.current_density},
        {"activity at the end": exact, "current density [A/m^2]": current},
        {"activity": max(errors)},
        film.cost(),
    )


def _loaded(options: Options) -> LoadedCase:
    """Return the case; where the platen is and the voltage it is held at are the benchmark's own."""
    size = options.thickness / options.elements
    loaded = read_text(CASE.format(**options.model_dump(), size=size, width=2 * size))
    # one element wide, which a case may not be: of a row of nodes the law tells the sum of their shares, not each
    geometry = loaded.case.geometry.model_copy(update={"length": size})
    material = loaded.materials["electrode"]
    assert material.host is not None
    host = material.host.model_copy(update={"diffusivity": options.diffusivity})
    return replace(
        loaded,
        case=loaded.case.model_copy(update={"geometry": geometry}),
        materials=loaded.materials | {"electrode": material.model_copy(update={"host": host})},
    )


def _compliance(material: Material) -> float:
    """Return the strain over the pressure of a film that cannot widen [1/Pa]."""
    ratio = material.poisson_ratio
    return (1 + ratio) * (1 - 2 * ratio) / ((1 - ratio) * material.young_modulus)


if __name__ == "__main__":
    from interstice.benchmarks.command import script

    script(NAME)
