"""Reading a case: units, replaced values, suggestions, and the copy that reads back equal."""

from __future__ import annotations

import copy as copy_module
import json
import os
from functools import reduce
from operator import getitem
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from interstice.materials import load
from interstice.schema import Case, ImportedMesh, Measured, Overrides, Section
from interstice.schema.units import Unit
from interstice.solver.reader import CaseError, LoadedCase, dump_case, read_case, read_mapping

ROOT = Path(__file__).parent.parent
SHIPPED = sorted((ROOT / "cases").glob("*.yaml"))
CASE = """\
title: a flat film
geometry: {builder: film, length: 2 um, electrode_thickness: 1 um, electrolyte_thickness: 1 um, element_size: 100 nm}
electrode: {material: NMC811, initial_stoichiometry: 0.9}
electrolyte: {material: LPSCl}
interface: {kinetics: {exchange_current_density: 1 mA/cm^2}}
stack: {pressure: 5 MPa}
protocol:
- {step: charge, current_density: 1 mA/cm^2, until: {voltage: 4.2 V}}
- {step: rest, time: 10 min}
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "film.yaml"
    file.write_text(CASE)
    return file


def error_of(path: Path, *overrides: str) -> str:
    with pytest.raises(CaseError) as caught:
        read_case(path, overrides)
    return str(caught.value)


def again(loaded: LoadedCase, folder: Path) -> LoadedCase:
    copy = folder / "copy.yaml"
    copy.write_text(dump_case(loaded.case), encoding="utf-8")
    read = read_case(copy)
    assert dump_case(read.case) == dump_case(loaded.case)
    return read


# --- values ----------------------------------------------------------------------------------------


def test_a_study_is_told_from_a_case(tmp_path: Path) -> None:
    study = tmp_path / "study.yaml"
    study.write_text("title: two pressures\ncase: case.yaml\naxes: {stack.pressure: [1 MPa, 2 MPa]}\n")
    with pytest.raises(CaseError, match=r"study\.yaml: is a study, .*'interstice study run .*study\.yaml' runs it"):
        read_case(study)


def test_values_are_in_si_after_reading(path: Path) -> None:
    case = read_case(path).case
    assert case.geometry.length == 2e-6
    assert case.stack.pressure == 5e6
    assert case.protocol[0].current_density == 10
    assert case.protocol[1].time == 600


@pytest.mark.parametrize(
    ("text", "si", "value"),
    [
        ("1 mA/cm^2", "A/m^2", 10),
        ("1mA/cm²", "A/m^2", 10),
        ("1 mA/cm2", "A/m^2", 10),
        ("1 mA cm^-2", "A/m^2", 10),
        ("1 mA·cm⁻²", "A/m^2", 10),
        ("1 A/(m*m)", "A/m^2", 1),
        ("0 degC", "K", 273.15),
        ("25 °C", "K", 298.15),
        ("-.5e1 µm", "m", -5e-6),
        ("1.5 cm**3/mol", "m^3/mol", 1.5e-6),
        ("0.17 MPa*m^0.5", "Pa*m^0.5", 170e3),
        ("0.17 MPa m**0.5", "Pa*m^0.5", 170e3),
        ("0.17 MPa·m^(0.5)", "Pa*m^0.5", 170e3),
    ],
)
def test_units_are_read_as_people_write_them(text: str, si: str, value: float) -> None:
    assert Unit(si, "").parse(text) == value


@pytest.mark.parametrize("unit", ["MPa*m^0.7", "MPa*m^9.5", "MPa*m^0.5.5", "MPa*m^.5"])
def test_no_other_power_than_a_whole_one_or_a_half_is_a_unit(unit: str) -> None:
    with pytest.raises(ValueError, match=r"is not a unit; .* such as '1.5 MPa\*m\^0.5'"):
        Unit("Pa*m^0.5", "1.5 MPa*m^0.5").parse(f"1 {unit}")


@given(st.floats(min_value=-1e300, max_value=1e300).filter(lambda value: value == 0 or abs(value) > 1e-300))
def test_a_value_written_with_its_unit_reads_back_equal(value: float) -> None:
    unit = Unit("A/m^2", "1 mA/cm^2")
    once = unit.parse(f"{value!r} A/m^2")
    assert once == pytest.approx(value, rel=1e-11)
    assert unit.parse(unit.format(once)) == once


@given(st.text(max_size=30) | st.from_regex(r"[0-9.]{1,3} ?[a-zA-Z0-9*^/() ]{1,12}", fullmatch=True))
def test_any_text_is_a_finite_value_or_an_error_in_words(text: str) -> None:
    try:
        value = Unit("Pa", "5 MPa").parse(text)
    except ValueError as error:
        assert "'5 MPa'" in str(error)
    else:
        assert abs(value) < float("inf")


def test_files_are_looked_for_from_the_folder_of_the_case(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    (path.parent / "line.csv").write_text("no topography")
    text = error_of(path, "geometry.roughness={kind: measured, file: line.csv}")
    assert str(path.parent / "line.csv") in text
    assert "no file" not in text


MATRIX = "0 1 0 2 0 1 0 1\n" * 7 + "0 1 0 nan 0 1 0 1\n"
"""Eight heights along x and y, of which one is missing."""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("unit: parsec pc", ["geometry.roughness.unit = 'parsec pc'", "such as '2 um'"]),
        ("unit: V", ["geometry.roughness.unit = 'V'", "a unit of [m] is needed"]),
        ("height_unit: 3", ["geometry.roughness.height_unit = 3", "the unit is missing"]),
        ("size: [1 um, 2 um, 3 um]", ["geometry.roughness.size"]),
        ("size: -2 um", ["geometry.roughness.size = '-2 um'", "greater than 0"]),
        ("fill: zero", ["geometry.roughness.fill = 'zero'", "refuse, harmonic, median"]),
        ("fil: harmonic", ["geometry.roughness.fil", "did you mean 'fill'"]),
        ("", ["geometry.roughness.file = 'map.txt'", "size, such as 10 um or [10 um, 5 um] and height_unit"]),
        ("height_unit: nm, size: 4 um, line: 7", ["geometry.roughness.fill", "12.50% of the points", "harmonic"]),
        ("height_unit: nm, size: 1 um, line: 7", ["geometry.roughness.file", "covers 1 um"]),
    ],
)
def test_what_a_surface_lacks_is_an_error_of_its_key(words: str, said: list[str], path: Path) -> None:
    (path.parent / "map.txt").write_text(MATRIX)
    text = error_of(path, f"geometry.roughness={{kind: measured, file: map.txt, {words}}}", "geometry.length=4 um")
    assert all(word in text for word in said), text


def test_what_was_filled_is_a_warning_and_a_copy_of_the_case_reads_the_same_surface(path: Path, tmp_path: Path) -> None:
    (path.parent / "map.txt").write_text(MATRIX)
    words = "kind: measured, file: map.txt, unit: µm, height_unit: 10 nm, size: [4 um, 4 um], line: 7, fill: harmonic"
    loaded = read_case(path, [f"geometry.roughness={{{words}}}", "geometry.length=4 um"])
    roughness = loaded.case.geometry.roughness
    assert (roughness.unit, roughness.height_unit, roughness.size) == (1e-6, 1e-8, (4e-6, 4e-6))
    assert [text for text in loaded.warnings if "roughness" in text] == [
        "geometry.roughness: 12.50% of the points of 'map.txt' in the window are missing and filled (harmonic)"
    ]
    assert again(loaded, tmp_path).case == loaded.case
    assert again(loaded, tmp_path).warnings == loaded.warnings


@pytest.mark.parametrize(
    ("text", "metres"), [("um", 1e-6), ("µm", 1e-6), ("1 um", 1e-6), ("0.5 nm", 5e-10), ("Å", 1e-10)]
)
def test_a_unit_of_lengths_in_a_file_is_a_name_or_a_multiple(text: str, metres: float) -> None:
    mesh = ImportedMesh.model_validate({"builder": "msh", "file": "body.msh", "unit": text})
    surface = Measured.model_validate({"kind": "measured", "file": "map.txt", "height_unit": text})
    assert (mesh.unit, surface.height_unit) == (metres, metres)


# --- replaced values -------------------------------------------------------------------------------


def test_set_replaces_values_of_blocks_and_lists_and_makes_missing_blocks(path: Path) -> None:
    case = read_case(
        path,
        [
            "stack.pressure=7 MPa",
            "protocol.0.until.voltage = 4.1 V",
            "time.initial=2 s",
            "geometry.roughness={kind: sinusoidal, amplitude: 1 nm, wavelength: 1 um}",
            "electrode.overrides.young_modulus=100 GPa",
        ],
    ).case
    assert case.stack.pressure == 7e6
    assert case.protocol[0].until.voltage == 4.1
    assert case.time.initial == 2
    assert case.geometry.roughness.kind == "sinusoidal"
    assert case.electrode.overrides.young_modulus == 1e11


def test_pairs_and_choices_of_numbers_are_read(path: Path) -> None:
    topography = ROOT / "meshes" / "topography" / "afm_10um_256.di"
    roughness = f"geometry.roughness={{kind: measured, file: {topography}, origin: [1 um, 2 um]}}"
    geometry = read_case(path, [roughness, "geometry.dimension=3"]).case.geometry
    assert geometry.dimension == 3
    assert geometry.roughness.origin == (1e-6, 2e-6)


def test_the_last_set_of_a_key_wins(path: Path) -> None:
    assert read_case(path, ["stack.pressure=x", "stack.pressure=1 MPa"]).case.stack.pressure == 1e6


def test_materials_carry_the_overrides_of_the_case(path: Path) -> None:
    loaded = read_case(path, ["electrode.overrides.diffusivity=3e-15 m^2/s"])
    host = loaded.materials["electrode"].host
    assert host is not None and host.diffusivity == 3e-15
    assert read_case(path).materials["electrode"].host.diffusivity != 3e-15


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("stack.presure=5 MPa", "--set stack.presure=5 MPa: stack.presure: unknown key; did you mean 'pressure'?"),
        ("stac.pressure=5 MPa", "stac: unknown key; did you mean 'stack'?"),
        ("pressure=5 MPa", "pressure: unknown key; it belongs in 'stack'"),
        ("stack.pressure=5 V", "--set stack.pressure=5 V: stack.pressure = '5 V': 'V' does not fit"),
        ("temperature=", "temperature = None: no value is given"),
        ("stack.pressure", "write key.path=value"),
        ("=5", "write key.path=value"),
        ("stack..pressure=5", "write key.path=value"),
        ("stack.pressure='5", "not valid YAML"),
        ("protocol.2.time=1 s", "allowed are the indices 0 to 1, given '2'"),
        ("protocol.first.time=1 s", "allowed are the indices 0 to 1, given 'first'"),
        ("title.x=1", "title is a single value"),
        ("protocol.0={step: rest}", "protocol.0.time: missing"),
        ("interface.cohesive.normal_strength=1 MPa", "interface.cohesive.shear_strength: missing"),
    ],
)
def test_a_wrong_set_is_named_with_what_is_allowed(path: Path, override: str, expected: str) -> None:
    text = error_of(path, override)
    assert text.startswith("--set ")
    assert expected in text


# --- messages --------------------------------------------------------------------------------------


def all_keys() -> list[tuple[str, ...]]:
    schema = Case.model_json_schema()

    def walk(node: dict, key: tuple[str, ...]) -> list[tuple[str, ...]]:
        node = schema["$defs"][node["$ref"].split("/")[-1]] if "$ref" in node else node
        return [
            found
            for name, child in node.get("properties", {}).items()
            for found in [(*key, name), *walk(child, (*key, name))]
        ]

    return walk(schema, ())


@pytest.mark.parametrize("key", [key for key in all_keys() if len(key[-1]) > 4])
def test_each_key_is_suggested_when_one_letter_is_lost(path: Path, key: tuple[str, ...]) -> None:
    misspelt = ".".join([*key[:-1], key[-1][:2] + key[-1][3:]])
    text = error_of(path, f"{misspelt}=1")
    assert any(
        f"{misspelt}: unknown key; did you mean " in line and f"'{key[-1]}'" in line for line in text.splitlines()
    )


def test_a_misspelt_key_is_not_reported_as_missing_too(path: Path) -> None:
    path.write_text(CASE.replace("stack:", "stak:"))
    assert len(error_of(path).splitlines()) == 1


def test_many_errors_are_cut_short(path: Path) -> None:
    path.write_text(CASE + "- {step: wait}\n" * 100)
    lines = error_of(path).splitlines()
    assert len(lines) == 31
    assert lines[-1] == "… and 70 more"


def test_anchors_and_aliases_are_allowed(path: Path) -> None:
    path.write_text(
        CASE.replace("1 mA/cm^2, until", "&j 2 mA/cm^2, until").replace("density: 1 mA/cm^2}}", "density: *j}}")
    )
    text = error_of(path)
    assert "undefined alias 'j'" in text
    path.write_text(CASE.replace("element_size: 100 nm", "element_size: &size 100 nm, coarse_size: *size"))
    assert read_case(path).case.geometry.coarse_size == 1e-7


# --- the copy --------------------------------------------------------------------------------------


@given(
    pressure=st.floats(min_value=1e-3, max_value=1e7),
    length=st.floats(min_value=2, max_value=100),
    temperature=st.floats(min_value=200, max_value=400),
    size=st.floats(min_value=90, max_value=400),
    title=st.text(max_size=40),
)
@settings(max_examples=settings().max_examples // 4)
def test_the_copy_of_a_case_reads_back_equal(
    tmp_path_factory: pytest.TempPathFactory,
    pressure: float,
    length: float,
    temperature: float,
    size: float,
    title: str,
) -> None:
    folder = tmp_path_factory.mktemp("copy")
    file = folder / "film.yaml"
    file.write_text(CASE)
    overrides = [
        f"stack.pressure={pressure!r} psi",
        f"geometry.length={length!r} um",
        f"temperature={temperature!r} K",
        f"geometry.element_size={size!r} nm",
        "geometry.roughness={kind: self_affine, rms: 1 nm}",
        f"interface.cohesive={{{BOND}, normal_strength: {pressure!r} psi}}".replace("normal_strength: 2 MPa, ", ""),
        f"title={json.dumps(title)}",
    ]
    loaded = read_case(file, overrides)
    assert loaded.case.title == title
    assert again(loaded, folder).case == loaded.case


@pytest.mark.parametrize(
    "character",
    "\0\a\t\n\r\x1b\x7f\x85\xa0\xad\u200b\u2028\u2029\ud7ff\ue000\ufeff\ufffe\uffff\U0001f600\U0010ffff",
    ids=ascii,
)
def test_no_character_of_a_text_is_lost_in_the_copy(path: Path, tmp_path: Path, character: str) -> None:
    for title in (character, "a{0}b {0} c", "{0}a: {0}{0}\n{0} b{0}"):
        title = title.format(character)
        loaded = read_case(path, [f"title={json.dumps(title)}"])
        assert loaded.case.title == title
        assert again(loaded, tmp_path).case == loaded.case


@pytest.mark.parametrize("text", ["\ufeff", "\n ", "' \"", "long words "])
def test_the_longest_title_reads_back_equal_and_no_longer_one_is_read(path: Path, tmp_path: Path, text: str) -> None:
    title = (300 * text)[:300]
    loaded = read_case(path, [f"title={json.dumps(title)}"])
    assert again(loaded, tmp_path).case == loaded.case
    assert "title = " in (said := error_of(path, f"title={json.dumps(title + 'x')}"))
    assert "at most 300 characters, given are 301" in said


@pytest.mark.parametrize(
    "key", ["electrolyte.material=pellet.yaml", "geometry.roughness={kind: measured, file: line.txt}"]
)
def test_a_file_that_the_copy_cannot_name_is_refused_in_words(tmp_path: Path, key: str) -> None:
    folder = tmp_path / os.fsdecode(b"na\xefve")
    try:
        folder.mkdir()
    except OSError:
        pytest.skip("this file system takes names in UTF-8 only")
    (folder / "film.yaml").write_text(CASE)
    (folder / "pellet.yaml").write_text((ROOT / "materials" / "lpscl.yaml").read_text().replace("LPSCl", "pellet"))
    (folder / "line.txt").write_text("0\n1\n")
    assert read_case(folder / "film.yaml").case.title == "a flat film"
    assert "is not UTF-8 text; rename the folder or the file" in error_of(folder / "film.yaml", key)


def test_the_copy_shows_every_default_in_the_order_of_the_schema(path: Path) -> None:
    copy = YAML(typ="safe").load(dump_case(read_case(path).case))
    several = {"electrodes", "electrolytes", "interfaces", "heat"}
    assert list(copy) == [name for name in Case.model_fields if name not in several]
    assert copy["interface"]["contact"]["method"] == "augmented_lagrangian"
    assert copy["time"]["maximum"] == "300 s"


FILM = "builder: film, length: 2 um, electrode_thickness: 1 um, electrolyte_thickness: 1 um, element_size: 100 nm"
LAYERS = (
    "builder: layers, length: 3 um, element_size: 0.1 um, "
    "layers: [{name: electrolyte, thickness: 2 um}, {name: electrode, thickness: 0.2 um}]"
)
BALLS = "builder: particles, length: 9 um, height: 9 um, count: 1, mean_diameter: 4 um, element_size: 0.9 um"
TOPOGRAPHY = ROOT / "meshes" / "topography" / "afm_10um_256.di"
BOND = "normal_strength: 2 MPa, shear_strength: 6 MPa, normal_toughness: 2 J/m^2, shear_toughness: 3 J/m^2"
SEVERAL = [
    "electrode=",
    "electrolyte=",
    "interface=",
    "electrodes={electrode: {material: NMC811, initial_stoichiometry: 0.9}}",
    "electrolytes={electrolyte: {material: LPSCl}}",
    "interfaces={electrolyte/electrode: {kinetics: {exchange_current_density: 1 mA/cm^2}}}",
]


@pytest.mark.parametrize(
    ("overrides", "key", "value"),
    [
        ([], "geometry.coarse_size", {"electrolyte": f"{1e-6 / 3!r} m", "electrode": f"{1e-6 / 3!r} m"}),
        (["geometry.coarse_size=0.2 um"], "geometry.coarse_size", "2e-07 m"),
        (["geometry.coarse_size="], "geometry.coarse_size.electrode", f"{1e-6 / 3!r} m"),
        ([f"geometry={{{LAYERS}}}"], "geometry.coarse_size.electrolyte", f"{2e-6 / 3!r} m"),
        ([f"geometry={{{LAYERS}}}"], "geometry.coarse_size.electrode", "1e-07 m"),
        ([f"geometry={{{LAYERS}}}"], "geometry.roughness", {"electrode/electrolyte": {"kind": "flat"}}),
        ([f"geometry={{{FILM}, dimension: 3, width: 1 um}}"], "geometry.width", "1e-06 m"),
        ([f"geometry={{{FILM}, dimension: 3}}"], "geometry.width", "2e-06 m"),
        (["geometry.roughness={kind: self_affine, rms: 1 nm}"], "geometry.roughness.long_cutoff", "2e-06 m"),
        (["geometry.roughness={kind: self_affine, rms: 1 nm}"], "geometry.roughness.short_cutoff", "4e-07 m"),
        (
            [f"geometry={{{FILM}, dimension: 3, width: 4 um, roughness: {{kind: self_affine, rms: 1 nm}}}}"],
            "geometry.roughness.long_cutoff",
            "4e-06 m",
        ),
        (
            [f"geometry={{{LAYERS}, roughness: {{electrolyte/electrode: {{kind: self_affine, rms: 1 nm}}}}}}"],
            "geometry.roughness.electrolyte/electrode.long_cutoff",
            "3e-06 m",
        ),
        ([f"geometry.roughness={{kind: measured, file: {TOPOGRAPHY}}}"], "geometry.roughness.line", 128),
        ([f"geometry={{{BALLS}}}"], "geometry.spacing", "1.8e-06 m"),
        ([f"geometry={{{BALLS}}}"], "geometry.coarse_size", "1e-06 m"),
        ([f"geometry={{{BALLS}, spacing: 0.3 um, coarse_size: 1.1 um}}"], "geometry.spacing", "3e-07 m"),
        (
            [
                "geometry={builder: dcb, length: 90 um, thickness: 20 um, element_size: 1 um}",
                "stack={hold: free}",
                f"interface.cohesive={{{BOND}}}",
                "protocol=[rest for 1 s]",
            ],
            "geometry.coarse_size",
            "2.5e-06 m",
        ),
        ([], "interface.contact.augmentation", 1000.0),
        ([f"geometry={{{FILM}, dimension: 3}}"], "interface.contact.augmentation", 100.0),
        (["interface.contact.augmentation=7"], "interface.contact.augmentation", 7.0),
        (SEVERAL, "interfaces.electrolyte/electrode.contact.augmentation", 1000.0),
        ([], "coupling", "monolithic"),
        ([f"geometry={{{FILM}, dimension: 3}}"], "coupling", "staggered"),
        (["coupling=staggered"], "coupling", "staggered"),
        ([f"interface.cohesive={{{BOND}}}"], "interface.cohesive.stiffness", "5e+13 Pa/m"),
        ([f"interface.cohesive={{{BOND}, law: exponential}}"], "interface.cohesive.law", "exponential"),
        ([f"interface.cohesive={{{BOND}}}"], "interface.cohesive.mixity_exponent", 2.0),
        ([f"interface.cohesive={{{BOND}, mixity: power_law}}"], "interface.cohesive.mixity_exponent", 1.0),
        ([f"interface.cohesive={{{BOND}, law: trapezoidal}}"], "interface.cohesive.plateau", 0.5),
        ([f"interface.cohesive={{{BOND}, law: trapezoidal, plateau: 0}}"], "interface.cohesive.plateau", 0.0),
    ],
)
def test_the_copy_holds_the_defaults_that_are_computed(
    path: Path, tmp_path: Path, overrides: list[str], key: str, value: object
) -> None:
    loaded = read_case(path, overrides)
    found = YAML(typ="safe").load(dump_case(loaded.case))
    for name in key.split("."):
        found = found[name]
    assert found == value
    assert again(loaded, tmp_path).case == loaded.case


ABSENT = {
    *("electrode", "electrolyte", "interface", "electrodes", "electrolytes", "interfaces", "overrides.*", "pad"),
    *("cohesive", "friction", "adhesion", "variation", "unbonded", "fatigue", "relaxation_time", "film_resistance"),
    *(
        "strain_coefficient",
        "gap_permittivity",
        "bridged_gap",
        "onset_pressure",
        "current_density",
        "c_rate",
        "voltage",
        "time",
    ),
    *("active_fraction", "stiffness", "separator", "volume_fraction", "count", "diameter_deviation", "rms", "width"),
    *("specific_current", "capacity", "specific_capacity", "energy", "state_of_charge", "thickness_change", "strain"),
    *("rate", "pressure", "plateau", "line", "heat", "micro", "passivated", "profile", "cutoff", "hurst", "file"),
    *("unit", "height_unit", "size", "centre", "kinetics", "conduction", "resistance", "plating"),
}
"""What a case may do without: something that is not there, or one of two ways to say a thing. Not a default."""


@pytest.mark.parametrize("shipped", SHIPPED, ids=lambda shipped: shipped.name)
def test_nothing_but_what_is_not_there_is_left_out_of_a_copy(shipped: Path) -> None:
    def left_out(section: Section) -> set[str]:
        names: set[str] = set()
        for name, value in section:
            if value is None:
                names.add("overrides.*" if isinstance(section, Overrides) else name)
            blocks = value.values() if isinstance(value, dict) else value if isinstance(value, list) else [value]
            for block in blocks:
                names |= left_out(block) if isinstance(block, Section) else set()
        return names

    case = read_case(shipped).case
    assert left_out(case) <= ABSENT
    if case.geometry.builder != "msh":
        assert (case.geometry.width is None) == (case.geometry.dimension == 2)
    for joint in case.faces.values():
        assert not joint.cohesive or joint.cohesive.stiffness is not None or joint.cohesive.law == "exponential"


@pytest.mark.parametrize("size", ["electrode: 0.2 um", "electrode: 0.2 um, electrolyte: 0.3 um, anode: 1 um"])
def test_coarse_sizes_of_layers_name_each_of_them(path: Path, size: str) -> None:
    text = error_of(path, f"geometry.coarse_size={{{size}}}")
    assert "geometry.coarse_size: must be one length, or one for each of electrolyte, electrode" in text


def test_a_coarse_size_of_one_layer_below_the_element_size_is_refused_with_its_key(path: Path) -> None:
    text = error_of(path, "geometry.coarse_size={electrode: 0.2 um, electrolyte: 1 nm}")
    assert "geometry.coarse_size.electrolyte = '1 nm': 1e-09 m is below geometry.element_size, 1e-07 m" in text


def test_a_default_that_other_errors_leave_without_its_numbers_is_no_error_of_its_own(path: Path) -> None:
    text = error_of(path, "geometry.element_size=1", "geometry.electrode_thickness=1", "geometry.length=1")
    assert sorted(line.split(": ")[1] for line in text.splitlines()) == [
        f"geometry.{name} = 1" for name in ("electrode_thickness", "element_size", "length")
    ]


def test_a_computed_default_beyond_all_numbers_is_refused_in_words(path: Path) -> None:
    bond = "normal_strength: 1e200 Pa, shear_strength: 1 Pa, normal_toughness: 1 J/m^2, shear_toughness: 1 J/m^2"
    assert "interface.cohesive.stiffness: a finite value" in error_of(path, f"interface.cohesive={{{bond}}}")


@pytest.mark.parametrize("law", ["bilinear", "trapezoidal"])
def test_a_bond_is_stiff_enough_to_bear_its_strength_and_no_stiffer_than_rounding_resolves(
    path: Path, law: str
) -> None:
    """Above σ²/(2 G), 1e12 Pa/m, and so far that 2 ε K G/σ² is 1e-10."""
    most = 1e12 * 1e-10 / np.finfo(float).eps

    def bond(stiffness: float) -> str:
        return f"interface.cohesive={{{BOND}, law: {law}, stiffness: {stiffness} Pa/m}}"

    for good in (1.001e12, 0.999 * most):
        assert read_case(path, [bond(good)]).case.interface.cohesive.stiffness == pytest.approx(good)
    for wrong, reason in ((0.999e12, "ends before it bears its strength"), (1.001 * most, "is lost in rounding")):
        text = error_of(path, bond(wrong))
        assert f"interface.cohesive.stiffness = '{wrong} Pa/m': " in text and reason in text
        assert f"allowed: above 1e+12 Pa/m and up to {most:.3g} Pa/m, or leave it out" in text


@pytest.mark.parametrize("shipped", SHIPPED, ids=lambda shipped: shipped.name)
def test_shipped_case_is_valid_and_its_copy_reads_back_equal(shipped: Path, tmp_path: Path) -> None:
    loaded = read_case(shipped)
    assert again(loaded, tmp_path).case == loaded.case


def test_the_copy_finds_a_material_of_the_folder_of_the_case(
    path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    own = (ROOT / "materials" / "lpscl.yaml").read_text().replace("name: LPSCl", "name: pressed pellet")
    (path.parent / "pellet.yaml").write_text(own)
    for name in ("pressed pellet", "pellet.yaml"):
        loaded = read_case(path, [f"electrolyte.material={name}"])
        copied = again(loaded, tmp_path_factory.mktemp("elsewhere"))
        assert copied.case == loaded.case
        assert copied.materials["electrolyte"] == loaded.materials["electrolyte"]


# --- the numbers of materials in the copy -------------------------------------------------------------

OWN = """\
name: pellet
formula: Li2S
young_modulus: {value: 20 GPa, source: me}
poisson_ratio: {value: 0.25, source: me}
host:
  maximum_concentration: {value: 50 mol/l, source: me}
  diffusivity: {value: [[0.1, 1e-10 cm^2/s], [0.9, 2e-10 cm^2/s]], source: me}
  partial_molar_volume: {value: "2 - theta [cm^3/mol]", source: me}
  electronic_conductivity: {value: 1 S/m, source: me}
  stoichiometry_range: {value: [0.1, 0.95], source: me}
  open_circuit_potential: {value: "4 - theta", source: me}
