"""Two elastic blocks that may touch: the problem behind the benchmarks of contact, in 2D (plane strain) and 3D.

The blocks cover [0, length] (× [0, width]); the interface lies at height 0 and joins ("upper", "lower").
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import gmsh
import numpy as np
import numpy.typing as npt
from mpi4py import MPI

from interstice.benchmarks.options import ContactMethod
from interstice.benchmarks.pair import Force, Pair, tied
from interstice.benchmarks.report import Cost, peak_memory, seconds_glued, timed
from interstice.meshes.compat import geometry_nodes
from interstice.meshes.tagged import TaggedMesh, from_gmsh, generate
from interstice.schema.interface import AUGMENTATION
from interstice.solver import algebra
from interstice.solver.domain import Domain, Interface, Side
from interstice.solver.interface.adhesion import Adhesion
from interstice.solver.interface.contact import Contact
from interstice.solver.interface.friction import Friction
from interstice.solver.physics import mechanics
from interstice.solver.site import Face

Array = npt.NDArray[np.float64]

SIDES = ("upper", "lower")
TIED_TOLERANCE = 1e-8
"""Relative residual of the glued problem, where the linear solver is iterative."""
FEWEST = {2: 16, 3: 4}
"""Elements per length of the coarsest mesh of a cascade, by dimension."""
NEAR = 1e-5
"""Distance within which Gmsh's bounding boxes agree with a place, over the length of the blocks."""


