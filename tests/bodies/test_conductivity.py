"""Conductivities that lithium and salt change, and a partial molar volume that changes its sign, in a cell."""

from pathlib import Path

import numpy as np
import pytest
from builders import tiny_cell

from interstice.solver.bodies.overpotential import Overpotentials
from interstice.solver.cell import Cell
from interstice.solver.constants import FARADAY, GAS_CONSTANT

BOTH = """\
name: both
formula: X
young_modulus: {value: 20 GPa, source: me}
poisson_ratio: {value: 0.25, source: me}
host:
  maximum_concentration: {value: 50 mol/l, source: me}
  stoichiometry_range: {value: [0.1, 0.95], source: me}
  diffusivity: {value: 1e-14 m^2/s, source: me}
  partial_molar_volume: {value: [[0.4, 3 cm^3/mol], [0.8, -1 cm^3/mol]], source: me}
  electronic_conductivity: {value: "1e-3*exp(-3*theta) [S/m]", source: me}
  open_circuit_potential: {value: 4 - theta, source: me}
electrolyte:
  salt_range: {value: [10 mol/m^3, 3 mol/l], source: me}
  ionic_conductivity: {value: "2e-6*c [S/m]", source: me}
  conductivity_activation_energy: {value: 40 kJ/mol, source: me}
  transference_number: {value: 0.3, source: me}
  salt_diffusivity: {value: "1e-12*exp(-c/1000) [m^2/s]", source: me}
  salt_diffusivity_activation_energy: {value: 25 kJ/mol, source: me}
  salt_concentration: {value: 1 mol/l, source: me}
"""
THICKNESS, LENGTH, FULL = 1e-6, 2e-6, 5e4
WARM, ROOM = 320.0, 298.15


@pytest.fixture(scope="module")
def cell(tmp_path_factory: pytest.TempPathFactory) -> Cell:
    path: Path = tmp_path_factory.mktemp("materials") / "both.yaml"
    path.write_text(BOTH)
    sides = [f"{side}.material={path}" for side in ("electrode", "electrolyte")]
    return tiny_cell("geometry.roughness={kind: flat}", *sides, "electrode.overrides={}", f"temperature={WARM} K")


def faster(energy: float) -> float:
    """Return how much faster than at room temperature something of an activation energy [J/mol] is in the cell."""
    return float(np.exp(energy / GAS_CONSTANT * (1 / ROOM - 1 / WARM)))


def resistance(cell: Cell, theta: float, salt: float) -> float:
    """Return R_0 [Ω m] with an even θ and an even concentration of salt [mol/m³]."""
    cell.sites["electrode"].host.c.x.array[:] = theta * FULL
    cell.sites["electrolyte"].conductor.salt.x.array[:] = salt
    (overpotentials,) = cell.every(Overpotentials)
    return overpotentials._even.resistance()


def test_what_an_even_current_costs_follows_lithium_and_salt(cell: Cell) -> None:
    """R_0 = (h/σ(θ) + h/κ(c, T))/L, each with what is there now."""
    for theta, salt in ((0.9, 1000.0), (0.5, 1000.0), (0.5, 400.0)):
        exact = THICKNESS / LENGTH * (np.exp(3 * theta) / 1e-3 + 1 / (2e-6 * salt * faster(40e3)))
        assert resistance(cell, theta, salt) == pytest.approx(exact, rel=1e-6)


def test_salt_diffuses_faster_by_an_activation_energy_of_its_own(cell: Cell) -> None:
    """The flux of lithium less its share of the current, t₊ i/F, is −D(c, T) ∇c."""
    conductor = cell.sites["electrolyte"].conductor
    slope = -1e6  # mol/m⁴, by a mol/m³ in all
    conductor.salt.interpolate(lambda x: 1000.0 + slope * x[0])
    conductor.phi.interpolate(lambda x: 1e-2 * x[1] / THICKNESS)
    means = {}
    for shown in conductor.shown():
        if shown.kind == "cell":
            shown.read()
            means[shown.name] = shown.function.x.array.reshape(-1, 2)
    diffusion = means["lithium flux [mol/(m^2 s)]"] - 0.3 * means["current density [A/m^2]"] / FARADAY
    expected = -1e-12 * np.exp(-1) * faster(25e3) * np.array([slope, 0.0])
    np.testing.assert_allclose(diffusion, expected + 0 * diffusion, rtol=0, atol=2e-3 * np.abs(expected).max())


def test_salt_beyond_what_is_known_of_it_is_told(cell: Cell) -> None:
    conductor = cell.sites["electrolyte"].conductor
    for salt, words in ((1000.0, []), (5.0, ["reaches 5 mol/m^3, beyond 10"]), (4000.0, ["4000 mol/m^3, beyond 3000"])):
        conductor.salt.x.array[:] = salt
        told = [text for _, text in conductor.cautions()]
        assert len(told) == len(words) and all(part in text for part, text in zip(words, told, strict=True))


def test_lithium_at_the_interface_tells_whether_it_swells_the_host_there(cell: Cell) -> None:
    """Ω is 0 at θ = 0.7: what is inside does not matter, as it is the surface that a current opens."""
    host, (face,) = cell.sites["electrode"].host, cell.faces
    points = host.c.function_space.tabulate_dof_coordinates()
    bottom = np.isclose(points[:, 1], points[:, 1].min())
    for inside, surface in ((0.9, 0.5), (0.5, 0.8)):
        host.c.x.array[:] = np.where(bottom, surface, inside) * FULL
        expected = np.interp(surface, [0.4, 0.8], [3e-6, -1e-6])
        assert face.transfer.lithium_volume == pytest.approx(expected, rel=1e-9)
