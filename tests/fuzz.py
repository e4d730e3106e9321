"""Hostile inputs by the thousand: each must end in exit code 0 or 2, with file and key, in five seconds and 2 GB.

    python3 tests/fuzz.py --count 10000 --seed 1

`spoil.py` makes them. Each is given to the command line in a process of its own, forked from one in which everything is
imported; one in a hundred starts the program anew. What broke a rule is kept in a folder; `--only NUMBER` is one of
them again.
"""

from __future__ import annotations

import argparse
import gc
import os
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from spoil import CASES, ROOT, Spoilt, spoilt

import interstice  # noqa: F401  (first: it loads the library of PETSc)
from interstice.solver.reader import LoadedCase, read_case
from interstice.solver.results import OutputError
from interstice.solver.terminal import fail

LONGEST = 5.0
"""Seconds of computing that an input may take, before any mesh is built."""
PATIENCE = 120.0
"""Seconds on the clock after which it hangs: other programs may run beside it."""
LARGEST = 2e9
"""Bytes of memory that it may take."""
MOST_LINES, LONGEST_LINE = 60, 2500
"""Lines of a message, and characters in one: longer ones are not read."""
STARTED = 100
"""One in so many starts the program anew."""
WHOLE = re.compile(
    r"no such file|there is no|no material file|a folder|regular file|too large|binary|cannot be read|is empty|"
    r"no topography|no run has|no checkpoint|checkpoint of|another format|holds|--set|--resume"
)
"""What is wrong with a file as a whole, and has no line."""


@dataclass
class Outcome:
    """What came of an input: exit code (negative: a signal), seconds of computing, bytes, and what was said."""

    code: int
    seconds: float
    memory: float
    said: str
    hung: bool = False

    def broken(self, given: Spoilt) -> str:
        """Say which rule was broken, "" if none was."""
        lines = self.said.splitlines()
        named = any(name in self.said for name in (*given.files, *given.arguments))
        rules = {
            "hangs": self.hung,
            f"exit {self.code}": self.code not in (0, 2),
            "takes long": self.seconds > LONGEST,
            "takes memory": self.memory > LARGEST,
            "traceback": "Traceback" in self.said,
            "says too much": self.code == 2
            and (len(lines) > MOST_LINES or max(map(len, lines), default=0) > LONGEST_LINE),
            "says not where": self.code == 2
            and not (named and re.search(rf":\d+: |line \d+|{WHOLE.pattern}", self.said)),
        }
        return next((rule for rule, is_broken in rules.items() if is_broken), "")


def outcome(given: Spoilt, anew: bool = False) -> Outcome:
    """Return what the program does with an input."""
    with tempfile.TemporaryDirectory(prefix="fuzz-") as name, tempfile.TemporaryFile("w+b") as said:
        folder = Path(name)
        given.write(folder)
        if anew:
            command = [sys.executable, "-P", "-m", "interstice", *given.arguments]
            child = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=said, stderr=said).pid
        elif (child := os.fork()) == 0:
            _be(given, folder, said.fileno())
        hung, status, used = _end_of(child)
        said.seek(0)
        text = said.read().decode("utf-8", "replace")
    return Outcome(
        os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime, 1024.0 * used.ru_maxrss, text, hung
    )


