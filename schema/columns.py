"""The columns that a history may have, with their units: what a study can ask for before there is a run.

Where a cell has several interfaces or electrodes, the name of one stands behind that of its columns, as in
"active fraction of cathode/separator".
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from interstice.schema.wording import did_you_mean

UNITS = {
    "time": "s",
    "step": "1",
    "cycle": "1",
    "nesting": "1",
    "repetition": "1",
    "voltage": "V",
    "current density": "A/m^2",
    "capacity": "A h/m^2",
    "energy": "W h/m^2",
    "net charge": "A h/m^2",
    "apparent area": "m^2",
    "charge balance": "1",
    "open-circuit voltage": "V",
    "kinetic overpotential": "V",
    "concentration overpotential": "V",
    "ohmic overpotential": "V",
    "constriction overpotential": "V",
    "salt overpotential": "V",
    "film overpotential": "V",
    "stress overpotential": "V",
    "micro-constriction overpotential": "V",
    "contact overpotential": "V",
    "active fraction": "1",
    "touching fraction": "1",
    "passivated fraction": "1",
    "geometric area": "m^2",
    "active area": "m^2",
    "mean local current density": "A/m^2",
    "max local current density": "A/m^2",
    "current over detached area": "A",
    "mean pressure": "Pa",
    "max pressure": "Pa",
    "mean gap": "m",
    "max gap": "m",
    "complementarity": "1",
    "penetration": "m",
    "mean stripped thickness": "m",
    "max stripped thickness": "m",
    "mean plated thickness": "m",
    "max plated thickness": "m",
    "void area": "m^2",
    "void volume": "m^3",
    "voids": "1",
    "largest void half size": "m",
    "current focusing": "1",
    "overpotential at the interface": "V",
    "plating stress bound": "Pa",
    "stress intensity bound": "Pa*m^0.5",
    "stress intensity bound over toughness": "1",
    "mean flattening": "m",
    "max flattening": "m",
    "mean bond traction": "Pa",
    "mean damage": "1",
    "damaged area": "m^2",
    "broken area": "m^2",
    "least x of the crack front": "m",
    "greatest x of the crack front": "m",
    "energy release rate": "J/m^2",
    "mode mixity at the front": "1",
    "dissipated energy": "J",
    "energy dissipated by fatigue": "J",
    "mean stoichiometry": "1",
    "min stoichiometry": "1",
    "max stoichiometry": "1",
    "state of charge": "1",
    "lithium balance": "1",
    "mean temperature": "K",
    "max temperature": "K",
    "heat made": "W",
    "heat given off at the collector": "W",
    "heat given off at the counter face": "W",
    "heat stored": "J",
    "heat balance": "1",
    "max equivalent inelastic strain": "1",
    "max inelastic strain rate": "1/s",
    "stack pressure": "Pa",
    "thickness change": "m",
    "platen gap": "m",
    "opening": "m",
    "opening force": "N",
    "external work": "J",
    "work of the eigenstrain": "J",
    "elastic energy": "J",
    "energy stored in the interface": "J",
    "energy lost in the bond": "J",
    "energy lost to flattening": "J",
    "energy lost to friction": "J",
    "energy released by unstable cracks": "J",
    "chemical work": "J",
    "energy lost to viscosity": "J",
    "energy lost to plastic flow": "J",
    "energy lost to viscous flow": "J",
    "energy not accounted for by the time step": "J",
    "energy balance": "1",
    "unstable": "1",
    "time step": "s",
    "newton iterations": "1",
    "linear iterations": "1",
}
"""By the names of columns; "1" of what has no dimension."""
_LEVEL = re.compile(r"repetition at level \d+")


def unit_of(column: str) -> str:
    """Return the unit of a column, of whatever it is; ValueError if no run has it."""
    if _LEVEL.fullmatch(column):
        return UNITS["repetition"]
    parts = column.split(" of ")
    names = (" of ".join(parts[:count]) for count in range(len(parts), 0, -1))
    for name in names:
        if name in UNITS:
            return UNITS[name]
    raise ValueError(missing(column, UNITS, "no history has a column"))


def missing(column: str, there: Iterable[str], problem: str = "there is no column") -> str:
    """Return in words that a column is missing, what may have been meant, and all that are there."""
    known = list(there)
    return f"{problem} '{column}'{did_you_mean(column, known)}; there are {', '.join(known)}"
