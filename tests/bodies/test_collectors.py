"""Collectors as bodies: electrons cross the contact to an electrode, and the terminals of the cell lie on them."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pytest
from builders import Run, tiny_case, tiny_cell, tiny_run
from mpi4py import MPI

from interstice.solver.bodies.terminals import OpenCircuitError
from interstice.solver.part import Load
from interstice.solver.reader import CaseError

LAYERS = (
    "{name: below, thickness: 0.5 um}, {name: anode, thickness: 0.5 um}, {name: separator, thickness: 0.5 um}, "
    "{name: cathode, thickness: 0.5 um}, {name: above, thickness: 0.5 um}"
)
STACK = f"""\
title: a full cell between its collectors
geometry: {{builder: layers, length: 1 um, element_size: 125 nm, layers: [{LAYERS}]}}
electrodes:
  below: {{kind: collector, material: copper}}
  anode: {{material: graphite, initial_stoichiometry: 0.1}}
  cathode: {{material: NMC811, initial_stoichiometry: 0.88, overrides: {{electronic_conductivity: 0.2 S/m}}}}
  above: {{kind: collector, material: aluminium}}
electrolytes: {{separator: {{material: LPSCl}}}}
interfaces:
  above/cathode: {{conduction: {{resistance: 0.3 ohm*cm^2}}}}
  cathode/separator: {{bonded: true, kinetics: {{exchange_current_density: 1 mA/cm^2}}}}
  separator/anode: {{bonded: true, kinetics: {{exchange_current_density: 1 mA/cm^2}}}}
  anode/below: {{conduction: {{resistance: 0.1 ohm*cm^2}}}}
