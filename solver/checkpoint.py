"""Checkpoints: from them a run goes on that was broken off, as if nothing had happened, on any number of ranks.

They lie in the folder ``checkpoint`` of the results, named after the number of time steps done, the last two of them.
Each is an archive of NumPy arrays (.npz): the state of the cell by name, functions at all dofs in an order that does
not depend on the ranks, and as text what else is to be known. It is written aside, brought to the disk and renamed, so
that a run that is killed at any moment leaves a whole one; the archive has a checksum of every part.
"""

from __future__ import annotations

import json
import os
import re
import sys
import time
import zipfile
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
from mpi4py import MPI

from interstice.schema import files, nesting, unrolled
from interstice.schema.problems import brief
from interstice.solver.cell import Cell
from interstice.solver.environment import version
from interstice.solver.history import Row
from interstice.solver.provenance import digest
from interstice.solver.reader import LoadedCase
from interstice.solver.results import OutputError, clear, together
from interstice.solver.state import Snapshot
from interstice.solver.stepping import Advance, begun

FOLDER = "checkpoint"
KEPT = 2
"""How many are kept: the one before the last, too, for the disk may be full, or broken, when the last is written."""
FORMAT = 3
ABOUT = "about"
"""The name of the text among the values."""


class CheckpointError(OutputError):
    """A run cannot go on from here; the text says why."""


class Checkpoint(NamedTuple):
    """What a checkpoint holds: what it is `about` and, on rank 0, the values of the state."""

    path: Path
    about: dict[str, Any]
    values: Snapshot

    def check(self, loaded: LoadedCase) -> None:
        """Raise CheckpointError unless a run of this case could have come here: what was done begins its protocol."""
        if fingerprint(loaded) != self.about.get("fingerprint"):
            raise CheckpointError(
                f"{self.path}: is not a checkpoint of {loaded.path} as it is now: numbers of the case, its materials "
                "or the files that it refers to are not the same; run it anew"
            )
        if _of_protocol(loaded, self.about["begun"]) != self.about["protocol"]:
            raise CheckpointError(
                f"{self.path}: the protocol of {loaded.path} does not begin with the {self.about['begun']} steps that "
                "were carried out or begun, or its repeats are nested to another depth"
            )


class Remembering(Protocol):
    """A follower of a run that can go on where it was."""

    def advanced(self, advance: Advance | None, row: Row) -> None:
        """Take note as `simulation.Follower` does."""

    def finished(self, reason: str) -> None:
        """Take note as `simulation.Follower` does."""

    def memory(self) -> Any:
        """Return, on rank 0, what it has to know to go on from here: numbers, texts, lists and mappings."""

    def recall(self, memory: Any) -> None:
        """Go on from where `memory` was asked for. Collective."""


class Checkpoints:
    """Writes checkpoints into a folder of results, as a follower of the run that comes after all others.

    `followers` are those whose memory belongs to it.
    """

    def __init__(
        self,
        cell: Cell,
        loaded: LoadedCase,
        folder: Path,
        followers: Sequence[Remembering],
    ) -> None:
        self._cell, self._folder, self._wanted = cell, folder / FOLDER, cell.case.output
        self._followers = followers
        self._about: dict[str, Any] = {}
        self._loaded = loaded
        if cell.comm.rank == 0:
            self._about = {"format": FORMAT, "version": version(), "fingerprint": fingerprint(loaded)}
        self._number = self._written = 0
        self._last = time.monotonic()

    def advanced(self, advance: Advance | None, row: Row) -> None:
        """Write one if the last is as old as the case says. Collective."""
        if advance is None:
            return
        self._number += 1
        due = time.monotonic() - self._last >= self._wanted.checkpoint_time
        if self._cell.comm.bcast(due) or self._number - self._written >= self._wanted.checkpoint_steps:
            self.write()

    def finished(self, reason: str) -> None:
        """Write the last state, unless that is done."""
        if self._number > self._written:
            self.write()

    def write(self) -> None:
        """Write the present state. Collective."""
        values = self._cell.state.gathered(self._cell.comm)
        problem: OSError | None = None
        if self._cell.comm.rank == 0:
            memories = {type(follower).__name__: follower.memory() for follower in self._followers}
            number = begun(values)
            about = self._about | {
                "followers": memories,
                "time steps": self._number,
                "begun": number,
                "protocol": _of_protocol(self._loaded, number),
            }
            try:
                _write(self._folder, self._number, {**values, ABOUT: np.array(json.dumps(about))})
            except OSError as error:
                problem = error
        if problem := self._cell.comm.bcast(problem):
            raise problem
        self._written, self._last = self._number, time.monotonic()

    def go_on(self, last: Checkpoint) -> None:
        """Go on from a checkpoint, and let the followers do so in their order. Collective."""
        self._number = self._written = last.about["time steps"]
        for follower in self._followers:
            follower.recall(last.about["followers"].get(type(follower).__name__))


