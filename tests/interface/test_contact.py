"""Contact against closed forms: patch test, Westergaard's wavy surface, re-contact; the two methods; several ranks.

Run as a program, this file prints the pressure of a wavy contact, node by node.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np
import pytest
import ufl
from builders import LENGTH, SIDES, Blocks, film_mesh, gathered, inclined, rotation
from dolfinx import fem
from mpi4py import MPI

from interstice.meshes.compat import expression_at_points
from interstice.meshes.tagged import TaggedMesh

ELEMENTS = 64
AMPLITUDE = 1e-3 * LENGTH
RELATIVE_PRESSURE = 0.4
"""Mean pressure over the pressure that closes the waves."""


# --- patch test ------------------------------------------------------------------------------------


@pytest.mark.parametrize("tilt", [False, True], ids=["flat", "inclined"])
@pytest.mark.parametrize("dimension, elements", [(2, 4), (3, 2)], ids=["2D", "3D"])
@pytest.mark.parametrize("second", [(20e9, 0.3), (10e9, 0.2)], ids=["equal", "different"])
def test_uniform_stress_passes_through_the_interface(
    dimension: int, elements: int, tilt: bool, second: tuple[float, float]
) -> None:
    """Far faces moved as under uniaxial stress, sides free: the exact solution is linear on each side."""
    tagged = film_mesh(dimension, elements)
    normal = np.eye(3)[dimension - 1]
    if tilt:
        tagged, normal = inclined(tagged), rotation(dimension)[:, dimension - 1]
    moduli = ((20e9, 0.3), second)
    blocks = Blocks(tagged, "held", "free", moduli)
    pressure = 50e6
    along = np.outer(normal, normal)[:dimension, :dimension]
    across = np.eye(dimension) - along
    for index, (side, (E, nu)) in enumerate(zip(blocks.sites, moduli, strict=True)):
        # in plane strain the stress out of plane adds to both strains
        confined = (1 - nu**2, nu * (1 + nu)) if dimension == 2 else (1.0, nu)
        strain = pressure / E * (confined[1] * across - confined[0] * along)
        u = blocks.u[side.name]
        exact = u.function_space.tabulate_dof_coordinates()[:, :dimension] @ strain
        face = blocks.dofs(side.name, ("collector", "counter")[index], range(dimension))
        u.x.array[face] = exact.ravel()[face]
    blocks.contact.closed = 1e-12
    blocks.press(drift_tolerance=1e-12)

    np.testing.assert_allclose(blocks.contact.pressure, pressure, rtol=1e-10)
    assert blocks.interface.max(np.abs(blocks.contact.gap.read())) < 1e-10 * pressure / 20e9 * LENGTH
    for side, (E, nu) in zip(blocks.sites, moduli, strict=True):
        stress = stress_of_cells(blocks.u[side.name], E, nu)
        np.testing.assert_allclose(stress, np.broadcast_to(-pressure * along, stress.shape), atol=1e-10 * pressure)


def stress_of_cells(u: fem.Function, E: float, nu: float) -> np.ndarray:
    """Return the stress of each cell, written out once more from Hooke's law, shape (cells, d, d)."""
    mesh = u.function_space.mesh
    dimension = mesh.geometry.dim
    space = fem.functionspace(mesh, ("DG", 0, (dimension, dimension)))
    strain = fem.Function(space)
    strain.interpolate(expression_at_points(ufl.sym(ufl.grad(u)), space))
    strain = strain.x.array.reshape(-1, dimension, dimension)
    trace = np.trace(strain, axis1=1, axis2=2)[:, None, None] * np.eye(dimension)
    return E / (1 + nu) * (strain + nu / (1 - 2 * nu) * trace)


# --- Westergaard -----------------------------------------------------------------------------------


class Wavy(NamedTuple):
    """A pressed wavy interface: nodes x [m], pressure [Pa] and gap [m] there, and the problem itself."""

    x: np.ndarray
    pressure: np.ndarray
    gap: np.ndarray
    mean_pressure: float
    wavelength: float
    blocks: Blocks
    penetration: float


def wave_mesh(lateral: str) -> TaggedMesh:
    """A film twice as thick as a wave is long; the default coarse size would cost more than the interface's own."""
    return film_mesh(2, ELEMENTS, lateral, thickness=4.0, coarse=0.05)