stack: {{pressure: 5 MPa}}
protocol: [charge at 0.5 mA/cm^2 for 2 s, hold at 3.5 V for 1 s, rest for 1 s, discharge at 0.5 mA/cm^2 for 1 s]
time: {{initial: 1 s, maximum: 1 s, tolerance: 0.1}}
"""
HALF = (
    STACK.replace("{name: below, thickness: 0.5 um}, {name: anode, thickness: 0.5 um}, ", "")
    .replace("  below: {kind: collector, material: copper}\n", "")
    .replace("  anode: {material: graphite, initial_stoichiometry: 0.1}\n", "")
    .replace("  separator/anode: {bonded: true, kinetics: {exchange_current_density: 1 mA/cm^2}}\n", "")
    .replace("  anode/below: {conduction: {resistance: 0.1 ohm*cm^2}}\n", "")
    .replace("hold at 3.5 V for 1 s, ", "")
)
"""A cathode and its collector on a separator, against lithium."""
NAMES = [layer.split(",")[0] for layer in HALF.split("layers: [")[1].split("]")[0].split("{name: ")[1:]]
UPSIDE_DOWN = HALF
for name, other in zip(NAMES, reversed(NAMES), strict=True):
    UPSIDE_DOWN = UPSIDE_DOWN.replace(f"{{name: {name},", f"{{name: ={other},")
UPSIDE_DOWN = UPSIDE_DOWN.replace("{name: =", "{name: ")
LITHIUM = HALF.replace(
    "cathode: {material: NMC811, initial_stoichiometry: 0.88, overrides: {electronic_conductivity: 0.2 S/m}}",
    "cathode: {kind: metal, material: lithium}",
).replace("cathode/separator: {bonded: true, ", "cathode/separator: {")
"""A collector on lithium in the place of the cathode."""
CELLS = {"full cell": STACK, "half cell": HALF, "upside down": UPSIDE_DOWN, "lithium": LITHIUM}


@pytest.fixture(scope="module", params=CELLS)
def run(request: pytest.FixtureRequest) -> Run:
    result = tiny_run(text=CELLS[request.param])
    assert result.stopped == ""
    return result


# --- the voltage -----------------------------------------------------------------------------------


def test_the_voltage_is_the_sum_of_its_parts_and_charge_goes_in_and_out(run: Run) -> None:
    assert set(np.sign(run.column("current density [A/m^2]"))) == {-1.0, 0.0, 1.0}
    for row in run.rows:
        total = row["open-circuit voltage [V]"]
        total += sum(value for name, value in row.items() if name.endswith("overpotential [V]"))
        assert total == pytest.approx(row["voltage [V]"], rel=0, abs=1e-10)
        assert row["charge balance [1]"] <= 1e-10
    assert max(value for name, value in run.rows[-1].items() if name.startswith("lithium balance")) <= 1e-10


def test_contacts_cost_their_resistance_and_collectors_next_to_nothing() -> None:
    run = tiny_run(text=STACK)
    current = run.column("current density [A/m^2]")
    np.testing.assert_allclose(run.column("contact overpotential [V]"), 0.4e-4 * current, rtol=1e-9, atol=1e-15)
    sites = run.cell.sites
    anode, separator = (sites[name].potential_holder.conductivity for name in ("anode", "separator"))
    metal = 0.5e-6 / 5.8411e7 + 0.5e-6 / 3.6914e7
    layers = 0.5e-6 / anode + 0.5e-6 / separator + 0.5e-6 / 0.2 + metal
    np.testing.assert_allclose(run.column("ohmic overpotential [V]"), layers * current, rtol=1e-8)
    assert metal < 1e-8 * layers


def test_a_cell_behind_collectors_has_the_voltage_of_one_without_and_the_cost_of_the_contacts() -> None:
    """Same host, same separator: the terminals have moved behind the collector."""
    bare = HALF.replace(", {name: above, thickness: 0.5 um}", "").replace(
        "  above: {kind: collector, material: aluminium}\n", ""
    )
    bare = bare.replace("  above/cathode: {conduction: {resistance: 0.3 ohm*cm^2}}\n", "")
    behind, without = tiny_cell(text=HALF), tiny_cell(text=bare)
    voltages = []
    for cell in (behind, without):
        cell.press()
        assert cell.model.working is cell.sites["cathode"]
        cell.advance(1e-3, Load(5.0))
        voltages.append(cell.terminals.voltage)
    assert behind.model.lead is behind.sites["above"] and without.model.lead is without.sites["cathode"]
    assert voltages[0] - voltages[1] == pytest.approx(0.3e-4 * 5.0, rel=1e-3)


def test_a_cell_upside_down_is_the_same_cell() -> None:
    upright, over = tiny_run(text=HALF), tiny_run(text=UPSIDE_DOWN)
    assert over.cell.model.terminal == "counter" and upright.cell.model.terminal == "collector"
    for name in ("contact overpotential [V]", "ohmic overpotential [V]", "open-circuit voltage [V]"):
        np.testing.assert_allclose(over.column(name), upright.column(name), rtol=1e-7, atol=1e-12, err_msg=name)
    assert over.column("state of charge [1]")[-1] == pytest.approx(upright.column("state of charge [1]")[-1], abs=1e-9)


def test_a_held_voltage_is_that_of_the_collectors() -> None:
    run = tiny_run(text=STACK)
    held = run.column("step [1]") == 2
    assert held.any()
    np.testing.assert_allclose(run.column("voltage [V]")[held], 3.5, rtol=0, atol=1e-12)
    host = run.cell.sites["cathode"].host
    assert host.level is run.cell.sites["above"].metal.level


@pytest.mark.also_on_ranks(2, 3)
def test_a_collector_that_lifts_off_opens_the_circuit() -> None:
    cell = tiny_cell("stack={hold: fixed_thickness, pressure: 1 MPa}", text=HALF)
    cell.press()
    voltage = cell.terminals.voltage
    cell.sites["cathode"].host.c.x.array[:] *= 0.5
    cell.rates.start()
    cell.begin_protocol_step()
    for _ in range(2):
        cell.advance(5.0)
        cell.commit()
    assert cell.active_fraction == 0.0
    assert cell.terminals.voltage == pytest.approx(voltage, abs=1e-12)
    with pytest.raises(OpenCircuitError, match="open circuit: no contact left of above/cathode"):
        cell.advance(5.0, Load(5.0))


# --- what is refused -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("override", "said"),
    [
        (
            "interfaces.above/cathode={kinetics: {exchange_current_density: 1 mA/cm^2}}",
            "interfaces.above/cathode.kinetics: belongs between an electrode and an electrolyte; of above and cathode, "
            "electrons reach both: write conduction in its place",
        ),
        ("interfaces.above/cathode={bonded: true}", "interfaces.above/cathode.conduction: missing"),
        ("electrodes.above={material: NMC811, initial_stoichiometry: 0.9}", "above and cathode touch; no law is known"),
        ("electrodes.above.material=LPSCl", "electrodes.above.material = 'LPSCl': LPSCl is not a collector"),
        (
            "electrodes.cathode={kind: collector, material: aluminium}",
            "electrodes.cathode: .*cathode lies on an electrolyte, and nothing crosses from a collector",
        ),
    ],
)
def test_what_no_current_can_cross_is_refused_with_its_key(override: str, said: str) -> None:
    with pytest.raises(CaseError, match=said):
        tiny_case(override, text=STACK)


def test_a_collector_between_two_cells_is_refused() -> None:
    bipolar = STACK.replace(
        "{name: above, thickness: 0.5 um}", "{name: above, thickness: 0.5 um}, {name: next, thickness: 0.5 um}"
    ).replace("  above: {", "  next: {material: graphite, initial_stoichiometry: 0.1}\n  above: {")
    bipolar = bipolar.replace("  above/cathode", "  next/above: {conduction: {}}\n  above/cathode")
    with pytest.raises(CaseError, match=r"electrodes\.above: joins cathode and next, electrodes of two cells"):
        tiny_case(text=bipolar)


def test_electrodes_without_an_electrolyte_are_no_cell() -> None:
    with pytest.raises(CaseError, match=r"electrolytes.*missing; a cell has an electrolyte"):
        tiny_case("electrolytes=null", "electrodes.separator={kind: collector, material: steel}", text=STACK)


# --- several ranks ---------------------------------------------------------------------------------


@pytest.mark.parametrize("ranks", [2, 3])
def test_several_ranks_find_the_voltages_of_one(mpi_run: Callable[..., str], ranks: int) -> None:
    found, expected = json.loads(mpi_run([__file__], ranks, timeout=180)), told()
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, rel=1e-7, abs=1e-12), name


def told() -> dict[str, float]:
    return {name: value for name, value in tiny_run(text=STACK).rows[-1].items() if name.endswith("[V]")}


if __name__ == "__main__":
    found = told()
    if MPI.COMM_WORLD.rank == 0:
        print(json.dumps(found))
