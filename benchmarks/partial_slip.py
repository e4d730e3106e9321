"""Cattaneo and Mindlin's partial slip: a cylinder (2D, plane strain) or a sphere (3D) is pressed on a flat and pulled.

The normal force P is held while the tangential force Q grows: the rim of Hertz' contact slips, a core of radius c
sticks. Both blocks are of one material, so that normal and tangential problem are uncoupled as the closed form wants.
Of the sphere a half is computed, symmetric about the plane y = 0 in which it is pulled: under the pull alone u_x and
under the pressure alone u_y and u_z are even in x, so that no condition at x = 0 would serve both. Outer sides are
free. The closed form for a sphere neglects slip across the pull; it is exact for ν = 0.

The stick radius is where the traction reaches μp: (μp − |q|)² is linear in r² in the stick zone and zero at its edge,
and a straight line is fitted to it by least squares. The area of the nodes that stick tells the radius to about half
an element. Finite blocks change c as they change a in Hertz' contact, by a fraction of the order (a/L)³, in 2D (a/L)².
"""

from __future__ import annotations

import numpy as np
from mpi4py import MPI
from pydantic import Field

from interstice.benchmarks import closed_form
from interstice.benchmarks.blocks import Array, Blocks, Box, cascade, l2_errors
from interstice.benchmarks.options import ContactMethod, Dimension
from interstice.benchmarks.report import Result
from interstice.solver.algebra import Report
from interstice.solver.ledger import Ledger
from interstice.solver.physics.mechanics import composite_modulus

NAME = "partial-slip"
CORE = 1.3
"""Edge over a of the regular mesh of each block at the contact; it is half as high, with elements half as high."""
GROWTH = {2: 0.05, 3: 0.2}
"""Growth of the element size per distance beyond."""
DOMAIN = {2: 40.0, 3: 12.0}
STICK_ELEMENTS = 5
INNER = 0.8
"""Part of the exact stick radius within which the line is fitted."""
CLOSE = 1e-3
"""Relative distance from the tangential force asked for at which the top stops."""
MOST_TRIES = 10


class Options(ContactMethod):
    """A cylinder or sphere, the forces on it, and the mesh."""

    dimension: Dimension = 3
    """2: cylinder, 3: sphere"""
    elements: int | None = Field(None, ge=4)
    """elements per contact radius, a/h; if not given, 10, or more for 5 per stick radius"""
    load_ratio: float = Field(0.5, gt=0, lt=1)
    """tangential force over the one that slides, Q/(μP)"""
    steps: int = Field(5, ge=1)
    """steps in which Q grows"""
    friction: float = Field(0.3, gt=0)
    """coefficient of friction μ"""
    modulus: float = Field(10e9, gt=0)
    """Young's modulus of both blocks [Pa]"""
    poisson: float = Field(0.3, gt=-1, lt=0.5)
    """Poisson's ratio of both blocks"""
    radius: float = Field(10e-6, gt=0)
    """radius R of the relative curvature [m]"""
    force: float | None = Field(None, gt=0)
    """normal force P [N], in 2D per unit depth [N/m]; if not given, the one for a = R/20"""
    domain: float | None = Field(None, gt=4)
    """half length, width and thickness of each block over a"""


