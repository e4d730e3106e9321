"""The fixture: what each kind of it does to the pressure of a cell that swells, shrinks, relaxes or is pressed."""

from __future__ import annotations

import numpy as np
import pytest
from builders import Run, film_mesh, tiny_run
from dolfinx import fem
from scipy.integrate import solve_ivp

from interstice import schema
from interstice.solver.bodies.fixture import Platen
from interstice.solver.domain import Domain

FLAT = "geometry.roughness={kind: flat}"
CONSTANT = "stack={pressure: 20 MPa}"
FIXED = "stack={hold: fixed_thickness, pressure: 20 MPa}"
STIFFNESS = 1e16
DAY = 86400.0
HOLDS = {
    "constant_pressure": CONSTANT,
    "fixed_thickness": FIXED,
    "spring": f"stack={{hold: spring, pressure: 20 MPa, stiffness: {STIFFNESS:g} Pa/m}}",
    "pad": (
        "stack={hold: pad, pressure: 20 MPa, pad: "
        "{thickness: 1 um, relaxing_modulus: 2 GPa, lasting_modulus: 500 MPa, relaxation_time: 10 s}}"
    ),
}
HALF_FULL = "electrode.initial_stoichiometry=0.5"
PRESS = (
    "protocol=[press to 74 MPa in 10 s, rest for 10 s, press to 1 MPa in 10 s, rest for 5 s, "
    "discharge at 0.5 mA/cm^2 for 10 s]"
)


def pressed_by(run: Run) -> np.ndarray:
    """Return the mean pressure that the interface carries [Pa], which is that of the stack in equilibrium."""
    return run.column("mean pressure [Pa]")


@pytest.mark.parametrize("hold", HOLDS)
def test_interface_carries_the_pressure_of_the_stack(hold: str) -> None:
    run = tiny_run(HOLDS[hold])
    assert run.stopped == ""
    np.testing.assert_allclose(pressed_by(run), run.column("stack pressure [Pa]"), rtol=1e-8)


@pytest.mark.parametrize("hold", HOLDS)
def test_energy_ledger_closes_whatever_holds_the_cell(hold: str) -> None:
    assert tiny_run(HOLDS[hold]).column("energy balance [1]").max() <= 1e-9


def test_constant_pressure_lets_the_thickness_follow_the_host() -> None:
    run = tiny_run(CONSTANT)
    np.testing.assert_allclose(pressed_by(run), 20e6, rtol=1e-8)
    charged = int(np.flatnonzero(run.column("step [1]") == 1)[-1])
    assert run.column("thickness change [m]")[charged] < -1e-12


def test_fixed_thickness_lets_the_pressure_follow_the_host() -> None:
    run = tiny_run(FIXED)
    assert np.all(run.column("thickness change [m]") == 0.0)
    charged = int(np.flatnonzero(run.column("step [1]") == 1)[-1])
    assert pressed_by(run)[charged] < 10e6


def test_pressure_of_a_spring_changes_by_stiffness_times_height() -> None:
    run = tiny_run(HOLDS["spring"])
    change = STIFFNESS * run.column("thickness change [m]")
    assert change.min() < -1e6
    np.testing.assert_allclose(pressed_by(run), 20e6 + change, rtol=1e-8)


@pytest.mark.parametrize(("stiffness", "limit"), [(1e10, CONSTANT), (1e22, FIXED)])
def test_soft_spring_is_a_weight_and_a_stiff_one_a_fixed_platen(stiffness: float, limit: str) -> None:
    # a loose tolerance, so that both take the same time steps
    time = "time={initial: 2 s, maximum: 5 s, tolerance: 0.1}"
    spring = tiny_run(f"stack={{hold: spring, pressure: 20 MPa, stiffness: {stiffness:g} Pa/m}}", time)
    expected = tiny_run(limit, time)
    # their lengths follow an error, of which the stiffness leaves its share
    np.testing.assert_allclose(spring.column("time [s]"), expected.column("time [s]"), rtol=1e-7)
    np.testing.assert_allclose(pressed_by(spring), pressed_by(expected), rtol=2e-5)
    np.testing.assert_allclose(spring.column("voltage [V]"), expected.column("voltage [V]"), rtol=1e-6)


