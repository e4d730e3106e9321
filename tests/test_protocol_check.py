"""What a cell cannot do is refused before it runs, with its key and what would do; what is doubtful is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ruamel.yaml import YAML

from interstice import load
from interstice.schema import Case
from interstice.solver.protocol_check import window
from interstice.solver.reader import CaseError

LAWS = {"kinetics": {"exchange_current_density": "1 mA/cm^2"}}
HALF: dict[str, Any] = {
    "title": "a film",
    "geometry": {
        "builder": "film",
        "length": "2 um",
        "electrode_thickness": "2 um",
        "electrolyte_thickness": "1 um",
        "element_size": "100 nm",
    },
    "electrode": {
        "material": "NMC811",
        "initial_stoichiometry": 0.9,
        "overrides": {"maximum_concentration": "51765 mol/m^3"},
    },
    "electrolyte": {"material": "LPSCl"},
    "interface": LAWS,
    "stack": {"pressure": "20 MPa"},
    "protocol": ["rest for 1 s"],
}
START = {"NMC811": 0.9, "graphite": 0.1, "LCO": 0.9, "silicon": 0.1}


def full(upper: str, lower: str) -> dict[str, Any]:
    """Return a cell of two electrodes, 2 µm thick above, 1 µm below."""
    thickness = {"bottom": "1 um", "separator": "1 um", "top": "2 um"}
    kept = ("title", "stack", "protocol")
    return {key: HALF[key] for key in kept} | {
        "geometry": {
            "builder": "layers",
            "length": "1 um",
            "element_size": "100 nm",
            "layers": [{"name": name, "thickness": value} for name, value in thickness.items()],
        },
        "electrodes": {
            name: {"material": material, "initial_stoichiometry": START[material]}
            for name, material in (("top", upper), ("bottom", lower))
        },
        "electrolytes": {"separator": {"material": "LPSCl"}},
        "interfaces": {name: LAWS for name in ("top/separator", "separator/bottom")},
    }


def refused(*protocol: Any, case: dict[str, Any] = HALF, **blocks: Any) -> str:
    with pytest.raises(CaseError) as error:
        load(case | {"protocol": list(protocol)} | blocks)
    assert len(error.value.problems) == 1
    return str(error.value)


def told(*protocol: Any, case: dict[str, Any] = HALF, **blocks: Any) -> tuple[str, ...]:
    return load(case | {"protocol": list(protocol)} | blocks).warnings


# --- voltages ----------------------------------------------------------------------------------------


def test_the_window_is_that_of_the_potentials_of_both_electrodes() -> None:
    half = load(HALF)
    host = half.materials["electrode"].host
    ends = [float(host.potential(theta, 298.15)) for theta in host.stoichiometry_range]
    assert window(half.case, half.materials)[:2] == (pytest.approx(ends[1]), pytest.approx(ends[0]))
    cell = load(full("NMC811", "graphite"))
    graphite = cell.materials["bottom"].host
    below = [float(graphite.potential(theta, 298.15)) for theta in graphite.stoichiometry_range]
    least, most, *names = window(cell.case, cell.materials)
    assert (least, most) == pytest.approx((ends[1] - below[0], ends[0] - below[1]))
    assert 2.4 < least < 2.8 and 4.1 < most < 4.3 and names == ["top", "bottom"]


@pytest.mark.parametrize(
    "step, key",
    [
        ("hold at 50 V until C/20", "voltage"),
        ("hold at -1 V for 1 h", "voltage"),
        ("sweep to 7 V at 1 mV/s", "voltage"),
        ({"repeat 2 times": ["rest 1 s", "hold at 42 V for 1 s"]}, "repeat 2 times.1"),
    ],
)
def test_a_voltage_that_no_cell_of_these_has_is_refused(step: Any, key: str) -> None:
    text = refused("rest 1 s", step)
    assert "protocol.1" in text and key in text
    assert "the open-circuit voltage of electrode against lithium lies between 3.56 V and 4.28 V" in text


def test_voltages_about_the_window_pass_and_those_far_from_it_are_told_of() -> None:
    assert told("charge at 1C until 4.4 V", "hold at 4.4 V until C/20", "discharge at 1C until 2.5 V") == ()
    (warning,) = told("hold at 5 V for 1 s")
    assert warning.startswith("protocol.0.voltage: 5 V is far beyond equilibrium")
    (warning,) = told("charge at 1C until 42 V")
    assert warning.startswith("protocol.0.until.voltage: 42 V will hardly be met before an electrode is full or empty")


def test_a_cathode_below_the_anode_is_refused_with_the_remedy() -> None:
    right = load(full("NMC811", "graphite"))
    least, most, *_ = window(right.case, right.materials)
    text = refused("charge at 1C until 4.2 V", case=full("graphite", "NMC811"))
    assert "geometry.layers" in text and f"between {-most:.3g} V and {-least:.3g} V" in text
    assert "put bottom on top, last in layers, and top first" in text
    load(full("NMC811", "graphite") | {"protocol": ["charge at 1C until 4.1 V"]})


@pytest.mark.parametrize("material", ["NMC811", "graphite"])
def test_a_symmetric_cell_has_no_order(material: str) -> None:
    assert told("charge at 1C for 1 min", case=full(material, material)) == ()


# --- what ends a step --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "steps, words",
    [
        (["charge at 1C until 3 V"], ["protocol.0", "until.voltage", "above the 3.568 V of the start"]),
        (["rest 1 s", "press to 30 MPa", "charge at 1C until 3 V"], ["protocol.2", "would end before it begins"]),
        (["discharge at 1C until 3.6 V"], ["below the 3.568 V"]),
        (["gitt charge at 1C for 1 min rest 1 min until 3 V"], ["until.voltage", "the charge would end before"]),
        (["charge at 1C until SOC 0.5 %"], ["until.state_of_charge", "of the start"]),
        (["discharge at 1C until SOC 50 %"], ["until.state_of_charge", "of the start"]),
    ],
)
def test_what_is_met_at_the_start_is_refused(steps: list[str], words: list[str]) -> None:
    text = refused(*steps)
    assert [part for part in words if part not in text] == []


def test_the_state_of_charge_is_that_of_the_smaller_electrode_filling_or_emptying() -> None:
    """At the bottom, where a charge fills, it is 1 less what it is emptied."""
    case = full("NMC811", "graphite")  # 2 µm of NMC811 hold more than 1 µm of graphite
    low, high = load(case).materials["bottom"].host.stoichiometry_range
    charged = (0.1 - low) / (high - low)
    assert f"above the {charged:.4g} of the start" in refused("charge at 1C until SOC 5 %", case=case)
    assert told("charge at 1C until SOC 10 %", case=case) == ()


@pytest.mark.parametrize(
    "end, stack, why",
    [
        ("10 MPa", {"pressure": "20 MPa"}, "keeps its pressure"),
        ("thickness change 1 nm", {"pressure": "20 MPa", "hold": "fixed_thickness"}, "keeps its thickness"),
        ("strain 1 %", {"pressure": "20 MPa", "hold": "fixed_thickness"}, "keeps its thickness"),
        ("strain 1 %", {"pressure": "20 MPa", "hold": "free"}, "has no platen"),
        ("10 mAh/cm^2", {"pressure": "20 MPa"}, "an electrode holds 0.2775 mAh/cm^2"),
        ("600 mAh/g", {"pressure": "20 MPa"}, "an electrode holds 0.2775 mAh/cm^2"),
    ],
)
def test_what_is_never_met_is_refused_alone_and_told_of_beside_another_end(end: str, stack: Any, why: str) -> None:
    text = refused(f"charge at 1C until {end}", stack=stack)
    assert "it is never met: " in text and why in text and "nothing else ends the step" in text
    warnings = told(f"charge at 1C until {end} or 1 s", stack=stack)
    if "electrode holds" not in why:
        assert len(warnings) == 1 and why in warnings[0]
    elsewhere = {"pressure": "20 MPa", "hold": "spring", "stiffness": "1e14 Pa/m"}
    if "mAh" not in end:
        # on charge the electrode shrinks
        assert told(f"{'charge' if 'MPa' in end else 'discharge'} at 1C until {end}", stack=elsewhere) == ()


# --- masses, pressures, files ------------------------------------------------------------------------


def test_what_is_given_per_mass_needs_a_density(tmp_path: Path) -> None:
    text = (Path(load(HALF).materials["electrode"].file)).read_text(encoding="utf-8")
    without = {key: value for key, value in YAML(typ="safe").load(text).items() if key not in ("density", "thermal")}
    with (tmp_path / "bare.yaml").open("w", encoding="utf-8") as file:
        YAML().dump(without | {"name": "bare"}, file)
    (tmp_path / "drive.csv").write_text("time [s], i [mA/g]\n0,1\n1,1\n", encoding="utf-8")
    electrode = {"material": str(tmp_path / "bare.yaml"), "initial_stoichiometry": 0.9}
    for step, key in (
        ("charge at 20 mA/g for 1 s", "specific_current"),
        ("charge at 1C until 1 mAh/g", "until.specific_capacity"),
        (f"follow {tmp_path / 'drive.csv'}", "file"),
        ("oscillate by 20 mA/g every 1 s for 1 s", "specific_current"),
        ("hold at 4 V until 1 mA/g", "until.specific_current"),
    ):
        words = refused(step, electrode=electrode)
        assert key in words and "bare has no density, which this needs; give electrode.overrides.density" in words
    given = electrode | {"overrides": {"density": "4.8 g/cm^3"}}
    assert told("charge at 20 mA/g for 1 s", electrode=given) == ()


def test_a_weight_cannot_pull() -> None:
    sine = "oscillate by 5 MPa every 10 s for 1 min"
    assert told(sine) == () == told("press to 6 MPa", sine)
    assert "a platen cannot pull: the amplitude can be 4000000 Pa at most" in refused("press to 4 MPa", sine)
    (warning,) = told("press to 0 MPa")
    assert "nothing but the platen holds an electrode; it is left lying there with 100 Pa" in warning
    assert told("press to 0 MPa", interface=LAWS | {"bonded": True}) == ()


def test_a_table_is_read_beside_the_case_and_refused_with_its_line(tmp_path: Path) -> None:
    case = tmp_path / "case.yaml"
    case.write_text(json.dumps(HALF | {"protocol": ["rest 1 s", "follow drive.csv"]}, indent=1), encoding="utf-8")
    with pytest.raises(CaseError, match=r"protocol\.1 = 'follow drive\.csv': file: there is no such file"):
        load(case)
    drive = tmp_path / "drive.csv"
    drive.write_text("time [s], current [mA]\n0,1\n1,1\n", encoding="utf-8")
    with pytest.raises(CaseError, match=r"file: line 1: the column 'current \[mA\]' is not understood; a current in A"):
        load(case)
    drive.write_text("time [s], current [mA/cm^2]\n0,1\n1,1\n", encoding="utf-8")
    assert load(case).case.protocol[1].file == drive
    drive.write_text("time [s], pressure [MPa]\n0,1\n1,1\n", encoding="utf-8")
    case.write_text(
        case.read_text(encoding="utf-8").replace('"pressure": "20 MPa"', '"hold": "free", "pressure": "1 MPa"')
    )
    with pytest.raises(CaseError, match="a stack with hold free has none"):
        load(case)


# --- every step, as a sentence and as a mapping, in the schema ----------------------------------------

BAD = {
    "sweep to 4 V": "'at' is missing",
    "sweep to 4 MPa at 1 mV/s": "is needed, such as '4.2 V'",
    "gitt at C/10 for 1 min": "did you mean 'gitt charge'",
    "gitt charge at C/10 for 1 min, rest 1 h": "'until' or 'in' is missing",
    "gitt charge at C/10 for 1 min rest 1 h in 0 pulses": "pulses: must be greater than 0",
    "oscillate by 1 V every 1 s for 1 s": "'1 V' is not understood after 'by'",
    "oscillate by 1 MPa for 1 s": "'every' is missing",
    "press to -1 MPa": "pressure: must be at least 0",
    "press to 1 MPa in 1 s at 1 MPa/s": "rate: stands beside time",
    "charge at 1C at 20 mA/g for 1 h": "specific_current: stands beside c_rate",
    "charge at 1C until SOC 120 %": "until.state_of_charge: must be at most 1",
    "follow": "a value is missing after 'follow'",
    "rest": "a value is missing after 'rest'",
}


@pytest.mark.parametrize("sentence", BAD)
def test_a_bad_sentence_is_refused_with_its_key_and_what_is_allowed(sentence: str) -> None:
    text = refused("rest 1 s", sentence)
    assert f"protocol.1 = '{sentence}'" in text and BAD[sentence] in text


@pytest.mark.parametrize(
    "step",
    [
        {"step": "sweep", "voltage": "4 V", "rate": "1 mV/s"},
        {"step": "press", "pressure": "0 MPa", "rate": "1 MPa/s"},
        {"step": "follow", "file": "drive.csv"},
        {"step": "oscillate", "c_rate": 0.1, "period": "1 s", "time": "1 s"},
        {"step": "oscillate", "pressure": "1 MPa", "period": "1 s", "time": "1 s"},
        {
            "step": "gitt",
            "direction": "charge",
            "specific_current": "9 mA/g",
            "pulse": "1 s",
            "rest": "1 s",
            "pulses": 2,
        },
        {"step": "charge", "c_rate": 1, "until": {"energy": "1 mWh/cm^2", "strain": -0.01, "pressure": "0 MPa"}},
        "gitt discharge at C/10 for 10 min, rest 1 h, until 2.8 V",
    ],
)
def test_the_schema_for_editors_knows_every_step(step: Any) -> None:
    schema = Case.model_json_schema()
    jsonschema.validate(HALF | {"protocol": [step]}, schema)
    if isinstance(step, dict):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(HALF | {"protocol": [step | {"colour": "red"}]}, schema)


# --- ends that lithium does not lead to ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("step", "end", "said"),
    [
        ("charge at C/10 until strain 0.1 %", "strain", "from θ = 0.9 on, electrode only shrinks on charge"),
        ("charge at C/10 until thickness change 1 nm", "thickness_change", "only shrinks on charge"),
        ("discharge at C/10 until strain -0.1 %", "strain", "only swells on discharge"),
        ("charge at C/10 until strain -0.1 %", "", ""),
        ("discharge at C/10 until strain 0.01 %", "", ""),
    ],
)
def test_an_end_away_from_which_the_lithium_takes_the_cell_is_told(step: str, end: str, said: str) -> None:
    notes = told("rest for 1 s", step)
    assert len(notes) == bool(end)
    assert all(note.startswith(f"protocol.1.until.{end}: ") and said in note for note in notes)
    # after a press, and in a full cell, something else may lead there
    assert told("press to 10 MPa in 1 s", step) == ()
    assert told(step, case=full("NMC811", "graphite")) == ()


def test_a_stiff_fixture_is_relieved_by_a_host_that_shrinks() -> None:
    spring = {"hold": "fixed_thickness", "pressure": "20 MPa"}
    (note,) = told("charge at C/10 until 30 MPa", stack=spring)
    assert note.startswith("protocol.0.until.pressure: ") and "only shrinks on charge" in note
    assert told("charge at C/10 until 10 MPa", stack=spring) == ()
    assert told("discharge at C/10 until 30 MPa", stack=spring) == ()
