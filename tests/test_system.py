"""What the operating system lacks is found and named with the line to type."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from interstice.solver import system


def test_nothing_is_missing_where_the_tests_run() -> None:
    assert system.missing_for_forms() == []


def test_a_missing_library_is_named_with_its_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system, "can_load", lambda name: name != "libGLU.so.1")
    monkeypatch.setattr(system.shutil, "which", lambda name: "/usr/bin/apt-get" if name == "apt-get" else None)
    (lacking,) = system.missing_libraries()
    words = system.words([lacking])
    assert "libGLU.so.1" in words and "sudo apt-get install" in words and " libglu1-mesa " in words
    assert "dnf" not in words


def test_a_missing_compiler_explains_that_a_form_cannot_be_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    cffi = pytest.importorskip("cffi")
    monkeypatch.setenv("CC", "no-such-compiler")
    assert system.COMPILER in system.missing_behind(cffi.VerificationError("CompileError"))
    assert system.missing_behind(RuntimeError("no convergence")) == []


def test_missing_headers_are_those_of_this_python(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(system.sysconfig, "get_path", lambda kind: str(tmp_path))
    assert system.missing_for_forms() == [system.HEADERS]
    assert "python{}.{}-dev".format(*sys.version_info) in system.packages([system.HEADERS])
