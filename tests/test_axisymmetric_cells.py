"""Cells that are bodies of revolution: against plane ones, uniform pressure, Hertz, on the axis too."""

from __future__ import annotations

import numpy as np
import pytest
from builders import BONDED, tiny_case, tiny_cell, tiny_run

from interstice.benchmarks import closed_form
from interstice.schema.problems import CaseError
from interstice.solver.physics.mechanics import composite_modulus

pytestmark = pytest.mark.also_on_ranks(2)

FLAT, REVOLVED = "geometry.roughness={kind: flat}", "geometry.axisymmetric=true"
RADIUS, ELEMENT = 2e-6, 125e-9
"""Of the tiny case [m]."""
WHOLE = ("[m^2]", "[A]", "[N]", "[J]", "[W]")
"""Units of what belongs to a whole cell, or to a metre of its depth."""
ROUNDING = ("balance", "complementarity", "penetration", "iterations", "not accounted for")
"""In the names of columns of what is zero but for rounding."""


@pytest.mark.parametrize("order", [1, 2])
def test_a_flat_disc_is_a_flat_film_per_area(order: int) -> None:
    """Where lithium is spread evenly at once, all fields are linear, and no mesh has an error."""
    spread = "electrode.overrides.diffusivity=1e-6 m^2/s"
    protocol = "protocol=[charge at 0.2 mA/cm^2 for 5 s, rest for 1 s, discharge at 0.2 mA/cm^2 for 5 s]"
    film, disc = (tiny_run(FLAT, spread, protocol, f"element_order={order}", *more) for more in ((), (REVOLVED,)))
    bore = 0.1 * ELEMENT if order == 2 else 0.0
    area = np.pi * (RADIUS**2 - bore**2) / RADIUS
    assert len(film.rows) == len(disc.rows) > 5
    compared = []
    for name in film.rows[0]:
        plane = film.column(name) * (area if name.endswith(WHOLE) else 1.0)
        scale = np.abs(plane).max()
        if scale > 0.0 and np.isfinite(scale) and not any(word in name for word in ROUNDING):
            # differences of potentials of volts, and of heights of micrometres
            floor = 1e-12 if name.endswith("[V]") else 1e-19 if name.endswith("[m]") else 0.0
            np.testing.assert_allclose(disc.column(name), plane, rtol=0, atol=1e-10 * scale + floor, err_msg=name)
            compared.append(name)
    assert {"apparent area [m^2]", "elastic energy [J]", "voltage [V]", "max pressure [Pa]"} <= set(compared)


@pytest.mark.parametrize("order", [1, 2])
def test_uniform_pressure_passes_through_a_disc_exactly(order: int) -> None:
    cell = tiny_cell(FLAT, REVOLVED, f"element_order={order}", "stack.hold=constant_pressure")
    cell.press()
    (face,) = cell.faces
    np.testing.assert_allclose(face.contact.pressure, 20e6, rtol=1e-10)
    assert face.interface.sum(face.contact.pressure) == pytest.approx(20e6 * cell.model.apparent_area, rel=1e-10)
    for site in cell.sites.values():
        assert np.abs(site.u.x.array[::2]).max() < 1e-10 * np.abs(site.u.x.array).max()


@pytest.mark.parametrize("order, error", [(1, 5e-3), (2, 1e-3)])
def test_a_round_asperity_presses_as_hertz_says(order: int, error: float) -> None:
    """One crest of a wave far longer than the body; p_0 by the mean of p² over a disc."""
    size, a, elements = 24e-6, 2e-6, 10
    wavelength = 8 * size
    text = (
        f"geometry.length={size} m",
        f"geometry.element_size={a / elements} m",
        *(f"geometry.{side}_thickness={size} m" for side in ("electrode", "electrolyte")),
        f"geometry.roughness={{kind: sinusoidal, amplitude: 2 um, wavelength: {wavelength} m}}",
        f"element_order={order}",
        REVOLVED,
    )
    radius = wavelength**2 / (4 * np.pi**2 * 2e-6)
    materials = [(m.young_modulus, m.poisson_ratio) for m in tiny_case(*text).materials.values()]
    modulus = composite_modulus(*materials)
    force = 4 * modulus * a**3 / (3 * radius)
    cell = tiny_cell(*text, f"stack={{hold: constant_pressure, pressure: {force / (np.pi * size**2)} Pa}}")
    cell.press()
    (face,) = cell.faces
    interface, pressure = face.interface, face.contact.pressure
    assert interface.sum(pressure) == pytest.approx(force, rel=1e-4)  # a bore has no share
    r = interface.space.tabulate_dof_coordinates()[:, 0] / a
    exact = closed_form.hertz_pressure(r, 1.0, closed_form.hertz_point(force, radius, modulus)[1])
    inside = r < 0.65
    squares = [interface.sum(inside * p**2) for p in (pressure, exact)]
    assert np.sqrt(squares[0] / squares[1]) == pytest.approx(1.0, abs=error)
    # on the axis a node has the least to itself
    assert interface.max(np.where(inside, np.abs(pressure - exact), 0.0)) < 0.04 * interface.max(exact)


@pytest.mark.parametrize(
    "keys, words",
    [
        (["geometry.dimension=3"], "axisymmetric = True: belongs to dimension 2"),
        (["geometry.lateral=periodic"], "axisymmetric = True: bodies have an axis and a rim"),
        (["kinematics=finite_rotation"], "not for axisymmetric geometries"),
        ([BONDED], "axisymmetric is not for interfaces with a cohesive bond"),
    ],
)
def test_what_cannot_revolve_is_refused_in_words(keys: list[str], words: str) -> None:
    with pytest.raises(CaseError, match=words):
        tiny_case(REVOLVED, *keys)
