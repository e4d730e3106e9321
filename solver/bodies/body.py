"""A body in equilibrium: one side, or several that are bonded, under their eigenstrains.

∫ σ(u, e) : δε(v) dx = work of what acts on its faces on v, for all v
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import ufl
from dolfinx import fem
from mpi4py import MPI

from interstice import meshes
from interstice.solver.domain import Domain, Indices
from interstice.solver.ledger import ElasticWork, ExternalWork
from interstice.solver.model import Model
from interstice.solver.part import TENSOR, Caution, Part, Shown, Term, Unknown, Work
from interstice.solver.physics import mechanics
from interstice.solver.site import Site
from interstice.solver.state import State

Array = npt.NDArray[np.float64]

ANCHOR = 1e-9
"""Stiffness that keeps in place what nothing else may hold, over E/L²: far too small to be seen in any force."""


class Body(Part):
    """The equilibrium of the body of `sites`, all with one displacement u; `magnitude` [N] is a typical nodal load.

    `residual` returns the owned entries of the residual of u before constraints, `prescribed` the local dofs whose
    displacement is given or common: their residuals are the reactions. An `anchored` body is kept in place.
    """

    def __init__(
        self,
        domain: Domain,
        sites: Sequence[Site],
        magnitude: float,
        residual: Callable[[], Array],
        prescribed: Callable[[], Indices],
        anchored: bool = False,
        state: State | None = None,
    ) -> None:
        self.sites, self.u = sites, sites[0].u
        self._domain, self._magnitude, self._residual, self._prescribed = domain, magnitude, residual, prescribed
        self._anchor: fem.Function | None = None
        if anchored:
            anchor = fem.Function(self.u.function_space, name=f"anchor of {sites[0].name}")
            self._anchor = (state or State()).function(anchor)

    def unknowns(self) -> Iterable[Unknown]:
        return [Unknown(self.u, "mechanics", self._magnitude)]

    def terms(self) -> Iterator[Term]:
        v = ufl.TestFunction(self.u.function_space)
        for site in self.sites:
            dx = self._domain.dx(site.side, site.strain_degree)
            yield Term(self.u, mechanics.residual(site.law, self.u, v, dx, site.eigenstrain))
        if self._anchor is not None:
            size = max(self._domain.size(site.side) for site in self.sites)
            stiffness = self._domain.constant(ANCHOR * float(self.sites[0].law.young_modulus.value) / size**2)
            for site in self.sites:
                yield Term(self.u, stiffness * ufl.inner(self.u - self._anchor, v) * self._domain.dx(site.side))

    def join(self) -> None:
        self.commit()

    def commit(self) -> None:
        if self._anchor is not None:
            self._anchor.x.array[:] = self.u.x.array

    def works(self) -> Iterator[Work]:
        prescribed = np.unique(self._prescribed())
        yield ExternalWork(self._domain, self.u, self._residual, prescribed)
        yield ElasticWork(self._domain, self.u, self.sites)


SMALL = 0.02
"""Strain, √(ε:ε), up to which strains are small.

