"""Energy ledger: where the work done on the bodies went.

Between two states of equilibrium the trapezoidal rule is exact: with reactions R at prescribed displacements, loads f,
elastic energy E and the traction t of the interface,

    ½ (R + R') · Δu + ½ (f + f') · Δu − ∫ ½ (σ + σ') : Δε* dx  =  ΔE + Σ_nodes A ½ (t + t') · Δ⟦u⟧,

where a dash marks the state at the end of the step. So the ledger closes to the tolerance of Newton's method, however
long the step. Each law of an interface (`Law`) says what part of its work it stores; the rest goes to its account:
"bond" and of it "viscosity", "friction", "released", "flattening" of contact, "chemical" for what moves the surface
of a metal, or "remainder" for laws
that lose nothing, such as elastic contact and adhesion. What these find there is the error of the rule itself at nodes
that open or close within a step; it vanishes with the step. So does that of bodies with finite rotations, which is
counted there too.

Solids that flow dissipate ∫ ½ (s + s') : Δε^in dx, with the deviator s of stress, on the account "plastic" or "viscous"
of their law. There, too, the rule is exact.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt
import ufl
from dolfinx import fem, la
from mpi4py import MPI
from ufl.algorithms.analysis import extract_coefficients, extract_constants

from interstice.solver.domain import Domain, Indices, Interface
from interstice.solver.physics import mechanics
from interstice.solver.physics.mechanics import Elasticity
from interstice.solver.state import State

if TYPE_CHECKING:
    from interstice.solver.interface.contact import Contact
    from interstice.solver.part import Work
    from interstice.solver.site import Site

Array = npt.NDArray[np.float64]

ACCOUNTS = (
    "external",
    "eigenstrain",
    "elastic",
    "stored",
    "bond",
    "flattening",
    "friction",
    "released",
    "chemical",
    "viscosity",
    "plastic",
    "viscous",
    "remainder",
)

ROUNDING = 1e-14
"""Of the elastic energy of all bodies: of what adds up over thousands of nodes."""


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


class Ledger:
    """Sums over the committed steps since it was made, in J (2D: J per metre of depth unless axisymmetric).

    "external" work and work of the "eigenstrain" on the one side, the changes of "elastic" and "stored" energy and the
    accounts of the laws on the other. Every method is collective.
    """

    def __init__(self, works: Iterable[Work], state: State | None = None) -> None:
        self._works = list(works)
        state = state or State()
        # of each work: what two faces of a cell do may be the same and opposite
        self._sums = state.array("accounts", np.zeros((len(self._works), len(ACCOUNTS))))
        self._largest = state.number("largest account")

    def go_on(self, works: Iterable[Work]) -> None:
        """Go on from the present state, at which these `works` begin."""
        self._works = list(works)

    def book(self) -> None:
        """Add the step from the state of the last call, or of the making of the works, to the present one."""
        for sums, work in zip(self._sums, self._works, strict=True):
            for account, energy in work.book().items():
                sums[ACCOUNTS.index(account)] += energy
        self._largest[...] = max(float(self._largest), float(np.abs(self._sums).max()))

    @property
    def energies(self) -> dict[str, float]:
        """What is on each account [J]."""
        return dict(zip(ACCOUNTS, map(float, self._sums.sum(axis=0)), strict=True))

    @property
    def closing_error(self) -> float:
        """What is missing in the balance, over the largest sum that any work has put on an account so far.

        It is 0 where no more is missing than rounding of what the bodies store: at rest that is all there is.
        """
        energies = self.energies
        missing = abs(2 * (energies["external"] + energies["eigenstrain"]) - sum(energies.values()))
        rounding = ROUNDING * sum(work.stored for work in self._works if isinstance(work, ElasticWork))
        return float(missing / self._largest) if missing > rounding else 0.0


class _Trapezoid:
    """The work of forces on displacements, entry by entry, by the trapezoidal rule."""

    def __init__(self, comm: MPI.Comm, look: Callable[[], tuple[Array, Array]]) -> None:
        self._comm, self._look = comm, look
        self._before = look()

    def step(self) -> float:
        """Return the work since the last call [J]. Collective."""
        (force, displacement), (new_force, new_displacement) = self._before, self._look()
        self._before = new_force, new_displacement
        return float(self._comm.allreduce(float((force + new_force) @ (new_displacement - displacement) / 2)))


def _along(domain: Domain, u: fem.Function, forces: ufl.Form) -> _Trapezoid:
    """Return the work on `u` of forces given by their virtual work."""
    form = domain.form(forces)
    owned = u.function_space.dofmap.index_map.size_local * u.function_space.dofmap.bs
    return _Trapezoid(domain.mesh.comm, lambda: (_assemble(form)[:owned].copy(), u.x.array[:owned].copy()))


class ExternalWork:
    """The work at the dofs of `u` whose displacement is `prescribed`: the residual there is the reaction."""

    def __init__(self, domain: Domain, u: fem.Function, residual: Callable[[], Array], prescribed: Indices) -> None:
        def look() -> tuple[Array, Array]:
            reactions = residual()
            owned = prescribed[prescribed < len(reactions)]
            return reactions[owned], u.x.array[owned]

        self._work = _Trapezoid(domain.mesh.comm, look)

    def book(self) -> Mapping[str, float]:
        return {"external": self._work.step()}


class LoadWork:
    """The work of a load on `u`, whose part of the residual is `load`."""

    def __init__(self, domain: Domain, u: fem.Function, load: ufl.Form) -> None:
        self._work = _along(domain, u, -load)

    def book(self) -> Mapping[str, float]:
        return {"external": self._work.step()}


class LawWork:
    """The work of a `law` on the `jump` ⟦u⟧, in UFL."""

    def __init__(self, law: Law, jump: Any) -> None:
        self._law, interface = law, law.interface
        bs = interface.mesh.geometry.dim
        owned, reader = interface.owned * bs, interface.reader(jump)
        areas = np.repeat(interface.areas.x.array, bs)[:owned]
        self._work = _Trapezoid(
            interface.mesh.comm, lambda: (areas * law.traction[:owned], np.copy(reader.read()[:owned]))
        )
        self._stored = self._store()

    def book(self) -> Mapping[str, float]:
        work, before = self._work.step(), self._stored
        self._stored = self._store()
        return {self._law.account: work - (self._stored - before)} | {"stored": self._stored - before}

    def _store(self) -> float:
        interface = self._law.interface
        return interface.sum(self._law.stored * np.ones_like(interface.areas.x.array))


class Share:
    """A part of what is on one account that belongs on another: `amount` [J] of it so far."""

    def __init__(self, account: str, other: str, amount: Callable[[], float]) -> None:
        self._account, self._other, self._amount, self._before = account, other, amount, amount()

    def book(self) -> Mapping[str, float]:
        before, self._before = self._before, self._amount()
        return {self._account: before - self._before, self._other: self._before - before}


class FlowWork:
    """What the flow of a solid dissipates: the work of a `stress` on an inelastic `strain`, both in UFL of `functions`.

    Both hold between time steps. With a `missed` work of forces, for which the rule is not exact, this is part of it.
    """

    def __init__(
        self,
        domain: Domain,
        account: str,
        functions: Sequence[fem.Function],
        stress: Any,
        strain: Any,
        dx: ufl.Measure,
        missed: bool = False,
    ) -> None:
        self._domain, self._account, self._missed = domain, account, missed
        self._old = {f: f.copy() for f in functions}
        stress_before, strain_before = (ufl.replace(one, self._old) for one in (stress, strain))
        self._work = domain.form(ufl.inner(stress + stress_before, strain - strain_before) / 2 * dx)

    def book(self) -> Mapping[str, float]:
        work = self._domain.integrate(self._work)
        for function, old in self._old.items():
            old.x.array[:] = function.x.array
        return {self._account: work} | ({"remainder": -work} if self._missed else {})


class RecessionWork:
    """The work of a contact on a surface that moves: of the law's `account` it belongs on that of what moves it.

    Where sides stay in contact they follow, ⟦u⟧·n = −g_0 − s, so that the work on ⟦u⟧ is p_n Δs.
    """

    def __init__(self, contact: Contact, recession: fem.Function) -> None:
        interface, self._account = contact.interface, contact.account
        owned = interface.owned
        areas = interface.areas.x.array[:owned]
        self._work = _Trapezoid(
            interface.mesh.comm, lambda: (areas * contact.pressure[:owned], recession.x.array[:owned].copy())
        )

    def book(self) -> Mapping[str, float]:
        work = self._work.step()
        return {self._account: -work, "chemical": work}


class ElasticWork:
    """What the body of `sites` stores, what its eigenstrain does, and what the rule misses of finite rotations."""

    def __init__(self, domain: Domain, u: fem.Function, sites: Sequence[Site]) -> None:
        self._domain = domain
        solids = [(site.law, domain.dx(site.side, site.strain_degree), site.eigenstrain) for site in sites]
        self._elastic = domain.form(sum(law.elastic_energy(u, e) * dx for law, dx, e in solids))
        self._energy = domain.integrate(self._elastic)
        self._forces: _Trapezoid | None = None
        if any(not law.linear for law, _, _ in solids):
            v = ufl.TestFunction(u.function_space)
            forces = sum(mechanics.residual(law, u, v, dx, e) for law, dx, e in solids)
            # the internal forces, for which the rule is not exact
            self._forces = _along(domain, u, forces)
        swelling = [(law, dx, e) for law, dx, e in solids if isinstance(e, ufl.core.expr.Expr)]
        # copies that keep the committed u, and the coefficients and constants of the eigenstrain
        functions = {f for _, _, e in swelling for f in extract_coefficients(e)} | {u} if swelling else set()
        self._old = {f: f.copy() for f in sorted(functions, key=lambda f: f.count())}
        constants = {c for _, _, e in swelling for c in extract_constants(e)}
        self._old_constants = {c: domain.constant(float(c.value)) for c in sorted(constants, key=lambda c: c.count())}
        self._swelling: fem.Form | None = None
        if swelling:
            self._swelling = domain.form(sum(self._swelling_work(law, u, e, dx) for law, dx, e in swelling))

    @property
    def stored(self) -> float:
        """The elastic energy when last booked [J]."""
        return self._energy

    def book(self) -> Mapping[str, float]:
        before = self._energy
        self._energy = self._domain.integrate(self._elastic)
        stored, work = self._energy - before, self._domain.integrate(self._swelling) if self._swelling else 0.0
        for function, old in self._old.items():
            old.x.array[:] = function.x.array
        for constant, kept in self._old_constants.items():
            kept.value = constant.value
        missed = self._forces.step() + work - stored if self._forces else 0.0
        return {"elastic": stored, "eigenstrain": work, "remainder": missed}

    def _swelling_work(self, law: Elasticity, u: fem.Function, eigenstrain: Any, dx: ufl.Measure) -> ufl.Form:
        """Return −∫ ½ (σ + σ') : Δε* dx."""
        before = ufl.replace(eigenstrain, self._old | self._old_constants)
        means = (law.hydrostatic_stress(*state) for state in ((u, eigenstrain), (self._old[u], before)))
        return -1.5 * sum(means) * (eigenstrain - before) * dx


def _assemble(form: fem.Form) -> Array:
    """Assemble a linear form; return its local entries, of which the owned ones are complete."""
    vector = fem.create_vector(form.function_spaces[0])
    fem.assemble_vector(vector.array, form)
    vector.scatter_reverse(la.InsertMode.add)
    return vector.array
