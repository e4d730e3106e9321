"""Formulae read from text, such as an open-circuit potential ``"4.2 - 0.5*tanh(3*(theta - 0.5))"``.

One parsed tree is evaluated on floats, on NumPy arrays and on UFL expressions alike.
"""

from __future__ import annotations

import ast
import difflib
import operator
import sys
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from interstice.schema.problems import brief

OPERATORS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}

FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
    "tanh": np.tanh,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "asinh": np.arcsinh,
    "abs": abs,
}

DEEPEST = 300
"""Terms of a formula within each other, or in one sum."""
TOO_DEEP = f"more than {DEEPEST} terms within each other"


def _ufl_functions() -> dict[str, Callable[[Any], Any]]:
    import ufl

    def asinh(x: Any) -> Any:
        # UFL has none; two branches, because log(x + sqrt(x² + 1)) loses its digits for x < 0.
        root = ufl.sqrt(x * x + 1)
        return ufl.conditional(ufl.gt(x, 0), ufl.ln(x + root), -ufl.ln(root - x))

    same = {name: getattr(ufl, name) for name in ("exp", "sqrt", "tanh", "sinh", "cosh")}
    return {**same, "log": ufl.ln, "asinh": asinh, "abs": abs}


class Expression:
    """A formula of the given variables.

    Parameters
    ----------
    text
        Numbers, `variables`, + - * / ** and the functions in `FUNCTIONS` (log is the natural logarithm).
    variables
        Names of the arguments, in the order in which they are passed.

    Raises
    ------
    ValueError
        If `text` is not a formula or has a word that is not allowed; the message names it and what is.
    """

    def __init__(self, text: str, variables: tuple[str, ...] = ("theta",)) -> None:
        self.text = text.strip()
        self.variables = variables
        try:
            self._tree = ast.parse(self.text, mode="eval").body
            self._check(self._tree, 0)
        except SyntaxError as error:
            raise ValueError(f"not a formula: {error.msg}") from None
        except (RecursionError, MemoryError):
            raise ValueError(f"not a formula: {TOO_DEEP}") from None

    def __call__(self, *values: Any) -> Any:
        """Return the formula at `values`, one per variable: floats, NumPy arrays or UFL expressions.

        The result has the shape of the values broadcast against each other; it is a UFL expression if one of them is.
        """
        # An argument can only be of UFL if UFL is already imported.
        ufl = sys.modules.get("ufl")
        if ufl is not None and any(isinstance(value, ufl.core.expr.Expr) for value in values):
            named = dict(zip(self.variables, values, strict=True))
            return ufl.as_ufl(_evaluate(self._tree, named, _ufl_functions()))
        arrays = [np.asarray(value, dtype=float)[()] for value in values]
        shape = np.broadcast_shapes(*(np.shape(array) for array in arrays))
        named = dict(zip(self.variables, arrays, strict=True))
        # of numbers of NumPy (−1)**0.5 is not complex but none, like that of an array, and 1/0 infinite
        return np.zeros(shape) + _evaluate(self._tree, named, FUNCTIONS, np.float64)

    def of(self, values: Mapping[str, Any]) -> Any:
        """Return the formula at `values` by the names of variables, which know arithmetic and the functions of NumPy.

        Quantities with units are such, and tell what does not fit.
        """
        return _evaluate(self._tree, values, FUNCTIONS, np.float64)

    @property
    def used(self) -> set[str]:
        """The variables that the formula has."""
        return {node.id for node in ast.walk(self._tree) if isinstance(node, ast.Name)} & set(self.variables)

    def __repr__(self) -> str:
        return f"Expression({self.text!r}, {self.variables!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Expression) and (self.text, self.variables) == (other.text, other.variables)

    def __hash__(self) -> int:
        return hash((self.text, self.variables))

    def _check(self, node: ast.expr, depth: int) -> None:
        if depth > DEEPEST:
            raise ValueError(f"not a formula: {TOO_DEEP}")
        match node:
            case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATORS:
                self._check(left, depth + 1)
                self._check(right, depth + 1)
            case ast.UnaryOp(op=op, operand=operand) if type(op) in OPERATORS:
                self._check(operand, depth + 1)
            case ast.Constant(value=int() | float() as value) if (
                type(value) is not bool and abs(value) <= sys.float_info.max
            ):
                pass
            case ast.Name(id=name) if name in self.variables:
                pass
            case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]) if name in FUNCTIONS:
                self._check(argument, depth + 1)
            case ast.Name(id=name) | ast.Call(func=ast.Name(id=name)):
                self._refuse(name)
            case _:
                self._refuse(ast.unparse(node))

    def _refuse(self, word: str) -> None:
        word = brief(word, quotes=False)
        if word in FUNCTIONS:
            raise ValueError(f"'{word}' takes one argument in brackets, such as {word}({self.variables[0]})")
        close = difflib.get_close_matches(word, [*self.variables, *FUNCTIONS], n=1)
        hint = f", did you mean '{close[0]}'?" if close else ""
        allowed = ", ".join(["numbers", *self.variables, "+ - * / **", *FUNCTIONS])
        raise ValueError(f"'{word}' is not allowed in a formula{hint} (allowed: {allowed})")


def _evaluate(
    node: ast.expr,
    values: Mapping[str, Any],
    functions: Mapping[str, Callable[[Any], Any]],
    number: Callable[[Any], Any] = float,
) -> Any:
    inner = values, functions, number
    match node:
        case ast.BinOp(left=left, op=op, right=right):
            return OPERATORS[type(op)](_evaluate(left, *inner), _evaluate(right, *inner))
        case ast.UnaryOp(op=op, operand=operand):
            return OPERATORS[type(op)](_evaluate(operand, *inner))
        case ast.Constant(value=value):
            return number(value)
        case ast.Call(func=ast.Name(id=name), args=[argument]):
            return functions[name](_evaluate(argument, *inner))
        case ast.Name(id=name):
            return values[name]
    raise AssertionError(ast.dump(node))