@dataclass(frozen=True)
class Box:
    """The geometry of both blocks in metres and the size of elements.

    `sizes` are Gmsh expressions of x, y, z in units of `length`; the smallest counts. Within `core`, (edge, height)
    from the origin and no wider than the blocks, the mesh is a regular one of `core_elements` per edge, and in the
    height of `core_layers` or as many: pressures on an irregular mesh scatter.
    With `circle`, element edges follow the circle of that radius about the origin of the interface (3D).
    `mirrored` blocks and their core go on to −x: the blocks cover [−length, length]. Their cores mirror each other at
    the interface, too, so that equal blocks that are pressed do not slip.
    """

    dimension: int
    length: float
    upper: float
    lower: float
    sizes: Sequence[str]
    width: float | None = None
    core: tuple[float, float] | None = None
    core_elements: int = 0
    core_layers: int | None = None
    circle: float | None = None
    periodic: bool = False
    mirrored: bool = False

    def mesh(self, comm: MPI.Comm) -> TaggedMesh:
        """Return the mesh of the two blocks."""
        return from_gmsh(comm, self._draw, unit=self.length)

    def _draw(self) -> None:
        dimension, occ = self.dimension, gmsh.model.occ
        heights = (self.upper / self.length, -self.lower / self.length)
        bodies = [(dimension, self._add_block(1.0, self._relative_width, height)) for height in heights]
        parts = []
        if self.core is not None:
            edge, height = self.core[0] / self.length, self.core[1] / self.length
            parts += [(dimension, self._add_block(edge, self._core_width, rise)) for rise in (height, -height)]
        if self.circle is not None:
            parts.append((2, occ.addDisk(0, 0, 0, self.circle / self.length, self.circle / self.length)))
        pieces, _ = occ.fragment(bodies, parts)
        outside = [piece for piece in occ.getEntities(dimension - 1) if not self._is_inside(piece)]
        occ.remove(outside, recursive=True)
        occ.synchronize()

        pieces = [piece for piece in pieces if piece[0] == dimension]
        above = {piece: self._bounds(piece)[:, dimension - 1].mean() > 0 for piece in pieces}
        for side, upper in (("upper", True), ("lower", False)):
            tags = [piece[1] for piece in pieces if above[piece] == upper]
            gmsh.model.addPhysicalGroup(dimension, tags, name=side)
        faces = self._faces(heights)
        for name, tags in faces.items():
            gmsh.model.addPhysicalGroup(dimension - 1, tags, name=name)
        if self.periodic:
            for near, far, axis in (("left", "right", 0), ("front", "back", 1))[: dimension - 1]:
                translation = np.eye(4)
                translation[axis, 3] = (1.0, self._relative_width)[axis]
                gmsh.model.mesh.setPeriodic(dimension - 1, faces[far], faces[near], translation.ravel().tolist())
        self._make_core_regular(pieces)
        generate(dimension, self._size_field())

    @property
    def _relative_width(self) -> float:
        return (self.width or self.length) / self.length

    @property
    def _core_width(self) -> float:
        edge = self.core[0] if self.core else 0.0
        return min(edge / self.length, self._relative_width)

    def _add_block(self, length: float, width: float, height: float) -> int:
        left, low, size = self._left * length, min(height, 0.0), abs(height)
        if self.dimension == 2:
            return gmsh.model.occ.addRectangle(left, low, 0, length - left, size)
        return gmsh.model.occ.addBox(left, 0, low, length - left, width, size)

    @property
    def _left(self) -> float:
        return -1.0 if self.mirrored else 0.0

    def _bounds(self, entity: tuple[int, int]) -> Array:
        """Return the lowest and the highest corner of `entity`, shape (2, 3)."""
        return np.reshape(gmsh.model.occ.getBoundingBox(*entity), (2, 3))

    def _is_inside(self, entity: tuple[int, int]) -> bool:
        lowest = self._bounds(entity)[0]
        return bool(lowest[0] > self._left - NEAR and (self.dimension == 2 or lowest[1] > -NEAR))

    def _faces(self, heights: tuple[float, float]) -> dict[str, list[int]]:
        """Return the interface and the outer faces by name; on opposite ones in the same order."""
        height = self.dimension - 1
        places = {"left": (0, self._left), "right": (0, 1.0), "front": (1, 0.0), "back": (1, self._relative_width)}
        if self.dimension == 2:
            places = {name: places[name] for name in ("left", "right")}
        places |= {"top": (height, heights[0]), "bottom": (height, heights[1]), "/".join(SIDES): (height, 0.0)}
        bounds = {entity[1]: self._bounds(entity) for entity in gmsh.model.getEntities(self.dimension - 1)}
        return {
            name: sorted(
                (tag for tag, corners in bounds.items() if np.all(np.abs(corners[:, axis] - place) < NEAR)),
                key=lambda tag: tuple(np.round(bounds[tag].mean(axis=0), 5)),
            )
            for name, (axis, place) in places.items()
        }

    def _make_core_regular(self, pieces: list[tuple[int, int]]) -> None:
        if self.core is None:
            return
        mesh, height = gmsh.model.mesh, self.dimension - 1
        length, rise = self.core[0] / self.length, self.core[1] / self.length
        extent = np.array([*(length, self._core_width)[:height], rise]) + NEAR
        core = [piece for piece in pieces if np.all(np.abs(self._bounds(piece)[:, : self.dimension]) < extent)]
        faces = gmsh.model.getBoundary(core, combined=False, oriented=False) if self.dimension == 3 else core
        for edge in set(gmsh.model.getBoundary(faces, combined=False, oriented=False)):
            axis = np.argmax(np.ptp(self._bounds(edge), axis=0))
            elements = (axis == height and self.core_layers) or self.core_elements
            if axis == 1 != height:
                elements = max(1, round(elements * self._core_width / length))
            mesh.setTransfiniteCurve(edge[1], elements * (2 if self.mirrored and axis == 0 else 1) + 1)
        for face in set(faces):
            mesh.setTransfiniteSurface(face[1], "Left", self._corners(face))
        if self.dimension == 3:
            for piece in core:
                mesh.setTransfiniteVolume(piece[1], self._corners(piece))

    def _corners(self, entity: tuple[int, int]) -> list[int]:
        """Return the corners of a rectangle or box in one order everywhere, so that diagonals of its faces match."""
        points = sorted(set(gmsh.model.getBoundary([entity], oriented=False, recursive=True)))
        x = np.array([self._bounds(point)[0] for point in points])
        if self.mirrored:
            # counted from the interface
            x[:, self.dimension - 1] = np.abs(x[:, self.dimension - 1])
        upper = (x > x.mean(axis=0))[:, np.ptp(x, axis=0) > NEAR]
        # round the lower face, then round the upper one
        around = 2 * upper[:, 1] + (upper[:, 0] != upper[:, 1]) + 4 * upper[:, 2:].sum(axis=1)
        return [points[place][1] for place in np.argsort(around)]

    def _size_field(self) -> int:
        fields = gmsh.model.mesh.field
        expressions = []
        for size in self.sizes:
            expressions.append(fields.add("MathEval"))
            fields.setString(expressions[-1], "F", size)
        smallest = fields.add("Min")
        fields.setNumbers(smallest, "FieldsList", expressions)
        return smallest


def cascade(build: Callable[[int, Blocks | None], Blocks], elements: int, dimension: int) -> Blocks:
    """Return `build(elements, coarse)` on top of the same problem with ever fewer elements per length.

    In 2D a mesh of four times the element size costs a sixteenth; in 3D one of twice the size an eighth.
    """
    fewest = FEWEST[dimension]
    fewer = elements // (4 if dimension == 2 and elements >= 4 * fewest else 2)
    return build(elements, cascade(build, fewer, dimension) if fewer >= fewest else None)


