"""Beams on a softening foundation: against their differential equations, and a sharp crack in the brittle limit."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import numpy.typing as npt
import pytest
from scipy.integrate import solve_bvp

from interstice.benchmarks import closed_form
from interstice.benchmarks.cohesive_beam import Bond, Specimen, follow

Array = npt.NDArray[np.float64]

MODULUS, THICKNESS, CRACK = 20e9, 100e-6, 500e-6
BENDING, SHEAR = MODULUS * THICKNESS**3 / 12, 5 * MODULUS * THICKNESS / 12
STRENGTH, TOUGHNESS = 5e6, 1.0
ELASTIC = 50 * STRENGTH**2 / TOUGHNESS
"""Stiffness of the bond [Pa/m]: broken at a hundred times the opening of onset."""


def bond(strength: float = STRENGTH) -> Bond:
    stiffness = ELASTIC * (strength / STRENGTH) ** 2
    return Bond(strength, strength, TOUGHNESS, TOUGHNESS, 1.0, stiffness, stiffness)


END = 2 * TOUGHNESS / STRENGTH
"""Opening at which the bond is broken [m]: the unit of displacements below, where lengths are in thicknesses."""


def bilinear(spring: float, share: float) -> Callable[[Array], Array]:
    """Return the traction [Pa] by `share` · δ + t/`spring`, the displacement of an arm over END, while δ grows."""
    corners = np.array([share * STRENGTH / ELASTIC + STRENGTH / spring, share * END]) / END
    return lambda w: np.sign(w) * np.interp(np.abs(w), [0.0, *corners], [0.0, STRENGTH, 0.0])


def peak(equations: Callable, ends: Callable, x: Array, unknowns: int, tips: Array) -> float:
    """Return the largest load while the displacement of an arm at the tip goes through `tips`."""
    y, load, loads = np.zeros((unknowns, len(x))), np.array([1.0]), []
    for tip in tips:
        found = solve_bvp(equations, partial(ends, tip), x, y, p=load, tol=1e-4, max_nodes=20000)
        assert found.success, found.message
        y, load = found.sol(x), found.p
        loads.append(float(load[0]))
    top = int(np.argmax(loads))
    assert 0 < top < len(loads) - 1
    before, at, after = loads[top - 1 : top + 2]
    return at + (after - before) ** 2 / (8 * (2 * at - before - after))


def test_peak_in_opening_is_that_of_the_differential_equations() -> None:
    chi = closed_form.strip_correction("opening")
    traction = bilinear(4 * BENDING / ((chi * THICKNESS) ** 2 - BENDING / SHEAR) ** 2, 0.5)
    x = CRACK / THICKNESS + 12 * np.linspace(0, 1, 400) ** 1.5
    unit = BENDING * END / THICKNESS**3  # of the load

    def equations(_: Array, y: Array, p: Array) -> Array:
        w, psi, moment, force = y
        shear = force * BENDING / (SHEAR * THICKNESS**2)
        return np.array([psi + shear, moment, -force, traction(w) * THICKNESS / unit])

    def ends(tip: float, left: Array, right: Array, p: Array) -> Array:
        return np.array([left[0] - tip, left[2] - p[0] * x[0], left[3] + p[0], right[2], right[3]])

    load = unit * peak(equations, ends, x, 4, np.linspace(0.05, 0.6, 23))
    length = float(x[-1]) * THICKNESS
    path = follow(Specimen(length, THICKNESS, MODULUS, CRACK, 1.0, 0.0), bond(), THICKNESS)
    assert max(path.load) == pytest.approx(load, rel=2e-3)


def test_peak_in_sliding_is_that_of_the_differential_equation() -> None:
    """The slip vanishes under the load in the middle, far from both crack and end."""
    chi = closed_form.strip_correction("sliding")
    traction = bilinear(MODULUS / (8 * chi**2 * THICKNESS), 1.0)
    half = 4 * CRACK
    x = (CRACK + np.linspace(0, 1, 801) ** 1.5 * (half - CRACK)) / THICKNESS
    unit = MODULUS * END / 3

    def equation(_: Array, y: Array, p: Array) -> Array:
        return np.array([y[1], 8 * traction(y[0]) * THICKNESS / (MODULUS * END) - p[0]])

    def ends(tip: float, left: Array, right: Array, p: Array) -> Array:
        return np.array([left[0] - tip, left[1] + p[0] * x[0], right[0]])

    load = unit * peak(equation, ends, x, 2, np.linspace(0.05, 1.2, 24))
    path = follow(Specimen(2 * half, THICKNESS, MODULUS, CRACK, 0.0, 1.0), bond(), THICKNESS)
    assert max(path.load) == pytest.approx(load, rel=2e-3)


@pytest.mark.parametrize("opening, bending", [(1.0, 0.0), (0.0, 1.0)])
def test_load_of_a_growing_crack_is_that_of_a_sharp_one(opening: float, bending: float) -> None:
    """P from the displacement, by the release rate of beam theory, once the process zone is complete."""
    length = (20 if opening else 5) * CRACK
    path = follow(Specimen(length, THICKNESS, MODULUS, CRACK, opening, bending), bond(10e6), THICKNESS)
    cracks = np.linspace(0.9 * CRACK, 2 * CRACK, 20001)
    if opening:
        compliances = closed_form.dcb_compliance(cracks, THICKNESS, MODULUS)
        rates = closed_form.dcb_release_rate(1.0, cracks, THICKNESS, MODULUS)
    else:
        # the shear stiffness 5E′h/12 of one arm as that of a modulus G, 5Gh/6
        compliances = closed_form.enf_compliance(cracks, length / 2, THICKNESS, MODULUS, MODULUS / 2)
        rates = closed_form.enf_release_rate(1.0, cracks, THICKNESS, MODULUS)
    grown = np.array(path.broken) > 0.25 * THICKNESS
    loads = np.array(path.load)[grown]
    expected = np.interp(np.array(path.displacement)[grown] / loads, compliances, np.sqrt(TOUGHNESS / rates))
    np.testing.assert_allclose(loads, expected, rtol=1e-2)


def test_broken_bond_takes_its_toughness() -> None:
    """Work of the load less the elastic energy of the end, along the whole path."""
    path = follow(Specimen(20 * CRACK, THICKNESS, MODULUS, CRACK, 1.0, 0.0), bond(), 3 * THICKNESS)
    load, displacement = np.array(path.load), np.array(path.displacement)
    steady = np.array(path.broken) > THICKNESS
    work = np.concatenate([[0.0], np.cumsum((load[1:] + load[:-1]) / 2 * np.diff(displacement))])
    lost = (work - load * displacement / 2)[steady]
    np.testing.assert_allclose(np.diff(lost).sum() / np.ptp(np.array(path.broken)[steady]), TOUGHNESS, rtol=0.02)
