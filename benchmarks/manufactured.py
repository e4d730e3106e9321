"""Manufactured solutions: every coupled block against a smooth solution that sources and boundary fluxes were made for.

The sources come from the equations in their strong form, written down here once more. Fields are linear on triangles,
whose irregular mesh is refined by halving. Time steps have two lengths in turn, and are halved as well.

Space: the solution changes linearly with time, so that one step makes no error in time; the norm of the error is the
root of ∫ e² dx, on the interface at its nodes. Time: on the coarsest mesh, with the scheme BDF2 begun by one step of
Euler's; what two numbers of steps differ by falls as the error in time does, whatever the error in space.

Where stress drives the flux, displacements are quadratic. With linear ones the stress is uniform in each element; its
nodal values, the means around nodes, have a gradient that is off by the same share on every mesh along the boundary and
lines of irregular nodes. These are fewer and fewer, so that concentrations converge with order 1.5 at last; what is
found on the way there is listed and not judged. (Their errors are of the size of those with quadratic displacements.)
Kinetics much faster than conduction lower the order of j, which then is the flux out of the bodies, to 1.5 likewise.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from types import ModuleType
from typing import Any

import gmsh
import numpy as np
import numpy.typing as npt
import ufl
from dolfinx import fem
from mpi4py import MPI
from pydantic import Field

from interstice.benchmarks.options import Order, Parameters
from interstice.benchmarks.report import Cost, Result, peak_memory, timed
from interstice.materials.function import Formula
from interstice.meshes.tagged import from_gmsh
from interstice.schema.expression import Expression
from interstice.solver import algebra
from interstice.solver.constants import FARADAY, GAS_CONSTANT
from interstice.solver.domain import Domain
from interstice.solver.interface import kinetics
from interstice.solver.physics import binary, conduction, diffusion, mechanics
from interstice.solver.time_scheme import bdf2, euler

Array = npt.NDArray[np.float64]

NAME = "manufactured"
SIDES = ("upper", "lower")
FACES = ("left", "right", "far")
"""Outer boundaries of each body; the last is that away from the interface."""
UNLIKE = (1.0, 1.5)
"""Lengths of two successive time steps over the first of them."""
STEP = 0.1
"""The one step in space, over the time of diffusion; the solution is at g(t) = STEP then."""
EXPECTED = 2.0


class Options(Parameters):
    """The bodies, what they are made of, and the meshes."""

    length: float = Field(1e-6, gt=0)
    """edge of each of the two square bodies [m]"""
    young_modulus: float = Field(100e9, gt=0)
    """Young's modulus [Pa]"""
    poisson_ratio: float = Field(0.3, gt=-1, lt=0.5)
    """Poisson's ratio"""
    partial_molar_volume: float = Field(2e-6)
    """partial molar volume of lithium, at half filling [m³/mol]"""
    diffusivity: float = Field(1e-14, gt=0)
    """tracer diffusivity of the host, when empty [m²/s]"""
    salt_diffusivity: float = Field(1e-11, gt=0)
    """diffusivity of the salt [m²/s]"""
    conductivity: float = Field(0.1, gt=0)
    """conductivity of electrons and of ions [S/m]"""
    exchange_current_density: float = Field(10.0, gt=0)
    """exchange current density at half filling [A/m²]"""
    film_resistance: float = Field(1e-3, ge=0)
    """resistance of the film on the interface [Ω m²]"""
    transference_number: float = Field(0.3, gt=0, le=1)
    """transference number of Li⁺ in the binary electrolyte"""
    temperature: float = Field(298.15, gt=0)
    """temperature [K]"""
    elements: int = Field(8, ge=2)
    """elements per length of the coarsest mesh"""
    levels: int = Field(4, ge=3)
    """number of meshes, each twice as fine as the one before"""
    steps: int = Field(64, ge=4, multiple_of=2)
    """least number of time steps; twice and four times as many are made, too"""


