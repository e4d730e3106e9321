"""The numbers of the shipped materials: where they come from, and that they agree with each other and with nature."""

import re
from pathlib import Path

import numpy as np
import pytest

from interstice import materials
from interstice.materials.function import Formula, Table

NAMES = materials.names()
HOSTS = [name for name in NAMES if materials.load(name).host]
FARADAY = 96485.33

CITATION = re.compile(r"doi:10\.|\bPMC\d+|\b\d+, [A-Z]?\d+ \((19|20)\d\d\)|\((19|20)\d\d\)|20\d\d$|read in 20\d\d")


def host(name: str) -> materials.Host:
    found = materials.load(name).host
    assert found is not None
    return found


@pytest.mark.parametrize("name", NAMES)
def test_every_number_is_cited_or_an_estimate_with_its_reasoning(name: str) -> None:
    for row in materials.describe(name):
        assert bool(row.source) != bool(row.estimate), row
        if row.source:
            assert CITATION.search(row.source) and len(row.source) > 30, row
        else:
            # a reasoning says by how much it may be wrong, or of what it is made: with numbers
            assert len(row.estimate) > 80 and re.search(r"\d", row.estimate), row


def test_nothing_is_quoted_from_memory() -> None:
    folder = Path(materials.__file__).parent
    for file in [*folder.glob("*.yaml"), *(folder.parent / "cases").rglob("*.yaml")]:
        assert not re.search(r"from memory|recall", file.read_text()), file


@pytest.mark.parametrize("name", NAMES)
def test_every_number_is_in_the_table_as_it_is_in_the_file(name: str) -> None:
    """What a material is based on is in its own table too."""
    material = materials.load(name)
    numbers = {key for role in material.roles for key in material.numbers(role)} - {*material.roles, "thermal"}
    assert numbers <= {row.quantity for row in material.table()}


@pytest.mark.parametrize("name", HOSTS)
def test_swelling_is_the_integral_of_the_partial_molar_volume(name: str) -> None:
    """Vegard's strain and Ω belong together: ε(θ) = c_max ∫ Ω dθ/3, or stress on lithium does work out of nothing."""
    this = host(name)
    volume, low, high = this.partial_molar_volume, *this.stoichiometry_range
    theta = np.linspace(low, high, 20_001)
    values = volume(theta) if callable(volume) else np.full_like(theta, volume)
    summed = np.append(0.0, np.cumsum((values[1:] + values[:-1]) / 2 * np.diff(theta)))
    scale = this.maximum_concentration / 3
    np.testing.assert_allclose(this.swelling(low, theta), scale * summed, atol=1e-6 * scale * np.abs(values).max())
    step = 1e-5
    middle = theta[10:-10:500]
    slope = (this.swelling(low, middle + step) - this.swelling(low, middle - step)) / (2 * step)
    np.testing.assert_allclose(
        slope, scale * np.interp(middle, theta, values), atol=1e-3 * scale * np.abs(values).max()
    )


def test_nmc_shrinks_as_its_lattice_does() -> None:
    """Volumes of the cell in percent below that at 0.9 (de Biasi et al. 2017): most of it comes below θ = 0.4."""
    theta = np.array([0.9, 0.45, 0.381, 0.31, 0.28, 0.213, 0.172])
    shrinkage = np.array([0.0, 1.42, 1.74, 2.43, 3.0, 4.86, 6.0])
    np.testing.assert_allclose(np.diff(-300 * host("NMC811").swelling(0.9, theta)), np.diff(shrinkage), atol=0.12)


def test_lithium_cobalt_oxide_expands_by_two_percent_and_then_collapses() -> None:
    volume = 300 * host("LCO").swelling(0.985, np.array([0.61, 0.43]))
    assert 1.2 < volume[0] < 2.5
    assert volume[1] < volume[0] - 1.5


def test_graphite_rests_between_its_second_stages() -> None:
    swelling = 300 * host("graphite").swelling(0.0, np.array([0.3, 0.45, 1.0]))
    assert swelling[1] - swelling[0] < 0.1 * swelling[2]
    assert 10 < swelling[2] < 14


@pytest.mark.parametrize(
    ("name", "sites", "mass"),
    [("NMC811", 1, 97.28e-3), ("LCO", 1, 97.87e-3), ("graphite", 1, 72.07e-3)],
)
def test_full_hosts_have_a_lithium_for_every_site_of_their_crystal(name: str, sites: int, mass: float) -> None:
    """c_max is the density over the mass of what holds one lithium [kg/mol], within what sources differ."""
    density = materials.load(name).density
    assert density is not None
    assert host(name).maximum_concentration == pytest.approx(sites * density / mass, rel=0.03)


@pytest.mark.parametrize("name", ["LPSCl", "LLZO"])
def test_lithium_moves_as_fast_as_in_other_conductors(name: str) -> None:
    """Nernst and Einstein: all lithium of the crystal with D = κRT/(F² c), 1e-13 to 1e-10 m²/s."""
    material = materials.load(name)
    assert material.electrolyte is not None and material.density is not None
    lithium, mass = {"LPSCl": (6, 268.4e-3), "LLZO": (6.4, 889.4e-3)}[name]
    concentration = lithium * material.density / mass
    diffusivity = material.electrolyte.ionic_conductivity * 8.314 * 298.15 / FARADAY**2 / concentration
    assert 1e-13 < diffusivity < 1e-10


@pytest.mark.parametrize("name", HOSTS)
def test_functions_of_hosts_hold_within_the_range_and_stay_beyond(name: str) -> None:
    this = host(name)
    low, high = this.stoichiometry_range
    for quantity in (this.diffusivity, this.partial_molar_volume, this.electronic_conductivity):
        if isinstance(quantity, Formula):
            np.testing.assert_array_equal(quantity(np.array([0.0, 1.0])), quantity(np.array([low, high])))
        if isinstance(quantity, Table):
            assert all(0 <= theta <= 1 for theta, _ in quantity.rows)


def test_the_conductivity_of_nmc_rises_as_lithium_leaves() -> None:
    conductivity = host("NMC811").electronic_conductivity(np.linspace(0.2, 1.0, 50))
    assert (np.diff(conductivity) <= 0).all()
    assert conductivity[0] / conductivity[-1] > 1e3


def test_silicon_is_taken_in_below_and_given_off_above_its_mean_potential() -> None:
    theta = np.linspace(0.05, 0.95, 200)
    taken, mean, given = (
        host(name).open_circuit_potential(theta) for name in ("silicon lithiation", "silicon", "silicon delithiation")
    )
    assert (taken < given).all()
    np.testing.assert_allclose(mean, (taken + given) / 2, rtol=1e-10)


def test_variants_of_argyrodite_differ_in_what_they_say_and_nothing_else() -> None:
    """A pellet is softer than the crystal, by its pores; it conducts as the pellets do whose number both have."""
    crystal, sintered, pellet = (materials.load(name) for name in ("LPSCl", "LPSCl sintered", "LPSCl pellet"))
    assert pellet.young_modulus < crystal.young_modulus < sintered.young_modulus
    assert pellet.electrolyte == crystal.electrolyte == sintered.electrolyte
    assert pellet.density is not None and crystal.density is not None
    assert pellet.density == pytest.approx(0.87 * crystal.density, rel=1e-2)


@pytest.mark.parametrize("name", NAMES)
def test_a_temperature_range_holds_the_temperature_of_the_numbers(name: str) -> None:
    material = materials.load(name)
    for block in (material.host, material.electrolyte):
        if block is not None and block.temperature_range is not None:
            low, high = block.temperature_range
            assert low <= block.reference_temperature <= high
