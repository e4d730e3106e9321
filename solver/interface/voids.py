"""Voids between lithium metal and an electrolyte: where the sides do not touch, and what that may lead to.

A void is a connected part of the interface whose nodes do not touch. Its area is that of its nodes, Σ A, its volume
Σ g A. The half size a of the largest is the radius √(A/π) of a disc as large, in the plane half its width; of a ring
about an axis it is half the width of the ring. What reaches a wall goes on behind it as its mirror image.

Of what plating may do in a void, or a crack that begins there, two bounds are told, not what happens:

    p = F |η|/Ω,    K = p √(πa).

p is the pressure at which plating with the overpotential η = φ_e − φ_s − U, films included, would stop by itself, if
lithium could not flow away and the mechanical work Ω p were all that opposes it. K is the stress intensity of a crack
through an infinite body, 2a long, pressed open by p everywhere (H. Tada, P. C. Paris, G. R. Irwin, The Stress Analysis
of Cracks Handbook, 3rd ed. (2000), 5.1): a crack that is a disc of radius a has 2/π of it, one of length a at a surface
1.12 times as much, and lithium that creeps bears much less than p. That a flaw of the electrolyte is as large as the
largest void is assumed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from interstice.solver.constants import FARADAY
from interstice.solver.model import Model
from interstice.solver.part import Caution, Part
from interstice.solver.site import Face

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

FEW, MUCH = 4, 0.1
"""Nodes of a void that is resolved, and the share of the area of all voids that others may have."""
NEGLIGIBLE = 1e-6
"""Current over the largest of the protocol that counts as none."""


class Survey(NamedTuple):
    """The voids of an interface: areas [m²], volume [m³], the half size of each [m], how many nodes each has."""

    areas: Array
    volume: float
    half_sizes: Array
    nodes: Array

    @property
    def largest(self) -> float:
        """The half size of the largest void [m], 0 without one."""
        return float(self.half_sizes.max(initial=0.0))


class Voids(Part):
    """The voids of one interface of a metal; `toughness` is K_Ic of the electrolyte [Pa √m], where it is known."""

    def __init__(self, model: Model, face: Face, toughness: float | None) -> None:
        assert face.contact is not None and face.activity is not None and face.transfer is not None
        self.face, self.interface, self.label, self._model = face, face.interface, face.label, model
        self._contact, self._activity, self._transfer, self._toughness = (
            face.contact,
            face.activity,
            face.transfer,
            toughness,
        )

    def survey(self) -> Survey:
        """Return the voids of the present state. Collective."""
        interface = self.interface
        apart = ~self._activity.touching
        gap = np.where(apart, np.maximum(self._contact.gap.read(), 0.0), 0.0)
        spots = interface.spots(apart, self._periodic)
        areas, spacing = (interface.gathered(f.x.array) for f in (interface.areas, interface.spacing))
        ends = [[interface.gathered(self._is_among(nodes)) for nodes in interface.ends(axis)] for axis in self._axes]
        half_sizes = [self._half_size(spot, areas, spacing, ends) for spot in spots]
        return Survey(
            np.array([areas[spot].sum() for spot in spots]),
            interface.sum(gap),
            np.array(half_sizes),
            np.array([len(spot) for spot in spots]),
        )

    def _half_size(self, spot: npt.NDArray[np.int32], areas: Array, spacing: Array, ends: list[list[Mask]]) -> float:
        """Return a [m] of the void at the nodes `spot`, `ends` being the nodes at both walls across each axis."""
        reached = [[bool(wall[spot].any()) for wall in walls] for walls in ends]
        if self.interface.axisymmetric and reached[0][0]:
            return float(np.sqrt(areas[spot].sum() / np.pi))
        images = 1 if self._periodic else 2 ** sum(any(walls) for walls in reached)
        if len(ends) == 1:
            return float(images * spacing[spot].sum() / 2)
        return float(np.sqrt(images * areas[spot].sum() / np.pi))

    @property
    def _axes(self) -> range:
        return range(self.interface.mesh.topology.dim)

    @property
    def _periodic(self) -> bool:
        return self._model.case.geometry.lateral == "periodic"

    def _is_among(self, nodes: npt.NDArray[np.int32]) -> Mask:
        chosen = np.zeros(len(self.interface.areas.x.array), dtype=bool)
        chosen[nodes] = True
        return chosen

    # --- current and bounds --------------------------------------------------------------------------

    @property
    def focusing(self) -> float:
        """The largest current density at a node over that of the apparent area, 0 where no current is to cross."""
        applied = abs(self._model.terminals.current_density) * self._model.apparent_area
        whole = self._model.typical_current * np.sqrt(self._model.interface_nodes)
        if self.face not in self._model.path or applied <= NEGLIGIBLE * whole:
            return 0.0
        return self.interface.max(np.abs(self._transfer.read_current())) * self._model.apparent_area / applied

    @property
    def plating_stress(self) -> float:
        """The largest p = F |η|/Ω [Pa] of nodes at which lithium is plated."""
        # on a bare collector at rest, whose potential is above that of lithium, rounding alone is plated
        driving = np.maximum(-self._transfer.read_overpotential(), 0.0)
        eta = np.where(self._transfer.read_share() > 0.0, driving, 0.0)
        return FARADAY * self.interface.max(eta) / self._transfer.lithium_volume

    # --- as a part -----------------------------------------------------------------------------------

    def columns(self) -> Mapping[str, float]:
        found, stress = self.survey(), self.plating_stress
        share = self._transfer.read_share()
        conducting = self.interface.sum(share)
        intensity = stress * np.sqrt(np.pi * found.largest)
        columns = {
            "void area [m^2]": float(found.areas.sum()),
            "void volume [m^3]": found.volume,
            "voids [1]": len(found.areas),
            "largest void half size [m]": found.largest,
            "current focusing [1]": self.focusing,
            "overpotential at the interface [V]": (
                self.interface.sum(share * self._transfer.read_overpotential()) / conducting if conducting else 0.0
            ),
            "plating stress bound [Pa]": stress,
            "stress intensity bound [Pa*m^0.5]": intensity,
        }
        if self._toughness is not None:
            columns["stress intensity bound over toughness [1]"] = intensity / self._toughness
        return columns

    def cautions(self) -> Iterator[Caution]:
        found = self.survey()
        few = found.nodes < FEW
        if few.any() and found.areas[few].sum() > MUCH * found.areas.sum():
            yield Caution(
                "few nodes of a void",
                f"{found.areas[few].sum() / found.areas.sum():.0%} of the area of voids{self.label} is that of "
                f"{int(few.sum())} of {len(few)} voids, of fewer than {FEW} nodes, which the mesh does not resolve: "
                "their number and size depend on it; refine geometry.element_size",
            )


def parts(model: Model) -> Iterator[Part]:
    """Yield the voids of each interface of a metal that may open."""
    for face in model.faces:
        if face.origin.metal and face.plating is not None and face.contact is not None and face.transfer is not None:
            material = face.transfer.electrolyte.material
            yield Voids(model, face, material.fracture_toughness if material else None)
