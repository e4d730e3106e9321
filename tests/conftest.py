"""Fixtures shared by all tests, and how the tests are shared out to the cores.

Tests that start several ranks of MPI (marked `ranks`, as all that use `mpi_run` are) come last and one at a time, with
no other test beside them: ranks that wait for each other fill the cores. All others are shared out file by file.
"""

from __future__ import annotations

import fcntl
import gc
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import quick_forms

from interstice.solver import launch, system

ROOT = Path(__file__).parent.parent
MOST_WORKERS = 8

# As the program does when it starts.
system.keep_freed_memory()
# What dies in a library is told by Python, with its stack; PETSc would say it where pytest keeps what is printed.
system.shield_petsc(["-no_signal_handler"])

# Programs that tests start find the package and the helpers as the tests do, from any folder.
_FOLDERS = [str(ROOT / "src"), str(ROOT / "tests")]
os.environ["PYTHONPATH"] = os.pathsep.join([*_FOLDERS, *filter(None, [os.environ.get("PYTHONPATH")])])

quick_forms.prepare()

# The suite gives the same answer each time it is asked; `tests/nightly.sh` looks for what nobody thought of.
hypothesis.settings.register_profile("suite", derandomize=True, deadline=None)
hypothesis.settings.register_profile("nightly", max_examples=2000, deadline=None)
hypothesis.settings.load_profile("suite")


@pytest.fixture(scope="session")
def mpi_run() -> Callable[..., str]:
    """Return `run(arguments, ranks, timeout)`: Python with these arguments on ranks of MPI, from the project's folder.

    The first argument may be a test file, which then runs as a program. `run` returns what was printed and fails the
    test if the program fails or takes longer than `timeout` seconds.
    """

    def run(arguments: Sequence[str], ranks: int, timeout: float = 60) -> str:
        if arguments[0].endswith(".py"):
            arguments = [str(ROOT / "tests" / "as_program.py"), *arguments]
        # timeout(1) sends SIGTERM, upon which mpiexec ends its ranks; killing mpiexec itself would leave them behind.
        program = [str(launch.mpiexec()), "-n", str(ranks), sys.executable, *arguments]
        command = ["timeout", "--kill-after=5", str(timeout), *program]
        environment = launch.environment() | launch.WITHOUT_SPINNING
        done = subprocess.run(command, cwd=ROOT, env=environment, text=True, capture_output=True)
        if done.returncode != 0:
            reason = f"took more than {timeout} s" if done.returncode == 124 else f"ended with code {done.returncode}"
            pytest.fail(f"{' '.join(command)} {reason}\n{done.stdout}\n{done.stderr}")
        return done.stdout

    return run


@pytest.fixture(autouse=True)
def _no_more_communicators_than_there_are() -> Iterator[None]:
    """Free the cells of each test: what refers to itself waits for the collector, and MPICH has 2048 communicators."""
    yield
    gc.collect()


@pytest.fixture(scope="module", autouse=True)
def _no_cells_of_another_file(request: pytest.FixtureRequest) -> Iterator[None]:
    """Forget what the functions of a file remember (`functools.cache`) when its tests are done: cells, mostly.

    A process that goes through many files would come to the end of the communicators in one of them, without a word.
    """
    yield
    for function in vars(request.module).values():
        if getattr(function, "__module__", "") == request.module.__name__ and hasattr(function, "cache_clear"):
            function.cache_clear()
    gc.collect()


def pytest_collection_finish() -> None:
    """Spare the collector what is imported by now: it has to look at what tests make only, and takes little time."""
    gc.collect()
    gc.freeze()


# --- sharing out the tests -------------------------------------------------------------------------


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "ranks: starts several ranks of MPI; no other test runs beside it")
    config.addinivalue_line("markers", "also_on_ranks(*numbers): test_ranks.py runs it on so many ranks of MPI too")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> Generator[None, object, object]:
    """Put benchmarks, then what starts ranks, last: the quick tests speak first.

    This comes after pytest has put together what shares a fixture of a module.
    """
    for item in items:
        if "mpi_run" in getattr(item, "fixturenames", ()):
            item.add_marker("ranks")
    if ranks := int(os.environ.get("PMI_SIZE", "0")):
        items[:] = [item for item in items if _also_on(item, ranks)]
    result = yield
    benchmarks = ROOT / "tests" / "benchmarks"
    items.sort(key=lambda item: 2 if item.get_closest_marker("ranks") else benchmarks in item.path.parents)
    if folder := _shared_folder(config):
        names = [item.nodeid for item in items if item.get_closest_marker("ranks")]
        (folder / "ranks").write_text("\n".join(names), encoding="utf-8")
    return result


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Let a test that starts ranks wait for the one beside it, and the next one beside it for the end of it."""
    folder = _shared_folder(item.config)
    if folder is None:
        return (yield)
    with open(folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX if item.get_closest_marker("ranks") else fcntl.LOCK_SH)
        return (yield)


def _also_on(item: pytest.Item, ranks: int) -> bool:
    mark = item.get_closest_marker("also_on_ranks")
    return mark is not None and ranks in mark.args and not item.get_closest_marker("ranks")


def _shared_folder(config: pytest.Config) -> Path | None:
    """Return the folder that this process shares with those beside it; None if it runs all tests alone."""
    folder = getattr(config, "workerinput", {}).get("shared_folder")
    return Path(folder) if folder else None


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Return the number of processes for `-n auto`: none for chosen files, or tests that a rank of MPI runs."""
    chosen = [name for name in config.args if not Path(name.partition("::")[0]).is_dir()]
    cores = len(os.sched_getaffinity(0))
    return 0 if chosen or "PMI_RANK" in os.environ or cores == 1 else min(cores, MOST_WORKERS)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes(config: pytest.Config) -> None:
    config._shared = tempfile.TemporaryDirectory(prefix="interstice-tests-")  # type: ignore[attr-defined]


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    node.workerinput["shared_folder"] = node.config._shared.name


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    from xdist.scheduler import LoadScopeScheduling

    class FilesThenRanks(LoadScopeScheduling):  # type: ignore[misc]
        """Gives a worker a whole file, whose tests share meshes and runs; in the end one gets all that start ranks."""

        def _split_scope(self, nodeid: str) -> str:
            if not hasattr(self, "ranks"):
                names = Path(config._shared.name, "ranks").read_text(encoding="utf-8")  # type: ignore[attr-defined]
                self.ranks = set(names.splitlines())
            return "ranks" if nodeid in self.ranks else nodeid.partition("::")[0]

    config.option.loadscopereorder = False
    return FilesThenRanks(config, log)
