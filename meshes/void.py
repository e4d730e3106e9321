"""One void between otherwise flat sides: a spherical cap or half an ellipsoid, in 2D its section."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from interstice.meshes.height_profile import Array, HeightProfile, as_text

if TYPE_CHECKING:
    from interstice.schema import Void

POINTS = {1: 2**14 + 1, 2: 2**9 + 1}
"""Points along each edge of a line or a map at which heights are sampled for their mean squares."""


def profile(void: Void, size: tuple[float, ...], axisymmetric: bool, periodic: bool, key: str) -> HeightProfile:
    """Return h = −d(r), r the distance from the centre of the void, d its depth there and 0 outside.

    `cap`: d = √(R² − r²) − (R − depth) of a sphere of radius R = (a² + depth²)/(2 depth) that cuts the plane of the
    interface in a circle of radius a. `ellipsoid`: d = depth √(1 − r²/a²). `size` [m] is that of the body, on which the
    void has its centre: if not given, on the axis, else in the middle. With `periodic` sides the void goes on at the
    opposite one. ValueError names the key that cannot be met.
    """
    centre = _centre(void, size, axisymmetric, key)
    if void.shape == "cap" and void.depth > void.radius:
        raise ValueError(
            f"{key}.depth: {as_text(void.depth)} of a cap exceeds its radius, {as_text(void.radius)}, that of half a "
            "sphere; allowed: up to that, or shape: ellipsoid"
        )
    reach = np.array(size) / 2 if periodic else np.maximum(centre, np.array(size) - centre)
    if void.radius >= np.linalg.norm(reach):
        raise ValueError(
            f"{key}.radius: {as_text(void.radius)} leaves nothing of the interface, which ends "
            f"{as_text(float(np.linalg.norm(reach)))} from the centre of the void"
        )

    def heights(*coordinates: Array) -> Array:
        square = np.zeros(np.shape(coordinates[0]))
        for x, middle, length in zip(coordinates, centre, size, strict=True):
            apart = np.asarray(x) - middle
            square += (apart - length * np.round(apart / length) if periodic else apart) ** 2
        return -_depth(void, np.minimum(square, void.radius**2))

    axes = [np.linspace(0.0, length, POINTS[len(size)]) for length in size]
    sampled = heights(*np.meshgrid(*axes, indexing="ij"))
    slopes = [np.diff(sampled, axis=axis) / (x[1] - x[0]) for axis, x in enumerate(axes)]
    return HeightProfile(
        heights,
        peak=0.0,
        rms=float(np.std(sampled)),
        rms_gradient=float(np.sqrt(sum(np.mean(slope**2) for slope in slopes))),
        shortest_wave=2 * void.radius,
        periodic=periodic,
        description=f"one void ({void.shape}) of radius {as_text(void.radius)}, {as_text(void.depth)} deep, centre at "
        f"{as_text(*centre)}",
    )


def _centre(void: Void, size: tuple[float, ...], axisymmetric: bool, key: str) -> Array:
    """Return the centre [m] of the void on a body of that lateral size."""
    if void.centre is None:
        return np.zeros(1) if axisymmetric else np.array(size) / 2
    centre = np.atleast_1d(np.array(void.centre, dtype=float))
    if len(centre) != len(size):
        words = "one position, such as '2 um'" if len(size) == 1 else "a pair of positions, such as [2 um, 3 um]"
        raise ValueError(f"{key}.centre: a body of dimension {len(size) + 1} needs {words}")
    if np.any((centre < 0.0) | (centre > np.array(size))):
        raise ValueError(
            f"{key}.centre: {as_text(*centre)} is not on the interface, whose size is {as_text(*size)}; allowed: from "
            "0 up to that"
        )
    return centre


def _depth(void: Void, square: Array) -> Array:
    """Return d [m] at the squares of distances from the centre [m²], up to that of the radius."""
    if void.shape == "ellipsoid":
        return void.depth * np.sqrt(1.0 - square / void.radius**2)
    sphere = (void.radius**2 + void.depth**2) / (2 * void.depth)
    # √(R² − r²) − (R − depth), without a difference of large numbers where the cap is shallow
    height = np.sqrt(np.maximum(sphere**2 - square, 0.0)) + sphere - void.depth
    inside = square < void.radius**2
    return np.divide(void.radius**2 - square, height, out=np.zeros_like(square), where=inside)
