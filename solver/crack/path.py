"""Path following: equilibrium while a bond fails, also where no load and no displacement grows steadily.

A crack may need less load, or less displacement of its load (snap-back), the longer it is. Then the load factor λ is
one more unknown, and one more equation says how far the bond opens in a step:

    R(u, λ) = 0,    Σ A e · (⟦u⟧ − ⟦u⟧_old) = l

summed over the process zone: the nodes whose damage grew in the last step and that are not broken, or, where there are
none, the node nearest to failure. A is the area of a node, e the direction in which it is open. So l is about the area
over which the crack grows in the step times the opening at which the bond is broken. This is control by the openings
where it fails (de Borst, Comput. Struct. 25 (1987) 211; Alfano and Crisfield, Int. J. Numer. Meth. Engng 58 (2003)
999). Unlike control by the energy dissipated (Gutiérrez, Commun. Numer. Meth. Engng 20 (2004) 19) it is linear in the
unknowns, serves before anything is dissipated, and asks nothing of the energies of bodies and contact.

Each Newton step solves for the step at fixed λ and for the response to λ with one matrix, and takes of the latter as
much as the equation asks for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from interstice.solver.algebra import Report, SolveError, System
from interstice.solver.interface.cohesive import CohesiveBond
from interstice.solver.state import State
from interstice.solver.stop import StopError

Array = npt.NDArray[np.float64]

SHRINK, GROW = 0.5, 1.5
"""What the length of a step is multiplied by after one that failed or was hard, and after one that was easy."""
EASY = 8
"""Newton steps of an easy step; twice as many are hard."""
MOST_FIRST_STEPS = 100
"""Newton steps to the first state: contact between slender bodies moves by one node in each."""
SMALLEST = 1e-6
"""The smallest step over the largest."""
ASTRAY = 3.0
"""How far the failing nodes may open together, over the length of the step: more is a jump past the process zone."""
LEAST_RATIO, MOST_RATIO = 0.5, 2.5
"""By which the load may change in a step: beyond, another branch of equilibrium was found."""


class PathError(Exception):
    """The path cannot be followed; the text says how far it was."""


class Path:
    """Equilibrium of `system` along the path on which `bonds` fail; `factor` is λ, `length` the l of the next step.

    `load(λ)` sets loads and prescribed values, each linear in λ; `state` is all that a rejected step must bring back;
    `update` is that of `System.solve`; `commit` ends an accepted step, for the bonds too.
    """

    def __init__(
        self,
        system: System,
        load: Callable[[float], None],
        bonds: Sequence[CohesiveBond],
        longest: float,
        state: State,
        update: Callable[[], tuple[int, float]] = lambda: (0, 0.0),
        commit: Callable[[], None] = lambda: None,
    ) -> None:
        """Start at λ = 0; `longest` is the largest l [m³, in 2D m²]."""
        self.longest = longest
        self._system, self._load, self._bonds = system, load, bonds
        self._update, self._state, self._commit = update, state, commit
        self._jumps = [bond.interface.reader(bond.face.jump) for bond in bonds]
        self._functions = [field.function for field in system.fields]
        own = state.scope("path")
        self._factor, self._length, self._slope, self._steps = (
            own.number(name) for name in ("factor", "length", "slope of the factor", "steps")
        )
        self._zones: list[npt.NDArray[Any]] = [
            own.array(
                f"zone of {bond.face.name}", np.zeros(len(bond.damage_old.x.array), dtype=bool), bond.interface.space
            )
            for bond in bonds
        ]
        self._rates = [
            own.array(f"rate of {f.name}", np.zeros_like(f.x.array), f.function_space) for f in self._functions
        ]

    @property
    def factor(self) -> float:
        """The load factor λ."""
        return float(self._factor)

    @property
    def length(self) -> float:
        """The l of the next step [m³, in 2D m²]."""
        return float(self._length)

    def start(self, factor: float) -> Report:
        """Find equilibrium at the load factor λ = `factor` ≠ 0 and commit it; SolveError if that fails.

        The bond should be open there, but not fail: the first step along the path opens it about twice as far.
        """
        self._steps[...] = 0.0
        self._move(factor)
        report = self._system.solve(self._update, most_iterations=MOST_FIRST_STEPS)
        self._accept()
        opened = 0.0
        for bond, weight in zip(self._bonds, self._weights(), strict=True):
            opened += bond.interface.sum(np.sum(weight * bond.read().opening, axis=1))
        self._length[...] = min(self.longest, opened)
        return report

    def advance(self) -> Report:
        """Take one step along the path, as long as it can be; PathError where even the smallest fails.

        The report counts the work of failed attempts too, and two linear solves with one matrix for each Newton step.
        """
        self._newton, self._linear, begun = 0, 0, self.length
        while True:
            saved, factor, length = self._state.save(), self.factor, self.length
            before = [np.copy(f.x.array) for f in self._functions]
            try:
                report = self._attempt()
            except StopError:
                self._state.restore(saved)
                raise
            except SolveError as error:
                self._state.restore(saved)
                self._load(factor)
                self._length[...] = SHRINK * length
                if self.length < SMALLEST * self.longest:
                    self._length[...] = begun
                    raise PathError(f"no equilibrium found beyond the load factor {factor:g}: {error}") from error
                continue
            changes = [np.subtract(f.x.array, copy) for f, copy in zip(self._functions, before, strict=True)]
            for rate, change in zip(self._rates, changes, strict=True):
                rate[:] = change / length
            self._slope[...] = (self.factor - factor) / length
            self._steps += 1.0
            self._accept()
            if report.newton <= EASY:
                self._length[...] = min(self.longest, GROW * length)
            elif report.newton > 2 * EASY:
                self._length[...] = SHRINK * length
            return Report(self._newton, self._linear)

    def _attempt(self) -> Report:
        """Solve for equilibrium a step of the present length further; SolveError if that fails or leads astray."""
        before, factor = self._read_jumps(), self.factor
        weights = self._weights()

        def correct() -> None:
            """Move along the response to the load until the process zone is open by the length of the step."""
            start, scale = self._opened(weights, before), abs(factor)
            arrays = [np.copy(f.x.array) for f in self._functions]
            iterations = self._system.follow(lambda: self._load(self.factor + scale))
            self._newton, self._linear = self._newton + 1, self._linear + 2 * iterations
            slope = self._opened(weights, before) - start
            if slope == 0.0 or not np.isfinite(slope):
                raise SolveError("the process zone does not open with the load")
            share = (self.length - start) / slope
            for f, array in zip(self._functions, arrays, strict=True):
                f.x.array[:] = array + share * (f.x.array - array)
            self._move(self.factor + share * scale)

        if self._steps > 0.0:
            for f, rate in zip(self._functions, self._rates, strict=True):
                f.x.array[:] += self.length * rate
            self._move(self.factor + self.length * float(self._slope))
        report = self._system.solve(self._update, correct=correct)
        if self._grown(before) > ASTRAY * self.length:
            raise SolveError("the crack jumped past its process zone")
        if not LEAST_RATIO < self.factor / factor < MOST_RATIO:
            raise SolveError("the load jumped")
        return report

    def _opened(self, weights: Sequence[Array], before: Sequence[Array]) -> float:
        """Return Σ A e · (⟦u⟧ − ⟦u⟧_old) over the process zone."""
        total = 0.0
        for bond, weight, now, old in zip(self._bonds, weights, self._read_jumps(), before, strict=True):
            total += bond.interface.sum(np.sum(weight * (now - old), axis=1))
        return total

    def _weights(self) -> list[Array]:
        """Return e at the nodes of the process zone, zero elsewhere, shape (local and ghost nodes, d) per bond."""
        comm = self._system.domain.mesh.comm
        if not comm.allreduce(sum(np.count_nonzero(zone) for zone in self._zones)):
            self._note(self._nearest_to_failure())
        weights = []
        for bond, zone in zip(self._bonds, self._zones, strict=True):
            opening = bond.read().opening
            size = np.linalg.norm(opening, axis=1, keepdims=True)
            weights.append(zone[:, None] * opening / np.maximum(size, np.finfo(float).tiny))
        return weights

    def _nearest_to_failure(self) -> list[npt.NDArray[np.bool_]]:
        """Return where the unbroken node is that is loaded most."""
        loaded = [np.where(bond.damage_old.x.array < 1.0, bond.read().equivalent, -1.0) for bond in self._bonds]
        most = max(bond.interface.max(values, -1.0) for bond, values in zip(self._bonds, loaded, strict=True))
        if most <= 0.0:
            raise PathError("nothing is left of the bond that is loaded")
        return [values >= most * (1 - 1e-9) for values in loaded]

    def _grown(self, before: Sequence[Array]) -> float:
        """Return how far the nodes have opened whose damage grew, Σ A |⟦u⟧ − ⟦u⟧_old|."""
        total = 0.0
        for bond, now, old in zip(self._bonds, self._read_jumps(), before, strict=True):
            growing = bond.read().damage > bond.damage_old.x.array
            total += bond.interface.sum(growing * np.linalg.norm(now - old, axis=1))
        return total

    def _read_jumps(self) -> list[Array]:
        """Return ⟦u⟧ at the nodes, shape (local and ghost nodes, d) per bond."""
        return [jump.read().reshape(-1, self._system.domain.dimension).copy() for jump in self._jumps]

    def _accept(self) -> None:
        """Commit and note where damage grows."""
        before = [np.copy(bond.damage_old.x.array) for bond in self._bonds]
        self._commit()
        after = [bond.damage_old.x.array for bond in self._bonds]
        self._note([(new > old) & (new < 1.0) for new, old in zip(after, before, strict=True)])

    def _note(self, zones: Sequence[npt.NDArray[np.bool_]]) -> None:
        """Take these nodes of each bond for the process zone."""
        for known, zone in zip(self._zones, zones, strict=True):
            known[:] = zone

    def _move(self, factor: float) -> None:
        """Set the load factor and the load."""
        self._factor[...] = factor
        self._load(factor)
