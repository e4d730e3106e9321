"""Contact of two elastic blocks as a plain program with scikit-fem and a direct solver: `against_direct`'s reference.

    python3 -m interstice.benchmarks.direct PROBLEM.json PRESSURE.npz

It knows nothing of the solver. Linear triangles or tetrahedra, nodal contact at coincident pairs of nodes, and the
primal-dual active-set method (Hintermüller, Ito and Kunisch 2002) from contact everywhere until the set repeats:

    K u = f + λ,    g = g_0 + (u_upper − u_lower) · n ≥ 0,    λ ≥ 0,    λ g = 0   at every pair.

The normal displacement of each upper node of a pair is counted from that of its lower partner. The gap is then an
unknown of its own, so an active pair is an unknown that is held. The stiffness stays symmetric and positive definite
with the same pattern at every step: Pardiso orders it once and factorises half of it. SciPy's SuperLU, which needs
nothing else installed and is far slower, factorises all of it anew.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
import skfem
from scipy.sparse.linalg import splu
from skfem.models.elasticity import lame_parameters, linear_elasticity

Array = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

POSITIVE_DEFINITE = 2
ANALYSIS, FACTORISATION_AND_SOLUTION = 11, 23
"""Pardiso's matrix type and phases."""
MOST_STEPS = 100

GAPS: dict[str, Callable[..., Array]] = {
    "westergaard": lambda x, amplitude, wavelength: amplitude * (1 - np.cos(2 * np.pi * x[0] / wavelength)),
    "hertz": lambda x, radius: np.sum(x[:-1] ** 2, axis=0) / (2 * radius),
}
"""Initial gap [m] at points, shape (dimension, n), with lengths in metres."""


Factorise = Callable[[sp.csr_matrix, Array], Array]
"""From the upper half of a symmetric positive definite matrix, always of the same pattern, and a right side to x."""


def pardiso() -> Factorise:
    """Return solutions by Pardiso; ImportError if MKL is not there."""
    # where pip puts the library depends on the kind of installation, and pypardiso does not ask pip
    if "PYPARDISO_MKL_RT" not in os.environ:
        try:
            libraries = [file.locate() for file in files("mkl") or () if "libmkl_rt." in file.name]
        except PackageNotFoundError as error:
            raise ImportError("the reference needs Pardiso of the Intel MKL: pip install pypardiso mkl") from error
        os.environ["PYPARDISO_MKL_RT"] = str(libraries[0])
    from pypardiso import PyPardisoSolver

    solver = PyPardisoSolver(mtype=POSITIVE_DEFINITE)
    phases = [ANALYSIS, FACTORISATION_AND_SOLUTION]

    def solution(half: sp.csr_matrix, right: Array) -> Array:
        for phase in phases:
            solver.set_phase(phase)
            x = solver._call_pardiso(half, right)
        del phases[:-1]
        return np.asarray(x)

    return solution


