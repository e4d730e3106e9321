"""The Jacobian of a block of fields: which forms it consists of, and the matrices that are assembled of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import ufl
from dolfinx import fem
from mpi4py import MPI
from petsc4py import PETSc
from ufl.algorithms.analysis import extract_coefficients

from interstice.meshes.compat import assemble_block_matrix, create_block_matrix
from interstice.solver.algebra.options import CONSTRAINT_PTAP, in_database
from interstice.solver.algebra.sparsity import without_phantoms
from interstice.solver.domain import Domain

Blocks = list[list[ufl.Form | None]]


class Jacobian:
    """One part of a Jacobian: forms per pair of fields, their matrix and, where constraints reduce it, the reduced one.

    Both are made anew only where something changed.
    """

    def __init__(self, domain: Domain, spaces: Sequence[fem.FunctionSpace], blocks: Blocks) -> None:
        self._comm = domain.mesh.comm
        self._forms = domain.form(blocks)
        self._inputs = {
            id(x): x for row in blocks for form in row if form for x in (*form.coefficients(), *form.constants())
        }
        self._seen: list[npt.NDArray[np.float64]] | None = None
        self._prolongation: PETSc.Mat | None = None
        self._product: PETSc.Mat | None = None
        matrix = create_block_matrix(self._forms)
        # once assembled, a matrix has its pattern
        assemble_block_matrix(matrix, self._forms)
        self.matrix = without_phantoms(matrix, domain, spaces)
        self.assemble()

    @property
    def reduced(self) -> PETSc.Mat:
        """The matrix, reduced if constraints do so, as of the last assembly."""
        return self.matrix if self._prolongation is None else self._product

    def constrain(self, prolongation: PETSc.Mat | None) -> None:
        """Reduce by `prolongation` from the next assembly on."""
        self._prolongation = prolongation
        if self._product is not None:
            self._product.destroy()
        self._product = None

    def assemble(self) -> bool:
        """Assemble unless no coefficient or constant changed since the last time; return whether the matrix changed."""
        now = [x.x.array if isinstance(x, fem.Function) else x.value for x in self._inputs.values()]
        same = self._seen is not None and all(np.array_equal(a, b) for a, b in zip(now, self._seen, strict=True))
        changed = not self._comm.allreduce(same, op=MPI.LAND)
        if changed:
            self._seen = [np.copy(x) for x in now]
            assemble_block_matrix(self.matrix, self._forms)
        if self._prolongation is not None and (changed or self._product is None):
            with in_database(CONSTRAINT_PTAP):
                self._product = self.matrix.PtAP(self._prolongation, self._product)
        return changed

    def destroy(self) -> None:
        """Free the PETSc objects but the prolongation."""
        self.constrain(None)
        self.matrix.destroy()


def split(blocks: Blocks) -> list[Blocks]:
    """Return the blocks in two parts: integrals without a coefficient, which are the same at every state, and the rest.

    The first part is then assembled once. Where a part would have an empty row or column the blocks stay together.
    """

    def integrals(form: ufl.Form | None, steady: bool) -> ufl.Form | None:
        kept = [] if form is None else [i for i in form.integrals() if bool(extract_coefficients(i)) != steady]
        return ufl.Form(kept) if kept else None

    parts = [[[integrals(form, steady) for form in row] for row in blocks] for steady in (True, False)]
    whole = all(any(line) for part in parts for line in (*part, *zip(*part, strict=True)))
    return parts if whole else [blocks]


def block(residual: ufl.Form, unknown: fem.Function) -> ufl.Form | None:
    """Return the derivative of `residual` by `unknown`, None where it does not depend on it."""
    if unknown not in residual.coefficients():
        return None
    trial = ufl.TrialFunction(unknown.function_space)
    derivative = ufl.algorithms.expand_derivatives(ufl.derivative(residual, unknown, trial))
    return None if derivative.empty() else derivative
