"""Element sizes in a film: fine in a few layers at the interface, then growing linearly up to the coarse size."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from solver.case import Film

FINE_LAYERS = 8
"""Rows of elements of the interface's size on either side of it."""
GROWTH = 0.2
"""Growth of the element size per distance beyond them: neighbouring elements differ by this fraction."""
TETRAHEDRA = 4.2
"""Tetrahedra per cube of the element size, as Gmsh makes them (equilateral ones would be 6√2)."""


def coarse_sizes(film: Film) -> dict[str, float]:
    """Return the largest element size [m] of each side."""
    thickness = {"electrode": film.electrode_thickness, "electrolyte": film.electrolyte_thickness}
    return {side: max(film.element_size, film.coarse_size or total / 3) for side, total in thickness.items()}


def estimated_elements(film: Film) -> float:
    """Return the number of elements of the mesh of `film`, within about a fifth."""
    # Elements per volume are density/size^dimension; the size is fine, then grows with distance, then coarse.
    # In 2D Gmsh's triangles are nearly equilateral.
    dimension, fine = film.dimension, film.element_size
    density = 4 / sqrt(3) if dimension == 2 else TETRAHEDRA
    area = film.length if dimension == 2 else film.length * (film.width or film.length)
    coarse = coarse_sizes(film)
    total = 0.0
    for side, thickness in (("electrode", film.electrode_thickness), ("electrolyte", film.electrolyte_thickness)):
        fine_layer = min(thickness, FINE_LAYERS * fine)
        growing = min(thickness - fine_layer, (coarse[side] - fine) / GROWTH)
        largest = fine + GROWTH * growing
        power = dimension - 1
        total += fine_layer / fine**dimension
        total += (fine**-power - largest**-power) / (GROWTH * power)
        total += (thickness - fine_layer - growing) / coarse[side] ** dimension
    return density * area * total
