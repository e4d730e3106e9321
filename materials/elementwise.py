"""Functions of UFL expressions, numbers and arrays alike, so that a law is written once for forms and nodal values."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np


def maximum(a: Any, b: Any) -> Any:
    """Return the larger of `a` and `b`."""
    return ufl.max_value(a, b) if (ufl := _symbolic(a, b)) else np.maximum(a, b)


def minimum(a: Any, b: Any) -> Any:
    """Return the smaller of `a` and `b`."""
    return ufl.min_value(a, b) if (ufl := _symbolic(a, b)) else np.minimum(a, b)


def sqrt(a: Any) -> Any:
    """Return √a."""
    return ufl.sqrt(a) if (ufl := _symbolic(a)) else np.sqrt(a)


def exp(a: Any) -> Any:
    """Return e^a."""
    return ufl.exp(a) if (ufl := _symbolic(a)) else np.exp(a)


def sin(a: Any) -> Any:
    """Return the sine of a."""
    return ufl.sin(a) if (ufl := _symbolic(a)) else np.sin(a)


def erf(a: Any) -> Any:
    """Return the error function of a."""
    if ufl := _symbolic(a):
        return ufl.erf(a)
    from scipy import special

    return special.erf(a)


def log(a: Any) -> Any:
    """Return the natural logarithm of a."""
    return ufl.ln(a) if (ufl := _symbolic(a)) else np.log(a)


def _symbolic(*values: Any) -> Any:
    """Return the module UFL if one of the values is of it, which it can only be if UFL is imported already."""
    ufl = sys.modules.get("ufl")
    return ufl if ufl is not None and any(isinstance(value, ufl.core.expr.Expr) for value in values) else None
