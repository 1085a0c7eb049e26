#!/bin/sh
# What makes the image, as plain commands: deploy/image/Containerfile runs these, and so does tests/deploy on a machine
# without containers. From the root of a clone:
#
#   steps.sh wheel FOLDER          the loket as a wheel, with the files for the browser and the migrations in it
#   steps.sh install VENV WHEEL    a venv with that wheel and what it needs, by hash; nothing else
set -eu

pip_install() { "$1" -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r "$2"; }

case "${1:-}" in
wheel)
    python3 -m venv "$2/build"
    pip_install "$2/build/bin/python" requirements-build.lock
    "$2/build/bin/python" deploy/assets.py
    "$2/build/bin/python" -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation \
        --wheel-dir "$2" .
    rm -r "$2/build"
    ;;
install)
    python3 -m venv "$2"
    pip_install "$2/bin/python" requirements-run.lock
    "$2/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-index "$3"
    # Compiled now: nothing can be written later. Who gets in finds no installer.
    "$2/bin/python" -m compileall -q "$2/lib" || true
    "$2/bin/python" -m pip uninstall --quiet --yes setuptools pip
    ;;
*)
    sed -n 's/^#   //p' "$0" >&2
    exit 2
    ;;
esac
