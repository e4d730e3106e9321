"""Layers on top of each other: what films and stacks of layers are to the mesh."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from interstice.schema import Film, Layers


@dataclass(frozen=True)
class Layer:
    """A side; thickness and largest element size in metres."""

    name: str
    thickness: float
    coarse_size: float


@dataclass(frozen=True)
class Stack:
    """Layers over [0, length] (× [0, width]).

    Attributes:
        layers: from the bottom up.
        bottom: height of the lowest face [m].
        lateral_size: length, in 3D also width [m].
        element_size: at the interfaces [m].
        periodic: whether opposite lateral faces carry matching nodes.
    """

    layers: tuple[Layer, ...]
    bottom: float
    lateral_size: tuple[float, ...]
    element_size: float
    periodic: bool

    @property
    def dimension(self) -> int:
        """2 or 3."""
        return len(self.lateral_size) + 1

    @property
    def heights(self) -> NDArray[np.float64]:
        """Heights of all faces from the bottom up [m], shape (layers + 1,)."""
        return self.bottom + np.cumsum([0.0, *(layer.thickness for layer in self.layers)])

    @property
    def interfaces(self) -> list[tuple[str, str]]:
        """The upper and the lower side of each interface, from the bottom up."""
        return [(upper.name, lower.name) for lower, upper in pairwise(self.layers)]


def from_case(geometry: Film | Layers) -> Stack:
    """Return the layers of `geometry`: those of a film meet at height 0, others begin there."""
    bottom = -geometry.electrolyte_thickness if geometry.builder == "film" else 0.0
    fine, coarse = geometry.element_size, geometry.coarse_size
    sizes = coarse if isinstance(coarse, dict) else dict.fromkeys(geometry.thicknesses, coarse)
    layers = [Layer(name, total, max(fine, sizes[name])) for name, total in geometry.thicknesses.items()]
    return Stack(tuple(layers), bottom, geometry.lateral_size, fine, geometry.lateral == "periodic")
