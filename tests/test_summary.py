"""The numbers that sum up a run, of histories whose integrals are known."""

from __future__ import annotations

import numpy as np
import pytest

from interstice.solver.history import Row
from interstice.solver.summary import summary

NAMES = ["cathode/separator", "separator/anode"]


def made_up(*currents: float, cycles: tuple[int, ...] = (), steps: int = 4) -> list[Row]:
    """Return the rows of an hour at each of the currents [A/m²], in which V = 3.5 + 0.1 j + 0.05 q and η = 0.1 j.

    q [A h/m²] is the net charge: V jumps with j and is linear in time within each step.
    """
    rows, charge = [at(0.0, 0, 0, 0.0, 0.0)], 0.0
    for number, current in enumerate(currents):
        for part in range(1, steps + 1):
            time = 3600.0 * (number + part / steps)
            cycle = cycles[number] if cycles else 0
            rows.append(at(time, number + 1, cycle, current, charge + current * part / steps))
        charge += current
    return rows


def at(time: float, step: int, cycle: int, current: float, charge: float) -> Row:
    return {
        "time [s]": time,
        "step [1]": step,
        "cycle [1]": cycle,
        "voltage [V]": 3.5 + 0.1 * current + 0.05 * charge,
        "net charge [A h/m^2]": charge,
        "kinetic overpotential [V]": 0.1 * current,
        "ohmic overpotential [V]": 0.02 * current,
        "active fraction of cathode/separator [1]": 1.0 - time / 36000.0,
        "active fraction of separator/anode [1]": 0.5 + abs(charge - 1.5) / 10,
        "charge balance [1]": 1e-12 * step,
        "newton iterations [1]": 3,
    }


def test_capacity_energy_and_overpotential_are_the_integrals_over_charge_and_over_discharge() -> None:
    """Of charges at 2 and 1 A/m² and a discharge at 2; ∫ V dq by hand, with V linear in q within each step."""
    found = summary(made_up(2.0, 0.0, 1.0, -2.0), NAMES)
    charge = 2.0 * (3.7 + 0.05 * 1.0) + 1.0 * (3.6 + 0.05 * 2.5)
    discharge = 2.0 * (3.3 + 0.05 * 2.0)
    # the first time step of each step takes V at its end, 0.05 · j/8 more than in its middle, for a quarter of an hour
    first = 0.05 / 8 / 4 * (4.0 + 1.0), 0.05 / 8 / 4 * 4.0
    assert found["charge"]["capacity [A h/m^2]"] == pytest.approx(3.0)
    assert found["charge"]["energy [W h/m^2]"] == pytest.approx(charge + first[0], rel=1e-12)
    assert found["discharge"]["capacity [A h/m^2]"] == pytest.approx(2.0)
    assert found["discharge"]["energy [W h/m^2]"] == pytest.approx(discharge - first[1], rel=1e-12)
    # weighted with the charge that passes: two thirds at 0.2 V, one at 0.1 V
    assert found["charge"]["mean overpotential [V]"] == pytest.approx({"kinetic": 0.5 / 3, "ohmic": 0.1 / 3})
    assert found["discharge"]["mean overpotential [V]"] == pytest.approx({"kinetic": -0.2, "ohmic": -0.04})


def test_energy_converges_to_the_integral_with_the_time_step() -> None:
    exact = 2.0 * (3.7 + 0.05 * 1.0)
    errors = [abs(summary(made_up(2.0, steps=n), NAMES)["charge"]["energy [W h/m^2]"] - exact) for n in (10, 20, 40)]
    assert errors[0] / errors[1] > 3.9 and errors[1] / errors[2] > 3.9


def test_efficiencies_are_those_of_each_cycle_and_of_all_where_nothing_is_repeated() -> None:
    (whole,) = summary(made_up(2.0, -1.0), NAMES)["cycles"]
    assert whole["cycle"] == 1 and whole["coulombic efficiency [1]"] == pytest.approx(0.5)
    assert whole["energy efficiency [1]"] == pytest.approx(
        whole["coulombic efficiency [1]"] * (3.4 + 0.05 * 1.5) / (3.7 + 0.05), rel=2e-3
    )
    # a first charge before the cycles counts for none of them
    cycles = summary(made_up(1.0, 2.0, -1.0, 2.0, -2.0, cycles=(0, 1, 1, 2, 2)), NAMES)["cycles"]
    assert [cycle["cycle"] for cycle in cycles] == [1, 2]
    assert [cycle["coulombic efficiency [1]"] for cycle in cycles] == pytest.approx([0.5, 1.0])


