"""How the variance of an output is shared out among the sampled inputs: Sobol's indices.

First order: S_i = V(E(Y | X_i)) / V(Y), what X_i does alone; total: T_i = E(V(Y | all but X_i)) / V(Y), what it does
with others, too. Of samples of Saltelli both, by A. Saltelli et al., Comput. Phys. Commun. 181, 259 (2010); of others
the first alone, by random balance designs (S. Tarantola et al., Reliab. Eng. Syst. Saf. 91, 717, 2006). Both as SALib
has them, with intervals of 95 % by resampling.
"""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from pandas import DataFrame
from pandas.api.types import is_numeric_dtype

from interstice.schema import outcomes
from interstice.solver.plot.style import BLUE, ORANGE, Array, page
from interstice.solver.study.figures.quantity import in_words, numeric, quantity
from interstice.solver.study.states import RESULTS

FEWEST_BLOCKS = 8
FEWEST_POINTS = 40
"""Of random balance designs: twice the harmonics that are looked at."""
FEW = 200
"""Points below which indices are rough, which is said."""
MOST_PANELS = 6
SEED = 0


@dataclass(frozen=True)
class Indices:
    """Indices of the inputs, in the order of `inputs`, with half the width of their intervals; total ones may be None.

    `words` say what else is the same in all runs, `points` how many they are from, of `of` planned ones.
    """

    words: str
    inputs: list[str]
    first: Array
    first_error: Array
    total: Array | None
    total_error: Array | None
    points: int
    planned: int


@dataclass(frozen=True)
class Sensitivity:
    """The numbers of the picture: the indices for each combination of the axes beside the sample."""

    of: str
    method: str
    indices: list[Indices]


def draw(
    asked: outcomes.Sensitivity, table: DataFrame, sample: Mapping[str, Any]
) -> tuple[str, str, Figure, Sensitivity]:
    """Return title, caption, figure and numbers; ValueError says why there are none.

    `sample` is that of the plan: method, the keys `over` which it is, and names of runs in the order of its points.
    """
    of = numeric(table, asked.of)
    if not sample:
        raise ValueError("the study has no sample, over whose keys the variance is shared out")
    if len(sample["names"]) > MOST_PANELS:
        raise ValueError(
            f"there is a sample for each of {len(sample['names'])} combinations of the axes; {MOST_PANELS} at most are "
            "drawn"
        )
    keys, by_run = list(sample["over"]), table.set_index("run")
    usable = by_run[asked.of].where(by_run["state"].isin(RESULTS))
    others = [name for name in table.attrs["inputs"] if name not in keys]
    found = []
    for names in sample["names"]:
        values = usable.loc[names].to_numpy(dtype=float)
        words = ", ".join(
            f"{in_words(key)} {quantity(table, key).value(by_run.loc[names[0], key])}"
            for key in others
            if table[key].nunique() > 1
        )
        if sample["method"] == "saltelli":
            found.append(of_saltelli(keys, values, words))
        else:
            if not all(is_numeric_dtype(by_run[key]) for key in keys):
                raise ValueError("what is sampled is not known as numbers")
            found.append(of_points(keys, by_run.loc[names, keys].to_numpy(dtype=float), values, words))
    title = f"sensitivity of {of.words}"
    figure = _bars(found, title)
    return title, _caption(found, of.words, sample["method"]), figure, Sensitivity(asked.of, sample["method"], found)


