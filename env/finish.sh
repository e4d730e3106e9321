#!/bin/sh
# Makes the virtual environment of the program: finish.sh PYTHON FOLDER. The last step of every environment (launcher,
# Dockerfile, Apptainer), run where it is to be used. The key in it, written last, says that it is complete and of which
# lists it was made.
set -eu
python=$1
folder=$2
lists=$(dirname "$0")
# shellcheck source-path=SCRIPTDIR source=settings.sh
. "$lists/settings.sh"
# What the user set for a Python of theirs would end up in here, or keep packages out.
unset PYTHONHOME PYTHONPATH PIP_TARGET PIP_PREFIX PIP_CONSTRAINT
export PYTHONNOUSERSITE=1 PIP_USER=0 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1

# A build that is killed takes these along, and starts none of them if it was killed just before.
bound() {
    # shellcheck disable=SC2016  # the inner shell expands them
    setpriv --pdeathsig KILL sh -c '[ "$PPID" = "$0" ] && exec "$@"' $$ "$@"
}

echo "I: making a virtual environment"
bound "$python" -m venv "$folder"
echo "I: fetching Python packages"
# Of connection-pool, pure Python, which Snakemake needs, PyPI has the source alone.
bound "$folder/bin/python" -m pip install --require-hashes --only-binary :all: --no-binary connection-pool --no-deps --no-cache-dir --progress-bar off \
    --requirement "$lists/lock.txt"
echo "I: trying everything"
PATH=$folder/bin:$PATH bound "$folder/bin/python" "$lists/check.py" --thorough
"$lists/key.sh" >"$folder/interstice-environment"
