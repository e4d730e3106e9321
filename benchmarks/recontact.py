"""Re-contact: without bond and friction a contact that was pressed, pulled apart and pressed again has no memory."""

from __future__ import annotations

import numpy as np
from mpi4py import MPI
from pydantic import Field

from interstice.benchmarks.blocks import Array, Blocks, Box
from interstice.benchmarks.options import ContactParameters, Dimension
from interstice.benchmarks.report import Result
from interstice.solver.algebra import Report
from interstice.solver.physics.mechanics import composite_modulus

NAME = "recontact"
GROWTH = 0.1


class Options(ContactParameters):
    """A wavy gap and how far it is closed."""

    elements: int = Field(64, ge=4)
    """elements along the interface, half a wave long"""
    dimension: Dimension = 2
    """2 (plane strain), or 3: waves in both directions"""
    length: float = Field(1e-6, gt=0)
    """half the wavelength, and the thickness of each block [m]"""
    amplitude: float = Field(1e-9, gt=0)
    """amplitude A of the wave [m]"""
    approach: float = Field(1.0, gt=0)
    """how far the top is lowered, over A"""


def run(options: Options, comm: MPI.Comm) -> Result:
    """Press once; press by half, pull apart, press threefold, go back; compare the two states."""
    once, again = _blocks(options, comm), _blocks(options, comm)
    final = -options.approach * options.amplitude
    cost = once.measure(lambda: _first(once, final))
    _first(again, final / 2)
    again.move_top(-2 * final)
    apart = again.interface.max(again.contact.pressure)
    again.move_top(3 * final)
    again.move_top(final)
    scale = once.interface.max(once.contact.pressure)
    difference = once.interface.max(np.abs(once.contact.pressure - again.contact.pressure))
    return Result(
        NAME,
        options.model_dump(),
        {"peak_pressure [Pa]": again.interface.max(again.contact.pressure), "pressure_when_apart [Pa]": apart},
        {"peak_pressure [Pa]": scale, "pressure_when_apart [Pa]": 0.0},
        {"pressure": max(difference, apart) / scale},
        cost,
    )


def _blocks(options: Options, comm: MPI.Comm) -> Blocks:
    length, amplitude = options.length, options.amplitude
    height = "Fabs(y)" if options.dimension == 2 else "Fabs(z)"
    box = Box(options.dimension, length, length, length, [f"{1 / options.elements} + {GROWTH} * {height}"])

    def gap(x: Array) -> Array:
        waves = [np.cos(np.pi * x[axis] / length) for axis in range(options.dimension - 1)]
        return amplitude * (1 - np.prod(waves, axis=0))

    pressure = composite_modulus(*options.moduli) * options.approach * amplitude / length
    return Blocks(box.mesh(comm), options.moduli, options, gap, pressure=pressure, top="held")


def _first(blocks: Blocks, height: float) -> Report:
    blocks.contact.close()
    return blocks.move_top(height)


if __name__ == "__main__":
    from interstice.benchmarks.command import script

    script(NAME)
