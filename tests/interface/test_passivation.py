"""Passivated parts of an interface: they press on each other as others do, and never conduct."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from builders import BONDED, FIXED_PRESSURE, film_mesh, tiny_cell, tiny_run
from mpi4py import MPI
from test_activity import CURRENT, ROUGH

from interstice import load
from interstice.schema import Passivation
from interstice.solver.cell import Cell
from interstice.solver.domain import Domain, Interface
from interstice.solver.interface.passivation import passivated
from interstice.solver.part import Load

MIDDLE = "passivated: {patches: [{start: 0.6 um, end: 1.2 um}]}"
KINETICS = "interface.kinetics={{exchange_current_density: 1 mA/cm^2, {}}}"
SHORT = "protocol=[{step: charge, current_density: 0.3 mA/cm^2, until: {time: 4 s}}]"
HEAT = (
    "electrolyte.material=LLZO",
    "heat={collector_transfer: 10 W/(m^2*K), counter_transfer: 5 W/(m^2*K), ambient: 300 K}",
)


def middle(interface: Interface) -> np.ndarray:
    x = interface.space.tabulate_dof_coordinates()[:, 0]
    return (x > 0.599e-6) & (x < 1.201e-6)


def flat(elements: int, dimension: int = 2, lateral: str = "symmetric") -> Interface:
    """Return the interface of a film of 1 µm."""
    return Domain(film_mesh(dimension, elements=elements, lateral=lateral)).interfaces["electrode", "electrolyte"]


def share_of(interface: Interface, chosen: np.ndarray) -> float:
    return interface.sum(chosen.astype(float)) / interface.sum(np.ones(len(chosen)))


# --- where ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dimension", [2, 3])
def test_a_stretch_holds_the_nodes_between_its_ends_and_those_at_them(dimension: int) -> None:
    interface = flat(8, dimension)
    x = interface.space.tabulate_dof_coordinates()[:, 0]
    wanted = Passivation.model_validate({"patches": [{"start": "0.25 um", "end": "0.5 um"}]})
    np.testing.assert_array_equal(passivated(interface, wanted), (x > 0.2499e-6) & (x < 0.5001e-6))


def test_a_patch_in_3d_is_a_rectangle_and_several_add_up() -> None:
    interface = flat(8, 3)
    x, y = interface.space.tabulate_dof_coordinates()[:, :2].T * 1e6
    patches = [
        {"start": ["0 um", "0.5 um"], "end": ["0.25 um", "1 um"]},
        {"start": ["0.7 um", "0.2 um"], "end": ["1 um", "0.4 um"]},
    ]
    expected = (x < 0.251) & (y > 0.499) | (x > 0.7) & (y > 0.2) & (y < 0.4)
    found = passivated(interface, Passivation.model_validate({"patches": patches}))
    np.testing.assert_array_equal(found, expected)
    assert interface.count(found) > 6


@pytest.mark.parametrize("dimension", [2, 3])
@pytest.mark.parametrize("wanted", [
    {"patches": [{"start": "0.8 um", "end": "1.2 um"}]},
    {"share": 0.5, "correlation_length": "0.3 um"},
])  # fmt: skip
def test_what_is_passivated_repeats_with_the_cell(wanted: dict, dimension: int) -> None:
    interface = flat(10, dimension, "periodic")
    period = (1e-6,) * (dimension - 1)
    found = passivated(interface, Passivation.model_validate(wanted), period)
    points, chosen = interface.gathered(interface.space.tabulate_dof_coordinates()), interface.gathered(found)
    for axis in range(dimension - 1):
        near, far = (np.abs(points[:, axis] - end) < 1e-12 for end in (0.0, 1e-6))
        across = points[:, (axis + 1) % 2] if dimension == 3 else points[:, axis] * 0.0
        assert np.array_equal(chosen[near][np.argsort(across[near])], chosen[far][np.argsort(across[far])])
    if "patches" in wanted:
        x = points[:, 0]
        np.testing.assert_array_equal(chosen, (x < 0.2e-6 + 1e-12) | (x > 0.8e-6 - 1e-12))


@pytest.mark.also_on_ranks(2, 3)
def test_random_places_cover_the_share_that_is_asked_for() -> None:
    interface = flat(200)
    for share, seed in itertools.product((0.1, 0.5, 0.9), range(3)):
        wanted = Passivation.model_validate({"share": share, "correlation_length": "0.1 um", "seed": seed})
        assert share_of(interface, passivated(interface, wanted)) == pytest.approx(share, abs=1 / 200)


def test_random_places_are_the_same_on_any_mesh_and_others_with_another_seed() -> None:
    wanted = {"share": 0.4, "correlation_length": "0.2 um"}
    coarse, fine = flat(100), flat(400)
    one, other = (passivated(mesh, Passivation.model_validate(wanted)) for mesh in (coarse, fine))
    x, chosen = fine.space.tabulate_dof_coordinates()[:, 0], other.astype(float)
    order = np.argsort(x)
    there = np.interp(coarse.space.tabulate_dof_coordinates()[:, 0], x[order], chosen[order]) > 0.5
    assert share_of(coarse, one != there) < 0.03
    differing = passivated(coarse, Passivation.model_validate(wanted | {"seed": 1}))
    assert share_of(coarse, one != differing) > 0.2


def test_random_places_are_as_large_as_their_correlation_length() -> None:
    interface = flat(400)
    spots = {}
    for length in ("0.02 um", "0.2 um"):
        wanted = Passivation.model_validate({"share": 0.5, "correlation_length": length})
        spots[length] = len(interface.spots(passivated(interface, wanted), periodic=False))
    assert spots["0.02 um"] > 4 * spots["0.2 um"] > 0


# --- what follows --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "overrides",
    [
        (KINETICS.format(MIDDLE), FIXED_PRESSURE),
        (KINETICS.format(f"onset_pressure: 0.5 MPa, {MIDDLE}"), FIXED_PRESSURE),
        (KINETICS.format(f"film_resistance: 5 ohm*cm^2, gap_permittivity: 10, {MIDDLE}"), FIXED_PRESSURE),
        (KINETICS.format(MIDDLE), FIXED_PRESSURE, "interface.micro={rms: 1 nm, slope: 0.01}"),
        (KINETICS.format(MIDDLE), BONDED),
        (KINETICS.format(MIDDLE), "interface.bonded=true"),
        (KINETICS.format(MIDDLE), FIXED_PRESSURE, *HEAT),
    ],
    ids=["plain", "onset pressure", "film and capacitor", "micro-contact", "cohesive", "bonded", "heat"],
)
def test_a_passivated_patch_carries_exactly_no_current(overrides: tuple[str, ...]) -> None:
    run = tiny_run(*overrides, SHORT)
    assert not run.stopped and len(run.rows) > 2
    (face,) = run.cell.faces
    inside, transfer = middle(face.interface), face.transfer
    assert np.count_nonzero(inside) == 5
    for carried in (transfer.read_current(), transfer.read_charge(), transfer.read_share()):
        assert np.all(carried[inside] == 0.0)
        assert np.count_nonzero(carried[~inside]) >= 4
    passivated_share = share_of(face.interface, inside)
    assert run.column("passivated fraction [1]") == pytest.approx(passivated_share)
    assert np.all(run.column("active fraction [1]") <= 1.0 - passivated_share + 1e-12)
    if face.bonded:
        assert run.column("active fraction [1]") == pytest.approx(1.0 - passivated_share)
        assert "touching fraction [1]" not in run.rows[0]
    else:
        assert np.all(face.contact.pressure[inside] >= 0.0) and np.any(face.contact.pressure[inside] > 0.0)


@pytest.mark.parametrize("kinetics", ["", "onset_pressure: 0.5 MPa"])
def test_an_assembled_cell_touches_where_it_would_without_passivation(kinetics: str) -> None:
    one, other = (
        tiny_run(KINETICS.format(", ".join(filter(None, given))), FIXED_PRESSURE, SHORT).rows[0]
        for given in ((kinetics, MIDDLE), (kinetics,))
    )
    for column in ("touching fraction [1]", "mean pressure [Pa]", "max pressure [Pa]", "mean gap [m]"):
        assert one[column] == other[column]
    assert other["touching fraction [1]"] >= other["active fraction [1]"] > one["active fraction [1]"] > 0.0


@pytest.mark.also_on_ranks(2, 3)
def test_beside_passivated_nodes_others_slide_and_no_passivated_one_does() -> None:
    """Both nodes that are passivated would slide (as `test_activity` has it); now they bear a part of the load."""
    patches = [{"start": "0.65 um", "end": "0.85 um"}]
    kinetics = {**ROUGH["interface"]["kinetics"], "passivated": {"patches": patches}}
    loaded = load({**ROUGH, "interface": {"kinetics": kinetics}})
    cell = Cell(loaded.case, loaded.materials, Path(), MPI.COMM_WORLD)
    cell.press()
    (face,) = cell.faces
    inside = face.activity.passivated.x.array > 0.0
    assert face.interface.count(inside) == 2
    slid = 0
    for _ in range(4):
        cell.advance(5.0, Load(CURRENT))
        cell.commit()
        slides = face.activity.sliding.x.array > 0.0
        slid += face.interface.count(slides)
        assert not np.any(slides & inside)
        assert np.all(face.transfer.read_current()[inside] == 0.0)
    assert slid > 0
    # they still obey the law of contact, and some of them press
    gap, pressure = face.contact.gap.read()[inside], face.contact.pressure[inside]
    assert np.all(gap > -1e-13) and np.all(pressure * np.abs(gap) <= 1e-9 * 20e6 * 1e-9)
    assert face.interface.count((face.contact.pressure > 0.0) & inside) > 0


@pytest.mark.also_on_ranks(2, 3)
def test_solved_in_turn_in_3d_a_rectangle_carries_no_current() -> None:
    cell = tiny_cell(
        "geometry={builder: film, dimension: 3, length: 1 um, electrode_thickness: 0.5 um, "
        "electrolyte_thickness: 0.5 um, element_size: 250 nm, "
        "roughness: {kind: sinusoidal, amplitude: 0.2 nm, wavelength: 1 um}}",
        FIXED_PRESSURE,
        KINETICS.format("passivated: {patches: [{start: [0 um, 0 um], end: [0.3 um, 0.3 um]}]}"),
    )
    cell.press()
    cell.advance(1.0, Load(1.0))
    (face,) = cell.faces
    x, y = face.interface.space.tabulate_dof_coordinates()[:, :2].T
    inside = (x < 0.3e-6) & (y < 0.3e-6)
    current, pressure = face.transfer.read_current(), face.contact.pressure
    assert face.interface.count(inside) >= 4 and np.all(current[inside] == 0.0)
    assert face.interface.count(inside & (pressure > 0.0)) > 0
    assert face.interface.sum(current) == pytest.approx(1.0 * cell.model.apparent_area, rel=1e-8)


def test_heat_crosses_a_passivated_patch_that_touches() -> None:
    run = tiny_run(KINETICS.format(MIDDLE), FIXED_PRESSURE, *HEAT, SHORT)
    (face,) = run.cell.faces
    inside, share = middle(face.interface), face.interface.reader(face.share).read()
    touches = face.contact.pressure > 0.0
    assert np.all(share[inside & touches] == 1.0) and np.any(inside & touches)
    assert np.all(share[inside & (face.contact.gap.read() > 1e-9)] == 0.0)


def test_passivation_costs_overpotential() -> None:
    """The same current through two thirds of the area."""
    whole, part = (
        tiny_run(*kinetics, "interface.bonded=true", SHORT).rows[-1] for kinetics in ((), (KINETICS.format(MIDDLE),))
    )
    local = "mean local current density [A/m^2]"
    ratio = 1.0 / part["active fraction [1]"]
    assert part[local] == pytest.approx(ratio * whole[local], rel=1e-9)
    assert part["kinetic overpotential [V]"] > 1.1 * whole["kinetic overpotential [V]"]


def test_a_patch_between_two_nodes_is_told() -> None:
    cell = tiny_cell(KINETICS.format("passivated: {patches: [{start: 0.51 um, end: 0.52 um}]}"))
    told = [text for part in cell.parts for _, text in part.cautions()]
    assert any("no node of the interface is passivated" in text for text in told)