def test_pad_under_a_rigid_cell_relaxes_as_a_standard_linear_solid() -> None:
    """The pad is a thousand times as thick as the cell and far softer: 5 MPa relax to 1 MPa."""
    pad = "{thickness: 1 mm, relaxing_modulus: 8 MPa, lasting_modulus: 2 MPa, relaxation_time: 1e7 s}"
    run = tiny_run(
        FLAT,
        f"stack={{hold: pad, pressure: 5 MPa, pad: {pad}}}",
        f"protocol=[rest for {160 * DAY} s, rest for {DAY} s, rest for {1000 * DAY} s]",
        f"time={{initial: {DAY} s, maximum: {30 * DAY} s}}",
    )
    assert run.stopped == ""
    time, pressure = run.column("time [s]"), pressed_by(run)
    np.testing.assert_allclose(pressure, 1e6 + 4e6 * np.exp(-time / 1e7), rtol=1e-5)
    assert pressure[time <= 160 * DAY].min() > 2e6 > pressure[time >= 161 * DAY].max()
    assert run.column("energy balance [1]").max() <= 1e-9


def test_pad_follows_a_ramp_of_strain_as_its_differential_equation_says() -> None:
    """Ramp up, hold, ramp down, in uneven steps, against dq/dt = E_1 dε/dt − q/τ integrated by itself."""
    thickness, relaxing, lasting, relaxation, first = 1e-3, 8e6, 2e6, 5.0, 5e6
    domain = Domain(film_mesh())
    u = fem.Function(domain.sides["electrode"].space(1, (2,)))
    pad = {
        "thickness": f"{thickness} m",
        "relaxing_modulus": f"{relaxing} Pa",
        "lasting_modulus": f"{lasting} Pa",
        "relaxation_time": f"{relaxation} s",
    }
    wanted = schema.Stack.model_validate({"hold": "pad", "pressure": f"{first} Pa", "pad": pad})
    stack = Platen(domain, wanted, u, domain.dofs(u.function_space, "collector", [1]))
    corners, strains = [0.0, 4.0, 7.0, 20.0], [0.0, 0.1, 0.1, -0.05]
    start = first / (relaxing + lasting)
    q = first - lasting * start
    steps = [np.linspace(a, b, n + 1)[1:] for a, b, n in zip(corners[:-1], corners[1:], (3, 1, 7), strict=True)]
    time = 0.0
    for end in np.concatenate(steps):
        strain, before = np.interp([end, time], corners, strains)
        rate = (strain - before) / (end - time)
        solution = solve_ivp(lambda t, q, rate=rate: relaxing * rate - q / relaxation, (time, end), [q], rtol=1e-11)
        q = solution.y[0, -1]
        stack.begin(end - time, None)
        u.x.array[stack.dofs] = thickness * strain
        assert stack.pressure == pytest.approx(lasting * (start + strain) + q, rel=1e-8)
        stack.commit()
        time = end


@pytest.mark.parametrize("hold", HOLDS)
def test_pressed_cell_carries_what_it_is_pressed_to_and_then_what_its_fixture_does(hold: str) -> None:
    """Cold press at 74 MPa, hold, release to 1 MPa; then the fixture locks."""
    run = tiny_run(HOLDS[hold], HALF_FULL, PRESS)
    assert run.stopped == ""
    step, time, pressure = run.column("step [1]"), run.column("time [s]"), pressed_by(run)
    height = run.column("thickness change [m]")
    ends = {number: int(np.flatnonzero(step == number)[-1]) for number in (1, 2, 3, 4, 5)}
    assert pressure[ends[1]] == pytest.approx(74e6, rel=1e-8)
    assert pressure[ends[3]] == pytest.approx(1e6, rel=1e-7)
    up, down = step == 1, step == 3
    np.testing.assert_allclose(pressure[up], 20e6 + 54e6 * time[up] / 10, rtol=1e-8)
    begin = pressure[ends[2]]
    np.testing.assert_allclose(pressure[down], begin + (1e6 - begin) * (time[down] - 20) / 10, rtol=1e-7)
    locked = slice(ends[3], None)
    if hold == "constant_pressure":
        np.testing.assert_allclose(pressure[locked], 1e6, rtol=1e-6)
    elif hold == "fixed_thickness":
        assert np.ptp(height[locked]) <= 1e-12 * abs(height[-1])
    elif hold == "spring":
        np.testing.assert_allclose(pressure[locked], 1e6 + STIFFNESS * (height[locked] - height[ends[3]]), rtol=1e-6)
    else:
        assert begin < 60e6 and pressure[ends[4]] < 1e6
    if hold != "constant_pressure":
        # the host takes up lithium and swells
        assert pressure[-1] > 1.1 * pressure[ends[4]]
    assert run.column("energy balance [1]").max() <= 1e-9
    assert run.column("current over detached area [A]").max() == 0.0


