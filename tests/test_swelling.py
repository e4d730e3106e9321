"""A run takes strains for small: what swells further is refused before it runs where that is certain, else told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import FIXED_PRESSURE, tiny_case, tiny_cell, tiny_run
from mpi4py import MPI

from interstice import load
from interstice.solver import simulation
from interstice.solver.bodies.body import Appearance
from interstice.solver.reader import CaseError
from interstice.solver.swelling import Swelling, first_beyond

INTERFACE = {"kinetics": {"exchange_current_density": "1 mA/cm^2"}}
SILICON: dict[str, Any] = {
    "title": "a silicon film",
    "geometry": {
        "builder": "film",
        "length": "2 um",
        "electrode_thickness": "500 nm",
        "electrolyte_thickness": "1 um",
        "element_size": "100 nm",
    },
    "electrode": {"material": "silicon", "initial_stoichiometry": 0.3},
    "electrolyte": {"material": "LPSCl"},
    "interface": INTERFACE,
    "stack": {"hold": "constant_pressure", "pressure": "20 MPa"},
    "protocol": ["rest for 1 s"],
    "largest_strain": 10.0,
}
FULL = {
    **{key: value for key, value in SILICON.items() if key not in ("electrode", "electrolyte", "interface")},
    "geometry": {
        "builder": "layers",
        "length": "1 um",
        "element_size": "100 nm",
        "layers": [
            {"name": "anode", "thickness": "1 um"},
            {"name": "separator", "thickness": "1 um"},
            {"name": "cathode", "thickness": "2 um"},
        ],
    },
    "electrodes": {
        "anode": {"material": "silicon", "initial_stoichiometry": 0.2},
        "cathode": {"material": "NMC811", "initial_stoichiometry": 0.9},
    },
    "electrolytes": {"separator": {"material": "LPSCl"}},
    "interfaces": {name: INTERFACE for name in ("cathode/separator", "separator/anode")},
}


def swelling(protocol: list[Any], limit: float, case: dict[str, Any] = SILICON) -> Swelling | None:
    loaded = load(case | {"protocol": protocol})
    return first_beyond(loaded.case, loaded.materials, limit)


METAL = FULL | {
    "electrodes": FULL["electrodes"] | {"anode": {"kind": "metal", "material": "lithium"}},
    "protocol": ["rest for 1 h"],
}


def moved(*protocol: Any) -> list[str]:
    return [text for text in load(METAL | {"protocol": list(protocol)}).warnings if "surface of anode" in text]


# --- before the run ------------------------------------------------------------------------------------------------


def test_what_a_current_takes_out_in_its_time_is_certain() -> None:
    """Ω c_max Δθ/3, with a rate of 1 C the range of U in an hour."""
    moved = 0.5 * 0.2 * 0.9
    host = load(SILICON).materials["electrode"].host
    strain = host.partial_molar_volume * host.maximum_concentration * moved / 3
    assert swelling(["charge at 0.5C for 12 min"], 1.001 * strain) is None
    found = swelling(["charge at 0.5C for 12 min"], 0.999 * strain)
    assert found is not None and (found.side, found.entry, found.certain) == ("electrode", 0, True)
    assert (found.theta, found.strain) == pytest.approx((0.3 - moved, -strain))
    back = swelling(["rest for 1 h", "discharge at 0.5C for 12 min"], 0.999 * strain)
    assert back is not None and back.entry == 1 and (back.theta, back.strain) == pytest.approx((0.3 + moved, strain))


def test_a_current_density_counts_over_the_thickness() -> None:
    moved = 2.0 * 3600 / (500e-9 * 278000 * 96485.33212)
    found = swelling([{"step": "discharge", "current_density": "2 A/m^2", "until": {"time": "1 h"}}], 0.1)
    assert found is not None and found.theta == pytest.approx(0.3 + moved, rel=1e-9)


def test_steps_and_cycles_add_up() -> None:
    step = "discharge at 0.5C for 12 min"
    assert swelling([step, "charge at 0.5C for 12 min", step], 0.1) is None
    found = swelling(["rest for 1 min", {"repeat 2 times": [step, "rest for 1 h"]}], 0.1)
    assert found is not None and found.entry == 1 and found.theta == pytest.approx(0.48)


def test_no_host_gets_fuller_than_full() -> None:
    found = swelling(["discharge at 1C for 9 h"], 0.1)
    assert found is not None and found.theta == 1.0


@pytest.mark.parametrize("step", ["charge at 0.1C until 0.8 V", "hold at 0.8 V until C/20"])
def test_a_half_cell_may_come_as_far_as_its_equilibrium_at_the_voltage(step: str) -> None:
    loaded = load(SILICON)
    found = swelling([step], 0.05)
    assert found is not None and not found.certain
    host = loaded.materials["electrode"].host
    expected = max(0.8, float(host.potential(host.stoichiometry_range[0], 298.15)))
    low, _ = host.stoichiometry_range
    at = float(host.potential(found.theta, 298.15))
    assert at == pytest.approx(0.8, abs=2e-3) or (found.theta == low and at < expected)


def test_a_time_before_the_cut_off_is_what_counts_and_the_other_way_round() -> None:
    early, late = "charge at 0.5C until 0.8 V or 1 min", "charge at 0.5C until 0.45 V or 9 h"
    assert swelling([early], 0.05) is None
    found, cut = swelling([late], 0.01), swelling(["charge at 0.5C until 0.45 V"], 0.01)
    assert found == cut and found is not None and not found.certain


def test_a_cut_off_that_is_met_already_moves_nothing() -> None:
    host = load(SILICON).materials["electrode"].host
    passed = float(host.potential(0.6, 298.15))
    charge = {"step": "charge", "c_rate": 0.1, "until": {"voltage": f"{passed} V"}}
    assert swelling(["charge at 0.5C for 20 min", charge], 0.15) is None


def test_after_a_step_of_unknown_end_nothing_is_certain() -> None:
    steps = ["charge at 0.5C until 0.45 V", "discharge at 1C for 9 h"]
    found = swelling(steps, 0.2)
    assert found is not None and (found.entry, found.theta, found.certain) == (1, 1.0, False)


def test_where_nothing_tells_nothing_is_said() -> None:
    assert swelling([{"step": "charge", "c_rate": 1, "until": {"active_fraction": 0.1}}], 1e-6) is None
    assert swelling(["charge at 1C until 4.2 V"], 1e-6, FULL) is None
    assert swelling(["rest for 1 h"], 1e-6) is None


def test_in_a_full_cell_what_leaves_one_host_enters_the_other() -> None:
    """1C is that of the smaller one, the cathode; the anode swells by far more than the cathode shrinks."""
    found = swelling(["charge at 1C for 30 min"], 0.05, FULL)
    materials = load(FULL).materials
    low, high = materials["cathode"].host.stoichiometry_range
    moved = 0.5 * (high - low) * 2e-6 * materials["cathode"].host.maximum_concentration / (1e-6 * 278000)
    assert found is not None and (found.side, found.certain) == ("anode", True)
    assert found.theta == pytest.approx(0.2 + moved, rel=1e-9)


def test_a_case_is_refused_where_it_is_certain_and_warned_of_where_it_is_not() -> None:
    with pytest.raises(
        CaseError, match=r"protocol\.0 = 'discharge at 1C for 30 min': θ of electrode goes from 0\.3 to"
    ):
        load({**SILICON, "largest_strain": 0.1, "protocol": ["discharge at 1C for 30 min"]})
    may = load({**SILICON, "largest_strain": 0.1, "protocol": ["discharge at 0.2C until 0.1 V"]})
    (told,) = may.warnings
    assert "protocol.0: θ of electrode goes from 0.3 towards" in told and "swollen by" in told
    assert "beyond largest_strain, 0.1" in told
    assert load({**SILICON, "protocol": ["discharge at 1C for 30 min"]}).warnings == ()


# --- in the run ----------------------------------------------------------------------------------------------------


@pytest.mark.also_on_ranks(2, 3)
@pytest.mark.parametrize("value, ends", [(0.4999, False), (0.5001, True), (-0.5001, True)])
def test_a_side_whose_mean_strain_is_too_large_ends_the_run(value: float, ends: bool) -> None:
    cell = tiny_cell()
    cell.sites["electrode"].u.interpolate(lambda x: np.stack([value * x[0], 0.0 * x[0]]))
    told = [words for part in cell.parts if (words := part.breakdown())]
    assert len(told) == ends and all(text.startswith("the strain of electrode is 50.0%") for text in told)


def test_one_corner_does_not_end_a_run() -> None:
    """Strains at the edge of a contact are large however fine the mesh is."""
    cell = tiny_cell()
    u = cell.sites["electrode"].u
    u.x.array[np.argmax(u.function_space.tabulate_dof_coordinates()[:, 1]) * 2] = 30e-9
    appearance = next(part for part in cell.every(Appearance) if part._site.name == "electrode")
    assert appearance._strain.read().max() > 0.1
    assert appearance.breakdown() == ""


def test_a_run_that_ends_for_its_strain_leaves_what_it_computed(tmp_path: Path) -> None:
    whole = tiny_run(FIXED_PRESSURE)
    limited = (FIXED_PRESSURE, "largest_strain=0.0008")
    run = tiny_run(*limited)
    assert "beyond largest_strain, 0.0008" in run.stopped and "raise largest_strain" in run.stopped
    assert 1 < len(run.rows) < len(whole.rows)
    np.testing.assert_allclose(run.column("voltage [V]"), whole.column("voltage [V]")[: len(run.rows)], rtol=1e-9)
    assert simulation.run(tiny_case(*limited), tmp_path, MPI.COMM_WORLD) == 1
    assert len((tmp_path / "history.csv").read_text(encoding="utf-8").splitlines()) == len(run.rows) + 1


def test_an_assembly_that_squeezes_a_side_flat_is_none() -> None:
    run = tiny_run("electrolyte.material=PEO-LiTFSI")
    assert "the strain of electrolyte is" in run.stopped and len(run.rows) == 1


# --- the surface of a metal ------------------------------------------------------------------------------------------


def test_the_surface_of_a_metal_that_moves_too_far_is_told_of_before_the_run() -> None:
    """1 mA/cm² moves it by 1.347 nm/s, and 300 nm in 222.7 s; what one step takes the next may bring back."""
    assert moved("charge at 1 mA/cm^2 for 222 s") == []
    (text,) = moved("rest for 1 h", "charge at 1 mA/cm^2 for 230 s")
    assert text.startswith("protocol.1: the surface of anode moves by 0.31 um, 31% of the thickness")
    forth, back = "charge at 1 mA/cm^2 for 150 s", "discharge at 1 mA/cm^2 for 150 s"
    assert moved({"repeat 10 times": [forth, back]}) == []
    assert [text[:10] for text in moved(forth, forth, back)] == ["protocol.1"]
    assert moved("charge at 1 mA/cm^2 until 0.07 mAh/cm^2") != []
    # how long it takes to a voltage is not known
    assert moved("charge at 1 mA/cm^2 until 4.2 V", "charge at 1 mA/cm^2 for 230 s") == []
