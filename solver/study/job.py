"""One attempt of one run: ``python -m interstice.solver.study.job STUDY NAME RANKS [SECONDS]``.

The run begins, or goes on from its last checkpoint, as ``interstice run --resume`` does. The exit code is 0 where no
other attempt is of use: the run has a result, or failed in a way in which it would fail again. Otherwise it is that of
the run, and another attempt goes on.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from interstice.solver.launch import end_with_parent, environment
from interstice.solver.lock import holder
from interstice.solver.stop import SIGNALS
from interstice.solver.study import states

OF_THREADS = ("OMP", "GOTO", "OPENBLAS", "MKL", "VECLIB_MAXIMUM", "NUMEXPR")
"""Variables that the engine sets to the number of ranks; ranks have no threads."""
EXIT_UNUSABLE, EXIT_MISSING_IN_SYSTEM, EXIT_TRY_AGAIN = 2, 72, 75
WAIT = 0.5
"""How long [s] to wait before looking again whether another run lets go of the folder."""
LAST_LINES = 20
MOST_WORDS = 400


def main(study: Path, name: str, ranks: int, seconds: float = 0.0) -> int:
    """Carry out an attempt, which may take so many seconds if that is not 0; return the exit code."""
    end_with_parent()
    attempt = _Attempt(study, name)
    if not attempt.wait_for_folder():
        return attempt.exit_code(128 + attempt.asked)
    if states.state_of(study, name).state in states.OVER:
        return 0
    return attempt.exit_code(attempt.run(ranks, seconds))


class _Attempt:
    """An attempt, and the signals that it passes on."""

    def __init__(self, study: Path, name: str) -> None:
        self._study, self._name = study, name
        self._folder = states.results_of(study, name)
        self._child: subprocess.Popen[bytes] | None = None
        self._apart = False
        self._out_of_time = False
        self.asked = 0
        """The number of the signal that asked it to end, 0 if none did."""
        for number in SIGNALS:
            signal.signal(number, self._pass_on)

    def wait_for_folder(self) -> bool:
        """Wait for a run in the folder, of an engine that was killed; return whether that has ended."""
        told = ""
        while process := holder(self._folder):
            if self.asked:
                return False
            if process != told:
                self._say(f"waits for {process}, which still writes here")
            told = process
            time.sleep(WAIT)
        return True

    def run(self, ranks: int, seconds: float) -> int:
        """Run to an end and return the exit code."""
        noted = states.notes(self._study, self._name)
        number, begun = int(noted.get("attempts", 0)) + 1, time.monotonic()
        states.note(self._study, self._name, attempts=number, why="")
        self._say(f"attempt {number}")
        self._apart = ranks > 1 and _on_several_nodes()
        with states.log_of(self._study, self._name).open("ab") as log:
            self._child = subprocess.Popen(
                command(self._folder, ranks, self._apart),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=_without_threads(environment(self._apart)),
                start_new_session=True,
                preexec_fn=end_with_parent,
            )
        if self.asked:
            self._ask()
        try:
            code = self._child.wait(seconds or None)
        except subprocess.TimeoutExpired:
            self._say("is out of time")
            self._out_of_time = True
            self._ask()
            code = self._child.wait()
        states.note(self._study, self._name, spent=float(noted.get("spent", 0.0)) + time.monotonic() - begun)
        return code if code >= 0 else 128 - code

    def exit_code(self, code: int) -> int:
        """Note how the attempt ended with that exit code; return that of this program."""
        state, why = states.state_of(self._study, self._name), ""
        refused = ""
        if code == 0 or state.state in states.RESULTS:
            code = 0
        elif code == EXIT_UNUSABLE and holder(self._folder):
            why, code = "another run writes its results here", EXIT_TRY_AGAIN
        elif code in (1, EXIT_UNUSABLE, EXIT_MISSING_IN_SYSTEM):
            refused = why = state.why or self._last_words() or f"exit code {code}"
            code = 0
        else:
            why = self._why(code)
        states.note(self._study, self._name, why=why, **{"exit code": code, "refused": refused})
        self._say(why or "has a result")
        return code

    def _why(self, code: int) -> str:
        if self._out_of_time:
            return "out of the time that a run gets"
        if code > 128:
            try:
                return f"ended by {signal.Signals(code - 128).name}"
            except ValueError:
                pass
        return self._last_words() or f"exit code {code}"

    def _last_words(self) -> str:
        """Return the last that the run said, what is no progress first of all."""
        try:
            lines = states.log_of(self._study, self._name).read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return ""
        said = [line for line in lines[-LAST_LINES:] if line.strip() and not line.startswith(_MARK)]
        told = [line for line in said if "error" in line.lower()] or said
        return told[-1].strip()[:MOST_WORDS] if told else ""

    def _pass_on(self, number: int, frame: FrameType | None) -> None:
        self.asked = number
        if self._child and self._child.poll() is None:
            self._ask()

    def _ask(self) -> None:
        """Ask the run to end in order. Upon other signals srun ends its ranks itself."""
        assert self._child
        self._child.send_signal(signal.SIGUSR1 if self._apart else signal.SIGTERM)

    def _say(self, words: str) -> None:
        with states.log_of(self._study, self._name).open("a", encoding="utf-8") as log:
            log.write(f"{_MARK}{datetime.now(UTC).isoformat(timespec='seconds')} {words}\n")


_MARK = "--- "


def command(folder: Path, ranks: int, apart: bool) -> list[str]:
    """Return the command that begins a run in its folder, or goes on with it.

    Ranks on several nodes, `apart`, are started by srun, otherwise by this program itself.
    """
    program = [sys.executable, "-P", "-m", "interstice", "run", "--resume", str(folder)]
    if apart:
        return ["srun", "--mpi=pmi2", "-n", str(ranks), *program]
    return program if ranks == 1 else [*program, "-n", str(ranks)]


def _on_several_nodes() -> bool:
    """Return whether this is a job of Slurm with several nodes. Its variables may be gone, but for its number."""
    job = os.environ.get("SLURM_JOB_ID", "")
    if not job or shutil.which("srun") is None or shutil.which("squeue") is None:
        return False
    ask = ["squeue", "--noheader", "--format=%D", f"--jobs={job}"]
    nodes = subprocess.run(ask, capture_output=True, text=True).stdout.strip()
    return nodes.isdecimal() and int(nodes) > 1


def _without_threads(variables: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in variables.items() if name.removesuffix("_NUM_THREADS") not in OF_THREADS}


if __name__ == "__main__":
    arguments = sys.argv[1:]
    sys.exit(main(Path(arguments[0]), arguments[1], int(arguments[2]), *map(float, arguments[3:4])))
