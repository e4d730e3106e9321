"""A side that flows: ∂ε^in/∂t = (3/2) ε̇ s/q, with the rate ε̇ of a law in `solids`, by backward Euler.

s is the deviator of the stress σ = K (tr ε − 3 e) I + 2 μ (dev ε − ε^in), q its equivalent stress; the volume stays.
The law is relaxed at each point of the quadrature (`solids.radial_return`). The weak form holds a straight line that
touches it (`mechanics.Relaxation`), of which the slope is the consistent tangent (J. C. Simo, R. L. Taylor, Comput.
Methods Appl. Mech. Eng. 48, 101 (1985)). After each step of Newton's method it touches the law at the displacement,
but where the rate of flow is a high power of stress such steps may overshoot: there it touches the law at the stress
(as J. Rudi, Y.-H. Shih, G. Stadler, Geochem. Geophys. Geosyst. 21, e2020GC009059 (2020), keep a stress of their own).
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
from interstice.solver.site import STRAIN_DEGREE, Site
from interstice.solver.state import State

COMPONENTS = {2: ((0, 0), (1, 1), (0, 1)), 3: ((0, 0), (1, 1), (0, 1), (1, 2), (0, 2))}
"""Of the inelastic strain that are kept, by the dimension of the mesh: the last normal one follows from the others."""


class Flow(Part):
    """The flow of the solid of one side by a `law`; made before what looks at stresses.

    A step in which the strain that flow adds differs by more than `tolerance` (root mean square over the side) from
    what the rate at its start would add is rejected.
    """

    def __init__(self, domain: Domain, rates: Rates, site: Site, law: Law, tolerance: float) -> None:
        self.site, self.law, self.label = site, law, f" of {site.name}"
        self._domain, self._rates, self._tolerance = domain, rates, tolerance
        state, side = site.state.scope("flow"), site.side

        def kept(name: str, shape: tuple[int, ...] = ()) -> fem.Function:
            return state.function(fem.Function(side.points(STRAIN_DEGREE, shape), name=name))

        components = COMPONENTS[domain.dimension]
        self.strain, self.equivalent = kept("inelastic strain", (len(components),)), kept("equivalent inelastic strain")
        self.rate = kept("rate")
        direction, offset, slope, share = (
            kept("direction", (len(components),)),
            kept("offset"),
            kept("slope"),
            kept("share"),
        )
        slope.x.array[:] = share.x.array[:] = 1.0
        self._direction = direction.x.array.reshape(-1, len(components))
        self._offset, self._slope, self._share = offset.x.array, slope.x.array, share.x.array
        self._variables = {name: kept(name) for name in law.variables}
        for name, value in law.variables.items():
            self._variables[name].x.array[:] = value
        self._stress = np.zeros_like(self._slope)
        self._known = state.number("rate is known")
        self._excess = state.number("error of the flow")

        relaxation = mechanics.Relaxation(_tensor(self.strain), _tensor(direction), offset, slope, share)
        site.law = replace(site.law, relaxation=relaxation)
        self._trial = relaxation.trial(site.law.strain(site.u), site.law.lame[1])
        young, poisson = float(site.law.young_modulus.value), float(site.law.poisson_ratio.value)
        self._stiffness = 3 * young / (2 * (1 + poisson))
        kept_components = ufl.as_vector([self._trial[place] for place in components])
        self._reader = PointReader(domain, side, kept_components, STRAIN_DEGREE)
        self._temperature: PointReader | None = None
        if isinstance(site.temperature, ufl.core.expr.Expr):
            self._temperature = PointReader(domain, side, site.temperature, STRAIN_DEGREE)
        space = self.equivalent.function_space
        self._owned = space.dofmap.index_map.size_local
        self._error = fem.Function(space)
        self._square = domain.form(self._error**2 * domain.dx(side, STRAIN_DEGREE))
        self._volume = domain.volume(side)

    @property
    def _time(self) -> float:
        """The length of the present time step [s], 0 while no time passes."""
        return float(self._rates.time_step.value) if float(self._rates.rate.value) > 0.0 else 0.0

    @property
    def _conditions(self) -> tuple[dict[str, Array], Any, float]:
        """What the law remembers at the points, the temperature [K] there, and the length of the step [s]."""
        temperature = self._temperature.read() if self._temperature else self.site.temperature
        return {name: function.x.array for name, function in self._variables.items()}, temperature, self._time

    def _read(self) -> Array:
        """Return the kept components of s* [Pa] at the present displacement, shape (local and ghost points, …)."""
        return self._reader.read().reshape(self._direction.shape)

    def _left(self, trial: Array) -> Array:
        """Return those of s, what the straight line makes of s* [Pa]."""
        along = 1.5 * product(self._direction, trial)
        left = (self._offset + (self._slope - self._share) * along)[:, None] * self._direction
        left += self._share[:, None] * trial
        return left

    def begin_protocol_step(self) -> None:
        # the load may jump, and rates with it
        self._known[...] = 0.0

    def begin(self, time_step: float, load: Load) -> None:
        # what yields is elastic to begin with: its first answer to a load that turns
        if self.law.takes_time:
            self._touch(self._read())

    def update(self) -> Change:
        trial, conditions = self._read(), self._conditions
        left, size = self._left(trial), equivalent(trial)
        stress = self.law.flow(size, self._stiffness, *conditions).stress
        sizes, comm = (equivalent(left - times(trial, stress, size)), stress), self._domain.mesh.comm
        missed, largest = (comm.allreduce(float(q[: self._owned].max(initial=0.0)), op=MPI.MAX) for q in sizes)
        change = Change(0, missed / largest if largest > 0.0 else 0.0)
        if not self.law.takes_time:
            self._touch(trial)
            return change
        # A step of Newton's method that slows down flow whose rate is a high power of the stress carries it backwards.
        # The stress to which it leads is right all the same, and the place of the law at which it is so the better one.
        backwards = (1.5 * product(self._direction, trial) < stress) & (self._stress > 0.0)
        led = equivalent(left)
        kept = np.minimum(led, self._stress)
        there = kept + self._stiffness * self.law.increment(kept, *conditions)
        self._touch(np.where(backwards[:, None], times(left, there, led), trial))
        return change

    def _touch(self, trial: Array) -> None:
        """Lay the line to where the law relaxes `trial`, s* [Pa]."""
        size = equivalent(trial)
        flow = self.law.flow(size, self._stiffness, *self._conditions)
        self._direction[:] = times(trial, np.sign(size), size)
        self._offset[:], self._slope[:] = flow.stress - flow.slope * size, flow.slope
        self._share[:] = ratio(flow.stress, size, 1.0)
        self._stress = flow.stress

    def join(self) -> None:
        # what yielded while the sides were pressed has done so in no time
        self._take()

    def commit(self) -> None:
        before = self.rate.x.array.copy()
        self._take()
        if self._known:
            self._error.x.array[:] = (self.rate.x.array - before) * self._time
            mean = np.sqrt(self._domain.integrate(self._square) / self._volume)
            self._excess[...] = mean / self._tolerance
        else:
            self._excess[...] = 0.0
        self._known[...] = 1.0

    def _take(self) -> None:
        """Take the strain that has flowed as that at the start of the next step."""
        trial = self._read()
        for name, values in self.law.flow(equivalent(trial), self._stiffness, *self._conditions).variables.items():
            self._variables[name].x.array[:] = values
        relaxed = trial - self._left(trial)
        increment = equivalent(relaxed) / self._stiffness
        self.equivalent.x.array[:] += increment
        self.rate.x.array[:] = increment / self._time if self._time else 0.0
        self.strain.x.array[:] += 1.5 / self._stiffness * relaxed.ravel()
        self._direction[:], self._offset[:], self._slope[:], self._share[:] = 0.0, 0.0, 1.0, 1.0

    def limit(self) -> Limit:
        excess = float(self._excess)
        # the error goes with the square of the step
        longer = max(0.9 / np.sqrt(max(excess, 1e-3)), 0.2)
        return Limit(excess, longer, f"flow{self.label} changes too much")

    def columns(self) -> Mapping[str, float]:
        comm = self._domain.mesh.comm
        return {
            f"max {name}": comm.allreduce(float(function.x.array[: self._owned].max(initial=0.0)), op=MPI.MAX)
            for name, function in {
                "equivalent inelastic strain [1]": self.equivalent,
                "inelastic strain rate [1/s]": self.rate,
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
        yield FlowWork(
            self._domain, self.law.account, self.site.u, self.strain, (self._trial, _tensor(self.strain)), dx
        )


def product(a: Array, b: Array) -> Array:
    """Return a : b of the kept components of tensors without a trace, shape (points,)."""
    third = (a[:, 0] + a[:, 1]) * (b[:, 0] + b[:, 1])
    return a[:, 0] * b[:, 0] + a[:, 1] * b[:, 1] + third + 2 * np.sum(a[:, 2:] * b[:, 2:], axis=1)


def equivalent(deviator: Array) -> Array:
    """Return the equivalent stress √(3/2 s : s) of the kept components of a deviator, shape (points,)."""
    return np.sqrt(1.5 * product(deviator, deviator))


def ratio(a: Array, b: Array, otherwise: float) -> Array:
    """Return a/b where b is not 0."""
    return np.divide(a, b, out=np.full_like(b, otherwise), where=b != 0.0)


def times(tensor: Array, wanted: Array, present: Array) -> Array:
    """Return a `tensor` whose size at each point is `present` with a size that is `wanted`, where it has one."""
    return ratio(wanted, present, 0.0)[:, None] * tensor


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


def _tensor(strain: fem.Function) -> Any:
    """Return the tensor, shape (3, 3), of the components that are kept."""
    dimension = 2 if len(strain) == len(COMPONENTS[2]) else 3
    known = {tuple(sorted(place)): strain[i] for i, place in enumerate(COMPONENTS[dimension])}
    known[2, 2] = -known[0, 0] - known[1, 1]
    return ufl.as_matrix([[known.get((min(i, j), max(i, j)), 0.0) for j in range(3)] for i in range(3)])


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
