"""What holds on one rank holds on several: the tests marked `also_on_ranks`, run by each rank of MPI."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

MARK = "also_on_ranks"
FILES = [str(file) for file in sorted(Path(__file__).parent.glob("*/test_*.py")) if MARK in file.read_text()]
FILES += [str(file) for file in sorted(Path(__file__).parent.glob("test_*.py")) if f"mark.{MARK}" in file.read_text()]


@pytest.mark.timeout(700)
@pytest.mark.parametrize("ranks", [2, 3])
def test_what_holds_on_one_rank_holds_on_several(mpi_run: Callable[..., str], ranks: int) -> None:
    said = mpi_run(["-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-m", MARK, *FILES], ranks, timeout=600)
    assert said.count(" passed") == ranks
