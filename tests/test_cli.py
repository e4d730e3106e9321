"""The commands: arguments, exit codes, output folders, several ranks."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from typer.testing import CliRunner, Result

from interstice.cli import app
from interstice.materials.library import SHIPPED
from interstice.solver import launch
from interstice.solver.checkpoint import latest
from interstice.solver.history import read_rows
from interstice.solver.patch.press import read_patch
from interstice.solver.reader import CaseError, read_case
from interstice.solver.terminal import mpi_rank

ROOT = Path(__file__).parent.parent
CASE = """\
title: a flat film
geometry: {builder: film, length: 2 um, electrode_thickness: 1 um, electrolyte_thickness: 1 um, element_size: 200 nm}
electrode: {material: NMC811, initial_stoichiometry: 0.9}
electrolyte: {material: LPSCl}
interface: {kinetics: {exchange_current_density: 1 mA/cm^2}}
stack: {pressure: 5 MPa}
protocol:
- {step: rest, time: 1 s}
"""
# The program with a simulation that does what the title of the case says.
STUB = """\
import sys, types
from interstice.cli import main
from interstice.solver.reader import CaseError

def run(loaded, output, comm, *_):
    last = comm.rank == comm.size - 1
    print("rank", comm.rank, flush=True)
    if loaded.case.title == "refuse":
        raise CaseError(["geometry: cannot be meshed"])
    if loaded.case.title == "break" and last:
        raise RuntimeError("the last rank breaks")
    if loaded.case.title == "leave" and last:
        sys.exit(3)
    if loaded.case.title == "run out" and last:
        raise MemoryError("no memory is left")
    if loaded.case.title == "stop" and last:
        return 1
    comm.barrier()
    return 1 if loaded.case.title == "fail" else 0

