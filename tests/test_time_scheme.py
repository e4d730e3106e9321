"""Orders of the time schemes and their estimates of error, on y' = −y² with steps that vary."""

from __future__ import annotations

import numpy as np
import pytest

from interstice.solver.time_scheme import Scheme, bdf2, euler, extrapolate, local_error

END = 2.0


def exact(t: np.ndarray | float) -> np.ndarray:
    return np.asarray(1 / (1 + np.asarray(t)))


def step_to(history: float, tau: float) -> float:
    """Solve (y − h)/τ = −y²."""
    return 2 * history / (1 + np.sqrt(1 + 4 * tau * history))


def times(steps: int) -> np.ndarray:
    """Instants whose distances wax and wane by up to half from one to the next."""
    distances = 1 + 0.3 * np.sin(2 * np.arange(steps))
    return np.concatenate([[0.0], END * np.cumsum(distances) / distances.sum()])


def error_at_end(order: int, steps: int) -> float:
    t = times(steps)
    y = [float(exact(t[0]))]
    for i in range(1, len(t)):
        step = t[i] - t[i - 1]
        scheme = euler(step) if order == 1 or i == 1 else bdf2(step, t[i - 1] - t[i - 2])
        y.append(step_to(float(scheme.history([np.asarray(value) for value in y[::-1][:2]])), scheme.tau))
    return abs(y[-1] - float(exact(END)))


@pytest.mark.parametrize("order", [1, 2])
def test_error_falls_with_the_order_of_the_scheme_on_uneven_steps(order: int) -> None:
    errors = np.array([error_at_end(order, steps) for steps in (80, 160, 320, 640)])
    np.testing.assert_allclose(np.log2(errors[:-1] / errors[1:]), order, atol=0.1)


def test_even_steps_have_the_textbook_weights() -> None:
    scheme = bdf2(0.3, 0.3)
    np.testing.assert_allclose([*scheme.weights, scheme.tau], [4 / 3, -1 / 3, 0.2], rtol=1e-14)


def test_bdf2_differentiates_parabolas_exactly() -> None:
    scheme = bdf2(0.5, 0.2)
    new, *past = ((3 - t + 2 * t**2) for t in (1.7, 1.2, 1.0))
    assert (new - scheme.history([np.asarray(value) for value in past])) / scheme.tau == pytest.approx(
        -1 + 4 * 1.7, rel=1e-13
    )


def test_extrapolation_goes_on_with_a_parabola() -> None:
    past = [np.array([1.0, 3 - t + 2 * t**2]) for t in (1.2, 1.0, 0.3)]
    np.testing.assert_allclose(extrapolate(past, [0.5, 0.2, 0.7]), [1.0, 3 - 1.7 + 2 * 1.7**2], rtol=1e-13)


@pytest.mark.parametrize("order", [1, 2])
def test_estimated_error_is_the_one_made(order: int) -> None:
    """From exact values the estimate becomes the error as the step shrinks, whatever the ratios of steps."""
    for size, tolerance in ((1e-2, 0.05), (1e-3, 0.005)):
        steps = size * np.array([1.0, 0.7, 1.6])[: order + 1]
        t_new = 1.0
        t = t_new - np.cumsum(steps)
        past = [exact(value) for value in t]
        scheme: Scheme = euler(steps[0]) if order == 1 else bdf2(steps[0], steps[1])
        new = step_to(float(scheme.history(past)), scheme.tau)
        made = new - float(exact(t_new))
        assert float(local_error(np.asarray(new), past, list(steps), scheme)) == pytest.approx(made, rel=tolerance)
