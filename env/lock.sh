#!/bin/sh
# Renews lock.txt, with hashes, from pyproject.toml (needs uv, from PyPI); options go to it, such as --upgrade-package NAME.
set -eu
cd "$(dirname "$0")"
# Later wheels of VTK are a quarter larger; Python 3.14 has no earlier ones.
echo 'vtk <9.6; python_version < "3.14"' |
    uv pip compile ../pyproject.toml --extra study --extra view --extra docs --extra test --extra check --constraint - --universal \
        --python-version 3.12 --generate-hashes --no-annotate --custom-compile-command env/lock.sh \
        --output-file lock.txt --quiet "$@"
