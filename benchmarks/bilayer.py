"""Timoshenko's bilayer: two bonded layers, of which one swells, bend freely.

In plane strain both are stiffer by 1/(1−ν²), and an eigenstrain e stretches its layer by (1+ν) e, for it is prevented
out of plane. Half of the bilayer is computed, from the plane of symmetry to the free end. Beyond a few thicknesses from
the end the curvature is uniform: it is read off the displaced interface in the half next to the plane of symmetry.
"""

from __future__ import annotations

import numpy as np
from dolfinx import fem
from mpi4py import MPI
from pydantic import Field

from interstice.benchmarks import closed_form
from interstice.benchmarks.blocks import Box
from interstice.benchmarks.options import Order, Parameters
from interstice.benchmarks.pair import Pair, Springs
from interstice.benchmarks.report import Cost, Result, peak_memory, timed
from interstice.solver import algebra
from interstice.solver.domain import Domain

NAME = "bilayer"
GROWTH = 0.2
"""Growth of the element size per distance from the interface."""
TIED = 1e6
"""Stiffness of the bond over E*/h: what it yields is as small as its inverse."""


class Options(Parameters):
    """The two layers and the mesh."""

    upper_modulus: float = Field(200e9, gt=0)
    """Young's modulus of the upper layer [Pa]"""
    upper_poisson: float = Field(0.3, gt=-1, lt=0.5)
    """Poisson's ratio of the upper layer"""
    lower_modulus: float = Field(22e9, gt=0)
    """Young's modulus of the lower layer [Pa]"""
    lower_poisson: float = Field(0.37, gt=-1, lt=0.5)
    """Poisson's ratio of the lower layer"""
    upper_thickness: float = Field(1e-6, gt=0)
    """thickness of the upper layer, which swells [m]"""
    lower_thickness: float = Field(3e-6, gt=0)
    """thickness of the lower layer [m]"""
    eigenstrain: float = Field(1e-3, gt=0)
    """linear eigenstrain of the upper layer, in all directions"""
    slenderness: float = Field(10.0, ge=4)
    """half the length of the layers over their thickness"""
    elements: int = Field(4, ge=1)
    """elements through the thinner layer"""
    order: Order = 2
    """1, or 2 for quadratic displacements"""


def run(options: Options, comm: MPI.Comm) -> Result:
    """Let the upper layer swell and compare the curvature. The problem itself is the glued one of the cost."""
    moduli = (options.upper_modulus, options.upper_poisson), (options.lower_modulus, options.lower_poisson)
    thicknesses = options.upper_thickness, options.lower_thickness
    length = options.slenderness * sum(thicknesses)
    size = min(thicknesses) / options.elements
    domain = Domain(Box(2, length, *thicknesses, [f"{size / length} + {GROWTH} * Fabs(y)"]).mesh(comm), options.order)
    # the largest stress times the thickness is a typical force
    load = max(E for E, _ in moduli) * options.eigenstrain * min(thicknesses)
    pair = Pair(domain, moduli, load)
    pair.sites[0].eigenstrains.append(domain.constant(options.eigenstrain))
    stiffness = domain.constant(TIED * pair.face.modulus)
    pair.parts.append(Springs(pair.face, stiffness / pair.interface.spacing("+")))
    foot = pair.dofs("lower", "left", [1])
    places = pair.u["lower"].function_space.tabulate_dof_coordinates()
    foot = foot[np.abs(places[foot // 2, 1]) < 1e-6 * size]
    pair.constraints.fixed += [(u, pair.dofs(name, "left", [0])) for name, u in pair.u.items()]
    pair.constraints.fixed.append((pair.u["lower"], foot))
    system = pair.make_system(algebra.CHOLESKY)
    # rounding leaves more than usual of a slender beam on stiff springs
    report, seconds = timed(comm, lambda: system.solve(tolerance=1e-9))

    curvature = _curvature(pair.u["lower"], length / 2, size, comm)
    exact = closed_form.timoshenko_curvature(
        thicknesses,
        (moduli[0][0] / (1 - moduli[0][1] ** 2), moduli[1][0] / (1 - moduli[1][1] ** 2)),
        (1 + options.upper_poisson) * options.eigenstrain,
    )
    key = "curvature [1/m]"
    return Result(
        NAME,
        options.model_dump(),
        {key: curvature},
        {key: exact},
        {"curvature": abs(curvature / exact - 1)},
        Cost(system.unknowns, report.newton, report.linear, peak_memory(comm), seconds, seconds),
    )


def _curvature(u: fem.Function, extent: float, size: float, comm: MPI.Comm) -> float:
    """Return by how much the deflection of the nodes at the interface up to x = `extent` bends upwards [1/m]."""
    points = u.function_space.tabulate_dof_coordinates()
    near = np.flatnonzero((np.abs(points[:, 1]) < 1e-6 * size) & (points[:, 0] <= extent))
    parts = comm.allgather((points[near, 0], u.x.array[2 * near + 1]))
    x, height = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    return float(2 * np.polynomial.Polynomial.fit(x / extent, height, 2).convert().coef[2] / extent**2)


if __name__ == "__main__":
    from interstice.benchmarks.command import script

    script(NAME)
