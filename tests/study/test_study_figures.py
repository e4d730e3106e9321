"""Pictures of a study, of known laws: exponents with their intervals, indices, which value is drawn where."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pytest
from made_studies import PRESSURE, ROUGHNESS, table, write_study
from matplotlib.collections import QuadMesh
from matplotlib.container import BarContainer
from matplotlib.figure import Figure
from matplotlib.text import Text
from pandas import DataFrame
from pydantic import TypeAdapter

from interstice.schema import outcomes
from interstice.solver.plot.style import STYLE
from interstice.solver.study import figures
from interstice.solver.study.figures import curves, heat_map, power_law, sensitivity
from interstice.solver.study.figures.quantity import in_words, printed

UNITS = {PRESSURE: "Pa", ROUGHNESS: "m", "resistance": "ohm*cm^2"}
ISHIGAMI = {"first": (0.3139, 0.4424, 0.0), "total": (0.5576, 0.4424, 0.2437)}
"""Of sin x + 7 sin² y + 0.1 z⁴ sin x on (−π, π)³: I. M. Sobol', Y. L. Levitan (1999), in closed form."""
INPUTS = ["interface.friction.coefficient", PRESSURE, "electrode.overrides.diffusivity"]


def grid(pressures: tuple[float, ...] = (1e6, 2e6, 5e6), roughnesses: tuple[float, ...] = (1e-8, 4e-8)) -> DataFrame:
    """Return the table of a study whose resistance is 100 times the place of the pressure and that of the roughness."""
    pairs = list(itertools.product(enumerate(pressures), enumerate(roughnesses)))
    return table(
        {PRESSURE: [one[1] for one, _ in pairs], ROUGHNESS: [other[1] for _, other in pairs]},
        {"resistance": [100.0 * one[0] + other[0] + 1.0 for one, other in pairs]},
        UNITS,
    )


def drawn(asked: Mapping[str, Any], rows: DataFrame, sample: Mapping[str, Any] | None = None) -> tuple[Any, ...]:
    """Return title, caption, figure and numbers; the test fails if a text is cut or lies on another one."""
    figure: outcomes.StudyFigure = TypeAdapter(outcomes.StudyFigure).validate_python(asked)
    with matplotlib.rc_context(STYLE):
        match figure:
            case outcomes.HeatMap():
                found: tuple[Any, ...] = heat_map.draw(figure, rows)
            case outcomes.Curves():
                found = curves.draw(figure, rows)
            case outcomes.Sensitivity():
                found = sensitivity.draw(figure, rows, sample or {})
        check_readable(found[2])
    return found


def check_readable(figure: Figure) -> None:
    figure.draw_without_rendering()
    axes = [(axis, sorted(axis.get_view_interval())) for ax in figure.axes for axis in (ax.xaxis, ax.yaxis)]
    not_drawn = {
        label
        for axis, (low, high) in axes
        for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks())
        for label in (tick.label1, tick.label2)
        if not low <= tick.get_loc() <= high
    }
    texts = [text for text in figure.findobj(Text) if isinstance(text, Text) and text not in not_drawn]
    boxes = [(text.get_text(), text.get_window_extent()) for text in texts if text.get_visible() and text.get_text()]
    for words, box in boxes:
        assert box.x0 >= -1 and box.y0 >= -1 and box.x1 <= figure.bbox.x1 + 1 and box.y1 <= figure.bbox.y1 + 1, words
    for (words, box), (others, other) in itertools.combinations(boxes, 2):
        assert not box.padded(-1.0).overlaps(other.padded(-1.0)), f"{words!r} lies on {others!r}"


# --- power laws ------------------------------------------------------------------------------------


def test_the_interval_of_an_exponent_holds_it_as_often_as_it_says() -> None:
    rng = np.random.default_rng(16)
    x = np.array([1.0, 2.0, 5.0, 10.0, 20.0])
    tries, held, families_held = 500, 0, 0
    for _ in range(tries):
        samples = [3.0 * factor * x**-0.8 * np.exp(rng.normal(0.0, 0.1, len(x))) for factor in (1.0, 4.0, 9.0)]
        law = power_law.fit(x, samples[0])
        held += law.low <= -0.8 <= law.high
        together = power_law.common([(x, y) for y in samples])
        families_held += together.low <= -0.8 <= together.high
    # three standard deviations of a binomial distribution
    assert abs(held / tries - 0.95) < 0.03
    assert abs(families_held / tries - 0.95) < 0.03


