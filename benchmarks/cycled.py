"""A film cell in a stiff fixture that loses contact on charge and regains it on discharge, cycle after cycle.

The case behind the benchmarks of what is conserved: a wavy surface of NMC811 on LPSCl in 2D, computed by the program
itself as any case.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from interstice.benchmarks.case_run import read_text
from interstice.benchmarks.options import Parameters
from interstice.solver.reader import LoadedCase

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
electrode: {{material: NMC811, initial_stoichiometry: 0.9, overrides: {{partial_molar_volume: 1.2 cm^3/mol}}}}
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
    return read_text(text)
