"""Roughness of an interface: the composite height h(x) (2D) or h(x, y) (3D) of its two surfaces.

Heights count upwards, from the lower side to the upper. They depend on the case alone, never on the mesh or on
the number of ranks.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from interstice.meshes import measured, measurement, sampling, void, waves
from interstice.meshes.height_profile import Array, HeightProfile, as_text, flat

if TYPE_CHECKING:
    from interstice.schema import Film, Geometry, Layered, Layers, Patch, Roughness


def from_case(geometry: Film | Layers, case_folder: Path) -> dict[tuple[str, str], HeightProfile]:
    """Return the height profile of each interface of `geometry`; files are looked up from `case_folder`.

    ValueError names the key that cannot be met.
    """
    return dict.fromkeys(_interfaces(geometry), flat()) | _profiles(geometry, "roughness", case_folder)


def followed(geometry: Film | Layers, case_folder: Path) -> dict[tuple[str, str], HeightProfile]:
    """Return the heights that the mesh follows, by interface, of those where it does; the rest as in `from_case`."""
    return _profiles(geometry, "roughness" if geometry.roughness_as == "profile" else "profile", case_folder)


def _profiles(geometry: Film | Layers, key: str, case_folder: Path) -> dict[tuple[str, str], HeightProfile]:
    """Return what stands under a key of `geometry` by the interface, of those that are named."""
    pairs, profiles = _interfaces(geometry), {}
    for written, roughness in _written(geometry, key).items():
        name = written.removeprefix(f"geometry.{key}").removeprefix(".") or "/".join(pairs[0])
        upper, lower = name.split("/")
        pair = (upper, lower) if (upper, lower) in pairs else (lower, upper)
        profiles[pair] = _profile(geometry, roughness, written, case_folder)
        thinner = min(pair, key=geometry.thicknesses.__getitem__)
        if roughness.kind == "void" and roughness.depth >= geometry.thicknesses[thinner]:
            raise ValueError(
                f"{written}.depth: {as_text(roughness.depth)} is as much as the thickness of {thinner}, "
                f"{as_text(geometry.thicknesses[thinner])}; make the void shallower, or the side thicker"
            )
    return profiles


def _written(geometry: Film | Layers, key: str) -> dict[str, Roughness]:
    """Return the blocks that stand under a key of `geometry`, by where they stand in the case."""
    given = getattr(geometry, key)
    if isinstance(given, dict):
        return {f"geometry.{key}.{name}": roughness for name, roughness in given.items()}
    return {f"geometry.{key}": given} if given else {}


def remarks(geometry: Geometry, case_folder: Path, below: Collection[str] = ()) -> Iterator[str]:
    """Yield what a user should know of heights that `from_case` accepts: how they were made, what the mesh loses.

    `below` names the interfaces whose roughness below the mesh has a law of its own.
    """
    if geometry.builder != "film" and geometry.builder != "layers":
        return
    size, finer = geometry.lateral_size, "lower geometry.element_size"
    for key in ("roughness", "profile"):
        excused = {frozenset(name.split("/")) for name in below} if key == "roughness" else set()
        remedy = f"{finer}, or give the interface a law for what is cut off (micro)" if key == "roughness" else finer
        profiles = _profiles(geometry, key, case_folder)
        for (written, roughness), (pair, profile) in zip(
            _written(geometry, key).items(), profiles.items(), strict=True
        ):
            if roughness.kind == "measured":
                for text in measured.remarks(roughness, size, written, case_folder):
                    yield f"{written}: {text}"
            if frozenset(pair) not in excused:
                for text in sampling.remarks(profile, size, geometry.element_size, remedy):
                    yield f"{written}: {text}"


def remarks_of_patch(patch: Patch, case_folder: Path) -> Iterator[str]:
    """Do the same of a patch that `of_patch` accepts."""
    size = (patch.length, patch.length)
    if patch.roughness.kind == "measured":
        for text in measured.remarks(patch.roughness, size, "roughness", case_folder):
            yield f"roughness: {text}"
    _, profile = of_patch(patch, case_folder)
    for text in sampling.remarks(profile, size, patch.spacing, "raise points"):
        yield f"roughness: {text}"


def _interfaces(geometry: Film | Layers) -> list[tuple[str, str]]:
    return [("electrode", "electrolyte")] if geometry.builder == "film" else geometry.interfaces


def of_patch(patch: Patch, case_folder: Path) -> tuple[Array, HeightProfile]:
    """Return heights [m] of a patch at the points of a regular grid over one period, shape (n, n), and its profile.

    Points are `patch.spacing` apart. Beyond a measured square its mirror images make it periodic: n is 2 `patch.points`
    then. ValueError names the key that cannot be met.
    """
    size, roughness = (patch.length, patch.length), patch.surface()
    place = np.arange(patch.points) * patch.spacing
    if roughness.kind == "measured":
        profile = measured.profile(roughness, size, "roughness", case_folder)
        place = np.append(place, patch.length)
        place = np.append(place, place[-2:0:-1])
    else:
        cutoff, shortest = roughness.short_cutoff, 2 * patch.spacing
        assert cutoff is not None
        if cutoff < shortest:
            raise ValueError(
                f"roughness.short_cutoff: {as_text(cutoff)} is below two points, {as_text(shortest)}; raise points"
            )
        profile = waves.self_affine(roughness, size, "roughness")
    return profile(*np.meshgrid(place, place, indexing="ij")), profile


def with_rows(geometry: Film | Layers, case_folder: Path) -> Film | Layers:
    """Return `geometry`, which `from_case` accepts, with the row of each measured map that its lines are taken from."""
    if geometry.dimension == 3:
        return geometry

    def with_row(roughness: Roughness, key: str) -> Roughness:
        if roughness.kind != "measured" or roughness.line is not None:
            return roughness
        heights = measurement.read(roughness, key, case_folder).heights
        return roughness if heights.ndim == 1 else roughness.model_copy(update={"line": measured.middle(heights)})

    rows: dict[str, Any] = {}
    for key in ("roughness", "profile"):
        given = getattr(geometry, key)
        if isinstance(given, dict):
            rows[key] = {name: with_row(one, f"geometry.{key}.{name}") for name, one in given.items()}
        else:
            rows[key] = given and with_row(given, f"geometry.{key}")
    return geometry.model_copy(update=rows)


def _profile(geometry: Layered, roughness: Roughness, key: str, case_folder: Path) -> HeightProfile:
    """Return the profile of an interface of `geometry` whose roughness stands under `key`."""
    size = geometry.lateral_size
    if roughness.kind == "flat":
        return flat()
    if roughness.kind == "measured":
        if geometry.lateral == "periodic":
            raise ValueError("geometry.lateral: a measured surface is not periodic; use 'symmetric' with it")
        return measured.profile(roughness, size, key, case_folder)
    shortest = 2 * geometry.element_size
    if roughness.kind == "void":
        if roughness.radius < shortest:
            raise ValueError(
                f"{key}.radius: {as_text(roughness.radius)} is below two interface elements, {as_text(shortest)}; "
                "lower geometry.element_size"
            )
        return void.profile(roughness, size, geometry.axisymmetric, geometry.lateral == "periodic", key)
    if roughness.kind == "sinusoidal":
        if roughness.wavelength < shortest:
            raise ValueError(
                f"{key}.wavelength: {as_text(roughness.wavelength)} is below two interface elements, "
                f"{as_text(shortest)}; lower geometry.element_size"
            )
        profile = waves.sinusoidal(roughness, size)
        if geometry.lateral == "periodic" and not profile.periodic:
            raise ValueError(
                f"{key}.wavelength: {as_text(roughness.wavelength)} must divide the lateral size "
                f"{as_text(*size)} of a body with periodic sides"
            )
        return profile
    cutoff = roughness.short_cutoff
    assert cutoff is not None
    if cutoff < shortest:
        raise ValueError(
            f"{key}.short_cutoff: {as_text(cutoff)} is below two interface elements, "
            f"{as_text(shortest)}; lower geometry.element_size"
        )
    return waves.self_affine(roughness, size, key)
