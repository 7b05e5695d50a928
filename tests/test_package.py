"""What dlcore promises as a package: its names, its docstrings, what importing it costs."""

import importlib
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import dlcore

ROOT = Path(__file__).resolve().parents[1]

PUBLIC = {
    "check": {"answer", "claim", "close"},
    "data": {"Dataset", "load_mnist"},
    "models": {"mnist_cnn"},
    "ops": {"categorical_crossentropy", "conv2d", "dense", "max_pool2d", "relu", "softmax"},
    "plot": {"confusion", "curves", "images", "intervals", "reliability"},
    "training": {"Progress"},
}


def public(name):
    module = importlib.import_module(f"dlcore.{name}")
    return {
        key: value
        for key, value in vars(module).items()
        if not key.startswith("_") and getattr(value, "__module__", None) == module.__name__
    }


def test_every_module_is_listed():
    assert {path.stem for path in (ROOT / "dlcore").glob("[!_]*.py")} == set(PUBLIC)


@pytest.mark.parametrize("name", PUBLIC)
def test_public_names_are_the_promised_ones(name):
    assert set(public(name)) == PUBLIC[name]


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_name_is_documented(name):
    for value in public(name).values():
        doc = inspect.getdoc(value)
        assert doc
        if name in ("ops", "models"):
            assert "Source:" in doc
        if name in ("ops", "check", "plot") and "raise ValueError" in inspect.getsource(value):
            assert "Raises:" in doc


@pytest.mark.parametrize("name", ["check", "data", "ops", "plot"])
def test_importing_loads_no_framework(name):
    code = (
        f"import sys, dlcore.{name}; "
        "print(sorted({'keras', 'tensorflow', 'sklearn', 'pandas'} & set(sys.modules)))"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "[]\n"


def test_importing_the_package_loads_nothing():
    code = "import sys, dlcore; print('numpy' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "False\n"


@pytest.mark.parametrize("path", sorted((ROOT / "dlcore").glob("*.py")), ids=lambda path: path.name)
def test_a_file_can_be_read_in_one_sitting(path):
    assert len(path.read_text("utf-8").splitlines()) <= 300


def test_the_version_is_written_once():
    assert dlcore.__version__ not in (ROOT / "pyproject.toml").read_text("utf-8")


def test_nobody_is_sent_to_the_other_dlcore_on_pypi():
    wrong = " ".join(("pip install", "dlcore"))
    texts = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "chapters").glob("*.[im]*")]
    assert [path.name for path in texts if wrong in path.read_text("utf-8")] == []
