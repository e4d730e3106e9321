"""A whole case, and what its blocks ask of each other.

Every value is in SI after reading. The text of a validator's ValueError begins with the name of the field it is about;
the reader finds its line by that.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, PositiveInt, model_validator

from interstice.schema.geometry import Geometry, Layered
from interstice.schema.heat import Heat
from interstice.schema.interface import Interface
from interstice.schema.limits import Limits
from interstice.schema.protocol import Entry, Open, Oscillate, Press, Step, flat_steps
from interstice.schema.roughness import Flat, Roughness
from interstice.schema.section import Section, otherwise
from interstice.schema.sides import AnyElectrode, Electrode, Electrolyte, HostElectrode, Solid
from interstice.schema.stack import Stack
from interstice.schema.time import TimeStepping
from interstice.schema.units import CellTemperature, Time


class Output(Section):
    """What is written."""

    fields_every: PositiveInt = Field(
        default=1, description="steps between two sets of ParaView fields; the last is always written"
    )
    length_unit: Literal["m", "mm", "um", "nm"] = Field(
        default="m", description="of coordinates and of all lengths in the ParaView fields"
    )
    checkpoint_time: Time = Field(
        default="5 min",
        description="of computing after which the state is written, for a run that is broken off to go on",
    )
    checkpoint_steps: PositiveInt = Field(
        default=1000, description="time steps after which it is written at the latest"
    )


def _order(given: dict[str, Any]) -> int:
    """Return the order of the displacements: linear ones lock where flow keeps the volume."""
    sides = [given["electrode"], given["electrolyte"], *(given["electrodes"] or {}).values()]
    sides += (given["electrolytes"] or {}).values()
    return 2 if any(side is not None and side.solid != "elastic" for side in sides) else 1


class Case(Section):
    """A whole case."""

    title: Annotated[str, Field(max_length=300)]
    temperature: CellTemperature = "298.15 K"
    geometry: Geometry
    electrode: AnyElectrode | None = None
    electrolyte: Electrolyte | None = None
    interface: Interface | None = None
    electrodes: dict[str, AnyElectrode] | None = Field(default=None, description="by name, where there is not just one")
    electrolytes: dict[str, Electrolyte] | None = Field(
        default=None, description="by name, where there is not just one"
    )
    interfaces: dict[str, Interface] | None = Field(
        default=None, description="by the names of both sides, as cathode/separator"
    )
    stack: Stack
    heat: Heat | None = Field(default=None, description="the temperature of the case everywhere if not given")
    kinematics: Literal["small_strain", "finite_rotation", "finite_strain"] = Field(
        default="small_strain",
        description="finite_rotation: strains stay small, bodies may bend and buckle; finite_strain: bodies may swell "
        "and flow by as much as themselves",
    )
    largest_strain: Annotated[float, Field(gt=0)] = Field(
        default=0.5,
        description="root mean square over a side, swelling included, beyond which the run ends: small_strain and "
        "finite_rotation take strains for small, and those of 0.5 are 0.41 or 0.63 by other measures; results are "
        "trends long before. finite_strain has no such limit",
    )
    element_order: Annotated[Literal[1, 2], otherwise(_order)] = Field(
        default=None,  # type: ignore[arg-type]  # never None once it is read
        description="of the displacements: 2 costs more per element and bears flow and ν near 0.5, where 1 is too "
        "stiff; if not given, 2 where a side flows and 1 otherwise",
    )
    protocol: list[Entry] = Field(min_length=1)
    time: TimeStepping = TimeStepping()
    output: Output = Output()
    limits: Limits = Limits()

    coupling: Literal["automatic", "monolithic", "staggered"] = Field(
        default="automatic", description="automatic: monolithic in 2D and staggered in 3D"
    )
    materials: dict[str, dict[str, Any]] | None = Field(
        default=None,
        description="written by the program into the copy of a case: the numbers that the run used, by side; when the "
        "copy is read, its materials must still have them",
    )

    @model_validator(mode="after")
    def _sides(self) -> Case:
        one = {name: getattr(self, name) for name in ("electrode", "electrolyte", "interface")}
        many = {name: getattr(self, name) for name in ("electrodes", "electrolytes", "interfaces")}
        if all(block is None for block in many.values()):
            for name, block in one.items():
                if block is None:
                    raise ValueError(f"{name} is missing; a cell has electrode, electrolyte and interface, or several")
        for name, block in one.items():
            if block is not None and any(many.values()):
                raise ValueError(f"{name} stands beside electrodes, electrolytes or interfaces; name all sides there")
        return self

    @model_validator(mode="after")
    def _specimen(self) -> Case:
        opened = any(isinstance(step, Open) for step in self.steps)
        if opened and self.geometry.builder != "dcb":
            raise ValueError("protocol: the step 'open' belongs to the geometry builder 'dcb'")
        follows = any(isinstance(step, Open) and step.control == "crack" for step in self.steps)
        if follows and not any(interface.cohesive for interface in self.faces.values()):
            raise ValueError("protocol: control 'crack' follows the failure of a bond; give interface.cohesive one")
        if self.stack.hold == "free":
            for step in self.steps:
                if isinstance(step, Press) or (isinstance(step, Oscillate) and step.pressure):
                    raise ValueError(
                        f"protocol: the step '{step.step}' needs a platen, and a stack with hold free has none"
                    )
        if self.geometry.builder == "dcb" and self.stack.hold != "free":
            raise ValueError("stack: a dcb is not held in a stack; write {hold: free}")
        if self.stack.pressure is None and not any(i.cohesive or i.bonded for i in self.faces.values()):
            raise ValueError("stack: nothing holds the electrode; give a pressure, or interface.cohesive a bond")
        return self

    @model_validator(mode="after")
    def _revolved(self) -> Case:
        if self.axisymmetric and self.kinematics == "finite_rotation":
            raise ValueError("kinematics: finite_rotation is not for axisymmetric geometries; use small_strain")
        if self.axisymmetric and any(interface.cohesive for interface in self.faces.values()):
            raise ValueError(
                "geometry: axisymmetric is not for interfaces with a cohesive bond, whose cracks would be rings"
            )
        return self

    @model_validator(mode="after")
    def _held_sideways(self) -> Case:
        """Refuse what could drift along its sides: only friction, a bond, a platen or the sides themselves hold it.

        Heights that the mesh follows hold too, where they press on each other.
        """
        geometry = self.geometry
        uneven = getattr(geometry, "profile", None) or getattr(geometry, "roughness_as", "gap") == "profile"
        # which of several sides of a file lie at the platen is not known here
        unknown = geometry.builder == "msh" and self.electrode is None
        if geometry.lateral == "symmetric" or geometry.builder == "dcb" or uneven or unknown:
            return self
        sides, joined = self.sides, self.pairs
        if geometry.builder == "msh":
            sides, joined = ["electrolyte", "electrode"], [("electrode", "electrolyte")]
        free = sides[1:] if self.stack.hold == "free" else sides[1:-1]
        # from the counter face up, and from the platen down
        for pairs in (joined[::-1], joined):
            for pair in pairs:
                block = self.faces.get("/".join(pair)) or self.faces.get("/".join(pair[::-1])) or self.interface
                holds = block is None or block.bonded or block.cohesive or block.friction
                if holds and any(side not in free for side in pair):
                    free = [side for side in free if side not in pair]
        if free:
            raise ValueError(
                f"stack: nothing holds {', '.join(free)} sideways, with geometry.lateral {geometry.lateral}; give its "
                "interface friction or a bond, the stack a platen, or the geometry the lateral sides symmetric"
            )
        return self

    def in_dimension(self, dimension: int) -> Case:
        """Return the case with the defaults that the dimension of its mesh decides: coupling, augmentation."""
        changes: dict[str, Any] = {}
        if self.coupling == "automatic":
            changes["coupling"] = "monolithic" if dimension == 2 else "staggered"
        if self.interface:
            changes["interface"] = self.interface.on(dimension)
        if self.interfaces:
            changes["interfaces"] = {name: block.on(dimension) for name, block in self.interfaces.items()}
        return self.model_copy(update=changes)

    @property
    def sides(self) -> list[str]:
        """The names of the sides that the geometry has, from the bottom up; none while a file has yet to name them."""
        if self.geometry.builder == "layers":
            return [layer.name for layer in self.geometry.layers]
        if self.geometry.builder == "msh":
            return self.geometry.sides or []
        return ["electrolyte", "electrode"]

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The names of the sides of each interface that the geometry has."""
        if self.geometry.builder == "layers":
            return self.geometry.interfaces
        if self.geometry.builder == "msh":
            return [(upper, lower) for upper, lower in (name.split("/") for name in self.geometry.interfaces or [])]
        return [("electrode", "electrolyte")]

    @property
    def bearable_strain(self) -> float:
        """The root mean square of the strain over a side beyond which the run ends."""
        return math.inf if self.kinematics == "finite_strain" else self.largest_strain

    @property
    def axisymmetric(self) -> bool:
        """Whether the geometry is the half-plane of a body of revolution."""
        return isinstance(self.geometry, Layered) and self.geometry.axisymmetric

    @property
    def every_electrode(self) -> Mapping[str, Electrode]:
        """The electrodes of all kinds by the names of their sides."""
        return {"electrode": self.electrode} if self.electrode else self.electrodes or {}

    def solid(self, side: str) -> Solid:
        """Return how a side gives way to stress."""
        return self.blocks[side].solid

    @property
    def hosts(self) -> dict[str, HostElectrode]:
        """The electrodes that are hosts of lithium, by the names of their sides."""
        return {name: one for name, one in self.every_electrode.items() if isinstance(one, HostElectrode)}

    @property
    def reacting(self) -> dict[str, Electrode]:
        """The electrodes that lithium enters and leaves, by the names of their sides."""
        return {name: one for name, one in self.every_electrode.items() if not one.only_collects}

    @property
    def working(self) -> str:
        """The electrode whose potential is that of the cell: the uppermost one that lithium enters and leaves."""
        return next(name for name in reversed(self.sides) if name in self.reacting)

    @property
    def weighed(self) -> str:
        """The host whose mass and density count where something is given per mass: the uppermost one, "" if none."""
        return next((name for name in reversed(self.sides) if name in self.hosts), "")

    @property
    def counter(self) -> str:
        """The electrode at the counter face, against which the potential of the cell is; "" where that is lithium.

        A collector may lie between.
        """
        lowest = next(name for name in self.sides if name in self.conductors or name in self.reacting)
        return lowest if lowest in self.reacting and len(self.reacting) > 1 else ""

    def wired(self, side: str) -> set[str]:
        """Return the sides that electrons reach from one, itself too: none from an electrolyte."""
        electrodes = self.every_electrode
        contacts = [pair for pair in self.pairs if all(name in electrodes for name in pair)]
        reached = {side} & electrodes.keys()
        for _ in contacts:
            reached = reached.union(*(pair for pair in contacts if reached & set(pair)))
        return reached

    @property
    def conductors(self) -> dict[str, Electrolyte]:
        """The electrolytes by the names of their sides."""
        return {"electrolyte": self.electrolyte} if self.electrolyte else self.electrolytes or {}

    @property
    def blocks(self) -> dict[str, Electrode | Electrolyte]:
        """What the case says of each side, by its name."""
        return {**self.every_electrode, **self.conductors}

    @property
    def faces(self) -> dict[str, Interface]:
        """The interfaces by the names of both sides, as "cathode/separator"."""
        return {"electrode/electrolyte": self.interface} if self.interface else self.interfaces or {}

    def roughness(self, face: str) -> Roughness:
        """Return the roughness of an interface, whose name may have its sides in either order."""
        geometry = self.geometry
        if geometry.builder == "film":
            return geometry.roughness
        first, second = face.split("/")
        given = geometry.roughness if geometry.builder == "layers" else {}
        return given.get(f"{first}/{second}") or given.get(f"{second}/{first}") or Flat()

    @property
    def holds_without_pressure(self) -> bool:
        """Whether every side is where it is by bonds alone."""
        return all(interface.cohesive or interface.bonded for interface in self.faces.values())

    @property
    def steps(self) -> Iterator[Step]:
        """Every step of the protocol, those that are repeated once."""
        return flat_steps(self.protocol)
