"""Files that a user names are read whole, or not at all and in words: nothing waits, and nothing fills the memory."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from interstice.schema import files
from interstice.schema.files import FileError


def sparse(path: Path) -> None:
    with path.open("wb") as stream:
        stream.truncate(2_000_000_000)


NO_FILES: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing": (lambda path: None, "there is no such file"),
    "folder": (Path.mkdir, "a folder; a file is needed"),
    "pipe": (os.mkfifo, "not a regular file"),
    "device": (lambda path: path.symlink_to("/dev/zero"), "not a regular file"),
    "sparse": (sparse, "2000 MB is too large; at most 0.001 MB are read"),
    "a little too large": (lambda path: path.write_bytes(bytes(1001)), "0.001 MB is too large"),
    "link to itself": (lambda path: path.symlink_to(path), "cannot be read: Too many levels"),
    "5000 characters": (lambda path: None, "cannot be read: File name too long"),
    "no\0name": (lambda path: None, "cannot be read: .*null"),
}


@pytest.mark.parametrize("name", NO_FILES)
def test_what_is_no_file_is_refused_without_being_opened(name: str, tmp_path: Path) -> None:
    make, words = NO_FILES[name]
    path = tmp_path / ("x" * 5000 if "5000" in name else name)
    make(path)
    with pytest.raises(FileError, match=words):
        files.content(path, 1000)


def test_files_of_the_system_are_empty_and_never_waited_for() -> None:
    for path in ("/proc/self/mem", "/proc/kmsg", "/proc/self/environ"):
        if os.access(path, os.R_OK):
            assert files.content(Path(path), 1000) == b""


def test_all_of_a_file_as_large_as_is_allowed_is_read(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"\xef\xbb\xbf" + 997 * b"x")
    assert files.content(tmp_path / "file", 1000)[3:] == 997 * b"x"
    # the mark of byte order, which some editors write, is no part of the text
    assert files.text(tmp_path / "file", 1000) == 997 * "x"


def test_what_is_no_text_is_refused_with_the_line(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"a\n\nb\xff")
    with pytest.raises(FileError, match=r"^line 3: byte 0xff is not UTF-8") as refusal:
        files.text(path, 1000)
    assert (refusal.value.line, refusal.value.reason[:9]) == (3, "byte 0xff")
    path.write_bytes(b"a\0")
    with pytest.raises(FileError, match=r"^a binary file"):
        files.text(path, 1000)
