"""A reader's own settings of Python, Jupyter, Matplotlib and Keras do not reach the pages."""

import json
import os
import subprocess
import sys
from pathlib import Path

import environment
import pytest

# What other books' readers had set when a page showed something else, or nothing.
HOSTILE = {
    "MPLBACKEND": "Agg",
    "PYTHONOPTIMIZE": "1",
    "KERAS_BACKEND": "jax",
    "TF_CPP_MIN_LOG_LEVEL": "0",
    "TF_ENABLE_ONEDNN_OPTS": "1",
    "NO_COLOR": "1",
    "COLUMNS": "20",
}

RUN = """
import sys, nbformat
from nbclient import NotebookClient
sys.path.insert(0, {tools!r})
import environment
environment.clean()
cell = nbformat.v4.new_code_cell(sys.stdin.read())
notebook = nbformat.v4.new_notebook(cells=[cell])
NotebookClient(notebook, kernel_name="python3", timeout=120).execute()
print("".join(output.get("text", "a figure or a value;") for output in cell.outputs))
"""

ASK = """
import json, os, subprocess, sys
import matplotlib
shell = get_ipython()
child = subprocess.run([sys.executable, "-c", "import missing"], capture_output=True, text=True)
print(json.dumps({
    "backend": matplotlib.get_backend(),
    "rc": matplotlib.rcParams["lines.linewidth"],
    "shown": shell.ast_node_interactivity,
    "formats": sorted(shell.config.get("InlineBackend", {}).get("figure_formats", [])),
    "asserts": __debug__,
    "encoding": open(os.devnull).encoding.lower(),
    "child": child.stderr.splitlines()[-1],
    "keras": os.environ["KERAS_HOME"].startswith(os.environ["HOME"]),
    "shared": os.environ.get("STARTED"),
    "environ": dict(os.environ),
}))
"""


def settle(home):
    """A home in which everything is set as some reader has it."""
    files = {
        ".ipython/profile_default/ipython_kernel_config.py": (
            "c.InlineBackend.figure_formats = {'jpeg'}\n"
            "c.InteractiveShell.ast_node_interactivity = 'all'\n"
        ),
        ".config/matplotlib/matplotlibrc": "lines.linewidth: 7\n",
        ".keras/keras.json": '{"image_data_format": "channels_first"}',
        "start.py": "import os; os.environ['STARTED'] = 'yes'",
    }
    for name, content in files.items():
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return {"HOME": str(home), "PYTHONSTARTUP": str(home / "start.py")}


def execute(source, **settings):
    """What a cell prints in a kernel, started where these are set."""
    outer = {k: v for k, v in os.environ.items() if k not in environment.OURS | environment.JUPYTER}
    command = [sys.executable, "-c", RUN.format(tools=str(environment.ROOT / "tools"))]
    run = subprocess.run(
        command, input=source, env=outer | settings, capture_output=True, text=True, timeout=300
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    return json.loads(execute(ASK, **HOSTILE, **settle(home), LC_ALL="C"))


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        ("backend", "module://matplotlib_inline.backend_inline"),
        ("rc", 1.5),
        ("shown", "last_expr"),
        ("formats", ["png", "svg"]),
        ("asserts", True),
        ("encoding", "utf-8"),
        ("child", "ModuleNotFoundError: No module named 'missing'"),
        ("keras", False),
        ("shared", None),
    ],
)
def test_a_kernel_runs_with_the_book_s_settings(answers, what, expected):
    assert answers[what] == expected


@pytest.mark.parametrize("name", HOSTILE)
def test_a_reader_s_variable_does_not_reach_a_kernel(answers, name):
    assert answers["environ"].get(name) != HOSTILE[name]


def test_a_home_that_cannot_be_written_is_not_needed():
    assert (
        execute("import matplotlib.pyplot as plt; print('quiet')", HOME="/proc/none") == "quiet\n\n"
    )


# The folder of the data


@pytest.mark.parametrize("given", ["data", "./data", "~/data"])
def test_the_data_s_folder_is_the_same_for_every_kernel(monkeypatch, tmp_path, given):
    (tmp_path / "data").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("DLCORE_DATA", given)
    assert environment.data_folder() == str(tmp_path / "data")


@pytest.mark.parametrize(
    ("given", "problem"),
    [(name, "does not exist") for name in ("dta", "/missing/data", "~/missing")]
    + [("file", "is a file")],
)
def test_a_folder_of_data_that_is_none_is_named(monkeypatch, tmp_path, given, problem):
    (tmp_path / "file").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DLCORE_DATA", given)
    with pytest.raises(SystemExit) as refusal:
        environment.data_folder()
    folder = Path(given).expanduser().resolve()
    assert str(refusal.value) == f"DLCORE_DATA={given} names no folder: {folder} {problem}."


def test_no_folder_of_data_is_not_the_current_one(monkeypatch):
    monkeypatch.setenv("DLCORE_DATA", "")
    assert environment.data_folder() == ""


def test_a_build_that_cannot_be_written_is_explained(monkeypatch, tmp_path):
    (tmp_path / "_build").touch()
    monkeypatch.setattr(environment, "HOME", tmp_path / "_build" / "home")
    monkeypatch.setitem(environment.OURS, "MPLCONFIGDIR", str(tmp_path / "_build/home/matplotlib"))
    with pytest.raises(SystemExit, match="_build, which cannot be written: Not a directory"):
        environment.clean()
