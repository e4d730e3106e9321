"""Newton's method for a block of fields that live on different sides, on PETSc.

A `System` owns the matrix, vectors and solver of a group of fields. Constraints of the discrete unknowns are a matrix P
from free to all unknowns; the reduced operator is Pᵀ A P, of the size and block structure of A.
"""

from interstice.solver.algebra.constraints import Constraints, lateral
from interstice.solver.algebra.newton import Field, Report, SolveError, System
from interstice.solver.algebra.options import CHOLESKY, DIRECT, MULTIGRID, UNSYMMETRIC_MULTIGRID

__all__ = [
    "CHOLESKY",
    "DIRECT",
    "MULTIGRID",
    "UNSYMMETRIC_MULTIGRID",
    "Constraints",
    "Field",
    "Report",
    "SolveError",
    "System",
    "lateral",
]