C_MAX, SALT, FACTOR = 5e4, 1e3, 1.5
"""Lithium of the full host and salt of the electrolyte [mol/m³], thermodynamic factor of the salt."""
STRAIN = 5e-3
"""Displacements over the length of the bodies."""


def run(options: Options, comm: MPI.Comm) -> Result:
    """Refine meshes and time steps for every block and compare the orders of convergence."""
    orders: dict[str, float] = {}
    expected: dict[str, float] = {}
    cost = Cost(0, 0, 0, 0.0, 0.0, 0.0)
    for name, block in BLOCKS.items():
        errors = []
        for level in range(options.levels):
            problem = block.build(options, _domain(options, comm, level, block.order))
            report, tied = timed(comm, problem.solve_in_space)
            errors.append(problem.errors())
            cost = Cost(
                max(cost.unknowns, problem.system.unknowns),
                cost.newton + report.newton,
                cost.linear_iterations + report.linear,
                peak_memory(comm),
                cost.solve + tied,
                tied,
            )
            problem.system.destroy()
        found = {f"{name}: {unknown} in space": _order([e[unknown] for e in errors[-2:]]) for unknown in errors[0]}
        problem = block.build(options, _domain(options, comm, 0, block.order))
        if problem.rates:
            in_time = _orders_in_time(problem, options.steps)
            found |= {f"{name}: {unknown} in time": order for unknown, order in in_time.items()}
        problem.system.destroy()
        orders |= found
        expected |= dict.fromkeys(found, EXPECTED) if block.known else {}
    deviations = [orders[key] - order for key, order in expected.items()]
    return Result(NAME, options.model_dump(), orders, expected, {"order": max(deviations, key=abs)}, cost)


def _order(errors: Sequence[float]) -> float:
    """Return the order at which the last of the errors, each at half the size of the one before, fall."""
    return float(np.log2(errors[-2] / errors[-1]))


def _orders_in_time(problem: Problem, steps: int) -> dict[str, float]:
    """Return the order in time of every unknown, from three numbers of steps."""
    ends = [problem.march(steps * factor) for factor in (1, 2, 4)]
    differences = [[_largest(problem, b - a) for a, b in zip(*pair, strict=True)] for pair in pairwise(ends)]
    return {unknown.function.name: _order(pair) for unknown, *pair in zip(problem.unknowns, *differences, strict=True)}


def _largest(problem: Problem, values: Array) -> float:
    """Return the largest absolute value over all ranks."""
    return problem.domain.mesh.comm.allreduce(float(np.abs(values).max(initial=0.0)), op=MPI.MAX)


# --- the exact solutions ---------------------------------------------------------------------------

Exact = Callable[[Any, Any, Any, ModuleType], Any]
"""Values at x/L, y/L and g(t), with the functions of NumPy or of UFL."""


def _wave(phase: float) -> Exact:
    """Return a smooth function of size one, different for every `phase`."""

    def wave(x: Any, y: Any, g: Any, m: ModuleType) -> Any:
        steady = m.cos(2.2 * x + phase) * m.cos(1.9 * y + 2 * phase)
        return 0.6 * steady + 0.4 * g * m.cos(1.7 * x + 3 * phase) * m.cos(2.4 * y + phase)

    return wave


def _scaled(mean: float, amplitude: float, phase: float) -> Exact:
    wave = _wave(phase)
    return lambda x, y, g, m: mean + amplitude * wave(x, y, g, m)


LITHIUM, SALT_CONCENTRATION = _scaled(0.5 * C_MAX, 0.25 * C_MAX, 0.3), _scaled(SALT, 0.4 * SALT, 0.5)
ELECTRONIC, IONIC, ALONE = _scaled(3.85, 0.03, 0.2), _scaled(0.0, 0.03, 0.9), _scaled(0.0, 0.05, 0.7)


def _displacement(options: Options) -> Exact:
    """Return displacements [m]."""
    first, second = (_scaled(0.0, STRAIN * options.length, phase) for phase in (0.4, 1.2))
    return lambda x, y, g, m: (first(x, y, g, m), second(x, y, g, m))


