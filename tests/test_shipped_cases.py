"""What the first lines of each shipped case ask is answered as its pictures say, on a coarse mesh with few steps.

Numbers on such meshes are rough; what holds is which way they go, and what follows from a balance.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from builders import Run, carry_out

from interstice.solver.constants import FARADAY
from interstice.solver.reader import read_case

CASES = Path(__file__).parent.parent / "cases"
FRACTION = "active fraction [1]"
LARGEST_ROUNDING = 1e-8
"""Of a balance of lithium or charge at the end, over what has passed. A charge is known to the rounding of 4 V times
the conductance of an element, over the current: in flat elements of LCO 1e-9, another one for each processor."""
LARGEST_LOSS = 1e-6
"""Of the energy ledger at any time, over the largest account."""


def time(step: str, least: str = "10 s") -> str:
    """Return steps as long as what follows allows; their errors are no matter here."""
    return f"time={{initial: {step}, minimum: {least}, maximum: 10 min, tolerance: 0.1, stoichiometry_change: 0.2}}"


def shipped(name: str, *overrides: str) -> Run:
    """Carry out a case of cases/, with some values replaced; no lithium, no charge and no work is lost."""
    run = carry_out(read_case(CASES / f"{name}.yaml", overrides))
    assert run.stopped == ""
    balances = [name for name in run.rows[0] if name.startswith(("charge balance", "lithium balance"))]
    assert balances and max(run.rows[-1][name] for name in balances) < LARGEST_ROUNDING
    assert run.column("energy balance [1]").max() < LARGEST_LOSS
    return run


def ends(run: Run, *kinds: str) -> list[int]:
    """Return the last row of each step of the protocol of these kinds."""
    return [
        row
        for row, advance in enumerate(run.advances, start=1)
        if advance.step.step in kinds and (row == len(run.advances) or run.advances[row].number != advance.number)
    ]


def resistance(run: Run, row: int) -> float:
    return abs(run.rows[row]["kinetic overpotential [V]"] / run.rows[row]["current density [A/m^2]"])


# --- films -----------------------------------------------------------------------------------------


def test_film_loses_contact_on_charge_and_discharge_brings_it_back() -> None:
    run = shipped(
        "film_2d",
        "geometry.element_size=250 nm",
        "protocol=[charge at 0.1 mA/cm^2 for 30 min, discharge at 0.1 mA/cm^2 for 10 min]",
        time("5 min", "1 min"),
    )
    fraction, charged = run.column(FRACTION), ends(run, "charge")[0]
    assert fraction[charged] < 0.7 * fraction[0]
    assert fraction[-1] > 1.1 * fraction[charged]


def test_measured_line_opens_and_its_bond_wears_as_the_host_shrinks() -> None:
    run = shipped(
        "film_afm_2d",
        "geometry.element_size=250 nm",
        "protocol=[charge at 0.1 mA/cm^2 for 70 min]",
        time("5 min", "1 min"),
    )
    fraction, damaged = run.column(FRACTION), run.column("damaged area [m^2]")
    assert fraction[-1] < 0.75 * fraction[0]
    assert np.all(np.diff(damaged) >= 0.0) and damaged[-1] > 0.0


def test_measured_patch_touches_in_spots_on_which_the_current_crowds() -> None:
    run = shipped(
        "film_afm_3d",
        "geometry.element_size=500 nm",
        "protocol=[charge at 0.1 mA/cm^2 for 20 min]",
        time("5 min", "1 min"),
    )
    fraction, local = run.column(FRACTION), run.column("max local current density [A/m^2]")
    assert fraction[-1] < 0.8 * fraction[0]
    assert local[-1] > 1.25 * local[1] > 1.0
    (face,) = run.cell.faces
    spots = face.interface.spots(face.contact.pressure > 0.0, periodic=False)
    assert len(spots) > 1


def test_capacity_is_lost_as_the_area_is() -> None:
    """Tian and Qi's slope of 1 at the low cut-off, of which diffusion along the film takes one to four points."""
    coarse = ("geometry.element_size=10 um", time("60 s", "5 s"))
    part, whole = (shipped("film_capacity_loss", f"stack.pressure={p} MPa", *coarse) for p in (50, 200))
    assert whole.rows[0][FRACTION] == 1.0
    lost = 1.0 - part.column("capacity [A h/m^2]")[-1] / whole.column("capacity [A h/m^2]")[-1]
    area = 1.0 - part.rows[0][FRACTION]
    assert area - 0.04 < lost < area - 0.005
    np.testing.assert_allclose(part.column(FRACTION), 1.0 - area, rtol=1e-12)