def run(options: Options, comm: MPI.Comm) -> Result:
    """Press, pull, and compare with Cattaneo (1938) and Mindlin (1949)."""
    dimension, radius = options.dimension, options.radius
    material = (options.modulus, options.poisson)
    modulus = composite_modulus(material, material)
    force = options.force or _force(dimension, radius, modulus)
    a, peak = (closed_form.hertz_line if dimension == 2 else closed_form.hertz_point)(force, radius, modulus)
    limit = options.friction * force
    stick_radius = closed_form.stick_line if dimension == 2 else closed_form.stick_point
    elements = options.elements or max(10, int(np.ceil(STICK_ELEMENTS * a / stick_radius(options.load_ratio, a))))
    size = (options.domain or DOMAIN[dimension]) * a
    share, area = (1, 2 * size) if dimension == 2 else (2, 2 * size**2)

    def gap(x: Array) -> Array:
        return np.sum(x[: dimension - 1] ** 2, axis=0) / (2 * radius)

    def build(elements: int, coarse: Blocks | None) -> Blocks:
        return Blocks(
            _box(dimension, elements, a, size).mesh(comm),
            (material, material),
            options,
            gap,
            force / share / area,
            lateral="half",
            coarse=coarse,
            friction=options.friction,
        )

    blocks = cascade(build, elements, dimension)
    interface, friction = blocks.interface, blocks.friction
    assert friction is not None

    def load_ratio() -> float:
        return -share * interface.sum(friction.traction[::dimension]) / limit

    def by_slip(ratio: float) -> float:
        """Return the displacement [m] of the top beyond what is proportional to Q: the closed form's."""
        if dimension == 2:
            return closed_form.partial_slip_displacement_line(ratio, limit, modulus)
        return closed_form.partial_slip_displacement_point(ratio, limit, a, _compliance(material))

    def pull() -> Report:
        reports = [blocks.press()]
        friction.commit()
        ledgers.append(blocks.ledger())
        rest = 0.0 if dimension == 3 else limit / modulus
        for target in np.linspace(0, options.load_ratio, options.steps + 1)[1:]:
            for _ in range(MOST_TRIES):
                distance = by_slip(target) + rest * target
                reports.append(blocks.slide_top(distance))
                ratio = min(load_ratio(), 1 - CLOSE)
                rest = (distance - by_slip(ratio)) / ratio
                if abs(ratio / target - 1) <= CLOSE:
                    break
            friction.commit()
            ledgers[0].book()
        return sum(reports, Report())

    ledgers: list[Ledger] = []
    cost = blocks.measure(pull)
    ratio = load_ratio()
    c = stick_radius(ratio, a)
    if dimension == 2:
        loss = closed_form.partial_slip_loss_line(ratio, limit, modulus)
    else:
        loss = closed_form.partial_slip_loss_point(ratio, limit, a, _compliance(material))

    def exact(points: Array) -> Array:
        r = np.linalg.norm(points[:, : dimension - 1], axis=1)
        return -closed_form.partial_slip_traction(r, a, c, options.friction * peak)

    error, interpolant = l2_errors(interface, friction.traction[::dimension], exact)
    found = _stick_radius(blocks, options.friction, INNER * c)
    sticking = share * interface.sum(friction.sticking.x.array)
    found_loss = share * interface.sum(friction.dissipated.x.array)
    return Result(
        NAME,
        options.model_dump() | {"force": force, "elements": elements},
        {
            "load_ratio": ratio,
            "stick_radius [m]": found,
            "stick_radius_by_area [m]": sticking / 2 if dimension == 2 else np.sqrt(sticking / np.pi),
            "friction_loss": found_loss,
            **{f"ledger_{account}": share * energy for account, energy in ledgers[0].energies.items()},
        },
        {"load_ratio": options.load_ratio, "stick_radius [m]": c, "stick_radius_by_area [m]": c, "friction_loss": loss},
        {
            "stick_radius": abs(found / c - 1),
            "traction_l2": error,
            "interpolant_l2": interpolant,
            "friction_loss": abs(found_loss / loss - 1),
            "ledger": ledgers[0].closing_error,
        },
        cost,
    )


def _force(dimension: int, radius: float, modulus: float) -> float:
    """Return the force of a contact of radius R/20."""
    a = radius / 20
    return np.pi * modulus * a**2 / (4 * radius) if dimension == 2 else 4 * modulus * a**3 / (3 * radius)


def _compliance(material: tuple[float, float]) -> float:
    """Return 2 (2−ν)/G [1/Pa] of two equal bodies."""
    E, nu = material
    return 4 * (2 - nu) * (1 + nu) / E


def _stick_radius(blocks: Blocks, mu: float, within: float) -> float:
    """Return where the line fitted to (μp − |q|)² over r² at r < `within` [m], weighed by area, falls to zero [m]."""
    interface, friction = blocks.interface, blocks.friction
    assert friction is not None
    r = np.linalg.norm(interface.space.tabulate_dof_coordinates(), axis=1)[: interface.owned]
    traction = np.linalg.norm(friction.traction.reshape(-1, blocks.dimension), axis=1)
    margin = (mu * blocks.contact.pressure - traction)[: interface.owned] ** 2
    weights = np.where(r < within, interface.areas.x.array[: interface.owned], 0.0)
    basis = np.column_stack([np.ones_like(r), (r / within) ** 2])
    matrix = blocks.comm.allreduce(basis.T @ (weights[:, None] * basis))
    at_centre, slope = np.linalg.solve(matrix, blocks.comm.allreduce(basis.T @ (weights * margin)))
    return within * float(np.sqrt(-at_centre / slope))


def _box(dimension: int, elements: int, a: float, size: float) -> Box:
    distance = "Sqrt(x*x + y*y)" if dimension == 2 else "Sqrt(x*x + y*y + z*z)"
    beyond = f"({distance} - {CORE * a / size})"
    expression = f"{a / size / elements} + {GROWTH[dimension] / 2} * ({beyond} + Fabs({beyond}))"
    regular = round(CORE * elements)
    edge = regular / elements * a
    return Box(dimension, size, size, size, [expression], core=(edge, edge / 2), core_elements=regular, mirrored=True)


if __name__ == "__main__":
    from interstice.benchmarks.command import script

    script(NAME)