def test_an_exact_power_law_is_found_with_its_factor() -> None:
    x = np.array([1e6, 2e6, 5e6])
    law = power_law.fit(x, 3.0 * x**-0.8)
    assert law.exponent == pytest.approx(-0.8) and law.factor == pytest.approx(3.0)
    assert law.high - law.low < 1e-6 and law.points == 3
    assert law.at(np.array([1e7])) == pytest.approx(3.0 * 1e7**-0.8)


def test_families_with_factors_of_their_own_have_one_exponent() -> None:
    x, factors = np.array([1.0, 3.0, 10.0]), (1.0, 100.0, 1e4)
    # a family at larger x does not tilt the others
    law = power_law.common([(x * factor, factor * (x * factor) ** -0.5) for factor in factors])
    assert law.exponent == pytest.approx(-0.5) and law.points == 9


def test_exponents_that_differ_by_more_than_scatter_are_told_apart() -> None:
    rng = np.random.default_rng(7)
    x = np.geomspace(1.0, 20.0, 6)

    def families(*exponents: float) -> list[tuple[np.ndarray, np.ndarray]]:
        return [(x, 3.0 * x**exponent * np.exp(rng.normal(0.0, 0.1, len(x)))) for exponent in exponents]

    # of equal ones, 5 % are taken for different
    chance = np.mean([power_law.equality(families(-0.8, -0.8, -0.8)) < 0.05 for _ in range(150)])
    assert abs(chance - 0.05) < 0.054
    assert power_law.equality(families(-0.5, -0.8, -1.0)) < 1e-3
    assert power_law.equality([(x, x**-0.5), (x, x**-0.6)]) == 0.0 and power_law.equality([(x, x), (x, 2 * x)]) == 1.0
    assert np.isnan(power_law.equality(families(-0.8)))


def test_a_picture_of_curves_with_exponents_of_their_own_says_that_there_is_no_common_law() -> None:
    rows = law_table()
    rows["resistance"] *= (rows[PRESSURE] / 1e6) ** (rows[ROUGHNESS] / 4e-8)
    _, caption, figure, numbers = drawn({**CURVES, "scale": "log", "fit": "power_law"}, rows)
    assert [family.law.exponent for family in numbers.families] == pytest.approx([-0.55, -0.3, 0.2])
    assert numbers.equality < 0.05 and "a mean, and no law" in caption
    assert "$n$ differs: −0.55 to 0.20; all together −0.22" in figure.axes[0].get_title(loc="left")


def test_two_points_and_values_below_zero_have_no_exponent() -> None:
    with pytest.raises(ValueError, match="needs 3 points at different places, there are 2"):
        power_law.fit(np.array([1.0, 2.0]), np.array([1.0, 2.0]))
    with pytest.raises(ValueError, match="needs 3 points at different places"):
        power_law.fit(np.array([1.0, 1.0, 2.0]), np.array([1.0, 1.1, 2.0]))
    with pytest.raises(ValueError, match="values above 0"):
        power_law.fit(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, -3.0]))


def test_an_exponent_is_told_to_two_digits_of_its_uncertainty() -> None:
    assert str(power_law.PowerLaw(-0.79701, -0.82234, -0.77168, 1.0, 9)) == "−0.797 (95% interval −0.822 to −0.772)"
    assert str(power_law.PowerLaw(0.5, 0.2, 0.8, 1.0, 9)) == "0.50 (95% interval 0.20 to 0.80)"


# --- curves ----------------------------------------------------------------------------------------


def law_table(exponent: float = -0.8) -> DataFrame:
    rows = grid((1e6, 2e6, 5e6, 1e7), (1e-8, 2e-8, 4e-8))
    return rows.assign(resistance=1e3 * rows[ROUGHNESS] / 1e-8 * (rows[PRESSURE] / 1e6) ** exponent)


