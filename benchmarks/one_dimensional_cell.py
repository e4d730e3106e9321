"""A cell of plane films as a one-dimensional problem in time, solved by SciPy at high resolution.

Independent of the finite-element program: it shares no line of it. Lateral uniformity leaves, in a film of thickness L
with x from its interface with the electrolyte (0) to its collector (L),

    ∂θ/∂t = ∂/∂x (D(θ) ∂θ/∂x),   c_max D ∂θ/∂x = j/F at x = 0,   ∂θ/∂x = 0 at x = L,

for j [A/m²] > 0 takes lithium out. Charge crosses the whole film, so that the potential of its collector against the
electrolyte at the interface is

    φ = U(θ_s) + η + (R_film + ∫ dx/σ(θ)) j,
    j = j_0 [exp(α_a F η/RT) − exp(−α_c F η/RT)],   j_0 = j_ref 2 √(θ_s (1 − θ_s)),

with the stoichiometry θ_s = θ(0). The cell is a cathode of such a film, an electrolyte of thickness L_s and
conductivity κ, and as its counter electrode lithium that stays at 0 V, or an anode, a second film through which −j
passes:

    V = φ_cathode(j) + j L_s/κ − φ_anode(−j).

Space is divided into the volumes between the midpoints of the nodes, which lie close at the interface; time is left to
an implicit solver of ordinary differential equations with error control.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.integrate import solve_ivp
from scipy.optimize import brentq
from scipy.sparse import diags

from interstice.solver.constants import FARADAY, GAS_CONSTANT

Array = npt.NDArray[np.float64]

NODES = 400
"""Nodes through a film."""
GRADING = 4.0
"""Logarithm of the largest over the smallest distance of nodes, the smallest at the interface."""
TOLERANCE = 1e-8
"""Error of θ that a time step may add: voltages of NMC811 against graphite are within 1e-7 V of those with 1e-9."""


@dataclass(frozen=True)
class Film:
    """An electrode: SI units; `diffusivity` D, `conductivity` and `potential` U are functions of θ that take arrays."""

    thickness: float
    maximum_concentration: float
    diffusivity: Callable[[Array], Array]
    conductivity: Callable[[Array], Array]
    potential: Callable[[Array], Array]
    initial_stoichiometry: float
    exchange_current_density: float
    anodic_transfer: float = 0.5
    cathodic_transfer: float = 0.5
    film_resistance: float = 0.0
    nodes: int = NODES

    @property
    def x(self) -> Array:
        """The nodes [m], from the interface to the collector."""
        s = np.linspace(0.0, 1.0, self.nodes)
        return self.thickness * np.expm1(GRADING * s) / np.expm1(GRADING)

    @property
    def volumes(self) -> Array:
        """The length that belongs to each node [m]."""
        h = np.diff(self.x)
        return (np.append(h, 0.0) + np.append(0.0, h)) / 2

    def rate(self, theta: Array, current_density: float) -> Array:
        """Return ∂θ/∂t [1/s] at the nodes, j = `current_density` [A/m²] leaving through the interface."""
        diffusivity = self.diffusivity((theta[1:] + theta[:-1]) / 2)
        towards = diffusivity * np.diff(theta) / np.diff(self.x)
        left = current_density / (FARADAY * self.maximum_concentration)
        return np.diff(np.concatenate([[left], towards, [0.0]])) / self.volumes

    def mean(self, theta: Array) -> float:
        """Return the mean stoichiometry."""
        return float(self.volumes @ theta) / self.thickness

    def resistance(self, theta: Array) -> float:
        """Return R_film + ∫ dx/σ(θ) [Ω m²] with θ at the nodes."""
        return self.film_resistance + float(np.sum(self.volumes / self.conductivity(theta)))

    def collector_potential(
        self, surface: float, resistance: float, current_density: float, temperature: float
    ) -> float:
        """Return φ [V] at θ_s = `surface`, with a `resistance` [Ω m²] and j = `current_density` [A/m²]."""
        j_0 = self.exchange_current_density * 2 * np.sqrt(surface * (1 - surface))
        eta = overpotential(current_density / j_0, temperature, self.anodic_transfer, self.cathodic_transfer)
        return float(self.potential(np.asarray(surface))) + eta + resistance * current_density


@dataclass(frozen=True)
class Step:
    """A step of a protocol [s]: at a constant current density [A/m², > 0 on charge] or at a constant voltage [V]."""

    duration: float
    current_density: float = 0.0
    voltage: float | None = None


@dataclass(frozen=True)
class Cell:
    """Cathode, electrolyte of `thickness` [m] and `conductivity` [S/m], and anode or, without one, lithium at 0 V."""

    cathode: Film
    thickness: float
    conductivity: float
    temperature: float
    anode: Film | None = None

    def voltage(self, films: Sequence[Array], current_density: float) -> float:
        """Return V [V] with θ at the nodes of the cathode (and of the anode) and j = `current_density` [A/m²]."""
        return self._voltage(*self._state(films), current_density)

    def _state(self, films: Sequence[Array]) -> tuple[list[float], list[float]]:
        surfaces = [float(theta[0]) for theta in films]
        return surfaces, [film.resistance(theta) for film, theta in zip(self.films, films, strict=False)]

    def _voltage(self, surfaces: list[float], resistances: list[float], current_density: float) -> float:
        v = current_density * self.thickness / self.conductivity
        for film, surface, resistance, sign in zip(self.films, surfaces, resistances, (1, -1), strict=False):
            v += sign * film.collector_potential(surface, resistance, sign * current_density, self.temperature)
        return v

    def current_density(self, films: Sequence[Array], voltage: float) -> float:
        """Return j [A/m²] at which the cell has `voltage` [V]."""

        state = self._state(films)

        def excess(j: float) -> float:
            return self._voltage(*state, j) - voltage

        bound = self.cathode.exchange_current_density
        while excess(-bound) * excess(bound) > 0:
            bound *= 2
        return float(brentq(excess, -bound, bound, xtol=1e-14 * bound, rtol=1e-14))

    @property
    def films(self) -> list[Film]:
        """The cathode, and the anode if there is one."""
        return [self.cathode, self.anode] if self.anode else [self.cathode]

    def run(self, steps: Sequence[Step], start: Array | None = None) -> list[Course]:
        """Carry out `steps` one after another, from θ at the nodes of all films or from where the cell begins."""
        initial = np.concatenate([np.full(film.nodes, film.initial_stoichiometry) for film in self.films])
        theta = initial if start is None else start
        courses = []
        for step in steps:
            courses.append(Course(self, step, theta))
            theta = courses[-1].theta(step.duration)
        return courses


class Course:
    """How a step goes; times count from its beginning [s]. ArithmeticError where a film runs empty or full."""

    def __init__(self, cell: Cell, step: Step, start: Array) -> None:
        self.cell, self.step = cell, step
        self._ends = np.cumsum([film.nodes for film in cell.films])
        size = int(self._ends[-1])
        pattern = diags([1.0, 1.0, 1.0], [-1, 0, 1], shape=(size, size)).tolil()
        firsts = [0, *self._ends[:-1]]
        # at constant voltage the current depends on the surfaces of both films
        pattern[np.ix_(firsts, firsts)] = 1.0
        solution = solve_ivp(
            self._rate,
            (0.0, step.duration),
            start,
            method="Radau",
            dense_output=True,
            jac_sparsity=pattern.tocsc(),
            rtol=TOLERANCE,
            atol=TOLERANCE,
        )
        if not solution.success:
            raise ArithmeticError(f"the one-dimensional cell: {solution.message}")
        if not 0.0 < solution.y.min() <= solution.y.max() < 1.0:
            raise ArithmeticError("the surface of a film runs empty or full")
        self._at = solution.sol

    def theta(self, time: float) -> Array:
        """Return θ at the nodes of the cathode, then of the anode."""
        return self._at(time)

    def stoichiometries(self, time: float) -> list[float]:
        """Return the mean θ of each film."""
        return [film.mean(theta) for film, theta in zip(self.cell.films, self._split(self._at(time)), strict=True)]

    def current_density(self, time: float) -> float:
        """Return j [A/m²]."""
        return self._current_density(self._split(self._at(time)))

    def voltage(self, time: float) -> float:
        """Return V [V]."""
        films = self._split(self._at(time))
        return self.cell.voltage(films, self._current_density(films))

    def _split(self, theta: Array) -> list[Array]:
        return np.split(theta, self._ends[:-1])

    def _current_density(self, films: Sequence[Array]) -> float:
        if self.step.voltage is None:
            return self.step.current_density
        return self.cell.current_density(films, self.step.voltage)

    def _rate(self, _: float, theta: Array) -> Array:
        films = self._split(theta)
        j = self._current_density(films)
        signs = (1, -1)
        return np.concatenate(
            [film.rate(each, sign * j) for film, each, sign in zip(self.cell.films, films, signs, strict=False)]
        )


def overpotential(ratio: float, temperature: float, anodic: float, cathodic: float) -> float:
    """Return η [V] at which Butler–Volmer gives j/j_0 = `ratio`."""

    def excess(x: float) -> float:
        return float(np.exp(anodic * x) - np.exp(-cathodic * x)) - ratio

    # one of the two exponentials alone would need no less
    bound = np.log1p(abs(ratio)) / (anodic if ratio > 0 else cathodic)
    x = brentq(excess, 0.0, np.copysign(bound, ratio), xtol=1e-15, rtol=1e-14) if ratio else 0.0
    return GAS_CONSTANT * temperature / FARADAY * x
