"""The shape of the cell and its mesh."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import Field, PositiveInt, model_validator

from interstice.schema.roughness import Flat, Roughness
from interstice.schema.section import CaseFile, Section
from interstice.schema.units import Length


class Box(Section):
    """A body over [0, length] (× [0, width] in 3D)."""

    builder: str
    dimension: Literal[2, 3] = 2
    length: Length = Field(description="lateral size along x")
    width: Length | None = Field(default=None, description="3D: lateral size along y; the length if not given")
    element_size: Length = Field(description="at the interfaces")

    @model_validator(mode="after")
    def _sizes(self) -> Self:
        if self.element_size > self.length / 2:
            raise ValueError(f"element_size must be at most half the length, {self.length / 2:.3g} m")
        if self.dimension == 2 and self.width is not None:
            raise ValueError("width belongs to dimension 3")
        return self

    @property
    def lateral_size(self) -> tuple[float, ...]:
        """Length, in 3D also width [m]."""
        return (self.length,) if self.dimension == 2 else (self.length, self.width or self.length)


class Layered(Box):
    """What films and layers have in common."""

    coarse_size: Length | None = Field(
        default=None, description="far from the interfaces; a third of the thickness of the layer if not given"
    )
    roughness_as: Literal["gap", "profile"] = Field(
        default="gap", description="gap: initial gap on a flat interface; profile: the mesh follows the heights"
    )
    lateral: Literal["symmetric", "periodic"] = "symmetric"


class Film(Layered):
    """An electrode film on an electrolyte film: electrolyte below, interface near height 0, electrode above."""

    builder: Literal["film"]
    electrode_thickness: Length
    electrolyte_thickness: Length
    roughness: Roughness = Flat()


class Layer(Section):
    """One of the layers of a stack: a side of its interfaces."""

    name: str = Field(description="of the side")
    thickness: Length

    @model_validator(mode="after")
    def _plain(self) -> Layer:
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", self.name):
            raise ValueError(f"name must be letters, digits and underscores after a letter, not {self.name!r}")
        return self


class Layers(Layered):
    """Layers on top of each other, the lowest one from height 0 on; interfaces are called upper/lower."""

    builder: Literal["layers"]
    layers: list[Layer] = Field(min_length=2, description="from the counter, at the bottom, to the collector")
    roughness: dict[str, Roughness] = Field(
        default_factory=dict, description="by interface, such as cathode/separator; those not named are flat"
    )

    @model_validator(mode="after")
    def _names(self) -> Layers:
        names = [layer.name for layer in self.layers]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"layers must have names of their own; given twice or more: {', '.join(twice)}")
        joined = {tuple(sorted(pair)) for pair in self.interfaces}
        named = [tuple(sorted(key.split("/"))) for key in self.roughness]
        for key, pair in zip(self.roughness, named, strict=True):
            if pair not in joined:
                allowed = ", ".join("/".join(pair) for pair in self.interfaces)
                raise ValueError(f"roughness of '{key}' is of no interface of these layers; allowed: {allowed}")
        if len(set(named)) < len(named):
            raise ValueError("roughness is given twice for one interface, once in either order of its names")
        return self

    @property
    def interfaces(self) -> list[tuple[str, str]]:
        """The upper and the lower side of each interface, from the top down."""
        names = [layer.name for layer in reversed(self.layers)]
        return list(pairwise(names))


class ImportedMesh(Section):
    """A Gmsh file whose physical groups name the sides, the interface and the boundaries (collector, counter)."""

    builder: Literal["msh"]
    file: CaseFile = Field(description="path, relative to the case file")
    unit: Length = Field(default="1 um", description="length of one unit of the file")
    lateral: Literal["symmetric", "free"] = Field(
        default="symmetric",
        description="symmetric: boundaries left, right (front, back) do not move along their normal",
    )


class DoubleCantilever(Section):
    """A specimen of two equal arms, electrode above, held at its far end and opened at its near one, x = 0."""

    builder: Literal["dcb"]
    dimension: Literal[2, 3] = 2
    length: Length
    thickness: Length = Field(description="of each arm")
    width: Length | None = Field(default=None, description="3D")
    element_size: Length = Field(description="at the interface")
    coarse_size: Length | None = Field(
        default=None, description="far from the interface; an eighth of the thickness if not given"
    )
    lateral: Literal["free"] = "free"

    @model_validator(mode="after")
    def _sizes(self) -> DoubleCantilever:
        if (self.width is not None) != (self.dimension == 3):
            raise ValueError("width belongs to dimension 3, which needs it")
        if self.element_size > self.thickness:
            raise ValueError(f"element_size must be at most the thickness, {self.thickness:.3g} m")
        return self


class Particles(Box):
    """Electrode particles wholly inside an electrolyte: discs in 2D, balls in 3D. The lowest height is 0."""

    builder: Literal["particles"]
    height: Length = Field(description="of the whole body")
    separator: Length | None = Field(default=None, description="thickness of the part without particles, at the bottom")
    volume_fraction: Annotated[float, Field(gt=0, lt=1)] | None = Field(
        default=None, description="of the particles, in the part above the separator; this or their count is needed"
    )
    count: PositiveInt | None = Field(default=None, description="of the particles")
    mean_diameter: Length
    diameter_deviation: Length | None = Field(
        default=None, description="standard deviation of the log-normal diameters; all are alike if not given"
    )
    spacing: Length | None = Field(
        default=None,
        description="least distance of a particle from others and from the faces; two elements if not given",
    )
    seed: Annotated[int, Field(ge=0)] = 0
    coarse_size: Length | None = Field(
        default=None, description="far from the interface; a quarter of the mean diameter if not given"
    )
    lateral: Literal["symmetric"] = "symmetric"

    @model_validator(mode="after")
    def _amount(self) -> Particles:
        if (self.volume_fraction is None) == (self.count is None):
            raise ValueError("volume_fraction or count is needed, and not both")
        if self.separator is not None and self.separator >= self.height:
            raise ValueError(f"separator must be below the height, {self.height:.3g} m")
        return self


Geometry = Annotated[
    Film | ImportedMesh | DoubleCantilever | Layers | Particles,
    Field(discriminator="builder"),
]
