"""Traction against separation: a bond opened, slid, unloaded, pressed and broken between two stiff blocks.

The blocks are periodic and held at top and bottom, so that opening and traction are uniform. Each state of the path is
asked for by the displacement of the top that belongs to its traction according to the law; the traction found is the
reaction of the top, the opening that of the interface. The work is integrated by Gauss' rule along the path.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import ufl
from mpi4py import MPI
from pydantic import Field
from scipy.integrate import quad
from scipy.optimize import minimize_scalar

from interstice.benchmarks.blocks import SIDES, Array, Box
from interstice.benchmarks.options import Dimension, Order, Parameters
from interstice.benchmarks.pair import Pair, tied
from interstice.benchmarks.report import Cost, Result, peak_memory, seconds_glued, timed
from interstice.schema.interface import AUGMENTATION
from interstice.solver import algebra
from interstice.solver.domain import Domain
from interstice.solver.interface.bilinear import Bilinear
from interstice.solver.interface.cohesive import CohesiveBond, Law
from interstice.solver.interface.contact import Contact
from interstice.solver.interface.exponential import Exponential
from interstice.solver.interface.mixity import BenzeggaghKenane, Limits, PowerLaw
from interstice.solver.interface.trapezoidal import Trapezoidal
from interstice.solver.physics import mechanics

NAME = "traction-separation"
STIFFER = 10.0
"""Stiffness of the blocks over that of the bond."""
GAUSS = 8
"""Gauss points on each smooth piece of the path."""
PIECES = 6
"""Smooth pieces of the envelope of an exponential law."""


class BondParameters(Parameters):
    """What benchmarks of a uniform bond share."""

    dimension: Dimension = 2
    """2 (plane strain) or 3"""
    elements: int = Field(1, ge=1)
    """elements along the interface"""
    order: Order = 1
    """1, or 2 for quadratic displacements"""
    length: float = Field(1e-6, gt=0)
    """edge of each block [m]"""
    normal_strength: float = Field(20e6, gt=0)
    """strength in opening [Pa]"""
    shear_strength: float = Field(30e6, gt=0)
    """strength in sliding [Pa]"""
    mixity_law: Literal["benzeggagh_kenane", "power"] = "benzeggagh_kenane"
    """how energies depend on the mode mixity"""
    exponent: float = Field(2.0, gt=0)
    """exponent of the mixity law"""

    def limits(self, normal_toughness: float, shear_toughness: float) -> Limits:
        """Return strengths and these toughnesses [J/m²] with the mixity law."""
        mixity = BenzeggaghKenane(self.exponent) if self.mixity_law == "benzeggagh_kenane" else PowerLaw(self.exponent)
        return Limits(self.normal_strength, self.shear_strength, normal_toughness, shear_toughness, mixity)

    def interpolate(self, first: float, second: float, mixity: float) -> float:
        """Return the energy at a mixity from those of both modes, written out once more."""
        if self.mixity_law == "benzeggagh_kenane":
            return first + (second - first) * mixity**self.exponent
        if mixity in (0.0, 1.0):
            return second if mixity else first
        return ((first / (1 - mixity)) ** -self.exponent + (second / mixity) ** -self.exponent) ** (-1 / self.exponent)


class Options(BondParameters):
    """The law and the path along which it is followed."""

    law: Literal["bilinear", "exponential", "trapezoidal"] = "bilinear"
    """form of the traction–separation law"""
    mixity: float = Field(0.4, ge=0, le=1)
    """share of sliding in the energy release rate"""
    path: Literal["monotonic", "cycles", "random"] = "cycles"
    """to failure: straight, with three unloadings and one press, or with ten at random"""
    seed: int = Field(0, ge=0)
    """of the random path"""
    normal_toughness: float = Field(2.0, gt=0)
    """toughness in opening [J/m²]"""
    shear_toughness: float = Field(5.0, gt=0)
    """toughness in sliding [J/m²]"""
    stiffness: float | None = Field(None, gt=0)
    """initial stiffness K_n [Pa/m]; chosen for an onset at a fiftieth of the end; not of the exponential law"""
    stiffness_ratio: float | None = Field(None, gt=0)
    """K_t/K_n; chosen for onset and end in one proportion in both modes; not of the exponential law"""
    plateau: float = Field(0.4, ge=0, lt=1)
    """share of the plateau between onset and end; of the trapezoidal law"""


class Couple:
    """Two periodic blocks joined by a bond, held at top and bottom."""

    def __init__(
        self,
        options: BondParameters,
        law: Law,
        moduli: tuple[tuple[float, float], ...],
        traction: float,
        comm: MPI.Comm,
    ) -> None:
        """Mesh the blocks, of `moduli` (E [Pa], ν), and glue them with `law`; `traction` [Pa] is a typical one."""
        length, dimension = options.length, options.dimension
        self.comm, self.dimension, self.length, self.moduli = comm, dimension, length, moduli
        box = Box(dimension, length, length, length, [str(1 / options.elements)], periodic=True)
        self.domain = domain = Domain(box.mesh(comm), options.order)
        self.interface = domain.interfaces[SIDES]
        self.area = length ** (dimension - 1)
        self.pair = Pair(domain, moduli, traction * self.area, pressure=traction)
        self.u = self.pair.u
        self.contact = Contact(self.pair.face, AUGMENTATION[dimension])
        self.bond = CohesiveBond(self.pair.face, law)
        self.pair.parts += [self.contact, self.bond]
        self.bond.bond(np.ones(len(self.interface.areas.x.array), dtype=bool))
        self._law = law
        self.pair.constraints = self._constrain()
        self.system = self.pair.make_system(algebra.DIRECT)
        self._top = self.pair.dofs("upper", "top", range(dimension))
        self.newton = self.linear = 0

    @property
    def compliance(self) -> tuple[float, float]:
        """Displacement of the top against the bottom per traction, along and across the normal [m/Pa]."""
        shear = [E / (2 * (1 + nu)) for E, nu in self.moduli]
        uniaxial = [2 * mu * (1 - nu) / (1 - 2 * nu) for mu, (_, nu) in zip(shear, self.moduli, strict=True)]
        return self.length * sum(1 / M for M in uniaxial), self.length * sum(1 / mu for mu in shear)

    def move_top(self, normal: float, shear: float, tolerance: float = 1e-10) -> Array:
        """Raise the top by `normal` and slide the bottom against it by `shear` [m]; return the traction found [Pa].

        Its two components open and slide the interface as the displacements do.
        """
        displacement = np.zeros(self.dimension)
        displacement[0], displacement[-1] = -shear, normal
        self.u["upper"].x.array[self._top] = displacement[self._top % self.dimension]
        report = self.system.solve(self.contact.update, tolerance=tolerance, drift_tolerance=1e-12)
        self.newton += report.newton
        self.linear += report.linear
        return self.reaction()

    def reaction(self) -> Array:
        """Return the traction (normal, shear) [Pa] that holds the top."""
        residual = self.system.residual_array(0)
        owned = self._top[self._top < len(residual)]
        forces = [residual[owned[owned % self.dimension == axis]].sum() for axis in (self.dimension - 1, 0)]
        return self.comm.allreduce(np.array(forces)) * np.array([1.0, -1.0]) / self.area

    def opening(self) -> Array:
        """Return the mean opening (normal, shear) [m]."""
        components = self.bond.read().opening
        return np.array([self.mean(-components[:, -1]), self.mean(components[:, 0])])

    def mean(self, values: Array) -> float:
        """Return the mean of nodal values over the interface."""
        return self.interface.sum(values) / self.area

    def elastic_energy(self) -> float:
        """Return the elastic energy of both blocks [J]."""
        total = 0.0
        for name, pair in zip(SIDES, self.moduli, strict=True):
            u = self.u[name]
            law = mechanics.Elasticity.constant(self.domain.mesh, *pair)
            energy = ufl.inner(law.stress(u), ufl.sym(ufl.grad(u))) / 2 * self.domain.dx(self.domain.sides[name])
            total += self.domain.integrate(self.domain.form(energy))
        return total

    def solve_glued(self) -> float:
        """Return the seconds of one cold linear solve of the same mesh with an unharmed bond."""
        glued = tied(self.pair, self.domain.constant(self._law.stiffnesses[0]))
        for name, u in self.u.items():
            glued.u[name].x.array[:] = u.x.array
        return seconds_glued(glued.make_system(algebra.DIRECT))

    def measure(self, solve: Callable[[], Any]) -> Cost:
        """Run `solve`, all the equilibria of a benchmark, and the glued problem; return the cost."""
        _, seconds = timed(self.comm, solve)
        memory = peak_memory(self.comm)
        return Cost(self.system.unknowns, self.newton, self.linear, memory, seconds, self.solve_glued())

    def _constrain(self) -> algebra.Constraints:
        constraints = algebra.lateral(self.domain, self.u.values(), "periodic")
        for (name, u), face in zip(self.u.items(), ("top", "bottom"), strict=True):
            constraints.fixed.append((u, self.pair.dofs(name, face, range(self.dimension))))
        return constraints


@dataclass
class Reference:
    """The law at one mixity, from its definition: a curve T(λ) of given peak and area, unloaded to the origin.

    λ is the opening in mode I that stores the same energy, `stiffness` K_n [Pa/m]. `corners` [m] part the smooth pieces
    of the envelope, `share` turns λ into (normal, shear) openings, `traction_share` T into tractions; `peak` is the
    largest T [Pa].
    """

    stiffness: float
    corners: list[float]
    envelope: Callable[[float], float]
    share: Array
    traction_share: Array
    peak: float
    toughness: float
    largest: float = field(default=0.0, init=False)

    @property
    def strength(self) -> float:
        """The largest traction, as a vector [Pa]."""
        return self.peak * float(np.linalg.norm(self.traction_share))

    def traction(self, opening: float) -> float:
        """Return T [Pa] at λ = `opening` [m], which becomes history."""
        if opening < self.largest:
            return self.envelope(self.largest) * opening / self.largest
        self.largest = opening
        return self.envelope(opening)


def run(options: Options, comm: MPI.Comm) -> Result:
    """Follow the path; compare tractions with the law and the work with the toughness."""
    law = _law(options)
    reference = _reference(options)
    poisson = 0.25
    moduli = 2 * ((STIFFER * max(law.stiffnesses) * options.length, poisson),)
    couple = Couple(options, law, moduli, reference.strength, comm)
    traction_error = work = 0.0

    def follow() -> None:
        nonlocal traction_error, work
        for state in _path(options, reference):
            reference_traction = reference.traction(state.opening)
            opening = state.opening * reference.share * np.array([1.0, state.sign])
            traction = reference_traction * reference.traction_share * np.array([1.0, state.sign])
            traction[0] -= state.pressure
            found = couple.move_top(*(opening + np.array(couple.compliance) * traction))
            couple.bond.commit()
            # the work along the path belongs to the part of the traction that is not pressure
            along = (found + np.array([state.pressure, 0.0])) * np.array([1.0, state.sign])
            work += state.weight * float(along @ reference.share)
            scale = max(reference.strength, state.pressure)
            wrong = max(np.abs(found - traction).max(), abs(couple.mean(couple.contact.pressure) - state.pressure))
            traction_error = max(traction_error, wrong / scale)

    cost = couple.measure(follow)
    dissipated = couple.mean(couple.bond.dissipated.x.array)
    return Result(
        NAME,
        options.model_dump(),
        {
            "work [J/m^2]": work,
            "dissipated [J/m^2]": dissipated,
            "damage": couple.mean(couple.bond.damage_old.x.array),
        },
        {"work [J/m^2]": reference.toughness, "dissipated [J/m^2]": reference.toughness, "damage": 1.0},
        {
            "traction": float(traction_error),
            "dissipation": max(abs(value / reference.toughness - 1) for value in (work, dissipated)),
        },
        cost,
    )


@dataclass(frozen=True)
class State:
    """A state to go to: λ and the `sign` of sliding, its weight in the integral of T dλ [m], and the pressure [Pa]."""

    opening: float
    sign: float = 1.0
    weight: float = 0.0
    pressure: float = 0.0


def _path(options: Options, reference: Reference) -> Iterator[State]:
    """Yield the states of the path, to beyond failure; at its corners and at Gauss points between them."""
    end = reference.corners[-1]
    random = np.random.default_rng(options.seed)
    turns: list[tuple[float, float, float]] = []  # opening to load to and to unload to, over the end; pressure after
    if options.path == "cycles":
        turns = [(0.01, 0.0, 0.0), (0.3, 0.1, 0.0), (0.5, 0.0, 2.0), (0.7, 0.2, 0.0)]
    elif options.path == "random":
        for _ in range(10):
            high = random.uniform(0, 0.9)
            pressed = random.integers(2)
            turns.append((high, 0.0 if pressed else random.uniform(0, high), pressed * random.uniform(0.1, 5)))
    here, sign = 0.0, 1.0
    for high, low, pressure in [*turns, (1.1, 0.0, 5.0)]:
        yield from _piece(here, high * end, sign, reference)
        yield from _piece(high * end, low * end, sign, reference)
        here = low * end
        if here == 0.0:
            yield State(0.0, pressure=pressure * reference.strength)
            sign = -sign


def _piece(start: float, stop: float, sign: float, reference: Reference) -> Iterator[State]:
    """Yield the states from `start` to `stop`, both λ [m], through the Gauss points of every smooth piece."""
    points, weights = np.polynomial.legendre.leggauss(GAUSS)
    low, high = min(start, stop), max(start, stop)
    corners = sorted({low, high, *(x for x in (reference.largest, *reference.corners) if low < x < high)})
    if stop < start:
        corners.reverse()
    for first, second in pairwise(corners):
        middle, half = (first + second) / 2, (second - first) / 2
        for point, weight in zip(points, weights, strict=True):
            yield State(middle + half * point, sign, weight * half)
        yield State(second, sign)


def _law(options: Options) -> Law:
    limits = options.limits(options.normal_toughness, options.shear_toughness)
    if options.law == "exponential":
        return Exponential(limits)
    stiffnesses = _stiffnesses(options)
    if options.law == "bilinear":
        return Bilinear(limits, *stiffnesses)
    return Trapezoidal(limits, *stiffnesses, options.plateau)


def _stiffnesses(options: Options) -> tuple[float, float]:
    """Return K_n and K_t [Pa/m] of a law with an elastic part."""
    steepest = [
        strength**2 / toughness
        for strength, toughness in (
            (options.normal_strength, options.normal_toughness),
            (options.shear_strength, options.shear_toughness),
        )
    ]
    ratio = options.stiffness_ratio or steepest[1] / steepest[0]
    normal = options.stiffness or 25 * max(steepest[0], steepest[1] / ratio)
    return normal, ratio * normal


def _reference(options: Options) -> Reference:
    """Return the law at the mixity from its peak and its area."""
    B = options.mixity
    toughness = options.interpolate(options.normal_toughness, options.shear_toughness, B)
    if options.law == "exponential":
        shape, peak, area = _exponential_shape()
        # T = c λ f(λ/ℓ) with peak c ℓ P and area c ℓ² M
        stiffness, shear = (
            strength**2 / peak**2 * area / G
            for strength, G in (
                (options.normal_strength, options.normal_toughness),
                (options.shear_strength, options.shear_toughness),
            )
        )
        length = np.sqrt(toughness / (stiffness * area))
        largest = float(stiffness * length * peak)
        corners = [length * x for x in np.linspace(0, 10, PIECES + 1)[1:]]

        def envelope(opening: float) -> float:
            return stiffness * length * shape(opening / length)
    else:
        stiffness, shear = _stiffnesses(options)
        energies = (options.normal_strength**2 / (2 * stiffness), options.shear_strength**2 / (2 * shear))
        onset = np.sqrt(2 * options.interpolate(*energies, B) / stiffness)
        largest = float(stiffness * onset)
        plateau = options.plateau if options.law == "trapezoidal" else 0.0
        # the area is that of the trapezium with the sides λ_f and λ_p − λ_0 = s (λ_f − λ_0)
        end = (2 * toughness / largest + plateau * onset) / (1 + plateau)
        corners = [onset, onset + plateau * (end - onset), end]

        def envelope(opening: float) -> float:
            return float(np.interp(opening, [0.0, *corners], [0.0, largest, largest, 0.0]))

    ratio = np.sqrt(shear / stiffness)
    modes = np.sqrt([1 - B, B])
    share, traction_share = modes * np.array([1, 1 / ratio]), modes * np.array([1, ratio])
    return Reference(stiffness, corners, envelope, share, traction_share, largest, toughness)


def _exponential_shape() -> tuple[Callable[[float], float], float, float]:
    """Return x (e^−x − e^−10)/(1 − e^−10), zero beyond x = 10, its maximum and its area."""

    def shape(x: float) -> float:
        return x * max(np.exp(-x) - np.exp(-10.0), 0.0) / (1 - np.exp(-10.0))

    peak = -minimize_scalar(lambda x: -shape(x), bounds=(0.5, 1.5), method="bounded", options={"xatol": 1e-10}).fun
    return shape, peak, quad(shape, 0, 10, epsabs=0, epsrel=1e-12)[0]


if __name__ == "__main__":
    from interstice.benchmarks.command import script

    script(NAME)