def latest(results: Path) -> Checkpoint | None:
    """Return the last whole checkpoint in a folder of results, None if a run there has not written one yet.

    CheckpointError if none is whole.
    """
    damaged: list[str] = []
    for path in reversed(_written(results / FOLDER)):
        try:
            about, values = _read(path)
        except Exception as error:  # whatever damaged bytes come to
            damaged.append(f"{path.name}: {brief(error or type(error).__name__, quotes=False, longest=200)}")
            continue
        if about.get("format") != FORMAT:
            raise CheckpointError(f"{path}: was written by Interstice {about.get('version')}, in another format")
        return Checkpoint(path, about, values)
    if damaged:
        raise CheckpointError(f"{results / FOLDER}: no checkpoint is whole ({'; '.join(damaged)})")
    return None


def _read(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what an archive is about, and its values; an error of any kind if it is damaged."""
    size = files.size_of(path, sys.maxsize)
    with zipfile.ZipFile(path) as archive:
        if sum(part.file_size for part in archive.infolist()) > size:
            raise ValueError("its parts are larger than the file")
    # pickled objects could run code
    with np.load(path, allow_pickle=False) as arrays:
        values = {name: arrays[name] for name in arrays.files}
    about = json.loads(str(values.pop(ABOUT)))
    if not isinstance(about, dict):
        raise ValueError("it does not say what it is about")
    return about, values


def shared(results: Path, comm: MPI.Comm) -> Checkpoint | None:
    """Return what `latest` does, the values of the checkpoint on rank 0 alone. Collective.

    Where there is none yet, what the run wrote is removed: it begins anew.
    """

    def find() -> Checkpoint | None:
        if found := latest(results):
            return found
        clear(results)
        return None

    found = together(comm, find)
    known = comm.bcast((found.path, found.about) if found else None)
    return found or (Checkpoint(known[0], known[1], {}) if known else None)


def fingerprint(loaded: LoadedCase) -> str:
    """Return a hash of a case with all its numbers, those of materials too, and of the files that it refers to.

    Its protocol is not part of it, nor what does not change the results.
    """
    return digest(loaded.case.model_dump(mode="json", exclude={"title", "output", "limits", "protocol"}))


def _of_protocol(loaded: LoadedCase, number: int) -> str:
    """Return a hash of the first steps of a protocol, and of how deeply repeats are nested in it."""
    steps = [task.step.model_dump(mode="json") for task in islice(unrolled(loaded.case.protocol), number)]
    return digest([nesting(loaded.case.protocol), *steps])


def _write(folder: Path, number: int, values: Mapping[str, Any]) -> None:
    """Write an archive in one stroke, then remove those that are not kept any more."""
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{number:06d}.npz"
    unfinished = folder / f".{name}"
    try:
        with unfinished.open("wb") as stream:
            np.savez(stream, **values)
            stream.flush()
            os.fsync(stream.fileno())
    except OSError:
        # a full disk has room for other things than half a checkpoint
        unfinished.unlink(missing_ok=True)
        raise
    unfinished.replace(folder / name)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    for old in [*_written(folder)[:-KEPT], *folder.glob(".*.npz")]:
        old.unlink(missing_ok=True)


def _written(folder: Path) -> list[Path]:
    """Return the files of checkpoints, the last one last."""
    return sorted(
        (path for path in folder.glob("*.npz") if re.fullmatch(r"[0-9]{1,18}", path.stem)),
        key=lambda path: int(path.stem),
    )