sys.modules["interstice.solver.simulation"] = types.SimpleNamespace(run=run)
from interstice import solver
solver.simulation = sys.modules["interstice.solver.simulation"]
main()
"""


@pytest.fixture
def case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "flat.yaml").write_text(CASE)
    return Path("flat.yaml")


@pytest.fixture
def simulated(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """Replace the simulation by one that notes how it was called."""
    calls: list[tuple[Any, ...]] = []

    def run(*arguments: Any) -> int:
        calls.append(arguments)
        return 0

    monkeypatch.setattr("interstice.solver.simulation.run", run)
    return calls


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def environment(**more: str) -> dict[str, str]:
    return {**launch.environment(), **more}


# --- run -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        ("flat.yaml", "-o", "out", "--set", "stack.pressure=7 MPa"),
        ("-o", "out", "--set", "stack.pressure=7 MPa", "flat.yaml"),
        ("-o", "out", "flat.yaml", "--set", "stack.pressure=7 MPa", "-n", "1"),
    ],
)
def test_options_may_come_before_or_after_the_case(
    case: Path, simulated: list[tuple[Any, ...]], arguments: tuple[str, ...]
) -> None:
    assert invoke("run", *arguments).exit_code == 0
    loaded, output, comm, said, begun = simulated[0]
    assert (loaded.case.stack.pressure, output, comm.size, said) == (7e6, Path("out"), 1, "steps")
    assert begun is None


def test_results_go_to_a_folder_named_after_the_case(case: Path, simulated: list[tuple[Any, ...]]) -> None:
    invoke("run", case)
    assert simulated[0][1] == Path("results/flat")
    assert read_case("results/flat/case.yaml").case == read_case(case).case


def test_a_case_that_runs_again_gets_a_folder_of_its_own(case: Path, simulated: list[tuple[Any, ...]]) -> None:
    for _ in range(3):
        assert invoke("run", case).exit_code == 0
    assert [call[1] for call in simulated] == [Path("results/flat"), Path("results/flat-2"), Path("results/flat-3")]


def test_a_folder_with_results_is_refused_unless_they_may_be_replaced(
    case: Path, simulated: list[tuple[Any, ...]]
) -> None:
    invoke("run", case, "-o", "out")
    Path("out/history.csv").write_text("old")
    result = invoke("run", case, "-o", "out")
    assert (result.exit_code, len(simulated)) == (2, 1)
    assert "out: holds the results of a run" in result.output and "--overwrite" in result.output
    assert Path("out/history.csv").read_text() == "old"


def test_results_of_an_earlier_run_are_replaced_when_asked(case: Path, simulated: list[tuple[Any, ...]]) -> None:
    invoke("run", case, "-o", "out")
    for name in ("history.csv", "interface.vtkhdf", "versions.txt"):
        Path("out", name).write_text("old")
    Path("out/fields").mkdir()
    Path("out/fields/interface_000000_0.vtu").write_text("old")
    assert invoke("run", case, "-o", "out", "--overwrite").exit_code == 0
    assert [path.name for path in Path("out").iterdir()] == ["case.yaml"]


def test_a_folder_that_is_not_from_a_run_is_left_alone(case: Path, simulated: list[tuple[Any, ...]]) -> None:
    Path("mine").mkdir()
    for name in ("case.yaml", "history.csv"):
        Path("mine", name).write_text("mine")
    result = invoke("run", case, "-o", "mine")
    assert result.exit_code == 2
    assert "mine: the folder is not empty and not from a run" in result.output
    assert Path("mine/case.yaml").read_text() == Path("mine/history.csv").read_text() == "mine"
    assert simulated == []


def test_a_foreign_file_among_results_stops_their_replacement(case: Path, simulated: list[tuple[Any, ...]]) -> None:
    invoke("run", case, "-o", "out")
    Path("out/history.csv").write_text("old")
    Path("out/notes.txt").write_text("mine")
    result = invoke("run", case, "-o", "out", "--overwrite")
    assert result.exit_code == 2
    assert "'notes.txt' is not from a run" in result.output
    assert Path("out/history.csv").read_text() == "old"


def test_the_folder_of_the_case_is_refused_for_output(case: Path, simulated: list[tuple[Any, ...]]) -> None:
    invoke("run", case, "-o", "out")
    result = invoke("run", "out/case.yaml", "-o", "out")
    assert result.exit_code == 2
    assert "the case itself is in this folder" in result.output
    assert Path("out/case.yaml").exists()


@pytest.mark.parametrize("output", ["/proc/out", "flat.yaml", "flat.yaml/out"])
def test_an_output_folder_that_cannot_be_written_is_refused_before_computing(
    case: Path, simulated: list[tuple[Any, ...]], output: str
) -> None:
    result = invoke("run", case, "-o", output)
    assert result.exit_code == 2
    assert f"{output}: cannot be written" in result.output
    assert simulated == []


@pytest.mark.parametrize("ranks", [-1, 0, 100_000])
def test_impossible_numbers_of_ranks_are_refused(case: Path, simulated: list[tuple[Any, ...]], ranks: int) -> None:
    result = invoke("run", case, "-n", ranks)
    assert result.exit_code == 2
    assert f"-n {ranks}: allowed are 1 to " in result.output
    assert simulated == []
    assert not Path("results").exists()


def test_number_of_ranks_within_mpirun_is_refused(case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PMI_RANK", "0")
    monkeypatch.setenv("PMI_SIZE", "4")
    result = invoke("run", case, "-n", 2)
    assert result.exit_code == 2
    assert "already runs under mpirun" in result.output


def test_exit_code_of_the_simulation_is_that_of_the_program(case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("interstice.solver.simulation.run", lambda *_: 1)
    assert invoke("run", case).exit_code == 1


def test_a_case_refused_while_meshing_ends_with_exit_code_2(case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(*_: Any) -> int:
        raise CaseError(["geometry: cannot be meshed"])

    monkeypatch.setattr("interstice.solver.simulation.run", run)
    result = invoke("run", case)
    assert (result.exit_code, result.output) == (2, "geometry: cannot be meshed\n")
    # nothing was computed: the next try has the folder
    assert not Path("results/flat").exists()


def test_an_unexpected_error_is_one_line_and_its_traceback_a_file(
    case: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("interstice.solver.simulation.run", lambda *_: 1 / 0)
    result = invoke("run", case)
    assert result.exit_code == 1
    assert capfd.readouterr().err == ("error: ZeroDivisionError: division by zero (details: results/flat/error.log)\n")
    assert "Traceback" in Path("results/flat/error.log").read_text()


def test_interruption_before_the_first_time_step_ends_with_exit_code_130(
    case: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(*_: Any) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("interstice.solver.simulation.run", run)
    result = invoke("run", case)
    assert (result.exit_code, result.output) == (130, "interrupted before the first time step\n")


# --- several ranks ---------------------------------------------------------------------------------


class Said(NamedTuple):
    """The exit code of mpirun and what each rank wrote."""

    returncode: int
    stdout: list[str]
    stderr: list[str]


def stub_on_two_ranks(folder: Path, title: str) -> Said:
    # each rank gets files of its own
    apart = 'exec "$0" "$@" >said.$PMI_RANK.out 2>said.$PMI_RANK.err'
    (folder / "stub.py").write_text(STUB)
    ranks = ["timeout", "60", str(launch.mpiexec()), "-n", "2"]
    command = [*ranks, "sh", "-c", apart, sys.executable, "stub.py", "run", "flat.yaml"]
    done = subprocess.run(
        [*command, "-o", "out", "--set", f"title={title}"], cwd=folder, env=environment(), capture_output=True
    )
    texts = {kind: [(folder / f"said.{rank}.{kind}").read_text() for rank in (0, 1)] for kind in ("out", "err")}
    return Said(done.returncode, texts["out"], texts["err"])


@pytest.mark.parametrize(("title", "code"), [("work", 0), ("fail", 1), ("refuse", 2)])
def test_all_ranks_end_with_the_same_code_and_rank_0_alone_speaks(case: Path, title: str, code: int) -> None:
    done = stub_on_two_ranks(Path.cwd(), title)
    assert done.returncode == code
    assert done.stdout == ["rank 0\n", ""]
    assert [text.count("cannot be meshed") for text in done.stderr] == [title == "refuse", 0]


@pytest.mark.parametrize(
    ("title", "words"),
    [
        ("break", "RuntimeError: the last rank breaks"),
        ("leave", "SystemExit: 3"),
        ("run out", "MemoryError: no memory is left"),
    ],
)
def test_an_error_on_one_rank_ends_all_of_them(case: Path, title: str, words: str) -> None:
    done = stub_on_two_ranks(Path.cwd(), title)
    assert done.returncode == 1
    assert done.stderr == ["", f"error on rank 1: {words} (details: out/error.log)\n"]
    assert "rank 1 of 2\nTraceback" in Path("out/error.log").read_text()


def test_a_rank_that_ends_its_run_alone_ends_the_others(case: Path) -> None:
    begun = time.monotonic()
    assert stub_on_two_ranks(Path.cwd(), "stop").returncode == 1
    assert time.monotonic() - begun < 30


def test_a_broken_case_is_reported_once_on_two_ranks(case: Path) -> None:
    done = stub_on_two_ranks(Path.cwd(), "")
    assert done.returncode == 2
    assert [text.count("title = None: no value is given") for text in done.stderr] == [1, 0]
    assert not Path("out").exists()


def unread() -> int:
    """Return a pipe that nobody reads."""
    reader, writer = os.pipe()
    os.close(reader)
    return writer


def test_n_starts_ranks_that_go_on_quietly_where_nobody_reads(case: Path) -> None:
    """As in ``interstice run CASE -n 2 | head``."""
    options = ["-n", "2", "-o", "-out", "--set", "title=2 ranks"]
    command = [sys.executable, "-m", "interstice", "run", "flat.yaml", *options]
    done = subprocess.run(command, env=environment(), stdout=unread(), stderr=subprocess.PIPE, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    assert Path("-out/history.csv").exists()
    assert "title: 2 ranks" in Path("-out/case.yaml").read_text()


# --- ranks that do not find each other ---------------------------------------------------------------

FOREIGN = [
    {"PMI_RANK": "{}", "PMI_SIZE": "2"},
    {"OMPI_COMM_WORLD_RANK": "{}", "OMPI_COMM_WORLD_SIZE": "2", "PMIX_RANK": "{}"},
    {"SLURM_PROCID": "{}", "SLURM_STEP_NUM_TASKS": "2", "SLURM_STEP_ID": "0", "SLURM_NTASKS": "2", "PMIX_RANK": "{}"},
]


@pytest.mark.parametrize("variables", FOREIGN, ids=["PMI", "Open MPI", "srun"])
def test_ranks_of_a_foreign_launcher_are_refused_once_in_words(case: Path, variables: dict[str, str]) -> None:
    """Each would take itself for the only one: none of them may compute."""
    said = []
    for rank in (0, 1):
        here = {name: value.format(rank) for name, value in variables.items()}
        command = [sys.executable, "-m", "interstice", "run", "flat.yaml", "-o", "out"]
        done = subprocess.run(command, env=environment(**here), capture_output=True, text=True, timeout=60)
        assert done.returncode == 2
        assert done.stdout == ""
        said.append(done.stderr)
    assert "2 ranks were started by" in said[0] and "mpiexec -n 2" in said[0], said[0]
    assert said[1] == ""
    assert not Path("out").exists()


LEFT_OVER = [
    {"SLURM_NTASKS": "8", "SLURM_PROCID": "0"},  # the script of a batch job
    {"SLURM_NTASKS": "8", "SLURM_PROCID": "0", "SLURM_STEP_ID": "4294967291", "SLURM_STEP_NUM_TASKS": "8"},
    {"SLURM_PROCID": "0", "SLURM_STEP_ID": "3", "SLURM_STEP_NUM_TASKS": "1"},  # srun --pty bash
    {"PMIX_RANK": "3"},
    {
        "SLURM_PROCID": "0",
        "SLURM_STEP_ID": "3",
        "SLURM_STEP_NUM_TASKS": "1",
        "PMIX_RANK": "0",
        "PMIX_SERVER_TMPDIR": "/",
    },
    {"PMI_RANK": "0", "PMI_SIZE": "1"},
]


@pytest.mark.parametrize("variables", LEFT_OVER)
def test_one_process_is_alone_whatever_is_left_over_in_its_environment(
    variables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert mpi_rank() is None
    assert launch.strangers() is None
    assert not set(launch.environment()) & {"PMI_RANK", "PMI_SIZE", "PMIX_RANK"}


def test_pmix_alone_does_not_tell_how_many_ranks_so_a_live_server_of_it_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launch, "_has_wheel_of_mpich", lambda: True)
    monkeypatch.setenv("PMIX_RANK", "0")
    monkeypatch.setenv("PMIX_SERVER_TMPDIR", str(tmp_path))
    assert "Several ranks were started by PMIx" in (launch.strangers() or "")
    monkeypatch.setenv("PMIX_SERVER_TMPDIR", str(tmp_path / "gone"))
    assert launch.strangers() is None


def test_within_a_job_the_inner_mpiexec_says_which_rank(monkeypatch: pytest.MonkeyPatch) -> None:
    outer = {"SLURM_PROCID": "0", "SLURM_STEP_ID": "1", "SLURM_STEP_NUM_TASKS": "2"}
    for name, value in {**outer, "PMI_RANK": "5", "PMI_SIZE": "8"}.items():
        monkeypatch.setenv(name, value)
    assert mpi_rank() == 5


# --- signals ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "code", "ranks"),
    [
        (signal.SIGINT, 130, 2),
        (signal.SIGTERM, 143, 2),
        (signal.SIGHUP, 129, 2),
        (signal.SIGUSR1, 138, 2),
        (signal.SIGTERM, 143, 1),
    ],
)
def test_a_signal_ends_all_ranks_which_leave_a_checkpoint(
    case: Path, number: signal.Signals, code: int, ranks: int
) -> None:
    mark = f"endless {os.getpid()} {number} {ranks}"
    endless = [f"title={mark}", "protocol.0.time=1000 h", "time.initial=1 ms", "time.maximum=1 ms"]
    endless += ["limits.steps=1e12", "limits.time=1e6 year", "limits.disk=1e6 TB"]
    options = [word for override in endless for word in ("--set", override)]
    command = [sys.executable, "-m", "interstice", "run", "flat.yaml", "-n", f"{ranks}", "-o", "out", *options]
    program = subprocess.Popen(
        command,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # tests that run in the background ignore Ctrl-C, and so would all that they start
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        history = Path("out/history.csv")
        wait_for(lambda: history.exists() and len(history.read_text().splitlines()) > 3)
        program.send_signal(number)
        output, _ = program.communicate(timeout=10)
        assert program.returncode == code
        assert output.splitlines()[-1] == "go on with  interstice run --resume out"
        assert "BAD TERMINATION" not in output
        last = latest(Path("out"))
        assert last and last.about["time steps"] == len(read_rows(history)) - 1
        wait_for(lambda: not processes_with(mark))
    finally:
        program.kill()


def wait_for(condition: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)


def processes_with(argument: str) -> list[str]:
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = entry.read_bytes()
        except OSError:
            continue
        if argument.encode() in words:
            found.append(entry.parent.name)
    return found


SPEAKER = """\
import interstice
from interstice.solver import simulation
from interstice.solver.terminal import say, show, warn
import gmsh
gmsh.initialize()
from petsc4py import PETSc
for _ in range(3):
    say("word"), show("word"), warn("word")
