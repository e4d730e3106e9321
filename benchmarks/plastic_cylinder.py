"""A thick-walled tube under internal pressure yields from its bore outwards, in plane strain.

Hill's closed form of the front of what has yielded takes the axial stress for the mean of the others, as in a solid that
keeps its volume. A compressible one has another axial stress, which von Mises' law minds: the front is compared with a
radial problem in one dimension at high resolution, and how far Hill's is from it is told as well. What has yielded is
found by the share of the section where there is plastic strain.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.linalg import solve_banded

from interstice.benchmarks import closed_form

Array = npt.NDArray[np.float64]

CELLS, LOADS = 400, 100
"""Rings of the radial reference and the steps in which it is loaded."""
SETTLED = 1e-12
"""Change of a displacement over the largest at which Newton's method ends in the reference."""


def radial_reference(
    inner: float, outer: float, pressure: float, moduli: tuple[float, float], strength: float
) -> float:
    """Return the front [m] of an elastic, ideally plastic tube of the law of von Mises under an internal `pressure`.

    Rings with one point each, linear displacements in between, and Newton's method with the tangent of the return to
    the yield surface. The front follows from how far the outer face moves (`closed_form.tube_front_inside`), with no
    regard to what the plastic part does. `moduli` are E [Pa] and ν, radii in m.
    """
    modulus, nu = moduli
    bulk, shear = modulus / (3 * (1 - 2 * nu)), modulus / (2 * (1 + nu))
    r = np.linspace(inner, outer, CELLS + 1)
    middle, width = (r[1:] + r[:-1]) / 2, np.diff(r)
    # strains (rr, θθ) of a ring from the displacements of its two edges
    gradient = np.stack([[-1 / width, 1 / width], [0.5 / middle, 0.5 / middle]]).transpose(2, 0, 1)
    u, plastic = np.zeros(CELLS + 1), np.zeros((CELLS, 3))
    for load in np.linspace(0, pressure, LOADS + 1)[1:]:
        while True:
            strain = np.einsum("cij,cj->ci", gradient, np.stack([u[:-1], u[1:]], axis=1))
            stress, tangent, flow = _return(strain, plastic, bulk, shear, strength)
            weight = (middle * width)[:, None]
            force = weight * np.einsum("cij,ci->cj", gradient, stress)
            matrix = weight[..., None] * np.einsum("cki,ckl,clj->cij", gradient, tangent, gradient)
            residual = np.zeros(CELLS + 1)
            residual[:-1] += force[:, 0]
            residual[1:] += force[:, 1]
            residual[0] -= load * inner
            bands = np.zeros((3, CELLS + 1))
            bands[1, :-1] += matrix[:, 0, 0]
            bands[1, 1:] += matrix[:, 1, 1]
            bands[0, 1:], bands[2, :-1] = matrix[:, 0, 1], matrix[:, 1, 0]
            change = solve_banded((1, 1), bands, -residual)
            u += change
            if np.abs(change).max() <= SETTLED * np.abs(u).max():
                break
        plastic = flow
    return float(closed_form.tube_front_inside(float(u[-1]), outer, strength / modulus, nu))


def _return(
    strain: Array, plastic: Array, bulk: float, shear: float, strength: float
) -> tuple[Array, Array, Array]:
    """Return stress (cells, 2), tangent (cells, 2, 2) and plastic strain (cells, 3) of the law of von Mises.

    `strain` (rr, θθ), shape (cells, 2); none along the axis. Simo and Hughes, Computational Inelasticity (1998), box 3.2.
    """
    whole = np.pad(strain, ((0, 0), (0, 1)))
    volume = whole.sum(axis=1, keepdims=True)
    trial = 2 * shear * (whole - volume / 3 - plastic)
    size = np.maximum(np.linalg.norm(trial, axis=1, keepdims=True), np.finfo(float).tiny)
    share = np.minimum(np.sqrt(2 / 3) * strength / size, 1.0)
    normal = trial / size
    stress = bulk * volume + share * trial
    deviatoric, every = np.eye(3) - 1 / 3, np.ones((3, 3))
    scale, turned = share[..., None], np.where(share < 1.0, share, 0.0)[..., None]
    tangent = bulk * every + 2 * shear * (
        scale * deviatoric - turned * normal[:, :, None] * normal[:, None, :]
    )
    return stress[:, :2], tangent[:, :2, :2], plastic + (1 - share) * trial / (2 * shear)
