"""A bond between two sides that fails in any mixture of opening and sliding, irreversibly; compression is contact's.

With the openings δ_n = ⟨⟦u⟧·n⟩ and δ_t = ⟦u⟧ − (⟦u⟧·n) n, counted from the state in which the bond was made,

    t = (1 − D) (K_n δ_n n + K_t δ_t),        D = max(D_old, D(λ, B))  in [0, 1],

where D(λ, B) is that of the law (`bilinear`, `exponential`, `trapezoidal`) at the equivalent opening and the mixity

    λ² = δ_n² + (K_t/K_n) |δ_t|²,    B = (K_t/K_n) |δ_t|²/λ² = G_II/(G_I + G_II).

The elastic energy is (1 − D) K_n λ²/2 whatever the mixture: λ makes one mode of two, and equal stiffnesses are the case
in which B is that of the openings and t lies along them. Two things follow. D, not an opening, is the history, so that
damage never falls and its dissipation K_n λ² D'/2 is never negative, however the mixity changes. And at fixed B the
work until D = 1 is the area of the law, G_c(B), whatever K_t/K_n; laws in which λ is the plain opening need one certain
ratio of stiffnesses for that (Turon, Camanho, Costa and Renart 2010). Unloading is to the origin. In compression
δ_n = 0: the bond carries shear alone and only shear harms it; contact carries the rest, whatever the damage.

Viscous regularisation after Duvaut and Lions (1972): the tractions have D_v instead of D, τ D_v' = D − D_v, by backward
Euler over a time step Δt. Fatigue: `fatigue`.

Newton's method follows the damage with its full tangent while a crack grows steadily. Where it jumps, the tangent is
that of an unstable state, from which Newton's method wanders, or lands on a state that is broken further than need be.
With `follow(θ)`, θ < 1, the tractions have D_h + θ (D − D_h), and `update` moves D_h to D after every step: the tangent
has the share θ of the softening, and the damage grows step by step until it is in equilibrium, in hundreds of steps
where a crack runs through a body, fewer with a larger θ, always with θ = 0: alternate minimisation (Bourdin, Francfort
and Marigo 2000), its matrix symmetric and positive definite. θ = 1 then finishes the solution.

Energies per area, from a to b over a step with the product δ_a·δ_b = K_n δ_na δ_nb + K_t δ_ta·δ_tb. The work of the
bond by the trapezoidal rule, (t_a + t_b)·(δ_b − δ_a)/2, is exactly

    Δ(1 − D) δ·δ/2  +  δ_a·δ_b ΔD/2  +  [(D − D_v)_a δ_a + (D − D_v)_b δ_b]·(δ_b − δ_a)/2:

stored, dissipated, and the work of the viscous overstress. The energy dissipated is given by the law itself too, the
integral of K_n λ² dD/2 over the envelope at the present mixity, from which the sum of the second terms differs by the
error of the rule.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any, ClassVar, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import ufl
from dolfinx import fem
from mpi4py import MPI

from interstice.materials.elementwise import maximum, sqrt
from interstice.solver.interface.fatigue import Fatigue
from interstice.solver.interface.mixity import Limits
from interstice.solver.interface.process_zone import ProcessZone, process_zone
from interstice.solver.ledger import LawWork, Share
from interstice.solver.part import Change, Part, Term, Work
from interstice.solver.site import Face

Array = npt.NDArray[np.float64]

TINY = 1e-12
"""The opening added to each equivalent one, over that of the normal strength, to keep derivatives finite at zero."""

CLOSED = 1e-8
"""How far a bond may be pressed, over the opening at its strength, and still resist as if it were open.