def superlu() -> Factorise:
    """Return solutions by SciPy's SuperLU."""

    def solution(half: sp.csr_matrix, right: Array) -> Array:
        whole = (half + sp.triu(half, 1).T).tocsc()
        options = {"SymmetricMode": True}
        return np.asarray(splu(whole, "MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options=options).solve(right))

    return solution


SOLVERS: dict[str, Callable[[], Factorise]] = {"pardiso": pardiso, "superlu": superlu}


def solve(problem: dict[str, Any]) -> tuple[Array, Array, Array, dict[str, int]]:
    """Return nodes of the interface [m], shape (n, dimension), their areas and pressures [Pa], and what it took.

    `problem` holds `mesh` (a Gmsh file), `unit` (the length of one unit of it [m]), `moduli` (E [Pa] and ν of the upper
    and of the lower block), `pressure` on the top [Pa], `name` (a key of GAPS), `gap` (its parameters) and `solver` (a
    key of SOLVERS).
    """
    mesh = skfem.Mesh.load(problem["mesh"]).scaled(problem["unit"])
    upper, lower = (_basis(mesh.restrict(side)) for side in ("upper", "lower"))
    normal = upper.mesh.dim() - 1
    stiffness = sp.block_diag(
        [
            linear_elasticity(*lame_parameters(*moduli)).assemble(basis)
            for basis, moduli in zip((upper, lower), problem["moduli"], strict=True)
        ],
        format="csr",
    )
    # the parts of a mesh keep its order of nodes, so the nodes of a pair come in the same order
    above, below = (_dofs(basis, "upper/lower", normal) for basis in (upper, lower))
    points = upper.doflocs[:, above]
    below = below + upper.N
    platen = _dofs(upper, "top", normal)
    top = skfem.FacetBasis(upper.mesh, upper.elem, facets="top")
    load = np.zeros(stiffness.shape[0])
    load[: upper.N] = skfem.LinearForm(lambda v, w: -problem["pressure"] * v[normal]).assemble(top)
    surface = skfem.FacetBasis(lower.mesh, lower.elem, facets="upper/lower")
    areas = skfem.LinearForm(lambda v, w: v[normal]).assemble(surface)[below - upper.N]

    held = [_dofs(upper, "top", axis) for axis in range(normal)] + [upper.N + lower.get_dofs("bottom").all()]
    for basis, offset in ((upper, 0), (lower, upper.N)):
        for name, axis in (("left", 0), ("right", 0), ("front", 1), ("back", 1))[: 2 * normal]:
            held.append(offset + _dofs(basis, name, axis))

    transform, number = _transform(len(load), above, below, platen)
    gap = GAPS[problem["name"]](points, **problem["gap"])
    stiffness = (transform.T @ (stiffness @ transform)).tocsr()
    factorise = SOLVERS[problem["solver"]]()
    held_unknowns = number[np.concatenate(held)]
    forces, steps = _active_set(factorise, stiffness, transform.T @ load, number[above], gap, held_unknowns)
    took = {"unknowns": upper.N + lower.N, "steps": steps}
    return points.T, areas, forces / areas, took


def _basis(mesh: skfem.Mesh) -> skfem.Basis:
    element = skfem.ElementTriP1() if mesh.dim() == 2 else skfem.ElementTetP1()
    return skfem.Basis(mesh, skfem.ElementVector(element), intorder=1)


def _dofs(basis: skfem.Basis, boundary: str, axis: int) -> Indices:
    return basis.get_dofs(boundary).all(f"u^{axis + 1}")


def _transform(size: int, above: Indices, below: Indices, platen: Indices) -> tuple[sp.csr_matrix, Indices]:
    """Return the matrix from free unknowns to displacements, and the column of each displacement that has one.

    Displacements `above` are counted from those `below`; those of the `platen` are all the first of them.
    """
    followers = platen[1:]
    columns = np.arange(size)
    columns[followers] = platen[0]
    free = np.setdiff1d(np.arange(size), followers)
    number = np.full(size, -1)
    number[free] = np.arange(len(free))
    rows = np.concatenate([np.arange(size), above])
    columns = number[np.concatenate([columns, below])]
    return sp.csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(size, len(free))), number


def _active_set(
    factorise: Factorise, stiffness: sp.csr_matrix, load: Array, pairs: Indices, gap: Array, held: Indices
) -> tuple[Array, int]:
    """Return the contact forces [N] on the `pairs` of nodes whose initial `gap` [m] is given, and the steps made.

    Displacements `held` are zero. RuntimeError if the active set does not come to rest.
    """
    half = sp.triu(stiffness, format="csr")
    half.sort_indices()
    rows = np.repeat(np.arange(len(load)), np.diff(half.indptr))
    diagonal = rows == half.indices
    active: npt.NDArray[np.bool_] = np.ones(len(pairs), dtype=bool)
    for step in range(1, MOST_STEPS + 1):
        u = np.zeros(len(load))
        u[pairs[active]] = -gap[active]
        fixed = np.zeros(len(load), dtype=bool)
        fixed[held] = fixed[pairs[active]] = True
        right = np.where(fixed, u, load - stiffness @ u)
        matrix = half.copy()
        matrix.data[fixed[rows] | fixed[half.indices]] = 0.0
        matrix.data[diagonal & fixed[rows]] = 1.0
        u = factorise(matrix, right)
        forces = (stiffness @ u - load)[pairs]
        now = np.where(active, forces > 0, gap + u[pairs] < 0)
        if np.array_equal(now, active):
            return np.where(active, forces, 0.0), step
        active = now
    raise RuntimeError(f"the active set still changes after {MOST_STEPS} steps")


if __name__ == "__main__":
    points, areas, pressure, took = solve(json.loads(Path(sys.argv[1]).read_text()))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    output: dict[str, Any] = {"points": points, "areas": areas, "pressure": pressure, "peak_memory_MB": memory, **took}
    np.savez(sys.argv[2], **output)
