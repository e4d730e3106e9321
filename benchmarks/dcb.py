"""Double cantilever beam: two bonded arms, opened at their cracked ends, in 2D and 3D (mode I).

The load peaks while the process zone forms, then falls as the crack grows, P = √(b² G_Ic E′ h³/12)/a with the crack
lengthened by 0.673 h. A sharp crack would bear more before it grows: its load is printed beside. The energy release
rate is the J-integral over the loaded ends.
"""

from __future__ import annotations

from typing import ClassVar

from mpi4py import MPI
from pydantic import Field

from interstice.benchmarks.fracture import FractureParameters, Loading, follow, judge
from interstice.benchmarks.report import Result
from interstice.solver.interface.process_zone import scales

NAME = "dcb"


class Options(FractureParameters):
    """A double cantilever beam."""

    MODES: ClassVar[tuple[int, ...]] = (0,)

    crack: float = Field(500e-6, gt=0)
    """length a of the crack before it grows [m]"""


def run(options: Options, comm: MPI.Comm) -> Result:
    """Open the specimen until the crack has grown."""
    length = options.crack + options.grown + 3 * options.zone + 10 * options.thickness
    loading = Loading(options.crack, length, {"upper_left": 1.0, "lower_left": -1.0}, opening=1.0, bending=0.0)
    specimen, seconds = follow(options, loading, comm)
    found = judge(options, loading, specimen, seconds)
    rate = specimen.release_rate()
    zone_in_large_body = scales(options.law.limits, options.plane_modulus / 2).normal
    computed = found.computed | {"E'G_c/strength^2 [m]": zone_in_large_body, "J_at_the_ends [J/m^2]": rate}
    exact = found.exact | {"J_at_the_ends [J/m^2]": options.normal_toughness}
    errors = found.errors | {"J": abs(rate / options.normal_toughness - 1)}
    return Result(NAME, options.model_dump(), computed, exact, errors, found.cost)


if __name__ == "__main__":
    from interstice.benchmarks.command import script

    script(NAME)
