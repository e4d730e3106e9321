"""A film of electrode on a film of electrolyte, meshed by Gmsh."""

from __future__ import annotations

from typing import TYPE_CHECKING

import gmsh
import numpy as np
from dolfinx.mesh import Mesh
from mpi4py import MPI
from numpy.typing import NDArray

from meshes.grading import FINE_LAYERS, GROWTH, coarse_sizes
from meshes.roughness import HeightProfile
from meshes.tagged import TaggedMesh, from_gmsh

if TYPE_CHECKING:
    from solver.case import Film

HXT = 10
"""Gmsh's number of a Delaunay algorithm that is four times as fast as its default, with better worst elements."""
LEAST_VOLUME = 0.1
"""Smallest part of its volume that an element may keep when the mesh follows the heights."""


def build(comm: MPI.Comm, film: Film, profile: HeightProfile) -> TaggedMesh:
    """Return the mesh of `film`, whose interface lies at height 0 or, as `film.roughness_as` says, follows `profile`.

    The film covers [0, length] (× [0, width]) laterally, the electrolyte heights −electrolyte_thickness to 0, the
    electrode 0 to electrode_thickness. With periodic sides, opposite faces carry matching nodes. ValueError if the
    heights would squeeze elements flat or inside out.
    """
    tagged = from_gmsh(comm, lambda: _draw(film), unit=film.length)
    if film.roughness_as == "profile":
        _follow(tagged.mesh, film, profile)
    return tagged


def _follow(mesh: Mesh, film: Film, profile: HeightProfile) -> None:
    """Move the nodes of `mesh` vertically, by h at the interface, falling linearly to nothing at the far faces."""
    before = _volumes(mesh)
    x = mesh.geometry.x
    lateral, height = x[:, : film.dimension - 1].T, x[:, film.dimension - 1]
    thickness = np.where(height > 0, film.electrode_thickness, film.electrolyte_thickness)
    height += profile(*lateral) * (1 - np.abs(height) / thickness)
    least = mesh.comm.allreduce(np.min(_volumes(mesh) / before, initial=np.inf), op=MPI.MIN)
    if least < LEAST_VOLUME:
        raise ValueError(
            "geometry.roughness_as: following the heights squeezes elements of the mesh flat or inside out; lower the "
            "rms height of the roughness or geometry.coarse_size, thicken the films, or use 'gap'"
        )


def _volumes(mesh: Mesh) -> NDArray[np.float64]:
    """Return the signed volumes of the simplices of `mesh`, times the factorial of the dimension."""
    corners = mesh.geometry.x[mesh.geometry.dofmap][:, :, : mesh.geometry.dim]
    return np.linalg.det(corners[:, 1:] - corners[:, :1])


def _draw(film: Film) -> None:
    """Draw and mesh the film in units of its length."""
    unit = film.length
    interface, rise, lateral = _draw_interface(film)
    groups: dict[str, list[int]] = {"electrode/electrolyte": [interface], **{name: [] for name in lateral}}
    bodies: dict[str, int] = {}
    for side, far, height in (
        ("electrode", "collector", film.electrode_thickness / unit),
        ("electrolyte", "counter", -film.electrolyte_thickness / unit),
    ):
        # extrude returns the far face, the body, then one lateral face per boundary of the interface.
        (_, far_face), (_, bodies[side]), *faces = gmsh.model.geo.extrude(
            [(film.dimension - 1, interface)], *(height * rise)
        )
        groups[far] = [far_face]
        for name, (_, face) in zip(lateral, faces, strict=True):
            groups[name].append(abs(face))
    gmsh.model.geo.synchronize()
    for side, body in bodies.items():
        gmsh.model.addPhysicalGroup(film.dimension, [body], name=side)
    for name, tags in groups.items():
        gmsh.model.addPhysicalGroup(film.dimension - 1, tags, name=name)
    if film.lateral == "periodic":
        _match(film.dimension, groups["left"], groups["right"], (1.0, 0.0))
        if film.dimension == 3:
            _match(film.dimension, groups["front"], groups["back"], (0.0, _width(film) / unit))
    _set_sizes(film, rise)
    gmsh.option.setNumber("Mesh.Algorithm3D", HXT)
    gmsh.model.mesh.generate(film.dimension)


def _width(film: Film) -> float:
    return film.width or film.length


def _draw_interface(film: Film) -> tuple[int, NDArray[np.float64], list[str]]:
    """Draw the interface; return its tag, the direction of height, and its lateral boundaries in extrusion's order."""
    geo = gmsh.model.geo
    if film.dimension == 2:
        return geo.addLine(geo.addPoint(0, 0, 0), geo.addPoint(1, 0, 0)), np.array([0.0, 1.0, 0.0]), ["right", "left"]
    width = _width(film) / film.length
    points = [geo.addPoint(*corner, 0) for corner in ((0, 0), (1, 0), (1, width), (0, width))]
    edges = [geo.addLine(a, b) for a, b in zip(points, points[1:] + points[:1], strict=True)]
    surface = geo.addPlaneSurface([geo.addCurveLoop(edges)])
    return surface, np.array([0.0, 0.0, 1.0]), ["front", "right", "back", "left"]


def _match(dimension: int, low: list[int], high: list[int], shift: tuple[float, float]) -> None:
    """Make the mesh of the `high` faces that of the `low` ones, moved by `shift`."""
    translation = np.eye(4)
    translation[:2, 3] = shift
    gmsh.model.mesh.setPeriodic(dimension - 1, high, low, translation.ravel().tolist())


def _set_sizes(film: Film, rise: NDArray[np.float64]) -> None:
    """Let the element size be fine in a few layers at the interface, then grow linearly up to the coarse size."""
    unit, fields = film.length, gmsh.model.mesh.field
    height = "y" if rise[1] else "z"
    fine = film.element_size / unit
    limits = []
    for distance, coarse in zip((height, f"-{height}"), coarse_sizes(film).values(), strict=True):
        # The coordinate is negative on the other side, where the field thus stays at the fine size.
        coordinate, size = fields.add("MathEval"), fields.add("Threshold")
        fields.setString(coordinate, "F", distance)
        fields.setNumber(size, "InField", coordinate)
        fields.setNumber(size, "SizeMin", fine)
        fields.setNumber(size, "SizeMax", coarse / unit)
        fields.setNumber(size, "DistMin", FINE_LAYERS * fine)
        fields.setNumber(size, "DistMax", FINE_LAYERS * fine + (coarse / unit - fine) / GROWTH)
        limits.append(size)
    size = fields.add("Max")
    fields.setNumbers(size, "FieldsList", limits)
    fields.setAsBackgroundMesh(size)
    for option in ("MeshSizeExtendFromBoundary", "MeshSizeFromPoints", "MeshSizeFromCurvature"):
        gmsh.option.setNumber(f"Mesh.{option}", 0)
