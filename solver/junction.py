"""One interface between an electrode and an electrolyte: what holds it together and the current that crosses it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import ufl
from dolfinx import fem

from interstice import schema
from interstice.solver.bdf2 import Scheme, remember
from interstice.solver.domain import Domain, Interface
from interstice.solver.electrode import Electrode
from interstice.solver.electrolyte import Electrolyte
from interstice.solver.interface import kinetics
from interstice.solver.interface.cohesive import CohesiveBond
from interstice.solver.interface.interaction import Interaction
from interstice.solver.state import State

Array = npt.NDArray[np.float64]


SMALLEST_GAP = 1e-10
"""Gap [m] below which an open one has no larger capacitance: that of atoms."""


class Junction:
    """The laws of one interface. `interaction` is None where the two sides are bonded to one body.

    `current` is j_n [A/m²] in UFL, positive when Li⁺ leaves the electrode and exactly zero where `activity` is;
    `charge` is that and what charges the gap. Behind a film, j_n is the unknown `film`, of `film_equation`.
    """

    def __init__(
        self,
        domain: Domain,
        interface: Interface,
        electrode: Electrode,
        electrolyte: Electrolyte,
        law: schema.Kinetics,
        interaction: Interaction | None,
        temperature: float,
        state: State,
    ) -> None:
        self.interface, self.electrode, self.electrolyte = interface, electrode, electrolyte
        self.interaction = interaction
        self.activity = state.function(interface.function("activity"))
        self.geometric_area = interface.sum(np.ones_like(self.activity.x.array))

        constant = domain.constant
        self._held, self._gradual = state.function(interface.function("held")), law.onset_pressure is not None
        share = self.activity("+") * self._conducting_share(law.onset_pressure, constant)
        theta = electrode.theta(self.in_electrode(electrode.c))
        equilibrium = electrode.open_circuit_potential(theta)
        potential_jump = electrode.level + self.in_electrode(electrode.phi)
        potential_jump -= electrolyte.level + self.in_electrolyte(electrolyte.phi)
        stress: Any = 0.0
        if law.stress == "thermodynamic":
            volume = electrode.lithium_volume(theta)
            stress += kinetics.stress_overpotential(self.in_electrode(electrode.stress), volume)
        if law.strain_coefficient is not None:
            strain = self.in_electrode(electrode.dilation)
            stress += kinetics.strain_overpotential(strain, constant(law.strain_coefficient))
        overpotential = potential_jump - equilibrium + stress

        warmth = kinetics.arrhenius(law.activation_energy, temperature, kinetics.ROOM_TEMPERATURE)
        transfer = constant(law.anodic_transfer), constant(law.cathodic_transfer)
        salt = 1.0
        if electrolyte.salt is not None:
            salt = self.in_electrolyte(electrolyte.salt) / constant(electrolyte.salt_at_rest)
        reference = constant(float(law.exchange_current_density * warmth))
        j_0 = kinetics.exchange_current_density(theta, reference, *transfer, salt)

        def faradaic(eta: Any) -> Any:
            return kinetics.LAWS[law.law](j_0, eta, constant(temperature), *transfer)

        losses = {"kinetic": overpotential, "concentration": equilibrium}
        if law.stress == "thermodynamic" or law.strain_coefficient is not None:
            losses["stress"] = -stress
        self.film: fem.Function | None = None
        if law.film_resistance is None:
            self.current = share * faradaic(overpotential)
        else:
            self.film = state.function(interface.function(f"j at {self.name}"))
            resistance = constant(law.film_resistance)
            self.current = self.film("+")
            self._film_law = share, faradaic, overpotential, resistance
            losses["film"] = resistance * self.current
            losses["kinetic"] = overpotential - losses["film"]
        self.charge = self.current
        self._gap: _Gap | None = None
        if law.gap_permittivity is not None and interaction is not None:
            gap = interaction.contact.normal_gap
            self._gap = _Gap(interface, potential_jump, gap, law.gap_permittivity, state.scope("gap"))
            self.charge = self.current + self._gap.current(self.activity("+"))
        self._share = interface.reader(share)
        self._current, self._charge = interface.reader(self.current), interface.reader(self.charge)
        self._losses = {name: interface.reader(loss) for name, loss in losses.items()}

    def film_equation(self, t: Any) -> ufl.Form:
        """Return the weak form that defines j_n behind a film, tested with `t`."""
        return kinetics.film_residual(self.current, t("+"), *self._film_law, self.interface.dS)

    def _conducting_share(self, onset: float | None, constant: Callable[[float], fem.Constant]) -> Any:
        """Return in UFL which share of what touches conducts: p/(p + onset), all of it where a bond holds."""
        if onset is None or self.interaction is None:
            return 1.0
        pressure = ufl.max_value(self.interaction.contact.law, 0.0)
        return self._held("+") + (1 - self._held("+")) * pressure / (pressure + constant(onset))

    @property
    def name(self) -> str:
        """The names of both sides, as cathode/separator."""
        return "/".join(self.interface.name)

    def in_electrode(self, f: Any) -> Any:
        """Return `f` on the interface as seen from the electrode."""
        return self.interface.restrict(f, self.electrode.side)

    def in_electrolyte(self, f: Any) -> Any:
        """Return `f` on the interface as seen from the electrolyte."""
        return self.interface.restrict(f, self.electrolyte.side)

    @property
    def bond(self) -> CohesiveBond | None:
        """The bond of the interface, if it has one."""
        return self.interaction.bond if self.interaction else None

    @property
    def mean_spacing(self) -> float:
        """The mean distance of the nodes of the interface [m]."""
        nodes = int(self.interface.space.dofmap.index_map.size_global)
        return float((self.geometric_area / nodes) ** (1.0 / self.interface.mesh.topology.dim))

    @property
    def touching(self) -> npt.NDArray[np.bool_]:
        """Where lithium can cross, shape (local and ghost nodes,)."""
        if self.interaction is None:
            return np.ones(len(self.activity.x.array), dtype=bool)
        return self.interaction.touching

    def join(self) -> None:
        """Let what touches, pressed or not, grow together and conduct: the state after assembly."""
        if self.interaction:
            self.interaction.join()
        if self.bond:
            self._held.x.array[:] = self.bond.holding
        self.activate()
        self.commit()

    def activate(self) -> int:
        """Let current cross wherever the sides touch, as it does from the next time step on.

        Return the number of nodes at which the current begins or ends.
        """
        before = self.activity.x.array + self._held.x.array
        if self.bond:
            self._held.x.array[:] *= self.bond.holding
        self.activity.x.array[:] = 1.0 if self._gradual else self.touching
        return self.interface.count(before != self.activity.x.array + self._held.x.array)

    def deactivate(self) -> int:
        """Stop the current at nodes that no longer touch; return their number.

        A node that closes again conducts from the next time step on: current shrinks the host and so may open the very
        node it crosses, and within one step there need be no state in which such a node stays closed or stays open.
        """
        if self._gradual:
            # the current vanishes with the pressure: within one step there is one state, of nodes that close again too
            return 0
        lost = (self.activity.x.array > 0.0) & ~self.touching
        self.activity.x.array[lost] = 0.0
        if self.film:
            self.film.x.array[lost] = 0.0
        return self.interface.count(lost)

    @property
    def active_area(self) -> float:
        """The area that lithium crosses [m²]."""
        return self.interface.sum(self.read_share())

    def read_share(self) -> Array:
        """Return the share of each node's area that conducts, 0 on Γ_d, shape (local and ghost nodes,)."""
        return self._share.read()

    def read_current(self) -> Array:
        """Return j_n at the nodes [A/m²], shape (local and ghost nodes,)."""
        return self._current.read()

    def read_charge(self) -> Array:
        """Return the current density at the nodes that crosses as lithium or charges a gap [A/m²]."""
        return self._charge.read()

    def losses(self) -> dict[str, float]:
        """Return the power [W] that the current loses in each way: kinetic, film, stress; and to the potential U.

        Each is ∫ j_n V dS of a voltage V; U goes by the name of concentration.
        """
        j = self.read_current()
        return {name: self.interface.sum(j * loss.read()) for name, loss in self._losses.items()}

    def begin(self, scheme: Scheme) -> None:
        """Begin a time step of the time scheme."""
        if self._gap:
            self._gap.begin(scheme)

    def commit(self) -> None:
        """Take the present state as the start of the next time step."""
        if self._gap:
            self._gap.commit()


class _Gap:
    """The displacement current across what has opened: C d(Δφ)/dt, with C = ε_0 ε_r/g_n."""

    def __init__(self, interface: Interface, difference: Any, gap: Any, permittivity: float, state: State) -> None:
        self._difference, self._start = difference, interface.function("start of the potential difference")
        self._reader = interface.reader(difference)
        self._time = fem.Constant(interface.dS.ufl_domain(), np.float64(1.0))
        self._capacitance = kinetics.gap_capacitance(gap, permittivity, SMALLEST_GAP)
        self.past = [state.array(f"past {back}", np.copy(self._start.x.array)) for back in range(2)]

    def current(self, activity: Any) -> Any:
        """Return the current density [A/m²] in UFL, of the sign of j_n."""
        return kinetics.charging_current(self._capacitance, self._difference, self._start("+"), self._time, activity)

    def begin(self, scheme: Scheme) -> None:
        self._start.x.array[:], self._time.value = scheme.history(self.past), scheme.tau

    def commit(self) -> None:
        remember(self.past, self._reader.read())
