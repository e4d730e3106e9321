"""Shipped materials are complete and plausible; a file that is not says so in words."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import ufl
from ruamel.yaml import YAML

from interstice import materials
from interstice.materials import Material, MaterialError, library
from interstice.materials.function import Formula, Table
from interstice.schema import Overrides
from interstice.schema.expression import Expression

ROOT = Path(__file__).parent.parent.parent
NAMES = materials.names()
HOSTS = [name for name in NAMES if materials.load(name).host]

GOOD = """\
name: Mine
formula: LiX
young_modulus: {value: 100 GPa, source: me}
poisson_ratio: {value: 0.3, source: me}
density: {value: 3 g/cm^3, source: me, remark: guessed}
host:
  maximum_concentration: {value: 50 mol/l, source: me}
  diffusivity: {value: 1e-10 cm^2/s, source: me}
  partial_molar_volume: {value: 2 cm^3/mol, source: me}
  electronic_conductivity: {value: 1 S/m, source: me}
  stoichiometry_range: {value: [0.1, 0.9], source: me}
  open_circuit_potential: {value: 4 - theta, source: me}
  entropic_coefficient: {value: -0.2 mV/K, source: me}
electrolyte:
  ionic_conductivity: {value: 1 mS/cm, source: me}
metal:
  molar_volume: {value: 13 cm^3/mol, source: me}
  electronic_conductivity: {value: 1e7 S/m, source: me}
plastic:
  yield_strength: {value: 0.8 MPa, source: me}
thermal:
  thermal_conductivity: {value: 12 mW/(cm*K), source: me}
  specific_heat: {value: 0.7 kJ/(kg*K), source: me}
  thermal_expansion: {value: 9e-6 1/K, source: me}
