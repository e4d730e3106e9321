"""A real Slurm of one node, this machine, for as long as a block of Python, or a shell, lasts.

    python3 tests/one_node_slurm.py                 # a shell in which sbatch, squeue, srun and scancel know of it
    python3 tests/one_node_slurm.py COMMAND …       # one command

munged, slurmctld and slurmd run as whoever starts this, in a temporary folder, on ports of their own, without cgroups
and without accounting: `sacct` is there and knows nothing, as at sites that have no database.

A keeper, a process of its own, starts the daemons and adopts whatever they and the jobs leave behind. It ends all of it
and removes the folder when the block ends, or when the process that it keeps them for is gone, however that came.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

DAEMONS = ("munged", "slurmctld", "slurmd")
COMMANDS = ("sbatch", "srun", "squeue", "scontrol", "scancel", "sinfo", "sacct")
CORES, MEMORY = 4, 16000
"""What the node is said to have [cores, MB], whatever it has: nothing holds the jobs to it."""
KILL_WAIT = 5
"""How long [s] a job that is ended has between SIGTERM and SIGKILL."""
PATIENCE = 20.0
"""How long [s] a daemon may take to answer."""
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36

CONFIGURATION = """\
ClusterName=one
SlurmctldHost=localhost
SlurmctldPort={controller_port}
SlurmdPort={node_port}
SlurmUser={user}
SlurmdUser={user}
AuthInfo=socket={folder}/munge.socket
StateSaveLocation={folder}
SlurmdSpoolDir={folder}
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
MailProg=/bin/true
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/linux
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
DefMemPerCPU=1000
MpiDefault={mpi}
SchedulerParameters=batch_sched_delay=0,sched_interval=1,bf_interval=1
KillWait={kill_wait}
MinJobAge=300
ReturnToService=2
SlurmdParameters=config_overrides
NodeName=localhost CPUs={cores} RealMemory={memory}
PartitionName=all Nodes=localhost Default=YES MaxTime=INFINITE
"""


class SlurmError(Exception):
    """No Slurm came up: the reason, with the last that its daemons said."""


def missing() -> list[str]:
    """Return the programs of Slurm and MUNGE that are not installed."""
    return [program for program in (*DAEMONS, *COMMANDS) if shutil.which(program) is None]


@contextlib.contextmanager
def one_node_slurm(mpi: str = "none") -> Iterator[dict[str, str]]:
    """Yield the environment in which the commands of Slurm know of the one that this starts, and ends afterwards.

    `mpi` is what `srun` offers to ranks without being asked, none or pmi2. Raises SlurmError.
    """
    command = [sys.executable, __file__, "--keep", mpi]
    # a session of its own: Ctrl-C is for the program that it keeps the daemons for
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as keeper:
        assert keeper.stdin is not None and keeper.stdout is not None
        try:
            commands, _, words = keeper.stdout.readline().rstrip("\n").partition(" ")
            if not commands:
                raise SlurmError(words + keeper.stdout.read())
            yield {**os.environ, "PATH": f"{commands}:{os.environ['PATH']}"}
        finally:
            keeper.stdin.close()


def main() -> None:
    if sys.argv[1:2] == ["--keep"]:
        _keep(sys.argv[2])
        return
    try:
        with one_node_slurm() as environment:
            command = sys.argv[1:] or [os.environ.get("SHELL", "/bin/sh")]
            code = subprocess.run(command, env=environment).returncode
    except SlurmError as error:
        sys.exit(f"no Slurm: {error}")
    sys.exit(code if code >= 0 else 128 - code)


# --- the keeper -------------------------------------------------------------------------------------


def _keep(mpi: str) -> None:
    """Start the daemons, print the folder of their commands, or why there is none; end all when stdin does."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    with tempfile.TemporaryDirectory(prefix="slurm-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        try:
            _start(folder, mpi)
            # what it adopts it has no questions to
            signal.signal(signal.SIGCHLD, signal.SIG_IGN)
            print(folder / "bin", flush=True)
            sys.stdin.read()
        except SlurmError as error:
            print("", error, flush=True)
        finally:
            _end_descendants()


def _start(folder: Path, mpi: str) -> None:
    if lacking := missing():
        raise SlurmError(f"{', '.join(lacking)} not installed")
    try:
        user = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        raise SlurmError(f"the user {os.getuid()} has no name in /etc/passwd") from None
    key = folder / "munge.key"
    key.touch(0o600)
    key.write_bytes(secrets.token_bytes(128))
    controller_port, node_port = _free_ports()
    configuration = folder / "slurm.conf"
    configuration.write_text(
        CONFIGURATION.format(
            controller_port=controller_port,
            node_port=node_port,
            user=user,
            folder=folder,
            mpi=mpi,
            kill_wait=KILL_WAIT,
            cores=CORES,
            memory=MEMORY,
        )
    )
    (folder / "cgroup.conf").write_text("CgroupPlugin=disabled\n")
    os.environ["SLURM_CONF"] = str(configuration)
    (folder / "bin").mkdir()
    for command in COMMANDS:
        # that know their configuration by themselves, as those of a site: programs may drop the variable
        script = folder / "bin" / command
        script.write_text(f'#!/bin/sh\nSLURM_CONF={configuration} exec {shutil.which(command)} "$@"\n')
        script.chmod(0o755)

    files = {"key-file": "key", "socket": "socket", "pid-file": "pid", "seed-file": "seed"}
    options = [f"--{option}={folder}/munge.{name}" for option, name in files.items()]
    # by force, as others cannot look into the folder of the socket
    _start_daemon(
        folder, (folder / "munge.socket").exists, "munged", "--foreground", "--force", "--num-threads=10", *options
    )
    _start_daemon(folder, lambda: _answers(controller_port), "slurmctld", "-D")
    _start_daemon(folder, _node_is_idle, "slurmd", "-D", "-N", "localhost")


def _start_daemon(folder: Path, is_up: Callable[[], bool], *command: str) -> None:
    """Start a daemon and wait until it is up."""
    log = folder / f"{command[0]}.log"
    with log.open("wb") as stream:
        daemon = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=stream, stderr=stream, preexec_fn=_die_with_keeper
        )
    end = time.monotonic() + PATIENCE
    while not is_up():
        if daemon.poll() is not None or time.monotonic() > end:
            last = "\n".join(log.read_text(errors="replace").splitlines()[-20:])
            how = "does not answer" if daemon.returncode is None else f"ended with code {daemon.returncode}"
            raise SlurmError(f"{command[0]} {how}\n{last}")
        time.sleep(0.05)


def _die_with_keeper() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as other:
        for each in (one, other):
            each.bind(("localhost", 0))
        return one.getsockname()[1], other.getsockname()[1]


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("localhost", port), timeout=1):
        return True
    return False


def _node_is_idle() -> bool:
    asked = subprocess.run(["sinfo", "--noheader", "--format=%T"], capture_output=True, text=True)
    return asked.stdout.strip() == "idle"


def _end_descendants() -> None:
    """Kill whatever this process has started or adopted, until there is nothing left."""
    while processes := _descendants():
        for process in processes:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        time.sleep(0.01)


def _descendants() -> list[int]:
    found = [os.getpid()]
    for process in found:
        for children in Path(f"/proc/{process}/task").glob("*/children"):
            with contextlib.suppress(OSError):
                found += [int(word) for word in children.read_text().split()]
    return found[1:]


if __name__ == "__main__":
    main()
