"""Heat: what is made, conducted, stored and given off; without this block the whole cell has one temperature."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from interstice.schema.section import Section
from interstice.schema.units import CellTemperature, HeatTransfer


class Heat(Section):
    """How heat leaves the cell, which begins at the temperature of the case; materials need a block `thermal`."""

    material_block: ClassVar[str] = "thermal"
    collector_transfer: HeatTransfer = Field(description="from the platen on the collector to its surroundings")
    counter_transfer: HeatTransfer = Field(description="from the platen under the counter face")
    ambient: CellTemperature = Field(description="of the surroundings")
    transient: bool = Field(default=True, description="false: the steady temperature at any time")
    contact: HeatTransfer | None = Field(
        default=None,
        description="conductance between the sides where all that touches conducts; that of one body if not given",
    )
    open_contact: HeatTransfer = Field(default="0 W/(m^2*K)", description="the same where the sides are apart")