"""
THERMAL = GOOD[GOOD.index("thermal:") :]


def changed(folder: Path, key: str, value: str) -> Path:
    """A copy of GOOD in which the value of `key` is another one."""
    text, count = re.subn(rf"^( *{key}: {{value: )(\[.*?\]|[^,]*)", rf"\g<1>{value}", GOOD, count=1, flags=re.MULTILINE)
    assert count == 1
    path = folder / "mine.yaml"
    path.write_text(text)
    return path


# --- shipped materials -----------------------------------------------------------------------------


def test_the_materials_of_the_program_are_there() -> None:
    expected = ["NMC811", "LCO", "graphite", "silicon", "lithium", "LLZO", "LPSCl", "LPS glass", "LiPON", "PEO-LiTFSI"]
    metals = ["sodium", "copper", "aluminium", "steel"]
    variants = ["LPSCl pellet", "LPSCl sintered", "silicon lithiation", "silicon delithiation"]
    assert sorted(NAMES) == sorted(expected + variants + metals)


@pytest.mark.parametrize("name", NAMES)
def test_every_material_has_a_role(name: str) -> None:
    assert materials.load(name).roles


@pytest.mark.parametrize("name", HOSTS)
def test_potential_falls_with_stoichiometry(name: str) -> None:
    host = materials.load(name).host
    assert host is not None
    theta = np.linspace(*host.stoichiometry_range, 10_001)
    assert (np.diff(host.open_circuit_potential(theta)) < 0).all()


@pytest.mark.parametrize(
    ("name", "theta", "potential"),
    [("NMC811", 0.5, (3.8, 4.1)), ("LCO", 0.5, (4.1, 4.3)), ("graphite", 0.5, (0.1, 0.15))],
)
def test_potential_of_common_hosts_is_where_it_is_known(
    name: str, theta: float, potential: tuple[float, float]
) -> None:
    host = materials.load(name).host
    assert host is not None
    assert potential[0] < host.open_circuit_potential(theta) < potential[1]


def test_hosts_shrink_on_delithiation_but_for_lco() -> None:
    for name in HOSTS:
        host = materials.load(name).host
        assert host is not None
        # of the oxide from full to the edge of its collapse
        start = 0.65 if name == "LCO" else host.stoichiometry_range[0]
        assert (host.swelling(start, host.stoichiometry_range[1]) > 0) == (name != "LCO"), name


def test_materials_that_conduct_heat_are_known() -> None:
    warm = {name for name in NAMES if materials.load(name).thermal is not None}
    assert warm >= {"NMC811", "LCO", "graphite", "silicon", "lithium", "LLZO", "LPSCl"}


@pytest.mark.parametrize("name", NAMES)
def test_heat_that_a_volume_stores_is_that_of_solids(name: str) -> None:
    """3R per mole of atoms that have 5 to 16 cm³/mol, less what is frozen: 1 to 5 MJ/(m³ K)."""
    material = materials.load(name)
    if material.thermal is not None:
        assert material.density is not None
        assert 1e6 < material.density * material.thermal.specific_heat < 5e6


@pytest.mark.parametrize(
    ("name", "most"), [("lithium", 1.15), ("sodium", 1.15), ("copper", 1.15), ("aluminium", 1.15), ("steel", 1.7)]
)
def test_metals_conduct_heat_as_wiedemann_and_franz_say(name: str, most: float) -> None:
    """k/(σT) is π²/3 (k_B/e)² = 2.44e-8 V²/K² in a metal, within 15 %; in an alloy the lattice conducts as well."""
    metal = materials.load(name)
    conductor = metal.metal or metal.collector
    assert metal.thermal is not None and conductor is not None
    lorenz = metal.thermal.thermal_conductivity / (conductor.electronic_conductivity * 298.15)
    assert 0.85 < lorenz / 2.44e-8 < most


@pytest.mark.parametrize(
    ("name", "theta", "coefficient"),
    [
        ("NMC811", 0.2828, 0.0400),
        ("NMC811", 0.8032, -0.0666),
        ("graphite", 0.04, 0.250),
        ("graphite", 0.4, -0.171),
        ("LCO", 0.7, -0.408),
    ],
)
def test_entropic_coefficient_of_hosts_is_as_fitted(name: str, theta: float, coefficient: float) -> None:
    """Peaks and plateaus of the fits, in mV/K."""
    host = materials.load(name).host
    assert host is not None
    assert 1e3 * host.entropic_coefficient(theta) == pytest.approx(coefficient, rel=2e-3)


@pytest.mark.parametrize(
    ("name", "percent"), [("NMC811", (3, 8)), ("LCO", (0, 3)), ("graphite", (7, 13)), ("silicon", (150, 300))]
)
def test_volume_change_over_the_window_is_as_reported(name: str, percent: tuple[float, float]) -> None:
    host = materials.load(name).host
    assert host is not None
    change = 300 * abs(host.swelling(*host.stoichiometry_range))
    assert percent[0] < change < percent[1]


@pytest.mark.parametrize(("name", "role"), [(n, r) for n in NAMES for r in materials.load(n).roles])
def test_numbers_of_a_material_make_the_same_material(name: str, role: str, tmp_path: Path) -> None:
    material = materials.load(name)
    numbers = material.numbers(role)

    def sourced(mapping: dict) -> dict:
        return {key: {"value": value, "source": "me"} for key, value in mapping.items()}

    blocks = {key: sourced(numbers.pop(key)) for key in (role, "thermal") if key in numbers}
    path = tmp_path / "again.yaml"
    with path.open("w") as file:
        YAML().dump({"name": name, "formula": "X", **sourced(numbers), **blocks}, file)
    again = materials.load(path)
    assert getattr(again, role) == getattr(material, role)
    assert again.thermal == material.thermal
    for number in ("young_modulus", "poisson_ratio", "density", "hardness", "fracture_toughness"):
        assert getattr(again, number) == getattr(material, number)


# --- reading ---------------------------------------------------------------------------------------


def test_numbers_are_read_into_si(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(GOOD)
    material = materials.load(path)
    assert material.young_modulus == 100e9
    assert material.density == pytest.approx(3000, rel=1e-12)
    assert material.host is not None and material.electrolyte is not None and material.metal is not None
    assert material.host.maximum_concentration == pytest.approx(50_000, rel=1e-12)
    assert material.host.diffusivity == pytest.approx(1e-14, rel=1e-12, abs=0.0)
    assert material.host.partial_molar_volume == pytest.approx(2e-6, rel=1e-12, abs=0.0)
    assert material.host.stoichiometry_range == (0.1, 0.9)
    assert material.host.open_circuit_potential(0.25) == 3.75
    assert material.electrolyte.ionic_conductivity == pytest.approx(0.1, rel=1e-12)
    assert material.electrolyte.transference_number == 1
    assert material.plastic is not None and material.plastic.yield_strength == pytest.approx(8e5, rel=1e-12)
    assert material.thermal is not None
    assert material.thermal.thermal_conductivity == pytest.approx(1.2, rel=1e-12)
    assert material.thermal.specific_heat == pytest.approx(700, rel=1e-12)
    assert material.thermal.thermal_expansion == pytest.approx(9e-6, rel=1e-12)
    assert material.host.entropic_coefficient == pytest.approx(-2e-4, rel=1e-12)
    assert material.roles == ["host", "electrolyte", "metal"]
    assert material.table()[2] == ("density", "3 g/cm^3", "me", "guessed", "")


def test_a_fracture_toughness_may_be_given_and_replaced(tmp_path: Path) -> None:
    assert materials.load(changed(tmp_path, "density", "3 g/cm^3")).fracture_toughness is None
    path = tmp_path / "mine.yaml"
    path.write_text(f"{GOOD}fracture_toughness: {{value: 0.2 MPa*m^0.5, source: me}}\n")
    tough = materials.load(path)
    assert tough.fracture_toughness == pytest.approx(2e5, rel=1e-12)
    assert tough.replace(fracture_toughness=3e5).fracture_toughness == 3e5
    assert tough.numbers("electrolyte")["fracture_toughness"] == "200000 Pa*m^0.5"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("0 MPa*m^0.5", "greater than 0"),
        ("5 GPa*m^0.5", "known solids lie within 1 kPa*m^0.5 to 1 GPa*m^0.5"),
        ("6 J/m^2", "a unit of [Pa*m^0.5] is needed"),
    ],
)
def test_a_fracture_toughness_that_is_none_is_refused(value: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(f"{GOOD}fracture_toughness: {{value: {value}, source: me}}\n")
    with pytest.raises(MaterialError, match=re.escape(words)):
        materials.load(path)


@pytest.mark.parametrize(
    "name", ["nmc811", "NMC811", "lps_glass", "LPS glass", "lps-glass", "PEO-LiTFSI", "peo_litfsi"]
)
def test_name_and_file_name_find_a_material_in_any_case(name: str) -> None:
    assert materials.load(name).name in NAMES


def test_the_folder_of_the_case_comes_first(tmp_path: Path) -> None:
    (tmp_path / "anything.yaml").write_text(GOOD.replace("name: Mine", "name: NMC811"))
    (tmp_path / "other.yaml").write_text(GOOD)
    (tmp_path / "case.yaml").write_text("title: not a material\n")
    assert materials.load("nmc811", [tmp_path]).young_modulus == 100e9
    assert materials.load("mine", [tmp_path]).name == "Mine"
    assert materials.load("other.yaml", [tmp_path]).name == "Mine"
    assert materials.names([tmp_path]) == sorted([*NAMES, "Mine"], key=str.lower)


def test_a_case_that_is_called_like_a_material_is_not_taken_for_it(tmp_path: Path) -> None:
    (tmp_path / "nmc811.yaml").write_text("title: a case\ngeometry: {name: x}\n")
    (tmp_path / "lnmo.yaml").write_text("title: another\n")
    assert materials.load("NMC811", [tmp_path]).file.parent == library.SHIPPED
    with pytest.raises(MaterialError, match=r"unknown material 'LNMO'.*lnmo\.yaml is no material file"):
        materials.load("LNMO", [tmp_path])


@pytest.mark.parametrize("key", ["", "title: a study\n", "geometry: {formula: X}\n"])
def test_a_file_with_a_name_and_nothing_of_a_material_is_none(tmp_path: Path, key: str) -> None:
    """As the settings of another program beside the case."""
    (tmp_path / "settings.yaml").write_text(f"name: NMC811  # of a robot\n{key}")
    assert materials.load("NMC811", [tmp_path]).file.parent == library.SHIPPED
    assert materials.names([tmp_path]) == NAMES
    (tmp_path / "settings.yaml").write_text("name: Mine\n")
    with pytest.raises(MaterialError, match=r"settings\.yaml is no material file"):
        materials.load("settings", [tmp_path])


@pytest.mark.parametrize(
    "key",
    ["formula: X", "based_on: NMC811", "young_modulus: x", "poisson_ratio: x", "host: x", "electrolyte: x", "metal: x"],
)
@pytest.mark.parametrize("name", ["LNMO 2", "'LNMO 2'", '"LNMO 2" # high voltage'])
def test_a_file_with_a_name_and_one_key_of_a_material_is_read_as_one(tmp_path: Path, name: str, key: str) -> None:
    """Then it says what else it lacks."""
    (tmp_path / "mine.yaml").write_text(f"{key}\nname: {name}\n")
    assert set(materials.names([tmp_path])) - set(NAMES) == {"LNMO 2"}


def test_names_differ_by_their_letters_and_digits_alone(tmp_path: Path) -> None:
    for number in (1, 2):
        (tmp_path / f"file{number}.yaml").write_text(GOOD.replace("name: Mine", f"name: My-solid {number}"))
    assert materials.load("my solid2", [tmp_path]).name == "My-solid 2"


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    for name in ("one.yaml", "two.yaml"):
        (tmp_path / name).write_text(GOOD)
    with pytest.raises(MaterialError, match=r"'Mine' is the name of .*one\.yaml and of .*two\.yaml"):
        materials.load("Mine", [tmp_path])
    assert materials.load("one", [tmp_path]).file.name == "one.yaml"


def test_what_stands_in_for_a_material_of_the_program_is_known(tmp_path: Path) -> None:
    (tmp_path / "anything.yaml").write_text(GOOD.replace("name: Mine", "name: NMC811"))
    (tmp_path / "own.yaml").write_text(GOOD)
    found = materials.load("nmc811", [tmp_path])
    assert library.origin(found) == str(found.file)
    assert library.shadowed("nmc811", found) == library.SHIPPED / "nmc811.yaml"
    # nobody who gives a file, or a name of his own, takes it for another one
    assert library.shadowed("anything.yaml", found) is None
    assert library.shadowed("Mine", materials.load("Mine", [tmp_path])) is None
    assert library.shadowed("NMC811", materials.load("NMC811")) is None


def test_a_file_that_is_based_on_another_says_only_what_differs(tmp_path: Path) -> None:
    text = "name: NMC811\nbased_on: NMC811\nhost:\n  diffusivity: {value: 1e-15 m^2/s, source: me}\n"
    (tmp_path / "nmc811.yaml").write_text(text)
    mine, theirs = materials.load("NMC811", [tmp_path]), materials.load("NMC811")
    assert mine.host is not None and theirs.host is not None
    assert mine.host.diffusivity == 1e-15
    assert mine.host == theirs.host.model_copy(update={"diffusivity": 1e-15})
    assert (mine.young_modulus, mine.formula, mine.thermal) == (theirs.young_modulus, theirs.formula, theirs.thermal)


def test_files_that_are_based_on_each_other_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("name: A\nformula: X\nbased_on: b.yaml\n")
    (tmp_path / "b.yaml").write_text("name: B\nformula: X\nbased_on: a.yaml\n")
    with pytest.raises(MaterialError, match="is based on itself"):
        materials.load("A", [tmp_path])


@pytest.mark.parametrize("name", ["Loop", "loop", "loop.yaml"])
def test_a_file_that_is_based_on_itself_is_told_so_by_whatever_name(name: str, tmp_path: Path) -> None:
    (tmp_path / "loop.yaml").write_text(f"name: Loop\nformula: X\nbased_on: {name}\n")
    with pytest.raises(MaterialError, match=r"based_on: .*loop\.yaml is based on itself") as told:
        materials.load("Loop", [tmp_path])
    assert "did you mean" not in str(told.value)


def test_an_estimate_takes_the_place_of_a_source(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(GOOD.replace("source: me", "estimate: as others have", 1))
    first, second, *_ = materials.load(path).table()
    assert (first.source, first.estimate) == ("", "as others have")
    assert (second.source, second.estimate) == ("me", "")


def test_a_table_may_be_in_a_file_of_its_own(tmp_path: Path) -> None:
    """Columns of θ and value, with or without names, from either end, in any unit; beside the file of the material."""
    (tmp_path / "ocv.csv").write_text("theta,U\n# measured\n0.9,3100\n0.5,3500\n\n0.1,3900\n")
    (tmp_path / "mine.yaml").write_text(GOOD.replace("4 - theta", "{file: ocv.csv, unit: mV}"))
    host = materials.load("mine", [tmp_path]).host
    assert host is not None
    np.testing.assert_allclose(host.open_circuit_potential(np.array([0.1, 0.3, 0.9])), [3.9, 3.7, 3.1], rtol=1e-12)


def test_a_long_table_keeps_its_values_with_few_rows(tmp_path: Path) -> None:
    theta = np.linspace(0.0, 1.0, 500)
    values = 4.0 - theta - 0.1 * np.tanh(20 * (theta - 0.5))
    lines = [f"{x!r},{y!r}" for x, y in zip(theta.tolist(), values.tolist(), strict=True)]
    (tmp_path / "ocv.csv").write_text("\n".join(lines))
    (tmp_path / "mine.yaml").write_text(GOOD.replace("4 - theta", "{file: ocv.csv, unit: V}"))
    host = materials.load("mine", [tmp_path]).host
    assert host is not None
    table = host.open_circuit_potential
    assert len(table.rows) < 60
    np.testing.assert_allclose(table(theta), values, atol=5e-4 * np.ptp(values) * (1 + 1e-9))


def test_functions_are_looked_at_where_they_are_known_and_held_beyond(tmp_path: Path) -> None:
    """D of this formula is negative above 0.95, beyond the range that ends at 0.9: no reason to refuse it, nor used."""
    path = changed(tmp_path, "diffusivity", '"1e-14*(0.95 - theta) [m^2/s]"')
    host = materials.load(path).host
    assert host is not None
    np.testing.assert_allclose(host.diffusivity(np.array([0.0, 0.1, 0.5, 0.9, 1.0])) * 1e16, [85, 85, 45, 5, 5])
    # ∫ D from 0 to 1: a rectangle on either side; pytest's own absolute tolerance is larger than all of it
    assert host.diffusivity.integral(0.0, 1.0) == pytest.approx((0.085 + 0.36 + 0.005) * 1e-14, rel=1e-12, abs=0.0)
    path.write_text(path.read_text().replace("[0.1, 0.9]", "[0.1, 0.96]"))
    with pytest.raises(MaterialError, match="has to be greater than 0"):
        materials.load(path)


def test_a_potential_may_be_a_number_or_have_a_unit(tmp_path: Path) -> None:
    for text, value in (("3.4 V", 3.4), ("'4000 - 100*theta [mV]'", 3.95), ("4 - theta", 3.5)):
        host = materials.load(changed(tmp_path, "open_circuit_potential", text)).host
        assert host is not None and host.open_circuit_potential(0.5) == pytest.approx(value, rel=1e-12)


SALT = """\
  salt_range: {value: [100 mol/m^3, 2 mol/l], source: me}
  temperature_range: {value: [60 degC, 90 degC], source: me}
  transference_number: {value: "0.3 - 1e-4*c", source: me}
  thermodynamic_factor: {value: [[100, 1], [2000, 3]], source: me}
  salt_diffusivity: {value: "1e-11*exp(-c/1000) [m^2/s]", source: me}
  salt_concentration: {value: 1 mol/l, source: me}
