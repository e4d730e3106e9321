"""What is beyond the range of a cell is refused, what is unusual is questioned, in words."""

from __future__ import annotations

import pytest
from builders import tiny_case

from interstice.schema.plausible import questions
from interstice.solver.reader import CaseError

REFUSED = {
    "temperature=25 K": "temperature = '25 K': implausible; allowed are 50 K to 1500 K; did you mean 25 degC?",
    "stack.pressure=1e12 Pa": "stack.pressure = '1e12 Pa': implausible; allowed are 1e-6 Pa to 100 GPa",
    "stack.pressure=5000000 MPa": "did you mean 5000000 Pa?",
    "geometry.length=10 m": "allowed are 1 nm to 1 m; did you mean 10 nm or 10 um or 10 mm?",
    "geometry.electrode_thickness=1e-3 nm": "geometry.electrode_thickness = '1e-3 nm': implausible",
    "geometry.element_size=1e-300 m": "geometry.element_size = '1e-300 m': implausible; allowed are 1 pm to 1 m",
    "interface.kinetics.exchange_current_density=1e12 A/m^2": "implausible",
    "protocol=[charge at 1e6 A/m^2 for 1 s]": "current_density: implausible; allowed are 1e-9 A/m^2 to 1e5 A/m^2",
    "protocol=[charge at 1e6C for 1 s]": "c_rate: must be at most 100000",
    "protocol=[press to 500 GPa in 1 s]": "pressure: implausible",
}


@pytest.mark.parametrize("change", REFUSED)
def test_what_cannot_be_is_refused_with_what_is_allowed(change: str) -> None:
    with pytest.raises(CaseError) as refused:
        tiny_case(change)
    assert REFUSED[change] in str(refused.value)


UNUSUAL = {
    "stack.pressure=5 Pa": "stack.pressure: 5 Pa is unusual, 1 kPa to 2 GPa is common: is the unit right?",
    "temperature=600 K": "temperature: 600 K is unusual, 200 K to 500 K is common",
    "protocol=[charge at 2000 A/m^2 for 1 ms]": "protocol.0.current_density: 2000 A/m^2 is unusual",
    "protocol=[{repeat 2 times: [rest for 1 s, press to 3 GPa in 1 s]}]": "protocol.0.steps.1.pressure: 3000000000 Pa",
}


@pytest.mark.parametrize("change", UNUSUAL)
def test_what_is_unusual_is_questioned_under_its_key(change: str) -> None:
    assert any(warning.startswith(UNUSUAL[change]) for warning in tiny_case(change).warnings)


def test_nothing_is_asked_of_what_is_common_nor_of_no_pressure_at_all() -> None:
    case = tiny_case("protocol=[press to 0 Pa in 1 s, charge at 10 mA/cm^2 for 1 s]", "temperature=80 degC").case
    assert list(questions(case)) == []
