"""A sphere into which lithium flows at a constant rate swells most at its surface, and so its centre is in tension.

Long after the start the profile of concentration keeps its shape, a parabola. The hoop stresses at the centre and at
the surface then are those of Cheng and Verbrugge, plus and minus the same. Next the same with the flux that the stress
drives, which flattens the profile: this is compared with a radial problem in one dimension at high resolution, in which
the stress is eliminated in closed form. A quarter of the meridian plane is computed.

Either run is over the time R²/D, in which the slowest transient falls to e⁻²⁰. Stresses are read off a polynomial in
the square of the distance from the centre, fitted to those at the centres of the elements.
"""

from __future__ import annotations

from dataclasses import dataclass

import gmsh
import numpy as np
import numpy.typing as npt
import ufl
from dolfinx import fem
from mpi4py import MPI
from pydantic import Field
from scipy.integrate import solve_ivp

from interstice.benchmarks.options import Parameters
from interstice.benchmarks.report import Cost, Result, peak_memory, timed
from interstice.meshes.compat import expression_at_points
from interstice.meshes.tagged import TaggedMesh, from_gmsh
from interstice.solver import algebra
from interstice.solver.constants import FARADAY, GAS_CONSTANT
from interstice.solver.domain import Domain
from interstice.solver.physics import diffusion, mechanics
from interstice.solver.time_scheme import bdf2, euler

Array = npt.NDArray[np.float64]

NAME = "sphere"
REFERENCE_CELLS = 400
"""Shells of the radial reference."""
FIT = 3
"""Degree of the polynomial in (ρ/R)² from which stresses are read."""


class Options(Parameters):
    """The particle, the current and the mesh."""

    young_modulus: float = Field(142e9, gt=0)
    """Young's modulus [Pa]"""
    poisson_ratio: float = Field(0.25, gt=-1, lt=0.5)
    """Poisson's ratio"""
    partial_molar_volume: float = Field(1.2e-6, gt=0)
    """partial molar volume of lithium [m³/mol]"""
    diffusivity: float = Field(1e-14, gt=0)
    """chemical diffusivity without stress [m²/s]"""
    maximum_concentration: float = Field(5e4, gt=0)
    """lithium per volume of the full host [mol/m³]"""
    initial_stoichiometry: float = Field(0.4, gt=0, lt=1)
    """share of it at the start"""
    temperature: float = Field(298.15, gt=0)
    """temperature [K]"""
    current_density: float = Field(0.4, gt=0)
    """current density that brings lithium in [A/m²]"""
    radius: float = Field(5e-6, gt=0)
    """radius of the sphere [m]"""
    elements: int = Field(40, ge=4)
    """elements per radius"""
    steps: int = Field(40, ge=10)
    """time steps"""


def run(options: Options, comm: MPI.Comm) -> Result:
    """Let lithium flow in, without and with the flux that stress drives, and compare the hoop stresses."""
    plain = Particle(options, comm, stress_driven=False)
    tied = plain.advance(1)
    seconds = tied + plain.advance(options.steps - 1)
    driven = Particle(options, comm, stress_driven=True)
    seconds += driven.advance(options.steps)

    peak = quasi_steady_stress(options)
    places = "centre", "surface"
    keys = [f"{kind}{place} [Pa]" for kind in ("", "stress-driven ") for place in places]
    computed = dict(zip(keys, (*plain.hoop_stresses(), *driven.hoop_stresses()), strict=True))
    exact = dict(zip(keys, (peak, -peak, *radial_reference(options)), strict=True))
    return Result(
        NAME,
        options.model_dump(),
        computed,
        exact,
        {"stress": max(abs(computed[key] / exact[key] - 1) for key in keys)},
        Cost(
            driven.system.unknowns,
            plain.newton + driven.newton,
            plain.linear + driven.linear,
            peak_memory(comm),
            seconds,
            tied,
        ),
    )


