"""The discrete contact problem solved in another way: an elastic energy minimised under bounds on the gap, by SNESVI.

The gap of each interface node takes the place of one displacement of the lower block. Nothing of the augmented
Lagrangian is used: matrices of the two blocks, a change of variables, and PETSc's reduced-space active-set method.
"""

from __future__ import annotations

import numpy as np
import ufl
from builders import SIDES, Blocks
from dolfinx import fem
from mpi4py import MPI
from petsc4py import PETSc
from scipy import sparse
from scipy.sparse.linalg import spsolve
from scipy.spatial import cKDTree

from interstice.solver import algebra
from interstice.solver.physics import mechanics


def pressure(blocks: Blocks) -> np.ndarray:
    """Return the contact pressure [Pa] at the nodes of `blocks.interface`, shape (nodes,), on one rank.

    The interface is flat at height 0 with the normal downwards. Far faces and symmetric sides keep the displacements
    that `blocks.u` holds.
    """
    domain, height = blocks.domain, blocks.domain.dimension - 1
    matrices, points, values, fixed = [], [], [], []
    for index, (name, law) in enumerate(zip(SIDES, blocks.laws, strict=True)):
        side, u = blocks.sites[index].side, blocks.u[name]
        trial, test = ufl.TrialFunction(u.function_space), ufl.TestFunction(u.function_space)
        energy = mechanics.residual(law, trial, test, domain.dx(side))
        matrices.append(assemble(domain.form(energy)))
        points.append(u.function_space.tabulate_dof_coordinates())
        values.append(u.x.array)
        far = blocks.dofs(name, ("collector", "counter")[index], range(height + 1))
        sides = [dofs for _, dofs in algebra.lateral(domain, [u], "symmetric").fixed]
        fixed.append(np.concatenate([far, *sides]))
    stiffness = sparse.block_diag(matrices).tocsr()
    offset = len(values[0])

    nodes = blocks.interface.space.tabulate_dof_coordinates()
    upper, lower = ((height + 1) * cKDTree(x).query(nodes)[1] + height for x in points)
    lower = lower + offset
    # u = transform w + shift, with w = gap instead of u_lower = u_upper + g_0 − gap
    transform = sparse.identity(len(stiffness.indptr) - 1, format="lil")
    shift = np.zeros(transform.shape[0])
    for row, column, gap in zip(lower, upper, blocks.face.initial_gap.x.array, strict=True):
        transform[row, row] = -1.0
        transform[row, column] = 1.0
        shift[row] = gap
    transform = transform.tocsr()
    held = np.unique(np.concatenate([fixed[0], fixed[1] + offset]))
    known = np.concatenate(values)
    shift += transform[:, held] @ known[held]
    free = np.setdiff1d(np.arange(len(known)), held)
    reduced = transform[:, free]
    energy_matrix = (reduced.T @ stiffness @ reduced).tocsr()
    load = -(reduced.T @ (stiffness @ shift))
    gaps = np.searchsorted(free, lower)
    w = solve_with_bounds(energy_matrix, load, gaps)
    force = energy_matrix @ w - load
    return force[gaps] / blocks.interface.areas.x.array


def assemble(form: fem.Form) -> sparse.csr_matrix:
    """Return the matrix of a bilinear form, without any boundary condition."""
    matrix = fem.assemble_matrix(form)
    matrix.scatter_reverse()
    return matrix.to_scipy()


def solve_with_bounds(matrix: sparse.csr_matrix, load: np.ndarray, bounded: np.ndarray) -> np.ndarray:
    """Return the minimiser of w·Aw/2 − b·w with w ≥ 0 on the entries `bounded`."""
    # SNESVI holds whatever is below 1e-8 for zero: displacements are counted in units of their own size
    unit = abs(spsolve(matrix.tocsc(), load)).max()
    scale = abs(matrix.diagonal()).max() * unit
    jacobian = PETSc.Mat().createAIJ(
        matrix.shape, csr=(matrix.indptr, matrix.indices, matrix.data / scale * unit), comm=MPI.COMM_SELF
    )
    x, residual, lower, upper = (jacobian.createVecRight() for _ in range(4))
    lower.set(PETSc.NINFINITY)
    upper.set(PETSc.INFINITY)
    lower.array[bounded] = 0.0

    def function(snes: PETSc.SNES, at: PETSc.Vec, out: PETSc.Vec) -> None:
        out.array[:] = (matrix @ (unit * at.array_r) - load) / scale

    snes = PETSc.SNES().create(MPI.COMM_SELF)
    snes.setType(PETSc.SNES.Type.VINEWTONRSLS)
    snes.setFunction(function, residual)
    snes.setJacobian(lambda snes, at, A, P: None, jacobian)
    snes.setVariableBounds(lower, upper)
    snes.setTolerances(rtol=1e-12, atol=1e-300, stol=0.0, max_it=100)
    options = PETSc.Options("oracle_")
    options["snes_linesearch_type"] = "basic"
    snes.setOptionsPrefix("oracle_")
    snes.setFromOptions()
    snes.getKSP().setType(PETSc.KSP.Type.PREONLY)
    snes.getKSP().getPC().setType(PETSc.PC.Type.LU)
    snes.solve(None, x)
    assert snes.getConvergedReason() > 0, snes.getConvergedReason()
    return unit * x.array_r
