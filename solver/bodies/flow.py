"""A side that flows: ∂ε^in/∂t = (3/2) ε̇ s/q, with the rate ε̇ of a law in `solids`, by backward Euler.

s is the deviator of the stress σ = K (tr ε − 3 e) I + 2 μ (dev ε − ε^in), q its equivalent stress; the volume stays.
The law is relaxed at each point of the quadrature (`solids.radial_return`); the weak form holds the straight line
q = offset + slope · q* of `mechanics.Relaxation`, which touches the law at the present displacement: its derivative
is the consistent tangent (J. C. Simo, R. L. Taylor, Comput. Methods Appl. Mech. Eng. 48, 101 (1985)).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
from interstice.solver.domain import Domain
from interstice.solver.domain.readers import PointReader
from interstice.solver.ledger import FlowWork
from interstice.solver.model import Model
from interstice.solver.part import Array, Change, Limit, Part, Shown, Work
from interstice.solver.physics import mechanics
from interstice.solver.rates import Rates
from interstice.solver.site import STRAIN_DEGREE, Site

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
        self.rate, offset, slope = kept("rate"), kept("offset"), kept("slope")
        slope.x.array[:] = 1.0
        self._variables = {name: kept(name) for name in law.variables}
        for name, value in law.variables.items():
            self._variables[name].x.array[:] = value
        self._offset, self._slope = offset.x.array, slope.x.array
        self._known = state.number("rate is known")
        self._excess = state.number("error of the flow")

        self._elastic = site.law
        site.law = replace(site.law, relaxation=mechanics.Relaxation(_tensor(self.strain), offset, slope))
        assert site.law.relaxation
        mu, strain = site.law.lame[1], site.law.strain(site.u)
        self._stiffness = (
            3 * float(self._elastic.young_modulus.value) / (2 * (1 + float(self._elastic.poisson_ratio.value)))
        )
        deviator, trial = site.law.relaxation.trial(strain, mu)
        self._deviator = deviator
        self._trial = PointReader(domain, side, trial, STRAIN_DEGREE)
        epsilon = mechanics.in_space(strain)
        inelastic = (
            epsilon - ufl.tr(epsilon) / 3 * ufl.Identity(3) - site.law.relaxation.deviator(strain, mu) / (2 * mu)
        )
        self._flowed = PointReader(
            domain, side, ufl.as_vector([inelastic[place] for place in components]), STRAIN_DEGREE
        )
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

    def _relaxed(self, trial: Array) -> Any:
        """Return what the law makes of the trial stress at the points."""
        temperature = self._temperature.read() if self._temperature else self.site.temperature
        variables = {name: function.x.array for name, function in self._variables.items()}
        return self.law.flow(trial, self._stiffness, variables, temperature, self._time)

    def begin_protocol_step(self) -> None:
        # the load may jump, and rates with it
        self._known[...] = 0.0

    def update(self) -> Change:
        trial = self._trial.read()
        flow = self._relaxed(trial)
        before = self._offset + self._slope * trial
        self._offset[:], self._slope[:] = flow.stress - flow.slope * trial, flow.slope
        comm, owned = self._domain.mesh.comm, self._owned
        changes = np.abs(flow.stress - before)[:owned].max(initial=0.0), np.abs(flow.stress)[:owned].max(initial=0.0)
        change, largest = (comm.allreduce(float(value), op=MPI.MAX) for value in changes)
        return Change(0, change / largest if largest > 0.0 else 0.0)

    def join(self) -> None:
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
        trial = self._trial.read()
        for name, values in self._relaxed(trial).variables.items():
            self._variables[name].x.array[:] = values
        increment = np.maximum(trial - self._offset - self._slope * trial, 0.0) / self._stiffness
        self.equivalent.x.array[:] += increment
        self.rate.x.array[:] = increment / self._time if self._time else 0.0
        # read as a whole before the strain, of which it is made, changes
        self.strain.x.array[:] = self._flowed.read()
        self._offset[:], self._slope[:] = 0.0, 1.0

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
            self._domain, self.law.account, self.site.u, self.strain, (self._deviator, _tensor(self.strain)), dx
        )


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
    """Yield the flow of each side that flows."""
    for name, site in model.sites.items():
        solid = model.case.solid(name)
        if solid != "elastic":
            law = law_of(solid, model.materials[name])
            yield Flow(model.domain, model.rates, site, law, model.case.time.flow_tolerance)
