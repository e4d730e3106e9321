"""Two arms joined along a flat interface and apart at one end: the specimen of delamination tests, meshed by Gmsh."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import gmsh
from mpi4py import MPI

from interstice.meshes.grading import ARM_GROWTH, layers_of_prisms
from interstice.meshes.tagged import TaggedMesh, from_gmsh, generate

if TYPE_CHECKING:
    from interstice.schema import DoubleCantilever


@dataclass(frozen=True)
class TwoArms:
    """The specimen in metres: arms of `thickness` each over [0, length] (× [0, width] in 3D), interface at height 0.

    Elements have `element_size` along the interface over `fine` (start, end) and grow from there up to `coarse_size`.
    In 3D the mesh of a section is drawn out into `layers` of prisms cut into tetrahedra.
    """

    length: float
    thickness: float
    fine: tuple[float, float]
    element_size: float
    coarse_size: float
    width: float | None = None
    layers: int = 1
    sides: tuple[str, str] = ("upper", "lower")

    @property
    def dimension(self) -> int:
        """2, or 3 where a width is given."""
        return 2 if self.width is None else 3


def from_case(comm: MPI.Comm, specimen: DoubleCantilever) -> TaggedMesh:
    """Return the mesh of a case's `specimen`; its far faces are collector and counter."""
    arms = TwoArms(
        specimen.length,
        specimen.thickness,
        (0.0, specimen.length),
        specimen.element_size,
        specimen.coarse_size,
        specimen.width,
        layers_of_prisms(specimen),
        ("electrode", "electrolyte"),
    )
    tagged = build(comm, arms)
    for name, face in (("collector", "top"), ("counter", "bottom")):
        tagged.boundaries[name] = tagged.boundaries.pop(face)
    return tagged


def build(comm: MPI.Comm, arms: TwoArms) -> TaggedMesh:
    """Return the mesh of `arms`, the first side above the second. Collective.

    Boundaries: top, bottom; the four ends ``SIDE_left`` (x = 0) and ``SIDE_right`` (x = length); in 3D front and back
    (y = 0 and y = width). Nothing is cut: where the arms are apart from the start is for the bond to say. ValueError
    where the fine part does not lie within the specimen.
    """
    start, end = arms.fine
    if not 0.0 <= start < end <= arms.length:
        raise ValueError(f"the fine part from {start:g} to {end:g} m is not within the length 0 to {arms.length:g} m")
    return from_gmsh(comm, lambda: _draw(arms), unit=arms.length)


def _draw(arms: TwoArms) -> None:
    """Draw and mesh the specimen in units of its length."""
    geo, unit, upright = gmsh.model.geo, arms.length, arms.dimension == 3

    def point(x: float, height: float) -> int:
        return geo.addPoint(x, 0.0, height) if upright else geo.addPoint(x, height, 0.0)

    start, end = (place / unit for place in arms.fine)
    places = sorted({0.0, start, end, 1.0})
    middle = [point(x, 0.0) for x in places]
    interface = [geo.addLine(a, b) for a, b in pairwise(middle)]
    faces, curves = {}, {f"{arms.sides[0]}/{arms.sides[1]}": interface}
    for side, far, height in zip(arms.sides, ("top", "bottom"), (1, -1), strict=True):
        left, right = (point(x, height * arms.thickness / unit) for x in (0.0, 1.0))
        edges = [geo.addLine(middle[-1], right), geo.addLine(right, left), geo.addLine(left, middle[0])]
        faces[side] = geo.addPlaneSurface([geo.addCurveLoop([*interface, *edges])])
        curves |= {f"{side}_right": [edges[0]], far: [edges[1]], f"{side}_left": [edges[2]]}
    geo.synchronize()
    if upright:
        _draw_out(arms, faces, curves)
    else:
        for name, face in faces.items():
            gmsh.model.addPhysicalGroup(2, [face], name=name)
        for name, tags in curves.items():
            gmsh.model.addPhysicalGroup(1, tags, name=name)
    generate(arms.dimension, _sizes(arms))


def _draw_out(arms: TwoArms, faces: dict[str, int], curves: dict[str, list[int]]) -> None:
    """Draw the section out along y and name volumes and faces."""
    assert arms.width is not None
    geo = gmsh.model.geo
    drawn: dict[str, list[int]] = {name: [] for name in curves}
    drawn |= {"front": list(faces.values()), "back": []}
    for side, face in faces.items():
        # extrude returns the far face, the body, then one face per edge in the order of the loop
        (_, back), (_, body), *around = geo.extrude(
            [(2, face)], 0.0, arms.width / arms.length, 0.0, numElements=[arms.layers]
        )
        drawn["back"].append(back)
        far = "top" if side == arms.sides[0] else "bottom"
        names = [*["/".join(arms.sides)] * (len(around) - 3), f"{side}_right", far, f"{side}_left"]
        for name, (_, tag) in zip(names, around, strict=True):
            drawn[name].append(abs(tag))
        geo.synchronize()
        gmsh.model.addPhysicalGroup(3, [body], name=side)
    for name, tags in drawn.items():
        gmsh.model.addPhysicalGroup(2, sorted(set(tags)), name=name)


def _sizes(arms: TwoArms) -> int:
    """Return the field of element sizes: growing from the fine part of the interface up to the coarse size."""
    fields, unit = gmsh.model.mesh.field, arms.length
    fine, coarse = arms.element_size / unit, arms.coarse_size / unit
    box = fields.add("Box")
    numbers = {
        "VIn": fine,
        "VOut": max(fine, coarse),
        "XMin": arms.fine[0] / unit,
        "XMax": arms.fine[1] / unit,
        "YMin": -fine,
        "YMax": fine,
        "ZMin": -fine,
        "ZMax": fine,
        "Thickness": max(coarse - fine, fine) / ARM_GROWTH,
    }
    if arms.dimension == 3:
        numbers |= {"YMin": -1.0, "YMax": 2.0}
    for name, value in numbers.items():
        fields.setNumber(box, name, value)
    return box
