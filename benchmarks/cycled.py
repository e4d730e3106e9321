"""A film cell in a stiff fixture that loses contact on charge and regains it on discharge, cycle after cycle.

The case behind the benchmarks of what is conserved: a wavy surface of NMC811 on LPSCl in 2D, computed by the program
itself as any case.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import numpy as np
import ufl
from dolfinx import fem
from mpi4py import MPI
from pydantic import Field

from benchmarks.options import OptionError, Parameters
from benchmarks.report import Cost, peak_memory, seconds_glued
from solver import algebra
from solver.cell import ELECTRODE, ELECTROLYTE, Cell
from solver.interface.kinetics import FARADAY, GAS_CONSTANT
from solver.physics import conduction, diffusion, mechanics
from solver.reader import CaseError, LoadedCase, read_case
from solver.stepping import Advance, ProtocolError, run_protocol

CASE = """\
title: a wavy film in a stiff fixture
geometry:
  builder: film
  length: {length!r} m
  electrode_thickness: {thickness!r} m
  electrolyte_thickness: {thickness!r} m
  element_size: {size!r} m
  lateral: {lateral}
  roughness: {{kind: sinusoidal, amplitude: {amplitude!r} m, wavelength: {wavelength!r} m}}
  roughness_as: {roughness_as}
electrode: {{material: NMC811, initial_stoichiometry: 0.9}}
electrolyte: {{material: LPSCl}}
interface:
  kinetics: {{exchange_current_density: 10 A/m^2}}
stack: {{hold: fixed_thickness, pressure: {pressure!r} Pa}}
protocol:
- step: repeat
  times: {cycles}
  steps:
  - {{step: charge, current_density: {current!r} A/m^2, until: {{time: {duration!r} s}}}}
  - {{step: rest, time: {rest!r} s}}
  - {{step: discharge, current_density: {current!r} A/m^2, until: {{time: {duration!r} s}}}}