"""


def test_what_a_salt_conducts_may_vary_with_it_and_with_temperature(tmp_path: Path) -> None:
    """Vogel, Tammann and Fulcher: κ falls to 0 at a temperature above 0."""
    path = tmp_path / "mine.yaml"
    vtf = "'1e-3*c*exp(-600/(T - 200)) [S/m]'"
    path.write_text(GOOD.replace("1 mS/cm", vtf).replace("metal:\n", f"{SALT}metal:\n"))
    ionic = materials.load(path).electrolyte
    assert ionic is not None and ionic.binary and ionic.arrhenius
    np.testing.assert_allclose(ionic.ionic_conductivity(500.0, 350.0), 0.5 * np.exp(-4.0), rtol=1e-12)
    # beyond the range of the salt as at its ends
    np.testing.assert_allclose(ionic.ionic_conductivity(5000.0, 350.0), 2.0 * np.exp(-4.0), rtol=1e-12)
    assert ionic.transference_number(1000.0, 350.0) == pytest.approx(0.2, rel=1e-12)
    assert ionic.thermodynamic_factor(1050.0, 350.0) == pytest.approx(2.0, rel=1e-12)
    energy = "  conductivity_activation_energy: {value: 30 kJ/mol, source: me}\nmetal:"
    path.write_text(path.read_text().replace("metal:", energy))
    with pytest.raises(MaterialError, match="ionic_conductivity is a formula of T: leave out its activation energy"):
        materials.load(path)


def test_a_salt_is_looked_at_where_it_is_known(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(GOOD.replace("1 mS/cm", "'1e-4*(3000 - c) [S/m]'").replace("metal:\n", f"{SALT}metal:\n"))
    assert materials.load(path).electrolyte is not None
    path.write_text(path.read_text().replace("3000", "1500"))
    with pytest.raises(MaterialError, match=r"ionic_conductivity: has to be greater than 0"):
        materials.load(path)
    path.write_text(path.read_text().replace("1500", "3000").replace("value: 1 mol/l", "value: 3 mol/l"))
    with pytest.raises(MaterialError, match="salt_concentration has to lie within salt_range"):
        materials.load(path)


@pytest.mark.parametrize(
    ("name", "suggestion"), [("NCM811", "NMC811"), ("litium", "lithium"), ("LPSC", "LPSCl"), ("LPS glas", "LPS glass")]
)
def test_an_unknown_name_gets_a_suggestion_and_the_list(name: str, suggestion: str) -> None:
    with pytest.raises(MaterialError) as refusal:
        materials.load(name)
    assert f"'{name}'" in str(refusal.value)
    assert all(known in str(refusal.value) for known in NAMES)
    assert f"did you mean '{suggestion}'" in str(refusal.value)


def test_a_missing_file_names_the_folders_searched(tmp_path: Path) -> None:
    with pytest.raises(MaterialError, match=re.escape(str(tmp_path))):
        materials.load("absent.yaml", [tmp_path])


# --- refusals --------------------------------------------------------------------------------------

IMPLAUSIBLE = [
    ("poisson_ratio", "0.5", "less than 0.5"),
    ("poisson_ratio", "-1", "greater than -1"),
    ("poisson_ratio", "30 %", "valid number"),
    ("young_modulus", "-1 GPa", "greater than 0"),
    ("young_modulus", "100 kPa", "1 MPa to 2 TPa"),
    ("young_modulus", "3 TPa", "1 MPa to 2 TPa"),
    ("young_modulus", "150", "unit"),
    ("young_modulus", "150 S/m", "[Pa]"),
    ("young_modulus", "much", "unit"),
    ("density", "2 kg/m^3", "50 kg/m^3"),
    ("maximum_concentration", "50 mol/m^3", "1e3 mol/m^3 to 4e5 mol/m^3"),
    ("maximum_concentration", "5e5 mol/m^3", "1e3 mol/m^3 to 4e5 mol/m^3"),
    ("maximum_concentration", "50 kg/m^3", "[mol/m^3]"),
    ("diffusivity", "0 m^2/s", "greater than 0"),
    ("diffusivity", "-1e-14 m^2/s", "greater than 0"),
    ("diffusivity", "1e-23 m^2/s", "1e-22 m^2/s to 1e-6 m^2/s"),
    ("diffusivity", "1 cm^2/s", "1e-22 m^2/s to 1e-6 m^2/s"),
    ("diffusivity", "1e-14 m/s", "[m^2/s]"),
    ("partial_molar_volume", "21 cm^3/mol", "2e-5 m^3/mol"),
    ("partial_molar_volume", "-21 cm^3/mol", "2e-5 m^3/mol"),
    ("electronic_conductivity", "1e9 S/m", "1e-12 S/m to 1e8 S/m"),
    ("ionic_conductivity", "1e-13 S/m", "1e-12 S/m to 1e8 S/m"),
    ("stoichiometry_range", "[0.9, 0.1]", "lower end must come first"),
    ("stoichiometry_range", "[0.1, 1.5]", "less than or equal to 1"),
    ("stoichiometry_range", "0.5", "tuple"),
    ("open_circuit_potential", "4 + theta", "rises with theta"),
    ("open_circuit_potential", "7 - theta", "-0.5 V to 6 V"),
    ("open_circuit_potential", "0.1 - theta", "-0.5 V to 6 V"),
    ("open_circuit_potential", "log(theta - 0.5)", "no real value everywhere"),
    ("open_circuit_potential", "1/0", "inf V at theta = 0.1"),
    ("open_circuit_potential", "10.0**10**10", "inf V at theta = 0.1"),
    ("open_circuit_potential", "4 + (-1)**0.5", "no real value everywhere"),
    ("open_circuit_potential", "4 - (theta - 0.5)**1.5", "no real value everywhere"),
    ("open_circuit_potential", "4 - x", "'x' is not allowed"),
    ("open_circuit_potential", "4.2", "unit is missing"),
    ("molar_volume", "13 m^3/mol", "1e-4 m^3/mol"),
    ("yield_strength", "0 MPa", "greater than 0"),
    ("thermal_conductivity", "-1 W/(m*K)", "greater than 0"),
    ("thermal_conductivity", "1 mW/(m*K)", "0.01 W/(m*K) to 1e4 W/(m*K)"),
    ("thermal_conductivity", "200 W/(cm*K)", "0.01 W/(m*K) to 1e4 W/(m*K)"),
    ("thermal_conductivity", "1.2 S/m", "[W/(m*K)]"),
    ("specific_heat", "0 J/(kg*K)", "greater than 0"),
    ("specific_heat", "0.7 J/(kg*K)", "50 J/(kg*K) to 5000 J/(kg*K)"),
    ("specific_heat", "700 kJ/(kg*K)", "50 J/(kg*K) to 5000 J/(kg*K)"),
    ("specific_heat", "70 J/(mol*K)", "[J/(kg*K)]"),
    ("thermal_expansion", "9e-3 1/K", "-1e-4 1/K to 1e-3 1/K"),
    ("thermal_expansion", "-9e-4 1/K", "-1e-4 1/K to 1e-3 1/K"),
    ("thermal_expansion", "9e-6 m/K", "[1/K]"),
    ("entropic_coefficient", "-0.2 V/K", "-5 mV/K to 5 mV/K"),
    ("entropic_coefficient", "6 mV/K", "-5 mV/K to 5 mV/K"),
    ("entropic_coefficient", "0.2 mV", "[V/K]"),
]


@pytest.mark.parametrize(("key", "value", "reason"), IMPLAUSIBLE)
def test_an_implausible_number_is_refused_with_its_key_line_and_reason(
    tmp_path: Path, key: str, value: str, reason: str
) -> None:
    path = changed(tmp_path, key, value)
    with pytest.raises(MaterialError) as refusal:
        materials.load(path)
    message = str(refusal.value)
    line = 1 + next(i for i, text in enumerate(GOOD.splitlines()) if text.strip().startswith(f"{key}:"))
    assert message.startswith(f"{path}: line {line}, ")
    assert key in message and reason in message and value.strip("[]").split(",")[-1].strip() in message


BROKEN = [
    (GOOD.replace(", source: me}", "}", 1), ["young_modulus.source: a source", "or an estimate"]),
    (GOOD.replace("source: me}", "source: me, estimate: a guess}", 1), ["young_modulus.estimate", "is an estimate"]),
    (GOOD.replace("100 GPa", "[[0.1, 90 GPa], [0.9, 40 GPa]]"), ["young_modulus: one number", "chemical potential"]),
    (GOOD.replace("100 GPa", "'90 - 50*theta [GPa]'"), ["young_modulus: one number", "chemical potential"]),
    (GOOD.replace("2 cm^3/mol", "'2*tanh(400*(theta - 0.43)) [cm^3/mol]'"), ["too fast", "give a table"]),
    (GOOD.replace("4 - theta", "[[0.2, 4 V], [0.9, 3 V]]"), ["from 0.2 to 0.9", "stoichiometry_range"]),
    (GOOD.replace("4 - theta", "[[0.1, 4 V], [0.5, 3 V], [0.9, 3.5 V]]"), ["rises with theta near 0.5"]),
    (GOOD.replace("4 - theta", "{file: no.csv, unit: V}"), ["no.csv: there is no such file"]),
    (GOOD.replace("4 - theta", "{file: no.csv}"), ["{file: NAME.csv, unit: V}"]),
    (GOOD.replace("1 mS/cm", "'1e-4*c [S/m]'"), ["salt_range is needed beside a function of c"]),
    (GOOD.replace("1 mS/cm", "'1e-4*T [S/m]'"), ["temperature_range is needed beside a function of T"]),
    (GOOD.replace("name: Mine", "name: Mine\nbased_on: nothing"), ["based_on: unknown material 'nothing'"]),
    (GOOD.replace("source: me", "source: ' '", 1), ["young_modulus.source"]),
    (GOOD.replace("source: me", "sourse: me", 1), ["unknown key; did you mean 'source'", "a source"]),
    (
        GOOD.replace("  diffusivity", "  difusivity"),
        ["host.difusivity", "did you mean 'diffusivity'", "host.diffusivity: is missing"],
    ),
    (GOOD.replace("young_modulus: {value: 100 GPa, source: me}", "young_modulus: 100 GPa"), ["an entry", "100 GPa"]),
    (GOOD.replace("name: Mine\n", ""), ["name: is missing"]),
    (GOOD.replace("formula: LiX", "formula: [Li]"), ["formula", "string"]),
    (GOOD.replace("value: 100 GPa, ", ""), ["young_modulus.value: is missing"]),
    (GOOD + "hosts: {}\n", ["hosts: unknown key; did you mean 'host'"]),
    (GOOD + "file: {value: 1, source: me}\n", ["file: unknown key"]),
    (GOOD.split("host:")[0] + "host: nothing\n", ["host: a mapping of maximum_concentration"]),
    (GOOD.split("host:")[0] + "host: {}\n", ["6 errors", "host.diffusivity: is missing"]),
    (GOOD + "name: Twice\n", ["name: the key is given twice"]),
    (GOOD + "  - [\n", ["not valid YAML", ".yaml:"]),
    (
        GOOD.replace("  specific_heat: {value: 0.7 kJ/(kg*K), source: me}\n", ""),
        ["line 21, thermal.specific_heat: is missing"],
    ),
    (
        GOOD.replace("  thermal_conductivity: {value: 12 mW/(cm*K), source: me}\n", ""),
        ["line 21, thermal.thermal_conductivity: is missing"],
    ),
    (GOOD.replace(", source: me, remark: guessed", ""), ["line 5, density.source: a source"]),
    (GOOD.replace("density: {value: 3 g/cm^3, source: me, remark: guessed}\n", ""), ["line 20, thermal: density is"]),
    (
        GOOD.replace("  specific_heat", "  heat"),
        ["line 23, thermal.heat: unknown key", "thermal.specific_heat: is missing"],
    ),
    (GOOD.split("thermal:")[0] + "thermal: cold\n", ["line 21, thermal: a mapping of thermal_conductivity"]),
    (GOOD.replace("thermal:", "termal:"), ["termal: unknown key; did you mean 'thermal'"]),
    (
        GOOD.replace("formula: LiX", "formula: !!bool maybe"),
        [".yaml:2: formula: 'maybe' cannot be read as true or fals"],
    ),
    (
        GOOD.replace("formula: LiX", "formula: !!python/object/apply:os.system [id]"),
        ["formula: the tag", "is not used"],
    ),
    (GOOD.replace("formula: LiX", "formula: &a [*a]"), ["aliases"]),
    (GOOD.replace("4 - theta", "2001-12-14"), ["open_circuit_potential: implausible, 1975 V"]),
    (GOOD + "".join(f"k{number}: 1\n" for number in range(15_000)), ["15000 errors", "k0: unknown key"]),
    (GOOD.replace("4 - theta", "4" + 1900 * "-" + "theta"), ["open_circuit_potential", "more than 300 terms"]),
    (GOOD.replace("4 - theta", "4" + 400 * " - theta"), ["open_circuit_potential", "more than 300 terms"]),
    (GOOD.replace("name: Mine", "name: Mine\n" + 1990 * "["), ["nested too deeply"]),
    ("", ["the file is empty", "a material has name"]),
    ("- a\n- b\n", ["a list where", "a material has name"]),
    ("just text\n", ["a single value where", "a material has name"]),
]


@pytest.mark.parametrize(("text", "words"), BROKEN)
def test_a_broken_file_says_what_is_wrong(tmp_path: Path, text: str, words: list[str]) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(MaterialError) as refusal:
        materials.load(path)
    assert str(path) in str(refusal.value)
    for word in words:
        assert word in str(refusal.value)


@pytest.mark.parametrize("name", ["pipe", "folder", "sparse"])
def test_what_lies_beside_materials_is_neither_waited_for_nor_read(tmp_path: Path, name: str) -> None:
    (tmp_path / "mine.yaml").write_text(GOOD)
    other = tmp_path / f"{name}.yaml"
    if name == "pipe":
        os.mkfifo(other)
    elif name == "folder":
        other.mkdir()
    else:
        with other.open("wb") as stream:
            stream.truncate(2_000_000_000)
    assert materials.load("Mine", [tmp_path]).file == tmp_path / "mine.yaml"
    with pytest.raises(MaterialError, match=r"no material file|2000 MB is too large"):
        materials.load(other)


def test_a_table_in_no_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    path = tmp_path / "mine.yaml"
    path.write_text(GOOD.replace("4 - theta", "{file: pipe, unit: V}"))
    with pytest.raises(MaterialError, match=r"open_circuit_potential: .*pipe: not a regular file"):
        materials.load(path)


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_bytes(bytes(range(256)))
    with pytest.raises(MaterialError, match="a binary file; text in UTF-8 is needed"):
        materials.load(path)


def test_all_errors_come_at_once(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    text = GOOD.replace("100 GPa, source: me", "100 m").replace("0.3", "0.7").replace("4 - theta", "4 - tehta")
    path.write_text(text)
    with pytest.raises(MaterialError) as refusal:
        materials.load(path)
    for word in ("4 errors", "a source", "[Pa]", "less than 0.5", "'tehta'"):
        assert word in str(refusal.value)


# --- functions of theta and optional quantities ----------------------------------------------------


def test_a_formula_with_a_unit_is_read_into_si(tmp_path: Path) -> None:
    host = materials.load(changed(tmp_path, "diffusivity", '"1e-10*exp(-2*theta) [cm^2/s]"')).host
    assert host is not None
    theta = np.array([0.2, 0.7])
    np.testing.assert_allclose(host.diffusivity(theta), 1e-14 * np.exp(-2 * theta), rtol=1e-12)
    exact = 0.5e-14 * (np.exp(-0.4) - np.exp(-1.4))
    assert host.diffusivity.integral(0.2, 0.7) == pytest.approx(exact, rel=1e-12, abs=0.0)


def test_a_table_is_linear_between_its_rows_and_constant_beyond(tmp_path: Path) -> None:
    text = GOOD.replace("value: 2 cm^3/mol", "value: [[0.2, 1 cm^3/mol], [0.4, 3e-6 m^3/mol], [0.8, -1 cm^3/mol]]")
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    host = materials.load(path).host
    assert host is not None
    volume = host.partial_molar_volume
    theta = np.array([0.0, 0.2, 0.3, 0.4, 0.6, 0.8, 1.0])
    np.testing.assert_allclose(volume(theta), np.array([1, 1, 2, 3, 1, -1, -1]) * 1e-6, rtol=1e-12)
    assert volume(0.3) == pytest.approx(2e-6, rel=1e-12, abs=0.0)
    # areas of the strips between the values of theta above
    np.testing.assert_allclose(volume.integral(0.0, theta), np.array([0, 2, 3.5, 6, 10, 10, 8]) * 1e-7, rtol=1e-12)
    assert volume.integral(0.9, 0.3) == pytest.approx(-volume.integral(0.3, 0.9), rel=1e-12, abs=0.0)
    assert "[0.4, '3e-6 m^3/mol']" in materials.describe(path)[5].value


def test_functions_of_theta_are_looked_at_within_the_range_of_the_host_only(tmp_path: Path) -> None:
    """Here within 0.1 to 0.9: beyond, a fit may be anything."""
    host = materials.load(changed(tmp_path, "diffusivity", '"1e-14*(0.95 - theta) [m^2/s]"')).host
    assert host is not None and host.diffusivity(0.9) == pytest.approx(5e-16)
    rising_beyond = "4 - theta + 1e-30/(1 - theta)**20"
    assert materials.load(changed(tmp_path, "open_circuit_potential", rising_beyond)).host
    with pytest.raises(MaterialError, match=r"diffusivity: has to be greater than 0"):
        materials.load(changed(tmp_path, "diffusivity", '"1e-14*(0.85 - theta) [m^2/s]"'))


@pytest.mark.parametrize("theta", [0.05, 0.2, 0.33, 0.75, 0.95])
def test_functions_are_the_same_in_weak_forms(theta: float) -> None:
    quantities = (Table(((0.2, 1e-6), (0.4, 3e-6), (0.8, -1e-6))), Formula(Expression("exp(-3*theta)"), 1e-14))
    for quantity in quantities:
        symbolic = ufl.as_ufl(theta)
        assert float(ufl.as_ufl(quantity(symbolic))(())) == pytest.approx(float(quantity(theta)), rel=1e-12)
        integral = ufl.as_ufl(quantity.integral(0.1, symbolic))(())
        assert float(integral) == pytest.approx(float(quantity.integral(0.1, theta)), rel=1e-12)


MALFORMED = [
    ("diffusivity", '"1e-14*exp(theta) m^2/s"', "unit in brackets"),
    ("diffusivity", '"1e-14*exp(thata) [m^2/s]"', "'thata' is not allowed"),
    ("diffusivity", '"1e-14*theta [m/s]"', "[m^2/s] is needed"),
    ("diffusivity", '"1e-14*(theta - 0.5) [m^2/s]"', "greater than 0, and falls to -4e-15 m^2/s"),
    ("diffusivity", '"1e-6*exp(theta) [m^2/s]"', "1e-22 m^2/s to 1e-6 m^2/s"),
    ("diffusivity", '"1e-14/(theta - theta) [m^2/s]"', "implausible"),
    ("diffusivity", "[[0.1, 1e-14 m^2/s]]", "two rows"),
    ("diffusivity", "[[0.1, 1e-14 m^2/s], [0.1, 1e-14 m^2/s]]", "has to rise"),
    ("diffusivity", "[[0.1, 1e-14 m^2/s], [1.1, 1e-14 m^2/s]]", "from 0 to 1"),
    ("diffusivity", "[[0.1, 1e-14], [0.5, 1e-14 m^2/s]]", "unit is missing"),
    ("diffusivity", "[0.1, 0.9]", "each row"),
    ("partial_molar_volume", "[[0.1, 1 cm^3/mol], [0.9, 30 cm^3/mol]]", "-2e-5 m^3/mol to 2e-5 m^3/mol"),
    ("entropic_coefficient", '"-0.2*theta"', "unit in brackets"),
    ("entropic_coefficient", '"-6*theta [mV/K]"', "V/K where known solids lie within -5 mV/K to 5 mV/K"),
    ("entropic_coefficient", "[[0.1, 0.1 mV/K], [0.9, 9 mV/K]]", "-5 mV/K to 5 mV/K"),
    ("entropic_coefficient", "[[0.1, 0.1 mV/K], [0.9, 9 mV]]", "[V/K] is needed"),
]


@pytest.mark.parametrize(("key", "value", "reason"), MALFORMED)
def test_a_malformed_function_is_refused_with_file_key_and_reason(
    tmp_path: Path, key: str, value: str, reason: str
) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(re.sub(rf"({key}: {{value: )[^,]*", lambda match: match[1] + value, GOOD))
    with pytest.raises(MaterialError) as refusal:
        materials.load(path)
    message = str(refusal.value)
    assert message.startswith(f"{path}: line ")
    assert f"host.{key}: " in message and reason in message


def test_what_a_file_leaves_out_has_its_usual_value(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(GOOD)
    material = materials.load(path)
    assert material.host is not None and material.electrolyte is not None
    assert (material.host.diffusivity_kind, material.host.diffusivity_activation_energy) == ("chemical", 0)
    assert material.host.reference_temperature == material.electrolyte.reference_temperature == 298.15
    assert not material.electrolyte.binary


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ('"0.5 - theta [mV/K]"', [4e-4, 0.0, -4e-4]),
        ("[[0.1, 0.4 mV/K], [0.5, 0 V/K], [0.9, -8e-4 V/K]]", [4e-4, 0.0, -8e-4]),
    ],
)
def test_entropic_coefficient_may_vary_with_theta(tmp_path: Path, value: str, expected: list[float]) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(GOOD.replace("-0.2 mV/K", value))
    host = materials.load(path).host
    assert host is not None
    np.testing.assert_allclose(host.entropic_coefficient(np.array([0.1, 0.5, 0.9])), expected, rtol=1e-12, atol=1e-18)


def test_heat_may_be_left_out(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    cold = GOOD.replace(THERMAL, "").replace("  entropic_coefficient: {value: -0.2 mV/K, source: me}\n", "")
    path.write_text(cold.replace("density: {value: 3 g/cm^3, source: me, remark: guessed}\n", ""))
    material = materials.load(path)
    assert material.host is not None
    assert material.thermal is material.density is material.host.entropic_coefficient is None
    path.write_text(GOOD.replace("  thermal_expansion: {value: 9e-6 1/K, source: me}\n", ""))
    thermal = materials.load(path).thermal
    assert thermal is not None and thermal.thermal_expansion is None


def test_a_density_that_is_refused_is_not_missing_too(tmp_path: Path) -> None:
    with pytest.raises(MaterialError) as refusal:
        materials.load(changed(tmp_path, "density", "3 g"))
    assert "density: " in str(refusal.value) and "thermal" not in str(refusal.value)


def test_a_salt_is_read_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    salt = "  salt_diffusivity: {value: 4e-12 m^2/s, source: me}\n"
    concentration = "  salt_concentration: {value: 1.1 mol/l, source: me}\n"
    path.write_text(GOOD.replace("metal:\n", salt + concentration + "metal:\n"))
    electrolyte = materials.load(path).electrolyte
    assert electrolyte is not None and electrolyte.binary
    assert electrolyte.salt_concentration == pytest.approx(1100, rel=1e-12)
    path.write_text(GOOD.replace("metal:\n", salt + "metal:\n"))
    with pytest.raises(MaterialError, match="electrolyte: salt_diffusivity and salt_concentration are needed together"):
        materials.load(path)


def test_the_polymer_is_binary_and_ceramics_are_not() -> None:
    binary = {name for name in NAMES if (ionic := materials.load(name).electrolyte) is not None and ionic.binary}
    assert binary == {"PEO-LiTFSI"}


# --- overrides -------------------------------------------------------------------------------------


@pytest.fixture
def nmc() -> Material:
    return materials.load("NMC811")


def test_replaced_numbers_are_exact_and_the_rest_stays(nmc: Material) -> None:
    changed = nmc.replace(young_modulus=7.3e10, diffusivity="2e-14 m^2/s", partial_molar_volume=None)
    assert changed.young_modulus == 7.3e10
    assert changed.host is not None and nmc.host is not None
    assert changed.host.model_copy(update={"diffusivity": nmc.host.diffusivity}) == nmc.host
    assert changed.host.diffusivity == 2e-14
    assert nmc.young_modulus == materials.load("NMC811").young_modulus
    assert {row.source for row in changed.table() if row.quantity in ("young_modulus", "diffusivity")} == {
        "set by the case"
    }


def test_overrides_of_a_case_fit_as_they_are(nmc: Material) -> None:
    overrides = Overrides(young_modulus="70 GPa", electronic_conductivity="1 S/m")
    changed = nmc.replace(**dict(overrides))
    assert changed.young_modulus == 70e9
    assert changed.host is not None and changed.host.electronic_conductivity == 1


def test_every_override_of_the_schema_fits_a_material(nmc: Material) -> None:
    known = {row.quantity for row in (*nmc.table(), *materials.describe("LLZO"))}
    lithium, suitable = materials.load("lithium"), {"yield_strength": 2e3, "molar_volume": 2e-5}
    for name in set(Overrides.model_fields) - known:
        assert lithium.replace(**{name: suitable.get(name, 2.0)}) != lithium


def test_a_quantity_the_material_lacks_cannot_be_replaced(nmc: Material) -> None:
    with pytest.raises(MaterialError, match="ionic_conductivity: NMC811 has no such quantity"):
        nmc.replace(ionic_conductivity=1.0)
    with pytest.raises(MaterialError, match="did you mean 'diffusivity'"):
        nmc.replace(difusivity=1e-14)


def test_what_heat_meets_stays_and_can_be_replaced(nmc: Material) -> None:
    changed = nmc.replace(young_modulus=7.3e10, thermal_conductivity=2.0, entropic_coefficient="1e-4 V/K")
    assert changed.thermal is not None and nmc.thermal is not None and changed.host is not None
    assert changed.thermal.thermal_conductivity == 2
    assert changed.thermal.specific_heat == nmc.thermal.specific_heat
    assert changed.host.entropic_coefficient == 1e-4


def test_an_implausible_replacement_is_refused(nmc: Material) -> None:
    with pytest.raises(MaterialError, match=r"poisson_ratio: .*less than 0\.5"):
        nmc.replace(poisson_ratio=0.5)
    with pytest.raises(MaterialError, match=r"host\.diffusivity: implausible"):
        nmc.replace(diffusivity=1e-3)


def test_loading_needs_no_finite_element_library() -> None:
    program = (
        "import sys; from interstice import materials; materials.load('NMC811'); "
        "assert not {'ufl', 'dolfinx', 'petsc4py.PETSc'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60, cwd=ROOT)