def test_bond_that_never_meets_its_strength_fails_by_repetition() -> None:
    run = shipped(
        "film_cycle_fatigue",
        "geometry.element_size=500 nm",
        "interface.cohesive.fatigue.accumulation=2",
        "protocol=[repeat 3 times: [charge at 0.2 mA/cm^2 for 10 min, discharge at 0.2 mA/cm^2 for 9 min]]",
        time("5 min", "150 s"),
    )
    fraction, damage = (run.column(name)[ends(run, "charge")] for name in (FRACTION, "mean damage [1]"))
    assert len(damage) == 3 and np.all(np.diff(damage) > 0.0)
    assert fraction[0] > 0.95 and np.all(np.diff(fraction) <= 0.0) and fraction[-1] < fraction[0]


def test_a_bond_suffers_less_the_faster_the_charge_and_the_tougher_it_is() -> None:
    """Between voltages a fast charge moves less lithium; of the same strength, a tougher bond needs more opening."""
    slow, fast, tough = (
        shipped(
            "film_cycle_fatigue",
            "geometry.element_size=500 nm",
            "geometry.length=5 um",
            f"interface.cohesive.normal_toughness={toughness} J/m^2",
            f"interface.cohesive.shear_toughness={toughness} J/m^2",
            f"protocol=[repeat 2 times: [charge at {rate}C until 4.0 V, discharge at {rate}C until 3.6 V]]",
            time("5 min"),
        )
        for toughness, rate in ((1, 1), (1, 4), (4, 4))
    )
    damage = [run.rows[-1]["mean damage [1]"] for run in (slow, fast, tough)]
    assert damage[0] > 1.1 * damage[1] and damage[1] > 1.2 * damage[2] > 0.0
    assert slow.column("net charge [A h/m^2]").max() > 1.05 * fast.column("net charge [A h/m^2]").max()


# --- lithium ---------------------------------------------------------------------------------------

VOLUME, DEPTH = "void volume [m^3]", "max gap [m]"


def test_lithium_keeps_its_contact_where_the_pressure_drives_it_off_what_is_blocked() -> None:
    """Where it does not, lithium rests on the blocked places alone, and the run ends in words."""
    settings = "geometry.element_size=1.25 um", "protocol=[rest for 1 min, charge at 1 mA/cm^2 until 0.005 mAh/cm^2]"
    kept = shipped("lithium_stripping", "stack.pressure=3 MPa", *settings)
    assert kept.column(FRACTION)[-1] > 0.9 * (1 - kept.column("passivated fraction [1]")[-1])
    assert kept.column("net charge [A h/m^2]")[-1] == pytest.approx(0.05, rel=1e-9)
    lost = carry_out(read_case(CASES / "lithium_stripping.yaml", ("stack.pressure=0.3 MPa", *settings)))
    assert "open circuit: nothing that conducts presses any more" in lost.stopped
    assert lost.column("net charge [A h/m^2]")[-1] < 0.5 * 0.05


def test_lithium_that_goes_to_and_fro_is_counted_to_the_last_digits() -> None:
    run = shipped(
        "lithium_cycle",
        "geometry.element_size=1.25 um",
        "protocol=[rest for 1 min, {step: repeat, times: 2, steps: [charge at 0.5 mA/cm^2 for 1 min, "
        "discharge at 0.5 mA/cm^2 for 1 min]}]",
    )
    stripped, plated = (
        run.column(f"mean {kind} thickness of {face} [m]")
        for kind, face in (("stripped", "upper/separator"), ("plated", "separator/lower"))
    )
    for charged, discharged in zip(ends(run, "charge"), ends(run, "discharge"), strict=True):
        assert stripped[charged] == pytest.approx(13.0e-6 * 5.0 * 60 / FARADAY, rel=1e-2)
        assert plated[charged] == pytest.approx(stripped[charged], rel=1e-2)
        assert max(stripped[discharged], plated[discharged]) < 0.1 * stripped[charged]


def test_film_on_a_bare_collector_is_as_thick_as_what_was_plated_and_lifts_the_stack() -> None:
    run = shipped("anode_free", "protocol=[charge at 0.2 mA/cm^2 for 20 min, discharge at 0.2 mA/cm^2 for 10 min]")
    film = run.column("mean plated thickness of separator/collector [m]")
    whole = 13.0e-6 * 2.0 * 1200 / FARADAY
    assert film[0] == 0.0
    assert film[ends(run, "charge")] == pytest.approx([whole], rel=1e-6)
    assert film[ends(run, "discharge")] == pytest.approx([whole / 2], rel=1e-6)


