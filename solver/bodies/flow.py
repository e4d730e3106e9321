"""A side that flows: ∂ε^in/∂t = (3/2) ε̇ s/q, with the rate ε̇ of a law in `solids`, by backward Euler.

s is the deviator of the stress σ = K (tr ε − 3 e) I + 2 μ (dev ε − ε^in), q its equivalent stress; the volume stays.
The law is relaxed at each point of the quadrature (`solids.radial_return`); the weak form holds what is tangent to it
(`mechanics.Relaxation`), at a solution at the present displacement: the consistent tangent of J. C. Simo, R. L. Taylor,
Comput. Methods Appl. Mech. Eng. 48, 101 (1985).

On the way there it touches the law at the stress that the last Newton step expects, in its direction, and in its size
if that is less than the stress of the displacement it led to. A stress that goes with the root of a rate, and be it the
sixth one, would otherwise throw each step five times as far beyond the solution as the one before, to the far side of 0
where a shear is small (stress-velocity Newton: J. Rudi, Y.-h. Shih, G. Stadler, Geochem. Geophys. Geosyst. 21,
e2020GC009059 (2020)). So steps converge in contact that flows, in confined flow and up to the load at which all yields.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import ufl
from dolfinx import fem
from mpi4py import MPI

from interstice.materials import Material
from interstice.solver.bodies import inelastic
from interstice.solver.bodies.inelastic import equivalent, product
from interstice.solver.bodies.solids import radial_return
from interstice.solver.bodies.solids.anand import Anand
from interstice.solver.bodies.solids.creep import PowerLaw
from interstice.solver.bodies.solids.plastic import Plasticity
from interstice.solver.bodies.solids.radial_return import Law
from interstice.solver.domain import Domain, Indices
from interstice.solver.domain.readers import PointReader
from interstice.solver.ledger import FlowWork
from interstice.solver.model import Model
from interstice.solver.part import Array, Change, Limit, Load, Part, Shown, Work
from interstice.solver.physics import mechanics
from interstice.solver.rates import Rates
from interstice.solver.site import STRAIN_DEGREE, Mask, Site
from interstice.solver.state import State

SHARE = 0.05
"""Of the strain that flow adds in a step, by which the rate at the start of the step may be wrong about it."""
TINY = 1e-30
"""Stress [Pa] that has no direction."""
ROUNDING = 1e-12
"""Relative difference of stresses that is none."""


class Flow(Part):
    """The flow of the solid of one side by a `law`; made before what looks at stresses.

    A step in which the strain that flow adds differs by more than `tolerance` and a `SHARE` of itself (root mean square
    over the side) from what the rate at its start would add is rejected. Of what yields in no time, no step is.
    """

    def __init__(self, domain: Domain, rates: Rates, site: Site, law: Law, tolerance: float) -> None:
        self.site, self.law, self.label = site, law, f" of {site.name}"
        self._domain, self._rates, self._tolerance = domain, rates, tolerance
        state, side = site.state.scope("flow"), site.side

        def kept(name: str, shape: tuple[int, ...] = ()) -> fem.Function:
            return state.function(fem.Function(side.points(STRAIN_DEGREE, shape), name=name))

        self.inelastic = inelastic.of(domain, site, kept)
        self._large = isinstance(site.law, mechanics.FiniteStrain)
        components = len(inelastic.COMPONENTS[domain.dimension])
        self.equivalent, self.rate, direction = (
            kept("equivalent inelastic strain"),
            kept("rate"),
            kept("direction", (components,)),
        )
        ratio, bend, offset = kept("ratio"), kept("bend"), kept("offset")
        softening = kept("softening") if self._large else None
        self._variables = {name: kept(name) for name in law.variables}
        for name, value in law.variables.items():
            self._variables[name].x.array[:] = value
        self._direction = direction.x.array.reshape(-1, components)
        self._ratio, self._bend, self._offset = ratio.x.array, bend.x.array, offset.x.array
        self._softening = softening.x.array if softening else np.zeros_like(self._ratio)
        self._rest()
        self._seen: list[Array] | None = None
        self._known = state.number("rate is known")
        self._excess = state.number("error of the flow")

        along = inelastic.tensor(direction)
        relaxation = mechanics.Relaxation(self.inelastic.tensor, ratio, bend, offset, along, softening)
        site.law = replace(site.law, relaxation=relaxation)
        self.inelastic.bind(site.law)
        self._temperature: PointReader | None = None
        if isinstance(site.temperature, ufl.core.expr.Expr):
            self._temperature = PointReader(domain, side, site.temperature, STRAIN_DEGREE)
        space = self.equivalent.function_space
        self._owned = space.dofmap.index_map.size_local
        self._values = fem.Function(space)
        self._square = domain.form(self._values**2 * domain.dx(side, STRAIN_DEGREE))
        self._volume = domain.volume(side)

    @property
    def _time(self) -> float:
        """The length of the present time step [s], 0 while no time passes."""
        return float(self._rates.time_step.value) if float(self._rates.rate.value) > 0.0 else 0.0

    def _present_temperature(self) -> Any:
        """Return the temperature [K], a number or one at each point. Collective."""
        return self._temperature.read() if self._temperature else self.site.temperature

    def _relaxed(self, trial: Array, temperature: Any, chosen: Any = ...) -> radial_return.Flow:
        """Return what the law makes of the trial stress at the points, or at those that are `chosen`."""
        stiffness, *step = self._at(chosen, temperature)
        # an iterate that is turned inside out has no stress, which the residual tells
        with np.errstate(invalid="ignore"):
            return self.law.flow(trial, stiffness, *step)

    def _leading_to(self, stress: Array, temperature: Any, chosen: Mask) -> Array:
        """Return q* [Pa] that relaxes to the equivalent `stress` [Pa] at the points that are `chosen`, about so."""
        stiffness, *step = self._at(chosen, temperature)
        leading: Array = stress + stiffness * self.law.increment(stress, *step)
        return leading

    def _at(self, chosen: Any, temperature: Any) -> tuple[Any, dict[str, Array], Any, float]:
        """Return the stiffness [Pa], the variables of the law and the temperature [K] at points, and the time [s]."""
        variables = {name: function.x.array[chosen] for name, function in self._variables.items()}
        stiffness, there = (
            value[chosen] if isinstance(value, np.ndarray) else value
            for value in (self.inelastic.stiffness, temperature)
        )
        return stiffness, variables, there, self._time

    def begin_protocol_step(self) -> None:
        # the load may jump, and rates with it
        self._known[...] = 0.0

    def begin(self, time_step: float, load: Load) -> None:
        self._seen = None
        self.update()

    def update(self) -> Change:
        deviator, expected = self._stresses()
        temperature = self._present_temperature()
        if self._is_known(deviator, temperature):
            # where equations are solved in turn, steps of the others leave the displacement as it is
            return Change(0, 0.0)
        trial, size = equivalent(deviator), equivalent(expected)
        flow = self._relaxed(trial, temperature)
        own = deviator / np.maximum(trial, TINY)[:, None]
        comm, owned = self._domain.mesh.comm, self._owned
        away = np.abs(flow.stress[:, None] * own - expected)
        changes = (values[:owned].max(initial=0.0) for values in (away, flow.stress))
        change, largest = (comm.allreduce(float(value), op=MPI.MAX) for value in changes)

        less = size < flow.stress * (1 - ROUNDING)
        if less.any():
            trial[less] = self._leading_to(size[less], temperature, less)
            flow.stress[less], flow.slope[less], _ = self._relaxed(trial[less], temperature, less)
        self._direction[:] = np.where((size > TINY)[:, None], expected / np.maximum(size, TINY)[:, None], own)
        self._ratio[:] = np.where(trial > TINY, flow.stress / np.maximum(trial, TINY), flow.slope)
        self._bend[:], self._offset[:] = flow.slope - self._ratio, flow.stress - flow.slope * trial
        if self._large:
            # the stiffness changes with the strain, q by −dq/dq* Δγ times as much
            self._softening[:] = flow.slope * (trial - flow.stress) / self.inelastic.stiffness
            self._offset += self._softening * self.inelastic.stiffness
        return Change(0, change / largest if largest > 0.0 else 0.0)

    def _is_known(self, *present: Any) -> bool:
        """Return whether stress and temperature are those of the last update, and take note of them. Collective."""
        seen, self._seen = self._seen, [np.copy(values) for values in present]
        same = seen is not None and all(map(np.array_equal, seen, self._seen))
        return bool(self._domain.mesh.comm.allreduce(same, op=MPI.LAND))

    def _stresses(self) -> tuple[Array, Array]:
        """Return s* and s [Pa] of the present displacement, shapes (points, components)."""
        deviator = self.inelastic.read()
        along = self._bend * 1.5 * product(self._direction, deviator) + self._offset
        along -= self._softening * self.inelastic.stiffness
        return deviator, self._ratio[:, None] * deviator + along[:, None] * self._direction

    def _rest(self) -> None:
        """Let nothing flow until the law is asked."""
        self._ratio[:], self._bend[:], self._offset[:], self._softening[:] = 1.0, 0.0, 0.0, 0.0

    def join(self) -> None:
        # what yielded while the sides were pressed has done so in no time
        self._take()

    def commit(self) -> None:
        before = self.rate.x.array.copy()
        self._take()
        if self._known and self.law.takes_time:
            time = self._time
            changed = self._mean((self.rate.x.array - before) * time)
            self._excess[...] = changed / (self._tolerance + SHARE * self._mean(self.rate.x.array * time))
        else:
            self._excess[...] = 0.0
        self._known[...] = 1.0

    def _mean(self, values: Array) -> float:
        """Return the root mean square over the side of values at the points."""
        self._values.x.array[:] = values
        return float(np.sqrt(self._domain.integrate(self._square) / self._volume))

    def _take(self) -> None:
        """Take the strain that has flowed as that at the start of the next step."""
        deviator, stress = self._stresses()
        trial = equivalent(deviator)
        for name, values in self._relaxed(trial, self._present_temperature()).variables.items():
            self._variables[name].x.array[:] = values
        increment = np.maximum(trial - equivalent(stress), 0.0) / self.inelastic.stiffness
        self.equivalent.x.array[:] += increment
        self.rate.x.array[:] = increment / self._time if self._time else 0.0
        self.inelastic.take(deviator, stress)
        self._seen = None
        self._rest()

    def limit(self) -> Limit:
        excess = float(self._excess)
        # the error goes with the square of the step
        longer = max(0.9 / np.sqrt(max(excess, 1e-3)), 0.2)
        return Limit(excess, longer, f"flow{self.label} changes too much")

    def columns(self) -> Mapping[str, float]:
        comm = self._domain.mesh.comm
        return {
            name: comm.allreduce(float(function.x.array[: self._owned].max(initial=0.0)), op=MPI.MAX)
            for name, function in {
                "max equivalent inelastic strain [1]": self.equivalent,
                "max inelastic strain rate [1/s]": self.rate,
            }.items()
        }

    def shown(self) -> Iterator[Shown]:
        for name, function in {
            "equivalent inelastic strain [1]": self.equivalent,
            "inelastic strain rate [1/s]": self.rate,
        }.items():
            mean = self._domain.cell_mean(self.site.side, function, STRAIN_DEGREE)
            yield Shown(self.site, name, mean.values, mean.read, "cell")

    def works(self) -> Iterator[Work]:
        dx = self._domain.dx(self.site.side, STRAIN_DEGREE)
        work = self.inelastic.work(self.equivalent)
        yield FlowWork(self._domain, self.law.account, *work, dx, missed=not self.site.law.linear)


class Extrapolation(Part):
    """Lets a time step begin where the motion of the step before leads: near its end, where sides flow steadily.

    `moving` are the displacements, `fixed` returns the local dofs of one that stay what they are.
    """

    def __init__(self, moving: Sequence[fem.Function], fixed: Callable[[fem.Function], Indices], state: State) -> None:
        self._fixed = fixed
        self._velocities = {u: state.function(fem.Function(u.function_space), f"velocity of {u.name}") for u in moving}
        self._start: dict[fem.Function, Array] = {}

    def begin_protocol_step(self) -> None:
        # the load may jump, and motion with it
        for velocity in self._velocities.values():
            velocity.x.array[:] = 0.0

    def begin(self, time_step: float, load: Load) -> None:
        self._length = time_step
        for u, velocity in self._velocities.items():
            self._start[u] = u.x.array.copy()
            u.x.array[:] += time_step * velocity.x.array
            fixed = self._fixed(u)
            u.x.array[fixed] = self._start[u][fixed]

    def commit(self) -> None:
        for u, velocity in self._velocities.items():
            velocity.x.array[:] = (u.x.array - self._start[u]) / self._length


def law_of(name: str, material: Material) -> Law:
    """Return the law of a `solid` that is plastic, creeps, or flows by Anand's law, with the numbers of a material."""
    block = getattr(material, name)
    numbers = {key: value for key, value in block if key != "temperature_range"}
    return {"plastic": Plasticity, "creep": PowerLaw, "anand": Anand}[name](**numbers)


def parts(model: Model) -> Iterator[Part]:
    """Yield the flow of each side that flows, and before all else what foresees its motion."""
    if any(model.case.solid(name) != "elastic" for name in model.sites):
        moving = list({id(site.u): site.u for site in model.sites.values()}.values())
        yield Extrapolation(moving, lambda u: model.fixed(u), model.state.scope("extrapolation"))
    for name, site in model.sites.items():
        solid = model.case.solid(name)
        if solid != "elastic":
            law = law_of(solid, model.materials[name])
            yield Flow(model.domain, model.rates, site, law, model.case.time.flow_tolerance)
