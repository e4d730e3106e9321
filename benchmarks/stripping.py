"""Stripping: under an even current the surface of a metal moves at Ω j/F, and the platen with it.

A flat film of lithium on an electrolyte under a constant pressure, computed by the program itself as any case. Nothing
hinders the film from following its surface, so that the stack becomes thinner as fast as lithium leaves, and the
pressure stays what it is at every node. Plated by a current below 0, it becomes thicker.
"""

from __future__ import annotations

import numpy as np
from mpi4py import MPI
from pydantic import Field

from interstice.benchmarks import closed_form
from interstice.benchmarks.case_run import CaseRun, read_text
from interstice.benchmarks.options import Dimension, Parameters
from interstice.benchmarks.report import Result

NAME = "stripping"
CASE = """\
title: a flat film of lithium
geometry:
  builder: film
  dimension: {dimension}
  length: {length!r} m
  electrode_thickness: {thickness!r} m
  electrolyte_thickness: {thickness!r} m
  element_size: {size!r} m
electrode:
  kind: metal
  material: lithium
  solid: elastic
  stress: coupled
  overrides: {{molar_volume: {molar_volume!r} m^3/mol}}
electrolyte: {{material: LPSCl}}
interface: {{kinetics: {{exchange_current_density: {exchange!r} A/m^2}}}}
stack: {{hold: constant_pressure, pressure: {pressure!r} Pa}}
protocol:
- {{step: {direction}, current_density: {current!r} A/m^2, until: {{time: {duration!r} s}}}}
time: {{initial: {first!r} s, maximum: {longest!r} s}}
"""


class Options(Parameters):
    """The film, the current and the pressure."""

    dimension: Dimension = 2
    """2 (plane strain) or 3"""
    elements: int = Field(4, ge=2)
    """elements along the interface"""
    length: float = Field(1e-6, gt=0)
    """lateral size [m]"""
    thickness: float = Field(10e-6, gt=0)
    """thickness of the film, and of the electrolyte [m]"""
    molar_volume: float = Field(13.0e-6, gt=0)
    """volume of lithium [m^3/mol]"""
    current: float = 10.0
    """current density [A/m^2], > 0 where it strips, < 0 where it plates"""
    exchange: float = Field(10.0, gt=0)
    """exchange current density [A/m^2]"""
    pressure: float = Field(1e6, gt=0)
    """of the stack [Pa]"""
    duration: float = Field(600.0, gt=0)
    """how long the current flows [s]"""
    steps: int = Field(6, ge=1)
    """time steps at least"""


def run(options: Options, comm: MPI.Comm) -> Result:
    """Strip or plate and compare what surface and platen moved by with what was to leave or to come."""
    given = options.model_dump() | {"current": abs(options.current)}
    film = CaseRun(
        read_text(
            CASE.format(
                **given,
                direction="charge" if options.current > 0 else "discharge",
                size=options.length / options.elements,
                first=options.duration / options.steps,
                longest=options.duration / options.steps,
            )
        ),
        comm,
    )
    (face,) = film.cell.faces
    assert face.plating is not None
    interface, site, pressures = face.interface, film.cell.sites["electrode"], []
    vertical, dx = options.dimension - 1, film.cell.domain.dx(site.side)
    # by the stress of the film: pressures at nodes are r times gaps, of which rounding is seen there
    normal = film.cell.domain.form(site.law.stress(site.u)[vertical, vertical] * dx)
    size = film.cell.domain.volume(site.side)
    for _ in film.advances():
        pressures.append(abs(-film.cell.domain.integrate(normal) / size - options.pressure))
    velocity = closed_form.stripping_velocity(options.current, options.molar_volume)
    recession, platen = face.plating.recession.x.array, -film.cell.fixture.thickness_change
    off = max(interface.max(np.abs(recession / options.duration - velocity)), abs(platen / options.duration - velocity))
    return Result(
        NAME,
        options.model_dump(),
        {"velocity [m/s]": platen / options.duration},
        {"velocity [m/s]": velocity},
        {"velocity": off / abs(velocity), "pressure": max(pressures) / options.pressure},
        film.cost(),
    )


if __name__ == "__main__":
    from interstice.benchmarks.command import script

    script(NAME)
