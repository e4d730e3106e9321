"""Runs that the page has started: each is a process of its own, which ends in order with the program that shows it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from interstice.solver import launch
from interstice.solver.results import discard

CHILD = "from interstice.solver import launch; launch.end_with_parent(); from interstice.cli import main; main()"
"""The program, which gets SIGTERM, and so ends in order, if the one that started it is killed."""
PATIENCE = 60.0
"""How long [s] runs that were asked to end may take: for the Newton step they are in, and their checkpoint."""
AT_ONCE = 5.0
"""How long [s] they may take when they were asked again."""
PAUSE = 0.1
ECHO = 1.1
"""After how long [s] a second signal is none that a run takes for the echo of the first."""
LONGEST_LOG = 20_000
"""Bytes of what a run has said that are shown, the last ones."""


@dataclass
class Job:
    """A process that was started: its folder, what it says, and whether it was asked to end."""

    folder: Path
    process: subprocess.Popen[bytes]
    log: IO[bytes]
    asked: list[float] = field(default_factory=list)
    """When [s] it was asked to end."""

    @property
    def runs(self) -> bool:
        """Whether it has not ended yet."""
        return self.process.poll() is None

    @property
    def said(self) -> str:
        """What it has said, or the end of it."""
        size = os.fstat(self.log.fileno()).st_size
        # its own place in the file stays where the process writes on
        return os.pread(self.log.fileno(), LONGEST_LOG, max(0, size - LONGEST_LOG)).decode(errors="replace")

    def ask(self) -> None:
        """Ask it to end: the first time in order, with a checkpoint, later at once."""
        if self.runs and (not self.asked or time.monotonic() - self.asked[-1] > ECHO):
            self.asked.append(time.monotonic())
            with suppress(ProcessLookupError):
                self.process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it and all that it has started."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)


class Jobs:
    """The runs of this program. Processes live no longer than the thread that starts them, so it is one that stays."""

    def __init__(self) -> None:
        self._jobs: dict[Path, Job] = {}
        self._starter = ThreadPoolExecutor(1, "starts-runs")
        self._lock = threading.Lock()
        self._ended = False

    def start(self, folder: Path, arguments: Sequence[str]) -> Job:
        """Start ``interstice`` with `arguments`, which make the results in `folder`."""
        with self._lock:
            if self._ended:
                raise RuntimeError("the program is about to end")
            job = self._starter.submit(_started, folder, arguments).result()
            self._jobs[folder] = job
            return job

    def of(self, folder: Path) -> Job | None:
        """Return what was started last in a folder, None if nothing was."""
        return self._jobs.get(folder)

    def running(self) -> list[Job]:
        """Return those that have not ended yet; what a run that never began has left is removed."""
        for job in list(self._jobs.values()):
            if not job.runs and job.folder.is_dir():
                with suppress(OSError):
                    discard(job.folder)
        return [job for job in self._jobs.values() if job.runs]

    def end(self, hurried: Callable[[], bool] = lambda: False) -> None:
        """End all that run: in order, after `PATIENCE` or when `hurried` says so at once, in the end by force."""
        with self._lock:
            self._ended = True
        begun = time.monotonic()
        for job in self.running():
            job.ask()
        while self.running() and time.monotonic() - begun < PATIENCE and not hurried():
            time.sleep(PAUSE)
        begun = time.monotonic()
        while (left := self.running()) and time.monotonic() - begun < AT_ONCE:
            for job in left:
                if len(job.asked) < 2:
                    job.ask()
            time.sleep(PAUSE)
        for job in self.running():
            job.kill()
            job.process.wait()
        self._starter.shutdown()


def _started(folder: Path, arguments: Sequence[str]) -> Job:
    # a file without a name: it goes with this program
    log = tempfile.TemporaryFile()  # noqa: SIM115
    process = subprocess.Popen(
        [sys.executable, "-P", "-c", CHILD, *arguments],
        cwd=folder.parent,
        env=launch.environment(),
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        # Ctrl-C in the terminal is for the page, which then asks its runs to end, once
        start_new_session=True,
    )
    return Job(folder, process, log)


def arguments(case: Path, folder: Path, overrides: Sequence[str], ranks: int = 1) -> list[str]:
    """Return the command that runs a case into a folder."""
    values = [f"--set={override}" for override in overrides]
    return ["run", "-n", str(ranks), "-o", str(folder), *values, "--", str(case)]


def going_on(folder: Path, ranks: int = 1) -> list[str]:
    """Return the command that goes on with a run that was broken off."""
    return ["run", "-n", str(ranks), "--resume", str(folder)]
