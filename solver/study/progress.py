"""What the terminal says while a study is run: a line for each run that has ended, and what is left."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from interstice.schema.wording import duration
from interstice.solver import terminal
from interstice.solver.study import states
from interstice.solver.study.plan import PlannedRun
from interstice.solver.study.states import RunState


class Progress:
    """Follows the runs of a study in its folder; `todo` are those that are being computed, `workers` at a time."""

    def __init__(
        self,
        folder: Path,
        runs: Sequence[PlannedRun],
        todo: Sequence[PlannedRun],
        workers: int,
        say: Callable[[str], None],
    ) -> None:
        self._folder, self._workers, self.say = folder, workers, say
        self._left = {run.name: run for run in todo}
        self._of, self._begun = len(runs), time.monotonic()
        self._known = states.states_of(folder, (run.name for run in runs))
        self._counts = Counter(state.state for name, state in self._known.items() if name not in self._left)
        self._done_estimate = self._done_time = 0.0
        self._ended = folder / states.ENDED

    def look(self) -> None:
        """Say which runs have ended since."""
        # Snakemake removes the folder with the last mark of what was broken off
        marks = {path.name for path in self._ended.glob("*")} & set(self._left)
        for name in [name for name in self._left if name in marks]:
            run, state = self._left.pop(name), states.state_of(self._folder, name)
            self._counts[state.state] += 1
            self._done_estimate += run.time
            self._done_time += state.spent
            why = f": {state.why}" if state.why else ""
            self.say(
                f"{self._so_far()}{self._time_left()}: {name} {state.state} after {duration(state.spent)} ({run}){why}"
            )
        terminal.status(f"{self._so_far()}{self._time_left()}, {duration(time.monotonic() - self._begun)} so far")

    def _so_far(self) -> str:
        done = sum(self._counts[state] for state in states.RESULTS)
        failed = f", {self._counts['failed']} failed" if self._counts["failed"] else ""
        return f"{done} of {self._of} done{failed}"

    def _time_left(self) -> str:
        if not self._left:
            return ""
        return f", about {duration(time_left(self._left.values(), self._known, self._workers, self._pace))} left"

    @property
    def _pace(self) -> float:
        """The time that runs took over their estimate."""
        return self._done_time / self._done_estimate if self._done_time else 1.0


def time_left(runs: Iterable[PlannedRun], known: Mapping[str, RunState], workers: int, pace: float = 1.0) -> float:
    """Return about how long [s] the rest of runs takes, so many at a time."""
    rest = sum(run.time * (1.0 - known[run.name].share) for run in runs)
    return pace * rest / max(workers, 1)
