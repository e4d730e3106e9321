"""Energy ledger: where the work done on the bodies went.

Between two states of equilibrium the trapezoidal rule is exact: with reactions R at prescribed displacements, loads f,
elastic energy E and the traction t of the interface,

    ½ (R + R') · Δu + ½ (f + f') · Δu − ∫ ½ (σ + σ') : Δε* dx  =  ΔE + Σ_nodes A ½ (t + t') · Δ⟦u⟧,

where a dash marks the state at the end of the step. So the ledger closes to the tolerance of Newton's method, however
long the step. Each law of an interface (`Law`) says what part of its work it stores; the rest goes to its account:
"bond", "friction", "released", or "remainder" for laws that lose nothing, such as contact and adhesion. What these find
there is the error of the rule itself at nodes that open or close within a step; it vanishes with the step. So does that
of bodies with finite rotations, which is counted there too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import ufl
from dolfinx import fem, la
from ufl.algorithms.analysis import extract_coefficients

from interstice.solver.domain import Domain, Indices, Interface, Side
from interstice.solver.interface.cohesive import CohesiveBond
from interstice.solver.interface.contact import Contact
from interstice.solver.physics import mechanics
from interstice.solver.physics.mechanics import Elasticity, FiniteRotation

Array = npt.NDArray[np.float64]


class Law(Protocol):
    """What the ledger asks of a law of an interface."""

    @property
    def interface(self) -> Interface:
        """The interface it holds together."""

    @property
    def account(self) -> str:
        """The account of the work that the law does not store."""

    @property
    def traction(self) -> Array:
        """The traction t of ∫ t · ⟦v⟧ dS at the nodes [Pa], shape (local and ghost nodes × d,)."""

    @property
    def stored(self) -> Array | float:
        """The recoverable energy per area at the nodes [J/m²], shape (local and ghost nodes,)."""


@dataclass(frozen=True)
class ContactWork:
    """Contact as a law: it stores and loses nothing."""

    contact: Contact
    account: str = "remainder"
    stored: float = 0.0

    @property
    def interface(self) -> Interface:
        return self.contact.interface

    @property
    def traction(self) -> Array:
        normal = self.interface.normal.x.array.reshape(-1, self.interface.mesh.geometry.dim)
        return (-self.contact.pressure[:, None] * normal).ravel()


@dataclass(frozen=True)
class BondWork:
    """A bond as a law: it stores elastic energy, and loses the rest to damage and viscosity."""

    bond: CohesiveBond
    account: str = "bond"

    @property
    def interface(self) -> Interface:
        return self.bond.interface

    @property
    def traction(self) -> Array:
        return self.bond.traction.x.array

    @property
    def stored(self) -> Array:
        return self.bond.stored.x.array


@dataclass(frozen=True)
class Solid:
    """The material of one side: its elastic `law` and its eigenstrain e in UFL, if it has any."""

    side: Side
    law: Elasticity
    eigenstrain: Any = None


@dataclass(frozen=True)
class Body:
    """One side, or several bonded ones: the displacement `u` of the `solids` and what acts on them from outside.

    `residual` returns the owned entries of the assembled residual of `u` before constraints; at the local dofs
    `prescribed`, whose displacement is given, these are the reactions. `load` is the part of the residual that belongs
    to other external loads.
    """

    solids: Sequence[Solid]
    u: fem.Function
    residual: Callable[[], Array]
    prescribed: Indices
    load: ufl.Form | None = None


class _Work(NamedTuple):
    """Forces and the displacements they work on, entry by entry, and the account of that work."""

    account: str
    force: Array
    displacement: Array


class Ledger:
    """Sums over the committed steps since it was made, in J (2D: J per metre of depth).

    `energies` holds "external" work and work of the "eigenstrain" on the one side, the changes of "elastic" and
    "stored" energy and the accounts of the laws on the other. Every method is collective.
    """

    def __init__(self, domain: Domain, bodies: Sequence[Body], laws: Sequence[Law]) -> None:
        self._domain, self._bodies, self._laws = domain, bodies, laws
        u = {solid.side.name: body.u for body in bodies for solid in body.solids}
        self._jumps = [law.interface.reader(law.interface.jump(u)) for law in laws]
        self._loads = [domain.form(body.load) if body.load else None for body in bodies]
        self._elastic = [
            domain.form(sum(_elastic_energy(solid, body.u, domain.dx(solid.side)) for solid in body.solids))
            for body in bodies
        ]
        self._forces = [self._internal_forces(body) for body in bodies]
        self._committed: list[tuple[fem.Function, fem.Function]] = []
        self._eigenstrain = [self._eigenstrain_work(body) for body in bodies]
        accounts = [*(law.account for law in laws), *("remainder" for forces in self._forces if forces)]
        self.energies = dict.fromkeys(("external", "eigenstrain", "elastic", "stored", *accounts), 0.0)
        self._largest = 0.0
        self._works, self._energies, self._stored = self._look()

    def book(self) -> None:
        """Add the step from the state of the last call, or of the ledger's making, to the present one."""
        before, energies, stored = self._works, self._energies, self._stored
        self._works, self._energies, self._stored = self._look()
        for old, new in zip(before, self._works, strict=True):
            work = float((old.force + new.force) @ (new.displacement - old.displacement) / 2)
            self.energies[new.account] += self._domain.mesh.comm.allreduce(work)
        for law, change in zip(self._laws, np.subtract(self._stored, stored), strict=True):
            self.energies["stored"] += change
            self.energies[law.account] -= change
        for forces, form, new_energy, energy in zip(
            self._forces, self._eigenstrain, self._energies, energies, strict=True
        ):
            work = self._domain.integrate(form) if form else 0.0
            self.energies["elastic"] += new_energy - energy
            self.energies["eigenstrain"] += work
            if forces:
                self.energies["remainder"] += work - (new_energy - energy)
        for function, committed in self._committed:
            committed.x.array[:] = function.x.array
        self._largest = max(self._largest, *map(abs, self.energies.values()))

    @property
    def closing_error(self) -> float:
        """What is missing in the balance, over the largest sum on any account so far."""
        done = self.energies["external"] + self.energies["eigenstrain"]
        missing = 2 * done - sum(self.energies.values())
        return float(abs(missing) / self._largest) if self._largest > 0.0 else 0.0

    def _look(self) -> tuple[list[_Work], list[float], list[float]]:
        """Return forces and displacements, what each body and what each law stores, at the present state."""
        works = []
        for body, load, forces in zip(self._bodies, self._loads, self._forces, strict=True):
            residual = body.residual()
            u = body.u.x.array[: len(residual)]
            prescribed = np.unique(body.prescribed[body.prescribed < len(residual)])
            works.append(_Work("external", residual[prescribed], u[prescribed]))
            if load is not None:
                works.append(_Work("external", -_assemble(load)[: len(residual)], u.copy()))
            if forces is not None:
                works.append(_Work("remainder", _assemble(forces)[: len(residual)], u.copy()))
        for law, jump in zip(self._laws, self._jumps, strict=True):
            bs = law.interface.mesh.geometry.dim
            owned = law.interface.owned * bs
            areas = np.repeat(law.interface.areas.x.array, bs)[:owned]
            works.append(_Work(law.account, areas * law.traction[:owned], jump.read()[:owned].copy()))
        energies = list(map(self._domain.integrate, self._elastic))
        stored = [law.interface.sum(law.stored * np.ones_like(law.interface.areas.x.array)) for law in self._laws]
        return works, energies, stored

    def _internal_forces(self, body: Body) -> fem.Form | None:
        """Return the forces of a body with finite rotations, for which the rule is not exact; None for others."""
        if not any(isinstance(solid.law, FiniteRotation) for solid in body.solids):
            return None
        v = ufl.TestFunction(body.u.function_space)
        forces = (
            mechanics.residual(solid.law, body.u, v, self._domain.dx(solid.side), _eigenstrain(solid))
            for solid in body.solids
        )
        return self._domain.form(sum(forces))

    def _eigenstrain_work(self, body: Body) -> fem.Form | None:
        """Return −∫ ½ (σ + σ') : Δε* dx, with copies that keep the committed u and coefficients of the eigenstrain."""
        swelling = [solid for solid in body.solids if solid.eigenstrain is not None]
        if not swelling:
            return None
        functions = {f for solid in swelling for f in extract_coefficients(solid.eigenstrain)} | {body.u}
        old = {function: function.copy() for function in sorted(functions, key=lambda f: f.count())}
        self._committed += old.items()
        work = 0
        for solid in swelling:
            before = ufl.replace(solid.eigenstrain, old)
            states = (body.u, solid.eigenstrain), (old[body.u], before)
            means = (solid.law.hydrostatic_stress(*state) for state in states)
            work += -1.5 * sum(means) * (solid.eigenstrain - before) * self._domain.dx(solid.side)
        return self._domain.form(work)


def _eigenstrain(solid: Solid) -> Any:
    return 0.0 if solid.eigenstrain is None else solid.eigenstrain


def _elastic_energy(solid: Solid, u: fem.Function, dx: ufl.Measure) -> ufl.Form:
    """Return ∫ ½ σ : (ε − ε*) dx, out of plane included: σ : ε* = 3 σ_h e."""
    e = _eigenstrain(solid)
    sigma, mean = solid.law.stress(u, e), solid.law.hydrostatic_stress(u, e)
    return (ufl.inner(sigma, solid.law.strain(u)) - 3 * mean * e) / 2 * dx


def _assemble(form: fem.Form) -> Array:
    """Assemble a linear form; return its local entries, of which the owned ones are complete."""
    vector = fem.create_vector(form.function_spaces[0])
    fem.assemble_vector(vector.array, form)
    vector.scatter_reverse(la.InsertMode.add)
    return vector.array
