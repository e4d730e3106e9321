"""The half cell as a discrete problem: an electrode film on an electrolyte with a lithium reference at its far face.

Unknowns: displacement u on both sides, concentration c and potential φ_e − V in the electrode, φ_s in the electrolyte;
V is the voltage of the collector against the lithium at the counter face, where φ_s = 0 (ideal reference).
"""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import ufl
from dolfinx import fem
from dolfinx.mesh import Mesh
from mpi4py import MPI

import meshes
from materials import Material
from solver import algebra
from solver.case import Case, Charge, Discharge, DoubleCantilever, Film
from solver.domain import Domain
from solver.interface import kinetics
from solver.interface.interaction import Interaction
from solver.ledger import Body, Ledger
from solver.path import Path as EquilibriumPath
from solver.physics import conduction, diffusion, mechanics
from solver.unstable import Event, Owner

ELECTRODE, ELECTROLYTE = "electrode", "electrolyte"


class OpenCircuitError(algebra.SolveError):
    """No node of the interface is in contact, so that no current can flow."""


class Cell:
    """The fields, laws and equation systems of one case.

    Life cycle: `press` once, then per time step `save`, `advance` and `commit`, and either `restore` or `book`.
    """

    def __init__(self, case: Case, electrode: Material, electrolyte: Material, folder: Path, comm: MPI.Comm) -> None:
        assert electrode.host is not None and electrolyte.electrolyte is not None
        self.case, self.comm = case, comm
        self.host = electrode.host
        self.materials = {ELECTRODE: electrode, ELECTROLYTE: electrolyte}
        tagged, self.profile = meshes.build(comm, case.geometry, folder)
        self.domain = domain = Domain(tagged)
        self.sides = {ELECTRODE: domain.sides[ELECTRODE], ELECTROLYTE: domain.sides[ELECTROLYTE]}
        self.interface = domain.interfaces[ELECTRODE, ELECTROLYTE]
        lateral = case.geometry.lateral
        if lateral != "free":
            for axis in range(domain.dimension - 1):
                self.interface.continue_normals(axis, lateral == "periodic")
        self.apparent_area = domain.area("collector")
        self.geometric_area = self.interface.sum(np.ones_like(self.interface.areas.x.array))
        self.electrode_volume = domain.integrate(domain.form(self.constant(1.0) * domain.dx(self.sides[ELECTRODE])))

        dimension = domain.dimension
        self.u = {
            name: fem.Function(side.space(1, (dimension,)), name=f"u_{name}") for name, side in self.sides.items()
        }
        scalar = {name: side.space() for name, side in self.sides.items()}
        self.c = fem.Function(scalar[ELECTRODE], name="c")
        self.c_old = fem.Function(scalar[ELECTRODE], name="c_old")
        self.phi_e = fem.Function(scalar[ELECTRODE], name="phi_e")
        self.phi_s = fem.Function(scalar[ELECTROLYTE], name="phi_s")
        self.activity = self.interface.function("activity")
        self.voltage = self.constant(0.0)
        self.current_density = self.constant(0.0)
        self.time_step = self.constant(1.0)
        self.pressure = self.constant(case.stack.pressure or 0.0)
        self.opening = 0.0

        self.c_max = self.host.maximum_concentration
        self.lithium_capacity = self.electrode_volume * self.c_max
        self.c_initial = case.electrode.initial_stoichiometry * self.c_max
        self.c.x.array[:] = self.c_old.x.array[:] = self.c_initial
        self.voltage.value = float(self.host.open_circuit_potential(case.electrode.initial_stoichiometry))
        self.initial_gap = self.interface.function("initial_gap")
        points = self.interface.space.tabulate_dof_coordinates()[:, : dimension - 1]
        self.initial_gap.x.array[:] = meshes.initial_gap(self.profile)(*points.T)

        self.eigenstrain = {
            ELECTRODE: diffusion.eigenstrain(
                self.c, self.constant(self.c_initial), self.constant(self.host.partial_molar_volume)
            ),
            ELECTROLYTE: self.constant(0.0),
        }
        law = mechanics.FiniteRotation if case.kinematics == "finite_rotation" else mechanics.Elasticity
        self.elasticity = {
            name: law.constant(domain.mesh, material.young_modulus, material.poisson_ratio)
            for name, material in self.materials.items()
        }
        pairs = [(material.young_modulus, material.poisson_ratio) for material in self.materials.values()]
        self.composite_modulus = mechanics.composite_modulus(*pairs)
        self.interaction = Interaction(
            self.interface,
            self.interface.jump(self.u),
            self.initial_gap,
            case.interface,
            self.composite_modulus,
            self.typical_pressure,
            self.time_step,
            self._period(),
        )
        self.contact, self.bond = self.interaction.contact, self.interaction.bond
        self.local_current = self._local_current()
        self.local_current_reader = self.interface.reader(self.local_current)

        displacement = self._mechanics()
        charge = self._electrochemistry(electrolyte.electrolyte.ionic_conductivity)
        self._displacement = displacement
        self._loaded: dict[str, np.ndarray] = {}
        floating = self._mechanical_constraints(held=False)
        self._pressing = algebra.System(domain, displacement, floating, self._options)
        mechanical = self._mechanical_constraints(held=case.stack.hold == "fixed_thickness")
        none = np.empty(0, dtype=np.int32)
        self._held = [np.concatenate([none, *(d for i, d in mechanical.fixed if i == index)]) for index in range(2)]
        electrical = self._electrical_constraints(charge)
        if dimension == 2:
            both = _joined(electrical, mechanical, offset=len(charge))
            self._systems = [algebra.System(domain, [*charge, *displacement], both, algebra.DIRECT)]
        else:
            self._systems = [
                algebra.System(domain, charge, electrical, algebra.DIRECT),
                algebra.System(domain, displacement, mechanical, self._options),
            ]
        self.ledger: Ledger | None = None

    # --- the run -----------------------------------------------------------------------------------

    def press(self) -> algebra.Report:
        """Bring the two sides together under the stack pressure and bond what touches."""
        hold = self.case.stack.hold
        loose = not isinstance(self.case.geometry, DoubleCantilever) and self.interaction.adhesion is None
        report = algebra.Report(0, 0)
        if self.case.stack.pressure:
            self.contact.close()
            self.contact.floating = ELECTRODE if loose else None
            report = self._pressing.solve(self.interaction.update)
        else:
            self.contact.active.x.array[:] = self.interaction.lying
        self.interaction.join()
        self.contact.floating = ELECTRODE if loose and hold != "fixed_thickness" and self.bond is None else None
        self.activity.x.array[:] = self.interaction.touching
        self.ledger = Ledger(self.domain, [self._body(name) for name in self.sides], self.interaction.laws)
        return report

    def advance(self, time_step: float, current_density: float) -> algebra.Report:
        """Solve one implicit step of `time_step` [s] at `current_density` [A/m² of apparent area, > 0 on charge]."""
        self.time_step.value = time_step
        self.current_density.value = current_density
        self.activity.x.array[:] = self.interaction.touching
        self._set_opening()
        newton = linear = quiet = 0
        most = 20 * len(self._systems)
        for solved, system in enumerate(itertools.islice(itertools.cycle(self._systems), most), start=1):
            report = system.solve(self._update)
            newton += report.newton
            linear += report.linear
            quiet = 0 if report.newton else quiet + 1
            if solved >= len(self._systems) and quiet >= len(self._systems) - 1:
                return algebra.Report(newton, linear)
        raise algebra.SolveError("electrochemistry and mechanics do not settle in 20 sweeps")

    def run_crack(self, time_step: float, current_density: float) -> tuple[Event, algebra.Report]:
        """Let a crack run that no time step, however short, can follow; then solve the step of that length again.

        The crack runs in no time: but for the first state the concentration stays what it is. SolveError as `advance`.
        """
        assert self.interaction.relaxation is not None
        mechanical = self._mechanical_constraints(held=self.case.stack.hold == "fixed_thickness")
        still = algebra.System(self.domain, self._displacement, mechanical, self._options)
        begun = False

        def solve() -> algebra.Report:
            return still.solve(self.interaction.update) if begun else self.advance(time_step, current_density)

        def commit() -> None:
            nonlocal begun
            begun = True
            self.interaction.commit()
            self.book()

        try:
            event = self.interaction.relaxation.run(Owner(solve, self.save, self.restore, commit))
        finally:
            still.destroy()
        return event, self.advance(time_step, current_density)

    def path(self) -> EquilibriumPath:
        """Return the path of equilibrium from the present state, along which the crack grows; λ is the opening [m]."""
        bond = self.bond
        assert bond is not None and isinstance(self.case.geometry, DoubleCantilever)

        def load(opening: float) -> None:
            self.opening = opening
            self._set_opening()

        def commit() -> None:
            self.commit()
            self.book()
            self.activity.x.array[:] = self.interaction.touching

        # in a step the crack grows by about the distance of nodes, in 3D along all of its front
        width = self.case.geometry.width or 1.0
        return EquilibriumPath(
            self._systems[-1],
            load,
            [bond],
            [self.interface.jump(self.u)],
            bond.final_opening * self.mean_spacing * width,
            self._update,
            self._state,
            commit,
        )

    def commit(self) -> float:
        """Take the present state as the start of the next step.

        Return the largest share of its toughness that the bond lost at any node.
        """
        self.c_old.x.array[:] = self.c.x.array
        return self.interaction.commit()

    def book(self) -> None:
        """Enter the step just committed, which cannot be taken back any more, in the energy ledger."""
        assert self.ledger is not None
        self.ledger.book()

    def save(self) -> list[np.ndarray]:
        """Return a copy of the whole state."""
        return [np.copy(array) for array in self._state()]

    def restore(self, saved: list[np.ndarray]) -> None:
        """Bring back a state returned by `save`."""
        for array, copy in zip(self._state(), saved, strict=True):
            array[...] = copy

    def terminal_currents(self) -> tuple[float, float]:
        """Return the currents [A] fed in at the collector and drawn at the counter face.

        Both come from the residual of charge conservation: tested with 1, conduction drops out of it, so that what the
        free rows leave unbalanced is the difference between terminal and interface.
        """
        electrons, ions = (self._systems[0].residual_array(index) for index in (1, 2))
        counter = self._counter_dofs[self._counter_dofs < len(ions)]
        unbalanced, drawn = self.comm.allreduce(np.array([electrons.sum(), -ions[counter].sum()]))
        return self.interface.sum(self.local_current_reader.read()) - unbalanced, drawn

    def stack_pressure(self) -> float:
        """Return the pressure of the platen on the collector face [Pa]: its reaction over the apparent area."""
        residual = self._mechanical_residual(ELECTRODE)
        unbalanced = self.comm.allreduce(float(residual[self._platen_dofs[self._platen_dofs < len(residual)]].sum()))
        return float(self.pressure.value) - unbalanced / self.apparent_area

    def constant(self, value: float, domain: Mesh | None = None) -> fem.Constant:
        """Return a constant of the parent mesh, or of another `domain`: other numbers need no new compilation."""
        return fem.Constant(domain or self.domain.mesh, np.float64(value))

    def opening_force(self) -> float:
        """Return the force [N, in 2D N per metre of depth] that holds the loaded ends open, 0 where there are none."""
        if not self._loaded:
            return 0.0
        residual, dofs = self._mechanical_residual(ELECTRODE), self._loaded[ELECTRODE]
        return self.comm.allreduce(float(residual[dofs[dofs < len(residual)]].sum()))

    @property
    def typical_pressure(self) -> float:
        """The stack pressure, where there is none a small part of the strength of the bond or of the stiffness [Pa]."""
        case = self.case
        small = (
            1e-3 * case.interface.cohesive.normal_strength
            if case.interface.cohesive
            else 1e-6 * min(material.young_modulus for material in self.materials.values())
        )
        return case.stack.pressure or small

    @property
    def mean_spacing(self) -> float:
        """The mean distance of the nodes of the interface [m]."""
        return float((self.geometric_area / self._interface_nodes) ** (1.0 / (self.domain.dimension - 1)))

    @property
    def systems(self) -> int:
        """The number of equation systems solved in turn: 1 if the coupling is monolithic."""
        return len(self._systems)

    @property
    def unknowns(self) -> int:
        """The number of unknowns of one time step."""
        return sum(system.unknowns for system in self._systems)

    # --- equations ---------------------------------------------------------------------------------

    def _mechanics(self) -> list[algebra.Field]:
        v = {name: ufl.TestFunction(u.function_space) for name, u in self.u.items()}
        # the part of ⟦v⟧ that belongs to each side
        jump = {name: self.interface.restrict(v[name], side) for name, side in self.sides.items()}
        jump[ELECTRODE] = -jump[ELECTRODE]
        load = self.typical_pressure * self.apparent_area / np.sqrt(self._interface_nodes)
        fields = []
        for name, side in self.sides.items():
            residual = mechanics.residual(
                self.elasticity[name], self.u[name], v[name], self.domain.dx(side), self.eigenstrain[name]
            )
            residual += self.interaction.residual(jump[name])
            if name == ELECTRODE:
                residual += self._stack_load(v[name])
            fields.append(algebra.Field(self.u[name], residual, load))
        return fields

    def _stack_load(self, v: Any) -> ufl.Form:
        """Return the virtual work of the stack pressure, as part of the residual."""
        return self.pressure * v[self.domain.dimension - 1] * self.domain.ds("collector")

    def _body(self, name: str) -> Body:
        """Return one side as the energy ledger sees it."""
        u = self.u[name]
        return Body(
            self.sides[name],
            u,
            self.elasticity[name],
            lambda: self._mechanical_residual(name),
            self._held[list(self.sides).index(name)],
            self._stack_load(ufl.TestFunction(u.function_space)) if name == ELECTRODE else None,
            self.eigenstrain[name] if name == ELECTRODE else None,
        )

    def _mechanical_residual(self, name: str) -> np.ndarray:
        """Return the owned entries of the residual of the displacement of a side, before constraints."""
        system = self._systems[-1]
        return system.residual_array(next(i for i, f in enumerate(system.fields) if f.function is self.u[name]))

    def _electrochemistry(self, ionic_conductivity: float) -> list[algebra.Field]:
        q, psi_e, psi_s = (ufl.TestFunction(f.function_space) for f in (self.c, self.phi_e, self.phi_s))
        electrode, electrolyte = (self.domain.dx(side) for side in self.sides.values())
        dS, j = self.interface.dS, self.local_current
        lithium = (
            diffusion.residual(self.c, self.c_old, q, self.constant(self.host.diffusivity), self.time_step, electrode)
            + j / kinetics.FARADAY * q("+") * dS
        )
        electrons = (
            conduction.residual(self.phi_e, psi_e, self.constant(self.host.electronic_conductivity), electrode)
            + j * psi_e("+") * dS
            - self.current_density * psi_e * self.domain.ds("collector")
        )
        kappa = self.constant(ionic_conductivity)
        ions = conduction.residual(self.phi_s, psi_s, kappa, electrolyte) - j * psi_s("-") * dS
        currents = [step.current_density for step in self.case.steps if isinstance(step, Charge | Discharge)]
        current = max(currents, default=self.case.interface.kinetics.exchange_current_density)
        load = current * self.apparent_area / np.sqrt(self._interface_nodes)
        return [
            algebra.Field(self.c, lithium, load / kinetics.FARADAY, largest_step=0.1 * self.c_max),
            algebra.Field(self.phi_e, electrons, load, largest_step=0.1),
            algebra.Field(self.phi_s, ions, load, largest_step=0.1),
        ]

    def _local_current(self) -> Any:
        """Return j_n [A/m²] on the interface, exactly zero where the activity is."""
        law = self.case.interface.kinetics
        theta = self.c("+") / self.constant(self.c_max)
        eta = self.voltage + self.phi_e("+") - self.phi_s("-") - self.host.open_circuit_potential(theta)
        j_0 = kinetics.exchange_current_density(theta, self.constant(law.exchange_current_density))
        anodic, cathodic = self.constant(law.anodic_transfer), self.constant(law.cathodic_transfer)
        j = kinetics.butler_volmer(j_0, eta, self.constant(self.case.temperature), anodic, cathodic)
        return self.activity("+") * j

    def _update(self) -> tuple[int, float]:
        """Refresh what the residuals hold frozen; return the nodes that switched and the drift of the multiplier."""
        flipped, drift = self.interaction.update()
        flipped += self._deactivate()
        self._recentre()
        return flipped, drift

    def _deactivate(self) -> int:
        """Stop the current at nodes that no longer touch; return their number.

        A node that closes again conducts from the next time step on: current shrinks the host and so may open the very
        node it crosses, and within one step there need be no state in which such a node stays closed or stays open.
        """
        activity = self.activity.x.array
        lost = (activity > 0.0) & ~self.interaction.touching
        activity[lost] = 0.0
        if self.interface.sum(activity) == 0.0:
            raise OpenCircuitError("open circuit: no contact left")
        return self.interface.count(lost)

    def _recentre(self) -> None:
        """Move the potential of the collector from φ_e into V, so that φ_e holds small differences only."""
        values = self.phi_e.x.array[self._collector_dofs]
        total, count = self.comm.allreduce(np.array([values.sum(), len(values)]))
        self.voltage.value += total / count
        self.phi_e.x.array[:] -= total / count

    # --- constraints -------------------------------------------------------------------------------

    def _mechanical_constraints(self, held: bool) -> algebra.Constraints:
        """Rigid rough platens: no motion at the counter face, one common height (free or `held`) at the collector.

        Without a platen the collector is free.
        """
        height = self.domain.dimension - 1
        upper, lower = (f.function.function_space for f in self._displacement)
        constraints = self._lateral(self._displacement)
        constraints.fixed.append((1, self.domain.dofs(lower, "counter", range(height + 1))))
        self._platen_dofs = self.domain.dofs(upper, "collector", [height])
        if isinstance(self.case.geometry, DoubleCantilever):
            return self._hold_arms()
        if self.case.stack.hold == "free":
            return constraints
        constraints.fixed.append((0, self.domain.dofs(upper, "collector", range(height))))
        (constraints.fixed if held else constraints.tied).append((0, self._platen_dofs))
        return constraints

    def _hold_arms(self) -> algebra.Constraints:
        """Held at the far end, moved up and down at the near one."""
        height = self.domain.dimension - 1
        fixed = []
        for index, name in enumerate(self.sides):
            space = self.u[name].function_space
            fixed.append((index, self.domain.dofs(space, f"{name}_right", range(height + 1))))
            self._loaded[name] = self.domain.dofs(space, f"{name}_left", [height])
            fixed.append((index, self._loaded[name]))
        return algebra.Constraints(fixed)

    def _set_opening(self) -> None:
        """Move the loaded ends to the present opening."""
        for sign, (name, dofs) in zip((1, -1), self._loaded.items(), strict=False):
            self.u[name].x.array[dofs] = sign * self.opening / 2

    def _electrical_constraints(self, fields: list[algebra.Field]) -> algebra.Constraints:
        """An equipotential collector and the reference potential 0 at the counter face."""
        constraints = self._lateral(fields)
        collector = self.domain.dofs(self.phi_e.function_space, "collector")
        self._collector_dofs = collector[collector < self.phi_e.function_space.dofmap.index_map.size_local]
        self._counter_dofs = self.domain.dofs(self.phi_s.function_space, "counter")
        constraints.tied.append((1, self._collector_dofs))
        constraints.fixed.append((2, self._counter_dofs))
        return constraints

    def _lateral(self, fields: list[algebra.Field]) -> algebra.Constraints:
        functions = {index: f.function for index, f in enumerate(fields)}
        return algebra.lateral(self.domain, functions, self.case.geometry.lateral)

    # --- small things ------------------------------------------------------------------------------

    @property
    def _options(self) -> dict[str, Any]:
        if self.domain.dimension == 2:
            return algebra.DIRECT
        return algebra.MULTIGRID if self.interaction.symmetric else algebra.UNSYMMETRIC_MULTIGRID

    def _period(self) -> tuple[float, ...]:
        """Return the lengths [m] after which the cell repeats itself."""
        geometry = self.case.geometry
        if not isinstance(geometry, Film) or geometry.lateral != "periodic":
            return ()
        return (geometry.length, geometry.width or geometry.length)[: geometry.dimension - 1]

    @property
    def _interface_nodes(self) -> int:
        return int(self.interface.space.dofmap.index_map.size_global)

    def _state(self) -> list[np.ndarray]:
        functions = [*self.u.values(), self.c, self.c_old, self.phi_e, self.phi_s, self.activity]
        return [f.x.array for f in functions] + [*self.interaction.state, self.voltage.value]


def _joined(first: algebra.Constraints, second: algebra.Constraints, offset: int) -> algebra.Constraints:
    """Return the constraints of two groups of fields, the second group's field indices raised by `offset`."""
    return algebra.Constraints(
        first.fixed + [(index + offset, dofs) for index, dofs in second.fixed],
        first.tied + [(index + offset, dofs) for index, dofs in second.tied],
        first.periodic + [(index + offset, far, near, axis) for index, far, near, axis in second.periodic],
    )
