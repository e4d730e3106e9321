"""Limits of a case end a run in words, and what was computed stands."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest
from builders import tiny_case
from mpi4py import MPI

import interstice
from interstice.schema import Limits
from interstice.solver.bounds import BoundError, Bounds
from interstice.solver.checkpoint import fingerprint

COMM = MPI.COMM_SELF


def bounds(size: int = 0, done: int = 0, **limits: float) -> Bounds:
    return Bounds(Limits().model_copy(update=limits), COMM, [SimpleNamespace(size=size)], done)


def test_as_many_time_steps_are_taken_as_are_allowed() -> None:
    few = bounds(steps=3.0)
    for _ in range(3):
        few.require()
        few.count()
    with pytest.raises(BoundError, match=r"3 time steps are done, and limits\.steps allows no more"):
        few.require()


def test_steps_before_the_run_went_on_count() -> None:
    with pytest.raises(BoundError, match="7 time steps"):
        bounds(done=7, steps=7.0).require()


def test_the_disk_and_the_time_are_those_of_the_run() -> None:
    bounds(size=999, disk=1000.0).require()
    with pytest.raises(BoundError, match=r"1 kB are written, and limits\.disk allows no more"):
        bounds(size=1000, disk=1000.0).require()
    with pytest.raises(BoundError, match=r"of computing have passed, and limits\.time"):
        bounds(time=0.0).require()


def test_a_run_that_reaches_a_limit_keeps_what_it_computed_and_says_how_to_go_on() -> None:
    loaded = tiny_case()
    few = loaded.case.limits.model_copy(update={"steps": 4.0})
    run = interstice.run(replace(loaded, case=loaded.case.model_copy(update={"limits": few})))
    assert run.stopped.startswith("4 time steps are done, and limits.steps allows no more")
    assert "--resume DIR --set limits.steps=" in run.stopped
    assert len(run.rows) == 5


def test_a_run_may_go_on_with_other_limits_but_not_with_another_case() -> None:
    plain, more, other = (
        fingerprint(tiny_case(*changes)) for changes in ((), ("limits.steps=5e5",), ("stack.pressure=21 MPa",))
    )
    assert plain == more != other