def _potential(theta: Any) -> Any:
    """Return U(θ) [V], whose thermodynamic factor varies."""
    return 4.0 - 0.3 * theta - 0.02 * ufl.ln(theta / (1 - theta))


# --- what all blocks share -------------------------------------------------------------------------


@dataclass(frozen=True)
class Draw:
    """Draws two unit squares, one on the other, in elements that are halved `level` times."""

    elements: int
    level: int

    def __call__(self) -> None:
        occ = gmsh.model.occ
        bodies = [(2, occ.addRectangle(0, low, 0, 1, 1)) for low in (0, -1)]
        occ.fragment(bodies[:1], bodies[1:])
        occ.synchronize()
        for _, tag in gmsh.model.getEntities(2):
            low, high = np.reshape(gmsh.model.getBoundingBox(2, tag), (2, 3))
            name = SIDES[0] if low[1] + high[1] > 0 else SIDES[1]
            gmsh.model.addPhysicalGroup(2, [tag], name=name)
            for _, edge in gmsh.model.getBoundary([(2, tag)], oriented=False):
                corners = np.reshape(gmsh.model.getBoundingBox(1, edge), (2, 3))
                x, y, _ = corners.mean(axis=0)
                if abs(y) > 0.1:
                    face = "far" if abs(y) > 0.9 else "left" if x < 0.5 else "right"
                    gmsh.model.addPhysicalGroup(1, [edge], name=f"{name}_{face}")
                elif name == SIDES[0]:
                    gmsh.model.addPhysicalGroup(1, [edge], name="/".join(SIDES))
        gmsh.option.setNumber("Mesh.MeshSizeMax", 1 / self.elements)
        gmsh.model.mesh.generate(2)
        for _ in range(self.level):
            gmsh.model.mesh.refine()


@dataclass
class Unknown:
    """A field, its exact values, and the measure of its error."""

    function: fem.Function
    exact: Exact
    dx: ufl.Measure


