"""Measures the rates of `interstice.solver.cost`: ``./interstice shell python3 docs/rates.py``, some ten minutes.

Each line is a case in a process of its own, on one core: a few time steps, computing time (not that of the clock, so
that it does not matter what else runs) per time step and unknown, the largest memory, and what the fields of one time
take on disk per cell.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path

import interstice  # noqa: F401  (before anything of MPI)

CASES = Path(__file__).parents[1] / "cases"
MEASURED = [
    ("film_2d", 15),
    ("film_2d", 8, "geometry.element_size=50 nm"),
    ("film_2d", 4, "geometry.element_size=20 nm"),
    ("film_2d", 8, "coupling=staggered"),
    ("film_afm_2d", 6),
    ("film_capacity_loss", 15),
    ("cold_press", 15),
    ("composite_cathode", 8),
    ("dcb", 15),
    ("full_cell", 8),
    ("film_buckle_delaminate", 8),
    ("film_cycle_fatigue", 6),
    ("film_afm_3d", 3, "geometry.element_size=240 nm"),
    ("film_afm_3d", 3),
    ("film_afm_3d", 2, "geometry.element_size=110 nm"),
    ("film_afm_3d", 2, "geometry.element_size=240 nm", "coupling=monolithic"),
]
"""Cases, the number of time steps, and values that are replaced."""
TITLES = "cells", "unknowns", "s/step", "us/step/unknown", "MB", "kB/unknown", "bytes/cell"


def measure(name: str, steps: int, overrides: list[str]) -> None:
    """Run the first time steps of a case and print a line about them."""
    from mpi4py import MPI

    from interstice.solver.cell import Cell
    from interstice.solver.fields import FieldWriter
    from interstice.solver.reader import read_case
    from interstice.solver.stepping import Stepping

    loaded = read_case(CASES / f"{name}.yaml", overrides)
    cell = Cell(loaded.case, loaded.materials, loaded.folder, MPI.COMM_WORLD)
    cell.press()
    begun = time.process_time()
    taken = sum(1 for _ in islice(Stepping(cell, loaded.case.protocol, loaded.case.time), steps))
    seconds = (time.process_time() - begun) / taken
    with tempfile.TemporaryDirectory() as folder:
        writer = FieldWriter(cell, Path(folder))
        writer.write(0.0)
        size = writer.size
    memory = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    topology = cell.domain.mesh.topology
    cells, unknowns = topology.index_map(topology.dim).size_global, cell.unknowns
    numbers = cells, unknowns, seconds, 1e6 * seconds / unknowns, memory / 1e6, memory / 1e3 / unknowns, size / cells
    print(" ".join(f"{number:>{len(title) + 3}.4g}" for number, title in zip(numbers, TITLES, strict=True)), end="  ")
    print(name, *overrides, flush=True)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        measure(sys.argv[1], int(sys.argv[2]), sys.argv[3:])
    else:
        print(" ".join(f"{title:>{len(title) + 3}}" for title in TITLES))
        for name, steps, *overrides in MEASURED:
            subprocess.run([sys.executable, __file__, name, str(steps), *map(str, overrides)], check=False)
