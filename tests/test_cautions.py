"""Where the model leaves the range in which it holds, the program says so, once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from builders import FIXED_PRESSURE, TINY, film_mesh, tiny_case, tiny_cell

from interstice import run
from interstice.solver.domain import Domain
from interstice.solver.interface.charge_transfer import ChargeTransfer
from interstice.solver.part import Caution, Load
from interstice.solver.reader import read_case

SOFT = (f"electrolyte.material={Path(__file__).parent / 'soft_electrolyte.yaml'}", "electrolyte.solid=creep")
PEO = "electrolyte.material=PEO-LiTFSI"
HOT = "reference_temperature: {value: 60 degC, source: a book}"


# --- before the run ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "overrides, told",
    [
        ((), []),
        ((PEO,), ["ionic conductivity of PEO-LiTFSI is known at 60 °C only and used at 25 °C"]),
        ((PEO, "temperature=331 K"), []),
        ((PEO, "temperature=325 K"), ["used at 52 °C"]),
        ((PEO, "electrolyte.overrides.ionic_conductivity=1e-4 S/m"), []),
        (
            (
                "electrode.material=LCO",
                "electrode.overrides={}",
                "electrode.initial_stoichiometry=0.7",
                "temperature=60 degC",
            ),
            ["the diffusivity of"],
        ),
        (("temperature=60 degC",), []),
        (("temperature=90 degC",), ["ionic conductivity of LPSCl is known from 10 to 60 °C and used at 90 °C"]),
        (("electrolyte.overrides.poisson_ratio=0.48",), ["electrolyte: with ν = 0.48"]),
        (("electrolyte.overrides.poisson_ratio=0.48", "element_order=2"), []),
        (SOFT, []),
        (
            (*SOFT, "element_order=1"),
            ["electrolyte: flow keeps the volume, for which linear displacements are too stiff; use element_order: 2"],
        ),
        ((*SOFT, "temperature=70 degC"), ["how soft electrolyte flows is known from -20 to 60 °C and used at 70 °C"]),
    ],
)
def test_numbers_used_beyond_what_is_known_of_them_are_told_beforehand(
    overrides: tuple[str, ...], told: list[str]
) -> None:
    warnings = tiny_case(*overrides).warnings
    assert len(warnings) == len(told)
    for warning, part in zip(warnings, told, strict=True):
        assert part in warning


@pytest.mark.parametrize(
    "known, overrides, told",
    [
        (HOT, (), "known at 60 °C only and used at 25 °C"),
        (HOT, ("temperature=57 degC",), ""),
        (HOT, ("electrolyte.solid=elastic",), ""),
        (HOT, ("electrolyte.overrides.creep_rate=1e-6 1/s",), ""),
        ("activation_energy: {value: 37 kJ/mol, source: a book}", ("temperature=60 degC",), ""),
        (
            "temperature_range: {value: [0 degC, 40 degC], source: a book}",
            ("temperature=60 degC",),
            "known from 0 to 40 °C and used at 60 °C",
        ),
    ],
)
def test_flow_at_a_temperature_at_which_it_is_not_known_is_told_beforehand(
    known: str, overrides: tuple[str, ...], told: str, tmp_path: Path
) -> None:
    numbers = {"rate": "1e-6 1/s", "reference_stress": "1 MPa", "exponent": "3"}
    lines = [f"  {key}: {{value: {value}, source: a book}}" for key, value in numbers.items()]
    (tmp_path / "soft.yaml").write_text("\n".join(["name: soft", "based_on: LPSCl", "creep:", *lines, f"  {known}"]))
    path = tmp_path / "case.yaml"
    path.write_text(TINY)
    warnings = read_case(path, ["electrolyte.material=soft", "electrolyte.solid=creep", *overrides]).warnings
    assert len(warnings) == bool(told)
    assert all(f"how soft flows is {told}" in warning for warning in warnings)


# --- in the run ----------------------------------------------------------------------------------------------------


@pytest.mark.also_on_ranks(2, 3)
@pytest.mark.parametrize("dimension", [2, 3])
def test_spots_are_what_is_connected(dimension: int) -> None:
    interface = Domain(film_mesh(dimension, elements=8, lateral="periodic")).interfaces["electrode", "electrolyte"]
    length = np.ptp(interface.gathered(interface.space.tabulate_dof_coordinates())[:, 0])
    x = interface.space.tabulate_dof_coordinates()[:, 0] / length
    strips = [x < 0.2, (x > 0.45) & (x < 0.65), x > 0.88]
    sizes = [interface.count(strip) for strip in strips]
    among, places = np.any(strips, axis=0), interface.gathered(x)
    spots = sorted(interface.spots(among, periodic=False), key=lambda spot: places[spot].min())
    assert [len(spot) for spot in spots] == sizes
    assert np.all(np.abs(places[spots[1]] - 0.55) < 0.1)
    assert sorted(len(spot) for spot in interface.spots(among, periodic=True)) == sorted(
        [sizes[0] + sizes[2], sizes[1]]
    )
    assert interface.spots(np.zeros_like(among), periodic=True) == []


@pytest.mark.also_on_ranks(2, 3)
def test_current_through_spots_of_few_nodes_is_told() -> None:
    told = {}
    for size in ("125 nm", "25 nm"):
        cell = tiny_cell(FIXED_PRESSURE, "geometry.roughness.amplitude=4 nm", f"geometry.element_size={size}")
        cell.press()
        (transfer,) = cell.every(ChargeTransfer)
        assert list(transfer.cautions()) == []
        cell.advance(0.1, Load(1.0))
        told[size] = list(transfer.cautions())
    assert told["25 nm"] == []
    ((about, text),) = told["125 nm"]
    assert about == "few nodes" and text.startswith("100% of the current") and "short wavelengths" in text


@pytest.mark.parametrize("interface", [(), ("interface.bonded=true",)])
def test_an_interface_that_touches_everywhere_is_no_spot(interface: tuple[str, ...]) -> None:
    """However coarse; but what is left of it may be one, of which no roughness is to blame."""
    cell = tiny_cell(FIXED_PRESSURE, "geometry.roughness={kind: flat}", "geometry.element_size=1 um", *interface)
    cell.press()
    cell.advance(0.1, Load(1.0))
    (transfer,) = cell.every(ChargeTransfer)
    assert cell.model.interface_nodes == 3 and transfer.columns()["active fraction [1]"] == pytest.approx(1.0)
    assert list(transfer.cautions()) == []
    if not interface:
        read = transfer.read_current
        transfer.read_current = lambda: read() * (np.arange(3) > 0)
        ((_, text),) = transfer.cautions()
        assert "(1 of 1 spots)" in text and "roughness" not in text


def cautions_with(change: str, value: float) -> list[Caution]:
    cell = tiny_cell()
    site = cell.sites["electrode"]
    if change == "strain":
        dimension = cell.domain.dimension
        site.u.interpolate(lambda x: np.stack([value * x[0], *[0.0 * x[0]] * (dimension - 1)]))
    else:
        site.host.c.x.array[0] = value * site.host.c_max
    return [caution for one in cell.parts for caution in one.cautions()]


@pytest.mark.parametrize(
    "change, within, beyond, part",
    [
        ("strain", 0.0199, 0.025, "the strain of electrode reaches 2.5%"),
        ("strain", -0.0199, -0.025, "the strain of electrode reaches 2.5%"),
        ("stoichiometry", 0.90, 0.93, "θ reaches 0.93, beyond"),
        ("stoichiometry", 0.3, 0.1, "θ reaches 0.1, beyond"),
    ],
)
def test_a_state_beyond_the_range_of_a_law_is_told(change: str, within: float, beyond: float, part: str) -> None:
    assert cautions_with(change, within) == []
    ((_, text),) = cautions_with(change, beyond)
    assert text.startswith(part)


@pytest.mark.parametrize(
    "overrides, borne, beyond, words",
    [
        (
            ("electrolyte.material=LLZO", "electrolyte.overrides.hardness=6.3 GPa"),
            6.2e9,
            6.4e9,
            "reaches 6.4 GPa, beyond the hardness, 6.3 GPa",
        ),
        ((), 1.9e9, 2.6e9, "reaches 2.6 GPa, beyond a tenth of E*"),
        (("electrolyte.overrides.hardness=1 GPa",), 0.99e9, 1.1e9, "beyond the hardness, 1 GPa"),
    ],
)
def test_pressures_that_no_material_bears_are_told(
    overrides: tuple[str, ...], borne: float, beyond: float, words: str
) -> None:
    contact = tiny_cell(*overrides).faces[0].contact
    contact.active.x.array[:] = 1.0
    for pressure, told in ((borne, []), (beyond, [words])):
        contact.multiplier.x.array[:] = pressure
        found = [text for _, text in contact.cautions()]
        assert len(found) == len(told) and all(part in text for part, text in zip(told, found, strict=True))


def test_a_side_that_flows_flattens_under_any_pressure() -> None:
    contact = tiny_cell(*SOFT).faces[0].contact
    contact.active.x.array[:], contact.multiplier.x.array[:] = 1.0, 2.6e9
    assert list(contact.cautions()) == []


def test_each_is_told_once_in_the_terminal_and_kept_with_the_results(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rough = ("geometry.roughness.amplitude=20 nm", "electrolyte.overrides.poisson_ratio=0.48", FIXED_PRESSURE)
    result = run(
        tiny_case(*rough, "protocol=[charge at 0.1 mA/cm^2 for 3 s]"), output=tmp_path / "results", progress=True
    )
    assert len(result.rows) > 2 and len(result.warnings) == 2
    assert (tmp_path / "results/warnings.txt").read_text(encoding="utf-8").splitlines() == result.warnings
    printed = capsys.readouterr().out
    for warning in result.warnings:
        assert printed.count(f"warning: {warning}") == 1
    assert result.warnings[1].startswith(f"at {result.rows[1]['time [s]']:.6g} s 100% of the current")
