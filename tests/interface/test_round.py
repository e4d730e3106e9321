"""Contact of round particles: a disc that swells in a ring, against Lamé, with displacements of either order."""

from __future__ import annotations

import gmsh
import pytest
from builders import FIXED_PRESSURE, tiny_run
from mpi4py import MPI

from interstice.benchmarks.pair import Pair
from interstice.meshes.tagged import from_gmsh, generate
from interstice.solver import algebra
from interstice.solver.domain import Domain
from interstice.solver.interface.contact import Contact

PARTICLE = (
    "geometry={builder: particles, length: 4 um, height: 4 um, count: 1, mean_diameter: 2 um, element_size: 250 nm, "
    "coarse_size: 500 nm}"
)
SHORT = "protocol=[{step: charge, current_density: 0.5 mA/cm^2, until: {time: 20 s}}]"
RADIUS, OUTER = 1e-6, 3e-6
MODULI = (200e9, 0.3), (20e9, 0.3)
STRAIN = 1e-3


def pressure() -> float:
    """Return the pressure [Pa] of a disc that swells by `STRAIN` in a ring whose outer face is held (plane strain).

    Outside u = A (r − b²/r); at r = a both sides have moved alike.
    """
    (E, nu), (E_ring, nu_ring) = MODULI
    wide = (OUTER / RADIUS) ** 2
    disc = (1 + nu) * (1 - 2 * nu) / E
    ring = (wide - 1) * (1 + nu_ring) / E_ring / (1 / (1 - 2 * nu_ring) + wide)
    return (1 + nu) * STRAIN / (disc + ring)


def quarter(element_size: float) -> None:
    """Draw a quarter of the disc and of the ring in units of the radius of the disc."""
    geo, wide = gmsh.model.geo, OUTER / RADIUS
    middle, *ends = (geo.addPoint(*p, 0) for p in ((0, 0), (1, 0), (0, 1), (wide, 0), (0, wide)))
    arc, outer = geo.addCircleArc(ends[0], middle, ends[1]), geo.addCircleArc(ends[2], middle, ends[3])
    lower = [geo.addLine(middle, ends[0]), geo.addLine(ends[0], ends[2])]
    left = [geo.addLine(ends[1], middle), geo.addLine(ends[3], ends[1])]
    disc = geo.addPlaneSurface([geo.addCurveLoop([lower[0], arc, left[0]])])
    ring = geo.addPlaneSurface([geo.addCurveLoop([lower[1], outer, left[1], -arc])])
    geo.synchronize()
    for name, tag in (("electrode", disc), ("electrolyte", ring)):
        gmsh.model.addPhysicalGroup(2, [tag], name=name)
    curves = {"electrode/electrolyte": [arc], "collector": [outer], "counter": lower, "left": left}
    for name, tags in curves.items():
        gmsh.model.addPhysicalGroup(1, tags, name=name)
    size = gmsh.model.mesh.field.add("MathEval")
    gmsh.model.mesh.field.setString(size, "F", f"{element_size}")
    generate(2, size)


def computed(order: int, elements: int) -> float:
    """Return the mean pressure [Pa] on a disc of so many elements in its radius."""
    domain = Domain(from_gmsh(MPI.COMM_SELF, lambda: quarter(1 / elements), RADIUS), order)
    for interface in domain.interfaces.values():
        for axis in (0, 1):
            interface.continue_normals(axis, False)
    pair = Pair(domain, MODULI, 1e6 * RADIUS)
    pair.sites[0].eigenstrains.append(domain.constant(STRAIN))
    contact = Contact(pair.face, 1e3)
    pair.parts.append(contact)
    for side in ("electrode", "electrolyte"):
        for boundary, component in (("left", 0), ("counter", 1)):
            pair.constraints.fixed.append((pair.u[side], pair.dofs(side, boundary, [component])))
    pair.constraints.fixed.append((pair.u["electrolyte"], pair.dofs("electrolyte", "collector", [0, 1])))
    system = pair.make_system(algebra.DIRECT)
    contact.close()
    system.solve(pair.update)
    mean = pair.interface.sum(contact.pressure) / pair.face.area
    system.destroy()
    return mean


@pytest.mark.parametrize("elements", [4, 8])
def test_quadratic_displacements_give_the_pressure_on_a_swelling_disc_better(elements: int) -> None:
    errors = [abs(computed(order, elements) / pressure() - 1) for order in (1, 2)]
    assert errors[1] < errors[0] / 2


def test_the_pressure_on_a_swelling_disc_converges() -> None:
    errors = [abs(computed(2, elements) / pressure() - 1) for elements in (4, 8)]
    assert errors[0] < 0.005 and errors[1] < errors[0] / 2.5


@pytest.mark.parametrize("order", [1, 2])
def test_a_particle_is_charged_with_displacements_of_either_order(order: int) -> None:
    run = tiny_run(PARTICLE, FIXED_PRESSURE, f"element_order={order}", SHORT)
    assert not run.stopped and run.cell.domain.order == order
    active = run.column("active fraction [1]")
    assert active[0] > 0.8 and active[-1] < active[0]
    assert run.column("charge balance [1]").max() <= 1e-9 and run.column("penetration [m]").max() <= 1e-15
