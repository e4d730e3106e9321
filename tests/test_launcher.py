"""The launcher's own logic, with stand-ins for the tools that would download, build and enter an environment.

It has two roads: a virtual environment where Python 3.12 is at hand, a Debian root file system elsewhere.
"""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parent.parent

# fmt: off
REAL_TOOLS = (
    "awk", "bash", "cat", "chmod", "cp", "cut", "dirname", "env", "find", "flock", "grep", "head", "id", "mkdir",
    "mktemp", "mv", "paste", "readlink", "rm", "sed", "setpriv", "setsid", "sh", "sha256sum", "sleep", "sort", "tail",
    "tar", "touch", "tr", "true", "uname", "wc",
)
# fmt: on

STAND_INS = {
    # Makes a small tree in the folder it is told.
    "mmdebstrap": """
        echo built >>"$STATE/mmdebstrap.calls"
        echo "I: fetching" >&2
        eval "${MMDEBSTRAP_DOES:-}"
        tree=${@: -2:1}
        mkdir -p "$tree"/{etc,usr/bin,tmp,var/lib} "$tree/usr/lib/interstice-environment"
        echo key >"$tree/usr/lib/interstice-environment/interstice-environment"
    """,
    "unshare": """
        while [[ $1 == --* ]]; do shift; done
        exec "$@"
    """,
    # Writes down its options and runs the command behind `--`, as a child, where it stands.
    "bwrap": """
        printf '%s\\n' "$@" >>"$STATE/bwrap.options"
        while [[ $1 != -- ]]; do
            [[ $1 != --chdir ]] || cd "$2"
            [[ $1 == --ro-bind && $# == 4 ]] && exit 0
            shift
        done
        shift
        case $1 in */finish.sh) eval "${FINISH_DOES:-}"; exit ;; esac
        "$@" <&0 &
        child=$!
        while :; do wait $child; code=$?; kill -0 $child 2>/dev/null || exit $code; done
    """,
    "df": """
        echo "Filesystem 1048576-blocks Used Available Capacity Mounted on"
        echo "disk 9 9 ${FREE_MB:-99999} 9% /"
    """,
    # PYTHON_IS is its version: without one it is too old for a virtual environment.
    "python3": """
        case "$*" in
            "-I -c "*) [[ -n ${PYTHON_IS:-} ]] || exit 1; printf '%s\\n' "$PYTHON_IS" /usr "$0" ;;
            *"check.py --for-venv"*)
                [[ -z ${SYSTEM_LACKS:-} || -e $STATE/installed ]] && exit 0
                [[ $* != *--packages ]] || echo package-of-the-missing
                echo "missing in this system: $SYSTEM_LACKS" >&2
                exit 72 ;;
            *"check.py --thorough") exit 0 ;;
            *check.py) exit "${CHECK_SAYS:-1}" ;;
            "-m venv "*)
                echo built >>"$STATE/venv.calls"
                mkdir -p "$3/bin"
                cp "$0" "$3/bin/python"
                cp "$0" "$3/bin/python3" ;;
            "-m pip "*) eval "${PIP_DOES:-}" ;;
            *) echo "$PYTHONPATH: $*" ;;
        esac
    """,
    "newuidmap": "exit 0",
}


class Machine:
    """A clone in a folder with a space, a cache of its own, and a PATH of stand-ins."""

    def __init__(self, folder: Path, road: str = "root") -> None:
        self.road = road
        self.step = {"root": "MMDEBSTRAP_DOES", "venv": "PIP_DOES"}[road]
        self.clone = folder / "my clone"
        self.cache = folder / "the cache"
        self.tools = folder / "bin"
        self.state = folder / "state"
        for new in (self.clone, self.tools, self.state):
            new.mkdir()
        shutil.copy(CHECKOUT / "interstice", self.clone)
        shutil.copytree(CHECKOUT / "env", self.clone / "env")
        self.want("a-package-only-this-test-wants")
        for name in REAL_TOOLS:
            (self.tools / name).symlink_to(str(shutil.which(name)))
        for name, script in STAND_INS.items():
            self.install(name, script)
        self.environment = {
            "PATH": str(self.tools),
            "HOME": str(folder),
            "TMPDIR": str(self.state),
            "STATE": str(self.state),
            "INTERSTICE_HOME": str(self.cache),
        }
        if road == "venv":
            self.environment["PYTHON_IS"] = "3.13"

    def install(self, name: str, script: str) -> None:
        (self.tools / name).write_text(f"#!{shutil.which('bash')}\n{script}\n")
        (self.tools / name).chmod(0o755)

    def remove(self, name: str) -> None:
        (self.tools / name).unlink()

    def want(self, package: str) -> None:
        with (self.clone / "env/packages.txt").open("a") as packages:
            packages.write(f"{package}\n")

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [self.clone / "interstice", *arguments],
            env=self.environment | environment,
            cwd=self.state,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        process = self.start(*arguments, **environment)
        output, errors = process.communicate(timeout=20)
        return subprocess.CompletedProcess(process.args, process.returncode, output, errors)

    @property
    def environments(self) -> list[Path]:
        return list(self.cache.glob(f"{self.road}-*"))

    @property
    def leftovers(self) -> list[str]:
        """Whatever a failed build left, except its log and the lock."""
        return [path.name for path in self.cache.glob("*") if path.name not in ("build.log", "lock")]

    def builds(self) -> int:
        calls = self.state / {"root": "mmdebstrap.calls", "venv": "venv.calls"}[self.road]
        return len(calls.read_text().split()) if calls.exists() else 0

    def wait_for_a_build(self) -> None:
        self.wait_for(self.builds, "no build began")

    def wait_for(self, begun: Callable[[], object], otherwise: str) -> None:
        deadline = time.monotonic() + 10
        while not begun():
            assert time.monotonic() < deadline, otherwise
            time.sleep(0.02)


