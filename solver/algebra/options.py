"""PETSc options: those of each kind of system, and how they come into PETSc's database.

They stand there while a system is set up or solved, with the prefix direct_ or multigrid_. What the user has given by
``--petsc`` comes before them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from mpi4py import MPI
from petsc4py import PETSc

SEVERAL_RANKS = MPI.COMM_WORLD.size > 1

DIRECT = {"ksp_type": "preonly", "pc_type": "lu", "pc_factor_mat_solver_type": "mumps", "mat_mumps_icntl_14": 60}
"""PETSc options of a system solved by factorisation."""

CHOLESKY = {**DIRECT, "pc_type": "cholesky"}
"""PETSc options of a symmetric positive definite system solved by factorisation."""

MULTIGRID = {
    "ksp_type": "cg",
    "ksp_rtol": 1e-3,
    "ksp_max_it": 500,
    "pc_type": "gamg",
    "pc_gamg_threshold": 0.02,
    "pc_gamg_aggressive_coarsening": 2,
    "pc_gamg_reuse_interpolation": True,
    # a short estimate, or one of the first matrix only, overlooks the larger eigenvalues of a much stiffer side
    "pc_gamg_esteig_ksp_max_it": 20,
    "pc_gamg_use_sa_esteig": False,
    "mg_levels_ksp_chebyshev_esteig_steps": 20,
    # GMRES would keep a vector for each step of the estimate
    "pc_gamg_esteig_ksp_type": "cg",
    "mg_levels_esteig_ksp_type": "cg",
    "mg_levels_ksp_type": "chebyshev",
    "mg_levels_pc_type": "jacobi",
}
"""PETSc options of a symmetric system of displacements solved by conjugate gradients."""

UNSYMMETRIC_MULTIGRID = {
    **MULTIGRID,
    "ksp_type": "gmres",
    "ksp_gmres_restart": 100,
    "ksp_rtol": 1e-5,
    "pc_gamg_esteig_ksp_type": "gmres",
    "mg_levels_esteig_ksp_type": "gmres",
}
"""The same where friction or a bond makes the tangent unsymmetric; after loose solves stick and slip alternate."""

FEW = 50_000
"""A factorisation of up to so many unknowns is done by one rank for all, for the same digits in every run: among
several, MUMPS adds up what they send as it comes. Two ranks among them save 3 % of a step with 23 000
unknowns in 2D, 16 % of one with 58 000, and lose some with 3 000."""

CONSTRAINT_PTAP = {"matptap_via": "allatonce_merged"} if SEVERAL_RANKS else {}
"""The way in which several ranks form PᵀAP for constraints: without copies of A, and fast for a P that is nearly the
identity. One rank has no choice."""
MULTIGRID_PTAP = {"matptap_via": "nonscalable"} if SEVERAL_RANKS else {}
"""The same for multigrid: many times as fast for a wide P."""


def on_one_rank(options: Mapping[str, Any], ranks: int) -> dict[str, Any]:
    """Return the options of a system of `ranks` ranks that the first of them factorises for all."""
    telescope = {"ksp_type": "preonly", "pc_type": "telescope", "pc_telescope_reduction_factor": ranks}
    return telescope | {f"telescope_{key}": value for key, value in options.items()}


@contextmanager
def in_database(options: Mapping[str, Any]) -> Iterator[None]:
    """Put `options` in PETSc's database meanwhile; those that are there already stay as they are."""
    database = PETSc.Options()
    new = {key: value for key, value in options.items() if key not in database}
    for key, value in new.items():
        database[key] = value
    try:
        yield
    finally:
        for key in new:
            del database[key]
