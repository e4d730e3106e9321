"""Unilateral contact: g_n ≥ 0, p_n ≥ 0, g_n p_n = 0 at every node of the interface.

Augmented Lagrangian with an explicit active set χ ∈ {0, 1} per node:

    p_n = χ (λ − r g_n)   in the weak form,        after each Newton step   λ ← χ ⟨λ − r g_n⟩,   χ ← [λ − r g_n > 0].

The multiplier is updated inside the Newton loop. On the active nodes each step divides the gap by about r h/E, so that
the fixed point is p_n = λ with g_n = 0 on them: the primal-dual active-set method with λ eliminated (Alart and
Curnier 1991; Hintermüller, Ito and Kunisch 2002). The penalty method is the same without the update of λ.

Three rules make it converge from any start, whatever r is: a step that puts more force on nodes that switch than on
those that stay leaves λ alone, for it went far wrong; where the active set has settled but gaps shrink slowly, r is
raised; forces too small to matter switch no node, for there rounding alone decides.

With a hardness H, p_n ≤ H too, and surfaces that would press on each other harder flatten for good
(`interstice.solver.interface.flattening`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import ufl
from scipy.spatial import cKDTree

from interstice import schema
from interstice.solver.algebra import SolveError
from interstice.solver.interface.flattening import Flattening
from interstice.solver.ledger import LawWork, Share
from interstice.solver.model import Model
from interstice.solver.part import Caution, Change, Part, Shown, Term, Work
from interstice.solver.site import Face

NEGLIGIBLE = 1e-8
"""Pressure that counts as none, over the largest or the typical one: whether a node presses so does not matter."""
CLOSED = {2: 1e-11, 3: 1e-10}
"""Gap of a pressed node, over the one that the largest pressure p would close in a layer as thick as h, p h/E*, by
dimension: where the penalty is ten times as large a Newton step closes ten times as much."""
NEARLY = {2: 0.0, 3: 0.2}
"""A node nearly touches where this share of the largest pressure p would close its gap in a layer as thick as h, by
dimension: a multigrid hierarchy, made at the start, carries nodes that open later better than those that close."""
SLOW = 0.1
"""A step on a settled active set is expected to shrink the gaps on it by more than this factor."""
AMPLE = 1e2
"""r over E*/h where a smaller one has proved slow."""
SETTLED = 0.1
"""Relative change of the force on the interface at which it is what the loads ask for."""
HERTZIAN = 1.5
"""F/(E* δ √A) of a sphere, F/(E* δ) of a cylinder per depth (π/2), where the initial gap is below δ on the area A."""


UNKNOWN = 0.1
"""Pressure over E* that is beyond any hardness, where none is known."""
LYING = 1e-9
"""Gap over the spacing of nodes up to which sides lie on each other."""


class Contact(Part):
    """Frictionless contact on one interface.

    `floating` is the name of a side that contact alone holds, None where there is none; its owner may change that.
    `closed` is the relative gap (see CLOSED) at which λ is left as it is. At `spared` nodes (local and ghost nodes,)
    something else sees to the gap: no pressure acts there.
    """

    account = "remainder"
    stored = 0.0
    in_turn = False
    """Whether electrochemistry is solved apart."""

    def __init__(
        self,
        face: Face,
        augmentation: float,
        update: bool = True,
        floating: str | None = None,
        hardness: float | None = None,
    ) -> None:
        """Prepare contact with r = augmentation · E*/h [Pa/m], h the nodal spacing; `update`: λ is updated.

        Errors are judged against the largest pressure or, when contact is nearly lost, the typical one of the face.
        With a `hardness` [Pa], for which λ has to be updated, what touches may flatten.
        """
        face.contact = self
        self.face, self.label, interface = face, face.label, face.interface
        self.floating = floating
        self.closed = CLOSED[interface.mesh.topology.dim + 1]
        self.interface = interface
        self.update_multiplier = update
        state = face.state.scope("contact")
        self.multiplier, self.active, self.augmentation = (
            state.function(interface.function(name)) for name in ("multiplier", "active", "augmentation")
        )
        self._reached = state.function(interface.function("pressure reached"))
        self._modulus = face.modulus
        self._stiffness = self._modulus / interface.spacing.x.array
        self.augmentation.x.array[:] = augmentation * self._stiffness
        self.flattening: Flattening | None = None
        if hardness is not None:
            self.flattening = Flattening(interface, state, hardness, self._stiffness)
            face.recessions.append(self.flattening.depth("+"))
        self.normal_gap = face.normal_gap
        self.gap = interface.reader(self.normal_gap)
        state.function(self.gap.values, "gap")
        self.spared = state.array("spared", np.zeros(len(self.active.x.array), dtype=bool), interface.space)
        self._gentle, self._eased = False, state.array("eased", np.zeros_like(self.active.x.array), interface.space)
        self._drift, self._pull = state.number("drift", np.inf), state.number("pull", np.nan)
        if floating:
            self.close()

    def terms(self) -> Iterable[Term]:
        return self.face.on_jump(self.residual)

    def residual(self, jump_test: Any) -> ufl.Form:
        """Return −∫ p_n n · ⟦v⟧ dS."""
        return -self.law * ufl.inner(jump_test, self.interface.normal("+")) * self.interface.dS

    @property
    def law(self) -> Any:
        """The contact pressure p_n [Pa] in UFL."""
        resistance = self.augmentation("+")
        if self.flattening:
            flows = self.flattening.flows("+")
            resistance = (1 - flows) * resistance + flows * self.flattening.resistance("+")
        return self.active("+") * (self.multiplier("+") - resistance * self.normal_gap)

    def tangent(self, law: Callable[[Any], Any]) -> tuple[Any, Any]:
        """Return a `law` of the contact pressure in UFL at the one reached with the last update, and its change since.

        With a multiplier just updated p_n is twice a Newton step further on, which only what is linear in it may be: a
        law that is not would be linearised there, and Newton's method go to and fro. At a solution nothing changes.

        Where mechanics is solved `in_turn` the pressure is the one that it found, and what moves a surface in between
        does not change it.
        """
        reached = ufl.variable(self._reached("+"))
        value = law(reached)
        if self.in_turn:
            return value, 0.0
        return value, ufl.diff(value, reached) * (self.law - self._reached("+"))

    @property
    def reached(self) -> npt.NDArray[np.float64]:
        """The pressure that the last Newton step found at the nodes that touch [Pa], shape (local and ghost nodes,).

        At a solution it is `pressure`, which before is a step further on, and nothing where λ begins anew.
        """
        reached: npt.NDArray[np.float64] = self.active.x.array * self._reached.x.array
        return reached

    @property
    def pressure(self) -> np.ndarray:
        """The contact pressure at the nodes [Pa], shape (local and ghost nodes,), for the gap as last read."""
        trial = self.multiplier.x.array - self.augmentation.x.array * self.gap.values.x.array
        if self.flattening:
            flows = self.flattening.flowing
            trial = np.where(flows, self.flattening.hardness, np.minimum(trial, self.flattening.hardness))
        return self.active.x.array * np.maximum(trial, 0.0)

    @property
    def traction(self) -> npt.NDArray[np.float64]:
        """The traction −p_n n at the nodes [Pa], shape (local and ghost nodes × d,)."""
        normal = self.interface.normal.x.array.reshape(-1, self.interface.mesh.geometry.dim)
        return (-self.pressure[:, None] * normal).ravel()

    @property
    def lying(self) -> npt.NDArray[np.bool_]:
        """Where the sides lie on each other, pressed or not, shape (local and ghost nodes,)."""
        lying: npt.NDArray[np.bool_] = self.gap.read() <= LYING * self.interface.spacing.x.array
        return lying

    def spare(self, nodes: np.ndarray) -> None:
        """Leave the gap of `nodes`, and of no others, to something else; shape (local and ghost nodes,)."""
        self.spared[:] = nodes
        self.active.x.array[nodes] = self.multiplier.x.array[nodes] = self._reached.x.array[nodes] = 0.0

    def release(self, nodes: np.ndarray) -> None:
        """Let nodes that lie on each other press again, with nothing at first; `nodes` (local and ghost nodes,)."""
        self.active.x.array[nodes] = 1.0
        self.multiplier.x.array[nodes] = (self.augmentation.x.array * self.gap.values.x.array)[nodes]

    def start(self, active: np.ndarray) -> None:
        """Look for the touching nodes from those where `active` (local and ghost nodes,) is true, from all if none is.

        Nothing presses as yet. Collective.
        """
        self.active.x.array[:] = active if self.interface.count(active) else 1.0
        self.multiplier.x.array[:] = 0.0

    def ease(self) -> None:
        """Let nodes that open or close pass through p_n = 0: for what depends on the pressure, and most so near 0.

        Where a concave function of the pressure drives the gap apart, Newton's method finds the pressure from below.
        """
        self._gentle = True

    def outdo(self, stiffness: np.ndarray) -> None:
        """Let r be so much above the `stiffness` K [Pa/m] of a bond (local and ghost nodes,) that gaps shrink fast.

        What the bond pulls on a closed node is taken from λ, of which a step leaves the share K/(r + K). Pressures stay
        as they are.
        """
        if self.update_multiplier:
            raised = np.maximum(stiffness / SLOW - self.augmentation.x.array, 0.0)
            self.augmentation.x.array[:] += raised
            self.multiplier.x.array[:] += self.active.x.array * raised * self.gap.values.x.array

    def close(self) -> None:
        """Take every node as active: the start from which the set of touching nodes is found."""
        self.active.x.array[:] = 1.0

    def estimate(self) -> None:
        """Take as active the nodes nearest to touching, as many as the typical pressure makes touch in Hertz' contact.

        The interface counts as one contact: many small ones would be stiffer, and fewer nodes touch. Flat or under a
        heavy load, all are active. Collective.
        """
        interface = self.interface
        assert self.face.initial_gap is not None
        gap = self.face.initial_gap.x.array
        owned = interface.owned
        found = interface.mesh.comm.allgather((gap[:owned], interface.areas.x.array[:owned]))
        gaps, areas = (np.concatenate(arrays) for arrays in zip(*found, strict=True))
        order = np.argsort(gaps)
        depth, area = gaps[order] - gaps[order[0]], np.cumsum(areas[order])
        length = 1.0 if interface.mesh.topology.dim == 1 and not interface.axisymmetric else np.sqrt(area)
        force = HERTZIAN * self._modulus * depth * length
        enough = min(int(np.searchsorted(force, self.face.pressure * area[-1])), len(depth) - 1)
        self.start(gap <= gaps[order[enough]])

    def start_from(self, coarse: Contact) -> None:
        """Take as active what touches or nearly touches in the solved problem `coarse` on a coarser mesh.

        From a good guess the touching nodes are found in a few steps on a mesh of any size. Collective.
        """
        comm = self.interface.mesh.comm
        owned = coarse.interface.owned
        excess = coarse.pressure - (1.0 - coarse.active.x.array) * coarse.gap.values.x.array * coarse._stiffness
        found = comm.allgather((coarse.interface.space.tabulate_dof_coordinates()[:owned], excess[:owned]))
        places, excess = (np.concatenate(arrays) for arrays in zip(*found, strict=True))
        dimension = self.interface.mesh.topology.dim + 1
        # an element of the interface has as many corners as there are dimensions
        distances, nearest = cKDTree(places).query(self.interface.space.tabulate_dof_coordinates(), k=dimension)
        # any floor far below the spacing: where a coarse node lies, its value counts alone
        weights = 1.0 / np.maximum(distances, np.finfo(float).tiny ** 0.25) ** 2
        here = np.average(excess[nearest], axis=1, weights=weights)
        self.start(here > -NEARLY[dimension] * excess.max())

    def update(self) -> Change:
        """Update multiplier and active set from the present displacements; return how much they changed.

        SolveError if a side floats and nothing presses on it any more.
        """
        gap, before = self.gap.read(), self.active.x.array > 0.0
        unflattened = gap - self.flattening.growth if self.flattening else gap
        trial = np.where(self.spared, 0.0, self.multiplier.x.array - self.augmentation.x.array * unflattened)
        bound, flowing = np.inf, 0
        if self.flattening:
            bound, load = self.flattening.hardness, self.flattening.load(trial, gap, before)
            flowing, ceasing = self.flattening.update(trial, before, self.augmentation.x.array, NEGLIGIBLE * bound)
            trial[ceasing] = bound
        pressure = np.minimum(trial, bound)
        if self.floating and self._is_lost(pressure * before, self.interface.max(pressure)):
            return Change(1, np.inf)
        largest = max(self.interface.max(pressure), self.face.pressure)
        switching = (before != (pressure > 0.0)) & (np.abs(pressure) > NEGLIGIBLE * largest)
        flipped = self.interface.count(switching) + flowing
        if self._gentle:
            self._eased[:] = switching & (~before | (self._eased == 0.0))
        eased = self._eased > 0.0
        active = (before ^ switching) | eased
        if self.flattening and self.floating and not self.interface.count(active & ~self.flattening.flowing):
            active = self.flattening.support(load, unflattened, trial, self.augmentation.x.array)
        self.active.x.array[:] = active
        self._reached.x.array[:] = active * np.maximum(pressure, 0.0)
        self._reached.x.array[eased] = 0.0
        if not self.update_multiplier or largest <= 0.0:
            return Change(flipped, 0.0)
        drift = self.interface.max(active * np.abs(gap) * self._stiffness) / largest
        if flipped == 0:
            if drift <= self.closed:
                self._drift[...] = np.inf
                return Change(0, 0.0)
            if drift > SLOW * self._drift:
                self.augmentation.x.array[:] = np.maximum(self.augmentation.x.array, AMPLE * self._stiffness)
        self._drift[...] = drift if flipped == 0 else np.inf
        wrong = self.interface.sum(np.abs(pressure) * switching)
        right = self.interface.sum(np.maximum(pressure, 0.0) * (before & ~switching))
        self.multiplier.x.array[:] = active * np.maximum(pressure, 0.0) if wrong <= right else 0.0
        self.multiplier.x.array[eased] = (self.augmentation.x.array * gap)[eased]
        if self.flattening:
            self.multiplier.x.array[self.flattening.flowing] = bound
        return Change(flipped, drift)

    def commit(self) -> None:
        if self.flattening:
            self.flattening.commit()

    def join(self) -> None:
        self.commit()

    def _is_lost(self, pressure: np.ndarray, largest: float) -> bool:
        """Return whether no node is to press; SolveError once it is clear that this is what the loads ask for.

        An iterative linear solver finds a light load after a heavy one in several steps on the same active set.
        """
        if largest > NEGLIGIBLE * self.face.pressure:
            self._pull[...] = np.nan
            return False
        pull, before = -self.interface.sum(pressure), float(self._pull)
        nothing = NEGLIGIBLE * self.face.pressure * self.interface.sum(np.ones_like(pressure))
        if abs(pull) <= nothing or abs(pull - before) <= SETTLED * abs(before):
            self._pull[...] = np.nan
            raise SolveError(
                f"nothing holds {self.floating}: no contact left, and the load does not press the sides together"
            )
        self._pull[...] = pull
        return True

    def columns(self) -> Mapping[str, float]:
        interface, gap, pressure = self.interface, self.gap.read(), self.pressure
        area = self.face.area
        reference = self.face.pressure * (self.face.rms or self.face.mean_spacing)
        columns = {
            "mean pressure [Pa]": interface.sum(pressure) / area,
            "max pressure [Pa]": interface.max(pressure),
            "mean gap [m]": interface.sum(gap) / area,
            "max gap [m]": interface.max(gap),
            "complementarity [1]": interface.max(np.abs(gap * pressure)) / reference,
            "penetration [m]": interface.max(-gap, default=0.0),
        }
        if self.flattening:
            depth = self.flattening.depth.x.array
            columns["mean flattening [m]"] = interface.sum(depth) / area
            columns["max flattening [m]"] = interface.max(depth)
        return columns

    def shown(self) -> Iterator[Shown]:
        gap, pressure = (self.interface.function(name) for name in ("gap", "pressure"))
        along = self.face.jump - ufl.inner(self.face.jump, self.interface.normal("+")) * self.interface.normal("+")
        shear = self.interface.reader(ufl.sqrt(ufl.inner(along, along)))

        def read_gap() -> None:
            gap.x.array[:] = self.gap.read()

        def read_pressure() -> None:
            pressure.x.array[:] = self.pressure

        yield Shown(self.face, "gap [m]", gap, read_gap)
        yield Shown(self.face, "pressure [Pa]", pressure, read_pressure)
        yield Shown(self.face, "shear jump [m]", shear.values, shear.read)
        if self.flattening:
            yield Shown(self.face, "flattening [m]", self.flattening.depth, lambda: None)

    def works(self) -> Iterator[Work]:
        yield LawWork(self, self.face.jump)
        if flattening := self.flattening:
            yield Share(
                self.account, "flattening", lambda: flattening.hardness * self.interface.sum(flattening.depth.x.array)
            )


class PressedContact(Contact):
    """Contact of a cell that a stack may press: how it begins, and what holds its sides."""

    def __init__(self, model: Model, face: Face, wanted: schema.Interface) -> None:
        assert wanted.contact.augmentation is not None
        hardness = face.hardness if wanted.contact.plastic else None
        updated = wanted.contact.method == "augmented_lagrangian"
        super().__init__(face, wanted.contact.augmentation, updated, hardness=hardness)
        self._pressed, self._grown = bool(model.case.stack.pressure), wanted.cohesive is not None
        loose = any(model.is_loose(site) for site in face.sites)
        held = loose or model.case.geometry.builder == "dcb" or wanted.adhesion is not None
        self._alone = None if held else face.plus.name
        self._stiff = model.case.stack.hold == "fixed_thickness"
        self._flows = any(model.case.solid(site.name) != "elastic" for site in face.sites)
        self.in_turn = model.case.coupling == "staggered"

    def approach(self) -> None:
        self.floating = self._alone if self._pressed else None
        if self._pressed:
            self.estimate()
        else:
            self.active.x.array[:] = self.lying

    def join(self) -> None:
        super().join()
        self.floating = None if self._stiff or self._grown else self._alone

    def cautions(self) -> Iterator[Caution]:
        known = [site.material.hardness for site in self.face.sites if site.material and site.material.hardness]
        if len(known) == len(self.face.sites):
            bearable, of_what, remedy = min(known), f"the hardness, {min(known) / 1e9:.3g} GPa", ""
        else:
            bearable = UNKNOWN * self._modulus
            of_what, remedy = "a tenth of E*, which no solid bears", " and give both sides a hardness"
        largest = self.interface.max(self.pressure)
        if not self.flattening and not self._flows and largest > bearable:
            yield Caution(
                "hardness",
                f"the pressure{self.label} reaches {largest / 1e9:.3g} GPa, beyond {of_what}: elastic contact does not "
                f"flatten, so that f_c is too low; use contact: {{plastic: true}}{remedy}",
            )


def parts(model: Model) -> Iterator[Part]:
    """Yield the contact of each interface whose sides may part."""
    for face, block in zip(model.faces, model.blocks.values(), strict=True):
        if not face.bonded:
            yield PressedContact(model, face, block)
