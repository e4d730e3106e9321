"""Newton's method for a block of fields."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import ufl
from dolfinx import fem, la
from mpi4py import MPI
from petsc4py import PETSc

from interstice.solver import stop, watch
from interstice.solver.algebra.constraints import Constraints, owned_size, prolong
from interstice.solver.algebra.jacobian import Jacobian, block, split
from interstice.solver.algebra.options import FEW, MULTIGRID_PTAP, in_database, on_one_rank
from interstice.solver.domain import Domain

Array = npt.NDArray[np.float64]

ROUNDING = 4 * np.finfo(float).eps
"""Relative rounding error of an unknown that leaves at least as much of the residual as rounding in all of its assembly
does: twice what it leaves on average, as a residual that chance leaves above the estimate rejects a step."""

SHIFT = 1e-6
"""Relative change of a level by which its influence on the residual is measured."""

DROWNED = 1e-3
"""Rounding error of a residual over the load, by how far a field has moved: beyond it, nothing holds the field."""

EXACT, ITERATED = 1e-12, 1e-10
"""Residuals over the load at which Newton's method ends if not given: with factorised steps, and with iterated ones."""

STALLED = 2e-10
"""Residuals over the load at which it ends, too, where a step does not lower them: nearly singular equations, as of a
particle that hardly anything holds, are not solved as well as rounding of the unknowns would allow."""

SHARPER = 1e-3
"""Factor on the linear solver's relative tolerance after a step that made more entries switch than the one before, and
in a solve that takes long: a stiff row that a loose solve leaves may make the same entry switch again and again."""

NEAR, TOWARDS = 0.01, 0.9
"""Distance to a bound, over that of both bounds, within which the unknown is its logarithm, and the largest share of
that distance that an entry goes in a Newton step."""

RESTLESS, HALF = 8, 0.5
"""A solve takes long from this Newton step on. Where no fewer entries switch than before, the next step is then this
share of itself: to and fro ends so."""

FAR = 0.03
"""Residuals over the load above which a step begins far from the solution, as it does where entries have just switched.
How many do so is the same on any number of ranks; how many steps the last digits take hangs on rounding."""

OUTWORN = 2.0
"""A multigrid hierarchy serves later matrices until it takes this many times the iterations it took at first."""


class SolveError(Exception):
    """A nonlinear or linear solve did not converge; the text says how it failed.

    `where` is the place [m] at which it is farthest from converged, if that is known: x, y (, z), and `unknown` the
    name of what is solved for there.
    """

    def __init__(self, text: str, where: Sequence[float] = (), unknown: str = "") -> None:
        super().__init__(text)
        self.where, self.unknown = tuple(where), unknown


@dataclass
class Field:
    """One unknown: its function and the UFL residual tested with its space.

    `magnitude` is the norm of a typical load on the field, against which its residual is judged; `largest_step` (if
    any) is the largest change of an entry in one Newton step, in the unit of the field. Each entry stays between
    `bounds` (if any), as `move_between` has it. Where the unknown is `level` + `function`, the rounding of both counts.
    """

    function: fem.Function
    residual: ufl.Form
    magnitude: float
    largest_step: float | None = None
    bounds: tuple[float, float] | None = None
    level: fem.Constant | None = None


@dataclass(frozen=True)
class Report:
    """What Newton solves took: steps of Newton's method, linear iterations, and how many of the steps began `FAR`."""

    newton: int = 0
    linear: int = 0
    far: int = 0

    def __add__(self, other: Report) -> Report:
        """Return what both took."""
        return Report(self.newton + other.newton, self.linear + other.linear, self.far + other.far)


