"""Heights that fold the mesh which follows them are refused before there is one."""

from __future__ import annotations

import numpy as np
import pytest

from interstice.meshes import folding
from interstice.meshes.height_profile import HeightProfile
from interstice.meshes.stack import Layer, Stack

PAIR = ("upper", "lower")
STACK = Stack((Layer("lower", 2.0, 0.1), Layer("upper", 1.0, 0.1)), 0.0, (4.0,), 0.1, periodic=False)


def wave(amplitude: float, length: float, constant: float = 0.0) -> HeightProfile:
    return HeightProfile(
        lambda *x: constant + amplitude * np.cos(2 * np.pi * x[0] / length), amplitude, 0, 0, length, True, ""
    )


def refusal_of(profile: HeightProfile, stack: Stack = STACK) -> str:
    try:
        folding.check(stack, {PAIR: profile})
    except ValueError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(("constant", "thin"), [(0.89, ""), (0.91, "0.09 of the layer 'upper'"), (-1.79, "")])
def test_a_layer_keeps_what_the_heights_leave_of_its_thickness(constant: float, thin: str) -> None:
    assert thin in refusal_of(wave(0.0, 4.0, constant))
    assert bool(thin) == bool(refusal_of(wave(0.0, 4.0, constant)))


def test_the_layer_below_is_squeezed_by_heights_downwards() -> None:
    assert "leaves 0.095 of the layer 'lower'" in refusal_of(wave(0.0, 4.0, -1.81))
    assert "leaves 0 of the layer 'upper'" in refusal_of(wave(1.2, 4.0))


def test_waves_that_bend_more_within_an_element_than_it_is_high_are_refused() -> None:
    """At half an element apart cos(2πx/λ) bends by A (1 − cos(π e/λ)): 2 A at λ = e."""
    element = STACK.element_size
    for length in (element, 2 * element, 4 * element):
        bend = 1 - np.cos(np.pi * element / length)
        assert refusal_of(wave(0.95 * element / bend, length)) == ""
        assert refusal_of(wave(1.05 * element / bend, length)).startswith(
            "geometry.element_size: heights of upper/lower bend"
        )


def test_a_layer_between_two_interfaces_keeps_what_lies_between_their_heights() -> None:
    layers = tuple(Layer(name, 1.0, 0.1) for name in ("low", "middle", "high"))
    stack = Stack(layers, 0.0, (4.0, 4.0), 0.5, periodic=False)
    below, above = stack.interfaces
    folding.check(stack, {below: wave(0.4, 4.0), above: wave(0.4, 4.0)})
    with pytest.raises(ValueError, match=r"leaves 0\.04 of the layer 'middle'"):
        folding.check(stack, {below: wave(0.48, 4.0), above: wave(-0.48, 4.0)})