Larger than a few percent they are not (COMSOL 6.2, Structural Mechanics Module User's Guide, "Modeling Geometric
Nonlinearity"). At a stretch of 1.1 the measures log λ, λ − 1 and (λ² − 1)/2, alike for small strains, are 9.5, 10 and
10.5 %; at one of 1.5 they are 41, 50 and 63 %, and the volume of what swells by that in all directions grows by 238
instead of 150 %. That is where a run ends (`largest_strain` of the case).
"""


class Appearance(Part):
    """How a side moves and what stress it bears, for pictures, and whether its strains are as small as they have to be.

    `bearable` is the largest root mean square of √(ε:ε) over the side: no single corner ends a run; infinite where
    strains may be large. `lift` is a
    displacement that shows the initial gap of its lower interface, shape (local dofs,).
    """

    def __init__(self, domain: Domain, site: Site, lift: Array, bearable: float) -> None:
        self._site, self._domain, self._lift, self._bearable = site, domain, lift, bearable
        vectors = site.side.space(domain.order, (domain.dimension,))
        self._displacement, self._opened = fem.Function(vectors), fem.Function(vectors)
        strain = site.law.strain(site.u)
        self._strain = domain.cell_mean(site.side, ufl.sqrt(ufl.inner(strain, strain)))
        self._square = domain.form(ufl.inner(strain, strain) * domain.dx(site.side))
        self._volume = domain.volume(site.side)
        self._from_body = domain.dofs_in_body(self._displacement, site.u)

    def shown(self) -> Iterator[Shown]:
        site = self._site
        yield Shown(site, "displacement [m]", self._displacement, self._read)
        yield Shown(site, "displacement [m]", self._displacement, self._read, "whole")
        yield Shown(site, "displacement with initial gap [m]", self._opened, self._open, "whole")
        shown: Mapping[str, Any] = {
            "stress [Pa]": symmetric(site.law.true_stress(site.u, site.eigenstrain)),
            "strain [1]": symmetric(mechanics.in_space(site.law.strain(site.u))),
            "hydrostatic stress [Pa]": site.law.hydrostatic_stress(site.u, site.eigenstrain),
            "von Mises stress [Pa]": site.law.von_mises_stress(site.u, site.eigenstrain),
        }
        for name, expression in shown.items():
            mean = self._domain.cell_mean(site.side, expression, site.strain_degree)
            yield Shown(site, name, mean.values, mean.read, "cell")

    def cautions(self) -> Iterator[Caution]:
        if self._bearable == np.inf:
            # large strains are none to be told of
            return
        strain = self._strain.read()
        largest = self._domain.mesh.comm.allreduce(float(strain.max(initial=0.0)), op=MPI.MAX)
        if largest > SMALL:
            yield Caution(
                "strain",
                f"the strain of {self._site.name} reaches {largest:.1%}, swelling included, where small strains err by "
                "about as large a share of themselves: take its results for trends",
            )

    def breakdown(self) -> str:
        mean = np.sqrt(self._domain.integrate(self._square) / self._volume)
        if mean <= self._bearable:
            return ""
        return (
            f"the strain of {self._site.name} is {mean:.1%}, beyond largest_strain, {self._bearable:g}: the model "
            "takes strains for small. Let less lithium pass, by an earlier cut-off or a shorter step, press less, or "
            "raise largest_strain and take the results for trends"
        )

    def _read(self) -> None:
        self._displacement.x.array[:] = self._site.u.x.array[self._from_body]

    def _open(self) -> None:
        self._read()
        self._opened.x.array[:] = self._displacement.x.array + self._lift


def symmetric(tensor: Any) -> Any:
    """Return the six components of a symmetric tensor of shape (3, 3) in the order of `TENSOR`."""
    return ufl.as_vector([tensor[tuple(map("xyz".index, component))] for component in TENSOR])


def parts(model: Model) -> Iterator[Part]:
    """Yield the equilibrium of each body, and how each side is shown."""
    for body in model.bodies:
        sites = model.members(body)
        u = sites[0].u
        yield Body(
            model.domain,
            sites,
            model.typical_force,
            lambda u=u: model.residual(u),  # type: ignore[misc]
            lambda u=u: model.prescribed(u),  # type: ignore[misc]
            anchored=model.is_loose(sites[0]),
            state=model.state,
        )
    for site in model.sites.values():
        yield Appearance(model.domain, site, _roughness_lift(model, site), model.case.bearable_strain)


def _roughness_lift(model: Model, site: Site) -> Array:
    """Return the displacement that gives a flat side the roughness of its lower interface.

    It is g_0 there and falls linearly to 0 at the top of the side. Sides that are not `plus` of an interface get none.
    """
    dimension = model.domain.dimension
    points = site.side.space(model.domain.order, (dimension,)).tabulate_dof_coordinates()
    lift = np.zeros((len(points), dimension))
    for pair, profile in model.profiles.items():
        if pair[0] == site.name:
            height = points[:, dimension - 1]
            low = model.comm.allreduce(height.min(initial=np.inf), op=MPI.MIN)
            high = model.comm.allreduce(height.max(initial=-np.inf), op=MPI.MAX)
            gap = meshes.initial_gap(profile)(*points[:, : dimension - 1].T)
            lift[:, -1] = gap * (high - height) / (high - low)
    return lift.ravel()
