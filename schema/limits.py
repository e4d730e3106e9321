"""How large a run may be: what is estimated to need more is refused, what comes to need more ends in words."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from interstice.schema.section import Section
from interstice.schema.units import Bytes, Time


class Limits(Section):
    """Beyond what anybody means: raise them where more is meant."""

    cells: Annotated[float, Field(ge=1)] = Field(default=20e6, description="of the mesh; `--max-cells` sets it too")
    steps: Annotated[float, Field(ge=1)] = Field(default=1e6, description="time steps")
    time: Time = Field(default="10 year", description="of computing, since the run was started or went on")
    silence: Time = Field(
        default="1 h", description="that a Newton step may take where several ranks wait for each other"
    )
    disk: Bytes = Field(default="1 TB", description="of what the run writes")
