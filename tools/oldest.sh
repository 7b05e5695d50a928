#!/bin/sh
# Tests dlcore with the lowest versions that pyproject.toml allows; `make oldest` calls this.
set -eu
cd "$(dirname "$0")/.."
python=_build/oldest/bin/python

python3 -m venv --clear _build/oldest
"$python" -c '
import re, tomllib
bounds = tomllib.load(open("pyproject.toml", "rb"))["project"]["dependencies"]
print(*(re.sub(r">=([0-9.]+)", r"==\1.*", bound) for bound in bounds), sep="\n")
' >_build/oldest/requirements.txt
# TensorFlow and the tests name no bound of their own: they come as the oldest of dlcore allow.
# By uv, which finds versions that fit in seconds; pip tries them one by one, for minutes.
"$python" -m pip install --quiet --disable-pip-version-check uv
"$python" -m uv pip install --quiet --python "$python" -r _build/oldest/requirements.txt \
  "tensorflow-cpu==2.18.*" hypothesis nbformat nbval PySocks pytest pytest-xdist pyyaml setuptools
OPENBLAS_NUM_THREADS=1 PYTHONPATH=. "$python" -m pytest -n 2 --dist loadfile -q -W ignore::DeprecationWarning \
  tests/test_check.py tests/test_check_answer.py tests/test_check_gradient.py tests/test_data.py \
  tests/test_grads.py tests/test_losses.py tests/test_models.py tests/test_ops.py tests/test_optimizers.py \
  tests/test_plot.py tests/test_training.py tests/test_window_grads.py
