"""The runs of the chapters: which one passed, and is of the chapter as it stands.

`tools/recorder.py` makes them and the build shows them. A run is the executed notebook, in
`_build/executed`. Its ``metadata["book"]`` says when and with what it ran: date, seconds, python,
numpy, keras, data.
"""

import datetime
import hashlib
import importlib.metadata
import json
import os
import platform
import sys
from pathlib import Path

import environment
import nbformat

ROOT = Path(__file__).resolve().parents[1]
EXECUTED = ROOT / "_build" / "executed"
# A loader of dlcore.data, and where `data_name` leaves what it found for child processes.
DATA = {"load_mnist": "BOOK_MNIST_NAME", "load_fashion_mnist": "BOOK_FASHION_MNIST_NAME"}


def code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def key(notebook):
    """A digest of all that a run of the chapter depends on, and of what it is compared with.

    Text, captions and alternative texts are not of it: who edits them executes nothing.
    """
    digest = hashlib.sha256(json.dumps([data_names(notebook), *versions().values()]).encode())
    for cell in code(notebook):
        tags = cell.metadata.get("tags", [])
        digest.update(json.dumps([cell.source, tags, cell.execution_count, cell.outputs]).encode())
    for file in surroundings():
        digest.update(str(file.relative_to(ROOT)).encode() + file.read_bytes())
    return digest.hexdigest()[:16]


def surroundings():
    """The files that every chapter runs on."""
    package = (file for file in sorted((ROOT / "dlcore").rglob("*")) if file.is_file())
    return [
        *(file for file in package if "__pycache__" not in file.parts),
        ROOT / "requirements.txt",
        ROOT / "chapters" / "matplotlibrc",
        *(ROOT / "tools" / f"{name}.py" for name in ("environment", "recorder", "runs")),
    ]


def versions():
    packages = {name: importlib.metadata.version(name) for name in ("numpy", "keras")}
    return {"python": platform.python_version()} | packages


def data_names(notebook):
    """The data sets that the chapter runs on: MNIST, and the others that its code loads."""
    loaders = [
        loader
        for loader in DATA
        if loader == "load_mnist" or any(f"{loader}(" in cell.source for cell in code(notebook))
    ]
    return ", ".join(map(data_name, loaders))


def data_name(loader="load_mnist"):
    """The data set that a kernel gets, which `environment.clean` makes the same in any folder.

    It is found once and left to the processes that this one starts: a search for mirrors is slow.
    """
    if DATA[loader] not in os.environ:
        environment.clean()
        sys.path.insert(0, str(ROOT))
        import dlcore.data

        data = getattr(dlcore.data, loader)()
        print(f"data: {data!r}", flush=True)
        os.environ[DATA[loader]] = data.name
    return os.environ[DATA[loader]]


def place(path, digest):
    return EXECUTED / f"{path.stem}.{digest}.ipynb"


def passed(path):
    """The passed run of the chapter in the file as it stands, or None."""
    run = place(path, key(nbformat.read(path, as_version=4)))
    return nbformat.read(run, as_version=4) if run.exists() else None


def last(path):
    """The chapter's newest run, of whatever state; None if it never ran here."""
    runs = sorted(EXECUTED.glob(f"{path.stem}.*.ipynb"), key=lambda run: run.stat().st_mtime)
    return nbformat.read(runs[-1], as_version=4) if runs else None


def keep(path, digest, notebook, seconds):
    """Store a run that passed. Other processes find it whole or not at all."""
    notebook.metadata["book"] = {
        "date": datetime.date.today().isoformat(),
        "seconds": round(seconds, 1),
        **versions(),
        "data": data_names(notebook),
    }
    EXECUTED.mkdir(parents=True, exist_ok=True)
    unfinished = EXECUTED / f"{path.stem}.{os.getpid()}"
    nbformat.write(notebook, unfinished)
    unfinished.replace(place(path, digest))


def shown(path):
    """The chapter in the file with the outputs and facts of its passed run; None without one."""
    run = passed(path)
    if run is None:
        return None
    notebook = nbformat.read(path, as_version=4)
    for cell, executed in zip(code(notebook), code(run), strict=True):
        cell.outputs, cell.execution_count = executed.outputs, executed.execution_count
    notebook.metadata["book"] = run.metadata["book"]
    return notebook