@pytest.mark.parametrize("currents", [(0.0,), (1.0, 0.0), (-1.0,)])
def test_what_did_not_happen_is_not_summed_up(currents: tuple[float, ...]) -> None:
    found = summary(made_up(*currents), NAMES)
    assert found["cycles"] == []
    assert ("charge" in found, "discharge" in found) == (max(currents) > 0, min(currents) < 0)


@pytest.mark.parametrize("noise", [1e-16, -1e-16, -1e-12])
def test_the_rounding_of_a_rest_and_the_noise_of_a_hold_are_no_discharge(noise: float) -> None:
    """A charge, and then a step at what the charge rounds to: no line, no efficiency; what is small but real counts."""
    found, exact = (summary(made_up(2.0, current), NAMES) for current in (noise, 0.0))
    assert "discharge" not in found and found["cycles"] == []
    assert found["charge"]["capacity [A h/m^2]"] == pytest.approx(exact["charge"]["capacity [A h/m^2]"], rel=1e-15)
    rested = summary(made_up(2.0, noise, -1.0, noise, cycles=(1, 1, 1, 2)), NAMES)
    assert [cycle["coulombic efficiency [1]"] for cycle in rested["cycles"]] == pytest.approx([0.5])
    rows = made_up(2.0)
    rows[-1]["net charge [A h/m^2]"] = rows[-2]["net charge [A h/m^2]"] + noise
    assert "discharge" not in summary(rows, NAMES)
    idle = summary(made_up(2.0, -1.0, noise, -noise, cycles=(1, 1, 2, 2)), NAMES)
    assert [cycle["cycle"] for cycle in idle["cycles"]] == [1]
    small = summary(made_up(2.0, -1e-6), NAMES)
    assert small["discharge"]["capacity [A h/m^2]"] == pytest.approx(1e-6, rel=1e-6)
    assert small["cycles"][0]["coulombic efficiency [1]"] == pytest.approx(5e-7, rel=1e-6)


def test_active_fraction_is_that_of_each_interface_assembled_lowest_and_at_the_end() -> None:
    found = summary(made_up(2.0, 1.0), NAMES)
    first, second = (found["active fraction [1]"][name] for name in NAMES)
    assert list(first.values()) == pytest.approx([1.0, 0.8, 7200.0, 0.8])
    assert list(second.values()) == pytest.approx([0.65, 0.5, 2700.0, 0.65])
    assert found["largest"] == {"complementarity [1]": 0.0, "charge balance [1]": 2e-12, "lithium balance [1]": 0.0}
    assert (found["time steps [1]"], found["newton iterations [1]"]) == (8, 27)


@pytest.mark.parametrize("worst", [0, 3, 8])
def test_balances_are_the_worst_of_the_run_wherever_and_whenever(worst: int) -> None:
    """At the first row, amid the run or at its end, on the one interface or the other; nothing of a like name."""
    rows = made_up(2.0, 1.0)
    for row in rows:
        row |= {f"complementarity of {name} [1]": 1e-15 for name in NAMES}
        row |= {"charge balance [1]": 1e-13, "lithium balance of anode [1]": 1e-14, "charge balance error [1]": 1.0}
    rows[worst] |= {f"complementarity of {NAMES[1]} [1]": 3e-9, "lithium balance of anode [1]": 2e-9}
    largest = {"complementarity [1]": 3e-9, "charge balance [1]": 1e-13, "lithium balance [1]": 2e-9}
    assert summary(rows, NAMES)["largest"] == largest


def test_the_assembled_cell_alone_can_be_summed_up() -> None:
    found = summary(made_up()[:1], NAMES)
    assert found["time steps [1]"] == 0 and found["cycles"] == [] and np.isfinite(found["time [s]"])
