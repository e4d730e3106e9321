"""Sliders: five numbers of a case, each of which changes that number and no other."""

from __future__ import annotations

from typing import Any

import pytest
from builders import TINY, tiny_case
from ruamel.yaml import YAML

from interstice import shipped
from interstice.schema import Case
from interstice.solver.reader import read_case
from interstice.solver.view.check import written
from interstice.solver.view.sliders import RATES, Slider, _rate_text, pretty, rate_of, sliders

CASES = [file for file in shipped.cases() if file.stem in ("dcb", "film_2d", "full_cell", "pressure_hysteresis")]


def flat(value: Any, key: str = "") -> dict[str, Any]:
    if not isinstance(value, dict | list):
        return {key: value}
    parts = value.items() if isinstance(value, dict) else enumerate(value)
    return {name: one for part, inner in parts for name, one in flat(inner, f"{key}.{part}").items()}


def changed(before: Case, after: Case) -> dict[str, Any]:
    old, new = flat(before.model_dump()), flat(after.model_dump())
    return {key: value for key, value in new.items() if old.get(key) != value}


def of_tiny(*overrides: str, protocol: list[Any] | None = None) -> dict[str, Slider]:
    found = sliders(tiny_case(*overrides).case, protocol or YAML(typ="safe").load(TINY)["protocol"])
    return {slider.name: slider for slider in found}


@pytest.mark.parametrize("file", CASES, ids=lambda file: file.stem)
def test_each_slider_changes_the_number_that_it_names_and_no_other(file: Any) -> None:
    case, protocol = read_case(file).case, written(file)["protocol"]
    found = sliders(case, protocol)
    assert len(found) == 5 and found[-1].name == "element size"
    for slider in found:
        assert slider.overrides(slider.default) == []
        after = read_case(file, slider.overrides(slider.stops[slider.stops.index(slider.default) - 1])).case
        keys = {key.rpartition(".")[2] for key in changed(case, after)}
        # what follows from an element size or a strength, where a case does not say it, changes with it
        assert keys - {"coarse_size", "electrode", "electrolyte", "short_cutoff", "rms_cutoff", "stiffness"} in (
            {place.part or place.key.rpartition(".")[2]} for place in slider.places
        )


def test_stops_are_round_numbers_about_that_of_the_case_within_a_decade() -> None:
    pressure = of_tiny()["stack pressure"]
    assert (pressure.stops[0], pressure.default, pressure.stops[-1]) == ("2 MPa", "20 MPa", "200 MPa")
    odd = of_tiny("stack.pressure=20.3 MPa")["stack pressure"]
    assert odd.default == "20.3 MPa" and "20 MPa" not in odd.stops and "25 MPa" in odd.stops
    assert [float(stop.split()[0]) for stop in odd.stops] == sorted(float(stop.split()[0]) for stop in odd.stops)


def test_what_cannot_be_is_not_offered() -> None:
    assert of_tiny("stack.pressure=50 GPa")["stack pressure"].stops[-1] == "100 GPa"
    # an element is at most half as long as the body
    assert of_tiny("geometry.element_size=400 nm")["element size"].stops[-1] == "1000 nm"


@pytest.mark.parametrize("rate", RATES)
def test_a_rate_reads_back_as_what_it_was(rate: float) -> None:
    assert rate_of(_rate_text(rate)) == pytest.approx(rate, rel=1e-12)


def test_the_same_current_of_several_steps_moves_in_all_of_them_and_another_one_stays() -> None:
    protocol = [
        {"repeat 2 times": ["charge at C/10 until 4.2 V", "discharge at C/5 until 3 V"]},
        "charge at C/10 for 1 h",
    ]
    slider = of_tiny(protocol=protocol)["C-rate of charge"]
    assert slider.default == "C/10"
    assert slider.overrides("C/2") == [
        'protocol.0.repeat 2 times.0={"step": "charge", "c_rate": 0.5, "until": {"voltage": "4.2 V"}}',
        'protocol.1={"step": "charge", "c_rate": 0.5, "until": {"time": "1 h"}}',
    ]


def test_a_bond_comes_before_the_kinetics() -> None:
    bond = "{normal_strength: 5 MPa, shear_strength: 5 MPa, normal_toughness: 1 mJ/m^2, shear_toughness: 2 mJ/m^2}"
    names = list(of_tiny(f"interface.cohesive={bond}"))
    assert names[3:] == ["bond strength", "element size"]


def test_stops_are_shown_with_the_signs_that_people_write() -> None:
    assert pretty("0.1 mA/cm^2") == "0.1 mA/cm²" and pretty("2 um") == "2 µm" and pretty("-20 degC") == "−20 °C"