class Problem:
    """A block on one mesh: its equations, its exact solution, and how it is solved.

    `g` is what solutions depend on, `rate` its rate [1/s], `tau` that of the time scheme [s]. `rates` are the functions
    with a rate and their histories; `held` the unknowns that are exact on a far boundary, each with its dofs there.
    """

    def __init__(self, options: Options, domain: Domain, diffusivity: float | None = None) -> None:
        """Begin with no unknown; the solution changes in the diffusion time of `diffusivity`, or that of the host."""
        self.options, self.domain = options, domain
        self.g, self.rate, self.tau = (self.constant(value) for value in (0.0, 0.0, 1.0))
        self._variable = ufl.variable(self.g)
        self.duration = options.length**2 / (diffusivity or options.diffusivity)
        self.unknowns: list[Unknown] = []
        self.rates: list[tuple[fem.Function, fem.Function]] = []
        self.fields: list[algebra.Field] = []
        self.held: list[tuple[Unknown, Any]] = []
        self.n = ufl.FacetNormal(domain.mesh)
        self.interface = domain.interfaces[SIDES]
        self.volume = Formula(Expression("1 + 0.8*(theta - 0.5)"), options.partial_molar_volume)
        self.law = mechanics.Elasticity.constant(domain.mesh, options.young_modulus, options.poisson_ratio)

    def constant(self, value: float) -> fem.Constant:
        """Return a constant of the mesh."""
        return fem.Constant(self.domain.mesh, np.float64(value))

    def dx(self, name: str) -> ufl.Measure:
        """Return the volume measure in which the program takes its residuals."""
        return self.domain.dx(self.domain.sides[name], degree=2)

    def unknown(
        self, label: str, name: str, exact: Exact, held: bool = False, degree: int = 1
    ) -> tuple[fem.Function, Any, Any]:
        """Add an unknown on a body; return it, its test function and its exact values in UFL."""
        side = self.domain.sides[name]
        value = self.exact(exact)
        function = fem.Function(side.space(degree, ufl.as_ufl(value).ufl_shape), name=label)
        self.unknowns.append(Unknown(function, exact, self.domain.dx(side, degree=6)))
        if held:
            space = function.function_space
            far = self.domain.dofs(space, f"{name}_far", range(space.dofmap.bs))
            self.held.append((self.unknowns[-1], far))
        return function, ufl.TestFunction(function.function_space), value

    def exact(self, exact: Exact) -> Any:
        """Return exact values in UFL."""
        values = exact(*self._place, self._variable, ufl)
        return ufl.as_vector(values) if isinstance(values, tuple) else values

    def changing(self, function: fem.Function) -> fem.Function:
        """Return the history of a function with a rate."""
        history = fem.Function(function.function_space, name="history")
        self.rates.append((function, history))
        return history

    def d_dt(self, value: Any) -> Any:
        """Return the rate of an exact value."""
        return ufl.diff(value, self._variable) * self.rate

    def source(self, f: Any, flux: Any, test: Any, name: str, held: bool = False) -> ufl.Form:
        """Return −∫ f t dx + ∫ flux·n t ds over the outer boundaries, without the far one where it is `held`."""
        degree = {"quadrature_degree": 4}
        form = -ufl.inner(f, test) * self.dx(name)
        for face in FACES[: 2 if held else 3]:
            form += ufl.inner(ufl.dot(flux, self.n), test) * self.domain.ds(f"{name}_{face}")(metadata=degree)
        return form

    def through_interface(self, flux: Any, test: Any, name: str = "upper") -> ufl.Form:
        """Return ∫ flux·n t dS of a body."""
        flux, n, test = (self.interface.restrict(f, self.domain.sides[name]) for f in (flux, self.n, test))
        return ufl.inner(ufl.dot(flux, n), test) * self.interface.dS

    def add(self, function: fem.Function, residual: ufl.Form, magnitude: float) -> None:
        """Add an equation; `magnitude` is a typical flux times the length."""
        self.fields.append(algebra.Field(function, residual, magnitude))

    def close(self) -> Problem:
        """Set up what solves the equations; return self."""
        constraints = algebra.Constraints([(unknown.function, dofs) for unknown, dofs in self.held])
        self.system = algebra.System(self.domain, self.fields, constraints, algebra.DIRECT)
        self._norms = [
            self.domain.form(ufl.inner(e, e) * unknown.dx)
            for unknown in self.unknowns
            for e in [self._seen(unknown) - self.exact(unknown.exact)]
        ]
        return self

    def solve_in_space(self) -> algebra.Report:
        """Make one step of a solution that is linear in time, from exact values."""
        step = STEP * self.duration
        self.tau.value, self.rate.value = step, 1 / self.duration
        self._start()
        for function, history in self.rates:
            history.x.array[:] = function.x.array
        return self._solve(STEP)

    def march(self, steps: int) -> list[Array]:
        """Go through the duration in steps of two lengths; return the values of all unknowns in the end."""
        lengths = np.tile(UNLIKE, steps // 2) * 2 / sum(UNLIKE) * self.duration / steps
        self._start()
        past = [[function.x.array.copy() for function, _ in self.rates]]
        for i, end in enumerate(np.cumsum(lengths)):
            scheme = bdf2(lengths[i], lengths[i - 1]) if i else euler(lengths[i])
            phase = end / self.duration
            self.tau.value = scheme.tau
            self.rate.value = np.cos(phase) / self.duration
            for (_, history), *values in zip(self.rates, *past, strict=True):
                history.x.array[:] = scheme.history(values)
            self._solve(np.sin(phase))
            past = [[function.x.array.copy() for function, _ in self.rates], *past[:1]]
        return [unknown.function.x.array.copy() for unknown in self.unknowns]

    def errors(self) -> dict[str, float]:
        """Return the norm of the error of each unknown, by its name."""
        norms = [np.sqrt(self.domain.integrate(form)) for form in self._norms]
        return {unknown.function.name: norm for unknown, norm in zip(self.unknowns, norms, strict=True)}

    @property
    def _place(self) -> tuple[Any, Any]:
        x = ufl.SpatialCoordinate(self.domain.mesh) / self.options.length
        return x[0], x[1]

    def _seen(self, unknown: Unknown) -> Any:
        on_interface = unknown.function.function_space.mesh is self.interface.mesh
        return unknown.function("+") if on_interface else unknown.function

    def _values(self, unknown: Unknown) -> Array:
        points = unknown.function.function_space.tabulate_dof_coordinates() / self.options.length
        values = unknown.exact(points[:, 0], points[:, 1], float(self.g.value), np)
        return np.stack(values, axis=1).ravel() if isinstance(values, tuple) else values

    def _start(self) -> None:
        self.g.value = 0.0
        for unknown in self.unknowns:
            unknown.function.x.array[:] = self._values(unknown)

    def _solve(self, g: float) -> algebra.Report:
        self.g.value = g
        for unknown, dofs in self.held:
            unknown.function.x.array[dofs] = self._values(unknown)[dofs]
        return self.system.solve()


# --- the blocks ------------------------------------------------------------------------------------


def _mechanics(options: Options, domain: Domain) -> Problem:
    """∇·σ = 0 with the eigenstrain of a given concentration."""
    problem = Problem(options, domain)
    c = fem.Function(domain.sides["upper"].space(), name="c")
    c.interpolate(lambda x: LITHIUM(x[0] / options.length, x[1] / options.length, STEP, np))
    _add_mechanics(problem, c, problem.exact(LITHIUM))
    return problem.close()


def _diffusion(options: Options, domain: Domain) -> Problem:
    """∂c/∂t = ∇·(M ∇μ), μ = −F U."""
    problem = Problem(options, domain)
    _add_lithium(problem)
    return problem.close()


def _chemo_mechanics(options: Options, domain: Domain) -> Problem:
    """The same with μ = −F U − Ω σ_h, and mechanics."""
    problem = Problem(options, domain)
    s = fem.Function(domain.sides["upper"].space(), name="s")
    c, _, c_exact = _add_lithium(problem, s)
    _add_mechanics(problem, c, c_exact, s)
    return problem.close()


def _conduction(options: Options, domain: Domain) -> Problem:
    """∇·(κ ∇φ) = 0."""
    problem = Problem(options, domain)
    _add_conductor(problem, "phi_e", "upper", ALONE)
    return problem.close()


def _kinetics(options: Options, domain: Domain) -> Problem:
    """Butler–Volmer behind a film between a host and a single-ion conductor."""
    problem = Problem(options, domain)
    interface, dS = problem.interface, problem.interface.dS
    c, q, c_exact = _add_lithium(problem)
    phi_e, psi_e, phi_e_exact = _add_conductor(problem, "phi_e", "upper", ELECTRONIC)
    phi_s, psi_s, phi_s_exact = _add_conductor(problem, "phi_s", "lower", IONIC)
    j, t = interface.function("j"), ufl.TestFunction(interface.space)
    current = _scaled(options.exchange_current_density, 0.5 * options.exchange_current_density, 1.4)
    problem.unknowns.append(Unknown(j, current, dS))
    j_exact = problem.exact(current)

    def law(eta: Any, theta: Any) -> Any:
        reference, temperature = (problem.constant(x) for x in (options.exchange_current_density, options.temperature))
        return kinetics.butler_volmer(kinetics.exchange_current_density(theta, reference), eta, temperature, 0.4, 0.6)

    resistance, active = problem.constant(options.film_resistance), problem.constant(1.0)
    theta = c("+") / C_MAX
    eta = phi_e("+") - phi_s("-") - _potential(theta)
    film = kinetics.film_residual(j("+"), t("+"), active, lambda eta: law(eta, theta), eta, resistance, dS)
    # the coordinates, and so the exact values, are the same from both sides
    theta_exact = c_exact / C_MAX
    eta_exact = phi_e_exact - phi_s_exact - _potential(theta_exact)
    missing = j_exact - law(eta_exact - resistance * j_exact, theta_exact)
    film -= missing("+") * t("+") * dS

    crossing = [
        (j("+") - j_exact("+")) / FARADAY * q("+") * dS,
        (j("+") - j_exact("+")) * psi_e("+") * dS,
        -(j("+") - j_exact("+")) * psi_s("-") * dS,
    ]
    for equation, form in zip(problem.fields, crossing, strict=True):
        equation.residual += form
    problem.add(j, film, options.exchange_current_density * options.length)
    return problem.close()


def _binary(options: Options, domain: Domain) -> Problem:
    """∂c/∂t = −∇·N₋, ∇·i = 0 of a binary salt, whose conductivity depends on its concentration."""
    problem = Problem(options, domain, options.salt_diffusivity)
    c, q, c_exact = problem.unknown("c_s", "upper", SALT_CONCENTRATION, held=True)
    phi, psi, phi_exact = problem.unknown("phi_s", "upper", ALONE, held=True)
    history = problem.changing(c)
    diffusivity, transference, temperature = (
        problem.constant(x) for x in (options.salt_diffusivity, options.transference_number, options.temperature)
    )

    def kappa(c: Any) -> Any:
        return problem.constant(options.conductivity) * (0.3 + c / SALT)

    law = binary.BinaryElectrolyte(diffusivity, kappa(c), transference, temperature, FACTOR)
    dx = problem.dx("upper")
    salt = binary.salt_residual(law, c, (c - history) / problem.tau, phi, q, dx)
    charge = binary.charge_residual(law, c, phi, psi, dx)

    voltage = 2 * GAS_CONSTANT * temperature / FARADAY * (1 - transference) * FACTOR
    current = kappa(c_exact) * (voltage * ufl.grad(ufl.ln(c_exact)) - ufl.grad(phi_exact))
    anions = -diffusivity * ufl.grad(c_exact) - (1 - transference) * current / FARADAY
    salt += problem.source(problem.d_dt(c_exact) + ufl.div(anions), anions, q, "upper", held=True)
    salt += problem.through_interface(anions, q)
    charge += problem.source(ufl.div(current), current, psi, "upper", held=True)
    charge += problem.through_interface(current, psi)
    problem.add(c, salt, SALT * options.salt_diffusivity)
    problem.add(phi, charge, options.conductivity * 0.1)
    return problem.close()


@dataclass(frozen=True)
class Block:
    """How a block is built, the order of its displacements, and whether its orders of convergence are known."""

    build: Callable[[Options, Domain], Problem]
    order: Order = 1
    known: bool = True


BLOCKS = {
    "mechanics": Block(_mechanics),
    "diffusion": Block(_diffusion),
    "chemo-mechanics": Block(_chemo_mechanics, order=2),
    "chemo-mechanics, linear displacements": Block(_chemo_mechanics, known=False),
    "conduction": Block(_conduction),
    "kinetics": Block(_kinetics),
    "binary electrolyte": Block(_binary),
}


def _add_lithium(problem: Problem, s: fem.Function | None = None) -> tuple[fem.Function, Any, Any]:
    """Add the concentration of the host; return it, its test function and its exact values.

    With the nodal stress `s` the flux is driven by it, too, and the exact one by the exact displacement.
    """
    options = problem.options
    c, q, exact = problem.unknown("c", "upper", LITHIUM)
    theta, temperature = c / C_MAX, problem.constant(options.temperature)

    def tracer_diffusivity(theta: Any) -> Any:
        return problem.constant(options.diffusivity) * (1 - 0.5 * theta)

    factor = diffusion.thermodynamic_factor(_potential, theta, temperature)
    chemical, tracer = diffusion.diffusivities(tracer_diffusivity(theta), factor, "tracer")
    driving = 0.0 if s is None else problem.volume(theta) * s
    flux = diffusion.flux(c, C_MAX, chemical, tracer, driving, temperature)
    residual = diffusion.balance((c - problem.changing(c)) / problem.tau, q, flux, problem.dx("upper"))

    theta = exact / C_MAX
    mu = -FARADAY * _potential(theta)
    if s is not None:
        u = problem.exact(_displacement(options))
        mu -= options.partial_molar_volume * (0.6 + 0.8 * theta) * _hydrostatic_stress(problem, u, exact)
    mobility = tracer_diffusivity(theta) * exact * (1 - theta) / (GAS_CONSTANT * temperature)
    true_flux = -mobility * ufl.grad(mu)
    residual += problem.source(problem.d_dt(exact) + ufl.div(true_flux), true_flux, q, "upper")
    residual += problem.through_interface(true_flux, q)
    problem.add(c, residual, C_MAX * options.diffusivity)
    return c, q, exact


def _add_mechanics(problem: Problem, c: fem.Function, c_exact: Any, s: fem.Function | None = None) -> None:
    """Add the displacement under the eigenstrain of `c`, and the equation of the nodal stress `s`, if any."""
    options = problem.options
    u, v, u_exact = problem.unknown("u", "upper", _displacement(options), held=True, degree=problem.domain.order)
    eigenstrain = diffusion.eigenstrain(c, 0.5 * C_MAX, problem.volume, C_MAX)
    dx = problem.dx("upper")
    residual = mechanics.residual(problem.law, u, v, dx, eigenstrain)
    identity = ufl.Identity(2)
    strain = ufl.sym(ufl.grad(u_exact))
    shear = options.young_modulus / (2 * (1 + options.poisson_ratio))
    deviator = strain - ufl.tr(strain) / 3 * identity
    stress = _hydrostatic_stress(problem, u_exact, c_exact) * identity + 2 * shear * deviator
    residual += problem.source(-ufl.div(stress), -stress, v, "upper", held=True)
    residual += problem.through_interface(-stress, v)
    problem.add(u, residual, STRAIN * options.young_modulus * options.length)
    if s is not None:
        sigma_h = problem.law.hydrostatic_stress(u, eigenstrain)
        t = ufl.TestFunction(s.function_space)
        nodal = diffusion.hydrostatic_residual(s, t, sigma_h, dx)
        problem.add(s, nodal, STRAIN * options.young_modulus * options.length**2)


def _hydrostatic_stress(problem: Problem, u: Any, c: Any) -> Any:
    """Return σ_h = K (∇·u − 3e) [Pa] of exact values, with e = ∫ Ω/3 dc from half filling on."""
    options = problem.options
    bulk = options.young_modulus / (3 * (1 - 2 * options.poisson_ratio))
    filled = c / C_MAX - 0.5
    swelling = C_MAX * options.partial_molar_volume * (filled + 0.4 * filled**2)
    return bulk * (ufl.div(u) - swelling)


def _add_conductor(problem: Problem, label: str, name: str, exact: Exact) -> tuple[fem.Function, Any, Any]:
    """Add the potential of a body; return it, its test function and its exact values."""
    kappa = problem.constant(problem.options.conductivity)
    phi, psi, phi_exact = problem.unknown(label, name, exact, held=True)
    current = -kappa * ufl.grad(phi_exact)
    residual = conduction.residual(phi, psi, kappa, problem.dx(name))
    residual += problem.source(ufl.div(current), current, psi, name, held=True)
    residual += problem.through_interface(current, psi, name)
    problem.add(phi, residual, problem.options.conductivity * 0.1)
    return phi, psi, phi_exact


def _domain(options: Options, comm: MPI.Comm, level: int, order: int) -> Domain:
    return Domain(from_gmsh(comm, Draw(options.elements, level), unit=options.length), order)


if __name__ == "__main__":
    from interstice.benchmarks.command import script

    script(NAME)
