"""Values of expressions of fields: at the nodes of an interface, in the cells of a side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import ufl
from dolfinx import fem, la

from interstice.solver.domain.forms import compiled

if TYPE_CHECKING:
    from interstice.solver.domain.domain import Domain
    from interstice.solver.domain.interface import Interface
    from interstice.solver.domain.side import Side


class NodalReader:
    """Reads an expression of fields of both sides at the nodes of an interface.

    The rule at the nodes makes the assembled vector ∫ expression · test dS the nodal values times the nodal areas.
    Where the expression differs between the facets of a node (gradients), the area-weighted mean is read.
    """

    def __init__(self, interface: Interface, expression: Any) -> None:
        self.values = interface.function("", ufl.as_ufl(expression).ufl_shape)
        test = ufl.TestFunction(self.values.function_space)("+")
        self._form = compiled(ufl.inner(expression, test) * interface.dS, interface.entity_maps)
        self._areas = np.repeat(interface.areas.x.array, self.values.function_space.dofmap.bs)

    def read(self) -> npt.NDArray[np.float64]:
        """Evaluate at the present state; return the values, shape (local and ghost nodes × components,)."""
        assemble_nodal(self._form, self.values)
        self.values.x.array[:] /= self._areas
        return self.values.x.array


class CornerReader:
    """Reads a nodal function of an interface at the corners of its facets, where its own nodes are their edges.

    At each corner it is the mean of the nodes about it, by the areas that they have in common: between the least and
    the largest of them, and with the same integral.
    """

    def __init__(self, interface: Interface, function: fem.Function) -> None:
        def integrals(shape: tuple[int, ...], integrand: Any) -> tuple[fem.Function, fem.Form]:
            target = fem.Function(fem.functionspace(interface.mesh, ("Lagrange", 1, shape)))
            test = ufl.TestFunction(target.function_space)("+")
            return target, compiled(ufl.inner(integrand, test) * interface.dS, interface.entity_maps)

        self.values, self._form = integrals(function.function_space.value_shape, function("+"))
        areas, form = integrals((), ufl.as_ufl(1.0))
        assemble_nodal(form, areas)
        self._areas = np.repeat(areas.x.array, self.values.function_space.dofmap.bs)

    def read(self) -> npt.NDArray[np.float64]:
        """Evaluate at the present state; return the values, shape (local and ghost corners × components,)."""
        assemble_nodal(self._form, self.values)
        self.values.x.array[:] /= self._areas
        return self.values.x.array


class CellMean:
    """The mean of an expression in each cell of a side, a scalar or a vector, in `values`, piecewise constant."""

    def __init__(self, domain: Domain, side: Side, expression: Any, degree: int | None = None) -> None:
        """`degree` is that of the quadrature, chosen by the expression if it is not given."""
        one = fem.Function(fem.functionspace(side.mesh, ("DG", 0)))
        assemble_nodal(domain.form(domain.constant(1.0) * ufl.TestFunction(one.function_space) * domain.dx(side)), one)
        self.values = fem.Function(fem.functionspace(side.mesh, ("DG", 0, ufl.as_ufl(expression).ufl_shape)))
        test = ufl.TestFunction(self.values.function_space)
        self._integrals = domain.form(ufl.inner(expression, test) * domain.dx(side, degree))
        self._volumes = np.repeat(one.x.array, self.values.function_space.dofmap.bs)

    def read(self) -> npt.NDArray[np.float64]:
        """Evaluate at the present state; return the means, shape (local and ghost cells × components,)."""
        assemble_nodal(self._integrals, self.values)
        self.values.x.array[:] /= self._volumes
        return self.values.x.array


class PointReader:
    """Reads an expression of fields of any side, a scalar or a vector, at the points of the quadrature on a side.

    The rule makes the assembled vector ∫ expression · test dx the values at the points times their weights.
    """

    def __init__(self, domain: Domain, side: Side, expression: Any, degree: int) -> None:
        dx, one = domain.dx(side, degree), fem.Function(side.points(degree))
        assemble_nodal(domain.form(domain.constant(1.0) * ufl.TestFunction(one.function_space) * dx), one)
        shape = ufl.as_ufl(expression).ufl_shape
        self.values = fem.Function(side.points(degree, shape))
        self._form = domain.form(ufl.inner(expression, ufl.TestFunction(self.values.function_space)) * dx)
        self._weights = np.repeat(one.x.array, self.values.function_space.dofmap.bs)

    def read(self) -> npt.NDArray[np.float64]:
        """Evaluate at the present state; return the values, shape (local and ghost points × components,)."""
        assemble_nodal(self._form, self.values)
        self.values.x.array[:] /= self._weights
        return self.values.x.array


def assemble_nodal(form: fem.Form, target: fem.Function) -> None:
    """Assemble a linear form into `target` and bring its ghosts up to date."""
    target.x.array[:] = 0.0
    fem.assemble_vector(target.x.array, form)
    target.x.scatter_reverse(la.InsertMode.add)
    target.x.scatter_forward()
