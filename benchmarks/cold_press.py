"""Cold pressing: waves softer than they are steep are pressed flat, P = H φ, and touch on when the load is taken away.

The gap is Westergaard's, g_0 = A (1 − cos 2πx/λ), and nothing presses harder than H. Where H is far below p* = πE*A/λ,
the bodies are as good as rigid while they are pressed: the pressure is H wherever they touch, so that the share of the
area that does is φ = P/H. Taking the load away is elastic however stiff they are, and has a closed form as well
(`closed_form.flattened_share`). Nodes at the rim of a contact count in full, half an element too much on average.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np
from mpi4py import MPI
from pydantic import BeforeValidator, Field

from interstice.benchmarks import closed_form
from interstice.benchmarks.blocks import Blocks, complementarity
from interstice.benchmarks.options import split
from interstice.benchmarks.report import Result
from interstice.benchmarks.westergaard import Options as Wavy
from interstice.benchmarks.westergaard import make_box
from interstice.solver.physics.mechanics import composite_modulus

NAME = "cold-press"

Shares = Annotated[tuple[Annotated[float, Field(gt=0, lt=1)], ...], BeforeValidator(split), Field(min_length=1)]


class Options(Wavy):
    """A wave, how hard it is, and the loads on it."""

    elements: int = Field(256, ge=4)
    """elements per half wavelength"""
    softness: float = Field(0.01, gt=0, le=0.1)
    """hardness H over the pressure p* that would close the waves elastically"""
    load_ratio: float = Field(0.3, gt=0, lt=1)
    """largest mean pressure over H"""
    steps: int = Field(2, ge=1)
    """equal steps in which it is reached"""
    unloaded: Shares = (0.5, 0.2)
    """mean pressures after that, over the largest, separated by commas"""

    @property
    def hardness(self) -> float:
        """H [Pa]."""
        modulus = composite_modulus(*self.moduli)
        return self.softness * closed_form.westergaard_closing_pressure(modulus, self.amplitude, self.wavelength)

    @property
    def mean_pressure(self) -> float:
        """The largest mean pressure on the wave [Pa]."""
        return self.load_ratio * self.hardness


def run(options: Options, comm: MPI.Comm) -> Result:
    """Press, take the load away in parts, and compare the shares of the area that touch.

    The cost is that of the first step of pressing, from a cold start.
    """
    hardness = options.hardness
    blocks = Blocks(
        make_box(options).mesh(comm),
        options.moduli,
        options,
        options.gap,
        options.mean_pressure,
        lateral=options.lateral,
        hardness=hardness,
    )
    interface, contact = blocks.interface, blocks.contact
    ledger = blocks.ledger()
    apparent = interface.sum(np.ones_like(contact.pressure))
    computed: dict[str, float] = {}
    exact: dict[str, float] = {}
    products, penetrations = [], []

    def compare(key: str, expected: float) -> float:
        blocks.commit()
        ledger.book()
        computed[key], exact[key] = interface.sum(contact.active.x.array) / apparent, expected
        product, penetration = complementarity(blocks, options.mean_pressure, options.amplitude)
        products.append(product)
        penetrations.append(penetration)
        return abs(computed[key] / expected - 1)

    share, retained = [], []
    for step in range(1, options.steps + 1):
        pressure = options.mean_pressure * step / options.steps
        blocks.pressure.value = pressure
        if step == 1:
            cost = blocks.measure(blocks.press)
        else:
            blocks.solve()
        share.append(compare(f"share({pressure / hardness:g} H)", pressure / hardness))
    highest = interface.max(contact.pressure) / hardness
    for part in sorted(options.unloaded, reverse=True):
        blocks.pressure.value = part * options.mean_pressure
        blocks.solve()
        expected = closed_form.flattened_share(part, options.load_ratio)
        retained.append(compare(f"retained({part:g})", expected))
    computed["largest pressure over H"], exact["largest pressure over H"] = highest, 1.0
    errors = {
        "share": max(share),
        "retained": max(retained),
        "hardness": abs(highest - 1),
        "energy": ledger.closing_error,
        "complementarity": max(products),
        "penetration": max(penetrations),
    }
    return Result(NAME, options.model_dump(), computed, exact, errors, cost)


if __name__ == "__main__":
    from interstice.benchmarks.command import script

    script(NAME)