CURVES = {"kind": "curves", "x": PRESSURE, "by": ROUGHNESS, "of": "resistance"}


def test_each_value_of_an_input_has_its_curve_and_its_exponent() -> None:
    rows = law_table().sample(frac=1.0, random_state=1)
    asked = {**CURVES, "scale": "log", "fit": "power_law", "compare": {"Cooper, Mikic and Yovanovich": -0.95}}
    title, caption, figure, numbers = drawn(asked, rows)
    assert title == "resistance against stack pressure for each roughness rms"
    assert [family.words for family in numbers.families] == ["10 nm", "20 nm", "40 nm"]
    for family, factor in zip(numbers.families, (1.0, 2.0, 4.0), strict=True):
        assert list(family.x) == [1e6, 2e6, 5e6, 1e7]
        assert np.allclose(family.y, 1e3 * factor * np.array([1.0, 2.0, 5.0, 10.0]) ** -0.8)
        assert family.law.exponent == pytest.approx(-0.8)
    assert numbers.law.exponent == pytest.approx(-0.8) and numbers.law.points == 12
    assert numbers.compare == {"Cooper, Mikic and Yovanovich": -0.95}
    assert "−0.8000 (95% interval −0.8000 to −0.8000), from 12 points of 3 curves" in caption
    (ax,) = figure.axes
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("stack pressure [MPa]", "resistance [Ω cm²]")
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
    first, compared = ax.lines[0], ax.lines[-1]
    assert list(first.get_xdata()) == [1.0, 2.0, 5.0, 10.0]
    slope = np.diff(np.log(compared.get_ydata()[[0, -1]])) / np.diff(np.log(compared.get_xdata()[[0, -1]]))
    assert slope == pytest.approx(-0.95)


def test_a_curve_without_three_points_has_no_exponent_and_says_so() -> None:
    rows = law_table()
    rows.loc[(rows[ROUGHNESS] == 1e-8) & (rows[PRESSURE] > 3e6), "state"] = "failed"
    *_, caption, _, numbers = drawn({**CURVES, "fit": "power_law"}, rows)
    assert [family.law is None for family in numbers.families] == [True, False, False]
    assert numbers.law.points == 8
    assert "10 of 12 runs have the number." in caption and "Too few points for a fit has 10 nm" in caption
    with pytest.raises(ValueError, match="needs 3 points of one curve"):
        drawn({**CURVES, "fit": "power_law"}, rows[rows[PRESSURE] < 3e6])


def test_what_else_varies_makes_curves_of_its_own_or_is_told() -> None:
    rows = law_table()
    *_, numbers = drawn({"kind": "curves", "x": PRESSURE, "of": "resistance"}, rows)
    assert [family.words for family in numbers.families] == [f"roughness rms {size} nm" for size in (10, 20, 40)]
    many = grid((1e6, 2e6), tuple(np.linspace(1e-8, 9e-8, 20)))
    _, caption, figure, numbers = drawn({"kind": "curves", "x": PRESSURE, "of": "resistance"}, many)
    (family,) = numbers.families
    assert len(family.y) == 40 and list(figure.axes[0].lines[1].get_ydata()) == [10.5, 110.5]
    assert "Points at the same place differ in roughness rms; lines are drawn through their means." in caption


def test_seeds_are_samples_of_the_same_curve_and_cell() -> None:
    rows = law_table()
    three = DataFrame({name: [*rows[name]] * 3 for name in rows})
    three["geometry.roughness.seed"] = np.repeat([1.0, 2.0, 3.0], len(rows))
    three["resistance"] *= np.repeat([0.8, 1.0, 1.2], len(rows))
    three.attrs = {**rows.attrs, "inputs": [*rows.attrs["inputs"], "geometry.roughness.seed"]}
    _, caption, _, numbers = drawn({**CURVES, "fit": "power_law"}, three)
    assert [family.words for family in numbers.families] == ["10 nm", "20 nm", "40 nm"]
    assert {family.law.points for family in numbers.families} == {12} and numbers.law.points == 36
    assert numbers.law.exponent == pytest.approx(-0.8) and numbers.law.high - numbers.law.low > 0.01
    assert "differ in roughness seed." in caption
    _, caption, _, mapped = drawn(MAP, three)
    assert np.allclose(mapped.panels[0].values, rows.pivot(index=ROUGHNESS, columns=PRESSURE, values="resistance"))
    assert "mean over roughness seed" in caption


