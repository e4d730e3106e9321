"""Whether a mesh can follow heights: its nodes move up by h at an interface, by less the nearer they are to the next.

A layer of thickness t between the heights h and h' keeps 1 + (h' − h)/t of its volume there. An element at an interface
folds, too, where its upper corner moves down by more than its height against the straight line between the other two.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from interstice.meshes.height_profile import Array, HeightProfile
    from interstice.meshes.stack import Stack

LEAST_VOLUME = 0.1
"""Smallest part of its volume that an element may keep."""
MOST_POINTS = 2**18
"""Points at which heights are looked at, half an element apart or farther."""
ADVICE = "lower the rms height of what it follows or geometry.coarse_size, thicken the layers, or use roughness_as: gap"


def check(stack: Stack, followed: Mapping[tuple[str, str], HeightProfile]) -> None:
    """Raise ValueError, naming the key, where the mesh of `stack` would fold for certain by the heights `followed`."""
    if not followed:
        return
    numbers = [2 * round(length / stack.element_size) + 1 for length in stack.lateral_size]
    shrunk = min(1.0, (MOST_POINTS / np.prod(numbers, dtype=float)) ** (1 / len(numbers)))
    axes = [
        np.linspace(0.0, length, max(3, int(shrunk * number)))
        for length, number in zip(stack.lateral_size, numbers, strict=True)
    ]
    places = np.meshgrid(*axes, indexing="ij")
    heights: list[Array | float] = [0.0, *(0.0 for _ in stack.interfaces), 0.0]
    for index, pair in enumerate(stack.interfaces, start=1):
        if pair in followed:
            heights[index] = followed[pair](*places)
            bend = max(_bend(np.asarray(heights[index]), axis) for axis in range(len(axes)))
            if shrunk == 1.0 and bend > stack.element_size:
                raise ValueError(
                    f"geometry.element_size: heights of {'/'.join(pair)} bend by {bend * 1e9:.3g} nm within an "
                    f"element, more than its size, {stack.element_size * 1e9:.3g} nm: it would be turned inside out; "
                    f"{ADVICE}"
                )
    for layer, low, high in zip(stack.layers, heights, heights[1:], strict=False):
        left = 1.0 + float(np.min(high - np.asarray(low))) / layer.thickness
        if left < LEAST_VOLUME:
            raise ValueError(
                f"geometry: following the heights leaves {max(left, 0.0):.2g} of the layer '{layer.name}' at its "
                f"thinnest place, at least {LEAST_VOLUME:g} is needed; {ADVICE}"
            )


def _bend(heights: Array, axis: int) -> float:
    """Return how far the middle of three successive points is off the straight line between the others at most [m]."""
    return float(np.abs(np.diff(heights, 2, axis)).max()) / 2
