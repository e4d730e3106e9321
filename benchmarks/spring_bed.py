"""Spring bed: an interface that fails where its springs store the energy release rate p²/(2 k_n) + τ²/(2 k_t).

Two elastic blocks joined by a bond are pulled and sheared, in one proportion, until damage begins. The load at onset is
found by bisection. The energy of the bed is what the loads put in less what the blocks store.
"""

from __future__ import annotations

import numpy as np
from mpi4py import MPI
from pydantic import Field

from interstice.benchmarks.report import Result
from interstice.benchmarks.traction_separation import BondParameters, Couple
from interstice.solver.algebra import SolveError
from interstice.solver.interface.bilinear import Bilinear

NAME = "spring-bed"
BISECTIONS = 50
TOLERANCE = 1e-13
"""Of the equilibrium: where the blocks are far softer than the bed, its energy is a small difference."""


class Options(BondParameters):
    """The springs, the blocks and the load."""

    normal_stiffness: float = Field(1e15, gt=0)
    """stiffness k_n of the bed [Pa/m]"""
    shear_stiffness: float = Field(4e14, gt=0)
    """stiffness k_t of the bed [Pa/m]"""
    upper_modulus: float = Field(20e9, gt=0)
    """Young's modulus of the upper block [Pa]"""
    upper_poisson: float = Field(0.3, gt=-1, lt=0.5)
    """Poisson's ratio of the upper block"""
    lower_modulus: float = Field(10e9, gt=0)
    """Young's modulus of the lower block [Pa]"""
    lower_poisson: float = Field(0.25, gt=-1, lt=0.5)
    """Poisson's ratio of the lower block"""
    angle: float = Field(35.0, ge=0, le=90)
    """of the traction to the normal of the interface [degrees]: tan⁻¹ τ/p"""


def run(options: Options, comm: MPI.Comm) -> Result:
    """Load until damage begins; compare the energy of the bed with that of its springs, and with the mixity law."""
    k_n, k_t = options.normal_stiffness, options.shear_stiffness
    energies = (options.normal_strength**2 / (2 * k_n), options.shear_strength**2 / (2 * k_t))
    moduli = ((options.upper_modulus, options.upper_poisson), (options.lower_modulus, options.lower_poisson))
    # what happens after onset matters to Newton's method alone: a tough bond does not snap, however soft the blocks
    tougher = 50 + 10 * options.length * max(k_n, k_t) * sum(1 / E for E, _ in moduli)
    law = Bilinear(options.limits(*(tougher * energy for energy in energies)), k_n, k_t)
    couple = Couple(options, law, moduli, min(options.normal_strength, options.shear_strength), comm)
    direction = np.array([np.cos(np.radians(options.angle)), np.sin(np.radians(options.angle))])
    displacement = direction * (np.array(couple.compliance) + np.array([1 / k_n, 1 / k_t]))

    state = [*couple.u.values(), couple.contact.multiplier, couple.contact.active]
    unharmed = [f.x.array.copy() for f in state]

    def load(traction: float) -> bool:
        """Pull so that an unharmed bed bears `traction` [Pa]; return whether it is harmed.

        From an unharmed state the first step of Newton's method finds every other one.
        """
        error = None
        try:
            couple.move_top(traction * displacement[0], traction * displacement[1], TOLERANCE)
        except SolveError as failed:
            error = failed
        harmed = couple.interface.max(couple.bond.damage.read()) > 0.0
        if error and not harmed:
            raise error
        for f, array in zip(state, unharmed, strict=True):
            if harmed:
                f.x.array[:] = array
            else:
                array[:] = f.x.array
        return harmed

    low, high = 0.0, min(options.normal_strength, options.shear_strength) / 2

    def find_onset() -> None:
        nonlocal low, high
        while not load(high):
            low, high = high, 2 * high
        for _ in range(BISECTIONS):
            middle = (low + high) / 2
            low, high = (low, middle) if load(middle) else (middle, high)

    cost = couple.measure(find_onset)
    p, tau = couple.reaction()
    put_in = (p * displacement[0] + tau * displacement[1]) * low / 2
    released = float(put_in - couple.elastic_energy() / couple.area)
    springs = float(p**2 / (2 * k_n) + tau**2 / (2 * k_t))
    mixity = tau**2 / (2 * k_t) / springs
    onset = options.interpolate(*energies, float(mixity))
    return Result(
        NAME,
        options.model_dump(),
        {
            "p [Pa]": float(p),
            "tau [Pa]": float(tau),
            "mixity": float(mixity),
            "G [J/m^2]": released,
            "G_at_onset [J/m^2]": released,
        },
        {"G [J/m^2]": springs, "G_at_onset [J/m^2]": onset},
        {"G": abs(released / springs - 1), "onset": abs(released / onset - 1)},
        cost,
    )


if __name__ == "__main__":
    from interstice.benchmarks.command import script

    script(NAME)