class System:
    """The equations of a group of fields: assembles, solves and updates them by Newton's method."""

    def __init__(
        self,
        domain: Domain,
        fields: Sequence[Field],
        constraints: Constraints,
        options: dict[str, Any],
    ) -> None:
        self.domain, self.fields = domain, list(fields)
        spaces = [f.function.function_space for f in fields]
        self._residual = domain.form([f.residual for f in fields])
        blocks = [[block(f.residual, g.function) for g in fields] for f in fields]
        self._parts = [Jacobian(domain, spaces, part) for part in split(blocks)]
        self._vectors = [fem.create_vector(space) for space in spaces]
        self._owned = [owned_size(f.function) for f in fields]
        self._offsets = np.concatenate([[0], np.cumsum(self._owned)])
        self._slices = [slice(start, stop) for start, stop in itertools.pairwise(self._offsets)]
        self._rhs, self._step = self._parts[0].matrix.createVecs()
        self._first = self._rhs.getOwnershipRange()[0]
        self._noise = self._rhs.duplicate()
        # always the same, so that a solve that is made again takes the same steps
        self._chance = np.random.default_rng(self._first).standard_normal(int(self._offsets[-1]))
        self._magnitudes = np.array([f.magnitude for f in fields])
        self._prolongation: PETSc.Mat | None = None
        self.matrix: PETSc.Mat | None = None
        self._is_factorised, self._is_definite = options["ksp_type"] == "preonly", options["pc_type"] == "cholesky"
        self._is_on_one_rank = self._is_factorised and domain.mesh.comm.size > 1 and self.unknowns <= FEW
        if self._is_on_one_rank:
            options = on_one_rank(options, domain.mesh.comm.size)
        self._prefix = "direct_" if self._is_factorised else "multigrid_"
        self._options = {self._prefix + key: value for key, value in options.items()}
        self.solver = self._new_solver()
        self._loose = self.solver.getTolerances()[0]
        self._iterations = 0
        self.remains: Array | None = None
        """The residual, reduced to free unknowns, with which the last solve gave up that did."""
        self._solved = False
        self._outworn: float | None = None
        self._rigid_modes: PETSc.NullSpace | None = None
        if self.solver.getPC().getType() == PETSc.PC.Type.GAMG:
            self._rigid_modes = self._attach_rigid_modes()
        self.constrain(constraints)

    @property
    def unknowns(self) -> int:
        """The number of unknowns over all ranks."""
        return int(self._rhs.getSize())

    def constrain(self, constraints: Constraints) -> None:
        """Put those of `constraints` that are on fields of the system in the place of those before."""
        self._forget_constraints()
        functions = [f.function for f in self.fields]
        self._prolongation, self._eliminated = prolong(self.domain.mesh.comm, functions, self._first, constraints)
        for part in self._parts:
            part.constrain(self._prolongation)

    def solve(
        self,
        update: Callable[[], tuple[int, float]] = lambda: (0, 0.0),
        tolerance: float | None = None,
        drift_tolerance: float = 1e-8,
        most_iterations: int = 30,
        least_iterations: int = 0,
        correct: Callable[[], None] | None = None,
    ) -> Report:
        """Solve for all fields; SolveError if that fails, StopError if somebody wants it to end.

        `update` runs after every step, refreshes what the residual holds frozen (active sets, multipliers) and returns
        how many entries switched and how far the rest moved, relatively. The solve is over when no entry switches, the
        drift is below `drift_tolerance` and each field's residual is below `tolerance` times its magnitude, below what
        rounding leaves of it, or small and no longer lowered by a step (`STALLED`), and no fewer than
        `least_iterations` were made. `correct` (if any) runs after every step, before `update`: it may move the fields
        further so that another equation holds, of which the residual knows nothing; then at least one step is made.
        """
        if tolerance is None:
            tolerance = EXACT if self._is_factorised else ITERATED
        linear = far = 0
        flipped, drift, share, norms = -1, np.inf, 1.0, np.array([np.inf])
        self.solver.setTolerances(rtol=self._loose)
        # that of a solve that failed may be of a state far away
        has_matrix, self._solved = self._solved, False
        start = self._values()
        for iteration in range(most_iterations + 1):
            watch.going_on()
            stop.check(self.domain.mesh.comm)
            last, norms = norms, self._assemble_residual() / self._magnitudes
            if not np.all(np.isfinite(norms)):
                raise SolveError("the residual is not a number")
            small = np.all(norms <= tolerance) or (has_matrix and self._is_rounding(norms, tolerance, start))
            small |= flipped == 0 and last.max() <= norms.max() <= STALLED
            if small and iteration >= max(least_iterations, correct is not None):
                if flipped < 0:
                    flipped, drift = update()
                if flipped == 0 and drift <= drift_tolerance:
                    self._solved = True
                    return Report(iteration, linear, far)
            far += bool(flipped > 0 or norms.max() > FAR)
            linear += self._solve_linear()
            has_matrix = True
            self._apply(share)
            if correct is not None:
                correct()
            before = flipped
            flipped, drift = update()
            restless = iteration >= RESTLESS
            self.solver.setTolerances(rtol=self._loose * (SHARPER if restless or flipped > before >= 0 else 1.0))
            share = HALF if restless and flipped >= before > 0 else 1.0
        ratios = ", ".join(f"{f.function.name} {norm:.1e}" for f, norm in zip(self.fields, norms, strict=True))
        raise SolveError(
            f"no convergence in {most_iterations} Newton steps "
            f"(residuals: {ratios}; {flipped} nodes still switch, multipliers drift by {drift:.1e})",
            *self._worst(),
        )

    def forget(self) -> None:
        """Take the next solve for the first: what was solved before, or failed, has no say in it."""
        self._solved = False

    def follow(self, change: Callable[[], None]) -> int:
        """Make the `change` of loads or prescribed values and let the fields follow it as the last Jacobian says.

        Return the linear iterations. The Jacobian is that of the last Newton step, which must have been made.
        """
        self._assemble_residual()
        before = self._rhs.array.copy()
        change()
        self._assemble_residual()
        self._rhs.getArray(readonly=False)[:] -= before
        iterations = self._solve_present()
        self._apply()
        return iterations

    def residual_array(self, index: int) -> npt.NDArray[np.float64]:
        """Assemble and return the owned residual entries of field `index` before constraints are applied."""
        self._assemble_local(index)
        return self._gather(index).copy()

    def residual_of(self, function: fem.Function) -> npt.NDArray[np.float64]:
        """Return the same of the field of `function`; KeyError if it is none of this system."""
        for index, field in enumerate(self.fields):
            if field.function is function:
                return self.residual_array(index)
        raise KeyError(function.name)

    def destroy(self) -> None:
        """Free the PETSc objects."""
        self._forget_constraints()
        for thing in (self.solver, self._rhs, self._step, self._noise, *self._parts):
            thing.destroy()

    def _forget_constraints(self) -> None:
        """Free what was made for the present constraints."""
        if self._prolongation is not None:
            self._prolongation.destroy()
        self._discard_matrix()

    def _discard_matrix(self) -> None:
        """Forget the matrix: the next solve gives the solver a new one, of which it makes what it needs anew."""
        if self.matrix is not None:
            self.matrix.destroy()
            if self._is_on_one_rank:
                # PETSc would gather the next as one of the same pattern
                self.solver.destroy()
                self.solver = self._new_solver()
        self.matrix = None

    def _new_solver(self) -> PETSc.KSP:
        solver = PETSc.KSP().create(self.domain.mesh.comm)
        solver.setOptionsPrefix(self._prefix)
        with in_database(self._options):
            solver.setFromOptions()
        return solver

    def _assemble_residual(self) -> npt.NDArray[np.float64]:
        """Assemble the residual, reduce it to free unknowns, return its norm per field."""
        array = self._rhs.getArray(readonly=False)
        # a field may live on few ranks only: no rank waits for another before it has assembled its share of all
        for index in range(len(self.fields)):
            self._assemble_local(index)
        for index, part in enumerate(self._slices):
            array[part] = self._gather(index)
        if self._prolongation is not None:
            reduced = self._step
            self._prolongation.multTranspose(self._rhs, reduced)
            array[:] = reduced.array_r
        return self._norms(self._rhs)

    def _norms(self, vector: PETSc.Vec) -> npt.NDArray[np.float64]:
        """Set the rows of `vector` that are not free to zero; return its norm per field."""
        array = vector.getArray(readonly=False)
        array[self._eliminated - self._first] = 0.0
        # one beyond the largest number is as good as any that is too large
        with np.errstate(over="ignore"):
            squares = [float(array[part] @ array[part]) for part in self._slices]
        return np.sqrt(self.domain.mesh.comm.allreduce(np.array(squares)))

    def _is_rounding(self, norms: Array, tolerance: float, start: Array) -> bool:
        """Return whether residuals are below `tolerance` or rounding.

        SolveError if the way that the fields went from the values of the `start` is so long that its rounding hides the
        load. Rounding of where they are may well hide a load that is small.
        """
        rounding = self._rounding(self._values()) + self._rounding_of_levels()
        if np.any(norms > np.maximum(tolerance, rounding)):
            return False
        if np.any(rounding > DROWNED) and np.any((moved := self._rounding(self._values() - start)) > DROWNED):
            name = self.fields[int(np.argmax(moved))].function.name
            raise SolveError(f"nothing holds {name}: it moves so far that rounding hides the load on it")
        return True

    def _worst(self) -> tuple[list[float], str]:
        """Return where the assembled residual is largest over the load, shape (d,) [m], and of what. Collective."""
        self.remains = self._rhs.array.copy()
        worst: list[tuple[float, list[float], str]] = [(-1.0, [], "")]
        for field, part in zip(self.fields, self._slices, strict=True):
            entries = np.abs(self.remains[part]) / field.magnitude
            if entries.size:
                space = field.function.function_space
                node, dimension = int(np.argmax(entries)) // space.dofmap.bs, self.domain.dimension
                place = space.tabulate_dof_coordinates()[node, :dimension]
                worst.append((float(entries.max()), place.tolist(), field.function.name))
        _, place, name = max(self.domain.mesh.comm.allgather(max(worst)))
        return place, name

    def left(self) -> list[tuple[fem.Function, fem.Function]]:
        """Return the unknowns and, over the load on each, the residuals with which the last solve gave up.

        Collective; nothing where none did.
        """
        found: list[tuple[fem.Function, fem.Function]] = []
        if self.remains is None:
            return found
        for field, part in zip(self.fields, self._slices, strict=True):
            residual = fem.Function(field.function.function_space)
            residual.x.array[: part.stop - part.start] = self.remains[part] / field.magnitude
            residual.x.scatter_forward()
            found.append((field.function, residual))
        return found

    def _values(self) -> Array:
        """Return the unknowns of this rank."""
        pairs = zip(self.fields, self._owned, strict=True)
        return np.concatenate([f.function.x.array[:owned] for f, owned in pairs])

    def _rounding(self, values: Array) -> Array:
        """Return per field, over its magnitude, how much rounding of such `values` changes the residual."""
        noise, change = self._noise, self._step
        noise.getArray(readonly=False)[:] = ROUNDING * self._chance * values
        change.set(0.0)
        for jacobian in self._parts:
            jacobian.matrix.multAdd(noise, change, change)
        if self._prolongation is not None:
            self._prolongation.multTranspose(change, noise)
            change = noise
        rounding: Array = self._norms(change) / self._magnitudes
        return rounding

    def _rounding_of_levels(self) -> npt.NDArray[np.float64]:
        """Return the same for the levels of the fields."""
        levels = {f.level: float(f.level.value) for f in self.fields if f.level is not None}
        if not any(levels.values()):
            return np.zeros(len(self.fields))
        residual = self._rhs.array.copy()
        for sign, (level, value) in zip(itertools.cycle((1, -1)), levels.items(), strict=False):
            level.value = value + sign * SHIFT * abs(value)
        self._assemble_residual()
        for level, value in levels.items():
            level.value = value
        change = self._rhs.getArray(readonly=False)
        change -= residual
        norms = self._norms(self._rhs) / self._magnitudes
        change[:] = residual
        return norms * ROUNDING / SHIFT

    def _assemble_local(self, index: int) -> None:
        """Assemble what this rank's cells and facets add to the residual of field `index`."""
        vector = self._vectors[index]
        vector.array[:] = 0.0
        fem.assemble_vector(vector.array, self._residual[index])

    def _gather(self, index: int) -> npt.NDArray[np.float64]:
        """Add what other ranks assembled to the residual of field `index`; return its owned entries."""
        vector = self._vectors[index]
        vector.scatter_reverse(la.InsertMode.add)
        return vector.array[: self._owned[index]]

    def _solve_linear(self) -> int:
        """Bring the Jacobian up to date and solve for the step; return the linear iterations."""
        changes = [part.assemble() for part in self._parts]
        if any(changes) or self.matrix is None:
            self._set_operator()
        return self._solve_present()

    def _solve_present(self) -> int:
        """Solve for the step with the present operator; return the linear iterations."""
        keep = self._outworn is not None and self._iterations <= self._outworn
        preconditioner = self.solver.getPC()
        preconditioner.setReusePreconditioner(keep)
        if keep:
            # the hierarchy alone is kept: smoothers that do not follow the matrix make it indefinite
            for level in range(1, preconditioner.getMGLevels()):
                preconditioner.getMGSmoother(level).getPC().setReusePreconditioner(False)
        # options of multigrid levels and of factors are read when those are set up
        with in_database(self._options | MULTIGRID_PTAP):
            self.solver.solve(self._rhs, self._step)
        if self.solver.getConvergedReason() < 0:
            reason = {value: name for name, value in vars(PETSc.KSP.ConvergedReason).items() if isinstance(value, int)}
            failure = reason.get(self.solver.getConvergedReason(), "unknown")
            # what a factorisation that failed leaves behind would be taken for one
            self._discard_matrix()
            raise SolveError(f"the linear solver failed ({failure})")
        # an iterative solver leaves what its tolerance allows in the rows that are not free
        self._step.getArray(readonly=False)[self._eliminated - self._first] = 0.0
        self._iterations = int(self.solver.getIterationNumber())
        if self._rigid_modes is not None and not keep:
            self._outworn = OUTWORN * self._iterations
        return self._iterations

    def _set_operator(self) -> None:
        """Hand the solver the sum of the parts of the Jacobian, reduced to the free unknowns."""
        parts = [part.reduced for part in self._parts]
        if self.matrix is None:
            self.matrix = parts[0].copy()
            for part in parts[1:]:
                self.matrix.axpy(1.0, part, PETSc.Mat.Structure.DIFFERENT_NONZERO_PATTERN)
            self.matrix.setOption(PETSc.Mat.Option.KEEP_NONZERO_PATTERN, True)
            if self._is_definite:
                self.matrix.setOption(PETSc.Mat.Option.SPD, True)
            if self._rigid_modes is not None:
                self.matrix.setBlockSize(self.domain.dimension)
                self.matrix.setNearNullSpace(self._rigid_modes)
        else:
            self.matrix.zeroEntries()
            for part in parts:
                self.matrix.axpy(1.0, part, PETSc.Mat.Structure.SUBSET_NONZERO_PATTERN)
        self.matrix.zeroRowsColumns(self._eliminated, diag=1.0)
        self.solver.setOperators(self.matrix)

    def _apply(self, share: float = 1.0) -> None:
        """Subtract a `share` of the step from the fields, each limited to its largest step."""
        step = self._step
        if self._prolongation is not None:
            self._prolongation.mult(self._step, self._rhs)
            step = self._rhs
        array = step.array_r
        for f, part, owned in zip(self.fields, self._slices, self._owned, strict=True):
            change = share * array[part]
            if f.largest_step is not None:
                largest = self.domain.mesh.comm.allreduce(float(np.abs(change).max(initial=0.0)), op=MPI.MAX)
                if largest > f.largest_step:
                    change = change * (f.largest_step / largest)
            values = f.function.x.array[:owned]
            if f.bounds is not None:
                values[:] = move_between(*f.bounds, values, -change)
            else:
                values -= change
            f.function.x.scatter_forward()

    def _attach_rigid_modes(self) -> PETSc.NullSpace:
        """Return translations and rotations of all displacement fields together, for algebraic multigrid.

        Every field is a displacement; blocks of the matrix are the components at one node.
        """
        dimension = self.domain.dimension
        points = [f.function.function_space.tabulate_dof_coordinates() for f in self.fields]
        owned = [x[: n // dimension, :dimension] for x, n in zip(points, self._owned, strict=True)]
        coordinates = PETSc.Vec().createWithArray(np.vstack(owned).ravel(), bsize=dimension, comm=self.domain.mesh.comm)
        modes = PETSc.NullSpace().createRigidBody(coordinates)
        coordinates.destroy()
        return modes


def move_between(low: float, high: float, values: Array, change: Array) -> Array:
    """Return `values` between two bounds after a Newton step whose linear equations ask for a `change` of each.

    Near the bound that it moves to, the unknown of an entry is the logarithm of its distance d to it, continued by a
    straight line away from it: unlike that of d, that step leads to no point beyond. The equations need not be written
    in the logarithm, as a Newton step of one unknown is that of another times the derivative between them.
    """
    size, distance = np.abs(change), np.where(change > 0.0, high - values, values - low)
    span = high - low
    near = np.minimum(distance, NEAR * span)
    straight = np.minimum(size, distance - near)
    bent = near * np.minimum(-np.expm1((straight - size) / np.maximum(near, np.finfo(float).eps * span)), TOWARDS)
    moved: Array = values + np.sign(change) * (straight + bent)
    return moved