@pytest.fixture(params=["root", "venv"])
def machine(tmp_path: Path, request: pytest.FixtureRequest) -> Machine:
    return Machine(tmp_path, request.param)


@pytest.fixture
def root_machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.fixture
def venv_machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path, "venv")


def test_help_needs_no_environment(machine: Machine) -> None:
    result = machine.run()
    assert result.returncode == 0
    assert "run CASE" in result.stdout
    assert not machine.cache.exists()


def test_exit_code_of_the_command_passes_through(machine: Machine) -> None:
    assert machine.run("shell", "bash", "-c", "exit 7").returncode == 7
    assert machine.run("shell", "true").returncode == 0


def test_environment_is_made_once_and_again_when_a_list_changes(machine: Machine) -> None:
    machine.run("shell", "true")
    machine.run("shell", "true")
    assert machine.builds() == 1
    machine.want("# a remark changes nothing")
    machine.run("shell", "true")
    assert machine.builds() == 1
    machine.want("another-package")
    machine.run("shell", "true")
    assert machine.builds() == 2
    assert len(machine.environments) == 2


def test_environment_unused_for_a_week_goes_when_a_new_one_is_made_unless_a_program_runs_in_it(
    machine: Machine,
) -> None:
    machine.run("shell", "true")
    (old,) = machine.environments
    running = machine.start("shell", "sleep", "3")
    time.sleep(0.7)
    long_ago = time.time() - 8 * 86400
    os.utime(old, (long_ago, long_ago))
    machine.want("another-package")
    machine.run("shell", "true")
    assert old.exists()
    running.communicate(timeout=10)
    os.utime(old, (long_ago, long_ago))
    machine.want("yet-another-package")
    machine.run("shell", "true")
    assert not old.exists()


def test_program_gets_its_arguments_its_folder_and_the_checkout_unharmed_by_spaces(root_machine: Machine) -> None:
    result = root_machine.run("run", "a case.yaml", "--set", "x=1 um")
    assert result.stdout == ": -m interstice run a case.yaml --set x=1 um\n"
    options = (root_machine.state / "bwrap.options").read_text().split("\n")
    assert options[options.index("--chdir") + 1] == str(root_machine.state)
    assert options[options.index("PYTHONPATH") + 1] == f"{root_machine.clone}/src"


def test_tests_run_in_the_checkout_wherever_they_are_started(root_machine: Machine) -> None:
    assert root_machine.run("test", "-k", "contact").stdout.endswith("-m pytest -k contact\n")
    options = (root_machine.state / "bwrap.options").read_text().split("\n")
    assert options[options.index("--chdir") + 1] == str(root_machine.clone)


def test_python_at_hand_is_used_when_it_serves(machine: Machine) -> None:
    result = machine.run("run", "case.yaml", CHECK_SAYS="0")
    assert result.stdout == f"{machine.clone}/src: -m interstice run case.yaml\n"
    assert not machine.cache.exists()


def steps(machine: Machine) -> list[str]:
    return [machine.step] if machine.road == "venv" else [machine.step, "FINISH_DOES"]


def test_failed_build_leaves_nothing_and_shows_the_end_of_its_log(machine: Machine) -> None:
    for step in steps(machine):
        result = machine.run("shell", "true", **{step: "echo 'E: the moon is in the wrong phase'; exit 1"})
        assert result.returncode == 70
        assert "wrong phase" in result.stderr
        assert machine.leftovers == []
    assert machine.run("shell", "true").returncode == 0