def test_void_closes_as_lithium_is_stripped_and_at_rest_and_grows_as_it_is_plated() -> None:
    run = shipped(
        "lithium_void",
        "geometry.element_size=250 nm",
        "protocol=[charge at 0.5 mA/cm^2 for 20 s, rest for 20 s, discharge at 0.5 mA/cm^2 for 20 s]",
    )
    (stripped,), (rested,), (plated,) = (ends(run, kind) for kind in ("charge", "rest", "discharge"))
    volume = run.column(VOLUME)
    assert volume[rested] < 0.97 * volume[stripped] < 0.97 * 0.8 * volume[0]
    assert volume[plated] > 1.05 * volume[rested]
    # plating lifts the lithium as far as stripping sinks it; creep closes the void all along
    assert volume[stripped] - volume[0] < -(volume[plated] - volume[rested])


def test_void_of_a_quarter_of_a_micrometre_sinks_with_the_lithium_as_with_a_rigid_body() -> None:
    """As Shishvan et al. (2023) found it: half a sphere, at 0.5 mA/cm², without a pressure worth the name.

    All that is stripped beside the void lets the lithium sink. Current does not crowd at its edge, beyond that there is
    less area for it.
    """
    run = shipped(
        "lithium_void",
        "geometry.roughness={lithium/separator: {kind: void, radius: 0.25 um, depth: 0.25 um}}",
        "geometry.layers=[{name: separator, thickness: 1 um}, {name: lithium, thickness: 1 um}]",
        "geometry.length=1 um",
        "geometry.element_size=50 nm",
        "electrolytes.separator={material: LLZO, overrides: {ionic_conductivity: 0.46 mS/cm}}",
        "stack.pressure=10 kPa",
        "protocol=[charge at 0.5 mA/cm^2 for 40 s]",
        "time={initial: 5 s, maximum: 20 s}",
    )
    rate = (run.column(DEPTH)[0] - run.column(DEPTH)[-1]) / run.column("time [s]")[-1]
    share = run.column("active area [m^2]")[-1] / run.column("apparent area [m^2]")[-1]
    assert rate == pytest.approx(13.0e-6 * 5.0 / FARADAY / share, rel=3e-3)
    assert run.column("current focusing [1]")[-1] == pytest.approx(1 / share, rel=3e-3)


def test_void_closes_by_creep_as_fast_as_its_exponent_says() -> None:
    """The same shape at 2 MPa in 1.5ⁿ times the time that it takes at 3 MPa."""
    deep = "geometry.roughness={lithium/separator: {kind: void, radius: 1 um, depth: 0.2 um}}"
    left = []
    for pressure, duration in ((3, 3.0), (2, 3.0 * 1.5**6.56)):
        run = shipped(
            "lithium_void",
            "geometry.element_size=250 nm",
            deep,
            f"stack.pressure={pressure} MPa",
            f"protocol=[rest for {duration} s]",
            f"time={{initial: {duration / 30} s, maximum: {duration / 3} s}}",
        )
        left.append(run.column(VOLUME)[-1] / run.column(VOLUME)[0])
    assert 0.5 < left[0] < 0.7
    assert left[1] == pytest.approx(left[0], rel=5e-3)


def test_lithium_presses_on_a_blocked_patch_and_lets_go_beside_it() -> None:
    """As Roy, Fleck and Deshpande (2021) found of patches of this size, 30 µm in radius, a/κZ = 1.5.

    All lithium sinks by what is stripped round the patch; above it it can only go sideways. Beside it, where
    most of the current crosses, the surface recedes fastest and holds on by no pressure.
    """
    run = shipped(
        "lithium_void",
        "geometry.roughness={lithium/separator: {kind: flat}}",
        "geometry.layers=[{name: separator, thickness: 90 um}, {name: lithium, thickness: 90 um}]",
        "geometry.length=120 um",
        "geometry.element_size=5 um",
        "electrolytes.separator={material: LLZO, overrides: {ionic_conductivity: 0.4 mS/cm}}",
        "interfaces.lithium/separator.kinetics.passivated={patches: [{start: 0 um, end: 30 um}]}",
        "stack.pressure=100 kPa",
        "protocol=[charge at 0.1 mA/cm^2 for 3 min]",
        "time={initial: 5 s, maximum: 1 min}",
    )
    (face,) = run.cell.faces
    r, pressure = face.interface.space.tabulate_dof_coordinates()[:, 0], face.contact.pressure
    assert np.all(pressure[r < 30.1e-6] > 5 * 100e3)
    beside = (r > 30.1e-6) & (r < 36e-6)
    assert np.all(pressure[beside] == 0.0)
    assert np.all(np.abs(face.transfer.read_current()[beside]) > 0.5)


