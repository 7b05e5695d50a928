"""What a newcomer meets: the lock, `make env`, `make serve`, and how `make test` ends."""

import ast
import os
import re
import shutil
import socket
import stat
import subprocess
import sys
import time
import tomllib
import zipfile
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
LOCK = re.sub(r" \\\n\s+", " ", (ROOT / "requirements.txt").read_text("utf-8"))
PINNED = [line for line in LOCK.splitlines() if line and not line.startswith("#")]


# The lock


def extras_needed(environments):
    """(name, extra) that something installed needs, from the metadata of all that is pinned."""
    needed = set()
    for requirement in environments:
        try:
            wants = metadata.requires(requirement.name) or []
        except metadata.PackageNotFoundError:
            continue  # for another system
        for text in wants:
            want = Requirement(text)
            extras = requirement.extras or {""}
            if want.extras and any(
                want.marker is None or want.marker.evaluate({"extra": extra}) for extra in extras
            ):
                needed |= {(canonicalize_name(want.name), extra) for extra in want.extras}
    return needed


def test_the_lock_names_every_extra_that_is_needed():
    """pip before 25 takes the newest release for one that is not named, and then refuses it."""
    requirements = [Requirement(line.partition(" --hash")[0]) for line in PINNED]
    pinned = {(canonicalize_name(r.name), extra) for r in requirements for extra in r.extras}
    needed = extras_needed(requirements)
    assert ("coverage", "toml") in needed, "pytest-cov needs it"
    assert needed <= pinned


def test_the_lock_pins_one_version_with_hashes_on_every_line():
    for line in PINNED:
        assert re.match(r"[a-z0-9.-]+(\[[a-z0-9,-]+\])?==\S+ ", line), line
        assert re.search(r" --hash=sha256:[0-9a-f]{64}", line), line


def test_the_lock_has_jax_for_the_processor_alone_and_no_pytorch():
    """PyTorch's wheel for Linux, like JAX's plugins for GPUs, would bring gigabytes of CUDA."""
    names = {Requirement(line.partition(" --hash")[0]).name for line in PINNED}
    assert {"jax", "jaxlib"} <= names
    heavy = ("torch", "triton", "nvidia", "cuda", "jax-cuda", "jax-rocm")
    assert not [name for name in names if name.startswith(heavy)]


# make env, with stand-ins for Python and uv that write down how they were called

FAKE_PYTHON = """#!/bin/sh
echo "$0 $*" >>"$CALLS"
case "$*" in
  *"-m venv"*) mkdir -p .venv/bin && cp "$0" .venv/bin/python ;;
  *"-m pip"*) for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14; do echo "line $i of pip"; done
    exit ${PIP_FAILS:-0} ;;
esac
"""
FAKE_UV = """#!/bin/sh
echo "uv $*" >>"$CALLS"
[ "$1" = venv ] && mkdir -p .venv/bin && cp "$(dirname "$0")/python3" .venv/bin/python
exit 0
"""


@pytest.fixture
def clone(tmp_path):
    """The parts of a clone that `make env` needs, in a folder with a space and Chinese."""
    root = tmp_path / "深度 学习"
    (root / "tools").mkdir(parents=True)
    for name in ("Makefile", "tools/env.sh", "requirements.txt"):
        shutil.copy(ROOT / name, root / name)
    fakes = tmp_path / "bin"
    fakes.mkdir()
    for name, text in {"python3": FAKE_PYTHON, "python3.12": FAKE_PYTHON, "uv": FAKE_UV}.items():
        (fakes / name).write_text(text)
        (fakes / name).chmod(stat.S_IRWXU)
    return root


def make_env(root, *arguments, **settings):
    calls = root.parent / "calls"
    calls.write_text("")
    path = f"{root.parent / 'bin'}:/usr/local/bin:/usr/bin:/bin"
    run = subprocess.run(
        ["make", "env", *arguments],
        cwd=root,
        env={"PATH": path, "CALLS": str(calls), "LC_ALL": "C.UTF-8", **settings},
        capture_output=True,
        text=True,
        timeout=60,
    )
    run.calls = calls.read_text()
    return run


def test_an_environment_is_created_once(clone):
    first = make_env(clone, "UV=")
    assert first.returncode == 0, first.stderr
    assert "--require-hashes -r requirements.txt" in first.calls
    assert "uv" not in first.calls
    assert "of pip" not in first.stdout + first.stderr
    assert first.stdout.count("\n") == 1
    assert make_env(clone, "UV=").calls == ""


def test_a_copied_or_renamed_clone_gets_its_own_environment(clone):
    make_env(clone, "UV=")
    copy = clone.with_name("a copy")
    shutil.copytree(clone, copy)
    assert "-m venv" in make_env(copy, "UV=").calls
    assert make_env(copy, "UV=").calls == ""
    renamed = clone.rename(clone.with_name("another name"))
    assert "-m venv" in make_env(renamed, "UV=").calls


def test_uv_is_used_where_it_is_and_heeds_a_named_python(clone):
    assert "uv venv --quiet --clear --python >=3.11,<3.14 .venv" in make_env(clone).calls
    assert make_env(clone).calls == ""
    named = make_env(clone, "PYTHON=python3.12")
    assert "uv venv --quiet --clear --python python3.12 .venv" in named.calls
    assert make_env(clone, "PYTHON=python3.12").calls == ""
    assert make_env(clone).calls == "", "the environment that was asked for stays"