class Blocks(Pair):
    """The discrete problem. All numbers in SI units.

    `top`: "pressed" is a rigid platen under `pressure`, "held" keeps the displacement it is given (then `pressure` only
    says what is typical); the bottom is held.
    `lateral`: "symmetric", "periodic", "free", "half" for symmetry at the front alone, or "held" for symmetry at left
    and front and given displacements at right and back. The displacement of a `rigid` upper block is given as a whole.
    `moduli`: (E, ν) of upper and lower.
    `coarse`: the same problem on a coarser mesh, pressed first to know where to start. `axisymmetric`: 2D blocks are
    bodies of revolution about x = 0. `adhesion` makes the attraction on the interface.
    `friction` is the coefficient of friction, `hardness` [Pa] that beyond which what touches flattens.
    """

    def __init__(
        self,
        tagged: TaggedMesh,
        moduli: tuple[tuple[float, float], tuple[float, float]],
        method: ContactMethod,
        gap: Callable[[Array], Array],
        pressure: float,
        top: Literal["pressed", "held"] = "pressed",
        lateral: Literal["symmetric", "periodic", "free", "held", "half"] = "symmetric",
        rigid: bool = False,
        coarse: Blocks | None = None,
        axisymmetric: bool = False,
        adhesion: Callable[[Face], Adhesion] | None = None,
        friction: float | None = None,
        hardness: float | None = None,
    ) -> None:
        domain = Domain(tagged, method.order, axisymmetric)
        nodes = domain.interfaces[SIDES].space.dofmap.index_map.size_global
        load = pressure * domain.area("top") / np.sqrt(nodes)
        law = mechanics.Axisymmetric if axisymmetric else mechanics.Elasticity
        super().__init__(domain, moduli, load, law, gap, pressure)
        self.coarse, self.comm, self.dimension = coarse, domain.mesh.comm, domain.dimension
        self.sides: list[Side] = [site.side for site in self.sites]
        self.pressure = domain.constant(pressure)
        vertical = self.dimension - 1
        self._load = lambda v: self.pressure * v[vertical] * domain.ds("top")
        augmentation = method.augmentation or AUGMENTATION[self.dimension]
        self.contact = Contact(
            self.face,
            augmentation,
            update=method.method == "augmented_lagrangian",
            floating=SIDES[0] if top == "pressed" and adhesion is None else None,
            hardness=hardness,
        )
        self.adhesion = adhesion(self.face) if adhesion else None
        self.friction = Friction(self.face, domain.constant(friction)) if friction is not None else None
        self.parts += [part for part in (self.contact, self.adhesion, self.friction) if part]
        self.parts.append(Force(domain, self.u["upper"], self._load))
        self._stiffness = domain.constant(augmentation * self.face.modulus)
        self.constraints = self._constrain(top, lateral, rigid)
        # friction makes the tangent unsymmetric, adhesion indefinite
        general = self.friction is not None or self.adhesion is not None
        direct, iterative = (
            (algebra.DIRECT, algebra.UNSYMMETRIC_MULTIGRID) if general else (algebra.CHOLESKY, algebra.MULTIGRID)
        )
        self.make_system(direct if self.dimension == 2 else iterative)

    def solve(self) -> algebra.Report:
        """Find equilibrium from the present state."""
        return self.system.solve(self.update)

    def press(self) -> algebra.Report:
        """Find equilibrium starting from what touches on the coarser mesh, without one from Hertz' estimate.

        The report counts the steps on this mesh alone. The coarser problem has then done its work, and is freed.
        """
        if self.coarse is None:
            self.contact.estimate()
        else:
            self.coarse.press()
            self.contact.start_from(self.coarse.contact)
            self.coarse.system.destroy()
            self.coarse = None
        return self.solve()

    def measure(self, solve: Callable[[], algebra.Report]) -> Cost:
        """Run the cold `solve` and the glued problem of the same mesh, load and held faces; return the cost."""
        report, seconds = timed(self.comm, solve)
        memory = peak_memory(self.comm)
        return Cost(self.system.unknowns, report.newton, report.linear, memory, seconds, self._solve_tied())

    def move_top(self, height: float) -> algebra.Report:
        """Move the held top to `height` [m] and find equilibrium from the present state."""
        self.u["upper"].x.array[self.dofs("upper", "top", [self.dimension - 1])] = height
        return self.solve()

    def slide_top(self, *distances: float) -> algebra.Report:
        """Move the top to `distances` [m] along x (and y) and find equilibrium from the present state."""
        for axis, distance in enumerate(distances):
            self.u["upper"].x.array[self.dofs("upper", "top", [axis])] = distance
        return self.solve()

    def _constrain(self, top: str, lateral: str, rigid: bool) -> algebra.Constraints:
        every, upper, lower = range(self.dimension), self.u["upper"], self.u["lower"]
        deformable = SIDES[1:] if rigid else SIDES
        kind = "symmetric" if lateral == "held" else lateral
        constraints = algebra.lateral(self.domain, [self.u[name] for name in deformable], kind)
        if lateral == "half" and self.dimension == 3:
            constraints.fixed += [(self.u[name], self.dofs(name, "front", [1])) for name in deformable]
        constraints.fixed.append((lower, self.dofs("lower", "bottom", every)))
        if rigid:
            constraints.fixed.append((upper, np.arange(len(upper.x.array), dtype=np.int32)))
        elif top == "held":
            constraints.fixed.append((upper, self.dofs("upper", "top", every)))
        else:
            constraints.fixed.append((upper, self.dofs("upper", "top", every[:-1])))
            constraints.tied.append((upper, self.dofs("upper", "top", every[-1:])))
        if lateral == "held":
            for name in deformable:
                for far in ("right", "back")[: every[-1]]:
                    constraints.fixed.append((self.u[name], self.dofs(name, far, every)))
        return constraints

    def _solve_tied(self) -> float:
        """Return the seconds of one cold linear solve with the jump tied by a penalty as stiff as the contact's."""
        glued = tied(self, self._stiffness / self.interface.spacing("+"))
        glued.parts.append(Force(self.domain, glued.u["upper"], self._load))
        options = algebra.DIRECT if self.dimension == 2 else {**algebra.MULTIGRID, "ksp_rtol": TIED_TOLERANCE}
        return seconds_glued(glued.make_system(options))


