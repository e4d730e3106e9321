"""Files that a user names, read whole: none that is no file of its own, and no more of one than makes sense."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from interstice.schema.problems import brief


class FileError(ValueError):
    """A file that is not read: the `reason`, in the `line` if that is not 0; the text is both, without the name."""

    def __init__(self, reason: str, line: int = 0) -> None:
        super().__init__(f"line {line}: {reason}" if line else reason)
        self.reason, self.line = reason, line


class MissingError(FileError):
    """There is no file at that path."""


def content(path: Path, most: int) -> bytes:
    """Return the bytes of a regular file of `most` bytes at most; FileError says why there are none."""
    size = size_of(path, most)
    try:
        # what is at the path may be another thing by now: nobody waits for it
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as stream:
            return stream.read(size)
    except OSError as error:
        raise FileError(f"cannot be read: {error.strerror or error}") from None


def size_of(path: Path, most: int) -> int:
    """Return the bytes of a regular file; FileError if there is none, or more than `most` of them.

    Files of the system, some of which never end, have none.
    """
    try:
        status = path.stat()
    except FileNotFoundError:
        raise MissingError("there is no such file") from None
    except (OSError, ValueError) as error:
        raise FileError(f"cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if stat.S_ISDIR(status.st_mode):
        raise FileError("a folder; a file is needed")
    if not stat.S_ISREG(status.st_mode):
        raise FileError("not a regular file, which is needed")
    if status.st_size > most:
        raise FileError(f"{round(status.st_size / 1e6, 3):g} MB is too large; at most {most / 1e6:g} MB are read")
    return status.st_size


def reason_beside_case(error: FileError, path: Path) -> str:
    """Return why a file that a case names was not read; where there is none, also where it was looked for."""
    if isinstance(error, MissingError):
        return f"there is no file '{brief(path, quotes=False, longest=300)}'; the path is relative to the case file"
    return error.reason


def text(path: Path, most: int) -> str:
    """Return the text of such a file, in UTF-8; FileError says why there is none, with the line."""
    found = content(path, most)
    if b"\0" in found:
        raise FileError("a binary file; text in UTF-8 is needed")
    try:
        return found.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = found.count(b"\n", 0, error.start) + 1
        raise FileError(f"byte 0x{found[error.start]:02x} is not UTF-8; save the file as UTF-8 text", line) from None
