"""The length of the process zone against beam theory, its limits, and the warning of a mesh too coarse for it."""

from __future__ import annotations

import numpy as np
import pytest
from builders import BONDED, tiny_case
from mpi4py import MPI
from scipy.integrate import solve_bvp
from scipy.optimize import brentq

from interstice.solver.interface.mixity import Limits
from interstice.solver.interface.process_zone import CANTILEVER, LARGE, process_zone, scales
from interstice.solver.model import Model

LIMITS = Limits(5e6, 8e6, 1.0, 3.0)
MODULUS = 50e9
THIN, THICK = 1e-12, 1e6
"""Thicknesses [m] at which only one limit is left."""


def stiffness(share: float) -> tuple[float, float]:
    """Return K_n and K_t [Pa/m] of a bond whose onset is at a `share` of its final opening in both modes."""
    return (
        LIMITS.normal_strength**2 / (2 * LIMITS.normal_toughness * share),
        LIMITS.shear_strength**2 / (2 * LIMITS.shear_toughness * share),
    )


def test_first_root_is_that_of_the_cantilever() -> None:
    assert brentq(lambda x: np.cosh(x) * np.cos(x) + 1, 1.5, 2.2, xtol=1e-14) == pytest.approx(CANTILEVER, rel=1e-14)


@pytest.mark.parametrize("share", [0.001, 0.02, 0.1])
def test_opening_zone_of_thin_arms_is_that_of_beams_on_the_bond(share: float) -> None:
    """δ⁗ = −2 t/EI, solved from far ahead in the whole bond to the end of the zone, where the moment alone acts."""
    h = THIN
    bending = 2 * MODULUS * h**3 / 12
    strength, end = LIMITS.normal_strength, 2 * LIMITS.normal_toughness / LIMITS.normal_strength
    unit = (bending * end / (2 * strength)) ** 0.25
    ahead = 12 * share**0.25

    # y: δ and derivatives ahead (x = −ahead … 0 mapped to 0 … 1), then in the zone (0 … L mapped to 0 … 1); openings
    # over the final one, places over `unit`
    def slopes(_: np.ndarray, y: np.ndarray, p: np.ndarray) -> np.ndarray:
        softening = (1 - y[4]) / (1 - share)
        return np.vstack([ahead * y[1:4], -ahead * y[:1] / share, p[0] * y[5:8], -p[0] * softening[None]])

    def ends(a: np.ndarray, b: np.ndarray, p: np.ndarray) -> np.ndarray:
        return np.array([a[0], a[1], *(b[:4] - a[4:]), b[0] - share, b[4] - 1, b[7]])

    grid = np.linspace(0, 1, 101)
    guess = np.zeros((8, grid.size))
    guess[0], guess[4] = share * grid, share + (1 - share) * grid**2
    found = solve_bvp(slopes, ends, grid, guess, p=[1.2], tol=1e-6, max_nodes=20000)
    assert found.success
    assert process_zone(LIMITS, stiffness(share), MODULUS, h).normal == pytest.approx(found.p[0] * unit, rel=0.03)


@pytest.mark.parametrize("share", [1e-6, 0.02, 0.3])
def test_sliding_zone_of_thin_arms_is_that_of_the_shear_lag(share: float) -> None:
    """δ″ = 8 t/(E'h): the strength is reached at the end of a decay ahead, the zone ends where the bond is broken."""
    h, strength, end = THIN, LIMITS.shear_strength, 2 * LIMITS.shear_toughness / LIMITS.shear_strength
    curvature = 8 * strength / (2 * MODULUS * h)
    slope, wave = np.sqrt(curvature * share * end), np.sqrt(curvature / (end - share * end))

    def left(x: float) -> float:
        """Return the final opening less the one at `x`, which follows V″ = −wave² V."""
        return float((end - share * end) * np.cos(wave * x) - slope / wave * np.sin(wave * x))

    length = brentq(left, 0.0, np.pi / 2 / wave * 1.0001)
    assert process_zone(LIMITS, stiffness(share), MODULUS, h).shear == pytest.approx(length, rel=1e-6)


