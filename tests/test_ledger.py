"""The energy ledger: it closes whatever the step, and its accounts are what closed forms say.

Run as a program, this file prints the accounts of a pull over a wavy contact.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
import ufl
from builders import LENGTH, SIDES, constant, film_mesh
from dolfinx import fem
from mpi4py import MPI

from interstice.benchmarks.blocks import Blocks, Box
from interstice.benchmarks.options import ContactMethod
from interstice.benchmarks.pair import Pair
from interstice.solver import algebra
from interstice.solver.domain import Domain
from interstice.solver.interface.contact import Contact
from interstice.solver.ledger import LawWork, Ledger
from interstice.solver.part import Part, Term, Work
from interstice.solver.site import Face

MATERIALS = ((20e9, 0.3), (10e9, 0.2))
AMPLITUDE = 1e-3 * LENGTH


# --- a law at nodes --------------------------------------------------------------------------------


class Springs(Part):
    """Springs between the nodes of two sides, of which the part D is broken: t = (1 − D) K ⟦u⟧.

    They report `misreport` times their traction.
    """

    account = "bond"

    def __init__(self, face: Face, misreport: float = 1.0) -> None:
        self.face, self.interface, self.misreport = face, face.interface, misreport
        self.stiffness = 1e16
        self.damage = self.interface.function("damage")
        self._jump = self.interface.reader(face.jump)

    @property
    def traction(self) -> np.ndarray:
        left = self.misreport * (1 - self.damage.x.array)
        return np.repeat(left, 2) * self.stiffness * self._jump.read()

    @property
    def stored(self) -> np.ndarray:
        return np.sum(self.traction.reshape(-1, 2) * self._jump.read().reshape(-1, 2), axis=1) / 2

    def terms(self) -> list[Term]:
        t = (1 - self.damage("+")) * self.stiffness * self.face.jump
        return self.face.on_jump(lambda test: ufl.inner(t, test) * self.interface.dS)

    def works(self) -> list[Work]:
        return [LawWork(self, self.face.jump)]


class MovedSides:
    """Two sides joined by springs; where they go is prescribed everywhere."""

    def __init__(self, misreport: float = 1.0) -> None:
        pair = Pair(Domain(film_mesh(2, 4)), 2 * MATERIALS[:1], 1.0)
        self.u = pair.u
        self.springs = Springs(pair.face, misreport)
        pair.parts.append(self.springs)
        pair.constraints.fixed += [(u, np.arange(len(u.x.array), dtype=np.int32)) for u in self.u.values()]
        pair.make_system(algebra.DIRECT)
        self.ledger = pair.ledger()

    def move(self, *displacement: float) -> dict[str, float]:
        """Displace the second side as a rigid body [m] and book that."""
        u = self.u[SIDES[1]].x.array
        u[:] = np.tile(displacement, len(u) // 2)
        self.ledger.book()
        return self.ledger.energies


def test_springs_give_back_what_they_store() -> None:
    pair = MovedSides()
    energies = pair.move(3e-10, 4e-10)
    stored = 0.5 * pair.springs.stiffness * 25e-20 * LENGTH
    assert energies["stored"] == pytest.approx(stored, rel=1e-12)
    assert energies["external"] == pytest.approx(stored, rel=1e-12)
    assert energies["elastic"] == pytest.approx(0.0, abs=1e-12 * stored)
    energies = pair.move(0.0, 0.0)
    assert list(energies.values()) == pytest.approx([0.0] * len(energies), abs=1e-12 * stored)
    assert pair.ledger.closing_error < 1e-12


def test_loss_of_a_damaged_bond_is_half_its_stiffness_times_both_openings_times_damage() -> None:
    """½ K (δ_n · δ_{n+1}) ΔD per area, whatever the path."""
    pair = MovedSides()
    pair.move(3e-10, 4e-10)
    pair.springs.damage.x.array[:] = 0.3
    energies = pair.move(1e-10, 6e-10)
    lost = 0.5 * pair.springs.stiffness * 27e-20 * 0.3 * LENGTH
    assert energies["bond"] == pytest.approx(lost, rel=1e-12)
    assert energies["stored"] == pytest.approx(0.5 * 0.7 * pair.springs.stiffness * 37e-20 * LENGTH, rel=1e-12)
    assert pair.ledger.closing_error < 1e-12


def test_law_that_misreports_its_traction_is_found_out() -> None:
    pair = MovedSides(misreport=1.001)
    pair.move(3e-10, 4e-10)
    assert pair.ledger.closing_error == pytest.approx(0.001, rel=0.01)


# --- eigenstrain -----------------------------------------------------------------------------------


class SwellingFilm:
    """Two sides in contact between rigid platens, the first of which swells; where `held` nothing can move at all."""

    def __init__(self, elements: int, held: bool = False) -> None:
        domain = Domain(film_mesh(2, elements))
        self.pair = pair = Pair(domain, MATERIALS, 1e6 * LENGTH)
        contact = Contact(pair.face, 1e3)
        contact.close()
        pair.parts.append(contact)
        self.concentration = fem.Function(domain.sides[SIDES[0]].space())
        # a curved law: halfway between two states the strain is not the mean of theirs
        pair.sites[0].eigenstrains.append(constant(domain, 1e-3) * (self.concentration + self.concentration**2))
        pair.constraints = algebra.lateral(domain, pair.u.values(), "symmetric")
        for (name, u), platen in zip(pair.u.items(), ("collector", "counter"), strict=True):
            given = np.arange(len(u.x.array), dtype=np.int32) if held else pair.dofs(name, platen, range(2))
            pair.constraints.fixed.append((u, given))
        system = pair.make_system(algebra.DIRECT)
        self.system = None if held else system
        self.ledger = pair.ledger()

    def swell(self, concentration: Callable[[np.ndarray], np.ndarray]) -> None:
        """Take the `concentration` as a function of the coordinates, find equilibrium and book the step."""
        self.concentration.interpolate(concentration)
        if self.system:
            self.system.solve(self.pair.update)
        self.ledger.book()


def test_body_that_cannot_swell_stores_the_work_of_its_eigenstrain() -> None:
    """Nothing moves: ½ · 9 K e² per volume."""
    film = SwellingFilm(4, held=True)
    for concentration in (0.4, 1.0, 0.7):
        film.swell(lambda x, c=concentration: np.full(x.shape[1], c))
    E, nu = MATERIALS[0]
    stored = 4.5 * E / (3 * (1 - 2 * nu)) * (1e-3 * (0.7 + 0.7**2)) ** 2 * LENGTH**2
    assert film.ledger.energies["elastic"] == pytest.approx(stored, rel=1e-12)
    assert film.ledger.energies["eigenstrain"] == pytest.approx(stored, rel=1e-12)
    assert film.ledger.energies["external"] == 0.0
    assert film.ledger.closing_error < 1e-12


def test_work_of_uneven_swelling_is_accounted_for() -> None:
    film = SwellingFilm(8)
    for scale in (0.5, 1.0, 0.2):
        film.swell(lambda x, s=scale: s * (1 + 0.5 * np.cos(np.pi * x[0] / LENGTH) * x[1] / LENGTH))
    assert film.ledger.energies["eigenstrain"] > 0.0
    assert film.ledger.closing_error < 1e-9


def test_at_rest_rounding_is_no_error_and_what_is_more_than_rounding_is_one() -> None:
    """Bodies that are strained and do not move but in the last digit; then they move, and nothing does that work."""
    film = SwellingFilm(4)
    film.swell(lambda x: np.ones(x.shape[1]))
    signs = np.random.default_rng(0)
    for share, wrong in ((np.finfo(float).eps, False), (1e-5, True)):
        ledger = film.pair.ledger()
        for u in film.pair.u.values():
            u.x.array[:] *= 1 + share * signs.choice([-1, 1], len(u.x.array))
        ledger.book()
        assert 0.0 < max(map(abs, ledger.energies.values())) < 10 * share * film.ledger.energies["elastic"]
        assert (ledger.closing_error > 0.0) == wrong


# --- contact and friction --------------------------------------------------------------------------


def wavy_blocks() -> Blocks:
    box = Box(2, LENGTH, LENGTH, LENGTH, ["0.02 + 0.3 * Fabs(y)"], periodic=True)
    return Blocks(
        box.mesh(MPI.COMM_WORLD),
        MATERIALS,
        ContactMethod(),
        lambda x: AMPLITUDE * (1 - np.cos(2 * np.pi * x[0] / LENGTH)),
        1e3,
        lateral="periodic",
        friction=0.3,
    )


def press(blocks: Blocks, pressure: float, steps: int) -> Ledger:
    """Raise the pressure [Pa] in equal steps; return the ledger of that."""
    assert blocks.friction is not None
    blocks.press()
    blocks.friction.commit()
    ledger = blocks.ledger()
    for value in np.linspace(float(blocks.pressure.value), pressure, steps + 1)[1:]:
        blocks.pressure.value = value
        blocks.solve()
        blocks.friction.commit()
        ledger.book()
    return ledger


def test_contact_stores_and_loses_nothing_in_small_steps() -> None:
    """What closing nodes leave to the remainder falls with the square of the step; the ledger closes at any.

    Friction loses what they slip before they close, which is nothing in the limit.
    """
    remainders, lost = [], []
    for steps in (2, 4, 8):
        ledger = press(wavy_blocks(), 12e6, steps)
        assert ledger.closing_error < 1e-9
        remainders.append(abs(ledger.energies["remainder"]) / ledger.energies["external"])
        lost.append(ledger.energies["friction"] / ledger.energies["external"])
    assert remainders[0] < 0.1
    assert 0.0 < lost[2] < lost[1] / 2 < lost[0] / 4 < 1e-4
    np.testing.assert_allclose(np.diff(np.log2(remainders)), -2.0, atol=0.5)


@cache
def pulled(steps: int) -> tuple[Blocks, Ledger, float]:
    """Return pressed waves pulled to partial slip, back and forth, the ledger of that, and what slip lost in it [J]."""
    blocks = wavy_blocks()
    press(blocks, 12e6, 1)
    assert blocks.friction is not None
    ledger, lost = blocks.ledger(), blocks.friction.dissipated.x.array.copy()
    for start, stop in ((0.0, 1e-9), (1e-9, -1e-9)):
        for distance in np.linspace(start, stop, steps + 1)[1:]:
            blocks.slide_top(distance)
            blocks.friction.commit()
            ledger.book()
    return blocks, ledger, blocks.interface.sum(blocks.friction.dissipated.x.array - lost)


@pytest.mark.parametrize("steps", [1, 5, 20])
def test_ledger_of_partial_slip_closes_at_any_step(steps: int) -> None:
    _, ledger, _ = pulled(steps)
    assert ledger.closing_error < 1e-9
    assert ledger.energies["external"] > ledger.energies["friction"] > 0.0


def test_friction_of_the_ledger_tends_to_that_of_the_law() -> None:
    errors = []
    for steps in (5, 20):
        _, ledger, lost = pulled(steps)
        errors.append(abs(ledger.energies["friction"] / lost - 1))
    assert errors[1] < errors[0] / 3
    assert errors[1] < 0.05


@pytest.mark.parametrize("ranks", [2, 3])
def test_several_ranks_keep_the_accounts_of_one(mpi_run: Callable[..., str], ranks: int) -> None:
    _, expected, _ = pulled(5)
    found = json.loads(mpi_run([__file__], ranks, timeout=60))
    largest = max(map(abs, expected.energies.values()))
    assert found == pytest.approx(expected.energies, abs=1e-8 * largest)


if __name__ == "__main__":
    energies = pulled(5)[1].energies
    if MPI.COMM_WORLD.rank == 0:
        print(json.dumps(energies))