def _be(given: Spoilt, folder: Path, said: int) -> NoReturn:
    """Be the program, in a process that was forked for it, and end."""
    code = 70
    try:
        os.setsid()
        os.chdir(folder)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(said, 1)
        os.dup2(said, 2)
        sys.stdout, sys.stderr = (open(number, "w", errors="backslashreplace", closefd=False) for number in (1, 2))  # noqa: SIM115
        sys.stdout.reconfigure(errors="strict")  # type: ignore[union-attr]
        sys.argv = ["interstice", *given.arguments]
        from interstice import cli

        cli.app(prog_name="interstice")
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    except BaseException:
        traceback.print_exc()
        code = 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _end_of(child: int) -> tuple[bool, int, resource.struct_rusage]:
    """Wait for a process; return whether it had to be killed, its status and what it and its children used."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        pid, status, used = os.wait4(child, os.WNOHANG)
        if pid:
            return False, status, used
        time.sleep(0.002)
    os.killpg(child, signal.SIGKILL) if os.getpgid(child) == child else os.kill(child, signal.SIGKILL)
    _, status, used = os.wait4(child, 0)
    return True, status, used


def prepare(cases: Collection[str]) -> None:
    """Import what inputs need, read some cases, and let nothing but the reading of inputs be done."""
    # MPI has a thread, and a process with threads is not to be forked
    sys.modules["mpi4py"] = None  # type: ignore[assignment]
    if len(cases) == len(CASES):
        import SurfaceTopography  # noqa: F401
    del sys.modules["mpi4py"]
    from interstice import cli, job
    from interstice.solver.patch import press

    def done(*_: object) -> NoReturn:
        raise SystemExit(0)

    press.press = done
    job.Job._simulate = _go_on  # type: ignore[method-assign,assignment]
    # what is read of the program's own files is kept, and so is known to all that are forked
    for name in cases:
        read_case(ROOT / "cases" / name)
    assert cli.app
    gc.freeze()


def _go_on(_: object, loaded: LoadedCase, directory: Path) -> int:
    """Do what a run that goes on does first."""
    from interstice.solver import checkpoint

    try:
        if last := checkpoint.latest(directory):
            last.check(loaded)
    except OutputError as error:
        fail(str(error))
    return 0


def keep(given: Spoilt, found: Outcome, rule: str, number: int, folder: Path) -> None:
    """Write down an input that broke a rule, and what the program said."""
    place = folder / f"{rule.replace(' ', '_')}-{number}"
    place.mkdir(parents=True, exist_ok=True)
    for name, content in given.files.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(content)
    (place / "said.txt").write_text(f"{given.arguments}\n{found.code} {found.seconds} s {found.memory} B\n{found.said}")


def fuzz(
    numbers: Iterable[int], seed: int, broken: Path | None = None, anew: int = STARTED
) -> tuple[Counter[str], list[str]]:
    """Try the inputs of these numbers; return how many ended how, and the rules that were broken, with the slowest."""
    counts: Counter[str] = Counter()
    told, slowest, largest = [], (0.0, 0), (0.0, 0)
    for number in numbers:
        given = spoilt(seed, number)
        found = outcome(given, number % anew == 0 and given.arguments[0] in ("validate", "materials"))
        counts[f"exit {found.code}"] += 1
        counts[given.kind] += 1
        slowest, largest = max(slowest, (found.seconds, number)), max(largest, (found.memory, number))
        if number % 500 == 499:
            print(f"… {number + 1}", flush=True)
        if rule := found.broken(given):
            counts["broken"] += 1
            told.append(f"{number} ({given.kind}): {rule}: {(found.said.strip().splitlines() or [''])[-1][:200]}")
            print(told[-1], flush=True)
            if broken:
                keep(given, found, rule, number, broken)
    told.append(f"slowest: {slowest[0]:.2f} s ({slowest[1]}); largest: {largest[0] / 1e6:.0f} MB ({largest[1]})")
    return counts, told


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; 0 if no rule was broken."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="number of the first input")
    parser.add_argument("--only", type=int, help="number of one input, of which all is shown")
    parser.add_argument("--keep", type=Path, default=Path("fuzz-broken"), help="folder of the inputs that broke a rule")
    options = parser.parse_args(arguments)
    prepare(CASES if options.count > 500 else ["film_2d.yaml"])
    if options.only is not None:
        given = spoilt(options.seed, options.only)
        found = outcome(given)
        keep(given, found, found.broken(given) or "none", options.only, options.keep)
        print(given.arguments, found.broken(given) or "no rule broken", found, found.said, sep="\n")
        return bool(found.broken(given))
    begin = time.monotonic()
    counts, told = fuzz(range(options.first, options.first + options.count), options.seed, options.keep)
    for name, count in sorted(counts.items()):
        print(f"{name}: {count}")
    print(told[-1], f"; {time.monotonic() - begin:.0f} s in all", sep="")
    return bool(counts["broken"])


if __name__ == "__main__":
    sys.exit(main())
