"""Small meshes and problems that several tests share. All of them live on as many ranks as run the test."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
from dolfinx import fem
from mpi4py import MPI
from petsc4py import PETSc

from interstice.benchmarks.pair import Force, Pair
from interstice.meshes import film
from interstice.meshes.height_profile import flat
from interstice.meshes.tagged import TaggedMesh
from interstice.schema import Film
from interstice.solver import algebra
from interstice.solver.cell import Cell
from interstice.solver.domain import Domain, Interface
from interstice.solver.history import row
from interstice.solver.interface.contact import Contact
from interstice.solver.reader import LoadedCase, read_case
from interstice.solver.stepping import Advance, ProtocolError, Stepping

SIDES = ("electrode", "electrolyte")
LENGTH = 1e-6

TINY = """\
title: a wavy film in a stiff fixture
geometry:
  builder: film
  length: 2 um
  electrode_thickness: 1 um
  electrolyte_thickness: 1 um
  element_size: 125 nm
  roughness: {kind: sinusoidal, amplitude: 0.5 nm, wavelength: 1 um}
electrode:
  material: NMC811
  initial_stoichiometry: 0.9
  overrides:  # its laws for a host whose numbers do not vary with lithium
    maximum_concentration: 51765 mol/m^3
    diffusivity: 4e-15 m^2/s
    partial_molar_volume: 1.2 cm^3/mol
    electronic_conductivity: 0.18 S/m
electrolyte: {material: LPSCl}
interface:
  kinetics: {exchange_current_density: 1 mA/cm^2}
stack: {hold: fixed_thickness, pressure: 20 MPa}
protocol:
- {step: charge, current_density: 0.5 mA/cm^2, until: {time: 15 s}}
- {step: rest, time: 5 s}
- {step: discharge, current_density: 0.5 mA/cm^2, until: {time: 15 s}}
time: {initial: 2 s, maximum: 5 s}
"""
"""A cell of 17 interface nodes that loses part of its contact on charge and regains it on discharge, in seven seconds
of computing, of which six compile forms the first time. All tests that need a cell share its forms."""


def film_mesh(
    dimension: int = 2,
    elements: int = 4,
    lateral: str = "symmetric",
    thickness: float = 1.0,
    coarse: float | None = None,
) -> TaggedMesh:
    """Return a film with a flat interface of `elements` per side of 1 µm; thickness [µm] of each side."""
    case = {
        "builder": "film",
        "dimension": dimension,
        "length": f"{LENGTH} m",
        "electrode_thickness": f"{thickness} um",
        "electrolyte_thickness": f"{thickness} um",
        "element_size": f"{LENGTH / elements} m",
        "lateral": lateral,
    }
    if coarse is not None:
        case["coarse_size"] = f"{coarse} um"
    return film.build(MPI.COMM_WORLD, Film.model_validate(case), flat())


def rotation(dimension: int) -> np.ndarray:
    """Return a rotation, shape (3, 3), that aligns no face of a film with an axis."""
    c, s = np.cos(0.4), np.sin(0.4)
    about_z = np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])
    if dimension == 2:
        return about_z
    return about_z @ np.array([[1.0, 0.0, 0.0], [0.0, c, -s], [0.0, s, c]])


def inclined(tagged: TaggedMesh) -> TaggedMesh:
    """Turn the mesh in place so that its interface lies along no axis; return it."""
    x = tagged.mesh.geometry.x
    x[:] = x @ rotation(tagged.mesh.topology.dim).T
    return tagged


class Blocks(Pair):
    """Two elastic blocks that may touch along the interface of a film.

    `collector` tells how the far face of the electrode is held: "pressed" is a rigid platen under `pressure`, "held"
    a face whose displacement stays what it is; the far face of the electrolyte always is such a face. With `lateral`
    "free" nothing acts on the lateral sides.
    """

    def __init__(
        self,
        tagged: TaggedMesh,
        collector: str = "pressed",
        lateral: str = "symmetric",
        moduli: Sequence[tuple[float, float]] = ((20e9, 0.3), (10e9, 0.3)),
        gap: Callable[[np.ndarray], np.ndarray] | None = None,
        augmentation: float = 1e3,
        update: bool = True,
        order: int = 1,
    ) -> None:
        domain = Domain(tagged, order)
        vertical = domain.dimension - 1
        super().__init__(domain, moduli, 1e6 * LENGTH**vertical, gap=gap)
        self.pressure = domain.constant(0.0)
        self.laws = [site.law for site in self.sites]
        self.contact = Contact(self.face, augmentation, update)
        self.parts.append(self.contact)
        self.parts.append(
            Force(domain, self.u[SIDES[0]], lambda v: self.pressure * v[vertical] * domain.ds("collector"))
        )
        self.constraints = self._constrain(collector, lateral)
        self.make_system(algebra.DIRECT)

    def press(self, pressure: float = 0.0, **tolerances: float) -> algebra.Report:
        """Find equilibrium under `pressure` [Pa], starting from contact everywhere."""
        self.pressure.value = pressure
        self.contact.close()
        return self.system.solve(self.update, **tolerances)

    def move_collector(self, height: float) -> algebra.Report:
        """Move the held far face of the electrode to `height` [m] and find equilibrium from the present state."""
        self.u[SIDES[0]].x.array[self.dofs(SIDES[0], "collector", [self.domain.dimension - 1])] = height
        return self.system.solve(self.update)

    def _constrain(self, collector: str, lateral: str) -> algebra.Constraints:
        every, upper = range(self.domain.dimension), self.u[SIDES[0]]
        constraints = algebra.lateral(self.domain, self.u.values(), lateral)
        constraints.fixed.append((self.u[SIDES[1]], self.dofs(SIDES[1], "counter", every)))
        if collector == "held":
            constraints.fixed.append((upper, self.dofs(SIDES[0], "collector", every)))
        else:
            constraints.fixed.append((upper, self.dofs(SIDES[0], "collector", every[:-1])))
            constraints.tied.append((upper, self.dofs(SIDES[0], "collector", every[-1:])))
        return constraints


def gathered(interface: Interface, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return positions, shape (nodes, 3), and nodal values of the whole interface on every rank, in order of place."""
    owned = interface.space.dofmap.index_map.size_local
    comm = interface.mesh.comm
    points = np.vstack(comm.allgather(interface.space.tabulate_dof_coordinates()[:owned]))
    everything = np.concatenate(comm.allgather(values[:owned]))
    order = np.lexsort(np.round(points / LENGTH, 9).T)
    return points[order], everything[order]