"""


@pytest.fixture
def own(path: Path) -> Path:
    """The case with a material of its own, beside it, as the electrode."""
    (path.parent / "pellet.yaml").write_text(OWN)
    path.write_text(CASE.replace("NMC811", "pellet.yaml"))
    return path


def copy_of(path: Path, *overrides: str) -> Path:
    copy = path.parent / "results" / "case.yaml"
    copy.parent.mkdir(exist_ok=True)
    copy.write_text(dump_case(read_case(path, overrides).case), encoding="utf-8")
    return copy


def test_the_copy_holds_the_numbers_of_each_material_in_si(own: Path) -> None:
    override = "electrolyte.overrides.ionic_conductivity=2 mS/cm"
    conductor = load("LPSCl").replace(ionic_conductivity=0.2)
    assert conductor.numbers("electrolyte")["electrolyte"]["ionic_conductivity"] == "0.2 S/m"
    assert YAML(typ="safe").load(copy_of(own, override).read_text())["materials"] == {
        "electrode": {
            "material": str(own.parent / "pellet.yaml"),
            "young_modulus": "20000000000 Pa",
            "poisson_ratio": 0.25,
            "host": {
                "maximum_concentration": "50000 mol/m^3",
                "stoichiometry_range": [0.1, 0.95],
                "diffusivity": [[0.1, "1e-14 m^2/s"], [0.9, "2e-14 m^2/s"]],
                "diffusivity_kind": "chemical",
                "diffusivity_activation_energy": "0 J/mol",
                "reference_temperature": "298.15 K",
                "partial_molar_volume": "2 - theta [cm^3/mol]",
                "electronic_conductivity": "1 S/m",
                "open_circuit_potential": "4 - theta",
            },
        },
        "electrolyte": {"material": "LPSCl"} | conductor.numbers("electrolyte"),
    }


def test_the_copy_of_a_case_with_functions_of_theta_reads_back_equal(own: Path) -> None:
    loaded = read_case(own)
    read = again(loaded, own.parent)
    assert (read.case, read.materials) == (loaded.case, loaded.materials)


@pytest.mark.parametrize("term", [" - 0.001*theta", "-0.001*theta"])
def test_formulae_longer_than_the_lines_that_are_read_are_read_from_the_copy(own: Path, term: str) -> None:
    (own.parent / "pellet.yaml").write_text(OWN.replace("4 - theta", "4 - theta" + 200 * term))
    loaded = read_case(own)
    assert again(loaded, own.parent).case == loaded.case


@pytest.mark.parametrize(
    ("old", "new", "key", "words"),
    [
        ("20 GPa", "21 GPa", "young_modulus = '20000000000 Pa'", "used '20000000000 Pa'|says '21000000000 Pa'"),
        ("ratio: {value: 0.25", "ratio: {value: 0.2", "poisson_ratio = 0.25", "used 0.25|says 0.2;"),
        ("2e-10", "3e-10", "host.diffusivity.1.1", "used '2e-14 m^2/s'|says '3e-14 m^2/s'"),
        ("[[0.1, 1e", "[[0.2, 1e", "host.diffusivity.0.0 = 0.1", "used 0.1|says 0.2"),
        (", [0.9, 2e-10 cm^2/s]]", ", [0.8, 2e-10 cm^2/s], [0.9, 2e-10 cm^2/s]]", "host.diffusivity", "0.8, '2e-14"),
        ("[[0.1, 1e-10 cm^2/s], [0.9, 2e-10 cm^2/s]]", "1e-10 cm^2/s", "host.diffusivity", "says '1e-14 m^2/s'"),
        ("2 - theta [", "3 - theta [", "host.partial_molar_volume", "used '2 - theta [cm^3/mol]'|says '3 - theta ["),
        ("4 - theta", "4 - 2*theta", "host.open_circuit_potential = '4 - theta'", "says '4 - 2*theta'"),
        ("[0.1, 0.95]", "[0.1, 0.96]", "host.stoichiometry_range.1 = 0.95", "used 0.95|says 0.96"),
        (
            "name",
            "density: {value: 3 g/cm^3, source: me}\nname",
            "",
            "used no density|says '3000 kg/m^3'",
        ),
    ],
)
def test_a_copy_whose_material_says_another_number_now_is_refused(
    own: Path, old: str, new: str, key: str, words: str
) -> None:
    copy = copy_of(own)
    file = own.parent / "pellet.yaml"
    file.write_text(OWN.replace(old, new, 1))
    text = error_of(copy)
    assert len(text.splitlines()) == 1
    assert f": materials.electrode{'.' if key else ': the run '}{key}" in text
    for part in [f"{copy}:", str(file), *words.split("|")]:
        assert part in text


def test_each_number_of_the_copy_is_checked(own: Path) -> None:
    copy = YAML(typ="safe").load(copy_of(own).read_text())

    def leaves(node: object, key: tuple[str | int, ...]) -> list[tuple[str | int, ...]]:
        inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else None
        return [key] if inner is None else [leaf for name, value in inner for leaf in leaves(value, (*key, name))]

    keys = [key for key in leaves(copy["materials"], ()) if key[1] != "material"]
    assert len(keys) > 20
    for key in keys:
        changed = copy_module.deepcopy(copy)
        *above, last = ("materials", *key)
        reduce(getitem, above, changed)[last] = "7 Pa"
        with pytest.raises(CaseError, match="delete 'materials'") as caught:
            read_mapping(changed)
        (problem,) = caught.value.problems
        assert problem.startswith(f"case: materials.{'.'.join(map(str, key))} = '7 Pa': the run used '7 Pa', and ")


def test_a_copy_may_be_run_with_other_overrides_and_other_materials(own: Path) -> None:
    copy = copy_of(own, "electrode.overrides.young_modulus=30 GPa")
    (own.parent / "pellet.yaml").write_text(OWN.replace("20 GPa", "21 GPa"))
    assert read_case(copy).materials["electrode"].young_modulus == 30e9
    assert read_case(copy, ["electrode.overrides.young_modulus=40 GPa"]).materials["electrode"].young_modulus == 40e9
    assert "used '30000000000 Pa'" in error_of(copy, "electrode.overrides={}")
    loaded = read_case(copy, ["electrode.material=NMC811"])
    assert loaded.case.materials["electrode"]["host"]["maximum_concentration"] == "49200 mol/m^3"
    assert read_case(copy, ["materials=", "electrode.overrides={}"]).materials["electrode"].young_modulus == 21e9


def test_numbers_of_a_side_that_is_not_there_or_of_no_quantity_are_refused(path: Path) -> None:
    said = error_of(path, "materials.electrod.young_modulus=1 GPa")
    assert "materials.electrod: the case has no such side; did you mean 'electrode' or" in said
    said = error_of(path, "materials.electrolyte.host.diffusivity=1 m^2/s")
    assert "materials.electrolyte.host.diffusivity = '1 m^2/s': the run used it, and " in said
    assert "lpscl.yaml has no such number" in said


# --- the schema for editors ------------------------------------------------------------------------


@pytest.mark.parametrize("text", [CASE, *(case.read_text() for case in SHIPPED)])
def test_schema_accepts_valid_cases(text: str) -> None:
    schema = Case.model_json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(YAML(typ="safe").load(text), schema, jsonschema.Draft202012Validator)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("5 MPa", "5"),
        ("stack", "stak"),
        ("builder: film", "builder: flim"),
        ("step: rest", "step: wait"),
        ("0.9", "1.9"),
    ],
)
def test_schema_refuses_what_the_reader_refuses(old: str, new: str) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(YAML(typ="safe").load(CASE.replace(old, new)), Case.model_json_schema())


LAYERED = (
    "geometry={builder: layers, length: 2 um, element_size: 250 nm, lateral: periodic, layers: ["
    "{name: anode, thickness: 1 um}, {name: separator, thickness: 1 um}, {name: cathode, thickness: 1 um}]}",
    "electrode=null",
    "electrolyte=null",
    "interface=null",
    "electrolytes={separator: {material: LPSCl}}",
    "electrodes={anode: {material: graphite, initial_stoichiometry: 0.1}, "
    "cathode: {material: NMC811, initial_stoichiometry: 0.9}}",
)


def joined(upper: str, lower: str) -> str:
    kinetics = "kinetics: {exchange_current_density: 1 mA/cm^2}"
    return f"interfaces={{cathode/separator: {{{upper}{kinetics}}}, separator/anode: {{{lower}{kinetics}}}}}"


PERIODIC, UNHELD = "geometry.lateral=periodic", "stack={hold: free, pressure: 1 MPa}"
FRICTION = "friction: {coefficient: 0.3}, "
GROWN = "interface.bonded=true"


@pytest.mark.parametrize(
    "overrides, drifting",
    [
        ((UNHELD,), None),
        ((PERIODIC,), None),
        ((PERIODIC, UNHELD), "electrode"),
        ((PERIODIC, UNHELD, "interface.friction={coefficient: 0.3}"), None),
        ((PERIODIC, UNHELD, GROWN), None),
        ((PERIODIC, UNHELD, "geometry.roughness_as=profile"), None),
        ((*LAYERED, joined("", "")), "separator"),
        ((*LAYERED, joined(FRICTION, "")), None),
        ((*LAYERED, joined("", FRICTION)), None),
        ((*LAYERED, joined("", FRICTION), UNHELD), "cathode"),
        ((*LAYERED, joined(FRICTION, ""), UNHELD), "separator, cathode"),
    ],
)
def test_what_nothing_holds_sideways_is_refused(path: Path, overrides: tuple[str, ...], drifting: str | None) -> None:
    if drifting is None:
        read_case(path, overrides)
    else:
        with pytest.raises(CaseError, match=f"nothing holds {drifting} sideways"):
            read_case(path, overrides)
