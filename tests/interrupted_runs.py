"""Breaks runs off at random moments and requires that they go on as if nothing had happened.

    python3 tests/interrupted_runs.py kill --count 50           # SIGKILL, then --resume
    python3 tests/interrupted_runs.py kill --ranks 1 2 3        # going on on other numbers of ranks
    python3 tests/interrupted_runs.py rank --count 20           # one of two ranks is killed or fails
    python3 tests/interrupted_runs.py disk --on DIR --count 20  # a small file system, mounted at DIR, gets full

The short forms are in test_checkpoint.py, test_cli.py and test_watch.py. Run it in the environment, as
``./interstice shell python3 tests/interrupted_runs.py …``.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import interstice  # noqa: F401  # loads MPI's library

# isort: split
import numpy as np
from builders import TINY
from test_history import COUNTS, EVERY_LAW, FIXED_PRESSURE, LOOSE, PASSIVATED, RUNS, SPATIAL

from interstice.solver import launch, status
from interstice.solver.history import read_rows
from interstice.solver.output import KINDS
from interstice.solver.vtkhdf import SeriesReader

ROOT = Path(__file__).parent.parent
CASES: dict[str, tuple[Path | None, tuple[str, ...]]] = {
    "contact, bond, friction": (None, EVERY_LAW),
    "rough contact, hardness": (None, RUNS["self-affine"]),
    "3D": (None, (SPATIAL, FIXED_PRESSURE, *PASSIVATED)),
    "composite": (
        ROOT / "cases" / "composite_cathode.yaml",
        (
            "geometry.length=9 um",
            "geometry.height=9 um",
            "geometry.volume_fraction=0.25",
            "geometry.element_size=900 nm",
            "protocol=[charge at C/2 for 10 min, rest for 1 min]",
        ),
    ),
    "crack along its path": (
        ROOT / "cases" / "dcb.yaml",
        ("geometry.element_size=5 um", "protocol=[{step: open, opening: 3 um, time: 10 min}]"),
    ),
}
"""Case files (None: the tiny one of the tests) and the values replaced."""
SAME, ITERATED, OTHER = 1e-10, 1e-9, 1e-6
"""How far histories may differ, relatively: on the same number of ranks; there, where equations are solved by
multigrid, which is set up anew when a run goes on and then takes other iterations; on another number of ranks."""
ZERO = 1e-8
"""What is less than this share of the largest number in its unit is zero but for rounding."""
WAIT = 10.0
"""How long [s] all may take to be gone when one is."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("how", choices=["kill", "rank", "disk"])
    parser.add_argument("--count", type=int, default=50, help="how many runs are broken off")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--ranks", type=int, nargs="+", default=[1], help="on which it is begun, and gone on with in turn"
    )
    parser.add_argument("--only", choices=CASES, help="kill: this case alone")
    parser.add_argument("--on", type=Path, help="where the file system is mounted that is to get full")
    asked = parser.parse_args()
    chance = random.Random(asked.seed)
    if (asked.how == "disk") != bool(asked.on):
        parser.error("--on DIR belongs to disk, and disk needs it")
    if asked.only:
        for other in CASES.keys() - {asked.only}:
            del CASES[other]
    with tempfile.TemporaryDirectory(dir=asked.on) as folder:
        trials = {"kill": _killed, "rank": _lost_rank, "disk": _full_disk}[asked.how](
            Path(folder), chance, asked.count, asked.ranks
        )
    failed = [words for words in trials if words]
    print(f"{len(trials) - len(failed)} of {len(trials)} went on as if nothing had happened")
    sys.exit(bool(failed))


# --- killed -----------------------------------------------------------------------------------------


def _killed(folder: Path, chance: random.Random, count: int, ranks: Sequence[int]) -> list[str]:
    """Kill runs of all cases in turn; return for each what was wrong after it went on, "" if nothing."""
    whole: dict[str, tuple[Path, float]] = {}
    trials = []
    for number in range(count):
        name = list(CASES)[number % len(CASES)]
        if name not in whole:
            begun, results = time.monotonic(), folder / name
            run = _start(name, results, 1)
            _, errors = run.communicate()
            if run.returncode:
                sys.exit(f"{name}: {errors.decode()}")
            whole[name] = results, time.monotonic() - begun
        expected, duration = whole[name]
        results, moment = folder / f"{number}", chance.uniform(0.0, 1.1) * duration
        victim = _start(name, results, ranks[0])
        _kill(victim, moment)
        wrong = [_unreadable(results)] if results.exists() else []
        for on in (*ranks[1:], None):
            if not (results / "case.yaml").exists():
                # it had not begun
                victim = _start(name, results, on or ranks[-1])
            else:
                victim = _resume(results, on or ranks[-1])
            if on:
                _kill(victim, chance.uniform(0.3, 0.8) * duration)
                wrong.append(_unreadable(results) if results.exists() else "")
            elif victim.wait():
                wrong.append(f"ended with code {victim.returncode}")
        same = OTHER if set(ranks) != {1} else ITERATED if name == "3D" else SAME
        wrong.append(_unlike(results, expected, same))
        words = "; ".join(filter(None, wrong))
        print(
            f"{number:3d} {name}: killed after {moment:.1f} of {duration:.1f} s: {words or 'as if nothing'}", flush=True
        )
        trials.append(words)
        shutil.rmtree(results)
    return trials


