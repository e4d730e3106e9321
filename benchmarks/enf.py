"""End-notched flexure: a bonded specimen in three-point bending, cracked at one end, whose faces slide (mode II).

G = 9P²a²/(16 b² E′h³) with the crack lengthened by 0.209 h; no friction. A crack shorter than 0.35 of the span
snaps back: it grows while load and deflection both fall, which no control of either could follow.
"""

from __future__ import annotations

from typing import ClassVar

from mpi4py import MPI
from pydantic import Field

from interstice.benchmarks.fracture import FractureParameters, Loading, follow, judge
from interstice.benchmarks.report import Result

NAME = "enf"


class Options(FractureParameters):
    """An end-notched flexure specimen."""

    MODES: ClassVar[tuple[int, ...]] = (1,)

    crack: float = Field(1e-3, gt=0)
    """length a of the crack before it grows [m]"""
    half_span: float = Field(2e-3, gt=0)
    """distance of the load from either support [m]"""

    @property
    def room(self) -> float:
        """How far the crack can grow until its process zone meets the load [m]."""
        return self.half_span - self.thickness - self.zone - self.crack


def run(options: Options, comm: MPI.Comm) -> Result:
    """Bend the specimen until the crack has grown."""
    loading = Loading(options.crack, 2 * options.half_span, {"middle": -1.0}, opening=0.0, bending=1.0)
    specimen, seconds = follow(options, loading, comm)
    found = judge(options, loading, specimen, seconds)
    return Result(NAME, options.model_dump(), found.computed, found.exact, found.errors, found.cost)


if __name__ == "__main__":
    from interstice.benchmarks.command import script

    script(NAME)