def test_compressed_film_buckles_off_its_flaw() -> None:
    run = shipped(
        "film_buckle_delaminate",
        "geometry.element_size=400 nm",
        "protocol=[discharge at 0.05 mA/cm^2 for 25 min]",
        time("4 min", "1 s"),
    )
    gap, moved = run.column("max gap [m]"), run.column("net charge [A h/m^2]")
    # the last time step before it buckles
    quarter = int(np.searchsorted(-moved, -moved[-1] / 4, side="right")) - 1
    # the gap of a swelling plate that stays straight would grow as the charge
    assert gap[-1] > 2 * moved[-1] / moved[quarter] * gap[quarter] and gap[-1] > 20e-9
    assert run.column(FRACTION)[-1] < 0.9


def test_beam_takes_its_toughness_times_the_new_area() -> None:
    run = shipped(
        "dcb",
        "geometry.element_size=5 um",
        "protocol=[{step: open, opening: 3 um, time: 10 min}]",
        time("100 s", "1 s"),
    )
    force, broken, damaged = (
        run.column(name) for name in ("opening force [N]", "broken area [m^2]", "damaged area [m^2]")
    )
    peak = int(np.argmax(force))
    assert broken[peak] == 0.0 < broken[-1] and force[-1] < 0.95 * force[peak]
    assert 5.0 * broken[-1] < run.rows[-1]["dissipated energy [J]"] < 5.0 * damaged[-1]


# --- pressure --------------------------------------------------------------------------------------


def test_pressure_buys_capacity_and_volts_in_a_full_cell() -> None:
    coarse = ("geometry.element_size=250 nm", "protocol=[charge at C/2 until 4.2 V]", time("60 s"))
    low, high = (shipped("full_cell", f"stack.pressure={p} MPa", *coarse) for p in (1, 20))
    capacity = [run.column("capacity [A h/m^2]") for run in (low, high)]
    assert capacity[1][-1] > 1.05 * capacity[0][-1]
    voltage = np.interp(capacity[0][1:-1], capacity[1], high.column("voltage [V]"))
    assert np.all(voltage < low.column("voltage [V]")[1:-1])


def test_contact_pressed_in_stays_for_its_flattening_alone() -> None:
    coarse = (
        "geometry.element_size=160 nm",
        "protocol=[press to 74 MPa in 60 s, press to 1 MPa in 60 s]",
        time("15 s", "1 s"),
    )
    plastic, elastic = (shipped("cold_press", f"interface.contact.plastic={p}", *coarse) for p in ("true", "false"))
    for run in (plastic, elastic):
        fraction, pressed = run.column(FRACTION), ends(run, "press")[0]
        assert fraction[pressed] > 3 * fraction[0]
    assert plastic.rows[-1][FRACTION] > 1.99 * plastic.rows[0][FRACTION]
    assert elastic.rows[-1][FRACTION] == pytest.approx(elastic.rows[0][FRACTION], rel=1e-9)
    assert elastic.column("max pressure [Pa]").max() > 300e6 * (1 + 1e-6) >= plastic.column("max pressure [Pa]").max()


def test_contact_of_lithium_keeps_all_that_pressing_gained() -> None:
    """By the law P/H: the resistance of the interface is as H over the largest pressure so far."""
    pulse = "charge at 0.075 mA/cm^2 for 1 s"
    run = shipped(
        "pressure_hysteresis",
        "geometry.element_size=250 nm",
        f"protocol=[{pulse}, press to 25 MPa in 1 s, {pulse}, press to 5 MPa in 1 s, {pulse}]",
        "time={initial: 1 s, minimum: 500 ms, tolerance: 0.1}",
    )
    first, pressed, relieved = ends(run, "charge")
    share = run.column(FRACTION)
    np.testing.assert_allclose(share[[first, pressed, relieved]], np.array([5, 25, 25]) / 60, rtol=1e-6)
    assert resistance(run, relieved) == pytest.approx(resistance(run, pressed), rel=1e-3)
    assert resistance(run, pressed) == pytest.approx(resistance(run, first) / 5, rel=0.02)