def _start(name: str, results: Path, ranks: int) -> subprocess.Popen[bytes]:
    """Start a run that writes a checkpoint every other time step."""
    file, values = CASES[name]
    if file is None:
        file = results.parent / "tiny.yaml"
        file.write_text(TINY, encoding="utf-8")
    options = [word for value in (*values, "output.checkpoint_steps=2") for word in ("--set", value)]
    return _program(["run", str(file), "-o", str(results), "--quiet", *options], ranks)


def _resume(results: Path, ranks: int) -> subprocess.Popen[bytes]:
    return _program(["run", "--resume", str(results), "--quiet"], ranks)


def _program(arguments: Sequence[str], ranks: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "interstice", *arguments, *(["-n", str(ranks)] if ranks > 1 else [])]
    return subprocess.Popen(command, env=launch.environment(), start_new_session=True, stderr=subprocess.PIPE)


def _kill(victim: subprocess.Popen[bytes], moment: float) -> None:
    """Kill a program and all that it started after a time [s], if it is still there."""
    try:
        victim.wait(moment)
    except subprocess.TimeoutExpired:
        for process in _descendants(victim.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        victim.wait()


def _descendants(process: int) -> list[int]:
    """Return a process and all that it started."""
    found = [process]
    for one in found:
        for task in Path(f"/proc/{one}/task").glob("*/children"):
            with contextlib.suppress(OSError):
                found += [int(word) for word in task.read_text().split()]
    return found


def _unreadable(results: Path) -> str:
    """Return what cannot be read in a folder of results, "" if all can."""
    try:
        if (results / "history.csv").exists() and (results / "history.csv").stat().st_size:
            read_rows(results / "history.csv")
        for path in results.glob("checkpoint/[0-9]*.npz"):
            with np.load(path) as archive:
                for name in archive.files:
                    archive[name]
        for path in results.glob("[!.]*.vtkhdf"):
            with SeriesReader(path) as series:
                for step in range(len(series.times())):
                    for kind in KINDS:
                        for name in series.names(kind):
                            series.values(kind, name, step)
        if (results / "status.json").exists():
            status.read(results)
    except Exception as error:
        return f"unreadable: {type(error).__name__}: {error}"
    return ""


def _unlike(results: Path, whole: Path, tolerance: float) -> str:
    """Return how results differ from those of the run that was not broken off, "" if they do not."""
    if words := unlike_history(results, whole, tolerance):
        return words
    for path in whole.glob("[!.]*.vtkhdf"):
        times = []
        for one in (path, results / path.name):
            with SeriesReader(one) as series:
                times.append(series.times())
        if len(times[0]) != len(times[1]) and len(set(times[0])) != len(set(times[1])):
            return f"{path.name} has {len(times[1])} times in place of {len(times[0])}"
    return _unreadable(results)


def unlike_history(results: Path, whole: Path, tolerance: float) -> str:
    """Return how the history of results differs, relatively, "" if it does not."""
    found, expected = read_rows(results / "history.csv"), read_rows(whole / "history.csv")
    if len(found) != len(expected):
        return f"{len(found)} rows in place of {len(expected)}"
    largest = {column: max(abs(row[column]) for row in expected) for column in expected[0]}
    in_unit: dict[str, float] = {}
    for column, size in largest.items():
        unit = column.partition(" [")[2]
        in_unit[unit] = max(size, in_unit.get(unit, 0.0))
    worst, where = 0.0, ""
    for column in expected[0]:
        if column in LOOSE or (column in COUNTS and tolerance > SAME):
            continue
        # energies are judged beside all others
        unit = column.partition(" [")[2]
        scale = in_unit[unit] if unit == "J]" else max(largest[column], ZERO * in_unit[unit])
        off = max(abs(one[column] - other[column]) for one, other in zip(found, expected, strict=True)) / (scale or 1.0)
        if off > worst:
            worst, where = off, column
    if worst > tolerance:
        return f"'{where}' differs by {worst:.1e}"
    return ""


# --- one of two ranks --------------------------------------------------------------------------------

RAISING = """\
import os, signal, sys
from interstice.solver import history
from interstice.solver.algebra import SolveError
row, left = history.row, [{after}]
def failing(cell, advance):
    left[0] -= 1
    if cell.comm.rank == {rank} and left[0] < 0:
        {what}
    return row(cell, advance)
from interstice.solver import simulation
simulation.row = failing
from interstice.cli import main
main()
"""
WAYS = (
    "raise RuntimeError('a reason')",
    "raise MemoryError('no memory')",
    "raise SolveError('no solution')",
    "sys.exit(3)",
    "os._exit(4)",
    "os.kill(os.getpid(), signal.SIGKILL)",
    "os.kill(os.getpid(), signal.SIGSEGV)",
)


def _lost_rank(folder: Path, chance: random.Random, count: int, ranks: Sequence[int]) -> list[str]:
    """Let one of two ranks end in some way; return for each what was wrong, "" if all were gone in time."""
    case = folder / "tiny.yaml"
    case.write_text(TINY, encoding="utf-8")
    trials = []
    for number in range(count):
        what, rank, results = WAYS[number % len(WAYS)], chance.randrange(2), folder / f"{number}"
        stub = folder / "stub.py"
        stub.write_text(RAISING.format(after=chance.randrange(1, 8), rank=rank, what=what))
        command = [
            str(launch.mpiexec()),
            "-n",
            "2",
            sys.executable,
            str(stub),
            "run",
            str(case),
            "-o",
            str(results),
            "-q",
        ]
        victim = subprocess.Popen(command, env=launch.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        processes: list[int] = []
        # the last time that both computed is that of the last row
        while victim.poll() is None:
            processes = _descendants(victim.pid) or processes
            time.sleep(0.05)
        ended = time.time()
        said, errors = (stream.decode() for stream in victim.communicate())
        last = (results / "history.csv").stat().st_mtime
        while (left := [process for process in processes if _alive(process)]) and time.time() - last < WAIT:
            time.sleep(0.05)
        wrong = []
        if ended - last > WAIT:
            wrong.append(f"ended after {ended - last:.1f} s")
        if left:
            wrong.append(f"{len(left)} processes are left")
        if victim.returncode == 0:
            wrong.append("exit code 0")
        messages = [line for line in errors.splitlines() if line.startswith("error")]
        # mpiexec has its own words for a rank that a signal ended, and none for one that a library ended
        messages += said.count("BAD TERMINATION") * ["mpiexec's page"]
        if len(messages) != (0 if "_exit" in what else 1):
            wrong.append(f"{len(messages)} messages")
        words = "; ".join(wrong)
        print(
            f"{number:3d} rank {rank}: {what}: code {victim.returncode}, {ended - last:.1f} s after the last row, "
            f"{messages}: {words or 'well'}",
            flush=True,
        )
        trials.append(words)
    return trials


def _alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


# --- a full disk --------------------------------------------------------------------------------------


def _full_disk(folder: Path, chance: random.Random, count: int, ranks: Sequence[int]) -> list[str]:
    """Let the disk be full at a random moment; return for each what was lost, "" if nothing."""
    case, whole = folder / "tiny.yaml", folder / "whole"
    case.write_text(TINY, encoding="utf-8")
    options = ["--quiet", "--set", "output.checkpoint_steps=2"]
    begun = time.monotonic()
    _program(["run", str(case), "-o", str(whole), *options], 1).wait()
    duration = time.monotonic() - begun
    trials = []
    for number in range(count):
        results, ballast, moment = folder / f"{number}", folder / "ballast", chance.uniform(0.0, 1.0) * duration
        run = _program(["run", str(case), "-o", str(results), *options], ranks[0])
        time.sleep(moment)
        _fill(ballast)
        rows = _rows(results)
        _, errors = run.communicate()
        wrong = []
        if run.returncode not in (0, 2 if rows == 0 else 0, 74):
            wrong.append(f"exit code {run.returncode}: {errors.decode()[-200:]}")
        if "Traceback" in errors.decode():
            wrong.append("a traceback")
        if (now := _rows(results)) < rows:
            wrong.append(f"{now} rows of {rows} are left")
        wrong.append(_unreadable(results) if results.exists() else "")
        ballast.unlink()
        if run.returncode == 74:
            again = _resume(results, ranks[0])
            _, errors = again.communicate()
            if again.returncode:
                wrong.append(f"then exit code {again.returncode}: {errors.decode()[-200:]}")
            else:
                wrong.append(_unlike(results, whole, SAME if ranks[0] == 1 else OTHER))
        words = "; ".join(filter(None, wrong))
        print(
            f"{number:3d} full after {moment:.1f} of {duration:.1f} s, {rows} rows: code {run.returncode}: "
            f"{words or 'nothing lost'}",
            flush=True,
        )
        trials.append(words)
        shutil.rmtree(results, ignore_errors=True)
    return trials


def _fill(ballast: Path) -> None:
    """Write until the disk is full."""
    with ballast.open("wb", buffering=0) as stream, contextlib.suppress(OSError):
        for size in (1 << 20, 1 << 12, 1):
            with contextlib.suppress(OSError):
                while True:
                    stream.write(bytes(size))


def _rows(results: Path) -> int:
    """Return how many rows a history has, 0 if there is none."""
    with contextlib.suppress(OSError):
        return len(read_rows(results / "history.csv"))
    return 0


if __name__ == "__main__":
    main()
