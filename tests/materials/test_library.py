"""Shipped materials are complete and plausible; a file that is not says so in words."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import ufl
from ruamel.yaml import YAML

from interstice import materials
from interstice.materials import Material, MaterialError
from interstice.materials.expression import Expression
from interstice.materials.function import Formula, Table
from interstice.schema import Overrides

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
  yield_strength: {value: 0.8 MPa, source: me}
  electronic_conductivity: {value: 1e7 S/m, source: me}
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
    assert sorted(NAMES) == sorted(expected)


@pytest.mark.parametrize("name", NAMES)
def test_every_number_has_a_source_with_a_year(name: str) -> None:
    rows = materials.describe(name)
    assert {"young_modulus", "poisson_ratio"} <= {row.quantity for row in rows}
    for row in rows:
        assert re.search(r"\b(19|20)\d\d\b", row.source), row


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
    shrinks = {
        name: (host := materials.load(name).host) is not None and host.partial_molar_volume > 0 for name in HOSTS
    }
    assert shrinks == {"NMC811": True, "graphite": True, "silicon": True, "LCO": False}


def test_materials_that_conduct_heat_are_known() -> None:
    warm = {name for name in NAMES if materials.load(name).thermal is not None}
    assert warm == {"NMC811", "LCO", "graphite", "silicon", "lithium", "LLZO"}


@pytest.mark.parametrize("name", NAMES)
def test_heat_that_a_volume_stores_is_that_of_solids(name: str) -> None:
    """3R per mole of atoms that have 5 to 16 cm³/mol, less what is frozen: 1 to 5 MJ/(m³ K)."""
    material = materials.load(name)
    if material.thermal is not None:
        assert material.density is not None
        assert 1e6 < material.density * material.thermal.specific_heat < 5e6


def test_lithium_conducts_heat_as_wiedemann_and_franz_say() -> None:
    """k/(σT) is π²/3 (k_B/e)² = 2.44e-8 V²/K² in a metal, within 15 %."""
    lithium = materials.load("lithium")
    assert lithium.thermal is not None and lithium.metal is not None
    lorenz = lithium.thermal.thermal_conductivity / (lithium.metal.electronic_conductivity * 298.15)
    assert lorenz == pytest.approx(2.44e-8, rel=0.15)


@pytest.mark.parametrize(
    ("name", "theta", "coefficient"),
    [
        ("NMC811", 0.2828, 0.0400),
        ("NMC811", 0.8032, -0.0666),
        ("graphite", 0.08309, 0.376),
        ("graphite", 0.5, -0.0265),
        ("LCO", 0.7, -0.408),
    ],
)
def test_entropic_coefficient_of_hosts_is_as_fitted(name: str, theta: float, coefficient: float) -> None:
    """Peaks and plateaus of the fits, in mV/K."""
    host = materials.load(name).host
    assert host is not None
    assert 1e3 * host.entropic_coefficient(theta) == pytest.approx(coefficient, rel=2e-3)


@pytest.mark.parametrize(
    ("name", "percent"), [("NMC811", (3, 8)), ("LCO", (1, 3)), ("graphite", (7, 13)), ("silicon", (150, 300))]
)
def test_volume_change_over_the_window_is_as_reported(name: str, percent: tuple[float, float]) -> None:
    host = materials.load(name).host
    assert host is not None
    low, high = host.stoichiometry_range
    change = 100 * abs(host.partial_molar_volume) * host.maximum_concentration * (high - low)
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
    for number in ("young_modulus", "poisson_ratio", "density"):
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
    assert material.host.diffusivity == pytest.approx(1e-14, rel=1e-12)
    assert material.host.partial_molar_volume == pytest.approx(2e-6, rel=1e-12)
    assert material.host.stoichiometry_range == (0.1, 0.9)
    assert material.host.open_circuit_potential(0.25) == 3.75
    assert material.electrolyte.ionic_conductivity == pytest.approx(0.1, rel=1e-12)
    assert material.electrolyte.transference_number == 1
    assert material.metal.yield_strength == pytest.approx(8e5, rel=1e-12)
    assert material.thermal is not None
    assert material.thermal.thermal_conductivity == pytest.approx(1.2, rel=1e-12)
    assert material.thermal.specific_heat == pytest.approx(700, rel=1e-12)
    assert material.thermal.thermal_expansion == pytest.approx(9e-6, rel=1e-12)
    assert material.host.entropic_coefficient == pytest.approx(-2e-4, rel=1e-12)
    assert material.roles == ["host", "electrolyte", "metal"]
    assert material.table()[2] == ("density", "3 g/cm^3", "me", "guessed", "")


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
    ("open_circuit_potential", "log(theta - 0.5)", "-0.5 V to 6 V"),
    ("open_circuit_potential", "1/0", "cannot be evaluated"),
    ("open_circuit_potential", "10.0**10**10", "cannot be evaluated"),
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
    (GOOD.replace(", source: me}", "}", 1), ["young_modulus.source: a source"]),
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
    (GOOD + "name: Twice\n", ["not YAML", "duplicate key"]),
    (GOOD + "  - [\n", ["not YAML", "line "]),
    (
        GOOD.replace("  specific_heat: {value: 0.7 kJ/(kg*K), source: me}\n", ""),
        ["line 20, thermal.specific_heat: is missing"],
    ),
    (
        GOOD.replace("  thermal_conductivity: {value: 12 mW/(cm*K), source: me}\n", ""),
        ["line 20, thermal.thermal_conductivity: is missing"],
    ),
    (GOOD.replace(", source: me, remark: guessed", ""), ["line 5, density.source: a source"]),
    (GOOD.replace("density: {value: 3 g/cm^3, source: me, remark: guessed}\n", ""), ["line 19, thermal: density is"]),
    (
        GOOD.replace("  specific_heat", "  heat"),
        ["line 22, thermal.heat: unknown key", "thermal.specific_heat: is missing"],
    ),
    (GOOD.split("thermal:")[0] + "thermal: cold\n", ["line 20, thermal: a mapping of thermal_conductivity"]),
    (GOOD.replace("thermal:", "termal:"), ["termal: unknown key; did you mean 'thermal'"]),
    ("", ["not a mapping"]),
    ("- a\n- b\n", ["not a mapping"]),
    ("just text\n", ["not a mapping"]),
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


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_bytes(bytes(range(256)))
    with pytest.raises(MaterialError, match="cannot be read"):
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
    assert host.diffusivity.integral(0.2, 0.7) == pytest.approx(exact, rel=1e-12)


def test_a_table_is_linear_between_its_rows_and_constant_beyond(tmp_path: Path) -> None:
    text = GOOD.replace("value: 2 cm^3/mol", "value: [[0.2, 1 cm^3/mol], [0.4, 3e-6 m^3/mol], [0.8, -1 cm^3/mol]]")
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    host = materials.load(path).host
    assert host is not None
    volume = host.partial_molar_volume
    theta = np.array([0.0, 0.2, 0.3, 0.4, 0.6, 0.8, 1.0])
    np.testing.assert_allclose(volume(theta), np.array([1, 1, 2, 3, 1, -1, -1]) * 1e-6, rtol=1e-12)
    assert volume(0.3) == pytest.approx(2e-6, rel=1e-12)
    # areas of the strips between the values of theta above
    np.testing.assert_allclose(volume.integral(0.0, theta), np.array([0, 2, 3.5, 6, 10, 10, 8]) * 1e-7, rtol=1e-12)
    assert volume.integral(0.9, 0.3) == pytest.approx(-volume.integral(0.3, 0.9), rel=1e-12)
    assert "[0.4, '3e-6 m^3/mol']" in materials.describe(path)[5].value


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
    ("diffusivity", '"1e-14*(theta - 0.5) [m^2/s]"', "greater than 0"),
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


def test_every_override_of_the_schema_fits_a_host_or_an_electrolyte(nmc: Material) -> None:
    known = {row.quantity for row in (*nmc.table(), *materials.describe("LLZO"))}
    assert set(Overrides.model_fields) <= known


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
        "assert not {'ufl', 'dolfinx', 'petsc4py'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60, cwd=ROOT)
