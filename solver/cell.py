"""A cell as a discrete problem: electrodes and electrolytes, one above the other or one inside the other.

Unknowns: the displacement u of each body (one side, or several that are bonded), concentration c and electronic
potential in each electrode, ionic potential in each electrolyte. The current enters through the collector, the top
face, and leaves through the counter face at the bottom, whose potential is 0: in a half cell that is the lithium
reference at the far face of the electrolyte, in a full cell the collector of the lower electrode. An electrode that
the collector does not touch (particles in a matrix) is at one potential, wired by something too thin to be drawn.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import ufl
from dolfinx import fem
from mpi4py import MPI

from interstice import meshes, schema
from interstice.materials import Material
from interstice.schema import Case, DoubleCantilever, Galvanostatic, Layered
from interstice.solver import algebra
from interstice.solver.bdf2 import bdf2, euler
from interstice.solver.domain import Domain, Indices, Interface, Side
from interstice.solver.electrode import Electrode
from interstice.solver.electrolyte import Electrolyte
from interstice.solver.interface.cohesive import CohesiveBond
from interstice.solver.interface.contact import Change
from interstice.solver.interface.interaction import Interaction
from interstice.solver.interface.kinetics import FARADAY
from interstice.solver.junction import Junction
from interstice.solver.ledger import Body, Ledger, Solid
from interstice.solver.path import Path as EquilibriumPath
from interstice.solver.physics import mechanics
from interstice.solver.stack import Stack
from interstice.solver.state import State
from interstice.solver.unstable import Event, Owner

ANCHOR = 1e-9
"""Stiffness that keeps in place what nothing else may hold, over E/L²: far too small to be seen in any force."""


class OpenCircuitError(algebra.SolveError):
    """No node of an interface is in contact, so that no current can flow."""


class Cell:
    """The fields, laws and equation systems of one case.

    Life cycle: `press` once, then per time step `advance` and `commit`, and either `book` or the `state` from before.
    """

    def __init__(self, case: Case, materials: Mapping[str, Material], folder: Path, comm: MPI.Comm) -> None:
        self.case, self.comm, self.materials = case, comm, materials
        tagged, self.profiles = meshes.build(comm, case.geometry, folder)
        wanted = {pair: _find(case.joints, pair) for pair in tagged.interfaces}
        self.domain = domain = Domain(tagged, bonded=[pair for pair, joint in wanted.items() if joint.bonded])
        lateral = case.geometry.lateral
        for interface in domain.interfaces.values():
            for axis in range(domain.dimension - 1 if lateral != "free" else 0):
                interface.continue_normals(axis, lateral == "periodic")
        self.apparent_area = domain.area("collector")
        self.top, self.bottom = domain.owner("collector"), domain.owner("counter")
        self.time_step, self._weighted_step = self.domain.constant(1.0), self.domain.constant(1.0)
        self.state = State()
        self._steps, self._smooth = self.state.array("time steps", np.zeros(2)), self.state.number("smooth steps")
        self._ceased = 0
        self.scheme = euler(1.0)
        self.current_density = self.state.constant("current density", self.domain.constant(0.0))
        self._opening = self.state.number("opening")

        self.bodies = list({id(body): body for body in domain.bodies.values()}.values())
        self.u: dict[str, fem.Function] = {}
        self._anchors: dict[fem.Function, fem.Function] = {}
        for body in self.bodies:
            u = self.state.function(fem.Function(body.space(1, (domain.dimension,)), name=f"u of {body.name}"))
            self.u |= dict.fromkeys(self._names(body), u)
            if not {self.top, self.bottom} & set(self._names(body)):
                anchor = fem.Function(u.function_space, name=f"anchor of {body.name}")
                self._anchors[u] = self.state.function(anchor)
        law = mechanics.FiniteRotation if case.kinematics == "finite_rotation" else mechanics.Elasticity
        self.elasticity = {
            name: law.constant(domain.mesh, materials[name].young_modulus, materials[name].poisson_ratio)
            for name in domain.sides
        }
        self.electrodes = {name: self._electrode(name, wanted) for name in case.hosts}
        self.electrolytes = {name: self._electrolyte(name) for name in case.conductors}
        self.conductors: dict[str, Electrode | Electrolyte] = {**self.electrodes, **self.electrolytes}
        self.eigenstrain = {name: electrode.eigenstrain for name, electrode in self.electrodes.items()}
        self.stack = Stack(domain, case.stack, self.u[self.top], self.state.scope("stack"))
        self.junctions = [self._junction(domain.interfaces[pair], joint) for pair, joint in wanted.items()]
        self._interactions = [junction.interaction for junction in self.junctions if junction.interaction]

        self._loaded: dict[str, np.ndarray] = {}
        self._collector_dofs, self._counter_dofs = self._terminal_dofs()
        self._charge, self._displacement = self._electrochemistry(), self._mechanics()
        self._constrained = False, self.stack.held
        constraints = self._constraints()
        self._mechanical = algebra.System(domain, self._displacement, constraints, self._options)
        if case.coupling == "monolithic":
            self._systems = [self.coupled_system()]
        else:
            self._systems = [algebra.System(domain, self._charge, constraints, algebra.DIRECT), self._mechanical]
        self._start_potentials()
        self.ledger: Ledger | None = None

    # --- the run -----------------------------------------------------------------------------------

    def press(self) -> algebra.Report:
        """Bring the sides together under the stack pressure and bond what touches."""
        report = algebra.Report(0, 0)
        for interaction in self._interactions:
            interaction.contact.floating = self._floating(interaction) if self.case.stack.pressure else None
            if self.case.stack.pressure:
                interaction.contact.approach()
            else:
                interaction.contact.active.x.array[:] = interaction.lying
        if self.case.stack.pressure:
            report = self._mechanical.solve(self._update_contact)
        for junction in self.junctions:
            junction.join()
        for interaction in self._interactions:
            held = self.case.stack.hold == "fixed_thickness" or interaction.bond
            interaction.contact.floating = None if held else self._floating(interaction)
        self._commit_anchors()
        laws = [law for interaction in self._interactions for law in interaction.laws]
        self.ledger = Ledger(self.domain, [self._body(body) for body in self.bodies], laws)
        return report

    def advance(
        self,
        time_step: float,
        current_density: float = 0.0,
        voltage: float | None = None,
        pressure: float | None = None,
        opening: float | None = None,
    ) -> algebra.Report:
        """Solve one implicit step of `time_step` [s] at `current_density` [A/m² of apparent area, > 0 on charge].

        A `voltage` [V] takes the place of the current density, which then is what it makes of it. A `pressure` [Pa]
        takes the place of the fixture. An `opening` [m] is that of the loaded ends at the end of the step.
        """
        if opening is not None:
            self.opening = opening
        self.time_step.value = time_step
        self.scheme = bdf2(time_step, self._steps[0]) if self._steps[0] > 0.0 else euler(time_step)
        self._weighted_step.value = self.scheme.tau
        for part in (*self.conductors.values(), *self.junctions):
            part.begin(self.scheme)
        for system in self._systems:
            system.forget()
        if voltage is None:
            self.current_density.value = current_density
        else:
            self.working.level.value = voltage
        self.stack.begin(time_step, pressure)
        self._constrain(voltage is not None, self.stack.held)
        switched = sum(junction.activate() for junction in self.junctions)
        self._set_opening()
        report = self._sweep()
        if switched or self._ceased:
            self._smooth[...] = 0.0
        if voltage is not None:
            rows = self._residual(self.working.phi)[self._collector_dofs]
            self.current_density.value += self.comm.allreduce(float(rows.sum())) / self.apparent_area
        return report

    def _sweep(self) -> algebra.Report:
        """Solve the systems in turn until each finds that the others left nothing to do."""
        newton = linear = quiet = self._ceased = 0
        most = 20 * len(self._systems)
        for solved, system in enumerate(itertools.islice(itertools.cycle(self._systems), most), start=1):
            report = system.solve(self._update)
            newton += report.newton
            linear += report.linear
            quiet = 0 if report.newton else quiet + 1
            if solved >= len(self._systems) and quiet >= len(self._systems) - 1:
                return algebra.Report(newton, linear)
        raise algebra.SolveError("electrochemistry and mechanics do not settle in 20 sweeps")

    def coupled_system(self) -> algebra.System:
        """Return a system of all equations of a time step, at the state and under the constraints that now hold."""
        fields = [*self._charge, *self._displacement]
        return algebra.System(self.domain, fields, self._constraints(), algebra.DIRECT)

    def run_crack(
        self,
        time_step: float,
        current_density: float = 0.0,
        voltage: float | None = None,
        pressure: float | None = None,
        opening: float | None = None,
    ) -> tuple[Event, algebra.Report]:
        """Let a crack run that no time step, however short, can follow; then solve the step of that length again.

        The crack runs in no time: but for the first state the concentration stays what it is. SolveError as `advance`.
        """
        fastest = max((i for i in self._interactions if i.bond), key=lambda interaction: interaction.growth)
        assert fastest.relaxation is not None
        begun = False

        def step() -> algebra.Report:
            return self.advance(time_step, current_density, voltage, pressure, opening)

        def solve() -> algebra.Report:
            return self._mechanical.solve(self._update_contact) if begun else step()

        def commit() -> None:
            nonlocal begun
            begun = True
            for interaction in self._interactions:
                interaction.commit()
            self.book()

        event = fastest.relaxation.run(Owner(solve, self.state, commit))
        return event, step()

    def path(self) -> EquilibriumPath:
        """Return the path of equilibrium from the present state, along which the crack grows; λ is the opening [m]."""
        junction, geometry = self.junctions[0], self.case.geometry
        assert junction.bond is not None and isinstance(geometry, DoubleCantilever)

        def load(opening: float) -> None:
            self.opening = opening
            self._set_opening()

        def commit() -> None:
            self.commit()
            self.book()
            junction.activate()

        # in a step the crack grows by about the distance of nodes, in 3D along all of its front
        return EquilibriumPath(
            self._systems[-1],
            load,
            [junction.bond],
            [junction.interface.jump(self.u)],
            junction.bond.final_opening * junction.mean_spacing * (geometry.width or 1.0),
            self.state,
            self._update,
            commit,
        )

    def commit(self) -> float:
        """Take the present state as the start of the next step.

        Return the largest share of its toughness that a bond lost at any node.
        """
        for part in (*self.conductors.values(), *self.junctions):
            part.commit()
        self._steps[:] = self.time_step.value, self._steps[0]
        self._smooth += 1.0
        self.stack.commit()
        self._commit_anchors()
        return max((interaction.commit() for interaction in self._interactions), default=0.0)

    def begin_anew(self) -> None:
        """Forget the rates of the steps before, from which the load is about to jump."""
        self._steps[:] = 0.0

    def time_error(self) -> float:
        """Return the error of the stoichiometry that the present time step added; 0 where that cannot be told.

        It takes three steps in which no node began or ceased to conduct: there c has a kink in time, at which shorter
        steps gain little.
        """
        if self._smooth < len(self._steps) + 1 or self._steps[1] == 0.0:
            return 0.0
        steps = [float(self.time_step.value), *self._steps]
        return max(electrode.time_error(steps, self.scheme) for electrode in self.electrodes.values())

    def book(self) -> None:
        """Enter the step just committed, which cannot be taken back any more, in the energy ledger."""
        assert self.ledger is not None
        self.ledger.book()

    @property
    def opening(self) -> float:
        """The opening of the loaded ends [m]."""
        return float(self._opening)

    @opening.setter
    def opening(self, opening: float) -> None:
        self._opening[...] = opening

    def destroy(self) -> None:
        """Free the PETSc objects; the fields stay."""
        for system in {id(system): system for system in (*self._systems, self._mechanical)}.values():
            system.destroy()

    # --- what is measured --------------------------------------------------------------------------

    @property
    def voltage(self) -> float:
        """The potential of the collector against the counter face [V]."""
        return float(self.working.level.value)

    @property
    def working(self) -> Electrode:
        """The electrode whose potential is that of the collector."""
        others = (electrode for name, electrode in self.electrodes.items() if name != self.bottom)
        return self.electrodes.get(self.top) or next(others)

    @property
    def active_fraction(self) -> float:
        """The smallest f_c of all interfaces."""
        return min(junction.active_area / junction.geometric_area for junction in self.junctions)

    @property
    def charge_capacity(self) -> float:
        """The charge [C] (2D: per metre of depth) between the ends of the range of the smaller electrode."""
        return min(electrode.charge_capacity for electrode in self.electrodes.values())

    @property
    def one_c(self) -> float:
        """The current density that carries the charge capacity in an hour [A/m² of apparent area]."""
        return self.charge_capacity / 3600.0 / self.apparent_area

    @property
    def lithium_capacity(self) -> float:
        """The lithium [mol] (2D: per metre of depth) that the smaller electrode takes up from empty to full."""
        return min(electrode.lithium_capacity for electrode in self.electrodes.values())

    def crossing(self) -> float:
        """Return the current [A] that leaves the electrode at the collector through its interfaces."""
        ours = (junction for junction in self.junctions if junction.electrode is self.working)
        return sum(junction.interface.sum(junction.read_charge()) for junction in ours)

    def terminal_currents(self) -> tuple[float, float]:
        """Return the currents [A] fed in at the collector and drawn at the counter face.

        Both come from the residual of charge conservation: tested with 1, conduction drops out of it, so that what the
        free rows leave unbalanced is the difference between terminal and interface.
        """
        fed, drawn = self._residual(self.working.phi), self._residual(self.conductors[self.bottom].phi)
        unbalanced, out = self.comm.allreduce(np.array([fed.sum(), -drawn[self._counter_dofs].sum()]))
        return self.crossing() - unbalanced, out

    def stack_pressure(self) -> float:
        """Return the pressure of the platen on the collector face [Pa]: its reaction over the apparent area."""
        residual = self._residual(self.u[self.top])
        platen = self.stack.platen
        unbalanced = self.comm.allreduce(float(residual[platen[platen < len(residual)]].sum()))
        return self.stack.pressure - unbalanced / self.apparent_area

    def opening_force(self) -> float:
        """Return the force [N, in 2D N per metre of depth] that holds the loaded ends open, 0 where there are none."""
        if not self._loaded:
            return 0.0
        residual, dofs = self._residual(self.u[self.top]), self._loaded[self.top]
        return self.comm.allreduce(float(residual[dofs[dofs < len(residual)]].sum()))

    @property
    def typical_pressure(self) -> float:
        """The stack pressure, where there is none a small part of the strength of a bond or of the stiffness [Pa]."""
        strengths = [joint.cohesive.normal_strength for joint in self.case.joints.values() if joint.cohesive]
        softest = min(material.young_modulus for material in self.materials.values())
        return self.case.stack.pressure or (1e-3 * min(strengths) if strengths else 1e-6 * softest)

    @property
    def bonds(self) -> list[CohesiveBond]:
        """The bonds of all interfaces that have one."""
        return [interaction.bond for interaction in self._interactions if interaction.bond]

    @property
    def systems(self) -> int:
        """The number of equation systems solved in turn: 1 if the coupling is monolithic."""
        return len(self._systems)

    @property
    def unknowns(self) -> int:
        """The number of unknowns of one time step."""
        return sum(system.unknowns for system in self._systems)

    # --- equations ---------------------------------------------------------------------------------

    def _electrode(self, name: str, joints: Mapping[tuple[str, str], schema.Interface]) -> Electrode:
        host = self.materials[name].host
        assert host is not None
        feels_stress = any(joint.kinetics.stress != "none" for pair, joint in joints.items() if name in pair)
        side, wanted, u = self.domain.sides[name], self.case.hosts[name], self.u[name]
        temperature = self.case.temperature
        law, state = self.elasticity[name], self.state.scope(name)
        return Electrode(self.domain, side, wanted, host, temperature, u, law, feels_stress, state)

    def _electrolyte(self, name: str) -> Electrolyte:
        conductor = self.materials[name].electrolyte
        assert conductor is not None
        state = self.state.scope(name)
        return Electrolyte(self.domain, self.domain.sides[name], conductor, self.case.temperature, state)

    def _junction(self, interface: Interface, joint: schema.Interface) -> Junction:
        """Return the laws of one interface."""
        pair = interface.name
        electrode = next(self.electrodes[name] for name in pair if name in self.electrodes)
        electrolyte = next(self.electrolytes[name] for name in pair if name in self.electrolytes)
        interaction, state = None, self.state.scope("/".join(pair))
        if not joint.bonded:
            initial_gap = interface.function("initial_gap")
            points = interface.space.tabulate_dof_coordinates()[:, : self.domain.dimension - 1]
            initial_gap.x.array[:] = meshes.initial_gap(self.profiles[pair])(*points.T)
            sides = (self.materials[name] for name in pair)
            interaction = Interaction(
                interface,
                interface.jump(self.u),
                initial_gap,
                joint,
                mechanics.composite_modulus(*((side.young_modulus, side.poisson_ratio) for side in sides)),
                self.typical_pressure,
                self.time_step,
                self._period(),
                state,
            )
        return Junction(
            self.domain, interface, electrode, electrolyte, joint.kinetics, interaction, self.case.temperature, state
        )

    def _mechanics(self) -> list[algebra.Field]:
        """Return the equilibrium of each body."""
        load = self.typical_pressure * self.apparent_area / np.sqrt(self._interface_nodes)
        fields = []
        for body in self.bodies:
            names = self._names(body)
            u = self.u[names[0]]
            v = ufl.TestFunction(u.function_space)
            residual = 0
            for name in names:
                measure = self.domain.dx(self.domain.sides[name])
                residual += mechanics.residual(self.elasticity[name], u, v, measure, self.eigenstrain.get(name, 0.0))
            for interaction in self._interactions:
                interface = interaction.interface
                if interface.minus.name in names:
                    residual += interaction.residual(v("-"))
                if interface.plus.name in names:
                    residual += interaction.residual(-v("+"))
            if self.top in names:
                residual += self.stack.load(v)
            if u in self._anchors:
                size = self.domain.volume(body) ** (1.0 / self.domain.dimension)
                stiffness = self.domain.constant(ANCHOR * self.materials[names[0]].young_modulus / size**2)
                residual += stiffness * ufl.inner(u - self._anchors[u], v) * self.domain.dx(body)
            fields.append(algebra.Field(u, residual, load))
        return fields

    def _electrochemistry(self) -> list[algebra.Field]:
        """Return the conservation of lithium and electrons in each electrode and of ions in each electrolyte."""
        steps = [step for step in self.case.steps if isinstance(step, Galvanostatic)]
        current = max((step.density(self.one_c) for step in steps), default=self.one_c)
        load = current * self.apparent_area / np.sqrt(self._interface_nodes)
        fields = []
        for electrode in self.electrodes.values():
            q, psi = ufl.TestFunction(electrode.c.function_space), ufl.TestFunction(electrode.phi.function_space)
            lithium, electrons = electrode.lithium(q, self._weighted_step), electrode.electrons(psi)
            for junction in self.junctions:
                if junction.electrode is electrode:
                    dS = junction.interface.dS
                    lithium += junction.current / FARADAY * junction.in_electrode(q) * dS
                    electrons += junction.charge * junction.in_electrode(psi) * dS
            if electrode is self.working:
                electrons -= self.feed(psi, self.current_density)
            bounds = 0.0, electrode.c_max
            fields.append(algebra.Field(electrode.c, lithium, load / FARADAY, 0.1 * electrode.c_max, bounds))
            if electrode.stress:
                t = ufl.TestFunction(electrode.stress.function_space)
                size = self.typical_pressure * electrode.volume / np.sqrt(self._interface_nodes)
                fields.append(algebra.Field(electrode.stress, electrode.hydrostatic(t), size))
            fields.append(algebra.Field(electrode.phi, electrons, load, largest_step=0.1, level=electrode.level))
        for electrolyte in self.electrolytes.values():
            psi = ufl.TestFunction(electrolyte.phi.function_space)
            ions = electrolyte.ions(psi)
            for junction in self.junctions:
                if junction.electrolyte is electrolyte:
                    ions -= junction.charge * junction.in_electrolyte(psi) * junction.interface.dS
            if electrolyte.salt:
                q = ufl.TestFunction(electrolyte.salt.function_space)
                anions = electrolyte.anions(q, self._weighted_step)
                fields.append(
                    algebra.Field(electrolyte.salt, anions, load / FARADAY, largest_step=0.2 * electrolyte.salt_at_rest)
                )
            fields.append(algebra.Field(electrolyte.phi, ions, load, largest_step=0.1, level=electrolyte.level))
        for junction in self.junctions:
            if junction.film:
                film = junction.film_equation(ufl.TestFunction(junction.film.function_space))
                fields.append(algebra.Field(junction.film, film, load))
        return fields

    def feed(self, psi: Any, current_density: Any) -> ufl.Form:
        """Return the current through the collector [A/m²] tested with `psi`, a test function of the working electrode.

        It is spread over an electrode that the collector does not touch.
        """
        if self.top == self.working.name:
            return current_density * psi * self.domain.ds("collector")
        share = self.domain.constant(self.apparent_area / self.working.volume)
        return current_density * share * psi * self.domain.dx(self.working.side)

    def _start_potentials(self) -> None:
        """Begin at equilibrium with the counter face at 0."""
        grounded = self.electrodes.get(self.bottom)
        ionic = -grounded.initial_potential if grounded else 0.0
        for electrolyte in self.electrolytes.values():
            electrolyte.level.value = ionic
        for electrode in self.electrodes.values():
            electrode.level.value = electrode.initial_potential + ionic

    def _body(self, body: Side) -> Body:
        """Return one body as the energy ledger sees it."""
        names = self._names(body)
        u = self.u[names[0]]
        prescribed = [dofs for _, dofs in self._mechanical_constraints(held=True).of([u]).fixed]
        return Body(
            [Solid(self.domain.sides[name], self.elasticity[name], self.eigenstrain.get(name)) for name in names],
            u,
            lambda: self._residual(u),
            np.concatenate([np.empty(0, dtype=np.int32), *prescribed]),
            self.stack.load(ufl.TestFunction(u.function_space)) if self.top in names else None,
        )

    def _residual(self, function: fem.Function) -> np.ndarray:
        """Return the owned entries of the residual of a field, before constraints."""
        for system in self._systems:
            for index, field in enumerate(system.fields):
                if field.function is function:
                    return system.residual_array(index)
        raise KeyError(function.name)

    # --- what is refreshed within a step -----------------------------------------------------------

    def _update(self) -> Change:
        """Refresh what the residuals hold frozen; return the nodes that switched and the drift of the multipliers."""
        change = self._update_contact()
        lost = sum(junction.deactivate() for junction in self.junctions)
        self._ceased += lost
        for electrode in self.electrodes.values():
            if not any(junction.active_area for junction in self.junctions if junction.electrode is electrode):
                raise OpenCircuitError("open circuit: no contact left" + self._of(electrode))
        self._recentre()
        return Change(change.flipped + lost, change.drift)

    def _update_contact(self) -> Change:
        changes = [interaction.update() for interaction in self._interactions]
        return Change(sum(c.flipped for c in changes), max((c.drift for c in changes), default=0.0))

    def _recentre(self) -> None:
        """Move the means of the potentials into their levels: that of the working electrode on its collector.

        The counter face stays at 0, and under voltage control the collector at its voltage.
        """
        at_voltage, _ = self._constrained
        for name, conductor in self.conductors.items():
            working = conductor is self.working
            if name == self.bottom or (working and at_voltage):
                continue
            phi = conductor.phi
            owned = phi.function_space.dofmap.index_map.size_local
            values = phi.x.array[self._collector_dofs if working else slice(owned)]
            total, count = self.comm.allreduce(np.array([values.sum(), len(values)]))
            conductor.level.value += total / count
            phi.x.array[:] -= total / count

    # --- constraints -------------------------------------------------------------------------------

    def _constrain(self, at_voltage: bool, held: bool) -> None:
        """See to it that collector and platen are constrained as they now have to be."""
        if (at_voltage, held) == self._constrained:
            return
        self._constrained = at_voltage, held
        constraints = self._constraints()
        self._mechanical.constrain(constraints)
        self._systems[0].constrain(constraints)

    def _constraints(self) -> algebra.Constraints:
        """Return those of all fields, as collector and platen are now constrained."""
        at_voltage, held = self._constrained
        return self.potential_constraints(self._charge, at_voltage) + self._mechanical_constraints(held)

    def _mechanical_constraints(self, held: bool) -> algebra.Constraints:
        """Rigid rough platens: no motion at the counter face, one common height (free or `held`) at the collector.

        Without a platen the collector is free.
        """
        if isinstance(self.case.geometry, DoubleCantilever):
            return self._hold_arms()
        height = self.domain.dimension - 1
        constraints = self._lateral(self._displacement)
        top, bottom = self.u[self.top], self.u[self.bottom]
        upper, lower = top.function_space, bottom.function_space
        constraints.fixed.append((bottom, self.domain.dofs(lower, "counter", range(height + 1))))
        if self.case.stack.hold != "free":
            self.stack.platen = self.domain.dofs(upper, "collector", [height])
            constraints.fixed.append((top, self.domain.dofs(upper, "collector", range(height))))
            (constraints.fixed if held else constraints.tied).append((top, self.stack.platen))
        return constraints

    def _hold_arms(self) -> algebra.Constraints:
        """Held at the far end, moved up and down at the near one."""
        height = self.domain.dimension - 1
        fixed = []
        for body in self.bodies:
            u = self.u[body.name]
            space = u.function_space
            fixed.append((u, self.domain.dofs(space, f"{body.name}_right", range(height + 1))))
            self._loaded[body.name] = self.domain.dofs(space, f"{body.name}_left", [height])
            fixed.append((u, self._loaded[body.name]))
        return algebra.Constraints(fixed)

    def _set_opening(self) -> None:
        """Move the loaded ends to the present opening."""
        for sign, (name, dofs) in zip((1, -1), self._loaded.items(), strict=False):
            self.u[name].x.array[dofs] = sign * self.opening / 2

    def potential_constraints(self, fields: list[algebra.Field], at_voltage: bool = False) -> algebra.Constraints:
        """Return what holds the potentials among `fields`, in the spaces of those of the cell.

        An equipotential collector, free or held at its voltage, and the potential 0 at the counter face.
        """
        constraints = self._lateral(fields)
        phi, grounded = self.working.phi.function_space, self.conductors[self.bottom].phi.function_space
        potential = {id(field.function.function_space): field.function for field in fields}
        (constraints.fixed if at_voltage else constraints.tied).append((potential[id(phi)], self._collector_dofs))
        constraints.fixed.append((potential[id(grounded)], self.domain.dofs(grounded, "counter")))
        return constraints

    def _terminal_dofs(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the owned dofs of the working electrode at the collector's potential and those of the counter face."""
        phi, grounded = self.working.phi.function_space, self.conductors[self.bottom].phi.function_space
        collector: Indices = np.arange(phi.dofmap.index_map.size_local, dtype=np.int32)
        if self.top == self.working.name:
            collector = self.domain.dofs(phi, "collector")
        counter = self.domain.dofs(grounded, "counter")
        owned = (phi.dofmap.index_map.size_local, grounded.dofmap.index_map.size_local)
        return collector[collector < owned[0]], counter[counter < owned[1]]

    def _lateral(self, fields: list[algebra.Field]) -> algebra.Constraints:
        # the unknowns of an interface have equations of their own at each node
        interfaces = [interface.mesh for interface in self.domain.interfaces.values()]
        functions = [f.function for f in fields if f.function.function_space.mesh not in interfaces]
        return algebra.lateral(self.domain, functions, self.case.geometry.lateral)

    # --- small things ------------------------------------------------------------------------------

    @property
    def _options(self) -> dict[str, Any]:
        if self.domain.dimension == 2:
            return algebra.DIRECT
        symmetric = all(interaction.symmetric for interaction in self._interactions)
        return algebra.MULTIGRID if symmetric else algebra.UNSYMMETRIC_MULTIGRID

    def _period(self) -> tuple[float, ...]:
        """Return the lengths [m] after which the cell repeats itself."""
        geometry = self.case.geometry
        return geometry.lateral_size if isinstance(geometry, Layered) and geometry.lateral == "periodic" else ()

    @property
    def _interface_nodes(self) -> int:
        return sum(int(i.space.dofmap.index_map.size_global) for i in self.domain.interfaces.values())

    def _names(self, body: Side) -> list[str]:
        """Return the names of the sides of a body."""
        return [name for name, other in self.domain.bodies.items() if other is body]

    def _floating(self, interaction: Interaction) -> str | None:
        """Return the name of the side that only contact holds here, None where something else does."""
        sides = interaction.interface.name
        anchored = any(self.u[name] in self._anchors for name in sides)
        if anchored or isinstance(self.case.geometry, DoubleCantilever) or interaction.adhesion:
            return None
        return sides[0]

    def _of(self, electrode: Electrode) -> str:
        return f" of {electrode.name}" if len(self.electrodes) > 1 else ""

    def _commit_anchors(self) -> None:
        for u, anchor in self._anchors.items():
            anchor.x.array[:] = u.x.array


def _find(joints: Mapping[str, schema.Interface], pair: tuple[str, str]) -> schema.Interface:
    """Return the block of an interface, whose name may have the sides in either order."""
    first, second = pair
    return joints.get(f"{first}/{second}") or joints[f"{second}/{first}"]
