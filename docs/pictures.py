"""All pictures of the pages, from the shipped cases as they are now: `python3 -m docs.pictures [NAME …]`."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import matplotlib
from matplotlib.figure import Figure

import interstice  # noqa: F401  (before anything of MPI)
from docs import drawings
from interstice.solver.plot import cell, cycles, history, interface, movie
from interstice.solver.plot.run import Run
from interstice.solver.plot.style import STYLE

DOCS = Path(__file__).parent
CASES = DOCS.parent / "cases"
RESULTS = Path("results/pictures")
TABLE = "lithium_afm.csv"
THERE = "RESULTS"
"""In a setting: the folder of the results."""


@dataclass(frozen=True)
class Recipe:
    """A run of a shipped case, with what is set in it; its results have the name of the case and `label`."""

    case: str
    settings: tuple[str, ...] = ()
    label: str = ""
    patch: str = ""
    """A patch that has to be pressed before: its file in cases/patches."""

    @property
    def folder(self) -> str:
        """Where its results are, in the folder of all of them."""
        return f"{self.case}-{self.label}" if self.label else self.case

    def carry_out(self, results: Path) -> None:
        """Run it; SystemExit with what it said if it does not end well."""
        if self.patch:
            _interstice("patch", str(CASES / "patches" / self.patch), "-o", str(results / TABLE), "--overwrite")
        settings = [word for one in self.settings for word in ("--set", one.replace(THERE, str(results.resolve())))]
        _interstice("run", str(CASES / f"{self.case}.yaml"), "-o", str(results / self.folder), "--overwrite", *settings)


ONE_CYCLE = "protocol=[rest for 10 min, charge at 0.5 mA/cm^2 for 6 min, discharge at 0.5 mA/cm^2 for 6 min]"


def _interstice(*words: str) -> None:
    done = subprocess.run([sys.executable, "-m", "interstice", *words], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"interstice {' '.join(words)} ended with exit code {done.returncode}:\n{done.stderr}")


def _under(case: str, pressures: Iterable[int]) -> list[Recipe]:
    """Return runs of a case under pressures [MPa]."""
    return [Recipe(case, (f"stack.pressure={pressure} MPa",), str(pressure)) for pressure in pressures]


def _cell(runs: list[Run]) -> Figure:
    return cell(runs[0], *runs[0].lowest(runs[0].weakest))


def _history(runs: list[Run]) -> Figure:
    return history(runs[0])


def _interface(runs: list[Run]) -> Figure:
    (name,) = runs[0].interfaces
    return interface(runs[0], name, runs[0].moments(name))


def _cycles(runs: list[Run]) -> Figure:
    return cycles(runs[0])


@dataclass(frozen=True)
class Picture:
    """A picture, the runs that it shows, and what draws it."""

    recipes: list[Recipe]
    draw: Callable[[list[Run]], Figure]


PICTURES = {
    "film_2d_history.png": Picture([Recipe("film_2d")], _history),
    "film_2d_interface.png": Picture([Recipe("film_2d")], _interface),
    "film_afm_2d.png": Picture([Recipe("film_afm_2d")], _cell),
    "film_capacity_loss.png": Picture(
        _under("film_capacity_loss", (2, 5, 10, 20, 50, 100, 150, 200)), drawings.film_capacity_loss
    ),
    "full_cell.png": Picture(_under("full_cell", (1, 5, 20)), drawings.full_cell),
    "composite_cathode.png": Picture([Recipe("composite_cathode")], _cell),
    "afm_constriction.png": Picture([Recipe("afm_constriction")], drawings.afm_constriction),
    "cold_press.png": Picture(
        [Recipe("cold_press"), Recipe("cold_press", ("interface.contact.plastic=false",), "elastic")],
        drawings.cold_press,
    ),
    "pressure_hysteresis.png": Picture(
        [
            Recipe("pressure_hysteresis"),
            Recipe(
                "pressure_hysteresis",
                ("interface.micro={law: table, file: " + f"{THERE}/{TABLE}" + "}",),
                "patch",
                "lithium_afm.yaml",
            ),
        ],
        drawings.pressure_hysteresis,
    ),
    "lithium_stripping.png": Picture(
        [Recipe("lithium_stripping", ("stack.pressure=0.3 MPa",), "lost"), Recipe("lithium_stripping")],
        drawings.lithium_stripping,
    ),
    "lithium_cycle.png": Picture(
        [Recipe("lithium_cycle"), Recipe("lithium_cycle", ("geometry.element_size=312.5 nm", ONE_CYCLE), "fine")],
        drawings.lithium_cycle,
    ),
    "anode_free.png": Picture([Recipe("anode_free")], drawings.anode_free),
    "lithium_void.png": Picture(_under("lithium_void", (1, 2, 3)), drawings.lithium_void),
    "film_buckle_delaminate.png": Picture([Recipe("film_buckle_delaminate")], _cell),
    "film_cycle_fatigue.png": Picture([Recipe("film_cycle_fatigue")], _cycles),
}
OTHERS = {
    "pressure_roughness.png": "interstice study collect, of cases/studies/pressure_roughness.yaml",
    "toughness_rate.png": "interstice study collect, of cases/studies/toughness_rate.yaml",
    "particle_size_pressure.png": "interstice study collect, of cases/studies/particle_size_pressure.yaml",
    "lithium_stripping_map.png": "interstice study collect, of cases/studies/lithium_stripping.yaml",
    "view.png": "interstice view, a screenshot",
}
"""What is not made here, and by what it is."""


@dataclass(frozen=True)
class Movie:
    """A movie, the run that it shows, and what writes it to a path."""

    recipe: Recipe
    write: Callable[[Run, Path], None]


def _opening(run: Run, path: Path) -> None:
    movie(run, run.weakest, path)


FINE_VOID = Recipe("lithium_void", ("geometry.element_size=62.5 nm", "time.maximum=4 s"), "fine")
MOVIES = {
    "film_afm_2d_opening.gif": Movie(Recipe("film_afm_2d"), _opening),
    "lithium_void_movie.gif": Movie(FINE_VOID, drawings.lithium_void_movie),
}


def main(names: list[str], results: Path, draw_only: bool) -> None:
    """Run what the pictures show, as many runs at a time as there are cores, and draw them."""
    pictures = {name: PICTURES[name] for name in names if name in PICTURES}
    movies = {name: MOVIES[name] for name in names if name in MOVIES}
    recipes = {recipe for picture in pictures.values() for recipe in picture.recipes}
    recipes |= {one.recipe for one in movies.values()}
    results.mkdir(parents=True, exist_ok=True)
    if not draw_only:
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(partial(Recipe.carry_out, results=results), sorted(recipes, key=lambda one: one.folder)))
    with matplotlib.rc_context(STYLE):
        for name, picture in pictures.items():
            picture.draw([Run(results / recipe.folder) for recipe in picture.recipes]).savefig(DOCS / name)
        for name, one in movies.items():
            one.write(Run(results / one.recipe.folder), DOCS / name)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python3 -m docs.pictures", description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"of {', '.join([*PICTURES, *MOVIES])}; all if not given"
    )
    parser.add_argument("--results", type=Path, default=RESULTS, help="where the runs are written")
    parser.add_argument("--draw-only", action="store_true", help="draw from the runs that are there")
    given = parser.parse_args()
    if unknown := set(given.names) - {*PICTURES, *MOVIES}:
        parser.error(f"there is no picture {', '.join(sorted(unknown))}")
    main(given.names or [*PICTURES, *MOVIES], given.results, given.draw_only)
