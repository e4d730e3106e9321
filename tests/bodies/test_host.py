"""Lithium in a host, in time: from the first step on after a jump of the load."""

from __future__ import annotations

import numpy as np
import pytest
from builders import Run, tiny_run

from interstice.solver.constants import FARADAY

PULSE = """\
title: a pulse of current into a flat film
geometry:
  builder: film
  length: 40 nm
  electrode_thickness: 1 um
  electrolyte_thickness: 100 nm
  element_size: 5 nm
  coarse_size: 100 nm
electrode:
  material: NMC811
  initial_stoichiometry: 0.5
  overrides: {diffusivity: 4e-15 m^2/s, maximum_concentration: 51765 mol/m^3}
electrolyte: {material: LPSCl}
interface:
  kinetics: {exchange_current_density: 1 mA/cm^2}
stack: {hold: constant_pressure, pressure: 30 MPa}
protocol: [charge at 0.5 mA/cm^2 until 1 s, rest for 1 s]
"""
CURRENT, DIFFUSIVITY, FULL = 5.0, 4e-15, 51765.0


def pulse_run(*overrides: str) -> Run:
    return tiny_run(*overrides, text=PULSE)


def surface(time: float) -> float:
    """Return θ at the surface of a half space after a `time` [s] of the pulse, and of the rest after it."""
    root = np.sqrt(time) - np.sqrt(max(time - 1.0, 0.0))
    return 0.5 - 2 * CURRENT / (FARADAY * FULL) * root / np.sqrt(np.pi * DIFFUSIVITY)


@pytest.mark.parametrize("tolerance", [1e-4, 1e-3])
def test_surface_after_a_short_pulse_and_rest_is_right_to_the_tolerance(tolerance: float) -> None:
    run = pulse_run(f"time.tolerance={tolerance}")
    for number, time in ((1, 1.0), (2, 2.0)):
        end = [row for row in run.rows if row["step [1]"] == number][-1]
        assert end["time [s]"] == pytest.approx(time)
        assert end["min stoichiometry [1]"] == pytest.approx(surface(time), abs=tolerance)


def test_first_time_steps_are_shorter_for_a_smaller_tolerance() -> None:
    """Those of each step of the protocol."""
    coarse, fine = (pulse_run(f"time.tolerance={tolerance}") for tolerance in (1e-3, 1e-4))
    for number in (1, 2):
        lengths = [[a.duration for a in run.advances if a.number == number] for run in (coarse, fine)]
        assert len(lengths[1]) > 1.4 * len(lengths[0])
        assert max(lengths[0][:3]) < 0.1


def test_first_time_step_follows_the_diffusion_time_of_an_element() -> None:
    first = [
        pulse_run("geometry.length=400 nm", f"geometry.element_size={size} nm", "time.tolerance=0.1")
        .advances[0]
        .duration
        for size in (20, 40)
    ]
    assert first[0] == pytest.approx(0.03 * 20e-9**2 / DIFFUSIVITY, rel=0.2)
    assert first[1] / first[0] == pytest.approx(4.0, rel=0.2)
    assert pulse_run("time={initial: 1 ms, tolerance: 0.1}").advances[0].duration == 1e-3
