"""Westergaard's wavy contact: blocks in plane strain with the gap g_0 = A (1 − cos 2πx/λ) under a mean pressure.

The field of the wave falls as e^(−2πz/λ) into the blocks and returns from their far faces: what a depth H changes is
of the order e^(−4πH/λ), 10⁻⁸ for H = 1.5 λ. Elements grow from the size of the interface's into the blocks, first with
the distance, then, as the field falls, as e^(πz/λ).
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from mpi4py import MPI
from pydantic import Field

from interstice.benchmarks import closed_form
from interstice.benchmarks.blocks import Array, Blocks, Box, cascade, complementarity, l2_errors
from interstice.benchmarks.options import ContactParameters, Dimension
from interstice.benchmarks.report import Result
from interstice.solver.physics.mechanics import composite_modulus

NAME = "westergaard"
GROWTH, MOST_GROWTH = 2.0, 0.06
"""Growth of the element size per distance near the interface, times elements, and its limit on coarse meshes."""
INTERIOR = 0.4
"""Element size inside the blocks over half a wavelength, times √elements: its error falls with the interface's."""

LAYERS = 2
"""Regular layers of cubes below the interface in 3D: pressures on an irregular mesh scatter."""


class Wave(ContactParameters):
    """A wave and the load on it."""

    load_ratio: float = Field(0.4, gt=0, lt=1)
    """mean pressure over the one that closes the waves"""
    wavelength: float = Field(2e-6, gt=0)
    """wavelength [m]"""
    amplitude: float = Field(1e-9, gt=0)
    """amplitude A of the wave [m]"""
    depth: float = Field(1.5, gt=0)
    """thickness of each block in wavelengths"""

    @property
    def mean_pressure(self) -> float:
        """Mean pressure on the wave [Pa]."""
        modulus = composite_modulus(*self.moduli)
        return self.load_ratio * closed_form.westergaard_closing_pressure(modulus, self.amplitude, self.wavelength)

    def gap(self, x: Array) -> Array:
        """Return g_0 [m] at places `x` [m], shape (3, points)."""
        return self.amplitude * (1 - np.cos(2 * np.pi * x[0] / self.wavelength))


class Options(Wave):
    """A wave, the load on it, and the mesh."""

    elements: int = Field(64, ge=4)
    """elements per half wavelength"""
    dimension: Dimension = 2
    """2, or 3 for a slice an eighth of a wavelength wide"""
    lateral: Literal["symmetric", "periodic"] = "symmetric"
    """symmetric encloses half a wave, periodic a whole one"""


def run(options: Options, comm: MPI.Comm) -> Result:
    """Press the wave and compare with Westergaard (1939)."""
    wavelength, mean = options.wavelength, options.mean_pressure
    half_width = closed_form.westergaard_half_width(options.load_ratio, wavelength)

    def exact(points: Array) -> Array:
        return closed_form.westergaard_pressure(points[:, 0], options.load_ratio, mean, wavelength)

    def build(elements: int, coarse: Blocks | None) -> Blocks:
        tagged = make_box(options.model_copy(update={"elements": elements})).mesh(comm)
        return Blocks(tagged, options.moduli, options, options.gap, mean, lateral=options.lateral, coarse=coarse)

    blocks = cascade(build, options.elements, options.dimension)
    cost = blocks.measure(blocks.press)
    interface, contact = blocks.interface, blocks.contact
    error, interpolant = l2_errors(interface, contact.pressure, exact)
    contacts = 1 if options.lateral == "symmetric" else 2
    found = interface.sum(contact.active.x.array) / contacts / _width(options)
    peak = closed_form.westergaard_pressure(np.zeros(1), options.load_ratio, mean, wavelength)[0]
    product, penetration = complementarity(blocks, mean, options.amplitude)
    return Result(
        NAME,
        options.model_dump(),
        {"half_width [m]": found, "peak_pressure [Pa]": interface.max(contact.pressure)},
        {"half_width [m]": half_width, "peak_pressure [Pa]": float(peak)},
        {
            "pressure_l2": error,
            "interpolant_l2": interpolant,
            "contact_width": abs(found - half_width) / (wavelength / 2 / options.elements),
            "complementarity": product,
            "penetration": penetration,
        },
        cost,
    )


def _width(options: Options) -> float:
    return 1.0 if options.dimension == 2 else options.wavelength / 8


def make_box(options: Options) -> Box:
    """Return the geometry of the blocks and the sizes of their elements."""
    length = options.wavelength / 2 * (1 if options.lateral == "symmetric" else 2)
    half_wave = options.wavelength / 2 / length
    z = "Fabs(y)" if options.dimension == 2 else "Fabs(z)"
    size = half_wave / options.elements
    growth = min(MOST_GROWTH, GROWTH / options.elements)
    interior = max(size, INTERIOR * half_wave / np.sqrt(options.elements))
    height = 0.0 if options.dimension == 2 else LAYERS * size
    beyond = f"({z} - {height} + Fabs({z} - {height})) / 2"
    sizes = [
        f"{size} + {growth} * {beyond}",
        f"{interior} * Exp({np.pi / 2 / half_wave} * {z})",
        f"{half_wave / 4}",
    ]
    depth = options.depth * options.wavelength
    periodic = options.lateral == "periodic"
    if options.dimension == 2:
        return Box(2, length, depth, depth, sizes, periodic=periodic)
    return Box(
        3,
        length,
        depth,
        depth,
        sizes,
        _width(options),
        core=(length, height * length),
        core_elements=round(options.elements / half_wave),
        core_layers=LAYERS,
        periodic=periodic,
    )


if __name__ == "__main__":
    from interstice.benchmarks.command import script

    script(NAME)
