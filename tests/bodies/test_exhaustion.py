"""Hosts that fill or empty at the surface through which the current passes: to a cut-off voltage, or to their end."""

from __future__ import annotations

import numpy as np
import pytest
from builders import Run, tiny_run

from interstice.solver.constants import FARADAY

FLAT = """\
title: a flat film that fills or empties at its surface
geometry:
  builder: film
  length: 100 nm
  electrode_thickness: 1 um
  electrolyte_thickness: 100 nm
  element_size: 25 nm
  coarse_size: 100 nm
electrode:
  material: NMC811
  initial_stoichiometry: 0.5
  overrides: {diffusivity: 4e-15 m^2/s, maximum_concentration: 51765 mol/m^3}
electrolyte: {material: LPSCl}
interface:
  kinetics: {exchange_current_density: 1 mA/cm^2}
stack: {hold: constant_pressure, pressure: 30 MPa}
protocol: [discharge at 5 mA/cm^2 until 2.5 V]
"""
CURRENT, DIFFUSIVITY, FULL = 50.0, 4e-15, 51765.0


def flat_run(*overrides: str) -> Run:
    return tiny_run(*overrides, text=FLAT)


def sand(change: float) -> float:
    """Return the time [s] in which the current changes c [mol/m³] by so much at the surface of a half space."""
    return np.pi * DIFFUSIVITY * (FARADAY * change / (2 * CURRENT)) ** 2


@pytest.mark.parametrize(
    ("step", "voltage", "theta", "room"),
    [("discharge", 2.5, 0.5, 1e-8), ("charge", 5.3, 0.4, 1e-4)],
)
def test_voltage_runs_to_its_cut_off_as_the_surface_fills_or_empties(
    step: str, voltage: float, theta: float, room: float
) -> None:
    run = flat_run(
        f"protocol=[{step} at 5 mA/cm^2 until {voltage} V, rest for 1 s]",
        f"electrode.initial_stoichiometry={theta}",
    )
    assert run.stopped == ""
    last = next(row for row in reversed(run.rows) if row["step [1]"] == 1)
    assert last["voltage [V]"] == pytest.approx(voltage, abs=1e-3)
    end = 1 - last["max stoichiometry [1]"] if step == "discharge" else last["min stoichiometry [1]"]
    assert 0.0 < end < room
    assert last["time [s]"] == pytest.approx(sand((1 - theta if step == "discharge" else theta) * FULL), rel=0.03)
    assert last["lithium balance [1]"] <= 1e-12


def test_host_without_a_cut_off_in_reach_is_full_at_the_time_of_sand() -> None:
    """However long the time steps, and however small the elements: within their errors."""
    control = "time={initial: 0.1 s, maximum: 0.1 s}"
    for overrides in ((), (control,), (control, "geometry.element_size=12.5 nm")):
        run = flat_run("protocol=[discharge at 5 mA/cm^2 until -9 V]", *overrides)
        assert run.stopped == "the host is full at the interface: the discharge ends"
        assert run.rows[-1]["time [s]"] == pytest.approx(sand(0.5 * FULL), rel=0.02 if overrides == () else 0.01)
        assert 0.0 < 1.0 - run.rows[-1]["max stoichiometry [1]"] < 1e-10


def test_host_without_any_cut_off_is_empty_within_the_shortest_time_step() -> None:
    run = flat_run("protocol=[charge at 5 mA/cm^2 until 10 h]", "electrode.initial_stoichiometry=0.4")
    assert run.stopped == "the host is empty at the interface: the charge ends"
    assert min(advance.duration for advance in run.advances) >= 1e-3
    assert run.rows[-1]["time [s]"] == pytest.approx(sand(0.4 * FULL), rel=0.02)


@pytest.mark.also_on_ranks(2, 3)
def test_run_goes_on_after_a_host_was_full() -> None:
    """A second discharge finds nothing left and ends at once; rest makes room again."""
    protocol = ["discharge at 5 mA/cm^2 until -9 V", "discharge at 50 mA/cm^2 until -9 V", "rest for 2 s"]
    run = flat_run(f"protocol=[{', '.join([*protocol, 'discharge at 5 mA/cm^2 until 0.1 s'])}]")
    assert run.stopped == ""
    first = {advance.number: advance for advance in reversed(run.advances)}
    assert 2 not in first
    assert first[3].notes[0] == "the host is full at the interface: the discharge ends"
    assert not any("ends" in note for advance in run.advances if advance is not first[3] for note in advance.notes)
    assert run.rows[-1]["time [s]"] == pytest.approx(sand(0.5 * FULL) + 2.1, rel=0.02)


def test_voltage_may_be_held_at_which_the_surface_is_full() -> None:
    run = flat_run("protocol=[hold at 2.6 V until 60 s]")
    assert run.stopped == ""
    assert 1.0 - 1e-6 < run.rows[-1]["max stoichiometry [1]"] <= 1.0
    assert abs(run.rows[-1]["current density [A/m^2]"]) < abs(run.rows[1]["current density [A/m^2]"])
    assert run.column("lithium balance [1]").max() <= 1e-8