gmsh.finalize()
open("done", "w").close()
"""


@pytest.mark.parametrize("closed", ["stdout", "stderr"])
def test_a_closed_pipe_ends_nothing_though_libraries_take_its_signal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, closed: str
) -> None:
    """PETSc would print a page, Gmsh lets the signal kill."""
    monkeypatch.chdir(tmp_path)
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, closed: unread()}
    done = subprocess.run([sys.executable, "-c", SPEAKER], env=environment(), text=True, **streams)
    assert done.returncode == 0 and Path("done").exists()
    assert (done.stdout, done.stderr) == ((None, "word\n" * 3) if closed == "stdout" else ("word\n" * 6, None))


# --- the other commands ----------------------------------------------------------------------------


def commands() -> set[str]:
    """The commands of the program, and those that the launcher adds."""
    single = {str(command.callback.__name__) for command in app.registered_commands if command.callback}
    return single | {str(group.name) for group in app.registered_groups} | {"test", "shell"}


def test_every_command_is_in_all_helps() -> None:
    launcher = subprocess.run([ROOT / "interstice", "--help"], capture_output=True, text=True, check=True).stdout
    program = invoke("--help").output
    assert set(re.findall(r"^  \./interstice (\w+)", launcher, re.M)) == commands()
    for command in commands():
        assert re.search(rf"[ '│]{command}\b", program), f"--help: {command}"


def test_cells_beyond_those_allowed_are_refused_and_accepted_by_an_option(case: Path) -> None:
    few = invoke("validate", case, "--max-cells", "10")
    assert few.exit_code == 2 and "at most 10 are allowed" in few.output and "--max-cells" in few.output
    assert invoke("validate", case, "--max-cells", "1e6").exit_code == 0
    assert invoke("validate", case, "--max-cells", "many").exit_code == 2


def test_what_a_run_needs_is_told_in_words_and_in_numbers(case: Path) -> None:
    assert re.search(r"estimate: [\d,]+ unknowns, [\d,]+ time steps, ", invoke("validate", case).output)
    estimate = json.loads(invoke("validate", case, "--json").output)["estimate"]
    assert set(estimate) == {
        *("cells [1]", "unknowns [1]", "time steps [1]", "time on one core [s]", "memory [byte]", "disk [byte]")
    }
    assert all(value > 0 for value in estimate.values())


@pytest.mark.parametrize("words", [("-v", "--quiet"), ("--quiet", "--json"), ("-v", "--json")])
def test_one_way_of_speaking_is_chosen_at_most(
    case: Path, simulated: list[tuple[Any, ...]], words: tuple[str, str]
) -> None:
    result = invoke("run", case, *words)
    assert result.exit_code == 2 and f"{words[0]} stands beside {words[1]}" in result.output
    assert simulated == [] and not Path("results").exists()


@pytest.mark.parametrize(("word", "said"), [("-v", "everything"), ("--quiet", "nothing"), ("--json", "json")])
def test_what_is_printed_is_passed_on_to_the_run_and_to_its_ranks(
    case: Path, simulated: list[tuple[Any, ...]], monkeypatch: pytest.MonkeyPatch, word: str, said: str
) -> None:
    assert invoke("run", case, word).exit_code == 0
    assert simulated[0][3] == said
    started: list[list[str]] = []
    monkeypatch.setattr(launch, "on_ranks", lambda ranks, words: started.append(words) or 0)
    assert invoke("run", case, word, "-n", 2).exit_code == 0
    assert word in started[0] and started[0][-1] == "flat.yaml"


def test_validate_says_in_json_what_it_says_in_words(case: Path) -> None:
    found = json.loads(invoke("validate", case, "--json").output)
    *notes, _estimate, _verdict = invoke("validate", case).output.splitlines()
    assert [f"flat.yaml: {note}" for note in found.pop("notes")] == notes
    assert found.pop("estimate")
    assert found == {"case": "flat.yaml", "valid": True, "title": "a flat film", "problems": []}
    wrong = ("--set", "stack.pressure=5 um", "--set", "electrolyte.material=LPSC")
    words, data = invoke("validate", case, *wrong), invoke("validate", case, *wrong, "--json")
    assert words.exit_code == data.exit_code == 2
    found = json.loads(data.output)
    assert found["valid"] is False and "\n".join(found["problems"]) == words.output.rstrip()


def test_info_is_json_too() -> None:
    found = json.loads(invoke("info", "--json").output)
    assert {"Interstice", "dolfinx", "PETSc", "Cores"} <= set(found)


@pytest.mark.parametrize("arguments", [("run",), ("fly",), ("run", "flat.yaml", "--fast"), ("run", "x", "-n", "two")])
def test_wrong_usage_ends_with_exit_code_2(arguments: tuple[str, ...]) -> None:
    assert invoke(*arguments).exit_code == 2


def test_schema_is_json_with_descriptions_for_editors() -> None:
    schema = json.loads(invoke("schema").output)
    film = schema["$defs"]["Film"]["properties"]
    assert schema["$schema"].startswith("https://json-schema.org/")
    assert film["length"]["description"] == "lateral size along x"
    assert film["length"]["examples"] == ["2 um"]


def test_info_names_versions_and_cores() -> None:
    words = invoke("info").output
    for name in ("Interstice", "dolfinx", "PETSc", "MPI", "gmsh", "Python", "Cores", "Memory"):
        assert name in words


def test_materials_are_listed_and_each_number_has_its_source() -> None:
    assert "NMC811" in invoke("materials").output
    words = invoke("materials", "NMC811").output
    assert "diffusivity" in words
    assert "doi" in words


def test_materials_of_the_folder_are_shown_by_name_and_by_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "lnmo.yaml").write_text("name: our LNMO\nbased_on: NMC811\n")
    monkeypatch.chdir(tmp_path)
    assert "lnmo.yaml" in invoke("materials").output
    for name in ("our LNMO", "lnmo.yaml"):
        assert "our LNMO (LiNi0.8Mn0.1Co0.1O2), lnmo.yaml" in " ".join(invoke("materials", name).output.split())


def test_validate_tells_what_a_case_rests_on(tmp_path: Path) -> None:
    """Estimates of the numbers that are used, and a file that takes the place of a material of the program."""
    (tmp_path / "lpscl.yaml").write_text(
        "name: LPSCl\nbased_on: LPSCl\nyoung_modulus: {value: 3 GPa, estimate: as others have}\n"
        "density: {value: 1.5 g/cm^3, estimate: where no heat flows of no interest}\n"
        "hardness: {value: 1 GPa, estimate: if nothing is pressed flat of no interest}\n"
        "fracture_toughness: {value: 0.2 MPa*m^0.5, estimate: if nothing breaks of no interest}\n"
        "plastic:\n  yield_strength: {value: 0.3 GPa, estimate: that of a solid that yields}\n"
    )
    path = tmp_path / "case.yaml"
    path.write_text(CASE)
    words = invoke("validate", str(path)).output
    assert "electrolyte: young_modulus of LPSCl, 3 GPa, is an estimate: as others have" in words
    assert "no interest" not in words
    assert f"electrolyte: LPSCl is that of {tmp_path / 'lpscl.yaml'}, not that of the program" in words
    said = ("--set", "electrolyte.overrides.young_modulus=4 GPa", "--set", "electrode.overrides.poisson_ratio=0.25")
    given = invoke("validate", str(path), *said).output
    assert "is an estimate" not in given
    laws = ("electrolyte.solid=plastic", "interface.contact.plastic=true", "electrode.overrides.hardness=9 GPa")
    needed = invoke("validate", str(path), *said, *(word for law in laws for word in ("--set", law))).output
    assert "electrolyte: yield_strength of LPSCl, 0.3 GPa, is an estimate: that of a solid that yields" in needed
    assert "electrolyte: hardness of LPSCl, 1 GPa, is an estimate: if nothing is pressed flat" in needed


def test_an_unknown_material_ends_with_exit_code_2_and_a_suggestion() -> None:
    result = invoke("materials", "NMC812")
    assert result.exit_code == 2
    assert "did you mean 'NMC811'?" in result.output


def test_version_is_printed() -> None:
    assert invoke("--version").output.startswith("0.")


def test_cases_are_listed_and_copied_but_replace_nothing(tmp_path: Path) -> None:
    listed = [Path(line) for line in invoke("cases").output.splitlines()]
    assert all(file.is_file() for file in listed) and "film_2d.yaml" in {file.name for file in listed}
    assert invoke("cases", "--copy", tmp_path / "new").exit_code == 0
    assert {file.name for file in (tmp_path / "new").glob("*.yaml")} == {file.name for file in listed}
    again = invoke("cases", "--copy", tmp_path / "new")
    assert again.exit_code == 2 and "exists already" in again.output
    (tmp_path / "other" / "topography").mkdir(parents=True)
    (tmp_path / "other" / "topography" / "LICENSE.md").write_text("mine")
    assert invoke("cases", "--copy", tmp_path / "other").exit_code == 2
    assert [file.name for file in (tmp_path / "other").glob("**/*.*")] == ["LICENSE.md"]


def test_copied_cases_find_all_their_files_where_they_were_copied_to(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    copied = [Path(line) for line in invoke("cases", "--copy", folder).output.splitlines()]
    assert copied and all(file.parent == folder for file in copied)
    assert (folder / "topography" / "LICENSE.md").is_file()
    for file in copied:
        loaded = read_case(file)
        roughness = getattr(loaded.case.geometry, "roughness", None)
        if getattr(roughness, "kind", "") == "measured":
            assert roughness.file.resolve().is_relative_to(folder)
        for material in loaded.materials.values():
            assert material.file.parent == SHIPPED or material.file.resolve().is_relative_to(folder)
    patches = sorted(folder.glob("patches/*.yaml"))
    assert patches
    for file in patches:
        patch, _ = read_patch(file)
        assert patch.roughness.kind != "measured" or patch.roughness.file.resolve().is_relative_to(folder)


def test_plot_of_a_folder_without_results_ends_with_exit_code_2(tmp_path: Path) -> None:
    for folder, reason in ((tmp_path / "nowhere", "no such folder"), (tmp_path, "history.csv is missing")):
        result = invoke("plot", folder)
        assert result.exit_code == 2
        assert reason in result.output