@cache
def wavy(lateral: str = "symmetric", augmentation: float = 1e3, update: bool = True) -> Wavy:
    """Press a wave g_0 = A (1 − cos 2πx/λ); symmetric sides enclose half a wave, periodic ones a whole wave."""
    wavelength = 2 * LENGTH if lateral == "symmetric" else LENGTH
    blocks = Blocks(
        wave_mesh(lateral),
        "pressed",
        lateral,
        gap=lambda x: AMPLITUDE * (1 - np.cos(2 * np.pi * x[0] / wavelength)),
        augmentation=augmentation,
        update=update,
    )
    mean = RELATIVE_PRESSURE * np.pi * blocks.face.modulus * AMPLITUDE / wavelength
    # r = 10⁴ E*/h amplifies the rounding of the displacements above the solver's usual tolerance
    blocks.press(mean, tolerance=1e-9 if augmentation > 1e3 else 1e-10)
    points, pressure = gathered(blocks.interface, blocks.contact.pressure)
    _, gap = gathered(blocks.interface, blocks.contact.gap.read())
    return Wavy(points[:, 0], pressure, gap, mean, wavelength, blocks, -gap.min())


def exact_pressure(x: np.ndarray, wavelength: float, mean: float) -> np.ndarray:
    """Westergaard (1939): 2p̄ cos(πx/λ)/s² √(s² − sin²(πx/λ)) in the contact, s² = p̄/p* = sin²(πa/λ)."""
    phase = np.pi * x / wavelength
    under_root = RELATIVE_PRESSURE - np.sin(phase) ** 2
    return 2 * mean * np.abs(np.cos(phase)) / RELATIVE_PRESSURE * np.sqrt(np.maximum(under_root, 0.0))


def l2_error(result: Wavy, nodal: np.ndarray) -> float:
    """Return the L2 norm over Γ of (piecewise linear − exact) over that of the exact pressure."""
    # 2000 midpoints per element resolve the root at the edge of the contact
    fractions = (np.arange(2000) + 0.5) / 2000
    x = (result.x[:-1, None] + np.diff(result.x)[:, None] * fractions).ravel()
    exact = exact_pressure(x, result.wavelength, result.mean_pressure)
    return float(np.sqrt(np.mean((np.interp(x, result.x, nodal) - exact) ** 2) / np.mean(exact**2)))


@pytest.mark.parametrize("lateral", ["symmetric", "periodic"])
def test_pressure_of_a_wavy_contact_is_westergaards(lateral: str) -> None:
    """The error may exceed that of the best piecewise linear reading of the exact pressure by a tenth."""
    result = wavy(lateral)
    exact = exact_pressure(result.x, result.wavelength, result.mean_pressure)
    assert l2_error(result, result.pressure) <= 1.1 * l2_error(result, exact)


@pytest.mark.parametrize("lateral", ["symmetric", "periodic"])
def test_wavy_contact_is_as_wide_as_westergaards(lateral: str) -> None:
    result = wavy(lateral)
    width = result.blocks.interface.sum(result.blocks.contact.active.x.array)
    half = result.wavelength / np.pi * np.arcsin(np.sqrt(RELATIVE_PRESSURE))
    edges = 2 * LENGTH / result.wavelength
    assert width / edges == pytest.approx(half, abs=LENGTH / ELEMENTS)


@pytest.mark.parametrize("lateral", ["symmetric", "periodic"])
def test_pressure_vanishes_where_gap_is_open(lateral: str) -> None:
    result = wavy(lateral)
    open_nodes = result.gap > 1e-9 * AMPLITUDE
    assert 0 < open_nodes.sum() < len(result.gap)
    assert np.all(result.pressure[open_nodes] == 0.0)
    assert np.all(result.pressure[~open_nodes] > 0.0)
    assert np.abs(result.gap * result.pressure).max() <= 1e-9 * result.mean_pressure * AMPLITUDE
    assert result.gap.min() >= -1e-9 * AMPLITUDE


@pytest.mark.parametrize("lateral", ["symmetric", "periodic"])
def test_contact_carries_the_load(lateral: str) -> None:
    result = wavy(lateral)
    carried = result.blocks.interface.sum(result.blocks.contact.pressure)
    assert carried == pytest.approx(result.mean_pressure * LENGTH, rel=1e-9)