def test_linked_inputs_are_one_and_words_keep_their_order() -> None:
    inputs = {
        "electrode.material": ["NMC811"] * 2 + ["LCO"] * 2,
        "electrode.initial_stoichiometry": [0.9, 0.9, 0.95, 0.95],
        PRESSURE: [1e6, 2e6] * 2,
    }
    rows = table(inputs, {"loss": [1.0, 2.0, 3.0, 4.0]}, UNITS, states=["finished", "stopped", "finished", "running"])
    asked = {"kind": "curves", "x": PRESSURE, "by": "electrode.material", "of": "loss"}
    _, caption, figure, numbers = drawn(asked, rows)
    assert [(family.words, list(family.y)) for family in numbers.families] == [("NMC811", [1.0, 2.0]), ("LCO", [3.0])]
    assert "Marked are 1 that stopped" in caption
    assert [line.get_markerfacecolor() for line in figure.axes[0].lines].count("white") == 1
    with pytest.raises(ValueError, match="is given in words; a scale needs numbers"):
        drawn({"kind": "curves", "x": "electrode.material", "of": "loss"}, rows)


def test_a_logarithmic_scale_leaves_out_what_is_not_above_zero() -> None:
    rows = law_table()
    rows.loc[rows.index[0], "resistance"] = -1.0
    _, caption, _, numbers = drawn({**CURVES, "scale": "log"}, rows)
    assert len(numbers.families[0].x) == 3 and "Left out are 1 that are not above 0." in caption


# --- heat maps -------------------------------------------------------------------------------------

MAP = {"kind": "heat_map", "x": PRESSURE, "y": ROUGHNESS, "of": "resistance"}