def test_zone_of_a_large_body_is_rices() -> None:
    zone = process_zone(LIMITS, stiffness(0.02), MODULUS, THICK)
    assert zone.normal == pytest.approx(LARGE * 2 * MODULUS * 1.0 / 5e6**2, rel=1e-3)
    assert zone.shear == pytest.approx(LARGE * 2 * MODULUS * 3.0 / 8e6**2, rel=1e-3)


@pytest.mark.parametrize("mode, exponent", [(0, 0.75), (1, 0.5)])
def test_between_thin_arms_and_a_large_body_the_inverse_lengths_add(mode: int, exponent: float) -> None:
    h = 2e-3
    large, arms = (process_zone(LIMITS, stiffness(0.02), MODULUS, size)[mode] for size in (THICK, THIN))
    arms *= (h / THIN) ** exponent
    found = process_zone(LIMITS, stiffness(0.02), MODULUS, h)[mode]
    assert 0.2 < large / arms < 5 and 1 / found == pytest.approx(1 / large + 1 / arms, rel=1e-3)


def test_scales_are_those_of_a_large_body_or_of_thin_arms_whichever_is_shorter() -> None:
    """l, and l^¼ h^¾ in opening, l^½ h^½ in sliding: all the same where the arms are as thick as l."""
    large = scales(LIMITS, MODULUS)
    assert large == pytest.approx((2 * MODULUS * 1.0 / 5e6**2, 2 * MODULUS * 3.0 / 8e6**2))
    for length, mode, exponent in zip(large, (0, 1), (0.75, 0.5), strict=True):
        assert scales(LIMITS, MODULUS, 16 * length)[mode] == pytest.approx(length)
        assert scales(LIMITS, MODULUS, length / 16)[mode] == pytest.approx(length / 16**exponent)


@pytest.mark.parametrize("mode, strong", [("opening", 0), ("sliding", 1)])
def test_the_shorter_zone_decides_and_is_named(mode: str, strong: int) -> None:
    strengths = [5e6, 5e6]
    strengths[strong] *= 4
    limits = Limits(*strengths, 1.0, 1.0)
    zone = process_zone(limits, (1e16, 1e16), MODULUS, 1e-4)
    assert zone.element_size == pytest.approx(zone[strong] / 3) and zone[strong] < zone[1 - strong]
    assert zone.warning(0.999 * zone.element_size) is None
    told = zone.warning(1.001 * zone.element_size)
    assert told is not None and f"{zone[strong] * 1e6:.3g} um long in {mode}" in told


FREE = "stack={hold: free}"
LAYERS = (
    "geometry={builder: layers, length: 2 um, element_size: 125 nm, "
    "layers: [{name: separator, thickness: 2 um}, {name: cathode, thickness: 0.75 um}]}",
    "electrode=null",
    "electrolyte=null",
    "interface=null",
    "electrodes={cathode: {material: NMC811, initial_stoichiometry: 0.9}}",
    "electrolytes={separator: {material: LPSCl}}",
    "interfaces={cathode/separator: {kinetics: {exchange_current_density: 1 mA/cm^2}}}",
)
PARTICLE = (
    "geometry={builder: particles, length: 4 um, height: 4 um, count: 1, mean_diameter: 2 um, element_size: 100 nm}"
)


@pytest.mark.parametrize(
    "overrides, thickness",
    [
        (("geometry.electrolyte_thickness=3 um",), 1e-6),
        (LAYERS, 0.75e-6),
        (
            (
                "geometry={builder: dcb, length: 8 um, thickness: 1.5 um, element_size: 1 um}",
                "stack={hold: free}",
                BONDED,
            ),
            1.5e-6,
        ),
        ((PARTICLE,), 0.5e-6),
    ],
    ids=["film", "layers", "dcb", "particles"],
)
def test_thickness_is_that_of_the_thinner_body_whatever_built_it(overrides: tuple[str, ...], thickness: float) -> None:
    loaded = tiny_case(*overrides)
    model = Model(loaded.case, loaded.materials, loaded.folder, MPI.COMM_WORLD)
    assert model.body_thickness(model.faces[0]) == pytest.approx(thickness, rel=0.01)
