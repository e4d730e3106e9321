"""The shape of the cell and its mesh."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise
from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, PositiveInt, Tag, ValidationInfo, field_validator, model_validator

from interstice.schema.roughness import Flat, Roughness
from interstice.schema.section import CaseFile, Section, otherwise
from interstice.schema.units import BodyLength, ElementSize, Length, LengthUnit, unit

metres = unit(Length).format


def _one_or_each(value: Any) -> str:
    return "each" if isinstance(value, Mapping) else "one"


LayerSizes = Annotated[
    Annotated[dict[str, ElementSize], Tag("each")] | Annotated[ElementSize, Tag("one")],
    Discriminator(_one_or_each),
]
"""A length for all layers, or one for each by its name."""


class Box(Section):
    """A body over [0, length] (× [0, width] in 3D)."""

    builder: str
    dimension: Literal[2, 3] = 2
    length: BodyLength = Field(description="lateral size along x")
    width: Annotated[
        BodyLength | None, otherwise(lambda given: metres(given["length"]) if given["dimension"] == 3 else None)
    ] = Field(default=None, description="3D: lateral size along y; the length if not given")
    element_size: ElementSize = Field(description="at the interfaces")

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
        return (self.length,) if self.width is None else (self.length, self.width)


class Layered(Box):
    """What films and layers have in common."""

    roughness_as: Literal["gap", "profile"] = Field(
        default="gap", description="gap: initial gap on a flat interface; profile: the mesh follows the heights"
    )
    lateral: Literal["symmetric", "periodic"] = "symmetric"
    axisymmetric: bool = Field(
        default=False, description="2D: a body of revolution about x = 0; x is the radius, the length that of the body"
    )

    @model_validator(mode="after")
    def _revolved(self) -> Self:
        if self.axisymmetric and self.dimension != 2:
            raise ValueError("axisymmetric belongs to dimension 2, in which x is the radius")
        if self.axisymmetric and self.lateral != "symmetric":
            raise ValueError("axisymmetric bodies have an axis and a rim in place of periodic sides; use symmetric")
        return self

    @model_validator(mode="after")
    def _followed_once(self) -> Self:
        if self.roughness_as == "profile" and getattr(self, "profile", None):
            raise ValueError("profile is heights that the mesh follows beside the roughness; leave out roughness_as")
        return self


_COARSE_SIZE = (
    "far from the interfaces, for all layers or a mapping of one for each; a third of its thickness if not given"
)
_PROFILE = "heights that the mesh follows, while the roughness is a gap on them"


def _thirds(thicknesses: Mapping[str, float], given: Mapping[str, Any]) -> dict[str, str]:
    return {name: metres(max(given["element_size"], thickness / 3)) for name, thickness in thicknesses.items()}


def _require_each(sizes: Any, thicknesses: Mapping[str, float]) -> None:
    if isinstance(sizes, Mapping) and sizes.keys() != thicknesses.keys():
        raise ValueError(f"coarse_size must be one length, or one for each of {', '.join(thicknesses)}")


def _on_body(roughness: Any, given: Mapping[str, Any]) -> Any:
    """Return the roughness of an interface with what follows from the body, of which the keys `given` are known."""
    if roughness is None or roughness.kind != "self_affine" or not {"length", "width", "element_size"} <= given.keys():
        return roughness
    return roughness.on([size for size in (given["length"], given["width"]) if size], given["element_size"])


class Film(Layered):
    """An electrode film on an electrolyte film: electrolyte below, interface near height 0, electrode above."""

    builder: Literal["film"]
    electrode_thickness: BodyLength
    electrolyte_thickness: BodyLength
    coarse_size: Annotated[
        LayerSizes,
        otherwise(
            lambda given: _thirds(
                {"electrolyte": given["electrolyte_thickness"], "electrode": given["electrode_thickness"]}, given
            )
        ),
    ] = Field(default=None, description=_COARSE_SIZE)
    roughness: Roughness = Flat()
    profile: Roughness | None = Field(default=None, description=f"{_PROFILE}; none if not given")

    @field_validator("roughness", "profile")
    @classmethod
    def _cutoffs(cls, roughness: Any, info: ValidationInfo) -> Any:
        return _on_body(roughness, info.data)

    @model_validator(mode="after")
    def _each_layer(self) -> Film:
        _require_each(self.coarse_size, self.thicknesses)
        return self

    @property
    def thicknesses(self) -> dict[str, float]:
        """The thickness of each layer [m], from the bottom up."""
        return {"electrolyte": self.electrolyte_thickness, "electrode": self.electrode_thickness}


class Layer(Section):
    """One of the layers of a stack: a side of its interfaces."""

    name: str = Field(description="of the side")
    thickness: BodyLength

    @model_validator(mode="after")
    def _plain(self) -> Layer:
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", self.name):
            raise ValueError(f"name must be letters, digits and underscores after a letter, not {self.name!r}")
        return self


class Layers(Layered):
    """Layers on top of each other, the lowest one from height 0 on; interfaces are called upper/lower."""

    builder: Literal["layers"]
    layers: list[Layer] = Field(min_length=2, description="from the counter, at the bottom, to the collector")
    coarse_size: Annotated[
        LayerSizes,
        otherwise(lambda given: _thirds({layer.name: layer.thickness for layer in given["layers"]}, given)),
    ] = Field(default=None, description=_COARSE_SIZE)
    roughness: dict[str, Roughness] = Field(
        default_factory=dict, description="by interface, such as cathode/separator; those not named are flat"
    )
    profile: dict[str, Roughness] = Field(
        default_factory=dict, description=f"{_PROFILE}: by interface; none where not named"
    )

    @field_validator("profile")
    @classmethod
    def _cutoffs(cls, profile: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
        return {key: _on_body(one, info.data) for key, one in profile.items()}

    @field_validator("roughness")
    @classmethod
    def _of_each_interface(cls, roughness: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
        known = {key: _on_body(one, info.data) for key, one in roughness.items()}
        named = {frozenset(key.split("/")) for key in roughness}
        pairs = _interfaces(info.data.get("layers", []))
        return known | {"/".join(pair): Flat() for pair in pairs if frozenset(pair) not in named}

    @model_validator(mode="after")
    def _each_layer(self) -> Layers:
        _require_each(self.coarse_size, self.thicknesses)
        return self

    @model_validator(mode="after")
    def _names(self) -> Layers:
        names = [layer.name for layer in self.layers]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"layers must have names of their own; given twice or more: {', '.join(twice)}")
        joined = {tuple(sorted(pair)) for pair in self.interfaces}
        for block, given in (("roughness", self.roughness), ("profile", self.profile)):
            named = [tuple(sorted(key.split("/"))) for key in given]
            for key, pair in zip(given, named, strict=True):
                if pair not in joined:
                    allowed = ", ".join("/".join(pair) for pair in self.interfaces)
                    raise ValueError(f"{block} of '{key}' is of no interface of these layers; allowed: {allowed}")
            if len(set(named)) < len(named):
                raise ValueError(f"{block} is given twice for one interface, once in either order of its names")
        return self

    @property
    def interfaces(self) -> list[tuple[str, str]]:
        """The upper and the lower side of each interface, from the top down."""
        return _interfaces(self.layers)

    @property
    def thicknesses(self) -> dict[str, float]:
        """The thickness of each layer [m], from the bottom up."""
        return {layer.name: layer.thickness for layer in self.layers}


def _interfaces(layers: list[Layer]) -> list[tuple[str, str]]:
    return list(pairwise(layer.name for layer in reversed(layers)))


class ImportedMesh(Section):
    """A Gmsh file whose physical groups name the sides and the boundaries (collector, counter)."""

    builder: Literal["msh"]
    file: CaseFile = Field(description="path, relative to the case file")
    unit: LengthUnit = Field(default="1 um", description="length of one unit of the file")
    merge: bool = Field(
        default=False, description="make one node of nodes at the same place, which joins what they bound"
    )
    lateral: Literal["symmetric", "free"] = Field(
        default="symmetric",
        description="symmetric: boundaries left, right (front, back) do not move along their normal",
    )
    sides: list[str] | None = Field(
        default=None, description="written by the program into the copy of a case: the sides, from the bottom up"
    )
    interfaces: list[str] | None = Field(
        default=None, description="written by the program into the copy of a case: the interfaces, from the top down"
    )


class DoubleCantilever(Section):
    """A specimen of two equal arms, electrode above, held at its far end and opened at its near one, x = 0."""

    builder: Literal["dcb"]
    dimension: Literal[2, 3] = 2
    length: BodyLength
    thickness: BodyLength = Field(description="of each arm")
    width: BodyLength | None = Field(default=None, description="3D")
    element_size: ElementSize = Field(description="at the interface")
    coarse_size: Annotated[
        ElementSize, otherwise(lambda given: metres(max(given["element_size"], given["thickness"] / 8)))
    ] = Field(default=None, description="far from the interface; an eighth of the thickness if not given")
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
    height: BodyLength = Field(description="of the whole body")
    separator: BodyLength | None = Field(
        default=None, description="thickness of the part without particles, at the bottom"
    )
    volume_fraction: Annotated[float, Field(gt=0, lt=1)] | None = Field(
        default=None, description="of the particles, in the part above the separator; this or their count is needed"
    )
    count: PositiveInt | None = Field(default=None, description="of the particles")
    mean_diameter: BodyLength
    diameter_deviation: Length | None = Field(
        default=None, description="standard deviation of the log-normal diameters; all are alike if not given"
    )
    spacing: Annotated[Length, otherwise(lambda given: metres(2 * given["element_size"]))] = Field(
        default=None,
        description="least distance of a particle from others and from the faces; two elements if not given",
    )
    seed: Annotated[int, Field(ge=0)] = 0
    coarse_size: Annotated[
        ElementSize, otherwise(lambda given: metres(max(given["element_size"], given["mean_diameter"] / 4)))
    ] = Field(default=None, description="far from the interface; a quarter of the mean diameter if not given")
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