time: {{initial: {first!r} s, maximum: {longest!r} s}}
"""
TIED = 1e3
"""Stiffness of the joint of the glued problem over E*/h."""


class Options(Parameters):
    """The surface, the mesh, and the cycles."""

    cycles: int = Field(10, ge=1)
    """cycles of charge, rest and discharge"""
    elements: int = Field(16, ge=8)
    """elements of the interface per wavelength"""
    waves: int = Field(2, ge=1)
    """waves of the surface"""
    wavelength: float = Field(1e-6, gt=0)
    """wavelength, and thickness of each film [m]"""
    amplitude: float = Field(50e-9, gt=0)
    """amplitude of the surface [m]"""
    roughness_as: Literal["profile", "gap"] = "profile"
    """profile: both sides follow the wave, whose area is larger than the apparent one; gap: it is a gap between them"""
    lateral: Literal["symmetric", "periodic"] = "symmetric"
    """symmetric or periodic"""
    pressure: float = Field(20e6, gt=0)
    """pressure at assembly [Pa]"""
    current: float = Field(5.0, gt=0)
    """current density over the apparent area [A/m^2]"""
    duration: float = Field(15.0, gt=0)
    """duration of a charge and of a discharge [s]"""


def read(options: Options) -> LoadedCase:
    """Return the case that `options` ask for; OptionError if the program refuses it."""
    text = CASE.format(
        **options.model_dump(),
        length=options.waves * options.wavelength,
        thickness=options.wavelength,
        size=options.wavelength / options.elements,
        rest=options.duration / 4,
        first=options.duration / 10,
        longest=options.duration / 4,
    )
    with TemporaryDirectory() as folder:
        path = Path(folder) / "cycled.yaml"
        path.write_text(text, encoding="utf-8")
        try:
            return read_case(path)
        except CaseError as error:
            raise OptionError(str(error)) from error


class Cycled:
    """The cell, pressed and ready to be cycled once, and what cycling it costs."""

    def __init__(self, options: Options, comm: MPI.Comm) -> None:
        loaded = read(options)
        self.cell = Cell(loaded.case, loaded.materials, loaded.folder, comm)
        self.cell.press()
        self.steps = self._newton = self._linear = 0
        self._seconds = 0.0

    def run(self) -> Iterator[Advance]:
        """Cycle, yielding after every time step; OptionError if contact is lost for good."""
        cell = self.cell
        advances = run_protocol(cell, cell.case.protocol, cell.case.time)
        while True:
            cell.comm.barrier()
            start = time.perf_counter()
            try:
                advance = next(advances, None)
            except ProtocolError as error:
                raise OptionError(f"this cell cannot be cycled so: {error}") from error
            self._seconds += time.perf_counter() - start
            if advance is None:
                return
            self.steps += 1
            self._newton += advance.report.newton
            self._linear += advance.report.linear
            yield advance

    def cost(self) -> Cost:
        """Return the cost of all time steps so far; glued is one linear solve of the equations of one of them."""
        memory = peak_memory(self.cell.comm)
        return Cost(self.cell.unknowns, self._newton, self._linear, memory, self._seconds, _solve_tied(self.cell))


def _solve_tied(cell: Cell) -> float:
    """Return the seconds of one cold linear solve of a time step, sides tied, with linear kinetics everywhere."""
    domain, interface, constant = cell.domain, cell.junctions[0].interface, cell.constant
    electrode, electrolyte = (domain.dx(side) for side in cell.sides.values())
    unknowns = {name: fem.Function(u.function_space) for name, u in cell.u.items()}
    c, phi_e, phi_s = (
        fem.Function(f.function_space)
        for f in (
            cell.electrodes["electrode"].c,
            cell.electrodes["electrode"].phi,
            cell.electrolytes["electrolyte"].phi,
        )
    )
    v = {name: ufl.TestFunction(u.function_space) for name, u in unknowns.items()}
    q, psi_e, psi_s = (ufl.TestFunction(f.function_space) for f in (c, phi_e, phi_s))

    jump = interface.jump(unknowns)
    traction = constant(TIED * cell.composite_modulus) / interface.spacing("+") * jump
    strain = diffusion.eigenstrain(c, constant(0.0), constant(cell.electrodes["electrode"].host.partial_molar_volume))
    law = cell.elasticity
    pressed = mechanics.residual(law[ELECTRODE], unknowns[ELECTRODE], v[ELECTRODE], electrode, strain)
    pressed -= ufl.inner(traction, v[ELECTRODE]("+")) * interface.dS
    pressed += constant(cell.typical_pressure) * v[ELECTRODE][domain.dimension - 1] * domain.ds("collector")
    held = mechanics.residual(law[ELECTROLYTE], unknowns[ELECTROLYTE], v[ELECTROLYTE], electrolyte)
    held += ufl.inner(traction, v[ELECTROLYTE]("-")) * interface.dS

    conductance = cell.case.interface.kinetics.exchange_current_density * FARADAY / (GAS_CONSTANT * 298.15)
    j = constant(conductance) * (phi_e("+") - phi_s("-") + c("+") / constant(cell.electrodes["electrode"].c_max))
    host, time_step = cell.electrodes["electrode"].host, constant(1.0)
    lithium = diffusion.residual(c, constant(0.0), q, constant(host.diffusivity), time_step, electrode)
    lithium += j / FARADAY * q("+") * interface.dS
    electrons = conduction.residual(phi_e, psi_e, constant(host.electronic_conductivity), electrode)
    electrons += j * psi_e("+") * interface.dS - constant(1.0) * psi_e * domain.ds("collector")
    ionic = cell.materials[ELECTROLYTE].electrolyte
    assert ionic is not None
    ions = (
        conduction.residual(phi_s, psi_s, constant(ionic.ionic_conductivity), electrolyte)
        - j * psi_s("-") * interface.dS
    )

    load = cell.apparent_area / np.sqrt(interface.space.dofmap.index_map.size_global)
    fields = [
        algebra.Field(c, lithium, load / FARADAY),
        algebra.Field(phi_e, electrons, load),
        algebra.Field(phi_s, ions, load),
        algebra.Field(unknowns[ELECTRODE], pressed, load * cell.typical_pressure),
        algebra.Field(unknowns[ELECTROLYTE], held, load * cell.typical_pressure),
    ]
    every = range(domain.dimension)
    functions = {index: f.function for index, f in enumerate(fields)}
    constraints = algebra.lateral(domain, functions, cell.case.geometry.lateral)
    constraints.fixed += [
        (2, domain.dofs(phi_s.function_space, "counter")),
        (3, domain.dofs(unknowns[ELECTRODE].function_space, "collector", every[:-1])),
        (4, domain.dofs(unknowns[ELECTROLYTE].function_space, "counter", every)),
    ]
    constraints.tied += [
        (1, domain.dofs(phi_e.function_space, "collector")),
        (3, domain.dofs(unknowns[ELECTRODE].function_space, "collector", every[-1:])),
    ]
    return seconds_glued(algebra.System(domain, fields, constraints, algebra.DIRECT))
