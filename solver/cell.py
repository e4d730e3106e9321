"""A cell as a discrete problem: its parts, iterated over, and their equations, solved together or in turn.

Unknowns: the displacement u of each body (one side, or several that are bonded), concentration c and electronic
potential in each electrode, ionic potential in each electrolyte, and whatever else parts bring.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypeVar

from dolfinx import fem
from mpi4py import MPI

from interstice.materials import Material
from interstice.schema import Case
from interstice.solver import algebra, part, registry
from interstice.solver.bodies.fixture import Fixture
from interstice.solver.bodies.terminals import Terminals
from interstice.solver.ledger import Ledger
from interstice.solver.model import Model
from interstice.solver.part import Change, Group, Limit, Load, Part, Work
from interstice.solver.state import Snapshot

AnyPart = TypeVar("AnyPart", bound=Part)

MOST_SWEEPS = 20
LEAST_SHARE = 1 / 32
"""Of the stack pressure, by which it is raised at least where sides cannot be brought together under all of it."""
ROUGH = 0.03
"""Residuals over the load, and drift, at which parts are asked whether they are content with the constraints."""


class Cell:
    """The parts and equation systems of one case.

    Life cycle: `press` once, then per time step `advance` and `commit`, and either `book` or the `state` from before.
    """

    def __init__(self, case: Case, materials: Mapping[str, Material], folder: Path, comm: MPI.Comm) -> None:
        self.case, self.comm, self.materials = case, comm, materials
        self.model = model = Model(case, materials, folder, comm)
        self.domain, self.state, self.rates = model.domain, model.state, model.rates
        self.sites, self.faces = model.sites, model.faces
        self.parts = registry.make(model)
        self.terminals, self.fixture = self.one(Terminals), self.one(Fixture)
        model.residual, model.prescribed = self._residual, lambda u: self._constraints().held(u)
        model.fixed = lambda u: self._constraints().unmoved(u)
        self._fields = part.equations(self.parts)
        self._unknowns = [field.function for fields in self._fields.values() for field in fields]
        self._modes = self._present_modes()
        constraints = self._constraints()
        self._mechanical = self._system("mechanics", constraints)
        if case.coupling == "monolithic":
            self._systems = [self.coupled_system()]
        else:
            self._systems = [self._system("transport", constraints), self._mechanical]
        self.ledger: Ledger | None = None

    def every(self, kind: type[AnyPart]) -> list[AnyPart]:
        """Return all parts of a kind."""
        return [one for one in self.parts if isinstance(one, kind)]

    def one(self, kind: type[AnyPart]) -> AnyPart:
        """Return the part of a kind, of which there is one."""
        (found,) = self.every(kind)
        return found

    # --- the run -----------------------------------------------------------------------------------

    def press(self) -> algebra.Report:
        """Bring the sides together under the stack pressure and join what touches."""
        for one in self.parts:
            one.approach()
        report = self._close() if self.case.stack.pressure else algebra.Report()
        for one in self.parts:
            one.join()
        self.rates.start()
        self.ledger = Ledger(self._works(), self.state.scope("ledger"))
        return report

    def _close(self) -> algebra.Report:
        """Find equilibrium under the stack pressure: at once, or where that fails, by shares of it."""
        reached, share = 0.0, 1.0
        while True:
            before = self.state.save()
            self.fixture.platen.press_with(reached + share)
            try:
                report = self.settle()
            except algebra.SolveError:
                share /= 2
                if share < LEAST_SHARE:
                    raise
                self.state.restore(before)
                self._mechanical.forget()
                continue
            reached += share
            if reached == 1.0:
                return report

    def go_on(self, snapshot: Snapshot) -> None:
        """Go on from where a cell of the same case was whose state rank 0 has `gathered`, in place of `press`.

        ValueError if it is the state of another case.
        """
        self.press()
        self.state.spread(snapshot, self.comm)
        assert self.ledger is not None
        self.ledger.go_on(self._works())

    def advance(self, time_step: float, load: Load | None = None) -> algebra.Report:
        """Solve one implicit step of `time_step` [s], at the end of which there is the `load` (none if not given)."""
        self.rates.begin(time_step)
        load = self.terminals.with_current(load or Load())
        for one in self.parts:
            one.begin(time_step, load)
        for system in self._systems:
            system.forget()
        report = self._solve()
        for one in self.parts:
            one.solved()
        return report

    def settle(self) -> algebra.Report:
        """Find mechanical equilibrium at the present time."""
        return self._mechanical.solve(lambda: self._update("mechanics"))

    def update(self) -> Change:
        """Refresh what all equations hold frozen; return how much changed."""
        return part.update(self.parts)

    def commit(self) -> None:
        """Take the present state as the start of the next step."""
        for one in self.parts:
            one.commit()
        self.rates.commit()

    def limits(self) -> Iterator[Limit]:
        """Yield what the parts say of the length of the step just committed."""
        for one in self.parts:
            if limit := one.limit():
                yield limit

    def book(self) -> None:
        """Enter the step just committed, which cannot be taken back any more, in the energy ledger."""
        assert self.ledger is not None
        self.ledger.book()

    def begin_protocol_step(self) -> None:
        """Take note that the next time step is the first of a step of the protocol."""
        self.rates.forget()
        for one in self.parts:
            one.begin_protocol_step()

    def destroy(self) -> None:
        """Free the PETSc objects; the fields stay."""
        for system in self._every_system():
            system.destroy()

    def _solve(self) -> algebra.Report:
        """Solve under the constraints that parts ask for, until all are content with them."""
        report = algebra.Report()
        # in turn, no system could bring to an end what another one left rough
        alone = len(self._systems) == 1
        roughly, changed = alone, False
        for _ in range(MOST_SWEEPS):
            self._constrain()
            report += self._sweep(roughly, changed)
            settled = all([one.settled() for one in self.parts]) and self._present_modes() == self._modes
            if settled and not roughly:
                return report
            # whether constraints are wrong shows long before the last digits of what they lead to
            roughly, changed = alone and not settled, not settled
        raise algebra.SolveError("no constraints are found under which the step can end")

    def _sweep(self, roughly: bool, changed: bool) -> algebra.Report:
        """Solve the systems in turn until each finds that the others left nothing to do.

        What has `changed` may be too little for a rough solve to see, and needs a step all the same.
        """
        whole, quiet = algebra.Report(), 0
        most = MOST_SWEEPS * len(self._systems)
        for solved, system in enumerate(itertools.islice(itertools.cycle(self._systems), most), start=1):
            least = int(changed and solved == 1)
            # where surfaces have moved, contact is to find a new equilibrium, not to judge by the one before
            update = self.update if system is self._systems[-1] else self._update_transport
            if roughly:
                report = system.solve(update, ROUGH, ROUGH, least_iterations=least)
            else:
                report = system.solve(update, least_iterations=least)
            whole += report
            quiet = 0 if report.newton else quiet + 1
            if solved >= len(self._systems) and quiet >= len(self._systems) - 1:
                return whole
        raise algebra.SolveError(f"electrochemistry and mechanics do not settle in {MOST_SWEEPS} sweeps")

    def _works(self) -> Iterator[Work]:
        return (work for one in self.parts for work in one.works())

    def _update_transport(self) -> Change:
        return self._update("transport")

    def _update(self, group: Group) -> Change:
        return part.update(one for one in self.parts if one.group == group)

    # --- equations ---------------------------------------------------------------------------------

    def coupled_system(self) -> algebra.System:
        """Return a system of all equations of a time step, at the state and under the constraints that now hold."""
        fields = [field for group in self._fields.values() for field in group]
        return algebra.System(self.domain, fields, self._constraints(), algebra.DIRECT)

    @property
    def systems(self) -> list[algebra.System]:
        """The equation systems solved in turn: one if the coupling is monolithic; that of mechanics is the last."""
        return self._systems

    @property
    def unknowns(self) -> int:
        """The number of unknowns of one time step."""
        return sum(system.unknowns for system in self._systems)

    @property
    def active_fraction(self) -> float:
        """The smallest f_c of all interfaces."""
        return min(face.passage.active_area / face.area for face in self.faces if face.passage)

    def _system(self, group: Group, constraints: algebra.Constraints) -> algebra.System:
        options = algebra.DIRECT
        if group == "mechanics" and self.domain.dimension == 3:
            symmetric = all(one.symmetric for one in self.parts)
            options = algebra.MULTIGRID if symmetric else algebra.UNSYMMETRIC_MULTIGRID
        return algebra.System(self.domain, self._fields[group], constraints, options)

    def _residual(self, function: fem.Function) -> part.Array:
        (system,) = (system for system in self._systems if any(f.function is function for f in system.fields))
        return system.residual_of(function)

    def _present_modes(self) -> list[str]:
        return [one.mode for one in self.parts]

    def _constrain(self) -> None:
        """See to it that the unknowns are constrained as they now have to be."""
        if (modes := self._present_modes()) == self._modes:
            return
        self._modes, constraints = modes, self._constraints()
        for system in self._every_system():
            system.constrain(constraints)

    def _every_system(self) -> list[algebra.System]:
        return self._systems if self._mechanical in self._systems else [*self._systems, self._mechanical]

    def _constraints(self) -> algebra.Constraints:
        # the unknowns of an interface have equations of their own at each node
        interfaces = [interface.mesh for interface in self.domain.interfaces.values()]
        functions = [f for f in self._unknowns if f.function_space.mesh not in interfaces]
        constraints = algebra.lateral(self.domain, functions, self.case.geometry.lateral)
        for one in self.parts:
            one.constrain(constraints)
        return constraints