def constant(domain: Domain, value: float | Sequence[float]) -> Any:
    """Return a constant of the parent mesh, so that other numbers need no new compilation."""
    return fem.Constant(domain.mesh, np.asarray(value, dtype=PETSc.ScalarType))


FIXED_PRESSURE = "stack.hold=constant_pressure"
BONDED = (
    "interface.cohesive={normal_strength: 5 MPa, shear_strength: 5 MPa, normal_toughness: 1 mJ/m^2, "
    "shear_toughness: 2 mJ/m^2}"
)


def tiny_case(*overrides: str, text: str = TINY) -> LoadedCase:
    """Return the tiny case, or another one, with some values replaced, as ``--set`` does."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "tiny.yaml"
        path.write_text(text, encoding="utf-8")
        return read_case(path, overrides)


def tiny_cell(*overrides: str, text: str = TINY) -> Cell:
    loaded = tiny_case(*overrides, text=text)
    return Cell(loaded.case, loaded.materials, loaded.folder, MPI.COMM_WORLD)


class Run(NamedTuple):
    """A case carried out: the cell as it was left, one row and one time step each, and why it stopped."""

    cell: Cell
    rows: list[dict[str, float]]
    advances: list[Advance]
    stopped: str

    def column(self, name: str) -> np.ndarray:
        return np.array([row[name] for row in self.rows])


def carry_out(loaded: LoadedCase) -> Run:
    """Press the cell of a case and carry out its protocol."""
    cell = Cell(loaded.case, loaded.materials, loaded.folder, MPI.COMM_WORLD)
    cell.press()
    rows, advances, stopped = [row(cell, None)], [], ""
    try:
        for advance in Stepping(cell, cell.case.protocol, cell.case.time):
            advances.append(advance)
            rows.append(row(cell, advance))
    except ProtocolError as error:
        stopped = str(error)
    return Run(cell, rows, advances, stopped)


@lru_cache(maxsize=6)  # a cell holds forty of MPICH's two thousand communicators
def tiny_run(*overrides: str, text: str = TINY) -> Run:
    """Carry out the tiny case or another; whoever asks for the same one gets the same object, to look at only."""
    return carry_out(tiny_case(*overrides, text=text))