@pytest.mark.parametrize(
    "message",
    [
        "Temporary failure resolving 'deb.debian.org'",
        "Failed to establish a new connection: [Errno 101] Network is unreachable",
    ],
)
def test_no_network_is_said_in_words(machine: Machine, message: str) -> None:
    for step in steps(machine):
        result = machine.run("shell", "true", **{step: f'echo "{message}"; exit 1'})
        assert result.returncode == 69
        assert "cannot be reached" in result.stderr
        assert machine.leftovers == []


def test_interrupted_build_leaves_neither_files_nor_processes(machine: Machine) -> None:
    process = machine.start("shell", "true", **{machine.step: 'echo $$ >"$STATE/pid"; exec sleep 60'})
    machine.wait_for_a_build()
    time.sleep(0.3)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=10)
    assert process.returncode == 143
    assert machine.leftovers == []
    builder = int((machine.state / "pid").read_text())
    deadline = time.monotonic() + 5
    while Path(f"/proc/{builder}/cmdline").exists() and Path(f"/proc/{builder}/cmdline").read_bytes():
        assert time.monotonic() < deadline, "the build goes on"
        time.sleep(0.02)


def test_build_whose_launcher_was_killed_is_begun_anew(machine: Machine) -> None:
    process = machine.start("shell", "true", **{machine.step: "exec sleep 60"})
    machine.wait_for_a_build()
    process.kill()
    process.communicate(timeout=10)
    assert machine.run("shell", "true").returncode == 0
    assert machine.builds() == 2
    assert machine.leftovers == [path.name for path in machine.environments]


@pytest.mark.parametrize("late", ["first", "last"])
def test_build_whose_launcher_was_killed_while_a_step_starts_is_begun_anew(machine: Machine, late: str) -> None:
    # A step asks for the signal that ends it with its parent: the parent may be gone by then.
    step = 1 if late == "first" else {"root": 2, "venv": 3}[machine.road]
    machine.remove("setpriv")
    machine.install(
        "setpriv",
        f"""
        echo asked >>"$STATE/asked"
        [[ $(wc -l <"$STATE/asked") != {step} ]] || sleep 1
        exec {shutil.which("setpriv")} "$@"
        """,
    )
    does = steps(machine)[0 if late == "first" else -1]
    process = machine.start("shell", "true", **{does: "exec sleep 60"})
    asked = machine.state / "asked"
    machine.wait_for(lambda: asked.exists() and len(asked.read_text().split()) >= step, "the step did not begin")
    process.kill()
    process.communicate(timeout=10)
    assert machine.run("shell", "true").returncode == 0
    assert machine.leftovers == [path.name for path in machine.environments]


def test_second_start_waits_for_the_build_of_the_first(machine: Machine) -> None:
    first = machine.start("shell", "true", **{machine.step: "sleep 1"})
    machine.wait_for_a_build()
    second = machine.run("shell", "bash", "-c", "exit 5")
    first.communicate(timeout=10)
    assert "waiting" in second.stderr
    assert (first.returncode, second.returncode) == (0, 5)
    assert machine.builds() == 1


def test_missing_tool_is_named_with_the_line_to_type(root_machine: Machine) -> None:
    root_machine.remove("mmdebstrap")
    result = root_machine.run("shell", "true")
    assert result.returncode == 72
    assert "mmdebstrap, needed" in result.stderr
    assert "sudo apt-get install" in result.stderr


def test_missing_tools_are_installed_by_root_or_by_sudo_without_a_password(root_machine: Machine) -> None:
    hidden = root_machine.tools.with_name("hidden")
    (root_machine.tools / "mmdebstrap").rename(hidden)
    root_machine.install("apt-get", f'[[ $1 == install ]] && cp "{hidden}" "{root_machine.tools}/mmdebstrap"; exit 0')
    root_machine.install("sudo", '[[ $1 == -n ]] && shift; "$@"')
    assert root_machine.run("shell", "true").returncode == 0


def test_full_disk_is_noticed_before_the_build(machine: Machine) -> None:
    result = machine.run("shell", "true", FREE_MB="100")
    assert result.returncode == 73
    assert "100 MB free" in result.stderr
    assert machine.builds() == 0


def test_term_reaches_the_program_and_its_own_exit_code_comes_back(machine: Machine) -> None:
    machine.run("shell", "true")
    script = 'trap "echo saved; exit 9" TERM; echo ready; while :; do sleep 0.05; done'
    process = machine.start("shell", "bash", "-c", script)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=10)
    assert (output, process.returncode) == ("saved\n", 9)


