"""Sides, interfaces and measures of a tagged mesh: the one place that knows which side of a facet is '+'.

The parent mesh conforms on every interface. Each side is a submesh of the same dimension, each interface a submesh
one dimension lower, so that fields of two sides jump freely across their common surface. Weak forms are written on the
measures of the parent mesh (`Domain.dx`, `Domain.ds`, `Interface.dS`) and given `Domain.entity_maps` on compilation.

On every interface '+' is the first side of its name: for ``("electrode", "electrolyte")``, `f("+")` is the value on the
electrode and the normal `n("+")` leaves the electrode.
"""

from interstice.solver.domain.domain import LATERAL, Domain
from interstice.solver.domain.interface import Interface
from interstice.solver.domain.measures import RadialMeasure
from interstice.solver.domain.side import Indices, Side

__all__ = ["LATERAL", "Domain", "Indices", "Interface", "RadialMeasure", "Side"]
