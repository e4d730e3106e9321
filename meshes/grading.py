"""Element sizes: fine in a few rows at each interface, then growing linearly up to the coarse size."""

from __future__ import annotations

from math import prod, sqrt
from typing import TYPE_CHECKING

import numpy as np

from interstice.meshes.packing import unit_ball

if TYPE_CHECKING:
    from interstice.meshes.packing import Packing
    from interstice.meshes.stack import Stack
    from interstice.schema import DoubleCantilever

FINE_LAYERS = 8
"""Rows of elements of the interface's size on either side of it."""
GROWTH = 0.2
"""Growth of the element size per distance beyond them: neighbouring elements differ by this fraction."""
PARTICLE_GROWTH = 0.3
"""The same away from particles, where it begins after one row."""
ARM_GROWTH = 0.3
"""The same in the arms of a double cantilever."""
TETRAHEDRA_OF_PRISM = 3
SAMPLES = 20_000
"""Random points at which the element size among particles is looked up."""
TETRAHEDRA = 4.2
"""Tetrahedra per cube of the element size, as Gmsh makes them (equilateral ones would be 6√2)."""


def estimated_elements(stack: Stack) -> dict[str, float]:
    """Return the number of elements of each layer of the mesh of `stack`, within about a fifth."""
    fine, dimension, found = stack.element_size, stack.dimension, {}
    last = len(stack.layers) - 1
    for index, layer in enumerate(stack.layers):
        interfaces = (index > 0) + (index < last)
        depth = layer.thickness / interfaces
        to = interfaces * _elements_to(depth, fine, layer.coarse_size, dimension, FINE_LAYERS * fine, GROWTH)
        found[layer.name] = _density(dimension) * prod(stack.lateral_size) * to
    return found


def estimated_elements_of_arm(specimen: DoubleCantilever) -> float:
    """Return the number of elements of each arm of a double cantilever, within about a fifth."""
    fine, coarse = specimen.element_size, max(specimen.element_size, specimen.coarse_size)
    to = _elements_to(specimen.thickness, fine, coarse, 2, fine, ARM_GROWTH)
    section = _density(2) * specimen.length * to
    return section if specimen.width is None else section * TETRAHEDRA_OF_PRISM * layers_of_prisms(specimen)


def layers_of_prisms(specimen: DoubleCantilever) -> int:
    """Return how many layers of prisms a double cantilever in 3D is drawn out into, one in 2D."""
    return max(1, round((specimen.width or 0.0) / specimen.element_size))


def estimated_elements_among(packing: Packing, fine: float, coarse: float) -> tuple[float, float]:
    """Return the numbers of elements within and between particles, within about a fifth; element sizes in metres."""
    # Points at random distances from each surface, the denser the nearer, stand for the volume nearest to it.
    generator, dimension = np.random.default_rng(0), packing.dimension
    shape = (len(packing.radii), 2, -(-SAMPLES // (2 * len(packing.radii))))
    steps = np.log1p(np.linalg.norm(packing.size) / fine)
    distance = fine * np.expm1(generator.uniform(0.0, steps, shape))
    radius = packing.radii[:, None, None] + np.array([[-1.0], [1.0]]) * distance
    direction = generator.normal(size=(*shape, dimension))
    direction /= np.linalg.norm(direction, axis=-1, keepdims=True)
    points = packing.centres[:, None, None] + radius[..., None] * direction
    within = (radius > 0) & np.all((points >= 0) & (points <= packing.size), axis=-1)
    nearest = packing.distance(points.reshape(-1, dimension)).reshape(shape) >= distance * (1 - 1e-6)
    size = np.clip(fine + PARTICLE_GROWTH * (distance - fine), fine, coarse)
    sphere = dimension * unit_ball(dimension) * radius ** (dimension - 1)
    numbers = np.where(within & nearest, sphere * (distance + fine) * steps / size**dimension, 0.0)
    inside, outside = _density(dimension) * numbers.sum(axis=(0, 2)) / shape[2]
    return float(inside), float(outside)


def _density(dimension: int) -> float:
    """Return the number of elements in a square or cube of the element size."""
    # In 2D Gmsh's triangles are nearly equilateral.
    return 4 / sqrt(3) if dimension == 2 else TETRAHEDRA


def _elements_to(depth: float, fine: float, coarse: float, dimension: int, rows: float, growth: float) -> float:
    """Return the integral of 1/size^dimension from an interface to `depth`.

    Sizes are fine up to a distance of `rows` [m], then grow up to the coarse size.
    """
    fine_layer = min(depth, rows)
    growing = min(depth - fine_layer, (coarse - fine) / growth)
    largest = fine + growth * growing
    power = dimension - 1
    graded = (fine**-power - largest**-power) / (growth * power)
    return fine_layer / fine**dimension + graded + (depth - fine_layer - growing) / coarse**dimension
