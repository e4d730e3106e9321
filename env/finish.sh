#!/bin/sh
# The last step of every environment (launcher, Dockerfile, Apptainer), run inside it by whoever owns it once the packages of
# packages.txt are there: add requirements.txt, try everything, and leave the key that says which lists it was made of.
set -eu
lists=$(dirname "$0")
# shellcheck source-path=SCRIPTDIR source=settings.sh
. "$lists/settings.sh"

# Each build serves one program, so Debian's guard against mixing pip and apt has nothing to protect.
install() {
    python3 -m pip install --break-system-packages --root-user-action=ignore --no-cache-dir --no-deps \
        --disable-pip-version-check --progress-bar off "$@"
}
install --requirement "$lists/requirements.txt"
install --requirement "$lists/tamaas.txt" --python-version 3.11 --only-binary :all: --target /opt/tamaas
PYTHONPATH=/opt/tamaas python3.11 -c "import tamaas"
python3 "$lists/check.py" --thorough
"$lists/key.sh" >/etc/interstice-environment
