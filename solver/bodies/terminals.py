"""Collector and counter face: equipotential metal, through which the current enters and leaves.

The counter face is at the potential 0: in a half cell that is the lithium reference at the far face of the electrolyte,
in a full cell the collector of the lower electrode. Where the only electrode is the lower side, the two faces change
places: `Model.terminal` and `Model.ground` say which is which. An electrode that the collector does not touch
(particles in a matrix) is at one potential, wired by something too thin to be drawn. What has lost all contact keeps
its potential while no current is imposed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
import ufl
from dolfinx import fem

from interstice.solver.algebra import Constraints, SolveError
from interstice.solver.domain import Indices
from interstice.solver.model import Model
from interstice.solver.part import Change, Group, Load, Part, Term
from interstice.solver.site import Face, Site

SECONDS_PER_HOUR = 3600.0


class NoCurrentError(SolveError):
    """The current that is imposed on the cell cannot flow."""


class OpenCircuitError(NoCurrentError):
    """No node of an interface is in contact, so that no current can flow."""


class Terminals(Part):
    """What is imposed at the collector: a current density [A/m² of apparent area, > 0 on charge] or a voltage [V]."""

    group: ClassVar[Group] = "transport"

    def __init__(self, model: Model) -> None:
        self._model, domain, state = model, model.domain, model.state
        model.terminals = self
        working = model.lead.electrode
        assert working is not None
        self.working = working
        self._grounded = model.grounded.potential_holder
        self._current_density = state.constant("current density", domain.constant(0.0))
        self._at_voltage, self._before = state.number("at voltage"), state.number("voltage before")
        self.collector, self.counter = self._dofs(working.phi, self._grounded.phi)
        self._charge = model.rates.integral("charge", state)
        self._step_charge = model.rates.integral("charge of the protocol step", state)
        self._step_energy = model.rates.integral("energy of the protocol step", state)
        self._imposed_charge = model.rates.integral("net charge of the protocol step", state)
        self._start()

    def _dofs(self, phi: fem.Function, grounded: fem.Function) -> tuple[Indices, Indices]:
        """Return the owned dofs of the working electrode at the collector's potential and those of the counter face."""
        model, owned = self._model, phi.function_space.dofmap.index_map.size_local
        collector: Indices = np.arange(owned, dtype=np.int32)
        if model.ends[model.terminal] is model.lead:
            collector = model.domain.dofs(phi.function_space, model.terminal)
        counter = model.domain.dofs(grounded.function_space, model.ground)
        return collector[collector < owned], counter[counter < grounded.function_space.dofmap.index_map.size_local]

    def _start(self) -> None:
        """Begin at equilibrium with the counter face at 0."""
        model = self._model
        grounded = model.sites[model.case.counter].electrode if model.case.counter else None
        ionic = -grounded.initial_potential if grounded else 0.0
        for group in model.alike:
            holder = next((site.electrode for site in group if site.name in model.case.reacting), None)
            group[0].potential_holder.level.value = ionic + (holder.initial_potential if holder else 0.0)

    # --- what is known of it -------------------------------------------------------------------------

    @property
    def voltage(self) -> float:
        """The potential of the collector against the counter face [V]."""
        return float(self.working.level.value)

    @property
    def current_density(self) -> float:
        """The current density over the apparent area [A/m²], > 0 on charge."""
        return float(self._current_density.value)

    @property
    def step_capacity(self) -> float:
        """∫ |i| dt since the beginning of the protocol step [A s/m²]."""
        return self._step_charge.value

    @property
    def step_energy(self) -> float:
        """∫ V |i| dt since the beginning of the protocol step [J/m²]."""
        return self._step_energy.value

    @property
    def imposes_current(self) -> bool:
        """Whether a current other than zero is imposed, and no voltage."""
        return not self._at_voltage and self.current_density != 0.0

    @property
    def crossing(self) -> float:
        """The current [A] that leaves the side at the terminal through its interfaces."""
        passages = [face.passage for face in self._model.faces if self.working.site in face.sites and face.passage]
        return sum(
            (1.0 if one.origin is self.working.site else -1.0) * one.interface.sum(one.read_charge())
            for one in passages
        )

    @property
    def currents(self) -> tuple[float, float]:
        """The currents [A] fed in at the collector and drawn at the counter face.

        Both come from the residual of charge conservation: tested with 1, conduction drops out of it, so that what the
        free rows leave unbalanced is the difference between terminal and interface.
        """
        fed, drawn = self._model.residual(self.working.phi), self._model.residual(self._grounded.phi)
        unbalanced, out = self._model.comm.allreduce(np.array([fed.sum(), -drawn[self.counter].sum()]))
        return self.crossing - unbalanced, out

    def feed(self, psi: Any, current_density: Any) -> ufl.Form:
        """Return the current through the collector [A/m²] tested with `psi`, a test function of the working electrode.

        It is spread over an electrode that the collector does not touch.
        """
        model = self._model
        if model.ends[model.terminal] is model.lead:
            where, size = model.domain.ds(model.terminal), model.domain.area(model.terminal)
        else:
            where, size = model.domain.dx(self.working.site.side), self.working.volume
        return current_density * model.domain.constant(model.apparent_area / size) * psi * where

    def hold(self, constraints: Constraints, collector: fem.Function, counter: fem.Function) -> None:
        """Hold potentials of both sides as those of the cell are: one free at the collector, 0 at the counter face."""
        constraints.tied.append((collector, self.collector))
        constraints.fixed.append((counter, self.counter))

    # --- as a part -----------------------------------------------------------------------------------

    def terms(self) -> Iterator[Term]:
        psi = ufl.TestFunction(self.working.phi.function_space)
        yield Term(self.working.phi, -self.feed(psi, self._current_density))

    @property
    def mode(self) -> str:
        isolated = ", ".join(site.name for site in self._isolated)
        return f"{'at voltage' if self._at_voltage else 'open' if self._open else ''} {isolated}"

    def constrain(self, constraints: Constraints) -> None:
        if self._at_voltage or self._open:
            constraints.fixed += [(self.working.phi, self.collector), (self._grounded.phi, self.counter)]
        else:
            self.hold(constraints, self.working.phi, self._grounded.phi)
        isolated = (site.potential_holder.phi for site in self._isolated)
        constraints.fixed += [(phi, _first(phi)) for phi in isolated]

    def begin_protocol_step(self) -> None:
        for integral in (self._step_charge, self._step_energy, self._imposed_charge):
            integral.reset()

    def with_current(self, load: Load) -> Load:
        """Return a load whose current is that with which the time step just begun ends at its charge, if it has one."""
        if load.charge is None:
            return load
        return replace(load, current_density=self._imposed_charge.rate_to(load.charge))

    def begin(self, time_step: float, load: Load) -> None:
        self._at_voltage[...], self._before[...] = load.voltage is not None, self.voltage
        if load.voltage is None:
            self._current_density.value = load.current_density
        else:
            self.working.level.value = load.voltage

    def update(self) -> Change:
        is_open = self._open
        if is_open and (self.imposes_current or self._at_voltage):
            face = next(face for face in self._model.path if not self._carries(face, not self._at_voltage))
            slides = self._carries(face, imposed=False)
            opened = "nothing that conducts presses any more, and the current opens what touches"
            words = opened if slides else "no contact left"
            raise OpenCircuitError(f"open circuit: {words}{face.origin.label if face.transfer else face.label}")
        self._recentre()
        if is_open:
            self.working.level.value = self._before
        return Change(0, 0.0)

    def solved(self) -> None:
        if self._at_voltage:
            rows = self._model.residual(self.working.phi)[self.collector]
            self._current_density.value += self._model.comm.allreduce(float(rows.sum())) / self._model.apparent_area

    def commit(self) -> None:
        self._charge.add(self.current_density)
        self._step_charge.add(abs(self.current_density))
        self._step_energy.add(self.voltage * abs(self.current_density))
        self._imposed_charge.add(self.current_density)

    def columns(self) -> Mapping[str, float]:
        model = self._model
        current = self.current_density * model.apparent_area
        crossing = self.crossing if current else 0.0
        worst = max(abs(terminal - crossing) for terminal in self.currents) if current else 0.0
        return {
            "voltage [V]": self.voltage,
            "current density [A/m^2]": self.current_density,
            "capacity [A h/m^2]": self._step_charge.value / SECONDS_PER_HOUR,
            "energy [W h/m^2]": self._step_energy.value / SECONDS_PER_HOUR,
            "net charge [A h/m^2]": self._charge.value / SECONDS_PER_HOUR,
            "apparent area [m^2]": model.apparent_area,
            "charge balance [1]": worst / abs(current) if current else 0.0,
        }

    @property
    def _open(self) -> bool:
        """Whether no current can pass from the working electrode to the counter face. Collective."""
        return self._model.grounded not in self._joined(self._model.lead)

    @property
    def _isolated(self) -> list[Site]:
        """One side each of those that no current can reach from either terminal. Collective."""
        model, found = self._model, []
        reached = self._joined(model.lead) | self._joined(model.grounded)
        for site in model.sites.values():
            if site not in reached:
                found.append(site)
                reached |= self._joined(site)
        return found

    def _joined(self, start: Site) -> set[Site]:
        """Return the sides that a current can pass to from one of them, itself too. Collective."""
        carrying = [face.sites for face in self._model.faces if self._carries(face, not self._at_voltage)]
        joined = {start}
        for _ in carrying:
            joined.update(*(sites for sites in carrying if joined & set(sites)))
        return joined

    def _carries(self, face: Face, imposed: bool) -> bool:
        """Return whether a current, `imposed` or not, can cross an interface. Collective."""
        return face.activity is not None and face.activity.carries(imposed)

    def _recentre(self) -> None:
        """Move the means of the potentials into their levels: that of the side at the terminal on its collector.

        The counter face stays at 0, and under voltage control the collector at its voltage.
        """
        for group in self._model.alike:
            holders = [site.potential_holder for site in group]
            at_terminal = self.working in holders
            if self._grounded in holders or (at_terminal and self._at_voltage):
                continue
            values = [one.phi.x.array[: one.phi.function_space.dofmap.index_map.size_local] for one in holders]
            if at_terminal:
                values = [self.working.phi.x.array[self.collector]]
            total, count = self._model.comm.allreduce(np.array([sum(map(np.sum, values)), sum(map(len, values))]))
            holders[0].level.value += total / count
            for one in holders:
                one.phi.x.array[:] -= total / count


def _first(phi: fem.Function) -> Indices:
    """Return the first dof of all on the rank that owns it, none on others."""
    index_map = phi.function_space.dofmap.index_map
    return np.arange(int(index_map.local_range[0] == 0 and index_map.size_local > 0), dtype=np.int32)


def parts(model: Model) -> Iterator[Part]:
    """Yield the terminals."""
    yield Terminals(model)