# --- reading the interface ------------------------------------------------------------------------------


def l2_errors(interface: Interface, nodal: Array, exact: Callable[[Array], Array]) -> tuple[float, float]:
    """Return the L2 error over Γ of the function with the `nodal` values and of the nodal interpolant of `exact`.

    Both are relative to the norm of `exact`, a function of points, shape (n, 3). The midpoint rule on 1000 parts of
    every edge, or 32² of every triangle, resolves the root at the edge of the contact.
    """
    mesh, dofmap = interface.mesh, interface.space.dofmap
    cells = mesh.topology.index_map(mesh.topology.dim).size_local
    points = _midpoints(mesh.topology.dim)
    basis = interface.space.element.basix_element.tabulate(0, points)[0, :, :, 0]
    barycentric = np.column_stack([1 - points.sum(axis=1), points])
    interpolant = exact(interface.space.tabulate_dof_coordinates())
    sums = np.zeros(3)
    places: Any = mesh.geometry.x[geometry_nodes(mesh)[:cells]]
    for dofs, corners in zip(dofmap.list[:cells], places, strict=True):
        edges = corners[1:] - corners[0]
        measure = np.sqrt(np.linalg.det(edges @ edges.T))
        there = exact(barycentric @ corners)
        squares = [(basis @ nodal[dofs] - there) ** 2, (basis @ interpolant[dofs] - there) ** 2, there**2]
        sums += measure * np.mean(squares, axis=1)
    error, least, norm = mesh.comm.allreduce(sums)
    return float(np.sqrt(error / norm)), float(np.sqrt(least / norm))


def _midpoints(dimension: int) -> Array:
    """Return the midpoints, shape (parts, dimension), of equal parts of the reference simplex."""
    if dimension == 1:
        return ((np.arange(1000) + 0.5) / 1000)[:, None]
    parts = 32
    i, j = np.meshgrid(np.arange(parts), np.arange(parts), indexing="ij")
    upright = np.column_stack([(i + 1 / 3)[i + j < parts], (j + 1 / 3)[i + j < parts]])
    inverted = np.column_stack([(i + 2 / 3)[i + j < parts - 1], (j + 2 / 3)[i + j < parts - 1]])
    return np.vstack([upright, inverted]) / parts


def complementarity(blocks: Blocks, pressure: float, gap: float) -> tuple[float, float]:
    """Return max |g_n p_n| over `pressure` · `gap` and the deepest penetration over `gap`, of typical values."""
    g, p = blocks.contact.gap.read(), blocks.contact.pressure
    return (
        blocks.interface.max(np.abs(g * p)) / (pressure * gap),
        max(blocks.interface.max(-g, default=0.0), 0.0) / gap,
    )
