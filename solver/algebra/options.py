"""PETSc options: those of each kind of system, and how they come into PETSc's database."""

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

CONSTRAINT_PTAP = {"matptap_via": "allatonce_merged"} if SEVERAL_RANKS else {}
"""The way in which several ranks form PᵀAP for constraints: without copies of A, and fast for a P that is nearly the
identity. One rank has no choice."""
MULTIGRID_PTAP = {"matptap_via": "nonscalable"} if SEVERAL_RANKS else {}
"""The same for multigrid: many times as fast for a wide P."""


@contextmanager
def in_database(options: Mapping[str, Any]) -> Iterator[None]:
    """Put `options` in PETSc's database meanwhile."""
    database = PETSc.Options()
    for key, value in options.items():
        database[key] = value
    try:
        yield
    finally:
        for key in options:
            del database[key]