def test_constriction_and_kinetic_losses_fall_as_more_spots_touch() -> None:
    pulse = "discharge at 0.5 mA/cm^2 for 1 s"
    run = shipped(
        "afm_constriction",
        "geometry.element_size=100 nm",
        f"protocol=[{pulse}, press to 800 MPa in 1 s, {pulse}]",
        "time={initial: 1 s, minimum: 250 ms, tolerance: 0.1}",
    )
    few, many = ends(run, "discharge")
    assert run.rows[many][FRACTION] > 5 * run.rows[few][FRACTION]
    for name, ratio in (("constriction", 5), ("kinetic", 3)):
        loss = np.abs(run.column(f"{name} overpotential [V]"))
        assert 0.0 < loss[many] < loss[few] / ratio, name
    ohmic = np.abs(run.column("ohmic overpotential [V]"))
    assert ohmic[many] == pytest.approx(ohmic[few], rel=1e-2)
    constriction = np.abs(run.column("constriction overpotential [V]"))
    assert constriction[few] > 2 * ohmic[few] and constriction[many] < 0.2 * ohmic[many]


def test_resistance_of_a_rough_interface_falls_as_the_pressure_and_of_a_smooth_one_saturates() -> None:
    """Steep asperities yield, so that P/H touches or a little more; flat ones touch all over before."""
    smooth, rough = (
        [
            shipped(
                "lithium_rough",
                "geometry.length=20 um",
                "geometry.element_size=125 nm",
                f"geometry.roughness.rms={rms} nm",
                f"stack.pressure={pressure} MPa",
                "protocol=[charge at 0.01 mA/cm^2 for 100 s]",
                "time={initial: 100 s, minimum: 100 s, tolerance: 0.1}",
            )
            for pressure in (4, 16)
        ]
        for rms in (2, 32)
    )
    exponents = [np.log(resistance(low, -1) / resistance(high, -1)) / np.log(4) for low, high in (smooth, rough)]
    assert exponents[0] < 0.6 and 0.9 < exponents[1] < 1.05
    assert smooth[1].rows[-1][FRACTION] == 1.0
    for run, pressed in zip(rough, (4, 16), strict=True):
        assert pressed / 60 <= run.rows[-1][FRACTION] < 1.3 * pressed / 60


# --- particles -------------------------------------------------------------------------------------


def test_discs_that_shrink_keep_their_contact_where_the_stack_presses() -> None:
    run = shipped(
        "composite_cathode",
        "geometry.element_size=900 nm",
        "geometry.length=9 um",
        "geometry.height=9 um",
        "geometry.volume_fraction=0.25",
        "protocol=[charge at C/2 until 4.2 V]",
        time("5 min"),
    )
    fraction = run.column(FRACTION)
    assert fraction[0] > 0.8 and fraction[-1] < 0.8 * fraction[0]
    (face,) = run.cell.faces
    share, along = face.transfer.read_share(), np.abs(face.interface.normal.x.array.reshape(-1, 2)[:, 1])
    assert share[along > 0.87].mean() > 1.5 * share[along < 0.5].mean()


def test_small_particles_give_more_of_their_capacity() -> None:
    """Assembled, bodies that are alike but for their size touch alike."""
    small, large = (
        shipped(
            "composite_cathode",
            f"geometry.element_size={900 * scale} nm",
            f"geometry.length={9 * scale} um",
            f"geometry.height={9 * scale} um",
            f"geometry.separator={3 * scale} um",
            f"geometry.mean_diameter={4 * scale} um",
            f"geometry.diameter_deviation={scale} um",
            "geometry.volume_fraction=0.25",
            "protocol=[charge at C/2 until 4.2 V]",
            time("5 min"),
        )
        for scale in (1, 2)
    )
    assert small.rows[0][FRACTION] == pytest.approx(large.rows[0][FRACTION], rel=1e-4)
    given = [run.rows[-1]["state of charge [1]"] - run.rows[0]["state of charge [1]"] for run in (small, large)]
    assert given[0] > given[1] + 0.02


def test_ball_that_shrinks_loses_the_electrolyte() -> None:
    run = shipped(
        "composite_cathode_3d",
        "geometry.element_size=970 nm",
        "geometry.length=6 um",
        "geometry.height=7 um",
        "geometry.count=1",
        "electrode.initial_stoichiometry=0.5",
        "protocol=[charge at C/2 for 30 min]",
        time("10 min"),
    )
    fraction, voltage = run.column(FRACTION), run.column("voltage [V]")
    assert fraction[-1] < 0.95 * fraction[0]
    assert voltage[-1] > voltage[1]


def test_every_shipped_case_is_carried_out_here() -> None:
    text = Path(__file__).read_text(encoding="utf-8")
    assert [path.stem for path in CASES.glob("*.yaml") if f'"{path.stem}"' not in text] == []
