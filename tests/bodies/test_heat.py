"""Heat in a cell: what is made is given off or stored, what is warm expands, a cell that is kept cool is isothermal."""

from __future__ import annotations

import numpy as np
import pytest
from builders import FIXED_PRESSURE, tiny_case, tiny_cell, tiny_run

from interstice import materials
from interstice.solver.constants import FARADAY
from interstice.solver.reader import CaseError

SOLID = "electrolyte.material=LLZO"
FLAT = "geometry.roughness={kind: flat}"


def heat(transfer: float, ambient: float = 298.15, **more: str) -> str:
    pairs = {
        "collector_transfer": f"{transfer} W/(m^2*K)",
        "counter_transfer": "0 W/(m^2*K)",
        "ambient": f"{ambient} K",
    }
    return f"heat={{{', '.join(f'{key}: {value}' for key, value in (pairs | more).items())}}}"


def test_what_is_made_is_given_off_or_stored() -> None:
    run = tiny_run(SOLID, heat(10.0, 300.0))
    assert run.column("heat balance [1]").max() <= 1e-9
    assert run.column("heat stored [J]").max() > 1e-3 * np.abs(run.column("heat made [W]")).max()


def test_steady_heat_is_given_off_as_it_is_made() -> None:
    run = tiny_run(SOLID, heat(10.0, transient="false"))
    made, out = run.column("heat made [W]"), run.column("heat given off at the collector [W]")
    assert np.abs(made).max() > 0.0
    np.testing.assert_allclose(out, made, rtol=0, atol=1e-8 * np.abs(made).max())
    rise = run.column("mean temperature of electrode [K]") - 298.15
    area = run.column("apparent area [m^2]")
    # the film itself has no thermal resistance to speak of
    np.testing.assert_allclose(10.0 * area * rise, made, rtol=0, atol=1e-4 * np.abs(made).max())


def test_cell_that_is_kept_at_its_temperature_is_the_isothermal_one() -> None:
    # the film itself warms by 1 to 2 µK, which the voltage of a host that is about to be full would show
    short = "protocol=[charge at 0.5 mA/cm^2 for 15 s, rest for 5 s, discharge at 0.5 mA/cm^2 for 10 s]"
    cool, isothermal = (tiny_run(SOLID, FIXED_PRESSURE, short, *more) for more in ((heat(1e9),), ()))
    for column in ("voltage [V]", "active fraction [1]", "max pressure [Pa]"):
        expected = isothermal.column(column)
        np.testing.assert_allclose(cool.column(column), expected, rtol=0, atol=1e-8 * expected.max(), err_msg=column)


def test_entropy_of_the_host_is_heat_at_the_current_that_crosses() -> None:
    """Between charge and discharge at one current, what is made differs by 2 I T ∂U/∂T; losses are the same."""
    made = []
    for sign in (1.0, -1.0):
        step = "charge" if sign > 0 else "discharge"
        protocol = f"protocol=[{{step: {step}, current_density: 0.01 mA/cm^2, until: {{time: 2 s}}}}]"
        run = tiny_run(SOLID, FLAT, heat(1e9), protocol, "interface.kinetics.law=linear")
        made.append(run.rows[-1]["heat made [W]"])
        theta = run.rows[-1]["mean stoichiometry [1]"]
    host = materials.load("NMC811").host
    assert host is not None
    current = 0.1 * run.rows[-1]["apparent area [m^2]"]
    assert made[0] - made[1] == pytest.approx(2 * current * 298.15 * float(host.entropic(theta)), rel=2e-2)


def test_warm_film_is_thicker_by_what_its_thermal_strain_asks_for() -> None:
    """Held along the interface, a layer rises by α ΔT h (1 + ν)/(1 − ν)."""
    warm = heat(1e6, 308.15, transient="false")
    cell = tiny_cell(
        "electrode.material=graphite", "electrode.initial_stoichiometry=0.5", SOLID, FLAT, FIXED_PRESSURE, warm
    )
    cell.press()
    height = cell.fixture.platen.height
    cell.advance(1.0)
    graphite = cell.materials["electrode"]
    assert graphite.thermal is not None and graphite.thermal.thermal_expansion is not None
    nu = graphite.poisson_ratio
    rise = graphite.thermal.thermal_expansion * 10.0 * 1e-6 * (1 + nu) / (1 - nu)
    assert cell.fixture.platen.height - height == pytest.approx(rise, rel=1e-6)


def test_open_circuit_voltage_follows_the_temperature() -> None:
    protocol = "protocol=[{step: rest, time: 5 s}]"
    warm = tiny_run(SOLID, FLAT, heat(1e6, 318.15, transient="false"), protocol)
    cold = tiny_run(SOLID, FLAT, heat(1e6, transient="false"), protocol)
    host = materials.load("NMC811").host
    assert host is not None
    shift = warm.rows[-1]["voltage [V]"] - cold.rows[-1]["voltage [V]"]
    assert shift == pytest.approx(20.0 * float(host.entropic(0.9)), rel=1e-6)


def test_heat_of_a_material_that_does_not_know_it_is_refused() -> None:
    with pytest.raises(CaseError, match=r"has no block 'thermal', which heat needs; allowed: .*LLZO"):
        tiny_case("electrolyte.material=LiPON", heat(10.0))


def test_entropy_is_that_of_an_electron_volt_per_kelvin() -> None:
    """∂U/∂T times F is an entropy: of hosts it is at most some tens of J/(mol K)."""
    for name in ("LCO", "NMC811", "graphite"):
        host = materials.load(name).host
        assert host is not None
        low, high = host.stoichiometry_range
        entropy = FARADAY * np.abs(host.entropic(np.linspace(low, high, 50)))
        assert 0.0 < entropy.max() < 150.0, name
