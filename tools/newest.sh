#!/bin/sh
# Repeats page 4 and seven test files on Python 3.13, in a copy; `make newest` calls this.
# Left out, with a line that says so, where there is no Python 3.13.
#
#     newest.sh UV    the path of uv, or nothing for pip
set -eu
cd "$(dirname "$0")/.."
uv=$1
for python in "$(command -v python3.13 || true)" "$HOME"/.pyenv/versions/3.13.*/bin/python; do
  [ -x "$python" ] && "$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 13))' 2>/dev/null && break
  python=
done
if [ -z "$python" ]; then
  echo "No Python 3.13 was found: its environment, its tests and page 4 were left out."
  exit 0
fi

# The copy's path has what breaks commands that do not quote.
copy="$PWD/_build/newest/a copy 的"
rm -rf "$copy"
mkdir -p "$copy"
git ls-files -z --cached --others --exclude-standard | tar -c --null --files-from=- | tar -x -C "$copy"
cd "$copy"
git init --quiet
make env UV="$uv" PYTHON="$python"
if [ -n "$uv" ]; then # the lock holds for both
  "$uv" pip sync --quiet --dry-run --python .venv/bin/python --require-hashes requirements.txt
fi
unset DLCORE_DATA
export OPENBLAS_NUM_THREADS=1
# A proxy that answers nothing: the stand-in, at once.
export HTTPS_PROXY=http://127.0.0.1:9 https_proxy=http://127.0.0.1:9
XDG_CACHE_HOME="$copy/cache" HOME="$copy" \
  .venv/bin/python -m pytest -n 2 --dist loadfile -q --durations=8 chapters/4_keras_mnist.ipynb \
  tests/test_data.py tests/test_environment.py tests/test_models.py \
  tests/test_notebooks.py tests/test_package.py tests/test_plot.py tests/test_training.py
