"""Kill the writer of a series at random moments, many times, each next one going on in the file.

    python3 tests/torn_series.py FOLDER --count 200 [--seed N]

After each kill, and all the time while a writer writes, the file is read by VTK and by the program itself: it must
open, and each step must hold its own values. Prints what was wrong; the exit code is 1 then.
"""

from __future__ import annotations

import argparse
import itertools
import os
import random
import signal
import sys
import time
from pathlib import Path

import h5py
import numpy as np
from vtk_reader import read_series

from interstice.solver.vtkhdf import Grid, SeriesFile, SeriesReader

PAUSE = 0.002
"""Between two steps [s]: a run takes more."""
NAME = "torn.vtkhdf"


def grid() -> Grid:
    """Return 800 triangles with two fields."""
    x, y = np.meshgrid(np.arange(21.0), np.arange(21.0))
    at = np.arange(x.size).reshape(x.shape)
    one, two, three, four = (part.ravel() for part in (at[:-1, :-1], at[:-1, 1:], at[1:, 1:], at[1:, :-1]))
    cells = np.concatenate([np.stack([one, two, three], axis=1), np.stack([one, three, four], axis=1)])
    points = np.stack([x.ravel(), y.ravel(), 0 * y.ravel()], axis=1)
    words = {"units": ["time [s]", "flux [1]"], "side": ["a"]}
    return Grid(points, cells, 5, {"time": 1}, {"flux": 3}, {"side": np.zeros(len(cells), "<i4")}, words)


def write(folder: Path, kept: int, generation: int, count: int = sys.maxsize, pause: float = PAUSE) -> SeriesFile:
    """Go on after `kept` steps; the values of a step are its time, which tells who wrote it."""
    where = grid()
    file = SeriesFile(folder / NAME, where)
    file.keep(kept, {})
    for step in itertools.islice(itertools.count(file.count), count):
        value = step + generation / 1e4
        file.put("point", "time", np.full(len(where.points), value))
        file.put("cell", "flux", np.full((len(where.cells), 3), value))
        file.commit(value)
        time.sleep(pause)
    return file


def wrong(path: Path, least: int) -> tuple[int, str]:
    """Return the number of steps in a file, and what is wrong with it, "" if nothing is."""
    try:
        with h5py.File(path, "r", locking=False) as whole:
            steps = whole["VTKHDF/Steps"]
            # VTK writes where it may not if there are more times than steps
            if len(steps["Values"]) != steps.attrs["NSteps"]:
                return 0, f"{len(steps['Values'])} times of {steps.attrs['NSteps']} steps"
        with SeriesReader(path) as series:
            times = series.times()
            values = [series.values("point", "time", step) for step in range(len(times))]
            values += [series.values("cell", "flux", step) for step in range(len(times))]
        if [int(value) for value in times] != list(range(len(times))) or len(times) < least:
            return 0, f"{len(times)} steps in place of {least} at least: {times[-3:]}"
        for value, found in zip(times * 2, values, strict=True):
            if not (found == value).all():
                return 0, f"at {value} stands {found.ravel()[0]}"
        # the writer may have gone on, or begun anew, since
        seen, mesh = read_series(path, sys.maxsize)
        shown = np.concatenate([mesh["time"], mesh["flux"].ravel()])
        if seen and not ((shown == seen[-1]).all() and list(map(int, seen)) == list(range(len(seen)))):
            return 0, f"VTK sees {shown.min()} to {shown.max()} at {seen[-1]}"
    except Exception as error:
        return 0, f"{type(error).__name__}: {error}"
    return len(times), ""


def main() -> int:
    """Kill writers."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    chance, path = random.Random(asked.seed), asked.folder / NAME
    kept = known = reads = 0
    bad: list[str] = []
    for generation in range(1, asked.count + 1):
        child = os.fork()
        if child == 0:
            try:
                write(asked.folder, kept, generation)
            finally:
                os._exit(1)
        end = time.monotonic() + chance.uniform(0.0, 0.4)
        while time.monotonic() < end:
            if path.exists():
                # until the writer has taken away what comes after the steps that it keeps, these are there too
                _, problem = wrong(path, kept)
                reads += 1
                bad += [f"{generation}, while it was written: {problem}"] * bool(problem)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        if path.exists():
            known, problem = wrong(path, kept)
            bad += [f"{generation}, after the kill: {problem}"] * bool(problem)
        kept = max(known - chance.randint(0, 20), 0) if chance.random() < 0.97 else 0
    print(f"{asked.count} kills, {reads} reads in between, {known} steps at the end, {len(bad)} times wrong")
    print("\n".join(bad[:10]))
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
