"""A thin film on a substrate, in which the concentration of lithium varies along x: c = c̄ + Δc cos 2πx/λ.

The substrate keeps the film from following its eigenstrain; the stress in the film varies as the concentration does,
and the interface balances it by shear, τ = M h β ∂c/∂x, M = E/(1−ν) in plane strain (shear lag). A substrate that is
not rigid yields to that shear and lessens it. Half a wavelength is computed, between planes of symmetry.
"""

from __future__ import annotations

import numpy as np
from dolfinx import fem
from mpi4py import MPI
from pydantic import Field

from interstice.benchmarks.blocks import Box
from interstice.benchmarks.options import Order, Parameters
from interstice.benchmarks.pair import Pair, Springs
from interstice.benchmarks.report import Cost, Result, peak_memory, timed
from interstice.solver import algebra
from interstice.solver.domain import Domain
from interstice.solver.physics import diffusion

NAME = "shear-lag"
GROWTH = 0.2
"""Growth of the element size per distance from the interface."""
TIED = 1e6
"""Stiffness of the bond over E*/h: what it yields is as small as its inverse."""


class Options(Parameters):
    """The film, the substrate and the mesh."""

    upper_modulus: float = Field(142e9, gt=0)
    """Young's modulus of the film [Pa]"""
    upper_poisson: float = Field(0.25, gt=-1, lt=0.5)
    """Poisson's ratio of the film"""
    lower_modulus: float = Field(150e9, gt=0)
    """Young's modulus of the substrate [Pa]"""
    lower_poisson: float = Field(0.26, gt=-1, lt=0.5)
    """Poisson's ratio of the substrate"""
    partial_molar_volume: float = Field(1.2e-6, gt=0)
    """partial molar volume of lithium in the film [m³/mol]"""
    amplitude: float = Field(5e3, gt=0)
    """amplitude Δc of the concentration [mol/m³]"""
    thickness: float = Field(1e-6, gt=0)
    """thickness h of the film [m]"""
    wavelength: float = Field(4e-4, gt=0)
    """wavelength λ of the concentration, the thickness of the substrate, too [m]"""
    elements: int = Field(2, ge=1)
    """elements through the film"""
    order: Order = 2
    """1, or 2 for quadratic displacements"""

    @property
    def wavenumber(self) -> float:
        """k = 2π/λ [1/m]."""
        return 2 * np.pi / self.wavelength


def run(options: Options, comm: MPI.Comm) -> Result:
    """Find equilibrium and compare the shear of the interface. The problem itself is the glued one of the cost."""
    length = options.wavelength / 2
    size = options.thickness / options.elements
    box = Box(2, length, options.thickness, options.wavelength, [f"{size / length} + {GROWTH} * Fabs(y)"])
    domain = Domain(box.mesh(comm), options.order)
    moduli = (options.upper_modulus, options.upper_poisson), (options.lower_modulus, options.lower_poisson)
    load = options.upper_modulus * options.partial_molar_volume * options.amplitude * options.thickness
    pair = Pair(domain, moduli, load)
    c = fem.Function(domain.sides["upper"].space(options.order), name="c")
    c.interpolate(lambda x: options.amplitude * np.cos(options.wavenumber * x[0]))
    volume, mean = domain.constant(options.partial_molar_volume), domain.constant(0.0)
    pair.sites[0].eigenstrains.append(diffusion.eigenstrain(c, mean, volume))
    interface = pair.interface
    springs = Springs(pair.face, domain.constant(TIED * pair.face.modulus) / interface.spacing("+"))
    pair.parts.append(springs)
    pair.constraints = algebra.lateral(domain, pair.u.values(), "symmetric")
    pair.constraints.fixed.append((pair.u["lower"], pair.dofs("lower", "bottom", (0, 1))))
    system = pair.make_system(algebra.CHOLESKY)
    # rounding leaves more than usual of a thin film on stiff springs
    report, seconds = timed(comm, lambda: system.solve(tolerance=1e-9))

    shear = -interface.reader(springs.traction[0]).read()
    phase = np.sin(options.wavenumber * interface.space.tabulate_dof_coordinates()[:, 0])
    rigid, exact = shear_amplitudes(options)
    amplitude = interface.sum(shear * phase) / interface.sum(phase**2)
    error = np.sqrt(interface.sum((shear - exact * phase) ** 2) / interface.sum((exact * phase) ** 2))
    key = "shear [Pa]"
    return Result(
        NAME,
        options.model_dump(),
        {key: amplitude, "shear over that on a rigid substrate": amplitude / rigid},
        {key: exact, "shear over that on a rigid substrate": exact / rigid},
        {"traction": float(error)},
        Cost(system.unknowns, report.newton, report.linear, peak_memory(comm), seconds, seconds),
    )


def shear_amplitudes(options: Options) -> tuple[float, float]:
    """Return the amplitude [Pa] of the shear on a rigid substrate, M h β k Δc, and on the elastic one.

    The surface of a half-space under the shear τ sin kx moves by 2τ/(E'k) sin kx, E' = E/(1−ν²) (K. L. Johnson,
    Contact Mechanics, 1985, sec. 2.3 and 13.2), which the film follows: τ = τ_rigid/(1 + 2hk E'_film/E'_substrate).
    """
    strain = options.partial_molar_volume / 3 * options.amplitude
    relative_thickness = options.wavenumber * options.thickness
    rigid = options.upper_modulus / (1 - options.upper_poisson) * relative_thickness * strain
    film = options.upper_modulus / (1 - options.upper_poisson**2)
    substrate = options.lower_modulus / (1 - options.lower_poisson**2)
    return rigid, rigid / (1 + 2 * relative_thickness * film / substrate)


if __name__ == "__main__":
    from interstice.benchmarks.command import script

    script(NAME)
