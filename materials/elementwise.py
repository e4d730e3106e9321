"""Functions of UFL expressions, numbers and arrays alike, so that a law is written once for forms and nodal values."""

from __future__ import annotations

from typing import Any

import numpy as np
import ufl
from scipy import special


def maximum(a: Any, b: Any) -> Any:
    """Return the larger of `a` and `b`."""
    return ufl.max_value(a, b) if _is_symbolic(a, b) else np.maximum(a, b)


def minimum(a: Any, b: Any) -> Any:
    """Return the smaller of `a` and `b`."""
    return ufl.min_value(a, b) if _is_symbolic(a, b) else np.minimum(a, b)


def sqrt(a: Any) -> Any:
    """Return √a."""
    return ufl.sqrt(a) if _is_symbolic(a) else np.sqrt(a)


def exp(a: Any) -> Any:
    """Return e^a."""
    return ufl.exp(a) if _is_symbolic(a) else np.exp(a)


def sin(a: Any) -> Any:
    """Return the sine of a."""
    return ufl.sin(a) if _is_symbolic(a) else np.sin(a)


def erf(a: Any) -> Any:
    """Return the error function of a."""
    return ufl.erf(a) if _is_symbolic(a) else special.erf(a)


def log(a: Any) -> Any:
    """Return the natural logarithm of a."""
    return ufl.ln(a) if _is_symbolic(a) else np.log(a)


def _is_symbolic(*values: Any) -> bool:
    return any(isinstance(value, ufl.core.expr.Expr) for value in values)