def test_each_value_is_drawn_at_its_inputs() -> None:
    _, _, figure, numbers = drawn(MAP, grid().sample(frac=1.0, random_state=2))
    (panel,) = numbers.panels
    assert panel.is_grid and panel.x == [1e6, 2e6, 5e6] and panel.y == [1e-8, 4e-8]
    assert panel.values.tolist() == [[1.0, 101.0, 201.0], [2.0, 102.0, 202.0]]
    ax, bar = figure.axes
    written = {(round(text.get_position()[0]), round(text.get_position()[1])): text.get_text() for text in ax.texts}
    assert written == {(0, 0): "1", (1, 0): "101", (2, 0): "201", (0, 1): "2", (1, 1): "102", (2, 1): "202"}
    (mesh,) = (child for child in ax.collections if isinstance(child, QuadMesh))
    assert mesh.get_array().reshape(2, 3).tolist() == panel.values.tolist()
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["1", "2", "5"]
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["10", "40"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("stack pressure [MPa]", "roughness rms [nm]")
    assert bar.get_ylabel() == "resistance [Ω cm²]"


def test_a_cell_without_a_run_is_empty_and_one_that_stopped_is_marked() -> None:
    rows = grid()
    rows["state"] = ["finished", "waiting", "stopped", "finished", "finished", "finished"]
    _, caption, figure, numbers = drawn(MAP, rows)
    assert np.isnan(numbers.panels[0].values[1, 0]) and np.isfinite(numbers.panels[0].values).sum() == 5
    assert "101*" in [text.get_text() for text in figure.axes[0].texts]
    assert "5 of 6 runs have the number." in caption


def test_a_third_input_gives_a_panel_for_each_of_its_values() -> None:
    rows = grid()
    both = DataFrame({name: [*rows[name], *rows[name]] for name in rows})
    both["electrode.material"] = ["NMC811"] * len(rows) + ["LCO"] * len(rows)
    both["resistance"] = [*rows["resistance"], *-rows["resistance"]]
    both.attrs = {**rows.attrs, "inputs": [PRESSURE, ROUGHNESS, "electrode.material"]}
    _, _, figure, numbers = drawn(MAP, both)
    found = {panel.words: panel.values[0, 2] for panel in numbers.panels}
    assert found == {"electrode material NMC811": 201.0, "electrode material LCO": -201.0}
    low, high = figure.axes[0].collections[0].get_clim()
    assert low == -high


def test_a_sample_is_drawn_as_contours_that_follow_a_plane() -> None:
    rng = np.random.default_rng(5)
    pressure, roughness = 10 ** rng.uniform(6.0, 8.0, 40), rng.uniform(1e-8, 8e-8, 40)
    rows = table({PRESSURE: list(pressure), ROUGHNESS: list(roughness)}, {"resistance": list(roughness * 1e9)}, UNITS)
    _, caption, figure, numbers = drawn(MAP, rows)
    (panel,) = numbers.panels
    assert not panel.is_grid and list(panel.values) == list(rows["resistance"])
    assert "interpolated linearly" in caption
    ax = figure.axes[0]
    assert ax.get_xscale() == "log" and ax.get_yscale() == "linear"
    (points,) = ax.lines
    assert np.allclose(points.get_xdata(), pressure / 1e6) and np.allclose(points.get_ydata(), roughness * 1e9)
    with pytest.raises(ValueError, match="three runs at least"):
        drawn(MAP, rows.iloc[:2])


# --- sensitivity -----------------------------------------------------------------------------------


def ishigami(points: np.ndarray) -> np.ndarray:
    x, y, z = points.T
    return np.asarray(np.sin(x) + 7 * np.sin(y) ** 2 + 0.1 * z**4 * np.sin(x))


def test_sobol_indices_of_a_known_function_are_found_from_a_sample_of_saltelli() -> None:
    from SALib.sample import sobol

    problem = {"num_vars": 3, "names": INPUTS, "bounds": [[-np.pi, np.pi]] * 3}
    points = sobol.sample(problem, 2048, calc_second_order=False, scramble=True, seed=1)
    values = ishigami(points)
    found = sensitivity.of_saltelli(INPUTS, values)
    assert found.total is not None and found.total_error is not None
    assert np.allclose(found.first, ISHIGAMI["first"], atol=0.04)
    assert np.allclose(found.total, ISHIGAMI["total"], atol=0.04)
    assert (found.first_error < 0.12).all() and (found.total_error < 0.12).all() and found.points == len(points)
    # of runs that failed the whole blocks go
    values[[7, 8, 5003]] = np.nan
    fewer = sensitivity.of_saltelli(INPUTS, values)
    assert fewer.points == len(points) - 3 * 5 + 5 * (7 // 5 == 8 // 5)
    assert np.allclose(fewer.first, found.first, atol=0.02)


def test_first_indices_are_found_from_any_sample_that_fills_a_box() -> None:
    from scipy.stats import qmc

    points = np.pi * (2 * qmc.LatinHypercube(3, rng=2).random(1000) - 1)
    found = sensitivity.of_points(INPUTS, points, ishigami(points))
    assert found.total is None and np.allclose(found.first, ISHIGAMI["first"], atol=0.06)


def test_indices_belong_to_the_runs_in_the_order_of_the_sample() -> None:
    from SALib.sample import sobol

    problem = {"num_vars": 3, "names": INPUTS, "bounds": [[-np.pi, np.pi]] * 3}
    points = sobol.sample(problem, 64, calc_second_order=False, scramble=True, seed=1)
    rows = table(dict(zip(INPUTS, points.T.tolist(), strict=True)), {"y": list(ishigami(points))}, sampled=INPUTS)
    sample = {"method": "saltelli", "over": dict.fromkeys(INPUTS), "names": [list(rows["run"])]}
    shuffled = rows.sample(frac=1.0, random_state=3)
    _, caption, figure, numbers = drawn({"kind": "sensitivity", "of": "y"}, shuffled, sample)
    expected = sensitivity.of_saltelli(INPUTS, ishigami(points))
    assert np.allclose(numbers.indices[0].total, expected.total)
    assert "from 320 runs" in caption
    labels = [tick.get_text() for tick in figure.axes[0].get_yticklabels()]
    assert labels[-1] == "friction coefficient" and set(labels) == {in_words(key) for key in INPUTS}
    assert expected.total is not None
    order = np.argsort(expected.total)
    first, total = (one for one in figure.axes[0].containers if isinstance(one, BarContainer))
    assert np.allclose([bar.get_width() for bar in first], expected.first[order])
    assert np.allclose([bar.get_width() for bar in total], expected.total[order])


def test_a_sample_beside_an_axis_has_indices_for_each_of_its_values() -> None:
    rng = np.random.default_rng(3)
    shares = rng.random((60, 2))
    inputs = {"a.x": [*shares[:, 0]] * 2, "a.y": [*shares[:, 1]] * 2, PRESSURE: [1e6] * 60 + [2e6] * 60}
    rows = table(inputs, {"y": [*shares[:, 0], *shares[:, 1]]}, UNITS, sampled=["a.x", "a.y"])
    names = [list(rows["run"][:60]), list(rows["run"][60:])]
    sample = {"method": "latin_hypercube", "over": {"a.x": {}, "a.y": {}}, "names": names}
    *_, numbers = drawn({"kind": "sensitivity", "of": "y"}, rows, sample)
    first, second = numbers.indices
    assert (first.words, second.words) == ("stack pressure 1 MPa", "stack pressure 2 MPa")
    assert first.first[0] > 0.7 > 0.4 > first.first[1] and second.first[1] > 0.7 > 0.4 > second.first[0]


def test_too_few_runs_and_a_number_that_does_not_vary_have_no_indices() -> None:
    with pytest.raises(ValueError, match="7 of 8 blocks of 5 runs are complete; 8 are needed"):
        sensitivity.of_saltelli(INPUTS, np.array([np.nan, *range(39)], dtype=float))
    with pytest.raises(ValueError, match="39 of 39 runs have the number; 40 are needed"):
        sensitivity.of_points(INPUTS, np.zeros((39, 3)), np.arange(39.0))
    with pytest.raises(ValueError, match="the same in all runs"):
        sensitivity.of_saltelli(INPUTS, np.ones(40))
    with pytest.raises(ValueError, match="has no sample"):
        drawn({"kind": "sensitivity", "of": "resistance"}, grid())


# --- the whole study -------------------------------------------------------------------------------


def test_a_study_tells_the_exponent_of_its_runs(tmp_path: Path) -> None:
    fit = {**CURVES, "scale": "log", "fit": "power_law"}
    write_study(tmp_path, figures=[MAP, fit, fit])
    pictures = figures.made(tmp_path)
    names = ["heat_map_resistance", "curves_resistance", "curves_resistance"]
    endings = ["", "", "_2"]
    assert [picture.name for picture in pictures] == [
        f"{name}_over_stack_pressure{ending}" for name, ending in zip(names, endings, strict=True)
    ]
    law = pictures[1].numbers.law  # type: ignore[union-attr]
    assert law is not None and law.exponent == pytest.approx(-0.8)
    (path,) = figures.write(tmp_path, pictures[:1])
    first = {file.name: file.read_bytes() for file in path.parent.iterdir()}
    assert len(first) == 3
    list(figures.write(tmp_path, figures.made(tmp_path)[:1]))
    assert {file.name: file.read_bytes() for file in path.parent.iterdir()} == first


@pytest.mark.parametrize(
    ("unit", "words"),
    [("ohm*cm^2", "Ω cm²"), ("V*m^2/A", "V m²/A"), ("A h/m^2", "A h/m²"), ("m^-1", "m⁻¹"), ("percent", "%")],
)
def test_units_are_printed_as_people_do(unit: str, words: str) -> None:
    assert printed(unit) == words


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("stack.pressure", "stack pressure"),
        ("geometry.roughness.rms", "roughness rms"),
        ("electrode.overrides.diffusivity", "electrode diffusivity"),
        ("protocol.0.steps.1.c_rate", "C-rate"),
        ("geometry.mean_diameter", "mean diameter"),
        ("temperature", "temperature"),
    ],
)
def test_keys_become_words(key: str, words: str) -> None:
    assert in_words(key) == words