Where contact keeps it at zero, rounding decides the sign; its tangent must not change with that.
"""

ROUNDING = 1e-12
"""By how much more than at its strength a bond that has failed counts as open, at least."""

MOVED = 1e-3
"""A step of the held damage that counts."""


class Law(Protocol):
    """A traction–separation law; its parameters are numbers, nodal functions or functions of position."""

    @property
    def limits(self) -> Limits: ...

    @property
    def damage_at_strength(self) -> float:
        """The damage of a bond loaded to its strength and no further."""

    @property
    def stiffnesses(self) -> tuple[Any, Any]:
        """K_n and K_t [Pa/m]."""

    def damage(self, opening: Any, mixity: Any) -> Any:
        """Return D(λ, B)."""

    def opening(self, damage: Any, mixity: Any) -> Any:
        """Return the λ [m] on the envelope at which the damage is `damage`."""

    def dissipated(self, damage: Any, mixity: Any) -> Any:
        """Return the energy lost per area [J/m²] up to `damage` on the envelope, G_c(B) at D = 1."""


class Readings(NamedTuple):
    """Nodal values at the present displacements; n is the number of local and ghost nodes, d the dimension.

    `traction` t [Pa] and `opening` ⟨δ_n⟩ n + δ_t [m], shape (n, d); equivalent opening λ [m], mixity B, damage D and
    the damage D_v in the tractions, shape (n,); `fatigued`, where fatigue made the damage grow beyond the law's.
    """

    traction: Array
    opening: Array
    equivalent: Array
    mixity: Array
    damage: Array
    effective_damage: Array
    fatigued: npt.NDArray[np.bool_]


class CohesiveBond(Part):
    """The bond on one interface. Nodes are unbonded (D = 1) until `bond` is called.

    At the end of a flaw a node is bonded on a share of its area: tractions and energies per area are those of the bond
    times this share, damage and openings those of the bond.

    Parameters of `law` and `fatigue` are numbers, nodal functions on the interface, or functions of the coordinates
    x, y(, z) [m] of its nodes; each becomes a nodal function, found in `law` and `fatigue` of the bond. With a
    `relaxation_time` τ [s] the owner's `time_step` [s] is needed; without both there is no viscosity.
    """

    symmetric: ClassVar[bool] = False
    account = "bond"

    def __init__(
        self,
        face: Face,
        law: Law,
        fatigue: Fatigue | None = None,
        relaxation_time: float = 0.0,
        time_step: fem.Constant | None = None,
    ) -> None:
        """Prepare the bond; ValueError where parameters make no law."""
        face.bond = self
        self.face, self.label, self.interface = face, face.label, face.interface
        interface, jump = face.interface, face.jump
        self.law, self.fatigue = self._nodal(law), self._nodal(fatigue)
        self._check()
        self.state = face.state.scope("bond")

        def kept(name: str, shape: tuple[int, ...] = ()) -> fem.Function:
            return self.state.function(interface.function(name, shape))

        self.damage_old, self.effective_damage_old = kept("damage_old"), kept("effective_damage_old")
        for damage in (self.damage_old, self.effective_damage_old):
            damage.x.array[:] = 1.0
        shape = (interface.mesh.geometry.dim,)
        self.bonded = kept("bonded")
        self.origin, self.opening_old = kept("bonded_jump", shape), kept("opening_old", shape)
        self.dissipated = kept("dissipated_energy")
        self.fatigue_dissipated = kept("energy_dissipated_by_fatigue")
        self.viscous_dissipated = kept("energy_dissipated_by_viscosity")
        self.trapezoidal_dissipated = kept("energy_dissipated_by_trapezoidal_rule")
        self._stored, self._held_traction = kept("stored_energy"), kept("bond_traction", shape)

        domain = interface.dS.ufl_domain()
        self.relaxation_time = fem.Constant(domain, np.float64(relaxation_time))
        self.time_step = fem.Constant(domain, np.float64(1.0)) if time_step is None else time_step
        self._followed = fem.Constant(domain, np.float64(1.0))
        self._held = interface.function("held_damage")
        law, fatigue = (_converted(x, lambda f: f("+")) for x in (self.law, self.fatigue))
        normal = interface.normal("+")
        change = jump - self.origin("+")
        along = ufl.inner(change, normal)
        opening = change - ufl.conditional(ufl.gt(along, -_closed(law)), 0.0, along) * normal

        def measures(opening: Any) -> tuple[Any, Any]:
            delta_n = ufl.inner(opening, normal)
            delta_t = opening - delta_n * normal
            return _measures(law, delta_n**2, ufl.inner(delta_t, delta_t))

        damage, _ = _damage(law, fatigue, measures, opening, self.opening_old("+"), self.damage_old("+"))
        weight = self.time_step / (self.time_step + self.relaxation_time)
        damage = (1 - weight) * self.effective_damage_old("+") + weight * damage
        self.damage_now = (1 - self._followed) * self._held("+") + self._followed * damage
        stiffness_n, stiffness_t = law.stiffnesses
        elastic = stiffness_t * opening + (stiffness_n - stiffness_t) * ufl.inner(opening, normal) * normal
        self._traction = self.bonded("+") * (1 - self.damage_now) * elastic
        self.damage = interface.reader(self.damage_now)
        self.state.function(self.damage.values, "damage").x.array[:] = 1.0
        self._jump = interface.reader(jump)

    def terms(self) -> Iterable[Term]:
        return self.face.on_jump(self.residual)

    def residual(self, jump_test: Any) -> ufl.Form:
        """Return ∫ t · ⟦v⟧ dS."""
        return ufl.inner(self._traction, jump_test) * self.interface.dS

    def bond(self, share: Array | npt.NDArray[np.bool_]) -> None:
        """Glue this `share` of the area of each node (shape (local and ghost nodes,)), in its present place.

        History and energies begin anew.
        """
        self.state.restore({name: np.zeros_like(values) for name, values in self.state.save().items()})
        self.bonded.x.array[:] = share
        for damage in (self.damage_old, self.effective_damage_old, self.damage.values):
            damage.x.array[:] = self.bonded.x.array == 0.0
        self.origin.x.array[:] = self._jump.read()

    def read(self) -> Readings:
        """Evaluate the bond at the present displacements."""
        law, old = _arrays(self.law), self.damage_old.x.array
        normal = self._vectors(self.interface.normal)
        change = self._jump.read().reshape(normal.shape) - self._vectors(self.origin)
        along = np.sum(change * normal, axis=1)
        opening = change - np.where(along > -_closed(law), 0.0, along)[:, None] * normal
        equivalent, mixity = self._measures(opening)
        damage, static = _damage(
            law, _arrays(self.fatigue), self._measures, opening, self._vectors(self.opening_old), old
        )
        step = float(self.time_step.value)
        weight = step / (step + float(self.relaxation_time.value))
        effective = (1 - weight) * self.effective_damage_old.x.array + weight * damage
        traction = (self.bonded.x.array * (1 - effective))[:, None] * self._elastic(opening)
        return Readings(traction, opening, equivalent, mixity, damage, effective, damage > np.maximum(static, old))

    def follow(self, share: float) -> None:
        """Let the tangent have the `share` θ in 0 … 1 of the softening, from the damage at the last commit."""
        self._followed.value = share
        self._held.x.array[:] = self.effective_damage_old.x.array

    def update(self) -> Change:
        """Let the held damage follow the present displacements; return how many nodes it moved by more than 1e-3."""
        if self._followed.value == 1.0:
            return Change(0, 0.0)
        damage = self.read().effective_damage
        moved = self.interface.count(np.abs(damage - self._held.x.array) > MOVED)
        self._held.x.array[:] = damage
        return Change(moved, 0.0)

    def commit(self) -> None:
        """Take the damage of the present displacements as history and count the energies of the step."""
        law, now, share = _arrays(self.law), self.read(), self.bonded.x.array
        old, opening_old = self.damage_old.x.array, self._vectors(self.opening_old)
        elastic, elastic_old = self._elastic(now.opening), self._elastic(opening_old)
        product = np.sum(opening_old * elastic, axis=1)
        self.trapezoidal_dissipated.x.array[:] += share * product * (now.damage - old) / 2
        overstress = (now.damage - now.effective_damage)[:, None] * elastic
        overstress += (old - self.effective_damage_old.x.array)[:, None] * elastic_old
        self.viscous_dissipated.x.array[:] += share * np.sum(overstress * (now.opening - opening_old), axis=1) / 2
        by_law = law.dissipated(now.damage, now.mixity) - law.dissipated(old, now.mixity)
        if self.fatigue is not None:
            _, mixity = self._measures((opening_old + now.opening) / 2)
            before, _ = self._measures(opening_old)
            square = _arrays(self.fatigue).mean_square(law.opening(old, mixity), before, now.equivalent)
            by_fatigue = np.where(now.fatigued, law.stiffnesses[0] * square * (now.damage - old) / 2, 0.0)
            by_law = np.where(now.fatigued, by_fatigue, by_law)
            self.fatigue_dissipated.x.array[:] += share * by_fatigue
        self.dissipated.x.array[:] += share * by_law
        self._held_traction.x.array[:] = now.traction.ravel()
        self._stored.x.array[:] = share * (1 - now.damage) * np.sum(now.opening * elastic, axis=1) / 2
        self.damage_old.x.array[:] = now.damage
        self.effective_damage_old.x.array[:] = now.effective_damage
        self.opening_old.x.array[:] = now.opening.ravel()

    @property
    def traction(self) -> Array:
        """The traction t at the nodes when last committed [Pa], shape (local and ghost nodes × d,)."""
        return self._held_traction.x.array

    @property
    def stored(self) -> Array:
        """The elastic energy per area at the nodes when last committed [J/m²], shape (local and ghost nodes,)."""
        return self._stored.x.array

    @property
    def stiffness(self) -> Array:
        """K_n at the nodes [Pa/m], shape (local and ghost nodes,), whether the law is given it or has it follow."""
        stiffness: Array = _arrays(self.law).stiffnesses[0]
        return stiffness

    def works(self) -> Iterator[Work]:
        yield LawWork(self, self.face.jump)
        yield Share("bond", "viscosity", lambda: self.interface.sum(self.viscous_dissipated.x.array))

    @property
    def holding(self) -> npt.NDArray[np.bool_]:
        """Where a bond is neither broken nor open further than at its strength, shape (local and ghost nodes,)."""
        law, now = _arrays(self.law), self.read()
        closed = now.equivalent <= law.opening(law.damage_at_strength, now.mixity)
        return (self.bonded.x.array > 0.0) & (now.damage < 1.0) & closed

    @property
    def held_share(self) -> Array:
        """The share of each node's area that the bond holds together, shape (local and ghost nodes,)."""
        return self.bonded.x.array * self.holding

    @property
    def overload(self) -> Array:
        """The largest opening so far over that at the strength when last committed, shape (local and ghost nodes,).

        It is above 1 where the bond has borne its strength, and 2 at least where there is none.
        """
        law, now, damage = _arrays(self.law), self.read(), self.damage_old.x.array
        onset = law.opening(law.damage_at_strength, now.mixity)
        failing = damage > law.damage_at_strength
        largest = np.where(failing, np.maximum(law.opening(damage, now.mixity), onset * (1 + ROUNDING)), 0.0)
        present = np.where(failing, now.equivalent, np.minimum(now.equivalent, onset))
        overload: Array = np.maximum(largest, present) / onset
        return np.where(self.bonded.x.array > 0.0, overload, np.maximum(overload, 2.0))

    @property
    def final_opening(self) -> float:
        """The smallest opening [m] at which a node breaks in mode I. Collective."""
        return -self.interface.max(-_arrays(self.law).opening(1.0, 0.0), default=-np.inf)

    def process_zone(self, composite_modulus: float, thickness: float) -> ProcessZone:
        """Return the shortest process zones along the interface, see `process_zone`. Collective."""
        law = _arrays(self.law)
        shortest = process_zone(law.limits, law.stiffnesses, composite_modulus, thickness)
        return ProcessZone(*(-self.interface.max(-lengths, default=-np.inf) for lengths in shortest))

    def _nodal(self, law: Any) -> Any:
        """Return `law` with nodal functions for all parameters."""
        points = self.interface.space.tabulate_dof_coordinates().T[: self.interface.mesh.geometry.dim]

        def nodal(value: Any) -> fem.Function:
            if isinstance(value, fem.Function):
                return value
            function = self.interface.function("parameter")
            function.x.array[:] = value(*points) if callable(value) else value
            return function

        return _converted(law, nodal)

    def _check(self) -> None:
        """Raise ValueError unless the parameters are those of a law at every node. Collective."""
        law, fatigue = _arrays(self.law), _arrays(self.fatigue)
        limits = law.limits
        positive = [limits.normal_strength, limits.shear_strength, limits.normal_toughness, limits.shear_toughness]
        wrong = {}
        with np.errstate(all="ignore"):
            positive += [limits.mixity.exponent, *law.stiffnesses]
            wrong["a strength, toughness, stiffness or mixity exponent is not positive"] = _not_positive(*positive)
            for mode, mixity in (("normal", 0.0), ("shear", 1.0)):
                ahead = law.opening(1.0, mixity) - law.opening(law.damage_at_strength, mixity)
                wrong[f"the {mode} stiffness is not above strength²/(2 toughness)"] = _not_positive(ahead)
        if fatigue is not None:
            wrong["the accumulation of fatigue is below 1"] = bool(np.any(fatigue.accumulation < 1.0))
        for reason, here in wrong.items():
            if self.interface.mesh.comm.allreduce(here, op=MPI.LOR):
                raise ValueError(f"cohesive law: {reason}")

    def _vectors(self, function: fem.Function) -> Array:
        """Return the nodal vectors of `function`, shape (local and ghost nodes, d)."""
        return function.x.array.reshape(-1, self.interface.mesh.geometry.dim)

    def _measures(self, opening: Array) -> tuple[Array, Array]:
        """Return λ [m] and B of the nodal vectors ⟨δ_n⟩ n + δ_t, shape (local and ghost nodes, d)."""
        normal = self._vectors(self.interface.normal)
        delta_n = np.sum(opening * normal, axis=1)
        delta_t = opening - delta_n[:, None] * normal
        return _measures(_arrays(self.law), delta_n**2, np.sum(delta_t**2, axis=1))

    def _elastic(self, opening: Array) -> Array:
        """Return the traction K_n ⟨δ_n⟩ n + K_t δ_t [Pa] of an unharmed bond, shape (local and ghost nodes, d)."""
        normal = self._vectors(self.interface.normal)
        stiffness_n, stiffness_t = _arrays(self.law).stiffnesses
        delta_n = np.sum(opening * normal, axis=1)
        return stiffness_t[:, None] * opening + ((stiffness_n - stiffness_t) * delta_n)[:, None] * normal