def quasi_steady_stress(options: Options) -> float:
    """Return EΩiR/(15 (1−ν) F D), the hoop stress [Pa] at the centre; at the surface it is the negative of that.

    Y.-T. Cheng, M. W. Verbrugge, J. Power Sources 190, 453 (2009).
    """
    strain = options.partial_molar_volume * options.current_density * options.radius / (FARADAY * options.diffusivity)
    return options.young_modulus * strain / (15 * (1 - options.poisson_ratio))


@dataclass
class _Meridian:
    """Draws a quarter of the meridian plane of the unit sphere."""

    elements: int

    def __call__(self) -> None:
        geo = gmsh.model.occ
        disk, box = geo.addDisk(0, 0, 0, 1, 1), geo.addRectangle(0, 0, 0, 2, 2)
        geo.intersect([(2, disk)], [(2, box)])
        geo.synchronize()
        for _, tag in gmsh.model.getEntities(1):
            low, high = np.reshape(gmsh.model.getBoundingBox(1, tag), (2, 3))
            flat = np.flatnonzero(high[:2] - low[:2] < 1e-5)
            gmsh.model.addPhysicalGroup(1, [tag], name=("axis", "equator")[flat[0]] if len(flat) else "surface")
        gmsh.model.addPhysicalGroup(2, [tag for _, tag in gmsh.model.getEntities(2)], name="particle")
        gmsh.option.setNumber("Mesh.MeshSizeMax", 1 / self.elements)
        gmsh.model.mesh.generate(2)


class Particle:
    """The discrete problem: concentration, displacement and, where stress drives the flux, the nodal stress."""

    def __init__(self, options: Options, comm: MPI.Comm, stress_driven: bool) -> None:
        self.options, self.comm = options, comm
        tagged: TaggedMesh = from_gmsh(comm, _Meridian(options.elements), unit=options.radius)
        self.domain = domain = Domain(tagged, axisymmetric=True)
        self.side = side = domain.sides["particle"]
        scalar = side.space()
        self.c, self.history, s = (fem.Function(scalar, name=name) for name in ("c", "h", "s"))
        self.u = fem.Function(side.space(1, (2,)), name="u")
        q, v, t = (ufl.TestFunction(f.function_space) for f in (self.c, self.u, s))
        self.tau = self._constant(1.0)
        self.start = options.initial_stoichiometry * options.maximum_concentration
        self.c.x.array[:] = self.start

        law = mechanics.Axisymmetric.constant(domain.mesh, options.young_modulus, options.poisson_ratio)
        volume = self._constant(options.partial_molar_volume)
        eigenstrain = diffusion.eigenstrain(self.c, self._constant(self.start), volume)
        dx = domain.dx(side, degree=2)
        diffusivity = self._constant(options.diffusivity)
        flux = diffusion.flux(self.c, None, diffusivity)
        if stress_driven:
            # ideal mixing: the two diffusivities are one
            c_max, temperature = self._constant(options.maximum_concentration), self._constant(options.temperature)
            flux = diffusion.flux(self.c, c_max, diffusivity, diffusivity, volume * s, temperature)
        inflow = self._constant(options.current_density / FARADAY) * q * domain.ds("surface")
        rate = options.current_density / FARADAY
        largest_strain = options.partial_molar_volume * rate * options.radius / options.diffusivity
        stress = options.young_modulus * largest_strain
        fields = [
            algebra.Field(
                self.c,
                diffusion.balance((self.c - self.history) / self.tau, q, flux, dx) - inflow,
                rate * options.radius**2,
            ),
            algebra.Field(self.u, mechanics.residual(law, self.u, v, dx, eigenstrain), stress * options.radius**2),
        ]
        if stress_driven:
            sigma_h = law.hydrostatic_stress(self.u, eigenstrain)
            fields.append(
                algebra.Field(s, diffusion.hydrostatic_residual(s, t, sigma_h, dx), stress * options.radius**3)
            )
        space = self.u.function_space
        fixed = [(self.u, domain.dofs(space, name, [axis])) for axis, name in enumerate(("axis", "equator"))]
        self.system = algebra.System(domain, fields, algebra.Constraints(fixed), algebra.DIRECT)
        self.newton = self.linear = 0
        self._past = [self.c.x.array.copy()]

    def advance(self, steps: int) -> float:
        """Make time steps of equal length, the very first by Euler's scheme; return the seconds they took."""
        return timed(self.comm, lambda: self._advance(steps))[1]

    def _advance(self, steps: int) -> None:
        for _ in range(steps):
            self._step()

    def _step(self) -> None:
        step = self.options.radius**2 / self.options.diffusivity / self.options.steps
        scheme = euler(step) if len(self._past) == 1 else bdf2(step, step)
        self.tau.value = scheme.tau
        self.history.x.array[:] = scheme.history(self._past)
        report = self.system.solve()
        self.newton += report.newton
        self.linear += report.linear
        self._past = [self.c.x.array.copy(), self._past[0]]

    def hoop_stresses(self) -> tuple[float, float]:
        """Return the hoop stress at the centre and at the surface [Pa]."""
        mesh = self.side.mesh
        law = mechanics.Axisymmetric.constant(mesh, self.options.young_modulus, self.options.poisson_ratio)
        eigenstrain = diffusion.eigenstrain(self.c, self.start, self.options.partial_molar_volume)
        centroids = fem.Function(fem.functionspace(mesh, ("DG", 0)))
        stress = law.stress(self.u, eigenstrain)[2, 2]
        centroids.interpolate(expression_at_points(stress, centroids.function_space))
        owned = centroids.function_space.dofmap.index_map.size_local
        points = centroids.function_space.tabulate_dof_coordinates()[:owned]
        parts = self.comm.allgather((points, centroids.x.array[:owned]))
        points, values = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
        fit = np.polynomial.Polynomial.fit((points**2).sum(axis=1) / self.options.radius**2, values, FIT)
        return float(fit(0.0)), float(fit(1.0))

    def _constant(self, value: float) -> fem.Constant:
        return fem.Constant(self.domain.mesh, np.float64(value))


