"""Element sizes in a stack: fine in a few layers at each interface, then growing linearly up to the coarse size."""

from __future__ import annotations

from math import prod, sqrt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from meshes.stack import Stack

FINE_LAYERS = 8
"""Rows of elements of the interface's size on either side of it."""
GROWTH = 0.2
"""Growth of the element size per distance beyond them: neighbouring elements differ by this fraction."""
TETRAHEDRA = 4.2
"""Tetrahedra per cube of the element size, as Gmsh makes them (equilateral ones would be 6√2)."""


def estimated_elements(stack: Stack) -> float:
    """Return the number of elements of the mesh of `stack`, within about a fifth."""
    # In 2D Gmsh's triangles are nearly equilateral.
    density = 4 / sqrt(3) if stack.dimension == 2 else TETRAHEDRA
    total = 0.0
    last = len(stack.layers) - 1
    for index, layer in enumerate(stack.layers):
        interfaces = (index > 0) + (index < last)
        depth = layer.thickness / interfaces
        total += interfaces * _elements_to(depth, stack.element_size, layer.coarse_size, stack.dimension)
    return density * prod(stack.lateral_size) * total


def _elements_to(depth: float, fine: float, coarse: float, dimension: int) -> float:
    """Return the integral of 1/size^dimension from an interface to `depth`; sizes are fine, then grow, then coarse."""
    fine_layer = min(depth, FINE_LAYERS * fine)
    growing = min(depth - fine_layer, (coarse - fine) / GROWTH)
    largest = fine + GROWTH * growing
    power = dimension - 1
    graded = (fine**-power - largest**-power) / (GROWTH * power)
    return fine_layer / fine**dimension + graded + (depth - fine_layer - growing) / coarse**dimension
