"""What pip installs: the wheel and the source distribution, built from a copy of the checkout without network."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FOLDERS = ("schema", "materials", "meshes", "solver", "cases", "benchmarks")
BUILD = "import sys; from setuptools import build_meta; getattr(build_meta, 'build_' + sys.argv[1])(sys.argv[2])"


def build(kind: str, source: Path, target: Path) -> Path:
    """Build a "wheel" or an "sdist" of `source` into `target` and return its file."""
    done = subprocess.run([sys.executable, "-c", BUILD, kind, str(target)], cwd=source, text=True, capture_output=True)
    assert done.returncode == 0, done.stderr
    (file,) = target.glob("*.whl" if kind == "wheel" else "*.tar.gz")
    return file


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the source distribution, unpacked."""
    folder = tmp_path_factory.mktemp("packaging")
    checkout = folder / "checkout"
    checkout.mkdir()
    for name in ("pyproject.toml", "MANIFEST.in", "README.md"):
        shutil.copy(ROOT / name, checkout)
    for name in (*FOLDERS, "src", "tests"):
        ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
        shutil.copytree(ROOT / name, checkout / name, symlinks=True, ignore=ignored)
    with tarfile.open(build("sdist", checkout, folder)) as archive:
        archive.extractall(folder, filter="data")
    (unpacked,) = folder.glob("interstice_fem-*/")
    return unpacked


def files(folder: Path) -> set[str]:
    found = {path.relative_to(folder).as_posix() for name in FOLDERS for path in (folder / name).rglob("*.*")}
    return {name for name in found if "__pycache__" not in name}


def test_source_distribution_holds_all_of_the_program(source: Path) -> None:
    assert files(source / "src/interstice") == files(ROOT)
    assert not (source / "tests").exists()


def test_wheel_of_the_source_distribution_has_one_import_name_and_all_files(source: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(build("wheel", source, tmp_path)) as wheel:
        names = wheel.namelist()
        commands = next(wheel.read(name).decode() for name in names if name.endswith("entry_points.txt"))
    assert {name.split("/")[0].partition("-")[0] for name in names} == {"interstice", "interstice_fem"}
    inside = {name.removeprefix("interstice/") for name in names if name.startswith("interstice/")}
    assert inside == files(ROOT) | {path.name for path in (ROOT / "src" / "interstice").glob("*.py")}
    assert "interstice = interstice.cli:main" in commands
