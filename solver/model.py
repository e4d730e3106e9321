"""What all parts of a cell share: the mesh taken apart, its sides and interfaces, state, time scheme and scales."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import ufl
from dolfinx import fem
from dolfinx.mesh import Mesh
from mpi4py import MPI
from ufl.algorithms.analysis import extract_coefficients

from interstice import meshes, schema
from interstice.materials import Material
from interstice.schema import NO_SCALE, Case, Layered, Scale
from interstice.schema.problems import CaseError
from interstice.solver.domain import Domain, Indices, Side
from interstice.solver.physics import mechanics
from interstice.solver.profile import largest_current
from interstice.solver.rates import Rates
from interstice.solver.site import Face, Site
from interstice.solver.state import State

LOSS_DEGREE = 2
"""The degree of quadrature of what currents lose."""
BORE = 0.1
"""Radius of the bore of bodies of revolution with quadratic displacements, over the size of elements at interfaces.

The node at its rim has so small a share of the area that its pressure is out by p'' h²/20 · h/r: as much as it varies
over an element where the bore is a tenth of one, and a hundred times as much where it is a thousandth.
"""

if TYPE_CHECKING:
    from interstice.solver.bodies.terminals import Terminals

Array = npt.NDArray[np.float64]


class Model:
    """A case on its mesh, before any law acts.

    `ends` are the sides at the collector and at the counter face, `top` and `bottom`, between which platens press.
    `terminal` and `ground` name the one of these faces at which the potential of the cell is taken, and the one against
    which it is: lithium or the lower electrode. `bodies` are one side each, or several that are bonded. `residual(u)`
    returns the owned entries of the residual of an unknown before constraints, `prescribed(u)` the local dofs that
    constraints hold or tie and `fixed(u)` those that they hold; they serve once the cell has made its equations.
    """

    terminals: Terminals
    residual: Callable[[fem.Function], Array]
    prescribed: Callable[[fem.Function], Indices]
    fixed: Callable[[fem.Function], Indices]

    def __init__(self, case: Case, materials: Mapping[str, Material], folder: Path, comm: MPI.Comm) -> None:
        self.case, self.materials, self.comm, self.state = case, materials, comm, State()
        tagged, self.profiles = meshes.build(comm, case.geometry, folder)
        self.blocks = {pair: _find(case.faces, pair) for pair in tagged.interfaces}
        """What the case says of each interface."""
        bonded = [pair for pair, block in self.blocks.items() if block.bonded]
        if isinstance(case.geometry, Layered) and case.axisymmetric and case.element_order == 2:
            _bore(tagged.mesh, case.geometry)
        self.domain = domain = Domain(tagged, case.element_order, case.axisymmetric, bonded)
        self._continue_normals()
        self.rates = Rates(domain, self.state)
        self.bodies: list[Side] = list({id(body): body for body in domain.bodies.values()}.values())
        u = {
            body.name: self.state.function(
                fem.Function(body.space(domain.order, (domain.dimension,)), name=f"u of {body.name}")
            )
            for body in self.bodies
        }
        law = mechanics.law(case.kinematics, case.axisymmetric)
        self.sites = {
            name: Site(
                side,
                u[domain.bodies[name].name],
                law.constant(domain.mesh, materials[name].young_modulus, materials[name].poisson_ratio),
                self.state.scope(name),
                materials[name],
                case.temperature,
                f" of {name}" if len(case.reacting) > 1 else "",
            )
            for name, side in domain.sides.items()
        }
        self.ends = {face: self.sites[domain.owner(face)] for face in ("collector", "counter")}
        self.top, self.bottom = self.ends.values()
        self.apparent_area = domain.area("collector")
        self.faces = [self._face(pair) for pair in self.blocks]
        # lithium, the reference of a half cell, is where the electrode is not
        upright = case.every_electrode.keys() != case.wired(self.bottom.name)
        self.terminal, self.ground = ("collector", "counter") if upright else ("counter", "collector")
        if case.geometry.builder == "msh":
            self._check_ends()

    def members(self, body: Side) -> list[Site]:
        """Return the sides of a body."""
        return [site for name, site in self.sites.items() if self.domain.bodies[name] is body]

    @property
    def grounded(self) -> Site:
        """The side at the face against which the potential of the cell is."""
        return self.ends[self.ground]

    @cached_property
    def working(self) -> Site:
        """The electrode whose potential is that of the cell: at the terminal or, wired to it, the uppermost one."""
        return self.sites[self.case.working]

    @property
    def lead(self) -> Site:
        """The side at which the potential of the cell is taken: the electrode, or a collector behind it."""
        end = self.ends[self.terminal]
        return end if end.name in self.case.every_electrode else self.working

    def level(self, site: Site) -> fem.Constant:
        """Return the part of the potential [V] that a side has in common with those that it conducts to.

        What crosses between them is then not lost in its rounding, however well they conduct.
        """
        return self._levels[site.name]

    @cached_property
    def alike(self) -> list[list[Site]]:
        """The sides, those that conduct to each other together."""
        groups = [[site] for site in self.sites.values()]
        for face, block in zip(self.faces, self.blocks.values(), strict=True):
            if block.conduction:
                joined = [group for group in groups if set(group) & set(face.sites)]
                groups = [group for group in groups if group not in joined]
                groups.append([site for group in joined for site in group])
        return groups

    @cached_property
    def _levels(self) -> dict[str, fem.Constant]:
        levels: dict[str, fem.Constant] = {}
        for group in self.alike:
            state = group[0].state if len(group) == 1 else self.state.scope(" and ".join(site.name for site in group))
            level = state.constant("level", self.domain.constant(0.0))
            levels |= {site.name: level for site in group}
        return levels

    @cached_property
    def path(self) -> dict[Face, float]:
        """The interfaces that the current of the cell passes, in order from the terminal to the ground.

        Each with 1 where it is positive on charge, as lithium leaves the electrode, and −1 where it is negative. Others
        pass nothing in all: behind the working electrode the cell goes on to no terminal.
        """

        def passed(site: Site, behind: Face | None = None) -> dict[Face, float] | None:
            if site is self.grounded:
                return {}
            for face in self.faces:
                if site in face.sites and face is not behind:
                    onward = passed(face.opposite(site), face)
                    if onward is not None:
                        return {face: 1.0 if site is face.origin else -1.0} | onward
            return None

        path = passed(self.lead)
        assert path is not None
        return path

    def coefficient(self, value: Any) -> Any:
        """Return a number as a constant, so that another one needs no new compilation; UFL as it is."""
        return value if isinstance(value, ufl.core.expr.Expr) else self.domain.constant(float(value))

    def dx(self, site: Site) -> ufl.Measure:
        """Return the volume measure of a side for currents: with a conductivity that varies, of a degree that is said.

        What currents lose is then the same in the balances of charge and of heat, to rounding.
        """
        return self.domain.dx(site.side, LOSS_DEGREE if self.conductivity_varies(site) else None)

    def conductivity_varies(self, site: Site) -> bool:
        """Return whether the conductivity of a side depends on what is computed: lithium, salt or temperature."""
        return bool(extract_coefficients(ufl.as_ufl(site.potential_holder.conductivity)))

    def is_loose(self, site: Site) -> bool:
        """Return whether the body of a side touches neither collector nor counter face."""
        return site.u is not self.top.u and site.u is not self.bottom.u

    def body_thickness(self, face: Face) -> float:
        """Return the thickness [m] of the thinner body at an interface: its volume over the area of the interface.

        That of layers is their own, of a ball a third and of a disc half of the radius.
        """
        bodies = {id(body): body for body in (self.domain.bodies[site.name] for site in face.sites)}
        return min(self.domain.volume(body) for body in bodies.values()) / face.area

    @property
    def interface_nodes(self) -> int:
        """The number of nodes of all interfaces."""
        return sum(int(i.space.dofmap.index_map.size_global) for i in self.domain.interfaces.values())

    @property
    def typical_pressure(self) -> float:
        """The stack pressure, where there is none a small part of the strength of a bond or of the stiffness [Pa]."""
        strengths = [block.cohesive.normal_strength for block in self.blocks.values() if block.cohesive]
        softest = min(material.young_modulus for material in self.materials.values())
        return self.case.stack.pressure or (1e-3 * min(strengths) if strengths else 1e-6 * softest)

    @property
    def typical_force(self) -> float:
        """The typical pressure over the apparent area, as a load on each node [N, in plane 2D N per metre of depth]."""
        return self.typical_pressure * self.apparent_area / np.sqrt(self.interface_nodes)

    @cached_property
    def typical_current(self) -> float:
        """The largest current of the protocol, or that of 1C, as a load on each node [A, in plane 2D A per metre].

        Without a host it is the largest exchange current.
        """
        largest = max(largest_current(step, self.scale) for step in self.case.steps)
        exchange = max(b.kinetics.exchange_current_density for b in self.blocks.values() if b.kinetics)
        density = largest or (self.one_c if self.case.hosts else exchange)
        return density * self.apparent_area / np.sqrt(self.interface_nodes)

    @property
    def charge_capacity(self) -> float:
        """The charge [C] (plane 2D: per metre of depth) between the ends of the range of the smaller host."""
        return min(site.host.charge_capacity for site in self.sites.values() if site.host)

    @property
    def lithium_capacity(self) -> float:
        """The lithium [mol] (plane 2D: per metre of depth) that the smaller host holds if full, ∞ without one."""
        return min((site.host.lithium_capacity for site in self.sites.values() if site.host), default=np.inf)

    @property
    def one_c(self) -> float:
        """The current density that carries the charge capacity in an hour [A/m² of apparent area]."""
        return self.charge_capacity / 3600.0 / self.apparent_area

    @property
    def scale(self) -> Scale:
        """What a C-rate is, and a current per mass of the uppermost host: NaN if its material has no density."""
        if not self.case.weighed:
            return NO_SCALE
        weighed = self.sites[self.case.weighed]
        density, volume = self.materials[weighed.name].density, self.domain.volume(weighed.side)
        return Scale(self.one_c, np.nan if density is None else density * volume / self.apparent_area)

    @property
    def thickness(self) -> float:
        """The height of the cell as it is drawn [m]."""
        height = self.domain.mesh.geometry.x[:, self.domain.dimension - 1]
        top = self.comm.allreduce(float(height.max(initial=-np.inf)), op=MPI.MAX)
        return top - self.comm.allreduce(float(height.min(initial=np.inf)), op=MPI.MIN)

    @property
    def period(self) -> tuple[float, ...]:
        """The lengths [m] after which the cell repeats itself along the first axes."""
        geometry = self.case.geometry
        return geometry.lateral_size if isinstance(geometry, Layered) and geometry.lateral == "periodic" else ()

    def _check_ends(self) -> None:
        """Raise CaseError if the faces of a mesh from elsewhere are those of no cell."""
        if self.grounded.name in self.case.wired(self.lead.name):
            words = "which short-circuits the cell; one of them has to lie on the electrolyte, as lithium"
            raise CaseError([f"geometry.file: collector and counter both lie on the {self.working.name}, {words}"])

    def _continue_normals(self) -> None:
        lateral = self.case.geometry.lateral
        for interface in self.domain.interfaces.values():
            for axis in range(self.domain.dimension - 1 if lateral != "free" else 0):
                interface.continue_normals(axis, lateral == "periodic")

    def _face(self, pair: tuple[str, str]) -> Face:
        interface, gap = self.domain.interfaces[pair], None
        if not self.blocks[pair].bonded:
            gap = interface.function("initial_gap")
            points = interface.space.tabulate_dof_coordinates()[:, : self.domain.dimension - 1]
            gap.x.array[:] = meshes.initial_gap(self.profiles[pair])(*points.T)
        name = "/".join(pair)
        label = f" of {name}" if len(self.blocks) > 1 else ""
        plus, minus = (self.sites[side] for side in pair)
        rms = self.profiles[pair].rms
        return Face(interface, plus, minus, gap, self.typical_pressure, self.state.scope(name), label, rms)


def _find(blocks: Mapping[str, schema.Interface], pair: tuple[str, str]) -> schema.Interface:
    """Return the block of an interface, whose name may have the sides in either order."""
    first, second = pair
    return blocks.get(f"{first}/{second}") or blocks[f"{second}/{first}"]


def _bore(mesh: Mesh, geometry: Layered) -> None:
    """Give an axisymmetric mesh a bore along its axis, `BORE` elements wide.

    With quadratic displacements a node of an interface on the axis has no share of the area. The wall of the bore does
    not move, as the axis does not: what that changes is of the order of the area of the bore over that of a feature.
    """
    radius = BORE * geometry.element_size
    x = mesh.geometry.x[:, 0]
    x[:] = radius + x * (1.0 - radius / geometry.length)
