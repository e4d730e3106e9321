"""Formulae read from text mean the same for floats, NumPy arrays and UFL expressions, and nothing else gets through."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import ufl
from ufl.finiteelement import AbstractFiniteElement

from interstice.schema.expression import FUNCTIONS, Expression

ROOT = Path(__file__).parent.parent

FORMULAE = [
    "-0.8090*theta + 4.4875 - 0.0428*tanh(18.5138*(theta - 0.5542))",
    "2**theta - theta**2/3 + +theta",
    "exp(-theta) + log(theta)*sqrt(theta)",
    "sinh(theta) - cosh(theta)",
    "asinh(10*(theta - 0.5))",
    "abs(theta - 0.5)",
    "3.4",
]


@pytest.fixture(scope="module")
def coordinate() -> ufl.core.expr.Expr:
    """The coordinate of an abstract interval mesh: an unevaluated UFL expression."""
    basix_ufl = pytest.importorskip("basix.ufl")
    element: AbstractFiniteElement = basix_ufl.element("P", "interval", 1, shape=(1,))
    return ufl.SpatialCoordinate(ufl.Mesh(element))[0]


@pytest.mark.parametrize("text", FORMULAE)
def test_numpy_and_ufl_agree(text: str, coordinate: ufl.core.expr.Expr) -> None:
    formula = Expression(text)
    symbolic = formula(coordinate)
    assert isinstance(symbolic, ufl.core.expr.Expr)
    for theta in (0.1, 0.45, 0.9):
        assert symbolic((theta,)) == pytest.approx(formula(theta), rel=1e-14)


@pytest.mark.parametrize("text", FORMULAE)
def test_an_array_gives_what_its_entries_give(text: str) -> None:
    formula = Expression(text)
    theta = np.array([[0.1, 0.2], [0.6, 0.9]])
    assert formula(theta).shape == theta.shape
    assert formula(theta) == pytest.approx(np.vectorize(formula)(theta), rel=1e-15)


def test_python_precedence_holds() -> None:
    assert Expression("-theta**2 + 2*theta/4 - 1")(3.0) == -(3.0**2) + 2 * 3.0 / 4 - 1
    assert Expression("2**theta**2")(3.0) == 2.0**9


def test_ufl_derivative_equals_difference_quotient(coordinate: ufl.core.expr.Expr) -> None:
    variable = ufl.variable(coordinate)
    for text in ("asinh(5*(theta - 0.5))", "4 - tanh(3*theta) + theta**3"):
        formula = Expression(text)
        derivative = ufl.algorithms.apply_derivatives.apply_derivatives(
            ufl.algorithms.apply_algebra_lowering.apply_algebra_lowering(ufl.diff(formula(variable), variable))
        )
        for theta in (0.3, 0.5, 0.8):
            quotient = (formula(theta + 1e-6) - formula(theta - 1e-6)) / 2e-6
            assert derivative((theta,)) == pytest.approx(quotient, rel=1e-7)


def test_asinh_in_ufl_keeps_its_digits_for_large_negative_arguments(coordinate: ufl.core.expr.Expr) -> None:
    assert Expression("asinh(-1e8*theta)")(coordinate)((1.0,)) == pytest.approx(np.arcsinh(-1e8), rel=1e-15)


def test_several_variables_broadcast() -> None:
    formula = Expression("c/c_max + 0*T", variables=("c", "c_max", "T"))
    assert formula(np.array([1.0, 2.0]), 4.0, 300.0) == pytest.approx([0.25, 0.5])


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("theta + thet", "'thet' is not allowed in a formula, did you mean 'theta'"),
        ("tahn(theta)", "did you mean 'tanh'"),
        ("erf(theta)", "allowed: numbers, theta, + - * / **, exp, log"),
        ("tanh", "tanh(theta)"),
        ("tanh(theta, 2)", "one argument"),
        ("exp(x=theta)", "one argument"),
        ("__import__('os').system('true')", "not allowed"),
        ("theta.real", "theta.real"),
        ("theta[0]", "theta[0]"),
        ("theta if theta else 1", "not allowed"),
        ("lambda: 1", "not allowed"),
        ("theta < 1", "not allowed"),
        ("theta % 2", "not allowed"),
        ("'text'", "not allowed"),
        ("True", "not allowed"),
        ("1j*theta", "not allowed"),
        ("1e999*theta", "not allowed"),
        ("", "not a formula"),
        ("2 theta", "not a formula"),
        ("(theta", "not a formula"),
        ("theta = 1", "not a formula"),
        ("+".join(["theta"] * 100_000), "not a formula"),
    ],
)
def test_anything_but_a_formula_is_refused_in_words(text: str, complaint: str) -> None:
    with pytest.raises(ValueError) as refusal:
        Expression(text)
    assert complaint in str(refusal.value)


def test_a_wrong_number_of_values_is_refused() -> None:
    with pytest.raises(ValueError):
        Expression("theta")(0.1, 0.2)


def test_every_function_is_evaluated_in_both_worlds(coordinate: ufl.core.expr.Expr) -> None:
    for name in FUNCTIONS:
        formula = Expression(f"{name}(theta)")
        assert formula(coordinate)((0.7,)) == pytest.approx(formula(0.7), rel=1e-14)


def test_numbers_do_not_import_ufl() -> None:
    program = (
        "import sys; from interstice.schema.expression import Expression; Expression('exp(theta)')(0.5); "
        "assert 'ufl' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60, cwd=ROOT)
