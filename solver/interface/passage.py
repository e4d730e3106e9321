"""What crosses an interface, whatever lets it: the law of charge transfer or of a contact resistance says how much."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from interstice.solver.model import Model
from interstice.solver.part import Caution, Group, Part, Shown
from interstice.solver.site import Face

Array = npt.NDArray[np.float64]

FEW, MUCH = 4, 0.1
"""Nodes of a contact spot that is resolved, and the share of the current that others may carry."""


class Passage(Part):
    """The current across one interface, from the side `origin` to the side `target`.

    `current` is j_n [A/m²] in UFL, exactly zero where `activity` is; `charge` is that and what charges a gap.
    """

    group: ClassVar[Group] = "transport"
    current: Any
    charge: Any

    def __init__(self, model: Model, face: Face) -> None:
        self.face, self.interface, self.label, self._model = face, face.interface, face.label, model
        face.passage = self
        self.origin = face.origin
        self.target = face.opposite(self.origin)
        assert face.activity is not None
        self._activity = face.activity

    def observe(self, current: Any, charge: Any, parts: Mapping[str, Any], share: Any = None) -> None:
        """Take note of what crosses [A/m²] and of the `parts` of what it costs [V], in UFL, if not `share` of the area.

        Those that are not named sides or salt add up to the potential of the origin less that of the target.
        """
        self.current, self.charge, reader = current, charge, self.interface.reader
        share = self._activity.share if share is None else share
        self._share, self._current, self._charge = reader(share), reader(current), reader(charge)
        self._parts = {name: reader(part) for name, part in parts.items()}

    # --- what is read of it --------------------------------------------------------------------------

    @property
    def active_area(self) -> float:
        """The area that conducts [m²]."""
        return self.interface.sum(self.read_share())

    @property
    def crossing(self) -> float:
        """The current [A] that leaves the origin here as lithium, or as electrons between what conducts them."""
        return self.interface.sum(self.read_current())

    def read_share(self) -> Array:
        """Return the share of each node's area that conducts, 0 on Γ_d, shape (local and ghost nodes,)."""
        return self._share.read()

    def read_current(self) -> Array:
        """Return j_n at the nodes [A/m²], shape (local and ghost nodes,)."""
        return self._current.read()

    def read_charge(self) -> Array:
        """Return the current density at the nodes that crosses or charges a gap [A/m²]."""
        return self._charge.read()

    def means(self) -> dict[str, float]:
        """Return the means over what conducts, or over all of the interface where nothing does, of voltages [V].

        Those of the law add up to the potential of the origin less that of the target. Sides is the target's less the
        origin's of what `phi` has of the potentials, without their levels; salt is what the salt adds to it.
        """
        share = self.read_share()
        weight = share if self.interface.sum(share) else np.ones_like(share)
        area = self.interface.sum(weight)
        return {name: self.interface.sum(weight * part.read()) / area for name, part in self._parts.items()}

    # --- as a part -----------------------------------------------------------------------------------

    def columns(self) -> Mapping[str, float]:
        share, j = self.read_share(), self.read_current()
        local = np.divide(np.abs(j), share, out=np.zeros_like(j), where=share > 0.0)
        active_area, crossing = self.interface.sum(share), self.interface.sum(j)
        return {
            "active fraction [1]": active_area / self.face.area,
            "geometric area [m^2]": self.face.area,
            "active area [m^2]": active_area,
            "mean local current density [A/m^2]": crossing / active_area if active_area else 0.0,
            "max local current density [A/m^2]": self.interface.max(local),
            "current over detached area [A]": self.interface.sum(np.where(share > 0.0, 0.0, np.abs(j))),
        }

    def cautions(self) -> Iterator[Caution]:
        interface = self.interface
        current = np.abs(self.read_current()) * interface.areas.x.array
        periodic = self._model.case.geometry.lateral == "periodic"
        spots = interface.spots(current > 0.0, periodic)
        crossing = interface.gathered(current)
        few = [spot for spot in spots if len(spot) < FEW]
        if few:
            # a piece of the interface that conducts everywhere is no spot, however few its nodes are
            whole = {tuple(piece) for piece in interface.spots(np.ones_like(current, dtype=bool), periodic)}
            few = [spot for spot in few if tuple(spot) not in whole]
        small = [float(crossing[spot].sum()) for spot in few]
        if sum(small) > MUCH * float(crossing.sum()):
            rough = ", or leave out short wavelengths of the roughness" if self.face.rms else ""
            yield Caution(
                "few nodes",
                f"{sum(small) / float(crossing.sum()):.0%} of the current{self.label} crosses contact spots of fewer "
                f"than {FEW} nodes ({len(small)} of {len(spots)} spots), which the mesh does not resolve: f_c and "
                f"voltage depend on it; refine geometry.element_size{rough}",
            )

    def shown(self) -> Iterator[Shown]:
        share, current = (self.interface.function(name) for name in ("share", "current"))

        def read_share() -> None:
            share.x.array[:] = self.read_share()

        def read_current() -> None:
            current.x.array[:] = self.read_current()

        yield Shown(self.face, "contacted [1]", share, read_share)
        yield Shown(self.face, "current density [A/m^2]", current, read_current)
