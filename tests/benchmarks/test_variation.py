"""A benchmark over one of its inputs: what may be asked, and what the picture has."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from interstice.benchmarks import variation
from interstice.benchmarks.report import Cost, Result
from interstice.benchmarks.variation import Variation, order, picture
from interstice.cli import app

COST = Cost(1, 1, 1, 1.0, 1.0, 1.0)


def falling(elements: float) -> Result:
    """A result whose one error falls with the second power of the mesh, the other being rounding."""
    error = 0.5 / elements**2
    computed = {"radius [m]": 1e-6 * (1 + error), "not compared [Pa]": 3.0}
    return Result("falling", {}, computed, {"radius [m]": 1e-6}, {"radius": error, "balance": 1e-14}, COST)


def invoke(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["benchmark", *words])
    return done.exit_code, done.output


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["patch", "--vary", "tilt"], "expected KEY=VALUE,VALUE"),
        (["patch", "--vary", "tilt=3"], "two values or more"),
        (["patch", "--vary", "tild=1,2"], "did you mean --tilt"),
        (["patch", "--vary", "elements=1,0"], "--elements 0"),
        (["--vary", "tilt=1,2"], "name a benchmark"),
        (["patch", "--plot", "a.png"], "needs --vary"),
        (["patch", "--vary", "tilt=1,2", "--plot", "a.xyz"], "none of"),
    ],
)
def test_what_cannot_be_varied_or_drawn_is_told_before_anything_is_solved(words: list[str], told: str) -> None:
    code, output = invoke(*words)
    assert code == 2 and told in output, output


def test_values_of_a_variation_are_words_of_the_command() -> None:
    varied = Variation.parse("load_ratio=0.1, 0.2")
    assert varied.words("westergaard", ["--elements", "8"]) == [
        ["westergaard", "--elements", "8", "--load-ratio", value] for value in ("0.1", "0.2")
    ]


def test_the_order_is_the_power_with_which_errors_fall() -> None:
    x = np.array([4.0, 8.0, 16.0])
    assert order(x, 3.0 / x**1.5) == pytest.approx(1.5)


def test_the_picture_has_computed_on_exact_and_errors_with_their_order() -> None:
    values = ["8", "16", "32"]
    figure = picture([falling(float(value)) for value in values], Variation("elements", values))
    quantity, errors = figure.axes
    exact, computed = quantity.get_lines()
    np.testing.assert_allclose(exact.get_ydata(), 1.0)
    np.testing.assert_allclose(computed.get_ydata(), [1 + 0.5 / n**2 for n in (8, 16, 32)])
    assert quantity.get_title() == "radius [µm]"
    legend = [text.get_text() for text in errors.get_legend().get_texts()]
    assert legend == ["radius, order 2.0", "balance ≤ 1e-14"]
    np.testing.assert_allclose(errors.get_lines()[0].get_ydata(), [0.5 / n**2 for n in (8, 16, 32)])
    assert [text.get_text() for text in errors.get_xticklabels()] == values
    low, high = errors.get_ylim()
    assert low < 0.5 / 32**2 and high > 0.5 / 8**2


def test_an_input_that_refines_nothing_has_no_order() -> None:
    figure = picture([falling(value) for value in (1.0, 2.0)], Variation("tilt", ["1", "2"]))
    assert "order" not in figure.axes[-1].get_legend().get_texts()[0].get_text()


def test_many_quantities_stand_in_one_panel_computed_over_exact() -> None:
    exact = {f"share {i}": i / 10 for i in range(1, 6)}
    computed = {name: 1.1 * value for name, value in exact.items()}
    results = [Result("many", {}, computed, exact, {"share": 0.1}, COST) for _ in range(2)]
    panel, _ = picture(results, Variation("seed", ["1", "2"])).axes
    x, y = panel.get_lines()[0].get_data()
    np.testing.assert_allclose(y, 1.1 * np.asarray(x))
    assert len(x) == 5


def test_quantities_that_are_called_by_the_value_are_drawn_of_each() -> None:
    results = [
        Result(
            "named",
            {},
            {f"peak({value}, {i})": 1.0 for i in range(4)},
            {f"peak({value}, {i})": 2.0 for i in range(4)},
            {"peak": 0.5},
            COST,
        )
        for value in (1, 2)
    ]
    panel, _ = picture(results, Variation("mixity", ["1", "2"])).axes
    assert [len(line.get_xdata()) for line in panel.get_lines()[:2]] == [4, 4]


def test_the_command_solves_each_value_and_draws(tmp_path: Path) -> None:
    file = tmp_path / "patch.svg"
    code, output = invoke(
        "patch", "--dimension", "2", "--elements", "2", "--vary", "tilt=0,23", "--json", "--plot", str(file)
    )
    results = json.loads(output)
    assert code == 0 and [result["inputs"]["tilt"] for result in results] == [0.0, 23.0]
    text = file.read_text(encoding="utf-8")
    assert "mean pressure [MPa]" in text and "tilt" in text
    again = tmp_path / "again.svg"
    variation.draw([Result(**{**result, "cost": COST}) for result in results], Variation("tilt", ["0", "23"]), again)
    assert again.read_text(encoding="utf-8") == text