def of_saltelli(keys: Sequence[str], values: Array, words: str = "") -> Indices:
    """Return the indices from values at the points of Saltelli's sample, shape (blocks × (inputs + 2),).

    Blocks with a value missing (NaN) are left out. ValueError if too few are left, or nothing varies.
    """
    from SALib.analyze import sobol

    blocks = values.reshape(-1, len(keys) + 2)
    there = blocks[np.isfinite(blocks).all(axis=1)]
    if len(there) < FEWEST_BLOCKS:
        raise ValueError(
            f"{len(there)} of {len(blocks)} blocks of {len(keys) + 2} runs are complete; {FEWEST_BLOCKS} are needed"
        )
    _check_varies(there)
    problem = {"num_vars": len(keys), "names": list(keys), "bounds": [[0.0, 1.0]] * len(keys)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        told = sobol.analyze(problem, there.ravel(), calc_second_order=False, seed=SEED)
    return Indices(
        words,
        list(keys),
        np.asarray(told["S1"]),
        np.asarray(told["S1_conf"]),
        np.asarray(told["ST"]),
        np.asarray(told["ST_conf"]),
        there.size,
        values.size,
    )


def of_points(keys: Sequence[str], points: Array, values: Array, words: str = "") -> Indices:
    """Return first indices from values at points that fill a box evenly, shape (points, inputs).

    ValueError as `of_saltelli`.
    """
    from SALib.analyze import rbd_fast

    there = np.isfinite(values)
    if there.sum() < FEWEST_POINTS:
        raise ValueError(f"{there.sum()} of {len(values)} runs have the number; {FEWEST_POINTS} are needed")
    _check_varies(values[there])
    problem = {"num_vars": len(keys), "names": list(keys), "bounds": [[0.0, 1.0]] * len(keys)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        told = rbd_fast.analyze(problem, points[there], values[there], seed=SEED)
    return Indices(
        words,
        list(keys),
        np.asarray(told["S1"]),
        np.asarray(told["S1_conf"]),
        None,
        None,
        int(there.sum()),
        len(values),
    )


def _check_varies(values: Array) -> None:
    if np.ptp(values) == 0.0:
        raise ValueError("the number is the same in all runs: there is no variance to be shared out")


def _bars(found: Sequence[Indices], title: str) -> Figure:
    """Return bars of first and total indices, the inputs that matter most on top."""
    inputs = found[0].inputs
    columns = min(len(found), 2)
    lines = -(-len(found) // columns)
    figure = page(0.9 + lines * (0.6 + 0.5 * len(inputs)))
    axes = figure.subplots(lines, columns, squeeze=False, sharex=True, sharey=True)
    weight = np.sum([one.first if one.total is None else one.total for one in found], axis=0)
    order = np.argsort(weight)
    places = np.arange(len(inputs))
    for ax, one in itertools.zip_longest(axes.flat, found):
        if one is None:
            ax.set_axis_off()
            continue
        bars = [("first order", one.first, one.first_error, BLUE)]
        if one.total is not None:
            bars.append(("total", one.total, one.total_error, ORANGE))
        height = 0.8 / len(bars)
        for number, (label, values, errors, colour) in enumerate(bars):
            shift = (0.5 * (len(bars) - 1) - number) * height
            ax.barh(
                places + shift,
                values[order],
                height,
                xerr=errors[order],
                color=colour,
                label=label if ax is axes.flat[0] else None,
                error_kw={"elinewidth": 1.0, "capsize": 2.0},
            )
        ax.axvline(0.0, color="black", linewidth=0.8)
        ax.set_yticks(places, [in_words(inputs[place]) for place in order])
        ax.tick_params(axis="y", length=0)
        if one.words:
            ax.set_title(one.words)
    for ax in axes[-1]:
        ax.set_xlabel("Sobol index")
    figure.suptitle(title, fontsize="medium")
    figure.legend(loc="outside lower center", ncols=2)
    return figure


def _caption(found: Sequence[Indices], of: str, method: str) -> str:
    least = min(one.points for one in found)
    missing = sum(one.planned - one.points for one in found)
    told = [f"Shares of the inputs in the variance of {of}, with intervals of 95 %, from {least} runs."]
    if method != "saltelli":
        told.append("First order alone, by random balance designs; method saltelli of a sample gives total ones, too.")
    if least < FEW:
        told.append("So few runs tell large shares from small ones, no more.")
    if missing:
        told.append(f"{missing} runs are left out, that have no number or stand in a block with one that has none.")
    return " ".join(told)
