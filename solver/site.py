"""What is known of a side (`Site`) and of an interface (`Face`), for the parts that act there.

The sign of what acts across an interface stands here once: ⟦v⟧ = v⁻ − v⁺, and what leaves one side enters the other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import ufl
from dolfinx import fem
from ufl.algorithms.estimate_degrees import estimate_total_polynomial_degree

from interstice.materials import Material
from interstice.solver.domain import Interface, Side
from interstice.solver.part import Term
from interstice.solver.physics import mechanics
from interstice.solver.physics.mechanics import Axisymmetric, Elasticity, FiniteStrain
from interstice.solver.state import State

if TYPE_CHECKING:
    from interstice.solver.bodies.conductor import Conductor
    from interstice.solver.bodies.host import Host
    from interstice.solver.bodies.metal import Metal
    from interstice.solver.crack.unstable import Relaxation
    from interstice.solver.interface.activity import Activity
    from interstice.solver.interface.adhesion import Adhesion
    from interstice.solver.interface.charge_transfer import ChargeTransfer
    from interstice.solver.interface.cohesive import CohesiveBond
    from interstice.solver.interface.contact import Contact
    from interstice.solver.interface.friction import Friction
    from interstice.solver.interface.micro_contact import MicroContact
    from interstice.solver.interface.passage import Passage
    from interstice.solver.interface.plating import Plating

STRAIN_DEGREE = 2
"""The degree of quadrature of stresses, where swelling is no linear function of what is computed or the solid flows."""

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


@dataclass(eq=False)
class Site:
    """One side: its displacement `u` (that of the body it belongs to), its `law`, what else is known of it.

    `eigenstrains` are linear strains e of ε* = e I in UFL, `heat_sources` powers per volume [W/m³]; parts add to both.
    `temperature` [K] is a number where it is the same everywhere.
    """

    side: Side
    u: fem.Function
    law: Elasticity
    state: State = field(default_factory=State)
    material: Material | None = None
    temperature: Any = 298.15
    label: str = ""
    eigenstrains: list[Any] = field(default_factory=list)
    heat_sources: list[Any] = field(default_factory=list)
    host: Host | None = None
    metal: Metal | None = None
    conductor: Conductor | None = None

    @property
    def name(self) -> str:
        """The name of the side."""
        return self.side.name

    @property
    def dilation(self) -> Any:
        """The volumetric strain [1] in UFL."""
        return ufl.tr(self.law.strain(self.u))

    @property
    def eigenstrain(self) -> Any:
        """The sum of the eigenstrains in UFL, 0.0 where there are none."""
        return sum(self.eigenstrains) if self.eigenstrains else 0.0

    @property
    def strain_degree(self) -> int | None:
        """The degree of quadrature of stresses; None where UFL's own is exact, as eigenstrains are linear.

        One degree for all that the stresses do: their works sum up to rounding then.
        """
        bent = estimate_total_polynomial_degree(ufl.as_ufl(self.eigenstrain)) > 1
        revolved = isinstance(self.law, Axisymmetric)  # u_r/r is no polynomial
        large = isinstance(self.law, FiniteStrain)  # nor is the inverse of a deformation
        return STRAIN_DEGREE if bent or revolved or large or self.law.relaxation else None

    @property
    def electrode(self) -> Host | Metal | None:
        """What conducts electrons; None of an electrolyte."""
        return self.host or self.metal

    @property
    def potential_holder(self) -> Host | Metal | Conductor:
        """What has the potential of this side."""
        holder = self.electrode or self.conductor
        assert holder is not None
        return holder


class Face:
    """One interface and the laws on it, None where it has none; `plus` and `minus` are its sides.

    `initial_gap` g_0 is a nodal function [m], None where the sides are bonded to one body; `pressure` [Pa] is a typical
    one, `rms` the roughness [m]. `recessions` [m] in UFL widen the gap where material is lost.
    """

    contact: Contact | None = None
    bond: CohesiveBond | None = None
    drag: Relaxation | None = None
    friction: Friction | None = None
    adhesion: Adhesion | None = None
    micro: MicroContact | None = None
    activity: Activity | None = None
    passage: Passage | None = None
    transfer: ChargeTransfer | None = None
    plating: Plating | None = None

    def __init__(
        self,
        interface: Interface,
        plus: Site,
        minus: Site,
        initial_gap: fem.Function | None = None,
        pressure: float = 0.0,
        state: State | None = None,
        label: str = "",
        rms: float = 0.0,
    ) -> None:
        self.interface, self.plus, self.minus = interface, plus, minus
        self.initial_gap, self.pressure, self.label, self.rms = initial_gap, pressure, label, rms
        self.state = state or State()
        self.jump = interface.jump({plus.name: plus.u, minus.name: minus.u})
        self.recessions: list[Any] = []
        self.share: Any = 1.0
        """The share of the area that conducts, in UFL."""
        self.heat_sources: list[Any] = []
        """Powers per area [W/m²] in UFL; parts add to them."""

    @property
    def name(self) -> str:
        """The names of both sides, as cathode/separator."""
        return "/".join(self.interface.name)

    @property
    def sites(self) -> tuple[Site, Site]:
        """Both sides."""
        return self.plus, self.minus

    @property
    def origin(self) -> Site:
        """The side that a positive current leaves: the electrode, the first of two like ones; asked once both are."""
        return self.minus if self.minus.electrode and self.plus.conductor else self.plus

    def opposite(self, site: Site) -> Site:
        """Return the other one of both sides."""
        return self.minus if site is self.plus else self.plus

    @property
    def bonded(self) -> bool:
        """Whether the sides are one body."""
        return self.initial_gap is None

    @property
    def modulus(self) -> float:
        """The composite modulus E* [Pa] of both sides."""
        pairs = ((float(s.law.young_modulus.value), float(s.law.poisson_ratio.value)) for s in self.sites)
        return mechanics.composite_modulus(*pairs)

    @property
    def hardness(self) -> float:
        """The hardness H [Pa] of the softer side; the materials of both have one."""
        hardnesses = [site.material.hardness for site in self.sites if site.material and site.material.hardness]
        assert len(hardnesses) == 2
        return min(hardnesses)

    @property
    def normal_gap(self) -> Any:
        """g_n [m] in UFL; asked for once all parts that widen it exist."""
        assert self.initial_gap is not None
        return self.initial_gap("+") + ufl.inner(self.jump, self.interface.normal("+")) + sum(self.recessions)

    @property
    def temperature(self) -> Any:
        """The temperature [K]: a number, or the mean of both sides in UFL."""
        first, second = (site.temperature for site in self.sites)
        if isinstance(first, float) and isinstance(second, float):
            return (first + second) / 2
        return (self.seen_from(self.plus, first) + self.seen_from(self.minus, second)) / 2

    @property
    def mean_spacing(self) -> float:
        """The mean distance of the nodes [m]."""
        interface = self.interface
        dimension, nodes = interface.mesh.topology.dim, int(interface.space.dofmap.index_map.size_global)
        shares = float(np.sum(interface.spacing.x.array[: interface.owned] ** dimension))
        return float((interface.mesh.comm.allreduce(shares) / nodes) ** (1.0 / dimension))

    @cached_property
    def area(self) -> float:
        """The geometric area [m², in 2D m per unit depth unless it is axisymmetric]."""
        return self.interface.sum(np.ones_like(self.interface.areas.x.array))

    @property
    def touching(self) -> Mask:
        """Where the sides press on each other or a bond holds them together, shape (local and ghost nodes,)."""
        touching: Mask = self.touching_share > 0.0
        return touching

    @property
    def touching_share(self) -> Array:
        """The share of each node's area at which the sides touch, shape (local and ghost nodes,).

        It is 1 where they press on each other. A bond holds its share of the node together while it is not broken and
        not open further than at its strength.
        """
        if self.contact is None:
            return np.ones(len(self.interface.areas.x.array))
        pressed: Array = self.contact.active.x.array
        return np.maximum(pressed, self.bond.held_share) if self.bond else pressed.copy()

    def seen_from(self, site: Site, f: Any) -> Any:
        """Return `f` on the interface as seen from one of its sides."""
        return self.interface.restrict(f, site.side) if isinstance(f, ufl.core.expr.Expr) else f

    def on_jump(self, virtual_work: Callable[[Any], ufl.Form]) -> list[Term]:
        """Return the terms of a traction, from its virtual work ∫ t · ⟦v⟧ dS as a function of ⟦v⟧."""
        minus, plus = (ufl.TestFunction(site.u.function_space) for site in (self.minus, self.plus))
        return [Term(self.minus.u, virtual_work(minus("-"))), Term(self.plus.u, virtual_work(-plus("+")))]

    def leaving(self, flux: Any, site: Site, unknown: fem.Function) -> Term:
        """Return the term of what leaves a side here: `flux` per area and time of what `unknown` conserves."""
        test = self.seen_from(site, ufl.TestFunction(unknown.function_space))
        return Term(unknown, flux * test * self.interface.dS)

    def entering(self, flux: Any, site: Site, unknown: fem.Function) -> Term:
        """Return the term of what enters a side here."""
        return self.leaving(-flux, site, unknown)