def test_term_to_a_program_that_has_just_ended_says_nothing(root_machine: Machine) -> None:
    root_machine.run("shell", "true")
    process = root_machine.start("shell", "bash", "-c", "echo $$; exec sleep 30")
    assert process.stdout is not None
    program = int(process.stdout.readline())
    process.send_signal(signal.SIGSTOP)
    (sandbox,) = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    for ended in (int(sandbox), program):
        os.kill(ended, signal.SIGTERM)
    for number in (signal.SIGTERM, signal.SIGCONT):
        process.send_signal(number)
    assert process.communicate(timeout=10) == ("", "")
    assert process.returncode == 143


def test_ranks_started_outside_the_environment_are_refused(root_machine: Machine) -> None:
    root_machine.run("shell", "true")
    result = root_machine.run("run", "case.yaml", OMPI_COMM_WORLD_SIZE="2")
    assert result.returncode == 2
    assert "-n RANKS" in result.stderr


@pytest.mark.parametrize(
    "variables",
    [
        {"PMI_RANK": "{}", "PMI_SIZE": "2"},
        {"SLURM_PROCID": "{}", "SLURM_STEP_NUM_TASKS": "2", "SLURM_STEP_ID": "0"},
    ],
)
def test_ranks_are_refused_once_whoever_started_them(root_machine: Machine, variables: dict[str, str]) -> None:
    first, second = (
        root_machine.run("run", "case.yaml", **{name: text.format(rank) for name, text in variables.items()})
        for rank in (0, 1)
    )
    assert (first.returncode, second.returncode) == (2, 2)
    assert "2 ranks were started outside" in first.stderr
    assert second.stderr == ""


def test_the_script_of_a_batch_job_is_no_rank(root_machine: Machine) -> None:
    job = {"SLURM_NTASKS": "8", "SLURM_PROCID": "0", "SLURM_STEP_ID": "4294967291", "SLURM_STEP_NUM_TASKS": "8"}
    assert root_machine.run("run", "case.yaml", **job).returncode == 0


# --- the road of the virtual environment ------------------------------------------------------------------


def test_python_3_12_needs_no_root_file_system(venv_machine: Machine) -> None:
    for tool in ("mmdebstrap", "bwrap", "unshare", "newuidmap"):
        venv_machine.remove(tool)
    result = venv_machine.run("run", "a case.yaml", "--set", "x=1 um", PYTHONPATH="/of/another/python")
    assert result.stdout == f"{venv_machine.clone}/src: -m interstice run a case.yaml --set x=1 um\n"
    (environment,) = venv_machine.environments
    made_of = (environment / "interstice-environment").read_text()
    assert made_of.strip() in environment.name


def test_tests_run_in_the_checkout_in_a_virtual_environment_too(venv_machine: Machine) -> None:
    assert venv_machine.run("test", "-k", "contact").stdout.endswith("-m pytest -k contact\n")
    assert venv_machine.run("shell", "bash", "-c", "pwd").stdout == f"{venv_machine.state}\n"


def test_each_python_has_an_environment_of_its_own(venv_machine: Machine) -> None:
    venv_machine.run("shell", "true")
    venv_machine.run("shell", "true", PYTHON_IS="3.12")
    assert venv_machine.builds() == 2
    assert len(venv_machine.environments) == 2


def test_a_later_python_under_its_own_name_is_found(root_machine: Machine) -> None:
    root_machine.install("python3.12", f"PYTHON_IS=3.12 exec '{root_machine.tools}/python3' \"$@\"")
    assert root_machine.run("shell", "true").returncode == 0
    assert root_machine.builds() == 0
    assert [path.name[:5] for path in root_machine.cache.glob("venv-*")] == ["venv-"]


def test_missing_library_is_named_with_the_line_to_type(venv_machine: Machine) -> None:
    result = venv_machine.run("shell", "true", SYSTEM_LACKS="libGLU.so.1")
    assert result.returncode == 72
    assert "libGLU.so.1" in result.stderr
    assert venv_machine.leftovers == []


def test_missing_libraries_are_installed_where_that_is_allowed(venv_machine: Machine) -> None:
    wanted = '[[ $1 == install && $* == *package-of-the-missing* ]] && : >"$STATE/installed"; exit 0'
    venv_machine.install("apt-get", wanted)
    venv_machine.install("sudo", '[[ $1 == -n ]] && shift; "$@"')
    result = venv_machine.run("shell", "true", SYSTEM_LACKS="libGLU.so.1")
    assert result.returncode == 0, result.stderr


def test_environment_made_from_these_lists_is_used_at_once_when_it_is_active(venv_machine: Machine) -> None:
    venv_machine.run("shell", "true")
    (environment,) = venv_machine.environments
    path = f"{environment}/bin:{venv_machine.environment['PATH']}"
    result = venv_machine.run("run", "case.yaml", PATH=path, PYTHON_IS="")
    assert result.stdout == f"{venv_machine.clone}/src: -m interstice run case.yaml\n"