def _measures(law: Any, normal_square: Any, shear_square: Any) -> tuple[Any, Any]:
    """Return λ [m] and B from δ_n² and |δ_t|² [m²]."""
    stiffness_n, stiffness_t = law.stiffnesses
    tiny = (TINY * law.limits.normal_strength / stiffness_n) ** 2
    shear = stiffness_t / stiffness_n * shear_square
    square = normal_square + shear + tiny
    return sqrt(square), (shear + tiny / 2) / square


def _closed(law: Any) -> Any:
    """Return the penetration [m] beyond which a bond is closed."""
    return CLOSED * law.limits.normal_strength / law.stiffnesses[0]


def _damage(
    law: Any, fatigue: Any, measures: Callable[[Any], tuple[Any, Any]], opening: Any, opening_old: Any, old: Any
) -> tuple[Any, Any]:
    """Return D and the damage of the envelope at the `opening`, from the damage and opening before the step."""
    equivalent, mixity = measures(opening)
    static = law.damage(equivalent, mixity)
    damage = maximum(old, static)
    if fatigue is not None:
        # either end of the step may be closed and have no mixity; halfway it has that of the other end
        _, halfway = measures((opening_old + opening) / 2)
        before, _ = measures(opening_old)
        threshold = fatigue.threshold(law.opening(old, halfway), before, equivalent)
        damage = maximum(damage, law.damage(threshold, halfway))
    return damage, static


def _converted(law: Any, convert: Callable[[Any], Any]) -> Any:
    """Return `law` with all its parameters converted."""
    if is_dataclass(law) and not isinstance(law, type):
        return replace(law, **{field.name: _converted(getattr(law, field.name), convert) for field in fields(law)})
    return None if law is None else convert(law)


def _arrays(law: Any) -> Any:
    """Return `law` with the nodal values of its parameters."""
    return _converted(law, lambda function: function.x.array)


def _not_positive(*arrays: Array) -> bool:
    return any(bool(np.any(~(array > 0.0))) for array in arrays)