def radial_reference(options: Options) -> tuple[float, float]:
    """Return the hoop stress [Pa] at the centre and at the surface with the flux that stress drives.

    In a sphere σ_h = k (c̄ − c), k = 2EΩ/9(1−ν), with the mean c̄ of all of the sphere: what stress drives is diffusion
    with D kΩ c (1−θ)/RT. Finite volumes in shells. Stresses: Y.-T. Cheng, M. W. Verbrugge, J. Appl. Phys. 104, 083521
    (2008), eq. 12, 13.
    """
    edges = np.linspace(0.0, options.radius, REFERENCE_CELLS + 1)
    volumes, areas = np.diff(edges**3) / 3, edges**2
    stiffness = options.young_modulus * options.partial_molar_volume / (9 * (1 - options.poisson_ratio))
    driven = 2 * stiffness * options.partial_molar_volume / (GAS_CONSTANT * options.temperature)

    def enhanced(c: Array) -> Array:
        return 1 + driven * np.maximum(c * (1 - c / options.maximum_concentration), 0.0)

    def rate(_: float, c: Array) -> Array:
        inner = -options.diffusivity * enhanced((c[1:] + c[:-1]) / 2) * np.diff(c) / (edges[1] - edges[0])
        outward = np.concatenate([[0.0], inner, [-options.current_density / FARADAY]]) * areas
        return -np.diff(outward) / volumes

    start = np.full(REFERENCE_CELLS, options.initial_stoichiometry * options.maximum_concentration)
    time = options.radius**2 / options.diffusivity
    bands = {"lband": 1, "uband": 1}
    c = solve_ivp(rate, (0.0, time), start, "LSODA", [time], rtol=1e-9, atol=1e-6, **bands).y[:, -1]
    mean = float(c @ volumes / volumes.sum())
    # ∂c/∂r vanishes at the centre and follows from the flux at the surface
    slope = options.current_density / (FARADAY * options.diffusivity * enhanced(c[-1]))
    surface = c[-1] + slope * (edges[1] - edges[0]) / 2
    return 2 * stiffness * (mean - float(c[0])), 3 * stiffness * (mean - surface)


if __name__ == "__main__":
    from interstice.benchmarks.command import script

    script(NAME)
