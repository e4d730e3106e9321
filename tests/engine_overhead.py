"""What the engine of studies takes beside its runs, in seconds per run: as_program.py engine_overhead.py [--runs N].

The runs of a study are computed twice, one after the other: each alone, and by the engine on one core. The difference
is told of time on the clock and of the processor; the second is right on a machine that has other things to do, too.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from builders import TINY

PROGRAM = [sys.executable, "-P", "-m", "interstice"]


def timed(*commands: list[str], folder: Path) -> tuple[float, float]:
    """Return how long commands take one after the other, and how long on processors [s]."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    for command in commands:
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.monotonic() - begun, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=8)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "case.yaml").write_text(TINY.partition("protocol:")[0] + "protocol: [rest for 1 s]\n")
        pressures = [f"{number} MPa" for number in range(1, runs + 1)]
        study = {"title": "overhead", "case": "case.yaml", "axes": {"stack.pressure": pressures}}
        (folder / "study.yaml").write_text(json.dumps(study))
        # compiles the forms
        subprocess.run([*PROGRAM, "run", "case.yaml", "-q", "-o", "first"], cwd=folder, check=True)
        each = [
            [*PROGRAM, "run", "case.yaml", "--set", f"stack.pressure={one}", "-o", f"alone-{one[:-4]}"]
            for one in pressures
        ]
        alone = timed(*each, folder=folder)
        engine = timed([*PROGRAM, "study", "run", "study.yaml", "--cores", "1"], folder=folder)
        again = timed([*PROGRAM, "study", "run", "study.yaml", "--cores", "1"], folder=folder)
    for what, number in (("on the clock", 0), ("of the processor", 1)):
        extra = (engine[number] - alone[number]) / runs
        print(
            f"{runs} runs {what}: {alone[number]:.1f} s alone, {engine[number]:.1f} s by the engine, "
            f"{extra:.2f} s more per run; a second call {again[number]:.1f} s"
        )


if __name__ == "__main__":
    main()