def test_pip_heeds_a_named_python(clone):
    assert "python3.12 -m venv" in make_env(clone, "UV=", "PYTHON=python3.12").calls


def test_a_failure_shows_the_end_of_the_log_and_the_way_out(clone):
    failed = make_env(clone, "UV=", PIP_FAILS="1")
    assert failed.returncode != 0
    assert "line 14 of pip" in failed.stderr
    assert "line 2 of pip" not in failed.stderr
    assert ".venv/install.log" in failed.stderr
    assert "PIP_INDEX_URL" in failed.stderr
    assert "-m venv" in make_env(clone, "UV=").calls, "it starts afresh"


def test_a_python_that_is_too_old_or_new_is_refused(clone):
    python = clone.parent / "bin" / "python3"
    python.write_text(f'#!/bin/sh\n[ "$1" = -c ] && exec {sys.executable} -c "import sys; '
                      'sys.version_info = (3, 14); exec(sys.argv[1])" "$2"\n')  # fmt: skip
    refused = make_env(clone, "UV=")
    assert refused.returncode != 0
    assert "needs Python 3.11 to 3.13, this is 3.14" in refused.stderr
    assert "PYTHON=python3.12" in refused.stderr


# What else is installed and served


def test_the_wheel_holds_every_module(tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    shutil.copytree(ROOT / "dlcore", source / "dlcore")
    (source / "dlcore" / "deeper").mkdir()
    (source / "dlcore" / "deeper" / "__init__.py").touch()
    build = (
        "import setuptools.build_meta as m, sys; "
        "m.build_wheel(sys.argv[1])"
    )  # fmt: skip
    run = subprocess.run(
        [sys.executable, "-c", build, str(tmp_path)], cwd=source, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    (wheel,) = tmp_path.glob("*.whl")
    expected = {str(path.relative_to(source)) for path in source.glob("dlcore/**/*.py")}
    held = set(zipfile.ZipFile(wheel).namelist())
    assert expected <= held
    data = {f"dlcore/data/{path.name}" for path in (ROOT / "dlcore" / "data").iterdir()}
    data = {name for name in data if Path(name).suffix in (".csv", ".md", ".txt")}
    assert len(data) == 3
    assert data <= held
    everything = (
        "import importlib, pkgutil, sys; sys.path.insert(0, sys.argv[1]); import dlcore; "
        "assert dlcore.__file__.startswith(sys.argv[1]), dlcore.__file__; "
        "found = list(pkgutil.walk_packages(dlcore.__path__, 'dlcore.')); "
        "[importlib.import_module(module.name) for module in found]; "
        "dlcore.data.load_names(); dlcore.data.load_sunspots(); "
        "print(*(module.name for module in found))"
    )
    run = subprocess.run(
        [sys.executable, "-c", everything, str(wheel)], cwd=tmp_path, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    modules = {name.removesuffix(".py").removesuffix("/__init__") for name in expected}
    assert {name.replace("/", ".") for name in modules} - {"dlcore"} == set(run.stdout.split())


def test_everything_that_dlcore_imports_is_declared():
    distributions = metadata.packages_distributions()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    declared = {canonicalize_name(Requirement(text).name) for text in project["dependencies"]}
    imported = {
        name.partition(".")[0]
        for path in (ROOT / "dlcore").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        for name in (
            [alias.name for alias in node.names] if isinstance(node, ast.Import)
            else [node.module] if isinstance(node, ast.ImportFrom)
            else []
        )
    } - set(sys.stdlib_module_names) - {"dlcore"}  # fmt: skip
    missing = {
        name
        for name in imported
        if not {canonicalize_name(found) for found in distributions[name]} & declared
    }
    assert missing == set()


def test_a_busy_port_is_explained():
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = str(busy.getsockname()[1])
        command = [sys.executable, ROOT / "tools" / "serve.py", port]
        run = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert run.returncode != 0
    assert run.stderr.startswith(f"Port {port} cannot be used (")
    assert "make serve PORT=" in run.stderr


def test_line_ends_are_the_same_everywhere():
    assert "* text=auto eol=lf" in (ROOT / ".gitattributes").read_text("utf-8").splitlines()


# The workflows


def test_publishing_waits_for_the_tests():
    jobs = yaml.safe_load((ROOT / ".github/workflows/publish.yml").read_text("utf-8"))["jobs"]
    assert jobs["test"]["uses"] == "./.github/workflows/test.yml"
    assert {"test", "build"} <= set(jobs["publish"]["needs"])


def test_a_pull_request_is_tested_once():
    """Its branch may lie in this repository: `push` would run for each of its commits too."""
    workflow = yaml.safe_load((ROOT / ".github/workflows/test.yml").read_text("utf-8"))
    assert set(workflow[True]) == {"pull_request", "workflow_call"}  # to YAML 1.1 `on` is true


# The end of `make test`


@pytest.mark.parametrize(("late", "end"), [(1, "skipped"), (-600, "passed")])
def test_what_would_begin_too_late_is_left_out_and_counted(tmp_path, late, end):
    command = [sys.executable, "-m", "pytest", "-q", "tests/test_labels.py"]
    if late > 0:
        command.append("--cov")  # what was left out covers nothing
    until = {"BOOK_TESTS_UNTIL": str(time.time() - late)}
    environ = os.environ | until | {"COVERAGE_FILE": str(tmp_path / "coverage")}
    run = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout
    [count] = re.findall(rf"^(\d+) {end} in ", run.stdout, re.MULTILINE)
    assert (f"Note: {count} tests left out" in run.stdout) == (late > 0)