def test_constant_pressure_after_pressing_is_the_one_released_to() -> None:
    """Whatever was pressed before: without friction or bond nothing is left of it."""
    pressed, other = tiny_run(CONSTANT, HALF_FULL, PRESS), tiny_run("stack={pressure: 1 MPa}", HALF_FULL, PRESS)
    greatest = "max pressure [Pa]"
    np.testing.assert_allclose(pressed.column(greatest)[-1], other.column(greatest)[-1], rtol=1e-6)


# --- a fixture presses and never pulls --------------------------------------------------------------------

TIGHT = (
    "interface.cohesive={normal_strength: 500 MPa, shear_strength: 500 MPa, normal_toughness: 10 J/m^2, "
    "shear_toughness: 10 J/m^2}"
)
"""A bond that holds whatever the platen does."""
BREATHE = (
    "protocol=[charge at 0.5 mA/cm^2 for 15 s, rest for 2 s, discharge at 0.5 mA/cm^2 for 15 s, "
    "discharge at 0.5 mA/cm^2 for 5 s]"
)
LIGHT = {name: text.replace("20 MPa", "1 MPa") for name, text in HOLDS.items()}


@pytest.mark.parametrize("hold", ["fixed_thickness", "spring", "pad"])
def test_platen_lifts_off_where_it_would_pull_and_comes_down_again(hold: str) -> None:
    run = tiny_run(FLAT, TIGHT, BREATHE, HALF_FULL, LIGHT[hold])
    assert run.stopped == ""
    pressure, gap = run.column("stack pressure [Pa]"), run.column("platen gap [m]")
    assert pressure.min() >= -1e-3 and gap.min() >= 0.0
    assert np.abs(pressure * gap).max() <= 1e-9 * 1e6 * gap.max()
    step = run.column("step [1]")
    assert np.all(pressure[step == 2] == pytest.approx(0.0, abs=1e-3)) and gap[step == 2].min() > 0.0
    assert gap[-1] == 0.0 and pressure[-1] > 0.5e6
    np.testing.assert_allclose(pressed_by(run) - pressure, 0.0, atol=2e6)
    assert run.column("energy balance [1]").max() <= 1e-9


def test_lifted_film_is_as_thick_as_a_free_one() -> None:
    lifted = tiny_run(FLAT, TIGHT, BREATHE, HALF_FULL, LIGHT["fixed_thickness"])
    free = tiny_run(FLAT, TIGHT, BREATHE, HALF_FULL, "stack={pressure: 1 Pa}")
    charged = int(np.flatnonzero(lifted.column("step [1]") == 1)[-1])
    weight = lifted.rows[0]["thickness change [m]"] - free.rows[0]["thickness change [m]"]
    thin = [run.column("thickness change [m]")[charged] for run in (lifted, free)]
    # both begin at 0: the film under 1 MPa is thinner at assembly, by what it springs back
    stiffness = (1e6 - 1.0) * sum(
        1e-6 * (1 + m.poisson_ratio) * (1 - 2 * m.poisson_ratio) / (m.young_modulus * (1 - m.poisson_ratio))
        for m in lifted.cell.materials.values()
    )
    assert thin[0] - thin[1] + weight == pytest.approx(stiffness, rel=1e-3)
    assert lifted.rows[charged]["platen gap [m]"] == pytest.approx(-thin[0], rel=1e-9)


def test_glued_platen_pulls() -> None:
    glued = LIGHT["fixed_thickness"].replace("}", ", glued: true}")
    run = tiny_run(FLAT, TIGHT, BREATHE, HALF_FULL, glued)
    charged = int(np.flatnonzero(run.column("step [1]") == 1)[-1])
    assert run.column("stack pressure [Pa]")[charged] < -1e6
    assert np.ptp(run.column("thickness change [m]")) <= 1e-15
    assert run.column("platen gap [m]").max() == 0.0
