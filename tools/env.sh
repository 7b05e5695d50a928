#!/bin/sh
# Creates the environment of requirements.txt in .venv; `make env` calls this.
#
#     env.sh UV PYTHON    the path of uv, or nothing for pip; a Python, if one was named
set -eu
cd "$(dirname "$0")/.."
uv=$1 named=$2
python=.venv/bin/python log=.venv/install.log
# A reader's own settings of pip: with them packages would go elsewhere.
unset PIP_TARGET PIP_PREFIX
export PIP_USER=0 PIP_NO_INPUT=1 PIP_DISABLE_PIP_VERSION_CHECK=1
# A line that stumbles once in 640 MB.
export PIP_RETRIES=10 PIP_DEFAULT_TIMEOUT=60

supported() {
  "$1" -c 'import sys; v = sys.version_info[:2]; (3, 11) <= v <= (3, 13) or sys.exit("The book needs Python 3.11 to 3.13, this is %d.%d. Name one: make book PYTHON=python3.12" % v)'
}

quietly() {
  "$@" >>"$log" 2>&1 || {
    tail -n 12 "$log" >&2
    cat >&2 <<END

The environment could not be created; the lines above are the last of $log.
It needs 2.8 GB of disk and a package index: through a proxy, or from a mirror that PIP_INDEX_URL
(with uv: UV_DEFAULT_INDEX) names. Then \`make env\` again, which starts afresh.
END
    exit 1
  }
}

if [ -n "$uv" ]; then
  echo "Creating .venv with uv: up to 2.8 GB on disk, 640 MB to download ..."
  "$uv" venv --quiet --clear --python "${named:->=3.11,<3.14}" .venv
  supported $python
  quietly "$uv" pip sync --python $python --require-hashes requirements.txt
  quietly "$uv" pip install --python $python --no-deps --no-build-isolation -e .
else
  supported "${named:-python3}"
  echo "Creating .venv with pip: 2.8 GB on disk, 640 MB to download, some minutes ..."
  "${named:-python3}" -m venv --clear .venv
  quietly $python -m pip install --require-hashes -r requirements.txt
  quietly $python -m pip install --no-deps --no-build-isolation -e .
fi
printf '%s\n%s\n' "$(pwd -P)" "$named" >.venv/ready
