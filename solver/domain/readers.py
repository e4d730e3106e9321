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


class _Reader:
    """Reads the mean of an expression about each dof of `values`: what `form` assembles there, over the `weights`."""

    def __init__(self, values: fem.Function, form: fem.Form, weights: npt.NDArray[np.float64]) -> None:
        """`weights` has shape (local and ghost dofs,), one for all components of a value."""
        self.values, self._form = values, form
        self._weights = np.repeat(weights, values.function_space.dofmap.bs)

    def read(self) -> npt.NDArray[np.float64]:
        """Evaluate at the present state; return the values, shape (local and ghost dofs × components,)."""
        assemble_nodal(self._form, self.values)
        self.values.x.array[:] /= self._weights
        return self.values.x.array


class NodalReader(_Reader):
    """Reads an expression of fields of both sides at the nodes of an interface.

    The rule at the nodes makes the assembled vector ∫ expression · test dS the nodal values times the nodal areas.
    Where the expression differs between the facets of a node (gradients), the area-weighted mean is read.
    """

    def __init__(self, interface: Interface, expression: Any) -> None:
        values = interface.function("", ufl.as_ufl(expression).ufl_shape)
        test = ufl.TestFunction(values.function_space)("+")
        form = compiled(ufl.inner(expression, test) * interface.dS, interface.entity_maps)
        super().__init__(values, form, interface.areas.x.array)


class CornerReader(_Reader):
    """Reads a nodal function of an interface at the corners of its facets, where its own nodes are their edges.

    At each corner it is the mean of the nodes about it, by the areas that they have in common: between the least and
    the largest of them, and with the same integral.
    """

    def __init__(self, interface: Interface, function: fem.Function) -> None:
        def integrals(shape: tuple[int, ...], integrand: Any) -> tuple[fem.Function, fem.Form]:
            target = fem.Function(fem.functionspace(interface.mesh, ("Lagrange", 1, shape)))
            test = ufl.TestFunction(target.function_space)("+")
            return target, compiled(ufl.inner(integrand, test) * interface.dS, interface.entity_maps)

        areas, form = integrals((), ufl.as_ufl(1.0))
        assemble_nodal(form, areas)
        super().__init__(*integrals(function.function_space.value_shape, function("+")), areas.x.array)


class CellMean(_Reader):
    """The mean of an expression in each cell of a side, a scalar or a vector, in `values`, piecewise constant."""

    def __init__(self, domain: Domain, side: Side, expression: Any, degree: int | None = None) -> None:
        """`degree` is that of the quadrature, chosen by the expression if it is not given."""
        volumes = fem.Function(fem.functionspace(side.mesh, ("DG", 0)))
        one = domain.constant(1.0) * ufl.TestFunction(volumes.function_space)
        assemble_nodal(domain.form(one * domain.dx(side)), volumes)
        values = fem.Function(fem.functionspace(side.mesh, ("DG", 0, ufl.as_ufl(expression).ufl_shape)))
        form = domain.form(ufl.inner(expression, ufl.TestFunction(values.function_space)) * domain.dx(side, degree))
        super().__init__(values, form, volumes.x.array)


class PointReader(_Reader):
    """Reads an expression of fields of any side, a scalar or a vector, at the points of the quadrature on a side.

    The rule makes the assembled vector ∫ expression · test dx the values at the points times their weights.
    """

    def __init__(self, domain: Domain, side: Side, expression: Any, degree: int) -> None:
        dx, weights = domain.dx(side, degree), fem.Function(side.points(degree))
        assemble_nodal(domain.form(domain.constant(1.0) * ufl.TestFunction(weights.function_space) * dx), weights)
        values = fem.Function(side.points(degree, ufl.as_ufl(expression).ufl_shape))
        form = domain.form(ufl.inner(expression, ufl.TestFunction(values.function_space)) * dx)
        super().__init__(values, form, weights.x.array)


def assemble_nodal(form: fem.Form, target: fem.Function) -> None:
    """Assemble a linear form into `target` and bring its ghosts up to date."""
    target.x.array[:] = 0.0
    fem.assemble_vector(target.x.array, form)
    target.x.scatter_reverse(la.InsertMode.add)
    target.x.scatter_forward()
