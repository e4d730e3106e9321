"""The numbers of the shipped materials: where they come from, and that they agree with each other and with nature."""

import re
from pathlib import Path

import numpy as np
import pytest

from interstice import materials
from interstice.materials.function import Formula, Table
from interstice.solver.bodies.solids.anand import Anand
from interstice.solver.bodies.solids.creep import PowerLaw

NAMES = materials.names()
HOSTS = [name for name in NAMES if materials.load(name).host]
FARADAY = 96485.33
METALS = {"lithium": 6.94e-3, "sodium": 22.99e-3}
"""Those that are plated, with their molar masses [kg/mol]."""
FLOWS = ("plastic", "creep", "anand")

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
    blocks = [*material.roles, *FLOWS]
    numbers = {key for block in blocks for key in material.numbers(block)} - {*blocks, "thermal"}
    assert numbers <= {row.quantity for row in material.table()}


@pytest.mark.parametrize("name", NAMES)
def test_no_two_numbers_of_a_table_have_one_name(name: str) -> None:
    """Creep and Anand's law have an activation energy each."""
    quantities = [row.quantity for row in materials.describe(name)]
    assert len(set(quantities)) == len(quantities)


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
    for block in (material.host, material.electrolyte, material.creep):
        if block is not None and block.temperature_range is not None:
            low, high = block.temperature_range
            assert low <= block.reference_temperature <= high


# --- metals, and solids that flow -------------------------------------------------------------------


@pytest.mark.parametrize(("name", "mass"), METALS.items())
def test_a_mole_of_a_metal_has_the_volume_that_its_density_says(name: str, mass: float) -> None:
    metal, density = materials.load(name).metal, materials.load(name).density
    assert metal is not None and density is not None
    assert metal.molar_volume == pytest.approx(mass / density, rel=5e-3)


def test_a_current_strips_as_much_lithium_as_is_known() -> None:
    """1.347 nm/s at 1 mA/cm², 4.85 µm for 1 mAh/cm²; 7.42 MPa do the work of 1 mV."""
    metal = materials.load("lithium").metal
    assert metal is not None
    per_charge = metal.molar_volume / FARADAY
    assert 10.0 * per_charge == pytest.approx(1.347e-9, rel=1e-3)
    assert 3.6e4 * per_charge == pytest.approx(4.85e-6, rel=1e-3)
    assert 1e-3 / per_charge == pytest.approx(7.42e6, rel=1e-3)


def creep(name: str) -> PowerLaw:
    """The law of a shipped material at its reference temperature."""
    found = materials.load(name).creep
    assert found is not None
    return PowerLaw(
        found.rate, found.reference_stress, found.exponent, found.activation_energy, found.reference_temperature
    )


def stress_at(name: str, rate: float) -> float:
    law = creep(name)
    return float(law.reference_stress * (rate / law.rate) ** (1 / law.exponent))


@pytest.mark.parametrize(
    ("stress", "rate"), [(0.2e6, 2.00e-7), (0.301e6, 4.95e-6), (0.396e6, 1.58e-5), (0.4e6, 1.47e-5), (0.6e6, 3.89e-4)]
)
def test_lithium_creeps_as_bars_in_tension_do(stress: float, rate: float) -> None:
    """Masias et al. (2019), 26 °C: each test within a factor of 1.75 of the power law."""
    law = creep("lithium")
    predicted = np.exp(law.log_rate(299.15)) * (stress / law.reference_stress) ** law.exponent
    assert 1 / 1.75 < predicted / rate < 1.75


def test_lithium_creeps_nearly_a_hundred_times_faster_at_60_degrees_than_in_the_cold() -> None:
    """37 kJ/mol (LePage et al. 2019): a factor of exp(Q/R (1/T₁ − 1/T₂)) from -25 to 60 °C, on either side of 1."""
    law, factor = creep("lithium"), np.exp(37e3 / 8.314 * (1 / 248.15 - 1 / 333.15))
    assert 90 < factor < 100
    assert np.exp(law.log_rate(333.15) - law.log_rate(248.15)) == pytest.approx(factor, rel=1e-3)
    assert law.log_rate(248.15) < np.log(law.rate) < law.log_rate(333.15)


def test_sodium_is_a_third_as_strong_as_lithium() -> None:
    """At 1e-3 1/s, 0.75 and 0.26 MPa (Wang et al. 2020), which says too that the joint fit is 6 % above that."""
    assert stress_at("lithium", 1e-3) == pytest.approx(0.75e6, rel=0.05)
    assert stress_at("sodium", 1e-3) == pytest.approx(0.26e6, rel=0.1)


@pytest.mark.parametrize("name", METALS)
def test_a_yield_strength_is_the_stress_at_which_a_metal_flows_at_the_rate_of_the_test(name: str) -> None:
    plastic = materials.load(name).plastic
    assert plastic is not None
    assert plastic.yield_strength == pytest.approx(stress_at(name, 1.22e-3), rel=0.1)


@pytest.mark.parametrize(
    ("rate", "first", "last"), [(2e-5, 0.356, 0.540), (1e-4, 0.453, 0.746), (1e-3, 0.640, 1.182), (2e-2, 1.003, 2.151)]
)
def test_anands_law_of_lithium_has_the_stresses_of_its_authors(rate: float, first: float, last: float) -> None:
    """Initial and saturated stress in tension at 298 K [MPa]: S (ε̇/(A exp(−Q/RT)))^m with S_0 and with S_s."""
    found = materials.load("lithium").anand
    assert found is not None
    law = Anand(**{field: number for field, number in found if field != "temperature_range"})
    ratio = np.log(rate) - law.log_rate(298.0)
    for resistance, stress in ((law.initial_resistance, first), (law.saturated(ratio), last)):
        assert resistance * np.exp(law.rate_sensitivity * ratio) == pytest.approx(1e6 * stress, rel=2e-3)


@pytest.mark.parametrize("name", NAMES)
def test_hardness_is_three_times_the_yield_strength(name: str) -> None:
    material = materials.load(name)
    if material.hardness is not None and material.plastic is not None:
        assert material.hardness == pytest.approx(3 * material.plastic.yield_strength, rel=0.02)


@pytest.mark.parametrize("name", NAMES)
def test_solids_yield_far_below_their_modulus(name: str) -> None:
    """From 1e-5 of it, as pure metals, to a tenth, the strength of a lattice without defects."""
    material = materials.load(name)
    if material.plastic is not None:
        assert 1e-5 < material.plastic.yield_strength / material.young_modulus < 0.1


@pytest.mark.parametrize("name", NAMES)
def test_cracks_in_electrolytes_cost_the_energy_of_ceramics(name: str) -> None:
    """K_Ic² (1 − ν²)/E, twice a surface energy at least and no more than what tough ceramics have: 1 to 50 J/m²."""
    material = materials.load(name)
    if material.fracture_toughness is not None:
        energy = material.fracture_toughness**2 * (1 - material.poisson_ratio**2) / material.young_modulus
        assert 1.0 < energy < 50.0
