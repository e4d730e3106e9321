"""One folder, one run: a lock on a file in it, which its process holds and the system takes back when that ends."""

from __future__ import annotations

import fcntl
import os
import socket
from pathlib import Path
from typing import IO

FILE = "lock"


class Lock:
    """The lock of a folder of results, held until `release` or the end of the process, however that comes."""

    def __init__(self, path: Path, stream: IO[bytes]) -> None:
        """Hold what `take` has taken."""
        self._path, self._stream = path, stream

    @classmethod
    def take(cls, folder: Path) -> Lock | None:
        """Take the lock of a folder; None if another run has it, OSError if it cannot be written."""
        # without a buffer: what the disk does not take is not tried again when the file is closed
        stream = (folder / FILE).open("ab", buffering=0)
        if not _locked(stream):
            stream.close()
            return None
        stream.truncate(0)
        stream.write(f"process {os.getpid()} on {socket.gethostname()}\n".encode())
        return cls(folder / FILE, stream)

    def release(self) -> None:
        """Give it back."""
        self._path.unlink(missing_ok=True)
        self._stream.close()


def holder(folder: Path) -> str:
    """Return which process holds the lock of a folder, on which machine; "" if none does that is still there."""
    try:
        with (folder / FILE).open("rb") as stream:
            return "" if _locked(stream) else stream.read().decode().strip() or "a process that has just begun"
    except (FileNotFoundError, NotADirectoryError):
        return ""


def _locked(stream: IO[bytes]) -> bool:
    """Try to lock an open file; return whether that went well, or the file system knows no locks."""
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True