@pytest.mark.parametrize("augmentation", [1e2, 1e4])
def test_result_does_not_depend_on_the_augmentation(augmentation: float) -> None:
    reference, other = wavy(), wavy(augmentation=augmentation)
    np.testing.assert_allclose(other.pressure, reference.pressure, rtol=0, atol=1e-7 * reference.pressure.max())
    np.testing.assert_allclose(other.gap, reference.gap, rtol=0, atol=1e-7 * AMPLITUDE)


def test_penalty_converges_to_the_augmented_lagrangian_with_first_order() -> None:
    reference = wavy()
    penalties = [1e2, 1e3, 1e4]
    results = [wavy(augmentation=penalty, update=False) for penalty in penalties]
    errors = [np.linalg.norm(result.pressure - reference.pressure) for result in results]
    orders = -np.diff(np.log10(errors))
    np.testing.assert_allclose(orders, 1.0, atol=0.1)
    penetrations = [result.penetration for result in results]
    np.testing.assert_allclose(-np.diff(np.log10(penetrations)), 1.0, atol=0.1)


def test_penalty_pressure_is_stiffness_times_penetration() -> None:
    result = wavy(augmentation=1e2, update=False)
    _, stiffness = gathered(result.blocks.interface, result.blocks.contact.augmentation.x.array)
    expected = np.maximum(-stiffness * result.gap, 0.0)
    np.testing.assert_allclose(result.pressure, expected, rtol=0, atol=1e-10 * result.pressure.max())


# --- history ---------------------------------------------------------------------------------------


def held_wave() -> Blocks:
    return Blocks(
        wave_mesh("symmetric"),
        "held",
        gap=lambda x: AMPLITUDE * (1 - np.cos(np.pi * x[0] / LENGTH)),
    )


def test_pressing_again_is_as_pressing_once() -> None:
    """No bond and no friction: press, pull apart, press further, back and again leaves no trace."""
    once, again = held_wave(), held_wave()
    once.contact.close()
    once.move_collector(-AMPLITUDE)
    again.contact.close()
    again.move_collector(-AMPLITUDE / 2)
    again.move_collector(AMPLITUDE)
    assert again.interface.sum(again.contact.active.x.array) == 0.0
    assert again.interface.max(again.contact.pressure) == 0.0
    again.move_collector(-3 * AMPLITUDE)
    again.move_collector(-AMPLITUDE)
    scale = once.interface.max(once.contact.pressure)
    np.testing.assert_allclose(again.contact.pressure, once.contact.pressure, rtol=0, atol=1e-8 * scale)
    for name in SIDES:
        np.testing.assert_allclose(again.u[name].x.array, once.u[name].x.array, rtol=0, atol=1e-8 * AMPLITUDE)


def test_separated_bodies_open_by_the_displacement_and_feel_nothing() -> None:
    blocks = held_wave()
    blocks.contact.close()
    blocks.move_collector(-AMPLITUDE)
    blocks.move_collector(AMPLITUDE)
    x = blocks.interface.space.tabulate_dof_coordinates()[:, 0]
    # ⟦u⟧ · n with n out of the electrode, downwards: a raised electrode opens the gap
    expected = AMPLITUDE * (1 - np.cos(np.pi * x / LENGTH)) + AMPLITUDE
    np.testing.assert_allclose(blocks.contact.gap.read(), expected, rtol=0, atol=1e-9 * AMPLITUDE)


# --- ranks -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("ranks", [2, 3])
def test_several_ranks_find_the_pressure_of_one(mpi_run: Callable[..., str], ranks: int) -> None:
    for lateral in ("symmetric", "periodic"):
        result = wavy(lateral)
        x, pressure, gap = np.array(json.loads(mpi_run([__file__, lateral], ranks, timeout=60)))
        np.testing.assert_allclose(x, result.x, rtol=0, atol=1e-12 * LENGTH)
        np.testing.assert_allclose(pressure, result.pressure, rtol=0, atol=1e-9 * result.pressure.max())
        np.testing.assert_allclose(gap, result.gap, rtol=0, atol=1e-9 * AMPLITUDE)


if __name__ == "__main__":
    import sys

    result = wavy(sys.argv[1])
    if MPI.COMM_WORLD.rank == 0:
        print(json.dumps([result.x.tolist(), result.pressure.tolist(), result.gap.tolist()]))
