"""A stack of layers with conforming interfaces, meshed by Gmsh."""

from __future__ import annotations

from collections.abc import Mapping

import gmsh
import numpy as np
from dolfinx.mesh import Mesh
from mpi4py import MPI

from interstice.meshes.folding import ADVICE, LEAST_VOLUME
from interstice.meshes.grading import FINE_LAYERS, GROWTH
from interstice.meshes.height_profile import HeightProfile
from interstice.meshes.stack import Stack
from interstice.meshes.tagged import TaggedMesh, from_gmsh, generate, signed_volumes


def build(comm: MPI.Comm, stack: Stack, followed: Mapping[tuple[str, str], HeightProfile]) -> TaggedMesh:
    """Return the mesh of `stack`; its interfaces are flat but for those whose profile is to be `followed`.

    Sides and interfaces are in order from the top down. With periodic sides, opposite faces carry matching nodes.
    ValueError if the heights would squeeze elements flat or inside out.
    """
    tagged = from_gmsh(comm, lambda: _draw(stack), unit=stack.lateral_size[0])
    if followed:
        _follow(tagged.mesh, stack, followed)
    return tagged


def _follow(mesh: Mesh, stack: Stack, followed: Mapping[tuple[str, str], HeightProfile]) -> None:
    """Move the nodes of `mesh` vertically, by h at each interface, falling linearly to none at its neighbours."""
    before = signed_volumes(mesh)
    x, axis = mesh.geometry.x, stack.dimension - 1
    shares = np.eye(len(stack.heights))[1:-1]
    shift = np.zeros(len(x))
    for pair, share in zip(stack.interfaces, shares, strict=True):
        if pair in followed:
            shift += followed[pair](*x[:, :axis].T) * np.interp(x[:, axis], stack.heights, share)
    x[:, axis] += shift
    least = mesh.comm.allreduce(np.min(signed_volumes(mesh) / before, initial=np.inf), op=MPI.MIN)
    if least < LEAST_VOLUME:
        raise ValueError(f"geometry: following the heights squeezes elements of the mesh flat or inside out; {ADVICE}")


def _draw(stack: Stack) -> None:
    """Draw and mesh the stack in units of its length."""
    dimension, unit = stack.dimension, stack.lateral_size[0]
    lowest, lateral = _draw_lowest_interface(stack)
    up = np.eye(3)[dimension - 1]
    bodies: dict[str, int] = {}
    walls: dict[str, list[int]] = {name: [] for name in lateral}

    def extrude(face: int, name: str, height: float) -> int:
        # extrude returns the far face, the body, then one lateral face per boundary of the first face.
        (_, far), (_, bodies[name]), *faces = gmsh.model.geo.extrude([(dimension - 1, face)], *(height / unit * up))
        for wall, (_, tag) in zip(lateral, faces, strict=True):
            walls[wall].append(abs(tag))
        return far

    faces = [lowest]
    for layer in stack.layers[1:]:
        faces.append(extrude(faces[-1], layer.name, layer.thickness))
    collector = faces.pop()
    counter = extrude(lowest, stack.layers[0].name, -stack.layers[0].thickness)
    gmsh.model.geo.synchronize()
    for layer in reversed(stack.layers):
        gmsh.model.addPhysicalGroup(dimension, [bodies[layer.name]], name=layer.name)
    for (upper, lower), face in reversed(list(zip(stack.interfaces, faces, strict=True))):
        gmsh.model.addPhysicalGroup(dimension - 1, [face], name=f"{upper}/{lower}")
    for name, tags in (walls | {"collector": [collector], "counter": [counter]}).items():
        gmsh.model.addPhysicalGroup(dimension - 1, tags, name=name)
    if stack.periodic:
        _match(dimension, walls["left"], walls["right"], (1.0, 0.0))
        if dimension == 3:
            _match(dimension, walls["front"], walls["back"], (0.0, stack.lateral_size[1] / unit))
    generate(dimension, _sizes(stack))


def _draw_lowest_interface(stack: Stack) -> tuple[int, list[str]]:
    """Draw the lowest interface; return its tag and the names of its lateral boundaries in extrusion's order."""
    geo, unit = gmsh.model.geo, stack.lateral_size[0]
    height = stack.heights[1] / unit
    if stack.dimension == 2:
        return geo.addLine(geo.addPoint(0, height, 0), geo.addPoint(1, height, 0)), ["right", "left"]
    width = stack.lateral_size[1] / unit
    points = [geo.addPoint(*corner, height) for corner in ((0, 0), (1, 0), (1, width), (0, width))]
    edges = [geo.addLine(a, b) for a, b in zip(points, points[1:] + points[:1], strict=True)]
    return geo.addPlaneSurface([geo.addCurveLoop(edges)]), ["front", "right", "back", "left"]


def _match(dimension: int, low: list[int], high: list[int], shift: tuple[float, float]) -> None:
    """Make the mesh of the `high` faces that of the `low` ones, moved by `shift`."""
    translation = np.eye(4)
    translation[:2, 3] = shift
    gmsh.model.mesh.setPeriodic(dimension - 1, high, low, translation.ravel().tolist())


def _sizes(stack: Stack) -> int:
    """Return the field of element sizes: fine in a few layers at each interface, then growing up to the coarse size."""
    unit, fields = stack.lateral_size[0], gmsh.model.mesh.field
    axis = "xyz"[stack.dimension - 1]
    fine = stack.element_size / unit

    def growing(distance: str, coarse: float) -> int:
        # The distance is negative on the other side, where the field thus stays at the fine size.
        coordinate, size = fields.add("MathEval"), fields.add("Threshold")
        fields.setString(coordinate, "F", distance)
        fields.setNumber(size, "InField", coordinate)
        fields.setNumber(size, "SizeMin", fine)
        fields.setNumber(size, "SizeMax", coarse)
        fields.setNumber(size, "DistMin", FINE_LAYERS * fine)
        # over no distance at all Gmsh would divide by zero
        fields.setNumber(size, "DistMax", FINE_LAYERS * fine + max((coarse - fine) / GROWTH, fine))
        return size

    def combined(kind: str, sizes: list[int]) -> int:
        size = fields.add(kind)
        fields.setNumbers(size, "FieldsList", sizes)
        return size

    within = []
    last = len(stack.layers) - 1
    for index, layer in enumerate(stack.layers):
        bottom, top = (f"{height / unit:.15f}" for height in stack.heights[index : index + 2])
        distances = [f"{axis} - {bottom}"] * (index > 0) + [f"{top} - {axis}"] * (index < last)
        within.append(combined("Min", [growing(distance, layer.coarse_size / unit) for distance in distances]))
    return combined("Max", within)
