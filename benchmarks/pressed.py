"""The blocks of a Gmsh file pressed once, and nothing else: this program's side of `against_direct`.

    [mpirun -n RANKS] python3 -m interstice.benchmarks.pressed PROBLEM.json PRESSURE.npz

Coarser meshes, on which the solver finds where to start, are made here and not read.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import gmsh
import numpy as np
from mpi4py import MPI

from interstice.benchmarks import hertz, westergaard
from interstice.benchmarks.blocks import Array, Blocks, Box, cascade
from interstice.benchmarks.options import ContactParameters
from interstice.benchmarks.report import peak_memory
from interstice.meshes.tagged import from_gmsh
from interstice.solver.physics.mechanics import composite_modulus


@dataclass(frozen=True)
class Problem:
    """Two blocks under a `pressure` [Pa] with an initial gap [m]; `box` draws them with some elements per length.

    `parameters` are the numbers in the formula of the `gap`.
    """

    options: ContactParameters
    pressure: float
    gap: Callable[[Array], Array]
    parameters: dict[str, float]
    box: Callable[[int], Box]


def find(name: str) -> Problem:
    """Return the benchmark `name` ("westergaard" in 2D or "hertz" in 3D) with its default inputs."""
    return {"westergaard": _wave, "hertz": _sphere}[name]()


def _wave() -> Problem:
    options = westergaard.Options.parse([])
    return Problem(
        options,
        options.mean_pressure,
        options.gap,
        {"amplitude": options.amplitude, "wavelength": options.wavelength},
        lambda elements: westergaard.make_box(options.model_copy(update={"elements": elements})),
    )


def _sphere() -> Problem:
    options = hertz.Options.parse(["--order", "1"])
    radius = options.radius
    a = radius / 20
    size = hertz.DOMAIN[3] * a
    force = hertz._force(options, composite_modulus(*options.moduli), a)
    return Problem(
        options,
        force / 4 / size**2,
        lambda x: np.sum(x[:2] ** 2, axis=0) / (2 * radius),
        {"radius": radius},
        lambda elements: hertz._box(options.model_copy(update={"elements": elements}), a, size),
    )


def press(problem: Problem, mesh: str, elements: int, comm: MPI.Comm) -> Blocks:
    """Return the blocks of the file `mesh`, which has so many `elements` per length, in equilibrium."""

    def build(number: int, coarse: Blocks | None) -> Blocks:
        box = problem.box(number)
        tagged = from_gmsh(comm, lambda: gmsh.merge(mesh), box.length) if number == elements else box.mesh(comm)
        return Blocks(tagged, problem.options.moduli, problem.options, problem.gap, problem.pressure, coarse=coarse)

    blocks = cascade(build, elements, problem.box(elements).dimension)
    blocks.press()
    return blocks


def _main() -> None:
    comm = MPI.COMM_WORLD
    inputs = json.loads(Path(sys.argv[1]).read_text())
    blocks = press(find(inputs["name"]), inputs["mesh"], inputs["elements"], comm)
    interface, owned = blocks.interface, blocks.interface.owned
    points = interface.space.tabulate_dof_coordinates()[:owned, : blocks.dimension]
    found = comm.gather((points, blocks.contact.pressure[:owned]))
    memory = peak_memory(comm)
    if found is not None:
        points, pressure = (np.concatenate(parts) for parts in zip(*found, strict=True))
        unknowns = blocks.system.unknowns
        np.savez(sys.argv[2], points=points, pressure=pressure, unknowns=unknowns, peak_memory_MB=memory)


if __name__ == "__main__":
    _main()
